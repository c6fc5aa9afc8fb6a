#include <stdlib.h>

#include "live_pair.h"

TORC_TEST(bytes_go_both_ways)
{
    struct live_pair pair;
    char buffer[16];
    size_t bytes;

    open_pair(&pair);
    assert_int_equal(send_text(&pair, pair.client, "ping"), 0);
    assert_int_equal(read_some(&pair, pair.server, TOKEN_SERVER, buffer, sizeof buffer, &bytes), 0);
    assert_int_equal(bytes, 4);
    assert_memory_equal(buffer, "ping", 4);
    assert_int_equal(send_text(&pair, pair.server, "pong!"), 0);
    assert_int_equal(read_some(&pair, pair.client, TOKEN_CLIENT, buffer, sizeof buffer, &bytes), 0);
    assert_int_equal(bytes, 5);
    assert_int_equal(pair.ops->read(pair.platform, pair.client, buffer, sizeof buffer, &bytes),
                     TORC_EAGAIN);
    assert_int_equal(bytes, 5);
    close_pair(&pair);
    return NULL;
}

TORC_TEST(spans_arrive_in_order_also_when_there_are_too_many_for_one_call)
{
    struct torc_span spans[100];
    char numbers[100];
    char got[100];
    struct live_pair pair;
    size_t sent = 0;
    size_t bytes = 0;

    open_pair(&pair);
    for (int i = 0; i < 100; i++) {
        numbers[i] = (char)i;
        spans[i] = (struct torc_span){&numbers[i], 1};
    }
    assert_int_equal(pair.ops->writev(pair.platform, pair.client, spans, 100, &sent), 0);
    assert_in_range(sent, 1, 100);
    while (sent < 100) {
        assert_int_equal(pair.ops->writev(pair.platform, pair.client, spans + sent, 100 - sent, &bytes),
                         0);
        sent += bytes;
    }
    for (size_t at = 0; at < 100; at += bytes)
        assert_int_equal(read_some(&pair, pair.server, TOKEN_SERVER, got + at, sizeof got - at, &bytes),
                         0);
    assert_memory_equal(got, numbers, 100);
    close_pair(&pair);
    return NULL;
}

TORC_TEST(nothing_is_told_without_interest)
{
    struct live_pair pair;

    open_pair(&pair);
    assert_int_equal(send_text(&pair, pair.client, "unasked"), 0);
    pair.ops->close(pair.platform, pair.client, TORC_CLOSE_ABORT);
    pair.client = 0;
    assert_true(tells_nothing(pair.platform));
    close_pair(&pair);
    return NULL;
}

TORC_TEST(reading_and_writing_may_be_ready_together)
{
    struct live_pair pair;

    open_pair(&pair);
    pair.ops->interest(pair.platform, pair.server, TORC_EVENT_WRITE);
    expect_event(pair.platform, TOKEN_SERVER, TORC_EVENT_WRITE, 0);
    assert_int_equal(send_text(&pair, pair.client, "x"), 0);
    pair.ops->interest(pair.platform, pair.server, TORC_EVENT_READ);
    expect_event(pair.platform, TOKEN_SERVER, TORC_EVENT_READ, 0);
    pair.ops->interest(pair.platform, pair.server, TORC_EVENT_READ | TORC_EVENT_WRITE);
    expect_event(pair.platform, TOKEN_SERVER, TORC_EVENT_READ | TORC_EVENT_WRITE, 0);
    close_pair(&pair);
    return NULL;
}

TORC_TEST(a_full_buffer_says_again_and_tells_when_there_is_room)
{
    struct live_pair pair;
    size_t size = 1 << 20;
    char *data = calloc(1, size);
    struct torc_span span = {data, size};
    size_t written = 0;
    size_t got = 0;
    size_t bytes;
    int error;

    assert_non_null(data);
    open_pair(&pair);
    while ((error = pair.ops->writev(pair.platform, pair.client, &span, 1, &bytes)) == 0)
        written += bytes;
    assert_int_equal(error, TORC_EAGAIN);
    pair.ops->interest(pair.platform, pair.client, TORC_EVENT_WRITE);
    assert_true(tells_nothing(pair.platform));
    pair.ops->interest(pair.platform, pair.server, TORC_EVENT_READ);
    while (got < written) {
        struct torc_platform_event event = next_event(pair.platform);

        if (event.token == TOKEN_CLIENT) {
            assert_int_equal(event.events, TORC_EVENT_WRITE);
            pair.ops->interest(pair.platform, pair.client, 0);
            continue;
        }
        assert_int_equal(pair.ops->read(pair.platform, pair.server, data, size, &bytes), 0);
        got += bytes;
    }
    assert_int_equal(got, written);
    assert_int_equal(send_text(&pair, pair.client, "more"), 0);
    close_pair(&pair);
    free(data);
    return NULL;
}

TORC_TEST(shutdown_ends_one_direction)
{
    struct live_pair pair;
    char buffer[8];
    size_t bytes = 9;

    open_pair(&pair);
    assert_int_equal(pair.ops->shutdown(pair.platform, pair.client), 0);
    assert_int_equal(read_some(&pair, pair.server, TOKEN_SERVER, buffer, sizeof buffer, &bytes), 0);
    assert_int_equal(bytes, 0);
    assert_int_equal(send_text(&pair, pair.client, "late"), TORC_EPIPE);
    assert_int_equal(send_text(&pair, pair.server, "still"), 0);
    assert_int_equal(read_some(&pair, pair.client, TOKEN_CLIENT, buffer, sizeof buffer, &bytes), 0);
    assert_int_equal(bytes, 5);
    close_pair(&pair);
    return NULL;
}

TORC_TEST(an_abort_is_read_as_a_reset)
{
    struct live_pair pair;
    char buffer[8];
    size_t bytes = 0;

    open_pair(&pair);
    pair.ops->close(pair.platform, pair.client, TORC_CLOSE_ABORT);
    pair.client = 0;
    assert_int_equal(read_some(&pair, pair.server, TOKEN_SERVER, buffer, sizeof buffer, &bytes),
                     TORC_ECONNRESET);
    assert_int_equal(send_text(&pair, pair.server, "x"), TORC_EPIPE);
    close_pair(&pair);
    return NULL;
}

TORC_TEST(closing_with_input_unread_is_read_as_a_reset)
{
    struct live_pair pair;
    char buffer[8];
    size_t bytes = 0;

    open_pair(&pair);
    assert_int_equal(send_text(&pair, pair.server, "unread"), 0);
    pair.ops->interest(pair.platform, pair.client, TORC_EVENT_READ);
    expect_event(pair.platform, TOKEN_CLIENT, TORC_EVENT_READ, 0);
    pair.ops->close(pair.platform, pair.client, TORC_CLOSE_NORMAL);
    pair.client = 0;
    assert_int_equal(read_some(&pair, pair.server, TOKEN_SERVER, buffer, sizeof buffer, &bytes),
                     TORC_ECONNRESET);
    close_pair(&pair);
    return NULL;
}

TORC_TEST(options_are_for_tcp)
{
    struct live_pair pair;
    struct torc_address address = {.family = TORC_ADDRESS_UNIX, .path_bytes = 30};

    open_pair(&pair);
    assert_int_equal(pair.ops->set_option(pair.platform, pair.client, TORC_STREAM_NODELAY, 1), 0);
    assert_int_equal(pair.ops->set_option(pair.platform, pair.client, TORC_STREAM_NODELAY, 0), 0);
    assert_int_equal(pair.ops->set_option(pair.platform, pair.server, TORC_STREAM_KEEPALIVE, 1), 0);
    assert_int_equal(
        pair.ops->set_option(pair.platform, pair.server, (enum torc_stream_option)99, 1), TORC_EINVAL);
    pair.ops->close(pair.platform, pair.listener, TORC_CLOSE_NORMAL);
    pair.ops->close(pair.platform, pair.client, TORC_CLOSE_NORMAL);
    pair.ops->close(pair.platform, pair.server, TORC_CLOSE_NORMAL);
    pair.ops->random(pair.platform, "test.name", address.path + 1, 29);
    listen_at(&pair, &address);
    connect_pair(&pair);
    assert_int_equal(pair.ops->set_option(pair.platform, pair.client, TORC_STREAM_NODELAY, 1),
                     TORC_ENOTSUP);
    close_pair(&pair);
    return NULL;
}

TORC_TRIAL_MAIN
