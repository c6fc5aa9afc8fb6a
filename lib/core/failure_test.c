#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/failure.h>
#include <torc/trial.h>

#include "tests/support/failing_allocator.h"

static struct torc_test_allocator allocator;

static struct torc_deferred *open_scope(struct torc_trial *trial)
{
    struct torc_scope *scope;

    torc_test_allocator_init(&allocator);
    torc_trial_need(trial, torc_scope_new(&allocator.base, NULL, &scope));
    torc_trial_set_state(trial, scope);
    return NULL;
}

static struct torc_deferred *close_scope(struct torc_trial *trial)
{
    size_t left;
    torc_scope_free(torc_trial_state(trial));
    left = torc_test_allocator_blocks(&allocator);
    torc_test_allocator_clear(&allocator);
    assert_int_equal(left, 0);
    return NULL;
}

static const struct torc_trial_group in_scope = {.set_up = open_scope, .tear_down = close_scope};

static size_t alive(struct torc_scope *scope)
{
    struct torc_scope_counts counts;
    torc_scope_count(scope, &counts);
    return counts.failures;
}

static const struct torc_failure_type own_root = {"own_root", NULL};
static const struct torc_failure_type own_reset = {"own_reset", &torc_failure_connection_reset};

TORC_TEST(a_failure_carries_what_it_was_made_with, .group = &in_scope)
{
    struct torc_scope *scope = torc_trial_state(trial);
    struct torc_failure *failure = torc_failure_new_at("x.c:7", scope, &torc_failure_limit,
                                                       TORC_ELIMIT, NULL, "%d of %d", 4, 3);
    assert_ptr_equal(torc_failure_type(failure), &torc_failure_limit);
    assert_int_equal(torc_failure_code(failure), TORC_ELIMIT);
    assert_string_equal(torc_failure_message(failure), "4 of 3");
    assert_string_equal(torc_failure_site(failure), "x.c:7");
    assert_null(torc_failure_cause(failure));
    assert_int_equal(alive(scope), 1);
    torc_failure_drop(failure);
    assert_int_equal(alive(scope), 0);
    return NULL;
}

TORC_TEST(a_failure_lives_as_long_as_it_is_kept, .group = &in_scope)
{
    struct torc_scope *scope = torc_trial_state(trial);
    struct torc_failure *failure =
        torc_failure_new(scope, &torc_failure_error, TORC_EIO, NULL, "no");
    assert_ptr_equal(torc_failure_keep(failure), failure);
    torc_failure_drop(failure);
    assert_string_equal(torc_failure_message(failure), "no");
    torc_failure_drop(failure);
    assert_int_equal(alive(scope), 0);
    assert_null(torc_failure_keep(NULL));
    torc_failure_drop(NULL);
    return NULL;
}

TORC_TEST(a_check_asks_for_the_whole_family, .group = &in_scope)
{
    struct torc_scope *scope = torc_trial_state(trial);
    struct torc_failure *failure =
        torc_failure_new(scope, &own_reset, TORC_ECONNRESET, NULL, "reset");
    assert_true(torc_failure_check(failure, &own_reset));
    assert_true(torc_failure_check(failure, &torc_failure_connection_reset));
    assert_true(torc_failure_check(failure, &torc_failure_connection_lost));
    assert_true(torc_failure_check(failure, &torc_failure_connection_closed));
    assert_true(torc_failure_check(failure, &torc_failure_error));
    assert_false(torc_failure_check(failure, &torc_failure_connection_done));
    assert_false(torc_failure_check(failure, &own_root));
    torc_failure_drop(failure);
    return NULL;
}

TORC_TEST(without_memory_the_answer_is_the_static_failure, .group = &in_scope)
{
    struct torc_scope *scope = torc_trial_state(trial);
    struct torc_failure *cause =
        torc_failure_new(scope, &torc_failure_error, TORC_EIO, NULL, "first");
    struct torc_failure *failure;
    torc_test_allocator_fail_at(&allocator, 1, false);
    failure = torc_failure_new(scope, &torc_failure_error, TORC_EIO, cause, "second");
    assert_ptr_equal(failure, torc_failure_no_memory());
    assert_int_equal(torc_failure_code(failure), TORC_ENOMEM);
    assert_int_equal(alive(scope), 0);
    torc_failure_drop(failure);
    torc_failure_drop(failure);
    assert_string_equal(torc_failure_message(torc_failure_no_memory()), "out of memory");
    return NULL;
}

TORC_TEST(every_type_of_the_library_has_a_static_failure, .group = &in_scope)
{
#define X(name, parent)                                                                            \
    assert_ptr_equal(torc_failure_type(torc_failure_static(&torc_failure_##name)),                 \
                     &torc_failure_##name);                                                        \
    assert_true(torc_failure_code(torc_failure_static(&torc_failure_##name)) < 0);                 \
    assert_null(torc_failure_site(torc_failure_static(&torc_failure_##name)));                     \
    assert_true(torc_failure_check(torc_failure_static(&torc_failure_##name), &torc_failure_error));
    TORC_FAILURE_TYPES(X)
#undef X
    return NULL;
}

TORC_TEST(a_foreign_type_has_the_static_failure_of_its_ancestor, .group = &in_scope)
{
    assert_ptr_equal(torc_failure_static(&own_reset),
                     torc_failure_static(&torc_failure_connection_reset));
    assert_ptr_equal(torc_failure_static(&own_root), torc_failure_static(&torc_failure_error));
    return NULL;
}

TORC_TEST(keeping_and_dropping_a_static_failure_does_nothing, .group = &in_scope)
{
    struct torc_failure *failure = torc_failure_static(&torc_failure_cancelled);
    for (int i = 0; i < 3; i++)
        torc_failure_drop(torc_failure_keep(failure));
    torc_failure_drop(failure);
    assert_string_equal(torc_failure_message(failure), "cancelled");
    return NULL;
}

TORC_TEST(a_code_makes_a_failure_of_its_type, .group = &in_scope)
{
    struct torc_scope *scope = torc_trial_state(trial);
    static const struct {
        int code;
        const struct torc_failure_type *type;
    } rows[] = {
        {TORC_EINVAL, &torc_failure_invalid_argument},
        {TORC_ELIMIT, &torc_failure_limit},
        {TORC_EFIRED, &torc_failure_deferred_error},
        {TORC_ECANCELED, &torc_failure_cancelled},
        {TORC_ETIMEDOUT, &torc_failure_timeout},
        {TORC_ERUNNING, &torc_failure_reactor_error},
        {TORC_ENOTRESTARTABLE, &torc_failure_reactor_error},
        {TORC_ENOTRUNNING, &torc_failure_not_running},
        {TORC_ECLOSED, &torc_failure_connection_closed},
        {TORC_EPROTOCOL, &torc_failure_protocol_error},
        {TORC_ECONNREFUSED, &torc_failure_connection_refused},
        {TORC_ECONNRESET, &torc_failure_connection_reset},
        {TORC_ECONNABORTED, &torc_failure_connection_aborted},
        {TORC_ENOTCONN, &torc_failure_connection_lost},
        {TORC_EPIPE, &torc_failure_connection_lost},
        {TORC_EHOSTUNREACH, &torc_failure_no_route},
        {TORC_ENETUNREACH, &torc_failure_no_route},
        {TORC_EADDRINUSE, &torc_failure_listen_error},
        {TORC_EADDRNOTAVAIL, &torc_failure_address_error},
        {TORC_EAFNOSUPPORT, &torc_failure_address_error},
        {TORC_EIO, &torc_failure_error},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct torc_failure *failure = torc_failure_of_code(scope, rows[i].code, NULL);
        assert_ptr_equal(torc_failure_type(failure), rows[i].type);
        assert_int_equal(torc_failure_code(failure), rows[i].code);
        assert_string_equal(torc_failure_message(failure), torc_error_text(rows[i].code));
        torc_failure_drop(failure);
    }
    assert_ptr_equal(torc_failure_of_code(scope, TORC_ENOMEM, "x"), torc_failure_no_memory());
    return NULL;
}

TORC_TEST(a_failure_of_a_code_says_what_was_attempted, .group = &in_scope)
{
    struct torc_scope *scope = torc_trial_state(trial);
    struct torc_failure *failure = torc_failure_of_code(scope, TORC_ECONNREFUSED, "connect to b");
    assert_string_equal(torc_failure_message(failure), "connect to b: connection refused");
    torc_failure_drop(failure);
    return NULL;
}

TORC_TEST(a_description_names_the_causes_in_turn, .group = &in_scope)
{
    struct torc_scope *scope = torc_trial_state(trial);
    static const char whole[] = "connect_error: no luck (a.c:1); caused by "
                                "connection_refused: nobody there (b.c:2); caused by "
                                "limit: a limit was reached";
    char text[200], cut[20];
    struct torc_failure *failure = torc_failure_static(&torc_failure_limit);
    failure = torc_failure_new_at("b.c:2", scope, &torc_failure_connection_refused,
                                  TORC_ECONNREFUSED, failure, "nobody there");
    failure = torc_failure_new_at("a.c:1", scope, &torc_failure_connect_error, TORC_ENOTCONN,
                                  failure, "no luck");
    assert_int_equal(torc_failure_describe(failure, text, sizeof text), sizeof whole - 1);
    assert_string_equal(text, whole);
    assert_int_equal(torc_failure_describe(failure, cut, sizeof cut), sizeof whole - 1);
    assert_memory_equal(cut, whole, sizeof cut - 1);
    assert_int_equal(cut[sizeof cut - 1], 0);
    assert_int_equal(torc_failure_describe(failure, NULL, 0), sizeof whole - 1);
    torc_failure_drop(failure);
    assert_int_equal(alive(scope), 0);
    return NULL;
}

TORC_TEST(a_chain_of_causes_dies_without_recursion, .group = &in_scope)
{
    struct torc_scope *scope = torc_trial_state(trial);
    struct torc_failure *failure = NULL;
    for (int i = 0; i < 300000; i++)
        failure = torc_failure_new(scope, &torc_failure_error, TORC_EIO, failure, "%d", i);
    assert_int_equal(alive(scope), 300000);
    torc_failure_drop(failure);
    assert_int_equal(alive(scope), 0);
    return NULL;
}

TORC_TRIAL_MAIN
