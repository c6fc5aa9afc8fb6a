/* pool_submit.c - the calls that ask for work: what is given is copied, then it waits or begins. */
#include "pool_state.h"

static void cancel(struct torc_source source, void *arg)
{
    (void)source;
    torci_request_abandon(arg, torc_failure_static(&torc_failure_cancelled));
}

static int check(const char *site, struct torc_pool *pool)
{
    torci_pool_check_thread(pool, site);
    if (pool->closing)
        return TORC_ECLOSED;
    return pool->outstanding >= pool->queue_max ? TORC_ELIMIT : 0;
}

/* --- copies ------------------------------------------------------------------------------------- */

static bool has_bytes(const struct torc_db_value *value)
{
    return value->type == TORC_DB_TEXT || value->type == TORC_DB_BLOB;
}

static size_t copy_bytes(const char *sql, const struct torc_db_value *parameters, size_t count)
{
    size_t bytes = sql ? strlen(sql) + 1 + count * sizeof *parameters : 0;
    for (size_t i = 0; i < count; i++)
        bytes += has_bytes(&parameters[i]) ? parameters[i].bytes : 0;
    return bytes;
}

/* The statement and its values, behind the request. */
static void copy_statement(struct torci_request *request, const char *sql,
                           const struct torc_db_value *parameters, size_t count)
{
    struct torc_db_value *values = (struct torc_db_value *)(void *)(request + 1);
    char *at = (char *)(values + count);
    for (size_t i = 0; i < count; i++) {
        values[i] = parameters[i];
        if (!has_bytes(&parameters[i]))
            continue;
        if (parameters[i].bytes > 0)
            memcpy(at, parameters[i].as.blob, parameters[i].bytes);
        values[i].as.blob = at;
        at += parameters[i].bytes;
    }
    memcpy(at, sql, strlen(sql) + 1);
    request->sql = at;
    request->parameters = values;
    request->parameter_count = count;
}

/* --- submitting --------------------------------------------------------------------------------- */

/* A request of that kind, in no queue yet. */
static int new_request(const char *site, struct torc_pool *pool, enum torci_request_kind kind,
                       const char *sql, const struct torc_db_value *parameters, size_t count,
                       struct torci_request **out)
{
    size_t bytes = sizeof(struct torci_request) + copy_bytes(sql, parameters, count);
    int error = check(site, pool);
    if (error)
        return error;
    struct torci_request *request = torc_alloc(pool->scope, bytes);
    if (!request)
        return TORC_ENOMEM;
    memset(request, 0, sizeof *request);
    request->pool = pool;
    request->site = site;
    request->kind = kind;
    request->block_bytes = bytes;
    request->pause_ns = pool->busy_retry_ns < pool->busy_retry_max_ns ? pool->busy_retry_ns
                                                                      : pool->busy_retry_max_ns;
    if (sql)
        copy_statement(request, sql, parameters, count);
    request->all_next = pool->all;
    request->all_link = &pool->all;
    if (pool->all)
        pool->all->all_link = &request->all_next;
    pool->all = request;
    pool->outstanding++;
    *out = request;
    return 0;
}

/* Submits it; on failure it is gone, without its `arg`. */
static int submit(struct torci_request *request, struct torc_deferred **out)
{
    struct torc_pool *pool = request->pool;
    struct torc_deferred *deferred;
    int error = torc_deferred_new_at(request->site, pool->scope, cancel, request,
                                     &request->source, &deferred);
    if (error)
        goto no_deferred;
    if (pool->database.in_memory)
        request->reads = false;
    request->wanted = true;
    error = torci_pool_enqueue(request);
    if (error)
        goto not_begun;
    pool->requests++;
    if (pool->shutdown_missed)
        torci_pool_join_shutdown(pool);
    *out = deferred;
    return 0;

not_begun:
    (void)torc_source_fire(request->source, torc_value(NULL));
    torc_deferred_drop(deferred);
no_deferred:
    request->drop_arg = NULL;
    torci_request_free(request);
    return error;
}

static int submit_statement(const char *site, struct torc_pool *pool, bool reads, const char *sql,
                            const struct torc_db_value *parameters, size_t count,
                            struct torc_deferred **out)
{
    struct torci_request *request;
    int error = new_request(site, pool, TORCI_REQUEST_STATEMENT, sql, parameters, count, &request);
    if (error)
        return error;
    request->reads = reads;
    request->only_reads = reads;
    return submit(request, out);
}

int torc_pool_query_at(const char *site, struct torc_pool *pool, const char *sql,
                       const struct torc_db_value *parameters, size_t count,
                       struct torc_deferred **out)
{
    return submit_statement(site, pool, true, sql, parameters, count, out);
}

int torc_pool_operation_at(const char *site, struct torc_pool *pool, const char *sql,
                           const struct torc_db_value *parameters, size_t count,
                           struct torc_deferred **out)
{
    return submit_statement(site, pool, false, sql, parameters, count, out);
}

int torc_pool_interaction_at(const char *site, struct torc_pool *pool,
                             enum torc_transaction_mode mode, torc_interaction_fn *interaction,
                             void *arg, torc_drop_fn *drop_arg, struct torc_deferred **out)
{
    struct torci_request *request;
    int error =
        new_request(site, pool, TORCI_REQUEST_INTERACTION, NULL, NULL, 0, &request);
    if (error)
        return error;
    request->mode = mode;
    request->reads = mode == TORC_TRANSACTION_READ;
    request->interaction = interaction;
    request->arg = arg;
    request->drop_arg = drop_arg;
    return submit(request, out);
}

int torc_pool_run_at(const char *site, struct torc_pool *pool, torc_interaction_fn *function,
                     void *arg, torc_drop_fn *drop_arg, struct torc_deferred **out)
{
    struct torci_request *request;
    int error = new_request(site, pool, TORCI_REQUEST_RUN, NULL, NULL, 0, &request);
    if (error)
        return error;
    request->interaction = function;
    request->arg = arg;
    request->drop_arg = drop_arg;
    return submit(request, out);
}

int torc_pool_stream_at(const char *site, struct torc_pool *pool, const char *sql,
                        const struct torc_db_value *parameters, size_t count,
                        struct torc_row_consumer *consumer,
                        const struct torc_row_stream_options *options,
                        struct torc_row_stream **out_stream, struct torc_deferred **out)
{
    struct torc_row_stream_options defaults = TORC_ROW_STREAM_OPTIONS_INIT;
    struct torci_request *request;
    if (!options)
        options = &defaults;
    if (options->size < sizeof *options)
        return TORC_EINVAL;
    int error = new_request(site, pool, TORCI_REQUEST_STREAM, sql, parameters, count, &request);
    if (error)
        return error;
    request->reads = true;
    request->stream = torc_alloc_zero(pool->scope, sizeof *request->stream);
    if (!request->stream) {
        torci_request_free(request);
        return TORC_ENOMEM;
    }
    struct torc_row_stream *stream = request->stream;
    stream->request = request;
    stream->consumer = consumer;
    stream->rows_max = options->rows_max ? options->rows_max : 256;
    stream->bytes_max = options->bytes_max ? options->bytes_max : (size_t)64 * 1024;
    error = submit(request, out);
    if (error == 0 && out_stream)
        *out_stream = stream;
    return error;
}
