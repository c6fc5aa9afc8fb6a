/* packet_pool.h - packets in flight and received segments: blocks of a few sizes, kept for
 * reuse. */
#ifndef TORCI_PACKET_POOL_H
#define TORCI_PACKET_POOL_H

#include <torc/scope.h>

struct torci_connection;

enum torci_packet_kind {
    TORCI_PACKET_SYN,
    TORCI_PACKET_SYN_ACK,
    TORCI_PACKET_ACK, /* the third of the three; later ones are not packets (stream.c) */
    TORCI_PACKET_DATA,
    TORCI_PACKET_FIN, /* detail 1: the sender has closed altogether */
    TORCI_PACKET_RESET, /* detail: a code that is told instead of refused or reset, or 0 */
    TORCI_PACKET_DATAGRAM,   /* these two are of no stream: torci_udp_head is before their payload */
    TORCI_PACKET_UNREACHABLE
};

struct torci_packet {
    struct torci_packet *next;
    struct torci_connection *connection; /* holds a reference; NULL: of no stream (udp.h) */
    uint64_t arrives_ns;
    uint64_t sequence;
    uint64_t cause;
    uint32_t bytes;
    int16_t detail;
    uint8_t kind;    /* enum torci_packet_kind */
    uint8_t to : 1;  /* side of the connection */
    uint8_t size_class : 7;
    uint8_t payload[];
};

#define TORCI_PACKET_CLASSES 11 /* blocks of 64 bytes, 128, ... 64 KiB; larger ones are not kept */

struct torci_packet_pool {
    struct torci_packet *free[TORCI_PACKET_CLASSES];
};

/* A packet with room for `bytes`; only its `bytes` is set.  NULL: out of memory. */
struct torci_packet *torci_packet_new(struct torci_packet_pool *pool,
                                      const struct torc_allocator *allocator, uint32_t bytes);
void torci_packet_free(struct torci_packet_pool *pool, const struct torc_allocator *allocator,
                       struct torci_packet *packet);
void torci_packet_pool_destroy(struct torci_packet_pool *pool,
                               const struct torc_allocator *allocator);

#endif
