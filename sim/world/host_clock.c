/* host_clock.c - clocks that drift and are set. */
#include "world.h"

#include <torc/host_fault.h>

#define MILLION 1000000

/* d * (MILLION + ppm) / MILLION in parts, so that nothing overflows; exact, as MILLION divides the first part. */
static uint64_t counted(uint64_t d, uint64_t rate)
{
    return d / MILLION * rate + d % MILLION * rate / MILLION;
}

uint64_t torci_clock_at(const struct torci_host_clock *clock, uint64_t world_ns)
{
    if (!clock->drifts)
        return world_ns;
    return clock->host_ns +
           counted(world_ns - clock->world_ns, (uint64_t)(MILLION + (int64_t)clock->ppm));
}

uint64_t torci_clock_reaches(const struct torci_host_clock *clock, uint64_t host_ns)
{
    uint64_t rate = (uint64_t)(MILLION + (int64_t)clock->ppm);
    uint64_t wanted;
    uint64_t d;

    if (!clock->drifts || host_ns == TORC_NEVER)
        return host_ns;
    if (host_ns <= clock->host_ns)
        return clock->world_ns;
    wanted = host_ns - clock->host_ns;
    if (wanted / rate >= TORC_NEVER / MILLION)
        return TORC_NEVER;
    /* floor(d * rate / MILLION) >= wanted from d = ceil(wanted * MILLION / rate) on. */
    d = wanted / rate * MILLION + (wanted % rate * MILLION + rate - 1) / rate;
    return d > TORC_NEVER - clock->world_ns ? TORC_NEVER : clock->world_ns + d;
}

uint64_t torc_host_now(const struct torc_host *host)
{
    return torci_clock_at(&host->clock, host->world->now_ns);
}

uint64_t torc_host_wall(const struct torc_host *host)
{
    uint64_t now_ns = host->world->wall_start_ns + torc_host_now(host);
    int64_t offset_ns = host->clock.wall_offset_ns;

    if (offset_ns < 0)
        return now_ns < (uint64_t)-offset_ns ? 0 : now_ns - (uint64_t)-offset_ns;
    return now_ns > UINT64_MAX - (uint64_t)offset_ns ? UINT64_MAX : now_ns + (uint64_t)offset_ns;
}

int torc_host_set_drift(struct torc_host *host, int32_t ppm)
{
    struct torci_host_clock *clock = &host->clock;

    if (host->raw || ppm > TORC_DRIFT_PPM_MAX || ppm < -TORC_DRIFT_PPM_MAX)
        return TORC_EINVAL;
    clock->host_ns = torc_host_now(host);
    clock->world_ns = host->world->now_ns;
    clock->ppm = ppm;
    clock->drifts = true;
    torci_host_trace_host_fault(host, "drift", ppm, 0);
    torci_host_reschedule(host, true);
    return 0;
}

static int64_t added(int64_t a, int64_t b)
{
    if (b > 0 ? a > INT64_MAX - b : a < -INT64_MAX - b)
        return b > 0 ? INT64_MAX : -INT64_MAX;
    return a + b;
}

void torc_host_step_clock(struct torc_host *host, int64_t by_ns)
{
    host->clock.wall_offset_ns = added(host->clock.wall_offset_ns, by_ns);
    torci_host_trace_host_fault(host, "clock step", 0, by_ns);
}
