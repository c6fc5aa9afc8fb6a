/* faults off, faults on; and the end of the timeline, from where on faults have ceased and what is to come true
 * eventually is waited for. */
#include <torc/network_fault.h>

#include "scenario_action.h"
#include "scenario_run.h"

int torci_parse_faults(struct torci_action *action, size_t first)
{
    static const char *const states[] = {"off", "on", NULL};
    const struct torci_word *word;
    struct torci_step *step = NULL;
    bool on;
    int code = torci_parse_as(action->parser, first + 1, &action->end, &action->as, &action->as_word);

    if (code != 0)
        return code;
    action->verb = action->subject;
    action->next = first + 1;
    word = torci_action_next_word(action);
    if (word == NULL)
        return torci_parse_error_end(action->parser, "faults are off or on");
    on = torci_word_is(word, "on");
    if (!on && !torci_word_is(word, "off"))
        return torci_parse_unknown(action->parser, word, 0, torc_name_nearest(word->text, states),
                                   "faults are off or on, not '%.64s'", word->text);
    code = torci_action_finish(action);
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_FAULTS, &step);
    if (code == 0)
        step->on = on;
    return code;
}

/* --- in a run ------------------------------------------------------------------------------------- */

void torci_faults_do(struct torci_run *run, const struct torci_step *step)
{
    torc_world_set_faults(run->world, step->on);
    if (step->on)
        return;
    torci_net_stop(run);
    torc_world_heal_all(run->world);
    torci_hosts_resume(run);
}

bool torci_timeline_over(struct torci_run *run)
{
    bool waits = false;

    if (run->over || torci_run_failed(run))
        return false;
    run->over = true;
    torci_hosts_resume(run);
    waits = torci_points_release(run);
    if (run->decisions != NULL)
        torc_world_set_faults(run->world, false);
    for (size_t i = 0; i < run->scenario->step_count; i++) {
        struct torci_step_run *step = &run->steps[i];

        if (step->state != TORCI_STEP_LAST)
            continue;
        step->state = TORCI_STEP_DUE;
        step->due_ns = torci_run_now(run);
        waits = true;
    }
    return waits;
}
