/* link: what paths between hosts are like; and how paths are named. */
#include <string.h>

#include "scenario_parser.h"
#include "scenario_run.h"

/* --- paths ---------------------------------------------------------------------------------------- */

/* a,b or *, `bytes` from `offset` in the word. */
static int read_hosts(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                      size_t bytes, struct torci_script_hosts *out)
{
    size_t room = 1;

    if (bytes == 1 && word->text[offset] == '*')
        return 0;
    for (size_t i = 0; i < bytes; i++)
        room += word->text[offset + i] == ',';
    out->hosts = torci_scenario_alloc(parser->scenario, room * sizeof(*out->hosts));
    if (out->hosts == NULL)
        return TORC_ENOMEM;
    for (size_t at = 0; at <= bytes;) {
        const char *name = word->text + offset + at;
        size_t length = 0;

        while (at + length < bytes && name[length] != ',')
            length++;
        out->hosts[out->count] = torci_find_script_host(parser->scenario, name, length);
        if (out->hosts[out->count] == NULL)
            return torci_parse_no_host(parser, word, offset + at, length);
        if (torci_hosts_have(out, out->hosts[out->count]))
            return torci_parse_error(parser, word, offset + at, "%s is named twice",
                                     out->hosts[out->count]->name);
        out->count++;
        at += length + 1;
    }
    return 0;
}

int torci_parse_hosts(struct torci_parser *parser, const struct torci_word *word,
                      struct torci_script_hosts *out)
{
    return read_hosts(parser, word, 0, word->bytes, out);
}

int torci_parse_paths(struct torci_parser *parser, const struct torci_word *word, const char *what,
                      struct torci_script_paths *out)
{
    const char *both = strstr(word->text, "<->");
    const char *arrow = both != NULL ? both : strstr(word->text, "->");
    size_t left;
    size_t right;
    int code;

    out->both_ways = both != NULL || arrow == NULL;
    if (torci_word_is(word, "*"))
        return 0;
    if (arrow == NULL)
        return torci_parse_error(parser, word, 0,
                                 "%s goes from a<->b, one way from a->b, or is every %s: *", what,
                                 strchr(what, ' ') + 1);
    left = (size_t)(arrow - word->text);
    right = left + (both != NULL ? 3 : 2);
    code = read_hosts(parser, word, 0, left, &out->from);
    return code != 0 ? code
                     : read_hosts(parser, word, right, word->bytes - right, &out->to);
}

bool torci_hosts_have(const struct torci_script_hosts *hosts, const struct torci_script_host *host)
{
    for (size_t i = 0; i < hosts->count; i++)
        if (hosts->hosts[i] == host)
            return true;
    return hosts->hosts == NULL;
}

bool torci_paths_have(const struct torci_script_paths *paths, const struct torci_script_host *from,
                      const struct torci_script_host *to)
{
    /* A host's way to itself is meant only where it alone is named. */
    if (from == to && (paths->from.count != 1 || paths->to.count != 1))
        return false;
    return (torci_hosts_have(&paths->from, from) && torci_hosts_have(&paths->to, to)) ||
           (paths->both_ways && torci_hosts_have(&paths->from, to) &&
            torci_hosts_have(&paths->to, from));
}

/* --- random delays -------------------------------------------------------------------------------- */

struct distribution {
    const char *name;
    const char *shape; /* for who writes it wrongly */
    enum torc_delay_kind kind;
    bool two; /* durations */
};

static const struct distribution distributions[] = {
    {"const", "const(2ms)", TORC_DELAY_CONST, false},
    {"uniform", "uniform(1ms,5ms)", TORC_DELAY_UNIFORM, true},
    {"exp", "exp(2ms,max=40ms)", TORC_DELAY_EXP, false},
    {"normal", "normal(5ms,1ms,max=10ms)", TORC_DELAY_NORMAL, true},
    {"pareto", "pareto(2ms,max=40ms)", TORC_DELAY_PARETO, false},
};
enum { DISTRIBUTION_COUNT = sizeof(distributions) / sizeof(distributions[0]) };

static int read_duration(struct torci_parser *parser, const struct torci_word *word, size_t at,
                         size_t bytes, uint64_t *out_ns)
{
    const char *why = NULL;
    char text[65];

    if (bytes > 64)
        return torci_parse_error(parser, word, at, "the number is too large");
    memcpy(text, word->text + at, bytes);
    text[bytes] = '\0';
    return torci_value_duration(text, out_ns, &why) == 0
               ? 0
               : torci_parse_error(parser, word, at, "delay: %s", why);
}

/* What is between the parentheses: one or two durations and, perhaps, max=DUR. */
static int read_parameters(struct torci_parser *parser, const struct torci_word *word, size_t at,
                           const struct distribution *distribution, struct torc_link *link)
{
    uint64_t *into[] = {&link->delay_ns, &link->delay_spread_ns};
    size_t given = 0;
    int code = 0;

    while (code == 0 && at < word->bytes) {
        size_t bytes = strcspn(word->text + at, ",)");
        bool last = word->text[at + bytes] == ')';

        if (given == 1u + distribution->two && strncmp(word->text + at, "max=", 4) == 0 && last)
            code = read_duration(parser, word, at + 4, bytes - 4, &link->delay_max_ns);
        else if (given < 1u + distribution->two)
            code = read_duration(parser, word, at, bytes, into[given++]);
        else
            break;
        at += bytes + 1;
        if (code == 0 && last && at == word->bytes && given == 1u + distribution->two)
            return 0;
    }
    return code != 0 ? code
                     : torci_parse_error(parser, word, at < word->bytes ? at : word->bytes,
                                         "this is written %s", distribution->shape);
}

static int read_delay(struct torci_parser *parser, const struct torci_word *word, size_t at,
                      struct torc_link *link)
{
    const char *open = strchr(word->text + at, '(');
    size_t bytes = open == NULL ? 0 : (size_t)(open - (word->text + at));
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;
    char name[17];
    int code;

    if (open == NULL)
        return read_duration(parser, word, at, word->bytes - at, &link->delay_ns);
    if (bytes > 16)
        bytes = 16;
    memcpy(name, word->text + at, bytes);
    name[bytes] = '\0';
    for (size_t i = 0; i < DISTRIBUTION_COUNT; i++) {
        if (torc_name_nearer(name, distributions[i].name, &distance))
            nearest = distributions[i].name;
        if (strcmp(name, distributions[i].name) != 0)
            continue;
        link->delay_kind = distributions[i].kind;
        code = read_parameters(parser, word, at + bytes + 1, &distributions[i], link);
        if (code == 0 && link->delay_kind == TORC_DELAY_UNIFORM &&
            link->delay_spread_ns < link->delay_ns)
            code = torci_parse_error(parser, word, at, "the smaller one comes first: uniform(1ms,5ms)");
        return code;
    }
    return torci_parse_unknown(parser, word, at, nearest, "there is no distribution '%s'", name);
}

/* --- options -------------------------------------------------------------------------------------- */

static int read_size(struct torci_parser *parser, const struct torci_word *word, size_t at,
                     const char *key, uint32_t *out)
{
    const char *why = NULL;
    uint64_t number = 0;

    if (torci_value_size(word->text + at, &number, &why) != 0)
        return torci_parse_error(parser, word, at, "%s: %s", key, why);
    if (number == 0 || number > UINT32_MAX)
        return torci_parse_error(parser, word, at, "%s is from 1 byte to 4 GiB", key);
    *out = (uint32_t)number;
    return 0;
}

static int read_share(struct torci_parser *parser, const struct torci_word *word, size_t at,
                      const char *key, uint32_t *out)
{
    const char *why = NULL;
    uint64_t number = 0;

    if (torci_value_share(word->text + at, &number, &why) != 0)
        return torci_parse_error(parser, word, at, "%s: %s", key, why);
    if (number > 1000000)
        return torci_parse_error(parser, word, at, "%s is at most 100%%", key);
    *out = (uint32_t)number;
    return 0;
}

static int read_rate(struct torci_parser *parser, const struct torci_word *word, size_t at,
                     uint64_t *out)
{
    const char *why = NULL;

    if (torci_value_rate(word->text + at, out, &why) != 0)
        return torci_parse_error(parser, word, at, "rate: %s", why);
    if (*out == 0)
        return torci_parse_error(parser, word, at,
                                 "a link of rate 0 would never deliver; without rate= it is infinite");
    return 0;
}

static const char *const keys[] = {"delay", "rate", "mtu",     "buffer",  "loss",
                                   "dup",   "reorder", "corrupt", "queue", NULL};

static int read_value(struct torci_parser *parser, const struct torci_word *word, size_t at,
                      unsigned field, struct torc_link *link)
{
    const char *key = keys[field];

    switch (1u << field) {
    case TORCI_LINK_DELAY:
        return read_delay(parser, word, at, link);
    case TORCI_LINK_RATE:
        return read_rate(parser, word, at, &link->bits_per_second);
    case TORCI_LINK_MTU:
        return read_size(parser, word, at, key, &link->segment_bytes);
    case TORCI_LINK_BUFFER:
        return read_size(parser, word, at, key, &link->buffer_bytes);
    case TORCI_LINK_LOSS:
        return read_share(parser, word, at, key, &link->loss_ppm);
    case TORCI_LINK_DUP:
        return read_share(parser, word, at, key, &link->duplicate_ppm);
    case TORCI_LINK_REORDER:
        return read_share(parser, word, at, key, &link->reorder_ppm);
    case TORCI_LINK_CORRUPT:
        return read_share(parser, word, at, key, &link->corrupt_ppm);
    default:
        return read_size(parser, word, at, key, &link->queue_bytes);
    }
}

static int read_option(struct torci_parser *parser, const struct torci_word *word,
                       struct torci_script_link *link)
{
    size_t key_bytes = torci_word_key(word);
    unsigned field = 0;
    char key[65];

    if (key_bytes == 0 || key_bytes > 64)
        return torci_parse_error(parser, word, 0, "a link's options are written NAME=VALUE");
    memcpy(key, word->text, key_bytes);
    key[key_bytes] = '\0';
    while (keys[field] != NULL && strcmp(keys[field], key) != 0)
        field++;
    if (keys[field] == NULL)
        return torci_parse_unknown(parser, word, 0, torc_name_nearest(key, keys),
                                   "unknown key '%s'", key);
    if (link->fields & (1u << field))
        return torci_parse_error(parser, word, 0, "%s is given twice", key);
    link->fields |= 1u << field;
    return read_value(parser, word, key_bytes + 1, field, &link->link);
}

int torci_parse_link(struct torci_parser *parser)
{
    const struct torci_line *line = parser->line;
    struct torci_script_link *link = torci_scenario_alloc(parser->scenario, sizeof(*link));
    int code;

    if (link == NULL)
        return TORC_ENOMEM;
    if (line->word_count < 2)
        return torci_parse_error_end(parser, "which link? a<->b, a->b or *");
    link->place.line = line;
    link->place.column = line->words[1].column;
    code = torci_parse_paths(parser, &line->words[1], "a link", &link->paths);
    for (size_t i = 2; i < line->word_count && code == 0; i++)
        code = read_option(parser, &line->words[i], link);
    if (code != 0)
        return code;
    *parser->link_end = link;
    parser->link_end = &link->next;
    return 0;
}

/* --- in a run ------------------------------------------------------------------------------------- */

static void merge(struct torc_link *link, const struct torci_script_link *script)
{
    const struct torc_link *said = &script->link;

    if (script->fields & TORCI_LINK_DELAY) {
        link->delay_kind = said->delay_kind;
        link->delay_ns = said->delay_ns;
        link->delay_spread_ns = said->delay_spread_ns;
        link->delay_max_ns = said->delay_max_ns;
    }
    if (script->fields & TORCI_LINK_RATE)
        link->bits_per_second = said->bits_per_second;
    if (script->fields & TORCI_LINK_MTU)
        link->segment_bytes = said->segment_bytes;
    if (script->fields & TORCI_LINK_BUFFER)
        link->buffer_bytes = said->buffer_bytes;
    if (script->fields & TORCI_LINK_LOSS)
        link->loss_ppm = said->loss_ppm;
    if (script->fields & TORCI_LINK_DUP)
        link->duplicate_ppm = said->duplicate_ppm;
    if (script->fields & TORCI_LINK_REORDER)
        link->reorder_ppm = said->reorder_ppm;
    if (script->fields & TORCI_LINK_CORRUPT)
        link->corrupt_ppm = said->corrupt_ppm;
    if (script->fields & TORCI_LINK_QUEUE)
        link->queue_bytes = said->queue_bytes;
}

/* What all link lines together say of the way from one host to another. */
static int set_link(struct torci_run *run, const struct torci_script_host *from,
                    const struct torci_script_host *to)
{
    struct torc_link link = TORC_LINK_INIT;
    bool set = false;

    link.delay_ns = from == to ? 0 : 50000;
    for (const struct torci_script_link *each = run->scenario->links; each; each = each->next) {
        if (!torci_paths_have(&each->paths, from, to))
            continue;
        merge(&link, each);
        set = true;
    }
    if (!set)
        return 0;
    return torc_world_set_link_one_way(run->world, run->hosts[from->index].host,
                                       run->hosts[to->index].host, &link);
}

int torci_run_set_links(struct torci_run *run)
{
    for (const struct torci_script_host *from = run->scenario->hosts; from; from = from->next)
        for (const struct torci_script_host *to = run->scenario->hosts; to; to = to->next) {
            int code = set_link(run, from, to);

            if (code != 0)
                return code;
        }
    return 0;
}
