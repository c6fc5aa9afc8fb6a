#include "text_diff.h"

#include <stdlib.h>
#include <string.h>

enum { CONTEXT = 3 };

struct edit {
    char kind; /* ' ' in both, '-' before, '+' after */
    const char *text;
    size_t bytes;
    bool ended; /* by a newline */
};

struct text {
    const char *at;
    const char *end;
};

static struct edit next_line(struct text *text, char kind)
{
    size_t left = (size_t)(text->end - text->at);
    const char *newline = left > 0 ? memchr(text->at, '\n', left) : NULL;
    struct edit line = {kind, text->at, newline != NULL ? (size_t)(newline - text->at) : left,
                        newline != NULL};

    text->at += line.bytes + (line.ended ? 1 : 0);
    return line;
}

static bool is_empty(const struct edit *line)
{
    for (size_t i = 0; i < line->bytes; i++)
        if (line->text[i] != ' ' && line->text[i] != '\t' && line->text[i] != '\r')
            return false;
    return true;
}

static bool is_equal(const struct edit *a, const struct edit *b)
{
    return a->ended == b->ended && a->bytes == b->bytes && memcmp(a->text, b->text, a->bytes) == 0;
}

/* At most as many as the texts have lines together.  Lines that changed in a row are told all as they were, then all
 * as they are: `changed` holds the second until then. */
static size_t compare(struct text before, struct text after, struct edit *edits, struct edit *changed)
{
    size_t count = 0;
    size_t waiting = 0;

    while (before.at < before.end) {
        struct text rest = after;
        struct edit was = next_line(&before, '-');
        struct edit is = next_line(&rest, '+');
        bool kept = after.at < after.end && is_empty(&was) == is_empty(&is);

        if (kept && is_equal(&was, &is)) {
            memcpy(edits + count, changed, waiting * sizeof(*changed));
            count += waiting;
            waiting = 0;
            was.kind = ' ';
        } else if (kept) {
            changed[waiting++] = is;
        }
        edits[count++] = was;
        if (kept)
            after = rest;
    }
    memcpy(edits + count, changed, waiting * sizeof(*changed));
    return count + waiting;
}

/* The end of the hunk whose first change is at `at`: what follows it within two contexts belongs to it. */
static size_t find_end(const struct edit *edits, size_t count, size_t at)
{
    size_t last = at;

    for (size_t i = at; i < count && i <= last + 2 * CONTEXT + 1; i++)
        if (edits[i].kind != ' ')
            last = i;
    return last + 1 + CONTEXT < count ? last + 1 + CONTEXT : count;
}

static size_t count_lines(const struct edit *edits, size_t count, char kind)
{
    size_t lines = 0;

    for (size_t i = 0; i < count; i++)
        lines += edits[i].kind == ' ' || edits[i].kind == kind;
    return lines;
}

static void print_range(FILE *out, char sign, size_t before, size_t lines)
{
    fprintf(out, " %c%zu", sign, lines == 0 ? before : before + 1);
    if (lines != 1)
        fprintf(out, ",%zu", lines);
}

static void print_hunk(FILE *out, const struct edit *edits, size_t begin, size_t end)
{
    fputs("@@", out);
    print_range(out, '-', count_lines(edits, begin, '-'),
                count_lines(edits + begin, end - begin, '-'));
    print_range(out, '+', count_lines(edits, begin, '+'),
                count_lines(edits + begin, end - begin, '+'));
    fputs(" @@\n", out);
    for (size_t i = begin; i < end; i++) {
        fputc(edits[i].kind, out);
        fwrite(edits[i].text, 1, edits[i].bytes, out);
        fputs(edits[i].ended ? "\n" : "\n\\ No newline at end of file\n", out);
    }
}

static size_t count_newlines(const char *text, size_t bytes)
{
    size_t count = 1;

    for (size_t i = 0; i < bytes; i++)
        count += text[i] == '\n';
    return count;
}

bool torci_text_diff_print(FILE *out, const char *name, const char *before, size_t before_bytes,
                           const char *after, size_t after_bytes)
{
    size_t room = count_newlines(before, before_bytes) + count_newlines(after, after_bytes);
    struct edit *edits = malloc(room * sizeof(*edits));
    struct edit *changed = malloc(room * sizeof(*changed));
    bool memory = edits != NULL && changed != NULL;
    size_t count = 0;

    if (memory)
        count = compare((struct text){before, before + before_bytes},
                        (struct text){after, after + after_bytes}, edits, changed);
    free(changed);
    fprintf(out, "--- %s\n+++ %s\n", name, name);
    for (size_t i = 0, end; i < count; i = end) {
        end = i + 1;
        if (edits[i].kind == ' ')
            continue;
        end = find_end(edits, count, i);
        print_hunk(out, edits, i > CONTEXT ? i - CONTEXT : 0, end);
    }
    free(edits);
    return memory;
}
