#include "completion.h"

#include <string.h>

#include <torc/decision.h>

#include "command_list.h"

bool torci_completion_print(const char *shell, FILE *out)
{
    if (strcmp(shell, "bash") == 0)
        torci_completion_print_bash(out);
    else if (strcmp(shell, "zsh") == 0)
        torci_completion_print_zsh(out);
    else if (strcmp(shell, "fish") == 0)
        torci_completion_print_fish(out);
    else
        return false;
    return true;
}

bool torci_completion_has_words(const struct torci_option *option)
{
    return option->choices != NULL || option->kind == TORCI_VALUE_COMMAND;
}

bool torci_completion_is_list(const struct torci_option *option)
{
    return option->kind == TORCI_VALUE_SOME_OF || option->kind == TORCI_VALUE_SITES;
}

static void print_commands(const char *between, FILE *out)
{
    fputs("torc", out);
    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++)
        fprintf(out, "%s%s", between, entry->table->name);
}

void torci_completion_words(const struct torci_option *option, const char *between, FILE *out)
{
    const char *text = option->choices;

    if (option->kind == TORCI_VALUE_COMMAND) {
        print_commands(between, out);
        return;
    }
    while (*text != '\0') {
        int bytes = (int)strcspn(text, ",");

        fprintf(out, "%s%.*s", text != option->choices ? between : "", bytes, text);
        text += bytes;
        text += strspn(text, ", ");
    }
    if (option->kind != TORCI_VALUE_SITES)
        return;
    for (const struct torc_decision_site *site = torc_decision_sites; site->name != NULL; site++)
        fprintf(out, "%s%s", between, site->name);
}

int torci_completion_sentence(const char *text)
{
    const char *end = strstr(text, ". ");

    if (end == NULL)
        end = text + strlen(text) - 1;
    return (int)(end - text);
}

size_t torci_completion_endings(enum torci_value kind, const char *out[2])
{
    switch (kind) {
    case TORCI_VALUE_SCENARIO:
        out[0] = "scn";
        return 1;
    case TORCI_VALUE_RECORDING:
        out[0] = "torc";
        return 1;
    case TORCI_VALUE_MODULE:
        out[0] = "so";
        return 1;
    case TORCI_VALUE_CHECKED:
        out[0] = "scn";
        out[1] = "so";
        return 2;
    case TORCI_VALUE_TEXT:
    case TORCI_VALUE_FILE:
    case TORCI_VALUE_FOLDER:
    case TORCI_VALUE_COMMAND:
    case TORCI_VALUE_ONE_OF:
    case TORCI_VALUE_SOME_OF:
    case TORCI_VALUE_SITES:
    default:
        return 0;
    }
}
