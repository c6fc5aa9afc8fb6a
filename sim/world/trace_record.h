/* trace_record.h - records of what is traced very often: texts whose length is known, or is found by composing them in
 * the record itself. */
#ifndef TORCI_TRACE_RECORD_H
#define TORCI_TRACE_RECORD_H

#include <torc/trace.h>

/* torc_trace_begin; the name may go on after its bytes. */
uint64_t torci_trace_begin(struct torc_trace *trace, enum torc_trace_kind kind, uint64_t t_ns,
                           const char *host, size_t host_bytes, uint64_t cause);

/* Room for a text of at most `max` bytes, a few hundred; the end tells how many it has become.  Nothing else is
 * written to the trace in between. */
char *torci_trace_text_begin(struct torc_trace *trace, const char *name, size_t max);
void torci_trace_text_end(struct torc_trace *trace, const char *name, char *text, size_t bytes);

#endif
