/* database_worker.h - for bodies about databases: work that stays in its job until it is told. */
#ifndef TORC_CONFORMANCE_DATABASE_WORKER_H
#define TORC_CONFORMANCE_DATABASE_WORKER_H

#include "database.h"

#include <stdatomic.h>

#define INSERT "INSERT INTO t VALUES (1, 1)"
/* Endless, but for whoever ends it. */
#define ENDLESS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"

/* Inserts a row, then stays until it may go on or is interrupted; with a statement now and then, so that
 * the world goes on. */
struct worker {
    atomic_int at; /* 1: the row is there; 2: it has ended */
    atomic_int go_on;
    int code;
    bool endless; /* it stays inside one statement */
};

struct ask *ask_work(struct conf *c, struct torc_pool *pool, struct worker *worker);
struct ask *ask_endless_work(struct conf *c, struct torc_pool *pool, struct worker *worker);
/* For run_until_true. */
bool works(const void *worker);
bool has_ended(const void *worker);

struct ask *ask_write(struct conf *c, struct torc_pool *pool, const char *sql);
struct torc_pool_counts counts_of(const struct torc_pool *pool);

#endif
