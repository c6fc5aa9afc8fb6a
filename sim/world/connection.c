/* connection.c - what packets do to a connection.  The model is that of a TCP, told as Linux tells it;
 * docs/simulator.md lists what it leaves out. */
#include <string.h>

#include "listener.h"
#include "repeat.h"
#include "udp.h"

struct torci_connection *torci_connection_new(struct torc_host *client, struct torc_host *server)
{
    struct torc_world *world = client->world;
    struct torci_link *there = torci_link_between(client, server);
    struct torci_link *back = torci_link_between(server, client);
    struct torci_connection *connection;
    unsigned side;

    if (there == NULL || back == NULL)
        return NULL;
    connection = torci_world_resize(world, NULL, 0, sizeof *connection);
    if (connection == NULL)
        return NULL;
    memset(connection, 0, sizeof *connection);
    connection->references = 1;
    connection->hosts[0] = client;
    connection->hosts[1] = server;
    connection->ends[0].link = there;
    connection->ends[1].link = back;
    for (side = 0; side < 2; side++) {
        struct torci_end *end = &connection->ends[side];

        end->side = (uint8_t)side;
        end->capacity = end->link->settings.buffer_bytes;
    }
    connection->ends[0].state = TORCI_END_CONNECTING;
    connection->ends[0].began_ns = world->now_ns;
    connection->ends[0].life = client->life;
    connection->number = ++world->connections;
    return connection;
}

void torci_connection_release(struct torc_world *world, struct torci_connection *connection)
{
    if (--connection->references > 0)
        return;
    if (connection->holds_port)
        torci_port_release(connection->hosts[0], connection->client_port);
    if (connection->path != NULL)
        torci_world_resize(world, connection->path, sizeof *connection->path, 0);
    torci_world_resize(world, connection, sizeof *connection, 0);
}

void torci_packet_discard(struct torc_world *world, struct torci_packet *packet)
{
    if (packet->connection != NULL)
        torci_connection_release(world, packet->connection);
    torci_packet_free(&world->packets, &world->allocator, packet);
}

void torci_connection_send(struct torci_connection *connection, unsigned from,
                           enum torci_packet_kind kind, int detail)
{
    struct torc_world *world = connection->hosts[from]->world;
    struct torci_packet *packet = torci_packet_new(&world->packets, &world->allocator, 0);

    if (packet == NULL) {
        world->error = TORC_ENOMEM;
        return;
    }
    packet->connection = connection;
    packet->kind = (uint8_t)kind;
    packet->detail = (int16_t)detail;
    packet->to = (from ^ 1u) & 1u;
    connection->references++;
    torci_link_send(connection->ends[from].link, packet, 0);
}

void torci_end_retire(struct torci_end *end)
{
    struct torci_connection *connection = torci_connection_of(end);
    struct torc_world *world = connection->hosts[end->side]->world;

    while (end->received_head != NULL) {
        struct torci_packet *packet = end->received_head;

        end->received_head = packet->next;
        torci_packet_free(&world->packets, &world->allocator, packet);
    }
    end->received_tail = NULL;
    end->state = TORCI_END_CLOSED;
    torci_connection_release(world, connection);
}

/* --- acknowledgements ----------------------------------------------------------------------- */

static void wake_client(struct torc_world *world, void *subject);
static void wake_server(struct torc_world *world, void *subject);

void torci_connection_drop_reference(struct torc_world *world, void *subject)
{
    torci_connection_release(world, subject);
}

static const struct torci_event_kind writer_wakes[2] = {{wake_client, torci_connection_drop_reference},
                                                        {wake_server, torci_connection_drop_reference}};

static void schedule_wake(struct torci_connection *connection, struct torci_end *end)
{
    struct torc_host *host = connection->hosts[end->side];

    end->wake_scheduled = true;
    connection->references++;
    torci_world_schedule(host->world, end->credit_at_ns[0], TORCI_EVENT_NETWORK, host,
                         &writer_wakes[end->side], connection);
}

uint32_t torci_end_room(struct torci_end *end)
{
    uint64_t now_ns = end->link->from->world->now_ns;

    while (end->credit_bytes[0] != 0 && end->credit_at_ns[0] <= now_ns) {
        end->outstanding -= end->credit_bytes[0];
        end->credit_bytes[0] = end->credit_bytes[1];
        end->credit_at_ns[0] = end->credit_at_ns[1];
        end->credit_bytes[1] = 0;
    }
    return end->capacity - end->outstanding;
}

/* The first acknowledgement on its way keeps its time; those after it arrive together with the last
 * of them. */
void torci_end_credit(struct torci_end *end, uint32_t bytes, uint64_t at_ns)
{
    unsigned i;

    if (end->state == TORCI_END_CLOSED)
        return;
    torci_end_room(end);
    i = end->credit_bytes[0] == 0 ? 0 : 1;
    if (i == 1 && at_ns < end->credit_at_ns[0])
        at_ns = end->credit_at_ns[0];
    end->credit_bytes[i] += bytes;
    end->credit_at_ns[i] = at_ns;
    if (end->blocked && !end->wake_scheduled)
        schedule_wake(torci_connection_of(end), end);
}

void torci_end_acknowledge(struct torci_end *reader, uint32_t bytes)
{
    struct torci_connection *connection = torci_connection_of(reader);
    struct torci_end *end = &connection->ends[reader->side ^ 1];

    if (torci_end_cut_off(reader)) {
        torci_repeat_miss(end, bytes);
        return;
    }
    if (end->repeat != NULL && !torci_repeat_before(end))
        bytes += torci_repeat_progress(end);
    torci_end_credit(end, bytes, torci_link_arrival(reader->link));
}

void torci_end_block(struct torci_end *end)
{
    end->blocked = true;
    end->handle.ready &= (uint8_t)~TORC_EVENT_WRITE;
    torci_handle_update(&end->handle);
    if (end->credit_bytes[0] != 0 && !end->wake_scheduled)
        schedule_wake(torci_connection_of(end), end);
}

static void wake_writer(struct torc_world *world, struct torci_connection *connection, unsigned side)
{
    struct torci_end *end = &connection->ends[side];

    torci_event_heap_pop(&world->events);
    end->wake_scheduled = false;
    if (end->state == TORCI_END_OPEN && end->blocked) {
        /* Linux tells that a stream is writable when a third of its buffer is free. */
        if (torci_end_room(end) >= (end->capacity + 2) / 3) {
            end->blocked = false;
            end->handle.ready |= TORC_EVENT_WRITE;
            torci_handle_update(&end->handle);
        } else if (end->credit_bytes[0] != 0) {
            schedule_wake(connection, end);
        }
    }
    torci_connection_release(world, connection);
}

static void wake_client(struct torc_world *world, void *subject)
{
    wake_writer(world, subject, 0);
}

static void wake_server(struct torc_world *world, void *subject)
{
    wake_writer(world, subject, 1);
}

/* --- arrival -------------------------------------------------------------------------------- */

static void tell(struct torci_end *end, uint32_t ready)
{
    end->handle.ready = (uint8_t)(end->handle.ready | ready);
    /* In the backlog it has no place in the host's list yet. */
    if (end->state == TORCI_END_OPEN)
        torci_handle_update(&end->handle);
}

static void reset_arrives(struct torci_end *end, const struct torci_packet *packet)
{
    struct torci_connection *connection = packet->connection;
    struct torc_host *host = connection->hosts[end->side];

    if (end->state == TORCI_END_CONNECTING) {
        torci_connect_ends(end, packet->detail != 0 ? packet->detail : TORC_ECONNREFUSED);
        return;
    }
    if (end->state == TORCI_END_EMBRYONIC) {
        torci_listener_remove(connection->listener, connection);
        torci_end_retire(end);
        return;
    }
    end->cause = torci_host_trace(host, TORC_TRACE_reset);
    torc_trace_integer(host->world->trace, "conn", (int64_t)connection->number);
    torc_trace_end(host->world->trace);
    end->reset = true;
    end->blocked = false;
    end->error = end->fin_received ? TORC_EPIPE : TORC_ECONNRESET;
    tell(end, TORC_EVENT_READ | TORC_EVENT_WRITE);
}

static void fin_arrives(struct torci_end *end, const struct torci_packet *packet)
{
    if (end->reset)
        return;
    end->fin_received = true;
    tell(end, TORC_EVENT_READ);
    /* The two ends of a UNIX stream know at once that the other one is gone. */
    if (packet->detail != 0 && packet->connection->family == TORC_ADDRESS_UNIX) {
        end->reset = true;
        end->blocked = false;
        tell(end, TORC_EVENT_WRITE);
    }
}

/* Takes the packet. */
static void data_arrives(struct torci_end *end, struct torci_packet *packet)
{
    torci_connection_release(end->link->from->world, packet->connection);
    packet->next = NULL;
    if (end->received_tail != NULL)
        end->received_tail->next = packet;
    else
        end->received_head = packet;
    end->received_tail = packet;
    tell(end, TORC_EVENT_READ);
}

/* For an end that nobody holds: a closed one takes the end of stream and refuses all else. */
static void arrives_nowhere(struct torci_end *end, const struct torci_packet *packet)
{
    if (packet->kind == TORCI_PACKET_RESET ||
        (packet->kind == TORCI_PACKET_FIN && !end->vanished))
        return;
    torci_connection_send(packet->connection, end->side, TORCI_PACKET_RESET, 0);
}

/* A host that is down is silent (the packet is taken).  Whether it is sent again makes no difference to a sender that
 * nobody holds. */
static void arrives_in_vain(struct torci_end *end, struct torci_packet *packet)
{
    struct torci_connection *connection = packet->connection;
    struct torci_end *sender = &connection->ends[end->side ^ 1];

    if (sender->state != TORCI_END_CLOSED &&
        (packet->kind == TORCI_PACKET_ACK || packet->kind == TORCI_PACKET_DATA ||
         packet->kind == TORCI_PACKET_FIN))
        torci_repeat_later(sender, packet);
    else
        torci_packet_discard(connection->hosts[end->side]->world, packet);
}

/* Something has reached the host of `end`, whose sender is told, if that can be. */
static void acknowledge_arrival(struct torci_end *end, const struct torci_packet *packet)
{
    struct torci_connection *connection = packet->connection;
    struct torci_end *sender = &connection->ends[end->side ^ 1];

    if (packet->kind == TORCI_PACKET_RESET) {
        torci_repeat_stop(end);
    } else if (packet->kind != TORCI_PACKET_SYN_ACK) {
        if (torci_end_cut_off(end)) {
            torci_repeat_watch(sender);
        } else if (sender->repeat != NULL) {
            uint32_t bytes = torci_repeat_progress(sender);

            if (bytes > 0)
                torci_end_credit(sender, bytes, torci_link_arrival(end->link));
        }
    }
}

void torci_end_time_out(struct torci_end *end)
{
    struct torci_connection *connection = torci_connection_of(end);
    struct torc_host *host = connection->hosts[end->side];

    if (end->state == TORCI_END_CLOSED)
        return;
    end->cause = torci_host_trace(host, TORC_TRACE_timeout);
    torc_trace_integer(host->world->trace, "conn", (int64_t)connection->number);
    torc_trace_end(host->world->trace);
    end->reset = true;
    end->timed_out = true;
    end->blocked = false;
    end->error = TORC_ETIMEDOUT;
    tell(end, TORC_EVENT_READ | TORC_EVENT_WRITE);
}

void torci_packet_arrive(struct torc_world *world, struct torci_packet *packet)
{
    struct torci_connection *connection = packet->connection;
    struct torci_end *end;

    if (connection == NULL) {
        torci_udp_arrive(world, packet);
        return;
    }
    end = &connection->ends[packet->to];
    if (connection->stalled) {
        torci_link_lose(connection->ends[packet->to ^ 1u].link, packet, "stalled");
        return;
    }
    world->cause = packet->cause;
    if (packet->kind == TORCI_PACKET_SYN) {
        torci_syn_arrives(connection);
        torci_packet_discard(world, packet);
        return;
    }
    if (end->state == TORCI_END_CLOSED && !connection->hosts[packet->to]->up) {
        arrives_in_vain(end, packet);
        return;
    }
    /* Whoever sends again makes the link odd. */
    if (end->link->odd || connection->ends[packet->to ^ 1u].repeat != NULL)
        acknowledge_arrival(end, packet);
    if (end->state == TORCI_END_CLOSED) {
        arrives_nowhere(end, packet);
    } else if (packet->kind == TORCI_PACKET_DATA && !end->reset) {
        data_arrives(end, packet);
        return;
    } else if (packet->kind == TORCI_PACKET_SYN_ACK) {
        torci_syn_ack_arrives(end);
    } else if (end->timed_out && packet->kind != TORCI_PACKET_RESET) {
        torci_connection_send(connection, end->side, TORCI_PACKET_RESET, 0);
    } else if (packet->kind == TORCI_PACKET_ACK) {
        torci_listener_establish(connection->listener, connection);
    } else if (packet->kind == TORCI_PACKET_FIN) {
        fin_arrives(end, packet);
    } else if (packet->kind == TORCI_PACKET_RESET && !end->reset) {
        reset_arrives(end, packet);
    }
    torci_packet_discard(world, packet);
}

/* --- names ---------------------------------------------------------------------------------- */

static struct torc_address name_of(const struct torci_connection *connection, unsigned side)
{
    const uint8_t *ip = side == 0 ? connection->client_ip : connection->server_ip;
    uint16_t port = side == 0 ? connection->client_port : connection->server_port;
    struct torc_address address;

    if (side == 1 && connection->path != NULL)
        return *connection->path;
    memset(&address, 0, sizeof address);
    address.family = connection->family;
    if (connection->family != TORC_ADDRESS_UNIX) {
        memcpy(address.ip, ip, sizeof address.ip);
        address.port = port;
    }
    return address;
}

void torci_connection_names(const struct torci_connection *connection, unsigned side,
                            struct torc_address *out_local, struct torc_address *out_peer)
{
    if (out_local != NULL)
        *out_local = name_of(connection, side);
    if (out_peer != NULL)
        *out_peer = name_of(connection, side ^ 1);
}
