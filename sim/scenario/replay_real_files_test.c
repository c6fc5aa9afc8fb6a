/* What is recorded comes from somebody else: which files its statements can reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include <torc/trial.h>

#include "replay_real.h"
#include "replayer.h"
#include "tests/support/test_directory.h"

struct bench {
    struct torci_replayer replayer;
    struct torc_replay_report report;
    struct torci_replay_real *real;
    char directory[TEST_DIRECTORY_MAX];
    char outside[TEST_DIRECTORY_MAX + 32]; /* a file that is none of the replay's */
    uint64_t n;
};

static void begin(struct bench *bench)
{
    struct torci_database_record record = {.what = TORCI_DATABASE_OPEN, .connection = 0};

    memset(bench, 0, sizeof(*bench));
    test_directory_make(bench->directory);
    snprintf(bench->outside, sizeof(bench->outside), "%s/outside", bench->directory);
    bench->replayer.report = &bench->report;
    assert_int_equal(torci_replay_real_new(&bench->replayer, bench->directory, NULL, &bench->real), 0);
    record.database = torc_db_text("shop");
    record.path = torc_db_text("shop.sqlite");
    torci_replay_real_step(bench->real, &record, ++bench->n);
}

static void end(struct bench *bench)
{
    torci_replay_real_free(bench->real);
    test_directory_remove(bench->directory);
}

/* A statement that was recorded as gone well, with `value` for its parameter unless that is NULL. */
static void run(struct bench *bench, const char *sql, const char *value)
{
    struct torc_db_value parameter = torc_db_text(value);
    struct torci_database_record record = {.what = TORCI_DATABASE_STATEMENT, .complete = true, .first = 1, .ordinal = 1};

    record.database = torc_db_text("shop");
    record.request = bench->n + 1;
    record.sql = torc_db_text(sql);
    record.begun = bench->n;
    record.message = torc_db_text("");
    if (value != NULL) {
        record.parameters = &parameter;
        record.parameter_count = 1;
    }
    torci_replay_real_step(bench->real, &record, ++bench->n);
}

static const char *const statements[] = {"ATTACH '%s' AS other", "VACUUM INTO '%s'", "ATTACH ? AS other", NULL};

TORC_TEST(no_statement_makes_a_file_elsewhere, .parameters = statements)
{
    const char *format = torc_trial_parameter(trial);
    struct bench bench;
    char sql[sizeof(bench.outside) + 64];

    begin(&bench);
    snprintf(sql, sizeof(sql), format, bench.outside);
    run(&bench, sql, strchr(format, '?') != NULL ? bench.outside : NULL);
    assert_int_equal(bench.report.verdict, TORC_REPLAY_DIFFERENT);
    assert_int_not_equal(access(bench.outside, F_OK), 0);
    end(&bench);
    return NULL;
}

/* SQLite's temporary files are everybody's in the process. */
TORC_TEST(no_statement_says_where_temporary_files_are)
{
    struct bench bench;
    char sql[sizeof(bench.outside) + 64];

    begin(&bench);
    snprintf(sql, sizeof(sql), "PRAGMA main.Temp_Store_Directory = '%s'", bench.directory);
    run(&bench, sql, NULL);
    assert_int_equal(bench.report.verdict, TORC_REPLAY_DIFFERENT);
    assert_null(sqlite3_temp_directory);
    end(&bench);
    return NULL;
}

TORC_TEST(what_needs_no_other_file_is_run)
{
    struct bench bench;

    begin(&bench);
    run(&bench, "ATTACH ':memory:' AS other", NULL);
    run(&bench, "DETACH other", NULL);
    run(&bench, "VACUUM", NULL);
    assert_int_equal(bench.report.verdict, TORC_REPLAY_EQUAL);
    end(&bench);
    return NULL;
}

TORC_TRIAL_MAIN
