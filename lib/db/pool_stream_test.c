/* Rows piece by piece: paused, cancelled, failed and given up at every moment. */
#include "tests/support/stream_reader.h"

#include <sqlite3.h>

TORC_TEST(a_stream_ends_with_the_number_of_its_rows, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    static const int64_t counts[] = {1, 9, 10, 11, 20};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct reader reader = {.pool = pool};
        begin(&reader, counts[i], 10);
        pool_fixture_finish(fixture);
        assert_int_equal(told(&reader), counts[i]);
        assert_int_equal(reader.rows, counts[i]);
        assert_int_equal(reader.pieces, (counts[i] + 9) / 10);
    }
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_stream_without_rows_never_calls_its_consumer, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL)};
    begin_sql(&reader, "SELECT 1 AS i WHERE 0", -1, 10);
    pool_fixture_finish(fixture);
    assert_int_equal(told(&reader), 0);
    assert_int_equal(reader.pieces, 0);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TEST(a_piece_ends_when_it_has_its_bytes, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_row_stream_options options = TORC_ROW_STREAM_OPTIONS_INIT;
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL), .consumer = {take}};
    options.bytes_max = 100;
    assert_int_equal(torc_pool_stream(reader.pool,
                                      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                                      "FROM n WHERE i < 10) SELECT i, hex(zeroblob(25)) FROM n",
                                      TORC_NO_PARAMETERS, &reader.consumer, &options,
                                      &reader.stream, &reader.deferred),
                     0);
    pool_fixture_watch(reader.deferred, &reader.watched);
    pool_fixture_finish(fixture);
    assert_int_equal(told(&reader), 10);
    assert_int_equal(reader.pieces, 5);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TEST(options_that_are_too_short_are_refused, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_row_stream_options options = {1, 0, 0};
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL), .consumer = {take}};
    assert_int_equal(torc_pool_stream(reader.pool, "SELECT 1", TORC_NO_PARAMETERS, &reader.consumer,
                                      &options, NULL, &reader.deferred),
                     TORC_EINVAL);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

static void pause(struct reader *reader)
{
    torc_row_stream_pause(reader->stream);
    torc_row_stream_pause(reader->stream);
}

static void pause_and_resume(struct reader *reader)
{
    pause(reader);
    torc_row_stream_resume(reader->stream);
    torc_row_stream_resume(reader->stream);
}

TORC_TEST(a_paused_stream_waits_until_it_is_resumed, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL), .at = 2, .act = pause};
    begin(&reader, 50, 10);
    pool_fixture_finish(fixture);
    assert_int_equal(reader.pieces, 2);
    assert_int_equal(reader.watched.fired, 0);
    torc_row_stream_resume(reader.stream);
    torc_row_stream_resume(reader.stream);
    pool_fixture_finish(fixture);
    assert_int_equal(told(&reader), 50);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TEST(paused_before_it_began_a_stream_tells_one_piece, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL)};
    begin(&reader, 30, 10);
    pause(&reader);
    pool_fixture_finish(fixture);
    assert_int_equal(reader.pieces, 1);
    torc_row_stream_resume(reader.stream);
    pool_fixture_finish(fixture);
    assert_int_equal(told(&reader), 30);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TEST(resumed_inside_its_consumer_a_stream_goes_on, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct reader reader = {
        .pool = pool_fixture_pool(fixture, NULL), .at = 1, .act = pause_and_resume};
    begin(&reader, 30, 10);
    pool_fixture_finish(fixture);
    assert_int_equal(told(&reader), 30);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TEST(a_stream_sees_one_state_of_the_database, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL), .at = 1, .act = pause};
    pool_fixture_run(fixture, reader.pool, "CREATE TABLE t (i INTEGER)");
    pool_fixture_run(fixture, reader.pool, "INSERT INTO t VALUES (1), (2), (3), (4)");
    begin_sql(&reader, "SELECT i FROM t", -1, 2);
    pool_fixture_finish(fixture);
    pool_fixture_run(fixture, reader.pool, "INSERT INTO t VALUES (5)");
    torc_row_stream_resume(reader.stream);
    pool_fixture_finish(fixture);
    assert_int_equal(told(&reader), 4);
    assert_int_equal(pool_fixture_integer(fixture, reader.pool, "SELECT count(*) FROM t"), 5);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

/* --- ended by the consumer ---------------------------------------------------------------------- */

TORC_TEST(a_failure_of_the_consumer_ends_the_stream_with_it, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    for (unsigned at = 1; at <= 3; at++) { /* the third piece is the last */
        struct reader reader = {.pool = pool, .at = at};
        reader.failure = torc_failure_static(&torc_failure_limit);
        begin(&reader, 25, 10);
        pool_fixture_finish(fixture);
        assert_ptr_equal(watched_type(&reader.watched), &torc_failure_limit);
        assert_int_equal(reader.pieces, at);
    }
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT 1"), 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

static void cancel_it(struct reader *reader)
{
    torc_deferred_cancel(reader->deferred);
}

static void free_pool(struct reader *reader)
{
    torc_pool_free(reader->pool);
}

TORC_TEST(a_stream_can_be_cancelled_by_its_consumer, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    for (unsigned at = 1; at <= 3; at++) {
        struct reader reader = {.pool = pool, .at = at, .act = cancel_it};
        begin(&reader, 25, 10);
        pool_fixture_finish(fixture);
        assert_ptr_equal(watched_type(&reader.watched), &torc_failure_cancelled);
        assert_int_equal(reader.pieces, at);
    }
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT 1"), 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(the_pool_can_be_freed_by_a_consumer, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    for (unsigned at = 1; at <= 3; at++) {
        struct reader reader = {
            .pool = pool_fixture_pool(fixture, NULL), .at = at, .act = free_pool};
        begin(&reader, 25, 10);
        pool_fixture_finish(fixture);
        assert_ptr_equal(watched_type(&reader.watched), &torc_failure_pool_closed);
        assert_int_equal(reader.pieces, at);
        assert_int_equal(fixture->opened, fixture->closed);
    }
    return NULL;
}

/* --- ended from outside ------------------------------------------------------------------------- */

enum ending { CANCEL, FREE, LAST_ENDING = FREE };

static void end_after_steps(struct pool_fixture *fixture, enum ending ending, unsigned steps,
                            bool paused)
{
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL)};
    if (paused) {
        reader.at = 1;
        reader.act = pause;
    }
    begin(&reader, 45, 10);
    for (unsigned i = 0; i < steps; i++)
        (void)pool_fixture_step(fixture);
    bool over = reader.watched.fired > 0;
    unsigned pieces = reader.pieces;
    if (ending == CANCEL && !over)
        torc_deferred_cancel(reader.deferred);
    if (ending == FREE)
        torc_pool_free(reader.pool);
    if (!over)
        assert_ptr_equal(watched_type(&reader.watched),
                         ending == CANCEL ? &torc_failure_cancelled : &torc_failure_pool_closed);
    pool_fixture_finish(fixture);
    assert_int_equal(reader.pieces, pieces);
    assert_int_equal(reader.watched.fired, 1);
    if (ending == CANCEL)
        pool_fixture_end(fixture, reader.pool);
    assert_int_equal(fixture->opened, fixture->closed);
}

TORC_TEST(a_stream_can_be_ended_at_every_moment, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    for (int ending = CANCEL; ending <= LAST_ENDING; ending++)
        for (unsigned steps = 0; steps < 8; steps++)
            for (int paused = 0; paused < 2; paused++)
                end_after_steps(fixture, (enum ending)ending, steps, paused);
    return NULL;
}

TORC_TEST(a_stream_that_cannot_read_on_fails_and_leaves_its_reader, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    options.readers = 1;
    struct reader reader = {
        .pool = pool_fixture_pool(fixture, &options), .at = 1, .act = pause};
    begin(&reader, 30, 10);
    pool_fixture_finish(fixture);
    fixture->platform.submit_code = TORC_ELIMIT;
    torc_row_stream_resume(reader.stream);
    assert_int_equal(watched_code(&reader.watched), TORC_ELIMIT);
    fixture->platform.submit_code = 0;
    assert_int_equal(pool_fixture_integer(fixture, reader.pool, "SELECT 3"), 3);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

static struct torc_result resume_it(struct torc_result result, void *arg)
{
    struct reader *reader = arg;
    torc_result_drop(result);
    assert_int_equal(reader->watched.fired, 0);
    torc_row_stream_pause(reader->stream);
    torc_row_stream_resume(reader->stream);
    return torc_value(NULL);
}

TORC_TEST(resumed_while_it_ends_a_stream_ends_once, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_deferred *waiting;
    options.readers = 1;
    struct reader reader = {
        .pool = pool_fixture_pool(fixture, &options), .at = 1, .act = pause};
    begin(&reader, 30, 10);
    pool_fixture_finish(fixture);
    assert_int_equal(torc_pool_query(reader.pool, "SELECT 1", TORC_NO_PARAMETERS, &waiting), 0);
    assert_int_equal(torc_deferred_add_both(waiting, resume_it, &reader, NULL), 0);
    torc_deferred_drop(waiting);
    fixture->platform.submit_code = TORC_ELIMIT; /* it cannot read on, nor the other begin */
    torc_row_stream_resume(reader.stream);
    fixture->platform.submit_code = 0;
    assert_int_equal(watched_code(&reader.watched), TORC_ELIMIT);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TEST(a_stream_can_be_cancelled_where_no_job_can_be_had, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL), .at = 1, .act = pause};
    begin(&reader, 30, 10);
    pool_fixture_finish(fixture);
    fixture->platform.submit_code = TORC_ENOMEM;
    torc_deferred_cancel(reader.deferred);
    assert_ptr_equal(watched_type(&reader.watched), &torc_failure_cancelled);
    fixture->platform.submit_code = 0;
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

/* --- errors ------------------------------------------------------------------------------------- */

TORC_TEST(busy_at_its_first_step_a_stream_is_tried_again, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL)};
    struct torc_pool_counts counts;
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "WITH", SQLITE_BUSY);
    (void)pool_fixture_rule(fixture, TORC_DATABASE_ROW, "WITH", SQLITE_BUSY);
    pool_fixture_rule(fixture, TORC_DATABASE_ROW, "WITH", SQLITE_BUSY)->skip = 5;
    begin(&reader, 30, 10);
    pool_fixture_finish(fixture);
    assert_int_equal(told(&reader), 30);
    torc_pool_count(reader.pool, &counts);
    assert_int_equal(counts.retries, 3);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TEST(a_stream_that_has_told_rows_is_not_tried_again, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL)};
    pool_fixture_rule(fixture, TORC_DATABASE_ROW, "WITH", SQLITE_BUSY)->skip = 15;
    begin(&reader, 30, 10);
    pool_fixture_finish(fixture);
    assert_ptr_equal(watched_type(&reader.watched), &torc_failure_database_busy);
    assert_int_equal(reader.rows, 10);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TEST(cancelled_during_its_pause_a_stream_ends, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL)};
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "WITH", SQLITE_BUSY);
    begin(&reader, 30, 10);
    pool_fixture_settle(fixture);
    torc_row_stream_pause(reader.stream);
    torc_row_stream_resume(reader.stream); /* does not begin it */
    torc_deferred_cancel(reader.deferred);
    assert_ptr_equal(watched_type(&reader.watched), &torc_failure_cancelled);
    pool_fixture_finish(fixture);
    assert_int_equal(reader.pieces, 0);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TEST(a_later_piece_that_fails_fails_the_stream, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL)};
    struct torc_pool_counts counts;
    pool_fixture_rule(fixture, TORC_DATABASE_ROW, "WITH", SQLITE_IOERR_READ)->skip = 25;
    begin(&reader, 30, 10);
    pool_fixture_finish(fixture);
    assert_ptr_equal(watched_type(&reader.watched), &torc_failure_database_io);
    assert_int_equal(reader.rows, 20);
    torc_pool_count(reader.pool, &counts);
    assert_int_equal(counts.reconnects, 1);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TEST(a_stream_whose_connection_cannot_be_opened_fails, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL)};
    (void)pool_fixture_rule(fixture, TORC_DATABASE_OPEN, NULL, SQLITE_CANTOPEN);
    begin(&reader, 30, 10);
    pool_fixture_finish(fixture);
    assert_ptr_equal(watched_type(&reader.watched), &torc_failure_database_io);
    assert_int_equal(fixture->opened, 1);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TEST(a_stream_lost_at_its_end_fails, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL)};
    pool_fixture_rule(fixture, TORC_DATABASE_END, "WITH", 0)->lost = true;
    begin(&reader, 30, 10);
    pool_fixture_finish(fixture);
    assert_ptr_equal(watched_type(&reader.watched), &torc_failure_database_lost);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TEST(doubt_that_comes_when_a_stream_is_stopped_closes_its_connection, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    options.readers = 1;
    struct reader reader = {
        .pool = pool_fixture_pool(fixture, &options), .at = 1, .act = pause};
    begin(&reader, 30, 10);
    pool_fixture_finish(fixture);
    pool_fixture_rule(fixture, TORC_DATABASE_END, "WITH", 0)->lost = true;
    fixture->platform.submit_code = TORC_ENOMEM; /* so it is stopped here */
    torc_deferred_cancel(reader.deferred);
    fixture->platform.submit_code = 0;
    assert_int_equal(watched_code(&reader.watched), TORC_ECANCELED);
    unsigned opened = fixture->opened;
    assert_int_equal(pool_fixture_integer(fixture, reader.pool, "SELECT 3"), 3);
    assert_int_equal(fixture->opened, opened + 1);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TEST(a_stream_does_not_write_and_leaves_no_transaction, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    options.readers = 1;
    struct reader reader = {.pool = pool_fixture_pool(fixture, &options)};
    struct reader again = {.pool = reader.pool};
    pool_fixture_run(fixture, reader.pool, "CREATE TABLE t (i)");
    begin_sql(&reader, "INSERT INTO t VALUES (1) RETURNING i", -1, 10);
    pool_fixture_finish(fixture);
    assert_int_equal(watched_code(&reader.watched), TORC_EREADONLY);
    begin_sql(&again, "BEGIN", -1, 10);
    pool_fixture_finish(fixture);
    assert_ptr_equal(watched_type(&again.watched), &torc_failure_database_statement);
    pool_fixture_run(fixture, reader.pool, "INSERT INTO t VALUES (1)");
    assert_int_equal(pool_fixture_integer(fixture, reader.pool, "SELECT count(*) FROM t"), 1);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TEST(a_stream_that_is_answered_needs_no_database, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct reader reader = {.pool = pool_fixture_pool(fixture, NULL)};
    fixture->answered = true;
    fixture->answer_rows = 25;
    begin_sql(&reader, "SELECT i", -1, 10);
    pool_fixture_finish(fixture);
    assert_int_equal(told(&reader), 25);
    assert_int_equal(reader.pieces, 3);
    pool_fixture_end(fixture, reader.pool);
    return NULL;
}

TORC_TRIAL_MAIN
