/* sql_error.c - what went wrong with a connection's last failing statement. */
#include <torc/format.h>

#include "connection.h"
#include "sqlite_code.h"

void torci_sql_error_clear(struct torci_connection *connection)
{
    struct torc_platform *platform = connection->database->platform;
    struct torci_sql_error *error = &connection->error;
    if (error->statement)
        platform->ops->resize(platform, error->statement, strlen(error->statement) + 1, 0);
    *error = (struct torci_sql_error){0};
}

void torci_sql_error_own(struct torci_connection *connection, int code)
{
    torci_sql_error_clear(connection);
    connection->error.code = code;
}

int torci_sql_error_set(struct torci_connection *connection, int code, const char *message)
{
    torci_sql_error_clear(connection);
    connection->error.code = code;
    connection->error.sqlite_code = code == TORC_ENOMEM ? SQLITE_NOMEM : SQLITE_ERROR;
    torc_format(connection->error.message, sizeof connection->error.message, "%s", message);
    return code;
}

/* The end of `text` behind `part`; NULL: it is not in it. */
static const char *behind(const char *text, const char *part)
{
    size_t length = strlen(part);
    for (; *text; text++)
        if (strncmp(text, part, length) == 0)
            return text + length;
    return NULL;
}

/* The column a message of SQLite's names: what follows `before` where the message begins with `first`. */
static void find_column(struct torci_sql_error *error)
{
    static const struct {
        const char *first;
        const char *before;
    } messages[] = {
        {"UNIQUE constraint failed: ", ""},   /* t.a, t.b */
        {"NOT NULL constraint failed: ", ""}, /* t.a */
        {"cannot store ", " column "},        /* TEXT value in INTEGER column t.a */
        {"no such column: ", ""},             /* a */
        {"table ", " has no column named "},  /* a */
    };
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        size_t length = strlen(messages[i].first);
        if (strncmp(error->message, messages[i].first, length) != 0)
            continue;
        const char *column = behind(error->message + length, messages[i].before);
        if (column && strncmp(column, "index ", 6) != 0)
            torc_format(error->column, sizeof error->column, "%s", column);
        return;
    }
}

void torci_sql_error_note(struct torci_connection *connection, const struct torc_database_event *event,
                          const char *sql, int parameter)
{
    struct torc_platform *platform = connection->database->platform;
    struct torci_sql_error *error = &connection->error;
    size_t bytes = strlen(sql) + 1;
    torci_sql_error_clear(connection);
    error->lost = event->lost;
    error->code = event->lost ? TORC_EUNKNOWN : torci_code_of_sqlite(event->code);
    error->sqlite_code = event->code;
    error->parameter = parameter;
    torc_format(error->message, sizeof error->message, "%s",
                event->lost && event->message[0] == '\0' ? "the connection was lost"
                                                         : event->message);
    find_column(error);
    error->statement = platform->ops->resize(platform, NULL, 0, bytes);
    if (error->statement)
        memcpy(error->statement, sql, bytes);
    if (event->lost || torci_sqlite_doubtful(event->code))
        connection->doubtful = true;
    if (event->lost || torci_sqlite_ends_transaction(event->code))
        connection->transaction_broken = true;
}
