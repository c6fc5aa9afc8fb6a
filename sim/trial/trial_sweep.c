#include "trial_sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trial_case.h"
#include "trial_outcome.h"

static bool is_swept(const struct torci_trial_sweep *sweep, const struct torc_decision_site *site)
{
    return site != NULL && (sweep->sites >> (site - torc_decision_sites) & 1) != 0;
}

static void add_question(struct torci_trial_sweep *sweep, const struct torc_question *question,
                         const struct torc_decision_site *site, uint64_t option)
{
    struct torci_trial_question *added;

    if (sweep->count == sweep->capacity) {
        size_t capacity = sweep->capacity == 0 ? 64 : 2 * sweep->capacity;
        void *grown = realloc(sweep->questions, capacity * sizeof *sweep->questions);

        if (grown == NULL) {
            sweep->no_memory = true;
            return;
        }
        sweep->questions = grown;
        sweep->capacity = capacity;
    }
    added = &sweep->questions[sweep->count++];
    snprintf(added->host, sizeof added->host, "%s", question->host);
    added->site = site;
    added->k = question->k;
    added->option = option;
}

static void note_question(struct torci_trial_sweep *sweep, const struct torc_question *question)
{
    const struct torc_decision_site *site = torc_decision_find_site(question->site);

    if (!is_swept(sweep, site))
        return;
    for (uint64_t option = 1; option < question->options; option++)
        if (torc_question_has(question, option))
            add_question(sweep, question, site, option);
}

static uint64_t decide(struct torc_decider *self, const struct torc_question *question)
{
    struct torci_trial_sweep *sweep = (struct torci_trial_sweep *)(void *)self;
    const struct torci_trial_question *target = &sweep->target;

    if (sweep->counting) {
        note_question(sweep, question);
        return question->drawn;
    }
    if (question->k != target->k || strcmp(question->site, target->site->name) != 0 ||
        strcmp(question->host, target->host) != 0)
        return question->drawn;
    sweep->struck = true;
    return target->option;
}

static void name_fault(const struct torci_trial_question *target, char *out, size_t size)
{
    struct torc_decision decision = {target->host, target->site->name, target->k, target->option, false};
    const char *option = torc_decision_option_name(target->site, target->option);
    char line[128];

    torc_decision_print(&decision, line, sizeof line);
    if (option != NULL && strstr(line, option) == NULL)
        snprintf(out, size, "%s (%s)", line, option);
    else
        snprintf(out, size, "%s", line);
}

/* With the target's fault; whether it passed. */
static bool run_with_fault(struct torci_trial_sweep *sweep, const struct torci_trial_case *one,
                           struct torci_trial_outcome *outcome)
{
    sweep->struck = false;
    name_fault(&sweep->target, outcome->fault, sizeof outcome->fault);
    outcome->runs++;
    torci_trial_run_once(one, sweep, outcome);
    if (!sweep->struck && outcome->verdict == TORCI_TRIAL_PASSED)
        torci_trial_fail(outcome, "the fault did not strike: this run is not the one before");
    if (outcome->verdict != TORCI_TRIAL_FAILED)
        return true;
    torci_trial_fail(outcome, "under %s, run %llu of %zu", outcome->fault, (unsigned long long)outcome->runs,
                     sweep->count);
    return false;
}

void torci_trial_run_sweep(const struct torci_trial_case *one, struct torci_trial_outcome *outcome)
{
    struct torci_trial_sweep sweep = {.decider = {decide}, .counting = true};
    const char *bad;

    if (torc_decision_sites_parse(one->test->sweep, &sweep.sites, &bad) != 0) {
        torci_trial_fail(outcome, "its sweep has an unknown site: '%.*s'", (int)strcspn(bad, ","), bad);
        return;
    }
    torci_trial_run_once(one, &sweep, outcome);
    sweep.counting = false;
    if (outcome->verdict == TORCI_TRIAL_FAILED)
        torci_trial_fail(outcome, "without a fault");
    else if (sweep.no_memory)
        torci_trial_fail(outcome, "there is no memory for the list of its faults");
    else if (outcome->verdict == TORCI_TRIAL_PASSED && sweep.count == 0)
        torci_trial_fail(outcome, "there is nothing to sweep: no operation of %s", one->test->sweep);
    for (size_t i = 0; outcome->verdict == TORCI_TRIAL_PASSED && i < sweep.count; i++) {
        sweep.target = sweep.questions[i];
        if (!run_with_fault(&sweep, one, outcome))
            break;
    }
    outcome->fault[0] = '\0';
    free(sweep.questions);
}
