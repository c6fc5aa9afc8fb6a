/* stream.c - what a host does with its end of a connection. */
#include "stream.h"

#include <string.h>

#include "listener.h"
#include "operation_fault.h"
#include "route.h"

/* --- connecting ----------------------------------------------------------------------------- */

/* Fills in the four-tuple, or the path. */
static int name_ends(struct torci_connection *connection, const struct torc_address *address,
                     const struct torc_address *local)
{
    struct torc_host *host = connection->hosts[0];
    struct torc_address target = *address;
    struct torc_address source;
    int code;

    connection->family = address->family;
    if (address->family == TORC_ADDRESS_UNIX) {
        connection->path = torci_world_resize(host->world, NULL, 0, sizeof *connection->path);
        if (connection->path == NULL)
            return TORC_ENOMEM;
        *connection->path = *address;
        return 0;
    }
    code = torci_port_choose(host, local == NULL ? 0 : local->port, &connection->client_port);
    if (code != 0)
        return code;
    torci_port_hold(host, connection->client_port);
    connection->holds_port = true;
    connection->server_port = address->port;
    torci_choose_source(host, connection->hosts[1], &target, &source);
    if (local != NULL && local->family == address->family && !torci_is_any(local))
        source = *local;
    memcpy(connection->server_ip, target.ip, sizeof connection->server_ip);
    memcpy(connection->client_ip, source.ip, sizeof connection->client_ip);
    return 0;
}

int torci_stream_connect(struct torc_host *host, const struct torc_address *address,
                         const struct torc_address *local, uint64_t token, uint64_t *out_handle)
{
    struct torc_host *server;
    struct torci_connection *connection;
    struct torci_end *end;
    uint64_t fate;
    int code = 0;

    if (local != NULL && local->family == TORC_ADDRESS_NONE)
        local = NULL;
    if (address->family == TORC_ADDRESS_NONE)
        return TORC_EINVAL;
    server = torci_route(host, address);
    if (server == NULL)
        return TORC_EHOSTUNREACH;
    if (local != NULL && address->family != TORC_ADDRESS_UNIX)
        code = torci_check_local(host, local);
    if (code == 0)
        code = torci_socket_fails(host, false);
    if (code != 0)
        return code;
    fate = torci_connect_fate(host, address->family);
    if (torci_connect_fails_at_once(fate) != 0)
        return torci_connect_fails_at_once(fate);
    connection = torci_connection_new(host, server);
    if (connection == NULL)
        return TORC_ENOMEM;
    end = &connection->ends[0];
    code = name_ends(connection, address, local);
    if (code == 0)
        code = torci_handle_open(host, &end->handle, out_handle);
    if (code != 0) {
        host->world->connections--;
        torci_connection_release(host->world, connection);
        return code;
    }
    end->handle.token = token;
    if (!torci_connect_fails_later(connection, fate))
        torci_connection_send(connection, 0, TORCI_PACKET_SYN, 0);
    return 0;
}

/* --- reading -------------------------------------------------------------------------------- */

static void update_readable(struct torci_end *end)
{
    if (end->received_head != NULL || end->fin_received || end->reset)
        end->handle.ready |= TORC_EVENT_READ;
    else
        end->handle.ready &= (uint8_t)~TORC_EVENT_READ;
    torci_handle_update(&end->handle);
}

static void trace_data(struct torci_end *end, enum torc_trace_kind kind, const void *data,
                       size_t bytes)
{
    struct torc_host *host = end->handle.host;
    struct torc_trace *trace = host->world->trace;

    end->cause = torci_host_trace(host, kind);
    torc_trace_integer(trace, "conn", (int64_t)torci_connection_of(end)->number);
    torc_trace_bytes(trace, "data", data, bytes);
    torc_trace_end(trace);
}

/* At most `bytes` of the first segment that was received. */
static uint32_t take_received(struct torci_end *end, uint8_t *out, uint32_t bytes)
{
    struct torc_world *world = end->handle.host->world;
    struct torci_packet *packet = end->received_head;
    uint32_t left = packet->bytes - end->received_offset;
    uint32_t taken = bytes < left ? bytes : left;

    memcpy(out, packet->payload + end->received_offset, taken);
    end->received_offset += taken;
    if (taken == left) {
        end->received_offset = 0;
        end->received_head = packet->next;
        if (packet->next == NULL)
            end->received_tail = NULL;
        torci_packet_free(&world->packets, &world->allocator, packet);
    }
    return taken;
}

/* One segment at the most, so that where a stream was split can be seen; unless it is decided otherwise, for a real
 * system gives what is there. */
static uint32_t take_segments(struct torci_end *end, uint8_t *out, size_t bytes)
{
    struct torc_host *host = end->handle.host;
    uint32_t first = end->received_head->bytes - end->received_offset;
    uint32_t wanted = torci_decide_bytes(host, "read.short", bytes < first ? (uint32_t)bytes : first);
    uint32_t taken = take_received(end, out, wanted);

    if (wanted < first || taken == bytes || end->received_head == NULL || host->raw ||
        torci_decide(host->world, host, "read.join", 2) == 0)
        return taken;
    while (end->received_head != NULL && taken < bytes) {
        size_t room = bytes - taken;

        taken += take_received(end, out + taken, room < UINT32_MAX ? (uint32_t)room : UINT32_MAX);
    }
    return taken;
}

int torci_stream_read(struct torci_end *end, void *buffer, size_t bytes, size_t *out_bytes)
{
    struct torc_world *world = end->handle.host->world;
    uint64_t cause;
    uint32_t taken;
    int code = torci_read_fails(end);

    if (code != 0)
        return code;
    if (end->received_head == NULL) {
        if (end->error != 0 && !end->fin_received) {
            int error = end->error;

            end->error = 0;
            return error;
        }
        if (!end->fin_received && !end->reset)
            return end->state == TORCI_END_OPEN ? TORC_EAGAIN : TORC_ENOTCONN;
        if (!end->fin_read) {
            end->fin_read = true;
            trace_data(end, TORC_TRACE_rx, "", 0);
            world->cause = end->cause;
        }
        *out_bytes = 0;
        return 0;
    }
    cause = end->received_head->cause;
    taken = take_segments(end, buffer, bytes);
    world->cause = cause;
    trace_data(end, TORC_TRACE_rx, buffer, taken);
    world->cause = end->cause;
    if (end->received_head == NULL)
        update_readable(end);
    if (!end->reset)
        torci_end_acknowledge(end, taken);
    *out_bytes = taken;
    return 0;
}

/* --- writing -------------------------------------------------------------------------------- */

struct span_cursor {
    const struct torc_span *spans;
    size_t count;
    size_t offset; /* in the first */
};

static void take(struct span_cursor *cursor, uint8_t *out, size_t bytes)
{
    while (bytes > 0) {
        size_t part = cursor->spans->bytes - cursor->offset;

        if (part > bytes)
            part = bytes;
        if (part > 0)
            memcpy(out, (const uint8_t *)cursor->spans->data + cursor->offset, part);
        out += part;
        bytes -= part;
        cursor->offset += part;
        if (cursor->offset == cursor->spans->bytes) {
            cursor->spans++;
            cursor->offset = 0;
        }
    }
}

static int check_writable(struct torci_end *end)
{
    if (end->error != 0) {
        int error = end->error;

        end->error = 0;
        return error;
    }
    if (end->reset || end->fin_sent)
        return TORC_EPIPE;
    return end->state == TORCI_END_OPEN ? 0 : TORC_ENOTCONN;
}

/* Cuts the next `bytes` into segments and sends them.  Returns how many were sent: fewer when
 * memory ran out. */
static uint32_t send_segments(struct torci_end *end, struct span_cursor *cursor, uint32_t bytes)
{
    struct torc_world *world = end->handle.host->world;
    struct torci_connection *connection = torci_connection_of(end);
    uint32_t segment_bytes = end->link->settings.segment_bytes;
    uint64_t outer_cause = world->cause;
    uint64_t cause = end->cause > world->turn_began ? end->cause : world->cause;
    uint32_t sent = 0;

    if (segment_bytes == 0)
        segment_bytes = bytes;
    while (sent < bytes) {
        uint32_t part = torci_end_unsplit(end, bytes - sent < segment_bytes ? bytes - sent : segment_bytes);
        struct torci_packet *packet = torci_packet_new(&world->packets, &world->allocator, part);

        if (packet == NULL)
            break;
        take(cursor, packet->payload, part);
        packet->connection = connection;
        packet->kind = TORCI_PACKET_DATA;
        packet->detail = 0;
        packet->to = (end->side ^ 1u) & 1u;
        connection->references++;
        world->cause = cause;
        trace_data(end, TORC_TRACE_tx, packet->payload, part);
        world->cause = end->cause;
        torci_link_send(end->link, packet, part);
        sent += part;
        end->written += part;
    }
    end->outstanding += sent;
    world->cause = outer_cause;
    return sent;
}

int torci_stream_writev(struct torci_end *end, const struct torc_span *spans, size_t count,
                        size_t *out_bytes)
{
    struct span_cursor cursor = {spans, count, 0};
    size_t bytes = 0;
    size_t i;
    uint32_t room;
    uint32_t sent;
    int code = check_writable(end);

    if (code == 0)
        code = torci_write_fails(end);
    if (code != 0)
        return code;
    for (i = 0; i < count; i++)
        bytes += spans[i].bytes;
    room = torci_end_room(end);
    if (bytes > room) {
        if (room == 0) {
            torci_end_block(end);
            return TORC_EAGAIN;
        }
        bytes = room;
    }
    if (!end->handle.host->raw)
        bytes = torci_end_unsplit(end, (uint32_t)bytes);
    bytes = torci_decide_bytes(end->handle.host, "write.short", (uint32_t)bytes);
    sent = send_segments(end, &cursor, (uint32_t)bytes);
    if (sent == 0 && bytes > 0)
        return TORC_ENOBUFS;
    if (sent == room)
        torci_end_block(end);
    *out_bytes = sent;
    return 0;
}

/* --- ending --------------------------------------------------------------------------------- */

/* The last field of a traced close. */
enum { CLOSE_WRITE_SIDE = 2 };

static void trace_close(struct torci_end *end, int how)
{
    struct torc_trace *trace = end->handle.host->world->trace;

    end->cause = torci_host_trace(end->handle.host, TORC_TRACE_close);
    torc_trace_integer(trace, "conn", (int64_t)torci_connection_of(end)->number);
    torc_trace_integer(trace, "how", how);
    torc_trace_end(trace);
}

int torci_stream_shutdown(struct torci_end *end)
{
    if (end->state != TORCI_END_OPEN || (end->reset && !end->fin_sent))
        return TORC_ENOTCONN;
    if (end->fin_sent)
        return 0;
    trace_close(end, CLOSE_WRITE_SIDE);
    end->fin_sent = true;
    torci_connection_send(torci_connection_of(end), end->side, TORCI_PACKET_FIN, 0);
    if (end->blocked) {
        end->blocked = false;
        end->handle.ready |= TORC_EVENT_WRITE;
        torci_handle_update(&end->handle);
    }
    return 0;
}

void torci_stream_close(struct torci_end *end, enum torc_close_mode mode)
{
    struct torci_connection *connection = torci_connection_of(end);
    bool is_unix = connection->family == TORC_ADDRESS_UNIX;
    bool hard = end->received_head != NULL || (mode == TORC_CLOSE_ABORT && !is_unix);

    trace_close(end, (int)mode);
    if (end->state == TORCI_END_OPEN && !end->reset) {
        /* What was received and never read is not lost silently: the peer is told by a reset. */
        if (hard)
            torci_connection_send(connection, end->side, TORCI_PACKET_RESET, 0);
        else if (!end->fin_sent || is_unix)
            torci_connection_send(connection, end->side, TORCI_PACKET_FIN, 1);
    }
    torci_handle_close(&end->handle);
    torci_end_retire(end);
}

void torci_stream_vanish(struct torci_end *end)
{
    end->vanished = true;
    if (end->handle.host != NULL)
        torci_handle_close(&end->handle);
    torci_end_retire(end);
}
