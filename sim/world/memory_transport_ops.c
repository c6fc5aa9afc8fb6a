/* memory_transport_ops.c - what a protocol may do to a memory transport. */
#include "memory_transport_state.h"

#include <string.h>

#define OUTPUT_BYTES_MIN 256

static struct torc_memory_transport *memory_of(struct torc_transport transport)
{
    return (struct torc_memory_transport *)(void *)transport.owner;
}

/* Known until connection_lost has returned; alive while calls mean something. */
static struct torc_memory_transport *known(struct torc_transport transport)
{
    struct torc_memory_transport *memory = memory_of(transport);
    return memory->open && memory->generation == transport.generation ? memory : NULL;
}

static struct torc_memory_transport *alive(struct torc_transport transport)
{
    struct torc_memory_transport *memory = known(transport);
    return memory && !memory->dead ? memory : NULL;
}

void torci_memory_kill(struct torc_memory_transport *memory, struct torc_failure *reason,
                       bool abort)
{
    if (memory->dead) {
        torc_failure_drop(reason);
        return;
    }
    memory->dead = true;
    memory->aborted = abort;
    memory->reason = reason;
}

static int reserve_output(struct torc_memory_transport *memory, size_t bytes)
{
    size_t needed = memory->taken_bytes + memory->queued_bytes + bytes;
    size_t capacity = memory->output_capacity ? memory->output_capacity : OUTPUT_BYTES_MIN;
    if (needed <= memory->output_capacity)
        return 0;
    while (capacity < needed)
        capacity *= 2;
    uint8_t *output =
        torc_resize(memory->scope, memory->output, memory->output_capacity, capacity);
    if (!output)
        return TORC_ENOMEM;
    memory->output = output;
    memory->output_capacity = capacity;
    return 0;
}

static int write_total(struct torc_transport transport, const struct torc_span *spans, size_t count,
                       size_t total)
{
    struct torc_memory_transport *memory = alive(transport);
    /* A closing connection takes what its producer still writes. */
    if (!memory || memory->losing_write || (memory->losing && !memory->producer))
        return TORC_ECLOSED;
    if (total == 0)
        return 0;
    if (total > memory->queued_bytes_max ||
        memory->queued_bytes > memory->queued_bytes_max - total)
        return TORC_ELIMIT;
    int code = reserve_output(memory, total);
    if (code)
        return code;
    for (size_t i = 0; i < count; i++) {
        if (spans[i].bytes > 0)
            memcpy(memory->output + memory->taken_bytes + memory->queued_bytes, spans[i].data,
                   spans[i].bytes);
        memory->queued_bytes += spans[i].bytes;
    }
    if (memory->producer && !memory->pull && !memory->pausing &&
        memory->queued_bytes > memory->high_watermark_bytes) {
        memory->producer_paused = true;
        memory->pausing = true;
        memory->producer->ops->pause(memory->producer);
        memory->pausing = false;
    }
    return 0;
}

static int write_one(struct torc_transport transport, const void *data, size_t bytes)
{
    struct torc_span span = {data, bytes};
    return write_total(transport, &span, 1, bytes);
}

static int write_spans(struct torc_transport transport, const struct torc_span *spans, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (spans[i].bytes > SIZE_MAX - total)
            return TORC_ELIMIT;
        total += spans[i].bytes;
    }
    return write_total(transport, spans, count, total);
}

static void lose(struct torc_transport transport)
{
    struct torc_memory_transport *memory = alive(transport);
    if (memory)
        memory->losing = true;
}

static void abort_connection(struct torc_transport transport)
{
    struct torc_memory_transport *memory = alive(transport);
    if (memory)
        torci_memory_kill(memory, torc_failure_static(&torc_failure_connection_aborted), true);
}

static void lose_write(struct torc_transport transport)
{
    struct torc_memory_transport *memory = alive(transport);
    if (memory && !memory->losing)
        memory->losing_write = true;
}

static void pause_reading(struct torc_transport transport)
{
    struct torc_memory_transport *memory = alive(transport);
    if (memory)
        memory->paused = true;
}

static void resume_reading(struct torc_transport transport)
{
    struct torc_memory_transport *memory = alive(transport);
    if (memory)
        memory->paused = false;
}

static int register_producer(struct torc_transport transport, struct torc_producer *producer,
                             enum torc_producer_kind kind)
{
    struct torc_memory_transport *memory = known(transport);
    if (memory && memory->producer)
        return TORC_EBUSY;
    if (!memory || memory->dead || memory->losing || memory->losing_write) {
        producer->ops->stop(producer);
        return TORC_ECLOSED;
    }
    memory->producer = producer;
    memory->pull = kind == TORC_PRODUCER_PULL;
    memory->producer_paused = false;
    if (memory->pull)
        producer->ops->resume(producer);
    return 0;
}

static void unregister_producer(struct torc_transport transport)
{
    struct torc_memory_transport *memory = known(transport);
    if (!memory)
        return;
    memory->producer = NULL;
    memory->producer_paused = false;
}

static int set_limits(struct torc_transport transport, size_t high_watermark_bytes,
                      size_t queued_bytes_max)
{
    struct torc_memory_transport *memory = alive(transport);
    if (!memory)
        return TORC_ECLOSED;
    if (high_watermark_bytes != 0)
        memory->high_watermark_bytes = high_watermark_bytes;
    if (queued_bytes_max != 0)
        memory->queued_bytes_max = queued_bytes_max;
    return 0;
}

static size_t queued(struct torc_transport transport)
{
    struct torc_memory_transport *memory = alive(transport);
    return memory ? memory->queued_bytes : 0;
}

static bool writable(struct torc_transport transport)
{
    struct torc_memory_transport *memory = alive(transport);
    return memory && !memory->losing && !memory->losing_write;
}

static bool disconnecting(struct torc_transport transport)
{
    struct torc_memory_transport *memory = alive(transport);
    return !memory || memory->losing;
}

static int local(struct torc_transport transport, struct torc_address *out)
{
    if (!known(transport))
        return TORC_ECLOSED;
    *out = torc_address_ipv4(10, 0, 0, 1, 12345);
    return 0;
}

static int peer(struct torc_transport transport, struct torc_address *out)
{
    if (!known(transport))
        return TORC_ECLOSED;
    *out = torc_address_ipv4(10, 0, 0, 2, 54321);
    return 0;
}

static int set_option(struct torc_transport transport, enum torc_stream_option option, int value)
{
    struct torc_memory_transport *memory = alive(transport);
    if (!memory)
        return TORC_ECLOSED;
    if (option != TORC_STREAM_NODELAY && option != TORC_STREAM_KEEPALIVE)
        return TORC_EINVAL;
    memory->options[option] = value;
    return 0;
}

const struct torc_transport_ops torci_memory_transport_ops = {
    .size = sizeof torci_memory_transport_ops,
    .write = write_one,
    .write_spans = write_spans,
    .lose = lose,
    .abort = abort_connection,
    .lose_write = lose_write,
    .pause_reading = pause_reading,
    .resume_reading = resume_reading,
    .register_producer = register_producer,
    .unregister_producer = unregister_producer,
    .set_limits = set_limits,
    .queued = queued,
    .writable = writable,
    .disconnecting = disconnecting,
    .local = local,
    .peer = peer,
    .set_option = set_option,
};
