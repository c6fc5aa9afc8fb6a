/* torc/transport.h - what a protocol writes to: one interface, whether the other end is a socket, a
 * simulated stream or a test's memory transport.
 *
 * A connection's transport is for its reactor's thread; from elsewhere, or from a job, calls end in the
 * platform's `fatal`.  It is a value handle; a stale one (its connection was lost) answers TORC_ECLOSED or
 * does nothing.
 *
 * One rule for closing, everywhere: torc_transport_lose stops reading at once, what was written
 * before it is sent, then the connection closes; writes after it are refused (TORC_ECLOSED), unless a
 * producer is registered, which may finish.
 * connection_lost is never called inside a call on the transport, and exactly once.
 *
 * A write that finds the connection broken ends it with that reason; what was received and not read by
 * then is dropped.  A read that finds it broken does so after all that came before. */
#ifndef TORC_TRANSPORT_H
#define TORC_TRANSPORT_H

#include <torc/failure.h>
#include <torc/platform.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_transport_ops;

/* Implementers' structures begin with this; one may serve many transports (by index). */
struct torc_transport_owner {
    const struct torc_transport_ops *ops;
};

struct torc_transport {
    struct torc_transport_owner *owner;
    uint32_t index;
    uint32_t generation;
};

/* Someone who feeds a transport.  A push producer writes on its own until paused; a pull producer
 * writes something each time it is resumed.  Embed as a first member. */
struct torc_producer;
struct torc_producer_ops {
    void (*pause)(struct torc_producer *self);  /* push only: too much is queued */
    void (*resume)(struct torc_producer *self); /* write on (pull: write some) */
    void (*stop)(struct torc_producer *self);   /* the transport is gone: forget it */
};
struct torc_producer {
    const struct torc_producer_ops *ops;
};
enum torc_producer_kind { TORC_PRODUCER_PUSH, TORC_PRODUCER_PULL };

/* Queues bytes (they are copied); they are sent in order, at the end of the turn.  0 bytes: nothing.
 * Nothing is queued on failure.  Errors: TORC_ECLOSED, closing, half-closed or gone; TORC_ENOMEM;
 * TORC_ELIMIT, the queue would exceed its limit (torc_transport_set_limits). */
TORC_API TORC_CHECKED int torc_transport_write(struct torc_transport transport, const void *data,
                                               size_t bytes);
/* All the spans or none. */
TORC_API TORC_CHECKED int torc_transport_write_spans(struct torc_transport transport,
                                                     const struct torc_span *spans, size_t count);

/* Closes: no more data_received, what is queued is flushed, then connection_lost with
 * connection_done.  Idempotent.  Never synchronous.  A pull producer or a paused push producer is
 * let finish first (until it unregisters); an unpaused push producer does not hold the connection. */
TORC_API void torc_transport_lose(struct torc_transport transport);

/* Discards what is queued and resets: this side's connection_lost gets connection_aborted at the end of
 * the turn, the peer's gets connection_reset (over a UNIX socket, which knows no reset, what a close would give it).
 * Idempotent, also after lose. */
TORC_API void torc_transport_abort(struct torc_transport transport);

/* Half-close: after what is queued, the peer reads end of stream; write_connection_lost is called
 * once.  Idempotent. */
TORC_API void torc_transport_lose_write(struct torc_transport transport);

/* Reading: while paused no data, no end of stream and no reset is noticed - cover it with a timer.
 * Resume is a no-op while closing. */
TORC_API void torc_transport_pause_reading(struct torc_transport transport);
TORC_API void torc_transport_resume_reading(struct torc_transport transport);

/* Registers a producer (borrowed until unregistered or stopped).  A pull producer is resumed at
 * once.  When more than the high watermark is queued a push producer is paused - by each write that
 * finds it so, but for those inside its pause -, and resumed when the queue is empty.  On a transport that
 * is closing, half-closed or gone it is stopped at once and TORC_ECLOSED returned.
 * Errors: TORC_EBUSY, there is one; TORC_ECLOSED. */
TORC_API TORC_CHECKED int torc_transport_register_producer(struct torc_transport transport,
                                                           struct torc_producer *producer,
                                                           enum torc_producer_kind kind);
/* Always allowed, also after abort: the producer is not called any more.  While closing, lets the close
 * go on. */
TORC_API void torc_transport_unregister_producer(struct torc_transport transport);

/* Watermark above which a push producer is paused (default 65536), and the most that may be queued
 * (default 64 MiB; 0 leaves a value as it is).  A queue already beyond a new limit is kept. */
TORC_API TORC_CHECKED int torc_transport_set_limits(struct torc_transport transport,
                                                    size_t high_watermark_bytes,
                                                    size_t queued_bytes_max);

/* Bytes written and not yet taken by the platform.  0 if gone. */
TORC_API size_t torc_transport_queued(struct torc_transport transport);

/* Open for writing: connected, not closing, not half-closed by us. */
TORC_API bool torc_transport_writable(struct torc_transport transport);
/* lose or abort was called, or the connection is gone. */
TORC_API bool torc_transport_disconnecting(struct torc_transport transport);

/* Addresses; also inside connection_lost.  Errors: TORC_ECLOSED. */
TORC_API TORC_CHECKED int torc_transport_local(struct torc_transport transport,
                                               struct torc_address *out);
TORC_API TORC_CHECKED int torc_transport_peer(struct torc_transport transport,
                                              struct torc_address *out);

/* TORC_STREAM_NODELAY, TORC_STREAM_KEEPALIVE.  Errors: TORC_ECLOSED, TORC_ENOTSUP (UNIX). */
TORC_API TORC_CHECKED int torc_transport_set_option(struct torc_transport transport,
                                                    enum torc_stream_option option, int value);

/* For implementers: one function for each call above, all mandatory. */
struct torc_transport_ops {
    size_t size;
    int (*write)(struct torc_transport transport, const void *data, size_t bytes);
    int (*write_spans)(struct torc_transport transport, const struct torc_span *spans, size_t count);
    void (*lose)(struct torc_transport transport);
    void (*abort)(struct torc_transport transport);
    void (*lose_write)(struct torc_transport transport);
    void (*pause_reading)(struct torc_transport transport);
    void (*resume_reading)(struct torc_transport transport);
    int (*register_producer)(struct torc_transport transport, struct torc_producer *producer,
                             enum torc_producer_kind kind);
    void (*unregister_producer)(struct torc_transport transport);
    int (*set_limits)(struct torc_transport transport, size_t high_watermark_bytes,
                      size_t queued_bytes_max);
    size_t (*queued)(struct torc_transport transport);
    bool (*writable)(struct torc_transport transport);
    bool (*disconnecting)(struct torc_transport transport);
    int (*local)(struct torc_transport transport, struct torc_address *out);
    int (*peer)(struct torc_transport transport, struct torc_address *out);
    int (*set_option)(struct torc_transport transport, enum torc_stream_option option, int value);
};

#ifdef __cplusplus
}
#endif
#endif
