#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/datagram.h>
#include <torc/format.h>
#include <torc/trial.h>

#include "tests/support/reactor_fixture.h"

struct talker {
    struct torc_datagram_protocol protocol;
    struct torc_reactor *reactor;
    unsigned received, refused, stopped;
    size_t bytes;
    char data[16];
    int reason;
    const struct torc_failure_type *type;
};

static struct torc_failure *received(struct torc_datagram_protocol *self, const uint8_t *data,
                                     size_t bytes, const struct torc_address *from)
{
    struct talker *talker = (struct talker *)(void *)self;
    (void)from;
    talker->received++;
    talker->bytes = bytes;
    memcpy(talker->data, data, bytes < 15 ? bytes : 15);
    return NULL;
}

static struct torc_failure *refused(struct torc_datagram_protocol *self)
{
    ((struct talker *)(void *)self)->refused++;
    return torc_failure_static(&torc_failure_error);
}

static void stopped(struct torc_datagram_protocol *self, struct torc_failure *reason)
{
    struct talker *talker = (struct talker *)(void *)self;
    talker->stopped++;
    talker->reason = torc_failure_code(reason);
    talker->type = torc_failure_type(reason);
}

static const struct torc_datagram_protocol_ops ops = {
    .size = sizeof ops, .received = received, .refused = refused, .stopped = stopped};
static const struct torc_datagram_protocol_ops indifferent_ops = {
    .size = sizeof ops, .received = received, .stopped = stopped};

static const struct torc_address *here(void)
{
    static const struct torc_address address = {.family = TORC_ADDRESS_IPV4, .ip = {127, 0, 0, 1}, .port = 9};
    return &address;
}

/* Opened on handle 1. */
static struct torc_datagram_port open_port(struct fixture *fixture, struct talker *talker)
{
    struct torc_datagram_port port;
    memset(talker, 0, sizeof *talker);
    talker->protocol.ops = &ops;
    assert_int_equal(torc_datagram_open(fixture->reactor, here(), &talker->protocol, NULL, &port), 0);
    return port;
}

static void start(struct fixture *fixture)
{
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
}

TORC_TEST(what_options_and_protocols_must_have_is_checked, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_datagram_options options = TORC_DATAGRAM_OPTIONS_INIT;
    struct torc_datagram_protocol_ops wrong = ops;
    struct torc_datagram_protocol protocol = {.ops = &wrong};
    options.size--;
    assert_int_equal(torc_datagram_open(fixture->reactor, here(), &protocol, &options, NULL), TORC_EINVAL);
    wrong.received = NULL;
    assert_int_equal(torc_datagram_open(fixture->reactor, here(), &protocol, NULL, NULL), TORC_EINVAL);
    wrong = ops;
    wrong.stopped = NULL;
    assert_int_equal(torc_datagram_open(fixture->reactor, here(), &protocol, NULL, NULL), TORC_EINVAL);
    wrong = ops;
    wrong.size++;
    assert_int_equal(torc_datagram_open(fixture->reactor, here(), &protocol, NULL, NULL), TORC_EINVAL);
    assert_int_equal(fixture->platform.handle_count, 0);
    return NULL;
}

TORC_TEST(what_the_platform_refuses_is_the_answer_and_nobody_is_stopped, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    static struct talker talker;
    talker = (struct talker){.protocol = {.ops = &ops}};
    fixture->platform.datagram_code = TORC_EMFILE;
    assert_int_equal(torc_datagram_open(fixture->reactor, here(), &talker.protocol, NULL, NULL), TORC_EMFILE);
    assert_int_equal(talker.stopped, 0);
    return NULL;
}

TORC_TEST(options_become_flags, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_datagram_options options = TORC_DATAGRAM_OPTIONS_INIT;
    static struct talker talker;
    talker = (struct talker){.protocol = {.ops = &ops}};
    options.broadcast = true;
    assert_int_equal(torc_datagram_open(fixture->reactor, here(), &talker.protocol, &options, NULL), 0);
    assert_int_equal(scripted_handle(&fixture->platform, 1)->flags, TORC_DATAGRAM_BROADCAST);
    options.broadcast = false;
    options.reuse = true;
    assert_int_equal(torc_datagram_open(fixture->reactor, here(), &talker.protocol, &options, NULL), 0);
    assert_int_equal(scripted_handle(&fixture->platform, 2)->flags, TORC_DATAGRAM_REUSE);
    return NULL;
}

TORC_TEST(what_the_platform_answers_to_a_send_is_the_answer, .group = &with_fixture)
{
    static const int codes[] = {TORC_EAGAIN, TORC_ETOOLONG, TORC_ECONNREFUSED, TORC_ENETUNREACH,
                                TORC_ENOBUFS};
    struct fixture *fixture = torc_trial_state(trial);
    static struct talker talker;
    struct torc_datagram_port port = open_port(fixture, &talker);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        scripted_handle(&fixture->platform, 1)->send_code = codes[i];
        assert_int_equal(torc_datagram_send(port, "x", 1, here()), codes[i]);
    }
    assert_int_equal(talker.refused + talker.stopped, 0);
    return NULL;
}

TORC_TEST(a_failed_connect_leaves_the_port_unconnected, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    static struct talker talker;
    struct torc_datagram_port port = open_port(fixture, &talker);
    fixture->platform.datagram_code = TORC_ENETUNREACH;
    assert_int_equal(torc_datagram_connect(port, here()), TORC_ENETUNREACH);
    assert_int_equal(torc_datagram_send(port, "x", 1, NULL), TORC_ENOTCONN);
    fixture->platform.datagram_code = 0;
    assert_int_equal(torc_datagram_connect(port, here()), 0);
    assert_int_equal(torc_datagram_send(port, "x", 1, NULL), 0);
    return NULL;
}

/* What the network says of a datagram that was sent long ago, and shortages. */
TORC_TEST(errors_that_pass_do_not_close_a_port, .group = &with_fixture)
{
    static const int codes[] = {TORC_EHOSTUNREACH, TORC_ENETUNREACH, TORC_EACCES, TORC_ENOTSUP,
                                TORC_EPROTOCOL,    TORC_ETOOLONG,    TORC_ENOBUFS, TORC_ENOMEM};
    struct fixture *fixture = torc_trial_state(trial);
    static struct talker talker;
    start(fixture);
    open_port(fixture, &talker);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        scripted_feed_error(&fixture->platform, 1, codes[i]);
    scripted_datagram(&fixture->platform, 1, "on", 2, here());
    turn_all(fixture);
    assert_int_equal(talker.received, 1);
    assert_int_equal(talker.stopped, 0);
    return NULL;
}

TORC_TEST(a_refusal_nobody_wants_to_hear_of_is_passed_over, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    static struct talker talker;
    talker = (struct talker){.protocol = {.ops = &indifferent_ops}};
    start(fixture);
    assert_int_equal(torc_datagram_open(fixture->reactor, here(), &talker.protocol, NULL, NULL), 0);
    scripted_feed_error(&fixture->platform, 1, TORC_ECONNREFUSED);
    scripted_datagram(&fixture->platform, 1, "on", 2, here());
    turn_all(fixture);
    assert_int_equal(talker.received, 1);
    return NULL;
}

TORC_TEST(a_failing_refused_is_logged_and_the_port_goes_on, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    static struct talker talker;
    start(fixture);
    open_port(fixture, &talker);
    scripted_feed_error(&fixture->platform, 1, TORC_ECONNREFUSED);
    scripted_datagram(&fixture->platform, 1, "on", 2, here());
    turn_all(fixture);
    assert_int_equal(talker.refused, 1);
    assert_int_equal(talker.received, 1);
    assert_non_null(strstr(fixture->log.journal.text, "refused failed"));
    return NULL;
}

TORC_TEST(any_other_error_closes_the_port_with_its_code, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    static struct talker talker;
    struct torc_datagram_port port;
    start(fixture);
    port = open_port(fixture, &talker);
    scripted_feed_error(&fixture->platform, 1, TORC_EIO);
    turn_all(fixture);
    assert_int_equal(talker.stopped, 1);
    assert_int_equal(talker.reason, TORC_EIO);
    assert_ptr_equal(talker.type, &torc_failure_connection_lost);
    assert_int_equal(torc_datagram_send(port, "x", 1, here()), TORC_ESTALE);
    assert_false(scripted_handle(&fixture->platform, 1)->open);
    return NULL;
}

TORC_TEST(a_name_does_not_find_the_port_after_it, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    static struct talker first, second;
    struct torc_datagram_port old = open_port(fixture, &first);
    torc_datagram_close(old);
    open_port(fixture, &second);
    torc_datagram_close(old);
    torc_datagram_pause(old);
    assert_int_equal(second.stopped, 0);
    assert_int_equal(scripted_handle(&fixture->platform, 2)->interest, TORC_EVENT_READ);
    assert_int_equal(torc_datagram_dropped(old), 0);
    return NULL;
}

TORC_TEST(no_port_is_stale, .group = &with_fixture)
{
    struct torc_datagram_port none = {0};
    struct torc_address address;
    torc_datagram_close(none);
    torc_datagram_resume(none);
    assert_int_equal(torc_datagram_send(none, "x", 1, here()), TORC_ESTALE);
    assert_int_equal(torc_datagram_address(none, &address), TORC_ESTALE);
    return NULL;
}

static void keep_text(void *arg, const char *text)
{
    (void)torc_format(arg, 200, "%s", text);
}

TORC_TEST(an_open_port_is_counted_and_described, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_reactor_counts counts;
    static struct talker talker;
    char text[200] = "";
    struct torc_datagram_port port = open_port(fixture, &talker);
    torc_reactor_count(fixture->reactor, &counts);
    assert_int_equal(counts.listeners, 1);
    torc_reactor_describe(fixture->reactor, keep_text, text);
    assert_non_null(strstr(text, "a datagram port made at "));
    assert_non_null(strstr(text, "datagram_test.c:"));
    torc_datagram_close(port);
    torc_reactor_count(fixture->reactor, &counts);
    assert_int_equal(counts.listeners, 0);
    return NULL;
}

static struct torc_failure *start_turning(struct torc_datagram_protocol *self)
{
    struct talker *talker = (struct talker *)(void *)self;
    talker->reason = torc_reactor_turn(talker->reactor, 0);
    return NULL;
}

TORC_TEST(no_turn_can_be_taken_inside_started, .group = &with_fixture)
{
    struct torc_datagram_protocol_ops turning = ops;
    struct fixture *fixture = torc_trial_state(trial);
    static struct talker talker;
    talker = (struct talker){.protocol = {.ops = &turning}, .reactor = fixture->reactor};
    start(fixture);
    turning.started = start_turning;
    assert_int_equal(torc_datagram_open(fixture->reactor, here(), &talker.protocol, NULL, NULL), 0);
    assert_int_equal(talker.reason, TORC_EMISUSE);
    torc_datagram_close(talker.protocol.port);
    return NULL;
}

static struct torc_failure *close_and_fail(struct torc_datagram_protocol *self)
{
    torc_datagram_close(self->port);
    return torc_failure_static(&torc_failure_limit);
}

TORC_TEST(a_started_that_closes_and_fails_is_logged_and_told_done, .group = &with_fixture)
{
    struct torc_datagram_protocol_ops closing = ops;
    struct fixture *fixture = torc_trial_state(trial);
    static struct talker talker;
    talker = (struct talker){.protocol = {.ops = &closing}};
    closing.started = close_and_fail;
    assert_int_equal(torc_datagram_open(fixture->reactor, here(), &talker.protocol, NULL, NULL), TORC_ECANCELED);
    assert_int_equal(talker.stopped, 1);
    assert_ptr_equal(talker.type, &torc_failure_connection_done);
    assert_non_null(strstr(fixture->log.journal.text, "started failed"));
    return NULL;
}

TORC_TRIAL_MAIN
