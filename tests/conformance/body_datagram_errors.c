/* Datagrams: connected ports, refusals, addresses that are taken or cannot be. */
#include "datagram_actor.h"

/* An address of the server's where nobody is. */
static struct torc_address deserted(struct conf *c)
{
    static struct talker passing;

    talker_init(c, &passing, NULL);
    if (!talker_serve(&passing))
        return torc_address_ipv4(127, 0, 0, 1, 9);
    torc_datagram_close(passing.protocol.port);
    return passing.address;
}

BODY(a_refusal_is_told_to_a_connected_port_which_stays_open)
{
    static struct talker server, client;
    struct torc_address address = deserted(c);

    talker_init(c, &server, NULL);
    talker_init(c, &client, "c");
    server.address = address;
    CHECK(c, talker_call(&client, &server));
    CHECK(c, torc_datagram_connect(client.protocol.port, &address) == 0);
    CHECK(c, talker_send(&client, "anybody?", NULL) == 0);
    CHECK(c, run_until_count(c, &client.refused, 1));
    CHECK(c, client.stopped == 0);
    CHECK(c, talker_open_at(&server, c->server, &address, NULL) == 0);
    CHECK(c, talker_send(&client, "now", NULL) == 0);
    CHECK(c, run_until_count(c, &server.received, 1));
    CHECK_NOTES(c, "c:started c:refused");
}

static struct torc_failure *close_yourself(struct talker *self)
{
    torc_datagram_close(self->protocol.port);
    return NULL;
}

BODY(a_port_may_be_closed_inside_refused)
{
    static struct talker client, like;

    talker_init(c, &client, "c");
    like.address = deserted(c);
    client.on_refused = close_yourself;
    CHECK(c, talker_call(&client, &like));
    CHECK(c, torc_datagram_connect(client.protocol.port, &like.address) == 0);
    CHECK(c, talker_send(&client, "anybody?", NULL) == 0);
    CHECK(c, run_until_count(c, &client.stopped, 1));
    CHECK_NOTES(c, "c:started c:refused c:stopped(connection_done)");
}

BODY(a_port_that_is_not_connected_hears_of_no_refusal)
{
    static struct talker client, like;

    talker_init(c, &client, "c");
    like.address = deserted(c);
    CHECK(c, talker_call(&client, &like));
    CHECK(c, talker_send(&client, "anybody?", &like.address) == 0);
    run_for(c, 10 * TORC_MILLISECOND);
    CHECK(c, talker_send(&client, "anybody?", &like.address) == 0);
    CHECK_NOTES(c, "c:started");
}

BODY(a_refusal_that_was_not_told_yet_is_the_answer_to_the_next_send)
{
    static struct talker client, like;

    talker_init(c, &client, "c");
    like.address = deserted(c);
    CHECK(c, talker_call(&client, &like));
    CHECK(c, torc_datagram_connect(client.protocol.port, &like.address) == 0);
    torc_datagram_pause(client.protocol.port);
    CHECK(c, talker_send(&client, "anybody?", NULL) == 0);
    run_for(c, 10 * TORC_MILLISECOND);
    CHECK(c, talker_send(&client, "anybody?", NULL) == TORC_ECONNREFUSED);
    torc_datagram_resume(client.protocol.port);
    run_for(c, 10 * TORC_MILLISECOND);
    CHECK(c, client.refused == 0);
    CHECK(c, talker_send(&client, "anybody?", NULL) == 0);
    CHECK(c, run_until_count(c, &client.refused, 1));
}

BODY(a_connected_port_hears_its_peer_alone)
{
    static struct talker server, client, other;

    talker_init(c, &server, "s");
    talker_init(c, &client, NULL);
    talker_init(c, &other, NULL);
    CHECK(c, talker_serve(&server) && talker_serve(&other) && talker_serve(&client));
    /* Here before the server has a peer, and not told yet. */
    torc_datagram_pause(server.protocol.port);
    CHECK(c, talker_send(&other, "early", &server.address) == 0);
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, torc_datagram_connect(server.protocol.port, &client.address) == 0);
    torc_datagram_resume(server.protocol.port);
    CHECK(c, talker_send(&other, "late", &server.address) == 0);
    CHECK(c, talker_send(&client, "peer", &server.address) == 0);
    CHECK(c, run_until_count(c, &server.received, 1));
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK_NOTES(c, "s:started s:peer(4)");
}

BODY(a_connected_port_sends_to_its_peer_alone)
{
    static struct talker server, client, other;

    talker_init(c, &server, "s");
    talker_init(c, &client, NULL);
    talker_init(c, &other, "o");
    CHECK(c, talker_serve(&server) && talker_serve(&other) && talker_call(&client, &server));
    CHECK(c, talker_send(&client, "x", NULL) == TORC_ENOTCONN);
    CHECK(c, torc_datagram_connect(client.protocol.port, &server.address) == 0);
    CHECK(c, torc_datagram_connect(client.protocol.port, &other.address) == TORC_EBUSY);
    CHECK(c, talker_send(&client, "x", &other.address) == TORC_EINVAL);
    CHECK(c, talker_send(&client, "one", &server.address) == 0);
    CHECK(c, talker_send(&client, "two", NULL) == 0);
    CHECK(c, run_until_count(c, &server.received, 2));
    CHECK_NOTES(c, "s:started o:started s:one(3) s:two(3)");
}

BODY(an_address_that_is_none_to_send_to_is_invalid)
{
    static struct talker client;
    struct torc_address address = c->ops->address6(c);

    talker_init(c, &client, NULL);
    CHECK(c, talker_serve(&client));
    address.port = 9;
    CHECK(c, talker_send(&client, "x", &address) == TORC_EINVAL);
    CHECK(c, torc_datagram_connect(client.protocol.port, &address) == TORC_EINVAL);
    address = client.address;
    address.port = 0;
    CHECK(c, talker_send(&client, "x", &address) == TORC_EINVAL);
    CHECK(c, torc_datagram_connect(client.protocol.port, &address) == TORC_EINVAL);
}

BODY(a_port_cannot_be_opened_where_another_one_is)
{
    static struct talker server, other;
    struct torc_datagram_options options = TORC_DATAGRAM_OPTIONS_INIT;
    struct torc_address any;

    talker_init(c, &server, "s");
    talker_init(c, &other, "o");
    CHECK(c, talker_serve(&server));
    CHECK(c, talker_open_at(&other, c->server, &server.address, NULL) == TORC_EADDRINUSE);
    options.reuse = true; /* both have to */
    CHECK(c, talker_open_at(&other, c->server, &server.address, &options) == TORC_EADDRINUSE);
    any = torc_address_ipv4(0, 0, 0, 0, server.address.port);
    CHECK(c, talker_open_at(&other, c->server, &any, NULL) == TORC_EADDRINUSE);
    CHECK_NOTES(c, "s:started");
}

BODY(of_ports_that_share_an_address_the_last_one_receives)
{
    static struct talker first, second, client;
    struct torc_datagram_options options = TORC_DATAGRAM_OPTIONS_INIT;
    struct torc_address address = c->ops->address(c, FAMILY_TCP);

    talker_init(c, &first, "first");
    talker_init(c, &second, "second");
    talker_init(c, &client, NULL);
    options.reuse = true;
    CHECK(c, talker_open_at(&first, c->server, &address, &options) == 0);
    CHECK(c, talker_open_at(&second, c->server, &first.address, &options) == 0);
    CHECK(c, talker_call(&client, &first));
    CHECK(c, talker_send(&client, "x", &first.address) == 0);
    CHECK(c, run_until_count(c, &second.received, 1));
    torc_datagram_close(second.protocol.port);
    CHECK(c, talker_send(&client, "y", &first.address) == 0);
    CHECK(c, run_until_count(c, &first.received, 1));
    CHECK_NOTES(c, "first:started second:started second:x(1) second:stopped(connection_done) "
                   "first:y(1)");
}

BODY(the_port_with_the_address_receives_before_the_one_with_any)
{
    static struct talker any, exact, client;
    struct torc_datagram_options options = TORC_DATAGRAM_OPTIONS_INIT;
    struct torc_address address = c->ops->address(c, FAMILY_TCP);
    struct torc_address everywhere;

    talker_init(c, &exact, "exact");
    talker_init(c, &any, "any");
    talker_init(c, &client, NULL);
    options.reuse = true;
    CHECK(c, talker_open_at(&exact, c->server, &address, &options) == 0);
    everywhere = torc_address_ipv4(0, 0, 0, 0, exact.address.port);
    CHECK(c, talker_open_at(&any, c->server, &everywhere, &options) == 0);
    CHECK(c, talker_call(&client, &exact));
    CHECK(c, talker_send(&client, "x", &exact.address) == 0);
    CHECK(c, run_until_count(c, &exact.received, 1));
    CHECK_NOTES(c, "exact:started any:started exact:x(1)");
}

BODY(a_port_cannot_be_opened_on_an_address_of_somebody_else)
{
    static struct talker talker;
    struct torc_address address = torc_address_ipv4(192, 0, 2, 1, 7999);

    talker_init(c, &talker, "t");
    CHECK(c, talker_open_at(&talker, c->server, &address, NULL) == TORC_EADDRNOTAVAIL);
    address = c->ops->address(c, FAMILY_UNIX);
    CHECK(c, talker_open_at(&talker, c->server, &address, NULL) == TORC_EAFNOSUPPORT);
    memset(&address, 0, sizeof address);
    CHECK(c, talker_open_at(&talker, c->server, &address, NULL) == TORC_EINVAL);
    CHECK_NOTES(c, "");
}

BODY(a_broadcast_has_to_be_allowed)
{
    static struct talker talker;
    struct torc_address everybody = torc_address_ipv4(127, 255, 255, 255, 7999);
    struct torc_address any = torc_address_ipv4(0, 0, 0, 0, 0);

    talker_init(c, &talker, NULL);
    CHECK(c, talker_open_at(&talker, c->server, &any, NULL) == 0);
    CHECK(c, talker_send(&talker, "x", &everybody) == TORC_EACCES);
    CHECK(c, torc_datagram_connect(talker.protocol.port, &everybody) == TORC_EACCES);
}

BODY(a_broadcast_reaches_every_port_of_that_number)
{
    static struct talker first, second, speaker;
    struct torc_datagram_options options = TORC_DATAGRAM_OPTIONS_INIT;
    struct torc_address any = torc_address_ipv4(0, 0, 0, 0, 0);
    struct torc_address everybody;

    talker_init(c, &first, NULL);
    talker_init(c, &second, NULL);
    talker_init(c, &speaker, NULL);
    options.reuse = true;
    CHECK(c, talker_open_at(&first, c->server, &any, &options) == 0);
    CHECK(c, talker_open_at(&second, c->server, &first.address, &options) == 0);
    options.broadcast = true;
    CHECK(c, talker_open_at(&speaker, c->server, &any, &options) == 0);
    everybody = torc_address_ipv4(127, 255, 255, 255, first.address.port);
    CHECK(c, talker_send(&speaker, "x", &everybody) == 0);
    CHECK(c, run_until_count(c, &first.received, 1));
    CHECK(c, run_until_count(c, &second.received, 1));
}

BODY(ports_and_listeners_do_not_share_numbers)
{
    static struct service service;
    static struct talker talker;

    service_init(c, &service, NULL);
    talker_init(c, &talker, "t");
    CHECK(c, service_listen(&service));
    CHECK(c, talker_open_at(&talker, c->server, &service.address, NULL) == 0);
    CHECK(c, talker.address.port == service.address.port);
}
