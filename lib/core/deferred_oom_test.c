/* Deferreds and failures with every acquisition failing in turn, and the promise that ending things
 * needs no memory at all. */
#include "tests/support/deferred_fixture.h"

#include <torc/clock.h>

#include "tests/support/oom_sweep.h"

/* Counts what must be balanced in one run: each arg taken is dropped once, each result released. */
struct balance {
    int args_taken;
    int args_dropped;
    int values_made;
    int values_dropped;
};

static void drop_value(void *balance)
{
    ((struct balance *)balance)->values_dropped++;
}

static void drop_arg(void *balance)
{
    ((struct balance *)balance)->args_dropped++;
}

static struct torc_result value(struct balance *balance)
{
    balance->values_made++;
    return torc_owned(balance, drop_value);
}

static struct torc_result pass(struct torc_result result, void *arg)
{
    (void)arg;
    return result;
}

static struct torc_result swallow(struct torc_result result, void *arg)
{
    (void)arg;
    torc_result_drop(result);
    return torc_value(NULL);
}

static void add_pair(struct torc_deferred *deferred, struct balance *balance,
                     torc_callback_fn *callback, torc_callback_fn *errback)
{
    if (torc_deferred_add(deferred, callback, errback, balance, drop_arg) == 0)
        balance->args_taken++;
}

static struct torc_result fail_with_causes(struct torc_result result, void *scope)
{
    struct torc_failure *failure = NULL;
    torc_result_drop(result);
    for (int i = 0; i < 4; i++)
        failure = torc_failure_new(scope, &torc_failure_limit, TORC_ELIMIT, failure, "cause %d", i);
    return torc_fail(failure);
}

/* Two deferreds, one waiting for the other, with more pairs than fit inside, a chain and a timeout. */
static void use(struct torc_scope *scope, struct torc_clock *clock, struct balance *balance)
{
    struct ends outer, inner, end;

    if (torc_deferred_new(scope, NULL, NULL, &outer.source, &outer.sink) != 0)
        return;
    if (torc_deferred_new(scope, NULL, NULL, &inner.source, &inner.sink) != 0) {
        torc_deferred_drop(outer.sink);
        (void)torc_source_fire(outer.source, value(balance));
        return;
    }
    for (int i = 0; i < 12; i++)
        add_pair(outer.sink, balance, pass, pass);
    if (torc_deferred_add(outer.sink, then_await, then_await, inner.sink, NULL) != 0)
        torc_deferred_drop(inner.sink);
    if (torc_deferred_add(outer.sink, fail_with_causes, fail_with_causes, scope, NULL) != 0)
        add_pair(outer.sink, balance, swallow, swallow);
    if (torc_deferred_new(scope, NULL, NULL, &end.source, &end.sink) == 0) {
        if (torc_deferred_chain(outer.sink, end.source) != 0)
            torc_source_drop(end.source);
        add_pair(end.sink, balance, swallow, swallow);
        torc_deferred_drop(end.sink);
    }
    if (torc_deferred_add_timeout(outer.sink, clock, 5) != 0)
        torc_deferred_cancel(outer.sink);
    (void)torc_source_fire(outer.source, value(balance));
    (void)torc_source_fire(inner.source, value(balance));
    torc_deferred_drop(outer.sink);
    torc_source_drop(outer.source);
    torc_source_drop(inner.source);
}

static const char *body(struct torc_test_allocator *allocator, void *arg)
{
    struct torc_scope_counts left = {0};
    struct balance balance = {0};
    struct torc_scope *scope;
    struct torc_clock *clock;
    const char *wrong = NULL;

    (void)arg;
    if (torc_scope_new(&allocator->base, NULL, &scope) != 0)
        return NULL;
    if (torc_clock_new(scope, &clock) == 0) {
        for (int i = 0; i < 3; i++)
            use(scope, clock, &balance);
        if (torc_clock_pending(clock) != 0)
            wrong = "a timer is left";
        torc_scope_count(scope, &left);
        torc_clock_free(clock);
    }
    torc_scope_free(scope);
    if (left.deferreds_unfired != 0)
        wrong = "a deferred is stuck";
    if (left.deferreds != 0)
        wrong = "a deferred is left";
    if (left.failures != 0)
        wrong = "a failure is left";
    if (balance.args_taken != balance.args_dropped)
        wrong = "args were not dropped exactly once";
    if (balance.values_made != balance.values_dropped)
        wrong = "values were not released exactly once";
    return wrong;
}

TORC_TEST(every_acquisition_of_deferreds_and_failures_may_fail)
{
    uint64_t runs = 0;
    assert_null(torc_oom_sweep(body, NULL, &runs));
    assert_true(runs > 20);
    return NULL;
}

TORC_TEST(a_refused_add_leaves_the_deferred_and_the_arg, .group = &in_scope)
{
    struct ends d = make();
    for (int i = 0; i < 3; i++)
        add_look(d.sink, "a");
    torc_test_allocator_fail_at(&fixture.allocator, 1, true);
    assert_int_equal(torc_deferred_add(d.sink, look, look, NULL, count_arg), TORC_ENOMEM);
    assert_int_equal(torc_deferred_chain(d.sink, d.source), TORC_ENOMEM);
    assert_int_equal(fixture.args_dropped, 0);
    assert_int_equal(torc_source_fire(d.source, number(1)), 0);
    assert_string_equal(fixture.trace, "a=1 a=1 a=1 ");
    torc_deferred_drop(d.sink);
    return NULL;
}

TORC_TEST(a_deferred_without_memory_leaves_the_out_parameters, .group = &in_scope)
{
    struct torc_source source = {NULL, 7, 8};
    struct torc_deferred *deferred = (struct torc_deferred *)&source;
    torc_test_allocator_fail_at(&fixture.allocator, 1, true);
    assert_int_equal(torc_deferred_new(fixture.scope, NULL, NULL, &source, &deferred), TORC_ENOMEM);
    assert_int_equal(torc_deferred_fired(fixture.scope, torc_owned(NULL, count_value), &deferred),
                     TORC_ENOMEM);
    assert_int_equal(fixture.values_dropped, 0);
    assert_ptr_equal(deferred, &source);
    assert_int_equal(source.index, 7);
    assert_int_equal(counts().deferreds, 0);
    return NULL;
}

/* --- what must work without memory ------------------------------------------------------------ */

static struct ends made_with_pairs(torc_canceller_fn *canceller)
{
    struct ends d;
    assert_int_equal(torc_deferred_new(fixture.scope, canceller, NULL, &d.source, &d.sink), 0);
    for (int i = 0; i < 10; i++)
        add(d.sink, pass, pass, NULL);
    return d;
}

static void do_nothing(struct torc_source source, void *arg)
{
    (void)source;
    (void)arg;
}

TORC_TEST(fire_cancel_drop_and_timeout_need_no_memory, .group = &in_scope)
{
    struct ends fired = made_with_pairs(NULL), cancelled = made_with_pairs(NULL),
                refused = made_with_pairs(do_nothing), dropped = made_with_pairs(NULL),
                late = made_with_pairs(NULL), outer = made_with_pairs(NULL),
                inner = made_with_pairs(NULL), itself = made_with_pairs(NULL);
    struct torc_failure *failure = a_failure();
    struct torc_clock *clock;
    assert_int_equal(torc_clock_new(fixture.scope, &clock), 0);
    assert_int_equal(torc_deferred_add_timeout(late.sink, clock, 5), 0);
    add(outer.sink, then_await, NULL, inner.sink);
    add(itself.sink, then_await, NULL, itself.sink);
    assert_int_equal(torc_deferred_chain(outer.sink, fired.source), 0);

    torc_test_allocator_fail_at(&fixture.allocator, 1, true);
    assert_int_equal(torc_source_fire(outer.source, number(1)), 0);
    assert_int_equal(torc_source_fire(inner.source, torc_fail(failure)), 0);
    torc_deferred_cancel(cancelled.sink);
    torc_deferred_cancel(refused.sink);
    torc_source_drop(dropped.source);
    assert_int_equal(torc_source_fire(itself.source, number(1)), 0);
    assert_int_equal(torc_clock_advance(clock, 5), 0);
    assert_true(torc_deferred_has_fired(late.sink));
    torc_deferred_drop(outer.sink);
    torc_deferred_drop(fired.sink);
    torc_deferred_drop(cancelled.sink);
    torc_deferred_drop(refused.sink);
    torc_deferred_drop(dropped.sink);
    torc_deferred_drop(late.sink);
    torc_deferred_drop(itself.sink);
    torc_clock_free(clock);
    assert_int_equal(fixture.allocator.acquisitions, 0);
    assert_int_equal(counts().deferreds, 0);
    assert_int_equal(counts().failures, 0);
    assert_int_equal(counts().unhandled, 6);
    return NULL;
}

TORC_TRIAL_MAIN
