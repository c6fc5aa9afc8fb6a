/* Databases: when somebody else holds the database. */
#include "database.h"

#include <sqlite3.h>

/* A pool that tries again `retries` times, after 20 ms, 40 ms, 60 ms, 60 ms, ... */
static struct torc_pool *patient_pool(struct conf *c, unsigned retries)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_pool *pool;

    options.busy_retries_max = retries;
    options.busy_retry_ns = 20 * TORC_MILLISECOND;
    options.busy_retry_max_ns = 60 * TORC_MILLISECOND;
    pool = pool_on(c, database_path(c, "main.db"), &options);
    if (pool == NULL || !did(c, pool, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)"))
        return NULL;
    return pool;
}

static struct ask *ask_insert(struct conf *c, struct torc_pool *pool)
{
    return ask_operation(c, pool, "INSERT INTO t VALUES (1, 1)", TORC_NO_PARAMETERS);
}

static bool holds(struct conf *c)
{
    return outsider(c, database_path(c, "main.db"), "BEGIN IMMEDIATE") == SQLITE_OK;
}

static bool lets_go(struct conf *c)
{
    return outsider(c, database_path(c, "main.db"), "ROLLBACK") == SQLITE_OK;
}

/* It waits for its next attempt: nothing runs. */
static bool rests(const void *arg)
{
    struct torc_pool_counts counts;

    torc_pool_count(arg, &counts);
    return counts.running == 0 && counts.waiting == 1;
}

BODY(a_busy_database_is_tried_again_until_it_is_free)
{
    struct torc_pool *pool = patient_pool(c, 100);
    struct torc_pool_counts counts;
    struct ask *ask;

    CHECK(c, pool != NULL && holds(c));
    ask = ask_insert(c, pool);
    run_for(c, 70 * TORC_MILLISECOND);
    CHECK(c, !ask->done);
    CHECK(c, lets_go(c));
    CHECK(c, went_well(ask));
    torc_pool_count(pool, &counts);
    CHECK(c, counts.retries >= 1);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 1);
}

BODY(a_database_that_stays_busy_fails_with_its_attempts)
{
    struct torc_pool *pool = patient_pool(c, 2);
    struct torc_pool_counts counts;
    struct ask *ask;

    CHECK(c, pool != NULL && holds(c));
    ask = ask_insert(c, pool);
    CHECK(c, failed_as(ask, &torc_failure_database_busy));
    CHECK(c, torc_failure_code(failure_of(ask)) == TORC_EBUSY);
    CHECK(c, detail_of(ask) != NULL && detail_of(ask)->attempts == 3);
    CHECK(c, (detail_of(ask)->sqlite_code & 0xff) == SQLITE_BUSY);
    torc_pool_count(pool, &counts);
    CHECK(c, counts.retries == 2 && counts.waiting == 0 && counts.running == 0);
    CHECK(c, lets_go(c));
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (1, 1)"));
}

BODY(without_retries_a_busy_database_fails_at_once)
{
    struct torc_pool *pool = patient_pool(c, 0);
    struct ask *ask;

    CHECK(c, pool != NULL && holds(c));
    ask = ask_insert(c, pool);
    CHECK(c, failed_as(ask, &torc_failure_database_busy));
    CHECK(c, detail_of(ask) != NULL && detail_of(ask)->attempts == 1);
}

BODY(pauses_between_attempts_are_on_the_clock_and_double_up_to_their_limit)
{
    struct torc_pool *pool = patient_pool(c, 4);
    uint64_t start, passed;
    struct ask *ask;

    CHECK(c, pool != NULL && holds(c));
    start = c->ops->now(c);
    ask = ask_insert(c, pool);
    CHECK(c, run_until_true(c, rests, pool)); /* it does not wait in a job */
    CHECK(c, failed_as(ask, &torc_failure_database_busy));
    passed = c->ops->now(c) - start;
    CHECK(c, detail_of(ask) != NULL && detail_of(ask)->attempts == 5);
    CHECK(c, passed >= (20 + 40 + 60 + 60) * TORC_MILLISECOND);
}

BODY(reading_goes_on_while_a_write_waits_for_its_next_attempt)
{
    struct torc_pool *pool = patient_pool(c, 100);
    struct ask *ask;

    CHECK(c, pool != NULL && holds(c));
    ask = ask_insert(c, pool);
    CHECK(c, run_until_true(c, rests, pool));
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 0);
    CHECK(c, !ask->done && lets_go(c));
    CHECK(c, went_well(ask));
}

BODY(writes_keep_their_order_when_the_first_one_is_tried_again)
{
    struct torc_pool *pool = patient_pool(c, 100);
    struct ask *first, *second;

    CHECK(c, pool != NULL && holds(c));
    first = named(ask_operation(c, pool, "INSERT INTO t VALUES (NULL, 'a')", TORC_NO_PARAMETERS), "a");
    second = named(ask_operation(c, pool, "INSERT INTO t VALUES (NULL, 'b')", TORC_NO_PARAMETERS), "b");
    run_for(c, 50 * TORC_MILLISECOND);
    CHECK(c, lets_go(c));
    CHECK(c, went_well(second) && went_well(first));
    CHECK_NOTES(c, "a b");
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t WHERE id = 1 AND v = 'a'") == 1);
}

BODY(work_that_waits_for_its_next_attempt_can_be_cancelled)
{
    struct torc_pool *pool = patient_pool(c, 100);
    struct ask *ask;

    CHECK(c, pool != NULL && holds(c));
    ask = ask_insert(c, pool);
    CHECK(c, run_until_true(c, rests, pool));
    CHECK(c, cancel(ask));
    CHECK(c, lets_go(c));
    run_for(c, 100 * TORC_MILLISECOND);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 0);
}

BODY(a_timeout_ends_a_request_that_waits_for_a_busy_database)
{
    struct torc_pool *pool = patient_pool(c, 1000);
    struct torc_deferred *deferred;
    struct ask *ask;

    CHECK(c, pool != NULL && holds(c));
    CHECK(c, torc_pool_operation(pool, "INSERT INTO t VALUES (1, 1)", TORC_NO_PARAMETERS, &deferred) ==
                 0);
    CHECK(c, torc_deferred_add_timeout(deferred, torc_reactor_clock(c->client),
                                       50 * TORC_MILLISECOND) == 0);
    ask = ask_deferred(c, NULL, 0, deferred);
    CHECK(c, failed_as(ask, &torc_failure_timeout));
    CHECK(c, lets_go(c));
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (2, 2)"));
    CHECK(c, number_from(c, pool, "SELECT sum(id) FROM t") == 2);
}

/* --- transactions ------------------------------------------------------------------------------- */

struct deferred_writer {
    struct conf *c;
    const char *path;
    unsigned runs, attempts_seen, drops;
    int64_t read;
    int write_code;
};

static void count_drop(void *value)
{
    ((struct deferred_writer *)value)->drops++;
}

/* Reads, and on its first run somebody else commits before it writes. */
static int read_then_write(struct torc_transaction *transaction, void *arg)
{
    struct deferred_writer *writer = arg;

    writer->runs++;
    writer->attempts_seen = torc_transaction_attempt(transaction);
    writer->read = number_in(transaction, "SELECT count(*) FROM t");
    torc_transaction_give(transaction, writer, count_drop);
    if (writer->runs == 1 &&
        outsider(writer->c, writer->path, "INSERT INTO t VALUES (100, 0)") != SQLITE_OK)
        return TORC_EINVAL;
    writer->write_code = execute(transaction, "INSERT INTO t VALUES (1, 1)");
    return writer->write_code;
}

BODY(a_deferred_transaction_whose_state_is_old_is_run_anew)
{
    struct torc_pool *pool = patient_pool(c, 3);
    static struct deferred_writer writer;
    struct ask *ask;

    memset(&writer, 0, sizeof writer);
    writer.c = c;
    writer.path = database_path(c, "main.db");
    CHECK(c, pool != NULL);
    ask = ask_interaction(c, pool, TORC_TRANSACTION_DEFERRED, read_then_write, &writer);
    CHECK(c, went_well(ask));
    CHECK(c, writer.runs == 2 && writer.attempts_seen == 2 && writer.read == 1);
    CHECK(c, ask->result.as.value == &writer && writer.drops == 1); /* that of the first run */
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 2);
}

BODY(a_deferred_transaction_that_may_not_be_run_anew_tells_busy_snapshot)
{
    struct torc_pool *pool = patient_pool(c, 0);
    static struct deferred_writer writer;
    struct ask *ask;

    memset(&writer, 0, sizeof writer);
    writer.c = c;
    writer.path = database_path(c, "main.db");
    CHECK(c, pool != NULL);
    ask = ask_interaction(c, pool, TORC_TRANSACTION_DEFERRED, read_then_write, &writer);
    CHECK(c, failed_as(ask, &torc_failure_database_busy));
    CHECK(c, detail_of(ask) != NULL && detail_of(ask)->sqlite_code == SQLITE_BUSY_SNAPSHOT);
    CHECK(c, writer.write_code == TORC_EBUSY && writer.drops == 1);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 1);
}

static int count_runs(struct torc_transaction *transaction, void *arg)
{
    struct deferred_writer *writer = arg;

    writer->runs++;
    writer->attempts_seen = torc_transaction_attempt(transaction);
    return execute(transaction, "INSERT INTO t VALUES (1, 1)");
}

BODY(an_interaction_that_writes_begins_only_when_it_has_the_lock)
{
    struct torc_pool *pool = patient_pool(c, 100);
    static struct deferred_writer writer;
    struct ask *ask;

    memset(&writer, 0, sizeof writer);
    CHECK(c, pool != NULL && holds(c));
    ask = ask_interaction(c, pool, TORC_TRANSACTION_WRITE, count_runs, &writer);
    CHECK(c, run_until_true(c, rests, pool));
    CHECK(c, writer.runs == 0);
    CHECK(c, lets_go(c));
    CHECK(c, went_well(ask));
    CHECK(c, writer.runs == 1 && ask->arg_dropped == 1);
}
