/* torc explore: one scenario with many seeds; each run leaves open decisions to a strategy.  The first failure
 * becomes a small scenario. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "found.h"
#include "parallel.h"

static const char name[] = "explore";
static const char *const option_names[] = {"seeds",   "strategy", "sites",     "budget", "jobs", "out",
                                           "param",   "modules",  "decisions", "help",   NULL};

enum { ROUND_RUNS = 256, SHRINK_RUNS_MAX = 2000 };

struct explore {
    struct torci_scenario_source source;
    const struct torc_scenario *scenario;
    unsigned jobs;
    uint64_t first; /* seed of the present round */
    struct torc_scenario_exploration exploration; /* as the options say */
    bool seeds_given, strategy_given, sites_given, budget_given;
    const char *path;
    const char *out; /* folder */
    uint64_t deadline_ns;
    uint64_t runs;
    uint64_t events;
    uint64_t unmet; /* of every run so far */
};

static void print_help(void)
{
    puts("usage: torc explore [options] SCENARIO\n"
         "\n"
         "Runs the scenario once for each seed; what a run leaves open (torc/decision.h) is decided by a\n"
         "strategy.  Stops at the first seed that fails, shrinks it, and writes the small scenario and the\n"
         "decisions.  Options come before what the scenario's explore line says.\n"
         "  --seeds A..B        [1..100]\n"
         "  --strategy NAME     fifo, random, pct, portfolio [portfolio]\n"
         "  --sites LIST        what is decided: names of sites (docs/explore.md), or free, times, faults, all;\n"
         "                      -NAME: but not that one [free: what takes no virtual time]\n"
         "  --budget DURATION   of real time; what it left is told, status 4\n"
         "  --jobs NUMBER       processes [the number of processors]\n"
         "  --out DIR           where what fails is written [the scenario's folder]\n"
         "  --param NAME=VALUE, --modules DIR, --decisions FILE   as for torc run\n"
         "\n"
         "Exit status: 0 no seed failed, 1 one failed, 2 invalid, 4 the budget ended it, 5 a `sometimes`\n"
         "was true, or a `when` fired, in no run.");
}

/* --- arguments ------------------------------------------------------------------------------------ */

static int read_value(void *arg, const char *option, const char *value)
{
    struct explore *explore = arg;
    struct torc_scenario_exploration *exploration = &explore->exploration;
    const char *bad;

    if (strcmp(option, "seeds") == 0) {
        explore->seeds_given = true;
        if (torc_scenario_parse_seeds(value, &exploration->first_seed, &exploration->last_seed) != 0)
            return torci_usage_error(name, "--seeds: '%s' is not A..B", value);
    } else if (strcmp(option, "strategy") == 0) {
        explore->strategy_given = true;
        if (torc_strategy_of_name(value, &exploration->strategy) != 0)
            return torci_usage_error(name, "--strategy: '%s' is none of fifo, random, pct, portfolio",
                                     value);
    } else if (strcmp(option, "sites") == 0) {
        explore->sites_given = true;
        if (torc_decision_sites_parse(value, &exploration->sites, &bad) != 0)
            return torci_usage_error(name, "--sites: unknown site '%.*s'", (int)strcspn(bad, ","),
                                     bad);
    } else if (strcmp(option, "budget") == 0) {
        explore->budget_given = true;
        return torci_read_budget(name, value, &exploration->budget_ns);
    } else if (strcmp(option, "jobs") == 0) {
        return torci_parallel_read_jobs(name, value, &explore->jobs);
    } else {
        explore->out = value;
    }
    return 0;
}

/* What was not given comes from the scenario. */
static void settle(struct explore *explore)
{
    struct torc_scenario_exploration *exploration = &explore->exploration;
    struct torc_scenario_exploration written;

    torc_scenario_explore(explore->scenario, &written);
    if (!explore->seeds_given) {
        exploration->first_seed = written.first_seed;
        exploration->last_seed = written.last_seed;
    }
    if (!explore->strategy_given)
        exploration->strategy = written.strategy;
    if (!explore->sites_given)
        exploration->sites = written.sites;
    if (!explore->budget_given)
        exploration->budget_ns = written.budget_ns;
    explore->jobs = torci_parallel_jobs(explore->jobs);
}

/* --- a run ---------------------------------------------------------------------------------------- */

/* Options of the run with that seed; the decider is to be freed. */
static int make_options(struct explore *explore, uint64_t seed,
                        struct torc_scenario_run_options *out)
{
    torci_scenario_source_run_options(&explore->source, out);
    out->seed_given = true;
    out->seed = seed;
    return torc_strategy_new(explore->exploration.strategy, seed, explore->exploration.sites,
                             &out->decider);
}

static int tell_failure(struct explore *explore, uint64_t seed)
{
    struct torci_found_shrunk shrunk;
    struct torc_scenario_run_options options;
    char label[40];
    struct torci_found found = {&explore->source, explore->scenario, explore->path, explore->out,
                                label,            &options,          SHRINK_RUNS_MAX};
    int status;

    if (make_options(explore, seed, &options) != 0)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    snprintf(label, sizeof label, "seed%llu", (unsigned long long)seed);
    status = torci_found_tell(&found, &shrunk);
    torc_strategy_free(options.decider);
    return status;
}

/* --- the campaign --------------------------------------------------------------------------------- */

static int run_index(void *arg, size_t index, struct torci_outcome *out)
{
    struct explore *explore = arg;
    struct torc_scenario_run_options options;
    struct torc_scenario_report *report;
    int code = make_options(explore, explore->first + index, &options);

    if (code == 0)
        code = torc_scenario_run(explore->scenario, &options, &report);
    torc_strategy_free(options.decider);
    if (code != 0)
        return code;
    torci_outcome_of(report, out);
    torc_scenario_report_free(report);
    return 0;
}

/* Seeds from explore->first on.  0; a failure's status; or TORCI_EXIT_BUDGET. */
static int run_round(struct explore *explore, size_t count)
{
    struct torci_outcome *runs = calloc(count, sizeof *runs);
    size_t failure;
    size_t done = 0;
    int status = 0;
    int error;

    if (runs == NULL)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    error = torci_parallel(explore->jobs, run_index, explore, runs, count, explore->deadline_ns);
    if (error != 0)
        status = torci_command_error(name, TORCI_EXIT_INTERNAL, "%s", strerror(error));
    failure = torci_first_failure(runs, count);
    for (size_t i = 0; i < count && i <= failure && status == 0; i++) {
        if (!runs[i].done)
            continue;
        done++;
        explore->events += runs[i].events;
        explore->unmet &= runs[i].unmet;
    }
    explore->runs += done;
    if (status == 0 && failure < count)
        status = tell_failure(explore, explore->first + failure);
    else if (status == 0 && done < count)
        status = TORCI_EXIT_BUDGET;
    free(runs);
    return status;
}

static int run_rounds(struct explore *explore)
{
    const struct torc_scenario_exploration *exploration = &explore->exploration;
    int status = 0;

    explore->unmet = UINT64_MAX;
    if (exploration->budget_ns != 0)
        explore->deadline_ns = torci_monotonic_ns() + exploration->budget_ns;
    explore->first = exploration->first_seed;
    while (status == 0) {
        uint64_t left = exploration->last_seed - explore->first;
        size_t count = left >= ROUND_RUNS ? ROUND_RUNS : (size_t)left + 1;

        status = run_round(explore, count);
        if (left < ROUND_RUNS)
            break;
        explore->first += count;
    }
    if (status == 0 && explore->unmet != 0)
        status = TORCI_EXIT_UNMET;
    return status;
}

static void tell_end(const struct explore *explore, int status, uint64_t since_ns)
{
    uint64_t seeds = explore->exploration.last_seed - explore->exploration.first_seed + 1;
    double seconds = (double)(torci_monotonic_ns() - since_ns) / 1e9;

    printf("%s: %llu of %llu seeds, strategy %s, %llu events, %.2f s, %.0f runs/s%s\n",
           explore->path, (unsigned long long)explore->runs, (unsigned long long)seeds,
           torc_strategy_name(explore->exploration.strategy), (unsigned long long)explore->events,
           seconds, seconds > 0 ? (double)explore->runs / seconds : 0.0,
           status == TORCI_EXIT_BUDGET  ? ": the budget ended it"
           : status == TORCI_EXIT_UNMET ? ": a `sometimes` was never true, or a `when`"
                                        : "");
}

static int explore_scenario(struct explore *explore)
{
    char error[TORCI_SOURCE_ERROR_BYTES];
    struct torc_scenario *scenario;
    uint64_t since_ns = torci_monotonic_ns();
    int status = torci_scenario_source_parse(&explore->source, explore->path, NULL, 0, &scenario,
                                             error);

    if (status != 0) {
        fputs(error, stderr);
        return status;
    }
    explore->scenario = scenario;
    settle(explore);
    fflush(stdout);
    status = run_rounds(explore);
    tell_end(explore, status, since_ns);
    torc_scenario_free(scenario);
    return status;
}

int torci_command_explore(int argc, char **argv)
{
    struct explore *explore = calloc(1, sizeof(*explore));
    bool done = false;
    int status;

    if (explore == NULL)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    explore->source.command = name;
    status = torci_scenario_source_arguments(
        &explore->source, argc, argv,
        &(struct torci_command_options){option_names, 6, print_help, read_value, explore},
        &explore->path, &done);
    if (status == 0 && !done)
        status = explore_scenario(explore);
    torci_scenario_source_free(&explore->source);
    free(explore);
    return status;
}
