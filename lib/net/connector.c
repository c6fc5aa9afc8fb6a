/* connector.c - outgoing connections, attempt by attempt, as their factories see them. */
#include "stream_layer.h"

#define TIMEOUT_DEFAULT_NS (30 * TORC_SECOND)

static struct torc_connector name_of(const struct torci_connector *connector)
{
    struct torc_connector name = {connector->layer->reactor, connector->slot.index,
                                  connector->slot.generation};

    return name;
}

static void release(struct torci_connector *connector)
{
    struct torci_stream_layer *layer = connector->layer;
    struct torc_factory *factory = connector->factory;

    torci_alarm_free(layer->clock, connector->alarm);
    torc_release(layer->scope, connector->local, sizeof *connector->local);
    torci_slots_give_back(&layer->connectors, &connector->slot);
    torci_factory_unuse(layer->reactor, factory);
}

/* After connection_failed or connection_lost, unless it was connected again in there - and perhaps
 * stopped again, and released by that. */
static void release_if_done(struct torci_connector *connector, uint32_t generation)
{
    if (connector->slot.generation == generation && connector->state == TORCI_DISCONNECTED)
        release(connector);
}

void torci_connector_fail(struct torci_connector *connector, struct torc_failure *reason)
{
    struct torci_stream_layer *layer = connector->layer;
    const struct torc_factory_ops *ops = connector->factory->ops;
    uint32_t generation = connector->slot.generation;
    bool inside = torci_reactor_enter(layer->reactor);

    torci_alarm_clear(layer->clock, connector->alarm);
    if (connector->stream != NULL) {
        torci_stream_discard(layer, connector->stream,
                             connector->stream->abort ? TORC_CLOSE_ABORT : TORC_CLOSE_NORMAL);
        connector->stream = NULL;
    }
    connector->state = TORCI_DISCONNECTED;
    if (ops->connection_failed != NULL)
        ops->connection_failed(connector->factory, name_of(connector), reason);
    torc_failure_drop(reason);
    release_if_done(connector, generation);
    torci_reactor_leave(layer->reactor, inside);
}

void torci_connector_lost(struct torci_connector *connector, struct torc_failure *reason)
{
    const struct torc_factory_ops *ops = connector->factory->ops;
    uint32_t generation = connector->slot.generation;

    connector->stream = NULL;
    connector->state = TORCI_DISCONNECTED;
    if (ops->connection_lost != NULL)
        ops->connection_lost(connector->factory, name_of(connector), reason);
    release_if_done(connector, generation);
}

static const struct torc_failure_type *type_of(int code, bool binding)
{
    switch (code) {
    case TORC_ENOMEM:
        return &torc_failure_out_of_memory;
    case TORC_ECONNREFUSED:
    case TORC_ENOTFOUND: /* no such UNIX socket */
        return &torc_failure_connection_refused;
    case TORC_ETIMEDOUT:
        return &torc_failure_connect_timeout;
    case TORC_EHOSTUNREACH:
    case TORC_ENETUNREACH:
        return &torc_failure_no_route;
    case TORC_EADDRINUSE:
    case TORC_EADDRNOTAVAIL:
    case TORC_EACCES:
        return binding ? &torc_failure_connect_bind_error : &torc_failure_connect_error;
    default:
        return &torc_failure_connect_error;
    }
}

/* Says where to and why.  Without memory for that, the type alone. */
static struct torc_failure *reason_of(const struct torci_connector *connector, int code)
{
    const struct torc_failure_type *type = type_of(code, connector->local != NULL);
    struct torc_failure *failure = torc_failure_no_memory();
    char text[TORC_ADDRESS_TEXT_MAX];

    if (code != TORC_ENOMEM) {
        (void)torc_address_format(&connector->address, text, sizeof text);
        failure = torc_failure_new_at(connector->site, connector->layer->scope, type, code, NULL,
                                      "connecting to %s: %s", text, torc_error_text(code));
    }
    return failure == torc_failure_no_memory() ? torc_failure_static(type) : failure;
}

/* The turn after it was asked for. */
static void begin_attempt(struct torci_connector *connector)
{
    struct torci_stream_layer *layer = connector->layer;
    struct torci_stream *stream = torci_stream_new(layer, connector->site);
    int code = TORC_ENOMEM;

    if (stream != NULL) {
        stream->connector = connector;
        connector->stream = stream;
        code = layer->platform->ops->connect(layer->platform, &connector->address,
                                             connector->local, torci_stream_token(stream),
                                             &stream->handle);
    }
    if (code != TORC_OK) {
        torci_connector_fail(connector, reason_of(connector, code));
        return;
    }
    connector->state = TORCI_CONNECTING;
    if (connector->timeout_ns != TORC_NEVER)
        torci_alarm_set(layer->clock, connector->alarm, connector->timeout_ns);
}

/* An attempt is due, or has taken too long. */
static struct torc_failure *connector_alarm(void *arg)
{
    struct torci_connector *connector = arg;

    if (connector->state == TORCI_WAITING)
        begin_attempt(connector);
    else
        torci_connector_fail(connector, torc_failure_static(&torc_failure_connect_timeout));
    return NULL;
}

/* The connection is there, but nobody to use it.  `failure` is taken, or NULL. */
static void fail_without_protocol(struct torci_connector *connector, struct torc_failure *failure)
{
    struct torci_stream_layer *layer = connector->layer;

    if (failure == NULL) {
        torci_connector_fail(connector, torc_failure_static(&torc_failure_no_protocol));
        return;
    }
    connector->stream->abort = true;
    torci_log_and_drop(layer, "build_protocol failed", torc_failure_keep(failure));
    failure = torc_failure_new_at(connector->site, layer->scope, &torc_failure_connect_error,
                                  TORC_ECLOSED, failure, "the factory made no protocol");
    torci_connector_fail(connector, failure);
}

void torci_connector_connected(struct torci_connector *connector, int result)
{
    struct torci_stream_layer *layer = connector->layer;
    struct torci_stream *stream = connector->stream;
    struct torc_protocol *protocol = NULL;
    struct torc_failure *failure;

    if (result != TORC_OK) {
        torci_connector_fail(connector, reason_of(connector, result));
        return;
    }
    torci_alarm_clear(layer->clock, connector->alarm);
    /* From here on there is nothing to stop; a disconnect waits until the stream is open. */
    connector->state = TORCI_CONNECTED;
    torci_stream_set_peer(stream, &connector->address);
    failure = connector->factory->ops->build_protocol(connector->factory, &connector->address,
                                                      &protocol);
    if (failure != NULL || protocol == NULL) {
        fail_without_protocol(connector, failure);
        return;
    }
    torci_stream_set_options(layer, stream, connector->nodelay, connector->keepalive);
    torci_stream_open(layer, stream, protocol);
    if (connector->opened != NULL)
        connector->opened(connector);
}

/* --- public ----------------------------------------------------------------------------------- */

static void start_attempt(struct torci_connector *connector)
{
    const struct torc_factory_ops *ops = connector->factory->ops;
    struct torc_reactor *reactor = connector->layer->reactor;
    bool inside = torci_reactor_enter(reactor);

    connector->state = TORCI_WAITING;
    torci_alarm_set(connector->layer->clock, connector->alarm, 0);
    if (ops->started_connecting != NULL)
        ops->started_connecting(connector->factory, name_of(connector));
    torci_reactor_leave(reactor, inside);
}

/* What needs memory. */
static int reserve(struct torci_stream_layer *layer, struct torci_connector *connector,
                   const char *site, bool bind)
{
    int code = torci_alarm_new(layer->clock, site, connector_alarm, connector, &connector->alarm);

    if (code == TORC_OK && bind) {
        connector->local = torc_alloc(layer->scope, sizeof *connector->local);
        if (connector->local == NULL) {
            torci_alarm_free(layer->clock, connector->alarm);
            code = TORC_ENOMEM;
        }
    }
    return code;
}

int torc_connect_at(const char *site, struct torc_reactor *reactor,
                    const struct torc_address *address, struct torc_factory *factory,
                    const struct torc_connect_options *options, struct torc_connector *out)
{
    static const struct torc_connect_options defaults = TORC_CONNECT_OPTIONS_INIT;
    struct torci_stream_layer *layer;
    struct torci_connector *connector;
    int code;

    torci_reactor_check(reactor, site);
    if (options == NULL)
        options = &defaults;
    if (options->size != sizeof *options || factory->ops->size != sizeof *factory->ops ||
        !torci_address_is_sound(address) ||
        (options->local.family != TORC_ADDRESS_NONE && !torci_address_is_sound(&options->local)))
        return TORC_EINVAL;
    if (torci_reactor_stopped(reactor))
        return TORC_ECLOSED;
    layer = torci_stream_layer_of(reactor);
    connector = layer != NULL ? torci_slots_take(&layer->connectors) : NULL;
    if (connector == NULL)
        return TORC_ENOMEM;
    code = reserve(layer, connector, site, options->local.family != TORC_ADDRESS_NONE);
    if (code != TORC_OK) {
        torci_slots_give_back(&layer->connectors, &connector->slot);
        return code;
    }
    connector->layer = layer;
    connector->factory = factory;
    connector->site = site;
    connector->address = *address;
    if (connector->local != NULL)
        *connector->local = options->local;
    connector->timeout_ns = options->timeout_ns != 0 ? options->timeout_ns : TIMEOUT_DEFAULT_NS;
    connector->nodelay = options->nodelay && address->family != TORC_ADDRESS_UNIX;
    connector->keepalive = options->keepalive && address->family != TORC_ADDRESS_UNIX;
    if (out != NULL)
        *out = name_of(connector);
    torci_factory_use(reactor, factory);
    start_attempt(connector);
    return TORC_OK;
}

static struct torci_connector *find(struct torc_connector name)
{
    struct torci_streams *base = name.reactor != NULL ? torci_reactor_streams(name.reactor) : NULL;
    struct torci_stream_layer *layer = (struct torci_stream_layer *)(void *)base;

    if (layer == NULL)
        return NULL;
    torci_reactor_check(name.reactor, TORC_HERE);
    return torci_slots_find(&layer->connectors, name.index, name.generation, UINT32_MAX);
}

int torc_connector_connect(struct torc_connector name)
{
    struct torci_connector *connector = find(name);

    if (connector == NULL)
        return TORC_ESTALE;
    if (connector->state != TORCI_DISCONNECTED)
        return TORC_EBUSY;
    if (torci_reactor_stopped(connector->layer->reactor))
        return TORC_ECLOSED;
    start_attempt(connector);
    return TORC_OK;
}

int torc_connector_stop(struct torc_connector name)
{
    struct torci_connector *connector = find(name);

    if (connector == NULL)
        return TORC_ESTALE;
    if (connector->state != TORCI_WAITING && connector->state != TORCI_CONNECTING)
        return TORC_ENOTCONN;
    torci_connector_fail(connector, torc_failure_static(&torc_failure_connect_cancelled));
    return TORC_OK;
}

void torc_connector_disconnect(struct torc_connector name)
{
    struct torci_connector *connector = find(name);

    if (connector != NULL && connector->state == TORCI_CONNECTED)
        torci_stream_lose(connector->layer, connector->stream);
    else
        (void)torc_connector_stop(name);
}
