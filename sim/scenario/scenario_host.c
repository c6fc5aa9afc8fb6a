/* scenario_host.c - what happens to a host as a whole: by lines, or by the world's decision. */
#include <string.h>

#include <torc/host_fault.h>

#include "scenario_run.h"

bool torci_run_is_out_of_memory(const struct torci_run *run, const struct torci_script_host *host,
                                int code)
{
    if (code != TORC_ENOMEM || host->settings.memory_bytes_max > 0 ||
        torci_run_decided(run, TORC_SITE_FAULT))
        return false;
    for (const struct torci_script_fault *each = run->scenario->faults; each != NULL; each = each->next)
        if (each->kind == TORCI_FAULT_OPERATION && strcmp(each->operation.site, "alloc.fail") == 0)
            return false;
    return true;
}

/* --- clocks ---------------------------------------------------------------------------------------- */

/* A number from -most to most, each alike. */
static int64_t draw_within(struct torci_run *run, const struct torci_host_run *host,
                           const char *site, uint64_t most)
{
    uint64_t drawn;

    if (most == 0)
        return 0;
    drawn = torc_world_draw(run->world, site, host->script->name) % (2 * most + 1);
    return (int64_t)drawn - (int64_t)most;
}

int torci_host_set_clock(struct torci_run *run, const struct torci_host_run *host)
{
    const struct torci_script_clock *clock = &host->script->settings.clock;
    int64_t offset_ns = clock->offset_ns + draw_within(run, host, "clock.offset", clock->skew_ns);
    int64_t ppm =
        clock->ppm + draw_within(run, host, "clock.drift", (uint64_t)clock->skew_ppm);

    if (offset_ns != 0)
        torc_host_step_clock(host->host, offset_ns);
    if (ppm > TORC_DRIFT_PPM_MAX || ppm < -TORC_DRIFT_PPM_MAX)
        ppm = ppm > 0 ? TORC_DRIFT_PPM_MAX : -TORC_DRIFT_PPM_MAX;
    return ppm == 0 ? 0 : torc_host_set_drift(host->host, (int32_t)ppm);
}

/* --- by lines ------------------------------------------------------------------------------------- */

static int set_clock(struct torc_host *host, const struct torci_step *step)
{
    if (step->clock_step_ns != 0)
        torc_host_step_clock(host, step->clock_step_ns);
    return step->drift_given ? torc_host_set_drift(host, step->ppm) : 0;
}

void torci_host_do(struct torci_run *run, const struct torci_step *step)
{
    struct torc_host *host = run->hosts[step->host->index].host;
    int code = 0;

    if (step->verb == TORCI_VERB_CLOCK)
        code = set_clock(host, step);
    else if (step->verb == TORCI_VERB_HOST_PAUSE)
        code = torc_host_pause(host, step->for_ns);
    else if (step->verb == TORCI_VERB_STALL)
        code = torc_host_stall(host, step->for_ns);
    else
        torc_host_resume(host);
    if (code == TORC_ECLOSED)
        torci_run_tell(run, "%s is down", step->host->name);
    else if (code != 0)
        torci_report_failure(run, TORC_SCENARIO_FAIL, &step->place, step->host->name, NULL, "%s",
                             torc_error_text(code));
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

static void restarted(struct torci_run *run, const struct torci_place *place,
                      const struct torci_script_host *host, int code)
{
    if (torci_run_is_out_of_memory(run, host, code))
        run->error = code;
    else if (code != 0)
        torci_report_failure(run, TORC_SCENARIO_FAIL, place, host->name, NULL,
                             "the module does not start again: %s", torc_error_text(code));
}

/* What the line wants to be started.  Whether there is that. */
static bool set_module(struct torci_run *run, const struct torci_step *step)
{
    struct torci_host_run *host = &run->hosts[step->host->index];
    const struct torc_module *module = host->module;
    char error[400] = "there is no way to load modules";
    int code = 0;

    if (step->name != NULL)
        code = run->options->load == NULL
                   ? TORC_ENOTFOUND
                   : run->options->load(run->options->load_arg, step->name, &module, error,
                                        sizeof(error));
    if (code != 0) {
        torci_report_failure(run, TORC_SCENARIO_INVALID, &step->place, step->host->name, NULL, "%s",
                             error);
        return false;
    }
    code = torc_host_set_module(host->host, module, step->pairs);
    if (code == TORC_ENOMEM)
        run->error = code;
    else if (code != 0)
        torci_report_failure(run, TORC_SCENARIO_FAIL, &step->place, step->host->name, NULL,
                             "it has never run a module");
    else
        host->module = module;
    return code == 0;
}

void torci_host_do_restart(struct torci_run *run, const struct torci_step *step)
{
    struct torc_host *host = run->hosts[step->host->index].host;
    struct torc_reactor *reactor = torc_host_reactor(host);

    if (reactor != NULL && !torc_reactor_running(reactor))
        torci_run_retire(run, &run->hosts[step->host->index]);
    if (torc_host_up(host))
        torci_run_tell(run, "%s is up already", step->host->name);
    else if ((step->name == NULL && step->pairs == NULL) || set_module(run, step))
        restarted(run, &step->place, step->host, torc_host_restart(host));
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
    restarted(run, NULL, host_of(run, host)->script, code);
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
