/* reactor_state.h - the inside of a reactor; for reactor*.c and mark.c alone. */
#ifndef TORCI_REACTOR_STATE_H
#define TORCI_REACTOR_STATE_H

#include <stdatomic.h>

#include <torc/mark.h>

#include "reactor_internal.h"

enum torci_reactor_stage {
    TORCI_REACTOR_IDLE,     /* never started, or crashed */
    TORCI_REACTOR_STARTING, /* a deferred of `before startup` is waited for */
    TORCI_REACTOR_RUNNING,  /* and so it stays while `before shutdown` lasts */
    TORCI_REACTOR_STOPPED,  /* for good */
    TORCI_REACTOR_FREED     /* torc_reactor_free is at work */
};

/* --- system events (reactor_trigger.c) -------------------------------------------------------- */

#define TORCI_NO_TRIGGER UINT32_MAX

/* What of an event is being fired.  In BEFORE it may be held by deferreds. */
enum torci_event_stage {
    TORCI_EVENT_QUIET,
    TORCI_EVENT_BEFORE,
    TORCI_EVENT_DURING,
    TORCI_EVENT_AFTER
};

struct torci_trigger_list {
    uint32_t first;
    uint32_t last;
};

/* An event has three lists of triggers to come, and those of `before` whose deferred is waited for. */
struct torci_event {
    struct torci_event *next;
    struct torci_trigger_list phases[3]; /* by enum torc_phase */
    struct torci_trigger_list awaited;
    enum torci_event_stage stage;
    size_t bytes; /* of this, with its name */
    char name[];
};

struct torci_trigger {
    struct torci_event *event; /* NULL: free */
    torc_trigger_fn *trigger;  /* NULL: `call` (torc_call_when_running) */
    torc_call_fn *call;
    void *arg;
    torc_drop_fn *drop_arg;
    struct torc_deferred *deferred; /* waited for */
    uint32_t generation;
    uint32_t previous; /* in its list */
    uint32_t next;     /* in its list, or free */
    uint8_t phase;
};

struct torci_triggers {
    struct torci_event *events; /* by first use */
    struct torci_event *startup;
    struct torci_event *shutdown;
    struct torci_trigger *slots;
    uint32_t capacity;
    uint32_t count; /* ever taken */
    uint32_t free_head;
};

TORC_CHECKED int torci_triggers_init(struct torc_reactor *reactor);
/* Drops every trigger; frees what is left of the events. */
void torci_triggers_drop(struct torc_reactor *reactor);
void torci_triggers_free(struct torc_reactor *reactor);

/* Runs the triggers of `before` that have not run, then lets go of those whose deferred has its
 * result.  True: none is left and none is waited for, so the rest may follow. */
bool torci_event_before(struct torc_reactor *reactor, struct torci_event *event);
/* Whether that was begun and would do something now. */
bool torci_event_ready(const struct torc_reactor *reactor, const struct torci_event *event);
/* Whether a deferred is waited for. */
bool torci_event_held(const struct torci_event *event);
/* Runs the triggers of `during` and `after`. */
void torci_event_rest(struct torc_reactor *reactor, struct torci_event *event);
/* Waits for no deferred any more; `complain`: and logs whose they were. */
void torci_event_give_up(struct torc_reactor *reactor, struct torci_event *event, bool complain);
/* Drops the triggers that have not run. */
void torci_event_drop(struct torc_reactor *reactor, struct torci_event *event);

/* --- calls from threads (reactor_thread_call.c) ----------------------------------------------- */

struct torci_thread_call;

struct torci_thread_calls {
    /* A stack: the last call that came in is the first.  TORCI_THREAD_CALLS_CLOSED ends it. */
    _Atomic(struct torci_thread_call *) newest;
    atomic_size_t count; /* waiting, those being put in among them */
};

bool torci_thread_calls_waiting(const struct torc_reactor *reactor);
void torci_thread_calls_run(struct torc_reactor *reactor);
/* Drops those that wait and refuses any more. */
void torci_thread_calls_close(struct torc_reactor *reactor);

/* --- jobs (reactor_job.c) --------------------------------------------------------------------- */

struct torci_job {
    void *arg;
    torc_drop_fn *drop_arg;
    const char *site; /* NULL: free */
    torc_job_done_fn *done; /* NULL: `source` is fired */
    struct torc_source source;
    uint32_t generation;
    uint32_t next_free;
};

struct torci_jobs {
    struct torci_job *slots;
    uint32_t capacity;
    uint32_t count; /* ever taken */
    uint32_t free_head;
    size_t outstanding;
};

void torci_jobs_init(struct torc_reactor *reactor);
void torci_jobs_complete(struct torc_reactor *reactor, uint64_t token, int result);
/* Logs those that have not ended. */
void torci_jobs_complain(const struct torc_reactor *reactor);
/* Waits until all have ended.  Where time is driven from outside they may not: then their `arg` is
 * left to them. */
void torci_jobs_wait(struct torc_reactor *reactor);
void torci_jobs_free(struct torc_reactor *reactor);

/* --- the reactor ------------------------------------------------------------------------------ */

struct torc_reactor {
    struct torc_mark_observer *marks; /* first: torc_marks_are_observed */
    struct torc_platform *platform;
    struct torc_scope *scope;
    struct torc_clock *clock;
    struct torci_streams *streams; /* NULL until something listens or connects */
    struct torc_reactor_options options;
    enum torci_reactor_stage stage;
    bool in_callbacks; /* in a turn, or in startup */
    bool stop_asked;
    bool shutting_down; /* `before shutdown` was fired */
    bool signals_watched;
    int exit_signal;
    unsigned signals_seen;
    uint64_t shutdown_deadline_ns;
    uint64_t turns;
    struct torci_triggers triggers;
    struct torci_thread_calls thread_calls;
    struct torci_jobs jobs;
};

/* Logs a failure a callback returned, and drops it.  NULL is accepted. */
void torci_reactor_report(struct torc_reactor *reactor, const char *message,
                          struct torc_failure *failure);

#define TORCI_BATCH_MAX 256

/* --- startup and shutdown (reactor_life.c) ---------------------------------------------------- */

/* Goes on with whatever of startup, shutdown and the user's events can go on now: phase 3 of a
 * turn. */
void torci_reactor_go_on(struct torc_reactor *reactor);
/* Whether that would do anything now. */
bool torci_reactor_may_go_on(const struct torc_reactor *reactor);
/* From here on nothing new is begun and no turn will come. */
void torci_reactor_close(struct torc_reactor *reactor);
void torci_reactor_signal(struct torc_reactor *reactor, int number);

static inline bool torci_reactor_alive(const struct torc_reactor *reactor)
{
    return reactor->stage == TORCI_REACTOR_STARTING || reactor->stage == TORCI_REACTOR_RUNNING;
}

#endif
