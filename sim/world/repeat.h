/* repeat.h - a stream's segments that were lost, or whose acknowledgement was: kept by the sender, and sent again
 * after time-outs until they have arrived or the connection has timed out. */
#ifndef TORCI_REPEAT_H
#define TORCI_REPEAT_H

#include "stream.h"

/* Exists from a loss to the acknowledgement of what was lost. */
struct torci_repeat {
    struct torci_end *end; /* the sender's; its connection is held */
    struct torci_packet *head; /* to be sent again, and what was written after it */
    struct torci_packet *tail;
    uint64_t progress_ns; /* when there was any */
    uint64_t timeout_ns;  /* of the next time */
    uint32_t credit_bytes; /* read by the peer, which the acknowledgement could not tell */
    bool over; /* the timer finds nothing to do */
};

/* Sends the packet (ACK, DATA or FIN; taken) again when it is time. */
void torci_repeat_later(struct torci_end *end, struct torci_packet *packet);
/* Something that was sent, or will be, is not acknowledged. */
void torci_repeat_watch(struct torci_end *end);
/* The peer has no such connection, and its reset was lost: it is asked again when it is time. */
void torci_repeat_refused(struct torci_end *end);
/* The peer's acknowledgement of `bytes` read has not come. */
void torci_repeat_miss(struct torci_end *end, uint32_t bytes);

/* Something of the end has arrived, and the sender will know.  Gives back the bytes missed. */
uint32_t torci_repeat_progress(struct torci_end *end);
/* Nothing is sent again any more. */
void torci_repeat_stop(struct torci_end *end);

/* Whether what the end sends now has to wait behind what is sent again. */
static inline bool torci_repeat_before(const struct torci_end *end)
{
    return end->repeat != NULL && end->repeat->head != NULL;
}

#endif
