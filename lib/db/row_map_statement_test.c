#include "row_map_test_rows.h"

/* --- statements ----------------------------------------------------------------------------------- */

static int64_t insert_order(struct shop *shop, const char *customer, const char *note)
{
    struct torc_deferred *deferred;
    struct order order = {.id = 12345, .customer = customer, .note = note};

    assert_int_equal(order_insert(shop->orders, &order, &deferred), 0);
    return await_number(shop, deferred);
}

TORC_TEST(a_generated_key_is_what_insert_fires_with, .group = &with_database)
{
    struct shop shop = open_shop(trial);

    assert_int_equal(insert_order(&shop, "Ann", NULL), 1);
    assert_int_equal(insert_order(&shop, "Bob", NULL), 2);
    close_shop(&shop);
    return NULL;
}

TORC_TEST(update_and_delete_fire_with_the_number_of_rows, .group = &with_database)
{
    struct shop shop = open_shop(trial);
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
    return NULL;
}

TORC_TEST(upsert_inserts_or_changes, .group = &with_database)
{
    struct shop shop = open_shop(trial);
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
    return NULL;
}

TORC_TEST(select_gives_an_array_that_outlives_table_and_pool, .group = &with_database)
{
    struct shop shop = open_shop(trial);
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
    return NULL;
}

TORC_TEST(no_rows_are_an_array_of_none, .group = &with_database)
{
    struct shop shop = open_shop(trial);
    struct torc_deferred *deferred;
    struct order_array *orders = NULL;

    assert_int_equal(order_select(shop.orders, "", TORC_NO_PARAMETERS, &deferred), 0);
    orders = database_await_value(shop.fixture, deferred);
    assert_int_equal(orders->count, 0);
    order_array_free(orders);
    order_array_free(NULL);
    order_free(NULL);
    close_shop(&shop);
    return NULL;
}

TORC_TEST(what_the_database_forbids_is_told_by_the_deferred, .group = &with_database)
{
    struct shop shop = open_shop(trial);
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
    return NULL;
}

TORC_TEST(a_table_may_go_while_its_statements_run, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    struct torc_deferred *deferred;
    struct order_table *orders = NULL;
    struct order_array *found = NULL;

    assert_int_equal(order_table_new(pool, &orders), 0);
    database_run(fixture, pool, order_create_sql(orders));
    assert_int_equal(order_select(orders, "WHERE id > 0", TORC_NO_PARAMETERS, &deferred), 0);
    order_table_free(orders);
    found = database_await_value(fixture, deferred);
    assert_int_equal(found->count, 0);
    order_array_free(found);
    database_pool_end(fixture, pool);
    return NULL;
}

TORC_TEST(a_cancelled_statement_fails_as_cancelled, .group = &with_database)
{
    struct shop shop = open_shop(trial);
    struct torc_deferred *deferred;
    struct torc_failure *failure;

    assert_int_equal(order_select(shop.orders, "", TORC_NO_PARAMETERS, &deferred), 0);
    torc_deferred_cancel(deferred);
    failure = database_await_failure(shop.fixture, deferred);
    assert_ptr_equal(torc_failure_type(failure), &torc_failure_cancelled);
    torc_failure_drop(failure);
    close_shop(&shop);
    return NULL;
}

TORC_TEST(a_closed_pool_refuses_at_once, .group = &with_database)
{
    struct shop shop = open_shop(trial);
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
    return NULL;
}

/* --- one to many ---------------------------------------------------------------------------------- */

static void insert_line(struct shop *shop, int64_t order, int32_t number, const char *item)
{
    struct torc_deferred *deferred;

    assert_int_equal(line_insert(shop->lines, &(struct line){order, number, item}, &deferred), 0);
    (void)database_await_value(shop->fixture, deferred);
}

TORC_TEST(children_are_found_by_their_parent_in_the_order_of_their_key, .group = &with_database)
{
    struct shop shop = open_shop(trial);
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
    return NULL;
}

TORC_TEST(a_member_that_is_no_parent_column_is_refused, .group = &with_database)
{
    struct shop shop = open_shop(trial);
    struct torc_deferred *deferred;
    struct line line = {.number = 1};

    assert_int_equal(lines_of_number(shop.lines, &line, &deferred), TORC_EINVAL);
    close_shop(&shop);
    return NULL;
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

TORC_TEST(an_interaction_has_all_of_it, .group = &with_database)
{
    struct shop shop = open_shop(trial);
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
    return NULL;
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

TORC_TEST(not_found_is_no_error_inside_an_interaction, .group = &with_database)
{
    struct shop shop = open_shop(trial);
    struct torc_deferred *deferred;

    assert_int_equal(torc_pool_interaction(shop.pool, TORC_TRANSACTION_WRITE, find_nothing, &shop,
                                           NULL, &deferred),
                     0);
    assert_null(database_await_value(shop.fixture, deferred));
    close_shop(&shop);
    return NULL;
}

static int look_for_no_parent(struct torc_transaction *transaction, void *arg)
{
    struct shop *shop = arg;
    const struct line line = {.number = 1};
    struct line_array *lines = NULL;
    int64_t changes = -1;
    int found = lines_of_number_in(transaction, shop->lines, &line, &lines);
    int deleted = lines_of_number_delete_in(transaction, shop->lines, &line, &changes);

    return found == TORC_EINVAL && deleted == TORC_EINVAL && !lines && changes == -1 ? 0 : TORC_EMISUSE;
}

TORC_TEST(a_member_that_is_no_parent_column_is_refused_inside_an_interaction, .group = &with_database)
{
    struct shop shop = open_shop(trial);
    struct torc_deferred *deferred;

    assert_int_equal(torc_pool_interaction(shop.pool, TORC_TRANSACTION_WRITE, look_for_no_parent, &shop,
                                           NULL, &deferred),
                     0);
    assert_null(database_await_value(shop.fixture, deferred));
    close_shop(&shop);
    return NULL;
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

TORC_TEST(a_value_that_does_not_fit_fails_the_interaction_and_names_its_column, .group = &with_database)
{
    struct shop shop = open_shop(trial);
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
    return NULL;
}

TORC_TRIAL_MAIN
