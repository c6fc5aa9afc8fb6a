/* torc/stream.h - listening and connecting, over TCP and UNIX sockets. */
#ifndef TORC_STREAM_H
#define TORC_STREAM_H

#include <torc/protocol.h>
#include <torc/reactor.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_listen_options {
    size_t size;        /* sizeof(struct torc_listen_options) */
    int backlog;        /* 0: 128 */
    uint32_t unix_mode; /* permission bits of the UNIX socket; 0: 0666 */
    bool nodelay;       /* for each accepted TCP connection */
    bool keepalive;
};
#define TORC_LISTEN_OPTIONS_INIT {sizeof(struct torc_listen_options), 0, 0, false, false}

/* Listens; `factory` is borrowed until the listener is closed.  `options` may be NULL.
 * Running out of descriptors in accept does not spin: waiting connections are turned away, or the
 * listener rests for a moment, and it is logged once.
 * Errors: TORC_EINVAL, the address is none; TORC_EADDRINUSE, TORC_EADDRNOTAVAIL, TORC_EACCES, TORC_EMFILE, TORC_ENOMEM, TORC_ECLOSED (the
 * reactor has stopped), ...; then the factory is not started. */
TORC_API TORC_CHECKED int torc_listen_at(const char *site, struct torc_reactor *reactor,
                                         const struct torc_address *address,
                                         struct torc_factory *factory,
                                         const struct torc_listen_options *options,
                                         struct torc_listener *out);
#define torc_listen(...) torc_listen_at(TORC_HERE, __VA_ARGS__)

/* Where it listens, with the real port.  Errors: TORC_ESTALE. */
TORC_API TORC_CHECKED int torc_listener_address(struct torc_listener listener,
                                                struct torc_address *out);

/* Stops listening, at once: no connection is accepted after this returns; those accepted stay.  The
 * factory is let go of before this returns - its `stopped` is called, if nothing else uses it -, but
 * inside its own build_protocol when that has returned.  A stale listener is a no-op. */
TORC_API void torc_listener_close(struct torc_listener listener);

struct torc_connect_options {
    size_t size;                /* sizeof(struct torc_connect_options) */
    uint64_t timeout_ns;        /* 0: 30 s; TORC_NEVER: as long as the system tries */
    struct torc_address local;  /* family TORC_ADDRESS_NONE: any */
    bool nodelay;
    bool keepalive;
};
#define TORC_CONNECT_OPTIONS_INIT {sizeof(struct torc_connect_options), 0, {0, {0}, 0, 0, 0, {0}}, false, false}

/* Connects.  The factory is started and told (started_connecting) before this returns; the attempt
 * itself begins in the next turn, so every error but these comes to connection_failed: refused,
 * timed out, no route, bind, no descriptors, as failures of the connect_error family (or
 * out_of_memory).  `factory` is borrowed until its connection_failed or connection_lost has returned,
 * or, if it has a `stopped`, until that has.
 * `out` may be NULL.  Errors: TORC_ENOMEM; TORC_EINVAL; TORC_ECLOSED, the reactor has stopped. */
TORC_API TORC_CHECKED int torc_connect_at(const char *site, struct torc_reactor *reactor,
                                          const struct torc_address *address,
                                          struct torc_factory *factory,
                                          const struct torc_connect_options *options,
                                          struct torc_connector *out);
#define torc_connect(...) torc_connect_at(TORC_HERE, __VA_ARGS__)

/* Connects again, to the same place, inside connection_failed or connection_lost.
 * Errors: TORC_EBUSY, it is not disconnected; TORC_ESTALE; TORC_ECLOSED, the reactor has stopped. */
TORC_API TORC_CHECKED int torc_connector_connect(struct torc_connector connector);

/* Gives up an attempt: connection_failed is called, with connect_cancelled, before this returns.
 * Errors: TORC_ENOTCONN, it is not connecting; TORC_ESTALE. */
TORC_API int torc_connector_stop(struct torc_connector connector);

/* By state: stop, or lose the connection - inside build_protocol the one about to be made. */
TORC_API void torc_connector_disconnect(struct torc_connector connector);

#ifdef __cplusplus
}
#endif
#endif
