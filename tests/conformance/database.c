#include "database.h"

#include <stdlib.h>

#define ASKS_MAX 4096
#define POOLS_MAX 16
#define PATHS_MAX 8
#define PATH_BYTES 512

struct database_state {
    struct ask *asks[ASKS_MAX];
    size_t ask_count;
    struct torc_pool *pools[POOLS_MAX];
    size_t pool_count;
    char paths[PATHS_MAX][PATH_BYTES];
    size_t path_count;
};

/* --- pools -------------------------------------------------------------------------------------- */

const char *database_path(struct conf *c, const char *name)
{
    struct database_state *state = c->database;
    char *path = state->paths[state->path_count++ % PATHS_MAX];

    c->ops->database_path(c, name, path, PATH_BYTES);
    return path;
}

struct torc_pool *pool_on(struct conf *c, const char *path, const struct torc_pool_options *options)
{
    struct database_state *state = c->database;
    struct torc_pool_options usual = TORC_POOL_OPTIONS_INIT;
    struct torc_pool *pool;

    if (options != NULL)
        usual = *options;
    usual.path = path;
    if (state->pool_count == POOLS_MAX || torc_pool_new(c->client, &usual, &pool) != 0)
        return NULL;
    state->pools[state->pool_count++] = pool;
    return pool;
}

struct torc_pool *pool_with_table(struct conf *c)
{
    struct torc_pool *pool = pool_on(c, database_path(c, "main.db"), NULL);

    if (pool == NULL || !did(c, pool, "CREATE TABLE t (id INTEGER PRIMARY KEY, v)"))
        return NULL;
    return pool;
}

static void forget_pool(struct conf *c, const struct torc_pool *pool)
{
    struct database_state *state = c->database;
    size_t i;

    for (i = 0; i < state->pool_count; i++)
        if (state->pools[i] == pool) {
            state->pools[i] = state->pools[--state->pool_count];
            return;
        }
}

void pool_free(struct conf *c, struct torc_pool *pool)
{
    forget_pool(c, pool);
    torc_pool_free(pool);
}

bool pool_close(struct conf *c, struct torc_pool *pool)
{
    bool closed = went_well(ask_close(c, pool));

    pool_free(c, pool);
    return closed;
}

/* --- asking ------------------------------------------------------------------------------------- */

static struct torc_result take_answer(struct torc_result result, void *arg)
{
    struct ask *ask = arg;

    if (ask->over)
        return result;
    ask->done = true;
    ask->result = result;
    if (result.kind == TORC_RESULT_FAILURE) {
        ask->type = torc_failure_type(result.as.failure);
        torc_failure_describe(result.as.failure, ask->c->last_failure, sizeof ask->c->last_failure);
    }
    if (ask->name != NULL)
        note(ask->c, "%s%s%s", ask->name, ask->type != NULL ? ":" : "",
             ask->type != NULL ? ask->type->name : "");
    torc_deferred_drop(ask->deferred);
    ask->deferred = NULL;
    return torc_value(NULL);
}

static struct ask *ask_new(struct conf *c)
{
    struct database_state *state = c->database;
    struct ask *ask = calloc(1, sizeof *ask);

    if (ask == NULL || state->ask_count == ASKS_MAX)
        abort();
    ask->c = c;
    state->asks[state->ask_count++] = ask;
    return ask;
}

static struct ask *ask_for(struct ask *ask, int code, struct torc_deferred *deferred)
{
    ask->code = code;
    ask->deferred = deferred;
    if (code == 0 && torc_deferred_add_both(deferred, take_answer, ask, NULL) != 0)
        abort();
    return ask;
}

struct ask *ask_deferred(struct conf *c, const char *name, int code, struct torc_deferred *deferred)
{
    struct ask *ask = named(ask_new(c), name);

    return ask_for(ask, code, deferred);
}

struct ask *named(struct ask *ask, const char *name)
{
    ask->name = name;
    return ask;
}

struct ask *ask_query(struct conf *c, struct torc_pool *pool, const char *sql,
                      const struct torc_db_value *parameters, size_t count)
{
    struct ask *ask = ask_new(c);
    struct torc_deferred *deferred = NULL;
    int code = torc_pool_query(pool, sql, parameters, count, &deferred);

    ask->gives_rows = true;
    return ask_for(ask, code, deferred);
}

struct ask *ask_operation(struct conf *c, struct torc_pool *pool, const char *sql,
                          const struct torc_db_value *parameters, size_t count)
{
    struct ask *ask = ask_new(c);
    struct torc_deferred *deferred = NULL;
    int code = torc_pool_operation(pool, sql, parameters, count, &deferred);

    ask->gives_rows = true;
    return ask_for(ask, code, deferred);
}

static int run_function(struct torc_transaction *transaction, void *arg)
{
    struct ask *ask = arg;

    return ask->function(transaction, ask->arg);
}

static void drop_argument(void *arg)
{
    ((struct ask *)arg)->arg_dropped++;
}

static struct ask *ask_with(struct conf *c, torc_interaction_fn *function, void *arg)
{
    struct ask *ask = ask_new(c);

    ask->function = function;
    ask->arg = arg;
    return ask;
}

struct ask *ask_interaction(struct conf *c, struct torc_pool *pool, enum torc_transaction_mode mode,
                            torc_interaction_fn *interaction, void *arg)
{
    struct ask *ask = ask_with(c, interaction, arg);
    struct torc_deferred *deferred = NULL;
    int code = torc_pool_interaction(pool, mode, run_function, ask, drop_argument, &deferred);

    return ask_for(ask, code, deferred);
}

struct ask *ask_run(struct conf *c, struct torc_pool *pool, torc_interaction_fn *function, void *arg)
{
    struct ask *ask = ask_with(c, function, arg);
    struct torc_deferred *deferred = NULL;
    int code = torc_pool_run(pool, run_function, ask, drop_argument, &deferred);

    return ask_for(ask, code, deferred);
}

struct ask *ask_close(struct conf *c, struct torc_pool *pool)
{
    struct ask *ask = ask_new(c);
    struct torc_deferred *deferred = NULL;
    int code = torc_pool_close(pool, &deferred);

    return ask_for(ask, code, deferred);
}

/* --- answers ------------------------------------------------------------------------------------ */

bool answered(struct ask *ask)
{
    return ask->code == 0 && run_until(ask->c, &ask->done);
}

bool went_well(struct ask *ask)
{
    return answered(ask) && ask->type == NULL;
}

bool gave_rows(struct ask *ask, size_t rows)
{
    return went_well(ask) && rows_of(ask) != NULL && torc_rows_count(rows_of(ask)) == rows;
}

bool failed_as(struct ask *ask, const struct torc_failure_type *type)
{
    return answered(ask) && ask->type == type;
}

bool failed_below(struct ask *ask, const struct torc_failure_type *type)
{
    return answered(ask) && ask->type != NULL && torc_failure_check(failure_of(ask), type);
}

bool failed_with(struct ask *ask, int code)
{
    return answered(ask) && ask->type != NULL && torc_failure_code(failure_of(ask)) == code;
}

bool cancel(struct ask *ask)
{
    if (ask->code != 0 || ask->done)
        return false;
    torc_deferred_cancel(ask->deferred);
    return ask->done && ask->type == &torc_failure_cancelled;
}

const struct torc_rows *rows_of(const struct ask *ask)
{
    if (!ask->done || ask->type != NULL || !ask->gives_rows)
        return NULL;
    return ask->result.as.value;
}

const struct torc_failure *failure_of(const struct ask *ask)
{
    return ask->done && ask->type != NULL ? ask->result.as.failure : NULL;
}

const struct torc_database_error *detail_of(const struct ask *ask)
{
    const struct torc_failure *failure = failure_of(ask);

    return failure != NULL ? torc_database_error_of(failure) : NULL;
}

int64_t integer_at(const struct ask *ask, size_t row, size_t column)
{
    int64_t value;

    if (rows_of(ask) == NULL || torc_rows_integer(rows_of(ask), row, column, &value) != 0)
        return INT64_MIN;
    return value;
}

bool text_is(const struct ask *ask, size_t row, size_t column, const char *expected)
{
    const char *text;

    return rows_of(ask) != NULL && torc_rows_text(rows_of(ask), row, column, &text, NULL) == 0 &&
           strcmp(text, expected) == 0;
}

void drop_answers(struct conf *c)
{
    struct database_state *state = c->database;
    size_t i;

    for (i = 0; i < state->ask_count; i++)
        if (state->asks[i]->done) {
            torc_result_drop(state->asks[i]->result);
            state->asks[i]->result = torc_value(NULL);
        }
}

bool did(struct conf *c, struct torc_pool *pool, const char *sql)
{
    return went_well(ask_operation(c, pool, sql, TORC_NO_PARAMETERS));
}

int64_t number_from(struct conf *c, struct torc_pool *pool, const char *sql)
{
    struct ask *ask = ask_query(c, pool, sql, TORC_NO_PARAMETERS);

    (void)answered(ask);
    return integer_at(ask, 0, 0);
}

int execute(struct torc_transaction *transaction, const char *sql)
{
    return torc_transaction_execute(transaction, sql, TORC_NO_PARAMETERS, NULL);
}

int64_t number_in(struct torc_transaction *transaction, const char *sql)
{
    struct torc_rows *rows;
    int64_t value = INT64_MIN;

    if (torc_transaction_execute(transaction, sql, TORC_NO_PARAMETERS, &rows) != 0)
        return INT64_MIN;
    if (torc_rows_integer(rows, 0, 0, &value) != 0)
        value = INT64_MIN;
    torc_rows_free(rows);
    return value;
}

/* --- around a body -------------------------------------------------------------------------------- */

void database_begin(struct conf *c)
{
    struct database_state *state = calloc(1, sizeof *state);

    if (state == NULL)
        abort();
    c->database = state;
    outside_begin(c);
}

/* Pools go before their reactor; a body that held has them say that they are closed. */
static void end_pools(struct conf *c, struct database_state *state)
{
    while (state->pool_count > 0) {
        struct torc_pool *pool = state->pools[state->pool_count - 1];

        if (c->failed_expression != NULL || !torc_reactor_running(c->client))
            pool_free(c, pool);
        else if (!pool_close(c, pool))
            conf_fail(c, TORC_HERE, "the pool that was left open closes", "");
    }
}

void database_end(struct conf *c)
{
    struct database_state *state = c->database;
    size_t i;

    end_pools(c, state);
    outsider_leaves(c);
    for (i = 0; i < state->ask_count; i++) {
        struct ask *ask = state->asks[i];

        ask->over = true;
        torc_deferred_drop(ask->deferred);
    }
    drop_answers(c);
}

void database_forget(struct conf *c)
{
    struct database_state *state = c->database;
    size_t i;

    for (i = 0; i < state->ask_count; i++)
        free(state->asks[i]);
    free(state);
    outside_forget(c);
}
