#include "datagram_actor.h"

static struct talker *talker_of(struct torc_datagram_protocol *protocol)
{
    return (struct talker *)(void *)protocol;
}

static struct torc_failure *talker_started(struct torc_datagram_protocol *protocol)
{
    struct talker *self = talker_of(protocol);

    if (self->name != NULL)
        note(self->c, "%s:started", self->name);
    return self->on_started != NULL ? self->on_started(self) : NULL;
}

static struct torc_failure *talker_received(struct torc_datagram_protocol *protocol,
                                            const uint8_t *data, size_t bytes,
                                            const struct torc_address *from)
{
    struct talker *self = talker_of(protocol);
    size_t i;

    self->received++;
    self->from = *from;
    self->bytes = bytes;
    self->sum = 0;
    for (i = 0; i < bytes; i++)
        self->sum = self->sum * 31 + data[i];
    memset(self->data, 0, sizeof self->data);
    memcpy(self->data, data, bytes < sizeof self->data ? bytes : sizeof self->data - 1);
    if (self->name != NULL && bytes < sizeof self->data)
        note(self->c, "%s:%s(%zu)", self->name, (const char *)self->data, bytes);
    return self->on_received != NULL ? self->on_received(self) : NULL;
}

static struct torc_failure *talker_refused(struct torc_datagram_protocol *protocol)
{
    struct talker *self = talker_of(protocol);

    self->refused++;
    if (self->name != NULL)
        note(self->c, "%s:refused", self->name);
    return self->on_refused != NULL ? self->on_refused(self) : NULL;
}

static void talker_stopped(struct torc_datagram_protocol *protocol, struct torc_failure *reason)
{
    struct talker *self = talker_of(protocol);

    self->stopped++;
    self->reason = torc_failure_type(reason);
    if (self->name != NULL)
        note(self->c, "%s:stopped(%s)", self->name, self->reason->name);
    if (self->on_stopped != NULL)
        self->on_stopped(self);
}

void talker_init(struct conf *c, struct talker *talker, const char *name)
{
    static const struct torc_datagram_protocol_ops ops = {
        .size = sizeof ops,
        .started = talker_started,
        .received = talker_received,
        .refused = talker_refused,
        .stopped = talker_stopped,
    };

    memset(talker, 0, sizeof *talker);
    talker->protocol.ops = &ops;
    talker->c = c;
    talker->name = name;
}

int talker_open_at(struct talker *talker, struct torc_reactor *reactor,
                   const struct torc_address *address, const struct torc_datagram_options *options)
{
    int code = torc_datagram_open(reactor, address, &talker->protocol, options, NULL);

    if (code == 0)
        code = torc_datagram_address(talker->protocol.port, &talker->address);
    return code;
}

bool talker_serve(struct talker *talker)
{
    struct torc_address address = talker->c->ops->address(talker->c, FAMILY_TCP);

    return talker_open_at(talker, talker->c->server, &address, NULL) == 0;
}

bool talker_call(struct talker *talker, const struct talker *like)
{
    struct torc_address address;

    memset(&address, 0, sizeof address);
    address.family = like->address.family;
    return talker_open_at(talker, talker->c->client, &address, NULL) == 0;
}

int talker_send(struct talker *talker, const char *text, const struct torc_address *to)
{
    return torc_datagram_send(talker->protocol.port, text, strlen(text), to);
}
