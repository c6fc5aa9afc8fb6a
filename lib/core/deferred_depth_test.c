/* Chains a million deep are fired, cancelled and dropped on a stack of 64 KiB. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include <torc/deferred.h>
#include <torc/trial.h>

enum { DEPTH = 1000000, SMALL_STACK_BYTES = 64 * 1024 };

struct ends {
    struct torc_source source;
    struct torc_deferred *sink;
};

struct deep {
    const char *wrong;
    struct torc_scope *scope;
    struct ends first; /* the innermost */
    struct ends last;  /* waits, through all the others, for the first */
};

static struct torc_result then_await(struct torc_result result, void *deferred)
{
    torc_result_drop(result);
    return torc_await(deferred);
}

static struct torc_result one_more(struct torc_result result, void *arg)
{
    (void)arg;
    if (result.kind == TORC_RESULT_VALUE)
        result.as.value = (char *)result.as.value + 1;
    return result;
}

static int link_by_waiting(struct ends *next, struct torc_deferred *inner)
{
    int code = torc_deferred_add_callback(next->sink, then_await, inner, NULL);
    return code == 0 ? torc_source_fire(next->source, torc_value(NULL)) : code;
}

/* Makes DEPTH deferreds, each of which waits for the one before. */
static int build_waiting(struct deep *deep)
{
    int code = torc_deferred_new(deep->scope, NULL, NULL, &deep->first.source, &deep->first.sink);
    deep->last = deep->first;
    for (long i = 1; code == 0 && i < DEPTH; i++) {
        struct ends next;
        code = torc_deferred_new(deep->scope, NULL, NULL, &next.source, &next.sink);
        if (code == 0)
            code = link_by_waiting(&next, deep->last.sink);
        if (code == 0)
            code = torc_deferred_add_both(next.sink, one_more, NULL, NULL);
        deep->last = next;
    }
    return code;
}

/* Makes DEPTH deferreds, each of which fires the next; `last` is the end of it. */
static int build_chained(struct deep *deep)
{
    int code = torc_deferred_new(deep->scope, NULL, NULL, &deep->first.source, &deep->first.sink);
    deep->last = deep->first;
    for (long i = 1; code == 0 && i < DEPTH; i++) {
        struct ends next;
        code = torc_deferred_new(deep->scope, NULL, NULL, &next.source, &next.sink);
        if (code == 0)
            code = torc_deferred_add_both(deep->last.sink, one_more, NULL, NULL);
        if (code == 0)
            code = torc_deferred_chain(deep->last.sink, next.source);
        if (code == 0)
            torc_deferred_drop(deep->last.sink);
        deep->last = next;
    }
    return code;
}

static void expect(struct deep *deep, bool right, const char *otherwise)
{
    if (!right && !deep->wrong)
        deep->wrong = otherwise;
}

static void take_count(struct deep *deep)
{
    struct torc_result result = {0};
    expect(deep, torc_deferred_take(deep->last.sink, &result) == 0, "no result arrived");
    expect(deep, result.as.value == (void *)(intptr_t)(DEPTH - 1), "some callback did not run");
}

static void *fire_waiting(void *arg)
{
    struct deep *deep = arg;
    expect(deep, build_waiting(deep) == 0, "not built");
    expect(deep, torc_source_fire(deep->first.source, torc_value(NULL)) == 0, "not fired");
    take_count(deep);
    torc_deferred_drop(deep->last.sink);
    return NULL;
}

static void *fire_chained(void *arg)
{
    struct deep *deep = arg;
    expect(deep, build_chained(deep) == 0, "not built");
    expect(deep, torc_source_fire(deep->first.source, torc_value(NULL)) == 0, "not fired");
    take_count(deep);
    torc_deferred_drop(deep->last.sink);
    return NULL;
}

static void *drop_waiting(void *arg)
{
    struct deep *deep = arg;
    expect(deep, build_waiting(deep) == 0, "not built");
    torc_deferred_drop(deep->last.sink);
    torc_source_drop(deep->first.source);
    return NULL;
}

static void *cancel_waiting(void *arg)
{
    struct deep *deep = arg;
    struct torc_result result = {0};
    expect(deep, build_waiting(deep) == 0, "not built");
    torc_deferred_cancel(deep->last.sink);
    expect(deep, torc_deferred_take(deep->last.sink, &result) == 0, "no result arrived");
    expect(deep,
           result.kind == TORC_RESULT_FAILURE &&
               torc_failure_check(result.as.failure, &torc_failure_cancelled),
           "not cancelled");
    torc_result_drop(result);
    torc_deferred_drop(deep->last.sink);
    return NULL;
}

static void *abandon_waiting(void *arg)
{
    struct deep *deep = arg;
    expect(deep, build_waiting(deep) == 0, "not built");
    torc_scope_free(deep->scope);
    deep->scope = NULL;
    return NULL;
}

static void *await_backwards(void *arg)
{
    /* The chain is built from its outer end, so that each new wait has a long way up. */
    struct deep *deep = arg;
    struct ends outer, inner;
    int code = torc_deferred_new(deep->scope, NULL, NULL, &outer.source, &outer.sink);
    deep->last = outer;
    for (long i = 1; code == 0 && i < DEPTH; i++) {
        code = torc_deferred_new(deep->scope, NULL, NULL, &inner.source, &inner.sink);
        if (code == 0)
            code = link_by_waiting(&outer, inner.sink);
        if (code == 0)
            code = torc_deferred_add_both(outer.sink, one_more, NULL, NULL);
        outer = inner;
    }
    expect(deep, code == 0, "not built");
    expect(deep, torc_source_fire(outer.source, torc_value(NULL)) == 0, "not fired");
    take_count(deep);
    torc_deferred_drop(deep->last.sink);
    return NULL;
}

static void on_a_small_stack(void *(*body)(void *))
{
    struct deep deep = {0};
    struct torc_scope_counts after = {0};
    pthread_attr_t attributes;
    pthread_t thread;

    assert_int_equal(torc_scope_new(NULL, NULL, &deep.scope), 0);
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, SMALL_STACK_BYTES), 0);
    assert_int_equal(pthread_create(&thread, &attributes, body, &deep), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
    if (deep.scope)
        torc_scope_count(deep.scope, &after);
    torc_scope_free(deep.scope);
    if (deep.wrong)
        fail_msg("%s", deep.wrong);
    assert_int_equal(after.deferreds, 0);
    assert_int_equal(after.failures, 0);
}

TORC_TEST(a_million_deep_wait_fires_without_recursion)
{
    on_a_small_stack(fire_waiting);
    return NULL;
}

TORC_TEST(a_million_deep_chain_fires_without_recursion)
{
    on_a_small_stack(fire_chained);
    return NULL;
}

TORC_TEST(a_million_deep_wait_dies_without_recursion)
{
    on_a_small_stack(drop_waiting);
    return NULL;
}

TORC_TEST(a_million_deep_wait_is_cancelled_without_recursion)
{
    on_a_small_stack(cancel_waiting);
    return NULL;
}

TORC_TEST(a_million_deep_wait_goes_with_its_scope_without_recursion)
{
    on_a_small_stack(abandon_waiting);
    return NULL;
}

TORC_TEST(a_million_deep_wait_may_be_built_from_its_outer_end)
{
    on_a_small_stack(await_backwards);
    return NULL;
}

TORC_TRIAL_MAIN
