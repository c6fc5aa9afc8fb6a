/* SQLite itself on a simulated disk: connections in jobs that interleave at every operation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/sql_desk.h"

static const char *const make_wal[] = {"PRAGMA journal_mode=WAL", "CREATE TABLE t(id INTEGER PRIMARY KEY, v)",
                                       "INSERT INTO t VALUES(1, 'one')", NULL};
static const char *const make_delete[] = {"PRAGMA journal_mode=DELETE",
                                          "CREATE TABLE t(id INTEGER PRIMARY KEY, v)",
                                          "INSERT INTO t VALUES(1, 'one')", NULL};

static const char *const modes[] = {"wal", "delete", NULL};

static const char *const *script_of(const struct torc_trial *trial)
{
    return strcmp(torc_trial_parameter(trial), "wal") == 0 ? make_wal : make_delete;
}

static struct sql_desk *desk_with(const char *const *script, uint64_t seed, bool keep)
{
    struct torc_disk_options options = TORC_DISK_OPTIONS_INIT;
    struct sql_desk *desk;
    struct sql_client *client;
    size_t i;

    options.operation_ns = 1000;
    options.sync_ns = 50000;
    desk = sql_desk_new(seed, &options, keep);
    client = sql_desk_submit(desk, "a.db", script);
    sql_desk_run(desk);
    for (i = 0; script[i] != NULL; i++)
        assert_int_equal(client->codes[i], SQLITE_OK);
    return desk;
}

TORC_TEST(a_database_is_in_wal_mode_and_outlives_its_connections)
{
    static const char *const again[] = {"SELECT v FROM t", "PRAGMA journal_mode", NULL};
    struct sql_desk *desk = desk_with(make_wal, 1, false);
    struct sql_client *client = sql_desk_submit(desk, "/a.db", again);

    sql_desk_run(desk);
    assert_string_equal(client->values[0], "one");
    assert_string_equal(client->values[1], "wal");
    assert_string_equal(sql_desk_look(desk, "./x/../a.db", "PRAGMA integrity_check"), "ok");
    assert_true(torc_host_disk_operations(desk->host) > 20);
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(two_writers_meet, .parameters = modes)
{
    static const char *const first[] = {"BEGIN IMMEDIATE", "INSERT INTO t(v) VALUES('x')",
                                        "SLEEP 10000", "COMMIT", NULL};
    static const char *const second[] = {"SLEEP 5000", "BEGIN IMMEDIATE", "SELECT count(*) FROM t",
                                         NULL};
    struct sql_desk *desk = desk_with(script_of(trial), 1, false);
    struct sql_client *a = sql_desk_submit(desk, "a.db", first);
    struct sql_client *b = sql_desk_submit(desk, "a.db", second);

    sql_desk_run(desk);
    assert_int_equal(a->codes[0], SQLITE_OK);
    assert_int_equal(b->codes[1], SQLITE_BUSY);
    assert_string_equal(b->values[2], "1");
    assert_int_equal(a->codes[3], SQLITE_OK);
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(a_commit_waits_for_the_readers_of_a_rollback_journal)
{
    static const char *const reader[] = {"BEGIN", "SELECT count(*) FROM t", "SLEEP 10000", "COMMIT",
                                         NULL};
    static const char *const writer[] = {"SLEEP 5000",  "BEGIN",  "INSERT INTO t(v) VALUES('x')",
                                         "COMMIT",      "SLEEP 1", "SELECT count(*) FROM t",
                                         "SLEEP 10000", "COMMIT", NULL};
    static const char *const late[] = {"SLEEP 7000", "SELECT count(*) FROM t", NULL};
    struct sql_desk *desk = desk_with(make_delete, 1, false);
    struct sql_client *a = sql_desk_submit(desk, "a.db", reader);
    struct sql_client *b = sql_desk_submit(desk, "a.db", writer);
    struct sql_client *c = sql_desk_submit(desk, "a.db", late);

    sql_desk_run(desk);
    assert_int_equal(a->codes[3], SQLITE_OK);
    assert_int_equal(b->codes[3], SQLITE_BUSY);
    assert_int_equal(c->codes[1], SQLITE_BUSY); /* PENDING lets no new reader in */
    assert_int_equal(b->codes[7], SQLITE_OK);
    assert_string_equal(sql_desk_look(desk, "a.db", "SELECT count(*) FROM t"), "2");
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(a_busy_timeout_waits_in_virtual_time, .parameters = modes)
{
    static const char *const writer[] = {"PRAGMA busy_timeout=1000", "BEGIN IMMEDIATE",
                                         "INSERT INTO t(v) VALUES('x')", "COMMIT", NULL};
    struct sql_desk *desk = desk_with(script_of(trial), 1, false);
    struct sql_client *a = sql_desk_submit(desk, "a.db", writer);
    struct sql_client *b = sql_desk_submit(desk, "a.db", writer);
    size_t i;

    sql_desk_run(desk);
    for (i = 0; i < 4; i++) {
        assert_int_equal(a->codes[i], SQLITE_OK);
        assert_int_equal(b->codes[i], SQLITE_OK);
    }
    assert_true(b->ended_ns[1] >= a->ended_ns[3]);
    assert_string_equal(sql_desk_look(desk, "a.db", "SELECT count(*) FROM t"), "3");
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(a_reader_in_wal_mode_sees_its_snapshot_beside_a_writer)
{
    static const char *const reader[] = {"BEGIN", "SELECT count(*) FROM t", "SLEEP 10000",
                                         "SELECT count(*) FROM t", "UPDATE t SET v='late'", "ROLLBACK",
                                         "SELECT count(*) FROM t", NULL};
    static const char *const writer[] = {"SLEEP 5000", "INSERT INTO t(v) VALUES('x')", NULL};
    struct sql_desk *desk = desk_with(make_wal, 1, false);
    struct sql_client *a = sql_desk_submit(desk, "a.db", reader);
    struct sql_client *b = sql_desk_submit(desk, "a.db", writer);

    sql_desk_run(desk);
    assert_int_equal(b->codes[1], SQLITE_OK);
    assert_true(b->ended_ns[1] < a->ended_ns[2]);
    assert_string_equal(a->values[1], "1");
    assert_string_equal(a->values[3], "1");
    assert_int_equal(a->codes[4], SQLITE_BUSY_SNAPSHOT);
    assert_string_equal(a->values[6], "2");
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(two_that_open_at_once_see_the_recovery_of_the_wal)
{
    static const char *const reader[] = {"SELECT count(*) FROM t", NULL};
    struct sql_desk *desk = desk_with(make_wal, 1, false);
    struct sql_client *a = sql_desk_submit(desk, "a.db", reader);
    struct sql_client *b = sql_desk_submit(desk, "a.db", reader);

    sql_desk_run(desk);
    assert_int_equal(a->codes[0], SQLITE_OK);
    assert_int_equal(b->codes[0], SQLITE_BUSY_RECOVERY);
    sql_desk_free(desk);
    return NULL;
}

static void run_twins(uint64_t seed, bool step, char digest[TORC_DIGEST_TEXT_BYTES], void **bytes,
                      size_t *count, struct sql_desk **out)
{
    static const char *const writer[] = {"PRAGMA busy_timeout=1000", "INSERT INTO t(v) VALUES(random())",
                                         "INSERT INTO t(v) VALUES(random())",
                                         "UPDATE t SET v=v||hex(randomblob(1000))",
                                         "INSERT INTO t(v) VALUES(datetime('now'))", NULL};
    struct sql_desk *desk = desk_with(make_wal, seed, false);

    sql_desk_submit(desk, "a.db", writer);
    sql_desk_submit(desk, "a.db", writer);
    while (step && torc_world_step(desk->world) == 0)
        ;
    sql_desk_run(desk);
    sql_desk_digest(desk, digest);
    assert_int_equal(torc_host_read_file(desk->host, "a.db", bytes, count), 0);
    *out = desk;
}

TORC_TEST(the_same_seed_gives_the_same_bytes)
{
    char digests[4][TORC_DIGEST_TEXT_BYTES];
    struct sql_desk *desks[4];
    void *bytes[4];
    size_t counts[4];
    size_t i;

    for (i = 0; i < 4; i++)
        run_twins(i == 3 ? 8 : 7, i == 2, digests[i], &bytes[i], &counts[i], &desks[i]);
    for (i = 1; i < 3; i++) {
        assert_string_equal(digests[0], digests[i]);
        assert_int_equal(counts[0], counts[i]);
        assert_memory_equal(bytes[0], bytes[i], counts[0]);
    }
    assert_true(counts[0] != counts[3] || memcmp(bytes[0], bytes[3], counts[0]) != 0);
    for (i = 0; i < 4; i++) {
        torc_host_free_file(desks[i]->host, bytes[i], counts[i]);
        sql_desk_free(desks[i]);
    }
    return NULL;
}

TORC_TEST(sqlite_lives_in_virtual_time)
{
    static const char *const ask[] = {"SELECT datetime('now')", NULL};
    struct sql_desk *desk = desk_with(make_delete, 1, false);
    struct sql_client *client;
    enum torc_verdict verdict;

    assert_int_equal(torc_world_run(desk->world, 3600 * UINT64_C(1000000000), &verdict), 0);
    client = sql_desk_submit(desk, "a.db", ask);
    sql_desk_run(desk);
    assert_string_equal(client->values[0], "2020-01-01 01:00:00");
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(operations_take_their_time)
{
    struct sql_desk *desk = sql_desk_new(1, NULL, false);
    struct torc_disk_options options = TORC_DISK_OPTIONS_INIT;
    uint64_t before;

    sql_desk_submit(desk, "a.db", make_delete);
    sql_desk_run(desk);
    assert_int_equal(torc_world_now(desk->world), 0);
    before = torc_host_disk_operations(desk->host);
    options.operation_ns = 7;
    options.sync_ns = 7;
    assert_int_equal(torc_host_set_disk(desk->host, &options), 0);
    sql_desk_submit(desk, "b.db", make_delete);
    sql_desk_run(desk);
    assert_int_equal(torc_world_now(desk->world),
                     7 * (torc_host_disk_operations(desk->host) - before));
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(files_are_written_and_read_from_outside)
{
    struct sql_desk *desk = sql_desk_new(1, NULL, false);
    struct sql_desk *other = sql_desk_new(1, NULL, false);
    void *data;
    size_t bytes;
    void *gone = &bytes;

    assert_int_equal(torc_host_read_file(desk->host, "a.db", &gone, &bytes), TORC_ENOTFOUND);
    assert_ptr_equal(gone, &bytes);
    sql_desk_submit(desk, "a.db", make_delete);
    sql_desk_run(desk);
    assert_int_equal(torc_host_read_file(desk->host, "a.db", &data, &bytes), 0);
    assert_int_equal(torc_host_write_file(other->host, "/b.db", data, bytes), 0);
    assert_int_equal(torc_host_unsynced_writes(other->host), 0);
    torc_host_free_file(desk->host, data, bytes);
    assert_string_equal(sql_desk_look(other, "b.db", "SELECT v FROM t"), "one");
    assert_int_equal(torc_host_write_file(other->host, "b.db", "", 0), 0);
    assert_int_equal(torc_host_read_file(other->host, "b.db", &data, &bytes), 0);
    assert_int_equal(bytes, 0);
    torc_host_free_file(other->host, data, bytes);
    assert_int_equal(torc_host_write_file(other->host, "..", "", 0), TORC_EINVAL);
    sql_desk_free(desk);
    sql_desk_free(other);
    return NULL;
}

TORC_TEST(an_open_file_is_not_replaced)
{
    struct sql_desk *desk = desk_with(make_wal, 1, false);
    sqlite3 *sqlite = NULL;

    assert_int_equal(sqlite3_open_v2("a.db", &sqlite, SQLITE_OPEN_READWRITE,
                                     desk->platform->ops->storage(desk->platform)),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, "SELECT * FROM t", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(torc_host_write_file(desk->host, "a.db", "x", 1), TORC_EBUSY);
    assert_int_equal(sqlite3_close(sqlite), SQLITE_OK);
    assert_int_equal(torc_host_write_file(desk->host, "a.db", "x", 1), 0);
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(hosts_do_not_see_each_others_files)
{
    struct sql_desk *desk = desk_with(make_wal, 1, false);
    struct sql_desk *other = sql_desk_new(1, NULL, false);

    assert_string_equal(sql_desk_look(other, "a.db", "SELECT count(*) FROM sqlite_schema"), "0");
    sql_desk_free(desk);
    sql_desk_free(other);
    return NULL;
}

TORC_TEST(the_trace_tells_what_is_opened_synced_and_deleted)
{
    struct sql_desk *desk = desk_with(make_delete, 1, true);

    assert_non_null(strstr(desk->text, "\"k\":\"file\",\"cause\":2,\"what\":\"open\",\"path\":\"/a.db\","
                                       "\"operation\":1,\"size\":0,\"code\":0}"));
    assert_non_null(strstr(desk->text, "\"what\":\"sync\",\"path\":\"/a.db-journal\""));
    assert_non_null(strstr(desk->text, "\"what\":\"delete\",\"path\":\"/a.db-journal\""));
    assert_null(strstr(desk->text, "\"what\":\"read\""));
    assert_null(strstr(desk->text, "\"what\":\"write\""));
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(a_temporary_file_is_nobodys)
{
    static const char *const sort[] = {
        "PRAGMA temp_store=FILE", "PRAGMA temp.cache_size=1", "CREATE TEMP TABLE s(v)",
        ("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<500) INSERT INTO s SELECT "
         "hex(randomblob(400)) FROM c"),
        "SELECT count(*) FROM (SELECT DISTINCT v FROM s ORDER BY v)", NULL};
    struct sql_desk *desk = sql_desk_new(1, NULL, true);
    struct sql_client *client = sql_desk_submit(desk, ":memory:", sort);

    sql_desk_run(desk);
    assert_int_equal(client->codes[3], SQLITE_OK);
    assert_string_equal(client->values[4], "500");
    assert_non_null(strstr(desk->text, "\"what\":\"open\",\"path\":\"\""));
    assert_int_equal(torc_host_unsynced_writes(desk->host), 0);
    sql_desk_free(desk);
    return NULL;
}

TORC_TRIAL_MAIN
