/* peer_bufferevent_echo.c - the same server on libevent's bufferevents. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "peer_socket.h"

static void on_readable(struct bufferevent *connection, void *arg)
{
    (void)arg;
    bufferevent_write_buffer(connection, bufferevent_get_input(connection));
}

static void on_end(struct bufferevent *connection, short what, void *arg)
{
    (void)what;
    (void)arg;
    bufferevent_free(connection);
}

static void on_connection(evutil_socket_t listener, short what, void *arg)
{
    struct event_base *base = arg;
    int fd;

    (void)what;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct bufferevent *connection = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);

        peer_must(connection != NULL, "bufferevent_socket_new");
        peer_nodelay(fd);
        bufferevent_setcb(connection, on_readable, NULL, on_end, NULL);
        bufferevent_enable(connection, EV_READ | EV_WRITE);
    }
}

int main(void)
{
    struct event_base *base = event_base_new();
    struct event *listener = event_new(base, peer_listen(), EV_READ | EV_PERSIST, on_connection, base);

    peer_must(event_add(listener, NULL) == 0, "event_add");
    return event_base_dispatch(base);
}
