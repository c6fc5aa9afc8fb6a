/* What a power cut leaves of databases: nothing that was committed is lost where SQLite promises that, and the
 * disk is rough enough to lose it where SQLite does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/power_matrix.h"
#include "tests/support/sql_desk.h"
#include "tests/support/test_sample.h"

/* Each transaction writes a small row and one of several pages, or none of them. */
#define TRANSACTION(n)                                                                             \
    "BEGIN", "INSERT INTO t VALUES(" #n ", 'a')",                                                  \
        "INSERT INTO t VALUES(100 + " #n ", hex(randomblob(3000)))", "COMMIT"

struct setting {
    const char *journal;
    const char *synchronous;
    struct torc_disk_options disk;
};

struct trial {
    struct sql_desk *desk;
    struct sql_client *client;
    const char *script[64];
    char wrong[128];
};

static void *set_up(void *arg)
{
    static const char *const schema[] = {"CREATE TABLE t(id INTEGER PRIMARY KEY, v)",
                                         "INSERT INTO t VALUES(0, 'zero')", NULL};
    static const char *const work[] = {TRANSACTION(1),
                                       TRANSACTION(2),
                                       "UPDATE t SET v = v || 'b' WHERE id < 100",
                                       TRANSACTION(3),
                                       "DELETE FROM t WHERE id = 101",
                                       "PRAGMA wal_checkpoint(TRUNCATE)",
                                       TRANSACTION(4)};
    const struct setting *setting = arg;
    struct trial *trial = calloc(1, sizeof *trial);
    struct torc_disk_options reliable = setting->disk;
    const char *mode[] = {setting->journal, NULL};
    size_t i;

    assert_non_null(trial);
    reliable.ignore_sync = false;
    trial->desk = sql_desk_new(5, &reliable, false);
    sql_desk_submit(trial->desk, "a.db", schema);
    sql_desk_run(trial->desk);
    sql_desk_submit(trial->desk, "a.db", mode);
    sql_desk_run(trial->desk);
    assert_int_equal(torc_host_set_disk(trial->desk->host, &setting->disk), 0);
    trial->script[0] = setting->synchronous;
    for (i = 0; i < sizeof work / sizeof work[0]; i++)
        trial->script[i + 1] = work[i];
    trial->client = sql_desk_submit(trial->desk, "a.db", trial->script);
    return trial;
}

static struct torc_world *world_of(void *arg)
{
    return ((struct trial *)arg)->desk->world;
}

static void run(void *arg)
{
    sql_desk_run(((struct trial *)arg)->desk);
}

/* Whether statement `i` made a row final, and which.  A COMMIT of nothing goes well on a dead disk too. */
static int committed(const struct trial *trial, size_t i)
{
    const int *codes = trial->client->codes;

    if (strcmp(trial->script[i], "COMMIT") != 0 || codes[i - 2] != SQLITE_OK ||
        codes[i - 1] != SQLITE_OK || codes[i] != SQLITE_OK)
        return 0;
    return atoi(strchr(trial->script[i - 2], '(') + 1);
}

static const char *check(void *arg)
{
    struct trial *trial = arg;
    struct sql_desk *desk = trial->desk;
    const char *found;
    char sql[128];
    size_t i;

    assert_int_equal(torc_host_restart(desk->host), 0);
    found = sql_desk_look(desk, "a.db", "PRAGMA integrity_check");
    if (strcmp(found, "ok") != 0) {
        snprintf(trial->wrong, sizeof trial->wrong, "integrity_check: %s", found);
        return trial->wrong;
    }
    found = sql_desk_look(desk, "a.db",
                          "SELECT count(*) FROM t a WHERE a.id BETWEEN 2 AND 99 AND NOT EXISTS "
                          "(SELECT * FROM t b WHERE b.id = a.id + 100 AND length(b.v) = 6000)");
    if (strcmp(found, "0") != 0)
        return "half a transaction is there";
    for (i = 0; i < trial->client->done; i++) {
        int row = committed(trial, i);

        if (row == 0)
            continue;
        snprintf(sql, sizeof sql, "SELECT count(*) FROM t WHERE id = %d", row);
        if (strcmp(sql_desk_look(desk, "a.db", sql), "1") != 0) {
            snprintf(trial->wrong, sizeof trial->wrong, "row %d was committed and is lost", row);
            return trial->wrong;
        }
    }
    return NULL;
}

static void tear_down(void *arg)
{
    struct trial *trial = arg;

    sql_desk_free(trial->desk);
    free(trial);
}

static void run_matrix(const char *name, const char *journal, const char *synchronous,
                       const struct torc_disk_options *disk, unsigned every,
                       struct power_matrix_result *out)
{
    struct setting setting = {journal, synchronous, *disk};
    struct power_matrix matrix = {&setting, "h", set_up, world_of, run, check, tear_down,
                                  every < test_sample() ? test_sample() : every};

    power_matrix_run(&matrix, out);
    power_matrix_print(name, out);
}

static const struct torc_disk_options plain = TORC_DISK_OPTIONS_INIT;

/* --- what holds --------------------------------------------------------------------------------- */

TORC_TEST(nothing_committed_is_lost_in_wal_mode, .real_limit_ns = 2 * 60 * TORC_SECOND)
{
    struct power_matrix_result result;

    run_matrix("WAL, FULL", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", &plain, 1, &result);
    assert_int_equal(result.failures, 0);
    assert_true(result.unsynced_most > 1);
    assert_true(result.losses > 10 * result.cuts);
    return NULL;
}

TORC_TEST(nothing_committed_is_lost_with_a_rollback_journal, .real_limit_ns = 2 * 60 * TORC_SECOND)
{
    struct power_matrix_result result;

    run_matrix("DELETE, EXTRA", "PRAGMA journal_mode=DELETE", "PRAGMA synchronous=EXTRA", &plain, 1,
               &result);
    assert_int_equal(result.failures, 0);
    assert_true(result.unsynced_most > 1);
    run_matrix("TRUNCATE, FULL", "PRAGMA journal_mode=DELETE",
               "PRAGMA journal_mode=TRUNCATE", &plain, 7, &result);
    assert_int_equal(result.failures, 0);
    return NULL;
}

TORC_TEST(nothing_committed_is_lost_on_any_declared_device, .real_limit_ns = 2 * 60 * TORC_SECOND)
{
    static const uint32_t devices[] = {
        0, SQLITE_IOCAP_SEQUENTIAL, SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_SEQUENTIAL,
        SQLITE_IOCAP_ATOMIC | SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_POWERSAFE_OVERWRITE,
        SQLITE_IOCAP_ATOMIC4K | SQLITE_IOCAP_SAFE_APPEND};
    struct torc_disk_options disk = TORC_DISK_OPTIONS_INIT;
    struct power_matrix_result result;
    char name[64];
    size_t i;

    for (i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        disk.characteristics = devices[i];
        disk.sector_bytes = i == 0 ? 4096 : 512;
        snprintf(name, sizeof name, "WAL, FULL, characteristics 0x%x", (unsigned)devices[i]);
        run_matrix(name, "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", &disk, 7, &result);
        assert_int_equal(result.failures, 0);
        snprintf(name, sizeof name, "DELETE, EXTRA, characteristics 0x%x", (unsigned)devices[i]);
        run_matrix(name, "PRAGMA journal_mode=DELETE", "PRAGMA synchronous=EXTRA", &disk, 7, &result);
        assert_int_equal(result.failures, 0);
    }
    return NULL;
}

/* --- what does not ------------------------------------------------------------------------------ */

/* SQLite's manual says so of synchronous=FULL, which is why there is EXTRA. */
TORC_TEST(the_deletion_of_a_journal_may_be_undone)
{
    struct power_matrix_result result;

    run_matrix("DELETE, FULL", "PRAGMA journal_mode=DELETE", "PRAGMA synchronous=FULL", &plain, 19,
               &result);
    assert_true(result.failures > 0);
    assert_non_null(strstr(result.first_failure, "was committed and is lost"));
    return NULL;
}

TORC_TEST(a_device_that_ignores_syncs_is_caught, .real_limit_ns = 2 * 60 * TORC_SECOND)
{
    struct torc_disk_options lying = TORC_DISK_OPTIONS_INIT;
    struct power_matrix_result result;

    lying.ignore_sync = true;
    run_matrix("WAL, FULL, syncs ignored", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
               &lying, 37, &result);
    assert_true(result.failures > 0);
    run_matrix("DELETE, EXTRA, syncs ignored", "PRAGMA journal_mode=DELETE",
               "PRAGMA synchronous=EXTRA", &lying, 37, &result);
    assert_true(result.failures > 0);
    return NULL;
}

TORC_TEST(a_database_that_never_syncs_is_caught, .real_limit_ns = 2 * 60 * TORC_SECOND)
{
    struct power_matrix_result result;

    run_matrix("WAL, OFF", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=OFF", &plain, 37, &result);
    assert_true(result.failures > 0);
    run_matrix("DELETE, OFF", "PRAGMA journal_mode=DELETE", "PRAGMA synchronous=OFF", &plain, 37,
               &result);
    assert_true(result.failures > 0);
    return NULL;
}

TORC_TRIAL_MAIN
