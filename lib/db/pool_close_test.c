/* Closing, freeing and the reactor's shutdown, with and without work, in any order. */
#include "tests/support/pool_fixture.h"

#include <sqlite3.h>

static struct torc_deferred *submit(struct torc_pool *pool, struct watched *watched)
{
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_operation(pool, "CREATE TABLE IF NOT EXISTS t (i)",
                                         TORC_NO_PARAMETERS, &deferred),
                     0);
    pool_fixture_watch(deferred, watched);
    return deferred;
}

static void close_pool(struct torc_pool *pool, struct watched *watched)
{
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_close(pool, &deferred), 0);
    pool_fixture_watch(deferred, watched);
    assert_int_equal(watched->fired, 0);
}

TORC_TEST(a_pool_without_work_closes, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct watched closed = {0};
    close_pool(pool, &closed);
    pool_fixture_finish(fixture);
    assert_int_equal(watched_code(&closed), 0);
    assert_int_equal(fixture->opened, 0);
    torc_pool_free(pool);
    return NULL;
}

TORC_TEST(a_pool_can_be_freed_without_having_been_closed, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    torc_pool_free(pool);
    torc_pool_free(NULL);
    pool = pool_fixture_pool(fixture, NULL);
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT 1"), 1);
    torc_pool_free(pool);
    pool_fixture_finish(fixture);
    assert_int_equal(fixture->closed, 1);
    return NULL;
}

TORC_TEST(closing_waits_for_what_waits_and_runs, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    unsigned clock = 0;
    struct watched work[3] = {{.clock = &clock}, {.clock = &clock}, {.clock = &clock}};
    struct watched closed = {.clock = &clock};
    struct torc_deferred *deferred;
    pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "CREATE", SQLITE_BUSY)->skip = 1;
    for (int i = 0; i < 3; i++)
        (void)submit(pool, &work[i]);
    close_pool(pool, &closed);
    assert_int_equal(torc_pool_query(pool, "SELECT 1", TORC_NO_PARAMETERS, &deferred),
                     TORC_ECLOSED);
    assert_int_equal(torc_pool_close(pool, &deferred), TORC_ECLOSED);
    pool_fixture_finish(fixture);
    for (int i = 0; i < 3; i++)
        assert_int_equal(watched_code(&work[i]), 0);
    assert_int_equal(watched_code(&closed), 0);
    assert_int_equal(closed.order, 4);
    assert_int_equal(fixture->opened, fixture->closed);
    torc_pool_free(pool);
    return NULL;
}

TORC_TEST(closed_and_freed_at_once_a_pool_fires_everything, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    for (int with_work = 0; with_work < 2; with_work++) {
        struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
        struct watched work = {0};
        struct watched closed = {0};
        if (with_work)
            (void)submit(pool, &work);
        close_pool(pool, &closed);
        torc_pool_free(pool);
        assert_int_equal(work.fired, with_work);
        pool_fixture_finish(fixture);
        if (with_work)
            assert_ptr_equal(watched_type(&work), &torc_failure_pool_closed);
        assert_int_equal(watched_code(&closed), 0);
    }
    return NULL;
}

TORC_TEST(a_close_that_has_no_place_leaves_the_pool_as_it_was, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct torc_deferred *deferred;
    fixture->platform.submit_code = TORC_ELIMIT;
    assert_int_equal(torc_pool_close(pool, &deferred), TORC_ELIMIT);
    fixture->platform.submit_code = 0;
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT 1"), 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_close_whose_job_has_no_place_later_is_done_all_the_same, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct watched work = {0};
    struct watched closed = {0};
    (void)submit(pool, &work);
    close_pool(pool, &closed);
    scripted_finish_job(&fixture->platform, fixture->platform.job_count - 1);
    fixture->platform.submit_code = TORC_ENOMEM;
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    fixture->platform.submit_code = 0;
    assert_int_equal(watched_code(&work), 0);
    assert_int_equal(watched_code(&closed), 0);
    assert_int_equal(fixture->closed, 1);
    torc_pool_free(pool);
    return NULL;
}

static struct torc_result free_pool(struct torc_result result, void *pool)
{
    torc_result_drop(result);
    torc_pool_free(pool);
    return torc_value(NULL);
}

TORC_TEST(a_pool_can_be_freed_where_its_close_is_told, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct torc_deferred *deferred;
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT 1"), 1);
    assert_int_equal(torc_pool_close(pool, &deferred), 0);
    assert_int_equal(torc_deferred_add_both(deferred, free_pool, pool, NULL), 0);
    torc_deferred_drop(deferred);
    pool_fixture_finish(fixture);
    return NULL;
}

TORC_TEST(a_pool_can_be_freed_where_a_result_is_told, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    for (int cancel = 0; cancel < 2; cancel++) {
        struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
        struct torc_deferred *deferred;
        struct watched waiting = {0};
        assert_int_equal(torc_pool_operation(pool, "CREATE TABLE IF NOT EXISTS t (i)",
                                             TORC_NO_PARAMETERS, &deferred),
                         0);
        assert_int_equal(torc_deferred_add_both(deferred, free_pool, pool, NULL), 0);
        (void)submit(pool, &waiting);
        if (cancel)
            torc_deferred_cancel(deferred);
        torc_deferred_drop(deferred);
        pool_fixture_finish(fixture);
        assert_ptr_equal(watched_type(&waiting), &torc_failure_pool_closed);
        assert_int_equal(fixture->opened, fixture->closed);
    }
    return NULL;
}

static int do_nothing(struct torc_transaction *transaction, void *arg)
{
    (void)transaction;
    (void)arg;
    return 0;
}

static void drop_by_freeing(void *pool)
{
    torc_pool_free(pool);
}

TORC_TEST(a_pool_can_be_freed_where_an_argument_is_dropped, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_deferred *deferred;
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    assert_int_equal(torc_pool_interaction(pool, TORC_TRANSACTION_READ, do_nothing, pool,
                                           drop_by_freeing, &deferred),
                     0);
    torc_deferred_drop(deferred);
    pool_fixture_finish(fixture);
    pool = pool_fixture_pool(fixture, NULL);
    assert_int_equal(torc_pool_interaction(pool, TORC_TRANSACTION_READ, do_nothing, pool,
                                           drop_by_freeing, &deferred),
                     0);
    struct watched watched = {0};
    pool_fixture_watch(deferred, &watched);
    torc_deferred_cancel(deferred);
    assert_int_equal(watched_code(&watched), TORC_ECANCELED);
    pool_fixture_finish(fixture);
    assert_int_equal(fixture->opened, fixture->closed);
    return NULL;
}

struct chain {
    struct torc_pool *pool;
    struct watched second;
};

static struct torc_result go_on(struct torc_result result, void *arg)
{
    struct chain *chain = arg;
    torc_result_drop(result);
    (void)submit(chain->pool, &chain->second);
    return torc_value(NULL);
}

static void submit_chain(struct chain *chain)
{
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_query(chain->pool, "SELECT 1", TORC_NO_PARAMETERS, &deferred), 0);
    assert_int_equal(torc_deferred_add_both(deferred, go_on, chain, NULL), 0);
    torc_deferred_drop(deferred);
}

/* --- shutdown ----------------------------------------------------------------------------------- */

static void stop(struct pool_fixture *fixture)
{
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
}

TORC_TEST(the_shutdown_waits_for_work_and_what_follows_from_it, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct chain chain = {.pool = pool_fixture_pool(fixture, NULL)};
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "SELECT", SQLITE_BUSY);
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "CREATE", SQLITE_BUSY);
    submit_chain(&chain);
    stop(fixture);
    pool_fixture_finish(fixture);
    assert_int_equal(watched_code(&chain.second), 0);
    assert_false(torc_reactor_running(fixture->reactor));
    assert_int_equal(fixture->opened, fixture->closed);
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_query(chain.pool, "SELECT 1", TORC_NO_PARAMETERS, &deferred),
                     TORC_ECLOSED);
    assert_int_equal(torc_pool_close(chain.pool, &deferred), TORC_ECLOSED);
    torc_pool_free(chain.pool);
    return NULL;
}

static struct torc_result hold(void *arg)
{
    struct torc_source *source = arg;
    struct torc_deferred *deferred;
    assert_int_equal(torc_deferred_new(source->scope, NULL, NULL, source, &deferred), 0);
    return torc_await(deferred);
}

TORC_TEST(work_asked_for_during_the_shutdown_is_waited_for, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct torc_source source = {.scope = torc_reactor_scope(fixture->reactor)};
    struct watched work = {0};
    assert_int_equal(torc_reactor_add_trigger(fixture->reactor, TORC_BEFORE, "shutdown", hold,
                                              &source, NULL, NULL),
                     0);
    stop(fixture);
    pool_fixture_settle(fixture);
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "CREATE", SQLITE_BUSY);
    (void)submit(pool, &work);
    (void)torc_source_fire(source, torc_value(NULL));
    pool_fixture_settle(fixture);
    assert_int_equal(work.fired, 0); /* it pauses, and nothing else holds the shutdown */
    assert_true(torc_reactor_running(fixture->reactor));
    pool_fixture_finish(fixture);
    assert_int_equal(watched_code(&work), 0);
    assert_false(torc_reactor_running(fixture->reactor));
    torc_pool_free(pool);
    return NULL;
}

TORC_TEST(a_shutdown_without_work_closes_the_connections, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT 1"), 1);
    stop(fixture);
    pool_fixture_finish(fixture);
    assert_int_equal(fixture->closed, 1);
    torc_pool_free(pool);
    return NULL;
}

TORC_TEST(freed_while_the_shutdown_waits_a_pool_lets_it_go_on, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct watched work[2] = {{0}, {0}};
    (void)submit(pool, &work[0]);
    (void)submit(pool, &work[1]);
    stop(fixture);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    torc_pool_free(pool);
    pool_fixture_finish(fixture);
    assert_false(torc_reactor_running(fixture->reactor));
    for (int i = 0; i < 2; i++)
        assert_ptr_equal(watched_type(&work[i]), &torc_failure_pool_closed);
    return NULL;
}

TORC_TEST(closed_while_the_shutdown_waits_a_pool_ends_its_work, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct watched work = {0};
    struct watched closed = {0};
    (void)submit(pool, &work);
    stop(fixture);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    close_pool(pool, &closed);
    pool_fixture_finish(fixture);
    assert_int_equal(watched_code(&work), 0);
    assert_int_equal(watched_code(&closed), 0);
    assert_false(torc_reactor_running(fixture->reactor));
    torc_pool_free(pool);
    return NULL;
}

static struct torc_failure *ignore(struct torc_row_consumer *self, struct torc_row_stream *stream,
                                   const struct torc_rows *rows, uint64_t first)
{
    (void)self;
    (void)rows;
    (void)first;
    torc_row_stream_pause(stream);
    return NULL;
}

/* What is left when the shutdown has waited long enough: one that runs, one that waits, one that pauses and a
 * stream between two pieces. */
TORC_TEST(work_the_shutdown_does_not_wait_for_fails_with_pool_closed, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_reactor *reactor;
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    struct torc_row_consumer consumer = {ignore};
    struct torc_row_stream_options pieces = TORC_ROW_STREAM_OPTIONS_INIT;
    struct watched watched[3] = {{0}, {0}, {0}};
    struct torc_deferred *deferred;
    torc_reactor_free(fixture->reactor);
    options.shutdown_timeout_ns = 1000;
    options.observer = &fixture->observer;
    assert_int_equal(torc_reactor_new(&fixture->platform.base, &options, &reactor), 0);
    fixture->reactor = reactor;
    assert_int_equal(torc_reactor_start(reactor), 0);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    pieces.rows_max = 1;
    assert_int_equal(torc_pool_stream(pool, "SELECT 1 UNION SELECT 2", TORC_NO_PARAMETERS,
                                      &consumer, &pieces, NULL, &deferred),
                     0);
    pool_fixture_watch(deferred, &watched[0]);
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "CREATE", SQLITE_BUSY);
    (void)submit(pool, &watched[1]);
    (void)submit(pool, &watched[2]);
    pool_fixture_settle(fixture);
    stop(fixture);
    fixture->platform.now_ns += 500;
    while (torc_reactor_running(reactor)) {
        assert_int_equal(torc_reactor_turn(reactor, 0), 0);
        fixture->platform.now_ns += 500;
    }
    for (int i = 0; i < 3; i++)
        assert_ptr_equal(watched_type(&watched[i]), &torc_failure_pool_closed);
    assert_int_equal(fixture->opened, fixture->closed);
    torc_pool_free(pool);
    torc_reactor_free(reactor);
    assert_int_equal(torc_reactor_new(&fixture->platform.base, &options, &fixture->reactor), 0);
    return NULL;
}

TORC_TEST(a_job_the_shutdown_does_not_wait_for_may_end_after_it, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    struct watched work = {0};
    torc_reactor_free(fixture->reactor);
    options.shutdown_timeout_ns = 1000;
    options.observer = &fixture->observer;
    assert_int_equal(torc_reactor_new(&fixture->platform.base, &options, &fixture->reactor), 0);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    (void)submit(pool, &work);
    stop(fixture);
    while (torc_reactor_running(fixture->reactor)) {
        assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
        fixture->platform.now_ns += 500;
    }
    assert_ptr_equal(watched_type(&work), &torc_failure_pool_closed);
    torc_pool_free(pool); /* its job has not run yet */
    scripted_finish_job(&fixture->platform, 0);
    torc_reactor_free(fixture->reactor); /* hears of it */
    assert_int_equal(fixture->opened, fixture->closed);
    assert_int_equal(torc_reactor_new(&fixture->platform.base, &options, &fixture->reactor), 0);
    return NULL;
}

TORC_TEST(two_pools_on_one_database_do_not_hold_each_other, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *first = pool_fixture_pool(fixture, NULL);
    struct torc_pool *second = pool_fixture_pool(fixture, NULL);
    struct watched watched[2] = {{0}, {0}};
    (void)submit(first, &watched[0]);
    (void)submit(second, &watched[1]);
    pool_fixture_finish(fixture);
    assert_int_equal(watched_code(&watched[0]), 0);
    assert_int_equal(watched_code(&watched[1]), 0);
    pool_fixture_run(fixture, first, "INSERT INTO t VALUES (5)");
    pool_fixture_end(fixture, first);
    assert_int_equal(pool_fixture_integer(fixture, second, "SELECT i FROM t"), 5);
    pool_fixture_end(fixture, second);
    return NULL;
}

TORC_TEST(a_pool_cannot_be_made_once_the_reactor_has_stopped, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_pool *pool;
    stop(fixture);
    pool_fixture_finish(fixture);
    assert_int_equal(torc_pool_new(fixture->reactor, &options, &pool), TORC_ECLOSED);
    return NULL;
}

TORC_TRIAL_MAIN
