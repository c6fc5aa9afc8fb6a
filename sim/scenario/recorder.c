#include "recorder.h"

#include <stdlib.h>
#include <string.h>

#include <torc/clock.h>
#include <torc/format.h>

#define FLUSH_INTERVAL_DEFAULT_NS (100 * TORC_MILLISECOND)

static const struct torc_platform_ops recorder_ops;

static const struct torci_recorder *const_recorder_of(const struct torc_platform *platform)
{
    return (const struct torci_recorder *)platform;
}

/* --- writing ---------------------------------------------------------------------------------- */

static int write_line(void *arg, const char *line, size_t bytes)
{
    struct torci_recorder *recorder = arg;

    if (!recorder->unflushed) {
        recorder->unflushed = true;
        recorder->unflushed_since_ns = recorder->now_ns;
    }
    return recorder->write(recorder->arg, line, bytes);
}

static void fail(struct torci_recorder *recorder, int error)
{
    recorder->error = error;
    recorder->recording = false;
}

static void flush(struct torci_recorder *recorder)
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

uint64_t torci_recorder_record(struct torci_recorder *recorder,
                               struct torci_recording_event *event)
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

/* --- waiting ---------------------------------------------------------------------------------- */

bool torci_recorder_reserve(struct torci_recorder *recorder, size_t needed)
{
    char *grown;

    if (needed <= recorder->buffer_capacity) {
        return true;
    }
    grown = realloc(recorder->buffer, needed);
    if (grown == NULL) {
        fail(recorder, TORC_ENOMEM);
        return false;
    }
    recorder->buffer = grown;
    recorder->buffer_capacity = needed;
    return true;
}

/* Gives an event the program's own token and says what it is about.  False: its object is gone. */
static bool translate(struct torci_recorder *recorder, struct torc_platform_event *event,
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
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recording_event turn = {.kind = TORC_TRACE_turn};
    uint64_t flush_at_ns = recorder->unflushed_since_ns + recorder->flush_interval_ns;
    bool writable = torci_recorder_reserve(recorder, (capacity + 1) * TORCI_READY_TEXT_MAX);
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
                recorder->buffer[text_bytes++] = ' ';
            }
            text_bytes += torci_ready_format(&ready, recorder->buffer + text_bytes);
        }
    }
    if (writable) {
        recorder->buffer[text_bytes] = '\0';
        turn.text = recorder->buffer;
        recorder->turn_n = torci_recorder_record(recorder, &turn);
        recorder->totals.turns++;
    }
    return kept;
}

static void recorder_wake(struct torc_platform *self)
{
    struct torc_platform *inner = torci_recorder_of(self)->inner;

    inner->ops->wake(inner);
}

static bool recorder_in_reactor(struct torc_platform *self)
{
    struct torc_platform *inner = torci_recorder_of(self)->inner;

    return inner->ops->in_reactor(inner);
}

/* --- clock, entropy, memory ------------------------------------------------------------------- */

static uint64_t recorder_now_ns(struct torc_platform *self)
{
    return torci_recorder_of(self)->now_ns;
}

static uint64_t recorder_wall_ns(struct torc_platform *self)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    uint64_t wall_ns = recorder->inner->ops->wall_ns(recorder->inner);
    struct torci_recording_event event = {.kind = TORC_TRACE_clock, .number = (int64_t)wall_ns};

    torci_recorder_record(recorder, &event);
    return wall_ns;
}

static void recorder_random(struct torc_platform *self, const char *site, void *out, size_t bytes)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recording_event event = {
        .kind = TORC_TRACE_draw, .text = site, .data = out, .bytes = bytes};

    recorder->inner->ops->random(recorder->inner, site, out, bytes);
    torci_recorder_record(recorder, &event);
}

static void *recorder_resize(struct torc_platform *self, void *ptr, size_t old_bytes,
                             size_t new_bytes)
{
    struct torc_platform *inner = torci_recorder_of(self)->inner;

    return inner->ops->resize(inner, ptr, old_bytes, new_bytes);
}

static int recorder_admit(struct torc_platform *self, size_t bytes)
{
    struct torc_platform *inner = torci_recorder_of(self)->inner;

    return inner->ops->admit(inner, bytes);
}

/* --- jobs, signals, the end -------------------------------------------------------------------- */

static int recorder_submit(struct torc_platform *self, torc_work_fn *work, void *arg,
                           uint64_t token)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
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
    torci_recorder_record(recorder, &event);
    return event.error;
}

static const char *recorder_storage(struct torc_platform *self)
{
    struct torc_platform *inner = torci_recorder_of(self)->inner;

    return inner->ops->storage(inner);
}

static enum torc_database_answer recorder_database(struct torc_platform *self,
                                                   struct torc_database_event *event)
{
    struct torc_platform *inner = torci_recorder_of(self)->inner;

    return inner->ops->database(inner, event);
}

static int recorder_signals(struct torc_platform *self, bool watch, uint64_t token)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recording_event event = {.kind = TORC_TRACE_signal, .number = watch ? 1 : 0};

    event.error = recorder->inner->ops->signals(recorder->inner, watch, token);
    if (event.error == 0) {
        recorder->signal_token = token;
    }
    torci_recorder_record(recorder, &event);
    return event.error;
}

TORC_NORETURN static void recorder_fatal(struct torc_platform *self, const char *site, const char *message)
{
    struct torci_recorder *recorder = torci_recorder_of(self);

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
    .listen = torci_recorder_listen,
    .accept = torci_recorder_accept,
    .refuse = torci_recorder_refuse,
    .connect = torci_recorder_connect,
    .read = torci_recorder_read,
    .writev = torci_recorder_writev,
    .interest = torci_recorder_interest,
    .shutdown = torci_recorder_shutdown,
    .close = torci_recorder_close,
    .names = torci_recorder_names,
    .set_option = torci_recorder_set_option,
    .submit = recorder_submit,
    .storage = recorder_storage,
    .database = recorder_database,
    .signals = recorder_signals,
    .fatal = recorder_fatal,
};

/* --- beginning and end ------------------------------------------------------------------------- */

int torc_recorder_new(struct torc_platform *inner, const struct torc_recorder_options *options,
                      struct torc_platform **out)
{
    struct torci_recorder *recorder;
    char *header;
    int status;

    if (inner->ops->driven) {
        return TORC_EINVAL;
    }
    recorder = calloc(1, sizeof(*recorder));
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
    struct torci_recorder *recorder = torci_recorder_of(platform);
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
    struct torci_recorder *recorder;

    if (platform == NULL) {
        return;
    }
    recorder = torci_recorder_of(platform);
    torc_trace_free(recorder->trace);
    torci_recorder_objects_clear(&recorder->streams);
    torci_recorder_objects_clear(&recorder->jobs);
    free(recorder->buffer);
    free(recorder);
}
