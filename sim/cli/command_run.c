/* torc run: scenarios, each in a world of its own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <torc/sim.h>

#include "arguments.h"
#include "command.h"
#include "crash_report.h"
#include "command_list.h"
#include "fault_case.h"
#include "perturbation.h"
#include "scenario_printer.h"
#include "scenario_source.h"

static const char name[] = "run";
struct run {
    struct torci_scenario_source source;
    struct torci_scenario_printer printer;
    const char **paths;
    size_t path_count;
    bool seed_given;
    uint64_t seed;
    bool verbose;
    bool hashes;
    bool fault_given;
    struct torci_fault_case fault;
    bool split_given;
    struct torci_split_case split;
    bool strategy_given;
    enum torc_strategy strategy;
    uint64_t sites;
    unsigned perturb; /* of enum torci_perturbation */
    FILE *trace; /* or NULL */
    const char *trace_path;
    int trace_errno; /* why it could not be written; 0: it could */
    const char *junit_path;
    int status;
    bool done; /* --help */
};

/* --- arguments ------------------------------------------------------------------------------------ */

static int read_seed(struct run *run, const char *text)
{
    run->seed_given = true;
    return torci_read_number(name, "seed", text, &run->seed);
}

static int open_output(const char *option, const char *path, FILE **out)
{
    *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
    if (*out == NULL)
        return torci_command_error(name, TORCI_EXIT_USAGE, "--%s %s: %s", option, path,
                                   strerror(errno));
    return 0;
}

static int read_perturbations(struct run *run, const char *text)
{
    const char *bad;

    if (!torci_perturbation_parse(text, &run->perturb, &bad))
        return torci_choice_error(&torci_table_run, "perturb", bad);
    return 0;
}

static int read_strategy(struct run *run, const char *text)
{
    run->strategy_given = true;
    if (torc_strategy_of_name(text, &run->strategy) != 0 || run->strategy == TORC_STRATEGY_DFS)
        return torci_choice_error(&torci_table_run, "strategy", text);
    return 0;
}

static int read_sites(struct run *run, const char *text)
{
    const char *bad;

    if (torc_decision_sites_parse(text, &run->sites, &bad) != 0)
        return torci_usage_error(name, "--sites: unknown site '%.*s'; free, times, faults and all are groups, "
                                 "the single ones are in docs/explore.md", (int)strcspn(bad, ","), bad);
    return 0;
}

static int read_value_option(struct run *run, const char *option, const char *value)
{
    bool shared;
    int status = torci_scenario_source_option(&run->source, option, value, &shared);

    if (shared)
        return status;
    if (strcmp(option, "seed") == 0)
        return read_seed(run, value);
    if (strcmp(option, "jsonl") != 0 && strcmp(option, "junit") != 0)
        torci_scenario_source_repeat(&run->source, option, value);
    if (strcmp(option, "fault") == 0) {
        run->fault_given = true;
        return torci_fault_case_read(name, value, &run->fault);
    }
    if (strcmp(option, "split") == 0) {
        run->split_given = true;
        return torci_split_case_read(name, value, &run->split);
    }
    if (strcmp(option, "strategy") == 0)
        return read_strategy(run, value);
    if (strcmp(option, "sites") == 0)
        return read_sites(run, value);
    if (strcmp(option, "perturb") == 0)
        return read_perturbations(run, value);
    if (strcmp(option, "jsonl") == 0) {
        run->trace_path = value;
        return open_output(option, value, &run->trace);
    }
    if (strcmp(option, "junit") == 0) {
        run->junit_path = value;
        return open_output(option, value, &run->printer.junit);
    }
    return torci_option_unread(name, option);
}

static int read_option(void *arg, const char *option, const char *value)
{
    struct run *run = arg;

    if (strcmp(option, "trace") == 0)
        run->trace = stdout;
    else if (strcmp(option, "tap") == 0)
        run->printer.format = TORCI_SCENARIO_TAP;
    else if (strcmp(option, "digest") == 0)
        run->printer.format = TORCI_SCENARIO_DIGESTS;
    else if (strcmp(option, "verbose") == 0)
        run->verbose = true;
    else if (strcmp(option, "hashes") == 0)
        run->hashes = true;
    else
        return read_value_option(run, option, value);
    return 0;
}

static int read_operand(void *arg, const char *text)
{
    struct run *run = arg;

    run->paths[run->path_count++] = text;
    return 0;
}

static int read_arguments(struct run *run, int argc, char **argv)
{
    const struct torci_argument_reader reader = {read_option, read_operand, run};
    int status = torci_arguments_read(&torci_table_run, argc, argv, &reader, &run->done);

    if (status == 0 && !run->done && run->path_count == 0)
        status = torci_usage_error(name, "which scenario?");
    return status;
}

static int write_trace(void *arg, const char *line, size_t bytes)
{
    struct run *run = arg;

    if (fwrite(line, 1, bytes, run->trace) == bytes)
        return 0;
    run->trace_errno = errno;
    return TORC_EIO;
}

/* --- one scenario --------------------------------------------------------------------------------- */

static void tell(void *arg, const char *text)
{
    (void)arg;
    puts(text);
}

static void warn(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "warning: %s", text);
}

/* What is worse is what the command ends with. */
static void note_status(struct run *run, int status)
{
    static const int order[] = {0, 5, 4, 1, 2, 99};
    size_t was = 0;
    size_t is = 0;

    while (order[was] != run->status)
        was++;
    while (order[is] != status)
        is++;
    if (is > was)
        run->status = status;
}

static unsigned world_perturbations(unsigned perturbations)
{
    return ((perturbations & TORCI_PERTURB_MEMORY) != 0 ? TORC_PERTURB_MEMORY : 0u) |
           ((perturbations & TORCI_PERTURB_ADDRESSES) != 0 ? TORC_PERTURB_ADDRESSES : 0u);
}

static void run_parsed(struct run *run, const char *path, const struct torc_scenario *scenario)
{
    struct torc_scenario_run_options options;
    struct torc_scenario_report *report = NULL;
    char arguments[sizeof(run->source.repeated) + 32];
    int code;

    torc_scenario_warnings(scenario, warn, NULL);
    if (torc_scenario_has_campaigns(scenario))
        fprintf(stderr, "%s: run once; its sweep and explore lines are left aside\n", path);
    torci_scenario_source_run_options(&run->source, &options);
    options.seed_given = run->seed_given;
    options.seed = run->seed;
    options.tell = run->verbose ? tell : NULL;
    options.perturb = world_perturbations(run->perturb);
    options.trace_hashes = run->hashes;
    options.fault = run->fault_given ? &run->fault.decision : NULL;
    options.split = run->split_given ? &run->split.split : NULL;
    if (run->strategy_given &&
        torc_strategy_new(run->strategy, run->seed_given ? run->seed : torc_scenario_seed(scenario),
                          run->sites, &options.decider) != 0) {
        note_status(run, TORCI_EXIT_INTERNAL);
        return;
    }
    if ((run->perturb & TORCI_PERTURB_STACK) != 0)
        torci_perturbation_soil_stack();
    if (run->trace != NULL) {
        options.trace = write_trace;
        options.trace_arg = run;
    }
    snprintf(arguments, sizeof(arguments), "--seed %llu %s",
             (unsigned long long)(run->seed_given ? run->seed : torc_scenario_seed(scenario)), run->source.repeated);
    torci_crash_report_begin(path, arguments);
    code = torc_scenario_run(scenario, &options, &report);
    torci_crash_report_end();
    torc_strategy_free(options.decider);
    if (code != 0) {
        char why[512];
        char text[1200];

        snprintf(why, sizeof(why), "the trace cannot be written to %s: %s",
                 run->trace_path != NULL ? run->trace_path : "standard output",
                 strerror(run->trace_errno));
        snprintf(text, sizeof(text), "%s: %s\n", path,
                 run->trace_errno != 0 ? why : torc_error_text(code));
        torci_scenario_printer_invalid(&run->printer, path, text);
        note_status(run, TORCI_EXIT_INTERNAL);
        return;
    }
    torci_scenario_printer_report(&run->printer, path, torc_scenario_title(scenario), report);
    if (report->verdict != TORC_SCENARIO_SKIPPED)
        note_status(run, torc_scenario_exit_status(report->verdict));
    torc_scenario_report_free(report);
}

static void run_file(struct run *run, const char *path)
{
    char error[TORCI_SOURCE_ERROR_BYTES];
    struct torc_scenario *scenario = NULL;
    int status = torci_scenario_source_parse(&run->source, path, NULL, 0, &scenario, error);

    if (status != 0) {
        torci_scenario_printer_invalid(&run->printer, path, error);
        note_status(run, status);
        return;
    }
    run_parsed(run, path, scenario);
    torc_scenario_free(scenario);
}

/* Of stdout the command itself tells. */
static void close_output(struct run *run, const char *option, const char *path, FILE *file)
{
    bool failed;

    if (file == NULL || file == stdout)
        return;
    failed = ferror(file) != 0;
    if (fclose(file) != 0)
        run->status = torci_command_error(name, TORCI_EXIT_INTERNAL, "--%s %s: %s", option, path,
                                          strerror(errno));
    else if (failed)
        run->status = torci_command_error(name, TORCI_EXIT_INTERNAL, "--%s %s is not complete",
                                          option, path);
}

int torci_command_run(int argc, char **argv)
{
    struct run *run = calloc(1, sizeof(*run));
    int status = TORCI_EXIT_INTERNAL;

    if (run != NULL)
        run->paths = calloc((size_t)argc, sizeof(*run->paths));
    if (run == NULL || run->paths == NULL) {
        free(run);
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    }
    run->source.command = name;
    (void)read_sites(run, NULL);
    run->printer.arguments = run->source.repeated;
    run->printer.color = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    run->printer.annotate = getenv("GITHUB_ACTIONS") != NULL;
    status = read_arguments(run, argc, argv);
    if (status == 0 && !run->done) {
        if (run->verbose)
            (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* what is told is there if the run crashes */
        torci_scenario_printer_begin(&run->printer, run->path_count);
        for (size_t i = 0; i < run->path_count; i++)
            run_file(run, run->paths[i]);
        torci_scenario_printer_end(&run->printer);
        status = run->status == 0 && run->printer.skipped == run->printer.count ? TORCI_EXIT_SKIPPED : run->status;
    }
    run->status = status;
    close_output(run, "jsonl", run->trace_path, run->trace);
    close_output(run, "junit", run->junit_path, run->printer.junit);
    status = run->status;
    torci_scenario_source_free(&run->source);
    free(run->paths);
    free(run);
    return status;
}
