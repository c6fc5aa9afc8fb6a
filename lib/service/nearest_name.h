/* nearest_name.h - "did you mean": how far apart two names are. */
#ifndef TORCI_NEAREST_NAME_H
#define TORCI_NEAREST_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* The number of letters to insert, delete, replace, or exchange with their neighbour, to make `a` of
 * `b` (optimal string alignment).  Names above 63 letters are as far apart as the longer one is. */
size_t torci_name_distance(const char *a, const char *b);

/* Whether somebody who wrote `written` may have meant `name`: at most one mistake in three letters, and
 * one is always allowed in a name of two letters or more. */
bool torci_name_is_near(const char *written, const char *name);

#endif
