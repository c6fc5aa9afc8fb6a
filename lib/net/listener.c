/* listener.c - listening and accepting, also when there is nothing left to accept with. */
#include <torc/log.h>

#include "stream_layer.h"

#define ACCEPTS_A_TURN 64
#define REST_NS (100 * TORC_MILLISECOND)
#define BACKLOG_DEFAULT 128
#define UNIX_MODE_DEFAULT 0666

static void want(struct torci_stream_layer *layer, struct torci_listener *listener, bool reading)
{
    layer->platform->ops->interest(layer->platform, listener->handle,
                                   reading ? TORC_EVENT_READ : 0);
}

/* The slot goes first: what `stopped` does, it does to a listener that is no more. */
static void release(struct torci_stream_layer *layer, struct torci_listener *listener)
{
    struct torc_factory *factory = listener->factory;

    torci_alarm_free(layer->clock, listener->alarm);
    torci_slots_give_back(&layer->listeners, &listener->slot);
    torci_factory_unuse(layer->reactor, factory);
}

/* A rest is over. */
static struct torc_failure *listener_alarm(void *arg)
{
    struct torci_listener *listener = arg;

    want(listener->layer, listener, true);
    return NULL;
}

/* Nothing to accept with.  The connection that waits is turned away; if even that cannot be done, the
 * listener rests, so that the reactor does not spin on it.  Said once, until an accept succeeds. */
static bool turn_away(struct torci_stream_layer *layer, struct torci_listener *listener, int code)
{
    int refused = layer->platform->ops->refuse(layer->platform, listener->handle);

    if (!layer->accept_complained)
        torc_log_at(listener->site, layer->scope, TORC_LOG_ERROR, "torc.stream",
                    "cannot accept: %s; connections are turned away", torc_error_text(code));
    layer->accept_complained = true;
    if (refused == TORC_OK)
        return true;
    want(layer, listener, false);
    torci_alarm_set(layer->clock, listener->alarm, REST_NS);
    return false;
}

/* The factory stays as long as it is building, even if it closes its listener. */
static struct torc_failure *build(struct torci_stream_layer *layer, struct torci_listener *listener,
                                  const struct torc_address *peer, struct torc_protocol **out)
{
    struct torc_failure *failure;

    listener->building = true;
    failure = listener->factory->ops->build_protocol(listener->factory, peer, out);
    listener->building = false;
    if (listener->closed)
        release(layer, listener);
    return failure;
}

static void serve(struct torci_stream_layer *layer, struct torci_listener *listener,
                  struct torci_stream *stream, const struct torc_address *peer)
{
    bool nodelay = listener->tcp && listener->nodelay;
    bool keepalive = listener->tcp && listener->keepalive;
    struct torc_protocol *protocol = NULL;
    struct torc_failure *failure;

    torci_stream_set_peer(stream, peer);
    failure = build(layer, listener, peer, &protocol);
    if (failure != NULL) {
        torci_log_and_drop(layer, "build_protocol failed", failure);
        torci_stream_discard(layer, stream, TORC_CLOSE_ABORT);
        return;
    }
    if (protocol == NULL) {
        torci_stream_discard(layer, stream, TORC_CLOSE_NORMAL);
        return;
    }
    torci_stream_set_options(layer, stream, nodelay, keepalive);
    torci_stream_open(layer, stream, protocol);
}

/* False: no more in this turn. */
static bool accept_one(struct torci_stream_layer *layer, struct torci_listener *listener)
{
    struct torc_address peer;
    struct torci_stream *stream = torci_stream_new(layer, listener->site);
    int code;

    if (stream == NULL)
        return turn_away(layer, listener, TORC_ENOMEM);
    code = layer->platform->ops->accept(layer->platform, listener->handle,
                                        torci_stream_token(stream), &stream->handle, &peer);
    if (code == TORC_OK) {
        layer->accept_complained = false;
        serve(layer, listener, stream, &peer);
        return true;
    }
    torci_stream_discard(layer, stream, TORC_CLOSE_NORMAL);
    if (code == TORC_EAGAIN)
        return false;
    return code == TORC_ECONNABORTED || turn_away(layer, listener, code);
}

void torci_listener_ready(struct torci_stream_layer *layer, struct torci_listener *listener)
{
    uint32_t generation = listener->slot.generation;
    unsigned i;

    for (i = 0; i < ACCEPTS_A_TURN && accept_one(layer, listener); i++)
        if (listener->slot.generation != generation)
            return;
}

void torci_listener_end(struct torci_stream_layer *layer, struct torci_listener *listener)
{
    listener->closed = true;
    layer->platform->ops->close(layer->platform, listener->handle, TORC_CLOSE_NORMAL);
    if (!listener->building)
        release(layer, listener);
}

/* --- public ----------------------------------------------------------------------------------- */

int torc_listen_at(const char *site, struct torc_reactor *reactor, const struct torc_address *address,
                   struct torc_factory *factory, const struct torc_listen_options *options,
                   struct torc_listener *out)
{
    static const struct torc_listen_options defaults = TORC_LISTEN_OPTIONS_INIT;
    struct torc_listen_settings settings;
    struct torci_stream_layer *layer;
    struct torci_listener *listener;
    int code;

    torci_reactor_check(reactor, site);
    if (options == NULL)
        options = &defaults;
    if (options->size != sizeof *options || factory->ops->size != sizeof *factory->ops ||
        !torci_address_is_sound(address))
        return TORC_EINVAL;
    if (torci_reactor_stopped(reactor))
        return TORC_ECLOSED;
    layer = torci_stream_layer_of(reactor);
    listener = layer != NULL ? torci_slots_take(&layer->listeners) : NULL;
    if (listener == NULL)
        return TORC_ENOMEM;
    code = torci_alarm_new(layer->clock, site, listener_alarm, listener, &listener->alarm);
    settings.backlog = options->backlog > 0 ? options->backlog : BACKLOG_DEFAULT;
    settings.unix_mode = options->unix_mode != 0 ? options->unix_mode : UNIX_MODE_DEFAULT;
    if (code == TORC_OK)
        code = layer->platform->ops->listen(
            layer->platform, address, &settings,
            torci_token(TORCI_TOKEN_LISTENER, listener->slot.index, listener->slot.generation),
            &listener->handle);
    if (code != TORC_OK) {
        torci_alarm_free(layer->clock, listener->alarm);
        torci_slots_give_back(&layer->listeners, &listener->slot);
        return code;
    }
    listener->layer = layer;
    listener->factory = factory;
    listener->site = site;
    listener->tcp = address->family != TORC_ADDRESS_UNIX;
    listener->nodelay = options->nodelay;
    listener->keepalive = options->keepalive;
    out->reactor = reactor;
    out->index = listener->slot.index;
    out->generation = listener->slot.generation;
    want(layer, listener, true);
    torci_factory_use(reactor, factory);
    return TORC_OK;
}

static struct torci_listener *find(struct torc_listener name, struct torci_stream_layer **out_layer)
{
    struct torci_streams *base = name.reactor != NULL ? torci_reactor_streams(name.reactor) : NULL;
    struct torci_stream_layer *layer = (struct torci_stream_layer *)(void *)base;
    struct torci_listener *listener;

    if (layer == NULL)
        return NULL;
    torci_reactor_check(name.reactor, TORC_HERE);
    *out_layer = layer;
    listener = torci_slots_find(&layer->listeners, name.index, name.generation, UINT32_MAX);
    return listener != NULL && !listener->closed ? listener : NULL;
}

int torc_listener_address(struct torc_listener name, struct torc_address *out)
{
    struct torci_stream_layer *layer;
    struct torci_listener *listener = find(name, &layer);

    if (listener == NULL)
        return TORC_ESTALE;
    return layer->platform->ops->names(layer->platform, listener->handle, out, NULL);
}

void torc_listener_close(struct torc_listener name)
{
    struct torci_stream_layer *layer;
    struct torci_listener *listener = find(name, &layer);

    if (listener != NULL)
        torci_listener_end(layer, listener);
}
