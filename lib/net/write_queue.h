/* write_queue.h - bytes that were written and not yet taken, in order.
 *
 * Bytes lie in chunks: small ones from a pool that all queues of a reactor share, one of its own size
 * for what does not fit into one of those.  An empty queue holds no memory. */
#ifndef TORCI_WRITE_QUEUE_H
#define TORCI_WRITE_QUEUE_H

#include <torc/platform.h>

#include "scope_pool.h"

struct torci_write_chunk {
    struct torci_write_chunk *next;
    uint32_t size;       /* of the whole chunk: tells a pooled one from one of its own size */
    uint32_t begin, end; /* the bytes not yet taken */
    unsigned char data[];
};

#define TORCI_WRITE_CHUNK_BYTES 2048

struct torci_write_queue {
    struct torci_write_chunk *first, *last;
    size_t bytes;
};

/* The pool for the small chunks. */
void torci_write_queue_pool_init(struct torci_pool *pool, struct torc_scope *scope);

/* Appends all bytes of the spans or, without memory, none.  `total` is their sum, and more than 0.
 * Errors: TORC_ENOMEM; TORC_ELIMIT, beyond 2 GiB at once. */
TORC_CHECKED int torci_write_queue_append(struct torci_write_queue *queue, struct torci_pool *pool,
                                          const struct torc_span *spans, size_t count, size_t total);

/* Describes the first bytes as at most `capacity` spans; returns how many.  *out_bytes: their sum. */
size_t torci_write_queue_spans(const struct torci_write_queue *queue, struct torc_span *spans,
                               size_t capacity, size_t *out_bytes);

/* Forgets the first `bytes`, or all. */
void torci_write_queue_consume(struct torci_write_queue *queue, struct torci_pool *pool,
                               size_t bytes);
void torci_write_queue_clear(struct torci_write_queue *queue, struct torci_pool *pool);

#endif
