/* on db: what goes wrong with statements. */
#include <string.h>

#include "scenario_fault.h"

#define ACCIDENTS "fail, apply then drop-reply, disconnect or slow"

static int parse_fail(struct torci_fault_reader *reader, struct torci_script_fault *fault)
{
    const struct torci_word *word = torci_fault_next_word(reader);

    fault->fault.kind = TORC_DATABASE_FAIL;
    if (word == NULL)
        return torci_parse_error_end(reader->parser,
                                     "fail with which code? SQLITE_BUSY, SQLITE_FULL, ...");
    return torci_fault_read_code(reader->parser, word, &fault->fault.code);
}

static int parse_apply(struct torci_fault_reader *reader, struct torci_script_fault *fault)
{
    const struct torci_word *then = torci_fault_next_word(reader);
    const struct torci_word *what = then != NULL ? torci_fault_next_word(reader) : NULL;

    fault->fault.kind = TORC_DATABASE_DROP_AFTER;
    if (then == NULL || what == NULL)
        return torci_parse_error_end(reader->parser, "this is written: apply then drop-reply");
    if (!torci_word_is(then, "then"))
        return torci_parse_error(reader->parser, then, 0, "this is written: apply then drop-reply");
    if (!torci_word_is(what, "drop-reply"))
        return torci_parse_error(reader->parser, what, 0, "this is written: apply then drop-reply");
    return 0;
}

static int parse_disconnect(struct torci_fault_reader *reader, struct torci_script_fault *fault)
{
    static const char *const moments[] = {"before", "mid", "after", NULL};
    const struct torci_word *word = torci_fault_next_word(reader);
    size_t i = 0;

    if (word == NULL)
        return torci_parse_error_end(reader->parser, "when? disconnect before, mid or after");
    while (moments[i] != NULL && strcmp(moments[i], word->text) != 0)
        i++;
    if (moments[i] == NULL)
        return torci_parse_unknown(reader->parser, word, 0,
                                   torc_name_nearest(word->text, moments),
                                   "unknown moment '%.64s': there are before, mid and after",
                                   word->text);
    fault->fault.kind = (enum torc_database_fault_kind)(TORC_DATABASE_DROP_BEFORE + (int)i);
    return 0;
}

static int parse_slow(struct torci_fault_reader *reader, struct torci_script_fault *fault)
{
    const struct torci_word *word = torci_fault_next_word(reader);

    fault->fault.kind = TORC_DATABASE_SLOW;
    if (word == NULL)
        return torci_parse_error_end(reader->parser, "how slow? slow 30ms");
    return torci_word_duration(reader->parser, word, 0, &fault->fault.delay_ns);
}

static int read_effect_keys(struct torci_fault_reader *reader, struct torci_script_fault *fault)
{
    static const char *const keys[] = {"after", "row", NULL};
    enum torc_database_fault_kind kind = fault->fault.kind;
    const struct torci_word *word;
    int code = 0;

    reader->seen = 0;
    while (code == 0 && (word = torci_fault_next_word(reader)) != NULL) {
        size_t key = 0;
        size_t value = 0;

        code = torci_fault_read_key(reader, word, keys, NULL, &key, &value);
        if (code != 0)
            return code;
        if (key == 0 && kind == TORC_DATABASE_SLOW)
            return torci_parse_error(reader->parser, word, 0, "slow says already how long it takes");
        if (key == 1 && kind != TORC_DATABASE_SLOW && kind != TORC_DATABASE_DROP_MID)
            return torci_parse_error(reader->parser, word, 0,
                                     "only slow and disconnect mid happen at a row");
        code = key == 0 ? torci_word_duration(reader->parser, word, value, &fault->fault.delay_ns)
                        : torci_fault_read_number(reader->parser, word, value, &fault->fault.row);
    }
    return code;
}

static int read_effect(struct torci_fault_reader *reader, struct torci_script_fault *fault)
{
    static const char *const names[] = {"fail", "apply", "disconnect", "slow", NULL};
    static int (*const parse[])(struct torci_fault_reader *reader, struct torci_script_fault *fault) = {
        parse_fail, parse_apply, parse_disconnect, parse_slow};
    const struct torci_word *word = torci_fault_next_word(reader);
    size_t i = 0;
    int code;

    if (word == NULL)
        return torci_parse_error_end(reader->parser, "what happens then? " ACCIDENTS);
    while (names[i] != NULL && strcmp(names[i], word->text) != 0)
        i++;
    if (names[i] == NULL)
        return torci_parse_unknown(reader->parser, word, 0, torc_name_nearest(word->text, names),
                                   "unknown fault '%.64s'", word->text);
    code = parse[i](reader, fault);
    return code != 0 ? code : read_effect_keys(reader, fault);
}

int torci_parse_database_fault(struct torci_parser *parser)
{
    static const char *const keys[] = {"sql", "n", "times", NULL};
    const struct torci_line *line = parser->line;
    const struct torc_database_fault empty = TORC_DATABASE_FAULT_INIT;
    const struct torci_script_database *database = NULL;
    struct torci_script_fault *fault = torci_scenario_alloc(parser->scenario, sizeof(*fault));
    struct torci_fault_reader reader = {parser, 3, 0};
    struct torci_fault_match match = {NULL, 0, 0, false, NULL, 0};
    int code;

    if (line->word_count < 3)
        return torci_parse_error_end(parser, "which database? HOST.NAME");
    if (fault == NULL)
        return TORC_ENOMEM;
    code = torci_parse_database_name(parser, &line->words[2], 0, line->words[2].bytes, &database);
    if (code == 0)
        code = torci_fault_read_match(&reader, keys, ACCIDENTS, &match);
    if (code != 0)
        return code;
    fault->host = database->host;
    fault->fault = empty;
    fault->fault.database = database->name;
    fault->fault.sql = match.pattern;
    fault->fault.n = match.n;
    fault->fault.times = match.times;
    code = read_effect(&reader, fault);
    if (code == 0)
        torci_fault_add(parser, &match, fault);
    return code;
}
