#include "order_search.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <torc/coverage.h>

#include "command.h"
#include "found.h"
#include "mark_catalogue.h"
#include "parallel.h"
#include "run_apart.h"


/* What the process that makes the runs and its parent both see. */
struct walk {
    struct torc_search search;
    uint64_t runs;
    uint64_t skipped; /* of those, set aside */
    uint64_t unmet;
    bool over;    /* all were tried, or the time is up: `left` */
    bool left;
    bool failed; /* the answers in `search` are those of a run that does */
    bool broken; /* out of memory */
};

static void make_options(const struct torci_order_search *search, struct walk *walk,
                         struct torc_scenario_run_options *out)
{
    torci_scenario_source_run_options(search->source, out);
    out->seed_given = true;
    out->seed = torc_scenario_seed(search->scenario);
    out->decider = &walk->search.decider;
    torci_mark_catalogue_watch(search->marks, NULL, out);
}

/* One run.  false: the walk ends with it. */
static bool take_step(const struct torci_order_search *search, struct walk *walk)
{
    struct torc_scenario_run_options options;
    struct torc_scenario_report *report;
    struct torci_outcome outcome;

    make_options(search, walk, &options);
    walk->search.asked = 0;
    torci_run_watch(TORCI_RUN_SECONDS_MAX);
    if (torc_scenario_run(search->scenario, &options, &report) != 0) {
        walk->broken = true;
        return false;
    }
    torci_outcome_of(report, &outcome);
    torc_scenario_report_free(report);
    outcome.done = true;
    walk->runs++;
    walk->skipped += torci_outcome_skipped(&outcome);
    walk->unmet &= outcome.unmet;
    walk->failed = torci_first_failure(&outcome, 1) == 0;
    return !walk->failed;
}

static void walk_on(const struct torci_order_search *search, struct walk *walk, uint64_t deadline_ns)
{
    torc_coverage_forget();
    while (take_step(search, walk)) {
        walk->over = !torc_search_next(&walk->search);
        walk->left = !walk->over && deadline_ns != 0 && torci_monotonic_ns() >= deadline_ns;
        if (walk->over || walk->left)
            break;
    }
    torc_coverage_write();
    _exit(0);
}

/* 0, or an errno.  A run that ends the process is the one that failed. */
static int walk_apart(const struct torci_order_search *search, struct walk *walk)
{
    uint64_t since_ns = torci_monotonic_ns();
    pid_t child;
    int status;

    fflush(stdout);
    child = fork();
    if (child < 0)
        return errno;
    if (child == 0)
        walk_on(search, walk, search->budget_ns != 0 ? since_ns + search->budget_ns : 0);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    if (!walk->over && !walk->left && !walk->failed && !walk->broken) {
        walk->failed = true;
        walk->runs++;
    }
    return walk->broken ? ENOMEM : 0;
}

static int tell_failure(const struct torci_order_search *search, struct walk *walk)
{
    struct torc_scenario_run_options options;
    struct torci_found_shrunk shrunk;
    char label[40];
    struct torci_found found = {search->source, search->scenario, search->path,   search->out,
                                label,          &options,         TORCI_SHRINK_RUNS_MAX, false};
    int status;

    snprintf(label, sizeof label, "dfs%llu", (unsigned long long)walk->runs);
    walk->search.asked = 0;
    make_options(search, walk, &options);
    status = torci_found_tell(&found, &shrunk);
    torci_found_free(&shrunk);
    return status;
}

int torci_order_search(const struct torci_order_search *search)
{
    struct walk *walk = mmap(NULL, sizeof *walk, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                             -1, 0);
    uint64_t since_ns = torci_monotonic_ns();
    int status = 0;
    int error;

    if (walk == MAP_FAILED)
        return torci_command_error(search->source->command, TORCI_EXIT_INTERNAL, "%s",
                                   strerror(errno));
    torc_search_init(&walk->search, search->sites, search->depth);
    walk->unmet = UINT64_MAX;
    error = walk_apart(search, walk);
    if (error != 0)
        status = torci_command_error(search->source->command, TORCI_EXIT_INTERNAL, "%s",
                                     strerror(error));
    else if (walk->failed)
        status = tell_failure(search, walk);
    else if (walk->left)
        status = TORCI_EXIT_BUDGET;
    else if (walk->unmet != 0 || torci_mark_catalogue_tell(search->marks) > 0)
        status = TORCI_EXIT_UNMET;
    printf("%s: %llu runs, strategy dfs, the first %u questions, %.2f s%s\n", search->path,
           (unsigned long long)walk->runs, search->depth,
           (double)(torci_monotonic_ns() - since_ns) / 1e9,
           walk->failed                 ? ""
           : walk->left                 ? ": the budget ended it"
           : status == TORCI_EXIT_UNMET && walk->unmet == 0 ? ": all their answers; a mark held in no run"
           : status == TORCI_EXIT_UNMET ? ": all their answers; a `sometimes` was never true, or a `when`"
                                        : ": all their answers");
    torci_tell_skipped(walk->skipped, walk->runs);
    munmap(walk, sizeof *walk);
    return status;
}
