/* reactor.c - making a reactor, and its turns.  Startup and shutdown are in reactor_life.c. */
#include <string.h>

#include "reactor_state.h"
#include "scope_state.h"

#define JOBS_MAX_DEFAULT 4096
#define THREAD_CALLS_MAX_DEFAULT 65536

/* --- making and freeing ----------------------------------------------------------------------- */

static bool table_is_complete(const struct torc_platform_ops *ops)
{
    return ops && ops->size >= sizeof *ops && ops->name && ops->now_ns && ops->wall_ns &&
           ops->random && ops->resize && ops->admit && ops->wait && ops->wake && ops->in_reactor &&
           ops->listen && ops->accept && ops->refuse && ops->connect && ops->read && ops->writev &&
           ops->interest && ops->shutdown && ops->close && ops->names && ops->set_option &&
           ops->datagram_open && ops->datagram_connect && ops->datagram_send &&
           ops->datagram_receive && ops->resolve && ops->resolved && ops->resolve_end &&
           ops->submit && ops->signals && ops->fatal;
}

static void *resize_by_platform(void *ctx, void *ptr, size_t old_bytes, size_t new_bytes)
{
    struct torc_platform *platform = ctx;
    return platform->ops->resize(platform, ptr, old_bytes, new_bytes);
}

static int admit_by_platform(void *ctx, size_t bytes)
{
    struct torc_platform *platform = ctx;
    return platform->ops->admit(platform, bytes);
}

static void copy_options(struct torc_reactor_options *to, const struct torc_reactor_options *from)
{
    if (from)
        memcpy(to, from, from->size < sizeof *to ? from->size : sizeof *to);
    to->size = sizeof *to;
    if (to->jobs_max == 0)
        to->jobs_max = JOBS_MAX_DEFAULT;
    if (to->thread_calls_max == 0)
        to->thread_calls_max = THREAD_CALLS_MAX_DEFAULT;
}

static void release(struct torc_reactor *reactor)
{
    struct torc_scope *scope = reactor->scope;
    torci_triggers_free(reactor);
    torci_jobs_free(reactor);
    torc_clock_free(reactor->clock);
    torc_release(scope, reactor, sizeof *reactor);
    torc_scope_free(scope);
}

int torc_reactor_new(struct torc_platform *platform, const struct torc_reactor_options *options,
                     struct torc_reactor **out)
{
    struct torc_scope *scope;
    if (!platform || !table_is_complete(platform->ops))
        return TORC_EINVAL;
    struct torc_allocator allocator = {resize_by_platform, admit_by_platform, platform};
    int error = torc_scope_new(&allocator, options ? options->observer : NULL, &scope);
    if (error)
        return error;
    struct torc_reactor *reactor = torc_alloc_zero(scope, sizeof *reactor);
    if (!reactor) {
        torc_scope_free(scope);
        return TORC_ENOMEM;
    }
    reactor->platform = platform;
    reactor->scope = scope;
    reactor->shutdown_deadline_ns = TORC_NEVER;
    copy_options(&reactor->options, options);
    torci_jobs_init(reactor);
    error = torci_triggers_init(reactor);
    if (!error)
        error = torci_clock_new(scope, platform, &reactor->clock);
    if (error) {
        release(reactor);
        return error;
    }
    *out = reactor;
    return 0;
}

void torc_reactor_free(struct torc_reactor *reactor)
{
    if (!reactor)
        return;
    torci_reactor_check(reactor, TORC_HERE);
    if (reactor->in_callbacks)
        reactor->platform->ops->fatal(reactor->platform, TORC_HERE,
                                      "torc_reactor_free inside a callback");
    reactor->in_callbacks = true;
    bool stopped = reactor->stage == TORCI_REACTOR_STOPPED;
    if (!stopped)
        torci_reactor_close(reactor);
    reactor->stage = TORCI_REACTOR_FREED;
    /* Before the wait for jobs, which what is readable would end again and again. */
    if (reactor->streams && !stopped)
        reactor->streams->ops->disconnect_all(reactor->streams);
    torci_jobs_wait(reactor);
    torci_triggers_drop(reactor);
    torci_clock_drop_calls(reactor->clock);
    torci_scope_end_deferreds(reactor->scope);
    if (reactor->streams)
        reactor->streams->ops->free(reactor->streams);
    release(reactor);
}

/* --- what it has ------------------------------------------------------------------------------ */

struct torc_scope *torc_reactor_scope(struct torc_reactor *reactor)
{
    return reactor->scope;
}

struct torc_clock *torc_reactor_clock(struct torc_reactor *reactor)
{
    return reactor->clock;
}

struct torc_platform *torc_reactor_platform(struct torc_reactor *reactor)
{
    return reactor->platform;
}

struct torci_streams *torci_reactor_streams(const struct torc_reactor *reactor)
{
    return reactor->streams;
}

void torci_reactor_set_streams(struct torc_reactor *reactor, struct torci_streams *streams)
{
    reactor->streams = streams;
}

bool torci_reactor_stopped(const struct torc_reactor *reactor)
{
    return reactor->stage >= TORCI_REACTOR_STOPPED;
}

bool torci_reactor_enter(struct torc_reactor *reactor)
{
    bool inside = reactor->in_callbacks;
    reactor->in_callbacks = true;
    return inside;
}

void torci_reactor_leave(struct torc_reactor *reactor, bool inside)
{
    reactor->in_callbacks = inside;
}

void torci_reactor_check(const struct torc_reactor *reactor, const char *site)
{
    struct torc_platform *platform = reactor->platform;
    if (!platform->ops->in_reactor(platform))
        platform->ops->fatal(platform, site,
                             "the reactor was used in another thread or in a job");
}

void torci_reactor_report(struct torc_reactor *reactor, const char *message,
                          struct torc_failure *failure)
{
    if (!failure)
        return;
    torc_log_failure(reactor->scope, "torc.reactor", message, failure);
    torc_failure_drop(failure);
}

uint64_t torc_reactor_now(const struct torc_reactor *reactor)
{
    return torc_clock_now(reactor->clock);
}

uint64_t torc_reactor_wall(struct torc_reactor *reactor)
{
    return reactor->platform->ops->wall_ns(reactor->platform);
}

const char *torc_reactor_host_name(const struct torc_reactor *reactor)
{
    return reactor->options.host_name ? reactor->options.host_name : "";
}

void torc_reactor_random(struct torc_reactor *reactor, const char *site, void *out, size_t bytes)
{
    torci_reactor_check(reactor, site);
    reactor->platform->ops->random(reactor->platform, site, out, bytes);
}

int torc_call_soon_at(const char *site, struct torc_reactor *reactor, torc_call_fn *call, void *arg,
                      torc_drop_fn *drop_arg)
{
    return torc_call_later_at(site, reactor->clock, 0, call, arg, drop_arg, NULL);
}

/* --- turns ------------------------------------------------------------------------------------ */

static bool has_work_now(const struct torc_reactor *reactor)
{
    return (reactor->streams && reactor->streams->dirty) || torci_thread_calls_waiting(reactor) ||
           torci_reactor_may_go_on(reactor);
}

static uint64_t next_deadline(const struct torc_reactor *reactor)
{
    uint64_t next_ns = torci_clock_next(reactor->clock);
    if (reactor->shutting_down && reactor->shutdown_deadline_ns < next_ns)
        return reactor->shutdown_deadline_ns;
    return next_ns;
}

uint64_t torc_reactor_next_at(const struct torc_reactor *reactor)
{
    if (!torci_reactor_alive(reactor))
        return TORC_NEVER;
    uint64_t next_ns = has_work_now(reactor) ? 0 : next_deadline(reactor);
    if (next_ns == TORC_NEVER)
        return TORC_NEVER;
    uint64_t now_ns = torc_clock_now(reactor->clock);
    return next_ns > now_ns ? next_ns : now_ns;
}

static void complete(struct torc_reactor *reactor, const struct torc_platform_event *event)
{
    if (event->events & TORC_EVENT_JOB)
        torci_jobs_complete(reactor, event->token, event->result);
    else if (event->events & TORC_EVENT_SIGNAL)
        torci_reactor_signal(reactor, event->result);
    else if ((event->events & TORC_EVENT_CONNECT) && reactor->streams)
        reactor->streams->ops->connected(reactor->streams, event->token, event->result);
    else if ((event->events & TORC_EVENT_NAMES) && reactor->streams)
        reactor->streams->ops->answered(reactor->streams, event->token, event->result);
}

static void dispatch(struct torc_reactor *reactor, const struct torc_platform_event *batch,
                     size_t count)
{
    const uint32_t readiness = TORC_EVENT_READ | TORC_EVENT_WRITE;
    for (size_t i = 0; i < count; i++) {
        if (!(batch[i].events & readiness))
            complete(reactor, &batch[i]);
    }
    for (size_t i = 0; i < count && reactor->streams; i++) {
        if (batch[i].events & readiness)
            reactor->streams->ops->ready(reactor->streams, batch[i].token,
                                         batch[i].events & readiness);
    }
}

static void flush(struct torc_reactor *reactor)
{
    if (reactor->streams && reactor->streams->dirty)
        reactor->streams->ops->flush(reactor->streams);
}

static void turn(struct torc_reactor *reactor, uint64_t deadline_ns)
{
    struct torc_platform *platform = reactor->platform;
    struct torc_platform_event batch[TORCI_BATCH_MAX];
    reactor->in_callbacks = true;
    flush(reactor);
    if (deadline_ns > 0) {
        uint64_t next_ns = has_work_now(reactor) ? 0 : next_deadline(reactor);
        if (next_ns < deadline_ns)
            deadline_ns = next_ns;
    }
    size_t count = platform->ops->wait(platform, deadline_ns, batch, TORCI_BATCH_MAX);
    torci_clock_begin_turn(reactor->clock);
    torci_thread_calls_run(reactor);
    torci_clock_run_due(reactor->clock);
    torci_reactor_go_on(reactor);
    dispatch(reactor, batch, count);
    flush(reactor);
    torci_clock_end_turn(reactor->clock);
    reactor->turns++;
    reactor->in_callbacks = false;
}

int torc_reactor_turn(struct torc_reactor *reactor, uint64_t deadline_ns)
{
    torci_reactor_check(reactor, TORC_HERE);
    if (reactor->in_callbacks)
        return TORC_EMISUSE;
    if (!torci_reactor_alive(reactor))
        return TORC_ENOTRUNNING;
    turn(reactor, deadline_ns);
    return 0;
}

int torc_reactor_iterate(struct torc_reactor *reactor, uint64_t delay_ns)
{
    torci_reactor_check(reactor, TORC_HERE);
    if (reactor->in_callbacks)
        return TORC_EMISUSE;
    if (torci_reactor_stopped(reactor))
        return TORC_ENOTRUNNING;
    uint64_t now_ns = torc_clock_now(reactor->clock);
    uint64_t deadline_ns = delay_ns < TORC_NEVER - now_ns ? now_ns + delay_ns : TORC_NEVER;
    turn(reactor, delay_ns > 0 ? deadline_ns : 0);
    return 0;
}

int torc_reactor_run(struct torc_reactor *reactor)
{
    torci_reactor_check(reactor, TORC_HERE);
    if (reactor->platform->ops->driven)
        return TORC_EMISUSE;
    int error = torc_reactor_start(reactor);
    if (error)
        return error;
    while (torci_reactor_alive(reactor))
        turn(reactor, TORC_NEVER);
    return 0;
}
