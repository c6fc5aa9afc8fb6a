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

/* `dns NAME = ANSWER ...` from word `first` up to `end`. */
static int read_name(struct torci_parser *parser, size_t first, size_t end,
                     struct torci_script_name **out)
{
    const struct torci_line *line = parser->line;
    struct torci_script_name *name = torci_scenario_alloc(parser->scenario, sizeof(*name));
    const struct torci_word *word = &line->words[first + 1];
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
    code = read_answer(parser, &line->words[first + 3], name);
    for (size_t i = first + 4; i < end && code == 0; i++) {
        if (torci_word_key(&line->words[i]) != 5 || strncmp(line->words[i].text, "delay", 5) != 0)
            return torci_parse_error(parser, &line->words[i], 0, "a name can have delay= and nothing else");
        code = torci_word_duration(parser, &line->words[i], 6, &name->delay_ns);
    }
    *out = name;
    return code;
}

int torci_parse_dns(struct torci_parser *parser)
{
    struct torci_script_name *name;
    int code = read_name(parser, 0, parser->line->word_count, &name);

    if (code != 0)
        return code;
    *parser->name_end = name;
    parser->name_end = &name->next;
    return 0;
}

int torci_parse_dns_action(struct torci_action *action, size_t first)
{
    struct torci_script_name *name;
    struct torci_step *step;
    int code = read_name(action->parser, first, action->end, &name);

    if (code == 0)
        code = torci_action_add(action, TORCI_VERB_DNS, &step);
    if (code == 0)
        step->dns = name;
    return code;
}

/* --- in a run ------------------------------------------------------------------------------------- */

int torci_run_set_name(struct torci_run *run, const struct torci_script_name *name)
{
    struct torc_name_record record = TORC_NAME_RECORD_INIT;
    struct torc_address addresses[TORC_NAME_ADDRESSES_MAX];

    for (size_t i = 0; i < name->count; i++) {
        const struct torci_script_host *host = name->addresses[i].host;

        if (host == NULL) {
            addresses[record.count++] = name->addresses[i].address;
            continue;
        }
        addresses[record.count++] = torc_host_address(run->hosts[host->index].host, 0);
        addresses[record.count++] = torc_host_address6(run->hosts[host->index].host, 0);
    }
    record.answer = name->answer;
    record.addresses = addresses;
    record.delay_ns = name->delay_ns;
    return torc_world_set_name(run->world, name->name, &record);
}

int torci_run_set_names(struct torci_run *run)
{
    int code = 0;

    for (const struct torci_script_name *each = run->scenario->names; each != NULL && code == 0;
         each = each->next)
        code = torci_run_set_name(run, each);
    return code;
}
