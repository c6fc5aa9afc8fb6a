/* link.c - delay, rate and order of packets. */
#include "link.h"

#include <string.h>

#include "stream.h"

#define DEFAULT_DELAY_NS (50 * TORC_MICROSECOND)
#define BUFFER_BYTES_DEFAULT 65536
/* So that the time a buffer, or a queue, takes on the wire can be counted in 64 bits. */
#define BUFFER_BYTES_MAX (UINT32_C(1) << 30)

static void set(struct torci_link *link, const struct torc_link *settings)
{
    link->settings = *settings;
    if (link->settings.buffer_bytes == 0)
        link->settings.buffer_bytes = BUFFER_BYTES_DEFAULT;
    if (link->settings.buffer_bytes > BUFFER_BYTES_MAX)
        link->settings.buffer_bytes = BUFFER_BYTES_MAX;
    if (link->settings.queue_bytes > BUFFER_BYTES_MAX)
        link->settings.queue_bytes = BUFFER_BYTES_MAX;
    torci_link_judge(link);
}

static bool is_sound(const struct torc_link *settings)
{
    return settings->delay_kind <= TORC_DELAY_PARETO &&
           (settings->delay_kind != TORC_DELAY_UNIFORM ||
            settings->delay_spread_ns >= settings->delay_ns) &&
           settings->loss_ppm <= 1000000 && settings->duplicate_ppm <= 1000000 &&
           settings->reorder_ppm <= 1000000 && settings->corrupt_ppm <= 1000000;
}

static int grow(struct torc_host *host, uint32_t capacity)
{
    struct torci_link **links =
        torci_world_resize(host->world, host->links, host->link_capacity * sizeof(struct torci_link *),
                           capacity * sizeof(struct torci_link *));
    uint32_t i;

    if (links == NULL)
        return TORC_ENOMEM;
    for (i = host->link_capacity; i < capacity; i++)
        links[i] = NULL;
    host->links = links;
    host->link_capacity = capacity;
    return 0;
}

struct torci_link *torci_link_between(struct torc_host *from, struct torc_host *to)
{
    struct torc_link settings = TORC_LINK_INIT;
    struct torci_link *link;
    uint32_t capacity = from->link_capacity == 0 ? 4 : from->link_capacity;

    if (to->number <= from->link_capacity && from->links[to->number - 1] != NULL)
        return from->links[to->number - 1];
    while (capacity < to->number)
        capacity *= 2;
    if (capacity > from->link_capacity && grow(from, capacity) != 0)
        return NULL;
    link = torci_world_resize(from->world, NULL, 0, sizeof *link);
    if (link == NULL)
        return NULL;
    settings.delay_ns = from == to ? 0 : DEFAULT_DELAY_NS;
    memset(link, 0, sizeof *link);
    link->from = from;
    link->to = to;
    set(link, &settings);
    from->links[to->number - 1] = link;
    return link;
}

int torc_world_set_link_one_way(struct torc_world *world, struct torc_host *from,
                                struct torc_host *to, const struct torc_link *settings)
{
    struct torci_link *link;

    (void)world;
    if (!is_sound(settings))
        return TORC_EINVAL;
    link = torci_link_between(from, to);
    if (link == NULL)
        return TORC_ENOMEM;
    set(link, settings);
    return 0;
}

int torc_world_set_link(struct torc_world *world, struct torc_host *a, struct torc_host *b,
                        const struct torc_link *settings)
{
    struct torci_link *back = torci_link_between(b, a);
    int code;

    if (back == NULL)
        return TORC_ENOMEM;
    code = torc_world_set_link_one_way(world, a, b, settings);
    if (code == 0)
        set(back, settings);
    return code;
}

uint64_t torci_link_arrival(const struct torci_link *link)
{
    uint64_t arrival_ns = torci_add_saturated(link->from->world->now_ns, link->settings.delay_ns);

    return arrival_ns < link->last_arrival_ns ? link->last_arrival_ns : arrival_ns;
}

/* The first packet of a link has arrived.  The heap is put in order before anything is done about
 * it, since that may send and schedule. */
static void arrive(struct torc_world *world, void *subject)
{
    struct torci_link *link = subject;
    struct torci_packet *packet = link->head;

    link->head = packet->next;
    if (link->head == NULL) {
        link->tail = NULL;
        torci_event_heap_pop(&world->events);
    } else {
        torci_event_heap_delay(&world->events, link->head->arrives_ns, link->head->sequence);
    }
    torci_packet_arrive(world, packet);
}

static const struct torci_event_kind arrival = {arrive, NULL};

uint64_t torci_link_put_on_wire(struct torci_link *link, uint32_t wire_bytes)
{
    uint64_t sent_ns = link->from->world->now_ns;

    if (link->settings.bits_per_second == 0)
        return sent_ns;
    if (sent_ns < link->free_at_ns)
        sent_ns = link->free_at_ns;
    sent_ns = torci_add_saturated(sent_ns, (uint64_t)wire_bytes * 8 * TORC_SECOND /
                                               link->settings.bits_per_second);
    link->free_at_ns = sent_ns;
    return sent_ns;
}

void torci_link_append(struct torci_link *link, struct torci_packet *packet, uint64_t arrives_ns)
{
    struct torc_world *world = link->from->world;

    packet->arrives_ns = arrives_ns < link->last_arrival_ns ? link->last_arrival_ns : arrives_ns;
    link->last_arrival_ns = packet->arrives_ns;
    packet->cause = world->cause;
    packet->next = NULL;
    if (link->head != NULL) {
        packet->sequence = ++world->sequence;
        link->tail->next = packet;
        link->tail = packet;
    } else {
        link->head = packet;
        link->tail = packet;
        torci_world_schedule(world, packet->arrives_ns, TORCI_EVENT_NETWORK, link->to, &arrival, link);
        packet->sequence = world->sequence;
    }
}

void torci_link_send(struct torci_link *link, struct torci_packet *packet, uint32_t wire_bytes)
{
    if (link->odd || link->from->world->decider != NULL)
        torci_link_send_odd(link, packet, wire_bytes);
    else
        torci_link_append(link, packet,
                          torci_add_saturated(torci_link_put_on_wire(link, wire_bytes),
                                              link->settings.delay_ns));
}

static void discard_all(struct torc_world *world, struct torci_packet *packet)
{
    while (packet != NULL) {
        struct torci_packet *next = packet->next;

        torci_packet_discard(world, packet);
        packet = next;
    }
}

void torci_host_free_links(struct torc_host *host)
{
    struct torc_world *world = host->world;
    uint32_t i;

    for (i = 0; i < host->link_capacity; i++) {
        struct torci_link *link = host->links[i];

        if (link == NULL)
            continue;
        discard_all(world, link->head);
        discard_all(world, link->jam_head);
        torci_world_resize(world, link, sizeof *link, 0);
    }
    torci_world_resize(world, host->links, host->link_capacity * sizeof(struct torci_link *), 0);
    host->links = NULL;
    host->link_capacity = 0;
}
