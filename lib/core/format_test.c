#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <torc/format.h>

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

static void strings_are_padded_and_cut(void **state)
{
    (void)state;
    SAME("%s", "torc");
    SAME("[%8s][%-8s]", "torc", "torc");
    SAME("[%.2s][%.*s][%8.3s]", "torc", 3, "torc", "torc");
    SAME("[%*s][%*s]", 6, "ab", -6, "ab");
    SAME("[%.*s]", -1, "whole");
    SAME("[%s]", "");
    SAME("%c%c%%", 'o', 'k');
}

static void a_string_without_an_end_is_read_within_its_precision(void **state)
{
    const char bytes[3] = {'a', 'b', 'c'};
    char text[16];
    (void)state;
    assert_int_equal(torc_format(text, sizeof text, "%.3s", bytes), 3);
    assert_string_equal(text, "abc");
}

static void a_null_string_is_said(void **state)
{
    char text[16];
    (void)state;
    assert_int_equal(unchecked(text, sizeof text, "%s", (const char *)NULL), 6);
    assert_string_equal(text, "(null)");
}

static void numbers_of_every_length_are_as_in_stdio(void **state)
{
    (void)state;
    SAME("%d %d %d", 0, INT32_MAX, INT32_MIN);
    SAME("%i %u %x", -7, 4294967295u, 0xdeadbeefu);
    SAME("%hhd %hhu %hd %hu", (signed char)-1, (unsigned char)255, (short)-2, (unsigned short)65535);
    SAME("%ld %lu %lx", INT64_MIN, UINT64_MAX, UINT64_MAX);
    SAME("%lld %llu %llx", INT64_MIN + 0LL, UINT64_MAX + 0ULL, 255ULL);
    SAME("%zu %zd %zx", SIZE_MAX, (ssize_t)-3, (size_t)17);
    SAME("%jd %ju %jx", INTMAX_MIN, UINTMAX_MAX, (uintmax_t)1);
    SAME("%td", (ptrdiff_t)-9);
}

static void flags_width_and_precision_of_numbers_are_as_in_stdio(void **state)
{
    (void)state;
    SAME("[%5d][%-5d][%05d]", 42, 42, 42);
    SAME("[%5d][%-5d][%05d]", -42, -42, -42);
    SAME("[%.3d][%6.3d][%-6.3d]", 7, -7, -7);
    SAME("[%.0d][%.0d]", 0, 1);
    SAME("[%08x][%016lx]", 0xbeefu, 0xfeedUL);
    SAME("[%2d]", 12345);
}

static void a_pointer_is_hexadecimal(void **state)
{
    char text[32];
    (void)state;
    assert_int_equal(torc_format(text, sizeof text, "%p", (void *)(uintptr_t)0xabc), 5);
    assert_string_equal(text, "0xabc");
    torc_format(text, sizeof text, "%p", NULL);
    assert_string_equal(text, "0x0");
}

static void an_unknown_conversion_is_copied(void **state)
{
    char text[32];
    (void)state;
    assert_int_equal(unchecked(text, sizeof text, "a%qb"), 4);
    assert_string_equal(text, "a%qb");
    unchecked(text, sizeof text, "%5.2f|%n|%+d");
    assert_string_equal(text, "%5.2f|%n|%+d");
    assert_int_equal(unchecked(text, sizeof text, "100%"), 4);
    assert_string_equal(text, "100%");
}

static void what_does_not_fit_is_cut_and_counted(void **state)
{
    char text[8] = "unhurt!";
    (void)state;
    assert_int_equal(torc_format(text, 4, "%s", "abcdefgh"), 8);
    assert_memory_equal(text, "abc\0rt!", 8);
    assert_int_equal(torc_format(text, 1, "%d", 123), 3);
    assert_int_equal(text[0], 0);
    assert_int_equal(torc_format(text, 4, "%d", 123), 3);
    assert_string_equal(text, "123");
}

static void size_zero_writes_nothing(void **state)
{
    char text[2] = "x";
    (void)state;
    assert_int_equal(torc_format(text, 0, "%s", "abc"), 3);
    assert_string_equal(text, "x");
    assert_int_equal(torc_format(NULL, 0, "%5d", 1), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_padded_and_cut),
        cmocka_unit_test(a_string_without_an_end_is_read_within_its_precision),
        cmocka_unit_test(a_null_string_is_said),
        cmocka_unit_test(numbers_of_every_length_are_as_in_stdio),
        cmocka_unit_test(flags_width_and_precision_of_numbers_are_as_in_stdio),
        cmocka_unit_test(a_pointer_is_hexadecimal),
        cmocka_unit_test(an_unknown_conversion_is_copied),
        cmocka_unit_test(what_does_not_fit_is_cut_and_counted),
        cmocka_unit_test(size_zero_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
