/* oom_sweep.h - runs a piece of code with every acquisition failing in turn.
 *
 *     static const char *body(struct torc_test_allocator *allocator, void *arg)
 *     {
 *         struct torc_scope *scope;
 *         if (torc_scope_new(&allocator->base, NULL, &scope) != 0)
 *             return NULL;                 // running out of memory is an ordinary end
 *         ...
 *         torc_scope_free(scope);
 *         return seen_something_wrong ? "what was wrong" : NULL;
 *     }
 *
 *     assert_null(torc_oom_sweep(body, NULL, &runs));
 *
 * Programs whose name ends in _oom_test are run by `make check-oom`. */
#ifndef TORC_TEST_OOM_SWEEP_H
#define TORC_TEST_OOM_SWEEP_H

#include "failing_allocator.h"

/* Uses the allocator for everything and gives all of it back, whatever fails.  NULL: as it should be;
 * otherwise a sentence that says what was wrong.  Must not use CMocka's assertions. */
typedef const char *torc_oom_body_fn(struct torc_test_allocator *allocator, void *arg);

/* Runs the body with the k-th acquisition failing, for k = 1, 2, ... until a run in which none
 * failed; first each of them alone, then each and all after it.  After every run nothing may be left.
 * Returns NULL, or what was wrong (the k is on stderr).  `runs` (may be NULL) is given the number of
 * acquisitions the body makes. */
const char *torc_oom_sweep(torc_oom_body_fn *body, void *arg, uint64_t *runs);

#endif
