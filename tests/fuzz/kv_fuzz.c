/* libFuzzer's entry to kv's side of the Redis protocol: whatever bytes a client sends, in one piece or in any pieces, the
 * replies are the same, the connection is as open or as closed, the keys are the same, and all memory comes back.
 *
 * With CANARY a second key is a crash: tests/fuzz.sh plants it, with a seed that sets one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/memory_transport.h>

#include "fixtures/kv/kv_connection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { PIECE_BYTES_MAX = 24 };

/* What a stream has come to. */
struct outcome {
    uint8_t *replies;
    size_t bytes;
    size_t keys;
    size_t keys_later; /* when some seconds have gone by */
    bool connected;
};

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static uint32_t draw(uint32_t *random, uint32_t below)
{
    *random = *random * 1664525u + 1013904223u;
    return (*random >> 8) % below;
}

static void nobody(void *arg)
{
    (void)arg;
}

/* `random` NULL: in one piece. */
static void deliver(struct torc_memory_transport *memory, const uint8_t *data, size_t bytes, uint32_t *random)
{
    for (size_t at = 0; at < bytes;) {
        size_t piece = random != NULL ? 1 + draw(random, PIECE_BYTES_MAX) : bytes;

        if (piece > bytes - at)
            piece = bytes - at;
        must(torc_memory_transport_deliver(memory, data + at, piece, 0) == 0, "what is sent is not taken");
        at += piece;
    }
}

static void take_replies(const struct torc_memory_transport *memory, struct outcome *out)
{
    const uint8_t *value = torc_memory_transport_value(memory, &out->bytes);

    out->replies = malloc(out->bytes + 1);
    must(out->replies != NULL, "out of memory");
    if (out->bytes > 0)
        memcpy(out->replies, value, out->bytes);
}

static void serve(const uint8_t *data, size_t bytes, uint32_t *random, struct outcome *out)
{
    static const struct kv_settings settings = {0, 10, 64 << 10, {4 << 10, 8 << 10}};
    static const uint8_t hash_key[16] = {2, 7, 1, 8};
    struct torc_scope_counts before;
    struct torc_scope_counts after;
    struct torc_memory_transport *memory;
    struct torc_protocol *protocol;
    struct torc_scope *scope;
    struct torc_clock *clock;
    struct kv_server server;

    must(torc_scope_new(NULL, NULL, &scope) == 0, "there is no scope");
    torc_scope_count(scope, &before);
    must(torc_clock_new(scope, &clock) == 0, "there is no clock");
    kv_server_init(&server, scope, clock, NULL, &settings, hash_key);
    must(torc_memory_transport_new(scope, &memory) == 0, "there is no transport");
    must(kv_connection_new(&server, false, nobody, NULL, &protocol) == 0, "there is no connection");
    must(torc_memory_transport_connect(memory, protocol) == 0, "it does not connect");
    torc_memory_transport_settle(memory);
    deliver(memory, data, bytes, random);
    take_replies(memory, out);
    out->connected = torc_memory_transport_connected(memory);
    out->keys = keyspace_count(&server.keyspace);
    must(torc_clock_advance(clock, 5 * UINT64_C(1000000000)) == 0, "time does not pass");
    out->keys_later = keyspace_count(&server.keyspace);
    torc_memory_transport_free(memory);
    must(server.session_count == 0, "a session is left");
    kv_server_clear(&server);
    must(torc_clock_pending(clock) == 0, "a timed call is left");
    torc_clock_free(clock);
    torc_scope_count(scope, &after);
    must(after.bytes_in_use == before.bytes_in_use, "memory is left");
    torc_scope_free(scope);
}

static void fail_of_canary(const struct outcome *outcome)
{
#ifdef CANARY
    if (outcome->keys > 1)
        abort();
#else
    (void)outcome;
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    uint32_t random = (uint32_t)bytes;
    struct outcome whole;
    struct outcome cut;

    for (size_t i = 0; i < bytes; i++)
        random = random * 31 + data[i];
    serve(data, bytes, NULL, &whole);
    serve(data, bytes, &random, &cut);
    must(whole.bytes == cut.bytes && memcmp(whole.replies, cut.replies, cut.bytes) == 0,
         "in pieces the replies are others");
    must(whole.connected == cut.connected, "in pieces the connection ends otherwise");
    must(whole.keys == cut.keys && whole.keys_later == cut.keys_later, "in pieces the keys are others");
    fail_of_canary(&whole);
    free(whole.replies);
    free(cut.replies);
    return 0;
}
