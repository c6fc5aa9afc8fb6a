/* torc/deferred_fault.h - deferreds of a simulated host that are cancelled, fail or never fire.
 *
 * They are the options of the site deferred.fail (torc/decision.h): `cancel`, `errback`, `never`; torc/scope.h says what
 * each does to a deferred.  Once a reactor is asked to stop nothing is withheld (`never`) any more. */
#ifndef TORC_DEFERRED_FAULT_H
#define TORC_DEFERRED_FAULT_H

#include <torc/failure.h>
#include <torc/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Strikes the n-th deferred made at such a place, counted from when it was added, and `times` - 1 after it.  A deferred
 * counts, and is struck, when the turn or the call (torc_host_call) it was made in has left it unfired, those of the
 * library too.  It suffers one fault; another that is due strikes the next one. */
struct torc_deferred_fault {
    size_t size;       /* sizeof(struct torc_deferred_fault) */
    const char *place; /* an extended regular expression (POSIX) found in it ("orders\\.c:88"); NULL: any.  Copied */
    uint64_t option;   /* of deferred.fail, from 1 (torc_decision_option) */
    const struct torc_failure_type *failure; /* of `errback`; NULL: torc_failure_error.  Static */
    uint64_t n;        /* 0: the first */
    uint64_t times;    /* 0: once; UINT64_MAX: for ever */
};
#define TORC_DEFERRED_FAULT_INIT {sizeof(struct torc_deferred_fault), NULL, 0, NULL, 0, 0}

/* Faults stay through kills and restarts.  `out` may be NULL.  Errors: TORC_ENOMEM; TORC_EINVAL: there is no such option,
 * or the host is a raw one; TORC_ESYNTAX: `place` is no expression. */
TORC_API TORC_CHECKED int torc_host_add_deferred_fault(struct torc_host *host,
                                                       const struct torc_deferred_fault *fault,
                                                       uint32_t *out);
TORC_API uint64_t torc_host_deferred_fault_struck(const struct torc_host *host, uint32_t fault);

#ifdef __cplusplus
}
#endif
#endif
