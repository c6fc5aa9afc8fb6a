/* listener.c - listeners of a host, their backlogs, and local ports. */
#include "listener.h"
#include "operation_fault.h"
#include "route.h"

#include <string.h>

#define BACKLOG_DEFAULT 128
#define PORT_FIRST 49152 /* of those given to clients and to listeners that do not care */
#define PORT_COUNT (65536 - PORT_FIRST)
#define PORT_BITMAP_BYTES (65536 / 8)

/* --- ports ---------------------------------------------------------------------------------- */

static bool port_held(const struct torc_host *host, uint16_t port)
{
    return host->ports != NULL && (host->ports[port / 8] >> (port % 8) & 1) != 0;
}

bool torci_listener_on_port(const struct torc_host *host, uint16_t port)
{
    const struct torci_listener *listener;

    for (listener = host->listeners; listener != NULL; listener = listener->next) {
        if (listener->address.family != TORC_ADDRESS_UNIX && listener->address.port == port)
            return true;
    }
    return false;
}

int torci_port_choose(struct torc_host *host, uint16_t wanted, uint16_t *out)
{
    uint32_t i;

    if (host->ports == NULL) {
        host->ports = torci_world_resize(host->world, NULL, 0, PORT_BITMAP_BYTES);
        if (host->ports == NULL)
            return TORC_ENOMEM;
        memset(host->ports, 0, PORT_BITMAP_BYTES);
    }
    if (wanted != 0) {
        if (port_held(host, wanted))
            return TORC_EADDRINUSE;
        *out = wanted;
        return 0;
    }
    for (i = 0; i < PORT_COUNT; i++) {
        uint16_t port = (uint16_t)(PORT_FIRST + (host->port_next + i) % PORT_COUNT);

        if (port_held(host, port) || torci_listener_on_port(host, port))
            continue;
        host->port_next = (uint16_t)((host->port_next + i + 1) % PORT_COUNT);
        *out = port;
        return 0;
    }
    return TORC_EADDRNOTAVAIL;
}

void torci_port_hold(struct torc_host *host, uint16_t port)
{
    host->ports[port / 8] = (uint8_t)(host->ports[port / 8] | 1u << port % 8);
}

void torci_port_release(struct torc_host *host, uint16_t port)
{
    host->ports[port / 8] = (uint8_t)(host->ports[port / 8] & ~(1u << port % 8));
}

void torci_host_free_ports(struct torc_host *host)
{
    if (host->ports != NULL)
        torci_world_resize(host->world, host->ports, PORT_BITMAP_BYTES, 0);
    host->ports = NULL;
}

/* --- listening ------------------------------------------------------------------------------ */

static bool same_path(const struct torc_address *a, const struct torc_address *b)
{
    return a->path_bytes == b->path_bytes && memcmp(a->path, b->path, a->path_bytes) == 0;
}

static bool conflicts(const struct torc_address *a, const struct torc_address *b)
{
    if (a->family != b->family)
        return false;
    if (a->family == TORC_ADDRESS_UNIX)
        return same_path(a, b);
    if (a->port != b->port)
        return false;
    return torci_is_any(a) || torci_is_any(b) ||
           memcmp(a->ip, b->ip, torci_ip_bytes(a->family)) == 0;
}

static int check_address(const struct torc_host *host, const struct torc_address *address)
{
    if (address->family == TORC_ADDRESS_UNIX)
        return address->path_bytes > 0 ? 0 : TORC_EINVAL;
    return torci_check_local(host, address);
}

static int choose_address(struct torc_host *host, struct torc_address *address)
{
    struct torci_listener *other;
    int code = check_address(host, address);

    if (code != 0)
        return code;
    for (other = host->listeners; other != NULL; other = other->next) {
        if (address->port != 0 || address->family == TORC_ADDRESS_UNIX) {
            if (conflicts(&other->address, address))
                return TORC_EADDRINUSE;
        }
    }
    if (address->family == TORC_ADDRESS_UNIX)
        return 0;
    return torci_port_choose(host, address->port, &address->port);
}

int torci_listener_open(struct torc_host *host, const struct torc_address *address,
                        const struct torc_listen_settings *settings, uint64_t token,
                        uint64_t *out_handle)
{
    struct torc_world *world = host->world;
    struct torc_address chosen = *address;
    struct torci_listener *listener;
    char text[TORC_ADDRESS_TEXT_MAX];
    int code = choose_address(host, &chosen);

    if (code == 0)
        code = torci_socket_fails(host, true);
    if (code != 0)
        return code;
    listener = torci_world_resize(world, NULL, 0, sizeof *listener);
    if (listener == NULL)
        return TORC_ENOMEM;
    memset(listener, 0, sizeof *listener);
    code = torci_handle_open(host, &listener->handle, out_handle);
    if (code != 0) {
        torci_world_resize(world, listener, sizeof *listener, 0);
        return code;
    }
    listener->handle.token = token;
    listener->handle.kind = TORCI_HANDLE_LISTENER;
    listener->address = chosen;
    listener->backlog =
        settings == NULL || settings->backlog <= 0 ? BACKLOG_DEFAULT : (uint32_t)settings->backlog;
    listener->next = host->listeners;
    host->listeners = listener;
    torc_address_format(&chosen, text, sizeof text);
    torci_host_trace(host, TORC_TRACE_listen);
    torc_trace_text(world->trace, "address", text);
    torc_trace_end(world->trace);
    return 0;
}

struct torci_listener *torci_listener_find(struct torc_host *host,
                                           const struct torci_connection *connection)
{
    struct torci_listener *listener;

    for (listener = host->listeners; listener != NULL; listener = listener->next) {
        if (listener->address.family != connection->family)
            continue;
        if (connection->family == TORC_ADDRESS_UNIX) {
            if (same_path(&listener->address, connection->path))
                return listener;
        } else if (listener->address.port == connection->server_port &&
                   (torci_is_any(&listener->address) ||
                    memcmp(listener->address.ip, connection->server_ip,
                           torci_ip_bytes(connection->family)) == 0)) {
            return listener;
        }
    }
    return NULL;
}

/* --- the backlog ---------------------------------------------------------------------------- */

/* Linux lets one more in than was asked for. */
bool torci_listener_full(const struct torci_listener *listener)
{
    return listener->waiting > listener->backlog;
}

void torci_listener_add(struct torci_listener *listener, struct torci_connection *connection)
{
    connection->ends[1].state = TORCI_END_EMBRYONIC;
    connection->ends[1].life = listener->handle.host->life;
    connection->ends[1].vanished = false; /* in an earlier try */
    connection->listener = listener;
    connection->backlog_next = NULL;
    connection->backlog_previous = listener->tail;
    if (listener->tail != NULL)
        listener->tail->backlog_next = connection;
    else
        listener->head = connection;
    listener->tail = connection;
    listener->waiting++;
}

static void update_acceptable(struct torci_listener *listener)
{
    listener->handle.ready = listener->acceptable > 0 ? TORC_EVENT_READ : 0;
    torci_handle_update(&listener->handle);
}

void torci_listener_establish(struct torci_listener *listener, struct torci_connection *connection)
{
    connection->ends[1].state = TORCI_END_WAITING;
    connection->ends[1].handle.ready |= TORC_EVENT_WRITE;
    listener->acceptable++;
    update_acceptable(listener);
}

void torci_listener_remove(struct torci_listener *listener, struct torci_connection *connection)
{
    if (connection->backlog_previous != NULL)
        connection->backlog_previous->backlog_next = connection->backlog_next;
    else
        listener->head = connection->backlog_next;
    if (connection->backlog_next != NULL)
        connection->backlog_next->backlog_previous = connection->backlog_previous;
    else
        listener->tail = connection->backlog_previous;
    connection->listener = NULL;
    listener->waiting--;
    if (connection->ends[1].state == TORCI_END_WAITING) {
        listener->acceptable--;
        update_acceptable(listener);
    }
}

static struct torci_connection *first_acceptable(struct torci_listener *listener)
{
    struct torci_connection *connection = listener->head;

    while (connection != NULL && connection->ends[1].state != TORCI_END_WAITING)
        connection = connection->backlog_next;
    return connection;
}

static void trace_accept(struct torc_host *host, struct torci_connection *connection,
                         const struct torc_address *peer)
{
    struct torc_trace *trace = host->world->trace;
    struct torci_end *end = &connection->ends[1];
    char text[TORC_ADDRESS_TEXT_MAX];

    torc_address_format(peer, text, sizeof text);
    end->cause = torci_host_trace(host, TORC_TRACE_accept);
    torc_trace_integer(trace, "conn", (int64_t)connection->number);
    torc_trace_text(trace, "from", text);
    torc_trace_end(trace);
    host->world->cause = end->cause;
}

/* It went away before it was accepted. */
static void abort_waiting(struct torci_listener *listener, struct torci_connection *connection)
{
    struct torci_end *end = &connection->ends[1];

    torci_listener_remove(listener, connection);
    if (!end->reset)
        torci_connection_send(connection, 1, TORCI_PACKET_RESET, 0);
    torci_end_retire(end);
}

/* accept.fail. */
static int accept_fails(struct torci_listener *listener, struct torci_connection *connection)
{
    static const int codes[] = {0,           TORC_EMFILE, TORC_ENFILE, TORC_ENOBUFS,
                                TORC_ENOMEM, TORC_ECONNABORTED};
    uint64_t option = torci_operation(
        listener->handle.host, "accept.fail",
        TORCI_OPTION(TORCI_ACCEPT_EMFILE) | TORCI_OPTION(TORCI_ACCEPT_ENFILE) |
            TORCI_OPTION(TORCI_ACCEPT_ENOBUFS) | TORCI_OPTION(TORCI_ACCEPT_ENOMEM) |
            TORCI_OPTION(TORCI_ACCEPT_ABORTED));

    if (option == TORCI_ACCEPT_ABORTED)
        abort_waiting(listener, connection);
    return codes[option];
}

int torci_listener_accept(struct torci_listener *listener, uint64_t token, uint64_t *out_handle,
                          struct torc_address *out_peer)
{
    struct torc_host *host = listener->handle.host;
    struct torci_connection *connection = first_acceptable(listener);
    struct torci_end *end;
    struct torc_address peer;
    int code;

    if (connection == NULL)
        return TORC_EAGAIN;
    end = &connection->ends[1];
    code = accept_fails(listener, connection);
    if (code == 0)
        code = torci_handle_open(host, &end->handle, out_handle);
    if (code != 0)
        return code;
    end->handle.token = token;
    torci_listener_remove(listener, connection);
    end->state = TORCI_END_OPEN;
    torci_connection_names(connection, 1, NULL, &peer);
    trace_accept(host, connection, &peer);
    if (out_peer != NULL)
        *out_peer = peer;
    return 0;
}

int torci_listener_refuse(struct torci_listener *listener)
{
    struct torci_connection *connection = first_acceptable(listener);
    struct torci_end *end;

    if (connection == NULL)
        return TORC_EAGAIN;
    end = &connection->ends[1];
    torci_listener_remove(listener, connection);
    /* Accepted and closed: a reset if it has sent something already. */
    if (!end->reset && end->received_head != NULL)
        torci_connection_send(connection, 1, TORCI_PACKET_RESET, 0);
    else if (!end->reset)
        torci_connection_send(connection, 1, TORCI_PACKET_FIN, 1);
    torci_end_retire(end);
    return 0;
}

/* Takes it from the host's list and empties its backlog. */
static void end_listener(struct torci_listener *listener, bool vanish)
{
    struct torc_host *host = listener->handle.host;
    struct torci_listener **at = &host->listeners;

    while (*at != listener)
        at = &(*at)->next;
    *at = listener->next;
    while (listener->head != NULL) {
        struct torci_connection *connection = listener->head;
        struct torci_end *end = &connection->ends[1];

        torci_listener_remove(listener, connection);
        if (vanish) {
            torci_stream_vanish(end);
            continue;
        }
        if (!end->reset)
            torci_connection_send(connection, 1, TORCI_PACKET_RESET, 0);
        torci_end_retire(end);
    }
    torci_handle_close(&listener->handle);
    torci_world_resize(host->world, listener, sizeof *listener, 0);
}

void torci_listener_close(struct torci_listener *listener)
{
    end_listener(listener, false);
}

void torci_listener_vanish(struct torci_listener *listener)
{
    end_listener(listener, true);
}
