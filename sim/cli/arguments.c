#include <torc/nearest_name.h>

#include "arguments.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

enum { NAMES_MAX = 128 };

void torci_arguments_init(struct torci_arguments *arguments, const struct torci_command *command, int argc, char **argv)
{
    memset(arguments, 0, sizeof(*arguments));
    arguments->command = command;
    arguments->count = argc;
    arguments->values = argv;
    arguments->next = 1;
}

/* The present argument is one of the table's options. */
static enum torci_argument_kind read_known(struct torci_arguments *arguments)
{
    arguments->value = NULL;
    if (arguments->option->value != NULL) {
        arguments->value = torci_arguments_value(arguments);
        return arguments->value != NULL ? TORCI_ARGUMENT_OPTION : TORCI_ARGUMENT_WRONG;
    }
    if (arguments->attached == NULL)
        return TORCI_ARGUMENT_OPTION;
    torci_usage_error(arguments->command->name, "%s: --%s takes no value", arguments->shown, arguments->option->name);
    return TORCI_ARGUMENT_WRONG;
}

enum torci_argument_kind torci_arguments_next(struct torci_arguments *arguments)
{
    const char *text;
    const char *name;
    size_t name_bytes;

    arguments->attached = NULL;
    if (arguments->next >= arguments->count) {
        return TORCI_ARGUMENT_END;
    }
    text = arguments->values[arguments->next++];
    if (!arguments->operands_only && strcmp(text, "--") == 0) {
        arguments->operands_only = true;
        return torci_arguments_next(arguments);
    }
    arguments->shown = text;
    if (arguments->operands_only || text[0] != '-' || text[1] == '\0') {
        return TORCI_ARGUMENT_OPERAND;
    }
    name = text[1] == '-' ? text + 2 : text + 1;
    name_bytes = strcspn(name, "=");
    if (name[name_bytes] == '=') {
        arguments->attached = name + name_bytes + 1;
    }
    snprintf(arguments->name, sizeof(arguments->name), "%.*s", (int)name_bytes, name);
    arguments->option = torci_command_option(arguments->command, arguments->name);
    return arguments->option != NULL ? read_known(arguments) : TORCI_ARGUMENT_UNKNOWN;
}

const char *torci_arguments_value(struct torci_arguments *arguments)
{
    if (arguments->attached != NULL) {
        return arguments->attached;
    }
    if (arguments->next >= arguments->count) {
        torci_usage_error(arguments->command->name, "%s needs a value", arguments->shown);
        return NULL;
    }
    return arguments->values[arguments->next++];
}

int torci_arguments_unknown(const struct torci_arguments *arguments, const char *const *more)
{
    const char *names[NAMES_MAX] = {torci_option_help.name};
    const char *near;
    size_t count = 1;

    for (const struct torci_option *option = arguments->command->options; option->name != NULL && count + 1 < NAMES_MAX;
         option++)
        names[count++] = option->name;
    for (; more != NULL && *more != NULL && count + 1 < NAMES_MAX; more++)
        names[count++] = *more;
    near = torc_name_nearest(arguments->name, names);
    if (near != NULL) {
        return torci_usage_error(arguments->command->name, "unknown option %s; did you mean --%s?", arguments->shown,
                                 near);
    }
    return torci_usage_error(arguments->command->name, "unknown option %s", arguments->shown);
}

int torci_choice_error(const struct torci_command *command, const char *option, const char *text)
{
    return torci_usage_error(command->name, "--%s: '%.*s' is none of %s", option, (int)strcspn(text, ","), text,
                             torci_command_option(command, option)->choices);
}

static int read_one(struct torci_arguments *arguments, enum torci_argument_kind kind,
                    const struct torci_argument_reader *reader, bool *out_done)
{
    char shown[64];

    switch (kind) {
    case TORCI_ARGUMENT_OPERAND:
        if (reader->operand == NULL)
            return torci_usage_error(arguments->command->name, "what is '%s'?", arguments->shown);
        return reader->operand(reader->arg, arguments->shown);
    case TORCI_ARGUMENT_OPTION:
        *out_done = arguments->option == &torci_option_help;
        if (!*out_done)
            return reader->option(reader->arg, arguments->option->name, arguments->value);
        snprintf(shown, sizeof shown, "torc %s", arguments->command->name);
        torci_command_print_help(arguments->command, shown, stdout);
        return 0;
    case TORCI_ARGUMENT_UNKNOWN:
        return torci_arguments_unknown(arguments, NULL);
    case TORCI_ARGUMENT_WRONG:
    case TORCI_ARGUMENT_END:
    default:
        return TORCI_EXIT_USAGE;
    }
}

int torci_arguments_read(const struct torci_command *command, int argc, char **argv,
                         const struct torci_argument_reader *reader, bool *out_done)
{
    struct torci_arguments arguments;
    enum torci_argument_kind kind;
    int status = 0;

    *out_done = false;
    torci_arguments_init(&arguments, command, argc, argv);
    while (status == 0 && !*out_done && (kind = torci_arguments_next(&arguments)) != TORCI_ARGUMENT_END)
        status = read_one(&arguments, kind, reader, out_done);
    return status;
}
