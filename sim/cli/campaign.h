/* campaign.h - many runs of one scenario, each with a seed and a strategy, in several processes. */
#ifndef TORCI_CAMPAIGN_H
#define TORCI_CAMPAIGN_H

#include <torc/scenario.h>

#include "scenario_source.h"

enum { TORCI_UNMET_MAX = 64, TORCI_RUN_EXITED = -1000 };

struct torci_campaign {
    struct torci_scenario_source *source;
    const struct torc_scenario *scenario;
    enum torc_strategy strategy;
    uint64_t sites;
    unsigned jobs; /* processes at once */
};

/* What came of the run with one seed. */
struct torci_campaign_run {
    uint64_t seed;
    bool done;
    int verdict;     /* enum torc_scenario_verdict; negative: of the signal that ended the process, or
                      * TORCI_RUN_EXITED */
    uint64_t unmet;  /* with verdict UNMET: bit i: the i-th `sometimes` that failed; all: too many */
    uint64_t events;
    uint64_t identity; /* of its failure, to tell failures apart */
};

/* One run, here: with the decider of its seed. */
int torci_campaign_run_once(const struct torci_campaign *campaign, uint64_t seed,
                            struct torc_scenario_report **out);

/* Runs all of `runs`, whose seeds are set, in child processes; those that crash one are told as such.  What was
 * not begun at `deadline_ns` (monotonic; 0: none) stays not done.  0, or an errno. */
int torci_campaign_run_all(const struct torci_campaign *campaign, struct torci_campaign_run *runs,
                           size_t count, uint64_t deadline_ns);

/* The first run, in the order of seeds, that was done and failed: one before it may not have been done.
 * `count`: there is none. */
size_t torci_campaign_first_failure(const struct torci_campaign_run *runs, size_t count);

#endif
