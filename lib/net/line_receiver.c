/* line_receiver.c - lines out of bytes, whatever the segments.
 *
 * Bytes are delivered from where they lie: from the segment that came in or, if there is an incomplete
 * line before it, from the buffer.  Either is `segment` while handlers run.  What a handler adds to the
 * stream (a nested receive, the extra of set_line) goes to the buffer, after what was left of the
 * segment was moved there; so the order is kept and the line a handler looks at stays where it is.
 * Each byte is looked at once: `scanned_bytes` says where to go on. */
#include <torc/line_receiver.h>

#include <string.h>

#include <torc/log.h>

#define LINE_BYTES_MAX_DEFAULT 16384
#define BUFFER_BYTES_MIN 64

static struct torc_line_receiver *receiver_of(struct torc_protocol *protocol)
{
    return (struct torc_line_receiver *)(void *)protocol;
}

/* A receiver fed by hand has no transport, and then nobody who could close it. */
static bool closing(const struct torc_line_receiver *receiver)
{
    return receiver->protocol.transport.owner &&
           torc_transport_disconnecting(receiver->protocol.transport);
}

/* --- the buffer ------------------------------------------------------------------------------- */

static void drop_buffer(struct torc_line_receiver *receiver)
{
    torc_release(receiver->scope, receiver->buffer, receiver->buffer_capacity);
    receiver->buffer = NULL;
    receiver->buffer_begin = 0;
    receiver->buffered_bytes = 0;
    receiver->buffer_capacity = 0;
}

/* Makes room behind what is buffered.  Bytes are moved only if at least as many were consumed before
 * them, and the capacity doubles, so the work stays in proportion to the bytes. */
static int reserve(struct torc_line_receiver *receiver, size_t bytes)
{
    size_t held = receiver->buffered_bytes;
    if (bytes > SIZE_MAX / 4 - held)
        return TORC_ENOMEM; /* no error path: no segment is a quarter of all addresses */
    if (receiver->buffer_capacity - receiver->buffer_begin - held >= bytes)
        return 0;
    if (receiver->buffer_begin >= held && receiver->buffer_capacity - held >= bytes) {
        memmove(receiver->buffer, receiver->buffer + receiver->buffer_begin, held);
        receiver->buffer_begin = 0;
        return 0;
    }
    size_t capacity = BUFFER_BYTES_MIN;
    while (capacity < held + bytes)
        capacity *= 2;
    uint8_t *buffer = torc_alloc(receiver->scope, capacity);
    if (!buffer)
        return TORC_ENOMEM;
    if (held > 0)
        memcpy(buffer, receiver->buffer + receiver->buffer_begin, held);
    drop_buffer(receiver);
    receiver->buffer = buffer;
    receiver->buffered_bytes = held;
    receiver->buffer_capacity = capacity;
    return 0;
}

static int append(struct torc_line_receiver *receiver, const uint8_t *data, size_t bytes)
{
    int code = bytes > 0 ? reserve(receiver, bytes) : 0;
    if (code || bytes == 0)
        return code;
    /* Bytes are somewhere.  NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
    memcpy(receiver->buffer + receiver->buffer_begin + receiver->buffered_bytes, data, bytes);
    receiver->buffered_bytes += bytes;
    return 0;
}

static int prepend(struct torc_line_receiver *receiver, const uint8_t *data, size_t bytes)
{
    int code = bytes > 0 ? reserve(receiver, bytes) : 0;
    if (code || bytes == 0)
        return code;
    uint8_t *at = receiver->buffer + receiver->buffer_begin;
    memmove(at + bytes, at, receiver->buffered_bytes);
    memcpy(at, data, bytes);
    receiver->buffered_bytes += bytes;
    return 0;
}

/* Moves what is left of the segment to the buffer, which is empty while there is a segment. */
static int spill(struct torc_line_receiver *receiver)
{
    int code = append(receiver, receiver->segment, receiver->segment_bytes);
    if (!code)
        receiver->segment_bytes = 0;
    return code;
}

/* --- delivery --------------------------------------------------------------------------------- */

static void consume(struct torc_line_receiver *receiver, size_t bytes)
{
    receiver->segment += bytes;
    receiver->segment_bytes -= bytes;
    receiver->scanned_bytes = 0;
}

/* Whether a delimiter is in the segment.  If not, scanned_bytes is where one may begin yet. */
static bool find_delimiter(struct torc_line_receiver *receiver, size_t *out_at)
{
    const uint8_t *segment = receiver->segment;
    size_t bytes = receiver->segment_bytes;
    size_t at = receiver->scanned_bytes;
    while (at < bytes) {
        const uint8_t *candidate = memchr(segment + at, receiver->delimiter[0], bytes - at);
        if (!candidate) {
            at = bytes;
            break;
        }
        at = (size_t)(candidate - segment);
        size_t length = receiver->delimiter_bytes;
        if (length > bytes - at)
            length = bytes - at;
        if (memcmp(candidate, receiver->delimiter, length) == 0) {
            *out_at = at;
            receiver->scanned_bytes = at;
            return length == receiver->delimiter_bytes;
        }
        at++;
    }
    receiver->scanned_bytes = at;
    return false;
}

static struct torc_failure *tell_too_long(struct torc_line_receiver *receiver, size_t bytes)
{
    if (receiver->ops->line_length_exceeded)
        return receiver->ops->line_length_exceeded(receiver, bytes);
    return torc_failure_new(receiver->scope, &torc_failure_line_too_long, TORC_ETOOLONG, NULL,
                            "a line is longer than %zu bytes", receiver->line_bytes_max);
}

/* One line, or as much of it as is there.  False in *out_more: the rest has to come first. */
static struct torc_failure *deliver_line(struct torc_line_receiver *receiver, bool *out_more)
{
    const uint8_t *line = receiver->segment;
    bool skipping = receiver->skipping;
    size_t bytes;
    *out_more = find_delimiter(receiver, &bytes);
    if (*out_more) {
        consume(receiver, bytes + receiver->delimiter_bytes);
        receiver->skipping = false;
        if (skipping)
            return NULL;
        if (bytes > receiver->line_bytes_max)
            return tell_too_long(receiver, bytes);
        return receiver->ops->line_received(receiver, line, bytes);
    }
    bytes = receiver->scanned_bytes;
    if (!skipping && bytes <= receiver->line_bytes_max)
        return NULL;
    consume(receiver, bytes);
    receiver->skipping = true;
    if (skipping)
        return NULL;
    struct torc_failure *failure = tell_too_long(receiver, bytes);
    *out_more = receiver->raw;
    return failure;
}

static struct torc_failure *deliver_raw(struct torc_line_receiver *receiver)
{
    const uint8_t *data = receiver->segment;
    size_t bytes = receiver->segment_bytes;
    consume(receiver, bytes);
    if (!receiver->ops->raw_data_received)
        return torc_failure_new(receiver->scope, &torc_failure_invalid_argument, TORC_EINVAL, NULL,
                                "raw mode without raw_data_received");
    return receiver->ops->raw_data_received(receiver, data, bytes);
}

/* Delivers from the segment until it is empty, incomplete, or delivery is to stop. */
static struct torc_failure *deliver_segment(struct torc_line_receiver *receiver)
{
    struct torc_failure *failure = NULL;
    bool more = true;
    while (more && !failure && receiver->segment_bytes > 0 && !receiver->paused &&
           !closing(receiver))
        failure = receiver->raw ? deliver_raw(receiver) : deliver_line(receiver, &more);
    return failure;
}

/* Delivers what is buffered and then `data`, and buffers the rest. */
static struct torc_failure *deliver(struct torc_line_receiver *receiver, const uint8_t *data,
                                    size_t bytes)
{
    struct torc_failure *failure = NULL;
    bool again = true;
    receiver->delivering = true;
    while (again) {
        uint8_t *owned = NULL;
        size_t capacity = 0;
        if (receiver->buffered_bytes > 0) {
            if (append(receiver, data, bytes) != 0) {
                failure = torc_failure_no_memory();
                break;
            }
            owned = receiver->buffer;
            capacity = receiver->buffer_capacity;
            receiver->segment = owned + receiver->buffer_begin;
            receiver->segment_bytes = receiver->buffered_bytes;
            receiver->buffer = NULL;
            drop_buffer(receiver);
        } else {
            receiver->segment = data;
            receiver->segment_bytes = bytes;
        }
        bytes = 0;
        failure = deliver_segment(receiver);
        bool over = failure || closing(receiver);
        if (receiver->segment_bytes > 0 && !over) {
            if (owned) {
                receiver->buffer = owned;
                receiver->buffer_begin = (size_t)(receiver->segment - owned);
                receiver->buffered_bytes = receiver->segment_bytes;
                receiver->buffer_capacity = capacity;
                owned = NULL;
            } else if (spill(receiver) != 0) {
                failure = torc_failure_no_memory();
            }
            again = false;
        } else {
            again = !over && receiver->buffered_bytes > 0 && !receiver->paused;
        }
        torc_release(receiver->scope, owned, capacity);
    }
    receiver->segment_bytes = 0;
    receiver->delivering = false;
    if (failure || closing(receiver))
        drop_buffer(receiver);
    return failure;
}

/* Delivers outside of data_received, where there is nobody to return a failure to. */
static void deliver_by_call(struct torc_line_receiver *receiver, const uint8_t *data, size_t bytes)
{
    struct torc_failure *failure = deliver(receiver, data, bytes);
    if (!failure)
        return;
    torc_log_failure(receiver->scope, "torc.line", "a handler failed", failure);
    torc_failure_drop(receiver->failure);
    receiver->failure = failure;
    torc_transport_abort(receiver->protocol.transport);
}

/* --- the protocol ----------------------------------------------------------------------------- */

static struct torc_failure *connection_made(struct torc_protocol *self)
{
    struct torc_line_receiver *receiver = receiver_of(self);
    return receiver->ops->connection_made ? receiver->ops->connection_made(receiver) : NULL;
}

static struct torc_failure *data_received(struct torc_protocol *self, const uint8_t *data,
                                          size_t bytes)
{
    struct torc_line_receiver *receiver = receiver_of(self);
    if (!receiver->delivering && !receiver->paused)
        return deliver(receiver, data, bytes);
    if (closing(receiver))
        return NULL;
    receiver->scanned_bytes = receiver->delivering ? 0 : receiver->scanned_bytes;
    if ((receiver->delivering && spill(receiver) != 0) || append(receiver, data, bytes) != 0)
        return torc_failure_no_memory();
    return NULL;
}

static void connection_lost(struct torc_protocol *self, struct torc_failure *reason)
{
    struct torc_line_receiver *receiver = receiver_of(self);
    struct torc_failure *failure = receiver->failure;
    receiver->failure = NULL;
    receiver->ops->connection_lost(receiver, failure ? failure : reason);
    torc_failure_drop(failure);
}

static const struct torc_protocol_ops protocol_ops = {
    .size = sizeof protocol_ops,
    .connection_made = connection_made,
    .data_received = data_received,
    .connection_lost = connection_lost,
};

/* --- public ----------------------------------------------------------------------------------- */

int torc_line_receiver_init(struct torc_line_receiver *receiver,
                            const struct torc_line_receiver_ops *ops, struct torc_scope *scope,
                            const char *delimiter, size_t line_bytes_max)
{
    size_t bytes = strlen(delimiter);
    if (ops->size != sizeof *ops || !ops->line_received || !ops->connection_lost || bytes == 0 ||
        bytes > sizeof receiver->delimiter)
        return TORC_EINVAL;
    memset(receiver, 0, sizeof *receiver);
    receiver->protocol.ops = &protocol_ops;
    receiver->ops = ops;
    receiver->scope = scope;
    receiver->line_bytes_max = line_bytes_max ? line_bytes_max : LINE_BYTES_MAX_DEFAULT;
    memcpy(receiver->delimiter, delimiter, bytes);
    receiver->delimiter_bytes = (uint8_t)bytes;
    return 0;
}

void torc_line_receiver_clear(struct torc_line_receiver *receiver)
{
    drop_buffer(receiver);
    torc_failure_drop(receiver->failure);
    receiver->failure = NULL;
}

void torc_line_receiver_set_raw(struct torc_line_receiver *receiver)
{
    receiver->raw = true;
    receiver->skipping = false;
    receiver->scanned_bytes = 0;
}

int torc_line_receiver_set_line(struct torc_line_receiver *receiver, const void *extra,
                                size_t bytes)
{
    const uint8_t *data = extra;
    bool now = !receiver->delivering && !receiver->paused;
    if (receiver->delivering && receiver->segment_bytes == 0 && receiver->buffered_bytes == 0 &&
        bytes > 0 && data + bytes == receiver->segment) {
        /* The end of the raw data being delivered: the segment goes back to there. */
        receiver->segment = data;
        receiver->segment_bytes = bytes;
    } else if (!now || receiver->buffered_bytes > 0) {
        if ((receiver->delivering && spill(receiver) != 0) || prepend(receiver, data, bytes) != 0)
            return TORC_ENOMEM;
        bytes = 0;
    }
    receiver->raw = false;
    receiver->skipping = false;
    receiver->scanned_bytes = 0;
    if (now)
        deliver_by_call(receiver, data, bytes);
    return 0;
}

void torc_line_receiver_pause(struct torc_line_receiver *receiver)
{
    receiver->paused = true;
    torc_transport_pause_reading(receiver->protocol.transport);
}

void torc_line_receiver_resume(struct torc_line_receiver *receiver)
{
    receiver->paused = false;
    torc_transport_resume_reading(receiver->protocol.transport);
    if (!receiver->delivering && receiver->buffered_bytes > 0)
        deliver_by_call(receiver, NULL, 0);
}

int torc_line_receiver_send(struct torc_line_receiver *receiver, const void *line, size_t bytes)
{
    struct torc_span spans[2] = {{line, bytes}, {receiver->delimiter, receiver->delimiter_bytes}};
    return torc_transport_write_spans(receiver->protocol.transport, spans, 2);
}
