/* results.h - the runs of campaigns in a file of SQLite, one row for each (docs/distribution.md has the tables).
 *
 * A campaign is what makes runs comparable: command, scenario, build, settings.  A run of it is found by its item: a
 * seed, or a fault case as fault_case.h writes it.  The same run has the same digest wherever it is made. */
#ifndef TORCI_RESULTS_H
#define TORCI_RESULTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "shard.h"

enum { TORCI_RESULTS_VERSION = 3, TORCI_ITEM_BYTES = 256 };

struct torci_results;

/* Opens the file, or makes it (`make`), with its tables where it has none yet.  Errors are printed; 0, or an exit
 * status: TORCI_EXIT_USAGE, there is no such file, it is none of results, or of another version. */
int torci_results_open(const char *command, const char *path, bool make, struct torci_results **out);
/* NULL: nothing.  What was not committed is not kept. */
void torci_results_close(struct torci_results *results);

/* Every change is made between these.  0, or an exit status with the error printed; so below. */
int torci_results_begin(struct torci_results *results);
int torci_results_commit(struct torci_results *results);

struct torci_results_campaign {
    int64_t id;
    const char *command;
    const char *scenario_hash;
    const char *build;
    const char *settings;
    const char *phase; /* of a hunt, also part of its settings; "": of none */
    /* The same campaign whatever these are. */
    const char *scenario;  /* as it was named */
    const char *arguments; /* of torc run, that make one of its runs */
};

/* Finds the campaign, or makes it.  `id` of `campaign` does not count. */
int torci_results_add_campaign(struct torci_results *results, const struct torci_results_campaign *campaign,
                               int64_t *out_id);

/* Writes down that first..last was asked for, and of it that shard. */
int torci_results_ask(struct torci_results *results, int64_t campaign, uint64_t first, uint64_t last,
                      const struct torci_shard *shard);

struct torci_results_run {
    const char *item;
    uint64_t number; /* the seed, or the case's */
    const char *digest; /* "": it ended its process */
    const char *verdict; /* torc_scenario_verdict_name, "exited", or "signal N" */
    const char *identity; /* of its failure; "" */
    const char *message; /* or "" */
    uint64_t unmet;
    uint64_t events;
    uint64_t t_ns;
    uint64_t real_ns;
    const char *marks; /* for each mark of the campaign, in their order: '1', it held, or '0'; "": not known */
    const char *source; /* the file it was merged from; "": this one */
};

/* Adds a run.  If it is there already it stays, and *out_differs says whether what is there has another digest or
 * verdict. */
int torci_results_add_run(struct torci_results *results, int64_t campaign,
                          const struct torci_results_run *run, bool *out_differs);

/* Calls `visit` with each, in the order of their numbers; the texts are valid during the call.  It returns 0, or an
 * exit status that ends it and is returned. */
int torci_results_visit_campaigns(struct torci_results *results,
                                  int (*visit)(void *arg, const struct torci_results_campaign *campaign),
                                  void *arg);
int torci_results_visit_runs(struct torci_results *results, int64_t campaign,
                             int (*visit)(void *arg, const struct torci_results_run *run), void *arg);
/* Those of one item: one, or none. */
int torci_results_visit_run(struct torci_results *results, int64_t campaign, const char *item,
                            int (*visit)(void *arg, const struct torci_results_run *run), void *arg);

/* The failures, those that are alike as one: how many, and the first of them. */
struct torci_results_failure {
    uint64_t count;
    const char *item;
    uint64_t number;
    const char *verdict;
    const char *identity;
    const char *message;
    const char *reproduce; /* the command that makes that run again */
};
int torci_results_visit_failures(struct torci_results *results, int64_t campaign,
                                 int (*visit)(void *arg, const struct torci_results_failure *failure),
                                 void *arg);

/* A mark of the scenario's modules: its place in the texts of runs, and what it is. */
struct torci_results_mark {
    uint64_t number;
    const char *kind; /* "sometimes", "reachable" */
    const char *name;
    const char *site;
};
/* Adds it; one that is there already stays. */
int torci_results_add_mark(struct torci_results *results, int64_t campaign, const struct torci_results_mark *mark);
int torci_results_visit_marks(struct torci_results *results, int64_t campaign,
                              int (*visit)(void *arg, const struct torci_results_mark *mark), void *arg);

/* Those that held in no run. */
int torci_results_visit_unheld(struct torci_results *results, int64_t campaign,
                               int (*visit)(void *arg, const struct torci_results_mark *mark), void *arg);

/* A behaviour (torc/trace.h), and the lowest number of a run that had it. */
int torci_results_add_behaviour(struct torci_results *results, int64_t campaign, uint64_t behaviour, uint64_t first);
int torci_results_visit_behaviours(struct torci_results *results, int64_t campaign,
                                   int (*visit)(void *arg, uint64_t behaviour, uint64_t first), void *arg);

/* What is known of a kind of failure, from the first run that fails like that. */
struct torci_results_found {
    const char *verdict; /* with `identity`: as its runs have it */
    const char *identity;
    const char *item;
    uint64_t number;
    const char *sentence;
    const char *detail;    /* a line that says more, or "" */
    const char *decisions; /* that make it fail: a scenario of `decide` lines */
    const char *scenario;  /* the small one; "": it was not shrunk */
    const char *path;      /* where that was written */
    uint64_t lines;        /* of it */
    uint64_t runs;         /* that shrinking took, */
    uint64_t real_ns;      /* and time */
    const char *trace;     /* the last lines of the trace of the small scenario, or else of the run */
};
/* Adds it, in place of one of a run with a higher number. */
int torci_results_add_found(struct torci_results *results, int64_t campaign,
                            const struct torci_results_found *found);
/* Whether there is one of that run or of one with a lower number. */
int torci_results_has_found(struct torci_results *results, int64_t campaign, const char *verdict,
                            const char *identity, uint64_t number, bool *out);
int torci_results_visit_found(struct torci_results *results, int64_t campaign,
                              int (*visit)(void *arg, const struct torci_results_found *found), void *arg);

/* What was asked for, a row for each first..last and each shard of it, in this order. */
struct torci_results_asked {
    uint64_t first;
    uint64_t last;
    struct torci_shard shard;
};
int torci_results_visit_asked(struct torci_results *results, int64_t campaign,
                              int (*visit)(void *arg, const struct torci_results_asked *asked), void *arg);

#endif
