/* Looking names up and connecting to them with every acquisition of memory failing in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/resolver.h>
#include <torc/trial.h>

#include "tests/support/oom_sweep.h"
#include "tests/support/scripted_platform.h"

struct client {
    struct torc_factory factory;
    struct torc_protocol protocol;
    unsigned started, stopped, made, lost, fired;
};

static struct client *client_of(struct torc_protocol *protocol)
{
    return (struct client *)(void *)((char *)protocol - offsetof(struct client, protocol));
}

static struct torc_failure *made(struct torc_protocol *self)
{
    client_of(self)->made++;
    return NULL;
}

static struct torc_failure *data(struct torc_protocol *self, const uint8_t *bytes, size_t count)
{
    (void)self;
    (void)bytes;
    (void)count;
    return NULL;
}

static void lost(struct torc_protocol *self, struct torc_failure *reason)
{
    (void)reason;
    client_of(self)->lost++;
}

static const struct torc_protocol_ops protocol_ops = {
    .size = sizeof protocol_ops, .connection_made = made, .data_received = data, .connection_lost = lost};

static struct torc_failure *build(struct torc_factory *self, const struct torc_address *peer,
                                  struct torc_protocol **out)
{
    struct client *client = (struct client *)(void *)self;
    (void)peer;
    client->protocol.ops = &protocol_ops;
    *out = &client->protocol;
    return NULL;
}

static void started(struct torc_factory *self)
{
    ((struct client *)(void *)self)->started++;
}

static void stopped(struct torc_factory *self)
{
    ((struct client *)(void *)self)->stopped++;
}

static const struct torc_factory_ops factory_ops = {
    .size = sizeof factory_ops, .build_protocol = build, .started = started, .stopped = stopped};

static struct torc_result fired(struct torc_result result, void *arg)
{
    ++*(unsigned *)arg;
    torc_result_drop(result);
    return torc_value(NULL);
}

static void turns(struct torc_reactor *reactor, int count)
{
    while (count-- > 0)
        (void)torc_reactor_iterate(reactor, 0);
}

/* The first address refuses, the second accepts; or, `cancel`, the race is given up in between. */
static const char *race(struct scripted_platform *platform, struct torc_reactor *reactor, bool cancel)
{
    static const struct torc_address list[2] = {{.family = TORC_ADDRESS_IPV4, .ip = {10, 0, 0, 1}},
                                                {.family = TORC_ADDRESS_IPV6, .ip = {[15] = 1}}};
    static struct client client;
    struct torc_deferred *deferred;
    bool watched;
    memset(&client, 0, sizeof client);
    client.factory.ops = &factory_ops;
    if (torc_connect_name(reactor, "db.example", 80, &client.factory, NULL, &deferred) != 0)
        return client.started == 0 ? NULL : "a factory of nothing was started";
    watched = torc_deferred_add_both(deferred, fired, &client.fired, NULL) == 0;
    scripted_answer(platform, platform->lookup_count, 0, list, 2);
    turns(reactor, 2);
    if (platform->handle_count > 0 && scripted_handle(platform, platform->handle_count)->open)
        scripted_connected(platform, platform->handle_count, TORC_ECONNREFUSED);
    turns(reactor, 2);
    if (cancel)
        torc_deferred_cancel(deferred);
    else if (platform->handle_count > 0 && scripted_handle(platform, platform->handle_count)->open)
        scripted_connected(platform, platform->handle_count, 0);
    turns(reactor, 2);
    torc_deferred_drop(deferred);
    if (client.made > client.lost)
        torc_transport_lose(client.protocol.transport);
    turns(reactor, 3);
    if (client.started != 1 || client.stopped != 1 || client.made != client.lost)
        return "something has no end";
    return client.fired == watched ? NULL : "the deferred did not fire once";
}

static const char *lookup(struct scripted_platform *platform, struct torc_reactor *reactor,
                          const char *name)
{
    static const struct torc_address one = {.family = TORC_ADDRESS_IPV4, .ip = {10, 0, 0, 1}};
    struct torc_deferred *deferred;
    size_t before = platform->lookup_count;
    unsigned fires = 0;
    bool watched;
    if (torc_resolve(reactor, name, 80, NULL, &deferred) != 0)
        return NULL;
    watched = torc_deferred_add_both(deferred, fired, &fires, NULL) == 0;
    if (platform->lookup_count > before)
        scripted_answer(platform, platform->lookup_count, 0, &one, 1);
    turns(reactor, 2);
    torc_deferred_drop(deferred);
    return fires == watched ? NULL : "the deferred did not fire once";
}

static const char *names(struct torc_test_allocator *allocator, void *arg)
{
    static struct scripted_platform platform;
    struct torc_reactor *reactor;
    const char *wrong = NULL;
    (void)arg;
    scripted_init(&platform);
    platform.memory = &allocator->base;
    platform.steady = true;
    if (torc_reactor_new(&platform.base, NULL, &reactor) == 0) {
        wrong = lookup(&platform, reactor, "db.example");
        if (wrong == NULL)
            wrong = lookup(&platform, reactor, "192.0.2.1");
        if (wrong == NULL)
            wrong = race(&platform, reactor, false);
        if (wrong == NULL)
            wrong = race(&platform, reactor, true);
        torc_reactor_free(reactor);
    }
    for (size_t i = 0; i < platform.lookup_count && wrong == NULL; i++)
        if (platform.lookups[i].open)
            wrong = "a lookup was not let go of";
    for (uint64_t i = 1; i <= platform.handle_count && wrong == NULL; i++)
        if (scripted_handle(&platform, i)->open)
            wrong = "a handle is still open";
    scripted_end(&platform);
    return wrong;
}

TORC_TEST(names_survive_every_failing_acquisition)
{
    uint64_t runs = 0;
    assert_null(torc_oom_sweep(names, NULL, &runs));
    assert_true(runs > 20);
    return NULL;
}

TORC_TRIAL_MAIN
