/* job_state.h - what a job is made of; for job.c and point.c. */
#ifndef TORCI_JOB_STATE_H
#define TORCI_JOB_STATE_H

#include <setjmp.h>
#include <ucontext.h>

#include "job.h"
#include "job_stack.h"

struct torci_timed_hold;

struct torci_job {
    struct torci_job *next; /* of the host */
    struct torci_job *previous;
    struct torci_job *done_next;
    struct torci_job *held_next; /* of those that wait for the end of a pause, or at a point */
    struct torc_world *world;
    struct torc_host *host; /* NULL: killed, and only freed when its event comes */
    struct torci_job_stack *stack; /* NULL: not begun, or ended */
    torc_work_fn *work;
    void *arg;
    uint64_t token;
    uint64_t cause;
    uint64_t resume_ns; /* while suspended */
    const char *point;  /* where it is held; NULL: nowhere */
    struct torci_timed_hold *timed; /* that lets it go on from there; NULL: only a release does */
    uint32_t unwound_yields;
    int result;
    bool ended;
    bool scheduled; /* an event in the heap is its */
    bool begun;
    ucontext_t first;  /* where it begins */
    jmp_buf inside;    /* where it was left */
    jmp_buf back;      /* to whoever resumed it */
    void *fake_stack; /* ASan's */
    const void *back_bottom;
    size_t back_bytes;
};

/* Inside the job: goes back to whoever resumed it.  Returns when it is resumed again. */
void torci_job_leave(struct torci_job *job);
/* Suspended, and without an event: it begins or goes on now, after the turns that are due. */
void torci_job_goes_on(struct torci_job *job);
/* Traces `what` as what comes of the last traced thing the job did. */
void torci_job_trace(struct torci_job *job, const char *what);

#endif
