/* scope_pool.h - fixed-size objects, taken and given back without the allocator's cost.
 *
 * For the files of core that make and end many objects of one size: embed a pool in the owner's
 * structure, `torci_pool_init` it, and `torci_pool_clear` it when the owner ends.  Memory comes from
 * the scope's allocator in chunks and returns to it only at clear.
 *
 * Every get is one acquisition as a test sees it: it either calls the allocator's `resize` (for a new
 * chunk) or asks its `admit`.  An object given back is poisoned under AddressSanitizer, so a use
 * after the put is caught as it would be after a free. */
#ifndef TORCI_SCOPE_POOL_H
#define TORCI_SCOPE_POOL_H

#include <torc/scope.h>

#if defined(__SANITIZE_ADDRESS__)
#define TORCI_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TORCI_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef TORCI_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#define TORCI_POISON(address, bytes) __asan_poison_memory_region((address), (bytes))
#define TORCI_UNPOISON(address, bytes) __asan_unpoison_memory_region((address), (bytes))
#else
#define TORCI_POISON(address, bytes) ((void)(address), (void)(bytes))
#define TORCI_UNPOISON(address, bytes) ((void)(address), (void)(bytes))
#endif

struct torci_pool_chunk;
struct torci_pool_object;

struct torci_pool {
    struct torc_scope *scope;
    struct torci_pool_object *free; /* given back, the last one first */
    struct torci_pool_chunk *chunks;
    size_t object_bytes; /* rounded up, so that every object is aligned for anything */
    size_t chunk_objects;
    size_t untouched; /* objects at the end of the newest chunk that were never taken */
};

/* Makes an empty pool; cannot fail, because it allocates nothing yet.  A zeroed pool may be cleared. */
void torci_pool_init(struct torci_pool *pool, struct torc_scope *scope, size_t object_bytes,
                     size_t chunk_objects);

/* Takes an object, not cleared.  NULL: no memory. */
TORC_CHECKED void *torci_pool_get(struct torci_pool *pool);

/* Gives an object back; NULL is accepted. */
void torci_pool_put(struct torci_pool *pool, void *object);

/* Returns all memory to the allocator, objects not given back among it. */
void torci_pool_clear(struct torci_pool *pool);

/* Asks the scope's allocator whether an acquisition that needs no `resize` may go on: what
 * torci_pool_get does, for those who keep free lists of their own.  0 or TORC_ENOMEM. */
TORC_CHECKED int torci_scope_admit(struct torc_scope *scope, size_t bytes);

#endif
