/* connecting.c - a SYN until it is answered, or is not: both ends until they are connected. */
#include "listener.h"

/* A SYN that nobody answered is sent again after 1, 2, 4, ... seconds; after the seventh the
 * connect has timed out (127 s, as tcp_syn_retries = 6 makes it). */
#define SYN_RETRY_NS TORC_SECOND
#define SYN_TRIES 7

void torci_connect_ends(struct torci_end *end, int result)
{
    struct torci_connection *connection = torci_connection_of(end);
    struct torc_host *host = connection->hosts[0];
    struct torc_trace *trace = host->world->trace;
    struct torc_address peer;
    char text[TORC_ADDRESS_TEXT_MAX];

    torci_connection_names(connection, 0, NULL, &peer);
    torc_address_format(&peer, text, sizeof text);
    end->cause = torci_host_trace(host, TORC_TRACE_connect);
    torc_trace_integer(trace, "conn", (int64_t)connection->number);
    torc_trace_text(trace, "to", text);
    torc_trace_integer(trace, "result", result);
    torc_trace_end(trace);
    end->state = TORCI_END_OPEN;
    end->error = (int16_t)result;
    end->reset = result != 0;
    end->handle.ready = (uint8_t)(TORC_EVENT_CONNECT | TORC_EVENT_WRITE);
    torci_handle_update(&end->handle);
}

/* The server forgets it as well, if it had heard of it. */
static void give_up_connecting(struct torci_connection *connection)
{
    if (connection->ends[1].state == TORCI_END_EMBRYONIC) {
        torci_listener_remove(connection->listener, connection);
        torci_end_retire(&connection->ends[1]);
    }
    torci_connect_ends(&connection->ends[0], TORC_ETIMEDOUT);
}

static void send_syn_again(struct torc_world *world, void *subject)
{
    struct torci_connection *connection = subject;
    struct torci_end *end = &connection->ends[0];

    torci_event_heap_pop(&world->events);
    if (end->state == TORCI_END_CONNECTING) {
        if (end->tries >= SYN_TRIES)
            give_up_connecting(connection);
        else
            torci_connection_send(connection, 0, TORCI_PACKET_SYN, 0);
    }
    torci_connection_release(world, connection);
}

static const struct torci_event_kind syn_retry = {send_syn_again, torci_connection_drop_reference};

static void fate_comes(struct torc_world *world, void *subject)
{
    struct torci_connection *connection = subject;

    torci_event_heap_pop(&world->events);
    if (connection->ends[0].state == TORCI_END_CONNECTING)
        torci_connect_ends(&connection->ends[0], connection->ends[0].fate);
    torci_connection_release(world, connection);
}

static const struct torci_event_kind connect_fate = {fate_comes, torci_connection_drop_reference};

void torci_connection_fail(struct torci_connection *connection, int code, uint64_t after_ns)
{
    struct torc_host *host = connection->hosts[0];

    connection->ends[0].fate = (int16_t)code;
    connection->references++;
    torci_world_schedule(host->world, torci_add_saturated(host->world->now_ns, after_ns),
                         TORCI_EVENT_NETWORK, host, &connect_fate, connection);
}

/* The schedule counts from the first SYN: 1, 3, 7, ... seconds after it. */
static void schedule_syn(struct torci_connection *connection)
{
    struct torci_end *end = &connection->ends[0];
    struct torc_host *host = connection->hosts[0];
    struct torc_world *world = host->world;
    uint64_t again_ns = end->began_ns + ((UINT64_C(1) << end->tries) - 1) * SYN_RETRY_NS;

    if (again_ns < world->now_ns)
        again_ns = world->now_ns;
    connection->references++;
    torci_world_schedule(world, again_ns, TORCI_EVENT_NETWORK, host, &syn_retry, connection);
}

/* Only then is there a need to remember to send it again. */
void torci_connection_lose_syn(struct torci_connection *connection)
{
    struct torci_end *end = &connection->ends[0];

    if (end->state != TORCI_END_CONNECTING)
        return;
    if (end->tries < SYN_TRIES)
        end->tries++;
    schedule_syn(connection);
}

void torci_connection_jam_syn(struct torci_connection *connection)
{
    if (connection->ends[0].state != TORCI_END_CONNECTING)
        return;
    connection->ends[0].tries = SYN_TRIES;
    schedule_syn(connection);
}

void torci_syn_arrives(struct torci_connection *connection)
{
    struct torc_host *host = connection->hosts[1];
    struct torci_listener *listener;

    if (!host->up) {
        torci_connection_lose_syn(connection);
        return;
    }
    if (connection->ends[1].state == TORCI_END_EMBRYONIC) {
        torci_connection_send(connection, 1, TORCI_PACKET_SYN_ACK, 0);
        return;
    }
    listener = torci_listener_find(host, connection);
    if (listener == NULL) {
        torci_connection_send(connection, 1, TORCI_PACKET_RESET, 0);
    } else if (torci_listener_full(listener)) {
        if (connection->family == TORC_ADDRESS_UNIX)
            torci_connection_send(connection, 1, TORCI_PACKET_RESET, TORC_EAGAIN);
        else
            torci_connection_lose_syn(connection);
    } else {
        connection->references++;
        torci_listener_add(listener, connection);
        torci_connection_send(connection, 1, TORCI_PACKET_SYN_ACK, 0);
    }
}

void torci_syn_ack_arrives(struct torci_end *end)
{
    struct torci_connection *connection = torci_connection_of(end);

    if (end->state == TORCI_END_CONNECTING) {
        torci_connection_send(connection, 0, TORCI_PACKET_ACK, 0);
        torci_connect_ends(end, 0);
    } else if (end->reset) {
        torci_connection_send(connection, 0, TORCI_PACKET_RESET, 0);
    }
}
