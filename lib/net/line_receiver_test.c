#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/format.h>
#include <torc/line_receiver.h>
#include <torc/memory_transport.h>
#include <torc/trial.h>

#include "tests/support/failing_allocator.h"

/* Notes what it gets, and does what the first bytes of a line say. */
struct subject {
    struct torc_line_receiver receiver;
    char notes[4096];
    size_t note_bytes;
    size_t raw_left;
    bool fail_set_line;
    const struct torc_failure_type *reason;
    unsigned lost;
};

struct fixture {
    struct torc_test_allocator allocator;
    struct torc_scope *scope;
    struct torc_memory_transport *memory;
    struct subject subject;
};

static struct subject *subject_of(struct torc_line_receiver *receiver)
{
    return (struct subject *)(void *)receiver;
}

static void put(struct subject *subject, const void *text, size_t bytes)
{
    if (subject->note_bytes + bytes < sizeof subject->notes) {
        memcpy(subject->notes + subject->note_bytes, text, bytes);
        subject->note_bytes += bytes;
        subject->notes[subject->note_bytes] = '\0';
    }
}

static bool is(const uint8_t *line, size_t bytes, const char *text)
{
    return bytes == strlen(text) && memcmp(line, text, bytes) == 0;
}

static struct torc_failure *line_received(struct torc_line_receiver *self, const uint8_t *line,
                                          size_t bytes)
{
    struct subject *subject = subject_of(self);
    put(subject, "<", 1);
    put(subject, line, bytes);
    put(subject, ">", 1);
    if (is(line, bytes, "pause"))
        torc_line_receiver_pause(self);
    if (is(line, bytes, "blink")) {
        torc_line_receiver_pause(self);
        torc_line_receiver_resume(self);
    }
    if (is(line, bytes, "raw5")) {
        subject->raw_left = 5;
        torc_line_receiver_set_raw(self);
    }
    if (is(line, bytes, "lose"))
        torc_transport_lose(self->protocol.transport);
    if (is(line, bytes, "fail"))
        return torc_failure_static(&torc_failure_protocol_error);
    if (is(line, bytes, "nested"))
        return torc_protocol_receive(&self->protocol, "in\r\nco", 6);
    if (is(line, bytes, "extra"))
        return torc_line_receiver_set_line(self, "x\r\ny", 4) ? torc_failure_no_memory() : NULL;
    return NULL;
}

static struct torc_failure *raw_data_received(struct torc_line_receiver *self, const uint8_t *data,
                                              size_t bytes)
{
    struct subject *subject = subject_of(self);
    size_t taken = bytes < subject->raw_left ? bytes : subject->raw_left;
    put(subject, data, taken);
    subject->raw_left -= taken;
    if (subject->raw_left == 0 &&
        torc_line_receiver_set_line(self, data + taken, bytes - taken) != 0)
        return torc_failure_no_memory();
    return NULL;
}

static struct torc_failure *line_length_exceeded(struct torc_line_receiver *self, size_t bytes)
{
    (void)bytes;
    put(subject_of(self), "(long)", 6);
    return NULL;
}

static void connection_lost(struct torc_line_receiver *self, struct torc_failure *reason)
{
    subject_of(self)->lost++;
    subject_of(self)->reason = torc_failure_type(reason);
    torc_line_receiver_clear(self);
}

static const struct torc_line_receiver_ops strict_ops = {
    .size = sizeof strict_ops,
    .line_received = line_received,
    .raw_data_received = raw_data_received,
    .connection_lost = connection_lost,
};

static const struct torc_line_receiver_ops patient_ops = {
    .size = sizeof patient_ops,
    .line_received = line_received,
    .raw_data_received = raw_data_received,
    .line_length_exceeded = line_length_exceeded,
    .connection_lost = connection_lost,
};

static void begin(struct fixture *f, const struct torc_line_receiver_ops *ops,
                  const char *delimiter, size_t line_bytes_max)
{
    memset(&f->subject, 0, sizeof f->subject);
    torc_test_allocator_init(&f->allocator);
    assert_int_equal(torc_scope_new(&f->allocator.base, NULL, &f->scope), 0);
    assert_int_equal(torc_memory_transport_new(f->scope, &f->memory), 0);
    assert_int_equal(torc_line_receiver_init(&f->subject.receiver, ops, f->scope, delimiter,
                                             line_bytes_max),
                     0);
    assert_int_equal(torc_memory_transport_connect(f->memory, &f->subject.receiver.protocol), 0);
}

static void finish(struct fixture *f)
{
    torc_memory_transport_free(f->memory);
    assert_int_equal(f->subject.lost, 1);
    torc_scope_free(f->scope);
    assert_int_equal(torc_test_allocator_blocks(&f->allocator), 0);
    torc_test_allocator_clear(&f->allocator);
}

static void feed(struct fixture *f, const char *text)
{
    assert_int_equal(torc_memory_transport_deliver(f->memory, text, strlen(text), 0), 0);
}

static void notes_are(struct fixture *f, const char *expected)
{
    assert_string_equal(f->subject.notes, expected);
}

TORC_TEST(lines_come_without_their_delimiter)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    feed(&f, "one\r\n\r\ntwo\r\nthr");
    notes_are(&f, "<one><><two>");
    feed(&f, "ee\r");
    notes_are(&f, "<one><><two>");
    feed(&f, "\n");
    notes_are(&f, "<one><><two><three>");
    finish(&f);
    return NULL;
}

TORC_TEST(half_a_delimiter_is_part_of_the_line)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    feed(&f, "a\rb\nc\r");
    feed(&f, "\r");
    feed(&f, "\n");
    notes_are(&f, "<a\rb\nc\r>");
    finish(&f);
    return NULL;
}

TORC_TEST(a_delimiter_that_repeats_its_beginning_is_found)
{
    struct fixture f;
    begin(&f, &strict_ops, "aab", 0);
    feed(&f, "xaa");
    feed(&f, "aab");
    feed(&f, "aabaaab");
    notes_are(&f, "<xaa><><a>");
    finish(&f);
    return NULL;
}

TORC_TEST(a_complete_segment_needs_no_buffer)
{
    struct fixture f;
    begin(&f, &strict_ops, "\n", 0);
    torc_test_allocator_fail_at(&f.allocator, 2, true); /* the first is the test's own segment */
    feed(&f, "one\ntwo\n");
    notes_are(&f, "<one><two>");
    assert_int_equal(f.allocator.failed, 0);
    torc_test_allocator_fail_at(&f.allocator, 0, false);
    finish(&f);
    return NULL;
}

TORC_TEST(without_memory_for_an_incomplete_line_the_connection_ends)
{
    struct fixture f;
    begin(&f, &strict_ops, "\n", 0);
    torc_test_allocator_fail_at(&f.allocator, 2, true);
    feed(&f, "one\ntw");
    torc_test_allocator_fail_at(&f.allocator, 0, false);
    notes_are(&f, "<one>");
    assert_int_equal(f.subject.lost, 1);
    assert_ptr_equal(f.subject.reason, &torc_failure_out_of_memory);
    finish(&f);
    return NULL;
}

/* --- limits ----------------------------------------------------------------------------------- */

TORC_TEST(a_line_of_the_longest_length_is_taken)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 4);
    feed(&f, "four\r");
    feed(&f, "\nfour\r\n");
    notes_are(&f, "<four><four>");
    assert_int_equal(f.subject.lost, 0);
    finish(&f);
    return NULL;
}

TORC_TEST(a_line_that_is_too_long_ends_the_connection)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 4);
    feed(&f, "one\r\nfives\r\ntwo\r\n");
    notes_are(&f, "<one>");
    assert_int_equal(f.subject.lost, 1);
    assert_ptr_equal(f.subject.reason, &torc_failure_line_too_long);
    finish(&f);
    return NULL;
}

TORC_TEST(a_line_that_is_too_long_is_found_before_it_ends_or_is_buffered)
{
    static char text[65536];
    struct fixture f;
    memset(text, 'x', sizeof text);
    begin(&f, &patient_ops, "\r\n", 100);
    size_t before = f.allocator.bytes;
    assert_int_equal(torc_memory_transport_deliver(f.memory, text, sizeof text, 0), 0);
    assert_int_equal(torc_memory_transport_deliver(f.memory, text, sizeof text, 10), 0);
    notes_are(&f, "(long)");
    assert_true(f.allocator.bytes <= before + 128);
    finish(&f);
    return NULL;
}

TORC_TEST(the_rest_of_a_line_that_is_too_long_is_skipped)
{
    struct fixture f;
    begin(&f, &patient_ops, "\r\n", 4);
    feed(&f, "toolong");
    feed(&f, "er\r");
    feed(&f, "\nok\r\ntoolong\r\nok\r\n");
    notes_are(&f, "(long)<ok>(long)<ok>");
    finish(&f);
    return NULL;
}

/* --- raw mode --------------------------------------------------------------------------------- */

TORC_TEST(raw_bytes_follow_the_line_that_sets_raw_mode)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    feed(&f, "raw5\r\n12\r\n5line\r\nraw5\r\n");
    notes_are(&f, "<raw5>12\r\n5<line><raw5>");
    feed(&f, "abc");
    feed(&f, "deA\r\nB");
    feed(&f, "\r\n");
    notes_are(&f, "<raw5>12\r\n5<line><raw5>abcde<A><B>");
    finish(&f);
    return NULL;
}

TORC_TEST(extra_comes_before_what_waits)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    feed(&f, "extra\r\nrest\r\nlast\r\n");
    notes_are(&f, "<extra><x><yrest><last>");
    finish(&f);
    return NULL;
}

TORC_TEST(raw_bytes_that_nobody_takes_end_the_connection)
{
    static const struct torc_line_receiver_ops ops = {
        .size = sizeof ops, .line_received = line_received, .connection_lost = connection_lost};
    struct fixture f;
    begin(&f, &ops, "\r\n", 0);
    feed(&f, "raw5\r\n12345");
    notes_are(&f, "<raw5>");
    assert_int_equal(f.subject.lost, 1);
    assert_ptr_equal(f.subject.reason, &torc_failure_invalid_argument);
    finish(&f);
    return NULL;
}

TORC_TEST(without_memory_for_what_comes_meanwhile_the_connection_ends)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    torc_test_allocator_fail_at(&f.allocator, 2, true); /* the first is the test's own segment */
    feed(&f, "nested\r\n");
    torc_test_allocator_fail_at(&f.allocator, 0, false);
    notes_are(&f, "<nested>");
    assert_ptr_equal(f.subject.reason, &torc_failure_out_of_memory);
    finish(&f);
    return NULL;
}

TORC_TEST(extra_given_outside_a_handler_is_delivered_at_once)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    torc_line_receiver_set_raw(&f.subject.receiver);
    assert_int_equal(torc_line_receiver_set_line(&f.subject.receiver, "a\r\nb", 4), 0);
    notes_are(&f, "<a>");
    feed(&f, "c\r\n");
    notes_are(&f, "<a><bc>");
    finish(&f);
    return NULL;
}

/* --- pausing, closing, failing ---------------------------------------------------------------- */

TORC_TEST(pausing_stops_delivery_and_reading_until_resumed)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    feed(&f, "one\r\npause\r\ntwo\r\nthr");
    notes_are(&f, "<one><pause>");
    assert_false(torc_memory_transport_reading(f.memory));
    feed(&f, "ee\r\n");
    notes_are(&f, "<one><pause>");
    torc_line_receiver_resume(&f.subject.receiver);
    notes_are(&f, "<one><pause><two>");
    assert_true(torc_memory_transport_reading(f.memory));
    torc_memory_transport_settle(f.memory);
    notes_are(&f, "<one><pause><two><three>");
    finish(&f);
    return NULL;
}

TORC_TEST(resuming_inside_the_handler_goes_on)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    feed(&f, "blink\r\ntwo\r\n");
    notes_are(&f, "<blink><two>");
    finish(&f);
    return NULL;
}

TORC_TEST(a_segment_received_while_paused_is_kept)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    feed(&f, "pa");
    torc_line_receiver_pause(&f.subject.receiver);
    assert_null(torc_protocol_receive(&f.subject.receiver.protocol, "rt\r\n", 4));
    notes_are(&f, "");
    torc_line_receiver_resume(&f.subject.receiver);
    notes_are(&f, "<part>");
    finish(&f);
    return NULL;
}

TORC_TEST(nothing_is_delivered_after_lose)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    feed(&f, "one\r\nlose\r\ntwo\r\n");
    notes_are(&f, "<one><lose>");
    assert_int_equal(f.subject.lost, 1);
    assert_ptr_equal(f.subject.reason, &torc_failure_connection_done);
    finish(&f);
    return NULL;
}

TORC_TEST(nothing_that_was_paused_is_delivered_after_lose)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    feed(&f, "pause\r\ntwo\r\n");
    torc_transport_lose(f.subject.receiver.protocol.transport);
    torc_line_receiver_resume(&f.subject.receiver);
    notes_are(&f, "<pause>");
    finish(&f);
    return NULL;
}

TORC_TEST(a_failing_handler_ends_the_connection_with_its_failure)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    feed(&f, "fail\r\ntwo\r\n");
    notes_are(&f, "<fail>");
    assert_int_equal(f.subject.lost, 1);
    assert_ptr_equal(f.subject.reason, &torc_failure_protocol_error);
    finish(&f);
    return NULL;
}

TORC_TEST(a_handler_that_fails_in_resume_ends_the_connection_with_its_failure)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    feed(&f, "pause\r\nfail\r\ntwo\r\n");
    torc_line_receiver_resume(&f.subject.receiver);
    assert_int_equal(f.subject.lost, 0);
    torc_memory_transport_settle(f.memory);
    notes_are(&f, "<pause><fail>");
    assert_int_equal(f.subject.lost, 1);
    assert_ptr_equal(f.subject.reason, &torc_failure_protocol_error);
    finish(&f);
    return NULL;
}

TORC_TEST(a_nested_receive_comes_after_what_is_being_delivered)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    feed(&f, "nested\r\nrest\r\n");
    notes_are(&f, "<nested><rest><in>");
    feed(&f, "de\r\n");
    notes_are(&f, "<nested><rest><in><code>");
    finish(&f);
    return NULL;
}

TORC_TEST(a_nested_receive_inside_a_buffered_line_keeps_the_order)
{
    struct fixture f;
    begin(&f, &strict_ops, "\r\n", 0);
    feed(&f, "nes");
    feed(&f, "ted\r\nrest\r\nhal");
    notes_are(&f, "<nested><rest><halin>");
    finish(&f);
    return NULL;
}

TORC_TEST(a_receiver_without_a_transport_delivers)
{
    struct fixture f;
    begin(&f, &strict_ops, "\n", 0);
    memset(&f.subject.receiver.protocol.transport, 0,
           sizeof f.subject.receiver.protocol.transport);
    assert_null(torc_protocol_receive(&f.subject.receiver.protocol, "a\nb\n", 4));
    notes_are(&f, "<a><b>");
    finish(&f);
    return NULL;
}

/* --- sending and making ----------------------------------------------------------------------- */

TORC_TEST(a_line_is_sent_with_its_delimiter)
{
    struct fixture f;
    size_t bytes;
    begin(&f, &strict_ops, "\r\n", 0);
    assert_int_equal(torc_line_receiver_send(&f.subject.receiver, "hello", 5), 0);
    torc_memory_transport_settle(f.memory);
    const uint8_t *value = torc_memory_transport_value(f.memory, &bytes);
    assert_int_equal(bytes, 7);
    assert_memory_equal(value, "hello\r\n", 7);
    torc_transport_lose(f.subject.receiver.protocol.transport);
    assert_int_equal(torc_line_receiver_send(&f.subject.receiver, "x", 1), TORC_ECLOSED);
    finish(&f);
    return NULL;
}

TORC_TEST(a_delimiter_has_one_to_eight_bytes)
{
    struct torc_line_receiver receiver;
    struct torc_line_receiver_ops small = strict_ops;
    small.size--;
    assert_int_equal(torc_line_receiver_init(&receiver, &strict_ops, NULL, "", 0), TORC_EINVAL);
    assert_int_equal(torc_line_receiver_init(&receiver, &strict_ops, NULL, "123456789", 0),
                     TORC_EINVAL);
    assert_int_equal(torc_line_receiver_init(&receiver, &small, NULL, "\n", 0), TORC_EINVAL);
    assert_int_equal(torc_line_receiver_init(&receiver, &strict_ops, NULL, "12345678", 0), 0);
    return NULL;
}

/* --- any segmentation gives the same lines ---------------------------------------------------- */

static uint32_t draw(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

static void resume_all(struct fixture *f)
{
    for (int i = 0; i < 100 && f->subject.receiver.paused; i++) {
        torc_line_receiver_resume(&f->subject.receiver);
        torc_memory_transport_settle(f->memory);
    }
}

static void run_cut(const char *stream, size_t bytes, uint32_t seed, size_t step, char *notes)
{
    struct fixture f;
    begin(&f, &patient_ops, "\r\n", 6);
    for (size_t at = 0; at < bytes;) {
        size_t part = step ? step : 1 + draw(&seed) % 9;
        if (part > bytes - at)
            part = bytes - at;
        assert_int_equal(torc_memory_transport_deliver(f.memory, stream + at, part, 0), 0);
        resume_all(&f);
        at += part;
    }
    strcpy(notes, f.subject.notes);
    finish(&f);
}

TORC_TEST(any_segmentation_gives_the_same_lines)
{
    static const char *const parts[] = {"a\r\n",     "\r\n",       "pause\r\n", "raw5\r\n1\r\n45",
                                        "longer\r\n", "too long\r\n", "\r",     "\n",
                                        "blink\r\n", "x\ry\r\n",   "much, much too long\r\n"};
    char stream[512];
    char whole[4096];
    char cut[4096];
    uint32_t seed = 1;
    for (int round = 0; round < 60; round++) {
        size_t bytes = 0;
        while (bytes < 200) {
            const char *part = parts[draw(&seed) % (sizeof parts / sizeof parts[0])];
            memcpy(stream + bytes, part, strlen(part));
            bytes += strlen(part);
        }
        run_cut(stream, bytes, 0, bytes, whole);
        run_cut(stream, bytes, 0, 1, cut);
        assert_string_equal(cut, whole);
        for (uint32_t i = 0; i < 5; i++) {
            run_cut(stream, bytes, seed + i, 0, cut);
            assert_string_equal(cut, whole);
        }
    }
    return NULL;
}

TORC_TEST(many_lines_paused_one_by_one_are_delivered_in_linear_time)
{
    enum { LINES = 20000 };
    static char stream[LINES * 6];
    struct fixture f;
    unsigned resumed = 0;
    for (size_t i = 0; i < LINES; i++)
        memcpy(stream + i * 6, "pause\n", 6);
    begin(&f, &strict_ops, "\n", 0);
    assert_int_equal(torc_memory_transport_deliver(f.memory, stream, sizeof stream, 0), 0);
    while (f.subject.receiver.paused) {
        torc_line_receiver_resume(&f.subject.receiver);
        resumed++;
    }
    assert_int_equal(resumed, LINES);
    finish(&f);
    return NULL;
}

TORC_TRIAL_MAIN
