/* trial_state.h - the inside of a run of a test; for sim/trial alone. */
#ifndef TORCI_TRIAL_STATE_H
#define TORCI_TRIAL_STATE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/platform.h>
#include <torc/trial.h>

#include "trial_outcome.h"
#include "trial_sweep.h"

#define TORCI_TRIAL_VIRTUAL_LIMIT_NS (3600 * TORC_SECOND)
#define TORCI_TRIAL_REAL_LIMIT_NS (20 * TORC_SECOND)

struct torci_trial_clean_up {
    torc_clean_up_fn *call;
    void *arg;
};

/* An error that was logged and is not flushed. */
struct torci_logged_error {
    const struct torc_failure_type *type; /* or NULL */
    bool unhandled;
    char *text;
};

struct torci_armed_fault {
    struct torc_host *host;
    uint64_t (*struck)(const struct torc_host *host, uint32_t fault);
    uint32_t number;
    char text[160];
};

/* The live platform's slots, which count what is acquired; threads of jobs acquire, too. */
struct torci_live_slots {
    struct torc_platform_ops ops; /* first: what the platform has */
    const struct torc_platform_ops *own;
    atomic_size_t bytes_in_use;
};

/* How the function was left early, if not by an assertion. */
enum torci_trial_exit { TORCI_TRIAL_NO_EXIT, TORCI_TRIAL_SKIPPED_ITSELF, TORCI_TRIAL_ENDED };

struct torc_trial {
    struct torc_log_observer observer; /* first */
    const struct torc_trial_test *test;
    const char *parameter;
    struct torci_trial_outcome *outcome;
    struct torci_trial_sweep *sweep; /* or NULL */
    void *state;

    /* Either a world and its hosts, the first of which is the test's, or a live platform; nothing at first. */
    bool live;
    struct torc_world *world;
    bool keeps_events;
    struct torc_trace *trace; /* of the world, if it keeps them; or NULL */
    struct torc_host **hosts;
    size_t host_count;
    struct torc_platform *platform;
    struct torci_live_slots slots;
    size_t descriptors; /* open before */
    struct torc_reactor *reactor;

    struct torci_trial_clean_up *clean_ups;
    size_t clean_up_count;
    struct torci_logged_error *errors;
    size_t error_count;
    struct torci_armed_fault *armed;
    size_t armed_count;

    bool broken; /* an assertion has left the world, or the reactor, in the middle of something */
    bool tear_down_wanted;
    enum torci_trial_exit exit;
    struct torc_trial *next_abandoned;
};

/* Memory of the harness; ends the test if there is none. */
void *torci_trial_grow(void *array, size_t count, size_t bytes);

/* Fails the test as an assertion does, at the place where it is defined. */
void torci_trial_end(struct torc_trial *trial, const char *format, ...) TORC_PRINTF(2, 3);

/* --- ground: what a test stands on -------------------------------------------------------------- */

/* Notes what there is before a test begins. */
void torci_trial_begin(struct torc_trial *trial, bool live);
/* Makes the world or the live reactor, unless there is one; without it the test fails as an assertion does. */
void torci_trial_stand(struct torc_trial *trial);
/* Frees it as it is. */
void torci_trial_free_ground(struct torc_trial *trial);
/* Waits for a deferred, which is taken, and notes what is wrong with it; `whose` begins the sentence.  Whether all went well. */
bool torci_trial_wait(struct torc_trial *trial, const char *whose, struct torc_deferred *deferred);
/* Whether a turn was left in its middle. */
bool torci_trial_is_broken(struct torc_trial *trial);
/* Does what is due at this very time. */
void torci_trial_settle(struct torc_trial *trial);
/* Stops all reactors in order, notes what they and the test leave behind, and frees the ground. */
void torci_trial_stop_ground(struct torc_trial *trial);
/* Notes what is left on the test's own reactor. */
void torci_trial_note_leftovers(struct torc_trial *trial);

/* --- log ---------------------------------------------------------------------------------------- */

void torci_trial_observe(struct torc_log_observer *self, const struct torc_log_event *event);
void torci_trial_note_errors(struct torc_trial *trial);
void torci_trial_free_errors(struct torc_trial *trial);

#endif
