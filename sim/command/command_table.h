/* command_table.h - what a command takes and what it is for, said once: its arguments are read by this table, and --help,
 * the manual page and the completion of shells are printed from it.
 *
 * Texts are whole sentences without line breaks; whoever prints them wraps.  `word` is set as written. */
#ifndef TORCI_COMMAND_TABLE_H
#define TORCI_COMMAND_TABLE_H

#include <stddef.h>
#include <stdio.h>

/* What a value or an operand is, for completion. */
enum torci_value {
    TORCI_VALUE_TEXT, /* anything */
    TORCI_VALUE_FILE,
    TORCI_VALUE_FOLDER,
    TORCI_VALUE_SCENARIO,
    TORCI_VALUE_RECORDING,
    TORCI_VALUE_MODULE,     /* a shared object */
    TORCI_VALUE_CHECKED,    /* a scenario or a shared object */
    TORCI_VALUE_COMMAND,    /* the name of one, or torc */
    TORCI_VALUE_ONE_OF,     /* of the choices */
    TORCI_VALUE_SOME_OF,    /* with commas between them */
    TORCI_VALUE_SITES       /* names of torc_decision_sites and the choices, with commas between them */
};

struct torci_option {
    const char *name; /* without dashes; NULL ends a table */
    const char *value; /* what stands for its value; NULL: it takes none */
    const char *text;
    const char *preset;  /* what holds without it; NULL: nothing to tell */
    const char *choices; /* "a, b, c"; NULL: anything */
    enum torci_value kind;
    char letter; /* -L is the same; 0: there is none */
};

/* A word and what it means; `word` NULL ends a table. */
struct torci_term {
    const char *word;
    const char *text;
};

struct torci_command {
    const char *name; /* NULL: torc itself */
    const char *summary;
    const char *operands;       /* as in the usage line; NULL: there are none */
    enum torci_value operand;   /* what they are */
    const char *about;          /* paragraphs, with an empty line between; one that is indented is set as it is */
    const char *more;           /* the same, for the manual page alone; or NULL */
    const struct torci_option *options;   /* without --help, which all have */
    const struct torci_term *exits;       /* exit statuses */
    const struct torci_term *examples;    /* a command line, and what it does */
    const struct torci_term *files;       /* or NULL, so below */
    const struct torci_term *environment;
    const char *see_also; /* pages besides torc(1): "torc-run(1), torc-scenario(5)" */
};

/* The --help of all commands. */
extern const struct torci_option torci_option_help;

/* The option of this name or letter, --help among them; NULL: there is none. */
const struct torci_option *torci_command_option(const struct torci_command *command, const char *name);

/* Prints the text of --help; `shown` is what the command is called ("torc run"). */
void torci_command_print_help(const struct torci_command *command, const char *shown, FILE *out);

/* Writes the words of `text` in lines of at most 80 columns, each after `indent` blanks; `column` is where the present
 * line ends.  Returns where the last one does: more can follow. */
int torci_command_wrap(const char *text, size_t bytes, int indent, int column, FILE *out);

/* Its table is in sim/trial, because programs of tests take the same options. */
extern const struct torci_command torci_trial_command;

#endif
