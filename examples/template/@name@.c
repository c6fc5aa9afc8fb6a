/* @name@.c - a server of lines.  ECHO text answers the text, QUIT says BYE and closes, other lines are
 * answered with ERR.  A silent connection is closed. */
#include <string.h>

#include <torc/line_receiver.h>
#include <torc/listeners.h>
#include <torc/module.h>

#define LINE_BYTES_MAX 512
#define STOP_WITHIN_NS (10 * TORC_SECOND) /* for a peer to read what it is still to be sent */

struct server {
    struct torc_factory factory; /* first: the library hands it back */
    struct torc_reactor *reactor;
    struct torc_scope *scope; /* all memory comes from here */
    struct torc_listeners *listeners;
    struct connection *connections;
    uint64_t idle_ns;
    int64_t line_count;
    bool stopping;
    struct torc_source stopped; /* fired when the last connection is gone */
};

struct connection {
    struct torc_line_receiver receiver; /* first, too */
    struct server *server;
    struct torc_timer idle;
    struct connection *next;
    struct connection **link; /* what points at this one */
};

/* --- one connection ------------------------------------------------------------------------------ */

/* NULL, or the failure that ends the connection: out of memory, or the peer is gone. */
static struct torc_failure *answer(struct torc_line_receiver *self, const void *text, size_t bytes)
{
    int code = torc_line_receiver_send(self, text, bytes);

    return code ? torc_failure_of_code(self->scope, code, "answering") : NULL;
}

static struct torc_failure *line_received(struct torc_line_receiver *self, const uint8_t *line, size_t bytes)
{
    static const char unknown[] = "ERR unknown command";
    struct connection *connection = (struct connection *)self;
    struct torc_failure *failure;

    connection->server->line_count++;
    (void)torc_timer_reset(connection->idle, connection->server->idle_ns);
    if (bytes >= 5 && memcmp(line, "ECHO ", 5) == 0)
        return answer(self, line + 5, bytes - 5);
    if (bytes != 4 || memcmp(line, "QUIT", 4) != 0)
        return answer(self, unknown, strlen(unknown));
    failure = answer(self, "BYE", 3);
    torc_transport_lose(self->protocol.transport); /* after what was written */
    return failure;
}

/* What is left of the line is skipped.  To close here would reset a peer that is still sending it. */
static struct torc_failure *line_too_long(struct torc_line_receiver *self, size_t bytes)
{
    static const char too_long[] = "ERR line too long";

    (void)bytes;
    return answer(self, too_long, strlen(too_long));
}

static struct torc_failure *waited_too_long(void *arg)
{
    struct torc_transport transport = ((struct connection *)arg)->receiver.protocol.transport;

    /* A peer that has not even read its answers would keep a graceful close waiting. */
    if (torc_transport_queued(transport) > 0)
        torc_transport_abort(transport);
    else
        torc_transport_lose(transport);
    return NULL;
}

static struct torc_failure *connection_made(struct torc_line_receiver *self)
{
    struct connection *connection = (struct connection *)self;
    struct server *server = connection->server;
    int code = torc_call_later(torc_reactor_clock(server->reactor), server->idle_ns, waited_too_long,
                               connection, NULL, &connection->idle);

    return code ? torc_failure_of_code(server->scope, code, "watching for silence") : NULL;
}

static void connection_lost(struct torc_line_receiver *self, struct torc_failure *reason)
{
    struct connection *connection = (struct connection *)self;
    struct server *server = connection->server;

    (void)reason;
    (void)torc_timer_cancel(connection->idle);
    torc_line_receiver_clear(self);
    *connection->link = connection->next;
    if (connection->next)
        connection->next->link = connection->link;
    torc_release(server->scope, connection, sizeof(*connection));
    if (server->stopping && !server->connections) {
        struct torc_source stopped = server->stopped;

        torc_release(server->scope, server, sizeof(*server));
        (void)torc_source_fire(stopped, torc_value(NULL));
    }
}

/* --- the service --------------------------------------------------------------------------------- */

static struct torc_failure *build_protocol(struct torc_factory *self, const struct torc_address *peer,
                                           struct torc_protocol **out)
{
    static const struct torc_line_receiver_ops ops = {
        .size = sizeof(ops),
        .connection_made = connection_made,
        .line_received = line_received,
        .line_length_exceeded = line_too_long,
        .connection_lost = connection_lost,
    };
    struct server *server = (struct server *)self;
    struct connection *connection = torc_alloc_zero(server->scope, sizeof(*connection));

    (void)peer;
    if (!connection)
        return torc_failure_no_memory();
    if (torc_line_receiver_init(&connection->receiver, &ops, server->scope, "\r\n", LINE_BYTES_MAX) != 0) {
        torc_release(server->scope, connection, sizeof(*connection));
        return torc_failure_static(&torc_failure_invalid_argument);
    }
    connection->server = server;
    connection->link = &server->connections;
    connection->next = server->connections;
    if (connection->next)
        connection->next->link = &connection->next;
    server->connections = connection;
    *out = &connection->receiver.protocol;
    return NULL;
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options, void **out)
{
    static const struct torc_factory_ops ops = {.size = sizeof(ops), .build_protocol = build_protocol};
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct server *server = torc_alloc_zero(scope, sizeof(*server));
    struct torc_failure *failure;

    if (!server)
        return torc_failure_no_memory();
    server->factory.ops = &ops;
    server->reactor = reactor;
    server->scope = scope;
    server->idle_ns = torc_options_duration(options, "idle");
    if (server->idle_ns == 0)
        server->idle_ns = TORC_NEVER;
    failure = torc_listen_all(reactor, options, "listen", &server->factory, NULL, &server->listeners);
    if (failure)
        torc_release(scope, server, sizeof(*server));
    else
        *out = server;
    return failure;
}

/* Closes in order: each connection once what was answered has been sent, or when it takes too long. */
static struct torc_deferred *stop(void *instance)
{
    struct server *server = instance;
    struct torc_deferred *stopped = NULL;

    torc_listeners_close(server->listeners);
    if (!server->connections) {
        torc_release(server->scope, server, sizeof(*server));
        return NULL;
    }
    /* Cannot fail: memory for it is set aside (torc/module.h). */
    if (torc_deferred_new(server->scope, NULL, NULL, &server->stopped, &stopped) != 0)
        stopped = NULL;
    for (struct connection *each = server->connections; each; each = each->next) {
        (void)torc_timer_reset(each->idle, STOP_WITHIN_NS);
        torc_transport_lose(each->receiver.protocol.transport);
    }
    server->stopping = true;
    return stopped;
}

static int64_t lines(void *instance)
{
    return ((const struct server *)instance)->line_count;
}

static const struct torc_option options[] = {
    {"listen", TORC_OPTION_ADDRESS, "tcp:7000", "where it listens"},
    {"idle", TORC_OPTION_DURATION, "60s", "closes a connection that sent no line for so long; 0: never"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};

static const struct torc_probe probes[] = {
    {"lines", "received so far", lines, NULL},
    {NULL, NULL, NULL, NULL},
};

TORC_API const struct torc_module torc_module = {
    .size = sizeof(torc_module),
    .name = "@name@",
    .version = "1",
    .doc = "answers ECHO and QUIT",
    .options = options,
    .probes = probes,
    .start = start,
    .stop = stop,
};
