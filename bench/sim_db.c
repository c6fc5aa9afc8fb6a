/* sim_db.c - insert transactions in WAL mode, one row of 100 bytes each, prepared once.
 *
 * Usage: sim_db job COUNT          SQLite in a job of a simulated host, on its disk, synced at each commit
 *        sim_db pool COUNT         the same through a pool's connection, with the trace's digest
 *        sim_db file COUNT PATH    the peer: SQLite on a real file, synchronous=OFF
 * Prints one JSON line: transactions per second of real time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include <torc/disk.h>
#include <torc/pool.h>

#include "raw_host.h"

static const char payload[] = "a hundred bytes of text, as a small row of a small service might have them, and "
                              "no more than that.";

struct work {
    const char *path;
    const char *vfs;
    const char *synchronous;
    long count;
};

static void must(int code)
{
    if (code != 0) {
        fprintf(stderr, "sim_db: error %d\n", code);
        exit(1);
    }
}

static int insert_all(void *arg)
{
    const struct work *work = arg;
    sqlite3_stmt *insert;
    sqlite3 *sqlite;
    long i;

    must(sqlite3_open_v2(work->path, &sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, work->vfs));
    must(sqlite3_exec(sqlite, "PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, v)", NULL,
                      NULL, NULL));
    must(sqlite3_exec(sqlite, work->synchronous, NULL, NULL, NULL));
    must(sqlite3_prepare_v2(sqlite, "INSERT INTO t(v) VALUES(?)", -1, &insert, NULL));
    must(sqlite3_bind_text(insert, 1, payload, sizeof payload - 1, SQLITE_STATIC));
    for (i = 0; i < work->count; i++) {
        must(sqlite3_step(insert) - SQLITE_DONE);
        must(sqlite3_reset(insert));
    }
    must(sqlite3_finalize(insert));
    must(sqlite3_close(sqlite));
    return 0;
}

static int insert_with_pool(struct torc_transaction *transaction, void *arg)
{
    const struct work *work = arg;
    long i;

    must(torc_transaction_execute(transaction, "CREATE TABLE t(id INTEGER PRIMARY KEY, v)",
                                  TORC_NO_PARAMETERS, NULL));
    for (i = 0; i < work->count; i++)
        must(torc_transaction_execute(transaction, "INSERT INTO t(v) VALUES(?)",
                                      TORC_PARAMETERS(torc_db_text(payload)), NULL));
    return 0;
}

static void turn(void *arg)
{
    struct torc_platform **platform = arg;
    struct torc_platform_event events[4];

    while ((*platform)->ops->wait(*platform, 0, events, 4) > 0)
        ;
}

static void run_job(struct work *work)
{
    struct torc_platform *platform;
    struct torc_world *world;
    struct torc_host *host;
    enum torc_verdict verdict;

    must(torc_world_new(NULL, &world));
    must(torci_world_add_raw_host(world, "h", turn, &platform, &host));
    platform = torci_host_platform(host);
    work->vfs = platform->ops->storage(platform);
    must(platform->ops->submit(platform, insert_all, work, 1));
    must(torc_world_run(world, TORC_NEVER, &verdict));
    torc_world_free(world);
}

static void run_pool(struct work *work)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_deferred *deferred;
    struct torc_world *world;
    struct torc_host *host;
    struct torc_pool *pool;
    enum torc_verdict verdict;

    must(torc_world_new(NULL, &world));
    must(torc_world_add_host(world, "h", NULL, &host));
    options.path = work->path;
    must(torc_pool_new(torc_host_reactor(host), &options, &pool));
    must(torc_pool_run(pool, insert_with_pool, work, NULL, &deferred));
    torc_deferred_drop(deferred);
    must(torc_world_run(world, TORC_SECOND, &verdict));
    torc_pool_free(pool);
    torc_world_free(world);
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct work work = {"t.db", NULL, "PRAGMA synchronous=FULL", 0};
    double began = seconds();

    work.count = argc > 2 ? atol(argv[2]) : 0;
    if (argc == 3 && work.count > 0 && strcmp(argv[1], "job") == 0) {
        run_job(&work);
    } else if (argc == 3 && work.count > 0 && strcmp(argv[1], "pool") == 0) {
        run_pool(&work);
    } else if (argc == 4 && work.count > 0 && strcmp(argv[1], "file") == 0) {
        work.path = argv[3];
        work.synchronous = "PRAGMA synchronous=OFF";
        insert_all(&work);
    } else {
        fprintf(stderr, "usage: sim_db job|pool COUNT, sim_db file COUNT PATH\n");
        return 2;
    }
    printf("{\"name\":\"db.sim.%s\",\"unit\":\"transactions per second\",\"torc\":%.0f}\n", argv[1],
           (double)work.count / (seconds() - began));
    return 0;
}
