/* Actors and services: see conformance.h. */
#include "conformance.h"

#include <stdlib.h>

static struct actor *actor_of(struct torc_protocol *protocol)
{
    return (struct actor *)(void *)protocol;
}

static struct service *service_of(struct torc_factory *factory)
{
    return (struct service *)(void *)factory;
}

static struct torc_failure *actor_made(struct torc_protocol *protocol)
{
    struct actor *actor = actor_of(protocol);

    actor->made = true;
    if (actor->name != NULL)
        note(actor->c, "%s:made", actor->name);
    return actor->on_made != NULL ? actor->on_made(actor) : NULL;
}

static struct torc_failure *actor_data(struct torc_protocol *protocol, const uint8_t *data,
                                       size_t bytes)
{
    struct actor *actor = actor_of(protocol);
    size_t i, room = sizeof actor->received - 1;

    actor->data_count++;
    for (i = 0; i < bytes; i++) {
        actor->sum = actor->sum * 31 + data[i];
        if (actor->received_bytes + i < room)
            actor->received[actor->received_bytes + i] = data[i];
    }
    actor->received_bytes += bytes;
    return actor->on_data != NULL ? actor->on_data(actor, data, bytes) : NULL;
}

static void actor_lost(struct torc_protocol *protocol, struct torc_failure *reason)
{
    struct actor *actor = actor_of(protocol);

    actor->lost = true;
    actor->lost_count++;
    actor->reason = torc_failure_type(reason);
    if (actor->name != NULL)
        note(actor->c, "%s:lost(%s)", actor->name, actor->reason->name);
    if (actor->on_lost != NULL)
        actor->on_lost(actor, reason);
}

static void actor_end(struct torc_protocol *protocol)
{
    struct actor *actor = actor_of(protocol);

    actor->ended = true;
    if (actor->name != NULL)
        note(actor->c, "%s:end", actor->name);
    if (actor->on_end != NULL)
        actor->on_end(actor);
}

static void actor_write_lost(struct torc_protocol *protocol)
{
    struct actor *actor = actor_of(protocol);

    actor->write_lost = true;
    if (actor->name != NULL)
        note(actor->c, "%s:write-lost", actor->name);
    if (actor->on_write_lost != NULL)
        actor->on_write_lost(actor);
}

static const struct torc_protocol_ops plain_ops = {sizeof plain_ops, actor_made, actor_data,
                                                   actor_lost, NULL, actor_write_lost};
static const struct torc_protocol_ops half_close_ops = {
    sizeof half_close_ops, actor_made, actor_data, actor_lost, actor_end, actor_write_lost};

static struct torc_failure *service_build(struct torc_factory *factory,
                                          const struct torc_address *peer,
                                          struct torc_protocol **out)
{
    struct service *service = service_of(factory);
    struct conf *c = service->c;
    struct actor *actor;

    (void)peer;
    service->built++;
    if (service->fail)
        return torc_failure_new(torc_reactor_scope(c->server), &torc_failure_invalid_argument,
                                TORC_EINVAL, NULL, "this factory fails");
    if (service->refuse || c->actor_count == ACTORS_MAX)
        return NULL;
    actor = malloc(sizeof *actor);
    if (actor == NULL)
        return torc_failure_no_memory();
    *actor = service->model;
    actor->protocol.ops = actor->half_close ? &half_close_ops : &plain_ops;
    actor->c = c;
    c->actors[c->actor_count++] = actor;
    service->last = actor;
    *out = &actor->protocol;
    return NULL;
}

static void service_started(struct torc_factory *factory)
{
    struct service *service = service_of(factory);

    service->starts++;
    if (service->name != NULL)
        note(service->c, "%s:start", service->name);
}

static void service_stopped(struct torc_factory *factory)
{
    struct service *service = service_of(factory);

    service->stops++;
    if (service->name != NULL)
        note(service->c, "%s:stop", service->name);
}

static void service_connecting(struct torc_factory *factory, struct torc_connector connector)
{
    struct service *service = service_of(factory);

    service->connector = connector;
    if (service->name != NULL)
        note(service->c, "%s:connecting", service->name);
}

static void service_failed(struct torc_factory *factory, struct torc_connector connector,
                           struct torc_failure *reason)
{
    struct service *service = service_of(factory);

    service->failed++;
    service->fail_reason = torc_failure_type(reason);
    if (service->name != NULL)
        note(service->c, "%s:failed(%s)", service->name, service->fail_reason->name);
    if (service->on_failed != NULL)
        service->on_failed(service, connector);
}

static void service_connection_lost(struct torc_factory *factory, struct torc_connector connector,
                                    struct torc_failure *reason)
{
    struct service *service = service_of(factory);

    service->lost++;
    if (service->name != NULL)
        note(service->c, "%s:connection-lost(%s)", service->name, torc_failure_type(reason)->name);
    if (service->on_connection_lost != NULL)
        service->on_connection_lost(service, connector);
}

static const struct torc_factory_ops service_ops = {
    sizeof service_ops, service_build,  service_started,        service_stopped,
    service_connecting, service_failed, service_connection_lost};

void service_init(struct conf *c, struct service *service, const char *actor_name)
{
    memset(service, 0, sizeof *service);
    service->factory.ops = &service_ops;
    service->c = c;
    service->model.name = actor_name;
}

bool service_listen(struct service *service)
{
    struct conf *c = service->c;
    struct torc_address address = c->ops->address(c, c->family);

    if (torc_listen(c->server, &address, &service->factory, NULL, &service->listener) != 0)
        return false;
    return torc_listener_address(service->listener, &service->address) == 0;
}

bool service_connect(struct service *client, const struct service *server)
{
    return torc_connect(client->c->client, &server->address, &client->factory, NULL,
                        &client->connector) == 0;
}

bool pair_open(struct conf *c, struct service *server, struct service *client)
{
    if (!service_listen(server) || !service_connect(client, server))
        return false;
    return run_until_count(c, &server->built, 1) && run_until_count(c, &client->built, 1) &&
           server->last != NULL && client->last != NULL && run_until(c, &server->last->made) &&
           run_until(c, &client->last->made);
}

void pattern_fill(uint8_t *out, size_t from, size_t bytes)
{
    size_t i;

    for (i = 0; i < bytes; i++)
        out[i] = (uint8_t)((from + i) * 7 + (from + i) / 251);
}

uint64_t pattern_sum(size_t bytes)
{
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i < bytes; i++)
        sum = sum * 31 + (uint8_t)(i * 7 + i / 251);
    return sum;
}
