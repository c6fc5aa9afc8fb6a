/* torc/point.h - jobs of a simulated host that are held at a point of their code (TORC_POINT, torc/mark.h).
 *
 * While a name is held, each job of the host that comes to a point of that name waits there, in the middle of what it
 * does; turns and other jobs go on, and time passes for it too.  Once the name is released those that wait go on at
 * once, in the order they came, after the turns that are due.  Holds are the host's: they outlive kills and restarts,
 * but a job that waits when its host is killed ends as every other job does.
 *
 * A decider holds jobs too, each for a time: site `point.hold` of torc/decision.h, asked whenever a job comes to a point
 * whose name is not held.  Such a job waits as the others do, is counted among them, and goes on when its time is over,
 * the name is released, or faults are turned off (torc_world_set_faults), after which none is held like that; if the
 * name is held meanwhile it waits for the release.  Where a name is held nothing is decided, but the question counted.
 *
 * The calls may be made between steps of the world and from its callbacks.  What is held and released is traced as
 * `job`. */
#ifndef TORC_POINT_H
#define TORC_POINT_H

#include <torc/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Holds the name from now on; `name` is borrowed until the world is freed.  A name can be held more than once, and one
 * release ends all of that.  *out_number (NULL: not wanted): of this hold among the host's, from 0.
 * Errors: TORC_ENOMEM; TORC_EINVAL, the host is raw or the name is empty. */
TORC_API TORC_CHECKED int torc_host_hold_point(struct torc_host *host, const char *name, uint32_t *out_number);

/* Ends all holds of the name, or (NULL) all there are, a decider's included.  Without effect where nobody waits and
 * nothing is held. */
TORC_API void torc_host_release_point(struct torc_host *host, const char *name);

/* How many jobs wait at the point now. */
TORC_API uint64_t torc_host_point_waiting(const struct torc_host *host, const char *name);

/* How many jobs that hold has stopped so far, released or not; those that a decider held there then among them. */
TORC_API uint64_t torc_host_hold_stopped(const struct torc_host *host, uint32_t number);

#ifdef __cplusplus
}
#endif
#endif
