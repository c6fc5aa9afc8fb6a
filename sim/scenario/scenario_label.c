/* Names given by `as`: made by an action, the anchor of times, and what lines about a connection or a call are about. */
#include <string.h>

#include <torc/format.h>

#include "scenario_parser.h"

static int add(struct torci_parser *parser, const char *name, size_t bytes, struct torci_label **out)
{
    struct torci_label *label = torci_scenario_alloc(parser->scenario, sizeof(*label));

    if (label == NULL)
        return TORC_ENOMEM;
    label->name = torci_scenario_copy(parser->scenario, name, bytes);
    if (label->name == NULL)
        return TORC_ENOMEM;
    label->index = parser->scenario->label_count++;
    *parser->label_end = label;
    parser->label_end = &label->next;
    *out = label;
    return 0;
}

int torci_parse_label(struct torci_parser *parser, const char *name, size_t bytes,
                      struct torci_label **out)
{
    for (struct torci_label *label = parser->scenario->labels; label != NULL; label = label->next)
        if (strlen(label->name) == bytes && memcmp(label->name, name, bytes) == 0) {
            *out = label;
            return 0;
        }
    return add(parser, name, bytes, out);
}

int torci_add_trigger_label(struct torci_parser *parser, struct torci_label **out)
{
    static const char name[] = "its condition"; /* no name can be that */

    return add(parser, name, sizeof(name) - 1, out);
}

int torci_parse_as(struct torci_parser *parser, size_t first, size_t *end, struct torci_label **out,
                   const struct torci_word **out_word)
{
    const struct torci_word *words = parser->line->words;
    const struct torci_word *name;
    int code;

    if (*end > first && torci_word_is(&words[*end - 1], "as"))
        return torci_parse_error(parser, &words[*end - 1], words[*end - 1].bytes,
                                 "as what? the name is missing");
    if (*end < first + 2 || !torci_word_is(&words[*end - 2], "as"))
        return 0;
    name = &words[*end - 1];
    if (!torci_is_name(name->text, name->bytes))
        return torci_parse_error(parser, name, 0,
                                 "a name is made of letters, digits, _ and -, and begins with a letter");
    if (torci_word_is(name, "end") ||
        torci_find_script_host(parser->scenario, name->text, name->bytes) != NULL)
        return torci_parse_error(parser, name, 0, "'%s' is the name of %s already", name->text,
                                 torci_word_is(name, "end") ? "a time" : "a host");
    code = torci_parse_label(parser, name->text, name->bytes, out);
    if (code != 0)
        return code;
    if ((*out)->made_by != NULL)
        return torci_parse_error(parser, name, 0, "'%s' is made by line %u already", name->text,
                                 (*out)->made_by->place.line->number);
    *out_word = name;
    *end -= 2;
    return 0;
}

/* --- what a name is of ---------------------------------------------------------------------------- */

static bool is_answer(const struct torci_step *step)
{
    return step->verb == TORCI_VERB_EXPECT && (step->expected == TORCI_EXPECTED_RESULT ||
                                               step->expected == TORCI_EXPECTED_FAILURE);
}

/* Why the line cannot be about what that line has made; NULL: it can. */
static const char *misuse(const struct torci_step *step, const struct torci_step *made_by)
{
    bool connection = made_by->verb == TORCI_VERB_CONNECT || made_by->verb == TORCI_VERB_ACCEPT;

    if (!connection && made_by->verb != TORCI_VERB_CALL)
        return "'%s' is neither a connection nor a call: times count from it, and nothing is done to it";
    if (is_answer(step) == !connection)
        return NULL;
    return is_answer(step) ? "'%s' is a connection; a result or a failure is what a call has"
                           : "'%s' is a call: it has a result or a failure, and nothing is sent";
}

int torci_check_labels(struct torci_parser *parser)
{
    for (const struct torci_step *step = parser->scenario->steps; step != NULL; step = step->next) {
        const struct torci_step *made_by = step->label != NULL ? step->label->made_by : NULL;
        const char *why = made_by != NULL ? misuse(step, made_by) : NULL;
        char sentence[300];

        if (why == NULL)
            continue;
        torc_format(sentence, sizeof(sentence), why, step->label->name);
        torci_scenario_compose(parser->error, step->place.line, step->place.column, sentence);
        return TORC_ESYNTAX;
    }
    return 0;
}
