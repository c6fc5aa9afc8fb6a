/* link.h - one direction of the path between two hosts: a pipe with a delay and a rate in which
 * nothing overtakes.  Its packets wait in order, and only the first is in the world's heap. */
#ifndef TORCI_LINK_H
#define TORCI_LINK_H

#include <torc/network_fault.h>

#include "world.h"

/* What a cut does to the packets of one family. */
enum torci_cut_state { TORCI_CUT_NONE, TORCI_CUT_DROP, TORCI_CUT_JAM, TORCI_CUT_SLOW };
struct torci_link_cut {
    enum torci_cut_state state;
    uint32_t factor;
    uint64_t delay_ns;
};

struct torci_link {
    struct torc_link settings;
    struct torc_host *from;
    struct torc_host *to;
    struct torci_packet *head; /* in flight */
    struct torci_packet *tail;
    uint64_t free_at_ns;      /* when the sender's end has put the last packet on the wire */
    uint64_t last_arrival_ns;
    bool odd;         /* more than a constant delay and a rate may concern its packets (link_fault.c) */
    bool overtaken;   /* some packet has gone alone */
    uint32_t repeats; /* streams that send again on it (repeat.c) */
    struct torci_link_cut cuts[2]; /* of IPv4, of IPv6 */
    struct torci_packet *jam_head;
    struct torci_packet *jam_tail;
};

/* The link, made with the default settings if there is none yet.  NULL: out of memory. */
struct torci_link *torci_link_between(struct torc_host *from, struct torc_host *to);

/* Sends a packet, which is taken.  `wire_bytes` occupy the sender's end at the link's rate. */
void torci_link_send(struct torci_link *link, struct torci_packet *packet, uint32_t wire_bytes);

/* When a packet without weight, sent now, would arrive. */
uint64_t torci_link_arrival(const struct torci_link *link);

/* Frees the host's links and what is in flight on them. */
void torci_host_free_links(struct torc_host *host);

/* --- what may go wrong (link_fault.c) ------------------------------------------------------- */

/* torci_link_send for a link that is odd, or when there is somebody who decides. */
void torci_link_send_odd(struct torci_link *link, struct torci_packet *packet, uint32_t wire_bytes);

/* The packet, which is taken, does not arrive: it is sent again later, or gone. */
void torci_link_lose(const struct torci_link *link, struct torci_packet *packet, const char *why);

/* After a change of what it depends on: whether the link is odd. */
void torci_link_judge(struct torci_link *link);

/* Whether what is sent in that family does not arrive while things are as they are. */
bool torci_link_cut_off(const struct torci_link *link, unsigned family);

/* Puts bytes on the wire; when they all are.  Lets a packet arrive, after those before it if need be (link.c). */
uint64_t torci_link_put_on_wire(struct torci_link *link, uint32_t wire_bytes);
void torci_link_append(struct torci_link *link, struct torci_packet *packet, uint64_t arrives_ns);

/* How long a packet takes, `bits` being random (link_delay.c). */
uint64_t torci_link_delay(const struct torc_link *settings, uint64_t bits);
/* -log2(x / 2^64) in units of 2^-24; x is not 0. */
uint32_t torci_minus_log2(uint64_t x);

static inline uint64_t torci_add_saturated(uint64_t a, uint64_t b)
{
    return a > TORC_NEVER - b ? TORC_NEVER : a + b;
}

#endif
