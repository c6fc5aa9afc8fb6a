/* torc/guard.h - the escape guard: catches code of a simulated host that goes past the simulator.
 *
 * A simulated host has virtual time, a simulated network and seeded randomness; code that reads the
 * real clock, opens a real socket, starts a thread or sleeps breaks the run's reproducibility.  The
 * guard is an object file linked into the `torc` command and into test programs: it interposes
 * clock_gettime, getrandom, socket, pthread_create, sleep and their like.  Outside of a host's code
 * they pass through; inside, the process says on standard error who called what, on which host and
 * at which virtual time, and aborts.
 *
 * libtorc-sim calls torc_guard_set around every turn and job of a host if the program has a guard.
 * What the guard cannot see: direct system calls, calls inside statically linked libraries, and
 * functions it does not know. */
#ifndef TORC_GUARD_H
#define TORC_GUARD_H

#include <stdint.h>

#include <torc/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whose code runs; borrowed while it is in force. */
struct torc_guard_place {
    const char *host;
    const uint64_t *now_ns;
    uint64_t seed;
};

/* Puts the calling thread under guard (NULL: lifts it) and returns what was in force before.
 * Defined by the guard, not by libtorc-sim. */
TORC_API const struct torc_guard_place *torc_guard_set(const struct torc_guard_place *place);

#ifdef __cplusplus
}
#endif
#endif
