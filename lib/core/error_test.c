#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/error.h>
#include <torc/trial.h>

static const int codes[] = {
#define X(name, code, text) code,
    TORC_ERRORS(X)
#undef X
};

TORC_TEST(a_code_has_its_name_and_text)
{
    assert_string_equal(torc_error_name(TORC_EAGAIN), "TORC_EAGAIN");
    assert_string_equal(torc_error_text(TORC_EAGAIN), "would block");
    assert_string_equal(torc_error_name(0), "TORC_OK");
    assert_string_equal(torc_error_text(0), "no error");
    return NULL;
}

TORC_TEST(an_unknown_number_has_a_name_too)
{
    assert_string_equal(torc_error_name(-12345), "TORC_E?");
    assert_string_equal(torc_error_text(7), "unknown error");
    return NULL;
}

TORC_TEST(codes_are_negative_and_differ)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        assert_true(codes[i] < 0);
        assert_string_not_equal(torc_error_name(codes[i]), "TORC_E?");
        assert_true(strlen(torc_error_text(codes[i])) > 0);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(codes[i], codes[k]);
    }
    return NULL;
}

TORC_TRIAL_MAIN
