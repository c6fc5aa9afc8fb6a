/* torc/reactor.h - the event loop: waits for events, runs timed calls, protocols and triggers.
 *
 * One reactor, one thread, and any number of reactors in a process.  A turn is, in this order:
 *
 *   wait      until something is ready or due (in sim it never blocks)
 *   now       is sampled, once; outside a turn it is the platform's
 *   1         calls from other threads that had arrived by then, in order
 *   2         timed calls that are due, in the order (deadline, sequence); those armed by them wait
 *             for the next turn
 *   3         if stop was asked for: shutdown begins; what waited for a deferred of a trigger goes on
 *   4         completions (jobs, connects, signals), then readiness (accept, read, write)
 *   5         what was written during the turn is sent, one writev for each stream (what was written
 *             between turns, before the wait)
 *
 * A failure returned by a callback is logged and the turn goes on.  Unless said otherwise, calls are
 * for the reactor's own thread; from elsewhere, or from a job, they end in the platform's `fatal`.
 * All of them may be made inside callbacks, except where TORC_EMISUSE is named. */
#ifndef TORC_REACTOR_H
#define TORC_REACTOR_H

#include <torc/clock.h>
#include <torc/deferred.h>
#include <torc/log.h>
#include <torc/platform.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_reactor;

struct torc_reactor_options {
    size_t size;                        /* sizeof(struct torc_reactor_options) */
    struct torc_log_observer *observer; /* borrowed; NULL: none */
    /* How long deferreds of `before shutdown` and jobs may hold the shutdown; then it is logged which
     * did, with the places they were made, and the shutdown goes on.  0: for ever. */
    uint64_t shutdown_timeout_ns;
    size_t jobs_max;          /* submitted and not yet done; 0: 4096 */
    size_t thread_calls_max;  /* waiting calls from threads; 0: 65536 */
    bool watch_signals;       /* run: SIGINT and SIGTERM stop the reactor; the second one crashes it */
    const char *host_name;    /* borrowed until the reactor is freed; NULL: "" */
};
#define TORC_REACTOR_OPTIONS_INIT {sizeof(struct torc_reactor_options), NULL, 0, 0, 0, false, NULL}

/* Makes a reactor on a platform, which is borrowed until the reactor is freed.  `options` may be
 * NULL.  Errors: TORC_ENOMEM; TORC_EINVAL, the platform's table is short or has a hole. */
TORC_API TORC_CHECKED int torc_reactor_new(struct torc_platform *platform,
                                           const struct torc_reactor_options *options,
                                           struct torc_reactor **out);

/* Frees it.  Connections still open are aborted and their protocols told; listeners are closed;
 * timed calls, triggers and calls from threads are dropped; jobs still running are waited for (where
 * time is driven from outside, one that cannot end is left: its `arg` is not dropped).  Inside a
 * callback it is fatal.  NULL is accepted. */
TORC_API void torc_reactor_free(struct torc_reactor *reactor);

TORC_API struct torc_scope *torc_reactor_scope(struct torc_reactor *reactor);
TORC_API struct torc_clock *torc_reactor_clock(struct torc_reactor *reactor);
TORC_API struct torc_platform *torc_reactor_platform(struct torc_reactor *reactor);

/* The time of this turn (between turns: the platform's), and the time of day. */
TORC_API uint64_t torc_reactor_now(const struct torc_reactor *reactor);
TORC_API uint64_t torc_reactor_wall(struct torc_reactor *reactor);

/* The name of the host the program runs on, for programs that must know which of several they are.  `torc serve`
 * gives the system's (gethostname), a simulated host its own, a replay the recorded one; "" where none was given. */
TORC_API const char *torc_reactor_host_name(const struct torc_reactor *reactor);

/* Random bytes for `site`, a literal that names the consumer. */
TORC_API void torc_reactor_random(struct torc_reactor *reactor, const char *site, void *out,
                                  size_t bytes);

/* --- running ----------------------------------------------------------------------------------
 * `run` is start, turns until the reactor has stopped, and return.  The simulator does the same with
 * the turns of many reactors.  A reactor that was stopped cannot be run again; one that crashed can. */

/* Runs until stopped or crashed.  Errors: TORC_ERUNNING; TORC_ENOTRESTARTABLE; TORC_EMISUSE, inside a
 * callback or on a platform whose time is driven from outside (sim). */
TORC_API TORC_CHECKED int torc_reactor_run(struct torc_reactor *reactor);

/* Fires `startup`: before, (running becomes true) during, after.  If a trigger of `before` returned a
 * deferred, the rest follows in the turn after it has fired.  Errors as run, but any platform will
 * do. */
TORC_API TORC_CHECKED int torc_reactor_start(struct torc_reactor *reactor);

/* The time at which `turn` will have something to do without any event from outside; now if at once;
 * TORC_NEVER. */
TORC_API uint64_t torc_reactor_next_at(const struct torc_reactor *reactor);

/* One turn.  Blocks, if the platform does, until `deadline_ns` at the latest (0: not at all).
 * Returns TORC_ENOTRUNNING once the reactor has stopped or crashed, TORC_EMISUSE inside a turn. */
TORC_API int torc_reactor_turn(struct torc_reactor *reactor, uint64_t deadline_ns);

/* One turn of a reactor that need not be running, blocking for `delay_ns` at the most.
 * Errors: TORC_ENOTRUNNING, it was stopped; TORC_EMISUSE inside a turn. */
TORC_API int torc_reactor_iterate(struct torc_reactor *reactor, uint64_t delay_ns);

/* Asks for the shutdown: returns at once; running stays true until `before shutdown` is over and no
 * job is left.  Then every connection is ended (connection_lost) and the triggers of `during` and
 * `after` run.  Work armed after stop runs only while `before shutdown` lasts; from `during` on it is
 * refused with TORC_ECLOSED, and what has not run is dropped, timed calls when the reactor is freed.
 * Errors: TORC_ENOTRUNNING: not running, or asked for already. */
TORC_API int torc_reactor_stop(struct torc_reactor *reactor);

/* Leaves the loop after this turn, without triggers; the reactor can be run again.  Ends a shutdown
 * that is held, too.  Errors: TORC_ENOTRUNNING. */
TORC_API int torc_reactor_crash(struct torc_reactor *reactor);

TORC_API bool torc_reactor_running(const struct torc_reactor *reactor);
/* It runs, and was asked to stop. */
TORC_API bool torc_reactor_stopping(const struct torc_reactor *reactor);

/* The signal that stopped the reactor (enum torc_signal), or 0. */
TORC_API int torc_reactor_exit_signal(const struct torc_reactor *reactor);

/* --- calls ------------------------------------------------------------------------------------
 * torc_call_later(torc_reactor_clock(reactor), ...) is in torc/clock.h. */

/* A timed call with delay 0.  Errors as torc_call_later. */
TORC_API TORC_CHECKED int torc_call_soon_at(const char *site, struct torc_reactor *reactor,
                                            torc_call_fn *call, void *arg, torc_drop_fn *drop_arg);
#define torc_call_soon(...) torc_call_soon_at(TORC_HERE, __VA_ARGS__)

/* Calls it after startup: at once if the reactor is running.  `arg` as torc_call_later.
 * Errors: TORC_ENOMEM; TORC_ECLOSED, the reactor has stopped. */
TORC_API TORC_CHECKED int torc_call_when_running(struct torc_reactor *reactor, torc_call_fn *call,
                                                 void *arg, torc_drop_fn *drop_arg);

/* From any thread and from jobs: calls it on the reactor's thread, in the next turn; never before
 * this returns.  Calls of one thread run in order.  `arg` is taken on success; `drop_arg` runs on the
 * reactor's thread.  Errors: TORC_ENOMEM; TORC_ELIMIT; TORC_ECLOSED, the reactor has stopped. */
TORC_API TORC_CHECKED int torc_call_from_thread(struct torc_reactor *reactor, torc_call_fn *call,
                                                void *arg, torc_drop_fn *drop_arg);

/* --- jobs ------------------------------------------------------------------------------------- */

/* Runs `work(arg)` where it may block (live: a thread; sim: a stack of its own) and fires the
 * deferred with value `arg` if it returned 0, else with a failure of type job_failed and that code.
 * Cancelling the deferred does not stop the work.  `arg` is taken; it is given to the deferred's value
 * if the work succeeded (released by `drop_arg` if nobody takes it), else `drop_arg` is called after
 * the work, before the deferred fires.  The shutdown waits for jobs.
 * Errors: TORC_ENOMEM; TORC_ELIMIT (jobs_max); TORC_ECLOSED, the reactor has stopped. */
TORC_API TORC_CHECKED int torc_run_job_at(const char *site, struct torc_reactor *reactor,
                                          torc_work_fn *work, void *arg, torc_drop_fn *drop_arg,
                                          struct torc_deferred **out);
#define torc_run_job(...) torc_run_job_at(TORC_HERE, __VA_ARGS__)

/* The same without a deferred: `done` is called on the reactor's thread when the work is over, with what it
 * returned, and always (but where torc_reactor_free leaves a job that cannot end).  For what must not need
 * memory to learn of an end.  Errors: as above; nothing was submitted, `done` is not called. */
typedef void torc_job_done_fn(void *arg, int result);
TORC_API TORC_CHECKED int torc_submit_job_at(const char *site, struct torc_reactor *reactor,
                                             torc_work_fn *work, torc_job_done_fn *done, void *arg);
#define torc_submit_job(...) torc_submit_job_at(TORC_HERE, __VA_ARGS__)

/* --- system events ----------------------------------------------------------------------------
 * "startup" and "shutdown" are fired by the reactor; any other name is the user's. */

enum torc_phase { TORC_BEFORE, TORC_DURING, TORC_AFTER };

/* Runs once.  In phase `before` it may return torc_await(deferred): `during` begins when all of those
 * have their results.  A failure, returned or waited for, is logged and the rest go on.  Any other
 * result is released, as is a deferred returned in another phase. */
typedef struct torc_result torc_trigger_fn(void *arg);

struct torc_trigger {
    uint32_t index;
    uint32_t generation;
};

/* Adds a trigger; those of a phase run in the order they were added.  One added while its event is
 * being fired runs too unless its phase is over; then it waits for the next time.  `event` is copied.
 * `arg` is taken: `drop_arg` is called once, after it ran, at removal or when the reactor is freed.
 * `out` may be NULL.  Errors: TORC_ENOMEM; TORC_EINVAL, no such phase; TORC_ECLOSED, the reactor has
 * stopped and this would never run. */
TORC_API TORC_CHECKED int torc_reactor_add_trigger(struct torc_reactor *reactor,
                                                   enum torc_phase phase, const char *event,
                                                   torc_trigger_fn *trigger, void *arg,
                                                   torc_drop_fn *drop_arg,
                                                   struct torc_trigger *out);

/* Errors: TORC_ESTALE, it was removed or has run. */
TORC_API int torc_reactor_remove_trigger(struct torc_reactor *reactor, struct torc_trigger trigger);

/* Fires an event of the user's: all of it before this returns, unless a trigger of `before` returned a
 * deferred.  Never allocates.  Errors: TORC_EINVAL for "startup" and "shutdown"; TORC_EBUSY while it is
 * being fired. */
TORC_API TORC_CHECKED int torc_reactor_fire_event(struct torc_reactor *reactor, const char *event);

/* --- what is left ----------------------------------------------------------------------------- */

struct torc_reactor_counts {
    size_t timers;
    size_t listeners;   /* and datagram ports */
    size_t connections; /* connecting, open or closing */
    size_t jobs;
    size_t thread_calls;
    uint64_t turns;
};
TORC_API void torc_reactor_count(const struct torc_reactor *reactor,
                                 struct torc_reactor_counts *out);

/* One sentence for each thing that is left open or pending: a timed call, a listener, a datagram port, a
 * lookup, a connection, a job, a deferred that has not fired, each with its creation site. */
typedef void torc_visit_text_fn(void *arg, const char *text);
TORC_API void torc_reactor_describe(const struct torc_reactor *reactor, torc_visit_text_fn *visit,
                                    void *arg);

#ifdef __cplusplus
}
#endif
#endif
