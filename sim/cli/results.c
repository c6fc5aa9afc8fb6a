#include "results.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

/* "Torc", so that `file` and we know one. */
enum { APPLICATION_ID = 0x546f7263, BUSY_MS = 60000 };

static const char schema[] =
    "CREATE TABLE campaign (\n"
    "  id INTEGER PRIMARY KEY,\n"
    "  command TEXT NOT NULL,\n"
    "  scenario_hash TEXT NOT NULL,\n"
    "  build TEXT NOT NULL,\n"
    "  settings TEXT NOT NULL,\n"
    "  scenario TEXT NOT NULL,\n"
    "  arguments TEXT NOT NULL,\n"
    "  UNIQUE (command, scenario_hash, build, settings));\n"
    "CREATE TABLE asked (\n"
    "  campaign INTEGER NOT NULL REFERENCES campaign,\n"
    "  first INTEGER NOT NULL,\n"
    "  last INTEGER NOT NULL,\n"
    "  shards INTEGER NOT NULL,\n"
    "  shard INTEGER NOT NULL,\n"
    "  PRIMARY KEY (campaign, first, last, shards, shard)) WITHOUT ROWID;\n"
    "CREATE TABLE run (\n"
    "  campaign INTEGER NOT NULL REFERENCES campaign,\n"
    "  item TEXT NOT NULL,\n"
    "  number INTEGER NOT NULL,\n"
    "  digest TEXT NOT NULL,\n"
    "  verdict TEXT NOT NULL,\n"
    "  identity TEXT NOT NULL,\n"
    "  message TEXT NOT NULL,\n"
    "  unmet INTEGER NOT NULL,\n"
    "  events INTEGER NOT NULL,\n"
    "  t_ns INTEGER NOT NULL,\n"
    "  real_ns INTEGER NOT NULL,\n"
    "  source TEXT NOT NULL,\n"
    "  PRIMARY KEY (campaign, item)) WITHOUT ROWID;\n"
    "CREATE INDEX run_number ON run (campaign, number);\n"
    "CREATE VIEW failure AS SELECT run.* FROM run JOIN campaign ON campaign.id = run.campaign\n"
    "  WHERE verdict NOT IN ('pass', 'skipped') AND NOT (verdict = 'unmet' AND command = 'explore');\n";

struct torci_results {
    const char *command;
    char *path;
    sqlite3 *sqlite;
    sqlite3_stmt *add_run;
};

static int failed(const struct torci_results *results)
{
    return torci_command_error(results->command, TORCI_EXIT_INTERNAL, "%s: %s", results->path,
                               sqlite3_errmsg(results->sqlite));
}

static int execute(struct torci_results *results, const char *sql)
{
    return sqlite3_exec(results->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(results);
}

/* --- opening -------------------------------------------------------------------------------------- */

/* The one number that a statement answers. */
static int ask_number(struct torci_results *results, const char *sql, int64_t *out)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(results->sqlite, sql, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    if (code == SQLITE_NOTADB)
        return torci_command_error(results->command, TORCI_EXIT_USAGE, "%s is no file of results",
                                   results->path);
    return code == SQLITE_ROW ? 0 : failed(results);
}

static int make_tables(struct torci_results *results)
{
    char numbers[128];

    snprintf(numbers, sizeof numbers, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             APPLICATION_ID, TORCI_RESULTS_VERSION);
    return execute(results, schema) != 0 ? TORCI_EXIT_INTERNAL : execute(results, numbers);
}

/* Whether this is one of ours; an empty one becomes so.  Inside a transaction, for several may begin one. */
static int examine(struct torci_results *results, bool make)
{
    int64_t id = 0;
    int64_t version = 0;
    int64_t tables = 0;
    int status = ask_number(results, "PRAGMA application_id", &id);

    if (status == 0)
        status = ask_number(results, "PRAGMA user_version", &version);
    if (status == 0)
        status = ask_number(results, "SELECT count(*) FROM sqlite_schema", &tables);
    if (status != 0)
        return status;
    if (make && id == 0 && tables == 0)
        return make_tables(results);
    if (id != APPLICATION_ID)
        return torci_command_error(results->command, TORCI_EXIT_USAGE, "%s is no file of results",
                                   results->path);
    if (version != TORCI_RESULTS_VERSION)
        return torci_command_error(results->command, TORCI_EXIT_USAGE,
                                   "%s: results of version %lld; this torc reads and writes version %d",
                                   results->path, (long long)version, TORCI_RESULTS_VERSION);
    return 0;
}

static int open_file(struct torci_results *results, bool make)
{
    int flags = make ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
    int code;
    int status;

    if (!make && access(results->path, R_OK) != 0)
        return torci_command_error(results->command, TORCI_EXIT_USAGE, "%s: %s", results->path,
                                   strerror(errno));
    /* One that is only read may still have to be written to: a transaction that was killed is rolled back. */
    code = sqlite3_open_v2(results->path, &results->sqlite, flags, "unix");
    if (code == SQLITE_CANTOPEN)
        return torci_command_error(results->command, TORCI_EXIT_USAGE, "%s: it cannot be opened: %s",
                                   results->path, strerror(sqlite3_system_errno(results->sqlite)));
    if (code != SQLITE_OK)
        return failed(results);
    sqlite3_busy_timeout(results->sqlite, BUSY_MS);
    if (!make)
        return examine(results, false);
    /* Locks the file before it is looked at, and reads its first page. */
    if (sqlite3_exec(results->sqlite, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return sqlite3_errcode(results->sqlite) == SQLITE_NOTADB
                   ? torci_command_error(results->command, TORCI_EXIT_USAGE, "%s is no file of results",
                                         results->path)
                   : failed(results);
    status = examine(results, true);
    return status != 0 ? status : execute(results, "COMMIT");
}

int torci_results_open(const char *command, const char *path, bool make, struct torci_results **out)
{
    struct torci_results *results = calloc(1, sizeof *results);
    int status;

    if (results != NULL)
        results->path = strdup(path);
    if (results == NULL || results->path == NULL) {
        free(results);
        return torci_command_error(command, TORCI_EXIT_INTERNAL, "out of memory");
    }
    results->command = command;
    status = open_file(results, make);
    if (status == 0)
        *out = results;
    else
        torci_results_close(results);
    return status;
}

void torci_results_close(struct torci_results *results)
{
    if (results == NULL)
        return;
    sqlite3_finalize(results->add_run);
    sqlite3_close(results->sqlite);
    free(results->path);
    free(results);
}

int torci_results_begin(struct torci_results *results)
{
    return execute(results, "BEGIN IMMEDIATE");
}

int torci_results_commit(struct torci_results *results)
{
    return execute(results, "COMMIT");
}

/* --- statements ----------------------------------------------------------------------------------- */

/* Prepares it and binds values: of the letters of `kinds`, t is a text and i an int64. */
static int prepare(struct torci_results *results, sqlite3_stmt **out, const char *sql, const char *kinds,
                   ...)
{
    va_list values;
    int code = *out == NULL ? sqlite3_prepare_v2(results->sqlite, sql, -1, out, NULL) : SQLITE_OK;

    va_start(values, kinds);
    for (int i = 0; kinds[i] != '\0' && code == SQLITE_OK; i++)
        code = kinds[i] == 't'
                   ? sqlite3_bind_text(*out, i + 1, va_arg(values, const char *), -1, SQLITE_TRANSIENT)
                   : sqlite3_bind_int64(*out, i + 1, va_arg(values, int64_t));
    va_end(values);
    return code == SQLITE_OK ? 0 : failed(results);
}

/* Runs a statement that answers nothing. */
static int finish(struct torci_results *results, sqlite3_stmt *statement, int status)
{
    if (status == 0 && sqlite3_step(statement) != SQLITE_DONE)
        status = failed(results);
    sqlite3_finalize(statement);
    return status;
}

static const char *text_of(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);

    return text != NULL ? (const char *)text : "";
}

static uint64_t number_of(sqlite3_stmt *statement, int column)
{
    return (uint64_t)sqlite3_column_int64(statement, column);
}

/* Calls `row` for each row. */
static int each_row(struct torci_results *results, sqlite3_stmt *statement, int status,
                    int (*row)(sqlite3_stmt *statement, void *arg), void *arg)
{
    int code = SQLITE_ROW;

    while (status == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW)
        status = row(statement, arg);
    if (status == 0 && code != SQLITE_DONE)
        status = failed(results);
    sqlite3_finalize(statement);
    return status;
}

/* --- campaigns ------------------------------------------------------------------------------------ */

struct campaign_visit {
    int (*visit)(void *arg, const struct torci_results_campaign *campaign);
    void *arg;
};

static int show_campaign(sqlite3_stmt *statement, void *arg)
{
    const struct campaign_visit *visit = arg;
    struct torci_results_campaign campaign = {
        sqlite3_column_int64(statement, 0), text_of(statement, 1), text_of(statement, 2),
        text_of(statement, 3), text_of(statement, 4), text_of(statement, 5), text_of(statement, 6)};

    return visit->visit(visit->arg, &campaign);
}

int torci_results_visit_campaigns(struct torci_results *results,
                                  int (*visit)(void *arg, const struct torci_results_campaign *campaign),
                                  void *arg)
{
    struct campaign_visit visiting = {visit, arg};
    sqlite3_stmt *statement = NULL;
    int status = prepare(results, &statement,
                         "SELECT id, command, scenario_hash, build, settings, scenario, arguments "
                         "FROM campaign ORDER BY id", "");

    return each_row(results, statement, status, show_campaign, &visiting);
}

static int take_id(sqlite3_stmt *statement, void *arg)
{
    *(int64_t *)arg = sqlite3_column_int64(statement, 0);
    return 0;
}

int torci_results_add_campaign(struct torci_results *results, const struct torci_results_campaign *campaign,
                               int64_t *out_id)
{
    sqlite3_stmt *statement = NULL;
    int status = prepare(results, &statement,
                         "INSERT INTO campaign (command, scenario_hash, build, settings, scenario, arguments) "
                         "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                         "tttttt", campaign->command, campaign->scenario_hash, campaign->build,
                         campaign->settings, campaign->scenario, campaign->arguments);

    status = finish(results, statement, status);
    statement = NULL;
    if (status == 0)
        status = prepare(results, &statement,
                         "SELECT id FROM campaign WHERE (command, scenario_hash, build, settings) = (?, ?, ?, ?)",
                         "tttt", campaign->command, campaign->scenario_hash, campaign->build,
                         campaign->settings);
    return each_row(results, statement, status, take_id, out_id);
}

int torci_results_ask(struct torci_results *results, int64_t campaign, uint64_t first, uint64_t last,
                      const struct torci_shard *shard)
{
    sqlite3_stmt *statement = NULL;
    int status = prepare(results, &statement,
                         "INSERT INTO asked (campaign, first, last, shards, shard) VALUES (?, ?, ?, ?, ?) "
                         "ON CONFLICT DO NOTHING",
                         "iiiii", campaign, (int64_t)first, (int64_t)last, (int64_t)shard->count,
                         (int64_t)shard->index);

    return finish(results, statement, status);
}

struct asked_visit {
    int (*visit)(void *arg, const struct torci_results_asked *asked);
    void *arg;
};

static int show_asked(sqlite3_stmt *statement, void *arg)
{
    const struct asked_visit *visit = arg;
    struct torci_results_asked asked = {
        number_of(statement, 0), number_of(statement, 1),
        {(uint32_t)number_of(statement, 3), (uint32_t)number_of(statement, 2), NULL}};

    return visit->visit(visit->arg, &asked);
}

int torci_results_visit_asked(struct torci_results *results, int64_t campaign,
                              int (*visit)(void *arg, const struct torci_results_asked *asked), void *arg)
{
    struct asked_visit visiting = {visit, arg};
    sqlite3_stmt *statement = NULL;
    int status = prepare(results, &statement,
                         "SELECT first, last, shards, shard FROM asked WHERE campaign = ? "
                         "ORDER BY first, last, shards, shard", "i", campaign);

    return each_row(results, statement, status, show_asked, &visiting);
}

/* --- runs ----------------------------------------------------------------------------------------- */

struct run_visit {
    int (*visit)(void *arg, const struct torci_results_run *run);
    void *arg;
};

#define RUN_COLUMNS "item, number, digest, verdict, identity, message, unmet, events, t_ns, real_ns, source"

static int show_run(sqlite3_stmt *statement, void *arg)
{
    const struct run_visit *visit = arg;
    struct torci_results_run run = {
        text_of(statement, 0), number_of(statement, 1), text_of(statement, 2), text_of(statement, 3),
        text_of(statement, 4), text_of(statement, 5), number_of(statement, 6), number_of(statement, 7),
        number_of(statement, 8), number_of(statement, 9), text_of(statement, 10)};

    return visit->visit(visit->arg, &run);
}

int torci_results_visit_runs(struct torci_results *results, int64_t campaign,
                             int (*visit)(void *arg, const struct torci_results_run *run), void *arg)
{
    struct run_visit visiting = {visit, arg};
    sqlite3_stmt *statement = NULL;
    int status = prepare(results, &statement,
                         "SELECT " RUN_COLUMNS " FROM run WHERE campaign = ? ORDER BY number", "i",
                         campaign);

    return each_row(results, statement, status, show_run, &visiting);
}

int torci_results_visit_run(struct torci_results *results, int64_t campaign, const char *item,
                            int (*visit)(void *arg, const struct torci_results_run *run), void *arg)
{
    struct run_visit visiting = {visit, arg};
    sqlite3_stmt *statement = NULL;
    int status = prepare(results, &statement,
                         "SELECT " RUN_COLUMNS " FROM run WHERE campaign = ? AND item = ?", "it", campaign,
                         item);

    return each_row(results, statement, status, show_run, &visiting);
}

struct comparison {
    const struct torci_results_run *run;
    bool differs;
};

static int compare(void *arg, const struct torci_results_run *there)
{
    struct comparison *comparison = arg;

    comparison->differs = strcmp(there->digest, comparison->run->digest) != 0 ||
                          strcmp(there->verdict, comparison->run->verdict) != 0;
    return 0;
}

int torci_results_add_run(struct torci_results *results, int64_t campaign,
                          const struct torci_results_run *run, bool *out_differs)
{
    struct comparison comparison = {run, false};
    int status = prepare(results, &results->add_run,
                         "INSERT INTO run (campaign, " RUN_COLUMNS ") "
                         "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                         "ititttt" "iiiit", campaign, run->item, (int64_t)run->number, run->digest,
                         run->verdict, run->identity, run->message, (int64_t)run->unmet,
                         (int64_t)run->events, (int64_t)run->t_ns, (int64_t)run->real_ns, run->source);

    if (status == 0 && sqlite3_step(results->add_run) != SQLITE_DONE)
        status = failed(results);
    sqlite3_reset(results->add_run);
    if (status == 0 && sqlite3_changes(results->sqlite) == 0)
        status = torci_results_visit_run(results, campaign, run->item, compare, &comparison);
    *out_differs = comparison.differs;
    return status;
}

struct failure_visit {
    int (*visit)(void *arg, const struct torci_results_failure *failure);
    void *arg;
};

static int show_failure(sqlite3_stmt *statement, void *arg)
{
    const struct failure_visit *visit = arg;
    struct torci_results_failure failure = {number_of(statement, 0), text_of(statement, 2),
                                            text_of(statement, 3), text_of(statement, 4)};

    return visit->visit(visit->arg, &failure);
}

/* The other columns of a row with min() are those of the row that has it. */
int torci_results_visit_failures(struct torci_results *results, int64_t campaign,
                                 int (*visit)(void *arg, const struct torci_results_failure *failure),
                                 void *arg)
{
    struct failure_visit visiting = {visit, arg};
    sqlite3_stmt *statement = NULL;
    int status = prepare(results, &statement,
                         "SELECT count(*), min(number), item, verdict, message FROM failure "
                         "WHERE campaign = ? GROUP BY verdict, identity ORDER BY 2", "i", campaign);

    return each_row(results, statement, status, show_failure, &visiting);
}
