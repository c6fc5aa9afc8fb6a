/* sweep fault=alloc,db mode=once,persist k=1.. equivalent=once budget=30s require=no-crash,no-leak,no-stuck: what `torc sweep` does
 * unless its options say otherwise. */
#include <string.h>

#include "scenario_parser.h"

struct torc_scenario_sweeping torci_sweeping_defaults(void)
{
    struct torc_scenario_sweeping sweeping = {
        .once = true, .persist = true, .first = 1, .last = UINT64_MAX};

    for (unsigned i = 0; torc_fault_classes[i].name != NULL; i++)
        if (!torc_fault_classes[i].on_request)
            sweeping.classes |= 1u << i;
    return sweeping;
}

int torc_sweep_parse_modes(const char *text, bool *out_once, bool *out_persist)
{
    bool once = false;
    bool persist = false;

    for (;;) {
        size_t bytes = strcspn(text, ",");

        if (bytes == 4 && memcmp(text, "once", 4) == 0)
            once = true;
        else if (bytes == 7 && memcmp(text, "persist", 7) == 0)
            persist = true;
        else
            return TORC_ESYNTAX;
        if (text[bytes] == '\0')
            break;
        text += bytes + 1;
    }
    *out_once = once;
    *out_persist = persist;
    return 0;
}

int torc_sweep_parse_numbers(const char *text, uint64_t *out_first, uint64_t *out_last)
{
    uint64_t first;
    uint64_t last;

    if (torci_value_range(text, true, &first, &last) != 0 || first == 0)
        return TORC_ESYNTAX;
    *out_first = first;
    *out_last = last;
    return 0;
}

int torc_sweep_parse_equivalent(const char *text, bool *out_once)
{
    if (strcmp(text, "once") != 0 && strcmp(text, "all") != 0)
        return TORC_ESYNTAX;
    *out_once = text[0] == 'o';
    return 0;
}

/* --- the line ------------------------------------------------------------------------------------- */

static int parse_classes(struct torci_parser *parser, const struct torci_word *word, const char *value)
{
    const char *names[33] = {NULL};
    const char *bad;

    for (size_t i = 0; torc_fault_classes[i].name != NULL; i++)
        names[i] = torc_fault_classes[i].name;
    if (torc_fault_classes_parse(value, &parser->scenario->sweeping.classes, &bad) == 0) {
        parser->scenario->sweeping.named = parser->scenario->sweeping.classes;
        return 0;
    }
    return torci_parse_unknown(parser, word, (size_t)(bad - word->text), torc_name_nearest(bad, names),
                               "unknown class of faults '%.*s'", (int)strcspn(bad, ","), bad);
}

/* They hold in any case: to write them is to say it. */
static int parse_requirements(struct torci_parser *parser, const struct torci_word *word,
                              const char *value)
{
    static const char *const names[] = {"no-crash", "no-leak", "no-stuck", "no-unhandled", NULL};

    for (;;) {
        size_t bytes = strcspn(value, ",");
        size_t i = 0;

        while (names[i] != NULL && (strlen(names[i]) != bytes || memcmp(names[i], value, bytes) != 0))
            i++;
        if (names[i] == NULL)
            return torci_parse_unknown(parser, word, (size_t)(value - word->text),
                                       torc_name_nearest(value, names), "nothing requires '%.*s'",
                                       (int)bytes, value);
        if (value[bytes] == '\0')
            return 0;
        value += bytes + 1;
    }
}

static int parse_option(struct torci_parser *parser, const struct torci_word *word)
{
    static const char *const keys[] = {"fault", "mode", "k", "equivalent", "budget", "require", NULL};
    struct torc_scenario_sweeping *sweeping = &parser->scenario->sweeping;
    size_t key_bytes = torci_word_key(word);
    const char *value = word->text + key_bytes + 1;
    char key[65] = "";

    if (key_bytes == 0 || key_bytes >= sizeof(key))
        return torci_parse_error(parser, word, 0, "what to sweep is written NAME=VALUE");
    memcpy(key, word->text, key_bytes);
    if (strcmp(key, "fault") == 0)
        return parse_classes(parser, word, value);
    if (strcmp(key, "require") == 0)
        return parse_requirements(parser, word, value);
    if (strcmp(key, "budget") == 0)
        return torci_word_duration(parser, word, key_bytes + 1, &sweeping->budget_ns);
    if (strcmp(key, "mode") == 0)
        return torc_sweep_parse_modes(value, &sweeping->once, &sweeping->persist) == 0
                   ? 0
                   : torci_parse_error(parser, word, key_bytes + 1, "modes are once and persist");
    if (strcmp(key, "k") == 0)
        return torc_sweep_parse_numbers(value, &sweeping->first, &sweeping->last) == 0
                   ? 0
                   : torci_parse_error(parser, word, key_bytes + 1,
                                       "operations are counted from 1: k=1.. or k=3 or k=3..5");
    if (strcmp(key, "equivalent") == 0)
        return torc_sweep_parse_equivalent(value, &sweeping->equivalent_once) == 0
                   ? 0
                   : torci_parse_error(parser, word, key_bytes + 1, "equivalent cases are run all or once");
    return torci_parse_unknown(parser, word, 0, torc_name_nearest(key, keys), "unknown key '%s'", key);
}

int torci_parse_sweep(struct torci_parser *parser)
{
    int code = 0;

    if (parser->line->word_count < 2)
        return torci_parse_error_end(parser, "sweep takes what to vary");
    parser->scenario->campaigns = true;
    if (torci_word_is(&parser->line->words[1], "segment"))
        return torci_parse_segmenting(parser);
    parser->scenario->sweeps_faults = true;
    for (size_t i = 1; i < parser->line->word_count && code == 0; i++)
        code = parse_option(parser, &parser->line->words[i]);
    return code;
}

void torc_scenario_sweep(const struct torc_scenario *scenario, struct torc_scenario_sweeping *out)
{
    *out = scenario->sweeping;
    if (out->segmenting_count > 0 && !scenario->sweeps_faults)
        out->classes = 0;
    for (unsigned i = 0; out->segmenting_count > 0 && torc_fault_classes[i].name != NULL; i++)
        if (torc_fault_class_is_segment(&torc_fault_classes[i])) {
            out->classes |= 1u << i;
            out->named |= 1u << i;
        }
}
