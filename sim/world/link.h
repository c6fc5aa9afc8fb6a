/* link.h - one direction of the path between two hosts: a pipe with a delay and a rate in which
 * nothing overtakes.  Its packets wait in order, and only the first is in the world's heap. */
#ifndef TORCI_LINK_H
#define TORCI_LINK_H

#include "world.h"

struct torci_link {
    struct torc_link settings;
    struct torc_host *from;
    struct torc_host *to;
    struct torci_packet *head; /* in flight */
    struct torci_packet *tail;
    uint64_t free_at_ns;      /* when the sender's end has put the last packet on the wire */
    uint64_t last_arrival_ns;
};

/* The link, made with the default settings if there is none yet.  NULL: out of memory. */
struct torci_link *torci_link_between(struct torc_host *from, struct torc_host *to);

/* Sends a packet, which is taken.  `wire_bytes` occupy the sender's end at the link's rate. */
void torci_link_send(struct torci_link *link, struct torci_packet *packet, uint32_t wire_bytes);

/* When a packet without weight, sent now, would arrive. */
uint64_t torci_link_arrival(const struct torci_link *link);

/* Frees the host's links and what is in flight on them. */
void torci_host_free_links(struct torc_host *host);

#endif
