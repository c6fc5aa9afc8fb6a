#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "arena.h"

TORC_TEST(drop_frees_what_was_not_given_back)
{
    struct torci_arena arena = {0};
    char *one = torci_arena_resize(&arena, NULL, 0, 10);
    char *two = torci_arena_resize(&arena, NULL, 0, 20);
    char *three = torci_arena_resize(&arena, NULL, 0, 30);

    assert_non_null(one);
    memset(two, 2, 20);
    assert_non_null(three);
    assert_int_equal((uintptr_t)two % _Alignof(max_align_t), 0);
    two = torci_arena_resize(&arena, two, 20, 2000);
    assert_int_equal(two[19], 2);
    assert_null(torci_arena_resize(&arena, one, 10, 0));
    assert_int_equal(arena.bytes_in_use, 2030);
    torci_arena_drop(&arena);
    assert_int_equal(arena.bytes_in_use, 0);
    assert_null(arena.blocks);
    return NULL;
}

TORC_TEST(growing_is_an_acquisition_and_shrinking_is_not)
{
    struct torci_arena arena = {0};
    void *block = torci_arena_resize(&arena, NULL, 0, 100);

    block = torci_arena_resize(&arena, block, 100, 50);
    assert_int_equal(arena.acquisitions, 1);
    arena.fail_armed = true;
    arena.fail_forever = true;
    assert_null(torci_arena_resize(&arena, block, 50, 60));
    block = torci_arena_resize(&arena, block, 50, 40);
    assert_non_null(block);
    assert_int_equal(arena.acquisitions, 2);
    assert_int_equal(arena.bytes_in_use, 40);
    torci_arena_drop(&arena);
    return NULL;
}

TORC_TEST(the_kth_fails_once_or_from_then_on)
{
    struct torci_arena arena = {0};

    arena.fail_armed = true;
    arena.fail_after = 2;
    assert_true(torci_arena_admit(&arena, 0));
    assert_true(torci_arena_admit(&arena, 0));
    assert_false(torci_arena_admit(&arena, 0));
    assert_true(torci_arena_admit(&arena, 0));
    arena.fail_armed = true;
    arena.fail_forever = true;
    assert_false(torci_arena_admit(&arena, 0));
    assert_false(torci_arena_admit(&arena, 0));
    assert_int_equal(arena.acquisitions, 6);
    return NULL;
}

TORC_TEST(a_budget_counts_what_is_in_use)
{
    struct torci_arena arena = {0};
    void *block;

    arena.bytes_max = 100;
    block = torci_arena_resize(&arena, NULL, 0, 60);
    assert_non_null(block);
    assert_null(torci_arena_resize(&arena, NULL, 0, 41));
    assert_null(torci_arena_resize(&arena, block, 60, 101));
    torci_arena_resize(&arena, block, 60, 0);
    block = torci_arena_resize(&arena, NULL, 0, 100);
    assert_non_null(block);
    torci_arena_drop(&arena);
    return NULL;
}

TORC_TEST(no_size_is_too_large_to_refuse)
{
    struct torci_arena arena = {0};

    assert_null(torci_arena_resize(&arena, NULL, 0, SIZE_MAX));
    assert_null(torci_arena_resize(&arena, NULL, 0, SIZE_MAX - 8));
    return NULL;
}

TORC_TEST(what_is_exempt_is_counted_and_neither_refused_nor_taken_for_the_kth)
{
    struct torci_arena arena = {0};
    void *block;

    arena.bytes_max = 100;
    arena.fail_armed = true;
    arena.fail_after = 1;
    assert_false(torci_arena_exempt(&arena, true));
    block = torci_arena_resize(&arena, NULL, 0, 300);
    assert_non_null(block);
    assert_true(torci_arena_exempt(&arena, true)); /* within another */
    assert_true(torci_arena_exempt(&arena, false));
    assert_int_equal(arena.acquisitions, 1);
    assert_false(torci_arena_admit(&arena, 1)); /* 300 bytes of 100 are in use */
    arena.bytes_max = 0;
    assert_false(torci_arena_admit(&arena, 1));
    assert_true(torci_arena_admit(&arena, 1));
    torci_arena_drop(&arena);
    return NULL;
}

TORC_TRIAL_MAIN
