/* The rules of torc/transport.h, each tested on both of its implementations: a stream, over the scripted
 * platform, and the memory transport.  Where they differ is a bug in one of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/memory_transport.h>
#include <torc/stream.h>
#include <torc/trial.h>

#include "tests/support/failing_allocator.h"
#include "tests/support/scripted_platform.h"

/* --- a protocol that notes, and does what it is told ------------------------------------------- */

struct talker {
    struct torc_protocol protocol;
    char notes[512];
    unsigned lost;
    const struct torc_failure_type *reason;
    void (*on_data)(struct talker *self);
    bool fail_made;
    bool fail_data;
    bool names_known;
};

static void note(struct talker *talker, const char *text)
{
    if (strlen(talker->notes) + strlen(text) + 2 < sizeof talker->notes) {
        strcat(talker->notes, text);
        strcat(talker->notes, " ");
    }
}

static struct talker *talker_of(struct torc_protocol *protocol)
{
    return (struct talker *)(void *)protocol;
}

static struct torc_failure *made(struct torc_protocol *self)
{
    note(talker_of(self), "made");
    return talker_of(self)->fail_made ? torc_failure_static(&torc_failure_protocol_error) : NULL;
}

static struct torc_failure *data(struct torc_protocol *self, const uint8_t *bytes, size_t count)
{
    struct talker *talker = talker_of(self);
    char text[64] = "";
    memcpy(text, bytes, count < sizeof text - 1 ? count : sizeof text - 1);
    note(talker, text);
    if (talker->on_data)
        talker->on_data(talker);
    return talker->fail_data ? torc_failure_static(&torc_failure_protocol_error) : NULL;
}

static void lost(struct torc_protocol *self, struct torc_failure *reason)
{
    struct talker *talker = talker_of(self);
    struct torc_address address;
    talker->lost++;
    talker->reason = torc_failure_type(reason);
    talker->names_known = torc_transport_local(self->transport, &address) == 0 &&
                          torc_transport_peer(self->transport, &address) == 0;
    note(talker, "lost");
    torc_transport_lose(self->transport);
    torc_transport_abort(self->transport);
    if (torc_transport_write(self->transport, "x", 1) != TORC_ECLOSED)
        note(talker, "written");
}

static void read_lost(struct torc_protocol *self)
{
    note(talker_of(self), "end");
}

static void write_lost(struct torc_protocol *self)
{
    note(talker_of(self), "write-lost");
}

static const struct torc_protocol_ops plain_ops = {sizeof plain_ops, made, data, lost, NULL,
                                                   write_lost};
static const struct torc_protocol_ops half_close_ops = {sizeof half_close_ops, made, data, lost,
                                                        read_lost, write_lost};

/* --- the two rigs ------------------------------------------------------------------------------ */

struct rig;
struct rig_ops {
    void (*open)(struct rig *rig);
    void (*close)(struct rig *rig);
    void (*turn)(struct rig *rig);
    void (*arrive)(struct rig *rig, const char *text);
    void (*arrive_end)(struct rig *rig);
    void (*reset)(struct rig *rig);
    void (*hold)(struct rig *rig, bool held);
    size_t (*taken)(struct rig *rig);
};

struct rig {
    const struct rig_ops *ops;
    struct torc_test_allocator allocator;
    struct torc_scope *scope;
    struct torc_memory_transport *memory;
    struct scripted_platform platform;
    struct torc_reactor *reactor;
    struct torc_factory factory;
    uint64_t handle;
    struct talker talker;
};

static void memory_open(struct rig *rig)
{
    torc_test_allocator_init(&rig->allocator);
    assert_int_equal(torc_scope_new(&rig->allocator.base, NULL, &rig->scope), 0);
    assert_int_equal(torc_memory_transport_new(rig->scope, &rig->memory), 0);
    assert_int_equal(torc_memory_transport_connect(rig->memory, &rig->talker.protocol), 0);
}

static void memory_close(struct rig *rig)
{
    torc_memory_transport_free(rig->memory);
    torc_scope_free(rig->scope);
    assert_int_equal(torc_test_allocator_blocks(&rig->allocator), 0);
    torc_test_allocator_clear(&rig->allocator);
}

static void memory_turn(struct rig *rig)
{
    torc_memory_transport_settle(rig->memory);
}

static void memory_arrive(struct rig *rig, const char *text)
{
    assert_int_equal(torc_memory_transport_deliver(rig->memory, text, strlen(text), 0), 0);
}

static void memory_arrive_end(struct rig *rig)
{
    torc_memory_transport_deliver_end(rig->memory);
}

static void memory_reset(struct rig *rig)
{
    torc_memory_transport_break(rig->memory, torc_failure_static(&torc_failure_connection_reset));
}

static void memory_hold(struct rig *rig, bool held)
{
    torc_memory_transport_hold(rig->memory, held);
}

static size_t memory_taken(struct rig *rig)
{
    size_t bytes;
    (void)torc_memory_transport_value(rig->memory, &bytes);
    return bytes;
}

static const struct rig_ops memory_ops = {memory_open,       memory_close, memory_turn,
                                          memory_arrive,     memory_arrive_end,
                                          memory_reset,      memory_hold,  memory_taken};

static struct torc_failure *build(struct torc_factory *self, const struct torc_address *peer,
                                  struct torc_protocol **out)
{
    struct rig *rig = (struct rig *)(void *)((char *)self - offsetof(struct rig, factory));
    (void)peer;
    *out = &rig->talker.protocol;
    return NULL;
}

static const struct torc_factory_ops factory_ops = {.size = sizeof factory_ops,
                                                    .build_protocol = build};

static void stream_turn(struct rig *rig)
{
    (void)torc_reactor_iterate(rig->reactor, 0);
}

static void stream_open(struct rig *rig)
{
    struct torc_address address = torc_address_ipv4(127, 0, 0, 1, 7000);
    struct torc_listener listener;
    scripted_init(&rig->platform);
    rig->factory.ops = &factory_ops;
    assert_int_equal(torc_reactor_new(&rig->platform.base, NULL, &rig->reactor), 0);
    assert_int_equal(torc_listen(rig->reactor, &address, &rig->factory, NULL, &listener), 0);
    scripted_arrive(&rig->platform, 1, 0);
    rig->handle = 2;
    stream_turn(rig);
}

static void stream_close(struct rig *rig)
{
    torc_reactor_free(rig->reactor);
    assert_int_equal(scripted_end(&rig->platform), 0);
}

static bool handle_is_open(struct rig *rig)
{
    return scripted_handle(&rig->platform, rig->handle)->open;
}

static void stream_arrive(struct rig *rig, const char *text)
{
    if (handle_is_open(rig))
        scripted_feed(&rig->platform, rig->handle, text, strlen(text));
    stream_turn(rig);
}

static void stream_arrive_end(struct rig *rig)
{
    scripted_feed_end(&rig->platform, rig->handle);
    stream_turn(rig);
}

static void stream_reset(struct rig *rig)
{
    scripted_feed_error(&rig->platform, rig->handle, TORC_ECONNRESET);
    scripted_set_room(&rig->platform, rig->handle, 0, TORC_ECONNRESET);
    stream_turn(rig);
}

static void stream_hold(struct rig *rig, bool held)
{
    scripted_set_room(&rig->platform, rig->handle, held ? 0 : SIZE_MAX, TORC_EAGAIN);
}

static size_t stream_taken(struct rig *rig)
{
    return scripted_handle(&rig->platform, rig->handle)->written_bytes;
}

static const struct rig_ops stream_ops = {stream_open,       stream_close, stream_turn,
                                          stream_arrive,     stream_arrive_end,
                                          stream_reset,      stream_hold,  stream_taken};

static const char *const transports[] = {"stream", "memory", NULL};

static struct rig *make(struct torc_trial *trial, const struct torc_protocol_ops *ops)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig->ops = strcmp(torc_trial_parameter(trial), "stream") == 0 ? &stream_ops : &memory_ops;
    rig->talker.protocol.ops = ops;
    return rig;
}

static struct rig *opened(struct torc_trial *trial, const struct torc_protocol_ops *ops)
{
    struct rig *rig = make(trial, ops);
    rig->ops->open(rig);
    return rig;
}

/* Whatever happened, connection_lost was told once when all is over. */
static void finish(struct rig *rig)
{
    rig->ops->close(rig);
    assert_int_equal(rig->talker.lost, 1);
    free(rig);
}

static struct torc_transport t(struct rig *rig)
{
    return rig->talker.protocol.transport;
}

static void turns(struct rig *rig, int count)
{
    while (count-- > 0)
        rig->ops->turn(rig);
}

static void say(struct rig *rig, size_t bytes)
{
    static const uint8_t block[200000];
    assert_int_equal(torc_transport_write(t(rig), block, bytes), 0);
}

static void lost_for(struct rig *rig, const struct torc_failure_type *type)
{
    assert_int_equal(rig->talker.lost, 1);
    assert_string_equal(rig->talker.reason->name, type->name);
    assert_true(rig->talker.names_known);
}

/* --- writing ----------------------------------------------------------------------------------- */

TORC_TEST(a_write_is_queued_until_the_end_of_the_turn, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    struct torc_span spans[3] = {{"ab", 2}, {NULL, 0}, {"c", 1}};
    assert_int_equal(torc_transport_write_spans(t(rig), spans, 3), 0);
    assert_int_equal(torc_transport_write(t(rig), NULL, 0), 0);
    assert_int_equal(torc_transport_queued(t(rig)), 3);
    assert_int_equal(rig->ops->taken(rig), 0);
    turns(rig, 1);
    assert_int_equal(torc_transport_queued(t(rig)), 0);
    assert_int_equal(rig->ops->taken(rig), 3);
    finish(rig);
    return NULL;
}

TORC_TEST(what_is_not_taken_stays_queued_until_it_is, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    rig->ops->hold(rig, true);
    say(rig, 100000);
    turns(rig, 3);
    assert_int_equal(torc_transport_queued(t(rig)), 100000);
    rig->ops->hold(rig, false);
    turns(rig, 3);
    assert_int_equal(torc_transport_queued(t(rig)), 0);
    assert_int_equal(rig->ops->taken(rig), 100000);
    finish(rig);
    return NULL;
}

TORC_TEST(a_write_beyond_the_limit_is_refused_whole, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    static const uint8_t block[2000];
    struct torc_span spans[2] = {{block, 600}, {block, 600}};
    assert_int_equal(torc_transport_set_limits(t(rig), 0, 1000), 0);
    say(rig, 900);
    assert_int_equal(torc_transport_write(t(rig), block, 101), TORC_ELIMIT);
    assert_int_equal(torc_transport_write_spans(t(rig), spans, 2), TORC_ELIMIT);
    assert_int_equal(torc_transport_queued(t(rig)), 900);
    say(rig, 100);
    spans[1].bytes = SIZE_MAX;
    assert_int_equal(torc_transport_write_spans(t(rig), spans, 2), TORC_ELIMIT);
    finish(rig);
    return NULL;
}

/* --- closing ----------------------------------------------------------------------------------- */

TORC_TEST(lose_sends_what_is_queued_and_then_ends, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    say(rig, 5);
    torc_transport_lose(t(rig));
    torc_transport_lose(t(rig));
    assert_int_equal(rig->talker.lost, 0);
    assert_true(torc_transport_disconnecting(t(rig)));
    assert_false(torc_transport_writable(t(rig)));
    assert_int_equal(torc_transport_write(t(rig), "x", 1), TORC_ECLOSED);
    turns(rig, 1);
    lost_for(rig, &torc_failure_connection_done);
    assert_int_equal(rig->ops->taken(rig), 5);
    assert_string_equal(rig->talker.notes, "made lost ");
    finish(rig);
    return NULL;
}

TORC_TEST(lose_waits_while_nothing_is_taken_and_abort_does_not, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    rig->ops->hold(rig, true);
    say(rig, 5);
    torc_transport_lose(t(rig));
    turns(rig, 3);
    assert_int_equal(rig->talker.lost, 0);
    torc_transport_abort(t(rig));
    assert_int_equal(rig->talker.lost, 0);
    turns(rig, 1);
    lost_for(rig, &torc_failure_connection_aborted);
    assert_int_equal(rig->ops->taken(rig), 0);
    finish(rig);
    return NULL;
}

TORC_TEST(abort_discards_and_tells_aborted_once, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    say(rig, 5);
    torc_transport_abort(t(rig));
    torc_transport_abort(t(rig));
    torc_transport_lose(t(rig));
    assert_int_equal(rig->talker.lost, 0);
    assert_int_equal(torc_transport_queued(t(rig)), 0);
    turns(rig, 2);
    lost_for(rig, &torc_failure_connection_aborted);
    assert_int_equal(rig->ops->taken(rig), 0);
    finish(rig);
    return NULL;
}

static void do_lose(struct talker *talker)
{
    torc_transport_lose(talker->protocol.transport);
}

static void do_abort(struct talker *talker)
{
    torc_transport_abort(talker->protocol.transport);
}

static void do_pause(struct talker *talker)
{
    torc_transport_pause_reading(talker->protocol.transport);
}

TORC_TEST(nothing_is_received_after_lose, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    rig->ops->hold(rig, true);
    rig->talker.on_data = do_lose;
    say(rig, 1);
    rig->ops->arrive(rig, "one");
    rig->ops->arrive(rig, "two");
    torc_transport_resume_reading(t(rig));
    turns(rig, 2);
    assert_string_equal(rig->talker.notes, "made one ");
    finish(rig);
    return NULL;
}

TORC_TEST(a_failing_data_received_is_the_reason, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    rig->talker.fail_data = true;
    rig->ops->arrive(rig, "one");
    lost_for(rig, &torc_failure_protocol_error);
    finish(rig);
    return NULL;
}

TORC_TEST(a_data_received_that_aborts_and_fails_is_told_once, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    rig->talker.fail_data = true;
    rig->talker.on_data = do_abort;
    rig->ops->arrive(rig, "one");
    turns(rig, 2);
    lost_for(rig, &torc_failure_protocol_error);
    finish(rig);
    return NULL;
}

TORC_TEST(a_failing_connection_made_is_the_reason, .parameters = transports)
{
    struct rig *rig = make(trial, &plain_ops);
    rig->talker.fail_made = true;
    rig->ops->open(rig);
    turns(rig, 1);
    lost_for(rig, &torc_failure_protocol_error);
    assert_string_equal(rig->talker.notes, "made lost ");
    finish(rig);
    return NULL;
}

TORC_TEST(a_lost_transport_is_closed_to_every_call, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    struct torc_address address;
    torc_transport_lose(t(rig));
    turns(rig, 1);
    assert_int_equal(torc_transport_write(t(rig), "x", 1), TORC_ECLOSED);
    assert_int_equal(torc_transport_set_limits(t(rig), 1, 1), TORC_ECLOSED);
    assert_int_equal(torc_transport_local(t(rig), &address), TORC_ECLOSED);
    assert_int_equal(torc_transport_peer(t(rig), &address), TORC_ECLOSED);
    assert_int_equal(torc_transport_set_option(t(rig), TORC_STREAM_NODELAY, 1), TORC_ECLOSED);
    assert_int_equal(torc_transport_queued(t(rig)), 0);
    assert_false(torc_transport_writable(t(rig)));
    assert_true(torc_transport_disconnecting(t(rig)));
    torc_transport_lose(t(rig));
    torc_transport_abort(t(rig));
    torc_transport_lose_write(t(rig));
    torc_transport_pause_reading(t(rig));
    torc_transport_resume_reading(t(rig));
    torc_transport_unregister_producer(t(rig));
    turns(rig, 1);
    finish(rig);
    return NULL;
}

/* --- ends and half-closes ----------------------------------------------------------------------- */

TORC_TEST(the_peers_end_closes_after_what_is_queued, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    rig->ops->hold(rig, true);
    say(rig, 5);
    rig->ops->arrive_end(rig);
    turns(rig, 2);
    assert_int_equal(rig->talker.lost, 0);
    rig->ops->hold(rig, false);
    turns(rig, 3);
    lost_for(rig, &torc_failure_connection_done);
    assert_int_equal(rig->ops->taken(rig), 5);
    finish(rig);
    return NULL;
}

TORC_TEST(a_protocol_that_knows_half_closes_goes_on_writing, .parameters = transports)
{
    struct rig *rig = opened(trial, &half_close_ops);
    rig->ops->arrive_end(rig);
    turns(rig, 2);
    assert_string_equal(rig->talker.notes, "made end ");
    say(rig, 5);
    turns(rig, 1);
    assert_int_equal(rig->ops->taken(rig), 5);
    torc_transport_lose(t(rig));
    turns(rig, 1);
    lost_for(rig, &torc_failure_connection_done);
    finish(rig);
    return NULL;
}

TORC_TEST(a_half_close_waits_for_the_queue_and_is_told_once, .parameters = transports)
{
    struct rig *rig = opened(trial, &half_close_ops);
    rig->ops->hold(rig, true);
    say(rig, 5);
    torc_transport_lose_write(t(rig));
    torc_transport_lose_write(t(rig));
    assert_int_equal(torc_transport_write(t(rig), "x", 1), TORC_ECLOSED);
    assert_false(torc_transport_disconnecting(t(rig)));
    turns(rig, 2);
    assert_string_equal(rig->talker.notes, "made ");
    rig->ops->hold(rig, false);
    turns(rig, 3);
    assert_string_equal(rig->talker.notes, "made write-lost ");
    rig->ops->arrive(rig, "more");
    assert_string_equal(rig->talker.notes, "made write-lost more ");
    torc_transport_lose(t(rig));
    assert_int_equal(rig->talker.lost, 0);
    turns(rig, 1);
    lost_for(rig, &torc_failure_connection_done);
    finish(rig);
    return NULL;
}

TORC_TEST(a_reset_is_told_as_one, .parameters = transports)
{
    struct rig *rig = opened(trial, &half_close_ops);
    rig->ops->reset(rig);
    turns(rig, 1);
    lost_for(rig, &torc_failure_connection_reset);
    assert_string_equal(rig->talker.notes, "made lost ");
    finish(rig);
    return NULL;
}

/* --- paused reading ---------------------------------------------------------------------------- */

TORC_TEST(while_paused_neither_data_nor_end_is_noticed, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    torc_transport_pause_reading(t(rig));
    rig->ops->arrive(rig, "late");
    rig->ops->arrive_end(rig);
    turns(rig, 3);
    assert_string_equal(rig->talker.notes, "made ");
    torc_transport_resume_reading(t(rig));
    assert_string_equal(rig->talker.notes, "made ");
    turns(rig, 4);
    assert_string_equal(rig->talker.notes, "made late lost ");
    finish(rig);
    return NULL;
}

TORC_TEST(while_paused_a_reset_is_noticed_by_writing_only, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    torc_transport_pause_reading(t(rig));
    rig->ops->reset(rig);
    turns(rig, 3);
    assert_int_equal(rig->talker.lost, 0);
    say(rig, 1);
    turns(rig, 2);
    lost_for(rig, &torc_failure_connection_reset);
    finish(rig);
    return NULL;
}

TORC_TEST(pausing_inside_data_received_stops_the_next, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    rig->talker.on_data = do_pause;
    rig->ops->arrive(rig, "one");
    rig->ops->arrive(rig, "two");
    turns(rig, 2);
    assert_string_equal(rig->talker.notes, "made one ");
    torc_transport_resume_reading(t(rig));
    turns(rig, 2);
    assert_string_equal(rig->talker.notes, "made one two ");
    finish(rig);
    return NULL;
}

/* --- producers --------------------------------------------------------------------------------- */

struct source {
    struct torc_producer producer;
    struct rig *rig;
    unsigned paused, resumed, stopped;
    size_t bytes_each;
    unsigned times;
};

static struct source *source_of(struct torc_producer *producer)
{
    return (struct source *)(void *)producer;
}

static void source_pause(struct torc_producer *self)
{
    source_of(self)->paused++;
}

static void source_resume(struct torc_producer *self)
{
    struct source *source = source_of(self);
    source->resumed++;
    if (source->times == 0)
        return;
    say(source->rig, source->bytes_each);
    if (--source->times == 0)
        torc_transport_unregister_producer(t(source->rig));
}

static void source_stop(struct torc_producer *self)
{
    struct source *source = source_of(self);
    source->stopped++;
    note(&source->rig->talker, "stopped");
}

static const struct torc_producer_ops source_ops = {source_pause, source_resume, source_stop};

static void add(struct rig *rig, struct source *source, enum torc_producer_kind kind,
                unsigned times)
{
    memset(source, 0, sizeof *source);
    source->producer.ops = &source_ops;
    source->rig = rig;
    source->bytes_each = 1000;
    source->times = times;
    assert_int_equal(torc_transport_register_producer(t(rig), &source->producer, kind), 0);
}

TORC_TEST(a_push_producer_is_paused_by_each_write_above_the_watermark, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    struct source source;
    add(rig, &source, TORC_PRODUCER_PUSH, 0);
    assert_int_equal(source.resumed, 0);
    say(rig, 65536);
    assert_int_equal(source.paused, 0);
    say(rig, 1);
    say(rig, 1);
    assert_int_equal(source.paused, 2);
    turns(rig, 1);
    assert_int_equal(source.resumed, 1);
    assert_int_equal(torc_transport_set_limits(t(rig), 10, 0), 0);
    say(rig, 11);
    assert_int_equal(source.paused, 3);
    turns(rig, 3);
    assert_int_equal(source.resumed, 2);
    torc_transport_unregister_producer(t(rig));
    finish(rig);
    return NULL;
}

TORC_TEST(a_pull_producer_is_resumed_at_once_and_whenever_drained, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    struct source source;
    add(rig, &source, TORC_PRODUCER_PULL, 3);
    assert_int_equal(source.resumed, 1);
    turns(rig, 6);
    assert_int_equal(source.resumed, 3);
    assert_int_equal(rig->ops->taken(rig), 3000);
    say(rig, 1);
    turns(rig, 2);
    assert_int_equal(source.resumed, 3);
    finish(rig);
    return NULL;
}

TORC_TEST(there_is_one_producer_at_a_time, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    struct source source;
    struct source second = {.producer = {&source_ops}, .rig = rig};
    torc_transport_unregister_producer(t(rig));
    add(rig, &source, TORC_PRODUCER_PUSH, 0);
    assert_int_equal(torc_transport_register_producer(t(rig), &second.producer,
                                                      TORC_PRODUCER_PUSH),
                     TORC_EBUSY);
    assert_int_equal(second.stopped, 0);
    torc_transport_unregister_producer(t(rig));
    assert_int_equal(torc_transport_register_producer(t(rig), &second.producer,
                                                      TORC_PRODUCER_PUSH),
                     0);
    torc_transport_abort(t(rig));
    turns(rig, 1);
    assert_int_equal(second.stopped, 1);
    assert_int_equal(source.stopped, 0);
    assert_string_equal(rig->talker.notes, "made stopped lost ");
    assert_int_equal(torc_transport_register_producer(t(rig), &source.producer,
                                                      TORC_PRODUCER_PULL),
                     TORC_ECLOSED);
    assert_int_equal(source.stopped, 1);
    finish(rig);
    return NULL;
}

TORC_TEST(an_unpaused_push_producer_does_not_hold_a_close, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    struct source source;
    add(rig, &source, TORC_PRODUCER_PUSH, 0);
    torc_transport_lose(t(rig));
    turns(rig, 1);
    lost_for(rig, &torc_failure_connection_done);
    assert_int_equal(source.stopped, 1);
    finish(rig);
    return NULL;
}

TORC_TEST(a_pull_producer_holds_a_close_until_it_unregisters, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    struct source source;
    add(rig, &source, TORC_PRODUCER_PULL, 8);
    torc_transport_lose(t(rig));
    turns(rig, 2); /* a turn of the reactor sends twice: before it waits and at its end */
    assert_int_equal(rig->talker.lost, 0);
    turns(rig, 8);
    lost_for(rig, &torc_failure_connection_done);
    assert_int_equal(rig->ops->taken(rig), 8000);
    assert_int_equal(source.stopped, 0);
    finish(rig);
    return NULL;
}

TORC_TEST(a_paused_push_producer_holds_a_close_until_it_unregisters, .parameters = transports)
{
    struct rig *rig = opened(trial, &plain_ops);
    struct source source;
    add(rig, &source, TORC_PRODUCER_PUSH, 1);
    say(rig, 70000);
    assert_int_equal(source.paused, 1);
    torc_transport_lose(t(rig));
    turns(rig, 5);
    lost_for(rig, &torc_failure_connection_done);
    assert_int_equal(rig->ops->taken(rig), 71000);
    assert_int_equal(source.stopped, 0);
    finish(rig);
    return NULL;
}

TORC_TRIAL_MAIN
