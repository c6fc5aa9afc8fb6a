/* torc/trace.h - the canonical record of a run: events, their digest, and where they are written.
 *
 * An event has a dense number n, a virtual time t, a host, a kind, a cause (the n of the event that led
 * to it, or none) and fields in a fixed order for its kind: integers, texts and payloads.  The digest is
 * XXH3-128 over the canonical binary form of the events, never over pointers, descriptors, sites or time
 * of day; the form is described in docs/trace.md.  The same events make the same digest on every
 * machine, compiler and build.
 *
 * Without a writer only the digest is kept, and an event costs a few dozen nanoseconds. */
#ifndef TORC_TRACE_H
#define TORC_TRACE_H

#include <torc/database_event.h>
#include <torc/scope.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TORC_TRACE_KINDS(X)                                                                        \
    X(start) X(stop) X(listen) X(accept) X(connect) X(rx) X(tx) X(close) X(reset) X(timer)         \
    X(turn) X(choose) X(fault) X(job) X(signal) X(deferred) X(property) X(mark) X(log) X(clock)    \
    X(draw) X(names) X(option) X(shutdown) X(refuse) X(db) X(file) X(call) X(decide)               \
    X(datagram) X(peer) X(send) X(receive) X(lost) X(refused) X(resolve)          \
    X(drop) X(net) X(timeout)

enum torc_trace_kind {
#define X(name) TORC_TRACE_##name,
    TORC_TRACE_KINDS(X)
#undef X
    TORC_TRACE_KIND_COUNT
};

struct torc_trace;

/* Gets one line of JSON, newline included.  Returns 0, or an error, after which no more is written and
 * torc_trace_error tells it. */
typedef int torc_trace_write_fn(void *arg, const char *line, size_t bytes);

/* `write` NULL: digest only.  Errors: TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_trace_new(torc_trace_write_fn *write, void *arg,
                                         struct torc_trace **out);
TORC_API void torc_trace_free(struct torc_trace *trace);

/* From now on each line that is written ends with a field "h": the digest of everything up to and with its
 * event, so that the first event in which two runs differ can be found. */
TORC_API void torc_trace_show_hash(struct torc_trace *trace);

/* From now on the last events, about `bytes` of their binary form (at least 16 KiB), are kept in memory as well, which
 * costs an event next to nothing.  Before the first event, and once.  Errors: TORC_EMISUSE, TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_trace_keep(struct torc_trace *trace, size_t bytes);
/* Hands the last events that are kept, at most `max`, to `write` line by line, the oldest first, without notes and
 * without "h"; nothing if none are kept.  Not between the beginning and the end of an event.  Errors: that of `write`,
 * after which it is not called again; TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_trace_write_kept(const struct torc_trace *trace, uint64_t max,
                                                torc_trace_write_fn *write, void *arg);
/* A behaviour is a kind of event on a host, with what tells it from others of its kind (which fault, mark, property, code;
 * no connection, time or payload), and the host and kind of the event that caused it: an edge of what led to what.
 * docs/trace.md says which fields count.  From now on the trace keeps the set of them, which costs some nanoseconds an
 * event, and 4 bytes.  Before the first event, and once.  Errors: TORC_EMISUSE, TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_trace_keep_behaviours(struct torc_trace *trace);
/* Shows each of them once, as a number that is never 0 and the same on every machine, in no order; none if they are not
 * kept. */
typedef void torc_visit_number_fn(void *arg, uint64_t number);
TORC_API void torc_trace_behaviours(const struct torc_trace *trace, torc_visit_number_fn *visit, void *arg);

/* Begins an event, ends it.  Between them come its fields, in the order its kind prescribes.  No event
 * begins inside another.  Names of fields outlive the trace.  Returns n, counted from 1. */
TORC_API uint64_t torc_trace_begin(struct torc_trace *trace, enum torc_trace_kind kind,
                                   uint64_t t_ns, const char *host, uint64_t cause);
TORC_API void torc_trace_integer(struct torc_trace *trace, const char *name, int64_t value);
TORC_API void torc_trace_text(struct torc_trace *trace, const char *name, const char *value);
TORC_API void torc_trace_bytes(struct torc_trace *trace, const char *name, const void *data,
                               size_t bytes);
/* A value of a database with its type; a list of them; rows of `columns` values, one after the other. */
TORC_API void torc_trace_value(struct torc_trace *trace, const char *name,
                               const struct torc_db_value *value);
TORC_API void torc_trace_values(struct torc_trace *trace, const char *name,
                                const struct torc_db_value *values, size_t count);
TORC_API void torc_trace_rows(struct torc_trace *trace, const char *name,
                              const struct torc_db_value *values, size_t columns, size_t rows);
/* Shown in the written form, not part of the digest: sites, wall time. */
TORC_API void torc_trace_note(struct torc_trace *trace, const char *name, const char *value);
TORC_API void torc_trace_end(struct torc_trace *trace);

TORC_API uint64_t torc_trace_count(const struct torc_trace *trace);
/* What the writer answered, or that there was no memory for its behaviours; 0: nothing. */
TORC_API int torc_trace_error(const struct torc_trace *trace);

/* The digest so far as 32 hexadecimal digits and a NUL. */
#define TORC_DIGEST_TEXT_BYTES 33
TORC_API void torc_trace_digest(const struct torc_trace *trace, char out[TORC_DIGEST_TEXT_BYTES]);

TORC_API const char *torc_trace_kind_name(enum torc_trace_kind kind);

#ifdef __cplusplus
}
#endif
#endif
