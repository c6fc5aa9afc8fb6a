/* recording_event.h - one event of a recording, between the file and the platforms.
 *
 * The recorder fills it and emits it; the reader fills it from a line, and the replay emits it again
 * once it has been replayed: so both make the same record and the same digest.  Which members a kind
 * uses is said beside it. */
#ifndef TORCI_RECORDING_EVENT_H
#define TORCI_RECORDING_EVENT_H

#include <torc/platform.h>
#include <torc/trace.h>

#include "recording_database.h"

/* The name of a stream ('c'), a listener ('l'), a datagram port ('d'), a lookup ('n') or a job ('j'): counted from 1, in order of creation.
 * Kind 0: none. */
struct torci_object {
    char kind;
    uint32_t number;
};

/* "c3"; "" for none. */
#define TORCI_OBJECT_TEXT_MAX 16
const char *torci_object_format(struct torci_object object, char text[TORCI_OBJECT_TEXT_MAX]);
/* Reads one from the start of `text`; returns how many characters it has, 0 if there is none. */
size_t torci_object_parse(const char *text, struct torci_object *out);
bool torci_object_equal(struct torci_object a, struct torci_object b);

/* What a `resolve` event is about: a lookup begins, its answer is taken, it is let go of. */
enum torci_resolve_step { TORCI_RESOLVE_BEGIN, TORCI_RESOLVE_ANSWER, TORCI_RESOLVE_END };
extern const char *const torci_resolve_steps[3];
/* By enum torc_address_family, of which three are meant. */
extern const char *const torci_resolve_families[3];

/* Pointers are borrowed. */
struct torci_recording_event {
    enum torc_trace_kind kind;
    uint64_t n;
    uint64_t t_ns;
    uint64_t cause;
    struct torci_object on; /* what it happened to */
    struct torci_object as; /* listen, accept, connect, datagram, resolve, job: what it made */
    int error;              /* the code it answered, or 0; TORC_EAGAIN of send only */
    bool end;               /* rx: end of stream */
    uint64_t offered_bytes; /* tx: what was to be written, if more than was taken; receive: the datagram's
                               length, if it was cut; else 0 */
    int64_t number;         /* clock: wall_ns; option: value; signal: watch; datagram: flags;
                               resolve: enum torci_resolve_step */
    const char *text;       /* turn: ready; draw: site; listen, connect, datagram, peer: address; accept: peer;
                               names: local; option: name; send: to or NULL; receive: from;
                               resolve: name, or the addresses: "10.0.0.1,fd00::1" */
    const char *more_text;  /* connect: local or NULL; names: peer; resolve: family */
    const void *data;       /* rx, tx, draw, send, receive */
    size_t bytes;
    const struct torci_database_record *database; /* db */
};

/* "udp:127.0.0.1:53" */
void torci_recording_datagram_address(const struct torc_address *address,
                                      char text[TORC_ADDRESS_TEXT_MAX]);

/* Writes the event to a trace, whose count gives it its n. */
uint64_t torci_recording_event_emit(const struct torci_recording_event *event,
                                    struct torc_trace *trace);

/* What a turn's wait told, as text: "l1:r c2:rw c3:connect=0 j1:job=-2 signal=2".
 * Appends one; returns the length it needs, like torc_format. */
struct torci_ready {
    struct torci_object object; /* none: a signal */
    uint32_t events;
    int32_t result;
};
#define TORCI_READY_TEXT_MAX 48
size_t torci_ready_format(const struct torci_ready *ready, char text[TORCI_READY_TEXT_MAX]);
/* Reads one from the start of `text`; returns how many characters it has, with the space after it; 0 if
 * it is none. */
size_t torci_ready_parse(const char *text, struct torci_ready *out);

#endif
