/* Delta debugging, on sets whose smallest failing part is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/shrink.h>
#include <torc/trial.h>

enum { MANY = 1000 };

struct needed {
    const size_t *indexes;
    size_t count;
    size_t asked;
};

static bool has_all(void *arg, const bool *keep)
{
    struct needed *needed = arg;

    needed->asked++;
    for (size_t i = 0; i < needed->count; i++)
        if (!keep[needed->indexes[i]])
            return false;
    return true;
}

static size_t left(const bool *keep)
{
    size_t count = 0;

    for (size_t i = 0; i < MANY; i++)
        count += keep[i] ? 1 : 0;
    return count;
}

TORC_TEST(exactly_what_is_needed_stays)
{
    static const size_t indexes[] = {3, 500, 501, 999};
    struct needed needed = {indexes, 4, 0};
    bool keep[MANY];
    size_t tests;

    memset(keep, true, sizeof keep);
    tests = torc_shrink(keep, MANY, has_all, &needed, 100000);
    assert_int_equal(left(keep), 4);
    assert_true(has_all(&needed, keep));
    assert_int_equal(tests, needed.asked - 1);
    assert_true(tests < 200);
    return NULL;
}

TORC_TEST(what_is_not_kept_at_first_is_not_tried)
{
    static const size_t indexes[] = {7};
    struct needed needed = {indexes, 1, 0};
    bool keep[MANY] = {false};

    keep[7] = true;
    keep[8] = true;
    torc_shrink(keep, MANY, has_all, &needed, 100000);
    assert_int_equal(left(keep), 1);
    assert_true(keep[7]);
    assert_true(needed.asked < 10);
    return NULL;
}

/* Two that fail only together with or without: neither goes alone. */
static bool both_or_neither(void *arg, const bool *keep)
{
    (void)arg;
    return keep[0] && keep[10] == keep[11];
}

TORC_TEST(a_pair_that_goes_only_together_goes)
{
    bool keep[12] = {true, false, false, false, false, false, false, false, false, true, true, true};

    torc_shrink(keep, 12, both_or_neither, NULL, 1000);
    assert_true(keep[0]);
    assert_false(keep[9]);
    assert_false(keep[10]);
    assert_false(keep[11]);
    return NULL;
}

TORC_TEST(it_stops_after_so_many_tests_with_a_set_that_fails)
{
    static const size_t indexes[] = {100, 900};
    struct needed needed = {indexes, 2, 0};
    bool keep[MANY];

    memset(keep, true, sizeof keep);
    assert_int_equal(torc_shrink(keep, MANY, has_all, &needed, 5), 5);
    assert_true(has_all(&needed, keep));
    return NULL;
}

TORC_TRIAL_MAIN
