/* torc/protocol.h - what the user writes: a protocol, one object a connection, and the factory that
 * makes them.
 *
 * Both are bases: embed them as the first member of your own structure and set `ops`. */
#ifndef TORC_PROTOCOL_H
#define TORC_PROTOCOL_H

#include <torc/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_protocol;
struct torc_factory;
struct torc_connector;

/* A failure returned by a callback is given: it is logged, the connection is aborted, and
 * connection_lost gets that failure as the reason.  The same on both sides and for both callbacks. */
struct torc_protocol_ops {
    size_t size; /* sizeof(struct torc_protocol_ops) */
    /* The transport is set and open.  NULL: nothing to do. */
    struct torc_failure *(*connection_made)(struct torc_protocol *self);
    /* Some bytes (at least one), borrowed until it returns, cut anywhere.  Mandatory. */
    struct torc_failure *(*data_received)(struct torc_protocol *self, const uint8_t *data,
                                          size_t bytes);
    /* The last call: exactly once for each connection_made, even if that failed.  `reason` is
     * borrowed: of type connection_done if both sides ended in order, else connection_lost or what
     * a callback returned.  The protocol belongs to itself: this is the place to free it.
     * Mandatory. */
    void (*connection_lost)(struct torc_protocol *self, struct torc_failure *reason);
    /* The peer will send no more.  NULL: the connection then closes, with connection_done, after
     * what is queued was sent.  If given, the protocol may go on writing and must lose the
     * connection itself. */
    void (*read_connection_lost)(struct torc_protocol *self);
    /* What torc_transport_lose_write began is done.  May be NULL. */
    void (*write_connection_lost)(struct torc_protocol *self);
};

struct torc_protocol {
    const struct torc_protocol_ops *ops;
    struct torc_transport transport; /* set before connection_made; stale after connection_lost */
};

struct torc_factory_ops {
    size_t size; /* sizeof(struct torc_factory_ops) */
    /* Makes the protocol of a new connection; the factory gives it.  *out left NULL with NULL
     * returned: the connection is refused (closed).  A failure is logged and the connection
     * aborted; on a client connection_failed gets it as the cause of a connect_error.
     * Mandatory. */
    struct torc_failure *(*build_protocol)(struct torc_factory *self,
                                           const struct torc_address *peer,
                                           struct torc_protocol **out);
    /* The first listener or connector began to use the factory; the last one ceased to.  May be
     * NULL. */
    void (*started)(struct torc_factory *self);
    void (*stopped)(struct torc_factory *self);
    /* Clients only; may be NULL.  `connector` is the one torc_connect made; reconnecting it inside
     * connection_failed or connection_lost is allowed and keeps the factory started.
     * started_connecting runs inside torc_connect and torc_connector_connect. */
    void (*started_connecting)(struct torc_factory *self, struct torc_connector connector);
    void (*connection_failed)(struct torc_factory *self, struct torc_connector connector,
                              struct torc_failure *reason);
    void (*connection_lost)(struct torc_factory *self, struct torc_connector connector,
                            struct torc_failure *reason);
};

/* Owned by the user; must outlive the listeners and connectors that use it. */
struct torc_factory {
    const struct torc_factory_ops *ops;
    uint32_t users; /* listeners and connectors; kept by the library, begins at 0 */
};

/* Both by value: handles on a listener and on an outgoing connection. */
struct torc_listener {
    struct torc_reactor *reactor;
    uint32_t index;
    uint32_t generation;
};
struct torc_connector {
    struct torc_reactor *reactor;
    uint32_t index;
    uint32_t generation;
};

/* For code that drives a protocol itself (memory transports, wrappers): sets the transport and calls
 * connection_made; hands on data; tells the end.  `reason` is borrowed. */
TORC_API struct torc_failure *torc_protocol_connect(struct torc_protocol *protocol,
                                                    struct torc_transport transport);
TORC_API struct torc_failure *torc_protocol_receive(struct torc_protocol *protocol,
                                                    const void *data, size_t bytes);
TORC_API void torc_protocol_lose(struct torc_protocol *protocol, struct torc_failure *reason);

#ifdef __cplusplus
}
#endif
#endif
