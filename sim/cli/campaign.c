#include "campaign.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "command.h"
#include "module_loader.h"

enum { HASH_BYTES = 33, SHOWN_MAX = 10, PATH_BYTES_MAX = 4096 };

/* --- options -------------------------------------------------------------------------------------- */

int torci_campaign_option(struct torci_campaign *campaign, const char *option, const char *value, bool *out_known)
{
    *out_known = true;
    if (strcmp(option, "shard") == 0)
        return torci_shard_read(campaign->command, value, &campaign->shard);
    if (strcmp(option, "resume") == 0)
        campaign->resume = true;
    else if (strcmp(option, "results") == 0)
        campaign->results_path = value;
    else
        *out_known = false;
    return 0;
}

int torci_campaign_settle(struct torci_campaign *campaign)
{
    struct torci_shard *shard = &campaign->shard;
    int status = shard->source != NULL ? 0 : torci_shard_from_environment(campaign->command, shard);

    if (status != 0)
        return status;
    if (campaign->resume && campaign->results_path == NULL)
        return torci_usage_error(campaign->command, "--resume: there is nothing to resume without --results FILE");
    if (shard->source != NULL)
        printf("shard %u/%u, from %s\n", shard->index, shard->count, shard->source);
    return 0;
}

bool torci_campaign_is_part(const struct torci_campaign *campaign)
{
    return campaign->results != NULL && campaign->shard.count > 1;
}

/* --- what it is ----------------------------------------------------------------------------------- */

static void write_hash(XXH3_state_t *state, char out[HASH_BYTES])
{
    XXH128_hash_t hash = XXH3_128bits_digest(state);

    snprintf(out, HASH_BYTES, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64, (uint64_t)hash.low64);
}

struct build {
    const struct torci_scenario_source *source;
    XXH3_state_t *state;
    char path[PATH_BYTES_MAX];
    int error; /* an errno, of reading `path` */
};

static void add_file(struct build *build)
{
    char *data;
    size_t bytes;

    build->error = torci_scenario_source_read(build->path, &data, &bytes);
    if (build->error != 0)
        return;
    XXH3_128bits_update(build->state, &bytes, sizeof bytes);
    XXH3_128bits_update(build->state, data, bytes);
    free(data);
}

static void add_module(void *arg, const char *module)
{
    struct build *build = arg;

    if (build->error == 0 &&
        torci_module_path(module, build->source->modules, build->path, sizeof build->path) != 0)
        build->error = ENAMETOOLONG;
    if (build->error == 0)
        add_file(build);
}

/* The command's own file, and those of the modules: not every linker writes a build id. */
static int hash_build(struct torci_campaign *campaign, const struct torci_scenario_source *source,
                      const struct torc_scenario *scenario, XXH3_state_t *state, char out[HASH_BYTES])
{
    struct build build = {source, state, "/proc/self/exe", 0};

    XXH3_128bits_reset(state);
    add_file(&build);
    torc_scenario_modules(scenario, add_module, &build);
    if (build.error != 0)
        return torci_command_error(campaign->command, TORCI_EXIT_USAGE, "--results: %s: %s", build.path,
                                   strerror(build.error));
    write_hash(state, out);
    return 0;
}

/* Every file that the scenario and its decisions consist of, and its parameters. */
static void hash_scenario(const struct torci_scenario_source *source, XXH3_state_t *state,
                          char out[HASH_BYTES])
{
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, &source->files_hash, sizeof source->files_hash);
    for (size_t i = 0; i < 2 * source->param_count; i++)
        XXH3_128bits_update(state, source->params[i], strlen(source->params[i]) + 1);
    write_hash(state, out);
}

static int write_campaign(struct torci_campaign *campaign, const struct torci_results_campaign *row,
                          const struct torci_campaign_plan *plan)
{
    int status = torci_results_begin(campaign->results);

    if (status == 0)
        status = torci_results_add_campaign(campaign->results, row, &campaign->id);
    if (status == 0 && !plan->endless)
        status = torci_results_ask(campaign->results, campaign->id, plan->first, plan->last,
                                   &campaign->shard);
    if (status == 0)
        status = torci_campaign_open_notes(campaign);
    return status != 0 ? status : torci_results_commit(campaign->results);
}

int torci_campaign_open(struct torci_campaign *campaign, struct torci_scenario_source *source,
                        const struct torc_scenario *scenario, const struct torci_campaign_plan *plan)
{
    XXH3_state_t *state;
    char scenario_hash[HASH_BYTES];
    char build[HASH_BYTES];
    int status;

    if (campaign->results_path == NULL)
        return 0;
    if (plan->last > INT64_MAX)
        return torci_usage_error(campaign->command, "--results: seeds go up to %lld", (long long)INT64_MAX);
    state = XXH3_createState();
    if (state == NULL)
        return torci_command_error(campaign->command, TORCI_EXIT_INTERNAL, "out of memory");
    hash_scenario(source, state, scenario_hash);
    status = hash_build(campaign, source, scenario, state, build);
    XXH3_freeState(state);
    if (status == 0)
        status = torci_results_open(campaign->command, campaign->results_path, true, &campaign->results);
    if (status != 0)
        return status;
    return write_campaign(campaign,
                          &(struct torci_results_campaign){0, campaign->command, scenario_hash, build,
                                                           plan->settings,
                                                           plan->phase != NULL ? plan->phase : "", plan->path,
                                                           plan->arguments},
                          plan);
}

void torci_campaign_close(struct torci_campaign *campaign)
{
    torci_campaign_close_notes(campaign);
    torci_results_close(campaign->results);
    campaign->results = NULL;
}

/* --- runs ----------------------------------------------------------------------------------------- */

struct running {
    struct torci_campaign *campaign;
    torci_campaign_name_fn *name;
    void *arg;
    struct torci_outcome *outcomes;
};

static void write_verdict(const struct torci_outcome *outcome, char out[TORCI_VERDICT_BYTES])
{
    if (outcome->verdict >= 0)
        snprintf(out, TORCI_VERDICT_BYTES, "%s",
                 torc_scenario_verdict_name((enum torc_scenario_verdict)outcome->verdict));
    else if (outcome->verdict == TORCI_RUN_EXITED)
        snprintf(out, TORCI_VERDICT_BYTES, "exited");
    else
        snprintf(out, TORCI_VERDICT_BYTES, "signal %d", -outcome->verdict);
}

static bool read_verdict(const char *text, int *out)
{
    static const enum torc_scenario_verdict last = TORC_SCENARIO_SKIPPED;
    struct torci_outcome outcome = {0};
    char known[TORCI_VERDICT_BYTES];

    *out = TORCI_RUN_EXITED;
    if (strcmp(text, "exited") == 0)
        return true;
    if (strncmp(text, "signal ", 7) == 0) {
        *out = -atoi(text + 7);
        return *out < 0;
    }
    for (outcome.verdict = 0; outcome.verdict <= (int)last; outcome.verdict++) {
        write_verdict(&outcome, known);
        *out = outcome.verdict;
        if (strcmp(known, text) == 0)
            return true;
    }
    return false;
}

int torci_campaign_add(struct torci_campaign *campaign, const struct torci_results_run *run)
{
    bool differs;
    int status;

    if (campaign->results == NULL)
        return 0;
    status = torci_results_add_run(campaign->results, campaign->id, run, &differs);
    if (status != 0 || !differs)
        return status;
    if (campaign->differed++ < SHOWN_MAX)
        printf("different: %s: %s had another digest or verdict before; now %s %s\n", campaign->results_path,
               run->item, run->verdict, run->digest);
    return 0;
}

void torci_campaign_failure_of(const struct torci_outcome *outcome, const char *item, uint64_t number,
                               struct torci_campaign_failure *out)
{
    write_verdict(outcome, out->verdict);
    out->identity[0] = '\0';
    if (outcome->verdict > TORC_SCENARIO_PASS && !torci_outcome_skipped(outcome))
        snprintf(out->identity, sizeof out->identity, "%016" PRIx64, outcome->identity);
    snprintf(out->item, sizeof out->item, "%s", item);
    out->number = number;
}

static int add_outcome(struct torci_campaign *campaign, const struct torci_outcome *outcome, const char *item,
                       uint64_t number, const char *marks)
{
    struct torci_campaign_failure failure;
    bool ended = outcome->verdict < 0;

    torci_campaign_failure_of(outcome, item, number, &failure);
    return torci_campaign_add(campaign,
                              &(struct torci_results_run){
                                  item, number, outcome->digest, failure.verdict, failure.identity,
                                  ended ? torci_outcome_end(outcome) : outcome->message, outcome->unmet,
                                  outcome->events, outcome->t_ns, outcome->real_ns, ended ? "" : marks, ""});
}

/* One transaction, so that all of it is there or nothing. */
static bool take(void *arg, const struct torci_outcome *outcomes, const size_t *indices, size_t count)
{
    struct running *running = arg;
    struct torci_campaign *campaign = running->campaign;

    campaign->status = torci_results_begin(campaign->results);
    for (size_t i = 0; i < count && campaign->status == 0; i++) {
        char item[TORCI_ITEM_BYTES];
        uint64_t number;

        running->name(running->arg, indices[i], item, &number);
        campaign->status = add_outcome(campaign, &outcomes[indices[i]], item, number,
                                       torci_campaign_row(campaign, indices[i]));
    }
    if (campaign->status == 0)
        campaign->status = torci_campaign_write_behaviours(campaign);
    if (campaign->status == 0)
        campaign->status = torci_results_commit(campaign->results);
    return campaign->status == 0;
}

static int recall(void *arg, const struct torci_results_run *run)
{
    struct torci_outcome *outcome = arg;
    struct torci_outcome there = {.done = true,
                                  .unmet = run->unmet,
                                  .events = run->events,
                                  .identity = strtoull(run->identity, NULL, 16),
                                  .t_ns = run->t_ns,
                                  .real_ns = run->real_ns};

    if (!read_verdict(run->verdict, &there.verdict))
        return 0;
    snprintf(there.digest, sizeof there.digest, "%s", run->digest);
    snprintf(there.message, sizeof there.message, "%s", run->message);
    *outcome = there;
    return 0;
}

static int recall_known(struct running *running, size_t count)
{
    struct torci_campaign *campaign = running->campaign;
    int status = 0;

    for (size_t i = 0; i < count && status == 0; i++) {
        char item[TORCI_ITEM_BYTES];
        uint64_t number;

        running->name(running->arg, i, item, &number);
        status = torci_results_visit_run(campaign->results, campaign->id, item, recall, &running->outcomes[i]);
        campaign->known += running->outcomes[i].done ? 1 : 0;
    }
    return status;
}

int torci_campaign_run(struct torci_campaign *campaign, unsigned jobs, torci_parallel_fn *run,
                       torci_campaign_name_fn *name, void *arg, struct torci_outcome *outcomes, size_t count,
                       uint64_t deadline_ns)
{
    struct running running = {campaign, name, arg, outcomes};
    const struct torci_parallel_sink sink = {take, &running};
    int status = campaign->resume ? recall_known(&running, count) : 0;
    int error = 0;

    if (status != 0)
        return status;
    fflush(stdout);
    if (campaign->results != NULL)
        error = torci_campaign_make_rows(campaign, count);
    if (error == 0)
        error = torci_parallel(jobs, run, arg, outcomes, count, deadline_ns,
                               campaign->results != NULL ? &sink : NULL);
    torci_campaign_free_rows(campaign);
    if (error == ECANCELED && campaign->status != 0)
        return campaign->status;
    return error == 0 ? 0 : torci_command_error(campaign->command, TORCI_EXIT_INTERNAL, "%s", strerror(error));
}

/* --- what is in the results ----------------------------------------------------------------------- */

struct telling {
    const struct torci_results_campaign *campaign;
    size_t shown;
    size_t kinds;
};

static int tell_failure(void *arg, const struct torci_results_failure *failure)
{
    struct telling *telling = arg;
    bool seed = failure->item[strspn(failure->item, "0123456789")] == '\0';

    telling->kinds++;
    if (telling->shown == SHOWN_MAX)
        return 0;
    telling->shown++;
    printf("    %-7s %s%s%s: %s\n", failure->verdict, seed ? "seed " : "", failure->item,
           failure->count > 1 ? " and others" : "", failure->message);
    if (failure->count > 1)
        printf("        %llu runs fail like that\n", (unsigned long long)failure->count);
    printf("        reproduce: %s\n", failure->reproduce);
    return 0;
}

int torci_campaign_tell_failures(struct torci_results *results, const struct torci_results_campaign *campaign)
{
    struct telling telling = {campaign, 0, 0};
    int status = torci_results_visit_failures(results, campaign->id, tell_failure, &telling);

    if (telling.kinds > telling.shown)
        printf("    and %zu more kinds of failure\n", telling.kinds - telling.shown);
    return status;
}

static int tell_own(void *arg, const struct torci_results_campaign *each)
{
    const struct torci_campaign *campaign = arg;

    return each->id == campaign->id ? torci_campaign_tell_failures(campaign->results, each) : 0;
}

int torci_campaign_tell(struct torci_campaign *campaign)
{
    if (campaign->results == NULL)
        return 0;
    printf("%s: %zu known, %zu different\n", campaign->results_path, campaign->known, campaign->differed);
    return torci_results_visit_campaigns(campaign->results, tell_own, campaign);
}
