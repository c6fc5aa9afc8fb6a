/* sim_events.c - how fast a world dispatches events when much is pending.
 *
 *   timers     one host, so one timer heap: each timed call arms the next one.  An event is a turn of the host
 *              at a time of its own: dispatched by the world, recorded, the call made and armed again.
 *   streams    33 hosts, a connection between any two, and in each of its directions as many messages of 64 bytes
 *              under way as make PENDING; who receives one answers it.  Two events a message: written and read, both
 *              recorded with its bytes; the world dispatches two things for it, the arrival and the turn.
 *   datagrams  the same with datagrams.
 *   links      datagrams again, with so many hosts that there is only one under way on each link, and PENDING links
 *              in the world's heap: of everything the worst for caches.
 *
 *   scale      1,000 hosts and PENDING connections between hosts that are drawn, a message of 64 bytes under way in
 *              each direction, answered as above.
 *
 * What comes when is drawn, over a second, so that nearly nothing is due together and no turn does the work of
 * two.  Events are counted by the digest's records.  With the digest, the last 64 KiB of records are kept in memory.
 *
 * Usage: sim_events timers|streams|datagrams|links|scale PENDING digest|jsonl EVENTS
 * Prints one JSON line: events per second of processor time, and the most memory that was resident. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <torc/datagram.h>
#include <torc/sim.h>

enum { MESSAGE_BYTES = 64, PORT = 7, LINKS = 1056 /* of 33 hosts */, SCALE_HOSTS = 1000, MANY = 100000, KEPT_BYTES = 65536 };

#define SPAN_NS TORC_SECOND

static const uint8_t message[MESSAGE_BYTES] = "sixty-four bytes, of which most are zero";

struct bench {
    struct torc_trace *trace;
    struct torc_world *world;
    struct torc_host **hosts;
    uint32_t host_count;
    uint64_t each; /* messages on each link */
    uint64_t random;
    FILE *lines;
};
static struct bench bench = {.random = UINT64_C(88172645463325252)};

static void must(int code)
{
    if (code != 0) {
        fprintf(stderr, "sim_events: %s\n", torc_error_text(code));
        exit(1);
    }
}

static void *must_have(void *block)
{
    if (block == NULL)
        must(TORC_ENOMEM);
    return block;
}

static uint64_t draw_below(uint64_t limit)
{
    bench.random ^= bench.random << 13;
    bench.random ^= bench.random >> 7;
    bench.random ^= bench.random << 17;
    return (bench.random >> 32) * limit >> 32;
}

/* --- links ----------------------------------------------------------------------------------------- */

/* One direction, a message of `each` at a time. */
static void set_link(struct torc_host *from, struct torc_host *to)
{
    struct torc_link link = TORC_LINK_INIT;

    link.delay_ns = 1 + draw_below(SPAN_NS);
    link.segment_bytes = MESSAGE_BYTES;
    link.buffer_bytes = (uint32_t)bench.each * MESSAGE_BYTES * 8;
    /* A message takes its part of the span on the wire: so they come one by one. */
    if (bench.each > 1)
        link.bits_per_second = bench.each * MESSAGE_BYTES * 8;
    must(torc_world_set_link_one_way(bench.world, from, to, &link));
}

/* --- timers ------------------------------------------------------------------------------------ */

static void arm(struct torc_clock *clock);

static struct torc_failure *ring(void *clock)
{
    arm(clock);
    return NULL;
}

static void arm(struct torc_clock *clock)
{
    must(torc_call_later(clock, 1 + draw_below(SPAN_NS), ring, clock, NULL, NULL));
}

static void begin_timers(uint64_t pending)
{
    for (uint64_t i = 0; i < pending; i++)
        arm(torc_reactor_clock(torc_host_reactor(bench.hosts[0])));
}

/* --- datagrams ---------------------------------------------------------------------------------- */

static struct torc_failure *answer_datagram(struct torc_datagram_protocol *self, const uint8_t *data,
                                            size_t bytes, const struct torc_address *from)
{
    must(torc_datagram_send(self->port, data, bytes, from));
    return NULL;
}

static void stop_datagrams(struct torc_datagram_protocol *self, struct torc_failure *reason)
{
    (void)reason;
    free(self);
}

static const struct torc_datagram_protocol_ops datagram_ops = {
    .size = sizeof datagram_ops,
    .received = answer_datagram,
    .stopped = stop_datagrams,
};

static struct torc_datagram_port open_port(struct torc_host *host)
{
    struct torc_datagram_protocol *protocol = must_have(calloc(1, sizeof *protocol));
    struct torc_address local = torc_host_address(host, PORT);
    struct torc_datagram_port port;

    protocol->ops = &datagram_ops;
    must(torc_datagram_open(torc_host_reactor(host), &local, protocol, NULL, &port));
    return port;
}

static void begin_datagrams(void)
{
    struct torc_datagram_port *ports = must_have(calloc(bench.host_count, sizeof *ports));

    for (uint32_t i = 0; i < bench.host_count; i++)
        ports[i] = open_port(bench.hosts[i]);
    for (uint32_t i = 0; i < bench.host_count; i++) {
        for (uint32_t j = 0; j < bench.host_count; j++) {
            struct torc_address to = torc_host_address(bench.hosts[j], PORT);

            for (uint64_t k = 0; i != j && k < bench.each; k++)
                must(torc_datagram_send(ports[i], message, sizeof message, &to));
        }
    }
    free(ports);
}

/* --- streams ------------------------------------------------------------------------------------ */

static struct torc_failure *send_first(struct torc_protocol *self)
{
    for (uint64_t k = 0; k < bench.each; k++)
        must(torc_transport_write(self->transport, message, sizeof message));
    return NULL;
}

static struct torc_failure *answer(struct torc_protocol *self, const uint8_t *data, size_t bytes)
{
    must(torc_transport_write(self->transport, data, bytes));
    return NULL;
}

static void free_protocol(struct torc_protocol *self, struct torc_failure *reason)
{
    (void)reason;
    free(self);
}

static const struct torc_protocol_ops stream_ops = {
    .size = sizeof stream_ops,
    .connection_made = send_first,
    .data_received = answer,
    .connection_lost = free_protocol,
};

static struct torc_failure *build(struct torc_factory *self, const struct torc_address *peer,
                                  struct torc_protocol **out)
{
    (void)self;
    (void)peer;
    *out = must_have(calloc(1, sizeof **out));
    (*out)->ops = &stream_ops;
    return NULL;
}

static const struct torc_factory_ops factory_ops = {.size = sizeof factory_ops, .build_protocol = build};
static struct torc_factory factory = {.ops = &factory_ops};

static void listen_everywhere(void)
{
    struct torc_listen_options options = TORC_LISTEN_OPTIONS_INIT;
    struct torc_listener listener;

    options.backlog = 65535;
    for (uint32_t i = 0; i < bench.host_count; i++) {
        struct torc_address address = torc_host_address(bench.hosts[i], PORT);

        must(torc_listen(torc_host_reactor(bench.hosts[i]), &address, &factory, &options, &listener));
    }
}

static void connect_hosts(uint32_t from, uint32_t to)
{
    struct torc_address address = torc_host_address(bench.hosts[to], PORT);

    must(torc_connect(torc_host_reactor(bench.hosts[from]), &address, &factory, NULL, NULL));
}

/* Until all are connected and have begun. */
static void settle(void)
{
    enum torc_verdict verdict;

    must(torc_world_run(bench.world, 4 * SPAN_NS, &verdict));
}

static void begin_streams(void)
{
    listen_everywhere();
    for (uint32_t i = 0; i < bench.host_count; i++) {
        for (uint32_t j = 0; j < i; j++)
            connect_hosts(i, j);
    }
    settle();
}

static void begin_scale(uint64_t connections)
{
    listen_everywhere();
    for (uint64_t k = 0; k < connections; k++) {
        uint32_t from = (uint32_t)(k % SCALE_HOSTS);
        uint32_t to = (from + 1 + (uint32_t)draw_below(SCALE_HOSTS - 1)) % SCALE_HOSTS;

        set_link(bench.hosts[from], bench.hosts[to]);
        set_link(bench.hosts[to], bench.hosts[from]);
        connect_hosts(from, to);
    }
    settle();
}

/* --- a run -------------------------------------------------------------------------------------- */

static int write_line(void *arg, const char *line, size_t bytes)
{
    (void)arg;
    return fwrite(line, 1, bytes, bench.lines) == bytes ? 0 : TORC_EIO;
}

static void open_trace(const char *how)
{
    bool jsonl = strcmp(how, "jsonl") == 0;

    if (jsonl)
        bench.lines = must_have(fopen("/dev/null", "w"));
    must(torc_trace_new(jsonl ? write_line : NULL, NULL, &bench.trace));
    if (!jsonl)
        must(torc_trace_keep(bench.trace, KEPT_BYTES));
}

static void add_hosts(uint32_t count)
{
    char name[16];

    bench.host_count = count;
    bench.hosts = must_have(calloc(count, sizeof(struct torc_host *)));
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "h%" PRIu32, i + 1);
        must(torc_world_add_host(bench.world, name, NULL, &bench.hosts[i]));
    }
}

static void link_all(void)
{
    for (uint32_t i = 0; i < bench.host_count; i++) {
        for (uint32_t j = 0; j < bench.host_count; j++) {
            if (i != j)
                set_link(bench.hosts[i], bench.hosts[j]);
        }
    }
}

/* So many hosts that there are `links` links, at least. */
static uint32_t hosts_for(uint64_t links)
{
    uint32_t count = 2;

    while ((uint64_t)count * (count - 1) < links)
        count++;
    return count;
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void begin(const char *kind, uint64_t pending)
{
    if (strcmp(kind, "timers") == 0) {
        add_hosts(1);
        begin_timers(pending);
        return;
    }
    if (strcmp(kind, "scale") == 0) {
        bench.each = 1;
        add_hosts(SCALE_HOSTS);
        begin_scale(pending);
        return;
    }
    bench.each = strcmp(kind, "links") == 0 ? 1 : (pending + LINKS - 1) / LINKS;
    add_hosts(hosts_for(pending / bench.each));
    link_all();
    if (strcmp(kind, "streams") == 0)
        begin_streams();
    else
        begin_datagrams();
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"timers", "streams", "datagrams", "links", "scale"};
    struct torc_world_options options;
    enum torc_verdict verdict;
    uint64_t pending;
    uint64_t events;
    uint64_t before;
    struct rusage usage;
    double start;
    double used;
    bool known = false;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        known = known || (argc == 5 && strcmp(argv[1], kinds[i]) == 0);
    if (!known) {
        fputs("usage: sim_events timers|streams|datagrams|links|scale PENDING digest|jsonl EVENTS\n", stderr);
        return 2;
    }
    open_trace(argv[3]);
    torc_world_options_init(&options);
    options.trace = bench.trace;
    must(torc_world_new(&options, &bench.world));
    pending = strtoull(argv[2], NULL, 10);
    events = strtoull(argv[4], NULL, 10);
    begin(argv[1], pending);
    before = torc_trace_count(bench.trace);
    start = seconds();
    /* By the tenth of a span if much happens in one. */
    while (torc_trace_count(bench.trace) - before < events)
        must(torc_world_run(bench.world,
                            torc_world_now(bench.world) + (pending < MANY ? SPAN_NS : SPAN_NS / 10), &verdict));
    used = seconds() - start;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"name\":\"sim.events.%s\",\"unit\":\"per second\",\"torc\":%.0f,\"resident_bytes\":%ld}\n", argv[1],
           (double)(torc_trace_count(bench.trace) - before) / used, usage.ru_maxrss * 1024);
    torc_world_free(bench.world);
    torc_trace_free(bench.trace);
    free(bench.hosts);
    if (bench.lines != NULL && fclose(bench.lines) != 0)
        must(TORC_EIO);
    return 0;
}
