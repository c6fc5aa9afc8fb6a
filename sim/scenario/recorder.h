/* recorder.h - the platform that wraps another one and writes down what passes.
 *
 * The program gets the recorder's own handles, and the platform below gets the recorder's own tokens:
 * both are indexes into the table of streams, so each is found without a search.
 *
 * The `database` slot is called by jobs, on their threads; all others but `wake`, `in_reactor`, `resize` and
 * `fatal` by the reactor's.  What both sides use is under the lock, and that is what writes. */
#ifndef TORCI_RECORDER_H
#define TORCI_RECORDER_H

#include <pthread.h>
#include <stdatomic.h>

#include <torc/recording.h>

#include "recorder_objects.h"
#include "recording_event.h"
#include "recording_header.h"

struct torci_recorder_connection;

struct torci_recorder {
    struct torc_platform platform;
    struct torc_platform *inner;
    uint64_t flush_interval_ns;
    uint64_t base_ns; /* the inner clock at time 0 */

    pthread_mutex_t lock; /* of what follows, up to `connections` */
    struct torc_trace *trace;
    torc_trace_write_fn *write;
    int (*flush)(void *arg);
    void *arg;
    uint64_t now_ns;  /* written by the reactor's thread alone, which reads it without the lock */
    uint64_t turn_n;  /* the event of the present turn; 0 before the first */
    uint64_t unflushed_since_ns;
    bool unflushed;
    bool waiting;     /* the reactor may sleep until something happens */
    atomic_bool recording; /* written under the lock */
    int error;
    struct torci_recorder_connection *connections; /* of databases */

    uint64_t signal_token;
    struct torci_recorder_objects streams;
    struct torci_recorder_objects jobs;
    struct torci_recorder_objects lookups;
    struct torci_recording_trailer totals;
    char *buffer; /* text of a turn, or a write in one piece */
    size_t buffer_capacity;
};

static inline struct torci_recorder *torci_recorder_of(struct torc_platform *platform)
{
    return (struct torci_recorder *)platform;
}

void torci_recorder_lock(struct torci_recorder *recorder);
void torci_recorder_unlock(struct torci_recorder *recorder);

/* Completes an event with time and cause and writes it; returns its n, 0 if it is not recorded. */
uint64_t torci_recorder_record(struct torci_recorder *recorder,
                               struct torci_recording_event *event);
/* The same for who holds the lock. */
uint64_t torci_recorder_record_locked(struct torci_recorder *recorder,
                                      struct torci_recording_event *event);
/* For who holds the lock: ends the recording with an error; flushes, unless the reactor will. */
void torci_recorder_fail(struct torci_recorder *recorder, int error);
void torci_recorder_flush_if_waiting(struct torci_recorder *recorder);

/* Makes the buffer hold `bytes`; without memory the recording ends, and the answer is false. */
bool torci_recorder_reserve(struct torci_recorder *recorder, size_t bytes);

/* --- slots of the platform (recorder_streams.c) -------------------------------------------------- */

int torci_recorder_listen(struct torc_platform *self, const struct torc_address *address,
                          const struct torc_listen_settings *settings, uint64_t token,
                          uint64_t *out_handle);
int torci_recorder_accept(struct torc_platform *self, uint64_t listener, uint64_t token,
                          uint64_t *out_handle, struct torc_address *out_peer);
int torci_recorder_connect(struct torc_platform *self, const struct torc_address *address,
                           const struct torc_address *local, uint64_t token, uint64_t *out_handle);
int torci_recorder_refuse(struct torc_platform *self, uint64_t listener);
int torci_recorder_read(struct torc_platform *self, uint64_t handle, void *buffer, size_t bytes,
                        size_t *out_bytes);
int torci_recorder_writev(struct torc_platform *self, uint64_t handle,
                          const struct torc_span *spans, size_t count, size_t *out_bytes);
void torci_recorder_interest(struct torc_platform *self, uint64_t handle, uint32_t events);
int torci_recorder_shutdown(struct torc_platform *self, uint64_t handle);
void torci_recorder_close(struct torc_platform *self, uint64_t handle, enum torc_close_mode mode);
int torci_recorder_names(struct torc_platform *self, uint64_t handle,
                         struct torc_address *out_local, struct torc_address *out_peer);
int torci_recorder_set_option(struct torc_platform *self, uint64_t handle,
                              enum torc_stream_option option, int value);

/* --- datagrams (recorder_datagrams.c) ------------------------------------------------------------ */

int torci_recorder_datagram_open(struct torc_platform *self, const struct torc_address *local,
                                 unsigned flags, uint64_t token, uint64_t *out_handle);
int torci_recorder_datagram_connect(struct torc_platform *self, uint64_t handle,
                                    const struct torc_address *peer);
int torci_recorder_datagram_send(struct torc_platform *self, uint64_t handle,
                                 const struct torc_address *to, const void *data, size_t bytes);
int torci_recorder_datagram_receive(struct torc_platform *self, uint64_t handle, void *buffer,
                                    size_t bytes, size_t *out_bytes, struct torc_address *out_from);

/* --- jobs (recorder_jobs.c) ---------------------------------------------------------------------- */

int torci_recorder_submit(struct torc_platform *self, torc_work_fn *work, void *arg,
                          uint64_t token);

/* --- names (recorder_names.c) -------------------------------------------------------------------- */

int torci_recorder_resolve(struct torc_platform *self, const char *name,
                           enum torc_address_family family, uint64_t token, uint64_t *out_handle);
size_t torci_recorder_resolved(struct torc_platform *self, uint64_t handle, struct torc_address *out,
                               size_t capacity);
void torci_recorder_resolve_end(struct torc_platform *self, uint64_t handle);

/* --- databases (recorder_database.c) ------------------------------------------------------------- */

enum torc_database_answer torci_recorder_database(struct torc_platform *self,
                                                  struct torc_database_event *event);
/* On the thread of a job that ends: records what was gathered of statements that go on. */
void torci_recorder_job_ended(struct torci_recorder *recorder);
void torci_recorder_connections_free(struct torci_recorder *recorder);

#endif
