/* peer_libuv_echo.c - the same server on libuv: one read buffer for all, uv_try_write first, a write
 * request with a copy when that does not take everything. */
#include <uv.h>

#include "peer_socket.h"

static char buffer[65536];

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)handle;
    (void)suggested;
    *out = uv_buf_init(buffer, sizeof buffer);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_written(uv_write_t *request, int status)
{
    (void)status;
    free(request);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *from)
{
    uv_buf_t data = uv_buf_init(from->base, got > 0 ? (unsigned)got : 0);
    int sent;

    if (got == 0)
        return;
    if (got < 0) {
        uv_close((uv_handle_t *)stream, on_closed);
        return;
    }
    sent = uv_try_write(stream, &data, 1);
    if (sent == UV_EAGAIN)
        sent = 0;
    if (sent < 0) {
        uv_close((uv_handle_t *)stream, on_closed);
    } else if (sent < got) {
        size_t left = (size_t)(got - sent);
        uv_write_t *request = malloc(sizeof *request + left);

        peer_must(request != NULL, "malloc");
        memcpy(request + 1, from->base + sent, left);
        data = uv_buf_init((char *)(request + 1), (unsigned)left);
        uv_write(request, stream, &data, 1, on_written);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    uv_tcp_t *connection;

    if (status != 0)
        return;
    connection = malloc(sizeof *connection);
    peer_must(connection != NULL, "malloc");
    uv_tcp_init(listener->loop, connection);
    if (uv_accept(listener, (uv_stream_t *)connection) != 0) {
        uv_close((uv_handle_t *)connection, on_closed);
        return;
    }
    uv_tcp_nodelay(connection, 1);
    uv_read_start((uv_stream_t *)connection, on_alloc, on_read);
}

int main(void)
{
    uv_loop_t *loop = uv_default_loop();
    struct sockaddr_in name = peer_loopback();
    uv_tcp_t listener;
    uv_os_fd_t fd;

    uv_tcp_init(loop, &listener);
    peer_must(uv_tcp_bind(&listener, (const struct sockaddr *)&name, 0) == 0, "uv_tcp_bind");
    peer_must(uv_listen((uv_stream_t *)&listener, 1024, on_connection) == 0, "uv_listen");
    peer_must(uv_fileno((uv_handle_t *)&listener, &fd) == 0, "uv_fileno");
    peer_print_port(fd);
    return uv_run(loop, UV_RUN_DEFAULT);
}
