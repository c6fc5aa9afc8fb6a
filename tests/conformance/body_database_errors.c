/* Databases: what goes wrong with a statement, and how it is told. */
#include "database.h"

#include <sqlite3.h>

static struct ask *ask_plain(struct conf *c, struct torc_pool *pool, const char *sql)
{
    return ask_query(c, pool, sql, TORC_NO_PARAMETERS);
}

static struct ask *ask_write(struct conf *c, struct torc_pool *pool, const char *sql)
{
    return ask_operation(c, pool, sql, TORC_NO_PARAMETERS);
}

/* Whether the detail says so. */
static bool told(const struct ask *ask, int sqlite_code, const char *name, const char *statement)
{
    const struct torc_database_error *detail = detail_of(ask);

    return detail != NULL && detail->sqlite_code == sqlite_code &&
           strcmp(detail->code_name, name) == 0 && detail->statement != NULL &&
           strcmp(detail->statement, statement) == 0 && strcmp(detail->database, "main") == 0;
}

BODY(wrong_sql_is_told_with_its_code_its_statement_and_sqlites_sentence)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *syntax, *table;

    CHECK(c, pool != NULL);
    syntax = ask_plain(c, pool, "SELEKT 1");
    CHECK(c, failed_as(syntax, &torc_failure_database_statement));
    CHECK(c, told(syntax, SQLITE_ERROR, "SQLITE_ERROR", "SELEKT 1"));
    CHECK(c, strstr(torc_failure_message(failure_of(syntax)), "SELEKT") != NULL);
    table = ask_write(c, pool, "INSERT INTO nowhere VALUES (1)");
    CHECK(c, failed_as(table, &torc_failure_database_statement));
    CHECK(c, strstr(torc_failure_message(failure_of(table)), "nowhere") != NULL);
    CHECK(c, number_from(c, pool, "SELECT 1") == 1);
}

BODY(two_statements_in_one_text_are_refused_and_neither_runs)
{
    struct torc_pool *pool = pool_with_table(c);

    CHECK(c, pool != NULL);
    CHECK(c, failed_as(ask_write(c, pool, "INSERT INTO t VALUES (1, 1); INSERT INTO t VALUES (2, 2)"),
                       &torc_failure_database_statement));
    CHECK(c, failed_as(ask_plain(c, pool, "SELECT 1; SELECT 2"), &torc_failure_database_statement));
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 0);
}

BODY(blanks_and_comments_may_follow_a_statement)
{
    struct torc_pool *pool = pool_with_table(c);

    CHECK(c, pool != NULL);
    CHECK(c, gave_rows(ask_plain(c, pool, "SELECT 1; \n\t -- and no more\n /* really */ "), 1));
    CHECK(c, gave_rows(ask_plain(c, pool, "/* one */ SELECT 1"), 1));
}

BODY(a_text_without_a_statement_is_refused)
{
    struct torc_pool *pool = pool_with_table(c);

    CHECK(c, pool != NULL);
    CHECK(c, failed_as(ask_plain(c, pool, ""), &torc_failure_database_statement));
    CHECK(c, failed_as(ask_write(c, pool, " -- nothing\n"), &torc_failure_database_statement));
}

BODY(a_write_asked_for_as_a_query_is_refused)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_plain(c, pool, "INSERT INTO t VALUES (1, 1) RETURNING id");
    CHECK(c, failed_as(ask, &torc_failure_database_statement));
    CHECK(c, failed_as(ask_plain(c, pool, "CREATE TABLE u (a)"), &torc_failure_database_statement));
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 0);
}

BODY(a_broken_constraint_names_its_code_and_its_column)
{
    struct torc_pool *pool = pool_with_table(c);
    const char *twice = "INSERT INTO u VALUES (1, 'x', 1)";
    const char *null = "INSERT INTO u VALUES (2, NULL, 1)";
    const char *unique = "INSERT INTO u VALUES (3, 'x', 1)";
    struct ask *ask;

    CHECK(c, pool != NULL);
    CHECK(c, did(c, pool, "CREATE TABLE u (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
                          " size CHECK (size > 0))"));
    CHECK(c, did(c, pool, twice));
    ask = ask_write(c, pool, twice);
    CHECK(c, failed_as(ask, &torc_failure_database_constraint));
    CHECK(c, told(ask, SQLITE_CONSTRAINT_PRIMARYKEY, "SQLITE_CONSTRAINT_PRIMARYKEY", twice));
    CHECK(c, detail_of(ask)->column != NULL && strcmp(detail_of(ask)->column, "u.id") == 0);
    CHECK(c, torc_failure_code(failure_of(ask)) == TORC_ECONSTRAINT);
    ask = ask_write(c, pool, null);
    CHECK(c, failed_as(ask, &torc_failure_database_constraint));
    CHECK(c, told(ask, SQLITE_CONSTRAINT_NOTNULL, "SQLITE_CONSTRAINT_NOTNULL", null));
    CHECK(c, detail_of(ask)->column != NULL && strcmp(detail_of(ask)->column, "u.name") == 0);
    ask = ask_write(c, pool, unique);
    CHECK(c, failed_as(ask, &torc_failure_database_constraint));
    CHECK(c, told(ask, SQLITE_CONSTRAINT_UNIQUE, "SQLITE_CONSTRAINT_UNIQUE", unique));
    ask = ask_write(c, pool, "INSERT INTO u VALUES (4, 'y', 0)");
    CHECK(c, failed_as(ask, &torc_failure_database_constraint));
    CHECK(c, detail_of(ask)->sqlite_code == SQLITE_CONSTRAINT_CHECK);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM u") == 1);
}

BODY(a_failing_operation_of_many_rows_leaves_none)
{
    struct torc_pool *pool = pool_with_table(c);

    CHECK(c, pool != NULL);
    CHECK(c, failed_as(ask_write(c, pool, "INSERT INTO t VALUES (1, 1), (2, 2), (1, 3)"),
                       &torc_failure_database_constraint));
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 0);
}

BODY(every_error_of_a_database_is_a_database_error)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_write(c, pool, "INSERT INTO t VALUES (1, 1), (1, 1)");
    CHECK(c, failed_below(ask, &torc_failure_database_error));
    ask = ask_plain(c, pool, "SELECT abs(-9223372036854775808)");
    CHECK(c, failed_below(ask, &torc_failure_database_error));
}

BODY(a_database_that_must_exist_and_does_not_is_an_error_and_is_not_made)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    const char *path = database_path(c, "missing.db");
    struct torc_pool *pool;
    struct ask *ask;

    options.must_exist = true;
    pool = pool_on(c, path, &options);
    CHECK(c, pool != NULL);
    ask = ask_write(c, pool, "CREATE TABLE u (a)");
    CHECK(c, failed_as(ask, &torc_failure_database_io));
    CHECK(c, detail_of(ask) != NULL && (detail_of(ask)->sqlite_code & 0xff) == SQLITE_CANTOPEN);
    CHECK(c, failed_as(ask_plain(c, pool, "SELECT 1"), &torc_failure_database_io));
    CHECK(c, !file_exists(c, path));
}

BODY(a_pool_works_once_the_missing_file_is_there)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    const char *path = database_path(c, "late.db");
    struct torc_pool *pool;

    options.must_exist = true;
    pool = pool_on(c, path, &options);
    CHECK(c, pool != NULL);
    CHECK(c, failed_as(ask_plain(c, pool, "SELECT 1"), &torc_failure_database_io));
    CHECK(c, outsider(c, path, "CREATE TABLE u (a)") == SQLITE_OK);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM u") == 0);
}

BODY(a_file_that_is_no_database_is_told_as_corrupt)
{
    static const char text[] = "This is a letter and not a database, although it is long enough to "
                               "hold a whole header of one hundred bytes and a bit more.";
    const char *path = database_path(c, "letter.db");
    struct torc_pool *pool;
    struct ask *ask;

    CHECK(c, write_file(c, path, text, (int)sizeof text));
    pool = pool_on(c, path, NULL);
    CHECK(c, pool != NULL);
    ask = ask_plain(c, pool, "SELECT count(*) FROM sqlite_schema");
    CHECK(c, failed_as(ask, &torc_failure_database_corrupt));
    CHECK(c, detail_of(ask) != NULL && detail_of(ask)->sqlite_code == SQLITE_NOTADB);
}

/* --- what the system below tells ------------------------------------------------------------------ */

BODY(a_full_disk_and_a_damaged_file_are_told_as_such)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    outcome_told_as(c, "INSERT", SQLITE_FULL, false);
    ask = ask_write(c, pool, "INSERT INTO t VALUES (1, 1)");
    CHECK(c, failed_as(ask, &torc_failure_database_full));
    CHECK(c, torc_failure_code(failure_of(ask)) == TORC_ENOSPC);
    outcome_told_as(c, "SELECT", SQLITE_CORRUPT, false);
    ask = ask_plain(c, pool, "SELECT 1");
    CHECK(c, failed_as(ask, &torc_failure_database_corrupt));
    CHECK(c, torc_failure_code(failure_of(ask)) == TORC_ECORRUPT);
    outcome_told_as(c, "SELECT", SQLITE_IOERR_READ, false);
    ask = ask_plain(c, pool, "SELECT 1");
    CHECK(c, failed_as(ask, &torc_failure_database_io));
    CHECK(c, told(ask, SQLITE_IOERR_READ, "SQLITE_IOERR_READ", "SELECT 1"));
    outcome_told_as(c, "SELECT", SQLITE_INTERRUPT, false);
    CHECK(c, failed_as(ask_plain(c, pool, "SELECT 1"), &torc_failure_database_interrupted));
    outcome_told_as(c, "SELECT", SQLITE_AUTH, false);
    CHECK(c, failed_as(ask_plain(c, pool, "SELECT 1"), &torc_failure_database_error));
    CHECK(c, outcomes_told(c) == 5);
    CHECK(c, number_from(c, pool, "SELECT 1") == 1);
}

BODY(after_an_io_error_the_connection_is_opened_anew)
{
    struct torc_pool_counts before, after;
    struct torc_pool *pool = pool_with_table(c);

    CHECK(c, pool != NULL);
    torc_pool_count(pool, &before);
    outcome_told_as(c, "INSERT", SQLITE_IOERR_FSYNC, false);
    CHECK(c, failed_as(ask_write(c, pool, "INSERT INTO t VALUES (1, 1)"), &torc_failure_database_io));
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (2, 2)"));
    torc_pool_count(pool, &after);
    CHECK(c, before.reconnects == 0 && after.reconnects == 1);
}

BODY(an_ordinary_error_keeps_the_connection)
{
    struct torc_pool *pool = pool_with_table(c);
    struct torc_pool_counts counts;

    CHECK(c, pool != NULL);
    CHECK(c, failed_as(ask_write(c, pool, "INSERT INTO t VALUES (1, 1), (1, 1)"),
                       &torc_failure_database_constraint));
    CHECK(c, failed_as(ask_write(c, pool, "nonsense"), &torc_failure_database_statement));
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (1, 1)"));
    torc_pool_count(pool, &counts);
    CHECK(c, counts.reconnects == 0);
}

static int insert_and_commit(struct torc_transaction *transaction, void *arg)
{
    (void)arg;
    return execute(transaction, "INSERT INTO t VALUES (1, 1)");
}

BODY(a_lost_reply_to_a_commit_is_told_as_unknown_and_not_tried_again)
{
    struct torc_pool_counts counts;
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    outcome_told_as(c, "COMMIT", SQLITE_IOERR, true);
    ask = ask_interaction(c, pool, TORC_TRANSACTION_WRITE, insert_and_commit, NULL);
    CHECK(c, failed_as(ask, &torc_failure_database_lost));
    CHECK(c, torc_failure_code(failure_of(ask)) == TORC_EUNKNOWN);
    CHECK(c, outcomes_told(c) == 1 && ask->arg_dropped == 1);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 1); /* this time it was done */
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (2, 2)"));
    torc_pool_count(pool, &counts);
    CHECK(c, counts.reconnects == 1 && counts.retries == 0);
}

BODY(a_connection_lost_in_a_statement_is_told_and_replaced)
{
    struct torc_pool_counts counts;
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    outcome_told_as(c, "SELECT", SQLITE_IOERR, true);
    ask = ask_plain(c, pool, "SELECT 1");
    CHECK(c, failed_as(ask, &torc_failure_database_lost));
    CHECK(c, detail_of(ask) != NULL && strcmp(detail_of(ask)->statement, "SELECT 1") == 0);
    CHECK(c, number_from(c, pool, "SELECT 2") == 2);
    torc_pool_count(pool, &counts);
    CHECK(c, counts.reconnects == 1);
}

static int break_a_constraint(struct torc_transaction *transaction, void *arg)
{
    (void)arg;
    if (execute(transaction, "INSERT INTO t VALUES (1, 1)") != 0)
        return TORC_EINVAL;
    return execute(transaction, "INSERT INTO t VALUES (1, 2)");
}

BODY(a_failing_rollback_does_not_hide_the_first_error)
{
    struct torc_pool_counts counts;
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    outcome_told_as(c, "ROLLBACK", SQLITE_IOERR, false);
    ask = ask_interaction(c, pool, TORC_TRANSACTION_WRITE, break_a_constraint, NULL);
    CHECK(c, failed_as(ask, &torc_failure_database_constraint));
    CHECK(c, outcomes_told(c) == 1);
    CHECK(c, c->errors_logged == 1);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 0);
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (1, 1)"));
    torc_pool_count(pool, &counts);
    CHECK(c, counts.reconnects == 1);
}

BODY(codes_have_names_and_names_codes)
{
    int code = 0;

    CHECK(c, strcmp(torc_sqlite_code_name(SQLITE_BUSY_SNAPSHOT), "SQLITE_BUSY_SNAPSHOT") == 0);
    CHECK(c, strcmp(torc_sqlite_code_name(SQLITE_OK), "SQLITE_OK") == 0);
    CHECK(c, strcmp(torc_sqlite_code_name(123456), "SQLITE_?") == 0);
    CHECK(c, torc_sqlite_code_of_name("SQLITE_IOERR_FSYNC", &code) == 0 && code == SQLITE_IOERR_FSYNC);
    CHECK(c, torc_sqlite_code_of_name("SQLITE_NOTHING", &code) == TORC_ENOTFOUND);
    CHECK(c, code == SQLITE_IOERR_FSYNC);
}
