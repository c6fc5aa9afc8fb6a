/* decide HOST SITE K = VALUE: an answer to a question the run will ask, or will not ask, which is drift and no
 * error: lines come and go. */
#include <string.h>

#include "scenario_parser.h"

static int parse_site(struct torci_parser *parser, const struct torci_word *word, const char **out)
{
    for (size_t i = 0; torc_decision_sites[i] != NULL; i++)
        if (torci_word_is(word, torc_decision_sites[i])) {
            *out = torc_decision_sites[i];
            return 0;
        }
    return torci_parse_unknown(parser, word, 0, torc_name_nearest(word->text, torc_decision_sites),
                               "unknown site '%.64s'", word->text);
}

static int parse_count(struct torci_parser *parser, const struct torci_word *word, uint64_t *out)
{
    const char *why = NULL;

    if (torci_value_count(word->text, out, &why) != 0)
        return torci_parse_error(parser, word, 0, "%s", why);
    return 0;
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
    struct torc_decision *decision;
    int code;

    if (line->word_count != 6 || !torci_word_is(&line->words[4], "="))
        return torci_parse_error_end(parser,
                                     "a decision is written decide HOST SITE NUMBER = VALUE");
    decision = add_decision(parser->scenario);
    if (decision == NULL)
        return TORC_ENOMEM;
    decision->host = line->words[1].text;
    code = parse_site(parser, &line->words[2], &decision->site);
    if (code == 0)
        code = parse_count(parser, &line->words[3], &decision->k);
    if (code == 0)
        code = parse_count(parser, &line->words[5], &decision->value);
    if (code == 0)
        parser->scenario->decision_count++;
    return code;
}

size_t torc_scenario_decisions(const struct torc_scenario *scenario,
                               const struct torc_decision **out)
{
    *out = scenario->decisions;
    return scenario->decision_count;
}
