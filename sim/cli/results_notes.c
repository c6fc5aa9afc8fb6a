/* results_notes.c - what a file of results has besides runs: marks, behaviours, and what was found. */
#include "results_file.h"

/* --- marks ---------------------------------------------------------------------------------------- */

struct mark_visit {
    int (*visit)(void *arg, const struct torci_results_mark *mark);
    void *arg;
};

int torci_results_add_mark(struct torci_results *results, int64_t campaign, const struct torci_results_mark *mark)
{
    sqlite3_stmt *statement = NULL;
    int status = torci_results_prepare(results, &statement,
                                       "INSERT INTO mark (campaign, number, kind, name, site) "
                                       "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                                       "iittt", campaign, (int64_t)mark->number, mark->kind, mark->name, mark->site);

    return torci_results_finish(results, statement, status);
}

static int show_mark(sqlite3_stmt *statement, void *arg)
{
    const struct mark_visit *visit = arg;
    struct torci_results_mark mark = {torci_results_number(statement, 0), torci_results_text(statement, 1),
                                      torci_results_text(statement, 2), torci_results_text(statement, 3)};

    return visit->visit(visit->arg, &mark);
}

static int visit_marks(struct torci_results *results, const char *sql, int64_t campaign,
                       int (*visit)(void *arg, const struct torci_results_mark *mark), void *arg)
{
    struct mark_visit visiting = {visit, arg};
    sqlite3_stmt *statement = NULL;
    int status = torci_results_prepare(results, &statement, sql, "i", campaign);

    return torci_results_each_row(results, statement, status, show_mark, &visiting);
}

int torci_results_visit_marks(struct torci_results *results, int64_t campaign,
                              int (*visit)(void *arg, const struct torci_results_mark *mark), void *arg)
{
    return visit_marks(results, "SELECT number, kind, name, site FROM mark WHERE campaign = ? ORDER BY number",
                       campaign, visit, arg);
}

int torci_results_visit_unheld(struct torci_results *results, int64_t campaign,
                               int (*visit)(void *arg, const struct torci_results_mark *mark), void *arg)
{
    return visit_marks(results,
                       "SELECT number, kind, name, site FROM mark WHERE campaign = ? AND NOT EXISTS (SELECT 1 FROM run "
                       "WHERE run.campaign = mark.campaign AND substr(marks, mark.number + 1, 1) = '1') ORDER BY number",
                       campaign, visit, arg);
}

/* --- behaviours ----------------------------------------------------------------------------------- */

struct behaviour_visit {
    int (*visit)(void *arg, uint64_t behaviour, uint64_t first);
    void *arg;
};

int torci_results_add_behaviour(struct torci_results *results, int64_t campaign, uint64_t behaviour, uint64_t first)
{
    int status = torci_results_prepare(results, &results->add_behaviour,
                                       "INSERT INTO behaviour (campaign, behaviour, first) VALUES (?, ?, ?) "
                                       "ON CONFLICT DO UPDATE SET first = min(first, excluded.first)",
                                       "iii", campaign, (int64_t)behaviour, (int64_t)first);

    return torci_results_step(results, results->add_behaviour, status);
}

static int show_behaviour(sqlite3_stmt *statement, void *arg)
{
    const struct behaviour_visit *visit = arg;

    return visit->visit(visit->arg, torci_results_number(statement, 0), torci_results_number(statement, 1));
}

int torci_results_visit_behaviours(struct torci_results *results, int64_t campaign,
                                   int (*visit)(void *arg, uint64_t behaviour, uint64_t first), void *arg)
{
    struct behaviour_visit visiting = {visit, arg};
    sqlite3_stmt *statement = NULL;
    int status = torci_results_prepare(results, &statement,
                                       "SELECT behaviour, first FROM behaviour WHERE campaign = ?", "i", campaign);

    return torci_results_each_row(results, statement, status, show_behaviour, &visiting);
}

/* --- what was found ------------------------------------------------------------------------------- */

#define FOUND_COLUMNS \
    "verdict, identity, item, number, sentence, detail, decisions, scenario, path, lines, runs, real_ns, trace"

struct found_visit {
    int (*visit)(void *arg, const struct torci_results_found *found);
    void *arg;
};

int torci_results_add_found(struct torci_results *results, int64_t campaign, const struct torci_results_found *found)
{
    sqlite3_stmt *statement = NULL;
    int status = torci_results_prepare(
        results, &statement,
        "INSERT INTO found (campaign, " FOUND_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET (" FOUND_COLUMNS ") = (excluded.verdict, excluded.identity, excluded.item, "
        "excluded.number, excluded.sentence, excluded.detail, excluded.decisions, excluded.scenario, excluded.path, "
        "excluded.lines, excluded.runs, excluded.real_ns, excluded.trace) WHERE excluded.number < number",
        "itttitttttiiit", campaign, found->verdict, found->identity, found->item, (int64_t)found->number,
        found->sentence, found->detail, found->decisions, found->scenario, found->path, (int64_t)found->lines,
        (int64_t)found->runs, (int64_t)found->real_ns, found->trace);

    return torci_results_finish(results, statement, status);
}

static int take_count(sqlite3_stmt *statement, void *arg)
{
    *(bool *)arg = torci_results_number(statement, 0) > 0;
    return 0;
}

int torci_results_has_found(struct torci_results *results, int64_t campaign, const char *verdict,
                            const char *identity, uint64_t number, bool *out)
{
    sqlite3_stmt *statement = NULL;
    int status = torci_results_prepare(results, &statement,
                                       "SELECT count(*) FROM found WHERE campaign = ? AND verdict = ? "
                                       "AND identity = ? AND number <= ?",
                                       "itti", campaign, verdict, identity, (int64_t)number);

    return torci_results_each_row(results, statement, status, take_count, out);
}

static int show_found(sqlite3_stmt *statement, void *arg)
{
    const struct found_visit *visit = arg;
    struct torci_results_found found = {
        torci_results_text(statement, 0),    torci_results_text(statement, 1),    torci_results_text(statement, 2),
        torci_results_number(statement, 3),  torci_results_text(statement, 4),    torci_results_text(statement, 5),
        torci_results_text(statement, 6),    torci_results_text(statement, 7),    torci_results_text(statement, 8),
        torci_results_number(statement, 9),  torci_results_number(statement, 10), torci_results_number(statement, 11),
        torci_results_text(statement, 12)};

    return visit->visit(visit->arg, &found);
}

int torci_results_visit_found(struct torci_results *results, int64_t campaign,
                              int (*visit)(void *arg, const struct torci_results_found *found), void *arg)
{
    struct found_visit visiting = {visit, arg};
    sqlite3_stmt *statement = NULL;
    int status = torci_results_prepare(results, &statement,
                                       "SELECT " FOUND_COLUMNS " FROM found WHERE campaign = ? ORDER BY number", "i",
                                       campaign);

    return torci_results_each_row(results, statement, status, show_found, &visiting);
}
