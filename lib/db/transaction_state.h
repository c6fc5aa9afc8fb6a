/* transaction_state.h - what an interaction holds; lives for one run of it, inside the job. */
#ifndef TORCI_TRANSACTION_STATE_H
#define TORCI_TRANSACTION_STATE_H

#include "connection.h"

/* A failure in the interaction's own words; the platform's memory. */
struct torci_refusal {
    const struct torc_failure_type *type;
    int code;
    char message[256];
    char column[128]; /* "": none */
};

struct torc_transaction {
    struct torci_connection *connection;
    unsigned attempt;
    bool wanted; /* a transaction is open around it: without one, statements are refused */
    unsigned flags; /* of its statements: TORCI_RUN_READ, or 0 */
    void *value;
    torc_drop_fn *drop;
    struct torci_refusal *refusal; /* the last one; NULL: none */
};

void torci_transaction_forget_refusal(struct torc_transaction *transaction);
/* Releases a value that was given, and a refusal. */
void torci_transaction_clear(struct torc_transaction *transaction);

#endif
