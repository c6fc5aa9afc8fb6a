/* replay_database.c - the slot of the replayer that jobs call: answers from the recording, and compares.
 *
 * A job is run when its end is told.  All it did on databases stands before that in the recording and was
 * kept here, by request, so each step is looked up by request and ordinal; on which connection it ran then
 * does not matter. */
#include "replayer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

/* --- what is recorded ---------------------------------------------------------------------------- */

static void step_free(struct torci_replay_step *step)
{
    if (step != NULL) {
        torci_recorded_database_free(step->recorded);
        free(step);
    }
}

static void request_free(struct torci_replay_request *request)
{
    while (request->steps != NULL) {
        struct torci_replay_step *step = request->steps;

        request->steps = step->next;
        step_free(step);
    }
    free(request->database);
    free(request);
}

static struct torci_replay_request *request_find(const struct torci_replay_databases *databases,
                                                 const char *database, uint64_t number)
{
    struct torci_replay_request *request = databases->requests;

    while (request != NULL &&
           (request->number != number || strcmp(request->database, database) != 0)) {
        request = request->next;
    }
    return request;
}

static struct torci_replay_request *request_add(struct torci_replay_databases *databases,
                                                const char *database, uint64_t number)
{
    struct torci_replay_request *request = calloc(1, sizeof(*request));

    if (request == NULL || (request->database = strdup(database)) == NULL) {
        free(request);
        return NULL;
    }
    request->number = number;
    request->steps_end = &request->steps;
    *databases->requests_end = request;
    databases->requests_end = &request->next;
    return request;
}

int torci_replay_database_add(struct torci_replayer *replayer,
                              struct torci_recorded_database *recorded, uint64_t n)
{
    const struct torci_database_record *record = &recorded->record;
    const char *database = record->database.as.text;
    struct torci_replay_request *request =
        request_find(&replayer->databases, database, record->request);
    struct torci_replay_step *step = calloc(1, sizeof(*step));

    if (step != NULL && request == NULL) {
        request = request_add(&replayer->databases, database, record->request);
    }
    if (step == NULL || request == NULL) {
        free(step);
        torci_recorded_database_free(recorded);
        return TORC_ENOMEM;
    }
    step->recorded = recorded;
    step->n = n;
    *request->steps_end = step;
    request->steps_end = &step->next;
    return 0;
}

/* Takes the next recorded step that the event may be; NULL: there is none. */
static struct torci_replay_step *take(struct torci_replay_databases *databases,
                                      const struct torc_database_event *event)
{
    struct torci_replay_request *request =
        request_find(databases, event->database, event->request);
    struct torci_replay_step **link;
    struct torci_replay_step *step;

    if (request == NULL) {
        return NULL;
    }
    request->touched = true;
    for (link = &request->steps; (step = *link) != NULL; link = &step->next) {
        const struct torci_database_record *record = &step->recorded->record;
        bool fits = event->kind == TORC_DATABASE_OPEN    ? record->what == TORCI_DATABASE_OPEN
                    : event->kind == TORC_DATABASE_CLOSE ? record->what == TORCI_DATABASE_CLOSE
                                                         : record->sql.type == TORC_DB_TEXT &&
                                                               record->ordinal == event->ordinal;

        if (fits) {
            *link = step->next;
            if (step->next == NULL) {
                request->steps_end = link;
            }
            return step;
        }
    }
    return NULL;
}

/* --- differences --------------------------------------------------------------------------------- */

/* Does something that is not recorded. */
static void not_recorded(struct torci_replayer *replayer, const struct torc_database_event *event,
                         const struct torc_db_value *got, const char *what)
{
    struct torci_database_record record = {.what = event->kind == TORC_DATABASE_OPEN ||
                                                           event->kind == TORC_DATABASE_CLOSE
                                                       ? TORCI_DATABASE_OPEN
                                                       : TORCI_DATABASE_STATEMENT,
                                           .request = event->request,
                                           .ordinal = event->ordinal};

    record.database = torc_db_text(event->database);
    torci_replay_differs_in_statement(replayer, &record, 0, "", NULL, got, "%s", what);
}

/* Did not do a step. */
static void not_done(struct torci_replayer *replayer, const struct torci_replay_step *step)
{
    const struct torci_database_record *record = &step->recorded->record;
    const char *what = record->what == TORCI_DATABASE_OPEN    ? "the program did not open the database"
                       : record->what == TORCI_DATABASE_CLOSE ? "the program did not close the connection"
                                                              : "the program did not run the statement";

    torci_replay_differs_in_statement(replayer, record, step->n, "",
                                      record->sql.type == TORC_DB_TEXT ? &record->sql : NULL, NULL,
                                      "%s", what);
}

static void compare_parameters(struct torci_replayer *replayer,
                               const struct torci_replay_step *step,
                               const struct torc_database_event *event)
{
    const struct torci_database_record *record = &step->recorded->record;
    char where[48];

    if (event->parameter_count != record->parameter_count) {
        torci_replay_differs_in_statement(replayer, record, step->n, "", NULL, NULL,
                                          "the program bound %zu parameters, recorded are %zu",
                                          event->parameter_count, record->parameter_count);
        return;
    }
    for (size_t i = 0; i < event->parameter_count; i++) {
        if (!torci_database_value_equal(&record->parameters[i], &event->parameters[i])) {
            snprintf(where, sizeof(where), ", parameter %zu", i + 1);
            torci_replay_differs_in_statement(replayer, record, step->n, where,
                                              &record->parameters[i], &event->parameters[i],
                                              "the program bound another value than recorded");
            return;
        }
    }
}

/* --- answers ------------------------------------------------------------------------------------- */

static struct torci_replay_statement *statement_of(struct torci_replay_databases *databases,
                                                   const struct torc_database_event *event)
{
    struct torci_replay_statement *statement = databases->statements;

    while (statement != NULL && (statement->connection != event->connection ||
                                 strcmp(statement->database, event->database) != 0)) {
        statement = statement->next;
    }
    if (statement != NULL) {
        return statement;
    }
    statement = calloc(1, sizeof(*statement));
    if (statement == NULL || (statement->database = strdup(event->database)) == NULL) {
        free(statement);
        return NULL;
    }
    statement->connection = event->connection;
    statement->next = databases->statements;
    databases->statements = statement;
    return statement;
}

static enum torc_database_answer answer_open(struct torci_replayer *replayer,
                                             struct torci_replay_statement *statement,
                                             struct torc_database_event *event)
{
    struct torc_db_value path = torc_db_text(event->path);

    step_free(statement->step);
    statement->step = take(&replayer->databases, event);
    if (statement->step == NULL) {
        not_recorded(replayer, event, &path, "the program opened a database, which is not recorded");
        return TORC_DATABASE_ANSWER;
    }
    event->code = (int)statement->step->recorded->record.code;
    event->message = statement->step->recorded->record.message.as.text;
    return TORC_DATABASE_ANSWER;
}

static void begin(struct torci_replayer *replayer, struct torci_replay_statement *statement,
                  const struct torc_database_event *event)
{
    struct torc_db_value sql = torc_db_text(event->sql);
    const struct torci_replay_step *step;

    step_free(statement->step);
    statement->step = take(&replayer->databases, event);
    statement->rows_given = 0;
    step = statement->step;
    if (step == NULL) {
        not_recorded(replayer, event, &sql, "the program ran a statement that is not recorded");
    } else if (!torci_database_value_equal(&step->recorded->record.sql, &sql)) {
        torci_replay_differs_in_statement(replayer, &step->recorded->record, step->n, "",
                                          &step->recorded->record.sql, &sql,
                                          "the program ran another statement than recorded");
    } else {
        compare_parameters(replayer, step, event);
    }
}

/* Where the rows of a step are used up and the statement goes on in another one, goes on there. */
static void go_on(struct torci_replayer *replayer, struct torci_replay_statement *statement,
                  const struct torc_database_event *event)
{
    while (statement->step != NULL &&
           statement->step->recorded->record.what == TORCI_DATABASE_ROWS &&
           statement->rows_given == statement->step->recorded->record.row_count) {
        step_free(statement->step);
        statement->step = take(&replayer->databases, event);
        statement->rows_given = 0;
    }
}

/* The names of the columns, as the event has them; NULL: out of memory. */
static const char *const *columns_of(struct torci_replay_statement *statement)
{
    const struct torci_database_record *record = &statement->step->recorded->record;

    if (record->column_count > statement->column_capacity) {
        const char **grown =
            realloc(statement->columns, record->column_count * sizeof(const char *));

        if (grown == NULL) {
            return NULL;
        }
        statement->columns = grown;
        statement->column_capacity = record->column_count;
    }
    for (size_t i = 0; i < record->column_count; i++) {
        statement->columns[i] = record->columns[i].as.text;
    }
    return statement->columns;
}

static enum torc_database_answer answer_row(struct torci_replayer *replayer,
                                            struct torci_replay_statement *statement,
                                            struct torc_database_event *event)
{
    const struct torci_database_record *record;

    go_on(replayer, statement, event);
    if (statement->step == NULL) {
        not_recorded(replayer, event, NULL,
                     "the program asked for more rows than the recorded job, which left the statement here");
        return TORC_DATABASE_PROCEED;
    }
    record = &statement->step->recorded->record;
    if (statement->rows_given == record->row_count) {
        if (!record->complete && record->code == 0) {
            torci_replay_differs_in_statement(
                replayer, record, statement->step->n, "", NULL, NULL,
                "the program asked for row %llu, recorded is that the statement was left before it",
                (unsigned long long)record->rows + 1);
        }
        return TORC_DATABASE_PROCEED;
    }
    event->columns = columns_of(statement);
    if (event->columns == NULL) {
        torci_replayer_fail(replayer, TORC_ENOMEM, torc_error_text(TORC_ENOMEM));
        return TORC_DATABASE_PROCEED;
    }
    event->column_count = record->column_count;
    event->values = record->values + statement->rows_given * record->column_count;
    statement->rows_given++;
    return TORC_DATABASE_ANSWER;
}

static void end(struct torci_replayer *replayer, struct torci_replay_statement *statement,
                struct torc_database_event *event)
{
    const struct torci_database_record *record;

    go_on(replayer, statement, event);
    if (statement->step == NULL) {
        not_recorded(replayer, event, NULL, "the program ended a statement that is recorded to go on");
        return;
    }
    record = &statement->step->recorded->record;
    if (statement->rows_given < record->row_count) {
        torci_replay_differs_in_statement(replayer, record, statement->step->n, "", NULL, NULL,
                                          "the program left the statement after %llu rows, recorded are more",
                                          (unsigned long long)record->first - 1 +
                                              statement->rows_given);
        return;
    }
    event->columns = columns_of(statement);
    if (event->columns == NULL && record->column_count > 0) {
        torci_replayer_fail(replayer, TORC_ENOMEM, torc_error_text(TORC_ENOMEM));
        return;
    }
    event->column_count = record->column_count;
    event->rows = record->rows;
    event->code = (int)record->code;
    event->message = record->message.as.text;
    event->complete = record->complete;
    event->changes = record->changes;
    event->last_insert_id = record->last_insert_id;
    event->in_transaction = record->in_transaction;
    event->lost = record->lost;
}

/* The replay is over: whatever runs still is to end soon. */
static enum torc_database_answer answer_over(struct torc_database_event *event)
{
    event->code = SQLITE_INTERRUPT;
    event->message = "the replay is over";
    event->in_transaction = false;
    event->lost = false;
    return event->kind == TORC_DATABASE_ROW ? TORC_DATABASE_PROCEED : TORC_DATABASE_ANSWER;
}

enum torc_database_answer torci_replayer_database(struct torc_platform *self,
                                                  struct torc_database_event *event)
{
    struct torci_replayer *replayer = (struct torci_replayer *)self;
    struct torci_replay_statement *statement;
    enum torc_database_answer answer = TORC_DATABASE_ANSWER;

    if (replayer->over) {
        return answer_over(event);
    }
    statement = statement_of(&replayer->databases, event);
    if (statement == NULL) {
        torci_replayer_fail(replayer, TORC_ENOMEM, torc_error_text(TORC_ENOMEM));
        return answer_over(event);
    }
    switch (event->kind) {
    case TORC_DATABASE_OPEN:
        answer = answer_open(replayer, statement, event);
        break;
    case TORC_DATABASE_BEGIN:
        begin(replayer, statement, event);
        break;
    case TORC_DATABASE_ROW:
        answer = answer_row(replayer, statement, event);
        break;
    case TORC_DATABASE_END:
        end(replayer, statement, event);
        break;
    case TORC_DATABASE_OPENED:
        break;
    case TORC_DATABASE_CLOSE:
        step_free(statement->step);
        statement->step = take(&replayer->databases, event);
        if (statement->step == NULL) {
            not_recorded(replayer, event, NULL, "the program closed a connection, which is not recorded");
        }
        break;
    }
    return replayer->over ? answer_over(event) : answer;
}

/* --- the end of a job, and of the recording ------------------------------------------------------- */

void torci_replay_database_job_ended(struct torci_replayer *replayer)
{
    struct torci_replay_databases *databases = &replayer->databases;
    struct torci_replay_request **link = &databases->requests;
    struct torci_replay_request *request;

    while ((request = *link) != NULL) {
        if (request->touched && request->steps != NULL) {
            not_done(replayer, request->steps);
        }
        request->touched = false;
        if (request->steps != NULL) {
            link = &request->next;
            continue;
        }
        *link = request->next;
        request_free(request);
    }
    databases->requests_end = link;
}

void torci_replay_database_rest(struct torci_replayer *replayer)
{
    if (replayer->job_count == 0 && replayer->databases.requests != NULL) {
        not_done(replayer, replayer->databases.requests->steps);
    }
}

void torci_replay_database_free(struct torci_replayer *replayer)
{
    struct torci_replay_databases *databases = &replayer->databases;

    while (databases->requests != NULL) {
        struct torci_replay_request *request = databases->requests;

        databases->requests = request->next;
        request_free(request);
    }
    while (databases->statements != NULL) {
        struct torci_replay_statement *statement = databases->statements;

        databases->statements = statement->next;
        step_free(statement->step);
        free(statement->database);
        free(statement->columns);
        free(statement);
    }
}
