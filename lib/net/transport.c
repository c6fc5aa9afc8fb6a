/* transport.c - the calls of torc/transport.h, handed to whoever owns the transport. */
#include <torc/transport.h>

int torc_transport_write(struct torc_transport transport, const void *data, size_t bytes)
{
    if (transport.owner == NULL)
        return TORC_ECLOSED;
    return transport.owner->ops->write(transport, data, bytes);
}

int torc_transport_write_spans(struct torc_transport transport, const struct torc_span *spans,
                               size_t count)
{
    if (transport.owner == NULL)
        return TORC_ECLOSED;
    return transport.owner->ops->write_spans(transport, spans, count);
}

void torc_transport_lose(struct torc_transport transport)
{
    if (transport.owner != NULL)
        transport.owner->ops->lose(transport);
}

void torc_transport_abort(struct torc_transport transport)
{
    if (transport.owner != NULL)
        transport.owner->ops->abort(transport);
}

void torc_transport_lose_write(struct torc_transport transport)
{
    if (transport.owner != NULL)
        transport.owner->ops->lose_write(transport);
}

void torc_transport_pause_reading(struct torc_transport transport)
{
    if (transport.owner != NULL)
        transport.owner->ops->pause_reading(transport);
}

void torc_transport_resume_reading(struct torc_transport transport)
{
    if (transport.owner != NULL)
        transport.owner->ops->resume_reading(transport);
}

int torc_transport_register_producer(struct torc_transport transport, struct torc_producer *producer,
                                     enum torc_producer_kind kind)
{
    if (transport.owner == NULL) {
        producer->ops->stop(producer);
        return TORC_ECLOSED;
    }
    return transport.owner->ops->register_producer(transport, producer, kind);
}

void torc_transport_unregister_producer(struct torc_transport transport)
{
    if (transport.owner != NULL)
        transport.owner->ops->unregister_producer(transport);
}

int torc_transport_set_limits(struct torc_transport transport, size_t high_watermark_bytes,
                              size_t queued_bytes_max)
{
    if (transport.owner == NULL)
        return TORC_ECLOSED;
    return transport.owner->ops->set_limits(transport, high_watermark_bytes, queued_bytes_max);
}

size_t torc_transport_queued(struct torc_transport transport)
{
    return transport.owner == NULL ? 0 : transport.owner->ops->queued(transport);
}

bool torc_transport_writable(struct torc_transport transport)
{
    return transport.owner != NULL && transport.owner->ops->writable(transport);
}

bool torc_transport_disconnecting(struct torc_transport transport)
{
    return transport.owner == NULL || transport.owner->ops->disconnecting(transport);
}

int torc_transport_local(struct torc_transport transport, struct torc_address *out)
{
    return transport.owner == NULL ? TORC_ECLOSED : transport.owner->ops->local(transport, out);
}

int torc_transport_peer(struct torc_transport transport, struct torc_address *out)
{
    return transport.owner == NULL ? TORC_ECLOSED : transport.owner->ops->peer(transport, out);
}

int torc_transport_set_option(struct torc_transport transport, enum torc_stream_option option,
                              int value)
{
    if (transport.owner == NULL)
        return TORC_ECLOSED;
    return transport.owner->ops->set_option(transport, option, value);
}
