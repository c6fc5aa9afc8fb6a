/* reactor_internal.h - what the rest of the library needs of a reactor beyond torc/reactor.h.
 *
 * The core links without lib/net.  The first thing that listens, connects or opens a port makes the stream
 * layer and hands it over with torci_reactor_set_streams; from then on the reactor drives it. */
#ifndef TORCI_REACTOR_INTERNAL_H
#define TORCI_REACTOR_INTERNAL_H

#include <torc/reactor.h>

#include "clock_internal.h"

/* --- tokens -----------------------------------------------------------------------------------
 * The core's names for what a platform tells about: kind in the top 4 bits, then 28 bits of the
 * generation, then the index.  Generations are compared by those 28 bits. */

enum torci_token_kind {
    TORCI_TOKEN_STREAM = 1,
    TORCI_TOKEN_LISTENER = 2,
    TORCI_TOKEN_JOB = 3,
    TORCI_TOKEN_SIGNAL = 4,
    TORCI_TOKEN_DATAGRAM = 5,
    TORCI_TOKEN_LOOKUP = 6
};

#define TORCI_TOKEN_GENERATION_MASK UINT32_C(0x0fffffff)

static inline uint64_t torci_token(enum torci_token_kind kind, uint32_t index, uint32_t generation)
{
    return (uint64_t)kind << 60 | (uint64_t)(generation & TORCI_TOKEN_GENERATION_MASK) << 32 | index;
}

static inline enum torci_token_kind torci_token_kind(uint64_t token)
{
    return (enum torci_token_kind)(token >> 60);
}

static inline uint32_t torci_token_index(uint64_t token)
{
    return (uint32_t)token;
}

/* Whether the token was made with this generation; if not, it is stale and its event is dropped. */
static inline bool torci_token_is(uint64_t token, uint32_t generation)
{
    return ((uint32_t)(token >> 32) & TORCI_TOKEN_GENERATION_MASK) ==
           (generation & TORCI_TOKEN_GENERATION_MASK);
}

/* --- the stream layer ------------------------------------------------------------------------- */

struct torci_streams;

/* Every slot is called on the reactor's thread.  Tokens may be stale: earlier callbacks of the same
 * turn may have closed what they name, and the layer drops such events by generation. */
struct torci_streams_ops {
    /* CONNECT for a token of kind STREAM. */
    void (*connected)(struct torci_streams *self, uint64_t token, int result);
    /* NAMES for a token of kind LOOKUP. */
    void (*answered)(struct torci_streams *self, uint64_t token, int result);
    /* READ, WRITE or both, for a token of kind STREAM, LISTENER or DATAGRAM. */
    void (*ready)(struct torci_streams *self, uint64_t token, uint32_t events);
    /* Sends what is queued: one writev for each stream that is dirty on entry.  Called at the end of
     * a turn, and before a turn waits, whenever `dirty` is true.  If callbacks made in it queue more,
     * `dirty` is true on return and the next turn does not block. */
    void (*flush)(struct torci_streams *self);
    /* Shutdown, and free of a reactor that was not stopped: closes every listener and port, gives up
     * every lookup, ends every attempt to connect and aborts every connection, telling their owners (connection_lost with
     * connection_lost, connection_failed, stopped) before it returns.  No turn follows, so nothing
     * may be left to an alarm. */
    void (*disconnect_all)(struct torci_streams *self);
    void (*count)(const struct torci_streams *self, size_t *out_listeners,
                  size_t *out_connections);
    /* One sentence for each listener, port, lookup and connection, as torc_reactor_describe. */
    void (*describe)(const struct torci_streams *self, torc_visit_text_fn *visit, void *arg);
    /* After disconnect_all, while the clock and the scope are still there. */
    void (*free)(struct torci_streams *self);
};

/* First member of the layer. */
struct torci_streams {
    const struct torci_streams_ops *ops;
    bool dirty; /* kept by the layer: flush has something to do */
};

/* NULL until set.  Set once; the reactor takes it. */
struct torci_streams *torci_reactor_streams(const struct torc_reactor *reactor);
void torci_reactor_set_streams(struct torc_reactor *reactor, struct torci_streams *streams);

/* Whether the shutdown has gone past `before`: nothing new can be begun (TORC_ECLOSED). */
bool torci_reactor_stopped(const struct torc_reactor *reactor);
/* Around a callback that may be made outside a turn: in it no turn can be taken, and the reactor not be
 * freed.  What enter answers is for leave. */
bool torci_reactor_enter(struct torc_reactor *reactor);
void torci_reactor_leave(struct torc_reactor *reactor, bool inside);

/* Ends in the platform's `fatal`, with `site` (TORC_HERE), unless the caller may use the reactor. */
void torci_reactor_check(const struct torc_reactor *reactor, const char *site);

#endif
