/* job_stack.h - stacks of jobs, each below a guard page; the world keeps them for the next job. */
#ifndef TORCI_JOB_STACK_H
#define TORCI_JOB_STACK_H

#include "world.h"

#if defined(__SANITIZE_ADDRESS__)
#define TORCI_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TORCI_ASAN 1
#endif
#endif

#define TORCI_JOB_STACK_BYTES ((size_t)256 * 1024)

struct torci_job_stack {
    struct torci_job_stack *next;
    uint8_t *memory; /* a guard page, then: */
    uint8_t *bottom;
    unsigned valgrind_id;
};

/* NULL: there is no memory. */
struct torci_job_stack *torci_job_stack_new(struct torc_world *world);
/* Its job needs it no more. */
void torci_job_stack_keep(struct torc_world *world, struct torci_job_stack *stack);
/* Those that are kept. */
void torci_world_free_stacks(struct torc_world *world);

#endif
