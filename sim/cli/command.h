/* command.h - the subcommands of `torc`, and what they have in common.
 *
 * A subcommand is a function that gets the arguments after its name (argv[0] is its name) and returns
 * the exit status of the process.  It prints results to stdout and everything else to stderr. */
#ifndef TORCI_COMMAND_H
#define TORCI_COMMAND_H

#include <torc/error.h>

enum torci_exit {
    TORCI_EXIT_PASS = 0,
    TORCI_EXIT_FAIL = 1,           /* a property, a comparison or a test failed */
    TORCI_EXIT_USAGE = 2,          /* wrong arguments, or an invalid file */
    TORCI_EXIT_NONDETERMINISM = 3, /* two runs of the same thing differed */
    TORCI_EXIT_BUDGET = 4,         /* a budget or step limit ended it */
    TORCI_EXIT_UNMET = 5,          /* a `sometimes` or a threshold was not met */
    TORCI_EXIT_SKIPPED = 77,
    TORCI_EXIT_INTERNAL = 99,
    TORCI_EXIT_INTERRUPTED = 130
};

int torci_command_new(int argc, char **argv);
int torci_command_serve(int argc, char **argv);
int torci_command_report(int argc, char **argv);
int torci_command_replay(int argc, char **argv);
int torci_command_run(int argc, char **argv);
int torci_command_check(int argc, char **argv);
int torci_command_hunt(int argc, char **argv);
int torci_command_explore(int argc, char **argv);
int torci_command_sweep(int argc, char **argv);
int torci_command_merge(int argc, char **argv);
int torci_command_fmt(int argc, char **argv);
int torci_command_lint(int argc, char **argv);
int torci_command_trial(int argc, char **argv);

/* Prints "torc COMMAND: sentence" and where to find help to stderr; returns TORCI_EXIT_USAGE. */
int torci_usage_error(const char *command, const char *format, ...) TORC_PRINTF(2, 3);

/* An option of the command's table that nothing reads: says so, and returns TORCI_EXIT_INTERNAL. */
int torci_option_unread(const char *command, const char *option);

/* Prints "torc COMMAND: sentence" to stderr; returns `status`. */
int torci_command_error(const char *command, int status, const char *format, ...)
    TORC_PRINTF(3, 4);

#endif
