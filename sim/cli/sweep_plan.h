/* sweep_plan.h - the cases of a sweep: what a first run counted, and of that what was asked for. */
#ifndef TORCI_SWEEP_PLAN_H
#define TORCI_SWEEP_PLAN_H

#include <torc/scenario.h>

#include "sample.h"
#include "shard.h"

enum { TORCI_CLASSES_MAX = 32 };

/* A fault; or, its site being NULL, a split. */
struct torci_sweep_case {
    struct torc_decision fault;
    struct torc_scenario_split split;
};

/* With its text form, as fault_case.h has it. */
void torci_sweep_case_write(const struct torci_sweep_case *one, char *out, size_t size);

struct torci_sweep_plan {
    /* What is asked for. */
    const struct torc_scenario_report *baseline; /* of a run with count_questions; has the names */
    struct torc_scenario_sweeping sweeping;
    uint64_t sample; /* 0: all cases */
    uint64_t sample_seed;
    struct torci_shard shard;
    /* The cases. */
    struct torci_sweep_case *cases;
    size_t count;
    uint64_t all_count; /* of all shards */
    /* By class, of all shards: how many there are, before a sample is taken; and how many more were left out, since
     * others stand for them. */
    uint64_t wanted[TORCI_CLASSES_MAX];
    uint64_t equivalent[TORCI_CLASSES_MAX];
    struct torci_sample_group *groups; /* each host's questions at each site, then each stream's splits */
};

/* Whether the first run made the connections that are to be split.  0; or TORCI_EXIT_USAGE, with an error that names the
 * line; or TORCI_EXIT_INTERNAL. */
int torci_sweep_plan_check(const struct torci_sweep_plan *plan, const char *command);

/* Makes the cases.  0, or TORC_ENOMEM; the plan is to be freed in any case. */
int torci_sweep_plan_make(struct torci_sweep_plan *plan);
void torci_sweep_plan_free(struct torci_sweep_plan *plan);

/* The index of its class in torc_fault_classes, if that is swept; -1: not.  NULL: of splits; option 0: any. */
int torci_sweep_plan_class(const struct torci_sweep_plan *plan, const char *site, uint64_t option);
/* How many operations, or bytes, of that class the first run had. */
uint64_t torci_sweep_plan_operations(const struct torci_sweep_plan *plan, int number);

#endif
