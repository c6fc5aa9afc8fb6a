/* scenario_decider.c - who decides what a run leaves open, and what was decided. */
#include <string.h>

#include "scenario_run.h"

static int add_all(struct torc_decision_list *list, const struct torc_decision *decisions,
                   size_t count)
{
    int code = 0;

    for (size_t i = 0; i < count && code == 0; i++)
        code = torc_decision_list_add(list, &decisions[i]);
    return code;
}

int torci_run_make_decider(struct torci_run *run, struct torc_decider **out)
{
    const struct torc_scenario *scenario = run->scenario;
    const struct torc_scenario_run_options *options = run->options;
    int code;

    *out = NULL;
    if (scenario->decision_count == 0 && !scenario->decided_only && options->decision_count == 0 &&
        options->decider == NULL && options->fault == NULL && !options->count_questions)
        return 0;
    code = torc_decision_list_new(options->decider, &run->decisions);
    if (code == 0)
        code = add_all(run->decisions, scenario->decisions, scenario->decision_count);
    if (code == 0)
        code = add_all(run->decisions, options->decisions, options->decision_count);
    if (code == 0 && options->fault != NULL)
        code = torc_decision_list_add(run->decisions, options->fault);
    if (code != 0)
        return code;
    if (scenario->decided_only)
        torc_decision_list_close(run->decisions);
    *out = torc_decision_list_decider(run->decisions);
    return options->count_questions ? torci_sweep_count(run, out) : 0;
}

bool torci_run_decided(const struct torci_run *run, enum torc_site_kind kind)
{
    return run->decisions != NULL && torc_decision_list_decided(run->decisions, kind) > 0;
}

bool torci_run_decided_any(const struct torci_run *run)
{
    return torci_run_decided(run, TORC_SITE_ORDER) || torci_run_decided(run, TORC_SITE_AMOUNT) ||
           torci_run_decided(run, TORC_SITE_TIME) || torci_run_decided(run, TORC_SITE_FAULT);
}

/* The n-th of those that were given. */
static const struct torc_decision *given(const struct torci_run *run, size_t n)
{
    size_t written = run->scenario->decision_count;

    if (n < written)
        return &run->scenario->decisions[n];
    return n - written < run->options->decision_count ? &run->options->decisions[n - written]
                                                      : run->options->fault;
}

static int copy_decision(struct torci_run *run, const struct torc_decision *decision,
                         struct torc_decision *out)
{
    struct torci_pile *pile = run->report_pile;

    *out = *decision;
    out->host = torci_pile_copy(pile, decision->host, strlen(decision->host));
    out->site = torci_pile_copy(pile, decision->site, strlen(decision->site));
    return out->host == NULL || out->site == NULL ? TORC_ENOMEM : 0;
}

int torci_run_report_decisions(struct torci_run *run)
{
    struct torc_scenario_report *report = run->report;
    const struct torc_decision *taken;
    struct torc_decision *copies;
    size_t first = 0;
    int code = 0;

    if (run->decisions == NULL)
        return 0;
    report->decision_count = torc_decision_list_taken(run->decisions, &taken);
    copies = torci_pile_alloc(run->report_pile, (report->decision_count + 1) * sizeof(*copies));
    if (copies == NULL)
        return TORC_ENOMEM;
    for (size_t i = 0; i < report->decision_count && code == 0; i++)
        code = copy_decision(run, &taken[i], &copies[i]);
    report->decisions = copies;
    report->drift = torc_decision_list_drift(run->decisions, &first);
    if (code == 0 && report->drift > 0)
        code = copy_decision(run, given(run, first), &report->drifted);
    return code;
}
