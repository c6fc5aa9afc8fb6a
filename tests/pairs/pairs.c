/* pairs - runs scenarios twice with the same seed, very often: the second run finds other things in fresh memory of
 * the hosts and of the C library, on the stack, in the order of addresses and in the environment.  The two digests
 * must be equal.
 *
 * A pair is two runs in one process, and a process makes many pairs: so each run also finds the heap as the runs before
 * it have left it.  What only a new process can have (where everything lies) is for torc check.  Each
 * scenario gets the seeds 1, 2, 3, ...; the seed also decides, at every site of docs/explore.md, what a run leaves open. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/sim.h>

#include "sim/cli/arguments.h"
#include "sim/cli/command.h"
#include "sim/cli/parallel.h"
#include "sim/cli/perturbation.h"
#include "sim/cli/scenario_source.h"
#include "sim/cli/shared_options.h"

enum { FILL = 0xa5, SHOWN_MAX = 10, ROUND_PAIRS = 20000 };

/* What has become of a pair, in an outcome's verdict. */
enum { PAIR_EQUAL = 0, PAIR_DIFFERS = 1 };

struct pairs {
    struct torci_scenario_source source;
    struct torc_scenario **scenarios;
    const char **paths;
    size_t count;     /* of scenarios */
    uint64_t wanted;
    uint64_t first;   /* of this round */
    uint64_t sites;
    unsigned jobs;
};

/* Shifted from seed to seed, or else a process might get nothing but the long ones. */
static size_t scenario_of(const struct pairs *pairs, uint64_t pair)
{
    return (size_t)((pair + pair / pairs->count) % pairs->count);
}

static uint64_t seed_of(const struct pairs *pairs, uint64_t pair)
{
    return pair / pairs->count + 1;
}

static int run(struct pairs *pairs, uint64_t pair, bool perturbed, struct torc_scenario_report **out)
{
    struct torc_scenario_run_options options;
    uint64_t seed = seed_of(pairs, pair);
    int code;

    torci_scenario_source_run_options(&pairs->source, &options);
    options.seed_given = true;
    options.seed = seed;
    options.perturb = perturbed ? TORC_PERTURB_MEMORY | TORC_PERTURB_ADDRESSES : 0;
    code = torc_strategy_new(TORC_STRATEGY_PORTFOLIO, seed, pairs->sites, &options.decider);
    if (code != 0)
        return code;
    (void)mallopt(M_PERTURB, perturbed ? FILL : 0);
    if (perturbed) {
        (void)setenv("TORC_PAIRS_PADDING", "this is not there in the first run", 1);
        torci_perturbation_soil_stack();
    } else {
        (void)unsetenv("TORC_PAIRS_PADDING");
    }
    code = torc_scenario_run(pairs->scenarios[scenario_of(pairs, pair)], &options, out);
    torc_strategy_free(options.decider);
    return code;
}

static int run_pair(void *arg, size_t index, struct torci_outcome *out)
{
    struct pairs *pairs = arg;
    struct torc_scenario_report *first;
    struct torc_scenario_report *second;
    int code = run(pairs, pairs->first + index, false, &first);

    if (code != 0)
        return code;
    code = run(pairs, pairs->first + index, true, &second);
    if (code == 0) {
        bool equal = strcmp(first->digest, second->digest) == 0 && first->verdict == second->verdict &&
                     first->events == second->events && first->t_ns == second->t_ns;

        out->verdict = equal ? PAIR_EQUAL : PAIR_DIFFERS;
        out->events = first->events + second->events;
        torc_scenario_report_free(second);
    }
    torc_scenario_report_free(first);
    return code;
}

static void tell(const struct pairs *pairs, uint64_t pair, const struct torci_outcome *outcome)
{
    const char *path = pairs->paths[scenario_of(pairs, pair)];
    unsigned long long seed = seed_of(pairs, pair);

    if (outcome->verdict == PAIR_DIFFERS)
        printf("different: %s, seed %llu\n", path, seed);
    else
        printf("ended: %s, seed %llu: %s\n", path, seed, torci_outcome_end(outcome));
    printf("    torc run --sites all --strategy portfolio --seed %llu %s%s, and with --perturb memory,stack,addresses\n",
           seed, pairs->source.repeated, path);
}

static int run_round(struct pairs *pairs, size_t count, uint64_t *events, uint64_t *mismatches)
{
    struct torci_outcome *outcomes = calloc(count, sizeof *outcomes);
    int error;

    if (outcomes == NULL)
        return TORCI_EXIT_INTERNAL;
    error = torci_parallel(pairs->jobs, run_pair, pairs, outcomes, count, 0, NULL);
    for (size_t i = 0; i < count && error == 0; i++) {
        *events += outcomes[i].events;
        if (!outcomes[i].done) {
            error = TORCI_EXIT_INTERNAL;
        } else if (outcomes[i].verdict != PAIR_EQUAL && (*mismatches)++ < SHOWN_MAX) {
            tell(pairs, pairs->first + i, &outcomes[i]);
        }
    }
    free(outcomes);
    return error == 0 ? 0 : TORCI_EXIT_INTERNAL;
}

static int run_all(struct pairs *pairs)
{
    uint64_t since_ns = torci_monotonic_ns();
    uint64_t events = 0;
    uint64_t mismatches = 0;
    int status = 0;

    while (status == 0 && pairs->first < pairs->wanted) {
        uint64_t left = pairs->wanted - pairs->first;
        size_t count = left < ROUND_PAIRS ? (size_t)left : ROUND_PAIRS;

        fflush(stdout);
        status = run_round(pairs, count, &events, &mismatches);
        pairs->first += count;
    }
    printf("%llu pairs of %zu scenarios, %llu events, %llu mismatches, %.1f s\n",
           (unsigned long long)pairs->first, pairs->count, (unsigned long long)events,
           (unsigned long long)mismatches, (double)(torci_monotonic_ns() - since_ns) / 1e9);
    return status != 0 ? status : mismatches > 0 ? TORCI_EXIT_NONDETERMINISM : 0;
}

/* --- arguments ------------------------------------------------------------------------------------ */

static const struct torci_option options[] = {
    {.name = "pairs", .value = "NUMBER", .text = "How many pairs."},
    TORCI_OPTION_JOBS,
    TORCI_OPTION_PARAM,
    TORCI_OPTION_MODULES,
    {.name = NULL},
};
static const struct torci_command command = {
    .name = "pairs",
    .operands = "SCENARIO...",
    .about = "Runs pairs of runs, the second of each perturbed, and compares them.",
    .options = options,
    .exits = (const struct torci_term[]){{"0", "All are equal."},
                                         {"2", "A scenario is invalid."},
                                         {"3", "A pair differs, or a run ended its process."},
                                         {NULL, NULL}},
};

static int read_option(void *arg, const char *option, const char *value)
{
    struct pairs *pairs = arg;
    bool shared;
    int status = torci_scenario_source_option(&pairs->source, option, value, &shared);

    if (shared)
        return status;
    return strcmp(option, "pairs") == 0 ? torci_read_number("pairs", option, value, &pairs->wanted)
                                        : torci_parallel_read_jobs("pairs", value, &pairs->jobs);
}

static int read_operand(void *arg, const char *text)
{
    struct pairs *pairs = arg;

    pairs->paths[pairs->count++] = text;
    return 0;
}

static int read_arguments(struct pairs *pairs, int argc, char **argv, bool *out_done)
{
    const struct torci_argument_reader reader = {read_option, read_operand, pairs};
    int status = torci_arguments_read(&command, argc, argv, &reader, out_done);

    if (status == 0 && !*out_done && (pairs->count == 0 || pairs->wanted == 0))
        status = torci_usage_error("pairs", "--pairs NUMBER SCENARIO... is needed");
    pairs->jobs = torci_parallel_jobs(pairs->jobs);
    return status;
}

static int parse_all(struct pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        char error[TORCI_SOURCE_ERROR_BYTES];
        int status = torci_scenario_source_parse(&pairs->source, pairs->paths[i], NULL, 0,
                                                 &pairs->scenarios[i], error);

        if (status != 0) {
            fputs(error, stderr);
            return status;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct pairs pairs = {.source.command = "pairs"};
    const char *bad;
    bool done;
    int status;

    pairs.paths = calloc((size_t)argc, sizeof *pairs.paths);
    pairs.scenarios = calloc((size_t)argc, sizeof(struct torc_scenario *));
    if (pairs.paths == NULL || pairs.scenarios == NULL ||
        torc_decision_sites_parse("all", &pairs.sites, &bad) != 0)
        return TORCI_EXIT_INTERNAL;
    status = read_arguments(&pairs, argc, argv, &done);
    if (status == 0 && !done)
        status = parse_all(&pairs);
    if (status == 0 && !done)
        status = run_all(&pairs);
    for (size_t i = 0; i < pairs.count; i++)
        torc_scenario_free(pairs.scenarios[i]);
    torci_scenario_source_free(&pairs.source);
    free(pairs.scenarios);
    free(pairs.paths);
    return status;
}
