#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/failing_allocator.h"
#include "write_queue.h"

struct fixture {
    struct torc_test_allocator allocator;
    struct torc_scope *scope;
    struct torci_pool pool;
    struct torci_write_queue queue;
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    torc_test_allocator_init(&f->allocator);
    assert_int_equal(torc_scope_new(&f->allocator.base, NULL, &f->scope), 0);
    torci_write_queue_pool_init(&f->pool, f->scope);
}

static void finish(struct fixture *f)
{
    torci_write_queue_clear(&f->queue, &f->pool);
    assert_null(f->queue.first);
    assert_null(f->queue.last);
    torci_pool_clear(&f->pool);
    torc_scope_free(f->scope);
    assert_int_equal(torc_test_allocator_blocks(&f->allocator), 0);
    torc_test_allocator_clear(&f->allocator);
}

static int add(struct fixture *f, const void *data, size_t bytes)
{
    struct torc_span span = {data, bytes};
    return torci_write_queue_append(&f->queue, &f->pool, &span, 1, bytes);
}

TORC_TEST(small_writes_share_a_chunk)
{
    struct fixture f;
    struct torc_span spans[4];
    size_t bytes;
    begin(&f);
    for (int i = 0; i < 10; i++)
        assert_int_equal(add(&f, "abc", 3), 0);
    assert_int_equal(torci_write_queue_spans(&f.queue, spans, 4, &bytes), 1);
    assert_int_equal(bytes, 30);
    assert_memory_equal(spans[0].data, "abcabc", 6);
    torci_write_queue_consume(&f.queue, &f.pool, 4);
    assert_int_equal(torci_write_queue_spans(&f.queue, spans, 4, &bytes), 1);
    assert_int_equal(bytes, 26);
    assert_memory_equal(spans[0].data, "bcabc", 5);
    finish(&f);
    return NULL;
}

TORC_TEST(a_drained_queue_holds_nothing)
{
    struct fixture f;
    static const char block[100000];
    size_t bytes;
    begin(&f);
    assert_int_equal(add(&f, "x", 1), 0);
    size_t before = f.allocator.blocks; /* the scope's and the pool's chunk */
    assert_int_equal(add(&f, block, sizeof block), 0);
    assert_int_equal(f.allocator.blocks, before + 1);
    torci_write_queue_consume(&f.queue, &f.pool, f.queue.bytes);
    assert_int_equal(f.allocator.blocks, before);
    assert_int_equal(torci_write_queue_spans(&f.queue, NULL, 0, &bytes), 0);
    assert_null(f.queue.first);
    finish(&f);
    return NULL;
}

TORC_TEST(without_memory_nothing_is_appended)
{
    struct fixture f;
    static const char block[100000];
    begin(&f);
    torc_test_allocator_fail_at(&f.allocator, 1, true);
    assert_int_equal(add(&f, "x", 1), TORC_ENOMEM);
    torc_test_allocator_fail_at(&f.allocator, 0, false);
    assert_int_equal(add(&f, "x", 1), 0);
    torc_test_allocator_fail_at(&f.allocator, 1, true);
    assert_int_equal(add(&f, block, sizeof block), TORC_ENOMEM);
    assert_int_equal(f.queue.bytes, 1);
    assert_int_equal(add(&f, "y", 1), 0); /* there is room in the chunk */
    finish(&f);
    return NULL;
}

TORC_TEST(more_than_two_gibibytes_at_once_are_refused)
{
    struct fixture f;
    begin(&f);
    assert_int_equal(add(&f, "x", ((size_t)1 << 31) + 1), TORC_ELIMIT);
    finish(&f);
    return NULL;
}

TORC_TEST(what_goes_in_comes_out_whatever_the_sizes)
{
    static uint8_t stream[1 << 20];
    struct fixture f;
    size_t in = 0;
    size_t out = 0;
    uint32_t seed = 7;
    for (size_t i = 0; i < sizeof stream; i++)
        stream[i] = (uint8_t)(i * 7 + i / 251);
    begin(&f);
    while (out < sizeof stream) {
        struct torc_span spans[3];
        size_t offered;
        seed = seed * 1664525u + 1013904223u;
        size_t part = (seed >> 16) % ((seed >> 8 & 7) == 0 ? 9000 : 300) + 1;
        if (part > sizeof stream - in)
            part = sizeof stream - in;
        struct torc_span given[3] = {{stream + in, part / 3},
                                     {stream + in + part / 3, 0},
                                     {stream + in + part / 3, part - part / 3}};
        if (part > 0)
            assert_int_equal(torci_write_queue_append(&f.queue, &f.pool, given, 3, part), 0);
        in += part;
        size_t count = torci_write_queue_spans(&f.queue, spans, 3, &offered);
        size_t taken = (seed >> 4) % (offered + 1);
        if (in == sizeof stream)
            taken = offered;
        for (size_t i = 0, left = taken; i < count && left > 0; i++) {
            size_t bytes = spans[i].bytes < left ? spans[i].bytes : left;
            assert_memory_equal(spans[i].data, stream + out, bytes);
            out += bytes;
            left -= bytes;
        }
        torci_write_queue_consume(&f.queue, &f.pool, taken);
        assert_int_equal(f.queue.bytes, in - out);
    }
    finish(&f);
    return NULL;
}

TORC_TRIAL_MAIN
