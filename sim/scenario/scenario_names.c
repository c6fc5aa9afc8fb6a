/* scenario_names.c - what names are answered with: dns lines, from the beginning or from a time on. */
#include <stdio.h>
#include <string.h>

#include "recording_reader.h"
#include "scenario_action.h"
#include "scenario_parser.h"
#include "scenario_run.h"

static int add(struct torci_parser *parser, const struct torci_word *word, size_t offset,
               struct torci_script_name *name, const struct torc_address *address,
               const struct torci_script_host *host)
{
    struct torci_script_address *added;

    if (name->count == TORC_NAME_ADDRESSES_MAX / 2)
        return torci_parse_error(parser, word, offset, "a name has at most %d addresses",
                                 TORC_NAME_ADDRESSES_MAX / 2);
    added = &name->addresses[name->count++];
    added->host = host;
    if (address != NULL)
        added->address = *address;
    return 0;
}

/* One of the list: an address, or a host, which stands for its own. */
static int read_address(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                        size_t bytes, struct torci_script_name *name)
{
    const struct torci_script_host *host =
        torci_find_script_host(parser->scenario, word->text + offset, bytes);
    struct torc_address address;

    if (host != NULL)
        return add(parser, word, offset, name, NULL, host);
    if (bytes == 0 || torci_recording_host(word->text + offset, &address) < bytes)
        return torci_parse_error(parser, word, offset,
                                 "this is neither an address nor a host: 10.0.0.1, fd00::1, srv");
    return add(parser, word, offset, name, &address, NULL);
}

static int read_answer(struct torci_parser *parser, const struct torci_word *word,
                       struct torci_script_name *name)
{
    int code = 0;

    if (torci_word_is(word, "nxdomain"))
        name->answer = TORC_NAME_NOT_FOUND;
    else if (torci_word_is(word, "servfail"))
        name->answer = TORC_NAME_FAILURE;
    else if (torci_word_is(word, "timeout"))
        name->answer = TORC_NAME_SILENT;
    else
        for (size_t at = 0; at <= word->bytes && code == 0;) {
            size_t bytes = strcspn(word->text + at, ",");

            code = read_address(parser, word, at, bytes, name);
            at += bytes + 1;
        }
    return code;
}

static bool is_domain_byte(char c)
{
    return torci_is_name_byte(c) || c == '.';
}

/* ANSWER | ANSWER ..., from word *at on. */
static int read_turns(struct torci_parser *parser, struct torci_script_name *name, size_t *at, size_t end)
{
    const struct torci_word *words = parser->line->words;
    int code = read_answer(parser, &words[(*at)++], name);

    for (size_t turns = 2; code == 0 && *at < end && torci_word_is(&words[*at], "|"); turns++) {
        const struct torci_word *bar = &words[(*at)++];

        if (*at == end)
            return torci_parse_error_end(parser, "and what else? 10.0.0.1 | nxdomain");
        if (turns > TORC_NAME_TURNS_MAX)
            return torci_parse_error(parser, bar, 0, "at most %d answers take turns", TORC_NAME_TURNS_MAX);
        name->turn = torci_scenario_alloc(parser->scenario, sizeof(*name));
        if (name->turn == NULL)
            return TORC_ENOMEM;
        name = name->turn;
        code = read_answer(parser, &words[(*at)++], name);
    }
    return code;
}

static int read_key(struct torci_parser *parser, const struct torci_word *word, struct torci_script_name *name,
                    unsigned *seen)
{
    static const char *const keys[] = {"delay", "flip"};
    uint64_t *const values[] = {&name->delay_ns, &name->flip_ns};
    size_t bytes = torci_word_key(word);
    size_t i = 0;

    while (i < 2 && (strlen(keys[i]) != bytes || strncmp(word->text, keys[i], bytes) != 0))
        i++;
    if (i == 2)
        return torci_parse_error(parser, word, 0, "a name can have delay= and flip=, and nothing else");
    if (*seen & 1u << i)
        return torci_parse_error(parser, word, 0, "%s is given twice", keys[i]);
    *seen |= 1u << i;
    if (i == 1 && name->turn == NULL)
        return torci_parse_error(parser, word, 0, "one answer takes no turns: 10.0.0.1 | 10.0.0.2 flip=5s");
    if (torci_word_duration(parser, word, bytes + 1, values[i]) != 0)
        return TORC_ESYNTAX;
    if (i == 1 && name->flip_ns == 0)
        return torci_parse_error(parser, word, bytes + 1, "how long does each hold? flip=5s");
    return 0;
}

/* `dns NAME = ANSWER ...` from word `first` up to `end`. */
static int read_name(struct torci_parser *parser, size_t first, size_t end,
                     struct torci_script_name **out)
{
    const struct torci_line *line = parser->line;
    struct torci_script_name *name = torci_scenario_alloc(parser->scenario, sizeof(*name));
    const struct torci_word *word = &line->words[first + 1];
    size_t at = first + 3;
    unsigned seen = 0;
    int code;

    if (name == NULL)
        return TORC_ENOMEM;
    if (end < first + 4 || !torci_word_is(&line->words[first + 2], "="))
        return torci_parse_error_end(parser, "a name and its answer: dns db.example = 10.0.0.1,fd00::1");
    for (size_t i = 0; i < word->bytes; i++)
        if (!is_domain_byte(word->text[i]))
            return torci_parse_error(parser, word, i, "a name is made of letters, digits, _, - and dots");
    if (word->bytes > 253)
        return torci_parse_error(parser, word, 0, "a name has at most 253 characters");
    name->name = word->text;
    code = read_turns(parser, name, &at, end);
    while (at < end && code == 0)
        code = read_key(parser, &line->words[at++], name, &seen);
    *out = name;
    return code;
}

int torci_parse_dns(struct torci_parser *parser)
{
    struct torci_script_name *name = NULL;
    int code = read_name(parser, 0, parser->line->word_count, &name);

    if (code != 0 || name == NULL)
        return code;
    *parser->name_end = name;
    parser->name_end = &name->next;
    return 0;
}

int torci_parse_dns_action(struct torci_action *action, size_t first)
{
    struct torci_script_name *name = NULL;
    struct torci_step *step = NULL;
    int code = read_name(action->parser, first, action->end, &name);

    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_DNS, &step);
    if (code == 0 && step != NULL)
        step->dns = name;
    return code;
}

/* --- in a run ------------------------------------------------------------------------------------- */

/* One of the answers; `addresses` has room for TORC_NAME_ADDRESSES_MAX. */
static struct torc_name_record record_of(const struct torci_run *run, const struct torci_script_name *turn,
                                         struct torc_address *addresses)
{
    struct torc_name_record record = TORC_NAME_RECORD_INIT;

    for (size_t i = 0; i < turn->count; i++) {
        const struct torci_script_host *host = turn->addresses[i].host;

        if (host == NULL) {
            addresses[record.count++] = turn->addresses[i].address;
            continue;
        }
        addresses[record.count++] = torc_host_address(run->hosts[host->index].host, 0);
        addresses[record.count++] = torc_host_address6(run->hosts[host->index].host, 0);
    }
    record.answer = turn->answer;
    record.addresses = addresses;
    return record;
}

int torci_run_set_name(struct torci_run *run, const struct torci_script_name *name)
{
    struct torc_name_record records[TORC_NAME_TURNS_MAX];
    struct torc_address addresses[TORC_NAME_TURNS_MAX][TORC_NAME_ADDRESSES_MAX];
    size_t count = 0;

    for (const struct torci_script_name *turn = name; turn != NULL; turn = turn->turn, count++) {
        records[count] = record_of(run, turn, addresses[count]);
        records[count].delay_ns = name->delay_ns;
    }
    return torc_world_set_name_turns(run->world, name->name, records, count, name->flip_ns);
}

int torci_run_set_names(struct torci_run *run)
{
    int code = 0;

    for (const struct torci_script_name *each = run->scenario->names; each != NULL && code == 0;
         each = each->next)
        code = torci_run_set_name(run, each);
    return code;
}
