/* White-box tests of what makes two failures the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "shrinker.h"

static void expect_without_numbers(const char *text, const char *expected)
{
    char left[200];

    torci_failure_without_numbers(text, left, sizeof left);
    assert_string_equal(left, expected);
}

TORC_TEST(each_number_is_one_sign_and_so_is_an_address)
{
    expect_without_numbers("after 20ms, 3 of 14", "after #ms, # of #");
    expect_without_numbers("SEGV on 0x000000000000 (pc 0x7f5ff0536421 sp 0x7ffd3cd39cb0 T0)", "SEGV on # (pc # sp # T#)");
    expect_without_numbers("0xyz", "#xyz");
    return NULL;
}

TORC_TEST(what_does_not_fit_is_left_out)
{
    char left[5];

    torci_failure_without_numbers("ab 0xff cd", left, sizeof left);
    assert_string_equal(left, "ab #");
    return NULL;
}

TORC_TRIAL_MAIN
