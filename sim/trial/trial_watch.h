/* trial_watch.h - what watches this process and makes it slow, or stops it: debuggers, valgrind, sanitizers. */
#ifndef TORCI_TRIAL_WATCH_H
#define TORCI_TRIAL_WATCH_H

#include <stdbool.h>

/* Whether some process traces this one. */
bool torci_trial_is_debugged(void);

bool torci_trial_is_on_valgrind(void);

/* How many times its limit of real time a test may take; 0: there is no limit, as someone stops it and looks. */
unsigned torci_trial_slowness(void);

#endif
