/* campaign.h - what torc explore and torc sweep have in common: --shard, --results, --resume.  Runs go into the file of
 * results while they are made; with --resume those that are there are not made again. */
#ifndef TORCI_CAMPAIGN_H
#define TORCI_CAMPAIGN_H

#include "parallel.h"
#include "results.h"
#include "scenario_source.h"
#include "shard.h"

struct torci_campaign {
    const char *command;
    struct torci_shard shard;
    const char *results_path; /* or NULL */
    bool resume;
    struct torci_results *results;
    int64_t id;      /* in them */
    size_t known;    /* runs taken from them */
    size_t differed; /* runs whose digest there is another */
    int status;      /* of the results, when they could not be written */
};

/* Takes the option if it is one of these (*out_known).  0, or an exit status. */
int torci_campaign_option(struct torci_campaign *campaign, const char *option, const char *value, bool *out_known);

/* After all options: asks the environment for the shard if none was given, and tells where it was taken from. */
int torci_campaign_settle(struct torci_campaign *campaign);

/* What the runs depend on besides the scenario. */
struct torci_campaign_plan {
    const char *path;      /* of the scenario */
    const char *settings;  /* the same text for the same runs */
    const char *arguments; /* of torc run, besides the seed or the case */
    uint64_t first;        /* of all shards */
    uint64_t last;
};

/* Opens the file of results, if one is wanted. */
int torci_campaign_open(struct torci_campaign *campaign, struct torci_scenario_source *source,
                        const struct torc_scenario *scenario, const struct torci_campaign_plan *plan);
void torci_campaign_close(struct torci_campaign *campaign);

/* The name of a run in the results, and its number. */
typedef void torci_campaign_name_fn(void *arg, size_t index, char item[TORCI_ITEM_BYTES], uint64_t *out_number);

/* torci_parallel, with the results.  0, or an exit status with the error printed. */
int torci_campaign_run(struct torci_campaign *campaign, unsigned jobs, torci_parallel_fn *run,
                       torci_campaign_name_fn *name, void *arg, struct torci_outcome *outcomes, size_t count,
                       uint64_t deadline_ns);

/* Whether this is a part whose results are to be merged: what must hold in one run of all is not judged in it. */
bool torci_campaign_is_part(const struct torci_campaign *campaign);

/* Tells, if there are results, what is in them: how many runs were known, and the failures, each kind once. */
int torci_campaign_tell(struct torci_campaign *campaign);

/* The failures of a campaign in a file of results, each kind once, with what reproduces the first of it. */
int torci_campaign_tell_failures(struct torci_results *results, const struct torci_results_campaign *campaign);

#endif
