/* Triggers of a run: `when` lines, whose action happens at once when their condition is first true. */
#include "scenario_run.h"

#define WAIT_NS (UINT64_C(10) * 1000000000)

/* Lines that count from the trigger and are due now. */
static void do_lines(struct torci_run *run, const struct torci_label *label)
{
    for (size_t i = 0; i < run->scenario->step_count && !torci_run_failed(run); i++) {
        struct torci_step_run *step = &run->steps[i];

        if (step->state == TORCI_STEP_DUE && step->step->time.label == label &&
            step->due_ns == torci_run_now(run))
            torci_step_do(run, step);
    }
}

bool torci_triggers_look(struct torci_run *run)
{
    bool fired = false;

    if (run->over)
        return false;
    for (const struct torci_trigger *each = run->scenario->triggers; each; each = each->next) {
        if (torci_run_failed(run))
            return false;
        if (run->fired[each->index] || torci_evaluate(run, each->condition) != TORCI_TRUE)
            continue;
        run->fired[each->index] = fired = true;
        torci_report_property(run, &each->place, true);
        torci_label_happens(run, each->label);
        do_lines(run, each->label);
    }
    return fired;
}

uint64_t torci_triggers_wait_until(const struct torci_run *run)
{
    for (const struct torci_trigger *each = run->scenario->triggers; each; each = each->next)
        if (!run->fired[each->index])
            return run->last_line_ns + WAIT_NS;
    return 0;
}

void torci_triggers_check(struct torci_run *run)
{
    for (const struct torci_trigger *each = run->scenario->triggers; each; each = each->next)
        if (!run->fired[each->index] && !each->optional)
            torci_report_failure(run, TORC_SCENARIO_UNMET, &each->place, NULL, NULL,
                                 "this never happened: %s", torci_evaluate_show(run, each->condition));
}
