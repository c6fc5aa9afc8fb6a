/* Looking into a host's databases, and pools on hosts that die. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/database_fault.h>
#include <torc/disk.h>
#include <torc/pool.h>
#include <torc/trial.h>

#include "tests/support/oom_sweep.h"
#include "tests/support/sql_desk.h"

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    struct sql_desk *desk = sql_desk_new(3, NULL, true);

    assert_int_equal(torc_host_name_database(desk->host, "main", "main.sqlite"), 0);
    torc_trial_set_state(trial, desk);
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    sql_desk_free(torc_trial_state(trial));
    return NULL;
}

static const struct torc_trial_group with_sql_desk = {.set_up = set_up, .tear_down = tear_down};

static int64_t ask(struct torc_host *host, const char *sql)
{
    struct torc_rows *rows = NULL;
    int64_t number = -1;
    char error[128];

    if (torc_host_sql(host, "main", sql, &rows, error, sizeof error) != 0)
        fail_msg("%s", error);
    assert_int_equal(torc_rows_integer(rows, 0, 0, &number), 0);
    torc_rows_free(rows);
    return number;
}

static void do_sql(struct torc_host *host, const char *sql)
{
    char error[128];

    if (torc_host_sql(host, "main", sql, NULL, error, sizeof error) != 0)
        fail_msg("%s", error);
}

/* --- looking ------------------------------------------------------------------------------------ */

TORC_TEST(the_rows_of_the_last_statement_come_back, .group = &with_sql_desk)
{
    struct sql_desk *desk = torc_trial_state(trial);
    struct torc_rows *rows = NULL;
    const char *text = NULL;
    double real = 0;
    size_t bytes = 0;
    char error[128];

    assert_int_equal(torc_host_sql(desk->host, "main",
                                   "CREATE TABLE t(n, s, r, b); -- a comment\n"
                                   "INSERT INTO t VALUES (1, 'one', 1.5, x'00'), (2, 'two', NULL, NULL);"
                                   "SELECT n, s AS name, r, b FROM t; ",
                                   &rows, error, sizeof error),
                     0);
    assert_int_equal(torc_rows_count(rows), 2);
    assert_int_equal(torc_rows_columns(rows), 4);
    assert_string_equal(torc_rows_column_name(rows, 1), "name");
    assert_int_equal(torc_rows_text(rows, 1, 1, &text, &bytes), 0);
    assert_string_equal(text, "two");
    assert_int_equal(torc_rows_real(rows, 0, 2, &real), 0);
    assert_true(real == 1.5);
    assert_true(torc_rows_is_null(rows, 1, 3));
    torc_rows_free(rows);
    assert_int_equal(torc_host_sql(desk->host, "main", "DELETE FROM t", &rows, error, sizeof error), 0);
    assert_int_equal(torc_rows_changes(rows), 2);
    torc_rows_free(rows);
    assert_int_equal(torc_host_sql(desk->host, "main", " -- nothing", &rows, error, sizeof error), 0);
    assert_int_equal(torc_rows_count(rows), 0);
    torc_rows_free(rows);
    return NULL;
}

TORC_TEST(what_is_refused_says_why, .group = &with_sql_desk)
{
    struct sql_desk *desk = torc_trial_state(trial);
    char error[128];

    do_sql(desk->host, "CREATE TABLE t(n UNIQUE); INSERT INTO t VALUES (1)");
    assert_int_equal(torc_host_sql(desk->host, "mian", "SELECT 1", NULL, error, sizeof error),
                     TORC_ENOTFOUND);
    assert_string_equal(error, "host h has no database 'mian'");
    assert_int_equal(torc_host_sql(desk->host, "main", "SELEC 1", NULL, error, sizeof error),
                     TORC_EINVAL);
    assert_string_equal(error, "near \"SELEC\": syntax error");
    assert_int_equal(
        torc_host_sql(desk->host, "main", "INSERT INTO t VALUES (1)", NULL, error, sizeof error),
        TORC_ECONSTRAINT);
    assert_string_equal(error, "UNIQUE constraint failed: t.n");
    assert_int_equal(torc_host_name_database(desk->host, "main", "other.sqlite"), TORC_EEXIST);
    assert_int_equal(torc_host_name_database(desk->host, "memory", ":memory:"), 0);
    assert_int_equal(torc_host_sql(desk->host, "memory", "SELECT 1", NULL, error, sizeof error),
                     TORC_ENOTFOUND);
    assert_string_equal(error, "database 'memory' is in memory, where only its pool sees it");
    return NULL;
}

static void assert_unchanged_by_a_look(struct sql_desk *desk, const char *path)
{
    void *before = NULL;
    void *after = NULL;
    size_t before_bytes = 0;
    size_t after_bytes = 0;

    assert_int_equal(torc_host_read_file(desk->host, path, &before, &before_bytes), 0);
    assert_int_equal(ask(desk->host, "SELECT count(*) FROM t"), 1);
    assert_int_equal(torc_host_read_file(desk->host, path, &after, &after_bytes), 0);
    assert_int_equal(after_bytes, before_bytes);
    assert_memory_equal(after, before, before_bytes);
    torc_host_free_file(desk->host, before, before_bytes);
    torc_host_free_file(desk->host, after, after_bytes);
}

/* Though it is the last to close the database, which would write the log into it. */
TORC_TEST(looking_moves_nothing_from_the_log_to_the_database, .group = &with_sql_desk)
{
    static const char *const writes[] = {"PRAGMA journal_mode=WAL", "CREATE TABLE t(n)",
                                         "INSERT INTO t VALUES (1)", "SLEEP 1000", NULL};
    struct sql_desk *desk = torc_trial_state(trial);
    enum torc_verdict verdict;

    sql_desk_submit(desk, "main.sqlite", writes);
    assert_int_equal(torc_world_run(desk->world, 500000, &verdict), 0);
    torc_host_kill(desk->host);
    assert_unchanged_by_a_look(desk, "main.sqlite");
    assert_unchanged_by_a_look(desk, "main.sqlite-wal");
    return NULL;
}

TORC_TEST(looking_leaves_no_mark, .group = &with_sql_desk)
{
    static const char *const writes[] = {"PRAGMA journal_mode=WAL", "CREATE TABLE t(n)",
                                         "INSERT INTO t VALUES (1)", "SLEEP 1000", NULL};
    struct sql_desk *desk = torc_trial_state(trial);
    struct torc_disk_fault every = TORC_DISK_FAULT_INIT;
    enum torc_verdict verdict;
    uint64_t operations;
    size_t traced;

    sql_desk_submit(desk, "main.sqlite", writes);
    assert_int_equal(torc_world_run(desk->world, 500000, &verdict), 0);
    every.code = SQLITE_IOERR;
    every.times = UINT64_MAX;
    assert_int_equal(torc_host_add_disk_fault(desk->host, &every, NULL), 0);
    operations = torc_host_disk_operations(desk->host);
    traced = desk->text_bytes;
    assert_int_equal(ask(desk->host, "SELECT count(*) FROM t"), 1);
    assert_int_equal(torc_host_disk_operations(desk->host), operations);
    assert_int_equal(desk->text_bytes, traced);
    torc_host_clear_disk_faults(desk->host);
    return NULL;
}

TORC_TEST(a_transaction_of_the_host_is_in_the_way_and_nothing_waits, .group = &with_sql_desk)
{
    static const char *const writes[] = {"CREATE TABLE t(n)", "BEGIN EXCLUSIVE", "SLEEP 1000",
                                         "INSERT INTO t VALUES (1)", "COMMIT", NULL};
    struct sql_desk *desk = torc_trial_state(trial);
    enum torc_verdict verdict;
    char error[128];

    sql_desk_submit(desk, "main.sqlite", writes);
    assert_int_equal(torc_world_run(desk->world, 500000, &verdict), 0);
    assert_int_equal(torc_host_sql(desk->host, "main", "SELECT * FROM t", NULL, error, sizeof error),
                     TORC_EBUSY);
    assert_int_equal(torc_world_now(desk->world), 500000);
    sql_desk_run(desk);
    assert_int_equal(ask(desk->host, "SELECT count(*) FROM t"), 1);
    return NULL;
}

TORC_TEST(a_host_that_is_down_can_be_looked_into, .group = &with_sql_desk)
{
    struct sql_desk *desk = torc_trial_state(trial);
    struct torc_rows *rows = NULL;
    int64_t number = 0;
    char error[128];

    do_sql(desk->host, "CREATE TABLE t(n); INSERT INTO t VALUES (7)");
    assert_int_equal(torc_host_sql(desk->host, "main", "SELECT n FROM t", &rows, error, sizeof error),
                     0);
    torc_host_kill(desk->host);
    assert_int_equal(ask(desk->host, "SELECT n FROM t"), 7);
    assert_int_equal(torc_rows_integer(rows, 0, 0, &number), 0); /* a kill does not take rows */
    assert_int_equal(number, 7);
    torc_rows_free(rows);
    return NULL;
}

static const char *look_without_memory(struct torc_test_allocator *allocator, void *arg)
{
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;
    struct torc_world_options options;
    struct torc_rows *rows = NULL;
    struct torc_world *world;
    struct torc_host *host;
    char error[128];
    int code;

    (void)arg;
    torc_world_options_init(&options);
    options.allocator = allocator->base;
    if (torc_world_new(&options, &world) != 0)
        return NULL;
    fault.database = "main";
    fault.sql = "^INSERT";
    fault.code = SQLITE_FULL;
    code = torc_world_add_host(world, "h", NULL, &host);
    if (code == 0)
        code = torc_host_name_database(host, "main", "main.sqlite");
    if (code == 0)
        code = torc_host_add_database_fault(host, &fault, NULL);
    if (code == 0)
        code = torc_host_sql(host, "main", "CREATE TABLE t(n); SELECT 'text', 1", &rows, error,
                             sizeof error);
    if (code == 0 && torc_rows_count(rows) != 1)
        error[0] = '\0';
    torc_rows_free(rows);
    torc_world_free(world);
    return code == 0 || code == TORC_ENOMEM ? NULL : torc_error_name(code);
}

TORC_TEST(without_memory_the_answer_is_an_error)
{
    uint64_t runs = 0;

    assert_null(torc_oom_sweep(look_without_memory, NULL, &runs));
    assert_true(runs > 20);
    return NULL;
}

/* --- pools -------------------------------------------------------------------------------------- */

/* A host whose pool places two rows in one transaction, over and over. */
struct shop {
    struct torc_world *world;
    struct torc_host *host;
    struct torc_pool *pool;
    int64_t told; /* transactions that were acknowledged */
};

static int insert_two(struct torc_transaction *transaction, void *arg)
{
    int code = torc_transaction_execute(transaction, "INSERT INTO t VALUES (1)", TORC_NO_PARAMETERS,
                                        NULL);

    (void)arg;
    return code != 0 ? code
                     : torc_transaction_execute(transaction, "INSERT INTO t VALUES (2)",
                                                TORC_NO_PARAMETERS, NULL);
}

static void begin(struct shop *shop);

static struct torc_result next(struct torc_result result, void *arg)
{
    struct shop *shop = arg;

    if (result.kind == TORC_RESULT_VALUE)
        shop->told++;
    torc_result_drop(result);
    begin(shop);
    return torc_value(NULL);
}

static void begin(struct shop *shop)
{
    struct torc_deferred *deferred = NULL;

    if (shop->told == 3)
        return;
    assert_int_equal(torc_pool_interaction(shop->pool, TORC_TRANSACTION_WRITE, insert_two, NULL, NULL,
                                           &deferred),
                     0);
    assert_int_equal(torc_deferred_add_both(deferred, next, shop, NULL), 0);
    torc_deferred_drop(deferred);
}

static void open_shop(struct shop *shop)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;

    memset(shop, 0, sizeof *shop);
    assert_int_equal(torc_world_new(NULL, &shop->world), 0);
    assert_int_equal(torc_world_add_host(shop->world, "h", NULL, &shop->host), 0);
    assert_int_equal(torc_host_name_database(shop->host, "main", "main.sqlite"), 0);
    do_sql(shop->host, "CREATE TABLE t(n)");
    options.path = "main.sqlite";
    assert_int_equal(torc_pool_new(torc_host_reactor(shop->host), &options, &shop->pool), 0);
    begin(shop);
}

/* Under AddressSanitizer and valgrind a connection that stays open, or a job that is not unwound, shows. */
TORC_TEST(killed_after_any_event_a_host_leaves_whole_transactions)
{
    struct shop shop;
    size_t events = 1;
    size_t killed_at;

    for (killed_at = 0; events > 0; killed_at++) {
        int64_t rows;

        open_shop(&shop);
        for (events = killed_at; events > 0 && torc_world_step(shop.world) == 0; events--)
            ;
        events = shop.told < 3; /* it is over when all was done before the kill */
        torc_host_kill(shop.host);
        rows = ask(shop.host, "SELECT count(*) FROM t");
        assert_int_equal(rows % 2, 0);
        assert_true(rows >= 2 * shop.told && rows <= 2 * shop.told + 2);
        torc_world_free(shop.world);
    }
    assert_true(killed_at > 30);
    return NULL;
}

TORC_TEST(a_fault_reaches_the_caller_of_the_pool_and_the_next_one_is_served)
{
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;
    struct shop shop;
    enum torc_verdict verdict;
    uint32_t number = 0;

    open_shop(&shop);
    fault.database = "main";
    fault.sql = "VALUES \\(2\\)$";
    fault.kind = TORC_DATABASE_DROP_BEFORE;
    fault.n = 2;
    assert_int_equal(torc_host_add_database_fault(shop.host, &fault, &number), 0);
    assert_int_equal(torc_world_run(shop.world, TORC_NEVER, &verdict), 0);
    assert_int_equal(verdict, TORC_VERDICT_QUIESCENT);
    assert_int_equal(torc_host_database_fault_struck(shop.host, number), 1);
    assert_int_equal(shop.told, 3);
    assert_int_equal(ask(shop.host, "SELECT count(*) FROM t"), 6);
    torc_pool_free(shop.pool);
    torc_world_free(shop.world);
    return NULL;
}

TORC_TRIAL_MAIN
