/* Conditions about all hosts that run a module. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/station.h"

#define STATIONS "scn 1\nhost a module=station epoch=3\nhost b,c module=station epoch=5 lead=10ms\n"

TORC_TEST(hosts_of_a_group_are_counted)
{
    expect_run(STATIONS "0 expect count(role==\"leader\") == 0 && count(role==\"follower\")==3\n"
                        "20ms expect count(role == \"leader\") == 2\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_name_alone_is_that_of_the_host_under_consideration)
{
    expect_run(STATIONS "20ms expect count(role==\"leader\" && epoch==max(epoch)) == 2\n"
                        "+0 expect count(role==\"leader\" && epoch==min(epoch)) == 0\n"
                        "+0 expect count(epoch > a.epoch) == 2\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(the_largest_and_the_smallest_are_values)
{
    expect_run(STATIONS "0 expect max(epoch) == 5 && min(epoch) == 3 && max(epoch) > min(epoch)\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(all_and_any_join_the_hosts)
{
    expect_run(STATIONS "0 expect all(role==\"follower\") && !any(role==\"leader\")\n"
                        "20ms expect any(role==\"leader\") && !all(role==\"leader\")\n"
                        "+0 expect all(epoch >= min(epoch)) && any(epoch == max(epoch))\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_host_that_is_down_or_has_stopped_is_not_counted)
{
    expect_run(STATIONS "20ms b kill\n+0 expect count(role==\"leader\") == 1\n"
                        "+1ms c signal term\n+1ms expect count(epoch > 0) == 1 && max(epoch) == 3\n"
                        "+1ms b restart\n+1ms expect count(epoch > 0) == 2\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(without_hosts_only_a_count_has_a_value)
{
    expect_run("scn 1\nhost a module=station\n0 a kill\n+0 expect count(epoch >= 0) == 0\n"
               "always all(epoch < 0) || t == 0\nalways any(epoch < 0) || t >= 0\nnever max(epoch) > 7\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run("scn 1\nhost a module=station\n0 a kill\n+0 expect all(epoch >= 0)\n",
               TORC_SCENARIO_FAIL, "all(epoch >= 0) has no value (no host runs)");
    expect_run("scn 1\nhost a module=station\n0 a kill\n+0 expect !any(epoch >= 0)\n",
               TORC_SCENARIO_FAIL, "has no value");
    return NULL;
}

TORC_TEST(peers_and_modules_without_the_probe_do_not_count)
{
    expect_run(STATIONS "host p peer\nhost q module=mute\n0 expect all(role==\"follower\")\n"
                        "+0 expect count(role==\"follower\") == 3 && count(role!=\"follower\") == 0\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(the_end_counts_those_that_ran_before_they_were_stopped)
{
    expect_run(STATIONS "20ms c kill\nend expect count(role==\"leader\" && epoch==max(epoch)) == 1\n"
                        "end expect max(epoch) == 5 && leaks == 0\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_condition_that_fails_tells_what_each_host_says)
{
    expect_run(STATIONS "20ms expect count(role==\"leader\" && epoch==max(epoch)) <= 1\n",
               TORC_SCENARIO_FAIL,
               "count(role==\"leader\" && epoch==max(epoch)) is 2 "
               "(a.role is \"follower\", a.epoch is 3, max(epoch) is 5; "
               "b.role is \"leader\", b.epoch is 5, max(epoch) is 5; "
               "c.role is \"leader\", c.epoch is 5, max(epoch) is 5)");
    return NULL;
}

TORC_TEST(probes_no_module_has_are_found_before_the_run)
{
    expect_run(STATIONS "0 expect count(rolle==\"leader\") == 0\n", TORC_SCENARIO_INVALID,
               "no module has a probe 'rolle'; did you mean 'role'?");
    expect_run(STATIONS "always max(epok) < 7\n", TORC_SCENARIO_INVALID,
               "no module has a probe 'epok'; did you mean 'epoch'?");
    expect_run(STATIONS "always max(role) < 7\n", TORC_SCENARIO_INVALID,
               "'role' of module station is a text, and max is about numbers");
    return NULL;
}

TORC_TEST(parameters_and_included_files_work_within)
{
    expect_run(STATIONS "param who=leader\nparam many=2\n20ms expect count(role==\"leader\") == $many\n"
                        "20ms expect count(role != \"follower\" && epoch == ${many}) == 0\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(what_is_printed_is_what_was_read)
{
    expect_canonical(STATIONS "0         expect all(role != \"x\") && any(epoch == max( epoch ))\n"
                              "sometimes count(role==\"leader\" && epoch==min(epoch)) == 2   # both\n");
    return NULL;
}

TORC_TEST(mistakes_are_shown_where_they_are)
{
    expect_refused(STATIONS "always cuont(role==\"x\") == 0\n",
                   "t.scn:4:8: unknown function 'cuont'; did you mean 'count'?");
    expect_refused(STATIONS "always count(any(epoch>1)) == 0\n",
                   "t.scn:4:18: count, all and any cannot be within each other");
    expect_refused(STATIONS "always max(3) == 0\n",
                   "t.scn:4:12: max and min take the name of a probe: max(epoch)");
    expect_refused(STATIONS "always max(a.epoch) == 0\n",
                   "t.scn:4:12: max and min take the name of a probe: max(epoch)");
    expect_refused(STATIONS "always count(epoch>1 == 0\n", "t.scn:4:22: comparisons are joined");
    expect_refused(STATIONS "always count(epoch>1\n", "t.scn:4:21: the ( has no )");
    expect_refused(STATIONS "always count() == 0\n", "t.scn:4:14: here a value belongs");
    expect_refused(STATIONS "always count(epoch>1) == \"x\"\n",
                   "a number and a string are never equal");
    expect_refused(STATIONS "always epoch == 1\n", "t.scn:4:8: unknown name 'epoch' in a condition");
    return NULL;
}

TORC_TRIAL_MAIN
