#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/stream.h>
#include <torc/trial.h>

#include "tests/support/scripted_platform.h"

struct client {
    struct torc_factory factory;
    struct torc_protocol protocol;
    struct scripted_platform platform;
    struct torc_reactor *reactor;
    struct torc_log_observer observer;
    struct torc_connector connector;
    char notes[512];
    unsigned started, stopped, failed, lost, errors;
    const struct torc_failure_type *reason;
    char message[128];
    bool caused;
    bool refuse, fail, stop_when_built, disconnect_when_built, stop_when_started;
    unsigned again;         /* connects so many times in connection_failed or connection_lost */
    bool stop_after_again;  /* and stops that at once */
};

static struct client *client_of(struct torc_factory *factory)
{
    return (struct client *)(void *)factory;
}

static struct client *owner_of(struct torc_protocol *protocol)
{
    return (struct client *)(void *)((char *)protocol - offsetof(struct client, protocol));
}

static void note(struct client *client, const char *text)
{
    if (strlen(client->notes) + strlen(text) + 2 < sizeof client->notes) {
        strcat(client->notes, text);
        strcat(client->notes, " ");
    }
}

static struct torc_failure *protocol_made(struct torc_protocol *self)
{
    note(owner_of(self), "made");
    return NULL;
}

static struct torc_failure *protocol_data(struct torc_protocol *self, const uint8_t *data,
                                          size_t bytes)
{
    (void)self;
    (void)data;
    (void)bytes;
    return NULL;
}

static void protocol_lost(struct torc_protocol *self, struct torc_failure *reason)
{
    struct client *client = owner_of(self);
    note(client, "lost");
    client->reason = torc_failure_type(reason);
    if (torc_connector_stop(client->connector) != TORC_ENOTCONN)
        note(client, "stopped?");
    torc_connector_disconnect(client->connector);
}

static const struct torc_protocol_ops protocol_ops = {
    .size = sizeof protocol_ops,
    .connection_made = protocol_made,
    .data_received = protocol_data,
    .connection_lost = protocol_lost,
};

static struct torc_failure *build(struct torc_factory *self, const struct torc_address *peer,
                                  struct torc_protocol **out)
{
    struct client *client = client_of(self);
    (void)peer;
    note(client, "build");
    if (client->stop_when_built && torc_connector_stop(client->connector) != TORC_ENOTCONN)
        note(client, "stopped?");
    if (client->disconnect_when_built)
        torc_connector_disconnect(client->connector);
    if (client->fail)
        return torc_failure_static(&torc_failure_invalid_argument);
    if (!client->refuse)
        *out = &client->protocol;
    return NULL;
}

static void started(struct torc_factory *self)
{
    client_of(self)->started++;
    note(client_of(self), "start");
}

static void stopped(struct torc_factory *self)
{
    client_of(self)->stopped++;
    note(client_of(self), "stop");
}

static void started_connecting(struct torc_factory *self, struct torc_connector connector)
{
    note(client_of(self), "connecting");
    if (client_of(self)->stop_when_started && torc_connector_stop(connector) != 0)
        note(client_of(self), "not-stopped");
}

static void connect_again(struct client *client, struct torc_connector connector)
{
    if (client->again == 0)
        return;
    client->again--;
    if (torc_connector_connect(connector) != 0)
        note(client, "not-connected");
    if (torc_connector_connect(connector) != TORC_EBUSY)
        note(client, "not-busy");
    if (client->stop_after_again && torc_connector_stop(connector) != 0)
        note(client, "not-stopped");
}

static void connection_failed(struct torc_factory *self, struct torc_connector connector,
                              struct torc_failure *reason)
{
    struct client *client = client_of(self);
    client->failed++;
    client->reason = torc_failure_type(reason);
    client->caused = torc_failure_cause(reason) != NULL;
    strncpy(client->message, torc_failure_message(reason), sizeof client->message - 1);
    note(client, "failed");
    connect_again(client, connector);
}

static void connection_lost(struct torc_factory *self, struct torc_connector connector,
                            struct torc_failure *reason)
{
    struct client *client = client_of(self);
    client->lost++;
    if (torc_failure_type(reason) != client->reason)
        note(client, "another-reason");
    note(client, "connection-lost");
    connect_again(client, connector);
}

static const struct torc_factory_ops factory_ops = {
    .size = sizeof factory_ops,
    .build_protocol = build,
    .started = started,
    .stopped = stopped,
    .started_connecting = started_connecting,
    .connection_failed = connection_failed,
    .connection_lost = connection_lost,
};

static void emit(struct torc_log_observer *self, const struct torc_log_event *event)
{
    struct client *client =
        (struct client *)(void *)((char *)self - offsetof(struct client, observer));
    client->errors += event->level >= TORC_LOG_ERROR;
}

static void begin(struct client *client)
{
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    memset(client, 0, sizeof *client);
    scripted_init(&client->platform);
    client->platform.steady = true;
    client->factory.ops = &factory_ops;
    client->protocol.ops = &protocol_ops;
    client->observer.emit = emit;
    options.observer = &client->observer;
    assert_int_equal(torc_reactor_new(&client->platform.base, &options, &client->reactor), 0);
}

static int try_connect(struct client *client, const struct torc_connect_options *options)
{
    struct torc_address address = torc_address_ipv4(10, 1, 2, 3, 80);
    return torc_connect(client->reactor, &address, &client->factory, options, &client->connector);
}

static void turns(struct client *client, int count)
{
    while (count-- > 0)
        assert_int_equal(torc_reactor_iterate(client->reactor, 0), 0);
}

static void connecting(struct client *client)
{
    begin(client);
    assert_int_equal(try_connect(client, NULL), 0);
    turns(client, 1);
    assert_int_equal(client->platform.handle_count, 1);
}

static void connected(struct client *client)
{
    connecting(client);
    scripted_connected(&client->platform, 1, 0);
    turns(client, 1);
}

static void finish(struct client *client)
{
    torc_reactor_free(client->reactor);
    assert_int_equal(client->started, client->stopped);
    assert_int_equal(scripted_end(&client->platform), 0);
}

static void notes_are(struct client *client, const char *expected)
{
    assert_string_equal(client->notes, expected);
}

/* --- the order of things ------------------------------------------------------------------------ */

TORC_TEST(an_attempt_begins_in_the_next_turn)
{
    static struct client c;
    begin(&c);
    assert_int_equal(try_connect(&c, NULL), 0);
    notes_are(&c, "start connecting ");
    assert_int_equal(c.platform.handle_count, 0);
    assert_int_equal(torc_connector_connect(c.connector), TORC_EBUSY);
    turns(&c, 1);
    assert_int_equal(c.platform.handle_count, 1);
    assert_int_equal(torc_connector_connect(c.connector), TORC_EBUSY);
    finish(&c);
    notes_are(&c, "start connecting failed stop ");
    assert_ptr_equal(c.reason, &torc_failure_connect_cancelled);
    return NULL;
}

TORC_TEST(a_connection_is_told_in_order_from_start_to_stop)
{
    static struct client c;
    connected(&c);
    notes_are(&c, "start connecting build made ");
    assert_int_equal(torc_connector_stop(c.connector), TORC_ENOTCONN);
    assert_int_equal(torc_connector_connect(c.connector), TORC_EBUSY);
    torc_connector_disconnect(c.connector);
    notes_are(&c, "start connecting build made ");
    turns(&c, 1);
    notes_are(&c, "start connecting build made lost connection-lost stop ");
    assert_int_equal(torc_connector_stop(c.connector), TORC_ESTALE);
    assert_int_equal(torc_connector_connect(c.connector), TORC_ESTALE);
    torc_connector_disconnect(c.connector);
    finish(&c);
    return NULL;
}

TORC_TEST(a_connector_of_nobody_is_stale)
{
    struct torc_connector none = {0};
    assert_int_equal(torc_connector_stop(none), TORC_ESTALE);
    assert_int_equal(torc_connector_connect(none), TORC_ESTALE);
    torc_connector_disconnect(none);
    return NULL;
}

/* --- failing ------------------------------------------------------------------------------------ */

static void fails_at_once_with(int code, const struct torc_failure_type *type, bool bind)
{
    static struct client c;
    struct torc_connect_options options = TORC_CONNECT_OPTIONS_INIT;
    if (bind)
        options.local = torc_address_ipv4(10, 0, 0, 9, 1234);
    begin(&c);
    c.platform.connect_code = code;
    assert_int_equal(try_connect(&c, &options), 0);
    turns(&c, 1);
    notes_are(&c, "start connecting failed stop ");
    assert_string_equal(c.reason->name, type->name);
    finish(&c);
}

static void fails_later_with(int code, const struct torc_failure_type *type)
{
    static struct client c;
    connecting(&c);
    scripted_connected(&c.platform, 1, code);
    turns(&c, 1);
    notes_are(&c, "start connecting failed stop ");
    assert_string_equal(c.reason->name, type->name);
    assert_non_null(strstr(c.message, "tcp:10.1.2.3:80"));
    finish(&c);
}

TORC_TEST(each_error_has_its_type)
{
    fails_later_with(TORC_ECONNREFUSED, &torc_failure_connection_refused);
    fails_later_with(TORC_ENOTFOUND, &torc_failure_connection_refused);
    fails_later_with(TORC_ETIMEDOUT, &torc_failure_connect_timeout);
    fails_later_with(TORC_EHOSTUNREACH, &torc_failure_no_route);
    fails_later_with(TORC_ENETUNREACH, &torc_failure_no_route);
    fails_later_with(TORC_ESYSTEM, &torc_failure_connect_error);
    fails_at_once_with(TORC_EADDRINUSE, &torc_failure_connect_bind_error, true);
    fails_at_once_with(TORC_EADDRNOTAVAIL, &torc_failure_connect_error, false);
    fails_at_once_with(TORC_EMFILE, &torc_failure_connect_error, false);
    fails_at_once_with(TORC_ENOMEM, &torc_failure_out_of_memory, false);
    return NULL;
}

TORC_TEST(an_attempt_times_out)
{
    static struct client c;
    connecting(&c);
    c.platform.now_ns += 30 * TORC_SECOND - 1;
    turns(&c, 1);
    assert_int_equal(c.failed, 0);
    c.platform.now_ns += 1;
    turns(&c, 1);
    assert_ptr_equal(c.reason, &torc_failure_connect_timeout);
    assert_false(scripted_handle(&c.platform, 1)->open);
    finish(&c);
    return NULL;
}

TORC_TEST(an_attempt_may_have_all_the_time)
{
    static struct client c;
    struct torc_connect_options options = TORC_CONNECT_OPTIONS_INIT;
    begin(&c);
    options.timeout_ns = TORC_NEVER;
    assert_int_equal(try_connect(&c, &options), 0);
    turns(&c, 1);
    c.platform.now_ns += 1000000 * TORC_SECOND;
    turns(&c, 1);
    assert_int_equal(c.failed, 0);
    finish(&c);
    return NULL;
}

TORC_TEST(a_connection_does_not_time_out_once_made)
{
    static struct client c;
    connected(&c);
    c.platform.now_ns += 1000 * TORC_SECOND;
    turns(&c, 2);
    notes_are(&c, "start connecting build made ");
    finish(&c);
    return NULL;
}

/* --- stopping ----------------------------------------------------------------------------------- */

TORC_TEST(stopping_tells_before_it_returns)
{
    static struct client c;
    connecting(&c);
    assert_int_equal(torc_connector_stop(c.connector), 0);
    notes_are(&c, "start connecting failed stop ");
    assert_ptr_equal(c.reason, &torc_failure_connect_cancelled);
    assert_false(scripted_handle(&c.platform, 1)->open);
    assert_int_equal(torc_connector_stop(c.connector), TORC_ESTALE);
    finish(&c);
    return NULL;
}

TORC_TEST(stopping_before_the_attempt_makes_none)
{
    static struct client c;
    begin(&c);
    assert_int_equal(try_connect(&c, NULL), 0);
    torc_connector_disconnect(c.connector);
    notes_are(&c, "start connecting failed stop ");
    turns(&c, 2);
    assert_int_equal(c.platform.handle_count, 0);
    finish(&c);
    return NULL;
}

TORC_TEST(stopping_inside_started_connecting_is_allowed)
{
    static struct client c;
    begin(&c);
    c.stop_when_started = true;
    assert_int_equal(try_connect(&c, NULL), 0);
    notes_are(&c, "start connecting failed stop ");
    finish(&c);
    return NULL;
}

TORC_TEST(a_completion_that_comes_after_the_stop_is_dropped)
{
    static struct client c;
    connecting(&c);
    uint64_t token = scripted_handle(&c.platform, 1)->token;
    assert_int_equal(torc_connector_stop(c.connector), 0);
    scripted_push_event(&c.platform, token, TORC_EVENT_CONNECT, 0);
    turns(&c, 1);
    notes_are(&c, "start connecting failed stop ");
    finish(&c);
    return NULL;
}

/* --- connecting again --------------------------------------------------------------------------- */

TORC_TEST(connecting_again_keeps_the_factory_started)
{
    static struct client c;
    begin(&c);
    c.platform.connect_code = TORC_ENETUNREACH;
    c.again = 2;
    assert_int_equal(try_connect(&c, NULL), 0);
    turns(&c, 5);
    notes_are(&c, "start connecting failed connecting failed connecting failed stop ");
    finish(&c);
    return NULL;
}

TORC_TEST(connecting_again_after_a_loss_makes_a_new_connection)
{
    static struct client c;
    connected(&c);
    c.again = 1;
    scripted_feed_end(&c.platform, 1);
    turns(&c, 3);
    scripted_connected(&c.platform, 2, 0);
    turns(&c, 1);
    notes_are(&c, "start connecting build made lost connection-lost connecting build made ");
    finish(&c);
    return NULL;
}

TORC_TEST(stopping_what_was_connected_again_inside_the_callback_ends_once)
{
    static struct client c;
    begin(&c);
    c.again = 1;
    c.stop_after_again = true;
    assert_int_equal(try_connect(&c, NULL), 0);
    assert_int_equal(torc_connector_stop(c.connector), 0);
    notes_are(&c, "start connecting failed connecting failed stop ");
    finish(&c);
    connected(&c);
    c.again = 1;
    c.stop_after_again = true;
    torc_transport_abort(c.protocol.transport);
    turns(&c, 1);
    notes_are(&c, "start connecting build made lost connection-lost connecting failed stop ");
    finish(&c);
    return NULL;
}

TORC_TEST(nothing_is_connected_again_once_the_reactor_has_stopped)
{
    static struct client c;
    connected(&c);
    c.again = 1;
    finish(&c);
    notes_are(&c, "start connecting build made lost connection-lost not-connected not-busy stop ");
    return NULL;
}

/* --- factories ---------------------------------------------------------------------------------- */

TORC_TEST(a_factory_without_a_protocol_closes_in_order)
{
    static struct client c;
    begin(&c);
    c.refuse = true;
    assert_int_equal(try_connect(&c, NULL), 0);
    turns(&c, 1);
    scripted_connected(&c.platform, 1, 0);
    turns(&c, 1);
    notes_are(&c, "start connecting build failed stop ");
    assert_ptr_equal(c.reason, &torc_failure_no_protocol);
    assert_int_equal(scripted_handle(&c.platform, 1)->close_mode, TORC_CLOSE_NORMAL);
    assert_int_equal(c.errors, 0);
    finish(&c);
    return NULL;
}

TORC_TEST(a_factory_that_fails_is_the_cause_of_a_connect_error)
{
    static struct client c;
    begin(&c);
    c.fail = true;
    assert_int_equal(try_connect(&c, NULL), 0);
    turns(&c, 1);
    scripted_connected(&c.platform, 1, 0);
    turns(&c, 1);
    notes_are(&c, "start connecting build failed stop ");
    assert_ptr_equal(c.reason, &torc_failure_connect_error);
    assert_true(c.caused);
    assert_int_equal(scripted_handle(&c.platform, 1)->close_mode, TORC_CLOSE_ABORT);
    assert_int_equal(c.errors, 1);
    finish(&c);
    return NULL;
}

TORC_TEST(a_connector_cannot_be_stopped_while_its_protocol_is_built)
{
    static struct client c;
    begin(&c);
    c.stop_when_built = true;
    assert_int_equal(try_connect(&c, NULL), 0);
    turns(&c, 1);
    scripted_connected(&c.platform, 1, 0);
    turns(&c, 1);
    notes_are(&c, "start connecting build made ");
    finish(&c);
    return NULL;
}

TORC_TEST(a_disconnect_while_the_protocol_is_built_closes_it_once_made)
{
    static struct client c;
    begin(&c);
    c.disconnect_when_built = true;
    assert_int_equal(try_connect(&c, NULL), 0);
    turns(&c, 1);
    scripted_connected(&c.platform, 1, 0);
    turns(&c, 1);
    notes_are(&c, "start connecting build made lost connection-lost stop ");
    assert_ptr_equal(c.reason, &torc_failure_connection_done);
    c.refuse = true;
    assert_int_equal(try_connect(&c, NULL), 0);
    turns(&c, 1);
    scripted_connected(&c.platform, 2, 0);
    turns(&c, 1);
    assert_int_equal(c.failed, 1);
    finish(&c);
    return NULL;
}

/* --- options ------------------------------------------------------------------------------------ */

TORC_TEST(options_reach_the_platform)
{
    static struct client c;
    struct torc_connect_options options = TORC_CONNECT_OPTIONS_INIT;
    struct torc_address address;
    begin(&c);
    options.nodelay = true;
    options.keepalive = true;
    options.local = torc_address_ipv4(10, 0, 0, 9, 1234);
    assert_int_equal(try_connect(&c, &options), 0);
    turns(&c, 1);
    assert_true(torc_address_equal(&scripted_handle(&c.platform, 1)->local, &options.local));
    scripted_connected(&c.platform, 1, 0);
    turns(&c, 1);
    assert_int_equal(scripted_handle(&c.platform, 1)->options[TORC_STREAM_NODELAY], 1);
    assert_int_equal(scripted_handle(&c.platform, 1)->options[TORC_STREAM_KEEPALIVE], 1);
    assert_int_equal(torc_transport_peer(c.protocol.transport, &address), 0);
    assert_int_equal(address.port, 80);
    finish(&c);
    return NULL;
}

TORC_TEST(wrong_arguments_start_nothing)
{
    static struct client c;
    struct torc_connect_options options = TORC_CONNECT_OPTIONS_INIT;
    struct torc_address none = {0};
    begin(&c);
    assert_int_equal(torc_connect(c.reactor, &none, &c.factory, NULL, NULL), TORC_EINVAL);
    options.size = 1;
    assert_int_equal(try_connect(&c, &options), TORC_EINVAL);
    notes_are(&c, "");
    finish(&c);
    return NULL;
}

TORC_TRIAL_MAIN
