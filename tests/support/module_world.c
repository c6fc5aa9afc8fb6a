#include "module_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/trial.h>

static void need(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "module_world: %s\n", what);
    abort();
}

/* --- the clients ---------------------------------------------------------------------------------- */

static struct module_world_client *client_of(struct torc_factory *factory)
{
    return (struct module_world_client *)(void *)((char *)factory -
                                                  offsetof(struct module_world_client, factory));
}

static struct torc_failure *connection_made(struct torc_protocol *self)
{
    ((struct module_world_client *)self)->connected = true;
    return NULL;
}

static struct torc_failure *data_received(struct torc_protocol *self, const uint8_t *data,
                                          size_t bytes)
{
    struct module_world_client *client = (struct module_world_client *)self;
    size_t room = sizeof(client->received) - 1;
    size_t kept = client->received_bytes < room ? room - client->received_bytes : 0;

    if (kept > bytes)
        kept = bytes;
    if (kept > 0)
        memcpy(client->received + client->received_bytes, data, kept);
    client->received_bytes += bytes;
    return NULL;
}

static void connection_lost(struct torc_protocol *self, struct torc_failure *reason)
{
    struct module_world_client *client = (struct module_world_client *)self;

    client->connected = false;
    client->lost = true;
    client->reason = torc_failure_type(reason)->name;
}

static const struct torc_protocol_ops protocol_ops = {
    .size = sizeof(protocol_ops),
    .connection_made = connection_made,
    .data_received = data_received,
    .connection_lost = connection_lost,
};

static struct torc_failure *build_protocol(struct torc_factory *self,
                                           const struct torc_address *peer,
                                           struct torc_protocol **out)
{
    (void)peer;
    client_of(self)->protocol.ops = &protocol_ops;
    *out = &client_of(self)->protocol;
    return NULL;
}

static void connection_failed(struct torc_factory *self, struct torc_connector connector,
                              struct torc_failure *reason)
{
    (void)connector;
    client_of(self)->reason = torc_failure_type(reason)->name;
}

static const struct torc_factory_ops factory_ops = {
    .size = sizeof(factory_ops),
    .build_protocol = build_protocol,
    .connection_failed = connection_failed,
};

/* --- the world ------------------------------------------------------------------------------------ */

static void start(struct module_world *world, const struct torc_module *module, const char *const *pairs)
{
    char error[256] = "";

    if (torc_host_start_module(world->server, module, pairs, error, sizeof(error)) != 0) {
        fprintf(stderr, "%s\n", error);
        need(false, "the module does not start");
    }
}

struct module_world *module_world_new(const struct torc_module *module, const char *const *pairs)
{
    struct module_world *world = calloc(1, sizeof(*world));

    need(world != NULL, "out of memory");
    need(torc_world_new(NULL, &world->world) == 0, "no world");
    need(torc_world_add_host(world->world, "srv", NULL, &world->server) == 0, "no server");
    need(torc_world_add_host(world->world, "cli", NULL, &world->peer) == 0, "no peer");
    start(world, module, pairs);
    return world;
}

void module_world_free(struct module_world *world)
{
    torc_world_free(world->world);
    free(world);
}

static struct torc_deferred *stop_and_free(void *arg)
{
    struct module_world *world = arg;

    (void)torc_reactor_stop(torc_host_reactor(world->server)); /* or it has stopped */
    (void)torc_reactor_stop(torc_host_reactor(world->peer));
    torc_trial_run(world->trial, 60 * TORC_SECOND);
    free(world);
    return NULL;
}

struct module_world *module_world_of(struct torc_trial *trial, const struct torc_module *module,
                                     const char *const *pairs)
{
    struct module_world *world = calloc(1, sizeof(*world));

    need(world != NULL, "out of memory");
    torc_trial_add_clean_up(trial, stop_and_free, world);
    world->trial = trial;
    world->world = torc_trial_world(trial);
    world->server = torc_trial_add_host(trial, "srv");
    world->peer = torc_trial_add_host(trial, "cli");
    start(world, module, pairs);
    return world;
}

void module_world_run(struct module_world *world, uint64_t span_ns)
{
    enum torc_verdict verdict;

    need(torc_world_run(world->world, torc_world_now(world->world) + span_ns, &verdict) == 0,
         "the world does not run");
}

size_t module_world_connect(struct module_world *world, uint16_t port)
{
    size_t index = world->client_count++;
    struct torc_address address = torc_host_address(world->server, port);
    struct module_world_client *client;

    need(index < MODULE_WORLD_CLIENTS, "too many clients");
    client = &world->clients[index];
    client->factory.ops = &factory_ops;
    need(torc_connect(torc_host_reactor(world->peer), &address, &client->factory, NULL, NULL) == 0,
         "the client does not connect");
    while (!client->connected && !client->reason)
        module_world_run(world, TORC_MILLISECOND);
    return index;
}

void module_world_send_bytes(struct module_world *world, size_t client, const void *data,
                             size_t bytes)
{
    need(torc_transport_write(world->clients[client].protocol.transport, data, bytes) == 0,
         "the client cannot send");
}

void module_world_send(struct module_world *world, size_t client, const char *text)
{
    module_world_send_bytes(world, client, text, strlen(text));
}

int64_t module_world_probe(struct module_world *world, const char *name)
{
    const char *text = NULL;
    int64_t number = 0;

    need(torc_host_probe(world->server, name, &number, &text) == 0, "there is no such probe");
    return number;
}

bool module_world_stop(struct module_world *world)
{
    struct torc_reactor *reactor = torc_host_reactor(world->server);
    struct torc_scope_counts counts;

    need(torc_reactor_stop(reactor) == 0, "the reactor does not stop");
    module_world_run(world, 60 * TORC_SECOND);
    torc_scope_count(torc_reactor_scope(reactor), &counts);
    return !torc_reactor_running(reactor) && counts.deferreds_unfired == 0 &&
           counts.unhandled == 0 && counts.errors_logged == 0;
}
