/* stream_layer.h - the network objects of one reactor: connections, listeners, connectors, datagram ports, lookups.
 *
 * Five kinds of object, each in a table of slots with generations:
 *
 *   stream     a connection, or an attempt at one: a platform handle, a protocol, a write queue
 *   listener   a platform handle and a factory
 *   connector  an outgoing connection as its factory sees it, over any number of attempts
 *   lookup     of a name (lookup.h)
 *   datagram   a port for datagrams (datagram.h): a platform handle and a protocol
 *
 * One rule makes endings simple: whatever ends a stream - lose, abort, an error, a failure of its
 * protocol - only notes the reason and puts the stream on the dirty list.  torci_stream_flush, which
 * the reactor calls at the end of a turn, sends what is queued and then, if the stream is to end, ends
 * it: producer stopped, connection_lost, platform handle closed, slot freed.  So connection_lost is
 * called from one place, never inside a call on the transport, and needs no memory. */
#ifndef TORCI_STREAM_LAYER_H
#define TORCI_STREAM_LAYER_H

#include <torc/stream.h>

#include "reactor_internal.h"
#include "slot_table.h"
#include "write_queue.h"

#define TORCI_READ_BYTES 65536
#define TORCI_HIGH_WATERMARK_BYTES 65536
#define TORCI_QUEUED_BYTES_MAX ((size_t)64 << 20)

struct torci_connector;

struct torci_stream {
    struct torci_slot slot;
    uint64_t handle; /* 0: none (yet, or any more) */
    struct torc_protocol *protocol;
    struct torci_connector *connector; /* NULL: accepted */
    struct torc_producer *producer;
    struct torc_failure *reason; /* why it ends, when it does; held */
    struct torci_stream *next_dirty, *previous_dirty;
    struct torci_write_queue queue;
    size_t high_watermark_bytes;
    size_t queued_bytes_max;
    const char *site;
    /* The peer's address without a path: those are asked of the platform. */
    uint8_t peer_ip[16];
    uint32_t peer_scope_id;
    uint16_t peer_port;
    uint8_t peer_family;
    uint8_t interest;      /* what was asked of the platform */
    bool open : 1;         /* the protocol was told connection_made and not connection_lost */
    bool dirty : 1;        /* on the dirty list */
    bool paused : 1;       /* reading, by the user */
    bool ended : 1;        /* the peer's end of stream was read */
    bool losing : 1;       /* close once everything is sent */
    bool dead : 1;         /* end at the next flush, whatever is queued: `reason` says why */
    bool abort : 1;        /* and reset the peer */
    bool losing_write : 1; /* half-close once everything is sent */
    bool write_lost : 1;   /* done */
    bool blocked : 1;      /* the platform took less than all; WRITE will be told */
    bool pull : 1;         /* the producer is one */
    bool producer_paused : 1;
    bool pausing : 1; /* inside its pause: what that writes does not pause it again */
};

struct torci_listener {
    struct torci_slot slot;
    uint64_t handle;
    struct torc_factory *factory;
    struct torci_stream_layer *layer;
    torci_alarm alarm; /* ends a rest */
    const char *site;
    bool building; /* inside build_protocol */
    bool closed;   /* in there: goes when that has returned */
    bool tcp;
    bool nodelay, keepalive;
};

enum torci_connector_state {
    TORCI_STARTING, /* its factory is; there is no attempt yet */
    TORCI_WAITING,
    TORCI_CONNECTING,
    TORCI_CONNECTED,
    TORCI_DISCONNECTED
};

struct torci_connector {
    struct torci_slot slot;
    struct torc_factory *factory;
    struct torci_stream *stream; /* while connecting or connected */
    struct torci_stream_layer *layer;
    const char *site;
    struct torc_address *local; /* to bind to; NULL: any */
    uint64_t timeout_ns;
    torci_alarm alarm; /* begins an attempt; ends one that takes too long */
    enum torci_connector_state state;
    void (*opened)(struct torci_connector *connector); /* after connection_made; or NULL */
    bool nodelay, keepalive;
    struct torc_address address;
};

struct torci_stream_layer {
    struct torci_streams base;
    struct torc_transport_owner owner;
    struct torc_reactor *reactor;
    struct torc_platform *platform;
    struct torc_scope *scope;
    struct torc_clock *clock;
    struct torci_slots streams, listeners, connectors, datagrams, lookups;
    struct torci_pool chunk_pool;
    struct torci_stream *dirty_first, *dirty_last;
    uint8_t *read_buffer;   /* TORCI_READ_BYTES, for whoever reads */
    bool accept_complained; /* accept ran out of something, and that was logged */
};

/* The reactor's layer; made by the first call.  NULL: no memory. */
struct torci_stream_layer *torci_stream_layer_of(struct torc_reactor *reactor);

static inline struct torci_stream_layer *torci_layer_of_owner(struct torc_transport_owner *owner)
{
    return (struct torci_stream_layer *)(void *)((char *)owner -
                                                 offsetof(struct torci_stream_layer, owner));
}

/* Logs a failure of the user's code and drops it. */
void torci_log_and_drop(struct torci_stream_layer *layer, const char *doing,
                        struct torc_failure *failure);

/* --- streams (stream.c) ----------------------------------------------------------------------- */

/* Takes a slot, not yet connected.  NULL: no memory. */
struct torci_stream *torci_stream_new(struct torci_stream_layer *layer, const char *site);
uint64_t torci_stream_token(const struct torci_stream *stream);
void torci_stream_set_peer(struct torci_stream *stream, const struct torc_address *peer);
/* Asks for the options that are true.  One the platform refuses is done without: the connection works. */
void torci_stream_set_options(struct torci_stream_layer *layer, struct torci_stream *stream,
                              bool nodelay, bool keepalive);
void torci_stream_ready(struct torci_stream_layer *layer, struct torci_stream *stream,
                        uint32_t events);
void torci_stream_mark_dirty(struct torci_stream_layer *layer, struct torci_stream *stream);
void torci_stream_update_interest(struct torci_stream_layer *layer, struct torci_stream *stream);
/* Notes that the stream is to end with `reason` (taken).  The first reason stays. */
void torci_stream_kill(struct torci_stream_layer *layer, struct torci_stream *stream,
                       struct torc_failure *reason, bool abort);
/* What torc_transport_lose does.  Also on a stream that is about to be opened. */
void torci_stream_lose(struct torci_stream_layer *layer, struct torci_stream *stream);
/* Gives the stream its protocol, tells connection_made and begins to read. */
void torci_stream_open(struct torci_stream_layer *layer, struct torci_stream *stream,
                       struct torc_protocol *protocol);
/* Sends, and ends the stream if it is to end. */
void torci_stream_flush(struct torci_stream_layer *layer, struct torci_stream *stream);
/* Ends it now, with `reason` (taken): from flush and disconnect_all only. */
void torci_stream_end(struct torci_stream_layer *layer, struct torci_stream *stream,
                      struct torc_failure *reason, enum torc_close_mode mode);
/* Closes the handle and frees the slot of a stream without a protocol. */
void torci_stream_discard(struct torci_stream_layer *layer, struct torci_stream *stream,
                          enum torc_close_mode mode);

extern const struct torc_transport_ops torci_stream_transport_ops; /* stream_transport.c */

/* --- listeners and connectors ----------------------------------------------------------------- */

void torci_listener_ready(struct torci_stream_layer *layer, struct torci_listener *listener);
/* Closes, and lets go of the factory: at once, or when its build_protocol has returned. */
void torci_listener_end(struct torci_stream_layer *layer, struct torci_listener *listener);

void torci_connector_connected(struct torci_connector *connector, int result);
/* Ends an attempt with connection_failed; `reason` is taken. */
void torci_connector_fail(struct torci_connector *connector, struct torc_failure *reason);
/* The connector's stream has ended: connection_lost; `reason` is borrowed. */
void torci_connector_lost(struct torci_connector *connector, struct torc_failure *reason);

/* Whether an address, which is the user's to fill in, can be one. */
static inline bool torci_address_is_sound(const struct torc_address *address)
{
    if (address->family == TORC_ADDRESS_UNIX)
        return address->path_bytes > 0 && address->path_bytes <= TORC_ADDRESS_PATH_MAX;
    return address->family == TORC_ADDRESS_IPV4 || address->family == TORC_ADDRESS_IPV6;
}

void torci_factory_use(struct torc_reactor *reactor, struct torc_factory *factory);
void torci_factory_unuse(struct torc_reactor *reactor, struct torc_factory *factory);

#endif
