/* clock_internal.h - what the rest of the library needs of a clock beyond torc/clock.h.
 *
 * An alarm is a timed call whose place is reserved once and armed any number of times after.  Arming,
 * clearing and freeing it never allocate and never fail: this is how a connection comes to its
 * timeout, and how `connection_lost` and `stopped` are told in a later turn, without needing memory to
 * end things.  An alarm that is set counts as a timed call that is pending, in the same order. */
#ifndef TORCI_CLOCK_INTERNAL_H
#define TORCI_CLOCK_INTERNAL_H

#include <torc/clock.h>
#include <torc/platform.h>

/* A clock that follows a platform: outside a turn its time is the platform's, inside the one sampled
 * for the turn; it cannot be advanced by hand.  `platform` NULL: an ordinary clock. */
int torci_clock_new(struct torc_scope *scope, struct torc_platform *platform,
                    struct torc_clock **out);

/* For the reactor.  begin_turn samples the time, which stands still until end_turn.  run_due runs what
 * is due and was armed before this call. */
void torci_clock_begin_turn(struct torc_clock *clock);
void torci_clock_end_turn(struct torc_clock *clock);
void torci_clock_run_due(struct torc_clock *clock);
/* The earliest deadline, or TORC_NEVER. */
uint64_t torci_clock_next(const struct torc_clock *clock);
/* From now on torc_call_later answers TORC_ECLOSED: nothing armed would ever run. */
void torci_clock_close(struct torc_clock *clock);
/* Drops the timed calls that are pending; alarms stay as they are. */
void torci_clock_drop_calls(struct torc_clock *clock);

/* --- alarms ----------------------------------------------------------------------------------- */

/* The name of an alarm on its clock; 0 is none and is accepted by clear, free and is_set. */
typedef uint32_t torci_alarm;

/* Reserves one, not set.  `site` is where describe says it comes from; `arg` is borrowed until the
 * alarm is freed.  Errors: TORC_ENOMEM. */
TORC_CHECKED int torci_alarm_new(struct torc_clock *clock, const char *site, torc_call_fn *call,
                                 void *arg, torci_alarm *out);

/* Sets it to ring `delay_ns` from now; if it is set already, sets it anew.  As with torc_call_later,
 * a delay of 0 set inside a timed call (or an alarm) rings in the next turn. */
void torci_alarm_set(struct torc_clock *clock, torci_alarm alarm, uint64_t delay_ns);
void torci_alarm_clear(struct torc_clock *clock, torci_alarm alarm);
bool torci_alarm_is_set(const struct torc_clock *clock, torci_alarm alarm);

/* Gives the place back; it will not ring.  Allowed inside its own call. */
void torci_alarm_free(struct torc_clock *clock, torci_alarm alarm);

#endif
