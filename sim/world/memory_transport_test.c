/* What the memory transport has beyond the rules of transports, which lib/net/stream_rules_test.c tests
 * on it and on streams alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/memory_transport.h>
#include <torc/trial.h>

#include "tests/support/oom_sweep.h"

/* Echoes. */
struct mirror {
    struct torc_protocol protocol;
    struct torc_memory_transport *memory; /* delivers to it again, once */
    char seen[256];
    unsigned segments;
    unsigned lost;
    const struct torc_failure_type *reason;
    bool pause_each;
};

static struct mirror *mirror_of(struct torc_protocol *protocol)
{
    return (struct mirror *)(void *)protocol;
}

static struct torc_failure *made(struct torc_protocol *self)
{
    return torc_transport_write(self->transport, "hi ", 3) ? torc_failure_no_memory() : NULL;
}

static struct torc_failure *data(struct torc_protocol *self, const uint8_t *bytes, size_t count)
{
    struct mirror *mirror = mirror_of(self);
    struct torc_memory_transport *memory = mirror->memory;
    mirror->segments++;
    strncat(mirror->seen, (const char *)bytes, count);
    mirror->memory = NULL;
    if (memory && torc_memory_transport_deliver(memory, "nested", 6, 0) != 0)
        return torc_failure_no_memory();
    if (mirror->pause_each)
        torc_transport_pause_reading(self->transport);
    return torc_transport_write(self->transport, bytes, count) ? torc_failure_no_memory() : NULL;
}

static void lost(struct torc_protocol *self, struct torc_failure *reason)
{
    mirror_of(self)->lost++;
    mirror_of(self)->reason = torc_failure_type(reason);
}

static const struct torc_protocol_ops mirror_ops = {
    .size = sizeof mirror_ops,
    .connection_made = made,
    .data_received = data,
    .connection_lost = lost,
};

struct fixture {
    struct torc_scope *scope;
    struct torc_memory_transport *memory;
    struct mirror mirror;
    size_t scope_bytes; /* of the scope itself */
};

static void make(struct fixture *f)
{
    struct torc_scope_counts counts;
    memset(f, 0, sizeof *f);
    f->mirror.protocol.ops = &mirror_ops;
    assert_int_equal(torc_scope_new(NULL, NULL, &f->scope), 0);
    torc_scope_count(f->scope, &counts);
    f->scope_bytes = counts.bytes_in_use;
    assert_int_equal(torc_memory_transport_new(f->scope, &f->memory), 0);
}

static void begin(struct fixture *f)
{
    make(f);
    assert_int_equal(torc_memory_transport_connect(f->memory, &f->mirror.protocol), 0);
}

static void finish(struct fixture *f)
{
    struct torc_scope_counts counts;
    torc_memory_transport_free(f->memory);
    torc_scope_count(f->scope, &counts);
    assert_int_equal(counts.bytes_in_use, f->scope_bytes);
    torc_scope_free(f->scope);
}

static void value_is(struct fixture *f, const char *expected)
{
    size_t bytes;
    const uint8_t *value = torc_memory_transport_value(f->memory, &bytes);
    assert_int_equal(bytes, strlen(expected));
    assert_memory_equal(value, expected, bytes);
}

TORC_TEST(what_was_written_is_the_value_until_cleared)
{
    struct fixture f;
    begin(&f);
    value_is(&f, "hi ");
    assert_int_equal(torc_memory_transport_deliver(f.memory, "there", 5, 0), 0);
    value_is(&f, "hi there");
    torc_memory_transport_hold(f.memory, true);
    assert_int_equal(torc_transport_write(f.mirror.protocol.transport, "held", 4), 0);
    torc_memory_transport_settle(f.memory);
    value_is(&f, "hi there");
    torc_memory_transport_clear(f.memory);
    value_is(&f, "");
    torc_memory_transport_hold(f.memory, false);
    torc_memory_transport_settle(f.memory);
    value_is(&f, "held");
    finish(&f);
    return NULL;
}

TORC_TEST(bytes_come_in_the_segments_asked_for)
{
    struct fixture f;
    begin(&f);
    assert_int_equal(torc_memory_transport_deliver(f.memory, "abcdefgh", 8, 3), 0);
    assert_int_equal(f.mirror.segments, 3);
    assert_int_equal(torc_memory_transport_deliver(f.memory, "ijklmnop", 8, 0), 0);
    assert_int_equal(f.mirror.segments, 4);
    assert_string_equal(f.mirror.seen, "abcdefghijklmnop");
    finish(&f);
    return NULL;
}

TORC_TEST(kept_bytes_come_segment_by_segment_as_reading_is_resumed)
{
    struct fixture f;
    begin(&f);
    f.mirror.pause_each = true;
    assert_int_equal(torc_memory_transport_deliver(f.memory, "abcd", 4, 2), 0);
    assert_int_equal(torc_memory_transport_deliver(f.memory, "e", 1, 0), 0);
    assert_string_equal(f.mirror.seen, "ab");
    for (int i = 0; i < 2; i++) {
        torc_transport_resume_reading(f.mirror.protocol.transport);
        torc_memory_transport_settle(f.memory);
    }
    assert_string_equal(f.mirror.seen, "abcde");
    assert_int_equal(f.mirror.segments, 3);
    finish(&f);
    return NULL;
}

TORC_TEST(delivery_inside_a_callback_waits_for_its_end)
{
    struct fixture f;
    begin(&f);
    f.mirror.memory = f.memory;
    assert_int_equal(torc_memory_transport_deliver(f.memory, "outer-", 6, 3), 0);
    assert_string_equal(f.mirror.seen, "outer-nested");
    value_is(&f, "hi outer-nested");
    finish(&f);
    return NULL;
}

TORC_TEST(nothing_can_be_delivered_after_the_end)
{
    struct fixture f;
    begin(&f);
    torc_transport_pause_reading(f.mirror.protocol.transport);
    torc_memory_transport_deliver_end(f.memory);
    assert_int_equal(torc_memory_transport_deliver(f.memory, "x", 1, 0), TORC_ECLOSED);
    torc_transport_resume_reading(f.mirror.protocol.transport);
    torc_memory_transport_settle(f.memory);
    assert_int_equal(f.mirror.lost, 1);
    assert_int_equal(torc_memory_transport_deliver(f.memory, "x", 1, 0), 0);
    assert_string_equal(f.mirror.seen, "");
    finish(&f);
    return NULL;
}

TORC_TEST(the_reason_of_a_break_is_what_is_told)
{
    struct fixture f;
    begin(&f);
    torc_memory_transport_break(f.memory, torc_failure_static(&torc_failure_connection_timeout));
    assert_ptr_equal(f.mirror.reason, &torc_failure_connection_timeout);
    assert_false(torc_memory_transport_aborted(f.memory));
    torc_memory_transport_break(f.memory, torc_failure_static(&torc_failure_connection_reset));
    assert_int_equal(f.mirror.lost, 1);
    finish(&f);
    return NULL;
}

TORC_TEST(freeing_it_tells_a_connected_protocol)
{
    struct fixture f;
    begin(&f);
    finish(&f);
    assert_int_equal(f.mirror.lost, 1);
    assert_ptr_equal(f.mirror.reason, &torc_failure_connection_aborted);
    torc_memory_transport_free(NULL);
    return NULL;
}

TORC_TEST(after_one_protocol_the_next_can_be_connected)
{
    struct fixture f;
    struct mirror second = {.protocol = {.ops = &mirror_ops}};
    begin(&f);
    assert_int_equal(torc_memory_transport_connect(f.memory, &second.protocol), TORC_EBUSY);
    struct torc_transport stale = f.mirror.protocol.transport;
    torc_transport_abort(stale);
    torc_memory_transport_settle(f.memory);
    assert_false(torc_memory_transport_connected(f.memory));
    assert_true(torc_memory_transport_aborted(f.memory));
    assert_int_equal(torc_memory_transport_connect(f.memory, &second.protocol), 0);
    assert_false(torc_memory_transport_aborted(f.memory));
    assert_int_equal(torc_transport_write(stale, "ghost", 5), TORC_ECLOSED);
    assert_int_equal(torc_memory_transport_deliver(f.memory, "me", 2, 0), 0);
    value_is(&f, "hi hi me");
    finish(&f);
    assert_int_equal(second.lost, 1);
    return NULL;
}

TORC_TEST(the_handle_can_be_used_without_connecting)
{
    struct fixture f;
    make(&f);
    struct torc_transport transport = torc_memory_transport_handle(f.memory);
    assert_int_equal(torc_transport_write(transport, "x", 1), 0);
    assert_int_equal(torc_memory_transport_deliver(f.memory, "x", 1, 0), TORC_ENOTCONN);
    torc_memory_transport_settle(f.memory);
    value_is(&f, "x");
    torc_transport_lose_write(transport);
    torc_memory_transport_settle(f.memory);
    assert_true(torc_memory_transport_write_closed(f.memory));
    torc_memory_transport_deliver_end(f.memory);
    torc_transport_lose(transport);
    assert_true(torc_memory_transport_disconnecting(f.memory));
    assert_true(torc_memory_transport_connected(f.memory));
    torc_memory_transport_settle(f.memory);
    assert_false(torc_memory_transport_connected(f.memory));
    finish(&f);
    return NULL;
}

TORC_TEST(options_and_states_can_be_looked_at)
{
    struct fixture f;
    begin(&f);
    struct torc_transport transport = f.mirror.protocol.transport;
    assert_int_equal(torc_memory_transport_option(f.memory, TORC_STREAM_NODELAY), -1);
    assert_int_equal(torc_transport_set_option(transport, TORC_STREAM_NODELAY, 1), 0);
    assert_int_equal(torc_memory_transport_option(f.memory, TORC_STREAM_NODELAY), 1);
    assert_int_equal(torc_memory_transport_option(f.memory, TORC_STREAM_KEEPALIVE), -1);
    assert_int_equal(torc_transport_set_option(transport, (enum torc_stream_option)7, 1),
                     TORC_EINVAL);
    assert_int_equal(torc_memory_transport_option(f.memory, (enum torc_stream_option)7), -1);
    assert_true(torc_memory_transport_reading(f.memory));
    torc_transport_pause_reading(transport);
    assert_false(torc_memory_transport_reading(f.memory));
    assert_null(torc_memory_transport_producer(f.memory));
    assert_false(torc_memory_transport_producer_paused(f.memory));
    finish(&f);
    return NULL;
}

static const char *exchange(struct torc_test_allocator *allocator, void *arg)
{
    struct mirror mirror = {.protocol = {.ops = &mirror_ops}};
    struct torc_memory_transport *memory;
    struct torc_scope *scope;
    bool connected = false;
    (void)arg;
    if (torc_scope_new(&allocator->base, NULL, &scope) != 0)
        return NULL;
    if (torc_memory_transport_new(scope, &memory) == 0) {
        connected = torc_memory_transport_connect(memory, &mirror.protocol) == 0;
        mirror.memory = memory;
        for (int i = 0; i < 3; i++)
            (void)!torc_memory_transport_deliver(memory, "some bytes", 10, 4);
        torc_memory_transport_deliver_end(memory);
        torc_memory_transport_free(memory);
    }
    torc_scope_free(scope);
    return connected == (mirror.lost == 1) ? NULL : "connection_lost was not told once";
}

TORC_TEST(every_acquisition_may_fail)
{
    uint64_t runs;
    assert_null(torc_oom_sweep(exchange, NULL, &runs));
    assert_true(runs > 5);
    return NULL;
}

TORC_TRIAL_MAIN
