/* Durations that are drawn. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/station.h"

#define STATION "scn 1\nhost a,b module=station lead=10ms\nhost p peer\n"

/* When the run was over, with what seed. */
static uint64_t end_of(const char *text, uint64_t seed)
{
    struct torc_scenario_run_options options;
    struct torc_scenario_report *report;
    uint64_t t_ns;

    torc_scenario_run_options_init(&options);
    options.seed_given = true;
    options.seed = seed;
    report = station_run(text, &options);
    assert_int_equal(report->verdict, TORC_SCENARIO_PASS);
    t_ns = report->t_ns;
    torc_scenario_report_free(report);
    return t_ns;
}

TORC_TEST(it_is_between_its_bounds_and_the_seed_s)
{
    static const char text[] = STATION "+rand(3s..8s) p listen 1\n";
    uint64_t first = end_of(text, 1);
    bool differ = false;

    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t t_ns = end_of(text, seed);

        assert_in_range(t_ns, UINT64_C(3000000000), UINT64_C(8000000000));
        assert_int_equal(t_ns, end_of(text, seed));
        differ = differ || t_ns != first;
    }
    assert_true(differ);
    return NULL;
}

TORC_TEST(both_bounds_are_reached)
{
    bool seen[3] = {false, false, false};

    for (uint64_t seed = 1; seed <= 40; seed++) {
        uint64_t t_ns = end_of("scn 1\nhost p peer\nrand(20ns..22ns) p listen 1\n", seed);

        assert_in_range(t_ns, 20, 22);
        seen[t_ns - 20] = true;
    }
    assert_true(seen[0] && seen[1] && seen[2]);
    return NULL;
}

TORC_TEST(a_decision_says_how_much_more_than_the_shortest_it_is)
{
    expect_run(STATION "decide scenario rand 0 = 1500000000\n+rand(3s..8s) expect t == 4500ms\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(STATION "decide only\n+rand(3s..8s) expect t == 3s\n", TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(what_was_drawn_is_recorded_and_replayed)
{
    static const char text[] = STATION "decide nobody rand 0 = 1\n+rand(3s..8s) p listen 1\n"
                                       "+rand(1s..2s) p listen 2\n";
    static const char plain[] = STATION "+rand(3s..8s) p listen 1\n+rand(1s..2s) p listen 2\n";
    struct torc_scenario_run_options options;
    struct torc_scenario_report *report = station_run(text, NULL);
    struct torc_scenario_report *again;

    assert_int_equal(report->decision_count, 2);
    assert_string_equal(report->decisions[0].host, "scenario");
    assert_string_equal(report->decisions[1].site, "rand");
    assert_int_equal(report->decisions[1].k, 1);
    assert_int_equal(UINT64_C(4000000000) + report->decisions[0].value + report->decisions[1].value,
                     report->t_ns);
    torc_scenario_run_options_init(&options);
    options.seed_given = true;
    options.seed = 99;
    options.decisions = report->decisions;
    options.decision_count = report->decision_count;
    again = station_run(plain, &options);
    assert_int_equal(again->t_ns, report->t_ns);
    assert_int_equal(again->drift, 0);
    torc_scenario_report_free(again);
    torc_scenario_report_free(report);
    return NULL;
}

TORC_TEST(what_comes_after_it_counts_from_what_was_drawn)
{
    expect_run(STATION "decide scenario rand 0 = 500000000\n+rand(1s..2s) p listen 1\n"
                       "+1s expect t == 2500ms\n+rand(1s..9s) expect t == 9s\n"
                       "decide scenario rand 1 = 5500000000\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(the_end_of_an_action_is_drawn_with_its_beginning)
{
    expect_run(STATION "decide scenario rand 0 = 25000000\n"
                       "when a.role==\"leader\" : b crash restart=+rand(5ms..1s) as P\n"
                       "P.end+0 expect t == 40ms && running(b)\nP.end+rand(1ms..2ms) expect t == 41ms\n"
                       "decide scenario rand 1.. = 0\n",
               TORC_SCENARIO_PASS, NULL);
    assert_non_null(strstr(station_told, "line 5: rand is 30ms"));
    return NULL;
}

TORC_TEST(parameters_are_bounds)
{
    expect_run(STATION "param most=4s\ndecide only\n+rand(3s..$most) expect t == 3s\n", TORC_SCENARIO_PASS,
               NULL);
    return NULL;
}

TORC_TEST(what_is_printed_is_what_was_read)
{
    expect_canonical("scn 1\nhost a module=station\n0              a crash restart=+rand(1ms..2s) as P\n"
                     "P+rand(1s..2s) a kill\n");
    return NULL;
}

TORC_TEST(mistakes_are_shown_where_they_are)
{
    expect_refused(STATION "+rand(3s) p listen 1\n",
                   "t.scn:4:2: a duration that is drawn is written rand(3s..8s)");
    expect_refused(STATION "+rand(3s..8s p listen 1\n", "t.scn:4:2: a duration that is drawn is written");
    expect_refused(STATION "+rand(8s..3s) p listen 1\n",
                   "t.scn:4:11: the longest is longer than the shortest: rand(3s..8s)");
    expect_refused(STATION "+rand(3..8s) p listen 1\n", "t.scn:4:7: '3': a duration is a number with a unit");
    expect_refused(STATION "0 a crash restart=+rand(3s..8x)\n", "t.scn:4:29: '8x': ");
    expect_refused(STATION "rand(1s..2562000h) p listen 1\n+rand(1s..2562000h) p listen 1\n",
                   "t.scn:5:1: the time is too far away");
    expect_refused(STATION "decide scenario rnd 0 = 5\n", "unknown site 'rnd'; did you mean 'rand'?");
    return NULL;
}

TORC_TRIAL_MAIN
