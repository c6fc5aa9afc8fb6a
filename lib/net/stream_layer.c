/* stream_layer.c - what the reactor drives: dispatch, flush, disconnect, count, describe. */
#include "datagram.h"
#include "lookup.h"

#include <string.h>

#include <torc/format.h>
#include <torc/log.h>

static struct torci_stream_layer *layer_of(struct torci_streams *base)
{
    return (struct torci_stream_layer *)(void *)base;
}

static const struct torci_stream_layer *const_layer_of(const struct torci_streams *base)
{
    return (const struct torci_stream_layer *)(const void *)base;
}

static void *named(const struct torci_slots *slots, uint64_t token)
{
    return torci_slots_find(slots, torci_token_index(token), (uint32_t)(token >> 32),
                            TORCI_TOKEN_GENERATION_MASK);
}

static void layer_connected(struct torci_streams *base, uint64_t token, int result)
{
    struct torci_stream_layer *layer = layer_of(base);
    struct torci_stream *stream = named(&layer->streams, token);

    if (stream != NULL && stream->connector != NULL &&
        stream->connector->state == TORCI_CONNECTING)
        torci_connector_connected(stream->connector, result);
}

static void layer_ready(struct torci_streams *base, uint64_t token, uint32_t events)
{
    struct torci_stream_layer *layer = layer_of(base);

    if (torci_token_kind(token) == TORCI_TOKEN_STREAM) {
        struct torci_stream *stream = named(&layer->streams, token);

        if (stream != NULL && stream->open)
            torci_stream_ready(layer, stream, events);
    } else if (torci_token_kind(token) == TORCI_TOKEN_DATAGRAM) {
        struct torci_datagram *port = named(&layer->datagrams, token);

        if (port != NULL && port->handle != 0)
            torci_datagram_ready(port);
    } else {
        struct torci_listener *listener = named(&layer->listeners, token);

        if (listener != NULL && !listener->closed)
            torci_listener_ready(layer, listener);
    }
}

static void layer_answered(struct torci_streams *base, uint64_t token, int result)
{
    struct torci_lookup *lookup = named(&layer_of(base)->lookups, token);

    if (lookup != NULL)
        torci_lookup_answered(lookup, result);
}

/* Takes the list as it is; what callbacks make dirty waits for the next turn. */
static void layer_flush(struct torci_streams *base)
{
    struct torci_stream_layer *layer = layer_of(base);
    struct torci_stream *stream = layer->dirty_first;

    layer->dirty_first = layer->dirty_last = NULL;
    base->dirty = false;
    while (stream != NULL) {
        struct torci_stream *next = stream->next_dirty;

        stream->dirty = false;
        stream->next_dirty = stream->previous_dirty = NULL;
        torci_stream_flush(layer, stream);
        stream = next;
    }
}

/* The next slot in use from *from on, which then begins there, and from the first again at the end; NULL
 * when none is left.  Ending them all so looks at each place once, and finds what callbacks add. */
static void *next_to_end(const struct torci_slots *slots, uint32_t *from)
{
    struct torci_slot *slot = NULL;

    if (slots->live > 0) {
        slot = torci_slots_next(slots, *from);
        if (slot == NULL)
            slot = torci_slots_next(slots, 0);
        *from = slot->index;
    }
    return slot;
}

static void disconnect(struct torci_stream_layer *layer, struct torci_stream *stream)
{
    struct torc_failure *reason = stream->dead ? stream->reason
                                               : torc_failure_static(&torc_failure_connection_lost);
    bool abort = stream->abort || stream->queue.bytes > 0;

    if (stream->open)
        torci_stream_end(layer, stream, reason, abort ? TORC_CLOSE_ABORT : TORC_CLOSE_NORMAL);
    else
        torci_connector_fail(stream->connector,
                             torc_failure_static(&torc_failure_connect_cancelled));
}

static void layer_disconnect_all(struct torci_streams *base)
{
    struct torci_stream_layer *layer = layer_of(base);
    struct torci_connector *connector;
    struct torci_datagram *port;
    struct torci_listener *listener;
    struct torci_lookup *lookup;
    struct torci_stream *stream;
    uint32_t from;

    layer_flush(base);
    for (from = 0; (listener = next_to_end(&layer->listeners, &from)) != NULL;)
        torci_listener_end(layer, listener);
    for (from = 0; (lookup = next_to_end(&layer->lookups, &from)) != NULL;)
        torci_lookup_give_up(lookup);
    for (from = 0; (port = next_to_end(&layer->datagrams, &from)) != NULL;)
        torci_datagram_end(port, torc_failure_static(&torc_failure_connection_lost));
    for (from = 0; (stream = next_to_end(&layer->streams, &from)) != NULL;)
        disconnect(layer, stream);
    for (from = 0; (connector = next_to_end(&layer->connectors, &from)) != NULL;)
        torci_connector_fail(connector, torc_failure_static(&torc_failure_connect_cancelled));
}

static void layer_count(const struct torci_streams *base, size_t *out_listeners,
                        size_t *out_connections)
{
    const struct torci_stream_layer *layer = const_layer_of(base);
    const struct torci_connector *connector;
    uint32_t waiting = 0;

    for (connector = torci_slots_next(&layer->connectors, 0); connector != NULL;
         connector = torci_slots_next(&layer->connectors, connector->slot.index + 1))
        waiting += connector->state == TORCI_WAITING;
    *out_listeners = layer->listeners.live + layer->datagrams.live;
    *out_connections = layer->streams.live + waiting;
}

static const char *stream_state(const struct torci_stream *stream)
{
    if (!stream->open)
        return "connecting";
    if (stream->losing || stream->dead)
        return "closing";
    return "open";
}

static void layer_describe(const struct torci_streams *base, torc_visit_text_fn *visit, void *arg)
{
    const struct torci_stream_layer *layer = const_layer_of(base);
    const struct torci_connector *connector;
    const struct torci_datagram *port;
    const struct torci_listener *listener;
    const struct torci_lookup *lookup;
    const struct torci_stream *stream;
    char text[256];

    for (listener = torci_slots_next(&layer->listeners, 0); listener != NULL;
         listener = torci_slots_next(&layer->listeners, listener->slot.index + 1)) {
        torc_format(text, sizeof text, "a listener made at %s", listener->site);
        visit(arg, text);
    }
    for (port = torci_slots_next(&layer->datagrams, 0); port != NULL;
         port = torci_slots_next(&layer->datagrams, port->slot.index + 1)) {
        torc_format(text, sizeof text, "a datagram port made at %s", port->site);
        visit(arg, text);
    }
    for (lookup = torci_slots_next(&layer->lookups, 0); lookup != NULL;
         lookup = torci_slots_next(&layer->lookups, lookup->slot.index + 1)) {
        torc_format(text, sizeof text, "a lookup of %s made at %s", lookup->name, lookup->site);
        visit(arg, text);
    }
    for (stream = torci_slots_next(&layer->streams, 0); stream != NULL;
         stream = torci_slots_next(&layer->streams, stream->slot.index + 1)) {
        torc_format(text, sizeof text, "a connection that is %s, %zu bytes queued, made at %s",
                    stream_state(stream), stream->queue.bytes, stream->site);
        visit(arg, text);
    }
    for (connector = torci_slots_next(&layer->connectors, 0); connector != NULL;
         connector = torci_slots_next(&layer->connectors, connector->slot.index + 1)) {
        if (connector->state != TORCI_WAITING)
            continue;
        torc_format(text, sizeof text, "a connection that is about to be attempted, made at %s",
                    connector->site);
        visit(arg, text);
    }
}

static void layer_free(struct torci_streams *base)
{
    struct torci_stream_layer *layer = layer_of(base);
    struct torc_scope *scope = layer->scope;

    torci_slots_clear(&layer->streams);
    torci_slots_clear(&layer->listeners);
    torci_slots_clear(&layer->connectors);
    torci_slots_clear(&layer->datagrams);
    torci_slots_clear(&layer->lookups);
    torci_pool_clear(&layer->chunk_pool);
    torc_release(scope, layer->read_buffer, TORCI_READ_BYTES);
    torc_release(scope, layer, sizeof *layer);
}

static const struct torci_streams_ops layer_ops = {
    layer_connected, layer_answered, layer_ready, layer_flush, layer_disconnect_all,
    layer_count,     layer_describe, layer_free};

struct torci_stream_layer *torci_stream_layer_of(struct torc_reactor *reactor)
{
    struct torci_streams *base = torci_reactor_streams(reactor);
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct torci_stream_layer *layer;

    if (base != NULL)
        return layer_of(base);
    layer = torc_alloc_zero(scope, sizeof *layer);
    if (layer == NULL)
        return NULL;
    layer->read_buffer = torc_alloc(scope, TORCI_READ_BYTES);
    if (layer->read_buffer == NULL) {
        torc_release(scope, layer, sizeof *layer);
        return NULL;
    }
    layer->base.ops = &layer_ops;
    layer->owner.ops = &torci_stream_transport_ops;
    layer->reactor = reactor;
    layer->platform = torc_reactor_platform(reactor);
    layer->scope = scope;
    layer->clock = torc_reactor_clock(reactor);
    torci_slots_init(&layer->streams, scope, sizeof(struct torci_stream));
    torci_slots_init(&layer->listeners, scope, sizeof(struct torci_listener));
    torci_slots_init(&layer->connectors, scope, sizeof(struct torci_connector));
    torci_slots_init(&layer->datagrams, scope, sizeof(struct torci_datagram));
    torci_slots_init(&layer->lookups, scope, sizeof(struct torci_lookup));
    torci_write_queue_pool_init(&layer->chunk_pool, scope);
    torci_reactor_set_streams(reactor, &layer->base);
    return layer;
}

void torci_log_and_drop(struct torci_stream_layer *layer, const char *doing,
                        struct torc_failure *failure)
{
    torc_log_failure(layer->scope, "torc.stream", doing, failure);
    torc_failure_drop(failure);
}

void torci_factory_use(struct torc_reactor *reactor, struct torc_factory *factory)
{
    bool inside = torci_reactor_enter(reactor);

    if (factory->users++ == 0 && factory->ops->started != NULL)
        factory->ops->started(factory);
    torci_reactor_leave(reactor, inside);
}

void torci_factory_unuse(struct torc_reactor *reactor, struct torc_factory *factory)
{
    bool inside = torci_reactor_enter(reactor);

    if (--factory->users == 0 && factory->ops->stopped != NULL)
        factory->ops->stopped(factory);
    torci_reactor_leave(reactor, inside);
}
