/* net: paths that are cut and healed while a scenario runs. */
#include <string.h>

#include "scenario_action.h"
#include "scenario_run.h"

/* --- reading -------------------------------------------------------------------------------------- */

enum { KEY_FOR, KEY_MODE, KEY_FAMILY, KEY_FACTOR, KEY_DELAY, KEY_UP, KEY_DOWN };
static const char *const keys[] = {"for", "mode", "family", "factor", "delay", "up", "down", NULL};
enum { FACTOR_MAX = 1000000 };

static int read_choice(struct torci_action *action, const struct torci_word *word, size_t value,
                       const char *const *choices, size_t *out)
{
    size_t i = 0;

    while (choices[i] != NULL && strcmp(choices[i], word->text + value) != 0)
        i++;
    *out = i;
    if (choices[i] != NULL)
        return 0;
    return torci_parse_unknown(action->parser, word, value,
                               torc_name_nearest(word->text + value, choices),
                               "'%.64s' is none of what can stand here", word->text + value);
}

static int read_time(struct torci_action *action, const struct torci_word *word, size_t value,
                     uint64_t *out_ns)
{
    int code = torci_word_duration(action->parser, word, value, out_ns);

    if (code == 0 && *out_ns == 0)
        code = torci_parse_error(action->parser, word, value, "it takes some time: 200ms");
    return code;
}

/* Not so short that a run would do nothing else. */
static int read_phase(struct torci_action *action, const struct torci_word *word, size_t value,
                      uint64_t *out_ns)
{
    int code = torci_word_duration(action->parser, word, value, out_ns);

    if (code == 0 && *out_ns < TORC_MILLISECOND)
        code = torci_parse_error(action->parser, word, value, "a path is up or down for 1ms at least");
    return code;
}

static int read_span(struct torci_action *action, const struct torci_word *word, size_t value,
                     struct torci_script_net *net)
{
    int code = torci_parse_span(action->parser, word, value, &net->lasts);

    if (code == 0 && net->lasts.least_ns == 0)
        code = torci_parse_error(action->parser, word, value, "it takes some time: 200ms");
    if (code == 0 && net->kind == TORCI_NET_SWIZZLE && net->lasts.rand != NULL)
        code = torci_parse_error(action->parser, word, value,
                                 "a swizzle takes a time that is known: for=8s");
    return code;
}

static int read_value(struct torci_action *action, const struct torci_word *word, size_t key,
                      size_t value, struct torci_script_net *net)
{
    static const char *const modes[] = {"drop", "jam", "slow", NULL};
    static const char *const families[] = {"any", "ipv4", "ipv6", NULL};
    uint64_t factor = 0;
    size_t choice = 0;
    int code;

    switch (key) {
    case KEY_FOR:
        return read_span(action, word, value, net);
    case KEY_MODE:
        code = read_choice(action, word, value, modes, &choice);
        net->cut.mode = (enum torc_cut_mode)choice;
        return code;
    case KEY_FAMILY:
        code = read_choice(action, word, value, families, &choice);
        net->cut.family = (enum torc_address_family)choice;
        return code;
    case KEY_FACTOR:
        code = torci_action_read_count(action, word, value, FACTOR_MAX, &factor);
        net->cut.factor = (uint32_t)factor;
        return code;
    case KEY_DELAY:
        return read_time(action, word, value, &net->cut.delay_ns);
    case KEY_UP:
        return read_phase(action, word, value, &net->up_ns);
    default:
        return read_phase(action, word, value, &net->down_ns);
    }
}

struct kind {
    const char *name;
    enum torci_net_kind kind;
    unsigned keys; /* it may have */
    unsigned needs;
};

#define BIT(key) (1u << KEY_##key)
#define CUT_KEYS (BIT(FOR) | BIT(MODE) | BIT(FAMILY) | BIT(FACTOR) | BIT(DELAY))
static const struct kind kinds[] = {
    {"cut", TORCI_NET_CUT, CUT_KEYS, 0},
    {"heal", TORCI_NET_HEAL, 0, 0},
    {"flap", TORCI_NET_FLAP, CUT_KEYS | BIT(UP) | BIT(DOWN), BIT(FOR) | BIT(UP) | BIT(DOWN)},
    {"swizzle", TORCI_NET_SWIZZLE, CUT_KEYS, BIT(FOR)},
    {NULL, TORCI_NET_CUT, 0, 0},
};

/* That it says what it needs, and nothing that means nothing. */
static int check(struct torci_action *action, const struct kind *kind, unsigned seen,
                 const struct torci_script_net *net)
{
    unsigned slow = seen & (BIT(FACTOR) | BIT(DELAY));

    for (unsigned i = 0; keys[i] != NULL; i++)
        if ((kind->needs & ~seen) >> i & 1)
            return torci_parse_error_end(action->parser, "%s= is missing", keys[i]);
    if ((net->cut.mode == TORC_CUT_SLOW) == (slow != 0))
        return 0;
    return torci_parse_error_end(action->parser,
                                 slow == 0 ? "how slow? factor=10 or delay=50ms"
                                           : "factor= and delay= belong to mode=slow");
}

static int read_keys(struct torci_action *action, const struct kind *kind,
                     struct torci_script_net *net)
{
    const struct torci_word *word;
    unsigned seen = 0;

    while ((word = torci_action_next_word(action)) != NULL) {
        size_t key = 0;
        size_t value = 0;
        int code = torci_action_read_key(action, word, keys, &seen, &key, &value);

        if (code == 0 && (kind->keys >> key & 1) == 0)
            code = torci_parse_error(action->parser, word, 0, "'net %s' has no %s=", kind->name,
                                     keys[key]);
        if (code == 0)
            code = read_value(action, word, key, value, net);
        if (code != 0)
            return code;
    }
    return check(action, kind, seen, net);
}

/* Which paths, or for a swizzle which hosts.  A heal may leave it open. */
static int read_paths(struct torci_action *action, struct torci_script_net *net)
{
    const struct torci_word *word = torci_action_next_word(action);

    if (word == NULL && net->kind == TORCI_NET_HEAL) {
        net->paths.both_ways = true;
        return 0;
    }
    if (net->kind == TORCI_NET_SWIZZLE) {
        net->paths.both_ways = true;
        if (action->parser->scenario->hosts == NULL)
            return torci_parse_error(action->parser, action->verb, 0, "there is no host yet");
        return word == NULL ? torci_parse_error_end(action->parser, "which hosts? a,b,c or *")
                            : torci_parse_hosts(action->parser, word, &net->paths.from);
    }
    return word == NULL
               ? torci_parse_error_end(action->parser, "which path? a<->b, a->b,c or *")
               : torci_parse_paths(action->parser, word, "a path", &net->paths);
}

/* A path from a host to itself cannot be cut, so a line that names only such does nothing. */
static int check_paths(struct torci_action *action, const struct torci_script_net *net)
{
    const struct torci_script_paths *paths = &net->paths;

    if (paths->from.count == 1 && paths->to.count == 1 &&
        paths->from.hosts[0] == paths->to.hosts[0])
        return torci_parse_error(action->parser, action->verb, 0,
                                 "the path of %s to itself is never cut", paths->from.hosts[0]->name);
    return 0;
}

int torci_parse_net_action(struct torci_action *action, size_t first)
{
    const struct torci_word *word = &action->parser->line->words[first + 1];
    struct torci_script_net *net = torci_scenario_alloc(action->parser->scenario, sizeof(*net));
    static const char *const names[] = {"cut", "heal", "flap", "swizzle", NULL};
    const struct kind *kind = kinds;
    struct torci_step *step = NULL;
    int code;

    if (net == NULL)
        return TORC_ENOMEM;
    while (kind->name != NULL && !torci_word_is(word, kind->name))
        kind++;
    if (kind->name == NULL)
        return torci_parse_unknown(action->parser, word, 0, torc_name_nearest(word->text, names),
                                   "'net %.64s' is nothing that can be done", word->text);
    action->verb = word;
    action->next = first + 2;
    net->kind = kind->kind;
    net->cut = (struct torc_cut)TORC_CUT_INIT;
    code = read_paths(action, net);
    if (code == 0)
        code = check_paths(action, net);
    if (code == 0)
        code = read_keys(action, kind, net);
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_NET, &step);
    if (code != 0)
        return code;
    step->net = net;
    if (net->lasts.least_ns == 0)
        return 0;
    code = torci_action_add_end(action, TORCI_VERB_NET, &net->lasts, &step);
    if (code == 0)
        step->net = net;
    return code;
}

/* --- in a run ------------------------------------------------------------------------------------- */

static void cut_or_heal(struct torci_run *run, const struct torci_script_host *from,
                        const struct torci_script_host *to, const struct torc_cut *cut)
{
    struct torc_host *a = run->hosts[from->index].host;
    struct torc_host *b = run->hosts[to->index].host;

    if (from == to)
        return;
    if (cut == NULL)
        torc_world_heal(run->world, a, b);
    else if (torc_world_cut(run->world, a, b, cut) != 0)
        run->error = TORC_ENOMEM;
}

/* All paths of the line; `cut` NULL: heals them. */
static void each_path(struct torci_run *run, const struct torci_script_paths *paths,
                      const struct torc_cut *cut)
{
    for (const struct torci_script_host *from = run->scenario->hosts; from; from = from->next)
        for (const struct torci_script_host *to = run->scenario->hosts; to; to = to->next)
            if (torci_paths_have(paths, from, to))
                cut_or_heal(run, from, to, cut);
}

/* --- swizzling ------------------------------------------------------------------------------------ */

/* Some hosts are cut off one after the other, then reached again in another order. */
struct torci_swizzle {
    size_t count;
    bool *off;      /* by index of the host */
    const struct torci_script_host **hosts; /* in the order they are cut off, then in that they come back */
};

static void shuffle(struct torci_run *run, const struct torci_script_host **hosts, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)(torc_world_draw(run->world, "net.swizzle", NULL) % i);
        const struct torci_script_host *host = hosts[i - 1];

        hosts[i - 1] = hosts[j];
        hosts[j] = host;
    }
}

static struct torci_swizzle *begin_swizzle(struct torci_run *run, const struct torci_script_net *net)
{
    struct torci_swizzle *swizzle = torci_pile_alloc(&run->pile, sizeof(*swizzle));
    size_t all = run->scenario->host_count;
    size_t count = 0;

    if (swizzle == NULL)
        return NULL;
    swizzle->off = torci_pile_alloc(&run->pile, all * sizeof(bool));
    swizzle->hosts = torci_pile_alloc(&run->pile, 2 * all * sizeof(*swizzle->hosts));
    if (swizzle->off == NULL || swizzle->hosts == NULL)
        return NULL;
    for (const struct torci_script_host *host = run->scenario->hosts; host; host = host->next)
        if (torci_hosts_have(&net->paths.from, host))
            swizzle->hosts[count++] = host;
    shuffle(run, swizzle->hosts, count);
    /* Of no host there is no line.  NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
    swizzle->count = 1 + (size_t)(torc_world_draw(run->world, "net.swizzle", NULL) % count);
    memcpy(swizzle->hosts + swizzle->count, swizzle->hosts,
           swizzle->count * sizeof(*swizzle->hosts));
    shuffle(run, swizzle->hosts + swizzle->count, swizzle->count);
    return swizzle;
}

/* The path to a host that is cut off itself stays cut. */
static void set_off(struct torci_run *run, struct torci_swizzle *swizzle,
                    const struct torci_script_host *host, const struct torc_cut *cut)
{
    swizzle->off[host->index] = cut != NULL;
    for (const struct torci_script_host *other = run->scenario->hosts; other; other = other->next) {
        if (swizzle->off[other->index] && other != host)
            continue;
        cut_or_heal(run, host, other, cut);
        cut_or_heal(run, other, host, cut);
    }
}

/* --- lines ---------------------------------------------------------------------------------------- */

/* Down, up, down, ... until its end, which is a step of its own. */
static uint64_t flap(struct torci_run *run, struct torci_step_run *step,
                     const struct torci_script_net *net)
{
    bool down = step->round % 2 == 0;

    each_path(run, &net->paths, down ? &net->cut : NULL);
    return down ? net->down_ns : net->up_ns;
}

/* Each step at its part of the time. */
static uint64_t swizzle(struct torci_run *run, struct torci_step_run *step,
                        const struct torci_script_net *net)
{
    struct torci_swizzle *state = step->round == 0 ? begin_swizzle(run, net) : step->swizzle;
    bool off;

    step->swizzle = state;
    if (state == NULL) {
        run->error = TORC_ENOMEM;
        return TORC_NEVER;
    }
    off = step->round < state->count;
    set_off(run, state, state->hosts[step->round], off ? &net->cut : NULL);
    return step->round + 1 < 2 * state->count ? net->lasts.least_ns / (2 * state->count) : TORC_NEVER;
}

/* What goes on does no more; `net` NULL: of all lines. */
static void stop(struct torci_run *run, const struct torci_script_net *net)
{
    for (size_t i = 0; i < run->scenario->step_count; i++)
        if (run->steps[i].round > 0 && (net == NULL || run->steps[i].step->net == net))
            run->steps[i].state = TORCI_STEP_DONE;
}

void torci_net_do(struct torci_run *run, struct torci_step_run *step)
{
    const struct torci_script_net *net = step->step->net;
    uint64_t next_ns = TORC_NEVER;

    if (step->step->implied)
        stop(run, net);
    if (step->step->implied || net->kind == TORCI_NET_HEAL)
        each_path(run, &net->paths, NULL);
    else if (net->kind == TORCI_NET_CUT)
        each_path(run, &net->paths, &net->cut);
    else if (net->kind == TORCI_NET_FLAP)
        next_ns = flap(run, step, net);
    else
        next_ns = swizzle(run, step, net);
    if (next_ns == TORC_NEVER)
        return;
    step->round++;
    step->due_ns += next_ns;
    step->state = TORCI_STEP_DUE;
}

void torci_net_stop(struct torci_run *run)
{
    stop(run, NULL);
}
