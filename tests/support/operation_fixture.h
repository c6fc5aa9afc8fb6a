/* operation_fixture.h - a server and a client with a connection each, and operations of theirs that fail.
 *
 * It is the state of tests in the group with_fixture. */
#ifndef TORC_TESTS_OPERATION_FIXTURE_H
#define TORC_TESTS_OPERATION_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/decision.h>
#include <torc/operation_fault.h>
#include <torc/stream.h>
#include <torc/trial.h>

#define MS TORC_MILLISECOND

/* --- two hosts ----------------------------------------------------------------------------------------- */

struct side {
    struct torc_factory factory;
    struct torc_protocol protocol; /* one connection at a time */
    struct torc_host *host;
    struct torc_world *world;
    const char *greeting; /* sent when it is connected; or NULL */
    unsigned made;
    char received[64];
    size_t received_bytes;
    uint64_t received_ns;
    const struct torc_failure_type *lost; /* NULL: it is not */
    uint64_t lost_ns;
    const struct torc_failure_type *failed; /* to connect */
    uint64_t failed_ns;
};

struct fixture {
    struct torc_world *world;
    struct side srv, cli;
    const struct torc_failure_type *failure; /* of a deferred */
    bool fired;
    uint64_t fired_ns;
};

static inline struct side *of_protocol(struct torc_protocol *protocol)
{
    return (struct side *)(void *)((char *)protocol - offsetof(struct side, protocol));
}

static inline struct torc_failure *connection_made(struct torc_protocol *self)
{
    struct side *side = of_protocol(self);

    side->made++;
    if (side->greeting != NULL)
        assert_int_equal(torc_transport_write(self->transport, side->greeting, strlen(side->greeting)), 0);
    return NULL;
}

static inline struct torc_failure *data_received(struct torc_protocol *self, const uint8_t *data, size_t bytes)
{
    struct side *side = of_protocol(self);

    assert_true(side->received_bytes + bytes < sizeof side->received);
    memcpy(side->received + side->received_bytes, data, bytes);
    side->received_bytes += bytes;
    side->received_ns = torc_world_now(side->world);
    return NULL;
}

static inline void connection_lost(struct torc_protocol *self, struct torc_failure *reason)
{
    struct side *side = of_protocol(self);

    side->lost = torc_failure_type(reason);
    side->lost_ns = torc_world_now(side->world);
}

static inline struct torc_failure *build_protocol(struct torc_factory *self, const struct torc_address *peer,
                                           struct torc_protocol **out)
{
    (void)peer;
    *out = &((struct side *)(void *)self)->protocol;
    return NULL;
}

static inline void connection_failed(struct torc_factory *self, struct torc_connector connector,
                              struct torc_failure *reason)
{
    struct side *side = (struct side *)(void *)self;

    (void)connector;
    side->failed = torc_failure_type(reason);
    side->failed_ns = torc_world_now(side->world);
}

static inline int add_side(struct torc_world *world, const char *name, struct side *side)
{
    static const struct torc_protocol_ops protocol_ops = {.size = sizeof protocol_ops,
                                                          .connection_made = connection_made,
                                                          .data_received = data_received,
                                                          .connection_lost = connection_lost};
    static const struct torc_factory_ops factory_ops = {.size = sizeof factory_ops,
                                                        .build_protocol = build_protocol,
                                                        .connection_failed = connection_failed};

    side->factory.ops = &factory_ops;
    side->protocol.ops = &protocol_ops;
    side->world = world;
    return torc_world_add_host(world, name, NULL, &side->host);
}

static inline struct torc_deferred *set_up(struct torc_trial *trial)
{
    static struct fixture fixture;
    struct torc_link link = TORC_LINK_INIT;

    memset(&fixture, 0, sizeof fixture);
    link.delay_ns = MS;
    torc_trial_need(trial, torc_world_new(NULL, &fixture.world));
    assert_int_equal(add_side(fixture.world, "srv", &fixture.srv), 0);
    assert_int_equal(add_side(fixture.world, "cli", &fixture.cli), 0);
    torc_trial_need(trial, torc_world_set_link(fixture.world, fixture.srv.host, fixture.cli.host, &link));
    torc_trial_set_state(trial, &fixture);
    return NULL;
}

static inline struct torc_deferred *tear_down(struct torc_trial *trial)
{
    torc_world_free(((struct fixture *)torc_trial_state(trial))->world);
    return NULL;
}

static const struct torc_trial_group with_fixture = {.set_up = set_up, .tear_down = tear_down};

/* --- what happens -------------------------------------------------------------------------------------- */

static inline uint32_t strike(struct side *side, const char *site, const char *option, uint64_t n, uint64_t times)
{
    struct torc_operation_fault fault = TORC_OPERATION_FAULT_INIT;
    uint32_t number = 0;

    fault.site = site;
    fault.n = n;
    fault.times = times;
    assert_int_equal(torc_decision_option(torc_decision_find_site(site), option, &fault.option), 0);
    assert_int_equal(torc_host_add_operation_fault(side->host, &fault, &number), 0);
    return number;
}

static inline int try_to_listen(struct side *side)
{
    struct torc_address address = torc_address_ipv4(0, 0, 0, 0, 7000);
    struct torc_listener listener;

    return torc_listen(torc_host_reactor(side->host), &address, &side->factory, NULL, &listener);
}

static inline int try_to_connect(struct fixture *fixture, uint64_t timeout_ns)
{
    struct torc_connect_options options = TORC_CONNECT_OPTIONS_INIT;
    struct torc_address address = torc_host_address(fixture->srv.host, 7000);
    struct torc_connector connector;

    options.timeout_ns = timeout_ns;
    return torc_connect(torc_host_reactor(fixture->cli.host), &address, &fixture->cli.factory, &options,
                        &connector);
}

static inline void run_for(struct fixture *fixture, uint64_t ns)
{
    enum torc_verdict verdict;

    assert_int_equal(torc_world_run(fixture->world, torc_world_now(fixture->world) + ns, &verdict), 0);
    assert_int_not_equal(verdict, TORC_VERDICT_LIVELOCK);
}

static inline void connect_both(struct fixture *fixture)
{
    assert_int_equal(try_to_listen(&fixture->srv), 0);
    assert_int_equal(try_to_connect(fixture, TORC_NEVER), 0);
    run_for(fixture, 10 * MS);
}

static inline void send(struct side *side, const char *text)
{
    assert_int_equal(torc_transport_write(side->protocol.transport, text, strlen(text)), 0);
}

#define assert_received(side, text)                                                                \
    do {                                                                                           \
        assert_int_equal((side)->received_bytes, strlen(text));                                    \
        assert_memory_equal((side)->received, text, strlen(text));                                 \
    } while (0)

#endif
