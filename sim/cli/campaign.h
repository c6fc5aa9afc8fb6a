/* campaign.h - what torc explore, torc sweep and torc hunt have in common: --shard, --results, --resume.  Runs go into the
 * file of results while they are made; with --resume those that are there are not made again. */
#ifndef TORCI_CAMPAIGN_H
#define TORCI_CAMPAIGN_H

#include "mark_catalogue.h"
#include "parallel.h"
#include "results.h"
#include "scenario_source.h"
#include "shard.h"

struct torci_behaviour_map;
struct torci_found_shrunk;

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
    struct torci_mark_catalogue marks; /* freed by who made it */
    struct torci_behaviour_map *behaviours; /* with results */
    char *rows;      /* with results: of each run, shared with the processes that make them, which marks held */
    size_t row_count;
    uint64_t run_number; /* of the run this process makes */
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
    const char *phase;     /* of a hunt; NULL: of none */
    bool endless;          /* nobody asks for all of them */
};

/* Makes the catalogue of marks, if it is `wanted` or results are.  Before torci_campaign_open. */
int torci_campaign_list_marks(struct torci_campaign *campaign, struct torci_scenario_source *source,
                              const struct torc_scenario *scenario, bool wanted);

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

/* In the process that makes run `index` of torci_campaign_run: what is to be noted of it goes into its options. */
void torci_campaign_watch(struct torci_campaign *campaign, size_t index, uint64_t number,
                          struct torc_scenario_run_options *options);

/* Adds a run to the results that was not made by torci_campaign_run; without results nothing.  0, or an exit status. */
int torci_campaign_add(struct torci_campaign *campaign, const struct torci_results_run *run);

/* A kind of failure, by the first run that has it. */
enum { TORCI_VERDICT_BYTES = 32, TORCI_IDENTITY_BYTES = 17, TORCI_CAMPAIGN_KINDS_MAX = 10 };
struct torci_campaign_failure {
    char verdict[TORCI_VERDICT_BYTES];
    char identity[TORCI_IDENTITY_BYTES];
    char item[TORCI_ITEM_BYTES];
    uint64_t number;
};
void torci_campaign_failure_of(const struct torci_outcome *outcome, const char *item, uint64_t number,
                               struct torci_campaign_failure *out);

/* With results: the kinds of which they do not say yet what was found, but no more than there is room for, lowest number
 * first. */
int torci_campaign_failures(struct torci_campaign *campaign,
                            struct torci_campaign_failure out[TORCI_CAMPAIGN_KINDS_MAX], size_t *out_count);

/* With results: writes down what was found of that kind. */
int torci_campaign_keep(struct torci_campaign *campaign, const struct torci_campaign_failure *failure,
                        const struct torci_found_shrunk *shrunk);

/* Whether this is a part whose results are to be merged: what must hold in one run of all is not judged in it. */
bool torci_campaign_is_part(const struct torci_campaign *campaign);

/* Tells, if there are results, what is in them: how many runs were known, and the failures, each kind once. */
int torci_campaign_tell(struct torci_campaign *campaign);

/* The failures of a campaign in a file of results, each kind once, with what reproduces the first of it. */
int torci_campaign_tell_failures(struct torci_results *results, const struct torci_results_campaign *campaign);

/* --- between campaign.c and campaign_notes.c ------------------------------------------------------ */

/* Inside a transaction that has made the campaign. */
int torci_campaign_open_notes(struct torci_campaign *campaign);
void torci_campaign_close_notes(struct torci_campaign *campaign);
/* Around the runs of torci_campaign_run.  0, or an errno. */
int torci_campaign_make_rows(struct torci_campaign *campaign, size_t count);
void torci_campaign_free_rows(struct torci_campaign *campaign);
/* The marks of a run, as the results have them. */
const char *torci_campaign_row(const struct torci_campaign *campaign, size_t index);
/* Writes what is new. */
int torci_campaign_write_behaviours(struct torci_campaign *campaign);

#endif
