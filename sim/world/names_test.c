#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/decision.h>
#include <torc/operation_fault.h>
#include <torc/resolver.h>
#include <torc/sim.h>
#include <torc/trial.h>


struct outcome {
    bool fired;
    const struct torc_failure_type *type;
    size_t count;
    struct torc_address list[4];
};

struct fixture {
    struct torc_world *world;
    struct torc_host *one, *two;
    struct outcome outcome;
    char trace[8192];
    size_t trace_bytes;
    struct torc_trace *kept;
};

static int keep(void *arg, const char *line, size_t bytes)
{
    struct fixture *fixture = arg;

    if (fixture->trace_bytes + bytes < sizeof fixture->trace) {
        memcpy(fixture->trace + fixture->trace_bytes, line, bytes);
        fixture->trace_bytes += bytes;
    }
    return 0;
}

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    static struct fixture fixture;
    struct torc_world_options options;

    memset(&fixture, 0, sizeof fixture);
    torc_world_options_init(&options);
    torc_trial_need(trial, torc_trace_new(keep, &fixture, &fixture.kept));
    options.trace = fixture.kept;
    torc_trial_need(trial, torc_world_new(&options, &fixture.world));
    torc_trial_need(trial, torc_world_add_host(fixture.world, "one", NULL, &fixture.one));
    torc_trial_need(trial, torc_world_add_host(fixture.world, "two", NULL, &fixture.two));
    torc_trial_set_state(trial, &fixture);
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    struct fixture *fixture = torc_trial_state(trial);

    torc_world_free(fixture->world);
    torc_trace_free(fixture->kept);
    return NULL;
}

static const struct torc_trial_group with_fixture = {.set_up = set_up, .tear_down = tear_down};

static struct torc_result fired(struct torc_result result, void *arg)
{
    struct outcome *outcome = arg;

    outcome->fired = true;
    if (result.kind == TORC_RESULT_FAILURE) {
        outcome->type = torc_failure_type(result.as.failure);
    } else {
        const struct torc_addresses *addresses = result.as.value;

        outcome->count = addresses->count;
        memcpy(outcome->list, addresses->list, addresses->count * sizeof *addresses->list);
    }
    torc_result_drop(result);
    return torc_value(NULL);
}

/* Begins a lookup of the first host. */
static void begin(struct fixture *fixture, const char *name)
{
    struct torc_deferred *deferred;

    memset(&fixture->outcome, 0, sizeof fixture->outcome);
    assert_int_equal(torc_resolve(torc_host_reactor(fixture->one), name, 80, NULL, &deferred), 0);
    assert_int_equal(torc_deferred_add_both(deferred, fired, &fixture->outcome, NULL), 0);
    torc_deferred_drop(deferred);
}

static void run_until(struct fixture *fixture, uint64_t t_ns)
{
    enum torc_verdict verdict;

    assert_int_equal(torc_world_run(fixture->world, t_ns, &verdict), 0);
}

static void look_up(struct fixture *fixture, const char *name)
{
    begin(fixture, name);
    run_until(fixture, torc_world_now(fixture->world) + TORC_SECOND);
    assert_true(fixture->outcome.fired);
}

static void set(struct fixture *fixture, const char *name, enum torc_name_answer answer,
                const struct torc_address *list, size_t count, uint64_t delay_ns)
{
    struct torc_name_record record = TORC_NAME_RECORD_INIT;

    record.answer = answer;
    record.addresses = list;
    record.count = count;
    record.delay_ns = delay_ns;
    assert_int_equal(torc_world_set_name(fixture->world, name, &record), 0);
}

TORC_TEST(a_hosts_name_stands_for_its_addresses_ipv4_first, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_address expected = torc_host_address(fixture->two, 80);

    look_up(fixture, "two");
    assert_int_equal(fixture->outcome.count, 2);
    assert_true(torc_address_equal(&fixture->outcome.list[0], &expected));
    expected = torc_host_address6(fixture->two, 80);
    assert_true(torc_address_equal(&fixture->outcome.list[1], &expected));
    look_up(fixture, "nobody");
    assert_ptr_equal(fixture->outcome.type, &torc_failure_name_not_found);
    return NULL;
}

/* Names are looked up without regard to who is up. */
TORC_TEST(a_host_that_is_down_keeps_its_name, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    torc_host_kill(fixture->two);
    look_up(fixture, "two");
    assert_int_equal(fixture->outcome.count, 2);
    return NULL;
}

TORC_TEST(localhost_is_loopback_ipv6_first, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    look_up(fixture, "LocalHost");
    assert_int_equal(fixture->outcome.count, 2);
    assert_int_equal(fixture->outcome.list[0].ip[15], 1);
    assert_int_equal(fixture->outcome.list[1].ip[0], 127);
    return NULL;
}

TORC_TEST(a_declared_name_comes_before_a_hosts_and_may_change, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_address list[2] = {torc_host_address(fixture->one, 9), torc_host_address(fixture->two, 9)};

    set(fixture, "two", TORC_NAME_ADDRESSES, &list[0], 1, 0);
    look_up(fixture, "TWO");
    assert_int_equal(fixture->outcome.count, 1);
    assert_int_equal(fixture->outcome.list[0].ip[3], 1);
    assert_int_equal(fixture->outcome.list[0].port, 80);
    set(fixture, "two", TORC_NAME_ADDRESSES, list, 2, 0);
    look_up(fixture, "two");
    assert_int_equal(fixture->outcome.count, 2);
    set(fixture, "two", TORC_NAME_NOT_FOUND, NULL, 0, 0);
    look_up(fixture, "two");
    assert_ptr_equal(fixture->outcome.type, &torc_failure_name_not_found);
    set(fixture, "two", TORC_NAME_FAILURE, NULL, 0, 0);
    look_up(fixture, "two");
    assert_ptr_equal(fixture->outcome.type, &torc_failure_name_error);
    return NULL;
}

TORC_TEST(a_change_reaches_only_lookups_that_begin_after_it, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_address address = torc_host_address(fixture->two, 0);

    set(fixture, "db", TORC_NAME_ADDRESSES, &address, 1, 10 * TORC_MILLISECOND);
    begin(fixture, "db");
    run_until(fixture, 5 * TORC_MILLISECOND);
    set(fixture, "db", TORC_NAME_NOT_FOUND, NULL, 0, 0);
    run_until(fixture, 20 * TORC_MILLISECOND);
    assert_int_equal(fixture->outcome.count, 1);
    return NULL;
}

TORC_TEST(an_answer_takes_its_delay, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_address address = torc_host_address(fixture->two, 0);

    set(fixture, "slow", TORC_NAME_ADDRESSES, &address, 1, 10 * TORC_MILLISECOND);
    begin(fixture, "slow");
    run_until(fixture, 10 * TORC_MILLISECOND - 1);
    assert_false(fixture->outcome.fired);
    run_until(fixture, 10 * TORC_MILLISECOND);
    assert_true(fixture->outcome.fired);
    return NULL;
}

TORC_TEST(silence_lasts_until_the_lookup_times_out, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    set(fixture, "silent", TORC_NAME_SILENT, NULL, 0, 0);
    begin(fixture, "silent");
    run_until(fixture, 60 * TORC_SECOND - 1);
    assert_false(fixture->outcome.fired);
    run_until(fixture, 60 * TORC_SECOND);
    assert_ptr_equal(fixture->outcome.type, &torc_failure_timeout);
    return NULL;
}

/* The answer on its way finds nobody. */
TORC_TEST(a_host_killed_while_it_looks_a_name_up_is_told_nothing, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_address address = torc_host_address(fixture->two, 0);

    set(fixture, "slow", TORC_NAME_ADDRESSES, &address, 1, 10 * TORC_MILLISECOND);
    set(fixture, "silent", TORC_NAME_SILENT, NULL, 0, 0);
    begin(fixture, "slow");
    begin(fixture, "silent");
    run_until(fixture, 5 * TORC_MILLISECOND);
    torc_host_kill(fixture->one);
    assert_int_equal(torc_host_restart(fixture->one), 0);
    run_until(fixture, 20 * TORC_MILLISECOND);
    assert_false(fixture->outcome.fired);
    return NULL;
}

TORC_TEST(lookups_are_not_on_a_hosts_budget_of_handles, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_host_options options = TORC_HOST_OPTIONS_INIT;
    struct torc_deferred *deferred[3];
    struct torc_host *small;
    int i;

    options.handles_max = 1;
    assert_int_equal(torc_world_add_host(fixture->world, "small", &options, &small), 0);
    for (i = 0; i < 3; i++) {
        assert_int_equal(torc_resolve(torc_host_reactor(small), "two", 80, NULL, &deferred[i]), 0);
        torc_deferred_drop(deferred[i]);
    }
    run_until(fixture, TORC_SECOND);
    return NULL;
}

TORC_TEST(what_a_record_cannot_be_is_invalid, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_name_record record = TORC_NAME_RECORD_INIT;
    struct torc_address address = torc_host_address(fixture->one, 0);

    assert_int_equal(torc_world_set_name(fixture->world, "x", &record), TORC_EINVAL);
    record.addresses = &address;
    record.count = 1;
    assert_int_equal(torc_world_set_name(fixture->world, "", &record), TORC_EINVAL);
    record.answer = TORC_NAME_SILENT;
    assert_int_equal(torc_world_set_name(fixture->world, "x", &record), TORC_EINVAL);
    record.answer = TORC_NAME_ADDRESSES;
    address.family = TORC_ADDRESS_UNIX;
    assert_int_equal(torc_world_set_name(fixture->world, "x", &record), TORC_EINVAL);
    return NULL;
}

TORC_TEST(lookups_are_traced, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    look_up(fixture, "two");
    assert_non_null(strstr(fixture->trace, "\"host\":\"one\",\"k\":\"resolve\",\"what\":\"begin\","
                                           "\"name\":\"two\",\"family\":\"any\"}\n"));
    assert_non_null(strstr(fixture->trace, "\"k\":\"resolve\",\"cause\":3,\"what\":\"end\",\"name\":\"two\","
                                           "\"result\":0,\"addresses\":\"10.0.0.2,fd00::2\"}\n"));
    return NULL;
}

/* IPv6 leads nowhere, and the program goes on with IPv4 a quarter of a second later. */
static struct torc_failure *no_data(struct torc_protocol *self, const uint8_t *data, size_t bytes)
{
    (void)self;
    (void)data;
    (void)bytes;
    return NULL;
}

static void forget(struct torc_protocol *self, struct torc_failure *reason)
{
    (void)self;
    (void)reason;
}

static struct torc_failure *build(struct torc_factory *self, const struct torc_address *peer,
                                  struct torc_protocol **out)
{
    static const struct torc_protocol_ops ops = {
        .size = sizeof ops, .data_received = no_data, .connection_lost = forget};
    static struct torc_protocol protocols[4];
    struct torc_protocol *protocol = &protocols[peer->family == TORC_ADDRESS_IPV4 ? 0 : 1];

    (void)self;
    protocol->ops = &ops;
    *out = protocol;
    return NULL;
}

static struct torc_result connected(struct torc_result result, void *arg)
{
    *(uint64_t *)arg = result.kind == TORC_RESULT_VALUE;
    torc_result_drop(result);
    return torc_value(NULL);
}

TORC_TEST(an_ipv6_black_hole_costs_a_quarter_of_a_second, .group = &with_fixture)
{
    static const struct torc_factory_ops ops = {.size = sizeof ops, .build_protocol = build};
    static struct torc_factory servers, clients;
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_address list[2] = {torc_host_address6(fixture->two, 0), {0}};
    struct torc_address everywhere = torc_address_ipv4(0, 0, 0, 0, 80);
    struct torc_deferred *deferred;
    struct torc_listener listener;
    struct torc_host *good;
    uint64_t made = 0;

    servers.ops = clients.ops = &ops;
    assert_int_equal(torc_world_add_host(fixture->world, "good", NULL, &good), 0);
    list[1] = torc_host_address(good, 0);
    torc_host_kill(fixture->two);
    set(fixture, "www", TORC_NAME_ADDRESSES, list, 2, 0);
    assert_int_equal(torc_listen(torc_host_reactor(good), &everywhere, &servers, NULL, &listener), 0);
    assert_int_equal(torc_connect_name(torc_host_reactor(fixture->one), "www", 80, &clients, NULL, &deferred), 0);
    assert_int_equal(torc_deferred_add_both(deferred, connected, &made, NULL), 0);
    torc_deferred_drop(deferred);
    run_until(fixture, 250 * TORC_MILLISECOND);
    assert_int_equal(made, 0);
    run_until(fixture, 251 * TORC_MILLISECOND);
    assert_int_equal(made, 1);
    return NULL;
}

TORC_TEST(answers_take_turns_at_each_lookup_or_each_for_a_time, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_address one = torc_host_address(fixture->one, 80);
    struct torc_name_record records[2] = {TORC_NAME_RECORD_INIT, TORC_NAME_RECORD_INIT};

    records[0].addresses = &one;
    records[0].count = 1;
    records[1].answer = TORC_NAME_NOT_FOUND;
    assert_int_equal(torc_world_set_name_turns(fixture->world, "x", records, 2, 0), 0);
    for (unsigned i = 0; i < 5; i++) {
        look_up(fixture, "x");
        assert_int_equal(fixture->outcome.count, i % 2 == 0 ? 1 : 0);
    }
    assert_int_equal(torc_world_set_name_turns(fixture->world, "x", records, 2, 2 * TORC_SECOND), 0);
    for (unsigned i = 0; i < 8; i++) { /* a lookup takes a second */
        look_up(fixture, "x");
        assert_int_equal(fixture->outcome.count, i % 4 < 2 ? 1 : 0);
    }
    return NULL;
}

TORC_TEST(each_turn_takes_its_own_time, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_name_record records[2] = {TORC_NAME_RECORD_INIT, TORC_NAME_RECORD_INIT};

    records[0].answer = records[1].answer = TORC_NAME_NOT_FOUND;
    records[1].delay_ns = TORC_SECOND / 2;
    assert_int_equal(torc_world_set_name_turns(fixture->world, "x", records, 2, 0), 0);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t now_ns = torc_world_now(fixture->world);

        begin(fixture, "x");
        run_until(fixture, now_ns + TORC_SECOND / 4);
        assert_int_equal(fixture->outcome.fired, i % 2 == 0);
        run_until(fixture, now_ns + TORC_SECOND);
        assert_true(fixture->outcome.fired);
    }
    return NULL;
}

TORC_TEST(only_of_several_addresses_the_order_flips, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_address two[] = {torc_address_ipv4(10, 0, 0, 8, 80), torc_address_ipv4(10, 0, 0, 9, 80)};
    struct torc_operation_fault fault = TORC_OPERATION_FAULT_INIT;
    uint32_t number = 0;

    fault.site = "resolve.fail";
    assert_int_equal(torc_decision_option(torc_decision_find_site(fault.site), "flip", &fault.option), 0);
    assert_int_equal(torc_host_add_operation_fault(fixture->one, &fault, &number), 0);
    set(fixture, "x", TORC_NAME_ADDRESSES, two, 1, 0);
    look_up(fixture, "x");
    assert_int_equal(torc_host_operation_fault_struck(fixture->one, number), 0);
    set(fixture, "x", TORC_NAME_ADDRESSES, two, 2, 0);
    look_up(fixture, "x");
    assert_int_equal(torc_host_operation_fault_struck(fixture->one, number), 1);
    assert_int_equal(fixture->outcome.list[0].ip[3], 9);
    assert_int_equal(fixture->outcome.list[1].ip[3], 8);
    return NULL;
}

TORC_TEST(turns_that_make_no_sense_are_refused_and_change_nothing, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_name_record records[TORC_NAME_TURNS_MAX + 1];

    for (size_t i = 0; i <= TORC_NAME_TURNS_MAX; i++)
        records[i] = (struct torc_name_record){sizeof *records, TORC_NAME_FAILURE, NULL, 0, 0};
    set(fixture, "x", TORC_NAME_NOT_FOUND, NULL, 0, 0);
    assert_int_equal(torc_world_set_name_turns(fixture->world, "x", records, 0, 0), TORC_EINVAL);
    assert_int_equal(torc_world_set_name_turns(fixture->world, "x", records, TORC_NAME_TURNS_MAX + 1, 0), TORC_EINVAL);
    records[1].count = 1;
    assert_int_equal(torc_world_set_name_turns(fixture->world, "x", records, 2, 0), TORC_EINVAL);
    look_up(fixture, "x");
    assert_ptr_equal(fixture->outcome.type, &torc_failure_name_not_found);
    return NULL;
}

TORC_TRIAL_MAIN
