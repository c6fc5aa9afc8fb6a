/* link.c - delay, rate and order of packets. */
#include "link.h"

#include "stream.h"

#define DEFAULT_DELAY_NS (50 * TORC_MICROSECOND)
#define BUFFER_BYTES_DEFAULT 65536
/* So that the time a buffer takes on the wire can be counted in 64 bits. */
#define BUFFER_BYTES_MAX (UINT32_C(1) << 30)

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
    return a > TORC_NEVER - b ? TORC_NEVER : a + b;
}

static void set(struct torci_link *link, const struct torc_link *settings)
{
    link->settings = *settings;
    if (link->settings.buffer_bytes == 0)
        link->settings.buffer_bytes = BUFFER_BYTES_DEFAULT;
    if (link->settings.buffer_bytes > BUFFER_BYTES_MAX)
        link->settings.buffer_bytes = BUFFER_BYTES_MAX;
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
    link->from = from;
    link->to = to;
    link->head = NULL;
    link->tail = NULL;
    link->free_at_ns = 0;
    link->last_arrival_ns = 0;
    set(link, &settings);
    from->links[to->number - 1] = link;
    return link;
}

int torc_world_set_link_one_way(struct torc_world *world, struct torc_host *from,
                                struct torc_host *to, const struct torc_link *settings)
{
    struct torci_link *link = torci_link_between(from, to);

    (void)world;
    if (link == NULL)
        return TORC_ENOMEM;
    set(link, settings);
    return 0;
}

int torc_world_set_link(struct torc_world *world, struct torc_host *a, struct torc_host *b,
                        const struct torc_link *settings)
{
    struct torci_link *back = torci_link_between(b, a);

    if (back == NULL)
        return TORC_ENOMEM;
    if (torc_world_set_link_one_way(world, a, b, settings) != 0)
        return TORC_ENOMEM;
    set(back, settings);
    return 0;
}

uint64_t torci_link_arrival(const struct torci_link *link)
{
    uint64_t arrival = add_saturated(link->from->world->now_ns, link->settings.delay_ns);

    return arrival < link->last_arrival_ns ? link->last_arrival_ns : arrival;
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

/* How much longer a packet takes than the link says. */
static uint64_t decide_delay(const struct torci_link *link)
{
    static const uint32_t longer_ns[] = {0, 10000, 1000000, 20000000};

    return longer_ns[torci_decide(link->from->world, link->from, "packet.delay", 4)];
}

void torci_link_send(struct torci_link *link, struct torci_packet *packet, uint32_t wire_bytes)
{
    struct torc_world *world = link->from->world;
    uint64_t sent_ns = world->now_ns;

    if (link->settings.bits_per_second != 0) {
        if (sent_ns < link->free_at_ns)
            sent_ns = link->free_at_ns;
        sent_ns = add_saturated(sent_ns, (uint64_t)wire_bytes * 8 * TORC_SECOND /
                                             link->settings.bits_per_second);
        link->free_at_ns = sent_ns;
    }
    packet->arrives_ns = add_saturated(sent_ns, link->settings.delay_ns + decide_delay(link));
    if (packet->arrives_ns < link->last_arrival_ns)
        packet->arrives_ns = link->last_arrival_ns;
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

void torci_host_free_links(struct torc_host *host)
{
    struct torc_world *world = host->world;
    uint32_t i;

    for (i = 0; i < host->link_capacity; i++) {
        struct torci_link *link = host->links[i];

        if (link == NULL)
            continue;
        while (link->head != NULL) {
            struct torci_packet *packet = link->head;

            link->head = packet->next;
            torci_packet_discard(world, packet);
        }
        torci_world_resize(world, link, sizeof *link, 0);
    }
    torci_world_resize(world, host->links, host->link_capacity * sizeof(struct torci_link *), 0);
    host->links = NULL;
    host->link_capacity = 0;
}
