/* behaviour.h - the set of behaviours of a trace (torc/trace.h): a number for each edge from an event to what it led to. */
#ifndef TORCI_BEHAVIOUR_H
#define TORCI_BEHAVIOUR_H

#include <torc/trace.h>

struct torci_behaviours;

/* NULL: out of memory. */
struct torci_behaviours *torci_behaviours_new(void);
void torci_behaviours_free(struct torci_behaviours *behaviours);

/* An event, its fields in order, its end, as the trace is told them. */
void torci_behaviours_begin(struct torci_behaviours *behaviours, enum torc_trace_kind kind, const char *host,
                            size_t host_bytes, uint64_t cause);
void torci_behaviours_integer(struct torci_behaviours *behaviours, int64_t value);
void torci_behaviours_text(struct torci_behaviours *behaviours, const char *value, size_t bytes);
/* Of a field whose value never counts. */
void torci_behaviours_pass(struct torci_behaviours *behaviours);
/* Errors: TORC_ENOMEM; the set lacks this event. */
TORC_CHECKED int torci_behaviours_end(struct torci_behaviours *behaviours);

void torci_behaviours_visit(const struct torci_behaviours *behaviours, torc_visit_number_fn *visit, void *arg);

#endif
