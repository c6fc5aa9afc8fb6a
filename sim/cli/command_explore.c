/* torc explore: one scenario with many seeds; each run leaves open decisions to a strategy.  The first failure
 * becomes a small scenario. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign.h"
#include "command.h"
#include "command_list.h"
#include "found.h"
#include "kept_seeds.h"
#include "order_search.h"
#include "parallel.h"

static const char name[] = "explore";

/* A round goes on when one of its runs has failed, so those that end with the first failure are short. */
enum { ROUND_RUNS = 256, WHOLE_ROUND_RUNS = 8192, SETTINGS_BYTES = 4096, SITES_BYTES = 1024 };

struct explore {
    struct torci_scenario_source source;
    const struct torc_scenario *scenario;
    struct torci_campaign campaign;
    struct torci_kept_seeds kept;
    unsigned jobs;
    uint64_t seeds[WHOLE_ROUND_RUNS]; /* of the present round */
    struct torc_scenario_exploration exploration; /* as the options say */
    size_t marks_missing;
    bool seeds_given, strategy_given, sites_given, budget_given, depth_given;
    const char *path;
    const char *out; /* folder */
    uint64_t deadline_ns;
    uint64_t runs;
    uint64_t skipped; /* of those, set aside */
    uint64_t failed;
    uint64_t failed_seed; /* the first */
    uint64_t events;
    uint64_t unmet; /* of every run so far */
};

/* --- arguments ------------------------------------------------------------------------------------ */

static int read_value(void *arg, const char *option, const char *value)
{
    struct explore *explore = arg;
    struct torc_scenario_exploration *exploration = &explore->exploration;
    const char *bad;

    if (strcmp(option, "seeds") == 0) {
        explore->seeds_given = true;
        if (torc_scenario_parse_seeds(value, &exploration->first_seed, &exploration->last_seed) != 0)
            return torci_usage_error(name, "--seeds: '%s' is not A..B, nor A alone, below 2^63", value);
    } else if (strcmp(option, "strategy") == 0) {
        explore->strategy_given = true;
        if (torc_strategy_of_name(value, &exploration->strategy) != 0)
            return torci_choice_error(&torci_table_explore, option, value);
    } else if (strcmp(option, "sites") == 0) {
        explore->sites_given = true;
        if (torc_decision_sites_parse(value, &exploration->sites, &bad) != 0)
            return torci_usage_error(name, "--sites: unknown site '%.*s'; free, times, faults and all are groups, "
                                 "the single ones are in docs/explore.md", (int)strcspn(bad, ","),
                                     bad);
    } else if (strcmp(option, "budget") == 0) {
        explore->budget_given = true;
        return torci_read_budget(name, value, &exploration->budget_ns);
    } else if (strcmp(option, "jobs") == 0) {
        return torci_parallel_read_jobs(name, value, &explore->jobs);
    } else if (strcmp(option, "depth") == 0) {
        explore->depth_given = true;
        if (torc_scenario_parse_depth(value, &exploration->depth) != 0)
            return torci_usage_error(name, "--depth: '%s' is not a number from 1 to %d", value,
                                     TORC_SEARCH_DEPTH_MAX);
    } else if (strcmp(option, "marks") == 0) {
        exploration->marks = true;
    } else if (strcmp(option, "out") == 0) {
        return torci_found_read_out(name, value, &explore->out);
    } else {
        return torci_option_unread(name, option);
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
    if (!explore->depth_given)
        exploration->depth = written.depth;
    exploration->marks = exploration->marks || written.marks;
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

static int tell_failure(struct explore *explore, uint64_t seed, struct torci_found_shrunk *out)
{
    struct torc_scenario_run_options options;
    char label[40];
    struct torci_found found = {&explore->source, explore->scenario, explore->path,        explore->out,
                                label,            &options,          TORCI_SHRINK_RUNS_MAX,
                                explore->campaign.results != NULL};
    int status;

    memset(out, 0, sizeof *out);
    if (make_options(explore, seed, &options) != 0)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    snprintf(label, sizeof label, "seed%llu", (unsigned long long)seed);
    status = torci_found_tell(&found, out);
    torc_strategy_free(options.decider);
    return status;
}

static int tell_first_failure(struct explore *explore)
{
    struct torci_found_shrunk shrunk;
    int status = tell_failure(explore, explore->failed_seed, &shrunk);

    torci_found_free(&shrunk);
    return status;
}

/* With results: the first of each kind, but not what they have from an earlier time.  TORCI_EXIT_FAIL, or what went
 * wrong. */
static int tell_kinds(struct explore *explore)
{
    struct torci_campaign_failure kinds[TORCI_CAMPAIGN_KINDS_MAX];
    size_t count = 0;
    int status = torci_campaign_failures(&explore->campaign, kinds, &count);

    for (size_t i = 0; i < count && status == 0; i++) {
        struct torci_found_shrunk shrunk;

        status = tell_failure(explore, kinds[i].number, &shrunk);
        if (status == TORCI_EXIT_FAIL)
            status = torci_campaign_keep(&explore->campaign, &kinds[i], &shrunk);
        torci_found_free(&shrunk);
    }
    return status != 0 ? status : TORCI_EXIT_FAIL;
}

/* --- the campaign --------------------------------------------------------------------------------- */

static int run_index(void *arg, size_t index, struct torci_outcome *out)
{
    struct explore *explore = arg;
    struct torc_scenario_run_options options;
    struct torc_scenario_report *report;
    int code = make_options(explore, explore->seeds[index], &options);

    torci_campaign_watch(&explore->campaign, index, explore->seeds[index], &options);
    if (code == 0)
        code = torc_scenario_run(explore->scenario, &options, &report);
    torc_strategy_free(options.decider);
    if (code != 0)
        return code;
    torci_outcome_of(report, out);
    torc_scenario_report_free(report);
    return 0;
}

static void name_index(void *arg, size_t index, char item[TORCI_ITEM_BYTES], uint64_t *out_number)
{
    const struct explore *explore = arg;

    *out_number = explore->seeds[index];
    snprintf(item, TORCI_ITEM_BYTES, "%llu", (unsigned long long)*out_number);
}

/* Counts a run, and remembers the first failure. */
static int count_run(struct explore *explore, uint64_t seed, const struct torci_outcome *run)
{
    explore->runs++;
    explore->skipped += torci_outcome_skipped(run);
    explore->events += run->events;
    explore->unmet &= run->unmet;
    if (torci_outcome_failed(run) && explore->failed++ == 0)
        explore->failed_seed = seed;
    return torci_kept_seeds_note(&explore->kept, seed, run);
}

/* The seeds of the present round.  The first failure ends it, but not with results, for they are to be whole.  0; a
 * failure's status; or TORCI_EXIT_BUDGET. */
static int run_round(struct explore *explore, size_t count)
{
    struct torci_outcome *runs = calloc(count + 1, sizeof *runs);
    bool whole = explore->campaign.results != NULL;
    size_t done = 0;
    int status;

    if (runs == NULL)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    status = torci_campaign_run(&explore->campaign, explore->jobs, run_index, name_index, explore, runs,
                                count, explore->deadline_ns);
    for (size_t i = 0; i < count && status == 0 && (whole || explore->failed == 0); i++) {
        done += runs[i].done ? 1 : 0;
        if (runs[i].done && count_run(explore, explore->seeds[i], &runs[i]) != 0)
            status = torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    }
    if (status == 0 && !whole && explore->failed > 0)
        status = TORCI_EXIT_FAIL;
    else if (status == 0 && done < count)
        status = TORCI_EXIT_BUDGET;
    free(runs);
    return status;
}

/* Those of this shard that failed before, whatever seeds are asked for. */
static int run_kept(struct explore *explore)
{
    size_t count = 0;
    int status = 0;

    for (size_t i = 0; i < explore->kept.count && status == 0; i++) {
        if (torci_shard_has(&explore->campaign.shard, explore->kept.seeds[i]))
            explore->seeds[count++] = explore->kept.seeds[i];
        if (count == ROUND_RUNS || (count > 0 && i + 1 == explore->kept.count)) {
            status = run_round(explore, count);
            count = 0;
        }
    }
    return status;
}

static int run_rounds(struct explore *explore)
{
    const struct torc_scenario_exploration *exploration = &explore->exploration;
    const struct torci_shard *shard = &explore->campaign.shard;
    const size_t count_max = explore->campaign.results != NULL ? WHOLE_ROUND_RUNS : ROUND_RUNS;
    uint64_t seed = 0;
    uint64_t left = torci_shard_share(shard, exploration->first_seed, exploration->last_seed, &seed);
    int status;

    explore->unmet = UINT64_MAX;
    if (exploration->budget_ns != 0)
        explore->deadline_ns = torci_monotonic_ns() + exploration->budget_ns;
    status = run_kept(explore);
    while (left > 0 && status == 0) {
        size_t count = 0;

        for (; left > 0 && count < count_max; left--, seed += shard->count)
            if (!torci_kept_seeds_has(&explore->kept, seed))
                explore->seeds[count++] = seed;
        status = run_round(explore, count);
    }
    return status;
}

/* What came of it all, when `status` says how it ended. */
static int conclude(struct explore *explore, int status)
{
    int told = 0;

    if (status != 0 && status != TORCI_EXIT_FAIL && status != TORCI_EXIT_BUDGET)
        return status;
    if (explore->failed > 0) {
        status = explore->campaign.results != NULL ? tell_kinds(explore) : tell_first_failure(explore);
        told = torci_kept_seeds_save(&explore->kept);
    } else {
        told = torci_kept_seeds_save(&explore->kept);
        if (status == 0 && explore->exploration.marks && explore->campaign.shard.count <= 1 &&
            explore->campaign.known == 0)
            explore->marks_missing = torci_mark_catalogue_tell(&explore->campaign.marks);
        if (status == 0 && explore->unmet != 0 && explore->runs > 0 &&
            !torci_campaign_is_part(&explore->campaign))
            status = TORCI_EXIT_UNMET;
        if (status == 0 && explore->marks_missing > 0)
            status = TORCI_EXIT_UNMET;
    }
    if (told != 0)
        return told;
    return explore->campaign.differed > 0 ? TORCI_EXIT_NONDETERMINISM : status;
}

/* Whether this seed is tried although --seeds does not have it. */
static bool is_beside(const struct explore *explore, uint64_t kept_seed)
{
    return torci_shard_has(&explore->campaign.shard, kept_seed) &&
           (kept_seed < explore->exploration.first_seed || kept_seed > explore->exploration.last_seed);
}

static void tell_end(const struct explore *explore, int status, uint64_t since_ns)
{
    uint64_t first;
    uint64_t seeds = torci_shard_share(&explore->campaign.shard, explore->exploration.first_seed,
                                       explore->exploration.last_seed, &first);
    double seconds = (double)(torci_monotonic_ns() - since_ns) / 1e9;

    for (size_t i = 0; i < explore->kept.count; i++)
        seeds += is_beside(explore, explore->kept.seeds[i]) ? 1 : 0;
    printf("%s: %llu of %llu seeds, strategy %s, %llu events, %.2f s, %.0f runs/s%s\n",
           explore->path, (unsigned long long)explore->runs, (unsigned long long)seeds,
           torc_strategy_name(explore->exploration.strategy), (unsigned long long)explore->events,
           seconds, seconds > 0 ? (double)explore->runs / seconds : 0.0,
           status == TORCI_EXIT_BUDGET  ? ": the budget ended it"
           : status != TORCI_EXIT_UNMET ? ""
           : explore->skipped == explore->runs
               ? ": every run was set aside"
           : explore->unmet == 0
               ? ": a mark held in no run"
               : ": a `sometimes` was never true, or a `when`");
    torci_tell_skipped(explore->skipped, explore->runs);
}

/* The names of the sites, as --sites takes them. */
static void write_sites(uint64_t sites, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (unsigned i = 0; torc_decision_sites[i].name != NULL && used < size; i++)
        if ((sites >> i & 1) != 0)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used == 0 ? "" : ",",
                                     torc_decision_sites[i].name);
}

/* What the seeds are run with is told in one line: by it those that are kept are told apart, and results. */
static int open_campaign(struct explore *explore)
{
    const struct torc_scenario_exploration *exploration = &explore->exploration;
    const char *strategy = torc_strategy_name(exploration->strategy);
    char sites[SITES_BYTES];
    char shared[SETTINGS_BYTES];
    char settings[2 * SITES_BYTES + SETTINGS_BYTES];
    char arguments[2 * SITES_BYTES + TORCI_REPEATED_BYTES];
    char path[TORCI_FOUND_PATH_BYTES];
    int status;

    write_sites(exploration->sites, sites, sizeof sites);
    torci_scenario_source_settings(&explore->source, shared, sizeof shared);
    snprintf(settings, sizeof settings, "strategy=%s sites=%s%s", strategy, sites, shared);
    snprintf(arguments, sizeof arguments, "--strategy %s --sites %s %s", strategy, sites,
             explore->source.repeated);
    torci_found_path(explore->path, explore->out, ".seeds", path);
    status = torci_kept_seeds_read(&explore->kept, name, path, settings);
    if (status != 0)
        return status;
    if (explore->kept.count > 0)
        printf("%zu seed%s of %s first\n", explore->kept.count, explore->kept.count == 1 ? "" : "s", path);
    return torci_campaign_open(&explore->campaign, &explore->source, explore->scenario,
                               &(struct torci_campaign_plan){explore->path, settings, arguments,
                                                             exploration->first_seed,
                                                             exploration->last_seed, NULL, false});
}

static int search_orders(struct explore *explore)
{
    const struct torc_scenario_exploration *exploration = &explore->exploration;
    struct torci_order_search search = {&explore->source,   explore->scenario,      explore->path,
                                        explore->out,       exploration->sites,     exploration->depth,
                                        exploration->budget_ns, &explore->campaign.marks};

    return torci_order_search(&search);
}

static int explore_seeds(struct explore *explore)
{
    uint64_t since_ns = torci_monotonic_ns();
    int status = open_campaign(explore);
    int told = 0;

    if (status == 0) {
        fflush(stdout);
        status = conclude(explore, run_rounds(explore));
        tell_end(explore, status, since_ns);
        told = torci_campaign_tell(&explore->campaign);
    }
    torci_campaign_close(&explore->campaign);
    torci_kept_seeds_free(&explore->kept);
    return told != 0 ? told : status;
}

static int explore_scenario(struct explore *explore)
{
    char error[TORCI_SOURCE_ERROR_BYTES];
    struct torc_scenario *scenario;
    int status = torci_scenario_source_parse(&explore->source, explore->path, NULL, 0, &scenario,
                                             error);

    if (status != 0) {
        fputs(error, stderr);
        return status;
    }
    explore->scenario = scenario;
    settle(explore);
    if (explore->exploration.strategy == TORC_STRATEGY_DFS && explore->campaign.results_path != NULL)
        status = torci_usage_error(name, "--results: strategy dfs has no seeds to write down");
    if (status == 0)
        status = torci_campaign_list_marks(&explore->campaign, &explore->source, scenario,
                                           explore->exploration.marks);
    if (status == 0)
        status = explore->exploration.strategy == TORC_STRATEGY_DFS ? search_orders(explore)
                                                                : explore_seeds(explore);
    torci_mark_catalogue_free(&explore->campaign.marks);
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
    explore->campaign.command = name;
    status = torci_scenario_source_arguments(
        &explore->source, argc, argv,
        &(struct torci_command_options){&torci_table_explore, read_value, explore, &explore->campaign}, &explore->path,
        &done);
    if (status == 0 && !done)
        status = explore_scenario(explore);
    torci_scenario_source_free(&explore->source);
    free(explore);
    return status;
}
