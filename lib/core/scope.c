#include <stdlib.h>
#include <string.h>

#include "scope_state.h"

static void *library_resize(void *ctx, void *ptr, size_t old_bytes, size_t new_bytes)
{
    (void)ctx;
    (void)old_bytes;
    if (new_bytes == 0) {
        free(ptr);
        return NULL;
    }
    return ptr ? realloc(ptr, new_bytes) : malloc(new_bytes);
}

int torc_scope_new(const struct torc_allocator *allocator, struct torc_log_observer *observer,
                   struct torc_scope **out)
{
    static const struct torc_allocator library = {library_resize, NULL, NULL};
    struct torc_scope *scope;

    if (!allocator)
        allocator = &library;
    scope = allocator->resize(allocator->ctx, NULL, 0, sizeof *scope);
    if (!scope)
        return TORC_ENOMEM;
    memset(scope, 0, sizeof *scope);
    scope->allocator = *allocator;
    scope->observer = observer;
    scope->counts.bytes_in_use = sizeof *scope;
    torci_scope_open_deferreds(scope);
    *out = scope;
    return 0;
}

void torc_scope_free(struct torc_scope *scope)
{
    struct torc_allocator allocator;
    if (!scope)
        return;
    torci_scope_close_deferreds(scope);
    allocator = scope->allocator;
    allocator.resize(allocator.ctx, scope, sizeof *scope, 0);
}

/* An empty block is an address of its own, so that NULL always means no memory. */
static size_t block_bytes(size_t bytes)
{
    return bytes > 0 ? bytes : 1;
}

void *torc_resize(struct torc_scope *scope, void *ptr, size_t old_bytes, size_t new_bytes)
{
    void *block;
    old_bytes = ptr ? block_bytes(old_bytes) : 0;
    new_bytes = block_bytes(new_bytes);
    block = scope->allocator.resize(scope->allocator.ctx, ptr, old_bytes, new_bytes);
    if (block)
        scope->counts.bytes_in_use += new_bytes - old_bytes;
    return block;
}

void *torc_alloc(struct torc_scope *scope, size_t bytes)
{
    return torc_resize(scope, NULL, 0, bytes);
}

void *torc_alloc_zero(struct torc_scope *scope, size_t bytes)
{
    void *block = torc_alloc(scope, bytes);
    if (block)
        memset(block, 0, bytes);
    return block;
}

void torc_release(struct torc_scope *scope, void *ptr, size_t bytes)
{
    if (!ptr)
        return;
    scope->allocator.resize(scope->allocator.ctx, ptr, block_bytes(bytes), 0);
    scope->counts.bytes_in_use -= block_bytes(bytes);
}

int torci_scope_admit(struct torc_scope *scope, size_t bytes)
{
    return scope->allocator.admit ? scope->allocator.admit(scope->allocator.ctx, bytes) : 0;
}

struct torc_log_observer *torc_scope_set_observer(struct torc_scope *scope,
                                                  struct torc_log_observer *observer)
{
    struct torc_log_observer *before = scope->observer;
    scope->observer = observer;
    return before;
}

void torc_scope_count(const struct torc_scope *scope, struct torc_scope_counts *out)
{
    *out = scope->counts;
}
