/* cancel.c - deferreds of a host that are cancelled by decision: after a turn each that has not fired is asked about,
 * oldest first, until one is cancelled. */
#include "world.h"

struct asking {
    struct torc_host *host;
    size_t seen;
    size_t chosen; /* SIZE_MAX: none yet */
};

static void ask(void *arg, const char *site)
{
    struct asking *asking = arg;

    (void)site;
    if (asking->chosen == SIZE_MAX && torci_fault(asking->host, "deferred.fail", 2, 0) != 0)
        asking->chosen = asking->seen;
    asking->seen++;
}

void torci_host_cancels_after(struct torc_host *host)
{
    struct asking asking = {host, 0, SIZE_MAX};
    struct torc_scope *scope;

    if (host->raw || host->spared || !torci_host_module_runs(host) || !torc_reactor_running(host->reactor))
        return;
    scope = torc_reactor_scope(host->reactor);
    torc_scope_visit_unfired(scope, ask, &asking);
    if (asking.chosen == SIZE_MAX)
        return;
    torci_host_enter(host);
    (void)torc_scope_cancel_unfired(scope, asking.chosen);
    torci_host_leave(host);
}
