#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

enum { KEPT = 16384, LINES_MAX = 4096 };

/* Lines, one after the other. */
struct lines {
    char *text[LINES_MAX];
    size_t count;
    size_t refused_from; /* 0: never */
};

static int add_line(void *arg, const char *line, size_t bytes)
{
    struct lines *lines = arg;

    if (lines->refused_from != 0 && lines->count + 1 >= lines->refused_from)
        return TORC_EIO;
    assert_true(lines->count < LINES_MAX);
    lines->text[lines->count] = test_malloc(bytes + 1);
    memcpy(lines->text[lines->count], line, bytes);
    lines->text[lines->count++][bytes] = '\0';
    return 0;
}

static void drop(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        test_free(lines->text[i]);
    memset(lines, 0, sizeof *lines);
}

static struct torc_trace *trace_of(struct lines *written)
{
    struct torc_trace *trace;

    assert_int_equal(torc_trace_new(written != NULL ? add_line : NULL, written, &trace), 0);
    assert_int_equal(torc_trace_keep(trace, KEPT), 0);
    return trace;
}

static uint64_t draw(uint64_t *random, uint64_t limit)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*random >> 33) % limit;
}

static struct torc_db_value value_of(uint64_t *random)
{
    static const char text[] = "a text with \0 in it";
    struct torc_db_value value = {.type = (enum torc_db_type)draw(random, 5)};

    if (value.type == TORC_DB_INTEGER)
        value.as.integer = (int64_t)draw(random, 1000) - 500;
    else if (value.type == TORC_DB_REAL)
        value.as.real = (double)draw(random, 1000) / 8;
    else if (value.type != TORC_DB_NULL) {
        value.as.blob = (const uint8_t *)text;
        value.bytes = draw(random, sizeof text);
    }
    return value;
}

/* An event with fields of every kind there is, drawn. */
static void add_event(struct torc_trace *trace, uint64_t *random)
{
    static const char *const hosts[] = {NULL, "srv", "a-host-with-a-longer-name"};
    struct torc_db_value values[6];
    uint8_t data[300];
    char text[40];

    for (size_t i = 0; i < 6; i++)
        values[i] = value_of(random);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)draw(random, 256);
    snprintf(text, sizeof text, "%.*s", (int)draw(random, 30), "no text is longer than this one");
    torc_trace_begin(trace, (enum torc_trace_kind)draw(random, TORC_TRACE_KIND_COUNT), draw(random, 1000000),
                     hosts[draw(random, 3)], draw(random, 50));
    for (uint64_t fields = draw(random, 5); fields > 0; fields--) {
        switch (draw(random, 6)) {
        case 0: torc_trace_integer(trace, "integer", (int64_t)draw(random, UINT32_MAX)); break;
        case 1: torc_trace_text(trace, "text", text); break;
        case 2: torc_trace_bytes(trace, "bytes", data, draw(random, sizeof data)); break;
        case 3: torc_trace_value(trace, "value", &values[0]); break;
        case 4: torc_trace_values(trace, "values", values, draw(random, 7)); break;
        default: torc_trace_rows(trace, "rows", values, 2, draw(random, 4)); break;
        }
    }
    torc_trace_end(trace);
}

static void assert_tail(const struct lines *kept, const struct lines *written)
{
    assert_true(kept->count <= written->count);
    for (size_t i = 0; i < kept->count; i++)
        assert_string_equal(kept->text[i], written->text[written->count - kept->count + i]);
}

TORC_TEST(what_is_kept_are_the_last_events_as_they_were_written)
{
    struct lines written = {0};
    struct lines kept = {0};
    struct torc_trace *trace = trace_of(&written);
    uint64_t random = 7;

    for (int i = 0; i < 2000; i++) {
        add_event(trace, &random);
        if (i % 97 != 0)
            continue;
        assert_int_equal(torc_trace_write_kept(trace, UINT64_MAX, add_line, &kept), 0);
        assert_true(kept.count == written.count || kept.count > 20);
        assert_tail(&kept, &written);
        drop(&kept);
    }
    torc_trace_free(trace);
    drop(&written);
    return NULL;
}

TORC_TEST(no_more_than_asked_for_are_told)
{
    struct lines written = {0};
    struct lines kept = {0};
    struct torc_trace *trace = trace_of(&written);
    uint64_t random = 8;

    for (int i = 0; i < 50; i++)
        add_event(trace, &random);
    assert_int_equal(torc_trace_write_kept(trace, 10, add_line, &kept), 0);
    assert_int_equal(kept.count, 10);
    assert_tail(&kept, &written);
    torc_trace_free(trace);
    drop(&written);
    drop(&kept);
    return NULL;
}

TORC_TEST(an_event_larger_than_a_block_is_kept_if_it_fits)
{
    static uint8_t large[9000];
    struct lines written = {0};
    struct lines kept = {0};
    struct torc_trace *trace;

    assert_int_equal(torc_trace_new(add_line, &written, &trace), 0);
    assert_int_equal(torc_trace_keep(trace, 4 * KEPT), 0);
    memset(large, 'x', sizeof large);
    for (int i = 0; i < 3; i++) {
        torc_trace_begin(trace, TORC_TRACE_rx, 1, "srv", 0);
        torc_trace_bytes(trace, "data", large, sizeof large);
        torc_trace_integer(trace, "conn", i);
        torc_trace_end(trace);
    }
    assert_int_equal(torc_trace_write_kept(trace, UINT64_MAX, add_line, &kept), 0);
    assert_int_equal(kept.count, 3);
    assert_tail(&kept, &written);
    torc_trace_free(trace);
    drop(&written);
    drop(&kept);
    return NULL;
}

TORC_TEST(of_an_event_too_large_to_be_kept_nothing_is_told)
{
    static uint8_t large[3 * KEPT];
    struct lines kept = {0};
    struct torc_trace *trace = trace_of(NULL);

    torc_trace_begin(trace, TORC_TRACE_rx, 1, "srv", 0);
    torc_trace_bytes(trace, "data", large, sizeof large);
    torc_trace_end(trace);
    assert_int_equal(torc_trace_write_kept(trace, UINT64_MAX, add_line, &kept), 0);
    assert_int_equal(kept.count, 0);
    torc_trace_begin(trace, TORC_TRACE_close, 2, "srv", 1);
    torc_trace_end(trace);
    assert_int_equal(torc_trace_write_kept(trace, UINT64_MAX, add_line, &kept), 0);
    assert_int_equal(kept.count, 1);
    assert_string_equal(kept.text[0], "{\"n\":2,\"t\":2,\"host\":\"srv\",\"k\":\"close\",\"cause\":1}\n");
    torc_trace_free(trace);
    drop(&kept);
    return NULL;
}

/* A null takes two bytes, so a block could hold four times as many fields as names are remembered for. */
TORC_TEST(events_of_many_short_fields_are_kept)
{
    struct torc_db_value null = {.type = TORC_DB_NULL};
    struct lines written = {0};
    struct lines kept = {0};
    struct torc_trace *trace = trace_of(&written);

    for (int i = 0; i < 200; i++) {
        torc_trace_begin(trace, TORC_TRACE_db, (uint64_t)i, NULL, 0);
        for (int k = 0; k < 100; k++)
            torc_trace_value(trace, k % 2 == 0 ? "even" : "odd", &null);
        torc_trace_end(trace);
    }
    assert_int_equal(torc_trace_write_kept(trace, UINT64_MAX, add_line, &kept), 0);
    assert_in_range(kept.count, 9, 200);
    assert_tail(&kept, &written);
    torc_trace_free(trace);
    drop(&written);
    drop(&kept);
    return NULL;
}

TORC_TEST(keeping_does_not_change_the_digest)
{
    char digests[2][TORC_DIGEST_TEXT_BYTES];
    uint64_t random;
    struct torc_trace *trace;

    for (int i = 0; i < 2; i++) {
        assert_int_equal(torc_trace_new(NULL, NULL, &trace), 0);
        if (i == 1)
            assert_int_equal(torc_trace_keep(trace, KEPT), 0);
        random = 9;
        for (int k = 0; k < 500; k++)
            add_event(trace, &random);
        torc_trace_digest(trace, digests[i]);
        torc_trace_free(trace);
    }
    assert_string_equal(digests[0], digests[1]);
    return NULL;
}

TORC_TEST(a_writer_that_fails_is_told_no_more)
{
    struct lines kept = {.refused_from = 3};
    struct torc_trace *trace = trace_of(NULL);
    uint64_t random = 10;

    for (int i = 0; i < 10; i++)
        add_event(trace, &random);
    assert_int_equal(torc_trace_write_kept(trace, UINT64_MAX, add_line, &kept), TORC_EIO);
    assert_int_equal(kept.count, 2);
    torc_trace_free(trace);
    drop(&kept);
    return NULL;
}

TORC_TEST(it_is_asked_for_once_and_before_the_first_event)
{
    struct torc_trace *trace = trace_of(NULL);

    assert_int_equal(torc_trace_keep(trace, KEPT), TORC_EMISUSE);
    torc_trace_free(trace);
    assert_int_equal(torc_trace_new(NULL, NULL, &trace), 0);
    torc_trace_begin(trace, TORC_TRACE_start, 0, NULL, 0);
    torc_trace_end(trace);
    assert_int_equal(torc_trace_keep(trace, KEPT), TORC_EMISUSE);
    assert_int_equal(torc_trace_write_kept(trace, 10, add_line, NULL), 0);
    torc_trace_free(trace);
    return NULL;
}

TORC_TRIAL_MAIN
