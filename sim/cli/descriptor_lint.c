/* The check `descriptor` of torc lint: everything a module says of itself. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module_lint.h"

struct lint {
    torci_module_finding_fn *found;
    void *arg;
    struct torc_scope *scope;
};

static void find(const struct lint *lint, const char *format, ...) TORC_PRINTF(2, 3);
static void find(const struct lint *lint, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    lint->found(lint->arg, "descriptor", text);
}

static bool is_empty(const char *text)
{
    return text == NULL || text[0] == '\0';
}

/* As scenarios write names. */
static void look_at_name(const struct lint *lint, const char *what, const char *name)
{
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    if (name[good] != '\0' || name[0] == '-' || (name[0] >= '0' && name[0] <= '9') || good == 0)
        find(lint, "%s '%s': a name is made of letters, digits, _ and -, and begins with a letter", what, name);
}

static void look_at_doc(const struct lint *lint, const char *what, const char *name, const char *doc)
{
    if (is_empty(doc))
        find(lint, "%s '%s' has no doc", what, name);
}

/* --- tables --------------------------------------------------------------------------------------- */

/* Alone in a table, so that it is this one that does not parse. */
static void look_at_default(const struct lint *lint, const char *what, const struct torc_option *option)
{
    const struct torc_option table[] = {*option, {.name = NULL}};
    struct torc_options *options;

    if (torc_options_new(lint->scope, table, &options) == 0)
        torc_options_free(options);
    else
        find(lint, "%s '%s': its default '%s' is no value of its type", what, option->name,
             option->default_text != NULL ? option->default_text : "");
}

static void look_at_options(const struct lint *lint, const char *what, const struct torc_option *table)
{
    for (const struct torc_option *each = table; each != NULL && each->name != NULL; each++) {
        look_at_name(lint, what, each->name);
        look_at_doc(lint, what, each->name, each->doc);
        if ((int)each->type < TORC_OPTION_FLAG || (int)each->type > TORC_OPTION_ADDRESS)
            find(lint, "%s '%s' has a type there is not: %d", what, each->name, (int)each->type);
        else
            look_at_default(lint, what, each);
        for (const struct torc_option *before = table; before != each; before++)
            if (strcmp(before->name, each->name) == 0)
                find(lint, "there are two of %s '%s'", what, each->name);
    }
}

/* A line `host` of a scenario keeps these for itself. */
static void look_at_reserved(const struct lint *lint, const struct torc_option *table)
{
    static const char *const reserved[] = {"module", "clock", "handles", "memory", NULL};

    for (; table->name != NULL; table++)
        for (size_t i = 0; reserved[i] != NULL; i++)
            if (strcmp(table->name, reserved[i]) == 0)
                find(lint, "no scenario can give the option '%s': hosts have one of that name", table->name);
}

static void look_at_probes(const struct lint *lint, const struct torc_probe *table)
{
    for (const struct torc_probe *each = table; each != NULL && each->name != NULL; each++) {
        look_at_name(lint, "the probe", each->name);
        look_at_doc(lint, "the probe", each->name, each->doc);
        if ((each->number == NULL) == (each->text == NULL))
            find(lint, "the probe '%s' has %s number and text: one of them is wanted", each->name,
                 each->number == NULL ? "neither" : "both");
        for (const struct torc_probe *before = table; before != each; before++)
            if (strcmp(before->name, each->name) == 0)
                find(lint, "there are two of the probe '%s'", each->name);
    }
}

static void look_at_calls(const struct lint *lint, const struct torc_module_call *table)
{
    for (const struct torc_module_call *each = table; each != NULL && each->name != NULL; each++) {
        char what[100];

        look_at_name(lint, "the call", each->name);
        look_at_doc(lint, "the call", each->name, each->doc);
        if (each->call == NULL)
            find(lint, "the call '%s' calls nothing", each->name);
        snprintf(what, sizeof what, "the call '%.40s', its parameter", each->name);
        look_at_options(lint, what, each->parameters);
        for (const struct torc_module_call *before = table; before != each; before++)
            if (strcmp(before->name, each->name) == 0)
                find(lint, "there are two of the call '%s'", each->name);
    }
}

/* --- the whole ------------------------------------------------------------------------------------ */

/* NAME of .../NAME.so: what scenarios call it. */
static void look_at_own_name(const struct lint *lint, const char *name, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash != NULL ? slash + 1 : path;
    size_t bytes = strlen(name);

    look_at_name(lint, "the module", name);
    if (strncmp(file, name, bytes) != 0 || strcmp(file + bytes, ".so") != 0)
        find(lint, "it is named '%s', and scenarios call it by its file, %s", name, file);
}

void torci_module_lint_descriptor(const struct torc_module *module, const char *path,
                                  torci_module_finding_fn *found, void *arg)
{
    struct lint lint = {found, arg, NULL};

    if (torc_scope_new(NULL, NULL, &lint.scope) != 0) {
        find(&lint, "there is no memory to look at it");
        return;
    }
    look_at_own_name(&lint, module->name, path);
    if (is_empty(module->version))
        find(&lint, "it has no version");
    if (is_empty(module->doc))
        find(&lint, "it has no doc");
    look_at_options(&lint, "the option", module->options);
    look_at_reserved(&lint, module->options);
    look_at_probes(&lint, module->probes);
    look_at_calls(&lint, module->calls);
    if ((module->marks_begin == NULL) != (module->marks_end == NULL) || module->marks_begin > module->marks_end)
        find(&lint, "its marks have no beginning or no end: say TORC_MODULE_MARKS");
    torc_scope_free(lint.scope);
}
