#include "deferred_state.h"

static void release(struct torci_timeout *timeout)
{
    if (!timeout->armed && !timeout->attached)
        torci_pool_put(&timeout->scope->timeouts, timeout);
}

/* The timer's function, and its end: called or cancelled, or its clock freed. */
static struct torc_failure *expire(void *arg)
{
    struct torci_timeout *timeout = arg;
    struct torc_deferred *deferred =
        torci_deferred_find(timeout->scope, timeout->index, timeout->generation);

    /* Fired and paused: there is nothing to cancel, and what comes is not because of this. */
    if (!deferred || ((deferred->flags & TORCI_FIRED) && !deferred->awaiting))
        return NULL;
    timeout->expired = true;
    torc_deferred_cancel(deferred);
    return NULL;
}

static void disarmed(void *arg)
{
    struct torci_timeout *timeout = arg;
    timeout->armed = false;
    release(timeout);
}

/* The pair's function, and its end: ran, or died with the deferred. */
static struct torc_result convert(struct torc_result result, void *arg)
{
    const struct torci_timeout *timeout = arg;
    if (!timeout->expired || result.kind != TORC_RESULT_FAILURE ||
        !torc_failure_check(result.as.failure, &torc_failure_cancelled))
        return result;
    torc_failure_drop(result.as.failure);
    return torc_fail(torc_failure_static(&torc_failure_timeout));
}

static void detached(void *arg)
{
    struct torci_timeout *timeout = arg;
    timeout->attached = false;
    if (!timeout->armed)
        release(timeout);
    else
        (void)torc_timer_cancel(timeout->timer); /* calls `disarmed`; within `expire` that comes later */
}

int torc_deferred_add_timeout(struct torc_deferred *deferred, struct torc_clock *clock,
                              uint64_t delay_ns)
{
    struct torc_scope *scope = torci_deferred_scope(deferred);
    struct torci_timeout *timeout;
    int code;

    if (torci_deferred_at_rest(deferred))
        return 0;
    timeout = torci_pool_get(&scope->timeouts);
    if (!timeout)
        return TORC_ENOMEM;
    timeout->scope = scope;
    timeout->index = deferred->index;
    timeout->generation = deferred->generation;
    timeout->armed = true;
    timeout->attached = true;
    timeout->expired = false;
    code = torc_call_later_at(deferred->own.site, clock, delay_ns, expire, timeout, disarmed,
                              &timeout->timer);
    if (code != 0) {
        torci_pool_put(&scope->timeouts, timeout);
        return code;
    }
    code = torc_deferred_add_both(deferred, convert, timeout, detached);
    if (code != 0)
        detached(timeout);
    return code;
}
