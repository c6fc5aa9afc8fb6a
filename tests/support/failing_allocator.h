/* failing_allocator.h - an allocator for tests: counts every acquisition, fails the one asked for, and
 * knows every block.
 *
 *     struct torc_test_allocator allocator;
 *     torc_test_allocator_init(&allocator);
 *     ... torc_scope_new(&allocator.base, NULL, &scope) ... torc_scope_free(scope);
 *     assert_int_equal(torc_test_allocator_blocks(&allocator), 0);
 *     torc_test_allocator_clear(&allocator);
 *
 * An acquisition is a new block, a block that grows, or a pool's question to `admit`; shrinking and
 * freeing never fail.  Giving a wrong old size, or freeing what is not a block, aborts the test with
 * a message: that is a fault in the code under test, never a result. */
#ifndef TORC_TEST_FAILING_ALLOCATOR_H
#define TORC_TEST_FAILING_ALLOCATOR_H

#include <stdbool.h>

#include <torc/scope.h>

struct torc_test_block;

struct torc_test_allocator {
    struct torc_allocator base; /* what to give to torc_scope_new; `ctx` is this structure */
    uint64_t acquisitions;      /* since init or fail_at; failed ones count */
    uint64_t fail_at;           /* 0: never */
    bool fail_for_ever;
    uint64_t failed;            /* how many were refused */
    size_t blocks;
    size_t bytes;
    struct torc_test_block *first;
};

void torc_test_allocator_init(struct torc_test_allocator *allocator);

/* From now on: counts anew from 0 and fails the k-th acquisition (1 is the next), only that one or it
 * and all after it.  k 0: fails none. */
void torc_test_allocator_fail_at(struct torc_test_allocator *allocator, uint64_t k, bool for_ever);

/* Blocks not given back; prints the size of each to stderr if there are any. */
size_t torc_test_allocator_blocks(const struct torc_test_allocator *allocator);

/* Frees what is left. */
void torc_test_allocator_clear(struct torc_test_allocator *allocator);

#endif
