/* Writing: order, large amounts, back-pressure, producers. */
#include "conformance.h"

#define MEBIBYTE ((size_t)1 << 20)

static struct torc_transport t_of(struct actor *actor)
{
    return actor->protocol.transport;
}

static bool pair(struct conf *c, struct service *server, struct service *client)
{
    service_init(c, server, NULL);
    service_init(c, client, NULL);
    return pair_open(c, server, client);
}

STREAM_BODY(writes_arrive_in_order)
{
    static struct service server, client;
    unsigned i;
    uint8_t byte;

    CHECK(c, pair(c, &server, &client));
    for (i = 0; i < 500; i++) {
        pattern_fill(&byte, i, 1);
        CHECK(c, torc_transport_write(t_of(client.last), &byte, 1) == 0);
    }
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, 500));
    CHECK(c, server.last->received_bytes == 500 && server.last->sum == pattern_sum(500));
}

STREAM_BODY(spans_arrive_as_one_stream)
{
    static struct service server, client;
    struct torc_span spans[4] = {{"ab", 2}, {"", 0}, {"c", 1}, {"def", 3}};

    CHECK(c, pair(c, &server, &client));
    CHECK(c, torc_transport_write_spans(t_of(client.last), spans, 4) == 0);
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, 6));
    CHECK(c, memcmp(server.last->received, "abcdef", 6) == 0);
}

STREAM_BODY(an_empty_write_is_nothing)
{
    static struct service server, client;

    CHECK(c, pair(c, &server, &client));
    CHECK(c, torc_transport_write(t_of(client.last), NULL, 0) == 0);
    CHECK(c, torc_transport_queued(t_of(client.last)) == 0);
    run_for(c, 2 * TORC_MILLISECOND);
    CHECK(c, server.last->data_count == 0);
}

STREAM_BODY(a_write_is_queued_and_sent_at_the_end_of_the_turn)
{
    static struct service server, client;

    CHECK(c, pair(c, &server, &client));
    CHECK(c, torc_transport_write(t_of(client.last), "abc", 3) == 0);
    CHECK(c, torc_transport_queued(t_of(client.last)) == 3);
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, 3));
    CHECK(c, torc_transport_queued(t_of(client.last)) == 0);
}

STREAM_BODY(eight_mebibytes_arrive_whole)
{
    static uint8_t block[8 * MEBIBYTE];
    static struct service server, client;

    pattern_fill(block, 0, sizeof block);
    CHECK(c, pair(c, &server, &client));
    CHECK(c, torc_transport_write(t_of(client.last), block, sizeof block) == 0);
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, sizeof block));
    CHECK(c, server.last->sum == pattern_sum(sizeof block));
    CHECK(c, server.last->data_count > 100);
}

STREAM_BODY(both_sides_can_send_much_at_once)
{
    static uint8_t block[2 * MEBIBYTE];
    static struct service server, client;

    pattern_fill(block, 0, sizeof block);
    CHECK(c, pair(c, &server, &client));
    CHECK(c, torc_transport_write(t_of(client.last), block, sizeof block) == 0);
    CHECK(c, torc_transport_write(t_of(server.last), block, sizeof block) == 0);
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, sizeof block));
    CHECK(c, run_until_bytes(c, &client.last->received_bytes, sizeof block));
    CHECK(c, server.last->sum == pattern_sum(sizeof block));
    CHECK(c, client.last->sum == pattern_sum(sizeof block));
}

STREAM_BODY(a_reader_that_does_not_read_stops_the_writer)
{
    static uint8_t block[8 * MEBIBYTE];
    static struct service server, client;
    size_t queued;

    CHECK(c, pair(c, &server, &client));
    torc_transport_pause_reading(t_of(server.last));
    run_for(c, TORC_MILLISECOND);
    CHECK(c, torc_transport_write(t_of(client.last), block, sizeof block) == 0);
    run_for(c, 20 * TORC_MILLISECOND);
    queued = torc_transport_queued(t_of(client.last));
    CHECK(c, queued > 0);
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, torc_transport_queued(t_of(client.last)) == queued);
    torc_transport_resume_reading(t_of(server.last));
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, sizeof block));
    CHECK(c, torc_transport_queued(t_of(client.last)) == 0);
}

STREAM_BODY(a_write_beyond_the_limit_is_refused_whole)
{
    static uint8_t block[MEBIBYTE];
    static struct service server, client;

    CHECK(c, pair(c, &server, &client));
    CHECK(c, torc_transport_set_limits(t_of(client.last), 0, 1000) == 0);
    CHECK(c, torc_transport_write(t_of(client.last), block, 900) == 0);
    CHECK(c, torc_transport_write(t_of(client.last), block, 101) == TORC_ELIMIT);
    CHECK(c, torc_transport_queued(t_of(client.last)) == 900);
    CHECK(c, torc_transport_write(t_of(client.last), block, 100) == 0);
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, 1000));
    CHECK(c, torc_transport_write(t_of(client.last), block, 1000) == 0);
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, 2000));
}

/* --- producers ---------------------------------------------------------------------------------- */

struct source {
    struct torc_producer producer;
    struct conf *c;
    struct actor *to;
    unsigned paused, resumed, stopped;
    size_t left, sent, block_bytes;
    bool is_paused, finished;
};

static struct source *source_of(struct torc_producer *producer)
{
    return (struct source *)(void *)producer;
}

static void produce(struct source *source)
{
    static uint8_t block[65536];
    size_t bytes = source->left < source->block_bytes ? source->left : source->block_bytes;

    pattern_fill(block, source->sent, bytes);
    if (bytes > 0 && torc_transport_write(t_of(source->to), block, bytes) == 0) {
        source->left -= bytes;
        source->sent += bytes;
    }
    if (source->left == 0) {
        source->finished = true;
        torc_transport_unregister_producer(t_of(source->to));
    }
}

static void source_pause(struct torc_producer *producer)
{
    struct source *source = source_of(producer);

    source->paused++;
    source->is_paused = true;
}

static void source_resume_push(struct torc_producer *producer)
{
    struct source *source = source_of(producer);

    source->resumed++;
    source->is_paused = false;
    while (!source->is_paused && source->left > 0)
        produce(source);
}

static void source_resume_pull(struct torc_producer *producer)
{
    source_of(producer)->resumed++;
    produce(source_of(producer));
}

static void source_stop(struct torc_producer *producer)
{
    source_of(producer)->stopped++;
}

static const struct torc_producer_ops push_ops = {source_pause, source_resume_push, source_stop};
static const struct torc_producer_ops pull_ops = {source_pause, source_resume_pull, source_stop};

static struct source source_make(struct conf *c, struct actor *to, bool push, size_t bytes)
{
    static struct source source;

    memset(&source, 0, sizeof source);
    source.producer.ops = push ? &push_ops : &pull_ops;
    source.c = c;
    source.to = to;
    source.left = bytes;
    source.block_bytes = 16384;
    return source;
}

STREAM_BODY(a_push_producer_is_paused_above_64_kib_and_resumed_when_drained)
{
    static uint8_t block[MEBIBYTE];
    static struct service server, client;
    static struct source source;

    CHECK(c, pair(c, &server, &client));
    source = source_make(c, client.last, true, 0);
    CHECK(c, torc_transport_register_producer(t_of(client.last), &source.producer,
                                              TORC_PRODUCER_PUSH) == 0);
    CHECK(c, source.resumed == 0);
    CHECK(c, torc_transport_write(t_of(client.last), block, 65536) == 0);
    CHECK(c, source.paused == 0);
    CHECK(c, torc_transport_write(t_of(client.last), block, 1) == 0);
    CHECK(c, source.paused == 1);
    CHECK(c, torc_transport_write(t_of(client.last), block, 1) == 0);
    CHECK(c, source.paused == 2);
    CHECK(c, run_until_count(c, &source.resumed, 1));
    CHECK(c, torc_transport_queued(t_of(client.last)) == 0);
    torc_transport_unregister_producer(t_of(client.last));
}

STREAM_BODY(a_push_producer_sends_much_to_a_slow_reader)
{
    static struct service server, client;
    static struct source source;

    CHECK(c, pair(c, &server, &client));
    source = source_make(c, client.last, true, 4 * MEBIBYTE);
    CHECK(c, torc_transport_register_producer(t_of(client.last), &source.producer,
                                              TORC_PRODUCER_PUSH) == 0);
    torc_transport_pause_reading(t_of(server.last));
    source_resume_push(&source.producer);
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, source.is_paused && source.left > 0);
    CHECK(c, torc_transport_queued(t_of(client.last)) <= 65536 + 16384);
    torc_transport_resume_reading(t_of(server.last));
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, 4 * MEBIBYTE));
    CHECK(c, server.last->sum == pattern_sum(4 * MEBIBYTE));
    CHECK(c, source.finished);
}

STREAM_BODY(a_pull_producer_is_resumed_at_once_and_whenever_drained)
{
    static struct service server, client;
    static struct source source;

    CHECK(c, pair(c, &server, &client));
    source = source_make(c, client.last, false, 10 * 16384);
    CHECK(c, torc_transport_register_producer(t_of(client.last), &source.producer,
                                              TORC_PRODUCER_PULL) == 0);
    CHECK(c, source.resumed == 1 && source.sent == 16384);
    CHECK(c, run_until_bytes(c, &server.last->received_bytes, 10 * 16384));
    CHECK(c, source.resumed == 10 && source.paused == 0);
    CHECK(c, server.last->sum == pattern_sum(10 * 16384));
}

STREAM_BODY(a_second_producer_is_refused)
{
    static struct service server, client;
    static struct source first, second;

    CHECK(c, pair(c, &server, &client));
    first = source_make(c, client.last, true, 0);
    second = source_make(c, client.last, true, 0);
    CHECK(c, torc_transport_register_producer(t_of(client.last), &first.producer,
                                              TORC_PRODUCER_PUSH) == 0);
    CHECK(c, torc_transport_register_producer(t_of(client.last), &second.producer,
                                              TORC_PRODUCER_PUSH) == TORC_EBUSY);
    torc_transport_unregister_producer(t_of(client.last));
    torc_transport_unregister_producer(t_of(client.last));
    CHECK(c, first.stopped == 0 && second.stopped == 0);
}

static void note_when_lost(struct actor *self, struct torc_failure *reason)
{
    struct source *source = self->extra;

    (void)reason;
    note(self->c, "stopped %u", source->stopped);
}

STREAM_BODY(a_producer_is_stopped_once_before_connection_lost)
{
    static struct service server, client;
    static struct source source;

    CHECK(c, pair(c, &server, &client));
    source = source_make(c, client.last, true, 0);
    client.last->extra = &source;
    client.last->on_lost = note_when_lost;
    CHECK(c, torc_transport_register_producer(t_of(client.last), &source.producer,
                                              TORC_PRODUCER_PUSH) == 0);
    torc_transport_abort(t_of(server.last));
    CHECK(c, run_until(c, &client.last->lost));
    CHECK_NOTES(c, "stopped 1");
    run_for(c, TORC_MILLISECOND);
    CHECK(c, source.stopped == 1);
}

STREAM_BODY(a_producer_for_a_gone_transport_is_stopped_at_once)
{
    static struct service server, client;
    static struct source source;

    CHECK(c, pair(c, &server, &client));
    torc_transport_lose(t_of(client.last));
    CHECK(c, run_until(c, &client.last->lost));
    run_for(c, TORC_MILLISECOND);
    source = source_make(c, client.last, true, 0);
    CHECK(c, torc_transport_register_producer(t_of(client.last), &source.producer,
                                              TORC_PRODUCER_PUSH) == TORC_ECLOSED);
    CHECK(c, source.stopped == 1);
}

static void resume_nothing(struct torc_producer *producer)
{
    source_of(producer)->resumed++;
}
static const struct torc_producer_ops idle_pull_ops = {source_pause, resume_nothing, source_stop};

STREAM_BODY(an_unpaused_push_producer_does_not_hold_a_close)
{
    static struct service server, client;
    static struct source source;

    CHECK(c, pair(c, &server, &client));
    source = source_make(c, client.last, true, 0);
    CHECK(c, torc_transport_register_producer(t_of(client.last), &source.producer,
                                              TORC_PRODUCER_PUSH) == 0);
    torc_transport_lose(t_of(client.last));
    CHECK(c, run_until(c, &client.last->lost));
    CHECK(c, source.stopped == 1);
}

STREAM_BODY(a_pull_producer_holds_a_close_until_it_unregisters)
{
    static struct service server, client;
    static struct source source;

    CHECK(c, pair(c, &server, &client));
    source = source_make(c, client.last, false, 0);
    source.producer.ops = &idle_pull_ops;
    CHECK(c, torc_transport_register_producer(t_of(client.last), &source.producer,
                                              TORC_PRODUCER_PULL) == 0);
    torc_transport_lose(t_of(client.last));
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, !client.last->lost);
    torc_transport_unregister_producer(t_of(client.last));
    CHECK(c, run_until(c, &client.last->lost));
    CHECK(c, client.last->reason == &torc_failure_connection_done);
    CHECK(c, source.stopped == 0);
}

/* --- the peer goes while we write ------------------------------------------------------------------ */

BODY(writing_to_a_peer_that_closed_ends_the_connection)
{
    static uint8_t block[MEBIBYTE];
    static struct service server, client;

    service_init(c, &server, NULL);
    service_init(c, &client, NULL);
    client.model.half_close = true;
    CHECK(c, pair_open(c, &server, &client));
    torc_transport_lose(t_of(server.last));
    CHECK(c, run_until(c, &server.last->lost) && run_until(c, &client.last->ended));
    CHECK(c, !client.last->lost);
    CHECK(c, torc_transport_write(t_of(client.last), block, sizeof block) == 0);
    CHECK(c, run_until(c, &client.last->lost));
    CHECK(c, client.last->lost_count == 1);
    CHECK(c, client.last->reason == &torc_failure_connection_reset ||
                 client.last->reason == &torc_failure_connection_lost);
}

BODY(a_peer_that_resets_while_much_is_queued_is_noticed)
{
    static uint8_t block[4 * MEBIBYTE];
    static struct service server, client;

    CHECK(c, pair(c, &server, &client));
    torc_transport_pause_reading(t_of(server.last));
    run_for(c, TORC_MILLISECOND);
    CHECK(c, torc_transport_write(t_of(client.last), block, sizeof block) == 0);
    run_for(c, 5 * TORC_MILLISECOND);
    torc_transport_abort(t_of(server.last));
    CHECK(c, run_until(c, &client.last->lost));
    CHECK(c, client.last->reason == &torc_failure_connection_reset);
}
