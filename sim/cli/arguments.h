/* arguments.h - reads a command's arguments by its table, one after the other: options (--name VALUE, --name=VALUE,
 * -x VALUE) and operands.  "--" makes the rest operands; a lone "-" is an operand. */
#ifndef TORCI_ARGUMENTS_H
#define TORCI_ARGUMENTS_H

#include <stdbool.h>

#include "command_table.h"

struct torci_arguments {
    const struct torci_command *command;
    int count;
    char **values;
    int next;             /* index of the next argument */
    bool operands_only;   /* after "--" */
    const char *attached; /* the VALUE of the present --name=VALUE; or NULL */
    const char *shown;    /* the present argument as it was written */
    char name[64];        /* of the present option, without dashes and value */
    const struct torci_option *option; /* the present one */
    const char *value;                 /* its value; NULL: it takes none */
};

/* argv[0] is the command's name. */
void torci_arguments_init(struct torci_arguments *arguments, const struct torci_command *command, int argc, char **argv);

enum torci_argument_kind {
    TORCI_ARGUMENT_END,
    TORCI_ARGUMENT_OPTION,
    TORCI_ARGUMENT_OPERAND,
    TORCI_ARGUMENT_UNKNOWN, /* an option that is not in the table */
    TORCI_ARGUMENT_WRONG    /* its value is missing, or one too many; the error is printed */
};

/* Goes to the next argument.  An option is then in `option` and `value`, an operand in `shown`, the name of an unknown
 * option in `name`. */
enum torci_argument_kind torci_arguments_next(struct torci_arguments *arguments);

/* The value of the present unknown option, from the same or the next argument; NULL if there is none (the error is then
 * printed). */
const char *torci_arguments_value(struct torci_arguments *arguments);

/* Prints that the present option is unknown, and which option of the table or of `more` (ended by NULL; or NULL) was
 * meant.  Returns TORCI_EXIT_USAGE. */
int torci_arguments_unknown(const struct torci_arguments *arguments, const char *const *more);

/* Prints that the beginning of `text`, up to a comma, is none of the choices the table has for the option.  Returns
 * TORCI_EXIT_USAGE. */
int torci_choice_error(const struct torci_command *command, const char *option, const char *text);

/* Who takes what is read.  Both return 0, or an exit status that ends the reading; a name is the long one. */
struct torci_argument_reader {
    int (*option)(void *arg, const char *name, const char *value);
    int (*operand)(void *arg, const char *text); /* NULL: there are none */
    void *arg;
};

/* Reads all arguments.  0, or an exit status with the error printed; *out_done: help was printed, and nothing is to be
 * done. */
int torci_arguments_read(const struct torci_command *command, int argc, char **argv,
                         const struct torci_argument_reader *reader, bool *out_done);

#endif
