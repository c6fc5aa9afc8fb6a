/* database.c - the platform's `database` slot: every step of a statement passes here, inside its job. */
#include "database.h"

#include <string.h>

#include <sqlite3.h>

#include "job.h"

struct torci_databases *torci_host_databases(struct torc_host *host)
{
    if (host->databases == NULL) {
        host->databases = torci_world_resize(host->world, NULL, 0, sizeof *host->databases);
        if (host->databases != NULL)
            memset(host->databases, 0, sizeof *host->databases);
    }
    return host->databases;
}

char *torci_database_copy_text(struct torc_world *world, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *own = torci_world_resize(world, NULL, 0, bytes);

    if (own != NULL)
        memcpy(own, text, bytes);
    return own;
}

void torci_database_free_text(struct torc_world *world, const char *text)
{
    if (text != NULL)
        torci_world_resize(world, (char *)(uintptr_t)text, strlen(text) + 1, 0);
}

/* --- names -------------------------------------------------------------------------------------- */

static struct torci_database_name *find_name(const struct torc_host *host, const char *name)
{
    struct torci_database_name *each;

    if (host->databases == NULL)
        return NULL;
    for (each = host->databases->names; each != NULL; each = each->next) {
        if (strcmp(each->name, name) == 0)
            break;
    }
    return each;
}

const char *torci_database_path(const struct torc_host *host, const char *name)
{
    const struct torci_database_name *found = find_name(host, name);

    return found == NULL ? NULL : found->path;
}

bool torci_database_opened(const struct torc_host *host, const char *name)
{
    const struct torci_database_name *found = find_name(host, name);

    return found != NULL && found->opened;
}

static void free_name(struct torc_world *world, struct torci_database_name *name)
{
    torci_database_free_text(world, name->name);
    torci_database_free_text(world, name->path);
    torci_world_resize(world, name, sizeof *name, 0);
}

int torci_database_remember(struct torc_host *host, const char *name, const char *path)
{
    struct torci_databases *databases = torci_host_databases(host);
    struct torci_database_name *found = find_name(host, name);
    char *own;

    if (databases == NULL)
        return TORC_ENOMEM;
    if (found != NULL && strcmp(found->path, path) == 0)
        return 0;
    own = torci_database_copy_text(host->world, path);
    if (own == NULL)
        return TORC_ENOMEM;
    if (found == NULL) {
        found = torci_world_resize(host->world, NULL, 0, sizeof *found);
        if (found != NULL) {
            memset(found, 0, sizeof *found);
            found->name = torci_database_copy_text(host->world, name);
        }
        if (found == NULL || found->name == NULL) {
            if (found != NULL)
                free_name(host->world, found);
            torci_database_free_text(host->world, own);
            return TORC_ENOMEM;
        }
        found->next = databases->names;
        databases->names = found;
    }
    torci_database_free_text(host->world, found->path);
    found->path = own;
    return 0;
}

/* --- connections -------------------------------------------------------------------------------- */

static struct torci_database_connection *find_open(const struct torc_host *host,
                                                   const struct torc_database_event *event,
                                                   const void *sqlite)
{
    struct torci_database_connection *each;

    if (host->databases == NULL)
        return NULL;
    for (each = host->databases->connections; each != NULL; each = each->next) {
        if (each->number == event->connection && each->sqlite == sqlite &&
            strcmp(each->database, event->database) == 0)
            break;
    }
    return each;
}

/* Two pools may have one name.  One that was not open when it was last told of may be now. */
static struct torci_database_connection *find(const struct torc_host *host,
                                              const struct torc_database_event *event)
{
    struct torci_database_connection *found = find_open(host, event, event->sqlite);

    return found != NULL ? found : find_open(host, event, NULL);
}

static struct torci_database_connection *add(struct torc_host *host,
                                             const struct torc_database_event *event)
{
    struct torci_databases *databases = torci_host_databases(host);
    struct torci_database_connection *connection;

    if (databases == NULL)
        return NULL;
    connection = torci_world_resize(host->world, NULL, 0, sizeof *connection);
    if (connection == NULL)
        return NULL;
    memset(connection, 0, sizeof *connection);
    connection->number = event->connection;
    connection->database = torci_database_copy_text(host->world, event->database);
    if (connection->database == NULL) {
        torci_world_resize(host->world, connection, sizeof *connection, 0);
        return NULL;
    }
    torci_value_text_begin(&connection->rows);
    connection->next = databases->connections;
    databases->connections = connection;
    return connection;
}

static void forget(struct torc_host *host, struct torci_database_connection *connection)
{
    struct torci_database_connection **at = &host->databases->connections;

    while (*at != connection)
        at = &(*at)->next;
    *at = connection->next;
    torci_database_strike_no_more(host, connection);
    torci_world_resize(host->world, connection->due, connection->due_capacity * sizeof(bool), 0);
    torci_database_free_text(host->world, connection->database);
    torci_world_resize(host->world, connection, sizeof *connection, 0);
}

void torci_host_close_databases(struct torc_host *host)
{
    while (host->databases != NULL && host->databases->connections != NULL) {
        struct torci_database_connection *connection = host->databases->connections;
        sqlite3 *sqlite = connection->sqlite;
        sqlite3_stmt *statement;

        while (sqlite != NULL && (statement = sqlite3_next_stmt(sqlite, NULL)) != NULL)
            sqlite3_finalize(statement);
        sqlite3_close_v2(sqlite);
        forget(host, connection);
    }
}

void torci_host_free_databases(struct torc_host *host)
{
    if (host->databases == NULL)
        return;
    torci_database_free_faults(host);
    while (host->databases->names != NULL) {
        struct torci_database_name *name = host->databases->names;

        host->databases->names = name->next;
        free_name(host->world, name);
    }
    torci_world_resize(host->world, host->databases, sizeof *host->databases, 0);
    host->databases = NULL;
}

/* --- steps -------------------------------------------------------------------------------------- */

/* A host that is down: nothing is done any more, so that the job comes to its end. */
static enum torc_database_answer answer_dead(struct torci_database_connection *connection,
                                             struct torc_database_event *event)
{
    if (event->kind == TORC_DATABASE_OPENED || event->kind == TORC_DATABASE_CLOSE ||
        (event->kind == TORC_DATABASE_ROW && connection->answered))
        return TORC_DATABASE_PROCEED;
    if (event->kind == TORC_DATABASE_BEGIN)
        connection->answered = true;
    event->code = SQLITE_INTERRUPT;
    event->message = "the host is down";
    event->lost = true;
    return TORC_DATABASE_ANSWER;
}

static enum torc_database_answer open_connection(struct torc_host *host,
                                                 const struct torc_database_event *event)
{
    if (torci_database_remember(host, event->database, event->path == NULL ? "" : event->path) != 0)
        host->world->error = TORC_ENOMEM;
    else
        find_name(host, event->database)->opened = true;
    return TORC_DATABASE_PROCEED;
}

static enum torc_database_answer begin(struct torc_host *host,
                                       struct torci_database_connection *connection,
                                       const struct torc_database_event *event)
{
    connection->answered = torci_database_strike_begin(host, connection, event);
    return connection->answered ? TORC_DATABASE_ANSWER : TORC_DATABASE_PROCEED;
}

static enum torc_database_answer take_row(struct torc_host *host,
                                          struct torci_database_connection *connection,
                                          struct torc_database_event *event)
{
    if (connection->answered)
        return TORC_DATABASE_PROCEED;
    torci_value_text_add(&connection->rows, event->values, event->column_count);
    torci_value_text_end_row(&connection->rows);
    if (!torci_database_strike_row(host, connection, event))
        return TORC_DATABASE_PROCEED;
    event->code = connection->code;
    event->message = connection->message;
    event->lost = connection->lost;
    return TORC_DATABASE_ANSWER;
}

static enum torc_database_answer end(struct torc_host *host,
                                     struct torci_database_connection *connection,
                                     struct torc_database_event *event)
{
    bool struck = connection->lost || torci_database_strike_end(host, connection, event);
    uint64_t n;

    torci_database_strike_no_more(host, connection);
    if (connection->answered) {
        event->rows = 0;
        event->changes = 0;
        event->last_insert_id = 0;
        event->in_transaction =
            event->sqlite != NULL && sqlite3_get_autocommit(event->sqlite) == 0;
    }
    if (connection->answered || struck) {
        event->complete = false;
        event->code = connection->code;
        event->message = connection->message;
        event->lost = connection->lost;
    }
    n = torci_database_record(host, event, connection->began_ns,
                              torci_value_text_end(&connection->rows));
    torci_job_goes_back_to(host->world, n);
    return connection->answered || struck ? TORC_DATABASE_ANSWER : TORC_DATABASE_PROCEED;
}

static enum torc_database_answer step(struct torc_host *host,
                                      struct torci_database_connection *connection,
                                      struct torc_database_event *event)
{
    enum torc_database_answer answer = TORC_DATABASE_PROCEED;

    torci_job_yield(host->world, 0);
    if (!torci_host_unwinding(host)) {
        if (event->kind == TORC_DATABASE_OPEN)
            answer = open_connection(host, event);
        else if (event->kind == TORC_DATABASE_BEGIN)
            answer = begin(host, connection, event);
        else if (event->kind == TORC_DATABASE_ROW)
            answer = take_row(host, connection, event);
        else if (event->kind == TORC_DATABASE_END)
            answer = end(host, connection, event);
    }
    /* Also if it died while it was delayed. */
    return torci_host_unwinding(host) ? answer_dead(connection, event) : answer;
}

enum torc_database_answer torci_host_database(struct torc_host *host,
                                              struct torc_database_event *event)
{
    struct torci_database_connection *connection = find(host, event);
    enum torc_database_answer answer;

    if (connection == NULL)
        connection = add(host, event);
    if (connection == NULL) {
        host->world->error = TORC_ENOMEM;
        return TORC_DATABASE_PROCEED;
    }
    /* What could not be opened, the pool closes at once and without a word. */
    if (event->kind != TORC_DATABASE_OPENED || event->code == SQLITE_OK)
        connection->sqlite = event->sqlite;
    if (event->kind == TORC_DATABASE_BEGIN) {
        host->databases->statements++;
        connection->began_ns = host->world->now_ns;
        connection->answered = false;
        connection->lost = false;
        connection->reply_lost = false;
        torci_value_text_begin(&connection->rows);
    }
    answer = step(host, connection, event);
    if (event->kind == TORC_DATABASE_CLOSE)
        forget(host, connection);
    return answer;
}
