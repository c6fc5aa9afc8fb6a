/* careless - a module that serves, asks and computes, and is right as long as nothing fails.
 *   bug=accept   at 100 ms somebody must have connected
 *   bug=read     a connection is only tidied up after if it ends in order or is aborted here
 *   bug=write    a connection that breaks in a write is not tidied up after
 *   bug=send     what a datagram was made of is forgotten when it cannot be sent
 *   bug=connect  a stop waits for an upstream that is not connected
 *   bug=socket   what was taken for listening stays when that fails
 *   bug=resolve  nobody asks how the lookup went
 *   bug=timer    a call that comes late is taken for one that came twice
 *   bug=job      the argument of a job that is not taken is forgotten
 *   bug=cancel   what was taken for a question is given back when it is answered, and not when it is given up
 *   bug=none     none of these */
#include <string.h>

#include <torc/datagram.h>
#include <torc/module.h>
#include <torc/resolver.h>
#include <torc/stream.h>

enum { BYTES = 100 };

struct careless {
    struct torc_factory server;
    struct torc_factory client;
    struct torc_protocol upstream;
    struct torc_scope *scope;
    struct torc_reactor *reactor;
    const char *bug;
    struct torc_listener listener;
    struct torc_connector connector;
    struct torc_datagram_protocol notifier;
    struct torc_timer timer;
    uint64_t due_ns;
    struct torc_source stopped;
    bool stopping;
    bool served;
    bool connecting;
    bool connected;
    char *block;
    char *question;
    struct torc_source asked;
    char *nothing; /* NULL */
};

struct connection {
    struct torc_protocol protocol;
    struct torc_scope *scope; /* it may outlive the careless one */
    bool forgets_resets;
    bool forgets_losses;
};

static bool has(const struct careless *careless, const char *bug)
{
    return strcmp(careless->bug, bug) == 0;
}

static void crash(const struct careless *careless)
{
    *(volatile char *)careless->nothing = 1;
}

/* --- serving -------------------------------------------------------------------------------------- */

static struct torc_failure *answer(struct torc_protocol *self, const uint8_t *data, size_t bytes)
{
    struct torc_scope *scope = ((struct connection *)(void *)self)->scope;
    int code = torc_transport_write(self->transport, data, bytes);

    return code != 0 ? torc_failure_of_code(scope, code, "answering") : NULL;
}

static void served(struct torc_protocol *self, struct torc_failure *reason)
{
    struct connection *connection = (struct connection *)(void *)self;
    const struct torc_failure_type *type = torc_failure_type(reason);

    if (connection->forgets_resets &&
        (type == &torc_failure_connection_reset || type == &torc_failure_connection_timeout))
        return;
    if (connection->forgets_losses && type == &torc_failure_connection_lost)
        return;
    torc_release(connection->scope, connection, sizeof *connection);
}

static struct torc_failure *serve(struct torc_factory *self, const struct torc_address *peer,
                                  struct torc_protocol **out)
{
    static const struct torc_protocol_ops ops = {
        .size = sizeof ops, .data_received = answer, .connection_lost = served};
    struct careless *careless = (struct careless *)(void *)self;
    struct connection *connection = torc_alloc_zero(careless->scope, sizeof *connection);

    (void)peer;
    careless->served = true;
    if (connection == NULL)
        return torc_failure_no_memory();
    connection->protocol.ops = &ops;
    connection->scope = careless->scope;
    connection->forgets_resets = has(careless, "read");
    connection->forgets_losses = has(careless, "write");
    *out = &connection->protocol;
    return NULL;
}

/* --- asking --------------------------------------------------------------------------------------- */

static void finish(struct careless *careless)
{
    struct torc_source stopped = careless->stopped;

    torc_release(careless->scope, careless->block, BYTES);
    torc_release(careless->scope, careless, sizeof *careless);
    (void)torc_source_fire(stopped, torc_value(NULL));
}

static void upstream_lost(struct torc_factory *self, struct torc_connector connector,
                          struct torc_failure *reason)
{
    struct careless *careless = (struct careless *)(void *)((char *)self - offsetof(struct careless, client));

    (void)connector;
    (void)reason;
    careless->connecting = false;
}

/* No connector uses it any more. */
static void upstream_over(struct torc_factory *self)
{
    struct careless *careless = (struct careless *)(void *)((char *)self - offsetof(struct careless, client));

    if (careless->stopping)
        finish(careless);
}

static struct torc_failure *ignore(struct torc_protocol *self, const uint8_t *data, size_t bytes)
{
    (void)self;
    (void)data;
    (void)bytes;
    return NULL;
}

static void ended(struct torc_protocol *self, struct torc_failure *reason)
{
    (void)self;
    (void)reason;
}

static struct torc_failure *reach(struct torc_factory *self, const struct torc_address *peer,
                                  struct torc_protocol **out)
{
    struct careless *careless = (struct careless *)(void *)((char *)self - offsetof(struct careless, client));

    (void)peer;
    careless->connected = true;
    *out = &careless->upstream;
    return NULL;
}

static void forget_question(struct careless *careless)
{
    torc_release(careless->scope, careless->question, careless->question != NULL ? BYTES : 0);
    careless->question = NULL;
}

static struct torc_result found(struct torc_result result, void *arg)
{
    (void)arg;
    torc_result_drop(result);
    return torc_value(NULL);
}

static struct torc_result answered(struct torc_result result, void *arg)
{
    bool given_up = result.kind == TORC_RESULT_FAILURE &&
                    torc_failure_type(result.as.failure) == &torc_failure_cancelled;

    if (!given_up)
        forget_question(arg);
    torc_result_drop(result);
    return torc_value(NULL);
}

/* Answered by the timed call, or when it stops. */
static void ask(struct careless *careless)
{
    struct torc_deferred *deferred = NULL;

    careless->question = torc_alloc(careless->scope, BYTES);
    if (torc_deferred_new(careless->scope, NULL, NULL, &careless->asked, &deferred) != 0 ||
        torc_deferred_add_both(deferred, answered, careless, NULL) != 0)
        forget_question(careless);
    torc_deferred_drop(deferred);
}

static int look_up(struct careless *careless)
{
    struct torc_deferred *deferred;
    int code = torc_resolve(careless->reactor, "up", 80, NULL, &deferred);

    if (code != 0)
        return code;
    if (!has(careless, "resolve") && torc_deferred_add_both(deferred, found, careless, NULL) != 0) {
        struct torc_result result;

        torc_deferred_cancel(deferred);
        if (torc_deferred_take(deferred, &result) == 0)
            torc_result_drop(result);
    }
    torc_deferred_drop(deferred);
    return 0;
}

/* --- notifying ------------------------------------------------------------------------------------ */

static struct torc_failure *hear(struct torc_datagram_protocol *self, const uint8_t *data, size_t bytes,
                                 const struct torc_address *from)
{
    (void)self;
    (void)data;
    (void)bytes;
    (void)from;
    return NULL;
}

static void notified(struct torc_datagram_protocol *self, struct torc_failure *reason)
{
    (void)self;
    (void)reason;
}

/* Whoever listens is told; it is no harm if nobody is. */
static void notify(struct careless *careless)
{
    static const struct torc_datagram_protocol_ops ops = {.size = sizeof ops, .received = hear, .stopped = notified};
    struct torc_address here = torc_address_ipv4(0, 0, 0, 0, 0);
    struct torc_address there = torc_address_ipv4(10, 0, 0, 2, 514);
    struct torc_datagram_port port;
    char *note;

    careless->notifier.ops = &ops;
    if (torc_datagram_open(careless->reactor, &here, &careless->notifier, NULL, &port) != 0)
        return;
    note = torc_alloc_zero(careless->scope, BYTES);
    if (note != NULL && (torc_datagram_send(port, note, BYTES, &there) == 0 || !has(careless, "send")))
        torc_release(careless->scope, note, BYTES);
    torc_datagram_close(port);
}

/* --- computing ------------------------------------------------------------------------------------ */

static int compute(void *arg)
{
    ((char *)arg)[0] = 1;
    return 0;
}

static void computed(void *arg, int result)
{
    (void)arg;
    (void)result;
}

/* --- life ----------------------------------------------------------------------------------------- */

static struct torc_failure *tick(void *arg)
{
    struct careless *careless = arg;

    if (has(careless, "accept") && !careless->served)
        crash(careless);
    if (has(careless, "timer") &&
        torc_clock_now(torc_reactor_clock(careless->reactor)) > careless->due_ns + 40 * TORC_MILLISECOND)
        crash(careless);
    (void)torc_source_fire(careless->asked, torc_value(NULL));
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    struct careless *careless = instance;
    struct torc_deferred *deferred = NULL;

    torc_listener_close(careless->listener);
    (void)torc_timer_cancel(careless->timer);
    torc_source_drop(careless->asked);
    careless->stopping = true;
    if (torc_deferred_new(careless->scope, NULL, NULL, &careless->stopped, &deferred) != 0)
        deferred = NULL;
    if (careless->connecting)
        torc_connector_disconnect(careless->connector);
    else if (careless->connected || !has(careless, "connect"))
        finish(careless);
    return deferred;
}

/* Errors are those of the call that fails; what was begun before it ends with the reactor. */
static int begin(struct careless *careless)
{
    static const struct torc_factory_ops server_ops = {.size = sizeof server_ops, .build_protocol = serve};
    static const struct torc_factory_ops client_ops = {.size = sizeof client_ops,
                                                       .build_protocol = reach,
                                                       .connection_failed = upstream_lost,
                                                       .connection_lost = upstream_lost,
                                                       .stopped = upstream_over};
    static const struct torc_protocol_ops upstream_ops = {
        .size = sizeof upstream_ops, .data_received = ignore, .connection_lost = ended};
    struct torc_address here = torc_address_ipv4(0, 0, 0, 0, 7000);
    struct torc_address there = torc_address_ipv4(10, 0, 0, 3, 80);
    struct torc_clock *clock = torc_reactor_clock(careless->reactor);
    int code;

    careless->server.ops = &server_ops;
    careless->client.ops = &client_ops;
    careless->upstream.ops = &upstream_ops;
    code = torc_listen(careless->reactor, &here, &careless->server, NULL, &careless->listener);
    if (code != 0)
        return code;
    careless->due_ns = torc_clock_now(clock) + 100 * TORC_MILLISECOND;
    code = torc_call_later(clock, 100 * TORC_MILLISECOND, tick, careless, NULL, &careless->timer);
    if (code != 0)
        torc_listener_close(careless->listener);
    if (code != 0)
        return code;
    careless->connecting = torc_connect(careless->reactor, &there, &careless->client, NULL,
                                        &careless->connector) == 0;
    (void)look_up(careless);
    notify(careless);
    if (has(careless, "cancel"))
        ask(careless);
    if (torc_submit_job(careless->reactor, compute, computed, careless->block) != 0 && has(careless, "job"))
        careless->block = NULL;
    return 0;
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options,
                                  void **out_instance)
{
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct careless *careless = torc_alloc_zero(scope, sizeof *careless);
    int code = TORC_ENOMEM;

    if (careless == NULL)
        return torc_failure_no_memory();
    careless->scope = scope;
    careless->reactor = reactor;
    careless->bug = torc_options_text(options, "bug");
    careless->block = torc_alloc(scope, BYTES);
    if (careless->block != NULL)
        code = begin(careless);
    if (code == 0) {
        *out_instance = careless;
        return NULL;
    }
    if (!has(careless, "socket"))
        torc_release(scope, careless->block, careless->block != NULL ? BYTES : 0);
    torc_release(scope, careless, sizeof *careless);
    return torc_failure_of_code(scope, code, "beginning");
}

static const struct torc_option options[] = {
    {"bug", TORC_OPTION_TEXT, "none", "none, accept, read, write, send, connect, socket, resolve, timer, job, cancel"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};

TORC_API const struct torc_module torc_module = {
    .size = sizeof(struct torc_module),
    .name = "careless",
    .version = "1",
    .doc = "is right as long as nothing fails",
    .options = options,
    .start = start,
    .stop = stop,
};
