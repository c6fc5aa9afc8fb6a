/* libFuzzer's entry to recordings: whatever the bytes, they are read to their end or refused in a sentence, and what can be
 * read is replayed, twice with the same answer.  The file is also tried with its events numbered anew: so one that lacks a
 * line, or has it twice, gets past the reader.
 *
 * With CANARY a module with a name of two letters is a crash: tests/fuzz.sh plants it, with a seed of one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/error.h>

#include "sim/scenario/recording_reader.h"
#include "tests/support/desk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { NUMBER_BYTES_MAX = 24, LINES_MAX = 4096 };

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static void must_be_told(int code, const char *error)
{
    must(code < 0 && error[0] != '\0', "an error without a message");
}

static void fail_of_canary(const struct torc_recording *recording)
{
#ifdef CANARY
    if (strlen(torc_recording_module(recording)) > 1)
        abort();
#else
    (void)recording;
#endif
}

/* Reads every event; whether they are all right. */
static bool read_all(struct desk_file *file)
{
    char error[TORC_RECORDING_ERROR_BYTES] = "";
    struct torc_recording *recording;
    struct torci_recorded_event event;
    int code;

    file->read = 0;
    code = torc_recording_open(desk_file_read, file, "f.torc", &recording, error);
    if (code != 0) {
        must_be_told(code, error);
        return false;
    }
    fail_of_canary(recording);
    while ((code = torci_recording_next(recording, &event, error)) == 1)
        torci_recorded_event_clear(&event);
    torc_recording_close(recording);
    if (code != 0)
        must_be_told(code, error);
    return code == 0;
}

/* The desk of the tests uses everything a recording can hold but databases, which are kv's. */
static const struct torc_module *module_of(const struct torc_recording *recording)
{
    return strcmp(torc_recording_module(recording), "kv") == 0 ? &torc_module : desk_module(DESK_AS_RECORDED);
}

static int replay(struct desk_file *file, struct torc_replay_report *report)
{
    struct torc_recording *recording;
    int code;

    memset(report, 0, sizeof *report);
    file->read = 0;
    code = torc_recording_open(desk_file_read, file, "f.torc", &recording, report->error);
    if (code != 0)
        return code;
    code = torc_replay(recording, module_of(recording), NULL, report);
    torc_recording_close(recording);
    return code;
}

static void try(const char *text, size_t bytes)
{
    struct desk_file file = {.text = (char *)(uintptr_t)text, .bytes = bytes};
    struct torc_replay_report once;
    struct torc_replay_report again;
    bool readable = read_all(&file);
    int code = replay(&file, &once);

    if (code != 0)
        must_be_told(code, once.error);
    else if (once.verdict == TORC_REPLAY_DIFFERENT)
        must(once.difference.what[0] != '\0', "a difference without a sentence");
    must(readable || code != 0 || once.verdict == TORC_REPLAY_DIFFERENT, "what cannot be read is replayed");
    must(replay(&file, &again) == code && strcmp(once.digest, again.digest) == 0 && once.events == again.events &&
             once.verdict == again.verdict && strcmp(once.error, again.error) == 0 &&
             strcmp(once.difference.what, again.difference.what) == 0,
         "the second replay is another");
}

/* Copies the text with the lines' numbers in order; returns how many bytes. */
static size_t number_anew(const uint8_t *data, size_t bytes, char *out)
{
    static const char begins[] = "{\"n\":";
    const size_t begins_bytes = sizeof begins - 1;
    bool at_begin = true;
    size_t used = 0;
    unsigned lines = 0;

    for (size_t i = 0; i < bytes; i++) {
        if (at_begin && lines < LINES_MAX && bytes - i > begins_bytes && memcmp(data + i, begins, begins_bytes) == 0) {
            used += (size_t)snprintf(out + used, NUMBER_BYTES_MAX, "%s%u", begins, ++lines);
            i += begins_bytes;
            while (i < bytes && data[i] >= '0' && data[i] <= '9')
                i++;
        }
        if (i < bytes) {
            out[used++] = (char)data[i];
            at_begin = data[i] == '\n';
        }
    }
    return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *renumbered = malloc(bytes + (size_t)LINES_MAX * NUMBER_BYTES_MAX);
    size_t used;

    must(renumbered != NULL, "out of memory");
    used = number_anew(data, bytes, renumbered);
    try((const char *)data, bytes);
    if (used != bytes || memcmp(renumbered, data, bytes) != 0)
        try(renumbered, used);
    free(renumbered);
    return 0;
}
