/* split CONNECTION c2s at=3,17: where a stream is split; one that is never made, or not so long, is not.
 * sweep segment conn=NAME dir=c2s split=every: which are to be split everywhere in turn. */
#include <string.h>

#include "scenario_parser.h"

static const char *const directions[] = {"c2s", "s2c", NULL};

int torc_split_parse_direction(const char *text, bool *out_from_server)
{
    for (size_t i = 0; directions[i] != NULL; i++)
        if (strcmp(text, directions[i]) == 0) {
            *out_from_server = i == 1;
            return 0;
        }
    return TORC_ESYNTAX;
}

static int parse_number(struct torci_parser *parser, const struct torci_word *word, const char *text,
                        size_t bytes, uint64_t *out)
{
    const char *why;
    int code = torci_value_digits(text, bytes, out, &why);

    if (code == 0 && *out == 0) {
        why = "bytes are counted from 1";
        code = TORC_ESYNTAX;
    }
    return code == 0 ? 0 : torci_parse_error(parser, word, (size_t)(text - word->text), "%s", why);
}

/* --- split ---------------------------------------------------------------------------------------- */

static int add_split(struct torci_parser *parser, const struct torc_scenario_split *split)
{
    struct torci_script_split *added = torci_scenario_alloc(parser->scenario, sizeof(*added));

    if (added == NULL)
        return TORC_ENOMEM;
    added->split = *split;
    added->next = parser->scenario->splits;
    parser->scenario->splits = added;
    return 0;
}

int torci_parse_split(struct torci_parser *parser)
{
    const struct torci_word *words = parser->line->words;
    struct torc_scenario_split split = {NULL, false, 0};
    const char *text;

    if (parser->line->word_count != 4 || torci_word_key(&words[3]) != 2 ||
        memcmp(words[3].text, "at", 2) != 0)
        return torci_parse_error_end(parser, "a split is written split CONNECTION c2s at=17");
    if (!torci_is_name(words[1].text, words[1].bytes))
        return torci_parse_error(parser, &words[1], 0, "this is no name of a connection");
    if (torc_split_parse_direction(words[2].text, &split.from_server) != 0)
        return torci_parse_unknown(parser, &words[2], 0, torc_name_nearest(words[2].text, directions),
                                   "a stream goes c2s, to the server, or s2c");
    split.connection = words[1].text;
    for (text = words[3].text + 3;; text++) {
        size_t bytes = strcspn(text, ",");
        int code = parse_number(parser, &words[3], text, bytes, &split.at);

        if (code == 0)
            code = add_split(parser, &split);
        text += bytes;
        if (code != 0 || *text == '\0')
            return code;
    }
}

/* --- sweep segment -------------------------------------------------------------------------------- */

static int parse_direction(struct torci_parser *parser, const struct torci_word *word,
                           const char *value, struct torc_scenario_segmenting *out)
{
    bool from_server;

    if (torc_split_parse_direction(value, &from_server) != 0)
        return torci_parse_unknown(parser, word, (size_t)(value - word->text),
                                   torc_name_nearest(value, directions),
                                   "a stream goes c2s, to the server, or s2c");
    out->from_client = !from_server;
    out->from_server = from_server;
    return 0;
}

static int parse_option(struct torci_parser *parser, const struct torci_word *word,
                        struct torc_scenario_segmenting *out)
{
    static const char *const keys[] = {"conn", "dir", "split", NULL};
    size_t key_bytes = torci_word_key(word);
    const char *value = word->text + key_bytes + 1;
    char key[65] = "";

    if (key_bytes == 0 || key_bytes >= sizeof(key))
        return torci_parse_error(parser, word, 0, "what to split is written NAME=VALUE");
    memcpy(key, word->text, key_bytes);
    if (strcmp(key, "conn") == 0) {
        out->connection = value;
        out->file = parser->line->source->name;
        out->line = parser->line->number;
        out->column = word->column + (unsigned)key_bytes + 1;
        return torci_is_name(value, strlen(value))
                   ? 0
                   : torci_parse_error(parser, word, key_bytes + 1,
                                       "this is no name of a connection");
    }
    if (strcmp(key, "dir") == 0)
        return parse_direction(parser, word, value, out);
    out->every = strcmp(key, "split") == 0 ? 1 : out->every;
    if (strcmp(key, "split") == 0 && strcmp(value, "every") == 0)
        return 0;
    if (strcmp(key, "split") == 0)
        return parse_number(parser, word, value, strlen(value), &out->every);
    return torci_parse_unknown(parser, word, 0, torc_name_nearest(key, keys), "unknown key '%s'", key);
}

static struct torc_scenario_segmenting *add_segmenting(struct torc_scenario *scenario)
{
    struct torc_scenario_sweeping *sweeping = &scenario->sweeping;
    struct torc_scenario_segmenting *all =
        torci_scenario_alloc(scenario, (sweeping->segmenting_count + 1) * sizeof(*all));

    if (all == NULL)
        return NULL;
    if (sweeping->segmenting_count > 0)
        memcpy(all, sweeping->segmentings, sweeping->segmenting_count * sizeof(*all));
    sweeping->segmentings = all;
    return &all[sweeping->segmenting_count++];
}

int torci_parse_segmenting(struct torci_parser *parser)
{
    struct torc_scenario_segmenting *segmenting = add_segmenting(parser->scenario);
    int code = segmenting == NULL ? TORC_ENOMEM : 0;

    if (code == 0)
        *segmenting = (struct torc_scenario_segmenting){.from_client = true, .from_server = true, .every = 1};
    for (size_t i = 2; i < parser->line->word_count && code == 0; i++)
        code = parse_option(parser, &parser->line->words[i], segmenting);
    return code;
}
