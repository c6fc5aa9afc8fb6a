/* row_map_result.c - a row as parameters, rows as structs, and what is said when a value does not fit. */
#include <string.h>

#include <sqlite3.h>

#include <torc/format.h>

#include "row_map_state.h"

/* --- blocks --------------------------------------------------------------------------------------- */

/* In front of what users get, so that it can be released without anything else at hand. */
union block {
    struct {
        struct torc_platform *platform;
        size_t bytes;
    } of;
    max_align_t alignment;
};

void *torci_row_block(struct torc_platform *platform, size_t bytes)
{
    union block *block = platform->ops->resize(platform, NULL, 0, sizeof(*block) + bytes);

    if (!block)
        return NULL;
    block->of.platform = platform;
    block->of.bytes = sizeof(*block) + bytes;
    return block + 1;
}

void torc_row_drop(void *row)
{
    union block *block = row;

    if (!row)
        return;
    block--;
    block->of.platform->ops->resize(block->of.platform, block, block->of.bytes, 0);
}

/* --- parameters ----------------------------------------------------------------------------------- */

static int add_parameter(const struct torc_row_map *map, size_t column, const void *row,
                         struct torc_db_value *values, size_t *count,
                         struct torci_row_trouble *trouble)
{
    int code = torci_member_read(&map->columns[column],
                                 (const char *)row + map->columns[column].offset, &values[*count],
                                 trouble->what, sizeof(trouble->what));

    ++*count;
    trouble->column = column;
    trouble->parameter = *count;
    trouble->row = 0;
    return code;
}

/* Those columns that have all of `with` and none of `without`. */
static int add_parameters(const struct torc_row_map *map, unsigned with, unsigned without,
                          const void *row, struct torc_db_value *values, size_t *count,
                          struct torci_row_trouble *trouble)
{
    int code = 0;

    for (size_t i = 0; code == 0 && i < map->column_count; i++)
        if ((map->columns[i].flags & with) == with && (map->columns[i].flags & without) == 0)
            code = add_parameter(map, i, row, values, count, trouble);
    return code;
}

int torci_row_key(const struct torc_row_map *map, const void *row, struct torc_db_value *values,
                  size_t *out_count, struct torci_row_trouble *trouble)
{
    *out_count = 0;
    return add_parameters(map, TORC_KEY, 0, row, values, out_count, trouble);
}

int torci_row_parameters(const struct torc_row_map *map, enum torc_row_write write, const void *row,
                         struct torc_db_value *values, size_t *out_count,
                         struct torci_row_trouble *trouble)
{
    int code = 0;

    *out_count = 0;
    switch (write) {
    case TORC_ROW_WRITE_insert:
        return add_parameters(map, 0, TORC_GENERATED, row, values, out_count, trouble);
    case TORC_ROW_WRITE_upsert:
        return add_parameters(map, 0, 0, row, values, out_count, trouble);
    case TORC_ROW_WRITE_update:
        code = add_parameters(map, 0, TORC_KEY, row, values, out_count, trouble);
        break;
    case TORC_ROW_WRITE_delete:
        break;
    }
    if (code == 0)
        code = add_parameters(map, TORC_KEY, 0, row, values, out_count, trouble);
    return code;
}

int torci_row_parent_key(const struct torc_row_map *map, const struct torc_row_parent *parent,
                         size_t *out_column, struct torc_db_value *out_value,
                         struct torci_row_trouble *trouble)
{
    for (size_t i = 0; i < map->column_count; i++) {
        struct torc_row_column column = map->columns[i];

        if (column.offset != parent->child_offset || !(column.flags & TORC_PARENT))
            continue;
        column.kind = parent->kind;
        column.bytes = parent->bytes;
        *out_column = i;
        trouble->column = i;
        trouble->parameter = 1;
        trouble->row = 0;
        return torci_member_read(&column, parent->value, out_value, trouble->what,
                                 sizeof(trouble->what));
    }
    return TORC_ENOTFOUND;
}

/* --- structs -------------------------------------------------------------------------------------- */

/* Whether every value fits, and the bytes they need outside the structs. */
static int measure(const struct torc_row_map *map, const struct torc_rows *rows, size_t count,
                   size_t *out_bytes, struct torci_row_trouble *trouble)
{
    size_t total = 0;

    for (size_t row = 0; row < count; row++) {
        for (size_t i = 0; i < map->column_count; i++) {
            size_t bytes;
            int code = torci_member_check(&map->columns[i], torc_rows_value(rows, row, i), &bytes,
                                          trouble->what, sizeof(trouble->what));

            if (code) {
                trouble->column = i;
                trouble->row = row + 1;
                trouble->parameter = 0;
                return code;
            }
            total += bytes;
        }
    }
    *out_bytes = total;
    return 0;
}

static void fill(const struct torc_row_map *map, const struct torc_rows *rows, size_t count,
                 char *structs, char *spare)
{
    memset(structs, 0, count * map->row_bytes);
    for (size_t row = 0; row < count; row++) {
        for (size_t i = 0; i < map->column_count; i++) {
            const struct torc_row_column *column = &map->columns[i];
            struct torc_db_value value = torc_rows_value(rows, row, i);

            torci_member_write(column, value, structs + row * map->row_bytes + column->offset, spare);
            if (value.type == TORC_DB_BLOB)
                spare += value.bytes;
            else if (value.type == TORC_DB_TEXT && column->kind == TORC_MEMBER_TEXT)
                spare += value.bytes + 1;
        }
    }
}

/* A block of `before` bytes, the structs of the first `count` rows, and what they point at. */
static int build(const struct torc_table *table, const struct torc_rows *rows, size_t before,
                 size_t count, void **out, struct torci_row_trouble *trouble)
{
    const struct torc_row_map *map = table->map;
    size_t structs_bytes = before + count * map->row_bytes;
    size_t spare_bytes;
    char *block;
    int code = measure(map, rows, count, &spare_bytes, trouble);

    if (code)
        return code;
    block = torci_row_block(table->platform, structs_bytes + spare_bytes);
    if (!block)
        return TORC_ENOMEM;
    memset(block, 0, before);
    fill(map, rows, count, block + before, block + structs_bytes);
    *out = block;
    return 0;
}

int torci_rows_to_array(const struct torc_table *table, const struct torc_rows *rows, void **out,
                        struct torci_row_trouble *trouble)
{
    size_t count = torc_rows_count(rows);
    int code = build(table, rows, table->map->array_offset, count, out, trouble);

    if (code == 0)
        *(size_t *)*out = count;
    return code;
}

int torci_rows_to_struct(const struct torc_table *table, const struct torc_rows *rows, void **out,
                         struct torci_row_trouble *trouble)
{
    if (torc_rows_count(rows) == 0) {
        *out = NULL;
        return 0;
    }
    return build(table, rows, 0, 1, out, trouble);
}

/* --- what is wrong -------------------------------------------------------------------------------- */

/* A copy behind `*place`, which is moved past it. */
static const char *keep(char **place, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = *place;

    memcpy(copy, text, bytes);
    *place += bytes;
    return copy;
}

struct torc_failure *torci_row_failure(const char *site, const struct torc_table *table,
                                       const struct torci_row_trouble *trouble,
                                       const char *statement)
{
    const char *label = table->texts.labels[trouble->column];
    const char *database = torc_pool_name(table->pool);
    struct torc_database_error *error =
        torci_row_block(table->platform, sizeof(*error) + strlen(label) + strlen(database) +
                                             strlen(statement) + 3);
    char row[32] = "";
    char *place;

    if (!error)
        return torc_failure_no_memory();
    memset(error, 0, sizeof(*error));
    place = (char *)(error + 1);
    error->sqlite_code = SQLITE_MISMATCH;
    error->code_name = "SQLITE_MISMATCH";
    error->database = keep(&place, database);
    error->statement = keep(&place, statement);
    error->column = keep(&place, label);
    error->parameter = (int)trouble->parameter;
    if (trouble->row > 0)
        torc_format(row, sizeof(row), " in row %zu", trouble->row);
    return torc_failure_new_detailed_at(site, table->scope, &torc_failure_database_value, TORC_EINVAL,
                                        NULL, error, torc_row_drop, "%s%s: %s", label, row,
                                        trouble->what);
}
