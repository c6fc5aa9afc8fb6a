/* job.h - blocking work on a stack of its own.
 *
 * A job begins in the turn's own time, after the turns that submitted it, in the order of
 * submission, and one runs at a time.  It runs until it yields or ends; while it is suspended
 * other jobs and turns run, so two of them can be in the middle of their work at once.  A job that goes
 * on at the time at which it yielded does so after the turns that are due then. */
#ifndef TORCI_JOB_H
#define TORCI_JOB_H

#include "world.h"

int torci_job_submit(struct torc_host *host, torc_work_fn *work, void *arg, uint64_t token);

/* Inside a job: suspends it; it goes on `delay_ns` later.  Outside: nothing. */
void torci_job_yield(struct torc_world *world, uint64_t delay_ns);

/* Whether the code that runs is a job of the host, which is alive. */
bool torci_host_runs_job(const struct torc_host *host);

/* Inside a job: what it does from now on goes back to the traced event `n`.  Outside: nothing. */
void torci_job_goes_back_to(struct torc_world *world, uint64_t n);

/* Tells the first job that has ended, and the traced event of its end; false: none has. */
bool torci_job_take_done(struct torc_host *host, struct torc_platform_event *out,
                         uint64_t *out_cause);

/* The host is dead (host->unwinding): runs what is suspended to its end, with yields that return at once and
 * without a trace, so that what its stack holds besides memory of the arena is released.  A job that yields
 * 100,000 times is left where it is. */
void torci_host_unwind_jobs(struct torc_host *host);

/* The host is paused no more: what was to go on meanwhile goes on, in that order. */
void torci_host_resume_jobs(struct torc_host *host);

/* None of its jobs is told any more, or goes on. */
void torci_host_drop_jobs(struct torc_host *host);

#endif
