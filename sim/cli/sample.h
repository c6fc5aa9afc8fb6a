/* sample.h - some of many cases: as many of each group as of any other, as far as there are so many, and in each evenly
 * spread over it. */
#ifndef TORCI_SAMPLE_H
#define TORCI_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Below 2^32 cases in a group, and wanted. */
struct torci_sample_group {
    uint64_t count; /* of its cases */
    uint64_t taken; /* how many of them are in the sample */
    uint64_t shift; /* below count: where they begin */
};

/* Given the counts, shares out `wanted` cases, and lets the seed say where each group begins. */
void torci_sample_share(struct torci_sample_group *groups, size_t count, uint64_t wanted, uint64_t seed);

/* Whether the case of that number, below its count, is in the sample. */
bool torci_sample_has(const struct torci_sample_group *group, uint64_t number);

#endif
