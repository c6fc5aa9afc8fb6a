/* replayer_streams.c - the slots of the replayer that open, read, write and close. */
#include "replayer.h"

#include <stdio.h>
#include <string.h>

static struct torci_replayer *replayer_of(struct torc_platform *platform)
{
    return (struct torci_replayer *)platform;
}

/* A handle is the number of a connection, or that of something else with a top bit set. */
#define LISTENER_BIT (UINT64_C(1) << 63)
#define DATAGRAM_BIT (UINT64_C(1) << 62)
#define LOOKUP_BIT (UINT64_C(1) << 61)

uint64_t torci_replay_handle(struct torci_object name)
{
    uint64_t bit = name.kind == 'l'   ? LISTENER_BIT
                   : name.kind == 'd' ? DATAGRAM_BIT
                   : name.kind == 'n' ? LOOKUP_BIT
                                      : 0;

    return name.number | bit;
}

struct torci_replay_stream *torci_replay_stream_of(struct torci_replayer *replayer, uint64_t handle)
{
    char kind = (handle & LISTENER_BIT) != 0   ? 'l'
                : (handle & DATAGRAM_BIT) != 0 ? 'd'
                : (handle & LOOKUP_BIT) != 0   ? 'n'
                                               : 'c';
    struct torci_object name = {kind, (uint32_t)handle};

    return torci_replay_stream_find(replayer, name);
}

/* --- opening ------------------------------------------------------------------------------------- */

/* Gives the program what the event made, or the error it answered. */
static int open_stream(struct torci_replayer *replayer, struct torci_replay_event *event,
                       uint64_t token, uint64_t *out_handle, struct torci_replay_stream **out)
{
    struct torci_replay_stream *stream;

    event->used = true;
    if (event->recorded.event.error != 0) {
        return event->recorded.event.error;
    }
    stream = torci_replay_stream_find(replayer, event->recorded.event.as);
    stream->open = true;
    stream->token = token;
    *out_handle = torci_replay_handle(stream->name);
    *out = stream;
    return 0;
}

/* The recorded listen or connect that this one is.  NULL: there is none, and that is a difference. */
static struct torci_replay_event *opening(struct torci_replayer *replayer,
                                          enum torc_trace_kind kind,
                                          const struct torc_address *address)
{
    struct torci_replay_event *event =
        replayer->over ? NULL : torci_replay_turn_next(replayer, NULL, kind);
    const char *doing = kind == TORC_TRACE_listen ? "listened on" : "connected to";
    char text[TORC_ADDRESS_TEXT_MAX];

    torc_address_format(address, text, sizeof(text));
    if (event == NULL) {
        torci_replay_differs(replayer, NULL, NULL, "%s %s, which is not recorded", doing, text);
    } else if (strcmp(event->recorded.event.text, text) != 0) {
        torci_replay_differs(replayer, event, NULL, "%s %s, recorded is %s", doing, text,
                             event->recorded.event.text);
        event = NULL;
    }
    return event;
}

int torci_replayer_listen(struct torc_platform *self, const struct torc_address *address,
                          const struct torc_listen_settings *settings, uint64_t token,
                          uint64_t *out_handle)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_event *event = opening(replayer, TORC_TRACE_listen, address);
    struct torci_replay_stream *stream;
    int status;

    (void)settings;
    if (event == NULL) {
        return TORC_ENOTSUP;
    }
    status = open_stream(replayer, event, token, out_handle, &stream);
    if (status == 0) {
        stream->local = *address;
    }
    return status;
}

int torci_replayer_connect(struct torc_platform *self, const struct torc_address *address,
                           const struct torc_address *local, uint64_t token, uint64_t *out_handle)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_event *event = opening(replayer, TORC_TRACE_connect, address);
    struct torci_replay_stream *stream;
    int status;

    if (event == NULL) {
        return TORC_ENOTSUP;
    }
    status = open_stream(replayer, event, token, out_handle, &stream);
    if (status == 0) {
        stream->connecting = true;
        stream->peer = *address;
        if (local != NULL) {
            stream->local = *local;
        }
    }
    return status;
}

int torci_replayer_accept(struct torc_platform *self, uint64_t listener, uint64_t token,
                          uint64_t *out_handle, struct torc_address *out_peer)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_stream *from = torci_replay_stream_of(replayer, listener);
    struct torci_replay_event *event =
        replayer->over ? NULL : torci_replay_turn_next(replayer, from, TORC_TRACE_accept);
    struct torci_replay_stream *stream;
    int status;

    if (event == NULL) {
        return TORC_EAGAIN;
    }
    status = open_stream(replayer, event, token, out_handle, &stream);
    if (status == 0) {
        stream->local = from->local;
        status = torci_recording_address(event->recorded.event.text, &stream->peer);
        *out_peer = stream->peer;
    }
    return status;
}

int torci_replayer_refuse(struct torc_platform *self, uint64_t listener)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_event *event =
        replayer->over ? NULL
                       : torci_replay_turn_next(replayer, torci_replay_stream_of(replayer, listener),
                                                TORC_TRACE_refuse);

    if (event == NULL) {
        return TORC_EAGAIN;
    }
    event->used = true;
    return event->recorded.event.error;
}

/* --- bytes --------------------------------------------------------------------------------------- */

static void keep_read(struct torci_replay_stream *stream, const struct torci_recording_event *event)
{
    stream->read_n = event->n;
    stream->read_bytes = event->bytes;
    stream->read_kept =
        event->bytes < sizeof(stream->read_data) ? event->bytes : sizeof(stream->read_data);
    memcpy(stream->read_data, event->data, stream->read_kept);
}

int torci_replayer_read(struct torc_platform *self, uint64_t handle, void *buffer, size_t bytes,
                        size_t *out_bytes)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_stream *stream = torci_replay_stream_of(replayer, handle);
    struct torci_replay_event *event =
        replayer->over ? NULL : torci_replay_turn_next(replayer, stream, TORC_TRACE_rx);
    const struct torci_recording_event *recorded;
    size_t part;

    if (event == NULL) {
        return TORC_EAGAIN;
    }
    recorded = &event->recorded.event;
    if (recorded->error != 0) {
        event->used = true;
        return recorded->error;
    }
    if (recorded->bytes > 0) {
        keep_read(stream, recorded);
    }
    part = recorded->bytes - event->done;
    part = part < bytes ? part : bytes;
    if (part > 0) {
        memcpy(buffer, (const uint8_t *)recorded->data + event->done, part);
    }
    event->done += part;
    event->used = event->done == recorded->bytes;
    *out_bytes = part;
    return 0;
}

/* How many bytes two places have in common from their beginning. */
static size_t common_bytes(const uint8_t *a, const uint8_t *b, size_t bytes)
{
    size_t i = 0;

    if (memcmp(a, b, bytes) == 0) {
        return bytes;
    }
    while (a[i] == b[i]) {
        i++;
    }
    return i;
}

/* Compares one span with what is recorded, from where the writes before it ended, and takes what was
 * taken then.  `before` bytes were taken in this call already.  *out_error: what a recorded write answered
 * instead. */
static size_t write_span(struct torci_replayer *replayer, struct torci_replay_stream *stream,
                         const struct torc_span *span, size_t before, int *out_error)
{
    const uint8_t *data = span->data;
    size_t done = 0;

    while (done < span->bytes && *out_error == 0) {
        struct torci_replay_event *event =
            stream->blocked ? NULL : torci_replay_turn_next(replayer, stream, TORC_TRACE_tx);
        const struct torci_recording_event *recorded;
        size_t part;
        size_t common;

        if (stream->blocked) {
            break;
        }
        if (event == NULL) {
            torci_replay_differs_in_bytes(replayer, NULL, stream, data + done, span->bytes - done);
            break;
        }
        recorded = &event->recorded.event;
        if (recorded->error != 0 && before + done > 0) {
            break; /* for the next call */
        }
        *out_error = recorded->error;
        part = recorded->bytes - event->done;
        part = part < span->bytes - done ? part : span->bytes - done;
        common = part > 0 ? common_bytes(data + done, (const uint8_t *)recorded->data + event->done,
                                         part)
                          : 0;
        event->done += common;
        done += common;
        if (common < part) {
            torci_replay_differs_in_bytes(replayer, event, stream, data + done, span->bytes - done);
            break;
        }
        event->used = event->done == recorded->bytes;
        stream->blocked = event->used && recorded->offered_bytes != 0;
    }
    return done;
}

int torci_replayer_writev(struct torc_platform *self, uint64_t handle,
                          const struct torc_span *spans, size_t count, size_t *out_bytes)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_stream *stream = torci_replay_stream_of(replayer, handle);
    size_t offered = 0;
    size_t done = 0;
    int error = 0;

    for (size_t i = 0; i < count; i++) {
        offered += spans[i].bytes;
    }
    /* A write that was not taken whole ends with the call; the next may have been recorded too. */
    if (!replayer->over && stream->blocked &&
        torci_replay_turn_next(replayer, stream, TORC_TRACE_tx) != NULL) {
        stream->blocked = false;
    }
    for (size_t i = 0; i < count && !replayer->over && error == 0; i++) {
        size_t taken = write_span(replayer, stream, &spans[i], done, &error);

        done += taken;
        if (taken < spans[i].bytes) {
            break;
        }
    }
    if (replayer->over) {
        *out_bytes = offered;
        return 0;
    }
    if (done == 0 && offered > 0) {
        return error != 0 ? error : TORC_EAGAIN;
    }
    *out_bytes = done;
    return 0;
}

void torci_replayer_interest(struct torc_platform *self, uint64_t handle, uint32_t events)
{
    struct torci_replay_stream *stream = torci_replay_stream_of(replayer_of(self), handle);

    if (stream != NULL) {
        stream->interest = events;
    }
}

/* --- ending -------------------------------------------------------------------------------------- */

/* The recorded event of `kind` that ends something of the stream now.  All it is recorded to have read
 * and written before must be done.  NULL: it is not so, and that is a difference. */
static struct torci_replay_event *ending(struct torci_replayer *replayer,
                                         const struct torci_replay_stream *stream,
                                         enum torc_trace_kind kind, const char *did)
{
    struct torci_replay_event *event = torci_replay_turn_next(replayer, stream, kind);

    for (size_t i = stream->first; i < replayer->event_count; i = replayer->events[i].next_on) {
        const struct torci_replay_event *before = &replayer->events[i];
        const struct torci_recording_event *recorded = &before->recorded.event;

        if (before == event) {
            break;
        }
        if (!before->used && recorded->kind == TORC_TRACE_tx && before->done < recorded->bytes) {
            torci_replay_differs_in_length(replayer, before, stream);
            return NULL;
        }
        if (!before->used && recorded->kind == TORC_TRACE_rx) {
            torci_replay_differs(replayer, before, stream,
                                 "%s without having read what is recorded", did);
            return NULL;
        }
    }
    if (event == NULL) {
        torci_replay_differs(replayer, NULL, stream, "%s, which is not recorded", did);
    }
    return event;
}

int torci_replayer_shutdown(struct torc_platform *self, uint64_t handle)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_event *event;

    if (replayer->over) {
        return 0;
    }
    event = ending(replayer, torci_replay_stream_of(replayer, handle), TORC_TRACE_shutdown,
                   "ended its side of the connection");
    if (event == NULL) {
        return 0;
    }
    event->used = true;
    return event->recorded.event.error;
}

void torci_replayer_close(struct torc_platform *self, uint64_t handle, enum torc_close_mode mode)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_stream *stream = torci_replay_stream_of(replayer, handle);
    struct torci_replay_event *event;
    bool aborts = mode == TORC_CLOSE_ABORT;

    if (replayer->over) {
        return;
    }
    event = ending(replayer, stream, aborts ? TORC_TRACE_reset : TORC_TRACE_close,
                   aborts ? "aborted the connection" : "closed");
    if (event != NULL) {
        event->used = true;
        stream->open = false;
        stream->interest = 0;
    }
}

int torci_replayer_names(struct torc_platform *self, uint64_t handle,
                         struct torc_address *out_local, struct torc_address *out_peer)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_stream *stream = torci_replay_stream_of(replayer, handle);
    struct torci_replay_event *event =
        replayer->over ? NULL : torci_replay_turn_next(replayer, stream, TORC_TRACE_names);
    struct torc_address recorded;

    if (stream == NULL) {
        return TORC_ENOTCONN;
    }
    if (event != NULL) {
        event->used = true;
        if (event->recorded.event.error != 0) {
            return event->recorded.event.error;
        }
        if (torci_recording_address(event->recorded.event.text, &recorded) == 0 &&
            recorded.family != TORC_ADDRESS_NONE) {
            stream->local = recorded;
        }
        if (torci_recording_address(event->recorded.event.more_text, &recorded) == 0 &&
            recorded.family != TORC_ADDRESS_NONE) {
            stream->peer = recorded;
        }
    }
    if (out_local != NULL) {
        *out_local = stream->local;
    }
    if (out_peer != NULL) {
        *out_peer = stream->peer;
    }
    return 0;
}

/* Options do not show in what is sent, so they are answered and not compared. */
int torci_replayer_set_option(struct torc_platform *self, uint64_t handle,
                              enum torc_stream_option option, int value)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_event *event =
        replayer->over ? NULL
                       : torci_replay_turn_next(replayer, torci_replay_stream_of(replayer, handle),
                                                TORC_TRACE_option);

    (void)option;
    (void)value;
    if (event == NULL) {
        return 0;
    }
    event->used = true;
    return event->recorded.event.error;
}
