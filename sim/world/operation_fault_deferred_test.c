/* What deferreds tell of operations that fail, and which faults there are. */
#include <torc/pool.h>
#include <torc/resolver.h>

#include "tests/support/operation_fixture.h"

/* --- deferreds ----------------------------------------------------------------------------------------- */

static struct torc_result fired(struct torc_result result, void *arg)
{
    struct fixture *fixture = arg;

    fixture->fired = true;
    fixture->fired_ns = torc_world_now(fixture->world);
    fixture->failure = result.kind == TORC_RESULT_FAILURE ? torc_failure_type(result.as.failure) : NULL;
    torc_result_drop(result);
    return torc_value(NULL);
}

static void wait_for(struct fixture *fixture, struct torc_deferred *deferred)
{
    fixture->fired = false;
    assert_int_equal(torc_deferred_add_both(deferred, fired, fixture, NULL), 0);
    torc_deferred_drop(deferred);
    run_for(fixture, 100 * TORC_SECOND);
    assert_true(fixture->fired);
}

static void assert_lookup(struct fixture *fixture, const char *option, const struct torc_failure_type *type,
                          uint64_t after_ns)
{
    uint64_t began_ns = torc_world_now(fixture->world);
    struct torc_deferred *deferred;

    strike(&fixture->cli, "resolve.fail", option, 1, 1);
    assert_int_equal(torc_resolve(torc_host_reactor(fixture->cli.host), "srv", 80, NULL, &deferred), 0);
    wait_for(fixture, deferred);
    assert_ptr_equal(fixture->failure, type);
    assert_int_equal(fixture->fired_ns - began_ns, after_ns);
}

TORC_TEST(a_lookup_fails_as_the_service_does, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    assert_lookup(fixture, "NXDOMAIN", &torc_failure_name_not_found, 0);
    assert_lookup(fixture, "SERVFAIL", &torc_failure_name_error, 0);
    assert_lookup(fixture, "timeout", &torc_failure_timeout, 60 * TORC_SECOND);
    assert_lookup(fixture, "slow", NULL, 2 * TORC_SECOND);
    return NULL;
}

static int no_work(void *arg)
{
    (void)arg;
    return 0;
}

TORC_TEST(a_job_that_is_not_taken_is_told_at_once, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_reactor *reactor = torc_host_reactor(fixture->srv.host);
    struct torc_deferred *deferred;

    strike(&fixture->srv, "job.fail", "ELIMIT", 1, 1);
    assert_int_equal(torc_run_job(reactor, no_work, NULL, NULL, &deferred), TORC_ELIMIT);
    strike(&fixture->srv, "job.fail", "ENOMEM", 1, 1);
    assert_int_equal(torc_run_job(reactor, no_work, NULL, NULL, &deferred), TORC_ENOMEM);
    assert_int_equal(torc_run_job(reactor, no_work, NULL, NULL, &deferred), 0);
    wait_for(fixture, deferred);
    assert_null(fixture->failure);
    return NULL;
}

TORC_TEST(the_third_acquisition_of_memory_is_refused, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_scope *scope = torc_reactor_scope(torc_host_reactor(fixture->srv.host));
    void *blocks[4];

    strike(&fixture->srv, "alloc.fail", "ENOMEM", 3, 1);
    for (size_t i = 0; i < 4; i++)
        blocks[i] = torc_alloc(scope, 100);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(blocks[i] == NULL, i == 2);
        torc_release(scope, blocks[i], blocks[i] != NULL ? 100 : 0);
    }
    return NULL;
}

/* An INSERT on a pool of its own; what the deferred fires with. */
static const struct torc_failure_type *insert(struct fixture *fixture, struct torc_pool *pool)
{
    struct torc_deferred *deferred;

    assert_int_equal(torc_pool_operation(pool, "INSERT INTO t VALUES (1)", TORC_NO_PARAMETERS, &deferred), 0);
    wait_for(fixture, deferred);
    return fixture->failure;
}

static struct torc_pool *open_pool(struct fixture *fixture)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_deferred *deferred;
    struct torc_pool *pool;

    options.path = "main.sqlite";
    options.busy_retries_max = 0;
    assert_int_equal(torc_pool_new(torc_host_reactor(fixture->srv.host), &options, &pool), 0);
    assert_int_equal(torc_pool_operation(pool, "CREATE TABLE t (a)", TORC_NO_PARAMETERS, &deferred), 0);
    wait_for(fixture, deferred);
    assert_null(fixture->failure);
    return pool;
}

static void close_pool(struct fixture *fixture, struct torc_pool *pool)
{
    struct torc_deferred *deferred;

    assert_int_equal(torc_pool_close(pool, &deferred), 0);
    wait_for(fixture, deferred);
    torc_pool_free(pool);
}

TORC_TEST(a_statement_fails_with_the_code_that_is_named, .group = &with_fixture)
{
    static const struct {
        const char *option;
        const struct torc_failure_type *type;
    } cases[] = {{"SQLITE_BUSY", &torc_failure_database_busy},    {"SQLITE_LOCKED", &torc_failure_database_busy},
                 {"SQLITE_FULL", &torc_failure_database_full},    {"SQLITE_IOERR", &torc_failure_database_io},
                 {"SQLITE_CORRUPT", &torc_failure_database_corrupt}, {"SQLITE_INTERRUPT", &torc_failure_database_interrupted},
                 {"disconnect", &torc_failure_database_lost},     {"drop-reply", &torc_failure_database_lost}};
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = open_pool(fixture);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        strike(&fixture->srv, "db.fail", cases[i].option, 1, 1);
        if (insert(fixture, pool) != cases[i].type)
            fail_msg("%s: %s", cases[i].option, fixture->failure == NULL ? "nothing" : fixture->failure->name);
    }
    close_pool(fixture, pool);
    return NULL;
}

TORC_TEST(an_operation_of_the_disk_fails_with_what_it_can_fail_with, .group = &with_fixture)
{
    static const struct {
        const char *option;
        const struct torc_failure_type *type;
    } cases[] = {{"SQLITE_FULL", &torc_failure_database_full},
                 {"short", &torc_failure_database_io},
                 {"SQLITE_BUSY", &torc_failure_database_busy}};
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_pool *pool = open_pool(fixture);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        strike(&fixture->srv, "disk.fail", cases[i].option, 1, 1);
        if (insert(fixture, pool) != cases[i].type)
            fail_msg("%s: %s", cases[i].option, fixture->failure == NULL ? "nothing" : fixture->failure->name);
    }
    assert_null(insert(fixture, pool));
    close_pool(fixture, pool);
    return NULL;
}

/* --- faults -------------------------------------------------------------------------------------------- */

TORC_TEST(what_is_no_fault_of_an_operation_is_refused, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_operation_fault fault = TORC_OPERATION_FAULT_INIT;

    fault.site = "ready.order";
    fault.option = 1;
    assert_int_equal(torc_host_add_operation_fault(fixture->srv.host, &fault, NULL), TORC_EINVAL);
    fault.site = "accept.fail";
    fault.option = 6;
    assert_int_equal(torc_host_add_operation_fault(fixture->srv.host, &fault, NULL), TORC_EINVAL);
    fault.option = 5;
    assert_int_equal(torc_host_add_operation_fault(fixture->srv.host, &fault, NULL), 0);
    return NULL;
}

TORC_TEST(with_faults_off_or_cleared_none_strikes, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    strike(&fixture->srv, "socket.fail", "EMFILE", 1, UINT64_MAX);
    strike(&fixture->cli, "socket.fail", "EMFILE", 1, UINT64_MAX);
    assert_int_equal(try_to_listen(&fixture->srv), TORC_EMFILE);
    torc_world_set_faults(fixture->world, false);
    assert_int_equal(try_to_listen(&fixture->cli), 0);
    torc_world_set_faults(fixture->world, true);
    torc_host_clear_operation_faults(fixture->srv.host);
    torc_host_clear_operation_faults(fixture->cli.host);
    connect_both(fixture);
    return NULL;
}

TORC_TRIAL_MAIN
