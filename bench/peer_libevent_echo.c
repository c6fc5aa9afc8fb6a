/* peer_libevent_echo.c - the same server on plain libevent: one persistent event for each descriptor,
 * read and written in its callback.  What a careful C programmer writes without Torc; a write that is not
 * taken whole is kept, and reading stops until it is. */
#include <errno.h>
#include <unistd.h>

#include <event2/event.h>

#include "peer_socket.h"

struct connection {
    struct event *readable;
    struct event *writable;
    char *rest;
    size_t rest_bytes;
};

static char buffer[65536];

static void drop(struct connection *connection, int fd)
{
    event_free(connection->readable);
    event_free(connection->writable);
    free(connection->rest);
    free(connection);
    close(fd);
}

/* Sends what there is; keeps what is not taken.  False: the connection is gone. */
static int put(struct connection *connection, int fd, const char *data, size_t bytes)
{
    ssize_t sent = send(fd, data, bytes, MSG_NOSIGNAL);

    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        return 0;
    if (sent < 0)
        sent = 0;
    if ((size_t)sent < bytes) {
        size_t left = bytes - (size_t)sent;
        char *rest = malloc(left);

        if (rest == NULL)
            return 0;
        memcpy(rest, data + sent, left);
        free(connection->rest);
        connection->rest = rest;
        connection->rest_bytes = left;
        event_del(connection->readable);
        event_add(connection->writable, NULL);
    }
    return 1;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct connection *connection = arg;
    ssize_t got = recv(fd, buffer, sizeof buffer, 0);

    (void)what;
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || !put(connection, fd, buffer, (size_t)got))
        drop(connection, fd);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct connection *connection = arg;
    char *rest = connection->rest;
    size_t bytes = connection->rest_bytes;

    (void)what;
    connection->rest = NULL;
    event_del(connection->writable);
    event_add(connection->readable, NULL);
    if (!put(connection, fd, rest, bytes))
        drop(connection, fd);
    free(rest);
}

static void on_connection(evutil_socket_t listener, short what, void *arg)
{
    struct event_base *base = arg;
    int fd;

    (void)what;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);

        peer_must(connection != NULL, "calloc");
        peer_nodelay(fd);
        connection->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, connection);
        connection->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, connection);
        peer_must(connection->readable != NULL && connection->writable != NULL, "event_new");
        event_add(connection->readable, NULL);
    }
}

int main(void)
{
    struct event_base *base = event_base_new();
    struct event *listener = event_new(base, peer_listen(), EV_READ | EV_PERSIST, on_connection, base);

    peer_must(event_add(listener, NULL) == 0, "event_add");
    return event_base_dispatch(base);
}
