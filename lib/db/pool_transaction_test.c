/* Transactions: what commits, what is tried again, what is told. */
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

/* --- attempts ----------------------------------------------------------------------------------- */

struct attempts {
    unsigned calls;
    unsigned last;
    unsigned dropped;
};

static void count_drop(void *arg)
{
    ((struct attempts *)arg)->dropped++;
}

static int insert_and_give(struct torc_transaction *transaction, void *arg)
{
    struct attempts *attempts = arg;
    attempts->calls++;
    attempts->last = torc_transaction_attempt(transaction);
    torc_transaction_give(transaction, attempts, count_drop);
    torc_transaction_give(transaction, attempts, count_drop); /* releases the first */
    return execute(transaction, "INSERT INTO t VALUES (1)");
}

TORC_TEST(a_busy_commit_is_rolled_back_and_all_of_it_tried_again, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct attempts attempts = {0};
    pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "COMMIT", SQLITE_BUSY)->times = 2;
    fixture->statements_bytes = 0;
    struct watched watched =
        interact(fixture, pool, TORC_TRANSACTION_WRITE, insert_and_give, &attempts);
    assert_int_equal(attempts.calls, 3);
    assert_int_equal(attempts.last, 3);
    assert_int_equal(attempts.dropped, 5);
    assert_ptr_equal(watched.result.as.value, &attempts);
    torc_result_drop(watched.result);
    assert_int_equal(attempts.dropped, 6);
    assert_non_null(strstr(fixture->statements, "0 COMMIT\n0 ROLLBACK\n0 BEGIN IMMEDIATE\n"));
    assert_int_equal(count(fixture, pool), 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_value_nobody_wants_is_released, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct attempts attempts = {0};
    struct watched watched = {0};
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_interaction(pool, TORC_TRANSACTION_WRITE, insert_and_give, &attempts,
                                           NULL, &deferred),
                     0);
    pool_fixture_watch(deferred, &watched);
    scripted_finish_job(&fixture->platform, fixture->platform.job_count - 1);
    torc_deferred_cancel(deferred);
    assert_int_equal(watched_code(&watched), TORC_ECANCELED);
    pool_fixture_finish(fixture);
    assert_int_equal(attempts.dropped, 2);
    assert_int_equal(count(fixture, pool), 1); /* it had been committed */
    pool_fixture_end(fixture, pool);
    return NULL;
}

struct rival {
    struct pool_fixture *fixture;
    sqlite3 *other;
    unsigned calls;
    int first;
    int second;
};

/* Reads, lets somebody else write, writes. */
static int write_on_an_old_snapshot(struct torc_transaction *transaction, void *arg)
{
    struct rival *rival = arg;
    int error = execute(transaction, "SELECT * FROM t");
    if (error == 0 && rival->calls++ == 0)
        assert_int_equal(sqlite3_exec(rival->other, "INSERT INTO t VALUES (10)", NULL, NULL, NULL),
                         SQLITE_OK);
    rival->first = execute(transaction, "INSERT INTO t VALUES (20)");
    rival->second = execute(transaction, "SELECT 1");
    return 0; /* whatever happened */
}

TORC_TEST(a_snapshot_that_is_too_old_is_tried_again_whatever_is_returned, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct torc_pool_counts counts;
    struct rival rival = {.fixture = fixture};
    assert_int_equal(sqlite3_open(fixture->path, &rival.other), SQLITE_OK);
    struct watched watched =
        interact(fixture, pool, TORC_TRANSACTION_DEFERRED, write_on_an_old_snapshot, &rival);
    assert_int_equal(watched_code(&watched), 0);
    assert_int_equal(rival.calls, 2);
    torc_pool_count(pool, &counts);
    assert_int_equal(counts.retries, 1);
    assert_int_equal(count(fixture, pool), 2);
    sqlite3_close(rival.other);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_write_lock_held_elsewhere_is_waited_for_by_retries, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct attempts attempts = {0};
    sqlite3 *other;
    assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    struct watched watched = {0};
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_interaction(pool, TORC_TRANSACTION_WRITE, insert_and_give, &attempts,
                                           NULL, &deferred),
                     0);
    pool_fixture_watch(deferred, &watched);
    pool_fixture_settle(fixture);
    assert_int_equal(watched.fired, 0);
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    pool_fixture_finish(fixture);
    assert_int_equal(watched_code(&watched), 0);
    assert_int_equal(attempts.calls, 1);
    assert_int_equal(attempts.last, 2);
    sqlite3_close(other);
    pool_fixture_end(fixture, pool);
    return NULL;
}

static int say_busy(struct torc_transaction *transaction, void *arg)
{
    (void)transaction;
    ++*(int *)arg;
    return TORC_EBUSY;
}

TORC_TEST(busy_of_the_functions_own_is_not_tried_again, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    int calls = 0;
    struct watched watched = interact(fixture, pool, TORC_TRANSACTION_WRITE, say_busy, &calls);
    assert_null(torc_database_error_of(watched.result.as.failure));
    assert_int_equal(watched_code(&watched), TORC_EBUSY);
    assert_int_equal(calls, 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

/* --- ending one's own transaction ----------------------------------------------------------------- */

static int commit_itself(struct torc_transaction *transaction, void *arg)
{
    int error = execute(transaction, "INSERT INTO t VALUES (1)");
    if (error == 0)
        error = execute(transaction, "COMMIT");
    *(int *)arg = execute(transaction, "INSERT INTO t VALUES (2)");
    return error;
}

TORC_TEST(an_interaction_that_ends_its_own_transaction_fails, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    int code = 0;
    struct watched watched =
        interact(fixture, pool, TORC_TRANSACTION_WRITE, commit_itself, &code);
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_statement);
    assert_int_equal(code, TORC_EMISUSE);
    assert_int_equal(count(fixture, pool), 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

static int answer_five(struct torc_transaction *transaction, void *arg)
{
    (void)arg;
    return execute(transaction, "INSERT INTO t VALUES (1)") ? 0 : 5;
}

TORC_TEST(an_answer_above_0_is_an_error, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct watched watched = interact(fixture, pool, TORC_TRANSACTION_WRITE, answer_five, NULL);
    assert_int_equal(watched_code(&watched), TORC_EINVAL);
    assert_int_equal(count(fixture, pool), 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

static int leave_open(struct torc_transaction *transaction, void *arg)
{
    (void)arg;
    int error = execute(transaction, "BEGIN");
    return error ? error : execute(transaction, "INSERT INTO t VALUES (1)");
}

static int begin_and_commit(struct torc_transaction *transaction, void *arg)
{
    int error = leave_open(transaction, arg);
    return error ? error : execute(transaction, "COMMIT");
}

TORC_TEST(a_run_may_end_its_transactions_and_must, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct watched watched = run(fixture, pool, leave_open, NULL);
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_statement);
    assert_int_equal(count(fixture, pool), 0);
    watched = run(fixture, pool, begin_and_commit, NULL);
    assert_int_equal(watched_code(&watched), 0);
    assert_int_equal(count(fixture, pool), 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_run_that_is_busy_is_not_tried_again, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "BEGIN", SQLITE_BUSY);
    struct watched watched = run(fixture, pool, begin_and_commit, NULL);
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_busy);
    pool_fixture_end(fixture, pool);
    return NULL;
}

/* --- words of one's own --------------------------------------------------------------------------- */

struct words {
    const char *sql;
    int code;
    int answer;
};

static int refuse(struct torc_transaction *transaction, void *arg)
{
    const struct words *words = arg;
    if (words->sql)
        (void)execute(transaction, words->sql);
    assert_int_equal(torc_transaction_refuse(transaction, &torc_failure_database_value, words->code,
                                             "t.i", "row %d is wrong", 7),
                     words->code);
    return words->answer;
}

TORC_TEST(words_count_only_for_the_answer_they_were_given_for, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct words words = {NULL, TORC_EINVAL, TORC_EINVAL};
    struct watched watched = interact(fixture, pool, TORC_TRANSACTION_WRITE, refuse, &words);
    const struct torc_failure *failure = watched.result.as.failure;
    assert_string_equal(torc_failure_message(failure), "main: row 7 is wrong");
    assert_string_equal(torc_database_error_of(failure)->column, "t.i");
    assert_null(torc_failure_cause(failure));
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_value);
    words.answer = TORC_EPROTOCOL;
    watched = interact(fixture, pool, TORC_TRANSACTION_WRITE, refuse, &words);
    assert_int_equal(watched_code(&watched), TORC_EPROTOCOL);
    words.answer = 0;
    watched = interact(fixture, pool, TORC_TRANSACTION_WRITE, refuse, &words);
    assert_int_equal(watched_code(&watched), 0);
    /* Nor for an error that comes after it. */
    words.code = TORC_EIO;
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "COMMIT", SQLITE_IOERR_FSYNC);
    watched = interact(fixture, pool, TORC_TRANSACTION_WRITE, refuse, &words);
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_io);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(the_error_of_the_statement_is_the_cause_of_words_for_it, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct words words = {"SELECT wrong", TORC_EINVAL, TORC_EINVAL};
    struct watched watched = interact(fixture, pool, TORC_TRANSACTION_WRITE, refuse, &words);
    const struct torc_failure *failure = watched.result.as.failure;
    assert_ptr_equal(torc_failure_type(failure), &torc_failure_database_value);
    assert_non_null(torc_failure_cause(failure));
    assert_ptr_equal(torc_failure_type(torc_failure_cause(failure)),
                     &torc_failure_database_statement);
    torc_result_drop(watched.result);
    pool_fixture_end(fixture, pool);
    return NULL;
}

static int look_at_errors(struct torc_transaction *transaction, void *arg)
{
    struct torc_database_error error;
    (void)arg;
    assert_null(torc_transaction_error(transaction, &error));
    assert_int_equal(execute(transaction, "SELECT wrong"), TORC_EINVAL);
    assert_string_equal(torc_transaction_error(transaction, &error), "no such column: wrong");
    assert_string_equal(error.statement, "SELECT wrong");
    assert_string_equal(error.column, "wrong");
    assert_string_equal(error.code_name, "SQLITE_ERROR");
    assert_int_equal(error.attempts, 1);
    void *memory = torc_transaction_alloc(transaction, 0);
    assert_non_null(memory);
    torc_transaction_release(transaction, memory, 0);
    torc_transaction_release(transaction, NULL, 9);
    torc_transaction_give(transaction, torc_transaction_alloc(transaction, 5), NULL);
    return 0;
}

TORC_TEST(a_statement_that_fails_leaves_the_transaction_as_it_was, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = ready_pool(fixture);
    struct watched watched =
        interact(fixture, pool, TORC_TRANSACTION_WRITE, look_at_errors, NULL);
    assert_int_equal(watched.fired, 1);
    assert_int_equal(watched.result.kind, TORC_RESULT_VALUE);
    torc_pool_release(pool, watched.result.as.value, 5);
    void *memory = torc_pool_alloc(pool, 3);
    torc_pool_release(pool, memory, 3);
    torc_pool_release(pool, NULL, 3);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TRIAL_MAIN
