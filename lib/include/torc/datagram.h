/* torc/datagram.h - UDP: a port that sends and receives datagrams.
 *
 * A datagram arrives whole or not at all, perhaps twice, in any order; an empty one is a datagram too.
 * Sending does not queue: what the system has no room for is told at once, and is lost.  Names are not
 * addresses: resolve them first (torc/resolver.h). */
#ifndef TORC_DATAGRAM_H
#define TORC_DATAGRAM_H

#include <torc/reactor.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_datagram_protocol;

/* Both by value: a handle on a port; stale once it is closed. */
struct torc_datagram_port {
    struct torc_reactor *reactor;
    uint32_t index;
    uint32_t generation;
};

struct torc_datagram_protocol_ops {
    size_t size; /* sizeof(struct torc_datagram_protocol_ops) */
    /* The port is open and set.  NULL: nothing to do.  A failure closes the port. */
    struct torc_failure *(*started)(struct torc_datagram_protocol *self);
    /* One datagram, borrowed with its sender until this returns.  `bytes` may be 0.  A failure is logged,
     * and the port goes on.  Mandatory. */
    struct torc_failure *(*received)(struct torc_datagram_protocol *self, const uint8_t *data,
                                     size_t bytes, const struct torc_address *from);
    /* The peer of a connected port says that nobody listens there (ICMP): a datagram sent before was lost.
     * The port stays open, always.  Each is told once: here, or by the send that meets it first.  A failure
     * is logged.  May be NULL. */
    struct torc_failure *(*refused)(struct torc_datagram_protocol *self);
    /* The last call: the port is closed.  `reason` is borrowed: connection_done if it was closed by its
     * owner, connection_lost if the reactor stopped or the system failed it.  The protocol belongs to
     * itself: this is the place to free it.  Mandatory. */
    void (*stopped)(struct torc_datagram_protocol *self, struct torc_failure *reason);
};

/* A base: embed it as the first member. */
struct torc_datagram_protocol {
    const struct torc_datagram_protocol_ops *ops;
    struct torc_datagram_port port; /* set before `started`; stale in `stopped` */
};

struct torc_datagram_options {
    size_t size;      /* sizeof(struct torc_datagram_options) */
    size_t bytes_max; /* longest datagram that is told; a longer one is dropped and counted; 0: 65535, the most */
    size_t read_max;  /* datagrams told in one turn before others have theirs; 0: 64 */
    bool broadcast;   /* may send to broadcast addresses */
    bool reuse;       /* ports that all say so may share the address (SO_REUSEADDR); the last one opened receives */
};
#define TORC_DATAGRAM_OPTIONS_INIT {sizeof(struct torc_datagram_options), 0, 0, false, false}

/* Opens a port on a local address of family IPv4 or IPv6 (port 0: any free one; [::] is IPv6 alone) and calls
 * `started` before it returns.  `protocol` is borrowed until `stopped`.  If `started` fails, or closes the port,
 * `stopped` is called and the answer is TORC_ECANCELED.  `options` and `out` may be NULL.
 * Errors: TORC_EINVAL; TORC_EAFNOSUPPORT, another family; TORC_EADDRINUSE, TORC_EADDRNOTAVAIL, TORC_EACCES,
 * TORC_EMFILE, TORC_ENFILE, TORC_ENOMEM; TORC_ECLOSED, the reactor has stopped.  Then `stopped` is not called. */
TORC_API TORC_CHECKED int torc_datagram_open_at(const char *site, struct torc_reactor *reactor,
                                                const struct torc_address *local,
                                                struct torc_datagram_protocol *protocol,
                                                const struct torc_datagram_options *options,
                                                struct torc_datagram_port *out);
#define torc_datagram_open(...) torc_datagram_open_at(TORC_HERE, __VA_ARGS__)

/* Closes: `stopped` is called before this returns, or, inside one of the protocol's own callbacks, when that has
 * returned.  A stale port is a no-op. */
TORC_API void torc_datagram_close(struct torc_datagram_port port);

/* Sends one datagram, now.  `to` NULL: to the peer it is connected to.  An empty one is sent too.
 * Errors: TORC_ESTALE; TORC_EAGAIN, no room: it is lost; TORC_ETOOLONG, longer than a datagram can be;
 * TORC_ENOTCONN, no `to` and not connected; TORC_EINVAL, `to` is of another family, has no port, or is not the
 * peer of a connected port; TORC_ECONNREFUSED, one sent before was refused, and this one was not sent;
 * TORC_EACCES, a broadcast address, or the system forbids it (a firewall); TORC_ENETUNREACH, TORC_EHOSTUNREACH,
 * TORC_ENOBUFS. */
TORC_API int torc_datagram_send(struct torc_datagram_port port, const void *data, size_t bytes,
                                const struct torc_address *to);

/* From now on only datagrams from `peer` are told, and refusals are.  Once.
 * Errors: TORC_ESTALE; TORC_EBUSY, it is connected; TORC_EINVAL, of another family or without a port;
 * TORC_EACCES, a broadcast address; TORC_ENETUNREACH, TORC_EHOSTUNREACH. */
TORC_API TORC_CHECKED int torc_datagram_connect(struct torc_datagram_port port,
                                                const struct torc_address *peer);

/* No datagram is told until resumed; what arrives meanwhile waits in the system's buffer or is lost. */
TORC_API void torc_datagram_pause(struct torc_datagram_port port);
TORC_API void torc_datagram_resume(struct torc_datagram_port port);

/* Where it is open, with the real port.  Errors: TORC_ESTALE. */
TORC_API TORC_CHECKED int torc_datagram_address(struct torc_datagram_port port,
                                                struct torc_address *out);

/* How many datagrams were dropped because they were longer than `bytes_max`; 0 for a stale port.  What the
 * system loses, nobody counts. */
TORC_API uint64_t torc_datagram_dropped(struct torc_datagram_port port);

#ifdef __cplusplus
}
#endif
#endif
