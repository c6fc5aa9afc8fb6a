/* torc sweep: fails every operation of a scenario in turn, and splits its streams.  A first run counts what could fail,
 * question by question, and bytes; then each case is a run with one decision more, or one split, in a process that may
 * crash.  With a fault it is not asked whether expectations hold, with a split it is; nothing may crash, leak, get
 * stuck or be left unhandled, and what `always` and `never` say must hold. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "command_list.h"
#include "found.h"
#include "sweep.h"

static const char name[] = "sweep";
enum { SETTINGS_BYTES = 4096 };

/* --- arguments ------------------------------------------------------------------------------------ */

static int read_classes(struct torci_sweep *sweep, const char *value)
{
    const char *bad;

    sweep->classes_given = true;
    if (torc_fault_classes_parse(value, &sweep->plan.sweeping.classes, &bad) == 0) {
        sweep->plan.sweeping.named = sweep->plan.sweeping.classes;
        return 0;
    }
    return torci_choice_error(&torci_table_sweep, "fault", bad);
}

static int read_sample(struct torci_sweep *sweep, const char *value)
{
    char *end = NULL;

    sweep->plan.sample_seed = 1;
    sweep->plan.sample = value[0] >= '0' && value[0] <= '9' ? strtoull(value, &end, 10) : 0;
    if (sweep->plan.sample > 0 && *end == ':')
        return torci_read_number(name, "sample", end + 1, &sweep->plan.sample_seed);
    return sweep->plan.sample > 0 && sweep->plan.sample <= UINT32_MAX && *end == '\0'
               ? 0
               : torci_usage_error(name, "--sample: '%s' is no number of cases: N or N:SEED", value);
}

static int read_value(void *arg, const char *option, const char *value)
{
    struct torci_sweep *sweep = arg;
    struct torc_scenario_sweeping *sweeping = &sweep->plan.sweeping;

    if (strcmp(option, "fault") == 0)
        return read_classes(sweep, value);
    if (strcmp(option, "mode") == 0) {
        sweep->modes_given = true;
        return torc_sweep_parse_modes(value, &sweeping->once, &sweeping->persist) == 0
                   ? 0
                   : torci_choice_error(&torci_table_sweep, option, value);
    }
    if (strcmp(option, "k") == 0) {
        sweep->numbers_given = true;
        return torc_sweep_parse_numbers(value, &sweeping->first, &sweeping->last) == 0
                   ? 0
                   : torci_usage_error(name, "--k: '%s' is none of A, A.. and A..B, from 1", value);
    }
    if (strcmp(option, "equivalent") == 0) {
        sweep->equivalent_given = true;
        return torc_sweep_parse_equivalent(value, &sweeping->equivalent_once) == 0
                   ? 0
                   : torci_choice_error(&torci_table_sweep, option, value);
    }
    if (strcmp(option, "budget") == 0) {
        sweep->budget_given = true;
        return torci_read_budget(name, value, &sweeping->budget_ns);
    }
    if (strcmp(option, "sample") == 0)
        return read_sample(sweep, value);
    if (strcmp(option, "out") == 0)
        return torci_found_read_out(name, value, &sweep->out);
    if (strcmp(option, "jobs") == 0)
        return torci_parallel_read_jobs(name, value, &sweep->jobs);
    if (strcmp(option, "seed") != 0)
        return torci_option_unread(name, option);
    sweep->seed_given = true;
    torci_scenario_source_repeat(&sweep->source, option, value);
    return torci_read_number(name, "seed", value, &sweep->seed);
}

/* What was not given comes from the scenario. */
static void settle(struct torci_sweep *sweep)
{
    struct torc_scenario_sweeping *sweeping = &sweep->plan.sweeping;
    struct torc_scenario_sweeping written;

    torc_scenario_sweep(sweep->scenario, &written);
    if (!sweep->classes_given) {
        sweeping->classes = written.classes;
        sweeping->named = written.named;
    }
    if (!sweep->modes_given) {
        sweeping->once = written.once;
        sweeping->persist = written.persist;
    }
    if (!sweep->numbers_given) {
        sweeping->first = written.first;
        sweeping->last = written.last;
    }
    if (!sweep->equivalent_given)
        sweeping->equivalent_once = written.equivalent_once;
    if (!sweep->budget_given)
        sweeping->budget_ns = written.budget_ns;
    sweeping->segmentings = written.segmentings;
    sweeping->segmenting_count = written.segmenting_count;
}

/* --- runs ----------------------------------------------------------------------------------------- */

void torci_sweep_run_options(struct torci_sweep *sweep, const struct torci_sweep_case *one,
                             struct torc_scenario_run_options *out)
{
    torci_scenario_source_run_options(&sweep->source, out);
    out->seed_given = sweep->seed_given;
    out->seed = sweep->seed;
    out->fault = one != NULL && one->fault.site != NULL ? &one->fault : NULL;
    out->split = one != NULL && one->fault.site == NULL ? &one->split : NULL;
    out->count_questions = one == NULL;
}

int torci_sweep_run(struct torci_sweep *sweep, const struct torci_sweep_case *one,
                    struct torc_scenario_report **out)
{
    struct torc_scenario_run_options options;

    torci_sweep_run_options(sweep, one, &options);
    return torc_scenario_run(sweep->scenario, &options, out);
}

uint64_t torci_sweep_number(const struct torci_sweep *sweep, size_t index)
{
    return sweep->campaign.shard.index + index * sweep->campaign.shard.count;
}

static int run_case(void *arg, size_t index, struct torci_outcome *out)
{
    struct torci_sweep *sweep = arg;
    struct torc_scenario_run_options options;
    struct torc_scenario_report *report;
    int code;

    torci_sweep_run_options(sweep, &sweep->plan.cases[index], &options);
    torci_campaign_watch(&sweep->campaign, index, torci_sweep_number(sweep, index), &options);
    code = torc_scenario_run(sweep->scenario, &options, &report);
    if (code != 0)
        return code;
    torci_outcome_of(report, out);
    out->unmet = 0; /* asked of the run without a fault */
    if (out->verdict == TORC_SCENARIO_UNMET)
        out->verdict = TORC_SCENARIO_PASS;
    torc_scenario_report_free(report);
    return 0;
}

static void name_case(void *arg, size_t index, char item[TORCI_ITEM_BYTES], uint64_t *out_number)
{
    const struct torci_sweep *sweep = arg;

    *out_number = torci_sweep_number(sweep, index);
    torci_sweep_case_write(&sweep->plan.cases[index], item, TORCI_ITEM_BYTES);
}

/* Without its budget, all cases; so that their numbers mean the same, what they are is a setting. */
static int open_campaign(struct torci_sweep *sweep)
{
    char settings[SETTINGS_BYTES];
    const struct torc_scenario_sweeping *sweeping = &sweep->plan.sweeping;
    int used = snprintf(settings, sizeof settings, "seed=%llu classes=%u once=%d persist=%d k=%llu..%llu",
                        (unsigned long long)sweep->plan.baseline->seed, sweeping->classes, sweeping->once, sweeping->persist,
                        (unsigned long long)sweeping->first, (unsigned long long)sweeping->last);

    if (sweeping->equivalent_once)
        used += snprintf(settings + used, sizeof settings - (size_t)used, " equivalent=once");
    if (sweep->plan.sample > 0)
        used += snprintf(settings + used, sizeof settings - (size_t)used, " sample=%llu:%llu",
                         (unsigned long long)sweep->plan.sample, (unsigned long long)sweep->plan.sample_seed);
    torci_scenario_source_settings(&sweep->source, settings + used, sizeof settings - (size_t)used);
    return torci_campaign_open(&sweep->campaign, &sweep->source, sweep->scenario,
                               &(struct torci_campaign_plan){sweep->path, settings, sweep->source.repeated, 0,
                                                             sweep->plan.all_count - (sweep->plan.all_count > 0), NULL, false});
}

static int run_cases(struct torci_sweep *sweep)
{
    uint64_t since_ns = torci_monotonic_ns();
    uint64_t budget_ns = sweep->plan.sweeping.budget_ns;
    struct torci_outcome *outcomes = NULL;
    int status;

    sweep->plan.shard = sweep->campaign.shard;
    if (torci_sweep_plan_make(&sweep->plan) == 0)
        outcomes = calloc(sweep->plan.count + 1, sizeof *outcomes);
    if (outcomes == NULL)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    status = torci_campaign_list_marks(&sweep->campaign, &sweep->source, sweep->scenario, false);
    if (status == 0)
        status = open_campaign(sweep);
    if (status == 0)
        status = torci_campaign_run(&sweep->campaign, torci_parallel_jobs(sweep->jobs), run_case, name_case, sweep,
                                    outcomes, sweep->plan.count, budget_ns != 0 ? since_ns + budget_ns : 0);
    if (status == 0)
        status = torci_sweep_tell(sweep, outcomes, (double)(torci_monotonic_ns() - since_ns) / 1e9);
    free(outcomes);
    return status;
}

static int sweep_scenario(struct torci_sweep *sweep)
{
    char error[TORCI_SOURCE_ERROR_BYTES];
    struct torc_scenario *scenario;
    struct torc_scenario_report *baseline;
    int status = torci_scenario_source_parse(&sweep->source, sweep->path, NULL, 0, &scenario, error);

    if (status != 0) {
        fputs(error, stderr);
        return status;
    }
    sweep->scenario = scenario;
    settle(sweep);
    if (torci_sweep_run(sweep, NULL, &baseline) != 0) {
        torc_scenario_free(scenario);
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    }
    sweep->plan.baseline = baseline;
    if (baseline->verdict != TORC_SCENARIO_PASS) {
        status = torci_command_error(name, TORCI_EXIT_USAGE,
                                     "%s does not pass without a fault: %s; see torc run", sweep->path,
                                     baseline->failure_count > 0 ? baseline->failures[0].message : "");
    } else {
        status = torci_sweep_plan_check(&sweep->plan, name);
        if (status == 0)
            status = run_cases(sweep);
    }
    torci_campaign_close(&sweep->campaign);
    torci_mark_catalogue_free(&sweep->campaign.marks);
    torc_scenario_report_free(baseline);
    torc_scenario_free(scenario);
    torci_sweep_plan_free(&sweep->plan);
    return status;
}

int torci_command_sweep(int argc, char **argv)
{
    struct torci_sweep *sweep = calloc(1, sizeof(*sweep));
    bool done = false;
    int status;

    if (sweep == NULL)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    sweep->source.command = name;
    sweep->campaign.command = name;
    status = torci_scenario_source_arguments(
        &sweep->source, argc, argv,
        &(struct torci_command_options){&torci_table_sweep, read_value, sweep, &sweep->campaign}, &sweep->path, &done);
    if (status == 0 && !done)
        status = sweep_scenario(sweep);
    torci_scenario_source_free(&sweep->source);
    free(sweep);
    return status;
}
