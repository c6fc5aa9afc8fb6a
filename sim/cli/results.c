#include "results_file.h"

#include <string.h>

/* --- campaigns ------------------------------------------------------------------------------------ */

struct campaign_visit {
    int (*visit)(void *arg, const struct torci_results_campaign *campaign);
    void *arg;
};

static int show_campaign(sqlite3_stmt *statement, void *arg)
{
    const struct campaign_visit *visit = arg;
    struct torci_results_campaign campaign = {
        sqlite3_column_int64(statement, 0), torci_results_text(statement, 1), torci_results_text(statement, 2),
        torci_results_text(statement, 3), torci_results_text(statement, 4), torci_results_text(statement, 5), torci_results_text(statement, 6),
        torci_results_text(statement, 7)};

    return visit->visit(visit->arg, &campaign);
}

int torci_results_visit_campaigns(struct torci_results *results,
                                  int (*visit)(void *arg, const struct torci_results_campaign *campaign),
                                  void *arg)
{
    struct campaign_visit visiting = {visit, arg};
    sqlite3_stmt *statement = NULL;
    int status = torci_results_prepare(results, &statement,
                         "SELECT id, command, scenario_hash, build, settings, phase, scenario, arguments "
                         "FROM campaign ORDER BY id", "");

    return torci_results_each_row(results, statement, status, show_campaign, &visiting);
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
    int status = torci_results_prepare(results, &statement,
                         "INSERT INTO campaign (command, scenario_hash, build, settings, phase, scenario, arguments) "
                         "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                         "ttttttt", campaign->command, campaign->scenario_hash, campaign->build,
                         campaign->settings, campaign->phase, campaign->scenario, campaign->arguments);

    status = torci_results_finish(results, statement, status);
    statement = NULL;
    if (status == 0)
        status = torci_results_prepare(results, &statement,
                         "SELECT id FROM campaign WHERE (command, scenario_hash, build, settings) = (?, ?, ?, ?)",
                         "tttt", campaign->command, campaign->scenario_hash, campaign->build,
                         campaign->settings);
    return torci_results_each_row(results, statement, status, take_id, out_id);
}

int torci_results_ask(struct torci_results *results, int64_t campaign, uint64_t first, uint64_t last,
                      const struct torci_shard *shard)
{
    sqlite3_stmt *statement = NULL;
    int status = torci_results_prepare(results, &statement,
                         "INSERT INTO asked (campaign, first, last, shards, shard) VALUES (?, ?, ?, ?, ?) "
                         "ON CONFLICT DO NOTHING",
                         "iiiii", campaign, (int64_t)first, (int64_t)last, (int64_t)shard->count,
                         (int64_t)shard->index);

    return torci_results_finish(results, statement, status);
}

struct asked_visit {
    int (*visit)(void *arg, const struct torci_results_asked *asked);
    void *arg;
};

static int show_asked(sqlite3_stmt *statement, void *arg)
{
    const struct asked_visit *visit = arg;
    struct torci_results_asked asked = {
        torci_results_number(statement, 0), torci_results_number(statement, 1),
        {(uint32_t)torci_results_number(statement, 3), (uint32_t)torci_results_number(statement, 2), NULL}};

    return visit->visit(visit->arg, &asked);
}

int torci_results_visit_asked(struct torci_results *results, int64_t campaign,
                              int (*visit)(void *arg, const struct torci_results_asked *asked), void *arg)
{
    struct asked_visit visiting = {visit, arg};
    sqlite3_stmt *statement = NULL;
    int status = torci_results_prepare(results, &statement,
                         "SELECT first, last, shards, shard FROM asked WHERE campaign = ? "
                         "ORDER BY first, last, shards, shard", "i", campaign);

    return torci_results_each_row(results, statement, status, show_asked, &visiting);
}

/* --- runs ----------------------------------------------------------------------------------------- */

struct run_visit {
    int (*visit)(void *arg, const struct torci_results_run *run);
    void *arg;
};

#define RUN_COLUMNS "item, number, digest, verdict, identity, message, unmet, events, t_ns, real_ns, marks, source"

static int show_run(sqlite3_stmt *statement, void *arg)
{
    const struct run_visit *visit = arg;
    struct torci_results_run run = {
        torci_results_text(statement, 0), torci_results_number(statement, 1), torci_results_text(statement, 2), torci_results_text(statement, 3),
        torci_results_text(statement, 4), torci_results_text(statement, 5), torci_results_number(statement, 6), torci_results_number(statement, 7),
        torci_results_number(statement, 8), torci_results_number(statement, 9), torci_results_text(statement, 10),
        torci_results_text(statement, 11)};

    return visit->visit(visit->arg, &run);
}

int torci_results_visit_runs(struct torci_results *results, int64_t campaign,
                             int (*visit)(void *arg, const struct torci_results_run *run), void *arg)
{
    struct run_visit visiting = {visit, arg};
    sqlite3_stmt *statement = NULL;
    int status = torci_results_prepare(results, &statement,
                         "SELECT " RUN_COLUMNS " FROM run WHERE campaign = ? ORDER BY number", "i",
                         campaign);

    return torci_results_each_row(results, statement, status, show_run, &visiting);
}

int torci_results_visit_run(struct torci_results *results, int64_t campaign, const char *item,
                            int (*visit)(void *arg, const struct torci_results_run *run), void *arg)
{
    struct run_visit visiting = {visit, arg};
    sqlite3_stmt *statement = NULL;
    int status = torci_results_prepare(results, &statement,
                         "SELECT " RUN_COLUMNS " FROM run WHERE campaign = ? AND item = ?", "it", campaign,
                         item);

    return torci_results_each_row(results, statement, status, show_run, &visiting);
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
    int status = torci_results_prepare(results, &results->add_run,
                         "INSERT INTO run (campaign, " RUN_COLUMNS ") "
                         "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                         "itittttiiiitt", campaign, run->item, (int64_t)run->number, run->digest,
                         run->verdict, run->identity, run->message, (int64_t)run->unmet,
                         (int64_t)run->events, (int64_t)run->t_ns, (int64_t)run->real_ns, run->marks,
                         run->source);

    status = torci_results_step(results, results->add_run, status);
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
    struct torci_results_failure failure = {
        torci_results_number(statement, 0), torci_results_text(statement, 2), torci_results_number(statement, 1),
        torci_results_text(statement, 3), torci_results_text(statement, 4), torci_results_text(statement, 5),
        torci_results_text(statement, 6)};

    return visit->visit(visit->arg, &failure);
}

/* The other columns of a row with min() are those of the row that has it. */
int torci_results_visit_failures(struct torci_results *results, int64_t campaign,
                                 int (*visit)(void *arg, const struct torci_results_failure *failure),
                                 void *arg)
{
    struct failure_visit visiting = {visit, arg};
    sqlite3_stmt *statement = NULL;
    int status = torci_results_prepare(results, &statement,
                         "SELECT count(*), min(number), item, verdict, identity, message, reproduce FROM failure "
                         "WHERE campaign = ? GROUP BY verdict, identity ORDER BY 2", "i", campaign);

    return torci_results_each_row(results, statement, status, show_failure, &visiting);
}
