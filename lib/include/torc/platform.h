/* torc/platform.h - the seam: everything Torc asks of the world below it.
 *
 * The core is pure C and calls no operating system.  What it needs, it asks of a platform: the live
 * one (libevent, sockets, threads), the simulated one, the recorder, which wraps another platform,
 * and the replayer, which answers from a recording.  Nothing above this table knows which it is.
 *
 * For implementers.  The table is const; `size` is sizeof(struct torc_platform_ops) and every slot is
 * filled (one that cannot be honoured returns TORC_ENOTSUP): torc_reactor_new refuses a table that
 * is short or has a hole.  A platform structure begins with struct torc_platform and serves one
 * reactor.  No slot calls back: what happens is told by `wait`.  Only `resize`, `wake`, `in_reactor`,
 * `database` and `fatal` may be called from other threads.  Every error is a code of torc/error.h; out-parameters are untouched on
 * failure.
 *
 * Processes add their slots with the part that uses them; `size` lets an older platform be told apart. */
#ifndef TORC_PLATFORM_H
#define TORC_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torc/address.h>
#include <torc/database_event.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TORC_NORETURN __attribute__((noreturn))
#else
#define TORC_NORETURN
#endif

struct torc_platform_ops;
struct torc_platform {
    const struct torc_platform_ops *ops;
};

/* What `wait` tells.  A token is the core's name for a stream, a listener, a datagram port, a lookup, a job or a signal; the
 * platform keeps it and gives it back.  Readiness (READ, WRITE) is level-triggered and told only
 * while asked for by `interest`; the others are told once. */
enum torc_platform_event_kind {
    TORC_EVENT_READ = 1,     /* read or accept will not say TORC_EAGAIN (data, end, error) */
    TORC_EVENT_WRITE = 2,    /* writev will not say TORC_EAGAIN */
    TORC_EVENT_CONNECT = 4,  /* a connect has ended: result is 0 or its error */
    TORC_EVENT_JOB = 8,      /* a job has ended: result is what the work function returned */
    TORC_EVENT_SIGNAL = 16,  /* result is an enum torc_signal */
    TORC_EVENT_NAMES = 32    /* a lookup has ended: result is 0 or its error */
};
struct torc_platform_event {
    uint64_t token;
    uint32_t events; /* READ and WRITE may come together; every other kind alone */
    int32_t result;
};

enum torc_signal { TORC_SIGNAL_INTERRUPT = 1, TORC_SIGNAL_TERMINATE = 2 };

enum torc_stream_option {
    TORC_STREAM_NODELAY,  /* 0 or 1 */
    TORC_STREAM_KEEPALIVE /* 0 or 1 */
};

enum torc_close_mode {
    /* What was accepted is still delivered, then end of stream; unless the stream has input that was not
     * read: then it is reset, as TCP does, and the reset may overtake what was written. */
    TORC_CLOSE_NORMAL,
    TORC_CLOSE_ABORT   /* discard and reset: the peer reads TORC_ECONNRESET */
};

struct torc_span {
    const void *data;
    size_t bytes;
};

/* datagram_open: flags. */
enum torc_datagram_flag { TORC_DATAGRAM_BROADCAST = 1, TORC_DATAGRAM_REUSE = 2 };

struct torc_listen_settings {
    int backlog;
    uint32_t unix_mode; /* permission bits of a UNIX socket; 0: as the umask has it */
};

/* The work of a job: runs off the reactor's stack, may block, must not call the reactor.  What it
 * returns (0 or a negative code) is the event's result. */
typedef int torc_work_fn(void *arg);

struct torc_platform_ops {
    size_t size;
    const char *name; /* "live", "sim", ... */
    /* Time is driven from outside: `wait` never blocks, the owner of the platform takes the turns, and
     * torc_reactor_run answers TORC_EMISUSE. */
    bool driven;

    /* --- clock, entropy, memory ------------------------------------------------------------- */
    /* Monotonic time and time of day (since 1970-01-01 UTC, may step), in nanoseconds. */
    uint64_t (*now_ns)(struct torc_platform *self);
    uint64_t (*wall_ns)(struct torc_platform *self);
    /* Fills `out` with random bytes.  `site` names the consumer by a literal ("kv.hash_seed"):
     * each has a stream of its own. */
    void (*random)(struct torc_platform *self, const char *site, void *out, size_t bytes);
    /* As struct torc_allocator (torc/scope.h).  Thread-safe. */
    void *(*resize)(struct torc_platform *self, void *ptr, size_t old_bytes, size_t new_bytes);
    int (*admit)(struct torc_platform *self, size_t bytes);

    /* --- waiting ----------------------------------------------------------------------------- */
    /* Blocks until there is an event, wake was called, or now_ns() >= deadline_ns (TORC_NEVER: no
     * deadline; 0: do not block), and stores at most `capacity` events.  Returns their number.
     * What does not fit is told by the next call.  Cannot fail. */
    size_t (*wait)(struct torc_platform *self, uint64_t deadline_ns,
                   struct torc_platform_event *batch, size_t capacity);
    /* Makes the present or the next `wait` return early.  Thread-safe, async-signal-safe,
     * coalescing. */
    void (*wake)(struct torc_platform *self);
    /* Whether the caller runs where the reactor may be used: on its thread, not inside a job. */
    bool (*in_reactor)(struct torc_platform *self);

    /* --- streams (TCP and UNIX) -------------------------------------------------------------- */
    /* A handle is the platform's name for a stream or listener; never 0. */

    /* Binds and listens.  READ is told, once asked for, while a connection waits for `accept`. */
    int (*listen)(struct torc_platform *self, const struct torc_address *address,
                  const struct torc_listen_settings *settings, uint64_t token,
                  uint64_t *out_handle);
    /* Takes one waiting connection.  It begins with no interest.  TORC_EAGAIN: none waits.
     * TORC_EMFILE, TORC_ENFILE, TORC_ENOBUFS, TORC_ENOMEM: it stays waiting.
     * TORC_ECONNABORTED: it went away; try the next. */
    int (*accept)(struct torc_platform *self, uint64_t listener, uint64_t token,
                  uint64_t *out_handle, struct torc_address *out_peer);
    /* Turns away one waiting connection when there is no handle to accept it with (live: by means of
     * a descriptor kept in reserve).  TORC_EAGAIN: none waits, or it cannot be done now. */
    int (*refuse)(struct torc_platform *self, uint64_t listener);
    /* Begins to connect; CONNECT is always told by a later `wait`, also when it is done at once.
     * `local` may be NULL.  Errors found at once (bind, descriptors, no route) are returned. */
    int (*connect)(struct torc_platform *self, const struct torc_address *address,
                   const struct torc_address *local, uint64_t token, uint64_t *out_handle);
    /* Reads up to `bytes` (> 0).  *out_bytes 0 means end of stream.  TORC_EAGAIN, TORC_ECONNRESET,
     * TORC_ETIMEDOUT, ... */
    int (*read)(struct torc_platform *self, uint64_t handle, void *buffer, size_t bytes,
                size_t *out_bytes);
    /* Writes as much as is taken, perhaps less than given; never raises SIGPIPE.  TORC_EAGAIN,
     * TORC_EPIPE, TORC_ECONNRESET, ... */
    int (*writev)(struct torc_platform *self, uint64_t handle, const struct torc_span *spans,
                  size_t count, size_t *out_bytes);
    /* Sets which of READ and WRITE `wait` tells for the handle.  Cannot fail on memory: what it
     * needs was reserved with the handle. */
    void (*interest)(struct torc_platform *self, uint64_t handle, uint32_t events);
    /* Ends the write side: the peer reads end of stream after what was written. */
    int (*shutdown)(struct torc_platform *self, uint64_t handle);
    /* Ends a stream, a listener or a connect under way.  No event for its token is told after. */
    void (*close)(struct torc_platform *self, uint64_t handle, enum torc_close_mode mode);
    /* Local and remote address; either out may be NULL. */
    int (*names)(struct torc_platform *self, uint64_t handle, struct torc_address *out_local,
                 struct torc_address *out_peer);
    int (*set_option)(struct torc_platform *self, uint64_t handle, enum torc_stream_option option,
                      int value);

    /* --- datagrams (UDP) --------------------------------------------------------------------- */
    /* A handle as those of streams: `interest` (READ), `close` and `names` are for it too. */

    /* Binds to an address of family IPv4 or IPv6.  `flags`: of enum torc_datagram_flag. */
    int (*datagram_open)(struct torc_platform *self, const struct torc_address *local,
                         unsigned flags, uint64_t token, uint64_t *out_handle);
    /* Once for a handle.  What had arrived from others is still received. */
    int (*datagram_connect)(struct torc_platform *self, uint64_t handle,
                            const struct torc_address *peer);
    /* Sends all or nothing, an empty one too; `to` NULL: to the peer it is connected to.  TORC_EAGAIN, TORC_ETOOLONG,
     * TORC_ECONNREFUSED (as below; this one is not sent), TORC_EACCES (broadcast), ... */
    int (*datagram_send)(struct torc_platform *self, uint64_t handle,
                         const struct torc_address *to, const void *data, size_t bytes);
    /* Takes one datagram.  *out_bytes is its whole length: more than `bytes` if the rest was cut off.
     * TORC_EAGAIN: none; TORC_ECONNREFUSED: one that was sent to the peer was refused, told once, before what
     * has arrived (connected ones only). */
    int (*datagram_receive)(struct torc_platform *self, uint64_t handle, void *buffer, size_t bytes,
                            size_t *out_bytes, struct torc_address *out_from);

    /* --- names ------------------------------------------------------------------------------- */
    /* Begins to look a name up, for addresses of one family or (TORC_ADDRESS_NONE) any; NAMES is told, once, by a
     * later `wait` when it has ended: 0; TORC_ENOTFOUND, no such name or no address of that family; TORC_ENOMEM; any
     * other code, the service failed.  `name` is copied.  TORC_ENOMEM; TORC_ELIMIT, too many lookups wait. */
    int (*resolve)(struct torc_platform *self, const char *name, enum torc_address_family family,
                   uint64_t token, uint64_t *out_handle);
    /* The answer of a lookup that was told to have ended well: the first `capacity` addresses, in the order to be
     * tried, port 0.  Returns how many there are in all. */
    size_t (*resolved)(struct torc_platform *self, uint64_t handle, struct torc_address *out,
                       size_t capacity);
    /* Lets go of a lookup, ended or not.  No event for its token is told after. */
    void (*resolve_end)(struct torc_platform *self, uint64_t handle);

    /* --- jobs -------------------------------------------------------------------------------- */
    /* Runs `work(arg)` elsewhere; JOB is told when it is done.  TORC_ENOMEM, TORC_ELIMIT (too many
     * wait already). */
    int (*submit)(struct torc_platform *self, torc_work_fn *work, void *arg, uint64_t token);

    /* --- databases --------------------------------------------------------------------------- */
    /* The SQLite VFS the platform's databases lie on; NULL: SQLite's default.  Borrowed for the
     * platform's life. */
    const char *(*storage)(struct torc_platform *self);
    /* Told of each step on a database before or after it is taken (torc/database_event.h), inside the
     * job that takes it, on that job's thread.  May block, and in sim yields. */
    enum torc_database_answer (*database)(struct torc_platform *self,
                                          struct torc_database_event *event);

    /* --- signals ----------------------------------------------------------------------------- */
    /* From now on tells SIGNAL for interrupts and requests to terminate; `watch` false: no more, and
     * what was in force before is in force again. */
    int (*signals)(struct torc_platform *self, bool watch, uint64_t token);

    /* --- broken invariants ------------------------------------------------------------------- */
    /* Reports with place and time, and does not return. */
    void (*fatal)(struct torc_platform *self, const char *site, const char *message) TORC_NORETURN;
};

#ifdef __cplusplus
}
#endif
#endif
