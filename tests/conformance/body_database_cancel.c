/* Databases: work that is given up, or too much. */
#include "database_worker.h"

BODY(a_request_that_is_cancelled_while_it_waits_never_runs)
{
    static struct worker worker;
    struct torc_pool *pool = pool_with_table(c);
    struct ask *first, *second;

    CHECK(c, pool != NULL);
    first = ask_work(c, pool, &worker);
    second = ask_write(c, pool, "INSERT INTO t VALUES (2, 2)");
    CHECK(c, run_until_true(c, works, &worker));
    CHECK(c, cancel(second));
    CHECK(c, !first->done);
    atomic_store(&worker.go_on, 1);
    CHECK(c, went_well(first));
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (3, 3)"));
    CHECK(c, number_from(c, pool, "SELECT sum(id) FROM t") == 4);
}

BODY(cancelling_what_runs_interrupts_its_statement_and_rolls_it_back)
{
    static struct worker worker;
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_endless_work(c, pool, &worker);
    CHECK(c, run_until_true(c, works, &worker));
    CHECK(c, cancel(ask));
    CHECK(c, run_until_true(c, has_ended, &worker));
    CHECK(c, worker.code == TORC_ECANCELED);
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (2, 2)"));
    CHECK(c, number_from(c, pool, "SELECT sum(id) FROM t") == 2);
    CHECK(c, ask->arg_dropped == 1);
}

BODY(an_interaction_that_is_cancelled_between_statements_does_not_commit)
{
    static struct worker worker;
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_work(c, pool, &worker);
    CHECK(c, run_until_true(c, works, &worker));
    CHECK(c, cancel(ask));
    CHECK(c, run_until_true(c, has_ended, &worker));
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (2, 2)"));
    CHECK(c, number_from(c, pool, "SELECT sum(id) FROM t") == 2);
}

BODY(a_query_that_runs_for_too_long_is_ended_by_its_timeout)
{
    struct torc_pool *pool = pool_with_table(c);
    struct torc_deferred *deferred;
    struct ask *ask;

    CHECK(c, pool != NULL);
    CHECK(c, torc_pool_query(pool, ENDLESS, TORC_NO_PARAMETERS, &deferred) == 0);
    CHECK(c, torc_deferred_add_timeout(deferred, torc_reactor_clock(c->client), 0) == 0);
    ask = ask_deferred(c, NULL, 0, deferred);
    CHECK(c, failed_as(ask, &torc_failure_timeout));
    CHECK(c, number_from(c, pool, "SELECT 1") == 1);
}

BODY(a_write_whose_deferred_is_dropped_is_done_all_the_same)
{
    struct torc_pool *pool = pool_with_table(c);
    struct torc_deferred *deferred;

    CHECK(c, pool != NULL);
    CHECK(c, torc_pool_operation(pool, INSERT, TORC_NO_PARAMETERS, &deferred) == 0);
    torc_deferred_drop(deferred);
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (2, 2)"));
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 2);
}

BODY(more_work_than_the_queue_takes_is_refused)
{
    static struct worker worker;
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_pool *pool;
    struct ask *first, *second, *third, *read;

    options.queue_max = 2;
    pool = pool_on(c, database_path(c, "main.db"), &options);
    CHECK(c, pool != NULL && did(c, pool, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)"));
    first = ask_work(c, pool, &worker);
    second = ask_write(c, pool, "INSERT INTO t VALUES (2, 2)");
    third = ask_write(c, pool, "INSERT INTO t VALUES (3, 3)");
    read = ask_query(c, pool, "SELECT 1", TORC_NO_PARAMETERS);
    CHECK(c, first->code == 0 && second->code == 0);
    CHECK(c, third->code == TORC_ELIMIT && read->code == TORC_ELIMIT);
    atomic_store(&worker.go_on, 1);
    CHECK(c, went_well(first) && went_well(second));
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (4, 4)"));
    CHECK(c, number_from(c, pool, "SELECT sum(id) FROM t") == 7);
}

BODY(counts_tell_what_waits_and_what_runs)
{
    static struct worker worker;
    struct torc_pool *pool = pool_with_table(c);
    struct ask *first, *second;

    CHECK(c, pool != NULL);
    first = ask_work(c, pool, &worker);
    second = ask_write(c, pool, "INSERT INTO t VALUES (2, 2)");
    CHECK(c, run_until_true(c, works, &worker));
    CHECK(c, counts_of(pool).running == 1 && counts_of(pool).waiting == 1);
    atomic_store(&worker.go_on, 1);
    CHECK(c, went_well(first) && went_well(second));
    CHECK(c, counts_of(pool).running == 0 && counts_of(pool).waiting == 0);
}
