/* repeat.c - retransmission as RFC 6298 and Linux have it: the first time-out is the round trip and 200 ms, each one
 * after it twice as long. */
#include "repeat.h"

#define TIMEOUT_MIN_NS (200 * TORC_MILLISECOND)
#define TIMEOUT_MAX_NS (120 * TORC_SECOND)
/* What tcp_retries2 = 15 comes to: 0.2 + 0.4 + ... + 102.4 + 6 * 120 s. */
#define GIVE_UP_NS (924600 * TORC_MILLISECOND)

static struct torc_world *world_of(const struct torci_repeat *repeat)
{
    return repeat->end->link->from->world;
}

static void forget(struct torci_repeat *repeat)
{
    while (repeat->head != NULL) {
        struct torci_packet *packet = repeat->head;

        repeat->head = packet->next;
        torci_packet_discard(world_of(repeat), packet);
    }
    repeat->tail = NULL;
    if (repeat->over)
        return;
    repeat->over = true;
    repeat->end->repeat = NULL;
    repeat->end->link->repeats--;
    torci_link_judge(repeat->end->link);
}

static void release(struct torc_world *world, void *subject)
{
    struct torci_repeat *repeat = subject;
    struct torci_connection *connection = torci_connection_of(repeat->end);

    forget(repeat);
    torci_world_resize(world, repeat, sizeof *repeat, 0);
    torci_connection_release(world, connection);
}

/* --- the timer ------------------------------------------------------------------------------ */

static void time_is_out(struct torc_world *world, void *subject);
static const struct torci_event_kind timer = {time_is_out, release};

static void set_timer(struct torci_repeat *repeat)
{
    struct torc_world *world = world_of(repeat);
    uint64_t at_ns = torci_add_saturated(world->now_ns, repeat->timeout_ns);

    repeat->timeout_ns *= 2;
    if (repeat->timeout_ns > TIMEOUT_MAX_NS)
        repeat->timeout_ns = TIMEOUT_MAX_NS;
    torci_world_schedule(world, at_ns, TORCI_EVENT_NETWORK, repeat->end->link->from, &timer, repeat);
}

static struct torci_end *peer_of(struct torci_end *end)
{
    return &torci_connection_of(end)->ends[end->side ^ 1];
}

static uint64_t round_trip(struct torci_end *end)
{
    return torci_add_saturated(end->link->settings.delay_ns, peer_of(end)->link->settings.delay_ns);
}

static uint64_t first_timeout(struct torci_end *end)
{
    uint64_t timeout_ns = torci_add_saturated(round_trip(end), TIMEOUT_MIN_NS);

    return timeout_ns < TIMEOUT_MAX_NS ? timeout_ns : TIMEOUT_MAX_NS;
}

/* Sends all of it; what is lost again comes back. */
static void send_again(struct torci_repeat *repeat)
{
    struct torc_world *world = world_of(repeat);
    struct torci_packet *packet = repeat->head;

    repeat->head = NULL;
    repeat->tail = NULL;
    while (packet != NULL) {
        struct torci_packet *next = packet->next;

        world->cause = packet->cause;
        torci_link_send(repeat->end->link, packet, packet->bytes);
        packet = next;
    }
}

/* There is nothing to be sent again: asks the peer whether it has everything. */
static void probe(struct torci_repeat *repeat)
{
    struct torci_end *end = repeat->end;
    struct torci_connection *connection = torci_connection_of(end);
    struct torci_end *peer = peer_of(end);
    uint32_t bytes;

    if (torci_end_cut_off(end) || torci_end_cut_off(peer) || !peer->link->from->up)
        return;
    if (end->refused || peer->life != peer->link->from->life) {
        torci_connection_send(connection, peer->side, TORCI_PACKET_RESET, 0);
        return;
    }
    bytes = torci_repeat_progress(end);
    if (bytes > 0)
        torci_end_credit(end, bytes, torci_add_saturated(world_of(repeat)->now_ns, round_trip(end)));
}

static void time_is_out(struct torc_world *world, void *subject)
{
    struct torci_repeat *repeat = subject;
    struct torci_end *end = repeat->end;

    torci_event_heap_pop(&world->events);
    if (repeat->over || end->reset || end->life != end->link->from->life) {
        release(world, repeat);
        return;
    }
    if (world->now_ns - repeat->progress_ns >= GIVE_UP_NS) {
        torci_end_time_out(end);
        release(world, repeat);
        return;
    }
    if (repeat->head != NULL)
        send_again(repeat);
    else
        probe(repeat);
    if (repeat->over)
        release(world, repeat);
    else
        set_timer(repeat);
}

/* --- losses --------------------------------------------------------------------------------- */

void torci_repeat_watch(struct torci_end *end)
{
    struct torc_world *world = end->link->from->world;
    struct torci_repeat *repeat = end->repeat;

    /* Nobody is left who would send again. */
    if (repeat != NULL || end->reset || end->life != end->link->from->life)
        return;
    repeat = torci_world_resize(world, NULL, 0, sizeof *repeat);
    if (repeat == NULL) {
        world->error = TORC_ENOMEM;
        return;
    }
    repeat->end = end;
    repeat->head = NULL;
    repeat->tail = NULL;
    repeat->progress_ns = world->now_ns;
    repeat->timeout_ns = first_timeout(end);
    repeat->credit_bytes = 0;
    repeat->over = false;
    end->repeat = repeat;
    end->link->repeats++;
    torci_link_judge(end->link);
    torci_connection_of(end)->references++;
    set_timer(repeat);
}

void torci_repeat_later(struct torci_end *end, struct torci_packet *packet)
{
    torci_repeat_watch(end);
    if (end->repeat == NULL) {
        torci_packet_discard(end->link->from->world, packet);
        return;
    }
    packet->next = NULL;
    if (end->repeat->tail != NULL)
        end->repeat->tail->next = packet;
    else
        end->repeat->head = packet;
    end->repeat->tail = packet;
}

void torci_repeat_refused(struct torci_end *end)
{
    end->refused = true;
    torci_repeat_watch(end);
}

void torci_repeat_miss(struct torci_end *end, uint32_t bytes)
{
    torci_repeat_watch(end);
    if (end->repeat != NULL)
        end->repeat->credit_bytes += bytes;
}

uint32_t torci_repeat_progress(struct torci_end *end)
{
    struct torci_repeat *repeat = end->repeat;
    uint32_t bytes = repeat->credit_bytes;

    repeat->credit_bytes = 0;
    repeat->progress_ns = world_of(repeat)->now_ns;
    repeat->timeout_ns = first_timeout(end);
    if (repeat->head == NULL &&
        !torci_end_cut_off(end))
        forget(repeat);
    return bytes;
}

void torci_repeat_stop(struct torci_end *end)
{
    if (end->repeat != NULL)
        forget(end->repeat);
}
