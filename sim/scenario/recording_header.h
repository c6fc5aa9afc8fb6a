/* recording_header.h - the first and the last line of a recording. */
#ifndef TORCI_RECORDING_HEADER_H
#define TORCI_RECORDING_HEADER_H

#include <torc/recording.h>

#define TORCI_RECORDING_FORMAT 1

struct torci_recording_header {
    char *host_name;      /* NULL: it has none */
    char *module;
    char *module_version;
    char *build;
    char *version;        /* of Torc */
    int64_t wall_ns;      /* time of day at time 0 */
    char **pairs;         /* name, value, ..., NULL; each a string of its own */
};

struct torci_recording_trailer {
    uint64_t events;
    uint64_t turns;
    uint64_t connections;
    uint64_t read_bytes;
    uint64_t written_bytes;
    char digest[TORC_DIGEST_TEXT_BYTES];
};

/* The line, newline included, for free(); NULL: out of memory. */
char *torci_recording_header_text(const struct torc_recorder_options *options, int64_t wall_ns);
char *torci_recording_trailer_text(const struct torci_recording_trailer *trailer);

/* Reads a line.  On failure *out_reason is a static sentence.  Errors: TORC_ESYNTAX, TORC_ENOMEM. */
TORC_CHECKED int torci_recording_header_parse(const char *line, size_t bytes,
                                              struct torci_recording_header *out,
                                              const char **out_reason);
void torci_recording_header_clear(struct torci_recording_header *header);

/* Whether the line is a trailer at all (it may still be a wrong one). */
bool torci_recording_trailer_begins(const char *line, size_t bytes);
TORC_CHECKED int torci_recording_trailer_parse(const char *line, size_t bytes,
                                               struct torci_recording_trailer *out,
                                               const char **out_reason);

#endif
