/* Connections: opened when they are wanted, set up, doubted, lost, opened anew. */
#include "tests/support/pool_fixture.h"

#include <stdio.h>
#include <unistd.h>

#include <sqlite3.h>

static struct watched ask(struct pool_fixture *fixture, struct torc_pool *pool, const char *sql)
{
    struct watched watched = {0};
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_query(pool, sql, TORC_NO_PARAMETERS, &deferred), 0);
    pool_fixture_watch(deferred, &watched);
    pool_fixture_finish(fixture);
    return watched;
}

TORC_TEST(nothing_is_opened_before_it_is_wanted, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct torc_pool_counts counts;
    pool_fixture_finish(fixture);
    assert_int_equal(fixture->opened, 0);
    (void)pool_fixture_integer(fixture, pool, "SELECT 1");
    torc_pool_count(pool, &counts);
    assert_int_equal(counts.connections, 1);
    assert_int_equal(fixture->opened, 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_connection_is_set_up_before_its_first_statement, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    options.synchronous = TORC_SYNCHRONOUS_NORMAL;
    struct torc_pool *pool = pool_fixture_pool(fixture, &options);
    (void)pool_fixture_integer(fixture, pool, "SELECT 1");
    assert_string_equal(fixture->statements, "1 PRAGMA journal_mode=WAL\n"
                                             "1 PRAGMA synchronous=NORMAL\n"
                                             "1 PRAGMA foreign_keys=ON\n"
                                             "1 SELECT 1\n");
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_database_in_memory_has_one_connection_for_everything, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_pool *pool;
    options.readers = 5;
    assert_int_equal(torc_pool_new(fixture->reactor, &options, &pool), 0);
    assert_string_equal(torc_pool_name(pool), "memory");
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    pool_fixture_run(fixture, pool, "INSERT INTO t VALUES (4)");
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT i FROM t"), 4);
    struct watched watched = ask(fixture, pool, "INSERT INTO t VALUES (5)");
    assert_int_equal(watched_code(&watched), TORC_EREADONLY);
    assert_int_equal(fixture->opened, 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_missing_file_is_an_error_if_it_must_exist, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    options.must_exist = true;
    struct torc_pool *pool = pool_fixture_pool(fixture, &options);
    struct watched watched = ask(fixture, pool, "SELECT 1");
    const struct torc_database_error *error =
        torc_database_error_of(watched.result.as.failure);
    assert_string_equal(error->code_name, "SQLITE_CANTOPEN");
    assert_null(error->statement);
    assert_string_equal(error->database, "main");
    assert_non_null(strstr(torc_failure_message(watched.result.as.failure), fixture->path));
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_io);
    assert_int_equal(access(fixture->path, F_OK), -1);
    struct torc_pool *maker = pool_fixture_pool(fixture, NULL);
    pool_fixture_run(fixture, maker, "CREATE TABLE t (i)");
    pool_fixture_end(fixture, maker);
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t"), 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_directory_that_is_not_there_is_an_error_of_the_work, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    options.path = "/nowhere/at/all.sqlite";
    struct torc_pool *pool = pool_fixture_pool(fixture, &options);
    struct watched watched = ask(fixture, pool, "SELECT 1");
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_io);
    assert_string_equal(torc_pool_name(pool), "all");
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_file_that_is_no_database_is_corrupt, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    FILE *file = fopen(fixture->path, "w");
    assert_non_null(file);
    for (int i = 0; i < 200; i++)
        fputs("this is no database at all\n", file);
    fclose(file);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct watched watched = ask(fixture, pool, "SELECT 1");
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_corrupt);
    assert_int_equal(fixture->opened, fixture->closed);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(the_name_is_the_files_up_to_its_dot, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    static const struct {
        const char *path;
        const char *name;
    } cases[] = {{"a/b/orders.db", "orders"}, {"orders", "orders"},   {"./x.tar.gz", "x"},
                 {"/a.b/c", "c"},             {"a/.hidden", ".hidden"}, {"a/.h.db", ".h"},
                 {":memory:", "memory"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
        options.path = cases[i].path;
        struct torc_pool *pool = pool_fixture_pool(fixture, &options);
        assert_string_equal(torc_pool_name(pool), cases[i].name);
        assert_ptr_equal(torc_pool_reactor(pool), fixture->reactor);
        torc_pool_free(pool);
        options.name = "own";
        pool = pool_fixture_pool(fixture, &options);
        assert_string_equal(torc_pool_name(pool), "own");
        torc_pool_free(pool);
    }
    return NULL;
}

TORC_TEST(wrong_options_are_refused, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_pool *pool;
    options.path = "";
    assert_int_equal(torc_pool_new(fixture->reactor, &options, &pool), TORC_EINVAL);
    options.path = NULL;
    options.size = 8;
    assert_int_equal(torc_pool_new(fixture->reactor, &options, &pool), TORC_EINVAL);
    options.size = sizeof options;
    options.synchronous = (enum torc_synchronous)9;
    assert_int_equal(torc_pool_new(fixture->reactor, &options, &pool), TORC_EINVAL);
    return NULL;
}

TORC_TEST(a_path_may_have_any_bytes, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    char path[TEST_DIRECTORY_MAX + 32];
    snprintf(path, sizeof path, "%s/a b%%20?x=1#ü'.db", fixture->directory);
    options.path = path;
    struct torc_pool *pool = pool_fixture_pool(fixture, &options);
    memset(path, 'x', 3); /* it was copied */
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    snprintf(path, sizeof path, "%s/a b%%20?x=1#ü'.db", fixture->directory);
    assert_int_equal(access(path, F_OK), 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

/* --- the function that sets up ------------------------------------------------------------------- */

struct setting {
    unsigned calls;
    int answer;
    const char *sql;
    void *given;
    unsigned dropped;
};

static void count_drop(void *arg)
{
    ((struct setting *)arg)->dropped++;
}

static int set_up(struct torc_transaction *connection, void *arg)
{
    struct setting *setting = arg;
    int error = 0;
    setting->calls++;
    torc_transaction_give(connection, setting, count_drop);
    assert_int_equal(torc_transaction_attempt(connection), 1);
    if (setting->sql)
        error = torc_transaction_execute(connection, setting->sql, TORC_NO_PARAMETERS, NULL);
    return error ? error : setting->answer;
}

static struct torc_pool *pool_with(struct pool_fixture *fixture, struct setting *setting)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    options.readers = 1;
    options.opened = set_up;
    options.opened_arg = setting;
    return pool_fixture_pool(fixture, &options);
}

TORC_TEST(each_connection_is_set_up_once, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct setting setting = {.sql = "PRAGMA cache_size=77"};
    struct torc_pool *pool = pool_with(fixture, &setting);
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    assert_int_equal(pool_fixture_integer(fixture, pool, "PRAGMA cache_size"), 77);
    assert_int_equal(pool_fixture_integer(fixture, pool, "PRAGMA cache_size"), 77);
    assert_int_equal(setting.calls, 2);
    assert_int_equal(setting.dropped, 2);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(what_fails_in_setting_up_is_the_failure_of_the_work, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct setting setting = {.answer = TORC_EPROTOCOL};
    struct torc_pool *pool = pool_with(fixture, &setting);
    struct watched watched = ask(fixture, pool, "SELECT 1");
    assert_int_equal(watched_code(&watched), TORC_EPROTOCOL);
    assert_int_equal(fixture->opened, fixture->closed);
    setting.answer = 0;
    setting.sql = "SELECT wrong";
    watched = ask(fixture, pool, "SELECT 1");
    assert_string_equal(torc_database_error_of(watched.result.as.failure)->statement,
                        "SELECT wrong");
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_statement);
    setting.sql = "BEGIN";
    watched = ask(fixture, pool, "SELECT 1");
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_statement);
    setting.sql = NULL;
    setting.answer = 5;
    watched = ask(fixture, pool, "SELECT 1");
    assert_int_equal(watched_code(&watched), TORC_EINVAL);
    setting.answer = 0;
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT 1"), 1);
    assert_int_equal(setting.calls, 5);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(busy_in_opening_is_tried_again, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    (void)pool_fixture_rule(fixture, TORC_DATABASE_OPEN, NULL, SQLITE_BUSY);
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "PRAGMA journal_mode", SQLITE_BUSY);
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT 1"), 1);
    struct torc_pool_counts counts;
    torc_pool_count(pool, &counts);
    assert_int_equal(counts.retries, 2);
    pool_fixture_end(fixture, pool);
    return NULL;
}

static int count_call(struct torc_transaction *transaction, void *arg)
{
    (void)transaction;
    ++*(int *)arg;
    return 0;
}

TORC_TEST(a_function_that_has_not_run_is_tried_again_after_a_busy_opening, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct watched watched = {0};
    struct torc_deferred *deferred;
    int calls = 0;
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "PRAGMA journal_mode", SQLITE_BUSY);
    assert_int_equal(torc_pool_run(pool, count_call, &calls, NULL, &deferred), 0);
    pool_fixture_watch(deferred, &watched);
    pool_fixture_finish(fixture);
    assert_int_equal(watched_code(&watched), 0);
    assert_int_equal(calls, 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_connection_that_cannot_be_opened_is_opened_for_the_next_work, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    (void)pool_fixture_rule(fixture, TORC_DATABASE_OPEN, NULL, SQLITE_CANTOPEN);
    struct watched watched = ask(fixture, pool, "SELECT 1");
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_io);
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT 1"), 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

/* --- doubt --------------------------------------------------------------------------------------- */

TORC_TEST(an_error_that_leaves_doubt_opens_a_new_connection, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    static const int doubtful[] = {SQLITE_IOERR_READ, SQLITE_CORRUPT, SQLITE_NOTADB,
                                   SQLITE_CANTOPEN};
    static const int certain[] = {SQLITE_FULL, SQLITE_CONSTRAINT, SQLITE_NOMEM, SQLITE_IOERR_NOMEM,
                                  SQLITE_ERROR, SQLITE_INTERRUPT};
    struct torc_pool_counts counts;
    options.readers = 1;
    struct torc_pool *pool = pool_fixture_pool(fixture, &options);
    size_t count = sizeof doubtful / sizeof doubtful[0];
    for (size_t i = 0; i < count; i++) {
        (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "SELECT 1", doubtful[i]);
        struct watched watched = ask(fixture, pool, "SELECT 1");
        assert_int_not_equal(watched_code(&watched), 0);
        fixture->rule_count = 0;
    }
    torc_pool_count(pool, &counts);
    assert_int_equal(counts.reconnects, count);
    assert_int_equal(fixture->closed, count);
    for (size_t i = 0; i < sizeof certain / sizeof certain[0]; i++) {
        (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "SELECT 1", certain[i]);
        struct watched watched = ask(fixture, pool, "SELECT 1");
        assert_int_not_equal(watched_code(&watched), 0);
        fixture->rule_count = 0;
    }
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT 3"), 3);
    torc_pool_count(pool, &counts);
    assert_int_equal(counts.reconnects, count);
    pool_fixture_end(fixture, pool);
    return NULL;
}

static int insert_twice(struct torc_transaction *transaction, void *arg)
{
    int *codes = arg;
    codes[0] = torc_transaction_execute(transaction, "INSERT INTO t VALUES (1)",
                                        TORC_NO_PARAMETERS, NULL);
    codes[1] = torc_transaction_execute(transaction, "INSERT INTO t VALUES (2)",
                                        TORC_NO_PARAMETERS, NULL);
    return 0;
}

static struct watched interact(struct pool_fixture *fixture, struct torc_pool *pool,
                               torc_interaction_fn *interaction, void *arg)
{
    struct watched watched = {0};
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_interaction(pool, TORC_TRANSACTION_WRITE, interaction, arg, NULL,
                                           &deferred),
                     0);
    pool_fixture_watch(deferred, &watched);
    pool_fixture_finish(fixture);
    return watched;
}

TORC_TEST(a_connection_lost_in_a_transaction_undoes_it, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    int codes[2] = {0, 0};
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    fixture->statements_bytes = 0;
    pool_fixture_rule(fixture, TORC_DATABASE_END, "INSERT", 0)->lost = true;
    struct watched watched = interact(fixture, pool, insert_twice, codes);
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_lost);
    assert_int_equal(codes[0], TORC_EUNKNOWN);
    assert_int_equal(codes[1], TORC_EUNKNOWN);
    assert_null(strstr(fixture->statements, "ROLLBACK"));
    assert_null(strstr(fixture->statements, "COMMIT"));
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t"), 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_connection_lost_at_its_commit_leaves_the_outcome_unknown, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct torc_pool_counts counts;
    int codes[2] = {0, 0};
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    pool_fixture_rule(fixture, TORC_DATABASE_END, "COMMIT", SQLITE_BUSY)->lost = true;
    struct watched watched = interact(fixture, pool, insert_twice, codes);
    assert_int_equal(torc_failure_code(watched.result.as.failure), TORC_EUNKNOWN);
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_lost);
    torc_pool_count(pool, &counts);
    assert_int_equal(counts.retries, 0); /* it was committed, for all that is known */
    assert_int_equal(counts.reconnects, 1);
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t"), 2);
    pool_fixture_end(fixture, pool);
    return NULL;
}

static int fail_on_purpose(struct torc_transaction *transaction, void *arg)
{
    int codes[2];
    (void)arg;
    (void)insert_twice(transaction, codes);
    return TORC_EPROTOCOL;
}

TORC_TEST(a_failing_rollback_does_not_hide_the_first_error, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct torc_pool_counts counts;
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "ROLLBACK", SQLITE_FULL);
    struct watched watched = interact(fixture, pool, fail_on_purpose, NULL);
    assert_int_equal(watched_code(&watched), TORC_EPROTOCOL);
    assert_int_equal(fixture->errors_logged, 1);
    assert_string_equal(fixture->last_error,
                        "main: rollback failed: database or disk is full");
    torc_pool_count(pool, &counts);
    assert_int_equal(counts.reconnects, 1);
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t"), 0);
    pool_fixture_run(fixture, pool, "INSERT INTO t VALUES (1)");
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(an_interrupt_that_strikes_the_rollback_is_no_failure_of_it, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "ROLLBACK", SQLITE_INTERRUPT);
    struct watched watched = interact(fixture, pool, fail_on_purpose, NULL);
    assert_int_equal(watched_code(&watched), TORC_EPROTOCOL);
    assert_int_equal(fixture->errors_logged, 0);
    assert_int_equal(fixture->closed, 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

/* --- connections that are answered ---------------------------------------------------------------- */

TORC_TEST(a_platform_can_answer_everything, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    int codes[2] = {1, 1};
    fixture->answered = true;
    fixture->answer_rows = 3;
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT whatever"), 1);
    fixture->answer_rows = 0;
    struct watched watched = interact(fixture, pool, insert_twice, codes);
    assert_int_equal(watched_code(&watched), 0);
    assert_int_equal(codes[0], 0);
    assert_non_null(strstr(fixture->statements, "0 BEGIN IMMEDIATE\n0 INSERT INTO t VALUES (1)\n"
                                                "0 INSERT INTO t VALUES (2)\n0 COMMIT\n"));
    watched = interact(fixture, pool, fail_on_purpose, NULL);
    assert_int_equal(watched_code(&watched), TORC_EPROTOCOL);
    assert_non_null(strstr(fixture->statements, "0 ROLLBACK\n"));
    pool_fixture_end(fixture, pool);
    assert_int_equal(access(fixture->path, F_OK), -1);
    return NULL;
}

TORC_TEST(an_answer_can_be_an_error_a_busy_one_a_loss, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    int codes[2] = {1, 1};
    fixture->answered = true;
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "COMMIT", SQLITE_BUSY);
    struct watched watched = interact(fixture, pool, insert_twice, codes);
    assert_int_equal(watched_code(&watched), 0);
    (void)pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "INSERT", SQLITE_CONSTRAINT_UNIQUE);
    watched = interact(fixture, pool, insert_twice, codes);
    assert_int_equal(watched_code(&watched), 0);
    assert_int_equal(codes[0], TORC_ECONSTRAINT);
    assert_int_equal(codes[1], 0);
    pool_fixture_rule(fixture, TORC_DATABASE_BEGIN, "INSERT", 0)->lost = true;
    watched = interact(fixture, pool, insert_twice, codes);
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_lost);
    pool_fixture_end(fixture, pool);
    assert_int_equal(fixture->opened, fixture->closed);
    return NULL;
}

TORC_TRIAL_MAIN
