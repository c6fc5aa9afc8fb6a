#include "command_list.h"
#include "completion.h"

#include <string.h>

/* Within '...'. */
static void print_quoted(const char *text, int bytes, FILE *out)
{
    fputc('\'', out);
    for (int i = 0; i < bytes; i++) {
        if (strchr("'\\", text[i]) != NULL)
            fputc('\\', out);
        if (text[i] != '`')
            fputc(text[i], out);
    }
    fputc('\'', out);
}

static void print_files(enum torci_value kind, FILE *out)
{
    const char *endings[2];
    size_t count = torci_completion_endings(kind, endings);

    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s__fish_complete_suffix .%s", i > 0 ? "; " : "", endings[i]);
    if (kind == TORCI_VALUE_FOLDER)
        fputs("__fish_complete_directories", out);
}

static void print_value(const struct torci_option *option, FILE *out)
{
    const char *endings[2];

    if (option->value == NULL)
        return;
    if (option->kind == TORCI_VALUE_FILE) {
        fputs(" -r -F", out);
        return;
    }
    fputs(" -x", out);
    if (torci_completion_has_words(option) && !torci_completion_is_list(option)) {
        fputs(" -a '", out);
        torci_completion_words(option, " ", out);
        fputc('\'', out);
    } else if (torci_completion_has_words(option)) {
        fputs(" -a '(__fish_append , ", out);
        torci_completion_words(option, " ", out);
        fputs(")'", out);
    } else if (option->kind == TORCI_VALUE_FOLDER || torci_completion_endings(option->kind, endings) > 0) {
        fputs(" -a '(", out);
        print_files(option->kind, out);
        fputs(")'", out);
    }
}

/* `command` NULL: before one. */
static void print_option(const char *command, const struct torci_option *option, FILE *out)
{
    fputs("complete -c torc -n ", out);
    if (command != NULL)
        fprintf(out, "'__fish_seen_subcommand_from %s'", command);
    else
        fputs("__fish_use_subcommand", out);
    if (option->letter != 0)
        fprintf(out, " -s %c", option->letter);
    fprintf(out, " -l %s -d ", option->name);
    print_quoted(option->text, torci_completion_sentence(option->text), out);
    print_value(option, out);
    fputc('\n', out);
}

static void print_command(const struct torci_command *command, FILE *out)
{
    fprintf(out, "complete -c torc -n __fish_use_subcommand -a %s -d ", command->name);
    print_quoted(command->summary, (int)strlen(command->summary), out);
    fputc('\n', out);
    if (command->operand == TORCI_VALUE_FILE) {
        fprintf(out, "complete -c torc -n '__fish_seen_subcommand_from %s' -F\n", command->name);
    } else if (command->operand != TORCI_VALUE_TEXT) {
        fprintf(out, "complete -c torc -n '__fish_seen_subcommand_from %s' -a '(", command->name);
        print_files(command->operand, out);
        fputs(")'\n", out);
    }
    for (const struct torci_option *option = command->options; option->name != NULL; option++)
        print_option(command->name, option, out);
    print_option(command->name, &torci_option_help, out);
}

void torci_completion_print_fish(FILE *out)
{
    fputs("# fish completion of torc, made by 'torc --completion fish'\ncomplete -c torc -f\n", out);
    for (const struct torci_option *option = torci_table_torc.options; option->name != NULL; option++)
        print_option(NULL, option, out);
    print_option(NULL, &torci_option_help, out);
    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++)
        print_command(entry->table, out);
}
