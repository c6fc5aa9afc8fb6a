/* What conditions ask of all hosts that run a module: count, all, any, max, min. */
#include "scenario_run.h"
#include "world.h"

bool torci_host_runs_module(const struct torci_host_run *host)
{
    struct torc_reactor *reactor = host->peer == NULL ? torc_host_reactor(host->host) : NULL;

    return reactor != NULL && torc_reactor_running(reactor) && torci_host_module_runs(host->host);
}

bool torci_all_modules_run(const struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->host_count; i++)
        if (run->hosts[i].peer == NULL && !torci_host_runs_module(&run->hosts[i]))
            return false;
    return true;
}

bool torci_each_next(struct torci_run *run, size_t *at)
{
    for (; *at < run->scenario->host_count; ++*at) {
        const struct torci_host_run *host = &run->hosts[*at];

        if (run->asking_kept ? host->kept : torci_host_runs_module(host)) {
            run->considered = host->script;
            ++*at;
            return true;
        }
    }
    run->considered = NULL;
    return false;
}

static struct torci_value number(int64_t value)
{
    return (struct torci_value){TORCI_VALUE_NUMBER, value, NULL, NULL};
}

/* How many hosts the condition is true of, and of how many it is either true or false. */
static int64_t count(struct torci_run *run, const struct torci_condition *condition, int64_t *out_known)
{
    int64_t holds = 0;

    for (size_t at = 0; torci_each_next(run, &at);) {
        enum torci_truth truth = torci_evaluate(run, condition);

        holds += truth == TORCI_TRUE;
        *out_known += truth != TORCI_UNKNOWN;
    }
    return holds;
}

/* The largest, or the smallest, value of a probe. */
static struct torci_value extreme(struct torci_run *run, const struct torci_condition *condition)
{
    struct torci_value best = {TORCI_VALUE_NONE, 0, NULL, NULL};

    for (size_t at = 0; torci_each_next(run, &at);) {
        struct torci_value value = torci_evaluate_leaf(run, condition->left);

        if (value.kind != TORCI_VALUE_NUMBER)
            continue;
        if (best.kind == TORCI_VALUE_NONE ||
            (condition->kind == TORCI_CONDITION_MAX ? value.number > best.number
                                                    : value.number < best.number))
            best = value;
    }
    return best;
}

struct torci_value torci_each_ask(struct torci_run *run, const struct torci_condition *condition)
{
    const struct torci_script_host *before = run->considered;
    struct torci_value value = {TORCI_VALUE_NONE, 0, NULL, NULL};
    int64_t known = 0;

    if (condition->kind == TORCI_CONDITION_MAX || condition->kind == TORCI_CONDITION_MIN) {
        value = extreme(run, condition);
    } else {
        int64_t holds = count(run, condition->left, &known);

        if (condition->kind == TORCI_CONDITION_COUNT)
            value = number(holds);
        else if (known > 0)
            value = number(condition->kind == TORCI_CONDITION_ALL ? holds == known : holds > 0);
    }
    run->considered = before;
    return value;
}
