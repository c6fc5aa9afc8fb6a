/* equivalent.h - operations that are alike: at the same site of the same host, able to fail in the same ways, and
 * asked from the same place of the code, every call that led there included.  What comes of a fault there is seen
 * with a few of them. */
#ifndef TORCI_EQUIVALENT_H
#define TORCI_EQUIVALENT_H

#include <torc/scenario.h>

/* Of the questions first..last, counted from 0: which stand for all of them.  From each place the first, before which
 * nothing was made there, and the last.  An answer for each question that was asked, to be freed; NULL: out of memory. */
bool *torci_equivalent_choose(const struct torc_scenario_questions *questions, uint64_t first, uint64_t last);

#endif
