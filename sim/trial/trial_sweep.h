/* trial_sweep.h - runs a test once for each fault its operations can suffer. */
#ifndef TORCI_TRIAL_SWEEP_H
#define TORCI_TRIAL_SWEEP_H

#include <stdbool.h>
#include <stddef.h>

#include <torc/decision.h>

/* A place of a run where a fault is possible. */
struct torci_trial_question {
    char host[32];
    const struct torc_decision_site *site;
    uint64_t k;
    uint64_t option;
};

struct torci_trial_sweep {
    struct torc_decider decider; /* first */
    uint64_t sites;
    bool counting; /* the first run: which questions there are */
    bool struck;
    bool no_memory;
    struct torci_trial_question target;
    struct torci_trial_question *questions;
    size_t count;
    size_t capacity;
};

struct torci_trial_case;
struct torci_trial_outcome;

/* All runs, one after the other, up to the first that fails. */
void torci_trial_run_sweep(const struct torci_trial_case *one, struct torci_trial_outcome *outcome);

#endif
