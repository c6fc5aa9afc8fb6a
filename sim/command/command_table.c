#include "command_table.h"

#include <string.h>

enum { COLUMNS = 80, TEXT_COLUMN = 24, EXIT_COLUMN = 6 };

const struct torci_option torci_option_help = {.name = "help", .letter = 'h', .text = "Prints this and ends."};

const struct torci_option *torci_command_option(const struct torci_command *command, const char *name)
{
    for (const struct torci_option *option = command->options; option->name != NULL; option++)
        if (strcmp(option->name, name) == 0 || (name[0] == option->letter && name[0] != '\0' && name[1] == '\0'))
            return option;
    if (strcmp(name, "help") == 0 || strcmp(name, "h") == 0)
        return &torci_option_help;
    return NULL;
}

/* --- text ------------------------------------------------------------------------------------------ */

int torci_command_wrap(const char *text, size_t bytes, int indent, int column, FILE *out)
{
    const char *end = text + bytes;

    while (text < end) {
        int word = (int)strcspn(text, " ");

        if (word > end - text)
            word = (int)(end - text);
        if (column > indent && column + 1 + word > COLUMNS) {
            fputc('\n', out);
            column = 0;
        }
        if (word > 0 && column != 0 && column >= indent)
            column += fprintf(out, " ");
        if (word > 0 && column < indent)
            column += fprintf(out, "%*s", indent - column, "");
        column += fprintf(out, "%.*s", word, text);
        text += word + 1;
    }
    return column;
}

static int wrap(const char *text, int indent, int column, FILE *out)
{
    return text != NULL ? torci_command_wrap(text, strlen(text), indent, column, out) : column;
}

static void print_paragraphs(const char *text, FILE *out)
{
    while (*text != '\0') {
        const char *end = strstr(text, "\n\n");
        size_t bytes = end != NULL ? (size_t)(end - text) : strlen(text);

        if (text[0] == ' ')
            fprintf(out, "%.*s", (int)bytes, text);
        else
            torci_command_wrap(text, bytes, 0, 0, out);
        fputs("\n\n", out);
        text += bytes + (end != NULL ? 2 : 0);
    }
}

/* --- help ------------------------------------------------------------------------------------------ */

/* A head that leaves no room beside it has a line of its own. */
static int end_head(int column, FILE *out)
{
    if (column + 2 <= TEXT_COLUMN)
        return column;
    fputc('\n', out);
    return 0;
}

static void print_option(const struct torci_option *option, FILE *out)
{
    int column = option->letter != 0 ? fprintf(out, "  -%c, --%s", option->letter, option->name)
                                     : fprintf(out, "  --%s", option->name);

    if (option->value != NULL)
        column += fprintf(out, " %s", option->value);
    column = wrap(option->text, TEXT_COLUMN, end_head(column, out), out);
    if (option->choices != NULL) {
        column = wrap(option->kind == TORCI_VALUE_ONE_OF ? "One of" : "Some of", TEXT_COLUMN, column, out);
        column = wrap(option->choices, TEXT_COLUMN, column, out);
        column += fprintf(out, "%s", option->kind == TORCI_VALUE_SITES ? " and names of sites." : ".");
    }
    if (option->preset != NULL) {
        char preset[128];

        snprintf(preset, sizeof preset, "[%s]", option->preset);
        wrap(preset, TEXT_COLUMN, column, out);
    }
    fputc('\n', out);
}

static void print_terms(const char *title, const struct torci_term *terms, int column, FILE *out)
{
    fprintf(out, "\n%s:\n", title);
    for (const struct torci_term *term = terms; term->word != NULL; term++) {
        int head = fprintf(out, "  %s", term->word);

        wrap(term->text, column, column == TEXT_COLUMN ? end_head(head, out) : head, out);
        fputc('\n', out);
    }
}

void torci_command_print_help(const struct torci_command *command, const char *shown, FILE *out)
{
    fprintf(out, "usage: %s%s%s%s\n\n", shown, command->options[0].name != NULL ? " [options]" : "",
            command->operands != NULL ? " " : "", command->operands != NULL ? command->operands : "");
    print_paragraphs(command->about, out);
    for (const struct torci_option *option = command->options; option->name != NULL; option++)
        print_option(option, out);
    print_option(&torci_option_help, out);
    if (command->environment != NULL)
        print_terms("environment", command->environment, TEXT_COLUMN, out);
    print_terms("exit status", command->exits, EXIT_COLUMN, out);
}
