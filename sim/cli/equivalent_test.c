/* White-box tests of equivalence: which of the questions of a host at a site stand for the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "equivalent.h"

enum { ASKED_MAX = 16 };

/* `places` and `possible`, a letter and a digit for each question; the answer has an x for each that is chosen. */
static void expect_chosen(const char *places, const char *possible, uint64_t first, uint64_t last, const char *expected)
{
    uint64_t place_numbers[ASKED_MAX];
    uint64_t possible_sets[ASKED_MAX];
    struct torc_scenario_questions questions = {.host = "srv", .site = "read.fail", .count = strlen(places),
                                                .possible = possible_sets, .places = place_numbers};
    char got[ASKED_MAX + 1] = "";
    bool *chosen;

    for (size_t i = 0; i < questions.count; i++) {
        place_numbers[i] = (uint64_t)places[i] << 40;
        possible_sets[i] = (uint64_t)(possible[i] - '0');
    }
    chosen = torci_equivalent_choose(&questions, first, last);
    assert_non_null(chosen);
    for (size_t i = 0; i < questions.count; i++)
        got[i] = chosen[i] ? 'x' : '.';
    free(chosen);
    assert_string_equal(got, expected);
}

TORC_TEST(of_each_place_the_first_and_the_last_stand_for_the_others)
{
    (void)trial;
    expect_chosen("aaaa", "2222", 0, UINT64_MAX, "x..x");
    expect_chosen("abababca", "22222222", 0, UINT64_MAX, "xx...xxx");
    return NULL;
}

TORC_TEST(one_or_two_from_a_place_are_all_chosen)
{
    (void)trial;
    expect_chosen("abcba", "22222", 0, UINT64_MAX, "xxxxx");
    expect_chosen("a", "2", 0, UINT64_MAX, "x");
    expect_chosen("", "", 0, UINT64_MAX, "");
    return NULL;
}

TORC_TEST(what_can_fail_in_other_ways_is_not_alike)
{
    (void)trial;
    expect_chosen("aaaaaa", "226662", 0, UINT64_MAX, "x.x.xx");
    return NULL;
}

TORC_TEST(only_those_that_are_asked_for_count)
{
    (void)trial;
    expect_chosen("aaaaaaaa", "22222222", 2, 5, "..x..x..");
    expect_chosen("aaaa", "2222", 3, 9, "...x");
    expect_chosen("aaaa", "2222", 9, 12, "....");
    return NULL;
}

TORC_TRIAL_MAIN
