/* live_datagram.c - datagram ports: UDP sockets. */
#include <errno.h>
#include <unistd.h>

#include "live_platform.h"

static int set_options(int fd, const struct torc_address *local, unsigned flags)
{
    const int on = 1;

    if ((flags & TORC_DATAGRAM_BROADCAST) != 0 &&
        setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) != 0)
        return torci_live_error(errno);
    if ((flags & TORC_DATAGRAM_REUSE) != 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return torci_live_error(errno);
    /* [::] means IPv6 whatever the system's default is. */
    if (local->family == TORC_ADDRESS_IPV6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return torci_live_error(errno);
    return 0;
}

static int bind_to(int fd, const struct torc_address *local, unsigned flags)
{
    union live_sockaddr name;
    socklen_t size;
    int error = set_options(fd, local, flags);

    if (error == 0)
        error = torci_live_to_sockaddr(local, &name, &size);
    if (error == 0 && bind(fd, &name.any, size) != 0)
        error = torci_live_error(errno);
    return error;
}

int torci_live_datagram_open(struct torc_platform *self, const struct torc_address *local,
                             unsigned flags, uint64_t token, uint64_t *out_handle)
{
    struct live *live = live_of(self);
    struct live_handle *handle;
    int domain = local->family == TORC_ADDRESS_IPV4 ? AF_INET : AF_INET6;
    int error;
    int fd;

    if (local->family != TORC_ADDRESS_IPV4 && local->family != TORC_ADDRESS_IPV6)
        return TORC_EAFNOSUPPORT;
    handle = torci_live_handle_new(live);
    if (handle == NULL)
        return TORC_ENOMEM;
    fd = socket(domain, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    error = fd < 0 ? torci_live_error(errno) : bind_to(fd, local, flags);
    if (error != 0) {
        if (fd >= 0)
            close(fd);
        live->spare = handle;
        return error;
    }
    torci_live_handle_open(handle, fd, LIVE_DATAGRAM, local->family, token);
    *out_handle = live_handle_name(handle);
    return 0;
}

int torci_live_datagram_connect(struct torc_platform *self, uint64_t handle,
                                const struct torc_address *peer)
{
    union live_sockaddr name;
    socklen_t size;
    int error = torci_live_to_sockaddr(peer, &name, &size);

    (void)self;
    if (error != 0)
        return error;
    return connect(live_handle_at(handle)->fd, &name.any, size) == 0 ? 0 : torci_live_error(errno);
}

int torci_live_datagram_send(struct torc_platform *self, uint64_t handle,
                             const struct torc_address *to, const void *data, size_t bytes)
{
    union live_sockaddr name;
    socklen_t size = 0;
    ssize_t sent;
    int error = to == NULL ? 0 : torci_live_to_sockaddr(to, &name, &size);

    (void)self;
    if (error != 0)
        return error;
    do
        sent = sendto(live_handle_at(handle)->fd, data, bytes, MSG_NOSIGNAL,
                      to == NULL ? NULL : &name.any, size);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? torci_live_error(errno) : 0;
}

/* With MSG_TRUNC the answer is the datagram's whole length. */
int torci_live_datagram_receive(struct torc_platform *self, uint64_t handle, void *buffer,
                                size_t bytes, size_t *out_bytes, struct torc_address *out_from)
{
    union live_sockaddr name;
    socklen_t size;
    ssize_t got;

    (void)self;
    do {
        size = sizeof name;
        got = recvfrom(live_handle_at(handle)->fd, buffer, bytes, MSG_TRUNC, &name.any, &size);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return torci_live_error(errno);
    torci_live_from_sockaddr(&name, size, out_from);
    *out_bytes = (size_t)got;
    return 0;
}
