#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "replay_real.h"
#include "replayer.h"
#include "tests/support/test_directory.h"

enum { WRITER, READER };

struct bench {
    struct torci_replayer replayer;
    struct torc_replay_report report;
    struct torci_replay_real *real;
    char directory[TEST_DIRECTORY_MAX];
    uint64_t n;
    struct torci_database_record record; /* the next one */
};

static void start(struct bench *bench, const char *from)
{
    torci_replay_real_free(bench->real);
    memset(&bench->replayer, 0, sizeof(bench->replayer));
    memset(&bench->report, 0, sizeof(bench->report));
    bench->replayer.report = &bench->report;
    bench->n = 0;
    assert_int_equal(torci_replay_real_new(&bench->replayer, bench->directory, from, &bench->real),
                     0);
}

static void open_database(struct bench *bench, uint32_t connection, const char *path)
{
    struct torci_database_record record = {.what = TORCI_DATABASE_OPEN, .connection = connection};

    record.database = torc_db_text("shop");
    record.path = torc_db_text(path);
    torci_replay_real_step(bench->real, &record, ++bench->n);
}

/* Begins the record of a statement that went well and gave nothing. */
static struct torci_database_record *statement(struct bench *bench, uint32_t connection,
                                               const char *sql)
{
    struct torci_database_record *record = &bench->record;

    memset(record, 0, sizeof(*record));
    record->what = TORCI_DATABASE_STATEMENT;
    record->database = torc_db_text("shop");
    record->connection = connection;
    record->request = bench->n + 1;
    record->ordinal = 1;
    record->sql = torc_db_text(sql);
    record->begun = bench->n;
    record->message = torc_db_text("");
    record->complete = true;
    record->first = 1;
    return record;
}

static void step(struct bench *bench)
{
    torci_replay_real_step(bench->real, &bench->record, ++bench->n);
}

/* A statement with its number of changes; its last rowid is `rowid`. */
static void change(struct bench *bench, const char *sql, int64_t changes, int64_t rowid)
{
    struct torci_database_record *record = statement(bench, WRITER, sql);

    record->changes = changes;
    record->last_insert_id = rowid;
    step(bench);
}

/* `SELECT count(*) AS n` that gave `count`, begun after event `begun`. */
static void count_rows(struct bench *bench, uint32_t connection, uint64_t begun, int64_t count,
                       bool in_transaction)
{
    static const struct torc_db_value column = {
        .type = TORC_DB_TEXT, .bytes = 1, .as = {.text = "n"}};
    struct torci_database_record *record =
        statement(bench, connection, "SELECT count(*) AS n FROM t");
    struct torc_db_value value = torc_db_integer(count);

    record->begun = begun;
    record->columns = &column;
    record->column_count = 1;
    record->values = &value;
    record->row_count = 1;
    record->rows = 1;
    record->in_transaction = in_transaction;
    step(bench);
}

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    test_directory_make(bench->directory);
    start(bench, NULL);
    open_database(bench, WRITER, "/x/shop.sqlite");
    open_database(bench, READER, "/x/shop.sqlite");
    for (uint32_t i = WRITER; i <= READER; i++) {
        static const struct torc_db_value column = {
            .type = TORC_DB_TEXT, .bytes = 12, .as = {.text = "journal_mode"}};
        static const struct torc_db_value value = {
            .type = TORC_DB_TEXT, .bytes = 3, .as = {.text = "wal"}};
        struct torci_database_record *record = statement(bench, i, "PRAGMA journal_mode=WAL");

        record->columns = &column;
        record->column_count = 1;
        record->values = &value;
        record->row_count = 1;
        record->rows = 1;
        step(bench);
    }
    change(bench, "CREATE TABLE t (a INTEGER PRIMARY KEY, b REAL)", 0, 0);
    assert_int_equal(bench->report.verdict, TORC_REPLAY_EQUAL);
    torc_trial_set_state(trial, bench);
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    struct bench *bench = torc_trial_state(trial);

    torci_replay_real_free(bench->real);
    test_directory_remove(bench->directory);
    free(bench);
    return NULL;
}

static const struct torc_trial_group with_bench = {.set_up = set_up, .tear_down = tear_down};

static void assert_equal(const struct bench *bench)
{
    if (bench->report.verdict != TORC_REPLAY_EQUAL) {
        print_message("%s: %s: expected %s, got %s\n", bench->report.difference.where,
                      bench->report.difference.what, bench->report.difference.expected,
                      bench->report.difference.got);
    }
    assert_int_equal(bench->report.verdict, TORC_REPLAY_EQUAL);
    assert_string_equal(bench->report.error, "");
}

static void assert_different(const struct bench *bench, const char *what, const char *expected,
                             const char *got)
{
    const struct torc_replay_difference *difference = &bench->report.difference;

    assert_int_equal(bench->report.verdict, TORC_REPLAY_DIFFERENT);
    if (strstr(difference->what, what) == NULL) {
        print_message("%s\n", difference->what);
    }
    assert_non_null(strstr(difference->what, what));
    assert_string_equal(difference->expected, expected);
    assert_string_equal(difference->got, got);
}

/* --- outcomes ------------------------------------------------------------------------------------ */

TORC_TEST(statements_that_do_as_recorded_are_equal, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torci_database_record *record;

    change(bench, "INSERT INTO t VALUES (7, 1.5), (8, NULL)", 2, 8);
    record = statement(bench, WRITER, "INSERT INTO t VALUES (7, 0)");
    record->code = 1555;
    record->complete = false;
    record->message = torc_db_text("UNIQUE constraint failed: t.a");
    step(bench);
    count_rows(bench, READER, bench->n, 2, false);
    torci_replay_real_end(bench->real);
    assert_equal(bench);
    assert_int_equal(bench->report.statements_run, 6);
    return NULL;
}

TORC_TEST(another_number_of_changes_is_found, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    change(bench, "INSERT INTO t VALUES (7, 1.5)", 2, 7);
    assert_different(bench, "changed another number of rows", "2", "1");
    assert_string_equal(bench->report.difference.where, "database shop, request 6, statement 1");
    assert_int_equal(bench->report.difference.n, 6);
    return NULL;
}

TORC_TEST(another_rowid_is_found, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    change(bench, "INSERT INTO t VALUES (7, 1.5)", 1, 8);
    assert_different(bench, "another last rowid", "8", "7");
    return NULL;
}

TORC_TEST(another_code_is_found, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torci_database_record *record = statement(bench, WRITER, "INSERT INTO u VALUES (7)");

    step(bench);
    assert_different(bench, "ended the statement otherwise", "'0 no error'",
                     "'1 no such table: u'");
    start(bench, NULL);
    open_database(bench, WRITER, ":memory:");
    record->code = 1;
    record->complete = false;
    record->message = torc_db_text("no such table: u");
    step(bench);
    assert_equal(bench);
    return NULL;
}

TORC_TEST(a_statement_that_time_or_the_machine_ended_is_not_run, .group = &with_bench)
{
    static const int codes[] = {5, 517, 6, 9, 10, 778, 13, 14};
    struct bench *bench = torc_trial_state(trial);
    uint64_t run = bench->report.statements_run;

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct torci_database_record *record =
            statement(bench, WRITER, "INSERT INTO t VALUES (1, 1)");

        record->code = codes[i];
        record->complete = false;
        step(bench);
    }
    statement(bench, WRITER, "INSERT INTO t VALUES (1, 1)")->lost = true;
    step(bench);
    assert_int_equal(bench->report.statements_run, run);
    count_rows(bench, READER, bench->n, 0, false);
    torci_replay_real_end(bench->real);
    assert_equal(bench);
    return NULL;
}

/* A full disk rolls back by itself: so does what is run. */
TORC_TEST(a_transaction_that_ended_by_itself_is_rolled_back, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torci_database_record *record = statement(bench, WRITER, "BEGIN IMMEDIATE");

    record->in_transaction = true;
    step(bench);
    record = statement(bench, WRITER, "INSERT INTO t VALUES (1, 1)");
    record->in_transaction = true;
    record->changes = 1;
    record->last_insert_id = 1;
    step(bench);
    record = statement(bench, WRITER, "INSERT INTO t VALUES (2, 1)");
    record->code = 13;
    record->complete = false;
    step(bench);
    count_rows(bench, READER, bench->n, 0, false);
    change(bench, "INSERT INTO t VALUES (3, 1)", 1, 3);
    torci_replay_real_end(bench->real);
    assert_equal(bench);
    return NULL;
}

TORC_TEST(a_statement_that_was_left_early_is_not_read_on, .group = &with_bench)
{
    static const struct torc_db_value column = {
        .type = TORC_DB_TEXT, .bytes = 1, .as = {.text = "a"}};
    struct bench *bench = torc_trial_state(trial);
    struct torc_db_value value = torc_db_integer(1);
    struct torci_database_record *record;

    change(bench, "INSERT INTO t VALUES (1, 1), (2, 2)", 2, 2);
    record = statement(bench, READER, "SELECT a FROM t");
    record->columns = &column;
    record->column_count = 1;
    record->values = &value;
    record->row_count = 1;
    record->rows = 1;
    record->complete = false;
    step(bench);
    torci_replay_real_end(bench->real);
    assert_equal(bench);
    record->complete = true;
    step(bench);
    torci_replay_real_end(bench->real);
    assert_different(bench, "more rows than recorded", "1", "2");
    return NULL;
}

TORC_TEST(what_a_pool_refuses_is_not_run, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torci_database_record *record = statement(bench, READER, "DELETE FROM t");

    record->code = 8;
    record->message = torc_db_text("the statement writes, and was asked for as one that reads");
    record->complete = false;
    step(bench);
    record = statement(bench, WRITER, "DELETE FROM t; DELETE FROM t");
    record->code = 1;
    record->message = torc_db_text("more than one statement");
    record->complete = false;
    step(bench);
    record = statement(bench, WRITER, "DELETE FROM t WHERE a = ?");
    record->code = 25;
    record->complete = false;
    step(bench);
    assert_equal(bench);
    return NULL;
}

TORC_TEST(a_database_begins_as_a_copy, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    char from[TEST_DIRECTORY_MAX + 16];
    char other[TEST_DIRECTORY_MAX];

    change(bench, "INSERT INTO t VALUES (7, 1.5)", 1, 7);
    snprintf(from, sizeof(from), "%s/1.sqlite", bench->directory);
    strcpy(other, bench->directory);
    test_directory_make(bench->directory);
    start(bench, from);
    open_database(bench, READER, "/x/shop.sqlite");
    count_rows(bench, READER, bench->n, 1, false);
    torci_replay_real_end(bench->real);
    assert_equal(bench);
    test_directory_remove(other);
    open_database(bench, READER, "/x/other.sqlite");
    assert_int_equal(bench->replayer.status, TORC_EDATABASE);
    assert_non_null(strstr(bench->report.error, "1.sqlite: cannot be copied: "));
    return NULL;
}

/* --- beside a commit ----------------------------------------------------------------------------- */

TORC_TEST(a_reader_that_sees_something_else_is_different, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    change(bench, "INSERT INTO t VALUES (7, 1.5)", 1, 7);
    count_rows(bench, READER, bench->n, 0, false);
    assert_equal(bench); /* a commit under way may yet explain it */
    change(bench, "INSERT INTO t VALUES (8, 1.5)", 1, 8);
    assert_different(bench, "another value", "0", "1");
    assert_string_equal(bench->report.difference.where,
                        "database shop, request 7, statement 1, row 1, column n");
    return NULL;
}

TORC_TEST(a_difference_in_doubt_is_one_at_the_end, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    count_rows(bench, READER, bench->n, 5, false);
    assert_equal(bench);
    torci_replay_real_end(bench->real);
    assert_different(bench, "another value", "5", "0");
    return NULL;
}

/* It began before the insert had ended, so it may have seen what was before. */
TORC_TEST(a_reader_beside_a_commit_that_ended_first_may_see_what_was_before, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint64_t begun = bench->n;

    change(bench, "INSERT INTO t VALUES (7, 1.5)", 1, 7);
    count_rows(bench, READER, begun, 0, false);
    torci_replay_real_end(bench->real);
    assert_equal(bench);
    assert_int_equal(bench->report.statements_overlapping, 1);
    return NULL;
}

/* The insert had begun before it ended, so it may have seen what came after. */
TORC_TEST(a_reader_beside_a_commit_that_ends_later_may_see_what_comes, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint64_t begun = bench->n;
    struct torci_database_record *record;

    count_rows(bench, READER, bench->n, 1, false);
    record = statement(bench, WRITER, "INSERT INTO t VALUES (7, 1.5)");
    record->begun = begun;
    record->changes = 1;
    record->last_insert_id = 7;
    step(bench);
    torci_replay_real_end(bench->real);
    assert_equal(bench);
    assert_int_equal(bench->report.statements_overlapping, 1);
    return NULL;
}

/* Its own COMMIT, and that of another reader, change nothing. */
TORC_TEST(the_end_of_a_transaction_that_reads_is_no_commit, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint64_t begun = bench->n;
    struct torci_database_record *record;

    statement(bench, READER, "BEGIN")->in_transaction = true;
    step(bench);
    count_rows(bench, READER, bench->n, 1, true);
    statement(bench, READER, "COMMIT");
    step(bench);
    assert_equal(bench);
    record = statement(bench, WRITER, "INSERT INTO t VALUES (7, 1.5)");
    record->begun = begun;
    record->changes = 1;
    record->last_insert_id = 7;
    step(bench);
    torci_replay_real_end(bench->real);
    assert_equal(bench);
    assert_int_equal(bench->report.statements_overlapping, 1);
    return NULL;
}

/* A transaction that reads sees one state, from its first statement after BEGIN on. */
TORC_TEST(a_transaction_that_reads_keeps_its_doubt, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint64_t begun;

    statement(bench, READER, "BEGIN")->in_transaction = true;
    step(bench);
    begun = bench->n;
    change(bench, "INSERT INTO t VALUES (7, 1.5)", 1, 7);
    count_rows(bench, READER, begun, 1, true); /* happens to agree */
    change(bench, "INSERT INTO t VALUES (8, 1.5)", 1, 8);
    count_rows(bench, READER, bench->n, 0, true);
    statement(bench, READER, "COMMIT");
    step(bench);
    torci_replay_real_end(bench->real);
    assert_equal(bench);
    assert_int_equal(bench->report.statements_overlapping, 1);
    count_rows(bench, READER, bench->n, 1, false);
    torci_replay_real_end(bench->real);
    assert_different(bench, "another value", "1", "2");
    return NULL;
}

/* Its first statement agreed, and was beside a commit all the same. */
TORC_TEST(a_commit_that_ends_later_puts_what_follows_in_doubt_too, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint64_t begun = bench->n;
    struct torci_database_record *record;

    statement(bench, READER, "BEGIN")->in_transaction = true;
    step(bench);
    count_rows(bench, READER, bench->n, 0, true);
    record = statement(bench, WRITER, "INSERT INTO t VALUES (7, 1.5)");
    record->begun = begun;
    record->changes = 1;
    record->last_insert_id = 7;
    step(bench);
    count_rows(bench, READER, bench->n, 1, true);
    torci_replay_real_end(bench->real);
    assert_equal(bench);
    assert_int_equal(bench->report.statements_overlapping, 1);
    return NULL;
}

TORC_TEST(a_transaction_that_reads_is_compared_with_the_state_it_began_with, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    statement(bench, READER, "BEGIN")->in_transaction = true;
    step(bench);
    change(bench, "INSERT INTO t VALUES (7, 1.5)", 1, 7);
    count_rows(bench, READER, bench->n, 1, true);
    change(bench, "INSERT INTO t VALUES (8, 1.5)", 1, 8);
    count_rows(bench, READER, bench->n, 1, true);
    torci_replay_real_end(bench->real);
    assert_equal(bench);
    assert_int_equal(bench->report.statements_overlapping, 0);
    return NULL;
}

TORC_TRIAL_MAIN
