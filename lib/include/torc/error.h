/* torc/error.h - the numbers a fallible call returns.
 *
 * A call that can fail returns 0 or one of these negative codes and is marked TORC_CHECKED, so
 * that ignoring the answer is a compiler warning.  The numbers are Torc's own: they are the same on
 * every operating system, never -errno, and never change once released.  On failure the
 * out-parameters of a call are untouched, and so is the object it was called on.
 *
 * Asynchronous errors are struct torc_failure (torc/failure.h), which carries one of these codes. */
#ifndef TORC_ERROR_H
#define TORC_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TORC_CHECKED __attribute__((warn_unused_result))
#define TORC_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define TORC_API __attribute__((visibility("default")))
#else
#define TORC_CHECKED
#define TORC_PRINTF(text, first)
#define TORC_API
#endif

/* The place a call was written, "file.c:42": a literal, so it costs nothing to keep. */
#define TORC_TEXT_(x) #x
#define TORC_TEXT(x) TORC_TEXT_(x)
#define TORC_HERE __FILE__ ":" TORC_TEXT(__LINE__)

/*      name            code  text */
#define TORC_ERRORS(X)                                                                             \
    X(ENOMEM,            -1, "out of memory")                                                      \
    X(EINVAL,            -2, "invalid argument")                                                   \
    X(ENOTSUP,           -3, "not supported by this platform")                                     \
    X(ESTALE,            -4, "the handle's object is gone")                                        \
    X(ELIMIT,            -5, "a limit was reached")                                                \
    X(EAGAIN,            -6, "would block")                                                        \
    X(EFIRED,            -7, "the deferred has fired already")                                     \
    X(ECANCELED,         -8, "cancelled")                                                          \
    X(ECALLED,           -9, "the timed call has been called already")                             \
    X(ERUNNING,         -10, "the reactor is running already")                                     \
    X(ENOTRUNNING,      -11, "the reactor is not running")                                         \
    X(ENOTRESTARTABLE,  -12, "a stopped reactor cannot be run again")                              \
    X(ECLOSED,          -13, "closed")                                                             \
    X(EBUSY,            -14, "in use")                                                             \
    X(ETIMEDOUT,        -15, "timed out")                                                          \
    X(ENOTFOUND,        -16, "not found")                                                          \
    X(EEXIST,           -17, "exists already")                                                     \
    X(ETOOLONG,         -18, "too long")                                                           \
    X(EPROTOCOL,        -19, "the peer broke the protocol")                                        \
    X(ESYNTAX,          -20, "syntax error")                                                       \
    X(EMISUSE,          -21, "called where it must not be")                                        \
    X(ECONNREFUSED,     -40, "connection refused")                                                 \
    X(ECONNRESET,       -41, "connection reset by peer")                                           \
    X(ECONNABORTED,     -42, "connection aborted")                                                 \
    X(ENOTCONN,         -43, "not connected")                                                      \
    X(EPIPE,            -44, "the write side is closed")                                           \
    X(EHOSTUNREACH,     -45, "no route to host")                                                   \
    X(ENETUNREACH,      -46, "network unreachable")                                                \
    X(EADDRINUSE,       -47, "address in use")                                                     \
    X(EADDRNOTAVAIL,    -48, "address not available")                                              \
    X(EAFNOSUPPORT,     -49, "address family not supported")                                       \
    X(EACCES,           -50, "permission denied")                                                  \
    X(EMFILE,           -51, "too many open files in the process")                                 \
    X(ENFILE,           -52, "too many open files in the system")                                  \
    X(ENOBUFS,          -53, "no buffer space")                                                    \
    X(EIO,              -60, "input/output error")                                                 \
    X(ENOSPC,           -61, "no space left")                                                      \
    X(EDATABASE,        -70, "the database cannot do that")                                        \
    X(ECONSTRAINT,      -71, "a constraint of the database forbids it")                            \
    X(ECORRUPT,         -72, "the database is damaged")                                            \
    X(EUNKNOWN,         -73, "the outcome is unknown")                                             \
    X(EREADONLY,        -74, "read only")                                                          \
    X(ESYSTEM,          -99, "an operating system error without a code of its own")

enum torc_error {
    TORC_OK = 0,
#define X(name, code, text) TORC_##name = (code),
    TORC_ERRORS(X)
#undef X
};

/* The name ("TORC_EAGAIN") and the text ("would block") of a code.  Static strings, never NULL:
 * an unknown number is "TORC_E?" and "unknown error". */
TORC_API const char *torc_error_name(int code);
TORC_API const char *torc_error_text(int code);

#ifdef __cplusplus
}
#endif
#endif
