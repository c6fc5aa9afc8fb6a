#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/address.h>
#include <torc/trial.h>

static void text_is(const struct torc_address *address, const char *expected)
{
    char text[TORC_ADDRESS_TEXT_MAX];
    assert_int_equal(torc_address_format(address, text, sizeof text), strlen(expected));
    assert_string_equal(text, expected);
}

static void comes_back_as(const char *text, const char *expected)
{
    struct torc_address address;
    const char *error = NULL;
    if (torc_address_parse(text, &address, &error) != 0)
        fail_msg("%s: %s", text, error);
    text_is(&address, expected);
}

static void is_wrong(const char *text)
{
    struct torc_address address;
    struct torc_address untouched;
    const char *error = NULL;
    memset(&address, 7, sizeof address);
    untouched = address;
    if (torc_address_parse(text, &address, &error) != TORC_ESYNTAX)
        fail_msg("%s was accepted", text);
    assert_non_null(error);
    assert_memory_equal(&address, &untouched, sizeof address);
    assert_int_equal(torc_address_parse(text, &address, NULL), TORC_ESYNTAX);
}

TORC_TEST(ipv4_is_read_and_written)
{
    comes_back_as("tcp:6379", "tcp:0.0.0.0:6379");
    comes_back_as("tcp:0", "tcp:0.0.0.0:0");
    comes_back_as("tcp:127.0.0.1:80", "tcp:127.0.0.1:80");
    comes_back_as("tcp:255.255.255.255:65535", "tcp:255.255.255.255:65535");
    struct torc_address address = torc_address_ipv4(10, 0, 0, 1, 7);
    text_is(&address, "tcp:10.0.0.1:7");
    return NULL;
}

TORC_TEST(ipv6_is_read_and_written_in_its_shortest_form)
{
    comes_back_as("tcp:[::1]:80", "tcp:[::1]:80");
    comes_back_as("tcp:[::]:80", "tcp:[::]:80");
    comes_back_as("tcp:[1::]:80", "tcp:[1::]:80");
    comes_back_as("tcp:[2001:DB8:0:0:1:0:0:1]:1", "tcp:[2001:db8::1:0:0:1]:1");
    comes_back_as("tcp:[1:2:3:4:5:6:7:8]:1", "tcp:[1:2:3:4:5:6:7:8]:1");
    comes_back_as("tcp:[1:0:3:4:5:6:7:8]:1", "tcp:[1:0:3:4:5:6:7:8]:1");
    comes_back_as("tcp:[1:2:3:4:5:6:7::]:1", "tcp:[1:2:3:4:5:6:7:0]:1");
    comes_back_as("tcp:[::ffff:1.2.3.4]:1", "tcp:[::ffff:102:304]:1");
    comes_back_as("tcp:[fe80::1%3]:1", "tcp:[fe80::1%3]:1");
    comes_back_as("tcp:[0:0:1:0:0:0:1:0]:1", "tcp:[0:0:1::1:0]:1");
    return NULL;
}

TORC_TEST(unix_paths_and_abstract_names_are_read_and_written)
{
    struct torc_address address;
    comes_back_as("unix:/run/x", "unix:/run/x");
    comes_back_as("unix:@name", "unix:@name");
    assert_int_equal(torc_address_parse("unix:@name", &address, NULL), 0);
    assert_int_equal(address.path_bytes, 5);
    assert_int_equal(address.path[0], 0);
    return NULL;
}

TORC_TEST(what_is_no_address_is_refused_with_a_sentence)
{
    static const char *const wrong[] = {
        "", "tcp", "tcp:", "tcp:x", "tcp:65536", "tcp:-1", "tcp:1x", "tcp:99999999999999999999",
        "tcp:host:80", "tcp:1.2.3:80", "tcp:1.2.3.4.5:80", "tcp:1.2.3.256:80", "tcp:1.2.3.4:",
        "tcp:1.2.3.4", "tcp:01.2.3.4:80", "tcp:[::1]", "tcp:[::1]80", "tcp:[::1", "tcp:[]:80",
        "tcp:[1:2:3:4:5:6:7]:80", "tcp:[1:2:3:4:5:6:7:8:9]:80", "tcp:[1::2::3]:80",
        "tcp:[:1:2:3:4:5:6:7]:80", "tcp:[1:2:3:4:5:6:7:]:80", "tcp:[12345::]:80",
        "tcp:[::1.2.3.4.5]:1", "tcp:[:::]:1", "tcp:[fe80::1%]:1", "tcp:[fe80::1%x]:1",
        "tcp:[1:2:3:4:5:6:7:1.2.3.4]:1", "tcp:[1:2:3:4:5:6:7:8::]:1", "unix:", "unix:@",
        "udp:80", " tcp:80", "tcp:80 "};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        is_wrong(wrong[i]);
    return NULL;
}

TORC_TEST(a_unix_path_has_a_longest_length)
{
    char text[5 + TORC_ADDRESS_PATH_MAX + 1] = "unix:";
    char longest[TORC_ADDRESS_TEXT_MAX];
    struct torc_address address;
    memset(text + 5, 'a', TORC_ADDRESS_PATH_MAX);
    text[5 + TORC_ADDRESS_PATH_MAX] = '\0';
    is_wrong(text);
    text[5] = '@';
    assert_int_equal(torc_address_parse(text, &address, NULL), 0);
    assert_true(torc_address_format(&address, longest, sizeof longest) < sizeof longest);
    assert_string_equal(longest, text);
    text[5] = 'a';
    text[5 + TORC_ADDRESS_PATH_MAX - 1] = '\0';
    assert_int_equal(torc_address_parse(text, &address, NULL), 0);
    assert_int_equal(address.path_bytes, TORC_ADDRESS_PATH_MAX - 1);
    return NULL;
}

TORC_TEST(a_text_that_does_not_fit_is_cut_and_its_length_told)
{
    struct torc_address address = torc_address_ipv4(1, 2, 3, 4, 5);
    char text[8];
    assert_int_equal(torc_address_format(&address, text, sizeof text), 13);
    assert_string_equal(text, "tcp:1.2");
    assert_int_equal(torc_address_format(&address, NULL, 0), 13);
    return NULL;
}

TORC_TEST(addresses_are_compared_by_what_their_family_has)
{
    struct torc_address a = torc_address_ipv4(1, 2, 3, 4, 5);
    struct torc_address b = a;
    memset(b.path, 'x', sizeof b.path);
    b.ip[7] = 9;
    b.scope_id = 3;
    assert_true(torc_address_equal(&a, &b));
    b.port = 6;
    assert_false(torc_address_equal(&a, &b));
    b = a;
    b.ip[3] = 9;
    assert_false(torc_address_equal(&a, &b));
    assert_int_equal(torc_address_parse("tcp:[::1]:5", &b, NULL), 0);
    assert_false(torc_address_equal(&a, &b));
    a = b;
    assert_true(torc_address_equal(&a, &b));
    a.scope_id = 1;
    assert_false(torc_address_equal(&a, &b));
    assert_int_equal(torc_address_parse("unix:/a", &a, NULL), 0);
    assert_int_equal(torc_address_parse("unix:/b", &b, NULL), 0);
    assert_false(torc_address_equal(&a, &b));
    assert_true(torc_address_equal(&a, &a));
    return NULL;
}

TORC_TEST(no_address_is_none)
{
    struct torc_address none = {0};
    text_is(&none, "none");
    assert_true(torc_address_equal(&none, &none));
    return NULL;
}

TORC_TRIAL_MAIN
