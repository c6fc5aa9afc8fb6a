/* The `torc` command: finds the subcommand and hands it the rest. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include <torc/nearest_name.h>

#include "arguments.h"
#include "command.h"
#include "command_list.h"
#include "completion.h"
#include "manual_page.h"

enum { COMMANDS_MAX = 64 };

static int unknown_command(const char *name)
{
    const char *names[COMMANDS_MAX + 1] = {NULL};
    const char *near;

    for (size_t i = 0; i < COMMANDS_MAX && torci_commands[i].table != NULL; i++) {
        names[i] = torci_commands[i].table->name;
    }
    near = torc_name_nearest(name, names);
    if (near != NULL) {
        return torci_usage_error(NULL, "unknown command '%s'; did you mean '%s'?", name, near);
    }
    return torci_usage_error(NULL, "unknown command '%s'", name);
}

/* What was printed must have arrived: a verdict nobody can read is no success. */
static int flush_output(int status)
{
    int error = 0;

    if (fflush(stdout) != 0) {
        error = errno;
    }
    if (error == 0 && !ferror(stdout)) {
        return status;
    }
    fprintf(stderr, "torc: standard output is not complete: %s\n",
            error != 0 ? strerror(error) : "a write failed");
    return TORCI_EXIT_INTERNAL;
}

/* `name` is a command's, or "torc". */
static int print_manual(const char *name)
{
    const struct torci_command_entry *entry = torci_command_find(name);

    if (entry == NULL && strcmp(name, "torc") != 0) {
        return unknown_command(name);
    }
    torci_manual_page_print(entry != NULL ? entry->table : &torci_table_torc, stdout);
    return TORCI_EXIT_PASS;
}

static int print_list(FILE *out)
{
    torci_command_list_print(out);
    return out == stdout ? TORCI_EXIT_PASS : TORCI_EXIT_USAGE;
}

/* An option before a command, which is all that is done. */
static int run_option(const char *name, const char *value)
{
    if (strcmp(name, torci_option_help.name) == 0) {
        return print_list(stdout);
    }
    if (strcmp(name, "version") == 0) {
        puts("torc " TORC_VERSION);
        return TORCI_EXIT_PASS;
    }
    if (strcmp(name, "man") == 0) {
        return print_manual(value);
    }
    return torci_completion_print(value, stdout) ? TORCI_EXIT_PASS
                                                 : torci_choice_error(&torci_table_torc, name, value);
}

static int run_command(int argc, char **argv)
{
    struct torci_arguments arguments;
    const struct torci_command_entry *entry;

    torci_arguments_init(&arguments, &torci_table_torc, argc, argv);
    switch (torci_arguments_next(&arguments)) {
    case TORCI_ARGUMENT_OPTION:
        return run_option(arguments.option->name, arguments.value);
    case TORCI_ARGUMENT_UNKNOWN:
        return torci_arguments_unknown(&arguments, NULL);
    case TORCI_ARGUMENT_WRONG:
        return TORCI_EXIT_USAGE;
    case TORCI_ARGUMENT_OPERAND:
        entry = torci_command_find(arguments.shown);
        if (entry != NULL) {
            return entry->run(argc - arguments.next + 1, argv + arguments.next - 1);
        }
        return strcmp(arguments.shown, "help") == 0 ? print_list(stdout) : unknown_command(arguments.shown);
    case TORCI_ARGUMENT_END:
    default:
        return print_list(stderr);
    }
}

int main(int argc, char **argv)
{
    /* Nobody reads SQLite's figures about its memory, which cost a lock for each allocation. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return flush_output(run_command(argc, argv));
}
