/* stream.h - connections: two ends, and the packets between them. */
#ifndef TORCI_STREAM_H
#define TORCI_STREAM_H

#include "link.h"

/* What a token stands for in a host: the common beginning of a stream's end, a listener, a datagram port and a lookup. */
enum torci_handle_kind {
    TORCI_HANDLE_STREAM,
    TORCI_HANDLE_LISTENER,
    TORCI_HANDLE_UDP,
    TORCI_HANDLE_LOOKUP
};
struct torci_handle {
    struct torc_host *host; /* NULL: closed, or its host was killed */
    uint64_t token;
    struct torci_handle *ready_next; /* in the host's list of what has something to tell */
    struct torci_handle *ready_previous;
    uint32_t slot;
    uint8_t kind; /* enum torci_handle_kind */
    bool listed;
    uint8_t interest; /* READ, WRITE */
    uint8_t ready;    /* READ, WRITE, CONNECT, NAMES: what is so, asked for or not */
    uint8_t held;     /* READ, WRITE: so or not, for a while it is not told (read.again, write.again) */
};

enum torci_end_state {
    TORCI_END_CLOSED,     /* nobody holds it */
    TORCI_END_CONNECTING, /* client: no answer yet */
    TORCI_END_EMBRYONIC,  /* server: its SYN-ACK is not yet answered */
    TORCI_END_WAITING,    /* server: in the backlog */
    TORCI_END_OPEN
};

#define TORCI_CREDITS 2

struct torci_repeat;

struct torci_end {
    struct torci_handle handle;
    struct torci_link *link; /* to the other end */
    struct torci_repeat *repeat; /* what it sends again (repeat.h); NULL: nothing */
    struct torci_packet *received_head;
    struct torci_packet *received_tail;
    uint32_t received_offset; /* already read of the first */
    uint32_t outstanding; /* bytes written and not yet known to be read by the peer */
    uint32_t capacity;
    uint64_t written; /* bytes, of all its life */
    const uint64_t *splits; /* after so many a segment ends (torci_host_split_stream); NULL: nowhere */
    uint32_t credit_bytes[TORCI_CREDITS]; /* what the peer has read, and when we get to know */
    uint64_t credit_at_ns[TORCI_CREDITS];
    uint64_t held_until_ns[2]; /* READ, WRITE, while held */
    uint8_t was_held;    /* READ, WRITE: it was told again, so the next one goes well */
    uint64_t began_ns;   /* client: when the first SYN was sent */
    uint64_t alone_ns;   /* when the last packet arrives that went alone: those after it do not before */
    uint32_t life;       /* of its host, whose end is its own */
    uint64_t cause;      /* the last event traced of it, which what it sends in that turn goes back to */
    int16_t error;       /* told once, by read or write */
    bool silenced;       /* the connection stalled at its read or write: what it had not read is lost to it */
    int16_t fate;        /* client: the error its connecting is to end with; 0: the peer says */
    uint8_t state;       /* enum torci_end_state */
    uint8_t tries;       /* of the SYN */
    uint8_t side;        /* 0 or 1: which of its connection's ends it is */
    bool vanished : 1;   /* closed by the death of its host */
    bool fin_sent : 1;
    bool fin_received : 1;
    bool fin_read : 1;   /* and traced */
    bool reset : 1;      /* by the peer, or the peer is gone for good: nothing is sent any more */
    bool timed_out : 1;  /* the peer, which knows nothing of it, is answered with a reset */
    bool refused : 1;    /* the peer has reset it, and that was lost */
    bool blocked : 1;    /* the buffer was full and is not yet a third free */
    bool wake_scheduled : 1;
};

/* Side 0 connects, side 1 accepts. */
struct torci_connection {
    uint64_t number;
    uint32_t references; /* ends that are not closed, packets, scheduled events */
    bool holds_port;     /* of the client's host */
    bool stalled;        /* nothing arrives any more, either way */
    uint8_t family;
    uint16_t client_port;
    uint16_t server_port;
    uint8_t client_ip[16];
    uint8_t server_ip[16];
    struct torc_host *hosts[2];
    struct torci_end ends[2];
    struct torci_listener *listener; /* while the server's end is embryonic or waiting */
    struct torci_connection *backlog_next; /* of the listener */
    struct torci_connection *backlog_previous;
    struct torc_address *path; /* UNIX: where it went; or NULL */
};

static inline struct torci_connection *torci_connection_of(struct torci_end *end)
{
    return (struct torci_connection *)(void *)((char *)(end - end->side) -
                                               offsetof(struct torci_connection, ends));
}

/* Whether what the end sends does not arrive while things are as they are. */
static inline bool torci_end_cut_off(struct torci_end *end)
{
    const struct torci_connection *connection = torci_connection_of(end);

    return connection->stalled || torci_link_cut_off(end->link, connection->family);
}

/* --- handles -------------------------------------------------------------------------------- */

/* Gives the handle, whose kind is set, a slot of the host.  Lookups are not on the budget.  Errors: TORC_EMFILE, the
 * budget; TORC_ENOMEM. */
TORC_CHECKED int torci_handle_open(struct torc_host *host, struct torci_handle *handle,
                                   uint64_t *out_handle);
void torci_handle_close(struct torci_handle *handle);
/* NULL: no such handle. */
struct torci_handle *torci_handle_find(struct torc_host *host, uint64_t handle);
/* After a change of `ready` or `interest`: whether it has something to tell. */
void torci_handle_update(struct torci_handle *handle);

/* --- connections ---------------------------------------------------------------------------- */

/* A connection of which only the client's end is in use, with one reference.  NULL: out of
 * memory. */
struct torci_connection *torci_connection_new(struct torc_host *client, struct torc_host *server);
void torci_connection_release(struct torc_world *world, struct torci_connection *connection);
/* The same, as what becomes of an event that does not happen. */
void torci_connection_drop_reference(struct torc_world *world, void *subject);

/* Local and remote address of a side. */
void torci_connection_names(const struct torci_connection *connection, unsigned side,
                            struct torc_address *out_local, struct torc_address *out_peer);

/* The end is no longer held by anybody: what it had received is gone. */
void torci_end_retire(struct torci_end *end);
/* Whether bytes written can be taken; what the peer is known by now to have read is counted off. */
uint32_t torci_end_room(struct torci_end *end);
/* The end hears at that time that `bytes` more have been read. */
void torci_end_credit(struct torci_end *end, uint32_t bytes, uint64_t at_ns);
/* The peer of `end` hears, later, that `bytes` more have been read. */
void torci_end_acknowledge(struct torci_end *end, uint32_t bytes);
/* Its writer met a full buffer: arranges for WRITE to be told once there is room. */
void torci_end_block(struct torci_end *end);

/* What it sent was not acknowledged for so long that it is told. */
void torci_end_time_out(struct torci_end *end);

/* The SYN, or the answer to it, was lost: it is sent again when it is time.  It waits for a path to be healed: in the
 * end the connect times out. */
void torci_connection_lose_syn(struct torci_connection *connection);
void torci_connection_jam_syn(struct torci_connection *connection);

/* Sends a packet without payload from a side to the other. */
void torci_connection_send(struct torci_connection *connection, unsigned from,
                           enum torci_packet_kind kind, int detail);

/* What comes of a SYN, and of the answer to it (connecting.c); the client is connected, or not. */
void torci_syn_arrives(struct torci_connection *connection);
void torci_syn_ack_arrives(struct torci_end *end);
void torci_connect_ends(struct torci_end *end, int result);

/* Nothing is sent: connecting fails with `code` after `after_ns`. */
void torci_connection_fail(struct torci_connection *connection, int code, uint64_t after_ns);

/* --- what reading and writing suffer (stream_fault.c) --------------------------------------- */

/* What goes wrong with a connect, as one of connect.fail. */
uint64_t torci_connect_fate(struct torc_host *host, enum torc_address_family family);
/* The error of what is returned at once, 0: it goes on; of the others, begins them, and whether it did. */
int torci_connect_fails_at_once(uint64_t fate);
bool torci_connect_fails_later(struct torci_connection *connection, uint64_t fate);

/* The error that a read or write of the end, which is open, is to return; 0: it goes well. */
int torci_read_fails(struct torci_end *end);
int torci_write_fails(struct torci_end *end);

/* Of the next `bytes` it writes, so many come before a place where the stream is to be split; all: there is none. */
uint32_t torci_end_unsplit(struct torci_end *end, uint32_t bytes);

/* Something sent has reached its host (taken); what was in flight at the end of the world. */
void torci_packet_arrive(struct torc_world *world, struct torci_packet *packet);
void torci_packet_discard(struct torc_world *world, struct torci_packet *packet);

/* --- the slots of torc/platform.h ----------------------------------------------------------- */

int torci_stream_connect(struct torc_host *host, const struct torc_address *address,
                         const struct torc_address *local, uint64_t token, uint64_t *out_handle);
int torci_stream_read(struct torci_end *end, void *buffer, size_t bytes, size_t *out_bytes);
int torci_stream_writev(struct torci_end *end, const struct torc_span *spans, size_t count,
                        size_t *out_bytes);
int torci_stream_shutdown(struct torci_end *end);
void torci_stream_close(struct torci_end *end, enum torc_close_mode mode);

/* The host died with it. */
void torci_stream_vanish(struct torci_end *end);

#endif
