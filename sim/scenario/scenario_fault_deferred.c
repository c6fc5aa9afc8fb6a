/* on deferred: what becomes of results that are awaited. */
#include <string.h>

#include "scenario_fault.h"

#define ACCIDENTS "fail, never or cancel"

#define X(name, parent) #name,
static const char *const type_names[] = {TORC_FAILURE_TYPES(X) NULL};
#undef X
#define X(name, parent) &torc_failure_##name,
static const struct torc_failure_type *const types[] = {TORC_FAILURE_TYPES(X) NULL};
#undef X

/* What it fails with; the most general failure if that is not said. */
static int read_type(struct torci_fault_reader *reader, struct torci_script_fault *fault)
{
    const struct torci_word *word = torci_fault_next_word(reader);
    size_t i = 0;

    fault->deferred.failure = types[0];
    if (word == NULL)
        return 0;
    while (type_names[i] != NULL && strcmp(type_names[i], word->text) != 0)
        i++;
    if (type_names[i] == NULL)
        return torci_parse_unknown(reader->parser, word, 0, torc_name_nearest(word->text, type_names),
                                   "the library has no failure '%.64s'", word->text);
    fault->deferred.failure = types[i];
    return 0;
}

static int read_effect(struct torci_fault_reader *reader, struct torci_script_fault *fault)
{
    /* In the order of the options of deferred.fail. */
    static const char *const names[] = {"cancel", "fail", "never", NULL};
    const struct torci_word *word = torci_fault_next_word(reader);
    size_t i = 0;
    int code = 0;

    if (word == NULL)
        return torci_parse_error_end(reader->parser, "what happens then? " ACCIDENTS);
    while (names[i] != NULL && strcmp(names[i], word->text) != 0)
        i++;
    if (names[i] == NULL)
        return torci_parse_unknown(reader->parser, word, 0, torc_name_nearest(word->text, names),
                                   "unknown fault '%.64s' of a deferred", word->text);
    fault->deferred.option = i + 1;
    if (strcmp(names[i], "fail") == 0)
        code = read_type(reader, fault);
    word = torci_fault_next_word(reader);
    if (code == 0 && word != NULL)
        return torci_parse_error(reader->parser, word, 0, "'%s' takes nothing more", names[i]);
    return code;
}

int torci_parse_deferred_fault(struct torci_parser *parser)
{
    static const char *const keys[] = {"site", "n", "times", NULL};
    const struct torci_line *line = parser->line;
    const struct torc_deferred_fault empty = TORC_DEFERRED_FAULT_INIT;
    struct torci_script_fault *fault = torci_scenario_alloc(parser->scenario, sizeof(*fault));
    struct torci_fault_reader reader = {parser, 3, 0};
    struct torci_fault_match match = {NULL, 0, 0, false, NULL, 0};
    int code;

    if (line->word_count < 3)
        return torci_parse_error_end(parser, "which host's deferreds? on deferred HOST ... : fail ...");
    if (fault == NULL)
        return TORC_ENOMEM;
    fault->host = torci_find_script_host(parser->scenario, line->words[2].text, line->words[2].bytes);
    if (fault->host == NULL)
        return torci_parse_no_host(parser, &line->words[2], 0, line->words[2].bytes);
    if (fault->host->module == NULL)
        return torci_parse_error(parser, &line->words[2], 0, "a peer runs no module and has no deferreds");
    code = torci_fault_read_match(&reader, keys, ACCIDENTS, &match);
    fault->kind = TORCI_FAULT_DEFERRED;
    fault->deferred = empty;
    if (code == 0)
        code = read_effect(&reader, fault);
    if (code != 0)
        return code;
    fault->deferred.place = match.pattern;
    fault->deferred.n = match.n;
    fault->deferred.times = match.times;
    torci_fault_add(parser, &match, fault);
    return 0;
}
