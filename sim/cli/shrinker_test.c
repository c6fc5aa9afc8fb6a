/* White-box tests of what makes two failures the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "shrinker.h"

static void expect_without_numbers(const char *text, const char *expected)
{
    char left[200];

    torci_failure_without_numbers(text, left, sizeof left);
    assert_string_equal(left, expected);
}

static void each_number_is_one_sign_and_so_is_an_address(void **state)
{
    (void)state;
    expect_without_numbers("after 20ms, 3 of 14", "after #ms, # of #");
    expect_without_numbers("SEGV on 0x000000000000 (pc 0x7f5ff0536421 sp 0x7ffd3cd39cb0 T0)", "SEGV on # (pc # sp # T#)");
    expect_without_numbers("0xyz", "#xyz");
}

static void what_does_not_fit_is_left_out(void **state)
{
    char left[5];

    (void)state;
    torci_failure_without_numbers("ab 0xff cd", left, sizeof left);
    assert_string_equal(left, "ab #");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_is_one_sign_and_so_is_an_address),
        cmocka_unit_test(what_does_not_fit_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
