/* What a pool promises, on a real file. */
#include <string.h>

#include "tests/support/database_fixture.h"

TORC_TEST(a_statement_gives_rows_and_typed_cells, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_deferred *deferred;
    database_run(fixture, pool, "CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, n)");
    assert_int_equal(torc_pool_operation(pool, "INSERT INTO t VALUES (?, ?, ?, ?, ?)",
                                         TORC_PARAMETERS(torc_db_integer(INT64_MIN),
                                                         torc_db_real(0.5), torc_db_text("Grüße"),
                                                         torc_db_blob("a\0b", 3), torc_db_null()),
                                         &deferred),
                     0);
    struct torc_rows *done = database_await_value(fixture, deferred);
    assert_int_equal(torc_rows_changes(done), 1);
    assert_int_equal(torc_rows_last_insert_id(done), 1);
    assert_int_equal(torc_rows_count(done), 0);
    torc_rows_free(done);
    assert_int_equal(torc_pool_query(pool, "SELECT i, r, s, b, n FROM t", TORC_NO_PARAMETERS,
                                     &deferred),
                     0);
    struct torc_rows *rows = database_await_value(fixture, deferred);
    int64_t integer;
    double real;
    const char *text;
    const void *blob;
    size_t bytes;
    assert_int_equal(torc_rows_count(rows), 1);
    assert_int_equal(torc_rows_columns(rows), 5);
    assert_string_equal(torc_rows_column_name(rows, 2), "s");
    assert_int_equal(torc_rows_integer(rows, 0, 0, &integer), 0);
    assert_true(integer == INT64_MIN);
    assert_int_equal(torc_rows_real(rows, 0, 1, &real), 0);
    assert_true(real == 0.5);
    assert_int_equal(torc_rows_text(rows, 0, 2, &text, NULL), 0);
    assert_string_equal(text, "Grüße");
    assert_int_equal(torc_rows_blob(rows, 0, 3, &blob, &bytes), 0);
    assert_int_equal(bytes, 3);
    assert_memory_equal(blob, "a\0b", 3);
    assert_true(torc_rows_is_null(rows, 0, 4));
    assert_int_equal(torc_rows_integer(rows, 0, 2, &integer), TORC_EINVAL);
    assert_int_equal(torc_rows_integer(rows, 1, 0, &integer), TORC_ENOTFOUND);
    torc_rows_free(rows);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_constraint_that_fails_names_code_statement_and_column, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_deferred *deferred;
    database_run(fixture, pool, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)");
    database_run(fixture, pool, "INSERT INTO t VALUES (1, 'a')");
    assert_int_equal(torc_pool_operation(pool, "INSERT INTO t VALUES (2, 'a')",
                                         TORC_NO_PARAMETERS, &deferred),
                     0);
    struct torc_failure *failure = database_await_failure(fixture, deferred);
    const struct torc_database_error *error = torc_database_error_of(failure);
    assert_ptr_equal(torc_failure_type(failure), &torc_failure_database_constraint);
    assert_int_equal(torc_failure_code(failure), TORC_ECONSTRAINT);
    assert_non_null(error);
    assert_string_equal(error->code_name, "SQLITE_CONSTRAINT_UNIQUE");
    assert_string_equal(error->statement, "INSERT INTO t VALUES (2, 'a')");
    assert_string_equal(error->column, "t.name");
    assert_string_equal(error->database, "main");
    assert_string_equal(torc_failure_message(failure),
                        "main: UNIQUE constraint failed: t.name, in: INSERT INTO t VALUES (2, 'a') "
                        "(SQLITE_CONSTRAINT_UNIQUE)");
    torc_failure_drop(failure);
    database_pool_end(fixture, pool);
    return NULL;
}

static int insert_two(struct torc_transaction *transaction, void *arg)
{
    const int *answer = arg;
    int error = torc_transaction_execute(transaction, "INSERT INTO t VALUES (1)",
                                         TORC_NO_PARAMETERS, NULL);
    if (error == 0)
        error = torc_transaction_execute(transaction, "INSERT INTO t VALUES (2)",
                                         TORC_NO_PARAMETERS, NULL);
    return error ? error : *answer;
}

TORC_TEST(an_interaction_commits_or_leaves_nothing, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_deferred *deferred;
    int answer = TORC_EPROTOCOL;
    database_run(fixture, pool, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    assert_int_equal(torc_pool_interaction(pool, TORC_TRANSACTION_WRITE, insert_two, &answer, NULL,
                                           &deferred),
                     0);
    struct torc_failure *failure = database_await_failure(fixture, deferred);
    assert_int_equal(torc_failure_code(failure), TORC_EPROTOCOL);
    torc_failure_drop(failure);
    assert_int_equal(database_integer(fixture, pool, "SELECT count(*) FROM t"), 0);
    answer = 0;
    assert_int_equal(torc_pool_interaction(pool, TORC_TRANSACTION_WRITE, insert_two, &answer, NULL,
                                           &deferred),
                     0);
    assert_null(database_await_value(fixture, deferred));
    assert_int_equal(database_integer(fixture, pool, "SELECT count(*) FROM t"), 2);
    database_pool_end(fixture, pool);
    return NULL;
}

static int ignore_a_rollback(struct torc_transaction *transaction, void *arg)
{
    int *codes = arg;
    codes[0] = torc_transaction_execute(transaction, "INSERT OR ROLLBACK INTO t VALUES (1), (1)",
                                        TORC_NO_PARAMETERS, NULL);
    codes[1] = torc_transaction_execute(transaction, "INSERT INTO t VALUES (2)",
                                        TORC_NO_PARAMETERS, NULL);
    return 0;
}

TORC_TEST(an_error_that_ends_the_transaction_is_the_failure, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_deferred *deferred;
    int codes[2] = {0, 0};
    database_run(fixture, pool, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    assert_int_equal(torc_pool_interaction(pool, TORC_TRANSACTION_WRITE, ignore_a_rollback, codes,
                                           NULL, &deferred),
                     0);
    struct torc_failure *failure = database_await_failure(fixture, deferred);
    assert_ptr_equal(torc_failure_type(failure), &torc_failure_database_constraint);
    assert_int_equal(codes[0], TORC_ECONSTRAINT);
    assert_int_equal(codes[1], TORC_ECONSTRAINT);
    torc_failure_drop(failure);
    assert_int_equal(database_integer(fixture, pool, "SELECT count(*) FROM t"), 0);
    database_pool_end(fixture, pool);
    return NULL;
}

static int write_anyway(struct torc_transaction *transaction, void *arg)
{
    (void)arg;
    return torc_transaction_execute(transaction, "INSERT INTO t VALUES (1)", TORC_NO_PARAMETERS,
                                    NULL);
}

TORC_TEST(a_transaction_that_reads_refuses_to_write, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_deferred *deferred;
    database_run(fixture, pool, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    assert_int_equal(torc_pool_interaction(pool, TORC_TRANSACTION_READ, write_anyway, NULL, NULL,
                                           &deferred),
                     0);
    struct torc_failure *failure = database_await_failure(fixture, deferred);
    assert_ptr_equal(torc_failure_type(failure), &torc_failure_database_statement);
    assert_int_equal(torc_failure_code(failure), TORC_EREADONLY);
    torc_failure_drop(failure);
    assert_int_equal(database_integer(fixture, pool, "SELECT count(*) FROM t"), 0);
    database_pool_end(fixture, pool);
    return NULL;
}

struct counting {
    struct torc_row_consumer consumer;
    uint64_t rows;
    int64_t sum;
    unsigned pieces;
};

static struct torc_failure *count_rows(struct torc_row_consumer *self,
                                       struct torc_row_stream *stream, const struct torc_rows *rows,
                                       uint64_t first)
{
    struct counting *counting = (struct counting *)(void *)self;
    (void)stream;
    assert_int_equal(first, counting->rows);
    for (size_t i = 0; i < torc_rows_count(rows); i++)
        counting->sum += torc_rows_value(rows, i, 0).as.integer;
    counting->rows += torc_rows_count(rows);
    counting->pieces++;
    return NULL;
}

TORC_TEST(a_stream_gives_every_row_in_pieces, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct counting counting = {{count_rows}, 0, 0, 0};
    struct torc_row_stream_options options = TORC_ROW_STREAM_OPTIONS_INIT;
    struct torc_deferred *deferred;
    options.rows_max = 100;
    assert_int_equal(torc_pool_stream(pool,
                                      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                                      "FROM n WHERE i < ?) SELECT i FROM n",
                                      TORC_PARAMETERS(torc_db_integer(1050)), &counting.consumer,
                                      &options, NULL, &deferred),
                     0);
    assert_int_equal((uintptr_t)database_await_value(fixture, deferred), 1050);
    assert_int_equal(counting.rows, 1050);
    assert_int_equal(counting.sum, 1050 * 1051 / 2);
    assert_int_equal(counting.pieces, 11);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_pool_that_is_freed_with_work_tells_it, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_deferred *running;
    struct torc_deferred *waiting;
    struct torc_reactor_counts counts;
    assert_int_equal(torc_pool_operation(pool, "CREATE TABLE t (i)", TORC_NO_PARAMETERS, &running),
                     0);
    assert_int_equal(torc_pool_operation(pool, "CREATE TABLE u (i)", TORC_NO_PARAMETERS, &waiting),
                     0);
    torc_pool_free(pool);
    struct torc_failure *failure = database_await_failure(fixture, running);
    assert_ptr_equal(torc_failure_type(failure), &torc_failure_pool_closed);
    failure = database_await_failure(fixture, waiting);
    assert_ptr_equal(torc_failure_type(failure), &torc_failure_pool_closed);
    do {
        assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
        torc_reactor_count(fixture->reactor, &counts);
    } while (counts.jobs > 0);
    return NULL;
}

TORC_TRIAL_MAIN
