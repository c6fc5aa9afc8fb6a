/* draw.c - Philox4x32-10 and the table of counters. */
#include "draw.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define STREAMS_MIN 64

/* A stream is known by the hash of its site and host; 0 marks a free place. */
struct torci_draw_stream {
    uint64_t identity;
    uint64_t drawn;
};

void torci_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t word[4];
    uint32_t key_0 = key[0];
    uint32_t key_1 = key[1];
    int round;

    memcpy(word, counter, sizeof word);
    for (round = 0; round < 10; round++) {
        uint64_t product_0 = (uint64_t)word[0] * UINT32_C(0xD2511F53);
        uint64_t product_1 = (uint64_t)word[2] * UINT32_C(0xCD9E8D57);

        word[0] = (uint32_t)(product_1 >> 32) ^ word[1] ^ key_0;
        word[1] = (uint32_t)product_1;
        word[2] = (uint32_t)(product_0 >> 32) ^ word[3] ^ key_1;
        word[3] = (uint32_t)product_0;
        key_0 += UINT32_C(0x9E3779B9);
        key_1 += UINT32_C(0xBB67AE85);
    }
    memcpy(out, word, sizeof word);
}

int torci_draw_init(struct torci_draw *draw, const struct torc_allocator *allocator, uint64_t seed)
{
    size_t bytes = STREAMS_MIN * sizeof *draw->streams;

    draw->streams = allocator->resize(allocator->ctx, NULL, 0, bytes);
    if (draw->streams == NULL)
        return TORC_ENOMEM;
    memset(draw->streams, 0, bytes);
    torci_draw_forget(draw);
    draw->seed = seed;
    draw->count = 0;
    draw->capacity = STREAMS_MIN;
    return 0;
}

void torci_draw_destroy(struct torci_draw *draw, const struct torc_allocator *allocator)
{
    allocator->resize(allocator->ctx, draw->streams, draw->capacity * sizeof *draw->streams, 0);
    draw->streams = NULL;
}

void torci_draw_forget(struct torci_draw *draw)
{
    memset(draw->places, 0, sizeof draw->places);
}

/* The place of a stream, or the free place where it belongs. */
static struct torci_draw_stream *find(struct torci_draw_stream *streams, size_t capacity,
                                      uint64_t identity)
{
    size_t i = (size_t)identity & (capacity - 1);

    while (streams[i].identity != 0 && streams[i].identity != identity)
        i = (i + 1) & (capacity - 1);
    return &streams[i];
}

static int grow(struct torci_draw *draw, const struct torc_allocator *allocator)
{
    size_t bytes = draw->capacity * sizeof *draw->streams;
    struct torci_draw_stream *streams = allocator->resize(allocator->ctx, NULL, 0, 2 * bytes);
    size_t i;

    if (streams == NULL)
        return TORC_ENOMEM;
    memset(streams, 0, 2 * bytes);
    for (i = 0; i < draw->capacity; i++) {
        if (draw->streams[i].identity != 0)
            *find(streams, 2 * draw->capacity, draw->streams[i].identity) = draw->streams[i];
    }
    allocator->resize(allocator->ctx, draw->streams, bytes, 0);
    draw->streams = streams;
    draw->capacity *= 2;
    torci_draw_forget(draw);
    return 0;
}

static uint64_t identify(const char *site, const char *host)
{
    uint64_t hash = XXH3_64bits(site, strlen(site));

    hash = XXH3_64bits_withSeed(host, strlen(host), hash);
    return hash == 0 ? 1 : hash;
}

/* Finds the stream, or makes it. */
static int open_stream(struct torci_draw *draw, const struct torc_allocator *allocator,
                       const char *site, const char *host, struct torci_draw_stream **out)
{
    uint64_t identity = identify(site, host);
    struct torci_draw_stream *stream;

    /* A quarter stays free, so that a search ends. */
    if (draw->count >= draw->capacity / 4 * 3) {
        int code = grow(draw, allocator);
        if (code != 0)
            return code;
    }
    stream = find(draw->streams, draw->capacity, identity);
    if (stream->identity == 0) {
        stream->identity = identity;
        draw->count++;
    }
    *out = stream;
    return 0;
}

static void take(const struct torci_draw *draw, struct torci_draw_stream *stream, uint64_t *out_n,
                 uint64_t *out)
{
    uint32_t counter[4];
    uint32_t key[2];
    uint32_t block[4];

    counter[0] = (uint32_t)stream->drawn;
    counter[1] = (uint32_t)(stream->drawn >> 32);
    counter[2] = (uint32_t)stream->identity;
    counter[3] = (uint32_t)(stream->identity >> 32);
    key[0] = (uint32_t)draw->seed;
    key[1] = (uint32_t)(draw->seed >> 32);
    torci_philox(counter, key, block);
    *out_n = stream->drawn++;
    *out = (uint64_t)block[1] << 32 | block[0];
}

int torci_draw_counted(struct torci_draw *draw, const struct torc_allocator *allocator,
                       const char *site, const char *host, uint64_t *out_n, uint64_t *out)
{
    struct torci_draw_stream *stream;
    int code = open_stream(draw, allocator, site, host, &stream);

    if (code == 0)
        take(draw, stream, out_n, out);
    return code;
}

int torci_draw_of_literal(struct torci_draw *draw, const struct torc_allocator *allocator,
                          const char *site, const char *host, uint64_t *out_n, uint64_t *out)
{
    size_t at = ((uintptr_t)site >> 2 ^ (uintptr_t)host >> 4) % TORCI_DRAW_PLACES;
    struct torci_draw_place *place = &draw->places[at];
    struct torci_draw_stream *stream;
    int code;

    if (place->site != site || place->host != host) {
        code = open_stream(draw, allocator, site, host, &stream);
        if (code != 0)
            return code;
        *place = (struct torci_draw_place){site, host, (size_t)(stream - draw->streams)};
    }
    take(draw, &draw->streams[place->index], out_n, out);
    return 0;
}

int torci_draw_next(struct torci_draw *draw, const struct torc_allocator *allocator,
                    const char *site, const char *host, uint64_t *out)
{
    uint64_t n;

    return torci_draw_counted(draw, allocator, site, host, &n, out);
}
