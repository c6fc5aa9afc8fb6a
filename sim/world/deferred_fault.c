/* deferred_fault.c - deferreds of a host that are cancelled, fail or never fire: those a scenario says, and, asked about
 * one by one after each turn, those a decider does. */
#include <torc/deferred_fault.h>

#include <regex.h>
#include <string.h>

#include <torc/decision.h>

#include "database.h"
#include "operation_fault.h"

struct torci_deferred_fault {
    struct torci_deferred_fault *next;
    struct torc_deferred_fault script; /* without its text */
    regex_t pattern;
    bool has_pattern;
    uint32_t number; /* 1, 2, ... */
    uint64_t matched;
    uint64_t struck;
};

/* --- the list ----------------------------------------------------------------------------------- */

static int prepare(struct torci_deferred_fault *own, const struct torc_deferred_fault *from)
{
    int code;

    own->script = *from;
    own->script.place = NULL;
    own->script.n = from->n == 0 ? 1 : from->n;
    own->script.times = from->times == 0 ? 1 : from->times;
    if (from->place == NULL)
        return 0;
    code = regcomp(&own->pattern, from->place, REG_EXTENDED | REG_NOSUB);
    own->has_pattern = code == 0;
    return code == 0 ? 0 : code == REG_ESPACE ? TORC_ENOMEM : TORC_ESYNTAX;
}

int torc_host_add_deferred_fault(struct torc_host *host, const struct torc_deferred_fault *fault,
                                 uint32_t *out)
{
    struct torci_deferred_fault **at = &host->deferred_faults;
    struct torci_deferred_fault *own;
    int code;

    if (fault->size != sizeof *fault || host->raw || fault->option < TORCI_DEFERRED_CANCEL ||
        fault->option > TORCI_DEFERRED_NEVER)
        return TORC_EINVAL;
    own = torci_world_resize(host->world, NULL, 0, sizeof *own);
    if (own == NULL)
        return TORC_ENOMEM;
    memset(own, 0, sizeof *own);
    code = prepare(own, fault);
    if (code != 0) {
        torci_world_resize(host->world, own, sizeof *own, 0);
        return code;
    }
    if (*at == NULL && host->reactor != NULL)
        torc_scope_note_all_unfired(torc_reactor_scope(host->reactor));
    own->number = 1;
    for (; *at != NULL; at = &(*at)->next)
        own->number = (*at)->number + 1;
    *at = own;
    if (out != NULL)
        *out = own->number;
    return 0;
}

uint64_t torc_host_deferred_fault_struck(const struct torc_host *host, uint32_t number)
{
    const struct torci_deferred_fault *each = host->deferred_faults;

    while (each != NULL && each->number != number)
        each = each->next;
    return each == NULL ? 0 : each->struck;
}

void torci_host_free_deferred_faults(struct torc_host *host)
{
    while (host->deferred_faults != NULL) {
        struct torci_deferred_fault *fault = host->deferred_faults;

        host->deferred_faults = fault->next;
        if (fault->has_pattern)
            regfree(&fault->pattern);
        torci_world_resize(host->world, fault, sizeof *fault, 0);
    }
}

/* --- striking ----------------------------------------------------------------------------------- */

static void strike(struct torc_scope *scope, size_t index, uint64_t option,
                   const struct torc_failure_type *type)
{
    switch (option) {
    case TORCI_DEFERRED_CANCEL:
        (void)torc_scope_cancel_unfired(scope, index);
        break;
    case TORCI_DEFERRED_ERRBACK:
        (void)torc_scope_fail_unfired(scope, index,
                                      torc_failure_static(type != NULL ? type : &torc_failure_error));
        break;
    case TORCI_DEFERRED_NEVER:
        (void)torc_scope_withhold_unfired(scope, index);
        break;
    default:
        break;
    }
}

/* A reactor that was asked to stop waits for what it has to: withholding is over. */
static uint64_t possible_now(const struct torc_host *host)
{
    uint64_t possible = TORCI_OPTION(TORCI_DEFERRED_CANCEL) | TORCI_OPTION(TORCI_DEFERRED_ERRBACK);

    return torc_reactor_stopping(host->reactor) ? possible : possible | TORCI_OPTION(TORCI_DEFERRED_NEVER);
}

/* The first fault that is due for a deferred made at this place, or NULL. */
static struct torci_deferred_fault *find_due(struct torc_host *host, const char *place)
{
    struct torci_deferred_fault *due = NULL;
    uint64_t possible = possible_now(host);

    for (struct torci_deferred_fault *each = host->deferred_faults; each != NULL; each = each->next) {
        if ((possible >> each->script.option & 1) == 0)
            continue;
        if (each->has_pattern && regexec(&each->pattern, place, 0, NULL, 0) != 0)
            continue;
        each->matched++;
        if (due == NULL && each->matched >= each->script.n && each->struck < each->script.times &&
            !host->world->faults_off)
            due = each;
    }
    return due;
}

/* Each that is there for the first time. */
static void strike_new(struct torc_host *host, struct torc_scope *scope)
{
    static const char *const names[] = {"", "cancel", "errback", "never"};
    struct torc_scope_counts counts;
    const char *place;
    size_t index;

    torc_scope_count(scope, &counts);
    /* Not those that callbacks go on making. */
    for (size_t left = counts.deferreds_unfired; left > 0 && torc_scope_note_unfired(scope, &index, &place); left--) {
        struct torci_deferred_fault *due = find_due(host, place);

        if (due == NULL)
            continue;
        due->struck++;
        torci_host_trace_fault(host, "deferred.fail", due->number, names[due->script.option], "", 0, 0);
        strike(scope, index, due->script.option, due->script.failure);
    }
}

/* --- asking ------------------------------------------------------------------------------------- */

struct asking {
    struct torc_host *host;
    size_t seen;
    size_t index;    /* of the one to strike */
    uint64_t option; /* 0: none yet */
};

static void ask(void *arg, const char *place, bool withheld)
{
    struct asking *asking = arg;

    if (asking->option == 0 && !withheld) {
        asking->option = torci_operation_about(asking->host, "deferred.fail", possible_now(asking->host), place);
        asking->index = asking->seen;
    }
    asking->seen++;
}

/* NULL: the host is in no state to suffer. */
static struct torc_scope *scope_of(struct torc_host *host)
{
    bool suffers = !host->raw && !host->spared && torci_host_module_runs(host) && torc_reactor_running(host->reactor);

    return suffers ? torc_reactor_scope(host->reactor) : NULL;
}

void torci_host_deferreds_strike(struct torc_host *host)
{
    struct torc_scope *scope = host->deferred_faults == NULL ? NULL : scope_of(host);

    if (scope == NULL)
        return;
    torci_host_enter(host);
    strike_new(host, scope);
    torci_host_leave(host);
}

void torci_host_deferreds_suffer(struct torc_host *host)
{
    struct asking asking = {host, 0, 0, 0};
    struct torc_scope *scope;

    torci_host_deferreds_strike(host);
    scope = host->world->decider == NULL ? NULL : scope_of(host);
    if (scope == NULL)
        return;
    torc_scope_visit_unfired(scope, ask, &asking);
    if (asking.option == 0)
        return;
    torci_host_enter(host);
    strike(scope, asking.index, asking.option, NULL);
    torci_host_leave(host);
}
