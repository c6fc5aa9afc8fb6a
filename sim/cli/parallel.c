#include "parallel.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <torc/coverage.h>

#include "command.h"
#include "run_apart.h"
#include "scenario_source.h"
#include "shrinker.h"

enum { JOBS_MAX = 256, KEPT_BYTES = 16 << 20 };

/* How often the sink is given what was made. */
static const struct timespec sink_interval = {0, 100000000};

/* Of one run, shared with the children: the child that made it says so, then the parent that it gave it to the sink. */
enum { NOT_MADE, MADE, GIVEN };

struct parallel {
    torci_parallel_fn *run;
    void *arg;
    unsigned jobs;
    size_t count;
    uint64_t deadline_ns;
    const struct torci_parallel_sink *sink; /* or NULL */
    pid_t parent;
    sigset_t signals; /* blocked before there were children */
    struct torci_outcome *outcomes; /* shared with the children */
    atomic_uchar *made;             /* shared as well */
    size_t *indices;                /* room for all */
};

uint64_t torci_monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void torci_outcome_of(const struct torc_scenario_report *report, struct torci_outcome *out)
{
    struct torci_failure_identity identity;

    torci_failure_identify(report, &identity);
    out->verdict = (int)report->verdict;
    out->events = report->events;
    out->unmet = report->verdict == TORC_SCENARIO_SKIPPED ? UINT64_MAX : report->unmet;
    out->identity = XXH3_64bits(&identity, sizeof identity);
    out->t_ns = report->t_ns;
    memcpy(out->digest, report->digest, sizeof out->digest);
    if (report->failure_count == 0)
        return;
    if (report->failures[0].line > 0)
        snprintf(out->message, sizeof out->message, "%s:%u: %s", report->failures[0].file,
                 report->failures[0].line, report->failures[0].message);
    else
        snprintf(out->message, sizeof out->message, "%s", report->failures[0].message);
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

/* Of a child: what its object files have counted is to be found however it ends. */
static void leave(int status) __attribute__((noreturn));
static void leave(int status)
{
    torc_coverage_write();
    _exit(status);
}

static void work(const struct parallel *parallel, struct share *share)
{
    torc_coverage_forget();
    keep_freed_memory();
    for (; share->next < parallel->count; share->next += parallel->jobs) {
        struct torci_outcome outcome = {0};
        uint64_t since_ns = torci_monotonic_ns();

        if (parallel->outcomes[share->next].done)
            continue;
        if (parallel->deadline_ns != 0 && since_ns >= parallel->deadline_ns)
            break;
        torci_run_watch(TORCI_RUN_SECONDS_MAX);
        if (parallel->run(parallel->arg, share->next, &outcome) != 0)
            leave(1);
        outcome.done = true;
        outcome.real_ns = torci_monotonic_ns() - since_ns;
        parallel->outcomes[share->next] = outcome;
        atomic_store(&parallel->made[share->next], MADE);
    }
    share->over = true;
    leave(0);
}

static pid_t start(const struct parallel *parallel, struct share *share)
{
    pid_t child = fork();

    if (child != 0)
        return child;
    sigprocmask(SIG_SETMASK, &parallel->signals, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parallel->parent)
        work(parallel, share);
    _exit(1);
}

/* False: the sink wants no more. */
static bool give(const struct parallel *parallel)
{
    size_t count = 0;

    if (parallel->sink == NULL)
        return true;
    for (size_t i = 0; i < parallel->count; i++) {
        unsigned char made = MADE;

        if (atomic_compare_exchange_strong(&parallel->made[i], &made, GIVEN))
            parallel->indices[count++] = i;
    }
    return count == 0 ||
           parallel->sink->take(parallel->sink->arg, parallel->outcomes, parallel->indices, count);
}

/* The next child that ended, as waitpid; 0: it takes longer. */
static pid_t next_end(int *status)
{
    pid_t child = waitpid(-1, status, WNOHANG);
    sigset_t ends;

    if (child != 0)
        return child;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    (void)sigtimedwait(&ends, NULL, &sink_interval);
    return waitpid(-1, status, WNOHANG);
}

/* A process that was ended by its run is told with that run, and another one goes on behind it. */
static int supervise(const struct parallel *parallel, struct share *shares, pid_t *children)
{
    for (unsigned running = parallel->jobs; running > 0;) {
        int status = 0;
        pid_t child = next_end(&status);
        unsigned i = 0;

        if (child < 0)
            return errno;
        if (!give(parallel))
            return ECANCELED;
        if (child == 0)
            continue;
        while (i < parallel->jobs && children[i] != child)
            i++;
        if (i == parallel->jobs)
            continue;
        if (shares[i].over || shares[i].next >= parallel->count) {
            running--;
            children[i] = 0;
            continue;
        }
        parallel->outcomes[shares[i].next].verdict =
            WIFSIGNALED(status) ? -WTERMSIG(status) : TORCI_RUN_EXITED;
        parallel->outcomes[shares[i].next].done = true;
        atomic_store(&parallel->made[shares[i].next], MADE);
        shares[i].next += parallel->jobs;
        children[i] = start(parallel, &shares[i]);
        if (children[i] < 0)
            return errno;
    }
    return give(parallel) ? 0 : ECANCELED;
}

/* There are not as many processes to be had, or no more are wanted. */
static void end_children(const pid_t *children, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (children[i] <= 0)
            continue;
        kill(children[i], SIGKILL);
        (void)waitpid(children[i], NULL, 0);
    }
}

/* The children's share of everything is in one block of shared memory. */
static int run_children(struct parallel *parallel, void *shared)
{
    struct share *shares = shared;
    pid_t children[JOBS_MAX] = {0};
    unsigned started = 0;
    int error = 0;

    while (started < parallel->jobs && error == 0) {
        shares[started].next = started;
        children[started] = start(parallel, &shares[started]);
        if (children[started] < 0)
            error = errno;
        else
            started++;
    }
    if (error == 0)
        error = supervise(parallel, shares, children);
    if (error != 0)
        end_children(children, started);
    return error;
}

int torci_parallel(unsigned jobs, torci_parallel_fn *run, void *arg, struct torci_outcome *outcomes,
                   size_t count, uint64_t deadline_ns, const struct torci_parallel_sink *sink)
{
    struct parallel parallel = {.run = run, .arg = arg, .jobs = jobs, .count = count,
                                .deadline_ns = deadline_ns, .sink = sink, .parent = getpid()};
    size_t bytes = count * sizeof *outcomes;
    size_t all_bytes = JOBS_MAX * sizeof(struct share) + bytes + count * sizeof *parallel.made;
    char *shared = mmap(NULL, all_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sigset_t ends;
    int error;

    if (shared == MAP_FAILED)
        return errno;
    parallel.outcomes = (struct torci_outcome *)(void *)(shared + JOBS_MAX * sizeof(struct share));
    parallel.made = (atomic_uchar *)(void *)(parallel.outcomes + count);
    parallel.indices = calloc(count + 1, sizeof *parallel.indices);
    memcpy(parallel.outcomes, outcomes, bytes);
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ends, &parallel.signals);
    error = parallel.indices == NULL ? ENOMEM : run_children(&parallel, shared);
    sigprocmask(SIG_SETMASK, &parallel.signals, NULL);
    memcpy(outcomes, parallel.outcomes, bytes);
    free(parallel.indices);
    munmap(shared, all_bytes);
    return error;
}

bool torci_outcome_failed(const struct torci_outcome *outcome)
{
    return outcome->done && outcome->verdict != TORC_SCENARIO_PASS &&
           outcome->verdict != TORC_SCENARIO_UNMET && !torci_outcome_skipped(outcome);
}

bool torci_outcome_skipped(const struct torci_outcome *outcome)
{
    return outcome->done && outcome->verdict == TORC_SCENARIO_SKIPPED;
}

void torci_tell_skipped(uint64_t skipped, uint64_t runs)
{
    if (skipped > 0)
        printf("    %llu of %llu runs set aside: an assumption was false\n", (unsigned long long)skipped,
               (unsigned long long)runs);
}

size_t torci_first_failure(const struct torci_outcome *outcomes, size_t count)
{
    size_t i = 0;

    while (i < count && !torci_outcome_failed(&outcomes[i]))
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
