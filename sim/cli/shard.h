/* shard.h - the part of a campaign that is this process's: of N shards, numbered from 0, shard I has the seeds s, or
 * the cases numbered s, with s mod N = I. */
#ifndef TORCI_SHARD_H
#define TORCI_SHARD_H

#include <stdbool.h>
#include <stdint.h>

enum { TORCI_SHARD_COUNT_MAX = 1000000 };

struct torci_shard {
    uint32_t index;
    uint32_t count; /* 1: everything */
    const char *source; /* where it was taken from, to be told; NULL: nobody said anything */
};

/* Reads I/N of --shard.  0, or a usage error of the command; so below. */
int torci_shard_read(const char *command, const char *text, struct torci_shard *out);

/* Reads what the first of these says that is set, or everything:
 *   TEST_SHARD_INDEX of TEST_TOTAL_SHARDS      (Bazel, GoogleTest; TEST_SHARD_STATUS_FILE is touched)
 *   SLURM_ARRAY_TASK_ID of SLURM_ARRAY_TASK_COUNT, counted from SLURM_ARRAY_TASK_MIN in steps of
 *     SLURM_ARRAY_TASK_STEP; an array with gaps is refused
 *   JOB_COMPLETION_INDEX of JOB_COMPLETIONS    (Kubernetes sets the first; the manifest has to set the second) */
int torci_shard_from_environment(const char *command, struct torci_shard *out);

bool torci_shard_has(const struct torci_shard *shard, uint64_t number);

/* How many of first..last, both included, it has; and the first of them (if it has any). */
uint64_t torci_shard_share(const struct torci_shard *shard, uint64_t first, uint64_t last,
                           uint64_t *out_first);

#endif
