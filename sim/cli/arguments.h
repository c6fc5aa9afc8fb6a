/* arguments.h - reads a command's arguments one after the other: options (--name VALUE, --name=VALUE,
 * -x VALUE) and operands.  "--" makes the rest operands; a lone "-" is an operand. */
#ifndef TORCI_ARGUMENTS_H
#define TORCI_ARGUMENTS_H

#include <stdbool.h>

struct torci_arguments {
    const char *command; /* for messages */
    int count;
    char **values;
    int next;             /* index of the next argument */
    bool operands_only;   /* after "--" */
    const char *attached; /* the VALUE of the present --name=VALUE, until it is asked for */
    const char *shown;    /* the present argument as it was written */
    char name[64];        /* of the present option, without dashes and value */
};

/* argv[0] is the command's name. */
void torci_arguments_init(struct torci_arguments *arguments, int argc, char **argv);

enum torci_argument_kind { TORCI_ARGUMENT_END, TORCI_ARGUMENT_OPTION, TORCI_ARGUMENT_OPERAND };

/* Goes to the next argument.  An option's name is then in `name`, an operand in `shown`. */
enum torci_argument_kind torci_arguments_next(struct torci_arguments *arguments);

/* The value of the present option, from the same or the next argument; NULL if there is none (the
 * error is then printed). */
const char *torci_arguments_value(struct torci_arguments *arguments);

/* For an option that takes no value: whether none is attached (if one is, the error is printed). */
bool torci_arguments_no_value(struct torci_arguments *arguments);

/* Prints that the present option is unknown, and which of `names` (ended by NULL) was meant.  Returns
 * TORCI_EXIT_USAGE. */
int torci_arguments_unknown(const struct torci_arguments *arguments, const char *const *names);

#endif
