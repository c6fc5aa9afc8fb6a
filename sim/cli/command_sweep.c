/* torc sweep: fails every operation of a scenario in turn, and splits its streams.  A first run counts what could fail,
 * question by question, and bytes; then each case is a run with one decision more, or one split, in a process that may
 * crash.  With a fault it is not asked whether expectations hold, with a split it is; nothing may crash, leak, get
 * stuck or be left unhandled, and what `always` and `never` say must hold. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign.h"
#include "command.h"
#include "command_list.h"
#include "fault_case.h"
#include "found.h"
#include "parallel.h"
#include "sample.h"
#include "scenario_source.h"

static const char name[] = "sweep";
enum { SHOWN_MAX = 10, SETTINGS_BYTES = 4096 };

/* A fault; or, its site being NULL, a split. */
struct sweep_case {
    struct torc_decision fault;
    struct torc_scenario_split split;
};

struct sweep {
    struct torci_scenario_source source;
    struct torci_campaign campaign;
    const struct torc_scenario *scenario;
    const char *path;
    bool seed_given;
    uint64_t seed;
    struct torc_scenario_sweeping sweeping; /* as the options say */
    bool classes_given, modes_given, numbers_given, budget_given;
    unsigned jobs;
    uint64_t sample; /* 0: all cases */
    uint64_t sample_seed;
    const char *out; /* the folder for what is shrunk; NULL: nothing is */
    int keep_status; /* of what could not be shrunk, or kept in the results */
    const struct torc_scenario_report *baseline;
    struct torci_sample_group *groups; /* each host's questions at each site, then each stream's splits */
    bool shared_out;    /* among them */
    size_t group;       /* the one that is added to, */
    uint64_t number;    /* and how many it has */
    struct sweep_case *cases;
    size_t count;
    uint64_t all_count; /* of all shards */
};

/* --- arguments ------------------------------------------------------------------------------------ */

static int read_classes(struct sweep *sweep, const char *value)
{
    const char *bad;

    sweep->classes_given = true;
    if (torc_fault_classes_parse(value, &sweep->sweeping.classes, &bad) == 0)
        return 0;
    return torci_choice_error(&torci_table_sweep, "fault", bad);
}

static int read_sample(struct sweep *sweep, const char *value)
{
    char *end = NULL;

    sweep->sample_seed = 1;
    sweep->sample = value[0] >= '0' && value[0] <= '9' ? strtoull(value, &end, 10) : 0;
    if (sweep->sample > 0 && *end == ':')
        return torci_read_number(name, "sample", end + 1, &sweep->sample_seed);
    return sweep->sample > 0 && sweep->sample <= UINT32_MAX && *end == '\0'
               ? 0
               : torci_usage_error(name, "--sample: '%s' is no number of cases: N or N:SEED", value);
}

static int read_value(void *arg, const char *option, const char *value)
{
    struct sweep *sweep = arg;
    struct torc_scenario_sweeping *sweeping = &sweep->sweeping;

    if (strcmp(option, "fault") == 0)
        return read_classes(sweep, value);
    if (strcmp(option, "mode") == 0) {
        sweep->modes_given = true;
        return torc_sweep_parse_modes(value, &sweeping->once, &sweeping->persist) == 0
                   ? 0
                   : torci_choice_error(&torci_table_sweep, option, value);
    }
    if (strcmp(option, "k") == 0) {
        sweep->numbers_given = true;
        return torc_sweep_parse_numbers(value, &sweeping->first, &sweeping->last) == 0
                   ? 0
                   : torci_usage_error(name, "--k: '%s' is none of A, A.. and A..B, from 1", value);
    }
    if (strcmp(option, "budget") == 0) {
        sweep->budget_given = true;
        return torci_read_budget(name, value, &sweeping->budget_ns);
    }
    if (strcmp(option, "sample") == 0)
        return read_sample(sweep, value);
    if (strcmp(option, "out") == 0) {
        sweep->out = value;
        return 0;
    }
    if (strcmp(option, "jobs") == 0)
        return torci_parallel_read_jobs(name, value, &sweep->jobs);
    if (strcmp(option, "seed") != 0)
        return torci_option_unread(name, option);
    sweep->seed_given = true;
    torci_scenario_source_repeat(&sweep->source, option, value);
    return torci_read_number(name, "seed", value, &sweep->seed);
}

/* What was not given comes from the scenario. */
static void settle(struct sweep *sweep)
{
    struct torc_scenario_sweeping *sweeping = &sweep->sweeping;
    struct torc_scenario_sweeping written;

    torc_scenario_sweep(sweep->scenario, &written);
    if (!sweep->classes_given)
        sweeping->classes = written.classes;
    if (!sweep->modes_given) {
        sweeping->once = written.once;
        sweeping->persist = written.persist;
    }
    if (!sweep->numbers_given) {
        sweeping->first = written.first;
        sweeping->last = written.last;
    }
    if (!sweep->budget_given)
        sweeping->budget_ns = written.budget_ns;
    sweeping->segmentings = written.segmentings;
    sweeping->segmenting_count = written.segmenting_count;
}

/* --- runs ----------------------------------------------------------------------------------------- */

/* NULL: the first run, which counts. */
static void make_options(struct sweep *sweep, const struct sweep_case *one, struct torc_scenario_run_options *out)
{
    torci_scenario_source_run_options(&sweep->source, out);
    out->seed_given = sweep->seed_given;
    out->seed = sweep->seed;
    out->fault = one != NULL && one->fault.site != NULL ? &one->fault : NULL;
    out->split = one != NULL && one->fault.site == NULL ? &one->split : NULL;
    out->count_questions = one == NULL;
}

static int run_with(struct sweep *sweep, const struct sweep_case *one, struct torc_scenario_report **out)
{
    struct torc_scenario_run_options options;

    make_options(sweep, one, &options);
    return torc_scenario_run(sweep->scenario, &options, out);
}

static uint64_t number_of(const struct sweep *sweep, size_t index)
{
    return sweep->campaign.shard.index + index * sweep->campaign.shard.count;
}

static int run_case(void *arg, size_t index, struct torci_outcome *out)
{
    struct sweep *sweep = arg;
    struct torc_scenario_run_options options;
    struct torc_scenario_report *report;
    int code;

    make_options(sweep, &sweep->cases[index], &options);
    torci_campaign_watch(&sweep->campaign, index, number_of(sweep, index), &options);
    code = torc_scenario_run(sweep->scenario, &options, &report);
    if (code != 0)
        return code;
    torci_outcome_of(report, out);
    out->unmet = 0; /* asked of the run without a fault */
    if (out->verdict == TORC_SCENARIO_UNMET)
        out->verdict = TORC_SCENARIO_PASS;
    torc_scenario_report_free(report);
    return 0;
}

static void write_case(const struct sweep_case *one, char *out, size_t size)
{
    if (one->fault.site != NULL)
        torci_fault_case_write(&one->fault, out, size);
    else
        torci_split_case_write(&one->split, out, size);
}

static void name_case(void *arg, size_t index, char item[TORCI_ITEM_BYTES], uint64_t *out_number)
{
    const struct sweep *sweep = arg;

    *out_number = number_of(sweep, index);
    write_case(&sweep->cases[index], item, TORCI_ITEM_BYTES);
}

/* --- cases ---------------------------------------------------------------------------------------- */

/* The index of its class in torc_fault_classes, if that is swept; -1: not.  NULL: of splits; option 0: any. */
static int class_of(const struct sweep *sweep, const char *site, uint64_t option)
{
    for (int i = 0; torc_fault_classes[i].name != NULL; i++)
        if ((sweep->sweeping.classes >> i & 1) != 0 &&
            (site == NULL ? torc_fault_class_is_segment(&torc_fault_classes[i])
                          : torc_fault_class_has(&torc_fault_classes[i], site, option)))
            return i;
    return -1;
}

/* Of the sample, once it is known how many there are. */
static bool is_sampled(struct sweep *sweep, struct torci_sample_group *group)
{
    uint64_t number = sweep->number++;

    if (!sweep->shared_out)
        group->count = sweep->number;
    return sweep->sample == 0 || torci_sample_has(group, number);
}

static void add_case(struct sweep *sweep, const struct sweep_case *one)
{
    if (!is_sampled(sweep, &sweep->groups[sweep->group]) || !torci_shard_has(&sweep->campaign.shard, sweep->all_count++))
        return;
    if (sweep->cases != NULL)
        sweep->cases[sweep->count] = *one;
    sweep->count++;
}

static void add_fault(struct sweep *sweep, const struct torc_scenario_questions *questions, uint64_t k,
                      uint64_t option, bool onwards)
{
    add_case(sweep, &(struct sweep_case){
                        .fault = {questions->host, questions->site, k, option, onwards}});
}

static void add_question(struct sweep *sweep, const struct torc_scenario_questions *questions, uint64_t k)
{
    uint64_t option = 0;

    while ((option = torci_fault_next_option(questions, k, option)) != 0) {
        if (class_of(sweep, questions->site, option) < 0)
            continue;
        if (sweep->sweeping.once)
            add_fault(sweep, questions, k, option, false);
        if (sweep->sweeping.persist)
            add_fault(sweep, questions, k, option, true);
    }
}

static bool is_wanted(const struct torc_scenario_segmenting *segmenting,
                      const struct torc_scenario_stream *stream)
{
    return (segmenting->connection == NULL ||
            strcmp(segmenting->connection, stream->connection) == 0) &&
           (stream->from_server ? segmenting->from_server : segmenting->from_client);
}

/* Whether the stream is to be split after `at` bytes; 0: anywhere. */
static bool is_split(const struct sweep *sweep, const struct torc_scenario_stream *stream, uint64_t at)
{
    for (size_t i = 0; i < sweep->sweeping.segmenting_count; i++)
        if (is_wanted(&sweep->sweeping.segmentings[i], stream) &&
            at % sweep->sweeping.segmentings[i].every == 0)
            return true;
    return sweep->sweeping.segmenting_count == 0;
}

static void add_splits(struct sweep *sweep, const struct torc_scenario_stream *stream)
{
    for (uint64_t at = stream->first; at < stream->bytes; at++)
        if (is_split(sweep, stream, at))
            add_case(sweep, &(struct sweep_case){
                                .split = {stream->connection, stream->from_server, at}});
}

static void begin_group(struct sweep *sweep, size_t group)
{
    sweep->group = group;
    sweep->number = 0;
}

/* Counts the cases, or writes them down. */
static void enumerate(struct sweep *sweep)
{
    sweep->count = 0;
    sweep->all_count = 0;
    for (size_t q = 0; q < sweep->baseline->question_count; q++) {
        const struct torc_scenario_questions *questions = &sweep->baseline->questions[q];

        begin_group(sweep, q);
        for (uint64_t k = sweep->sweeping.first - 1;
             class_of(sweep, questions->site, 0) >= 0 && k < questions->count && k < sweep->sweeping.last; k++)
            add_question(sweep, questions, k);
    }
    for (size_t s = 0; class_of(sweep, NULL, 0) >= 0 && s < sweep->baseline->stream_count; s++) {
        begin_group(sweep, sweep->baseline->question_count + s);
        add_splits(sweep, &sweep->baseline->streams[s]);
    }
}

/* Counts them, and chooses. */
static bool make_groups(struct sweep *sweep)
{
    size_t count = sweep->baseline->question_count + sweep->baseline->stream_count;

    sweep->groups = calloc(count + 1, sizeof *sweep->groups);
    if (sweep->groups == NULL)
        return false;
    enumerate(sweep);
    torci_sample_share(sweep->groups, count, sweep->sample, sweep->sample_seed);
    sweep->shared_out = true;
    return true;
}

/* --- what came of it ------------------------------------------------------------------------------ */

static bool is_right(const struct torci_outcome *outcome)
{
    return outcome->verdict == TORC_SCENARIO_PASS || torci_outcome_skipped(outcome);
}

static bool seen_before(const struct torci_outcome *outcomes, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (outcomes[i].done && !is_right(&outcomes[i]) &&
            outcomes[i].verdict == outcomes[index].verdict &&
            outcomes[i].identity == outcomes[index].identity)
            return true;
    return false;
}

/* A fault is a decision like those that were given, for who shrinks. */
static int shrink_case(struct sweep *sweep, struct torci_found *found, const struct torc_decision *fault,
                       struct torci_found_shrunk *out)
{
    struct torc_scenario_run_options *options = found->options;
    struct torc_decision *decisions = calloc(options->decision_count + 1, sizeof *decisions);
    int status;

    if (decisions == NULL)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    if (options->decision_count > 0)
        memcpy(decisions, options->decisions, options->decision_count * sizeof *decisions);
    decisions[options->decision_count++] = *fault;
    options->decisions = decisions;
    options->fault = NULL;
    options->seed_given = true;
    options->seed = sweep->baseline->seed;
    status = torci_found_shrink(found, out);
    free(decisions);
    return status;
}

/* Shrinks it, if there is a folder for that, and keeps what it is, if there are results.  0, or an exit status. */
static int keep_case(struct sweep *sweep, const struct torci_outcome *outcome, size_t index, const char *text)
{
    const struct sweep_case *one = &sweep->cases[index];
    bool results = sweep->campaign.results != NULL;
    bool shrinks = sweep->out != NULL && one->fault.site != NULL;
    struct torc_scenario_run_options options;
    struct torci_campaign_failure failure;
    struct torci_found_shrunk shrunk;
    char label[160];
    struct torci_found found = {&sweep->source, sweep->scenario, sweep->path,           sweep->out,
                                label,          &options,        TORCI_SHRINK_RUNS_MAX, results};
    int status;

    if (!results && !shrinks)
        return 0;
    make_options(sweep, one, &options);
    if (shrinks) {
        torci_fault_case_label(&one->fault, label, sizeof label);
        status = shrink_case(sweep, &found, &one->fault, &shrunk);
    } else {
        status = torci_found_look(&found, &shrunk);
    }
    torci_campaign_failure_of(outcome, text, number_of(sweep, index), &failure);
    if (status == 0 && results)
        status = torci_campaign_keep(&sweep->campaign, &failure, &shrunk);
    torci_found_free(&shrunk);
    return status;
}

/* The first of its kind, with what reproduces it. */
static void tell_case(struct sweep *sweep, const struct torci_outcome *outcome, size_t index)
{
    struct torc_scenario_report *report = NULL;
    char text[256];

    write_case(&sweep->cases[index], text, sizeof text);
    if (outcome->verdict < 0) {
        printf("fail     %s: the run ended its process (%s)\n", text,
               torci_outcome_end(outcome));
    } else if (run_with(sweep, &sweep->cases[index], &report) == 0) {
        printf("%-7s  %s: %s\n", torc_scenario_verdict_name(report->verdict), text,
               report->failure_count > 0 ? report->failures[0].message : "");
        if (report->failure_count > 0 && report->failures[0].detail[0] != '\0')
            printf("         %.*s\n", (int)strcspn(report->failures[0].detail, "\n"),
                   report->failures[0].detail);
        torc_scenario_report_free(report);
    }
    printf("    reproduce: torc run --%s %s %s%s\n", torci_case_option(text), text,
           sweep->source.repeated, sweep->path);
    if (sweep->keep_status == 0)
        sweep->keep_status = keep_case(sweep, outcome, index, text);
}

/* Without its budget, all cases; so that their numbers mean the same, what they are is a setting. */
static int open_campaign(struct sweep *sweep)
{
    char settings[SETTINGS_BYTES];
    const struct torc_scenario_sweeping *sweeping = &sweep->sweeping;
    int used = snprintf(settings, sizeof settings, "seed=%llu classes=%u once=%d persist=%d k=%llu..%llu",
                        (unsigned long long)sweep->baseline->seed, sweeping->classes, sweeping->once, sweeping->persist,
                        (unsigned long long)sweeping->first, (unsigned long long)sweeping->last);

    if (sweep->sample > 0)
        used += snprintf(settings + used, sizeof settings - (size_t)used, " sample=%llu:%llu",
                         (unsigned long long)sweep->sample, (unsigned long long)sweep->sample_seed);
    torci_scenario_source_settings(&sweep->source, settings + used, sizeof settings - (size_t)used);
    return torci_campaign_open(&sweep->campaign, &sweep->source, sweep->scenario,
                               &(struct torci_campaign_plan){sweep->path, settings, sweep->source.repeated, 0,
                                                             sweep->all_count - (sweep->all_count > 0), NULL, false});
}

static size_t tell_failures(struct sweep *sweep, const struct torci_outcome *outcomes)
{
    size_t failed = 0;
    size_t shown = 0;

    for (size_t i = 0; i < sweep->count; i++) {
        if (!outcomes[i].done || is_right(&outcomes[i]))
            continue;
        failed++;
        if (shown < SHOWN_MAX && !seen_before(outcomes, i)) {
            tell_case(sweep, &outcomes[i], i);
            shown++;
        }
    }
    return failed;
}

static void tell_class(const struct sweep *sweep, const struct torci_outcome *outcomes, int number)
{
    uint64_t operations = 0;
    size_t cases = 0;
    size_t done = 0;
    size_t failed = 0;

    for (size_t q = 0; q < sweep->baseline->question_count; q++)
        if (torc_fault_class_has(&torc_fault_classes[number], sweep->baseline->questions[q].site, 0))
            operations += sweep->baseline->questions[q].count;
    for (size_t s = 0; number == class_of(sweep, NULL, 0) && s < sweep->baseline->stream_count; s++)
        if (is_split(sweep, &sweep->baseline->streams[s], 0))
            operations += sweep->baseline->streams[s].bytes;
    for (size_t i = 0; i < sweep->count; i++) {
        if (class_of(sweep, sweep->cases[i].fault.site, sweep->cases[i].fault.value) != number)
            continue;
        cases++;
        done += outcomes[i].done ? 1 : 0;
        failed += outcomes[i].done && !is_right(&outcomes[i]) ? 1 : 0;
    }
    printf("    %-8s %8llu %s, %8zu cases, %8zu run, %6zu failed, %zu left\n",
           torc_fault_classes[number].name, (unsigned long long)operations,
           number == class_of(sweep, NULL, 0) ? "bytes     " : "operations", cases, done, failed,
           cases - done);
}

static void tell_counts(const struct sweep *sweep, const struct torci_outcome *outcomes)
{
    uint64_t skipped = 0;

    for (size_t i = 0; i < sweep->count; i++)
        skipped += torci_outcome_skipped(&outcomes[i]);
    for (int i = 0; torc_fault_classes[i].name != NULL; i++)
        if ((sweep->sweeping.classes >> i & 1) != 0)
            tell_class(sweep, outcomes, i);
    torci_tell_skipped(skipped, sweep->count);
}

static void tell_sample(const struct sweep *sweep)
{
    uint64_t all = 0;

    for (size_t i = 0; i < sweep->baseline->question_count + sweep->baseline->stream_count; i++)
        all += sweep->groups[i].count;
    if (sweep->sample > 0)
        printf("    a sample: %llu cases of %llu, seed %llu\n", (unsigned long long)sweep->all_count,
               (unsigned long long)all, (unsigned long long)sweep->sample_seed);
}

static int run_cases(struct sweep *sweep)
{
    uint64_t since_ns = torci_monotonic_ns();
    struct torci_outcome *outcomes;
    size_t failed;
    size_t left = 0;
    double seconds;
    int status;

    if (!make_groups(sweep))
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    enumerate(sweep);
    sweep->cases = calloc(sweep->count + 1, sizeof *sweep->cases);
    outcomes = calloc(sweep->count + 1, sizeof *outcomes);
    if (sweep->cases == NULL || outcomes == NULL) {
        free(outcomes);
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    }
    enumerate(sweep);
    status = torci_campaign_list_marks(&sweep->campaign, &sweep->source, sweep->scenario, false);
    if (status == 0)
        status = open_campaign(sweep);
    if (status == 0)
        status = torci_campaign_run(&sweep->campaign, torci_parallel_jobs(sweep->jobs), run_case, name_case, sweep,
                                    outcomes, sweep->count,
                                    sweep->sweeping.budget_ns != 0 ? since_ns + sweep->sweeping.budget_ns : 0);
    seconds = (double)(torci_monotonic_ns() - since_ns) / 1e9;
    if (status != 0) {
        free(outcomes);
        return status;
    }
    failed = tell_failures(sweep, outcomes);
    for (size_t i = 0; i < sweep->count; i++)
        left += outcomes[i].done ? 0 : 1;
    printf("%s: %zu cases, %zu failed, %zu left, %.2f s, %.0f cases/s\n", sweep->path,
           sweep->count - left, failed, left, seconds,
           seconds > 0 ? (double)(sweep->count - left) / seconds : 0.0);
    tell_sample(sweep);
    tell_counts(sweep, outcomes);
    free(outcomes);
    status = torci_campaign_tell(&sweep->campaign);
    if (status == 0)
        status = sweep->keep_status;
    if (status != 0 || sweep->campaign.differed > 0)
        return status != 0 ? status : TORCI_EXIT_NONDETERMINISM;
    return failed > 0 ? TORCI_EXIT_FAIL : left > 0 ? TORCI_EXIT_BUDGET : 0;
}

static int sweep_scenario(struct sweep *sweep)
{
    char error[TORCI_SOURCE_ERROR_BYTES];
    struct torc_scenario *scenario;
    struct torc_scenario_report *baseline;
    int status = torci_scenario_source_parse(&sweep->source, sweep->path, NULL, 0, &scenario, error);

    if (status != 0) {
        fputs(error, stderr);
        return status;
    }
    sweep->scenario = scenario;
    settle(sweep);
    if (run_with(sweep, NULL, &baseline) != 0) {
        torc_scenario_free(scenario);
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    }
    sweep->baseline = baseline;
    if (baseline->verdict != TORC_SCENARIO_PASS) {
        status = torci_command_error(name, TORCI_EXIT_USAGE,
                                     "%s does not pass without a fault: %s; see torc run", sweep->path,
                                     baseline->failure_count > 0 ? baseline->failures[0].message : "");
    } else {
        status = run_cases(sweep);
    }
    torci_campaign_close(&sweep->campaign);
    torci_mark_catalogue_free(&sweep->campaign.marks);
    torc_scenario_report_free(baseline);
    torc_scenario_free(scenario);
    free(sweep->groups);
    free(sweep->cases);
    return status;
}

int torci_command_sweep(int argc, char **argv)
{
    struct sweep *sweep = calloc(1, sizeof(*sweep));
    bool done = false;
    int status;

    if (sweep == NULL)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    sweep->source.command = name;
    sweep->campaign.command = name;
    status = torci_scenario_source_arguments(
        &sweep->source, argc, argv,
        &(struct torci_command_options){&torci_table_sweep, read_value, sweep, &sweep->campaign}, &sweep->path, &done);
    if (status == 0 && !done)
        status = sweep_scenario(sweep);
    torci_scenario_source_free(&sweep->source);
    free(sweep);
    return status;
}
