/* live_stream.c - listeners and streams once their sockets exist: interest, reading, writing, closing. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "live_platform.h"

/* The callback of every handle's event. */
static void found_ready(evutil_socket_t fd, short what, void *arg)
{
    struct live_handle *handle = arg;
    uint32_t events = 0;

    if (handle->kind == LIVE_CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;

        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
            error = errno;
        event_del(&handle->event);
        handle->interest = 0;
        handle->connect_result = torci_live_error(error);
        torci_live_handle_ready(handle, 0);
        return;
    }
    if (what & EV_READ)
        events |= TORC_EVENT_READ;
    if (what & EV_WRITE)
        events |= TORC_EVENT_WRITE;
    torci_live_handle_ready(handle, events);
}

struct live_handle *torci_live_handle_new(struct live *live)
{
    struct live_handle *handle = live->spare;

    if (handle != NULL) {
        live->spare = NULL;
        return handle;
    }
    handle = malloc(sizeof *handle);
    if (handle != NULL)
        handle->live = live;
    return handle;
}

void torci_live_handle_open(struct live_handle *handle, int fd, enum live_kind kind,
                            enum torc_address_family family, uint64_t token)
{
    live_link_init(&handle->ready_link);
    live_link_init(&handle->faulty_link);
    handle->token = token;
    handle->fd = fd;
    handle->connect_result = 0;
    handle->kind = (uint8_t)kind;
    handle->family = (uint8_t)family;
    handle->interest = 0;
    handle->ready = 0;
    handle->unlink = NULL;
    event_assign(&handle->event, handle->live->base, fd, EV_READ | EV_PERSIST, found_ready, handle);
}

void torci_live_handle_ready(struct live_handle *handle, uint32_t events)
{
    handle->ready = (uint8_t)(handle->ready | events);
    if (live_link_alone(&handle->ready_link))
        live_link_append(&handle->live->ready, &handle->ready_link);
}

static int register_event(struct live_handle *handle)
{
    short what = EV_PERSIST;

    if (handle->interest & TORC_EVENT_READ)
        what = (short)(what | EV_READ);
    if (handle->interest & TORC_EVENT_WRITE)
        what = (short)(what | EV_WRITE);
    event_assign(&handle->event, handle->live->base, handle->fd, what, found_ready, handle);
    return event_add(&handle->event, NULL);
}

int torci_live_handle_watch(struct live_handle *handle, uint32_t events)
{
    if (events == handle->interest)
        return 0;
    if (handle->interest != 0) {
        event_del(&handle->event);
        live_link_remove(&handle->faulty_link);
    }
    handle->interest = (uint8_t)events;
    return events == 0 ? 0 : register_event(handle);
}

void torci_live_retry_faulty(struct live *live)
{
    struct live_link *link = live->faulty.next;

    while (link != &live->faulty) {
        struct live_handle *handle = LIVE_HANDLE_OF(link, faulty_link);

        link = link->next;
        if (register_event(handle) == 0)
            live_link_remove(&handle->faulty_link);
        else
            torci_live_handle_ready(handle, handle->interest);
    }
}

void torci_live_interest(struct torc_platform *self, uint64_t handle, uint32_t events)
{
    struct live_handle *stream = live_handle_at(handle);

    (void)self;
    if (torci_live_handle_watch(stream, events & (TORC_EVENT_READ | TORC_EVENT_WRITE)) != 0)
        live_link_append(&stream->live->faulty, &stream->faulty_link);
}

int torci_live_read(struct torc_platform *self, uint64_t handle, void *buffer, size_t bytes,
                    size_t *out_bytes)
{
    ssize_t got;

    (void)self;
    do
        got = recv(live_handle_at(handle)->fd, buffer, bytes, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return torci_live_error(errno);
    *out_bytes = (size_t)got;
    return 0;
}

/* Spans taken by one call; the rest is written by the next. */
#define LIVE_SPANS_MAX 64

int torci_live_writev(struct torc_platform *self, uint64_t handle, const struct torc_span *spans,
                      size_t count, size_t *out_bytes)
{
    int fd = live_handle_at(handle)->fd;
    ssize_t sent;

    (void)self;
    if (count == 1) {
        do
            sent = send(fd, spans[0].data, spans[0].bytes, MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
    } else {
        struct iovec vectors[LIVE_SPANS_MAX];
        struct msghdr message = {.msg_iov = vectors};

        if (count > LIVE_SPANS_MAX)
            count = LIVE_SPANS_MAX;
        for (size_t i = 0; i < count; i++)
            vectors[i] = (struct iovec){(void *)(uintptr_t)spans[i].data, spans[i].bytes};
        message.msg_iovlen = count;
        do
            sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
    }
    if (sent < 0)
        return torci_live_error(errno);
    *out_bytes = (size_t)sent;
    return 0;
}

int torci_live_shutdown(struct torc_platform *self, uint64_t handle)
{
    (void)self;
    return shutdown(live_handle_at(handle)->fd, SHUT_WR) == 0 ? 0 : torci_live_error(errno);
}

void torci_live_close(struct torc_platform *self, uint64_t handle, enum torc_close_mode mode)
{
    struct live_handle *stream = live_handle_at(handle);

    (void)self;
    if (stream->interest != 0)
        event_del(&stream->event);
    live_link_remove(&stream->ready_link);
    live_link_remove(&stream->faulty_link);
    if (stream->unlink != NULL)
        torci_live_unlink(stream->unlink);
    if (stream->kind != LIVE_LISTENER && mode == TORC_CLOSE_ABORT) {
        /* UNIX sockets know no reset: theirs is one only if there is unread input. */
        const struct linger reset = {1, 0};

        (void)setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    close(stream->fd);
    free(stream);
}

int torci_live_set_option(struct torc_platform *self, uint64_t handle,
                          enum torc_stream_option option, int value)
{
    struct live_handle *stream = live_handle_at(handle);
    int on = value != 0;
    int failed;

    (void)self;
    if (stream->family == TORC_ADDRESS_UNIX)
        return TORC_ENOTSUP;
    switch (option) {
    case TORC_STREAM_NODELAY:
        failed = setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        break;
    case TORC_STREAM_KEEPALIVE:
        failed = setsockopt(stream->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        break;
    default:
        return TORC_EINVAL;
    }
    return failed ? torci_live_error(errno) : 0;
}
