/* shrinker.h - makes a failing scenario small: deletes lines and decisions, then makes numbers smaller, as long as
 * it fails in the same way. */
#ifndef TORCI_SHRINKER_H
#define TORCI_SHRINKER_H

#include <stdint.h>

#include "scenario_source.h"

/* What a failure is, whatever line or time it comes at: its verdict, the property, the sentence without its
 * numbers, the host. */
struct torci_failure_identity {
    enum torc_scenario_verdict verdict;
    char property[512];
    char message[512];
    char host[64];
};
void torci_failure_identify(const struct torc_scenario_report *report,
                            struct torci_failure_identity *out);
bool torci_failure_same(const struct torci_failure_identity *a,
                        const struct torci_failure_identity *b);

struct torci_shrunk {
    char *text; /* a scenario, with a comment that says what it shows; to be freed */
    size_t lines;
    size_t decisions; /* of those */
    size_t runs;
};

/* Shrinks the scenario at `path`, which with `seed` and `decisions` fails as `identity` says.  Where it takes
 * decisions to fail, what is left must pass without them: otherwise deleting what is waited for would do.
 * At most about `runs_max` runs.  0; TORC_ENOMEM; TORC_ENOTFOUND, it does not fail like that when it is read again. */
int torci_shrink_scenario(struct torci_scenario_source *source, const char *path, uint64_t seed,
                          const struct torc_decision *decisions, size_t decision_count,
                          const struct torci_failure_identity *identity, size_t runs_max,
                          struct torci_shrunk *out);

#endif
