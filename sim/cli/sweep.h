/* sweep.h - what the files of torc sweep share: command_sweep.c reads the options and makes the runs, sweep_plan.c their
 * cases, sweep_tell.c tells what came of them. */
#ifndef TORCI_SWEEP_H
#define TORCI_SWEEP_H

#include "campaign.h"
#include "scenario_source.h"
#include "sweep_plan.h"

struct torci_sweep {
    struct torci_scenario_source source;
    struct torci_campaign campaign;
    const struct torc_scenario *scenario;
    const char *path;
    bool seed_given;
    uint64_t seed;
    struct torci_sweep_plan plan;
    bool classes_given, modes_given, numbers_given, budget_given, equivalent_given;
    unsigned jobs;
    const char *out;   /* the folder for what is shrunk; NULL: nothing is */
    int keep_status;   /* of what could not be shrunk, or kept in the results */
};

/* The number of a case among those of all shards. */
uint64_t torci_sweep_number(const struct torci_sweep *sweep, size_t index);

/* The options of the run of a case; NULL: of the first run, which counts. */
void torci_sweep_run_options(struct torci_sweep *sweep, const struct torci_sweep_case *one,
                             struct torc_scenario_run_options *out);
/* Makes that run.  0, or an error. */
int torci_sweep_run(struct torci_sweep *sweep, const struct torci_sweep_case *one,
                    struct torc_scenario_report **out);

/* Shows the first case of each kind of failure with what reproduces it, and shrinks it if that is wanted; tells how many
 * cases there were and what was left out.  Returns the exit status. */
int torci_sweep_tell(struct torci_sweep *sweep, const struct torci_outcome *outcomes, double seconds);

#endif
