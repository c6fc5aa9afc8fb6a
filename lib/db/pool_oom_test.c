/* The whole life of a pool with every acquisition of memory below the platform failing in turn: what was taken
 * ends, once, and nothing is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <torc/pool.h>
#include <torc/trial.h>

#include "tests/support/oom_sweep.h"
#include "tests/support/scripted_platform.h"

struct life {
    struct scripted_platform *platform;
    struct torc_reactor *reactor;
    struct torc_pool *pool;
    const char *path;
    struct torc_row_consumer consumer;
    unsigned taken; /* and heard of */
    unsigned fired;
    unsigned args_taken;
    unsigned args_dropped;
    unsigned values; /* given and not dropped */
};

static struct torc_result count_result(struct torc_result result, void *arg)
{
    ((struct life *)arg)->fired++;
    torc_result_drop(result);
    return torc_value(NULL);
}

static void count_drop(void *arg)
{
    ((struct life *)arg)->args_dropped++;
}

static void drop_value(void *arg)
{
    ((struct life *)arg)->values--;
}

/* Work that was taken is counted; so is its end, if there is memory to hear of it. */
static void took(struct life *life, int error, struct torc_deferred *deferred)
{
    if (error)
        return;
    life->taken++;
    if (torc_deferred_add_both(deferred, count_result, life, NULL) != 0)
        life->taken--;
    torc_deferred_drop(deferred);
}

static void operation(struct life *life, const char *sql)
{
    struct torc_deferred *deferred = NULL;
    int error = torc_pool_operation(life->pool, sql, TORC_NO_PARAMETERS, &deferred);
    took(life, error, deferred);
}

static int count_row(void *arg, const struct torc_rows *row)
{
    (void)row;
    ++*(int *)arg;
    return 0;
}

static int interaction(struct torc_transaction *transaction, void *arg)
{
    struct life *life = arg;
    struct torc_rows *rows = NULL;
    int seen = 0;
    int error = torc_transaction_execute(transaction, "INSERT INTO t VALUES (?, ?) RETURNING *",
                                         TORC_PARAMETERS(torc_db_integer(5), torc_db_text("five")),
                                         &rows);
    torc_rows_free(rows);
    if (error == 0)
        error = torc_transaction_each(transaction, "SELECT * FROM t", TORC_NO_PARAMETERS, count_row,
                                      &seen);
    if (error)
        return error;
    life->values++;
    torc_transaction_give(transaction, life, drop_value);
    return 0;
}

static int refusing(struct torc_transaction *transaction, void *arg)
{
    (void)arg;
    if (torc_transaction_execute(transaction, "SELECT wrong", TORC_NO_PARAMETERS, NULL) == 0)
        return 0;
    return torc_transaction_refuse(transaction, &torc_failure_database_value, TORC_EINVAL, "c",
                                   "refused");
}

static void interact(struct life *life, torc_interaction_fn *function, bool cancel)
{
    struct torc_deferred *deferred = NULL;
    int error = torc_pool_interaction(life->pool, TORC_TRANSACTION_WRITE, function, life,
                                      count_drop, &deferred);
    if (error == 0)
        life->args_taken++;
    if (error == 0 && cancel)
        torc_deferred_cancel(deferred);
    took(life, error, deferred);
}

static struct torc_failure *look(struct torc_row_consumer *self, struct torc_row_stream *stream,
                                 const struct torc_rows *rows, uint64_t first)
{
    (void)self;
    (void)stream;
    (void)rows;
    (void)first;
    return NULL;
}

static void stream(struct life *life)
{
    struct torc_row_stream_options options = TORC_ROW_STREAM_OPTIONS_INIT;
    struct torc_deferred *deferred = NULL;
    options.rows_max = 2;
    life->consumer.rows = look;
    int error = torc_pool_stream(life->pool, "SELECT * FROM t", TORC_NO_PARAMETERS, &life->consumer,
                                 &options, NULL, &deferred);
    took(life, error, deferred);
}

static void turn_all(struct life *life)
{
    struct scripted_platform *platform = life->platform;
    for (bool any = true; any;) {
        any = false;
        for (size_t i = 0; i < platform->job_count; i++) {
            if (platform->jobs[i].finished)
                continue;
            scripted_finish_job(platform, i);
            any = true;
        }
        (void)torc_reactor_iterate(life->reactor, 0);
        if (torc_reactor_next_at(life->reactor) != TORC_NEVER &&
            torc_reactor_next_at(life->reactor) > platform->now_ns) {
            platform->now_ns = torc_reactor_next_at(life->reactor);
            any = true;
        }
    }
}

static void work(struct life *life)
{
    struct torc_deferred *deferred = NULL;
    operation(life, "CREATE TABLE IF NOT EXISTS t (i, s)");
    operation(life, "DELETE FROM t");
    operation(life, "INSERT INTO t VALUES (1, 'one'), (2, NULL), (3, x'010203') RETURNING *");
    operation(life, "INSERT INTO t SELECT 9, 'nine' WHERE 0 RETURNING s");
    operation(life, "wrong");
    interact(life, interaction, false);
    turn_all(life);
    interact(life, refusing, false);
    interact(life, interaction, true);
    stream(life);
    int error = torc_pool_query(life->pool, "SELECT * FROM t WHERE i > ?",
                                TORC_PARAMETERS(torc_db_integer(0)), &deferred);
    took(life, error, deferred);
    turn_all(life);
}

static void live(struct life *life, bool close)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_deferred *deferred = NULL;
    options.path = life->path;
    options.readers = 1;
    options.statements_max = 3;
    if (torc_pool_new(life->reactor, &options, &life->pool) != 0)
        return;
    work(life);
    if (close) {
        int error = torc_pool_close(life->pool, &deferred);
        took(life, error, deferred);
        turn_all(life);
    } else {
        interact(life, interaction, false); /* is given up */
    }
    torc_pool_free(life->pool);
    turn_all(life);
}

static const char *check(const struct life *life)
{
    if (life->fired != life->taken)
        return "a deferred did not fire, or twice";
    if (life->args_dropped != life->args_taken)
        return "an argument was not dropped, or twice";
    return life->values == 0 ? NULL : "a value was not released";
}

struct sweep {
    const char *path;
    bool close;
};

static const char *body(struct torc_test_allocator *allocator, void *arg)
{
    const struct sweep *sweep = arg;
    struct scripted_platform *platform = calloc(1, sizeof *platform);
    struct life life = {.platform = platform, .path = sweep->path};
    if (!platform)
        abort();
    scripted_init(platform);
    platform->memory = &allocator->base;
    const char *wrong = NULL;
    if (torc_reactor_new(&platform->base, NULL, &life.reactor) == 0) {
        live(&life, sweep->close);
        torc_reactor_free(life.reactor);
        wrong = check(&life);
    }
    if (scripted_end(platform) != 0 && !wrong)
        wrong = "the platform has blocks left";
    free(platform);
    return wrong;
}

TORC_TEST(a_pool_that_is_closed_survives_every_lack_of_memory)
{
    struct sweep sweep = {":memory:", true};
    uint64_t runs = 0;
    assert_null(torc_oom_sweep(body, &sweep, &runs));
    assert_true(runs > 50);
    return NULL;
}

TORC_TEST(a_pool_that_is_freed_survives_every_lack_of_memory)
{
    struct sweep sweep = {":memory:", false};
    assert_null(torc_oom_sweep(body, &sweep, NULL));
    return NULL;
}

TORC_TEST(a_pool_on_a_file_survives_every_lack_of_memory)
{
    char directory[128];
    char path[160];
    const char *place = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/torc-oom-XXXXXX", place ? place : "/tmp");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/main.sqlite", directory);
    struct sweep sweep = {path, true};
    const char *wrong = torc_oom_sweep(body, &sweep, NULL);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[200];
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
    assert_int_equal(rmdir(directory), 0);
    assert_null(wrong);
    return NULL;
}

TORC_TRIAL_MAIN
