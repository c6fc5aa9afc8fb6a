/* torc/clock.h - timed calls, and the clock they are made on.
 *
 * A reactor has a clock (torc_reactor_clock); a test of code that only needs time makes one by
 * itself and advances it by hand.  Both are this one implementation: same order, same rules.
 *
 * Time is in nanoseconds from an arbitrary start and never goes back.  Calls run in the order
 * (deadline, sequence), where the sequence is counted up by every arming: equal deadlines run in the
 * order they were asked for.  Each call sees its own due time as now on a simulated or hand-advanced
 * clock; on a live one, the time sampled for the turn. */
#ifndef TORC_CLOCK_H
#define TORC_CLOCK_H

#include <torc/failure.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_clock;

#define TORC_NEVER UINT64_MAX

/* Durations, for the literal: 5 * TORC_SECOND. */
#define TORC_MICROSECOND UINT64_C(1000)
#define TORC_MILLISECOND UINT64_C(1000000)
#define TORC_SECOND UINT64_C(1000000000)

/* A call of the user's.  NULL: all went well; a failure is given, logged as an error, and whoever
 * called goes on with the next call. */
typedef struct torc_failure *torc_call_fn(void *arg);

/* A handle on a timed call: a value, copied freely; stale once the call has begun or was cancelled.
 * Zero is stale.  Not to be used after its clock is freed. */
struct torc_timer {
    struct torc_clock *clock;
    uint32_t index;
    uint32_t generation;
};

/* Makes a clock that stands at 0.  Errors: TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_clock_new(struct torc_scope *scope, struct torc_clock **out);

/* Frees it; calls still pending do not run, their drop functions do.  Inside one of its calls the clock
 * goes when that has returned.  NULL is accepted. */
TORC_API void torc_clock_free(struct torc_clock *clock);

TORC_API uint64_t torc_clock_now(const struct torc_clock *clock);

/* Goes forward by `delta_ns`, running what becomes due, each at its own time: a call that arms
 * another within the span has it run too.  A call armed with delay 0 inside a call runs after all
 * that were due at that time before it.  TORC_EMISUSE: on a reactor's clock, or inside a call. */
TORC_API int torc_clock_advance(struct torc_clock *clock, uint64_t delta_ns);

/* Goes forward to the next deadline and runs all calls due then, but not those they arm.
 * TORC_ENOTFOUND: none is pending.  TORC_EMISUSE: as above. */
TORC_API int torc_clock_advance_to_next(struct torc_clock *clock);

/* Calls `call(arg)` once, `delay_ns` from now; never before this returns.  A call armed with delay 0
 * inside a timed call waits for the next round (live: the next turn).  A deadline past the end of
 * time is TORC_NEVER, which does not come.
 * `arg` is taken: `drop_arg` is called exactly once, after the call, at cancel, or when the clock is
 * freed.  `out` may be NULL.
 * Errors: TORC_ENOMEM; TORC_ECLOSED, the clock's reactor has stopped; `arg` is not taken. */
TORC_API TORC_CHECKED int torc_call_later_at(const char *site, struct torc_clock *clock,
                                             uint64_t delay_ns, torc_call_fn *call, void *arg,
                                             torc_drop_fn *drop_arg, struct torc_timer *out);
#define torc_call_later(...) torc_call_later_at(TORC_HERE, __VA_ARGS__)

/* Cancel: the call will not run.  Reset: due `delay_ns` from now.  Delay: due `delta_ns` later than
 * scheduled (earlier if negative, at the earliest now).  Reset and delay arm anew, so among equal
 * deadlines the call is the last; neither allocates.
 * Errors of all three: TORC_ECALLED, it has been called (inside its own call too); TORC_ECANCELED,
 * it was cancelled before; TORC_ESTALE, so long ago that the slot serves another call. */
TORC_API int torc_timer_cancel(struct torc_timer timer);
TORC_API int torc_timer_reset(struct torc_timer timer, uint64_t delay_ns);
TORC_API int torc_timer_delay(struct torc_timer timer, int64_t delta_ns);

/* Whether the call is still to come. */
TORC_API bool torc_timer_active(struct torc_timer timer);

/* The time it is due; TORC_NEVER unless active. */
TORC_API uint64_t torc_timer_deadline(struct torc_timer timer);

/* The number pending, and each of them in no particular order with the place it was armed.  `visit`
 * must not change the clock. */
TORC_API size_t torc_clock_pending(const struct torc_clock *clock);
typedef void torc_visit_timer_fn(void *arg, uint64_t deadline_ns, const char *site);
TORC_API void torc_clock_visit(const struct torc_clock *clock, torc_visit_timer_fn *visit, void *arg);

#ifdef __cplusplus
}
#endif
#endif
