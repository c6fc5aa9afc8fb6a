/* stream_reader.h - a consumer of a stream of 1, 2, 3, ... that does something with one of its pieces. */
#ifndef TORC_TESTS_STREAM_READER_H
#define TORC_TESTS_STREAM_READER_H

#include "pool_fixture.h"

static const char numbers[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT i FROM n";

/* A consumer that does something with its `at`-th piece. */
struct reader {
    struct torc_row_consumer consumer;
    struct torc_pool *pool;
    struct torc_row_stream *stream;
    struct torc_deferred *deferred;
    struct watched watched;
    uint64_t rows;
    unsigned pieces;
    unsigned at;
    void (*act)(struct reader *reader);
    struct torc_failure *failure; /* returned with that piece */
};

static inline struct torc_failure *take(struct torc_row_consumer *self, struct torc_row_stream *stream,
                                 const struct torc_rows *rows, uint64_t first)
{
    struct reader *reader = (struct reader *)(void *)self;
    assert_ptr_equal(stream, reader->stream);
    assert_int_equal(first, reader->rows);
    assert_int_equal(reader->watched.fired, 0);
    assert_string_equal(torc_rows_column_name(rows, 0), "i");
    for (size_t i = 0; i < torc_rows_count(rows); i++)
        assert_int_equal(torc_rows_value(rows, i, 0).as.integer, first + i + 1);
    reader->rows += torc_rows_count(rows);
    if (++reader->pieces != reader->at)
        return NULL;
    if (reader->act)
        reader->act(reader);
    return reader->failure;
}

static inline void begin_sql(struct reader *reader, const char *sql, int64_t rows, size_t rows_max)
{
    struct torc_row_stream_options options = TORC_ROW_STREAM_OPTIONS_INIT;
    struct torc_db_value parameter = torc_db_integer(rows);
    options.rows_max = rows_max;
    reader->consumer.rows = take;
    assert_int_equal(torc_pool_stream(reader->pool, sql, &parameter, rows >= 0 ? 1 : 0,
                                      &reader->consumer, &options, &reader->stream,
                                      &reader->deferred),
                     0);
    pool_fixture_watch(reader->deferred, &reader->watched);
}

static inline void begin(struct reader *reader, int64_t rows, size_t rows_max)
{
    begin_sql(reader, numbers, rows, rows_max);
}

/* The number of rows it fired with. */
static inline uint64_t told(struct reader *reader)
{
    assert_int_equal(reader->watched.fired, 1);
    assert_int_equal(reader->watched.result.kind, TORC_RESULT_VALUE);
    return (uintptr_t)reader->watched.result.as.value;
}

#endif
