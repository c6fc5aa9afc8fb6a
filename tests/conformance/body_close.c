/* Ending a connection: lose, abort, half-close, errors in callbacks, and who is told what and when. */
#include "conformance.h"

static struct torc_transport t_of(struct actor *actor)
{
    return actor->protocol.transport;
}

static bool say(struct actor *actor, const char *text)
{
    return torc_transport_write(t_of(actor), text, strlen(text)) == 0;
}

static bool opened(struct conf *c, struct service *server, struct service *client,
                   const char *server_name, const char *client_name)
{
    service_init(c, server, server_name);
    service_init(c, client, client_name);
    return true;
}

STREAM_BODY(lose_is_never_synchronous_and_tells_both_sides_done)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL) && pair_open(c, &server, &client));
    torc_transport_lose(t_of(client.last));
    torc_transport_lose(t_of(client.last));
    CHECK(c, !client.last->lost);
    CHECK(c, run_until(c, &client.last->lost) && run_until(c, &server.last->lost));
    CHECK(c, client.last->reason == &torc_failure_connection_done);
    CHECK(c, server.last->reason == &torc_failure_connection_done);
    run_for(c, 2 * TORC_MILLISECOND);
    CHECK(c, client.last->lost_count == 1 && server.last->lost_count == 1);
}

STREAM_BODY(what_was_written_before_lose_arrives)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL) && pair_open(c, &server, &client));
    CHECK(c, say(client.last, "last words"));
    torc_transport_lose(t_of(client.last));
    CHECK(c, run_until(c, &server.last->lost));
    CHECK(c, server.last->received_bytes == 10);
    CHECK(c, memcmp(server.last->received, "last words", 10) == 0);
    CHECK(c, server.last->reason == &torc_failure_connection_done);
}

STREAM_BODY(a_large_write_before_lose_arrives_whole)
{
    static uint8_t block[1 << 20];
    static struct service server, client;

    pattern_fill(block, 0, sizeof block);
    CHECK(c, opened(c, &server, &client, NULL, NULL) && pair_open(c, &server, &client));
    CHECK(c, torc_transport_write(t_of(client.last), block, sizeof block) == 0);
    torc_transport_lose(t_of(client.last));
    CHECK(c, run_until(c, &server.last->lost));
    CHECK(c, server.last->received_bytes == sizeof block);
    CHECK(c, server.last->sum == pattern_sum(sizeof block));
    CHECK(c, server.last->reason == &torc_failure_connection_done);
}

STREAM_BODY(a_write_after_lose_is_refused)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL) && pair_open(c, &server, &client));
    CHECK(c, say(client.last, "before"));
    torc_transport_lose(t_of(client.last));
    CHECK(c, torc_transport_write(t_of(client.last), "after", 5) == TORC_ECLOSED);
    CHECK(c, torc_transport_disconnecting(t_of(client.last)));
    CHECK(c, !torc_transport_writable(t_of(client.last)));
    CHECK(c, run_until(c, &server.last->lost));
    CHECK(c, server.last->received_bytes == 6);
}

static struct torc_failure *lose_on_data(struct actor *self, const uint8_t *data, size_t bytes)
{
    (void)data;
    (void)bytes;
    torc_transport_lose(t_of(self));
    return NULL;
}

STREAM_BODY(nothing_is_received_after_lose)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL));
    server.model.on_data = lose_on_data;
    CHECK(c, pair_open(c, &server, &client));
    CHECK(c, say(client.last, "one"));
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, 1));
    if (!client.last->lost)
        CHECK(c, say(client.last, "two") || torc_transport_disconnecting(t_of(client.last)));
    CHECK(c, run_until(c, &server.last->lost));
    run_for(c, 2 * TORC_MILLISECOND);
    CHECK(c, server.last->data_count == 1 && server.last->received_bytes == 3);
}

STREAM_BODY(a_stale_transport_is_harmless)
{
    static struct service server, client;
    struct torc_transport stale;

    CHECK(c, opened(c, &server, &client, NULL, NULL) && pair_open(c, &server, &client));
    stale = t_of(client.last);
    torc_transport_lose(stale);
    CHECK(c, run_until(c, &client.last->lost) && run_until(c, &server.last->lost));
    run_for(c, TORC_MILLISECOND);
    CHECK(c, torc_transport_write(stale, "x", 1) == TORC_ECLOSED);
    torc_transport_lose(stale);
    torc_transport_abort(stale);
    torc_transport_lose_write(stale);
    torc_transport_pause_reading(stale);
    torc_transport_resume_reading(stale);
    torc_transport_unregister_producer(stale);
    CHECK(c, torc_transport_queued(stale) == 0 && !torc_transport_writable(stale));
    CHECK(c, torc_transport_disconnecting(stale));
    CHECK(c, client.last->lost_count == 1);
}

STREAM_BODY(a_stale_transport_does_not_reach_the_next_connection)
{
    static struct service server, client;
    struct torc_transport stale;

    CHECK(c, opened(c, &server, &client, NULL, NULL) && pair_open(c, &server, &client));
    stale = t_of(client.last);
    torc_transport_lose(stale);
    CHECK(c, run_until(c, &client.last->lost) && run_until(c, &server.last->lost));
    CHECK(c, service_connect(&client, &server));
    CHECK(c, run_until_count(c, &server.built, 2) && run_until_count(c, &client.built, 2));
    torc_transport_abort(stale);
    CHECK(c, torc_transport_write(stale, "ghost", 5) == TORC_ECLOSED);
    CHECK(c, run_until(c, &client.last->made) && say(client.last, "real"));
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, 4));
    CHECK(c, memcmp(server.last->received, "real", 4) == 0);
}

BODY(abort_tells_aborted_here_and_reset_there)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL) && pair_open(c, &server, &client));
    torc_transport_abort(t_of(client.last));
    torc_transport_abort(t_of(client.last));
    CHECK(c, !client.last->lost);
    CHECK(c, run_until(c, &client.last->lost) && run_until(c, &server.last->lost));
    CHECK(c, client.last->reason == &torc_failure_connection_aborted);
    CHECK(c, server.last->reason == &torc_failure_connection_reset);
    CHECK(c, client.last->lost_count == 1 && server.last->lost_count == 1);
}

STREAM_BODY(abort_discards_what_is_queued)
{
    static uint8_t block[1 << 22];
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL) && pair_open(c, &server, &client));
    torc_transport_pause_reading(t_of(server.last));
    run_for(c, TORC_MILLISECOND);
    CHECK(c, torc_transport_write(t_of(client.last), block, sizeof block) == 0);
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, torc_transport_queued(t_of(client.last)) > 0);
    torc_transport_abort(t_of(client.last));
    CHECK(c, run_until(c, &client.last->lost));
    CHECK(c, client.last->reason == &torc_failure_connection_aborted);
    torc_transport_resume_reading(t_of(server.last));
    CHECK(c, run_until(c, &server.last->lost));
    CHECK(c, server.last->received_bytes < sizeof block);
}

STREAM_BODY(abort_after_lose_does_not_wait_for_the_queue)
{
    static uint8_t block[1 << 22];
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL) && pair_open(c, &server, &client));
    torc_transport_pause_reading(t_of(server.last));
    run_for(c, TORC_MILLISECOND);
    CHECK(c, torc_transport_write(t_of(client.last), block, sizeof block) == 0);
    torc_transport_lose(t_of(client.last));
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, !client.last->lost);
    torc_transport_abort(t_of(client.last));
    CHECK(c, run_until(c, &client.last->lost));
    CHECK(c, client.last->reason == &torc_failure_connection_aborted);
}

static struct torc_failure *fail_on_data(struct actor *self, const uint8_t *data, size_t bytes)
{
    (void)data;
    (void)bytes;
    return torc_failure_new(torc_reactor_scope(self->c->server), &torc_failure_protocol_error,
                            TORC_EPROTOCOL, NULL, "received badly");
}

STREAM_BODY(a_failing_data_received_is_the_reason_of_the_loss)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL));
    server.model.on_data = fail_on_data;
    CHECK(c, pair_open(c, &server, &client));
    CHECK(c, say(client.last, "x"));
    CHECK(c, run_until(c, &server.last->lost) && run_until(c, &client.last->lost));
    CHECK(c, server.last->reason == &torc_failure_protocol_error);
    CHECK(c, server.last->lost_count == 1);
    CHECK(c, c->errors_logged == 1);
}

static struct torc_failure *abort_and_fail(struct actor *self, const uint8_t *data, size_t bytes)
{
    torc_transport_abort(t_of(self));
    return fail_on_data(self, data, bytes);
}

STREAM_BODY(abort_in_a_data_received_that_then_fails_is_told_once)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL));
    server.model.on_data = abort_and_fail;
    CHECK(c, pair_open(c, &server, &client));
    CHECK(c, say(client.last, "x"));
    CHECK(c, run_until(c, &server.last->lost) && run_until(c, &client.last->lost));
    run_for(c, 2 * TORC_MILLISECOND);
    CHECK(c, server.last->lost_count == 1);
}

static void busy_when_lost(struct actor *self, struct torc_failure *reason)
{
    (void)reason;
    if (torc_transport_write(t_of(self), "x", 1) != TORC_ECLOSED)
        note(self->c, "written");
    torc_transport_lose(t_of(self));
    torc_transport_abort(t_of(self));
}

STREAM_BODY(calls_inside_connection_lost_are_harmless)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL));
    client.model.on_lost = busy_when_lost;
    CHECK(c, pair_open(c, &server, &client));
    torc_transport_lose(t_of(server.last));
    CHECK(c, run_until(c, &client.last->lost));
    run_for(c, TORC_MILLISECOND);
    CHECK(c, client.last->lost_count == 1);
    CHECK_NOTES(c, "");
}

/* --- half-close --------------------------------------------------------------------------------- */

STREAM_BODY(a_half_close_is_noticed_and_the_other_way_stays_open)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL));
    server.model.half_close = client.model.half_close = true;
    CHECK(c, pair_open(c, &server, &client));
    CHECK(c, say(client.last, "question"));
    torc_transport_lose_write(t_of(client.last));
    CHECK(c, torc_transport_write(t_of(client.last), "x", 1) == TORC_ECLOSED);
    CHECK(c, run_until(c, &server.last->ended));
    CHECK(c, client.last->write_lost);
    CHECK(c, server.last->received_bytes == 8);
    CHECK(c, !server.last->lost && !client.last->lost);
    CHECK(c, say(server.last, "answer"));
    CHECK(c, run_until_bytes(c, &client.last->received_bytes, 6));
    torc_transport_lose(t_of(server.last));
    CHECK(c, run_until(c, &server.last->lost));
    CHECK(c, server.last->reason == &torc_failure_connection_done);
    CHECK(c, run_until(c, &client.last->ended) || client.last->lost);
}

STREAM_BODY(a_half_close_is_told_once)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, "s", "c"));
    server.model.half_close = client.model.half_close = true;
    CHECK(c, pair_open(c, &server, &client));
    c->note_bytes = 0;
    torc_transport_lose_write(t_of(client.last));
    torc_transport_lose_write(t_of(client.last));
    CHECK(c, run_until(c, &server.last->ended));
    run_for(c, 2 * TORC_MILLISECOND);
    CHECK_NOTES(c, "c:write-lost s:end");
}

STREAM_BODY(a_half_close_waits_for_what_is_queued)
{
    static uint8_t block[1 << 21];
    static struct service server, client;

    pattern_fill(block, 0, sizeof block);
    CHECK(c, opened(c, &server, &client, NULL, NULL));
    server.model.half_close = client.model.half_close = true;
    CHECK(c, pair_open(c, &server, &client));
    CHECK(c, torc_transport_write(t_of(client.last), block, sizeof block) == 0);
    torc_transport_lose_write(t_of(client.last));
    CHECK(c, !client.last->write_lost);
    CHECK(c, run_until(c, &server.last->ended));
    CHECK(c, server.last->received_bytes == sizeof block);
    CHECK(c, server.last->sum == pattern_sum(sizeof block));
}

STREAM_BODY(a_half_close_ends_a_protocol_that_does_not_know_it)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL));
    client.model.half_close = true;
    CHECK(c, pair_open(c, &server, &client));
    torc_transport_lose_write(t_of(client.last));
    CHECK(c, run_until(c, &server.last->lost));
    CHECK(c, server.last->reason == &torc_failure_connection_done);
}

STREAM_BODY(two_half_closes_end_the_connection)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL));
    server.model.half_close = client.model.half_close = true;
    CHECK(c, pair_open(c, &server, &client));
    torc_transport_lose_write(t_of(client.last));
    CHECK(c, run_until(c, &server.last->ended));
    torc_transport_lose_write(t_of(server.last));
    CHECK(c, run_until(c, &client.last->ended) || client.last->lost);
    torc_transport_lose(t_of(client.last));
    torc_transport_lose(t_of(server.last));
    CHECK(c, run_until(c, &client.last->lost) && run_until(c, &server.last->lost));
    CHECK(c, client.last->reason == &torc_failure_connection_done);
    CHECK(c, server.last->reason == &torc_failure_connection_done);
}

STREAM_BODY(lose_after_a_finished_half_close_is_not_synchronous)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL));
    server.model.half_close = client.model.half_close = true;
    CHECK(c, pair_open(c, &server, &client));
    torc_transport_lose_write(t_of(client.last));
    CHECK(c, run_until(c, &server.last->ended));
    torc_transport_lose(t_of(client.last));
    CHECK(c, !client.last->lost);
    CHECK(c, run_until(c, &client.last->lost));
}

/* --- paused reading ----------------------------------------------------------------------------- */

STREAM_BODY(while_reading_is_paused_neither_data_nor_end_is_noticed)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL) && pair_open(c, &server, &client));
    torc_transport_pause_reading(t_of(server.last));
    run_for(c, TORC_MILLISECOND);
    CHECK(c, say(client.last, "late"));
    torc_transport_lose(t_of(client.last));
    CHECK(c, run_until(c, &client.last->lost));
    run_for(c, 3 * TORC_MILLISECOND);
    CHECK(c, server.last->received_bytes == 0 && !server.last->lost);
    torc_transport_resume_reading(t_of(server.last));
    CHECK(c, run_until(c, &server.last->lost));
    CHECK(c, server.last->received_bytes == 4);
    CHECK(c, server.last->reason == &torc_failure_connection_done);
}

BODY(while_reading_is_paused_a_reset_is_not_noticed)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL) && pair_open(c, &server, &client));
    torc_transport_pause_reading(t_of(server.last));
    run_for(c, TORC_MILLISECOND);
    torc_transport_abort(t_of(client.last));
    CHECK(c, run_until(c, &client.last->lost));
    run_for(c, 3 * TORC_MILLISECOND);
    CHECK(c, !server.last->lost);
    torc_transport_resume_reading(t_of(server.last));
    CHECK(c, run_until(c, &server.last->lost));
    CHECK(c, server.last->reason == &torc_failure_connection_reset);
}

static struct torc_failure *pause_on_data(struct actor *self, const uint8_t *data, size_t bytes)
{
    (void)data;
    (void)bytes;
    torc_transport_pause_reading(t_of(self));
    return NULL;
}

STREAM_BODY(pausing_inside_data_received_stops_the_next)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL));
    server.model.on_data = pause_on_data;
    CHECK(c, pair_open(c, &server, &client));
    CHECK(c, say(client.last, "one"));
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, 3));
    CHECK(c, say(client.last, "two"));
    run_for(c, 4 * TORC_MILLISECOND);
    CHECK(c, server.last->data_count == 1);
    torc_transport_resume_reading(t_of(server.last));
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, 6));
    CHECK(c, memcmp(server.last->received, "onetwo", 6) == 0);
}

STREAM_BODY(resuming_while_closing_reads_nothing)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL) && pair_open(c, &server, &client));
    torc_transport_pause_reading(t_of(server.last));
    run_for(c, TORC_MILLISECOND);
    CHECK(c, say(client.last, "unseen"));
    run_for(c, 3 * TORC_MILLISECOND);
    torc_transport_lose(t_of(server.last));
    torc_transport_resume_reading(t_of(server.last));
    CHECK(c, run_until(c, &server.last->lost));
    CHECK(c, server.last->received_bytes == 0);
}

/* --- what the peer's death looks like --------------------------------------------------------------- */

/* When an answer has come on another connection, what was sent before the question has arrived too. */
STREAM_BODY(closing_with_bytes_unread_resets_the_peer)
{
    static struct service server, client;
    struct actor *accepted, *connected;

    CHECK(c, opened(c, &server, &client, NULL, NULL) && pair_open(c, &server, &client));
    accepted = server.last;
    connected = client.last;
    torc_transport_pause_reading(t_of(accepted));
    server.model.on_data = lose_on_data;
    CHECK(c, service_connect(&client, &server));
    CHECK(c, run_until_count(c, &server.built, 2) && run_until_count(c, &client.built, 2));
    CHECK(c, say(connected, "never read"));
    CHECK(c, say(client.last, "are we there?"));
    CHECK(c, run_until(c, &client.last->lost));
    torc_transport_lose(t_of(accepted));
    CHECK(c, run_until(c, &accepted->lost) && run_until(c, &connected->lost));
    CHECK(c, accepted->received_bytes == 0);
    CHECK(c, accepted->reason == &torc_failure_connection_done);
    CHECK(c, connected->reason == &torc_failure_connection_reset);
}

STREAM_BODY(shutdown_of_the_reactor_tells_every_protocol)
{
    static struct service server, client;

    CHECK(c, opened(c, &server, &client, NULL, NULL) && pair_open(c, &server, &client));
    CHECK(c, torc_reactor_stop(c->server) == 0);
    CHECK(c, run_until(c, &server.last->lost));
    CHECK(c, server.last->lost_count == 1);
    CHECK(c, server.last->reason == &torc_failure_connection_lost);
    CHECK(c, server.stops == 1);
}
