/* rand(A..B): a duration that is drawn when it is known from when on it counts, and is a decision. */
#include <string.h>

#include <torc/format.h>

#include "scenario_parser.h"
#include "scenario_run.h"
#include "world.h"

static const char opening[] = "rand(";

bool torci_is_rand(const char *text)
{
    return strncmp(text, opening, sizeof(opening) - 1) == 0;
}

static int read_rand(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                     struct torci_span *span)
{
    struct torci_rand *rand = torci_scenario_alloc(parser->scenario, sizeof(*rand));
    size_t first = offset + sizeof(opening) - 1;
    const char *dots = strstr(word->text + first, "..");
    uint64_t last_ns = 0;
    size_t last;
    int code;

    if (rand == NULL)
        return TORC_ENOMEM;
    if (dots == NULL || word->text[word->bytes - 1] != ')')
        return torci_parse_error(parser, word, offset, "a duration that is drawn is written rand(3s..8s)");
    last = (size_t)(dots + 2 - word->text);
    code = torci_bytes_duration(parser, word, first, (size_t)(dots - word->text) - first,
                                &span->least_ns);
    if (code == 0)
        code = torci_bytes_duration(parser, word, last, word->bytes - 1 - last, &last_ns);
    if (code != 0)
        return code;
    if (last_ns <= span->least_ns)
        return torci_parse_error(parser, word, last, "the longest is longer than the shortest: rand(3s..8s)");
    rand->least_ns = span->least_ns;
    rand->range_ns = last_ns - span->least_ns;
    rand->line = parser->line;
    rand->index = parser->scenario->rand_count++;
    span->rand = rand;
    return 0;
}

int torci_parse_span(struct torci_parser *parser, const struct torci_word *word, size_t offset,
                     struct torci_span *out)
{
    struct torci_span span = {0, NULL};
    int code = torci_is_rand(word->text + offset)
                   ? read_rand(parser, word, offset, &span)
                   : torci_word_duration(parser, word, offset, &span.least_ns);

    if (code == 0)
        *out = span;
    return code;
}

int torci_time_add(struct torci_parser *parser, const struct torci_word *word, struct torci_time *time,
                   const struct torci_span *span)
{
    uint64_t rest = UINT64_MAX / 2 - time->most_ns;
    uint64_t range_ns = span->rand != NULL ? span->rand->range_ns : 0;

    if (span->least_ns > rest || range_ns > rest - span->least_ns)
        return torci_parse_error(parser, word, 0, "the time is too far away");
    time->offset_ns += span->least_ns;
    time->most_ns += span->least_ns + range_ns;
    if (span->rand != NULL) {
        span->rand->before = time->rand;
        time->rand = span->rand;
    }
    return 0;
}

/* --- in a run ------------------------------------------------------------------------------------- */

/* How much longer than the shortest it is, drawn when this is first asked. */
static uint64_t value_of(struct torci_run *run, const struct torci_rand *rand)
{
    struct torci_rand_run *drawn = &run->rands[rand->index];
    char shown[40];

    if (!drawn->known) {
        drawn->known = true;
        drawn->ns = torci_world_ask_value(run->world, "rand", rand->range_ns + 1);
        torci_show_duration(shown, sizeof(shown), rand->least_ns + drawn->ns);
        torci_run_tell(run, "line %u: rand is %s", rand->line->number, shown);
    }
    return drawn->ns;
}

uint64_t torci_time_after(struct torci_run *run, const struct torci_time *time)
{
    uint64_t ns = time->offset_ns;

    for (const struct torci_rand *each = time->rand; each != NULL; each = each->before)
        ns += value_of(run, each);
    return ns;
}
