/* The disk of a host, with every acquisition of its world failing in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>
#include <sqlite3.h>

#include "disk_state.h"
#include "raw_host.h"
#include "tests/support/oom_sweep.h"

struct body {
    const char *journal;
    struct torc_platform *platform;
    unsigned committed;
};

static void turn(void *arg)
{
    struct body *body = arg;
    struct torc_platform_event events[4];

    while (body->platform->ops->wait(body->platform, 0, events, 4) > 0)
        ;
}

static int work(void *arg)
{
    static const char *const script[] = {
        "CREATE TABLE t(id INTEGER PRIMARY KEY, v)", "INSERT INTO t(v) VALUES(hex(zeroblob(6000)))",
        "INSERT INTO t(v) VALUES(1)", "PRAGMA wal_checkpoint(TRUNCATE)", "DELETE FROM t WHERE id = 2"};
    struct body *body = arg;
    sqlite3 *sqlite = NULL;
    size_t i;

    if (sqlite3_open_v2("a.db", &sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                        body->platform->ops->storage(body->platform)) == SQLITE_OK) {
        sqlite3_exec(sqlite, body->journal, NULL, NULL, NULL);
        for (i = 0; i < sizeof script / sizeof script[0]; i++) {
            if (sqlite3_exec(sqlite, script[i], NULL, NULL, NULL) == SQLITE_OK && i == 1)
                body->committed = 1;
        }
    }
    sqlite3_close(sqlite);
    return 0;
}

/* The power goes, memory is there again: what was committed is, too. */
static const char *look(struct torc_host *host, unsigned committed)
{
    sqlite3_stmt *statement = NULL;
    const char *wrong = NULL;
    sqlite3 *sqlite = NULL;

    if (sqlite3_open_v2("a.db", &sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                        torci_host_storage(host)) != SQLITE_OK)
        wrong = "the database does not open";
    else if (committed != 0 &&
             (sqlite3_prepare_v2(sqlite, "SELECT length(v) FROM t WHERE id = 1", -1, &statement, NULL) !=
                  SQLITE_OK ||
              sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int(statement, 0) != 12000))
        wrong = "what was committed is lost";
    sqlite3_finalize(statement);
    sqlite3_close(sqlite);
    return wrong;
}

static const char *run_world(struct torc_test_allocator *allocator, struct torc_world *world,
                             struct body *body)
{
    struct torc_power_cut cut = TORC_POWER_CUT_INIT;
    struct torc_host *host;
    enum torc_verdict verdict;
    int code;

    body->committed = 0;
    if (torci_world_add_raw_host(world, "h", turn, body, &host) != 0)
        return NULL;
    body->platform = torci_host_platform(host);
    if (torc_host_write_file(host, "other", "data", 4) != 0 ||
        body->platform->ops->submit(body->platform, work, body, 1) != 0)
        return NULL;
    code = torc_world_run(world, TORC_NEVER, &verdict);
    allocator->fail_at = 0; /* and what failed stays counted */
    if (code != 0)
        return code == TORC_ENOMEM ? NULL : "the world ended with another error";
    if (torc_host_cut_power(host, &cut) != 0 || torc_host_restart(host) != 0)
        return NULL;
    return look(host, body->committed);
}

static const char *sweep_body(struct torc_test_allocator *allocator, void *arg)
{
    struct torc_world_options options;
    struct torc_world *world;
    const char *wrong;

    torc_world_options_init(&options);
    options.allocator = allocator->base;
    if (torc_world_new(&options, &world) != 0)
        return NULL;
    wrong = run_world(allocator, world, arg);
    torc_world_free(world);
    return wrong;
}

static const char *const durable[] = {"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", "PRAGMA synchronous=EXTRA", NULL};

TORC_TEST(a_disk_survives_the_failure_of_any_acquisition, .parameters = durable)
{
    struct body body = {torc_trial_parameter(trial), NULL, 0};
    uint64_t runs = 0;

    assert_null(torc_oom_sweep(sweep_body, &body, &runs));
    assert_true(runs > 30);
    return NULL;
}

TORC_TRIAL_MAIN
