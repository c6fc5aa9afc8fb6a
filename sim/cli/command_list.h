/* command_list.h - the commands: the table of each, and the function that does it. */
#ifndef TORCI_COMMAND_LIST_H
#define TORCI_COMMAND_LIST_H

#include "command_table.h"

/* In sim/cli/table_NAME.c. */
extern const struct torci_command torci_table_torc; /* of options before a command */
extern const struct torci_command torci_table_new;
extern const struct torci_command torci_table_serve;
extern const struct torci_command torci_table_replay;
extern const struct torci_command torci_table_run;
extern const struct torci_command torci_table_check;
extern const struct torci_command torci_table_hunt;
extern const struct torci_command torci_table_explore;
extern const struct torci_command torci_table_sweep;
extern const struct torci_command torci_table_merge;
extern const struct torci_command torci_table_report;
extern const struct torci_command torci_table_fmt;
extern const struct torci_command torci_table_lint;

struct torci_command_entry {
    const struct torci_command *table;
    int (*run)(int argc, char **argv);
};

/* In the order they are shown; ended by a table that is NULL. */
extern const struct torci_command_entry torci_commands[];

/* The entry of that name; NULL: there is none. */
const struct torci_command_entry *torci_command_find(const char *name);

/* What `torc --help` prints. */
void torci_command_list_print(FILE *out);

#endif
