#include "replay_real_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- files and connections ----------------------------------------------------------------------- */

static void out_of_memory(struct torci_replay_real *real)
{
    torci_replayer_fail(real->replayer, TORC_ENOMEM, "out of memory");
}

/* Such a database is each connection's own. */
static bool in_memory(const struct torci_real_file *file)
{
    return strcmp(file->path, ":memory:") == 0;
}

/* Copies the initial database, if there is one.  0: it is there. */
static int copy_initial(struct torci_replay_real *real, const struct torci_real_file *file)
{
    sqlite3 *from = NULL;
    sqlite3 *to = NULL;
    sqlite3_backup *backup = NULL;
    char text[TORC_RECORDING_ERROR_BYTES];
    int code;

    if (real->from == NULL || in_memory(file)) {
        return 0;
    }
    code = sqlite3_open_v2(real->from, &from, SQLITE_OPEN_READONLY, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_open_v2(file->name, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    }
    if (code == SQLITE_OK && (backup = sqlite3_backup_init(to, "main", from, "main")) == NULL) {
        code = sqlite3_errcode(to);
    }
    if (backup != NULL) {
        code = sqlite3_backup_step(backup, -1);
        sqlite3_backup_finish(backup);
    }
    if (code != SQLITE_OK && code != SQLITE_DONE) {
        snprintf(text, sizeof(text), "%s: cannot be copied: %s", real->from, sqlite3_errstr(code));
        torci_replayer_fail(real->replayer, TORC_EDATABASE, text);
    }
    sqlite3_close(to);
    sqlite3_close(from);
    return code == SQLITE_OK || code == SQLITE_DONE ? 0 : TORC_EDATABASE;
}

static void file_free(struct torci_real_file *file)
{
    free(file->path);
    free(file->name);
    free(file);
}

/* NULL: it could not be made, which the replayer knows. */
static struct torci_real_file *file_of(struct torci_replay_real *real, const char *path)
{
    struct torci_real_file *file = real->files;
    size_t name_bytes = strlen(real->directory) + 32;

    while (file != NULL && strcmp(file->path, path) != 0) {
        file = file->next;
    }
    if (file != NULL) {
        return file;
    }
    file = calloc(1, sizeof(*file));
    if (file == NULL) {
        out_of_memory(real);
        return NULL;
    }
    file->path = strdup(path);
    file->name = malloc(name_bytes);
    if (file->path == NULL || file->name == NULL) {
        out_of_memory(real);
        file_free(file);
        return NULL;
    }
    snprintf(file->name, name_bytes, "%s/%u.sqlite", real->directory, ++real->file_count);
    if (copy_initial(real, file) != 0) {
        file_free(file);
        return NULL;
    }
    file->next = real->files;
    real->files = file;
    return file;
}

static struct torci_real_connection **place_of(struct torci_replay_real *real,
                                    const struct torci_database_record *record)
{
    struct torci_real_connection **link = &real->connections;

    while (*link != NULL && ((*link)->number != record->connection ||
                             strcmp((*link)->database, record->database.as.text) != 0)) {
        link = &(*link)->next;
    }
    return link;
}

static void connection_close(struct torci_real_connection **link)
{
    struct torci_real_connection *connection = *link;

    *link = connection->next;
    sqlite3_finalize(connection->statement);
    sqlite3_close_v2(connection->sqlite);
    free(connection->database);
    free(connection);
}

/* What is recorded comes from somebody else: its statements have the files of the replay, and no others (ATTACH, and
 * VACUUM INTO, which attaches).  Without a name, which is how VACUUM does it, the file is a temporary one; where those
 * are is not theirs to say. */
static int no_other_file(void *arg, int action, const char *file, const char *unused, const char *database,
                         const char *trigger)
{
    (void)arg;
    (void)unused;
    (void)database;
    (void)trigger;
    if (action == SQLITE_PRAGMA)
        return sqlite3_stricmp(file, "temp_store_directory") == 0 ? SQLITE_DENY : SQLITE_OK;
    if (action != SQLITE_ATTACH || (file != NULL && (file[0] == '\0' || strcmp(file, ":memory:") == 0)))
        return SQLITE_OK;
    return SQLITE_DENY;
}

static void open_connection(struct torci_replay_real *real,
                            const struct torci_database_record *record, uint64_t n)
{
    struct torci_real_connection **link = place_of(real, record);
    struct torci_real_connection *connection;
    int code;

    if (*link != NULL) { /* the recording has lost its end */
        connection_close(link);
    }
    connection = calloc(1, sizeof(*connection));
    if (connection == NULL || (connection->database = strdup(record->database.as.text)) == NULL) {
        free(connection);
        out_of_memory(real);
        return;
    }
    connection->number = record->connection;
    connection->next = real->connections;
    real->connections = connection;
    connection->file =
        file_of(real, record->path.type == TORC_DB_TEXT ? record->path.as.text : ":memory:");
    if (connection->file == NULL) {
        return;
    }
    code = sqlite3_open_v2(in_memory(connection->file) ? ":memory:" : connection->file->name,
                           &connection->sqlite,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                               SQLITE_OPEN_EXRESCODE,
                           NULL);
    if (code != SQLITE_OK) {
        torci_replay_differs_in_statement(real->replayer, record, n, "", NULL, NULL,
                                          "SQLite could not open the database: %s",
                                          sqlite3_errstr(code));
        return;
    }
    (void)sqlite3_set_authorizer(connection->sqlite, no_other_file, NULL);
}

/* --- running ------------------------------------------------------------------------------------- */

/* Whether time or the machine decided how it ended. */
static bool beyond_sql(const struct torci_database_record *record)
{
    switch (record->code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_INTERRUPT:
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
    case SQLITE_NOTADB:
        return true;
    default:
        return record->lost;
    }
}

static int bind(sqlite3_stmt *statement, int index, const struct torc_db_value *value)
{
    switch (value->type) {
    case TORC_DB_INTEGER:
        return sqlite3_bind_int64(statement, index, value->as.integer);
    case TORC_DB_REAL:
        return sqlite3_bind_double(statement, index, value->as.real);
    case TORC_DB_TEXT:
        return sqlite3_bind_text64(statement, index, value->as.text, value->bytes,
                                   SQLITE_TRANSIENT, SQLITE_UTF8);
    case TORC_DB_BLOB:
        return sqlite3_bind_blob64(statement, index, value->as.blob != NULL ? value->as.blob : "",
                                   value->bytes, SQLITE_TRANSIENT);
    default:
        return sqlite3_bind_null(statement, index);
    }
}

/* Prepares and binds.  False: it did not come to running, as recorded or not. */
static bool begin(struct torci_real_comparison *comparison)
{
    const struct torci_database_record *record = comparison->record;
    struct torci_real_connection *connection = comparison->connection;
    const char *tail = "";
    int code = sqlite3_prepare_v2(connection->sqlite, record->sql.as.text, -1,
                                  &connection->statement, &tail);
    int wanted = sqlite3_bind_parameter_count(connection->statement);

    if (code != SQLITE_OK) {
        torci_real_differs_in_code(comparison, code);
        return false;
    }
    /* What the pool refuses, SQLite would not: such a statement has not run. */
    if (connection->statement == NULL || (record->code == SQLITE_ERROR && *tail != '\0') ||
        (size_t)wanted != record->parameter_count ||
        (record->code == SQLITE_READONLY && !sqlite3_stmt_readonly(connection->statement))) {
        if (record->code == 0) {
            torci_real_differs_in_number(comparison, "SQLite counts another number of parameters than bound",
                              (int64_t)record->parameter_count, wanted);
        }
        return false;
    }
    for (size_t i = 0; i < record->parameter_count && code == SQLITE_OK; i++) {
        code = bind(connection->statement, (int)i + 1, &record->parameters[i]);
    }
    torci_real_differs_in_code(comparison, code != SQLITE_OK ? code : (int)record->code);
    connection->total_changes = sqlite3_total_changes64(connection->sqlite);
    connection->rows = 0;
    return code == SQLITE_OK;
}

/* The statement is over: its connection is then as recorded. */
static void finish(struct torci_real_comparison *comparison)
{
    struct torci_real_connection *connection = comparison->connection;
    bool writes = connection->statement != NULL && !sqlite3_stmt_readonly(connection->statement);

    sqlite3_finalize(connection->statement);
    connection->statement = NULL;
    if (!comparison->record->in_transaction && !sqlite3_get_autocommit(connection->sqlite)) {
        sqlite3_exec(connection->sqlite, "ROLLBACK", NULL, NULL, NULL);
    }
    torci_real_note_commit(comparison, writes);
    if (!connection->in_transaction && comparison->record->in_transaction && !writes) {
        connection->seen_n = 0; /* a BEGIN, which looks at nothing yet */
    }
    connection->in_transaction = comparison->record->in_transaction;
    connection->given_up = false;
}

static void run(struct torci_replay_real *real, struct torci_real_connection *connection,
                const struct torci_database_record *record, uint64_t n)
{
    struct torci_real_comparison comparison = {real, connection, record, n};
    bool ends = record->what == TORCI_DATABASE_STATEMENT;
    bool skipped = ends && beyond_sql(record);
    bool running = connection->statement != NULL;

    if (!running && !skipped) {
        torci_real_look(&comparison);
        running = begin(&comparison);
    }
    if (running && !skipped && !connection->given_up) {
        torci_real_compare_rows(&comparison);
    }
    if (running && !skipped && !connection->given_up && ends) {
        torci_real_compare_end(&comparison);
    }
    if (ends) {
        real->replayer->report->statements_run += skipped ? 0 : 1;
        finish(&comparison);
    }
}

void torci_replay_real_step(struct torci_replay_real *real,
                            const struct torci_database_record *record, uint64_t n)
{
    struct torci_real_connection **link = place_of(real, record);

    switch (record->what) {
    case TORCI_DATABASE_OPEN:
        if (record->code == 0) {
            open_connection(real, record, n);
        }
        break;
    case TORCI_DATABASE_CLOSE:
        if (*link != NULL) {
            connection_close(link);
        }
        break;
    default:
        if (*link != NULL) {
            run(real, *link, record, n);
        } else {
            torci_replay_differs_in_statement(real->replayer, record, n, "", NULL, NULL,
                                              "the statement is recorded on a connection that is "
                                              "not open");
        }
        break;
    }
}

void torci_replay_real_end(struct torci_replay_real *real)
{
    torci_real_tell_doubt(real);
}

int torci_replay_real_new(struct torci_replayer *replayer, const char *directory, const char *from,
                          struct torci_replay_real **out)
{
    struct torci_replay_real *real = calloc(1, sizeof(*real));

    if (real == NULL) {
        return TORC_ENOMEM;
    }
    real->replayer = replayer;
    real->directory = directory;
    real->from = from;
    *out = real;
    return 0;
}

void torci_replay_real_free(struct torci_replay_real *real)
{
    if (real == NULL) {
        return;
    }
    while (real->connections != NULL) {
        connection_close(&real->connections);
    }
    while (real->files != NULL) {
        struct torci_real_file *file = real->files;

        real->files = file->next;
        file_free(file);
    }
    free(real);
}
