/* Cancelling at every moment of a piece of work. */
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

static int insert_and_wait(struct torc_transaction *transaction, void *arg)
{
    (void)arg;
    return torc_transaction_execute(transaction, insert, TORC_NO_PARAMETERS, NULL);
}

static struct torc_deferred *interact(struct torc_pool *pool, struct watched *watched)
{
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_interaction(pool, TORC_TRANSACTION_WRITE, insert_and_wait, watched,
                                           pool_fixture_count_drop, &deferred),
                     0);
    return deferred;
}

TORC_TEST(what_waits_and_is_cancelled_does_not_run, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture, NULL);
    unsigned clock = 0;
    struct watched first = {0};
    struct watched second = {.clock = &clock};
    struct watched third = {0};
    write_one(pool, 1, &first);
    struct torc_deferred *deferred = interact(pool, &second);
    struct watched fired = {.clock = &clock};
    pool_fixture_watch(deferred, &fired);
    write_one(pool, 3, &third);
    torc_deferred_cancel(deferred);
    assert_int_equal(watched_code(&fired), TORC_ECANCELED);
    assert_int_equal(second.dropped, 1);
    assert_true(fired.order < second.order); /* fired first, then dropped */
    pool_fixture_finish(fixture);
    assert_int_equal(watched_code(&first), 0);
    assert_int_equal(watched_code(&third), 0);
    assert_null(strstr(fixture->statements, "BEGIN"));
    assert_int_equal(read_all(fixture, pool), 0x31);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(what_runs_and_is_cancelled_fires_at_once_and_is_rolled_back, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture, NULL);
    unsigned clock = 0;
    struct watched fired = {.clock = &clock};
    struct watched dropped = {.clock = &clock};
    struct torc_deferred *deferred = interact(pool, &dropped);
    pool_fixture_watch(deferred, &fired);
    torc_deferred_cancel(deferred);
    assert_int_equal(watched_code(&fired), TORC_ECANCELED);
    assert_int_equal(dropped.dropped, 0);
    pool_fixture_finish(fixture);
    assert_int_equal(dropped.dropped, 1);
    assert_int_equal(fired.fired, 1);
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t"), 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

static void cancel_deferred(void *deferred)
{
    torc_deferred_cancel(deferred);
}

/* Cancels a transaction when `sql` reaches `kind`; returns the rows there are then. */
static int64_t cancelled_at(struct pool_fixture *fixture, enum torc_database_event_kind kind,
                            const char *sql)
{
    struct torc_pool *pool = ready_pool(fixture, NULL);
    struct watched fired = {0};
    struct watched dropped = {0};
    struct torc_deferred *deferred = interact(pool, &dropped);
    pool_fixture_watch(deferred, &fired);
    struct pool_rule *rule = pool_fixture_rule(fixture, kind, sql, 0);
    rule->call = cancel_deferred;
    rule->arg = deferred;
    pool_fixture_finish(fixture);
    assert_int_equal(watched_code(&fired), TORC_ECANCELED);
    assert_int_equal(dropped.dropped, 1);
    int64_t rows = pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t");
    assert_int_equal(fixture->errors_logged, 0);
    pool_fixture_end(fixture, pool);
    return rows;
}

TORC_TEST(cancelled_before_its_commit_a_transaction_is_rolled_back, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    assert_int_equal(cancelled_at(fixture, TORC_DATABASE_BEGIN, "COMMIT"), 0);
    return NULL;
}

TORC_TEST(cancelled_after_its_commit_a_transaction_stays, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    assert_int_equal(cancelled_at(fixture, TORC_DATABASE_END, "COMMIT"), 1);
    return NULL;
}

TORC_TEST(cancelled_in_its_statement_a_transaction_is_rolled_back, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    assert_int_equal(cancelled_at(fixture, TORC_DATABASE_END, "INSERT"), 0);
    return NULL;
}

TORC_TEST(cancelled_in_its_begin_a_transaction_is_rolled_back, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    assert_int_equal(cancelled_at(fixture, TORC_DATABASE_END, "BEGIN"), 0);
    return NULL;
}

TORC_TEST(cancelling_while_a_connection_opens_ends_the_work, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct watched watched = {0};
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_operation(pool, "CREATE TABLE t (i)", TORC_NO_PARAMETERS, &deferred),
                     0);
    pool_fixture_watch(deferred, &watched);
    struct pool_rule *rule =
        pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "PRAGMA journal_mode", 0);
    rule->call = cancel_deferred;
    rule->arg = deferred;
    pool_fixture_finish(fixture);
    assert_int_equal(watched_code(&watched), TORC_ECANCELED);
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT count(*) FROM sqlite_schema"), 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_job_that_is_over_is_not_told_what_was_cancelled_meanwhile, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture, NULL);
    struct watched watched = {0};
    struct torc_deferred *deferred;
    struct scripted_platform *platform = &fixture->platform;
    assert_int_equal(torc_pool_operation(pool, insert, TORC_NO_PARAMETERS, &deferred), 0);
    pool_fixture_watch(deferred, &watched);
    scripted_finish_job(platform, platform->job_count - 1);
    torc_deferred_cancel(deferred); /* done, and not told yet */
    assert_int_equal(watched_code(&watched), TORC_ECANCELED);
    pool_fixture_finish(fixture);
    assert_int_equal(watched.fired, 1);
    pool_fixture_run(fixture, pool, insert); /* the interrupt does not strike the next */
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t"), 2);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(cancelling_during_the_pause_lets_the_next_go_on, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture, NULL);
    struct watched first = {0};
    struct watched second = {0};
    struct torc_deferred *deferred;
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "INSERT", SQLITE_BUSY);
    assert_int_equal(torc_pool_operation(pool, insert, TORC_NO_PARAMETERS, &deferred), 0);
    pool_fixture_watch(deferred, &first);
    write_one(pool, 5, &second);
    pool_fixture_settle(fixture);
    assert_int_equal(first.fired, 0);
    torc_deferred_cancel(deferred);
    assert_int_equal(watched_code(&first), TORC_ECANCELED);
    pool_fixture_settle(fixture); /* without a pause */
    assert_int_equal(watched_code(&second), 0);
    assert_int_equal(read_all(fixture, pool), 5);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TRIAL_MAIN
