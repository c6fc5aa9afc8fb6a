#include <string.h>

#include <sqlite3.h>

#include <torc/migration.h>

#include <tests/support/database_fixture.h>

static const struct torc_migration orders[] = {
    {.version = 1, .name = "orders", .sql = "CREATE TABLE orders (id INTEGER PRIMARY KEY)"},
    {.version = 2,
     .name = "lines",
     .sql = "CREATE TABLE lines (item TEXT); CREATE INDEX lines_by_item ON lines (item);\n"},
    {.version = 5, .name = "notes", .sql = "ALTER TABLE orders ADD COLUMN note TEXT"},
};

static size_t migrate(struct database_fixture *fixture, struct torc_pool *pool,
                      const struct torc_migration *steps, size_t count)
{
    struct torc_deferred *deferred;

    assert_int_equal(torc_migrate(pool, steps, count, &deferred), 0);
    return (size_t)(uintptr_t)database_await_value(fixture, deferred);
}

static struct torc_failure *fail_to_migrate(struct database_fixture *fixture,
                                            struct torc_pool *pool,
                                            const struct torc_migration *steps, size_t count)
{
    struct torc_deferred *deferred;

    assert_int_equal(torc_migrate(pool, steps, count, &deferred), 0);
    return database_await_failure(fixture, deferred);
}

/* Fails, with that code and a sentence that holds each of the texts. */
static void expect_refusal(struct database_fixture *fixture, const struct torc_migration *steps,
                           size_t count, int code, const char *text, const char *more)
{
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_failure *failure = fail_to_migrate(fixture, pool, steps, count);

    assert_ptr_equal(torc_failure_type(failure), &torc_failure_database_migration);
    assert_int_equal(torc_failure_code(failure), code);
    assert_non_null(strstr(torc_failure_message(failure), text));
    assert_non_null(strstr(torc_failure_message(failure), more));
    torc_failure_drop(failure);
    assert_int_equal(database_integer(fixture, pool, "SELECT count(*) FROM sqlite_schema"), 0);
    assert_int_equal(database_integer(fixture, pool, "PRAGMA user_version"), 0);
    database_pool_end(fixture, pool);
}

TORC_TEST(a_new_database_gets_every_step, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);

    assert_int_equal(migrate(fixture, pool, orders, 3), 3);
    assert_int_equal(database_integer(fixture, pool, "PRAGMA user_version"), 5);
    database_run(fixture, pool, "INSERT INTO orders (id, note) VALUES (1, 'x')");
    assert_int_equal(
        database_integer(fixture, pool,
                         "SELECT count(*) FROM sqlite_schema WHERE name = 'lines_by_item'"),
        1);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TEST(an_older_database_gets_the_steps_it_does_not_have, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);

    assert_int_equal(migrate(fixture, pool, orders, 1), 1);
    database_run(fixture, pool, "INSERT INTO orders (id) VALUES (7)");
    database_pool_end(fixture, pool);
    pool = database_pool(fixture, NULL);
    assert_int_equal(migrate(fixture, pool, orders, 3), 2);
    assert_int_equal(database_integer(fixture, pool, "SELECT id FROM orders"), 7);
    assert_int_equal(migrate(fixture, pool, orders, 3), 0);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TEST(with_nothing_to_do_it_is_a_transaction_all_the_same, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_pool_counts before, after;

    assert_int_equal(migrate(fixture, pool, orders, 3), 3);
    torc_pool_count(pool, &before);
    assert_int_equal(migrate(fixture, pool, orders, 3), 0);
    torc_pool_count(pool, &after);
    /* BEGIN IMMEDIATE, PRAGMA user_version, COMMIT */
    assert_int_equal(after.statements_run - before.statements_run, 3);
    assert_int_equal(migrate(fixture, pool, orders, 3), 0);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TEST(no_steps_are_version_0, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_failure *failure;

    assert_int_equal(migrate(fixture, pool, NULL, 0), 0);
    assert_int_equal(migrate(fixture, pool, orders, 1), 1);
    failure = fail_to_migrate(fixture, pool, NULL, 0);
    assert_non_null(strstr(torc_failure_message(failure), "version 1"));
    torc_failure_drop(failure);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_database_newer_than_the_program_is_refused_with_both_versions, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_failure *failure;

    assert_int_equal(migrate(fixture, pool, orders, 3), 3);
    failure = fail_to_migrate(fixture, pool, orders, 2);
    assert_ptr_equal(torc_failure_type(failure), &torc_failure_database_migration);
    assert_int_equal(torc_failure_code(failure), TORC_EDATABASE);
    assert_non_null(strstr(torc_failure_message(failure),
                           "the database has version 5, newer than this program's 2 (\"lines\")"));
    torc_failure_drop(failure);
    assert_int_equal(database_integer(fixture, pool, "PRAGMA user_version"), 5);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TEST(steps_out_of_order_are_named, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    static const struct torc_migration steps[] = {
        {.version = 1, .name = "one", .sql = "CREATE TABLE one (x)"},
        {.version = 3, .name = "three", .sql = "CREATE TABLE three (x)"},
        {.version = 2, .name = "two", .sql = "CREATE TABLE two (x)"},
    };

    expect_refusal(fixture, steps, 3, TORC_EINVAL, "'two' (version 2)", "'three' (version 3)");
    return NULL;
}

TORC_TEST(two_steps_of_one_version_are_named, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    static const struct torc_migration steps[] = {
        {.version = 1, .name = "one", .sql = "CREATE TABLE one (x)"},
        {.version = 1, .name = "another", .sql = "CREATE TABLE two (x)"},
    };

    expect_refusal(fixture, steps, 2, TORC_EINVAL, "'one' and 'another'", "version 1");
    return NULL;
}

TORC_TEST(a_step_needs_a_version_a_name_and_something_to_do, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    static const struct torc_migration zero[] = {{.version = 0, .name = "zero", .sql = "x"}};
    static const struct torc_migration anonymous[] = {{.version = 4, .name = "", .sql = "x"}};
    static const struct torc_migration idle[] = {{.version = 4, .name = "idle"}};

    expect_refusal(fixture, zero, 1, TORC_EINVAL, "'zero'", "version 0");
    expect_refusal(fixture, anonymous, 1, TORC_EINVAL, "step 1 (version 4)", "no name");
    expect_refusal(fixture, idle, 1, TORC_EINVAL, "'idle'", "nothing to do");
    return NULL;
}

TORC_TEST(a_failing_statement_is_named_and_nothing_remains, .group = &with_database)
{
    static const struct torc_migration steps[] = {
        {.version = 1, .name = "good", .sql = "CREATE TABLE good (x)"},
        {.version = 2,
         .name = "bad",
         .sql = "CREATE TABLE half (x); -- a comment;\n INSERT INTO missing VALUES (1);"
                "CREATE TABLE rest (x)"},
    };
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_failure *failure;
    const struct torc_database_error *error;

    expect_refusal(fixture, steps, 2, TORC_EINVAL, "step 'bad' (version 2) failed at statement 2",
                   "INSERT INTO missing VALUES (1)");
    failure = fail_to_migrate(fixture, pool, steps, 2);
    assert_ptr_equal(torc_failure_type(torc_failure_cause(failure)),
                     &torc_failure_database_statement);
    error = torc_database_error_of(torc_failure_cause(failure));
    assert_string_equal(error->statement, "INSERT INTO missing VALUES (1)");
    assert_string_equal(error->code_name, "SQLITE_ERROR");
    torc_failure_drop(failure);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TEST(semicolons_in_triggers_strings_and_comments_end_nothing, .group = &with_database)
{
    static const struct torc_migration steps[] = {
        {.version = 1,
         .name = "all",
         .sql = " ; ;; -- ; only a comment\n/* ; */ CREATE TABLE t (a TEXT, b INTEGER);"
                "CREATE TABLE log (what TEXT);\n"
                "CREATE TRIGGER noted AFTER INSERT ON t BEGIN\n"
                "  INSERT INTO log VALUES (new.a || ';');\n"
                "  UPDATE t SET b = b + 1 WHERE a = new.a;\n"
                "END;\n"
                "INSERT INTO t VALUES ('a;b', 1) /* ; */;\n"
                "INSERT INTO t VALUES ('c', 1) -- the last one; without an end"},
    };
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);

    assert_int_equal(migrate(fixture, pool, steps, 1), 1);
    assert_int_equal(database_integer(fixture, pool, "SELECT count(*) FROM t WHERE b = 2"), 2);
    assert_int_equal(database_integer(fixture, pool, "SELECT count(*) FROM log WHERE what = 'a;b;'"),
                     1);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_statement_without_an_end_fails_as_one, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    static const struct torc_migration steps[] = {
        {.version = 1, .name = "open", .sql = "CREATE TABLE t (a); INSERT INTO t VALUES ('a; "},
    };

    expect_refusal(fixture, steps, 1, TORC_EINVAL, "step 'open' (version 1) failed at statement 2",
                   "INSERT");
    return NULL;
}

TORC_TEST(a_step_cannot_end_the_transaction, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    static const struct torc_migration commits[] = {
        {.version = 1, .name = "commits", .sql = "CREATE TABLE t (a); commit; CREATE TABLE u (a)"},
    };
    static const struct torc_migration begins[] = {
        {.version = 1, .name = "begins", .sql = "BEGIN;CREATE TABLE t (a);"},
    };
    static const struct torc_migration ends[] = {
        {.version = 1, .name = "ends", .sql = "CREATE TABLE end_of_day (a); END"},
    };

    expect_refusal(fixture, commits, 1, TORC_EINVAL, "'commits'", "statement 2, \"commit\"");
    expect_refusal(fixture, begins, 1, TORC_EINVAL, "'begins'", "statement 1, \"BEGIN\"");
    expect_refusal(fixture, ends, 1, TORC_EINVAL, "'ends'", "statement 2, \"END\"");
    return NULL;
}

/* --- functions ------------------------------------------------------------------------------------ */

static int fill(struct torc_transaction *transaction, void *arg)
{
    return torc_transaction_execute(transaction, "INSERT INTO numbers VALUES (?)",
                                    TORC_PARAMETERS(torc_db_integer(*(const int *)arg)), NULL);
}

static int give_up(struct torc_transaction *transaction, void *arg)
{
    (void)transaction;
    (void)arg;
    return TORC_ELIMIT;
}

TORC_TEST(a_step_may_be_a_function_after_its_statements, .group = &with_database)
{
    int number = 42;
    struct torc_migration steps[] = {
        {.version = 1,
         .name = "numbers",
         .sql = "CREATE TABLE numbers (n INTEGER)",
         .apply = fill,
         .arg = &number},
        {.version = 2, .name = "again", .apply = fill, .arg = &number},
    };
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);

    assert_int_equal(migrate(fixture, pool, steps, 2), 2);
    assert_int_equal(database_integer(fixture, pool, "SELECT sum(n) FROM numbers"), 84);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_failing_function_is_named_by_its_step, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    static const struct torc_migration steps[] = {
        {.version = 1, .name = "table", .sql = "CREATE TABLE t (a)"},
        {.version = 2, .name = "gives up", .apply = give_up},
    };

    expect_refusal(fixture, steps, 2, TORC_ELIMIT, "step 'gives up' (version 2)", "function");
    return NULL;
}

/* --- what is no fault of a step ------------------------------------------------------------------- */

TORC_TEST(a_database_in_use_is_busy, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_pool *pool;
    struct torc_failure *failure;
    sqlite3 *other;

    options.busy_retries_max = 0;
    pool = database_pool(fixture, &options);
    database_run(fixture, pool, "CREATE TABLE before (a)");
    assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    failure = fail_to_migrate(fixture, pool, orders, 3);
    assert_ptr_equal(torc_failure_type(failure), &torc_failure_database_busy);
    torc_failure_drop(failure);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(migrate(fixture, pool, orders, 3), 3);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TRIAL_MAIN
