#include "line_edits.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct edit {
    char *text;
    torci_line_try_fn *try_line;
    void *arg;
};

/* The line with `instead` in place of the bytes at `from` up to `to`. */
static bool try_instead(struct edit *edit, size_t from, size_t to, const char *instead)
{
    char *made;

    if (asprintf(&made, "%.*s%s%s", (int)from, edit->text, instead, edit->text + to) < 0)
        return false;
    if (!edit->try_line(edit->arg, made)) {
        free(made);
        return false;
    }
    free(edit->text);
    edit->text = made;
    return true;
}

/* --- words ---------------------------------------------------------------------------------------- */

/* Behind the string that begins with the quote at `at`. */
static size_t string_end(const char *text, size_t at)
{
    for (at++; text[at] != '\0' && text[at] != '"'; at++)
        if (text[at] == '\\' && text[at + 1] != '\0')
            at++;
    return text[at] == '"' ? at + 1 : at;
}

static size_t word_end(const char *text, size_t at)
{
    while (text[at] != '\0' && text[at] != ' ' && text[at] != '\t')
        at = text[at] == '"' ? string_end(text, at) : at + 1;
    return at;
}

/* Where the word of that number is; whether there is one. */
static bool find_word(const char *text, size_t number, size_t *out_from, size_t *out_to)
{
    size_t at = 0;

    for (;; number--) {
        at += strspn(text + at, " \t");
        *out_from = at;
        *out_to = word_end(text, at);
        if (text[at] == '\0' || number == 0)
            return text[at] != '\0';
        at = *out_to;
    }
}

static size_t count_words(const char *text)
{
    size_t count = 0;
    size_t from;
    size_t to;

    while (find_word(text, count, &from, &to))
        count++;
    return count;
}

/* KEY=VALUE, or bytes. */
static bool may_go(const char *word)
{
    size_t key = strspn(word, "abcdefghijklmnopqrstuvwxyz_-");

    return (key > 0 && word[key] == '=' && word[key + 1] != '=') || word[0] == '"' || word[0] == '@' ||
           strncmp(word, "x\"", 2) == 0;
}

static void leave_words_out(struct edit *edit)
{
    size_t from;
    size_t to;

    for (size_t number = count_words(edit->text); number-- > 1;)
        if (find_word(edit->text, number, &from, &to) && may_go(edit->text + from))
            (void)try_instead(edit, from - 1, to, "");
}

/* --- lists ---------------------------------------------------------------------------------------- */

/* The next comma of the word that is neither in a string nor between brackets; or the word's end. */
static size_t item_end(const char *text, size_t at, size_t to)
{
    size_t depth = 0;

    while (at < to && (depth > 0 || text[at] != ',')) {
        depth += text[at] == '(' ? 1 : 0;
        depth -= text[at] == ')' && depth > 0 ? 1 : 0;
        at = text[at] == '"' ? string_end(text, at) : at + 1;
    }
    return at;
}

static void shorten_list(struct edit *edit, size_t number)
{
    size_t from;
    size_t to;
    size_t at;

    if (!find_word(edit->text, number, &from, &to))
        return;
    for (at = from; at < to;) {
        size_t end = item_end(edit->text, at, to);
        bool gone = false;

        if (end < to)
            gone = try_instead(edit, at, end + 1, "");
        else if (at > from)
            gone = try_instead(edit, at - 1, end, "");
        if (gone)
            (void)find_word(edit->text, number, &from, &to);
        else
            at = end + 1;
    }
}

static void shorten_lists(struct edit *edit)
{
    for (size_t number = 1; number < count_words(edit->text); number++)
        shorten_list(edit, number);
}

static void narrow_decision(struct edit *edit)
{
    const char *onwards = strncmp(edit->text, "decide ", 7) == 0 ? strstr(edit->text, ".. =") : NULL;

    if (onwards != NULL)
        (void)try_instead(edit, (size_t)(onwards - edit->text), (size_t)(onwards - edit->text) + 2, "");
}

/* --- strings -------------------------------------------------------------------------------------- */

/* How many letters of the text between `from` and `to` an escape takes as one. */
static size_t letter_bytes(const char *text, size_t from, size_t to)
{
    size_t bytes = text[from] != '\\' ? 1 : text[from + 1] == 'x' ? 4 : 2;

    return bytes < to - from ? bytes : to - from;
}

static size_t skip_letters(const char *text, size_t from, size_t to, size_t count)
{
    while (count-- > 0 && from < to)
        from += letter_bytes(text, from, to);
    return from;
}

static size_t count_letters(const char *text, size_t from, size_t to)
{
    size_t count = 0;

    for (; from < to; count++)
        from += letter_bytes(text, from, to);
    return count;
}

/* `at` is that of its first letter. */
static void shorten_string(struct edit *edit, size_t at)
{
    size_t letters = count_letters(edit->text, at, string_end(edit->text, at - 1) - 1);

    for (size_t part = letters / 2; part > 0;) {
        size_t to = string_end(edit->text, at - 1) - 1;

        if (part < letters &&
            (try_instead(edit, skip_letters(edit->text, at, to, letters - part), to, "") ||
             try_instead(edit, at, skip_letters(edit->text, at, to, part), "")))
            letters -= part;
        else
            part /= 2;
    }
}

/* Not patterns, and not what a condition compares with. */
static void shorten_strings(struct edit *edit)
{
    bool bytes = strstr(edit->text, " send \"") != NULL || strstr(edit->text, " expect \"") != NULL;
    size_t from;
    size_t to;

    for (size_t number = 1; bytes && number < count_words(edit->text); number++)
        if (find_word(edit->text, number, &from, &to) && edit->text[from] == '"' && to > from + 1 &&
            edit->text[to - 1] == '"')
            shorten_string(edit, from + 1);
}

/* --- numbers -------------------------------------------------------------------------------------- */

/* Halves a number as often as it goes, or makes it 0 at once. */
static void lessen_number(struct edit *edit, size_t at)
{
    for (;;) {
        size_t digits = strspn(edit->text + at, "0123456789");
        unsigned long long number = strtoull(edit->text + at, NULL, 10);
        char half[24];

        snprintf(half, sizeof half, "%llu", number / 2);
        if (number == 0 || digits > 12 || try_instead(edit, at, at + digits, "0") ||
            !try_instead(edit, at, at + digits, half))
            return;
    }
}

/* Those of the timeline and of decisions, not those in names and strings. */
static void lessen_numbers(struct edit *edit)
{
    for (size_t at = 0; edit->text[at] != '\0'; at++) {
        if (edit->text[at] == '"') {
            at = string_end(edit->text, at) - 1;
            continue;
        }
        if (!isdigit((unsigned char)edit->text[at]))
            continue;
        if (at == 0 || strchr(" \t+=.", edit->text[at - 1]) != NULL)
            lessen_number(edit, at);
        at += strspn(edit->text + at, "0123456789") - 1;
    }
}

char *torci_line_lessen(char *text, torci_line_try_fn *try_line, void *arg)
{
    struct edit edit = {text, try_line, arg};

    leave_words_out(&edit);
    shorten_lists(&edit);
    narrow_decision(&edit);
    shorten_strings(&edit);
    lessen_numbers(&edit);
    return edit.text;
}
