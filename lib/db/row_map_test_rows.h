/* row_map_test_rows.h - the structs that the tests of the row mapper keep, and a shop that has their tables. */
#ifndef ROW_MAP_TEST_ROWS_H
#define ROW_MAP_TEST_ROWS_H

#include <float.h>
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

static inline struct shop open_shop(const struct torc_trial *trial)
{
    struct shop shop = {.fixture = torc_trial_state(trial)};

    shop.pool = database_pool(shop.fixture, NULL);
    assert_int_equal(thing_table_new(shop.pool, &shop.things), 0);
    assert_int_equal(order_table_new(shop.pool, &shop.orders), 0);
    assert_int_equal(line_table_new(shop.pool, &shop.lines), 0);
    database_run(shop.fixture, shop.pool, thing_create_sql(shop.things));
    database_run(shop.fixture, shop.pool, order_create_sql(shop.orders));
    database_run(shop.fixture, shop.pool, line_create_sql(shop.lines));
    return shop;
}

static inline void close_shop(struct shop *shop)
{
    thing_table_free(shop->things);
    order_table_free(shop->orders);
    line_table_free(shop->lines);
    database_pool_end(shop->fixture, shop->pool);
}

static inline intptr_t await_number(struct shop *shop, struct torc_deferred *deferred)
{
    return (intptr_t)database_await_value(shop->fixture, deferred);
}

static inline void insert_thing(struct shop *shop, const struct thing *thing)
{
    struct torc_deferred *deferred;

    assert_int_equal(thing_insert(shop->things, thing, &deferred), 0);
    assert_int_equal(await_number(shop, deferred), thing->id);
}

static inline struct thing *find_thing(struct shop *shop, int64_t id)
{
    struct torc_deferred *deferred;

    assert_int_equal(thing_find(shop->things, &(struct thing){.id = id}, &deferred), 0);
    return database_await_value(shop->fixture, deferred);
}

/* The failure is of a value, and names the column, the statement's beginning and the sentence. */
static inline void expect_misfit(struct torc_failure *failure, const char *column,
                                 const char *statement, const char *sentence)
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

#endif
