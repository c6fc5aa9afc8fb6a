#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/deferred.h>
#include <torc/trial.h>

#include "scope_pool.h"
#include "tests/support/failing_allocator.h"

struct fixture {
    struct torc_test_allocator allocator;
    struct torc_scope *scope;
};

static struct fixture fixture;

static struct torc_deferred *open_scope(struct torc_trial *trial)
{
    torc_trial_set_state(trial, &fixture);
    torc_test_allocator_init(&fixture.allocator);
    torc_trial_need(trial, torc_scope_new(&fixture.allocator.base, NULL, &fixture.scope));
    return NULL;
}

static struct torc_deferred *close_scope(struct torc_trial *trial)
{
    size_t left;
    (void)trial;
    torc_scope_free(fixture.scope);
    left = torc_test_allocator_blocks(&fixture.allocator);
    torc_test_allocator_clear(&fixture.allocator);
    assert_int_equal(left, 0);
    return NULL;
}

static const struct torc_trial_group in_scope = {.set_up = open_scope, .tear_down = close_scope};

static size_t bytes_in_use(void)
{
    struct torc_scope_counts counts;
    torc_scope_count(fixture.scope, &counts);
    return counts.bytes_in_use;
}

TORC_TEST(freeing_no_scope_is_allowed)
{
    torc_scope_free(NULL);
    return NULL;
}

TORC_TEST(a_scope_without_memory_is_an_error_and_leaves_the_out_parameter)
{
    struct torc_test_allocator allocator;
    struct torc_scope *scope = (struct torc_scope *)&allocator;
    torc_test_allocator_init(&allocator);
    torc_test_allocator_fail_at(&allocator, 1, true);
    assert_int_equal(torc_scope_new(&allocator.base, NULL, &scope), TORC_ENOMEM);
    assert_ptr_equal(scope, &allocator);
    return NULL;
}

TORC_TEST(the_bytes_in_use_are_what_the_allocator_gave, .group = &in_scope)
{
    void *a, *b;
    a = torc_alloc(fixture.scope, 100);
    b = torc_alloc_zero(fixture.scope, 50);
    assert_non_null(a);
    assert_non_null(b);
    assert_int_equal(((unsigned char *)b)[49], 0);
    assert_int_equal(bytes_in_use(), fixture.allocator.bytes);
    a = torc_resize(fixture.scope, a, 100, 300);
    assert_non_null(a);
    assert_int_equal(bytes_in_use(), fixture.allocator.bytes);
    a = torc_resize(fixture.scope, a, 300, 10);
    assert_int_equal(bytes_in_use(), fixture.allocator.bytes);
    torc_release(fixture.scope, a, 10);
    torc_release(fixture.scope, b, 50);
    torc_release(fixture.scope, NULL, 7);
    assert_int_equal(bytes_in_use(), fixture.allocator.bytes);
    return NULL;
}

TORC_TEST(a_block_that_cannot_grow_is_unchanged, .group = &in_scope)
{
    char *block = torc_alloc(fixture.scope, 4);
    size_t before = bytes_in_use();
    assert_non_null(block);
    memcpy(block, "abc", 4);
    torc_test_allocator_fail_at(&fixture.allocator, 1, false);
    assert_null(torc_resize(fixture.scope, block, 4, 400));
    assert_string_equal(block, "abc");
    assert_int_equal(bytes_in_use(), before);
    torc_release(fixture.scope, block, 4);
    return NULL;
}

TORC_TEST(an_empty_block_is_a_block, .group = &in_scope)
{
    void *block = torc_alloc_zero(fixture.scope, 0);
    assert_non_null(block);
    block = torc_resize(fixture.scope, block, 0, 20);
    assert_non_null(block);
    block = torc_resize(fixture.scope, block, 20, 0);
    assert_non_null(block);
    torc_release(fixture.scope, block, 0);
    return NULL;
}

struct seen {
    size_t count;
    const char *sites[4];
};

static void see(void *arg, const char *site, bool withheld)
{
    struct seen *seen = arg;
    (void)withheld;
    seen->sites[seen->count++] = site;
}

TORC_TEST(unfired_deferreds_are_visited_oldest_first, .group = &in_scope)
{
    struct torc_source sources[3];
    struct torc_deferred *deferreds[3];
    struct torc_scope_counts counts;
    struct seen seen = {0};
    static const char *const sites[] = {"a.c:1", "b.c:2", "c.c:3"};

    for (size_t i = 0; i < 3; i++)
        assert_int_equal(torc_deferred_new_at(sites[i], fixture.scope, NULL, NULL, &sources[i],
                                              &deferreds[i]),
                         0);
    assert_int_equal(torc_source_fire(sources[1], torc_value(NULL)), 0);
    torc_scope_visit_unfired(fixture.scope, see, &seen);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.sites[0], "a.c:1");
    assert_string_equal(seen.sites[1], "c.c:3");
    torc_scope_count(fixture.scope, &counts);
    assert_int_equal(counts.deferreds, 3);
    assert_int_equal(counts.deferreds_unfired, 2);
    return NULL;
}

static struct torc_result count_cancelled(struct torc_result result, void *arg)
{
    int *cancelled = arg;

    *cancelled += result.kind == TORC_RESULT_FAILURE &&
                  torc_failure_type(result.as.failure) == &torc_failure_cancelled;
    torc_result_drop(result);
    return torc_value(NULL);
}

TORC_TEST(an_unfired_deferred_is_cancelled_by_its_place, .group = &in_scope)
{
    struct torc_source sources[3];
    struct torc_deferred *deferreds[3];
    int cancelled[3] = {0};

    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(torc_deferred_new(fixture.scope, NULL, NULL, &sources[i], &deferreds[i]), 0);
        assert_int_equal(torc_deferred_add_both(deferreds[i], count_cancelled, &cancelled[i], NULL), 0);
    }
    assert_int_equal(torc_source_fire(sources[0], torc_value(NULL)), 0);
    assert_true(torc_scope_cancel_unfired(fixture.scope, 1));
    assert_int_equal(cancelled[1], 0);
    assert_int_equal(cancelled[2], 1);
    assert_false(torc_scope_cancel_unfired(fixture.scope, 1));
    assert_true(torc_scope_cancel_unfired(fixture.scope, 0));
    assert_int_equal(cancelled[1], 1);
    assert_false(torc_scope_cancel_unfired(fixture.scope, 0));
    assert_int_equal(cancelled[0], 0);
    for (size_t i = 0; i < 3; i++)
        torc_deferred_drop(deferreds[i]);
    return NULL;
}

/* --- pools ------------------------------------------------------------------------------------ */

TORC_TEST(every_get_is_one_acquisition, .group = &in_scope)
{
    struct torci_pool pool;
    void *objects[20];
    torci_pool_init(&pool, fixture.scope, 24, 8);
    torc_test_allocator_fail_at(&fixture.allocator, 0, false);
    for (size_t i = 0; i < 20; i++) {
        objects[i] = torci_pool_get(&pool);
        assert_non_null(objects[i]);
        assert_int_equal((uintptr_t)objects[i] % _Alignof(max_align_t), 0);
        memset(objects[i], (int)i, 24);
        assert_int_equal(fixture.allocator.acquisitions, i + 1);
    }
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(((unsigned char *)objects[i])[23], i);
    torci_pool_put(&pool, objects[3]);
    assert_ptr_equal(torci_pool_get(&pool), objects[3]);
    assert_int_equal(fixture.allocator.acquisitions, 21);
    torci_pool_clear(&pool);
    return NULL;
}

TORC_TEST(a_refused_get_takes_nothing, .group = &in_scope)
{
    struct torci_pool pool;
    void *object;
    torci_pool_init(&pool, fixture.scope, 24, 8);
    torc_test_allocator_fail_at(&fixture.allocator, 1, false);
    assert_null(torci_pool_get(&pool));
    object = torci_pool_get(&pool);
    assert_non_null(object);
    torc_test_allocator_fail_at(&fixture.allocator, 1, false);
    assert_null(torci_pool_get(&pool));
    torci_pool_put(&pool, object);
    torci_pool_put(&pool, NULL);
    torc_test_allocator_fail_at(&fixture.allocator, 1, false);
    assert_null(torci_pool_get(&pool));
    assert_ptr_equal(torci_pool_get(&pool), object);
    torci_pool_clear(&pool);
    return NULL;
}

TORC_TEST(a_zeroed_or_cleared_pool_may_be_cleared, .group = &in_scope)
{
    struct torci_pool pool = {0};
    torci_pool_clear(&pool);
    torci_pool_init(&pool, fixture.scope, 1, 4);
    assert_non_null(torci_pool_get(&pool));
    torci_pool_clear(&pool);
    torci_pool_clear(&pool);
    assert_non_null(torci_pool_get(&pool));
    torci_pool_clear(&pool);
    return NULL;
}

TORC_TRIAL_MAIN
