/* pool.c - what the pool adds to a query: a point select by key on a warm file database, many at once,
 * beside the same select made by direct SQLite calls from as many threads.
 *
 * Usage: pool torc|sqlite READERS CONCURRENT QUERIES
 * Prints one JSON line: microseconds of time from the first query to the last answer, for each query. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <torc/live.h>
#include <torc/pool.h>

#define KEYS 10000
#define SELECT "SELECT value FROM item WHERE id = ?"
#define THREADS_MAX 64

static char path[300], directory[256];

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void remove_database(void)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[310];

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
    (void)rmdir(directory);
}

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "pool: %s\n", what);
    exit(1);
}

/* The same keys in the same scattered order on both sides. */
static int64_t key_of(long query)
{
    return (int64_t)((unsigned long)query * 7919 % KEYS);
}

static void make_database(void)
{
    const char *parent = getenv("TMPDIR");
    sqlite3 *database;

    snprintf(directory, sizeof directory, "%s/torc-bench-XXXXXX", parent != NULL ? parent : "/tmp");
    must(mkdtemp(directory) != NULL, "no directory");
    snprintf(path, sizeof path, "%s/bench.db", directory);
    atexit(remove_database);
    must(sqlite3_open(path, &database) == SQLITE_OK, "no database");
    must(sqlite3_exec(database,
                      "PRAGMA journal_mode = WAL;"
                      "CREATE TABLE item (id INTEGER PRIMARY KEY, value TEXT);"
                      "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)"
                      " INSERT INTO item SELECT i, 'value of ' || i FROM n",
                      NULL, NULL, NULL) == SQLITE_OK,
         "no table");
    sqlite3_close(database);
}

/* --- direct ------------------------------------------------------------------------------------- */

struct share {
    pthread_t thread;
    pthread_barrier_t *barrier;
    long first, step, queries;
    long found;
};

static long select_all(const struct share *share, sqlite3_stmt *statement, long from, long until)
{
    long found = 0;

    for (long i = from; i < until; i += share->step) {
        char *copy;
        int bytes;

        sqlite3_bind_int64(statement, 1, key_of(i));
        if (sqlite3_step(statement) != SQLITE_ROW)
            continue;
        bytes = sqlite3_column_bytes(statement, 0);
        copy = malloc((size_t)bytes + 1);
        must(copy != NULL, "no memory");
        memcpy(copy, sqlite3_column_text(statement, 0), (size_t)bytes + 1);
        found += copy[0] == 'v';
        free(copy);
        (void)sqlite3_step(statement);
        sqlite3_reset(statement);
    }
    return found;
}

static void *select_share(void *arg)
{
    struct share *share = arg;
    sqlite3_stmt *statement;
    sqlite3 *database;

    must(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK,
         "no connection");
    /* The first ones to open the file after its writer meet each other's recovery of the log. */
    sqlite3_busy_timeout(database, 10000);
    must(sqlite3_prepare_v2(database, SELECT, -1, &statement, NULL) == SQLITE_OK, "no statement");
    (void)select_all(share, statement, share->first, KEYS);
    pthread_barrier_wait(share->barrier);
    share->found = select_all(share, statement, share->first, share->queries);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return NULL;
}

static double run_sqlite(long threads, long queries)
{
    struct share shares[THREADS_MAX];
    pthread_barrier_t barrier;
    double start;
    long found = 0;

    pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
    for (long i = 0; i < threads; i++) {
        shares[i] = (struct share){.barrier = &barrier, .first = i, .step = threads, .queries = queries};
        must(pthread_create(&shares[i].thread, NULL, select_share, &shares[i]) == 0, "no thread");
    }
    pthread_barrier_wait(&barrier);
    start = seconds();
    for (long i = 0; i < threads; i++) {
        pthread_join(shares[i].thread, NULL);
        found += shares[i].found;
    }
    must(found == queries, "not every row was found");
    return seconds() - start;
}

/* --- by the pool -------------------------------------------------------------------------------- */

struct run {
    struct torc_pool *pool;
    long begun, done, found, queries;
};

static void ask_next(struct run *run);

static struct torc_result take_rows(struct torc_result result, void *arg)
{
    struct run *run = arg;
    const char *text;

    must(result.kind == TORC_RESULT_VALUE, "a query failed");
    run->found += torc_rows_count(result.as.value) == 1 &&
                  torc_rows_text(result.as.value, 0, 0, &text, NULL) == 0 && text[0] == 'v';
    torc_result_drop(result);
    run->done++;
    ask_next(run);
    return torc_value(NULL);
}

static void ask_next(struct run *run)
{
    struct torc_deferred *deferred;

    if (run->begun == run->queries)
        return;
    must(torc_pool_query(run->pool, SELECT, TORC_PARAMETERS(torc_db_integer(key_of(run->begun))),
                         &deferred) == 0,
         "a query was refused");
    must(torc_deferred_add_both(deferred, take_rows, run, NULL) == 0, "no memory");
    torc_deferred_drop(deferred);
    run->begun++;
}

/* Keeps `concurrent` queries under way. */
static void run_queries(struct torc_reactor *reactor, struct run *run, long concurrent, long queries)
{
    run->begun = run->done = run->found = 0;
    run->queries = queries;
    for (long i = 0; i < concurrent; i++)
        ask_next(run);
    while (run->done < queries)
        must(torc_reactor_turn(reactor, TORC_NEVER) == 0, "the reactor has stopped");
    must(run->found == queries, "not every row was found");
}

static double run_torc(long readers, long concurrent, long queries)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_platform *platform;
    struct torc_reactor *reactor;
    struct run run = {0};
    double start, used;

    must(torc_live_new(NULL, &platform) == 0, "no platform");
    must(torc_reactor_new(platform, NULL, &reactor) == 0, "no reactor");
    must(torc_reactor_start(reactor) == 0, "the reactor does not start");
    options.path = path;
    options.readers = (unsigned)readers;
    must(torc_pool_new(reactor, &options, &run.pool) == 0, "no pool");
    run_queries(reactor, &run, concurrent, KEYS);
    start = seconds();
    run_queries(reactor, &run, concurrent, queries);
    used = seconds() - start;
    torc_pool_free(run.pool);
    torc_reactor_free(reactor);
    torc_live_free(platform);
    return used;
}

int main(int argc, char **argv)
{
    long readers = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    long concurrent = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    long queries = argc > 4 ? strtol(argv[4], NULL, 10) : 0;
    double used;

    if (readers < 1 || readers > THREADS_MAX || concurrent < 1 || queries < 1) {
        fprintf(stderr, "usage: pool torc|sqlite READERS CONCURRENT QUERIES\n");
        return 2;
    }
    make_database();
    used = strcmp(argv[1], "torc") == 0 ? run_torc(readers, concurrent, queries)
                                        : run_sqlite(readers, queries);
    printf("{\"name\":\"pool\",\"unit\":\"us per query\",\"torc\":%.3f}\n", used / (double)queries * 1e6);
    return 0;
}
