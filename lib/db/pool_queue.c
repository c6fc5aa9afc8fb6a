/* pool_queue.c - a request's way: waiting, running, tried again, ended.
 *
 * A connection stays with its request through all attempts, so that work which writes keeps its order.  Of the
 * queries that wait, a job takes several, one after the other: waking a thread costs more than most of them. */
#include "pool_state.h"
#include "sqlite_code.h"

#define QUERIES_IN_A_JOB 4u /* those that are done wait for the rest to be told */

static struct torci_queue *queue_of(const struct torci_request *request)
{
    return request->reads ? &request->pool->reads : &request->pool->writes;
}

static void queue_push(struct torci_queue *queue, struct torci_request *request)
{
    request->next = NULL;
    *queue->end = request;
    queue->end = &request->next;
    queue->count++;
}

static void queue_remove(struct torci_queue *queue, struct torci_request *request)
{
    struct torci_request **link = &queue->first;
    while (*link != request)
        link = &(*link)->next;
    *link = request->next;
    if (queue->end == &request->next)
        queue->end = link;
    queue->count--;
    request->next = NULL;
}

/* --- starting ----------------------------------------------------------------------------------- */

static bool anybody_works(const struct torc_pool *pool)
{
    for (size_t i = 0; i < pool->connection_count; i++)
        if (pool->users[i])
            return true;
    return false;
}

/* The connection a request can have now, or NULL.  Of two connections that bring a new file into WAL mode
 * neither may get its lock, however often they try, if they try at the same times: the first one is alone. */
static struct torci_connection *free_connection(const struct torci_request *request)
{
    struct torc_pool *pool = request->pool;
    size_t from = request->reads ? 1 : 0;
    size_t to = request->reads ? pool->connection_count : 1;
    if (!pool->opened && anybody_works(pool))
        return NULL;
    for (size_t i = from; i < to; i++)
        if (!pool->users[i])
            return &pool->connections[i];
    return NULL;
}

static void work_done(void *arg, int result);

int torci_request_run(struct torci_request *request)
{
    struct torc_pool *pool = request->pool;
    int error = torc_submit_job_at(request->site, pool->reactor, torci_request_work, work_done,
                                   request);
    if (error)
        return error;
    request->state = TORCI_REQUEST_RUNNING;
    pool->running++;
    torci_pool_hold(pool);
    return 0;
}

static void begin_attempt(struct torci_request *request)
{
    request->number = ++request->pool->last_number;
    request->fresh = true;
    request->attempts++;
}

static int attempt(struct torci_request *request)
{
    begin_attempt(request);
    return torci_request_run(request);
}

static int start(struct torci_request *request, struct torci_connection *connection)
{
    struct torc_pool *pool = request->pool;
    request->connection = connection;
    pool->users[connection->number] = request;
    int error = attempt(request);
    if (error) {
        pool->users[connection->number] = NULL;
        request->connection = NULL;
    }
    return error;
}

static bool is_query(const struct torci_request *request)
{
    return request->reads && request->kind == TORCI_REQUEST_STATEMENT;
}

/* Takes this reader's share of the queries that wait next, behind the one whose job is to be submitted. */
static void take_queries(struct torci_request *request, struct torci_connection *connection)
{
    struct torci_queue *queue = queue_of(request);
    size_t share = queue->count / (request->pool->connection_count - 1);
    struct torci_request *last = request;
    if (share >= QUERIES_IN_A_JOB)
        share = QUERIES_IN_A_JOB - 1;
    for (; share > 0 && queue->first && is_query(queue->first); share--) {
        struct torci_request *next = queue->first;
        queue_remove(queue, next);
        next->connection = connection;
        next->state = TORCI_REQUEST_RUNNING;
        begin_attempt(next);
        request->pool->running++;
        last->next = next;
        last = next;
    }
}

int torci_pool_enqueue(struct torci_request *request)
{
    struct torci_queue *queue = queue_of(request);
    struct torci_connection *connection = free_connection(request);
    if (connection && !queue->first)
        return start(request, connection);
    request->state = TORCI_REQUEST_WAITING;
    queue_push(queue, request);
    return 0;
}

/* Fails those that cannot begin: the job is refused, for want of memory or room. */
static void fail_start(struct torci_request *request, int error)
{
    while (request) {
        struct torci_request *next = request->next;
        request->next = NULL;
        request->connection = NULL;
        torci_request_end(request,
                          torc_failure_of_code_at(request->site, request->pool->scope, error,
                                                  "starting the work"));
        request = next;
    }
}

static void start_waiting(struct torci_request *request, struct torci_connection *connection)
{
    struct torc_pool *pool = request->pool;
    size_t running = pool->running;
    if (is_query(request))
        take_queries(request, connection);
    int error = start(request, connection);
    if (error == 0)
        return;
    pool->running = running;
    for (struct torci_request *each = request->next; each; each = each->next)
        each->state = TORCI_REQUEST_DONE;
    fail_start(request, error);
}

static void pump_queue(struct torci_queue *queue)
{
    while (queue->first && !queue->first->pool->given_up) {
        struct torci_request *request = queue->first;
        struct torci_connection *connection = free_connection(request);
        if (!connection)
            return;
        queue_remove(queue, request);
        start_waiting(request, connection);
    }
}

/* Work that cannot begin ends in here, which asks for this again, and so may whoever it is told to: the outer
 * one goes round once more. */
void torci_pool_pump(struct torc_pool *pool)
{
    pool->pump_again = true;
    if (pool->pumping)
        return;
    pool->pumping = true;
    torci_pool_hold(pool);
    while (pool->pump_again) {
        pool->pump_again = false;
        pump_queue(&pool->writes);
        pump_queue(&pool->reads);
    }
    pool->pumping = false;
    torci_pool_unhold(pool);
}

/* --- ending ------------------------------------------------------------------------------------- */

/* What an attempt has left, when it is not to be told. */
static void clear_outcome(struct torci_request *request)
{
    struct torc_platform *platform = request->pool->platform;
    torc_rows_free(request->rows);
    request->rows = NULL;
    if (request->drop_value)
        request->drop_value(request->value);
    request->value = NULL;
    request->drop_value = NULL;
    torc_pool_release(request->pool, request->refusal, sizeof *request->refusal);
    request->refusal = NULL;
    if (request->error.statement)
        platform->ops->resize(platform, request->error.statement,
                              strlen(request->error.statement) + 1, 0);
    request->error = (struct torci_sql_error){0};
    request->code = 0;
}

void torci_request_free(struct torci_request *request)
{
    struct torc_pool *pool = request->pool;
    clear_outcome(request);
    *request->all_link = request->all_next;
    if (request->all_next)
        request->all_next->all_link = request->all_link;
    pool->outstanding--;
    torci_stream_free(request->stream);
    if (request->drop_arg)
        request->drop_arg(request->arg);
    torc_release(pool->scope, request, request->block_bytes);
}

/* Its connection is free for the next. */
static void leave_connection(struct torci_request *request)
{
    if (!request->connection)
        return;
    request->pool->users[request->connection->number] = NULL;
    request->connection = NULL;
}

/* What the deferred fires with; taken out of the request. */
static struct torc_result take_result(struct torci_request *request)
{
    struct torc_result result;
    if (request->code)
        return torc_fail(torci_request_failure(request));
    switch (request->kind) {
    case TORCI_REQUEST_STATEMENT:
        result = torc_owned(request->rows, torc_rows_drop);
        request->rows = NULL;
        return result;
    case TORCI_REQUEST_STREAM:
        /* Made with the request.  NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
        return torc_value((void *)(uintptr_t)request->stream->told);
    case TORCI_REQUEST_INTERACTION:
    case TORCI_REQUEST_RUN:
    default:
        result = torc_owned(request->value, request->drop_value);
        request->value = NULL;
        request->drop_value = NULL;
        return result;
    }
}

void torci_request_end(struct torci_request *request, struct torc_failure *failure)
{
    struct torc_pool *pool = request->pool;
    struct torc_source source = request->source;
    bool wanted = request->wanted;
    torci_pool_hold(pool);
    request->wanted = false;
    request->state = TORCI_REQUEST_ENDING;
    leave_connection(request);
    torci_pool_pump(pool);
    if (wanted) {
        struct torc_result result = failure ? torc_fail(failure) : take_result(request);
        (void)torc_source_fire(source, result);
    } else {
        torc_failure_drop(failure);
    }
    torci_request_free(request);
    torci_pool_check_idle(pool);
    torci_pool_unhold(pool);
}

/* --- trying again ------------------------------------------------------------------------------- */

static bool may_retry(const struct torci_request *request)
{
    const struct torci_sql_error *error = &request->error;
    if (!request->wanted || request->code != TORC_EBUSY || error->lost ||
        !torci_sqlite_busy(error->sqlite_code))
        return false;
    if (request->kind == TORCI_REQUEST_RUN && request->called)
        return false;
    if (request->stream && request->stream->told > 0)
        return false;
    return request->attempts <= request->pool->busy_retries_max;
}

static struct torc_failure *retry(void *arg)
{
    struct torci_request *request = arg;
    request->pool->retries++;
    int error = request->connection ? attempt(request) : torci_pool_enqueue(request);
    if (error)
        torci_request_end(request, torc_failure_of_code_at(request->site, request->pool->scope,
                                                           error, "trying again"));
    return NULL;
}

/* Without memory for the timed call the error stands. */
static bool plan_retry(struct torci_request *request)
{
    struct torc_pool *pool = request->pool;
    if (torc_call_later_at(request->site, torc_reactor_clock(pool->reactor), request->pause_ns,
                           retry, request, NULL, &request->retry) != 0)
        return false;
    request->pause_ns = request->pause_ns > pool->busy_retry_max_ns / 2 ? pool->busy_retry_max_ns
                                                                        : request->pause_ns * 2;
    request->state = TORCI_REQUEST_PAUSED;
    clear_outcome(request);
    return true;
}

/* --- the job has ended -------------------------------------------------------------------------- */

static void note_trouble(struct torci_request *request)
{
    struct torc_pool *pool = request->pool;
    if (request->reconnect)
        pool->reconnects++;
    request->reconnect = false;
    if (request->trouble[0])
        torc_log_at(request->site, pool->scope, TORC_LOG_ERROR, "torc.pool", "%s: %s",
                    pool->database.name, request->trouble);
    request->trouble[0] = '\0';
}

static void tell_outcome(struct torci_request *request)
{
    note_trouble(request);
    if (may_retry(request) && plan_retry(request))
        return;
    if (request->stream)
        torci_stream_piece_done(request->stream);
    else
        torci_request_end(request, NULL);
}

/* Several queries share a connection: it is none of theirs from now on, and one that is to be tried again
 * queues for it. */
static void leave_shared_connection(struct torci_request *request)
{
    request->pool->users[request->connection->number] = NULL;
    for (; request; request = request->next) {
        request->connection = NULL;
        request->state = TORCI_REQUEST_DONE;
    }
}

static void work_done(void *arg, int result)
{
    struct torci_request *request = arg;
    struct torc_pool *pool = request->pool;
    (void)result; /* always 0: the outcome is in the request */
    pool->opened = pool->opened || request->connection->open;
    for (struct torci_request *each = request; each; each = each->next)
        pool->running--;
    if (request->next)
        leave_shared_connection(request);
    while (request) {
        struct torci_request *next = request->next;
        request->next = NULL;
        tell_outcome(request);
        request = next;
    }
    torci_pool_pump(pool);
    torci_pool_unhold(pool);
}

void torci_request_abandon(struct torci_request *request, struct torc_failure *failure)
{
    struct torc_source source = request->source;
    bool running = request->state == TORCI_REQUEST_RUNNING;
    if (!request->wanted) {
        torc_failure_drop(failure);
        return;
    }
    if (request->state == TORCI_REQUEST_WAITING) {
        queue_remove(queue_of(request), request);
        torci_request_end(request, failure);
        return;
    }
    if (request->state == TORCI_REQUEST_PAUSED && torc_timer_cancel(request->retry) == 0) {
        torci_request_end(request, failure);
        return;
    }
    request->wanted = false;
    if (running)
        torci_connection_interrupt(request->connection, request->number, &request->interrupted);
    else if (request->state == TORCI_REQUEST_PAUSED)
        torci_stream_stop(request->stream); /* the request may be gone now */
    (void)torc_source_fire(source, torc_fail(failure));
}
