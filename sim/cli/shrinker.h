/* shrinker.h - makes a failing scenario small: deletes lines and decisions, then makes lines smaller
 * (line_edits.h), as long as it fails in the same way. */
#ifndef TORCI_SHRINKER_H
#define TORCI_SHRINKER_H

#include <stdint.h>

#include "failure_identity.h"
#include "scenario_source.h"

/* How it is run: as the source says, and like this. */
struct torci_shrink_start {
    uint64_t seed;
    const struct torc_decision *decisions;
    size_t decision_count;
    const struct torc_scenario_split *split; /* or NULL */
};

struct torci_shrunk {
    char *text; /* a scenario, with a comment that says what it shows; to be freed */
    size_t lines;
    size_t decisions; /* of those */
    size_t runs;
    uint64_t ns; /* of real time */
};

/* Shrinks the scenario at `path`, which started so fails as `identity` says.  Where it takes decisions, a split among
 * them, to fail, what
 * is left must pass without them: otherwise deleting what is waited for would do.  Each run is made in a process of its own.  At most about `runs_max` runs.
 * 0; TORC_ENOMEM; TORC_ENOTFOUND, it does not fail like that when it is read again. */
int torci_shrink_scenario(struct torci_scenario_source *source, const char *path,
                          const struct torci_shrink_start *start,
                          const struct torci_failure_identity *identity, size_t runs_max,
                          struct torci_shrunk *out);

#endif
