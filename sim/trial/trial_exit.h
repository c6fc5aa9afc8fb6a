/* trial_exit.h - what a run of tests ends with. */
#ifndef TORCI_TRIAL_EXIT_H
#define TORCI_TRIAL_EXIT_H

#include <torc/error.h>

enum torci_trial_exit_status {
    TORCI_TRIAL_EXIT_PASS = 0,
    TORCI_TRIAL_EXIT_FAIL = 1,
    TORCI_TRIAL_EXIT_USAGE = 2,
    TORCI_TRIAL_EXIT_SKIPPED = 77,
    TORCI_TRIAL_EXIT_INTERNAL = 99,
    TORCI_TRIAL_EXIT_INTERRUPTED = 130
};

/* Prints "trial: sentence" to stderr; returns `status`. */
int torci_trial_error(int status, const char *format, ...) TORC_PRINTF(2, 3);

#endif
