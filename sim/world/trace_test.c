#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <torc/format.h>
#include <torc/trace.h>
#include <torc/trial.h>

struct lines {
    char text[4096];
    size_t used;
    int answer;
    int calls;
};

static int keep(void *arg, const char *line, size_t bytes)
{
    struct lines *lines = arg;

    lines->calls++;
    if (lines->answer != 0)
        return lines->answer;
    if (lines->used + bytes < sizeof lines->text) {
        memcpy(lines->text + lines->used, line, bytes);
        lines->used += bytes;
        lines->text[lines->used] = '\0';
    }
    return 0;
}

static uint64_t add(struct torc_trace *trace, uint64_t t_ns, const void *data, size_t bytes)
{
    uint64_t n = torc_trace_begin(trace, TORC_TRACE_rx, t_ns, "srv", 0);

    torc_trace_integer(trace, "conn", 3);
    torc_trace_bytes(trace, "data", data, bytes);
    torc_trace_end(trace);
    return n;
}

static void digest_of(const void *data, size_t bytes, uint64_t t_ns, char out[TORC_DIGEST_TEXT_BYTES])
{
    struct torc_trace *trace;

    assert_int_equal(torc_trace_new(NULL, NULL, &trace), 0);
    add(trace, t_ns, data, bytes);
    torc_trace_digest(trace, out);
    torc_trace_free(trace);
}

TORC_TEST(an_empty_trace_has_the_digest_of_nothing)
{
    struct torc_trace *trace;
    char digest[TORC_DIGEST_TEXT_BYTES];

    assert_int_equal(torc_trace_new(NULL, NULL, &trace), 0);
    torc_trace_digest(trace, digest);
    assert_string_equal(digest, "99aa06d3014798d86001c324468d497f"); /* XXH3-128 of no bytes */
    torc_trace_free(trace);
    return NULL;
}

/* The record of docs/trace.md, byte by byte. */
TORC_TEST(the_binary_form_is_the_documented_one)
{
    static const uint8_t record[] = {
        5,    3,                              /* kind rx, three bytes of host */
        0xdc, 5,   0,   0,   0, 0, 0, 0,      /* t */
        0,    0,   0,   0,   0, 0, 0, 0,      /* cause */
        's',  'r', 'v',                       /* host */
        1,    3,   0,   0,   0, 0, 0, 0, 0,   /* an integer */
        3,    5,   0,   0,   0,               /* five bytes */
        'h',  'e', 'l', 'l', 'o', 0,          /* and the end */
    };
    XXH128_hash_t hash = XXH3_128bits(record, sizeof record);
    char expected[TORC_DIGEST_TEXT_BYTES];
    char digest[TORC_DIGEST_TEXT_BYTES];

    torc_format(expected, sizeof expected, "%016llx%016llx", (unsigned long long)hash.high64,
                (unsigned long long)hash.low64);
    digest_of("hello", 5, 1500, digest);
    assert_string_equal(digest, expected);
    digest_of("hello", 5, 1500, digest);
    assert_string_equal(digest, "524dec977d581d8ad226d5b21ca51b12");
    return NULL;
}

TORC_TEST(the_binary_form_of_values_is_the_documented_one)
{
    static const uint8_t record[] = {
        25, 0,                                        /* kind db, no host */
        1,  0, 0, 0,   0, 0, 0, 0,                    /* t */
        0,  0, 0, 0,   0, 0, 0, 0,                    /* cause */
        4,  3, 1, 0,   0, 0, 's',                     /* a value: text */
        5,  3, 0, 0,   0,                             /* three values */
        0,                                            /* null */
        1,  7, 0, 0,   0, 0, 0, 0, 0,                 /* an integer */
        2,  0, 0, 0,   0, 0, 0, 0xf8, 0x3f,           /* 1.5 */
        6,  2, 0, 0,   0, 1, 0, 0, 0,                 /* two rows of one column */
        4,  2, 0, 0,   0, 0xff, 0,                    /* a blob */
        2,  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* no number */
        0,                                            /* and the end */
    };
    XXH128_hash_t hash = XXH3_128bits(record, sizeof record);
    const struct torc_db_value text = torc_db_text("s");
    const struct torc_db_value list[] = {torc_db_null(), torc_db_integer(7), torc_db_real(1.5)};
    const struct torc_db_value rows[] = {torc_db_blob("\xff", 2), torc_db_real(-(double)NAN)};
    struct torc_trace *trace;
    char expected[TORC_DIGEST_TEXT_BYTES];
    char digest[TORC_DIGEST_TEXT_BYTES];

    assert_int_equal(torc_trace_new(NULL, NULL, &trace), 0);
    torc_trace_begin(trace, TORC_TRACE_db, 1, NULL, 0);
    torc_trace_value(trace, "a", &text);
    torc_trace_values(trace, "b", list, 3);
    torc_trace_rows(trace, "c", rows, 1, 2);
    torc_trace_end(trace);
    torc_trace_digest(trace, digest);
    torc_trace_free(trace);
    torc_format(expected, sizeof expected, "%016llx%016llx", (unsigned long long)hash.high64,
                (unsigned long long)hash.low64);
    assert_string_equal(digest, expected);
    return NULL;
}

TORC_TEST(every_part_of_an_event_is_digested)
{
    char one[TORC_DIGEST_TEXT_BYTES];
    char other[TORC_DIGEST_TEXT_BYTES];

    digest_of("hello", 5, 1, one);
    digest_of("hellp", 5, 1, other);
    assert_string_not_equal(one, other);
    digest_of("hello", 5, 2, other);
    assert_string_not_equal(one, other);
    digest_of("hell", 4, 1, other);
    assert_string_not_equal(one, other);
    return NULL;
}

TORC_TEST(digest_does_not_depend_on_the_writer_or_on_when_it_is_asked)
{
    struct lines lines = {{0}, 0, 0, 0};
    struct torc_trace *plain;
    struct torc_trace *written;
    char big[20000];
    char one[TORC_DIGEST_TEXT_BYTES];
    char two[TORC_DIGEST_TEXT_BYTES];
    int i;

    memset(big, 'b', sizeof big);
    assert_int_equal(torc_trace_new(NULL, NULL, &plain), 0);
    assert_int_equal(torc_trace_new(keep, &lines, &written), 0);
    for (i = 0; i < 300; i++) {
        add(plain, (uint64_t)i, big, (size_t)i * 60);
        add(written, (uint64_t)i, big, (size_t)i * 60);
        torc_trace_digest(written, two);
    }
    torc_trace_digest(plain, one);
    assert_string_equal(one, two);
    assert_int_equal(torc_trace_count(written), 300);
    torc_trace_free(plain);
    torc_trace_free(written);
    return NULL;
}

TORC_TEST(lines_are_json)
{
    struct lines lines = {{0}, 0, 0, 0};
    struct torc_trace *trace;
    uint64_t n;

    assert_int_equal(torc_trace_new(keep, &lines, &trace), 0);
    n = add(trace, 1500, "GET \"x\"\r\n", 9);
    assert_int_equal(n, 1);
    torc_trace_begin(trace, TORC_TRACE_log, 2000, NULL, n);
    torc_trace_text(trace, "from", "a\\b\x01\xc3\xa9\xff");
    torc_trace_bytes(trace, "data", "\x00\x01\x02\x03", 4);
    torc_trace_note(trace, "site", "x.c:3");
    torc_trace_end(trace);
    assert_string_equal(lines.text,
                        "{\"n\":1,\"t\":1500,\"host\":\"srv\",\"k\":\"rx\",\"conn\":3,"
                        "\"data\":\"GET \\\"x\\\"\\r\\n\"}\n"
                        "{\"n\":2,\"t\":2000,\"k\":\"log\",\"cause\":1,"
                        "\"from\":\"a\\\\b\\u0001\xc3\xa9\\u00ff\",\"data64\":\"AAECAw==\","
                        "\"site\":\"x.c:3\"}\n");
    torc_trace_free(trace);
    return NULL;
}

TORC_TEST(notes_are_not_digested)
{
    struct torc_trace *trace;
    char with[TORC_DIGEST_TEXT_BYTES];
    char without[TORC_DIGEST_TEXT_BYTES];

    digest_of("", 0, 1, without);
    assert_int_equal(torc_trace_new(NULL, NULL, &trace), 0);
    torc_trace_begin(trace, TORC_TRACE_rx, 1, "srv", 0);
    torc_trace_integer(trace, "conn", 3);
    torc_trace_note(trace, "site", "x.c:3");
    torc_trace_bytes(trace, "data", "", 0);
    torc_trace_end(trace);
    torc_trace_digest(trace, with);
    assert_string_equal(with, without);
    torc_trace_free(trace);
    return NULL;
}

TORC_TEST(a_writer_that_fails_is_not_called_again)
{
    struct lines lines = {{0}, 0, TORC_ENOSPC, 0};
    struct torc_trace *trace;
    char digest[TORC_DIGEST_TEXT_BYTES];
    char expected[TORC_DIGEST_TEXT_BYTES];

    assert_int_equal(torc_trace_new(keep, &lines, &trace), 0);
    add(trace, 1, "hello", 5);
    assert_int_equal(torc_trace_error(trace), TORC_ENOSPC);
    torc_trace_digest(trace, digest);
    digest_of("hello", 5, 1, expected);
    assert_string_equal(digest, expected);
    add(trace, 2, "hello", 5);
    assert_int_equal(lines.calls, 1);
    torc_trace_free(trace);
    return NULL;
}

TORC_TEST(every_kind_has_a_name)
{
    assert_string_equal(torc_trace_kind_name(TORC_TRACE_start), "start");
    assert_string_equal(torc_trace_kind_name(TORC_TRACE_clock), "clock");
    assert_string_equal(torc_trace_kind_name(TORC_TRACE_KIND_COUNT), "?");
    return NULL;
}

TORC_TRIAL_MAIN
