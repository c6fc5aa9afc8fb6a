/* Conditions, answered from the hosts of the run; three-valued, because a host that is down has no answers. */
#include <string.h>

#include <torc/format.h>
#include <torc/point.h>

#include "scenario_run.h"

static struct torci_value number(int64_t value)
{
    struct torci_value answer = {TORCI_VALUE_NUMBER, value, NULL, NULL};

    return answer;
}

int64_t torci_count_unhandled(struct torci_run *run)
{
    uint64_t unhandled = run->unhandled_before;

    for (size_t i = 0; i < run->scenario->host_count; i++) {
        struct torc_reactor *reactor =
            run->hosts[i].host != NULL ? torc_host_reactor(run->hosts[i].host) : NULL;
        struct torc_scope_counts counts;

        if (reactor == NULL)
            continue;
        torc_scope_count(torc_reactor_scope(reactor), &counts);
        unhandled += counts.unhandled;
    }
    return (int64_t)(unhandled - run->cancelled_unhandled);
}

/* Whom a leaf asks: the host it names, or the one under consideration. */
static const struct torci_script_host *host_of(const struct torci_run *run,
                                               const struct torci_condition *leaf)
{
    return leaf->host != NULL ? leaf->host : run->considered;
}

/* Where its answer is kept: for each host, if it is about each. */
static struct torci_value *slot_of(const struct torci_run *run, const struct torci_condition *leaf)
{
    size_t each = leaf->kind == TORCI_CONDITION_PROBE ? host_of(run, leaf)->index : 0;

    return &run->slots[leaf->slot * (run->scenario->host_count + 1) + each];
}

static struct torci_value ask_host(struct torci_run *run, const struct torci_condition *leaf)
{
    struct torci_value answer = {TORCI_VALUE_NONE, 0, NULL, NULL};
    const struct torci_host_run *asked = &run->hosts[host_of(run, leaf)->index];
    struct torc_host *host = asked->host;
    struct torc_reactor *reactor = torc_host_reactor(host);

    if (leaf->kind == TORCI_CONDITION_RUNNING)
        return number(asked->peer != NULL ? torc_host_up(host) : torci_host_runs_module(asked));
    if (reactor == NULL || !torc_reactor_running(reactor) ||
        torc_host_probe(host, leaf->text, &answer.number, &answer.text) != 0)
        return answer;
    answer.kind = answer.text != NULL ? TORCI_VALUE_TEXT : TORCI_VALUE_NUMBER;
    return answer;
}

struct torci_value torci_evaluate_leaf(struct torci_run *run, const struct torci_condition *leaf)
{
    struct torci_value none = {TORCI_VALUE_NONE, 0, NULL, NULL};

    switch (leaf->kind) {
    case TORCI_CONDITION_NUMBER:
        return number(leaf->number);
    case TORCI_CONDITION_TEXT:
        none.kind = TORCI_VALUE_TEXT;
        none.text = leaf->text;
        return none;
    case TORCI_CONDITION_TIME:
        if (!run->asking_kept)
            return number((int64_t)torci_run_now(run));
        break;
    case TORCI_CONDITION_LEAKS:
        return run->leaks >= 0 ? number(run->leaks) : none;
    case TORCI_CONDITION_UNHANDLED:
        return number(torci_count_unhandled(run));
    case TORCI_CONDITION_SITE:
        return number((int64_t)torc_world_mark_count(run->world, leaf->text));
    case TORCI_CONDITION_HELD: /* at the end nothing is, and so nothing is kept */
        return number((int64_t)torc_host_point_waiting(run->hosts[leaf->host->index].host, leaf->text));
    case TORCI_CONDITION_SQL:
        if (!run->asking_kept)
            return torci_sql_ask(run, leaf);
        break;
    case TORCI_CONDITION_COUNT:
    case TORCI_CONDITION_ALL:
    case TORCI_CONDITION_ANY:
    case TORCI_CONDITION_MAX:
    case TORCI_CONDITION_MIN:
        return torci_each_ask(run, leaf);
    default:
        if (!run->asking_kept)
            return ask_host(run, leaf);
        break;
    }
    return *slot_of(run, leaf);
}

static bool is_leaf(const struct torci_condition *condition)
{
    return condition->kind < TORCI_CONDITION_NOT;
}

/* --- truth ---------------------------------------------------------------------------------------- */

static enum torci_truth truth(bool holds)
{
    return holds ? TORCI_TRUE : TORCI_FALSE;
}

static struct torci_value value_of(struct torci_run *run, const struct torci_condition *condition)
{
    struct torci_value none = {TORCI_VALUE_NONE, 0, NULL, NULL};
    enum torci_truth holds;

    if (is_leaf(condition))
        return torci_evaluate_leaf(run, condition);
    holds = torci_evaluate(run, condition);
    return holds == TORCI_UNKNOWN ? none : number(holds == TORCI_TRUE);
}

static enum torci_truth compare(struct torci_run *run, const struct torci_condition *condition)
{
    struct torci_value left = value_of(run, condition->left);
    struct torci_value right = value_of(run, condition->right);
    int order;

    if (left.kind == TORCI_VALUE_NONE || right.kind != left.kind)
        return TORCI_UNKNOWN;
    if (left.kind == TORCI_VALUE_TEXT)
        /* Both are texts.  NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
        order = strcmp(left.text, right.text);
    else
        order = left.number < right.number ? -1 : left.number > right.number;
    switch (condition->kind) {
    case TORCI_CONDITION_EQUAL:
        return truth(order == 0);
    case TORCI_CONDITION_DIFFERENT:
        return truth(order != 0);
    case TORCI_CONDITION_LESS:
        return truth(order < 0);
    case TORCI_CONDITION_LESS_OR_EQUAL:
        return truth(order <= 0);
    case TORCI_CONDITION_GREATER:
        return truth(order > 0);
    default:
        return truth(order >= 0);
    }
}

enum torci_truth torci_evaluate(struct torci_run *run, const struct torci_condition *condition)
{
    enum torci_truth left;
    enum torci_truth right;

    if (is_leaf(condition)) {
        struct torci_value value = torci_evaluate_leaf(run, condition);

        if (value.kind == TORCI_VALUE_NONE)
            return TORCI_UNKNOWN;
        return truth(value.kind == TORCI_VALUE_TEXT ? value.text[0] != '\0' : value.number != 0);
    }
    if (condition->kind > TORCI_CONDITION_OR)
        return compare(run, condition);
    left = torci_evaluate(run, condition->left);
    if (condition->kind == TORCI_CONDITION_NOT)
        return left == TORCI_UNKNOWN ? left : truth(left == TORCI_FALSE);
    right = torci_evaluate(run, condition->right);
    if (condition->kind == TORCI_CONDITION_AND) {
        if (left == TORCI_FALSE || right == TORCI_FALSE)
            return TORCI_FALSE;
        return left == TORCI_TRUE && right == TORCI_TRUE ? TORCI_TRUE : TORCI_UNKNOWN;
    }
    if (left == TORCI_TRUE || right == TORCI_TRUE)
        return TORCI_TRUE;
    return left == TORCI_FALSE && right == TORCI_FALSE ? TORCI_FALSE : TORCI_UNKNOWN;
}

/* --- showing and keeping -------------------------------------------------------------------------- */

static void show(struct torci_run *run, const struct torci_condition *condition, char *text,
                 size_t size);

/* What each host says, in brackets. */
static void show_each(struct torci_run *run, const struct torci_condition *condition, char *text,
                      size_t size)
{
    size_t used = strlen(text);
    size_t begun;

    used += torc_format(text + used, size - used, " (");
    begun = used;
    for (size_t at = 0; torci_each_next(run, &at);) {
        char of_host[400] = "";

        show(run, condition, of_host, sizeof(of_host));
        if (used < size)
            used += torc_format(text + used, size - used, "%s%s", used > begun ? "; " : "", of_host);
    }
    if (used < size)
        torc_format(text + used, size - used, used > begun ? ")" : "no host runs)");
}

static void show_leaf(struct torci_run *run, const struct torci_condition *leaf, char *text,
                      size_t size)
{
    struct torci_value value = torci_evaluate_leaf(run, leaf);
    size_t used = strlen(text);
    const char *comma = used > 0 ? ", " : "";

    if (leaf->kind == TORCI_CONDITION_NUMBER || leaf->kind == TORCI_CONDITION_TEXT)
        return;
    if (leaf->kind == TORCI_CONDITION_SITE)
        used += torc_format(text + used, size - used, "%ssite(\"%s\")", comma, leaf->text);
    else if (leaf->kind == TORCI_CONDITION_RUNNING)
        used += torc_format(text + used, size - used, "%srunning(%s)", comma, leaf->host->name);
    else if (leaf->kind == TORCI_CONDITION_HELD)
        used += torc_format(text + used, size - used, "%sheld(%s, \"%s\")", comma,
                            leaf->host->name, leaf->text);
    else if (leaf->kind == TORCI_CONDITION_SQL)
        used += torc_format(text + used, size - used, "%ssql(%s.%s, \"%.160s\")", comma,
                            leaf->host->name, leaf->text, leaf->statement);
    else if (leaf->kind == TORCI_CONDITION_PROBE)
        used += torc_format(text + used, size - used, "%s%s.%s", comma, host_of(run, leaf)->name,
                            leaf->text);
    else if (torci_condition_of_hosts(leaf))
        used += torc_format(text + used, size - used, "%s%s", comma, leaf->text);
    else
        used += torc_format(text + used, size - used, "%s%s", comma,
                            leaf->kind == TORCI_CONDITION_TIME    ? "t"
                            : leaf->kind == TORCI_CONDITION_LEAKS ? "leaks"
                                                                  : "deferred.unhandled");
    if (used >= size)
        return;
    if (value.kind == TORCI_VALUE_NUMBER && leaf->kind == TORCI_CONDITION_TIME) {
        char shown[40];

        torci_show_duration(shown, sizeof(shown), (uint64_t)value.number);
        torc_format(text + used, size - used, " is %s", shown);
    } else if (value.kind == TORCI_VALUE_NUMBER) {
        torc_format(text + used, size - used, " is %lld", (long long)value.number);
    } else if (value.kind == TORCI_VALUE_TEXT) {
        torc_format(text + used, size - used, " is \"%s\"", value.text);
    } else if (value.error != NULL) {
        torc_format(text + used, size - used, ": %s", value.error);
    } else {
        torc_format(text + used, size - used, " has no value");
    }
    if (torci_condition_of_hosts(leaf) && run->considered == NULL)
        show_each(run, leaf->left, text, size);
}

static void show(struct torci_run *run, const struct torci_condition *condition, char *text,
                 size_t size)
{
    if (is_leaf(condition)) {
        show_leaf(run, condition, text, size);
        return;
    }
    show(run, condition->left, text, size);
    if (condition->right != NULL)
        show(run, condition->right, text, size);
}

const char *torci_evaluate_show(struct torci_run *run, const struct torci_condition *condition)
{
    char text[2000] = "";
    const char *copy;

    show(run, condition, text, sizeof(text));
    copy = torci_pile_copy(&run->pile, text, strlen(text));
    if (copy == NULL)
        run->error = TORC_ENOMEM;
    return copy != NULL ? copy : "";
}

void torci_evaluate_keep(struct torci_run *run, const struct torci_condition *condition)
{
    struct torci_value *slot;

    if (torci_condition_of_hosts(condition)) {
        const struct torci_script_host *before = run->considered;

        for (size_t at = 0; torci_each_next(run, &at);)
            torci_evaluate_keep(run, condition->left);
        run->considered = before;
        return;
    }
    if (!is_leaf(condition)) {
        torci_evaluate_keep(run, condition->left);
        if (condition->right != NULL)
            torci_evaluate_keep(run, condition->right);
        return;
    }
    if (condition->kind != TORCI_CONDITION_PROBE && condition->kind != TORCI_CONDITION_RUNNING &&
        condition->kind != TORCI_CONDITION_SQL && condition->kind != TORCI_CONDITION_TIME)
        return;
    slot = slot_of(run, condition);
    *slot = torci_evaluate_leaf(run, condition);
    if (slot->kind == TORCI_VALUE_TEXT) {
        slot->text = torci_pile_copy(&run->pile, slot->text, strlen(slot->text));
        if (slot->text == NULL) {
            slot->kind = TORCI_VALUE_NONE;
            run->error = TORC_ENOMEM;
        }
    }
}

/* Whether a statement in it was refused when it was last asked. */
static bool is_refused(const struct torci_run *run, const struct torci_condition *condition)
{
    if (condition == NULL)
        return false;
    if (condition->kind == TORCI_CONDITION_SQL)
        return run->sql[condition->slot].error[0] != '\0';
    return is_refused(run, condition->left) || is_refused(run, condition->right);
}

void torci_assertions_look(struct torci_run *run)
{
    for (const struct torci_assertion *each = run->scenario->assertions; each; each = each->next) {
        enum torci_truth holds;

        if (torci_run_failed(run) || (each->kind == TORCI_SOMETIMES && run->sometimes_held[each->index]))
            continue;
        holds = torci_evaluate(run, each->condition);
        if (each->kind == TORCI_SOMETIMES && holds == TORCI_TRUE) {
            run->sometimes_held[each->index] = true;
            torci_report_property(run, &each->place, true);
        } else if (each->kind != TORCI_SOMETIMES &&
                   (holds == (each->kind == TORCI_ALWAYS ? TORCI_FALSE : TORCI_TRUE) ||
                    (holds == TORCI_UNKNOWN && is_refused(run, each->condition)))) {
            run->strict = true;
            torci_report_failure(run, TORC_SCENARIO_FAIL, &each->place, NULL, NULL, "%s",
                                 torci_evaluate_show(run, each->condition));
            run->strict = false;
        }
    }
}
