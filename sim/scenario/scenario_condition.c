/* Conditions: || && comparisons ! ( ), over probes and what the world counts. */
#include <string.h>

#include "scenario_parser.h"

enum { DEPTH_MAX = 50, NODES_MAX = 500, TOKEN_BYTES_MAX = 4096 };

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_STRING, TOKEN_SIGN };

/* Reads tokens out of the words [.., end): words may hold several, blanks only separate. */
struct reader {
    struct torci_parser *parser;
    size_t word;
    size_t end;
    size_t offset; /* in the word */
    size_t depth;
    size_t nodes; /* made so far */
    /* The present token. */
    enum token_kind kind;
    size_t token_word;
    size_t token_offset;
    char text[TOKEN_BYTES_MAX];
    const char *string; /* of TOKEN_STRING */
};

static const struct torci_word *token_word(const struct reader *reader)
{
    return &reader->parser->line->words[reader->token_word];
}

static int fail(struct reader *reader, const char *sentence)
{
    if (reader->kind == TOKEN_END && reader->end == reader->parser->line->word_count)
        return torci_parse_error_end(reader->parser, "%s", sentence);
    return torci_parse_error(reader->parser, token_word(reader), reader->token_offset, "%s",
                             sentence);
}

static size_t string_bytes(const char *text, size_t bytes)
{
    for (size_t i = 1; i < bytes; i++) {
        if (text[i] == '\\')
            i++;
        else if (text[i] == '"')
            return i + 1;
    }
    return bytes;
}

static size_t sign_bytes(const char *text)
{
    static const char *const two[] = {"==", "!=", "<=", ">=", "&&", "||", NULL};

    for (size_t i = 0; two[i] != NULL; i++)
        if (strncmp(text, two[i], 2) == 0)
            return 2;
    return text[0] != '\0' && strchr("<>!(),", text[0]) != NULL ? 1 : 0;
}

/* The next token becomes the present one. */
static int advance(struct reader *reader)
{
    const struct torci_word *word;
    const char *at;
    size_t bytes = 0;

    while (reader->word < reader->end) {
        word = &reader->parser->line->words[reader->word];
        while (reader->offset < word->bytes &&
               (word->text[reader->offset] == ' ' || word->text[reader->offset] == '\t'))
            reader->offset++;
        if (reader->offset < word->bytes)
            break;
        reader->word++;
        reader->offset = 0;
    }
    reader->token_word = reader->word < reader->end ? reader->word : reader->end - 1;
    reader->token_offset = reader->offset;
    reader->text[0] = '\0';
    if (reader->word >= reader->end) {
        reader->kind = TOKEN_END;
        return 0;
    }
    word = &reader->parser->line->words[reader->word];
    at = word->text + reader->offset;
    if (at[0] == '"') {
        uint8_t *value;
        const char *why = NULL;
        size_t wrong = 0;
        size_t value_bytes = 0;

        bytes = string_bytes(at, word->bytes - reader->offset);
        value = torci_scenario_alloc(reader->parser->scenario, bytes + 1);
        if (value == NULL)
            return TORC_ENOMEM;
        if (torci_value_string(at, bytes, value, &value_bytes, &why, &wrong) != 0)
            return torci_parse_error(reader->parser, word, reader->offset + wrong, "%s", why);
        reader->string = (const char *)value;
        reader->kind = TOKEN_STRING;
    } else if ((bytes = sign_bytes(at)) > 0) {
        reader->kind = TOKEN_SIGN;
    } else {
        while (torci_is_name_byte(at[bytes]) || (at[bytes] == '.' && bytes > 0))
            bytes++;
        if (bytes == 0)
            return torci_parse_error(reader->parser, word, reader->offset,
                                     at[0] == '='
                                         ? "a comparison is written =="
                                         : "this has no meaning in a condition");
        reader->kind = (at[0] >= '0' && at[0] <= '9') || at[0] == '-' ? TOKEN_NUMBER : TOKEN_NAME;
    }
    if (bytes >= TOKEN_BYTES_MAX)
        return torci_parse_error(reader->parser, word, reader->offset, "this is too long");
    memcpy(reader->text, at, bytes);
    reader->text[bytes] = '\0';
    reader->offset += bytes;
    return 0;
}

static bool is_sign(const struct reader *reader, const char *sign)
{
    return reader->kind == TOKEN_SIGN && strcmp(reader->text, sign) == 0;
}

static int make(struct reader *reader, enum torci_condition_kind kind, struct torci_condition **out)
{
    if (++reader->nodes > NODES_MAX)
        return fail(reader, "the condition is too long");
    *out = torci_scenario_alloc(reader->parser->scenario, sizeof(**out));
    if (*out == NULL)
        return TORC_ENOMEM;
    (*out)->kind = kind;
    if (kind == TORCI_CONDITION_PROBE || kind == TORCI_CONDITION_SITE ||
        kind == TORCI_CONDITION_RUNNING || kind == TORCI_CONDITION_SQL ||
        kind == TORCI_CONDITION_TIME ||
        kind == TORCI_CONDITION_LEAKS || kind == TORCI_CONDITION_UNHANDLED)
        (*out)->slot = reader->parser->scenario->slot_count++;
    return 0;
}

/* --- leaves --------------------------------------------------------------------------------------- */

static int read_number(struct reader *reader, struct torci_condition **out)
{
    const char *text = reader->text;
    bool negative = text[0] == '-';
    const char *why = NULL;
    uint64_t number = 0;
    bool duration = false;
    int code;

    if (torci_value_count(text + negative, &number, &why) != 0) {
        duration = true;
        if (torci_value_duration(text + negative, &number, &why) != 0 &&
            torci_value_size(text + negative, &number, &why) != 0)
            return fail(reader, "a number is 5, 20ms or 64KiB");
        duration = strstr(text, "iB") == NULL;
    }
    if (number > INT64_MAX)
        return fail(reader, "the number is too large");
    code = make(reader, TORCI_CONDITION_NUMBER, out);
    if (code != 0)
        return code;
    (*out)->number = negative ? -(int64_t)number : (int64_t)number;
    (*out)->duration = duration;
    return advance(reader);
}

static int read_site(struct reader *reader, struct torci_condition **out)
{
    int code;

    if (reader->kind != TOKEN_STRING)
        return fail(reader, "site takes the name of a mark: site(\"line.partial_crlf\")");
    code = make(reader, TORCI_CONDITION_SITE, out);
    if (code == 0)
        (*out)->text = reader->string;
    return code;
}

static int read_running(struct reader *reader, struct torci_condition **out)
{
    int code;

    if (reader->kind != TOKEN_NAME)
        return fail(reader, "running takes a host: running(srv)");
    code = make(reader, TORCI_CONDITION_RUNNING, out);
    if (code != 0)
        return code;
    (*out)->host = torci_find_script_host(reader->parser->scenario, reader->text,
                                          strlen(reader->text));
    if ((*out)->host == NULL)
        return torci_parse_no_host(reader->parser, token_word(reader), reader->token_offset,
                                   strlen(reader->text));
    return 0;
}

static int read_sql(struct reader *reader, struct torci_condition **out)
{
    static const char shape[] =
        "sql takes a database and a statement: sql(api.main, \"SELECT count(*) FROM t\")";
    const struct torci_script_database *database = NULL;
    int code;

    if (reader->kind != TOKEN_NAME)
        return fail(reader, shape);
    code = torci_parse_database_name(reader->parser, token_word(reader), reader->token_offset,
                                     strlen(reader->text), &database);
    if (code == 0)
        code = make(reader, TORCI_CONDITION_SQL, out);
    if (code == 0)
        code = advance(reader);
    if (code != 0)
        return code;
    (*out)->host = database->host;
    (*out)->text = database->name;
    if (!is_sign(reader, ","))
        return fail(reader, shape);
    code = advance(reader);
    if (code != 0)
        return code;
    if (reader->kind != TOKEN_STRING || reader->string[0] == '\0')
        return fail(reader, shape);
    (*out)->statement = reader->string;
    return 0;
}

static int read_call(struct reader *reader, struct torci_condition **out)
{
    static const char *const functions[] = {"site", "running", "sql", NULL};
    static int (*const read_arguments[])(struct reader *reader, struct torci_condition **out) = {
        read_site, read_running, read_sql};
    size_t i = 0;
    int code;

    while (functions[i] != NULL && strcmp(functions[i], reader->text) != 0)
        i++;
    if (functions[i] == NULL)
        return torci_parse_unknown(reader->parser, token_word(reader), reader->token_offset,
                                   torc_name_nearest(reader->text, functions),
                                   "unknown function '%.64s'", reader->text);
    code = advance(reader); /* to "(" */
    if (code == 0)
        code = advance(reader);
    if (code == 0)
        code = read_arguments[i](reader, out);
    if (code == 0)
        code = advance(reader);
    if (code != 0)
        return code;
    if (!is_sign(reader, ")"))
        return fail(reader, "the ( has no )");
    return advance(reader);
}

static int read_probe(struct reader *reader, struct torci_condition **out)
{
    struct torc_scenario *scenario = reader->parser->scenario;
    const char *dot = strchr(reader->text, '.');
    size_t host_bytes = (size_t)(dot - reader->text);
    const struct torci_script_host *host = torci_find_script_host(scenario, reader->text, host_bytes);
    int code;

    if (host == NULL)
        return torci_parse_no_host(reader->parser, token_word(reader), reader->token_offset,
                                   host_bytes);
    if (host->module == NULL)
        return fail(reader, "a peer runs no module and has nothing to ask for");
    if (dot[1] == '\0')
        return fail(reader, "the name of the probe is missing");
    code = make(reader, TORCI_CONDITION_PROBE, out);
    if (code != 0)
        return code;
    (*out)->host = host;
    (*out)->text = torci_scenario_copy(scenario, dot + 1, strlen(dot + 1));
    return (*out)->text != NULL ? advance(reader) : TORC_ENOMEM;
}

static int read_name(struct reader *reader, struct torci_condition **out)
{
    static const char *const names[] = {"t", "leaks", "deferred.unhandled", NULL};
    static const enum torci_condition_kind kinds[] = {
        TORCI_CONDITION_TIME, TORCI_CONDITION_LEAKS, TORCI_CONDITION_UNHANDLED};
    const struct torci_word *word = &reader->parser->line->words[reader->word];

    if (reader->word < reader->end && reader->offset < word->bytes &&
        word->text[reader->offset] == '(')
        return read_call(reader, out);
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(reader->text, names[i]) == 0) {
            int code = make(reader, kinds[i], out);

            return code != 0 ? code : advance(reader);
        }
    if (strchr(reader->text, '.') != NULL && strncmp(reader->text, "deferred.", 9) != 0)
        return read_probe(reader, out);
    return torci_parse_unknown(reader->parser, token_word(reader), reader->token_offset,
                               torc_name_nearest(reader->text, names),
                               "unknown name '%.64s' in a condition", reader->text);
}

/* --- operators ------------------------------------------------------------------------------------ */

static int read_or(struct reader *reader, struct torci_condition **out);

static int read_operand(struct reader *reader, struct torci_condition **out)
{
    int code;

    if (reader->depth == DEPTH_MAX)
        return fail(reader, "too many signs within each other");
    if (is_sign(reader, "!")) {
        struct torci_condition *operand = NULL;

        code = advance(reader);
        reader->depth++;
        if (code == 0)
            code = read_operand(reader, &operand);
        reader->depth--;
        if (code == 0)
            code = make(reader, TORCI_CONDITION_NOT, out);
        if (code == 0)
            (*out)->left = operand;
        return code;
    }
    if (is_sign(reader, "(")) {
        code = advance(reader);
        reader->depth++;
        if (code == 0)
            code = read_or(reader, out);
        reader->depth--;
        if (code != 0)
            return code;
        return is_sign(reader, ")") ? advance(reader) : fail(reader, "the ( has no )");
    }
    if (reader->kind == TOKEN_NUMBER)
        return read_number(reader, out);
    if (reader->kind == TOKEN_STRING) {
        code = make(reader, TORCI_CONDITION_TEXT, out);
        if (code != 0)
            return code;
        (*out)->text = reader->string;
        return advance(reader);
    }
    if (reader->kind == TOKEN_NAME)
        return read_name(reader, out);
    return fail(reader, reader->kind == TOKEN_END ? "the condition is not complete"
                                                  : "here a value belongs");
}

static bool comparison_of(const struct reader *reader, enum torci_condition_kind *out)
{
    static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">="};

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (is_sign(reader, signs[i])) {
            *out = (enum torci_condition_kind)(TORCI_CONDITION_EQUAL + (int)i);
            return true;
        }
    return false;
}

/* Whether two literals or a literal and a number can be compared at all. */
static bool is_number(const struct torci_condition *condition)
{
    return condition->kind == TORCI_CONDITION_NUMBER || condition->kind == TORCI_CONDITION_TIME ||
           condition->kind == TORCI_CONDITION_LEAKS ||
           condition->kind == TORCI_CONDITION_UNHANDLED || condition->kind == TORCI_CONDITION_SITE;
}

static int join(struct reader *reader, enum torci_condition_kind kind, struct torci_condition *left,
                struct torci_condition *right, struct torci_condition **out)
{
    int code = make(reader, kind, out);

    if (code != 0)
        return code;
    (*out)->left = left;
    (*out)->right = right;
    return 0;
}

static int read_comparison(struct reader *reader, struct torci_condition **out)
{
    enum torci_condition_kind kind;
    struct torci_condition *left = NULL;
    struct torci_condition *right = NULL;
    int code = read_operand(reader, &left);

    if (code != 0)
        return code;
    if (!comparison_of(reader, &kind)) {
        if (left->kind == TORCI_CONDITION_TEXT)
            return fail(reader, "a string alone is no condition");
        *out = left;
        return 0;
    }
    code = advance(reader);
    if (code == 0)
        code = read_operand(reader, &right);
    if (code != 0)
        return code;
    if ((is_number(left) && right->kind == TORCI_CONDITION_TEXT) ||
        (left->kind == TORCI_CONDITION_TEXT && is_number(right)))
        return fail(reader, "a number and a string are never equal");
    if (comparison_of(reader, &kind))
        return fail(reader, "comparisons are joined by && or ||");
    return join(reader, kind, left, right, out);
}

static int read_and(struct reader *reader, struct torci_condition **out)
{
    int code = read_comparison(reader, out);

    while (code == 0 && is_sign(reader, "&&")) {
        struct torci_condition *right = NULL;

        code = advance(reader);
        if (code == 0)
            code = read_comparison(reader, &right);
        if (code == 0)
            code = join(reader, TORCI_CONDITION_AND, *out, right, out);
    }
    return code;
}

static int read_or(struct reader *reader, struct torci_condition **out)
{
    int code = read_and(reader, out);

    while (code == 0 && is_sign(reader, "||")) {
        struct torci_condition *right = NULL;

        code = advance(reader);
        if (code == 0)
            code = read_and(reader, &right);
        if (code == 0)
            code = join(reader, TORCI_CONDITION_OR, *out, right, out);
    }
    return code;
}

int torci_parse_condition(struct torci_parser *parser, size_t first, size_t end,
                          const struct torci_condition **out)
{
    struct reader reader;
    struct torci_condition *condition = NULL;
    int code;

    if (first >= end)
        return torci_parse_error_end(parser, "the condition is missing");
    memset(&reader, 0, sizeof(reader));
    reader.parser = parser;
    reader.word = first;
    reader.end = end;
    code = advance(&reader);
    if (code == 0)
        code = read_or(&reader, &condition);
    if (code == 0 && reader.kind != TOKEN_END)
        code = fail(&reader, "the condition ends before this");
    if (code == 0)
        *out = condition;
    return code;
}
