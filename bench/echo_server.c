/* echo_server.c - the echo server on Torc, live: what the peers do, through the public API.
 *
 * Prints "port N" and serves until SIGTERM. */
#include <stdio.h>
#include <stdlib.h>

#include <torc/live.h>
#include <torc/stream.h>

static void must(int code)
{
    if (code != 0) {
        fprintf(stderr, "echo_server: %s\n", torc_error_text(code));
        exit(1);
    }
}

static struct torc_failure *echo_received(struct torc_protocol *self, const uint8_t *data,
                                          size_t bytes)
{
    int code = torc_transport_write(self->transport, data, bytes);

    if (code != 0)
        torc_transport_abort(self->transport);
    return NULL;
}

static void echo_lost(struct torc_protocol *self, struct torc_failure *reason)
{
    (void)reason;
    free(self);
}

static const struct torc_protocol_ops echo_ops = {
    .size = sizeof echo_ops,
    .data_received = echo_received,
    .connection_lost = echo_lost,
};

static struct torc_failure *build_echo(struct torc_factory *self, const struct torc_address *peer,
                                       struct torc_protocol **out)
{
    struct torc_protocol *protocol = calloc(1, sizeof *protocol);

    (void)self;
    (void)peer;
    if (protocol != NULL)
        protocol->ops = &echo_ops;
    *out = protocol;
    return NULL;
}

static const struct torc_factory_ops factory_ops = {
    .size = sizeof factory_ops,
    .build_protocol = build_echo,
};

int main(void)
{
    struct torc_reactor_options reactor_options = TORC_REACTOR_OPTIONS_INIT;
    struct torc_listen_options listen_options = TORC_LISTEN_OPTIONS_INIT;
    struct torc_factory factory = {&factory_ops, 0};
    struct torc_address address = torc_address_ipv4(127, 0, 0, 1, 0);
    struct torc_platform *platform;
    struct torc_reactor *reactor;
    struct torc_listener listener;

    reactor_options.watch_signals = true;
    listen_options.backlog = 1024;
    listen_options.nodelay = true;
    must(torc_live_new(NULL, &platform));
    must(torc_reactor_new(platform, &reactor_options, &reactor));
    must(torc_listen(reactor, &address, &factory, &listen_options, &listener));
    must(torc_listener_address(listener, &address));
    printf("port %u\n", address.port);
    fflush(stdout);
    must(torc_reactor_run(reactor));
    torc_reactor_free(reactor);
    torc_live_free(platform);
    return 0;
}
