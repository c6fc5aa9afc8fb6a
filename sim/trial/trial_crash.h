/* trial_crash.h - what a test that crashes, or takes too long, leaves to be read. */
#ifndef TORCI_TRIAL_CRASH_H
#define TORCI_TRIAL_CRASH_H

#include <stdbool.h>
#include <stdint.h>

#include "trial_outcome.h"

/* From now until torci_trial_disarm, a crash writes a backtrace to descriptor 2 and ends the process as it would have
 * (own_process), or else the test as a failed assertion does.  So does the end of `limit_ns`. */
void torci_trial_arm_crash(struct torci_trial_outcome *outcome, bool own_process, uint64_t limit_ns);
/* CMocka sets handlers of its own before each function. */
void torci_trial_catch_signals(void);
void torci_trial_disarm_crash(void);

/* Notes what the signal in `outcome` means, and what was printed. */
void torci_trial_tell_crash(struct torci_trial_outcome *outcome, int signal_number, const char *printed);

#endif
