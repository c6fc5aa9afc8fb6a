#include "manual_page.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command_list.h"

/* --- text ----------------------------------------------------------------------------------------- */

/* One character as roff prints it, and as it can be copied from a page. */
static void put_character(char character, FILE *out)
{
    static const struct {
        char character;
        const char *written;
    } special[] = {{'\\', "\\e"}, {'-', "\\-"}, {'\'', "\\(aq"}, {'^', "\\(ha"}, {'~', "\\(ti"}, {'"', "\\(dq"}};

    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (special[i].character == character) {
            fputs(special[i].written, out);
            return;
        }
    }
    fputc(character, out);
}

static void put_text(const char *text, size_t bytes, FILE *out)
{
    for (size_t i = 0; i < bytes; i++)
        put_character(text[i], out);
}

static void put_line(const char *text, FILE *out)
{
    put_text(text, strlen(text), out);
    fputc('\n', out);
}

static bool ends_sentence(const char *text, size_t at)
{
    return text[at] == ' ' && at > 0 && text[at - 1] == '.' && isupper((unsigned char)text[at + 1]);
}

/* Running text: `word` is bold, a sentence begins a line. */
static void put_sentences(const char *text, size_t bytes, FILE *out)
{
    bool bold = false;

    if (text[0] == '.')
        fputs("\\&", out);
    for (size_t i = 0; i < bytes; i++) {
        if (text[i] == '`') {
            bold = !bold;
            fputs(bold ? "\\fB" : "\\fP", out);
        } else if (ends_sentence(text, i)) {
            fputc('\n', out);
        } else {
            put_character(text[i], out);
        }
    }
    fputc('\n', out);
}

static void put_literal(const char *text, size_t bytes, FILE *out)
{
    const char *end = text + bytes;

    fputs(".Bd -literal\n", out);
    while (text < end) {
        size_t line = strcspn(text, "\n");

        put_text(text + 2, line - 2, out); /* the display has a margin of its own */
        fputc('\n', out);
        text += line + 1;
    }
    fputs(".Ed\n", out);
}

static void put_paragraphs(const char *text, bool first, FILE *out)
{
    while (text != NULL && *text != '\0') {
        const char *end = strstr(text, "\n\n");
        size_t bytes = end != NULL ? (size_t)(end - text) : strlen(text);

        if (text[0] == ' ') {
            put_literal(text, bytes, out);
        } else {
            fputs(first ? "" : ".Pp\n", out);
            put_sentences(text, bytes, out);
        }
        first = false;
        text += bytes + (end != NULL ? 2 : 0);
    }
}

/* --- parts ---------------------------------------------------------------------------------------- */

/* Words are not divided, since many are names; mdoc undoes that for each section and each item of a list. */
#define UNDIVIDED ".nh\n"

static void put_section(const char *title, FILE *out)
{
    fprintf(out, ".Sh %s\n" UNDIVIDED, title);
}

static void put_head(const struct torci_command *command, FILE *out)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t now = epoch != NULL ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    char date[64];
    struct tm parts;
    char title[64];

    snprintf(title, sizeof title, "torc%s%s", command->name != NULL ? "-" : "",
             command->name != NULL ? command->name : "");
    gmtime_r(&now, &parts);
    strftime(date, sizeof date, "%Y-%m-%d", &parts);
    fprintf(out, ".Dd %s\n.Dt ", date);
    for (const char *at = title; *at != '\0'; at++)
        fputc(toupper((unsigned char)*at), out);
    fprintf(out, " 1\n.Os Torc " TORC_VERSION "\n");
    put_section("NAME", out);
    fprintf(out, ".Nm %s\n.Nd %s\n", title, command->summary);
}

/* "[words]" is an optional argument. */
static void put_operands(const char *operands, FILE *out)
{
    const char *bracket = strchr(operands, '[');
    size_t bytes = bracket != NULL ? (size_t)(bracket - operands) : strlen(operands);

    fprintf(out, ".Ar %.*s\n", (int)bytes, operands);
    if (bracket != NULL)
        fprintf(out, ".Op Ar %.*s\n", (int)strcspn(bracket + 1, "]"), bracket + 1);
}

static void put_synopsis(const struct torci_command *command, FILE *out)
{
    put_section("SYNOPSIS", out);
    fprintf(out, ".Nm torc%s%s\n", command->name != NULL ? " " : "",
            command->name != NULL ? command->name : "");
    for (const struct torci_option *option = command->options; option->name != NULL; option++)
        fprintf(out, ".Op Fl -%s%s%s\n", option->name, option->value != NULL ? " Ar " : "",
                option->value != NULL ? option->value : "");
    if (command->operands != NULL)
        put_operands(command->operands, out);
}

static void put_option(const struct torci_option *option, FILE *out)
{
    if (option->letter != 0)
        fprintf(out, ".It Fl %c , Fl -%s", option->letter, option->name);
    else
        fprintf(out, ".It Fl -%s", option->name);
    fprintf(out, "%s%s\n" UNDIVIDED, option->value != NULL ? " Ar " : "", option->value != NULL ? option->value : "");
    put_sentences(option->text, strlen(option->text), out);
    if (option->choices != NULL) {
        fputs(option->kind == TORCI_VALUE_ONE_OF ? "One of " : "Some of ", out);
        put_text(option->choices, strlen(option->choices), out);
        fputs(option->kind == TORCI_VALUE_SITES ? " and names of sites, with commas between them.\n"
              : option->kind == TORCI_VALUE_ONE_OF ? ".\n"
                                                   : ", with commas between them.\n",
              out);
    }
    if (option->preset != NULL) {
        fputs("Without it: ", out);
        put_text(option->preset, strlen(option->preset), out);
        fputs(".\n", out);
    }
}

static void put_terms(const char *title, const struct torci_term *terms, FILE *out)
{
    if (terms == NULL)
        return;
    put_section(title, out);
    fputs(".Bl -tag -width Ds\n", out);
    for (const struct torci_term *term = terms; term->word != NULL; term++) {
        fputs(".It ", out);
        put_line(term->word, out);
        fputs(UNDIVIDED, out);
        put_sentences(term->text, strlen(term->text), out);
    }
    fputs(".El\n", out);
}

static void put_examples(const struct torci_term *examples, FILE *out)
{
    put_section("EXAMPLES", out);
    for (const struct torci_term *example = examples; example->word != NULL; example++) {
        fputs(example != examples ? ".Pp\n" : "", out);
        put_sentences(example->text, strlen(example->text), out);
        fputs(".Bd -literal -offset indent\n", out);
        put_line(example->word, out);
        fputs(".Ed\n", out);
    }
}

/* One reference a macro, with commas between them. */
static void put_see_also(const struct torci_command *command, FILE *out)
{
    const char *text = command->see_also;

    put_section("SEE ALSO", out);
    if (command->name != NULL)
        fputs(".Xr torc 1 ,\n", out);
    while (*text != '\0') {
        int bytes = (int)strcspn(text, "(");

        fprintf(out, ".Xr %.*s %c%s\n", bytes, text, text[bytes + 1], text[bytes + 3] == ',' ? " ," : "");
        text += bytes + 3;
        text += strspn(text, ", ");
    }
}

static void put_commands(FILE *out)
{
    put_section("COMMANDS", out);
    fputs(".Bl -tag -width Ds\n", out);
    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++) {
        fprintf(out, ".It Xr torc-%s 1\n" UNDIVIDED, entry->table->name);
        fprintf(out, "%c", toupper((unsigned char)entry->table->summary[0]));
        put_text(entry->table->summary + 1, strlen(entry->table->summary + 1), out);
        fputs(".\n", out);
    }
    fputs(".El\n", out);
}

void torci_manual_page_print(const struct torci_command *command, FILE *out)
{
    put_head(command, out);
    put_synopsis(command, out);
    put_section("DESCRIPTION", out);
    put_paragraphs(command->about, true, out);
    put_paragraphs(command->more, false, out);
    if (command->name == NULL)
        put_commands(out);
    put_section("OPTIONS", out);
    fputs(".Bl -tag -width Ds\n", out);
    for (const struct torci_option *option = command->options; option->name != NULL; option++)
        put_option(option, out);
    put_option(&torci_option_help, out);
    fputs(".El\n", out);
    put_terms("ENVIRONMENT", command->environment, out);
    put_terms("FILES", command->files, out);
    put_terms("EXIT STATUS", command->exits, out);
    put_examples(command->examples, out);
    put_see_also(command, out);
}
