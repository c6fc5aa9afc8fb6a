/* torc/host_fault.h - what goes wrong with a simulated host as a whole: its clocks, the time its turns take, its life.
 *
 * A person declares these by the calls below (and by lines of a scenario); a decider brings them about at the sites
 * clock.step, timer.late, loop.stall and host.fault (torc/decision.h, docs/explore.md).
 *
 * Every call is traced as `fault` and may be made between steps of the world and from its callbacks.  None fails for
 * want of memory, but for torc_host_set_module. */
#ifndef TORC_HOST_FAULT_H
#define TORC_HOST_FAULT_H

#include <torc/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- clocks ----------------------------------------------------------------------------------- */

/* A host has one oscillator, which both its clocks count: torc_reactor_now and torc_reactor_wall.  It is exact unless
 * told otherwise.  With a drift of p parts per million it counts, from when it was told, floor(d * (1000000 + p) / 1000000)
 * nanoseconds in d of the world's; a timed call of the host runs at the first nanosecond of the world at which the host's
 * clock has reached its time.  The monotonic clock never goes back.  Packets, jobs, disks and traces have the world's time.
 *
 * Clocks are the machine's: kills and restarts leave them alone. */
#define TORC_DRIFT_PPM_MAX 100000

/* From now on; 0: exact again, from the time it then has.  Errors: TORC_EINVAL, beyond TORC_DRIFT_PPM_MAX either way;
 * the host is raw. */
TORC_API TORC_CHECKED int torc_host_set_drift(struct torc_host *host, int32_t ppm);

/* Sets the wall clock forward, or back; the monotonic clock does not hear of it.  It stops at 1970 and in 2554.
 * SQLite's time is the wall clock. */
TORC_API void torc_host_step_clock(struct torc_host *host, int64_t by_ns);

/* What the two clocks say now. */
TORC_API uint64_t torc_host_now(const struct torc_host *host);
TORC_API uint64_t torc_host_wall(const struct torc_host *host);

/* --- time that passes -------------------------------------------------------------------------- */

/* Stops all code of the host, as SIGSTOP does: no turn and no job runs until it is resumed, or `for_ns` (TORC_NEVER: no
 * end) has passed; a job that runs goes on to where it yields.  The kernel goes on: connections are made and acknowledged,
 * what arrives waits in buffers, signals wait.  A pause of a host that is paused replaces its end.
 * torc_host_call answers TORC_EBUSY meanwhile.  Errors: TORC_ECLOSED, the host is down; TORC_EINVAL, it is raw. */
TORC_API TORC_CHECKED int torc_host_pause(struct torc_host *host, uint64_t for_ns);
/* What waits happens at once.  Without effect on a host that is not paused. */
TORC_API void torc_host_resume(struct torc_host *host);
TORC_API bool torc_host_paused(const struct torc_host *host);

/* The turn that runs, or ran last, takes `for_ns`: the next one waits so long, from now, and nothing else does (jobs
 * run on).  Errors: as torc_host_pause. */
TORC_API TORC_CHECKED int torc_host_stall(struct torc_host *host, uint64_t for_ns);

/* --- life --------------------------------------------------------------------------------------- */

/* What the host's next restart starts: another module (NULL: the same), with other options (`pairs` as in
 * torc_host_start_module; NULL: the same).  Pairs are copied.  Errors: TORC_EBUSY, the host is up; TORC_ENOTFOUND, no
 * module has been started on it; TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_host_set_module(struct torc_host *host, const struct torc_module *module,
                                               const char *const *pairs);

/* Told of what the world does to a host by itself, at site host.fault. */
struct torc_host_watcher {
    /* The host is about to be killed, or to lose its power; its reactor can still be looked at. */
    void (*goes_down)(struct torc_host_watcher *self, struct torc_host *host);
    /* What torc_host_restart answered, 100 ms later. */
    void (*came_up)(struct torc_host_watcher *self, struct torc_host *host, int code);
};
/* Borrowed; NULL: nobody. */
TORC_API void torc_world_watch_hosts(struct torc_world *world, struct torc_host_watcher *watcher);

/* From now on the host is asked nothing of this header, and holds no job at a point by a decision: the end of a run, when
 * it is to stop in order.  It is resumed, its stalled and late turns are due, such jobs go on, and if a fault has killed it, it stays down. */
TORC_API void torc_host_spare(struct torc_host *host);

#ifdef __cplusplus
}
#endif
#endif
