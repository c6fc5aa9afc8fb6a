/* Runs of scenarios with modules made for the purpose: what is found, and how it is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <torc/scenario.h>
#include <torc/trial.h>

/* --- a module with every vice, each behind an option ----------------------------------------------- */

struct vices {
    struct torc_reactor *reactor;
    struct torc_scope *scope;
    struct torc_source unfired;
    struct torc_timer timer;
    int64_t ticks;
    bool never_stop;
    bool spin;
};

static const struct torc_option options[] = {
    {"bytes", TORC_OPTION_FLAG, "no", "releases less than it took"},
    {"timer", TORC_OPTION_FLAG, "no", "leaves a timed call behind"},
    {"wait", TORC_OPTION_FLAG, "no", "has a deferred that never fires"},
    {"unhandled", TORC_OPTION_FLAG, "no", "drops a failure"},
    {"spin", TORC_OPTION_FLAG, "no", "calls itself for ever at one time"},
    {"unstoppable", TORC_OPTION_FLAG, "no", "never has stopped"},
    {"fail", TORC_OPTION_FLAG, "no", "does not start"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};

static struct torc_failure *tick(void *arg)
{
    struct vices *vices = arg;

    vices->ticks++;
    if (!vices->spin && vices->ticks >= 5)
        return NULL;
    if (torc_call_later(torc_reactor_clock(vices->reactor), vices->spin ? 0 : 1000000, tick, vices, NULL,
                        &vices->timer) != 0)
        return torc_failure_no_memory();
    return NULL;
}

static struct torc_failure *nothing(void *arg)
{
    (void)arg;
    return NULL;
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *given,
                                  void **out_instance)
{
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct vices *vices = torc_alloc_zero(scope, sizeof(*vices));
    struct torc_deferred *deferred = NULL;
    int code = 0;

    if (vices == NULL)
        return torc_failure_no_memory();
    if (torc_options_flag(given, "fail")) {
        torc_release(scope, vices, sizeof(*vices));
        return torc_failure_new(scope, &torc_failure_error, TORC_EACCES, NULL, "it does not want to");
    }
    vices->reactor = reactor;
    vices->scope = scope;
    vices->never_stop = torc_options_flag(given, "unstoppable");
    vices->spin = torc_options_flag(given, "spin");
    code = torc_call_later(torc_reactor_clock(reactor), 0, tick, vices, NULL, &vices->timer);
    if (torc_options_flag(given, "bytes") && torc_alloc(scope, 100) == NULL)
        code = TORC_ENOMEM;
    if (torc_options_flag(given, "timer"))
        code = torc_call_later(torc_reactor_clock(reactor), UINT64_C(3600000000000), nothing, NULL,
                               NULL, NULL);
    if (torc_options_flag(given, "wait"))
        code = torc_deferred_new(scope, NULL, NULL, &vices->unfired, &deferred);
    if (code == 0 && torc_options_flag(given, "unhandled")) {
        code = torc_deferred_fired(
            scope, torc_fail(torc_failure_new(scope, &torc_failure_error, TORC_EIO, NULL, "x")),
            &deferred);
        torc_deferred_drop(deferred);
    }
    *out_instance = vices;
    return code != 0 ? torc_failure_of_code(scope, code, "starting") : NULL;
}

static struct torc_deferred *stop(void *instance)
{
    struct vices *vices = instance;
    struct torc_deferred *stopped = NULL;

    if (vices->never_stop &&
        torc_deferred_new(vices->scope, NULL, NULL, &vices->unfired, &stopped) == 0)
        return stopped;
    (void)torc_timer_cancel(vices->timer);
    torc_release(vices->scope, vices, sizeof(*vices));
    return NULL;
}

static int64_t ticks(void *instance)
{
    return ((const struct vices *)instance)->ticks;
}

static const char *mood(void *instance)
{
    return ((const struct vices *)instance)->ticks < 5 ? "busy" : "calm";
}

static const struct torc_probe probes[] = {
    {"ticks", "so far", ticks, NULL},
    {"mood", "busy or calm", NULL, mood},
    {NULL, NULL, NULL, NULL},
};

static const struct torc_module vices_module = {
    .size = sizeof(vices_module),
    .name = "vices",
    .version = "1",
    .doc = "has every vice",
    .options = options,
    .probes = probes,
    .start = start,
    .stop = stop,
};

static int load(void *arg, const char *name, const struct torc_module **out, char *error,
                size_t error_size)
{
    (void)arg;
    if (strcmp(name, "vices") != 0) {
        snprintf(error, error_size, "there is no module %s", name);
        return TORC_ENOTFOUND;
    }
    *out = &vices_module;
    return 0;
}

/* --- running --------------------------------------------------------------------------------------- */

static struct {
    char text[8000];
} told;

static void tell(void *arg, const char *text)
{
    (void)arg;
    strncat(told.text, text, sizeof(told.text) - strlen(told.text) - 2);
    strcat(told.text, "\n");
}

static struct torc_scenario_report *run_seeded(const char *text, bool seed_given, uint64_t seed)
{
    struct torc_scenario_run_options run;
    struct torc_scenario_report *report = NULL;
    struct torc_scenario *scenario = NULL;
    struct torc_scenario_error error;

    if (torc_scenario_parse(text, strlen(text), "t.scn", NULL, &scenario, &error) != 0)
        fail_msg("%s", error.text);
    torc_scenario_run_options_init(&run);
    run.load = load;
    run.tell = tell;
    run.seed_given = seed_given;
    run.seed = seed;
    told.text[0] = '\0';
    assert_int_equal(torc_scenario_run(scenario, &run, &report), 0);
    torc_scenario_free(scenario);
    return report;
}

/* Runs it and checks its verdict and the message of its first failure. */
static void expect_run(const char *text, enum torc_scenario_verdict verdict, const char *message)
{
    struct torc_scenario_report *report = run_seeded(text, false, 0);

    if (report->verdict != verdict || (message != NULL && report->failure_count == 0))
        print_message("# %s: %s\n%s", torc_scenario_verdict_name(report->verdict),
                      report->failure_count > 0 ? report->failures[0].message : "", told.text);
    assert_int_equal(report->verdict, verdict);
    if (message != NULL) {
        assert_true(report->failure_count > 0);
        if (strstr(report->failures[0].message, message) == NULL &&
            strstr(report->failures[0].detail, message) == NULL)
            fail_msg("%s\n%s", report->failures[0].message, report->failures[0].detail);
    } else {
        assert_int_equal(report->failure_count, 0);
    }
    torc_scenario_report_free(report);
}

#define VICES(options) "scn 1\nhost a module=vices " options "\n"
#define PEERS "scn 1\nhost a,b peer\nlink a<->b delay=1ms\n"
#define CONNECTED                                                                                  \
    PEERS "0 b listen 9\n+0 b accept 9 as s\n+0 a connect b:9 as c\n"

/* --- hosts ----------------------------------------------------------------------------------------- */

TORC_TEST(a_module_without_vices_passes)
{
    expect_run(VICES("") "end expect leaks == 0 && deferred.unhandled == 0\n", TORC_SCENARIO_PASS,
               NULL);
    return NULL;
}

TORC_TEST(what_a_module_leaves_is_counted_and_named)
{
    expect_run(VICES("bytes=yes") "end expect leaks == 0\n", TORC_SCENARIO_FAIL, "leaks is 1");
    expect_run(VICES("bytes=yes") "end expect leaks == 0\n", TORC_SCENARIO_FAIL,
               "a leaves 100 bytes that were never released");
    expect_run(VICES("timer=yes") "end expect leaks == 0\n", TORC_SCENARIO_FAIL, "1 timed calls");
    expect_run(VICES("timer=yes") "end expect leaks == 0\n", TORC_SCENARIO_FAIL,
               "scenario_runner_test.c");
    expect_run(VICES("bytes=yes") "end expect leaks == 1\n", TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_deferred_nobody_fires_is_stuck_and_named)
{
    expect_run(VICES("wait=yes"), TORC_SCENARIO_STUCK, "scenario_runner_test.c");
    expect_run(VICES("unstoppable=yes"), TORC_SCENARIO_STUCK, "has not stopped");
    return NULL;
}

TORC_TEST(time_that_stands_still_is_stuck)
{
    expect_run(VICES("spin=yes"), TORC_SCENARIO_STUCK, "time does not");
    return NULL;
}

TORC_TEST(an_unhandled_failure_is_counted_even_when_its_host_is_killed)
{
    expect_run(VICES("unhandled=yes") "always deferred.unhandled == 0\n", TORC_SCENARIO_FAIL,
               "deferred.unhandled is 1");
    expect_run(VICES("unhandled=yes") "1ms a kill\n+1ms expect deferred.unhandled == 1\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(modules_that_do_not_start_make_it_invalid)
{
    expect_run(VICES("fail=yes"), TORC_SCENARIO_INVALID, "module vices did not start: it does not want to");
    expect_run(VICES("bites=yes"), TORC_SCENARIO_INVALID, "did you mean");
    expect_run("scn 1\nhost a module=virtues\n", TORC_SCENARIO_INVALID, "there is no module virtues");
    expect_run(VICES("") "always a.tics < 9\n", TORC_SCENARIO_INVALID, "did you mean 'ticks'?");
    return NULL;
}

TORC_TEST(conditions_are_looked_at_after_everything_that_happens)
{
    expect_run(VICES("") "always a.ticks < 5\n", TORC_SCENARIO_FAIL, "a.ticks is 5");
    expect_run(VICES("") "never a.ticks == 3\n", TORC_SCENARIO_FAIL, "a.ticks is 3");
    expect_run(VICES("") "sometimes a.ticks == 3\n", TORC_SCENARIO_PASS, NULL);
    expect_run(VICES("") "sometimes a.ticks == 6\n", TORC_SCENARIO_UNMET, "this was never true");
    expect_run(VICES("") "2ms expect a.ticks == 3\n", TORC_SCENARIO_PASS, NULL);
    expect_run(VICES("") "1.999999ms expect a.ticks == 3\n", TORC_SCENARIO_FAIL, "a.ticks is 2");
    expect_run(VICES("") "0 expect a.mood == \"calm\" within 4ms\n", TORC_SCENARIO_PASS, NULL);
    expect_run(VICES("") "0..3.9ms expect a.mood == \"calm\"\n", TORC_SCENARIO_FAIL,
               "a.mood is \"busy\"");
    expect_run(VICES("") "eventually a.mood == \"calm\" && t >= 4ms\n", TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_host_that_is_down_has_no_answers)
{
    expect_run(VICES("") "always a.ticks < 9\n1ms a kill\n+1ms expect a.ticks == 2\n",
               TORC_SCENARIO_FAIL, "a.ticks has no value");
    expect_run(VICES("") "1ms a kill\n+1ms expect !running(a)\n+0 a restart\n+1ms expect a.ticks == 2\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

/* --- connections ----------------------------------------------------------------------------------- */

TORC_TEST(bytes_are_expected_at_an_instant)
{
    expect_run(CONNECTED "5ms c send \"x\"\n6ms s expect \"x\"\n", TORC_SCENARIO_PASS, NULL);
    expect_run(CONNECTED "5ms c send \"x\"\n5.999999ms s expect \"x\"\n", TORC_SCENARIO_FAIL,
               "this did not come in time");
    expect_run(CONNECTED "5ms c send \"x\"\n6.000001ms s expect \"x\"\n", TORC_SCENARIO_FAIL,
               "this was complete at 6ms, before the time 6.000001ms of the line");
    expect_run(CONNECTED "5ms c send \"x\"\n5ms..6ms s expect \"x\"\n", TORC_SCENARIO_PASS, NULL);
    expect_run(CONNECTED "5ms c send \"x\"\ns expect \"x\"\n", TORC_SCENARIO_PASS, NULL);
    expect_run(CONNECTED "5ms c send \"x\"\nend s expect \"x\"\n", TORC_SCENARIO_PASS, NULL);
    expect_run(CONNECTED "5ms c send \"x\"\n", TORC_SCENARIO_FAIL, "s received bytes that no line expects");
    return NULL;
}

TORC_TEST(what_differs_is_shown)
{
    expect_run(CONNECTED "5ms c send \"hello\\r\\n\"\n6ms s expect \"help\\r\\n\"\n", TORC_SCENARIO_FAIL,
               "expected  \"help\\r\\n\"\n"
               "got       \"hello\\r\\n\"\n"
               "              ^ differs at byte 3\n");
    expect_run(CONNECTED "5ms c send \"he\"\n6ms s expect \"help\"\n", TORC_SCENARIO_FAIL,
               "            ^ ends after 2 of 4 bytes\n");
    expect_run(CONNECTED "5ms c send \"abc\"\n6ms s expect re\"a[xy]c\"\n", TORC_SCENARIO_FAIL,
               "what came does not match, from byte 1 on");
    return NULL;
}

TORC_TEST(ends_are_told_apart)
{
    expect_run(CONNECTED "5ms c close\n6ms s expect close by=a\n", TORC_SCENARIO_PASS, NULL);
    expect_run(CONNECTED "5ms c reset\n6ms s expect reset\n", TORC_SCENARIO_PASS, NULL);
    expect_run(CONNECTED "5ms c reset\n6ms s expect close\n", TORC_SCENARIO_FAIL,
               "the connection was reset");
    expect_run(CONNECTED "5ms c close\n6ms s expect reset\n", TORC_SCENARIO_FAIL, "good order");
    expect_run(CONNECTED "5ms c shutdown\n6ms s expect end\n+0 s send \"more\"\n7ms c expect \"more\"\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(CONNECTED "5ms c close\n6ms s expect \"x\"\n", TORC_SCENARIO_FAIL,
               "the stream ended before this came");
    expect_run(CONNECTED "5ms..6ms s expect nothing\n", TORC_SCENARIO_PASS, NULL);
    expect_run(CONNECTED "5ms c close\n+0..1ms s expect nothing\n", TORC_SCENARIO_FAIL,
               "the stream ended");
    expect_run(CONNECTED "5ms c send \"x\"\n5ms..5.9ms s expect nothing\n6ms s expect \"x\"\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(CONNECTED "s expect close\n", TORC_SCENARIO_FAIL, "this did not happen before the end");
    return NULL;
}

TORC_TEST(lines_count_from_labels)
{
    struct torc_scenario_report *report =
        run_seeded(PEERS "0 b listen 9\n0 a connect b:9 as c\nc+5s c send \"x\"\n"
                         "+1s c close\nc.end+1s expect t == 7.002s\n",
                   false, 0);

    assert_int_equal(report->verdict, TORC_SCENARIO_PASS);
    assert_int_equal(report->lines_done, 5);
    assert_int_equal(report->lines_skipped, 0);
    torc_scenario_report_free(report);
    expect_run(PEERS "0 b kill\n0 a connect b:9 as c\n2s b restart\n+0 b listen 9\n"
                     "c+0 expect t == 3.002s\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(CONNECTED "c+10ms c send \"x\"\n+0 c close\n13ms s expect \"x\"\nc.end+1ms s expect close\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_paused_peer_reads_nothing)
{
    expect_run(CONNECTED "5ms s pause\n+0 c send \"x\"\n+0..100ms s expect nothing\n"
                         "200ms s resume\n+0 s expect \"x\"\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(lines_whose_label_is_gone_are_skipped)
{
    struct torc_scenario_report *report =
        run_seeded(PEERS "0 x send \"a\"\nx+1s a kill\n+1s x expect \"b\"\nend x expect close\n", false, 0);

    assert_int_equal(report->verdict, TORC_SCENARIO_PASS);
    assert_int_equal(report->lines_skipped, 4);
    assert_non_null(strstr(told.text, "line 4 is skipped: there is no x: 0         x send \"a\""));
    torc_scenario_report_free(report);
    return NULL;
}

TORC_TEST(limits_end_a_run_and_say_what_is_waited_for)
{
    expect_run(CONNECTED "limit time=2s\n3s c close\n", TORC_SCENARIO_LIMIT, "virtual time");
    expect_run(VICES("") "limit events=3\n", TORC_SCENARIO_LIMIT, "events");
    return NULL;
}

TORC_TEST(a_connection_that_fails_is_a_failure_unless_expected)
{
    expect_run(PEERS "0 a connect b:9 as c\n", TORC_SCENARIO_FAIL, "connection refused");
    expect_run(PEERS "0 a connect b:9 as c\n2ms c expect refused\n", TORC_SCENARIO_PASS, NULL);
    expect_run(CONNECTED "0..5ms c expect refused\n", TORC_SCENARIO_FAIL, "it was connected");
    return NULL;
}

TORC_TEST(the_same_run_has_the_same_digest)
{
    const char *text = CONNECTED "5ms c send \"x\"\ns expect \"x\"\n";
    struct torc_scenario_report *one = run_seeded(text, false, 0);
    struct torc_scenario_report *two = run_seeded(text, true, 1);
    struct torc_scenario_report *other =
        run_seeded(CONNECTED "5ms c send \"y\"\ns expect \"y\"\n", false, 0);

    assert_string_equal(one->digest, two->digest);
    assert_string_not_equal(one->digest, other->digest);
    torc_scenario_report_free(one);
    torc_scenario_report_free(two);
    torc_scenario_report_free(other);
    return NULL;
}

TORC_TEST(verdicts_have_exit_statuses)
{
    assert_int_equal(torc_scenario_exit_status(TORC_SCENARIO_PASS), 0);
    assert_int_equal(torc_scenario_exit_status(TORC_SCENARIO_STUCK), 1);
    assert_int_equal(torc_scenario_exit_status(TORC_SCENARIO_INVALID), 2);
    assert_int_equal(torc_scenario_exit_status(TORC_SCENARIO_LIMIT), 4);
    assert_int_equal(torc_scenario_exit_status(TORC_SCENARIO_UNMET), 5);
    return NULL;
}

TORC_TRIAL_MAIN
