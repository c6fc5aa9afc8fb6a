/* on HOST OPERATION: what goes wrong with an operation of a host, at the site of that name. */
#include <string.h>

#include "scenario_fault.h"

/* As a scenario calls an operation, and what its faults are called there. */
static const struct {
    const char *name;
    const char *verb;
    const char *site;
} operations[] = {
    {"socket", "fail", "socket.fail"},   {"connect", "fail", "connect.fail"},
    {"accept", "fail", "accept.fail"},   {"read", "fail", "read.fail"},
    {"write", "fail", "write.fail"},     {"read", "again", "read.again"},
    {"write", "again", "write.again"},   {"send", "fail", "send.fail"}, {"stream", "stall", "stream.stall"},
    {"resolve", "fail", "resolve.fail"}, {"job", "fail", "job.fail"},
    {"alloc", "fail", "alloc.fail"},     {"db", "fail", "db.fail"},
    {"disk", "fail", "disk.fail"},
};
enum { OPERATIONS = sizeof operations / sizeof operations[0] };

static int no_operation(struct torci_parser *parser, const struct torci_word *word)
{
    const char *names[OPERATIONS + 1] = {NULL};

    for (size_t i = 0; i < OPERATIONS; i++)
        names[i] = operations[i].name;
    return torci_parse_unknown(parser, word, 0, torc_name_nearest(word->text, names),
                               "unknown operation '%.64s'", word->text);
}

static bool is_operation(const struct torci_word *word)
{
    for (size_t i = 0; i < OPERATIONS; i++)
        if (torci_word_is(word, operations[i].name))
            return true;
    return false;
}

/* The site of the operation at which that happens. */
static int find_site(struct torci_fault_reader *reader, const struct torci_word *operation,
                     const struct torc_decision_site **out)
{
    const struct torci_word *verb = torci_fault_next_word(reader);
    const char *verbs[OPERATIONS + 1] = {NULL};
    size_t count = 0;

    for (size_t i = 0; i < OPERATIONS; i++) {
        if (!torci_word_is(operation, operations[i].name))
            continue;
        if (verb != NULL && torci_word_is(verb, operations[i].verb)) {
            *out = torc_decision_find_site(operations[i].site);
            return 0;
        }
        verbs[count++] = operations[i].verb;
    }
    if (verb == NULL)
        return torci_parse_error_end(reader->parser, "what happens then? %s%s%s", verbs[0],
                                     count > 1 ? " or " : "", count > 1 ? verbs[1] : "");
    return torci_parse_unknown(reader->parser, verb, 0, torc_name_nearest(verb->text, verbs),
                               "%s has no fault '%.64s'", operation->text, verb->text);
}

/* What it happens with; a fault of one kind only needs no name. */
static int read_option(struct torci_fault_reader *reader, const struct torci_word *operation,
                       const struct torc_decision_site *site, uint64_t *out)
{
    const struct torci_word *word = torci_fault_next_word(reader);

    *out = 1;
    if (word == NULL && site->options[1] == NULL)
        return 0;
    if (word == NULL)
        return torci_parse_error_end(reader->parser, "with what? %s, %s, ...", site->options[0],
                                     site->options[1]);
    for (*out = 1; site->options[*out - 1] != NULL; ++*out)
        if (torci_word_is(word, site->options[*out - 1]))
            return 0;
    return torci_parse_unknown(reader->parser, word, 0, torc_name_nearest(word->text, site->options),
                               "%s cannot fail with '%.64s'", operation->text, word->text);
}

int torci_parse_operation_fault(struct torci_parser *parser)
{
    static const char *const keys[] = {"", "n", "times", NULL};
    const struct torci_line *line = parser->line;
    const struct torci_word *host = &line->words[1];
    const struct torc_operation_fault empty = TORC_OPERATION_FAULT_INIT;
    struct torci_script_fault *fault = torci_scenario_alloc(parser->scenario, sizeof(*fault));
    struct torci_fault_reader reader = {parser, 3, 0};
    struct torci_fault_match match = {NULL, 0, 0, false, NULL, 0};
    const struct torc_decision_site *site = NULL;
    const struct torci_word *word;
    int code;

    if (fault == NULL)
        return TORC_ENOMEM;
    fault->host = torci_find_script_host(parser->scenario, host->text, host->bytes);
    if (fault->host->module == NULL)
        return torci_parse_error(parser, host, 0, "a peer runs no module: its operations do not fail");
    if (line->word_count < 3)
        return torci_parse_error_end(parser, "on which operation? on %s accept n=2 : fail EMFILE",
                                     host->text);
    if (!is_operation(&line->words[2]))
        return no_operation(parser, &line->words[2]);
    code = torci_fault_read_match(&reader, keys, "fail, again or stall", &match);
    if (code == 0)
        code = find_site(&reader, &line->words[2], &site);
    fault->kind = TORCI_FAULT_OPERATION;
    fault->operation = empty;
    if (code == 0)
        code = read_option(&reader, &line->words[2], site, &fault->operation.option);
    if (code != 0)
        return code;
    word = torci_fault_next_word(&reader);
    if (word != NULL)
        return torci_parse_error(parser, word, 0, "'%.64s' has no meaning here", word->text);
    fault->operation.site = site->name;
    fault->operation.n = match.n;
    fault->operation.times = match.times;
    torci_fault_add(parser, &match, fault);
    return 0;
}
