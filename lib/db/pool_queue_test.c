/* Waiting, starting and trying again, with the platform's jobs in the test's hands. */
#include "tests/support/pool_fixture.h"

#include <sqlite3.h>

static const char insert[] = "INSERT INTO t VALUES (1)";

/* A table, and every connection open. */
static struct torc_pool *ready_pool(struct pool_fixture *fixture, struct torc_pool_options *options)
{
    struct torc_pool *pool = pool_fixture_pool(fixture, options);
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    (void)pool_fixture_integer(fixture, pool, "SELECT 1");
    fixture->statements_bytes = 0;
    fixture->statements[0] = '\0';
    return pool;
}

static void write_one(struct torc_pool *pool, int64_t value, struct watched *watched)
{
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_operation(pool, "INSERT INTO t VALUES (?)",
                                         TORC_PARAMETERS(torc_db_integer(value)), &deferred),
                     0);
    pool_fixture_watch(deferred, watched);
}

static int64_t read_all(struct pool_fixture *fixture, struct torc_pool *pool)
{
    return pool_fixture_integer(fixture, pool,
                                "SELECT sum(i * (1 << (4 * (rowid - 1)))) FROM t");
}

TORC_TEST(writes_keep_their_order_through_a_retry, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture, NULL);
    struct watched watched[3] = {{0}, {0}, {0}};
    pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "INSERT", SQLITE_BUSY)->times = 3;
    for (int i = 0; i < 3; i++)
        write_one(pool, i + 1, &watched[i]);
    pool_fixture_finish(fixture);
    for (int i = 0; i < 3; i++)
        assert_int_equal(watched_code(&watched[i]), 0);
    assert_int_equal(read_all(fixture, pool), 0x321);
    pool_fixture_end(fixture, pool);
    return NULL;
}

static uint64_t time_of_failure(struct pool_fixture *fixture, struct torc_pool *pool,
                                unsigned *attempts)
{
    uint64_t from = fixture->platform.now_ns;
    struct watched watched = {0};
    write_one(pool, 1, &watched);
    pool_fixture_finish(fixture);
    assert_int_equal(watched.fired, 1);
    *attempts = torc_database_error_of(watched.result.as.failure)->attempts;
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_busy);
    return fixture->platform.now_ns - from;
}

TORC_TEST(each_pause_is_twice_the_one_before_up_to_the_longest, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_pool_counts counts;
    unsigned attempts;
    options.busy_retries_max = 5;
    options.busy_retry_ns = 10;
    options.busy_retry_max_ns = 50;
    struct torc_pool *pool = ready_pool(fixture, &options);
    struct pool_rule *rule = pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "INSERT", SQLITE_BUSY);
    rule->times = 1000;
    assert_int_equal(time_of_failure(fixture, pool, &attempts), 10 + 20 + 40 + 50 + 50);
    assert_int_equal(attempts, 6);
    torc_pool_count(pool, &counts);
    assert_int_equal(counts.retries, 5);
    rule->times = 0;
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(the_first_pause_is_not_longer_than_the_longest, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    unsigned attempts;
    options.busy_retries_max = 2;
    options.busy_retry_ns = 100;
    options.busy_retry_max_ns = 7;
    struct torc_pool *pool = ready_pool(fixture, &options);
    struct pool_rule *rule = pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "INSERT", SQLITE_BUSY);
    rule->times = 1000;
    assert_int_equal(time_of_failure(fixture, pool, &attempts), 14);
    rule->times = 0;
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(without_retries_busy_is_told_at_once, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    unsigned attempts;
    options.busy_retries_max = 0;
    struct torc_pool *pool = ready_pool(fixture, &options);
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "INSERT", SQLITE_LOCKED_SHAREDCACHE);
    assert_int_equal(time_of_failure(fixture, pool, &attempts), 0);
    assert_int_equal(attempts, 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(nothing_but_busy_is_tried_again, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture, NULL);
    static const int codes[] = {SQLITE_FULL, SQLITE_CONSTRAINT, SQLITE_IOERR_READ, SQLITE_CORRUPT,
                                SQLITE_INTERRUPT, SQLITE_ERROR, SQLITE_SCHEMA};
    struct torc_pool_counts counts;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct watched watched = {0};
        (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "INSERT", codes[i]);
        write_one(pool, 1, &watched);
        pool_fixture_finish(fixture);
        assert_int_not_equal(watched_code(&watched), 0);
        fixture->rule_count = 0;
    }
    torc_pool_count(pool, &counts);
    assert_int_equal(counts.retries, 0);
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t"), 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

/* --- limits and what cannot begin --------------------------------------------------------------- */

TORC_TEST(the_queue_is_limited, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct watched watched[2] = {{0}, {0}};
    struct torc_deferred *deferred;
    options.queue_max = 2;
    struct torc_pool *pool = ready_pool(fixture, &options);
    write_one(pool, 1, &watched[0]);
    write_one(pool, 1, &watched[1]);
    assert_int_equal(torc_pool_query(pool, "SELECT 1", TORC_NO_PARAMETERS, &deferred), TORC_ELIMIT);
    pool_fixture_finish(fixture);
    assert_int_equal(watched_code(&watched[0]), 0);
    assert_int_equal(watched_code(&watched[1]), 0);
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT 7"), 7);
    pool_fixture_end(fixture, pool);
    return NULL;
}

static int insert_and_wait(struct torc_transaction *transaction, void *arg)
{
    (void)arg;
    return torc_transaction_execute(transaction, insert, TORC_NO_PARAMETERS, NULL);
}

TORC_TEST(work_the_platform_has_no_place_for_is_not_taken, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture, NULL);
    struct watched watched = {0};
    struct torc_deferred *deferred;
    fixture->platform.submit_code = TORC_ELIMIT;
    assert_int_equal(torc_pool_interaction(pool, TORC_TRANSACTION_WRITE, insert_and_wait, &watched,
                                           pool_fixture_count_drop, &deferred),
                     TORC_ELIMIT);
    assert_int_equal(watched.dropped, 0);
    fixture->platform.submit_code = 0;
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(work_that_cannot_begin_later_fails_and_the_next_is_tried, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture, NULL);
    struct watched watched[3] = {{0}, {0}, {0}};
    for (int i = 0; i < 3; i++)
        write_one(pool, i + 1, &watched[i]);
    scripted_finish_job(&fixture->platform, fixture->platform.job_count - 1);
    fixture->platform.submit_code = TORC_ELIMIT;
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_int_equal(watched_code(&watched[0]), 0);
    assert_int_equal(watched_code(&watched[1]), TORC_ELIMIT);
    assert_int_equal(watched_code(&watched[2]), TORC_ELIMIT);
    fixture->platform.submit_code = 0;
    pool_fixture_end(fixture, pool);
    return NULL;
}

/* What a failing start does to others. */
struct meddling {
    struct pool_fixture *fixture;
    struct torc_deferred *victim;
    struct torc_pool *free_this;
    struct watched watched;
};

static struct torc_result meddle(struct torc_result result, void *arg)
{
    struct meddling *meddling = arg;
    meddling->watched.fired++;
    torc_result_drop(result);
    if (meddling->victim)
        torc_deferred_cancel(meddling->victim);
    torc_pool_free(meddling->free_this);
    meddling->fixture->platform.submit_code = 0;
    return torc_value(NULL);
}

static void add_meddling(struct torc_pool *pool, struct meddling *meddling)
{
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_operation(pool, insert, TORC_NO_PARAMETERS, &deferred), 0);
    assert_int_equal(torc_deferred_add_both(deferred, meddle, meddling, NULL), 0);
    torc_deferred_drop(deferred);
}

/* The first write is over; the second cannot begin, and its errback `meddles`. */
static void end_first_with_second_failing(struct pool_fixture *fixture)
{
    scripted_finish_job(&fixture->platform, fixture->platform.job_count - 1);
    fixture->platform.submit_code = TORC_ELIMIT;
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    fixture->platform.submit_code = 0;
}

TORC_TEST(one_whose_result_is_about_to_be_told_can_be_cancelled, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture, NULL);
    struct watched first = {0};
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_operation(pool, insert, TORC_NO_PARAMETERS, &deferred), 0);
    pool_fixture_watch(deferred, &first);
    struct meddling meddling = {.fixture = fixture, .victim = deferred};
    add_meddling(pool, &meddling);
    end_first_with_second_failing(fixture);
    assert_int_equal(meddling.watched.fired, 1);
    assert_int_equal(watched_code(&first), TORC_ECANCELED);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(the_pool_can_be_freed_by_one_that_cannot_begin, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture, NULL);
    struct watched first = {0};
    struct watched third = {0};
    write_one(pool, 1, &first);
    struct meddling meddling = {.fixture = fixture, .free_this = pool};
    add_meddling(pool, &meddling);
    write_one(pool, 3, &third);
    end_first_with_second_failing(fixture);
    pool_fixture_finish(fixture);
    assert_int_equal(meddling.watched.fired, 1);
    assert_int_equal(watched_code(&first), 0);
    assert_ptr_equal(watched_type(&third), &torc_failure_pool_closed);
    assert_int_equal(fixture->opened, fixture->closed);
    return NULL;
}

TORC_TEST(a_connection_freed_while_reads_begin_is_given_to_the_writes, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    options.readers = 1;
    struct torc_pool *pool = ready_pool(fixture, &options);
    struct watched paused = {0};
    struct watched waiting = {0};
    struct watched read = {0};
    struct torc_deferred *deferred;
    struct torc_deferred *reading;
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "INSERT", SQLITE_BUSY);
    assert_int_equal(torc_pool_operation(pool, insert, TORC_NO_PARAMETERS, &deferred), 0);
    pool_fixture_watch(deferred, &paused);
    write_one(pool, 2, &waiting);
    pool_fixture_settle(fixture); /* the first has a connection and waits for its next attempt */
    assert_int_equal(torc_pool_query(pool, "SELECT 1", TORC_NO_PARAMETERS, &reading), 0);
    pool_fixture_watch(reading, &read);
    struct meddling meddling = {.fixture = fixture, .victim = deferred};
    assert_int_equal(torc_pool_query(pool, "SELECT 2", TORC_NO_PARAMETERS, &reading), 0);
    assert_int_equal(torc_deferred_add_both(reading, meddle, &meddling, NULL), 0);
    torc_deferred_drop(reading);
    end_first_with_second_failing(fixture);
    assert_int_equal(meddling.watched.fired, 1);
    assert_int_equal(watched_code(&paused), TORC_ECANCELED);
    pool_fixture_settle(fixture);
    assert_int_equal(watched_code(&read), 0);
    assert_int_equal(watched_code(&waiting), 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

/* Cancels the one that pauses, so that its connection comes free. */
static struct torc_result cancel_other(struct torc_result result, void *arg)
{
    torc_result_drop(result);
    torc_deferred_cancel(arg);
    return torc_value(NULL);
}

TORC_TEST(work_that_is_given_up_does_not_begin_on_a_connection_that_comes_free, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture, NULL);
    struct watched paused = {0};
    struct watched waiting = {0};
    struct torc_deferred *deferred;
    struct torc_deferred *last;
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "INSERT", SQLITE_BUSY);
    assert_int_equal(torc_pool_operation(pool, insert, TORC_NO_PARAMETERS, &deferred), 0);
    pool_fixture_watch(deferred, &paused);
    pool_fixture_settle(fixture);
    write_one(pool, 2, &waiting);
    assert_int_equal(torc_pool_operation(pool, insert, TORC_NO_PARAMETERS, &last), 0);
    assert_int_equal(torc_deferred_add_both(last, cancel_other, deferred, NULL), 0);
    torc_deferred_drop(last);
    torc_pool_free(pool);
    assert_int_equal(watched_code(&paused), TORC_ECANCELED);
    assert_ptr_equal(watched_type(&waiting), &torc_failure_pool_closed);
    pool_fixture_finish(fixture);
    assert_null(strstr(fixture->statements, "VALUES (?)"));
    return NULL;
}

TORC_TEST(readers_work_beside_the_writer, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct watched watched[4] = {{0}, {0}, {0}, {0}};
    struct torc_deferred *deferred;
    struct torc_pool_counts counts;
    options.readers = 2;
    struct torc_pool *pool = ready_pool(fixture, &options);
    write_one(pool, 1, &watched[0]);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(torc_pool_query(pool, "SELECT 1", TORC_NO_PARAMETERS, &deferred), 0);
        pool_fixture_watch(deferred, &watched[i]);
    }
    torc_pool_count(pool, &counts);
    assert_int_equal(counts.running, 3);
    assert_int_equal(counts.waiting, 1);
    pool_fixture_finish(fixture);
    for (int i = 0; i < 4; i++)
        assert_int_equal(watched_code(&watched[i]), 0);
    torc_pool_count(pool, &counts);
    assert_int_equal(counts.running, 0);
    assert_int_equal(counts.waiting, 0);
    assert_int_equal(counts.connections, 3);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(using_a_pool_elsewhere_is_fatal, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct torc_deferred *deferred;
    fixture->platform.elsewhere = true;
    assert_true(SCRIPTED_IS_FATAL(&fixture->platform,
                                  (void)!torc_pool_query(pool, "SELECT 1", TORC_NO_PARAMETERS,
                                                         &deferred)));
    assert_true(SCRIPTED_IS_FATAL(&fixture->platform, (void)!torc_pool_close(pool, &deferred)));
    assert_true(SCRIPTED_IS_FATAL(&fixture->platform, torc_pool_free(pool)));
    fixture->platform.elsewhere = false;
    torc_pool_free(pool);
    return NULL;
}

TORC_TRIAL_MAIN
