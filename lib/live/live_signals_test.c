#include <signal.h>

#include "live_pair.h"

static void handler_of_the_user(int number)
{
    (void)number;
}

static void install(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};

    assert_int_equal(sigaction(number, &action, NULL), 0);
}

static bool in_force(int number, void (*handler)(int))
{
    struct sigaction action;

    assert_int_equal(sigaction(number, NULL, &action), 0);
    return action.sa_handler == handler;
}

TORC_TEST(signals_are_told_once_each)
{
    struct torc_platform *platform;

    assert_int_equal(torc_live_new(NULL, &platform), 0);
    assert_int_equal(platform->ops->signals(platform, true, 9), 0);
    raise(SIGTERM);
    expect_event(platform, 9, TORC_EVENT_SIGNAL, TORC_SIGNAL_TERMINATE);
    raise(SIGINT);
    raise(SIGINT);
    expect_event(platform, 9, TORC_EVENT_SIGNAL, TORC_SIGNAL_INTERRUPT);
    assert_true(tells_nothing(platform));
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(both_signals_may_wait_for_one_batch)
{
    struct torc_platform *platform;

    assert_int_equal(torc_live_new(NULL, &platform), 0);
    assert_int_equal(platform->ops->signals(platform, true, 9), 0);
    raise(SIGTERM);
    raise(SIGINT);
    expect_event(platform, 9, TORC_EVENT_SIGNAL, TORC_SIGNAL_INTERRUPT);
    expect_event(platform, 9, TORC_EVENT_SIGNAL, TORC_SIGNAL_TERMINATE);
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(what_was_in_force_before_is_in_force_again)
{
    struct torc_platform *platform;

    install(SIGINT, handler_of_the_user);
    install(SIGTERM, SIG_IGN);
    assert_int_equal(torc_live_new(NULL, &platform), 0);
    assert_int_equal(platform->ops->signals(platform, true, 9), 0);
    assert_false(in_force(SIGINT, handler_of_the_user));
    assert_int_equal(platform->ops->signals(platform, false, 0), 0);
    assert_true(in_force(SIGINT, handler_of_the_user));
    assert_true(in_force(SIGTERM, SIG_IGN));
    assert_int_equal(platform->ops->signals(platform, false, 0), 0);
    torc_live_free(platform);
    install(SIGINT, SIG_DFL);
    install(SIGTERM, SIG_DFL);
    return NULL;
}

TORC_TEST(a_handler_installed_meanwhile_is_left_alone)
{
    struct torc_platform *platform;

    assert_int_equal(torc_live_new(NULL, &platform), 0);
    assert_int_equal(platform->ops->signals(platform, true, 9), 0);
    install(SIGINT, handler_of_the_user);
    torc_live_free(platform);
    assert_true(in_force(SIGINT, handler_of_the_user));
    assert_true(in_force(SIGTERM, SIG_DFL));
    install(SIGINT, SIG_DFL);
    return NULL;
}

TORC_TEST(a_second_platform_is_told_that_signals_are_taken)
{
    struct torc_platform *first;
    struct torc_platform *second;

    assert_int_equal(torc_live_new(NULL, &first), 0);
    assert_int_equal(torc_live_new(NULL, &second), 0);
    assert_int_equal(first->ops->signals(first, true, 1), 0);
    assert_int_equal(first->ops->signals(first, true, 3), 0);
    assert_int_equal(second->ops->signals(second, true, 2), TORC_EBUSY);
    assert_int_equal(second->ops->signals(second, false, 2), 0);
    raise(SIGTERM);
    assert_true(tells_nothing(second));
    expect_event(first, 3, TORC_EVENT_SIGNAL, TORC_SIGNAL_TERMINATE);
    torc_live_free(first);
    assert_int_equal(second->ops->signals(second, true, 2), 0);
    raise(SIGTERM);
    expect_event(second, 2, TORC_EVENT_SIGNAL, TORC_SIGNAL_TERMINATE);
    torc_live_free(second);
    return NULL;
}

TORC_TRIAL_MAIN
