/* torc/memory_transport.h - a transport that keeps what is written to it: for testing one protocol
 * alone, with no reactor, no world and no time.
 *
 * It obeys the rules of torc/transport.h, those about order and about connection_lost among them: what a
 * real connection does at the end of a turn, this one does in torc_memory_transport_settle. */
#ifndef TORC_MEMORY_TRANSPORT_H
#define TORC_MEMORY_TRANSPORT_H

#include <torc/protocol.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_memory_transport;

/* Errors: TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_memory_transport_new(struct torc_scope *scope,
                                                    struct torc_memory_transport **out);
/* A protocol still connected is told connection_lost (connection_aborted).  NULL is accepted. */
TORC_API void torc_memory_transport_free(struct torc_memory_transport *memory);

/* The handle to give a protocol; or connect it: sets the handle, calls connection_made and settles.  The
 * protocol is borrowed until its connection_lost; after that the next one may be connected, and handles
 * from before are stale.  Errors: TORC_EBUSY, one is connected. */
TORC_API struct torc_transport torc_memory_transport_handle(struct torc_memory_transport *memory);
TORC_API TORC_CHECKED int torc_memory_transport_connect(struct torc_memory_transport *memory,
                                                        struct torc_protocol *protocol);

/* Delivers bytes, all at once or `segment_bytes` at a time (0: all).  What the protocol does in answer
 * is as with a real connection: bytes after it paused reading are kept until it has resumed and settle is
 * called, bytes after it closed are dropped.  Settles at the end, unless called by a callback.
 * Errors: TORC_ENOMEM; TORC_ENOTCONN, no protocol was connected; TORC_ECLOSED, the peer's side was ended
 * before. */
TORC_API TORC_CHECKED int torc_memory_transport_deliver(struct torc_memory_transport *memory,
                                                        const void *data, size_t bytes,
                                                        size_t segment_bytes);
/* The peer ends its side; the connection breaks (`reason` is borrowed).  Noticed after what was delivered
 * before, so not while reading is paused - but a connection that is broken is noticed by writing, too.
 * Both settle. */
TORC_API void torc_memory_transport_deliver_end(struct torc_memory_transport *memory);
TORC_API void torc_memory_transport_break(struct torc_memory_transport *memory,
                                          struct torc_failure *reason);

/* A turn: delivers what was kept while reading was paused, if it is not any more; takes what was written
 * (unless held), resumes producers, ends a connection that is closing.  Once: a pull producer is resumed
 * once.  Does nothing inside a callback. */
TORC_API void torc_memory_transport_settle(struct torc_memory_transport *memory);

/* While held nothing written is taken, as if the peer did not read: queued grows, watermarks show. */
TORC_API void torc_memory_transport_hold(struct torc_memory_transport *memory, bool held);

/* Everything written and taken since the last clear, by whatever protocol; borrowed until the next call
 * that writes.  torc_memory_transport_clear forgets it. */
TORC_API const uint8_t *torc_memory_transport_value(const struct torc_memory_transport *memory,
                                                    size_t *out_bytes);
TORC_API void torc_memory_transport_clear(struct torc_memory_transport *memory);

/* State.  Aborted: by the protocol or for a failure it returned.  Write-closed: a half-close is done.
 * The addresses are tcp:10.0.0.1:12345 here and tcp:10.0.0.2:54321 there. */
TORC_API bool torc_memory_transport_connected(const struct torc_memory_transport *memory);
TORC_API bool torc_memory_transport_disconnecting(const struct torc_memory_transport *memory);
TORC_API bool torc_memory_transport_aborted(const struct torc_memory_transport *memory);
TORC_API bool torc_memory_transport_write_closed(const struct torc_memory_transport *memory);
TORC_API bool torc_memory_transport_reading(const struct torc_memory_transport *memory);
TORC_API struct torc_producer *
torc_memory_transport_producer(const struct torc_memory_transport *memory);
TORC_API bool torc_memory_transport_producer_paused(const struct torc_memory_transport *memory);
/* The value last set, or -1. */
TORC_API int torc_memory_transport_option(const struct torc_memory_transport *memory,
                                          enum torc_stream_option option);

#ifdef __cplusplus
}
#endif
#endif
