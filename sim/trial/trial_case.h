/* trial_case.h - a test to run, with its parameter and place, and its runs in this process. */
#ifndef TORCI_TRIAL_CASE_H
#define TORCI_TRIAL_CASE_H

#include <torc/trial.h>

#include "trial_outcome.h"

struct torci_trial_sweep;

enum torci_trial_way { TORCI_TRIAL_SIM, TORCI_TRIAL_LIVE, TORCI_TRIAL_SWEPT };

struct torci_trial_case {
    const struct torc_trial_test *test;
    const char *parameter; /* or NULL */
    enum torci_trial_way way;
    char *id;
    char *group;           /* the beginning of id, before the point */
    uint32_t number;       /* in the order of definition */
    bool failed_last;
};

/* Runs it in this process, all runs of a sweep included, and judges what came of it.  What it prints goes where descriptors
 * 1 and 2 lead; `said` is the descriptor from which what went to 2 can be read.  If it fails in a world, the last
 * `events` of it are told. */
void torci_trial_run_case(const struct torci_trial_case *one, int said, bool own_process, uint64_t events,
                          struct torci_trial_outcome *outcome);

/* One run, without judgement; `sweep` may be NULL. */
void torci_trial_run_once(const struct torci_trial_case *one, struct torci_trial_sweep *sweep,
                          struct torci_trial_outcome *outcome);

#endif
