#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/desk.h"

static int record(void **state)
{
    struct desk_file *file = calloc(1, sizeof(*file));

    desk_record(file);
    *state = file;
    return 0;
}

static int forget(void **state)
{
    desk_file_clear(*state);
    free(*state);
    return 0;
}

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

static void the_same_program_replays_equal(void **state)
{
    struct torc_replay_report report;

    assert_equal(*state, DESK_AS_RECORDED);
    assert_int_equal(desk_replay(*state, DESK_AS_RECORDED, &report), 0);
    assert_false(report.truncated);
    assert_int_equal(report.connections, 5);
    assert_true(report.turns > 40);
    assert_true(report.reads >= 15);
    assert_true(report.written_bytes > 100);
    assert_int_equal(report.probe_count, 1);
    assert_string_equal(report.probes[0].name, "lines");
    assert_true(report.probes[0].value >= 15);
}

static void the_digest_is_the_recorded_one_and_always_the_same(void **state)
{
    const struct desk_file *file = *state;
    struct torc_replay_report report;
    struct torc_replay_report again;

    assert_int_equal(desk_replay(*state, DESK_AS_RECORDED, &report), 0);
    assert_int_equal(desk_replay(*state, DESK_IN_PIECES, &again), 0);
    assert_string_equal(report.digest, again.digest);
    assert_non_null(memmem(file->text, file->bytes, report.digest, strlen(report.digest)));
}

static void the_pieces_of_a_write_make_no_difference(void **state)
{
    assert_equal(*state, DESK_IN_PIECES);
}

static void what_the_peer_cannot_see_makes_no_difference(void **state)
{
    assert_equal(*state, DESK_READS_NAMES);
}

static void the_order_between_connections_within_a_turn_makes_no_difference(void **state)
{
    assert_equal(*state, DESK_SWAPPED);
}

/* --- different ----------------------------------------------------------------------------------- */

static void another_answer_is_shown_with_both_sides(void **state)
{
    struct torc_replay_report report;

    assert_different(*state, DESK_WRONG_ANSWER, "other bytes", &report);
    assert_string_equal(report.difference.object, "c2");
    assert_string_equal(report.difference.expected, "BETA AND THE REST\\nGAMMA\\n");
}

static void a_longer_answer_is_found(void **state)
{
    struct torc_replay_report report;

    assert_different(*state, DESK_LONGER_ANSWER, "other bytes", &report);
}

static void a_missing_answer_is_found(void **state)
{
    struct torc_replay_report report;

    assert_different(*state, DESK_NO_ANSWER, "other bytes", &report);
    assert_different(*state, DESK_SHORTER_ANSWER, "other bytes", &report);
}

static void closing_is_compared(void **state)
{
    struct torc_replay_report report;

    assert_different(*state, DESK_CLOSES, "", &report);
    assert_different(*state, DESK_STAYS, "did not close", &report);
    assert_different(*state, DESK_CLOSES_GENTLY, "closed, which is not recorded", &report);
}

static void what_was_read_must_be_read(void **state)
{
    struct torc_replay_report report;

    assert_different(*state, DESK_DEAF, "did not read", &report);
}

static void draws_are_compared_with_their_sites(void **state)
{
    struct torc_replay_report report;

    assert_different(*state, DESK_DRAWS_TWICE, "desk.dice, which is not recorded", &report);
    assert_different(*state, DESK_DRAWS_ELSEWHERE, "desk.other, which is not recorded", &report);
    assert_different(*state, DESK_DRAWS_NOT, "", &report);
}

static void listening_and_connecting_are_compared(void **state)
{
    struct torc_replay_report report;

    assert_different(*state, DESK_LISTENS_TWICE, "listened on tcp:127.0.0.1:0, which is not",
                     &report);
    assert_different(*state, DESK_CALLS_ANOTHER,
                     "connected to tcp:10.0.0.8:99, recorded is tcp:10.0.0.9:99", &report);
    assert_different(*state, DESK_CALLS_NOT, "did not connect (tcp:10.0.0.9:99)", &report);
}

static void jobs_are_run_again_and_compared(void **state)
{
    struct torc_replay_report report;

    assert_different(*state, DESK_WORK_FAILS, "job j1 returned -60, recorded is 0", &report);
    assert_different(*state, DESK_WORKS_NOT, "did not submit the job", &report);
}

static void a_program_that_ends_early_is_found(void **state)
{
    struct torc_replay_report report;

    assert_different(*state, DESK_STOPS, "stopped", &report);
    assert_different(*state, DESK_DOES_NOT_START, "", &report);
}

static void a_difference_says_what_led_to_it(void **state)
{
    struct torc_replay_report report;

    assert_different(*state, DESK_WRONG_ANSWER, "other bytes", &report);
    assert_string_equal(report.difference.led_to, "ta and the rest\\nupper gamma\\n");
    assert_true(report.difference.led_to_n > 0);
    assert_true(report.difference.n > report.difference.led_to_n);
    assert_int_equal(report.difference.offset, 16);
    assert_string_equal(report.difference.got, "BETA AND THE RES?\\nGAMMA\\n");
}

/* --- an edited recording ------------------------------------------------------------------------- */

static void a_reply_changed_in_the_recording_is_found(void **state)
{
    struct torc_replay_report report;

    edit(*state, NULL, "ALPHA", "ALPHB");
    assert_different(*state, DESK_AS_RECORDED, "other bytes", &report);
    assert_string_equal(report.difference.expected, "ALPHB\\n");
    assert_string_equal(report.difference.got, "ALPHA\\n");
    assert_string_equal(report.difference.led_to, "upper alpha\\n");
}

static void a_reply_made_longer_or_shorter_is_found(void **state)
{
    struct torc_replay_report report;

    edit(*state, NULL, "ALPHA\\n\"", "ALPHA\\nmore\"");
    assert_different(*state, DESK_AS_RECORDED, "did not write 4 bytes", &report);
    edit(*state, NULL, "ALPHA\\nmore\"", "ALP\"");
    assert_different(*state, DESK_AS_RECORDED, "wrote more", &report);
}

static void replies_in_another_order_are_found(void **state)
{
    struct torc_replay_report report;

    edit(*state, NULL, "ALPHA\\n", "TEMP\\n");
    edit(*state, NULL, "BETA AND THE REST\\nGAMMA\\n", "ALPHA\\n");
    edit(*state, NULL, "TEMP\\n", "BETA AND THE REST\\nGAMMA\\n");
    assert_different(*state, DESK_AS_RECORDED, "other bytes", &report);
    assert_string_equal(report.difference.object, "c1");
}

static void a_changed_request_is_found_by_its_reply_or_the_digest(void **state)
{
    struct torc_replay_report report;

    edit(*state, NULL, "upper alpha", "upper alphx");
    assert_different(*state, DESK_AS_RECORDED, "other bytes", &report);
    edit(*state, NULL, "upper alphx", "UPPER alpha");
    assert_different(*state, DESK_AS_RECORDED, "did not write", &report);
}

static void request_and_reply_changed_alike_are_found_by_the_digest(void **state)
{
    struct torc_replay_report report;

    edit(*state, NULL, "upper alpha", "upper alphx");
    edit(*state, NULL, "ALPHA", "ALPHX");
    assert_int_equal(desk_replay(*state, DESK_AS_RECORDED, &report), TORC_ESYNTAX);
    assert_non_null(strstr(report.error, "desk.torc:"));
    assert_non_null(strstr(report.error, "the recording was changed"));
}

static void a_recording_without_its_end_replays_up_to_the_last_whole_turn(void **state)
{
    struct torc_replay_report report;

    cut(*state, "{\"end\":");
    assert_int_equal(desk_replay(*state, DESK_AS_RECORDED, &report), 0);
    assert_int_equal(report.verdict, TORC_REPLAY_EQUAL);
    assert_true(report.truncated);
    assert_true(report.events > 0);
    cut(*state, "LPHA");
    assert_int_equal(desk_replay(*state, DESK_AS_RECORDED, &report), 0);
    assert_true(report.truncated);
    assert_int_equal(report.verdict, TORC_REPLAY_EQUAL);
    assert_int_equal(report.writes, 0);
}

static void a_recording_is_replayed_once(void **state)
{
    struct desk_file *file = *state;
    struct torc_recording *recording;
    struct torc_replay_report report;
    char error[TORC_RECORDING_ERROR_BYTES];

    file->read = 0;
    assert_int_equal(torc_recording_open(desk_file_read, file, "x", &recording, error), 0);
    assert_int_equal(torc_replay(recording, desk_module(DESK_AS_RECORDED), NULL, &report), 0);
    assert_int_equal(torc_replay(recording, desk_module(DESK_AS_RECORDED), NULL, &report),
                     TORC_EINVAL);
    torc_recording_close(recording);
}

static void what_is_replayed_can_be_written_again(void **state)
{
    struct desk_file *file = *state;
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
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, record, forget)
    const struct CMUnitTest tests[] = {
        TEST(the_same_program_replays_equal),
        TEST(the_digest_is_the_recorded_one_and_always_the_same),
        TEST(the_pieces_of_a_write_make_no_difference),
        TEST(what_the_peer_cannot_see_makes_no_difference),
        TEST(the_order_between_connections_within_a_turn_makes_no_difference),
        TEST(another_answer_is_shown_with_both_sides),
        TEST(a_longer_answer_is_found),
        TEST(a_missing_answer_is_found),
        TEST(closing_is_compared),
        TEST(what_was_read_must_be_read),
        TEST(draws_are_compared_with_their_sites),
        TEST(listening_and_connecting_are_compared),
        TEST(jobs_are_run_again_and_compared),
        TEST(a_program_that_ends_early_is_found),
        TEST(a_difference_says_what_led_to_it),
        TEST(a_reply_changed_in_the_recording_is_found),
        TEST(a_reply_made_longer_or_shorter_is_found),
        TEST(replies_in_another_order_are_found),
        TEST(a_changed_request_is_found_by_its_reply_or_the_digest),
        TEST(request_and_reply_changed_alike_are_found_by_the_digest),
        TEST(a_recording_without_its_end_replays_up_to_the_last_whole_turn),
        TEST(a_recording_is_replayed_once),
        TEST(what_is_replayed_can_be_written_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
