/* memory_transport.c - one end of a connection whose other end is a test.
 *
 * The same rules as lib/net's streams, in the same shape: whatever ends the connection only notes it,
 * and settle, the end of a turn, is the one place that tells. */
#include "memory_transport_state.h"

#include <string.h>

#include <torc/log.h>

#define HIGH_WATERMARK_BYTES 65536
#define QUEUED_BYTES_MAX ((size_t)64 << 20)

/* --- reading ---------------------------------------------------------------------------------- */

static bool reading(const struct torc_memory_transport *memory)
{
    return memory->open && !memory->dead && !memory->paused && !memory->ended && !memory->losing;
}

/* The protocol's code failed: that is logged, and is the reason the connection ends. */
static void fail(struct torc_memory_transport *memory, const char *doing,
                 struct torc_failure *failure)
{
    torc_log_failure(memory->scope, "torc.memory_transport", doing, failure);
    if (memory->dead && memory->reason == torc_failure_static(&torc_failure_connection_aborted)) {
        /* Aborted by the very callback that failed: what it returned says more. */
        memory->reason = failure;
        return;
    }
    torci_memory_kill(memory, failure, true);
}

static void drop_first(struct torc_memory_transport *memory)
{
    struct piece *piece = memory->first;
    memory->first = piece->next;
    if (!memory->first)
        memory->last = NULL;
    torc_release(memory->scope, piece, sizeof *piece + piece->bytes);
}

static void receive_segment(struct torc_memory_transport *memory)
{
    struct piece *piece = memory->first;
    size_t at = piece->received_bytes;
    size_t bytes = piece->bytes - at;
    if (piece->segment_bytes > 0 && bytes > piece->segment_bytes)
        bytes = piece->segment_bytes;
    piece->received_bytes += bytes;
    struct torc_failure *failure =
        torc_protocol_receive(memory->protocol, piece->data + at, bytes);
    if (failure)
        fail(memory, "data_received failed", failure);
    if (piece->received_bytes == piece->bytes)
        drop_first(memory);
}

static void notice_end(struct torc_memory_transport *memory)
{
    memory->ended = true;
    if (memory->protocol && memory->protocol->ops->read_connection_lost)
        memory->protocol->ops->read_connection_lost(memory->protocol);
    else
        memory->losing = true;
}

static void read_all(struct torc_memory_transport *memory)
{
    while (memory->first && reading(memory))
        receive_segment(memory);
    if (!reading(memory) || memory->first)
        return;
    if (memory->broken) {
        torci_memory_kill(memory, memory->broken, false);
        memory->broken = NULL;
    } else if (memory->end_delivered) {
        notice_end(memory);
    }
}

/* --- the end of a turn ------------------------------------------------------------------------ */

/* False: writing showed that the connection is broken. */
static bool take_output(struct torc_memory_transport *memory)
{
    if (memory->broken) {
        torci_memory_kill(memory, memory->broken, false);
        memory->broken = NULL;
        return false;
    }
    memory->taken_bytes += memory->queued_bytes;
    memory->queued_bytes = 0;
    return true;
}

/* The queue is empty: whoever feeds it may go on.  True: a producer holds a close. */
static bool feed(struct torc_memory_transport *memory)
{
    struct torc_producer *producer = memory->producer;
    if (!producer || !(memory->pull || memory->producer_paused))
        return false;
    memory->producer_paused = false;
    producer->ops->resume(producer);
    return true;
}

static void close_write(struct torc_memory_transport *memory)
{
    memory->write_lost = true;
    if (memory->protocol && memory->protocol->ops->write_connection_lost)
        memory->protocol->ops->write_connection_lost(memory->protocol);
}

/* Ends it, with `reason` (taken). */
static void end(struct torc_memory_transport *memory, struct torc_failure *reason)
{
    struct torc_protocol *protocol = memory->protocol;
    struct torc_producer *producer = memory->producer;
    memory->dead = true;
    memory->reason = NULL;
    memory->protocol = NULL;
    memory->queued_bytes = 0;
    memory->producer = NULL;
    if (producer)
        producer->ops->stop(producer);
    while (memory->first)
        drop_first(memory);
    torc_failure_drop(memory->broken);
    memory->broken = NULL;
    if (protocol)
        torc_protocol_lose(protocol, reason);
    memory->open = false;
    torc_failure_drop(reason);
}

static void flush(struct torc_memory_transport *memory)
{
    bool sending = memory->queued_bytes > 0;
    if (memory->dead || (sending && memory->held))
        return;
    if (sending && !take_output(memory))
        return;
    bool fed = (sending || memory->producer_paused) && feed(memory);
    if (memory->dead || memory->queued_bytes > 0)
        return;
    if (memory->losing_write && !memory->write_lost)
        close_write(memory);
    if (memory->dead || !memory->losing || fed || (memory->producer && memory->pull))
        return;
    torci_memory_kill(memory, torc_failure_static(&torc_failure_connection_done), false);
}

void torc_memory_transport_settle(struct torc_memory_transport *memory)
{
    if (memory->busy || !memory->open)
        return;
    memory->busy = true;
    if (memory->protocol)
        read_all(memory);
    flush(memory);
    if (memory->dead)
        end(memory, memory->reason);
    memory->busy = false;
}

/* --- making, connecting, delivering ----------------------------------------------------------- */

static void reopen(struct torc_memory_transport *memory)
{
    memory->generation++;
    memory->high_watermark_bytes = HIGH_WATERMARK_BYTES;
    memory->queued_bytes_max = QUEUED_BYTES_MAX;
    memory->options[TORC_STREAM_NODELAY] = -1;
    memory->options[TORC_STREAM_KEEPALIVE] = -1;
    memory->open = true;
    memory->paused = false;
    memory->end_delivered = false;
    memory->ended = false;
    memory->losing = false;
    memory->losing_write = false;
    memory->write_lost = false;
    memory->dead = false;
    memory->aborted = false;
    memory->producer_paused = false;
}

int torc_memory_transport_new(struct torc_scope *scope, struct torc_memory_transport **out)
{
    struct torc_memory_transport *memory = torc_alloc_zero(scope, sizeof *memory);
    if (!memory)
        return TORC_ENOMEM;
    memory->owner.ops = &torci_memory_transport_ops;
    memory->scope = scope;
    reopen(memory);
    *out = memory;
    return 0;
}

void torc_memory_transport_free(struct torc_memory_transport *memory)
{
    if (!memory)
        return;
    if (memory->open) {
        memory->busy = true;
        if (!memory->dead)
            torci_memory_kill(memory, torc_failure_static(&torc_failure_connection_aborted), true);
        end(memory, memory->reason);
    }
    torc_release(memory->scope, memory->output, memory->output_capacity);
    torc_release(memory->scope, memory, sizeof *memory);
}

struct torc_transport torc_memory_transport_handle(struct torc_memory_transport *memory)
{
    struct torc_transport transport = {&memory->owner, 0, memory->generation};
    return transport;
}

int torc_memory_transport_connect(struct torc_memory_transport *memory,
                                  struct torc_protocol *protocol)
{
    if (memory->protocol || memory->busy)
        return TORC_EBUSY;
    if (!memory->open)
        reopen(memory);
    memory->protocol = protocol;
    memory->busy = true;
    struct torc_failure *failure =
        torc_protocol_connect(protocol, torc_memory_transport_handle(memory));
    if (failure)
        fail(memory, "connection_made failed", failure);
    memory->busy = false;
    torc_memory_transport_settle(memory);
    return 0;
}

int torc_memory_transport_deliver(struct torc_memory_transport *memory, const void *data,
                                  size_t bytes, size_t segment_bytes)
{
    if (!memory->open)
        return 0;
    if (!memory->protocol && !memory->dead)
        return TORC_ENOTCONN;
    if (memory->end_delivered || memory->broken)
        return TORC_ECLOSED;
    if (bytes > 0 && !memory->dead && !memory->losing) {
        struct piece *piece = torc_alloc(memory->scope, sizeof *piece + bytes);
        if (!piece)
            return TORC_ENOMEM;
        piece->next = NULL;
        piece->bytes = bytes;
        piece->received_bytes = 0;
        piece->segment_bytes = segment_bytes;
        memcpy(piece->data, data, bytes);
        if (memory->last)
            memory->last->next = piece;
        else
            memory->first = piece;
        memory->last = piece;
    }
    torc_memory_transport_settle(memory);
    return 0;
}

void torc_memory_transport_deliver_end(struct torc_memory_transport *memory)
{
    memory->end_delivered = true;
    torc_memory_transport_settle(memory);
}

void torc_memory_transport_break(struct torc_memory_transport *memory, struct torc_failure *reason)
{
    if (memory->open && !memory->dead && !memory->broken)
        memory->broken = torc_failure_keep(reason);
    torc_memory_transport_settle(memory);
}

void torc_memory_transport_hold(struct torc_memory_transport *memory, bool held)
{
    memory->held = held;
}

/* --- what a test looks at --------------------------------------------------------------------- */

const uint8_t *torc_memory_transport_value(const struct torc_memory_transport *memory,
                                           size_t *out_bytes)
{
    *out_bytes = memory->taken_bytes;
    return memory->output ? memory->output : (const uint8_t *)"";
}

void torc_memory_transport_clear(struct torc_memory_transport *memory)
{
    if (memory->queued_bytes > 0)
        memmove(memory->output, memory->output + memory->taken_bytes, memory->queued_bytes);
    memory->taken_bytes = 0;
}

bool torc_memory_transport_connected(const struct torc_memory_transport *memory)
{
    return memory->open;
}

bool torc_memory_transport_disconnecting(const struct torc_memory_transport *memory)
{
    return !memory->open || memory->dead || memory->losing;
}

bool torc_memory_transport_aborted(const struct torc_memory_transport *memory)
{
    return memory->aborted;
}

bool torc_memory_transport_write_closed(const struct torc_memory_transport *memory)
{
    return memory->write_lost;
}

bool torc_memory_transport_reading(const struct torc_memory_transport *memory)
{
    return reading(memory);
}

struct torc_producer *
torc_memory_transport_producer(const struct torc_memory_transport *memory)
{
    return memory->producer;
}

bool torc_memory_transport_producer_paused(const struct torc_memory_transport *memory)
{
    return memory->producer_paused;
}

int torc_memory_transport_option(const struct torc_memory_transport *memory,
                                 enum torc_stream_option option)
{
    return option == TORC_STREAM_NODELAY || option == TORC_STREAM_KEEPALIVE
               ? memory->options[option]
               : -1;
}
