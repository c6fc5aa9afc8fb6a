/* row_map_transaction.c - the statements of a table inside an interaction, in a job. */
#include <string.h>

#include "row_map_state.h"

/* What the interaction is to return. */
static int refuse(struct torc_transaction *transaction, const struct torc_table *table,
                  const struct torci_row_trouble *trouble)
{
    const char *label = table->texts.labels[trouble->column];

    if (trouble->row > 0)
        return torc_transaction_refuse(transaction, &torc_failure_database_value, TORC_EINVAL, label,
                                       "%s in row %zu: %s", label, trouble->row, trouble->what);
    return torc_transaction_refuse(transaction, &torc_failure_database_value, TORC_EINVAL, label,
                                   "%s: %s", label, trouble->what);
}

static int write(struct torc_transaction *transaction, const char *sql,
                 const struct torc_db_value *values, size_t count, bool rowid, int64_t *number)
{
    struct torc_rows *rows;
    int code = torc_transaction_execute(transaction, sql, values, count, &rows);

    if (code)
        return code;
    if (number)
        *number = rowid ? torc_rows_last_insert_id(rows) : torc_rows_changes(rows);
    torc_rows_free(rows);
    return 0;
}

int torc_table_write_in(struct torc_transaction *transaction, const struct torc_table *table,
                        enum torc_row_write kind, const void *row, int64_t *number)
{
    struct torc_db_value values[TORC_ROW_COLUMNS_MAX];
    struct torci_row_trouble trouble;
    size_t count;

    if (torci_row_parameters(table->map, kind, row, values, &count, &trouble) != 0)
        return refuse(transaction, table, &trouble);
    return write(transaction, table->texts.writes[kind], values, count,
                 kind == TORC_ROW_WRITE_insert, number);
}

/* `one`: the first row as a struct instead of all as an array. */
static int read_rows(struct torc_transaction *transaction, const struct torc_table *table,
                     const char *sql, const struct torc_db_value *values, size_t count, bool one,
                     void **out)
{
    struct torci_row_trouble trouble;
    struct torc_rows *rows;
    int code = torc_transaction_execute(transaction, sql, values, count, &rows);

    if (code)
        return code;
    code = one ? torci_rows_to_struct(table, rows, out, &trouble)
               : torci_rows_to_array(table, rows, out, &trouble);
    torc_rows_free(rows);
    return code == TORC_EINVAL ? refuse(transaction, table, &trouble) : code;
}

int torc_table_find_in(struct torc_transaction *transaction, const struct torc_table *table,
                       const void *key, void **out)
{
    struct torc_db_value values[TORC_ROW_COLUMNS_MAX];
    struct torci_row_trouble trouble;
    size_t count;

    if (torci_row_key(table->map, key, values, &count, &trouble) != 0)
        return refuse(transaction, table, &trouble);
    return read_rows(transaction, table, table->texts.find, values, count, true, out);
}

int torc_table_select_in(struct torc_transaction *transaction, const struct torc_table *table,
                         const char *tail, const struct torc_db_value *parameters, size_t count,
                         void **out)
{
    size_t before = strlen(table->texts.select);
    size_t behind = strlen(tail);
    char *sql = torc_transaction_alloc(transaction, before + behind + 2);
    int code;

    if (!sql)
        return TORC_ENOMEM;
    memcpy(sql, table->texts.select, before);
    sql[before] = ' ';
    memcpy(sql + before + 1, tail, behind + 1);
    code = read_rows(transaction, table, sql, parameters, count, false, out);
    torc_transaction_release(transaction, sql, before + behind + 2);
    return code;
}

/* The value children are found by, and the column it is in. */
static int parent_key(struct torc_transaction *transaction, const struct torc_table *table,
                      const struct torc_row_parent *parent, struct torc_db_value *value,
                      size_t *out_column)
{
    struct torci_row_trouble trouble;
    int code = torci_row_parent_key(table->map, parent, out_column, value, &trouble);

    if (code == TORC_ENOTFOUND)
        return TORC_EINVAL;
    return code ? refuse(transaction, table, &trouble) : 0;
}

int torc_table_children_in(struct torc_transaction *transaction, const struct torc_table *table,
                           const struct torc_row_parent *parent, void **out)
{
    struct torc_db_value value;
    size_t column;
    int code = parent_key(transaction, table, parent, &value, &column);

    if (code)
        return code;
    return read_rows(transaction, table, table->texts.children[column], &value, 1, false, out);
}

int torc_table_delete_children_in(struct torc_transaction *transaction,
                                  const struct torc_table *table,
                                  const struct torc_row_parent *parent, int64_t *changes)
{
    struct torc_db_value value;
    size_t column;
    int code = parent_key(transaction, table, parent, &value, &column);

    if (code)
        return code;
    return write(transaction, table->texts.delete_children[column], &value, 1, false, changes);
}
