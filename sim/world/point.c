/* point.c - a short list: a run holds a few points, and few jobs wait at one time. */
#include <torc/point.h>

#include <string.h>

#include "job_state.h"

struct torci_hold {
    struct torci_hold *next;
    const char *name;
    uint64_t stopped;
    bool released;
};

/* A decision holds `job` until this happens. */
struct torci_timed_hold {
    struct torci_job *job; /* NULL: it waits no more, or for a release */
};

/* --- waiting -------------------------------------------------------------------------------- */

static void forget_time(struct torci_job *job)
{
    if (job->timed != NULL)
        job->timed->job = NULL;
    job->timed = NULL;
}

/* Out of the list, it goes on. */
static void let_go(struct torci_job **link)
{
    struct torci_job *job = *link;

    *link = job->held_next;
    forget_time(job);
    torci_job_trace(job, "released");
    job->point = NULL;
    torci_job_goes_on(job);
}

static void drop_time(struct torc_world *world, void *subject)
{
    struct torci_timed_hold *timed = subject;

    if (timed->job != NULL)
        timed->job->timed = NULL;
    torci_world_resize(world, timed, sizeof *timed, 0);
}

static void time_is_over(struct torc_world *world, void *subject)
{
    struct torci_timed_hold *timed = subject;
    struct torci_job *job = timed->job;

    torci_event_heap_pop(&world->events);
    if (job != NULL) {
        struct torci_job **link = &job->host->jobs_at_points;

        while (*link != job)
            link = &(*link)->held_next;
        let_go(link);
        world->cause = 0;
    }
    drop_time(world, timed);
}

/* Without memory that is the world's error, and the job waits. */
static void limit_time(struct torci_job *job, uint64_t for_ns)
{
    static const struct torci_event_kind over = {time_is_over, drop_time};
    struct torc_world *world = job->world;
    uint64_t t_ns = for_ns > TORC_NEVER - world->now_ns ? TORC_NEVER : world->now_ns + for_ns;

    job->timed = torci_world_resize(world, NULL, 0, sizeof *job->timed);
    if (job->timed == NULL) {
        world->error = TORC_ENOMEM;
        return;
    }
    job->timed->job = job;
    torci_world_schedule(world, t_ns, TORCI_EVENT_JOB_GOES_ON, job->host, &over, job->timed);
}

/* Inside a job of the host: it waits until the point is released, or (not TORC_NEVER) for so long.  The name is borrowed
 * until then. */
static void wait_at(struct torc_host *host, const char *point, uint64_t for_ns)
{
    struct torci_job *job = host->world->job_running;
    struct torci_job **end = &host->jobs_at_points;

    while (*end != NULL)
        end = &(*end)->held_next;
    *end = job;
    job->held_next = NULL;
    job->point = point;
    torci_job_trace(job, "held");
    if (for_ns != TORC_NEVER)
        limit_time(job, for_ns);
    torci_job_leave(job);
    forget_time(job); /* its host is dead */
    job->point = NULL;
}

/* Those that a decision holds at the point wait for its release from now on; how many. */
static uint64_t keep_waiting(struct torc_host *host, const char *point)
{
    uint64_t count = 0;

    for (struct torci_job *job = host->jobs_at_points; job != NULL; job = job->held_next)
        if (job->timed != NULL && strcmp(job->point, point) == 0) {
            forget_time(job);
            count++;
        }
    return count;
}

/* Those that wait at the point (NULL: at any) go on now, in the order they came; `decided`: only whom a decision holds. */
static void let_all_go(struct torc_host *host, const char *point, bool decided)
{
    uint64_t cause = host->world->cause;
    struct torci_job **link = &host->jobs_at_points;

    while (*link != NULL) {
        if ((point == NULL || strcmp((*link)->point, point) == 0) && (!decided || (*link)->timed != NULL))
            let_go(link);
        else
            link = &(*link)->held_next;
    }
    host->world->cause = cause;
}

void torci_host_end_decided_holds(struct torc_host *host)
{
    let_all_go(host, NULL, true);
}

uint64_t torc_host_point_waiting(const struct torc_host *host, const char *name)
{
    uint64_t count = 0;

    for (const struct torci_job *job = host->jobs_at_points; job != NULL; job = job->held_next)
        count += strcmp(job->point, name) == 0;
    return count;
}

/* --- holding -------------------------------------------------------------------------------- */

int torc_host_hold_point(struct torc_host *host, const char *name, uint32_t *out_number)
{
    struct torci_hold **end = &host->holds;
    struct torci_hold *hold;

    if (host->raw || name[0] == '\0')
        return TORC_EINVAL;
    hold = torci_world_resize(host->world, NULL, 0, sizeof *hold);
    if (hold == NULL)
        return TORC_ENOMEM;
    *hold = (struct torci_hold){.name = name, .stopped = keep_waiting(host, name)};
    while (*end != NULL)
        end = &(*end)->next;
    *end = hold;
    if (out_number != NULL)
        *out_number = host->hold_count;
    host->hold_count++;
    return 0;
}

void torc_host_release_point(struct torc_host *host, const char *name)
{
    for (struct torci_hold *each = host->holds; each != NULL; each = each->next)
        if (name == NULL || strcmp(each->name, name) == 0)
            each->released = true;
    let_all_go(host, name, false);
}

uint64_t torc_host_hold_stopped(const struct torc_host *host, uint32_t number)
{
    const struct torci_hold *hold = host->holds;

    while (hold != NULL && number-- > 0)
        hold = hold->next;
    return hold == NULL ? 0 : hold->stopped;
}

void torci_host_reaches_point(struct torc_host *host, const char *name)
{
    static const uint64_t times_ns[] = {0, TORC_MILLISECOND, 100 * TORC_MILLISECOND, 5000 * TORC_MILLISECOND};
    struct torc_world *world = host->world;
    const char *held = NULL;
    uint64_t value;

    if ((host->holds == NULL && world->decider == NULL) || !torci_host_runs_job(host))
        return;
    for (struct torci_hold *each = host->holds; each != NULL; each = each->next)
        if (!each->released && strcmp(each->name, name) == 0) {
            each->stopped++;
            held = each->name;
        }
    value = torci_decide_about(host, "point.hold", 4, name, held == NULL && !host->spared && !world->faults_off);
    if (held != NULL)
        wait_at(host, held, TORC_NEVER);
    else if (value != 0)
        wait_at(host, name, times_ns[value]);
}

void torci_host_free_holds(struct torc_host *host)
{
    while (host->holds != NULL) {
        struct torci_hold *hold = host->holds;

        host->holds = hold->next;
        torci_world_resize(host->world, hold, sizeof *hold, 0);
    }
}
