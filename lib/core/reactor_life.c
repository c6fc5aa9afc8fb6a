/* reactor_life.c - startup, stop, crash and shutdown. */
#include "reactor_state.h"

static void watch_signals(struct torc_reactor *reactor, bool watch)
{
    if (reactor->signals_watched == watch)
        return;
    int error = reactor->platform->ops->signals(reactor->platform, watch,
                                                torci_token(TORCI_TOKEN_SIGNAL, 0, 0));
    if (error)
        torc_log(reactor->scope, TORC_LOG_ERROR, "torc.reactor", "signals are not watched: %s",
                 torc_error_text(error));
    else
        reactor->signals_watched = watch;
}

/* --- startup ---------------------------------------------------------------------------------- */

static void go_on_starting(struct torc_reactor *reactor)
{
    struct torci_event *startup = reactor->triggers.startup;
    if (!torci_event_before(reactor, startup) || reactor->stage != TORCI_REACTOR_STARTING)
        return;
    reactor->stage = TORCI_REACTOR_RUNNING;
    if (reactor->options.watch_signals)
        watch_signals(reactor, true);
    torci_event_rest(reactor, startup);
}

int torc_reactor_start(struct torc_reactor *reactor)
{
    torci_reactor_check(reactor, TORC_HERE);
    if (reactor->in_callbacks)
        return TORC_EMISUSE;
    if (torci_reactor_alive(reactor))
        return TORC_ERUNNING;
    if (reactor->stage == TORCI_REACTOR_STOPPED)
        return TORC_ENOTRESTARTABLE;
    reactor->in_callbacks = true;
    reactor->stage = TORCI_REACTOR_STARTING;
    reactor->exit_signal = 0;
    reactor->signals_seen = 0;
    torci_clock_begin_turn(reactor->clock);
    go_on_starting(reactor);
    torci_clock_end_turn(reactor->clock);
    reactor->in_callbacks = false;
    return 0;
}

/* --- stop and crash --------------------------------------------------------------------------- */

int torc_reactor_stop(struct torc_reactor *reactor)
{
    torci_reactor_check(reactor, TORC_HERE);
    if (!torci_reactor_alive(reactor) || reactor->stop_asked)
        return TORC_ENOTRUNNING;
    reactor->stop_asked = true;
    return 0;
}

int torc_reactor_crash(struct torc_reactor *reactor)
{
    torci_reactor_check(reactor, TORC_HERE);
    if (!torci_reactor_alive(reactor))
        return TORC_ENOTRUNNING;
    reactor->stage = TORCI_REACTOR_IDLE;
    reactor->stop_asked = false;
    reactor->shutting_down = false;
    watch_signals(reactor, false);
    torci_event_give_up(reactor, reactor->triggers.startup, false);
    torci_event_give_up(reactor, reactor->triggers.shutdown, false);
    return 0;
}

bool torc_reactor_running(const struct torc_reactor *reactor)
{
    return reactor->stage == TORCI_REACTOR_RUNNING;
}

bool torc_reactor_stopping(const struct torc_reactor *reactor)
{
    return torc_reactor_running(reactor) && (reactor->stop_asked || reactor->shutting_down);
}

int torc_reactor_exit_signal(const struct torc_reactor *reactor)
{
    return reactor->exit_signal;
}

void torci_reactor_signal(struct torc_reactor *reactor, int number)
{
    if (!torci_reactor_alive(reactor))
        return;
    if (reactor->signals_seen++ > 0) {
        torc_log(reactor->scope, TORC_LOG_WARN, "torc.reactor", "a second signal: leaving at once");
        (void)torc_reactor_crash(reactor);
        return;
    }
    reactor->exit_signal = number;
    /* If the program has asked for the shutdown itself, there is nothing to add. */
    (void)torc_reactor_stop(reactor);
}

/* --- shutdown --------------------------------------------------------------------------------- */

void torci_reactor_close(struct torc_reactor *reactor)
{
    watch_signals(reactor, false);
    reactor->stage = TORCI_REACTOR_STOPPED;
    reactor->stop_asked = false;
    reactor->shutting_down = false;
    torci_clock_close(reactor->clock);
    torci_thread_calls_close(reactor);
}

static void begin_shutdown(struct torc_reactor *reactor)
{
    uint64_t now_ns = torc_clock_now(reactor->clock);
    uint64_t timeout_ns = reactor->options.shutdown_timeout_ns;
    bool limited = timeout_ns != 0 && timeout_ns < TORC_NEVER - now_ns;
    reactor->shutting_down = true;
    reactor->shutdown_deadline_ns = limited ? now_ns + timeout_ns : TORC_NEVER;
    torci_event_give_up(reactor, reactor->triggers.startup, false);
    torc_scope_release_withheld(reactor->scope);
}

static bool is_too_late(const struct torc_reactor *reactor)
{
    return torc_clock_now(reactor->clock) >= reactor->shutdown_deadline_ns;
}

static void go_on_shutting_down(struct torc_reactor *reactor)
{
    struct torci_event *shutdown = reactor->triggers.shutdown;
    bool over = torci_event_before(reactor, shutdown) && reactor->jobs.outstanding == 0;
    if (!reactor->shutting_down || (!over && !is_too_late(reactor)))
        return;
    torci_event_give_up(reactor, shutdown, true);
    torci_jobs_complain(reactor);
    torci_reactor_close(reactor);
    if (reactor->streams)
        reactor->streams->ops->disconnect_all(reactor->streams);
    torci_event_rest(reactor, shutdown);
    torci_event_drop(reactor, shutdown);
    torci_event_drop(reactor, reactor->triggers.startup);
}

/* --- once a turn ------------------------------------------------------------------------------ */

static bool is_of_the_user(const struct torc_reactor *reactor, const struct torci_event *event)
{
    return event != reactor->triggers.startup && event != reactor->triggers.shutdown;
}

void torci_reactor_go_on(struct torc_reactor *reactor)
{
    struct torci_event *event = reactor->triggers.events;
    for (; event; event = event->next) {
        if (is_of_the_user(reactor, event) && torci_event_ready(reactor, event) &&
            torci_event_before(reactor, event))
            torci_event_rest(reactor, event);
    }
    if (reactor->stage == TORCI_REACTOR_STARTING && !reactor->stop_asked)
        go_on_starting(reactor);
    if (reactor->stop_asked && !reactor->shutting_down)
        begin_shutdown(reactor);
    if (reactor->shutting_down)
        go_on_shutting_down(reactor);
}

bool torci_reactor_may_go_on(const struct torc_reactor *reactor)
{
    const struct torci_event *event = reactor->triggers.events;
    for (; event; event = event->next) {
        if (torci_event_ready(reactor, event))
            return true;
    }
    if (reactor->shutting_down)
        return reactor->jobs.outstanding == 0 && !torci_event_held(reactor->triggers.shutdown);
    return reactor->stop_asked;
}
