#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "recording_reader.h"
#include "tests/support/desk.h"

static const char header[] = "{\"torc\":\"recording\",\"format\":1,\"version\":\"0\",\"module\":\"m\","
                             "\"module_version\":\"1\",\"options\":[],\"build\":\"\",\"wall_ns\":5}\n";

/* Reads a text to its end; returns what the last call answered, and how many events there were. */
static int read_text(const char *text, size_t bytes, uint64_t *out_events, char *error)
{
    struct desk_file file = {.bytes = bytes};
    struct torc_recording *recording;
    struct torci_recorded_event event;
    int status;

    file.text = malloc(bytes + 1);
    memcpy(file.text, text, bytes);
    *out_events = 0;
    status = torc_recording_open(desk_file_read, &file, "f", &recording, error);
    if (status == 0) {
        while ((status = torci_recording_next(recording, &event, error)) == 1) {
            torci_recorded_event_clear(&event);
        }
        *out_events = recording->events;
        torc_recording_close(recording);
    }
    free(file.text);
    return status;
}

/* What is said of a header followed by these lines. */
static void assert_refused(const char *lines, const char *where, const char *why)
{
    char text[2048];
    char error[TORC_RECORDING_ERROR_BYTES] = "";
    uint64_t events;
    int status;

    strcpy(text, header);
    strcat(text, lines);
    status = read_text(text, strlen(text), &events, error);
    if (status != TORC_ESYNTAX || strncmp(error, where, strlen(where)) != 0 ||
        strstr(error, why) == NULL) {
        print_message("%s gives %d, \"%s\"\n", lines, status, error);
    }
    assert_int_equal(status, TORC_ESYNTAX);
    assert_memory_equal(error, where, strlen(where));
    assert_non_null(strstr(error, why));
}

TORC_TEST(what_is_not_a_recording_is_said_to_be_none)
{
    static const char *const texts[] = {"", "hello", "hello\n", "{}\n", "[1]\n", "{\"torc\":7}\n",
                                        "{\"torc\":\"scn\",\"format\":1}\n", "\0\0\0\n"};
    char error[TORC_RECORDING_ERROR_BYTES];
    uint64_t events;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(read_text(texts[i], strlen(texts[i]), &events, error), TORC_ESYNTAX);
        assert_memory_equal(error, "f:1: this is not a recording", 28);
    }
    return NULL;
}

TORC_TEST(another_format_is_refused)
{
    static const char text[] = "{\"torc\":\"recording\",\"format\":2}\n";
    char error[TORC_RECORDING_ERROR_BYTES];
    uint64_t events;

    assert_int_equal(read_text(text, strlen(text), &events, error), TORC_ESYNTAX);
    assert_non_null(strstr(error, "format 1"));
    return NULL;
}

#define DB "{\"n\":1,\"t\":0,\"k\":\"db\",\"what\":"
#define PLACE ",\"database\":\"d\",\"connection\":0,\"request\":1,\"ordinal\":1"
#define SQL DB "\"rows\"" PLACE ",\"sql\":\"S\",\"begun\":0"

TORC_TEST(each_wrong_field_of_a_database_is_named)
{
    assert_refused(DB "\"opened\"" PLACE "}\n", "f:2: ", "\"what\" is none of open, rows");
    assert_refused(DB "\"close\",\"database\":7,\"connection\":0}\n", "f:2: ",
                   "\"database\" is not text");
    assert_refused(DB "\"close\",\"database\":\"d\",\"connection\":4294967296,\"request\":1,"
                      "\"ordinal\":1}\n", "f:2: ", "\"connection\" is too large");
    assert_refused(DB "\"open\"" PLACE "}\n", "f:2: ", "\"path\" is missing");
    assert_refused(DB "\"open\"" PLACE ",\"path\":\"p\",\"code\":5}\n", "f:2: ",
                   "\"message\" is missing");
    assert_refused(DB "\"rows\"" PLACE ",\"sql\":null,\"begun\":0}\n", "f:2: ",
                   "\"sql\" is not text");
    assert_refused(DB "\"rows\"" PLACE ",\"sql\":\"S\",\"begun\":1}\n", "f:2: ",
                   "\"begun\" is not an event before this one");
    assert_refused(SQL ",\"parameters\":5}\n", "f:2: ", "\"parameters\" is not a list");
    assert_refused(SQL ",\"parameters\":[true]}\n", "f:2: ", "\"parameters\" is not a value");
    assert_refused(SQL ",\"parameters\":[{\"blob64\":\"?\"}]}\n", "f:2: ", "is not a value");
    assert_refused(SQL ",\"parameters\":[{\"real\":\"1\"}]}\n", "f:2: ", "is not a value");
    assert_refused(SQL ",\"parameters\":[{\"real\":\"inf\",\"x\":1}]}\n", "f:2: ",
                   "is not a value");
    assert_refused(SQL ",\"columns\":[1],\"first\":1,\"rows\":[[1]]}\n", "f:2: ",
                   "\"columns\" has something that is not text");
    assert_refused(SQL ",\"columns\":[\"a\"],\"first\":1,\"rows\":[[1,2]]}\n", "f:2: ",
                   "has a row with other columns");
    assert_refused(SQL ",\"columns\":[\"a\"],\"first\":1,\"rows\":[]}\n", "f:2: ",
                   "\"rows\" is not a list of rows");
    assert_refused(SQL ",\"columns\":[\"a\"],\"rows\":[[1]]}\n", "f:2: ", "\"first\" is missing");
    assert_refused(DB "\"statement\"" PLACE ",\"sql\":\"S\",\"begun\":0,\"columns\":[\"a\"],"
                      "\"first\":2,\"rows\":[[1]],\"code\":0,\"count\":1,\"complete\":1,"
                      "\"changes\":0,\"last_insert_id\":0,\"in_transaction\":0,\"took_ns\":0}\n",
                   "f:2: ", "\"count\" is not the number of the last row");
    assert_refused(DB "\"statement\"" PLACE ",\"sql\":\"S\",\"begun\":0,\"code\":0,\"count\":0,"
                      "\"complete\":2}\n", "f:2: ", "\"complete\" is neither 0 nor 1");
    return NULL;
}

TORC_TEST(each_wrong_line_is_named_with_its_reason)
{
    assert_refused("{\"n\":1,\"t\":0\n", "f:2: ", "column");
    assert_refused("[]\n", "f:2: ", "not a JSON object");
    assert_refused("{\"n\":2,\"t\":0,\"k\":\"turn\",\"ready\":\"\"}\n", "f:2: ",
                   "event 2 follows event 0");
    assert_refused("{\"n\":1,\"t\":-1,\"k\":\"turn\",\"ready\":\"\"}\n", "f:2: ", "\"t\" is too small");
    assert_refused("{\"n\":1,\"t\":9,\"k\":\"turn\",\"ready\":\"\"}\n"
                   "{\"n\":2,\"t\":8,\"k\":\"turn\",\"ready\":\"\"}\n",
                   "f:3: ", "\"t\" goes back");
    assert_refused("{\"n\":1,\"t\":0,\"k\":\"dance\"}\n", "f:2: ", "unknown kind \"dance\"");
    assert_refused("{\"n\":1,\"t\":0,\"k\":\"turn\"}\n", "f:2: ", "\"ready\" is missing");
    assert_refused("{\"n\":1,\"t\":0,\"k\":\"turn\",\"ready\":\"c1:x\"}\n", "f:2: ", "what is ready");
    assert_refused("{\"n\":1,\"t\":0,\"k\":\"rx\",\"on\":\"l1\",\"data\":\"a\"}\n", "f:2: ",
                   "\"on\" is not the name");
    assert_refused("{\"n\":1,\"t\":0,\"k\":\"rx\",\"on\":\"c1\"}\n", "f:2: ", "\"data\" is missing");
    assert_refused("{\"n\":1,\"t\":0,\"k\":\"rx\",\"on\":\"c1\",\"data64\":\"A\"}\n", "f:2: ",
                   "not base64");
    assert_refused("{\"n\":1,\"t\":0,\"k\":\"rx\",\"on\":\"c1\",\"error\":\"TORC_EWHAT\"}\n", "f:2: ",
                   "name of an error");
    assert_refused("{\"n\":1,\"t\":0,\"k\":\"tx\",\"on\":\"c1\",\"data\":\"abc\",\"of\":3}\n", "f:2: ",
                   "\"of\" is not more");
    assert_refused("{\"n\":1,\"t\":0,\"cause\":1,\"k\":\"turn\",\"ready\":\"\"}\n", "f:2: ", "\"cause\"");
    assert_refused("{\"n\":1,\"t\":0,\"k\":\"listen\",\"address\":\"mars\",\"as\":\"l1\"}\n", "f:2: ",
                   "not an address");
    assert_refused("{\"end\":1}\n", "f:2: ", "the last line lacks");
    assert_refused("{\"end\":3,\"turns\":0,\"connections\":0,\"read_bytes\":0,\"written_bytes\":0,"
                   "\"digest\":\"00000000000000000000000000000000\"}\n",
                   "f:2: ", "another number of events");
    assert_refused("{\"end\":0,\"turns\":0,\"connections\":0,\"read_bytes\":0,\"written_bytes\":0,"
                   "\"digest\":\"00000000000000000000000000000000\"}\nmore",
                   "f:2: ", "something follows");
    return NULL;
}

TORC_TEST(a_line_cut_off_is_the_end)
{
    char text[1024];
    char error[TORC_RECORDING_ERROR_BYTES];
    uint64_t events;

    strcpy(text, header);
    strcat(text, "{\"n\":1,\"t\":0,\"k\":\"turn\",\"ready\":\"\"}\n{\"n\":2,\"t\":0,\"k\":\"tu");
    assert_int_equal(read_text(text, strlen(text), &events, error), 0);
    assert_int_equal(events, 1);
    return NULL;
}

TORC_TEST(base64_of_every_length_is_read)
{
    static const struct {
        const char *text;
        const char *bytes;
        long length;
    } cases[] = {{"", "", 0},         {"AA==", "\0", 1},       {"AAE=", "\0\1", 2},
                 {"AAEC", "\0\1\2", 3}, {"/+8Q", "\xff\xef\x10", 3}, {"A", "", -1},
                 {"A===", "", -1},    {"AA=A", "", -1},        {"AA!=", "", -1},
                 {"====", "", -1},     {"AB==", "", -1}};
    uint8_t out[8];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        long length = torci_base64_decode(cases[i].text, strlen(cases[i].text), out);

        assert_int_equal(length, cases[i].length);
        if (length > 0) {
            assert_memory_equal(out, cases[i].bytes, (size_t)length);
        }
    }
    return NULL;
}

/* Each damage is a replay of its own, and all of them are to take half a minute under valgrind. */
enum { CUT_STRIDE = 13, FLIP_STRIDE = 5 };

/* --- a real recording, damaged everywhere ---------------------------------------------------------- */

TORC_TEST(a_recording_cut_anywhere_replays_what_is_whole)
{
    struct desk_file file = {.text = NULL};
    struct torc_replay_report report;
    size_t header_bytes;
    size_t whole_bytes;
    size_t wrong = 0;

    desk_record(&file);
    header_bytes = (size_t)((char *)memchr(file.text, '\n', file.bytes) - file.text) + 1;
    whole_bytes = file.bytes;
    for (size_t bytes = 0; bytes < whole_bytes; bytes += CUT_STRIDE) {
        int status;

        file.bytes = bytes;
        status = desk_replay(&file, DESK_AS_RECORDED, &report);
        if (bytes < header_bytes ? status != TORC_ESYNTAX
                                 : status != 0 || report.verdict != TORC_REPLAY_EQUAL ||
                                       !report.truncated) {
            print_message("cut at %zu of %zu: %d, %s%s\n", bytes, whole_bytes, status, report.error,
                          report.difference.what);
            wrong++;
        }
    }
    desk_file_clear(&file);
    assert_int_equal(wrong, 0);
    return NULL;
}

/* A flipped bit is an invalid file, a difference, or - in what is not compared - a wrong digest.  Only the
 * first line may change unnoticed. */
TORC_TEST(a_flipped_bit_anywhere_is_noticed)
{
    struct desk_file file = {.text = NULL};
    struct torc_replay_report report;
    size_t header_bytes;
    size_t wrong = 0;

    desk_record(&file);
    header_bytes = (size_t)((char *)memchr(file.text, '\n', file.bytes) - file.text) + 1;
    for (size_t at = 0; at < file.bytes; at += FLIP_STRIDE) {
        char flipped = (char)(1 << (at % 7));

        file.text[at] ^= flipped;
        if (desk_replay(&file, DESK_AS_RECORDED, &report) == 0 &&
            report.verdict == TORC_REPLAY_EQUAL && !report.truncated && at >= header_bytes) {
            print_message("bit %x of byte %zu (%.20s)\n", (unsigned)flipped, at, file.text + at);
            wrong++;
        }
        file.text[at] ^= flipped;
    }
    desk_file_clear(&file);
    assert_int_equal(wrong, 0);
    return NULL;
}

TORC_TRIAL_MAIN
