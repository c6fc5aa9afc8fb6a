/* Calls of modules: made by lines, answered by deferreds. */
#include <string.h>

#include <torc/format.h>

#include "scenario_run.h"
#include "world.h"

/* --- making --------------------------------------------------------------------------------------- */

static bool check_call(struct torci_run *run, const struct torci_step *step,
                       const struct torc_module *module)
{
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;

    for (const struct torc_module_call *each = module->calls; each != NULL && each->name; each++) {
        if (strcmp(each->name, step->name) == 0)
            return true;
        if (torc_name_nearer(step->name, each->name, &distance))
            nearest = each->name;
    }
    torci_report_failure(run, TORC_SCENARIO_INVALID, &step->place, step->host->name, NULL,
                         "module %s has no call '%s'%s%s%s", module->name, step->name,
                         nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
                         nearest != NULL ? "'?" : "");
    return false;
}

bool torci_calls_check(struct torci_run *run, const struct torci_script_host *host,
                       const struct torc_module *module)
{
    for (const struct torci_step *each = run->scenario->steps; each != NULL; each = each->next)
        if (each->verb == TORCI_VERB_CALL && each->host == host && !check_call(run, each, module))
            return false;
    return true;
}

static const char *keep_text(struct torci_run *run, const char *text)
{
    const char *copy = torci_pile_copy(&run->pile, text, strlen(text));

    if (copy == NULL)
        run->error = TORC_ENOMEM;
    return copy != NULL ? copy : "";
}

/* Within a turn of the host: what follows from it is left to torci_answers_look. */
static struct torc_result note_answer(struct torc_result result, void *arg)
{
    struct torci_answer *answer = arg;
    struct torci_run *run = answer->run;

    answer->t_ns = torci_run_now(run);
    if (result.kind == TORC_RESULT_FAILURE) {
        answer->state = TORCI_ANSWER_FAILURE;
        answer->type = torc_failure_type(result.as.failure);
        answer->text = keep_text(run, torc_failure_message(result.as.failure));
    } else {
        answer->state = TORCI_ANSWER_RESULT;
        answer->text = keep_text(run, result.as.value != NULL ? result.as.value : "");
    }
    run->answers_untold++;
    torc_result_drop(result);
    return torc_value(NULL);
}

/* As torc_host_call: the caller is no part of the host. */
static int listen(struct torc_host *host, struct torc_deferred *deferred,
                  struct torci_answer *answer)
{
    bool exempt = torci_arena_exempt(&host->arena, true);
    int code = torc_deferred_add_both(deferred, note_answer, answer, NULL);

    torci_arena_exempt(&host->arena, exempt);
    return code;
}

void torci_call_do(struct torci_run *run, const struct torci_step *step)
{
    struct torci_answer *answer = torci_pile_alloc(&run->pile, sizeof(*answer));
    struct torc_deferred *deferred = NULL;
    char error[300] = "out of memory";
    int code;

    if (answer == NULL) {
        run->error = TORC_ENOMEM;
        return;
    }
    answer->run = run;
    answer->made_by = step;
    run->labels[step->as->index].answer = answer;
    code = torc_host_call(run->hosts[step->host->index].host, step->name, step->pairs, &deferred,
                          error, sizeof(error));
    if (code == 0) {
        code = listen(run->hosts[step->host->index].host, deferred, answer);
        torc_deferred_drop(deferred);
    }
    if (torci_run_is_out_of_memory(run, step->host, code))
        run->error = code;
    else if (code != 0)
        torci_report_failure(run,
                             code == TORC_ESYNTAX ? TORC_SCENARIO_INVALID : TORC_SCENARIO_FAIL,
                             &step->place, step->host->name, NULL, "%s", error);
    torci_answers_look(run);
}

/* --- answers -------------------------------------------------------------------------------------- */

void torci_answers_look(struct torci_run *run)
{
    for (const struct torci_label *label = run->scenario->labels;
         label != NULL && run->answers_untold > 0; label = label->next) {
        struct torci_label_run *each = &run->labels[label->index];
        struct torci_answer *answer = each->answer;

        if (answer == NULL || answer->told || answer->state == TORCI_ANSWER_PENDING ||
            answer->state == TORCI_ANSWER_GONE)
            continue;
        answer->told = true;
        run->answers_untold--;
        if (answer->state == TORCI_ANSWER_RESULT)
            torci_run_tell(run, "%s: the result is \"%s\"", label->name, answer->text);
        else
            torci_run_tell(run, "%s: failed: %s: %s", label->name, answer->type->name, answer->text);
        each->happened = true;
        each->ended = true;
        torci_steps_anchor(run, label, false, answer->t_ns);
        torci_steps_anchor(run, label, true, answer->t_ns);
    }
}

void torci_answers_host_gone(struct torci_run *run, const struct torci_script_host *host)
{
    for (size_t i = 0; i < run->scenario->label_count; i++) {
        struct torci_answer *answer = run->labels[i].answer;

        if (answer != NULL && answer->made_by->host == host &&
            answer->state == TORCI_ANSWER_PENDING)
            answer->state = TORCI_ANSWER_GONE;
    }
}

/* Of the type of that name, or of one below it. */
static bool is_of_type(const struct torc_failure_type *type, const char *name)
{
    while (type != NULL && strcmp(type->name, name) != 0)
        type = type->parent;
    return type != NULL;
}

static enum torci_outcome fail(struct torci_run *run, const struct torci_step_run *step,
                               const struct torci_answer *answer, const char *what,
                               const char *name, const char *text)
{
    torci_report_failure(run, TORC_SCENARIO_FAIL, &step->step->place, answer->made_by->host->name,
                         NULL, "%s%s%s", what, name, text);
    return TORCI_FAILED;
}

static enum torci_outcome look_for_result(struct torci_run *run, const struct torci_step_run *step,
                                          const struct torci_answer *answer)
{
    const char *expected = step->step->name;
    char shown[300];

    if (answer->state == TORCI_ANSWER_FAILURE) {
        char name[100];

        torc_format(name, sizeof(name), "%.80s: ", answer->type->name);
        return fail(run, step, answer, "the call failed: ", name, answer->text);
    }
    if (expected == NULL || strcmp(expected, answer->text) == 0)
        return TORCI_MET;
    torci_show_bytes(shown, sizeof(shown), (const uint8_t *)answer->text, strlen(answer->text), 60);
    return fail(run, step, answer, "the result is ", shown, "");
}

static enum torci_outcome look_for_failure(struct torci_run *run,
                                           const struct torci_step_run *step,
                                           const struct torci_answer *answer)
{
    const char *expected = step->step->name;
    char name[100];

    if (answer->state == TORCI_ANSWER_RESULT)
        return fail(run, step, answer, "the call went well: ", answer->text, "");
    if (expected == NULL || is_of_type(answer->type, expected))
        return TORCI_MET;
    torc_format(name, sizeof(name), "%.80s: ", answer->type->name);
    return fail(run, step, answer, "the failure is another one: ", name, answer->text);
}

enum torci_outcome torci_answer_look(struct torci_run *run, const struct torci_step_run *step,
                                     struct torci_answer *answer)
{
    enum torci_outcome outcome;

    if (answer->state == TORCI_ANSWER_PENDING)
        return TORCI_WAITING;
    if (answer->state == TORCI_ANSWER_GONE)
        return fail(run, step, answer, "the host was killed before there was an answer", "", "");
    answer->expected = true;
    outcome = step->step->expected == TORCI_EXPECTED_RESULT ? look_for_result(run, step, answer)
                                                            : look_for_failure(run, step, answer);
    if (outcome == TORCI_MET && !torci_expect_in_time(run, step, answer->made_by->host->name,
                                                      answer->t_ns, "it was answered"))
        return TORCI_FAILED;
    return outcome;
}

void torci_answers_leftovers(struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->label_count; i++) {
        const struct torci_answer *answer = run->labels[i].answer;

        if (answer != NULL && answer->state == TORCI_ANSWER_FAILURE && !answer->expected)
            torci_report_failure(run, TORC_SCENARIO_FAIL, &answer->made_by->place,
                                 answer->made_by->host->name, NULL,
                                 "the call failed, and no line expects that: %s: %s",
                                 answer->type->name, answer->text);
    }
}
