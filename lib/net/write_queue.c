#include "write_queue.h"

#include <string.h>

#define SMALL_CAPACITY (TORCI_WRITE_CHUNK_BYTES - sizeof(struct torci_write_chunk))
#define APPEND_MAX ((size_t)1 << 31)

void torci_write_queue_pool_init(struct torci_pool *pool, struct torc_scope *scope)
{
    torci_pool_init(pool, scope, TORCI_WRITE_CHUNK_BYTES, 16);
}

static struct torci_write_chunk *chunk_new(struct torci_pool *pool, size_t bytes)
{
    struct torci_write_chunk *chunk;
    size_t size = TORCI_WRITE_CHUNK_BYTES;

    if (bytes <= SMALL_CAPACITY) {
        chunk = torci_pool_get(pool);
    } else {
        size = sizeof *chunk + bytes;
        chunk = torc_alloc(pool->scope, size);
    }
    if (chunk == NULL)
        return NULL;
    chunk->next = NULL;
    chunk->size = (uint32_t)size;
    chunk->begin = chunk->end = 0;
    return chunk;
}

static void chunk_free(struct torci_pool *pool, struct torci_write_chunk *chunk)
{
    if (chunk->size == TORCI_WRITE_CHUNK_BYTES)
        torci_pool_put(pool, chunk);
    else
        torc_release(pool->scope, chunk, chunk->size);
}

static size_t room_of(const struct torci_write_chunk *chunk)
{
    return chunk == NULL ? 0 : chunk->size - sizeof *chunk - chunk->end;
}

int torci_write_queue_append(struct torci_write_queue *queue, struct torci_pool *pool,
                             const struct torc_span *spans, size_t count, size_t total)
{
    struct torci_write_chunk *chunk = queue->last, *more = NULL;
    size_t i;

    if (total > APPEND_MAX)
        return TORC_ELIMIT;
    if (total > room_of(chunk)) {
        more = chunk_new(pool, total - room_of(chunk));
        if (more == NULL)
            return TORC_ENOMEM;
        if (chunk == NULL)
            queue->first = chunk = more;
        else
            chunk->next = more;
        queue->last = more;
    }
    for (i = 0; i < count; i++) {
        const unsigned char *from = spans[i].data;
        size_t left = spans[i].bytes;

        while (left > 0) {
            size_t part = room_of(chunk) < left ? room_of(chunk) : left;

            if (part == 0) {
                chunk = more;
                continue;
            }
            memcpy(chunk->data + chunk->end, from, part);
            chunk->end += (uint32_t)part;
            from += part;
            left -= part;
        }
    }
    queue->bytes += total;
    return TORC_OK;
}

size_t torci_write_queue_spans(const struct torci_write_queue *queue, struct torc_span *spans,
                               size_t capacity, size_t *out_bytes)
{
    const struct torci_write_chunk *chunk;
    size_t count = 0;

    *out_bytes = 0;
    for (chunk = queue->first; chunk != NULL && count < capacity; chunk = chunk->next) {
        spans[count].data = chunk->data + chunk->begin;
        spans[count].bytes = chunk->end - chunk->begin;
        *out_bytes += spans[count].bytes;
        count++;
    }
    return count;
}

void torci_write_queue_consume(struct torci_write_queue *queue, struct torci_pool *pool, size_t bytes)
{
    queue->bytes -= bytes;
    while (queue->first != NULL) {
        struct torci_write_chunk *chunk = queue->first;
        size_t held = chunk->end - chunk->begin;

        if (held > bytes) {
            chunk->begin += (uint32_t)bytes;
            return;
        }
        bytes -= held;
        queue->first = chunk->next;
        chunk_free(pool, chunk);
    }
    queue->last = NULL;
}

void torci_write_queue_clear(struct torci_write_queue *queue, struct torci_pool *pool)
{
    torci_write_queue_consume(queue, pool, queue->bytes);
}
