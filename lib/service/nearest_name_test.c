#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nearest_name.h"

static void distance_counts_the_four_kinds_of_mistake(void **state)
{
    (void)state;
    assert_int_equal(torci_name_distance("listen", "listen"), 0);
    assert_int_equal(torci_name_distance("lsten", "listen"), 1);
    assert_int_equal(torci_name_distance("liisten", "listen"), 1);
    assert_int_equal(torci_name_distance("liszen", "listen"), 1);
    assert_int_equal(torci_name_distance("lisetn", "listen"), 1);
    assert_int_equal(torci_name_distance("", "listen"), 6);
    assert_int_equal(torci_name_distance("listen", ""), 6);
    assert_int_equal(torci_name_distance("kitten", "sitting"), 3);
}

static void distance_is_the_same_both_ways(void **state)
{
    (void)state;
    assert_int_equal(torci_name_distance("idle", "lide"), torci_name_distance("lide", "idle"));
    assert_int_equal(torci_name_distance("abc", "xaybz"), torci_name_distance("xaybz", "abc"));
}

static void endless_names_are_simply_far(void **state)
{
    char long_name[65];

    (void)state;
    for (size_t i = 0; i < 64; i++)
        long_name[i] = 'a';
    long_name[64] = '\0';
    assert_int_equal(torci_name_distance(long_name, "idle"), 64);
    assert_int_equal(torci_name_distance("idle", long_name), 64);
    assert_int_equal(torci_name_distance(long_name + 1, "a"), 62);
}

static void one_mistake_in_three_letters_is_near(void **state)
{
    (void)state;
    assert_true(torci_name_is_near("ilde", "idle"));
    assert_false(torci_name_is_near("port", "idle"));
    assert_true(torci_name_is_near("max-conections", "max-connections"));
    assert_true(torci_name_is_near("db1", "db"));
    assert_false(torci_name_is_near("y", "x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_the_four_kinds_of_mistake),
        cmocka_unit_test(distance_is_the_same_both_ways),
        cmocka_unit_test(endless_names_are_simply_far),
        cmocka_unit_test(one_mistake_in_three_letters_is_near),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
