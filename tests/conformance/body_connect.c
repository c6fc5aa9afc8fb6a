/* Listening, connecting, accepting, and every way they fail. */
#include "conformance.h"

static struct torc_failure *say_hello(struct actor *self)
{
    return torc_transport_write(self->protocol.transport, "hello", 5) == 0 ? NULL
                                                                           : torc_failure_no_memory();
}

static struct torc_failure *echo(struct actor *self, const uint8_t *data, size_t bytes)
{
    return torc_transport_write(self->protocol.transport, data, bytes) == 0
               ? NULL
               : torc_failure_no_memory();
}

STREAM_BODY(both_sides_are_told_connection_made)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    CHECK(c, pair_open(c, &server, &client));
    CHECK(c, server.built == 1 && client.built == 1);
    CHECK(c, torc_transport_writable(server.last->protocol.transport));
    CHECK(c, torc_transport_writable(client.last->protocol.transport));
}

STREAM_BODY(bytes_go_there_and_back)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    server.model.on_data = echo;
    client.model.on_made = say_hello;
    CHECK(c, pair_open(c, &server, &client));
    CHECK(c, run_until_bytes(c, &client.last->received_bytes, 5));
    CHECK(c, memcmp(client.last->received, "hello", 5) == 0);
    CHECK(c, memcmp(server.last->received, "hello", 5) == 0);
}

STREAM_BODY(factories_are_started_and_connecting_told_before_connect_returns)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    client.name = "f";
    CHECK(c, service_listen(&server));
    CHECK(c, server.starts == 1);
    CHECK(c, service_connect(&client, &server));
    CHECK_NOTES(c, "f:start f:connecting");
    CHECK(c, client.built == 0);
    CHECK(c, run_until_count(c, &client.built, 1));
}

static void lose(struct actor *self)
{
    torc_transport_lose(self->protocol.transport);
}

static struct torc_failure *lose_when_made(struct actor *self)
{
    lose(self);
    return NULL;
}

STREAM_BODY(a_client_is_told_in_order_protocol_factory_stop)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, "p");
    client.name = "f";
    server.model.on_made = lose_when_made;
    CHECK(c, service_listen(&server) && service_connect(&client, &server));
    CHECK(c, run_until_count(c, &client.stops, 1));
    CHECK_NOTES(c, "f:start f:connecting p:made p:lost(connection_done) "
                   "f:connection-lost(connection_done) f:stop");
}

BODY(a_connect_where_nobody_listens_is_refused)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, "p");
    client.name = "f";
    CHECK(c, service_listen(&server));
    torc_listener_close(server.listener);
    run_for(c, TORC_MILLISECOND);
    CHECK(c, service_connect(&client, &server));
    CHECK(c, run_until_count(c, &client.stops, 1));
    CHECK_NOTES(c, "f:start f:connecting f:failed(connection_refused) f:stop");
}

BODY(a_unix_connect_where_nobody_listens_is_refused)
{
    static struct service client;
    struct torc_connector connector;
    struct torc_address address = c->ops->address(c, FAMILY_UNIX);

    service_init(c, &client, "p");
    client.name = "f";
    CHECK(c, torc_connect(c->client, &address, &client.factory, NULL, &connector) == 0);
    CHECK(c, run_until_count(c, &client.stops, 1));
    CHECK_NOTES(c, "f:start f:connecting f:failed(connection_refused) f:stop");
}

BODY(a_connect_that_is_not_answered_times_out)
{
    static struct service client;
    struct torc_address silent;
    struct torc_connect_options options = TORC_CONNECT_OPTIONS_INIT;
    uint64_t began = torc_reactor_now(c->client);

    service_init(c, &client, "p");
    client.name = "f";
    options.timeout_ns = 20 * TORC_MILLISECOND;
    CHECK(c, c->ops->silent_address(c, &silent));
    CHECK(c, torc_connect(c->client, &silent, &client.factory, &options, NULL) == 0);
    CHECK(c, run_until_count(c, &client.stops, 1));
    CHECK_NOTES(c, "f:start f:connecting f:failed(connect_timeout) f:stop");
    CHECK(c, torc_reactor_now(c->client) - began >= 20 * TORC_MILLISECOND);
}

BODY(stopping_a_connect_tells_at_once)
{
    static struct service client;
    struct torc_address silent;

    service_init(c, &client, "p");
    client.name = "f";
    CHECK(c, c->ops->silent_address(c, &silent));
    CHECK(c, torc_connect(c->client, &silent, &client.factory, NULL, &client.connector) == 0);
    run_for(c, TORC_MILLISECOND);
    CHECK(c, torc_connector_stop(client.connector) == 0);
    CHECK(c, client.failed == 1);
    CHECK(c, client.fail_reason == &torc_failure_connect_cancelled);
    CHECK(c, torc_connector_stop(client.connector) != 0);
    CHECK(c, run_until_count(c, &client.stops, 1));
}

BODY(stopping_a_connect_before_it_began_tells_at_once)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, "p");
    CHECK(c, service_listen(&server) && service_connect(&client, &server));
    CHECK(c, torc_connector_stop(client.connector) == 0);
    CHECK(c, client.failed == 1 && client.built == 0);
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, client.built == 0 && server.built == 0);
}

STREAM_BODY(stop_on_an_open_connection_is_an_error_and_disconnect_loses_it)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    CHECK(c, pair_open(c, &server, &client));
    CHECK(c, torc_connector_stop(client.connector) == TORC_ENOTCONN);
    torc_connector_disconnect(client.connector);
    CHECK(c, run_until(c, &client.last->lost) && run_until(c, &server.last->lost));
    CHECK(c, client.last->reason == &torc_failure_connection_done);
    CHECK(c, server.last->reason == &torc_failure_connection_done);
}

static void connect_again(struct service *self, struct torc_connector connector)
{
    if (self->failed < 3 && torc_connector_connect(connector) != 0)
        note(self->c, "no");
}

BODY(reconnecting_inside_connection_failed_keeps_the_factory_started)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    client.on_failed = connect_again;
    CHECK(c, service_listen(&server));
    torc_listener_close(server.listener);
    run_for(c, TORC_MILLISECOND);
    CHECK(c, service_connect(&client, &server));
    CHECK(c, run_until_count(c, &client.stops, 1));
    CHECK(c, client.failed == 3 && client.starts == 1);
}

static void connect_once_more(struct service *self, struct torc_connector connector)
{
    if (self->lost == 1 && torc_connector_connect(connector) != 0)
        note(self->c, "no");
}

STREAM_BODY(reconnecting_inside_connection_lost_makes_a_new_protocol)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    server.model.on_made = lose_when_made;
    client.on_connection_lost = connect_once_more;
    CHECK(c, service_listen(&server) && service_connect(&client, &server));
    CHECK(c, run_until_count(c, &client.stops, 1));
    CHECK(c, client.built == 2 && client.lost == 2 && client.starts == 1);
}

STREAM_BODY(a_server_factory_that_gives_no_protocol_refuses_the_connection)
{
    static struct service server, client;

    service_init(c, &server, "s");
    service_init(c, &client, NULL);
    server.refuse = true;
    CHECK(c, service_listen(&server) && service_connect(&client, &server));
    CHECK(c, run_until_count(c, &client.lost, 1));
    CHECK(c, server.built == 1 && client.last->made);
    CHECK_NOTES(c, "");
}

STREAM_BODY(a_client_factory_that_gives_no_protocol_closes_the_connection)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, "c");
    client.refuse = true;
    CHECK(c, service_listen(&server) && service_connect(&client, &server));
    CHECK(c, run_until_count(c, &client.stops, 1));
    CHECK(c, client.failed + client.lost == 1);
    CHECK(c, run_until_count(c, &server.built, 1) && run_until(c, &server.last->lost));
    CHECK_NOTES(c, "");
}

STREAM_BODY(a_client_factory_that_fails_is_told_a_connect_error)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, "c");
    client.fail = true;
    CHECK(c, service_listen(&server) && service_connect(&client, &server));
    CHECK(c, run_until_count(c, &client.failed, 1));
    CHECK(c, client.fail_reason == &torc_failure_connect_error);
    CHECK(c, c->errors_logged >= 1);
}

STREAM_BODY(a_server_factory_that_fails_is_logged_and_the_next_is_served)
{
    static struct service server, client, second;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    service_init(c, &second, NULL);
    server.fail = true;
    CHECK(c, service_listen(&server) && service_connect(&client, &server));
    CHECK(c, run_until_count(c, &client.lost, 1));
    CHECK(c, c->errors_logged == 1);
    server.fail = false;
    CHECK(c, service_connect(&second, &server));
    CHECK(c, run_until_count(c, &server.built, 2) && run_until(c, &server.last->made));
}

BODY(an_address_that_cannot_be_is_refused)
{
    static struct service service;
    struct torc_connect_options options = TORC_CONNECT_OPTIONS_INIT;
    struct torc_address good = c->ops->address(c, FAMILY_TCP);
    struct torc_address bad[4];
    size_t i;

    service_init(c, &service, NULL);
    memset(bad, 0, sizeof bad);
    bad[1].family = TORC_ADDRESS_UNIX + 1;
    bad[2].family = TORC_ADDRESS_UNIX;
    bad[3].family = TORC_ADDRESS_UNIX;
    bad[3].path_bytes = TORC_ADDRESS_PATH_MAX + 1;
    for (i = 0; i < 4; i++) {
        CHECK(c, torc_listen(c->server, &bad[i], &service.factory, NULL, &service.listener) ==
                     TORC_EINVAL);
        CHECK(c, torc_connect(c->client, &bad[i], &service.factory, NULL, NULL) == TORC_EINVAL);
        options.local = bad[i];
        CHECK(c, i == 0 || torc_connect(c->client, &good, &service.factory, &options, NULL) ==
                               TORC_EINVAL);
    }
    CHECK(c, service.starts == 0);
}

BODY(listening_twice_on_one_address_is_an_error)
{
    static struct service server, second;
    struct torc_listener listener;

    service_init(c, &server, NULL);
    service_init(c, &second, NULL);
    CHECK(c, service_listen(&server));
    CHECK(c, torc_listen(c->server, &server.address, &second.factory, NULL, &listener) ==
                 TORC_EADDRINUSE);
    CHECK(c, second.starts == 0);
}

BODY(listening_on_an_address_of_somebody_else_is_an_error)
{
    static struct service server;
    struct torc_listener listener;
    struct torc_address foreign = torc_address_ipv4(203, 0, 113, 7, 7000);

    service_init(c, &server, NULL);
    CHECK(c, torc_listen(c->server, &foreign, &server.factory, NULL, &listener) ==
                 TORC_EADDRNOTAVAIL);
    CHECK(c, server.starts == 0);
}

STREAM_BODY(an_address_can_be_listened_on_again_after_the_listener_closed)
{
    static struct service server, client, second;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    service_init(c, &second, NULL);
    CHECK(c, pair_open(c, &server, &client));
    torc_listener_close(server.listener);
    CHECK(c, torc_listen(c->server, &server.address, &second.factory, NULL, &second.listener) == 0);
    run_for(c, TORC_MILLISECOND);
    CHECK(c, server.stops == 1 && second.starts == 1);
}

STREAM_BODY(a_closed_listener_leaves_its_connections_open)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    server.model.on_data = echo;
    CHECK(c, pair_open(c, &server, &client));
    torc_listener_close(server.listener);
    torc_listener_close(server.listener);
    run_for(c, TORC_MILLISECOND);
    CHECK(c, torc_transport_write(client.last->protocol.transport, "x", 1) == 0);
    CHECK(c, run_until_bytes(c, &client.last->received_bytes, 1));
    CHECK(c, server.stops == 1 && !server.last->lost);
}

BODY(a_listener_on_port_0_has_a_real_port)
{
    static struct service server, client;
    struct torc_address any = c->ops->address(c, FAMILY_TCP);
    struct torc_address real;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    any.port = 0;
    CHECK(c, torc_listen(c->server, &any, &server.factory, NULL, &server.listener) == 0);
    CHECK(c, torc_listener_address(server.listener, &real) == 0);
    CHECK(c, real.port != 0);
    server.address = real;
    CHECK(c, service_connect(&client, &server));
    CHECK(c, run_until_count(c, &server.built, 1));
}

BODY(each_side_knows_both_addresses)
{
    static struct service server, client;
    struct torc_address a, b;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    CHECK(c, pair_open(c, &server, &client));
    CHECK(c, torc_transport_local(server.last->protocol.transport, &a) == 0);
    CHECK(c, torc_address_equal(&a, &server.address));
    CHECK(c, torc_transport_peer(client.last->protocol.transport, &b) == 0);
    CHECK(c, torc_address_equal(&b, &server.address));
    CHECK(c, torc_transport_local(client.last->protocol.transport, &a) == 0);
    CHECK(c, torc_transport_peer(server.last->protocol.transport, &b) == 0);
    CHECK(c, a.port != 0 && torc_address_equal(&a, &b));
}

static void look_at_names(struct actor *self, struct torc_failure *reason)
{
    struct torc_address local, peer;

    (void)reason;
    note(self->c, "%s",
         torc_transport_local(self->protocol.transport, &local) == 0 &&
                 torc_transport_peer(self->protocol.transport, &peer) == 0 && local.port != 0 &&
                 peer.port != 0
             ? "known"
             : "unknown");
}

BODY(addresses_are_known_inside_connection_lost_and_not_after)
{
    static struct service server, client;
    struct torc_address address;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    client.model.on_lost = look_at_names;
    CHECK(c, pair_open(c, &server, &client));
    torc_transport_lose(client.last->protocol.transport);
    CHECK(c, run_until(c, &client.last->lost));
    CHECK_NOTES(c, "known");
    run_for(c, TORC_MILLISECOND);
    CHECK(c, torc_transport_local(client.last->protocol.transport, &address) == TORC_ECLOSED);
}

STREAM_BODY(many_connections_are_served_at_once)
{
    static struct service server, client;
    unsigned i;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    server.model.on_data = echo;
    client.model.on_made = say_hello;
    CHECK(c, service_listen(&server));
    for (i = 0; i < 25; i++)
        CHECK(c, service_connect(&client, &server));
    CHECK(c, run_until_count(c, &client.built, 25) && run_until_count(c, &server.built, 25));
    for (i = 0; i < c->actor_count; i++)
        CHECK(c, run_until_bytes(c, &c->actors[i]->received_bytes, 5));
}

BODY(nodelay_and_keepalive_can_be_set_on_tcp)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    CHECK(c, pair_open(c, &server, &client));
    CHECK(c, torc_transport_set_option(client.last->protocol.transport, TORC_STREAM_NODELAY, 1) == 0);
    CHECK(c, torc_transport_set_option(client.last->protocol.transport, TORC_STREAM_KEEPALIVE, 1) ==
                 0);
}

static struct torc_failure *fail_when_made(struct actor *self)
{
    return torc_failure_new(torc_reactor_scope(self->c->server), &torc_failure_protocol_error,
                            TORC_EPROTOCOL, NULL, "made badly");
}

STREAM_BODY(a_server_whose_connection_made_fails_loses_the_connection_with_that_reason)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    server.model.on_made = fail_when_made;
    CHECK(c, service_listen(&server) && service_connect(&client, &server));
    CHECK(c, run_until_count(c, &client.lost, 1));
    CHECK(c, run_until(c, &server.last->lost));
    CHECK(c, server.last->reason == &torc_failure_protocol_error);
    CHECK(c, server.last->lost_count == 1);
    CHECK(c, c->errors_logged == 1);
}

STREAM_BODY(a_client_whose_connection_made_fails_loses_the_connection_with_that_reason)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    client.model.on_made = fail_when_made;
    CHECK(c, service_listen(&server) && service_connect(&client, &server));
    CHECK(c, run_until_count(c, &client.lost, 1));
    CHECK(c, client.last->reason == &torc_failure_protocol_error);
    CHECK(c, c->errors_logged == 1);
}
