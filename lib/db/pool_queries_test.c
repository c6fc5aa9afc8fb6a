/* Queries that wait share jobs; and connections to a file that is new do not get in each other's way. */
#include "tests/support/pool_fixture.h"

#include <sqlite3.h>

enum { QUERIES = 9 };

/* A table with one row, one reader, and both connections open. */
static struct torc_pool *ready_pool(struct pool_fixture *fixture)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    options.readers = 1;
    struct torc_pool *pool = pool_fixture_pool(fixture, &options);
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    pool_fixture_run(fixture, pool, "INSERT INTO t VALUES (7)");
    (void)pool_fixture_integer(fixture, pool, "SELECT 1");
    return pool;
}

static struct torc_deferred *query(struct torc_pool *pool, int64_t value, struct watched *watched)
{
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_query(pool, "SELECT i + ? FROM t",
                                     TORC_PARAMETERS(torc_db_integer(value)), &deferred),
                     0);
    pool_fixture_watch(deferred, watched);
    return deferred;
}

static int64_t answer(struct watched *watched)
{
    int64_t value = 0;
    assert_int_equal(watched->fired, 1);
    assert_int_equal(watched->result.kind, TORC_RESULT_VALUE);
    assert_int_equal(torc_rows_integer(watched->result.as.value, 0, 0, &value), 0);
    torc_result_drop(watched->result);
    return value;
}

TORC_TEST(queries_that_wait_share_jobs_and_get_their_own_answers, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct watched watched[QUERIES] = {{0}};
    unsigned jobs = 0;
    for (int i = 0; i < QUERIES; i++)
        query(pool, i, &watched[i]);
    while (pool_fixture_step(fixture))
        jobs++;
    for (int i = 0; i < QUERIES; i++)
        assert_int_equal(answer(&watched[i]), 7 + i);
    assert_int_equal(jobs, 3); /* 1, then 4 and 4 */
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(one_of_them_that_fails_fails_alone, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct watched watched[4] = {{0}};
    for (int i = 0; i < 4; i++)
        query(pool, i, &watched[i]);
    pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "SELECT i", SQLITE_CORRUPT)->skip = 2;
    pool_fixture_settle(fixture);
    assert_int_equal(answer(&watched[0]), 7);
    assert_int_equal(answer(&watched[1]), 8);
    assert_int_equal(watched_code(&watched[2]), TORC_ECORRUPT);
    assert_int_equal(answer(&watched[3]), 10); /* on a connection opened anew */
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(one_of_them_that_is_busy_is_tried_again_alone, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct watched watched[4] = {{0}};
    for (int i = 0; i < 4; i++)
        query(pool, i, &watched[i]);
    pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "SELECT i", SQLITE_BUSY)->skip = 2;
    pool_fixture_settle(fixture);
    assert_int_equal(watched[2].fired, 0);
    assert_int_equal(answer(&watched[3]), 10);
    pool_fixture_finish(fixture);
    assert_int_equal(answer(&watched[2]), 9);
    assert_int_equal(answer(&watched[0]), 7);
    assert_int_equal(answer(&watched[1]), 8);
    pool_fixture_end(fixture, pool);
    return NULL;
}

/* Cancels another one of the job while it runs one. */
struct cancelling {
    struct torc_deferred *deferred;
};

static void cancel(void *arg)
{
    struct cancelling *cancelling = arg;
    torc_deferred_cancel(cancelling->deferred);
}

TORC_TEST(cancelling_one_that_has_not_begun_interrupts_that_one_only, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct watched watched[4] = {{0}};
    struct cancelling cancelling = {NULL};
    struct torc_deferred *deferreds[4];
    for (int i = 0; i < 4; i++)
        deferreds[i] = query(pool, i, &watched[i]);
    (void)pool_fixture_step(fixture); /* the first, alone; the others share the next job */
    assert_int_equal(answer(&watched[0]), 7);
    cancelling.deferred = deferreds[2];
    cancel(&cancelling);
    assert_int_equal(watched_code(&watched[2]), TORC_ECANCELED);
    pool_fixture_settle(fixture);
    assert_int_equal(answer(&watched[1]), 8);
    assert_int_equal(answer(&watched[3]), 10);
    assert_int_equal(watched[2].fired, 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

static struct torc_result cancel_the_other(struct torc_result result, void *arg)
{
    cancel(arg);
    return result;
}

TORC_TEST(cancelling_one_that_is_done_and_not_told_yet_is_told, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct watched watched[3] = {{0}};
    struct cancelling cancelling = {NULL};
    struct torc_deferred *first;
    struct torc_deferred *second;
    query(pool, 0, &watched[0]);
    assert_int_equal(torc_pool_query(pool, "SELECT 1", TORC_NO_PARAMETERS, &first), 0);
    assert_int_equal(torc_deferred_add_callback(first, cancel_the_other, &cancelling, NULL), 0);
    pool_fixture_watch(first, &watched[1]);
    second = query(pool, 2, &watched[2]);
    cancelling.deferred = second;
    pool_fixture_settle(fixture);
    assert_int_equal(answer(&watched[0]), 7);
    assert_int_equal(answer(&watched[1]), 1);
    assert_int_equal(watched_code(&watched[2]), TORC_ECANCELED);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(freeing_the_pool_between_two_of_them_tells_the_rest, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct watched watched[5] = {{0}};
    for (int i = 0; i < 5; i++)
        query(pool, i, &watched[i]);
    (void)pool_fixture_step(fixture);
    torc_pool_free(pool);
    assert_int_equal(answer(&watched[0]), 7);
    for (int i = 1; i < 5; i++)
        assert_int_equal(watched_code(&watched[i]), TORC_ECLOSED);
    pool_fixture_finish(fixture);
    return NULL;
}

TORC_TEST(jobs_that_are_refused_fail_every_query_of_theirs, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct watched watched[4] = {{0}};
    struct torc_pool_counts counts;
    for (int i = 0; i < 4; i++)
        query(pool, i, &watched[i]);
    fixture->platform.submit_code = TORC_ELIMIT;
    (void)pool_fixture_step(fixture);
    fixture->platform.submit_code = 0;
    assert_int_equal(answer(&watched[0]), 7);
    for (int i = 1; i < 4; i++)
        assert_int_equal(watched_code(&watched[i]), TORC_ELIMIT);
    torc_pool_count(pool, &counts);
    assert_int_equal(counts.running, 0);
    assert_int_equal(counts.waiting, 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

/* Made by somebody else, without a log: the first connection brings it into WAL mode, the others find it so. */
TORC_TEST(a_file_that_is_not_in_wal_mode_is_brought_there_once, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct watched watched[4] = {{0}};
    struct torc_pool_counts counts;
    sqlite3 *sqlite;
    assert_int_equal(sqlite3_open(fixture->path, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, "CREATE TABLE t (i); INSERT INTO t VALUES (7)", NULL, NULL,
                                  NULL),
                     SQLITE_OK);
    sqlite3_close(sqlite);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    for (int i = 0; i < 4; i++)
        query(pool, i, &watched[i]);
    torc_pool_count(pool, &counts);
    assert_int_equal(counts.running, 1); /* though three connections are free */
    pool_fixture_finish(fixture);
    for (int i = 0; i < 4; i++)
        assert_int_equal(answer(&watched[i]), 7 + i);
    torc_pool_count(pool, &counts);
    assert_int_equal(counts.retries, 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TRIAL_MAIN
