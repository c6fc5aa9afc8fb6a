/* Row by row inside a transaction. */
#include "tests/support/pool_fixture.h"

#include <sqlite3.h>

static struct torc_pool *ready_pool(struct pool_fixture *fixture)
{
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i INTEGER PRIMARY KEY)");
    return pool;
}

static struct watched interact(struct pool_fixture *fixture, struct torc_pool *pool,
                               enum torc_transaction_mode mode, torc_interaction_fn *interaction,
                               void *arg)
{
    struct watched watched = {0};
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_interaction(pool, mode, interaction, arg, NULL, &deferred), 0);
    pool_fixture_watch(deferred, &watched);
    pool_fixture_finish(fixture);
    return watched;
}

static struct watched run(struct pool_fixture *fixture, struct torc_pool *pool,
                          torc_interaction_fn *function, void *arg)
{
    struct watched watched = {0};
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_run(pool, function, arg, NULL, &deferred), 0);
    pool_fixture_watch(deferred, &watched);
    pool_fixture_finish(fixture);
    return watched;
}

static int64_t count(struct pool_fixture *fixture, struct torc_pool *pool)
{
    return pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t");
}

static int execute(struct torc_transaction *transaction, const char *sql)
{
    return torc_transaction_execute(transaction, sql, TORC_NO_PARAMETERS, NULL);
}

static const char self[] = "SELECT i FROM t ORDER BY i";

struct nesting {
    struct torc_transaction *transaction;
    int depth;
    int64_t sum;
    int stop_at;
    int answer;
};

static int nest(void *arg, const struct torc_rows *row)
{
    struct nesting *nesting = arg;
    int64_t value = 0;
    assert_int_equal(torc_rows_count(row), 1);
    assert_int_equal(torc_rows_integer(row, 0, 0, &value), 0);
    nesting->sum += value;
    if (value == nesting->stop_at)
        return nesting->answer;
    if (nesting->depth == 2)
        return 0;
    nesting->depth++;
    int error = torc_transaction_each(nesting->transaction, self, TORC_NO_PARAMETERS, nest, arg);
    nesting->depth--;
    assert_int_equal(torc_rows_integer(row, 0, 0, &value), 0); /* the row is as it was */
    return error;
}

static int walk(struct torc_transaction *transaction, void *arg)
{
    struct nesting *nesting = arg;
    nesting->transaction = transaction;
    int status = torc_transaction_each(transaction, self, TORC_NO_PARAMETERS, nest, nesting);
    assert_int_equal(status, nesting->answer);
    return 0;
}

TORC_TEST(a_statement_can_be_used_inside_itself, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    for (size_t kept = 1; kept <= 3; kept++) {
        options.statements_max = kept;
        options.path = ":memory:";
        struct torc_pool *pool = pool_fixture_pool(fixture, &options);
        pool_fixture_run(fixture, pool, "CREATE TABLE t (i INTEGER PRIMARY KEY)");
        pool_fixture_run(fixture, pool, "INSERT INTO t VALUES (1), (2), (3)");
        struct nesting nesting = {.stop_at = 99};
        struct watched watched =
            interact(fixture, pool, TORC_TRANSACTION_READ, walk, &nesting);
        assert_int_equal(watched_code(&watched), 0);
        assert_int_equal(nesting.sum, 6 + 3 * 6 + 9 * 6);
        nesting = (struct nesting){.stop_at = 2, .answer = 44};
        watched = interact(fixture, pool, TORC_TRANSACTION_READ, walk, &nesting);
        assert_int_equal(watched_code(&watched), 0);
        pool_fixture_end(fixture, pool);
    }
    return NULL;
}

static int break_within(void *arg, const struct torc_rows *row)
{
    (void)row;
    (void)execute(arg, "INSERT OR ROLLBACK INTO t VALUES (1)");
    return 0;
}

static int walk_and_break(struct torc_transaction *transaction, void *arg)
{
    *(int *)arg = torc_transaction_each(transaction, self, TORC_NO_PARAMETERS, break_within,
                                        transaction);
    return 0;
}

TORC_TEST(what_breaks_the_transaction_within_a_statement_is_the_first_error, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    int code = 0;
    pool_fixture_run(fixture, pool, "INSERT INTO t VALUES (1), (2), (3)");
    struct watched watched =
        interact(fixture, pool, TORC_TRANSACTION_WRITE, walk_and_break, &code);
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_constraint);
    assert_int_equal(code, TORC_ECONSTRAINT);
    pool_fixture_end(fixture, pool);
    return NULL;
}

static int stop_at_once(void *arg, const struct torc_rows *row)
{
    (void)arg;
    (void)row;
    return 1;
}

static int insert_and_stop(struct torc_transaction *transaction, void *arg)
{
    *(int *)arg = torc_transaction_each(
        transaction, "INSERT INTO t VALUES (1), (2) RETURNING i", TORC_NO_PARAMETERS, stop_at_once,
        NULL);
    return 0;
}

TORC_TEST(a_write_whose_rows_are_not_all_wanted_is_done_whole, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    int code = 0;
    struct watched watched = run(fixture, pool, insert_and_stop, &code);
    assert_int_equal(watched_code(&watched), 0);
    assert_int_equal(code, 1);
    assert_int_equal(count(fixture, pool), 2);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(the_error_of_ending_a_statement_early_is_told, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    int code = 0;
    pool_fixture_run(fixture, pool, "DROP TABLE t");
    pool_fixture_run(fixture, pool, "CREATE TABLE p (i INTEGER PRIMARY KEY)");
    pool_fixture_run(fixture, pool,
                     "CREATE TABLE t (i REFERENCES p DEFERRABLE INITIALLY DEFERRED)");
    struct watched watched = run(fixture, pool, insert_and_stop, &code);
    assert_int_equal(watched_code(&watched), 0);
    assert_int_equal(code, TORC_ECONSTRAINT);
    assert_int_equal(count(fixture, pool), 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TRIAL_MAIN
