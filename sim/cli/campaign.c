#include "campaign.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "shrinker.h"

enum { JOBS_MAX = 256 };

int torci_campaign_run_once(const struct torci_campaign *campaign, uint64_t seed,
                            struct torc_scenario_report **out)
{
    struct torc_scenario_run_options options;
    int code;

    torci_scenario_source_run_options(campaign->source, &options);
    options.seed_given = true;
    options.seed = seed;
    code = torc_strategy_new(campaign->strategy, seed, campaign->sites, &options.decider);
    if (code != 0)
        return code;
    code = torc_scenario_run(campaign->scenario, &options, out);
    torc_strategy_free(options.decider);
    return code;
}

/* Which `sometimes` lines failed, by a hash of each into 64 bits: two may share one. */
static uint64_t unmet_of(const struct torc_scenario_report *report)
{
    uint64_t unmet = 0;

    for (size_t i = 0; i < report->failure_count; i++) {
        const char *property = report->failures[i].property;

        unmet |= UINT64_C(1) << XXH3_64bits(property, strlen(property)) % TORCI_UNMET_MAX;
    }
    return unmet;
}

static void run_one(const struct torci_campaign *campaign, struct torci_campaign_run *run)
{
    struct torc_scenario_report *report;
    struct torci_failure_identity identity;

    if (torci_campaign_run_once(campaign, run->seed, &report) != 0)
        _exit(1);
    torci_failure_identify(report, &identity);
    run->verdict = (int)report->verdict;
    run->events = report->events;
    run->unmet = report->verdict == TORC_SCENARIO_UNMET ? unmet_of(report) : 0;
    run->identity = XXH3_64bits(&identity, sizeof identity);
    run->done = true;
    torc_scenario_report_free(report);
}

static uint64_t monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What a process has to do, and how far it is. */
struct share {
    size_t next; /* index of the run it is at */
    size_t step;
    bool over; /* all is done, or the time is up */
};

static void work(const struct torci_campaign *campaign, struct share *share,
                 struct torci_campaign_run *runs, size_t count, uint64_t deadline_ns)
{
    for (; share->next < count; share->next += share->step) {
        if (deadline_ns != 0 && monotonic_ns() >= deadline_ns)
            break;
        run_one(campaign, &runs[share->next]);
    }
    share->over = true;
    _exit(0);
}

static pid_t start(const struct torci_campaign *campaign, struct share *share,
                   struct torci_campaign_run *runs, size_t count, uint64_t deadline_ns)
{
    pid_t child = fork();

    if (child == 0)
        work(campaign, share, runs, count, deadline_ns);
    return child;
}

/* A process that was ended by its run is told with that run, and another one goes on behind it. */
static int supervise(const struct torci_campaign *campaign, struct share *shares, pid_t *children,
                     struct torci_campaign_run *runs, size_t count, uint64_t deadline_ns)
{
    for (unsigned running = campaign->jobs; running > 0;) {
        int status;
        pid_t child = wait(&status);
        unsigned i = 0;

        if (child < 0)
            return errno;
        while (i < campaign->jobs && children[i] != child)
            i++;
        if (i == campaign->jobs)
            continue;
        if (shares[i].over || shares[i].next >= count) {
            running--;
            continue;
        }
        runs[shares[i].next].verdict = WIFSIGNALED(status) ? -WTERMSIG(status) : TORCI_RUN_EXITED;
        runs[shares[i].next].done = true;
        shares[i].next += shares[i].step;
        children[i] = start(campaign, &shares[i], runs, count, deadline_ns);
        if (children[i] < 0)
            return errno;
    }
    return 0;
}

/* The children write into memory they share with us. */
int torci_campaign_run_all(const struct torci_campaign *campaign, struct torci_campaign_run *runs,
                           size_t count, uint64_t deadline_ns)
{
    size_t bytes = count * sizeof *runs;
    pid_t children[JOBS_MAX];
    struct share *shares;
    struct torci_campaign_run *shared;
    int error = 0;

    shares = mmap(NULL, JOBS_MAX * sizeof *shares + bytes, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shares == MAP_FAILED)
        return errno;
    shared = (struct torci_campaign_run *)(void *)(shares + JOBS_MAX);
    memcpy(shared, runs, bytes);
    for (unsigned i = 0; i < campaign->jobs && error == 0; i++) {
        shares[i] = (struct share){i, campaign->jobs, false};
        children[i] = start(campaign, &shares[i], shared, count, deadline_ns);
        if (children[i] < 0)
            error = errno;
    }
    if (error == 0)
        error = supervise(campaign, shares, children, shared, count, deadline_ns);
    memcpy(runs, shared, bytes);
    munmap(shares, JOBS_MAX * sizeof *shares + bytes);
    return error;
}

static bool failed(const struct torci_campaign_run *run)
{
    return run->done && run->verdict != TORC_SCENARIO_PASS && run->verdict != TORC_SCENARIO_UNMET;
}

size_t torci_campaign_first_failure(const struct torci_campaign_run *runs, size_t count)
{
    size_t i = 0;

    while (i < count && !failed(&runs[i]))
        i++;
    return i;
}
