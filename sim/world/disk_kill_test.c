/* A host is killed in the middle of its transactions, at every operation of its disk: nothing that was
 * committed is lost, and nothing SQLite held is left behind (run it with AddressSanitizer or valgrind). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/pool.h>
#include <torc/trial.h>

#include "disk_state.h"
#include "tests/support/sql_desk.h"

#define WAL "PRAGMA journal_mode=WAL"
#define DELETE "PRAGMA journal_mode=DELETE"

static const char *const work[] = {"PRAGMA busy_timeout=1000",
                                   "INSERT INTO t(v) VALUES('a')",
                                   "BEGIN",
                                   "INSERT INTO t(v) VALUES(hex(randomblob(3000)))",
                                   "UPDATE t SET v = v || 'b'",
                                   "COMMIT",
                                   "DELETE FROM t WHERE id = 1",
                                   NULL};

static struct sql_desk *desk_with(const char *journal)
{
    static const char *const schema[] = {"CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v)",
                                         NULL};
    const char *mode[] = {journal, NULL};
    struct torc_disk_options options = TORC_DISK_OPTIONS_INIT;
    struct sql_desk *desk;

    options.operation_ns = 1000;
    options.sync_ns = 10000;
    desk = sql_desk_new(3, &options, false);
    sql_desk_submit(desk, "a.db", schema);
    sql_desk_run(desk);
    sql_desk_submit(desk, "a.db", mode);
    sql_desk_run(desk);
    return desk;
}

static unsigned committed(const struct sql_client *client)
{
    return (unsigned)(client->done > 1 && client->codes[1] == SQLITE_OK) +
           (unsigned)(client->done > 5 && client->codes[3] == SQLITE_OK &&
                      client->codes[5] == SQLITE_OK);
}

static void check_after(struct sql_desk *desk, unsigned rows)
{
    assert_false(torc_host_up(desk->host));
    assert_int_equal(torc_host_restart(desk->host), 0);
    assert_string_equal(sql_desk_look(desk, "a.db", "PRAGMA integrity_check"), "ok");
    /* Numbers are not used again: they count all rows there ever were. */
    assert_true(strtoul(sql_desk_look(desk, "a.db", "SELECT coalesce(max(seq), 0) FROM "
                                                    "sqlite_sequence"),
                        NULL, 10) >= rows);
    sql_desk_run(desk);
}

/* Two clients, killed just before operation `n`; false: there is no such operation. */
static bool kill_before(const char *journal, uint64_t n)
{
    struct sql_desk *desk = desk_with(journal);
    uint64_t first = torc_host_disk_operations(desk->host);
    struct sql_client *a = sql_desk_submit(desk, "a.db", work);
    struct sql_client *b = sql_desk_submit(desk, "a.db", work);
    bool there;

    while (torc_host_disk_operations(desk->host) < first + n && torc_world_step(desk->world) == 0)
        ;
    there = torc_host_disk_operations(desk->host) == first + n;
    if (there) {
        unsigned rows = committed(a) + committed(b);
        char before[TORC_DIGEST_TEXT_BYTES];
        char after[TORC_DIGEST_TEXT_BYTES];
        uint64_t count = torc_trace_count(desk->trace);

        sql_desk_digest(desk, before);
        torc_host_kill(desk->host);
        assert_int_equal(torc_trace_count(desk->trace), count + 1); /* the stop, and nothing else */
        assert_int_equal(torc_host_disk_operations(desk->host), first + n);
        sql_desk_digest(desk, after);
        assert_string_not_equal(before, after);
        check_after(desk, rows);
    }
    sql_desk_free(desk);
    return there;
}

TORC_TEST(a_kill_at_any_operation_loses_nothing)
{
    const char *journals[] = {WAL, DELETE};
    uint64_t n;
    size_t i;

    for (i = 0; i < 2; i++) {
        for (n = 1; kill_before(journals[i], n); n++)
            ;
        assert_true(n > 100);
        printf("# %s: %d operations\n", journals[i], (int)n - 1);
    }
    return NULL;
}

TORC_TEST(a_killed_host_changes_its_disk_no_more)
{
    struct sql_desk *desk = desk_with(WAL);
    struct torc_power_cut none = TORC_POWER_CUT_INIT;
    uint64_t n = torc_host_disk_operations(desk->host) + 60;
    void *before;
    void *after;
    size_t before_bytes;
    size_t after_bytes;

    sql_desk_submit(desk, "a.db", work);
    while (torc_host_disk_operations(desk->host) < n)
        assert_int_equal(torc_world_step(desk->world), 0);
    assert_int_equal(torc_host_read_file(desk->host, "a.db-wal", &before, &before_bytes), 0);
    none.loss = TORC_LOSS_NONE;
    assert_int_equal(torc_host_cut_power(desk->host, &none), 0);
    assert_int_equal(torc_host_read_file(desk->host, "a.db-wal", &after, &after_bytes), 0);
    assert_int_equal(before_bytes, after_bytes);
    assert_memory_equal(before, after, before_bytes);
    torc_host_free_file(desk->host, before, before_bytes);
    torc_host_free_file(desk->host, after, after_bytes);
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(a_world_is_freed_in_the_middle_of_a_transaction)
{
    uint64_t n;

    for (n = 1; n < 80; n += 7) {
        struct sql_desk *desk = desk_with(WAL);
        uint64_t last = torc_host_disk_operations(desk->host) + n;

        sql_desk_submit(desk, "a.db", work);
        while (torc_host_disk_operations(desk->host) < last)
            assert_int_equal(torc_world_step(desk->world), 0);
        sql_desk_free(desk);
    }
    return NULL;
}

/* --- through a pool ----------------------------------------------------------------------------- */

static int insert_twice(struct torc_transaction *transaction, void *arg)
{
    int code = torc_transaction_execute(transaction, "INSERT INTO t(v) VALUES('x')",
                                        TORC_NO_PARAMETERS, NULL);

    (void)arg;
    return code != 0 ? code
                     : torc_transaction_execute(transaction, "INSERT INTO t(v) VALUES('y')",
                                                TORC_NO_PARAMETERS, NULL);
}

static struct torc_result count_commit(struct torc_result result, void *arg)
{
    ++*(unsigned *)arg;
    return result;
}

static struct torc_result forget(struct torc_result result, void *arg)
{
    (void)arg;
    torc_result_drop(result);
    return torc_value(NULL);
}

static void submit(struct torc_pool *pool, unsigned *commits)
{
    struct torc_deferred *deferred;

    assert_int_equal(torc_pool_interaction(pool, TORC_TRANSACTION_WRITE, insert_twice, NULL, NULL,
                                           &deferred),
                     0);
    assert_int_equal(torc_deferred_add_callback(deferred, count_commit, commits, NULL), 0);
    assert_int_equal(torc_deferred_add_both(deferred, forget, NULL, NULL), 0);
    torc_deferred_drop(deferred);
    assert_int_equal(torc_pool_query(pool, "SELECT * FROM t", TORC_NO_PARAMETERS, &deferred), 0);
    assert_int_equal(torc_deferred_add_both(deferred, forget, NULL, NULL), 0);
    torc_deferred_drop(deferred);
}

static void make_table(struct torc_host *host)
{
    static const char schema[] = "PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, v)";
    sqlite3 *sqlite;

    assert_int_equal(sqlite3_open_v2("a.db", &sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                     torci_host_storage(host)),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, schema, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(sqlite), SQLITE_OK);
}

/* A pool's work, the power cut just before operation `n`; false: it was over before. */
static bool cut_pool_before(uint64_t n)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_power_cut cut = TORC_POWER_CUT_INIT;
    struct torc_world *world;
    struct torc_host *host;
    struct torc_pool *pool;
    enum torc_verdict verdict;
    unsigned commits = 0;
    bool cut_off;
    int i;

    assert_int_equal(torc_world_new(NULL, &world), 0);
    assert_int_equal(torc_world_add_host(world, "h", NULL, &host), 0);
    make_table(host);
    options.path = "a.db";
    assert_int_equal(torc_pool_new(torc_host_reactor(host), &options, &pool), 0);
    for (i = 0; i < 3; i++)
        submit(pool, &commits);
    assert_int_equal(torc_host_cut_power_at(host, torc_host_disk_operations(host) + n, &cut), 0);
    assert_int_equal(torc_world_run(world, UINT64_C(10000000000), &verdict), 0);
    cut_off = !torc_host_up(host);
    if (cut_off) {
        assert_int_equal(torc_host_restart(host), 0);
    } else {
        assert_int_equal(commits, 3);
        torc_pool_free(pool);
    }
    torc_world_free(world);
    return cut_off;
}

TORC_TEST(the_connections_of_a_pool_are_closed_with_its_host)
{
    uint64_t n;

    for (n = 1; cut_pool_before(n); n++)
        ;
    assert_true(n > 50);
    printf("# a pool: %d operations\n", (int)n - 1);
    return NULL;
}

TORC_TRIAL_MAIN
