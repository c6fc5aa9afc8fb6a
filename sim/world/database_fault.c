/* database_fault.c - which statements go wrong, and how. */
#include <regex.h>
#include <string.h>

#include <sqlite3.h>

#include <torc/pool.h>

#include "database.h"
#include "job.h"
#include "operation_fault.h"

struct torci_database_fault {
    struct torci_database_fault *next;
    struct torc_database_fault script; /* its texts are our own */
    regex_t pattern;                   /* of script.sql */
    uint32_t number;                   /* 1, 2, ... */
    uint64_t matched;
    uint64_t struck;
    uint64_t due; /* statements that run now and that it is to strike */
    bool cleared; /* strikes no more; a job may stand at it, so it stays */
};

static const char *const kind_names[] = {"fail", "disconnect before", "disconnect mid",
                                         "drop-reply", "slow"};

/* --- the list ----------------------------------------------------------------------------------- */

static void free_fault(struct torc_world *world, struct torci_database_fault *fault)
{
    torci_database_free_text(world, fault->script.database);
    torci_database_free_text(world, fault->script.sql);
    torci_world_resize(world, fault, sizeof *fault, 0);
}

/* Copies the texts of `from` and compiles the pattern. */
static int prepare(struct torc_world *world, struct torci_database_fault *fault,
                   const struct torc_database_fault *from)
{
    int code;

    fault->script.database = NULL;
    fault->script.sql = NULL;
    if (from->database != NULL) {
        fault->script.database = torci_database_copy_text(world, from->database);
        if (fault->script.database == NULL)
            return TORC_ENOMEM;
    }
    if (from->sql == NULL)
        return 0;
    fault->script.sql = torci_database_copy_text(world, from->sql);
    if (fault->script.sql == NULL)
        return TORC_ENOMEM;
    code = regcomp(&fault->pattern, fault->script.sql, REG_EXTENDED | REG_NOSUB);
    return code == 0 ? 0 : code == REG_ESPACE ? TORC_ENOMEM : TORC_ESYNTAX;
}

/* Codes below SQLITE_NOTICE are errors; the low byte of an extended one is its primary code. */
static bool is_error(int code)
{
    return code > 0 && (code & 0xff) > SQLITE_OK && (code & 0xff) < SQLITE_NOTICE &&
           strcmp(torc_sqlite_code_name(code), "SQLITE_?") != 0;
}

int torc_host_add_database_fault(struct torc_host *host, const struct torc_database_fault *fault,
                                 uint32_t *out)
{
    struct torci_databases *databases;
    struct torci_database_fault **at;
    struct torci_database_fault *own;
    int code;

    if (fault->size != sizeof *fault || (unsigned)fault->kind > TORC_DATABASE_SLOW ||
        (fault->kind == TORC_DATABASE_FAIL && !is_error(fault->code)) ||
        (fault->code != 0 && !is_error(fault->code)))
        return TORC_EINVAL;
    databases = torci_host_databases(host);
    own = databases == NULL ? NULL : torci_world_resize(host->world, NULL, 0, sizeof *own);
    if (own == NULL)
        return TORC_ENOMEM;
    memset(own, 0, sizeof *own);
    own->script = *fault;
    if (own->script.n == 0)
        own->script.n = 1;
    if (own->script.times == 0)
        own->script.times = 1;
    code = prepare(host->world, own, fault);
    if (code != 0) {
        free_fault(host->world, own);
        return code;
    }
    own->number = ++databases->fault_count;
    for (at = &databases->faults; *at != NULL; at = &(*at)->next)
        ;
    *at = own;
    if (out != NULL)
        *out = own->number;
    return 0;
}

uint64_t torc_host_database_fault_struck(const struct torc_host *host, uint32_t number)
{
    const struct torci_database_fault *each = host->databases == NULL ? NULL : host->databases->faults;

    while (each != NULL && each->number != number)
        each = each->next;
    return each == NULL ? 0 : each->struck;
}

uint64_t torc_host_statements(const struct torc_host *host)
{
    return host->databases == NULL ? 0 : host->databases->statements;
}

void torc_host_clear_database_faults(struct torc_host *host)
{
    struct torci_database_fault *each = host->databases == NULL ? NULL : host->databases->faults;

    for (; each != NULL; each = each->next)
        each->cleared = true;
}

void torci_database_free_faults(struct torc_host *host)
{
    while (host->databases->faults != NULL) {
        struct torci_database_fault *fault = host->databases->faults;

        host->databases->faults = fault->next;
        if (fault->script.sql != NULL)
            regfree(&fault->pattern);
        free_fault(host->world, fault);
    }
}

/* --- striking ----------------------------------------------------------------------------------- */

void torci_host_trace_fault(struct torc_host *host, const char *of, uint32_t fault,
                            const char *kind, const char *target, int code, uint64_t delay_ns)
{
    struct torc_trace *trace = host->world->trace;
    uint64_t n = torci_host_trace(host, TORC_TRACE_fault);

    torc_trace_text(trace, "of", of);
    torc_trace_integer(trace, "number", fault);
    torc_trace_text(trace, "kind", kind);
    torc_trace_text(trace, "target", target);
    torc_trace_integer(trace, "code", code);
    torc_trace_integer(trace, "delay", (int64_t)delay_ns);
    torc_trace_end(trace);
    torci_job_goes_back_to(host->world, n);
}

/* A statement it was to strike is struck, or over. */
static void no_longer_due(struct torci_database_connection *connection,
                          struct torci_database_fault *fault)
{
    connection->due[fault->number - 1] = false;
    fault->due--;
}

static void strike(struct torc_host *host, struct torci_database_connection *connection,
                   struct torci_database_fault *fault, const struct torc_database_event *event)
{
    no_longer_due(connection, fault);
    fault->struck++;
    torci_host_trace_fault(host, "database", fault->number, kind_names[fault->script.kind],
                           event->database, fault->script.code, fault->script.delay_ns);
    torci_job_yield(host->world, fault->script.delay_ns);
}

static bool matches(const struct torci_database_fault *fault,
                    const struct torc_database_event *event)
{
    if (fault->cleared)
        return false;
    if (fault->script.database != NULL && strcmp(fault->script.database, event->database) != 0)
        return false;
    return fault->script.sql == NULL ||
           regexec(&fault->pattern, event->sql, 0, NULL, 0) == 0;
}

/* Counts the statement, and notes which faults are to strike it: of those that are not mere slowness the
 * first; another one strikes the next statement it matches. */
static bool note_due(struct torc_host *host, struct torci_database_connection *connection,
                     const struct torc_database_event *event)
{
    struct torci_databases *databases = host->databases;
    struct torci_database_fault *each;
    bool taken = false;

    torci_database_strike_no_more(host, connection);
    if (databases->faults == NULL)
        return false;
    if (connection->due_capacity < databases->fault_count) {
        bool *due = torci_world_resize(host->world, connection->due,
                                       connection->due_capacity * sizeof(bool),
                                       databases->fault_count * sizeof(bool));

        if (due == NULL) {
            host->world->error = TORC_ENOMEM;
            return false;
        }
        connection->due = due;
        connection->due_capacity = databases->fault_count;
    }
    connection->due_count = databases->fault_count;
    memset(connection->due, 0, connection->due_count * sizeof(bool));
    for (each = databases->faults; each != NULL; each = each->next) {
        bool slow = each->script.kind == TORC_DATABASE_SLOW;
        bool due;

        if (!matches(each, event))
            continue;
        each->matched++;
        due = each->matched >= each->script.n &&
              each->struck + each->due < each->script.times && (slow || !taken);
        taken = taken || (due && !slow);
        connection->due[each->number - 1] = due;
        each->due += due ? 1 : 0;
    }
    return true;
}

static bool is_due(const struct torci_database_connection *connection,
                   const struct torci_database_fault *fault)
{
    return !fault->cleared && fault->number <= connection->due_count &&
           connection->due[fault->number - 1];
}

/* Whether the statement only reads, and gives rows: it can then be left in the middle.  One that writes
 * leaves nothing behind when it is broken off, which is the same as not having begun. */
static bool has_middle(const struct torc_database_event *event)
{
    sqlite3_stmt *statement = NULL;
    bool has;

    if (event->sqlite == NULL ||
        sqlite3_prepare_v2(event->sqlite, event->sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    has = sqlite3_stmt_readonly(statement) != 0 && sqlite3_column_count(statement) > 0;
    sqlite3_finalize(statement);
    return has;
}

static void lose(struct torci_database_connection *connection, int code, const char *message)
{
    connection->code = code != 0 ? code : SQLITE_IOERR;
    connection->message = message;
    connection->lost = true;
}

static const char lost_before[] = "the connection was lost before the statement was run";
static const char lost_reply[] = "the connection was lost before the reply came";

/* db.fail: whether the statement is answered without being run. */
static bool fail_statement(struct torc_host *host, struct torci_database_connection *connection,
                           const struct torc_database_event *event)
{
    static const int codes[] = {0,           SQLITE_BUSY,    SQLITE_LOCKED,   SQLITE_FULL,
                                SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_INTERRUPT};
    uint64_t option =
        torci_operation_about(host, "db.fail",
                              TORCI_OPTION(TORCI_DB_DROP_REPLY + 1) - TORCI_OPTION(TORCI_DB_BUSY), event->sql);

    connection->reply_lost = option == TORCI_DB_DROP_REPLY;
    if (option == 0 || connection->reply_lost)
        return false;
    if (option == TORCI_DB_DISCONNECT) {
        lose(connection, 0, lost_before);
        return true;
    }
    connection->code = codes[option];
    connection->message = sqlite3_errstr(codes[option]);
    return true;
}

bool torci_database_strike_begin(struct torc_host *host,
                                 struct torci_database_connection *connection,
                                 const struct torc_database_event *event)
{
    struct torci_database_fault *each;
    bool answered = false;

    if (!note_due(host, connection, event))
        return fail_statement(host, connection, event);
    for (each = host->databases->faults; each != NULL; each = each->next) {
        if (!is_due(connection, each))
            continue;
        if (each->script.kind == TORC_DATABASE_SLOW && each->script.row == 0) {
            strike(host, connection, each, event);
        } else if (each->script.kind == TORC_DATABASE_FAIL) {
            strike(host, connection, each, event);
            connection->code = each->script.code;
            connection->message = sqlite3_errstr(each->script.code);
            answered = true;
        } else if (each->script.kind == TORC_DATABASE_DROP_BEFORE) {
            strike(host, connection, each, event);
            lose(connection, each->script.code, lost_before);
            answered = true;
        } else if (each->script.kind == TORC_DATABASE_DROP_MID && !has_middle(event)) {
            strike(host, connection, each, event);
            lose(connection, each->script.code, "the connection was lost while the statement was run");
            answered = true;
        }
    }
    return answered || fail_statement(host, connection, event);
}

bool torci_database_strike_row(struct torc_host *host, struct torci_database_connection *connection,
                               const struct torc_database_event *event)
{
    struct torci_database_fault *each;

    for (each = host->databases->faults; each != NULL; each = each->next) {
        if (!is_due(connection, each))
            continue;
        if (each->script.kind == TORC_DATABASE_SLOW && each->script.row == event->rows)
            strike(host, connection, each, event);
        if (each->script.kind == TORC_DATABASE_DROP_MID &&
            event->rows >= (each->script.row == 0 ? 1 : each->script.row)) {
            strike(host, connection, each, event);
            lose(connection, each->script.code, "the connection was lost while the statement was run");
        }
    }
    return connection->lost;
}

bool torci_database_strike_end(struct torc_host *host, struct torci_database_connection *connection,
                               const struct torc_database_event *event)
{
    struct torci_database_fault *each;

    for (each = host->databases->faults; each != NULL && !connection->answered; each = each->next) {
        if (!is_due(connection, each) || each->script.kind != TORC_DATABASE_DROP_AFTER)
            continue;
        strike(host, connection, each, event);
        lose(connection, each->script.code, lost_reply);
    }
    if (!connection->answered && !connection->lost && connection->reply_lost)
        lose(connection, 0, lost_reply);
    return connection->lost;
}

void torci_database_strike_no_more(struct torc_host *host,
                                   struct torci_database_connection *connection)
{
    struct torci_database_fault *each;

    for (each = host->databases->faults; each != NULL; each = each->next) {
        if (each->number <= connection->due_count && connection->due[each->number - 1])
            no_longer_due(connection, each);
    }
    connection->due_count = 0;
}
