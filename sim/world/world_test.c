/* Hosts with reactors in a world: time, order, death, verdicts, digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/format.h>
#include <torc/sim.h>
#include <torc/trial.h>

struct log {
    struct torc_world *world;
    char text[512];
    size_t used;
};

static void say(struct log *log, const char *what)
{
    if (log->used > sizeof log->text - 64)
        return;
    log->used += torc_format(log->text + log->used, sizeof log->text - log->used, "%s@%llu ", what,
                             (unsigned long long)torc_world_now(log->world));
}

struct call {
    struct log *log;
    const char *what;
    struct torc_host *host;
    uint64_t again_ns;
    int left;
};

static struct torc_failure *called(void *arg)
{
    struct call *call = arg;

    say(call->log, call->what);
    if (--call->left > 0)
        return torc_call_later(torc_reactor_clock(torc_host_reactor(call->host)), call->again_ns, called,
                               call, NULL, NULL) == 0
                   ? NULL
                   : torc_failure_static(&torc_failure_error);
    return NULL;
}

static struct torc_world *new_world(uint64_t seed, struct torc_trace *trace)
{
    struct torc_world_options options;
    struct torc_world *world;

    torc_world_options_init(&options);
    options.seed = seed;
    options.trace = trace;
    options.turns_at_one_time_max = 1000;
    assert_int_equal(torc_world_new(&options, &world), 0);
    return world;
}

static struct torc_host *add(struct torc_world *world, const char *name)
{
    struct torc_host *host;

    assert_int_equal(torc_world_add_host(world, name, NULL, &host), 0);
    return host;
}

static enum torc_verdict run(struct torc_world *world, uint64_t until_ns)
{
    enum torc_verdict verdict;

    assert_int_equal(torc_world_run(world, until_ns, &verdict), 0);
    return verdict;
}

static void arm(struct torc_host *host, uint64_t delay_ns, struct call *call)
{
    call->host = host;
    assert_int_equal(torc_call_later(torc_reactor_clock(torc_host_reactor(host)), delay_ns, called, call,
                                     NULL, NULL),
                     0);
}

TORC_TEST(hosts_run_in_order_of_time_then_of_number)
{
    struct log log = {new_world(0, NULL), "", 0};
    struct torc_host *a = add(log.world, "a");
    struct torc_host *b = add(log.world, "b");
    struct call a1 = {&log, "a", NULL, 10, 2};
    struct call b1 = {&log, "b", NULL, 10, 2};
    struct call b2 = {&log, "B", NULL, 0, 1};

    arm(b, 10, &b1);
    arm(b, 5, &b2);
    arm(a, 10, &a1);
    assert_int_equal(run(log.world, TORC_NEVER), TORC_VERDICT_QUIESCENT);
    assert_string_equal(log.text, "B@5 a@10 b@10 a@20 b@20 ");
    torc_world_free(log.world);
    return NULL;
}

TORC_TEST(a_deadline_stops_the_clock_there)
{
    struct log log = {new_world(0, NULL), "", 0};
    struct torc_host *a = add(log.world, "a");
    struct call call = {&log, "a", NULL, 0, 1};

    arm(a, 10, &call);
    assert_int_equal(torc_world_next_at(log.world), 10);
    assert_int_equal(run(log.world, 9), TORC_VERDICT_DEADLINE);
    assert_int_equal(torc_world_now(log.world), 9);
    assert_int_equal(run(log.world, 10), TORC_VERDICT_QUIESCENT);
    assert_string_equal(log.text, "a@10 ");
    assert_int_equal(run(log.world, 50), TORC_VERDICT_QUIESCENT);
    assert_int_equal(torc_world_now(log.world), 50);
    assert_int_equal(torc_world_step(log.world), TORC_ENOTFOUND);
    torc_world_free(log.world);
    return NULL;
}

static struct torc_failure *arm_other(void *arg)
{
    struct call *call = arg;

    return torc_call_later(torc_reactor_clock(torc_host_reactor(call->host)), 5, called, call, NULL,
                           NULL) == 0
               ? NULL
               : torc_failure_static(&torc_failure_error);
}

TORC_TEST(a_call_armed_on_another_host_is_not_late)
{
    struct log log = {new_world(0, NULL), "", 0};
    struct torc_host *a = add(log.world, "a");
    struct torc_host *b = add(log.world, "b");
    struct call on_b = {&log, "b", b, 0, 1};
    struct call late = {&log, "a", NULL, 0, 1};

    assert_int_equal(torc_call_later(torc_reactor_clock(torc_host_reactor(a)), 1, arm_other, &on_b, NULL,
                                     NULL),
                     0);
    arm(a, 100, &late);
    assert_int_equal(run(log.world, TORC_NEVER), TORC_VERDICT_QUIESCENT);
    assert_string_equal(log.text, "b@6 a@100 ");
    torc_world_free(log.world);
    return NULL;
}

TORC_TEST(time_that_stands_still_is_a_livelock)
{
    struct log log = {new_world(0, NULL), "", 0};
    struct torc_host *a = add(log.world, "a");
    struct call call = {&log, "", NULL, 0, 1 << 30};

    arm(a, 0, &call);
    assert_int_equal(run(log.world, TORC_NEVER), TORC_VERDICT_LIVELOCK);
    torc_world_free(log.world);
    return NULL;
}

struct found {
    char text[512];
};

static void find(void *arg, const char *text)
{
    struct found *found = arg;

    if (strlen(text) < sizeof found->text)
        memcpy(found->text, text, strlen(text) + 1);
}

TORC_TEST(a_deferred_nobody_fires_is_stuck_and_named)
{
    struct torc_world *world = new_world(0, NULL);
    struct torc_host *a = add(world, "a");
    struct torc_source source;
    struct torc_deferred *deferred;
    struct found found = {""};

    assert_int_equal(torc_deferred_new(torc_reactor_scope(torc_host_reactor(a)), NULL, NULL, &source,
                                       &deferred),
                     0);
    assert_int_equal(run(world, TORC_NEVER), TORC_VERDICT_STUCK);
    torc_world_describe(world, find, &found);
    assert_ptr_equal(strstr(found.text, "a: "), found.text);
    assert_non_null(strstr(found.text, "world_test.c"));
    assert_int_equal(torc_source_fire(source, torc_value(NULL)), 0);
    torc_deferred_drop(deferred);
    assert_int_equal(run(world, TORC_NEVER), TORC_VERDICT_QUIESCENT);
    torc_world_free(world);
    return NULL;
}

TORC_TEST(when_all_have_stopped_the_world_has)
{
    struct torc_world *world = new_world(0, NULL);
    struct torc_host *a = add(world, "a");
    struct torc_host *b = add(world, "b");

    assert_int_equal(torc_reactor_stop(torc_host_reactor(a)), 0);
    torc_host_kill(b);
    assert_int_equal(run(world, TORC_NEVER), TORC_VERDICT_STOPPED);
    assert_false(torc_reactor_running(torc_host_reactor(a)));
    torc_world_free(world);
    return NULL;
}

TORC_TEST(a_signal_stops_the_reactor)
{
    struct torc_world *world = new_world(0, NULL);
    struct torc_host *a = add(world, "a");

    torc_host_signal(a, TORC_SIGNAL_INTERRUPT);
    assert_int_equal(run(world, TORC_NEVER), TORC_VERDICT_STOPPED);
    assert_int_equal(torc_reactor_exit_signal(torc_host_reactor(a)), TORC_SIGNAL_INTERRUPT);
    torc_world_free(world);
    return NULL;
}

static struct torc_failure *kill_itself(void *arg)
{
    torc_host_kill(arg);
    return NULL;
}

TORC_TEST(a_host_may_be_killed_by_its_own_code)
{
    struct log log = {new_world(0, NULL), "", 0};
    struct torc_host *a = add(log.world, "a");
    struct call late = {&log, "late", NULL, 0, 1};

    assert_int_equal(
        torc_call_later(torc_reactor_clock(torc_host_reactor(a)), 1, kill_itself, a, NULL, NULL), 0);
    arm(a, 2, &late);
    assert_int_equal(run(log.world, TORC_NEVER), TORC_VERDICT_STOPPED);
    assert_string_equal(log.text, "");
    assert_null(torc_host_reactor(a));
    assert_int_equal(torc_host_restart(a), 0);
    assert_int_equal(torc_host_restart(a), TORC_EBUSY);
    assert_non_null(torc_host_reactor(a));
    arm(a, 5, &late);
    assert_int_equal(run(log.world, TORC_NEVER), TORC_VERDICT_QUIESCENT);
    assert_string_equal(log.text, "late@6 ");
    torc_world_free(log.world);
    return NULL;
}

TORC_TEST(the_kth_acquisition_fails_and_the_next_does_not)
{
    struct torc_world *world = new_world(0, NULL);
    struct torc_host *a = add(world, "a");
    struct torc_scope *scope = torc_reactor_scope(torc_host_reactor(a));
    uint64_t before = torc_host_acquisitions(a);
    void *one;
    void *two;
    void *three;

    torc_host_fail_allocation(a, 1, false);
    one = torc_alloc(scope, 100);
    two = torc_alloc(scope, 100);
    three = torc_alloc(scope, 100);
    assert_non_null(one);
    assert_null(two);
    assert_non_null(three);
    assert_int_equal(torc_host_acquisitions(a), before + 3);
    torc_host_fail_allocation(a, 0, true);
    assert_null(torc_alloc(scope, 1));
    assert_null(torc_alloc(scope, 1));
    torc_world_free(world); /* one and three go with the host */
    return NULL;
}

TORC_TEST(a_budget_of_memory_is_kept)
{
    struct torc_world *world = new_world(0, NULL);
    struct torc_host_options options = TORC_HOST_OPTIONS_INIT;
    struct torc_host *host;

    options.memory_bytes_max = 1000000;
    assert_int_equal(torc_world_add_host(world, "a", &options, &host), 0);
    assert_null(torc_alloc(torc_reactor_scope(torc_host_reactor(host)), 2000000));
    assert_non_null(torc_alloc(torc_reactor_scope(torc_host_reactor(host)), 1000));
    torc_world_free(world);
    return NULL;
}

TORC_TEST(names_and_addresses_are_their_own)
{
    struct torc_world *world = new_world(0, NULL);
    struct torc_host *a = add(world, "a");
    struct torc_host *b = add(world, "b");
    struct torc_host *other;
    struct torc_address address = torc_host_address(b, 80);
    char text[TORC_ADDRESS_TEXT_MAX];

    assert_int_equal(torc_world_add_host(world, "a", NULL, &other), TORC_EEXIST);
    assert_int_equal(torc_world_add_host(world, "", NULL, &other), TORC_EINVAL);
    torc_address_format(&address, text, sizeof text);
    assert_string_equal(text, "tcp:10.0.0.2:80");
    assert_ptr_equal(torc_world_find_host(world, "a"), a);
    assert_null(torc_world_find_host(world, "c"));
    assert_string_equal(torc_host_name(a), "a");
    assert_string_equal(torc_reactor_host_name(torc_host_reactor(b)), "b");
    torc_host_kill(b);
    assert_int_equal(torc_host_restart(b), 0);
    assert_string_equal(torc_reactor_host_name(torc_host_reactor(b)), "b");
    torc_world_free(world);
    return NULL;
}

/* --- an echo between two hosts -------------------------------------------------------------- */

struct echo {
    struct torc_protocol protocol;
    struct torc_factory factory;
    bool client;
    int left;
    int lost;
};

static struct torc_failure *write_or_fail(struct torc_protocol *protocol, const void *data, size_t bytes)
{
    return torc_transport_write(protocol->transport, data, bytes) == 0
               ? NULL
               : torc_failure_static(&torc_failure_error);
}

static struct torc_failure *echo_made(struct torc_protocol *protocol)
{
    struct echo *echo = (struct echo *)(void *)protocol;

    return echo->client ? write_or_fail(protocol, "ping", 4) : NULL;
}

static struct torc_failure *echo_received(struct torc_protocol *protocol, const uint8_t *data,
                                          size_t bytes)
{
    struct echo *echo = (struct echo *)(void *)protocol;

    if (echo->client && --echo->left == 0) {
        torc_transport_lose(protocol->transport);
        return NULL;
    }
    return write_or_fail(protocol, data, bytes);
}

static void echo_lost(struct torc_protocol *protocol, struct torc_failure *reason)
{
    (void)reason;
    ((struct echo *)(void *)protocol)->lost++;
}

static const struct torc_protocol_ops echo_ops = {sizeof echo_ops, echo_made, echo_received, echo_lost,
                                                  NULL, NULL};

static struct torc_failure *echo_build(struct torc_factory *self, const struct torc_address *peer,
                                       struct torc_protocol **out)
{
    (void)peer;
    *out = &((struct echo *)(void *)((char *)self - offsetof(struct echo, factory)))->protocol;
    return NULL;
}

static const struct torc_factory_ops echo_factory_ops = {sizeof echo_factory_ops, echo_build, NULL, NULL,
                                                         NULL, NULL, NULL};

static void echo_init(struct echo *echo, bool client, int left)
{
    memset(echo, 0, sizeof *echo);
    echo->protocol.ops = &echo_ops;
    echo->factory.ops = &echo_factory_ops;
    echo->client = client;
    echo->left = left;
}

static int echo_world(uint64_t seed, int exchanges, struct torc_trace *trace,
                      char digest[TORC_DIGEST_TEXT_BYTES])
{
    struct torc_world *world = new_world(seed, trace);
    struct torc_host *srv = add(world, "srv");
    struct torc_host *cli = add(world, "cli");
    struct torc_address address = torc_host_address(srv, 7);
    struct torc_link link = TORC_LINK_INIT;
    struct torc_listener listener;
    struct echo server;
    struct echo client;
    uint64_t word;

    link.delay_ns = TORC_MILLISECOND;
    echo_init(&server, false, 0);
    echo_init(&client, true, exchanges);
    assert_int_equal(torc_world_set_link(world, srv, cli, &link), 0);
    assert_int_equal(torc_listen(torc_host_reactor(srv), &address, &server.factory, NULL, &listener), 0);
    assert_int_equal(torc_connect(torc_host_reactor(cli), &address, &client.factory, NULL, NULL), 0);
    torc_reactor_random(torc_host_reactor(cli), "test.word", &word, sizeof word);
    assert_int_equal(run(world, TORC_NEVER), TORC_VERDICT_QUIESCENT);
    torc_trace_digest(torc_world_trace(world), digest);
    torc_world_free(world);
    assert_int_equal(server.lost, 1);
    return client.lost;
}

TORC_TEST(equal_runs_have_equal_digests)
{
    char one[TORC_DIGEST_TEXT_BYTES];
    char two[TORC_DIGEST_TEXT_BYTES];
    char other[TORC_DIGEST_TEXT_BYTES];

    assert_int_equal(echo_world(1, 10, NULL, one), 1);
    assert_int_equal(echo_world(1, 10, NULL, two), 1);
    assert_string_equal(one, two);
    assert_int_equal(echo_world(2, 10, NULL, other), 1);
    assert_string_not_equal(one, other);
    assert_int_equal(echo_world(1, 11, NULL, other), 1);
    assert_string_not_equal(one, other);
    return NULL;
}

static int count_line(void *arg, const char *line, size_t bytes)
{
    (void)line;
    (void)bytes;
    ++*(int *)arg;
    return 0;
}

TORC_TEST(writing_the_trace_changes_nothing)
{
    char one[TORC_DIGEST_TEXT_BYTES];
    char two[TORC_DIGEST_TEXT_BYTES];
    struct torc_trace *trace;
    int lines = 0;

    assert_int_equal(torc_trace_new(count_line, &lines, &trace), 0);
    assert_int_equal(echo_world(1, 10, NULL, one), 1);
    assert_int_equal(echo_world(1, 10, trace, two), 1);
    assert_string_equal(one, two);
    assert_int_equal(torc_trace_count(trace), (uint64_t)lines);
    torc_trace_free(trace);
    return NULL;
}

TORC_TEST(a_client_that_connects_nowhere_fails_in_virtual_time)
{
    struct torc_world *world = new_world(0, NULL);
    struct torc_host *srv = add(world, "srv");
    struct torc_host *cli = add(world, "cli");
    struct torc_address address = torc_host_address(srv, 7);
    struct echo client;

    echo_init(&client, true, 1);
    torc_host_kill(srv);
    assert_int_equal(torc_connect(torc_host_reactor(cli), &address, &client.factory, NULL, NULL), 0);
    assert_int_equal(run(world, TORC_NEVER), TORC_VERDICT_QUIESCENT);
    assert_true(torc_world_now(world) >= 30 * TORC_SECOND);
    torc_world_free(world);
    return NULL;
}

static struct torc_failure *run_world(void *arg)
{
    struct log *log = arg;
    enum torc_verdict verdict;

    say(log, torc_world_run(log->world, 1, &verdict) == TORC_EMISUSE &&
                     torc_world_step(log->world) == TORC_EMISUSE
                 ? "misuse"
                 : "ran");
    return NULL;
}

TORC_TEST(a_world_does_not_run_inside_itself)
{
    struct log log = {new_world(0, NULL), "", 0};
    struct torc_host *a = add(log.world, "a");

    assert_int_equal(
        torc_call_later(torc_reactor_clock(torc_host_reactor(a)), 1, run_world, &log, NULL, NULL), 0);
    run(log.world, TORC_NEVER);
    assert_string_equal(log.text, "misuse@1 ");
    torc_world_free(log.world);
    return NULL;
}

TORC_TEST(a_simulated_reactor_is_not_run_by_itself)
{
    struct torc_world *world = new_world(0, NULL);
    struct torc_host *a = add(world, "a");

    assert_int_equal(torc_reactor_run(torc_host_reactor(a)), TORC_EMISUSE);
    assert_int_equal(run(world, TORC_NEVER), TORC_VERDICT_QUIESCENT);
    torc_world_free(world);
    return NULL;
}

static struct torc_failure *reach(void *arg)
{
    struct torc_reactor *reactor = torc_host_reactor(arg);

    TORC_SOMETIMES(reactor, torc_reactor_now(reactor) > 1, "world_test.late");
    TORC_SOMETIMES(reactor, torc_reactor_now(reactor) > 9, "world_test.never");
    return NULL;
}

TORC_TEST(marks_that_held_are_counted_over_hosts)
{
    struct torc_world *world = new_world(0, NULL);
    struct torc_host *a = add(world, "a");
    struct torc_host *b = add(world, "b");

    assert_int_equal(torc_call_later(torc_reactor_clock(torc_host_reactor(a)), 1, reach, a, NULL, NULL),
                     0);
    assert_int_equal(torc_call_later(torc_reactor_clock(torc_host_reactor(a)), 2, reach, a, NULL, NULL),
                     0);
    assert_int_equal(torc_call_later(torc_reactor_clock(torc_host_reactor(b)), 3, reach, b, NULL, NULL),
                     0);
    run(world, TORC_NEVER);
    assert_int_equal(torc_world_mark_count(world, "world_test.late"), 2);
    assert_int_equal(torc_world_mark_count(world, "world_test.never"), 0);
    torc_world_free(world);
    return NULL;
}

TORC_TRIAL_MAIN
