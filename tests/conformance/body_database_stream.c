/* Databases: large results, piece by piece. */
#include "database.h"

#include <sqlite3.h>

#define FILL_1000                                                                                  \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"              \
    " INSERT INTO t SELECT i, 'row ' || i FROM n"
#define ALL "SELECT id, v FROM t ORDER BY id"

struct consumer {
    struct torc_row_consumer consumer;
    struct conf *c;
    struct torc_row_stream *stream;
    uint64_t rows;
    size_t largest;
    unsigned calls, fail_at, pause_at;
    bool wrong, paused;
    struct torc_pool *free_pool;
    void (*on_rows)(struct consumer *self);
};

static struct torc_failure *take_rows(struct torc_row_consumer *self, struct torc_row_stream *stream,
                                      const struct torc_rows *rows, uint64_t first)
{
    struct consumer *consumer = (struct consumer *)(void *)self;
    size_t i, count = torc_rows_count(rows);

    consumer->calls++;
    consumer->wrong = consumer->wrong || consumer->paused || count == 0 ||
                      (consumer->rows == 0 ? first > 1 : first != consumer->rows);
    for (i = 0; i < count; i++) {
        int64_t id = 0;

        consumer->wrong = consumer->wrong || torc_rows_integer(rows, i, 0, &id) != 0 ||
                          id != (int64_t)consumer->rows + 1;
        consumer->rows++;
    }
    consumer->largest = count > consumer->largest ? count : consumer->largest;
    if (consumer->calls == consumer->pause_at) {
        consumer->paused = true;
        torc_row_stream_pause(stream);
    }
    if (consumer->on_rows != NULL)
        consumer->on_rows(consumer);
    if (consumer->calls == consumer->fail_at)
        return torc_failure_new(torc_reactor_scope(consumer->c->client), &torc_failure_protocol_error,
                                TORC_EPROTOCOL, NULL, "the consumer has had enough");
    return NULL;
}

static struct ask *ask_stream(struct conf *c, struct torc_pool *pool, const char *sql,
                              struct consumer *consumer, size_t rows_max)
{
    struct torc_row_stream_options options = TORC_ROW_STREAM_OPTIONS_INIT;
    struct torc_deferred *deferred = NULL;
    int code;

    options.rows_max = rows_max;
    consumer->consumer.rows = take_rows;
    consumer->c = c;
    code = torc_pool_stream(pool, sql, TORC_NO_PARAMETERS, &consumer->consumer, &options,
                            &consumer->stream, &deferred);
    return ask_deferred(c, NULL, code, deferred);
}

static uint64_t number_of(const struct ask *ask)
{
    return (uint64_t)(uintptr_t)ask->result.as.value;
}

static struct torc_pool *filled_pool(struct conf *c)
{
    struct torc_pool *pool = pool_with_table(c);

    return pool != NULL && did(c, pool, FILL_1000) ? pool : NULL;
}

static struct consumer consumer_make(void)
{
    struct consumer consumer;

    memset(&consumer, 0, sizeof consumer);
    return consumer;
}

static bool is_paused(const void *arg)
{
    return ((const struct consumer *)arg)->paused;
}

BODY(a_stream_gives_every_row_once_in_order_and_in_pieces)
{
    static struct consumer consumer;
    struct torc_pool *pool = filled_pool(c);
    struct ask *ask;

    consumer = consumer_make();
    CHECK(c, pool != NULL);
    ask = ask_stream(c, pool, ALL, &consumer, 64);
    CHECK(c, consumer.calls == 0);
    CHECK(c, went_well(ask));
    CHECK(c, number_of(ask) == 1000 && consumer.rows == 1000 && !consumer.wrong);
    CHECK(c, consumer.largest <= 64 && consumer.calls >= 16);
}

BODY(a_stream_without_options_gives_every_row)
{
    static struct consumer consumer;
    struct torc_pool *pool = filled_pool(c);
    struct torc_deferred *deferred;
    struct ask *ask;

    consumer = consumer_make();
    consumer.consumer.rows = take_rows;
    consumer.c = c;
    CHECK(c, pool != NULL);
    CHECK(c, torc_pool_stream(pool, ALL, TORC_NO_PARAMETERS, &consumer.consumer, NULL, NULL,
                              &deferred) == 0);
    ask = ask_deferred(c, NULL, 0, deferred);
    CHECK(c, went_well(ask) && number_of(ask) == 1000 && consumer.rows == 1000 && !consumer.wrong);
}

BODY(a_stream_of_nothing_tells_no_rows)
{
    static struct consumer consumer;
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    consumer = consumer_make();
    CHECK(c, pool != NULL);
    ask = ask_stream(c, pool, ALL, &consumer, 0);
    CHECK(c, went_well(ask) && number_of(ask) == 0 && consumer.calls == 0);
}

BODY(a_stream_that_is_paused_gives_nothing_until_it_is_resumed)
{
    static struct consumer consumer;
    struct torc_pool *pool = filled_pool(c);
    struct ask *ask;

    consumer = consumer_make();
    consumer.pause_at = 2;
    CHECK(c, pool != NULL);
    ask = ask_stream(c, pool, ALL, &consumer, 10);
    CHECK(c, run_until_true(c, is_paused, &consumer));
    run_for(c, 10 * TORC_MILLISECOND);
    CHECK(c, consumer.calls == 2 && !ask->done);
    torc_row_stream_pause(consumer.stream);
    consumer.paused = false;
    torc_row_stream_resume(consumer.stream);
    torc_row_stream_resume(consumer.stream);
    CHECK(c, went_well(ask));
    CHECK(c, consumer.rows == 1000 && !consumer.wrong && consumer.largest <= 10);
}

BODY(a_consumer_that_fails_ends_its_stream_with_that_failure)
{
    static struct consumer consumer;
    struct torc_pool *pool = filled_pool(c);
    struct ask *ask;

    consumer = consumer_make();
    consumer.fail_at = 3;
    CHECK(c, pool != NULL);
    ask = ask_stream(c, pool, ALL, &consumer, 10);
    CHECK(c, failed_as(ask, &torc_failure_protocol_error));
    CHECK(c, consumer.calls == 3 && consumer.rows == 30);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 1000);
}

BODY(a_stream_that_is_cancelled_gives_no_more)
{
    static struct consumer consumer;
    struct torc_pool *pool = filled_pool(c);
    struct ask *ask;
    unsigned calls;

    consumer = consumer_make();
    consumer.pause_at = 2;
    CHECK(c, pool != NULL);
    ask = ask_stream(c, pool, ALL, &consumer, 10);
    CHECK(c, run_until_true(c, is_paused, &consumer));
    CHECK(c, cancel(ask));
    calls = consumer.calls;
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 1000);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 1000);
    CHECK(c, consumer.calls == calls);
}

BODY(a_stream_holds_one_state_while_a_writer_goes_on)
{
    static struct consumer consumer;
    struct torc_pool *pool = filled_pool(c);
    struct ask *ask;

    consumer = consumer_make();
    consumer.pause_at = 1;
    CHECK(c, pool != NULL);
    ask = ask_stream(c, pool, ALL, &consumer, 10);
    CHECK(c, run_until_true(c, is_paused, &consumer));
    CHECK(c, did(c, pool, "DELETE FROM t WHERE id > 500"));
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (2000, 0)"));
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 501); /* on the other reader */
    consumer.paused = false;
    torc_row_stream_resume(consumer.stream);
    CHECK(c, went_well(ask));
    CHECK(c, consumer.rows == 1000 && !consumer.wrong);
}

BODY(a_stream_holds_its_reader_and_queries_wait_for_it)
{
    static struct consumer consumer;
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_pool *pool;
    struct ask *stream, *query;

    consumer = consumer_make();
    consumer.pause_at = 1;
    options.readers = 1;
    pool = pool_on(c, database_path(c, "main.db"), &options);
    CHECK(c, pool != NULL && did(c, pool, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)"));
    CHECK(c, did(c, pool, FILL_1000));
    stream = ask_stream(c, pool, ALL, &consumer, 10);
    CHECK(c, run_until_true(c, is_paused, &consumer));
    query = ask_query(c, pool, "SELECT 1", TORC_NO_PARAMETERS);
    run_for(c, 10 * TORC_MILLISECOND);
    CHECK(c, !query->done);
    consumer.paused = false;
    torc_row_stream_resume(consumer.stream);
    CHECK(c, went_well(query) && went_well(stream));
}

BODY(a_stream_of_wrong_sql_or_of_a_write_fails)
{
    static struct consumer consumer;
    struct torc_pool *pool = pool_with_table(c);

    consumer = consumer_make();
    CHECK(c, pool != NULL);
    CHECK(c, failed_as(ask_stream(c, pool, "SELEKT", &consumer, 0), &torc_failure_database_statement));
    CHECK(c, failed_as(ask_stream(c, pool, "INSERT INTO t VALUES (1, 1) RETURNING id", &consumer, 0),
                       &torc_failure_database_statement));
    CHECK(c, consumer.calls == 0);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 0);
}

BODY(an_error_in_the_middle_of_a_stream_comes_after_the_rows_before_it)
{
    static struct consumer consumer;
    struct torc_pool *pool = filled_pool(c);
    struct ask *ask;

    consumer = consumer_make();
    CHECK(c, pool != NULL);
    ask = ask_stream(c, pool,
                     "SELECT id, CASE id WHEN 500 THEN abs(-9223372036854775807 - 1) ELSE v END"
                     " FROM t ORDER BY id",
                     &consumer, 10);
    CHECK(c, failed_below(ask, &torc_failure_database_error));
    CHECK(c, !consumer.wrong && consumer.rows >= 490 && consumer.rows <= 499);
}

static void free_pool_of(struct consumer *consumer)
{
    if (consumer->free_pool != NULL)
        pool_free(consumer->c, consumer->free_pool);
    consumer->free_pool = NULL;
}

BODY(a_pool_may_be_freed_by_the_consumer_of_its_stream)
{
    static struct consumer consumer;
    struct torc_pool *pool = filled_pool(c);
    struct ask *ask;

    consumer = consumer_make();
    consumer.on_rows = free_pool_of;
    consumer.free_pool = pool;
    CHECK(c, pool != NULL);
    ask = ask_stream(c, pool, ALL, &consumer, 10);
    CHECK(c, failed_as(ask, &torc_failure_pool_closed));
    CHECK(c, consumer.calls == 1);
}

BODY(closing_a_pool_waits_for_its_streams)
{
    static struct consumer consumer;
    struct torc_pool *pool = filled_pool(c);
    struct ask *ask, *closed;

    consumer = consumer_make();
    consumer.pause_at = 1;
    CHECK(c, pool != NULL);
    ask = ask_stream(c, pool, ALL, &consumer, 10);
    CHECK(c, run_until_true(c, is_paused, &consumer));
    closed = ask_close(c, pool);
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, !closed->done && !ask->done);
    consumer.paused = false;
    torc_row_stream_resume(consumer.stream);
    CHECK(c, went_well(closed));
    CHECK(c, ask->done && ask->type == NULL && consumer.rows == 1000);
    pool_free(c, pool);
}
