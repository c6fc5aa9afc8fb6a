/* replayer_datagrams.c - the slots of the replayer for datagram ports. */
#include "replayer.h"

#include <string.h>

static struct torci_replayer *replayer_of(struct torc_platform *platform)
{
    return (struct torci_replayer *)platform;
}

/* The next event of `kind` of the port, or (NULL) of the turn; or NULL. */
static struct torci_replay_event *next_of(struct torci_replayer *replayer,
                                          const struct torci_replay_stream *port,
                                          enum torc_trace_kind kind)
{
    return replayer->over ? NULL : torci_replay_turn_next(replayer, port, kind);
}

/* Whether the recorded address is this one (NULL: none was given); `doing` says what was done with it. */
static bool is_the_address(struct torci_replayer *replayer, const struct torci_replay_event *event,
                           const struct torci_replay_stream *port, const char *doing,
                           const struct torc_address *address)
{
    const char *recorded = event->recorded.event.text;
    char text[TORC_ADDRESS_TEXT_MAX] = "its peer";

    if (address != NULL) {
        torci_recording_datagram_address(address, text);
    }
    if (recorded == NULL) {
        recorded = "its peer";
    }
    if (strcmp(recorded, text) == 0) {
        return true;
    }
    torci_replay_differs(replayer, event, port, "%s %s, recorded is %s", doing, text, recorded);
    return false;
}

int torci_replayer_datagram_open(struct torc_platform *self, const struct torc_address *local,
                                 unsigned flags, uint64_t token, uint64_t *out_handle)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_event *event = next_of(replayer, NULL, TORC_TRACE_datagram);
    struct torci_replay_stream *port;

    (void)flags;
    if (event == NULL) {
        torci_replay_differs(replayer, NULL, NULL, "opened a datagram port, which is not recorded");
        return TORC_ENOTSUP;
    }
    if (!is_the_address(replayer, event, NULL, "opened a datagram port on", local)) {
        return TORC_ENOTSUP;
    }
    event->used = true;
    if (event->recorded.event.error != 0) {
        return event->recorded.event.error;
    }
    port = torci_replay_stream_find(replayer, event->recorded.event.as);
    port->open = true;
    port->token = token;
    port->local = *local;
    *out_handle = torci_replay_handle(port->name);
    return 0;
}

int torci_replayer_datagram_connect(struct torc_platform *self, uint64_t handle,
                                    const struct torc_address *peer)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_stream *port = torci_replay_stream_of(replayer, handle);
    struct torci_replay_event *event = next_of(replayer, port, TORC_TRACE_peer);

    if (event == NULL) {
        torci_replay_differs(replayer, NULL, port,
                             "connected the datagram port, which is not recorded");
        return TORC_ENOTSUP;
    }
    if (!is_the_address(replayer, event, port, "connected to", peer)) {
        return TORC_ENOTSUP;
    }
    event->used = true;
    if (event->recorded.event.error == 0) {
        port->peer = *peer;
    }
    return event->recorded.event.error;
}

static void differs_in_bytes(struct torci_replayer *replayer, const struct torci_replay_event *event,
                             const struct torci_replay_stream *port, const void *data, size_t bytes)
{
    struct torc_replay_difference *difference = &replayer->report->difference;
    const struct torci_recording_event *recorded = &event->recorded.event;

    torci_replay_differs(replayer, event, port, "sent another datagram than recorded");
    torci_replay_escape(recorded->data, recorded->bytes, difference->expected,
                        sizeof(difference->expected));
    torci_replay_escape(data, bytes, difference->got, sizeof(difference->got));
}

int torci_replayer_datagram_send(struct torc_platform *self, uint64_t handle,
                                 const struct torc_address *to, const void *data, size_t bytes)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_stream *port = torci_replay_stream_of(replayer, handle);
    struct torci_replay_event *event = next_of(replayer, port, TORC_TRACE_send);
    const struct torci_recording_event *recorded;

    if (event == NULL) {
        torci_replay_differs(replayer, NULL, port, "sent a datagram, which is not recorded");
        return 0;
    }
    recorded = &event->recorded.event;
    if (!is_the_address(replayer, event, port, "sent a datagram to", to)) {
        return 0;
    }
    if (recorded->bytes != bytes || (bytes > 0 && memcmp(recorded->data, data, bytes) != 0)) {
        differs_in_bytes(replayer, event, port, data, bytes);
        return 0;
    }
    event->used = true;
    return recorded->error;
}

int torci_replayer_datagram_receive(struct torc_platform *self, uint64_t handle, void *buffer,
                                    size_t bytes, size_t *out_bytes, struct torc_address *out_from)
{
    struct torci_replayer *replayer = replayer_of(self);
    struct torci_replay_stream *port = torci_replay_stream_of(replayer, handle);
    struct torci_replay_event *event = next_of(replayer, port, TORC_TRACE_receive);
    const struct torci_recording_event *recorded;

    if (event == NULL) {
        return TORC_EAGAIN;
    }
    recorded = &event->recorded.event;
    event->used = true;
    if (recorded->error != 0) {
        return recorded->error;
    }
    if (recorded->bytes > 0) {
        memcpy(buffer, recorded->data, recorded->bytes < bytes ? recorded->bytes : bytes);
    }
    *out_bytes = recorded->offered_bytes != 0 ? (size_t)recorded->offered_bytes : recorded->bytes;
    return torci_recording_address(recorded->text, out_from); /* checked when it was read */
}
