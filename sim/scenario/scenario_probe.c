/* Whether the modules have the probes that conditions ask for: known only when they are loaded. */
#include <string.h>

#include "scenario_run.h"

/* --- every condition of a scenario ---------------------------------------------------------------- */

/* What is asked of a leaf; false ends it. */
typedef bool check_fn(struct torci_run *run, const struct torci_place *place,
                      const struct torci_condition *leaf, const void *arg);

static bool walk(struct torci_run *run, const struct torci_place *place,
                 const struct torci_condition *condition, check_fn *check, const void *arg)
{
    if (condition == NULL)
        return true;
    return check(run, place, condition, arg) && walk(run, place, condition->left, check, arg) &&
           walk(run, place, condition->right, check, arg);
}

static bool walk_all(struct torci_run *run, check_fn *check, const void *arg)
{
    for (const struct torci_step *each = run->scenario->steps; each; each = each->next)
        if (!walk(run, &each->place, each->condition, check, arg))
            return false;
    for (const struct torci_assertion *each = run->scenario->assertions; each; each = each->next)
        if (!walk(run, &each->place, each->condition, check, arg))
            return false;
    for (const struct torci_trigger *each = run->scenario->triggers; each; each = each->next)
        if (!walk(run, &each->place, each->condition, check, arg))
            return false;
    return true;
}

/* --- probes --------------------------------------------------------------------------------------- */

static const struct torc_probe *find(const struct torc_module *module, const char *name)
{
    for (const struct torc_probe *each = module->probes; each != NULL && each->name; each++)
        if (strcmp(each->name, name) == 0)
            return each;
    return NULL;
}

static const char *nearest_of(const struct torc_module *module, const char *name, size_t *distance,
                              const char *nearest)
{
    for (const struct torc_probe *each = module->probes; each != NULL && each->name; each++)
        if (torc_name_nearer(name, each->name, distance))
            nearest = each->name;
    return nearest;
}

static void fail(struct torci_run *run, const struct torci_place *place, const char *host,
                 const char *module, const char *probe, const char *nearest)
{
    torci_report_failure(run, TORC_SCENARIO_INVALID, place, host, NULL, "%s%s has %sprobe '%s'%s%s%s",
                         module != NULL ? "module " : "no module", module != NULL ? module : "",
                         module != NULL ? "no " : "a ", probe,
                         nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
                         nearest != NULL ? "'?" : "");
}

struct asked {
    const struct torci_script_host *host;
    const struct torc_module *module;
};

static bool check_of_host(struct torci_run *run, const struct torci_place *place,
                          const struct torci_condition *leaf, const void *arg)
{
    const struct asked *asked = arg;
    size_t distance = SIZE_MAX;

    if (leaf->kind != TORCI_CONDITION_PROBE || leaf->host != asked->host ||
        find(asked->module, leaf->text) != NULL)
        return true;
    fail(run, place, asked->host->name, asked->module->name, leaf->text,
         nearest_of(asked->module, leaf->text, &distance, NULL));
    return false;
}

bool torci_probes_check(struct torci_run *run, const struct torci_script_host *host,
                        const struct torc_module *module)
{
    const struct asked asked = {host, module};

    return walk_all(run, check_of_host, &asked);
}

static bool check_of_each(struct torci_run *run, const struct torci_place *place,
                          const struct torci_condition *leaf, const void *arg)
{
    bool extreme = leaf->kind == TORCI_CONDITION_MAX || leaf->kind == TORCI_CONDITION_MIN;
    const struct torci_condition *asked = extreme ? leaf->left : leaf;
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;
    bool found = false;

    (void)arg;
    if (asked->kind != TORCI_CONDITION_PROBE || asked->host != NULL)
        return true;
    for (size_t i = 0; i < run->scenario->host_count; i++) {
        const struct torc_module *module = run->hosts[i].module;
        const struct torc_probe *probe = module != NULL ? find(module, asked->text) : NULL;

        if (probe != NULL && extreme && probe->number == NULL) {
            torci_report_failure(run, TORC_SCENARIO_INVALID, place, run->hosts[i].script->name, NULL,
                                 "'%s' of module %s is a text, and %s is about numbers", asked->text,
                                 module->name, leaf->kind == TORCI_CONDITION_MAX ? "max" : "min");
            return false;
        }
        found |= probe != NULL;
        if (module != NULL)
            nearest = nearest_of(module, asked->text, &distance, nearest);
    }
    if (!found)
        fail(run, place, NULL, NULL, asked->text, nearest);
    return found;
}

void torci_probes_check_each(struct torci_run *run)
{
    (void)walk_all(run, check_of_each, NULL);
}
