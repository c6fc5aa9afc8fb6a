/* A run: the world made from the declarations, and the loop that takes lines, windows and events in the order
 * of their times. */
#include <stdarg.h>
#include <string.h>

#include <torc/format.h>

#include "scenario_run.h"

#define SETTLE_NS UINT64_C(1000000000)
enum { EVENTS_AT_ONE_TIME_MAX = 200000 };

void torc_scenario_run_options_init(struct torc_scenario_run_options *options)
{
    memset(options, 0, sizeof(*options));
    options->size = sizeof(*options);
}

bool torci_run_failed(const struct torci_run *run)
{
    return run->error != 0 || run->report->verdict != TORC_SCENARIO_PASS;
}

uint64_t torci_run_now(const struct torci_run *run)
{
    return run->world != NULL ? torc_world_now(run->world) : 0;
}

void torci_run_tell(struct torci_run *run, const char *format, ...)
{
    char text[700];
    char now[40];
    size_t used;
    va_list arguments;

    if (run->options->tell == NULL)
        return;
    torci_show_duration(now, sizeof(now), torci_run_now(run));
    used = torc_format(text, sizeof(text), "%12s  ", now);
    va_start(arguments, format);
    torc_format_list(text + used, sizeof(text) - used, format, arguments);
    va_end(arguments);
    run->options->tell(run->options->tell_arg, text);
}

/* --- the world ------------------------------------------------------------------------------------ */

static void observe_log(struct torc_log_observer *self, const struct torc_log_event *event)
{
    struct torci_host_run *host =
        (struct torci_host_run *)(void *)((char *)self - offsetof(struct torci_host_run, observer));

    if (event->level == TORC_LOG_CRITICAL && event->failure != NULL &&
        strcmp(event->message, "unhandled failure") == 0)
        torci_sweep_unhandled(host->run, event->failure);
    if (event->level >= TORC_LOG_INFO)
        torci_run_tell(host->run, "%s logs %s: %s: %s", host->script->name,
                       torc_log_level_name(event->level), event->name_space, event->message);
}

static int add_peer(struct torci_run *run, struct torci_host_run *host)
{
    struct torci_peer *peer = torci_pile_alloc(&run->pile, sizeof(*peer));
    int code;

    if (peer == NULL)
        return TORC_ENOMEM;
    peer->run = run;
    peer->script = host->script;
    code = torci_world_add_raw_host(run->world, host->script->name, torci_peer_turn, peer,
                                    &host->host);
    if (code != 0)
        return code;
    peer->host = host->host;
    peer->platform = torci_host_platform(host->host);
    host->peer = peer;
    return 0;
}

static int add_hosts(struct torci_run *run)
{
    for (const struct torci_script_host *script = run->scenario->hosts; script;
         script = script->next) {
        struct torci_host_run *host = &run->hosts[script->index];
        struct torc_host_options options = TORC_HOST_OPTIONS_INIT;
        int code;

        host->run = run;
        host->script = script;
        host->observer.emit = observe_log;
        options.observer = &host->observer;
        options.handles_max = script->settings.handles_max;
        options.memory_bytes_max = script->settings.memory_bytes_max;
        code = script->module == NULL
                   ? add_peer(run, host)
                   : torc_world_add_host(run->world, script->name, &options, &host->host);
        if (code == TORC_ENOMEM && script->settings.memory_bytes_max > 0) {
            torci_report_failure(run, TORC_SCENARIO_INVALID, &script->place, script->name, NULL,
                                 "a host needs more memory than that to be up");
            return 0;
        }
        if (code == 0)
            code = torci_host_set_clock(run, host);
        if (code != 0)
            return code;
    }
    return 0;
}

/* --- modules -------------------------------------------------------------------------------------- */

static void start_modules(struct torci_run *run)
{
    for (const struct torci_script_host *script = run->scenario->hosts; script;
         script = script->next) {
        const struct torc_module *module = NULL;
        char error[400] = "there is no way to load modules";
        int code = TORC_ENOTFOUND;

        if (script->module == NULL)
            continue;
        if (run->options->load != NULL)
            code = run->options->load(run->options->load_arg, script->module, &module, error,
                                      sizeof(error));
        if (code == 0 &&
            !(torci_probes_check(run, script, module) && torci_calls_check(run, script, module)))
            return;
        run->hosts[script->index].module = code == 0 ? module : NULL;
        if (code == 0)
            code = torc_host_start_module(run->hosts[script->index].host, module, script->pairs,
                                          error, sizeof(error));
        if (code != 0) {
            torci_report_failure(run, TORC_SCENARIO_INVALID, &script->place, script->name, NULL,
                                 "%s", error);
            if (torci_run_failed(run))
                return;
        }
    }
    torci_probes_check_each(run);
}

/* What somebody wants to know of it besides the report. */
static void tell_notes(const struct torci_run *run)
{
    const struct torc_scenario_run_options *options = run->options;

    if (options->held != NULL)
        torc_world_marks(run->world, options->held, options->held_arg);
    if (options->behaved != NULL)
        torc_trace_behaviours(run->trace, options->behaved, options->behaved_arg);
}

static int make_world(struct torci_run *run)
{
    struct torc_world_options options;
    int code = torc_trace_new(run->options->trace, run->options->trace_arg, &run->trace);

    if (code != 0)
        return code;
    if (run->options->trace_hashes)
        torc_trace_show_hash(run->trace);
    if (run->options->behaved != NULL) {
        code = torc_trace_keep_behaviours(run->trace);
        if (code != 0)
            return code;
    }
    torc_world_options_init(&options);
    code = torci_run_make_decider(run, &options.decider);
    if (code != 0)
        return code;
    options.perturb = run->options->perturb;
    options.seed = run->report->seed;
    options.trace = run->trace;
    code = torc_world_new(&options, &run->world);
    if (code != 0)
        return code;
    torci_hosts_watch(run);
    code = add_hosts(run);
    if (code != 0 || torci_run_failed(run))
        return code;
    code = torci_run_set_links(run);
    if (code == 0)
        code = torci_run_set_names(run);
    if (code == 0)
        code = torci_disasters_arm(run);
    if (code == 0 && !torci_run_failed(run))
        start_modules(run);
    return code;
}

/* --- the loop ------------------------------------------------------------------------------------- */

/* At the line that waits longest, if one does. */
static void fail_limit(struct torci_run *run, const char *sentence)
{
    const struct torci_place *place = NULL;

    for (size_t i = 0; i < run->scenario->step_count && place == NULL; i++)
        if (run->steps[i].state == TORCI_STEP_ARMED)
            place = &run->steps[i].step->place;
    torci_report_failure(run, TORC_SCENARIO_LIMIT, place, NULL, NULL, "%s%s", sentence,
                         place != NULL ? ", and this is still waited for" : "");
}

/* What waits without end is unmet, as at the end: a fault may let it go. */
static void reach_time_limit(struct torci_run *run, uint64_t next_ns)
{
    if (torci_run_is_faulty(run) && next_ns == TORC_NEVER)
        torci_expect_at_end(run);
    else
        fail_limit(run, "the limit of virtual time is reached (a line 'limit time=' sets it)");
}

/* What a trigger does may be the moment for another one. */
static void look_at_conditions(struct torci_run *run)
{
    torci_assumptions_look(run);
    do {
        if (!torci_run_failed(run))
            torci_assertions_look(run);
    } while (!torci_run_failed(run) && torci_triggers_look(run));
}

static void look(struct torci_run *run)
{
    torci_disasters_look(run);
    torci_answers_look(run);
    torci_expect_look(run);
    look_at_conditions(run);
}

void torci_run_step_world(struct torci_run *run)
{
    uint64_t before_ns = torci_run_now(run);
    int code = torc_world_step(run->world);

    if (code != 0 && code != TORC_ENOTFOUND) {
        run->error = code;
        return;
    }
    run->events++;
    run->events_at_one_time = torci_run_now(run) == before_ns ? run->events_at_one_time + 1 : 0;
    if (run->events_at_one_time > EVENTS_AT_ONE_TIME_MAX)
        torci_report_failure(run, TORC_SCENARIO_STUCK, NULL, NULL, NULL,
                             "events go on and on, and time does not");
    else if (run->events > run->scenario->limit_events)
        fail_limit(run, "the limit of events is reached (a line 'limit events=' sets it)");
    else if (!run->asking_kept)
        look(run);
}

void torci_run_until(struct torci_run *run, uint64_t until_ns)
{
    enum torc_verdict verdict;

    while (!torci_run_failed(run) && torc_world_next_at(run->world) <= until_ns)
        torci_run_step_world(run);
    if (!torci_run_failed(run) && torci_run_now(run) < until_ns)
        run->error = torc_world_run(run->world, until_ns, &verdict);
}

/* Whether nothing of the timeline is left that does not wait for the world without end. */
static bool is_over(const struct torci_run *run, uint64_t world_ns)
{
    return torci_expect_only_conditions(run) && !torci_steps_waiting(run) &&
           world_ns > torci_triggers_wait_until(run);
}

/* One line or one end of a window, whichever is first.  Whether there was one. */
static bool do_next(struct torci_run *run)
{
    struct torci_step_run *step = torci_steps_next(run);
    uint64_t step_ns = step != NULL ? step->due_ns : TORC_NEVER;
    uint64_t window_ns = torci_expect_next_end(run);
    uint64_t next_ns = step_ns <= window_ns ? step_ns : window_ns;
    uint64_t world_ns = torc_world_next_at(run->world);
    uint64_t limit_ns = run->scenario->limit_time_ns;

    if (next_ns == TORC_NEVER &&
        (world_ns == TORC_NEVER || !(torci_expect_any(run) || torci_steps_waiting(run) ||
                                     world_ns <= torci_triggers_wait_until(run))))
        return false;
    if (next_ns == TORC_NEVER && !run->over && is_over(run, world_ns)) {
        (void)torci_timeline_over(run);
        return true;
    }
    if ((next_ns < world_ns ? next_ns : world_ns) > limit_ns) {
        torci_run_until(run, limit_ns);
        reach_time_limit(run, next_ns);
        return false;
    }
    if (world_ns <= next_ns) {
        torci_run_step_world(run);
        return true;
    }
    torci_run_until(run, next_ns);
    if (torci_run_failed(run))
        return false;
    if (step_ns <= window_ns)
        torci_step_do(run, step);
    else
        torci_expect_close_windows(run, window_ns);
    look_at_conditions(run);
    return true;
}

static void settle(struct torci_run *run)
{
    uint64_t until_ns = torci_run_now(run) + SETTLE_NS;

    while (!torci_run_failed(run) && torc_world_next_at(run->world) <= until_ns)
        torci_run_step_world(run);
}

static int prepare(struct torci_run *run)
{
    const struct torc_scenario *scenario = run->scenario;
    struct torci_pile *pile = &run->pile;
    int code;

    run->hosts = torci_pile_alloc(pile, scenario->host_count * sizeof(*run->hosts));
    run->labels = torci_pile_alloc(pile, scenario->label_count * sizeof(*run->labels));
    run->steps = torci_pile_alloc(pile, scenario->step_count * sizeof(*run->steps));
    run->slots = torci_pile_alloc(
        pile, scenario->slot_count * (scenario->host_count + 1) * sizeof(*run->slots));
    run->sql = torci_pile_alloc(pile, scenario->slot_count * sizeof(*run->sql));
    run->faults = torci_pile_alloc(pile, scenario->fault_count * sizeof(*run->faults));
    run->sometimes_held = torci_pile_alloc(pile, scenario->assertion_count * sizeof(bool));
    run->rands = torci_pile_alloc(pile, scenario->rand_count * sizeof(*run->rands));
    run->fired = torci_pile_alloc(pile, scenario->trigger_count * sizeof(bool));
    if (run->hosts == NULL || run->labels == NULL || run->steps == NULL || run->slots == NULL ||
        run->sql == NULL || run->faults == NULL || run->sometimes_held == NULL ||
        run->fired == NULL || run->rands == NULL)
        return TORC_ENOMEM;
    for (const struct torci_step *step = scenario->steps; step != NULL; step = step->next) {
        run->steps[step->index].step = step;
        if (step->time.kind == TORCI_TIME_END)
            run->steps[step->index].state = TORCI_STEP_AT_END;
        else if (step->time.kind == TORCI_TIME_LAST)
            run->steps[step->index].state = TORCI_STEP_LAST;
    }
    code = make_world(run);
    if (code == 0)
        torci_steps_anchor(run, NULL, false, 0);
    return code;
}

static void clean_up(struct torci_run *run)
{
    for (size_t i = 0; run->labels != NULL && i < run->scenario->label_count; i++)
        if (run->labels[i].connection != NULL)
            torci_connection_free(run->labels[i].connection);
    torci_sql_free(run);
    torc_world_free(run->world);
    torc_trace_free(run->trace);
    torc_decision_list_free(run->decisions);
    torci_sweep_free(run);
    torci_pile_free(&run->pile);
}

int torc_scenario_run(const struct torc_scenario *scenario,
                      const struct torc_scenario_run_options *options,
                      struct torc_scenario_report **out)
{
    struct torci_run run = {.scenario = scenario, .options = options, .leaks = -1};
    int code = torci_report_new(&run.report, &run.report_pile);

    if (code != 0)
        return code;
    run.report->seed = options->seed_given ? options->seed : scenario->seed;
    code = prepare(&run);
    if (code != 0)
        run.error = code;
    if (!torci_run_failed(&run))
        look(&run);
    while (!torci_run_failed(&run) && (do_next(&run) || torci_timeline_over(&run)))
        continue;
    if (!torci_run_failed(&run))
        settle(&run);
    if (!torci_run_failed(&run))
        torci_run_finish(&run);
    torci_assumptions_look(&run);
    if (run.error == 0)
        run.error = torc_trace_error(run.trace);
    if (run.error == 0) {
        run.report->t_ns = torci_run_now(&run);
        run.report->events = run.events;
        torc_trace_digest(run.trace, run.report->digest);
        run.error = torci_run_report_decisions(&run);
    }
    if (run.error == 0 && run.world != NULL)
        run.error = torci_sweep_report(&run);
    if (run.error == 0 && run.world != NULL)
        run.error = torci_segments_report(&run);
    if (run.error == 0 && run.world != NULL && run.report->verdict != TORC_SCENARIO_SKIPPED)
        tell_notes(&run);
    clean_up(&run);
    if (run.error != 0) {
        torc_scenario_report_free(run.report);
        return run.error;
    }
    *out = run.report;
    return 0;
}
