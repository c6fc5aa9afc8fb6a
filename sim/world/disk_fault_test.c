/* Each fault of the disk, as SQLite's callers meet it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/sql_desk.h"

static struct sql_desk *desk_with(const char *journal, bool keep)
{
    static const char *const schema[] = {"CREATE TABLE t(id INTEGER PRIMARY KEY, v)",
                                         "INSERT INTO t VALUES(1, 'one')", NULL};
    const char *mode[] = {journal, NULL};
    struct sql_desk *desk = sql_desk_new(1, NULL, keep);

    sql_desk_submit(desk, "a.db", mode);
    sql_desk_run(desk);
    sql_desk_submit(desk, "a.db", schema);
    sql_desk_run(desk);
    return desk;
}

static struct torc_disk_fault fault_of(unsigned operations, const char *file)
{
    struct torc_disk_fault fault = TORC_DISK_FAULT_INIT;

    fault.operations = operations;
    fault.file = file;
    return fault;
}

static uint32_t add(struct sql_desk *desk, const struct torc_disk_fault *fault)
{
    uint32_t number;

    assert_int_equal(torc_host_add_disk_fault(desk->host, fault, &number), 0);
    return number;
}

/* The code of one statement with one fault in its way. */
static int code_with(const char *journal, const struct torc_disk_fault *fault, const char *sql)
{
    const char *script[] = {sql, NULL};
    struct sql_desk *desk = desk_with(journal, false);
    uint32_t number = add(desk, fault);
    struct sql_client *client = sql_desk_submit(desk, "a.db", script);
    int code;

    sql_desk_run(desk);
    code = client->opened != SQLITE_OK ? client->opened : client->codes[0];
    assert_int_equal(torc_host_disk_fault_struck(desk->host, number), 1);
    torc_host_clear_disk_faults(desk->host);
    assert_string_equal(sql_desk_look(desk, "a.db", "PRAGMA integrity_check"), "ok");
    sql_desk_free(desk);
    return code;
}

#define INSERT "INSERT INTO t(v) VALUES('x')"
#define WAL "PRAGMA journal_mode=WAL"
#define DELETE "PRAGMA journal_mode=DELETE"

TORC_TEST(each_operation_fails_with_its_code)
{
    static const struct {
        unsigned operation;
        const char *file;
        const char *journal;
        const char *sql;
        int given;
        int code;
    } cases[] = {
        {TORC_DISK_OPEN, "a.db$", DELETE, INSERT, 0, SQLITE_CANTOPEN},
        {TORC_DISK_OPEN, "-journal$", DELETE, INSERT, SQLITE_CANTOPEN_ISDIR, SQLITE_CANTOPEN},
        {TORC_DISK_READ, "a.db$", DELETE, "SELECT * FROM t", 0, SQLITE_IOERR_READ},
        {TORC_DISK_READ, "a.db$", WAL, "SELECT * FROM t", SQLITE_IOERR_CORRUPTFS,
         SQLITE_IOERR_CORRUPTFS},
        {TORC_DISK_WRITE, "-wal$", WAL, INSERT, 0, SQLITE_IOERR_WRITE},
        {TORC_DISK_WRITE, "a.db$", DELETE, INSERT, 0, SQLITE_IOERR_WRITE},
        {TORC_DISK_WRITE, "-journal$", DELETE, INSERT, SQLITE_FULL, SQLITE_FULL},
        {TORC_DISK_SYNC, "-wal$", WAL, INSERT, 0, SQLITE_IOERR_FSYNC},
        {TORC_DISK_SYNC, "a.db$", DELETE, INSERT, 0, SQLITE_IOERR_FSYNC},
        {TORC_DISK_SYNC, "-journal$", DELETE, INSERT, SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_DIR_FSYNC},
        {TORC_DISK_DELETE, "-journal$", DELETE, INSERT, 0, SQLITE_IOERR_DELETE},
        {TORC_DISK_LOCK, "a.db$", WAL, INSERT, 0, SQLITE_BUSY},
        {TORC_DISK_LOCK, "a.db$", DELETE, INSERT, SQLITE_IOERR_LOCK, SQLITE_IOERR_LOCK},
    };
    size_t i;

    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct torc_disk_fault fault = fault_of(cases[i].operation, cases[i].file);
        int code;

        fault.code = cases[i].given;
        fault.n = cases[i].operation == TORC_DISK_READ ? 2 : 1; /* the first is of sqlite3_open */
        code = code_with(cases[i].journal, &fault, cases[i].sql);
        if (cases[i].operation == TORC_DISK_OPEN) /* sqlite3_open has no extended codes yet */
            code &= 0xff;
        if (code != cases[i].code)
            fail_msg("case %zu: %d instead of %d", i, code, cases[i].code);
    }
    return NULL;
}

TORC_TEST(a_truncation_fails)
{
    static const char *const script[] = {INSERT, NULL};
    struct torc_disk_fault fault = fault_of(TORC_DISK_TRUNCATE, NULL);
    struct sql_desk *desk = desk_with(DELETE, false);
    static const char *const truncate[] = {"PRAGMA journal_mode=TRUNCATE", INSERT, NULL};
    struct sql_client *client;

    add(desk, &fault);
    client = sql_desk_submit(desk, "a.db", truncate);
    sql_desk_run(desk);
    assert_int_equal(client->codes[1], SQLITE_IOERR_TRUNCATE);
    client = sql_desk_submit(desk, "a.db", script);
    sql_desk_run(desk);
    assert_int_equal(client->codes[0], SQLITE_OK);
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(a_short_write_leaves_what_it_wrote)
{
    struct torc_disk_fault fault = fault_of(TORC_DISK_WRITE, "/b$");
    struct sql_desk *desk = sql_desk_new(1, NULL, false);
    sqlite3_vfs *vfs = sqlite3_vfs_find(desk->platform->ops->storage(desk->platform));
    union {
        sqlite3_file file;
        char room[1024];
    } b;
    void *data;
    size_t bytes;
    int flags = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

    assert_true((size_t)vfs->szOsFile <= sizeof b);
    fault.kind = TORC_DISK_SHORT;
    fault.bytes = 3;
    fault.code = SQLITE_FULL;
    add(desk, &fault);
    assert_int_equal(vfs->xOpen(vfs, "/b", &b.file, flags, NULL), SQLITE_OK);
    assert_int_equal(b.file.pMethods->xWrite(&b.file, "abcdef", 6, 0), SQLITE_FULL);
    assert_int_equal(torc_host_read_file(desk->host, "b", &data, &bytes), 0);
    assert_int_equal(bytes, 3);
    assert_memory_equal(data, "abc", 3);
    torc_host_free_file(desk->host, data, bytes);
    assert_int_equal(b.file.pMethods->xWrite(&b.file, "abcdef", 6, 0), SQLITE_OK);
    assert_int_equal(b.file.pMethods->xClose(&b.file), SQLITE_OK);
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(a_transaction_survives_a_short_write)
{
    static const char *const script[] = {INSERT, INSERT, NULL};
    const char *journals[] = {WAL, DELETE};
    size_t i;

    for (i = 0; i < 2; i++) {
        struct torc_disk_fault fault = fault_of(TORC_DISK_WRITE, i == 0 ? "-wal" : "a.db$");
        struct sql_desk *desk = desk_with(journals[i], false);
        struct sql_client *client;

        fault.kind = TORC_DISK_SHORT;
        fault.bytes = 100;
        fault.n = 2 - i;
        add(desk, &fault);
        client = sql_desk_submit(desk, "a.db", script);
        sql_desk_run(desk);
        assert_int_equal(client->codes[0], SQLITE_IOERR_WRITE);
        assert_int_equal(client->codes[1], SQLITE_OK);
        assert_string_equal(sql_desk_look(desk, "a.db", "PRAGMA integrity_check"), "ok");
        assert_string_equal(sql_desk_look(desk, "a.db", "SELECT count(*) FROM t"), "2");
        sql_desk_free(desk);
    }
    return NULL;
}

/* The kernel's way: it fails once, and what was not written then never is. */
TORC_TEST(a_sync_that_fails_once_and_then_lies_loses_what_was_committed)
{
    static const char *const script[] = {"PRAGMA synchronous=FULL", INSERT, INSERT, NULL};
    struct torc_disk_fault fault = fault_of(TORC_DISK_SYNC, "-wal$");
    struct torc_power_cut cut = TORC_POWER_CUT_INIT;
    struct sql_desk *desk = desk_with(WAL, false);
    struct sql_client *client;
    sqlite3 *keep = NULL; /* the last one to close would move everything to the database */

    assert_int_equal(sqlite3_open_v2("a.db", &keep, SQLITE_OPEN_READWRITE,
                                     desk->platform->ops->storage(desk->platform)),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(keep, "SELECT * FROM t", NULL, NULL, NULL), SQLITE_OK);
    add(desk, &fault);
    fault.kind = TORC_DISK_LIE;
    fault.times = UINT64_MAX;
    add(desk, &fault);
    client = sql_desk_submit(desk, "a.db", script);
    sql_desk_run(desk);
    assert_int_equal(client->codes[1], SQLITE_IOERR_FSYNC);
    assert_int_equal(client->codes[2], SQLITE_OK);
    assert_true(torc_host_unsynced_writes(desk->host) > 0);
    assert_int_equal(torc_host_cut_power(desk->host, &cut), 0);
    sqlite3_close(keep);
    assert_int_equal(torc_host_restart(desk->host), 0);
    assert_string_equal(sql_desk_look(desk, "a.db", "SELECT count(*) FROM t"), "1");
    assert_string_equal(sql_desk_look(desk, "a.db", "PRAGMA integrity_check"), "ok");
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(rot_is_read_and_stays)
{
    static const char *const script[] = {"SELECT v FROM t", "PRAGMA integrity_check", NULL};
    struct torc_disk_fault fault = fault_of(TORC_DISK_READ, "a.db$");
    struct sql_desk *desk = desk_with(DELETE, false);
    struct sql_client *client;
    void *before;
    void *after;
    size_t bytes;
    size_t i;
    unsigned different = 0;

    assert_int_equal(torc_host_read_file(desk->host, "a.db", &before, &bytes), 0);
    fault.kind = TORC_DISK_ROT;
    fault.bit = 8 * 95 + 3; /* of the header: the version that wrote it */
    add(desk, &fault);
    client = sql_desk_submit(desk, "a.db", script);
    sql_desk_run(desk);
    assert_string_equal(client->values[0], "one");
    assert_int_equal(torc_host_read_file(desk->host, "a.db", &after, &bytes), 0);
    for (i = 0; i < bytes; i++)
        different += ((uint8_t *)before)[i] != ((uint8_t *)after)[i];
    assert_int_equal(different, 1);
    assert_int_equal(((uint8_t *)before)[95] ^ 8, ((uint8_t *)after)[95]);
    torc_host_free_file(desk->host, before, bytes);
    torc_host_free_file(desk->host, after, bytes);
    /* Of the words every database begins with: now SQLite sees it. */
    torc_host_clear_disk_faults(desk->host);
    fault.n = 2; /* the first page; the read before is of sqlite3_open */
    fault.bit = 8 * 3 + 7;
    add(desk, &fault);
    client = sql_desk_submit(desk, "a.db", script);
    sql_desk_run(desk);
    assert_int_equal(client->codes[0], SQLITE_NOTADB);
    torc_host_clear_disk_faults(desk->host);
    assert_string_not_equal(sql_desk_look(desk, "a.db", "PRAGMA integrity_check"), "ok");
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(a_delay_takes_its_time_and_goes_on)
{
    static const char *const script[] = {INSERT, NULL};
    struct torc_disk_fault fault = fault_of(TORC_DISK_SYNC, NULL);
    struct sql_desk *desk = desk_with(WAL, true);
    struct sql_client *client;
    uint32_t number;

    fault.kind = TORC_DISK_DELAY;
    fault.delay_ns = 123456789;
    number = add(desk, &fault);
    client = sql_desk_submit(desk, "a.db", script);
    sql_desk_run(desk);
    assert_int_equal(client->codes[0], SQLITE_OK);
    assert_int_equal(torc_world_now(desk->world), 123456789);
    assert_int_equal(torc_host_disk_fault_struck(desk->host, number), 1);
    assert_non_null(strstr(desk->text, "\"k\":\"fault\""));
    assert_non_null(strstr(desk->text, "\"of\":\"disk\",\"number\":1,\"kind\":\"delay\",\"target\":\"/a.db"));
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(a_full_disk_takes_no_more_and_loses_nothing)
{
    static const char *const fill[] = {
        ("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<50) INSERT INTO t(v) SELECT "
         "hex(randomblob(1000)) FROM c"),
        "SELECT count(*) FROM t", "DELETE FROM t WHERE id > 1", INSERT, NULL};
    struct torc_disk_options options = TORC_DISK_OPTIONS_INIT;
    const char *journals[] = {WAL, DELETE};
    size_t i;

    for (i = 0; i < 2; i++) {
        struct sql_desk *desk = desk_with(journals[i], false);
        struct sql_client *client;

        options.capacity_bytes = 60000;
        assert_int_equal(torc_host_set_disk(desk->host, &options), 0);
        client = sql_desk_submit(desk, "a.db", fill);
        sql_desk_run(desk);
        assert_int_equal(client->codes[0], SQLITE_FULL);
        assert_string_equal(client->values[1], "1");
        assert_int_equal(client->codes[3], SQLITE_OK);
        assert_string_equal(sql_desk_look(desk, "a.db", "PRAGMA integrity_check"), "ok");
        options.capacity_bytes = 0;
        assert_int_equal(torc_host_set_disk(desk->host, &options), 0);
        client = sql_desk_submit(desk, "a.db", fill);
        sql_desk_run(desk);
        assert_int_equal(client->codes[0], SQLITE_OK);
        sql_desk_free(desk);
    }
    return NULL;
}

TORC_TEST(a_fault_strikes_as_often_as_it_says)
{
    static const char *const script[] = {INSERT, INSERT, INSERT, INSERT, NULL};
    struct torc_disk_fault fault = fault_of(TORC_DISK_SYNC, "-journal$");
    struct sql_desk *desk = desk_with(DELETE, false);
    struct sql_client *client;
    uint32_t number;

    fault.n = 3; /* two syncs of the journal in a transaction: the second transaction's first */
    fault.times = 2;
    number = add(desk, &fault);
    client = sql_desk_submit(desk, "a.db", script);
    sql_desk_run(desk);
    assert_int_equal(client->codes[0], SQLITE_OK);
    assert_int_equal(client->codes[1], SQLITE_IOERR_FSYNC);
    assert_int_equal(client->codes[2], SQLITE_IOERR_FSYNC);
    assert_int_equal(client->codes[3], SQLITE_OK);
    assert_int_equal(torc_host_disk_fault_struck(desk->host, number), 2);
    assert_int_equal(torc_host_disk_fault_struck(desk->host, 77), 0);
    sql_desk_free(desk);
    return NULL;
}

TORC_TEST(a_fault_that_cannot_be_is_refused)
{
    struct sql_desk *desk = sql_desk_new(1, NULL, false);
    struct torc_disk_fault fault = TORC_DISK_FAULT_INIT;
    struct torc_disk_options options = TORC_DISK_OPTIONS_INIT;
    struct torc_power_cut cut = TORC_POWER_CUT_INIT;

    fault.file = "a(";
    assert_int_equal(torc_host_add_disk_fault(desk->host, &fault, NULL), TORC_ESYNTAX);
    fault = fault_of(TORC_DISK_READ, NULL);
    fault.code = SQLITE_FULL;
    assert_int_equal(torc_host_add_disk_fault(desk->host, &fault, NULL), TORC_EINVAL);
    fault = fault_of(TORC_DISK_READ, NULL);
    fault.kind = TORC_DISK_LIE;
    assert_int_equal(torc_host_add_disk_fault(desk->host, &fault, NULL), TORC_EINVAL);
    options.sector_bytes = 1000;
    assert_int_equal(torc_host_set_disk(desk->host, &options), TORC_EINVAL);
    options.sector_bytes = 512;
    options.characteristics = SQLITE_IOCAP_BATCH_ATOMIC;
    assert_int_equal(torc_host_set_disk(desk->host, &options), TORC_EINVAL);
    options.characteristics = SQLITE_IOCAP_SEQUENTIAL | SQLITE_IOCAP_ATOMIC;
    assert_int_equal(torc_host_set_disk(desk->host, &options), 0);
    cut.loss = TORC_LOSS_ONE;
    assert_int_equal(torc_host_cut_power(desk->host, &cut), TORC_EINVAL);
    cut.loss = TORC_LOSS_MASK;
    cut.mask = 5;
    assert_int_equal(torc_host_cut_power(desk->host, &cut), TORC_EINVAL);
    cut.mask = 7;
    cut.torn_sectors = 1;
    assert_int_equal(torc_host_cut_power(desk->host, &cut), TORC_EINVAL);
    cut.torn_sectors = TORC_NOT_TORN;
    assert_int_equal(torc_host_cut_power_at(desk->host, 0, &cut), TORC_EINVAL);
    assert_int_equal(torc_host_cut_power(desk->host, &cut), 0);
    assert_int_equal(torc_host_cut_power(desk->host, &cut), TORC_ECLOSED);
    sql_desk_free(desk);
    return NULL;
}

TORC_TRIAL_MAIN
