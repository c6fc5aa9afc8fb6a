/* torc/operation_fault.h - what goes wrong with the operations of a simulated host: its sockets, lookups, jobs,
 * memory, statements and files.
 *
 * Each kind of operation is a site of torc_decision_sites ("accept.fail"), and each thing that can go wrong there is
 * an option of it ("EMFILE"), one that this operation can have on a real system.  What a fault does beside the
 * error that is returned is in docs/explore.md.  A world's decider may bring the same about (torc/decision.h). */
#ifndef TORC_OPERATION_FAULT_H
#define TORC_OPERATION_FAULT_H

#include <torc/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Strikes the n-th operation of the site that can have the option, counted from when it was added, and `times` - 1
 * after it.  An operation suffers one fault; another that is due strikes the next one it can. */
struct torc_operation_fault {
    size_t size;      /* sizeof(struct torc_operation_fault) */
    const char *site; /* of kind TORC_SITE_FAULT.  Copied */
    uint64_t option;  /* from 1 (torc_decision_option) */
    uint64_t n;       /* 0: the first */
    uint64_t times;   /* 0: once; UINT64_MAX: for ever */
};
#define TORC_OPERATION_FAULT_INIT {sizeof(struct torc_operation_fault), NULL, 0, 0, 0}

/* Faults stay through kills and restarts.  `out` may be NULL.  Errors: TORC_ENOMEM; TORC_EINVAL: no such site of an
 * operation or option, or the host is a raw one. */
TORC_API TORC_CHECKED int torc_host_add_operation_fault(struct torc_host *host,
                                                        const struct torc_operation_fault *fault,
                                                        uint32_t *out);
TORC_API uint64_t torc_host_operation_fault_struck(const struct torc_host *host, uint32_t fault);
TORC_API void torc_host_clear_operation_faults(struct torc_host *host);

#ifdef __cplusplus
}
#endif
#endif
