/* faulty - a module that is right as long as nothing fails.
 *   bug=leak       the first of two blocks is forgotten when there is no memory for the second
 *   bug=crash      the second is used without a look
 *   bug=unhandled  nobody asks how the statement went
 *   bug=stuck      a stop waits for a statement that has failed
 *   bug=none       none of these */
#include <string.h>

#include <torc/module.h>
#include <torc/pool.h>

struct faulty {
    struct torc_scope *scope;
    struct torc_pool *pool;
    const char *bug;
    char *first;
    char *second;
    bool written;
    struct torc_source stopped;
    bool stopping;
};

enum { BYTES = 100 };

static bool has(const struct faulty *faulty, const char *bug)
{
    return strcmp(faulty->bug, bug) == 0;
}

static struct torc_result pool_closed(struct torc_result result, void *arg)
{
    struct faulty *faulty = arg;

    torc_result_drop(result);
    torc_pool_free(faulty->pool);
    torc_release(faulty->scope, faulty->first, BYTES);
    torc_release(faulty->scope, faulty->second, BYTES);
    torc_release(faulty->scope, faulty, sizeof *faulty);
    return torc_value(NULL);
}

static struct torc_deferred *stop(void *instance)
{
    struct faulty *faulty = instance;
    struct torc_deferred *deferred;

    if (has(faulty, "stuck") && !faulty->written) {
        struct torc_source source;

        return torc_deferred_new(faulty->scope, NULL, NULL, &source, &deferred) == 0 ? deferred : NULL;
    }
    if (torc_pool_close(faulty->pool, &deferred) != 0) {
        (void)pool_closed(torc_value(NULL), faulty);
        return NULL;
    }
    if (torc_deferred_add_both(deferred, pool_closed, faulty, NULL) != 0) {
        torc_deferred_drop(deferred);
        (void)pool_closed(torc_value(NULL), faulty);
        return NULL;
    }
    return deferred;
}

static struct torc_result written(struct torc_result result, void *arg)
{
    ((struct faulty *)arg)->written = true;
    torc_result_drop(result);
    return torc_value(NULL);
}

static struct torc_result not_written(struct torc_result result, void *arg)
{
    struct faulty *faulty = arg;

    torc_log(faulty->scope, TORC_LOG_WARN, "faulty", "%s", torc_failure_message(result.as.failure));
    torc_result_drop(result);
    return torc_value(NULL);
}

static int take_blocks(struct faulty *faulty)
{
    faulty->first = torc_alloc(faulty->scope, BYTES);
    if (faulty->first == NULL)
        return TORC_ENOMEM;
    faulty->second = torc_alloc(faulty->scope, BYTES);
    if (has(faulty, "crash"))
        *(volatile char *)faulty->second = 1;
    if (faulty->second != NULL)
        return 0;
    if (!has(faulty, "leak"))
        torc_release(faulty->scope, faulty->first, BYTES);
    return TORC_ENOMEM;
}

static int write_row(struct faulty *faulty)
{
    struct torc_deferred *deferred;
    int code = torc_pool_operation(faulty->pool, "INSERT INTO t VALUES (1)", TORC_NO_PARAMETERS, &deferred);

    if (code != 0)
        return code;
    code = torc_deferred_add(deferred, written, has(faulty, "unhandled") ? NULL : not_written, faulty, NULL);
    if (code != 0)
        torc_deferred_cancel(deferred);
    if (code != 0) {
        struct torc_result result;

        if (torc_deferred_take(deferred, &result) == 0)
            torc_result_drop(result);
    }
    torc_deferred_drop(deferred);
    return code;
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options,
                                  void **out_instance)
{
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct torc_pool_options pool_options = TORC_POOL_OPTIONS_INIT;
    struct faulty *faulty = torc_alloc_zero(scope, sizeof *faulty);
    int code;

    if (faulty == NULL)
        return torc_failure_no_memory();
    faulty->scope = scope;
    faulty->bug = torc_options_text(options, "bug");
    code = take_blocks(faulty);
    if (code != 0) {
        torc_release(scope, faulty, sizeof *faulty);
        return torc_failure_of_code(scope, code, "blocks");
    }
    pool_options.path = "main.sqlite";
    code = torc_pool_new(reactor, &pool_options, &faulty->pool);
    if (code == 0)
        code = write_row(faulty);
    if (code != 0) {
        (void)pool_closed(torc_value(NULL), faulty);
        return torc_failure_of_code(scope, code, "the pool");
    }
    *out_instance = faulty;
    return NULL;
}

static const struct torc_option options[] = {
    {"bug", TORC_OPTION_TEXT, "none", "none, leak, crash, unhandled, stuck"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};

TORC_API const struct torc_module torc_module = {
    .size = sizeof(struct torc_module),
    .name = "faulty",
    .version = "1",
    .doc = "is right as long as nothing fails",
    .options = options,
    .start = start,
    .stop = stop,
};
