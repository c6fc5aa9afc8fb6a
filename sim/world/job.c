/* job.c - jobs as coroutines: ucontext stacks with a guard page, kept for reuse.  A stack is entered for the
 * first time by setcontext; after that both sides are jumped to, since setcontext asks the kernel about the mask
 * of signals each time, which would be most of what an operation on a disk costs. */
#undef _FORTIFY_SOURCE /* its longjmp takes another stack for a damaged one */
#include "job.h"

#include <string.h>

#include <torc/clock.h>
#include <torc/host_fault.h>

#include "job_state.h"
#include "operation_fault.h"

#ifdef TORCI_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

#define JOBS_MAX 65536 /* of a host, not yet told */
#define UNWOUND_YIELDS_MAX 100000 /* of a job whose host is dead: then it is left where it is */

/* --- switching ------------------------------------------------------------------------------ */

void torci_job_leave(struct torci_job *job)
{
#ifdef TORCI_ASAN
    __sanitizer_start_switch_fiber(job->ended ? NULL : &job->fake_stack, job->back_bottom,
                                   job->back_bytes);
#endif
    if (_setjmp(job->inside) == 0)
        _longjmp(job->back, 1);
#ifdef TORCI_ASAN
    __sanitizer_finish_switch_fiber(job->fake_stack, &job->back_bottom, &job->back_bytes);
#endif
}

/* makecontext passes ints only. */
static void begin(unsigned high, unsigned low)
{
    struct torci_job *job = (struct torci_job *)((uintptr_t)high << 32 | low);

#ifdef TORCI_ASAN
    __sanitizer_finish_switch_fiber(NULL, &job->back_bottom, &job->back_bytes);
#endif
    job->result = job->work(job->arg);
    job->ended = true;
    torci_job_leave(job);
}

static void enter(struct torci_job *job)
{
#ifdef TORCI_ASAN
    void *fake_stack = NULL;

    __sanitizer_start_switch_fiber(&fake_stack, job->stack->bottom, TORCI_JOB_STACK_BYTES);
#endif
    if (_setjmp(job->back) == 0) {
        if (job->begun)
            _longjmp(job->inside, 1);
        job->begun = true;
        setcontext(&job->first);
    }
#ifdef TORCI_ASAN
    __sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
#endif
}

/* --- life ----------------------------------------------------------------------------------- */

static void go_on(struct torc_world *world, void *subject);

static void unlist(struct torci_job *job)
{
    struct torc_host *host = job->host;

    if (job->previous != NULL)
        job->previous->next = job->next;
    else
        host->jobs = job->next;
    if (job->next != NULL)
        job->next->previous = job->previous;
    host->job_count--;
}

static void drop_job(struct torc_world *world, void *subject)
{
    struct torci_job *job = subject;

    if (job->host != NULL)
        unlist(job);
    if (job->stack != NULL)
        torci_job_stack_keep(world, job->stack);
    torci_world_resize(world, job, sizeof *job, 0);
}

static const struct torci_event_kind job_turn = {go_on, drop_job};

static void schedule(struct torci_job *job, uint64_t t_ns, enum torci_event_class class)
{
    job->scheduled = true;
    torci_world_schedule(job->world, t_ns, class, job->host, &job_turn, job);
}

static bool prepare(struct torci_job *job)
{
    uintptr_t self = (uintptr_t)job;

    job->stack = torci_job_stack_new(job->world);
    if (job->stack == NULL)
        return false;
    if ((job->world->perturb & TORC_PERTURB_MEMORY) != 0)
        memset(job->stack->bottom, 0xa5, TORCI_JOB_STACK_BYTES);
    getcontext(&job->first);
    job->first.uc_stack.ss_sp = job->stack->bottom;
    job->first.uc_stack.ss_size = TORCI_JOB_STACK_BYTES;
    job->first.uc_link = NULL;
    makecontext(&job->first, (void (*)(void))begin, 2, (unsigned)(self >> 32),
                (unsigned)(self & 0xffffffffu));
    return true;
}

void torci_job_trace(struct torci_job *job, const char *what)
{
    struct torc_trace *trace = job->world->trace;

    job->world->cause = job->cause;
    job->cause = torci_host_trace(job->host, TORC_TRACE_job);
    torc_trace_text(trace, "what", what);
    torc_trace_integer(trace, "token", (int64_t)job->token);
    torc_trace_integer(trace, "result", job->result);
    if (job->point != NULL)
        torc_trace_text(trace, "point", job->point);
    torc_trace_end(trace);
}

static void list_done(struct torci_job *job)
{
    struct torc_host *host = job->host;

    if (job->stack != NULL)
        torci_job_stack_keep(job->world, job->stack);
    job->stack = NULL;
    if (host->jobs_done_tail != NULL)
        host->jobs_done_tail->done_next = job;
    else
        host->jobs_done_head = job;
    host->jobs_done_tail = job;
}

static void end_job(struct torci_job *job)
{
    torci_job_trace(job, "end");
    list_done(job);
    torci_host_reschedule(job->host, false);
}

/* Its host knows it no more. */
static void free_job(struct torci_job *job)
{
    job->host = NULL;
    if (!job->scheduled)
        torci_world_resize(job->world, job, sizeof *job, 0);
}

/* Its host is paused. */
static void hold(struct torci_job *job)
{
    struct torc_host *host = job->host;

    job->held_next = NULL;
    if (host->jobs_held_tail != NULL)
        host->jobs_held_tail->held_next = job;
    else
        host->jobs_held_head = job;
    host->jobs_held_tail = job;
}

static void forget_held(struct torc_host *host)
{
    host->jobs_held_head = NULL;
    host->jobs_held_tail = NULL;
}

void torci_job_goes_on(struct torci_job *job)
{
    schedule(job, job->world->now_ns,
             job->stack == NULL ? TORCI_EVENT_JOB : TORCI_EVENT_JOB_GOES_ON);
}

void torci_host_resume_jobs(struct torc_host *host)
{
    struct torci_job *job = host->jobs_held_head;

    forget_held(host);
    while (job != NULL) {
        struct torci_job *next = job->held_next; /* without memory for its event the job is gone */

        torci_job_goes_on(job);
        job = next;
    }
}

/* The event of a job: begin, or go on after a yield. */
static void go_on(struct torc_world *world, void *subject)
{
    struct torci_job *job = subject;
    struct torc_host *host = job->host;

    torci_event_heap_pop(&world->events);
    job->scheduled = false;
    if (host == NULL) {
        free_job(job);
        return;
    }
    if (torc_host_paused(host)) {
        hold(job);
        return;
    }
    if (job->stack == NULL) {
        torci_job_trace(job, "begin");
        if (!prepare(job)) {
            job->result = TORC_ENOMEM;
            job->ended = true;
            end_job(job);
            return;
        }
    }
    world->job_running = job;
    world->cause = job->cause;
    torci_host_enter(host);
    enter(job);
    world->job_running = NULL;
    if (job->ended)
        end_job(job);
    else if (job->point == NULL)
        schedule(job, job->resume_ns, TORCI_EVENT_JOB_GOES_ON);
    world->cause = 0; /* what comes from outside next has nothing to do with it */
    torci_host_leave(host);
}

/* Whether the job is what happens next if it goes on at `t_ns`: then there is no need to switch. */
static bool is_next(const struct torci_job *job, uint64_t t_ns)
{
    const struct torc_world *world = job->world;
    uint64_t order = TORCI_EVENT_ORDER(TORCI_EVENT_JOB_GOES_ON, job->host->number, world->sequence + 1);

    if (world->stepping || torc_host_paused(job->host) || t_ns > world->until_ns || world->error != 0 || job->host->kill_wanted ||
        world->turns_here >= world->turns_at_one_time_max || world->due[0]->due_ns <= t_ns)
        return false;
    if (world->events.count > 0) {
        const struct torci_event *event = &world->events.events[0];

        return t_ns < event->t_ns || (t_ns == event->t_ns && order < event->order);
    }
    return true;
}

/* When a job goes on is nobody's promise. */
static uint64_t lengthen(const struct torci_job *job, uint64_t delay_ns)
{
    static const uint32_t longer_ns[] = {0, 1000, 100000, 10000000};
    uint64_t more_ns = longer_ns[torci_decide(job->world, job->host, "job.delay", 4)];

    return delay_ns > TORC_NEVER - more_ns ? TORC_NEVER : delay_ns + more_ns;
}

void torci_job_yield(struct torc_world *world, uint64_t delay_ns)
{
    struct torci_job *job = world->job_running;
    uint64_t t_ns;

    if (job == NULL)
        return;
    if (job->host->unwinding) {
        if (++job->unwound_yields > UNWOUND_YIELDS_MAX)
            torci_job_leave(job);
        return;
    }
    delay_ns = lengthen(job, delay_ns);
    t_ns = delay_ns > TORC_NEVER - world->now_ns ? TORC_NEVER : world->now_ns + delay_ns;
    if (!is_next(job, t_ns)) {
        job->resume_ns = t_ns;
        torci_job_leave(job);
        return;
    }
    world->sequence++; /* as if it had been scheduled */
    world->cause = job->cause;
    if (t_ns > world->now_ns) {
        world->now_ns = t_ns;
        world->turns_here = 0;
    }
}

bool torci_host_runs_job(const struct torc_host *host)
{
    const struct torci_job *job = host->world->job_running;

    return job != NULL && job->host == host && !host->unwinding;
}

void torci_job_goes_back_to(struct torc_world *world, uint64_t n)
{
    if (world->job_running == NULL)
        return;
    world->job_running->cause = n;
    world->cause = n;
}

int torci_job_submit(struct torc_host *host, torc_work_fn *work, void *arg, uint64_t token)
{
    static const int codes[] = {0, TORC_ENOMEM, TORC_ELIMIT};
    struct torc_world *world = host->world;
    struct torci_job *job;
    int code;

    if (host->job_count >= JOBS_MAX)
        return TORC_ELIMIT;
    code = codes[torci_operation(host, "job.fail",
                                 TORCI_OPTION(TORCI_JOB_ENOMEM) | TORCI_OPTION(TORCI_JOB_ELIMIT))];
    if (code != 0)
        return code;
    if (!torci_arena_admit(&host->arena, 0))
        return TORC_ENOMEM;
    if (torci_event_heap_reserve(&world->events, &world->allocator) != 0)
        return TORC_ENOMEM;
    job = torci_world_resize(world, NULL, 0, sizeof *job);
    if (job == NULL)
        return TORC_ENOMEM;
    memset(job, 0, sizeof *job);
    job->world = world;
    job->host = host;
    job->work = work;
    job->arg = arg;
    job->token = token;
    job->cause = world->cause;
    job->next = host->jobs;
    if (job->next != NULL)
        job->next->previous = job;
    host->jobs = job;
    host->job_count++;
    schedule(job, world->now_ns, TORCI_EVENT_JOB);
    return 0;
}

bool torci_job_take_done(struct torc_host *host, struct torc_platform_event *out,
                         uint64_t *out_cause)
{
    struct torci_job *job = host->jobs_done_head;

    if (job == NULL)
        return false;
    host->jobs_done_head = job->done_next;
    if (host->jobs_done_head == NULL)
        host->jobs_done_tail = NULL;
    unlist(job);
    out->token = job->token;
    out->events = TORC_EVENT_JOB;
    out->result = job->result;
    *out_cause = job->cause;
    free_job(job);
    return true;
}

/* Runs a job that is suspended to its end. */
static void unwind(struct torci_job *job)
{
    struct torc_world *world = job->world;
    struct torci_job *outer = world->job_running;

    world->job_running = job;
    torci_host_enter(job->host);
    enter(job);
    torci_host_leave(job->host);
    world->job_running = outer;
    if (job->ended)
        list_done(job);
}

void torci_host_unwind_jobs(struct torc_host *host)
{
    struct torci_job *job;

    forget_held(host);
    host->jobs_at_points = NULL;
    for (job = host->jobs; job != NULL; job = job->next) {
        if (job->stack != NULL && !job->ended)
            unwind(job);
    }
}

void torci_host_drop_jobs(struct torc_host *host)
{
    while (host->jobs != NULL) {
        struct torci_job *job = host->jobs;

        host->jobs = job->next;
        if (job->stack != NULL)
            torci_job_stack_keep(job->world, job->stack);
        job->stack = NULL;
        free_job(job);
    }
    host->jobs_done_head = NULL;
    host->jobs_done_tail = NULL;
    host->job_count = 0;
}
