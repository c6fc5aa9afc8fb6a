/* module.c - starting a module, and seeing to it that it is stopped. */
#include <torc/format.h>
#include <torc/module.h>

struct running_module {
    struct torc_scope *scope;
    const struct torc_module *module;
    void *instance;
};

static struct torc_result stop_module(void *arg)
{
    struct running_module *running = arg;
    struct torc_deferred *stopped;

    torc_scope_open_reserve(running->scope, true);
    stopped = running->module->stop(running->instance);
    torc_scope_open_reserve(running->scope, false);
    return stopped ? torc_await(stopped) : torc_value(NULL);
}

static void release_running_module(void *arg)
{
    struct running_module *running = arg;

    torc_scope_release_reserve(running->scope);
    torc_release(running->scope, running, sizeof(*running));
}

struct torc_failure *torc_module_start(const struct torc_module *module,
                                       struct torc_reactor *reactor,
                                       const struct torc_options *options, void **out_instance)
{
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct running_module *running;
    struct torc_failure *failure;
    struct torc_trigger trigger;
    int code;

    if (module->size < sizeof(*module))
        return torc_failure_new(scope, &torc_failure_invalid_argument, TORC_EINVAL, NULL,
                                "the module was built for an older Torc: its table has %zu bytes of "
                                "%zu", module->size, sizeof(*module));
    running = torc_alloc_zero(scope, sizeof(*running));
    if (!running)
        return torc_failure_no_memory();
    code = torc_scope_reserve_deferred(scope);
    if (code) {
        torc_release(scope, running, sizeof(*running));
        return torc_failure_no_memory();
    }
    running->scope = scope;
    running->module = module;
    /* The trigger comes first: nothing that can fail is left to do once the module has started. */
    code = torc_reactor_add_trigger(reactor, TORC_BEFORE, "shutdown", stop_module, running,
                                    release_running_module, &trigger);
    if (code) {
        release_running_module(running);
        return torc_failure_of_code(scope, code, "starting the module");
    }
    failure = module->start(reactor, options, &running->instance);
    if (failure) {
        (void)torc_reactor_remove_trigger(reactor, trigger);
        return failure;
    }
    if (out_instance)
        *out_instance = running->instance;
    return NULL;
}
