/* hold, release: jobs of a host wait at a point of their code. */
#include <torc/point.h>

#include "scenario_action.h"
#include "scenario_run.h"

/* --- lines ---------------------------------------------------------------------------------------- */

/* The point, a string. */
static int read_point(struct torci_action *action, const char **out)
{
    const struct torci_word *word = torci_action_next_word(action);
    int code;

    if (action->host->module == NULL)
        return torci_parse_error(action->parser, action->subject, 0,
                                 "a peer runs no jobs: nothing of '%s' can be held", action->host->name);
    if (word == NULL || word->text[0] != '"')
        return torci_parse_error_end(action->parser, "at which point? %s \"orders.before_commit\"",
                                     action->verb->text);
    code = torci_word_value(action->parser, word, 0, out);
    if (code == 0 && (*out)[0] == '\0')
        return torci_parse_error(action->parser, word, 0, "the name of the point is empty");
    return code;
}

int torci_parse_hold(struct torci_action *action)
{
    const struct torci_word *word;
    struct torci_step *step = NULL;
    const char *point = NULL;
    bool optional = false;
    int code = read_point(action, &point);

    if (code == 0 && (word = torci_action_next_word(action)) != NULL) {
        static const char *const words[] = {"optional", NULL};

        optional = torci_word_is(word, words[0]);
        if (!optional)
            return torci_parse_unknown(action->parser, word, 0, torc_name_nearest(word->text, words),
                                       "'%.64s' has no meaning after the point", word->text);
        code = torci_action_finish(action);
    }
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_HOLD, &step);
    if (code != 0)
        return code;
    step->name = point;
    step->optional = optional;
    return 0;
}

int torci_parse_release(struct torci_action *action)
{
    struct torci_step *step = NULL;
    const char *point = NULL;
    int code = read_point(action, &point);

    if (code == 0)
        code = torci_action_finish(action);
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_RELEASE, &step);
    if (code == 0)
        step->name = point;
    return code;
}

/* --- in a run ------------------------------------------------------------------------------------- */

void torci_point_do(struct torci_run *run, const struct torci_step *step)
{
    struct torc_host *host = run->hosts[step->host->index].host;

    if (step->verb == TORCI_VERB_RELEASE)
        torc_host_release_point(host, step->name);
    else if (torc_host_hold_point(host, step->name, &run->steps[step->index].hold) != 0)
        run->error = TORC_ENOMEM;
}

static bool is_hold_done(const struct torci_step_run *step)
{
    return step->step->verb == TORCI_VERB_HOLD && step->state == TORCI_STEP_DONE;
}

bool torci_points_release(struct torci_run *run)
{
    bool waited = false;

    for (size_t i = 0; i < run->scenario->step_count; i++) {
        const struct torci_step *step = run->steps[i].step;
        struct torc_host *host;

        if (!is_hold_done(&run->steps[i]))
            continue;
        host = run->hosts[step->host->index].host;
        waited = waited || torc_host_point_waiting(host, step->name) > 0;
        torc_host_release_point(host, step->name);
    }
    return waited;
}

void torci_points_check(struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->step_count; i++) {
        const struct torci_step_run *each = &run->steps[i];
        const struct torci_step *step = each->step;

        if (is_hold_done(each) && !step->optional &&
            torc_host_hold_stopped(run->hosts[step->host->index].host, each->hold) == 0)
            torci_report_failure(run, TORC_SCENARIO_FAIL, &step->place, step->host->name, NULL,
                                 "no job came to the point that line %u holds", step->place.line->number);
    }
}
