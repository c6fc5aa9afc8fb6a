/* failure_state.h - the layout of a failure; for failure.c and deferred*.c alone. */
#ifndef TORCI_FAILURE_STATE_H
#define TORCI_FAILURE_STATE_H

#include <torc/failure.h>

/* There are four kinds, told apart without a field of its own:
 *   static     scope is NULL; constant data, never counted
 *   allocated  the message stands right behind the structure, in the same block
 *   detailed   a struct torci_failure_detail stands between the two
 *   own        part of a deferred (deferred_state.h), which cannot be used anew while somebody keeps it;
 *              made without memory, when a source is dropped */
struct torc_failure {
    const struct torc_failure_type *type;
    struct torc_scope *scope;
    const char *site;
    struct torc_failure *cause;
    const char *message;
    uint32_t references;
    int32_t code;
};

struct torci_failure_detail {
    void *detail;
    torc_drop_fn *drop;
};

#endif
