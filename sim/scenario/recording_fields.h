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

/* --- single fields -------------------------------------------------------------------------------
 * Each answers TORC_ESYNTAX with the reason in the line, or stores what the field has. */

/* Says what is wrong with a field: always TORC_ESYNTAX. */
TORC_CHECKED int torci_recording_wrong(struct torci_recording_line *line, const char *field,
                                       const char *what);
/* `needed` false: *out stays as it is if there is no such field. */
TORC_CHECKED int torci_recording_integer(struct torci_recording_line *line, const char *name,
                                         bool needed, int64_t lowest, int64_t *out);
TORC_CHECKED int torci_recording_text(struct torci_recording_line *line, const char *name,
                                      const char **out);
/* All those of a `db` event (recording_fields_database.c). */
TORC_CHECKED int torci_recording_database_fields(struct torci_recording_line *line);

#endif
