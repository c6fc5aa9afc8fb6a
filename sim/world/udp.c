/* udp.c - what a host does with its ports for datagrams. */
#include "udp.h"

#include <string.h>

#include "operation_fault.h"
#include "route.h"

#define PORT_FIRST 49152 /* of those given to who does not care */
#define PORT_COUNT (65536 - PORT_FIRST)
/* What the headers of IP and UDP leave of 65535 bytes; those of IPv6 count without its own. */
#define BYTES_MAX_IPV4 65507
#define BYTES_MAX_IPV6 65527
/* What waits for a slow link, as Linux bounds it (net.core.wmem_default). */
#define SEND_BUFFER_BYTES 212992

/* --- opening -------------------------------------------------------------------------------- */

static bool same_ip(const struct torc_address *a, const struct torc_address *b)
{
    return memcmp(a->ip, b->ip, torci_ip_bytes(a->family)) == 0;
}

static bool in_use(const struct torc_host *host, const struct torc_address *address, bool reuse)
{
    const struct torci_udp_port *port;

    for (port = host->udp_ports; port != NULL; port = port->next) {
        if (port->local.family == address->family && port->local.port == address->port &&
            !(reuse && port->reuse) &&
            (torci_is_any(&port->local) || torci_is_any(address) || same_ip(&port->local, address)))
            return true;
    }
    return false;
}

static int choose_port(struct torc_host *host, struct torc_address *address, bool reuse)
{
    uint32_t i;

    if (address->port != 0)
        return in_use(host, address, reuse) ? TORC_EADDRINUSE : 0;
    for (i = 0; i < PORT_COUNT; i++) {
        address->port = (uint16_t)(PORT_FIRST + (host->udp_port_next + i) % PORT_COUNT);
        if (in_use(host, address, false))
            continue;
        host->udp_port_next = (uint16_t)((host->udp_port_next + i + 1) % PORT_COUNT);
        return 0;
    }
    return TORC_EADDRINUSE;
}

int torci_udp_open(struct torc_host *host, const struct torc_address *local, unsigned flags,
                   uint64_t token, uint64_t *out_handle)
{
    struct torc_world *world = host->world;
    bool reuse = (flags & TORC_DATAGRAM_REUSE) != 0;
    struct torc_address chosen = *local;
    struct torci_udp_port *port;
    int code = torci_check_local(host, local);

    if (code == 0)
        code = choose_port(host, &chosen, reuse);
    if (code == 0)
        code = torci_socket_fails(host, true);
    if (code != 0)
        return code;
    port = torci_world_resize(world, NULL, 0, sizeof *port);
    if (port == NULL)
        return TORC_ENOMEM;
    memset(port, 0, sizeof *port);
    code = torci_handle_open(host, &port->handle, out_handle);
    if (code != 0) {
        torci_world_resize(world, port, sizeof *port, 0);
        return code;
    }
    port->handle.token = token;
    port->handle.kind = TORCI_HANDLE_UDP;
    port->local = chosen;
    port->broadcast = (flags & TORC_DATAGRAM_BROADCAST) != 0;
    port->reuse = reuse;
    port->next = host->udp_ports;
    host->udp_ports = port;
    torci_host_trace(host, TORC_TRACE_datagram);
    torci_udp_trace_address(world->trace, "address", &chosen);
    torc_trace_end(world->trace);
    return 0;
}

/* --- sending -------------------------------------------------------------------------------- */

static bool is_broadcast(const struct torc_address *address)
{
    static const uint8_t everywhere[3][4] = {
        {255, 255, 255, 255}, {10, 0, 255, 255}, {127, 255, 255, 255}};
    size_t i;

    for (i = 0; i < 3; i++) {
        if (address->family == TORC_ADDRESS_IPV4 && memcmp(address->ip, everywhere[i], 4) == 0)
            return true;
    }
    return false;
}

/* Whom an address reaches (NULL: a broadcast reaches all), where a datagram to it comes from, and `to` as it is
 * seen there. */
static int find_way(const struct torci_udp_port *port, struct torc_address *to,
                    struct torc_host **out_server, struct torc_address *out_from)
{
    struct torc_host *host = port->handle.host;
    struct torc_host *server;

    if (is_broadcast(to) && !port->broadcast)
        return TORC_EACCES;
    server = is_broadcast(to) && to->ip[0] != 127 ? NULL : torci_route(host, to);
    if (server == NULL && !is_broadcast(to))
        return TORC_EHOSTUNREACH;
    if (torci_is_loopback(&port->local) && server != host)
        return TORC_EINVAL;
    torci_choose_source(host, server, to, out_from);
    if (!torci_is_any(&port->local))
        *out_from = port->local;
    out_from->port = port->local.port;
    *out_server = server;
    return 0;
}

static bool backed_up(const struct torci_link *link)
{
    uint64_t now_ns = link->from->world->now_ns;
    uint64_t rate = link->settings.bits_per_second;

    return rate != 0 && link->free_at_ns > now_ns &&
           link->free_at_ns - now_ns > (uint64_t)SEND_BUFFER_BYTES * 8 * TORC_SECOND / rate;
}

/* Puts one datagram on one link. */
static int transmit(const struct torci_udp_head *head, const void *data, uint32_t bytes)
{
    struct torc_world *world = head->sender->world;
    struct torci_link *link = torci_link_between(head->sender, head->host);
    struct torci_packet *packet;

    if (link != NULL && backed_up(link))
        return TORC_EAGAIN;
    packet = link == NULL ? NULL
                          : torci_packet_new(&world->packets, &world->allocator,
                                             (uint32_t)sizeof *head + bytes);
    if (packet == NULL)
        return TORC_ENOBUFS;
    packet->connection = NULL;
    packet->kind = TORCI_PACKET_DATAGRAM;
    packet->detail = 0;
    memcpy(packet->payload, head, sizeof *head);
    if (bytes > 0)
        memcpy(packet->payload + sizeof *head, data, bytes);
    torci_link_send(link, packet, bytes);
    return 0;
}

/* To all hosts there are, its own among them.  What has no room for one of them is lost to that one. */
static void transmit_to_all(struct torci_udp_head *head, const void *data, uint32_t bytes)
{
    struct torc_world *world = head->sender->world;
    uint32_t i;

    for (i = 0; i < world->host_count; i++) {
        head->host = world->hosts[i];
        (void)transmit(head, data, bytes);
    }
}

static uint64_t trace_send(struct torc_host *host, const struct torc_address *from,
                           const struct torc_address *to, const void *data, size_t bytes)
{
    struct torc_trace *trace = host->world->trace;
    uint64_t n = torci_host_trace(host, TORC_TRACE_send);

    torci_udp_trace_address(trace, "from", from);
    torci_udp_trace_address(trace, "to", to);
    torc_trace_bytes(trace, "data", bytes > 0 ? data : "", bytes);
    torc_trace_end(trace);
    return n;
}

static int take_refusal(struct torci_udp_port *port)
{
    port->refused = false;
    if (port->head == NULL)
        port->handle.ready = 0;
    torci_handle_update(&port->handle);
    port->handle.host->world->cause = port->cause;
    return TORC_ECONNREFUSED;
}

/* send.fail.  On the host itself there is neither a queue nor a route; a refusal answers one sent before. */
static int send_fails(const struct torci_udp_port *port, const struct torc_host *server)
{
    static const int codes[] = {0,           TORC_EAGAIN,      TORC_ENOBUFS,     TORC_EACCES,
                                TORC_ENETUNREACH, TORC_EHOSTUNREACH, TORC_ECONNREFUSED};
    uint64_t possible = TORCI_OPTION(TORCI_SEND_ENOBUFS) | TORCI_OPTION(TORCI_SEND_EPERM);

    if (server != port->handle.host)
        possible |= TORCI_OPTION(TORCI_SEND_EAGAIN) | TORCI_OPTION(TORCI_SEND_NET_UNREACHABLE) |
                    TORCI_OPTION(TORCI_SEND_HOST_UNREACHABLE);
    if (port->peer.family != TORC_ADDRESS_NONE && port->sent)
        possible |= TORCI_OPTION(TORCI_SEND_REFUSED);
    return codes[torci_operation(port->handle.host, "send.fail", possible)];
}

int torci_udp_send(struct torci_udp_port *port, const struct torc_address *to, const void *data,
                   size_t bytes)
{
    struct torc_host *host = port->handle.host;
    struct torc_world *world = host->world;
    struct torc_address target = to != NULL ? *to : port->peer;
    struct torci_udp_head head = {.sender = host, .family = target.family};
    struct torc_address from;
    uint64_t outer_cause = world->cause;
    int code;

    if (bytes > (target.family == TORC_ADDRESS_IPV4 ? BYTES_MAX_IPV4 : BYTES_MAX_IPV6))
        return TORC_ETOOLONG;
    code = find_way(port, &target, &head.host, &from);
    if (code != 0)
        return code;
    if (port->refused)
        return take_refusal(port);
    code = send_fails(port, head.host);
    if (code != 0)
        return code;
    port->sent = true;
    memcpy(head.from_ip, from.ip, sizeof head.from_ip);
    memcpy(head.to_ip, target.ip, sizeof head.to_ip);
    head.from_port = from.port;
    head.to_port = target.port;
    head.broadcast = is_broadcast(&target);
    world->cause = trace_send(host, &from, &target, data, bytes);
    if (head.host == NULL)
        transmit_to_all(&head, data, (uint32_t)bytes);
    else
        code = transmit(&head, data, (uint32_t)bytes);
    world->cause = outer_cause;
    return code;
}

/* --- the rest ------------------------------------------------------------------------------- */

int torci_udp_connect(struct torci_udp_port *port, const struct torc_address *peer)
{
    struct torc_address target = *peer;
    struct torc_world *world = port->handle.host->world;
    struct torc_address from;
    struct torc_host *server;
    int code = find_way(port, &target, &server, &from);

    if (code != 0)
        return code;
    port->local = from;
    port->peer = target;
    torci_host_trace(port->handle.host, TORC_TRACE_peer);
    torci_udp_trace_address(world->trace, "address", &from);
    torci_udp_trace_address(world->trace, "peer", &target);
    torc_trace_end(world->trace);
    return 0;
}

int torci_udp_receive(struct torci_udp_port *port, void *buffer, size_t bytes, size_t *out_bytes,
                      struct torc_address *out_from)
{
    struct torc_world *world = port->handle.host->world;
    struct torci_packet *packet = port->head;
    const struct torci_udp_head *head;
    const uint8_t *data;
    struct torc_address to;
    size_t whole;

    if (port->refused)
        return take_refusal(port);
    if (packet == NULL)
        return TORC_EAGAIN;
    head = torci_udp_head_of(packet);
    data = packet->payload + sizeof *head;
    whole = packet->bytes - sizeof *head;
    to = torci_udp_to(head);
    *out_from = torci_udp_from(head);
    *out_bytes = whole;
    if (whole > 0 && bytes > 0)
        memcpy(buffer, data, whole < bytes ? whole : bytes);
    world->cause = packet->cause;
    world->cause = torci_host_trace(port->handle.host, TORC_TRACE_receive);
    torci_udp_trace_address(world->trace, "to", &to);
    torci_udp_trace_address(world->trace, "from", out_from);
    torc_trace_bytes(world->trace, "data", data, whole);
    torc_trace_end(world->trace);
    torci_udp_unqueue(port);
    return 0;
}

int torci_udp_names(const struct torci_udp_port *port, struct torc_address *out_local,
                    struct torc_address *out_peer)
{
    if (out_peer != NULL && port->peer.family == TORC_ADDRESS_NONE)
        return TORC_ENOTCONN;
    if (out_local != NULL)
        *out_local = port->local;
    if (out_peer != NULL)
        *out_peer = port->peer;
    return 0;
}

void torci_udp_close(struct torci_udp_port *port)
{
    struct torc_host *host = port->handle.host;
    struct torci_udp_port **at = &host->udp_ports;

    while (*at != port)
        at = &(*at)->next;
    *at = port->next;
    while (port->head != NULL)
        torci_udp_unqueue(port);
    torci_handle_close(&port->handle);
    torci_world_resize(host->world, port, sizeof *port, 0);
}
