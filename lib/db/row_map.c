/* row_map.c - a table of structs: its life, and its statements as deferreds. */
#include <string.h>

#include <sqlite3.h>

#include "row_map_state.h"

/* --- the table ------------------------------------------------------------------------------------ */

static bool is_usable(const struct torc_row_map *map)
{
    bool has_key = false;

    if (map->column_count > TORC_ROW_COLUMNS_MAX)
        return false;
    for (size_t i = 0; i < map->column_count; i++) {
        has_key = has_key || (map->columns[i].flags & TORC_KEY);
        for (size_t before = 0; before < i; before++)
            if (sqlite3_stricmp(map->columns[i].name, map->columns[before].name) == 0)
                return false;
    }
    return has_key;
}

int torc_table_new(struct torc_pool *pool, const struct torc_row_map *map, struct torc_table **out)
{
    struct torc_reactor *reactor = torc_pool_reactor(pool);
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct torci_row_texts texts;
    struct torc_table *table;
    size_t text_bytes;

    if (!is_usable(map))
        return TORC_EINVAL;
    text_bytes = torci_row_texts_write(map, NULL, 0, &texts);
    table = torc_alloc_zero(scope, sizeof(*table) + text_bytes);
    if (!table)
        return TORC_ENOMEM;
    table->pool = pool;
    table->scope = scope;
    table->platform = torc_reactor_platform(reactor);
    table->map = map;
    table->references = 1;
    table->bytes = sizeof(*table) + text_bytes;
    torci_row_texts_write(map, table->text, text_bytes, &table->texts);
    *out = table;
    return 0;
}

static void drop_reference(void *arg)
{
    struct torc_table *table = arg;

    if (--table->references == 0)
        torc_release(table->scope, table, table->bytes);
}

void torc_table_free(struct torc_table *table)
{
    if (table)
        drop_reference(table);
}

const char *torc_table_create_sql(const struct torc_table *table)
{
    return table->texts.create;
}

/* --- one statement -------------------------------------------------------------------------------- */

/* What is asked of the pool, on the stack of whoever asks. */
struct request {
    const char *site;
    struct torc_table *table;
    const char *sql;
    const struct torc_db_value *values;
    size_t count;
    bool writes;
    int code; /* why it was not taken */
};

/* The first callback of the deferred that is handed out; it runs before that, and so knows the request. */
static struct torc_result ask(struct torc_result result, void *arg)
{
    struct request *request = arg;
    struct torc_deferred *answer;

    if (request->code)
        return result;
    if (request->writes)
        request->code = torc_pool_operation_at(request->site, request->table->pool, request->sql,
                                               request->values, request->count, &answer);
    else
        request->code = torc_pool_query_at(request->site, request->table->pool, request->sql,
                                           request->values, request->count, &answer);
    return request->code ? result : torc_await(answer);
}

/* Asks the pool and lets `convert` turn its rows into what is fired.  All that needs memory is had before the
 * pool is asked, so that nothing can be done and not be told.  `arg` is taken, always. */
static int submit(struct request *request, torc_callback_fn *convert, void *arg,
                  torc_drop_fn *drop_arg, struct torc_deferred **out)
{
    struct torc_deferred *deferred;
    int code = torc_deferred_fired_at(request->site, request->table->scope, torc_value(NULL),
                                      &deferred);

    if (code) {
        if (drop_arg)
            drop_arg(arg);
        return code;
    }
    torc_deferred_pause(deferred);
    request->code = torc_deferred_add_callback(deferred, ask, request, NULL);
    code = torc_deferred_add_callback(deferred, convert, arg, drop_arg);
    if (code) {
        request->code = code;
        if (drop_arg)
            drop_arg(arg);
    }
    (void)torc_deferred_unpause(deferred);
    if (request->code) {
        torc_deferred_drop(deferred);
        return request->code;
    }
    *out = deferred;
    return 0;
}

/* The value did not fit: nobody was asked. */
static int refuse(const char *site, struct torc_table *table,
                  const struct torci_row_trouble *trouble, const char *sql,
                  struct torc_deferred **out)
{
    struct torc_failure *failure = torci_row_failure(site, table, trouble, sql);
    int code = torc_deferred_fired_at(site, table->scope, torc_fail(failure), out);

    if (code)
        torc_failure_drop(failure);
    return code;
}

/* --- writing -------------------------------------------------------------------------------------- */

/* `rows` is NULL where the pool did not take the request. */
static struct torc_result to_number(struct torc_rows *rows, bool rowid)
{
    int64_t number = 0;

    if (rows)
        number = rowid ? torc_rows_last_insert_id(rows) : torc_rows_changes(rows);
    torc_rows_free(rows);
    return torc_value((void *)(intptr_t)number);
}

static struct torc_result to_rowid(struct torc_result result, void *arg)
{
    (void)arg;
    return to_number(result.as.value, true);
}

static struct torc_result to_changes(struct torc_result result, void *arg)
{
    (void)arg;
    return to_number(result.as.value, false);
}

int torc_table_write_at(const char *site, struct torc_table *table, enum torc_row_write write,
                        const void *row, struct torc_deferred **out)
{
    struct torc_db_value values[TORC_ROW_COLUMNS_MAX];
    struct request request = {site, table, table->texts.writes[write], values, 0, true, 0};
    struct torci_row_trouble trouble;

    if (torci_row_parameters(table->map, write, row, values, &request.count, &trouble) != 0)
        return refuse(site, table, &trouble, request.sql, out);
    return submit(&request, write == TORC_ROW_WRITE_insert ? to_rowid : to_changes, NULL, NULL, out);
}

/* --- reading -------------------------------------------------------------------------------------- */

/* What is to become of the rows of a statement. */
struct reading {
    struct torc_table *table;
    const char *sql; /* the table's, or `text` */
    size_t bytes;
    bool one;
    char text[];
};

/* `tail` is put behind the statement unless empty. */
static int new_reading(struct torc_table *table, const char *sql, const char *tail, bool one,
                       struct reading **out)
{
    size_t before = strlen(sql);
    size_t behind = strlen(tail);
    size_t bytes = sizeof(struct reading) + (behind > 0 ? before + behind + 2 : 0);
    struct reading *reading = torc_alloc(table->scope, bytes);

    if (!reading)
        return TORC_ENOMEM;
    reading->table = table;
    reading->sql = sql;
    reading->bytes = bytes;
    reading->one = one;
    table->references++;
    if (behind > 0) {
        memcpy(reading->text, sql, before);
        reading->text[before] = ' ';
        memcpy(reading->text + before + 1, tail, behind + 1);
        reading->sql = reading->text;
    }
    *out = reading;
    return 0;
}

static void drop_reading(void *arg)
{
    struct reading *reading = arg;
    struct torc_table *table = reading->table;

    torc_release(table->scope, reading, reading->bytes);
    drop_reference(table);
}

static struct torc_result to_structs(struct torc_result result, void *arg)
{
    const struct reading *reading = arg;
    struct torci_row_trouble trouble;
    struct torc_rows *rows = result.as.value;
    void *structs = NULL;
    int code;

    if (!rows)
        return result;
    code = reading->one ? torci_rows_to_struct(reading->table, rows, &structs, &trouble)
                        : torci_rows_to_array(reading->table, rows, &structs, &trouble);
    torc_rows_free(rows);
    if (code == TORC_ENOMEM)
        return torc_fail(torc_failure_no_memory());
    if (code)
        return torc_fail(torci_row_failure(TORC_HERE, reading->table, &trouble, reading->sql));
    return torc_owned(structs, torc_row_drop);
}

static int read_rows(const char *site, struct reading *reading, const struct torc_db_value *values,
                     size_t count, struct torc_deferred **out)
{
    struct request request = {site, reading->table, reading->sql, values, count, false, 0};

    return submit(&request, to_structs, reading, drop_reading, out);
}

int torc_table_find_at(const char *site, struct torc_table *table, const void *key,
                       struct torc_deferred **out)
{
    struct torc_db_value values[TORC_ROW_COLUMNS_MAX];
    struct torci_row_trouble trouble;
    struct reading *reading;
    size_t count;
    int code;

    if (torci_row_key(table->map, key, values, &count, &trouble) != 0)
        return refuse(site, table, &trouble, table->texts.find, out);
    code = new_reading(table, table->texts.find, "", true, &reading);
    return code ? code : read_rows(site, reading, values, count, out);
}

int torc_table_select_at(const char *site, struct torc_table *table, const char *tail,
                         const struct torc_db_value *parameters, size_t count,
                         struct torc_deferred **out)
{
    struct reading *reading;
    int code = new_reading(table, table->texts.select, tail, false, &reading);

    return code ? code : read_rows(site, reading, parameters, count, out);
}

int torc_table_children_at(const char *site, struct torc_table *table,
                           const struct torc_row_parent *parent, struct torc_deferred **out)
{
    struct torci_row_trouble trouble;
    struct torc_db_value value;
    struct reading *reading;
    size_t column;
    int code = torci_row_parent_key(table->map, parent, &column, &value, &trouble);

    if (code == TORC_ENOTFOUND)
        return TORC_EINVAL;
    if (code)
        return refuse(site, table, &trouble, table->texts.children[trouble.column], out);
    code = new_reading(table, table->texts.children[column], "", false, &reading);
    return code ? code : read_rows(site, reading, &value, 1, out);
}
