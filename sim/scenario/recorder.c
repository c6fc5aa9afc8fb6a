/* recorder.c - the platform that wraps another one and writes down what passes.
 *
 * The program gets the recorder's own handles, and the platform below gets the recorder's own tokens:
 * both are indexes into the table of streams, so each is found without a search. */
#include <stdlib.h>
#include <string.h>

#include <torc/clock.h>
#include <torc/format.h>
#include <torc/recording.h>

#include "recorder_objects.h"
#include "recording_event.h"
#include "recording_header.h"

#define FLUSH_INTERVAL_DEFAULT_NS (100 * TORC_MILLISECOND)

struct recorder {
    struct torc_platform platform;
    struct torc_platform *inner;
    struct torc_trace *trace;
    torc_trace_write_fn *write;
    int (*flush)(void *arg);
    void *arg;
    uint64_t flush_interval_ns;
    uint64_t base_ns; /* the inner clock at time 0 */
    uint64_t now_ns;
    uint64_t turn_n;  /* the event of the present turn; 0 before the first */
    uint64_t unflushed_since_ns;
    bool unflushed;
    bool recording;
    int error;
    uint64_t signal_token;
    struct torci_recorder_objects streams;
    struct torci_recorder_objects jobs;
    struct torci_recording_trailer totals;
    char *ready; /* text of a turn */
    size_t ready_capacity;
};

static const struct torc_platform_ops recorder_ops;

static struct recorder *recorder_of(struct torc_platform *platform)
{
    return (struct recorder *)platform;
}

static const struct recorder *const_recorder_of(const struct torc_platform *platform)
{
    return (const struct recorder *)platform;
}

/* --- writing ---------------------------------------------------------------------------------- */

static int write_line(void *arg, const char *line, size_t bytes)
{
    struct recorder *recorder = arg;

    if (!recorder->unflushed) {
        recorder->unflushed = true;
        recorder->unflushed_since_ns = recorder->now_ns;
    }
    return recorder->write(recorder->arg, line, bytes);
}

static void fail(struct recorder *recorder, int error)
{
    recorder->error = error;
    recorder->recording = false;
}

static void flush(struct recorder *recorder)
{
    int error = 0;

    if (recorder->unflushed && recorder->flush != NULL) {
        error = recorder->flush(recorder->arg);
    }
    recorder->unflushed = false;
    if (error != 0) {
        fail(recorder, error);
    }
}

/* Completes an event with time and cause and writes it; returns its n, 0 if it is not recorded. */
static uint64_t record(struct recorder *recorder, struct torci_recording_event *event)
{
    uint64_t n;
    int error;

    if (!recorder->recording) {
        return 0;
    }
    event->t_ns = recorder->now_ns;
    if (event->cause == 0 && event->kind != TORC_TRACE_turn) {
        event->cause = recorder->turn_n;
    }
    n = torci_recording_event_emit(event, recorder->trace);
    error = torc_trace_error(recorder->trace);
    if (error != 0) {
        fail(recorder, error);
    }
    return n;
}

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

/* --- waiting ---------------------------------------------------------------------------------- */

static bool reserve_ready(struct recorder *recorder, size_t events)
{
    size_t needed = (events + 1) * TORCI_READY_TEXT_MAX;
    char *grown;

    if (needed <= recorder->ready_capacity) {
        return true;
    }
    grown = realloc(recorder->ready, needed);
    if (grown == NULL) {
        fail(recorder, TORC_ENOMEM);
        return false;
    }
    recorder->ready = grown;
    recorder->ready_capacity = needed;
    return true;
}

/* Gives an event the program's own token and says what it is about.  False: its object is gone. */
static bool translate(struct recorder *recorder, struct torc_platform_event *event,
                      struct torci_ready *ready)
{
    struct torci_recorder_object *object;

    ready->events = event->events;
    ready->result = event->result;
    ready->object = (struct torci_object){0, 0};
    if (event->events == TORC_EVENT_SIGNAL) {
        event->token = recorder->signal_token;
        return true;
    }
    object = torci_recorder_objects_get(
        event->events == TORC_EVENT_JOB ? &recorder->jobs : &recorder->streams, event->token);
    if (object == NULL) {
        return false;
    }
    ready->object = object->name;
    if (event->events == TORC_EVENT_JOB) {
        uint64_t handle = event->token;

        event->token = object->token;
        torci_recorder_objects_remove(&recorder->jobs, handle);
    } else {
        event->token = object->token;
    }
    return true;
}

static size_t recorder_wait(struct torc_platform *self, uint64_t deadline_ns,
                            struct torc_platform_event *batch, size_t capacity)
{
    struct recorder *recorder = recorder_of(self);
    struct torci_recording_event turn = {.kind = TORC_TRACE_turn};
    uint64_t flush_at_ns = recorder->unflushed_since_ns + recorder->flush_interval_ns;
    bool writable = reserve_ready(recorder, capacity);
    size_t text_bytes = 0;
    size_t count;
    size_t kept = 0;

    if (recorder->unflushed && recorder->now_ns >= flush_at_ns) {
        flush(recorder);
    }
    if (recorder->unflushed && flush_at_ns < deadline_ns) {
        deadline_ns = flush_at_ns; /* at the worst this is a turn with nothing to do */
    }
    if (deadline_ns != 0 && deadline_ns != TORC_NEVER) {
        deadline_ns += recorder->base_ns;
    }
    count = recorder->inner->ops->wait(recorder->inner, deadline_ns, batch, capacity);
    recorder->now_ns = recorder->inner->ops->now_ns(recorder->inner) - recorder->base_ns;
    for (size_t i = 0; i < count; i++) {
        struct torci_ready ready;

        if (!translate(recorder, &batch[i], &ready)) {
            continue;
        }
        batch[kept++] = batch[i];
        if (writable) {
            if (text_bytes > 0) {
                recorder->ready[text_bytes++] = ' ';
            }
            text_bytes += torci_ready_format(&ready, recorder->ready + text_bytes);
        }
    }
    if (writable) {
        recorder->ready[text_bytes] = '\0';
        turn.text = recorder->ready;
        recorder->turn_n = record(recorder, &turn);
        recorder->totals.turns++;
    }
    return kept;
}

static void recorder_wake(struct torc_platform *self)
{
    struct torc_platform *inner = recorder_of(self)->inner;

    inner->ops->wake(inner);
}

static bool recorder_in_reactor(struct torc_platform *self)
{
    struct torc_platform *inner = recorder_of(self)->inner;

    return inner->ops->in_reactor(inner);
}

/* --- clock, entropy, memory ------------------------------------------------------------------- */

static uint64_t recorder_now_ns(struct torc_platform *self)
{
    return recorder_of(self)->now_ns;
}

static uint64_t recorder_wall_ns(struct torc_platform *self)
{
    struct recorder *recorder = recorder_of(self);
    uint64_t wall_ns = recorder->inner->ops->wall_ns(recorder->inner);
    struct torci_recording_event event = {.kind = TORC_TRACE_clock, .number = (int64_t)wall_ns};

    record(recorder, &event);
    return wall_ns;
}

static void recorder_random(struct torc_platform *self, const char *site, void *out, size_t bytes)
{
    struct recorder *recorder = recorder_of(self);
    struct torci_recording_event event = {
        .kind = TORC_TRACE_draw, .text = site, .data = out, .bytes = bytes};

    recorder->inner->ops->random(recorder->inner, site, out, bytes);
    record(recorder, &event);
}

static void *recorder_resize(struct torc_platform *self, void *ptr, size_t old_bytes,
                             size_t new_bytes)
{
    struct torc_platform *inner = recorder_of(self)->inner;

    return inner->ops->resize(inner, ptr, old_bytes, new_bytes);
}

static int recorder_admit(struct torc_platform *self, size_t bytes)
{
    struct torc_platform *inner = recorder_of(self)->inner;

    return inner->ops->admit(inner, bytes);
}

/* --- streams ---------------------------------------------------------------------------------- */

static struct torci_recorder_object *stream_of(struct recorder *recorder, uint64_t handle)
{
    return torci_recorder_objects_get(&recorder->streams, handle);
}

/* Ends the making of a listener or a connection, whose place in the table is `handle`: keeps it or gives
 * it back, and records which. */
static int made(struct recorder *recorder, uint64_t handle, uint64_t inner_handle, int status,
                struct torci_recording_event *event, uint64_t *out_handle)
{
    struct torci_recorder_object *stream = stream_of(recorder, handle);

    event->error = status;
    if (status != 0) {
        torci_recorder_objects_remove(&recorder->streams, handle);
        if (status != TORC_EAGAIN) {
            record(recorder, event);
        }
        return status;
    }
    stream->inner = inner_handle;
    torci_recorder_objects_name(&recorder->streams, stream,
                                event->kind == TORC_TRACE_listen ? 'l' : 'c');
    event->as = stream->name;
    record(recorder, event);
    if (event->kind != TORC_TRACE_listen) {
        recorder->totals.connections++;
    }
    *out_handle = handle;
    return 0;
}

static int recorder_listen(struct torc_platform *self, const struct torc_address *address,
                           const struct torc_listen_settings *settings, uint64_t token,
                           uint64_t *out_handle)
{
    struct recorder *recorder = recorder_of(self);
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

static int recorder_accept(struct torc_platform *self, uint64_t listener, uint64_t token,
                           uint64_t *out_handle, struct torc_address *out_peer)
{
    struct recorder *recorder = recorder_of(self);
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

static int recorder_connect(struct torc_platform *self, const struct torc_address *address,
                            const struct torc_address *local, uint64_t token, uint64_t *out_handle)
{
    struct recorder *recorder = recorder_of(self);
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

static int recorder_refuse(struct torc_platform *self, uint64_t listener)
{
    struct recorder *recorder = recorder_of(self);
    struct torci_recorder_object *stream = stream_of(recorder, listener);
    int status = recorder->inner->ops->refuse(recorder->inner, stream->inner);

    if (status != TORC_EAGAIN) {
        struct torci_recording_event event = stream_event(TORC_TRACE_refuse, stream, status);

        record(recorder, &event);
    }
    return status;
}

static int recorder_read(struct torc_platform *self, uint64_t handle, void *buffer, size_t bytes,
                         size_t *out_bytes)
{
    struct recorder *recorder = recorder_of(self);
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
        stream->read_n = record(recorder, &event);
        recorder->totals.read_bytes += read_bytes;
    }
    if (status == 0) {
        *out_bytes = read_bytes;
    }
    return status;
}

/* The first `bytes` of what was to be written, in one piece: where it lies, or gathered. */
static const void *gather(struct recorder *recorder, const struct torc_span *spans, size_t bytes)
{
    size_t done = 0;

    if (bytes <= spans[0].bytes) {
        return spans[0].data;
    }
    if (!reserve_ready(recorder, bytes / TORCI_READY_TEXT_MAX + 1)) {
        return NULL;
    }
    for (size_t i = 0; done < bytes; i++) {
        size_t part = spans[i].bytes < bytes - done ? spans[i].bytes : bytes - done;

        if (part > 0) {
            memcpy(recorder->ready + done, spans[i].data, part);
        }
        done += part;
    }
    return recorder->ready;
}

static int recorder_writev(struct torc_platform *self, uint64_t handle,
                           const struct torc_span *spans, size_t count, size_t *out_bytes)
{
    struct recorder *recorder = recorder_of(self);
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
        record(recorder, &event);
        recorder->totals.written_bytes += written_bytes;
    }
    if (status == 0) {
        *out_bytes = written_bytes;
    }
    return status;
}

static void recorder_interest(struct torc_platform *self, uint64_t handle, uint32_t events)
{
    struct recorder *recorder = recorder_of(self);

    recorder->inner->ops->interest(recorder->inner, stream_of(recorder, handle)->inner, events);
}

static int recorder_shutdown(struct torc_platform *self, uint64_t handle)
{
    struct recorder *recorder = recorder_of(self);
    struct torci_recorder_object *stream = stream_of(recorder, handle);
    int status = recorder->inner->ops->shutdown(recorder->inner, stream->inner);
    struct torci_recording_event event = stream_event(TORC_TRACE_shutdown, stream, status);

    record(recorder, &event);
    return status;
}

static void recorder_close(struct torc_platform *self, uint64_t handle, enum torc_close_mode mode)
{
    struct recorder *recorder = recorder_of(self);
    struct torci_recorder_object *stream = stream_of(recorder, handle);
    struct torci_recording_event event =
        stream_event(mode == TORC_CLOSE_ABORT ? TORC_TRACE_reset : TORC_TRACE_close, stream, 0);

    recorder->inner->ops->close(recorder->inner, stream->inner, mode);
    record(recorder, &event);
    torci_recorder_objects_remove(&recorder->streams, handle);
}

static int recorder_names(struct torc_platform *self, uint64_t handle,
                          struct torc_address *out_local, struct torc_address *out_peer)
{
    struct recorder *recorder = recorder_of(self);
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
    record(recorder, &event);
    if (status == 0 && out_local != NULL) {
        *out_local = local;
    }
    if (status == 0 && out_peer != NULL) {
        *out_peer = peer;
    }
    return status;
}

static int recorder_set_option(struct torc_platform *self, uint64_t handle,
                               enum torc_stream_option option, int value)
{
    struct recorder *recorder = recorder_of(self);
    struct torci_recorder_object *stream = stream_of(recorder, handle);
    int status = recorder->inner->ops->set_option(recorder->inner, stream->inner, option, value);
    struct torci_recording_event event = stream_event(TORC_TRACE_option, stream, status);

    event.text = option == TORC_STREAM_NODELAY ? "nodelay" : "keepalive";
    event.number = value;
    record(recorder, &event);
    return status;
}

/* --- jobs, signals, the end -------------------------------------------------------------------- */

static int recorder_submit(struct torc_platform *self, torc_work_fn *work, void *arg,
                           uint64_t token)
{
    struct recorder *recorder = recorder_of(self);
    struct torci_recording_event event = {.kind = TORC_TRACE_job};
    struct torci_recorder_object *job;
    uint64_t handle;
    int status = torci_recorder_objects_add(&recorder->jobs, token, &handle);

    if (status != 0) {
        return status;
    }
    event.error = recorder->inner->ops->submit(recorder->inner, work, arg, handle);
    if (event.error == 0) {
        job = torci_recorder_objects_get(&recorder->jobs, handle);
        torci_recorder_objects_name(&recorder->jobs, job, 'j');
        event.as = job->name;
    } else {
        torci_recorder_objects_remove(&recorder->jobs, handle);
    }
    record(recorder, &event);
    return event.error;
}

static int recorder_signals(struct torc_platform *self, bool watch, uint64_t token)
{
    struct recorder *recorder = recorder_of(self);
    struct torci_recording_event event = {.kind = TORC_TRACE_signal, .number = watch ? 1 : 0};

    event.error = recorder->inner->ops->signals(recorder->inner, watch, token);
    if (event.error == 0) {
        recorder->signal_token = token;
    }
    record(recorder, &event);
    return event.error;
}

TORC_NORETURN static void recorder_fatal(struct torc_platform *self, const char *site, const char *message)
{
    struct recorder *recorder = recorder_of(self);

    /* Another thread may be the one that calls: the recording is the reactor's. */
    if (recorder->inner->ops->in_reactor(recorder->inner)) {
        flush(recorder);
    }
    recorder->inner->ops->fatal(recorder->inner, site, message);
}

static const struct torc_platform_ops recorder_ops = {
    .size = sizeof(struct torc_platform_ops),
    .name = "recorder",
    .driven = false,
    .now_ns = recorder_now_ns,
    .wall_ns = recorder_wall_ns,
    .random = recorder_random,
    .resize = recorder_resize,
    .admit = recorder_admit,
    .wait = recorder_wait,
    .wake = recorder_wake,
    .in_reactor = recorder_in_reactor,
    .listen = recorder_listen,
    .accept = recorder_accept,
    .refuse = recorder_refuse,
    .connect = recorder_connect,
    .read = recorder_read,
    .writev = recorder_writev,
    .interest = recorder_interest,
    .shutdown = recorder_shutdown,
    .close = recorder_close,
    .names = recorder_names,
    .set_option = recorder_set_option,
    .submit = recorder_submit,
    .signals = recorder_signals,
    .fatal = recorder_fatal,
};

/* --- beginning and end ------------------------------------------------------------------------- */

int torc_recorder_new(struct torc_platform *inner, const struct torc_recorder_options *options,
                      struct torc_platform **out)
{
    struct recorder *recorder = calloc(1, sizeof(*recorder));
    char *header;
    int status;

    if (recorder == NULL) {
        return TORC_ENOMEM;
    }
    recorder->platform.ops = &recorder_ops;
    recorder->inner = inner;
    recorder->write = options->write;
    recorder->flush = options->flush;
    recorder->arg = options->arg;
    recorder->flush_interval_ns = options->flush_interval_ns != 0 ? options->flush_interval_ns
                                                                  : FLUSH_INTERVAL_DEFAULT_NS;
    recorder->base_ns = inner->ops->now_ns(inner);
    recorder->recording = true;
    header = torci_recording_header_text(options, (int64_t)inner->ops->wall_ns(inner));
    status = header == NULL ? TORC_ENOMEM : write_line(recorder, header, strlen(header));
    free(header);
    if (status == 0) {
        status = torc_trace_new(write_line, recorder, &recorder->trace);
    }
    if (status != 0) {
        free(recorder);
        return status;
    }
    *out = &recorder->platform;
    return 0;
}

int torc_recorder_finish(struct torc_platform *platform)
{
    struct recorder *recorder = recorder_of(platform);
    char *trailer;

    if (recorder->recording) {
        recorder->totals.events = torc_trace_count(recorder->trace);
        torc_trace_digest(recorder->trace, recorder->totals.digest);
        trailer = torci_recording_trailer_text(&recorder->totals);
        recorder->error =
            trailer == NULL ? TORC_ENOMEM : write_line(recorder, trailer, strlen(trailer));
        free(trailer);
        if (recorder->error == 0) {
            flush(recorder);
        }
        recorder->recording = false;
    }
    return recorder->error;
}

uint64_t torc_recorder_events(const struct torc_platform *platform)
{
    return torc_trace_count(const_recorder_of(platform)->trace);
}

int torc_recorder_error(const struct torc_platform *platform)
{
    return const_recorder_of(platform)->error;
}

void torc_recorder_free(struct torc_platform *platform)
{
    struct recorder *recorder;

    if (platform == NULL) {
        return;
    }
    recorder = recorder_of(platform);
    torc_trace_free(recorder->trace);
    torci_recorder_objects_clear(&recorder->streams);
    torci_recorder_objects_clear(&recorder->jobs);
    free(recorder->ready);
    free(recorder);
}
