#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <torc/row_map.h>

#include <tests/support/database_fixture.h>

/* One member of each kind. */
struct thing {
    int64_t id;
    int64_t big;
    int32_t small;
    bool yes;
    double real;
    const char *text;
    char *other_text;
    char code[8];
    struct torc_blob blob;
    struct torc_optional_int64 maybe_big;
    struct torc_optional_int32 maybe_small;
    struct torc_optional_bool maybe_yes;
    struct torc_optional_double maybe_real;
    const char *maybe_text;
    struct torc_blob maybe_blob;
};
#define THING_FIELDS(F)                                                                            \
    F(id, "id", INTEGER, TORC_KEY)                                                                 \
    F(big, "big", INTEGER, 0)                                                                      \
    F(small, "small", INTEGER, 0)                                                                  \
    F(yes, "yes", INTEGER, 0)                                                                      \
    F(real, "amount", REAL, 0)                                                                     \
    F(text, "text", TEXT, 0)                                                                       \
    F(other_text, "other_text", TEXT, 0)                                                           \
    F(code, "code", TEXT, TORC_UNIQUE)                                                             \
    F(blob, "data", BLOB, 0)                                                                       \
    F(maybe_big, "maybe_big", INTEGER, TORC_NULLABLE)                                              \
    F(maybe_small, "maybe_small", INTEGER, TORC_NULLABLE)                                          \
    F(maybe_yes, "maybe_yes", INTEGER, TORC_NULLABLE)                                              \
    F(maybe_real, "maybe_real", REAL, TORC_NULLABLE)                                               \
    F(maybe_text, "maybe_text", TEXT, TORC_NULLABLE)                                               \
    F(maybe_blob, "maybe_data", BLOB, TORC_NULLABLE)
TORC_ROW_MAP(thing, "things", THING_FIELDS);

struct order {
    int64_t id;
    const char *customer;
    const char *note;
};
#define ORDER_FIELDS(F)                                                                            \
    F(id, "id", INTEGER, TORC_KEY | TORC_GENERATED)                                                \
    F(customer, "customer", TEXT, 0)                                                               \
    F(note, "note", TEXT, TORC_NULLABLE)
TORC_ROW_MAP(order, "orders", ORDER_FIELDS);

struct line {
    int64_t order_id;
    int32_t number;
    const char *item;
};
#define LINE_FIELDS(F)                                                                             \
    F(order_id, "order_id", INTEGER, TORC_KEY | TORC_PARENT)                                       \
    F(number, "number", INTEGER, TORC_KEY)                                                         \
    F(item, "item", TEXT, 0)
TORC_ROW_MAP_CONSTRAINED(line, "order_lines", LINE_FIELDS,
                         "FOREIGN KEY (order_id) REFERENCES orders (id)");
TORC_ONE_TO_MANY(lines_of_order, order, id, line, order_id);
/* `number` is in no column with TORC_PARENT. */
TORC_ONE_TO_MANY(lines_of_number, line, number, line, number);

/* Names that SQL does not take as they are. */
struct odd {
    int32_t order;
    const char *name;
};
#define ODD_FIELDS(F)                                                                              \
    F(order, "order", INTEGER, TORC_KEY)                                                           \
    F(name, "the \"name\"", TEXT, 0)
TORC_ROW_MAP(odd, "odd things", ODD_FIELDS);

/* A key and nothing else. */
struct tag {
    const char *name;
};
#define TAG_FIELDS(F) F(name, "name", TEXT, TORC_KEY)
TORC_ROW_MAP(tag, "tags", TAG_FIELDS);

struct counter {
    int64_t id;
};
#define COUNTER_FIELDS(F) F(id, "id", INTEGER, TORC_KEY | TORC_GENERATED)
TORC_ROW_MAP(counter, "counters", COUNTER_FIELDS);

static const struct thing usual = {
    .id = 1,
    .big = INT64_MIN,
    .small = INT32_MIN,
    .yes = true,
    .real = 0.1,
    .text = "text",
    .other_text = (char *)(uintptr_t)"",
    .code = "seven..",
    .blob = {"a\0b", 3},
    .maybe_big = {true, INT64_MAX},
    .maybe_small = {true, INT32_MAX},
    .maybe_yes = {true, false},
    .maybe_real = {true, -DBL_MAX},
    .maybe_text = "maybe",
    .maybe_blob = {"", 0},
};
static const struct thing empty = {.id = 2, .text = "", .other_text = (char *)(uintptr_t)"x"};

/* --- what is the same everywhere ------------------------------------------------------------------ */

struct shop {
    struct database_fixture *fixture;
    struct torc_pool *pool;
    struct thing_table *things;
    struct order_table *orders;
    struct line_table *lines;
};

static struct shop open_shop(void **state)
{
    struct shop shop = {.fixture = *state};

    shop.pool = database_pool(shop.fixture, NULL);
    assert_int_equal(thing_table_new(shop.pool, &shop.things), 0);
    assert_int_equal(order_table_new(shop.pool, &shop.orders), 0);
    assert_int_equal(line_table_new(shop.pool, &shop.lines), 0);
    database_run(shop.fixture, shop.pool, thing_create_sql(shop.things));
    database_run(shop.fixture, shop.pool, order_create_sql(shop.orders));
    database_run(shop.fixture, shop.pool, line_create_sql(shop.lines));
    return shop;
}

static void close_shop(struct shop *shop)
{
    thing_table_free(shop->things);
    order_table_free(shop->orders);
    line_table_free(shop->lines);
    database_pool_end(shop->fixture, shop->pool);
}

static intptr_t await_number(struct shop *shop, struct torc_deferred *deferred)
{
    return (intptr_t)database_await_value(shop->fixture, deferred);
}

static void insert_thing(struct shop *shop, const struct thing *thing)
{
    struct torc_deferred *deferred;

    assert_int_equal(thing_insert(shop->things, thing, &deferred), 0);
    assert_int_equal(await_number(shop, deferred), thing->id);
}

static struct thing *find_thing(struct shop *shop, int64_t id)
{
    struct torc_deferred *deferred;

    assert_int_equal(thing_find(shop->things, &(struct thing){.id = id}, &deferred), 0);
    return database_await_value(shop->fixture, deferred);
}

/* The failure is of a value, and names the column, the statement's beginning and the sentence. */
static void expect_misfit(struct torc_failure *failure, const char *column, const char *statement,
                          const char *sentence)
{
    const struct torc_database_error *error = torc_database_error_of(failure);

    assert_ptr_equal(torc_failure_type(failure), &torc_failure_database_value);
    assert_non_null(error);
    assert_string_equal(error->column, column);
    if (statement)
        assert_memory_equal(error->statement, statement, strlen(statement));
    if (!strstr(torc_failure_message(failure), sentence))
        fail_msg("not said: %s; but: %s", sentence, torc_failure_message(failure));
    assert_non_null(strstr(torc_failure_message(failure), column));
    torc_failure_drop(failure);
}

/* --- texts ---------------------------------------------------------------------------------------- */

static void the_texts_name_what_they_need_and_quote_what_they_must(void **state)
{
    struct torc_pool *pool = database_pool(*state, NULL);
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
    database_pool_end(*state, pool);
}

static void odd_names_work(void **state)
{
    struct torc_pool *pool = database_pool(*state, NULL);
    struct torc_deferred *deferred;
    struct odd_table *odds = NULL;
    struct odd *odd;

    assert_int_equal(odd_table_new(pool, &odds), 0);
    database_run(*state, pool, odd_create_sql(odds));
    assert_int_equal(odd_upsert(odds, &(struct odd){3, "a"}, &deferred), 0);
    assert_int_equal((intptr_t)database_await_value(*state, deferred), 1);
    assert_int_equal(odd_upsert(odds, &(struct odd){3, "b"}, &deferred), 0);
    assert_int_equal((intptr_t)database_await_value(*state, deferred), 1);
    assert_int_equal(odd_find(odds, &(struct odd){3, NULL}, &deferred), 0);
    odd = database_await_value(*state, deferred);
    assert_string_equal(odd->name, "b");
    odd_free(odd);
    odd_table_free(odds);
    database_pool_end(*state, pool);
}

static void a_table_may_be_a_key_alone(void **state)
{
    struct torc_pool *pool = database_pool(*state, NULL);
    struct torc_deferred *deferred;
    struct tag_table *tags = NULL;
    struct counter_table *counters = NULL;

    assert_int_equal(tag_table_new(pool, &tags), 0);
    assert_int_equal(counter_table_new(pool, &counters), 0);
    database_run(*state, pool, tag_create_sql(tags));
    database_run(*state, pool, counter_create_sql(counters));
    assert_int_equal(tag_upsert(tags, &(struct tag){"a"}, &deferred), 0);
    assert_int_equal((intptr_t)database_await_value(*state, deferred), 1);
    assert_int_equal(tag_upsert(tags, &(struct tag){"a"}, &deferred), 0);
    assert_int_equal((intptr_t)database_await_value(*state, deferred), 0);
    assert_int_equal(tag_update(tags, &(struct tag){"a"}, &deferred), 0);
    assert_int_equal((intptr_t)database_await_value(*state, deferred), 1);
    assert_int_equal(counter_insert(counters, &(struct counter){99}, &deferred), 0);
    assert_int_equal((intptr_t)database_await_value(*state, deferred), 1);
    tag_table_free(tags);
    counter_table_free(counters);
    database_pool_end(*state, pool);
}

/* --- values both ways ----------------------------------------------------------------------------- */

static void every_type_comes_back_as_it_went(void **state)
{
    struct shop shop = open_shop(state);
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
}

static void null_is_null_where_it_may_be(void **state)
{
    struct shop shop = open_shop(state);
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
}

static void expect_refused_parameter(struct shop *shop, const struct thing *thing,
                                     const char *column, const char *sentence)
{
    struct torc_deferred *deferred;

    assert_int_equal(thing_insert(shop->things, thing, &deferred), 0);
    expect_misfit(database_await_failure(shop->fixture, deferred), column, "INSERT INTO things (",
                  sentence);
}

static void a_member_that_does_not_fit_is_named_before_anything_is_run(void **state)
{
    struct shop shop = open_shop(state);
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
}

static void a_refused_parameter_is_counted(void **state)
{
    struct shop shop = open_shop(state);
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

static void a_cell_that_does_not_fit_names_its_column(void **state)
{
    struct shop shop = open_shop(state);

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
}

static void an_integer_is_a_real_too(void **state)
{
    struct shop shop = open_shop(state);
    struct thing *thing = NULL;

    loosen(&shop);
    insert_thing(&shop, &usual);
    database_run(shop.fixture, shop.pool, "UPDATE things SET amount = 3, maybe_real = 4");
    thing = find_thing(&shop, 1);
    assert_true(thing->real == 3.0 && thing->maybe_real.value == 4.0);
    thing_free(thing);
    close_shop(&shop);
}

/* --- statements ----------------------------------------------------------------------------------- */

static int64_t insert_order(struct shop *shop, const char *customer, const char *note)
{
    struct torc_deferred *deferred;
    struct order order = {.id = 12345, .customer = customer, .note = note};

    assert_int_equal(order_insert(shop->orders, &order, &deferred), 0);
    return await_number(shop, deferred);
}

static void a_generated_key_is_what_insert_fires_with(void **state)
{
    struct shop shop = open_shop(state);

    assert_int_equal(insert_order(&shop, "Ann", NULL), 1);
    assert_int_equal(insert_order(&shop, "Bob", NULL), 2);
    close_shop(&shop);
}

static void update_and_delete_fire_with_the_number_of_rows(void **state)
{
    struct shop shop = open_shop(state);
    struct order order = {.id = insert_order(&shop, "Ann", NULL), .customer = "Zoe"};
    struct torc_deferred *deferred;
    struct order *found = NULL;

    assert_int_equal(order_update(shop.orders, &order, &deferred), 0);
    assert_int_equal(await_number(&shop, deferred), 1);
    assert_int_equal(order_find(shop.orders, &order, &deferred), 0);
    found = database_await_value(shop.fixture, deferred);
    assert_string_equal(found->customer, "Zoe");
    order_free(found);
    assert_int_equal(order_delete(shop.orders, &order, &deferred), 0);
    assert_int_equal(await_number(&shop, deferred), 1);
    assert_int_equal(order_delete(shop.orders, &order, &deferred), 0);
    assert_int_equal(await_number(&shop, deferred), 0);
    assert_int_equal(order_update(shop.orders, &order, &deferred), 0);
    assert_int_equal(await_number(&shop, deferred), 0);
    assert_int_equal(order_find(shop.orders, &order, &deferred), 0);
    assert_null(database_await_value(shop.fixture, deferred));
    close_shop(&shop);
}

static void upsert_inserts_or_changes(void **state)
{
    struct shop shop = open_shop(state);
    struct order order = {.id = 5, .customer = "Ann", .note = "first"};
    struct torc_deferred *deferred;
    struct order *found = NULL;

    assert_int_equal(order_upsert(shop.orders, &order, &deferred), 0);
    assert_int_equal(await_number(&shop, deferred), 1);
    order.note = NULL;
    assert_int_equal(order_upsert(shop.orders, &order, &deferred), 0);
    assert_int_equal(await_number(&shop, deferred), 1);
    assert_int_equal(order_find(shop.orders, &order, &deferred), 0);
    found = database_await_value(shop.fixture, deferred);
    assert_string_equal(found->customer, "Ann");
    assert_null(found->note);
    order_free(found);
    close_shop(&shop);
}

static void select_gives_an_array_that_outlives_table_and_pool(void **state)
{
    struct shop shop = open_shop(state);
    struct torc_deferred *deferred;
    struct order_array *orders = NULL;

    insert_order(&shop, "Ann", "a");
    insert_order(&shop, "Bob", NULL);
    insert_order(&shop, "Ann", "c");
    assert_int_equal(order_select(shop.orders, "WHERE customer = ? ORDER BY id DESC",
                                  TORC_PARAMETERS(torc_db_text("Ann")), &deferred),
                     0);
    orders = database_await_value(shop.fixture, deferred);
    close_shop(&shop);
    assert_int_equal(orders->count, 2);
    assert_int_equal(orders->rows[0].id, 3);
    assert_string_equal(orders->rows[0].note, "c");
    assert_string_equal(orders->rows[1].note, "a");
    order_array_free(orders);
}

static void no_rows_are_an_array_of_none(void **state)
{
    struct shop shop = open_shop(state);
    struct torc_deferred *deferred;
    struct order_array *orders = NULL;

    assert_int_equal(order_select(shop.orders, "", TORC_NO_PARAMETERS, &deferred), 0);
    orders = database_await_value(shop.fixture, deferred);
    assert_int_equal(orders->count, 0);
    order_array_free(orders);
    order_array_free(NULL);
    order_free(NULL);
    close_shop(&shop);
}

static void what_the_database_forbids_is_told_by_the_deferred(void **state)
{
    struct shop shop = open_shop(state);
    struct torc_deferred *deferred;
    struct torc_failure *failure;
    struct thing other = usual;

    insert_thing(&shop, &usual);
    other.id = 2;
    assert_int_equal(thing_insert(shop.things, &other, &deferred), 0);
    failure = database_await_failure(shop.fixture, deferred);
    assert_ptr_equal(torc_failure_type(failure), &torc_failure_database_constraint);
    assert_string_equal(torc_database_error_of(failure)->column, "things.code");
    torc_failure_drop(failure);
    close_shop(&shop);
}

static void a_table_may_go_while_its_statements_run(void **state)
{
    struct torc_pool *pool = database_pool(*state, NULL);
    struct torc_deferred *deferred;
    struct order_table *orders = NULL;
    struct order_array *found = NULL;

    assert_int_equal(order_table_new(pool, &orders), 0);
    database_run(*state, pool, order_create_sql(orders));
    assert_int_equal(order_select(orders, "WHERE id > 0", TORC_NO_PARAMETERS, &deferred), 0);
    order_table_free(orders);
    found = database_await_value(*state, deferred);
    assert_int_equal(found->count, 0);
    order_array_free(found);
    database_pool_end(*state, pool);
}

static void a_cancelled_statement_fails_as_cancelled(void **state)
{
    struct shop shop = open_shop(state);
    struct torc_deferred *deferred;
    struct torc_failure *failure;

    assert_int_equal(order_select(shop.orders, "", TORC_NO_PARAMETERS, &deferred), 0);
    torc_deferred_cancel(deferred);
    failure = database_await_failure(shop.fixture, deferred);
    assert_ptr_equal(torc_failure_type(failure), &torc_failure_cancelled);
    torc_failure_drop(failure);
    close_shop(&shop);
}

static void a_closed_pool_refuses_at_once(void **state)
{
    struct shop shop = open_shop(state);
    struct torc_deferred *closed, *deferred;

    assert_int_equal(torc_pool_close(shop.pool, &closed), 0);
    assert_int_equal(order_insert(shop.orders, &(struct order){.customer = "x"}, &deferred),
                     TORC_ECLOSED);
    assert_int_equal(order_find(shop.orders, &(struct order){.id = 1}, &deferred), TORC_ECLOSED);
    assert_null(database_await_value(shop.fixture, closed));
    thing_table_free(shop.things);
    order_table_free(shop.orders);
    line_table_free(shop.lines);
    torc_pool_free(shop.pool);
}

/* --- one to many ---------------------------------------------------------------------------------- */

static void insert_line(struct shop *shop, int64_t order, int32_t number, const char *item)
{
    struct torc_deferred *deferred;

    assert_int_equal(line_insert(shop->lines, &(struct line){order, number, item}, &deferred), 0);
    (void)database_await_value(shop->fixture, deferred);
}

static void children_are_found_by_their_parent_in_the_order_of_their_key(void **state)
{
    struct shop shop = open_shop(state);
    struct order order = {.id = insert_order(&shop, "Ann", NULL)};
    struct order other = {.id = insert_order(&shop, "Bob", NULL)};
    struct torc_deferred *deferred;
    struct line_array *lines = NULL;

    insert_line(&shop, order.id, 2, "pear");
    insert_line(&shop, other.id, 1, "plum");
    insert_line(&shop, order.id, 1, "apple");
    assert_int_equal(lines_of_order(shop.lines, &order, &deferred), 0);
    lines = database_await_value(shop.fixture, deferred);
    assert_int_equal(lines->count, 2);
    assert_string_equal(lines->rows[0].item, "apple");
    assert_string_equal(lines->rows[1].item, "pear");
    line_array_free(lines);
    close_shop(&shop);
}

static void a_member_that_is_no_parent_column_is_refused(void **state)
{
    struct shop shop = open_shop(state);
    struct torc_deferred *deferred;
    struct line line = {.number = 1};

    assert_int_equal(lines_of_number(shop.lines, &line, &deferred), TORC_EINVAL);
    close_shop(&shop);
}

/* --- inside an interaction ------------------------------------------------------------------------ */

static int change_everything(struct torc_transaction *transaction, void *arg)
{
    struct shop *shop = arg;
    struct order order = {.customer = "Ann"};
    struct order *found = NULL;
    struct line_array *lines = NULL;
    int64_t number = -1;
    int code = order_insert_in(transaction, shop->orders, &order, &order.id);

    for (int32_t i = 1; code == 0 && i <= 3; i++)
        code = line_insert_in(transaction, shop->lines, &(struct line){order.id, i, "pear"}, NULL);
    order.note = "changed";
    if (code == 0)
        code = order_update_in(transaction, shop->orders, &order, &number);
    if (code == 0 && number != 1)
        return TORC_EMISUSE;
    if (code == 0)
        code = order_find_in(transaction, shop->orders, &order, &found);
    if (code)
        return code;
    torc_transaction_give(transaction, found, torc_row_drop);
    code = lines_of_order_in(transaction, shop->lines, &order, &lines);
    if (code)
        return code;
    number = (int64_t)lines->count;
    line_array_free(lines);
    if (number != 3)
        return TORC_EMISUSE;
    code = line_delete_in(transaction, shop->lines, &(struct line){order.id, 2, NULL}, &number);
    if (code || number != 1)
        return code ? code : TORC_EMISUSE;
    code = lines_of_order_delete_in(transaction, shop->lines, &order, &number);
    if (code || number != 2)
        return code ? code : TORC_EMISUSE;
    return line_upsert_in(transaction, shop->lines, &(struct line){order.id, 9, "plum"}, NULL);
}

static void an_interaction_has_all_of_it(void **state)
{
    struct shop shop = open_shop(state);
    struct torc_deferred *deferred;
    struct order *order = NULL;

    assert_int_equal(torc_pool_interaction(shop.pool, TORC_TRANSACTION_WRITE, change_everything,
                                           &shop, NULL, &deferred),
                     0);
    order = database_await_value(shop.fixture, deferred);
    assert_string_equal(order->note, "changed");
    order_free(order);
    assert_int_equal(
        database_integer(shop.fixture, shop.pool, "SELECT number FROM order_lines"), 9);
    close_shop(&shop);
}

static int find_nothing(struct torc_transaction *transaction, void *arg)
{
    struct shop *shop = arg;
    struct order key = {.id = 77};
    struct order *order = &key;
    struct order_array *orders = NULL;
    int64_t changes = -1;
    int code = order_find_in(transaction, shop->orders, &key, &order);

    if (code == 0)
        code = order_delete_in(transaction, shop->orders, &key, &changes);
    if (code)
        return code;
    if (order || changes != 0)
        return TORC_EMISUSE;
    code = order_select_in(transaction, shop->orders, "WHERE id > ?",
                           TORC_PARAMETERS(torc_db_integer(1)), &orders);
    if (code)
        return code;
    changes = (int64_t)orders->count;
    order_array_free(orders);
    return changes == 0 ? 0 : TORC_EMISUSE;
}

static void not_found_is_no_error_inside_an_interaction(void **state)
{
    struct shop shop = open_shop(state);
    struct torc_deferred *deferred;

    assert_int_equal(torc_pool_interaction(shop.pool, TORC_TRANSACTION_WRITE, find_nothing, &shop,
                                           NULL, &deferred),
                     0);
    assert_null(database_await_value(shop.fixture, deferred));
    close_shop(&shop);
}

static int insert_bad_order(struct torc_transaction *transaction, void *arg)
{
    struct shop *shop = arg;
    int code = order_insert_in(transaction, shop->orders, &(struct order){.customer = "Ann"}, NULL);

    return code ? code
                : order_insert_in(transaction, shop->orders, &(struct order){.note = "?"}, NULL);
}

static int read_bad_thing(struct torc_transaction *transaction, void *arg)
{
    struct shop *shop = arg;
    struct thing_array *things = NULL;
    int code = thing_select_in(transaction, shop->things, "", TORC_NO_PARAMETERS, &things);

    if (code == 0)
        thing_array_free(things);
    return code;
}

static void a_value_that_does_not_fit_fails_the_interaction_and_names_its_column(void **state)
{
    struct shop shop = open_shop(state);
    struct torc_deferred *deferred;

    assert_int_equal(torc_pool_interaction(shop.pool, TORC_TRANSACTION_WRITE, insert_bad_order,
                                           &shop, NULL, &deferred),
                     0);
    expect_misfit(database_await_failure(shop.fixture, deferred), "orders.customer", NULL, "NULL");
    assert_int_equal(database_integer(shop.fixture, shop.pool, "SELECT count(*) FROM orders"), 0);
    insert_thing(&shop, &usual);
    database_run(shop.fixture, shop.pool, "UPDATE things SET yes = 5");
    assert_int_equal(torc_pool_interaction(shop.pool, TORC_TRANSACTION_READ, read_bad_thing, &shop,
                                           NULL, &deferred),
                     0);
    expect_misfit(database_await_failure(shop.fixture, deferred), "things.yes", NULL,
                  "in row 1: 5 is neither 0 nor 1");
    close_shop(&shop);
}

/* --- maps ----------------------------------------------------------------------------------------- */

static void a_map_without_a_key_or_with_a_column_twice_is_refused(void **state)
{
    static const struct torc_row_column twice[] = {
        {"id", TORC_COLUMN_INTEGER, TORC_MEMBER_INT64, TORC_KEY, 0, 8},
        {"ID", TORC_COLUMN_INTEGER, TORC_MEMBER_INT64, 0, 8, 8}};
    struct torc_row_map map = *order_row_map();
    struct torc_pool *pool = database_pool(*state, NULL);
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
    database_pool_end(*state, pool);
}

int main(void)
{
#define CASE(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, database_fixture_set_up, database_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_texts_name_what_they_need_and_quote_what_they_must),
        CASE(odd_names_work),
        CASE(a_table_may_be_a_key_alone),
        CASE(every_type_comes_back_as_it_went),
        CASE(null_is_null_where_it_may_be),
        CASE(a_member_that_does_not_fit_is_named_before_anything_is_run),
        CASE(a_refused_parameter_is_counted),
        CASE(a_cell_that_does_not_fit_names_its_column),
        CASE(an_integer_is_a_real_too),
        CASE(a_generated_key_is_what_insert_fires_with),
        CASE(update_and_delete_fire_with_the_number_of_rows),
        CASE(upsert_inserts_or_changes),
        CASE(select_gives_an_array_that_outlives_table_and_pool),
        CASE(no_rows_are_an_array_of_none),
        CASE(what_the_database_forbids_is_told_by_the_deferred),
        CASE(a_table_may_go_while_its_statements_run),
        CASE(a_cancelled_statement_fails_as_cancelled),
        CASE(a_closed_pool_refuses_at_once),
        CASE(children_are_found_by_their_parent_in_the_order_of_their_key),
        CASE(a_member_that_is_no_parent_column_is_refused),
        CASE(an_interaction_has_all_of_it),
        CASE(not_found_is_no_error_inside_an_interaction),
        CASE(a_value_that_does_not_fit_fails_the_interaction_and_names_its_column),
        CASE(a_map_without_a_key_or_with_a_column_twice_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
