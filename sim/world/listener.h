/* listener.h - listening, the backlog, and accepting. */
#ifndef TORCI_LISTENER_H
#define TORCI_LISTENER_H

#include "stream.h"

struct torci_listener {
    struct torci_handle handle;
    struct torci_listener *next; /* of the host */
    struct torc_address address;
    uint32_t backlog;
    uint32_t waiting; /* connections in the backlog, embryonic ones too */
    struct torci_connection *head; /* those connections, as their SYNs came */
    struct torci_connection *tail;
    uint32_t acceptable; /* of those, how many can be accepted */
};

int torci_listener_open(struct torc_host *host, const struct torc_address *address,
                        const struct torc_listen_settings *settings, uint64_t token,
                        uint64_t *out_handle);
void torci_listener_close(struct torci_listener *listener);
void torci_listener_vanish(struct torci_listener *listener); /* the host died with it */

/* Who listens for what went to the server's address of a connection, or NULL. */
struct torci_listener *torci_listener_find(struct torc_host *host,
                                           const struct torci_connection *connection);
/* Whether some listener holds a TCP port. */
bool torci_listener_on_port(const struct torc_host *host, uint16_t port);

bool torci_listener_full(const struct torci_listener *listener);
/* A SYN came: the server's end goes into the backlog; the client has answered: it can be accepted;
 * it is gone from the backlog. */
void torci_listener_add(struct torci_listener *listener, struct torci_connection *connection);
void torci_listener_establish(struct torci_listener *listener, struct torci_connection *connection);
void torci_listener_remove(struct torci_listener *listener, struct torci_connection *connection);

int torci_listener_accept(struct torci_listener *listener, uint64_t token, uint64_t *out_handle,
                          struct torc_address *out_peer);
int torci_listener_refuse(struct torci_listener *listener);

/* A local TCP port: `wanted` if it is free, or any free one if that is 0.  A client holds its
 * port until the connection is gone; a listener's is known by the listener.  Errors:
 * TORC_EADDRINUSE; TORC_EADDRNOTAVAIL, none is free; TORC_ENOMEM. */
TORC_CHECKED int torci_port_choose(struct torc_host *host, uint16_t wanted, uint16_t *out);
void torci_port_hold(struct torc_host *host, uint16_t port);
void torci_port_release(struct torc_host *host, uint16_t port);
void torci_host_free_ports(struct torc_host *host);

#endif
