/* row_map_value.c - members of structs as values of the database, and back; nothing is converted. */
#include <string.h>

#include <torc/format.h>

#include "row_map_state.h"

/* Says why and answers TORC_EINVAL. */
static int misfit(char *what, size_t size, const char *sentence)
{
    torc_format(what, size, "%s", sentence);
    return TORC_EINVAL;
}

static bool is_nullable(const struct torc_row_column *column)
{
    return (column->flags & TORC_NULLABLE) != 0;
}

/* --- out of a struct ------------------------------------------------------------------------------ */

static int read_text(const struct torc_row_column *column, const char *text,
                     struct torc_db_value *out, char *what, size_t size)
{
    if (!text && !is_nullable(column))
        return misfit(what, size, "NULL in a column that is not nullable");
    *out = torc_db_text(text);
    return 0;
}

static int read_array(const struct torc_row_column *column, const char *text,
                      struct torc_db_value *out, char *what, size_t size)
{
    const char *end = memchr(text, '\0', column->bytes);

    if (!end)
        return misfit(what, size, "the text in the array has no end");
    *out = torc_db_text_of(text, (size_t)(end - text));
    return 0;
}

static int read_blob(const struct torc_row_column *column, const struct torc_blob *blob,
                     struct torc_db_value *out, char *what, size_t size)
{
    if (!blob->data && blob->bytes > 0)
        return misfit(what, size, "a blob with bytes and no data");
    if (!blob->data && is_nullable(column))
        *out = torc_db_null();
    else
        *out = torc_db_blob(blob->data, blob->bytes);
    return 0;
}

static int read_double(double number, struct torc_db_value *out, char *what, size_t size)
{
    /* SQLite has no NaN: it would store NULL. */
    if (number != number)
        return misfit(what, size, "not a number");
    *out = torc_db_real(number);
    return 0;
}

int torci_member_read(const struct torc_row_column *column, const void *member,
                      struct torc_db_value *out, char *what, size_t size)
{
    const struct torc_optional_int64 *int64 = member;
    const struct torc_optional_int32 *int32 = member;
    const struct torc_optional_bool *boolean = member;
    const struct torc_optional_double *real = member;

    *out = torc_db_null();
    switch (column->kind) {
    case TORC_MEMBER_INT64:
        *out = torc_db_integer(*(const int64_t *)member);
        return 0;
    case TORC_MEMBER_INT32:
        *out = torc_db_integer(*(const int32_t *)member);
        return 0;
    case TORC_MEMBER_BOOL:
        *out = torc_db_integer(*(const bool *)member);
        return 0;
    case TORC_MEMBER_DOUBLE:
        return read_double(*(const double *)member, out, what, size);
    case TORC_MEMBER_TEXT:
        return read_text(column, *(const char *const *)member, out, what, size);
    case TORC_MEMBER_ARRAY:
        return read_array(column, member, out, what, size);
    case TORC_MEMBER_BLOB:
        return read_blob(column, member, out, what, size);
    case TORC_MEMBER_OPTIONAL_INT64:
        *out = int64->present ? torc_db_integer(int64->value) : *out;
        return 0;
    case TORC_MEMBER_OPTIONAL_INT32:
        *out = int32->present ? torc_db_integer(int32->value) : *out;
        return 0;
    case TORC_MEMBER_OPTIONAL_BOOL:
        *out = boolean->present ? torc_db_integer(boolean->value) : *out;
        return 0;
    case TORC_MEMBER_OPTIONAL_DOUBLE:
        return real->present ? read_double(real->value, out, what, size) : 0;
    case TORC_MEMBER_OTHER:
        break;
    }
    return misfit(what, size, "the member is of a type that no column fits");
}

/* --- into a struct -------------------------------------------------------------------------------- */

static const char *type_name(enum torc_db_type type)
{
    static const char *const names[] = {"NULL", "an integer", "a real", "a text", "a blob"};

    return names[type];
}

static int check_integer(enum torc_member_kind kind, int64_t number, char *what, size_t size)
{
    bool small = kind == TORC_MEMBER_INT32 || kind == TORC_MEMBER_OPTIONAL_INT32;
    bool boolean = kind == TORC_MEMBER_BOOL || kind == TORC_MEMBER_OPTIONAL_BOOL;

    if (small && (number < INT32_MIN || number > INT32_MAX)) {
        torc_format(what, size, "%lld is beyond an int32_t", (long long)number);
        return TORC_EINVAL;
    }
    if (boolean && number != 0 && number != 1) {
        torc_format(what, size, "%lld is neither 0 nor 1", (long long)number);
        return TORC_EINVAL;
    }
    return 0;
}

static int check_text(const struct torc_row_column *column, struct torc_db_value value,
                      size_t *out_bytes, char *what, size_t size)
{
    if (memchr(value.as.text, '\0', value.bytes))
        return misfit(what, size, "a text with a NUL in it");
    if (column->kind != TORC_MEMBER_ARRAY) {
        *out_bytes = value.bytes + 1;
        return 0;
    }
    if (value.bytes < column->bytes)
        return 0;
    torc_format(what, size, "a text of %zu bytes is too long for a char [%zu]", value.bytes,
                column->bytes);
    return TORC_EINVAL;
}

int torci_member_check(const struct torc_row_column *column, struct torc_db_value value,
                       size_t *out_bytes, char *what, size_t size)
{
    static const char *const wanted[] = {"an integer", "a real", "a text", "a blob"};

    *out_bytes = 0;
    if (value.type == TORC_DB_NULL)
        return is_nullable(column) ? 0
                                   : misfit(what, size, "NULL in a column that is not nullable");
    switch (column->type) {
    case TORC_COLUMN_INTEGER:
        if (value.type == TORC_DB_INTEGER)
            return check_integer(column->kind, value.as.integer, what, size);
        break;
    case TORC_COLUMN_REAL:
        if (value.type == TORC_DB_REAL || value.type == TORC_DB_INTEGER)
            return 0;
        break;
    case TORC_COLUMN_TEXT:
        if (value.type == TORC_DB_TEXT)
            return check_text(column, value, out_bytes, what, size);
        break;
    case TORC_COLUMN_BLOB:
        *out_bytes = value.bytes;
        if (value.type == TORC_DB_BLOB)
            return 0;
        break;
    }
    torc_format(what, size, "%s where %s is wanted", type_name(value.type), wanted[column->type]);
    return TORC_EINVAL;
}

static void write_text(const struct torc_row_column *column, struct torc_db_value value,
                       void *member, char *spare)
{
    char *to = column->kind == TORC_MEMBER_ARRAY ? member : spare;

    memcpy(to, value.as.text, value.bytes);
    to[value.bytes] = '\0';
    if (column->kind == TORC_MEMBER_TEXT)
        *(const char **)member = to;
}

static void write_blob(struct torc_db_value value, struct torc_blob *blob, char *spare)
{
    if (value.bytes > 0)
        memcpy(spare, value.as.blob, value.bytes);
    blob->data = spare;
    blob->bytes = value.bytes;
}

/* The struct is zero before: what is NULL is so already. */
void torci_member_write(const struct torc_row_column *column, struct torc_db_value value,
                        void *member, char *spare)
{
    double real = value.type == TORC_DB_INTEGER ? (double)value.as.integer : value.as.real;

    if (value.type == TORC_DB_NULL)
        return;
    switch (column->kind) {
    case TORC_MEMBER_INT64:
        *(int64_t *)member = value.as.integer;
        break;
    case TORC_MEMBER_INT32:
        *(int32_t *)member = (int32_t)value.as.integer;
        break;
    case TORC_MEMBER_BOOL:
        *(bool *)member = value.as.integer != 0;
        break;
    case TORC_MEMBER_DOUBLE:
        *(double *)member = real;
        break;
    case TORC_MEMBER_TEXT:
    case TORC_MEMBER_ARRAY:
        write_text(column, value, member, spare);
        break;
    case TORC_MEMBER_BLOB:
        write_blob(value, member, spare);
        break;
    case TORC_MEMBER_OPTIONAL_INT64:
        *(struct torc_optional_int64 *)member =
            (struct torc_optional_int64){true, value.as.integer};
        break;
    case TORC_MEMBER_OPTIONAL_INT32:
        *(struct torc_optional_int32 *)member =
            (struct torc_optional_int32){true, (int32_t)value.as.integer};
        break;
    case TORC_MEMBER_OPTIONAL_BOOL:
        *(struct torc_optional_bool *)member =
            (struct torc_optional_bool){true, value.as.integer != 0};
        break;
    case TORC_MEMBER_OPTIONAL_DOUBLE:
        *(struct torc_optional_double *)member = (struct torc_optional_double){true, real};
        break;
    case TORC_MEMBER_OTHER:
        break;
    }
}
