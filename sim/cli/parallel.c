#include "parallel.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "command.h"
#include "run_apart.h"
#include "scenario_source.h"
#include "shrinker.h"

enum { JOBS_MAX = 256, UNMET_BITS = 64, KEPT_BYTES = 16 << 20 };

struct parallel {
    torci_parallel_fn *run;
    void *arg;
    unsigned jobs;
    size_t count;
    uint64_t deadline_ns;
    struct torci_outcome *outcomes; /* shared with the children */
};

uint64_t torci_monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Which `sometimes` lines failed, by a hash of each: two may share a bit. */
static uint64_t unmet_of(const struct torc_scenario_report *report)
{
    uint64_t unmet = 0;

    for (size_t i = 0; i < report->failure_count; i++) {
        const char *property = report->failures[i].property;

        unmet |= UINT64_C(1) << XXH3_64bits(property, strlen(property)) % UNMET_BITS;
    }
    return unmet;
}

void torci_outcome_of(const struct torc_scenario_report *report, struct torci_outcome *out)
{
    struct torci_failure_identity identity;

    torci_failure_identify(report, &identity);
    out->verdict = (int)report->verdict;
    out->events = report->events;
    out->unmet = report->verdict == TORC_SCENARIO_UNMET ? unmet_of(report) : 0;
    out->identity = XXH3_64bits(&identity, sizeof identity);
}

const char *torci_outcome_end(const struct torci_outcome *outcome)
{
    if (outcome->verdict == -SIGVTALRM)
        return "it had run for 20 s";
    return outcome->verdict == TORCI_RUN_EXITED ? "it exited" : strsignal(-outcome->verdict);
}

/* --- processes ------------------------------------------------------------------------------------ */

/* Of one child, shared with it: where it is. */
struct share {
    size_t next;
    bool over; /* all is done, or the time is up */
};

/* Memory that one run gives back is what the next one asks for: returning it to the system in between, and
 * having it cleared again, was a seventh of a small run. */
static void keep_freed_memory(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    (void)mallopt(M_MMAP_THRESHOLD, KEPT_BYTES / 4);
#endif
}

static void work(const struct parallel *parallel, struct share *share)
{
    keep_freed_memory();
    for (; share->next < parallel->count; share->next += parallel->jobs) {
        struct torci_outcome outcome = {0};

        if (parallel->deadline_ns != 0 && torci_monotonic_ns() >= parallel->deadline_ns)
            break;
        torci_run_watch();
        if (parallel->run(parallel->arg, share->next, &outcome) != 0)
            _exit(1);
        outcome.done = true;
        parallel->outcomes[share->next] = outcome;
    }
    share->over = true;
    _exit(0);
}

static pid_t start(const struct parallel *parallel, struct share *share)
{
    pid_t child = fork();

    if (child == 0)
        work(parallel, share);
    return child;
}

/* A process that was ended by its run is told with that run, and another one goes on behind it. */
static int supervise(const struct parallel *parallel, struct share *shares, pid_t *children)
{
    for (unsigned running = parallel->jobs; running > 0;) {
        int status;
        pid_t child = wait(&status);
        unsigned i = 0;

        if (child < 0)
            return errno;
        while (i < parallel->jobs && children[i] != child)
            i++;
        if (i == parallel->jobs)
            continue;
        if (shares[i].over || shares[i].next >= parallel->count) {
            running--;
            continue;
        }
        parallel->outcomes[shares[i].next].verdict =
            WIFSIGNALED(status) ? -WTERMSIG(status) : TORCI_RUN_EXITED;
        parallel->outcomes[shares[i].next].done = true;
        shares[i].next += parallel->jobs;
        children[i] = start(parallel, &shares[i]);
        if (children[i] < 0)
            return errno;
    }
    return 0;
}

/* There are not as many processes to be had. */
static void end_children(const pid_t *children, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        kill(children[i], SIGKILL);
        (void)waitpid(children[i], NULL, 0);
    }
}

int torci_parallel(unsigned jobs, torci_parallel_fn *run, void *arg, struct torci_outcome *outcomes,
                   size_t count, uint64_t deadline_ns)
{
    struct parallel parallel = {run, arg, jobs, count, deadline_ns, NULL};
    size_t bytes = count * sizeof *outcomes;
    size_t all_bytes = JOBS_MAX * sizeof(struct share) + bytes;
    pid_t children[JOBS_MAX];
    struct share *shares = mmap(NULL, all_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    unsigned started = 0;
    int error = 0;

    if (shares == MAP_FAILED)
        return errno;
    parallel.outcomes = (struct torci_outcome *)(void *)(shares + JOBS_MAX);
    while (started < jobs && error == 0) {
        shares[started].next = started;
        children[started] = start(&parallel, &shares[started]);
        if (children[started] < 0)
            error = errno;
        else
            started++;
    }
    if (error == 0)
        error = supervise(&parallel, shares, children);
    else
        end_children(children, started);
    memcpy(outcomes, parallel.outcomes, bytes);
    munmap(shares, all_bytes);
    return error;
}

static bool failed(const struct torci_outcome *outcome)
{
    return outcome->done && outcome->verdict != TORC_SCENARIO_PASS &&
           outcome->verdict != TORC_SCENARIO_UNMET;
}

size_t torci_first_failure(const struct torci_outcome *outcomes, size_t count)
{
    size_t i = 0;

    while (i < count && !failed(&outcomes[i]))
        i++;
    return i;
}

/* --- options -------------------------------------------------------------------------------------- */

int torci_parallel_read_jobs(const char *command, const char *text, unsigned *out)
{
    uint64_t jobs;
    int status = torci_read_number(command, "jobs", text, &jobs);

    if (status == 0 && (jobs == 0 || jobs > JOBS_MAX))
        return torci_usage_error(command, "--jobs: from 1 to %d", JOBS_MAX);
    *out = (unsigned)jobs;
    return status;
}

unsigned torci_parallel_jobs(unsigned jobs)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (jobs != 0)
        return jobs;
    return processors > 0 && processors <= JOBS_MAX ? (unsigned)processors : 1;
}

int torci_read_budget(const char *command, const char *text, uint64_t *out)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    uint64_t unit = strcmp(end, "s") == 0 ? 1000000000u
                    : strcmp(end, "ms") == 0 ? 1000000u
                    : strcmp(end, "m") == 0 ? UINT64_C(60000000000)
                                            : 0;

    if (unit == 0 || text[0] < '0' || text[0] > '9' || number > 1000000)
        return torci_usage_error(command, "--budget: '%s' is no duration, as in 60s", text);
    *out = number * unit;
    return 0;
}
