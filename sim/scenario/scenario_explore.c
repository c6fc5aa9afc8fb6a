/* explore strategy=portfolio seeds=1..2000 budget=60s sites=ready.order: what `torc explore` does unless its
 * options say otherwise. */
#include <string.h>

#include "scenario_parser.h"

enum { DEPTH = 12 };

struct torc_scenario_exploration torci_exploration_defaults(void)
{
    struct torc_scenario_exploration exploration = {TORC_STRATEGY_PORTFOLIO, 1, 100, 0, 0, DEPTH, false};
    const char *bad;

    (void)!torc_decision_sites_parse(NULL, &exploration.sites, &bad);
    return exploration;
}

int torc_scenario_parse_seeds(const char *text, uint64_t *out_first, uint64_t *out_last)
{
    return torci_value_range(text, false, out_first, out_last);
}

int torc_scenario_parse_depth(const char *text, unsigned *out)
{
    const char *why;
    uint64_t depth;

    if (torci_value_digits(text, strlen(text), &depth, &why) != 0 || depth == 0 || depth > TORC_SEARCH_DEPTH_MAX)
        return TORC_ESYNTAX;
    *out = (unsigned)depth;
    return 0;
}

static int parse_strategy(struct torci_parser *parser, const struct torci_word *word,
                          const char *value)
{
    static const char *const names[] = {"fifo", "random", "pct", "portfolio", "dfs", NULL};

    if (torc_strategy_of_name(value, &parser->scenario->exploration.strategy) == 0)
        return 0;
    return torci_parse_unknown(parser, word, (size_t)(value - word->text),
                               torc_name_nearest(value, names), "unknown strategy '%.64s'", value);
}

static int parse_sites(struct torci_parser *parser, const struct torci_word *word,
                       const char *value)
{
    const char *bad;

    if (torc_decision_sites_parse(value, &parser->scenario->exploration.sites, &bad) == 0)
        return 0;
    return torci_parse_unknown(parser, word, (size_t)(bad - word->text),
                               torc_decision_nearest_site(bad), "unknown site '%.*s'",
                               (int)strcspn(bad, ","), bad);
}

static int parse_option(struct torci_parser *parser, const struct torci_word *word)
{
    static const char *const keys[] = {"strategy", "seeds", "budget", "sites", "depth", "marks", NULL};
    struct torc_scenario_exploration *exploration = &parser->scenario->exploration;
    size_t key_bytes = torci_word_key(word);
    const char *value = word->text + key_bytes + 1;
    char key[65] = "";

    if (key_bytes == 0 || key_bytes >= sizeof(key))
        return torci_parse_error(parser, word, 0, "what to explore is written NAME=VALUE");
    memcpy(key, word->text, key_bytes);
    if (strcmp(key, "strategy") == 0)
        return parse_strategy(parser, word, value);
    if (strcmp(key, "sites") == 0)
        return parse_sites(parser, word, value);
    if (strcmp(key, "budget") == 0)
        return torci_word_duration(parser, word, key_bytes + 1, &exploration->budget_ns);
    if (strcmp(key, "marks") == 0) {
        exploration->marks = strcmp(value, "all") == 0;
        return exploration->marks ? 0
                                  : torci_parse_error(parser, word, key_bytes + 1,
                                                      "of marks there is marks=all only");
    }
    if (strcmp(key, "depth") == 0) {
        if (torc_scenario_parse_depth(value, &exploration->depth) == 0)
            return 0;
        return torci_parse_error(parser, word, key_bytes + 1, "a depth is a number from 1 to %d",
                                 TORC_SEARCH_DEPTH_MAX);
    }
    if (strcmp(key, "seeds") != 0)
        return torci_parse_unknown(parser, word, 0, torc_name_nearest(key, keys),
                                   "unknown key '%s'", key);
    if (torc_scenario_parse_seeds(value, &exploration->first_seed, &exploration->last_seed) != 0)
        return torci_parse_error(parser, word, key_bytes + 1,
                                 "seeds are a number, or two with .. between, the smaller first");
    return 0;
}

int torci_parse_explore(struct torci_parser *parser)
{
    int code = 0;

    if (parser->line->word_count < 2)
        return torci_parse_error_end(parser, "explore takes what to vary");
    parser->scenario->campaigns = true;
    for (size_t i = 1; i < parser->line->word_count && code == 0; i++)
        code = parse_option(parser, &parser->line->words[i]);
    return code;
}

void torc_scenario_explore(const struct torc_scenario *scenario,
                           struct torc_scenario_exploration *out)
{
    *out = scenario->exploration;
}
