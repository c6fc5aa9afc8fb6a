/* raw_host.h - a simulated host without a reactor: the place of a scripted peer, a fault
 * injector or a test that speaks to the platform's slots directly.
 *
 * A raw host has a name, an address and streams like any other, and no code of its own: the
 * world calls `turn` when events wait for it or when the time it asked for has come.  Within
 * `turn` (and from outside, between steps of the world) it calls the slots of its platform:
 * connect, listen, read, writev, interest, shutdown, close, and wait with deadline 0 to take its
 * events.  Events that `turn` leaves untaken bring another turn at the same time, so a raw host
 * takes them all or withdraws its interest. */
#ifndef TORCI_RAW_HOST_H
#define TORCI_RAW_HOST_H

#include <torc/sim.h>

/* Adds a raw host that is up.  `arg` is borrowed as long as the world lives.  torc_host_kill and
 * torc_host_restart work on it (its streams go; `turn` is kept); torc_host_reactor is NULL.
 * Errors: TORC_ENOMEM; TORC_EEXIST; TORC_EINVAL, no name. */
TORC_CHECKED int torci_world_add_raw_host(struct torc_world *world, const char *name,
                                          void (*turn)(void *arg), void *arg,
                                          struct torc_host **out);

/* The platform of any host, raw or not; valid as long as the world. */
struct torc_platform *torci_host_platform(struct torc_host *host);

/* Asks for a turn at `t_ns` (in the past: now); each call replaces the one before.  TORC_NEVER:
 * none.  A turn uses it up. */
void torci_host_wake_at(struct torc_host *host, uint64_t t_ns);

/* Splits a stream of a connection of a raw host: `outgoing` what the host sends, otherwise what its peer writes.
 * After `at[0]` bytes, `at[1]`, ... a segment ends; a host that runs a module has its write taken short there.  They
 * rise, end with UINT64_MAX and are borrowed as long as the world; NULL: nowhere.  What is written already stays as it
 * is.  Returns how much that is. */
uint64_t torci_host_split_stream(struct torc_host *host, uint64_t handle, bool outgoing,
                                 const uint64_t *at);

#endif
