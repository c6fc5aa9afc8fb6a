/* Calls made in the middle of others: listeners closed while they accept, attempts stopped while they
 * begin, producers that give up while they are asked for more, a shutdown asked for by a protocol. */
#include "conformance.h"

static struct torc_transport t_of(const struct actor *actor)
{
    return actor->protocol.transport;
}

/* --- listeners -------------------------------------------------------------------------------- */

STREAM_BODY(closing_a_listener_lets_go_of_its_factory_before_it_returns)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    CHECK(c, pair_open(c, &server, &client));
    torc_listener_close(server.listener);
    CHECK(c, server.stops == 1 && server.factory.users == 0);
    CHECK(c, torc_transport_writable(t_of(server.last)));
}

struct closing_service {
    struct service service;
    unsigned stops_inside;
};

static struct torc_factory_ops closing_ops;

static struct torc_failure *close_then_build(struct torc_factory *factory,
                                             const struct torc_address *peer,
                                             struct torc_protocol **out)
{
    struct closing_service *self = (struct closing_service *)(void *)factory;
    struct torc_failure *failure;

    torc_listener_close(self->service.listener);
    self->stops_inside = self->service.stops;
    failure = ((struct torc_factory_ops *)self->service.model.extra)
                  ->build_protocol(factory, peer, out);
    return failure;
}

STREAM_BODY(a_listener_closed_inside_build_protocol_keeps_that_connection)
{
    static struct closing_service server;
    static struct service client;
    static struct torc_factory_ops original;

    service_init(c, &server.service, NULL);
    service_init(c, &client, NULL);
    server.stops_inside = 0;
    original = *server.service.factory.ops;
    closing_ops = original;
    closing_ops.build_protocol = close_then_build;
    server.service.factory.ops = &closing_ops;
    server.service.model.extra = &original;
    CHECK(c, pair_open(c, &server.service, &client));
    CHECK(c, server.stops_inside == 0);
    CHECK(c, server.service.stops == 1 && server.service.built == 1);
    CHECK(c, torc_transport_write(t_of(client.last), "x", 1) == 0);
    CHECK(c, run_until_bytes(c, &server.service.last->received_bytes, 1));
}

static void listen_again(struct conf *c, struct service *second, const struct service *first)
{
    torc_listener_close(first->listener);
    CHECK(c, torc_listen(c->server, &first->address, &second->factory, NULL, &second->listener) == 0);
    second->address = first->address;
}

STREAM_BODY(an_address_changes_hands_within_one_callback)
{
    static struct service first, second, client;

    service_init(c, &first, NULL);
    service_init(c, &second, NULL);
    service_init(c, &client, NULL);
    CHECK(c, service_listen(&first));
    listen_again(c, &second, &first);
    CHECK(c, first.stops == 1 && second.starts == 1);
    CHECK(c, service_connect(&client, &second));
    CHECK(c, run_until_count(c, &second.built, 1));
    CHECK(c, first.built == 0);
}

/* --- attempts --------------------------------------------------------------------------------- */

static void stop_connecting(struct torc_factory *factory, struct torc_connector connector)
{
    struct service *service = (struct service *)(void *)factory;

    note(service->c, "stop=%d", torc_connector_stop(connector));
    note(service->c, "again=%d", torc_connector_stop(connector) != 0);
}

STREAM_BODY(an_attempt_stopped_inside_started_connecting_is_told_at_once)
{
    static struct service server, client;
    static struct torc_factory_ops ops;

    service_init(c, &server, NULL);
    service_init(c, &client, "p");
    client.name = "f";
    ops = *client.factory.ops;
    ops.started_connecting = stop_connecting;
    client.factory.ops = &ops;
    CHECK(c, service_listen(&server));
    CHECK(c, service_connect(&client, &server));
    CHECK_NOTES(c, "f:start f:failed(connect_cancelled) f:stop stop=0 again=1");
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, server.built == 0 && client.built == 0);
}

BODY(disconnecting_an_attempt_stops_it)
{
    static struct service client;
    struct torc_address silent;

    service_init(c, &client, "p");
    client.name = "f";
    CHECK(c, c->ops->silent_address(c, &silent));
    CHECK(c, torc_connect(c->client, &silent, &client.factory, NULL, &client.connector) == 0);
    run_for(c, TORC_MILLISECOND);
    torc_connector_disconnect(client.connector);
    torc_connector_disconnect(client.connector);
    CHECK_NOTES(c, "f:start f:connecting f:failed(connect_cancelled) f:stop");
}

/* --- closing ---------------------------------------------------------------------------------- */

static struct torc_failure *lose_write_lose_abort(struct actor *self, const uint8_t *data,
                                                  size_t bytes)
{
    (void)data;
    (void)bytes;
    if (torc_transport_write(t_of(self), "answer", 6) != 0)
        note(self->c, "no");
    torc_transport_lose_write(t_of(self));
    torc_transport_lose(t_of(self));
    torc_transport_lose_write(t_of(self));
    torc_transport_abort(t_of(self));
    torc_transport_lose(t_of(self));
    note(self->c, "%u", self->lost_count);
    return NULL;
}

BODY(half_close_lose_and_abort_in_one_callback_are_an_abort)
{
    static struct service server, client;

    service_init(c, &server, "s");
    service_init(c, &client, NULL);
    server.model.on_data = lose_write_lose_abort;
    CHECK(c, pair_open(c, &server, &client));
    CHECK(c, torc_transport_write(t_of(client.last), "ask", 3) == 0);
    CHECK(c, run_until(c, &client.last->lost) && run_until(c, &server.last->lost));
    CHECK_NOTES(c, "s:made 0 s:lost(connection_aborted)");
    CHECK(c, client.last->reason == &torc_failure_connection_reset);
    CHECK(c, client.last->received_bytes == 0 && server.last->lost_count == 1);
}

STREAM_BODY(a_half_close_and_a_lose_in_one_turn_send_what_was_written)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, "c");
    CHECK(c, pair_open(c, &server, &client));
    CHECK(c, torc_transport_write(t_of(client.last), "bye", 3) == 0);
    torc_transport_lose_write(t_of(client.last));
    torc_transport_lose(t_of(client.last));
    CHECK(c, !client.last->lost && !client.last->write_lost);
    CHECK(c, run_until(c, &server.last->lost) && run_until(c, &client.last->lost));
    CHECK(c, server.last->received_bytes == 3);
    CHECK(c, server.last->reason == &torc_failure_connection_done);
    CHECK_NOTES(c, "c:made c:write-lost c:lost(connection_done)");
}

static void abort_in_write_lost(struct actor *self)
{
    torc_transport_abort(t_of(self));
}

STREAM_BODY(abort_inside_write_connection_lost_tells_aborted)
{
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    client.model.on_write_lost = abort_in_write_lost;
    CHECK(c, pair_open(c, &server, &client));
    torc_transport_lose_write(t_of(client.last));
    CHECK(c, run_until(c, &client.last->lost));
    CHECK(c, client.last->reason == &torc_failure_connection_aborted);
    CHECK(c, client.last->lost_count == 1);
}

/* --- producers -------------------------------------------------------------------------------- */

struct feeder {
    struct torc_producer producer;
    struct actor *to;
    unsigned paused, resumed, stopped;
    enum { WRITE, UNREGISTER, ABORT, LOSE } when_resumed;
};

static struct feeder *feeder_of(struct torc_producer *producer)
{
    return (struct feeder *)(void *)producer;
}

static void feeder_pause(struct torc_producer *producer)
{
    feeder_of(producer)->paused++;
}

static void feeder_resume(struct torc_producer *producer)
{
    struct feeder *feeder = feeder_of(producer);

    feeder->resumed++;
    if (torc_transport_write(t_of(feeder->to), "last", 4) != 0)
        note(feeder->to->c, "no");
    if (feeder->when_resumed == UNREGISTER)
        torc_transport_unregister_producer(t_of(feeder->to));
    else if (feeder->when_resumed == ABORT)
        torc_transport_abort(t_of(feeder->to));
    else if (feeder->when_resumed == LOSE)
        torc_transport_lose(t_of(feeder->to));
}

static void feeder_stop(struct torc_producer *producer)
{
    feeder_of(producer)->stopped++;
}

static struct feeder feeder_make(struct actor *to)
{
    static const struct torc_producer_ops ops = {feeder_pause, feeder_resume, feeder_stop};
    struct feeder feeder = {{&ops}, to, 0, 0, 0, WRITE};

    return feeder;
}

STREAM_BODY(a_paused_push_producer_holds_a_close_until_it_was_resumed)
{
    static uint8_t block[4 << 20];
    static struct service server, client;
    static struct feeder feeder;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    CHECK(c, pair_open(c, &server, &client));
    feeder = feeder_make(client.last);
    torc_transport_pause_reading(t_of(server.last));
    CHECK(c, torc_transport_register_producer(t_of(client.last), &feeder.producer,
                                              TORC_PRODUCER_PUSH) == 0);
    CHECK(c, torc_transport_write(t_of(client.last), block, sizeof block) == 0);
    CHECK(c, feeder.paused == 1);
    torc_transport_lose(t_of(client.last));
    run_for(c, TORC_MILLISECOND);
    torc_transport_resume_reading(t_of(server.last));
    CHECK(c, run_until(c, &client.last->lost) && run_until(c, &server.last->lost));
    CHECK(c, feeder.resumed == 1 && feeder.stopped == 1);
    CHECK(c, server.last->received_bytes == sizeof block + 4);
    CHECK(c, server.last->reason == &torc_failure_connection_done);
}

STREAM_BODY(a_pull_producer_may_unregister_inside_its_first_resume)
{
    static struct service server, client;
    static struct feeder feeder;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    CHECK(c, pair_open(c, &server, &client));
    feeder = feeder_make(client.last);
    feeder.when_resumed = UNREGISTER;
    CHECK(c, torc_transport_register_producer(t_of(client.last), &feeder.producer,
                                              TORC_PRODUCER_PULL) == 0);
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, 4));
    torc_transport_lose(t_of(client.last));
    CHECK(c, run_until(c, &client.last->lost));
    CHECK(c, feeder.resumed == 1 && feeder.stopped == 0);
}

BODY(a_pull_producer_may_abort_inside_resume)
{
    static struct service server, client;
    static struct feeder feeder;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    CHECK(c, pair_open(c, &server, &client));
    feeder = feeder_make(client.last);
    feeder.when_resumed = ABORT;
    CHECK(c, torc_transport_register_producer(t_of(client.last), &feeder.producer,
                                              TORC_PRODUCER_PULL) == 0);
    CHECK(c, feeder.stopped == 0 && !client.last->lost);
    CHECK(c, run_until(c, &client.last->lost) && run_until(c, &server.last->lost));
    CHECK(c, feeder.resumed == 1 && feeder.stopped == 1);
    CHECK(c, server.last->reason == &torc_failure_connection_reset);
}

STREAM_BODY(a_pull_producer_that_loses_goes_on_until_it_unregisters)
{
    static struct service server, client;
    static struct feeder feeder;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    CHECK(c, pair_open(c, &server, &client));
    feeder = feeder_make(client.last);
    feeder.when_resumed = LOSE;
    CHECK(c, torc_transport_register_producer(t_of(client.last), &feeder.producer,
                                              TORC_PRODUCER_PULL) == 0);
    CHECK(c, run_until_count(c, &feeder.resumed, 3));
    CHECK(c, !client.last->lost);
    feeder.when_resumed = UNREGISTER;
    CHECK(c, run_until(c, &server.last->lost));
    CHECK(c, server.last->received_bytes == (size_t)feeder.resumed * 4);
    CHECK(c, server.last->reason == &torc_failure_connection_done);
    CHECK(c, feeder.stopped == 0);
}

/* --- the reactor ------------------------------------------------------------------------------ */

static struct torc_failure *stop_the_reactor(struct actor *self, const uint8_t *data, size_t bytes)
{
    (void)data;
    (void)bytes;
    note(self->c, "stop=%d", torc_reactor_stop(self->c->server));
    note(self->c, "again=%d", torc_reactor_stop(self->c->server) == TORC_ENOTRUNNING);
    return NULL;
}

STREAM_BODY(a_shutdown_asked_for_in_data_received_tells_every_protocol)
{
    static struct service server, client;

    service_init(c, &server, "s");
    service_init(c, &client, NULL);
    server.model.on_data = stop_the_reactor;
    CHECK(c, pair_open(c, &server, &client));
    CHECK(c, torc_transport_write(t_of(client.last), "x", 1) == 0);
    CHECK(c, run_until(c, &server.last->lost));
    CHECK_NOTES(c, "s:made stop=0 again=1 s:lost(connection_lost)");
    CHECK(c, server.stops == 1 && !torc_reactor_running(c->server));
}

static int no_work(void *arg)
{
    (void)arg;
    return 0;
}

static struct torc_failure *no_call(void *arg)
{
    *(bool *)arg = true;
    return NULL;
}

static struct torc_result after_shutdown(void *arg)
{
    *(bool *)arg = true;
    return torc_value(NULL);
}

BODY(what_is_asked_for_after_the_shutdown_is_refused)
{
    static struct service service;
    static bool over, called;
    struct torc_address address = c->ops->address(c, FAMILY_TCP);
    struct torc_deferred *done;

    over = called = false;
    service_init(c, &service, NULL);
    CHECK(c, torc_reactor_add_trigger(c->server, TORC_AFTER, "shutdown", after_shutdown, &over, NULL,
                                      NULL) == 0);
    CHECK(c, torc_reactor_stop(c->server) == 0);
    CHECK(c, run_until(c, &over) || over);
    CHECK(c, torc_call_soon(c->server, no_call, &called, NULL) == TORC_ECLOSED);
    CHECK(c, torc_call_from_thread(c->server, no_call, &called, NULL) == TORC_ECLOSED);
    CHECK(c, torc_call_when_running(c->server, no_call, &called, NULL) == TORC_ECLOSED);
    CHECK(c, torc_run_job(c->server, no_work, &called, NULL, &done) == TORC_ECLOSED);
    CHECK(c, torc_listen(c->server, &address, &service.factory, NULL, &service.listener) ==
                 TORC_ECLOSED);
    CHECK(c, torc_connect(c->server, &address, &service.factory, NULL, NULL) == TORC_ECLOSED);
    CHECK(c, service.starts == 0 && service.stops == 0 && !called);
}
