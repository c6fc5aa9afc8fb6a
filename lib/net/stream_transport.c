/* stream_transport.c - what a protocol may do to its connection. */
#include <string.h>

#include "stream_layer.h"

/* The stream, until connection_lost has returned: for its addresses, and to let go of a producer. */
static struct torci_stream *known(struct torc_transport transport,
                                  struct torci_stream_layer **out_layer)
{
    struct torci_stream_layer *layer = torci_layer_of_owner(transport.owner);
    struct torci_stream *stream;

    torci_reactor_check(layer->reactor, TORC_HERE);
    stream = torci_slots_find(&layer->streams, transport.index, transport.generation, UINT32_MAX);
    *out_layer = layer;
    return stream != NULL && stream->open ? stream : NULL;
}

/* The stream, while calls on it mean something; NULL once it is gone or ending. */
static struct torci_stream *alive(struct torc_transport transport,
                                  struct torci_stream_layer **out_layer)
{
    struct torci_stream *stream = known(transport, out_layer);

    return stream != NULL && !stream->dead ? stream : NULL;
}

/* Whether a write is taken: a closing stream takes those of its producer only. */
static bool may_write(const struct torci_stream *stream)
{
    return !stream->losing_write && (!stream->losing || stream->producer != NULL);
}

static int queue_spans(struct torc_transport transport, const struct torc_span *spans, size_t count,
                       size_t total)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = alive(transport, &layer);
    int code;

    if (stream == NULL || !may_write(stream))
        return TORC_ECLOSED;
    if (total == 0)
        return TORC_OK;
    if (total > stream->queued_bytes_max ||
        stream->queue.bytes > stream->queued_bytes_max - total)
        return TORC_ELIMIT;
    code = torci_write_queue_append(&stream->queue, &layer->chunk_pool, spans, count, total);
    if (code != TORC_OK)
        return code;
    torci_stream_mark_dirty(layer, stream);
    if (stream->producer != NULL && !stream->pull && !stream->pausing &&
        stream->queue.bytes > stream->high_watermark_bytes) {
        bool inside = torci_reactor_enter(layer->reactor);

        stream->producer_paused = true;
        stream->pausing = true;
        stream->producer->ops->pause(stream->producer);
        stream->pausing = false;
        torci_reactor_leave(layer->reactor, inside);
    }
    return TORC_OK;
}

static int stream_write(struct torc_transport transport, const void *data, size_t bytes)
{
    struct torc_span span = {data, bytes};

    return queue_spans(transport, &span, 1, bytes);
}

static int stream_write_spans(struct torc_transport transport, const struct torc_span *spans,
                              size_t count)
{
    size_t i, total = 0;

    for (i = 0; i < count; i++) {
        if (spans[i].bytes > SIZE_MAX - total)
            return TORC_ELIMIT;
        total += spans[i].bytes;
    }
    return queue_spans(transport, spans, count, total);
}

static void stream_lose(struct torc_transport transport)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = alive(transport, &layer);

    if (stream != NULL)
        torci_stream_lose(layer, stream);
}

static void stream_abort(struct torc_transport transport)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = alive(transport, &layer);

    if (stream != NULL)
        torci_stream_kill(layer, stream, torc_failure_static(&torc_failure_connection_aborted),
                          true);
}

static void stream_lose_write(struct torc_transport transport)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = alive(transport, &layer);

    if (stream == NULL || stream->losing || stream->losing_write)
        return;
    stream->losing_write = true;
    torci_stream_mark_dirty(layer, stream);
}

static void stream_pause_reading(struct torc_transport transport)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = alive(transport, &layer);

    if (stream == NULL)
        return;
    stream->paused = true;
    torci_stream_update_interest(layer, stream);
}

static void stream_resume_reading(struct torc_transport transport)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = alive(transport, &layer);

    if (stream == NULL)
        return;
    stream->paused = false;
    torci_stream_update_interest(layer, stream);
}

static int stream_register_producer(struct torc_transport transport, struct torc_producer *producer,
                                    enum torc_producer_kind kind)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = known(transport, &layer);
    int code = TORC_OK;
    bool inside;

    if (stream != NULL && stream->producer != NULL)
        return TORC_EBUSY;
    inside = torci_reactor_enter(layer->reactor);
    if (stream == NULL || stream->dead || stream->losing || stream->losing_write) {
        producer->ops->stop(producer);
        code = TORC_ECLOSED;
    } else {
        stream->producer = producer;
        stream->pull = kind == TORC_PRODUCER_PULL;
        stream->producer_paused = false;
        if (stream->pull)
            producer->ops->resume(producer);
    }
    torci_reactor_leave(layer->reactor, inside);
    return code;
}

static void stream_unregister_producer(struct torc_transport transport)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = known(transport, &layer);

    if (stream == NULL || stream->producer == NULL)
        return;
    stream->producer = NULL;
    stream->producer_paused = false;
    if (stream->losing)
        torci_stream_mark_dirty(layer, stream);
}

static int stream_set_limits(struct torc_transport transport, size_t high_watermark_bytes,
                             size_t queued_bytes_max)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = alive(transport, &layer);

    if (stream == NULL)
        return TORC_ECLOSED;
    if (high_watermark_bytes != 0)
        stream->high_watermark_bytes = high_watermark_bytes;
    if (queued_bytes_max != 0)
        stream->queued_bytes_max = queued_bytes_max;
    return TORC_OK;
}

static size_t stream_queued(struct torc_transport transport)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = alive(transport, &layer);

    return stream != NULL ? stream->queue.bytes : 0;
}

static bool stream_writable(struct torc_transport transport)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = alive(transport, &layer);

    return stream != NULL && !stream->losing && !stream->losing_write;
}

static bool stream_disconnecting(struct torc_transport transport)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = alive(transport, &layer);

    return stream == NULL || stream->losing;
}

static int stream_local(struct torc_transport transport, struct torc_address *out)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = known(transport, &layer);

    if (stream == NULL)
        return TORC_ECLOSED;
    return layer->platform->ops->names(layer->platform, stream->handle, out, NULL);
}

static int stream_peer(struct torc_transport transport, struct torc_address *out)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = known(transport, &layer);

    if (stream == NULL)
        return TORC_ECLOSED;
    if (stream->peer_family == TORC_ADDRESS_UNIX)
        return layer->platform->ops->names(layer->platform, stream->handle, NULL, out);
    memset(out, 0, sizeof *out);
    out->family = stream->peer_family;
    memcpy(out->ip, stream->peer_ip, sizeof out->ip);
    out->scope_id = stream->peer_scope_id;
    out->port = stream->peer_port;
    return TORC_OK;
}

static int stream_set_option(struct torc_transport transport, enum torc_stream_option option,
                             int value)
{
    struct torci_stream_layer *layer;
    struct torci_stream *stream = alive(transport, &layer);

    if (stream == NULL)
        return TORC_ECLOSED;
    return layer->platform->ops->set_option(layer->platform, stream->handle, option, value);
}

const struct torc_transport_ops torci_stream_transport_ops = {
    sizeof torci_stream_transport_ops,
    stream_write,
    stream_write_spans,
    stream_lose,
    stream_abort,
    stream_lose_write,
    stream_pause_reading,
    stream_resume_reading,
    stream_register_producer,
    stream_unregister_producer,
    stream_set_limits,
    stream_queued,
    stream_writable,
    stream_disconnecting,
    stream_local,
    stream_peer,
    stream_set_option,
};
