/* host_fault.c - hosts that are paused, stall, are late, or are killed and come up again by themselves. */
#include "world.h"

#include <torc/disk.h>
#include <torc/host_fault.h>

#include "database.h"
#include "job.h"

#define RESTART_NS (100 * TORC_MILLISECOND)

void torci_host_trace_host_fault(struct torc_host *host, const char *kind, int code, int64_t ns)
{
    torci_host_trace_fault(host, "host", 0, kind, "", code, (uint64_t)ns);
}

/* --- why a turn waits ------------------------------------------------------------------------ */

uint64_t torci_host_held_due(const struct torc_host *host, uint64_t due_ns, bool events)
{
    if ((host->held & TORCI_HELD_DOWN) != 0)
        return host->restart_at_ns;
    if ((host->held & TORCI_HELD_PAUSED) != 0)
        return host->paused_until_ns;
    if ((host->held & TORCI_HELD_LATE) != 0 && !events && due_ns < host->late_until_ns)
        due_ns = host->late_until_ns;
    if ((host->held & TORCI_HELD_STALLED) != 0 && due_ns < host->stalled_until_ns)
        due_ns = host->stalled_until_ns;
    return due_ns;
}

static void let_go(struct torc_host *host, unsigned held)
{
    host->held &= ~held;
    torci_host_reschedule(host, false);
}

static uint64_t after(const struct torc_host *host, uint64_t ns)
{
    uint64_t now_ns = host->world->now_ns;

    return ns > TORC_NEVER - now_ns ? TORC_NEVER : now_ns + ns;
}

static void come_up(struct torc_host *host)
{
    struct torc_host_watcher *watcher = host->world->watcher;
    int code;

    let_go(host, TORCI_HELD_DOWN);
    code = torc_host_restart(host);
    if (watcher != NULL)
        watcher->came_up(watcher, host, code);
    else if (code == TORC_ENOMEM)
        host->world->error = code;
}

bool torci_host_begin_held_turn(struct torc_host *host)
{
    if ((host->held & TORCI_HELD_DOWN) != 0) {
        come_up(host);
        return false;
    }
    if ((host->held & TORCI_HELD_PAUSED) != 0) {
        torc_host_resume(host);
        return false;
    }
    host->held &= ~(unsigned)TORCI_HELD_STALLED;
    return true;
}

/* --- pausing and stalling -------------------------------------------------------------------- */

static int check(const struct torc_host *host)
{
    if (host->raw)
        return TORC_EINVAL;
    return torc_host_up(host) ? 0 : TORC_ECLOSED;
}

int torc_host_pause(struct torc_host *host, uint64_t for_ns)
{
    int code = check(host);

    if (code != 0)
        return code;
    torci_host_trace_host_fault(host, "pause", 0, for_ns == TORC_NEVER ? -1 : (int64_t)for_ns);
    host->held |= TORCI_HELD_PAUSED;
    host->paused_until_ns = after(host, for_ns);
    torci_host_reschedule(host, false);
    return 0;
}

void torc_host_resume(struct torc_host *host)
{
    if (!torc_host_paused(host))
        return;
    torci_host_trace_host_fault(host, "resume", 0, 0);
    host->held &= ~(unsigned)TORCI_HELD_PAUSED;
    torci_host_resume_jobs(host);
    torci_host_reschedule(host, false);
}

bool torc_host_paused(const struct torc_host *host)
{
    return (host->held & TORCI_HELD_PAUSED) != 0;
}

static void stall(struct torc_host *host, uint64_t for_ns)
{
    torci_host_trace_host_fault(host, "stall", 0, (int64_t)for_ns);
    host->held |= TORCI_HELD_STALLED;
    host->stalled_until_ns = after(host, for_ns);
    torci_host_reschedule(host, false);
}

int torc_host_stall(struct torc_host *host, uint64_t for_ns)
{
    int code = check(host);

    if (code == 0)
        stall(host, for_ns);
    return code;
}

void torci_host_calm(struct torc_host *host)
{
    torc_host_resume(host);
    let_go(host, TORCI_HELD_STALLED | TORCI_HELD_LATE);
    torci_host_end_decided_holds(host);
}

void torc_host_spare(struct torc_host *host)
{
    host->spared = true;
    torci_host_calm(host);
    let_go(host, TORCI_HELD_DOWN);
}

/* --- what is decided ------------------------------------------------------------------------- */

static void go_down(struct torc_host *host, bool power)
{
    struct torc_host_watcher *watcher = host->world->watcher;
    struct torc_power_cut cut = TORC_POWER_CUT_INIT;

    cut.loss = TORC_LOSS_ALL;
    if (watcher != NULL)
        watcher->goes_down(watcher, host);
    if (!power)
        torc_host_kill(host);
    else if (torc_host_cut_power(host, &cut) != 0)
        host->world->error = TORC_ENOMEM;
    host->held |= TORCI_HELD_DOWN;
    host->restart_at_ns = after(host, RESTART_NS);
    torci_host_reschedule(host, false);
}

/* Whether the turn does not take place.  One that a pause has held back is not asked about again: it would be
 * paused for ever where a fault strikes each time. */
static bool suffer_host_fault(struct torc_host *host)
{
    static const uint64_t pauses_ns[] = {50 * TORC_MILLISECOND, 5000 * TORC_MILLISECOND};
    uint64_t value;

    if (host->was_paused) {
        host->was_paused = false;
        return false;
    }
    value = torci_host_module_runs(host) ? torci_fault(host, "host.fault", 5, 0) : 0;
    if (value == 1 || value == 2) {
        go_down(host, value == 2);
    } else if (value != 0) {
        host->was_paused = torc_host_pause(host, pauses_ns[value - 3]) == 0;
    }
    return value != 0;
}

void torci_host_suffers_clock_step(struct torc_host *host)
{
    static const int32_t seconds[] = {0, 3600, -3600, -10};
    int64_t s = seconds[torci_fault(host, "clock.step", 4, 0)];

    if (s != 0)
        torc_host_step_clock(host, s * (int64_t)TORC_SECOND);
}

/* Whether a turn that only timed calls are due in waits. */
static bool suffer_late_timer(struct torc_host *host)
{
    static const uint64_t late_ns[] = {0, TORC_MILLISECOND, 50 * TORC_MILLISECOND, 2000 * TORC_MILLISECOND};
    uint64_t value;

    if ((host->held & TORCI_HELD_LATE) != 0) {
        host->held &= ~(unsigned)TORCI_HELD_LATE;
        return false;
    }
    if (host->reactor_at > host->world->now_ns || torci_host_has_events(host))
        return false;
    value = torci_fault(host, "timer.late", 4, 0);
    if (value == 0)
        return false;
    host->held |= TORCI_HELD_LATE;
    host->late_until_ns = after(host, late_ns[value]);
    torci_host_reschedule(host, false);
    return true;
}

bool torci_host_suffers_before(struct torc_host *host)
{
    if (host->spared)
        return false;
    if (suffer_host_fault(host))
        return true;
    torci_host_suffers_clock_step(host);
    return suffer_late_timer(host);
}

void torci_host_suffers_after(struct torc_host *host)
{
    static const uint64_t stalls_ns[] = {0, 5 * TORC_MILLISECOND, 200 * TORC_MILLISECOND, 5000 * TORC_MILLISECOND};
    uint64_t value;

    if (host->spared || host->reactor == NULL || !torc_reactor_running(host->reactor))
        return;
    value = torci_fault(host, "loop.stall", 4, 0);
    if (value != 0)
        stall(host, stalls_ns[value]);
}

void torc_world_watch_hosts(struct torc_world *world, struct torc_host_watcher *watcher)
{
    world->watcher = watcher;
}
