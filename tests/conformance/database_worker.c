#include "database_worker.h"

#define WORKER_STATEMENTS 20000000

static int work(struct torc_transaction *transaction, void *arg)
{
    struct worker *worker = arg;
    int i, code = execute(transaction, INSERT);

    atomic_store(&worker->at, 1);
    if (worker->endless && code == 0)
        code = execute(transaction, ENDLESS);
    for (i = 0; i < WORKER_STATEMENTS && code == 0 && !atomic_load(&worker->go_on); i++)
        code = execute(transaction, "SELECT 1");
    worker->code = code;
    atomic_store(&worker->at, 2);
    return i == WORKER_STATEMENTS ? TORC_ETIMEDOUT : code;
}

bool works(const void *arg)
{
    const struct worker *worker = arg;

    return atomic_load(&worker->at) >= 1;
}

bool has_ended(const void *arg)
{
    const struct worker *worker = arg;

    return atomic_load(&worker->at) == 2;
}

struct ask *ask_work(struct conf *c, struct torc_pool *pool, struct worker *worker)
{
    memset(worker, 0, sizeof *worker);
    return ask_interaction(c, pool, TORC_TRANSACTION_WRITE, work, worker);
}

struct ask *ask_endless_work(struct conf *c, struct torc_pool *pool, struct worker *worker)
{
    memset(worker, 0, sizeof *worker);
    worker->endless = true;
    return ask_interaction(c, pool, TORC_TRANSACTION_WRITE, work, worker);
}

struct ask *ask_write(struct conf *c, struct torc_pool *pool, const char *sql)
{
    return ask_operation(c, pool, sql, TORC_NO_PARAMETERS);
}

struct torc_pool_counts counts_of(const struct torc_pool *pool)
{
    struct torc_pool_counts counts;

    torc_pool_count(pool, &counts);
    return counts;
}
