/* The canonical text: made of the words as they were written, so that nothing a person wrote is lost. */
#include <string.h>

#include "scenario_parser.h"

enum { TIME_COLUMN_BYTES = 10 };

static char *put(char *at, const char *text, size_t bytes)
{
    memcpy(at, text, bytes);
    return at + bytes;
}

int torci_line_make_canonical(struct torc_scenario *scenario, struct torci_line *line)
{
    size_t room = line->raw_bytes + line->word_count + TIME_COLUMN_BYTES + 4;
    char *text = torci_scenario_alloc(scenario, room);
    char *at = text;

    if (text == NULL)
        return TORC_ENOMEM;
    line->canonical = text;
    for (size_t i = 0; i < line->word_count; i++) {
        if (i > 0)
            *at++ = ' ';
        at = put(at, line->words[i].raw, line->words[i].raw_bytes);
        while (line->timed && i == 0 && at - text + 1 < TIME_COLUMN_BYTES)
            *at++ = ' ';
    }
    line->canonical_bytes = (size_t)(at - text);
    if (line->comment != NULL) {
        size_t bytes = line->comment_bytes;

        while (line->comment[bytes - 1] == ' ' || line->comment[bytes - 1] == '\t')
            bytes--;
        if (line->word_count > 0)
            at = put(at, "  ", 2);
        at = put(at, line->comment, bytes);
    }
    *at = '\n';
    return 0;
}

void torc_scenario_print(const struct torc_scenario *scenario, torc_visit_text_fn *visit, void *arg)
{
    for (const struct torci_line *line = scenario->lines; line != NULL; line = line->next)
        visit(arg, line->canonical);
}
