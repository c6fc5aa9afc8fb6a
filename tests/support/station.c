#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "station.h"

char station_told[16000];

struct station {
    struct torc_reactor *reactor;
    struct torc_scope *scope;
    struct torc_timer timer;
    uint64_t reign_ns;
    int64_t epoch;
    bool leads;
    struct torc_source rests; /* of the last call `rest` */
    struct torc_timer rested;
};

static const struct torc_option options[] = {
    {"epoch", TORC_OPTION_INTEGER, "1", "what the probe says"},
    {"lead", TORC_OPTION_DURATION, "0", "leads so much later; 0: never"},
    {"reign", TORC_OPTION_DURATION, "0", "so long; 0: for ever"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};

static struct torc_failure *turn(void *arg)
{
    struct station *station = arg;

    TORC_ASSUME(station->reactor, station->epoch != 13, "station.lucky");
    station->leads = !station->leads;
    if (station->leads && station->reign_ns > 0 &&
        torc_call_later(torc_reactor_clock(station->reactor), station->reign_ns, turn, station, NULL,
                        &station->timer) != 0)
        return torc_failure_no_memory();
    return NULL;
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *given,
                                  void **out_instance)
{
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct station *station = torc_alloc_zero(scope, sizeof(*station));
    uint64_t lead_ns = torc_options_duration(given, "lead");

    if (station == NULL)
        return torc_failure_no_memory();
    station->reactor = reactor;
    station->scope = scope;
    station->epoch = torc_options_integer(given, "epoch");
    station->reign_ns = torc_options_duration(given, "reign");
    if (lead_ns > 0 && torc_call_later(torc_reactor_clock(reactor), lead_ns, turn, station, NULL,
                                       &station->timer) != 0) {
        torc_release(scope, station, sizeof(*station));
        return torc_failure_no_memory();
    }
    *out_instance = station;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    struct station *station = instance;

    (void)torc_timer_cancel(station->timer);
    (void)torc_timer_cancel(station->rested);
    torc_source_drop(station->rests);
    torc_release(station->scope, station, sizeof(*station));
    return NULL;
}

/* Forgets the station. */
static struct torc_deferred *stop_carelessly(void *instance)
{
    struct station *station = instance;

    (void)torc_timer_cancel(station->timer);
    return NULL;
}

static const char *role(void *instance)
{
    return ((const struct station *)instance)->leads ? "leader" : "follower";
}

static int64_t epoch(void *instance)
{
    return ((const struct station *)instance)->epoch;
}

static const struct torc_probe probes[] = {
    {"role", "leader or follower", NULL, role},
    {"epoch", "as the option says", epoch, NULL},
    {NULL, NULL, NULL, NULL},
};

static int do_work(void *arg)
{
    TORC_POINT(((struct station *)arg)->reactor, "station.half");
    return 0;
}

static struct torc_result worked(struct torc_result result, void *arg)
{
    (void)result;
    (void)arg;
    return torc_value(NULL);
}

static int work(void *instance, const struct torc_options *arguments, struct torc_deferred **out)
{
    struct station *station = instance;
    int code = torc_run_job(station->reactor, do_work, station, NULL, out);

    (void)arguments;
    return code != 0 ? code : torc_deferred_add_callback(*out, worked, NULL, NULL);
}

static struct torc_failure *have_rested(void *arg)
{
    (void)torc_source_fire(((struct station *)arg)->rests, torc_value(NULL));
    return NULL;
}

static void wake(struct torc_source source, void *arg)
{
    (void)source;
    (void)torc_timer_cancel(((struct station *)arg)->rested);
}

static int rest(void *instance, const struct torc_options *arguments, struct torc_deferred **out)
{
    struct station *station = instance;
    struct torc_clock *clock = torc_reactor_clock(station->reactor);
    uint64_t limit_ns = torc_options_duration(arguments, "limit");
    int code = torc_deferred_new(station->scope, wake, station, &station->rests, out);

    if (code == 0)
        code = torc_call_later(clock, 10 * TORC_MILLISECOND, have_rested, station, NULL, &station->rested);
    if (code == 0)
        code = torc_deferred_add_callback(*out, worked, NULL, NULL);
    if (code == 0 && limit_ns > 0)
        code = torc_deferred_add_timeout(*out, clock, limit_ns);
    return code;
}

static const struct torc_option rest_options[] = {
    {"limit", TORC_OPTION_DURATION, "0", "how long it is waited for; 0: for ever"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};

static const struct torc_module_call calls[] = {
    {"rest", "ends after 10 ms", rest_options, rest},
    {"work", "a job that can be held halfway", NULL, work},
    {NULL, NULL, NULL, NULL},
};

static const struct torc_module modules[] = {
    {
        .size = sizeof(struct torc_module),
        .name = "station",
        .version = "1",
        .doc = "has a role",
        .options = options,
        .probes = probes,
        .start = start,
        .stop = stop,
        .calls = calls,
    },
    {
        .size = sizeof(struct torc_module),
        .name = "litter",
        .version = "1",
        .doc = "leaves its memory behind",
        .options = options,
        .start = start,
        .stop = stop_carelessly,
    },
    {
        .size = sizeof(struct torc_module),
        .name = "mute",
        .version = "1",
        .doc = "has no probes",
        .options = options,
        .start = start,
        .stop = stop,
    },
};

static int load(void *arg, const char *name, const struct torc_module **out, char *error,
                size_t error_size)
{
    (void)arg;
    for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
        if (strcmp(name, modules[i].name) == 0) {
            *out = &modules[i];
            return 0;
        }
    snprintf(error, error_size, "there is no module %s", name);
    return TORC_ENOTFOUND;
}

static void tell(void *arg, const char *text)
{
    size_t used = strlen(station_told);

    (void)arg;
    snprintf(station_told + used, sizeof(station_told) - used, "%s\n", text);
}

struct torc_scenario_report *station_run(const char *text, struct torc_scenario_run_options *given)
{
    struct torc_scenario_run_options run;
    struct torc_scenario_report *report = NULL;
    struct torc_scenario *scenario = NULL;
    struct torc_scenario_error error;

    if (torc_scenario_parse(text, strlen(text), "t.scn", NULL, &scenario, &error) != 0)
        fail_msg("%s", error.text);
    torc_scenario_run_options_init(&run);
    if (given != NULL)
        run = *given;
    run.load = load;
    run.tell = tell;
    station_told[0] = '\0';
    assert_int_equal(torc_scenario_run(scenario, &run, &report), 0);
    torc_scenario_free(scenario);
    return report;
}

void expect_run(const char *text, enum torc_scenario_verdict verdict, const char *message)
{
    struct torc_scenario_report *report = station_run(text, NULL);

    if (report->verdict != verdict || (message != NULL && report->failure_count == 0))
        print_message("# %s: %s\n%s", torc_scenario_verdict_name(report->verdict),
                      report->failure_count > 0 ? report->failures[0].message : "", station_told);
    assert_int_equal(report->verdict, verdict);
    if (message == NULL)
        assert_int_equal(report->failure_count, 0);
    else if (strstr(report->failures[0].message, message) == NULL)
        fail_msg("%s", report->failures[0].message);
    torc_scenario_report_free(report);
}

void expect_refused(const char *text, const char *message)
{
    struct torc_scenario *scenario = NULL;
    struct torc_scenario_error error;

    if (torc_scenario_parse(text, strlen(text), "t.scn", NULL, &scenario, &error) == 0) {
        torc_scenario_free(scenario);
        fail_msg("it parses");
    }
    if (strstr(error.text, message) == NULL)
        fail_msg("%s", error.text);
}

struct printed {
    char text[8000];
};

static void collect(void *arg, const char *text)
{
    struct printed *printed = arg;

    strncat(printed->text, text, sizeof(printed->text) - strlen(printed->text) - 1);
}

void expect_canonical(const char *text)
{
    struct torc_scenario *scenario = NULL;
    struct torc_scenario_error error;
    struct printed printed = {""};

    if (torc_scenario_parse(text, strlen(text), "t.scn", NULL, &scenario, &error) != 0)
        fail_msg("%s", error.text);
    torc_scenario_print(scenario, collect, &printed);
    torc_scenario_free(scenario);
    assert_string_equal(printed.text, text);
}
