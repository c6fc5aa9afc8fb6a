/* trial_run.h - runs the tests of a plan, in this process or each in one of its own. */
#ifndef TORCI_TRIAL_RUN_H
#define TORCI_TRIAL_RUN_H

#include "trial_plan.h"
#include "trial_report.h"

struct torci_trial_run_options {
    unsigned jobs;
    bool in_process;
    bool exit_first;
    const char *coverage; /* a whole path, or NULL */
    uint64_t events;      /* the last of them are told of a test that fails */
};

/* Tells the report of each test, in the order of the plan, and notes in its case whether it failed.  0, or an exit status
 * with the error printed; what has run by then has been told. */
int torci_trial_run_plan(struct torci_trial_plan *plan, const struct torci_trial_run_options *options,
                         struct torci_trial_report *report);

#endif
