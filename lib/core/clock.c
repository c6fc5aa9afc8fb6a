/* clock.c - timed calls: handles, time, and the rules of who is called when.  The order is the timer
 * heap's. */
#include <torc/log.h>

#include "clock_internal.h"
#include "timer_heap.h"

struct torc_clock {
    struct torc_scope *scope;
    struct torc_platform *platform; /* the reactor's; NULL: advanced by hand */
    struct torci_timer_heap heap;
    uint64_t now_ns;
    bool in_turn; /* now_ns stands still */
    bool running; /* in advance, or in the timed calls of a turn */
    bool closed;
    bool freed; /* by one of its own calls: goes when that has returned */
};

static void check_thread(const struct torc_clock *clock, const char *site)
{
    if (clock->platform && !clock->platform->ops->in_reactor(clock->platform))
        clock->platform->ops->fatal(clock->platform, site, "the clock is the reactor's thread's");
}

static uint64_t add_saturating(uint64_t time_ns, uint64_t delta_ns)
{
    return time_ns > TORC_NEVER - delta_ns ? TORC_NEVER : time_ns + delta_ns;
}

/* --- making and freeing ----------------------------------------------------------------------- */

int torci_clock_new(struct torc_scope *scope, struct torc_platform *platform,
                    struct torc_clock **out)
{
    struct torc_clock *clock = torc_alloc_zero(scope, sizeof *clock);
    if (!clock)
        return TORC_ENOMEM;
    clock->scope = scope;
    clock->platform = platform;
    torci_timer_heap_init(&clock->heap, scope);
    *out = clock;
    return 0;
}

int torc_clock_new(struct torc_scope *scope, struct torc_clock **out)
{
    return torci_clock_new(scope, NULL, out);
}

static void release(struct torc_clock *clock)
{
    torci_timer_heap_free(&clock->heap);
    torc_release(clock->scope, clock, sizeof *clock);
}

/* Takes a user's call off its slot, which is given back before `drop_arg` runs. */
static void drop_call(struct torc_clock *clock, uint32_t index)
{
    const struct torci_timer_slot *slot = &clock->heap.slots[index];
    torc_drop_fn *drop_arg = slot->drop_arg;
    void *arg = slot->arg;
    torci_timer_heap_give(&clock->heap, index, TORCI_TIMER_FREE_CANCELED);
    if (drop_arg)
        drop_arg(arg);
}

void torci_clock_drop_calls(struct torc_clock *clock)
{
    for (uint32_t i = 0; i < clock->heap.slot_count; i++) {
        if (clock->heap.slots[i].state == TORCI_TIMER_SET && !clock->heap.slots[i].alarm)
            drop_call(clock, i);
    }
}

void torc_clock_free(struct torc_clock *clock)
{
    if (!clock || clock->freed)
        return;
    check_thread(clock, TORC_HERE);
    clock->closed = true;
    torci_clock_drop_calls(clock);
    if (clock->running)
        clock->freed = true;
    else
        release(clock);
}

/* --- time ------------------------------------------------------------------------------------- */

uint64_t torc_clock_now(const struct torc_clock *clock)
{
    if (!clock->platform || clock->in_turn)
        return clock->now_ns;
    uint64_t now = clock->platform->ops->now_ns(clock->platform);
    return now > clock->now_ns ? now : clock->now_ns;
}

void torci_clock_begin_turn(struct torc_clock *clock)
{
    clock->now_ns = torc_clock_now(clock);
    clock->in_turn = true;
}

void torci_clock_end_turn(struct torc_clock *clock)
{
    clock->in_turn = false;
}

void torci_clock_close(struct torc_clock *clock)
{
    clock->closed = true;
}

uint64_t torci_clock_next(const struct torc_clock *clock)
{
    return torci_timer_heap_next(&clock->heap);
}

/* --- running ---------------------------------------------------------------------------------- */

static void run(struct torc_clock *clock, uint32_t index)
{
    struct torci_timer_slot *slot = &clock->heap.slots[index];
    bool alarm = slot->alarm;
    void *arg = slot->arg;
    torc_drop_fn *drop_arg = slot->drop_arg;
    struct torc_failure *failure = slot->call(arg);
    if (failure) {
        torc_log_failure(clock->scope, "torc.clock", "while running a timed call", failure);
        torc_failure_drop(failure);
    }
    if (alarm)
        return;
    if (drop_arg)
        drop_arg(arg);
    torci_timer_heap_give(&clock->heap, index, TORCI_TIMER_FREE_CALLED);
}

void torci_clock_run_due(struct torc_clock *clock)
{
    torci_timer_heap_begin_round(&clock->heap);
    clock->running = true;
    for (uint32_t index; !clock->freed;) {
        index = torci_timer_heap_pop(&clock->heap, clock->now_ns);
        if (index == TORCI_TIMER_NO_SLOT)
            break;
        run(clock, index);
    }
    clock->running = false;
}

/* Goes to `deadline_ns` and runs a round there.  False: the clock is gone. */
static bool run_round(struct torc_clock *clock, uint64_t deadline_ns)
{
    if (deadline_ns > clock->now_ns)
        clock->now_ns = deadline_ns;
    torci_clock_run_due(clock);
    if (!clock->freed)
        return true;
    release(clock);
    return false;
}

int torc_clock_advance(struct torc_clock *clock, uint64_t delta_ns)
{
    if (clock->platform || clock->running)
        return TORC_EMISUSE;
    uint64_t until_ns = add_saturating(clock->now_ns, delta_ns);
    if (until_ns == TORC_NEVER)
        until_ns--; /* the end of time does not come */
    for (uint64_t next_ns; (next_ns = torci_timer_heap_next(&clock->heap)) <= until_ns;) {
        if (!run_round(clock, next_ns))
            return 0;
    }
    clock->now_ns = until_ns;
    return 0;
}

int torc_clock_advance_to_next(struct torc_clock *clock)
{
    if (clock->platform || clock->running)
        return TORC_EMISUSE;
    uint64_t next_ns = torci_timer_heap_next(&clock->heap);
    if (next_ns == TORC_NEVER)
        return TORC_ENOTFOUND;
    run_round(clock, next_ns);
    return 0;
}

/* --- timed calls ------------------------------------------------------------------------------ */

int torc_call_later_at(const char *site, struct torc_clock *clock, uint64_t delay_ns,
                       torc_call_fn *call, void *arg, torc_drop_fn *drop_arg,
                       struct torc_timer *out)
{
    uint32_t index;
    check_thread(clock, site);
    if (clock->closed)
        return TORC_ECLOSED;
    int error = torci_timer_heap_take(&clock->heap, &index);
    if (error)
        return error;
    struct torci_timer_slot *slot = &clock->heap.slots[index];
    slot->call = call;
    slot->arg = arg;
    slot->drop_arg = drop_arg;
    slot->site = site;
    torci_timer_heap_set(&clock->heap, index, add_saturating(torc_clock_now(clock), delay_ns));
    if (out)
        *out = (struct torc_timer){clock, index, slot->generation};
    return 0;
}

/* The code for a handle whose call is not pending, or 0. */
static inline int check_pending(struct torc_timer timer)
{
    if (!timer.clock || timer.index >= timer.clock->heap.slot_count)
        return TORC_ESTALE;
    check_thread(timer.clock, TORC_HERE);
    const struct torci_timer_slot *slot = &timer.clock->heap.slots[timer.index];
    if (slot->generation != timer.generation)
        return TORC_ESTALE;
    if (slot->state == TORCI_TIMER_SET)
        return 0;
    return slot->state == TORCI_TIMER_FREE_CANCELED ? TORC_ECANCELED : TORC_ECALLED;
}

int torc_timer_cancel(struct torc_timer timer)
{
    int error = check_pending(timer);
    if (error)
        return error;
    drop_call(timer.clock, timer.index);
    return 0;
}

int torc_timer_reset(struct torc_timer timer, uint64_t delay_ns)
{
    int error = check_pending(timer);
    if (error)
        return error;
    torci_timer_heap_set(&timer.clock->heap, timer.index,
                         add_saturating(torc_clock_now(timer.clock), delay_ns));
    return 0;
}

int torc_timer_delay(struct torc_timer timer, int64_t delta_ns)
{
    int error = check_pending(timer);
    if (error)
        return error;
    uint64_t now_ns = torc_clock_now(timer.clock);
    uint64_t deadline_ns = timer.clock->heap.slots[timer.index].deadline_ns;
    if (delta_ns >= 0) {
        deadline_ns = add_saturating(deadline_ns, (uint64_t)delta_ns);
    } else {
        uint64_t earlier_ns = 0 - (uint64_t)delta_ns;
        deadline_ns = deadline_ns > earlier_ns ? deadline_ns - earlier_ns : 0;
    }
    torci_timer_heap_set(&timer.clock->heap, timer.index,
                         deadline_ns > now_ns ? deadline_ns : now_ns);
    return 0;
}

bool torc_timer_active(struct torc_timer timer)
{
    return check_pending(timer) == 0;
}

uint64_t torc_timer_deadline(struct torc_timer timer)
{
    if (check_pending(timer) != 0)
        return TORC_NEVER;
    return timer.clock->heap.slots[timer.index].deadline_ns;
}

size_t torc_clock_pending(const struct torc_clock *clock)
{
    return clock->heap.pending;
}

void torc_clock_visit(const struct torc_clock *clock, torc_visit_timer_fn *visit, void *arg)
{
    for (uint32_t i = 0; i < clock->heap.slot_count; i++) {
        const struct torci_timer_slot *slot = &clock->heap.slots[i];
        if (slot->state == TORCI_TIMER_SET)
            visit(arg, slot->deadline_ns, slot->site);
    }
}

/* --- alarms ----------------------------------------------------------------------------------- */

int torci_alarm_new(struct torc_clock *clock, const char *site, torc_call_fn *call, void *arg,
                    torci_alarm *out)
{
    uint32_t index;
    int error = torci_timer_heap_take(&clock->heap, &index);
    if (error)
        return error;
    struct torci_timer_slot *slot = &clock->heap.slots[index];
    slot->call = call;
    slot->arg = arg;
    slot->drop_arg = NULL;
    slot->site = site;
    slot->alarm = true;
    *out = index + 1;
    return 0;
}

void torci_alarm_set(struct torc_clock *clock, torci_alarm alarm, uint64_t delay_ns)
{
    torci_timer_heap_set(&clock->heap, alarm - 1, add_saturating(torc_clock_now(clock), delay_ns));
}

void torci_alarm_clear(struct torc_clock *clock, torci_alarm alarm)
{
    if (alarm)
        torci_timer_heap_clear(&clock->heap, alarm - 1);
}

bool torci_alarm_is_set(const struct torc_clock *clock, torci_alarm alarm)
{
    return alarm && clock->heap.slots[alarm - 1].state == TORCI_TIMER_SET;
}

void torci_alarm_free(struct torc_clock *clock, torci_alarm alarm)
{
    if (alarm)
        torci_timer_heap_give(&clock->heap, alarm - 1, TORCI_TIMER_FREE_CALLED);
}
