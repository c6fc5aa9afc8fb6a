/* Questions know what they are about, and reports which of them were asked from the same place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/module.h>
#include <torc/pool.h>
#include <torc/resolver.h>
#include <torc/scenario.h>
#include <torc/trial.h>

#include "call_place.h"

/* --- a module that runs three statements from one place, and takes memory from two -------------------- */

static const char *const statements[] = {"CREATE TABLE t (a)", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)"};

/* Volatile, so that no compiler makes four places of a loop. */
static volatile size_t four = 4;

struct clerk {
    struct torc_scope *scope;
    struct torc_pool *pool;
};

static struct torc_result closed(struct torc_result result, void *arg)
{
    struct clerk *clerk = arg;

    torc_result_drop(result);
    torc_pool_free(clerk->pool);
    torc_release(clerk->scope, clerk, sizeof *clerk);
    return torc_value(NULL);
}

static struct torc_deferred *stop(void *instance)
{
    struct clerk *clerk = instance;
    struct torc_deferred *deferred;

    assert_int_equal(torc_pool_close(clerk->pool, &deferred), 0);
    assert_int_equal(torc_deferred_add_both(deferred, closed, clerk, NULL), 0);
    return deferred;
}

static struct torc_result looked(struct torc_result result, void *arg)
{
    struct clerk *clerk = arg;

    if (result.kind == TORC_RESULT_VALUE)
        torc_rows_free(result.as.value);
    else
        torc_result_drop(result);
    assert_non_null(clerk);
    return torc_value(NULL);
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options, void **out_instance)
{
    struct torc_pool_options pool_options = TORC_POOL_OPTIONS_INIT;
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct clerk *clerk = torc_alloc_zero(scope, sizeof *clerk);
    struct torc_deferred *deferred;

    (void)options;
    assert_non_null(clerk);
    clerk->scope = scope;
    pool_options.path = "main.sqlite";
    assert_int_equal(torc_pool_new(reactor, &pool_options, &clerk->pool), 0);
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        assert_int_equal(torc_pool_operation(clerk->pool, statements[i], TORC_NO_PARAMETERS, &deferred), 0);
        assert_int_equal(torc_deferred_add_both(deferred, looked, clerk, NULL), 0);
        torc_deferred_drop(deferred);
    }
    for (size_t i = 0; i < four; i++)
        torc_release(scope, torc_alloc(scope, 10 + i), 10 + i);
    torc_release(scope, torc_alloc(scope, 20), 20);
    *out_instance = clerk;
    return NULL;
}

static const struct torc_option no_options[] = {{NULL, TORC_OPTION_FLAG, NULL, NULL}};

static const struct torc_module clerk_module = {.size = sizeof clerk_module,
                                                .name = "clerk",
                                                .version = "1",
                                                .doc = "writes",
                                                .options = no_options,
                                                .start = start,
                                                .stop = stop};

static int load(void *arg, const char *name, const struct torc_module **out, char *error, size_t error_size)
{
    (void)arg;
    (void)name;
    (void)error;
    (void)error_size;
    *out = &clerk_module;
    return 0;
}

/* --- what was asked --------------------------------------------------------------------------------- */

enum { ASKED_MAX = 64 };

struct listener {
    struct torc_decider decider; /* first */
    size_t count;                /* of db.fail */
    uint64_t numbers[ASKED_MAX];
    char about[ASKED_MAX][64];
    size_t of_main; /* questions of disk.fail about the database itself */
};

static uint64_t listen_to(struct torc_decider *self, const struct torc_question *question)
{
    struct listener *listener = (struct listener *)(void *)self;

    if (strcmp(question->site, "disk.fail") == 0)
        listener->of_main += question->about != NULL && strstr(question->about, "main.sqlite") != NULL;
    if (strcmp(question->site, "alloc.fail") == 0)
        assert_null(question->about);
    if (strcmp(question->site, "db.fail") != 0 || question->about == NULL || listener->count == ASKED_MAX)
        return question->drawn;
    listener->numbers[listener->count] = question->k;
    strncpy(listener->about[listener->count++], question->about, sizeof listener->about[0] - 1);
    return question->drawn;
}

static const struct torc_scenario_questions *find_questions(const struct torc_scenario_report *report, const char *site)
{
    for (size_t i = 0; i < report->question_count; i++)
        if (strcmp(report->questions[i].site, site) == 0)
            return &report->questions[i];
    fail_msg("nothing was asked at %s", site);
    return NULL;
}

static struct torc_scenario_report *run(struct listener *listener)
{
    static const char text[] = "scn 1\nhost srv module=clerk\n1s expect running(srv)\nend expect leaks == 0\n";
    struct torc_scenario_run_options options;
    struct torc_scenario_report *report;
    struct torc_scenario_error error;
    struct torc_scenario *scenario;

    memset(listener, 0, sizeof *listener);
    listener->decider.decide = listen_to;
    if (torc_scenario_parse(text, sizeof text - 1, "t.scn", NULL, &scenario, &error) != 0)
        fail_msg("%s", error.text);
    torc_scenario_run_options_init(&options);
    options.load = load;
    options.decider = &listener->decider;
    options.count_questions = true;
    assert_int_equal(torc_scenario_run(scenario, &options, &report), 0);
    assert_int_equal(report->verdict, TORC_SCENARIO_PASS);
    torc_scenario_free(scenario);
    return report;
}

TORC_TEST(a_question_says_which_statement_or_file_it_is_about)
{
    struct listener listener;
    struct torc_scenario_report *report = run(&listener);
    size_t at = 0;

    (void)trial;
    for (size_t i = 0; i < listener.count && at < 3; i++)
        at += strcmp(listener.about[i], statements[at]) == 0;
    assert_int_equal(at, 3);
    assert_true(listener.of_main > 0);
    torc_scenario_report_free(report);
    return NULL;
}

TORC_TEST(questions_about_different_statements_are_asked_from_different_places)
{
    struct listener listener;
    struct torc_scenario_report *report = run(&listener);
    const struct torc_scenario_questions *questions = find_questions(report, "db.fail");
    uint64_t numbers[3] = {0};
    size_t at = 0;

    (void)trial;
    for (size_t i = 0; i < listener.count && at < 3; i++)
        if (strcmp(listener.about[i], statements[at]) == 0)
            numbers[at++] = listener.numbers[i];
    assert_int_equal(at, 3);
    assert_true(questions->places[numbers[0]] != questions->places[numbers[1]]);
    assert_true(questions->places[numbers[1]] == questions->places[numbers[2]]);
    torc_scenario_report_free(report);
    return NULL;
}

/* Of the last five acquisitions of start() four are made in a loop. */
TORC_TEST(a_loop_asks_from_one_place_and_the_line_after_it_from_another)
{
    struct listener listener;
    struct torc_scenario_report *report = run(&listener);
    const struct torc_scenario_questions *questions = find_questions(report, "alloc.fail");
    size_t loops = 0;

    (void)trial;
    for (uint64_t k = 0; k + 4 < questions->count; k++)
        loops += questions->places[k] == questions->places[k + 1] && questions->places[k] == questions->places[k + 2] &&
                 questions->places[k] == questions->places[k + 3] && questions->places[k] != questions->places[k + 4];
    assert_int_equal(loops, 1);
    torc_scenario_report_free(report);
    return NULL;
}

/* --- the number itself ------------------------------------------------------------------------------ */

static __attribute__((noinline)) uint64_t ask(const char *about)
{
    return torci_call_place(about);
}

TORC_TEST(a_place_is_the_calls_that_led_there_and_what_it_is_about)
{
    uint64_t places[4] = {0};

    (void)trial;
    for (size_t i = 0; i < four; i++)
        places[i] = ask(i < 2 ? "a" : "b");
    assert_true(places[0] == places[1]);
    assert_true(places[0] != places[2]);
    assert_true(places[0] != ask("a"));
    return NULL;
}

TORC_TRIAL_MAIN
