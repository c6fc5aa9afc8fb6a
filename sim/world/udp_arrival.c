/* udp_arrival.c - datagrams and refusals at the host they were sent to. */
#include <string.h>

#include "route.h"
#include "trace_record.h"
#include "udp.h"

/* Linux's net.core.rmem_default, and about what it counts for a datagram beside its bytes. */
#define RECEIVE_BUFFER_BYTES 212992
#define OVERHEAD_BYTES 768

/* --- addresses ------------------------------------------------------------------------------ */

static struct torc_address address_of(unsigned family, const uint8_t ip[16], uint16_t port)
{
    struct torc_address address;

    memset(&address, 0, sizeof address);
    address.family = (uint8_t)family;
    memcpy(address.ip, ip, sizeof address.ip);
    address.port = port;
    return address;
}

struct torc_address torci_udp_from(const struct torci_udp_head *head)
{
    return address_of(head->family, head->from_ip, head->from_port);
}

struct torc_address torci_udp_to(const struct torci_udp_head *head)
{
    return address_of(head->family, head->to_ip, head->to_port);
}

void torci_udp_trace_address(struct torc_trace *trace, const char *name,
                             const struct torc_address *address)
{
    char *text = torci_trace_text_begin(trace, name, TORC_ADDRESS_TEXT_MAX);
    size_t bytes = torc_address_format(address, text, TORC_ADDRESS_TEXT_MAX);

    memcpy(text, "udp", 3); /* "tcp:10.0.0.1:53" */
    torci_trace_text_end(trace, name, text, bytes);
}

/* --- ports ---------------------------------------------------------------------------------- */

/* How well a port fits; 0: not at all.  A connected one comes first, then one with an address of its own. */
static unsigned fit(const struct torci_udp_port *port, const struct torci_udp_head *head)
{
    size_t bytes = torci_ip_bytes(head->family);
    unsigned points = 1;

    if (port->local.family != head->family || port->local.port != head->to_port)
        return 0;
    if (!torci_is_any(&port->local)) {
        if (memcmp(port->local.ip, head->to_ip, bytes) != 0)
            return 0;
        points += 1;
    }
    if (port->peer.family != TORC_ADDRESS_NONE) {
        if (port->peer.port != head->from_port || memcmp(port->peer.ip, head->from_ip, bytes) != 0)
            return 0;
        points += 2;
    }
    return points;
}

static struct torci_udp_port *find_port(const struct torc_host *host,
                                        const struct torci_udp_head *head)
{
    struct torci_udp_port *best = NULL;
    struct torci_udp_port *port;
    unsigned best_points = 0;

    for (port = host->udp_ports; port != NULL; port = port->next) {
        unsigned points = fit(port, head);

        if (points > best_points) {
            best = port;
            best_points = points;
        }
    }
    return best;
}

/* --- datagrams ------------------------------------------------------------------------------ */

/* What follows goes back to that. */
static void lose(const struct torci_packet *packet, const struct torci_udp_head *head, const char *why)
{
    struct torc_trace *trace = head->host->world->trace;
    struct torc_address from = torci_udp_from(head);
    struct torc_address to = torci_udp_to(head);

    uint64_t n = torci_host_trace(head->host, TORC_TRACE_lost);

    torc_trace_text(trace, "why", why);
    torci_udp_trace_address(trace, "from", &from);
    torci_udp_trace_address(trace, "to", &to);
    torc_trace_integer(trace, "bytes", (int64_t)(packet->bytes - sizeof *head));
    torc_trace_end(trace);
    head->host->world->cause = n;
}

static uint32_t cost(const struct torci_packet *packet)
{
    return packet->bytes - (uint32_t)sizeof(struct torci_udp_head) + OVERHEAD_BYTES;
}

void torci_udp_unqueue(struct torci_udp_port *port)
{
    struct torc_world *world = port->handle.host->world;
    struct torci_packet *packet = port->head;

    port->head = packet->next;
    port->used -= cost(packet);
    torci_packet_free(&world->packets, &world->allocator, packet);
    if (port->head != NULL)
        return;
    port->tail = NULL;
    port->handle.ready = port->refused ? TORC_EVENT_READ : 0;
    torci_handle_update(&port->handle);
}

/* Takes the packet. */
static void deliver(struct torci_udp_port *port, struct torci_packet *packet)
{
    struct torc_host *host = port->handle.host;
    struct torc_world *world = host->world;

    if (port->used + cost(packet) > RECEIVE_BUFFER_BYTES) {
        host->datagrams_lost++;
        lose(packet, torci_udp_head_of(packet), "full");
        torci_packet_free(&world->packets, &world->allocator, packet);
        return;
    }
    packet->next = NULL;
    if (port->tail != NULL)
        port->tail->next = packet;
    else
        port->head = packet;
    port->tail = packet;
    port->used += cost(packet);
    port->handle.ready = TORC_EVENT_READ;
    torci_handle_update(&port->handle);
}

/* Each port that fits gets one. */
static void deliver_broadcast(struct torc_world *world, const struct torci_packet *packet,
                              struct torci_udp_head head)
{
    struct torci_udp_port *port;

    for (port = head.host->udp_ports; port != NULL; port = port->next) {
        struct torci_packet *copy;

        if (fit(port, &head) == 0)
            continue;
        copy = torci_packet_new(&world->packets, &world->allocator, packet->bytes);
        if (copy == NULL) {
            world->error = TORC_ENOMEM;
            return;
        }
        copy->connection = NULL;
        copy->cause = packet->cause;
        memcpy(copy->payload, packet->payload, packet->bytes);
        deliver(port, copy);
    }
}

/* Nobody is there: the sender is told, with what it had sent. */
static void refuse(struct torc_world *world, const struct torci_udp_head *head)
{
    struct torci_link *link = torci_link_between(head->host, head->sender);
    struct torci_packet *packet =
        link == NULL ? NULL : torci_packet_new(&world->packets, &world->allocator, sizeof *head);
    struct torci_udp_head *answer;

    if (packet == NULL) {
        world->error = TORC_ENOMEM;
        return;
    }
    packet->connection = NULL;
    packet->kind = TORCI_PACKET_UNREACHABLE;
    packet->detail = 0;
    memcpy(packet->payload, head, sizeof *head);
    answer = torci_udp_head_of(packet);
    answer->host = head->sender;
    torci_link_send(link, packet, 0);
}

static void datagram_arrives(struct torc_world *world, struct torci_packet *packet)
{
    struct torci_udp_head *head = torci_udp_head_of(packet);
    struct torci_udp_port *port = head->host->up ? find_port(head->host, head) : NULL;

    if (!head->host->up) {
        lose(packet, head, "down");
    } else if (head->broadcast) {
        deliver_broadcast(world, packet, *head);
    } else if (port == NULL) {
        lose(packet, head, "nobody");
        refuse(world, head);
    } else {
        deliver(port, packet);
        return;
    }
    torci_packet_free(&world->packets, &world->allocator, packet);
}

/* Only a connected port hears of it: of others it would not be known to whom they had sent. */
static void refusal_arrives(struct torc_world *world, struct torci_packet *packet)
{
    struct torci_udp_head *head = torci_udp_head_of(packet);
    struct torc_address from = torci_udp_from(head);
    struct torc_address to = torci_udp_to(head);
    struct torci_udp_port *port = head->host->udp_ports;

    while (port != NULL && !(torc_address_equal(&port->local, &from) &&
                             torc_address_equal(&port->peer, &to)))
        port = port->next;
    if (port != NULL) {
        port->refused = true;
        port->cause = torci_host_trace(head->host, TORC_TRACE_refused);
        torci_udp_trace_address(world->trace, "from", &from);
        torci_udp_trace_address(world->trace, "to", &to);
        torc_trace_end(world->trace);
        port->handle.ready = TORC_EVENT_READ;
        torci_handle_update(&port->handle);
    }
    torci_packet_free(&world->packets, &world->allocator, packet);
}

void torci_udp_arrive(struct torc_world *world, struct torci_packet *packet)
{
    world->cause = packet->cause;
    if (packet->kind == TORCI_PACKET_DATAGRAM)
        datagram_arrives(world, packet);
    else
        refusal_arrives(world, packet);
}

uint64_t torc_host_datagrams_lost(const struct torc_host *host)
{
    return host->datagrams_lost;
}
