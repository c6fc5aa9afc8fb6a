/* scenario_host.c - what happens to a host as a whole: by lines, or by the world's decision. */
#include <string.h>

#include <torc/host_fault.h>

#include "scenario_run.h"

bool torci_run_is_out_of_memory(const struct torci_run *run, int code)
{
    if (code != TORC_ENOMEM || torci_run_decided(run, TORC_SITE_FAULT))
        return false;
    for (const struct torci_script_fault *each = run->scenario->faults; each != NULL; each = each->next)
        if (each->kind == TORCI_FAULT_OPERATION && strcmp(each->operation.site, "alloc.fail") == 0)
            return false;
    return true;
}

/* --- down ------------------------------------------------------------------------------------------ */

/* It is about to end: what is known of it is kept. */
static void ends(struct torci_run *run, struct torci_host_run *host)
{
    torci_run_count_host(run, host);
    torci_answers_host_gone(run, host->script);
}

void torci_host_do_kill(struct torci_run *run, const struct torci_step *step)
{
    struct torci_host_run *host = &run->hosts[step->host->index];

    ends(run, host);
    torc_host_kill(host->host);
    if (host->peer != NULL)
        torci_peer_killed(host->peer);
}

void torci_host_do_crash(struct torci_run *run, const struct torci_step *step)
{
    struct torci_host_run *host = &run->hosts[step->host->index];
    struct torc_power_cut cut = TORC_POWER_CUT_INIT;
    int code;

    cut.loss = step->loss;
    ends(run, host);
    code = torc_host_cut_power(host->host, &cut);
    if (code == TORC_ECLOSED)
        torci_run_tell(run, "%s is down already", step->host->name);
    else if (code != 0)
        torci_report_failure(run, TORC_SCENARIO_FAIL, &step->place, step->host->name, NULL, "%s",
                             torc_error_text(code));
}

/* --- up again -------------------------------------------------------------------------------------- */

static void restarted(struct torci_run *run, const struct torci_place *place, const char *host,
                      int code)
{
    if (torci_run_is_out_of_memory(run, code))
        run->error = code;
    else if (code != 0)
        torci_report_failure(run, TORC_SCENARIO_FAIL, place, host, NULL,
                             "the module does not start again: %s", torc_error_text(code));
}

void torci_host_do_restart(struct torci_run *run, const struct torci_step *step)
{
    int code = torc_host_restart(run->hosts[step->host->index].host);

    if (code == TORC_EBUSY)
        torci_run_tell(run, "%s is up already", step->host->name);
    else
        restarted(run, &step->place, step->host->name, code);
}

/* --- by decision ----------------------------------------------------------------------------------- */

static struct torci_run *run_of(struct torc_host_watcher *self)
{
    return (struct torci_run *)(void *)((char *)self - offsetof(struct torci_run, watcher));
}

static struct torci_host_run *host_of(struct torci_run *run, const struct torc_host *host)
{
    struct torci_host_run *each = run->hosts;

    while (each->host != host)
        each++;
    return each;
}

static void goes_down(struct torc_host_watcher *self, struct torc_host *host)
{
    struct torci_run *run = run_of(self);

    torci_run_tell(run, "%s goes down, as was decided", torc_host_name(host));
    ends(run, host_of(run, host));
}

static void came_up(struct torc_host_watcher *self, struct torc_host *host, int code)
{
    struct torci_run *run = run_of(self);

    if (code == 0)
        torci_run_tell(run, "%s is up again", torc_host_name(host));
    restarted(run, NULL, torc_host_name(host), code);
}

void torci_hosts_watch(struct torci_run *run)
{
    run->watcher.goes_down = goes_down;
    run->watcher.came_up = came_up;
    torc_world_watch_hosts(run->world, &run->watcher);
}

void torci_hosts_resume(struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->host_count; i++)
        torc_host_resume(run->hosts[i].host);
}

void torci_hosts_spare(struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->host_count; i++)
        torc_host_spare(run->hosts[i].host);
}
