#include <torc/nearest_name.h>

#include "arguments.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

void torci_arguments_init(struct torci_arguments *arguments, int argc, char **argv)
{
    memset(arguments, 0, sizeof(*arguments));
    arguments->command = argv[0];
    arguments->count = argc;
    arguments->values = argv;
    arguments->next = 1;
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
    return TORCI_ARGUMENT_OPTION;
}

const char *torci_arguments_value(struct torci_arguments *arguments)
{
    if (arguments->attached != NULL) {
        return arguments->attached;
    }
    if (arguments->next >= arguments->count) {
        torci_usage_error(arguments->command, "%s needs a value", arguments->shown);
        return NULL;
    }
    return arguments->values[arguments->next++];
}

bool torci_arguments_no_value(struct torci_arguments *arguments)
{
    if (arguments->attached != NULL) {
        torci_usage_error(arguments->command, "%s: --%s takes no value", arguments->shown,
                          arguments->name);
        return false;
    }
    return true;
}

int torci_arguments_unknown(const struct torci_arguments *arguments, const char *const *names)
{
    const char *near = torc_name_nearest(arguments->name, names);

    if (near != NULL) {
        return torci_usage_error(arguments->command, "unknown option %s; did you mean --%s?",
                                 arguments->shown, near);
    }
    return torci_usage_error(arguments->command, "unknown option %s", arguments->shown);
}
