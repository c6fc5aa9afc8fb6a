#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <torc/format.h>
#include <torc/trial.h>

/* The compiler's own check of formats is in the way where a format is meant to be wrong. */
static size_t unchecked(char *buffer, size_t size, const char *format, ...)
{
    va_list list;
    size_t length;
    va_start(list, format);
    length = torc_format_list(buffer, size, format, list);
    va_end(list);
    return length;
}

/* The same arguments through stdio. */
#define SAME(...)                                                                                  \
    do {                                                                                           \
        char ours[256], theirs[256];                                                               \
        size_t length = torc_format(ours, sizeof ours, __VA_ARGS__);                               \
        assert_int_equal(length, snprintf(theirs, sizeof theirs, __VA_ARGS__));                    \
        assert_string_equal(ours, theirs);                                                         \
    } while (0)

TORC_TEST(strings_are_padded_and_cut)
{
    SAME("%s", "torc");
    SAME("[%8s][%-8s]", "torc", "torc");
    SAME("[%.2s][%.*s][%8.3s]", "torc", 3, "torc", "torc");
    SAME("[%*s][%*s]", 6, "ab", -6, "ab");
    SAME("[%.*s]", -1, "whole");
    SAME("[%s]", "");
    SAME("%c%c%%", 'o', 'k');
    return NULL;
}

TORC_TEST(a_string_without_an_end_is_read_within_its_precision)
{
    const char bytes[3] = {'a', 'b', 'c'};
    char text[16];
    assert_int_equal(torc_format(text, sizeof text, "%.3s", bytes), 3);
    assert_string_equal(text, "abc");
    return NULL;
}

TORC_TEST(a_null_string_is_said)
{
    char text[16];
    assert_int_equal(unchecked(text, sizeof text, "%s", (const char *)NULL), 6);
    assert_string_equal(text, "(null)");
    return NULL;
}

TORC_TEST(numbers_of_every_length_are_as_in_stdio)
{
    SAME("%d %d %d", 0, INT32_MAX, INT32_MIN);
    SAME("%i %u %x", -7, 4294967295u, 0xdeadbeefu);
    SAME("%hhd %hhu %hd %hu", (signed char)-1, (unsigned char)255, (short)-2, (unsigned short)65535);
    SAME("%ld %lu %lx", INT64_MIN, UINT64_MAX, UINT64_MAX);
    SAME("%lld %llu %llx", INT64_MIN + 0LL, UINT64_MAX + 0ULL, 255ULL);
    SAME("%zu %zd %zx", SIZE_MAX, (ssize_t)-3, (size_t)17);
    SAME("%jd %ju %jx", INTMAX_MIN, UINTMAX_MAX, (uintmax_t)1);
    SAME("%td", (ptrdiff_t)-9);
    return NULL;
}

TORC_TEST(flags_width_and_precision_of_numbers_are_as_in_stdio)
{
    SAME("[%5d][%-5d][%05d]", 42, 42, 42);
    SAME("[%5d][%-5d][%05d]", -42, -42, -42);
    SAME("[%.3d][%6.3d][%-6.3d]", 7, -7, -7);
    SAME("[%.0d][%.0d]", 0, 1);
    SAME("[%08x][%016lx]", 0xbeefu, 0xfeedUL);
    SAME("[%2d]", 12345);
    return NULL;
}

TORC_TEST(a_pointer_is_hexadecimal)
{
    char text[32];
    assert_int_equal(torc_format(text, sizeof text, "%p", (void *)(uintptr_t)0xabc), 5);
    assert_string_equal(text, "0xabc");
    torc_format(text, sizeof text, "%p", NULL);
    assert_string_equal(text, "0x0");
    return NULL;
}

TORC_TEST(an_unknown_conversion_is_copied)
{
    char text[32];
    assert_int_equal(unchecked(text, sizeof text, "a%qb"), 4);
    assert_string_equal(text, "a%qb");
    unchecked(text, sizeof text, "%5.2f|%n|%+d");
    assert_string_equal(text, "%5.2f|%n|%+d");
    assert_int_equal(unchecked(text, sizeof text, "100%"), 4);
    assert_string_equal(text, "100%");
    return NULL;
}

TORC_TEST(what_does_not_fit_is_cut_and_counted)
{
    char text[8] = "unhurt!";
    assert_int_equal(torc_format(text, 4, "%s", "abcdefgh"), 8);
    assert_memory_equal(text, "abc\0rt!", 8);
    assert_int_equal(torc_format(text, 1, "%d", 123), 3);
    assert_int_equal(text[0], 0);
    assert_int_equal(torc_format(text, 4, "%d", 123), 3);
    assert_string_equal(text, "123");
    return NULL;
}

TORC_TEST(size_zero_writes_nothing)
{
    char text[2] = "x";
    assert_int_equal(torc_format(text, 0, "%s", "abc"), 3);
    assert_string_equal(text, "x");
    assert_int_equal(torc_format(NULL, 0, "%5d", 1), 5);
    return NULL;
}

TORC_TRIAL_MAIN
