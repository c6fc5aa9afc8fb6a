/* What is made of conditions: expect and eventually, which are steps of the timeline; always, never and
 * sometimes, which are about the whole run. */
#include "scenario_parser.h"

static int add_assertion(struct torci_parser *parser, enum torci_assertion_kind kind, size_t first)
{
    struct torci_assertion *assertion =
        torci_scenario_alloc(parser->scenario, sizeof(*assertion));
    int code;

    if (assertion == NULL)
        return TORC_ENOMEM;
    if (first != 1)
        return torci_parse_error(parser, &parser->line->words[0], 0,
                                 "'%s' is about the whole run and has no time",
                                 parser->line->words[first - 1].text);
    code = torci_parse_condition(parser, first, parser->line->word_count, &assertion->condition);
    if (code != 0)
        return code;
    assertion->place.line = parser->line;
    assertion->place.column = parser->line->words[first - 1].column;
    assertion->kind = kind;
    assertion->index = parser->scenario->assertion_count++;
    *parser->assertion_end = assertion;
    parser->assertion_end = &assertion->next;
    return 0;
}

/* expect CONDITION [within DUR] [as LABEL], eventually CONDITION [within DUR] [as LABEL]. */
static int add_check(struct torci_parser *parser, size_t first, const struct torci_time *time)
{
    const struct torci_line *line = parser->line;
    const struct torci_condition *condition = NULL;
    struct torci_time when = *time;
    struct torci_step *step = NULL;
    bool eventually = torci_word_is(&line->words[first - 1], "eventually");
    bool timed = time->kind != TORCI_TIME_ANY;
    struct torci_label *as = NULL;
    const struct torci_word *as_word = NULL;
    size_t end = line->word_count;
    int code = torci_parse_as(parser, first, &end, &as, &as_word);

    if (code != 0)
        return code;
    if (end >= first + 2 && torci_word_is(&line->words[end - 2], "within")) {
        if (when.kind == TORCI_TIME_WINDOW || when.kind == TORCI_TIME_END)
            return torci_parse_error(parser, &line->words[end - 2], 0,
                                     "within says the same as the time of the line");
        code = torci_word_duration(parser, &line->words[end - 1], 0, &when.window_ns);
        if (code != 0)
            return code;
        when.kind = TORCI_TIME_WINDOW;
        if (eventually && !timed)
            when = (struct torci_time){.kind = TORCI_TIME_LAST, .window_ns = when.window_ns};
        end -= 2;
    } else if (eventually && when.kind == TORCI_TIME_AT) {
        when.kind = TORCI_TIME_ANY;
    }
    code = torci_parse_condition(parser, first, end, &condition);
    if (code == 0)
        code = torci_add_step(parser, &line->words[first - 1], &when, TORCI_VERB_CHECK, &step);
    if (code != 0)
        return code;
    step->condition = condition;
    step->eventually = eventually && !timed;
    step->as = as;
    if (as != NULL)
        as->made_by = step;
    return 0;
}

int torci_parse_assertion(struct torci_parser *parser, size_t first, const struct torci_time *time,
                          bool *out_done)
{
    static const char *const names[] = {"always", "never", "sometimes"};
    const struct torci_word *word = &parser->line->words[first];

    *out_done = true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (torci_word_is(word, names[i]))
            return add_assertion(parser, (enum torci_assertion_kind)i, first + 1);
    if (torci_word_is(word, "expect") || torci_word_is(word, "eventually"))
        return add_check(parser, first + 1, time);
    *out_done = false;
    return 0;
}
