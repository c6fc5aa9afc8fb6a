/* udp.h - ports for datagrams, and datagrams on their way. */
#ifndef TORCI_UDP_H
#define TORCI_UDP_H

#include "stream.h"

struct torci_udp_port {
    struct torci_handle handle;
    struct torci_udp_port *next;  /* of the host; the one opened last is the first */
    struct torc_address local;
    struct torc_address peer;     /* family NONE: not connected */
    struct torci_packet *head;    /* received, in the order they came */
    struct torci_packet *tail;
    uint32_t used;                /* of the receive buffer */
    bool broadcast;
    bool reuse;
    bool refused;                 /* by the peer, and not told yet */
    bool sent;                    /* something */
    uint64_t cause;               /* the refusal */
};

/* --- the slots of torc/platform.h ----------------------------------------------------------- */

int torci_udp_open(struct torc_host *host, const struct torc_address *local, unsigned flags,
                   uint64_t token, uint64_t *out_handle);
int torci_udp_connect(struct torci_udp_port *port, const struct torc_address *peer);
int torci_udp_send(struct torci_udp_port *port, const struct torc_address *to, const void *data,
                   size_t bytes);
int torci_udp_receive(struct torci_udp_port *port, void *buffer, size_t bytes, size_t *out_bytes,
                      struct torc_address *out_from);
int torci_udp_names(const struct torci_udp_port *port, struct torc_address *out_local,
                    struct torc_address *out_peer);
/* Also when the host died with it. */
void torci_udp_close(struct torci_udp_port *port);

/* --- arrival (udp_arrival.c) ---------------------------------------------------------------- */

/* Before the payload of a packet without a connection. */
struct torci_udp_head {
    struct torc_host *sender;
    struct torc_host *host; /* where the packet goes */
    uint8_t from_ip[16];
    uint8_t to_ip[16];
    uint16_t from_port;
    uint16_t to_port;
    uint8_t family;
    bool broadcast;
};

static inline struct torci_udp_head *torci_udp_head_of(struct torci_packet *packet)
{
    return (struct torci_udp_head *)(void *)packet->payload;
}

/* Something has reached its host (taken). */
void torci_udp_arrive(struct torc_world *world, struct torci_packet *packet);

/* Forgets the first datagram received. */
void torci_udp_unqueue(struct torci_udp_port *port);

/* The address of a datagram, and how it is written in traces: "udp:10.0.0.1:53". */
struct torc_address torci_udp_from(const struct torci_udp_head *head);
struct torc_address torci_udp_to(const struct torci_udp_head *head);
void torci_udp_trace_address(struct torc_trace *trace, const char *name,
                             const struct torc_address *address);

#endif
