/* recorder_names.c - the slots of the recorder for names. */
#include "recorder.h"

#include <string.h>

#include <torc/format.h>

enum { ADDRESSES_MAX = 64, HOST_TEXT_MAX = 64 };

static struct torci_recorder_object *lookup_of(struct torci_recorder *recorder, uint64_t handle)
{
    return torci_recorder_objects_get(&recorder->lookups, handle);
}

int torci_recorder_resolve(struct torc_platform *self, const char *name,
                           enum torc_address_family family, uint64_t token, uint64_t *out_handle)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recording_event event = {.kind = TORC_TRACE_resolve,
                                          .number = TORCI_RESOLVE_BEGIN,
                                          .text = name,
                                          .more_text = torci_resolve_families[family]};
    struct torci_recorder_object *lookup;
    uint64_t handle;
    uint64_t inner = 0;
    int status = torci_recorder_objects_add(&recorder->lookups, token, &handle);

    if (status != 0) {
        return status;
    }
    event.error = recorder->inner->ops->resolve(recorder->inner, name, family, handle, &inner);
    if (event.error == 0) {
        lookup = lookup_of(recorder, handle);
        lookup->inner = inner;
        torci_recorder_objects_name(&recorder->lookups, lookup, 'n');
        event.as = lookup->name;
        *out_handle = handle;
    } else {
        torci_recorder_objects_remove(&recorder->lookups, handle);
    }
    torci_recorder_record(recorder, &event);
    return event.error;
}

/* "10.0.0.1,fd00::1" */
static void list(const struct torc_address *addresses, size_t count, char *text)
{
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        char one[TORC_ADDRESS_TEXT_MAX]; /* "tcp:10.0.0.1:0", "tcp:[fd00::1]:0" */
        size_t bytes = torc_address_format(&addresses[i], one, sizeof(one));
        size_t around = addresses[i].family == TORC_ADDRESS_IPV6 ? 1 : 0;

        bytes -= strlen("tcp::0") + 2 * around;
        used += torc_format(text + used, HOST_TEXT_MAX, "%s%.*s", i > 0 ? "," : "", (int)bytes,
                            one + strlen("tcp:") + around);
    }
}

size_t torci_recorder_resolved(struct torc_platform *self, uint64_t handle, struct torc_address *out,
                               size_t capacity)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recorder_object *lookup = lookup_of(recorder, handle);
    struct torci_recording_event event = {.kind = TORC_TRACE_resolve, .number = TORCI_RESOLVE_ANSWER};
    struct torc_address addresses[ADDRESSES_MAX];
    size_t count =
        recorder->inner->ops->resolved(recorder->inner, lookup->inner, addresses, ADDRESSES_MAX);
    char text[ADDRESSES_MAX * HOST_TEXT_MAX] = "";

    count = count < ADDRESSES_MAX ? count : ADDRESSES_MAX;
    if (lookup->read_n == 0) {
        list(addresses, count, text);
        event.on = lookup->name;
        event.text = text;
        lookup->read_n = torci_recorder_record(recorder, &event);
    }
    for (size_t i = 0; i < count && i < capacity; i++) {
        out[i] = addresses[i];
    }
    return count;
}

void torci_recorder_resolve_end(struct torc_platform *self, uint64_t handle)
{
    struct torci_recorder *recorder = torci_recorder_of(self);
    struct torci_recorder_object *lookup = lookup_of(recorder, handle);
    struct torci_recording_event event = {.kind = TORC_TRACE_resolve, .number = TORCI_RESOLVE_END};

    event.on = lookup->name;
    recorder->inner->ops->resolve_end(recorder->inner, lookup->inner);
    torci_recorder_record(recorder, &event);
    torci_recorder_objects_remove(&recorder->lookups, handle);
}
