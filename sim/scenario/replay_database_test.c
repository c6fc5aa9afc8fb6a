#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/ledger.h"
#include "tests/support/test_directory.h"

struct bench {
    struct desk_file file;
    char directory[TEST_DIRECTORY_MAX];
};

static struct torc_deferred *record(struct torc_trial *trial)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    test_directory_make(bench->directory);
    ledger_record(&bench->file, bench->directory);
    /* A replay does without the database. */
    test_directory_remove(bench->directory);
    torc_trial_set_state(trial, bench);
    return NULL;
}

static struct torc_deferred *forget(struct torc_trial *trial)
{
    struct bench *bench = torc_trial_state(trial);

    desk_file_clear(&bench->file);
    free(bench);
    return NULL;
}

static const struct torc_trial_group with_bench = {.set_up = record, .tear_down = forget};

static void print_report(int status, const struct torc_replay_report *report)
{
    print_message("status %d %s: event %llu at %s: %s: expected %s, got %s\n", status,
                  report->error, (unsigned long long)report->difference.n,
                  report->difference.where, report->difference.what, report->difference.expected,
                  report->difference.got);
}

static void assert_different(struct bench *bench, enum ledger_fault fault, const char *where,
                             const char *what, struct torc_replay_report *report)
{
    int status = ledger_replay(&bench->file, fault, NULL, report);

    if (status != 0 || report->verdict != TORC_REPLAY_DIFFERENT ||
        strstr(report->difference.where, where) == NULL ||
        strstr(report->difference.what, what) == NULL) {
        print_report(status, report);
    }
    assert_int_equal(status, 0);
    assert_int_equal(report->verdict, TORC_REPLAY_DIFFERENT);
    assert_non_null(strstr(report->difference.where, where));
    assert_non_null(strstr(report->difference.what, what));
}

/* Replaces the first `from` after the first `after` (NULL: the beginning) with `to`. */
static void edit(struct bench *bench, const char *after, const char *from, const char *to)
{
    struct desk_file *file = &bench->file;
    struct desk_file edited = {.text = NULL};
    char *begin;
    char *found;

    desk_file_write(file, "", 1); /* a NUL to search up to */
    file->bytes--;
    begin = after != NULL ? strstr(file->text, after) : file->text;
    assert_non_null(begin);
    found = strstr(begin, from);
    assert_non_null(found);
    desk_file_write(&edited, file->text, (size_t)(found - file->text));
    desk_file_write(&edited, to, strlen(to));
    found += strlen(from);
    desk_file_write(&edited, found, file->bytes - (size_t)(found - file->text));
    desk_file_clear(file);
    *file = edited;
}

/* Puts a reading of the clock, which need not be done, in the place of the first event that holds `text`. */
static void take_event(struct bench *bench, const char *text)
{
    struct desk_file *file = &bench->file;
    struct desk_file edited = {.text = NULL};
    static const char clock[] = "\"k\":\"clock\",\"wall_ns\":1}\n";
    char *found = memmem(file->text, file->bytes, text, strlen(text));
    char *kind;
    char *end;

    assert_non_null(found);
    kind = found;
    while (strncmp(kind, "\"k\":", 4) != 0) {
        kind--;
    }
    end = (char *)memchr(found, '\n', file->bytes - (size_t)(found - file->text)) + 1;
    desk_file_write(&edited, file->text, (size_t)(kind - file->text));
    desk_file_write(&edited, clock, strlen(clock));
    desk_file_write(&edited, end, file->bytes - (size_t)(end - file->text));
    desk_file_clear(file);
    *file = edited;
}

TORC_TEST(a_program_is_answered_from_the_recording_without_a_database, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;
    int status = ledger_replay(&bench->file, LEDGER_AS_RECORDED, NULL, &report);

    if (status != 0 || report.verdict != TORC_REPLAY_EQUAL) {
        print_report(status, &report);
    }
    assert_int_equal(status, 0);
    assert_int_equal(report.verdict, TORC_REPLAY_EQUAL);
    assert_true(report.statements > 30);
    assert_true(report.rows > 100);
    return NULL;
}

/* --- another program ----------------------------------------------------------------------------- */

TORC_TEST(another_statement_is_shown_with_both_texts, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(bench, LEDGER_OTHER_SQL, "database ledger, request 5, statement 4",
                     "ran another statement than recorded", &report);
    assert_string_equal(report.difference.expected,
                        "'SELECT name, amount, proof FROM entries ORDER BY name'");
    assert_string_equal(report.difference.got,
                        "'SELECT name, amount, proof FROM entries ORDER BY name DESC'");
    assert_true(report.difference.n > 0);
    return NULL;
}

TORC_TEST(another_value_is_shown_with_its_place, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(bench, LEDGER_OTHER_VALUE, "request 2, statement 1, parameter 3",
                     "bound another value", &report);
    assert_string_equal(report.difference.expected, "0.1");
    assert_string_equal(report.difference.got, "0.2");
    assert_string_equal(report.difference.statement,
                        "INSERT INTO entries (id, name, amount, proof) VALUES (?, ?, ?, ?)");
    assert_different(bench, LEDGER_MORE_VALUES, "request 2, statement 1",
                     "bound 5 parameters, recorded are 4", &report);
    return NULL;
}

TORC_TEST(a_statement_more_or_less_is_found, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(bench, LEDGER_SHORT, "request 3, statement 4", "another statement", &report);
    assert_string_equal(report.difference.got, "'SELECT id FROM entries ORDER BY id'");
    assert_different(bench, LEDGER_LONG, "request 3, statement 5", "another statement", &report);
    assert_string_equal(report.difference.expected, "'SELECT id FROM entries ORDER BY id'");
    return NULL;
}

TORC_TEST(a_statement_that_is_left_early_is_found, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(bench, LEDGER_LEAVES_EARLY, "request 3, statement 5",
                     "left the statement after 1 rows, recorded are more", &report);
    return NULL;
}

TORC_TEST(what_a_request_does_not_do_is_found, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(bench, LEDGER_IDLE, "request 3, statement 2", "another statement", &report);
    assert_different(bench, LEDGER_SILENT, "database ledger, request 4", "opened a database, which is not",
                     &report);
    return NULL;
}

TORC_TEST(what_is_left_over_of_a_request_is_found, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;
    struct torc_replay_report equal;

    assert_different(bench, LEDGER_LAZY, "statement 2", "did not run the statement", &report);
    assert_string_equal(report.difference.expected, "'PRAGMA application_id'");
    /* At once, before the pool is closed. */
    assert_int_equal(ledger_replay(&bench->file, LEDGER_AS_RECORDED, NULL, &equal), 0);
    assert_true(report.turns + 1 < equal.turns);
    return NULL;
}

/* --- an edited recording ------------------------------------------------------------------------- */

TORC_TEST(a_statement_changed_in_the_recording_is_found, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;

    edit(bench, NULL, "WHERE id < 0", "WHERE id < 1");
    assert_different(bench, LEDGER_AS_RECORDED, "", "another statement", &report);
    assert_string_equal(report.difference.expected, "'SELECT id FROM entries WHERE id < 1'");
    return NULL;
}

TORC_TEST(a_value_changed_in_the_recording_is_found, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;

    edit(bench, NULL, "{\"blob64\":\"AP8=\"}]", "{\"blob64\":\"AP4=\"}]");
    assert_different(bench, LEDGER_AS_RECORDED, "request 2, statement 1, parameter 4",
                     "bound another value", &report);
    assert_string_equal(report.difference.expected, "x'\\x00\\xfe'");
    assert_string_equal(report.difference.got, "x'\\x00\\xff'");
    return NULL;
}

TORC_TEST(a_statement_missing_in_the_recording_is_found, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;

    take_event(bench, "\"ordinal\":5,\"sql\":\"SELECT id FROM entries ORDER BY id\"");
    assert_different(bench, LEDGER_AS_RECORDED, "request 3, statement 5", "is not recorded",
                     &report);
    assert_string_equal(report.difference.got, "'SELECT id FROM entries ORDER BY id'");
    return NULL;
}

TORC_TEST(a_step_that_no_job_comes_to_is_found, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;

    edit(bench, "SELECT id FROM entries ORDER BY id", "\"request\":3,\"ordinal\":6",
         "\"request\":3,\"ordinal\":7");
    assert_different(bench, LEDGER_AS_RECORDED, "request 3, statement 6", "is not recorded",
                     &report);
    edit(bench, "\"what\":\"close\"", "\"request\":", "\"request\":9");
    edit(bench, NULL, "\"request\":3,\"ordinal\":7", "\"request\":3,\"ordinal\":6");
    assert_different(bench, LEDGER_AS_RECORDED, "", "closed a connection, which is not recorded",
                     &report);
    return NULL;
}

TORC_TEST(a_step_that_is_left_over_at_the_end_is_found, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;

    edit(bench, NULL, "\"k\":\"turn\",\"ready\":\"\"}\n{\"end\"",
         "\"k\":\"db\",\"what\":\"close\",\"database\":\"ledger\",\"connection\":7,\"request\":99,"
         "\"ordinal\":0}\n{\"end\"");
    assert_different(bench, LEDGER_AS_RECORDED, "database ledger, request 99",
                     "did not close the connection", &report);
    return NULL;
}

/* Rows are what the program is given: changing one changes no statement of this program. */
TORC_TEST(a_row_changed_in_the_recording_is_found_by_the_digest, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;

    edit(bench, NULL, "[[1],[10],[11],[12]]", "[[1],[10],[11],[13]]");
    assert_int_equal(ledger_replay(&bench->file, LEDGER_AS_RECORDED, NULL, &report), TORC_ESYNTAX);
    assert_non_null(strstr(report.error, "the recording was changed"));
    return NULL;
}

/* Cut anywhere, it is refused, or replayed up to its last whole turn. */
TORC_TEST(a_recording_cut_anywhere_is_refused_or_replayed_up_to_there, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    size_t bytes = bench->file.bytes;

    for (size_t cut = 0; cut < bytes; cut += 97) {
        struct torc_replay_report report;
        int status;

        bench->file.bytes = cut;
        status = ledger_replay(&bench->file, LEDGER_AS_RECORDED, NULL, &report);
        if (status == 0 && (report.verdict != TORC_REPLAY_EQUAL || !report.truncated)) {
            print_report(status, &report);
        }
        assert_true(status == TORC_ESYNTAX ||
                    (status == 0 && report.verdict == TORC_REPLAY_EQUAL && report.truncated));
    }
    return NULL;
}

/* --- with SQLite --------------------------------------------------------------------------------- */

static int replay_real(struct bench *bench, struct torc_replay_report *report)
{
    struct torc_replay_options options = TORC_REPLAY_OPTIONS_INIT;
    char directory[TEST_DIRECTORY_MAX];
    int status;

    test_directory_make(directory);
    options.database = TORC_REPLAY_REAL;
    options.directory = directory;
    status = ledger_replay(&bench->file, LEDGER_AS_RECORDED, &options, report);
    test_directory_remove(directory);
    return status;
}

TORC_TEST(sqlite_gives_what_is_recorded, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;
    int status = replay_real(bench, &report);

    if (status != 0 || report.verdict != TORC_REPLAY_EQUAL) {
        print_report(status, &report);
    }
    assert_int_equal(status, 0);
    assert_int_equal(report.verdict, TORC_REPLAY_EQUAL);
    /* All but, perhaps, the one that was interrupted. */
    assert_in_range(report.statements_run, report.statements - 1, report.statements);
    assert_true(report.statements_overlapping <= 8);
    return NULL;
}

TORC_TEST(options_of_an_earlier_size_run_nothing, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_options options = TORC_REPLAY_OPTIONS_INIT;
    struct torc_replay_report report;

    options.size = offsetof(struct torc_replay_options, database);
    options.database = TORC_REPLAY_REAL;
    assert_int_equal(ledger_replay(&bench->file, LEDGER_AS_RECORDED, &options, &report), 0);
    assert_int_equal(report.statements_run, 0);
    options.size = sizeof(options);
    assert_int_equal(ledger_replay(&bench->file, LEDGER_AS_RECORDED, &options, &report),
                     TORC_EINVAL); /* no directory */
    return NULL;
}

TORC_TEST(a_row_that_sqlite_gives_otherwise_is_shown_with_its_place, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;

    edit(bench, NULL, "[[1],[10],[11],[12]]", "[[1],[10],[11],[13]]");
    assert_int_equal(replay_real(bench, &report), 0);
    assert_int_equal(report.verdict, TORC_REPLAY_DIFFERENT);
    assert_string_equal(report.difference.where,
                        "database ledger, request 3, statement 5, row 4, column id");
    assert_string_equal(report.difference.expected, "13");
    assert_string_equal(report.difference.got, "12");
    return NULL;
}

TORC_TEST(rows_of_a_stream_are_compared_in_each_piece, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;

    edit(bench, "[[81,40.5]", "[90,45.0]", "[90,45.5]");
    assert_int_equal(replay_real(bench, &report), 0);
    assert_int_equal(report.verdict, TORC_REPLAY_DIFFERENT);
    assert_non_null(strstr(report.difference.where, ", row 90, column i / 2.0"));
    assert_string_equal(report.difference.expected, "45.5");
    assert_string_equal(report.difference.got, "45.0");
    return NULL;
}

TORC_TEST(a_code_that_sqlite_gives_otherwise_is_found, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_replay_report report;

    edit(bench, NULL, "\"code\":1555", "\"code\":2067");
    assert_int_equal(replay_real(bench, &report), 0);
    assert_int_equal(report.verdict, TORC_REPLAY_DIFFERENT);
    assert_string_equal(report.difference.expected, "'2067 UNIQUE constraint failed: entries.id'");
    assert_string_equal(report.difference.got, "'1555 UNIQUE constraint failed: entries.id'");
    return NULL;
}

TORC_TRIAL_MAIN
