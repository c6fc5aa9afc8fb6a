/* The `torc` command: finds the subcommand and hands it the rest. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include <torc/nearest_name.h>

#include "command.h"

struct command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {"new", "make a folder with a project that builds and passes", torci_command_new},
    {"serve", "run a module live, on real sockets and real time", torci_command_serve},
    {"run", "run scenarios in virtual time", torci_command_run},
    {"sweep", "fail every operation of a scenario in turn", torci_command_sweep},
    {"explore", "run a scenario with many seeds and orders; shrink what fails", torci_command_explore},
    {"hunt", "try everything there is against a scenario, for a minute", torci_command_hunt},
    {"merge", "put the results of shards together, and compare", torci_command_merge},
    {"check", "run scenarios twice, the second time perturbed, and compare", torci_command_check},
    {"trial", "run unit tests", torci_command_trial},
    {"fmt", "write scenarios in their canonical form", torci_command_fmt},
    {"lint", "find what is no error in modules and scenarios, and surely wrong", torci_command_lint},
    {"replay", "play recorded traffic to today's build, and compare", torci_command_replay},
};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static void print_help(FILE *out)
{
    fputs("usage: torc COMMAND ...\n\ncommands:\n", out);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    fputs("\n'torc COMMAND --help' says more.  'torc --version' prints the version.\n"
          "\n"
          "exit status: 0 pass, 1 something failed, 2 wrong usage or an invalid file,\n"
          "3 nondeterminism, 4 a budget ended it, 5 a threshold was not met, 77 skipped,\n"
          "99 internal error, 130 interrupted\n",
          out);
}

static int unknown_command(const char *name)
{
    const char *names[COMMAND_COUNT + 1];
    const char *near;

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        names[i] = commands[i].name;
    }
    names[COMMAND_COUNT] = NULL;
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

static int run_command(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return TORCI_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return TORCI_EXIT_PASS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("torc " TORC_VERSION);
        return TORCI_EXIT_PASS;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    if (argv[1][0] == '-') {
        return torci_usage_error(NULL, "unknown option %s", argv[1]);
    }
    return unknown_command(argv[1]);
}

int main(int argc, char **argv)
{
    /* Nobody reads SQLite's figures about its memory, which cost a lock for each allocation. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return flush_output(run_command(argc, argv));
}
