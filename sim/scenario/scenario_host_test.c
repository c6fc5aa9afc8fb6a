/* Lines about hosts as a whole: their clocks, pauses, stalls, budgets and versions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <torc/scenario.h>
#include <torc/trial.h>

#include "scenario_model.h"

/* --- a module that ticks every 10 ms ---------------------------------------------------------------- */

struct ticks {
    struct torc_reactor *reactor;
    struct torc_timer timer;
    int64_t count;
    int64_t version;
    size_t bytes; /* of the whole */
};

static const struct torc_option options[] = {
    {"version", TORC_OPTION_INTEGER, "1", "told by a probe"},
    {"bytes", TORC_OPTION_BYTES, "0", "held as long as it runs"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};

static struct torc_failure *tick(void *arg)
{
    struct ticks *ticks = arg;

    ticks->count++;
    return torc_call_later(torc_reactor_clock(ticks->reactor), 10 * TORC_MILLISECOND, tick, ticks,
                           NULL, &ticks->timer) == 0
               ? NULL
               : torc_failure_no_memory();
}

static struct torc_failure *start_version(struct torc_reactor *reactor,
                                          const struct torc_options *given, void **out_instance,
                                          int64_t plus)
{
    struct torc_scope *scope = torc_reactor_scope(reactor);
    size_t bytes = sizeof(struct ticks) + (size_t)torc_options_bytes(given, "bytes");
    struct ticks *ticks = torc_alloc_zero(scope, bytes);

    if (ticks == NULL)
        return torc_failure_no_memory();
    ticks->bytes = bytes;
    ticks->reactor = reactor;
    ticks->version = torc_options_integer(given, "version") + plus;
    *out_instance = ticks;
    return torc_call_later(torc_reactor_clock(reactor), 10 * TORC_MILLISECOND, tick, ticks, NULL,
                           &ticks->timer) == 0
               ? NULL
               : torc_failure_no_memory();
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *given,
                                  void **out_instance)
{
    return start_version(reactor, given, out_instance, 0);
}

static struct torc_failure *start_next(struct torc_reactor *reactor,
                                       const struct torc_options *given, void **out_instance)
{
    return start_version(reactor, given, out_instance, 100);
}

static struct torc_deferred *stop(void *instance)
{
    struct ticks *ticks = instance;

    (void)torc_timer_cancel(ticks->timer);
    torc_release(torc_reactor_scope(ticks->reactor), ticks, ticks->bytes);
    return NULL;
}

static int64_t probe_count(void *instance)
{
    return ((struct ticks *)instance)->count;
}

static int64_t probe_version(void *instance)
{
    return ((struct ticks *)instance)->version;
}

static int64_t probe_wall_ms(void *instance)
{
    return (int64_t)(torc_reactor_wall(((struct ticks *)instance)->reactor) / TORC_MILLISECOND -
                     UINT64_C(1577836700000));
}

static const struct torc_probe probes[] = {
    {"count", "ticks so far", probe_count, NULL},
    {"version", "as the option says", probe_version, NULL},
    {"wall_ms", "since 100 s before 2020", probe_wall_ms, NULL},
    {NULL, NULL, NULL, NULL},
};
static const struct torc_module modules[] = {
    {.size = sizeof(struct torc_module), .name = "ticks", .version = "1", .doc = "ticks",
     .options = options, .probes = probes, .start = start, .stop = stop},
    {.size = sizeof(struct torc_module), .name = "ticks2", .version = "2", .doc = "ticks",
     .options = options, .probes = probes, .start = start_next, .stop = stop},
};

static int load(void *arg, const char *name, const struct torc_module **out, char *error,
                size_t error_size)
{
    (void)arg;
    for (size_t i = 0; i < 2; i++)
        if (strcmp(modules[i].name, name) == 0) {
            *out = &modules[i];
            return 0;
        }
    snprintf(error, error_size, "there is no module %s", name);
    return TORC_ENOTFOUND;
}

/* --- running ---------------------------------------------------------------------------------------- */

#define HOST(keys) "scn 1\nhost a module=ticks " keys "\n"

static struct torc_scenario *parsed(const char *text)
{
    struct torc_scenario *scenario = NULL;
    struct torc_scenario_error error;

    if (torc_scenario_parse(text, strlen(text), "t.scn", NULL, &scenario, &error) != 0)
        fail_msg("%s", error.text);
    return scenario;
}

static void expect_run(const char *text, uint64_t seed, enum torc_scenario_verdict verdict,
                       const char *message)
{
    struct torc_scenario *scenario = parsed(text);
    struct torc_scenario_run_options run;
    struct torc_scenario_report *report = NULL;

    torc_scenario_run_options_init(&run);
    run.load = load;
    run.seed_given = true;
    run.seed = seed;
    assert_int_equal(torc_scenario_run(scenario, &run, &report), 0);
    if (report->verdict != verdict)
        print_message("# %s\n", report->failure_count > 0 ? report->failures[0].message : "");
    assert_int_equal(report->verdict, verdict);
    if (message != NULL && strstr(report->failures[0].message, message) == NULL)
        fail_msg("%s", report->failures[0].message);
    torc_scenario_report_free(report);
    torc_scenario_free(scenario);
}

static void passes(const char *text)
{
    expect_run(text, 1, TORC_SCENARIO_PASS, NULL);
}

/* --- clocks ----------------------------------------------------------------------------------------- */

TORC_TEST(a_clock_is_declared)
{
    struct torc_scenario *scenario =
        parsed("scn 1\nhost a module=m clock=offset(-2s),drift(200ppm),skew(+-50ms,ppm=100)\n"
               "host b module=m clock=skew(+-1us) handles=64 memory=1MiB x=1\n");
    const struct torci_host_settings *a = &scenario->hosts->settings;
    const struct torci_host_settings *b = &scenario->hosts->next->settings;

    assert_int_equal(a->clock.offset_ns, -2000000000);
    assert_int_equal(a->clock.ppm, 200);
    assert_int_equal(a->clock.skew_ns, 50000000);
    assert_int_equal(a->clock.skew_ppm, 100);
    assert_int_equal(a->handles_max, 0);
    assert_int_equal(b->clock.skew_ns, 1000);
    assert_int_equal(b->clock.skew_ppm, 0);
    assert_int_equal(b->handles_max, 64);
    assert_int_equal(b->memory_bytes_max, 1048576);
    assert_string_equal(scenario->hosts->next->pairs[0], "x");
    assert_null(scenario->hosts->next->pairs[2]);
    torc_scenario_free(scenario);
    return NULL;
}

TORC_TEST(a_host_has_the_time_it_is_declared_with)
{
    passes(HOST("clock=offset(2s)") "1s expect a.wall_ms == 103000 && a.count == 100\n");
    passes(HOST("clock=offset(-2s),drift(-100000ppm)")
               "1s expect a.wall_ms == 98900\n+0 expect a.count == 90\n");
    passes(HOST("clock=drift(100000ppm)") "1001ms expect a.count == 110 && a.wall_ms == 101101\n");
    return NULL;
}

TORC_TEST(a_skew_is_drawn_within_its_limits_and_from_the_seed)
{
    bool differs = false;

    for (uint64_t seed = 1; seed <= 50; seed++)
        expect_run(HOST("clock=skew(+-50ms,ppm=100)")
                       "100s expect a.wall_ms >= 199939 && a.wall_ms <= 200060\n",
                   seed, TORC_SCENARIO_PASS, NULL);
    for (uint64_t seed = 1; seed <= 3 && !differs; seed++) {
        struct torc_scenario *scenario =
            parsed(HOST("clock=skew(+-50ms,ppm=100)") "1s expect a.wall_ms == 101000\n");
        struct torc_scenario_run_options run;
        struct torc_scenario_report *report = NULL;

        torc_scenario_run_options_init(&run);
        run.load = load;
        run.seed_given = true;
        run.seed = seed;
        assert_int_equal(torc_scenario_run(scenario, &run, &report), 0);
        differs = report->verdict == TORC_SCENARIO_FAIL;
        torc_scenario_report_free(report);
        torc_scenario_free(scenario);
    }
    assert_true(differs);
    return NULL;
}

TORC_TEST(a_line_sets_the_clock)
{
    passes(HOST("") "1s a clock step=-10s\n+0 expect a.wall_ms == 91000\n"
                    "2s a clock step=+20s drift=100000ppm\n+0 expect a.wall_ms == 112000\n"
                    "3s expect a.wall_ms == 113100\n+0 a clock drift=0ppm\n"
                    "4s expect a.wall_ms == 114100\n");
    return NULL;
}

/* --- pauses, stalls --------------------------------------------------------------------------------- */

TORC_TEST(a_host_is_paused_for_a_time_or_until_it_is_resumed)
{
    passes(HOST("") "15ms a pause for=50ms\n64ms expect a.count == 1\n65ms expect a.count == 2\n"
                    "100ms a pause\n1s expect a.count == 5\n+0 a resume\n+0 expect a.count == 6 within 1ms\n");
    return NULL;
}

TORC_TEST(no_host_is_paused_when_the_timeline_is_over)
{
    passes(HOST("") "1s a pause\nend expect a.count > 100 && !running(a) == 0\n");
    return NULL;
}

TORC_TEST(a_turn_takes_its_time)
{
    passes(HOST("") "15ms a stall 200ms as S\nS.end+0 expect t == 215ms && a.count == 2\n"
                    "300ms a pause for=1s as P\nP+1ms expect t == 301ms\nP.end+0 expect t == 1300ms\n");
    passes(HOST("") "15ms a stall 200ms\n214ms expect a.count == 1\n215ms expect a.count == 2\n");
    return NULL;
}

TORC_TEST(what_is_done_to_a_host_that_is_down_is_told_and_no_failure)
{
    passes(HOST("") "1s a kill\n+1s a pause\n+0 a stall 1s\n+0 a resume\n+0 a clock step=1s\n"
                    "+0 a restart\n+0 expect a.wall_ms == 103000\n");
    return NULL;
}

/* --- versions and budgets --------------------------------------------------------------------------- */

TORC_TEST(a_restart_starts_what_its_line_says_and_every_later_one_the_same)
{
    passes(HOST("version=2") "0 expect a.version == 2\n"
                             "1s a kill\n+0 a restart version=3\n+0 expect a.version == 3\n"
                             "2s a kill\n+0 a restart\n+0 expect a.version == 3\n"
                             "3s a kill\n+0 a restart module=ticks2\n+0 expect a.version == 103\n"
                             "4s a crash restart=+1s\n+2s expect a.version == 103\n"
                             "7s a restart module=ticks\n+0 expect a.version == 103\n");
    expect_run(HOST("") "1s a kill\n+0 a restart module=tick\n", 1, TORC_SCENARIO_INVALID,
               "there is no module tick");
    expect_run(HOST("") "1s a kill\n+0 a restart version=three\n", 1, TORC_SCENARIO_FAIL,
               "does not start again");
    return NULL;
}

TORC_TEST(a_host_without_room_for_its_module_is_told)
{
    passes(HOST("memory=1MiB bytes=900KiB"));
    expect_run(HOST("memory=1MiB bytes=1MiB"), 1, TORC_SCENARIO_INVALID, "out of memory");
    expect_run(HOST("memory=1"), 1, TORC_SCENARIO_INVALID, "more memory than that");
    expect_run(HOST("memory=1MiB") "1s a kill\n+0 a restart bytes=1MiB\n", 1, TORC_SCENARIO_FAIL,
               "does not start again: out of memory");
    return NULL;
}

/* --- decided ---------------------------------------------------------------------------------------- */

TORC_TEST(a_host_that_goes_down_by_decision_comes_up_again)
{
    for (int value = 1; value <= 2; value++) {
        char text[300];

        snprintf(text, sizeof(text),
                 HOST("") "decide a host.fault 1 = %d\n1s expect a.count == 99\n"
                          "sometimes !running(a)\nnever a.count > 188\n",
                 value);
        expect_run(text, 1, TORC_SCENARIO_PASS, NULL); /* down from 20 to 120 ms, and it ends at 2 s */
    }
    return NULL;
}

/* --- errors ----------------------------------------------------------------------------------------- */

TORC_TEST(errors_say_what_is_wrong)
{
    static const struct {
        const char *line;
        const char *message;
    } lines[] = {
        {"host a module=m clock=ofset(2s)", "'ofset' is nothing a clock has; did you mean 'offset'?"},
        {"host a module=m clock=2s", "a clock is offset(2s), drift(-200ppm) or skew(+-50ms,ppm=100)"},
        {"host a module=m clock=offset(2)", "a duration is a number with a unit"},
        {"host a module=m clock=drift(200)", "a drift is a number of parts per million"},
        {"host a module=m clock=drift(100001ppm)", "up to 100000 either way"},
        {"host a module=m clock=skew(50ms)", "how far at most? skew(+-50ms,ppm=100)"},
        {"host a module=m clock=skew(+-50ms,ppm=-1)", "how much drift at most?"},
        {"host a module=m clock=drift(1ppm),drift(2ppm)", "drift is given twice"},
        {"host a module=m clock=drift(1ppm)+offset(2s)", "separated by commas"},
        {"host a module=m clock=drift(1ppm) clock=drift(1ppm)", "clock is given twice"},
        {"host a module=m handles=0", "a host has 1 handle or more"},
        {"host a module=m memory=64", NULL},
        {"host a module=m memory=64Kib", "memory: "},
        {"host a module=m memory=0", "a host without memory cannot be up"},
        {"1s p pause", "a peer does what lines say, and nothing by itself: no pause for 'p'"},
        {"1s p clock step=1s", "no clock for 'p'"},
        {"1s p restart version=2", "no restart for 'p'"},
        {"1s h pause fro=1s", "unknown key 'fro'; did you mean 'for'?"},
        {"1s h resume now", "'resume' takes nothing more"},
        {"1s h stall", "how long does a turn take? stall 200ms"},
        {"1s h clock", "what becomes of the clock? step=-10s or drift=-200ppm"},
        {"1s h clock drift=5", "a drift is a number of parts per million"},
        {"1s h clock setp=5s", "unknown key 'setp'; did you mean 'step'?"},
        {"1s h restart echo", "the options of what is started are written NAME=VALUE"},
        {"1s h restart module=", "the module's name is missing"},
        {"1s h stal 200ms", "unknown verb 'stal'; did you mean 'stall'?"},
        {"1s c1 stall 1s", "unknown host 'c1'"},
        {"1s c1 pause", NULL},
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct torc_scenario *scenario = NULL;
        struct torc_scenario_error error = {.text = ""};
        char text[300];

        snprintf(text, sizeof(text), "scn 1\nhost h module=m\nhost p peer\n%s\n", lines[i].line);
        if (torc_scenario_parse(text, strlen(text), "t.scn", NULL, &scenario, &error) == 0)
            torc_scenario_free(scenario);
        if (lines[i].message == NULL ? error.text[0] != '\0'
                                     : strstr(error.text, lines[i].message) == NULL)
            fail_msg("%s: %s", lines[i].line, error.text);
    }
    return NULL;
}

TORC_TRIAL_MAIN
