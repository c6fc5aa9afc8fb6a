/* memory_transport_state.h - what the two sides of a memory transport share: the protocol's side, the
 * calls that a transport has (memory_transport_ops.c), and the test's (memory_transport.c). */
#ifndef TORCI_MEMORY_TRANSPORT_STATE_H
#define TORCI_MEMORY_TRANSPORT_STATE_H

#include <torc/memory_transport.h>

/* Bytes delivered and not yet received; they stay where they are while the protocol looks at them. */
struct piece {
    struct piece *next;
    size_t bytes;
    size_t received_bytes;
    size_t segment_bytes;
    uint8_t data[];
};

struct torc_memory_transport {
    struct torc_transport_owner owner;
    struct torc_scope *scope;
    struct torc_protocol *protocol; /* NULL: the handle alone is used */
    struct torc_producer *producer;
    struct torc_failure *reason; /* why it ends, when it does; held */
    struct torc_failure *broken; /* the connection broke; not noticed yet; held */
    struct piece *first;
    struct piece *last;
    uint8_t *output; /* what was taken, then what is queued */
    size_t output_capacity;
    size_t taken_bytes;
    size_t queued_bytes;
    size_t high_watermark_bytes;
    size_t queued_bytes_max;
    uint32_t generation;
    int options[2]; /* by enum torc_stream_option */
    bool open;
    bool held;
    bool busy; /* a callback is running */
    bool paused;
    bool end_delivered; /* the peer ended its side */
    bool ended;         /* and that was noticed */
    bool losing;
    bool losing_write;
    bool write_lost;
    bool dead; /* end at the next settle: `reason` says why */
    bool aborted;
    bool pull;
    bool producer_paused;
    bool pausing; /* inside its pause */
};

extern const struct torc_transport_ops torci_memory_transport_ops;

/* Notes that the connection is to end with `reason` (taken).  The first reason stays. */
void torci_memory_kill(struct torc_memory_transport *memory, struct torc_failure *reason,
                       bool abort);

#endif
