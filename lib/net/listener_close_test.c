/* Closing a listener lets go of its factory: at once, or after its build_protocol. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/stream.h>
#include <torc/trial.h>

#include "tests/support/scripted_platform.h"

struct desk;

struct guest {
    struct torc_protocol protocol;
    struct desk *desk;
};

/* A factory that may free itself in `stopped`; what happens is kept outside of it. */
struct counter {
    unsigned built, made, lost, started, stopped;
    bool stopped_inside_build;
};

struct desk {
    struct torc_factory factory;
    struct counter *counter;
    struct torc_reactor *reactor;
    struct torc_listener listener;
    struct guest guest;
    bool close_when_built, refuse, fail, listen_when_stopped, free_when_stopped, building;
};

static struct desk *desk_of(struct torc_factory *factory)
{
    return (struct desk *)(void *)factory;
}

static struct torc_failure *guest_made(struct torc_protocol *self)
{
    ((struct guest *)(void *)self)->desk->counter->made++;
    return NULL;
}

static struct torc_failure *guest_data(struct torc_protocol *self, const uint8_t *data,
                                       size_t bytes)
{
    return torc_transport_write(self->transport, data, bytes) ? torc_failure_no_memory() : NULL;
}

static void guest_lost(struct torc_protocol *self, struct torc_failure *reason)
{
    (void)reason;
    ((struct guest *)(void *)self)->desk->counter->lost++;
}

static struct torc_failure *build(struct torc_factory *self, const struct torc_address *peer,
                                  struct torc_protocol **out)
{
    static const struct torc_protocol_ops ops = {.size = sizeof ops,
                                                 .connection_made = guest_made,
                                                 .data_received = guest_data,
                                                 .connection_lost = guest_lost};
    struct desk *desk = desk_of(self);
    (void)peer;
    desk->building = true;
    desk->counter->built++;
    if (desk->close_when_built) {
        torc_listener_close(desk->listener);
        torc_listener_close(desk->listener);
    }
    desk->building = false;
    if (desk->fail)
        return torc_failure_static(&torc_failure_invalid_argument);
    if (desk->refuse)
        return NULL;
    desk->guest.protocol.ops = &ops;
    desk->guest.desk = desk;
    *out = &desk->guest.protocol;
    return NULL;
}

static void started(struct torc_factory *self)
{
    desk_of(self)->counter->started++;
}

static int listen_at(struct desk *desk, uint16_t port)
{
    struct torc_address address = torc_address_ipv4(127, 0, 0, 1, port);
    return torc_listen(desk->reactor, &address, &desk->factory, NULL, &desk->listener);
}

static void stopped(struct torc_factory *self)
{
    struct desk *desk = desk_of(self);
    desk->counter->stopped++;
    desk->counter->stopped_inside_build |= desk->building;
    if (desk->listen_when_stopped) {
        desk->listen_when_stopped = false;
        if (listen_at(desk, 7001) != 0)
            desk->counter->started = 1000;
    } else if (desk->free_when_stopped) {
        torc_release(torc_reactor_scope(desk->reactor), desk, sizeof *desk);
    }
}

struct stage {
    struct scripted_platform platform;
    struct torc_reactor *reactor;
    struct counter counter;
    struct desk *desk;
};

static void begin(struct stage *stage)
{
    static const struct torc_factory_ops ops = {.size = sizeof ops,
                                                .build_protocol = build,
                                                .started = started,
                                                .stopped = stopped};
    memset(stage, 0, sizeof *stage);
    scripted_init(&stage->platform);
    stage->platform.steady = true;
    assert_int_equal(torc_reactor_new(&stage->platform.base, NULL, &stage->reactor), 0);
    stage->desk = torc_alloc_zero(torc_reactor_scope(stage->reactor), sizeof *stage->desk);
    assert_non_null(stage->desk);
    stage->desk->factory.ops = &ops;
    stage->desk->counter = &stage->counter;
    stage->desk->reactor = stage->reactor;
    assert_int_equal(listen_at(stage->desk, 7000), 0);
    assert_int_equal(stage->counter.started, 1);
}

static void turn(struct stage *stage)
{
    assert_int_equal(torc_reactor_iterate(stage->reactor, 0), 0);
}

static void finish(struct stage *stage)
{
    torc_reactor_free(stage->reactor);
    assert_int_equal(stage->counter.made, stage->counter.lost);
    assert_int_equal(stage->counter.started, stage->counter.stopped);
    assert_int_equal(scripted_end(&stage->platform), 0);
}

static void release_desk(struct stage *stage)
{
    torc_release(torc_reactor_scope(stage->reactor), stage->desk, sizeof *stage->desk);
}

TORC_TEST(closing_tells_stopped_before_it_returns)
{
    static struct stage s;
    begin(&s);
    torc_listener_close(s.desk->listener);
    assert_int_equal(s.counter.stopped, 1);
    release_desk(&s);
    turn(&s);
    finish(&s);
    return NULL;
}

TORC_TEST(a_factory_may_be_freed_by_its_stopped)
{
    static struct stage s;
    begin(&s);
    s.desk->free_when_stopped = true;
    torc_listener_close(s.desk->listener);
    turn(&s);
    finish(&s);
    return NULL;
}

TORC_TEST(a_start_that_fails_at_its_second_address_can_free_its_factory)
{
    static struct stage s;
    begin(&s);
    struct torc_listener first = s.desk->listener;
    s.platform.listen_code = TORC_EADDRINUSE;
    assert_int_equal(listen_at(s.desk, 7001), TORC_EADDRINUSE);
    torc_listener_close(first);
    release_desk(&s);
    turn(&s);
    finish(&s);
    return NULL;
}

TORC_TEST(closed_inside_build_protocol_it_lets_go_after_that)
{
    static struct stage s;
    begin(&s);
    s.desk->close_when_built = true;
    scripted_arrive(&s.platform, 1, 0);
    scripted_arrive(&s.platform, 1, 0);
    turn(&s);
    assert_int_equal(s.counter.stopped, 1);
    assert_false(s.counter.stopped_inside_build);
    assert_int_equal(s.counter.built, 1); /* the second is not accepted */
    assert_int_equal(s.counter.made, 1);  /* the first stays */
    scripted_feed(&s.platform, 2, "hi", 2);
    turn(&s);
    assert_int_equal(scripted_handle(&s.platform, 2)->written_bytes, 2);
    torc_transport_lose(s.desk->guest.protocol.transport);
    turn(&s);
    assert_int_equal(s.counter.lost, 1);
    release_desk(&s);
    finish(&s);
    return NULL;
}

static void closed_and_freed_inside_a_build_that_gives_none(bool fail)
{
    static struct stage s;
    begin(&s);
    s.desk->close_when_built = s.desk->free_when_stopped = true;
    s.desk->fail = fail;
    s.desk->refuse = !fail;
    scripted_arrive(&s.platform, 1, 0);
    scripted_arrive(&s.platform, 1, 0);
    turn(&s);
    assert_int_equal(s.counter.stopped, 1);
    assert_int_equal(s.counter.built, 1);
    assert_false(scripted_handle(&s.platform, 2)->open);
    finish(&s);
}

TORC_TEST(closed_and_freed_inside_a_build_that_refuses)
{
    closed_and_freed_inside_a_build_that_gives_none(false);
    return NULL;
}

TORC_TEST(closed_and_freed_inside_a_build_that_fails)
{
    closed_and_freed_inside_a_build_that_gives_none(true);
    return NULL;
}

/* The new listener gets the slot of the old one, whose accept loop must not take it for its own. */
TORC_TEST(listening_anew_inside_stopped_starts_the_factory_again)
{
    static struct stage s;
    begin(&s);
    s.desk->close_when_built = s.desk->listen_when_stopped = s.desk->refuse = true;
    scripted_arrive(&s.platform, 1, 0);
    turn(&s);
    assert_int_equal(s.counter.stopped, 1);
    assert_int_equal(s.counter.started, 2);
    s.desk->close_when_built = false;
    scripted_arrive(&s.platform, 3, 0);
    turn(&s);
    assert_int_equal(s.counter.built, 2);
    torc_listener_close(s.desk->listener);
    assert_int_equal(s.counter.stopped, 2);
    release_desk(&s);
    finish(&s);
    return NULL;
}

TORC_TRIAL_MAIN
