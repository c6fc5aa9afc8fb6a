#include "scope_pool.h"

struct torci_pool_object {
    struct torci_pool_object *next;
};

/* Followed by the objects. */
struct torci_pool_chunk {
    _Alignas(max_align_t) struct torci_pool_chunk *next;
};

static size_t chunk_bytes(const struct torci_pool *pool)
{
    return sizeof(struct torci_pool_chunk) + pool->object_bytes * pool->chunk_objects;
}

void torci_pool_init(struct torci_pool *pool, struct torc_scope *scope, size_t object_bytes,
                     size_t chunk_objects)
{
    const size_t unit = _Alignof(max_align_t);
    pool->scope = scope;
    pool->free = NULL;
    pool->chunks = NULL;
    pool->object_bytes = (object_bytes + unit - 1) / unit * unit;
    pool->chunk_objects = chunk_objects;
    pool->untouched = 0;
}

static void *object_at(const struct torci_pool *pool, size_t index)
{
    return (char *)(pool->chunks + 1) + pool->object_bytes * index;
}

static int add_chunk(struct torci_pool *pool)
{
    struct torci_pool_chunk *chunk = torc_alloc(pool->scope, chunk_bytes(pool));
    if (!chunk)
        return TORC_ENOMEM;
    chunk->next = pool->chunks;
    pool->chunks = chunk;
    pool->untouched = pool->chunk_objects;
    TORCI_POISON(chunk + 1, pool->object_bytes * pool->chunk_objects);
    return 0;
}

void *torci_pool_get(struct torci_pool *pool)
{
    void *object;
    if (!pool->free && pool->untouched == 0) {
        if (add_chunk(pool) != 0)
            return NULL;
    } else if (torci_scope_admit(pool->scope, pool->object_bytes) != 0) {
        return NULL;
    }
    object = pool->free;
    if (object) {
        TORCI_UNPOISON(object, pool->object_bytes);
        pool->free = pool->free->next;
    } else {
        object = object_at(pool, pool->chunk_objects - pool->untouched);
        pool->untouched--;
        TORCI_UNPOISON(object, pool->object_bytes);
    }
    return object;
}

void torci_pool_put(struct torci_pool *pool, void *object)
{
    struct torci_pool_object *freed = object;
    if (!freed)
        return;
    freed->next = pool->free;
    pool->free = freed;
    TORCI_POISON(freed, pool->object_bytes);
}

void torci_pool_clear(struct torci_pool *pool)
{
    while (pool->chunks) {
        struct torci_pool_chunk *chunk = pool->chunks;
        pool->chunks = chunk->next;
        TORCI_UNPOISON(chunk, chunk_bytes(pool));
        torc_release(pool->scope, chunk, chunk_bytes(pool));
    }
    pool->free = NULL;
    pool->untouched = 0;
}
