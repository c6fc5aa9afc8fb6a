#include "connection.h"

#include <torc/format.h>

#include "sqlite_code.h"
#include "transaction_state.h"

void torci_connection_init(struct torci_connection *connection, struct torci_database *database,
                           uint32_t number)
{
    memset(connection, 0, sizeof *connection);
    connection->database = database;
    connection->number = number;
    atomic_init(&connection->open, false);
    atomic_init(&connection->cancelled, false);
    atomic_flag_clear(&connection->sqlite_lock);
    torci_statement_cache_init(&connection->cache, database->platform, database->statements_max);
}

/* --- interrupting ------------------------------------------------------------------------------- */

/* SQLite allows an interrupt from any thread while the connection is open, and this lock sees to that. */
static void lock(struct torci_connection *connection)
{
    while (atomic_flag_test_and_set_explicit(&connection->sqlite_lock, memory_order_acquire))
        ;
}

static void unlock(struct torci_connection *connection)
{
    atomic_flag_clear_explicit(&connection->sqlite_lock, memory_order_release);
}

static void publish(struct torci_connection *connection, sqlite3 *sqlite)
{
    lock(connection);
    connection->sqlite = sqlite;
    unlock(connection);
}

void torci_connection_assign(struct torci_connection *connection, uint64_t request,
                             const bool *interrupted)
{
    torci_sql_error_clear(connection);
    connection->ordinal = 0;
    connection->transaction_broken = false;
    lock(connection);
    connection->request = request;
    atomic_store_explicit(&connection->cancelled, *interrupted, memory_order_release);
    unlock(connection);
}

void torci_connection_interrupt(struct torci_connection *connection, uint64_t request,
                                bool *interrupted)
{
    lock(connection);
    *interrupted = true;
    if (connection->request == request) {
        atomic_store_explicit(&connection->cancelled, true, memory_order_release);
        if (connection->sqlite)
            sqlite3_interrupt(connection->sqlite);
    }
    unlock(connection);
}

/* --- opening ------------------------------------------------------------------------------------ */

static void describe(const struct torci_connection *connection, enum torc_database_event_kind kind,
                     struct torc_database_event *event)
{
    memset(event, 0, sizeof *event);
    event->kind = kind;
    event->database = connection->database->name;
    event->connection = connection->number;
    event->request = connection->request;
    event->ordinal = connection->ordinal;
    event->path = connection->database->path;
    event->sqlite = connection->sqlite;
}

static enum torc_database_answer tell(struct torci_connection *connection,
                                      enum torc_database_event_kind kind,
                                      struct torc_database_event *event)
{
    struct torc_platform *platform = connection->database->platform;
    describe(connection, kind, event);
    return platform->ops->database(platform, event);
}

static int fail_open(struct torci_connection *connection, int sqlite_code, const char *message)
{
    struct torci_sql_error *error = &connection->error;
    torci_sql_error_clear(connection);
    error->code = torci_code_of_sqlite(sqlite_code);
    error->sqlite_code = sqlite_code;
    torc_format(error->message, sizeof error->message, "cannot open %s: %s",
                connection->database->path, message);
    return error->code;
}

static void tell_opened(struct torci_connection *connection, int code, const char *message)
{
    struct torc_platform *platform = connection->database->platform;
    struct torc_database_event event;
    describe(connection, TORC_DATABASE_OPENED, &event);
    event.code = code;
    event.message = message;
    (void)platform->ops->database(platform, &event);
}

static int open_sqlite(struct torci_connection *connection, const char *path)
{
    const struct torci_database *database = connection->database;
    struct torc_platform *platform = database->platform;
    const char *message = "out of memory";
    sqlite3 *sqlite = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (!database->must_exist || database->in_memory)
        flags |= SQLITE_OPEN_CREATE;
    int code = sqlite3_open_v2(path, &sqlite, flags, platform->ops->storage(platform));
    if (code == SQLITE_OK) {
        publish(connection, sqlite);
        tell_opened(connection, code, "");
        return 0;
    }
    if (sqlite)
        message = sqlite3_errmsg(sqlite);
    tell_opened(connection, code, message);
    int error = fail_open(connection, code, message);
    sqlite3_close_v2(sqlite);
    return error;
}

/* The database is in WAL mode, whoever made it. */
static int want_wal(struct torci_connection *connection)
{
    struct torc_rows *rows = NULL;
    const char *mode = "";
    int error = torci_connection_execute(connection, "PRAGMA journal_mode=WAL", NULL, 0,
                                         TORCI_RUN_ALWAYS, &rows);
    if (error)
        return error;
    if (torc_rows_text(rows, 0, 0, &mode, NULL) != 0 || strcmp(mode, "wal") != 0)
        error = fail_open(connection, SQLITE_CANTOPEN, "the storage does not allow WAL mode");
    torc_rows_free(rows);
    return error;
}

static int set_up(struct torci_connection *connection)
{
    static const char *const synchronous[] = {
        [TORC_SYNCHRONOUS_FULL] = "PRAGMA synchronous=FULL",
        [TORC_SYNCHRONOUS_NORMAL] = "PRAGMA synchronous=NORMAL",
        [TORC_SYNCHRONOUS_OFF] = "PRAGMA synchronous=OFF",
    };
    struct torci_database *database = connection->database;
    int error = 0;
    if (!database->in_memory)
        error = want_wal(connection);
    if (error == 0 && !database->in_memory)
        error = torci_connection_execute(connection, synchronous[database->synchronous], NULL, 0,
                                         TORCI_RUN_ALWAYS, NULL);
    if (error == 0)
        error = torci_connection_execute(connection, "PRAGMA foreign_keys=ON", NULL, 0,
                                         TORCI_RUN_ALWAYS, NULL);
    if (error == 0 && database->opened) {
        struct torc_transaction transaction = {.connection = connection, .attempt = 1};
        error = database->opened(&transaction, database->opened_arg);
        torci_transaction_clear(&transaction);
        if (error > 0)
            error = TORC_EINVAL;
        if (error && connection->error.code != error)
            torci_sql_error_set(connection, error, "the function that sets up connections failed");
    }
    if (error == 0 && connection->in_transaction)
        error = torci_sql_error_set(connection, TORC_EINVAL,
                                    "the function that sets up connections left a transaction open");
    return error;
}

int torci_connection_open(struct torci_connection *connection)
{
    struct torc_database_event event;
    int error;
    if (connection->open && connection->doubtful)
        torci_connection_close(connection); /* since its last work was over */
    if (connection->open)
        return 0;
    connection->doubtful = false;
    connection->transaction_broken = false;
    connection->in_transaction = false;
    connection->answered = tell(connection, TORC_DATABASE_OPEN, &event) == TORC_DATABASE_ANSWER;
    if (!connection->answered)
        error = open_sqlite(connection, event.path);
    else if (event.code != SQLITE_OK)
        error = fail_open(connection, event.code,
                          event.message ? event.message : sqlite3_errstr(event.code));
    else
        error = 0;
    if (error)
        return error;
    connection->open = true;
    error = set_up(connection);
    if (error)
        torci_connection_close(connection);
    return error;
}

/* SQLite remembers an interrupt until a statement begins, and would close without a checkpoint. */
static void forget_interrupt(sqlite3 *sqlite)
{
    if (sqlite)
        (void)sqlite3_exec(sqlite, "SELECT 0", NULL, NULL, NULL);
}

void torci_connection_close(struct torci_connection *connection)
{
    struct torc_database_event event;
    sqlite3 *sqlite = connection->sqlite;
    if (!connection->open)
        return;
    (void)tell(connection, TORC_DATABASE_CLOSE, &event);
    torci_statement_cache_clear(&connection->cache);
    publish(connection, NULL);
    forget_interrupt(sqlite);
    sqlite3_close_v2(sqlite);
    connection->open = false;
    connection->in_transaction = false;
    connection->transaction_broken = false;
    connection->doubtful = false;
}
