/* chunky - a module that passes its fault-free scenario and has two of the usual bugs.
 *   bug=split   takes what one read gives for one request
 *   bug=order   the connection that is served second overwrites what the first one asked for
 *   bug=crash   the first of them, with a null pointer
 *   bug=exit    the first of them, and it ends the process
 *   bug=freed   looks into a connection it has released
 *   bug=assume  the first of them, but it assumes that no request is cut in two
 *   bug=page    loses a byte when a read gives 61 bytes
 *   bug=hope    it assumes what is never true
 *   bug=none    neither */
#include <stdlib.h>
#include <string.h>

#include <torc/listeners.h>
#include <torc/module.h>

struct chunky {
    struct torc_factory factory;
    struct torc_reactor *reactor;
    struct torc_scope *scope;
    struct torc_listener listener;
    const char *bug;
    unsigned open;
    unsigned char owner; /* the request that came last of those of one letter */
    bool owned;
    bool listening, stopping;
};

struct client {
    struct torc_protocol protocol;
    struct chunky *chunky;
    unsigned char pending[4];
    size_t pending_bytes;
};

static void answer(struct client *client, const unsigned char *request)
{
    struct chunky *chunky = client->chunky;

    if (strcmp(chunky->bug, "order") == 0) {
        if (!chunky->owned)
            chunky->owner = request[0];
        chunky->owned = true;
        (void)torc_transport_write(client->protocol.transport, &chunky->owner, 1);
        return;
    }
    (void)torc_transport_write(client->protocol.transport, request, 4);
}

static struct torc_failure *data_received(struct torc_protocol *self, const uint8_t *data,
                                          size_t bytes)
{
    struct client *client = (struct client *)(void *)self;
    const char *bug = client->chunky->bug;

    TORC_SOMETIMES(client->chunky->reactor, bytes < 4, "chunky.cut");
    if (strcmp(bug, "hope") == 0)
        TORC_ASSUME(client->chunky->reactor, bytes > 4, "chunky.more");
    if (strcmp(bug, "assume") == 0)
        TORC_ASSUME(client->chunky->reactor, bytes >= 4, "chunky.whole");
    if (strcmp(bug, "split") == 0 || strcmp(bug, "assume") == 0 || strcmp(bug, "crash") == 0 || strcmp(bug, "exit") == 0) {
        unsigned char request[4] = {'?', '?', '?', '?'};

        if (bytes < 4 && strcmp(bug, "exit") == 0)
            exit(0);
        if (bytes < 4 && strcmp(bug, "crash") == 0)
            *(volatile int *)NULL = 1;
        memcpy(request, data, bytes < 4 ? bytes : 4);
        answer(client, request);
        return NULL;
    }
    if (strcmp(bug, "page") == 0 && bytes == 61)
        bytes--;
    while (bytes-- > 0) {
        client->pending[client->pending_bytes++] = *data++;
        if (client->pending_bytes == 4) {
            client->pending_bytes = 0;
            answer(client, client->pending);
        }
    }
    return NULL;
}

/* Stopped, without connections, and no listener asks for protocols any more. */
static void release_unused(struct chunky *chunky)
{
    if (chunky->stopping && chunky->open == 0 && !chunky->listening)
        torc_release(chunky->scope, chunky, sizeof *chunky);
}

static void connection_lost(struct torc_protocol *self, struct torc_failure *reason)
{
    struct client *client = (struct client *)(void *)self;
    struct chunky *chunky = client->chunky;

    (void)reason;
    if (strcmp(chunky->bug, "freed") == 0) {
        torc_release(chunky->scope, client, sizeof *client);
        client->chunky->open--;
        return;
    }
    chunky->open--;
    torc_release(chunky->scope, client, sizeof *client);
    release_unused(chunky);
}

static struct torc_failure *build_protocol(struct torc_factory *self,
                                           const struct torc_address *peer,
                                           struct torc_protocol **out)
{
    static const struct torc_protocol_ops ops = {
        .size = sizeof ops, .data_received = data_received, .connection_lost = connection_lost};
    struct chunky *chunky = (struct chunky *)(void *)self;
    struct client *client = torc_alloc_zero(chunky->scope, sizeof *client);

    (void)peer;
    if (client == NULL)
        return torc_failure_no_memory();
    client->protocol.ops = &ops;
    client->chunky = chunky;
    chunky->open++;
    *out = &client->protocol;
    return NULL;
}

static void factory_started(struct torc_factory *self)
{
    ((struct chunky *)(void *)self)->listening = true;
}

static void factory_stopped(struct torc_factory *self)
{
    struct chunky *chunky = (struct chunky *)(void *)self;

    chunky->listening = false;
    release_unused(chunky);
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options,
                                  void **out_instance)
{
    static const struct torc_factory_ops ops = {.size = sizeof ops,
                                                .build_protocol = build_protocol,
                                                .started = factory_started,
                                                .stopped = factory_stopped};
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct chunky *chunky = torc_alloc_zero(scope, sizeof *chunky);
    int error;

    if (chunky == NULL)
        return torc_failure_no_memory();
    chunky->factory.ops = &ops;
    chunky->reactor = reactor;
    chunky->scope = scope;
    chunky->bug = torc_options_text(options, "bug");
    error = torc_listen(reactor, torc_options_address(options, "listen", 0), &chunky->factory, NULL,
                        &chunky->listener);
    if (error != 0) {
        torc_release(scope, chunky, sizeof *chunky);
        return torc_failure_of_code(scope, error, "listen");
    }
    *out_instance = chunky;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    struct chunky *chunky = instance;

    chunky->stopping = true;
    torc_listener_close(chunky->listener);
    return NULL;
}

static const struct torc_option options[] = {
    {"listen", TORC_OPTION_ADDRESS, "tcp:7000", "where"},
    {"bug", TORC_OPTION_TEXT, "none", "none, split, order, crash, exit, freed, assume, hope"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};

TORC_API const struct torc_module torc_module = {
    .size = sizeof(struct torc_module),
    .name = "chunky",
    .version = "1",
    .doc = "answers four bytes with the same four",
    .options = options,
    .start = start,
    .stop = stop,
    .marks_begin = __start_torc_marks,
    .marks_end = __stop_torc_marks,
};
