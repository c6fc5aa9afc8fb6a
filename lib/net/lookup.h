/* lookup.h - looking a name up, from the inside. */
#ifndef TORCI_LOOKUP_H
#define TORCI_LOOKUP_H

#include <torc/resolver.h>

#include "stream_layer.h"

/* One of `addresses` (given) and `failure` (given) is NULL. */
typedef void torci_looked_up_fn(void *arg, struct torc_addresses *addresses,
                                struct torc_failure *failure);

struct torci_lookup {
    struct torci_slot slot;
    uint64_t handle; /* 0: the name is numeric */
    struct torci_stream_layer *layer;
    const char *site;
    char *name;
    torci_looked_up_fn *done;
    void *arg;
    struct torc_source source; /* to be fired where `done` is NULL */
    struct torc_address numeric;
    torci_alarm alarm; /* has the numeric answer, or has waited too long */
    uint16_t port;
};

/* Begins; `done` is called later, once, unless the lookup is ended before.  Errors: as torc_resolve. */
TORC_CHECKED int torci_lookup_begin(struct torci_stream_layer *layer, const char *site,
                                    const char *name, uint16_t port,
                                    const struct torc_resolve_options *options,
                                    torci_looked_up_fn *done, void *arg, struct torci_lookup **out);
/* Lets go of it. */
void torci_lookup_end(struct torci_lookup *lookup);
/* The platform has an answer.  The reactor stops. */
void torci_lookup_answered(struct torci_lookup *lookup, int result);
void torci_lookup_give_up(struct torci_lookup *lookup);

#endif
