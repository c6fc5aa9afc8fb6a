/* completion.h - what completes the arguments of `torc` in a shell, from the tables of the commands. */
#ifndef TORCI_COMPLETION_H
#define TORCI_COMPLETION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "command_table.h"

/* Writes the script of "bash", "zsh" or "fish"; false: it is none of them. */
bool torci_completion_print(const char *shell, FILE *out);

/* --- for the scripts --- */

/* Whether an option's value is one or some of a set of words. */
bool torci_completion_has_words(const struct torci_option *option);

/* Whether there can be several, with commas between them. */
bool torci_completion_is_list(const struct torci_option *option);

/* Writes those words (choices, sites, commands), `between` them. */
void torci_completion_words(const struct torci_option *option, const char *between, FILE *out);

/* The first sentence of a text without its full stop, so many bytes. */
int torci_completion_sentence(const char *text);

/* The endings of the files a value or operand is: "scn", "so", ...; how many: none if any will do. */
size_t torci_completion_endings(enum torci_value kind, const char *out[2]);

void torci_completion_print_bash(FILE *out);
void torci_completion_print_zsh(FILE *out);
void torci_completion_print_fish(FILE *out);

#endif
