/* pool_fixture.h - a reactor on a scripted platform whose `database` slot does what a test says.
 *
 * Jobs run when the test lets them, on its own thread, so what happens between two steps of a statement is
 * up to the test.  Below is SQLite on a real file, or nothing at all: `answered` makes the platform answer
 * every step, with `answer_rows` rows of one integer to each statement. */
#ifndef TORC_TESTS_POOL_FIXTURE_H
#define TORC_TESTS_POOL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/pool.h>
#include <torc/trial.h>

#include "scripted_platform.h"
#include "test_directory.h"

enum { POOL_RULES_MAX = 8 };

/* What happens at a step. */
struct pool_rule {
    enum torc_database_event_kind kind;
    const char *sql; /* its statement begins so; NULL: any */
    unsigned skip;   /* so many are left alone, */
    unsigned times;  /* then it strikes so often */
    int code;        /* answered with this; 0: nothing is answered */
    bool lost;
    void (*call)(void *arg); /* called at that moment, inside the job; NULL: nothing */
    void *arg;
};

struct pool_fixture {
    struct scripted_platform platform;
    struct torc_log_observer observer;
    unsigned errors_logged;
    char last_error[256];
    struct torc_reactor *reactor;
    char directory[TEST_DIRECTORY_MAX];
    char path[TEST_DIRECTORY_MAX + 32]; /* of a database in it */
    struct pool_rule rules[POOL_RULES_MAX];
    size_t rule_count;
    char statements[8192]; /* each that began: "0 BEGIN IMMEDIATE\n"; the number is the connection's */
    size_t statements_bytes;
    unsigned opened; /* connections */
    unsigned closed;
    bool answered;
    uint64_t answer_rows;
    bool in_transaction[8]; /* of the answered connections */
    struct torc_db_value answer;
    int struck; /* SQLite's code for the statement that is being failed at its beginning */
    bool struck_lost;
};

/* Its tests have a fixture as their state.  At the end nothing may be left of deferreds, failures, timers and memory. */
extern const struct torc_trial_group with_pool;

/* The next rule; it strikes once. */
struct pool_rule *pool_fixture_rule(struct pool_fixture *fixture, enum torc_database_event_kind kind,
                                    const char *sql, int code);

/* A pool on the fixture's path with options of its own (NULL: the usual ones). */
struct torc_pool *pool_fixture_pool(struct pool_fixture *fixture,
                                    const struct torc_pool_options *options);

/* What a deferred has fired with. */
struct watched {
    unsigned fired;
    struct torc_result result;
    unsigned dropped; /* the argument of its work; for pool_fixture_count_drop */
    unsigned order;   /* the number of the last firing or drop, from 1 */
    unsigned *clock;  /* NULL: not counted */
};
void pool_fixture_watch(struct torc_deferred *deferred, struct watched *watched);
void pool_fixture_count_drop(void *watched);

/* The code it failed with, 0 if it did not; its result is released. */
int watched_code(struct watched *watched);
const struct torc_failure_type *watched_type(struct watched *watched);

/* Runs the jobs there are, and a turn.  False: there was none. */
bool pool_fixture_step(struct pool_fixture *fixture);
/* Until there is nothing to do at once; time stands. */
void pool_fixture_settle(struct pool_fixture *fixture);
/* Until nothing is left to do; time goes to whatever is due. */
void pool_fixture_finish(struct pool_fixture *fixture);

/* A statement that has to succeed, to its end. */
void pool_fixture_run(struct pool_fixture *fixture, struct torc_pool *pool, const char *sql);
int64_t pool_fixture_integer(struct pool_fixture *fixture, struct torc_pool *pool, const char *sql);
/* Closes and frees it. */
void pool_fixture_end(struct pool_fixture *fixture, struct torc_pool *pool);

#endif
