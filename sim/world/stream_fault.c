/* stream_fault.c - what goes wrong with connecting, reading and writing, and what becomes of the connection then. */
#include "operation_fault.h"
#include "repeat.h"

#define SYN_TIMEOUT_NS (127 * TORC_SECOND) /* as connecting.c has it */
#define NEIGHBOUR_TIMEOUT_NS (3 * TORC_SECOND) /* Linux asks for a neighbour's address three times */

/* --- connecting ----------------------------------------------------------------------------- */

uint64_t torci_connect_fate(struct torc_host *host, enum torc_address_family family)
{
    uint64_t possible = TORCI_OPTION(TORCI_CONNECT_REFUSED);

    if (family != TORC_ADDRESS_UNIX)
        possible |= TORCI_OPTION(TORCI_CONNECT_TIMED_OUT) | TORCI_OPTION(TORCI_CONNECT_HOST_UNREACHABLE) |
                    TORCI_OPTION(TORCI_CONNECT_NET_UNREACHABLE) | TORCI_OPTION(TORCI_CONNECT_RESET) |
                    TORCI_OPTION(TORCI_CONNECT_NO_ADDRESS);
    return torci_operation(host, "connect.fail", possible);
}

int torci_connect_fails_at_once(uint64_t fate)
{
    return fate == TORCI_CONNECT_NET_UNREACHABLE ? TORC_ENETUNREACH
           : fate == TORCI_CONNECT_NO_ADDRESS    ? TORC_EADDRNOTAVAIL
                                                 : 0;
}

bool torci_connect_fails_later(struct torci_connection *connection, uint64_t fate)
{
    uint64_t now_ns = connection->hosts[0]->world->now_ns;
    uint64_t round_trip_ns =
        torci_add_saturated(torci_link_arrival(connection->ends[0].link) - now_ns,
                            connection->ends[1].link->settings.delay_ns);

    switch (fate) {
    case TORCI_CONNECT_REFUSED:
        torci_connection_fail(connection, TORC_ECONNREFUSED, round_trip_ns);
        return true;
    case TORCI_CONNECT_RESET:
        torci_connection_fail(connection, TORC_ECONNRESET, round_trip_ns);
        return true;
    case TORCI_CONNECT_TIMED_OUT:
        torci_connection_fail(connection, TORC_ETIMEDOUT, SYN_TIMEOUT_NS);
        return true;
    case TORCI_CONNECT_HOST_UNREACHABLE:
        torci_connection_fail(connection, TORC_EHOSTUNREACH, NEIGHBOUR_TIMEOUT_NS);
        return true;
    default:
        return false;
    }
}

/* --- gone ----------------------------------------------------------------------------------- */

static void drop_received(struct torci_end *end)
{
    struct torc_world *world = end->handle.host->world;

    while (end->received_head != NULL) {
        struct torci_packet *packet = end->received_head;

        end->received_head = packet->next;
        torci_packet_free(&world->packets, &world->allocator, packet);
    }
    end->received_tail = NULL;
    end->received_offset = 0;
}

/* Something between the ends has reset both.  What had not been read had not arrived. */
static void break_off(struct torci_end *end)
{
    struct torci_connection *connection = torci_connection_of(end);
    struct torc_host *host = end->handle.host;

    end->cause = torci_host_trace(host, TORC_TRACE_reset);
    torc_trace_integer(host->world->trace, "conn", (int64_t)connection->number);
    torc_trace_end(host->world->trace);
    torci_connection_send(connection, end->side, TORCI_PACKET_RESET, 0);
    drop_received(end);
    end->reset = true;
    end->blocked = false;
    end->handle.ready |= TORC_EVENT_READ | TORC_EVENT_WRITE;
    torci_handle_update(&end->handle);
}

/* Silent death: what is under way, and all that is sent from now on, is lost. */
static void stall(struct torci_end *end)
{
    struct torci_connection *connection = torci_connection_of(end);

    connection->stalled = true;
    if (end->received_head != NULL)
        torci_repeat_watch(&connection->ends[end->side ^ 1]);
    end->silenced = true;
    drop_received(end);
    end->handle.ready &= (uint8_t)~TORC_EVENT_READ;
    torci_handle_update(&end->handle);
}

/* Whether the connection dies now, or has died. */
static bool is_stalled(struct torci_end *end)
{
    if (!torci_connection_of(end)->stalled &&
        torci_operation(end->handle.host, "stream.stall", TORCI_OPTION(TORCI_STALL_SILENT)) != 0)
        stall(end);
    return torci_connection_of(end)->stalled;
}

/* --- not ready ------------------------------------------------------------------------------ */

static unsigned index_of(uint32_t event)
{
    return event == TORC_EVENT_READ ? 0 : 1;
}

static void let_go(struct torci_end *end, uint32_t event)
{
    if ((end->handle.held & event) == 0 ||
        end->held_until_ns[index_of(event)] > end->link->from->world->now_ns)
        return;
    end->handle.held &= (uint8_t)~event;
    end->was_held |= (uint8_t)event;
}

static void hold_ends(struct torc_world *world, struct torci_connection *connection, unsigned side)
{
    struct torci_end *end = &connection->ends[side];

    torci_event_heap_pop(&world->events);
    let_go(end, TORC_EVENT_READ);
    let_go(end, TORC_EVENT_WRITE);
    if (end->state == TORCI_END_OPEN)
        torci_handle_update(&end->handle);
    torci_connection_release(world, connection);
}

static void client_hold_ends(struct torc_world *world, void *subject)
{
    hold_ends(world, subject, 0);
}

static void server_hold_ends(struct torc_world *world, void *subject)
{
    hold_ends(world, subject, 1);
}

/* For so long `event` is not told. */
static void hold(struct torci_end *end, uint32_t event, uint64_t for_ns)
{
    static const struct torci_event_kind ends[2] = {{client_hold_ends, torci_connection_drop_reference},
                                                    {server_hold_ends, torci_connection_drop_reference}};
    struct torci_connection *connection = torci_connection_of(end);
    struct torc_host *host = end->handle.host;
    uint64_t until_ns = host->world->now_ns + for_ns;

    end->handle.held |= (uint8_t)event;
    end->held_until_ns[index_of(event)] = until_ns;
    torci_handle_update(&end->handle);
    connection->references++;
    torci_world_schedule(host->world, until_ns, TORCI_EVENT_NETWORK, host, &ends[end->side],
                         connection);
}

/* read.again and write.again: whether it is to be tried again later. */
static bool is_held(struct torci_end *end, const char *site, uint32_t event)
{
    static const uint64_t times_ns[] = {0, TORC_MILLISECOND, 100 * TORC_MILLISECOND, 5 * TORC_SECOND};
    uint64_t option;

    if ((end->handle.held & event) != 0)
        return true;
    if ((end->was_held & event) != 0) {
        end->was_held &= (uint8_t)~event;
        return false;
    }
    option = torci_operation(end->handle.host, site,
                             TORCI_OPTION(TORCI_AGAIN_1MS) | TORCI_OPTION(TORCI_AGAIN_100MS) |
                                 TORCI_OPTION(TORCI_AGAIN_5S));
    if (option != 0)
        hold(end, event, times_ns[option]);
    return option != 0;
}

/* --- reading and writing -------------------------------------------------------------------- */

static bool is_unix(struct torci_end *end)
{
    return torci_connection_of(end)->family == TORC_ADDRESS_UNIX;
}

int torci_read_fails(struct torci_end *end)
{
    uint64_t possible = TORCI_OPTION(TORCI_READ_RESET);
    uint64_t option;

    if (!end->handle.host->may_fail || end->state != TORCI_END_OPEN || end->reset ||
        (end->received_head == NULL && (!end->fin_received || end->fin_read)))
        return 0;
    if (is_held(end, "read.again", TORC_EVENT_READ))
        return TORC_EAGAIN;
    if (!is_unix(end)) {
        if (is_stalled(end)) /* what had arrived when the other end stalled can be read */
            return end->silenced ? TORC_EAGAIN : 0;
        possible |= TORCI_OPTION(TORCI_READ_TIMED_OUT);
    }
    option = torci_operation(end->handle.host, "read.fail", possible);
    if (option == 0)
        return 0;
    break_off(end);
    return option == TORCI_READ_RESET ? TORC_ECONNRESET : TORC_ETIMEDOUT;
}

int torci_write_fails(struct torci_end *end)
{
    static const int codes[] = {0, TORC_EPIPE, TORC_ECONNRESET, TORC_ETIMEDOUT, TORC_ENOBUFS};
    uint64_t possible = TORCI_OPTION(TORCI_WRITE_EPIPE) | TORCI_OPTION(TORCI_WRITE_RESET) |
                        TORCI_OPTION(TORCI_WRITE_ENOBUFS);
    uint64_t option;

    if (!end->handle.host->may_fail)
        return 0;
    if (is_held(end, "write.again", TORC_EVENT_WRITE))
        return TORC_EAGAIN;
    if (!is_unix(end)) {
        if (is_stalled(end))
            return 0;
        possible |= TORCI_OPTION(TORCI_WRITE_TIMED_OUT);
    }
    option = torci_operation(end->handle.host, "write.fail", possible);
    if (option != 0 && option != TORCI_WRITE_ENOBUFS)
        break_off(end);
    return codes[option];
}
