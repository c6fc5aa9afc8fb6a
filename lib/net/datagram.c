/* datagram.c - datagram ports: what a platform receives, told to protocols, and what they send. */
#include "datagram.h"

#include <torc/log.h>

#define BYTES_MAX 65535
#define READ_MAX_DEFAULT 64

/* --- callbacks -------------------------------------------------------------------------------- */

static void enter(struct torci_datagram *port, bool *inside)
{
    port->callbacks++;
    *inside = torci_reactor_enter(port->layer->reactor);
}

/* The slot goes first: what `stopped` does, it does to a port that is no more. */
static void stop(struct torci_datagram *port)
{
    struct torci_stream_layer *layer = port->layer;
    struct torc_datagram_protocol *protocol = port->protocol;
    struct torc_failure *reason = port->reason;
    bool inside = torci_reactor_enter(layer->reactor);

    torci_slots_give_back(&layer->datagrams, &port->slot);
    protocol->ops->stopped(protocol, reason);
    torc_failure_drop(reason);
    torci_reactor_leave(layer->reactor, inside);
}

/* Whether the port is still open. */
static bool leave(struct torci_datagram *port, bool inside)
{
    bool open = port->handle != 0;

    torci_reactor_leave(port->layer->reactor, inside);
    if (--port->callbacks == 0 && !open)
        stop(port);
    return open;
}

void torci_datagram_end(struct torci_datagram *port, struct torc_failure *reason)
{
    struct torc_platform *platform = port->layer->platform;

    platform->ops->close(platform, port->handle, TORC_CLOSE_NORMAL);
    port->handle = 0;
    port->reason = reason;
    if (port->callbacks == 0)
        stop(port);
}

static void report(struct torci_stream_layer *layer, const char *doing, struct torc_failure *failure)
{
    if (failure == NULL)
        return;
    torc_log_failure(layer->scope, "torc.datagram", doing, failure);
    torc_failure_drop(failure);
}

/* --- receiving -------------------------------------------------------------------------------- */

static bool tell(struct torci_datagram *port, size_t bytes, const struct torc_address *from)
{
    struct torci_stream_layer *layer = port->layer;
    bool inside;

    if (bytes > port->bytes_max) {
        port->dropped++;
        return true;
    }
    /* It may have come before the port was connected. */
    if (port->connected && !torc_address_equal(from, &port->peer))
        return true;
    enter(port, &inside);
    report(layer, "received failed",
           port->protocol->ops->received(port->protocol, layer->read_buffer, bytes, from));
    return leave(port, inside);
}

static bool tell_refused(struct torci_datagram *port)
{
    struct torci_stream_layer *layer = port->layer;
    bool inside;

    if (port->protocol->ops->refused == NULL)
        return true;
    enter(port, &inside);
    report(layer, "refused failed", port->protocol->ops->refused(port->protocol));
    return leave(port, inside);
}

/* What the network said of a datagram sent before, and shortages that pass, are not the end of a port. */
static bool passes(int code)
{
    switch (code) {
    case TORC_EHOSTUNREACH:
    case TORC_ENETUNREACH:
    case TORC_EACCES:
    case TORC_ENOTSUP: /* no such protocol */
    case TORC_EPROTOCOL:
    case TORC_ETOOLONG: /* for the path */
    case TORC_ENOBUFS:
    case TORC_ENOMEM:
        return true;
    default:
        return false;
    }
}

static void fail(struct torci_datagram *port, int code)
{
    struct torc_failure *reason =
        torc_failure_new_at(port->site, port->layer->scope, &torc_failure_connection_lost, code, NULL,
                            "receiving datagrams: %s", torc_error_text(code));

    if (reason == torc_failure_no_memory())
        reason = torc_failure_static(&torc_failure_connection_lost);
    torci_datagram_end(port, reason);
}

/* False: no more in this turn. */
static bool receive_one(struct torci_datagram *port)
{
    struct torci_stream_layer *layer = port->layer;
    struct torc_address from;
    size_t bytes = 0;
    int code = layer->platform->ops->datagram_receive(layer->platform, port->handle,
                                                      layer->read_buffer, port->bytes_max, &bytes,
                                                      &from);

    if (code == TORC_OK)
        return tell(port, bytes, &from) && !port->paused;
    if (code == TORC_ECONNREFUSED)
        return tell_refused(port) && !port->paused;
    if (code != TORC_EAGAIN && !passes(code))
        fail(port, code);
    return passes(code);
}

void torci_datagram_ready(struct torci_datagram *port)
{
    size_t read_max = port->read_max;
    size_t i;

    for (i = 0; i < read_max && receive_one(port); i++)
        ;
}

/* --- opening ---------------------------------------------------------------------------------- */

static void want(struct torci_datagram *port)
{
    struct torc_platform *platform = port->layer->platform;

    platform->ops->interest(platform, port->handle, port->paused ? 0 : TORC_EVENT_READ);
}

static struct torc_datagram_port name_of(const struct torci_datagram *port)
{
    struct torc_datagram_port name = {port->layer->reactor, port->slot.index, port->slot.generation};

    return name;
}

/* Tells `started`.  TORC_ECANCELED: the port is closed. */
static int start(struct torci_datagram *port)
{
    struct torc_datagram_protocol *protocol = port->protocol;
    struct torc_failure *failure;
    bool inside;

    if (protocol->ops->started == NULL)
        return TORC_OK;
    enter(port, &inside);
    failure = protocol->ops->started(protocol);
    if (failure != NULL && port->handle != 0)
        torci_datagram_end(port, failure);
    else
        report(port->layer, "started failed", failure);
    return leave(port, inside) ? TORC_OK : TORC_ECANCELED;
}

static int check(const struct torc_address *local, const struct torc_datagram_protocol *protocol,
                 const struct torc_datagram_options *options)
{
    const struct torc_datagram_protocol_ops *ops = protocol->ops;

    if (options->size != sizeof *options || ops->size != sizeof *ops || ops->received == NULL ||
        ops->stopped == NULL || !torci_address_is_sound(local))
        return TORC_EINVAL;
    return local->family == TORC_ADDRESS_UNIX ? TORC_EAFNOSUPPORT : TORC_OK;
}

static int open_handle(struct torci_datagram *port, const struct torc_address *local,
                       const struct torc_datagram_options *options)
{
    struct torc_platform *platform = port->layer->platform;
    unsigned flags = 0;

    if (options->broadcast)
        flags |= TORC_DATAGRAM_BROADCAST;
    if (options->reuse)
        flags |= TORC_DATAGRAM_REUSE;
    return platform->ops->datagram_open(
        platform, local, flags,
        torci_token(TORCI_TOKEN_DATAGRAM, port->slot.index, port->slot.generation), &port->handle);
}

int torc_datagram_open_at(const char *site, struct torc_reactor *reactor,
                          const struct torc_address *local, struct torc_datagram_protocol *protocol,
                          const struct torc_datagram_options *options, struct torc_datagram_port *out)
{
    static const struct torc_datagram_options defaults = TORC_DATAGRAM_OPTIONS_INIT;
    struct torci_stream_layer *layer;
    struct torci_datagram *port;
    int code;

    torci_reactor_check(reactor, site);
    if (options == NULL)
        options = &defaults;
    code = check(local, protocol, options);
    if (code != TORC_OK)
        return code;
    if (torci_reactor_stopped(reactor))
        return TORC_ECLOSED;
    layer = torci_stream_layer_of(reactor);
    port = layer != NULL ? torci_slots_take(&layer->datagrams) : NULL;
    if (port == NULL)
        return TORC_ENOMEM;
    port->layer = layer;
    port->protocol = protocol;
    port->site = site;
    port->peer.family = local->family;
    port->bytes_max = options->bytes_max != 0 && options->bytes_max < BYTES_MAX ? options->bytes_max
                                                                                : BYTES_MAX;
    port->read_max = options->read_max != 0 ? options->read_max : READ_MAX_DEFAULT;
    code = open_handle(port, local, options);
    if (code != TORC_OK) {
        torci_slots_give_back(&layer->datagrams, &port->slot);
        return code;
    }
    protocol->port = name_of(port);
    if (out != NULL)
        *out = protocol->port;
    want(port);
    return start(port);
}

/* --- using ------------------------------------------------------------------------------------ */

static struct torci_datagram *find(struct torc_datagram_port name)
{
    struct torci_streams *base = name.reactor != NULL ? torci_reactor_streams(name.reactor) : NULL;
    struct torci_stream_layer *layer = (struct torci_stream_layer *)(void *)base;
    struct torci_datagram *port;

    if (layer == NULL)
        return NULL;
    torci_reactor_check(name.reactor, TORC_HERE);
    port = torci_slots_find(&layer->datagrams, name.index, name.generation, UINT32_MAX);
    return port != NULL && port->handle != 0 ? port : NULL;
}

void torc_datagram_close(struct torc_datagram_port name)
{
    struct torci_datagram *port = find(name);

    if (port != NULL)
        torci_datagram_end(port, torc_failure_static(&torc_failure_connection_done));
}

static bool can_be_sent_to(const struct torci_datagram *port, const struct torc_address *to)
{
    if (to->family != port->peer.family || to->port == 0)
        return false;
    return !port->connected || torc_address_equal(to, &port->peer);
}

int torc_datagram_send(struct torc_datagram_port name, const void *data, size_t bytes,
                       const struct torc_address *to)
{
    struct torci_datagram *port = find(name);
    struct torc_platform *platform;

    if (port == NULL)
        return TORC_ESTALE;
    if (to == NULL && !port->connected)
        return TORC_ENOTCONN;
    if (to != NULL && !can_be_sent_to(port, to))
        return TORC_EINVAL;
    platform = port->layer->platform;
    return platform->ops->datagram_send(platform, port->handle, port->connected ? NULL : to, data,
                                        bytes);
}

int torc_datagram_connect(struct torc_datagram_port name, const struct torc_address *peer)
{
    struct torci_datagram *port = find(name);
    struct torc_platform *platform;
    struct torc_address real;
    int code;

    if (port == NULL)
        return TORC_ESTALE;
    if (port->connected)
        return TORC_EBUSY;
    if (!can_be_sent_to(port, peer))
        return TORC_EINVAL;
    platform = port->layer->platform;
    code = platform->ops->datagram_connect(platform, port->handle, peer);
    if (code != TORC_OK)
        return code;
    /* 0.0.0.0 is an address of this host, and datagrams come from that one. */
    if (platform->ops->names(platform, port->handle, NULL, &real) != TORC_OK)
        real = *peer;
    port->peer = real;
    port->connected = true;
    return TORC_OK;
}

static void set_paused(struct torc_datagram_port name, bool paused)
{
    struct torci_datagram *port = find(name);

    if (port == NULL || port->paused == paused)
        return;
    port->paused = paused;
    want(port);
}

void torc_datagram_pause(struct torc_datagram_port name)
{
    set_paused(name, true);
}

void torc_datagram_resume(struct torc_datagram_port name)
{
    set_paused(name, false);
}

int torc_datagram_address(struct torc_datagram_port name, struct torc_address *out)
{
    struct torci_datagram *port = find(name);

    if (port == NULL)
        return TORC_ESTALE;
    return port->layer->platform->ops->names(port->layer->platform, port->handle, out, NULL);
}

uint64_t torc_datagram_dropped(struct torc_datagram_port name)
{
    const struct torci_datagram *port = find(name);

    return port != NULL ? port->dropped : 0;
}
