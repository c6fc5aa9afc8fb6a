/* trace_keep.h - the last events of a trace, kept in the blocks in which they were composed: nothing is copied for them,
 * the blocks are only used in turn.  A block is written over when all others have been filled since. */
#ifndef TORCI_TRACE_KEEP_H
#define TORCI_TRACE_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torc/trace.h>

/* Records are gathered in a block and hashed together: one update for hundreds of events. */
#define TORCI_TRACE_BLOCK_BYTES 8192

/* The first byte of every field; 0 ends a record. */
enum torci_trace_tag {
    TORCI_TRACE_END = 0,
    TORCI_TRACE_INTEGER = 1,
    TORCI_TRACE_TEXT = 2,
    TORCI_TRACE_BYTES = 3,
    TORCI_TRACE_VALUE = 4,
    TORCI_TRACE_VALUES = 5,
    TORCI_TRACE_ROWS = 6
};

#define TORCI_TRACE_HEAD_BYTES 18 /* of a record, without the host's name */

struct torci_trace_block {
    uint8_t *bytes;
    size_t used;          /* once it is full */
    uint64_t first_n;     /* the first event that begins in it; 0: none does */
    uint64_t first_field; /* its first field, counted from the beginning of the trace */
    size_t first_at;
};

struct torci_trace_keep {
    struct torci_trace_block *blocks;
    size_t count;
    size_t current;
    const char **names; /* of fields, by number modulo name_count, which is a power of two */
    uint64_t name_count;
    uint64_t fields;
    uint64_t turn_at; /* with so many fields the present block is full, however few bytes they have */
};

/* About so many bytes of records, at least two blocks.  NULL: out of memory. */
struct torci_trace_keep *torci_trace_keep_new(size_t bytes);
void torci_trace_keep_free(struct torci_trace_keep *keep);

/* An event begins at that place of the present block. */
static inline void torci_trace_keep_begin(struct torci_trace_keep *keep, uint64_t n, size_t at)
{
    struct torci_trace_block *block = &keep->blocks[keep->current];

    if (block->first_n != 0)
        return;
    block->first_n = n;
    block->first_at = at;
    block->first_field = keep->fields;
}

static inline void torci_trace_keep_name(struct torci_trace_keep *keep, const char *name)
{
    keep->names[keep->fields++ & (keep->name_count - 1)] = name;
}

/* Asked between events. */
static inline bool torci_trace_keep_is_full(const struct torci_trace_keep *keep)
{
    return keep->fields >= keep->turn_at;
}

/* The present block is full to there: the one to go on with. */
uint8_t *torci_trace_keep_turn(struct torci_trace_keep *keep, size_t used);

/* Writes the last events, at most `max`, as lines; `used` bytes of the present block are filled. */
int torci_trace_keep_write(const struct torci_trace_keep *keep, size_t used, uint64_t max,
                           torc_trace_write_fn *write, void *arg);

#endif
