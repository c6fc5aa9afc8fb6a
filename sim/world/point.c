/* point.c - a short list: a run holds a few points. */
#include <torc/point.h>

#include <string.h>

#include "job.h"

struct torci_hold {
    struct torci_hold *next;
    const char *name;
    uint64_t stopped;
    bool released;
};

int torc_host_hold_point(struct torc_host *host, const char *name, uint32_t *out_number)
{
    struct torci_hold **end = &host->holds;
    struct torci_hold *hold;

    if (host->raw || name[0] == '\0')
        return TORC_EINVAL;
    hold = torci_world_resize(host->world, NULL, 0, sizeof *hold);
    if (hold == NULL)
        return TORC_ENOMEM;
    *hold = (struct torci_hold){.name = name};
    while (*end != NULL)
        end = &(*end)->next;
    *end = hold;
    if (out_number != NULL)
        *out_number = host->hold_count;
    host->hold_count++;
    return 0;
}

void torc_host_release_point(struct torc_host *host, const char *name)
{
    for (struct torci_hold *each = host->holds; each != NULL; each = each->next)
        if (name == NULL || strcmp(each->name, name) == 0)
            each->released = true;
    torci_host_release_jobs(host, name);
}

uint64_t torc_host_point_waiting(const struct torc_host *host, const char *name)
{
    return torci_host_jobs_at(host, name);
}

uint64_t torc_host_hold_stopped(const struct torc_host *host, uint32_t number)
{
    const struct torci_hold *hold = host->holds;

    while (hold != NULL && number-- > 0)
        hold = hold->next;
    return hold == NULL ? 0 : hold->stopped;
}

void torci_host_reaches_point(struct torc_host *host, const char *name)
{
    const char *held = NULL;

    if (host->holds == NULL || !torci_host_runs_job(host))
        return;
    for (struct torci_hold *each = host->holds; each != NULL; each = each->next)
        if (!each->released && strcmp(each->name, name) == 0) {
            each->stopped++;
            held = each->name;
        }
    if (held != NULL)
        torci_job_wait(host, held);
}

void torci_host_free_holds(struct torc_host *host)
{
    while (host->holds != NULL) {
        struct torci_hold *hold = host->holds;

        host->holds = hold->next;
        torci_world_resize(host->world, hold, sizeof *hold, 0);
    }
}
