#include "failing_allocator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Stands before each block. */
struct torc_test_block {
    struct torc_test_block *previous;
    struct torc_test_block *next;
    size_t bytes;
    _Alignas(max_align_t) uint64_t mark;
};

static const uint64_t BLOCK_MARK = UINT64_C(0x746f7263626c6f6b);

static void broken(const char *what, size_t bytes, size_t wanted)
{
    fprintf(stderr, "failing_allocator: %s (%zu bytes, %zu expected)\n", what, bytes, wanted);
    abort();
}

static int acquire(struct torc_test_allocator *allocator)
{
    allocator->acquisitions++;
    if (allocator->fail_at == 0 || allocator->acquisitions < allocator->fail_at ||
        (allocator->acquisitions > allocator->fail_at && !allocator->fail_for_ever))
        return 0;
    allocator->failed++;
    return TORC_ENOMEM;
}

static struct torc_test_block *block_of(void *ptr, size_t old_bytes)
{
    struct torc_test_block *block = (struct torc_test_block *)ptr - 1;
    if (block->mark != BLOCK_MARK)
        broken("not a block", old_bytes, 0);
    if (block->bytes != old_bytes)
        broken("wrong old size", old_bytes, block->bytes);
    return block;
}

static void remove_block(struct torc_test_allocator *allocator, struct torc_test_block *block)
{
    if (block->previous)
        block->previous->next = block->next;
    else
        allocator->first = block->next;
    if (block->next)
        block->next->previous = block->previous;
    allocator->blocks--;
    allocator->bytes -= block->bytes;
    block->mark = 0;
    free(block);
}

static void *new_block(struct torc_test_allocator *allocator, size_t bytes)
{
    struct torc_test_block *block = malloc(sizeof *block + bytes);
    if (!block)
        broken("the machine is out of memory", bytes, 0);
    block->bytes = bytes;
    block->mark = BLOCK_MARK;
    block->previous = NULL;
    block->next = allocator->first;
    if (block->next)
        block->next->previous = block;
    allocator->first = block;
    allocator->blocks++;
    allocator->bytes += bytes;
    memset(block + 1, 0xa5, bytes);
    return block + 1;
}

/* Always moves, so that a pointer kept into a grown block is caught. */
static void *resize(void *ctx, void *ptr, size_t old_bytes, size_t new_bytes)
{
    struct torc_test_allocator *allocator = ctx;
    struct torc_test_block *old = ptr ? block_of(ptr, old_bytes) : NULL;
    void *block = NULL;

    if (!old && old_bytes != 0)
        broken("an old size without a block", old_bytes, 0);
    if (new_bytes > old_bytes && acquire(allocator) != 0)
        return NULL;
    if (new_bytes > 0) {
        block = new_block(allocator, new_bytes);
        if (old)
            memcpy(block, ptr, old_bytes < new_bytes ? old_bytes : new_bytes);
    }
    if (old)
        remove_block(allocator, old);
    return block;
}

static int admit(void *ctx, size_t bytes)
{
    (void)bytes;
    return acquire(ctx);
}

void torc_test_allocator_init(struct torc_test_allocator *allocator)
{
    memset(allocator, 0, sizeof *allocator);
    allocator->base.resize = resize;
    allocator->base.admit = admit;
    allocator->base.ctx = allocator;
}

void torc_test_allocator_fail_at(struct torc_test_allocator *allocator, uint64_t k, bool for_ever)
{
    allocator->acquisitions = 0;
    allocator->failed = 0;
    allocator->fail_at = k;
    allocator->fail_for_ever = for_ever;
}

size_t torc_test_allocator_blocks(const struct torc_test_allocator *allocator)
{
    for (const struct torc_test_block *at = allocator->first; at; at = at->next)
        fprintf(stderr, "failing_allocator: %zu bytes were not given back\n", at->bytes);
    return allocator->blocks;
}

void torc_test_allocator_clear(struct torc_test_allocator *allocator)
{
    while (allocator->first)
        /* Another one each time.  NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        remove_block(allocator, allocator->first);
}
