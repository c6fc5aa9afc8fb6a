#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "fault_case.h"
#include "found.h"
#include "sweep.h"

enum { SHOWN_MAX = 10 };

/* --- failures ------------------------------------------------------------------------------------- */

static bool is_right(const struct torci_outcome *outcome)
{
    return outcome->verdict == TORC_SCENARIO_PASS || torci_outcome_skipped(outcome);
}

static bool seen_before(const struct torci_outcome *outcomes, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (outcomes[i].done && !is_right(&outcomes[i]) &&
            outcomes[i].verdict == outcomes[index].verdict &&
            outcomes[i].identity == outcomes[index].identity)
            return true;
    return false;
}

/* A fault is a decision like those that were given, for who shrinks. */
static int shrink_case(struct torci_sweep *sweep, struct torci_found *found, struct torci_found_shrunk *out)
{
    struct torc_scenario_run_options *options = found->options;
    struct torc_decision *decisions = calloc(options->decision_count + 1, sizeof *decisions);
    int status;

    memset(out, 0, sizeof *out);
    if (decisions == NULL)
        return torci_command_error(sweep->source.command, TORCI_EXIT_INTERNAL, "out of memory");
    if (options->decision_count > 0)
        memcpy(decisions, options->decisions, options->decision_count * sizeof *decisions);
    if (options->fault != NULL)
        decisions[options->decision_count++] = *options->fault;
    options->decisions = decisions;
    options->fault = NULL;
    options->seed_given = true;
    options->seed = sweep->plan.baseline->seed;
    status = torci_found_shrink(found, out);
    free(decisions);
    return status;
}

/* Shrinks it, if there is a folder for that, and keeps what it is, if there are results.  0, or an exit status. */
static int keep_case(struct torci_sweep *sweep, const struct torci_outcome *outcome, size_t index, const char *text)
{
    const struct torci_sweep_case *one = &sweep->plan.cases[index];
    bool results = sweep->campaign.results != NULL;
    struct torc_scenario_run_options options;
    struct torci_campaign_failure failure;
    struct torci_found_shrunk shrunk;
    char label[160];
    struct torci_found found = {&sweep->source, sweep->scenario, sweep->path,           sweep->out,
                                label,          &options,        TORCI_SHRINK_RUNS_MAX, results};
    int status;

    if (!results && sweep->out == NULL)
        return 0;
    torci_sweep_run_options(sweep, one, &options);
    if (one->fault.site != NULL)
        torci_fault_case_label(&one->fault, label, sizeof label);
    else
        torci_split_case_label(&one->split, label, sizeof label);
    status = sweep->out != NULL ? shrink_case(sweep, &found, &shrunk) : torci_found_look(&found, &shrunk);
    torci_campaign_failure_of(outcome, text, torci_sweep_number(sweep, index), &failure);
    if (status == 0 && results)
        status = torci_campaign_keep(&sweep->campaign, &failure, &shrunk);
    torci_found_free(&shrunk);
    return status;
}

/* The first of its kind, with what reproduces it. */
static void tell_case(struct torci_sweep *sweep, const struct torci_outcome *outcome, size_t index)
{
    struct torc_scenario_report *report = NULL;
    char text[256];

    torci_sweep_case_write(&sweep->plan.cases[index], text, sizeof text);
    if (outcome->verdict < 0) {
        printf("fail     %s: the run ended its process (%s)\n", text,
               torci_outcome_end(outcome));
    } else if (torci_sweep_run(sweep, &sweep->plan.cases[index], &report) == 0) {
        printf("%-7s  %s: %s\n", torc_scenario_verdict_name(report->verdict), text,
               report->failure_count > 0 ? report->failures[0].message : "");
        if (report->failure_count > 0 && report->failures[0].detail[0] != '\0')
            printf("         %.*s\n", (int)strcspn(report->failures[0].detail, "\n"),
                   report->failures[0].detail);
        torc_scenario_report_free(report);
    }
    printf("    reproduce: torc run --%s %s %s%s\n", torci_case_option(text), text,
           sweep->source.repeated, sweep->path);
    if (sweep->keep_status == 0)
        sweep->keep_status = keep_case(sweep, outcome, index, text);
}

static size_t tell_failures(struct torci_sweep *sweep, const struct torci_outcome *outcomes)
{
    size_t failed = 0;
    size_t shown = 0;

    for (size_t i = 0; i < sweep->plan.count; i++) {
        if (!outcomes[i].done || is_right(&outcomes[i]))
            continue;
        failed++;
        if (shown < SHOWN_MAX && !seen_before(outcomes, i)) {
            tell_case(sweep, &outcomes[i], i);
            shown++;
        }
    }
    return failed;
}

/* --- counts --------------------------------------------------------------------------------------- */

static void tell_class(const struct torci_sweep *sweep, const struct torci_outcome *outcomes, int number)
{
    const struct torci_sweep_plan *plan = &sweep->plan;
    bool splits = number == torci_sweep_plan_class(plan, NULL, 0);
    size_t cases = 0;
    size_t done = 0;
    size_t failed = 0;

    for (size_t i = 0; i < plan->count; i++) {
        if (torci_sweep_plan_class(plan, plan->cases[i].fault.site, plan->cases[i].fault.value) != number)
            continue;
        cases++;
        done += outcomes[i].done ? 1 : 0;
        failed += outcomes[i].done && !is_right(&outcomes[i]) ? 1 : 0;
    }
    printf("    %-8s %8llu %s, %8zu cases, %8zu run, %6zu failed, %zu left", torc_fault_classes[number].name,
           (unsigned long long)torci_sweep_plan_operations(plan, number), splits ? "bytes     " : "operations",
           cases, done, failed, cases - done);
    if (plan->sweeping.equivalent_once && !splits)
        printf(", %llu equivalent", (unsigned long long)plan->equivalent[number]);
    putchar('\n');
}

static void tell_counts(const struct torci_sweep *sweep, const struct torci_outcome *outcomes)
{
    uint64_t skipped = 0;

    for (size_t i = 0; i < sweep->plan.count; i++)
        skipped += torci_outcome_skipped(&outcomes[i]);
    for (int i = 0; torc_fault_classes[i].name != NULL; i++)
        if ((sweep->plan.sweeping.classes >> i & 1) != 0)
            tell_class(sweep, outcomes, i);
    torci_tell_skipped(skipped, sweep->plan.count);
}

static uint64_t sum(const uint64_t counts[TORCI_CLASSES_MAX])
{
    uint64_t all = 0;

    for (size_t i = 0; i < TORCI_CLASSES_MAX; i++)
        all += counts[i];
    return all;
}

/* Of all shards: what of all the cases there are is not among those above. */
static void tell_left_out(const struct torci_sweep_plan *plan)
{
    uint64_t wanted = sum(plan->wanted);
    uint64_t equivalent = sum(plan->equivalent);

    if (plan->sweeping.equivalent_once)
        printf("    not run: %llu cases of %llu, which are equivalent to others\n", (unsigned long long)equivalent,
               (unsigned long long)wanted + (unsigned long long)equivalent);
    if (plan->sample > 0)
        printf("    a sample: %llu cases of %llu, seed %llu\n", (unsigned long long)plan->all_count,
               (unsigned long long)wanted, (unsigned long long)plan->sample_seed);
    for (int i = 0; torc_fault_classes[i].name != NULL; i++)
        if ((plan->sweeping.named & plan->sweeping.classes & 1u << i) != 0 && plan->wanted[i] == 0)
            printf("    of %s, which was asked for, there is no case\n", torc_fault_classes[i].name);
}

int torci_sweep_tell(struct torci_sweep *sweep, const struct torci_outcome *outcomes, double seconds)
{
    size_t failed = tell_failures(sweep, outcomes);
    size_t left = 0;
    int status;

    for (size_t i = 0; i < sweep->plan.count; i++)
        left += outcomes[i].done ? 0 : 1;
    printf("%s: %zu cases, %zu failed, %zu left, %.2f s, %.0f cases/s\n", sweep->path,
           sweep->plan.count - left, failed, left, seconds,
           seconds > 0 ? (double)(sweep->plan.count - left) / seconds : 0.0);
    tell_left_out(&sweep->plan);
    tell_counts(sweep, outcomes);
    status = torci_campaign_tell(&sweep->campaign);
    if (status == 0)
        status = sweep->keep_status;
    if (status != 0 || sweep->campaign.differed > 0)
        return status != 0 ? status : TORCI_EXIT_NONDETERMINISM;
    return failed > 0 ? TORCI_EXIT_FAIL : left > 0 ? TORCI_EXIT_BUDGET : 0;
}
