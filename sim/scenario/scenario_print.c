/* The canonical text: made of the words as they were written, so that nothing a person wrote is lost.
 *
 * Lines are laid out block by block, from one empty line to the next: what happens begins in one column, and so do
 * the comments behind lines.  A line that is much longer than the others stands out instead of pushing them. */
#include <string.h>

#include "scenario_parser.h"

enum {
    TIME_COLUMN_BYTES = 10,
    TIME_COLUMN_BYTES_MAX = 24,
    COMMENT_COLUMN_MAX = 64,
    COMMENT_TAB = 4,
    COMMENT_GAP = 2
};

struct layout {
    size_t first; /* so wide is the first word of a line that has a time, or stands in its place */
    size_t comment;
};

static char *put(char *at, const char *text, size_t bytes)
{
    memcpy(at, text, bytes);
    return at + bytes;
}

static char *put_blanks(char *at, size_t count)
{
    memset(at, ' ', count);
    return at + count;
}

static bool is_empty(const struct torci_line *line)
{
    return line->word_count == 0 && line->comment == NULL;
}

/* How wide the first word is made, blank and all; 0: as it is. */
static size_t first_width(const struct torci_line *line, const struct layout *layout)
{
    static const char *const in_column[] = {"always", "never", "sometimes", "sweep", "explore"};

    if (line->timed)
        return layout->first;
    if (line->word_count > 0 && torci_word_is(&line->words[0], "db"))
        return sizeof("link ") - 1;
    for (size_t i = 0; line->word_count > 0 && i < sizeof(in_column) / sizeof(in_column[0]); i++)
        if (torci_word_is(&line->words[0], in_column[i]))
            return layout->first;
    return 0;
}

/* The words with one blank between them, the first one `width` wide.  Without a buffer they are only measured. */
static size_t put_words(char *buffer, const struct torci_line *line, size_t width)
{
    size_t used = 0;

    for (size_t i = 0; i < line->word_count; i++) {
        const struct torci_word *word = &line->words[i];
        size_t blanks = i + 1 == line->word_count                       ? 0
                        : i == 0 && word->raw_bytes + 1 < width ? width - word->raw_bytes
                                                                        : 1;

        if (buffer != NULL)
            put_blanks(put(buffer + used, word->raw, word->raw_bytes), blanks);
        used += word->raw_bytes + blanks;
    }
    return used;
}

int torci_line_make_canonical(struct torc_scenario *scenario, struct torci_line *line)
{
    size_t width = line->timed ? TIME_COLUMN_BYTES : 0;
    char *text = torci_scenario_alloc(scenario, put_words(NULL, line, width) + 1);

    if (text == NULL)
        return TORC_ENOMEM;
    line->canonical = text;
    line->canonical_bytes = put_words(text, line, width);
    return 0;
}

/* --- blocks --------------------------------------------------------------------------------------- */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* What fits the lines from `line` to the next empty one. */
static struct layout fit(const struct torci_line *line)
{
    struct layout layout = {TIME_COLUMN_BYTES, 0};

    for (const struct torci_line *each = line; each != NULL && !is_empty(each); each = each->next)
        if (each->timed && each->words[0].raw_bytes < TIME_COLUMN_BYTES_MAX)
            layout.first = larger(layout.first, each->words[0].raw_bytes + 1);
    for (const struct torci_line *each = line; each != NULL && !is_empty(each); each = each->next) {
        size_t bytes = put_words(NULL, each, first_width(each, &layout));

        if (each->comment != NULL && bytes > 0 && bytes + COMMENT_GAP <= COMMENT_COLUMN_MAX)
            layout.comment = larger(layout.comment, bytes + COMMENT_GAP);
    }
    layout.comment = (layout.comment + COMMENT_TAB - 1) / COMMENT_TAB * COMMENT_TAB;
    return layout;
}

/* *column: where the comment of the line before is, or 0; an indented comment of its own goes on with it. */
static int print_line(struct torc_scenario *scenario, struct torci_line *line,
                      const struct layout *layout, size_t *column)
{
    size_t width = first_width(line, layout);
    size_t words = put_words(NULL, line, width);
    size_t bytes = line->comment_bytes;
    char *text;
    char *at;

    if (line->comment == NULL || (words == 0 && line->comment == line->raw))
        *column = 0;
    else if (words > 0)
        *column = larger(layout->comment, words + COMMENT_GAP);
    while (bytes > 0 && (line->comment[bytes - 1] == ' ' || line->comment[bytes - 1] == '\t'))
        bytes--;
    text = torci_scenario_alloc(scenario, larger(words, *column) + bytes + sizeof("\n"));
    if (text == NULL)
        return TORC_ENOMEM;
    line->printed = text;
    at = text + put_words(text, line, width);
    if (*column > words)
        at = put_blanks(at, *column - words);
    *put(at, line->comment != NULL ? line->comment : "", bytes) = '\n';
    return 0;
}

/* Of several empty lines one is printed; none before the first line and after the last. */
int torci_lay_out(struct torc_scenario *scenario)
{
    struct torci_line *line = scenario->lines;
    struct torci_line *empty = NULL;
    bool begun = false;
    int code = 0;

    while (line != NULL && code == 0) {
        struct layout layout = fit(line);
        size_t column = 0;

        if (empty != NULL)
            empty->printed = "\n";
        begun = begun || !is_empty(line);
        for (; line != NULL && !is_empty(line) && code == 0; line = line->next)
            code = print_line(scenario, line, &layout, &column);
        for (empty = NULL; line != NULL && is_empty(line); line = line->next)
            empty = begun ? line : NULL;
    }
    return code;
}

void torc_scenario_print(const struct torc_scenario *scenario, torc_visit_text_fn *visit, void *arg)
{
    for (const struct torci_line *line = scenario->lines; line != NULL; line = line->next)
        if (line->printed != NULL)
            visit(arg, line->printed);
}
