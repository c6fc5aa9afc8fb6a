/* sql_run.c - one statement: told to the platform, prepared, bound, stepped, ended. */
#include <torc/format.h>

#include "connection.h"
#include "sql_text.h"
#include "sqlite_code.h"

/* What SQLite says the last rowid is while a statement has inserted none. */
#define NO_ROWID (INT64_MIN + 1)

/* What this file finds wrong with a statement itself. */
struct complaint {
    int sqlite_code;
    int parameter;
    const char *message; /* NULL: SQLite's */
};

static void describe(struct torc_database_event *event, enum torc_database_event_kind kind,
                     const struct torci_sql_run *run)
{
    const struct torci_connection *connection = run->connection;
    memset(event, 0, sizeof *event);
    event->kind = kind;
    event->database = connection->database->name;
    event->connection = connection->number;
    event->request = connection->request;
    event->ordinal = run->ordinal;
    event->sqlite = connection->sqlite;
    event->sql = run->sql;
    event->parameters = run->parameters;
    event->parameter_count = run->parameter_count;
    event->rows = run->rows;
}

static bool tell(struct torci_sql_run *run, struct torc_database_event *event)
{
    struct torc_platform *platform = run->connection->database->platform;
    return platform->ops->database(platform, event) == TORC_DATABASE_ANSWER;
}

/* --- the end ------------------------------------------------------------------------------------ */

/* The rowid it inserted, 0: none.  SQLite tells that of an earlier statement too, so before one that may
 * insert a mark is put there, and what was there is put back if the mark still stands: SQL may ask for it. */
static int64_t take_last_insert_id(const struct torci_sql_run *run)
{
    sqlite3 *sqlite = run->connection->sqlite;
    int64_t id = sqlite3_last_insert_rowid(sqlite);
    if (id == NO_ROWID)
        sqlite3_set_last_insert_rowid(sqlite, run->last_insert_id_before);
    return run->statement && run->statement->inserts && id != NO_ROWID ? id : 0;
}

/* A statement that is to fail, though SQLite is content with it, would be committed by its reset.  There is no
 * other way to make it fail than to interrupt it. */
static void fail_unfinished(const struct torci_sql_run *run)
{
    sqlite3 *sqlite = run->connection->sqlite;
    sqlite3_stmt *statement = run->statement->sqlite;
    if (!run->statement->writes || !sqlite3_stmt_busy(statement) || !sqlite3_get_autocommit(sqlite))
        return;
    sqlite3_interrupt(sqlite);
    while (sqlite3_step(statement) == SQLITE_ROW)
        ;
}

/* What SQLite has to say of it.  `message` holds that while the statement is reset, which may clear it. */
static void fill_outcome(struct torci_sql_run *run, struct torc_database_event *event,
                         const struct complaint *complaint, char *message, size_t message_bytes)
{
    sqlite3 *sqlite = run->connection->sqlite;
    const char *said = complaint->message;
    event->code = complaint->sqlite_code;
    if (event->code == SQLITE_OK && run->statement) {
        /* One that was not read to its end does its last work now. */
        event->code = sqlite3_reset(run->statement->sqlite);
    }
    if (event->code != SQLITE_OK && !said)
        said = sqlite3_errmsg(sqlite);
    torc_format(message, message_bytes, "%s", said ? said : "");
    event->message = message;
    if (complaint->sqlite_code != SQLITE_OK && run->statement) {
        fail_unfinished(run);
        sqlite3_reset(run->statement->sqlite);
    }
    bool changed = sqlite3_total_changes64(sqlite) != run->total_changes;
    int64_t last_insert_id = take_last_insert_id(run);
    event->changes = changed ? sqlite3_changes64(sqlite) : 0;
    event->last_insert_id = changed ? last_insert_id : 0;
}

/* Returns 0 or the code of its error. */
static int end(struct torci_sql_run *run, const struct complaint *complaint)
{
    struct torci_connection *connection = run->connection;
    char message[sizeof connection->error.message];
    bool was_in_transaction = connection->in_transaction;
    struct torc_database_event event;
    describe(&event, TORC_DATABASE_END, run);
    event.message = "";
    event.complete = run->complete;
    event.column_count = run->column_count;
    event.columns = run->columns;
    if (!run->answered)
        fill_outcome(run, &event, complaint, message, sizeof message);
    event.in_transaction = connection->sqlite && !sqlite3_get_autocommit(connection->sqlite);
    (void)tell(run, &event);
    if (connection->sqlite)
        event.in_transaction = !sqlite3_get_autocommit(connection->sqlite);
    if (run->answered && event.code == SQLITE_OK) { /* what is wrong here is wrong all the same */
        event.code = complaint->sqlite_code;
        event.message = complaint->message;
    }
    if (!event.message)
        event.message = sqlite3_errstr(event.code);
    run->ended = true;
    run->changes = event.changes;
    run->last_insert_id = event.last_insert_id;
    run->column_count = event.column_count;
    run->columns = event.columns;
    connection->in_transaction = event.in_transaction;
    if (event.code != SQLITE_OK || event.lost) {
        torci_sql_error_note(connection, &event, run->sql, complaint->parameter);
        /* OR ROLLBACK, and what SQLite rolls back by itself. */
        if (was_in_transaction && !event.in_transaction)
            connection->transaction_broken = true;
    }
    return event.code != SQLITE_OK || event.lost ? connection->error.code : 0;
}

static int end_with(struct torci_sql_run *run, int sqlite_code, int parameter, const char *message)
{
    struct complaint complaint = {sqlite_code, parameter, message};
    return end(run, &complaint);
}

/* --- the beginning ------------------------------------------------------------------------------ */

static int prepare(struct torci_sql_run *run, struct complaint *out)
{
    struct torci_connection *connection = run->connection;
    struct torci_statement_cache *cache = &connection->cache;
    sqlite3_stmt *statement = NULL;
    const char *tail = NULL;
    run->statement = torci_statement_cache_take(cache, run->sql);
    if (run->statement)
        return SQLITE_OK;
    out->sqlite_code = sqlite3_prepare_v3(connection->sqlite, run->sql, -1,
                                          SQLITE_PREPARE_PERSISTENT, &statement, &tail);
    if (out->sqlite_code != SQLITE_OK)
        return out->sqlite_code;
    if (!statement || *torci_sql_skip_blanks(tail) != '\0') {
        sqlite3_finalize(statement);
        *out = (struct complaint){SQLITE_ERROR, 0,
                                  statement ? "more than one statement" : "no statement"};
        return out->sqlite_code;
    }
    atomic_fetch_add_explicit(&connection->database->statements_prepared, 1,
                              memory_order_relaxed);
    run->statement = torci_statement_cache_add(cache, run->sql, statement);
    if (run->statement)
        return SQLITE_OK;
    sqlite3_finalize(statement);
    *out = (struct complaint){SQLITE_NOMEM, 0, "out of memory"};
    return out->sqlite_code;
}

static int bind_value(sqlite3_stmt *statement, int index, const struct torc_db_value *value)
{
    switch (value->type) {
    case TORC_DB_INTEGER:
        return sqlite3_bind_int64(statement, index, value->as.integer);
    case TORC_DB_REAL:
        return sqlite3_bind_double(statement, index, value->as.real);
    case TORC_DB_TEXT:
        return sqlite3_bind_text64(statement, index, value->as.text, value->bytes, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case TORC_DB_BLOB:
        return value->bytes == 0 ? sqlite3_bind_zeroblob(statement, index, 0)
                                 : sqlite3_bind_blob64(statement, index, value->as.blob,
                                                       value->bytes, SQLITE_STATIC);
    case TORC_DB_NULL:
    default:
        return sqlite3_bind_null(statement, index);
    }
}

static int bind(struct torci_sql_run *run, struct complaint *out, char *text, size_t text_bytes)
{
    sqlite3_stmt *statement = run->statement->sqlite;
    size_t wanted = (size_t)sqlite3_bind_parameter_count(statement);
    if (wanted != run->parameter_count) {
        torc_format(text, text_bytes, "the statement has %zu parameters, %zu values were given",
                    wanted, run->parameter_count);
        size_t first = wanted < run->parameter_count ? wanted : run->parameter_count;
        *out = (struct complaint){SQLITE_RANGE, (int)first + 1, text};
        return SQLITE_RANGE;
    }
    for (size_t i = 0; i < wanted; i++) {
        int code = bind_value(statement, (int)i + 1, &run->parameters[i]);
        if (code == SQLITE_OK)
            continue;
        *out = (struct complaint){code, (int)i + 1, NULL};
        return code;
    }
    return SQLITE_OK;
}

static const char refused_write[] = "the statement writes, and was asked for as one that reads";

static bool refused_now(struct torci_connection *connection, unsigned flags)
{
    return !(flags & TORCI_RUN_ALWAYS) &&
           atomic_load_explicit(&connection->cancelled, memory_order_acquire);
}

int torci_sql_run_begin(struct torci_sql_run *run, struct torci_connection *connection, const char *sql,
                    const struct torc_db_value *parameters, size_t count, unsigned flags)
{
    struct complaint complaint = {SQLITE_OK, 0, NULL};
    struct torc_database_event event;
    char text[96];
    *run = (struct torci_sql_run){.connection = connection, .sql = sql, .parameters = parameters,
                              .parameter_count = count, .ordinal = ++connection->ordinal};
    atomic_fetch_add_explicit(&connection->database->statements_run, 1, memory_order_relaxed);
    describe(&event, TORC_DATABASE_BEGIN, run);
    run->answered = tell(run, &event);
    if (!run->answered) {
        run->total_changes = sqlite3_total_changes64(connection->sqlite);
        run->last_insert_id_before = sqlite3_last_insert_rowid(connection->sqlite);
    }
    if (refused_now(connection, flags))
        return end_with(run, SQLITE_INTERRUPT, 0, "interrupted");
    if (run->answered)
        return 0;
    if (prepare(run, &complaint) != SQLITE_OK)
        return end(run, &complaint);
    if ((flags & TORCI_RUN_READ) && run->statement->writes)
        return end_with(run, SQLITE_READONLY, 0, refused_write);
    if (bind(run, &complaint, text, sizeof text) != SQLITE_OK)
        return end(run, &complaint);
    if (run->statement->inserts && !run->statement->asks_last_id)
        sqlite3_set_last_insert_rowid(connection->sqlite, NO_ROWID);
    return 0;
}

/* --- rows --------------------------------------------------------------------------------------- */

/* Errors: TORC_ENOMEM, where SQLite has to copy or to convert. */
static int column_value(sqlite3_stmt *statement, int column, struct torc_db_value *out)
{
    const void *bytes;
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        *out = torc_db_integer(sqlite3_column_int64(statement, column));
        return 0;
    case SQLITE_FLOAT:
        *out = torc_db_real(sqlite3_column_double(statement, column));
        return 0;
    case SQLITE_TEXT:
        bytes = sqlite3_column_text(statement, column);
        *out = torc_db_text_of(bytes, (size_t)sqlite3_column_bytes(statement, column));
        return bytes ? 0 : TORC_ENOMEM;
    case SQLITE_BLOB:
        bytes = sqlite3_column_blob(statement, column);
        *out = torc_db_blob(bytes ? bytes : "", (size_t)sqlite3_column_bytes(statement, column));
        return bytes || out->bytes == 0 ? 0 : TORC_ENOMEM;
    default:
        *out = torc_db_null();
        return 0;
    }
}

/* Names are asked for once the statement runs: a changed schema prepares it anew. */
static int name_columns(struct torci_sql_run *run)
{
    struct torci_statement *statement = run->statement;
    size_t count = (size_t)sqlite3_column_count(statement->sqlite);
    if (torci_statement_reserve(&run->connection->cache, statement, count) != 0)
        return TORC_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        statement->columns[i] = sqlite3_column_name(statement->sqlite, (int)i);
        if (!statement->columns[i])
            return TORC_ENOMEM;
    }
    run->column_count = count;
    run->columns = statement->columns;
    run->values = statement->values;
    return 0;
}

static int take_row(struct torci_sql_run *run)
{
    struct torc_database_event event;
    if (run->rows == 0 && name_columns(run) != 0)
        return end_with(run, SQLITE_NOMEM, 0, "out of memory");
    for (size_t i = 0; i < run->column_count; i++)
        if (column_value(run->statement->sqlite, (int)i, &run->values[i]) != 0)
            return end_with(run, SQLITE_NOMEM, 0, "out of memory");
    run->rows++;
    describe(&event, TORC_DATABASE_ROW, run);
    event.column_count = run->column_count;
    event.columns = run->columns;
    event.values = run->values;
    if (!tell(run, &event))
        return 1;
    event.message = event.message ? event.message : sqlite3_errstr(event.code);
    return end_with(run, event.code, 0, event.message);
}

static int step_answered(struct torci_sql_run *run)
{
    struct torc_database_event event;
    run->rows++;
    describe(&event, TORC_DATABASE_ROW, run);
    if (!tell(run, &event)) {
        run->rows--;
        run->complete = true;
        return end_with(run, SQLITE_OK, 0, NULL);
    }
    run->column_count = event.column_count;
    run->columns = event.columns;
    run->values = (struct torc_db_value *)(uintptr_t)event.values;
    return 1;
}

int torci_sql_run_step(struct torci_sql_run *run)
{
    if (run->ended) /* its error was answered as none */
        return 0;
    if (run->answered)
        return step_answered(run);
    int code = sqlite3_step(run->statement->sqlite);
    if (code == SQLITE_ROW)
        return take_row(run);
    if (code != SQLITE_DONE)
        return end_with(run, code, 0, NULL);
    if (run->rows == 0 && name_columns(run) != 0)
        return end_with(run, SQLITE_NOMEM, 0, "out of memory");
    run->complete = true;
    return end_with(run, SQLITE_OK, 0, NULL);
}

int torci_sql_run_finish(struct torci_sql_run *run)
{
    int error = run->ended ? 0 : end_with(run, SQLITE_OK, 0, NULL);
    if (!run->statement)
        return error;
    sqlite3_clear_bindings(run->statement->sqlite);
    torci_statement_cache_give(&run->connection->cache, run->statement);
    run->statement = NULL;
    return error;
}

/* --- all of it ---------------------------------------------------------------------------------- */

int torci_sql_run_copy_row(struct torci_sql_run *run, struct torc_rows *rows)
{
    if ((rows->row_count == 0 &&
         torci_rows_name_columns(rows, run->column_count, run->columns) != 0) ||
        torci_rows_append(rows, run->values) != 0)
        return end_with(run, SQLITE_NOMEM, 0, "out of memory");
    return 0;
}

/* Room for columns and their names is wanted before anything has been written, not after. */
static int prepare_columns(struct torci_sql_run *run, struct torc_rows *rows)
{
    if (run->ended || run->answered || !run->statement->writes)
        return 0;
    if (name_columns(run) != 0 ||
        (rows && torci_rows_name_columns(rows, run->column_count, run->columns) != 0))
        return end_with(run, SQLITE_NOMEM, 0, "out of memory");
    return 0;
}

static int gather(struct torci_sql_run *run, struct torc_rows *rows)
{
    int status = prepare_columns(run, rows);
    if (status != 0)
        return status;
    while ((status = torci_sql_run_step(run)) == 1) {
        if (!rows)
            continue;
        status = torci_sql_run_copy_row(run, rows);
        if (status != 0)
            return status;
    }
    if (status != 0 || !rows)
        return status;
    if (rows->row_count == 0 &&
        torci_rows_name_columns(rows, run->column_count, run->columns) != 0)
        return torci_sql_error_set(run->connection, TORC_ENOMEM, "out of memory");
    rows->changes = run->changes;
    rows->last_insert_id = run->last_insert_id;
    return 0;
}

int torci_connection_execute(struct torci_connection *connection, const char *sql,
                             const struct torc_db_value *parameters, size_t count, unsigned flags,
                             struct torc_rows **out)
{
    struct torc_rows *rows = NULL;
    struct torci_sql_run run;
    if (out) {
        rows = torci_rows_new(connection->database->platform);
        if (!rows)
            return torci_sql_error_set(connection, TORC_ENOMEM, "out of memory");
    }
    int error = torci_sql_run_begin(&run, connection, sql, parameters, count, flags);
    if (error == 0)
        error = gather(&run, rows);
    (void)torci_sql_run_finish(&run); /* it has ended */
    if (error) {
        torc_rows_free(rows);
        return error;
    }
    if (out)
        *out = rows;
    return 0;
}
