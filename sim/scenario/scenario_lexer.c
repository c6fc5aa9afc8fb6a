/* From bytes to lines and words, and from what is wrong with them to a message a person can act on. */
#include <string.h>

#include <torc/format.h>

#include "scenario_parser.h"

/* --- errors --------------------------------------------------------------------------------------- */

enum { SHOWN_BEFORE = 60, SHOWN_AFTER = 40 };

/* A piece of the line around the column, blanks for tabs and '?' for what a terminal should not see. */
void torci_scenario_compose(struct torc_scenario_error *error, const struct torci_line *line,
                            unsigned column, const char *sentence)
{
    char shown[SHOWN_BEFORE + SHOWN_AFTER + 8];
    size_t at = column > 0 ? column - 1 : 0;
    size_t from = 0;
    size_t to = line->raw_bytes;
    size_t count = 0;

    if (at > line->raw_bytes)
        at = line->raw_bytes;
    if (at > SHOWN_BEFORE)
        from = at - SHOWN_BEFORE;
    if (to - at > SHOWN_AFTER)
        to = at + SHOWN_AFTER;
    for (size_t i = from; i < to; i++) {
        char c = line->raw[i];

        if (c == '\t')
            c = ' ';
        else if ((unsigned char)c < 0x20 || c == 0x7f)
            c = '?';
        shown[count++] = c;
    }
    shown[count] = '\0';
    error->line = line->number;
    error->column = column;
    torc_format(error->file, sizeof(error->file), "%s", line->source->name);
    torc_format(error->text, sizeof(error->text) - 1, "%.200s:%u:%u: %.500s\n    %s\n    %*s^\n",
                line->source->name, line->number, column, sentence, shown, (int)(at - from), "");
}

static int fail_at(struct torci_parser *parser, unsigned column, const char *sentence)
{
    torci_scenario_compose(parser->error, parser->line, column, sentence);
    return TORC_ESYNTAX;
}

static unsigned column_in(const struct torci_word *word, size_t offset)
{
    return word->column + (unsigned)(offset < word->raw_bytes ? offset : word->raw_bytes);
}

int torci_parse_error(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                      const char *format, ...)
{
    char sentence[500];
    va_list arguments;

    va_start(arguments, format);
    torc_format_list(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    return fail_at(parser, column_in(word, offset), sentence);
}

int torci_parse_error_end(struct torci_parser *parser, const char *format, ...)
{
    const struct torci_line *line = parser->line;
    char sentence[500];
    unsigned column = 1;
    va_list arguments;

    va_start(arguments, format);
    torc_format_list(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    if (line->word_count > 0) {
        const struct torci_word *last = &line->words[line->word_count - 1];

        column = last->column + (unsigned)last->raw_bytes;
    }
    return fail_at(parser, column, sentence);
}

int torci_parse_unknown(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                        const char *nearest, const char *format, ...)
{
    char sentence[500];
    size_t used;
    va_list arguments;

    va_start(arguments, format);
    used = torc_format_list(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    if (nearest != NULL && used < sizeof(sentence))
        torc_format(sentence + used, sizeof(sentence) - used, "; did you mean '%s'?", nearest);
    return fail_at(parser, column_in(word, offset), sentence);
}

int torci_parse_warn_of_cut(struct torci_parser *parser, const struct torc_scenario_error *why)
{
    char text[1200];

    torc_format(text, sizeof(text), "%s    (the file ends within this line; it is left out)\n",
                why->text);
    return torci_parse_warn(parser, text);
}

int torci_parse_warn(struct torci_parser *parser, const char *text)
{
    struct torci_warning *warning = torci_scenario_alloc(parser->scenario, sizeof(*warning));

    if (warning == NULL)
        return TORC_ENOMEM;
    warning->text = torci_scenario_copy(parser->scenario, text, strlen(text));
    if (warning->text == NULL)
        return TORC_ENOMEM;
    *parser->warning_end = warning;
    parser->warning_end = &warning->next;
    return 0;
}

/* --- words ---------------------------------------------------------------------------------------- */

bool torci_word_is(const struct torci_word *word, const char *text)
{
    return strcmp(word->text, text) == 0;
}

bool torci_is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

bool torci_is_name(const char *text, size_t bytes)
{
    if (bytes == 0 || bytes > 64 || text[0] == '-' || (text[0] >= '0' && text[0] <= '9'))
        return false;
    for (size_t i = 0; i < bytes; i++)
        if (!torci_is_name_byte(text[i]))
            return false;
    return true;
}

size_t torci_word_key(const struct torci_word *word)
{
    size_t i = 0;

    while (i < word->bytes && torci_is_name_byte(word->text[i]))
        i++;
    return i < word->bytes && word->text[i] == '=' ? i : 0;
}

int torci_word_value(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                     const char **out)
{
    const char *text = word->text + offset;
    size_t bytes = word->bytes - offset;
    const char *why = NULL;
    uint8_t *value;
    size_t value_bytes = 0;
    size_t wrong = 0;
    int code;

    if (text[0] != '"') {
        *out = text;
        return 0;
    }
    value = torci_scenario_alloc(parser->scenario, bytes + 1);
    if (value == NULL)
        return TORC_ENOMEM;
    code = torci_value_string(text, bytes, value, &value_bytes, &why, &wrong);
    if (code != 0)
        return torci_parse_error(parser, word, offset + wrong, "%s", why);
    if (memchr(value, '\0', value_bytes) != NULL)
        return torci_parse_error(parser, word, offset, "a zero byte cannot be in this value");
    *out = (const char *)value;
    return 0;
}

/* $NAME and ${NAME} outside quotes become the parameter's value. */
static const struct torci_param *find_param(const struct torc_scenario *scenario, const char *name,
                                            size_t bytes)
{
    for (struct torci_param *param = scenario->params; param != NULL; param = param->next)
        if (strlen(param->name) == bytes && memcmp(param->name, name, bytes) == 0) {
            param->wanted = true;
            return param;
        }
    return NULL;
}

static int unknown_param(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                         size_t bytes)
{
    const char *nearest = NULL;
    size_t distance = SIZE_MAX;
    char name[65];

    torc_format(name, sizeof(name), "%.*s", (int)(bytes < 64 ? bytes : 64), word->raw + offset);
    for (const struct torci_param *param = parser->scenario->params; param; param = param->next)
        if (torc_name_nearer(name, param->name, &distance))
            nearest = param->name;
    return torci_parse_unknown(parser, word, offset, nearest, "unknown parameter '%s'", name);
}

enum { WORD_BYTES_MAX = 65536 };

/* Where the text of a word is put; without a buffer it is only measured. */
struct expansion {
    char *text;
    size_t used;
};

static void put(struct expansion *expansion, const char *text, size_t bytes)
{
    if (expansion->text != NULL)
        memcpy(expansion->text + expansion->used, text, bytes);
    expansion->used += bytes;
}

/* The parameter at `at`, where the '$' is; *at is then after it. */
static int expand_param(struct torci_parser *parser, const struct torci_word *word, size_t *at,
                        struct expansion *expansion)
{
    const char *raw = word->raw;
    bool braced = *at + 1 < word->raw_bytes && raw[*at + 1] == '{';
    size_t begin = *at + (braced ? 2 : 1);
    size_t end = begin;
    const struct torci_param *param;

    while (end < word->raw_bytes && torci_is_name_byte(raw[end]) && raw[end] != '-')
        end++;
    if (end == begin || (braced && (end == word->raw_bytes || raw[end] != '}')))
        return torci_parse_error(parser, word, *at, "a parameter is written $NAME or ${NAME}");
    param = find_param(parser->scenario, raw + begin, end - begin);
    if (param == NULL)
        return unknown_param(parser, word, begin, end - begin);
    if (expansion->used + strlen(param->value) > WORD_BYTES_MAX)
        return torci_parse_error(parser, word, *at, "the parameters make the word too long");
    put(expansion, param->value, strlen(param->value));
    *at = end + (braced ? 1 : 0);
    return 0;
}

static int expand_into(struct torci_parser *parser, const struct torci_word *word,
                       struct expansion *expansion)
{
    bool quoted = false;

    for (size_t at = 0; at < word->raw_bytes;) {
        size_t bytes = 1;

        if (!quoted && word->raw[at] == '$') {
            int code = expand_param(parser, word, &at, expansion);

            if (code != 0)
                return code;
            continue;
        }
        if (word->raw[at] == '"')
            quoted = !quoted;
        else if (quoted && word->raw[at] == '\\' && at + 1 < word->raw_bytes)
            bytes = 2;
        put(expansion, word->raw + at, bytes);
        at += bytes;
    }
    return 0;
}

static int expand(struct torci_parser *parser, struct torci_word *word)
{
    struct expansion expansion = {NULL, 0};
    int code = expand_into(parser, word, &expansion);

    if (code != 0)
        return code;
    word->bytes = expansion.used;
    if (word->bytes > word->raw_bytes)
        parser->expanded_bytes += word->bytes;
    if (parser->expanded_bytes > TORCI_EXPANDED_BYTES_MAX)
        return torci_parse_error(parser, word, 0, "the scenario grows above 256 MiB");
    expansion.text = torci_scenario_alloc(parser->scenario, word->bytes + 1);
    if (expansion.text == NULL)
        return TORC_ENOMEM;
    expansion.used = 0;
    word->text = expansion.text;
    return expand_into(parser, word, &expansion);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The end of the word that begins at `at`: the first blank outside quotes. */
static int find_word_end(struct torci_parser *parser, size_t at, size_t *out_end)
{
    const struct torci_line *line = parser->line;
    size_t quote = SIZE_MAX;

    for (; at < line->raw_bytes; at++) {
        char c = line->raw[at];

        if (quote != SIZE_MAX && c == '\\' && at + 1 < line->raw_bytes)
            at++;
        else if (c == '"')
            quote = quote == SIZE_MAX ? at : SIZE_MAX;
        else if (quote == SIZE_MAX && is_blank(c))
            break;
    }
    if (quote != SIZE_MAX)
        return fail_at(parser, (unsigned)quote + 1, "the string does not end");
    *out_end = at;
    return 0;
}

static int split_words(struct torci_parser *parser)
{
    struct torci_line *line = parser->line;
    size_t count = 0;

    for (size_t i = 0; i < line->raw_bytes; i++)
        if ((unsigned char)line->raw[i] < 0x20 && line->raw[i] != '\t')
            return fail_at(parser, (unsigned)i + 1, "a control character cannot be in a scenario; in "
                                                    "a string it is written \\xHH");
    for (size_t pass = 0; pass < 2; pass++) {
        count = 0;
        for (size_t at = 0; at < line->raw_bytes;) {
            size_t end = 0;
            int code;

            if (is_blank(line->raw[at])) {
                at++;
                continue;
            }
            if (line->raw[at] == '#') {
                line->comment = line->raw + at;
                line->comment_bytes = line->raw_bytes - at;
                break;
            }
            code = find_word_end(parser, at, &end);
            if (code != 0)
                return code;
            if (pass == 1) {
                struct torci_word *word = &line->words[count];

                word->raw = line->raw + at;
                word->raw_bytes = end - at;
                word->column = (unsigned)at + 1;
            }
            count++;
            at = end;
        }
        if (pass == 0) {
            line->words = torci_scenario_alloc(parser->scenario, (count + 1) * sizeof(*line->words));
            if (line->words == NULL)
                return TORC_ENOMEM;
        }
    }
    line->word_count = count;
    for (size_t i = 0; i < count; i++) {
        int code = expand(parser, &line->words[i]);

        if (code != 0)
            return code;
    }
    return 0;
}

int torci_lex_line(struct torci_parser *parser, const struct torci_source *source, size_t *at,
                   unsigned number, bool *out_terminated)
{
    struct torci_line *line = torci_scenario_alloc(parser->scenario, sizeof(*line));
    const char *begin = source->text + *at;
    const char *newline = memchr(begin, '\n', source->bytes - *at);
    size_t bytes = newline != NULL ? (size_t)(newline - begin) : source->bytes - *at;

    if (line == NULL)
        return TORC_ENOMEM;
    *out_terminated = newline != NULL;
    *at += bytes + (newline != NULL ? 1 : 0);
    if (bytes > 0 && begin[bytes - 1] == '\r')
        bytes--;
    line->source = source;
    line->number = number;
    line->raw = begin;
    line->raw_bytes = bytes;
    parser->line = line;
    return split_words(parser);
}
