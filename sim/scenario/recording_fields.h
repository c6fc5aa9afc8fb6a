/* recording_fields.h - the fields of one line of a recording, checked one by one. */
#ifndef TORCI_RECORDING_FIELDS_H
#define TORCI_RECORDING_FIELDS_H

#include <jansson.h>

#include "recording_reader.h"

/* A line that is a JSON object, the event its fields go into, and, on failure, what is wrong with it. */
struct torci_recording_line {
    const json_t *json;
    struct torci_recorded_event *out;
    char reason[160];
};

/* Fills the event from the line, which follows `events` events, the last of them at `t_ns_before`.
 * Errors: TORC_ESYNTAX, `reason` says why; TORC_ENOMEM. */
TORC_CHECKED int torci_recording_fields(struct torci_recording_line *line, uint64_t events,
                                        uint64_t t_ns_before);

#endif
