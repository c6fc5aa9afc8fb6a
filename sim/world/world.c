/* world.c - the order in which everything happens. */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include <torc/format.h>
#include <torc/host_fault.h>

#include "disk_state.h"
#include "job_stack.h"
#include "link.h"
#include "mark_count.h"
#include "names.h"

#define WALL_START_NS (UINT64_C(1577836800) * TORC_SECOND) /* 2020-01-01 00:00 UTC */
#define TURNS_AT_ONE_TIME_MAX 100000

void torc_world_options_init(struct torc_world_options *options)
{
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

static void *c_resize(void *ctx, void *ptr, size_t old_bytes, size_t new_bytes)
{
    (void)ctx;
    (void)old_bytes;
    if (new_bytes == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_bytes);
}

void *torci_world_resize(struct torc_world *world, void *ptr, size_t old_bytes, size_t new_bytes)
{
    return world->allocator.resize(world->allocator.ctx, ptr, old_bytes, new_bytes);
}

int torc_world_new(const struct torc_world_options *options, struct torc_world **out)
{
    struct torc_allocator allocator = {c_resize, NULL, NULL};
    struct torc_world *world;

    if (options != NULL && options->allocator.resize != NULL)
        allocator = options->allocator;
    world = allocator.resize(allocator.ctx, NULL, 0, sizeof *world);
    if (world == NULL)
        return TORC_ENOMEM;
    memset(world, 0, sizeof *world);
    world->allocator = allocator;
    world->wall_start_ns = WALL_START_NS;
    world->turns_at_one_time_max = TURNS_AT_ONE_TIME_MAX;
    if (options != NULL) {
        world->seed = options->seed;
        world->trace = options->trace;
        if (options->wall_start_ns != 0)
            world->wall_start_ns = options->wall_start_ns;
        world->perturb = options->perturb;
        world->decider = options->decider;
        if (options->turns_at_one_time_max != 0)
            world->turns_at_one_time_max = options->turns_at_one_time_max;
    }
    if (torci_draw_init(&world->draw, &allocator, world->seed) != 0) {
        allocator.resize(allocator.ctx, world, sizeof *world, 0);
        return TORC_ENOMEM;
    }
    if (world->trace == NULL) {
        if (torc_trace_new(NULL, NULL, &world->own_trace) != 0) {
            torci_draw_destroy(&world->draw, &allocator);
            allocator.resize(allocator.ctx, world, sizeof *world, 0);
            return TORC_ENOMEM;
        }
        world->trace = world->own_trace;
    }
    *out = world;
    return 0;
}

void torc_world_free(struct torc_world *world)
{
    struct torc_allocator allocator;
    uint32_t i;
    size_t at;

    if (world == NULL)
        return;
    for (i = 0; i < world->host_count; i++)
        torc_host_kill(world->hosts[i]);
    for (at = 0; at < world->events.count; at++) {
        const struct torci_event *event = &world->events.events[at];

        if (event->kind->drop != NULL)
            event->kind->drop(world, event->subject);
    }
    for (i = 0; i < world->host_count; i++)
        torci_host_clear(world->hosts[i]);
    for (i = 0; i < world->host_count; i++)
        torci_host_delete(world->hosts[i]);
    torci_world_resize(world, world->hosts, world->host_capacity * sizeof(struct torc_host *), 0);
    torci_world_resize(world, world->due, world->host_capacity * sizeof(struct torc_host *), 0);
    torci_world_free_stacks(world);
    torci_world_unseed_sqlite(world);
    torci_world_free_marks(world);
    torci_world_free_names(world);
    torci_event_heap_destroy(&world->events, &world->allocator);
    torci_packet_pool_destroy(&world->packets, &world->allocator);
    torci_draw_destroy(&world->draw, &world->allocator);
    torc_trace_free(world->own_trace);
    allocator = world->allocator;
    allocator.resize(allocator.ctx, world, sizeof *world, 0);
}

uint64_t torc_world_now(const struct torc_world *world)
{
    return world->now_ns;
}

struct torc_trace *torc_world_trace(struct torc_world *world)
{
    return world->trace;
}

uint64_t torc_world_draw(struct torc_world *world, const char *site, const char *host)
{
    uint64_t value = 0;

    if (host == NULL)
        host = "";
    if (torci_draw_next(&world->draw, &world->allocator, site, host, &value) != 0) {
        world->error = TORC_ENOMEM;
        return 0;
    }
    torc_trace_begin(world->trace, TORC_TRACE_choose, world->now_ns, host, world->cause);
    torc_trace_text(world->trace, "site", site);
    torc_trace_integer(world->trace, "value", (int64_t)value);
    torc_trace_end(world->trace);
    return value;
}

void torci_world_schedule(struct torc_world *world, uint64_t t_ns, enum torci_event_class event_class,
                          const struct torc_host *host, const struct torci_event_kind *kind,
                          void *subject)
{
    struct torci_event *event;

    if (torci_event_heap_reserve(&world->events, &world->allocator) != 0) {
        world->error = TORC_ENOMEM;
        if (kind->drop != NULL)
            kind->drop(world, subject);
        return;
    }
    event = torci_event_heap_add(&world->events, t_ns,
                                 TORCI_EVENT_ORDER(event_class, host->number, ++world->sequence));
    event->kind = kind;
    event->subject = subject;
}

/* --- which host is next --------------------------------------------------------------------- */

static bool due_before(const struct torc_host *a, const struct torc_host *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->number < b->number;
}

static void put_due(struct torc_world *world, uint32_t at, struct torc_host *host)
{
    world->due[at] = host;
    host->due_index = at;
}

static void move_due(struct torc_host *host)
{
    struct torc_world *world = host->world;
    uint32_t at = host->due_index;

    while (at > 0 && due_before(host, world->due[(at - 1) / 2])) {
        put_due(world, at, world->due[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (;;) {
        uint32_t child = 2 * at + 1;

        if (child >= world->host_count)
            break;
        if (child + 1 < world->host_count &&
            due_before(world->due[child + 1], world->due[child]))
            child++;
        if (!due_before(world->due[child], host))
            break;
        put_due(world, at, world->due[child]);
        at = child;
    }
    put_due(world, at, host);
}

void torci_host_reschedule(struct torc_host *host, bool ask)
{
    uint64_t due_ns = TORC_NEVER;

    if (host->raw && host->up) {
        due_ns = torci_host_has_events(host) ? host->world->now_ns : host->wake_at_ns;
    } else if (host->reactor != NULL) {
        if (ask)
            host->reactor_at =
                torc_reactor_running(host->reactor)
                    ? torci_clock_reaches(&host->clock, torc_reactor_next_at(host->reactor))
                    : TORC_NEVER;
        if (torci_host_has_events(host) && torc_reactor_running(host->reactor))
            due_ns = host->world->now_ns;
        else
            due_ns = host->reactor_at;
    }
    if (host->held != 0)
        due_ns = torci_host_held_due(host, due_ns, torci_host_has_events(host));
    if (due_ns < host->world->now_ns)
        due_ns = host->world->now_ns;
    if (due_ns == host->due_ns)
        return;
    host->due_ns = due_ns;
    move_due(host);
}

/* Code outside of turns may have used a reactor since it was last asked. */
static void ask_all(struct torc_world *world)
{
    uint32_t i;

    for (i = 0; i < world->host_count; i++)
        torci_host_reschedule(world->hosts[i], true);
}

/* --- running -------------------------------------------------------------------------------- */

static uint64_t next_at(const struct torc_world *world)
{
    uint64_t event_ns = world->events.count > 0 ? world->events.events[0].t_ns : TORC_NEVER;
    uint64_t turn_ns = world->host_count > 0 ? world->due[0]->due_ns : TORC_NEVER;

    return event_ns < turn_ns ? event_ns : turn_ns;
}

/* Whether the first event is due, and before a turn that may be due as well. */
static bool event_is_next(const struct torc_world *world, uint64_t t_ns)
{
    const struct torci_event *event = &world->events.events[0];

    if (world->events.count == 0 || event->t_ns > t_ns)
        return false;
    return TORCI_EVENT_CLASS(event->order) != TORCI_EVENT_JOB_GOES_ON || world->host_count == 0 ||
           world->due[0]->due_ns > t_ns;
}

/* At one time, what arrives comes before jobs that begin, then turns, then jobs that go on. */
static void do_next(struct torc_world *world, uint64_t t_ns)
{
    if (t_ns > world->now_ns) {
        world->now_ns = t_ns;
        world->turns_here = 0;
    }
    if (event_is_next(world, t_ns)) {
        const struct torci_event *event = &world->events.events[0];

        event->kind->happen(world, event->subject);
    } else {
        world->turns_here++;
        torci_host_run_turn(world->due[0]);
    }
}

/* When nothing is left to happen: whether something still waits. */
static enum torc_verdict judge_silence(struct torc_world *world)
{
    bool reactors = false;
    bool running = false;
    bool waiting = false;
    uint32_t i;

    for (i = 0; i < world->host_count; i++) {
        struct torc_host *host = world->hosts[i];
        struct torc_scope_counts counts;

        if (host->raw)
            continue;
        reactors = true;
        if (host->reactor == NULL || !torc_reactor_running(host->reactor))
            continue;
        running = true;
        torc_scope_count(torc_reactor_scope(host->reactor), &counts);
        waiting = waiting || counts.deferreds_unfired > 0;
    }
    if (reactors && !running)
        return TORC_VERDICT_STOPPED;
    return waiting ? TORC_VERDICT_STUCK : TORC_VERDICT_QUIESCENT;
}

static enum torc_verdict run(struct torc_world *world, uint64_t until_ns)
{
    for (;;) {
        uint64_t t_ns = next_at(world);

        if (t_ns == TORC_NEVER || t_ns > until_ns) {
            ask_all(world);
            t_ns = next_at(world);
        }
        if (t_ns == TORC_NEVER)
            return judge_silence(world);
        if (t_ns > until_ns)
            return TORC_VERDICT_DEADLINE;
        if (world->turns_here >= world->turns_at_one_time_max && t_ns <= world->now_ns)
            return TORC_VERDICT_LIVELOCK;
        do_next(world, t_ns);
        if (world->error != 0)
            return TORC_VERDICT_QUIESCENT;
    }
}

int torc_world_run(struct torc_world *world, uint64_t until_ns, enum torc_verdict *out)
{
    enum torc_verdict verdict;

    if (world->running)
        return TORC_EMISUSE;
    world->running = true;
    world->until_ns = until_ns;
    world->turns_here = 0;
    ask_all(world);
    verdict = run(world, until_ns);
    world->running = false;
    if (world->error != 0)
        return world->error;
    if (until_ns != TORC_NEVER && verdict != TORC_VERDICT_LIVELOCK && world->now_ns < until_ns)
        world->now_ns = until_ns;
    *out = verdict;
    return 0;
}

int torc_world_step(struct torc_world *world)
{
    uint64_t t_ns;

    if (world->running)
        return TORC_EMISUSE;
    ask_all(world);
    t_ns = next_at(world);
    if (t_ns == TORC_NEVER)
        return TORC_ENOTFOUND;
    world->running = true;
    world->stepping = true;
    do_next(world, t_ns);
    world->stepping = false;
    world->running = false;
    return world->error;
}

uint64_t torc_world_next_at(struct torc_world *world)
{
    if (!world->running)
        ask_all(world);
    return next_at(world);
}

/* --- describing ----------------------------------------------------------------------------- */

struct describing {
    const struct torc_host *host;
    torc_visit_text_fn *visit;
    void *arg;
};

static void describe_one(void *arg, const char *text)
{
    const struct describing *describing = arg;
    char sentence[512];

    torc_format(sentence, sizeof sentence, "%s: %s", describing->host->name, text);
    describing->visit(describing->arg, sentence);
}

void torc_world_describe(struct torc_world *world, torc_visit_text_fn *visit, void *arg)
{
    uint32_t i;

    for (i = 0; i < world->host_count; i++) {
        struct describing describing = {world->hosts[i], visit, arg};

        if (torc_host_paused(world->hosts[i]))
            describe_one(&describing, "paused");
        if (world->hosts[i]->reactor != NULL)
            torc_reactor_describe(world->hosts[i]->reactor, describe_one, &describing);
    }
}

const char *torc_verdict_name(enum torc_verdict verdict)
{
    static const char *const names[] = {"deadline", "stopped", "quiescent", "stuck", "livelock"};

    return (unsigned)verdict < sizeof names / sizeof names[0] ? names[verdict] : "?";
}

void torc_world_set_faults(struct torc_world *world, bool on)
{
    world->faults_off = !on;
    for (uint32_t i = 0; i < world->host_count && !on; i++)
        torci_host_calm(world->hosts[i]);
}
