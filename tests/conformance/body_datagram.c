/* Datagrams: what is sent, what arrives, whole. */
#include "datagram_actor.h"

static struct torc_failure *answer(struct talker *self)
{
    int code = torc_datagram_send(self->protocol.port, self->data, self->bytes, &self->from);

    return code == 0 ? NULL : torc_failure_no_memory();
}

BODY(a_datagram_goes_there_and_its_answer_back)
{
    static struct talker server, client;

    talker_init(c, &server, NULL);
    talker_init(c, &client, "c");
    server.on_received = answer;
    CHECK(c, talker_serve(&server) && talker_call(&client, &server));
    CHECK(c, talker_send(&client, "hello", &server.address) == 0);
    CHECK(c, run_until_count(c, &client.received, 1));
    CHECK_NOTES(c, "c:started c:hello(5)");
    CHECK(c, torc_address_equal(&client.from, &server.address));
}

BODY(a_datagram_crosses_ipv6)
{
    static struct talker server, client;
    struct torc_address address = c->ops->address6(c);

    talker_init(c, &server, NULL);
    talker_init(c, &client, "c");
    server.on_received = answer;
    CHECK(c, talker_open_at(&server, c->server, &address, NULL) == 0);
    CHECK(c, server.address.family == TORC_ADDRESS_IPV6 && talker_call(&client, &server));
    CHECK(c, talker_send(&client, "six", &server.address) == 0);
    CHECK(c, run_until_count(c, &client.received, 1));
    CHECK_NOTES(c, "c:started c:six(3)");
    CHECK(c, torc_address_equal(&client.from, &server.address));
}

BODY(datagrams_keep_their_boundaries)
{
    static struct talker server, client;

    talker_init(c, &server, "s");
    talker_init(c, &client, NULL);
    CHECK(c, talker_serve(&server) && talker_call(&client, &server));
    CHECK(c, talker_send(&client, "one", &server.address) == 0);
    CHECK(c, talker_send(&client, "two and", &server.address) == 0);
    CHECK(c, talker_send(&client, "three", &server.address) == 0);
    CHECK(c, run_until_count(c, &server.received, 3));
    CHECK_NOTES(c, "s:started s:one(3) s:two and(7) s:three(5)");
}

BODY(an_empty_datagram_is_a_datagram)
{
    static struct talker server, client;

    talker_init(c, &server, "s");
    talker_init(c, &client, NULL);
    CHECK(c, talker_serve(&server) && talker_call(&client, &server));
    CHECK(c, torc_datagram_send(client.protocol.port, NULL, 0, &server.address) == 0);
    CHECK(c, talker_send(&client, "after", &server.address) == 0);
    CHECK(c, run_until_count(c, &server.received, 2));
    CHECK_NOTES(c, "s:started s:(0) s:after(5)");
}

BODY(each_datagram_comes_with_its_sender)
{
    static struct talker server, client, other;

    talker_init(c, &server, NULL);
    talker_init(c, &client, "a");
    talker_init(c, &other, "b");
    server.on_received = answer;
    CHECK(c, talker_serve(&server) && talker_call(&client, &server) && talker_call(&other, &server));
    CHECK(c, client.address.port != 0 && other.address.port != client.address.port);
    CHECK(c, talker_send(&client, "first", &server.address) == 0);
    CHECK(c, run_until_count(c, &client.received, 1));
    CHECK(c, server.from.port == client.address.port);
    CHECK(c, talker_send(&other, "second", &server.address) == 0);
    CHECK(c, run_until_count(c, &other.received, 1));
    CHECK(c, server.from.port == other.address.port);
    CHECK_NOTES(c, "a:started b:started a:first(5) b:second(6)");
}

#define GREATEST 65507

BODY(a_datagram_of_the_greatest_length_arrives_whole)
{
    static struct talker server, client;
    static uint8_t data[GREATEST + 1];

    talker_init(c, &server, NULL);
    talker_init(c, &client, NULL);
    pattern_fill(data, 0, sizeof data);
    CHECK(c, talker_serve(&server) && talker_call(&client, &server));
    CHECK(c, torc_datagram_send(client.protocol.port, data, GREATEST, &server.address) == 0);
    CHECK(c, run_until_count(c, &server.received, 1));
    CHECK(c, server.bytes == GREATEST && server.sum == pattern_sum(GREATEST));
}

BODY(a_datagram_longer_than_can_be_is_not_sent)
{
    static struct talker server, client;
    static uint8_t data[GREATEST + 1];

    talker_init(c, &server, "s");
    talker_init(c, &client, NULL);
    CHECK(c, talker_serve(&server) && talker_call(&client, &server));
    CHECK(c, torc_datagram_send(client.protocol.port, data, sizeof data, &server.address) ==
                 TORC_ETOOLONG);
    CHECK(c, talker_send(&client, "short", &server.address) == 0);
    CHECK(c, run_until_count(c, &server.received, 1));
    CHECK_NOTES(c, "s:started s:short(5)");
}

BODY(a_datagram_longer_than_wanted_is_dropped_and_counted)
{
    static struct talker server, client;
    struct torc_datagram_options options = TORC_DATAGRAM_OPTIONS_INIT;
    struct torc_address address = c->ops->address(c, FAMILY_TCP);

    talker_init(c, &server, "s");
    talker_init(c, &client, NULL);
    options.bytes_max = 10;
    CHECK(c, talker_open_at(&server, c->server, &address, &options) == 0);
    CHECK(c, talker_call(&client, &server));
    CHECK(c, talker_send(&client, "eleven bytes", &server.address) == 0);
    CHECK(c, talker_send(&client, "ten  bytes", &server.address) == 0);
    CHECK(c, run_until_count(c, &server.received, 1));
    CHECK(c, torc_datagram_dropped(server.protocol.port) == 1);
    CHECK_NOTES(c, "s:started s:ten  bytes(10)");
}

BODY(a_paused_port_is_told_nothing_until_resumed)
{
    static struct talker server, client;

    talker_init(c, &server, "s");
    talker_init(c, &client, NULL);
    CHECK(c, talker_serve(&server) && talker_call(&client, &server));
    torc_datagram_pause(server.protocol.port);
    CHECK(c, talker_send(&client, "wait", &server.address) == 0);
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, server.received == 0);
    torc_datagram_resume(server.protocol.port);
    CHECK(c, run_until_count(c, &server.received, 1));
    CHECK_NOTES(c, "s:started s:wait(4)");
}

static struct torc_failure *pause_yourself(struct talker *self)
{
    torc_datagram_pause(self->protocol.port);
    return NULL;
}

BODY(pausing_inside_received_stops_the_next)
{
    static struct talker server, client;

    talker_init(c, &server, "s");
    talker_init(c, &client, NULL);
    server.on_received = pause_yourself;
    CHECK(c, talker_serve(&server) && talker_call(&client, &server));
    CHECK(c, talker_send(&client, "one", &server.address) == 0);
    CHECK(c, talker_send(&client, "two", &server.address) == 0);
    CHECK(c, run_until_count(c, &server.received, 1));
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, server.received == 1);
    torc_datagram_resume(server.protocol.port);
    CHECK(c, run_until_count(c, &server.received, 2));
}

static struct torc_failure *note_soon(void *arg)
{
    note(arg, "soon");
    return NULL;
}

static struct torc_failure *call_soon_once(struct talker *self)
{
    if (self->received == 1 && torc_call_soon(self->c->server, note_soon, self->c, NULL) != 0)
        return torc_failure_no_memory();
    return NULL;
}

BODY(a_port_with_much_to_tell_lets_others_have_their_turn)
{
    static struct talker server, client;
    struct torc_datagram_options options = TORC_DATAGRAM_OPTIONS_INIT;
    struct torc_address address = c->ops->address(c, FAMILY_TCP);
    unsigned i;

    talker_init(c, &server, "s");
    talker_init(c, &client, NULL);
    server.on_received = call_soon_once;
    options.read_max = 2;
    CHECK(c, talker_open_at(&server, c->server, &address, &options) == 0);
    CHECK(c, talker_call(&client, &server));
    for (i = 0; i < 4; i++)
        CHECK(c, talker_send(&client, "x", &server.address) == 0);
    CHECK(c, run_until_count(c, &server.received, 4));
    CHECK_NOTES(c, "s:started s:x(1) s:x(1) soon s:x(1) s:x(1)");
}

static struct torc_failure *fail(struct talker *self)
{
    return torc_failure_new(torc_reactor_scope(self->c->server), &torc_failure_error, TORC_EPROTOCOL,
                            NULL, "not like this");
}

BODY(a_failing_received_is_logged_and_the_port_goes_on)
{
    static struct talker server, client;

    talker_init(c, &server, "s");
    talker_init(c, &client, NULL);
    server.on_received = fail;
    CHECK(c, talker_serve(&server) && talker_call(&client, &server));
    CHECK(c, talker_send(&client, "one", &server.address) == 0);
    CHECK(c, talker_send(&client, "two", &server.address) == 0);
    CHECK(c, run_until_count(c, &server.received, 2));
    CHECK(c, c->errors_logged == 2 && server.stopped == 0);
}

BODY(a_failing_started_closes_the_port)
{
    static struct talker server, next;
    struct torc_address address = c->ops->address(c, FAMILY_TCP);

    talker_init(c, &server, "s");
    server.on_started = fail;
    CHECK(c, talker_open_at(&server, c->server, &address, NULL) == TORC_ECANCELED);
    CHECK_NOTES(c, "s:started s:stopped(error)");
    talker_init(c, &next, NULL);
    CHECK(c, talker_open_at(&next, c->server, &address, NULL) == 0);
}

BODY(closing_a_port_tells_stopped_before_it_returns)
{
    static struct talker server;
    struct torc_datagram_port port;

    talker_init(c, &server, "s");
    CHECK(c, talker_serve(&server));
    port = server.protocol.port;
    torc_datagram_close(port);
    CHECK_NOTES(c, "s:started s:stopped(connection_done)");
    torc_datagram_close(port);
    CHECK(c, server.stopped == 1);
    CHECK(c, talker_send(&server, "x", &server.address) == TORC_ESTALE);
    CHECK(c, torc_datagram_connect(port, &server.address) == TORC_ESTALE);
    CHECK(c, torc_datagram_address(port, &server.address) == TORC_ESTALE);
}

static struct torc_failure *close_yourself(struct talker *self)
{
    torc_datagram_close(self->protocol.port);
    note(self->c, "closed");
    return NULL;
}

BODY(a_port_closed_inside_received_is_told_after_it_and_receives_no_more)
{
    static struct talker server, client;

    talker_init(c, &server, "s");
    talker_init(c, &client, NULL);
    server.on_received = close_yourself;
    CHECK(c, talker_serve(&server) && talker_call(&client, &server));
    CHECK(c, talker_send(&client, "one", &server.address) == 0);
    CHECK(c, talker_send(&client, "two", &server.address) == 0);
    CHECK(c, run_until_count(c, &server.stopped, 1));
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK_NOTES(c, "s:started s:one(3) closed s:stopped(connection_done)");
}

static void open_anew(struct talker *self)
{
    if (self->stopped == 1 && torc_datagram_open(self->c->server, &self->address, &self->protocol,
                                                 NULL, NULL) != 0)
        note(self->c, "not opened");
}

BODY(a_port_may_be_opened_anew_inside_stopped)
{
    static struct talker server, client;

    talker_init(c, &server, "s");
    talker_init(c, &client, NULL);
    CHECK(c, talker_serve(&server) && talker_call(&client, &server));
    server.on_stopped = open_anew;
    torc_datagram_close(server.protocol.port);
    CHECK(c, talker_send(&client, "again", &server.address) == 0);
    CHECK(c, run_until_count(c, &server.received, 1));
    CHECK_NOTES(c, "s:started s:stopped(connection_done) s:started s:again(5)");
}

BODY(stopping_the_reactor_closes_its_ports)
{
    static struct talker server, late;

    talker_init(c, &server, "s");
    talker_init(c, &late, "late");
    CHECK(c, talker_serve(&server));
    CHECK(c, torc_reactor_stop(c->server) == 0);
    while (server.stopped == 0 && c->ops->step(c))
        ;
    CHECK_NOTES(c, "s:started s:stopped(connection_lost)");
    CHECK(c, talker_open_at(&late, c->server, &server.address, NULL) == TORC_ECLOSED);
}
