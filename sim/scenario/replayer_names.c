/* replayer_names.c - the slots of the replayer for names. */
#include "replayer.h"

#include <string.h>

static struct torci_replayer *replayer_of(struct torc_platform *platform)
{
    return (struct torci_replayer *)platform;
}

/* The next lookup that is recorded to be begun in the present turn; or NULL. */
static struct torci_replay_event *next_begun(struct torci_replayer *replayer)
{
    for (size_t i = 0; i < replayer->event_count && !replayer->over; i++) {
        struct torci_replay_event *event = &replayer->events[i];

        if (!event->used && event->recorded.event.kind == TORC_TRACE_resolve &&
            event->recorded.event.number == TORCI_RESOLVE_BEGIN) {
            return event;
        }
    }
    return NULL;
}

int torci_replayer_resolve(struct torc_platform *self, const char *name,
                           enum torc_address_family family, uint64_t token, uint64_t *out_handle)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_event *event = next_begun(replayer);
    const char *family_text = torci_resolve_families[family];
    const struct torci_recording_event *recorded;
    struct torci_replay_stream *lookup;

    if (event == NULL) {
        torci_replay_differs(replayer, NULL, NULL, "looked up %s, which is not recorded", name);
        return TORC_ENOTSUP;
    }
    recorded = &event->recorded.event;
    if (strcmp(recorded->text, name) != 0 || strcmp(recorded->more_text, family_text) != 0) {
        torci_replay_differs(replayer, event, NULL, "looked up %s (%s), recorded is %s (%s)", name,
                             family_text, recorded->text, recorded->more_text);
        return TORC_ENOTSUP;
    }
    event->used = true;
    if (recorded->error != 0) {
        return recorded->error;
    }
    lookup = torci_replay_stream_find(replayer, recorded->as);
    lookup->open = true;
    lookup->token = token;
    *out_handle = torci_replay_handle(lookup->name);
    return 0;
}

/* The event of that step of the lookup in the present turn; or NULL. */
static struct torci_replay_event *step_of(struct torci_replayer *replayer,
                                          const struct torci_replay_stream *lookup,
                                          enum torci_resolve_step step)
{
    for (size_t i = replayer->over ? TORCI_REPLAY_NONE : lookup->first; i < replayer->event_count;
         i = replayer->events[i].next_on) {
        if (replayer->events[i].recorded.event.kind == TORC_TRACE_resolve &&
            replayer->events[i].recorded.event.number == step) {
            return &replayer->events[i];
        }
    }
    return NULL;
}

size_t torci_replayer_resolved(struct torc_platform *self, uint64_t handle, struct torc_address *out,
                               size_t capacity)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_stream *lookup = torci_replay_stream_of(replayer, handle);
    struct torci_replay_event *event = step_of(replayer, lookup, TORCI_RESOLVE_ANSWER);
    const char *text = event == NULL ? "" : event->recorded.event.text;
    size_t count = 0;

    if (event != NULL) {
        event->used = true;
    }
    for (; *text != '\0'; count++) {
        struct torc_address address;

        text += torci_recording_host(text, &address); /* checked when it was read */
        if (count < capacity) {
            out[count] = address;
        }
    }
    return count;
}

/* That a program lets go of a lookup cannot be seen: it is not compared. */
void torci_replayer_resolve_end(struct torc_platform *self, uint64_t handle)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_stream *lookup = torci_replay_stream_of(replayer, handle);
    struct torci_replay_event *event;

    if (lookup == NULL) {
        return;
    }
    lookup->open = false;
    event = step_of(replayer, lookup, TORCI_RESOLVE_END);
    if (event != NULL) {
        event->used = true;
    }
}
