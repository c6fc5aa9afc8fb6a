/* torc/deferred.h - a result that has not arrived yet.
 *
 * A deferred has two ends.  The source (a value handle, held by whoever will know the result) fires
 * it once.  The sink (a pointer, held by whoever wants the result) adds callbacks, and then either
 * drops it or hands it on (returns it from a callback).  It dies when both ends have happened:
 * fired or source dropped, and sink dropped.
 *
 * Rules, in the order people get them wrong:
 *  1. A callback gets the result and owns it.  What it returns is the result for the next callback:
 *     the same one, another one, a failure, or a deferred to wait for.  A result that is not
 *     returned must be released (torc_result_drop) or be kept by the callback.
 *  2. Of a pair, exactly one runs.  A failure returned by the callback goes to the next pair's
 *     errback, never to this one's.
 *  3. Callbacks run in the order they were added, one at a time, never nested: adding one to a
 *     deferred that is running its callbacks only appends.
 *  4. Adding to a deferred that has fired and is not paused runs the callback before returning.
 *  5. Returning a deferred takes it and moves its result here; the chain stops until that one
 *     fires.  Chains of any length fire and die without recursion.  One that cannot be waited for
 *     (itself, one that waits for this one, one that was handed on or dropped already) is not taken;
 *     the result is then a failure of type deferred_error.
 *  6. A failure that is still the result when the sink is dropped is unhandled: it is reported at
 *     once, with the place the deferred was made.
 *  7. After the sink is dropped the source may still fire: callbacks run, and a failure left over
 *     is reported then.
 *
 * Nothing but making a deferred and adding to it allocates.  All calls are for the scope's thread. */
#ifndef TORC_DEFERRED_H
#define TORC_DEFERRED_H

#include <torc/failure.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_deferred;
struct torc_clock;

enum torc_result_kind {
    TORC_RESULT_VALUE,
    TORC_RESULT_FAILURE,
    TORC_RESULT_DEFERRED /* only as what a callback returns */
};

/* What a deferred holds: a value (any pointer or number the two ends agree on), a failure, or - on
 * its way out of a callback - a deferred. */
struct torc_result {
    enum torc_result_kind kind;
    union {
        void *value;
        struct torc_failure *failure;
        struct torc_deferred *deferred;
    } as;
    torc_drop_fn *drop; /* releases `as.value`; NULL for a value that needs none */
};

/* A value that needs no releasing; a value with its release function; a failure (taken); wait for
 * another deferred (its sink end is taken). */
static inline struct torc_result torc_value(void *value)
{
    struct torc_result result = {TORC_RESULT_VALUE, {NULL}, NULL};
    result.as.value = value;
    return result;
}
static inline struct torc_result torc_owned(void *value, torc_drop_fn *drop)
{
    struct torc_result result = torc_value(value);
    result.drop = drop;
    return result;
}
static inline struct torc_result torc_fail(struct torc_failure *failure)
{
    struct torc_result result = {TORC_RESULT_FAILURE, {NULL}, NULL};
    result.as.failure = failure;
    return result;
}
static inline struct torc_result torc_await(struct torc_deferred *deferred)
{
    struct torc_result result = {TORC_RESULT_DEFERRED, {NULL}, NULL};
    result.as.deferred = deferred;
    return result;
}

/* Releases whatever the result holds (for a deferred: drops its sink end). */
TORC_API void torc_result_drop(struct torc_result result);

/* Runs with the result of the pair before it, which it owns (rule 1). */
typedef struct torc_result torc_callback_fn(struct torc_result result, void *arg);

/* The firing end: a value, copied freely.  A zero source is stale. */
struct torc_source {
    struct torc_scope *scope;
    uint32_t index;
    uint32_t generation;
};

/* Asks the producer of the result to stop.  Called at most once, while the deferred has not fired.
 * It may fire `source` itself, with a value or a failure; if it does not, the deferred then fires
 * with TORC_ECANCELED (cancelled). */
typedef void torc_canceller_fn(struct torc_source source, void *arg);

/* Makes a deferred.  `canceller` may be NULL; `arg` is borrowed until the deferred has fired.
 * `out_source` and `out` are both given.  Errors: TORC_ENOMEM; TORC_ECLOSED, the scope is being
 * freed. */
TORC_API TORC_CHECKED int torc_deferred_new_at(const char *site, struct torc_scope *scope,
                                               torc_canceller_fn *canceller, void *arg,
                                               struct torc_source *out_source,
                                               struct torc_deferred **out);
#define torc_deferred_new(...) torc_deferred_new_at(TORC_HERE, __VA_ARGS__)

/* Makes one that has fired already.  `result` is taken, on success only; it must not be a deferred
 * (TORC_EINVAL).  Other errors as above. */
TORC_API TORC_CHECKED int torc_deferred_fired_at(const char *site, struct torc_scope *scope,
                                                 struct torc_result result,
                                                 struct torc_deferred **out);
#define torc_deferred_fired(...) torc_deferred_fired_at(TORC_HERE, __VA_ARGS__)

/* --- the source ------------------------------------------------------------------------------ */

/* Fires the deferred: runs its callbacks, and those of whoever waits for it, before returning.
 * `result` is taken always, whatever the answer; it must not be a deferred (TORC_EINVAL, and it is
 * dropped).
 * Errors: TORC_EFIRED, it had fired.  TORC_ECANCELED, it had been cancelled and had no canceller:
 * the answer to the first fire after that, reported nowhere; later ones get TORC_EFIRED.
 * TORC_ESTALE, it is gone. */
TORC_API int torc_source_fire(struct torc_source source, struct torc_result result);

/* Gives up the source without a result: fires with a failure of type deferred_error ("the source was
 * dropped") that carries the creation site.  No-op if it has fired, was cancelled or is gone. */
TORC_API void torc_source_drop(struct torc_source source);

/* Whether a fire would be taken: alive, not fired and not cancelled. */
TORC_API bool torc_source_waiting(struct torc_source source);

/* --- the sink -------------------------------------------------------------------------------- */

/* Adds a pair; either may be NULL, which passes the result on unchanged.  Runs it before returning
 * if the deferred has fired, is not paused and is not running callbacks already.
 * `arg` is taken: `drop_arg` is called exactly once, after the pair ran, was skipped or died.
 * Errors: TORC_ENOMEM; TORC_ECLOSED, the scope is being freed.  The deferred is unchanged and `arg`
 * is not taken. */
TORC_API TORC_CHECKED int torc_deferred_add(struct torc_deferred *deferred,
                                            torc_callback_fn *callback, torc_callback_fn *errback,
                                            void *arg, torc_drop_fn *drop_arg);
static inline TORC_CHECKED int torc_deferred_add_callback(struct torc_deferred *deferred,
                                                          torc_callback_fn *callback, void *arg,
                                                          torc_drop_fn *drop_arg)
{
    return torc_deferred_add(deferred, callback, NULL, arg, drop_arg);
}
static inline TORC_CHECKED int torc_deferred_add_errback(struct torc_deferred *deferred,
                                                         torc_callback_fn *errback, void *arg,
                                                         torc_drop_fn *drop_arg)
{
    return torc_deferred_add(deferred, NULL, errback, arg, drop_arg);
}
static inline TORC_CHECKED int torc_deferred_add_both(struct torc_deferred *deferred,
                                                      torc_callback_fn *both, void *arg,
                                                      torc_drop_fn *drop_arg)
{
    return torc_deferred_add(deferred, both, both, arg, drop_arg);
}

/* Drops the sink end.  If the deferred has fired and is not paused or waiting, it dies here, and a
 * failure still in it is reported as unhandled.  If not, it lives until the source fires or is
 * dropped.  NULL is accepted.  Inside one of its own callbacks: it dies after the last of them. */
TORC_API void torc_deferred_drop(struct torc_deferred *deferred);

/* Stops callbacks from running until as many unpauses as pauses have been said.
 * torc_deferred_unpause errors: TORC_EINVAL, it was not paused. */
TORC_API void torc_deferred_pause(struct torc_deferred *deferred);
TORC_API int torc_deferred_unpause(struct torc_deferred *deferred);

/* Asks for the result to be given up.  Not fired: the canceller runs, and the deferred fires with
 * what the canceller fired it with or else with a failure of type cancelled.  Waiting for another
 * deferred: cancels that one, at any depth, without recursion.  Otherwise a no-op.  A request, not a
 * guarantee: a callback may turn the failure into something else.  Never allocates. */
TORC_API void torc_deferred_cancel(struct torc_deferred *deferred);

/* Cancels the deferred after `delay_ns`, unless it has a result by then.  Covers the callbacks
 * added before this call, not those after it.  A failure of type cancelled that arrives because of
 * it becomes one of type timeout; the timer goes away on every path.
 * The clock must be of the deferred's scope.  Errors: TORC_ENOMEM; nothing is changed. */
TORC_API TORC_CHECKED int torc_deferred_add_timeout(struct torc_deferred *deferred,
                                                    struct torc_clock *clock, uint64_t delay_ns);

/* State, for tests. */
TORC_API bool torc_deferred_has_fired(const struct torc_deferred *deferred);
/* The place it was made; a literal. */
TORC_API const char *torc_deferred_site(const struct torc_deferred *deferred);

/* Takes the result out of a deferred that has fired and is not paused or waiting: the deferred goes
 * on with value NULL.  `out` is given.  Errors: TORC_EAGAIN, there is no result now. */
TORC_API TORC_CHECKED int torc_deferred_take(struct torc_deferred *deferred,
                                             struct torc_result *out);

/* Fires `to` with the result of `from`, when it has one; `from` goes on with value NULL.  If `to` has
 * fired or is gone by then, the result stays in `from`, so that no failure is lost.  Cancelling the
 * other deferred does not reach `from`.  Takes neither end.  Errors: TORC_ENOMEM, TORC_ECLOSED. */
TORC_API TORC_CHECKED int torc_deferred_chain(struct torc_deferred *from, struct torc_source to);

#ifdef __cplusplus
}
#endif
#endif
