#include "command_list.h"

#include <string.h>

#include "command.h"

const struct torci_command_entry torci_commands[] = {
    {&torci_table_new, torci_command_new},         {&torci_table_serve, torci_command_serve},
    {&torci_table_run, torci_command_run},         {&torci_table_sweep, torci_command_sweep},
    {&torci_table_explore, torci_command_explore}, {&torci_table_hunt, torci_command_hunt},
    {&torci_table_merge, torci_command_merge},     {&torci_table_check, torci_command_check},
    {&torci_trial_command, torci_command_trial},   {&torci_table_fmt, torci_command_fmt},
    {&torci_table_lint, torci_command_lint},       {&torci_table_replay, torci_command_replay},
    {&torci_table_report, torci_command_report},   {NULL, NULL},
};

const struct torci_command_entry *torci_command_find(const char *name)
{
    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++)
        if (strcmp(entry->table->name, name) == 0)
            return entry;
    return NULL;
}

void torci_command_list_print(FILE *out)
{
    torci_command_print_help(&torci_table_torc, "torc", out);
    fputs("\ncommands:\n", out);
    for (const struct torci_command_entry *entry = torci_commands; entry->table != NULL; entry++)
        fprintf(out, "  %-10s %s\n", entry->table->name, entry->table->summary);
    fputs("\n'torc COMMAND --help' says more, 'man torc' and 'man torc-COMMAND' more than that.\n", out);
}
