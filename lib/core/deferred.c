#include "deferred_state.h"

void torc_result_drop(struct torc_result result)
{
    switch (result.kind) {
    case TORC_RESULT_VALUE:
        if (result.drop)
            result.drop(result.as.value);
        break;
    case TORC_RESULT_FAILURE:
        torc_failure_drop(result.as.failure);
        break;
    case TORC_RESULT_DEFERRED:
        torc_deferred_drop(result.as.deferred);
        break;
    }
}

/* --- making ----------------------------------------------------------------------------------- */

static struct torc_deferred *make(const char *site, struct torc_scope *scope)
{
    struct torc_deferred *deferred = torci_deferred_take_slot(scope);
    struct torci_link *list = &scope->deferreds.unfired;

    if (!deferred)
        return NULL;
    deferred->own.site = site;
    deferred->pauses = 0;
    deferred->unfired.next = list;
    deferred->unfired.previous = list->previous;
    list->previous->next = &deferred->unfired;
    list->previous = &deferred->unfired;
    deferred->canceller = NULL;
    deferred->result = torc_value(NULL);
    deferred->awaiting = NULL;
    deferred->waiter = NULL;
    deferred->first_block = NULL;
    deferred->last_block = NULL;
    deferred->first_pair = 0;
    deferred->end_pair = 0;
    scope->counts.deferreds_unfired++;
    return deferred;
}

int torc_deferred_new_at(const char *site, struct torc_scope *scope, torc_canceller_fn *canceller,
                         void *arg, struct torc_source *out_source, struct torc_deferred **out)
{
    struct torc_deferred *deferred;

    if (scope->closing)
        return TORC_ECLOSED;
    deferred = make(site, scope);
    if (!deferred)
        return TORC_ENOMEM;
    deferred->canceller = canceller;
    deferred->canceller_arg = arg;
    out_source->scope = scope;
    out_source->index = deferred->index;
    out_source->generation = deferred->generation;
    *out = deferred;
    return 0;
}

int torc_deferred_fired_at(const char *site, struct torc_scope *scope, struct torc_result result,
                           struct torc_deferred **out)
{
    struct torc_deferred *deferred;

    if (result.kind == TORC_RESULT_DEFERRED)
        return TORC_EINVAL;
    if (scope->closing)
        return TORC_ECLOSED;
    deferred = make(site, scope);
    if (!deferred)
        return TORC_ENOMEM;
    torci_deferred_set_fired(deferred, &result);
    *out = deferred;
    return 0;
}

/* --- the source ------------------------------------------------------------------------------- */

static struct torc_deferred *find(struct torc_source source)
{
    return torci_deferred_find(source.scope, source.index, source.generation);
}

int torc_source_fire(struct torc_source source, struct torc_result result)
{
    struct torc_deferred *deferred = find(source);
    int code;

    if (result.kind == TORC_RESULT_DEFERRED) {
        code = TORC_EINVAL;
    } else if (!deferred) {
        code = TORC_ESTALE;
    } else if (torci_deferred_waits(deferred)) {
        if (!torci_deferred_is_meddled_with(deferred) || torci_deferred_takes(deferred, &result))
            torci_deferred_fire(deferred, &result);
        else
            torc_result_drop(result);
        return 0;
    } else if (deferred->flags & TORCI_LATE_FIRE) {
        deferred->flags &= ~(uint32_t)TORCI_LATE_FIRE;
        code = TORC_ECANCELED;
    } else {
        code = TORC_EFIRED;
    }
    torc_result_drop(result);
    return code;
}

void torc_source_drop(struct torc_source source)
{
    struct torc_deferred *deferred = find(source);
    struct torc_result dropped;

    if (!deferred || !torci_deferred_waits(deferred) || (deferred->flags & TORCI_CANCELLING))
        return;
    dropped = torc_fail(torci_deferred_own_failure(deferred, "the source was dropped"));
    (void)torc_source_fire(source, dropped);
}

bool torc_source_waiting(struct torc_source source)
{
    struct torc_deferred *deferred = find(source);
    return deferred && torci_deferred_waits(deferred);
}

/* --- the sink --------------------------------------------------------------------------------- */

/* After whatever may have set it going: a pair, an unpause, the drop. */
static void run_if_at_rest(struct torc_deferred *deferred)
{
    if (torci_deferred_at_rest(deferred))
        torci_deferred_run(deferred);
}

int torc_deferred_add(struct torc_deferred *deferred, torc_callback_fn *callback,
                      torc_callback_fn *errback, void *arg, torc_drop_fn *drop_arg)
{
    struct torci_pair *pair;

    if (deferred->flags & TORCI_DOOMED)
        return TORC_ECLOSED;
    pair = torci_deferred_append(deferred);
    if (!pair)
        return TORC_ENOMEM;
    pair->callback = callback;
    pair->errback = errback;
    pair->arg = arg;
    pair->end.drop_arg = drop_arg;
    run_if_at_rest(deferred);
    return 0;
}

int torc_deferred_chain(struct torc_deferred *from, struct torc_source to)
{
    struct torci_pair *pair;

    if (from->flags & TORCI_DOOMED)
        return TORC_ECLOSED;
    pair = torci_deferred_append(from);
    if (!pair)
        return TORC_ENOMEM;
    pair->callback = torci_chain_pair;
    pair->errback = torci_chain_pair;
    pair->arg = to.scope;
    pair->end.target.index = to.index;
    pair->end.target.generation = to.generation;
    run_if_at_rest(from);
    return 0;
}

void torc_deferred_drop(struct torc_deferred *deferred)
{
    if (!deferred || (deferred->flags & TORCI_DOOMED))
        return;
    deferred->flags |= TORCI_DROPPED;
    run_if_at_rest(deferred);
}

void torc_deferred_pause(struct torc_deferred *deferred)
{
    deferred->pauses++;
}

int torc_deferred_unpause(struct torc_deferred *deferred)
{
    if (deferred->pauses == 0)
        return TORC_EINVAL;
    deferred->pauses--;
    run_if_at_rest(deferred);
    return 0;
}

void torci_deferred_cancel_with(struct torc_deferred *deferred, struct torc_failure *failure)
{
    struct torc_source source;
    struct torc_result cancelled =
        torc_fail(failure ? failure : torc_failure_static(&torc_failure_cancelled));

    while (deferred->awaiting)
        deferred = deferred->awaiting;
    if (deferred->flags & (TORCI_FIRED | TORCI_CANCELLING | TORCI_DOOMED)) {
        torc_result_drop(cancelled);
        return;
    }
    if (!deferred->canceller) {
        if (torci_deferred_waits(deferred))
            deferred->flags |= TORCI_LATE_FIRE;
        torci_deferred_fire(deferred, &cancelled);
        return;
    }
    deferred->flags |= TORCI_CANCELLING;
    if (failure) {
        deferred->flags |= TORCI_FAILING;
        deferred->result = cancelled;
    }
    source.scope = torci_deferred_scope(deferred);
    source.index = deferred->index;
    source.generation = deferred->generation;
    deferred->canceller(source, deferred->canceller_arg);
    /* It may be gone by now. */
    deferred = find(source);
    if (deferred && !(deferred->flags & TORCI_FIRED))
        torci_deferred_fire(deferred, &cancelled);
}

void torc_deferred_cancel(struct torc_deferred *deferred)
{
    torci_deferred_cancel_with(deferred, NULL);
}

bool torc_deferred_has_fired(const struct torc_deferred *deferred)
{
    return deferred->flags & TORCI_FIRED;
}

const char *torc_deferred_site(const struct torc_deferred *deferred)
{
    return deferred->own.site;
}

int torc_deferred_take(struct torc_deferred *deferred, struct torc_result *out)
{
    if (!torci_deferred_at_rest(deferred))
        return TORC_EAGAIN;
    *out = deferred->result;
    deferred->result = torc_value(NULL);
    return 0;
}
