/* options.c - the values of a module's options, kept in the order of its table. */
#include <string.h>

#include <torc/format.h>
#include <torc/module.h>

#include <torc/nearest_name.h>
#include "option_value.h"

struct option_value {
    bool set;       /* has a value, be it the default */
    bool defaulted; /* that value is the default */
    union {
        bool flag;
        int64_t integer;
        uint64_t amount; /* a duration or a size */
        char *text;      /* owned */
    } as;
    size_t text_bytes; /* allocated for as.text */
    struct torc_address *addresses; /* owned; exactly `address_count` of them */
    size_t address_count;
};

struct torc_options {
    struct torc_scope *scope;
    const struct torc_option *table;
    struct option_value *values;
    size_t count;
};

static int complain(int code, char *error, size_t error_size, const char *format, ...)
    TORC_PRINTF(4, 5);
static int complain(int code, char *error, size_t error_size, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)torc_format_list(error, error_size, format, arguments);
    va_end(arguments);
    return code;
}

static int set_text(struct torc_options *options, struct option_value *value, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = torc_alloc(options->scope, bytes);

    if (!copy)
        return TORC_ENOMEM;
    memcpy(copy, text, bytes);
    torc_release(options->scope, value->as.text, value->text_bytes);
    value->as.text = copy;
    value->text_bytes = bytes;
    return 0;
}

/* The first address that is given replaces the default, the others are added. */
static int add_address(struct torc_options *options, struct option_value *value,
                       const struct torc_address *address)
{
    size_t kept = value->defaulted ? 0 : value->address_count;
    size_t size = sizeof(*value->addresses);
    struct torc_address *addresses = torc_alloc(options->scope, (kept + 1) * size);

    if (!addresses)
        return TORC_ENOMEM;
    if (kept > 0)
        memcpy(addresses, value->addresses, kept * size);
    addresses[kept] = *address;
    torc_release(options->scope, value->addresses, value->address_count * size);
    value->addresses = addresses;
    value->address_count = kept + 1;
    return 0;
}

/* Sets `value` from `text`; on failure it is unchanged, and *why says why for TORC_ESYNTAX. */
static int set_value(struct torc_options *options, enum torc_option_type type,
                     struct option_value *value, const char *text, const char **why)
{
    struct torc_address address;
    int code;

    switch (type) {
    case TORC_OPTION_FLAG:
        return torci_parse_flag(text, &value->as.flag, why);
    case TORC_OPTION_INTEGER:
        return torci_parse_integer(text, &value->as.integer, why);
    case TORC_OPTION_DURATION:
        return torci_parse_duration(text, &value->as.amount, why);
    case TORC_OPTION_BYTES:
        return torci_parse_bytes(text, &value->as.amount, why);
    case TORC_OPTION_TEXT:
        return set_text(options, value, text);
    case TORC_OPTION_ADDRESS:
        code = torc_address_parse(text, &address, why);
        return code ? code : add_address(options, value, &address);
    }
    *why = "the module gives it a type that does not exist";
    return TORC_EINVAL;
}

int torc_options_new(struct torc_scope *scope, const struct torc_option *table,
                     struct torc_options **out)
{
    struct torc_options *options = torc_alloc_zero(scope, sizeof(*options));

    if (!options)
        return TORC_ENOMEM;
    options->scope = scope;
    options->table = table;
    while (table[options->count].name)
        options->count++;
    if (options->count > 0) {
        options->values = torc_alloc_zero(scope, options->count * sizeof(*options->values));
        if (!options->values) {
            torc_release(scope, options, sizeof(*options));
            return TORC_ENOMEM;
        }
    }
    for (size_t i = 0; i < options->count; i++) {
        const char *why = NULL;
        int code;

        if (!table[i].default_text)
            continue;
        code = set_value(options, table[i].type, &options->values[i], table[i].default_text, &why);
        if (code) {
            torc_options_free(options);
            return code == TORC_ENOMEM ? TORC_ENOMEM : TORC_EINVAL;
        }
        options->values[i].set = true;
        options->values[i].defaulted = true;
    }
    *out = options;
    return 0;
}

void torc_options_free(struct torc_options *options)
{
    if (!options)
        return;
    for (size_t i = 0; i < options->count; i++) {
        struct option_value *value = &options->values[i];

        if (value->text_bytes > 0)
            torc_release(options->scope, value->as.text, value->text_bytes);
        torc_release(options->scope, value->addresses,
                     value->address_count * sizeof(*value->addresses));
    }
    torc_release(options->scope, options->values, options->count * sizeof(*options->values));
    torc_release(options->scope, options, sizeof(*options));
}

static int complain_unknown(const struct torc_options *options, const char *name, char *error,
                            size_t error_size)
{
    const char *nearest = NULL;
    size_t nearest_distance = SIZE_MAX;

    for (size_t i = 0; i < options->count; i++) {
        const char *candidate = options->table[i].name;

        if (torc_name_nearer(name, candidate, &nearest_distance))
            nearest = candidate;
    }
    if (nearest)
        return complain(TORC_ENOTFOUND, error, error_size,
                        "there is no option \"%s\"; did you mean \"%s\"?", name, nearest);
    return complain(TORC_ENOTFOUND, error, error_size, "there is no option \"%s\"", name);
}

int torc_options_set(struct torc_options *options, const char *name, const char *value, char *error,
                     size_t error_size)
{
    const char *why = NULL;
    size_t i = 0;
    int code;

    while (i < options->count && strcmp(options->table[i].name, name) != 0)
        i++;
    if (i == options->count)
        return complain_unknown(options, name, error, error_size);
    if (!value && options->table[i].type == TORC_OPTION_FLAG)
        value = "yes";
    if (!value)
        return complain(TORC_ESYNTAX, error, error_size, "option \"%s\" needs a value", name);
    code = set_value(options, options->table[i].type, &options->values[i], value, &why);
    if (code == TORC_ENOMEM)
        return complain(code, error, error_size, "option \"%s\": out of memory", name);
    if (code)
        return complain(code, error, error_size, "option \"%s\": \"%s\": %s", name, value, why);
    options->values[i].set = true;
    options->values[i].defaulted = false;
    return 0;
}

int torc_options_complete(const struct torc_options *options, char *error, size_t error_size)
{
    for (size_t i = 0; i < options->count; i++) {
        const struct torc_option *option = &options->table[i];

        if (!options->values[i].set && option->type != TORC_OPTION_ADDRESS)
            return complain(TORC_ENOTFOUND, error, error_size, "option \"%s\" must be given: %s",
                            option->name, option->doc ? option->doc : "it has no default");
    }
    return 0;
}

/* The value of an option of that type, or NULL. */
static const struct option_value *find(const struct torc_options *options, const char *name,
                                       enum torc_option_type type)
{
    for (size_t i = 0; i < options->count; i++)
        if (options->table[i].type == type && strcmp(options->table[i].name, name) == 0)
            return &options->values[i];
    return NULL;
}

bool torc_options_flag(const struct torc_options *options, const char *name)
{
    const struct option_value *value = find(options, name, TORC_OPTION_FLAG);

    return value && value->as.flag;
}

int64_t torc_options_integer(const struct torc_options *options, const char *name)
{
    const struct option_value *value = find(options, name, TORC_OPTION_INTEGER);

    return value ? value->as.integer : 0;
}

uint64_t torc_options_duration(const struct torc_options *options, const char *name)
{
    const struct option_value *value = find(options, name, TORC_OPTION_DURATION);

    return value ? value->as.amount : 0;
}

uint64_t torc_options_bytes(const struct torc_options *options, const char *name)
{
    const struct option_value *value = find(options, name, TORC_OPTION_BYTES);

    return value ? value->as.amount : 0;
}

const char *torc_options_text(const struct torc_options *options, const char *name)
{
    const struct option_value *value = find(options, name, TORC_OPTION_TEXT);

    return value ? value->as.text : NULL;
}

size_t torc_options_address_count(const struct torc_options *options, const char *name)
{
    const struct option_value *value = find(options, name, TORC_OPTION_ADDRESS);

    return value ? value->address_count : 0;
}

const struct torc_address *torc_options_address(const struct torc_options *options,
                                                const char *name, size_t index)
{
    const struct option_value *value = find(options, name, TORC_OPTION_ADDRESS);

    return value && index < value->address_count ? &value->addresses[index] : NULL;
}
