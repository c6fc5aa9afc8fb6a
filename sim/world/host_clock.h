/* host_clock.h - a host's clocks as functions of the world's time, in integers. */
#ifndef TORCI_HOST_CLOCK_H
#define TORCI_HOST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct torci_host_clock {
    bool drifts;      /* or has: the host's time is not the world's */
    int32_t ppm;
    uint64_t world_ns; /* when the drift was set, in the world's time and in the host's */
    uint64_t host_ns;
    int64_t wall_offset_ns; /* of steps */
};

/* The host's time at a time of the world that is not before world_ns. */
uint64_t torci_clock_at(const struct torci_host_clock *clock, uint64_t world_ns);

/* The first time of the world, from world_ns on, at which the host's time is `host_ns` or later; TORC_NEVER: none. */
uint64_t torci_clock_reaches(const struct torci_host_clock *clock, uint64_t host_ns);

#endif
