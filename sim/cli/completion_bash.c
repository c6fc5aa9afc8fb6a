#include "command_list.h"
#include "completion.h"

/* Of bash alone, so that the package bash-completion need not be there.  Bash makes a word of the "=" of --name=value. */
static const char begin[] =
    "# bash completion of torc, made by 'torc --completion bash'\n"
    "_torc_words() { COMPREPLY=($(compgen -W \"$1\" -- \"$word\")); }\n"
    "_torc_list() {\n"
    "    local each before_last=\n"
    "    [[ $word == *,* ]] && before_last=${word%,*},\n"
    "    for each in $(compgen -W \"$1\" -- \"${word##*,}\"); do COMPREPLY+=(\"$before_last$each\"); done\n"
    "    compopt -o nospace 2>/dev/null\n"
    "}\n"
    "_torc_files() {\n"
    "    local each IFS=$'\\n'\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    [ $# -gt 0 ] || COMPREPLY+=($(compgen -f -- \"$word\"))\n"
    "    for each; do COMPREPLY+=($(compgen -f -X \"!*.$each\" -- \"$word\")); done\n"
    "    [ $# -eq 0 ] || _torc_folders\n"
    "}\n"
    "_torc_folders() {\n"
    "    local IFS=$'\\n'\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    COMPREPLY+=($(compgen -d -- \"$word\"))\n"
    "}\n"
    "_torc() {\n"
    "    local at command= options= word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    COMPREPLY=()\n"
    "    if [ \"$word\" = = ]; then\n"
    "        word=\n"
    "    elif [ \"$before\" = = ]; then\n"
    "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    for ((at = 1; at < COMP_CWORD; at++)); do\n"
    "        case ${COMP_WORDS[at]} in -*) ;; *) command=${COMP_WORDS[at]}; break ;; esac\n"
    "    done\n";

static void print_files(enum torci_value kind, FILE *out)
{
    const char *endings[2];
    size_t count = torci_completion_endings(kind, endings);

    fputs(kind == TORCI_VALUE_FOLDER ? "_torc_folders" : "_torc_files", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, " %s", endings[i]);
}

/* A case of "COMMAND --option" with what its value can be. */
static void print_value(const char *command, const struct torci_option *option, FILE *out)
{
    if (option->value == NULL)
        return;
    fprintf(out, "    '%s --%s'", command, option->name);
    if (option->letter != 0)
        fprintf(out, " | '%s -%c'", command, option->letter);
    fputs(") ", out);
    if (torci_completion_has_words(option)) {
        fprintf(out, "%s '", torci_completion_is_list(option) ? "_torc_list" : "_torc_words");
        torci_completion_words(option, " ", out);
        fputc('\'', out);
    } else if (option->kind != TORCI_VALUE_TEXT) {
        print_files(option->kind, out);
    }
    fputs("\n        return ;;\n", out);
}

static void print_options(const struct torci_command *command, FILE *out)
{
    fputs("options='", out);
    for (const struct torci_option *option = command->options; option->name != NULL; option++)
        fprintf(out, "--%s ", option->name);
    fprintf(out, "--%s'", torci_option_help.name);
}

static void print_operands(const struct torci_command *command, FILE *out)
{
    fprintf(out, "    %s) [[ $word == -* ]] || ", command->name);
    if (command->operand == TORCI_VALUE_TEXT)
        fputs(":", out);
    else
        print_files(command->operand, out);
    fputs(" ;;\n", out);
}

void torci_completion_print_bash(FILE *out)
{
    fputs(begin, out);
    fputs("    case \"$command $before\" in\n", out);
    for (const struct torci_option *option = torci_table_torc.options; option->name != NULL; option++)
        print_value("", option, out);
    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++)
        for (const struct torci_option *option = entry->table->options; option->name != NULL; option++)
            print_value(entry->table->name, option, out);
    fputs("    esac\n    case $command in\n    '') ", out);
    print_options(&torci_table_torc, out);
    fputs(" ;;\n", out);
    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++) {
        fprintf(out, "    %s) ", entry->table->name);
        print_options(entry->table, out);
        fputs(" ;;\n", out);
    }
    fputs("    esac\n    [[ $word == -* ]] && _torc_words \"$options\"\n"
          "    case $command in\n    '') [[ $word == -* ]] || _torc_words '",
          out);
    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++)
        fprintf(out, "%s ", entry->table->name);
    fputs("help' ;;\n", out);
    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++)
        print_operands(entry->table, out);
    fputs("    esac\n}\ncomplete -F _torc torc\n", out);
}
