/* Databases: how a pool begins and ends. */
#include "database_worker.h"

#include <sqlite3.h>

/* --- beginning ---------------------------------------------------------------------------------- */

BODY(nothing_is_opened_before_the_first_work)
{
    const char *path = database_path(c, "main.db");
    struct torc_pool *pool = pool_on(c, path, NULL);

    CHECK(c, pool != NULL);
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, counts_of(pool).connections == 0 && !file_exists(c, path));
    CHECK(c, number_from(c, pool, "SELECT 1") == 1);
    CHECK(c, counts_of(pool).connections >= 1 && file_exists(c, path));
}

BODY(a_pool_is_named_after_its_file_unless_told_otherwise)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_pool *pool = pool_on(c, database_path(c, "orders.v2.db"), NULL);

    CHECK(c, pool != NULL && strcmp(torc_pool_name(pool), "orders") == 0);
    options.name = "another";
    pool = pool_on(c, database_path(c, "orders.v2.db"), &options);
    CHECK(c, pool != NULL && strcmp(torc_pool_name(pool), "another") == 0);
}

BODY(a_new_database_can_be_read_and_written_at_once)
{
    struct torc_pool *pool = pool_on(c, database_path(c, "main.db"), NULL);
    struct ask *first, *write, *second;

    CHECK(c, pool != NULL);
    first = ask_query(c, pool, "SELECT 1", TORC_NO_PARAMETERS);
    write = ask_write(c, pool, "CREATE TABLE t (a)");
    second = ask_query(c, pool, "SELECT 2", TORC_NO_PARAMETERS);
    CHECK(c, gave_rows(first, 1) && went_well(write) && gave_rows(second, 1));
    CHECK(c, counts_of(pool).retries == 0);
}

BODY(a_path_that_cannot_be_opened_is_told_to_each_work)
{
    static char path[5000];
    struct torc_pool *pool;
    struct ask *read, *write;

    memset(path, 'x', sizeof path - 1);
    pool = pool_on(c, path, NULL);
    CHECK(c, pool != NULL);
    read = ask_query(c, pool, "SELECT 1", TORC_NO_PARAMETERS);
    write = ask_write(c, pool, "CREATE TABLE t (a)");
    CHECK(c, failed_as(read, &torc_failure_database_io));
    CHECK(c, failed_as(write, &torc_failure_database_io));
    CHECK(c, (detail_of(write)->sqlite_code & 0xff) == SQLITE_CANTOPEN);
    CHECK(c, detail_of(write)->statement == NULL || counts_of(pool).connections == 0);
}

BODY(a_file_is_in_wal_mode_and_synced_as_asked)
{
    static const enum torc_synchronous asked[] = {TORC_SYNCHRONOUS_FULL, TORC_SYNCHRONOUS_NORMAL,
                                                  TORC_SYNCHRONOUS_OFF};
    static const int64_t got[] = {2, 1, 0};
    size_t i;

    for (i = 0; i < 3; i++) {
        struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
        struct torc_pool *pool;
        struct ask *mode, *sync;

        options.synchronous = asked[i];
        pool = pool_on(c, database_path(c, "main.db"), &options);
        CHECK(c, pool != NULL);
        mode = ask_write(c, pool, "PRAGMA journal_mode");
        CHECK(c, gave_rows(mode, 1) && text_is(mode, 0, 0, "wal"));
        sync = ask_write(c, pool, "PRAGMA synchronous");
        CHECK(c, gave_rows(sync, 1) && integer_at(sync, 0, 0) == got[i]);
        CHECK(c, pool_close(c, pool));
    }
}

BODY(a_database_in_memory_has_one_connection_and_goes_with_its_pool)
{
    struct torc_pool *pool = pool_on(c, ":memory:", NULL);

    CHECK(c, pool != NULL);
    CHECK(c, did(c, pool, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)"));
    CHECK(c, did(c, pool, INSERT));
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 1);
    CHECK(c, failed_as(ask_query(c, pool, "DELETE FROM t", TORC_NO_PARAMETERS),
                       &torc_failure_database_statement));
    CHECK(c, counts_of(pool).connections == 1);
    CHECK(c, pool_close(c, pool));
    pool = pool_on(c, NULL, NULL);
    CHECK(c, pool != NULL);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM sqlite_schema") == 0);
}

struct hook {
    atomic_uint calls;
    int code;
};

static int opened(struct torc_transaction *connection, void *arg)
{
    struct hook *hook = arg;

    atomic_fetch_add(&hook->calls, 1);
    if (hook->code != 0)
        return hook->code;
    return execute(connection, "CREATE TEMP TABLE mine (a)");
}

BODY(each_new_connection_is_set_up_by_the_hook)
{
    static struct hook hook;
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_pool *pool;

    memset(&hook, 0, sizeof hook);
    options.opened = opened;
    options.opened_arg = &hook;
    options.readers = 1;
    pool = pool_on(c, database_path(c, "main.db"), &options);
    CHECK(c, pool != NULL);
    CHECK(c, went_well(ask_write(c, pool, "INSERT INTO mine VALUES (1)")));
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM mine") == 0); /* another connection's */
    CHECK(c, atomic_load(&hook.calls) == 2 && counts_of(pool).connections == 2);
    outcome_told_as(c, "SELECT", SQLITE_IOERR, true);
    CHECK(c, answered(ask_query(c, pool, "SELECT 1", TORC_NO_PARAMETERS)));
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM mine") == 0);
    CHECK(c, atomic_load(&hook.calls) == 3);
}

BODY(a_hook_that_fails_is_told_to_the_work_that_wanted_the_connection)
{
    static struct hook hook;
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_pool *pool;
    struct ask *ask;

    memset(&hook, 0, sizeof hook);
    hook.code = TORC_EPROTOCOL;
    options.opened = opened;
    options.opened_arg = &hook;
    pool = pool_on(c, database_path(c, "main.db"), &options);
    CHECK(c, pool != NULL);
    ask = ask_write(c, pool, "CREATE TABLE t (a)");
    CHECK(c, failed_with(ask, TORC_EPROTOCOL));
    CHECK(c, counts_of(pool).connections == 0);
    hook.code = 0;
    CHECK(c, did(c, pool, "CREATE TABLE t (a)"));
}

BODY(a_statement_is_prepared_once_on_a_connection)
{
    struct torc_pool *pool = pool_with_table(c);
    struct torc_pool_counts before, after;
    int64_t i;

    CHECK(c, pool != NULL);
    for (i = 0; i < 10; i++) {
        CHECK(c, went_well(ask_operation(c, pool, "INSERT INTO t VALUES (?, 0)",
                                         TORC_PARAMETERS(torc_db_integer(i)))));
        if (i == 0)
            before = counts_of(pool);
    }
    after = counts_of(pool);
    CHECK(c, after.statements_prepared == before.statements_prepared);
    CHECK(c, after.statements_run >= before.statements_run + 9);
    CHECK(c, after.requests == before.requests + 9);
}

BODY(more_statements_than_are_kept_still_run)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_pool *pool;
    int i;

    options.statements_max = 1;
    pool = pool_on(c, database_path(c, "main.db"), &options);
    CHECK(c, pool != NULL);
    for (i = 0; i < 5; i++) {
        CHECK(c, number_from(c, pool, "SELECT 1") == 1);
        CHECK(c, number_from(c, pool, "SELECT 2") == 2);
        CHECK(c, number_from(c, pool, "SELECT 3") == 3);
    }
}

BODY(a_schema_that_changes_reaches_statements_that_were_prepared)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *ask;
    int i;

    CHECK(c, pool != NULL && did(c, pool, INSERT));
    for (i = 0; i < 4; i++) /* on each reader */
        CHECK(c, gave_rows(ask_query(c, pool, "SELECT * FROM t", TORC_NO_PARAMETERS), 1));
    CHECK(c, did(c, pool, "ALTER TABLE t ADD COLUMN w DEFAULT 'new'"));
    for (i = 0; i < 4; i++) {
        ask = ask_query(c, pool, "SELECT * FROM t", TORC_NO_PARAMETERS);
        CHECK(c, gave_rows(ask, 1) && torc_rows_columns(rows_of(ask)) == 3);
        CHECK(c, text_is(ask, 0, 2, "new"));
    }
    CHECK(c, did(c, pool, "DROP TABLE t"));
    CHECK(c, failed_as(ask_query(c, pool, "SELECT * FROM t", TORC_NO_PARAMETERS),
                       &torc_failure_database_statement));
}

/* --- ending ------------------------------------------------------------------------------------- */

BODY(closing_waits_for_what_waits_and_what_runs)
{
    static struct worker worker;
    struct torc_pool *pool = pool_with_table(c);
    struct ask *first, *second, *closed;

    CHECK(c, pool != NULL);
    first = named(ask_work(c, pool, &worker), "first");
    second = named(ask_write(c, pool, "INSERT INTO t VALUES (2, 2)"), "second");
    closed = named(ask_close(c, pool), "closed");
    CHECK(c, run_until_true(c, works, &worker));
    CHECK(c, !closed->done);
    atomic_store(&worker.go_on, 1);
    CHECK(c, went_well(closed));
    CHECK_NOTES(c, "first second closed");
    CHECK(c, first->type == NULL && second->type == NULL);
    CHECK(c, counts_of(pool).connections == 0);
    pool_free(c, pool);
    pool = pool_on(c, database_path(c, "main.db"), NULL);
    CHECK(c, pool != NULL && number_from(c, pool, "SELECT sum(id) FROM t") == 3);
}

static int nothing(struct torc_transaction *transaction, void *arg)
{
    (void)transaction;
    (void)arg;
    return 0;
}

BODY(a_closed_pool_refuses_work_and_a_second_close)
{
    struct torc_pool *pool = pool_with_table(c);
    struct ask *closed, *refused;

    CHECK(c, pool != NULL);
    closed = ask_close(c, pool);
    CHECK(c, ask_close(c, pool)->code == TORC_ECLOSED);
    CHECK(c, ask_query(c, pool, "SELECT 1", TORC_NO_PARAMETERS)->code == TORC_ECLOSED);
    CHECK(c, ask_write(c, pool, INSERT)->code == TORC_ECLOSED);
    refused = ask_interaction(c, pool, TORC_TRANSACTION_WRITE, nothing, NULL);
    CHECK(c, refused->code == TORC_ECLOSED && refused->arg_dropped == 0);
    refused = ask_run(c, pool, nothing, NULL);
    CHECK(c, refused->code == TORC_ECLOSED && refused->arg_dropped == 0);
    CHECK(c, went_well(closed));
    CHECK(c, ask_write(c, pool, INSERT)->code == TORC_ECLOSED);
    CHECK(c, ask_close(c, pool)->code == TORC_ECLOSED);
    pool_free(c, pool);
}

BODY(a_pool_that_was_never_used_closes)
{
    struct torc_pool *pool = pool_on(c, database_path(c, "main.db"), NULL);

    CHECK(c, pool != NULL && pool_close(c, pool));
    CHECK(c, !file_exists(c, database_path(c, "main.db")));
}

BODY(freeing_a_pool_fails_what_waits_and_what_runs)
{
    static struct worker worker;
    struct torc_pool *pool = pool_with_table(c);
    struct ask *running, *waiting;

    CHECK(c, pool != NULL);
    running = ask_work(c, pool, &worker);
    waiting = ask_write(c, pool, "INSERT INTO t VALUES (2, 2)");
    CHECK(c, run_until_true(c, works, &worker));
    pool_free(c, pool);
    CHECK(c, failed_as(waiting, &torc_failure_pool_closed));
    CHECK(c, failed_as(running, &torc_failure_pool_closed));
    CHECK(c, run_until_true(c, has_ended, &worker));
    run_for(c, 5 * TORC_MILLISECOND);
    CHECK(c, running->arg_dropped == 1);
    pool = pool_on(c, database_path(c, "main.db"), NULL);
    CHECK(c, pool != NULL && number_from(c, pool, "SELECT count(*) FROM t") == 0);
}

struct freer {
    struct conf *c;
    struct torc_pool *pool;
    bool done;
};

static struct torc_result free_pool(struct torc_result result, void *arg)
{
    struct freer *freer = arg;

    torc_result_drop(result);
    pool_free(freer->c, freer->pool);
    freer->done = true;
    return torc_value(NULL);
}

BODY(a_pool_may_be_freed_inside_a_callback_of_its_own)
{
    static struct freer freer;
    struct torc_pool *pool = pool_with_table(c);
    struct torc_deferred *deferred;
    struct ask *after;

    CHECK(c, pool != NULL);
    freer.c = c;
    freer.pool = pool;
    freer.done = false;
    CHECK(c, torc_pool_operation(pool, INSERT, TORC_NO_PARAMETERS, &deferred) == 0);
    CHECK(c, torc_deferred_add_both(deferred, free_pool, &freer, NULL) == 0);
    torc_deferred_drop(deferred);
    after = ask_write(c, pool, "INSERT INTO t VALUES (2, 2)");
    CHECK(c, run_until(c, &freer.done));
    CHECK(c, failed_as(after, &torc_failure_pool_closed));
}

static struct torc_result note_during(void *arg)
{
    note(arg, "during");
    return torc_value(NULL);
}

BODY(the_shutdown_waits_for_work_that_was_submitted)
{
    static struct worker worker;
    struct torc_pool *pool = pool_with_table(c);
    struct ask *running, *waiting;

    CHECK(c, pool != NULL);
    CHECK(c, torc_reactor_add_trigger(c->client, TORC_DURING, "shutdown", note_during, c, NULL, NULL) ==
                 0);
    running = named(ask_work(c, pool, &worker), "running");
    waiting = named(ask_write(c, pool, "INSERT INTO t VALUES (2, 2)"), "waiting");
    CHECK(c, run_until_true(c, works, &worker));
    CHECK(c, torc_reactor_stop(c->client) == 0);
    CHECK(c, run_turns(c, 10));
    CHECK(c, torc_reactor_running(c->client) && !running->done);
    atomic_store(&worker.go_on, 1);
    while (torc_reactor_running(c->client) && c->ops->step(c))
        ;
    CHECK_NOTES(c, "running waiting during");
    CHECK(c, running->type == NULL && waiting->type == NULL);
    CHECK(c, ask_write(c, pool, "INSERT INTO t VALUES (3, 3)")->code == TORC_ECLOSED);
    pool_free(c, pool);
    CHECK(c, outsider_sees(c, database_path(c, "main.db"), "SELECT sum(id) FROM t") == 3);
}

static size_t bytes_in_use(struct conf *c)
{
    struct torc_scope_counts counts;

    torc_scope_count(torc_reactor_scope(c->client), &counts);
    return counts.bytes_in_use;
}

static bool use_pool(struct conf *c)
{
    struct torc_pool *pool = pool_on(c, database_path(c, "main.db"), NULL);
    bool used = pool != NULL && did(c, pool, "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, v)");

    used = used && did(c, pool, "INSERT OR REPLACE INTO t VALUES (1, 'text')");
    used = used && failed_as(ask_write(c, pool, INSERT), &torc_failure_database_constraint);
    used = used && gave_rows(ask_query(c, pool, "SELECT * FROM t", TORC_NO_PARAMETERS), 1);
    used = used && went_well(ask_interaction(c, pool, TORC_TRANSACTION_READ, nothing, NULL));
    used = used && pool_close(c, pool);
    drop_answers(c);
    return used;
}

BODY(a_pool_leaves_no_memory_behind)
{
    size_t bytes;

    CHECK(c, use_pool(c));
    CHECK(c, use_pool(c));
    bytes = bytes_in_use(c);
    CHECK(c, use_pool(c));
    CHECK(c, bytes_in_use(c) == bytes);
}
