/* Streams and lines with every acquisition of memory failing in turn: whatever fails, nothing leaks,
 * nothing is told twice or never, and ending things still works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/line_receiver.h>
#include <torc/memory_transport.h>
#include <torc/stream.h>
#include <torc/trial.h>

#include "tests/support/oom_sweep.h"
#include "tests/support/scripted_platform.h"

struct world;

struct end {
    struct torc_protocol protocol;
    struct torc_producer producer;
    struct world *world;
    bool open;
};

struct world {
    struct scripted_platform platform; /* first: its slots get the platform */
    struct torc_test_allocator *allocator;
    struct torc_reactor *reactor;
    struct torc_factory servers, clients;
    struct end ends[8];
    unsigned built, made, lost, started, stopped, attempts, failed, gone, again;
    bool twice;
};

static void *resize(struct torc_platform *self, void *ptr, size_t old_bytes, size_t new_bytes)
{
    struct torc_test_allocator *allocator = ((struct world *)(void *)self)->allocator;
    return allocator->base.resize(allocator->base.ctx, ptr, old_bytes, new_bytes);
}

static int admit(struct torc_platform *self, size_t bytes)
{
    struct torc_test_allocator *allocator = ((struct world *)(void *)self)->allocator;
    return allocator->base.admit ? allocator->base.admit(allocator->base.ctx, bytes) : 0;
}

static struct end *end_of(struct torc_protocol *protocol)
{
    return (struct end *)(void *)protocol;
}

static void producer_pause(struct torc_producer *self)
{
    (void)self;
}

static void producer_resume(struct torc_producer *self)
{
    struct end *end = (struct end *)(void *)((char *)self - offsetof(struct end, producer));
    torc_transport_unregister_producer(end->protocol.transport);
}

static void producer_stop(struct torc_producer *self)
{
    (void)self;
}

static const struct torc_producer_ops producer_ops = {producer_pause, producer_resume,
                                                      producer_stop};

static struct torc_failure *end_made(struct torc_protocol *self)
{
    static const uint8_t block[100000];
    struct end *end = end_of(self);
    end->world->made++;
    end->open = true;
    end->producer.ops = &producer_ops;
    int code = torc_transport_register_producer(self->transport, &end->producer,
                                                TORC_PRODUCER_PUSH);
    if (code == 0)
        code = torc_transport_write(self->transport, block, sizeof block);
    return code ? torc_failure_static(&torc_failure_out_of_memory) : NULL;
}

static struct torc_failure *end_data(struct torc_protocol *self, const uint8_t *data, size_t bytes)
{
    int code = torc_transport_write(self->transport, data, bytes);
    return code ? torc_failure_of_code(torc_reactor_scope(end_of(self)->world->reactor), code,
                                       "echoing")
                : NULL;
}

static void end_lost(struct torc_protocol *self, struct torc_failure *reason)
{
    struct end *end = end_of(self);
    (void)reason;
    end->world->twice |= !end->open;
    end->open = false;
    end->world->lost++;
}

static const struct torc_protocol_ops end_ops = {
    .size = sizeof end_ops,
    .connection_made = end_made,
    .data_received = end_data,
    .connection_lost = end_lost,
};

static struct torc_failure *build(struct world *world, struct torc_protocol **out)
{
    struct end *end = &world->ends[world->built++ % 8];
    end->protocol.ops = &end_ops;
    end->world = world;
    *out = &end->protocol;
    return NULL;
}

static struct world *server_world(struct torc_factory *self)
{
    return (struct world *)(void *)((char *)self - offsetof(struct world, servers));
}

static struct world *client_world(struct torc_factory *self)
{
    return (struct world *)(void *)((char *)self - offsetof(struct world, clients));
}

static struct torc_failure *build_server(struct torc_factory *self,
                                         const struct torc_address *peer,
                                         struct torc_protocol **out)
{
    (void)peer;
    return build(server_world(self), out);
}

static struct torc_failure *build_client(struct torc_factory *self,
                                         const struct torc_address *peer,
                                         struct torc_protocol **out)
{
    (void)peer;
    return build(client_world(self), out);
}

static void client_started(struct torc_factory *self)
{
    client_world(self)->started++;
}

static void client_stopped(struct torc_factory *self)
{
    client_world(self)->stopped++;
}

static void client_connecting(struct torc_factory *self, struct torc_connector connector)
{
    (void)connector;
    client_world(self)->attempts++;
}

static void client_failed(struct torc_factory *self, struct torc_connector connector,
                          struct torc_failure *reason)
{
    struct world *world = client_world(self);
    (void)reason;
    world->failed++;
    if (world->again > 0) {
        world->again--;
        (void)!torc_connector_connect(connector);
    }
}

static void client_gone(struct torc_factory *self, struct torc_connector connector,
                        struct torc_failure *reason)
{
    (void)connector;
    (void)reason;
    client_world(self)->gone++;
}

static const struct torc_factory_ops server_ops = {.size = sizeof server_ops,
                                                   .build_protocol = build_server};
static const struct torc_factory_ops client_ops = {sizeof client_ops, build_client,
                                                   client_started,    client_stopped,
                                                   client_connecting, client_failed,
                                                   client_gone};

static void turns(struct torc_reactor *reactor, int count)
{
    while (count-- > 0)
        (void)torc_reactor_iterate(reactor, 0);
}

static void feed_open_streams(struct scripted_platform *platform)
{
    for (uint64_t i = 1; i <= platform->handle_count; i++) {
        struct scripted_handle *handle = scripted_handle(platform, i);
        if (handle->open && handle->kind == SCRIPTED_STREAM)
            scripted_feed(platform, i, "some words", 10);
    }
}

static void finish_connecting(struct scripted_platform *platform, int result)
{
    for (uint64_t i = 1; i <= platform->handle_count; i++) {
        struct scripted_handle *handle = scripted_handle(platform, i);
        if (handle->open && handle->kind == SCRIPTED_CONNECTING)
            scripted_connected(platform, i, result);
    }
}

static void live_through(struct world *world, struct torc_reactor *reactor)
{
    struct torc_address address = torc_address_ipv4(127, 0, 0, 1, 7000);
    struct torc_connect_options options = TORC_CONNECT_OPTIONS_INIT;
    struct torc_listener listener;
    struct torc_connector connector = {0};
    if (torc_listen(reactor, &address, &world->servers, NULL, &listener) == 0) {
        scripted_arrive(&world->platform, 1, 0);
        scripted_arrive(&world->platform, 1, 0);
    }
    options.local = torc_address_ipv4(127, 0, 0, 1, 9);
    (void)!torc_connect(reactor, &address, &world->clients, &options, &connector);
    turns(reactor, 2);
    finish_connecting(&world->platform, TORC_ECONNREFUSED);
    turns(reactor, 2);
    finish_connecting(&world->platform, 0);
    turns(reactor, 2);
    feed_open_streams(&world->platform);
    turns(reactor, 2);
    torc_connector_disconnect(connector);
    turns(reactor, 2);
}

static const char *streams(struct torc_test_allocator *allocator, void *arg)
{
    static struct world world;
    (void)arg;
    memset(&world, 0, sizeof world);
    scripted_init(&world.platform);
    world.allocator = allocator;
    world.platform.ops.resize = resize;
    world.platform.ops.admit = admit;
    world.platform.steady = true;
    world.servers.ops = &server_ops;
    world.clients.ops = &client_ops;
    world.again = 1;
    if (torc_reactor_new(&world.platform.base, NULL, &world.reactor) == 0) {
        live_through(&world, world.reactor);
        torc_reactor_free(world.reactor);
    }
    scripted_end(&world.platform);
    for (uint64_t i = 1; i <= world.platform.handle_count; i++) {
        if (scripted_handle(&world.platform, i)->open)
            return "a handle is still open";
    }
    if (world.twice || world.made != world.lost)
        return "connection_lost was not told once";
    if (world.started != world.stopped)
        return "a factory was not stopped";
    if (world.attempts != world.failed + world.gone)
        return "an attempt has no end";
    return NULL;
}

TORC_TEST(streams_survive_every_failing_acquisition)
{
    uint64_t runs = 0;
    assert_null(torc_oom_sweep(streams, NULL, &runs));
    assert_true(runs > 20);
    return NULL;
}

/* --- lines ------------------------------------------------------------------------------------- */

struct lines {
    struct torc_line_receiver receiver;
    unsigned lost;
};

static struct torc_failure *line_received(struct torc_line_receiver *self, const uint8_t *line,
                                          size_t bytes)
{
    if (bytes == 4 && memcmp(line, "wait", 4) == 0)
        torc_line_receiver_pause(self);
    if (bytes == 3 && memcmp(line, "raw", 3) == 0)
        torc_line_receiver_set_raw(self);
    return torc_line_receiver_send(self, line, bytes) ? torc_failure_no_memory() : NULL;
}

static struct torc_failure *raw_data_received(struct torc_line_receiver *self, const uint8_t *data,
                                              size_t bytes)
{
    (void)data;
    (void)bytes;
    return torc_line_receiver_set_line(self, "put\nback", 8) ? torc_failure_no_memory() : NULL;
}

static void lines_lost(struct torc_line_receiver *self, struct torc_failure *reason)
{
    (void)reason;
    ((struct lines *)(void *)self)->lost++;
    torc_line_receiver_clear(self);
}

static const struct torc_line_receiver_ops lines_ops = {
    .size = sizeof lines_ops,
    .line_received = line_received,
    .raw_data_received = raw_data_received,
    .connection_lost = lines_lost,
};

static const char *lines(struct torc_test_allocator *allocator, void *arg)
{
    static const char text[] = "one\ntwo\nwait\nthree\nfo";
    struct torc_memory_transport *memory;
    struct torc_scope *scope;
    struct lines subject;
    (void)arg;
    memset(&subject, 0, sizeof subject);
    if (torc_scope_new(&allocator->base, NULL, &scope) != 0)
        return NULL;
    if (torc_memory_transport_new(scope, &memory) != 0) {
        torc_scope_free(scope);
        return NULL;
    }
    bool connected = torc_line_receiver_init(&subject.receiver, &lines_ops, scope, "\n", 9) == 0 &&
                     torc_memory_transport_connect(memory, &subject.receiver.protocol) == 0;
    (void)!torc_memory_transport_deliver(memory, text, sizeof text - 1, 5);
    torc_line_receiver_resume(&subject.receiver);
    torc_memory_transport_settle(memory);
    (void)!torc_memory_transport_deliver(memory, "ur\nraw\nbytes", 12, 0);
    (void)!torc_memory_transport_deliver(memory, "much too long a line\n", 21, 0);
    torc_memory_transport_free(memory);
    torc_scope_free(scope);
    return connected && subject.lost == 1 ? NULL : "connection_lost was not told once";
}

TORC_TEST(lines_survive_every_failing_acquisition)
{
    uint64_t runs = 0;
    assert_null(torc_oom_sweep(lines, NULL, &runs));
    assert_true(runs > 5);
    return NULL;
}

TORC_TRIAL_MAIN
