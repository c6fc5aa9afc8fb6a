/* rows.c - rows: one block of cells, and chunks for what texts, blobs and names need. */
#include <torc/rows.h>

#include "rows_builder.h"

#define CHUNK_BYTES 1024u
#define ROWS_AT_FIRST 4u

struct torci_rows_chunk {
    struct torci_rows_chunk *next;
    size_t capacity;
    size_t used;
    char data[];
};

static void *resize(const struct torc_rows *rows, void *ptr, size_t old_bytes, size_t new_bytes)
{
    return rows->platform->ops->resize(rows->platform, ptr, old_bytes, new_bytes);
}

struct torc_rows *torci_rows_new(struct torc_platform *platform)
{
    struct torc_rows *rows = platform->ops->resize(platform, NULL, 0, sizeof *rows);
    if (!rows)
        return NULL;
    memset(rows, 0, sizeof *rows);
    rows->platform = platform;
    return rows;
}

/* Bytes for text: not aligned. */
static char *take_bytes(struct torc_rows *rows, size_t bytes)
{
    struct torci_rows_chunk *chunk = rows->chunks;
    if (!chunk || chunk->capacity - chunk->used < bytes) {
        size_t capacity = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
        chunk = resize(rows, NULL, 0, sizeof *chunk + capacity);
        if (!chunk)
            return NULL;
        chunk->capacity = capacity;
        chunk->used = 0;
        chunk->next = rows->chunks;
        rows->chunks = chunk;
    }
    char *taken = chunk->data + chunk->used;
    chunk->used += bytes;
    return taken;
}

/* A copy that ends with a NUL beyond its bytes. */
static const char *copy_bytes(struct torc_rows *rows, const void *data, size_t bytes)
{
    char *copy = take_bytes(rows, bytes + 1);
    if (!copy)
        return NULL;
    if (bytes > 0)
        memcpy(copy, data, bytes);
    copy[bytes] = '\0';
    return copy;
}

static bool has_names(const struct torc_rows *rows, size_t count, const char *const *names)
{
    bool same = rows->column_count == count;
    for (size_t i = 0; same && i < count; i++)
        same = strcmp(rows->columns[i], names[i]) == 0;
    return same;
}

static void forget_names(struct torc_rows *rows)
{
    if (rows->columns)
        resize(rows, (void *)(uintptr_t)rows->columns, rows->column_count * sizeof *rows->columns, 0);
    rows->columns = NULL;
    rows->column_count = 0;
}

int torci_rows_name_columns(struct torc_rows *rows, size_t count, const char *const *names)
{
    if (has_names(rows, count, names))
        return 0;
    forget_names(rows);
    if (count == 0)
        return 0;
    const char **columns = resize(rows, NULL, 0, count * sizeof *columns);
    if (!columns)
        return TORC_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        columns[i] = copy_bytes(rows, names[i], strlen(names[i]));
        if (!columns[i]) {
            resize(rows, columns, count * sizeof *columns, 0);
            return TORC_ENOMEM;
        }
    }
    rows->columns = columns;
    rows->column_count = count;
    return 0;
}

static int grow(struct torc_rows *rows)
{
    size_t row_bytes = rows->column_count * sizeof *rows->cells;
    size_t capacity = rows->row_capacity ? rows->row_capacity * 2 : ROWS_AT_FIRST;
    if (row_bytes > 0) {
        void *cells = resize(rows, rows->cells, rows->row_capacity * row_bytes,
                             capacity * row_bytes);
        if (!cells)
            return TORC_ENOMEM;
        rows->cells = cells;
    }
    rows->row_capacity = capacity;
    return 0;
}

int torci_rows_append(struct torc_rows *rows, const struct torc_db_value *values)
{
    if (rows->row_count == rows->row_capacity && grow(rows) != 0)
        return TORC_ENOMEM;
    struct torc_db_value *cells = rows->cells + rows->row_count * rows->column_count;
    size_t bytes = 0;
    for (size_t i = 0; i < rows->column_count; i++) {
        cells[i] = values[i];
        if (values[i].type != TORC_DB_TEXT && values[i].type != TORC_DB_BLOB)
            continue;
        cells[i].as.text = copy_bytes(rows, values[i].as.blob, values[i].bytes);
        if (!cells[i].as.text)
            return TORC_ENOMEM;
        bytes += values[i].bytes;
    }
    rows->bytes += bytes;
    rows->row_count++;
    return 0;
}

void torc_rows_free(struct torc_rows *rows)
{
    if (!rows || !rows->platform)
        return;
    while (rows->chunks) {
        struct torci_rows_chunk *chunk = rows->chunks;
        rows->chunks = chunk->next;
        resize(rows, chunk, sizeof *chunk + chunk->capacity, 0);
    }
    if (rows->cells)
        resize(rows, rows->cells,
               rows->row_capacity * rows->column_count * sizeof *rows->cells, 0);
    forget_names(rows);
    rows->platform->ops->resize(rows->platform, rows, sizeof *rows, 0);
}

void torc_rows_drop(void *rows)
{
    torc_rows_free(rows);
}

int torc_rows_new(struct torc_platform *platform, size_t columns, const char *const *names,
                  struct torc_rows **out)
{
    struct torc_rows *rows = torci_rows_new(platform);
    if (!rows)
        return TORC_ENOMEM;
    if (torci_rows_name_columns(rows, columns, names) != 0) {
        torc_rows_free(rows);
        return TORC_ENOMEM;
    }
    *out = rows;
    return 0;
}

int torc_rows_append(struct torc_rows *rows, const struct torc_db_value *values)
{
    return torci_rows_append(rows, values);
}

void torc_rows_set_outcome(struct torc_rows *rows, int64_t changes, int64_t last_insert_id)
{
    rows->changes = changes;
    rows->last_insert_id = last_insert_id;
}

size_t torc_rows_count(const struct torc_rows *rows)
{
    return rows->row_count;
}

size_t torc_rows_columns(const struct torc_rows *rows)
{
    return rows->column_count;
}

const char *torc_rows_column_name(const struct torc_rows *rows, size_t column)
{
    return column < rows->column_count ? rows->columns[column] : NULL;
}

int torc_rows_find_column(const struct torc_rows *rows, const char *name, size_t *out)
{
    for (size_t i = 0; i < rows->column_count; i++) {
        if (strcmp(rows->columns[i], name) == 0) {
            *out = i;
            return 0;
        }
    }
    return TORC_ENOTFOUND;
}

int64_t torc_rows_changes(const struct torc_rows *rows)
{
    return rows->changes;
}

int64_t torc_rows_last_insert_id(const struct torc_rows *rows)
{
    return rows->last_insert_id;
}

static const struct torc_db_value *cell(const struct torc_rows *rows, size_t row, size_t column)
{
    if (row >= rows->row_count || column >= rows->column_count)
        return NULL;
    return &rows->cells[row * rows->column_count + column];
}

struct torc_db_value torc_rows_value(const struct torc_rows *rows, size_t row, size_t column)
{
    const struct torc_db_value *value = cell(rows, row, column);
    return value ? *value : torc_db_null();
}

bool torc_rows_is_null(const struct torc_rows *rows, size_t row, size_t column)
{
    return torc_rows_value(rows, row, column).type == TORC_DB_NULL;
}

/* 0, or why there is no value of that type. */
static int typed(const struct torc_db_value *value, enum torc_db_type type)
{
    if (!value)
        return TORC_ENOTFOUND;
    return value->type == type ? 0 : TORC_EINVAL;
}

int torc_rows_integer(const struct torc_rows *rows, size_t row, size_t column, int64_t *out)
{
    const struct torc_db_value *value = cell(rows, row, column);
    int error = typed(value, TORC_DB_INTEGER);
    if (error == 0)
        *out = value->as.integer;
    return error;
}

int torc_rows_real(const struct torc_rows *rows, size_t row, size_t column, double *out)
{
    const struct torc_db_value *value = cell(rows, row, column);
    if (typed(value, TORC_DB_INTEGER) == 0) {
        *out = (double)value->as.integer;
        return 0;
    }
    int error = typed(value, TORC_DB_REAL);
    if (error == 0)
        *out = value->as.real;
    return error;
}

static int bytes_of(const struct torc_db_value *value, enum torc_db_type type, const void **out,
                    size_t *out_bytes)
{
    int error = typed(value, type);
    if (error)
        return error;
    *out = value->as.blob;
    if (out_bytes)
        *out_bytes = value->bytes;
    return 0;
}

int torc_rows_text(const struct torc_rows *rows, size_t row, size_t column, const char **out,
                   size_t *out_bytes)
{
    const void *text;
    int error = bytes_of(cell(rows, row, column), TORC_DB_TEXT, &text, out_bytes);
    if (error == 0)
        *out = text;
    return error;
}

int torc_rows_blob(const struct torc_rows *rows, size_t row, size_t column, const void **out,
                   size_t *out_bytes)
{
    return bytes_of(cell(rows, row, column), TORC_DB_BLOB, out, out_bytes);
}
