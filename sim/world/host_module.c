/* host_module.c - the module a host runs, again after each restart; its probes and marks. */
#include "host_module.h"

#include <string.h>

#include <torc/format.h>
#include <torc/host_fault.h>

#include "mark_count.h"

/* --- remembered options --------------------------------------------------------------------- */

static void free_module(struct torc_world *world, struct torci_host_module *module)
{
    size_t i;

    for (i = 0; i < module->pair_count; i++) {
        if (module->pairs[i] != NULL)
            torci_world_resize(world, module->pairs[i], strlen(module->pairs[i]) + 1, 0);
    }
    torci_world_resize(world, module->pairs, module->pair_count * sizeof(char *), 0);
    torci_world_resize(world, module, sizeof *module, 0);
}

size_t torci_count_pairs(const char *const *pairs)
{
    size_t count = 0;

    while (pairs != NULL && pairs[count] != NULL)
        count++;
    return count;
}

static struct torci_host_module *remember(struct torc_world *world, const struct torc_module *module,
                                          const char *const *pairs, size_t count)
{
    struct torci_host_module *copy = torci_world_resize(world, NULL, 0, sizeof *copy);
    size_t i;

    if (copy == NULL)
        return NULL;
    memset(copy, 0, sizeof *copy);
    copy->module = module;
    if (count == 0)
        return copy;
    copy->pairs = torci_world_resize(world, NULL, 0, count * sizeof(char *));
    if (copy->pairs == NULL) {
        free_module(world, copy);
        return NULL;
    }
    memset(copy->pairs, 0, count * sizeof(char *));
    copy->pair_count = count;
    for (i = 0; i < count; i++) {
        size_t bytes = strlen(pairs[i]) + 1;

        copy->pairs[i] = torci_world_resize(world, NULL, 0, bytes);
        if (copy->pairs[i] == NULL) {
            free_module(world, copy);
            return NULL;
        }
        memcpy(copy->pairs[i], pairs[i], bytes);
    }
    return copy;
}

/* --- starting ------------------------------------------------------------------------------- */

int torci_module_parse(struct torc_host *host, const struct torc_option *table, const char *of,
                       const char *const *pairs, size_t pair_count, char *error, size_t error_size,
                       struct torc_options **out)
{
    struct torc_options *options;
    size_t i;
    int code = torc_options_new(torc_reactor_scope(host->reactor), table, &options);

    if (code != 0) {
        torc_format(error, error_size, "the options of %s: %s", of, torc_error_text(code));
        return code;
    }
    for (i = 0; code == 0 && i + 1 < pair_count; i += 2)
        code = torc_options_set(options, pairs[i], pairs[i + 1], error, error_size);
    if (code == 0)
        code = torc_options_complete(options, error, error_size);
    if (code != 0) {
        torc_options_free(options);
        return code;
    }
    *out = options;
    return 0;
}

/* --- watching it ---------------------------------------------------------------------------- */

static struct torc_failure *start_watched(struct torc_reactor *reactor,
                                          const struct torc_options *options, void **out_instance)
{
    struct torc_host *host = (struct torc_host *)(void *)torc_reactor_platform(reactor);
    struct torci_host_module *module = host->starting;

    *out_instance = module;
    return module->module->start(reactor, options, &module->instance);
}

static struct torc_result stopped(struct torc_result result, void *arg)
{
    ((struct torci_host_module *)arg)->stopped = true;
    return result;
}

/* From when it has stopped there is no instance any more, though the reactor may run on for others. */
static struct torc_deferred *stop_watched(void *instance)
{
    struct torci_host_module *module = instance;
    struct torci_arena *arena = &module->host->arena;
    struct torc_deferred *deferred = module->module->stop(module->instance);
    bool exempt = torci_arena_exempt(arena, true); /* it is not the host that asks for memory here */

    if (deferred == NULL || torc_deferred_add_both(deferred, stopped, module, NULL) != 0)
        module->stopped = true;
    torci_arena_exempt(arena, exempt);
    return deferred;
}

static void watch(struct torci_host_module *module, struct torc_host *host)
{
    size_t bytes = module->module->size;

    memcpy(&module->watched, module->module,
           bytes < sizeof module->watched ? bytes : sizeof module->watched);
    module->watched.start = start_watched;
    module->watched.stop = stop_watched;
    module->host = host;
}

/* The options stay as long as this life of the host: they are in its arena. */
static int start(struct torc_host *host, struct torci_host_module *module, char *error,
                 size_t error_size)
{
    struct torc_options *options;
    struct torc_failure *failure;
    int code = torci_module_parse(host, module->module->options, module->module->name,
                     (const char *const *)module->pairs, module->pair_count, error, error_size,
                     &options);

    if (code != 0)
        return code;
    host->starting = module;
    torci_host_enter(host);
    failure = torc_module_start(&module->watched, host->reactor, options, NULL);
    torci_host_leave(host);
    host->starting = NULL;
    if (failure == NULL) {
        module->options = options;
        module->started = true;
        module->stopped = false;
        return 0;
    }
    code = torc_failure_code(failure);
    torc_format(error, error_size, "module %s did not start: %s", module->module->name,
                torc_failure_message(failure));
    torc_failure_drop(failure);
    torc_options_free(options);
    return code;
}

int torc_host_start_module(struct torc_host *host, const struct torc_module *module,
                           const char *const *pairs, char *error, size_t error_size)
{
    struct torci_host_module *copy;
    int code;

    if (error_size > 0)
        error[0] = '\0';
    if (host->reactor == NULL) {
        torc_format(error, error_size, "host %s is down", host->name);
        return TORC_ECLOSED;
    }
    if (host->module != NULL) {
        torc_format(error, error_size, "host %s runs module %s already", host->name,
                    host->module->module->name);
        return TORC_EBUSY;
    }
    copy = remember(host->world, module, pairs, torci_count_pairs(pairs));
    if (copy == NULL) {
        torc_format(error, error_size, "%s", torc_error_text(TORC_ENOMEM));
        return TORC_ENOMEM;
    }
    watch(copy, host);
    code = start(host, copy, error, error_size);
    if (code != 0) {
        free_module(host->world, copy);
        return code;
    }
    host->module = copy;
    if (!host->world->running)
        torci_host_reschedule(host, true);
    return 0;
}

int torci_host_module_restart(struct torc_host *host)
{
    char error[256];

    return host->module == NULL ? 0 : start(host, host->module, error, sizeof error);
}

int torc_host_set_module(struct torc_host *host, const struct torc_module *module,
                         const char *const *pairs)
{
    struct torci_host_module *old = host->module;
    struct torci_host_module *copy;

    if (host->up)
        return TORC_EBUSY;
    if (old == NULL)
        return TORC_ENOTFOUND;
    if (module == NULL)
        module = old->module;
    copy = pairs != NULL ? remember(host->world, module, pairs, torci_count_pairs(pairs))
                         : remember(host->world, module, (const char *const *)old->pairs,
                                    old->pair_count);
    if (copy == NULL)
        return TORC_ENOMEM;
    watch(copy, host);
    free_module(host->world, old);
    host->module = copy;
    return 0;
}

bool torci_host_module_runs(const struct torc_host *host)
{
    return host->module != NULL && host->module->started;
}

void torci_host_module_forget(struct torc_host *host)
{
    if (host->module == NULL)
        return;
    host->module->instance = NULL;
    host->module->options = NULL;
    host->module->started = false;
}

void torci_host_module_release(struct torc_host *host)
{
    if (host->module == NULL)
        return;
    torc_options_free(host->module->options);
    torci_host_module_forget(host);
}

void torci_host_module_free(struct torc_host *host)
{
    if (host->module != NULL)
        free_module(host->world, host->module);
    host->module = NULL;
}

/* --- probes --------------------------------------------------------------------------------- */

int torc_host_probe(struct torc_host *host, const char *name, int64_t *out_number,
                    const char **out_text)
{
    const struct torc_probe *probe;

    if (!host->up || (host->reactor != NULL && !torc_reactor_running(host->reactor)))
        return TORC_ECLOSED;
    if (host->module == NULL || !host->module->started || host->module->module->probes == NULL)
        return TORC_ENOTFOUND;
    if (host->module->stopped)
        return TORC_ECLOSED;
    for (probe = host->module->module->probes; probe->name != NULL; probe++) {
        if (strcmp(probe->name, name) != 0)
            continue;
        torci_host_enter(host); /* it is the module's code */
        if (probe->text != NULL) {
            *out_text = probe->text(host->module->instance);
        } else {
            *out_text = NULL;
            *out_number = probe->number(host->module->instance);
        }
        torci_host_leave(host);
        return 0;
    }
    return TORC_ENOTFOUND;
}

/* --- marks ---------------------------------------------------------------------------------- */

static struct torc_host *host_of_observer(struct torc_mark_observer *self)
{
    return (struct torc_host *)(void *)((char *)self - offsetof(struct torc_host, mark_observer));
}

static void mark_reached(struct torc_mark_observer *self, const struct torc_mark *mark, bool held)
{
    struct torc_host *host = host_of_observer(self);
    struct torc_trace *trace = host->world->trace;

    torci_host_trace(host, TORC_TRACE_mark);
    torc_trace_text(trace, "name", mark->name);
    torc_trace_integer(trace, "held", held);
    torc_trace_note(trace, "site", mark->site);
    torc_trace_end(trace);
    if (held)
        torci_world_count_mark(host->world, mark->name);
    else if (mark->kind == TORC_MARK_ASSUME && host->world->refuted == NULL)
        host->world->refuted = mark;
}

static void point_reached(struct torc_mark_observer *self, const char *name)
{
    torci_host_reaches_point(host_of_observer(self), name);
}

void torci_host_observe_marks(struct torc_host *host)
{
    host->mark_observer.mark = mark_reached;
    host->mark_observer.point = point_reached;
    torc_reactor_observe_marks(host->reactor, &host->mark_observer);
}
