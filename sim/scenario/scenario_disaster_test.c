/* Runs with databases: a small shop that sells through a pool, and all that can happen to it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <torc/pool.h>
#include <torc/scenario.h>
#include <torc/trial.h>

/* --- the shop --------------------------------------------------------------------------------------- */

struct shop {
    struct torc_reactor *reactor;
    struct torc_pool *pool;
};

static const struct torc_option no_options[] = {{NULL, TORC_OPTION_FLAG, NULL, NULL}};

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *given,
                                  void **out_instance)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct shop *shop = torc_alloc_zero(scope, sizeof(*shop));
    int code;

    (void)given;
    if (shop == NULL)
        return torc_failure_no_memory();
    shop->reactor = reactor;
    options.path = "main.sqlite";
    options.busy_retries_max = 0;
    code = torc_pool_new(reactor, &options, &shop->pool);
    if (code != 0) {
        torc_release(scope, shop, sizeof(*shop));
        return torc_failure_of_code(scope, code, "starting");
    }
    *out_instance = shop;
    return NULL;
}

static struct torc_result closed(struct torc_result result, void *arg)
{
    struct shop *shop = arg;

    torc_pool_free(shop->pool);
    torc_release(torc_reactor_scope(shop->reactor), shop, sizeof(*shop));
    return result;
}

static struct torc_deferred *stop(void *instance)
{
    struct shop *shop = instance;
    struct torc_deferred *deferred = NULL;

    if (torc_pool_close(shop->pool, &deferred) != 0 ||
        torc_deferred_add_both(deferred, closed, shop, NULL) != 0)
        return NULL;
    return deferred;
}

/* The rows become a text: the first cell, or "ok". */
static struct torc_result to_text(struct torc_result result, void *arg)
{
    const struct torc_rows *rows = result.as.value;
    int64_t number = 0;
    const char *text = "ok";

    (void)arg;
    if (torc_rows_count(rows) > 0 && torc_rows_integer(rows, 0, 0, &number) == 0)
        text = number == 0 ? "none" : number == 1 ? "one" : "many";
    torc_result_drop(result);
    return torc_value((void *)(uintptr_t)text);
}

static int call_buy(void *instance, const struct torc_options *arguments, struct torc_deferred **out)
{
    struct shop *shop = instance;
    struct torc_db_value id = torc_db_integer(torc_options_integer(arguments, "id"));
    int code = torc_pool_operation(shop->pool, "INSERT INTO orders VALUES (?)", &id, 1, out);

    return code != 0 ? code : torc_deferred_add_callback(*out, to_text, NULL, NULL);
}

static int call_count(void *instance, const struct torc_options *arguments,
                      struct torc_deferred **out)
{
    struct shop *shop = instance;
    int code = torc_pool_query(shop->pool, "SELECT count(*) FROM orders", TORC_NO_PARAMETERS, out);

    (void)arguments;
    return code != 0 ? code : torc_deferred_add_callback(*out, to_text, NULL, NULL);
}

static const struct torc_option buy_parameters[] = {
    {"id", TORC_OPTION_INTEGER, NULL, "of the order"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};
static const struct torc_module_call calls[] = {
    {"buy", "inserts an order", buy_parameters, call_buy},
    {"count", "none, one or many", NULL, call_count},
    {NULL, NULL, NULL, NULL},
};
static const struct torc_module shop_module = {
    .size = sizeof(shop_module),
    .name = "shop",
    .version = "1",
    .doc = "sells",
    .options = no_options,
    .start = start,
    .stop = stop,
    .calls = calls,
};

/* --- running ---------------------------------------------------------------------------------------- */

static int load(void *arg, const char *name, const struct torc_module **out, char *error,
                size_t error_size)
{
    (void)arg;
    (void)name;
    (void)error;
    (void)error_size;
    *out = &shop_module;
    return 0;
}

static struct {
    size_t used;
    char text[100000];
} trace;

static int write_line(void *arg, const char *line, size_t bytes)
{
    (void)arg;
    assert_true(trace.used + bytes < sizeof(trace.text));
    memcpy(trace.text + trace.used, line, bytes);
    trace.used += bytes;
    trace.text[trace.used] = '\0';
    return 0;
}

static struct torc_scenario_report *run_text(const char *text)
{
    struct torc_scenario_run_options run;
    struct torc_scenario_report *report = NULL;
    struct torc_scenario *scenario = NULL;
    struct torc_scenario_error error;

    if (torc_scenario_parse(text, strlen(text), "t.scn", NULL, &scenario, &error) != 0)
        fail_msg("%s", error.text);
    torc_scenario_run_options_init(&run);
    run.load = load;
    run.trace = write_line;
    trace.used = 0;
    assert_int_equal(torc_scenario_run(scenario, &run, &report), 0);
    torc_scenario_free(scenario);
    return report;
}

static enum torc_scenario_verdict verdict_of(const char *text)
{
    struct torc_scenario_report *report = run_text(text);
    enum torc_scenario_verdict verdict = report->verdict;

    torc_scenario_report_free(report);
    return verdict;
}

/* Runs it; checks the verdict and the message of the first failure. */
static void expect_run_of(const char *text, enum torc_scenario_verdict verdict, const char *message)
{
    struct torc_scenario_report *report = run_text(text);

    if (report->verdict != verdict || (report->failure_count > 0) != (message != NULL) ||
        (message != NULL && strstr(report->failures[0].message, message) == NULL))
        fail_msg("%s: %s\n%s%s", torc_scenario_verdict_name(report->verdict),
                 report->failure_count > 0 ? report->failures[0].message : "",
                 report->failure_count > 0 ? report->failures[0].detail : "", trace.text);
    torc_scenario_report_free(report);
}

/* The same, of the shop's scenario with these lines. */
static void expect_run(const char *lines, enum torc_scenario_verdict verdict, const char *message)
{
    char text[3000];

    snprintf(text, sizeof(text),
             "scn 1\nhost api module=shop\n"
             "db api.main optional schema=\"CREATE TABLE orders(id INTEGER PRIMARY KEY)\"\n%s",
             lines);
    expect_run_of(text, verdict, message);
}

#define COUNT_IS(n) "end expect sql(api.main, \"SELECT count(*) FROM orders\") == " #n "\n"
#define CLEAN "end expect leaks == 0 && deferred.unhandled == 0\n"

TORC_TEST(a_call_is_answered_and_the_database_asked)
{
    expect_run("0 cli call api buy id=42 as d1\n+0..1s d1 expect result \"ok\"\n"
               "d1+1ms cli call api count as d2\nd2 expect result \"one\"\n" COUNT_IS(1) CLEAN,
               TORC_SCENARIO_PASS, NULL);
    expect_run("0 api call api count as d2\nd2 expect result\n" COUNT_IS(0), TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(what_an_answer_is_not_fails)
{
    expect_run("0 cli call api buy id=42 as d1\n+0..1s d1 expect result \"no\"\n", TORC_SCENARIO_FAIL,
               "the result is \"ok\"");
    expect_run("0 cli call api buy id=42 as d1\n+0..1s d1 expect failure\n", TORC_SCENARIO_FAIL,
               "the call went well: ok");
    expect_run("0 cli call api buy id=42 as d1\n+1s d1 expect result \"ok\"\n", TORC_SCENARIO_FAIL,
               "it was answered at 0, before the time 1s of the line");
    expect_run("0 cli call api buy id=x as d1\n", TORC_SCENARIO_INVALID, "id");
    expect_run("0 cli call api bye id=1 as d1\n", TORC_SCENARIO_INVALID,
               "module shop has no call 'bye'; did you mean 'buy'?");
    expect_run("0 api kill\n+0 cli call api buy id=1 as d1\n", TORC_SCENARIO_FAIL, "host api is down");
    return NULL;
}

TORC_TEST(a_failure_is_expected_by_its_type_or_one_above)
{
#define TWICE "0 cli call api buy id=1 as d1\nd1+1ms cli call api buy id=1 as d2\n"
    expect_run(TWICE "d2 expect failure database_constraint\n" CLEAN, TORC_SCENARIO_PASS, NULL);
    expect_run(TWICE "d2 expect failure database_error\n", TORC_SCENARIO_PASS, NULL);
    expect_run(TWICE "d2 expect failure\n", TORC_SCENARIO_PASS, NULL);
    expect_run(TWICE "d2 expect failure database_busy\n", TORC_SCENARIO_FAIL,
               "the failure is another one: database_constraint: ");
    expect_run(TWICE "d2 expect result\n", TORC_SCENARIO_FAIL,
               "the call failed: database_constraint: ");
    expect_run(TWICE, TORC_SCENARIO_FAIL,
               "the call failed, and no line expects that: database_constraint: ");
    return NULL;
}

TORC_TEST(an_answer_that_does_not_come_is_missed)
{
    expect_run("on db api.main sql~\"^INSERT\" : slow 2s\n0 cli call api buy id=1 as d1\n"
               "+0..1s d1 expect result\n",
               TORC_SCENARIO_FAIL, "there was no answer in time");
    expect_run("on db api.main sql~\"^INSERT\" : slow 2s\n0 cli call api buy id=1 as d1\n1s api kill\n"
               "d1 expect result\n",
               TORC_SCENARIO_FAIL, "the host was killed before there was an answer");
    return NULL;
}

TORC_TEST(lines_wait_for_answers)
{
    expect_run("on db api.main sql~\"^INSERT\" : slow 20ms\n0 cli call api buy id=1 as d1\n"
               "d1.end+5ms expect t == 25ms\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_statement_fails_as_the_line_says)
{
#define BUY "0 cli call api buy id=1 as d1\n"
    expect_run("on db api.main sql~\"^INSERT\" : fail SQLITE_BUSY after=30ms\n" BUY
               "30ms d1 expect failure database_busy\n" COUNT_IS(0) CLEAN,
               TORC_SCENARIO_PASS, NULL);
    assert_non_null(strstr(trace.text, "\"k\":\"fault\""));
    expect_run("on db api.main sql~\"^INSERT\" : fail SQLITE_FULL\n" BUY
               "0 d1 expect failure database_full\n" COUNT_IS(0),
               TORC_SCENARIO_PASS, NULL);
    expect_run("on db api.main sql~\"^INSERT\" : disconnect before\n" BUY
               "0 d1 expect failure database_lost\n" COUNT_IS(0),
               TORC_SCENARIO_PASS, NULL);
    expect_run("on db api.main sql~\"^INSERT\" : disconnect mid\n" BUY
               "0 d1 expect failure database_lost\n" COUNT_IS(0),
               TORC_SCENARIO_PASS, NULL);
    expect_run("on db api.main sql~\"^INSERT\" : apply then drop-reply after=5ms\n" BUY
               "5ms d1 expect failure database_lost\n" COUNT_IS(1),
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_fault_that_never_struck_fails_unless_it_is_optional)
{
    expect_run(BUY "on db api.main sql~\"^INSERT\" n=2 : fail SQLITE_BUSY\n", TORC_SCENARIO_FAIL,
               "the fault of line 5 never struck");
    expect_run(BUY "on db api.main sql~\"^INSERT\" n=2 optional : fail SQLITE_BUSY\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run(BUY "on db api.main sql~\"^INSERT\" : slow 1ms row=7\n", TORC_SCENARIO_FAIL,
               "the fault of line 5 never struck");
    return NULL;
}

TORC_TEST(sql_that_is_refused_fails_its_line_with_the_reason)
{
    expect_run("1ms expect sql(api.main, \"SELECT * FROM nowhere\") == 1\n", TORC_SCENARIO_FAIL,
               "sql(api.main, \"SELECT * FROM nowhere\"): no such table: nowhere");
    expect_run("always sql(api.main, \"SELEC 1\") == 1\n", TORC_SCENARIO_FAIL,
               "near \"SELEC\": syntax error");
    expect_run("end expect sql(api.main, \"SELECT x'00'\") == 1\n", TORC_SCENARIO_FAIL,
               "the answer is neither an integer nor a text: cast it");
    expect_run("end expect sql(api.main, \"SELECT 'a' || 'b'\") == \"ab\"\n", TORC_SCENARIO_PASS, NULL);
    expect_run("end expect sql(api.main, \"SELECT NULL\") == 0\n", TORC_SCENARIO_FAIL, "has no value");
    return NULL;
}

TORC_TEST(the_database_outlives_a_kill)
{
    expect_run(BUY "1s api kill\n+1ms expect sql(api.main, \"SELECT count(*) FROM orders\") == 1\n"
                   "+1ms api restart\n+1ms cli call api count as d2\nd2 expect result \"one\"\n" CLEAN,
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(any_subset_of_the_lines_runs)
{
    static const char *const lines[] = {
        "on db api.main sql~\"^INSERT\" n=1 : fail SQLITE_BUSY after=30ms\n",
        "on disk api file~\"-wal$\" op=write : delay 1ms\n",
        "0 cli call api buy id=42 as d1\n",
        "+0..2s d1 expect failure database_busy\n",
        "d1+1s cli call api buy id=42 as d2\n",
        "d2.end+0 api crash restart=+1ms\n",
        "d2 expect result \"ok\"\n",
        (COUNT_IS(1)),
    };
    enum { LINES = sizeof(lines) / sizeof(lines[0]) };

    for (unsigned left_out = 0; left_out < 1u << LINES; left_out++) {
        char text[2000] = "scn 1\nhost api module=shop\n"
                          "db api.main schema=\"CREATE TABLE orders(id INTEGER PRIMARY KEY)\"\n";
        enum torc_scenario_verdict verdict;

        for (unsigned i = 0; i < LINES; i++)
            if ((left_out >> i & 1) == 0)
                strcat(text, lines[i]);
        verdict = verdict_of(text);
        assert_true(verdict == TORC_SCENARIO_PASS ||
                    (left_out != 0 && verdict == TORC_SCENARIO_FAIL));
    }
    return NULL;
}

TORC_TEST(a_line_about_another_file_than_the_pools_fails)
{
    expect_run(BUY, TORC_SCENARIO_PASS, NULL);
    expect_run_of("scn 1\nhost api module=shop\n"
                  "db api.main file=./other.sqlite schema=\"CREATE TABLE orders(id)\"\n"
                  "0 cli call api count as d1\nd1 expect failure database_error\n",
                  TORC_SCENARIO_FAIL,
                  "the pool main has opened 'main.sqlite', and the line names './other.sqlite'");
    expect_run_of("scn 1\nhost api module=shop\n"
                  "db api.main file=./main.sqlite schema=\"CREATE TABLE orders(id)\"\n"
                  "0 cli call api count as d1\nd1 expect result \"none\"\n",
                  TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_database_that_no_pool_opens_fails_unless_it_is_optional)
{
    expect_run_of("scn 1\nhost api module=shop\ndb api.main\n1ms api kill\n", TORC_SCENARIO_FAIL,
                  "no pool of api has opened 'main'");
    expect_run_of("scn 1\nhost api module=shop\ndb api.main optional\n1ms api kill\n", TORC_SCENARIO_PASS, NULL);
    expect_run("db api.mian\n" BUY, TORC_SCENARIO_FAIL, "no pool of api has opened 'mian'");
    expect_run(BUY "1s api kill\n+1ms api restart\n", TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(a_schema_that_is_refused_is_an_error_of_the_scenario)
{
    expect_run("db api.other schema=\"CREATE TABEL x(y)\"\n", TORC_SCENARIO_INVALID,
               "the schema is refused: near \"TABEL\": syntax error");
    return NULL;
}

/* --- disks ------------------------------------------------------------------------------------------ */

TORC_TEST(a_crash_takes_what_was_not_synced)
{
#define CRASH "1s api crash restart=+10ms\n+20ms cli call api count as d2\n"
    expect_run(BUY CRASH "d2 expect result \"one\"\n" CLEAN, TORC_SCENARIO_PASS, NULL);
    expect_run("db api.x optional lies\n" BUY CRASH "d2 expect result \"none\"\n", TORC_SCENARIO_PASS, NULL);
    expect_run("db api.x optional lies\n" BUY "1s api crash disk=keep restart=+10ms\n"
               "+20ms cli call api count as d2\nd2 expect result \"one\"\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run("db api.x optional lies\n" BUY "1s api crash disk=draw\n+1ms expect !running(api)\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run("db api.x optional sync=2s\n0 cli call api buy id=1 as d1\n1s api crash\nd1 expect result\n",
               TORC_SCENARIO_FAIL, "the host was killed before there was an answer");
    return NULL;
}

TORC_TEST(lines_about_time_after_a_crash_count_from_it)
{
    expect_run("1s api crash restart=+10ms\n+9ms expect !running(api)\n+1ms expect running(api)\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run("1s api kill\n+1ms api crash\n+1ms api restart\n+0 expect running(api)\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TEST(an_operation_of_the_disk_fails_as_the_line_says)
{
    expect_run("on disk api file~\"-wal$\" : fail SQLITE_IOERR_FSYNC\n" BUY
               "0 d1 expect failure database_error\n" COUNT_IS(0),
               TORC_SCENARIO_PASS, NULL);
    expect_run("on disk api file~\"-wal$\" n=2 : fail SQLITE_FULL\n" BUY
               "0 d1 expect failure database_full\n" COUNT_IS(0) CLEAN,
               TORC_SCENARIO_PASS, NULL);
    expect_run("on disk api file~\"-wal$\" : short 10\n" BUY
               "0 d1 expect failure database_io\n" COUNT_IS(0),
               TORC_SCENARIO_PASS, NULL);
    expect_run("on disk api file~\"-wal$\" op=write : delay 3ms\n" BUY "3ms d1 expect result\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run("on disk api file~\"nowhere\" : delay 3ms\n" BUY, TORC_SCENARIO_FAIL,
               "the fault of line 4 never struck");
    expect_run("on disk api op=read : fail SQLITE_FULL\n", TORC_SCENARIO_INVALID,
               "an operation of this kind cannot fail with SQLITE_FULL");
    return NULL;
}

TORC_TEST(a_disk_is_as_the_lines_say)
{
    expect_run("db api.x optional op=1ms\n" BUY "0..1s d1 expect result\nd1.end+0 expect t > 10ms\n",
               TORC_SCENARIO_PASS, NULL);
    expect_run("db api.x optional capacity=12KiB\n" BUY "d1 expect failure database_full\n",
               TORC_SCENARIO_PASS, NULL);
    return NULL;
}

TORC_TRIAL_MAIN
