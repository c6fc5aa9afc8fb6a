/* text_diff.h - a unified diff of a text and the same text laid out anew. */
#ifndef TORCI_TEXT_DIFF_H
#define TORCI_TEXT_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Prints what changes `before` into `after`, whose lines are those of `before` in their order, each changed or not,
 * without some of its empty lines: as diff -u does, with three lines around.  `name` is the file's.  Returns
 * whether there was memory. */
bool torci_text_diff_print(FILE *out, const char *name, const char *before, size_t before_bytes,
                           const char *after, size_t after_bytes);

#endif
