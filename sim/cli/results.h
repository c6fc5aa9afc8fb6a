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

enum { TORCI_RESULTS_VERSION = 2, TORCI_ITEM_BYTES = 256 };

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
    const char *verdict;
    const char *message;
};
int torci_results_visit_failures(struct torci_results *results, int64_t campaign,
                                 int (*visit)(void *arg, const struct torci_results_failure *failure),
                                 void *arg);

/* What was asked for, a row for each first..last and each shard of it, in this order. */
struct torci_results_asked {
    uint64_t first;
    uint64_t last;
    struct torci_shard shard;
};
int torci_results_visit_asked(struct torci_results *results, int64_t campaign,
                              int (*visit)(void *arg, const struct torci_results_asked *asked), void *arg);

#endif
