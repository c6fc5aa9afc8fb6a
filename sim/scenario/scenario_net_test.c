/* Lines about links and cuts, and what they do to scripted peers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/station.h"

#define PEERS "scn 1\nhost a peer\nhost b peer\nhost c peer\n"
#define LINKED PEERS "link * delay=10ms\n0 b listen 7\n0 a connect b:7 as x\n0 b accept 7 as y\n"

TORC_TEST(a_cut_lasts_as_long_as_it_says)
{
    /* Sent at 1.1 s, again at 1.32, 1.76 and, healed, 2.64 s. */
    expect_run(LINKED
                     "1s net cut a->b for=1s as P\n1100ms x send \"late\"\n"
                     "P.end+0 expect t == 2s\n2650ms y expect \"late\"\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(LINKED
                     "1s net cut a->b for=1s\n1100ms x send \"late\"\n2649ms y expect \"late\"\n",
               TORC_SCENARIO_FAIL, "this did not come in time");
    return NULL;
}

TORC_TEST(how_long_a_cut_lasts_may_be_drawn)
{
    expect_run(LINKED "1s net cut a->b mode=jam for=rand(1s..3s) as P\n+0 x send \"late\"\n"
                      "P.end+10ms y expect \"late\"\nP.end+0 expect t > 2s && t < 4s\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_cut_goes_one_way_and_from_each_to_each)
{
    expect_run(PEERS "0 b listen 7\n+0 c listen 7\n+0 a listen 7\n1s net cut a->b,c\n"
                     "+0 a connect b:7 as ab\n+0 a connect c:7 as ac\n+0 b connect c:7 as bc\n"
                     "+0..1s bc expect connected\n+127s ab expect timeout\n+0 ac expect timeout\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_stream_over_a_cut_path_is_expected_to_time_out)
{
    expect_run(LINKED
                     "1s net cut *\n+0 x send \"lost\"\n+900s..1050s x expect timeout\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(LINKED
                     "1s net cut *\n+0 x send \"lost\"\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(PEERS "0 b listen 7\n0 a connect b:7 as x\n0 b accept 7 as y\n"
                     "1s y reset\n+0..1s x expect timeout\n",
               TORC_SCENARIO_FAIL, "it ended");
    return NULL;
}

TORC_TEST(a_jam_lets_go_at_its_end)
{
    expect_run(LINKED
                     "1s net cut a<->b mode=jam\n+0 x send \"one \"\n+0 x send \"two\"\n"
                     "2s net heal\n+10ms y expect \"one two\"\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_slow_path_is_healed_as_well)
{
    expect_run(LINKED
                     "1s net cut a->b mode=slow factor=4 delay=2ms for=500ms\n+0 x send \"one\"\n"
                     "+42ms y expect \"one\"\n2s x send \"two\"\n+10ms y expect \"two\"\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

/* Down from 1 s to 1.3, up to 1.8, down to 2.1, up to 2.6, down to the end at 2.7 s. */
TORC_TEST(a_path_flaps_down_first)
{
    expect_run(LINKED
                     "1s net flap a->b up=500ms down=300ms for=1700ms as F\n"
                     "1300ms x send \"up\"\n+10ms y expect \"up\"\n"
                     "2600ms x send \"down\"\n+0..150ms y expect nothing\n+0..1s y expect \"down\"\n"
                     "F.end+0 expect t == 2700ms\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(LINKED
                     "1s net flap a->b up=500ms down=300ms for=1700ms\n"
                     "1299ms x send \"up\"\n+10ms y expect \"up\"\n",
               TORC_SCENARIO_FAIL, "this did not come in time");
    return NULL;
}

TORC_TEST(without_faults_nothing_is_cut_or_flaps)
{
    expect_run(LINKED "1s net flap a->b up=100ms down=100ms for=10s\n+0 net cut b->a\n2150ms faults off\n"
                      "2410ms x send \"on\"\n+10ms y expect \"on\"\n+0 y send \"back\"\n"
                      "+10ms x expect \"back\"\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(after_a_swizzle_every_path_is_whole)
{
    expect_run(PEERS "0 b listen 7\n0 c listen 7\n1s net swizzle * for=3s as S\n"
                     "S.end+0 a connect b:7 as ab\nS.end+0 b connect c:7 as bc\n"
                     "4010ms ab expect connected within=1ms\n+0 bc expect connected within=1ms\n",
               TORC_SCENARIO_FAIL, "before"); /* they were connected at once */
    expect_run(PEERS "0 b listen 7\n0 c listen 7\n1s net swizzle * for=3s as S\n"
                     "4s a connect b:7 as ab\n+0 b connect c:7 as bc\n"
                     "+0..1ms ab expect connected\n+0 bc expect connected within=1ms\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

/* All of one host is cut off at once: it hears nothing, or is let alone. */
TORC_TEST(a_swizzle_cuts_a_host_off)
{
    expect_run("scn 1\nhost a peer\nhost b peer\n0 b listen 7\n1s net swizzle a for=2s\n"
               "1500ms a connect b:7 as x\n+0..500ms x expect nothing\n"
               "+0..2s x expect connected\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_black_hole_swallows_one_family)
{
    expect_run(PEERS "0 b listen 7\n1s net cut a->b family=ipv6\n+0 a connect b:7 as x\n"
                     "+0..1ms x expect connected\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(PEERS "0 b listen 7\n1s net cut a->b family=ipv4\n+0 a connect b:7 as x\n"
                     "+127s x expect timeout\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_link_of_several_hosts_is_one_for_each_pair)
{
    expect_run(PEERS "link a,b->c delay=100ms\n0 c listen 7\n0 a connect c:7 as x\n0 b connect c:7 as y\n"
                     "0 c connect c:7 as z\n0..1ms z expect connected\n"
                     "100050us x expect connected\n+0 y expect connected within=0\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(what_a_link_loses_is_drawn_from_the_seed)
{
    expect_run(PEERS "link * loss=100%\n0 b listen 7\n0 a connect b:7 as x\n127s x expect timeout\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(PEERS "link * delay=exp(5ms,max=20ms) loss=20% dup=5% reorder=5% corrupt=5%\n"
                     "0 b listen 7\n0 a connect b:7 as x\n0 b accept 7 as y\n"
                     "1s x send \"0123456789\" times=100 seg=10\n"
                     "1s..15m y expect \"0123456789\" times=100\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(errors_say_what_belongs_there)
{
    static const struct {
        const char *line;
        const char *message;
    } wrong[] = {
        {"link a<->b delay=exp(2ms", "t.scn:5:25: this is written exp(2ms,max=40ms)"},
        {"link a<->b delay=exp(2ms,3ms)", "this is written exp(2ms,max=40ms)"},
        {"link a<->b delay=exq(2ms)", "there is no distribution 'exq'; did you mean 'exp'?"},
        {"link a<->b delay=uniform(3ms,2ms)", "the smaller one comes first: uniform(1ms,5ms)"},
        {"link a<->b delay=exp(2)", "delay: a duration is a number with a unit"},
        {"link a<->b loss=5", "loss: a part of all is a number of percent: 0.5%"},
        {"link a<->b dup=101%", "dup is at most 100%"},
        {"link a<->b queue=0", "queue is from 1 byte to 4 GiB"},
        {"link a,z<->b", "unknown host 'z'"},
        {"1s net", "what is done? net cut, heal, flap or swizzle"},
        {"1s net cot a->b", "'net cot' is nothing that can be done; did you mean 'cut'?"},
        {"1s net cut", "which path? a<->b, a->b,c or *"},
        {"1s net cut a-b", "a path goes from a<->b, one way from a->b, or is every path: *"},
        {"1s net cut a->a", "the path of a to itself is never cut"},
        {"1s net cut a,a->b", "a is named twice"},
        {"1s net cut a->b mode=jamm", "did you mean 'jam'?"},
        {"1s net cut a->b factor=3", "factor= and delay= belong to mode=slow"},
        {"1s net cut a->b mode=slow", "how slow? factor=10 or delay=50ms"},
        {"1s net cut a->b for=0s", "it takes some time"},
        {"1s net flap a->b up=1s for=2s", "down= is missing"},
        {"1s net flap a->b up=1s down=999us for=2s", "a path is up or down for 1ms at least"},
        {"1s net heal a->b for=2s", "'net heal' has no for="},
        {"1s net swizzle * for=rand(1s..2s)", "a swizzle takes a time that is known"},
        {"1s net swizzle", "which hosts? a,b,c or *"},
        {"1s..2s net cut a->b", "only an expectation can have a window"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[200] = PEERS;

        strcat(strcat(text, wrong[i].line), "\n");
        expect_refused(text, wrong[i].message);
    }
    expect_refused("scn 1\n1s net swizzle * for=1s\n", "there is no host yet");
    return NULL;
}

TORC_TRIAL_MAIN
