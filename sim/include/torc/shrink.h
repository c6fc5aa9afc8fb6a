/* torc/shrink.h - makes a failing set of things small: the delta debugging of Zeller and Hildebrandt
 * ("Simplifying and Isolating Failure-Inducing Input", IEEE TSE 28(2), 2002). */
#ifndef TORC_SHRINK_H
#define TORC_SHRINK_H

#include <stdbool.h>
#include <stddef.h>

#include <torc/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether it still fails, in the same way, with only those things whose `keep` is true. */
typedef bool torc_shrink_test_fn(void *arg, const bool *keep);

/* Takes out of the things whose `keep` is true as many as it can: first in halves, quarters, ... down to one by
 * one, until none can go alone; then pairs of neighbours.  Asks `test` at most `tests_max` times and returns how
 * often it did.  If it was not cut short, no single one can be taken out.  `keep` is always a set that
 * fails (if the first one did). */
TORC_API size_t torc_shrink(bool *keep, size_t count, torc_shrink_test_fn *test, void *arg,
                            size_t tests_max);

#ifdef __cplusplus
}
#endif
#endif
