#include "results_file.h"

#include <errno.h>
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
    "  phase TEXT NOT NULL,\n"
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
    "  marks TEXT NOT NULL,\n"
    "  source TEXT NOT NULL,\n"
    "  PRIMARY KEY (campaign, item)) WITHOUT ROWID;\n"
    "CREATE INDEX run_number ON run (campaign, number);\n"
    "CREATE TABLE mark (\n"
    "  campaign INTEGER NOT NULL REFERENCES campaign,\n"
    "  number INTEGER NOT NULL,\n"
    "  kind TEXT NOT NULL,\n"
    "  name TEXT NOT NULL,\n"
    "  site TEXT NOT NULL,\n"
    "  PRIMARY KEY (campaign, number)) WITHOUT ROWID;\n"
    "CREATE TABLE behaviour (\n"
    "  campaign INTEGER NOT NULL REFERENCES campaign,\n"
    "  behaviour INTEGER NOT NULL,\n"
    "  first INTEGER NOT NULL,\n"
    "  PRIMARY KEY (campaign, behaviour)) WITHOUT ROWID;\n"
    "CREATE TABLE found (\n"
    "  campaign INTEGER NOT NULL REFERENCES campaign,\n"
    "  verdict TEXT NOT NULL,\n"
    "  identity TEXT NOT NULL,\n"
    "  item TEXT NOT NULL,\n"
    "  number INTEGER NOT NULL,\n"
    "  sentence TEXT NOT NULL,\n"
    "  detail TEXT NOT NULL,\n"
    "  decisions TEXT NOT NULL,\n"
    "  scenario TEXT NOT NULL,\n"
    "  path TEXT NOT NULL,\n"
    "  lines INTEGER NOT NULL,\n"
    "  runs INTEGER NOT NULL,\n"
    "  real_ns INTEGER NOT NULL,\n"
    "  trace TEXT NOT NULL,\n"
    "  PRIMARY KEY (campaign, verdict, identity));\n"
    "CREATE VIEW failure AS SELECT run.*, 'torc ' || CASE\n"
    "    WHEN item = 'check' THEN 'check '\n"
    "    WHEN item NOT GLOB '*[^0-9]*' THEN 'run --seed ' || item || ' '\n"
    "    WHEN instr(item, '=') > 0 THEN 'run --fault ' || item || ' '\n"
    "    ELSE 'run --split ' || item || ' ' END || arguments || scenario AS reproduce\n"
    "  FROM run JOIN campaign ON campaign.id = run.campaign\n"
    "  WHERE verdict NOT IN ('pass', 'skipped') AND NOT (verdict = 'unmet' AND command <> 'sweep');\n"
    "CREATE VIEW held AS SELECT mark.campaign, kind, name, site, count(item) AS runs, min(run.number) AS first\n"
    "  FROM mark LEFT JOIN run ON run.campaign = mark.campaign AND substr(marks, mark.number + 1, 1) = '1'\n"
    "  GROUP BY mark.campaign, mark.number;\n";

/* A file that is damaged is an invalid one. */
int torci_results_failed(const struct torci_results *results)
{
    int code = sqlite3_errcode(results->sqlite) & 0xff;

    return torci_command_error(results->command,
                               code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? TORCI_EXIT_USAGE : TORCI_EXIT_INTERNAL,
                               "%s: %s", results->path, sqlite3_errmsg(results->sqlite));
}

static int execute(struct torci_results *results, const char *sql)
{
    return sqlite3_exec(results->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : torci_results_failed(results);
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
    return code == SQLITE_ROW ? 0 : torci_results_failed(results);
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
        return torci_results_failed(results);
    sqlite3_busy_timeout(results->sqlite, BUSY_MS);
    if (!make)
        return examine(results, false);
    /* Locks the file before it is looked at, and reads its first page. */
    if (sqlite3_exec(results->sqlite, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return sqlite3_errcode(results->sqlite) == SQLITE_NOTADB
                   ? torci_command_error(results->command, TORCI_EXIT_USAGE, "%s is no file of results",
                                         results->path)
                   : torci_results_failed(results);
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
    sqlite3_finalize(results->add_behaviour);
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

int torci_results_prepare(struct torci_results *results, sqlite3_stmt **out, const char *sql, const char *kinds,
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
    return code == SQLITE_OK ? 0 : torci_results_failed(results);
}

int torci_results_finish(struct torci_results *results, sqlite3_stmt *statement, int status)
{
    if (status == 0 && sqlite3_step(statement) != SQLITE_DONE)
        status = torci_results_failed(results);
    sqlite3_finalize(statement);
    return status;
}

int torci_results_step(struct torci_results *results, sqlite3_stmt *statement, int status)
{
    if (status == 0 && sqlite3_step(statement) != SQLITE_DONE)
        status = torci_results_failed(results);
    sqlite3_reset(statement);
    return status;
}

const char *torci_results_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);

    return text != NULL ? (const char *)text : "";
}

uint64_t torci_results_number(sqlite3_stmt *statement, int column)
{
    return (uint64_t)sqlite3_column_int64(statement, column);
}

int torci_results_each_row(struct torci_results *results, sqlite3_stmt *statement, int status,
                           int (*row)(sqlite3_stmt *statement, void *arg), void *arg)
{
    int code = SQLITE_ROW;

    while (status == 0 && (code = sqlite3_step(statement)) == SQLITE_ROW)
        status = row(statement, arg);
    if (status == 0 && code != SQLITE_DONE)
        status = torci_results_failed(results);
    sqlite3_finalize(statement);
    return status;
}

