/* recorder_datagrams.c - the slots of the recorder for datagram ports. */
#include "recorder.h"

static struct torci_recorder_object *port_of(struct torci_recorder *recorder, uint64_t handle)
{
    return torci_recorder_objects_get(&recorder->streams, handle);
}

int torci_recorder_datagram_open(struct torc_platform *self, const struct torc_address *local,
                                 unsigned flags, uint64_t token, uint64_t *out_handle)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recording_event event = {.kind = TORC_TRACE_datagram, .number = flags};
    struct torci_recorder_object *port;
    char text[TORC_ADDRESS_TEXT_MAX];
    uint64_t handle;
    uint64_t inner = 0;
    int status = torci_recorder_objects_add(&recorder->streams, token, &handle);

    if (status != 0) {
        return status;
    }
    torci_recording_datagram_address(local, text);
    event.text = text;
    event.error = recorder->inner->ops->datagram_open(recorder->inner, local, flags, handle, &inner);
    if (event.error == 0) {
        port = port_of(recorder, handle);
        port->inner = inner;
        torci_recorder_objects_name(&recorder->streams, port, 'd');
        event.as = port->name;
        *out_handle = handle;
    } else {
        torci_recorder_objects_remove(&recorder->streams, handle);
    }
    torci_recorder_record(recorder, &event);
    return event.error;
}

int torci_recorder_datagram_connect(struct torc_platform *self, uint64_t handle,
                                    const struct torc_address *peer)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recorder_object *port = port_of(recorder, handle);
    struct torci_recording_event event = {.kind = TORC_TRACE_peer};
    char text[TORC_ADDRESS_TEXT_MAX];

    torci_recording_datagram_address(peer, text);
    event.on = port->name;
    event.text = text;
    event.error = recorder->inner->ops->datagram_connect(recorder->inner, port->inner, peer);
    torci_recorder_record(recorder, &event);
    return event.error;
}

int torci_recorder_datagram_send(struct torc_platform *self, uint64_t handle,
                                 const struct torc_address *to, const void *data, size_t bytes)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recorder_object *port = port_of(recorder, handle);
    struct torci_recording_event event = {.kind = TORC_TRACE_send, .cause = port->read_n};
    char text[TORC_ADDRESS_TEXT_MAX];

    if (to != NULL) {
        torci_recording_datagram_address(to, text);
        event.text = text;
    }
    event.on = port->name;
    event.data = bytes > 0 ? data : "";
    event.bytes = bytes;
    event.error = recorder->inner->ops->datagram_send(recorder->inner, port->inner, to, data, bytes);
    torci_recorder_record(recorder, &event);
    if (event.error == 0) {
        recorder->totals.written_bytes += bytes;
    }
    return event.error;
}

int torci_recorder_datagram_receive(struct torc_platform *self, uint64_t handle, void *buffer,
                                    size_t bytes, size_t *out_bytes, struct torc_address *out_from)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recorder_object *port = port_of(recorder, handle);
    struct torci_recording_event event = {.kind = TORC_TRACE_receive};
    char text[TORC_ADDRESS_TEXT_MAX];
    size_t whole = 0;

    event.error = recorder->inner->ops->datagram_receive(recorder->inner, port->inner, buffer, bytes,
                                                         &whole, out_from);
    if (event.error == TORC_EAGAIN) {
        return TORC_EAGAIN;
    }
    if (event.error == 0) {
        torci_recording_datagram_address(out_from, text);
        event.text = text;
        event.data = buffer;
        event.bytes = whole < bytes ? whole : bytes;
        event.offered_bytes = whole > bytes ? whole : 0;
        recorder->totals.read_bytes += event.bytes;
        *out_bytes = whole;
    }
    event.on = port->name;
    port->read_n = torci_recorder_record(recorder, &event);
    return event.error;
}
