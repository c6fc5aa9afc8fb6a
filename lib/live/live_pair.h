/* live_pair.h - for the tests of this folder: a listener and the two ends of a connection to it, on one
 * platform.  Nothing sleeps: a wait ends with the event it is for, or the test fails after ten seconds. */
#ifndef TORC_LIVE_PAIR_H
#define TORC_LIVE_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "live_platform.h"

enum { TOKEN_LISTENER = 1, TOKEN_CLIENT = 2, TOKEN_SERVER = 3 };

struct live_pair {
    struct torc_platform *platform;
    const struct torc_platform_ops *ops;
    struct torc_address address;
    uint64_t listener;
    uint64_t client;
    uint64_t server;
};

static inline uint64_t patience(struct torc_platform *platform)
{
    return platform->ops->now_ns(platform) + UINT64_C(10000000000);
}

/* Waits for one event. */
static inline struct torc_platform_event next_event(struct torc_platform *platform)
{
    struct torc_platform_event event = {0, 0, 0};
    uint64_t until = patience(platform);
    size_t count = 0;

    while (count == 0 && platform->ops->now_ns(platform) < until)
        count = platform->ops->wait(platform, until, &event, 1);
    assert_int_equal(count, 1);
    return event;
}

static inline bool tells_nothing(struct torc_platform *platform)
{
    struct torc_platform_event event;

    return platform->ops->wait(platform, 0, &event, 1) == 0;
}

static inline void expect_event(struct torc_platform *platform, uint64_t token, uint32_t events,
                                int result)
{
    struct torc_platform_event event = next_event(platform);

    assert_int_equal(event.token, token);
    assert_int_equal(event.events, events);
    assert_int_equal(event.result, result);
}

static inline void listen_at(struct live_pair *pair, const struct torc_address *address)
{
    const struct torc_listen_settings settings = {16, 0};

    assert_int_equal(
        pair->ops->listen(pair->platform, address, &settings, TOKEN_LISTENER, &pair->listener), 0);
    assert_int_equal(pair->ops->names(pair->platform, pair->listener, &pair->address, NULL), 0);
}

static inline void connect_pair(struct live_pair *pair)
{
    assert_int_equal(
        pair->ops->connect(pair->platform, &pair->address, NULL, TOKEN_CLIENT, &pair->client), 0);
    expect_event(pair->platform, TOKEN_CLIENT, TORC_EVENT_CONNECT, 0);
    pair->ops->interest(pair->platform, pair->listener, TORC_EVENT_READ);
    expect_event(pair->platform, TOKEN_LISTENER, TORC_EVENT_READ, 0);
    pair->ops->interest(pair->platform, pair->listener, 0);
    assert_int_equal(
        pair->ops->accept(pair->platform, pair->listener, TOKEN_SERVER, &pair->server, NULL), 0);
}

static inline void open_pair(struct live_pair *pair)
{
    struct torc_address loopback = torc_address_ipv4(127, 0, 0, 1, 0);

    memset(pair, 0, sizeof *pair);
    assert_int_equal(torc_live_new(NULL, &pair->platform), 0);
    pair->ops = pair->platform->ops;
    listen_at(pair, &loopback);
    connect_pair(pair);
}

static inline void close_pair(struct live_pair *pair)
{
    if (pair->client != 0)
        pair->ops->close(pair->platform, pair->client, TORC_CLOSE_NORMAL);
    if (pair->server != 0)
        pair->ops->close(pair->platform, pair->server, TORC_CLOSE_NORMAL);
    if (pair->listener != 0)
        pair->ops->close(pair->platform, pair->listener, TORC_CLOSE_NORMAL);
    torc_live_free(pair->platform);
}

static inline int send_text(struct live_pair *pair, uint64_t from, const char *text)
{
    struct torc_span span = {text, strlen(text)};
    size_t sent = 0;
    int error = pair->ops->writev(pair->platform, from, &span, 1, &sent);

    if (error == 0)
        assert_int_equal(sent, strlen(text));
    return error;
}

/* Reads once readiness was told; TORC_OK and 0 bytes is the end. */
static inline int read_some(struct live_pair *pair, uint64_t at, uint64_t token, void *buffer,
                            size_t size, size_t *out_bytes)
{
    pair->ops->interest(pair->platform, at, TORC_EVENT_READ);
    expect_event(pair->platform, token, TORC_EVENT_READ, 0);
    pair->ops->interest(pair->platform, at, 0);
    return pair->ops->read(pair->platform, at, buffer, size, out_bytes);
}

#endif
