#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/nearest_name.h>
#include <torc/trial.h>

TORC_TEST(distance_counts_the_four_kinds_of_mistake)
{
    assert_int_equal(torc_name_distance("listen", "listen"), 0);
    assert_int_equal(torc_name_distance("lsten", "listen"), 1);
    assert_int_equal(torc_name_distance("liisten", "listen"), 1);
    assert_int_equal(torc_name_distance("liszen", "listen"), 1);
    assert_int_equal(torc_name_distance("lisetn", "listen"), 1);
    assert_int_equal(torc_name_distance("", "listen"), 6);
    assert_int_equal(torc_name_distance("listen", ""), 6);
    assert_int_equal(torc_name_distance("kitten", "sitting"), 3);
    return NULL;
}

TORC_TEST(distance_is_the_same_both_ways)
{
    assert_int_equal(torc_name_distance("idle", "lide"), torc_name_distance("lide", "idle"));
    assert_int_equal(torc_name_distance("abc", "xaybz"), torc_name_distance("xaybz", "abc"));
    return NULL;
}

TORC_TEST(endless_names_are_simply_far)
{
    char long_name[65];

    for (size_t i = 0; i < 64; i++)
        long_name[i] = 'a';
    long_name[64] = '\0';
    assert_int_equal(torc_name_distance(long_name, "idle"), 64);
    assert_int_equal(torc_name_distance("idle", long_name), 64);
    assert_int_equal(torc_name_distance(long_name + 1, "a"), 62);
    return NULL;
}

static bool is_near(const char *written, const char *name)
{
    size_t distance = SIZE_MAX;

    return torc_name_nearer(written, name, &distance);
}

TORC_TEST(few_mistakes_are_near)
{
    assert_true(is_near("ilde", "idle"));
    assert_false(is_near("port", "idle"));
    assert_true(is_near("max-conections", "max-connections"));
    assert_true(is_near("db1", "db"));
    assert_false(is_near("y", "x"));
    assert_false(is_near("", "idle"));
    return NULL;
}

TORC_TEST(the_nearest_candidate_wins_and_the_first_of_equals)
{
    const char *const names[] = {"serve", "replay", "run", "ran", NULL};

    assert_string_equal(torc_name_nearest("serv", names), "serve");
    assert_string_equal(torc_name_nearest("rnu", names), "run");
    assert_string_equal(torc_name_nearest("rxn", names), "run");
    assert_null(torc_name_nearest("frobnicate", names));
    return NULL;
}

TORC_TRIAL_MAIN
