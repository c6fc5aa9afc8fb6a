#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "draw.h"

static void *resize(void *ctx, void *ptr, size_t old_bytes, size_t new_bytes)
{
    size_t *left = ctx;

    (void)old_bytes;
    if (new_bytes == 0) {
        free(ptr);
        return NULL;
    }
    if (left != NULL && *left == 0)
        return NULL;
    if (left != NULL)
        --*left;
    return realloc(ptr, new_bytes);
}

static const struct torc_allocator allocator = {resize, NULL, NULL};

/* Random123-1.14, tests/kat_vectors, philox4x32 10. */
TORC_TEST(philox_gives_the_published_vectors)
{
    static const struct {
        uint32_t counter[4];
        uint32_t key[2];
        uint32_t expected[4];
    } vectors[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    size_t i;

    for (i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint32_t out[4];

        torci_philox(vectors[i].counter, vectors[i].key, out);
        assert_memory_equal(out, vectors[i].expected, sizeof out);
    }
    return NULL;
}

static uint64_t next(struct torci_draw *draw, const char *site, const char *host)
{
    uint64_t value = 0;

    assert_int_equal(torci_draw_next(draw, &allocator, site, host, &value), 0);
    return value;
}

TORC_TEST(streams_do_not_disturb_each_other)
{
    struct torci_draw alone;
    struct torci_draw together;
    int i;

    assert_int_equal(torci_draw_init(&alone, &allocator, 7), 0);
    assert_int_equal(torci_draw_init(&together, &allocator, 7), 0);
    for (i = 0; i < 20; i++) {
        uint64_t expected = next(&alone, "site", "host");
        uint64_t other = next(&together, "other", "host");
        uint64_t elsewhere = next(&together, "site", "elsewhere");

        assert_true(expected != other && expected != elsewhere);
        assert_int_equal(next(&together, "site", "host"), expected);
    }
    torci_draw_destroy(&alone, &allocator);
    torci_draw_destroy(&together, &allocator);
    return NULL;
}

TORC_TEST(the_seed_changes_every_stream)
{
    struct torci_draw one;
    struct torci_draw two;

    assert_int_equal(torci_draw_init(&one, &allocator, 1), 0);
    assert_int_equal(torci_draw_init(&two, &allocator, 2), 0);
    assert_int_not_equal(next(&one, "site", ""), next(&two, "site", ""));
    torci_draw_destroy(&one, &allocator);
    torci_draw_destroy(&two, &allocator);
    return NULL;
}

TORC_TEST(a_thousand_streams_keep_their_counters)
{
    struct torci_draw draw;
    uint64_t first[1000];
    char site[16];
    size_t i;

    assert_int_equal(torci_draw_init(&draw, &allocator, 0), 0);
    for (i = 0; i < 1000; i++) {
        memset(site, 0, sizeof site);
        site[0] = (char)(1 + i % 250);
        site[1] = (char)(1 + i / 250);
        first[i] = next(&draw, site, "h");
    }
    for (i = 1; i < 1000; i++)
        assert_int_not_equal(first[i], first[0]);
    assert_int_equal(draw.count, 1000);
    torci_draw_destroy(&draw, &allocator);
    return NULL;
}

/* Also while the table grows, and where streams share a place. */
TORC_TEST(a_literal_draws_from_the_same_stream)
{
    static char names[300][8];
    struct torci_draw a;
    struct torci_draw b;

    assert_int_equal(torci_draw_init(&a, &allocator, 5), 0);
    assert_int_equal(torci_draw_init(&b, &allocator, 5), 0);
    for (unsigned i = 0; i < 300; i++)
        names[i][0] = (char)('a' + i % 26), names[i][1] = (char)('a' + i / 26);
    for (unsigned i = 0; i < 3000; i++) {
        const char *host = names[i * 7 % (1 + i / 10)];
        uint64_t n[2];
        uint64_t drawn[2];

        assert_int_equal(torci_draw_counted(&a, &allocator, "site", host, &n[0], &drawn[0]), 0);
        assert_int_equal(i % 3 == 0
                             ? torci_draw_counted(&b, &allocator, "site", host, &n[1], &drawn[1])
                             : torci_draw_of_literal(&b, &allocator, "site", host, &n[1], &drawn[1]),
                         0);
        assert_int_equal(n[0], n[1]);
        assert_int_equal(drawn[0], drawn[1]);
    }
    torci_draw_destroy(&a, &allocator);
    torci_draw_destroy(&b, &allocator);
    return NULL;
}

TORC_TEST(without_memory_nothing_is_drawn)
{
    size_t left = 1;
    const struct torc_allocator poor = {resize, NULL, &left};
    struct torci_draw draw;
    char site[3] = {0};
    uint64_t value = 0;
    uint64_t again = 0;
    int code = 0;
    int i;

    assert_int_equal(torci_draw_init(&draw, &poor, 0), 0);
    for (i = 0; code == 0; i++) {
        site[0] = (char)('a' + i % 26);
        site[1] = (char)('a' + i / 26);
        code = torci_draw_next(&draw, &poor, site, "", &value);
    }
    assert_int_equal(code, TORC_ENOMEM);
    left = 1;
    assert_int_equal(torci_draw_next(&draw, &poor, site, "", &again), 0);
    torci_draw_destroy(&draw, &poor);
    return NULL;
}

TORC_TRIAL_MAIN
