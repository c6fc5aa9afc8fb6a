/* Datagram ports with every acquisition of memory failing in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/datagram.h>
#include <torc/trial.h>

#include "tests/support/oom_sweep.h"
#include "tests/support/scripted_platform.h"

struct talker {
    struct torc_datagram_protocol protocol;
    unsigned started, received, refused, stopped;
};

static struct torc_failure *started(struct torc_datagram_protocol *self)
{
    ((struct talker *)(void *)self)->started++;
    return NULL;
}

static struct torc_failure *received(struct torc_datagram_protocol *self, const uint8_t *data,
                                     size_t bytes, const struct torc_address *from)
{
    ((struct talker *)(void *)self)->received++;
    (void)torc_datagram_send(self->port, data, bytes, from);
    return NULL;
}

static struct torc_failure *refused(struct torc_datagram_protocol *self)
{
    ((struct talker *)(void *)self)->refused++;
    return NULL;
}

static void stopped(struct torc_datagram_protocol *self, struct torc_failure *reason)
{
    (void)reason;
    ((struct talker *)(void *)self)->stopped++;
}

static const struct torc_datagram_protocol_ops ops = {
    .size = sizeof ops, .started = started, .received = received, .refused = refused, .stopped = stopped};

/* A datagram, a refusal, and an error that ends the port; or, `close`, its owner does. */
static const char *live_through(struct scripted_platform *platform, struct torc_reactor *reactor,
                                bool close)
{
    static struct torc_address address;
    struct talker talker = {.protocol = {.ops = &ops}};
    address = torc_address_ipv4(127, 0, 0, 1, 9);
    if (torc_datagram_open(reactor, &address, &talker.protocol, NULL, NULL) != 0)
        return talker.started + talker.stopped == 0 ? NULL : "what was not opened was told";
    uint64_t handle = platform->handle_count;
    scripted_datagram(platform, handle, "x", 1, &address);
    scripted_feed_error(platform, handle, TORC_ECONNREFUSED);
    (void)torc_reactor_iterate(reactor, 0);
    if (close)
        torc_datagram_close(talker.protocol.port);
    else
        scripted_feed_error(platform, handle, TORC_EIO);
    (void)torc_reactor_iterate(reactor, 0);
    if (talker.started != 1 || talker.received != 1 || talker.refused != 1 || talker.stopped != 1)
        return "something was not told once";
    return scripted_handle(platform, handle)->open ? "the port's handle is open" : NULL;
}

static const char *ports(struct torc_test_allocator *allocator, void *arg)
{
    static struct scripted_platform platform;
    struct torc_reactor *reactor;
    const char *wrong = NULL;
    (void)arg;
    scripted_init(&platform);
    platform.memory = &allocator->base;
    platform.steady = true;
    if (torc_reactor_new(&platform.base, NULL, &reactor) == 0) {
        for (int i = 0; i < 4 && wrong == NULL; i++)
            wrong = live_through(&platform, reactor, i % 2 == 0);
        torc_reactor_free(reactor);
    }
    scripted_end(&platform);
    return wrong;
}

TORC_TEST(ports_survive_every_failing_acquisition)
{
    uint64_t runs = 0;
    assert_null(torc_oom_sweep(ports, NULL, &runs));
    assert_true(runs > 8);
    return NULL;
}

TORC_TRIAL_MAIN
