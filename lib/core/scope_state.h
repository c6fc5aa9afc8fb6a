/* scope_state.h - what a scope is made of; for scope.c, log.c, failure.c, deferred*.c and reactor.c
 * alone. */
#ifndef TORCI_SCOPE_STATE_H
#define TORCI_SCOPE_STATE_H

#include <stdbool.h>

#include <torc/log.h>
#include <torc/scope.h>

#include "scope_pool.h"

struct torc_deferred;

/* A ring of these, with one that stands for the list itself. */
struct torci_link {
    struct torci_link *previous;
    struct torci_link *next;
};

/* The slots deferreds live in (deferred_state.h). */
struct torci_deferred_table {
    struct torc_deferred **chunks;
    uint32_t chunk_count;
    uint32_t chunk_capacity;
    uint32_t untouched; /* slots at the end of the last chunk that were never taken */
    struct torc_deferred *free; /* the last one freed first: its lines are still warm */
    struct torc_deferred *reserve; /* set aside */
    bool reserve_open;
    struct torci_link unfired;  /* oldest first */
};

struct torc_scope {
    struct torc_allocator allocator;
    struct torc_log_observer *observer;
    struct torc_scope_counts counts;
    struct torci_deferred_table deferreds;
    struct torci_pool pair_blocks;
    struct torci_pool timeouts;
    bool closing; /* torc_scope_free has begun: no new deferreds */
    bool observing; /* the observer is looking at an event */
};

/* The scope's deferreds (deferred_table.c): `open` and `close` are part of making and freeing the
 * scope.  `end` makes all of them stale, runs their drop functions and allows no new ones; `close` does
 * that too, but a reactor ends them earlier, while what those functions use is still there.  The slots
 * stay until `close`, so that a sink or a source kept so long is harmless. */
void torci_scope_open_deferreds(struct torc_scope *scope);
void torci_scope_end_deferreds(struct torc_scope *scope);
void torci_scope_close_deferreds(struct torc_scope *scope);

#endif
