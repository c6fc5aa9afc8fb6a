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
#include "fault_case.h"
#include "perturbation.h"
#include "scenario_printer.h"
#include "scenario_source.h"

static const char name[] = "run";
static const char *const option_names[] = {"seed", "param",   "modules", "jsonl",   "trace",  "junit", "tap",
                                           "v",    "verbose", "digest",  "perturb", "hashes", "help",  "decisions", "fault", "split", "strategy", "sites", NULL};

struct run {
    struct torci_arguments arguments;
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

static void print_help(void)
{
    puts("usage: torc run [options] SCENARIO...\n"
         "\n"
         "Runs each scenario once, in virtual time, and prints its verdict and digest.\n"
         "docs/scenario.md describes the language.\n"
         "  --seed NUMBER       instead of the scenario's\n"
         "  --param NAME=VALUE  instead of the value of a `param` line; may be repeated\n"
         "  --modules DIR       where modules are looked for [beside the command]\n"
         "  -v                  tell line by line what happens\n"
         "  --trace             the trace on stdout, one event in JSON a line\n"
         "  --jsonl FILE        the trace into FILE\n"
         "  --decisions FILE    takes the decisions of its `decide` lines; tells which were never asked for\n"
         "  --fault CASE        one fault more, as torc sweep names it: SITE:HOST:K[..]=OPTION\n"
         "  --split CASE        one stream split, as torc sweep names it: CONNECTION:c2s:AT\n"
         "  --strategy NAME     decides as torc explore does for this seed\n"
         "  --sites LIST        what the strategy decides [what takes no virtual time]\n"
         "  --hashes            each line of the trace ends with the digest so far\n"
         "  --perturb LIST      changes what must not matter: memory, stack, addresses (see torc check)\n"
         "  --tap               results in TAP\n"
         "  --digest            only digests: DIGEST  SCENARIO\n"
         "  --junit FILE        results in JUnit's XML into FILE as well\n"
         "\n"
         "Exit status: 0 all pass, 1 something failed, 2 a scenario is invalid, 4 a limit ended one,\n"
         "5 a `sometimes` was never true, or a `when` never fired, 77 every run was set aside.");
}

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
        return torci_usage_error(name, "--perturb: '%.*s' is none of memory, stack, addresses, environment",
                                 (int)strcspn(bad, ","), bad);
    return 0;
}

static int read_strategy(struct run *run, const char *text)
{
    run->strategy_given = true;
    if (torc_strategy_of_name(text, &run->strategy) != 0 || run->strategy == TORC_STRATEGY_DFS)
        return torci_usage_error(name, "--strategy: '%s' is none of fifo, random, pct, portfolio", text);
    return 0;
}

static int read_sites(struct run *run, const char *text)
{
    const char *bad;

    if (torc_decision_sites_parse(text, &run->sites, &bad) != 0)
        return torci_usage_error(name, "--sites: unknown site '%.*s'", (int)strcspn(bad, ","), bad);
    return 0;
}

static int read_value_option(struct run *run)
{
    const char *option = run->arguments.name;
    const char *value;
    bool shared;
    int status = torci_scenario_source_option(&run->source, &run->arguments, &shared);
    bool known = strcmp(option, "seed") == 0 || strcmp(option, "jsonl") == 0 ||
                 strcmp(option, "junit") == 0 || strcmp(option, "perturb") == 0 ||
                 strcmp(option, "strategy") == 0 || strcmp(option, "sites") == 0 ||
                 strcmp(option, "fault") == 0 || strcmp(option, "split") == 0;

    if (shared)
        return status;
    if (!known)
        return torci_arguments_unknown(&run->arguments, option_names);
    value = torci_arguments_value(&run->arguments);
    if (value == NULL)
        return TORCI_EXIT_USAGE;
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
    run->junit_path = value;
    return open_output(option, value, &run->printer.junit);
}

static int read_option(struct run *run)
{
    const char *option = run->arguments.name;
    bool trace = strcmp(option, "trace") == 0;
    bool tap = strcmp(option, "tap") == 0;
    bool digest = strcmp(option, "digest") == 0;
    bool verbose = strcmp(option, "v") == 0 || strcmp(option, "verbose") == 0;
    bool hashes = strcmp(option, "hashes") == 0;
    bool help = strcmp(option, "help") == 0 || strcmp(option, "h") == 0;

    if (!trace && !tap && !digest && !verbose && !hashes && !help)
        return read_value_option(run);
    if (!torci_arguments_no_value(&run->arguments))
        return TORCI_EXIT_USAGE;
    if (help) {
        print_help();
        run->done = true;
    }
    if (trace)
        run->trace = stdout;
    if (tap)
        run->printer.format = TORCI_SCENARIO_TAP;
    if (digest)
        run->printer.format = TORCI_SCENARIO_DIGESTS;
    run->verbose = run->verbose || verbose;
    run->hashes = run->hashes || hashes;
    return 0;
}

static int read_arguments(struct run *run, int argc, char **argv)
{
    enum torci_argument_kind kind;
    int status = 0;

    torci_arguments_init(&run->arguments, argc, argv);
    while (status == 0 && !run->done &&
           (kind = torci_arguments_next(&run->arguments)) != TORCI_ARGUMENT_END) {
        if (kind == TORCI_ARGUMENT_OPTION)
            status = read_option(run);
        else
            run->paths[run->path_count++] = run->arguments.shown;
    }
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
