/* A program of somebody else's, built against the installed library: two simulated hosts, one says
 * hello, the other answers, and the run has a digest. */
#include <stdio.h>
#include <string.h>

#include <torc/sim.h>

struct greeter {
    struct torc_protocol protocol;
    struct torc_factory factory;
    int is_client;
    char seen[16];
};

static struct torc_failure *made(struct torc_protocol *protocol)
{
    struct greeter *greeter = (struct greeter *)(void *)protocol;

    if (greeter->is_client && torc_transport_write(protocol->transport, "hello", 5) != TORC_OK)
        return torc_failure_static(&torc_failure_error);
    return NULL;
}

static struct torc_failure *received(struct torc_protocol *protocol, const uint8_t *data, size_t bytes)
{
    struct greeter *greeter = (struct greeter *)(void *)protocol;

    if (bytes < sizeof greeter->seen)
        memcpy(greeter->seen, data, bytes);
    if (!greeter->is_client && torc_transport_write(protocol->transport, "world", 5) != TORC_OK)
        return torc_failure_static(&torc_failure_error);
    torc_transport_lose(protocol->transport);
    return NULL;
}

static void lost(struct torc_protocol *protocol, struct torc_failure *reason)
{
    (void)protocol;
    (void)reason;
}

static const struct torc_protocol_ops protocol_ops = {sizeof protocol_ops, made, received, lost, NULL,
                                                      NULL};

static struct torc_failure *build(struct torc_factory *self, const struct torc_address *peer,
                                  struct torc_protocol **out)
{
    (void)peer;
    *out = &((struct greeter *)(void *)((char *)self - offsetof(struct greeter, factory)))->protocol;
    return NULL;
}

static const struct torc_factory_ops factory_ops = {sizeof factory_ops, build, NULL, NULL, NULL, NULL,
                                                    NULL};

int main(void)
{
    struct greeter server = {{&protocol_ops, {NULL, 0, 0}}, {&factory_ops, 0}, 0, ""};
    struct greeter client = {{&protocol_ops, {NULL, 0, 0}}, {&factory_ops, 0}, 1, ""};
    struct torc_world *world;
    struct torc_host *srv, *cli;
    struct torc_address address;
    struct torc_listener listener;
    enum torc_verdict verdict;
    char digest[TORC_DIGEST_TEXT_BYTES];

    if (torc_world_new(NULL, &world) || torc_world_add_host(world, "srv", NULL, &srv) ||
        torc_world_add_host(world, "cli", NULL, &cli))
        return 1;
    address = torc_host_address(srv, 7000);
    if (torc_listen(torc_host_reactor(srv), &address, &server.factory, NULL, &listener) ||
        torc_connect(torc_host_reactor(cli), &address, &client.factory, NULL, NULL) ||
        torc_world_run(world, TORC_SECOND, &verdict))
        return 1;
    torc_trace_digest(torc_world_trace(world), digest);
    printf("server saw %s, client saw %s, digest %s\n", server.seen, client.seen, digest);
    torc_world_free(world);
    return strcmp(server.seen, "hello") != 0 || strcmp(client.seen, "world") != 0;
}
