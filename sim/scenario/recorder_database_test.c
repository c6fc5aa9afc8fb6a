#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "recording_reader.h"
#include "tests/support/database_steps.h"
#include "tests/support/desk.h"
#include "tests/support/scripted_platform.h"

struct bench {
    struct scripted_platform world;
    struct desk_file file;
    struct torc_platform *recorder;
    struct database_steps steps;
};

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct torc_recorder_options options = TORC_RECORDER_OPTIONS_INIT;

    scripted_init(&bench->world);
    options.write = desk_file_write;
    options.flush = desk_file_flush;
    options.arg = &bench->file;
    torc_trial_need(trial, torc_recorder_new(&bench->world.base, &options, &bench->recorder));
    bench->steps =
        (struct database_steps){.platform = bench->recorder, .database = "shop", .request = 7};
    torc_trial_set_state(trial, bench);
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    struct bench *bench = torc_trial_state(trial);

    torc_recorder_free(bench->recorder);
    database_steps_free(&bench->steps);
    desk_file_clear(&bench->file);
    scripted_end(&bench->world);
    free(bench);
    return NULL;
}

static const struct torc_trial_group with_bench = {.set_up = set_up, .tear_down = tear_down};

static void assert_recorded(const struct bench *bench, const char *text)
{
    bool found = memmem(bench->file.text, bench->file.bytes, text, strlen(text)) != NULL;

    if (!found) {
        print_message("not in it: %s\n%.*s", text, (int)bench->file.bytes, bench->file.text);
    }
    assert_true(found);
}

static size_t count_of(const struct bench *bench, const char *text)
{
    const char *at = bench->file.text;
    const char *end = at + bench->file.bytes;
    size_t count = 0;

    while ((at = memmem(at, (size_t)(end - at), text, strlen(text))) != NULL) {
        count++;
        at += strlen(text);
    }
    return count;
}

/* Reads the recording and writes its events again: the same lines, and the same digest. */
static void assert_reads_back(struct bench *bench)
{
    struct desk_file copy = {.text = NULL};
    struct torc_recording *recording;
    struct torci_recorded_event event;
    struct torc_trace *trace;
    char error[TORC_RECORDING_ERROR_BYTES] = "";
    char digest[TORC_DIGEST_TEXT_BYTES];
    int status;

    assert_int_equal(torc_recording_open(desk_file_read, &bench->file, "x", &recording, error), 0);
    assert_int_equal(torc_trace_new(desk_file_write, &copy, &trace), 0);
    while ((status = torci_recording_next(recording, &event, error)) == 1) {
        torci_recording_event_emit(&event.event, trace);
        torci_recorded_event_clear(&event);
    }
    assert_string_equal(error, "");
    assert_int_equal(status, 0);
    torc_trace_digest(trace, digest);
    assert_string_equal(digest, recording->trailer.digest);
    assert_non_null(memmem(bench->file.text, bench->file.bytes, copy.text, copy.bytes));
    torc_trace_free(trace);
    torc_recording_close(recording);
    desk_file_clear(&copy);
}

static const char *const two_columns[] = {"id", "name"};

/* --- what is recorded ---------------------------------------------------------------------------- */

TORC_TEST(a_statement_is_recorded_with_its_values_rows_and_outcome, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    const struct torc_db_value parameters[] = {torc_db_integer(5), torc_db_text("x\"y")};
    const struct torc_db_value rows[] = {torc_db_integer(1), torc_db_text("one"),
                                         torc_db_integer(2), torc_db_null()};
    const struct step_statement statement = {.sql = "SELECT id, name FROM t WHERE a < ? AND b <> ?",
                                             .parameters = parameters,
                                             .parameter_count = 2,
                                             .columns = two_columns,
                                             .column_count = 2,
                                             .values = rows,
                                             .row_count = 2};

    database_steps_run(&bench->steps, &statement);
    assert_recorded(bench,
                    "\"k\":\"db\",\"what\":\"statement\",\"database\":\"shop\",\"connection\":0,"
                    "\"request\":7,\"ordinal\":1,\"sql\":\"SELECT id, name FROM t WHERE a < ? AND b "
                    "<> ?\",\"begun\":0,\"parameters\":[5,\"x\\\"y\"],\"columns\":[\"id\",\"name\"],"
                    "\"first\":1,\"rows\":[[1,\"one\"],[2,null]],\"code\":0,\"count\":2,"
                    "\"complete\":1,\"changes\":0,\"last_insert_id\":0,\"in_transaction\":0,"
                    "\"took_ns\":");
    return NULL;
}

TORC_TEST(values_of_every_type_are_recorded_exactly, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    const struct torc_db_value values[] = {
        torc_db_null(),
        torc_db_integer(INT64_MIN),
        torc_db_integer(INT64_MAX),
        torc_db_real(0.1),
        torc_db_real(3.0),
        torc_db_real(-0.0),
        torc_db_real(1e300),
        torc_db_real(1.0 / 3.0),
        torc_db_real(5e-324),
        torc_db_real((double)INFINITY),
        torc_db_text(""),
        torc_db_text("gr\xc3\xbc\xc3\x9f"),
        torc_db_text_of("a\0b", 3),
        torc_db_text("\xff"),
        torc_db_blob("\x00\x01", 2),
        torc_db_blob("", 0),
    };
    const struct step_statement statement = {.sql = "INSERT",
                                             .parameters = values,
                                             .parameter_count = sizeof(values) / sizeof(values[0])};

    database_steps_run(&bench->steps, &statement);
    assert_recorded(bench, "\"parameters\":[null,-9223372036854775808,9223372036854775807,0.1,3.0,"
                           "-0.0,1e+300,0.3333333333333333,4.94065645841247e-324,"
                           "{\"real\":\"inf\"},\"\",\"gr\xc3\xbc\xc3\x9f\",{\"text64\":\"YQBi\"},"
                           "{\"text64\":\"/w==\"},{\"blob64\":\"AAE=\"},{\"blob64\":\"\"}]");
    assert_int_equal(torc_recorder_finish(bench->recorder), 0);
    assert_reads_back(bench);
    return NULL;
}

TORC_TEST(changes_and_failures_are_recorded, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    const struct step_statement insert = {.sql = "INSERT INTO t DEFAULT VALUES",
                                          .changes = 1,
                                          .last_insert_id = 42,
                                          .in_transaction = true};
    const struct step_statement failing = {
        .sql = "COMMIT", .code = 5, .message = "database is locked", .in_transaction = true};

    database_steps_run(&bench->steps, &insert);
    database_steps_run(&bench->steps, &failing);
    assert_recorded(bench, "\"code\":0,\"count\":0,\"complete\":1,\"changes\":1,"
                           "\"last_insert_id\":42,\"in_transaction\":1,\"took_ns\":");
    assert_recorded(bench, "\"ordinal\":2,\"sql\":\"COMMIT\",\"begun\":1,\"code\":5,\"message\":"
                           "\"database is locked\",\"count\":0,\"complete\":0,");
    return NULL;
}

TORC_TEST(opening_and_closing_are_recorded_with_their_outcome, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    database_steps_open(&bench->steps, "/data/shop.db", 0);
    database_steps_close(&bench->steps);
    database_steps_open(&bench->steps, "/data/shop.db", 14);
    assert_recorded(bench, "\"what\":\"open\",\"database\":\"shop\",\"connection\":0,\"request\":7,"
                           "\"ordinal\":0,\"path\":\"/data/shop.db\",\"code\":0}\n");
    assert_recorded(bench, "\"what\":\"close\",\"database\":\"shop\",\"connection\":0,\"request\":7,"
                           "\"ordinal\":0}\n");
    assert_recorded(bench, "\"code\":14,\"message\":\"unable to open database file\"}\n");
    assert_int_equal(torc_recorder_finish(bench->recorder), 0);
    assert_reads_back(bench);
    return NULL;
}

/* --- what the platform below answers ------------------------------------------------------------- */

/* Answers every statement with one row, and that it is lost. */
static enum torc_database_answer answering(struct torc_platform *platform,
                                           struct torc_database_event *event)
{
    static const char *const columns[] = {"answer"};
    static const struct torc_db_value value = {.type = TORC_DB_INTEGER, .as = {.integer = 9}};

    (void)platform;
    switch (event->kind) {
    case TORC_DATABASE_ROW:
        event->columns = columns;
        event->column_count = 1;
        event->values = &value;
        return event->rows == 1 ? TORC_DATABASE_ANSWER : TORC_DATABASE_PROCEED;
    case TORC_DATABASE_END:
        event->rows = 1;
        event->code = 10;
        event->message = "gone";
        event->lost = true;
        return TORC_DATABASE_ANSWER;
    default:
        return TORC_DATABASE_ANSWER;
    }
}

TORC_TEST(what_the_platform_below_answers_is_recorded_and_told, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    const struct step_statement statement = {.sql = "SELECT", .row_count = 1};

    bench->world.ops.database = answering;
    assert_int_equal(database_steps_open(&bench->steps, "x", 3), 0);
    database_steps_run(&bench->steps, &statement);
    assert_int_equal(bench->steps.row_count, 1);
    assert_int_equal(bench->steps.code, 10);
    assert_true(bench->steps.lost);
    assert_recorded(bench, "\"path\":\"x\",\"code\":0}");
    assert_recorded(bench, "\"columns\":[\"answer\"],\"first\":1,\"rows\":[[9]],\"code\":10,"
                           "\"message\":\"gone\",\"count\":1,\"complete\":");
    assert_recorded(bench, "\"lost\":1,\"took_ns\":");
    return NULL;
}

/* Lets SQLite run everything, and ends each statement at its second row. */
static enum torc_database_answer cutting(struct torc_platform *platform,
                                         struct torc_database_event *event)
{
    (void)platform;
    if (event->kind == TORC_DATABASE_ROW && event->rows == 2) {
        event->code = 9;
        return TORC_DATABASE_ANSWER;
    }
    return TORC_DATABASE_PROCEED;
}

TORC_TEST(a_row_at_which_the_statement_is_ended_is_not_recorded, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    const struct torc_db_value rows[] = {torc_db_integer(1), torc_db_integer(2)};
    const struct step_statement statement = {.sql = "SELECT",
                                             .columns = two_columns,
                                             .column_count = 1,
                                             .values = rows,
                                             .row_count = 2,
                                             .code = 9,
                                             .message = "interrupted"};

    bench->world.ops.database = cutting;
    database_steps_run(&bench->steps, &statement);
    assert_recorded(bench, "\"rows\":[[1]],\"code\":9,\"message\":\"interrupted\",\"count\":1,");
    return NULL;
}

/* --- pieces -------------------------------------------------------------------------------------- */

static const struct torc_db_value three_rows[] = {{.type = TORC_DB_INTEGER, .as = {.integer = 1}},
                                                  {.type = TORC_DB_INTEGER, .as = {.integer = 2}},
                                                  {.type = TORC_DB_INTEGER, .as = {.integer = 3}}};
static const struct torc_db_value eight = {.type = TORC_DB_INTEGER, .as = {.integer = 8}};
static const struct step_statement long_statement = {.sql = "SELECT",
                                                     .parameters = &eight,
                                                     .parameter_count = 1,
                                                     .columns = two_columns,
                                                     .column_count = 1,
                                                     .values = three_rows,
                                                     .row_count = 3};

/* A job that reads two rows of three. */
static int begin_long_statement(void *arg)
{
    struct database_steps *steps = arg;

    database_steps_begin(steps, &long_statement);
    database_steps_rows(steps, &long_statement, 0, 2);
    return 0;
}

TORC_TEST(rows_of_a_statement_that_goes_on_stand_before_the_end_of_the_job, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_platform_event batch[4];

    assert_int_equal(bench->recorder->ops->submit(bench->recorder, begin_long_statement,
                                                  &bench->steps, 5),
                     0);
    scripted_finish_job(&bench->world, 0);
    assert_int_equal(bench->recorder->ops->wait(bench->recorder, 0, batch, 4), 1);
    database_steps_rows(&bench->steps, &long_statement, 2, 3);
    database_steps_end(&bench->steps, &long_statement);
    assert_recorded(bench, "{\"n\":2,\"t\":0,\"k\":\"db\",\"what\":\"rows\",\"database\":\"shop\","
                           "\"connection\":0,\"request\":7,\"ordinal\":1,\"sql\":\"SELECT\","
                           "\"begun\":1,\"parameters\":[8],\"columns\":[\"id\"],\"first\":1,"
                           "\"rows\":[[1],[2]]}\n{\"n\":3,\"t\":0,\"k\":\"turn\",\"ready\":\"j1:job=0\"");
    assert_recorded(bench, "\"what\":\"statement\",\"database\":\"shop\",\"connection\":0,"
                           "\"request\":7,\"ordinal\":1,\"sql\":\"SELECT\",\"begun\":1,\"columns\":"
                           "[\"id\"],\"first\":3,\"rows\":[[3]],\"code\":0,\"count\":3,");
    assert_int_equal(torc_recorder_finish(bench->recorder), 0);
    assert_reads_back(bench);
    return NULL;
}

static void *end_a_job_elsewhere(void *arg)
{
    scripted_finish_job(arg, 0);
    return NULL;
}

static int no_work(void *arg)
{
    (void)arg;
    return 0;
}

TORC_TEST(the_end_of_another_job_does_not_divide_a_statement, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    pthread_t thread;

    assert_int_equal(bench->recorder->ops->submit(bench->recorder, no_work, NULL, 5), 0);
    database_steps_begin(&bench->steps, &long_statement);
    database_steps_rows(&bench->steps, &long_statement, 0, 2);
    assert_int_equal(pthread_create(&thread, NULL, end_a_job_elsewhere, &bench->world), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    database_steps_rows(&bench->steps, &long_statement, 2, 3);
    database_steps_end(&bench->steps, &long_statement);
    assert_int_equal(count_of(bench, "\"what\":\"rows\""), 0);
    assert_recorded(bench, "\"rows\":[[1],[2],[3]]");
    return NULL;
}

TORC_TEST(a_statement_without_rows_is_recorded_with_its_columns, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct step_statement statement = long_statement;

    statement.row_count = 0;
    database_steps_run(&bench->steps, &statement);
    assert_recorded(bench, "\"parameters\":[8],\"columns\":[\"id\"],\"code\":0,\"count\":0,");
    assert_int_equal(torc_recorder_finish(bench->recorder), 0);
    assert_reads_back(bench);
    return NULL;
}

TORC_TEST(many_rows_are_recorded_in_pieces, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    static char text[700001];
    struct torc_db_value rows[3];
    struct step_statement statement = {
        .sql = "SELECT", .columns = two_columns, .column_count = 1, .values = rows, .row_count = 3};

    memset(text, 'x', sizeof(text) - 1);
    for (size_t i = 0; i < 3; i++) {
        rows[i] = torc_db_text(text);
    }
    database_steps_run(&bench->steps, &statement);
    assert_int_equal(count_of(bench, "\"what\":\"rows\""), 1);
    assert_recorded(bench, "\"first\":3,");
    assert_int_equal(count_of(bench, text), 3);
    return NULL;
}

TORC_TEST(a_full_disk_ends_the_recording_and_not_the_statement, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    const struct step_statement statement = {.sql = "SELECT", .changes = 3};

    bench->file.room = bench->file.bytes;
    database_steps_run(&bench->steps, &statement);
    database_steps_run(&bench->steps, &statement);
    assert_int_equal(bench->steps.changes, 3);
    assert_int_equal(torc_recorder_finish(bench->recorder), TORC_ENOSPC);
    assert_int_equal(bench->file.bytes, bench->file.room);
    return NULL;
}

/* --- threads ------------------------------------------------------------------------------------- */

enum { THREADS = 4, STATEMENTS = 50 };

struct worker {
    pthread_t thread;
    struct database_steps steps;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    const struct torc_db_value rows[] = {torc_db_text("some"), torc_db_text("rows")};
    const struct step_statement statement = {.sql = "SELECT name FROM t",
                                             .columns = two_columns,
                                             .column_count = 1,
                                             .values = rows,
                                             .row_count = 2};

    for (int i = 0; i < STATEMENTS; i++) {
        database_steps_run(&worker->steps, &statement);
    }
    return NULL;
}

TORC_TEST(jobs_and_the_reactor_record_at_the_same_time, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct worker workers[THREADS];
    struct torc_platform_event batch[4];
    uint8_t drawn[8];

    for (size_t i = 0; i < THREADS; i++) {
        workers[i].steps = bench->steps;
        workers[i].steps.connection = (uint32_t)i;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < STATEMENTS; i++) {
        bench->recorder->ops->random(bench->recorder, "test", drawn, sizeof(drawn));
        bench->recorder->ops->wait(bench->recorder, 0, batch, 4);
        assert_int_equal(torc_recorder_error(bench->recorder), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        database_steps_free(&workers[i].steps);
    }
    assert_int_equal(torc_recorder_events(bench->recorder), (THREADS + 2) * STATEMENTS);
    assert_int_equal(torc_recorder_finish(bench->recorder), 0);
    assert_int_equal(count_of(bench, "\"rows\":[[\"some\"],[\"rows\"]]"), THREADS * STATEMENTS);
    assert_reads_back(bench);
    return NULL;
}

/* A platform whose wait lasts until somebody has recorded a statement. */
static size_t busy_wait(struct torc_platform *platform, uint64_t deadline_ns,
                        struct torc_platform_event *out, size_t capacity)
{
    struct bench *bench = (struct bench *)(void *)platform;
    const struct step_statement statement = {.sql = "SELECT"};

    (void)deadline_ns;
    (void)out;
    (void)capacity;
    database_steps_run(&bench->steps, &statement);
    return 0;
}

TORC_TEST(a_statement_recorded_while_the_reactor_waits_is_flushed_at_once, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_platform_event batch[4];
    unsigned flushes = bench->file.flushes;

    bench->world.ops.wait = busy_wait;
    bench->recorder->ops->wait(bench->recorder, TORC_NEVER, batch, 4);
    assert_int_equal(bench->file.flushes, flushes + 1);
    return NULL;
}

TORC_TRIAL_MAIN
