/* Connecting to names: RFC 8305. */
#include "name_actor.h"

#define LONG (TORC_SECOND * 3600) /* longer than a body waits */

/* Nobody listens there but who says so by that very address. */
static struct torc_address deserted(uint8_t last)
{
    return torc_address_ipv4(127, 0, 0, last, 0);
}

static bool set(struct conf *c, const char *name, struct torc_address first, struct torc_address second)
{
    struct torc_address list[2] = {first, second};

    return c->ops->set_name(c, name, ANSWER_ADDRESSES, list, 2, 0);
}

static bool listen_at(struct service *service, struct torc_address address)
{
    return torc_listen(service->c->server, &address, &service->factory, NULL, &service->listener) == 0 &&
           torc_listener_address(service->listener, &service->address) == 0;
}

/* A service at an address of IPv6 with that port. */
static bool listen_at6(struct service *service, uint16_t port)
{
    struct torc_address address = service->c->ops->address6(service->c);

    address.port = port;
    return listen_at(service, address);
}

static size_t connections(struct torc_reactor *reactor)
{
    struct torc_reactor_counts counts;

    torc_reactor_count(reactor, &counts);
    return counts.connections;
}

BODY(connecting_to_a_name_gives_its_protocol_after_connection_made)
{
    static struct service server, client;
    static struct outcome outcome;

    service_init(c, &server, NULL);
    service_init(c, &client, "p");
    client.name = "f";
    CHECK(c, service_listen(&server));
    CHECK(c, c->ops->set_name(c, "one.example", ANSWER_ADDRESSES, &server.address, 1, 0));
    CHECK(c, outcome_connect(c, &outcome, "one.example", server.address.port, &client, NULL) == 0);
    CHECK(c, !outcome.fired && run_until(c, &outcome.fired));
    CHECK(c, outcome.protocol == &client.last->protocol);
    torc_transport_lose(client.last->protocol.transport);
    CHECK(c, run_until_count(c, &client.stops, 1));
    CHECK_NOTES(c, "f:start p:made connected p:lost(connection_done) f:stop");
}

BODY(an_address_that_refuses_is_followed_by_the_next_at_once)
{
    static struct service server, client;
    static struct outcome outcome;
    struct torc_connect_name_options options = TORC_CONNECT_NAME_OPTIONS_INIT;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    options.attempt_delay_ns = LONG;
    CHECK(c, service_listen(&server));
    CHECK(c, set(c, "two.example", deserted(2), server.address));
    CHECK(c, outcome_connect(c, &outcome, "two.example", server.address.port, &client, &options) == 0);
    CHECK(c, run_until(c, &outcome.fired) && outcome.protocol != NULL);
}

BODY(a_silent_address_is_overtaken_after_the_delay)
{
    static struct service server, client;
    static struct outcome outcome;
    struct torc_connect_name_options options = TORC_CONNECT_NAME_OPTIONS_INIT;
    struct torc_address silent;
    uint64_t began;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    options.attempt_delay_ns = 20 * TORC_MILLISECOND;
    CHECK(c, c->ops->silent_address(c, &silent) && listen_at6(&server, silent.port));
    CHECK(c, set(c, "hole.example", silent, server.address));
    began = torc_reactor_now(c->client);
    CHECK(c, outcome_connect(c, &outcome, "hole.example", silent.port, &client, &options) == 0);
    CHECK(c, run_until(c, &outcome.fired) && outcome.protocol != NULL);
    CHECK(c, torc_reactor_now(c->client) - began >= 20 * TORC_MILLISECOND);
    /* The silent attempt was given up. */
    CHECK(c, run_until_count(c, &server.built, 1));
    CHECK(c, connections(c->client) == (c->client == c->server ? 2u : 1u));
}

BODY(the_families_take_turns)
{
    static struct service server4, server6, client;
    static struct outcome outcome;
    struct torc_connect_name_options options = TORC_CONNECT_NAME_OPTIONS_INIT;
    struct torc_address list[3];

    service_init(c, &server4, NULL);
    service_init(c, &server6, NULL);
    service_init(c, &client, NULL);
    options.attempt_delay_ns = LONG;
    CHECK(c, service_listen(&server4) && listen_at6(&server6, server4.address.port));
    list[0] = deserted(2);
    list[1] = server4.address;
    list[2] = server6.address;
    CHECK(c, c->ops->set_name(c, "turns.example", ANSWER_ADDRESSES, list, 3, 0));
    CHECK(c, outcome_connect(c, &outcome, "turns.example", server4.address.port, &client, &options) == 0);
    CHECK(c, run_until(c, &outcome.fired) && run_until_count(c, &server6.built, 1));
    CHECK(c, server4.built == 0);
}

BODY(one_family_can_be_asked_for)
{
    static struct service server4, server6, client;
    static struct outcome outcome;
    struct torc_connect_name_options options = TORC_CONNECT_NAME_OPTIONS_INIT;

    service_init(c, &server4, NULL);
    service_init(c, &server6, NULL);
    service_init(c, &client, NULL);
    CHECK(c, service_listen(&server4) && listen_at6(&server6, server4.address.port));
    CHECK(c, set(c, "both.example", server6.address, server4.address));
    options.family = TORC_RESOLVE_IPV4;
    CHECK(c, outcome_connect(c, &outcome, "both.example", server4.address.port, &client, &options) == 0);
    CHECK(c, run_until(c, &outcome.fired) && run_until_count(c, &server4.built, 1));
    CHECK(c, server6.built == 0);
}

BODY(when_every_address_fails_the_last_failure_is_told)
{
    static struct service client;
    static struct outcome outcome;
    struct torc_connect_name_options options = TORC_CONNECT_NAME_OPTIONS_INIT;
    struct torc_address silent;

    service_init(c, &client, "p");
    client.name = "f";
    options.attempt_timeout_ns = 20 * TORC_MILLISECOND;
    CHECK(c, c->ops->silent_address(c, &silent));
    CHECK(c, set(c, "bad.example", deserted(2), silent));
    CHECK(c, outcome_connect(c, &outcome, "bad.example", silent.port, &client, &options) == 0);
    CHECK(c, outcome_is(&outcome, &torc_failure_connect_timeout));
    CHECK(c, set(c, "worse.example", deserted(2), deserted(3)));
    CHECK(c, outcome_connect(c, &outcome, "worse.example", silent.port, &client, &options) == 0);
    CHECK(c, outcome_is(&outcome, &torc_failure_connection_refused));
    CHECK_NOTES(c, "f:start f:stop f:start f:stop");
}

BODY(a_name_that_is_not_there_cannot_be_connected_to)
{
    static struct service client;
    static struct outcome outcome;

    service_init(c, &client, "p");
    client.name = "f";
    CHECK(c, c->ops->set_name(c, "none.example", ANSWER_NOT_FOUND, NULL, 0, 0));
    CHECK(c, outcome_connect(c, &outcome, "none.example", 80, &client, NULL) == 0);
    CHECK(c, outcome_is(&outcome, &torc_failure_name_not_found));
    CHECK_NOTES(c, "f:start f:stop");
}

BODY(cancelling_while_the_name_is_looked_up_leaves_nothing)
{
    static struct service client;
    static struct outcome outcome;

    service_init(c, &client, "p");
    client.name = "f";
    CHECK(c, c->ops->set_name(c, "silent.example", ANSWER_SILENT, NULL, 0, 0));
    CHECK(c, outcome_connect(c, &outcome, "silent.example", 80, &client, NULL) == 0);
    run_for(c, TORC_MILLISECOND);
    torc_deferred_cancel(outcome.deferred);
    CHECK(c, outcome.fired && outcome.type == &torc_failure_connect_cancelled);
    CHECK_NOTES(c, "f:start f:stop");
}

BODY(cancelling_while_addresses_are_tried_leaves_nothing)
{
    static struct service client;
    static struct outcome outcome;
    struct torc_connect_name_options options = TORC_CONNECT_NAME_OPTIONS_INIT;
    struct torc_address silent;

    service_init(c, &client, "p");
    client.name = "f";
    options.attempt_delay_ns = TORC_MILLISECOND;
    CHECK(c, c->ops->silent_address(c, &silent));
    CHECK(c, set(c, "holes.example", silent, silent));
    CHECK(c, outcome_connect(c, &outcome, "holes.example", silent.port, &client, &options) == 0);
    run_for(c, 20 * TORC_MILLISECOND);
    CHECK(c, connections(c->client) == 2);
    torc_deferred_cancel(outcome.deferred);
    CHECK(c, outcome.fired && outcome.type == &torc_failure_connect_cancelled);
    CHECK(c, connections(c->client) == 0);
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, outcome.fires == 1);
    CHECK_NOTES(c, "f:start f:stop");
}

static struct torc_failure *fail_made(struct actor *self)
{
    return torc_failure_new(torc_reactor_scope(self->c->client), &torc_failure_protocol_error,
                            TORC_EPROTOCOL, NULL, "not like this");
}

BODY(a_failing_connection_made_is_the_failure_of_connecting)
{
    static struct service server, client;
    static struct outcome outcome;

    service_init(c, &server, NULL);
    service_init(c, &client, "p");
    client.name = "f";
    client.model.on_made = fail_made;
    CHECK(c, service_listen(&server));
    CHECK(c, c->ops->set_name(c, "one.example", ANSWER_ADDRESSES, &server.address, 1, 0));
    CHECK(c, outcome_connect(c, &outcome, "one.example", server.address.port, &client, NULL) == 0);
    CHECK(c, outcome_is(&outcome, &torc_failure_protocol_error));
    CHECK(c, run_until_count(c, &client.stops, 1));
    CHECK_NOTES(c, "f:start p:made p:lost(protocol_error) f:stop");
}

BODY(a_factory_that_builds_nothing_has_no_protocol)
{
    static struct service server, client;
    static struct outcome outcome;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    client.name = "f";
    client.refuse = true;
    CHECK(c, service_listen(&server));
    CHECK(c, set(c, "one.example", server.address, server.address));
    CHECK(c, outcome_connect(c, &outcome, "one.example", server.address.port, &client, NULL) == 0);
    CHECK(c, outcome_is(&outcome, &torc_failure_no_protocol));
    CHECK(c, client.built == 1);
    CHECK_NOTES(c, "f:start f:stop");
}

static struct torc_failure *cancel_made(struct actor *self)
{
    struct outcome *outcome = self->extra;

    torc_deferred_cancel(outcome->deferred);
    return NULL;
}

BODY(a_connection_cancelled_while_it_is_made_is_lost)
{
    static struct service server, client;
    static struct outcome outcome;

    service_init(c, &server, NULL);
    service_init(c, &client, "p");
    client.name = "f";
    client.model.on_made = cancel_made;
    client.model.extra = &outcome;
    CHECK(c, service_listen(&server));
    CHECK(c, c->ops->set_name(c, "one.example", ANSWER_ADDRESSES, &server.address, 1, 0));
    CHECK(c, outcome_connect(c, &outcome, "one.example", server.address.port, &client, NULL) == 0);
    CHECK(c, outcome_is(&outcome, &torc_failure_connect_cancelled));
    CHECK(c, run_until_count(c, &client.stops, 1));
    CHECK(c, outcome.fires == 1);
    CHECK_NOTES(c, "f:start p:made p:lost(connection_done) f:stop");
}

BODY(stopping_the_reactor_ends_connecting_to_names)
{
    static struct service client, other;
    static struct outcome trying, asking;
    struct torc_address silent;

    service_init(c, &client, NULL);
    service_init(c, &other, NULL);
    CHECK(c, c->ops->silent_address(c, &silent));
    CHECK(c, set(c, "holes.example", silent, silent));
    CHECK(c, c->ops->set_name(c, "silent.example", ANSWER_SILENT, NULL, 0, 0));
    CHECK(c, outcome_connect(c, &trying, "holes.example", silent.port, &client, NULL) == 0);
    CHECK(c, outcome_connect(c, &asking, "silent.example", silent.port, &other, NULL) == 0);
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, torc_reactor_stop(c->client) == 0);
    while ((!trying.fired || !asking.fired) && c->ops->step(c))
        ;
    CHECK(c, trying.fired && trying.type == &torc_failure_connect_cancelled);
    CHECK(c, asking.fired && asking.type == &torc_failure_connect_cancelled);
    CHECK(c, client.stops == 1 && other.stops == 1);
}
