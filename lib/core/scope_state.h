/* scope_state.h - what a scope is made of; for scope.c, log.c, failure.c and deferred*.c alone. */
#ifndef TORCI_SCOPE_STATE_H
#define TORCI_SCOPE_STATE_H

#include <stdbool.h>

#include <torc/log.h>
#include <torc/scope.h>

#include "scope_pool.h"

struct torc_scope {
    struct torc_allocator allocator;
    struct torc_log_observer *observer;
    struct torc_scope_counts counts;
};

#endif
