/* trial_plan.h - which tests are run, and in what order. */
#ifndef TORCI_TRIAL_PLAN_H
#define TORCI_TRIAL_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "trial_case.h"

struct torci_trial_plan {
    struct torci_trial_case *cases;
    size_t count;
};

/* Adds what a catalogue has.  0, or an exit status with the error printed. */
int torci_trial_plan_add(struct torci_trial_plan *plan, const struct torc_trial_catalogue *catalogue);

/* To be called when all have been added: puts them in the order of their files and lines.  2, with the error printed, if
 * two have one name. */
int torci_trial_plan_sort(struct torci_trial_plan *plan);

/* Whether a pattern (`*` any text, `?` any character) is that of a name, of its part after the group, of either without
 * [parameter] and @way, or of its group. */
bool torci_trial_matches(const char *pattern, const struct torci_trial_case *one);

/* Leaves those that one of `filters` matches (none: all) and none of `skips` does. */
void torci_trial_plan_filter(struct torci_trial_plan *plan, const char *const *filters, size_t filter_count,
                             const char *const *skips, size_t skip_count);
void torci_trial_plan_shuffle(struct torci_trial_plan *plan, uint64_t seed);
/* Brings those that failed last to the front. */
void torci_trial_plan_failed_first(struct torci_trial_plan *plan);
void torci_trial_plan_free(struct torci_trial_plan *plan);

#endif
