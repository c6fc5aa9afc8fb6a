/* Conditions: || && comparisons ! ( ), over probes and what the world counts. */
#include <string.h>

#include "scenario_token.h"

enum { DEPTH_MAX = 50, NODES_MAX = 500 };

static int make(struct torci_tokens *reader, enum torci_condition_kind kind, struct torci_condition **out)
{
    if (++reader->nodes > NODES_MAX)
        return torci_token_fail(reader, "the condition is too long");
    *out = torci_scenario_alloc(reader->parser->scenario, sizeof(**out));
    if (*out == NULL)
        return TORC_ENOMEM;
    (*out)->kind = kind;
    if (kind == TORCI_CONDITION_PROBE || kind == TORCI_CONDITION_SITE ||
        kind == TORCI_CONDITION_RUNNING || kind == TORCI_CONDITION_HELD ||
        kind == TORCI_CONDITION_SQL || kind == TORCI_CONDITION_TIME ||
        kind == TORCI_CONDITION_LEAKS || kind == TORCI_CONDITION_UNHANDLED)
        (*out)->slot = reader->parser->scenario->slot_count++;
    return 0;
}

/* --- leaves --------------------------------------------------------------------------------------- */

static int read_number(struct torci_tokens *reader, struct torci_condition **out)
{
    const char *text = reader->text;
    bool negative = text[0] == '-';
    const char *why = NULL;
    uint64_t number = 0;
    bool duration = false;
    int code;

    if (torci_value_count(text + negative, &number, &why) != 0) {
        if (torci_value_duration(text + negative, &number, &why) != 0 &&
            torci_value_size(text + negative, &number, &why) != 0)
            return torci_token_fail(reader, "a number is 5, 20ms or 64KiB");
        duration = strstr(text, "iB") == NULL;
    }
    if (number > INT64_MAX)
        return torci_token_fail(reader, "the number is too large");
    code = make(reader, TORCI_CONDITION_NUMBER, out);
    if (code != 0)
        return code;
    (*out)->number = negative ? -(int64_t)number : (int64_t)number;
    (*out)->duration = duration;
    return torci_token_next(reader);
}

static int read_site(struct torci_tokens *reader, struct torci_condition **out)
{
    int code;

    if (reader->kind != TORCI_TOKEN_STRING)
        return torci_token_fail(reader, "site takes the name of a mark: site(\"line.partial_crlf\")");
    code = make(reader, TORCI_CONDITION_SITE, out);
    if (code != 0)
        return code;
    (*out)->text = reader->string;
    return torci_token_next(reader);
}

static int read_running(struct torci_tokens *reader, struct torci_condition **out)
{
    int code;

    if (reader->kind != TORCI_TOKEN_NAME)
        return torci_token_fail(reader, "running takes a host: running(srv)");
    code = make(reader, TORCI_CONDITION_RUNNING, out);
    if (code != 0)
        return code;
    (*out)->host = torci_find_script_host(reader->parser->scenario, reader->text,
                                          strlen(reader->text));
    if ((*out)->host == NULL)
        return torci_parse_no_host(reader->parser, torci_token_word(reader), reader->token_offset,
                                   strlen(reader->text));
    return torci_token_next(reader);
}

static int read_held(struct torci_tokens *reader, struct torci_condition **out)
{
    static const char shape[] =
        "held takes a host that runs a module, and a point: held(srv, \"orders.before_commit\")";
    const struct torci_script_host *host;
    int code;

    if (reader->kind != TORCI_TOKEN_NAME)
        return torci_token_fail(reader, shape);
    host = torci_find_script_host(reader->parser->scenario, reader->text, strlen(reader->text));
    if (host == NULL)
        return torci_parse_no_host(reader->parser, torci_token_word(reader), reader->token_offset,
                                   strlen(reader->text));
    if (host->module == NULL)
        return torci_token_fail(reader, shape);
    code = make(reader, TORCI_CONDITION_HELD, out);
    if (code == 0)
        code = torci_token_next(reader);
    if (code != 0)
        return code;
    (*out)->host = host;
    if (!torci_token_is_sign(reader, ","))
        return torci_token_fail(reader, shape);
    code = torci_token_next(reader);
    if (code != 0)
        return code;
    if (reader->kind != TORCI_TOKEN_STRING || reader->string[0] == '\0')
        return torci_token_fail(reader, shape);
    (*out)->text = reader->string;
    return torci_token_next(reader);
}

static int read_sql(struct torci_tokens *reader, struct torci_condition **out)
{
    static const char shape[] =
        "sql takes a database and a statement: sql(api.main, \"SELECT count(*) FROM t\")";
    const struct torci_script_database *database = NULL;
    int code;

    if (reader->kind != TORCI_TOKEN_NAME)
        return torci_token_fail(reader, shape);
    code = torci_parse_database_name(reader->parser, torci_token_word(reader), reader->token_offset,
                                     strlen(reader->text), &database);
    if (code == 0)
        code = make(reader, TORCI_CONDITION_SQL, out);
    if (code == 0)
        code = torci_token_next(reader);
    if (code != 0)
        return code;
    (*out)->host = database->host;
    (*out)->text = database->name;
    if (!torci_token_is_sign(reader, ","))
        return torci_token_fail(reader, shape);
    code = torci_token_next(reader);
    if (code != 0)
        return code;
    if (reader->kind != TORCI_TOKEN_STRING || reader->string[0] == '\0')
        return torci_token_fail(reader, shape);
    (*out)->statement = reader->string;
    return torci_token_next(reader);
}

static int read_or(struct torci_tokens *reader, struct torci_condition **out);

/* A name alone, within count( ) and the like. */
static int read_each_probe(struct torci_tokens *reader, struct torci_condition **out)
{
    int code = make(reader, TORCI_CONDITION_PROBE, out);

    if (code != 0)
        return code;
    (*out)->text = torci_scenario_copy(reader->parser->scenario, reader->text, strlen(reader->text));
    return (*out)->text != NULL ? torci_token_next(reader) : TORC_ENOMEM;
}

static int read_of_hosts(struct torci_tokens *reader, enum torci_condition_kind kind,
                         struct torci_condition **out)
{
    struct torci_condition *operand = NULL;
    int code;

    if (reader->of_each)
        return torci_token_fail(reader, "count, all and any cannot be within each other");
    if (reader->depth == DEPTH_MAX)
        return torci_token_fail(reader, "too many signs within each other");
    reader->of_each = true;
    reader->depth++;
    code = read_or(reader, &operand);
    reader->depth--;
    reader->of_each = false;
    if (code == 0)
        code = make(reader, kind, out);
    if (code == 0)
        (*out)->left = operand;
    return code;
}

static int read_count(struct torci_tokens *reader, struct torci_condition **out)
{
    return read_of_hosts(reader, TORCI_CONDITION_COUNT, out);
}

static int read_all(struct torci_tokens *reader, struct torci_condition **out)
{
    return read_of_hosts(reader, TORCI_CONDITION_ALL, out);
}

static int read_any(struct torci_tokens *reader, struct torci_condition **out)
{
    return read_of_hosts(reader, TORCI_CONDITION_ANY, out);
}

static int read_extreme(struct torci_tokens *reader, enum torci_condition_kind kind,
                        struct torci_condition **out)
{
    struct torci_condition *probe = NULL;
    int code;

    if (reader->kind != TORCI_TOKEN_NAME || strchr(reader->text, '.') != NULL)
        return torci_token_fail(reader, "max and min take the name of a probe: max(epoch)");
    code = read_each_probe(reader, &probe);
    if (code == 0)
        code = make(reader, kind, out);
    if (code == 0)
        (*out)->left = probe;
    return code;
}

static int read_max(struct torci_tokens *reader, struct torci_condition **out)
{
    return read_extreme(reader, TORCI_CONDITION_MAX, out);
}

static int read_min(struct torci_tokens *reader, struct torci_condition **out)
{
    return read_extreme(reader, TORCI_CONDITION_MIN, out);
}

/* What is written from the word `first`, byte `offset`, to the present token, that included. */
static const char *text_since(const struct torci_tokens *reader, size_t first, size_t offset)
{
    const struct torci_word *words = reader->parser->line->words;
    size_t end = reader->token_offset + strlen(reader->text);
    size_t room = end + 1;
    char *text;
    char *at;

    for (size_t i = first; i < reader->token_word; i++)
        room += words[i].bytes + 1;
    text = at = torci_scenario_alloc(reader->parser->scenario, room);
    if (text == NULL)
        return NULL;
    for (size_t i = first; i <= reader->token_word; i++, offset = 0) {
        size_t bytes = (i < reader->token_word ? words[i].bytes : end) - offset;

        memcpy(at, words[i].text + offset, bytes);
        at += bytes;
        if (i < reader->token_word)
            *at++ = ' ';
    }
    return text;
}

static int read_call(struct torci_tokens *reader, struct torci_condition **out)
{
    static const char *const functions[] = {"site", "running", "held", "sql", "count", "all",
                                            "any",  "max",     "min",  NULL};
    static int (*const read_arguments[])(struct torci_tokens *reader,
                                         struct torci_condition **out) = {
        read_site,  read_running, read_held, read_sql, read_count,
        read_all,   read_any,     read_max,  read_min};
    size_t word = reader->token_word;
    size_t offset = reader->token_offset;
    size_t i = 0;
    int code;

    while (functions[i] != NULL && strcmp(functions[i], reader->text) != 0)
        i++;
    if (functions[i] == NULL)
        return torci_parse_unknown(reader->parser, torci_token_word(reader), reader->token_offset,
                                   torc_name_nearest(reader->text, functions),
                                   "unknown function '%.64s'", reader->text);
    code = torci_token_next(reader); /* to "(" */
    if (code == 0)
        code = torci_token_next(reader);
    if (code == 0)
        code = read_arguments[i](reader, out);
    if (code != 0)
        return code;
    if (!torci_token_is_sign(reader, ")"))
        return torci_token_fail(reader, "the ( has no )");
    if (torci_condition_of_hosts(*out)) {
        (*out)->text = text_since(reader, word, offset);
        if ((*out)->text == NULL)
            return TORC_ENOMEM;
    }
    return torci_token_next(reader);
}

static int read_probe(struct torci_tokens *reader, struct torci_condition **out)
{
    struct torc_scenario *scenario = reader->parser->scenario;
    const char *dot = strchr(reader->text, '.');
    size_t host_bytes = (size_t)(dot - reader->text);
    const struct torci_script_host *host = torci_find_script_host(scenario, reader->text, host_bytes);
    int code;

    if (host == NULL)
        return torci_parse_no_host(reader->parser, torci_token_word(reader), reader->token_offset,
                                   host_bytes);
    if (host->module == NULL)
        return torci_token_fail(reader, "a peer runs no module and has nothing to ask for");
    if (dot[1] == '\0')
        return torci_token_fail(reader, "the name of the probe is missing");
    code = make(reader, TORCI_CONDITION_PROBE, out);
    if (code != 0)
        return code;
    (*out)->host = host;
    (*out)->text = torci_scenario_copy(scenario, dot + 1, strlen(dot + 1));
    return (*out)->text != NULL ? torci_token_next(reader) : TORC_ENOMEM;
}

static int read_name(struct torci_tokens *reader, struct torci_condition **out)
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

            return code != 0 ? code : torci_token_next(reader);
        }
    if (strchr(reader->text, '.') != NULL && strncmp(reader->text, "deferred.", 9) != 0)
        return read_probe(reader, out);
    if (reader->of_each && strchr(reader->text, '.') == NULL)
        return read_each_probe(reader, out);
    return torci_parse_unknown(reader->parser, torci_token_word(reader), reader->token_offset,
                               torc_name_nearest(reader->text, names),
                               "unknown name '%.64s' in a condition", reader->text);
}

/* --- operators ------------------------------------------------------------------------------------ */

static int read_operand(struct torci_tokens *reader, struct torci_condition **out)
{
    int code;

    if (reader->depth == DEPTH_MAX)
        return torci_token_fail(reader, "too many signs within each other");
    if (torci_token_is_sign(reader, "!")) {
        struct torci_condition *operand = NULL;

        code = torci_token_next(reader);
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
    if (torci_token_is_sign(reader, "(")) {
        code = torci_token_next(reader);
        reader->depth++;
        if (code == 0)
            code = read_or(reader, out);
        reader->depth--;
        if (code != 0)
            return code;
        return torci_token_is_sign(reader, ")") ? torci_token_next(reader) : torci_token_fail(reader, "the ( has no )");
    }
    if (reader->kind == TORCI_TOKEN_NUMBER)
        return read_number(reader, out);
    if (reader->kind == TORCI_TOKEN_STRING) {
        code = make(reader, TORCI_CONDITION_TEXT, out);
        if (code != 0)
            return code;
        (*out)->text = reader->string;
        return torci_token_next(reader);
    }
    if (reader->kind == TORCI_TOKEN_NAME)
        return read_name(reader, out);
    return torci_token_fail(reader, reader->kind == TORCI_TOKEN_END ? "the condition is not complete"
                                                  : "here a value belongs");
}

static bool comparison_of(const struct torci_tokens *reader, enum torci_condition_kind *out)
{
    static const char *const signs[] = {"==", "!=", "<", "<=", ">", ">="};

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (torci_token_is_sign(reader, signs[i])) {
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
           condition->kind == TORCI_CONDITION_UNHANDLED || condition->kind == TORCI_CONDITION_SITE ||
           condition->kind == TORCI_CONDITION_HELD ||
           torci_condition_of_hosts(condition);
}

static int join(struct torci_tokens *reader, enum torci_condition_kind kind, struct torci_condition *left,
                struct torci_condition *right, struct torci_condition **out)
{
    int code = make(reader, kind, out);

    if (code != 0)
        return code;
    /* Made.  NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    (*out)->left = left;
    (*out)->right = right;
    return 0;
}

static int read_comparison(struct torci_tokens *reader, struct torci_condition **out)
{
    enum torci_condition_kind kind;
    struct torci_condition *left = NULL;
    struct torci_condition *right = NULL;
    int code = read_operand(reader, &left);

    if (code != 0 || left == NULL)
        return code;
    if (!comparison_of(reader, &kind)) {
        if (left->kind == TORCI_CONDITION_TEXT)
            return torci_token_fail(reader, "a string alone is no condition");
        *out = left;
        return 0;
    }
    code = torci_token_next(reader);
    if (code == 0)
        code = read_operand(reader, &right);
    if (code != 0 || right == NULL)
        return code;
    if ((is_number(left) && right->kind == TORCI_CONDITION_TEXT) ||
        (left->kind == TORCI_CONDITION_TEXT && is_number(right)))
        return torci_token_fail(reader, "a number and a string are never equal");
    if (comparison_of(reader, &kind))
        return torci_token_fail(reader, "comparisons are joined by && or ||");
    return join(reader, kind, left, right, out);
}

static int read_and(struct torci_tokens *reader, struct torci_condition **out)
{
    int code = read_comparison(reader, out);

    while (code == 0 && torci_token_is_sign(reader, "&&")) {
        struct torci_condition *right = NULL;

        code = torci_token_next(reader);
        if (code == 0)
            code = read_comparison(reader, &right);
        if (code == 0)
            code = join(reader, TORCI_CONDITION_AND, *out, right, out);
    }
    return code;
}

static int read_or(struct torci_tokens *reader, struct torci_condition **out)
{
    int code = read_and(reader, out);

    while (code == 0 && torci_token_is_sign(reader, "||")) {
        struct torci_condition *right = NULL;

        code = torci_token_next(reader);
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
    struct torci_tokens reader;
    struct torci_condition *condition = NULL;
    int code;

    if (first >= end)
        return torci_parse_error_end(parser, "the condition is missing");
    memset(&reader, 0, sizeof(reader));
    reader.parser = parser;
    reader.word = first;
    reader.end = end;
    code = torci_token_next(&reader);
    if (code == 0)
        code = read_or(&reader, &condition);
    if (code == 0 && reader.kind != TORCI_TOKEN_END)
        code = torci_token_fail(&reader, "the condition ends before this");
    if (code == 0)
        *out = condition;
    return code;
}
