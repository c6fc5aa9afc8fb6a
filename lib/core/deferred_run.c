#include "deferred_state.h"

/* Marks a pair of torc_deferred_chain by its address. */
struct torc_result torci_chain_pair(struct torc_result result, void *arg)
{
    (void)arg;
    return result;
}

/* --- the queue of pairs ----------------------------------------------------------------------- */

struct torci_pair *torci_deferred_append_to_blocks(struct torc_deferred *deferred)
{
    struct torci_pair_block *last = deferred->last_block, *block;

    if (last && last->end < TORCI_PAIRS_IN_BLOCK)
        return &last->pairs[last->end++];
    block = torci_pool_get(&torci_deferred_scope(deferred)->pair_blocks);
    if (!block)
        return NULL;
    block->next = NULL;
    block->first = 0;
    block->end = 1;
    if (last)
        last->next = block;
    else
        deferred->first_block = block;
    deferred->last_block = block;
    return &block->pairs[0];
}

const struct torci_pair *torci_deferred_oldest(const struct torc_deferred *deferred)
{
    const struct torci_pair_block *block = deferred->first_block;
    if (deferred->first_pair < deferred->end_pair)
        return &deferred->pairs[deferred->first_pair];
    return block ? &block->pairs[block->first] : NULL;
}

static void remove_from_blocks(struct torc_deferred *deferred)
{
    struct torci_pair_block *block = deferred->first_block;
    if (++block->first < block->end)
        return;
    deferred->first_block = block->next;
    if (!block->next)
        deferred->last_block = NULL;
    torci_pool_put(&torci_deferred_scope(deferred)->pair_blocks, block);
}

void torci_deferred_remove_oldest(struct torc_deferred *deferred)
{
    if (deferred->first_pair == deferred->end_pair)
        remove_from_blocks(deferred);
    else if (++deferred->first_pair == deferred->end_pair)
        deferred->first_pair = deferred->end_pair = 0;
}

/* --- results ---------------------------------------------------------------------------------- */

struct torc_failure *torci_deferred_own_failure(struct torc_deferred *deferred, const char *message)
{
    struct torc_failure *own = &deferred->own;
    if (own->references > 0)
        return torc_failure_static(&torc_failure_deferred_error);
    own->type = &torc_failure_deferred_error;
    own->cause = NULL;
    own->message = message;
    own->references = 1;
    own->code = TORC_EMISUSE;
    own->scope->counts.failures++;
    return own;
}

void torci_result_abandon(struct torc_scope *scope, const char *site, struct torc_result result)
{
    if (result.kind == TORC_RESULT_FAILURE) {
        struct torc_log_event event = {TORC_LOG_CRITICAL, "torc.deferred", "unhandled failure",
                                       site, result.as.failure, NULL, 0};
        scope->counts.unhandled++;
        torc_log_emit(scope, &event);
    }
    torc_result_drop(result);
}

/* Whether `deferred` is `inner` or `inner` waits, at any depth, for `deferred`.  Goes up from the one
 * and down from the other at once and stops with the shorter way, so that building a chain of n in any
 * order costs at most n log n steps. */
static bool waits_for(const struct torc_deferred *inner, const struct torc_deferred *deferred)
{
    const struct torc_deferred *up = deferred, *down = inner;
    while (up && down) {
        if (up == inner || down == deferred)
            return true;
        up = up->waiter;
        down = down->awaiting;
    }
    return false;
}

/* A callback returned `inner`: takes its result if it is there, and waits for it if not.  One that
 * cannot be waited for is not taken. */
static void wait_for(struct torc_deferred *deferred, struct torc_deferred *inner)
{
    if (!inner || inner->waiter || (inner->flags & (TORCI_DROPPED | TORCI_DOOMED))) {
        deferred->result = torc_fail(torci_deferred_own_failure(
            deferred, "a callback returned a deferred that was given away already"));
    } else if (waits_for(inner, deferred)) {
        deferred->result = torc_fail(torci_deferred_own_failure(
            deferred, "a callback returned a deferred that waits for its own result"));
    } else if (torci_deferred_at_rest(inner)) {
        deferred->result = inner->result;
        torci_deferred_end(inner);
    } else {
        deferred->result = torc_value(NULL);
        deferred->awaiting = inner;
        inner->waiter = deferred;
    }
}

/* A failure that is none stands for an error about which nothing is known. */
static void check_result(struct torc_deferred *deferred)
{
    if (deferred->result.kind == TORC_RESULT_FAILURE && !deferred->result.as.failure)
        deferred->result.as.failure = torc_failure_static(&torc_failure_error);
}

/* --- running ---------------------------------------------------------------------------------- */

void torci_deferred_set_fired(struct torc_deferred *deferred, const struct torc_result *result)
{
    deferred->unfired.previous->next = deferred->unfired.next;
    deferred->unfired.next->previous = deferred->unfired.previous;
    torci_deferred_scope(deferred)->counts.deferreds_unfired--;
    deferred->flags |= TORCI_FIRED;
    deferred->canceller = NULL;
    deferred->result = *result;
    check_result(deferred);
}

/* A struct torc_result goes to and comes from a callback in memory.  Copied through vector registers,
 * as gcc would, each copy waits for the narrower stores that have just written the members: measured,
 * 7 of 58 ns for a deferred with three callbacks. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#define COPY_BY_WORDS __attribute__((noinline, target("general-regs-only")))
#else
#define COPY_BY_WORDS
#endif

/* Runs `function`, the half of a pair that the result asks for. */
COPY_BY_WORDS static void run_half(struct torc_deferred *deferred, torc_callback_fn *function,
                                   void *arg, torc_drop_fn *drop_arg)
{
    /* From here until it returns the result is the function's.  `returned` is a variable of its own,
     * so that the function writes it in place. */
    const struct torc_result returned = function(deferred->result, arg);
    /* Before the result is looked at: whatever this does, it finds the deferred running. */
    if (drop_arg)
        drop_arg(arg);
    if (returned.kind == TORC_RESULT_DEFERRED) {
        wait_for(deferred, returned.as.deferred);
    } else {
        /* The kind, narrower than a word, is written only when it changes, for the same reason. */
        if (deferred->result.kind != returned.kind)
            deferred->result.kind = returned.kind;
        deferred->result.as.value = returned.as.value;
        deferred->result.drop = returned.drop;
        if (returned.kind == TORC_RESULT_FAILURE)
            check_result(deferred);
    }
}

/* Gives the result to the deferred a chain pair names and returns it, to be run.  One that takes no
 * result leaves it here, so that no failure is lost - except the first after a cancel. */
static struct torc_deferred *pass_on(struct torc_deferred *deferred, const struct torci_pair *pair)
{
    struct torc_deferred *to =
        torci_deferred_find(pair->arg, pair->end.target.index, pair->end.target.generation);
    struct torc_result result;

    torci_deferred_remove_oldest(deferred);
    if (!to || (!torci_deferred_waits(to) && !(to->flags & TORCI_LATE_FIRE)))
        return NULL;
    torci_result_copy(&result, &deferred->result);
    deferred->result = torc_value(NULL);
    if (torci_deferred_waits(to) &&
        (!torci_deferred_is_meddled_with(to) || torci_deferred_takes(to, &result))) {
        torci_deferred_set_fired(to, &result);
        return to;
    }
    to->flags &= ~(uint32_t)TORCI_LATE_FIRE;
    torc_result_drop(result);
    return NULL;
}

/* Runs pairs until there are none, or the deferred is paused or waits.  Returns a deferred that a
 * chain pair fired and that must be run before this one goes on, or NULL. */
static struct torc_deferred *run_pairs(struct torc_deferred *deferred)
{
    const struct torci_pair *pair;

    deferred->flags |= TORCI_RUNNING;
    while (deferred->pauses == 0 && !deferred->awaiting &&
           (pair = torci_deferred_oldest(deferred)) != NULL) {
        if (pair->callback == torci_chain_pair) {
            struct torc_deferred *to = pass_on(deferred, pair);
            if (to)
                return to;
        } else {
            bool failed = deferred->result.kind == TORC_RESULT_FAILURE;
            torc_callback_fn *function = failed ? pair->errback : pair->callback;
            void *arg = pair->arg;
            torc_drop_fn *drop_arg = pair->end.drop_arg;
            torci_deferred_remove_oldest(deferred);
            if (function)
                run_half(deferred, function, arg, drop_arg);
            else if (drop_arg)
                drop_arg(arg);
        }
    }
    deferred->flags &= ~(uint32_t)TORCI_RUNNING;
    return NULL;
}

/* Moves the final result to whoever waits for it and returns that one; without a waiter or a sink,
 * ends the deferred. */
static struct torc_deferred *hand_on(struct torc_deferred *deferred)
{
    struct torc_deferred *waiter = deferred->waiter;
    struct torc_result result;

    if (!torci_deferred_at_rest(deferred))
        return NULL;
    if (waiter) {
        torci_result_copy(&waiter->result, &deferred->result);
        waiter->awaiting = NULL;
        torci_deferred_end(deferred);
        return waiter->flags & TORCI_DOOMED ? NULL : waiter;
    }
    if (deferred->flags & TORCI_DROPPED) {
        struct torc_scope *scope = torci_deferred_scope(deferred);
        const char *site = deferred->own.site;
        torci_result_copy(&result, &deferred->result);
        torci_deferred_end(deferred);
        if (result.kind == TORC_RESULT_FAILURE || result.drop)
            torci_result_abandon(scope, site, result);
    }
    return NULL;
}

void torci_deferred_run(struct torc_deferred *deferred)
{
    struct torc_deferred *interrupted = NULL;

    while (deferred) {
        struct torc_deferred *fired = run_pairs(deferred);
        if (fired) {
            deferred->next = interrupted;
            interrupted = deferred;
            deferred = fired;
            continue;
        }
        deferred = hand_on(deferred);
        if (!deferred && interrupted) {
            deferred = interrupted;
            interrupted = deferred->next;
        }
    }
}

void torci_deferred_fire(struct torc_deferred *deferred, const struct torc_result *result)
{
    torci_deferred_set_fired(deferred, result);
    torci_deferred_run(deferred);
}
