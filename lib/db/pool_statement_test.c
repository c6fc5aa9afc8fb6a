/* One statement: what is taken for one, what it gives, what its errors tell. */
#include "tests/support/pool_fixture.h"

#include <sqlite3.h>

/* The whole of one statement; the answer is watched. */
static struct watched ask(struct pool_fixture *fixture, struct torc_pool *pool, bool reads,
                          const char *sql, const struct torc_db_value *parameters, size_t count)
{
    struct watched watched = {0};
    struct torc_deferred *deferred;
    assert_int_equal(reads ? torc_pool_query(pool, sql, parameters, count, &deferred)
                           : torc_pool_operation(pool, sql, parameters, count, &deferred),
                     0);
    pool_fixture_watch(deferred, &watched);
    pool_fixture_finish(fixture);
    assert_int_equal(watched.fired, 1);
    return watched;
}

static struct torc_rows *rows_of(struct watched watched)
{
    if (watched.result.kind == TORC_RESULT_FAILURE)
        fail_msg("%s", torc_failure_message(watched.result.as.failure));
    return watched.result.as.value;
}

static void expect_statement_error(struct pool_fixture *fixture, struct torc_pool *pool,
                                   const char *sql)
{
    struct watched watched = ask(fixture, pool, false, sql, NULL, 0);
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_statement);
}

TORC_TEST(exactly_one_statement_is_run, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    expect_statement_error(fixture, pool, "");
    expect_statement_error(fixture, pool, " -- nothing\n ; /* at all */");
    expect_statement_error(fixture, pool, "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)");
    expect_statement_error(fixture, pool, "INSERT INTO t VALUES (1); wrong");
    expect_statement_error(fixture, pool, "INSERT INTO t VALUES (1)) ");
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t"), 0);
    pool_fixture_run(fixture, pool, "/* first */ INSERT INTO t VALUES (1) ; -- last\n ;;/* x */ ");
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t"), 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_second_statement_that_is_refused_has_no_effect, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct watched watched =
        ask(fixture, pool, true, "SELECT 1; PRAGMA foreign_keys=OFF", NULL, 0);
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_statement);
    assert_int_equal(pool_fixture_integer(fixture, pool, "PRAGMA foreign_keys"), 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_pragma_tells_what_is_and_not_what_was, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    options.readers = 1;
    struct torc_pool *pool = pool_fixture_pool(fixture, &options);
    for (int i = 0; i < 2; i++) {
        torc_rows_free(rows_of(ask(fixture, pool, true, "PRAGMA synchronous=OFF", NULL, 0)));
        assert_int_equal(pool_fixture_integer(fixture, pool, "PRAGMA synchronous"), 0);
        torc_rows_free(rows_of(ask(fixture, pool, true, "PRAGMA synchronous=FULL", NULL, 0)));
        assert_int_equal(pool_fixture_integer(fixture, pool, "PRAGMA synchronous"), 2);
    }
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_write_asked_for_as_a_read_is_refused, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    struct watched watched = ask(fixture, pool, true, "INSERT INTO t VALUES (1)", NULL, 0);
    assert_int_equal(watched_code(&watched), TORC_EREADONLY);
    watched = ask(fixture, pool, true, "INSERT INTO t VALUES (1) RETURNING i", NULL, 0);
    assert_int_equal(watched_code(&watched), TORC_EREADONLY);
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t"), 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_statement_that_leaves_a_transaction_open_fails, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    options.readers = 1;
    struct torc_pool *pool = pool_fixture_pool(fixture, &options);
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    expect_statement_error(fixture, pool, "BEGIN");
    expect_statement_error(fixture, pool, "SAVEPOINT s");
    struct watched watched = ask(fixture, pool, true, "BEGIN", NULL, 0);
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_statement);
    pool_fixture_run(fixture, pool, "INSERT INTO t VALUES (1)");
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t"), 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(parameters_have_to_fit, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct watched watched = ask(fixture, pool, true, "SELECT ?, ?2",
                                 TORC_PARAMETERS(torc_db_integer(1)));
    const struct torc_database_error *error = torc_database_error_of(watched.result.as.failure);
    assert_ptr_equal(torc_failure_type(watched.result.as.failure),
                     &torc_failure_database_statement);
    assert_int_equal(error->parameter, 2);
    assert_string_equal(error->code_name, "SQLITE_RANGE");
    torc_result_drop(watched.result);
    watched = ask(fixture, pool, true, "SELECT ?",
                  TORC_PARAMETERS(torc_db_integer(1), torc_db_integer(2)));
    assert_int_equal(torc_database_error_of(watched.result.as.failure)->parameter, 2);
    torc_result_drop(watched.result);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(parameters_are_copied_by_place_and_name, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    struct watched watched = {0};
    struct torc_deferred *deferred;
    char text[] = "text";
    unsigned char blob[] = {1, 0, 2};
    struct torc_db_value values[] = {torc_db_text_of(text, 2), torc_db_blob(blob, 3),
                                     torc_db_blob(NULL, 0), torc_db_text("")};
    char sql[] = "SELECT :a, :b, :a, typeof(?3), ?4";
    assert_int_equal(torc_pool_query(pool, sql, values, 4, &deferred), 0);
    pool_fixture_watch(deferred, &watched);
    memset(text, 'x', sizeof text);
    memset(blob, 9, sizeof blob);
    memset(sql, 'x', sizeof sql);
    memset(values, 0, sizeof values);
    pool_fixture_finish(fixture);
    struct torc_rows *rows = rows_of(watched);
    const char *got;
    const void *bytes;
    size_t length;
    assert_int_equal(torc_rows_text(rows, 0, 0, &got, &length), 0);
    assert_int_equal(length, 2);
    assert_string_equal(got, "te");
    assert_int_equal(torc_rows_blob(rows, 0, 1, &bytes, &length), 0);
    assert_int_equal(length, 3);
    assert_memory_equal(bytes, "\1\0\2", 3);
    assert_int_equal(torc_rows_text(rows, 0, 2, &got, NULL), 0);
    assert_string_equal(got, "te");
    assert_int_equal(torc_rows_text(rows, 0, 3, &got, NULL), 0);
    assert_string_equal(got, "blob");
    assert_int_equal(torc_rows_text(rows, 0, 4, &got, &length), 0);
    assert_int_equal(length, 0);
    torc_rows_free(rows);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_result_without_rows_has_its_columns, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    pool_fixture_run(fixture, pool, "CREATE TABLE t (first, second)");
    struct torc_rows *rows = rows_of(ask(fixture, pool, true, "SELECT * FROM t", NULL, 0));
    size_t column;
    assert_int_equal(torc_rows_count(rows), 0);
    assert_int_equal(torc_rows_columns(rows), 2);
    assert_int_equal(torc_rows_find_column(rows, "second", &column), 0);
    assert_int_equal(column, 1);
    torc_rows_free(rows);
    rows = rows_of(ask(fixture, pool, false, "DELETE FROM t RETURNING first", NULL, 0));
    assert_int_equal(torc_rows_columns(rows), 1);
    assert_string_equal(torc_rows_column_name(rows, 0), "first");
    assert_null(torc_rows_column_name(rows, 1));
    torc_rows_free(rows);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_cached_statement_follows_the_schema, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    options.readers = 1;
    struct torc_pool *pool = pool_fixture_pool(fixture, &options);
    struct torc_pool_counts before;
    struct torc_pool_counts after;
    pool_fixture_run(fixture, pool, "CREATE TABLE t (a)");
    pool_fixture_run(fixture, pool, "INSERT INTO t VALUES (1)");
    torc_rows_free(rows_of(ask(fixture, pool, true, "SELECT * FROM t", NULL, 0)));
    pool_fixture_run(fixture, pool, "ALTER TABLE t ADD COLUMN b DEFAULT 'new'");
    torc_pool_count(pool, &before);
    struct torc_rows *rows = rows_of(ask(fixture, pool, true, "SELECT * FROM t", NULL, 0));
    torc_pool_count(pool, &after);
    const char *text;
    assert_int_equal(after.statements_prepared, before.statements_prepared);
    assert_int_equal(torc_rows_columns(rows), 2);
    assert_string_equal(torc_rows_column_name(rows, 1), "b");
    assert_int_equal(torc_rows_text(rows, 0, 1, &text, NULL), 0);
    assert_string_equal(text, "new");
    torc_rows_free(rows);
    rows = rows_of(ask(fixture, pool, false, "INSERT INTO t VALUES (2, 3) RETURNING *", NULL, 0));
    torc_rows_free(rows);
    pool_fixture_run(fixture, pool, "ALTER TABLE t DROP COLUMN b");
    pool_fixture_run(fixture, pool, "ALTER TABLE t ADD COLUMN c");
    rows = rows_of(ask(fixture, pool, false, "INSERT INTO t VALUES (2, 3) RETURNING *", NULL, 0));
    assert_string_equal(torc_rows_column_name(rows, 1), "c");
    torc_rows_free(rows);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(the_statement_used_longest_ago_leaves_the_cache, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_pool_counts counts;
    options.path = ":memory:";
    options.statements_max = 2;
    struct torc_pool *pool = pool_fixture_pool(fixture, &options);
    const char *const order[] = {"SELECT 1", "SELECT 2", "SELECT 1", "SELECT 3", "SELECT 1",
                                 "SELECT 2"};
    uint64_t prepared[6];
    for (int i = 0; i < 6; i++) {
        (void)pool_fixture_integer(fixture, pool, order[i]);
        torc_pool_count(pool, &counts);
        prepared[i] = counts.statements_prepared;
    }
    assert_int_equal(prepared[1] - prepared[0], 1);
    assert_int_equal(prepared[2] - prepared[1], 0);
    assert_int_equal(prepared[3] - prepared[2], 1); /* 2 leaves */
    assert_int_equal(prepared[4] - prepared[3], 0);
    assert_int_equal(prepared[5] - prepared[4], 1);
    pool_fixture_end(fixture, pool);
    return NULL;
}

static int64_t last_id(struct watched watched)
{
    struct torc_rows *rows = rows_of(watched);
    int64_t id = torc_rows_last_insert_id(rows);
    torc_rows_free(rows);
    return id;
}

TORC_TEST(the_last_rowid_is_that_of_the_statement_itself, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    static const char upsert[] =
        "INSERT INTO t VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET n = n + 1";
    pool_fixture_run(fixture, pool, "CREATE TABLE t (id INTEGER PRIMARY KEY, n)");
    pool_fixture_run(fixture, pool, "CREATE TABLE log (id INTEGER PRIMARY KEY, of)");
    assert_int_equal(last_id(ask(fixture, pool, false, upsert,
                                 TORC_PARAMETERS(torc_db_integer(7)))), 7);
    assert_int_equal(last_id(ask(fixture, pool, false, upsert,
                                 TORC_PARAMETERS(torc_db_integer(7)))), 0);
    assert_int_equal(last_id(ask(fixture, pool, false, "UPDATE t SET n = 0", NULL, 0)), 0);
    assert_int_equal(last_id(ask(fixture, pool, false, "INSERT OR IGNORE INTO t VALUES (7, 1)",
                                 NULL, 0)), 0);
    assert_int_equal(last_id(ask(fixture, pool, false,
                                 "INSERT INTO log VALUES (NULL, last_insert_rowid())", NULL, 0)),
                     1);
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT of FROM log"), 7);
    assert_int_equal(last_id(ask(fixture, pool, false, "DELETE FROM t", NULL, 0)), 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(changes_are_those_of_the_statement_itself, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    pool_fixture_run(fixture, pool, "CREATE TABLE u (i)");
    pool_fixture_run(fixture, pool,
                     "CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO u VALUES (1), (2); END");
    struct torc_rows *rows =
        rows_of(ask(fixture, pool, false, "INSERT INTO t VALUES (1), (2), (3)", NULL, 0));
    assert_int_equal(torc_rows_changes(rows), 3);
    torc_rows_free(rows);
    rows = rows_of(ask(fixture, pool, false, "UPDATE t SET i = 1 WHERE i = 9", NULL, 0));
    assert_int_equal(torc_rows_changes(rows), 0);
    torc_rows_free(rows);
    rows = rows_of(ask(fixture, pool, false, "SELECT 1", NULL, 0));
    assert_int_equal(torc_rows_changes(rows), 0);
    torc_rows_free(rows);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(foreign_keys_are_enforced, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    pool_fixture_run(fixture, pool, "CREATE TABLE p (id INTEGER PRIMARY KEY)");
    pool_fixture_run(fixture, pool, "CREATE TABLE c (p REFERENCES p (id))");
    struct watched watched = ask(fixture, pool, false, "INSERT INTO c VALUES (1)", NULL, 0);
    assert_string_equal(torc_database_error_of(watched.result.as.failure)->code_name,
                        "SQLITE_CONSTRAINT_FOREIGNKEY");
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_constraint);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(the_column_of_an_error_is_named, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    static const struct {
        const char *sql;
        const char *column;
    } cases[] = {
        {"INSERT INTO t (a) VALUES ('x')", NULL},
        {"INSERT INTO t (a, d) VALUES (1, 2)", "t.a"},
        {"INSERT INTO t (b, c) VALUES (NULL, 1)", "t.b"},
        {"INSERT INTO t (d) VALUES (1)", "t.d, t.e"},
        {"INSERT INTO t (wrong) VALUES (1)", "wrong"},
        {"SELECT wrong FROM t", "wrong"},
        {"SELECT a FROM t AS x, t AS y", NULL},
        {"INSERT INTO s VALUES ('text')", "s.i"},
        {"ALTER TABLE t ADD COLUMN a", NULL},
        {"INSERT INTO r VALUES (1)", NULL},
    };
    pool_fixture_run(fixture, pool,
                     "CREATE TABLE t (a INTEGER UNIQUE, b NOT NULL DEFAULT 1, c CHECK (c > 0), "
                     "d DEFAULT 1, e DEFAULT 1, UNIQUE (d, e), CHECK (typeof(a) != 'text'))");
    pool_fixture_run(fixture, pool, "CREATE TABLE s (i INTEGER) STRICT");
    pool_fixture_run(fixture, pool, "CREATE TABLE r (i)");
    pool_fixture_run(fixture, pool,
                     "CREATE TRIGGER g BEFORE INSERT ON r BEGIN "
                     "SELECT RAISE(ABORT, 'the column is no such column: x'); END");
    pool_fixture_run(fixture, pool, "INSERT INTO t (a, c) VALUES (1, 1)");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct watched watched = ask(fixture, pool, false, cases[i].sql, NULL, 0);
        assert_int_equal(watched.result.kind, TORC_RESULT_FAILURE);
        const struct torc_database_error *error =
            torc_database_error_of(watched.result.as.failure);
        assert_string_equal(error->statement, cases[i].sql);
        if (cases[i].column)
            assert_string_equal(error->column, cases[i].column);
        else
            assert_null(error->column);
        torc_result_drop(watched.result);
    }
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_long_statement_is_cut_in_the_message_alone, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    char sql[600] = "SELECT wrong";
    memset(sql + strlen(sql), ' ', sizeof sql - 1 - strlen(sql));
    struct watched watched = ask(fixture, pool, true, sql, NULL, 0);
    const struct torc_failure *failure = watched.result.as.failure;
    assert_string_equal(torc_database_error_of(failure)->statement, sql);
    assert_true(strlen(torc_failure_message(failure)) < 250);
    assert_non_null(strstr(torc_failure_message(failure), "... (SQLITE_ERROR)"));
    torc_result_drop(watched.result);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_row_that_fails_undoes_a_write_that_returns_rows, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    pool_fixture_rule(fixture, TORC_DATABASE_ROW, "INSERT", SQLITE_IOERR_READ)->skip = 1;
    struct watched watched = ask(fixture, pool, false,
                                 "INSERT INTO t VALUES (1), (2), (3) RETURNING i", NULL, 0);
    assert_ptr_equal(watched_type(&watched), &torc_failure_database_io);
    assert_int_equal(pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t"), 0);
    pool_fixture_end(fixture, pool);
    return NULL;
}

TORC_TRIAL_MAIN
