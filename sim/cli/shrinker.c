#include "shrinker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/shrink.h>

#include "line_edits.h"
#include "parallel.h"
#include "run_apart.h"

enum { TEXT_MORE = 512 };

struct line {
    char *text; /* without its newline */
    bool decision;
};

struct shrinker {
    const struct torci_scenario_source *given;
    struct torci_scenario_source *source; /* the same without parameters */
    const char *path;
    const struct torci_shrink_start *start;
    const struct torci_failure_identity *identity;
    struct line *lines; /* [0] is the first line, which stays */
    size_t count;
    size_t capacity;
    bool *keep;
    size_t runs;
    unsigned seconds_max; /* of processor time, for each run */
    bool out_of_memory;
    bool by_decisions; /* without them it passes */
    char message[512]; /* of the last run that failed so */
};

/* --- the text ------------------------------------------------------------------------------------- */

static bool add_line(struct shrinker *shrinker, const char *text, size_t bytes, bool decision)
{
    char *copy = strndup(text, bytes);

    if (shrinker->count == shrinker->capacity) {
        size_t capacity = shrinker->capacity == 0 ? 64 : 2 * shrinker->capacity;
        struct line *lines = realloc(shrinker->lines, capacity * sizeof *lines);

        if (lines == NULL) {
            free(copy);
            return false;
        }
        shrinker->lines = lines;
        shrinker->capacity = capacity;
    }
    shrinker->lines[shrinker->count++] = (struct line){copy, decision};
    return copy != NULL;
}

/* Comments and empty lines say nothing that fails. */
static bool says_something(const char *line, size_t bytes)
{
    size_t blanks = strspn(line, " \t");

    return blanks < bytes && line[blanks] != '#';
}

static bool is_line(const char *line, const char *word)
{
    size_t bytes = strlen(word);

    line += strspn(line, " \t");
    return strncmp(line, word, bytes) == 0 && (line[bytes] == ' ' || line[bytes] == '\t');
}

/* A parameter given on the command line becomes the line's value, so that the result stands alone. */
static bool add_param(struct shrinker *shrinker, const char *text, size_t bytes,
                      const struct torci_scenario_source *given)
{
    const char *name = text + strspn(text, " \t") + sizeof "param" - 1;
    char line[1024];

    name += strspn(name, " \t");
    for (size_t i = 0; i < given->param_count; i++) {
        size_t name_bytes = strlen(given->params[2 * i]);

        if (strncmp(name, given->params[2 * i], name_bytes) != 0 || name[name_bytes] != '=')
            continue;
        snprintf(line, sizeof line, "param %s=%s", given->params[2 * i], given->params[2 * i + 1]);
        return add_line(shrinker, line, strlen(line), false);
    }
    return add_line(shrinker, text, bytes, false);
}

static bool is_decision(const char *line)
{
    return is_line(line, "decide") && strstr(line, "only") == NULL;
}

static bool add_seed(struct shrinker *shrinker)
{
    char line[64];
    int bytes = snprintf(line, sizeof line, "seed %llu", (unsigned long long)shrinker->start->seed);

    return add_line(shrinker, line, (size_t)bytes, false);
}

static bool read_lines(struct shrinker *shrinker, const char *text, size_t bytes)
{
    const char *end = text + bytes;
    bool good = true;

    while (text < end && good) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((newline != NULL ? newline : end) - text);

        if (says_something(text, length) && is_line(text, "param"))
            good = add_param(shrinker, text, length, shrinker->given);
        else if (says_something(text, length) && !is_line(text, "seed"))
            good = add_line(shrinker, text, length, is_decision(text));
        text += length + 1;
        if (good && shrinker->count == 1 && shrinker->start->seed != 1)
            good = add_seed(shrinker);
    }
    return good;
}

/* With what was drawn among them, so that nothing else need be; deleted again if that makes no difference. */
static bool add_decisions(struct shrinker *shrinker, const struct torc_decision *decisions,
                          size_t count)
{
    static const char only[] = "decide only";
    bool good = add_line(shrinker, only, sizeof only - 1, false);

    for (size_t i = 0; i < count && good; i++) {
        char line[256];

        torc_decision_print(&decisions[i], line, sizeof line);
        good = add_line(shrinker, line, strlen(line), true);
    }
    return good;
}

static bool add_split(struct shrinker *shrinker, const struct torc_scenario_split *split)
{
    char line[160];

    snprintf(line, sizeof line, "split %s %s at=%llu", split->connection, split->from_server ? "s2c" : "c2s",
             (unsigned long long)split->at);
    return add_line(shrinker, line, strlen(line), true);
}

/* The lines that are kept, behind the comment if there is one; `decisions` false: without those. */
static char *compose(const struct shrinker *shrinker, const bool *keep, bool decisions,
                     const char *comment, size_t *out_bytes)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < shrinker->count; i++) {
        if (i > 0 && (!keep[i] || (!decisions && shrinker->lines[i].decision)))
            continue;
        fprintf(out, "%s\n", shrinker->lines[i].text);
        if (i == 0 && comment != NULL)
            fprintf(out, "# %s\n", comment);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    *out_bytes = bytes;
    return text;
}

/* --- running -------------------------------------------------------------------------------------- */

enum lines_end { LINES_PASS, LINES_FAIL_SO, LINES_OTHER };

static enum lines_end judge(struct shrinker *shrinker, const struct torci_failure_identity *identity,
                            const char *message)
{
    if (identity->verdict == TORC_SCENARIO_PASS || identity->verdict == TORC_SCENARIO_UNMET ||
        identity->verdict == TORC_SCENARIO_SKIPPED)
        return LINES_PASS;
    if (!torci_failure_same(identity, shrinker->identity))
        return LINES_OTHER;
    snprintf(shrinker->message, sizeof shrinker->message, "%s", message);
    return LINES_FAIL_SO;
}

/* What comes of the lines that are kept.  Apart: with lines taken out the module may do what it never did before. */
static enum lines_end run_lines(struct shrinker *shrinker, const struct torc_scenario *scenario)
{
    struct torc_scenario_run_options options;
    struct torci_apart apart;
    enum lines_end end;

    torci_scenario_source_run_options(shrinker->source, &options);
    options.decisions = NULL; /* they are lines by now */
    options.decision_count = 0;
    shrinker->runs++;
    if (torci_run_apart(scenario, &options, shrinker->seconds_max, &apart) != 0)
        return LINES_OTHER;
    end = judge(shrinker, &apart.identity, apart.message);
    torci_apart_free(&apart);
    return end;
}

static enum lines_end run_text(struct shrinker *shrinker, const bool *keep, bool decisions)
{
    char error[TORCI_SOURCE_ERROR_BYTES];
    struct torc_scenario *scenario;
    size_t bytes = 0;
    char *text = compose(shrinker, keep, decisions, NULL, &bytes);
    enum lines_end end = LINES_OTHER;

    if (text == NULL) {
        shrinker->out_of_memory = true;
        return LINES_OTHER;
    }
    if (torci_scenario_source_parse(shrinker->source, shrinker->path, text, bytes, &scenario,
                                    error) == 0) {
        end = run_lines(shrinker, scenario);
        torc_scenario_free(scenario);
    }
    free(text);
    return end;
}

static bool test(void *arg, const bool *keep)
{
    struct shrinker *shrinker = arg;

    return run_text(shrinker, keep, true) == LINES_FAIL_SO &&
           (!shrinker->by_decisions || run_text(shrinker, keep, false) == LINES_PASS);
}

/* --- lines that are smaller ----------------------------------------------------------------------- */

struct edited {
    struct shrinker *shrinker;
    size_t index;
    size_t runs_max;
};

static bool test_line(void *arg, const char *text)
{
    const struct edited *edited = arg;
    struct shrinker *shrinker = edited->shrinker;
    bool good;

    if (shrinker->runs >= edited->runs_max)
        return false;
    shrinker->lines[edited->index].text = (char *)(uintptr_t)text; /* lent */
    good = test(shrinker, shrinker->keep);
    shrinker->lines[edited->index].text = NULL;
    return good;
}

/* --- all of it ------------------------------------------------------------------------------------ */

/* Some of the lines: those whose indexes are listed; the others are kept as they are. */
struct part {
    struct shrinker *shrinker;
    size_t *indexes;
    bool *keep;
    size_t count;
};

static void apply(const struct part *part, const bool *keep)
{
    for (size_t i = 0; i < part->count; i++)
        part->shrinker->keep[part->indexes[i]] = keep[i];
}

static bool test_part(void *arg, const bool *keep)
{
    struct part *part = arg;

    apply(part, keep);
    return test(part->shrinker, part->shrinker->keep);
}

/* Deletes lines: of decisions, or of all kinds. */
static void delete_lines(struct shrinker *shrinker, bool decisions_only, size_t runs_max)
{
    struct part part = {shrinker, malloc((shrinker->count + 1) * sizeof *part.indexes),
                        malloc((shrinker->count + 1) * sizeof *part.keep), 0};

    for (size_t i = 1; part.indexes != NULL && part.keep != NULL && i < shrinker->count; i++) {
        if (!shrinker->keep[i] || (decisions_only && !shrinker->lines[i].decision))
            continue;
        part.indexes[part.count] = i;
        part.keep[part.count++] = true;
    }
    if (part.count > 0 && runs_max > shrinker->runs)
        torc_shrink(part.keep, part.count, test_part, &part, runs_max - shrinker->runs);
    apply(&part, part.keep);
    free(part.indexes);
    free(part.keep);
}

static void lessen_lines(struct shrinker *shrinker, size_t runs_max)
{
    for (size_t i = 1; i < shrinker->count; i++) {
        struct edited edited = {shrinker, i, runs_max};
        char *text = shrinker->lines[i].text;

        if (!shrinker->keep[i])
            continue;
        shrinker->lines[i].text = NULL;
        shrinker->lines[i].text = torci_line_lessen(text, test_line, &edited);
    }
}

/* One sentence: what fails, and what it takes. */
static void explain(const struct shrinker *shrinker, char *out, size_t size)
{
    const char *first = NULL;
    size_t decisions = 0;

    for (size_t i = 1; i < shrinker->count; i++) {
        if (!shrinker->keep[i] || !shrinker->lines[i].decision)
            continue;
        if (first == NULL)
            first = shrinker->lines[i].text;
        decisions++;
    }
    if (decisions == 0)
        snprintf(out, size, "%s", shrinker->message);
    else
        snprintf(out, size, "%s; it takes %zu decision%s other than the default, the first is: %s",
                 shrinker->message, decisions, decisions == 1 ? "" : "s", first);
}

/* A run with lines taken out is not much longer than the one that failed; if it is, it is another failure. */
static unsigned seconds_for_others(uint64_t first_ns)
{
    uint64_t seconds = 1 + 10 * first_ns / 1000000000;

    return seconds < TORCI_RUN_SECONDS_MAX ? (unsigned)seconds : TORCI_RUN_SECONDS_MAX;
}

static int shrink(struct shrinker *shrinker, size_t runs_max, struct torci_shrunk *out)
{
    char comment[TEXT_MORE + 640];
    uint64_t since_ns = torci_monotonic_ns();
    size_t bytes;

    shrinker->seconds_max = TORCI_RUN_SECONDS_MAX;
    if (!test(shrinker, shrinker->keep))
        return shrinker->out_of_memory ? TORC_ENOMEM : TORC_ENOTFOUND;
    shrinker->seconds_max = seconds_for_others(torci_monotonic_ns() - since_ns);
    shrinker->by_decisions = run_text(shrinker, shrinker->keep, false) == LINES_PASS;
    delete_lines(shrinker, true, runs_max);
    delete_lines(shrinker, false, runs_max);
    lessen_lines(shrinker, runs_max);
    delete_lines(shrinker, false, runs_max);
    if (!test(shrinker, shrinker->keep)) /* for the sentence of this very text */
        return TORC_ENOMEM;
    explain(shrinker, comment, sizeof comment);
    out->text = compose(shrinker, shrinker->keep, true, comment, &bytes);
    out->runs = shrinker->runs;
    for (size_t i = 0; i < shrinker->count; i++) {
        out->lines += shrinker->keep[i] ? 1 : 0;
        out->decisions += shrinker->keep[i] && shrinker->lines[i].decision ? 1 : 0;
    }
    return out->text != NULL ? 0 : TORC_ENOMEM;
}

static int read_and_shrink(struct shrinker *shrinker, size_t runs_max, struct torci_shrunk *out)
{
    char *text;
    size_t bytes;
    bool good;

    if (torci_scenario_source_read(shrinker->path, &text, &bytes) != 0)
        return TORC_ENOTFOUND;
    good = read_lines(shrinker, text, bytes) && shrinker->count > 0 &&
           add_decisions(shrinker, shrinker->start->decisions, shrinker->start->decision_count) &&
           (shrinker->start->split == NULL || add_split(shrinker, shrinker->start->split));
    free(text);
    if (good)
        shrinker->keep = malloc(shrinker->count * sizeof *shrinker->keep);
    if (shrinker->keep == NULL)
        return TORC_ENOMEM;
    memset(shrinker->keep, true, shrinker->count * sizeof *shrinker->keep);
    return shrink(shrinker, runs_max, out);
}

int torci_shrink_scenario(struct torci_scenario_source *source, const char *path,
                          const struct torci_shrink_start *start,
                          const struct torci_failure_identity *identity, size_t runs_max,
                          struct torci_shrunk *out)
{
    struct torci_scenario_source alone = *source;
    struct shrinker shrinker = {
        .given = source, .source = &alone, .path = path, .start = start, .identity = identity};
    uint64_t since_ns = torci_monotonic_ns();
    int code;

    alone.param_count = 0;
    memset(alone.params, 0, sizeof alone.params);

    memset(out, 0, sizeof *out);
    code = read_and_shrink(&shrinker, runs_max, out);
    out->ns = torci_monotonic_ns() - since_ns;
    for (size_t i = 0; i < shrinker.count; i++)
        free(shrinker.lines[i].text);
    free(shrinker.lines);
    free(shrinker.keep);
    return code;
}
