/* recorder_database.c - the slot of the recorder that jobs call: gathers statements and their rows.
 *
 * What the platform below answered is what is recorded.  Rows are kept until the statement ends, until there
 * are ROWS_BYTES_MAX of them, or until the job ends that runs it: so all a job has seen of its statements
 * stands in the recording before its end.  Everything here is done under the lock. */
#include "recorder.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <torc/clock.h>

#include "kept_values.h"
#include "recording_database.h"

#define ROWS_BYTES_MAX ((size_t)1 << 20)

/* One connection of a pool. */
struct torci_recorder_connection {
    struct torci_recorder_connection *next;
    char *database;
    uint32_t number;
    bool answered;                 /* its OPEN was: so is every statement */
    struct torci_kept_values path; /* one, while the outcome of OPEN was not told */

    /* The statement under way. */
    bool running;
    pthread_t thread; /* of the job that ran it last */
    bool statement_answered;
    bool head_recorded;
    uint64_t request;
    uint32_t ordinal;
    uint64_t begun;
    uint64_t began_ns;
    struct torci_kept_values head; /* SQL, then the parameters */
    struct torci_kept_values columns;
    struct torci_kept_values rows; /* that were not recorded yet */
    size_t row_count;
    uint64_t rows_recorded;
};

/* The inner platform's clock is for the reactor's thread. */
static uint64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * TORC_SECOND + (uint64_t)now.tv_nsec;
}

static struct torci_recorder_connection *connection_of(struct torci_recorder *recorder,
                                                       const struct torc_database_event *event)
{
    struct torci_recorder_connection *connection = recorder->connections;

    while (connection != NULL && (connection->number != event->connection ||
                                  strcmp(connection->database, event->database) != 0)) {
        connection = connection->next;
    }
    if (connection != NULL) {
        return connection;
    }
    connection = calloc(1, sizeof(*connection));
    if (connection == NULL || (connection->database = strdup(event->database)) == NULL) {
        free(connection);
        return NULL;
    }
    connection->number = event->connection;
    connection->next = recorder->connections;
    recorder->connections = connection;
    return connection;
}

/* --- records ------------------------------------------------------------------------------------- */

static void record(struct torci_recorder *recorder, struct torci_database_record *database)
{
    struct torci_recording_event event = {.kind = TORC_TRACE_db, .database = database};

    torci_recorder_record_locked(recorder, &event);
    torci_recorder_flush_if_waiting(recorder);
}

static struct torci_database_record record_of(const struct torci_recorder_connection *connection,
                                              enum torci_database_what what)
{
    struct torci_database_record database = {.what = what, .connection = connection->number};

    database.database = torc_db_text(connection->database);
    database.request = connection->request;
    database.ordinal = connection->ordinal;
    return database;
}

/* Records what was gathered of the statement; `end` NULL: it goes on. */
static void record_statement(struct torci_recorder *recorder,
                             struct torci_recorder_connection *connection,
                             const struct torc_database_event *end)
{
    struct torci_database_record database = record_of(
        connection, end != NULL ? TORCI_DATABASE_STATEMENT : TORCI_DATABASE_ROWS);
    const struct torc_db_value *head = torci_kept_values_list(&connection->head);

    database.sql = head[0];
    database.begun = connection->begun;
    if (!connection->head_recorded) {
        database.parameters = head + 1;
        database.parameter_count = connection->head.count - 1;
    }
    database.columns = torci_kept_values_list(&connection->columns);
    database.column_count = connection->columns.count;
    database.values = torci_kept_values_list(&connection->rows);
    database.row_count = connection->row_count;
    database.first = connection->rows_recorded + 1;
    if (end != NULL) {
        database.code = end->code;
        database.message = torc_db_text(end->message != NULL ? end->message : "");
        database.rows = connection->rows_recorded + connection->row_count;
        database.complete = end->complete;
        database.changes = end->changes;
        database.last_insert_id = end->last_insert_id;
        database.in_transaction = end->in_transaction;
        database.lost = end->lost;
        database.took_ns = clock_ns() - connection->began_ns;
    }
    record(recorder, &database);
    connection->head_recorded = true;
    connection->rows_recorded += connection->row_count;
    connection->row_count = 0;
    torci_kept_values_reset(&connection->rows);
}

static void record_open(struct torci_recorder *recorder,
                        struct torci_recorder_connection *connection,
                        const struct torc_database_event *event)
{
    struct torci_database_record database = record_of(connection, TORCI_DATABASE_OPEN);

    if (connection->path.count > 0) {
        database.path = torci_kept_values_list(&connection->path)[0];
        database.code = event->code;
        database.message = torc_db_text(event->message != NULL ? event->message : "");
        record(recorder, &database);
        torci_kept_values_reset(&connection->path);
    }
}

/* --- events -------------------------------------------------------------------------------------- */

static int begin(struct torci_recorder *recorder, struct torci_recorder_connection *connection,
                 const struct torc_database_event *event, enum torc_database_answer answer)
{
    struct torc_db_value sql = torc_db_text(event->sql);
    int status;

    connection->running = true;
    connection->statement_answered = connection->answered || answer == TORC_DATABASE_ANSWER;
    connection->head_recorded = false;
    connection->begun = torc_trace_count(recorder->trace);
    connection->began_ns = clock_ns();
    connection->row_count = 0;
    connection->rows_recorded = 0;
    torci_kept_values_reset(&connection->head);
    torci_kept_values_reset(&connection->columns);
    torci_kept_values_reset(&connection->rows);
    status = torci_kept_values_add(&connection->head, &sql, 1);
    return status != 0 ? status
                       : torci_kept_values_add(&connection->head, event->parameters,
                                               event->parameter_count);
}

/* The names are told with each row, and, for a statement that gave none, at its end. */
static int keep_columns(struct torci_recorder_connection *connection,
                        const struct torc_database_event *event)
{
    int status = 0;

    for (size_t i = connection->columns.count; i < event->column_count && status == 0; i++) {
        struct torc_db_value column = torc_db_text(event->columns[i]);

        status = torci_kept_values_add(&connection->columns, &column, 1);
    }
    return status;
}

/* A row that was given to the program. */
static int keep_row(struct torci_recorder *recorder, struct torci_recorder_connection *connection,
                    const struct torc_database_event *event)
{
    int status = keep_columns(connection, event);

    if (status == 0) {
        status = torci_kept_values_add(&connection->rows, event->values, event->column_count);
    }
    if (status != 0) {
        return status;
    }
    connection->row_count++;
    if (connection->rows.bytes_used + connection->rows.count * sizeof(struct torc_db_value) >=
        ROWS_BYTES_MAX) {
        record_statement(recorder, connection, NULL);
    }
    return 0;
}

static int open_connection(struct torci_recorder *recorder,
                           struct torci_recorder_connection *connection,
                           const struct torc_database_event *event, enum torc_database_answer answer)
{
    struct torc_db_value path = torc_db_text(event->path);
    int status;

    connection->running = false;
    connection->answered = answer == TORC_DATABASE_ANSWER;
    torci_kept_values_reset(&connection->path);
    status = torci_kept_values_add(&connection->path, &path, 1);
    if (status == 0 && connection->answered) {
        record_open(recorder, connection, event);
    }
    return status;
}

static int keep_event(struct torci_recorder *recorder, const struct torc_database_event *event,
                      enum torc_database_answer answer)
{
    struct torci_recorder_connection *connection = connection_of(recorder, event);
    struct torci_database_record database;
    int status;

    if (connection == NULL) {
        return TORC_ENOMEM;
    }
    if (event->kind != TORC_DATABASE_ROW && event->kind != TORC_DATABASE_END) {
        connection->request = event->request;
        connection->ordinal = event->ordinal;
    }
    connection->thread = pthread_self();
    switch (event->kind) {
    case TORC_DATABASE_OPEN:
        return open_connection(recorder, connection, event, answer);
    case TORC_DATABASE_OPENED:
        record_open(recorder, connection, event);
        return 0;
    case TORC_DATABASE_BEGIN:
        return begin(recorder, connection, event, answer);
    case TORC_DATABASE_ROW:
        /* Answered, ANSWER is a row; run by SQLite, PROCEED is. */
        return (answer == TORC_DATABASE_ANSWER) == connection->statement_answered
                   ? keep_row(recorder, connection, event)
                   : 0;
    case TORC_DATABASE_END:
        status = keep_columns(connection, event);
        if (status == 0) {
            record_statement(recorder, connection, event);
        }
        connection->running = false;
        return status;
    case TORC_DATABASE_CLOSE:
        database = record_of(connection, TORCI_DATABASE_CLOSE);
        record(recorder, &database);
        return 0;
    }
    return 0;
}

enum torc_database_answer torci_recorder_database(struct torc_platform *self,
                                                  struct torc_database_event *event)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    enum torc_database_answer answer = recorder->inner->ops->database(recorder->inner, event);

    torci_recorder_lock(recorder);
    if (recorder->recording) {
        int status = keep_event(recorder, event, answer);

        if (status != 0) {
            torci_recorder_fail(recorder, status);
        }
    }
    torci_recorder_unlock(recorder);
    return answer;
}

void torci_recorder_job_ended(struct torci_recorder *recorder)
{
    struct torci_recorder_connection *connection;

    torci_recorder_lock(recorder);
    for (connection = recorder->connections; connection != NULL && recorder->recording;
         connection = connection->next) {
        if (connection->running && pthread_equal(connection->thread, pthread_self()) &&
            (!connection->head_recorded || connection->row_count > 0)) {
            record_statement(recorder, connection, NULL);
        }
    }
    torci_recorder_unlock(recorder);
}

void torci_recorder_connections_free(struct torci_recorder *recorder)
{
    while (recorder->connections != NULL) {
        struct torci_recorder_connection *connection = recorder->connections;

        recorder->connections = connection->next;
        free(connection->database);
        torci_kept_values_free(&connection->path);
        torci_kept_values_free(&connection->head);
        torci_kept_values_free(&connection->columns);
        torci_kept_values_free(&connection->rows);
        free(connection);
    }
}
