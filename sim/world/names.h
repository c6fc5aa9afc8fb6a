/* names.h - what names stand for in a world, and lookups under way. */
#ifndef TORCI_NAMES_H
#define TORCI_NAMES_H

#include "stream.h"

struct torci_name_lookup {
    struct torci_handle handle;
    struct torc_world *world;
    uint32_t references; /* the host's, and that of the event which ends it */
    uint64_t cause;
    int result;
    size_t count;
    struct torc_address addresses[TORC_NAME_ADDRESSES_MAX];
    size_t name_bytes; /* with its NUL */
    char name[];
};

int torci_names_resolve(struct torc_host *host, const char *name, enum torc_address_family family,
                        uint64_t token, uint64_t *out_handle);
size_t torci_names_resolved(const struct torci_name_lookup *lookup, struct torc_address *out,
                            size_t capacity);
void torci_names_end(struct torci_name_lookup *lookup);
/* All of the host's, which died with them. */
void torci_host_end_lookups(struct torc_host *host);
void torci_world_free_names(struct torc_world *world);

#endif
