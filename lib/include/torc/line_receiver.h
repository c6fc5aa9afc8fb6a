/* torc/line_receiver.h - a protocol that gets lines, or, in raw mode, bytes.
 *
 * Embed as the first member, call torc_line_receiver_init, and use receiver.protocol as the protocol.
 * Lines are delivered as they complete, whatever the segments; nothing is delivered after the
 * transport was told to close. */
#ifndef TORC_LINE_RECEIVER_H
#define TORC_LINE_RECEIVER_H

#include <torc/protocol.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_line_receiver;
struct torc_line_receiver_ops {
    size_t size; /* sizeof(struct torc_line_receiver_ops) */
    struct torc_failure *(*connection_made)(struct torc_line_receiver *self); /* may be NULL */
    /* One line without its delimiter, borrowed; not NUL-terminated.  Mandatory. */
    struct torc_failure *(*line_received)(struct torc_line_receiver *self, const uint8_t *line,
                                          size_t bytes);
    /* Bytes in raw mode, borrowed.  NULL if raw mode is never set. */
    struct torc_failure *(*raw_data_received)(struct torc_line_receiver *self, const uint8_t *data,
                                              size_t bytes);
    /* A line is longer than the limit; found before its body is buffered.  `bytes` of it were seen.
     * The rest of it, up to its delimiter, is skipped, unless this closes or sets raw mode.
     * NULL: the connection is aborted with a failure of type line_too_long. */
    struct torc_failure *(*line_length_exceeded)(struct torc_line_receiver *self, size_t bytes);
    /* As a protocol's; torc_line_receiver_clear belongs here.  Mandatory. */
    void (*connection_lost)(struct torc_line_receiver *self, struct torc_failure *reason);
};

struct torc_line_receiver {
    struct torc_protocol protocol;
    const struct torc_line_receiver_ops *ops;
    struct torc_scope *scope;
    struct torc_failure *failure; /* of a handler called by resume: the reason of the loss to come */
    const uint8_t *segment;       /* what is being delivered, as far as it is left */
    size_t segment_bytes;
    uint8_t *buffer; /* the incomplete line, or what came while paused */
    size_t buffer_begin;
    size_t buffered_bytes;
    size_t buffer_capacity;
    size_t scanned_bytes; /* of what is left: no delimiter begins here */
    size_t line_bytes_max;
    char delimiter[8];
    uint8_t delimiter_bytes;
    bool raw;
    bool paused;
    bool delivering;
    bool skipping; /* the rest of a line that was too long */
};

/* `delimiter` is 1 to 8 bytes, usually "\r\n"; line_bytes_max 0: 16384.  Errors: TORC_EINVAL. */
TORC_API TORC_CHECKED int torc_line_receiver_init(struct torc_line_receiver *receiver,
                                                  const struct torc_line_receiver_ops *ops,
                                                  struct torc_scope *scope, const char *delimiter,
                                                  size_t line_bytes_max);

/* Frees the buffer; inside connection_lost, before the object goes. */
TORC_API void torc_line_receiver_clear(struct torc_line_receiver *receiver);

/* Raw mode: the bytes after this line come to raw_data_received, in the pieces they arrived in.
 * Line mode: `extra` (what raw data held beyond its end) is taken as the start of a line, before
 * anything else that waits; lines complete in it are delivered once the handler has returned, or, if
 * none is running, before this returns.  Errors: TORC_ENOMEM; it stays in raw mode. */
TORC_API void torc_line_receiver_set_raw(struct torc_line_receiver *receiver);
TORC_API TORC_CHECKED int torc_line_receiver_set_line(struct torc_line_receiver *receiver,
                                                      const void *extra, size_t bytes);

/* Stops delivery (and reading) at the line being delivered; resume goes on with what is buffered,
 * before it returns (in a handler: when that returns).  A failure of a handler called by resume is
 * logged, aborts the connection and is what connection_lost is given. */
TORC_API void torc_line_receiver_pause(struct torc_line_receiver *receiver);
TORC_API void torc_line_receiver_resume(struct torc_line_receiver *receiver);

/* Writes the line and the delimiter, all or nothing.  Errors as torc_transport_write. */
TORC_API TORC_CHECKED int torc_line_receiver_send(struct torc_line_receiver *receiver,
                                                  const void *line, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
