#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/format.h>
#include <torc/resolver.h>
#include <torc/trial.h>

#include "tests/support/reactor_fixture.h"

struct outcome {
    unsigned fires;
    const struct torc_failure_type *type;
    char message[128];
    struct torc_addresses *addresses;
};

static struct torc_result fired(struct torc_result result, void *arg)
{
    struct outcome *outcome = arg;
    outcome->fires++;
    if (result.kind == TORC_RESULT_FAILURE) {
        outcome->type = torc_failure_type(result.as.failure);
        (void)torc_format(outcome->message, sizeof outcome->message, "%s",
                          torc_failure_message(result.as.failure));
        torc_result_drop(result);
    } else {
        outcome->addresses = result.as.value;
    }
    return torc_value(NULL);
}

static struct torc_deferred *resolve(struct fixture *fixture, const char *name, struct outcome *outcome)
{
    struct torc_deferred *deferred;
    memset(outcome, 0, sizeof *outcome);
    assert_int_equal(torc_resolve(fixture->reactor, name, 53, NULL, &deferred), 0);
    assert_int_equal(torc_deferred_add_both(deferred, fired, outcome, NULL), 0);
    torc_deferred_drop(deferred);
    return deferred;
}

static void start(struct fixture *fixture)
{
    fixture->platform.steady = true;
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
}

TORC_TEST(an_answer_has_its_addresses_with_the_port_and_is_the_users, .group = &with_fixture)
{
    static const struct torc_address list[2] = {{.family = TORC_ADDRESS_IPV6, .ip = {[15] = 1}},
                                                {.family = TORC_ADDRESS_IPV4, .ip = {10, 0, 0, 1}}};
    struct fixture *fixture = torc_trial_state(trial);
    struct outcome outcome;
    start(fixture);
    resolve(fixture, "db.example", &outcome);
    assert_string_equal(fixture->platform.lookups[0].name, "db.example");
    scripted_answer(&fixture->platform, 1, 0, list, 2);
    turn_all(fixture);
    assert_int_equal(outcome.fires, 1);
    assert_int_equal(outcome.addresses->count, 2);
    assert_int_equal(outcome.addresses->list[0].port, 53);
    assert_memory_equal(outcome.addresses->list[1].ip, list[1].ip, 4);
    assert_false(fixture->platform.lookups[0].open);
    torc_addresses_free(outcome.addresses);
    torc_addresses_free(NULL);
    return NULL;
}

TORC_TEST(failures_say_which_name_and_why, .group = &with_fixture)
{
    static const struct {
        int result;
        const struct torc_failure_type *type;
        const char *message;
    } cases[] = {
        {TORC_ENOTFOUND, &torc_failure_name_not_found, "looking up db.example: no address is known"},
        {TORC_EIO, &torc_failure_name_error, "looking up db.example: the service failed"},
        {TORC_ESYSTEM, &torc_failure_name_error, "looking up db.example: the service failed"},
        {TORC_ENOMEM, &torc_failure_out_of_memory, "out of memory"},
    };
    struct fixture *fixture = torc_trial_state(trial);
    struct outcome outcome;
    start(fixture);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        resolve(fixture, "db.example", &outcome);
        scripted_answer(&fixture->platform, i + 1, cases[i].result, NULL, 0);
        turn_all(fixture);
        assert_ptr_equal(outcome.type, cases[i].type);
        assert_string_equal(outcome.message, cases[i].message);
    }
    return NULL;
}

TORC_TEST(an_answer_without_addresses_is_an_error_of_the_service, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct outcome outcome;
    start(fixture);
    resolve(fixture, "db.example", &outcome);
    scripted_answer(&fixture->platform, 1, 0, NULL, 0);
    turn_all(fixture);
    assert_ptr_equal(outcome.type, &torc_failure_name_error);
    return NULL;
}

/* More than anybody would try. */
TORC_TEST(of_a_great_many_addresses_the_first_are_kept, .group = &with_fixture)
{
    static struct torc_address list[100];
    struct fixture *fixture = torc_trial_state(trial);
    struct outcome outcome;
    for (int i = 0; i < 100; i++)
        list[i] = torc_address_ipv4(10, 0, 0, (uint8_t)i, 0);
    start(fixture);
    resolve(fixture, "many.example", &outcome);
    scripted_answer(&fixture->platform, 1, 0, list, 100);
    turn_all(fixture);
    assert_int_equal(outcome.addresses->count, 64);
    assert_int_equal(outcome.addresses->list[63].ip[3], 63);
    torc_addresses_free(outcome.addresses);
    return NULL;
}

TORC_TEST(what_the_platform_refuses_is_the_answer, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_resolve_options options = TORC_RESOLVE_OPTIONS_INIT;
    struct torc_deferred *deferred;
    fixture->platform.resolve_code = TORC_ELIMIT;
    assert_int_equal(torc_resolve(fixture->reactor, "x", 1, NULL, &deferred), TORC_ELIMIT);
    options.size--;
    assert_int_equal(torc_resolve(fixture->reactor, "x", 1, &options, &deferred), TORC_EINVAL);
    return NULL;
}

TORC_TEST(a_lookup_waits_sixty_seconds_unless_told_otherwise, .group = &with_fixture)
{
    struct torc_resolve_options options = TORC_RESOLVE_OPTIONS_INIT;
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_deferred *deferred;
    struct outcome outcome;
    start(fixture);
    resolve(fixture, "db.example", &outcome);
    turn_all(fixture);
    assert_int_equal(torc_reactor_next_at(fixture->reactor), 60 * TORC_SECOND);
    fixture->platform.now_ns = 60 * TORC_SECOND;
    turn_all(fixture);
    assert_ptr_equal(outcome.type, &torc_failure_timeout);
    assert_false(fixture->platform.lookups[0].open);
    options.timeout_ns = TORC_NEVER;
    assert_int_equal(torc_resolve(fixture->reactor, "x", 1, &options, &deferred), 0);
    torc_deferred_drop(deferred);
    assert_true(torc_reactor_next_at(fixture->reactor) == TORC_NEVER);
    return NULL;
}

TORC_TEST(an_answer_that_comes_in_the_turn_of_a_cancel_is_let_go, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_deferred *deferred;
    struct outcome outcome;
    start(fixture);
    deferred = resolve(fixture, "db.example", &outcome);
    scripted_answer(&fixture->platform, 1, TORC_ENOTFOUND, NULL, 0);
    torc_deferred_cancel(deferred);
    turn_all(fixture);
    assert_int_equal(outcome.fires, 1);
    assert_ptr_equal(outcome.type, &torc_failure_cancelled);
    return NULL;
}

/* As a platform that is wrong might. */
TORC_TEST(an_answer_told_twice_fires_once, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct outcome outcome;
    start(fixture);
    resolve(fixture, "db.example", &outcome);
    uint64_t token = fixture->platform.lookups[0].token;
    scripted_answer(&fixture->platform, 1, TORC_ENOTFOUND, NULL, 0);
    turn_all(fixture);
    scripted_push_event(&fixture->platform, token, TORC_EVENT_NAMES, TORC_ENOTFOUND);
    turn_all(fixture);
    assert_int_equal(outcome.fires, 1);
    return NULL;
}

static void keep_text(void *arg, const char *text)
{
    if (strncmp(text, "a lookup", 8) == 0)
        (void)torc_format(arg, 200, "%s", text);
}

TORC_TEST(a_lookup_under_way_is_described, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct outcome outcome;
    char text[200] = "";
    struct torc_deferred *deferred = resolve(fixture, "db.example", &outcome);
    torc_reactor_describe(fixture->reactor, keep_text, text);
    assert_non_null(strstr(text, "a lookup of db.example made at "));
    torc_deferred_cancel(deferred);
    text[0] = '\0';
    torc_reactor_describe(fixture->reactor, keep_text, text);
    assert_string_equal(text, "");
    return NULL;
}

TORC_TEST(freeing_a_reactor_gives_its_lookups_up, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    static struct outcome outcome;
    resolve(fixture, "db.example", &outcome);
    torc_reactor_free(fixture->reactor);
    assert_ptr_equal(outcome.type, &torc_failure_cancelled);
    assert_false(fixture->platform.lookups[0].open);
    assert_int_equal(torc_reactor_new(&fixture->platform.base, &fixture->options, &fixture->reactor), 0);
    return NULL;
}

TORC_TRIAL_MAIN
