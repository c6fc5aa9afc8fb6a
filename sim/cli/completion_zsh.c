#include "command_list.h"
#include "completion.h"

#include <string.h>

/* Within '...' of _describe, and [...] of _arguments. */
static void print_quoted(const char *text, int bytes, FILE *out)
{
    for (int i = 0; i < bytes; i++) {
        if (text[i] == '\'')
            fputs("'\\''", out);
        else if (strchr("[]:\\", text[i]) != NULL)
            fprintf(out, "\\%c", text[i]);
        else if (text[i] != '`')
            fputc(text[i], out);
    }
}

static void print_files(enum torci_value kind, FILE *out)
{
    const char *endings[2];
    size_t count = torci_completion_endings(kind, endings);

    if (kind == TORCI_VALUE_FOLDER)
        fputs("_files -/", out);
    else if (kind != TORCI_VALUE_TEXT)
        fputs("_files", out);
    if (count == 1)
        fprintf(out, " -g \"*.%s\"", endings[0]);
    else if (count == 2)
        fprintf(out, " -g \"*.(%s|%s)\"", endings[0], endings[1]);
}

static void print_value(const struct torci_option *option, FILE *out)
{
    fputc(':', out);
    for (const char *at = option->value; *at != '\0'; at++)
        fprintf(out, strchr("[]:", *at) != NULL ? "\\%c" : "%c", *at);
    fputc(':', out);
    if (!torci_completion_has_words(option)) {
        print_files(option->kind, out);
        return;
    }
    fputs(torci_completion_is_list(option) ? "_sequence compadd - " : "(", out);
    torci_completion_words(option, " ", out);
    fputs(torci_completion_is_list(option) ? "" : ")", out);
}

static void print_option(const struct torci_option *option, FILE *out)
{
    if (option->letter != 0) {
        fprintf(out, "            '-%c[", option->letter);
        print_quoted(option->text, torci_completion_sentence(option->text), out);
        fputc(']', out);
        if (option->value != NULL)
            print_value(option, out);
        fputs("' \\\n", out);
    }
    fprintf(out, "            '*--%s%s[", option->name, option->value != NULL ? "=" : "");
    print_quoted(option->text, torci_completion_sentence(option->text), out);
    fputc(']', out);
    if (option->value != NULL)
        print_value(option, out);
    fputs("' \\\n", out);
}

static void print_command(const struct torci_command *command, FILE *out)
{
    fprintf(out, "    %s)\n        _arguments \\\n", command->name);
    for (const struct torci_option *option = command->options; option->name != NULL; option++)
        print_option(option, out);
    print_option(&torci_option_help, out);
    fputs("            '*:operand:", out);
    print_files(command->operand, out);
    fputs("' ;;\n", out);
}

void torci_completion_print_zsh(FILE *out)
{
    fputs("#compdef torc\n# zsh completion of torc, made by 'torc --completion zsh'\n_torc() {\n"
          "    local curcontext=$curcontext state line\n    local -a commands=(\n",
          out);
    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++) {
        fprintf(out, "        '%s:", entry->table->name);
        print_quoted(entry->table->summary, (int)strlen(entry->table->summary), out);
        fputs("'\n", out);
    }
    fputs("    )\n    _arguments -C \\\n", out);
    for (const struct torci_option *option = torci_table_torc.options; option->name != NULL; option++)
        print_option(option, out);
    print_option(&torci_option_help, out);
    fputs("            '1:command:->command' \\\n            '*::argument:->argument' && return\n"
          "    if [[ $state == command ]]; then\n        _describe command commands\n        return\n    fi\n"
          "    case $words[1] in\n",
          out);
    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++)
        print_command(entry->table, out);
    fputs("    esac\n}\nif [[ $funcstack[1] == _torc ]]; then _torc \"$@\"; else compdef _torc torc; fi\n", out);
}
