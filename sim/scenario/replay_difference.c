/* replay_difference.c - says what the program did otherwise: both sides, and what led to it. */
#include "replayer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trace_line.h"

/* How much is shown of what was equal, before the first byte that differs. */
enum { SHOWN_BEFORE_BYTES = 24 };

void torci_replay_escape(const void *data, size_t bytes, char *text, size_t size)
{
    const uint8_t *at = data;
    size_t used = 0;

    for (size_t i = 0; i < bytes; i++) {
        static const char digits[] = "0123456789abcdef";
        char escape[4];
        size_t length = 2;

        escape[0] = '\\';
        if (at[i] == '\r' || at[i] == '\n' || at[i] == '\t') {
            escape[1] = at[i] == '\r' ? 'r' : at[i] == '\n' ? 'n' : 't';
        } else if (at[i] == '"' || at[i] == '\\') {
            escape[1] = (char)at[i];
        } else if (at[i] >= 0x20 && at[i] < 0x7f) {
            escape[0] = (char)at[i];
            length = 1;
        } else {
            escape[1] = 'x';
            escape[2] = digits[at[i] >> 4];
            escape[3] = digits[at[i] & 15];
            length = 4;
        }
        /* "..." and the end must fit behind whatever is written. */
        if (used + length + 4 > size) {
            memcpy(text + used, "...", 3);
            used += 3;
            break;
        }
        memcpy(text + used, escape, length);
        used += length;
    }
    text[used] = '\0';
}

static void describe(struct torci_replayer *replayer, const struct torci_replay_event *event,
                     const struct torci_replay_stream *stream)
{
    struct torc_replay_difference *difference = &replayer->report->difference;

    replayer->report->verdict = TORC_REPLAY_DIFFERENT;
    replayer->over = true;
    difference->n = event != NULL ? event->recorded.event.n : replayer->turn_n;
    difference->t_ns = replayer->now_ns;
    if (stream == NULL) {
        return;
    }
    torci_object_format(stream->name, difference->object);
    if (stream->peer.family != TORC_ADDRESS_NONE) {
        torc_address_format(&stream->peer, difference->peer, sizeof(difference->peer));
    }
    difference->led_to_n = stream->read_n;
    torci_replay_escape(stream->read_data, stream->read_kept, difference->led_to,
                        sizeof(difference->led_to) - 8);
    if (stream->read_bytes > stream->read_kept) {
        strcat(difference->led_to, "...");
    }
}

void torci_replay_differs(struct torci_replayer *replayer, const struct torci_replay_event *event,
                          const struct torci_replay_stream *stream, const char *format, ...)
{
    va_list arguments;

    if (replayer->over) {
        return;
    }
    describe(replayer, event, stream);
    va_start(arguments, format);
    vsnprintf(replayer->report->difference.what, sizeof(replayer->report->difference.what), format,
              arguments);
    va_end(arguments);
}

/* --- statements ----------------------------------------------------------------------------------- */

/* Text and blobs are shown from a little before their first difference, where they are long. */
static size_t shown_from(const struct torc_db_value *value, const struct torc_db_value *other)
{
    const uint8_t *bytes = value->as.blob;
    size_t same = 0;

    if (other == NULL || other->type != value->type || value->bytes < TORC_REPLAY_SHOWN_BYTES / 4) {
        return 0;
    }
    while (same < value->bytes && same < other->bytes &&
           bytes[same] == ((const uint8_t *)other->as.blob)[same]) {
        same++;
    }
    return same > SHOWN_BEFORE_BYTES ? same - SHOWN_BEFORE_BYTES : 0;
}

/* A value as SQL would write it, with C escapes. */
static void show_value(const struct torc_db_value *value, const struct torc_db_value *other,
                       char *text, size_t size)
{
    char real[TORCI_REAL_TEXT_MAX];
    size_t from = 0;
    size_t used;

    switch (value->type) {
    case TORC_DB_NULL:
        snprintf(text, size, "NULL");
        break;
    case TORC_DB_INTEGER:
        snprintf(text, size, "%lld", (long long)value->as.integer);
        break;
    case TORC_DB_REAL:
        torci_real_format(value->as.real, real);
        snprintf(text, size, "%s", real);
        break;
    default:
        from = shown_from(value, other);
        used = (size_t)snprintf(text, size, "%s'%s", value->type == TORC_DB_BLOB ? "x" : "",
                                from > 0 ? "..." : "");
        torci_replay_escape((const uint8_t *)value->as.blob + from, value->bytes - from,
                            text + used, size - used - 1);
        strcat(text, "'");
        break;
    }
}

void torci_replay_differs_in_statement(struct torci_replayer *replayer,
                                       const struct torci_database_record *record, uint64_t n,
                                       const char *where, const struct torc_db_value *expected,
                                       const struct torc_db_value *got, const char *format, ...)
{
    struct torc_replay_difference *difference = &replayer->report->difference;
    char statement[32];
    va_list arguments;

    if (replayer->over) {
        return;
    }
    describe(replayer, NULL, NULL);
    difference->n = n != 0 ? n : replayer->turn_n;
    snprintf(statement, sizeof(statement), ", statement %u", (unsigned)record->ordinal);
    snprintf(difference->where, sizeof(difference->where), "database %.60s, request %llu%s%s",
             record->database.as.text, (unsigned long long)record->request,
             record->what == TORCI_DATABASE_OPEN || record->what == TORCI_DATABASE_CLOSE ? ""
                                                                                         : statement,
             where);
    if (record->sql.type == TORC_DB_TEXT && expected != &record->sql) {
        torci_replay_escape(record->sql.as.text, record->sql.bytes, difference->statement,
                            sizeof(difference->statement));
    }
    if (expected != NULL) {
        show_value(expected, got, difference->expected, sizeof(difference->expected));
    }
    if (got != NULL) {
        show_value(got, expected, difference->got, sizeof(difference->got));
    }
    va_start(arguments, format);
    vsnprintf(difference->what, sizeof(difference->what), format, arguments);
    va_end(arguments);
}

/* --- bytes ---------------------------------------------------------------------------------------- */

/* Copies what the turn has recorded as written to the stream, from byte `from` on. */
static size_t recorded_bytes(const struct torci_replayer *replayer,
                             const struct torci_replay_stream *stream, size_t from, uint8_t *out,
                             size_t out_bytes)
{
    size_t position = 0;
    size_t copied = 0;

    for (size_t i = stream->first; i < replayer->event_count && copied < out_bytes;
         i = replayer->events[i].next_on) {
        const struct torci_recording_event *event = &replayer->events[i].recorded.event;
        size_t skipped = from > position ? from - position : 0;

        if (event->kind != TORC_TRACE_tx) {
            continue;
        }
        if (skipped < event->bytes) {
            size_t part = event->bytes - skipped;

            part = part < out_bytes - copied ? part : out_bytes - copied;
            memcpy(out + copied, (const uint8_t *)event->data + skipped, part);
            copied += part;
        }
        position += event->bytes;
    }
    return copied;
}

/* How many bytes the program wrote to the stream in this turn that were equal. */
static size_t equal_bytes(const struct torci_replayer *replayer,
                          const struct torci_replay_stream *stream)
{
    size_t bytes = 0;

    for (size_t i = stream->first; i < replayer->event_count; i = replayer->events[i].next_on) {
        if (replayer->events[i].recorded.event.kind == TORC_TRACE_tx) {
            bytes += replayer->events[i].done;
        }
    }
    return bytes;
}

/* Shows both sides: what is recorded around `offset`, and what was written there. */
static void show(struct torci_replayer *replayer, const struct torci_replay_stream *stream,
                 const void *data, size_t bytes)
{
    struct torc_replay_difference *difference = &replayer->report->difference;
    size_t offset = equal_bytes(replayer, stream);
    size_t begin = offset > SHOWN_BEFORE_BYTES ? offset - SHOWN_BEFORE_BYTES : 0;
    size_t prefix_bytes = begin > 0 ? 3 : 0;
    uint8_t window[TORC_REPLAY_SHOWN_BYTES] = {0};
    size_t shared_bytes = offset - begin;
    size_t got_bytes = bytes < sizeof(window) - shared_bytes ? bytes : sizeof(window) - shared_bytes;
    size_t window_bytes = recorded_bytes(replayer, stream, begin, window, sizeof(window));

    difference->offset = offset;
    memcpy(difference->expected, "...", prefix_bytes);
    memcpy(difference->got, "...", prefix_bytes);
    torci_replay_escape(window, window_bytes, difference->expected + prefix_bytes,
                        sizeof(difference->expected) - prefix_bytes);
    if (got_bytes > 0) {
        memcpy(window + shared_bytes, data, got_bytes);
    }
    torci_replay_escape(window, shared_bytes + got_bytes, difference->got + prefix_bytes,
                        sizeof(difference->got) - prefix_bytes);
}

void torci_replay_differs_in_bytes(struct torci_replayer *replayer,
                                   const struct torci_replay_event *event,
                                   const struct torci_replay_stream *stream, const void *data,
                                   size_t bytes)
{
    if (replayer->over) {
        return;
    }
    describe(replayer, event, stream);
    show(replayer, stream, data, bytes);
    snprintf(replayer->report->difference.what, sizeof(replayer->report->difference.what),
             event != NULL ? "wrote other bytes than recorded"
                           : "wrote more than is recorded for this turn");
}

void torci_replay_differs_in_length(struct torci_replayer *replayer,
                                    const struct torci_replay_event *event,
                                    const struct torci_replay_stream *stream)
{
    size_t missing = event->recorded.event.bytes - event->done;

    if (replayer->over) {
        return;
    }
    describe(replayer, event, stream);
    show(replayer, stream, NULL, 0);
    snprintf(replayer->report->difference.what, sizeof(replayer->report->difference.what),
             "did not write %zu bytes of what is recorded", missing);
}
