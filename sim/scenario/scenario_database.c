/* db: the databases of hosts; on db: what goes wrong with their statements. */
#include <regex.h>
#include <string.h>

#include <torc/format.h>
#include <torc/pool.h>

#include "scenario_parser.h"

/* The words of a line, and which of its keys were given. */
struct reader {
    struct torci_parser *parser;
    size_t next;
    unsigned seen;
};

static const struct torci_word *next_word(struct reader *reader)
{
    const struct torci_line *line = reader->parser->line;

    return reader->next < line->word_count ? &line->words[reader->next++] : NULL;
}

/* KEY=... or, for the key named `pattern`, KEY~...: which of `keys` it is, and where its value begins. */
static int read_key(struct reader *reader, const struct torci_word *word, const char *const *keys,
                    const char *pattern, size_t *out_index, size_t *out_value)
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

/* --- db ------------------------------------------------------------------------------------------- */

static const struct torci_script_database *find_database(const struct torc_scenario *scenario,
                                                         const struct torci_script_host *host,
                                                         const char *name, size_t bytes)
{
    for (const struct torci_script_database *each = scenario->databases; each; each = each->next)
        if (each->host == host && strlen(each->name) == bytes &&
            memcmp(each->name, name, bytes) == 0)
            return each;
    return NULL;
}

/* The host before the dot, and how long the whole is before it. */
static int read_host(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                     size_t bytes, const struct torci_script_host **out, size_t *out_bytes)
{
    const char *text = word->text + offset;
    const char *dot = memchr(text, '.', bytes);

    if (dot == NULL || dot == text || dot + 1 == text + bytes)
        return torci_parse_error(parser, word, offset, "a database is named HOST.NAME");
    *out_bytes = (size_t)(dot - text);
    *out = torci_find_script_host(parser->scenario, text, *out_bytes);
    if (*out == NULL)
        return torci_parse_no_host(parser, word, offset, *out_bytes);
    if ((*out)->module == NULL)
        return torci_parse_error(parser, word, offset, "a peer runs no module and has no database");
    return 0;
}

int torci_parse_database_name(struct torci_parser *parser, const struct torci_word *word,
                              size_t offset, size_t bytes,
                              const struct torci_script_database **out)
{
    const struct torci_script_host *host = NULL;
    size_t host_bytes = 0;
    const char *nearest = NULL;
    const char *name;
    size_t distance = SIZE_MAX;
    int code = read_host(parser, word, offset, bytes, &host, &host_bytes);

    if (code != 0)
        return code;
    name = torci_scenario_copy(parser->scenario, word->text + offset + host_bytes + 1,
                               bytes - host_bytes - 1);
    if (name == NULL)
        return TORC_ENOMEM;
    *out = find_database(parser->scenario, host, name, strlen(name));
    if (*out != NULL)
        return 0;
    for (const struct torci_script_database *each = parser->scenario->databases; each;
         each = each->next)
        if (each->host == host && torc_name_nearer(name, each->name, &distance))
            nearest = each->name;
    return torci_parse_unknown(parser, word, offset + host_bytes + 1, nearest,
                               "unknown database '%.64s' of host %s: a line 'db %s.NAME' names one",
                               name, host->name, host->name);
}

/* @FILE, or the statements themselves as a string. */
static int read_schema(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                       const char **out)
{
    struct torci_bytes text = {NULL, 0};
    const char *name = NULL;
    int code;

    if (word->text[offset] == '"')
        return torci_word_value(parser, word, offset, out);
    if (word->text[offset] != '@')
        return torci_parse_error(parser, word, offset, "a schema is a file: schema=@FILE");
    code = torci_parse_file(parser, word, offset + 1, &name, &text);
    if (code != 0)
        return code;
    if (memchr(text.data, '\0', text.bytes) != NULL)
        return torci_parse_error(parser, word, offset + 1, "'%s' is no text", name);
    *out = (const char *)text.data;
    return 0;
}

static int read_database_keys(struct reader *reader, struct torci_script_database *database)
{
    static const char *const keys[] = {"file", "vfs", "schema", NULL};
    struct torci_parser *parser = reader->parser;
    const struct torci_word *word;
    int code = 0;

    while (code == 0 && (word = next_word(reader)) != NULL) {
        size_t key = 0;
        size_t value = 0;

        code = read_key(reader, word, keys, NULL, &key, &value);
        if (code != 0)
            return code;
        if (key == 0) {
            code = torci_word_value(parser, word, value, &database->file);
            if (code == 0 && database->file[0] == '\0')
                return torci_parse_error(parser, word, value, "the name of the file is missing");
        } else if (key == 2) {
            code = read_schema(parser, word, value, &database->schema);
        } else if (strcmp(word->text + value, "fault") != 0) {
            return torci_parse_error(parser, word, value, "there is one VFS in a simulation: vfs=fault");
        }
    }
    return code;
}

int torci_parse_database(struct torci_parser *parser)
{
    const struct torci_word *word = &parser->line->words[1];
    struct torci_script_database *database =
        torci_scenario_alloc(parser->scenario, sizeof(*database));
    struct reader reader = {parser, 2, 0};
    size_t host_bytes = 0;
    size_t name_bytes;
    char file[80];
    int code;

    if (parser->line->word_count < 2)
        return torci_parse_error_end(parser, "which database? HOST.NAME");
    if (database == NULL)
        return TORC_ENOMEM;
    code = read_host(parser, word, 0, word->bytes, &database->host, &host_bytes);
    if (code != 0)
        return code;
    name_bytes = word->bytes - host_bytes - 1;
    if (!torci_is_name(word->text + host_bytes + 1, name_bytes))
        return torci_parse_error(parser, word, host_bytes + 1,
                                 "a database's name is made of letters, digits, _ and -, and begins with a letter");
    database->name = word->text + host_bytes + 1;
    if (find_database(parser->scenario, database->host, database->name, name_bytes) != NULL)
        return torci_parse_error(parser, word, host_bytes + 1, "%s has a database '%s' already",
                                 database->host->name, database->name);
    torc_format(file, sizeof(file), "%s.sqlite", database->name);
    database->file = torci_scenario_copy(parser->scenario, file, strlen(file));
    if (database->file == NULL)
        return TORC_ENOMEM;
    code = read_database_keys(&reader, database);
    if (code != 0)
        return code;
    database->place.line = parser->line;
    database->place.column = word->column;
    *parser->database_end = database;
    parser->database_end = &database->next;
    return 0;
}

/* --- on db: which statements ---------------------------------------------------------------------- */

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

static int read_number(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                       uint64_t *out)
{
    const char *why = NULL;

    if (torci_value_count(word->text + offset, out, &why) != 0)
        return torci_parse_error(parser, word, offset, "%s", why);
    if (*out == 0)
        return torci_parse_error(parser, word, offset, "they are counted from 1");
    return 0;
}

/* Up to the colon. */
static int read_match(struct reader *reader, struct torci_script_fault *fault)
{
    static const char *const keys[] = {"sql", "n", "times", NULL};
    struct torci_parser *parser = reader->parser;
    const struct torci_word *word;
    int code = 0;

    while (code == 0 && (word = next_word(reader)) != NULL && !torci_word_is(word, ":")) {
        size_t key = 0;
        size_t value = 0;

        if (torci_word_is(word, "optional")) {
            fault->optional = true;
            continue;
        }
        code = read_key(reader, word, keys, "sql", &key, &value);
        if (code != 0)
            return code;
        if (key == 0)
            code = read_pattern(parser, word, value, &fault->fault.sql);
        else if (key == 1)
            code = read_number(parser, word, value, &fault->fault.n);
        else if (strcmp(word->text + value, "forever") == 0)
            fault->fault.times = UINT64_MAX;
        else
            code = read_number(parser, word, value, &fault->fault.times);
    }
    if (code == 0 && !torci_word_is(&parser->line->words[reader->next - 1], ":"))
        return torci_parse_error_end(parser, "after a ':' comes what happens: fail, apply then "
                                             "drop-reply, disconnect or slow");
    return code;
}

/* --- on db: what happens -------------------------------------------------------------------------- */

/* Codes a statement can fail with. */
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

static int read_code(struct reader *reader, struct torci_script_fault *fault)
{
    struct torci_parser *parser = reader->parser;
    const struct torci_word *word = next_word(reader);
    int code = 0;

    if (word == NULL)
        return torci_parse_error_end(parser, "fail with which code? SQLITE_BUSY, SQLITE_FULL, ...");
    if (torc_sqlite_code_of_name(word->text, &code) != 0)
        return torci_parse_unknown(parser, word, 0, nearest_code(word->text),
                                   "'%.64s' is no result code of SQLite", word->text);
    if (!can_fail_with(code))
        return torci_parse_error(parser, word, 0, "no statement fails with %s", word->text);
    fault->fault.code = code;
    return 0;
}

static int parse_fail(struct reader *reader, struct torci_script_fault *fault)
{
    fault->fault.kind = TORC_DATABASE_FAIL;
    return read_code(reader, fault);
}

static int parse_apply(struct reader *reader, struct torci_script_fault *fault)
{
    const struct torci_word *then = next_word(reader);
    const struct torci_word *what = then != NULL ? next_word(reader) : NULL;

    fault->fault.kind = TORC_DATABASE_DROP_AFTER;
    if (then == NULL || what == NULL)
        return torci_parse_error_end(reader->parser, "this is written: apply then drop-reply");
    if (!torci_word_is(then, "then"))
        return torci_parse_error(reader->parser, then, 0, "this is written: apply then drop-reply");
    if (!torci_word_is(what, "drop-reply"))
        return torci_parse_error(reader->parser, what, 0, "this is written: apply then drop-reply");
    return 0;
}

static int parse_disconnect(struct reader *reader, struct torci_script_fault *fault)
{
    static const char *const moments[] = {"before", "mid", "after", NULL};
    const struct torci_word *word = next_word(reader);
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

static int parse_slow(struct reader *reader, struct torci_script_fault *fault)
{
    const struct torci_word *word = next_word(reader);

    fault->fault.kind = TORC_DATABASE_SLOW;
    if (word == NULL)
        return torci_parse_error_end(reader->parser, "how slow? slow 30ms");
    return torci_word_duration(reader->parser, word, 0, &fault->fault.delay_ns);
}

static int read_effect_keys(struct reader *reader, struct torci_script_fault *fault)
{
    static const char *const keys[] = {"after", "row", NULL};
    enum torc_database_fault_kind kind = fault->fault.kind;
    const struct torci_word *word;
    int code = 0;

    reader->seen = 0;
    while (code == 0 && (word = next_word(reader)) != NULL) {
        size_t key = 0;
        size_t value = 0;

        code = read_key(reader, word, keys, NULL, &key, &value);
        if (code != 0)
            return code;
        if (key == 0 && kind == TORC_DATABASE_SLOW)
            return torci_parse_error(reader->parser, word, 0, "slow says already how long it takes");
        if (key == 1 && kind != TORC_DATABASE_SLOW && kind != TORC_DATABASE_DROP_MID)
            return torci_parse_error(reader->parser, word, 0,
                                     "only slow and disconnect mid happen at a row");
        code = key == 0 ? torci_word_duration(reader->parser, word, value, &fault->fault.delay_ns)
                        : read_number(reader->parser, word, value, &fault->fault.row);
    }
    return code;
}

static int read_effect(struct reader *reader, struct torci_script_fault *fault)
{
    static const char *const names[] = {"fail", "apply", "disconnect", "slow", NULL};
    static int (*const parse[])(struct reader *reader, struct torci_script_fault *fault) = {
        parse_fail, parse_apply, parse_disconnect, parse_slow};
    const struct torci_word *word = next_word(reader);
    size_t i = 0;
    int code;

    if (word == NULL)
        return torci_parse_error_end(reader->parser, "what happens then? fail, apply then "
                                                     "drop-reply, disconnect or slow");
    while (names[i] != NULL && strcmp(names[i], word->text) != 0)
        i++;
    if (names[i] == NULL)
        return torci_parse_unknown(reader->parser, word, 0, torc_name_nearest(word->text, names),
                                   "unknown fault '%.64s'", word->text);
    code = parse[i](reader, fault);
    return code != 0 ? code : read_effect_keys(reader, fault);
}

static int parse_database_fault(struct torci_parser *parser)
{
    const struct torci_line *line = parser->line;
    const struct torc_database_fault empty = TORC_DATABASE_FAULT_INIT;
    const struct torci_script_database *database = NULL;
    struct torci_script_fault *fault = torci_scenario_alloc(parser->scenario, sizeof(*fault));
    struct reader reader = {parser, 3, 0};
    int code;

    if (line->word_count < 3)
        return torci_parse_error_end(parser, "which database? HOST.NAME");
    if (fault == NULL)
        return TORC_ENOMEM;
    code = torci_parse_database_name(parser, &line->words[2], 0, line->words[2].bytes, &database);
    if (code != 0)
        return code;
    fault->fault = empty;
    fault->fault.database = database->name;
    fault->host = database->host;
    code = read_match(&reader, fault);
    if (code == 0)
        code = read_effect(&reader, fault);
    if (code != 0)
        return code;
    fault->place.line = line;
    fault->place.column = line->words[0].column;
    fault->index = parser->scenario->fault_count++;
    *parser->fault_end = fault;
    parser->fault_end = &fault->next;
    return 0;
}

int torci_parse_fault(struct torci_parser *parser)
{
    static const char *const kinds[] = {"db", NULL};
    const struct torci_line *line = parser->line;

    if (line->word_count < 2)
        return torci_parse_error_end(parser, "on what? on db HOST.NAME ... : fail ...");
    if (torci_word_is(&line->words[1], "db"))
        return parse_database_fault(parser);
    return torci_parse_unknown(parser, &line->words[1], 0,
                               torc_name_nearest(line->words[1].text, kinds),
                               "unknown trigger '%.64s': there is 'on db'", line->words[1].text);
}
