/* scripted_platform.h - a platform that does what a test tells it to, and nothing else.
 *
 * Time stands still until the test moves it, or until `wait` has no event: then it goes to the
 * deadline at once.  Events come from three places, in this order: those the test pushed, connections
 * and jobs it finished, and handles that are ready for what `interest` asks.  What the core writes is
 * kept for the test to read.  Nothing blocks: a wait that would last for ever calls `idle`, and if
 * that brings nothing either, ends in `fatal`.
 *
 *     struct scripted_platform platform;
 *     scripted_init(&platform);
 *     torc_reactor_new(&platform.base, NULL, &reactor);
 *     ...
 *     torc_reactor_free(reactor);
 *     assert_int_equal(scripted_end(&platform), 0);          blocks of memory not given back
 *
 * A handle is its place in `handles` plus one; places are not used again.  Slots may be replaced in
 * `ops`, which is the test's own copy. */
#ifndef TORC_TESTS_SCRIPTED_PLATFORM_H
#define TORC_TESTS_SCRIPTED_PLATFORM_H

#include <setjmp.h>
#include <stdatomic.h>

#include <torc/clock.h>
#include <torc/platform.h>
#include <torc/scope.h>

enum { SCRIPTED_HANDLES_MAX = 64, SCRIPTED_STEPS_MAX = 64, SCRIPTED_EVENTS_MAX = 1024,
       SCRIPTED_JOBS_MAX = 64, SCRIPTED_LOOKUPS_MAX = 32, SCRIPTED_BYTES_MAX = 262144 };

enum scripted_kind { SCRIPTED_LISTENER, SCRIPTED_CONNECTING, SCRIPTED_STREAM, SCRIPTED_DATAGRAM };

/* One answer of read (or, for a listener, of accept; for a datagram port, one datagram from its `peer`). */
struct scripted_step {
    int code;          /* 0: `bytes` of `data`, or end of stream if there are none */
    const void *data;  /* borrowed */
    size_t bytes;
    const struct torc_address *from; /* of a datagram; borrowed */
};

struct scripted_handle {
    enum scripted_kind kind;
    bool open;
    uint64_t token;
    uint32_t interest;
    bool shut;                       /* the write side was ended */
    enum torc_close_mode close_mode; /* once it is not open */
    struct torc_address local;
    struct torc_address peer;
    struct scripted_step steps[SCRIPTED_STEPS_MAX];
    size_t step_first, step_end;
    size_t room;      /* bytes writev takes before it answers `write_code`; SIZE_MAX at first */
    int write_code;   /* TORC_EAGAIN at first: then the handle is not writable */
    unsigned writevs; /* calls of writev */
    size_t spans;     /* most spans in one of them */
    unsigned char *written;
    size_t written_bytes;
    int options[2]; /* by enum torc_stream_option */
    unsigned flags;         /* datagram port: as it was opened */
    bool connected;
    int send_code;          /* what the next sends answer */
    unsigned sends;         /* datagrams taken; the last one is `written`, and went to `sent_to` */
    struct torc_address sent_to;
};

struct scripted_job {
    torc_work_fn *work;
    void *arg;
    uint64_t token;
    bool finished;
};

/* A lookup; a handle is its place in `lookups` plus one.  The test ends it. */
struct scripted_lookup {
    char name[64];
    enum torc_address_family family;
    uint64_t token;
    bool open;
    const struct torc_address *addresses; /* borrowed */
    size_t count;
};

struct scripted_platform {
    struct torc_platform base;
    struct torc_platform_ops ops;

    uint64_t now_ns;
    uint64_t wall_ns;
    unsigned now_calls;
    bool elsewhere; /* in_reactor says no */

    /* wait */
    unsigned waits;
    uint64_t last_deadline_ns; /* what the last wait was given */
    atomic_uint wakes;
    atomic_bool woken;
    bool steady; /* wait never moves the time */
    void (*idle)(struct scripted_platform *self, void *arg);
    void *idle_arg;
    struct torc_platform_event events[SCRIPTED_EVENTS_MAX];
    size_t event_first, event_end;

    /* memory: from `memory` if that is set (for torc_oom_sweep), else counted here */
    const struct torc_allocator *memory;
    atomic_size_t acquisitions; /* resize that asks for memory, and admit */
    size_t fail_at;             /* the acquisition of this number (from 1) fails; 0: none */
    bool fail_on;               /* and all after it */
    atomic_size_t blocks;       /* not given back */

    /* streams */
    struct scripted_handle handles[SCRIPTED_HANDLES_MAX];
    size_t handle_count;
    int listen_code;  /* what listen and connect answer */
    int connect_code;
    int datagram_code; /* what datagram_open and datagram_connect answer */
    unsigned refusals; /* calls of refuse that turned one away */

    struct scripted_job jobs[SCRIPTED_JOBS_MAX];
    size_t job_count; /* once all places are taken, those of finished jobs are used again */
    int submit_code;

    struct scripted_lookup lookups[SCRIPTED_LOOKUPS_MAX];
    size_t lookup_count;
    int resolve_code;

    bool signals_watched;
    uint64_t signal_token;

    /* fatal goes here if `fatal_expected`, else it says why and aborts. */
    bool fatal_expected;
    jmp_buf fatal_jump;
    const char *fatal_message;
};

void scripted_init(struct scripted_platform *self);
/* Frees what the platform itself holds; returns the number of blocks not given back. */
size_t scripted_end(struct scripted_platform *self);

/* Whether `statement` ends in fatal.  It jumps: nothing but fatal paths may be tested so. */
#define SCRIPTED_IS_FATAL(self, statement)                                                         \
    ((self)->fatal_expected = true, setjmp((self)->fatal_jump) == 0                                \
         ? (statement, (self)->fatal_expected = false, false)                                      \
         : ((self)->fatal_expected = false, true))

void scripted_push_event(struct scripted_platform *self, uint64_t token, uint32_t events,
                         int result);
void scripted_signal(struct scripted_platform *self, int number);
/* Runs the work of a job here and now; its event is told by the next wait. */
void scripted_finish_job(struct scripted_platform *self, size_t index);

/* A lookup has ended: with `result`, or 0 and these addresses. */
void scripted_answer(struct scripted_platform *self, uint64_t lookup, int result,
                     const struct torc_address *addresses, size_t count);

/* What the next reads of a handle give.  Readable while there is any. */
void scripted_feed(struct scripted_platform *self, uint64_t handle, const void *data, size_t bytes);
void scripted_feed_end(struct scripted_platform *self, uint64_t handle);
void scripted_feed_error(struct scripted_platform *self, uint64_t handle, int code);
/* A datagram arrives at a port, from `from`. */
void scripted_datagram(struct scripted_platform *self, uint64_t handle, const void *data, size_t bytes,
                       const struct torc_address *from);
/* The next accept of a listener makes a connection (code 0) or answers `code`, each once. */
void scripted_arrive(struct scripted_platform *self, uint64_t listener, int code);
/* The connect under way has ended. */
void scripted_connected(struct scripted_platform *self, uint64_t handle, int result);
/* writev takes `room` bytes more, then answers `code`. */
void scripted_set_room(struct scripted_platform *self, uint64_t handle, size_t room, int code);

static inline struct scripted_handle *scripted_handle(struct scripted_platform *self,
                                                      uint64_t handle)
{
    return &self->handles[handle - 1];
}

#endif
