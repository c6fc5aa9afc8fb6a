/* transaction.c - what an interaction may call. */
#include <torc/format.h>

#include "transaction_state.h"

void torci_transaction_forget_refusal(struct torc_transaction *transaction)
{
    torc_transaction_release(transaction, transaction->refusal, sizeof *transaction->refusal);
    transaction->refusal = NULL;
}

void torci_transaction_clear(struct torc_transaction *transaction)
{
    if (transaction->drop)
        transaction->drop(transaction->value);
    transaction->value = NULL;
    transaction->drop = NULL;
    torci_transaction_forget_refusal(transaction);
}

/* Once its transaction is gone, a statement would stand alone and be committed by itself. */
static int check(struct torc_transaction *transaction)
{
    struct torci_connection *connection = transaction->connection;
    if (!transaction->wanted)
        return connection->doubtful ? connection->error.code : 0;
    if (connection->transaction_broken)
        return connection->error.code ? connection->error.code : TORC_EMISUSE;
    if (!connection->in_transaction)
        return torci_sql_error_set(connection, TORC_EMISUSE,
                                   "the interaction has ended its own transaction");
    return 0;
}

int torc_transaction_execute(struct torc_transaction *transaction, const char *sql,
                             const struct torc_db_value *parameters, size_t count,
                             struct torc_rows **out)
{
    int error = check(transaction);
    if (error)
        return error;
    return torci_connection_execute(transaction->connection, sql, parameters, count,
                                    transaction->flags, out);
}

int torc_transaction_each(struct torc_transaction *transaction, const char *sql,
                          const struct torc_db_value *parameters, size_t count, torc_row_fn *row,
                          void *arg)
{
    struct torci_sql_run run;
    int error = check(transaction);
    if (error)
        return error;
    error = torci_sql_run_begin(&run, transaction->connection, sql, parameters, count,
                                transaction->flags);
    while (error == 0) {
        int status = torci_sql_run_step(&run);
        if (status != 1) {
            error = status;
            break;
        }
        struct torc_rows view = torci_rows_view(run.column_count, run.columns, run.values);
        error = row(arg, &view);
        if (error == 0)
            error = check(transaction); /* it may have run a statement itself */
    }
    int end_error = torci_sql_run_finish(&run);
    return end_error ? end_error : error;
}

const char *torc_transaction_error(const struct torc_transaction *transaction,
                                   struct torc_database_error *out)
{
    const struct torci_connection *connection = transaction->connection;
    const struct torci_sql_error *error = &connection->error;
    if (error->code == 0)
        return NULL;
    if (out)
        *out = (struct torc_database_error){
            .sqlite_code = error->sqlite_code,
            .code_name = torc_sqlite_code_name(error->sqlite_code),
            .database = connection->database->name,
            .statement = error->statement,
            .parameter = error->parameter,
            .column = error->column[0] ? error->column : NULL,
            .attempts = transaction->attempt,
        };
    return error->message;
}

int torc_transaction_refuse(struct torc_transaction *transaction,
                            const struct torc_failure_type *type, int code, const char *column,
                            const char *format, ...)
{
    struct torci_refusal *refusal = transaction->refusal;
    va_list arguments;
    if (!refusal)
        refusal = torc_transaction_alloc(transaction, sizeof *refusal);
    if (!refusal)
        return TORC_ENOMEM;
    transaction->refusal = refusal;
    refusal->type = type;
    refusal->code = code;
    va_start(arguments, format);
    torc_format_list(refusal->message, sizeof refusal->message, format, arguments);
    va_end(arguments);
    torc_format(refusal->column, sizeof refusal->column, "%s", column ? column : "");
    return code;
}

void torc_transaction_give(struct torc_transaction *transaction, void *value, torc_drop_fn *drop)
{
    if (transaction->drop)
        transaction->drop(transaction->value);
    transaction->value = value;
    transaction->drop = drop;
}

unsigned torc_transaction_attempt(const struct torc_transaction *transaction)
{
    return transaction->attempt;
}

void *torc_transaction_alloc(struct torc_transaction *transaction, size_t bytes)
{
    struct torc_platform *platform = transaction->connection->database->platform;
    return platform->ops->resize(platform, NULL, 0, bytes ? bytes : 1);
}

void torc_transaction_release(struct torc_transaction *transaction, void *ptr, size_t bytes)
{
    struct torc_platform *platform = transaction->connection->database->platform;
    if (ptr)
        platform->ops->resize(platform, ptr, bytes ? bytes : 1, 0);
}
