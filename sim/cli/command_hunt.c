/* torc hunt: everything there is against one scenario, the cheap first: a plain run, the determinism check, orders and
 * amounts, every single fault, every split where the scenario asks for splits, many faults and delays, every fault for
 * ever, and then seeds until the time is up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign.h"
#include "command.h"
#include "command_list.h"
#include "fault_case.h"
#include "fault_list.h"
#include "found.h"
#include "parallel.h"
#include "scenario_source.h"
#include "sweep_plan.h"

static const char name[] = "hunt";

enum { ROUND_RUNS = 128, SETTINGS_BYTES = 4096 };
#define BUDGET_NS UINT64_C(60000000000)

enum phase_kind { PHASE_PLAIN, PHASE_CHECK, PHASE_SEEDS, PHASE_FAULTS, PHASE_SPLITS, PHASE_FAULTS_FOR_EVER };

struct phase {
    const char *title;
    enum phase_kind kind;
    const char *sites; /* of SEEDS */
    uint64_t seeds;
    unsigned percent; /* of the budget at most; 0: what is left */
};

static const struct phase phases[] = {
    {"as it is", PHASE_PLAIN, NULL, 0, 100},
    {"perturbed", PHASE_CHECK, NULL, 0, 100},
    {"orders and amounts", PHASE_SEEDS, "free", 300, 10},
    {"every single fault", PHASE_FAULTS, NULL, 0, 25},
    {"every split", PHASE_SPLITS, NULL, 0, 10}, /* of scenarios with a `sweep segment` line */
    {"faults, delays, orders", PHASE_SEEDS, "all", 2000, 25},
    {"every fault for ever", PHASE_FAULTS_FOR_EVER, NULL, 0, 15},
    {"orders and delays", PHASE_SEEDS, "free,times", 1000, 10},
    {"seeds until the end", PHASE_SEEDS, "all", UINT64_C(1000000000), 0},
};
enum { PHASE_COUNT = sizeof phases / sizeof phases[0] };

struct hunt {
    struct torci_scenario_source source;
    struct torci_campaign campaign; /* of the present phase */
    const struct torc_scenario *scenario;
    const char *path;
    const char *out;
    unsigned jobs;
    uint64_t budget_ns;
    uint64_t since_ns;
    uint64_t runs;
    uint64_t skipped; /* of those, set aside */
    uint64_t unmet; /* of every run so far */
    const struct phase *phase;
    uint64_t sites;
    size_t first; /* run of the present round */
    uint64_t next_seed;
    struct torci_fault_list faults;
    struct torci_sweep_plan splits;
    bool marks_wanted;
    struct torci_found_shrunk shrunk;
};

static int read_value(void *arg, const char *option, const char *value)
{
    struct hunt *hunt = arg;

    if (strcmp(option, "budget") == 0)
        return torci_read_budget(name, value, &hunt->budget_ns);
    if (strcmp(option, "jobs") == 0)
        return torci_parallel_read_jobs(name, value, &hunt->jobs);
    if (strcmp(option, "marks") == 0)
        hunt->marks_wanted = true;
    else if (strcmp(option, "out") == 0)
        return torci_found_read_out(name, value, &hunt->out);
    else if (strcmp(option, "results") == 0)
        hunt->campaign.results_path = value;
    else
        return torci_option_unread(name, option);
    return 0;
}

static double seconds_since(uint64_t since_ns)
{
    return (double)(torci_monotonic_ns() - since_ns) / 1e9;
}

/* --- one run -------------------------------------------------------------------------------------- */

static struct torc_decision fault_of(const struct hunt *hunt, size_t index)
{
    struct torc_decision fault = hunt->faults.cases[index];

    fault.onwards = hunt->phase->kind == PHASE_FAULTS_FOR_EVER;
    return fault;
}

/* What run `index` of the phase is.  The decider is to be freed.  A fault's run gets it at `fault`. */
static int make_options(struct hunt *hunt, size_t index, struct torc_decision *fault,
                        struct torc_scenario_run_options *out)
{
    torci_scenario_source_run_options(&hunt->source, out);
    out->seed_given = true;
    out->seed = torc_scenario_seed(hunt->scenario);
    switch (hunt->phase->kind) {
    case PHASE_SEEDS:
        out->seed = hunt->next_seed + index;
        return torc_strategy_new(TORC_STRATEGY_PORTFOLIO, out->seed, hunt->sites, &out->decider);
    case PHASE_FAULTS:
    case PHASE_FAULTS_FOR_EVER:
        *fault = fault_of(hunt, index);
        out->decisions = fault;
        out->decision_count = 1;
        return 0;
    case PHASE_SPLITS:
        out->split = &hunt->splits.cases[index].split;
        return 0;
    case PHASE_PLAIN:
    case PHASE_CHECK:
    default:
        return 0;
    }
}

/* Of the present round. */
static void name_index(void *arg, size_t index, char item[TORCI_ITEM_BYTES], uint64_t *out_number)
{
    const struct hunt *hunt = arg;
    struct torc_decision fault;

    *out_number = hunt->first + index;
    if (hunt->phase->kind == PHASE_FAULTS || hunt->phase->kind == PHASE_FAULTS_FOR_EVER) {
        fault = fault_of(hunt, hunt->first + index);
        torci_fault_case_write(&fault, item, TORCI_ITEM_BYTES);
        return;
    }
    if (hunt->phase->kind == PHASE_SPLITS) {
        torci_sweep_case_write(&hunt->splits.cases[hunt->first + index], item, TORCI_ITEM_BYTES);
        return;
    }
    *out_number = hunt->phase->kind == PHASE_SEEDS ? hunt->next_seed + hunt->first + index
                                                   : torc_scenario_seed(hunt->scenario);
    snprintf(item, TORCI_ITEM_BYTES, "%llu", (unsigned long long)*out_number);
}

static int run_index(void *arg, size_t index, struct torci_outcome *out)
{
    struct hunt *hunt = arg;
    struct torc_scenario_run_options options;
    struct torc_scenario_report *report;
    struct torc_decision fault;
    int code = make_options(hunt, hunt->first + index, &fault, &options);
    char item[TORCI_ITEM_BYTES];
    uint64_t number;

    name_index(hunt, index, item, &number);
    torci_campaign_watch(&hunt->campaign, index, number, &options);
    if (code == 0)
        code = torc_scenario_run(hunt->scenario, &options, &report);
    torc_strategy_free(options.decider);
    if (code != 0)
        return code;
    torci_outcome_of(report, out);
    torc_scenario_report_free(report);
    return 0;
}

static void make_label(const struct hunt *hunt, const struct torc_scenario_run_options *options,
                       char *out, size_t size)
{
    const struct torc_decision *fault = options->decisions;

    if (options->split != NULL)
        torci_split_case_label(options->split, out, size);
    else if (options->decision_count == 0)
        snprintf(out, size, "%s%llu", hunt->phase->kind == PHASE_PLAIN ? "plain" : "seed",
                 (unsigned long long)options->seed);
    else
        torci_fault_case_label(fault, out, size);
}

/* Run `index` of the present round. */
static int tell_failure(struct hunt *hunt, const struct torci_outcome *outcome, size_t index)
{
    struct torci_campaign_failure failure;
    struct torc_scenario_run_options options;
    struct torc_decision fault;
    char item[TORCI_ITEM_BYTES];
    uint64_t number;
    char label[160];
    struct torci_found found = {&hunt->source, hunt->scenario, hunt->path,            hunt->out,
                                label,         &options,       TORCI_SHRINK_RUNS_MAX, hunt->campaign.results != NULL};
    int status;

    if (make_options(hunt, hunt->first + index, &fault, &options) != 0)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    make_label(hunt, &options, label, sizeof label);
    status = torci_found_tell(&found, &hunt->shrunk);
    torc_strategy_free(options.decider);
    if (status != TORCI_EXIT_FAIL || hunt->campaign.results == NULL)
        return status;
    name_index(hunt, index, item, &number);
    torci_campaign_failure_of(outcome, item, number, &failure);
    status = torci_campaign_keep(&hunt->campaign, &failure, &hunt->shrunk);
    return status != 0 ? status : TORCI_EXIT_FAIL;
}

/* --- phases --------------------------------------------------------------------------------------- */

/* Runs from hunt->first on.  0; or the status of the first failure.  *out_over: the time is up. */
static int run_round(struct hunt *hunt, size_t count, uint64_t deadline_ns, bool *out_over)
{
    struct torci_outcome *runs = calloc(count, sizeof *runs);
    size_t failure;
    int status;

    if (runs == NULL)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    status = torci_campaign_run(&hunt->campaign, hunt->jobs, run_index, name_index, hunt, runs, count, deadline_ns);
    failure = torci_first_failure(runs, count);
    for (size_t i = 0; i < count && i <= failure; i++) {
        hunt->runs += runs[i].done ? 1 : 0;
        hunt->skipped += torci_outcome_skipped(&runs[i]);
        hunt->unmet &= runs[i].done ? runs[i].unmet : UINT64_MAX;
        *out_over = *out_over || !runs[i].done;
    }
    if (status == 0 && failure < count)
        status = tell_failure(hunt, &runs[failure], failure);
    free(runs);
    return status;
}

static uint64_t deadline_of(const struct hunt *hunt)
{
    uint64_t end_ns = hunt->since_ns + hunt->budget_ns;
    uint64_t own_ns = torci_monotonic_ns() + hunt->budget_ns / 100 * hunt->phase->percent;

    return hunt->phase->percent == 0 || own_ns > end_ns ? end_ns : own_ns;
}

static int run_rounds(struct hunt *hunt, size_t count)
{
    uint64_t deadline_ns = deadline_of(hunt);
    bool over = false;
    int status = 0;

    for (hunt->first = 0; hunt->first < count && status == 0 && !over;
         hunt->first += ROUND_RUNS) {
        size_t left = count - hunt->first;

        status = run_round(hunt, left < ROUND_RUNS ? left : ROUND_RUNS, deadline_ns, &over);
    }
    return status;
}

static int check(struct hunt *hunt)
{
    const char *arguments[2 * TORCI_PARAMS_MAX + 8] = {"check"};
    char params[TORCI_PARAMS_MAX][320];
    int count = 1;
    uint64_t since_ns = torci_monotonic_ns();
    int status;
    int kept;

    if (hunt->source.modules != NULL) {
        arguments[count++] = "--modules";
        arguments[count++] = hunt->source.modules;
    }
    for (size_t i = 0; i < hunt->source.param_count; i++) {
        snprintf(params[i], sizeof params[i], "%s=%s", hunt->source.params[2 * i],
                 hunt->source.params[2 * i + 1]);
        arguments[count++] = "--param";
        arguments[count++] = params[i];
    }
    arguments[count++] = hunt->path;
    hunt->runs += 2;
    status = torci_command_check(count, (char **)(uintptr_t)arguments);
    kept = torci_campaign_add(&hunt->campaign, &(struct torci_results_run){
                                                   "check", 0, "", status == 0 ? "pass" : "differs", "",
                                                   status == 0 ? "" : "a run and a perturbed one are not the same",
                                                   0, 0, 0, torci_monotonic_ns() - since_ns, "", ""});
    return status != 0 ? status : kept;
}

/* What there is to be run in the phase, and how that is told apart from other phases.  Without results, nothing. */
static int open_campaign(struct hunt *hunt)
{
    const struct phase *phase = hunt->phase;
    bool faults = phase->kind == PHASE_FAULTS || phase->kind == PHASE_FAULTS_FOR_EVER;
    bool seeds = phase->kind == PHASE_SEEDS;
    uint64_t first = seeds ? hunt->next_seed : phase->kind == PHASE_PLAIN ? torc_scenario_seed(hunt->scenario) : 0;
    uint64_t count = seeds                          ? phase->seeds
                     : faults                       ? hunt->faults.count
                     : phase->kind == PHASE_SPLITS ? hunt->splits.count
                                                    : 1;
    char shared[SETTINGS_BYTES];
    char settings[SETTINGS_BYTES + 256];
    char arguments[TORCI_REPEATED_BYTES + 256];

    torci_scenario_source_settings(&hunt->source, shared, sizeof shared);
    snprintf(settings, sizeof settings, "phase=%d%s%s%s", (int)(phase - phases) + 1, seeds ? " sites=" : "",
             seeds ? phase->sites : "", shared);
    snprintf(arguments, sizeof arguments, "%s%s%s%s", seeds ? "--strategy portfolio --sites " : "",
             seeds ? phase->sites : "", seeds ? " " : "", hunt->source.repeated);
    return torci_campaign_open(&hunt->campaign, &hunt->source, hunt->scenario,
                               &(struct torci_campaign_plan){hunt->path, settings, arguments, first,
                                                             first + count - (count > 0), phase->title,
                                                             phase->percent == 0 || count == 0});
}

static bool wants_splits(const struct hunt *hunt)
{
    struct torc_scenario_sweeping sweeping;

    torc_scenario_sweep(hunt->scenario, &sweeping);
    return sweeping.segmenting_count > 0;
}

static int list_splits(struct hunt *hunt)
{
    struct torci_sweep_plan *splits = &hunt->splits;
    int status;

    splits->baseline = hunt->faults.baseline;
    splits->shard.count = 1;
    torc_scenario_sweep(hunt->scenario, &splits->sweeping);
    for (unsigned i = 0; torc_fault_classes[i].name != NULL; i++)
        if (!torc_fault_class_is_segment(&torc_fault_classes[i]))
            splits->sweeping.classes &= ~(1u << i);
    status = torci_sweep_plan_check(splits, name);
    if (status == 0 && torci_sweep_plan_make(splits) != 0)
        status = torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    return status;
}

/* Whatever the phase needs, before its first run. */
static int begin_phase(struct hunt *hunt)
{
    bool splits = hunt->phase->kind == PHASE_SPLITS;
    bool faults = hunt->phase->kind == PHASE_FAULTS || hunt->phase->kind == PHASE_FAULTS_FOR_EVER;
    int status;

    if ((faults || splits) && hunt->faults.cases == NULL &&
        torci_fault_list_make(&hunt->source, hunt->scenario, &hunt->faults) != 0)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    status = splits ? list_splits(hunt) : 0;
    return status != 0 ? status : open_campaign(hunt);
}

static int run_phase(struct hunt *hunt)
{
    const char *bad;
    int status;

    switch (hunt->phase->kind) {
    case PHASE_PLAIN:
        return run_rounds(hunt, 1);
    case PHASE_CHECK:
        return check(hunt);
    case PHASE_SEEDS:
        if (torc_decision_sites_parse(hunt->phase->sites, &hunt->sites, &bad) != 0)
            return TORCI_EXIT_INTERNAL;
        status = run_rounds(hunt, hunt->phase->seeds);
        hunt->next_seed += hunt->phase->seeds;
        return status;
    case PHASE_SPLITS:
        return run_rounds(hunt, hunt->splits.count);
    case PHASE_FAULTS:
    case PHASE_FAULTS_FOR_EVER:
    default:
        return run_rounds(hunt, hunt->faults.count);
    }
}

static int run_phases(struct hunt *hunt)
{
    int status = 0;

    hunt->unmet = UINT64_MAX;
    for (size_t i = 0; i < PHASE_COUNT && status == 0; i++) {
        uint64_t runs = hunt->runs;
        uint64_t since_ns = torci_monotonic_ns();

        hunt->phase = &phases[i];
        if (since_ns >= hunt->since_ns + hunt->budget_ns)
            break;
        if (hunt->phase->kind == PHASE_SPLITS && !wants_splits(hunt))
            continue;
        status = begin_phase(hunt);
        if (status != 0) {
            torci_campaign_close(&hunt->campaign);
            hunt->phase = NULL; /* there is none to tell of */
            return status;
        }
        status = run_phase(hunt);
        torci_campaign_close(&hunt->campaign);
        printf("    %-24s %8llu runs %8.2f s\n", hunt->phase->title,
               (unsigned long long)(hunt->runs - runs), seconds_since(since_ns));
    }
    return status;
}

static void tell_end(const struct hunt *hunt, int status)
{
    double found_s = seconds_since(hunt->since_ns) - (double)hunt->shrunk.ns / 1e9;

    printf("%s: ", hunt->path);
    if (status == 0 && hunt->unmet != 0 && hunt->runs > 0)
        printf("a `sometimes` was never true in");
    else if (status == 0)
        printf("nothing found in");
    else
        printf("%s (%s) after", status == TORCI_EXIT_USAGE ? "invalid" : "found", hunt->phase->title);
    printf(" %llu runs, %.2f s", (unsigned long long)hunt->runs, found_s);
    if (hunt->shrunk.lines > 0)
        printf("; shrunk to %zu lines in %zu runs, %.2f s", hunt->shrunk.lines, hunt->shrunk.runs,
               (double)hunt->shrunk.ns / 1e9);
    putchar('\n');
    torci_tell_skipped(hunt->skipped, hunt->runs);
}

static int hunt_scenario(struct hunt *hunt)
{
    char error[TORCI_SOURCE_ERROR_BYTES];
    struct torc_scenario_exploration exploration;
    struct torc_scenario *scenario;
    int status = torci_scenario_source_parse(&hunt->source, hunt->path, NULL, 0, &scenario, error);

    if (status != 0) {
        fputs(error, stderr);
        return status;
    }
    hunt->scenario = scenario;
    hunt->jobs = torci_parallel_jobs(hunt->jobs);
    hunt->since_ns = torci_monotonic_ns();
    hunt->next_seed = 1;
    torc_scenario_explore(scenario, &exploration);
    hunt->marks_wanted = hunt->marks_wanted || exploration.marks;
    status = torci_campaign_list_marks(&hunt->campaign, &hunt->source, scenario, hunt->marks_wanted);
    if (status == 0) {
        status = run_phases(hunt);
        if (status != TORCI_EXIT_INTERNAL && hunt->phase != NULL)
            tell_end(hunt, status);
    }
    if (status == 0 && hunt->marks_wanted && torci_mark_catalogue_tell(&hunt->campaign.marks) > 0)
        status = TORCI_EXIT_UNMET;
    if (status == 0 && hunt->unmet != 0 && hunt->runs > 0)
        status = TORCI_EXIT_UNMET;
    torci_mark_catalogue_free(&hunt->campaign.marks);
    torci_found_free(&hunt->shrunk);
    torci_sweep_plan_free(&hunt->splits);
    torci_fault_list_free(&hunt->faults);
    torc_scenario_free(scenario);
    return status;
}

int torci_command_hunt(int argc, char **argv)
{
    struct hunt *hunt = calloc(1, sizeof(*hunt));
    bool done = false;
    int status;

    if (hunt == NULL)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    hunt->source.command = name;
    hunt->campaign.command = name;
    hunt->campaign.shard.count = 1;
    hunt->budget_ns = BUDGET_NS;
    status = torci_scenario_source_arguments(
        &hunt->source, argc, argv,
        &(struct torci_command_options){&torci_table_hunt, read_value, hunt, NULL}, &hunt->path, &done);
    if (status == 0 && !done)
        status = hunt_scenario(hunt);
    torci_scenario_source_free(&hunt->source);
    free(hunt);
    return status;
}
