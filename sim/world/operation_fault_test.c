/* What protocols, factories and deferreds see of operations that fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/datagram.h>
#include <torc/decision.h>
#include <torc/operation_fault.h>
#include <torc/pool.h>
#include <torc/resolver.h>
#include <torc/stream.h>
#include <torc/trial.h>

#define MS TORC_MILLISECOND

/* --- two hosts ----------------------------------------------------------------------------------------- */

struct side {
    struct torc_factory factory;
    struct torc_protocol protocol; /* one connection at a time */
    struct torc_host *host;
    struct torc_world *world;
    const char *greeting; /* sent when it is connected; or NULL */
    unsigned made;
    char received[64];
    size_t received_bytes;
    uint64_t received_ns;
    const struct torc_failure_type *lost; /* NULL: it is not */
    uint64_t lost_ns;
    const struct torc_failure_type *failed; /* to connect */
    uint64_t failed_ns;
};

struct fixture {
    struct torc_world *world;
    struct side srv, cli;
    const struct torc_failure_type *failure; /* of a deferred */
    bool fired;
    uint64_t fired_ns;
};

static struct side *of_protocol(struct torc_protocol *protocol)
{
    return (struct side *)(void *)((char *)protocol - offsetof(struct side, protocol));
}

static struct torc_failure *connection_made(struct torc_protocol *self)
{
    struct side *side = of_protocol(self);

    side->made++;
    if (side->greeting != NULL)
        assert_int_equal(torc_transport_write(self->transport, side->greeting, strlen(side->greeting)), 0);
    return NULL;
}

static struct torc_failure *data_received(struct torc_protocol *self, const uint8_t *data, size_t bytes)
{
    struct side *side = of_protocol(self);

    assert_true(side->received_bytes + bytes < sizeof side->received);
    memcpy(side->received + side->received_bytes, data, bytes);
    side->received_bytes += bytes;
    side->received_ns = torc_world_now(side->world);
    return NULL;
}

static void connection_lost(struct torc_protocol *self, struct torc_failure *reason)
{
    struct side *side = of_protocol(self);

    side->lost = torc_failure_type(reason);
    side->lost_ns = torc_world_now(side->world);
}

static struct torc_failure *build_protocol(struct torc_factory *self, const struct torc_address *peer,
                                           struct torc_protocol **out)
{
    (void)peer;
    *out = &((struct side *)(void *)self)->protocol;
    return NULL;
}

static void connection_failed(struct torc_factory *self, struct torc_connector connector,
                              struct torc_failure *reason)
{
    struct side *side = (struct side *)(void *)self;

    (void)connector;
    side->failed = torc_failure_type(reason);
    side->failed_ns = torc_world_now(side->world);
}

static int add_side(struct torc_world *world, const char *name, struct side *side)
{
    static const struct torc_protocol_ops protocol_ops = {.size = sizeof protocol_ops,
                                                          .connection_made = connection_made,
                                                          .data_received = data_received,
                                                          .connection_lost = connection_lost};
    static const struct torc_factory_ops factory_ops = {.size = sizeof factory_ops,
                                                        .build_protocol = build_protocol,
                                                        .connection_failed = connection_failed};

    side->factory.ops = &factory_ops;
    side->protocol.ops = &protocol_ops;
    side->world = world;
    return torc_world_add_host(world, name, NULL, &side->host);
}

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    static struct fixture fixture;
    struct torc_link link = TORC_LINK_INIT;

    memset(&fixture, 0, sizeof fixture);
    link.delay_ns = MS;
    torc_trial_need(trial, torc_world_new(NULL, &fixture.world));
    assert_int_equal(add_side(fixture.world, "srv", &fixture.srv), 0);
    assert_int_equal(add_side(fixture.world, "cli", &fixture.cli), 0);
    torc_trial_need(trial, torc_world_set_link(fixture.world, fixture.srv.host, fixture.cli.host, &link));
    torc_trial_set_state(trial, &fixture);
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    torc_world_free(((struct fixture *)torc_trial_state(trial))->world);
    return NULL;
}

static const struct torc_trial_group with_fixture = {.set_up = set_up, .tear_down = tear_down};

/* --- what happens -------------------------------------------------------------------------------------- */

static uint32_t strike(struct side *side, const char *site, const char *option, uint64_t n, uint64_t times)
{
    struct torc_operation_fault fault = TORC_OPERATION_FAULT_INIT;
    uint32_t number = 0;

    fault.site = site;
    fault.n = n;
    fault.times = times;
    assert_int_equal(torc_decision_option(torc_decision_find_site(site), option, &fault.option), 0);
    assert_int_equal(torc_host_add_operation_fault(side->host, &fault, &number), 0);
    return number;
}

static int try_to_listen(struct side *side)
{
    struct torc_address address = torc_address_ipv4(0, 0, 0, 0, 7000);
    struct torc_listener listener;

    return torc_listen(torc_host_reactor(side->host), &address, &side->factory, NULL, &listener);
}

static int try_to_connect(struct fixture *fixture, uint64_t timeout_ns)
{
    struct torc_connect_options options = TORC_CONNECT_OPTIONS_INIT;
    struct torc_address address = torc_host_address(fixture->srv.host, 7000);
    struct torc_connector connector;

    options.timeout_ns = timeout_ns;
    return torc_connect(torc_host_reactor(fixture->cli.host), &address, &fixture->cli.factory, &options,
                        &connector);
}

static void run_for(struct fixture *fixture, uint64_t ns)
{
    enum torc_verdict verdict;

    assert_int_equal(torc_world_run(fixture->world, torc_world_now(fixture->world) + ns, &verdict), 0);
    assert_int_not_equal(verdict, TORC_VERDICT_LIVELOCK);
}

static void connect_both(struct fixture *fixture)
{
    assert_int_equal(try_to_listen(&fixture->srv), 0);
    assert_int_equal(try_to_connect(fixture, TORC_NEVER), 0);
    run_for(fixture, 10 * MS);
}

static void send(struct side *side, const char *text)
{
    assert_int_equal(torc_transport_write(side->protocol.transport, text, strlen(text)), 0);
}

#define assert_received(side, text)                                                                \
    do {                                                                                           \
        assert_int_equal((side)->received_bytes, strlen(text));                                    \
        assert_memory_equal((side)->received, text, strlen(text));                                 \
    } while (0)

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

/* --- deferreds ----------------------------------------------------------------------------------------- */

static struct torc_result fired(struct torc_result result, void *arg)
{
    struct fixture *fixture = arg;

    fixture->fired = true;
    fixture->fired_ns = torc_world_now(fixture->world);
    fixture->failure = result.kind == TORC_RESULT_FAILURE ? torc_failure_type(result.as.failure) : NULL;
    torc_result_drop(result);
    return torc_value(NULL);
}

static void wait_for(struct fixture *fixture, struct torc_deferred *deferred)
{
    fixture->fired = false;
    assert_int_equal(torc_deferred_add_both(deferred, fired, fixture, NULL), 0);
    torc_deferred_drop(deferred);
    run_for(fixture, 100 * TORC_SECOND);
    assert_true(fixture->fired);
}

static void assert_lookup(struct fixture *fixture, const char *option, const struct torc_failure_type *type,
                          uint64_t after_ns)
{
    uint64_t began_ns = torc_world_now(fixture->world);
    struct torc_deferred *deferred;

    strike(&fixture->cli, "resolve.fail", option, 1, 1);
    assert_int_equal(torc_resolve(torc_host_reactor(fixture->cli.host), "srv", 80, NULL, &deferred), 0);
    wait_for(fixture, deferred);
    assert_ptr_equal(fixture->failure, type);
    assert_int_equal(fixture->fired_ns - began_ns, after_ns);
}

TORC_TEST(a_lookup_fails_as_the_service_does, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    assert_lookup(fixture, "NXDOMAIN", &torc_failure_name_not_found, 0);
    assert_lookup(fixture, "SERVFAIL", &torc_failure_name_error, 0);
    assert_lookup(fixture, "timeout", &torc_failure_timeout, 60 * TORC_SECOND);
    assert_lookup(fixture, "slow", NULL, 2 * TORC_SECOND);
    return NULL;
}

static int no_work(void *arg)
{
    (void)arg;
    return 0;
}

TORC_TEST(a_job_that_is_not_taken_is_told_at_once, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_reactor *reactor = torc_host_reactor(fixture->srv.host);
    struct torc_deferred *deferred;

    strike(&fixture->srv, "job.fail", "ELIMIT", 1, 1);
    assert_int_equal(torc_run_job(reactor, no_work, NULL, NULL, &deferred), TORC_ELIMIT);
    strike(&fixture->srv, "job.fail", "ENOMEM", 1, 1);
    assert_int_equal(torc_run_job(reactor, no_work, NULL, NULL, &deferred), TORC_ENOMEM);
    assert_int_equal(torc_run_job(reactor, no_work, NULL, NULL, &deferred), 0);
    wait_for(fixture, deferred);
    assert_null(fixture->failure);
    return NULL;
}

TORC_TEST(the_third_acquisition_of_memory_is_refused, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_scope *scope = torc_reactor_scope(torc_host_reactor(fixture->srv.host));
    void *blocks[4];

    strike(&fixture->srv, "alloc.fail", "ENOMEM", 3, 1);
    for (size_t i = 0; i < 4; i++)
        blocks[i] = torc_alloc(scope, 100);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(blocks[i] == NULL, i == 2);
        torc_release(scope, blocks[i], blocks[i] != NULL ? 100 : 0);
    }
    return NULL;
}

/* An INSERT on a pool of its own; what the deferred fires with. */
static const struct torc_failure_type *insert(struct fixture *fixture, struct torc_pool *pool)
{
    struct torc_deferred *deferred;

    assert_int_equal(torc_pool_operation(pool, "INSERT INTO t VALUES (1)", TORC_NO_PARAMETERS, &deferred), 0);
    wait_for(fixture, deferred);
    return fixture->failure;
}

static struct torc_pool *open_pool(struct fixture *fixture)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_deferred *deferred;
    struct torc_pool *pool;

    options.path = "main.sqlite";
    options.busy_retries_max = 0;
    assert_int_equal(torc_pool_new(torc_host_reactor(fixture->srv.host), &options, &pool), 0);
    assert_int_equal(torc_pool_operation(pool, "CREATE TABLE t (a)", TORC_NO_PARAMETERS, &deferred), 0);
    wait_for(fixture, deferred);
    assert_null(fixture->failure);
    return pool;
}

static void close_pool(struct fixture *fixture, struct torc_pool *pool)
{
    struct torc_deferred *deferred;

    assert_int_equal(torc_pool_close(pool, &deferred), 0);
    wait_for(fixture, deferred);
    torc_pool_free(pool);
}

TORC_TEST(a_statement_fails_with_the_code_that_is_named, .group = &with_fixture)
{
    static const struct {
        const char *option;
        const struct torc_failure_type *type;
    } cases[] = {{"SQLITE_BUSY", &torc_failure_database_busy},    {"SQLITE_LOCKED", &torc_failure_database_busy},
                 {"SQLITE_FULL", &torc_failure_database_full},    {"SQLITE_IOERR", &torc_failure_database_io},
                 {"SQLITE_CORRUPT", &torc_failure_database_corrupt}, {"SQLITE_INTERRUPT", &torc_failure_database_interrupted},
                 {"disconnect", &torc_failure_database_lost},     {"drop-reply", &torc_failure_database_lost}};
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = open_pool(fixture);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        strike(&fixture->srv, "db.fail", cases[i].option, 1, 1);
        if (insert(fixture, pool) != cases[i].type)
            fail_msg("%s: %s", cases[i].option, fixture->failure == NULL ? "nothing" : fixture->failure->name);
    }
    close_pool(fixture, pool);
    return NULL;
}

TORC_TEST(an_operation_of_the_disk_fails_with_what_it_can_fail_with, .group = &with_fixture)
{
    static const struct {
        const char *option;
        const struct torc_failure_type *type;
    } cases[] = {{"SQLITE_FULL", &torc_failure_database_full},
                 {"short", &torc_failure_database_io},
                 {"SQLITE_BUSY", &torc_failure_database_busy}};
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = open_pool(fixture);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        strike(&fixture->srv, "disk.fail", cases[i].option, 1, 1);
        if (insert(fixture, pool) != cases[i].type)
            fail_msg("%s: %s", cases[i].option, fixture->failure == NULL ? "nothing" : fixture->failure->name);
    }
    assert_null(insert(fixture, pool));
    close_pool(fixture, pool);
    return NULL;
}

/* --- faults -------------------------------------------------------------------------------------------- */

TORC_TEST(what_is_no_fault_of_an_operation_is_refused, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_operation_fault fault = TORC_OPERATION_FAULT_INIT;

    fault.site = "ready.order";
    fault.option = 1;
    assert_int_equal(torc_host_add_operation_fault(fixture->srv.host, &fault, NULL), TORC_EINVAL);
    fault.site = "accept.fail";
    fault.option = 6;
    assert_int_equal(torc_host_add_operation_fault(fixture->srv.host, &fault, NULL), TORC_EINVAL);
    fault.option = 5;
    assert_int_equal(torc_host_add_operation_fault(fixture->srv.host, &fault, NULL), 0);
    return NULL;
}

TORC_TEST(with_faults_off_or_cleared_none_strikes, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    strike(&fixture->srv, "socket.fail", "EMFILE", 1, UINT64_MAX);
    strike(&fixture->cli, "socket.fail", "EMFILE", 1, UINT64_MAX);
    assert_int_equal(try_to_listen(&fixture->srv), TORC_EMFILE);
    torc_world_set_faults(fixture->world, false);
    assert_int_equal(try_to_listen(&fixture->cli), 0);
    torc_world_set_faults(fixture->world, true);
    torc_host_clear_operation_faults(fixture->srv.host);
    torc_host_clear_operation_faults(fixture->cli.host);
    connect_both(fixture);
    return NULL;
}

TORC_TRIAL_MAIN
