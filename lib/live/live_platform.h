/* live_platform.h - the live platform from the inside: one object, and who writes which part of it.
 *
 *   live.c          the object itself, clock, randomness, memory, fatal; the table of slots
 *   live_wait.c     wait and wake: the only caller of the libevent loop
 *   live_stream.c   listeners and streams: handles, interest, reading, writing
 *   live_socket.c   the calls that make sockets: listen, accept, connect; addresses
 *   live_datagram.c datagram ports
 *   live_jobs.c     the thread pool
 *   live_names.c    looking names up, on threads of its own
 *   live_signals.c  SIGINT and SIGTERM
 *   live_error.c    errno to code
 *
 * libevent is asked one thing only: which descriptors are ready.  Its callbacks put handles on the
 * list `ready` and do nothing else; `wait` turns that list into events.  What does not fit the caller's
 * batch stays on the list, and libevent is not asked again before the list is empty, so no connection
 * starves behind busier ones.  A handle that is closed leaves the list: nothing stale is told. */
#ifndef TORC_LIVE_PLATFORM_H
#define TORC_LIVE_PLATFORM_H

#include <pthread.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include <torc/clock.h>
#include <torc/live.h>

/* A doubly linked list through the handles, with a head that is a link itself. */
struct live_link {
    struct live_link *next;
    struct live_link *prev;
};

enum live_kind { LIVE_LISTENER, LIVE_STREAM, LIVE_CONNECTING, LIVE_DATAGRAM };

/* A listener, a stream, a connect under way or a datagram port; a handle is its address.  The event is part of it, so
 * that asking for readiness needs no memory later. */
struct live_handle {
    struct live_link ready_link;   /* in live.ready, or alone */
    struct live_link faulty_link;  /* in live.faulty, or alone */
    struct live *live;
    struct event event;
    uint64_t token;
    int fd;
    int connect_result;            /* LIVE_CONNECTING: what is told once it is on the list `ready` */
    uint8_t kind;                  /* enum live_kind */
    uint8_t family;                /* enum torc_address_family */
    uint8_t interest;              /* READ | WRITE, what the descriptor is watched for */
    uint8_t ready;                 /* READ | WRITE, found and not told yet */
    struct live_unlink *unlink;    /* the socket file of a UNIX listener; NULL: none */
};

/* The file a UNIX listener made.  It is removed only while it is still that file. */
struct live_unlink {
    dev_t device;
    ino_t inode;
    char path[TORC_ADDRESS_PATH_MAX + 1];
};

struct live_names;

struct live_job {
    struct live_job *next;
    torc_work_fn *work;
    void *arg;
    uint64_t token;
    int32_t result;
};
struct live_jobs_queue {
    struct live_job *first;
    struct live_job **end;
};

struct live_jobs {
    pthread_mutex_t mutex;  /* waiting .. quitting */
    pthread_cond_t changed;
    struct live_jobs_queue waiting;
    struct live_jobs_queue done;
    size_t waiting_count;
    unsigned idle_threads;
    bool quitting;
    /* The reactor's thread only: */
    struct live_jobs_queue telling; /* taken from done, not told yet */
    pthread_t *threads;
    unsigned threads_started;
    unsigned threads_max;
    size_t waiting_max;
};

struct live {
    struct torc_platform platform;
    pthread_t thread; /* the reactor's */
    struct event_base *base;

    int timer_fd;
    struct event timer;
    uint64_t timer_at_ns; /* when it is armed for; TORC_NEVER: it is not */

    int wake_fd;
    struct event wake_event;
    atomic_bool wake_pending; /* wake_fd was written and not read since */
    bool woken;               /* set by the callback, for `wait` */

    struct live_link ready;  /* handles with something to tell */
    struct live_link faulty; /* handles that could not be registered with the kernel */

    int reserve_fd;            /* given up to turn a connection away; -1: lost */
    struct live_handle *spare; /* made by an accept that found no connection */

    struct live_jobs jobs;
    struct live_names *names; /* NULL until the first lookup */
    struct torc_live_options options;

    atomic_uint signals_pending; /* 1 << enum torc_signal */
    uint64_t signals_token;
    bool signals_watched;
};

static inline struct live *live_of(struct torc_platform *platform)
{
    return (struct live *)(void *)platform;
}

static inline void live_link_init(struct live_link *link)
{
    link->next = link;
    link->prev = link;
}
static inline bool live_link_alone(const struct live_link *link)
{
    return link->next == link;
}
static inline void live_link_remove(struct live_link *link)
{
    link->next->prev = link->prev;
    link->prev->next = link->next;
    live_link_init(link);
}
static inline void live_link_append(struct live_link *head, struct live_link *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

#define LIVE_HANDLE_OF(link, member)                                                               \
    ((struct live_handle *)(void *)((char *)(link) - offsetof(struct live_handle, member)))

/* live_error.c */
int torci_live_error(int error);

/* live_wait.c */
int torci_live_wait_init(struct live *live);
void torci_live_wait_free(struct live *live);
size_t torci_live_wait(struct torc_platform *self, uint64_t deadline_ns,
                       struct torc_platform_event *batch, size_t capacity);
void torci_live_wake(struct torc_platform *self);
uint64_t torci_live_now_ns(struct torc_platform *self);

/* live_stream.c */
struct live_handle *torci_live_handle_new(struct live *live);
/* Makes `handle` that of `fd`, which it takes. */
void torci_live_handle_open(struct live_handle *handle, int fd, enum live_kind kind,
                            enum torc_address_family family, uint64_t token);
/* Sets what libevent watches the descriptor for.  Not 0: it could not be registered. */
int torci_live_handle_watch(struct live_handle *handle, uint32_t events);
void torci_live_handle_ready(struct live_handle *handle, uint32_t events);
/* Tries again to register what could not be (no memory, no room in the kernel, a broken descriptor).
 * What still cannot is marked ready: a read or write then says what is wrong. */
void torci_live_retry_faulty(struct live *live);
int torci_live_read(struct torc_platform *self, uint64_t handle, void *buffer, size_t bytes,
                    size_t *out_bytes);
int torci_live_writev(struct torc_platform *self, uint64_t handle, const struct torc_span *spans,
                      size_t count, size_t *out_bytes);
void torci_live_interest(struct torc_platform *self, uint64_t handle, uint32_t events);
int torci_live_shutdown(struct torc_platform *self, uint64_t handle);
void torci_live_close(struct torc_platform *self, uint64_t handle, enum torc_close_mode mode);
int torci_live_set_option(struct torc_platform *self, uint64_t handle,
                          enum torc_stream_option option, int value);

static inline struct live_handle *live_handle_at(uint64_t handle)
{
    return (struct live_handle *)(uintptr_t)handle;
}
static inline uint64_t live_handle_name(const struct live_handle *handle)
{
    return (uint64_t)(uintptr_t)handle;
}

/* live_socket.c */
union live_sockaddr {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_un local;
    struct sockaddr_storage storage; /* the largest; keeps a long answer inside */
};
TORC_CHECKED int torci_live_to_sockaddr(const struct torc_address *address,
                                        union live_sockaddr *out, socklen_t *out_size);
void torci_live_from_sockaddr(const union live_sockaddr *from, socklen_t size,
                              struct torc_address *out);
int torci_live_listen(struct torc_platform *self, const struct torc_address *address,
                      const struct torc_listen_settings *settings, uint64_t token,
                      uint64_t *out_handle);
int torci_live_accept(struct torc_platform *self, uint64_t listener, uint64_t token,
                      uint64_t *out_handle, struct torc_address *out_peer);
int torci_live_refuse(struct torc_platform *self, uint64_t listener);
int torci_live_connect(struct torc_platform *self, const struct torc_address *address,
                       const struct torc_address *local, uint64_t token, uint64_t *out_handle);
int torci_live_names(struct torc_platform *self, uint64_t handle, struct torc_address *out_local,
                     struct torc_address *out_peer);
void torci_live_unlink(struct live_unlink *file);

/* live_datagram.c */
int torci_live_datagram_open(struct torc_platform *self, const struct torc_address *local,
                             unsigned flags, uint64_t token, uint64_t *out_handle);
int torci_live_datagram_connect(struct torc_platform *self, uint64_t handle,
                                const struct torc_address *peer);
int torci_live_datagram_send(struct torc_platform *self, uint64_t handle,
                             const struct torc_address *to, const void *data, size_t bytes);
int torci_live_datagram_receive(struct torc_platform *self, uint64_t handle, void *buffer,
                                size_t bytes, size_t *out_bytes, struct torc_address *out_from);

/* live_jobs.c */
int torci_live_jobs_init(struct live *live, const struct torc_live_options *options);
void torci_live_jobs_free(struct live *live);
int torci_live_submit(struct torc_platform *self, torc_work_fn *work, void *arg, uint64_t token);
/* Takes over what the threads have finished. */
void torci_live_jobs_collect(struct live *live);
size_t torci_live_jobs_tell(struct live *live, struct torc_platform_event *batch, size_t capacity);

/* live_names.c */
int torci_live_resolve(struct torc_platform *self, const char *name,
                       enum torc_address_family family, uint64_t token, uint64_t *out_handle);
size_t torci_live_resolved(struct torc_platform *self, uint64_t handle, struct torc_address *out,
                           size_t capacity);
void torci_live_resolve_end(struct torc_platform *self, uint64_t handle);
size_t torci_live_names_tell(struct live *live, struct torc_platform_event *batch, size_t capacity);
/* Waits for no lookup: a thread that is in one goes when it has ended. */
void torci_live_names_free(struct live *live);

/* live_signals.c */
int torci_live_signals(struct torc_platform *self, bool watch, uint64_t token);
size_t torci_live_signals_tell(struct live *live, struct torc_platform_event *batch,
                               size_t capacity);

#endif
