/* database_fixture.h - a live reactor and a directory for databases, for tests of what runs in jobs. */
#ifndef DATABASE_FIXTURE_H
#define DATABASE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <torc/live.h>
#include <torc/pool.h>
#include <torc/trial.h>

#include "test_directory.h"

struct database_fixture {
    struct torc_platform *platform;
    struct torc_reactor *reactor;
    struct torc_log_observer observer;
    unsigned errors_logged;
    char last_error[256];
    char directory[TEST_DIRECTORY_MAX];
    char path[TEST_DIRECTORY_MAX + 32]; /* of a database in it */
};

/* Its tests have a fixture as their state.  At the end nothing may be left in the reactor's scope. */
extern const struct torc_trial_group with_database;

/* Turns until the deferred has a result, and takes it; drops the deferred. */
struct torc_result database_await(struct database_fixture *fixture, struct torc_deferred *deferred);
/* The same, of one that has to succeed, has to fail. */
void *database_await_value(struct database_fixture *fixture, struct torc_deferred *deferred);
struct torc_failure *database_await_failure(struct database_fixture *fixture,
                                            struct torc_deferred *deferred);
/* Turns until `*flag`. */
void database_turn_until(struct database_fixture *fixture, const bool *flag);

/* A pool on the fixture's path with options of its own (path NULL: the fixture's). */
struct torc_pool *database_pool(struct database_fixture *fixture,
                                const struct torc_pool_options *options);
/* Closes and frees it. */
void database_pool_end(struct database_fixture *fixture, struct torc_pool *pool);
/* Runs a statement that has to succeed; its rows are released. */
void database_run(struct database_fixture *fixture, struct torc_pool *pool, const char *sql);
/* The integer a query gives. */
int64_t database_integer(struct database_fixture *fixture, struct torc_pool *pool, const char *sql);

#endif
