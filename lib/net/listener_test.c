#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/stream.h>
#include <torc/trial.h>

#include "tests/support/scripted_platform.h"

struct service;

struct guest {
    struct torc_protocol protocol;
    struct service *service;
};

struct service {
    struct torc_factory factory;
    struct scripted_platform platform;
    struct torc_reactor *reactor;
    struct torc_log_observer observer;
    struct torc_listener listener;
    struct guest guests[32];
    unsigned built, made, lost, started, stopped, errors;
    const struct torc_failure_type *reason;
    bool refuse, fail, fail_made, close_when_built, close_when_started;
};

static struct service *service_of(struct torc_factory *factory)
{
    return (struct service *)(void *)factory;
}

static struct service *host_of(struct torc_protocol *protocol)
{
    return ((struct guest *)(void *)protocol)->service;
}

static struct torc_failure *guest_made(struct torc_protocol *self)
{
    host_of(self)->made++;
    return host_of(self)->fail_made ? torc_failure_static(&torc_failure_protocol_error) : NULL;
}

static struct torc_failure *guest_data(struct torc_protocol *self, const uint8_t *data,
                                       size_t bytes)
{
    return torc_transport_write(self->transport, data, bytes) ? torc_failure_no_memory() : NULL;
}

static void guest_lost(struct torc_protocol *self, struct torc_failure *reason)
{
    host_of(self)->lost++;
    host_of(self)->reason = torc_failure_type(reason);
}

static const struct torc_protocol_ops guest_ops = {
    .size = sizeof guest_ops,
    .connection_made = guest_made,
    .data_received = guest_data,
    .connection_lost = guest_lost,
};

static struct torc_failure *build(struct torc_factory *self, const struct torc_address *peer,
                                  struct torc_protocol **out)
{
    struct service *service = service_of(self);
    (void)peer;
    service->built++;
    if (service->close_when_built)
        torc_listener_close(service->listener);
    if (service->fail)
        return torc_failure_static(&torc_failure_invalid_argument);
    if (service->refuse)
        return NULL;
    struct guest *guest = &service->guests[service->built % 32];
    guest->protocol.ops = &guest_ops;
    guest->service = service;
    *out = &guest->protocol;
    return NULL;
}

static void started(struct torc_factory *self)
{
    service_of(self)->started++;
    if (service_of(self)->close_when_started)
        torc_listener_close(service_of(self)->listener);
}

static void stopped(struct torc_factory *self)
{
    service_of(self)->stopped++;
}

static const struct torc_factory_ops factory_ops = {
    .size = sizeof factory_ops,
    .build_protocol = build,
    .started = started,
    .stopped = stopped,
};

static void emit(struct torc_log_observer *self, const struct torc_log_event *event)
{
    struct service *service =
        (struct service *)(void *)((char *)self - offsetof(struct service, observer));
    service->errors += event->level >= TORC_LOG_ERROR;
}

static void begin(struct service *service)
{
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    memset(service, 0, sizeof *service);
    scripted_init(&service->platform);
    service->platform.steady = true;
    service->factory.ops = &factory_ops;
    service->observer.emit = emit;
    options.observer = &service->observer;
    assert_int_equal(torc_reactor_new(&service->platform.base, &options, &service->reactor), 0);
}

static int listen_with(struct service *service, const struct torc_listen_options *options)
{
    struct torc_address address = torc_address_ipv4(127, 0, 0, 1, 7000);
    return torc_listen(service->reactor, &address, &service->factory, options, &service->listener);
}

static void listening(struct service *service)
{
    begin(service);
    assert_int_equal(listen_with(service, NULL), 0);
    assert_int_equal(service->started, 1);
}

static void finish(struct service *service)
{
    torc_reactor_free(service->reactor);
    assert_int_equal(service->made, service->lost);
    assert_int_equal(service->started, service->stopped);
    assert_int_equal(scripted_end(&service->platform), 0);
}

static void turns(struct service *service, int count)
{
    while (count-- > 0)
        assert_int_equal(torc_reactor_iterate(service->reactor, 0), 0);
}

static void arrive(struct service *service, int code, int times)
{
    while (times-- > 0)
        scripted_arrive(&service->platform, 1, code);
}

static struct scripted_handle *handle(struct service *service, uint64_t number)
{
    return scripted_handle(&service->platform, number);
}

/* --- accepting --------------------------------------------------------------------------------- */

TORC_TEST(what_waits_is_accepted_in_one_turn)
{
    static struct service s;
    struct torc_reactor_counts counts;
    listening(&s);
    arrive(&s, 0, 20);
    turns(&s, 1);
    assert_int_equal(s.made, 20);
    torc_reactor_count(s.reactor, &counts);
    assert_int_equal(counts.listeners, 1);
    assert_int_equal(counts.connections, 20);
    finish(&s);
    assert_ptr_equal(s.reason, &torc_failure_connection_lost);
    return NULL;
}

TORC_TEST(a_connection_that_went_away_is_passed_over)
{
    static struct service s;
    listening(&s);
    arrive(&s, TORC_ECONNABORTED, 3);
    arrive(&s, 0, 1);
    turns(&s, 1);
    assert_int_equal(s.made, 1);
    assert_int_equal(s.errors, 0);
    finish(&s);
    return NULL;
}

TORC_TEST(without_descriptors_connections_are_turned_away_and_it_is_logged_once)
{
    static struct service s;
    listening(&s);
    arrive(&s, TORC_EMFILE, 3);
    arrive(&s, 0, 1);
    turns(&s, 1);
    assert_int_equal(s.platform.refusals, 3);
    assert_int_equal(s.made, 1);
    assert_int_equal(s.errors, 1);
    arrive(&s, TORC_ENFILE, 1);
    turns(&s, 1);
    assert_int_equal(s.errors, 2);
    finish(&s);
    return NULL;
}

static int refuse_nothing(struct torc_platform *self, uint64_t listener)
{
    (void)self;
    (void)listener;
    return TORC_EAGAIN;
}

TORC_TEST(what_cannot_be_turned_away_lets_the_listener_rest)
{
    static struct service s;
    listening(&s);
    s.platform.ops.refuse = refuse_nothing;
    arrive(&s, TORC_EMFILE, 1);
    turns(&s, 1);
    assert_int_equal(handle(&s, 1)->interest, 0);
    unsigned waits = s.platform.waits;
    turns(&s, 5);
    assert_int_equal(s.platform.waits, waits + 5);
    assert_int_equal(handle(&s, 1)->interest, 0);
    s.platform.now_ns += 100 * TORC_MILLISECOND;
    turns(&s, 1);
    assert_int_equal(s.errors, 1);
    handle(&s, 1)->step_first = handle(&s, 1)->step_end;
    s.platform.now_ns += 100 * TORC_MILLISECOND;
    arrive(&s, 0, 1);
    turns(&s, 2);
    assert_int_equal(s.made, 1);
    assert_int_equal(handle(&s, 1)->interest, TORC_EVENT_READ);
    finish(&s);
    return NULL;
}

TORC_TEST(a_resting_listener_can_be_closed)
{
    static struct service s;
    listening(&s);
    s.platform.ops.refuse = refuse_nothing;
    arrive(&s, TORC_ENOBUFS, 1);
    turns(&s, 1);
    torc_listener_close(s.listener);
    turns(&s, 1);
    assert_int_equal(s.stopped, 1);
    s.platform.now_ns += TORC_SECOND;
    turns(&s, 1);
    assert_int_equal(s.stopped, 1);
    finish(&s);
    return NULL;
}

TORC_TEST(without_memory_for_a_connection_it_is_turned_away)
{
    static struct service s;
    listening(&s);
    arrive(&s, 0, 2);
    s.platform.fail_at = s.platform.acquisitions + 1;
    turns(&s, 1);
    assert_int_equal(s.platform.refusals, 1);
    assert_int_equal(s.made, 1);
    finish(&s);
    return NULL;
}

/* --- factories --------------------------------------------------------------------------------- */

TORC_TEST(a_factory_without_a_protocol_refuses_in_order)
{
    static struct service s;
    listening(&s);
    s.refuse = true;
    arrive(&s, 0, 1);
    turns(&s, 1);
    assert_int_equal(s.built, 1);
    assert_false(handle(&s, 2)->open);
    assert_int_equal(handle(&s, 2)->close_mode, TORC_CLOSE_NORMAL);
    assert_int_equal(s.errors, 0);
    finish(&s);
    return NULL;
}

TORC_TEST(a_factory_that_fails_aborts_and_is_logged)
{
    static struct service s;
    listening(&s);
    s.fail = true;
    arrive(&s, 0, 2);
    turns(&s, 1);
    assert_int_equal(s.built, 2);
    assert_false(handle(&s, 2)->open);
    assert_int_equal(handle(&s, 2)->close_mode, TORC_CLOSE_ABORT);
    assert_int_equal(s.errors, 2);
    finish(&s);
    return NULL;
}

TORC_TEST(the_rest_is_served_after_a_connection_made_that_fails)
{
    static struct service s;
    listening(&s);
    s.fail_made = true;
    arrive(&s, 0, 2);
    turns(&s, 1);
    assert_int_equal(s.made, 2);
    assert_int_equal(s.lost, 2);
    assert_ptr_equal(s.reason, &torc_failure_protocol_error);
    assert_int_equal(handle(&s, 2)->close_mode, TORC_CLOSE_ABORT);
    finish(&s);
    return NULL;
}

TORC_TEST(a_factory_may_close_its_listener_while_it_builds)
{
    static struct service s;
    listening(&s);
    s.close_when_built = true;
    arrive(&s, 0, 3);
    turns(&s, 1);
    assert_int_equal(s.made, 1);
    assert_false(handle(&s, 1)->open);
    turns(&s, 1);
    assert_int_equal(s.stopped, 1);
    assert_int_equal(s.lost, 0);
    finish(&s);
    return NULL;
}

TORC_TEST(a_factory_may_close_its_listener_when_it_is_started)
{
    static struct service s;
    begin(&s);
    s.close_when_started = true;
    assert_int_equal(listen_with(&s, NULL), 0);
    turns(&s, 1);
    assert_int_equal(s.stopped, 1);
    finish(&s);
    return NULL;
}

TORC_TEST(a_factory_of_two_listeners_is_started_and_stopped_once)
{
    static struct service s;
    listening(&s);
    struct torc_listener first = s.listener;
    assert_int_equal(listen_with(&s, NULL), 0);
    assert_int_equal(s.started, 1);
    torc_listener_close(first);
    turns(&s, 1);
    assert_int_equal(s.stopped, 0);
    torc_listener_close(s.listener);
    assert_int_equal(s.stopped, 1);
    turns(&s, 1);
    assert_int_equal(s.stopped, 1);
    finish(&s);
    return NULL;
}

/* --- listening and closing ---------------------------------------------------------------------- */

TORC_TEST(a_listener_that_cannot_be_made_starts_nothing)
{
    static struct service s;
    struct torc_listen_options options = TORC_LISTEN_OPTIONS_INIT;
    struct torc_factory_ops small = factory_ops;
    begin(&s);
    s.platform.listen_code = TORC_EADDRINUSE;
    assert_int_equal(listen_with(&s, NULL), TORC_EADDRINUSE);
    options.size = 3;
    assert_int_equal(listen_with(&s, &options), TORC_EINVAL);
    small.size = 3;
    s.factory.ops = &small;
    assert_int_equal(listen_with(&s, NULL), TORC_EINVAL);
    assert_int_equal(s.started, 0);
    finish(&s);
    return NULL;
}

TORC_TEST(a_closed_listener_is_stale)
{
    static struct service s;
    struct torc_listener none = {0};
    struct torc_address address;
    listening(&s);
    assert_int_equal(torc_listener_address(s.listener, &address), 0);
    assert_int_equal(address.port, 7000);
    torc_listener_close(s.listener);
    assert_false(handle(&s, 1)->open);
    assert_int_equal(torc_listener_address(s.listener, &address), TORC_ESTALE);
    torc_listener_close(s.listener);
    turns(&s, 2);
    torc_listener_close(s.listener);
    torc_listener_close(none);
    assert_int_equal(torc_listener_address(none, &address), TORC_ESTALE);
    assert_int_equal(s.stopped, 1);
    finish(&s);
    return NULL;
}

TORC_TEST(options_are_set_on_each_tcp_connection)
{
    static struct service s;
    struct torc_listen_options options = TORC_LISTEN_OPTIONS_INIT;
    begin(&s);
    options.nodelay = true;
    options.keepalive = true;
    assert_int_equal(listen_with(&s, &options), 0);
    arrive(&s, 0, 1);
    turns(&s, 1);
    assert_int_equal(handle(&s, 2)->options[TORC_STREAM_NODELAY], 1);
    assert_int_equal(handle(&s, 2)->options[TORC_STREAM_KEEPALIVE], 1);
    finish(&s);
    return NULL;
}

TORC_TEST(nothing_can_be_begun_once_the_reactor_has_stopped)
{
    static struct service s;
    struct torc_address address = torc_address_ipv4(127, 0, 0, 1, 7000);
    listening(&s);
    arrive(&s, 0, 1);
    turns(&s, 1);
    assert_int_equal(torc_reactor_start(s.reactor), 0);
    assert_int_equal(torc_reactor_stop(s.reactor), 0);
    assert_int_equal(torc_reactor_turn(s.reactor, 0), 0);
    assert_int_equal(s.lost, 1);
    assert_int_equal(s.stopped, 1);
    assert_ptr_equal(s.reason, &torc_failure_connection_lost);
    assert_int_equal(listen_with(&s, NULL), TORC_ECLOSED);
    assert_int_equal(torc_connect(s.reactor, &address, &s.factory, NULL, NULL), TORC_ECLOSED);
    finish(&s);
    return NULL;
}

/* --- traffic ----------------------------------------------------------------------------------- */

TORC_TEST(one_message_costs_one_read_and_one_write)
{
    static struct service s;
    listening(&s);
    arrive(&s, 0, 1);
    turns(&s, 1);
    for (int i = 0; i < 10; i++) {
        scripted_feed(&s.platform, 2, "0123456789", 10);
        turns(&s, 1);
    }
    assert_int_equal(handle(&s, 2)->writevs, 10);
    assert_int_equal(handle(&s, 2)->written_bytes, 100);
    assert_int_equal(handle(&s, 2)->interest, TORC_EVENT_READ);
    finish(&s);
    return NULL;
}

TORC_TEST(writability_is_asked_for_only_after_a_short_write)
{
    static struct service s;
    listening(&s);
    arrive(&s, 0, 1);
    turns(&s, 1);
    scripted_set_room(&s.platform, 2, 4, TORC_EAGAIN);
    scripted_feed(&s.platform, 2, "0123456789", 10);
    turns(&s, 1);
    assert_int_equal(handle(&s, 2)->interest, TORC_EVENT_READ | TORC_EVENT_WRITE);
    assert_int_equal(torc_transport_queued(s.guests[1].protocol.transport), 6);
    scripted_set_room(&s.platform, 2, SIZE_MAX, TORC_EAGAIN);
    turns(&s, 2);
    assert_int_equal(handle(&s, 2)->interest, TORC_EVENT_READ);
    assert_int_equal(handle(&s, 2)->written_bytes, 10);
    assert_memory_equal(handle(&s, 2)->written, "0123456789", 10);
    finish(&s);
    return NULL;
}

TORC_TEST(stale_events_are_dropped)
{
    static struct service s;
    listening(&s);
    arrive(&s, 0, 1);
    turns(&s, 1);
    uint64_t token = handle(&s, 2)->token;
    uint64_t listener_token = handle(&s, 1)->token;
    torc_transport_abort(s.guests[1].protocol.transport);
    torc_listener_close(s.listener);
    turns(&s, 1);
    scripted_push_event(&s.platform, token, TORC_EVENT_READ | TORC_EVENT_WRITE, 0);
    scripted_push_event(&s.platform, listener_token, TORC_EVENT_READ, 0);
    scripted_push_event(&s.platform, token, TORC_EVENT_CONNECT, 0);
    turns(&s, 1);
    assert_int_equal(s.lost, 1);
    finish(&s);
    return NULL;
}

static void read_error_is(int code, const struct torc_failure_type *type)
{
    static struct service s;
    listening(&s);
    arrive(&s, 0, 1);
    turns(&s, 1);
    scripted_feed_error(&s.platform, 2, code);
    turns(&s, 1);
    assert_int_equal(s.lost, 1);
    assert_string_equal(s.reason->name, type->name);
    finish(&s);
}

static void write_error_is(int code, const struct torc_failure_type *type)
{
    static struct service s;
    listening(&s);
    arrive(&s, 0, 1);
    turns(&s, 1);
    scripted_set_room(&s.platform, 2, 0, code);
    scripted_feed(&s.platform, 2, "x", 1);
    turns(&s, 1);
    assert_int_equal(s.lost, 1);
    assert_string_equal(s.reason->name, type->name);
    finish(&s);
}

TORC_TEST(errors_of_the_platform_are_reasons)
{
    read_error_is(TORC_ECONNRESET, &torc_failure_connection_reset);
    read_error_is(TORC_ETIMEDOUT, &torc_failure_connection_timeout);
    read_error_is(TORC_EIO, &torc_failure_connection_lost);
    write_error_is(TORC_ECONNRESET, &torc_failure_connection_reset);
    write_error_is(TORC_EPIPE, &torc_failure_connection_lost);
    return NULL;
}

static void count_sentence(void *arg, const char *text)
{
    unsigned *sentences = arg;
    assert_non_null(strstr(text, "listener_test.c:"));
    ++*sentences;
}

TORC_TEST(what_is_open_is_described)
{
    static struct service s;
    struct torc_address address = torc_address_ipv4(127, 0, 0, 1, 7001);
    unsigned sentences = 0;
    listening(&s);
    arrive(&s, 0, 2);
    turns(&s, 1);
    torc_transport_lose(s.guests[1].protocol.transport);
    assert_int_equal(torc_connect(s.reactor, &address, &s.factory, NULL, NULL), 0);
    torc_reactor_describe(s.reactor, count_sentence, &sentences);
    /* A listener, two connections, one to be attempted and the alarm for that. */
    assert_int_equal(sentences, 5);
    finish(&s);
    return NULL;
}

TORC_TRIAL_MAIN
