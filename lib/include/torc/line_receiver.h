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
     * NULL: the connection is aborted with a failure of type line_too_long. */
    struct torc_failure *(*line_length_exceeded)(struct torc_line_receiver *self, size_t bytes);
    void (*connection_lost)(struct torc_line_receiver *self, struct torc_failure *reason);
};

struct torc_line_receiver {
    struct torc_protocol protocol;
    const struct torc_line_receiver_ops *ops;
    struct torc_scope *scope;
    uint8_t *buffer; /* the incomplete line */
    size_t buffered_bytes;
    size_t buffer_capacity;
    size_t scanned_bytes; /* of the buffer: no delimiter begins here */
    size_t line_bytes_max;
    char delimiter[8];
    uint8_t delimiter_bytes;
    bool raw;
    bool paused;
    bool delivering;
};

/* `delimiter` is 1 to 8 bytes, usually "\r\n"; line_bytes_max 0: 16384.  Errors: TORC_EINVAL. */
TORC_API TORC_CHECKED int torc_line_receiver_init(struct torc_line_receiver *receiver,
                                                  const struct torc_line_receiver_ops *ops,
                                                  struct torc_scope *scope, const char *delimiter,
                                                  size_t line_bytes_max);

/* Frees the buffer; inside connection_lost, before the object goes. */
TORC_API void torc_line_receiver_clear(struct torc_line_receiver *receiver);

/* Raw mode: the bytes after this line come to raw_data_received, in the pieces they arrived in.
 * Line mode: `extra` (what raw data held beyond its end) is taken as the start of a line. */
TORC_API void torc_line_receiver_set_raw(struct torc_line_receiver *receiver);
TORC_API TORC_CHECKED int torc_line_receiver_set_line(struct torc_line_receiver *receiver,
                                                      const void *extra, size_t bytes);

/* Stops delivery (and reading) at the line being delivered; resume goes on with what is buffered,
 * before it returns. */
TORC_API void torc_line_receiver_pause(struct torc_line_receiver *receiver);
TORC_API void torc_line_receiver_resume(struct torc_line_receiver *receiver);

/* Writes the line and the delimiter, all or nothing.  Errors as torc_transport_write. */
TORC_API TORC_CHECKED int torc_line_receiver_send(struct torc_line_receiver *receiver,
                                                  const void *line, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
