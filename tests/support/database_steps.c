#include "database_steps.h"

static struct torc_database_event event_of(const struct database_steps *steps,
                                           enum torc_database_event_kind kind,
                                           const struct step_statement *statement)
{
    struct torc_database_event event = {.kind = kind};

    event.database = steps->database;
    event.connection = steps->connection;
    event.request = steps->request;
    event.ordinal = steps->ordinal;
    if (statement != NULL) {
        event.sql = statement->sql;
        event.parameters = statement->parameters;
        event.parameter_count = statement->parameter_count;
    }
    return event;
}

static enum torc_database_answer tell(struct database_steps *steps,
                                      struct torc_database_event *event)
{
    return steps->platform->ops->database(steps->platform, event);
}

int database_steps_open(struct database_steps *steps, const char *path, int code)
{
    struct torc_database_event event = event_of(steps, TORC_DATABASE_OPEN, NULL);

    event.path = path;
    steps->open_answered = tell(steps, &event) == TORC_DATABASE_ANSWER;
    if (steps->open_answered) {
        return event.code;
    }
    event.kind = TORC_DATABASE_OPENED;
    event.code = code;
    event.message = code != 0 ? "unable to open database file" : "not an error";
    tell(steps, &event);
    return code;
}

void database_steps_begin(struct database_steps *steps, const struct step_statement *statement)
{
    struct torc_database_event event;

    steps->ordinal++;
    event = event_of(steps, TORC_DATABASE_BEGIN, statement);
    steps->answered = tell(steps, &event) == TORC_DATABASE_ANSWER;
    steps->row_count = 0;
    torci_kept_values_reset(&steps->rows);
}

/* False: there are no more. */
static bool row(struct database_steps *steps, const struct step_statement *statement, size_t index)
{
    struct torc_database_event event = event_of(steps, TORC_DATABASE_ROW, statement);

    event.rows = steps->row_count + 1;
    if (!steps->answered) {
        event.columns = statement->columns;
        event.column_count = statement->column_count;
        event.values = statement->values + index * statement->column_count;
        if (tell(steps, &event) == TORC_DATABASE_ANSWER) {
            return false;
        }
    } else if (tell(steps, &event) == TORC_DATABASE_PROCEED) {
        return false;
    }
    if (torci_kept_values_add(&steps->rows, event.values, event.column_count) != 0) {
        return false;
    }
    steps->row_count++;
    return true;
}

void database_steps_rows(struct database_steps *steps, const struct step_statement *statement,
                         size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (!row(steps, statement, i)) {
            return;
        }
    }
}

void database_steps_end(struct database_steps *steps, const struct step_statement *statement)
{
    struct torc_database_event event = event_of(steps, TORC_DATABASE_END, statement);

    event.rows = steps->row_count;
    event.complete = !statement->left_early && statement->code == 0;
    if (!steps->answered) {
        event.columns = statement->columns;
        event.column_count = statement->column_count;
        event.code = statement->code;
        event.message = statement->message != NULL ? statement->message : "not an error";
        event.changes = statement->changes;
        event.last_insert_id = statement->last_insert_id;
        event.in_transaction = statement->in_transaction;
    }
    tell(steps, &event);
    steps->code = event.code;
    steps->changes = event.changes;
    steps->last_insert_id = event.last_insert_id;
    steps->in_transaction = event.in_transaction;
    steps->lost = event.lost;
}

void database_steps_run(struct database_steps *steps, const struct step_statement *statement)
{
    database_steps_begin(steps, statement);
    /* One more is asked for, unless the statement is left. */
    database_steps_rows(steps, statement, 0,
                        statement->row_count + (steps->answered && !statement->left_early ? 1 : 0));
    database_steps_end(steps, statement);
}

void database_steps_close(struct database_steps *steps)
{
    struct torc_database_event event = event_of(steps, TORC_DATABASE_CLOSE, NULL);

    tell(steps, &event);
}

void database_steps_free(struct database_steps *steps)
{
    torci_kept_values_free(&steps->rows);
}
