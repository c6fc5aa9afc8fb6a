/* decide HOST SITE K = VALUE: an answer to a question the run will ask, or will not ask, which is drift and no
 * error: lines come and go.  K.. means this question and all after it.  decide only: nothing else is decided. */
#include <string.h>

#include "scenario_parser.h"

static int parse_site(struct torci_parser *parser, const struct torci_word *word,
                      const struct torc_decision_site **out)
{
    *out = torc_decision_find_site(word->text);
    if (*out != NULL)
        return 0;
    return torci_parse_unknown(parser, word, 0, torc_decision_nearest_site(word->text),
                               "unknown site '%.64s'", word->text);
}

/* K or K.. */
static int parse_count(struct torci_parser *parser, const struct torci_word *word,
                       struct torc_decision *decision)
{
    const char *dots = strstr(word->text, "..");
    const char *why = NULL;
    const char *text;

    decision->onwards = dots != NULL && dots[2] == '\0';
    text = decision->onwards
               ? torci_scenario_copy(parser->scenario, word->text, (size_t)(dots - word->text))
               : word->text;
    if (text == NULL)
        return TORC_ENOMEM;
    if (torci_value_count(text, &decision->k, &why) != 0)
        return torci_parse_error(parser, word, 0, "%s", why);
    return 0;
}

static int parse_option(struct torci_parser *parser, const struct torci_word *word,
                        const struct torc_decision_site *site, uint64_t *out)
{
    if (torc_decision_option(site, word->text, out) == 0)
        return 0;
    if (site->options == NULL)
        return torci_parse_error(parser, word, 0, "the options of %s are numbers", site->name);
    return torci_parse_unknown(parser, word, 0, torc_name_nearest(word->text, site->options),
                               "%s has no option '%.64s'", site->name, word->text);
}

static struct torc_decision *add_decision(struct torc_scenario *scenario)
{
    if (scenario->decision_count == scenario->decision_room) {
        size_t room = scenario->decision_room == 0 ? 16 : 2 * scenario->decision_room;
        struct torc_decision *decisions = torci_scenario_alloc(scenario, room * sizeof(*decisions));

        if (decisions == NULL)
            return NULL;
        if (scenario->decision_count > 0)
            memcpy(decisions, scenario->decisions,
                   scenario->decision_count * sizeof(*decisions));
        scenario->decisions = decisions;
        scenario->decision_room = room;
    }
    return &scenario->decisions[scenario->decision_count];
}

int torci_parse_decide(struct torci_parser *parser)
{
    const struct torci_line *line = parser->line;
    const struct torc_decision_site *site = NULL;
    struct torc_decision *decision;
    int code;

    if (line->word_count == 2 && torci_word_is(&line->words[1], "only")) {
        parser->scenario->decided_only = true;
        return 0;
    }
    if (line->word_count != 6 || !torci_word_is(&line->words[4], "="))
        return torci_parse_error_end(parser,
                                     "a decision is written decide HOST SITE NUMBER = VALUE");
    decision = add_decision(parser->scenario);
    if (decision == NULL)
        return TORC_ENOMEM;
    decision->host = line->words[1].text;
    code = parse_site(parser, &line->words[2], &site);
    if (code == 0)
        code = parse_count(parser, &line->words[3], decision);
    if (code == 0)
        code = parse_option(parser, &line->words[5], site, &decision->value);
    if (code != 0)
        return code;
    decision->site = site->name;
    parser->scenario->decision_count++;
    return 0;
}

size_t torc_scenario_decisions(const struct torc_scenario *scenario,
                               const struct torc_decision **out)
{
    *out = scenario->decisions;
    return scenario->decision_count;
}
