/* torc/log.h - structured log events, given to an observer.
 *
 * The library never prints.  It describes what happened - a level, a namespace, a sentence, some
 * key=value fields, perhaps a failure - and gives that to the scope's observer, at once and on the
 * scope's thread.  An observer must not call back into what logged; what it does is its own affair
 * and has no way to fail. */
#ifndef TORC_LOG_H
#define TORC_LOG_H

#include <stdarg.h>

#include <torc/scope.h>

#ifdef __cplusplus
extern "C" {
#endif

enum torc_log_level {
    TORC_LOG_DEBUG,
    TORC_LOG_INFO,
    TORC_LOG_WARN,
    TORC_LOG_ERROR,
    TORC_LOG_CRITICAL
};

struct torc_log_field {
    const char *key;
    const char *text; /* NULL: `number` is the value */
    int64_t number;
};

/* All pointers are borrowed until emit returns. */
struct torc_log_event {
    enum torc_log_level level;
    const char *name_space; /* dotted: "torc.deferred", "kv" */
    const char *message;    /* one sentence, without a newline */
    const char *site;       /* where it comes from, "file.c:42"; NULL if that says nothing */
    struct torc_failure *failure; /* or NULL */
    const struct torc_log_field *fields;
    size_t field_count;
};

/* Embed it as the first member of the observer's own structure. */
struct torc_log_observer {
    void (*emit)(struct torc_log_observer *self, const struct torc_log_event *event);
};

/* Gives an event to the scope's observer and counts it.  What comes while the observer is looking at one -
 * it logs itself, or drops a failure - is only counted.  Never allocates. */
TORC_API void torc_log_emit(struct torc_scope *scope, const struct torc_log_event *event);

/* The usual case: a formatted sentence (torc/format.h; cut at 511 bytes) and no fields. */
TORC_API void torc_log_at(const char *site, struct torc_scope *scope, enum torc_log_level level,
                          const char *name_space, const char *format, ...) TORC_PRINTF(5, 6);
#define torc_log(...) torc_log_at(TORC_HERE, __VA_ARGS__)

/* An error that is nobody's result: level error, with the failure.  `failure` is borrowed. */
TORC_API void torc_log_failure(struct torc_scope *scope, const char *name_space,
                               const char *message, struct torc_failure *failure);

/* "debug", "info", "warn", "error", "critical". */
TORC_API const char *torc_log_level_name(enum torc_log_level level);

#ifdef __cplusplus
}
#endif
#endif
