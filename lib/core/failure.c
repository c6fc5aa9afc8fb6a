#include <string.h>

#include <torc/format.h>

#include "deferred_state.h"

#define X(name, parent) const struct torc_failure_type torc_failure_##name = {#name, parent};
TORC_FAILURE_TYPES(X)
#undef X

/* The usual code and sentence of each type. */
#define STATIC_FAILURES(X)                                                                         \
    X(error, TORC_ESYSTEM, "an error")                                                             \
    X(out_of_memory, TORC_ENOMEM, "out of memory")                                                 \
    X(cancelled, TORC_ECANCELED, "cancelled")                                                      \
    X(timeout, TORC_ETIMEDOUT, "timed out")                                                        \
    X(invalid_argument, TORC_EINVAL, "invalid argument")                                           \
    X(limit, TORC_ELIMIT, "a limit was reached")                                                   \
    X(deferred_error, TORC_EMISUSE, "a deferred was used in a way that gives no result")           \
    X(reactor_error, TORC_EMISUSE, "the reactor cannot do that now")                               \
    X(not_running, TORC_ENOTRUNNING, "the reactor is not running")                                 \
    X(job_failed, TORC_ESYSTEM, "a job failed")                                                    \
    X(connect_error, TORC_ENOTCONN, "the connection could not be made")                            \
    X(connect_bind_error, TORC_EADDRNOTAVAIL, "the local address could not be bound")              \
    X(connection_refused, TORC_ECONNREFUSED, "connection refused")                                 \
    X(connect_timeout, TORC_ETIMEDOUT, "the connection was not made in time")                      \
    X(connect_cancelled, TORC_ECANCELED, "connecting was cancelled")                               \
    X(no_route, TORC_EHOSTUNREACH, "no route to host")                                             \
    X(no_protocol, TORC_EINVAL, "the factory made no protocol")                                    \
    X(address_error, TORC_EINVAL, "the address cannot be used")                                    \
    X(name_error, TORC_EIO, "names cannot be looked up")                                            \
    X(name_not_found, TORC_ENOTFOUND, "no address of that name is known")                          \
    X(listen_error, TORC_EADDRINUSE, "listening is not possible there")                            \
    X(connection_closed, TORC_ECLOSED, "the connection was closed")                                \
    X(connection_done, TORC_ECLOSED, "the connection was closed cleanly")                          \
    X(connection_lost, TORC_ENOTCONN, "the connection was lost")                                   \
    X(connection_aborted, TORC_ECONNABORTED, "the connection was aborted")                         \
    X(connection_reset, TORC_ECONNRESET, "connection reset by peer")                               \
    X(connection_timeout, TORC_ETIMEDOUT, "the connection timed out")                              \
    X(protocol_error, TORC_EPROTOCOL, "the peer broke the protocol")                               \
    X(line_too_long, TORC_ETOOLONG, "a line was too long")                                         \
    X(database_error, TORC_EDATABASE, "the database cannot do that")                               \
    X(database_busy, TORC_EBUSY, "the database is in use")                                         \
    X(database_constraint, TORC_ECONSTRAINT, "a constraint of the database forbids it")            \
    X(database_full, TORC_ENOSPC, "the database has no space left")                                \
    X(database_io, TORC_EIO, "the database cannot be read or written")                             \
    X(database_corrupt, TORC_ECORRUPT, "the database is damaged")                                  \
    X(database_interrupted, TORC_ECANCELED, "the statement was interrupted")                       \
    X(database_lost, TORC_EUNKNOWN, "the connection to the database was lost")                     \
    X(database_statement, TORC_EINVAL, "the statement cannot be run")                              \
    X(database_value, TORC_EINVAL, "a value has not the type that was asked for")                  \
    X(database_migration, TORC_EDATABASE, "the schema cannot be brought up to date")               \
    X(pool_closed, TORC_ECLOSED, "the pool is closed")

static const struct torc_failure static_failures[] = {
#define X(name, code, text) {&torc_failure_##name, NULL, NULL, NULL, text, 1, code},
    STATIC_FAILURES(X)
#undef X
};

enum { STATIC_COUNT = sizeof static_failures / sizeof static_failures[0] };

/* Constant data behind a pointer that is not const, because the interface has one type for all
 * failures; nothing writes to a failure without a scope. */
static struct torc_failure *shared(const struct torc_failure *failure)
{
    return (struct torc_failure *)failure;
}

struct torc_failure *torc_failure_static(const struct torc_failure_type *type)
{
    for (; type; type = type->parent)
        for (size_t i = 0; i < STATIC_COUNT; i++)
            if (static_failures[i].type == type)
                return shared(&static_failures[i]);
    return shared(&static_failures[0]);
}

struct torc_failure *torc_failure_no_memory(void)
{
    return torc_failure_static(&torc_failure_out_of_memory);
}

static struct torci_failure_detail *detail_place(const struct torc_failure *failure)
{
    return (struct torci_failure_detail *)(void *)(failure + 1);
}

static bool is_detailed(const struct torc_failure *failure)
{
    return failure->scope && failure->message == (const char *)(detail_place(failure) + 1);
}

/* Takes `cause`; the room between structure and message is the caller's to fill. */
static struct torc_failure *new_failure(const char *site, struct torc_scope *scope,
                                        const struct torc_failure_type *type, int code,
                                        struct torc_failure *cause, size_t room,
                                        const char *format, va_list arguments)
{
    struct torc_failure *failure;
    va_list measured;
    size_t length;
    char *message;

    va_copy(measured, arguments);
    length = torc_format_list(NULL, 0, format, measured);
    va_end(measured);
    failure = torc_alloc(scope, sizeof *failure + room + length + 1);
    if (!failure) {
        torc_failure_drop(cause);
        return NULL;
    }
    message = (char *)(failure + 1) + room;
    torc_format_list(message, length + 1, format, arguments);
    failure->type = type;
    failure->scope = scope;
    failure->site = site;
    failure->cause = cause;
    failure->message = message;
    failure->references = 1;
    failure->code = code;
    scope->counts.failures++;
    return failure;
}

struct torc_failure *torc_failure_new_at(const char *site, struct torc_scope *scope,
                                         const struct torc_failure_type *type, int code,
                                         struct torc_failure *cause, const char *format, ...)
{
    struct torc_failure *failure;
    va_list arguments;

    va_start(arguments, format);
    failure = new_failure(site, scope, type, code, cause, 0, format, arguments);
    va_end(arguments);
    return failure ? failure : torc_failure_no_memory();
}

struct torc_failure *torc_failure_new_detailed_at(const char *site, struct torc_scope *scope,
                                                  const struct torc_failure_type *type, int code,
                                                  struct torc_failure *cause, void *detail,
                                                  torc_drop_fn *drop_detail, const char *format,
                                                  ...)
{
    struct torc_failure *failure;
    va_list arguments;

    va_start(arguments, format);
    failure = new_failure(site, scope, type, code, cause, sizeof(struct torci_failure_detail),
                          format, arguments);
    va_end(arguments);
    if (!failure) {
        if (drop_detail)
            drop_detail(detail);
        return torc_failure_no_memory();
    }
    *detail_place(failure) = (struct torci_failure_detail){detail, drop_detail};
    return failure;
}

static const struct torc_failure_type *type_of_code(int code)
{
    switch (code) {
    case TORC_ENOMEM:
        return &torc_failure_out_of_memory;
    case TORC_EINVAL:
        return &torc_failure_invalid_argument;
    case TORC_ELIMIT:
        return &torc_failure_limit;
    case TORC_EFIRED:
        return &torc_failure_deferred_error;
    case TORC_ECANCELED:
        return &torc_failure_cancelled;
    case TORC_ETIMEDOUT:
        return &torc_failure_timeout;
    case TORC_ERUNNING:
    case TORC_ENOTRESTARTABLE:
        return &torc_failure_reactor_error;
    case TORC_ENOTRUNNING:
        return &torc_failure_not_running;
    case TORC_ECLOSED:
        return &torc_failure_connection_closed;
    case TORC_EPROTOCOL:
        return &torc_failure_protocol_error;
    case TORC_ECONNREFUSED:
        return &torc_failure_connection_refused;
    case TORC_ECONNRESET:
        return &torc_failure_connection_reset;
    case TORC_ECONNABORTED:
        return &torc_failure_connection_aborted;
    case TORC_ENOTCONN:
    case TORC_EPIPE:
        return &torc_failure_connection_lost;
    case TORC_EHOSTUNREACH:
    case TORC_ENETUNREACH:
        return &torc_failure_no_route;
    case TORC_EADDRINUSE:
        return &torc_failure_listen_error;
    case TORC_EADDRNOTAVAIL:
    case TORC_EAFNOSUPPORT:
        return &torc_failure_address_error;
    default:
        return &torc_failure_error;
    }
}

struct torc_failure *torc_failure_of_code_at(const char *site, struct torc_scope *scope, int code,
                                             const char *attempted)
{
    const struct torc_failure_type *type = type_of_code(code);
    if (code == TORC_ENOMEM)
        return torc_failure_no_memory();
    return torc_failure_new_at(site, scope, type, code, NULL, "%s%s%s", attempted ? attempted : "",
                               attempted ? ": " : "", torc_error_text(code));
}

struct torc_failure *torc_failure_keep(struct torc_failure *failure)
{
    if (failure && failure->scope)
        failure->references++;
    return failure;
}

static void release_detailed(struct torc_scope *scope, struct torc_failure *failure)
{
    struct torci_failure_detail held = *detail_place(failure);

    torc_release(scope, failure,
                 sizeof *failure + sizeof held + strlen(failure->message) + 1);
    if (held.drop)
        held.drop(held.detail);
}

void torc_failure_drop(struct torc_failure *failure)
{
    while (failure && failure->scope && --failure->references == 0) {
        struct torc_scope *scope = failure->scope;
        struct torc_failure *cause = failure->cause;
        scope->counts.failures--;
        if (failure->message == (const char *)(failure + 1))
            torc_release(scope, failure, sizeof *failure + strlen(failure->message) + 1);
        else if (is_detailed(failure))
            release_detailed(scope, failure);
        else
            torci_deferred_own_failure_ended(failure);
        failure = cause;
    }
}

const struct torc_failure_type *torc_failure_type(const struct torc_failure *failure)
{
    return failure->type;
}

int torc_failure_code(const struct torc_failure *failure)
{
    return failure->code;
}

const char *torc_failure_message(const struct torc_failure *failure)
{
    return failure->message;
}

const char *torc_failure_site(const struct torc_failure *failure)
{
    return failure->site;
}

struct torc_failure *torc_failure_cause(const struct torc_failure *failure)
{
    return failure->cause;
}

const void *torc_failure_detail(const struct torc_failure *failure)
{
    return is_detailed(failure) ? detail_place(failure)->detail : NULL;
}

bool torc_failure_check(const struct torc_failure *failure, const struct torc_failure_type *type)
{
    for (const struct torc_failure_type *at = failure->type; at; at = at->parent)
        if (at == type)
            return true;
    return false;
}

size_t torc_failure_describe(const struct torc_failure *failure, char *buffer, size_t size)
{
    size_t length = 0;
    for (const struct torc_failure *at = failure; at; at = at->cause) {
        size_t used = length < size ? length : size;
        length += torc_format(buffer ? buffer + used : NULL, size - used, "%s%s: %s",
                              at == failure ? "" : "; caused by ", at->type->name, at->message);
        if (!at->site)
            continue;
        used = length < size ? length : size;
        length += torc_format(buffer ? buffer + used : NULL, size - used, " (%s)", at->site);
    }
    return length;
}
