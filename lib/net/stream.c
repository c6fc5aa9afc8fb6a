/* stream.c - one connection: reading, sending, and the one place where it ends. */
#include "stream_layer.h"

#include <string.h>

#define FLUSH_SPANS 64

struct torci_stream *torci_stream_new(struct torci_stream_layer *layer, const char *site)
{
    struct torci_stream *stream = torci_slots_take(&layer->streams);

    if (stream == NULL)
        return NULL;
    stream->site = site;
    stream->high_watermark_bytes = TORCI_HIGH_WATERMARK_BYTES;
    stream->queued_bytes_max = TORCI_QUEUED_BYTES_MAX;
    return stream;
}

uint64_t torci_stream_token(const struct torci_stream *stream)
{
    return torci_token(TORCI_TOKEN_STREAM, stream->slot.index, stream->slot.generation);
}

void torci_stream_set_peer(struct torci_stream *stream, const struct torc_address *peer)
{
    memcpy(stream->peer_ip, peer->ip, sizeof stream->peer_ip);
    stream->peer_scope_id = peer->scope_id;
    stream->peer_port = peer->port;
    stream->peer_family = peer->family;
}

void torci_stream_set_options(struct torci_stream_layer *layer, struct torci_stream *stream,
                              bool nodelay, bool keepalive)
{
    struct torc_platform *platform = layer->platform;

    if (nodelay)
        (void)platform->ops->set_option(platform, stream->handle, TORC_STREAM_NODELAY, 1);
    if (keepalive)
        (void)platform->ops->set_option(platform, stream->handle, TORC_STREAM_KEEPALIVE, 1);
}

void torci_stream_mark_dirty(struct torci_stream_layer *layer, struct torci_stream *stream)
{
    if (stream->dirty)
        return;
    stream->dirty = true;
    stream->previous_dirty = layer->dirty_last;
    if (layer->dirty_last != NULL)
        layer->dirty_last->next_dirty = stream;
    else
        layer->dirty_first = stream;
    layer->dirty_last = stream;
    layer->base.dirty = true;
}

void torci_stream_update_interest(struct torci_stream_layer *layer, struct torci_stream *stream)
{
    uint8_t wanted = 0;

    if (!stream->dead) {
        if (!stream->paused && !stream->ended && !stream->losing)
            wanted |= TORC_EVENT_READ;
        if (stream->blocked)
            wanted |= TORC_EVENT_WRITE;
    }
    if (wanted == stream->interest)
        return;
    stream->interest = wanted;
    layer->platform->ops->interest(layer->platform, stream->handle, wanted);
}

void torci_stream_kill(struct torci_stream_layer *layer, struct torci_stream *stream,
                       struct torc_failure *reason, bool abort)
{
    if (stream->dead) {
        torc_failure_drop(reason);
        return;
    }
    stream->dead = true;
    stream->abort = abort;
    stream->reason = reason;
    torci_stream_update_interest(layer, stream);
    torci_stream_mark_dirty(layer, stream);
}

void torci_stream_lose(struct torci_stream_layer *layer, struct torci_stream *stream)
{
    if (stream->losing || stream->dead)
        return;
    stream->losing = true;
    if (stream->open)
        torci_stream_update_interest(layer, stream);
    torci_stream_mark_dirty(layer, stream);
}

/* The user's code failed: that is logged, and is the reason the connection ends. */
static void fail(struct torci_stream_layer *layer, struct torci_stream *stream, const char *doing,
                 struct torc_failure *failure)
{
    torci_log_and_drop(layer, doing, torc_failure_keep(failure));
    if (stream->dead && stream->reason == torc_failure_static(&torc_failure_connection_aborted)) {
        /* Aborted by the very callback that failed: what it returned says more. */
        torc_failure_drop(stream->reason);
        stream->reason = failure;
        return;
    }
    torci_stream_kill(layer, stream, failure, true);
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct torc_failure *reason_of(int code)
{
    switch (code) {
    case TORC_ECONNRESET:
        return torc_failure_static(&torc_failure_connection_reset);
    case TORC_ETIMEDOUT:
        return torc_failure_static(&torc_failure_connection_timeout);
    default:
        return torc_failure_static(&torc_failure_connection_lost);
    }
}

static void peer_ended(struct torci_stream_layer *layer, struct torci_stream *stream)
{
    stream->ended = true;
    torci_stream_update_interest(layer, stream);
    if (stream->protocol->ops->read_connection_lost != NULL) {
        stream->protocol->ops->read_connection_lost(stream->protocol);
    } else {
        torci_stream_lose(layer, stream);
    }
}

static void read_some(struct torci_stream_layer *layer, struct torci_stream *stream)
{
    struct torc_failure *failure;
    size_t bytes = 0;
    int code = layer->platform->ops->read(layer->platform, stream->handle, layer->read_buffer,
                                          TORCI_READ_BYTES, &bytes);

    if (code == TORC_EAGAIN)
        return;
    if (code != TORC_OK) {
        torci_stream_kill(layer, stream, reason_of(code), true);
        return;
    }
    if (bytes == 0) {
        peer_ended(layer, stream);
        return;
    }
    failure = stream->protocol->ops->data_received(stream->protocol, layer->read_buffer, bytes);
    if (failure != NULL)
        fail(layer, stream, "data_received failed", failure);
}

void torci_stream_ready(struct torci_stream_layer *layer, struct torci_stream *stream,
                        uint32_t events)
{
    if ((events & TORC_EVENT_READ) != 0 && (stream->interest & TORC_EVENT_READ) != 0)
        read_some(layer, stream);
    if ((events & TORC_EVENT_WRITE) != 0 && stream->blocked) {
        stream->blocked = false;
        torci_stream_mark_dirty(layer, stream);
    }
}

void torci_stream_open(struct torci_stream_layer *layer, struct torci_stream *stream,
                       struct torc_protocol *protocol)
{
    struct torc_transport transport = {&layer->owner, stream->slot.index, stream->slot.generation};
    struct torc_failure *failure;

    stream->protocol = protocol;
    stream->open = true;
    failure = torc_protocol_connect(protocol, transport);
    if (failure != NULL)
        fail(layer, stream, "connection_made failed", failure);
    torci_stream_update_interest(layer, stream);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* One writev.  False: the connection is broken, and was killed. */
static bool send_some(struct torci_stream_layer *layer, struct torci_stream *stream)
{
    struct torc_span spans[FLUSH_SPANS];
    size_t offered, taken = 0;
    size_t count = torci_write_queue_spans(&stream->queue, spans, FLUSH_SPANS, &offered);
    int code = layer->platform->ops->writev(layer->platform, stream->handle, spans, count, &taken);

    if (code == TORC_EAGAIN) {
        taken = 0;
    } else if (code != TORC_OK) {
        torci_stream_kill(layer, stream, reason_of(code), true);
        return false;
    }
    torci_write_queue_consume(&stream->queue, &layer->chunk_pool, taken);
    stream->blocked = taken < offered;
    if (stream->queue.bytes > 0 && !stream->blocked)
        torci_stream_mark_dirty(layer, stream);
    return true;
}

/* The queue is empty: whoever feeds it may go on.  True: a producer holds a close. */
static bool feed(struct torci_stream *stream)
{
    struct torc_producer *producer = stream->producer;

    if (producer == NULL || !(stream->pull || stream->producer_paused))
        return false;
    stream->producer_paused = false;
    producer->ops->resume(producer);
    return true;
}

static void half_close(struct torci_stream_layer *layer, struct torci_stream *stream)
{
    int code = layer->platform->ops->shutdown(layer->platform, stream->handle);

    stream->write_lost = true;
    if (code != TORC_OK) {
        torci_stream_kill(layer, stream, reason_of(code), true);
        return;
    }
    if (stream->protocol->ops->write_connection_lost != NULL)
        stream->protocol->ops->write_connection_lost(stream->protocol);
}

void torci_stream_flush(struct torci_stream_layer *layer, struct torci_stream *stream)
{
    if (!stream->dead && !stream->blocked) {
        bool sending = stream->queue.bytes > 0;
        bool held = false;

        if (sending && !send_some(layer, stream))
            goto end;
        if (stream->queue.bytes == 0) {
            /* A producer is fed when a queue drains, not each time an empty one is looked at. */
            if (sending || stream->producer_paused)
                held = feed(stream);
            if (!stream->dead && stream->queue.bytes == 0 && stream->losing_write &&
                !stream->write_lost)
                half_close(layer, stream);
            if (!stream->dead && stream->losing && !held && stream->queue.bytes == 0 &&
                !(stream->producer != NULL && stream->pull)) {
                torci_stream_end(layer, stream, torc_failure_static(&torc_failure_connection_done),
                                 TORC_CLOSE_NORMAL);
                return;
            }
            if (held && stream->losing && !stream->pull)
                torci_stream_mark_dirty(layer, stream);
        }
        if (!stream->dead)
            torci_stream_update_interest(layer, stream);
    }
end:
    if (stream->dead)
        torci_stream_end(layer, stream, stream->reason,
                         stream->abort ? TORC_CLOSE_ABORT : TORC_CLOSE_NORMAL);
}

/* --- ending ----------------------------------------------------------------------------------- */

static void unlist(struct torci_stream_layer *layer, struct torci_stream *stream)
{
    if (!stream->dirty)
        return;
    if (stream->previous_dirty != NULL)
        stream->previous_dirty->next_dirty = stream->next_dirty;
    else
        layer->dirty_first = stream->next_dirty;
    if (stream->next_dirty != NULL)
        stream->next_dirty->previous_dirty = stream->previous_dirty;
    else
        layer->dirty_last = stream->previous_dirty;
    stream->dirty = false;
}

void torci_stream_discard(struct torci_stream_layer *layer, struct torci_stream *stream,
                          enum torc_close_mode mode)
{
    unlist(layer, stream);
    torci_write_queue_clear(&stream->queue, &layer->chunk_pool);
    if (stream->handle != 0)
        layer->platform->ops->close(layer->platform, stream->handle, mode);
    torci_slots_give_back(&layer->streams, &stream->slot);
}

void torci_stream_end(struct torci_stream_layer *layer, struct torci_stream *stream,
                      struct torc_failure *reason, enum torc_close_mode mode)
{
    struct torci_connector *connector = stream->connector;
    struct torc_producer *producer = stream->producer;

    /* From here on every call on the transport answers that it is closed; its addresses are still
     * known, because the handle is closed last. */
    stream->dead = true;
    stream->reason = NULL;
    if (producer != NULL) {
        stream->producer = NULL;
        producer->ops->stop(producer);
    }
    stream->protocol->ops->connection_lost(stream->protocol, reason);
    stream->protocol = NULL;
    stream->open = false;
    torci_stream_discard(layer, stream, mode);
    if (connector != NULL)
        torci_connector_lost(connector, reason);
    torc_failure_drop(reason);
}
