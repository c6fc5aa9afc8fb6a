/* sim_bench.c - how fast the simulator is: a client and an echo server on two hosts of one world, a link of
 * 1 ms, the digest on.  Messages are 64 bytes.
 *
 * Usage: sim_bench echo CONNECTIONS EXCHANGES    exchanges per second of real time, all connections together
 *        sim_bench connect COUNT                 connect, one exchange, close: per second
 *        sim_bench memory PAIRS                  resident bytes for each idle pair (both ends)
 * Prints one JSON line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <torc/sim.h>

enum { MESSAGE_BYTES = 64, PORT = 7 };

/* The client's side of a run: one factory whose protocols send until `left` is used up. */
struct client {
    struct torc_factory factory;
    long left;        /* exchanges still to begin */
    long done;
    bool reconnect;   /* close after each exchange and connect again */
    size_t open;
};

struct client_protocol {
    struct torc_protocol protocol;
    struct client *client;
    size_t received;
};

static const uint8_t message[MESSAGE_BYTES] = "sixty-four bytes, of which most are zero";

static void must(int code)
{
    if (code != 0) {
        fprintf(stderr, "sim_bench: %s\n", torc_error_text(code));
        exit(1);
    }
}

/* --- the server -------------------------------------------------------------------------------- */

static struct torc_failure *echo_received(struct torc_protocol *self, const uint8_t *data,
                                          size_t bytes)
{
    must(torc_transport_write(self->transport, data, bytes));
    return NULL;
}

static void free_protocol(struct torc_protocol *self, struct torc_failure *reason)
{
    (void)reason;
    free(self);
}

static const struct torc_protocol_ops echo_ops = {
    .size = sizeof echo_ops,
    .data_received = echo_received,
    .connection_lost = free_protocol,
};

static struct torc_failure *build_echo(struct torc_factory *self, const struct torc_address *peer,
                                       struct torc_protocol **out)
{
    struct torc_protocol *protocol = calloc(1, sizeof *protocol);

    (void)self;
    (void)peer;
    if (protocol != NULL)
        protocol->ops = &echo_ops;
    *out = protocol;
    return NULL;
}

static const struct torc_factory_ops server_ops = {
    .size = sizeof server_ops,
    .build_protocol = build_echo,
};

/* --- the client -------------------------------------------------------------------------------- */

static void begin_exchange(struct client_protocol *self)
{
    if (self->client->left == 0)
        return;
    self->client->left--;
    must(torc_transport_write(self->protocol.transport, message, sizeof message));
}

static struct torc_failure *client_made(struct torc_protocol *protocol)
{
    struct client_protocol *self = (struct client_protocol *)protocol;

    self->client->open++;
    begin_exchange(self);
    return NULL;
}

static struct torc_failure *client_received(struct torc_protocol *protocol, const uint8_t *data,
                                            size_t bytes)
{
    struct client_protocol *self = (struct client_protocol *)protocol;

    (void)data;
    self->received += bytes;
    if (self->received < MESSAGE_BYTES)
        return NULL;
    self->received -= MESSAGE_BYTES;
    self->client->done++;
    if (self->client->reconnect)
        torc_transport_lose(protocol->transport);
    else
        begin_exchange(self);
    return NULL;
}

static const struct torc_protocol_ops client_ops = {
    .size = sizeof client_ops,
    .connection_made = client_made,
    .data_received = client_received,
    .connection_lost = free_protocol,
};

static struct torc_failure *build_client(struct torc_factory *factory,
                                         const struct torc_address *peer,
                                         struct torc_protocol **out)
{
    struct client_protocol *protocol = calloc(1, sizeof *protocol);

    (void)peer;
    if (protocol != NULL) {
        protocol->protocol.ops = &client_ops;
        protocol->client = (struct client *)factory;
        *out = &protocol->protocol;
    }
    return NULL;
}

static void connect_failed(struct torc_factory *factory, struct torc_connector connector,
                           struct torc_failure *reason)
{
    (void)factory;
    (void)connector;
    (void)reason;
    must(TORC_ECONNREFUSED);
}

static void client_lost(struct torc_factory *factory, struct torc_connector connector,
                        struct torc_failure *reason)
{
    struct client *client = (struct client *)factory;

    (void)reason;
    client->open--;
    if (client->left > 0)
        must(torc_connector_connect(connector));
}

static const struct torc_factory_ops factory_ops = {
    .size = sizeof factory_ops,
    .build_protocol = build_client,
    .connection_failed = connect_failed,
    .connection_lost = client_lost,
};

/* --- a run ------------------------------------------------------------------------------------- */

struct bench {
    struct torc_world *world;
    struct torc_host *server;
    struct torc_host *clients;
    struct torc_factory echo;
    struct client client;
};

static void open_bench(struct bench *bench)
{
    struct torc_link link = TORC_LINK_INIT;
    struct torc_listen_options options = TORC_LISTEN_OPTIONS_INIT;
    struct torc_address address;
    struct torc_listener listener;

    memset(bench, 0, sizeof *bench);
    bench->echo.ops = &server_ops;
    bench->client.factory.ops = &factory_ops;
    link.delay_ns = 1000000;
    options.backlog = 65535; /* all clients connect at one instant */
    must(torc_world_new(NULL, &bench->world));
    must(torc_world_add_host(bench->world, "server", NULL, &bench->server));
    must(torc_world_add_host(bench->world, "clients", NULL, &bench->clients));
    must(torc_world_set_link(bench->world, bench->server, bench->clients, &link));
    address = torc_host_address(bench->server, PORT);
    must(torc_listen(torc_host_reactor(bench->server), &address, &bench->echo, &options,
                     &listener));
}

/* Connects and runs until nothing is left to happen. */
static void run_clients(struct bench *bench, long connections, long exchanges)
{
    struct torc_address address = torc_host_address(bench->server, PORT);
    enum torc_verdict verdict;

    bench->client.left = exchanges;
    bench->client.done = 0;
    for (long i = 0; i < connections; i++)
        must(torc_connect(torc_host_reactor(bench->clients), &address, &bench->client.factory, NULL,
                          NULL));
    must(torc_world_run(bench->world, TORC_NEVER, &verdict));
    if (bench->client.done != exchanges) {
        fprintf(stderr, "sim_bench: %ld of %ld exchanges; %s\n", bench->client.done, exchanges,
                torc_verdict_name(verdict));
        exit(1);
    }
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double resident_bytes(void)
{
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");

    if (statm == NULL || fscanf(statm, "%*d %ld", &pages) != 1)
        must(TORC_EIO);
    fclose(statm);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double rate(long connections, long exchanges, bool reconnect)
{
    struct bench bench;
    double start;
    double end;

    open_bench(&bench);
    bench.client.reconnect = reconnect;
    start = seconds();
    run_clients(&bench, connections, exchanges);
    end = seconds();
    torc_world_free(bench.world);
    return (double)exchanges / (end - start);
}

static double idle_pair_bytes(long pairs)
{
    struct bench bench;
    double before;
    double after;

    open_bench(&bench);
    run_clients(&bench, 100, 100);
    before = resident_bytes();
    run_clients(&bench, pairs, pairs);
    after = resident_bytes();
    if (bench.client.open != (size_t)pairs + 100)
        must(TORC_ENOTCONN);
    torc_world_free(bench.world);
    return (after - before) / (double)pairs;
}

int main(int argc, char **argv)
{
    double value;

    if (argc == 4 && strcmp(argv[1], "echo") == 0) {
        value = rate(atol(argv[2]), atol(argv[3]), false);
        printf("{\"name\":\"echo.sim.c%s\",\"unit\":\"exchanges per second\",\"torc\":%.0f}\n", argv[2],
               value);
    } else if (argc == 3 && strcmp(argv[1], "connect") == 0) {
        value = rate(1, atol(argv[2]), true);
        printf("{\"name\":\"connect.sim\",\"unit\":\"per second\",\"torc\":%.0f}\n", value);
    } else if (argc == 3 && strcmp(argv[1], "memory") == 0) {
        value = idle_pair_bytes(atol(argv[2]));
        printf("{\"name\":\"memory.sim\",\"unit\":\"resident bytes per idle pair\",\"torc\":%.0f}\n",
               value);
    } else {
        fprintf(stderr, "usage: sim_bench echo CONNECTIONS EXCHANGES | connect COUNT | memory PAIRS\n");
        return 2;
    }
    return 0;
}
