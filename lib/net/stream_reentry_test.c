/* Calls made in the middle of others: what was found by the random test, one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/memory_transport.h>
#include <torc/stream.h>
#include <torc/trial.h>

#include "tests/support/scripted_platform.h"

struct scene {
    struct torc_factory factory;
    struct torc_protocol protocol;
    struct torc_producer producer;
    struct scripted_platform platform;
    struct torc_reactor *reactor;
    struct torc_connector connector;
    unsigned pauses, resumes, stops, lost, connecting, failed;
    int stop_code, connect_code, turn_code;
    bool act_in_started, turn_in_failed, free_in_failed, write_in_pause, fatal;
};

static struct scene *scene_of(struct torc_factory *factory)
{
    return (struct scene *)(void *)factory;
}

static struct scene *played_by(struct torc_protocol *protocol)
{
    return (struct scene *)(void *)((char *)protocol - offsetof(struct scene, protocol));
}

static struct scene *fed_by(struct torc_producer *producer)
{
    return (struct scene *)(void *)((char *)producer - offsetof(struct scene, producer));
}

static void pause(struct torc_producer *self)
{
    struct scene *scene = fed_by(self);
    scene->pauses++;
    if (scene->write_in_pause && torc_transport_write(scene->protocol.transport, "!", 1) != 0)
        scene->pauses = 1000;
}

static void resume(struct torc_producer *self)
{
    fed_by(self)->resumes++;
}

static void stop(struct torc_producer *self)
{
    fed_by(self)->stops++;
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
    played_by(self)->lost++;
}

static struct torc_failure *build(struct torc_factory *self, const struct torc_address *peer,
                                  struct torc_protocol **out)
{
    (void)peer;
    *out = &scene_of(self)->protocol;
    return NULL;
}

static void started(struct torc_factory *self)
{
    struct scene *scene = scene_of(self);
    if (scene->act_in_started) {
        scene->stop_code = torc_connector_stop(scene->connector);
        scene->connect_code = torc_connector_connect(scene->connector);
        torc_connector_disconnect(scene->connector);
    }
}

static void connecting(struct torc_factory *self, struct torc_connector connector)
{
    (void)connector;
    scene_of(self)->connecting++;
}

static void failed(struct torc_factory *self, struct torc_connector connector,
                   struct torc_failure *reason)
{
    struct scene *scene = scene_of(self);
    (void)connector;
    (void)reason;
    scene->failed++;
    if (scene->turn_in_failed)
        scene->turn_code = torc_reactor_turn(scene->reactor, 0);
    if (scene->free_in_failed)
        scene->fatal = SCRIPTED_IS_FATAL(&scene->platform, torc_reactor_free(scene->reactor));
}

static void begin(struct scene *scene)
{
    static const struct torc_protocol_ops protocol_ops = {
        .size = sizeof protocol_ops, .data_received = data, .connection_lost = lost};
    static const struct torc_producer_ops producer_ops = {pause, resume, stop};
    static const struct torc_factory_ops factory_ops = {.size = sizeof factory_ops,
                                                        .build_protocol = build,
                                                        .started = started,
                                                        .started_connecting = connecting,
                                                        .connection_failed = failed};
    memset(scene, 0, sizeof *scene);
    scripted_init(&scene->platform);
    scene->platform.steady = true;
    scene->factory.ops = &factory_ops;
    scene->protocol.ops = &protocol_ops;
    scene->producer.ops = &producer_ops;
    assert_int_equal(torc_reactor_new(&scene->platform.base, NULL, &scene->reactor), 0);
}

static void begin_connecting(struct scene *scene)
{
    struct torc_address address = torc_address_ipv4(127, 0, 0, 1, 7000);
    assert_int_equal(torc_connect(scene->reactor, &address, &scene->factory, NULL,
                                  &scene->connector), 0);
}

static void turn(struct scene *scene)
{
    assert_int_equal(torc_reactor_iterate(scene->reactor, 0), 0);
}

static void connected(struct scene *scene)
{
    begin(scene);
    begin_connecting(scene);
    turn(scene);
    scripted_connected(&scene->platform, 1, 0);
    turn(scene);
    assert_true(torc_transport_writable(scene->protocol.transport));
}

static void finish(struct scene *scene)
{
    torc_reactor_free(scene->reactor);
    assert_int_equal(scripted_end(&scene->platform), 0);
}

TORC_TEST(inside_started_there_is_no_attempt_to_stop_or_repeat)
{
    static struct scene s;
    begin(&s);
    s.act_in_started = true;
    begin_connecting(&s);
    assert_int_equal(s.stop_code, TORC_ENOTCONN);
    assert_int_equal(s.connect_code, TORC_EBUSY);
    assert_int_equal(s.connecting, 1);
    assert_int_equal(s.failed, 0);
    assert_int_equal(torc_connector_stop(s.connector), 0);
    assert_int_equal(s.failed, 1);
    finish(&s);
    return NULL;
}

TORC_TEST(a_producer_unregistered_after_abort_is_not_called)
{
    static struct scene s;
    connected(&s);
    struct torc_transport transport = s.protocol.transport;
    assert_int_equal(torc_transport_register_producer(transport, &s.producer, TORC_PRODUCER_PUSH), 0);
    torc_transport_abort(transport);
    torc_transport_unregister_producer(transport);
    turn(&s);
    assert_int_equal(s.lost, 1);
    assert_int_equal(s.stops, 0);
    finish(&s);
    return NULL;
}

/* The second registration is refused; it must not stop the producer that the first one made. */
static void a_producer_registered_twice_is_stopped_once(bool abort)
{
    static struct scene s;
    connected(&s);
    struct torc_transport transport = s.protocol.transport;
    assert_int_equal(torc_transport_register_producer(transport, &s.producer, TORC_PRODUCER_PULL), 0);
    if (abort)
        torc_transport_abort(transport);
    else
        torc_transport_lose(transport);
    assert_int_equal(torc_transport_register_producer(transport, &s.producer, TORC_PRODUCER_PULL),
                     TORC_EBUSY);
    assert_int_equal(s.stops, 0);
    torc_transport_abort(transport);
    turn(&s);
    assert_int_equal(s.stops, 1);
    assert_int_equal(s.lost, 1);
    finish(&s);
}

TORC_TEST(registering_again_while_closing_stops_nobody)
{
    a_producer_registered_twice_is_stopped_once(false);
    return NULL;
}

TORC_TEST(registering_again_after_abort_stops_nobody)
{
    a_producer_registered_twice_is_stopped_once(true);
    return NULL;
}

TORC_TEST(a_write_inside_pause_does_not_pause_again)
{
    static struct scene s;
    connected(&s);
    struct torc_transport transport = s.protocol.transport;
    s.write_in_pause = true;
    assert_int_equal(torc_transport_set_limits(transport, 3, 0), 0);
    assert_int_equal(torc_transport_register_producer(transport, &s.producer, TORC_PRODUCER_PUSH), 0);
    assert_int_equal(torc_transport_write(transport, "more", 4), 0);
    assert_int_equal(s.pauses, 1);
    assert_int_equal(torc_transport_write(transport, "more", 4), 0);
    assert_int_equal(s.pauses, 2);
    assert_int_equal(torc_transport_queued(transport), 10);
    finish(&s);
    return NULL;
}

TORC_TEST(no_turn_can_be_taken_inside_a_callback_outside_a_turn)
{
    static struct scene s;
    begin(&s);
    s.turn_in_failed = true;
    begin_connecting(&s);
    assert_int_equal(torc_connector_stop(s.connector), 0);
    assert_int_equal(s.turn_code, TORC_EMISUSE);
    turn(&s);
    finish(&s);
    return NULL;
}

TORC_TEST(freeing_the_reactor_inside_a_callback_outside_a_turn_is_fatal)
{
    static struct scene s;
    begin(&s);
    s.free_in_failed = true;
    begin_connecting(&s);
    assert_int_equal(torc_connector_stop(s.connector), 0);
    assert_true(s.fatal);
    assert_string_equal(s.platform.fatal_message, "torc_reactor_free inside a callback");
    finish(&s);
    return NULL;
}

/* --- elsewhere -------------------------------------------------------------------------------- */

#define ELSEWHERE_IS_FATAL(statement)                                                              \
    do {                                                                                           \
        s.platform.elsewhere = true;                                                               \
        bool fatal = SCRIPTED_IS_FATAL(&s.platform, statement);                                    \
        s.platform.elsewhere = false;                                                              \
        assert_true(fatal);                                                                        \
    } while (0)

TORC_TEST(streams_are_used_in_the_reactors_thread_only)
{
    static struct scene s;
    static struct torc_listener listener;
    struct torc_address address = torc_address_ipv4(127, 0, 0, 1, 7000);
    connected(&s);
    struct torc_transport transport = s.protocol.transport;
    assert_int_equal(torc_listen(s.reactor, &address, &s.factory, NULL, &listener), 0);
    ELSEWHERE_IS_FATAL((void)!torc_transport_write(transport, "x", 1));
    ELSEWHERE_IS_FATAL(torc_transport_lose(transport));
    ELSEWHERE_IS_FATAL(torc_transport_unregister_producer(transport));
    ELSEWHERE_IS_FATAL(torc_listener_close(listener));
    ELSEWHERE_IS_FATAL((void)!torc_connector_connect(s.connector));
    ELSEWHERE_IS_FATAL((void)torc_connector_stop(s.connector));
    ELSEWHERE_IS_FATAL(torc_connector_disconnect(s.connector));
    assert_true(torc_transport_writable(transport));
    finish(&s);
    return NULL;
}

/* --- the end ---------------------------------------------------------------------------------- */

static int work(void *arg)
{
    *(bool *)arg = true;
    return 0;
}

static void finish_the_job(struct scripted_platform *platform, void *arg)
{
    (void)arg;
    scripted_finish_job(platform, 0);
}

static size_t wait_and_count(struct torc_platform *base, uint64_t deadline_ns,
                             struct torc_platform_event *batch, size_t capacity)
{
    struct scripted_platform *platform = (struct scripted_platform *)(void *)base;
    if (platform->waits >= 100)
        scripted_finish_job(platform, 0); /* it spins: let it end */
    return ((struct torc_platform_ops *)platform->idle_arg)->wait(base, deadline_ns, batch, capacity);
}

/* What is readable and read by nobody any more would end each wait for the job at once. */
TORC_TEST(freeing_waits_for_a_job_without_spinning_on_what_is_readable)
{
    static struct scene s;
    struct torc_platform_ops original;
    struct torc_deferred *done;
    bool worked = false;
    connected(&s);
    original = s.platform.ops;
    s.platform.idle_arg = &original;
    s.platform.ops.wait = wait_and_count;
    s.platform.idle = finish_the_job;
    s.platform.steady = false;
    assert_int_equal(torc_run_job(s.reactor, work, &worked, NULL, &done), 0);
    torc_deferred_drop(done);
    scripted_feed(&s.platform, 1, "unread", 6);
    unsigned waits = s.platform.waits;
    torc_reactor_free(s.reactor);
    assert_true(worked);
    assert_int_equal(s.lost, 1);
    assert_in_range(s.platform.waits - waits, 1, 3);
    assert_int_equal(scripted_end(&s.platform), 0);
    return NULL;
}

/* --- the same on a memory transport ------------------------------------------------------------ */

TORC_TEST(a_memory_transport_treats_producers_alike)
{
    static struct scene s;
    struct torc_scope *scope;
    struct torc_memory_transport *wire;
    begin(&s);
    scope = torc_reactor_scope(s.reactor);
    assert_int_equal(torc_memory_transport_new(scope, &wire), 0);
    assert_int_equal(torc_memory_transport_connect(wire, &s.protocol), 0);
    struct torc_transport transport = s.protocol.transport;
    s.write_in_pause = true;
    assert_int_equal(torc_transport_set_limits(transport, 3, 0), 0);
    assert_int_equal(torc_transport_register_producer(transport, &s.producer, TORC_PRODUCER_PUSH), 0);
    assert_int_equal(torc_transport_write(transport, "more", 4), 0);
    assert_int_equal(s.pauses, 1);
    torc_transport_abort(transport);
    assert_int_equal(torc_transport_register_producer(transport, &s.producer, TORC_PRODUCER_PUSH),
                     TORC_EBUSY);
    torc_transport_unregister_producer(transport);
    torc_memory_transport_free(wire);
    assert_int_equal(s.stops, 0);
    finish(&s);
    return NULL;
}

TORC_TRIAL_MAIN
