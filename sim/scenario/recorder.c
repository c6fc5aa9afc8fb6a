#include "recorder.h"

#include <stdlib.h>
#include <string.h>

#include <torc/clock.h>
#include <torc/format.h>

#define FLUSH_INTERVAL_DEFAULT_NS (100 * TORC_MILLISECOND)

static const struct torc_platform_ops recorder_ops;

/* --- writing ---------------------------------------------------------------------------------- */

void torci_recorder_lock(struct torci_recorder *recorder)
{
    pthread_mutex_lock(&recorder->lock);
}

void torci_recorder_unlock(struct torci_recorder *recorder)
{
    pthread_mutex_unlock(&recorder->lock);
}

static int write_line(void *arg, const char *line, size_t bytes)
{
    struct torci_recorder *recorder = arg;

    if (!recorder->unflushed) {
        recorder->unflushed = true;
        recorder->unflushed_since_ns = recorder->now_ns;
    }
    return recorder->write(recorder->arg, line, bytes);
}

void torci_recorder_fail(struct torci_recorder *recorder, int error)
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
        torci_recorder_fail(recorder, error);
    }
}

void torci_recorder_flush_if_waiting(struct torci_recorder *recorder)
{
    if (recorder->waiting) {
        flush(recorder);
    }
}

uint64_t torci_recorder_record_locked(struct torci_recorder *recorder,
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
        torci_recorder_fail(recorder, error);
    }
    return n;
}

uint64_t torci_recorder_record(struct torci_recorder *recorder,
                               struct torci_recording_event *event)
{
    uint64_t n;

    torci_recorder_lock(recorder);
    n = torci_recorder_record_locked(recorder, event);
    torci_recorder_unlock(recorder);
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
        torci_recorder_lock(recorder);
        torci_recorder_fail(recorder, TORC_ENOMEM);
        torci_recorder_unlock(recorder);
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
    object = torci_recorder_objects_get(event->events == TORC_EVENT_JOB     ? &recorder->jobs
                                        : event->events == TORC_EVENT_NAMES ? &recorder->lookups
                                                                            : &recorder->streams,
                                        event->token);
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

/* Flushes what is due; returns when the next flush is, or TORC_NEVER. */
static uint64_t flush_due(struct torci_recorder *recorder)
{
    uint64_t flush_at_ns;

    torci_recorder_lock(recorder);
    flush_at_ns = recorder->unflushed_since_ns + recorder->flush_interval_ns;
    if (recorder->unflushed && recorder->now_ns >= flush_at_ns) {
        flush(recorder);
    }
    recorder->waiting = true;
    flush_at_ns = recorder->unflushed ? flush_at_ns : TORC_NEVER;
    torci_recorder_unlock(recorder);
    return flush_at_ns;
}

/* The wait has ended: the time goes on, and the turn is recorded as `text`, unless that could not be made. */
static void record_turn(struct torci_recorder *recorder, const char *text)
{
    struct torci_recording_event turn = {.kind = TORC_TRACE_turn, .text = text};
    uint64_t now_ns = recorder->inner->ops->now_ns(recorder->inner) - recorder->base_ns;

    torci_recorder_lock(recorder);
    recorder->waiting = false;
    recorder->now_ns = now_ns;
    if (text != NULL) {
        recorder->turn_n = torci_recorder_record_locked(recorder, &turn);
        recorder->totals.turns++;
    }
    torci_recorder_unlock(recorder);
}

/* Gives what a wait told the program's own tokens, and records it in `text`, which may be NULL.  Returns how
 * many events are left. */
static size_t begin_turn(struct torci_recorder *recorder, struct torc_platform_event *batch,
                         size_t count, char *text)
{
    size_t text_bytes = 0;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        struct torci_ready ready;

        if (!translate(recorder, &batch[i], &ready)) {
            continue;
        }
        batch[kept++] = batch[i];
        if (text != NULL) {
            if (text_bytes > 0) {
                text[text_bytes++] = ' ';
            }
            text_bytes += torci_ready_format(&ready, text + text_bytes);
        }
    }
    if (text != NULL) {
        text[text_bytes] = '\0';
    }
    record_turn(recorder, text);
    return kept;
}

static size_t recorder_wait(struct torc_platform *self, uint64_t deadline_ns,
                            struct torc_platform_event *batch, size_t capacity)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    bool writable = torci_recorder_reserve(recorder, (capacity + 1) * TORCI_READY_TEXT_MAX);
    uint64_t flush_at_ns = flush_due(recorder);
    size_t count;

    if (flush_at_ns < deadline_ns) {
        deadline_ns = flush_at_ns; /* at the worst this is a turn with nothing to do */
    }
    if (deadline_ns != 0 && deadline_ns != TORC_NEVER) {
        deadline_ns += recorder->base_ns;
    }
    count = recorder->inner->ops->wait(recorder->inner, deadline_ns, batch, capacity);
    return begin_turn(recorder, batch, count, writable ? recorder->buffer : NULL);
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

/* --- signals, the end -------------------------------------------------------------------------- */

static const char *recorder_storage(struct torc_platform *self)
{
    struct torc_platform *inner = torci_recorder_of(self)->inner;

    return inner->ops->storage(inner);
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

    /* It may be in the middle of a line, on this thread or another. */
    if (pthread_mutex_trylock(&recorder->lock) == 0) {
        flush(recorder);
        torci_recorder_unlock(recorder);
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
    .datagram_open = torci_recorder_datagram_open,
    .datagram_connect = torci_recorder_datagram_connect,
    .datagram_send = torci_recorder_datagram_send,
    .datagram_receive = torci_recorder_datagram_receive,
    .resolve = torci_recorder_resolve,
    .resolved = torci_recorder_resolved,
    .resolve_end = torci_recorder_resolve_end,
    .submit = torci_recorder_submit,
    .storage = recorder_storage,
    .database = torci_recorder_database,
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
    if (status == 0 && pthread_mutex_init(&recorder->lock, NULL) != 0) {
        status = TORC_ENOMEM;
    }
    if (status != 0) {
        torc_trace_free(recorder->trace);
        free(recorder);
        return status;
    }
    *out = &recorder->platform;
    return 0;
}

/* Writes the last line.  Under the lock. */
static int finish(struct torci_recorder *recorder)
{
    char *trailer;
    int status;

    recorder->totals.events = torc_trace_count(recorder->trace);
    torc_trace_digest(recorder->trace, recorder->totals.digest);
    trailer = torci_recording_trailer_text(&recorder->totals);
    status = trailer == NULL ? TORC_ENOMEM : write_line(recorder, trailer, strlen(trailer));
    free(trailer);
    if (status == 0) {
        flush(recorder);
        status = recorder->error;
    }
    return status;
}

int torc_recorder_finish(struct torc_platform *platform)
{
    struct torci_recorder *recorder = torci_recorder_of(platform);
    int error;

    torci_recorder_lock(recorder);
    if (recorder->recording) {
        recorder->error = finish(recorder);
        recorder->recording = false;
    }
    error = recorder->error;
    torci_recorder_unlock(recorder);
    return error;
}

uint64_t torc_recorder_events(struct torc_platform *platform)
{
    struct torci_recorder *recorder = torci_recorder_of(platform);
    uint64_t events;

    torci_recorder_lock(recorder);
    events = torc_trace_count(recorder->trace);
    torci_recorder_unlock(recorder);
    return events;
}

int torc_recorder_error(struct torc_platform *platform)
{
    struct torci_recorder *recorder = torci_recorder_of(platform);
    int error;

    torci_recorder_lock(recorder);
    error = recorder->error;
    torci_recorder_unlock(recorder);
    return error;
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
    torci_recorder_objects_clear(&recorder->lookups);
    torci_recorder_connections_free(recorder);
    pthread_mutex_destroy(&recorder->lock);
    free(recorder->buffer);
    free(recorder);
}
