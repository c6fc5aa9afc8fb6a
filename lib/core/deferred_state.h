/* deferred_state.h - the inside of a deferred; for deferred*.c, failure.c and scope.c alone.
 *
 * Deferreds live in slots of a table in their scope.  A slot's address and its two numbers stay valid
 * until the scope is freed, so a source handle of a deferred that is gone is told by its generation,
 * which goes up when a deferred ends.  The rest of a free slot is poisoned under AddressSanitizer.
 *
 * A deferred goes through: unfired (in the scope's list of unfired ones) -> fired, and then any of
 * running its pairs, paused, or waiting for another -> at rest, with a result and no pairs -> gone. */
#ifndef TORCI_DEFERRED_STATE_H
#define TORCI_DEFERRED_STATE_H

#include <torc/clock.h>
#include <torc/deferred.h>

#include "failure_state.h"
#include "scope_state.h"

/* What torc_deferred_chain adds has `callback` torci_chain_pair, which is never called, `arg` the
 * scope and `end.target` the slot to fire; any other pair has `end.drop_arg`. */
struct torci_pair {
    torc_callback_fn *callback;
    torc_callback_fn *errback;
    void *arg;
    union {
        torc_drop_fn *drop_arg;
        struct {
            uint32_t index;
            uint32_t generation;
        } target;
    } end;
};

/* The first pairs stand in the deferred, the others in blocks from a pool. */
enum { TORCI_PAIRS_INSIDE = 3, TORCI_PAIRS_IN_BLOCK = 6 };

struct torci_pair_block {
    struct torci_pair_block *next;
    uint32_t first;
    uint32_t end;
    struct torci_pair pairs[TORCI_PAIRS_IN_BLOCK];
};

enum torci_deferred_flag {
    TORCI_FIRED = 1,
    TORCI_RUNNING = 2,      /* a frame further up runs the pairs, or will go on doing so */
    TORCI_DROPPED = 4,      /* the sink end is dropped */
    TORCI_CANCELLING = 8,   /* the canceller was called */
    TORCI_LATE_FIRE = 16,   /* cancelled without a canceller: the next fire is not an error */
    TORCI_ALIVE = 32,       /* the slot is in use */
    TORCI_DOOMED = 64,      /* the scope is being freed */
    /* What a test does (deferred_fate.c). */
    TORCI_WITHHELD = 128,   /* a fire is not to come through */
    TORCI_SPENT = 256,      /* withheld, and fired */
    TORCI_FAILING = 512,    /* `result` has the failure it is to fire with, whatever the canceller says */
    TORCI_NOTED = 1024      /* torc_scope_note_unfired has counted it */
};

struct torc_deferred {
    uint32_t generation;
    uint32_t index;
    uint32_t flags;
    uint32_t first_pair; /* of those inside */
    struct torci_link unfired; /* while not fired */
    struct torc_deferred *next; /* free list; interrupted deferreds of a run; doomed ones */
    torc_canceller_fn *canceller;
    void *canceller_arg;
    struct torc_result result;
    struct torc_deferred *awaiting; /* the one this waits for, whose sink end it has */
    struct torc_deferred *waiter;   /* the one that waits for this */
    struct torci_pair_block *first_block;
    struct torci_pair_block *last_block;
    uint32_t end_pair;
    uint32_t pauses;
    struct torci_pair pairs[TORCI_PAIRS_INSIDE];
    /* Reserved for the one failure a deferred makes of itself; its scope and site are the
     * deferred's.  With references it keeps the slot from being used anew. */
    struct torc_failure own;
};

/* One torc_deferred_add_timeout: shared by the timer and the pair that ends it, whichever goes first. */
struct torci_timeout {
    struct torc_scope *scope;
    uint32_t index; /* of the deferred */
    uint32_t generation;
    bool armed;   /* the timer still has this */
    bool attached; /* the pair still has this */
    bool expired;
    struct torc_timer timer;
};

/* --- slots (deferred_table.c) ---------------------------------------------------------------- */

enum { TORCI_SLOTS_IN_CHUNK_LOG2 = 6, TORCI_SLOTS_IN_CHUNK = 1 << TORCI_SLOTS_IN_CHUNK_LOG2 };

/* Takes a slot; only its numbers, flags, scope and empty own failure are set.  NULL: no memory. */
TORC_CHECKED struct torc_deferred *torci_deferred_take_slot(struct torc_scope *scope);

/* Ends a deferred: its source is stale from here on, and the slot is free unless the own failure is
 * still kept.  Everything it held must have been taken out. */
void torci_deferred_end(struct torc_deferred *deferred);

/* The last reference to a deferred's own failure is gone. */
void torci_deferred_own_failure_ended(struct torc_failure *own);

static inline struct torc_deferred *torci_deferred_find(const struct torc_scope *scope,
                                                        uint32_t index, uint32_t generation)
{
    struct torc_deferred *deferred;
    if (!scope || (index >> TORCI_SLOTS_IN_CHUNK_LOG2) >= scope->deferreds.chunk_count)
        return NULL;
    deferred = scope->deferreds.chunks[index >> TORCI_SLOTS_IN_CHUNK_LOG2] +
               (index & (TORCI_SLOTS_IN_CHUNK - 1));
    return deferred->generation == generation ? deferred : NULL;
}

static inline struct torc_scope *torci_deferred_scope(const struct torc_deferred *deferred)
{
    return deferred->own.scope;
}

/* --- pairs and running them (deferred_run.c) -------------------------------------------------- */

torc_callback_fn torci_chain_pair;

/* Appends a pair, which the caller must fill in at once.  NULL: no memory. */
TORC_CHECKED struct torci_pair *torci_deferred_append_to_blocks(struct torc_deferred *deferred);
static inline TORC_CHECKED struct torci_pair *torci_deferred_append(struct torc_deferred *deferred)
{
    if (!deferred->last_block && deferred->end_pair < TORCI_PAIRS_INSIDE)
        return &deferred->pairs[deferred->end_pair++];
    return torci_deferred_append_to_blocks(deferred);
}

/* The oldest pair, until the next call for this deferred, or NULL; and taking it away. */
const struct torci_pair *torci_deferred_oldest(const struct torc_deferred *deferred);
void torci_deferred_remove_oldest(struct torc_deferred *deferred);

/* Gives one that has not fired its result, which is no deferred; the second also runs it. */
void torci_deferred_set_fired(struct torc_deferred *deferred, const struct torc_result *result);
void torci_deferred_fire(struct torc_deferred *deferred, const struct torc_result *result);

/* Cancels it; `failure`, which is taken, is what it then fires with in place of any other failure.  NULL: as
 * torc_deferred_cancel. */
void torci_deferred_cancel_with(struct torc_deferred *deferred, struct torc_failure *failure);

/* Whether its source can still fire it. */
static inline bool torci_deferred_waits(const struct torc_deferred *deferred)
{
    return (deferred->flags & (TORCI_FIRED | TORCI_SPENT)) == 0;
}
/* Whether torci_deferred_takes is to be asked before a fire. */
static inline bool torci_deferred_is_meddled_with(const struct torc_deferred *deferred)
{
    return deferred->flags & (TORCI_WITHHELD | TORCI_FAILING);
}
/* What a fire of one that waits comes to: false, nothing, and the result is the caller's; otherwise it fires with
 * *result, which may be another one by then. */
TORC_CHECKED bool torci_deferred_takes(struct torc_deferred *deferred, struct torc_result *result);

/* Copies a result member by member.  A plain assignment is compiled into loads wider than the stores
 * that have just written the members, which the processor cannot forward: measured, a third of the
 * time of a fire. */
static inline void torci_result_copy(struct torc_result *to, const volatile struct torc_result *from)
{
    to->kind = from->kind;
    to->as.value = from->as.value;
    to->drop = from->drop;
}

/* Runs what can run now, here and in those that wait for this one, and ends what nobody holds any
 * more.  `deferred` may be gone afterwards. */
void torci_deferred_run(struct torc_deferred *deferred);

/* Fired, and neither running, paused nor waiting: it holds its result, and unless a pair was added
 * just now, none is left to run. */
static inline bool torci_deferred_at_rest(const struct torc_deferred *deferred)
{
    return (deferred->flags & (TORCI_FIRED | TORCI_RUNNING | TORCI_DOOMED)) == TORCI_FIRED &&
           deferred->pauses == 0 && !deferred->awaiting;
}

/* A failure of type deferred_error with the deferred's site, made without memory: its own one or, if
 * that is taken, the static one.  `message` is a literal. */
struct torc_failure *torci_deferred_own_failure(struct torc_deferred *deferred,
                                                const char *message);

/* Reports a failure nobody handled and drops it; any other result is just dropped. */
void torci_result_abandon(struct torc_scope *scope, const char *site, struct torc_result result);

#endif
