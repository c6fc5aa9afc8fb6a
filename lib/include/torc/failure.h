/* torc/failure.h - an asynchronous error, as an object that can be handed on.
 *
 * A failure has a type (a static descriptor with a parent, so that a handler can ask for a whole
 * family), a code of torc/error.h, a sentence, the place it was made and perhaps the failure that
 * caused it.  Failures are reference counted and immutable.
 *
 * Making one never fails: without memory the answer is the static out-of-memory failure.  The
 * failures of closing and cancelling are static too, so that ending things never needs memory. */
#ifndef TORC_FAILURE_H
#define TORC_FAILURE_H

#include <stdbool.h>

#include <torc/scope.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Identity is the address; `name` is for people and for scenarios. */
struct torc_failure_type {
    const char *name;
    const struct torc_failure_type *parent; /* NULL for a root */
};

/* The hierarchy of the library.  Everything descends from torc_error.
 *
 *   error
 *     out_of_memory  cancelled  timeout  invalid_argument  limit  deferred_error
 *     name_error > name_not_found
 *     reactor_error > not_running, job_failed
 *     connect_error > connect_bind_error, connection_refused, connect_timeout, no_route,
 *                     connect_cancelled, no_protocol, address_error
 *     listen_error
 *     connection_closed > connection_done
 *                       > connection_lost > connection_aborted, connection_reset, connection_timeout
 *     protocol_error > line_too_long
 *     database_error > database_busy, database_constraint, database_full, database_io,
 *                      database_corrupt, database_interrupted, database_lost, database_statement,
 *                      database_value, database_migration, pool_closed                          */
#define TORC_FAILURE_TYPES(X)                                                                      \
    X(error, NULL)                                                                                 \
    X(out_of_memory, &torc_failure_error)                                                          \
    X(cancelled, &torc_failure_error)                                                              \
    X(timeout, &torc_failure_error)                                                                \
    X(invalid_argument, &torc_failure_error)                                                       \
    X(limit, &torc_failure_error)                                                                  \
    X(deferred_error, &torc_failure_error)                                                         \
    X(reactor_error, &torc_failure_error)                                                          \
    X(not_running, &torc_failure_reactor_error)                                                    \
    X(job_failed, &torc_failure_reactor_error)                                                     \
    X(connect_error, &torc_failure_error)                                                          \
    X(connect_bind_error, &torc_failure_connect_error)                                             \
    X(connection_refused, &torc_failure_connect_error)                                             \
    X(connect_timeout, &torc_failure_connect_error)                                                \
    X(connect_cancelled, &torc_failure_connect_error)                                              \
    X(no_route, &torc_failure_connect_error)                                                       \
    X(no_protocol, &torc_failure_connect_error)                                                    \
    X(address_error, &torc_failure_connect_error)                                                  \
    X(name_error, &torc_failure_error)                                                             \
    X(name_not_found, &torc_failure_name_error)                                                    \
    X(listen_error, &torc_failure_error)                                                           \
    X(connection_closed, &torc_failure_error)                                                      \
    X(connection_done, &torc_failure_connection_closed)                                            \
    X(connection_lost, &torc_failure_connection_closed)                                            \
    X(connection_aborted, &torc_failure_connection_lost)                                           \
    X(connection_reset, &torc_failure_connection_lost)                                             \
    X(connection_timeout, &torc_failure_connection_lost)                                           \
    X(protocol_error, &torc_failure_error)                                                         \
    X(line_too_long, &torc_failure_protocol_error)                                                 \
    X(database_error, &torc_failure_error)                                                         \
    X(database_busy, &torc_failure_database_error)                                                 \
    X(database_constraint, &torc_failure_database_error)                                           \
    X(database_full, &torc_failure_database_error)                                                 \
    X(database_io, &torc_failure_database_error)                                                   \
    X(database_corrupt, &torc_failure_database_error)                                              \
    X(database_interrupted, &torc_failure_database_error)                                          \
    X(database_lost, &torc_failure_database_error)                                                 \
    X(database_statement, &torc_failure_database_error)                                            \
    X(database_value, &torc_failure_database_error)                                                \
    X(database_migration, &torc_failure_database_error)                                            \
    X(pool_closed, &torc_failure_database_error)

#define X(name, parent) extern TORC_API const struct torc_failure_type torc_failure_##name;
TORC_FAILURE_TYPES(X)
#undef X

/* Makes a failure with one reference.  `cause` is taken and may be NULL.  Never NULL: without
 * memory, `cause` is dropped and the answer is torc_failure_no_memory(). */
TORC_API struct torc_failure *torc_failure_new_at(const char *site, struct torc_scope *scope,
                                                  const struct torc_failure_type *type, int code,
                                                  struct torc_failure *cause, const char *format,
                                                  ...) TORC_PRINTF(6, 7);
#define torc_failure_new(...) torc_failure_new_at(TORC_HERE, __VA_ARGS__)

/* The same, with a structure that says more than the sentence: which one, the type's documentation tells
 * (database_error: struct torc_database_error).  `detail` is taken always: `drop_detail` is called when
 * the failure goes, or at once without memory. */
TORC_API struct torc_failure *torc_failure_new_detailed_at(const char *site,
                                                           struct torc_scope *scope,
                                                           const struct torc_failure_type *type,
                                                           int code, struct torc_failure *cause,
                                                           void *detail, torc_drop_fn *drop_detail,
                                                           const char *format, ...)
    TORC_PRINTF(8, 9);
#define torc_failure_new_detailed(...) torc_failure_new_detailed_at(TORC_HERE, __VA_ARGS__)

/* The static failure of a type of the library, with that type's usual code and sentence; for a
 * foreign type, that of its nearest ancestor.  Keeping and dropping it does nothing. */
TORC_API struct torc_failure *torc_failure_static(const struct torc_failure_type *type);
TORC_API struct torc_failure *torc_failure_no_memory(void);

/* The failure for an error code: its type is the one that code means (TORC_ENOMEM ->
 * out_of_memory, TORC_ECONNRESET -> connection_reset, ...; otherwise error).  Never NULL. */
TORC_API struct torc_failure *torc_failure_of_code_at(const char *site, struct torc_scope *scope,
                                                      int code, const char *attempted);
#define torc_failure_of_code(...) torc_failure_of_code_at(TORC_HERE, __VA_ARGS__)

/* One more reference; returns its argument.  One less; the last frees it, and its causes without
 * recursion.  Both accept NULL. */
TORC_API struct torc_failure *torc_failure_keep(struct torc_failure *failure);
TORC_API void torc_failure_drop(struct torc_failure *failure);

/* Borrowed, until the failure is dropped.  The message is never NULL. */
TORC_API const struct torc_failure_type *torc_failure_type(const struct torc_failure *failure);
TORC_API int torc_failure_code(const struct torc_failure *failure);
TORC_API const char *torc_failure_message(const struct torc_failure *failure);
TORC_API const char *torc_failure_site(const struct torc_failure *failure); /* NULL if static */
TORC_API struct torc_failure *torc_failure_cause(const struct torc_failure *failure);
TORC_API const void *torc_failure_detail(const struct torc_failure *failure); /* NULL: none */

/* Whether the failure's type is `type` or descends from it. */
TORC_API bool torc_failure_check(const struct torc_failure *failure,
                                 const struct torc_failure_type *type);

/* "connection_refused: sentence (file.c:42); caused by ..." into a buffer; returns the length the
 * whole text has, as torc_format does. */
TORC_API size_t torc_failure_describe(const struct torc_failure *failure, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif
#endif
