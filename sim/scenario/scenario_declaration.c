/* Lines that say what there is: seed, title, param, host, limit; and campaigns, which only other
 * commands carry out. */
#include <string.h>

#include "scenario_parser.h"

/* --- hosts ---------------------------------------------------------------------------------------- */

const struct torci_script_host *torci_find_script_host(const struct torc_scenario *scenario,
                                                       const char *name, size_t bytes)
{
    for (const struct torci_script_host *host = scenario->hosts; host != NULL; host = host->next)
        if (strlen(host->name) == bytes && memcmp(host->name, name, bytes) == 0)
            return host;
    return NULL;
}

int torci_parse_no_host(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                        size_t bytes)
{
    const char *name = torci_scenario_copy(parser->scenario, word->text + offset, bytes);
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;

    if (name == NULL)
        return TORC_ENOMEM;
    for (const struct torci_script_host *host = parser->scenario->hosts; host; host = host->next)
        if (torc_name_nearer(name, host->name, &distance))
            nearest = host->name;
    return torci_parse_unknown(parser, word, offset, nearest, "unknown host '%.64s'", name);
}

/* The index of the name in the list, which is ended by NULL; its length if it is not there. */
static size_t index_of(const char *const *names, const char *name)
{
    size_t i = 0;

    while (names != NULL && names[i] != NULL && strcmp(names[i], name) != 0)
        i++;
    return i;
}

int torci_parse_pairs(struct torci_parser *parser, size_t first, size_t end, const char *what,
                      const char *const *reserved, const struct torci_word **out_reserved,
                      const char *const **out_pairs)
{
    const struct torci_line *line = parser->line;
    const char **pairs =
        torci_scenario_alloc(parser->scenario, (2 * line->word_count + 1) * sizeof(*pairs));
    size_t count = 0;

    if (pairs == NULL)
        return TORC_ENOMEM;
    for (size_t i = first; i < end; i++) {
        const struct torci_word *word = &line->words[i];
        size_t key_bytes = torci_word_key(word);
        const char *key;
        const char *value = NULL;
        size_t index;
        int code;

        if (key_bytes == 0)
            return torci_parse_error(parser, word, 0, "%s are written NAME=VALUE", what);
        key = torci_scenario_copy(parser->scenario, word->text, key_bytes);
        if (key == NULL)
            return TORC_ENOMEM;
        index = index_of(reserved, key);
        if (reserved != NULL && reserved[index] != NULL) {
            if (out_reserved[index] != NULL)
                return torci_parse_error(parser, word, 0, "%s is given twice", key);
            out_reserved[index] = word;
            continue;
        }
        code = torci_word_value(parser, word, key_bytes + 1, &value);
        if (code != 0)
            return code;
        pairs[count++] = key;
        pairs[count++] = value;
    }
    *out_pairs = pairs;
    return 0;
}

int torci_word_module(struct torci_parser *parser, const struct torci_word *word, const char **out)
{
    size_t at = torci_word_key(word) + 1;
    const char *name = NULL;
    int code = torci_word_value(parser, word, at, &name);

    if (code == 0 && name[0] == '\0')
        return torci_parse_error(parser, word, at - 1, "the module's name is missing");
    *out = name;
    return code;
}

static int add_host(struct torci_parser *parser, const char *name, size_t bytes, size_t offset,
                    const struct torci_script_host *like)
{
    const struct torci_word *word = &parser->line->words[1];
    struct torci_script_host *host;

    if (!torci_is_name(name, bytes))
        return torci_parse_error(parser, word, offset,
                                 "a host's name is made of letters, digits, _ and -, and begins with a letter");
    if (bytes == 3 && memcmp(name, "end", 3) == 0)
        return torci_parse_error(parser, word, offset, "'end' is the name of a time");
    if (torci_find_script_host(parser->scenario, name, bytes) != NULL)
        return torci_parse_error(parser, word, offset, "there is a host '%.*s' already", (int)bytes,
                                 name);
    host = torci_scenario_alloc(parser->scenario, sizeof(*host));
    if (host == NULL)
        return TORC_ENOMEM;
    *host = *like;
    host->name = torci_scenario_copy(parser->scenario, name, bytes);
    if (host->name == NULL)
        return TORC_ENOMEM;
    host->place.line = parser->line;
    host->place.column = word->column + (unsigned)offset;
    host->index = parser->scenario->host_count++;
    *parser->host_end = host;
    parser->host_end = &host->next;
    return 0;
}

/* What hosts of the line have in common. */
static int read_host(struct torci_parser *parser, struct torci_script_host *out)
{
    enum { MODULE, CLOCK, HANDLES, MEMORY };
    static const char *const reserved[] = {"module", "clock", "handles", "memory", NULL};
    const struct torci_word *words[4] = {NULL};
    const struct torci_line *line = parser->line;
    int code;

    if (line->word_count > 2 && torci_word_is(&line->words[2], "peer")) {
        if (line->word_count > 3)
            return torci_parse_error(parser, &line->words[3], 0, "a peer has no options");
        return 0;
    }
    code = torci_parse_pairs(parser, 2, line->word_count, "a host's options", reserved, words,
                             &out->pairs);
    if (code == 0 && words[MODULE] == NULL)
        return torci_parse_error_end(parser, "a host is a 'peer' or has a module=NAME");
    if (code == 0)
        code = torci_word_module(parser, words[MODULE], &out->module);
    if (code == 0)
        code = torci_parse_host_settings(parser, words[CLOCK], words[HANDLES], words[MEMORY],
                                         &out->settings);
    return code;
}

static int parse_host(struct torci_parser *parser)
{
    struct torci_script_host like = {0};
    const char *names;
    int code;

    if (parser->line->word_count < 2)
        return torci_parse_error_end(parser, "the host's name is missing");
    code = read_host(parser, &like);
    names = parser->line->words[1].text;
    for (size_t at = 0; code == 0;) {
        size_t bytes = strcspn(names + at, ",");

        code = add_host(parser, names + at, bytes, at, &like);
        if (names[at + bytes] == '\0')
            break;
        at += bytes + 1;
    }
    return code;
}

/* --- single values -------------------------------------------------------------------------------- */

static int parse_title(struct torci_parser *parser)
{
    const struct torci_line *line = parser->line;
    const char *title = NULL;
    int code;

    if (line->word_count != 2 || line->words[1].text[0] != '"')
        return torci_parse_error_end(parser, "a title is one string: title \"...\"");
    code = torci_word_value(parser, &line->words[1], 0, &title);
    if (code == 0 && parser->include_depth == 0)
        parser->scenario->title = title;
    return code;
}

static int parse_seed(struct torci_parser *parser)
{
    const struct torci_line *line = parser->line;
    const char *why = NULL;
    uint64_t seed = 0;

    if (line->word_count != 2)
        return torci_parse_error_end(parser, "a seed is one number: seed 7");
    if (torci_value_count(line->words[1].text, &seed, &why) != 0)
        return torci_parse_error(parser, &line->words[1], 0, "seed: %s", why);
    if (parser->include_depth == 0)
        parser->scenario->seed = seed;
    return 0;
}

/* What was given from outside, and what came first, counts. */
static int parse_param(struct torci_parser *parser)
{
    const struct torci_line *line = parser->line;
    const struct torci_word *word = line->word_count > 1 ? &line->words[1] : NULL;
    size_t key_bytes = word != NULL ? torci_word_key(word) : 0;
    struct torci_param *param;
    const char *name;

    if (line->word_count != 2 || key_bytes == 0 || !torci_is_name(word->text, key_bytes))
        return torci_parse_error_end(parser, "a parameter is written param NAME=VALUE");
    name = torci_scenario_copy(parser->scenario, word->text, key_bytes);
    if (name == NULL)
        return TORC_ENOMEM;
    for (param = parser->scenario->params; param != NULL; param = param->next)
        if (strcmp(param->name, name) == 0) {
            param->wanted = true;
            return 0;
        }
    param = torci_scenario_alloc(parser->scenario, sizeof(*param));
    if (param == NULL)
        return TORC_ENOMEM;
    param->name = name;
    param->value = word->text + key_bytes + 1;
    param->wanted = true;
    param->next = parser->scenario->params;
    parser->scenario->params = param;
    return 0;
}

static int parse_limit(struct torci_parser *parser)
{
    static const char *const keys[] = {"time", "events", NULL};
    const struct torci_line *line = parser->line;

    if (line->word_count < 2)
        return torci_parse_error_end(parser, "what limit? time=10m or events=100000");
    for (size_t i = 1; i < line->word_count; i++) {
        const struct torci_word *word = &line->words[i];
        size_t key_bytes = torci_word_key(word);
        const char *value = word->text + key_bytes + 1;
        const char *why = NULL;
        uint64_t number = 0;
        int code;

        if (key_bytes == 4 && memcmp(word->text, "time", 4) == 0) {
            code = torci_value_duration(value, &number, &why);
        } else if (key_bytes == 6 && memcmp(word->text, "events", 6) == 0) {
            code = torci_value_count(value, &number, &why);
        } else {
            char key[65] = "";

            memcpy(key, word->text, key_bytes < 64 ? key_bytes : 64);
            return torci_parse_unknown(parser, word, 0, torc_name_nearest(key, keys),
                                       "unknown limit '%.64s'", word->text);
        }
        if (code != 0)
            return torci_parse_error(parser, word, key_bytes + 1, "%s", why);
        if (number == 0)
            return torci_parse_error(parser, word, key_bytes + 1, "a limit of 0 allows nothing");
        if (key_bytes == 4)
            parser->scenario->limit_time_ns = number;
        else
            parser->scenario->limit_events = number;
    }
    return 0;
}

int torci_parse_declaration(struct torci_parser *parser, bool *out_done)
{
    static const struct {
        const char *name;
        int (*parse)(struct torci_parser *parser);
    } declarations[] = {
        {"title", parse_title},     {"seed", parse_seed},      {"param", parse_param},
        {"host", parse_host},       {"link", torci_parse_link}, {"limit", parse_limit},
        {"sweep", torci_parse_sweep}, {"explore", torci_parse_explore}, {"db", torci_parse_database},
        {"on", torci_parse_fault},  {"decide", torci_parse_decide}, {"dns", torci_parse_dns},
        {"when", torci_parse_when}, {"split", torci_parse_split},
    };

    *out_done = false;
    for (size_t i = 0; i < sizeof(declarations) / sizeof(declarations[0]); i++)
        if (torci_word_is(&parser->line->words[0], declarations[i].name)) {
            *out_done = true;
            return declarations[i].parse(parser);
        }
    return 0;
}
