/* What is done to a host as a whole, besides killing it: crash, restart, pause, resume, stall, clock. */
#include <string.h>

#include "scenario_action.h"

/* A peer has no code of its own that could wait. */
static int need_module(struct torci_action *action)
{
    if (action->host->module == NULL)
        return torci_parse_error(action->parser, action->subject, 0,
                                 "a peer does what lines say, and nothing by itself: no %s for '%s'",
                                 action->verb->text, action->host->name);
    return 0;
}

/* What the line does ends by itself, so much later. */
static int add_over(struct torci_action *action, uint64_t after_ns)
{
    const struct torci_span span = {after_ns, NULL};
    struct torci_step *step = NULL;

    return torci_action_add_end(action, TORCI_VERB_OVER, &span, &step);
}

int torci_parse_host_pause(struct torci_action *action)
{
    static const char *const keys[] = {"for", NULL};
    const struct torci_word *word;
    struct torci_step *step = NULL;
    uint64_t for_ns = TORC_NEVER;
    unsigned seen = 0;
    int code = need_module(action);

    while (code == 0 && (word = torci_action_next_word(action)) != NULL) {
        size_t key = 0;
        size_t value = 0;

        code = torci_action_read_key(action, word, keys, &seen, &key, &value);
        if (code == 0)
            code = torci_word_duration(action->parser, word, value, &for_ns);
    }
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_HOST_PAUSE, &step);
    if (code != 0)
        return code;
    step->for_ns = for_ns;
    return for_ns == TORC_NEVER ? 0 : add_over(action, for_ns);
}

int torci_parse_host_resume(struct torci_action *action)
{
    struct torci_step *step = NULL;
    int code = need_module(action);

    if (code == 0)
        code = torci_action_finish(action);
    return code != 0 ? code : torci_action_add(action, TORCI_VERB_HOST_RESUME, &step);
}

int torci_parse_stall(struct torci_action *action)
{
    const struct torci_word *word = torci_action_next_word(action);
    struct torci_step *step = NULL;
    uint64_t for_ns = 0;
    int code = need_module(action);

    if (code == 0 && word == NULL)
        return torci_parse_error_end(action->parser, "how long does a turn take? stall 200ms");
    if (code == 0)
        code = torci_word_duration(action->parser, word, 0, &for_ns);
    if (code == 0)
        code = torci_action_finish(action);
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_STALL, &step);
    if (code != 0)
        return code;
    step->for_ns = for_ns;
    return add_over(action, for_ns);
}

int torci_parse_clock(struct torci_action *action)
{
    static const char *const keys[] = {"step", "drift", NULL};
    const struct torci_word *word;
    struct torci_step *step = NULL;
    int64_t by_ns = 0;
    int32_t ppm = 0;
    unsigned seen = 0;
    int code = need_module(action);

    while (code == 0 && (word = torci_action_next_word(action)) != NULL) {
        size_t key = 0;
        size_t at = 0;

        code = torci_action_read_key(action, word, keys, &seen, &key, &at);
        if (code == 0)
            code = key == 0 ? torci_word_signed_duration(action->parser, word, at,
                                                         word->bytes - at, &by_ns)
                            : torci_word_ppm(action->parser, word, at, word->bytes - at, "ppm", &ppm);
    }
    if (code == 0 && seen == 0)
        return torci_parse_error_end(action->parser,
                                     "what becomes of the clock? step=-10s or drift=-200ppm");
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_CLOCK, &step);
    if (code != 0)
        return code;
    step->clock_step_ns = by_ns;
    step->drift_given = (seen & 2) != 0;
    step->ppm = ppm;
    return 0;
}

/* A loss of power; with restart=, a second step brings the host up again. */
int torci_parse_crash(struct torci_action *action)
{
    static const char *const keys[] = {"disk", "restart", NULL};
    static const char *const losses[] = {"keep", "lose-unsynced", "draw", NULL};
    static const enum torc_power_loss kinds[] = {TORC_LOSS_NONE, TORC_LOSS_ALL, TORC_LOSS_DRAW};
    enum torc_power_loss loss = TORC_LOSS_ALL;
    const struct torci_word *word;
    struct torci_step *step = NULL;
    struct torci_span restart = {0, NULL};
    unsigned seen = 0;
    int code = 0;

    if (action->host->module == NULL)
        return torci_parse_error(action->parser, action->subject, 0,
                                 "a peer has no disk and nothing to lose: say kill");
    while (code == 0 && (word = torci_action_next_word(action)) != NULL) {
        size_t key = 0;
        size_t value = 0;
        size_t i = 0;

        code = torci_action_read_key(action, word, keys, &seen, &key, &value);
        if (code != 0)
            return code;
        if (key == 1) {
            if (word->text[value] != '+')
                return torci_parse_error(action->parser, word, value,
                                         "how long after the crash? restart=+500ms");
            code = torci_parse_span(action->parser, word, value + 1, &restart);
            continue;
        }
        while (losses[i] != NULL && strcmp(losses[i], word->text + value) != 0)
            i++;
        if (losses[i] == NULL)
            return torci_parse_unknown(action->parser, word, value,
                                       torc_name_nearest(word->text + value, losses),
                                       "'%.64s' is nothing a disk does: keep, lose-unsynced or draw",
                                       word->text + value);
        loss = kinds[i];
    }
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_CRASH, &step);
    if (code != 0)
        return code;
    step->loss = loss;
    return (seen & 2) == 0 ? 0 : torci_action_add_end(action, TORCI_VERB_RESTART, &restart, &step);
}

/* With a module or options, another version of the module is started. */
int torci_parse_restart(struct torci_action *action)
{
    static const char *const keys[] = {"module", NULL};
    const struct torci_word *module = NULL;
    const char *const *pairs = NULL;
    const char *name = NULL;
    struct torci_step *step = NULL;
    int code = action->next < action->end ? need_module(action) : 0;

    if (code == 0)
        code = torci_parse_pairs(action->parser, action->next, action->end,
                                 "the options of what is started", keys, &module, &pairs);
    if (code == 0 && module != NULL)
        code = torci_word_module(action->parser, module, &name);
    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_RESTART, &step);
    if (code != 0)
        return code;
    step->name = name;
    step->pairs = pairs[0] != NULL ? pairs : NULL;
    return 0;
}
