/* Databases: values into statements and rows out of them. */
#include "database.h"

#include <torc/format.h>

static struct ask *ask_plain(struct conf *c, struct torc_pool *pool, const char *sql)
{
    return ask_query(c, pool, sql, TORC_NO_PARAMETERS);
}

static enum torc_db_type type_at(const struct ask *ask, size_t row, size_t column)
{
    return torc_rows_value(rows_of(ask), row, column).type;
}

BODY(a_query_gives_columns_rows_and_types)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;
    double real = 0;

    CHECK(c, pool != NULL);
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (1, 7), (2, 0.5), (3, 'text'), (4, x'00ff'), (5, NULL)"));
    ask = ask_plain(c, pool, "SELECT id, v AS value FROM t ORDER BY id");
    CHECK(c, gave_rows(ask, 5));
    CHECK(c, torc_rows_columns(rows_of(ask)) == 2);
    CHECK(c, strcmp(torc_rows_column_name(rows_of(ask), 0), "id") == 0);
    CHECK(c, strcmp(torc_rows_column_name(rows_of(ask), 1), "value") == 0);
    CHECK(c, type_at(ask, 0, 1) == TORC_DB_INTEGER && integer_at(ask, 0, 1) == 7);
    CHECK(c, type_at(ask, 1, 1) == TORC_DB_REAL);
    CHECK(c, torc_rows_real(rows_of(ask), 1, 1, &real) == 0 && real > 0.4 && real < 0.6);
    CHECK(c, type_at(ask, 2, 1) == TORC_DB_TEXT && text_is(ask, 2, 1, "text"));
    CHECK(c, type_at(ask, 3, 1) == TORC_DB_BLOB);
    CHECK(c, type_at(ask, 4, 1) == TORC_DB_NULL && torc_rows_is_null(rows_of(ask), 4, 1));
}

BODY(null_is_neither_zero_nor_empty)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_query(c, pool, "SELECT ?, ?, ?, ?, ?1 IS NULL",
                    TORC_PARAMETERS(torc_db_null(), torc_db_integer(0), torc_db_text(""),
                                    torc_db_blob(NULL, 0)));
    CHECK(c, gave_rows(ask, 1));
    CHECK(c, torc_rows_is_null(rows_of(ask), 0, 0));
    CHECK(c, !torc_rows_is_null(rows_of(ask), 0, 1) && integer_at(ask, 0, 1) == 0);
    CHECK(c, type_at(ask, 0, 2) == TORC_DB_TEXT && text_is(ask, 0, 2, ""));
    CHECK(c, type_at(ask, 0, 3) == TORC_DB_BLOB);
    CHECK(c, torc_rows_value(rows_of(ask), 0, 3).bytes == 0);
    CHECK(c, integer_at(ask, 0, 4) == 1);
}

BODY(text_and_blobs_keep_their_zero_bytes)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;
    const char *text;
    const void *blob;
    size_t bytes = 0;

    CHECK(c, pool != NULL);
    ask = ask_operation(c, pool, "INSERT INTO t VALUES (1, ?), (2, ?)",
                        TORC_PARAMETERS(torc_db_text_of("a\0b", 3), torc_db_blob("\0\1\0", 3)));
    CHECK(c, went_well(ask));
    ask = ask_plain(c, pool, "SELECT v FROM t ORDER BY id");
    CHECK(c, gave_rows(ask, 2));
    CHECK(c, torc_rows_text(rows_of(ask), 0, 0, &text, &bytes) == 0);
    CHECK(c, bytes == 3 && memcmp(text, "a\0b", 4) == 0); /* and the NUL that ends it */
    CHECK(c, torc_rows_blob(rows_of(ask), 1, 0, &blob, &bytes) == 0);
    CHECK(c, bytes == 3 && memcmp(blob, "\0\1\0", 3) == 0);
}

BODY(integers_keep_all_their_bits)
{
    static const int64_t extremes[] = {INT64_MIN, INT64_MAX, ((int64_t)1 << 53) + 1, -1};
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;
    size_t i;

    CHECK(c, pool != NULL);
    ask = ask_operation(c, pool, "INSERT INTO t VALUES (1, ?), (2, ?), (3, ?), (4, ?)",
                        TORC_PARAMETERS(torc_db_integer(extremes[0]), torc_db_integer(extremes[1]),
                                        torc_db_integer(extremes[2]), torc_db_integer(extremes[3])));
    CHECK(c, went_well(ask));
    ask = ask_plain(c, pool, "SELECT v FROM t ORDER BY id");
    CHECK(c, gave_rows(ask, 4));
    for (i = 0; i < 4; i++)
        CHECK(c, torc_rows_value(rows_of(ask), i, 0).as.integer == extremes[i]);
}

BODY(reals_come_back_bit_for_bit)
{
    static const double reals[] = {0.1, -1e308, 4.9406564584124654e-324, 123456789.123456789};
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;
    size_t i;

    CHECK(c, pool != NULL);
    ask = ask_query(c, pool, "SELECT ?, ?, ?, ?",
                    TORC_PARAMETERS(torc_db_real(reals[0]), torc_db_real(reals[1]),
                                    torc_db_real(reals[2]), torc_db_real(reals[3])));
    CHECK(c, gave_rows(ask, 1));
    for (i = 0; i < 4; i++) {
        double real = 0;

        CHECK(c, torc_rows_real(rows_of(ask), 0, i, &real) == 0);
        /* Bits: 0 and -0 are two values.  NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
        CHECK(c, memcmp(&real, &reals[i], sizeof real) == 0);
    }
}

BODY(typed_getters_refuse_what_is_of_another_type_or_not_there)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;
    int64_t integer = 99;
    double real = 99;
    const char *text = "untouched";
    const void *blob = "untouched";

    CHECK(c, pool != NULL);
    ask = ask_plain(c, pool, "SELECT 1, 1.5, '1', x'31', NULL");
    CHECK(c, gave_rows(ask, 1));
    CHECK(c, torc_rows_integer(rows_of(ask), 0, 1, &integer) == TORC_EINVAL);
    CHECK(c, torc_rows_integer(rows_of(ask), 0, 2, &integer) == TORC_EINVAL);
    CHECK(c, torc_rows_integer(rows_of(ask), 0, 4, &integer) == TORC_EINVAL);
    CHECK(c, torc_rows_real(rows_of(ask), 0, 2, &real) == TORC_EINVAL);
    CHECK(c, torc_rows_text(rows_of(ask), 0, 0, &text, NULL) == TORC_EINVAL);
    CHECK(c, torc_rows_text(rows_of(ask), 0, 3, &text, NULL) == TORC_EINVAL);
    CHECK(c, torc_rows_blob(rows_of(ask), 0, 2, &blob, NULL) == TORC_EINVAL);
    CHECK(c, torc_rows_integer(rows_of(ask), 1, 0, &integer) == TORC_ENOTFOUND);
    CHECK(c, torc_rows_integer(rows_of(ask), 0, 5, &integer) == TORC_ENOTFOUND);
    CHECK(c, integer == 99 && real > 98 && strcmp(text, "untouched") == 0);
    CHECK(c, torc_rows_real(rows_of(ask), 0, 0, &real) == 0 && real > 0.9 && real < 1.1);
    CHECK(c, type_at(ask, 5, 5) == TORC_DB_NULL);
}

BODY(columns_are_found_by_their_name)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;
    size_t at = 99;

    CHECK(c, pool != NULL);
    ask = ask_plain(c, pool, "SELECT 1 AS a, 2 AS b, 3 AS b");
    CHECK(c, gave_rows(ask, 1));
    CHECK(c, torc_rows_find_column(rows_of(ask), "none", &at) == TORC_ENOTFOUND && at == 99);
    CHECK(c, torc_rows_find_column(rows_of(ask), "b", &at) == 0 && at == 1);
    CHECK(c, torc_rows_find_column(rows_of(ask), "a", &at) == 0 && at == 0);
}

BODY(a_query_that_finds_nothing_gives_no_rows)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_plain(c, pool, "SELECT id, v FROM t");
    CHECK(c, gave_rows(ask, 0));
    CHECK(c, torc_rows_changes(rows_of(ask)) == 0);
}

BODY(parameters_are_bound_by_their_place)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_query(c, pool, "SELECT ?, ?", TORC_PARAMETERS(torc_db_integer(1), torc_db_integer(2)));
    CHECK(c, gave_rows(ask, 1) && integer_at(ask, 0, 0) == 1 && integer_at(ask, 0, 1) == 2);
    ask = ask_query(c, pool, "SELECT ?2, ?1, ?2",
                    TORC_PARAMETERS(torc_db_integer(1), torc_db_integer(2)));
    CHECK(c, gave_rows(ask, 1) && integer_at(ask, 0, 0) == 2 && integer_at(ask, 0, 1) == 1 &&
                 integer_at(ask, 0, 2) == 2);
    ask = ask_query(c, pool, "SELECT :b, :a, :b",
                    TORC_PARAMETERS(torc_db_integer(1), torc_db_integer(2)));
    CHECK(c, gave_rows(ask, 1) && integer_at(ask, 0, 0) == 1 && integer_at(ask, 0, 1) == 2 &&
                 integer_at(ask, 0, 2) == 1);
}

BODY(a_parameter_of_the_run_before_is_not_there_any_more)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    CHECK(c, gave_rows(ask_query(c, pool, "SELECT ?", TORC_PARAMETERS(torc_db_integer(5))), 1));
    ask = ask_query(c, pool, "SELECT ?", TORC_PARAMETERS(torc_db_null()));
    CHECK(c, gave_rows(ask, 1) && torc_rows_is_null(rows_of(ask), 0, 0));
}

BODY(a_statement_has_as_many_parameters_as_it_asks_for)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *few, *many, *none;

    CHECK(c, pool != NULL);
    few = ask_query(c, pool, "SELECT ?, ?", TORC_PARAMETERS(torc_db_integer(1)));
    CHECK(c, failed_as(few, &torc_failure_database_statement));
    CHECK(c, detail_of(few) != NULL && strcmp(detail_of(few)->statement, "SELECT ?, ?") == 0);
    many = ask_query(c, pool, "SELECT ?", TORC_PARAMETERS(torc_db_integer(1), torc_db_integer(2)));
    CHECK(c, failed_as(many, &torc_failure_database_statement));
    none = ask_operation(c, pool, "INSERT INTO t VALUES (1, ?)", TORC_NO_PARAMETERS);
    CHECK(c, failed_as(none, &torc_failure_database_statement));
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 0);
}

BODY(sql_and_parameters_are_copied)
{
    struct torc_pool *pool = pool_with_table(c);
    char sql[] = "SELECT ?, 'as it was'", text[] = "text";
    struct torc_db_value parameter;
    struct ask *ask;

    CHECK(c, pool != NULL);
    parameter = torc_db_text(text);
    ask = ask_query(c, pool, sql, &parameter, 1);
    memset(sql, 'x', sizeof sql - 1);
    memset(text, 'x', sizeof text - 1);
    memset(&parameter, 0, sizeof parameter);
    CHECK(c, gave_rows(ask, 1));
    CHECK(c, text_is(ask, 0, 0, "text") && text_is(ask, 0, 1, "as it was"));
}

BODY(many_rows_arrive_whole_and_in_order)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;
    size_t i;

    CHECK(c, pool != NULL);
    CHECK(c, did(c, pool, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
                          " INSERT INTO t SELECT i, 'row ' || i FROM n"));
    ask = ask_plain(c, pool, "SELECT id, v FROM t ORDER BY id");
    CHECK(c, gave_rows(ask, 2000));
    for (i = 0; i < 2000; i++) {
        char expected[32];

        torc_format(expected, sizeof expected, "row %zu", i + 1);
        CHECK(c, integer_at(ask, i, 0) == (int64_t)i + 1 && text_is(ask, i, 1, expected));
    }
}

BODY(a_value_of_a_mebibyte_goes_in_and_comes_out)
{
    struct torc_pool *pool = pool_with_table(c);
    static uint8_t pattern[1 << 20];
    struct torc_db_value parameter;
    struct ask *ask;
    const void *blob;
    size_t got = 0;

    CHECK(c, pool != NULL);
    pattern_fill(pattern, 0, sizeof pattern);
    parameter = torc_db_blob(pattern, sizeof pattern);
    CHECK(c, went_well(ask_operation(c, pool, "INSERT INTO t VALUES (1, ?)", &parameter, 1)));
    ask = ask_plain(c, pool, "SELECT v FROM t");
    CHECK(c, gave_rows(ask, 1));
    CHECK(c, torc_rows_blob(rows_of(ask), 0, 0, &blob, &got) == 0);
    CHECK(c, got == sizeof pattern && memcmp(blob, pattern, sizeof pattern) == 0);
}

#define AT_ONCE 200

BODY(of_many_queries_at_once_each_gets_its_own_rows)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *asks[AT_ONCE];
    int64_t i;

    CHECK(c, pool != NULL);
    CHECK(c, did(c, pool, "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199)"
                          " INSERT INTO t SELECT i, i * i FROM n"));
    for (i = 0; i < AT_ONCE; i++)
        asks[i] = ask_query(c, pool, "SELECT v FROM t WHERE id = ?",
                            TORC_PARAMETERS(torc_db_integer(i)));
    for (i = 0; i < AT_ONCE; i++) {
        CHECK(c, gave_rows(asks[i], 1));
        CHECK(c, integer_at(asks[i], 0, 0) == i * i);
    }
}

BODY(rows_outlive_their_pool)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_plain(c, pool, "SELECT 'still', 42");
    CHECK(c, gave_rows(ask, 1));
    CHECK(c, pool_close(c, pool));
    CHECK(c, text_is(ask, 0, 0, "still") && integer_at(ask, 0, 1) == 42);
}

BODY(an_operation_tells_changes_and_the_last_rowid)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *insert, *update, *nothing;

    CHECK(c, pool != NULL);
    insert = ask_operation(c, pool, "INSERT INTO t (v) VALUES (1), (2), (3)", TORC_NO_PARAMETERS);
    CHECK(c, gave_rows(insert, 0));
    CHECK(c, torc_rows_changes(rows_of(insert)) == 3);
    CHECK(c, torc_rows_last_insert_id(rows_of(insert)) == 3);
    update = ask_operation(c, pool, "UPDATE t SET v = 0 WHERE id < 3", TORC_NO_PARAMETERS);
    CHECK(c, went_well(update) && torc_rows_changes(rows_of(update)) == 2);
    nothing = ask_operation(c, pool, "DELETE FROM t WHERE id = 99", TORC_NO_PARAMETERS);
    CHECK(c, went_well(nothing) && torc_rows_changes(rows_of(nothing)) == 0);
    CHECK(c, torc_rows_last_insert_id(rows_of(nothing)) == 0);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t WHERE v = 0") == 2);
}

BODY(a_trigger_of_the_database_does_not_count_as_a_change)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    CHECK(c, did(c, pool, "CREATE TABLE log (v)"));
    CHECK(c, did(c, pool, "CREATE TRIGGER r AFTER INSERT ON t BEGIN"
                          " INSERT INTO log VALUES (1), (2); END"));
    ask = ask_operation(c, pool, "INSERT INTO t VALUES (5, 0)", TORC_NO_PARAMETERS);
    CHECK(c, went_well(ask));
    CHECK(c, torc_rows_changes(rows_of(ask)) == 1);
    CHECK(c, torc_rows_last_insert_id(rows_of(ask)) == 5);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM log") == 2);
}

BODY(returning_gives_the_rows_that_were_written)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_operation(c, pool, "INSERT INTO t VALUES (10, 'a'), (11, 'b') RETURNING id, v",
                        TORC_NO_PARAMETERS);
    CHECK(c, gave_rows(ask, 2));
    CHECK(c, integer_at(ask, 0, 0) == 10 && integer_at(ask, 1, 0) == 11);
    CHECK(c, text_is(ask, 0, 1, "a") && text_is(ask, 1, 1, "b"));
    CHECK(c, torc_rows_changes(rows_of(ask)) == 2);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 2);
}

BODY(a_deferred_never_fires_before_the_call_that_made_it_returns)
{
    struct torc_pool *pool = pool_with_table(c);
    struct torc_deferred *deferred;
    struct ask *ask;

    CHECK(c, pool != NULL);
    CHECK(c, torc_pool_query(pool, "SELECT 1", TORC_NO_PARAMETERS, &deferred) == 0);
    ask = ask_deferred(c, NULL, 0, deferred);
    CHECK(c, !ask->done);
    CHECK(c, went_well(ask));
    torc_rows_free(ask->result.as.value);
    ask->result = torc_value(NULL);
}
