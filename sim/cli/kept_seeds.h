/* kept_seeds.h - the seeds that failed, in a text beside what else torc explore writes of a failure, so that they are
 * tried first the next time.  A line is a seed and the settings it failed with; seeds are tried with those settings
 * only.  There is such a file as long as there are such seeds. */
#ifndef TORCI_KEPT_SEEDS_H
#define TORCI_KEPT_SEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parallel.h"

struct torci_kept_seeds {
    const char *command;
    char *path;
    char *settings;
    uint64_t *seeds; /* as they were read, those of these settings */
    size_t count;
    uint64_t *failing; /* to be there afterwards: the first of each kind of failure */
    uint64_t *failing_kinds; /* a hash for each */
    size_t failing_count;
    uint64_t *passing; /* to be there no longer */
    size_t passing_count;
};

/* Reads the file, if there is one.  0, or an exit status with the error printed. */
int torci_kept_seeds_read(struct torci_kept_seeds *kept, const char *command, const char *path,
                          const char *settings);
void torci_kept_seeds_free(struct torci_kept_seeds *kept);

bool torci_kept_seeds_has(const struct torci_kept_seeds *kept, uint64_t seed);

/* Writes down what came of a seed: one that failed is to be kept, if none before it failed alike; one that is kept and
 * passes is not.  Nothing of a run that is invalid.  Errors: ENOMEM. */
int torci_kept_seeds_note(struct torci_kept_seeds *kept, uint64_t seed, const struct torci_outcome *outcome);

/* Brings the file up to date and tells what has changed; others may do so at the same time. */
int torci_kept_seeds_save(const struct torci_kept_seeds *kept);

#endif
