/* live_socket.c - making sockets: listen, accept, connect; addresses in the system's form and in ours. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live_platform.h"

int torci_live_to_sockaddr(const struct torc_address *address, union live_sockaddr *out,
                           socklen_t *out_size)
{
    memset(out, 0, sizeof *out);
    switch (address->family) {
    case TORC_ADDRESS_IPV4:
        out->ipv4.sin_family = AF_INET;
        out->ipv4.sin_port = htons(address->port);
        memcpy(&out->ipv4.sin_addr, address->ip, 4);
        *out_size = sizeof out->ipv4;
        return 0;
    case TORC_ADDRESS_IPV6:
        out->ipv6.sin6_family = AF_INET6;
        out->ipv6.sin6_port = htons(address->port);
        out->ipv6.sin6_scope_id = address->scope_id;
        memcpy(&out->ipv6.sin6_addr, address->ip, 16);
        *out_size = sizeof out->ipv6;
        return 0;
    case TORC_ADDRESS_UNIX:
        if (address->path_bytes == 0 || address->path_bytes > sizeof out->local.sun_path)
            return TORC_EINVAL;
        out->local.sun_family = AF_UNIX;
        memcpy(out->local.sun_path, address->path, address->path_bytes);
        *out_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + address->path_bytes);
        return 0;
    default:
        return TORC_EAFNOSUPPORT;
    }
}

void torci_live_from_sockaddr(const union live_sockaddr *from, socklen_t size,
                              struct torc_address *out)
{
    memset(out, 0, sizeof *out);
    if (size < sizeof from->any.sa_family)
        return;
    switch (from->any.sa_family) {
    case AF_INET:
        out->family = TORC_ADDRESS_IPV4;
        out->port = ntohs(from->ipv4.sin_port);
        memcpy(out->ip, &from->ipv4.sin_addr, 4);
        break;
    case AF_INET6:
        out->family = TORC_ADDRESS_IPV6;
        out->port = ntohs(from->ipv6.sin6_port);
        out->scope_id = from->ipv6.sin6_scope_id;
        memcpy(out->ip, &from->ipv6.sin6_addr, 16);
        break;
    case AF_UNIX: {
        /* An unbound socket has no name; a path comes with its terminating zero, an abstract name
         * with none. */
        const char *path = from->local.sun_path;
        size_t bytes = size - offsetof(struct sockaddr_un, sun_path);

        if (bytes > sizeof out->path)
            bytes = sizeof out->path;
        if (bytes > 0 && path[0] != '\0')
            bytes = strnlen(path, bytes);
        out->family = TORC_ADDRESS_UNIX;
        out->path_bytes = (uint16_t)bytes;
        memcpy(out->path, path, bytes);
        break;
    }
    default:
        break;
    }
}

static int socket_for(const struct torc_address *address, int *out_fd)
{
    int domain = address->family == TORC_ADDRESS_IPV4   ? AF_INET
                 : address->family == TORC_ADDRESS_IPV6 ? AF_INET6
                                                        : AF_UNIX;
    int fd = socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return torci_live_error(errno);
    *out_fd = fd;
    return 0;
}

/* --- listening --------------------------------------------------------------------------------- */

static bool has_path(const struct torc_address *address)
{
    return address->family == TORC_ADDRESS_UNIX && address->path[0] != '\0';
}

void torci_live_unlink(struct live_unlink *file)
{
    struct stat now;

    if (lstat(file->path, &now) == 0 && now.st_dev == file->device && now.st_ino == file->inode)
        (void)unlink(file->path);
    free(file);
}

/* Removes the socket file of a server that is dead: one that nobody answers at.  Anything else, a
 * live server or a file that is no socket, is left. */
static bool remove_stale(const char *path, const union live_sockaddr *name, socklen_t size)
{
    struct stat file;
    bool dead;
    int fd;

    if (lstat(path, &file) != 0 || !S_ISSOCK(file.st_mode))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    dead = connect(fd, &name->any, size) != 0 && errno == ECONNREFUSED;
    close(fd);
    return dead && unlink(path) == 0;
}

/* Binds a UNIX socket to its path; `file` then says which file that made. */
static int bind_path(int fd, const union live_sockaddr *name, socklen_t size, uint32_t mode,
                     struct live_unlink *file)
{
    struct stat made;
    int error;

    if (bind(fd, &name->any, size) != 0) {
        if (errno != EADDRINUSE)
            return torci_live_error(errno);
        if (!remove_stale(file->path, name, size))
            return TORC_EADDRINUSE;
        if (bind(fd, &name->any, size) != 0)
            return torci_live_error(errno);
    }
    if ((mode == 0 || chmod(file->path, (mode_t)mode) == 0) && lstat(file->path, &made) == 0) {
        file->device = made.st_dev;
        file->inode = made.st_ino;
        return 0;
    }
    error = torci_live_error(errno);
    (void)unlink(file->path);
    return error;
}

static int bind_name(int fd, const struct torc_address *address, const union live_sockaddr *name,
                     socklen_t size)
{
    const int on = 1;

    /* A restarted server finds connections of the one before it in TIME_WAIT. */
    if (address->family != TORC_ADDRESS_UNIX &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        return torci_live_error(errno);
    /* [::] means IPv6 whatever the system's default is. */
    if (address->family == TORC_ADDRESS_IPV6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return torci_live_error(errno);
    return bind(fd, &name->any, size) == 0 ? 0 : torci_live_error(errno);
}

static int listen_on(int fd, const struct torc_address *address,
                     const struct torc_listen_settings *settings, struct live_unlink *file)
{
    union live_sockaddr name;
    socklen_t size;
    int error = torci_live_to_sockaddr(address, &name, &size);

    if (error == 0 && file != NULL)
        error = bind_path(fd, &name, size, settings->unix_mode, file);
    else if (error == 0)
        error = bind_name(fd, address, &name, size);
    if (error != 0)
        return error;
    if (listen(fd, settings->backlog) == 0)
        return 0;
    error = torci_live_error(errno);
    if (file != NULL)
        (void)unlink(file->path);
    return error;
}

int torci_live_listen(struct torc_platform *self, const struct torc_address *address,
                      const struct torc_listen_settings *settings, uint64_t token,
                      uint64_t *out_handle)
{
    struct live *live = live_of(self);
    struct live_handle *handle = NULL;
    struct live_unlink *file = NULL;
    int fd = -1;
    int error;

    if (address->family == TORC_ADDRESS_NONE || address->family > TORC_ADDRESS_UNIX)
        return TORC_EAFNOSUPPORT;
    if (address->family == TORC_ADDRESS_UNIX &&
        (address->path_bytes == 0 || address->path_bytes > TORC_ADDRESS_PATH_MAX))
        return TORC_EINVAL;
    if (has_path(address)) {
        file = malloc(sizeof *file);
        if (file == NULL)
            return TORC_ENOMEM;
        memcpy(file->path, address->path, address->path_bytes);
        file->path[address->path_bytes] = '\0';
    }
    handle = torci_live_handle_new(live);
    error = handle == NULL ? TORC_ENOMEM : socket_for(address, &fd);
    if (error == 0)
        error = listen_on(fd, address, settings, file);
    if (error != 0) {
        if (fd >= 0)
            close(fd);
        free(handle);
        free(file);
        return error;
    }
    torci_live_handle_open(handle, fd, LIVE_LISTENER, address->family, token);
    handle->unlink = file;
    *out_handle = live_handle_name(handle);
    return 0;
}

/* --- accepting --------------------------------------------------------------------------------- */

/* accept4 also tells, once, errors that the waiting connection met on the network (accept(2)); like a
 * connection that a firewall forbids, they mean that this one is gone and the next may be well. */
static int accept_error(int error)
{
    switch (error) {
    case EPERM:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EOPNOTSUPP:
    case ETIMEDOUT:
        return TORC_ECONNABORTED;
    default:
        return torci_live_error(error);
    }
}

static int accept_fd(int listener, union live_sockaddr *name, socklen_t *size)
{
    int fd;

    do {
        *size = sizeof *name;
        fd = accept4(listener, &name->any, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

int torci_live_accept(struct torc_platform *self, uint64_t listener, uint64_t token,
                      uint64_t *out_handle, struct torc_address *out_peer)
{
    struct live *live = live_of(self);
    struct live_handle *from = live_handle_at(listener);
    struct live_handle *handle = torci_live_handle_new(live);
    union live_sockaddr name;
    socklen_t size;
    int fd;

    if (handle == NULL)
        return TORC_ENOMEM;
    fd = accept_fd(from->fd, &name, &size);
    if (fd < 0) {
        int error = errno;

        live->spare = handle; /* most rounds of accepts end like this */
        return accept_error(error);
    }
    torci_live_handle_open(handle, fd, LIVE_STREAM, from->family, token);
    if (out_peer != NULL)
        torci_live_from_sockaddr(&name, size, out_peer);
    *out_handle = live_handle_name(handle);
    return 0;
}

int torci_live_refuse(struct torc_platform *self, uint64_t listener)
{
    struct live *live = live_of(self);
    union live_sockaddr name;
    socklen_t size;
    int fd;

    if (live->reserve_fd >= 0)
        close(live->reserve_fd);
    fd = accept_fd(live_handle_at(listener)->fd, &name, &size);
    if (fd >= 0)
        close(fd);
    /* Another thread may have taken the descriptor meanwhile; the next call tries again. */
    live->reserve_fd = fcntl(live->wake_fd, F_DUPFD_CLOEXEC, 0);
    return fd >= 0 ? 0 : TORC_EAGAIN;
}

/* --- connecting -------------------------------------------------------------------------------- */

static int bind_local(int fd, const struct torc_address *local)
{
    union live_sockaddr name;
    socklen_t size;
    int error;

    if (local == NULL || local->family == TORC_ADDRESS_NONE)
        return 0;
    error = torci_live_to_sockaddr(local, &name, &size);
    if (error != 0)
        return error;
    return bind(fd, &name.any, size) == 0 ? 0 : torci_live_error(errno);
}

int torci_live_connect(struct torc_platform *self, const struct torc_address *address,
                       const struct torc_address *local, uint64_t token, uint64_t *out_handle)
{
    struct live *live = live_of(self);
    struct live_handle *handle;
    union live_sockaddr name;
    socklen_t size;
    int fd = -1;
    bool done = false;
    int error = torci_live_to_sockaddr(address, &name, &size);

    if (error != 0)
        return error;
    handle = torci_live_handle_new(live);
    if (handle == NULL)
        return TORC_ENOMEM;
    error = socket_for(address, &fd);
    if (error == 0)
        error = bind_local(fd, local);
    if (error == 0) {
        done = connect(fd, &name.any, size) == 0;
        /* Interrupted or not, the attempt goes on.  A UNIX listener whose backlog is full says EAGAIN
         * and nothing goes on: that is a refusal. */
        if (!done && errno == EAGAIN)
            error = TORC_ECONNREFUSED;
        else if (!done && errno != EINPROGRESS && errno != EINTR)
            error = torci_live_error(errno);
    }
    if (error == 0) {
        torci_live_handle_open(handle, fd, LIVE_CONNECTING, address->family, token);
        if (done)
            torci_live_handle_ready(handle, 0);
        else if (torci_live_handle_watch(handle, TORC_EVENT_WRITE) != 0)
            error = TORC_ENOMEM;
    }
    if (error != 0) {
        if (fd >= 0)
            close(fd);
        live->spare = handle;
        return error;
    }
    *out_handle = live_handle_name(handle);
    return 0;
}

int torci_live_names(struct torc_platform *self, uint64_t handle, struct torc_address *out_local,
                     struct torc_address *out_peer)
{
    int fd = live_handle_at(handle)->fd;
    union live_sockaddr local;
    union live_sockaddr peer;
    socklen_t local_size = sizeof local;
    socklen_t peer_size = sizeof peer;

    (void)self;
    if (out_local != NULL && getsockname(fd, &local.any, &local_size) != 0)
        return torci_live_error(errno);
    if (out_peer != NULL && getpeername(fd, &peer.any, &peer_size) != 0)
        return torci_live_error(errno);
    if (out_local != NULL)
        torci_live_from_sockaddr(&local, local_size, out_local);
    if (out_peer != NULL)
        torci_live_from_sockaddr(&peer, peer_size, out_peer);
    return 0;
}
