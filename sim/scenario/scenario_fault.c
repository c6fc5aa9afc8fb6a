/* on: what goes wrong, armed from the beginning; what statements and disks have in common. */
#include "scenario_fault.h"

#include <regex.h>
#include <string.h>

#include <torc/pool.h>

/* --- words ---------------------------------------------------------------------------------------- */

const struct torci_word *torci_fault_next_word(struct torci_fault_reader *reader)
{
    const struct torci_line *line = reader->parser->line;

    return reader->next < line->word_count ? &line->words[reader->next++] : NULL;
}

int torci_fault_read_key(struct torci_fault_reader *reader, const struct torci_word *word,
                         const char *const *keys, const char *pattern, size_t *out_index,
                         size_t *out_value)
{
    struct torci_parser *parser = reader->parser;
    size_t bytes = 0;
    char key[65];
    size_t i = 0;

    while (bytes < word->bytes && torci_is_name_byte(word->text[bytes]))
        bytes++;
    if (bytes == 0 || bytes > 64 || (word->text[bytes] != '=' && word->text[bytes] != '~'))
        return torci_parse_error(parser, word, 0, "'%.64s' has no meaning here", word->text);
    memcpy(key, word->text, bytes);
    key[bytes] = '\0';
    while (keys[i] != NULL && strcmp(keys[i], key) != 0)
        i++;
    if (keys[i] == NULL)
        return torci_parse_unknown(parser, word, 0, torc_name_nearest(key, keys),
                                   "unknown key '%s'", key);
    if ((word->text[bytes] == '~') != (pattern != NULL && strcmp(key, pattern) == 0))
        return torci_parse_error(parser, word, bytes, word->text[bytes] == '~'
                                                          ? "%s is no pattern: %s=..."
                                                          : "%s is a pattern: %s~\"...\"",
                                 key, key);
    if (reader->seen & (1u << i))
        return torci_parse_error(parser, word, 0, "%s is given twice", key);
    reader->seen |= 1u << i;
    *out_index = i;
    *out_value = bytes + 1;
    return 0;
}

/* --- before the colon ----------------------------------------------------------------------------- */

enum { PATTERN_BYTES_MAX = 1000, PATTERN_NODES_MAX = 1 << 17 };

/* How much more a repetition makes of what it repeats: the C library copies it so often. */
static size_t count_copies(const char *repetition)
{
    size_t most = 1;

    if (*repetition == '+')
        return 2;
    if (*repetition != '{')
        return 1;
    for (const char *at = repetition + 1; *at == ',' || (*at >= '0' && *at <= '9');) {
        size_t number = 0;

        for (; *at >= '0' && *at <= '9'; at++)
            number = number < PATTERN_NODES_MAX ? number * 10 + (size_t)(*at - '0') : number;
        at += *at == ',';
        most = number > most ? number : most;
    }
    return most;
}

/* Whether the C library can compile it with a bounded stack and little memory, if every repetition were within
 * every other. */
static bool is_bounded(const char *pattern)
{
    size_t nodes = strlen(pattern);

    if (nodes > PATTERN_BYTES_MAX)
        return false;
    for (const char *at = pattern; *at != '\0' && nodes <= PATTERN_NODES_MAX; at++)
        if (*at == '\\' && at[1] != '\0')
            at++;
        else
            nodes *= count_copies(at);
    return nodes <= PATTERN_NODES_MAX;
}

/* The pattern as it is written, once it has been tried. */
static int read_pattern(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                        const char **out)
{
    const char *pattern = NULL;
    regex_t compiled;
    char why[120];
    int code;

    if (word->text[offset] != '"')
        return torci_parse_error(parser, word, offset, "a pattern is a string: ~\"^INSERT\"");
    code = torci_word_value(parser, word, offset, &pattern);
    if (code != 0)
        return code;
    if (!is_bounded(pattern))
        return torci_parse_error(parser, word, offset,
                                 "the expression grows too large: it has too many + or {}, or more than "
                                 "%d bytes", PATTERN_BYTES_MAX);
    code = regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB);
    if (code == REG_ESPACE)
        return TORC_ENOMEM;
    if (code != 0) {
        (void)regerror(code, &compiled, why, sizeof(why));
        return torci_parse_error(parser, word, offset, "this is no regular expression: %s", why);
    }
    regfree(&compiled);
    *out = pattern;
    return 0;
}

int torci_fault_read_number(struct torci_parser *parser, const struct torci_word *word,
                            size_t offset, uint64_t *out)
{
    const char *why = NULL;

    if (torci_value_count(word->text + offset, out, &why) != 0)
        return torci_parse_error(parser, word, offset, "%s", why);
    if (*out == 0)
        return torci_parse_error(parser, word, offset, "they are counted from 1");
    return 0;
}

static int read_match_key(struct torci_fault_reader *reader, const struct torci_word *word,
                          const char *const *keys, struct torci_fault_match *match)
{
    struct torci_parser *parser = reader->parser;
    size_t key = 0;
    size_t value = 0;
    int code = torci_fault_read_key(reader, word, keys, keys[0], &key, &value);

    if (code != 0)
        return code;
    if (key == 0)
        return read_pattern(parser, word, value, &match->pattern);
    if (key == 1)
        return torci_fault_read_number(parser, word, value, &match->n);
    if (key == 2 && strcmp(word->text + value, "forever") == 0) {
        match->times = UINT64_MAX;
        return 0;
    }
    if (key == 2)
        return torci_fault_read_number(parser, word, value, &match->times);
    match->op = word;
    match->op_offset = value;
    return 0;
}

int torci_fault_read_match(struct torci_fault_reader *reader, const char *const *keys,
                           const char *accidents, struct torci_fault_match *match)
{
    const struct torci_line *line = reader->parser->line;
    const struct torci_word *word;
    int code = 0;

    while (code == 0 && (word = torci_fault_next_word(reader)) != NULL && !torci_word_is(word, ":")) {
        if (torci_word_is(word, "optional"))
            match->optional = true;
        else
            code = read_match_key(reader, word, keys, match);
    }
    if (code == 0 && !torci_word_is(&line->words[reader->next - 1], ":"))
        return torci_parse_error_end(reader->parser, "after a ':' comes what happens: %s", accidents);
    return code;
}

/* --- codes ---------------------------------------------------------------------------------------- */

/* Codes that are errors. */
static bool can_fail_with(int code)
{
    int primary = code & 0xff;

    return primary > 0 && primary < 27; /* SQLITE_OK; SQLITE_NOTICE, _WARNING, _ROW and _DONE */
}

static const char *nearest_code(const char *name)
{
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;

    for (int extended = 0; extended < 64; extended++)
        for (int primary = 1; primary < 27; primary++) {
            const char *each = torc_sqlite_code_name(extended << 8 | primary);

            if (strcmp(each, "SQLITE_?") != 0 && torc_name_nearer(name, each, &distance))
                nearest = each;
        }
    return nearest;
}

int torci_fault_read_code(struct torci_parser *parser, const struct torci_word *word, int *out)
{
    int code = 0;

    if (torc_sqlite_code_of_name(word->text, &code) != 0)
        return torci_parse_unknown(parser, word, 0, nearest_code(word->text),
                                   "'%.64s' is no result code of SQLite", word->text);
    if (!can_fail_with(code))
        return torci_parse_error(parser, word, 0, "nothing fails with %s", word->text);
    *out = code;
    return 0;
}

/* --- lines ---------------------------------------------------------------------------------------- */

void torci_fault_add(struct torci_parser *parser, const struct torci_fault_match *match,
                    struct torci_script_fault *fault)
{
    fault->place.line = parser->line;
    fault->place.column = parser->line->words[0].column;
    fault->optional = match->optional;
    fault->index = parser->scenario->fault_count++;
    *parser->fault_end = fault;
    parser->fault_end = &fault->next;
}

int torci_parse_fault(struct torci_parser *parser)
{
    static const char *const kinds[] = {"db", "disk", "deferred", NULL};
    const struct torci_line *line = parser->line;

    if (line->word_count < 2)
        return torci_parse_error_end(parser, "on what? on db HOST.NAME ... : fail ...");
    if (torci_word_is(&line->words[1], "db"))
        return torci_parse_database_fault(parser);
    if (torci_word_is(&line->words[1], "disk"))
        return torci_parse_disk_fault(parser);
    if (torci_word_is(&line->words[1], "deferred"))
        return torci_parse_deferred_fault(parser);
    if (torci_find_script_host(parser->scenario, line->words[1].text, line->words[1].bytes) != NULL)
        return torci_parse_operation_fault(parser);
    return torci_parse_unknown(parser, &line->words[1], 0,
                               torc_name_nearest(line->words[1].text, kinds),
                               "unknown trigger '%.64s': there are 'on db', 'on disk', 'on deferred' and 'on HOST'",
                               line->words[1].text);
}
