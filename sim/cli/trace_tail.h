/* trace_tail.h - the last lines of the trace of a run that another process makes, and that may crash. */
#ifndef TORCI_TRACE_TAIL_H
#define TORCI_TRACE_TAIL_H

#include <torc/scenario.h>

enum { TORCI_TRACE_TAIL_BYTES = 256 * 1024 };

struct torci_trace_tail;

/* Before the process is made.  NULL: out of memory. */
struct torci_trace_tail *torci_trace_tail_new(void);
void torci_trace_tail_free(struct torci_trace_tail *tail);

/* The run with these options writes its trace there. */
void torci_trace_tail_watch(struct torci_trace_tail *tail, struct torc_scenario_run_options *options);

/* The whole lines among the last TORCI_TRACE_TAIL_BYTES; to be freed.  NULL: out of memory. */
char *torci_trace_tail_text(const struct torci_trace_tail *tail);

#endif
