#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/desk.h"

static struct torc_deferred *record(struct torc_trial *trial)
{
    struct desk_file *file = calloc(1, sizeof(*file));

    desk_record(file);
    torc_trial_set_state(trial, file);
    return NULL;
}

static struct torc_deferred *forget(struct torc_trial *trial)
{
    desk_file_clear(torc_trial_state(trial));
    free(torc_trial_state(trial));
    return NULL;
}

static const struct torc_trial_group with_desk_file = {.set_up = record, .tear_down = forget};

/* Replaces the first `from` after the first `after` (NULL: the beginning) with `to`. */
static void edit(struct desk_file *file, const char *after, const char *from, const char *to)
{
    char *begin;
    char *found;
    size_t tail_bytes;
    char *text;

    desk_file_write(file, "", 1); /* a NUL to search up to */
    file->bytes--;
    begin = after != NULL ? strstr(file->text, after) : file->text;
    assert_non_null(begin);
    found = strstr(begin, from);
    assert_non_null(found);
    tail_bytes = file->bytes - (size_t)(found - file->text) - strlen(from);
    text = malloc(file->bytes + strlen(to) + 1);
    assert_non_null(text);
    memcpy(text, file->text, (size_t)(found - file->text));
    memcpy(text + (found - file->text), to, strlen(to));
    memcpy(text + (found - file->text) + strlen(to), found + strlen(from), tail_bytes);
    file->bytes = (size_t)(found - file->text) + strlen(to) + tail_bytes;
    file->capacity = file->bytes;
    free(file->text);
    file->text = text;
}

static void cut(struct desk_file *file, const char *before)
{
    desk_file_write(file, "", 1);
    file->bytes--;
    assert_non_null(strstr(file->text, before));
    file->bytes = (size_t)(strstr(file->text, before) - file->text);
}

static void assert_equal(struct desk_file *file, enum desk_fault fault)
{
    struct torc_replay_report report;
    int status = desk_replay(file, fault, &report);

    if (status != 0 || report.verdict != TORC_REPLAY_EQUAL) {
        print_message("%s: event %llu, %s: expected \"%s\", got \"%s\"\n", report.error,
                      (unsigned long long)report.difference.n, report.difference.what,
                      report.difference.expected, report.difference.got);
    }
    assert_int_equal(status, 0);
    assert_int_equal(report.verdict, TORC_REPLAY_EQUAL);
}

/* Replays to a faulty desk; `what` must be in the sentence about the difference. */
static void assert_different(struct desk_file *file, enum desk_fault fault, const char *what,
                             struct torc_replay_report *report)
{
    int status = desk_replay(file, fault, report);

    if (status != 0 || strstr(report->difference.what, what) == NULL) {
        print_message("fault %d: %s: %s\n", (int)fault, report->error, report->difference.what);
    }
    assert_int_equal(status, 0);
    assert_int_equal(report->verdict, TORC_REPLAY_DIFFERENT);
    assert_non_null(strstr(report->difference.what, what));
}

/* --- equal --------------------------------------------------------------------------------------- */

TORC_TEST(the_same_program_replays_equal, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_equal(file, DESK_AS_RECORDED);
    assert_int_equal(desk_replay(file, DESK_AS_RECORDED, &report), 0);
    assert_false(report.truncated);
    assert_int_equal(report.connections, 5);
    assert_true(report.turns > 40);
    assert_true(report.reads >= 15);
    assert_true(report.written_bytes > 100);
    assert_int_equal(report.probe_count, 1);
    assert_string_equal(report.probes[0].name, "lines");
    assert_true(report.probes[0].value >= 15);
    return NULL;
}

TORC_TEST(the_digest_is_the_recorded_one_and_always_the_same, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;
    struct torc_replay_report again;

    assert_int_equal(desk_replay(file, DESK_AS_RECORDED, &report), 0);
    assert_int_equal(desk_replay(file, DESK_IN_PIECES, &again), 0);
    assert_string_equal(report.digest, again.digest);
    assert_non_null(memmem(file->text, file->bytes, report.digest, strlen(report.digest)));
    return NULL;
}

TORC_TEST(the_pieces_of_a_write_make_no_difference, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);

    assert_equal(file, DESK_IN_PIECES);
    return NULL;
}

TORC_TEST(what_the_peer_cannot_see_makes_no_difference, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);

    assert_equal(file, DESK_READS_NAMES);
    return NULL;
}

TORC_TEST(the_order_between_connections_within_a_turn_makes_no_difference, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);

    assert_equal(file, DESK_SWAPPED);
    return NULL;
}

/* --- different ----------------------------------------------------------------------------------- */

TORC_TEST(another_answer_is_shown_with_both_sides, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(file, DESK_WRONG_ANSWER, "other bytes", &report);
    assert_string_equal(report.difference.object, "c2");
    assert_string_equal(report.difference.expected, "BETA AND THE REST\\nGAMMA\\n");
    return NULL;
}

TORC_TEST(a_longer_answer_is_found, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(file, DESK_LONGER_ANSWER, "other bytes", &report);
    return NULL;
}

TORC_TEST(a_missing_answer_is_found, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(file, DESK_NO_ANSWER, "other bytes", &report);
    assert_different(file, DESK_SHORTER_ANSWER, "other bytes", &report);
    return NULL;
}

TORC_TEST(closing_is_compared, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(file, DESK_CLOSES, "", &report);
    assert_different(file, DESK_STAYS, "did not close", &report);
    assert_different(file, DESK_CLOSES_GENTLY, "closed, which is not recorded", &report);
    return NULL;
}

TORC_TEST(what_was_read_must_be_read, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(file, DESK_DEAF, "did not read", &report);
    return NULL;
}

TORC_TEST(draws_are_compared_with_their_sites, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(file, DESK_DRAWS_TWICE, "desk.dice, which is not recorded", &report);
    assert_different(file, DESK_DRAWS_ELSEWHERE, "desk.other, which is not recorded", &report);
    assert_different(file, DESK_DRAWS_NOT, "", &report);
    return NULL;
}

TORC_TEST(listening_and_connecting_are_compared, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(file, DESK_LISTENS_TWICE, "listened on tcp:127.0.0.1:0, which is not",
                     &report);
    assert_different(file, DESK_CALLS_ANOTHER,
                     "connected to tcp:10.0.0.8:99, recorded is tcp:10.0.0.9:99", &report);
    assert_different(file, DESK_CALLS_NOT, "did not connect (tcp:10.0.0.9:99)", &report);
    return NULL;
}

TORC_TEST(jobs_are_run_again_and_compared, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(file, DESK_WORK_FAILS, "job j1 returned -60, recorded is 0", &report);
    assert_different(file, DESK_WORKS_NOT, "did not submit the job", &report);
    return NULL;
}

TORC_TEST(a_program_that_ends_early_is_found, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(file, DESK_STOPS, "stopped", &report);
    assert_different(file, DESK_DOES_NOT_START, "", &report);
    return NULL;
}

TORC_TEST(a_difference_says_what_led_to_it, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    assert_different(file, DESK_WRONG_ANSWER, "other bytes", &report);
    assert_string_equal(report.difference.led_to, "ta and the rest\\nupper gamma\\n");
    assert_true(report.difference.led_to_n > 0);
    assert_true(report.difference.n > report.difference.led_to_n);
    assert_int_equal(report.difference.offset, 16);
    assert_string_equal(report.difference.got, "BETA AND THE RES?\\nGAMMA\\n");
    return NULL;
}

/* --- an edited recording ------------------------------------------------------------------------- */

TORC_TEST(a_reply_changed_in_the_recording_is_found, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    edit(file, NULL, "ALPHA", "ALPHB");
    assert_different(file, DESK_AS_RECORDED, "other bytes", &report);
    assert_string_equal(report.difference.expected, "ALPHB\\n");
    assert_string_equal(report.difference.got, "ALPHA\\n");
    assert_string_equal(report.difference.led_to, "upper alpha\\n");
    return NULL;
}

TORC_TEST(a_reply_made_longer_or_shorter_is_found, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    edit(file, NULL, "ALPHA\\n\"", "ALPHA\\nmore\"");
    assert_different(file, DESK_AS_RECORDED, "did not write 4 bytes", &report);
    edit(file, NULL, "ALPHA\\nmore\"", "ALP\"");
    assert_different(file, DESK_AS_RECORDED, "wrote more", &report);
    return NULL;
}

TORC_TEST(replies_in_another_order_are_found, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    edit(file, NULL, "ALPHA\\n", "TEMP\\n");
    edit(file, NULL, "BETA AND THE REST\\nGAMMA\\n", "ALPHA\\n");
    edit(file, NULL, "TEMP\\n", "BETA AND THE REST\\nGAMMA\\n");
    assert_different(file, DESK_AS_RECORDED, "other bytes", &report);
    assert_string_equal(report.difference.object, "c1");
    return NULL;
}

TORC_TEST(a_changed_request_is_found_by_its_reply_or_the_digest, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    edit(file, NULL, "upper alpha", "upper alphx");
    assert_different(file, DESK_AS_RECORDED, "other bytes", &report);
    edit(file, NULL, "upper alphx", "UPPER alpha");
    assert_different(file, DESK_AS_RECORDED, "did not write", &report);
    return NULL;
}

TORC_TEST(request_and_reply_changed_alike_are_found_by_the_digest, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    edit(file, NULL, "upper alpha", "upper alphx");
    edit(file, NULL, "ALPHA", "ALPHX");
    assert_int_equal(desk_replay(file, DESK_AS_RECORDED, &report), TORC_ESYNTAX);
    assert_non_null(strstr(report.error, "desk.torc:"));
    assert_non_null(strstr(report.error, "the recording was changed"));
    return NULL;
}

TORC_TEST(a_recording_without_its_end_replays_up_to_the_last_whole_turn, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_replay_report report;

    cut(file, "{\"end\":");
    assert_int_equal(desk_replay(file, DESK_AS_RECORDED, &report), 0);
    assert_int_equal(report.verdict, TORC_REPLAY_EQUAL);
    assert_true(report.truncated);
    assert_true(report.events > 0);
    cut(file, "LPHA");
    assert_int_equal(desk_replay(file, DESK_AS_RECORDED, &report), 0);
    assert_true(report.truncated);
    assert_int_equal(report.verdict, TORC_REPLAY_EQUAL);
    assert_int_equal(report.writes, 0);
    return NULL;
}

TORC_TEST(a_recording_is_replayed_once, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct torc_recording *recording;
    struct torc_replay_report report;
    char error[TORC_RECORDING_ERROR_BYTES];

    file->read = 0;
    assert_int_equal(torc_recording_open(desk_file_read, file, "x", &recording, error), 0);
    assert_int_equal(torc_replay(recording, desk_module(DESK_AS_RECORDED), NULL, &report), 0);
    assert_int_equal(torc_replay(recording, desk_module(DESK_AS_RECORDED), NULL, &report),
                     TORC_EINVAL);
    torc_recording_close(recording);
    return NULL;
}

TORC_TEST(what_is_replayed_can_be_written_again, .group = &with_desk_file)
{
    struct desk_file *file = torc_trial_state(trial);
    struct desk_file copy = {.text = NULL};
    struct torc_replay_options options = TORC_REPLAY_OPTIONS_INIT;
    struct torc_replay_report report;
    struct torc_recording *recording;
    char error[TORC_RECORDING_ERROR_BYTES];

    file->read = 0;
    options.write = desk_file_write;
    options.arg = &copy;
    assert_int_equal(torc_recording_open(desk_file_read, file, "x", &recording, error), 0);
    assert_int_equal(torc_replay(recording, desk_module(DESK_AS_RECORDED), &options, &report), 0);
    torc_recording_close(recording);
    /* All but the first and the last line. */
    assert_non_null(memmem(file->text, file->bytes, copy.text, copy.bytes));
    desk_file_clear(&copy);
    return NULL;
}

TORC_TRIAL_MAIN
