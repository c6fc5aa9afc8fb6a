/* trace_compare.h - the first event in which two traces with hashes (torc run --jsonl --hashes) differ. */
#ifndef TORCI_TRACE_COMPARE_H
#define TORCI_TRACE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A trace in memory, line by line; events are numbered from 1 without gaps. */
struct torci_trace_file {
    char *text; /* mapped; NULL: empty */
    size_t bytes;
    size_t *lines; /* where each begins */
    size_t count;
    size_t capacity;
};

/* 0 or an errno. */
int torci_trace_file_open(struct torci_trace_file *file, const char *path);
void torci_trace_file_close(struct torci_trace_file *file);

/* The event in which they differ first, counted from 1; 0: they are equal.  It may be one beyond the end of
 * the shorter trace. */
size_t torci_trace_compare(const struct torci_trace_file *a, const struct torci_trace_file *b);

/* Prints event `n`, and what led to it, the nearest cause first; "(none)" beyond the end. */
void torci_trace_print_event(const struct torci_trace_file *file, size_t n, const char *title);

#endif
