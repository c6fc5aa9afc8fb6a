/* host_call.c - calls of the module a host runs. */
#include <string.h>

#include <torc/format.h>
#include <torc/host_fault.h>
#include <torc/nearest_name.h>

#include "host_module.h"

/* A call under way; in the host's arena. */
struct call {
    struct torc_host *host;
    struct torc_scope *scope;
    const char *name; /* the module's */
    uint64_t number;
};

static uint64_t trace_call(const struct call *call, const char *what, const char *text)
{
    struct torc_trace *trace = call->host->world->trace;
    uint64_t n = torci_host_trace(call->host, TORC_TRACE_call);

    torc_trace_text(trace, "what", what);
    torc_trace_integer(trace, "number", (int64_t)call->number);
    torc_trace_text(trace, "name", call->name);
    torc_trace_text(trace, "text", text);
    torc_trace_end(trace);
    return n;
}

static struct torc_result answered(struct torc_result result, void *arg)
{
    if (result.kind == TORC_RESULT_FAILURE)
        (void)trace_call(arg, "failure", torc_failure_type(result.as.failure)->name);
    else
        (void)trace_call(arg, "result", result.as.value);
    return result;
}

static void release_call(void *arg)
{
    struct call *call = arg;

    torc_release(call->scope, call, sizeof *call);
}

static const struct torc_module_call *find_call(const struct torc_host *host, const char *name,
                                                char *error, size_t error_size)
{
    const struct torc_module *module = host->module->module;
    const struct torc_module_call *each;
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;

    for (each = module->calls; each != NULL && each->name != NULL; each++) {
        if (strcmp(each->name, name) == 0)
            return each;
        if (torc_name_nearer(name, each->name, &distance))
            nearest = each->name;
    }
    torc_format(error, error_size, "module %s has no call '%s'%s%s%s", module->name, name,
                nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
                nearest != NULL ? "'?" : "");
    return NULL;
}

/* "id=42 note=new", as the trace has it. */
static void join(const char *const *pairs, char *text, size_t size)
{
    size_t used = 0;
    size_t i;

    text[0] = '\0';
    for (i = 0; pairs != NULL && pairs[i] != NULL && used < size; i += 2)
        used += torc_format(text + used, size - used, "%s%s=%s", i > 0 ? " " : "", pairs[i],
                            pairs[i + 1]);
}

static int do_call(struct call *call, const struct torc_module_call *script,
                   const struct torc_options *options, const char *const *pairs,
                   struct torc_deferred **out)
{
    struct torc_host *host = call->host; /* the call may be over, and gone, before this returns */
    struct torc_world *world = host->world;
    uint64_t cause = world->cause;
    struct torc_deferred *deferred;
    char text[400];
    int code;

    join(pairs, text, sizeof text);
    if (!world->running)
        world->cause = 0; /* from outside: nothing has led to it */
    world->cause = trace_call(call, "begin", text);
    torci_host_enter(host);
    code = script->call(host->module->instance, options, &deferred);
    if (code == 0) {
        /* The caller is no part of the host: what its memory is made to refuse is not for this. */
        bool exempt = torci_arena_exempt(&host->arena, true);

        code = torc_deferred_add_both(deferred, answered, call, release_call);
        torci_arena_exempt(&host->arena, exempt);
        if (code == 0)
            *out = deferred;
        else
            torc_deferred_drop(deferred);
    }
    torci_host_leave(host);
    world->cause = cause;
    return code;
}

int torc_host_call(struct torc_host *host, const char *name, const char *const *pairs,
                   struct torc_deferred **out, char *error, size_t error_size)
{
    static const struct torc_option none[] = {{NULL, TORC_OPTION_FLAG, NULL, NULL}};
    const struct torc_module_call *script;
    struct torc_options *options;
    struct call *call;
    int code;

    if (error_size > 0)
        error[0] = '\0';
    if (!host->up || host->reactor == NULL || !torc_reactor_running(host->reactor)) {
        torc_format(error, error_size, "host %s is down", host->name);
        return TORC_ECLOSED;
    }
    if (torc_host_paused(host)) {
        torc_format(error, error_size, "host %s is paused", host->name);
        return TORC_EBUSY;
    }
    if (!torci_host_module_runs(host)) {
        torc_format(error, error_size, "host %s runs no module", host->name);
        return TORC_ENOTFOUND;
    }
    script = find_call(host, name, error, error_size);
    if (script == NULL)
        return TORC_ENOTFOUND;
    if (host->module->stopped) {
        torc_format(error, error_size, "module %s has stopped", host->module->module->name);
        return TORC_ECLOSED;
    }
    torci_host_suffers_clock_step(host);
    code = torci_module_parse(host, script->parameters != NULL ? script->parameters : none, script->name, pairs,
                 torci_count_pairs(pairs), error, error_size, &options);
    if (code != 0)
        return code == TORC_ENOMEM ? code : TORC_ESYNTAX;
    call = torc_alloc(torc_reactor_scope(host->reactor), sizeof *call);
    code = TORC_ENOMEM;
    if (call != NULL) {
        call->host = host;
        call->scope = torc_reactor_scope(host->reactor);
        call->name = script->name;
        call->number = ++host->calls;
        code = do_call(call, script, options, pairs, out);
        if (code == 0)
            torci_host_deferreds_strike(host);
        if (!host->up) { /* it killed its own host, and all this with it */
            torc_format(error, error_size, "%s: the host went down", name);
            return TORC_ECLOSED;
        }
        if (code != 0)
            release_call(call);
    }
    torc_options_free(options);
    if (code != 0)
        torc_format(error, error_size, "%s: %s", name, torc_error_text(code));
    else if (!host->world->running)
        torci_host_reschedule(host, true);
    return code;
}
