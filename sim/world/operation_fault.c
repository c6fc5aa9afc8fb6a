/* operation_fault.c - which operations of a host go wrong: those a scenario says, and those a decider does. */
#include "operation_fault.h"

#include <string.h>

#include <torc/decision.h>

#include "database.h"

struct torci_operation_fault {
    struct torci_operation_fault *next;
    const struct torc_decision_site *site;
    uint64_t option;
    uint64_t n;
    uint64_t times;
    uint32_t number; /* 1, 2, ... */
    uint64_t matched;
    uint64_t struck;
    bool cleared;
};

/* --- the list ----------------------------------------------------------------------------------- */

/* Sites of faults that are asked with torci_operation. */
static bool is_operation(const char *name)
{
    static const char *const names[] = {"socket.fail", "connect.fail", "accept.fail", "read.fail",
                                        "read.again",  "write.fail",   "write.again", "send.fail", "stream.stall",
                                        "resolve.fail", "job.fail",    "alloc.fail",  "db.fail",
                                        "disk.fail"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

int torc_host_add_operation_fault(struct torc_host *host, const struct torc_operation_fault *fault,
                                  uint32_t *out)
{
    const struct torc_decision_site *site =
        fault->site == NULL ? NULL : torc_decision_find_site(fault->site);
    struct torci_operation_fault **at = &host->operation_faults;
    struct torci_operation_fault *own;

    if (fault->size != sizeof *fault || host->raw || site == NULL || !is_operation(site->name) ||
        torc_decision_option_name(site, fault->option) == NULL)
        return TORC_EINVAL;
    own = torci_world_resize(host->world, NULL, 0, sizeof *own);
    if (own == NULL)
        return TORC_ENOMEM;
    memset(own, 0, sizeof *own);
    own->site = site;
    own->option = fault->option;
    own->n = fault->n == 0 ? 1 : fault->n;
    own->times = fault->times == 0 ? 1 : fault->times;
    own->number = ++host->operation_fault_count;
    while (*at != NULL)
        at = &(*at)->next;
    *at = own;
    torci_host_may_fail(host);
    if (out != NULL)
        *out = own->number;
    return 0;
}

uint64_t torc_host_operation_fault_struck(const struct torc_host *host, uint32_t number)
{
    const struct torci_operation_fault *each = host->operation_faults;

    while (each != NULL && each->number != number)
        each = each->next;
    return each == NULL ? 0 : each->struck;
}

void torc_host_clear_operation_faults(struct torc_host *host)
{
    for (struct torci_operation_fault *each = host->operation_faults; each != NULL; each = each->next)
        each->cleared = true;
}

void torci_host_free_operation_faults(struct torc_host *host)
{
    while (host->operation_faults != NULL) {
        struct torci_operation_fault *fault = host->operation_faults;

        host->operation_faults = fault->next;
        torci_world_resize(host->world, fault, sizeof *fault, 0);
    }
}

/* --- striking ----------------------------------------------------------------------------------- */

/* The option of the first fault that is due; 0: none is. */
static uint64_t strike(struct torc_host *host, const char *site, uint64_t possible)
{
    uint64_t option = 0;

    for (struct torci_operation_fault *each = host->operation_faults; each != NULL; each = each->next) {
        if (each->cleared || (possible >> each->option & 1) == 0 || strcmp(each->site->name, site) != 0)
            continue;
        each->matched++;
        if (option != 0 || each->matched < each->n || each->struck >= each->times ||
            host->world->faults_off)
            continue;
        each->struck++;
        option = each->option;
        torci_host_trace_fault(host, site, each->number,
                               torc_decision_option_name(each->site, option), "", 0, 0);
    }
    return option;
}

uint64_t torci_host_ask_operation(struct torc_host *host, const char *site, uint64_t possible,
                                  const char *about)
{
    uint64_t option;

    if (host->unwinding || host->looking || possible == 0)
        return 0;
    option = strike(host, site, possible);
    if (host->world->decider == NULL)
        return option;
    return torci_world_ask_operation(host, site, possible, option, about);
}

int torci_socket_fails(struct torc_host *host, bool binds)
{
    static const int codes[] = {0,           TORC_EMFILE, TORC_ENFILE, TORC_ENOBUFS,
                                TORC_ENOMEM, TORC_EADDRINUSE};
    uint64_t possible = TORCI_OPTION(TORCI_SOCKET_EMFILE) | TORCI_OPTION(TORCI_SOCKET_ENFILE) |
                        TORCI_OPTION(TORCI_SOCKET_ENOBUFS) | TORCI_OPTION(TORCI_SOCKET_ENOMEM);

    if (binds)
        possible |= TORCI_OPTION(TORCI_SOCKET_EADDRINUSE);
    return codes[torci_operation(host, "socket.fail", possible)];
}

/* --- memory ------------------------------------------------------------------------------------- */

static bool refuses(struct torci_arena *arena)
{
    struct torc_host *host =
        (struct torc_host *)(void *)((char *)arena - offsetof(struct torc_host, arena));

    return torci_operation(host, "alloc.fail", TORCI_OPTION(TORCI_ALLOC_ENOMEM)) != 0;
}

void torci_host_may_fail(struct torc_host *host)
{
    host->may_fail = true;
    host->arena.refuses = refuses;
}
