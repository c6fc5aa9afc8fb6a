#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/clock.h>
#include <torc/trial.h>

#include "option_value.h"

TORC_TEST(flags_are_yes_no_true_false_1_0)
{
    const char *why = NULL;
    bool flag = false;

    assert_int_equal(torci_parse_flag("yes", &flag, &why), 0);
    assert_true(flag);
    assert_int_equal(torci_parse_flag("no", &flag, &why), 0);
    assert_false(flag);
    assert_int_equal(torci_parse_flag("true", &flag, &why), 0);
    assert_true(flag);
    assert_int_equal(torci_parse_flag("false", &flag, &why), 0);
    assert_false(flag);
    assert_int_equal(torci_parse_flag("1", &flag, &why), 0);
    assert_true(flag);
    assert_int_equal(torci_parse_flag("0", &flag, &why), 0);
    assert_false(flag);
    assert_null(why);
    return NULL;
}

TORC_TEST(any_other_flag_is_refused_and_leaves_the_value)
{
    static const char *const wrong[] = {"", "Yes", "on", "2", "yes "};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *why = NULL;
        bool flag = true;

        assert_int_equal(torci_parse_flag(wrong[i], &flag, &why), TORC_ESYNTAX);
        assert_true(flag);
        assert_string_equal(why, "not a flag; say yes or no");
    }
    return NULL;
}

static void assert_integer(const char *text, int64_t expected)
{
    const char *why = NULL;
    int64_t value = 77;

    assert_int_equal(torci_parse_integer(text, &value, &why), 0);
    assert_true(value == expected);
}

TORC_TEST(integers_go_to_both_ends_of_64_bits)
{
    assert_integer("0", 0);
    assert_integer("-0", 0);
    assert_integer("42", 42);
    assert_integer("-1", -1);
    assert_integer("007", 7);
    assert_integer("9223372036854775807", INT64_MAX);
    assert_integer("-9223372036854775808", INT64_MIN);
    return NULL;
}

static void refuse_integer(const char *text, const char *sentence)
{
    const char *why = NULL;
    int64_t value = 77;

    assert_int_equal(torci_parse_integer(text, &value, &why), TORC_ESYNTAX);
    assert_int_equal(value, 77);
    assert_string_equal(why, sentence);
}

TORC_TEST(wrong_integers_are_refused)
{
    refuse_integer("", "not an integer, as in 42 or -1");
    refuse_integer("-", "not an integer, as in 42 or -1");
    refuse_integer("+1", "not an integer, as in 42 or -1");
    refuse_integer("1 ", "not an integer, as in 42 or -1");
    refuse_integer("1.5", "not an integer, as in 42 or -1");
    refuse_integer("9223372036854775808", "the number does not fit in 64 bits");
    refuse_integer("-9223372036854775809", "the number does not fit in 64 bits");
    refuse_integer("99999999999999999999999", "the number does not fit in 64 bits");
    return NULL;
}

static void assert_duration(const char *text, uint64_t expected)
{
    const char *why = NULL;
    uint64_t value = 77;

    assert_int_equal(torci_parse_duration(text, &value, &why), 0);
    assert_true(value == expected);
}

TORC_TEST(durations_have_five_units_and_zero_needs_none)
{
    assert_duration("250us", 250 * TORC_MICROSECOND);
    assert_duration("20ms", 20 * TORC_MILLISECOND);
    assert_duration("3s", 3 * TORC_SECOND);
    assert_duration("5m", 300 * TORC_SECOND);
    assert_duration("2h", 7200 * TORC_SECOND);
    assert_duration("0", 0);
    assert_duration("0s", 0);
    assert_duration("18446744073709551us", UINT64_C(18446744073709551000));
    return NULL;
}

static void refuse_duration(const char *text, const char *sentence)
{
    const char *why = NULL;
    uint64_t value = 77;

    assert_int_equal(torci_parse_duration(text, &value, &why), TORC_ESYNTAX);
    assert_int_equal(value, 77);
    assert_string_equal(why, sentence);
}

TORC_TEST(wrong_durations_are_refused)
{
    refuse_duration("", "not a duration, as in 250us, 20ms, 3s, 5m or 2h");
    refuse_duration("soon", "not a duration, as in 250us, 20ms, 3s, 5m or 2h");
    refuse_duration("-1s", "not a duration, as in 250us, 20ms, 3s, 5m or 2h");
    refuse_duration("5", "the unit is missing: us, ms, s, m or h");
    refuse_duration("5 s", "no such unit of time; there are us, ms, s, m and h");
    refuse_duration("5sec", "no such unit of time; there are us, ms, s, m and h");
    refuse_duration("5d", "no such unit of time; there are us, ms, s, m and h");
    refuse_duration("18446744073709552us", "the duration is too long");
    refuse_duration("5124096h", "the duration is too long");
    refuse_duration("99999999999999999999s", "the duration is too long");
    return NULL;
}

static void assert_bytes(const char *text, uint64_t expected)
{
    const char *why = NULL;
    uint64_t value = 77;

    assert_int_equal(torci_parse_bytes(text, &value, &why), 0);
    assert_true(value == expected);
}

TORC_TEST(sizes_are_bytes_or_powers_of_1024)
{
    assert_bytes("0", 0);
    assert_bytes("512", 512);
    assert_bytes("64KiB", 65536);
    assert_bytes("16MiB", UINT64_C(16) << 20);
    assert_bytes("1GiB", UINT64_C(1) << 30);
    assert_bytes("18446744073709551615", UINT64_MAX);
    return NULL;
}

static void refuse_bytes(const char *text, const char *sentence)
{
    const char *why = NULL;
    uint64_t value = 77;

    assert_int_equal(torci_parse_bytes(text, &value, &why), TORC_ESYNTAX);
    assert_int_equal(value, 77);
    assert_string_equal(why, sentence);
}

TORC_TEST(wrong_sizes_are_refused)
{
    refuse_bytes("", "not a size, as in 512, 64KiB, 16MiB or 1GiB");
    refuse_bytes("-5", "not a size, as in 512, 64KiB, 16MiB or 1GiB");
    refuse_bytes("5kb", "no such unit of size; there are KiB, MiB and GiB, or none for bytes");
    refuse_bytes("5 KiB", "no such unit of size; there are KiB, MiB and GiB, or none for bytes");
    refuse_bytes("18446744073709551616", "the size is too large");
    refuse_bytes("17179869184GiB", "the size is too large");
    return NULL;
}

TORC_TRIAL_MAIN
