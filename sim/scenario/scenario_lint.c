/* What is no error in a scenario and surely wrong: lines that never happen, names and hosts for nothing, types of
 * failures there are not, a scenario that nothing can fail. */
#include <stdlib.h>
#include <string.h>

#include <torc/failure.h>
#include <torc/format.h>

#include "scenario_parser.h"

#define NEVER UINT64_MAX

const char *const torc_scenario_checks[] = {"unused-name",  "unknown-name", "unused-host", "never-due",
                                            "no-assertion", "failure-type", "lint-off",    NULL};

enum check { UNUSED_NAME, UNKNOWN_NAME, UNUSED_HOST, NEVER_DUE, NO_ASSERTION, FAILURE_TYPE, LINT_OFF };

struct lint {
    const struct torc_scenario *scenario;
    const struct torc_scenario_lint_options *options;
    bool *host_used;       /* by index */
    bool *label_used;      /* by index */
    uint64_t *label_at_ns; /* by index: the earliest it can happen, or NEVER */
};

/* --- findings ------------------------------------------------------------------------------------- */

/* What stands in the line's comment behind "lint: off", or NULL. */
static const char *off_in(const struct torci_line *line, size_t *out_bytes)
{
    static const char key[] = "lint: off ";
    const char *found = line->comment != NULL
                            ? memmem(line->comment, line->comment_bytes, key, sizeof key - 1)
                            : NULL;

    if (found == NULL)
        return NULL;
    found += sizeof key - 1;
    *out_bytes = 0;
    while (found + *out_bytes < line->comment + line->comment_bytes && torci_is_name_byte(found[*out_bytes]))
        ++*out_bytes;
    return found;
}

static void find(const struct lint *lint, const struct torci_place *place, enum check check, const char *format, ...)
    TORC_PRINTF(4, 5);
static void find(const struct lint *lint, const struct torci_place *place, enum check check, const char *format, ...)
{
    const char *name = torc_scenario_checks[check];
    size_t bytes = 0;
    const char *off = off_in(place->line, &bytes);
    struct torc_scenario_finding finding = {name, place->line->source->name, place->line->number, place->column, NULL};
    char text[400];
    va_list arguments;

    if (off != NULL && bytes == strlen(name) && memcmp(off, name, bytes) == 0)
        return;
    va_start(arguments, format);
    (void)torc_format_list(text, sizeof text, format, arguments);
    va_end(arguments);
    finding.text = text;
    lint->options->found(lint->options->arg, &finding);
}

/* What an included file has too much of, another scenario that includes it may need. */
static bool is_own(const struct torci_place *place)
{
    return place->line->source->included_by == NULL;
}

/* --- what is used --------------------------------------------------------------------------------- */

static void use_host(struct lint *lint, const struct torci_script_host *host)
{
    if (host != NULL)
        lint->host_used[host->index] = true;
}

static void use_hosts(struct lint *lint, const struct torci_script_hosts *hosts)
{
    for (size_t i = 0; hosts->hosts != NULL && i < hosts->count; i++)
        use_host(lint, hosts->hosts[i]);
}

/* Those whose names stand in the text: "tcp:b:7000". */
static void use_hosts_in(struct lint *lint, const char *text)
{
    while (*text != '\0') {
        size_t bytes = 0;

        while (torci_is_name_byte(text[bytes]))
            bytes++;
        use_host(lint, torci_find_script_host(lint->scenario, text, bytes));
        text += bytes > 0 ? bytes : 1;
    }
}

static void use_pairs(struct lint *lint, const char *const *pairs)
{
    for (; pairs != NULL && pairs[0] != NULL; pairs += 2)
        use_hosts_in(lint, pairs[1]);
}

static void use_all_modules(struct lint *lint)
{
    for (const struct torci_script_host *each = lint->scenario->hosts; each != NULL; each = each->next)
        if (each->module != NULL)
            use_host(lint, each);
}

/* What hosts leave behind is asked of all of them. */
static void use_condition(struct lint *lint, const struct torci_condition *condition)
{
    if (condition == NULL)
        return;
    use_host(lint, condition->host);
    if (torci_condition_of_hosts(condition) || condition->kind == TORCI_CONDITION_LEAKS ||
        condition->kind == TORCI_CONDITION_UNHANDLED)
        use_all_modules(lint);
    use_condition(lint, condition->left);
    use_condition(lint, condition->right);
}

static void use_name(struct lint *lint, const struct torci_script_name *name)
{
    for (; name != NULL; name = name->turn)
        for (size_t i = 0; i < name->count; i++)
            use_host(lint, name->addresses[i].host);
}

static void use_step(struct lint *lint, const struct torci_step *step)
{
    if (step->label != NULL)
        lint->label_used[step->label->index] = true;
    if (step->time.label != NULL && !step->implied)
        lint->label_used[step->time.label->index] = true;
    use_host(lint, step->host);
    use_host(lint, step->remote);
    use_host(lint, step->by);
    use_host(lint, step->caller);
    use_pairs(lint, step->pairs);
    use_condition(lint, step->condition);
    if (step->dns != NULL)
        use_name(lint, step->dns);
    if (step->net != NULL) {
        use_hosts(lint, &step->net->paths.from);
        use_hosts(lint, &step->net->paths.to);
    }
}

/* A link alone is of no use. */
static void use_all(struct lint *lint)
{
    const struct torc_scenario *scenario = lint->scenario;

    for (const struct torci_step *each = scenario->steps; each != NULL; each = each->next)
        use_step(lint, each);
    for (const struct torci_script_host *each = scenario->hosts; each != NULL; each = each->next)
        use_pairs(lint, each->pairs);
    for (const struct torci_script_name *each = scenario->names; each != NULL; each = each->next)
        use_name(lint, each);
    for (const struct torci_script_database *each = scenario->databases; each != NULL; each = each->next)
        use_host(lint, each->host);
    for (const struct torci_script_fault *each = scenario->faults; each != NULL; each = each->next)
        use_host(lint, each->host);
    for (const struct torci_trigger *each = scenario->triggers; each != NULL; each = each->next)
        use_condition(lint, each->condition);
    for (const struct torci_assertion *each = scenario->assertions; each != NULL; each = each->next)
        use_condition(lint, each->condition);
    for (size_t i = 0; i < scenario->decision_count; i++)
        use_hosts_in(lint, scenario->decisions[i].host);
}

/* A connection that is there and no more is something; it cannot be made without a name. */
static bool needs_name(const struct torci_step *step)
{
    return step->verb == TORCI_VERB_CONNECT || step->verb == TORCI_VERB_ACCEPT;
}

static void look_for_unused(struct lint *lint)
{
    use_all(lint);
    for (const struct torci_script_host *each = lint->scenario->hosts; each != NULL; each = each->next)
        if (!lint->host_used[each->index] && is_own(&each->place))
            find(lint, &each->place, UNUSED_HOST, "nothing is done to host '%s', and nothing is asked of it", each->name);
    for (const struct torci_label *each = lint->scenario->labels; each != NULL; each = each->next)
        if (each->made_by != NULL && !lint->label_used[each->index] && !needs_name(each->made_by) &&
            is_own(&each->made_by->place))
            find(lint, &each->made_by->place, UNUSED_NAME, "no line is about '%s', and none counts from it", each->name);
}

/* --- what happens --------------------------------------------------------------------------------- */

static uint64_t later(uint64_t at_ns, uint64_t more_ns)
{
    return at_ns == NEVER || more_ns >= NEVER - at_ns ? NEVER : at_ns + more_ns;
}

/* The earliest the line can happen. */
static uint64_t earliest(const struct lint *lint, const struct torci_step *step)
{
    const struct torci_time *time = &step->time;
    uint64_t at_ns = later(time->label != NULL ? lint->label_at_ns[time->label->index] : 0, time->offset_ns);

    return at_ns > lint->scenario->limit_time_ns ? NEVER : at_ns;
}

/* Until nothing changes: a line may count from one further down.  What nothing makes happens never, and what counts from
 * itself. */
static void settle_labels(struct lint *lint)
{
    bool changed = true;

    for (size_t i = 0; i < lint->scenario->label_count; i++)
        lint->label_at_ns[i] = NEVER;
    for (const struct torci_trigger *each = lint->scenario->triggers; each != NULL; each = each->next)
        lint->label_at_ns[each->label->index] = 0;
    while (changed) {
        changed = false;
        for (const struct torci_step *each = lint->scenario->steps; each != NULL; each = each->next) {
            uint64_t at_ns = each->as != NULL && each->time.kind != TORCI_TIME_END ? earliest(lint, each) : NEVER;

            if (at_ns == NEVER || lint->label_at_ns[each->as->index] != NEVER)
                continue;
            lint->label_at_ns[each->as->index] = at_ns;
            changed = true;
        }
    }
}

static const char *nearest_made(const struct lint *lint, const char *name)
{
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;

    for (const struct torci_label *each = lint->scenario->labels; each != NULL; each = each->next)
        if (each->made_by != NULL && torc_name_nearer(name, each->name, &distance))
            nearest = each->name;
    return nearest;
}

static bool is_trigger(const struct lint *lint, const struct torci_label *label)
{
    for (const struct torci_trigger *each = lint->scenario->triggers; each != NULL; each = each->next)
        if (each->label == label)
            return true;
    return false;
}

/* Whether there is a line that makes it. */
static bool look_at_name(struct lint *lint, const struct torci_step *step, const struct torci_label *label)
{
    const char *nearest;

    if (label == NULL || label->made_by != NULL || is_trigger(lint, label))
        return true;
    nearest = nearest_made(lint, label->name);
    find(lint, &step->place, UNKNOWN_NAME, "no line makes '%s', so this never happens%s%s%s", label->name,
         nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
    return false;
}

static void look_at_time(struct lint *lint, const struct torci_step *step)
{
    const struct torci_label *label = step->time.label;

    if (earliest(lint, step) != NEVER)
        return;
    if (label == NULL || lint->label_at_ns[label->index] != NEVER)
        find(lint, &step->place, NEVER_DUE, "this never happens: the run is over before, by its limit");
    else if (label->made_by->time.kind == TORCI_TIME_END)
        find(lint, &step->place, NEVER_DUE, "this never happens: '%s' is of the end, when the timeline is over", label->name);
    else if (label == step->as)
        find(lint, &step->place, NEVER_DUE, "this never happens: it counts from itself");
    else
        find(lint, &step->place, NEVER_DUE, "this never happens: '%s', which it counts from, never does", label->name);
}

static void look_for_never(struct lint *lint)
{
    settle_labels(lint);
    for (const struct torci_step *each = lint->scenario->steps; each != NULL; each = each->next)
        if (!each->implied && look_at_name(lint, each, each->time.label) && look_at_name(lint, each, each->label))
            look_at_time(lint, each);
}

/* --- what can fail -------------------------------------------------------------------------------- */

static void look_for_assertions(struct lint *lint)
{
    struct torci_place place = {lint->scenario->lines, 1};
    bool asserts = lint->scenario->assertions != NULL;

    for (const struct torci_step *each = lint->scenario->steps; each != NULL && !asserts; each = each->next)
        asserts = each->verb == TORCI_VERB_EXPECT || each->verb == TORCI_VERB_CHECK;
    while (place.line != NULL && place.line->word_count == 0)
        place.line = place.line->next;
    if (!asserts && place.line != NULL)
        find(lint, &place, NO_ASSERTION,
             "it asserts nothing: there is no expect, eventually, always, never or sometimes");
}

#define X(name, parent) #name,
static const char *const library_types[] = {TORC_FAILURE_TYPES(X) NULL};
#undef X

static bool has_type(const struct lint *lint, const char *module, const char *type)
{
    return module != NULL && lint->options->has_type(lint->options->arg, module, type);
}

/* Whether the library or a module that some host runs has it. */
static bool is_type(const struct lint *lint, const char *type)
{
    for (size_t i = 0; library_types[i] != NULL; i++)
        if (strcmp(library_types[i], type) == 0)
            return true;
    if (lint->options->has_type == NULL)
        return true;
    for (const struct torci_script_host *each = lint->scenario->hosts; each != NULL; each = each->next)
        if (has_type(lint, each->module, type))
            return true;
    for (const struct torci_step *each = lint->scenario->steps; each != NULL; each = each->next)
        if (each->verb == TORCI_VERB_RESTART && has_type(lint, each->name, type))
            return true;
    return false;
}

static void look_at_types(struct lint *lint)
{
    for (const struct torci_step *each = lint->scenario->steps; each != NULL; each = each->next) {
        const char *nearest;

        if (each->verb != TORCI_VERB_EXPECT || each->expected != TORCI_EXPECTED_FAILURE || each->name == NULL ||
            is_type(lint, each->name))
            continue;
        nearest = torc_name_nearest(each->name, library_types);
        find(lint, &each->place, FAILURE_TYPE, "neither the library nor a module here has failures of a type '%.64s'%s%s%s",
             each->name, nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
             nearest != NULL ? "'?" : "");
    }
}

/* A check that is misspelt would not be silenced, and nobody knew why. */
static void look_at_comments(struct lint *lint)
{
    for (const struct torci_line *each = lint->scenario->lines; each != NULL; each = each->next) {
        size_t bytes = 0;
        const char *off = off_in(each, &bytes);
        struct torci_place place = {each, 1};
        bool known = false;
        char name[64];

        if (off == NULL)
            continue;
        torc_format(name, sizeof name, "%.*s", (int)(bytes < 60 ? bytes : 60), off);
        for (size_t i = 0; torc_scenario_checks[i] != NULL; i++)
            known = known || strcmp(torc_scenario_checks[i], name) == 0;
        place.column = (unsigned)(off - each->raw) + 1;
        if (!known)
            find(lint, &place, LINT_OFF, "there is no check '%s'", name);
    }
}

/* --- the whole ------------------------------------------------------------------------------------ */

int torc_scenario_lint(const struct torc_scenario *scenario, const struct torc_scenario_lint_options *options)
{
    struct lint lint = {scenario, options, calloc(scenario->host_count + 1, sizeof(bool)),
                        calloc(scenario->label_count + 1, sizeof(bool)),
                        calloc(scenario->label_count + 1, sizeof(uint64_t))};
    bool good = lint.host_used != NULL && lint.label_used != NULL && lint.label_at_ns != NULL;

    if (good) {
        look_for_assertions(&lint);
        look_for_unused(&lint);
        look_for_never(&lint);
        look_at_types(&lint);
        look_at_comments(&lint);
    }
    free(lint.host_used);
    free(lint.label_used);
    free(lint.label_at_ns);
    return good ? 0 : TORC_ENOMEM;
}
