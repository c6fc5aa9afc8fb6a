/* pool.c - a pool's life. */
#include "pool_state.h"

static void destroy(struct torc_pool *pool)
{
    struct torc_scope *scope = pool->scope;
    torc_release(scope, pool->connections, pool->connection_count * sizeof *pool->connections);
    torc_release(scope, (void *)pool->users, pool->connection_count * sizeof *pool->users);
    torc_release(scope, pool->texts, pool->texts_bytes);
    torc_release(scope, pool, sizeof *pool);
}

void torci_pool_check_thread(const struct torc_pool *pool, const char *site)
{
    const struct torc_platform_ops *ops = pool->platform->ops;
    if (!ops->in_reactor(pool->platform))
        ops->fatal(pool->platform, site, "a pool was used outside the reactor's thread");
}

void torci_pool_hold(struct torc_pool *pool)
{
    pool->holds++;
}

void torci_pool_unhold(struct torc_pool *pool)
{
    if (--pool->holds == 0 && pool->freed && pool->closed)
        destroy(pool);
}

/* --- closing the connections -------------------------------------------------------------------- */

static int close_connections(void *arg)
{
    struct torc_pool *pool = arg;
    for (size_t i = pool->connection_count; i-- > 0;) {
        torci_sql_error_clear(&pool->connections[i]);
        torci_connection_close(&pool->connections[i]);
    }
    return 0;
}

/* The pool is closed once this returns, and may be gone. */
static void connections_closed(void *arg, int result)
{
    struct torc_pool *pool = arg;
    struct torc_source source = pool->close_source;
    (void)result;
    pool->closing_now = false;
    pool->closed = true;
    pool->close_source = (struct torc_source){0};
    (void)torc_source_fire(source, torc_value(NULL));
    torci_pool_unhold(pool);
}

static bool any_open(const struct torc_pool *pool)
{
    for (size_t i = 0; i < pool->connection_count; i++)
        if (pool->connections[i].open)
            return true;
    return false;
}

/* In a job, because closing may write. */
static int submit_closing(struct torc_pool *pool)
{
    int error = torc_submit_job_at(pool->site, pool->reactor, close_connections,
                                   connections_closed, pool);
    if (error)
        return error;
    pool->closing_now = true;
    torci_pool_hold(pool);
    return 0;
}

/* Where there can be no job any more, here. */
static void begin_closing(struct torc_pool *pool)
{
    if ((!pool->freed || any_open(pool)) && submit_closing(pool) == 0)
        return;
    pool->closing_now = true;
    torci_pool_hold(pool);
    (void)close_connections(pool);
    connections_closed(pool, 0);
}

void torci_pool_check_idle(struct torc_pool *pool)
{
    if (pool->outstanding > 0)
        return;
    torci_pool_hold(pool);
    struct torc_source idle = pool->idle_source;
    pool->idle_source = (struct torc_source){0};
    if (idle.scope)
        pool->shutdown_missed = true; /* what is asked for from now on */
    (void)torc_source_fire(idle, torc_value(NULL));
    if (pool->closing && pool->outstanding == 0 && !pool->closing_now && !pool->closed)
        begin_closing(pool);
    torci_pool_unhold(pool);
}

static void remove_triggers(struct torc_pool *pool)
{
    (void)torc_reactor_remove_trigger(pool->reactor, pool->before_shutdown);
    (void)torc_reactor_remove_trigger(pool->reactor, pool->during_shutdown);
}

int torc_pool_close(struct torc_pool *pool, struct torc_deferred **out)
{
    struct torc_deferred *deferred;
    struct torc_source source;
    torci_pool_check_thread(pool, pool->site);
    if (pool->closing)
        return TORC_ECLOSED;
    int error = torc_deferred_new_at(pool->site, pool->scope, NULL, NULL, &source, &deferred);
    if (error)
        return error;
    if (pool->outstanding == 0)
        error = submit_closing(pool);
    if (error) {
        (void)torc_source_fire(source, torc_value(NULL));
        torc_deferred_drop(deferred);
        return error;
    }
    pool->closing = true;
    pool->close_source = source;
    *out = deferred;
    return 0;
}

/* Every deferred fails now; what a job has goes when that has ended. */
static void give_up(struct torc_pool *pool)
{
    struct torci_request *request = pool->all;
    pool->given_up = true;
    while (request) {
        if (!request->wanted) {
            request = request->all_next;
            continue;
        }
        torci_request_abandon(request, torc_failure_static(&torc_failure_pool_closed));
        request = pool->all;
    }
}

void torc_pool_free(struct torc_pool *pool)
{
    if (!pool)
        return;
    torci_pool_check_thread(pool, pool->site);
    torci_pool_hold(pool);
    remove_triggers(pool);
    pool->closing = true;
    pool->freed = true;
    give_up(pool);
    torci_pool_check_idle(pool);
    torci_pool_unhold(pool);
}

/* --- the reactor's shutdown --------------------------------------------------------------------- */

/* Waits for what was asked for.  Without memory to wait it fails in `during`. */
static struct torc_result before_shutdown(void *arg)
{
    struct torc_pool *pool = arg;
    struct torc_deferred *deferred;
    pool->shutdown_missed = true;
    if (pool->outstanding == 0 ||
        torc_deferred_new_at(pool->site, pool->scope, NULL, NULL, &pool->idle_source,
                             &deferred) != 0)
        return torc_value(NULL);
    pool->shutdown_missed = false;
    return torc_await(deferred);
}

static int add_before_shutdown(struct torc_pool *pool)
{
    return torc_reactor_add_trigger(pool->reactor, TORC_BEFORE, "shutdown", before_shutdown, pool,
                                    NULL, &pool->before_shutdown);
}

void torci_pool_join_shutdown(struct torc_pool *pool)
{
    if (add_before_shutdown(pool) == 0)
        pool->shutdown_missed = false;
}

/* No job runs any more, unless the shutdown did not wait for it. */
static struct torc_result during_shutdown(void *arg)
{
    struct torc_pool *pool = arg;
    torci_pool_hold(pool);
    pool->closing = true;
    give_up(pool);
    torci_pool_check_idle(pool);
    torci_pool_unhold(pool);
    return torc_value(NULL);
}

static int add_triggers(struct torc_pool *pool)
{
    int error = add_before_shutdown(pool);
    if (error)
        return error;
    error = torc_reactor_add_trigger(pool->reactor, TORC_DURING, "shutdown", during_shutdown, pool,
                                     NULL, &pool->during_shutdown);
    if (error)
        (void)torc_reactor_remove_trigger(pool->reactor, pool->before_shutdown);
    return error;
}

/* --- making ------------------------------------------------------------------------------------- */

/* "main" of "data/main.sqlite". */
static size_t name_in_path(const char *path, const char **out)
{
    const char *name = path;
    for (const char *at = path; *at; at++)
        if (*at == '/' && at[1] != '\0')
            name = at + 1;
    const char *dot = name[0] == '\0' ? NULL : strchr(name + 1, '.');
    *out = name;
    return dot ? (size_t)(dot - name) : strlen(name);
}

static int copy_texts(struct torc_pool *pool, const struct torc_pool_options *options)
{
    const char *path = pool->database.in_memory ? ":memory:" : options->path;
    const char *name = options->name;
    size_t path_bytes = strlen(path) + 1;
    size_t name_bytes;
    if (name)
        name_bytes = strlen(name);
    else if (pool->database.in_memory)
        name_bytes = strlen(name = "memory");
    else
        name_bytes = name_in_path(path, &name);
    pool->texts_bytes = path_bytes + name_bytes + 1;
    pool->texts = torc_alloc(pool->scope, pool->texts_bytes);
    if (!pool->texts)
        return TORC_ENOMEM;
    memcpy(pool->texts, path, path_bytes);
    memcpy(pool->texts + path_bytes, name, name_bytes);
    pool->texts[pool->texts_bytes - 1] = '\0';
    pool->database.path = pool->texts;
    pool->database.name = pool->texts + path_bytes;
    return 0;
}

static int make_connections(struct torc_pool *pool, unsigned readers)
{
    size_t count = pool->database.in_memory ? 1 : 1 + (readers ? readers : 2u);
    pool->connection_count = count;
    pool->users = torc_alloc_zero(pool->scope, count * sizeof *pool->users);
    pool->connections = torc_alloc(pool->scope, count * sizeof *pool->connections);
    if (!pool->users || !pool->connections)
        return TORC_ENOMEM;
    for (size_t i = 0; i < count; i++)
        torci_connection_init(&pool->connections[i], &pool->database, (uint32_t)i);
    return 0;
}

static void set_database(struct torc_pool *pool, const struct torc_pool_options *options)
{
    struct torci_database *database = &pool->database;
    database->platform = pool->platform;
    database->in_memory = !options->path || strcmp(options->path, ":memory:") == 0;
    database->must_exist = options->must_exist;
    database->synchronous = options->synchronous;
    database->statements_max = options->statements_max ? options->statements_max : 64;
    database->opened = options->opened;
    database->opened_arg = options->opened_arg;
    atomic_init(&database->statements_prepared, 0);
    atomic_init(&database->statements_run, 0);
}

static int check_options(const struct torc_pool_options *options)
{
    if (options->size < sizeof *options || (options->path && options->path[0] == '\0') ||
        (unsigned)options->synchronous > TORC_SYNCHRONOUS_OFF)
        return TORC_EINVAL;
    /* no error path: it is how SQLite was built */
    return sqlite3_threadsafe() ? 0 : TORC_ENOTSUP;
}

int torc_pool_new_at(const char *site, struct torc_reactor *reactor,
                     const struct torc_pool_options *options, struct torc_pool **out)
{
    struct torc_scope *scope = torc_reactor_scope(reactor);
    int error = check_options(options);
    if (error)
        return error;
    struct torc_pool *pool = torc_alloc_zero(scope, sizeof *pool);
    if (!pool)
        return TORC_ENOMEM;
    pool->reactor = reactor;
    pool->scope = scope;
    pool->platform = torc_reactor_platform(reactor);
    pool->site = site;
    pool->queue_max = options->queue_max ? options->queue_max : 4096;
    pool->busy_retries_max = options->busy_retries_max;
    pool->busy_retry_ns = options->busy_retry_ns;
    pool->busy_retry_max_ns = options->busy_retry_max_ns;
    pool->writes.end = &pool->writes.first;
    pool->reads.end = &pool->reads.first;
    set_database(pool, options);
    error = copy_texts(pool, options);
    if (error == 0)
        error = make_connections(pool, options->readers);
    if (error == 0)
        error = add_triggers(pool);
    if (error) {
        destroy(pool);
        return error;
    }
    *out = pool;
    return 0;
}

/* --- asking ------------------------------------------------------------------------------------- */

const char *torc_pool_name(const struct torc_pool *pool)
{
    return pool->database.name;
}

struct torc_reactor *torc_pool_reactor(const struct torc_pool *pool)
{
    return pool->reactor;
}

void *torc_pool_alloc(struct torc_pool *pool, size_t bytes)
{
    return pool->platform->ops->resize(pool->platform, NULL, 0, bytes ? bytes : 1);
}

void torc_pool_release(struct torc_pool *pool, void *ptr, size_t bytes)
{
    if (ptr)
        pool->platform->ops->resize(pool->platform, ptr, bytes ? bytes : 1, 0);
}

void torc_pool_count(const struct torc_pool *pool, struct torc_pool_counts *out)
{
    *out = (struct torc_pool_counts){
        .waiting = pool->outstanding - pool->running,
        .running = pool->running,
        .requests = pool->requests,
        .retries = pool->retries,
        .reconnects = pool->reconnects,
        .statements_prepared = atomic_load_explicit(&pool->database.statements_prepared,
                                                    memory_order_relaxed),
        .statements_run =
            atomic_load_explicit(&pool->database.statements_run, memory_order_relaxed),
    };
    for (size_t i = 0; i < pool->connection_count; i++)
        out->connections += pool->connections[i].open ? 1 : 0;
}
