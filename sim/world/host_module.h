/* host_module.h - what a host keeps of the module it runs. */
#ifndef TORCI_HOST_MODULE_H
#define TORCI_HOST_MODULE_H

#include "world.h"

struct torci_host_module {
    const struct torc_module *module;
    struct torc_module watched; /* the same, but with ours between: its instance is this structure */
    struct torc_host *host;
    void *instance;
    struct torc_options *options; /* in the arena of this life */
    bool started; /* in this life of the host */
    bool stopped; /* there is no instance any more */
    size_t pair_count; /* names and values together */
    char **pairs;
};

/* `of` is what they are the options of, in the sentence of an error. */
TORC_CHECKED int torci_module_parse(struct torc_host *host, const struct torc_option *table,
                                    const char *of, const char *const *pairs, size_t pair_count,
                                    char *error, size_t error_size, struct torc_options **out);
/* Names and values together, of a list that ends with NULL, or is NULL. */
size_t torci_count_pairs(const char *const *pairs);

#endif
