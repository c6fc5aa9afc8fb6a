#include "command.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

int torci_command_error(const char *command, int status, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "torc %s: ", command);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return status;
}

int torci_option_unread(const char *command, const char *option)
{
    return torci_command_error(command, TORCI_EXIT_INTERNAL, "--%s is in the table of options, and nothing reads it", option);
}

int torci_usage_error(const char *command, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "torc%s%s: ", command != NULL ? " " : "", command != NULL ? command : "");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nTry 'torc%s%s --help'.\n", command != NULL ? " " : "",
            command != NULL ? command : "");
    return TORCI_EXIT_USAGE;
}
