/* datagram.h - a datagram port from the inside. */
#ifndef TORCI_DATAGRAM_H
#define TORCI_DATAGRAM_H

#include <torc/datagram.h>

#include "stream_layer.h"

struct torci_datagram {
    struct torci_slot slot;
    uint64_t handle; /* 0: closed */
    struct torc_datagram_protocol *protocol;
    struct torci_stream_layer *layer;
    const char *site;
    struct torc_failure *reason; /* once it is closed, until `stopped` is told; held */
    size_t bytes_max, read_max;
    uint64_t dropped;
    unsigned callbacks; /* that are running */
    bool paused;
    bool connected;
    struct torc_address peer; /* of a connected one; of others the family alone, which is the port's own */
};

void torci_datagram_ready(struct torci_datagram *port);
/* Closes it; `reason` is taken. */
void torci_datagram_end(struct torci_datagram *port, struct torc_failure *reason);

#endif
