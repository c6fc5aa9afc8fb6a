#include "recording_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "recording_fields.h"

enum { CHUNK_BYTES = 65536 };
#define LINE_BYTES_MAX ((size_t)256 * 1024 * 1024)

/* --- lines ------------------------------------------------------------------------------------- */

/* Makes room for a chunk at the end of the buffer. */
static int make_room(struct torc_recording *recording)
{
    char *grown;
    size_t capacity;

    if (recording->begin > 0) {
        memmove(recording->buffer, recording->buffer + recording->begin,
                recording->used - recording->begin);
        recording->used -= recording->begin;
        recording->begin = 0;
    }
    if (recording->capacity - recording->used >= CHUNK_BYTES) {
        return 0;
    }
    if (recording->used > LINE_BYTES_MAX) {
        return TORC_ETOOLONG;
    }
    capacity = 2 * recording->capacity + CHUNK_BYTES;
    grown = realloc(recording->buffer, capacity);
    if (grown == NULL) {
        return TORC_ENOMEM;
    }
    recording->buffer = grown;
    recording->capacity = capacity;
    return 0;
}

/* The next line without its newline, borrowed until the next call: 1.  0: there is none.  At the end of
 * the file a line without a newline is none. */
static int next_line(struct torc_recording *recording, const char **out, size_t *out_bytes)
{
    size_t scanned = recording->begin;

    for (;;) {
        size_t left = recording->used - scanned;
        const char *newline =
            left > 0 ? memchr(recording->buffer + scanned, '\n', left) : NULL;
        size_t scanned_bytes = recording->used - recording->begin;
        long got;
        int status;

        if (newline != NULL) {
            *out = recording->buffer + recording->begin;
            *out_bytes = (size_t)(newline - *out);
            recording->begin += *out_bytes + 1;
            recording->line++;
            return 1;
        }
        if (recording->source_ended) {
            return 0;
        }
        status = make_room(recording);
        if (status != 0) {
            return status;
        }
        got = recording->read(recording->arg, recording->buffer + recording->used, CHUNK_BYTES);
        if (got < 0) {
            return (int)got;
        }
        recording->source_ended = got == 0;
        recording->used += (size_t)got;
        scanned = recording->begin + scanned_bytes;
    }
}

/* Why there is no next line. */
static const char *line_error(int status)
{
    return status == TORC_ETOOLONG ? "the line is longer than any of a recording"
                                   : torc_error_text(status);
}

static int say(const struct torc_recording *recording, char *error, int code, const char *reason)
{
    snprintf(error, TORC_RECORDING_ERROR_BYTES, "%s:%llu: %s", recording->name,
             (unsigned long long)(recording->line == 0 ? 1 : recording->line), reason);
    return code;
}

static int read_event(struct torc_recording *recording, const char *text, size_t bytes,
                      struct torci_recorded_event *out, char *error)
{
    struct torci_recording_line line = {.out = out};
    json_error_t why;
    json_t *json = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &why);
    int status;

    memset(out, 0, sizeof(*out));
    if (json == NULL) {
        snprintf(line.reason, sizeof(line.reason), "column %d: %.120s", why.column, why.text);
        return say(recording, error, TORC_ESYNTAX, line.reason);
    }
    if (!json_is_object(json)) {
        json_decref(json);
        return say(recording, error, TORC_ESYNTAX, "not a JSON object");
    }
    out->json = json;
    line.json = json;
    status = torci_recording_fields(&line, recording->events, recording->t_ns);
    if (status != 0) {
        torci_recorded_event_clear(out);
        return say(recording, error, status,
                   status == TORC_ENOMEM ? torc_error_text(status) : line.reason);
    }
    recording->events++;
    recording->t_ns = out->event.t_ns;
    return 1;
}

void torci_recorded_event_clear(struct torci_recorded_event *event)
{
    json_decref(event->json);
    free(event->decoded);
    torci_recorded_database_free(event->database);
    memset(event, 0, sizeof(*event));
}

/* --- a recording ------------------------------------------------------------------------------- */

static int read_trailer(struct torc_recording *recording, const char *text, size_t bytes,
                        char *error)
{
    const char *reason = torc_error_text(TORC_ENOMEM);
    int status = torci_recording_trailer_parse(text, bytes, &recording->trailer, &reason);

    if (status != 0) {
        return say(recording, error, status, reason);
    }
    if (recording->trailer.events != recording->events) {
        return say(recording, error, TORC_ESYNTAX,
                   "the last line counts another number of events than there are");
    }
    status = next_line(recording, &text, &bytes);
    if (status < 0) {
        return say(recording, error, status, line_error(status));
    }
    if (status > 0 || recording->begin < recording->used) {
        return say(recording, error, TORC_ESYNTAX, "something follows the last line");
    }
    recording->ended = true;
    return 0;
}

int torci_recording_next(struct torc_recording *recording, struct torci_recorded_event *out,
                         char *error)
{
    const char *text;
    size_t bytes;
    int status = recording->ended ? 0 : next_line(recording, &text, &bytes);

    if (status < 0) {
        return say(recording, error, status, line_error(status));
    }
    if (status == 0) {
        recording->truncated = recording->truncated || !recording->ended;
        recording->ended = true;
        return 0;
    }
    if (torci_recording_trailer_begins(text, bytes)) {
        return read_trailer(recording, text, bytes, error);
    }
    return read_event(recording, text, bytes, out, error);
}

int torc_recording_open(torc_recording_read_fn *read, void *arg, const char *name,
                        struct torc_recording **out, char *error)
{
    struct torc_recording *recording = calloc(1, sizeof(*recording));
    const char *reason = "this is not a recording: it is empty";
    const char *text;
    size_t bytes;
    int status;

    if (recording == NULL) {
        snprintf(error, TORC_RECORDING_ERROR_BYTES, "%s: out of memory", name);
        return TORC_ENOMEM;
    }
    recording->read = read;
    recording->arg = arg;
    recording->name = strdup(name);
    status = recording->name != NULL ? next_line(recording, &text, &bytes) : TORC_ENOMEM;
    if (status < 0) {
        reason = line_error(status);
    } else if (status == 0) {
        if (recording->used > 0) {
            reason = "this is not a recording, or one cut short: its first line has no end";
        }
        status = TORC_ESYNTAX;
    } else {
        status = torci_recording_header_parse(text, bytes, &recording->header, &reason);
    }
    if (status != 0) {
        if (recording->name != NULL) {
            say(recording, error, status, reason);
        }
        torc_recording_close(recording);
        return status;
    }
    *out = recording;
    return 0;
}

void torc_recording_close(struct torc_recording *recording)
{
    if (recording == NULL) {
        return;
    }
    torci_recording_header_clear(&recording->header);
    free(recording->buffer);
    free(recording->name);
    free(recording);
}

const char *torc_recording_module(const struct torc_recording *recording)
{
    return recording->header.module;
}

const char *torc_recording_module_version(const struct torc_recording *recording)
{
    return recording->header.module_version;
}

const char *torc_recording_build(const struct torc_recording *recording)
{
    return recording->header.build;
}

const char *const *torc_recording_pairs(const struct torc_recording *recording)
{
    return (const char *const *)recording->header.pairs;
}
