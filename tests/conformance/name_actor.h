/* What became of a lookup, or of connecting to a name. */
#ifndef TORC_CONFORMANCE_NAME_ACTOR_H
#define TORC_CONFORMANCE_NAME_ACTOR_H

#include <torc/resolver.h>

#include "conformance.h"

struct outcome {
    struct conf *c;
    bool fired;
    unsigned fires;
    const struct torc_failure_type *type; /* of the failure, or NULL */
    size_t count;                         /* of the addresses */
    struct torc_address list[8];
    struct torc_protocol *protocol;
    struct torc_deferred *deferred;
};

/* Begins a lookup at the client; `options` may be NULL. */
int outcome_resolve(struct conf *c, struct outcome *outcome, const char *name,
                    const struct torc_resolve_options *options);
/* Connects the client to the name; `options` may be NULL. */
int outcome_connect(struct conf *c, struct outcome *outcome, const char *name, uint16_t port,
                    struct service *client, const struct torc_connect_name_options *options);
/* Whether it fails, in time, with that very type. */
bool outcome_is(struct outcome *outcome, const struct torc_failure_type *type);

#endif
