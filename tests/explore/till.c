/* till - sells one ticket, in jobs, of which live two can run at once.
 *   bug=window  looks whether it is left, and takes it after that
 *   bug=none    takes it if it is left, in one go */
#include <stdatomic.h>
#include <string.h>

#include <torc/module.h>

struct till {
    struct torc_reactor *reactor;
    struct torc_scope *scope;
    bool looks_first;
    atomic_int left;
    atomic_int sold;
};

static int look_and_take(void *arg)
{
    struct till *till = arg;

    if (atomic_load(&till->left) == 0)
        return 0;
    TORC_POINT(till->reactor, "till.looked");
    atomic_fetch_sub(&till->left, 1);
    atomic_fetch_add(&till->sold, 1);
    return 0;
}

static int take(void *arg)
{
    struct till *till = arg;
    int one = 1;

    TORC_POINT(till->reactor, "till.looked");
    if (atomic_compare_exchange_strong(&till->left, &one, 0))
        atomic_fetch_add(&till->sold, 1);
    return 0;
}

static struct torc_result answer(struct torc_result result, void *arg)
{
    (void)arg;
    torc_result_drop(result);
    return torc_value(NULL);
}

static int sell(void *instance, const struct torc_options *arguments, struct torc_deferred **out)
{
    struct till *till = instance;
    int code = torc_run_job(till->reactor, till->looks_first ? look_and_take : take, till, NULL, out);

    (void)arguments;
    return code != 0 ? code : torc_deferred_add_both(*out, answer, NULL, NULL);
}

static int64_t sold(void *instance)
{
    return atomic_load(&((struct till *)instance)->sold);
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options, void **out_instance)
{
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct till *till = torc_alloc_zero(scope, sizeof *till);

    if (till == NULL)
        return torc_failure_no_memory();
    till->reactor = reactor;
    till->scope = scope;
    till->looks_first = strcmp(torc_options_text(options, "bug"), "window") == 0;
    atomic_init(&till->left, 1);
    *out_instance = till;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    struct till *till = instance;

    torc_release(till->scope, till, sizeof *till);
    return NULL;
}

static const struct torc_option till_options[] = {
    {"bug", TORC_OPTION_TEXT, "none", "none, window"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};

static const struct torc_probe probes[] = {
    {"sold", "tickets", sold, NULL},
    {NULL, NULL, NULL, NULL},
};

static const struct torc_module_call calls[] = {
    {"sell", "sells the ticket, if it is left", NULL, sell},
    {NULL, NULL, NULL, NULL},
};

TORC_API const struct torc_module torc_module = {
    .size = sizeof(struct torc_module),
    .name = "till",
    .version = "1",
    .doc = "sells one ticket",
    .options = till_options,
    .probes = probes,
    .start = start,
    .stop = stop,
    .calls = calls,
};
