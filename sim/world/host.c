/* host.c - a host's life: added, turned, killed, up again. */
#include "world.h"

#include <string.h>

#include <torc/format.h>

#include "database.h"
#include "disk_state.h"
#include "job.h"
#include "listener.h"
#include "names.h"
#include "operation_fault.h"
#include "trace_record.h"
#include "udp.h"

/* Of the guard, if the program has one. */
extern const struct torc_guard_place *torc_guard_set(const struct torc_guard_place *place)
    __attribute__((weak));

static void guard(const struct torc_guard_place *place)
{
    if (torc_guard_set != NULL)
        (void)torc_guard_set(place);
}

static void guard_running(struct torc_world *world)
{
    const struct torc_host *host = world->host_running;

    guard(host == NULL || host->raw ? NULL : &host->place);
}

uint64_t torci_host_trace(struct torc_host *host, enum torc_trace_kind kind)
{
    struct torc_world *world = host->world;

    return torci_trace_begin(world->trace, kind, world->now_ns, host->name, host->name_bytes, world->cause);
}

/* --- log ------------------------------------------------------------------------------------ */

static struct torc_host *host_of_observer(struct torc_log_observer *observer)
{
    return (struct torc_host *)(void *)((char *)observer - offsetof(struct torc_host, observer));
}

/* Warnings and worse are part of the run.  Their texts are shown only: a text may quote a site. */
static void trace_log(struct torc_host *host, const struct torc_log_event *event)
{
    struct torc_trace *trace = host->world->trace;

    torci_host_trace(host, TORC_TRACE_log);
    torc_trace_text(trace, "level", torc_log_level_name(event->level));
    torc_trace_text(trace, "from", event->name_space);
    torc_trace_integer(trace, "code",
                       event->failure == NULL ? 0 : torc_failure_code(event->failure));
    torc_trace_note(trace, "message", event->message);
    if (event->site != NULL)
        torc_trace_note(trace, "site", event->site);
    torc_trace_end(trace);
}

static void observe(struct torc_log_observer *self, const struct torc_log_event *event)
{
    struct torc_host *host = host_of_observer(self);

    if (event->level >= TORC_LOG_WARN)
        trace_log(host, event);
    if (host->user_observer == NULL)
        return;
    /* The observer belongs to the harness, not to the host. */
    guard(NULL);
    host->user_observer->emit(host->user_observer, event);
    guard_running(host->world);
}

/* --- turns ---------------------------------------------------------------------------------- */

void torci_host_enter(struct torc_host *host)
{
    host->outer = host->world->host_running;
    host->world->host_running = host;
    guard_running(host->world);
}

void torci_host_leave(struct torc_host *host)
{
    host->world->host_running = host->outer;
    guard_running(host->world);
    if (host->kill_wanted) {
        host->kill_wanted = false;
        torc_host_kill(host);
    }
}

void torci_host_run_turn(struct torc_host *host)
{
    struct torc_world *world = host->world;

    world->cause = 0;
    world->turn_began = torc_trace_count(world->trace);
    if (host->held != 0 && !torci_host_begin_held_turn(host))
        return;
    if (world->decider != NULL && !host->raw && torci_host_suffers_before(host))
        return;
    torci_host_enter(host);
    if (host->raw) {
        if (host->wake_at_ns <= world->now_ns)
            host->wake_at_ns = TORC_NEVER;
        host->turn(host->turn_arg);
    } else {
        if (host->reactor_at <= world->now_ns) {
            world->cause = torci_host_trace(host, TORC_TRACE_timer);
            torc_trace_end(world->trace);
        }
        /* That the reactor has stopped is seen by reschedule. */
        (void)torc_reactor_turn(host->reactor, 0);
    }
    torci_host_leave(host);
    world->cause = 0;
    torci_host_deferreds_suffer(host);
    if (world->decider != NULL)
        torci_host_suffers_after(host);
    torci_host_reschedule(host, true);
}

void torci_host_wake_at(struct torc_host *host, uint64_t t_ns)
{
    host->wake_at_ns = t_ns;
    torci_host_reschedule(host, false);
}

/* --- adding --------------------------------------------------------------------------------- */

static int make_reactor(struct torc_host *host)
{
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    struct torc_reactor *reactor;
    int code;

    options.observer = &host->observer;
    options.watch_signals = true; /* as a program of its own would */
    options.host_name = host->name;
    code = torc_reactor_new(&host->platform, &options, &reactor);
    if (code != 0)
        return code;
    host->reactor = reactor;
    torci_host_observe_marks(host);
    return torc_reactor_start(reactor);
}

static void trace_start(struct torc_host *host)
{
    torci_host_trace(host, TORC_TRACE_start);
    torc_trace_integer(host->world->trace, "number", host->number);
    torc_trace_end(host->world->trace);
}

/* Makes room for one more in both arrays. */
static int reserve(struct torc_world *world)
{
    uint32_t capacity = world->host_capacity == 0 ? 8 : 2 * world->host_capacity;
    size_t old_bytes = world->host_capacity * sizeof(struct torc_host *);
    size_t bytes = capacity * sizeof(struct torc_host *);
    struct torc_host **hosts;
    struct torc_host **due;

    if (world->host_count < world->host_capacity)
        return 0;
    hosts = torci_world_resize(world, NULL, 0, bytes);
    if (hosts == NULL)
        return TORC_ENOMEM;
    due = torci_world_resize(world, NULL, 0, bytes);
    if (due == NULL) {
        torci_world_resize(world, hosts, bytes, 0);
        return TORC_ENOMEM;
    }
    if (old_bytes > 0) {
        memcpy(hosts, world->hosts, old_bytes);
        memcpy(due, world->due, old_bytes);
    }
    torci_world_resize(world, world->hosts, old_bytes, 0);
    torci_world_resize(world, world->due, old_bytes, 0);
    world->hosts = hosts;
    world->due = due;
    world->host_capacity = capacity;
    return 0;
}

static int new_host(struct torc_world *world, const char *name, struct torc_host **out)
{
    size_t name_bytes = name == NULL ? 0 : strlen(name) + 1;
    struct torc_host *host;
    int code;

    if (name_bytes <= 1)
        return TORC_EINVAL;
    if (torc_world_find_host(world, name) != NULL)
        return TORC_EEXIST;
    if (world->host_count == UINT16_MAX)
        return TORC_ENOMEM;
    code = reserve(world);
    if (code != 0)
        return code;
    host = torci_world_resize(world, NULL, 0, sizeof *host);
    if (host == NULL)
        return TORC_ENOMEM;
    memset(host, 0, sizeof *host);
    host->name = torci_world_resize(world, NULL, 0, name_bytes);
    if (host->name == NULL) {
        torci_world_resize(world, host, sizeof *host, 0);
        return TORC_ENOMEM;
    }
    memcpy(host->name, name, name_bytes);
    host->name_bytes = name_bytes - 1;
    host->platform.ops = &torci_sim_platform_ops;
    host->world = world;
    host->due_ns = TORC_NEVER;
    host->reactor_at = TORC_NEVER;
    host->wake_at_ns = TORC_NEVER;
    host->observer.emit = observe;
    host->place.host = host->name;
    host->place.now_ns = &world->now_ns;
    host->place.seed = world->seed;
    *out = host;
    return 0;
}

static void enlist(struct torc_host *host)
{
    struct torc_world *world = host->world;

    world->hosts[world->host_count] = host;
    world->due[world->host_count] = host;
    host->due_index = world->host_count;
    world->host_count++;
    host->number = world->host_count;
    host->up = true;
}

/* Undoes new_host and enlist. */
static void remove_last(struct torc_host *host)
{
    struct torc_world *world = host->world;
    uint32_t last = world->host_count - 1;

    torci_host_clear(host);
    torci_draw_forget(&world->draw);
    world->host_count = last;
    if (host->due_index != last) {
        world->due[host->due_index] = world->due[last];
        world->due[host->due_index]->due_index = host->due_index;
    }
    torci_host_delete(host);
}

int torc_world_add_host(struct torc_world *world, const char *name,
                        const struct torc_host_options *options, struct torc_host **out)
{
    struct torc_host *host;
    int code = new_host(world, name, &host);

    if (code != 0)
        return code;
    if (options != NULL) {
        host->user_observer = options->observer;
        host->arena.bytes_max = options->memory_bytes_max;
        host->handles_max = options->handles_max;
    }
    host->arena.perturb = world->perturb;
    host->arena.spoils = world->decider != NULL || world->perturb != 0;
    enlist(host);
    code = make_reactor(host);
    if (code != 0) {
        remove_last(host);
        return code;
    }
    if (world->decider != NULL)
        torci_host_may_fail(host);
    trace_start(host);
    torci_host_reschedule(host, true);
    *out = host;
    return 0;
}

int torci_world_add_raw_host(struct torc_world *world, const char *name, void (*turn)(void *arg),
                             void *arg, struct torc_host **out)
{
    struct torc_host *host;
    int code = new_host(world, name, &host);

    if (code != 0)
        return code;
    host->raw = true;
    host->turn = turn;
    host->turn_arg = arg;
    enlist(host);
    trace_start(host);
    *out = host;
    return 0;
}

/* --- killing -------------------------------------------------------------------------------- */

/* Everything the host's present life holds. */
static void end_life(struct torc_host *host)
{
    uint32_t i;

    host->life++;
    while (host->listeners != NULL)
        torci_listener_vanish(host->listeners);
    while (host->udp_ports != NULL)
        torci_udp_close(host->udp_ports);
    torci_host_end_lookups(host);
    for (i = 0; i < host->slot_count; i++) {
        if (host->slots[i].handle != NULL)
            torci_stream_vanish((struct torci_end *)(void *)host->slots[i].handle);
    }
    host->unwinding = true;
    torci_host_unwind_jobs(host);
    torci_host_drop_jobs(host);
    torci_host_close_databases(host);
    torci_disk_release(host);
    host->unwinding = false;
    host->reactor = NULL;
    torci_host_module_forget(host);
    torci_arena_drop(&host->arena);
    host->woken = false;
    host->watch_signals = false;
    host->signals = 0;
    host->wake_at_ns = TORC_NEVER;
    host->reactor_at = TORC_NEVER;
    host->held = 0;
    host->was_paused = false;
    host->up = false;
}

void torc_host_kill(struct torc_host *host)
{
    if (!host->up && host->held != 0) {
        host->held = 0; /* it was to come up again */
        torci_host_reschedule(host, false);
    }
    if (!host->up || host->unwinding)
        return;
    if (host->world->host_running == host) {
        host->kill_wanted = true;
        torci_disk_freeze(host);
        return;
    }
    torci_host_trace(host, TORC_TRACE_stop);
    torc_trace_end(host->world->trace);
    end_life(host);
    torci_host_reschedule(host, false);
}

int torc_host_retire(struct torc_host *host, uint64_t *out_bytes_left)
{
    if (!host->up || host->reactor == NULL)
        return TORC_ECLOSED;
    if (torc_reactor_running(host->reactor) || host->world->host_running == host)
        return TORC_EBUSY;
    /* Their ends are told to the reactor, which waits for no other. */
    host->unwinding = true;
    torci_host_unwind_jobs(host);
    host->unwinding = false;
    torci_host_enter(host);
    torci_host_module_release(host);
    torc_reactor_free(host->reactor);
    torci_host_leave(host);
    host->reactor = NULL;
    *out_bytes_left = host->arena.bytes_in_use;
    torc_host_kill(host);
    return 0;
}

int torc_host_restart(struct torc_host *host)
{
    int code = 0;

    if (host->up)
        return TORC_EBUSY;
    host->held = 0;
    host->up = true;
    if (!host->raw)
        code = make_reactor(host);
    if (code == 0)
        trace_start(host);
    if (code == 0 && !host->raw)
        code = torci_host_module_restart(host);
    if (code != 0)
        end_life(host);
    torci_host_reschedule(host, code == 0);
    return code;
}

void torci_host_clear(struct torc_host *host)
{
    if (host->up)
        end_life(host);
    torci_host_free_links(host);
}

void torci_host_delete(struct torc_host *host)
{
    struct torc_world *world = host->world;

    torci_host_module_free(host);
    torci_host_free_databases(host);
    torci_host_free_operation_faults(host);
    torci_host_free_deferred_faults(host);
    torci_host_free_holds(host);
    torci_host_free_disk(host);
    torci_host_free_ports(host);
    torci_world_resize(world, host->slots, host->slot_capacity * sizeof *host->slots, 0);
    torci_world_resize(world, host->name, host->name_bytes + 1, 0);
    torci_world_resize(world, host, sizeof *host, 0);
}

/* --- reading -------------------------------------------------------------------------------- */

struct torc_host *torc_world_find_host(struct torc_world *world, const char *name)
{
    uint32_t i;

    for (i = 0; i < world->host_count; i++) {
        if (strcmp(world->hosts[i]->name, name) == 0)
            return world->hosts[i];
    }
    return NULL;
}

struct torc_reactor *torc_host_reactor(struct torc_host *host)
{
    return host->reactor;
}

struct torc_platform *torci_host_platform(struct torc_host *host)
{
    return &host->platform;
}

const char *torc_host_name(const struct torc_host *host)
{
    return host->name;
}

bool torc_host_up(const struct torc_host *host)
{
    return host->up && !host->kill_wanted;
}

/* --- faults and signals --------------------------------------------------------------------- */

void torc_host_fail_allocation(struct torc_host *host, uint64_t count, bool forever)
{
    host->arena.fail_armed = true;
    host->arena.fail_after = count;
    host->arena.fail_forever = forever;
}

uint64_t torc_host_acquisitions(const struct torc_host *host)
{
    return host->arena.acquisitions;
}

void torc_host_signal(struct torc_host *host, int signal_number)
{
    if (!host->up || !host->watch_signals || signal_number < TORC_SIGNAL_INTERRUPT ||
        signal_number > TORC_SIGNAL_TERMINATE)
        return;
    torci_host_trace(host, TORC_TRACE_signal);
    torc_trace_integer(host->world->trace, "number", signal_number);
    torc_trace_end(host->world->trace);
    host->signals = (uint8_t)(host->signals | 1u << signal_number);
    torci_host_reschedule(host, false);
}
