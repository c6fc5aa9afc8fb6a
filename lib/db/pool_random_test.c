/* Many kinds of work at once, cancelled, paused, closed and given up at random moments: each deferred fires
 * once, each argument is dropped once, what was told as done is there, and nothing is left.  With the threads of
 * the live platform, and with jobs that run when the test says and statements that fail. */
#include "tests/support/database_fixture.h"
#include "tests/support/pool_fixture.h"

#include <sqlite3.h>

enum { WORK_MAX = 120, ROUNDS = 25 };

enum kind { QUERY, OPERATION, WRITE, READ, RUN, STREAM, KINDS };

struct work {
    struct torc_row_consumer consumer; /* first */
    struct chaos *chaos;
    enum kind kind;
    struct torc_deferred *deferred;
    struct torc_row_stream *stream;
    bool taken;
    bool done; /* told as done */
    unsigned fired;
    unsigned dropped;
    int answer;
};

struct chaos {
    uint64_t seed;
    struct torc_reactor *reactor;
    struct torc_pool *pool;
    struct work work[WORK_MAX];
    size_t count;
    bool freed;
    bool closing;
    unsigned closed_fired;
};

/* SplitMix64: https://prng.di.unimi.it/splitmix64.c */
static uint64_t draw(struct chaos *chaos, uint64_t below)
{
    uint64_t z = (chaos->seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

static struct torc_result ended(struct torc_result result, void *arg)
{
    struct work *work = arg;
    work->fired++;
    work->done = result.kind == TORC_RESULT_VALUE;
    torc_result_drop(result);
    torc_deferred_drop(work->deferred);
    work->deferred = NULL;
    work->stream = NULL;
    return torc_value(NULL);
}

static void count_drop(void *arg)
{
    ((struct work *)arg)->dropped++;
}

static int insert_one(struct torc_transaction *transaction, void *arg)
{
    const struct work *work = arg;
    int error = torc_transaction_execute(transaction, "INSERT INTO t VALUES (1)",
                                         TORC_NO_PARAMETERS, NULL);
    return error ? error : work->answer;
}

static int read_some(struct torc_transaction *transaction, void *arg)
{
    struct torc_rows *rows;
    int error = torc_transaction_execute(transaction, "SELECT count(*) FROM t", TORC_NO_PARAMETERS,
                                         &rows);
    (void)arg;
    if (error == 0)
        torc_rows_free(rows);
    return error;
}

static struct torc_failure *consume(struct torc_row_consumer *self, struct torc_row_stream *stream,
                                    const struct torc_rows *rows, uint64_t first)
{
    struct work *work = (struct work *)(void *)self;
    assert_int_equal(work->fired, 0);
    assert_int_equal(torc_rows_value(rows, 0, 0).as.integer, first + 1);
    switch (draw(work->chaos, 6)) {
    case 0:
        torc_row_stream_pause(stream);
        return NULL;
    case 1:
        torc_deferred_cancel(work->deferred);
        return NULL;
    case 2:
        return torc_failure_static(&torc_failure_limit);
    default:
        return NULL;
    }
}

static int submit(struct chaos *chaos, struct work *work)
{
    struct torc_row_stream_options options = TORC_ROW_STREAM_OPTIONS_INIT;
    enum torc_transaction_mode mode =
        draw(chaos, 2) ? TORC_TRANSACTION_WRITE : TORC_TRANSACTION_DEFERRED;
    options.rows_max = 1 + draw(chaos, 20);
    work->answer = draw(chaos, 4) == 0 ? TORC_EPROTOCOL : 0;
    switch (work->kind) {
    case QUERY:
        return torc_pool_query(chaos->pool, "SELECT count(*) FROM t", TORC_NO_PARAMETERS,
                               &work->deferred);
    case OPERATION:
        return torc_pool_operation(chaos->pool, "INSERT INTO t VALUES (?)",
                                   TORC_PARAMETERS(torc_db_integer(1)), &work->deferred);
    case WRITE:
        return torc_pool_interaction(chaos->pool, mode, insert_one, work, count_drop,
                                     &work->deferred);
    case READ:
        return torc_pool_interaction(chaos->pool, TORC_TRANSACTION_READ, read_some, work,
                                     count_drop, &work->deferred);
    case RUN:
        return torc_pool_run(chaos->pool, read_some, work, count_drop, &work->deferred);
    case STREAM:
    case KINDS:
    default:
        work->consumer.rows = consume;
        return torc_pool_stream(chaos->pool,
                                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                                "WHERE i < 60) SELECT i FROM n",
                                TORC_NO_PARAMETERS, &work->consumer, &options, &work->stream,
                                &work->deferred);
    }
}

static void add_work(struct chaos *chaos)
{
    if (chaos->freed || chaos->count == WORK_MAX)
        return;
    struct work *work = &chaos->work[chaos->count++];
    work->chaos = chaos;
    work->kind = (enum kind)draw(chaos, KINDS);
    work->taken = submit(chaos, work) == 0;
    if (work->taken)
        assert_int_equal(torc_deferred_add_both(work->deferred, ended, work, NULL), 0);
    else
        assert_true(chaos->closing);
}

static struct work *any_work(struct chaos *chaos)
{
    return chaos->count ? &chaos->work[draw(chaos, chaos->count)] : NULL;
}

static struct torc_result closed(struct torc_result result, void *arg)
{
    ((struct chaos *)arg)->closed_fired++;
    return result;
}

static void close_pool(struct chaos *chaos)
{
    struct torc_deferred *deferred;
    if (chaos->freed || chaos->closing)
        return;
    assert_int_equal(torc_pool_close(chaos->pool, &deferred), 0);
    assert_int_equal(torc_deferred_add_both(deferred, closed, chaos, NULL), 0);
    torc_deferred_drop(deferred);
    chaos->closing = true;
}

static void resume_all(struct chaos *chaos)
{
    for (size_t i = 0; i < chaos->count; i++)
        if (chaos->work[i].stream)
            torc_row_stream_resume(chaos->work[i].stream);
}

static void act(struct chaos *chaos)
{
    struct work *work = any_work(chaos);
    uint64_t choice = draw(chaos, 100);
    if (choice < 60 || !work)
        add_work(chaos);
    else if (choice < 75 && work->deferred)
        torc_deferred_cancel(work->deferred);
    else if (choice < 85 && work->stream)
        torc_row_stream_pause(work->stream);
    else if (choice < 98 && work->stream)
        torc_row_stream_resume(work->stream);
    else if (choice == 99 && draw(chaos, 3) == 0)
        close_pool(chaos);
}

static bool any_left(const struct chaos *chaos)
{
    for (size_t i = 0; i < chaos->count; i++)
        if (chaos->work[i].deferred)
            return true;
    return chaos->closing && chaos->closed_fired == 0;
}

static void check(const struct chaos *chaos, int64_t rows, int64_t before)
{
    int64_t least = 0;
    int64_t most = 0;
    for (size_t i = 0; i < chaos->count; i++) {
        const struct work *work = &chaos->work[i];
        bool has_arg = work->kind == WRITE || work->kind == READ || work->kind == RUN;
        bool writes = work->kind == OPERATION || (work->kind == WRITE && work->answer == 0);
        assert_int_equal(work->fired, work->taken);
        assert_int_equal(work->dropped, work->taken && has_arg);
        least += writes && work->done;
        most += writes && work->taken;
    }
    assert_int_equal(chaos->closed_fired, chaos->closing);
    assert_true(rows - before >= least);
    assert_true(rows - before <= most);
}

/* --- with threads ------------------------------------------------------------------------------- */

static void live_round(struct database_fixture *fixture, uint64_t seed, int64_t *rows)
{
    struct chaos *chaos = calloc(1, sizeof *chaos);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_reactor_counts counts;
    assert_non_null(chaos);
    options.statements_max = 3;
    options.synchronous = TORC_SYNCHRONOUS_OFF;
    chaos->seed = seed;
    chaos->reactor = fixture->reactor;
    chaos->pool = database_pool(fixture, &options);
    while (chaos->count < WORK_MAX && !chaos->freed) {
        act(chaos);
        if (draw(chaos, 3) == 0)
            assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
        if (draw(chaos, 150) == 0) {
            torc_pool_free(chaos->pool);
            chaos->freed = true;
        }
    }
    close_pool(chaos);
    while (any_left(chaos)) {
        resume_all(chaos);
        assert_int_equal(torc_reactor_turn(fixture->reactor,
                                           torc_reactor_now(fixture->reactor) + 1000000),
                         0);
    }
    if (!chaos->freed)
        torc_pool_free(chaos->pool);
    for (torc_reactor_count(fixture->reactor, &counts); counts.jobs > 0;
         torc_reactor_count(fixture->reactor, &counts))
        assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    struct torc_pool *pool = database_pool(fixture, NULL);
    int64_t now = database_integer(fixture, pool, "SELECT count(*) FROM t");
    database_pool_end(fixture, pool);
    check(chaos, now, *rows);
    *rows = now;
    free(chaos);
}

TORC_TEST(on_threads_everything_ends_once, .group = &with_database)
{
    struct database_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = database_pool(fixture, NULL);
    int64_t rows = 0;
    database_run(fixture, pool, "CREATE TABLE t (i)");
    database_pool_end(fixture, pool);
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        print_message("seed %u\n", (unsigned)seed); /* threads: it may not fail again */
        live_round(fixture, seed, &rows);
    }
    assert_int_equal(fixture->errors_logged, 0);
    return NULL;
}

/* --- with jobs and faults in the test's hands --------------------------------------------------- */

static void add_fault(struct pool_fixture *fixture, struct chaos *chaos)
{
    static const int codes[] = {SQLITE_BUSY, SQLITE_BUSY, SQLITE_IOERR_WRITE, SQLITE_FULL,
                                SQLITE_NOMEM, SQLITE_CORRUPT, SQLITE_CONSTRAINT};
    static const enum torc_database_event_kind kinds[] = {
        TORC_DATABASE_OPEN, TORC_DATABASE_BEGIN, TORC_DATABASE_BEGIN, TORC_DATABASE_ROW};
    fixture->rule_count = 0;
    struct pool_rule *rule = pool_fixture_rule(fixture, kinds[draw(chaos, 4)], NULL,
                                               codes[draw(chaos, 7)]);
    rule->skip = (unsigned)draw(chaos, 20);
    rule->times = 1 + (unsigned)draw(chaos, 2);
    rule->lost = rule->kind != TORC_DATABASE_OPEN && draw(chaos, 6) == 0;
}

static void run_one_job(struct pool_fixture *fixture, struct chaos *chaos)
{
    struct scripted_platform *platform = &fixture->platform;
    size_t waiting[SCRIPTED_JOBS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < platform->job_count; i++)
        if (!platform->jobs[i].finished)
            waiting[count++] = i;
    if (count > 0)
        scripted_finish_job(platform, waiting[draw(chaos, count)]);
}

static void scripted_round(struct pool_fixture *fixture, uint64_t seed, int64_t *rows)
{
    struct chaos *chaos = calloc(1, sizeof *chaos);
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    options.synchronous = TORC_SYNCHRONOUS_OFF;
    assert_non_null(chaos);
    chaos->seed = seed;
    chaos->reactor = fixture->reactor;
    chaos->pool = pool_fixture_pool(fixture, &options);
    while (chaos->count < WORK_MAX && !chaos->freed) {
        act(chaos);
        if (draw(chaos, 4) == 0)
            add_fault(fixture, chaos);
        if (draw(chaos, 2) == 0)
            run_one_job(fixture, chaos);
        if (draw(chaos, 3) == 0)
            (void)torc_reactor_turn(fixture->reactor, 0);
        if (draw(chaos, 150) == 0) {
            torc_pool_free(chaos->pool);
            chaos->freed = true;
        }
    }
    close_pool(chaos);
    fixture->rule_count = 0;
    while (any_left(chaos)) {
        resume_all(chaos);
        pool_fixture_finish(fixture);
    }
    if (!chaos->freed)
        torc_pool_free(chaos->pool);
    pool_fixture_finish(fixture);
    assert_true(fixture->opened >= fixture->closed);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    int64_t now = pool_fixture_integer(fixture, pool, "SELECT count(*) FROM t");
    pool_fixture_end(fixture, pool);
    check(chaos, now, *rows);
    *rows = now;
    free(chaos);
}

TORC_TEST(with_faults_everything_ends_once, .group = &with_pool)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = pool_fixture_pool(fixture, NULL);
    int64_t rows = 0;
    pool_fixture_run(fixture, pool, "CREATE TABLE t (i)");
    pool_fixture_end(fixture, pool);
    for (uint64_t seed = 1; seed <= 4 * ROUNDS; seed++)
        scripted_round(fixture, seed, &rows);
    return NULL;
}

TORC_TRIAL_MAIN
