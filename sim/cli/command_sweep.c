/* torc sweep: fails every operation of a scenario in turn.  A first run counts what could fail; then each case is a
 * run with one fault, in a process that may crash.  Whether expectations hold is not asked; nothing may crash, leak,
 * get stuck or be left unhandled, and what `always` and `never` say must hold. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign.h"
#include "command.h"
#include "fault_case.h"
#include "parallel.h"
#include "scenario_source.h"

static const char name[] = "sweep";
static const char *const option_names[] = {"fault",   "mode",    "budget",    "jobs", "seed", "param",
                                           "modules", "decisions", "help", TORCI_CAMPAIGN_OPTION_NAMES, NULL};

/* What a statement may be answered with, whatever it is. */
static const int database_codes[] = {SQLITE_BUSY, SQLITE_FULL, SQLITE_IOERR, SQLITE_INTERRUPT};
enum { DATABASE_CODES = sizeof database_codes / sizeof database_codes[0], SHOWN_MAX = 10, SETTINGS_BYTES = 4096 };

struct sweep {
    struct torci_scenario_source source;
    struct torci_campaign campaign;
    const struct torc_scenario *scenario;
    const char *path;
    bool seed_given;
    uint64_t seed;
    unsigned classes; /* bits of enum torc_fault_class */
    bool once, persist;
    unsigned jobs;
    uint64_t budget_ns;
    const struct torc_scenario_report *baseline;
    struct torc_scenario_fault *cases;
    size_t count;
    uint64_t all_count; /* of all shards */
};

static void print_help(void)
{
    puts("usage: torc sweep [options] SCENARIO\n"
         "\n"
         "Runs the scenario once and counts, host by host, acquisitions of memory, statements on databases and\n"
         "operations of disks. Then fails each of them in turn, once and for ever. Expectations may fail then;\n"
         "nothing may crash, leak, get stuck or go unhandled, and `always` and `never` must hold.\n"
         "  --fault LIST        some of alloc, db, io [all]\n"
         "  --mode LIST         once, persist [both]\n"
         "  --budget DURATION   of real time; what it left is told, status 4\n"
         "  --jobs NUMBER       processes [the number of processors]\n"
         TORCI_CAMPAIGN_HELP
         "  --seed NUMBER, --param NAME=VALUE, --modules DIR, --decisions FILE   as for torc run\n"
         "\n"
         "Exit status: 0 every case is right, 1 one is not, 2 invalid, 3 one had another digest in FILE, 4 the\n"
         "budget ended it.");
}

/* --- arguments ------------------------------------------------------------------------------------ */

/* Bits of `names` that a list holds; 0: one is none of them. */
static unsigned read_list(const char *text, const char *const *names)
{
    unsigned all = 0;

    for (;;) {
        size_t bytes = strcspn(text, ",");
        unsigned bit = 0;

        for (unsigned i = 0; names[i] != NULL; i++)
            if (strlen(names[i]) == bytes && memcmp(names[i], text, bytes) == 0)
                bit = 1u << i;
        if (bit == 0)
            return 0;
        all |= bit;
        if (text[bytes] == '\0')
            return all;
        text += bytes + 1;
    }
}

static int read_value(void *arg, const char *option, const char *value)
{
    struct sweep *sweep = arg;
    static const char *const class_names[] = {"alloc", "db", "io", NULL};
    static const char *const mode_names[] = {"once", "persist", NULL};
    unsigned modes;

    if (strcmp(option, "fault") == 0) {
        sweep->classes = read_list(value, class_names);
        return sweep->classes != 0 ? 0 : torci_usage_error(name, "--fault: '%s' is no list of alloc, db, io", value);
    }
    if (strcmp(option, "mode") == 0) {
        modes = read_list(value, mode_names);
        sweep->once = (modes & 1) != 0;
        sweep->persist = (modes & 2) != 0;
        return modes != 0 ? 0 : torci_usage_error(name, "--mode: '%s' is no list of once, persist", value);
    }
    if (strcmp(option, "budget") == 0)
        return torci_read_budget(name, value, &sweep->budget_ns);
    if (strcmp(option, "jobs") == 0)
        return torci_parallel_read_jobs(name, value, &sweep->jobs);
    sweep->seed_given = true;
    return torci_read_number(name, "seed", value, &sweep->seed);
}

/* --- runs ----------------------------------------------------------------------------------------- */

static int run_with(struct sweep *sweep, const struct torc_scenario_fault *fault,
                    struct torc_scenario_report **out)
{
    struct torc_scenario_run_options options;

    torci_scenario_source_run_options(&sweep->source, &options);
    options.seed_given = sweep->seed_given;
    options.seed = sweep->seed;
    options.fault = fault;
    return torc_scenario_run(sweep->scenario, &options, out);
}

static int run_case(void *arg, size_t index, struct torci_outcome *out)
{
    struct sweep *sweep = arg;
    struct torc_scenario_report *report;
    int code = run_with(sweep, &sweep->cases[index], &report);

    if (code != 0)
        return code;
    torci_outcome_of(report, out);
    torc_scenario_report_free(report);
    return 0;
}

static void name_case(void *arg, size_t index, char item[TORCI_ITEM_BYTES], uint64_t *out_number)
{
    const struct sweep *sweep = arg;

    *out_number = sweep->campaign.shard.index + index * sweep->campaign.shard.count;
    torci_fault_case_write(&sweep->cases[index], item, TORCI_ITEM_BYTES);
}

/* --- cases ---------------------------------------------------------------------------------------- */

static void add_case(struct sweep *sweep, enum torc_fault_class fault_class, const char *host,
                     uint64_t k, bool persist, int code)
{
    if (!torci_shard_has(&sweep->campaign.shard, sweep->all_count++))
        return;
    if (sweep->cases != NULL)
        sweep->cases[sweep->count] =
            (struct torc_scenario_fault){fault_class, host, k, persist, code};
    sweep->count++;
}

static void add_operation(struct sweep *sweep, enum torc_fault_class fault_class, const char *host,
                          uint64_t k)
{
    size_t codes = fault_class == TORC_FAULT_DB ? DATABASE_CODES : 1;

    for (size_t i = 0; i < codes; i++) {
        int code = fault_class == TORC_FAULT_DB ? database_codes[i] : 0;

        if (sweep->once)
            add_case(sweep, fault_class, host, k, false, code);
        if (sweep->persist)
            add_case(sweep, fault_class, host, k, true, code);
    }
}

/* Counts the cases, or writes them down. */
static void enumerate(struct sweep *sweep)
{
    const struct torc_scenario_report *baseline = sweep->baseline;

    sweep->count = 0;
    sweep->all_count = 0;
    for (size_t h = 0; h < baseline->count_count; h++)
        for (unsigned c = 0; c < TORC_FAULT_CLASSES; c++)
            for (uint64_t k = 1; (sweep->classes >> c & 1) != 0 &&
                                 k <= baseline->counts[h].operations[c];
                 k++)
                add_operation(sweep, (enum torc_fault_class)c, baseline->counts[h].host, k);
}

/* --- what came of it ------------------------------------------------------------------------------ */

static bool is_right(const struct torci_outcome *outcome)
{
    return outcome->verdict == TORC_SCENARIO_PASS;
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

/* The first of its kind, with what reproduces it. */
static void tell_case(struct sweep *sweep, const struct torci_outcome *outcome, size_t index)
{
    struct torc_scenario_report *report = NULL;
    char text[256];

    torci_fault_case_write(&sweep->cases[index], text, sizeof text);
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
    printf("    reproduce: torc run --fault %s %s%s\n", text, sweep->source.repeated, sweep->path);
}

/* Without its budget, all cases; so that their numbers mean the same, what they are is a setting. */
static int open_campaign(struct sweep *sweep)
{
    char settings[SETTINGS_BYTES];
    int used = snprintf(settings, sizeof settings, "seed=%llu classes=%u once=%d persist=%d",
                        (unsigned long long)sweep->baseline->seed, sweep->classes, sweep->once, sweep->persist);

    torci_scenario_source_settings(&sweep->source, settings + used, sizeof settings - (size_t)used);
    return torci_campaign_open(&sweep->campaign, &sweep->source, sweep->scenario,
                               &(struct torci_campaign_plan){sweep->path, settings, sweep->source.repeated, 0,
                                                             sweep->all_count - (sweep->all_count > 0)});
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

static void tell_counts(const struct sweep *sweep, const struct torci_outcome *outcomes)
{
    for (unsigned c = 0; c < TORC_FAULT_CLASSES; c++) {
        uint64_t operations = 0;
        size_t cases = 0;
        size_t done = 0;
        size_t failed = 0;

        if ((sweep->classes >> c & 1) == 0)
            continue;
        for (size_t h = 0; h < sweep->baseline->count_count; h++)
            operations += sweep->baseline->counts[h].operations[c];
        for (size_t i = 0; i < sweep->count; i++) {
            if (sweep->cases[i].fault_class != (enum torc_fault_class)c)
                continue;
            cases++;
            done += outcomes[i].done ? 1 : 0;
            failed += outcomes[i].done && !is_right(&outcomes[i]) ? 1 : 0;
        }
        printf("    %-6s %8llu operations, %8zu cases, %8zu run, %6zu failed, %zu left\n",
               torc_fault_class_name((enum torc_fault_class)c), (unsigned long long)operations,
               cases, done, failed, cases - done);
    }
}

static int run_cases(struct sweep *sweep)
{
    uint64_t since_ns = torci_monotonic_ns();
    struct torci_outcome *outcomes;
    size_t failed;
    size_t left = 0;
    double seconds;
    int status;

    enumerate(sweep);
    sweep->cases = calloc(sweep->count + 1, sizeof *sweep->cases);
    outcomes = calloc(sweep->count + 1, sizeof *outcomes);
    if (sweep->cases == NULL || outcomes == NULL) {
        free(outcomes);
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    }
    enumerate(sweep);
    status = open_campaign(sweep);
    if (status == 0)
        status = torci_campaign_run(&sweep->campaign, torci_parallel_jobs(sweep->jobs), run_case, name_case, sweep,
                                    outcomes, sweep->count, sweep->budget_ns != 0 ? since_ns + sweep->budget_ns : 0);
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
    tell_counts(sweep, outcomes);
    free(outcomes);
    status = torci_campaign_tell(&sweep->campaign);
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
    torc_scenario_report_free(baseline);
    torc_scenario_free(scenario);
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
    sweep->classes = 7;
    sweep->once = true;
    sweep->persist = true;
    status = torci_scenario_source_arguments(
        &sweep->source, argc, argv,
        &(struct torci_command_options){option_names, 5, print_help, read_value, sweep, &sweep->campaign},
        &sweep->path, &done);
    if (status == 0 && !done)
        status = sweep_scenario(sweep);
    torci_scenario_source_free(&sweep->source);
    free(sweep);
    return status;
}
