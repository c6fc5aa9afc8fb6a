/* torc report: pages made of what other commands wrote down.  They are scripts of Python, which are found beside the
 * command and run in its place. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <torc/nearest_name.h>

#include "command.h"
#include "command_list.h"
#include "own_folder.h"

static const char name[] = "report";

enum { PATH_BYTES_MAX = 4096 };

static const char *const reports[] = {"campaign", "coverage", "error-paths", NULL};

static bool is_report(const char *text)
{
    for (size_t i = 0; reports[i] != NULL; i++)
        if (strcmp(reports[i], text) == 0)
            return true;
    return false;
}

static int unknown_report(const char *text)
{
    const char *near = torc_name_nearest(text, reports);

    if (near != NULL)
        return torci_usage_error(name, "there is no report '%s'; did you mean '%s'?", text, near);
    return torci_usage_error(name, "there is no report '%s'; there are campaign, coverage and error-paths", text);
}

/* Beside the command in a tree where it was built, or where `make install` puts it. */
static int find_script(const char *report, char *path, size_t size)
{
    static const char *const places[] = {"reports", "../share/torc/reports"};
    char folder[PATH_BYTES_MAX];

    if (torci_own_folder(folder, sizeof folder) != 0)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "the reports are not found: /proc is missing");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (snprintf(path, size, "%s/%s/%s", folder, places[i], report) < (int)size && access(path, R_OK) == 0)
            return 0;
    return torci_command_error(name, TORCI_EXIT_INTERNAL, "there is no %s, neither in %s/%s nor in %s/%s: is all of "
                               "Torc installed?", report, folder, places[0], folder, places[1]);
}

/* The distribution's comes first: another one on PATH may lack its modules. */
static const char *find_python(void)
{
    static const char distribution[] = "/usr/bin/python3";
    const char *given = getenv("PYTHON");

    if (given != NULL && given[0] != '\0')
        return given;
    return access(distribution, X_OK) == 0 ? distribution : "python3";
}

/* Returns only if that is not possible. */
static int become_script(const char *path, int argc, char **argv)
{
    const char *python = find_python();
    char **arguments = calloc((size_t)argc + 3, sizeof *arguments);
    int error;

    if (arguments == NULL)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    arguments[0] = (char *)(uintptr_t)python;
    arguments[1] = (char *)(uintptr_t)path;
    memcpy(arguments + 2, argv, (size_t)argc * sizeof *arguments);
    fflush(stdout);
    execvp(python, arguments);
    error = errno;
    free(arguments);
    return torci_command_error(name, TORCI_EXIT_USAGE, "%s, which reports are made with, cannot be run: %s; PYTHON=... "
                               "names another python3", python, strerror(error));
}

int torci_command_report(int argc, char **argv)
{
    char path[PATH_BYTES_MAX];
    int status;

    if (argc < 2)
        return torci_usage_error(name, "which report? there are campaign, coverage and error-paths");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        torci_command_print_help(&torci_table_report, "torc report", stdout);
        return 0;
    }
    if (argv[1][0] == '-')
        return torci_usage_error(name, "unknown option %s: options come after the report's name", argv[1]);
    if (!is_report(argv[1]))
        return unknown_report(argv[1]);
    status = find_script(argv[1], path, sizeof path);
    return status != 0 ? status : become_script(path, argc - 2, argv + 2);
}
