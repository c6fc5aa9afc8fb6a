#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <torc/trial.h>

#include "scenario_model.h"

TORC_TEST(durations_are_exact)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } cases[] = {{"0", 0},          {"250us", 250000},        {"1.5ms", 1500000},
                 {"2h", 7200000000000u}, {"0.000000001s", 1}, {"1.50s", 1500000000}};
    const char *why = NULL;
    uint64_t ns = 77;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(torci_value_duration(cases[i].text, &ns, &why), 0);
        assert_int_equal(ns, cases[i].ns);
    }
    ns = 77;
    assert_int_equal(torci_value_duration("1.5ns", &ns, &why), TORC_ESYNTAX);
    assert_int_equal(torci_value_duration("99999999999999999999s", &ns, &why), TORC_ESYNTAX);
    assert_int_equal(torci_value_duration("10000000h", &ns, &why), TORC_ESYNTAX);
    assert_int_equal(torci_value_duration("-1s", &ns, &why), TORC_ESYNTAX);
    assert_int_equal(torci_value_duration("", &ns, &why), TORC_ESYNTAX);
    assert_int_equal(ns, 77);
    return NULL;
}

TORC_TEST(durations_are_shown_as_they_are_written)
{
    static const char *const texts[] = {"0",      "1ns",    "250us",  "1.5ms",
                                        "5.008s", "2ms",    "1.000000001s", "90s"};
    const char *why = NULL;
    char shown[40];

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        uint64_t ns = 0;

        assert_int_equal(torci_value_duration(texts[i], &ns, &why), 0);
        torci_show_duration(shown, sizeof(shown), ns);
        assert_string_equal(shown, texts[i]);
    }
    return NULL;
}

TORC_TEST(bytes_are_shown_with_escapes)
{
    char shown[80];

    torci_show_bytes(shown, sizeof(shown), (const uint8_t *)"a\r\n\t\"\\\x00\xff", 8, 100);
    assert_string_equal(shown, "\"a\\r\\n\\t\\\"\\\\\\x00\\xff\"");
    torci_show_bytes(shown, sizeof(shown), (const uint8_t *)"abcdef", 6, 4);
    assert_string_equal(shown, "\"abcd\"... and 2 bytes more");
    return NULL;
}

/* --- patterns ------------------------------------------------------------------------------------- */

static enum torci_match match(const char *pattern, const char *data, size_t *taken)
{
    struct torc_scenario *scenario = NULL;
    struct torc_scenario_error error;
    const struct torci_pattern *compiled = NULL;
    const char *why = NULL;
    size_t wrong = 0;
    enum torci_match answer;

    assert_int_equal(torc_scenario_parse("scn 1\n", 6, "x", NULL, &scenario, &error), 0);
    assert_int_equal(
        torci_pattern_compile(scenario, pattern, strlen(pattern), &compiled, &why, &wrong), 0);
    answer = torci_pattern_match(compiled, (const uint8_t *)data, strlen(data), taken);
    torc_scenario_free(scenario);
    return answer;
}

TORC_TEST(patterns_take_the_shortest_beginning)
{
    static const struct {
        const char *pattern;
        const char *data;
        enum torci_match answer;
        size_t taken;
    } cases[] = {
        {"^STAT conns=1 .*\\r\\n", "STAT conns=1 lines=2\r\nMORE\r\n", TORCI_MATCH_YES, 22},
        {"^STAT conns=1 .*\\r\\n", "STAT conns=1 li", TORCI_MATCH_NOT_YET, 15},
        {"^STAT conns=1 .*\\r\\n", "STAT conns=2", TORCI_MATCH_NEVER, 11},
        {"a+b", "aaab", TORCI_MATCH_YES, 4},
        {"a{2,3}b", "ab", TORCI_MATCH_NEVER, 1},
        {"a{2,3}b", "aaaab", TORCI_MATCH_NEVER, 3},
        {"a{2,}b", "aaaaab", TORCI_MATCH_YES, 6},
        {"(ab|cd)*x", "abcdabx", TORCI_MATCH_YES, 7},
        {"(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", TORCI_MATCH_YES, 36},
        {"[^a-c\\]]z", "]z", TORCI_MATCH_NEVER, 0},
        {"[]x]z", "]z", TORCI_MATCH_YES, 2},
        {"\\d\\w\\s\\x41\\.", "7_ A.", TORCI_MATCH_YES, 5},
        {"a|b|cc", "cc", TORCI_MATCH_YES, 2},
        {"x?y", "y", TORCI_MATCH_YES, 1},
        {"a.", "a\n", TORCI_MATCH_NEVER, 1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t taken = 99;

        assert_int_equal(match(cases[i].pattern, cases[i].data, &taken), cases[i].answer);
        assert_int_equal(taken, cases[i].taken);
    }
    return NULL;
}

TORC_TEST(senseless_patterns_are_refused)
{
    static const char *const patterns[] = {
        "a**b{", "*a", "a{1001}", "a{3,2}", "(", ")", "[", "a{", "a{x}", "\\", "\\q", "a$",
        "((((((((a{50}){50}){50}){50}){50}){50}){50}){50})", "(){5}", "[z-a]", "a{0}", "\\x4",
    };
    struct torc_scenario *scenario = NULL;
    struct torc_scenario_error error;

    assert_int_equal(torc_scenario_parse("scn 1\n", 6, "x", NULL, &scenario, &error), 0);
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        const struct torci_pattern *compiled = NULL;
        const char *why = NULL;
        size_t wrong = 0;

        assert_int_equal(torci_pattern_compile(scenario, patterns[i], strlen(patterns[i]), &compiled,
                                               &why, &wrong),
                         TORC_ESYNTAX);
        assert_non_null(why);
    }
    torc_scenario_free(scenario);
    return NULL;
}

TORC_TEST(near_names_are_found)
{
    static const char *const names[] = {"connect", "close", "reset", NULL};

    assert_string_equal(torc_name_nearest("conect", names), "connect");
    assert_string_equal(torc_name_nearest("clsoe", names), "close");
    assert_null(torc_name_nearest("transmogrify", names));
    assert_null(torc_name_nearest("", names));
    return NULL;
}

TORC_TRIAL_MAIN
