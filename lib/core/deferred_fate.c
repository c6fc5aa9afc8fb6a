/* deferred_fate.c - what a test makes of deferreds that have not fired: cancelled, failed, withheld. */
#include "deferred_state.h"

static struct torc_deferred *of_link(const struct torci_link *link)
{
    return (struct torc_deferred *)((char *)(uintptr_t)link -
                                    offsetof(struct torc_deferred, unfired));
}

/* NULL: there are not so many. */
static struct torc_deferred *find_unfired(struct torc_scope *scope, size_t index)
{
    const struct torci_link *list = &scope->deferreds.unfired;
    const struct torci_link *at = list->next;

    for (; at != list && index > 0; index--)
        at = at->next;
    return at == list ? NULL : of_link(at);
}

void torc_scope_visit_unfired(const struct torc_scope *scope, torc_visit_unfired_fn *visit,
                              void *arg)
{
    const struct torci_link *list = &scope->deferreds.unfired;
    for (const struct torci_link *at = list->next; at != list; at = at->next)
        visit(arg, of_link(at)->own.site, of_link(at)->flags & TORCI_WITHHELD);
}

bool torc_scope_note_unfired(struct torc_scope *scope, size_t *out_index, const char **out_site)
{
    const struct torci_link *list = &scope->deferreds.unfired;
    struct torc_deferred *oldest = NULL;
    size_t since = 0; /* it and those after it */

    for (const struct torci_link *at = list->previous; at != list; at = at->previous) {
        if (of_link(at)->flags & TORCI_NOTED)
            break;
        oldest = of_link(at);
        since++;
    }
    if (!oldest)
        return false;
    oldest->flags |= TORCI_NOTED;
    *out_index = scope->counts.deferreds_unfired - since;
    *out_site = oldest->own.site;
    return true;
}

void torc_scope_note_all_unfired(struct torc_scope *scope)
{
    const struct torci_link *list = &scope->deferreds.unfired;

    for (const struct torci_link *at = list->previous; at != list; at = at->previous) {
        if (of_link(at)->flags & TORCI_NOTED)
            break;
        of_link(at)->flags |= TORCI_NOTED;
    }
}

/* --- fates ------------------------------------------------------------------------------------ */

bool torc_scope_cancel_unfired(struct torc_scope *scope, size_t index)
{
    struct torc_deferred *deferred = find_unfired(scope, index);

    if (deferred)
        torc_deferred_cancel(deferred);
    return deferred;
}

bool torc_scope_fail_unfired(struct torc_scope *scope, size_t index, struct torc_failure *failure)
{
    struct torc_deferred *deferred = find_unfired(scope, index);

    if (!deferred) {
        torc_failure_drop(failure);
        return false;
    }
    torci_deferred_cancel_with(deferred, failure);
    return true;
}

bool torc_scope_withhold_unfired(struct torc_scope *scope, size_t index)
{
    struct torc_deferred *deferred = find_unfired(scope, index);

    if (deferred)
        deferred->flags |= TORCI_WITHHELD;
    return deferred;
}

bool torci_deferred_takes(struct torc_deferred *deferred, struct torc_result *result)
{
    if (deferred->flags & TORCI_FAILING) {
        struct torc_result other = *result;
        bool failed = result->kind == TORC_RESULT_FAILURE;

        if (failed)
            *result = deferred->result;
        else
            other = deferred->result;
        deferred->flags &= ~(uint32_t)(TORCI_FAILING | TORCI_WITHHELD);
        deferred->result = torc_value(NULL);
        torc_result_drop(other);
        return true;
    }
    if ((deferred->flags & TORCI_CANCELLING) ||
        (!deferred->waiter && !torci_deferred_oldest(deferred))) {
        deferred->flags &= ~(uint32_t)TORCI_WITHHELD;
        return true;
    }
    deferred->flags |= TORCI_SPENT;
    deferred->canceller = NULL;
    return false;
}

/* --- the end of withholding --------------------------------------------------------------------- */

static bool is_out_of_reach(const struct torc_deferred *deferred)
{
    while (deferred->waiter)
        deferred = deferred->waiter;
    return deferred->flags & TORCI_DROPPED;
}

void torc_scope_release_withheld(struct torc_scope *scope)
{
    const struct torci_link *list = &scope->deferreds.unfired;
    const struct torci_link *at = list->next;

    while (at != list) {
        struct torc_deferred *deferred = of_link(at);

        if (!(deferred->flags & TORCI_SPENT)) {
            deferred->flags &= ~(uint32_t)TORCI_WITHHELD;
        } else if (is_out_of_reach(deferred)) {
            torc_deferred_cancel(deferred);
            at = list; /* callbacks have run */
        }
        at = at->next;
    }
}
