/* A thousand small tests, for `torc trial`: each waits a virtual second for a deferred and looks at what came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

#define TEN(x) x "0", x "1", x "2", x "3", x "4", x "5", x "6", x "7", x "8", x "9"
#define HUNDRED(x) TEN(x "0"), TEN(x "1"), TEN(x "2"), TEN(x "3"), TEN(x "4"), TEN(x "5"), TEN(x "6"), TEN(x "7"), \
                   TEN(x "8"), TEN(x "9")

static const char *const thousand[] = {HUNDRED("0"), HUNDRED("1"), HUNDRED("2"), HUNDRED("3"), HUNDRED("4"),
                                       HUNDRED("5"), HUNDRED("6"), HUNDRED("7"), HUNDRED("8"), HUNDRED("9"), NULL};

static struct torc_failure *fire(void *arg)
{
    struct torc_source *source = arg;

    torc_source_fire(*source, torc_value(source));
    return NULL;
}

TORC_TEST(a_timed_call_fires_a_deferred, .parameters = thousand)
{
    struct torc_source source;
    struct torc_deferred *deferred;

    torc_trial_need(trial, torc_deferred_new(torc_trial_scope(trial), NULL, NULL, &source, &deferred));
    torc_trial_need(trial, torc_call_later(torc_reactor_clock(torc_trial_reactor(trial)), TORC_SECOND, fire, &source, NULL,
                                           NULL));
    torc_assert_no_result(deferred);
    torc_trial_run(trial, TORC_SECOND);
    assert_ptr_equal(torc_success_result_of(deferred).as.value, &source);
    return NULL;
}
