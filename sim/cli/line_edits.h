/* line_edits.h - smaller versions of one line of a scenario, tried one after the other. */
#ifndef TORCI_LINE_EDITS_H
#define TORCI_LINE_EDITS_H

#include <stdbool.h>

/* Whether the line may be this one from now on; `text` is borrowed until it returns. */
typedef bool torci_line_try_fn(void *arg, const char *text);

/* Tries, each time from what was taken last: the line without a KEY=VALUE or a string, without a name of a list (a,b,c),
 * a decision for one question in place of all from it on, strings of bytes without half of them at either end, then
 * without a quarter, ... , and numbers of times and decisions as 0, then halved.  `text` is from malloc and taken; the
 * answer, from malloc, is the line that was taken last.  Without memory nothing more is tried. */
char *torci_line_lessen(char *text, torci_line_try_fn *try_line, void *arg);

#endif
