/* link_fault.c - packets that are lost, doubled, late or corrupted, and paths that are cut. */
#include <string.h>

#include "link.h"
#include "repeat.h"
#include "udp.h"

#define LATE_NS_MIN TORC_MILLISECOND

/* --- what is known of a packet -------------------------------------------------------------- */

static unsigned family_of(struct torci_packet *packet)
{
    return packet->connection != NULL ? packet->connection->family
                                      : torci_udp_head_of(packet)->family;
}

/* The end that sends it; NULL: it is of no stream. */
static struct torci_end *sender_of(const struct torci_packet *packet)
{
    return packet->connection != NULL ? &packet->connection->ends[packet->to ^ 1u] : NULL;
}

/* Whether it is repeated until it has arrived. */
static bool is_repeated(const struct torci_packet *packet)
{
    return packet->kind == TORCI_PACKET_ACK || packet->kind == TORCI_PACKET_DATA ||
           packet->kind == TORCI_PACKET_FIN;
}

/* A SYN or what answers one, be it a refusal: without it the client sends its SYN again. */
static bool is_handshake(const struct torci_packet *packet)
{
    return packet->kind == TORCI_PACKET_SYN || packet->kind == TORCI_PACKET_SYN_ACK ||
           (packet->kind == TORCI_PACKET_RESET &&
            packet->connection->ends[packet->to].state == TORCI_END_CONNECTING);
}

/* A reset that answers what was sent to an end there is no more: that will be sent again, and answered again. */
static bool is_refusal(const struct torci_packet *packet)
{
    const struct torci_connection *connection = packet->connection;

    return packet->kind == TORCI_PACKET_RESET &&
           connection->ends[packet->to].state == TORCI_END_OPEN &&
           (connection->ends[packet->to ^ 1u].state == TORCI_END_CLOSED ||
            connection->ends[packet->to ^ 1u].timed_out);
}

static struct torci_link_cut *cut_of(struct torci_link *link, unsigned family)
{
    return &link->cuts[family == TORC_ADDRESS_IPV6];
}

/* --- links ---------------------------------------------------------------------------------- */

void torci_link_judge(struct torci_link *link)
{
    const struct torc_link *settings = &link->settings;

    link->odd = settings->delay_kind != TORC_DELAY_CONST || settings->delay_max_ns != 0 ||
                settings->loss_ppm != 0 || settings->duplicate_ppm != 0 ||
                settings->reorder_ppm != 0 || settings->corrupt_ppm != 0 ||
                settings->queue_bytes != 0 || link->overtaken || link->repeats != 0 ||
                link->cuts[0].state != TORCI_CUT_NONE || link->cuts[1].state != TORCI_CUT_NONE;
}

bool torci_link_cut_off(const struct torci_link *link, unsigned family)
{
    enum torci_cut_state state = link->cuts[family == TORC_ADDRESS_IPV6].state;

    return state == TORCI_CUT_DROP || state == TORCI_CUT_JAM;
}

/* --- losing --------------------------------------------------------------------------------- */

static void trace_drop(const struct torci_link *link, struct torci_packet *packet, const char *why)
{
    static const char *const kinds[] = {"syn", "syn-ack", "ack",      "data",
                                        "fin", "reset",   "datagram", "unreachable"};
    struct torc_trace *trace = link->from->world->trace;
    size_t head = packet->connection == NULL ? sizeof(struct torci_udp_head) : 0;

    link->from->world->cause = torci_host_trace(link->from, TORC_TRACE_drop);
    torc_trace_text(trace, "why", why);
    torc_trace_text(trace, "what", kinds[packet->kind]);
    torc_trace_text(trace, "to", link->to->name);
    torc_trace_integer(trace, "conn",
                       packet->connection != NULL ? (int64_t)packet->connection->number : 0);
    torc_trace_integer(trace, "bytes", (int64_t)(packet->bytes - head));
    torc_trace_end(trace);
}

void torci_link_lose(const struct torci_link *link, struct torci_packet *packet, const char *why)
{
    struct torc_world *world = link->from->world;
    uint64_t outer_cause = world->cause;

    trace_drop(link, packet, why);
    packet->cause = world->cause;
    if (is_repeated(packet)) {
        torci_repeat_later(sender_of(packet), packet);
    } else {
        if (is_handshake(packet))
            torci_connection_lose_syn(packet->connection);
        else if (is_refusal(packet))
            torci_repeat_refused(&packet->connection->ends[packet->to]);
        torci_packet_discard(world, packet);
    }
    world->cause = outer_cause;
}

/* --- sending -------------------------------------------------------------------------------- */

static void arrive_alone(struct torc_world *world, void *subject)
{
    torci_event_heap_pop(&world->events);
    torci_packet_arrive(world, subject);
}

static void drop_alone(struct torc_world *world, void *subject)
{
    torci_packet_discard(world, subject);
}

static const struct torci_event_kind alone = {arrive_alone, drop_alone};

static void go_alone(struct torci_link *link, struct torci_packet *packet, uint64_t arrives_ns)
{
    struct torc_world *world = link->from->world;
    struct torci_end *end = sender_of(packet);

    if (end != NULL)
        end->alone_ns = arrives_ns;
    link->overtaken = true;
    torci_link_judge(link);
    packet->arrives_ns = arrives_ns;
    packet->cause = world->cause;
    packet->next = NULL;
    torci_world_schedule(world, arrives_ns, TORCI_EVENT_NETWORK, link->to, &alone, packet);
}

/* How much longer a packet takes than the link says. */
static uint64_t decide_delay(const struct torci_link *link)
{
    static const uint32_t longer_ns[] = {0, 10000, 1000000, 20000000};

    return longer_ns[torci_decide(link->from->world, link->from, "packet.delay", 4)];
}

static uint64_t draw_delay(struct torci_link *link, unsigned family)
{
    struct torc_world *world = link->from->world;
    const struct torci_link_cut *cut = cut_of(link, family);
    uint64_t bits = 0;
    uint64_t delay_ns;

    if (link->settings.delay_kind != TORC_DELAY_CONST &&
        torci_draw_next(&world->draw, &world->allocator, "link.delay", link->from->name, &bits) != 0)
        world->error = TORC_ENOMEM;
    delay_ns = torci_link_delay(&link->settings, bits);
    if (cut->state != TORCI_CUT_SLOW)
        return delay_ns;
    if (cut->factor > 1)
        delay_ns = delay_ns > TORC_NEVER / cut->factor ? TORC_NEVER : delay_ns * cut->factor;
    return torci_add_saturated(delay_ns, cut->delay_ns);
}

static uint64_t lateness(const struct torci_link *link)
{
    return link->settings.delay_ns > LATE_NS_MIN ? link->settings.delay_ns : LATE_NS_MIN;
}

/* Takes the packet. */
static void carry(struct torci_link *link, struct torci_packet *packet, uint32_t wire_bytes,
                  bool late)
{
    struct torci_end *end = sender_of(packet);
    uint64_t arrives_ns = torci_link_put_on_wire(link, wire_bytes);

    arrives_ns = torci_add_saturated(arrives_ns, draw_delay(link, family_of(packet)));
    arrives_ns = torci_add_saturated(arrives_ns, decide_delay(link));
    if (arrives_ns < link->last_arrival_ns)
        arrives_ns = link->last_arrival_ns;
    if (late)
        arrives_ns = torci_add_saturated(arrives_ns, lateness(link));
    if (end != NULL && arrives_ns < end->alone_ns) {
        arrives_ns = end->alone_ns;
        late = true;
    }
    if (late)
        go_alone(link, packet, arrives_ns);
    else
        torci_link_append(link, packet, arrives_ns);
}

/* A datagram comes twice. */
static void carry_copy(struct torci_link *link, const struct torci_packet *packet,
                       uint32_t wire_bytes)
{
    struct torc_world *world = link->from->world;
    struct torci_packet *copy = torci_packet_new(&world->packets, &world->allocator, packet->bytes);

    if (copy == NULL) {
        world->error = TORC_ENOMEM;
        return;
    }
    copy->connection = NULL;
    copy->kind = packet->kind;
    copy->detail = packet->detail;
    memcpy(copy->payload, packet->payload, packet->bytes);
    carry(link, copy, wire_bytes, false);
}

/* Takes the packet. */
static void jam(struct torci_link *link, struct torci_packet *packet)
{
    packet->cause = link->from->world->cause;
    packet->next = NULL;
    if (link->jam_tail != NULL)
        link->jam_tail->next = packet;
    else
        link->jam_head = packet;
    link->jam_tail = packet;
    if (is_repeated(packet))
        torci_repeat_watch(sender_of(packet));
    else if (is_handshake(packet))
        torci_connection_jam_syn(packet->connection);
}

static bool queue_is_full(const struct torci_link *link, uint32_t wire_bytes)
{
    const struct torc_link *settings = &link->settings;
    uint64_t now_ns = link->from->world->now_ns;
    uint64_t rate = settings->bits_per_second;
    uint64_t waiting_ns = link->free_at_ns > now_ns ? link->free_at_ns - now_ns : 0;

    if (settings->queue_bytes == 0 || rate == 0 || wire_bytes == 0 || link->from->world->faults_off)
        return false;
    return torci_add_saturated(waiting_ns, (uint64_t)wire_bytes * 8 * TORC_SECOND / rate) >
           (uint64_t)settings->queue_bytes * 8 * TORC_SECOND / rate;
}

/* Why the packet does not get further, or NULL. */
static const char *strike(struct torci_link *link, uint32_t wire_bytes)
{
    bool lost = torci_fault(link->from, "link.loss", 2, link->settings.loss_ppm) != 0;
    bool corrupt = torci_fault(link->from, "link.corrupt", 2, link->settings.corrupt_ppm) != 0;

    if (lost)
        return "loss";
    if (corrupt)
        return "corrupt";
    return queue_is_full(link, wire_bytes) ? "queue" : NULL;
}

void torci_link_send_odd(struct torci_link *link, struct torci_packet *packet, uint32_t wire_bytes)
{
    unsigned family = family_of(packet);
    struct torci_end *end = sender_of(packet);
    const struct torci_link_cut *cut = cut_of(link, family);
    const char *why;

    if (link->from == link->to) {
        carry(link, packet, wire_bytes, false);
        return;
    }
    if (is_repeated(packet) && torci_repeat_before(end)) {
        packet->cause = link->from->world->cause;
        torci_repeat_later(end, packet);
        return;
    }
    if (packet->kind == TORCI_PACKET_RESET)
        torci_repeat_stop(end);
    if (cut->state == TORCI_CUT_JAM) {
        jam(link, packet);
        return;
    }
    why = cut->state == TORCI_CUT_DROP ? "cut" : strike(link, wire_bytes);
    if (why != NULL) {
        torci_link_lose(link, packet, why);
        return;
    }
    if (packet->kind == TORCI_PACKET_DATAGRAM &&
        torci_fault(link->from, "link.duplicate", 2, link->settings.duplicate_ppm) != 0)
        carry_copy(link, packet, wire_bytes);
    carry(link, packet, wire_bytes,
          torci_fault(link->from, "link.reorder", 2, link->settings.reorder_ppm) != 0);
}

/* --- cuts ----------------------------------------------------------------------------------- */

static uint32_t wire_bytes_of(const struct torci_packet *packet)
{
    if (packet->connection != NULL || packet->kind != TORCI_PACKET_DATAGRAM)
        return packet->connection != NULL ? packet->bytes : 0;
    return packet->bytes - (uint32_t)sizeof(struct torci_udp_head);
}

/* Sends what was held up, in order, into what the link is now. */
static void let_go(struct torci_link *link)
{
    struct torc_world *world = link->from->world;
    struct torci_packet *packet = link->jam_head;
    uint64_t outer_cause = world->cause;

    link->jam_head = NULL;
    link->jam_tail = NULL;
    while (packet != NULL) {
        struct torci_packet *next = packet->next;

        world->cause = packet->cause;
        torci_link_send(link, packet, wire_bytes_of(packet));
        packet = next;
    }
    world->cause = outer_cause;
}

static void trace_cut(const struct torci_link *link, const char *what, const char *family)
{
    struct torc_trace *trace = link->from->world->trace;

    torc_trace_begin(trace, TORC_TRACE_net, link->from->world->now_ns, link->from->name, 0);
    torc_trace_text(trace, "what", what);
    torc_trace_text(trace, "to", link->to->name);
    torc_trace_text(trace, "family", family);
    torc_trace_end(trace);
}

int torc_world_cut(struct torc_world *world, struct torc_host *from, struct torc_host *to,
                   const struct torc_cut *cut)
{
    static const char *const modes[] = {"drop", "jam", "slow"};
    struct torci_link_cut state = {TORCI_CUT_NONE, cut->factor, cut->delay_ns};
    struct torci_link *link;
    const char *family = "any";

    (void)world;
    if (cut->size != sizeof *cut || from == to || cut->mode > TORC_CUT_SLOW ||
        cut->family > TORC_ADDRESS_IPV6)
        return TORC_EINVAL;
    link = torci_link_between(from, to);
    if (link == NULL)
        return TORC_ENOMEM;
    state.state = (enum torci_cut_state)(TORCI_CUT_DROP + cut->mode);
    if (cut->family != TORC_ADDRESS_IPV6)
        link->cuts[0] = state;
    if (cut->family != TORC_ADDRESS_IPV4)
        link->cuts[1] = state;
    if (cut->family != TORC_ADDRESS_NONE)
        family = cut->family == TORC_ADDRESS_IPV4 ? "ipv4" : "ipv6";
    trace_cut(link, modes[cut->mode], family);
    torci_link_judge(link);
    let_go(link);
    return 0;
}

static void heal(struct torci_link *link)
{
    if (link->cuts[0].state == TORCI_CUT_NONE && link->cuts[1].state == TORCI_CUT_NONE)
        return;
    memset(link->cuts, 0, sizeof link->cuts);
    trace_cut(link, "heal", "any");
    torci_link_judge(link);
    let_go(link);
}

void torc_world_heal(struct torc_world *world, struct torc_host *from, struct torc_host *to)
{
    (void)world;
    if (to->number <= from->link_capacity && from->links[to->number - 1] != NULL)
        heal(from->links[to->number - 1]);
}

void torc_world_heal_all(struct torc_world *world)
{
    uint32_t i;
    uint32_t j;

    for (i = 0; i < world->host_count; i++)
        for (j = 0; j < world->host_count; j++)
            torc_world_heal(world, world->hosts[i], world->hosts[j]);
}
