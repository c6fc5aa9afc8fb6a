/* What protocols and factories see of operations that fail. */
#include <torc/datagram.h>

#include "tests/support/operation_fixture.h"

/* --- making sockets and connecting --------------------------------------------------------------------- */

TORC_TEST(a_listen_fails_with_what_a_socket_or_a_bind_fails_with, .group = &with_fixture)
{
    static const struct {
        const char *option;
        int code;
    } cases[] = {{"EMFILE", TORC_EMFILE}, {"ENFILE", TORC_ENFILE}, {"ENOBUFS", TORC_ENOBUFS},
                 {"ENOMEM", TORC_ENOMEM}, {"EADDRINUSE", TORC_EADDRINUSE}};
    struct fixture *fixture = torc_trial_state(trial);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        strike(&fixture->srv, "socket.fail", cases[i].option, 1, 1);
        assert_int_equal(try_to_listen(&fixture->srv), cases[i].code);
    }
    assert_int_equal(try_to_listen(&fixture->srv), 0);
    return NULL;
}

TORC_TEST(a_socket_that_is_not_bound_is_not_in_use, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint32_t fault = strike(&fixture->cli, "socket.fail", "EADDRINUSE", 1, UINT64_MAX);

    connect_both(fixture);
    assert_int_equal(fixture->cli.made, 1);
    assert_int_equal(torc_host_operation_fault_struck(fixture->cli.host, fault), 0);
    return NULL;
}

static struct torc_failure *ignore_datagram(struct torc_datagram_protocol *self, const uint8_t *data,
                                            size_t bytes, const struct torc_address *from)
{
    (void)self;
    (void)data;
    (void)bytes;
    (void)from;
    return NULL;
}

static void ignore_end(struct torc_datagram_protocol *self, struct torc_failure *reason)
{
    (void)self;
    (void)reason;
}

TORC_TEST(a_datagram_port_cannot_be_opened_without_a_descriptor, .group = &with_fixture)
{
    static const struct torc_datagram_protocol_ops ops = {
        .size = sizeof ops, .received = ignore_datagram, .stopped = ignore_end};
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_datagram_protocol protocol = {.ops = &ops};
    struct torc_address address = torc_address_ipv4(0, 0, 0, 0, 53);

    strike(&fixture->srv, "socket.fail", "EMFILE", 1, 1);
    assert_int_equal(torc_datagram_open(torc_host_reactor(fixture->srv.host), &address, &protocol, NULL, NULL),
                     TORC_EMFILE);
    return NULL;
}

TORC_TEST(a_refusal_does_not_come_before_an_endless_round_trip_is_over, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_link link = TORC_LINK_INIT;

    link.delay_ns = UINT64_C(1) << 63;
    assert_int_equal(torc_world_set_link(fixture->world, fixture->srv.host, fixture->cli.host, &link), 0);
    strike(&fixture->cli, "connect.fail", "ECONNREFUSED", 1, 1);
    assert_int_equal(try_to_connect(fixture, TORC_NEVER), 0);
    run_for(fixture, TORC_SECOND);
    assert_null(fixture->cli.failed);
    return NULL;
}

/* The type of connection_failed and when it came. */
static void assert_connect_fails(struct fixture *fixture, const char *option,
                                 const struct torc_failure_type *type, uint64_t after_ns)
{
    uint64_t began_ns = torc_world_now(fixture->world);

    strike(&fixture->cli, "connect.fail", option, 1, 1);
    fixture->cli.failed = NULL;
    assert_int_equal(try_to_connect(fixture, TORC_NEVER), 0);
    run_for(fixture, 200 * TORC_SECOND);
    if (fixture->cli.failed != type)
        fail_msg("%s: %s", option, fixture->cli.failed == NULL ? "nothing" : fixture->cli.failed->name);
    assert_int_equal(fixture->cli.failed_ns - began_ns, after_ns);
    assert_int_equal(fixture->srv.made, 0);
}

TORC_TEST(a_connect_that_fails_is_told_when_linux_would_know, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    assert_int_equal(try_to_listen(&fixture->srv), 0);
    assert_connect_fails(fixture, "ECONNREFUSED", &torc_failure_connection_refused, 2 * MS);
    assert_connect_fails(fixture, "ETIMEDOUT", &torc_failure_connect_timeout, 127 * TORC_SECOND);
    assert_connect_fails(fixture, "EHOSTUNREACH", &torc_failure_no_route, 3 * TORC_SECOND);
    assert_connect_fails(fixture, "ENETUNREACH", &torc_failure_no_route, 0);
    assert_connect_fails(fixture, "ECONNRESET", &torc_failure_connect_error, 2 * MS);
    assert_connect_fails(fixture, "EADDRNOTAVAIL", &torc_failure_connect_error, 0);
    return NULL;
}

/* --- accepting ----------------------------------------------------------------------------------------- */

TORC_TEST(without_a_descriptor_an_accept_turns_the_connection_away_and_the_next_is_served, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    strike(&fixture->srv, "accept.fail", "EMFILE", 1, 1);
    connect_both(fixture);
    assert_int_equal(fixture->srv.made, 0);
    assert_ptr_equal(fixture->cli.lost, &torc_failure_connection_done);
    assert_int_equal(try_to_connect(fixture, TORC_NEVER), 0);
    run_for(fixture, 10 * MS);
    assert_int_equal(fixture->srv.made, 1);
    return NULL;
}

TORC_TEST(a_host_that_never_has_a_descriptor_does_not_spin, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint32_t fault = strike(&fixture->srv, "accept.fail", "ENFILE", 1, UINT64_MAX);

    connect_both(fixture);
    run_for(fixture, 10 * TORC_SECOND);
    assert_int_equal(fixture->srv.made, 0);
    assert_int_equal(torc_host_operation_fault_struck(fixture->srv.host, fault), 1);
    return NULL;
}

TORC_TEST(a_connection_that_goes_away_in_the_backlog_is_reset_for_the_client_and_passed_over, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    strike(&fixture->srv, "accept.fail", "ECONNABORTED", 1, 1);
    connect_both(fixture);
    assert_int_equal(fixture->srv.made, 0);
    assert_ptr_equal(fixture->cli.lost, &torc_failure_connection_reset);
    assert_int_equal(try_to_connect(fixture, TORC_NEVER), 0);
    run_for(fixture, 10 * MS);
    assert_int_equal(fixture->srv.made, 1);
    return NULL;
}

/* --- streams ------------------------------------------------------------------------------------------- */

TORC_TEST(a_read_that_is_reset_loses_the_connection_on_both_sides_and_what_was_sent, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    connect_both(fixture);
    strike(&fixture->srv, "read.fail", "ECONNRESET", 2, 1);
    send(&fixture->cli, "one");
    run_for(fixture, 10 * MS);
    send(&fixture->cli, "two");
    run_for(fixture, 10 * MS);
    assert_received(&fixture->srv, "one");
    assert_ptr_equal(fixture->srv.lost, &torc_failure_connection_reset);
    assert_ptr_equal(fixture->cli.lost, &torc_failure_connection_reset);
    assert_int_equal(fixture->cli.lost_ns - fixture->srv.lost_ns, MS);
    return NULL;
}

TORC_TEST(a_read_that_times_out_loses_the_connection_with_that, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    connect_both(fixture);
    strike(&fixture->srv, "read.fail", "ETIMEDOUT", 1, 1);
    send(&fixture->cli, "one");
    run_for(fixture, 10 * MS);
    assert_received(&fixture->srv, "");
    assert_ptr_equal(fixture->srv.lost, &torc_failure_connection_timeout);
    assert_ptr_equal(fixture->cli.lost, &torc_failure_connection_reset);
    return NULL;
}

TORC_TEST(a_write_that_fails_loses_the_connection, .group = &with_fixture)
{
    static const struct {
        const char *option;
        const struct torc_failure_type *type;
        const struct torc_failure_type *peer;
    } cases[] = {{"EPIPE", &torc_failure_connection_lost, &torc_failure_connection_reset},
                 {"ECONNRESET", &torc_failure_connection_reset, &torc_failure_connection_reset},
                 {"ETIMEDOUT", &torc_failure_connection_timeout, &torc_failure_connection_reset},
                 /* The system goes on: it is the library that closes, and the peer reads an end. */
                 {"ENOBUFS", &torc_failure_connection_lost, &torc_failure_connection_reset}};
    struct fixture *fixture = torc_trial_state(trial);

    assert_int_equal(try_to_listen(&fixture->srv), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(try_to_connect(fixture, TORC_NEVER), 0);
        run_for(fixture, 10 * MS);
        strike(&fixture->cli, "write.fail", cases[i].option, 1, 1);
        send(&fixture->cli, "one");
        run_for(fixture, 10 * MS);
        assert_ptr_equal(fixture->cli.lost, cases[i].type);
        assert_ptr_equal(fixture->srv.lost, cases[i].peer);
        assert_received(&fixture->srv, "");
    }
    return NULL;
}

TORC_TEST(a_write_that_is_to_be_tried_again_is_sent_when_the_stream_is_writable, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t sent_ns;

    connect_both(fixture);
    strike(&fixture->cli, "write.again", "100ms", 1, 1);
    sent_ns = torc_world_now(fixture->world);
    send(&fixture->cli, "one");
    run_for(fixture, 50 * MS);
    send(&fixture->cli, "two");
    run_for(fixture, 100 * MS);
    assert_received(&fixture->srv, "onetwo");
    assert_int_equal(fixture->srv.received_ns - sent_ns, 101 * MS);
    return NULL;
}

TORC_TEST(a_descriptor_that_is_never_ready_at_once_gets_on_nevertheless, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    connect_both(fixture);
    strike(&fixture->cli, "write.again", "1ms", 1, UINT64_MAX);
    strike(&fixture->srv, "read.again", "5s", 1, UINT64_MAX);
    send(&fixture->cli, "one");
    run_for(fixture, TORC_SECOND);
    assert_received(&fixture->srv, "");
    run_for(fixture, 5 * TORC_SECOND);
    assert_received(&fixture->srv, "one");
    assert_null(fixture->srv.lost);
    return NULL;
}

TORC_TEST(a_stream_that_stalls_is_silent_both_ways_until_its_writer_gives_up, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    connect_both(fixture);
    strike(&fixture->cli, "stream.stall", "silent", 2, 1);
    send(&fixture->cli, "one");
    run_for(fixture, 10 * MS);
    send(&fixture->cli, "two");
    send(&fixture->srv, "three");
    run_for(fixture, 100 * TORC_SECOND);
    assert_received(&fixture->srv, "one");
    assert_received(&fixture->cli, "");
    assert_null(fixture->srv.lost);
    torc_transport_lose(fixture->cli.protocol.transport);
    run_for(fixture, 800 * TORC_SECOND);
    assert_ptr_equal(fixture->cli.lost, &torc_failure_connection_done);
    assert_null(fixture->srv.lost);
    run_for(fixture, 100 * TORC_SECOND); /* until what was sent again and again is given up */
    assert_ptr_equal(fixture->srv.lost, &torc_failure_connection_timeout);
    return NULL;
}

TORC_TEST(who_sent_what_a_stall_took_is_told, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    connect_both(fixture);
    strike(&fixture->srv, "stream.stall", "silent", 1, 1);
    send(&fixture->cli, "question");
    run_for(fixture, 900 * TORC_SECOND);
    assert_received(&fixture->srv, "");
    assert_null(fixture->cli.lost);
    run_for(fixture, 150 * TORC_SECOND);
    assert_ptr_equal(fixture->cli.lost, &torc_failure_connection_timeout);
    return NULL;
}

TORC_TEST(what_had_arrived_when_the_other_end_stalled_is_read, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    connect_both(fixture);
    torc_transport_pause_reading(fixture->srv.protocol.transport);
    strike(&fixture->srv, "read.fail", "ECONNRESET", 100, 1); /* so that its reads are asked about */
    strike(&fixture->cli, "stream.stall", "silent", 2, 1);
    send(&fixture->cli, "one");
    run_for(fixture, 10 * MS);
    send(&fixture->cli, "two");
    run_for(fixture, 10 * MS);
    torc_transport_resume_reading(fixture->srv.protocol.transport);
    run_for(fixture, 10 * MS);
    assert_received(&fixture->srv, "one");
    assert_null(fixture->srv.lost);
    return NULL;
}

TORC_TRIAL_MAIN
