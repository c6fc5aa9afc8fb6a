/* packet_pool.c - one list of free blocks for each size. */
#include "packet_pool.h"

#define BLOCK_BYTES_MIN 64

static size_t block_bytes(unsigned size_class, uint32_t bytes)
{
    if (size_class == TORCI_PACKET_CLASSES)
        return sizeof(struct torci_packet) + bytes;
    return (size_t)BLOCK_BYTES_MIN << size_class;
}

struct torci_packet *torci_packet_new(struct torci_packet_pool *pool,
                                      const struct torc_allocator *allocator, uint32_t bytes)
{
    struct torci_packet *packet;
    unsigned size_class = 0;

    while (size_class < TORCI_PACKET_CLASSES &&
           block_bytes(size_class, 0) < sizeof *packet + bytes)
        size_class++;
    if (size_class < TORCI_PACKET_CLASSES && pool->free[size_class] != NULL) {
        packet = pool->free[size_class];
        pool->free[size_class] = packet->next;
    } else {
        packet = allocator->resize(allocator->ctx, NULL, 0, block_bytes(size_class, bytes));
        if (packet == NULL)
            return NULL;
    }
    packet->bytes = bytes;
    packet->size_class = (uint8_t)(size_class & 0x7f);
    return packet;
}

void torci_packet_free(struct torci_packet_pool *pool, const struct torc_allocator *allocator,
                       struct torci_packet *packet)
{
    unsigned size_class = packet->size_class;

    if (size_class == TORCI_PACKET_CLASSES) {
        allocator->resize(allocator->ctx, packet, block_bytes(size_class, packet->bytes), 0);
        return;
    }
    packet->next = pool->free[size_class];
    pool->free[size_class] = packet;
}

void torci_packet_pool_destroy(struct torci_packet_pool *pool,
                               const struct torc_allocator *allocator)
{
    unsigned size_class;

    for (size_class = 0; size_class < TORCI_PACKET_CLASSES; size_class++) {
        while (pool->free[size_class] != NULL) {
            struct torci_packet *packet = pool->free[size_class];

            pool->free[size_class] = packet->next;
            allocator->resize(allocator->ctx, packet, block_bytes(size_class, 0), 0);
        }
    }
}
