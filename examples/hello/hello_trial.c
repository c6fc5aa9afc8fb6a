/* hello on a simulated host, greeting a client on another: `torc trial hello_trial.so`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

extern const struct torc_module torc_module;

/* Says who it is, and keeps the answer. */
struct client {
    struct torc_protocol protocol; /* first */
    struct torc_factory factory;
    size_t bytes;
    char received[64];
};

static struct torc_failure *made(struct torc_protocol *self)
{
    return torc_transport_write(self->transport, "ada", 3) == 0 ? NULL : torc_failure_no_memory();
}

static struct torc_failure *received(struct torc_protocol *self, const uint8_t *data, size_t bytes)
{
    struct client *client = (struct client *)self;

    assert_in_range(client->bytes + bytes, 1, sizeof client->received - 1); /* here too an assertion fails this test only */
    memcpy(client->received + client->bytes, data, bytes);
    client->bytes += bytes;
    torc_transport_lose(self->transport);
    return NULL;
}

static void lost(struct torc_protocol *self, struct torc_failure *reason)
{
    (void)self;
    (void)reason;
}

static struct torc_failure *build(struct torc_factory *self, const struct torc_address *peer, struct torc_protocol **out)
{
    static const struct torc_protocol_ops ops = {.size = sizeof ops, .connection_made = made, .data_received = received,
                                                .connection_lost = lost};
    struct client *client = (struct client *)(void *)((char *)self - offsetof(struct client, factory));

    (void)peer;
    client->protocol.ops = &ops;
    *out = &client->protocol;
    return NULL;
}

TORC_TEST(a_client_is_greeted)
{
    static const struct torc_factory_ops ops = {.size = sizeof ops, .build_protocol = build};
    struct client client = {.factory = {.ops = &ops}};
    struct torc_host *server = torc_trial_add_host(trial, "srv");
    struct torc_address address = torc_host_address(server, 7000);
    char error[256];

    torc_trial_need(trial, torc_host_start_module(server, &torc_module, (const char *const[]){"listen", "tcp:7000", NULL},
                                                  error, sizeof error));
    torc_trial_need(trial, torc_connect(torc_trial_reactor(trial), &address, &client.factory, NULL, NULL));
    torc_trial_run(trial, TORC_SECOND);
    assert_string_equal(client.received, "hello, ada");
    return NULL;
}
