/* recorder_streams.c - the slots of the recorder that open, read, write and close. */
#include "recorder.h"

#include <string.h>

/* The event of something done to a stream, led to by what was read last on it. */
static struct torci_recording_event stream_event(enum torc_trace_kind kind,
                                                 const struct torci_recorder_object *stream,
                                                 int error)
{
    struct torci_recording_event event = {.kind = kind, .error = error};

    event.on = stream->name;
    event.cause = stream->read_n;
    return event;
}

static struct torci_recorder_object *stream_of(struct torci_recorder *recorder, uint64_t handle)
{
    return torci_recorder_objects_get(&recorder->streams, handle);
}

/* Ends the making of a listener or a connection, whose place in the table is `handle`: keeps it or gives
 * it back, and records which. */
static int made(struct torci_recorder *recorder, uint64_t handle, uint64_t inner_handle, int status,
                struct torci_recording_event *event, uint64_t *out_handle)
{
    struct torci_recorder_object *stream = stream_of(recorder, handle);

    event->error = status;
    if (status != 0) {
        torci_recorder_objects_remove(&recorder->streams, handle);
        if (status != TORC_EAGAIN) {
            torci_recorder_record(recorder, event);
        }
        return status;
    }
    stream->inner = inner_handle;
    torci_recorder_objects_name(&recorder->streams, stream,
                                event->kind == TORC_TRACE_listen ? 'l' : 'c');
    event->as = stream->name;
    torci_recorder_record(recorder, event);
    if (event->kind != TORC_TRACE_listen) {
        recorder->totals.connections++;
    }
    *out_handle = handle;
    return 0;
}

int torci_recorder_listen(struct torc_platform *self, const struct torc_address *address,
                          const struct torc_listen_settings *settings, uint64_t token,
                          uint64_t *out_handle)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recording_event event = {.kind = TORC_TRACE_listen};
    char text[TORC_ADDRESS_TEXT_MAX];
    uint64_t handle;
    uint64_t inner_handle = 0;
    int status = torci_recorder_objects_add(&recorder->streams, token, &handle);

    if (status != 0) {
        return status;
    }
    torc_address_format(address, text, sizeof(text));
    event.text = text;
    status = recorder->inner->ops->listen(recorder->inner, address, settings, handle,
                                          &inner_handle);
    return made(recorder, handle, inner_handle, status, &event, out_handle);
}

int torci_recorder_accept(struct torc_platform *self, uint64_t listener, uint64_t token,
                          uint64_t *out_handle, struct torc_address *out_peer)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recording_event event = {.kind = TORC_TRACE_accept};
    char text[TORC_ADDRESS_TEXT_MAX];
    uint64_t handle;
    uint64_t inner_handle = 0;
    uint64_t inner_listener = stream_of(recorder, listener)->inner;
    int status = torci_recorder_objects_add(&recorder->streams, token, &handle);

    if (status != 0) {
        return status;
    }
    event.on = stream_of(recorder, listener)->name;
    status = recorder->inner->ops->accept(recorder->inner, inner_listener, handle, &inner_handle,
                                          out_peer);
    if (status == 0) {
        torc_address_format(out_peer, text, sizeof(text));
        event.text = text;
    }
    return made(recorder, handle, inner_handle, status, &event, out_handle);
}

int torci_recorder_connect(struct torc_platform *self, const struct torc_address *address,
                           const struct torc_address *local, uint64_t token, uint64_t *out_handle)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recording_event event = {.kind = TORC_TRACE_connect};
    char text[TORC_ADDRESS_TEXT_MAX];
    char local_text[TORC_ADDRESS_TEXT_MAX];
    uint64_t handle;
    uint64_t inner_handle = 0;
    int status = torci_recorder_objects_add(&recorder->streams, token, &handle);

    if (status != 0) {
        return status;
    }
    torc_address_format(address, text, sizeof(text));
    event.text = text;
    if (local != NULL) {
        torc_address_format(local, local_text, sizeof(local_text));
        event.more_text = local_text;
    }
    status = recorder->inner->ops->connect(recorder->inner, address, local, handle, &inner_handle);
    return made(recorder, handle, inner_handle, status, &event, out_handle);
}

int torci_recorder_refuse(struct torc_platform *self, uint64_t listener)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recorder_object *stream = stream_of(recorder, listener);
    int status = recorder->inner->ops->refuse(recorder->inner, stream->inner);

    if (status != TORC_EAGAIN) {
        struct torci_recording_event event = stream_event(TORC_TRACE_refuse, stream, status);

        torci_recorder_record(recorder, &event);
    }
    return status;
}

int torci_recorder_read(struct torc_platform *self, uint64_t handle, void *buffer, size_t bytes,
                        size_t *out_bytes)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recorder_object *stream = stream_of(recorder, handle);
    size_t read_bytes = 0;
    int status =
        recorder->inner->ops->read(recorder->inner, stream->inner, buffer, bytes, &read_bytes);

    if (status != TORC_EAGAIN) {
        struct torci_recording_event event = {.kind = TORC_TRACE_rx, .error = status};

        event.on = stream->name;
        event.data = buffer;
        event.bytes = read_bytes;
        event.end = status == 0 && read_bytes == 0;
        stream->read_n = torci_recorder_record(recorder, &event);
        recorder->totals.read_bytes += read_bytes;
    }
    if (status == 0) {
        *out_bytes = read_bytes;
    }
    return status;
}

/* The first `bytes` of what was to be written, in one piece: where it lies, or gathered. */
static const void *gather(struct torci_recorder *recorder, const struct torc_span *spans, size_t bytes)
{
    size_t done = 0;

    if (bytes <= spans[0].bytes) {
        return spans[0].data;
    }
    if (!torci_recorder_reserve(recorder, bytes)) {
        return NULL;
    }
    for (size_t i = 0; done < bytes; i++) {
        size_t part = spans[i].bytes < bytes - done ? spans[i].bytes : bytes - done;

        if (part > 0) {
            memcpy(recorder->buffer + done, spans[i].data, part);
        }
        done += part;
    }
    return recorder->buffer;
}

int torci_recorder_writev(struct torc_platform *self, uint64_t handle,
                          const struct torc_span *spans, size_t count, size_t *out_bytes)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recorder_object *stream = stream_of(recorder, handle);
    struct torci_recording_event event;
    size_t written_bytes = 0;
    size_t offered_bytes = 0;
    int status = recorder->inner->ops->writev(recorder->inner, stream->inner, spans, count,
                                              &written_bytes);

    if (recorder->recording && count > 0) {
        for (size_t i = 0; i < count; i++) {
            offered_bytes += spans[i].bytes;
        }
        event = stream_event(TORC_TRACE_tx, stream, status == TORC_EAGAIN ? 0 : status);
        event.bytes = written_bytes;
        event.data = gather(recorder, spans, written_bytes);
        event.offered_bytes = offered_bytes > written_bytes ? offered_bytes : 0;
        torci_recorder_record(recorder, &event);
        recorder->totals.written_bytes += written_bytes;
    }
    if (status == 0) {
        *out_bytes = written_bytes;
    }
    return status;
}

void torci_recorder_interest(struct torc_platform *self, uint64_t handle, uint32_t events)
{
    struct torci_recorder *recorder = torci_recorder_of(self);

    recorder->inner->ops->interest(recorder->inner, stream_of(recorder, handle)->inner, events);
}

int torci_recorder_shutdown(struct torc_platform *self, uint64_t handle)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recorder_object *stream = stream_of(recorder, handle);
    int status = recorder->inner->ops->shutdown(recorder->inner, stream->inner);
    struct torci_recording_event event = stream_event(TORC_TRACE_shutdown, stream, status);

    torci_recorder_record(recorder, &event);
    return status;
}

void torci_recorder_close(struct torc_platform *self, uint64_t handle, enum torc_close_mode mode)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recorder_object *stream = stream_of(recorder, handle);
    struct torci_recording_event event =
        stream_event(mode == TORC_CLOSE_ABORT ? TORC_TRACE_reset : TORC_TRACE_close, stream, 0);

    recorder->inner->ops->close(recorder->inner, stream->inner, mode);
    torci_recorder_record(recorder, &event);
    torci_recorder_objects_remove(&recorder->streams, handle);
}

int torci_recorder_names(struct torc_platform *self, uint64_t handle,
                         struct torc_address *out_local, struct torc_address *out_peer)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recorder_object *stream = stream_of(recorder, handle);
    struct torc_address local = {.family = TORC_ADDRESS_NONE};
    struct torc_address peer = {.family = TORC_ADDRESS_NONE};
    char local_text[TORC_ADDRESS_TEXT_MAX];
    char peer_text[TORC_ADDRESS_TEXT_MAX];
    int status = recorder->inner->ops->names(recorder->inner, stream->inner,
                                             out_local != NULL ? &local : NULL,
                                             out_peer != NULL ? &peer : NULL);
    struct torci_recording_event event = stream_event(TORC_TRACE_names, stream, status);

    torc_address_format(&local, local_text, sizeof(local_text));
    torc_address_format(&peer, peer_text, sizeof(peer_text));
    event.text = local_text;
    event.more_text = peer_text;
    torci_recorder_record(recorder, &event);
    if (status == 0 && out_local != NULL) {
        *out_local = local;
    }
    if (status == 0 && out_peer != NULL) {
        *out_peer = peer;
    }
    return status;
}

int torci_recorder_set_option(struct torc_platform *self, uint64_t handle,
                              enum torc_stream_option option, int value)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recorder_object *stream = stream_of(recorder, handle);
    int status = recorder->inner->ops->set_option(recorder->inner, stream->inner, option, value);
    struct torci_recording_event event = stream_event(TORC_TRACE_option, stream, status);

    event.text = option == TORC_STREAM_NODELAY ? "nodelay" : "keepalive";
    event.number = value;
    torci_recorder_record(recorder, &event);
    return status;
}
