/* A protocol for datagrams that notes.  What it does beside that is set by the body, field by field. */
#ifndef TORC_CONFORMANCE_DATAGRAM_ACTOR_H
#define TORC_CONFORMANCE_DATAGRAM_ACTOR_H

#include <torc/datagram.h>

#include "conformance.h"

struct talker {
    struct torc_datagram_protocol protocol;
    struct conf *c;
    const char *name; /* in notes; NULL: none */
    struct torc_failure *(*on_started)(struct talker *self);
    struct torc_failure *(*on_received)(struct talker *self);
    struct torc_failure *(*on_refused)(struct talker *self);
    void (*on_stopped)(struct talker *self);
    unsigned received, refused, stopped;
    const struct torc_failure_type *reason;
    struct torc_address from; /* of the last one */
    size_t bytes;             /* and its length */
    uint8_t data[64];         /* and its beginning */
    uint64_t sum;             /* and pattern_sum over it */
    struct torc_address address; /* where it is open */
};

void talker_init(struct conf *c, struct talker *talker, const char *name);
/* Opens it on `address`; `options` may be NULL. */
int talker_open_at(struct talker *talker, struct torc_reactor *reactor,
                   const struct torc_address *address, const struct torc_datagram_options *options);
/* On an address of the server's; on any address of the client's, of the family of `like`. */
bool talker_serve(struct talker *talker);
bool talker_call(struct talker *talker, const struct talker *like);
int talker_send(struct talker *talker, const char *text, const struct torc_address *to);

#endif
