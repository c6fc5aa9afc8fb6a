#include "replayer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/clock.h>

#include "replay_real.h"

static struct torci_replayer *replayer_of(struct torc_platform *platform)
{
    return (struct torci_replayer *)platform;
}

/* --- the end of a turn --------------------------------------------------------------------------- */

/* What a recorded event that the program did not do is called; NULL: it need not be done. */
static const char *undone(const struct torci_recording_event *event)
{
    switch (event->kind) {
    case TORC_TRACE_listen:
        return "did not listen";
    case TORC_TRACE_connect:
        return "did not connect";
    case TORC_TRACE_accept:
        return "did not accept the connection";
    case TORC_TRACE_rx:
        return "did not read what is recorded to have been read";
    case TORC_TRACE_tx:
        return event->error != 0 ? "did not write" : NULL;
    case TORC_TRACE_shutdown:
        return "did not end its side of the connection";
    case TORC_TRACE_close:
        return "did not close";
    case TORC_TRACE_reset:
        return "did not abort the connection";
    case TORC_TRACE_draw:
        return "did not draw random bytes";
    case TORC_TRACE_job:
        return "did not submit the job";
    case TORC_TRACE_datagram:
        return "did not open the datagram port";
    case TORC_TRACE_peer:
        return "did not connect the datagram port";
    case TORC_TRACE_send:
        return "did not send the datagram";
    case TORC_TRACE_receive:
        return "did not receive the datagram";
    case TORC_TRACE_resolve:
        return event->number == TORCI_RESOLVE_BEGIN ? "did not look up the name" : NULL;
    default:
        return NULL;
    }
}

/* Compares what the turn has left with what the program was to do. */
static void compare_rest(struct torci_replayer *replayer)
{
    for (size_t i = 0; i < replayer->event_count && !replayer->over; i++) {
        const struct torci_replay_event *event = &replayer->events[i];
        const struct torci_recording_event *recorded = &event->recorded.event;
        const struct torci_replay_stream *stream = torci_replay_stream_find(replayer, recorded->on);
        const char *what = event->used ? NULL : undone(recorded);

        if (event->used) {
            continue;
        }
        if (recorded->kind == TORC_TRACE_tx && recorded->error == 0 &&
            event->done < recorded->bytes) {
            torci_replay_differs_in_length(replayer, event, stream);
        } else if (what != NULL && recorded->text != NULL) {
            torci_replay_differs(replayer, event, stream, "%s (%s)", what, recorded->text);
        } else if (what != NULL) {
            torci_replay_differs(replayer, event, stream, "%s", what);
        }
    }
}

static bool is_taken(enum torc_trace_kind kind)
{
    return kind == TORC_TRACE_rx || kind == TORC_TRACE_accept || kind == TORC_TRACE_receive;
}

/* How much the program has still to read and to accept in this turn. */
static size_t left_to_read(const struct torci_replayer *replayer)
{
    size_t left = 0;

    for (size_t i = 0; i < replayer->event_count; i++) {
        const struct torci_replay_event *event = &replayer->events[i];
        const struct torci_recording_event *recorded = &event->recorded.event;

        if (!event->used && is_taken(recorded->kind)) {
            left += 1 + recorded->bytes - event->done;
        }
    }
    return left;
}

/* --- waiting ------------------------------------------------------------------------------------- */

/* Readiness for each stream that wants it and has something of this turn left: a program that reads in
 * smaller pieces than the recorded one needs more than one turn. */
static size_t tell_again(struct torci_replayer *replayer, struct torc_platform_event *batch,
                         size_t capacity)
{
    size_t count = 0;

    for (size_t i = 0; i < replayer->event_count && count < capacity; i++) {
        const struct torci_replay_event *event = &replayer->events[i];
        const struct torci_recording_event *recorded = &event->recorded.event;
        const struct torci_replay_stream *stream = torci_replay_stream_find(replayer, recorded->on);

        if (!event->used && stream != NULL && stream->open &&
            is_taken(recorded->kind) && (stream->interest & TORC_EVENT_READ) != 0 &&
            (count == 0 || batch[count - 1].token != stream->token)) {
            batch[count++] = (struct torc_platform_event){stream->token, TORC_EVENT_READ, 0};
        }
    }
    return count;
}

static void invalid_ready(struct torci_replayer *replayer, const struct torci_ready *ready)
{
    char name[TORCI_OBJECT_TEXT_MAX];

    snprintf(replayer->report->error, sizeof(replayer->report->error),
             "%s: event %llu (turn) tells of %s, which does not wait for that",
             replayer->recording->name, (unsigned long long)replayer->turn_n,
             torci_object_format(ready->object, name));
    replayer->status = TORC_ESYNTAX;
    replayer->over = true;
}

/* Makes the event of a recorded readiness.  False: nobody asked for it. */
static bool tell(struct torci_replayer *replayer, const struct torci_ready *ready,
                 struct torc_platform_event *out)
{
    struct torci_replay_stream *stream;

    out->result = ready->result;
    out->events = ready->events;
    if (ready->events == TORC_EVENT_SIGNAL) {
        out->token = replayer->signal_token;
        return replayer->signals_watched;
    }
    if (ready->events == TORC_EVENT_JOB) {
        for (size_t i = 0; i < replayer->job_count; i++) {
            if (replayer->jobs[i].number == ready->object.number) {
                torci_replay_job_end(replayer, i, &ready->result, out);
                return true;
            }
        }
        invalid_ready(replayer, ready);
        return false;
    }
    stream = torci_replay_stream_find(replayer, ready->object);
    if (stream != NULL && !stream->open) {
        return false; /* closed since the wait, when a batch is told in parts */
    }
    if (stream == NULL || (ready->events == TORC_EVENT_CONNECT) != stream->connecting) {
        invalid_ready(replayer, ready);
        return false;
    }
    out->token = stream->token;
    if (ready->events == TORC_EVENT_CONNECT) {
        stream->connecting = false;
        return true;
    }
    if (ready->events == TORC_EVENT_NAMES) {
        return true;
    }
    out->events &= stream->interest;
    return out->events != 0;
}

/* Tells what of the present turn was not told yet. */
static size_t tell_ready(struct torci_replayer *replayer, struct torc_platform_event *batch,
                         size_t capacity)
{
    size_t count = 0;

    while (count < capacity && !replayer->over && *replayer->ready != '\0') {
        struct torci_ready ready;

        replayer->ready += torci_ready_parse(replayer->ready, &ready);
        if (tell(replayer, &ready, &batch[count])) {
            count++;
        }
    }
    return count;
}

/* The program did what the turn has: goes on to the next. */
static void next_turn(struct torci_replayer *replayer)
{
    torci_replay_turn_finish(replayer);
    if (!replayer->follows && replayer->real != NULL) {
        torci_replay_real_end(replayer->real);
    }
    if (!replayer->follows) {
        torci_replay_database_rest(replayer);
    }
    if (!replayer->over) {
        torci_replay_turn_read(replayer);
    }
}

static size_t replayer_wait(struct torc_platform *self, uint64_t deadline_ns,
                            struct torc_platform_event *batch, size_t capacity)
{
    struct torci_replayer *replayer = replayer_of(self);
    size_t left;
    size_t count;

    (void)deadline_ns;
    if (!replayer->over && *replayer->ready != '\0') {
        return tell_ready(replayer, batch, capacity);
    }
    left = replayer->over ? 0 : left_to_read(replayer);
    if (left > 0 && (!replayer->told_again || left < replayer->left_before)) {
        count = tell_again(replayer, batch, capacity);
        if (count > 0) {
            replayer->told_again = true;
            replayer->left_before = left;
            return count;
        }
    }
    replayer->told_again = false;
    compare_rest(replayer);
    if (!replayer->over) {
        next_turn(replayer);
    }
    return replayer->over ? torci_replay_jobs_end(replayer, batch, capacity)
                          : tell_ready(replayer, batch, capacity);
}

static void replayer_wake(struct torc_platform *self)
{
    (void)self; /* wait never blocks */
}

static bool replayer_in_reactor(struct torc_platform *self)
{
    return !replayer_of(self)->in_job;
}

/* --- clock, entropy, memory ---------------------------------------------------------------------- */

static uint64_t replayer_now_ns(struct torc_platform *self)
{
    return replayer_of(self)->now_ns;
}

/* A reading more than recorded is no difference: it goes on from the last one. */
static uint64_t replayer_wall_ns(struct torc_platform *self)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_event *event =
        replayer->over ? NULL : torci_replay_turn_next(replayer, NULL, TORC_TRACE_clock);

    if (event != NULL) {
        event->used = true;
        replayer->wall_ns = (uint64_t)event->recorded.event.number;
        replayer->wall_at_ns = replayer->now_ns;
    }
    return replayer->wall_ns + (replayer->now_ns - replayer->wall_at_ns);
}

static void replayer_random(struct torc_platform *self, const char *site, void *out, size_t bytes)
{
    struct torci_replayer *replayer = replayer_of(self);

    memset(out, 0, bytes);
    for (size_t i = 0; i < replayer->event_count && !replayer->over; i++) {
        struct torci_replay_event *event = &replayer->events[i];
        const struct torci_recording_event *recorded = &event->recorded.event;

        if (event->used || recorded->kind != TORC_TRACE_draw || strcmp(recorded->text, site) != 0) {
            continue;
        }
        if (recorded->bytes != bytes) {
            torci_replay_differs(replayer, event, NULL,
                                 "drew %zu random bytes for %s, recorded are %zu", bytes, site,
                                 recorded->bytes);
            return;
        }
        event->used = true;
        memcpy(out, recorded->data, bytes);
        return;
    }
    torci_replay_differs(replayer, NULL, NULL,
                         "drew %zu random bytes for %s, which is not recorded", bytes, site);
}

/* A block begins behind its header, as aligned as the header is. */
static void *resize_block(struct torci_replayer *replayer, struct torci_replay_block *block,
                          size_t bytes)
{
    struct torci_replay_block *resized = realloc(block, sizeof(*block) + bytes);

    if (resized == NULL) {
        return NULL;
    }
    if (block == NULL) {
        resized->next = replayer->blocks;
        resized->link = &replayer->blocks;
    }
    *resized->link = resized;
    if (resized->next != NULL) {
        resized->next->link = &resized->next;
    }
    return resized + 1;
}

static void *replayer_resize(struct torc_platform *self, void *ptr, size_t old_bytes,
                             size_t new_bytes)
{
    struct torci_replay_block *block = ptr != NULL ? (struct torci_replay_block *)ptr - 1 : NULL;

    (void)old_bytes;
    if (new_bytes != 0) {
        return resize_block(replayer_of(self), block, new_bytes);
    }
    if (block != NULL) {
        *block->link = block->next;
        if (block->next != NULL) {
            block->next->link = block->link;
        }
        free(block);
    }
    return NULL;
}

static int replayer_admit(struct torc_platform *self, size_t bytes)
{
    (void)self;
    (void)bytes;
    return 0;
}

/* --- signals, broken invariants ------------------------------------------------------------------- */

static const char *replayer_storage(struct torc_platform *self)
{
    (void)self;
    return NULL;
}

static int replayer_signals(struct torc_platform *self, bool watch, uint64_t token)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_event *event =
        replayer->over ? NULL : torci_replay_turn_next(replayer, NULL, TORC_TRACE_signal);
    int error = 0;

    if (event != NULL) {
        event->used = true;
        error = event->recorded.event.error;
    }
    if (error == 0) {
        replayer->signals_watched = watch;
        replayer->signal_token = token;
    }
    return error;
}

TORC_NORETURN static void replayer_fatal(struct torc_platform *self, const char *site,
                                         const char *message)
{
    const struct torci_replayer *replayer = replayer_of(self);

    fprintf(stderr, "fatal: %s (%s), replaying %s, turn %llu, time %llu ns\n", message, site,
            replayer->recording->name, (unsigned long long)replayer->turn_n,
            (unsigned long long)replayer->now_ns);
    abort();
}

static const struct torc_platform_ops replayer_ops = {
    .size = sizeof(struct torc_platform_ops),
    .name = "replayer",
    .driven = true,
    .now_ns = replayer_now_ns,
    .wall_ns = replayer_wall_ns,
    .random = replayer_random,
    .resize = replayer_resize,
    .admit = replayer_admit,
    .wait = replayer_wait,
    .wake = replayer_wake,
    .in_reactor = replayer_in_reactor,
    .listen = torci_replayer_listen,
    .accept = torci_replayer_accept,
    .refuse = torci_replayer_refuse,
    .connect = torci_replayer_connect,
    .read = torci_replayer_read,
    .writev = torci_replayer_writev,
    .interest = torci_replayer_interest,
    .shutdown = torci_replayer_shutdown,
    .close = torci_replayer_close,
    .names = torci_replayer_names,
    .set_option = torci_replayer_set_option,
    .datagram_open = torci_replayer_datagram_open,
    .datagram_connect = torci_replayer_datagram_connect,
    .datagram_send = torci_replayer_datagram_send,
    .datagram_receive = torci_replayer_datagram_receive,
    .resolve = torci_replayer_resolve,
    .resolved = torci_replayer_resolved,
    .resolve_end = torci_replayer_resolve_end,
    .submit = torci_replayer_submit,
    .storage = replayer_storage,
    .database = torci_replayer_database,
    .signals = replayer_signals,
    .fatal = replayer_fatal,
};

/* --- beginning and end --------------------------------------------------------------------------- */

int torci_replayer_new(struct torc_recording *recording, struct torc_trace *trace,
                       struct torc_replay_report *report, struct torci_replayer **out)
{
    struct torci_replayer *replayer = calloc(1, sizeof(*replayer));
    int status;

    if (replayer == NULL) {
        snprintf(report->error, sizeof(report->error), "%s", torc_error_text(TORC_ENOMEM));
        return TORC_ENOMEM;
    }
    replayer->platform.ops = &replayer_ops;
    replayer->recording = recording;
    replayer->trace = trace;
    replayer->report = report;
    replayer->wall_ns = (uint64_t)recording->header.wall_ns;
    replayer->ready = "";
    replayer->databases.requests_end = &replayer->databases.requests;
    torci_replay_turn_read(replayer);
    status = replayer->status;
    if (status != 0) {
        torci_replayer_free(replayer);
        return status;
    }
    *out = replayer;
    return 0;
}

void torci_replayer_fail(struct torci_replayer *replayer, int status, const char *error)
{
    snprintf(replayer->report->error, sizeof(replayer->report->error), "%s", error);
    replayer->status = status;
    replayer->over = true;
}

void torci_replayer_end(struct torci_replayer *replayer)
{
    if (replayer->over) {
        return;
    }
    compare_rest(replayer);
    if (replayer->over) {
        return;
    }
    next_turn(replayer);
    if (!replayer->over) {
        torci_replay_differs(replayer, &replayer->events[0], NULL,
                             "stopped, and the recording goes on");
    }
}

void torci_replayer_free(struct torci_replayer *replayer)
{
    if (replayer == NULL) {
        return;
    }
    for (struct torci_replay_block *block = replayer->blocks, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    torci_replay_turn_clear(replayer);
    torci_replay_database_free(replayer);
    torci_replay_real_free(replayer->real);
    if (replayer->follows) {
        torci_recorded_event_clear(&replayer->following);
    }
    torci_replay_streams_clear(&replayer->listeners);
    torci_replay_streams_clear(&replayer->connections);
    torci_replay_streams_clear(&replayer->datagram_ports);
    torci_replay_streams_clear(&replayer->lookups);
    free(replayer->events);
    free(replayer->jobs);
    free(replayer);
}
