/* recording_reader.h - reads the events of a recording, one after the other, and trusts none of them. */
#ifndef TORCI_RECORDING_READER_H
#define TORCI_RECORDING_READER_H

#include "kept_values.h"
#include "recording_event.h"
#include "recording_header.h"

/* A record of a database and what it points to. */
struct torci_recorded_database {
    struct torci_database_record record;
    struct torci_kept_values texts; /* the database's name, the path or the SQL, the message */
    struct torci_kept_values parameters;
    struct torci_kept_values columns;
    struct torci_kept_values rows;
};
void torci_recorded_database_free(struct torci_recorded_database *database);

/* An event and what it points to. */
struct torci_recorded_event {
    struct torci_recording_event event;
    void *json;    /* the line's */
    void *decoded; /* a payload that was base64 */
    struct torci_recorded_database *database; /* db */
};
void torci_recorded_event_clear(struct torci_recorded_event *event);

struct torc_recording {
    torc_recording_read_fn *read;
    void *arg;
    char *name;
    struct torci_recording_header header;
    struct torci_recording_trailer trailer; /* once the end was reached; not if `truncated` */
    bool truncated;                         /* the end came without a trailer */
    bool ended;
    bool source_ended;
    uint64_t line;   /* number of the line read last */
    uint64_t events; /* read so far */
    uint64_t t_ns;
    char *buffer;
    size_t begin; /* of what was not given out yet */
    size_t used;
    size_t capacity;
};

/* Reads the next event; its t is not below the one before, its n is one above.  1: `out` is given, to be
 * cleared; 0: the end; negative: `error` (TORC_RECORDING_ERROR_BYTES) says "name:line: reason".
 * A last line that was cut off is the end of a truncated recording, not an error. */
TORC_CHECKED int torci_recording_next(struct torc_recording *recording,
                                      struct torci_recorded_event *out, char *error);

/* The address of a text that torc_address_format made. */
TORC_CHECKED int torci_recording_address(const char *text, struct torc_address *out);

/* Reads one address without a port from the start of a list ("10.0.0.1,fd00::1"); returns how many characters it
 * has, with the comma after it; 0 if it is none. */
size_t torci_recording_host(const char *text, struct torc_address *out);

/* Decodes base64 into `out` (3/4 of the length suffice); returns how many bytes, or -1: not base64. */
long torci_base64_decode(const char *text, size_t length, uint8_t *out);

#endif
