/* reactor_job.c - blocking work, done elsewhere, with a deferred for its result. */
#include "reactor_state.h"
#include "scope_pool.h"

#define SLOTS_AT_FIRST 8u
#define NO_JOB UINT32_MAX

void torci_jobs_init(struct torc_reactor *reactor)
{
    reactor->jobs.free_head = NO_JOB;
}

static int take_slot(struct torc_reactor *reactor, uint32_t *out)
{
    struct torci_jobs *jobs = &reactor->jobs;
    if (jobs->free_head == NO_JOB && jobs->count == jobs->capacity) {
        uint32_t capacity = jobs->capacity ? jobs->capacity * 2 : SLOTS_AT_FIRST;
        void *slots =
            torc_resize(reactor->scope, jobs->slots, jobs->capacity * sizeof *jobs->slots,
                        capacity * sizeof *jobs->slots);
        if (!slots)
            return TORC_ENOMEM;
        jobs->slots = slots;
        jobs->capacity = capacity;
    } else {
        int error = torci_scope_admit(reactor->scope, sizeof *jobs->slots);
        if (error)
            return error;
    }
    uint32_t index = jobs->free_head;
    if (index == NO_JOB) {
        index = jobs->count++;
        jobs->slots[index].generation = 0;
    } else {
        jobs->free_head = jobs->slots[index].next_free;
    }
    jobs->slots[index].site = NULL;
    *out = index;
    return 0;
}

static void give_slot(struct torci_jobs *jobs, uint32_t index)
{
    jobs->slots[index].site = NULL;
    jobs->slots[index].generation++;
    jobs->slots[index].next_free = jobs->free_head;
    jobs->free_head = index;
}

/* The deferred of a job that could not be submitted goes without a word. */
static void unmake(struct torc_source source, struct torc_deferred *deferred)
{
    (void)torc_source_fire(source, torc_value(NULL));
    torc_deferred_drop(deferred);
}

/* Submits what `job` describes. */
static int submit(struct torc_reactor *reactor, torc_work_fn *work, const struct torci_job *job)
{
    struct torci_jobs *jobs = &reactor->jobs;
    uint32_t index;
    int error = take_slot(reactor, &index);
    if (error)
        return error;
    uint32_t generation = jobs->slots[index].generation;
    error = reactor->platform->ops->submit(reactor->platform, work, job->arg,
                                           torci_token(TORCI_TOKEN_JOB, index, generation));
    if (error) {
        give_slot(jobs, index);
        return error;
    }
    jobs->slots[index] = *job;
    jobs->slots[index].generation = generation;
    jobs->outstanding++;
    return 0;
}

static int check_submit(struct torc_reactor *reactor, const char *site)
{
    torci_reactor_check(reactor, site);
    if (torci_reactor_stopped(reactor))
        return TORC_ECLOSED;
    return reactor->jobs.outstanding >= reactor->options.jobs_max ? TORC_ELIMIT : 0;
}

int torc_submit_job_at(const char *site, struct torc_reactor *reactor, torc_work_fn *work,
                       torc_job_done_fn *done, void *arg)
{
    int error = check_submit(reactor, site);
    if (error)
        return error;
    struct torci_job job = {.arg = arg, .site = site, .done = done};
    return submit(reactor, work, &job);
}

int torc_run_job_at(const char *site, struct torc_reactor *reactor, torc_work_fn *work, void *arg,
                    torc_drop_fn *drop_arg, struct torc_deferred **out)
{
    struct torc_deferred *deferred;
    struct torci_job job = {.arg = arg, .drop_arg = drop_arg, .site = site};
    int error = check_submit(reactor, site);
    if (error)
        return error;
    error = torc_deferred_new_at(site, reactor->scope, NULL, NULL, &job.source, &deferred);
    if (error)
        return error;
    error = submit(reactor, work, &job);
    if (error) {
        unmake(job.source, deferred);
        return error;
    }
    *out = deferred;
    return 0;
}

void torci_jobs_complete(struct torc_reactor *reactor, uint64_t token, int result)
{
    struct torci_jobs *jobs = &reactor->jobs;
    uint32_t index = torci_token_index(token);
    if (index >= jobs->count || !jobs->slots[index].site ||
        !torci_token_is(token, jobs->slots[index].generation))
        return;
    struct torci_job job = jobs->slots[index];
    give_slot(jobs, index);
    jobs->outstanding--;
    if (job.done) {
        job.done(job.arg, result);
        return;
    }
    if (result == 0) {
        (void)torc_source_fire(job.source, torc_owned(job.arg, job.drop_arg));
        return;
    }
    if (job.drop_arg)
        job.drop_arg(job.arg);
    struct torc_failure *failure =
        torc_failure_new_at(job.site, reactor->scope, &torc_failure_job_failed, result, NULL,
                            "the job failed: %s", torc_error_text(result));
    (void)torc_source_fire(job.source, torc_fail(failure));
}

void torci_jobs_complain(const struct torc_reactor *reactor)
{
    const struct torci_jobs *jobs = &reactor->jobs;
    for (uint32_t i = 0; jobs->outstanding > 0 && i < jobs->count; i++) {
        if (jobs->slots[i].site)
            torc_log_at(jobs->slots[i].site, reactor->scope, TORC_LOG_WARN, "torc.reactor",
                        "the shutdown goes on without the job made at %s", jobs->slots[i].site);
    }
}

void torci_jobs_wait(struct torc_reactor *reactor)
{
    struct torc_platform *platform = reactor->platform;
    struct torc_platform_event batch[TORCI_BATCH_MAX];
    while (reactor->jobs.outstanding > 0) {
        size_t count = platform->ops->wait(platform, TORC_NEVER, batch, TORCI_BATCH_MAX);
        for (size_t i = 0; i < count; i++) {
            if (batch[i].events & TORC_EVENT_JOB)
                torci_jobs_complete(reactor, batch[i].token, batch[i].result);
        }
        if (count == 0 && platform->ops->driven)
            return;
    }
}

void torci_jobs_free(struct torc_reactor *reactor)
{
    struct torci_jobs *jobs = &reactor->jobs;
    torc_release(reactor->scope, jobs->slots, jobs->capacity * sizeof *jobs->slots);
}
