/* replay_turn.c - the recorded turn that is being replayed: read, indexed by connection, given away. */
#include "replayer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay_real.h"

/* --- streams ------------------------------------------------------------------------------------ */

/* By the kind of their names; jobs (NULL) are kept elsewhere. */
static struct torci_replay_streams *streams_of(struct torci_replayer *replayer, char kind)
{
    switch (kind) {
    case 'l':
        return &replayer->listeners;
    case 'd':
        return &replayer->datagram_ports;
    case 'n':
        return &replayer->lookups;
    case 'c':
        return &replayer->connections;
    default:
        return NULL;
    }
}

struct torci_replay_stream *torci_replay_stream_find(const struct torci_replayer *replayer,
                                                     struct torci_object name)
{
    const struct torci_replay_streams *streams =
        streams_of((struct torci_replayer *)replayer, name.kind);

    if (streams == NULL || name.number == 0 || name.number > streams->count) {
        return NULL;
    }
    return streams->by_number[name.number - 1];
}

static int add_stream(struct torci_replay_streams *streams, struct torci_object name)
{
    struct torci_replay_stream *stream;

    if (streams->count == streams->capacity) {
        uint32_t capacity = streams->capacity != 0 ? 2 * streams->capacity : 16;
        struct torci_replay_stream **grown =
            realloc(streams->by_number, capacity * sizeof(struct torci_replay_stream *));

        if (grown == NULL) {
            return TORC_ENOMEM;
        }
        streams->by_number = grown;
        streams->capacity = capacity;
    }
    stream = calloc(1, sizeof(*stream));
    if (stream == NULL) {
        return TORC_ENOMEM;
    }
    stream->name = name;
    stream->first = TORCI_REPLAY_NONE;
    stream->last = TORCI_REPLAY_NONE;
    streams->by_number[streams->count++] = stream;
    return 0;
}

void torci_replay_streams_clear(struct torci_replay_streams *streams)
{
    for (uint32_t i = 0; i < streams->count; i++) {
        free(streams->by_number[i]);
    }
    free(streams->by_number);
    memset(streams, 0, sizeof(*streams));
}

/* --- reading ------------------------------------------------------------------------------------ */

static void cannot_read(struct torci_replayer *replayer, int status)
{
    replayer->status = status;
    replayer->over = true;
}

/* The event cannot be where it is: it names something that is not there. */
static void invalid(struct torci_replayer *replayer, const struct torci_recording_event *event,
                    const char *why)
{
    snprintf(replayer->report->error, sizeof(replayer->report->error),
             "%s:%llu: event %llu (%s) %s", replayer->recording->name,
             (unsigned long long)event->n + 1, (unsigned long long)event->n,
             torc_trace_kind_name(event->kind), why);
    cannot_read(replayer, TORC_ESYNTAX);
}

/* Appends the event to those of the turn; it is taken in any case. */
static bool append(struct torci_replayer *replayer, struct torci_recorded_event *recorded)
{
    struct torci_replay_event *event;

    if (replayer->event_count == replayer->event_capacity) {
        size_t capacity = replayer->event_capacity != 0 ? 2 * replayer->event_capacity : 64;
        struct torci_replay_event *grown = realloc(replayer->events, capacity * sizeof(*grown));

        if (grown == NULL) {
            torci_recorded_event_clear(recorded);
            snprintf(replayer->report->error, sizeof(replayer->report->error), "%s",
                     torc_error_text(TORC_ENOMEM));
            cannot_read(replayer, TORC_ENOMEM);
            return false;
        }
        replayer->events = grown;
        replayer->event_capacity = capacity;
    }
    event = &replayer->events[replayer->event_count++];
    memset(event, 0, sizeof(*event));
    event->recorded = *recorded;
    event->next_on = TORCI_REPLAY_NONE;
    return true;
}

/* Whether the event makes something: then its name must be the next one, and it gets its place. */
static bool place_made(struct torci_replayer *replayer, const struct torci_recording_event *event)
{
    uint32_t next;
    int status = 0;

    if (event->as.kind == 0) {
        return true;
    }
    next = event->as.kind == 'j' ? replayer->jobs_made + 1
                                 : streams_of(replayer, event->as.kind)->count + 1;
    if (event->as.number != next) {
        invalid(replayer, event, "does not make the next one in \"as\"");
        return false;
    }
    if (event->as.kind == 'j') {
        replayer->jobs_made++;
    } else {
        status = add_stream(streams_of(replayer, event->as.kind), event->as);
    }
    if (status != 0) {
        snprintf(replayer->report->error, sizeof(replayer->report->error), "%s",
                 torc_error_text(status));
        cannot_read(replayer, status);
    }
    return status == 0;
}

/* Links the event into those of the object it happened to. */
static bool link_on(struct torci_replayer *replayer, size_t index)
{
    const struct torci_recording_event *event = &replayer->events[index].recorded.event;
    struct torci_replay_stream *stream;

    if (event->on.kind == 0) {
        return true;
    }
    stream = torci_replay_stream_find(replayer, event->on);
    if (stream == NULL) {
        invalid(replayer, event, "names something in \"on\" that is not open");
        return false;
    }
    if (stream->last == TORCI_REPLAY_NONE) {
        stream->first = index;
    } else {
        replayer->events[stream->last].next_on = index;
    }
    stream->last = index;
    return true;
}

/* Reads up to the next turn event, which is kept for later. */
static bool read_events(struct torci_replayer *replayer)
{
    for (;;) {
        struct torci_recorded_event recorded;
        int status =
            torci_recording_next(replayer->recording, &recorded, replayer->report->error);

        if (status < 0) {
            cannot_read(replayer, status);
            return false;
        }
        if (status == 0) {
            return true;
        }
        if (recorded.event.kind == TORC_TRACE_turn) {
            replayer->following = recorded;
            replayer->follows = true;
            return true;
        }
        if (!append(replayer, &recorded)) {
            return false;
        }
    }
}

void torci_replay_turn_read(struct torci_replayer *replayer)
{
    bool first = !replayer->begun;

    replayer->begun = true;
    if (replayer->follows) {
        replayer->follows = false;
        if (!append(replayer, &replayer->following)) {
            return;
        }
    } else if (!first) {
        replayer->over = true;
        return;
    }
    if (!read_events(replayer)) {
        return;
    }
    if (replayer->recording->truncated) {
        /* What belongs to this turn may be missing, so nothing can be said of it. */
        replayer->over = true;
        return;
    }
    replayer->ready = "";
    if (!first) {
        const struct torci_recording_event *turn = &replayer->events[0].recorded.event;

        replayer->ready = turn->text;
        replayer->now_ns = turn->t_ns;
        replayer->turn_n = turn->n;
        replayer->events[0].used = true;
    }
    for (size_t i = 0; i < replayer->event_count; i++) {
        if (!place_made(replayer, &replayer->events[i].recorded.event) || !link_on(replayer, i)) {
            return;
        }
    }
}

/* --- giving away -------------------------------------------------------------------------------- */

struct torci_replay_event *torci_replay_turn_next(const struct torci_replayer *replayer,
                                                  const struct torci_replay_stream *stream,
                                                  enum torc_trace_kind kind)
{
    size_t i = stream != NULL ? stream->first : 0;

    while (i < replayer->event_count) {
        struct torci_replay_event *event = &replayer->events[i];

        if (!event->used && event->recorded.event.kind == kind) {
            return event;
        }
        i = stream != NULL ? event->next_on : i + 1;
    }
    return NULL;
}

static void count(struct torc_replay_report *report, const struct torci_recording_event *event)
{
    report->events++;
    report->virtual_ns = event->t_ns;
    if (event->kind == TORC_TRACE_turn) {
        report->turns++;
    }
    if ((event->kind == TORC_TRACE_accept || event->kind == TORC_TRACE_connect) &&
        event->error == 0) {
        report->connections++;
    }
    if ((event->kind == TORC_TRACE_rx && event->bytes > 0) ||
        (event->kind == TORC_TRACE_receive && event->error == 0)) {
        report->reads++;
        report->read_bytes += event->bytes;
    }
    if ((event->kind == TORC_TRACE_tx && event->bytes > 0) ||
        (event->kind == TORC_TRACE_send && event->error == 0)) {
        report->writes++;
        report->written_bytes += event->bytes;
    }
    if (event->kind == TORC_TRACE_db) {
        report->rows += event->database->row_count;
        report->statements += event->database->what == TORCI_DATABASE_STATEMENT ? 1 : 0;
    }
}

/* A db event stays for the job that comes to it, which may end in a later turn. */
static void give_to_databases(struct torci_replayer *replayer, struct torci_replay_event *event)
{
    struct torci_recorded_database *recorded = event->recorded.database;
    int status;

    if (replayer->real != NULL && !replayer->over) {
        torci_replay_real_step(replayer->real, &recorded->record, event->recorded.event.n);
    }
    event->recorded.database = NULL;
    status = torci_replay_database_add(replayer, recorded, event->recorded.event.n);
    if (status != 0) {
        torci_replayer_fail(replayer, status, torc_error_text(status));
    }
}

void torci_replay_turn_finish(struct torci_replayer *replayer)
{
    for (size_t i = 0; i < replayer->event_count; i++) {
        const struct torci_recording_event *event = &replayer->events[i].recorded.event;

        count(replayer->report, event);
        torci_recording_event_emit(event, replayer->trace);
        if (event->kind == TORC_TRACE_db) {
            give_to_databases(replayer, &replayer->events[i]);
        }
    }
    torci_replay_turn_clear(replayer);
}

/* Whether nothing happens to the event's object after it. */
static bool ends(const struct torci_recording_event *event)
{
    return event->kind == TORC_TRACE_close || event->kind == TORC_TRACE_reset ||
           (event->kind == TORC_TRACE_resolve && event->number == TORCI_RESOLVE_END);
}

void torci_replay_turn_clear(struct torci_replayer *replayer)
{
    for (size_t i = 0; i < replayer->event_count; i++) {
        struct torci_replay_event *event = &replayer->events[i];
        struct torci_object name = event->recorded.event.on;
        struct torci_replay_stream *stream = torci_replay_stream_find(replayer, name);

        if (stream != NULL) {
            stream->first = TORCI_REPLAY_NONE;
            stream->last = TORCI_REPLAY_NONE;
            stream->blocked = false;
            if (event->used && ends(&event->recorded.event)) {
                streams_of(replayer, name.kind)->by_number[name.number - 1] = NULL;
                free(stream);
            }
        }
        torci_recorded_event_clear(&event->recorded);
    }
    replayer->event_count = 0;
}
