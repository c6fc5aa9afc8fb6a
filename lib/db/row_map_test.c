#include <math.h>
#include <stdio.h>

#include "row_map_test_rows.h"

/* --- texts ---------------------------------------------------------------------------------------- */

TORC_TEST(the_texts_name_what_they_need_and_quote_what_they_must, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct line_table *lines = NULL;
    struct odd_table *odds = NULL;
    struct order_table *orders = NULL;

    assert_int_equal(order_table_new(pool, &orders), 0);
    assert_int_equal(line_table_new(pool, &lines), 0);
    assert_int_equal(odd_table_new(pool, &odds), 0);
    assert_string_equal(order_create_sql(orders),
                        "CREATE TABLE orders (id INTEGER PRIMARY KEY NOT NULL, "
                        "customer TEXT NOT NULL, note TEXT)");
    assert_string_equal(line_create_sql(lines),
                        "CREATE TABLE order_lines (order_id INTEGER NOT NULL, "
                        "number INTEGER NOT NULL, item TEXT NOT NULL, "
                        "PRIMARY KEY (order_id, number), "
                        "FOREIGN KEY (order_id) REFERENCES orders (id))");
    assert_string_equal(odd_create_sql(odds),
                        "CREATE TABLE \"odd things\" (\"order\" INTEGER PRIMARY KEY NOT NULL, "
                        "\"the \"\"name\"\"\" TEXT NOT NULL)");
    order_table_free(orders);
    line_table_free(lines);
    odd_table_free(odds);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TEST(odd_names_work, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_deferred *deferred;
    struct odd_table *odds = NULL;
    struct odd *odd;

    assert_int_equal(odd_table_new(pool, &odds), 0);
    database_run(fixture, pool, odd_create_sql(odds));
    assert_int_equal(odd_upsert(odds, &(struct odd){3, "a"}, &deferred), 0);
    assert_int_equal((intptr_t)database_await_value(fixture, deferred), 1);
    assert_int_equal(odd_upsert(odds, &(struct odd){3, "b"}, &deferred), 0);
    assert_int_equal((intptr_t)database_await_value(fixture, deferred), 1);
    assert_int_equal(odd_find(odds, &(struct odd){3, NULL}, &deferred), 0);
    odd = database_await_value(fixture, deferred);
    assert_string_equal(odd->name, "b");
    odd_free(odd);
    odd_table_free(odds);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_table_may_be_a_key_alone, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_deferred *deferred;
    struct tag_table *tags = NULL;
    struct counter_table *counters = NULL;

    assert_int_equal(tag_table_new(pool, &tags), 0);
    assert_int_equal(counter_table_new(pool, &counters), 0);
    database_run(fixture, pool, tag_create_sql(tags));
    database_run(fixture, pool, counter_create_sql(counters));
    assert_int_equal(tag_upsert(tags, &(struct tag){"a"}, &deferred), 0);
    assert_int_equal((intptr_t)database_await_value(fixture, deferred), 1);
    assert_int_equal(tag_upsert(tags, &(struct tag){"a"}, &deferred), 0);
    assert_int_equal((intptr_t)database_await_value(fixture, deferred), 0);
    assert_int_equal(tag_update(tags, &(struct tag){"a"}, &deferred), 0);
    assert_int_equal((intptr_t)database_await_value(fixture, deferred), 1);
    assert_int_equal(counter_insert(counters, &(struct counter){99}, &deferred), 0);
    assert_int_equal((intptr_t)database_await_value(fixture, deferred), 1);
    tag_table_free(tags);
    counter_table_free(counters);
    database_pool_end(fixture, pool);
    return NULL;
}

/* --- values both ways ----------------------------------------------------------------------------- */

TORC_TEST(every_type_comes_back_as_it_went, .group = &with_database)
{
    struct shop shop = open_shop(trial);
    struct thing *thing = NULL;

    insert_thing(&shop, &usual);
    thing = find_thing(&shop, 1);
    assert_non_null(thing);
    assert_true(thing->id == 1 && thing->big == INT64_MIN && thing->small == INT32_MIN);
    assert_true(thing->yes && thing->real == 0.1);
    assert_string_equal(thing->text, "text");
    assert_string_equal(thing->other_text, "");
    assert_string_equal(thing->code, "seven..");
    assert_int_equal(thing->blob.bytes, 3);
    assert_memory_equal(thing->blob.data, "a\0b", 3);
    assert_true(thing->maybe_big.present && thing->maybe_big.value == INT64_MAX);
    assert_true(thing->maybe_small.present && thing->maybe_small.value == INT32_MAX);
    assert_true(thing->maybe_yes.present && !thing->maybe_yes.value);
    assert_true(thing->maybe_real.present && thing->maybe_real.value == -DBL_MAX);
    assert_string_equal(thing->maybe_text, "maybe");
    assert_non_null(thing->maybe_blob.data); /* empty is not NULL */
    assert_int_equal(thing->maybe_blob.bytes, 0);
    thing_free(thing);
    close_shop(&shop);
    return NULL;
}

TORC_TEST(null_is_null_where_it_may_be, .group = &with_database)
{
    struct shop shop = open_shop(trial);
    struct thing *thing = NULL;

    insert_thing(&shop, &empty);
    assert_int_equal(database_integer(shop.fixture, shop.pool,
                                      "SELECT count(*) FROM things WHERE maybe_big IS NULL AND "
                                      "maybe_small IS NULL AND maybe_yes IS NULL AND maybe_real IS "
                                      "NULL AND maybe_text IS NULL AND maybe_data IS NULL AND "
                                      "data = x'' AND code = ''"),
                     1);
    thing = find_thing(&shop, 2);
    assert_false(thing->maybe_big.present || thing->maybe_small.present);
    assert_false(thing->maybe_yes.present || thing->maybe_real.present);
    assert_null(thing->maybe_text);
    assert_null(thing->maybe_blob.data);
    assert_int_equal(thing->blob.bytes, 0);
    thing_free(thing);
    close_shop(&shop);
    return NULL;
}

static void expect_refused_parameter(struct shop *shop, const struct thing *thing,
                                     const char *column, const char *sentence)
{
    struct torc_deferred *deferred;

    assert_int_equal(thing_insert(shop->things, thing, &deferred), 0);
    expect_misfit(database_await_failure(shop->fixture, deferred), column, "INSERT INTO things (",
                  sentence);
}

TORC_TEST(a_member_that_does_not_fit_is_named_before_anything_is_run, .group = &with_database)
{
    struct shop shop = open_shop(trial);
    struct thing thing = usual;
    struct torc_pool_counts counts, after;

    torc_pool_count(shop.pool, &counts);
    thing.text = NULL;
    expect_refused_parameter(&shop, &thing, "things.text", "NULL");
    thing = usual;
    memset(thing.code, 'x', sizeof(thing.code));
    expect_refused_parameter(&shop, &thing, "things.code", "no end");
    thing = usual;
    thing.blob.data = NULL;
    expect_refused_parameter(&shop, &thing, "things.data", "no data");
    thing = usual;
    thing.real = NAN;
    expect_refused_parameter(&shop, &thing, "things.amount", "not a number");
    torc_pool_count(shop.pool, &after);
    assert_int_equal(counts.requests, after.requests);
    close_shop(&shop);
    return NULL;
}

TORC_TEST(a_refused_parameter_is_counted, .group = &with_database)
{
    struct shop shop = open_shop(trial);
    struct torc_deferred *deferred;
    struct torc_failure *failure;

    assert_int_equal(order_update(shop.orders, &(struct order){.id = 1}, &deferred), 0);
    failure = database_await_failure(shop.fixture, deferred);
    assert_int_equal(torc_database_error_of(failure)->parameter, 1);
    assert_string_equal(torc_database_error_of(failure)->database, "main");
    assert_string_equal(torc_database_error_of(failure)->code_name, "SQLITE_MISMATCH");
    expect_misfit(failure, "orders.customer", "UPDATE orders SET customer = ?, note = ? WHERE id = ?",
                  "NULL");
    close_shop(&shop);
    return NULL;
}

/* Puts a value past the mapper into one column and reads the row. */
static void expect_refused_cell(struct shop *shop, const char *column, const char *value,
                                const char *sentence)
{
    char sql[128];
    char label[64];
    struct torc_deferred *deferred;

    snprintf(sql, sizeof(sql), "UPDATE things SET %s = %s WHERE id = 1", column, value);
    snprintf(label, sizeof(label), "things.%s", column);
    database_run(shop->fixture, shop->pool, "DELETE FROM things");
    insert_thing(shop, &usual);
    database_run(shop->fixture, shop->pool, sql);
    assert_int_equal(thing_select(shop->things, "", TORC_NO_PARAMETERS, &deferred), 0);
    expect_misfit(database_await_failure(shop->fixture, deferred), label, "SELECT id, big, ",
                  sentence);
    assert_int_equal(thing_find(shop->things, &usual, &deferred), 0);
    expect_misfit(database_await_failure(shop->fixture, deferred), label, "SELECT id, big, ",
                  "in row 1");
}

/* The table of a program that was less strict. */
static void loosen(struct shop *shop)
{
    database_run(shop->fixture, shop->pool, "DROP TABLE things");
    database_run(shop->fixture, shop->pool,
                 "CREATE TABLE things (id INTEGER PRIMARY KEY, big, small, yes, amount, text, "
                 "other_text, code, data, maybe_big, maybe_small, maybe_yes, maybe_real, "
                 "maybe_text, maybe_data)");
}

TORC_TEST(a_cell_that_does_not_fit_names_its_column, .group = &with_database)
{
    struct shop shop = open_shop(trial);

    loosen(&shop);
    expect_refused_cell(&shop, "big", "NULL", "NULL in a column that is not nullable");
    expect_refused_cell(&shop, "big", "1.5", "a real where an integer is wanted");
    expect_refused_cell(&shop, "big", "'1'", "a text where an integer is wanted");
    expect_refused_cell(&shop, "small", "2147483648", "2147483648 is beyond an int32_t");
    expect_refused_cell(&shop, "small", "-2147483649", "-2147483649 is beyond an int32_t");
    expect_refused_cell(&shop, "yes", "2", "2 is neither 0 nor 1");
    expect_refused_cell(&shop, "yes", "-1", "-1 is neither 0 nor 1");
    expect_refused_cell(&shop, "amount", "'x'", "a text where a real is wanted");
    expect_refused_cell(&shop, "amount", "NULL", "NULL");
    expect_refused_cell(&shop, "text", "NULL", "NULL");
    expect_refused_cell(&shop, "text", "7", "an integer where a text is wanted");
    expect_refused_cell(&shop, "other_text", "x'00'", "a blob where a text is wanted");
    expect_refused_cell(&shop, "text", "'a' || char(0) || 'b'", "a NUL");
    expect_refused_cell(&shop, "code", "'eight...'", "8 bytes is too long for a char [8]");
    expect_refused_cell(&shop, "code", "NULL", "NULL");
    expect_refused_cell(&shop, "data", "'x'", "a text where a blob is wanted");
    expect_refused_cell(&shop, "data", "NULL", "NULL");
    expect_refused_cell(&shop, "maybe_big", "x'01'", "a blob where an integer is wanted");
    expect_refused_cell(&shop, "maybe_small", "1 << 40", "beyond an int32_t");
    expect_refused_cell(&shop, "maybe_yes", "3", "neither 0 nor 1");
    expect_refused_cell(&shop, "maybe_real", "'x'", "a text where a real is wanted");
    expect_refused_cell(&shop, "maybe_text", "1", "an integer where a text is wanted");
    expect_refused_cell(&shop, "maybe_data", "1", "an integer where a blob is wanted");
    close_shop(&shop);
    return NULL;
}

TORC_TEST(an_integer_is_a_real_too, .group = &with_database)
{
    struct shop shop = open_shop(trial);
    struct thing *thing = NULL;

    loosen(&shop);
    insert_thing(&shop, &usual);
    database_run(shop.fixture, shop.pool, "UPDATE things SET amount = 3, maybe_real = 4");
    thing = find_thing(&shop, 1);
    assert_true(thing->real == 3.0 && thing->maybe_real.value == 4.0);
    thing_free(thing);
    close_shop(&shop);
    return NULL;
}

/* --- maps ----------------------------------------------------------------------------------------- */

TORC_TEST(a_map_without_a_key_or_with_a_column_twice_is_refused, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    static const struct torc_row_column twice[] = {
        {"id", TORC_COLUMN_INTEGER, TORC_MEMBER_INT64, TORC_KEY, 0, 8},
        {"ID", TORC_COLUMN_INTEGER, TORC_MEMBER_INT64, 0, 8, 8}};
    struct torc_row_map map = *order_row_map();
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_table *table;

    map.columns = twice;
    map.column_count = 2;
    assert_int_equal(torc_table_new(pool, &map, &table), TORC_EINVAL);
    map.columns = twice + 1;
    map.column_count = 1;
    assert_int_equal(torc_table_new(pool, &map, &table), TORC_EINVAL);
    map.column_count = 0;
    assert_int_equal(torc_table_new(pool, &map, &table), TORC_EINVAL);
    torc_table_free(NULL);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TRIAL_MAIN
