/* option_value.h - from the text of an option to its value: pure functions, one a type.
 *
 * Each returns 0, or TORC_ESYNTAX and then *why points at a static sentence that says what is wrong
 * with the text and goes on from "option NAME: ".  The out-parameter is untouched on failure. */
#ifndef TORCI_OPTION_VALUE_H
#define TORCI_OPTION_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include <torc/error.h>

TORC_CHECKED int torci_parse_flag(const char *text, bool *out, const char **why);
TORC_CHECKED int torci_parse_integer(const char *text, int64_t *out, const char **why);
/* In nanoseconds. */
TORC_CHECKED int torci_parse_duration(const char *text, uint64_t *out, const char **why);
TORC_CHECKED int torci_parse_bytes(const char *text, uint64_t *out, const char **why);

#endif
