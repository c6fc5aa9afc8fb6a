/* when CONDITION [optional] : ACTION.  The action is a line of the timeline that counts from when the condition is
 * first true. */
#include "scenario_parser.h"

static int find_colon(struct torci_parser *parser, size_t *out)
{
    const struct torci_line *line = parser->line;
    size_t at = 1;

    while (at < line->word_count && !torci_word_is(&line->words[at], ":"))
        at++;
    if (at + 1 >= line->word_count)
        return torci_parse_error_end(parser,
                                     "after a ' : ' comes what happens: when a.role==\"leader\" : a crash");
    *out = at;
    return 0;
}

static int add_trigger(struct torci_parser *parser, struct torci_trigger *trigger)
{
    struct torci_label *label = NULL;
    int code = torci_add_trigger_label(parser, &label);

    trigger->place.line = parser->line;
    trigger->place.column = parser->line->words[0].column;
    trigger->label = label;
    trigger->index = parser->scenario->trigger_count++;
    *parser->trigger_end = trigger;
    parser->trigger_end = &trigger->next;
    return code;
}

int torci_parse_when(struct torci_parser *parser)
{
    const struct torci_word *words = parser->line->words;
    struct torci_trigger *trigger = torci_scenario_alloc(parser->scenario, sizeof(*trigger));
    struct torci_time time = {.kind = TORCI_TIME_ANY};
    size_t colon = 0;
    size_t end;
    int code = trigger != NULL ? find_colon(parser, &colon) : TORC_ENOMEM;

    if (code != 0)
        return code;
    trigger->optional = torci_word_is(&words[colon - 1], "optional");
    end = trigger->optional ? colon - 1 : colon;
    if (end < 2)
        return torci_parse_error(parser, &words[end], 0, "the condition is missing");
    code = torci_parse_condition(parser, 1, end, &trigger->condition);
    if (code != 0)
        return code;
    if (torci_is_time(&words[colon + 1]))
        return torci_parse_error(parser, &words[colon + 1], 0,
                                 "it happens when the condition is true; name it, 'as P1', for what comes later: P1+1s");
    code = add_trigger(parser, trigger);
    time.label = trigger->label;
    return code != 0 ? code : torci_parse_action(parser, colon + 1, &time);
}
