/* When a line happens: the first column of the timeline, and durations. */
#include <string.h>

#include "scenario_parser.h"

bool torci_is_time(const struct torci_word *word)
{
    const char *plus = memchr(word->text, '+', word->bytes);
    size_t name_bytes;

    if (torci_word_is(word, "end") || word->text[0] == '+' || torci_is_rand(word->text) ||
        (word->text[0] >= '0' && word->text[0] <= '9'))
        return true;
    if (plus == NULL)
        return false;
    name_bytes = (size_t)(plus - word->text);
    if (name_bytes > 4 && memcmp(plus - 4, ".end", 4) == 0)
        name_bytes -= 4;
    return torci_is_name(word->text, name_bytes);
}

int torci_bytes_duration(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                         size_t bytes, uint64_t *out_ns)
{
    char text[40];
    const char *why = NULL;

    if (bytes >= sizeof(text))
        return torci_parse_error(parser, word, offset, "the number is too long");
    memcpy(text, word->text + offset, bytes);
    text[bytes] = '\0';
    if (bytes == 0)
        return torci_parse_error(parser, word, offset, "a duration is missing");
    if (torci_value_duration(text, out_ns, &why) != 0)
        return torci_parse_error(parser, word, offset, "'%s': %s", text, why);
    return 0;
}

int torci_word_duration(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                         uint64_t *out_ns)
{
    return torci_bytes_duration(parser, word, offset, word->bytes - offset, out_ns);
}

/* DUR, DUR..DUR or rand(DUR..DUR), from the word's byte `at` on. */
static int read_span(struct torci_parser *parser, const struct torci_word *word, size_t at,
                     struct torci_time *time)
{
    const char *dots = torci_is_rand(word->text + at) ? NULL : strstr(word->text + at, "..");
    struct torci_span first = {0, NULL};
    uint64_t last = 0;
    int code;

    time->kind = TORCI_TIME_AT;
    if (dots == NULL) {
        code = torci_parse_span(parser, word, at, &first);
    } else {
        size_t from = (size_t)(dots + 2 - word->text);

        code = torci_bytes_duration(parser, word, at, (size_t)(dots - word->text) - at,
                                    &first.least_ns);
        if (code == 0)
            code = torci_bytes_duration(parser, word, from, word->bytes - from, &last);
        if (code == 0 && last < first.least_ns)
            return torci_parse_error(parser, word, from, "the window ends before it begins");
        time->kind = TORCI_TIME_WINDOW;
        time->window_ns = last - first.least_ns;
    }
    return code != 0 ? code : torci_time_add(parser, word, time, &first);
}

int torci_parse_time(struct torci_parser *parser, const struct torci_word *word,
                     struct torci_time *out)
{
    struct torci_time time = {.kind = TORCI_TIME_AT};
    const char *plus = memchr(word->text, '+', word->bytes);
    size_t at = 0;
    int code;

    if (torci_word_is(word, "end")) {
        time.kind = TORCI_TIME_END;
        *out = time;
        return 0;
    }
    if (word->text[0] == '+') {
        time = parser->time_before;
        time.window_ns = 0;
        at = 1;
    } else if (plus != NULL && !(word->text[0] >= '0' && word->text[0] <= '9')) {
        size_t name_bytes = (size_t)(plus - word->text);
        struct torci_label *label = NULL;

        if (name_bytes > 4 && memcmp(plus - 4, ".end", 4) == 0) {
            name_bytes -= 4;
            time.label_end = true;
        }
        if (name_bytes == 3 && memcmp(word->text, "end", 3) == 0)
            return torci_parse_error(parser, word, 0, "nothing comes after the end");
        code = torci_parse_label(parser, word->text, name_bytes, &label);
        if (code != 0)
            return code;
        time.label = label;
        at = (size_t)(plus + 1 - word->text);
    }
    code = read_span(parser, word, at, &time);
    if (code != 0)
        return code;
    *out = time;
    parser->time_before = time;
    parser->time_before.kind = TORCI_TIME_AT;
    parser->time_before.window_ns = 0;
    return 0;
}
