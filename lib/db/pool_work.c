/* pool_work.c - what a job does with a request: open, begin, run, commit or roll back. */
#include <torc/format.h>

#include "pool_state.h"
#include "sqlite_code.h"

/* --- rolling back ------------------------------------------------------------------------------- */

/* The error told is the first one; what goes wrong here is only noted. */
static void roll_back(struct torci_request *request)
{
    struct torci_connection *connection = request->connection;
    struct torci_sql_error first = connection->error;
    int error = 0;
    if (!connection->in_transaction || first.lost)
        return;
    connection->error = (struct torci_sql_error){0};
    /* An interrupt that was meant for the statement before may still strike the first one. */
    for (int attempt = 0; attempt < 2 && connection->in_transaction; attempt++) {
        error = torci_connection_execute(connection, "ROLLBACK", NULL, 0, TORCI_RUN_ALWAYS, NULL);
        if (error != TORC_ECANCELED)
            break;
    }
    if (error || connection->in_transaction) {
        connection->doubtful = true;
        torc_format(request->trouble, sizeof request->trouble, "rollback failed: %s",
                    error ? connection->error.message : "the transaction is still open");
    }
    torci_sql_error_clear(connection);
    connection->error = first;
}

int torci_request_end_stray_transaction(struct torci_request *request, int error)
{
    struct torci_connection *connection = request->connection;
    if (!connection->in_transaction)
        return error;
    if (error == 0)
        error = torci_sql_error_set(connection, TORC_EINVAL, "a transaction was left open");
    roll_back(request);
    return error;
}

/* --- the kinds ---------------------------------------------------------------------------------- */

static int run_statement(struct torci_request *request)
{
    int error = torci_connection_execute(request->connection, request->sql, request->parameters,
                                         request->parameter_count,
                                         request->only_reads ? TORCI_RUN_READ : 0, &request->rows);
    return torci_request_end_stray_transaction(request, error);
}

/* What the run of a function has left: its value if all went well, its words if it failed with them. */
static void take_outcome(struct torci_request *request, struct torc_transaction *transaction,
                         int error)
{
    if (error == 0) {
        request->value = transaction->value;
        request->drop_value = transaction->drop;
        transaction->drop = NULL;
    } else if (transaction->refusal && transaction->refusal->code == error) {
        request->refusal = transaction->refusal;
        transaction->refusal = NULL;
    }
    torci_transaction_clear(transaction);
}

/* Runs the user's function.  An answer that is no statement's error is the function's own; words for an
 * answer that it did not give are nobody's. */
static int call(struct torci_request *request, struct torc_transaction *transaction)
{
    struct torci_connection *connection = request->connection;
    request->called = true;
    int error = request->interaction(transaction, request->arg);
    if (error == 0)
        torci_transaction_forget_refusal(transaction);
    if (error > 0)
        error = TORC_EINVAL;
    if (error && error != connection->error.code)
        torci_sql_error_own(connection, error);
    return error;
}

/* Whether what the function did can be committed, though it said so. */
static int check_transaction(struct torci_connection *connection)
{
    if (connection->transaction_broken)
        return connection->error.code;
    if (!connection->in_transaction)
        return torci_sql_error_set(connection, TORC_EINVAL,
                                   "the interaction has ended its own transaction");
    return 0;
}

static int run_interaction(struct torci_request *request)
{
    struct torci_connection *connection = request->connection;
    struct torc_transaction transaction = {
        .connection = connection,
        .attempt = request->attempts,
        .wanted = true,
        .flags = request->mode == TORC_TRANSACTION_READ ? TORCI_RUN_READ : 0,
    };
    const char *begin = request->mode == TORC_TRANSACTION_WRITE ? "BEGIN IMMEDIATE" : "BEGIN";
    int error = torci_connection_execute(connection, begin, NULL, 0, 0, NULL);
    if (error) {
        roll_back(request);
        return error;
    }
    error = call(request, &transaction);
    if (error == 0)
        error = check_transaction(connection);
    if (error == 0)
        error = torci_connection_execute(connection, "COMMIT", NULL, 0, 0, NULL);
    if (error)
        roll_back(request);
    take_outcome(request, &transaction, error);
    return error;
}

static int run_function(struct torci_request *request)
{
    struct torc_transaction transaction = {.connection = request->connection,
                                           .attempt = request->attempts};
    int error = torci_request_end_stray_transaction(request, call(request, &transaction));
    take_outcome(request, &transaction, error);
    return error;
}

static int run_kind(struct torci_request *request)
{
    switch (request->kind) {
    case TORCI_REQUEST_STATEMENT:
        return run_statement(request);
    case TORCI_REQUEST_INTERACTION:
        return run_interaction(request);
    case TORCI_REQUEST_RUN:
        return run_function(request);
    case TORCI_REQUEST_STREAM:
    default:
        return torci_stream_work(request->stream);
    }
}

static void work_on(struct torci_request *request)
{
    struct torci_connection *connection = request->connection;
    if (request->fresh)
        torci_connection_assign(connection, request->number, &request->interrupted);
    request->fresh = false;
    request->code = torci_connection_open(connection);
    if (request->code == 0)
        request->code = run_kind(request);
    if (request->code) {
        request->error = connection->error;
        connection->error = (struct torci_sql_error){0};
    }
    if (connection->doubtful) {
        request->reconnect = true;
        torci_connection_close(connection);
    }
}

int torci_request_work(void *arg)
{
    for (struct torci_request *request = arg; request; request = request->next)
        work_on(request);
    return 0;
}
