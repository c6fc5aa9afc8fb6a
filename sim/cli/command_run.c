/* torc run: scenarios, each in a world of its own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <torc/sim.h>

#include "arguments.h"
#include "command.h"
#include "module_loader.h"
#include "perturbation.h"
#include "scenario_printer.h"

static const char name[] = "run";
static const char *const option_names[] = {"seed", "param",   "modules", "jsonl",   "trace",  "junit", "tap",
                                           "v",    "verbose", "digest",  "perturb", "hashes", "help",  NULL};

enum { PARAMS_MAX = 64, REPEATED_BYTES = 2048 };

/* A scenario is written by hand; what is larger is a device, or a wrong name. */
static const size_t file_bytes_max = (size_t)64 << 20;

struct run {
    struct torci_arguments arguments;
    struct torci_scenario_printer printer;
    const char **paths;
    size_t path_count;
    const char *modules; /* folder, or NULL */
    bool seed_given;
    uint64_t seed;
    bool verbose;
    bool hashes;
    unsigned perturb; /* of enum torci_perturbation */
    FILE *trace; /* or NULL */
    const char *trace_path;
    int trace_errno; /* why it could not be written; 0: it could */
    const char *junit_path;
    const char *params[2 * PARAMS_MAX + 1];
    char param_names[PARAMS_MAX][64];
    size_t param_count;
    char repeated[REPEATED_BYTES]; /* arguments a failure's command lines need */
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
         "  --hashes            each line of the trace ends with the digest so far\n"
         "  --perturb LIST      changes what must not matter: memory, stack, addresses (see torc check)\n"
         "  --tap               results in TAP\n"
         "  --digest            only digests: DIGEST  SCENARIO\n"
         "  --junit FILE        results in JUnit's XML into FILE as well\n"
         "\n"
         "Exit status: 0 all pass, 1 something failed, 2 a scenario is invalid, 4 a limit ended one,\n"
         "5 a `sometimes` was never true.");
}

/* --- arguments ------------------------------------------------------------------------------------ */

/* Remembers an argument that whoever reproduces a failure has to give too. */
static void repeat_argument(struct run *run, const char *option, const char *value)
{
    size_t used = strlen(run->repeated);

    snprintf(run->repeated + used, sizeof(run->repeated) - used, "%s %s ", option, value);
}

static int read_seed(struct run *run, const char *text)
{
    char *end;

    errno = 0;
    run->seed = strtoull(text, &end, 0);
    if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9')
        return torci_usage_error(name, "--seed: '%s' is not a number", text);
    run->seed_given = true;
    return 0;
}

static int read_param(struct run *run, const char *text)
{
    size_t bytes = strcspn(text, "=");

    if (text[bytes] != '=' || bytes == 0 || bytes >= sizeof(run->param_names[0]))
        return torci_usage_error(name, "--param: '%s' is not NAME=VALUE", text);
    if (run->param_count == PARAMS_MAX)
        return torci_usage_error(name, "--param: more than %d", PARAMS_MAX);
    memcpy(run->param_names[run->param_count], text, bytes);
    run->params[2 * run->param_count] = run->param_names[run->param_count];
    run->params[2 * run->param_count + 1] = text + bytes + 1;
    run->param_count++;
    repeat_argument(run, "--param", text);
    return 0;
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

static int read_value_option(struct run *run)
{
    const char *option = run->arguments.name;
    const char *value;
    bool known = strcmp(option, "seed") == 0 || strcmp(option, "param") == 0 ||
                 strcmp(option, "modules") == 0 || strcmp(option, "jsonl") == 0 ||
                 strcmp(option, "junit") == 0 || strcmp(option, "perturb") == 0;

    if (!known)
        return torci_arguments_unknown(&run->arguments, option_names);
    value = torci_arguments_value(&run->arguments);
    if (value == NULL)
        return TORCI_EXIT_USAGE;
    if (strcmp(option, "seed") == 0)
        return read_seed(run, value);
    if (strcmp(option, "param") == 0)
        return read_param(run, value);
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
    run->modules = value;
    repeat_argument(run, "--modules", value);
    return 0;
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

/* --- files ---------------------------------------------------------------------------------------- */

/* All there is to read; 0, or the errno of what failed, with *out_data to be freed all the same. */
static int read_all(FILE *file, char **out_data, size_t *out_bytes)
{
    size_t room = 65536;
    size_t got;

    *out_bytes = 0;
    *out_data = malloc(room);
    if (*out_data == NULL)
        return ENOMEM;
    errno = 0;
    while ((got = fread(*out_data + *out_bytes, 1, room - *out_bytes, file)) > 0) {
        *out_bytes += got;
        if (*out_bytes > file_bytes_max)
            return EFBIG;
        if (*out_bytes == room) {
            char *grown = realloc(*out_data, 2 * room);

            if (grown == NULL)
                return ENOMEM;
            *out_data = grown;
            room *= 2;
        }
    }
    return ferror(file) ? (errno != 0 ? errno : EIO) : 0;
}

/* Reads the file at `path`; 0, or the errno of what failed. */
static int read_path(const char *path, char **out_data, size_t *out_bytes)
{
    FILE *file = fopen(path, "rb");
    int error;

    if (file == NULL)
        return errno;
    error = read_all(file, out_data, out_bytes);
    fclose(file);
    if (error != 0)
        free(*out_data);
    return error;
}

/* The files a scenario names. */
static int read_file(void *arg, const char *path, char **out_data, size_t *out_bytes)
{
    char *data;
    size_t bytes;
    int error = read_path(path, &data, &bytes);

    (void)arg;
    switch (error) {
    case 0:
        *out_data = data;
        *out_bytes = bytes;
        return 0;
    case ENOENT:
        return TORC_ENOTFOUND;
    case EACCES:
        return TORC_EACCES;
    case ENOMEM:
        return TORC_ENOMEM;
    case EFBIG:
        return TORC_ETOOLONG;
    default:
        return TORC_EIO;
    }
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

static int load_module(void *arg, const char *module, const struct torc_module **out, char *error,
                       size_t error_size)
{
    return torci_module_load(module, ((const struct run *)arg)->modules, out, error, error_size);
}

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

static void fail_run(struct run *run, const char *path, const char *error)
{
    char text[1200];

    snprintf(text, sizeof(text), "%s: %s\n", path, error);
    torci_scenario_printer_invalid(&run->printer, path, text);
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
    int code;

    torc_scenario_warnings(scenario, warn, NULL);
    if (torc_scenario_has_campaigns(scenario))
        fprintf(stderr, "%s: run once; its sweep and explore lines are left aside\n", path);
    torc_scenario_run_options_init(&options);
    options.seed_given = run->seed_given;
    options.seed = run->seed;
    options.load = load_module;
    options.load_arg = run;
    options.tell = run->verbose ? tell : NULL;
    options.perturb = world_perturbations(run->perturb);
    options.trace_hashes = run->hashes;
    if ((run->perturb & TORCI_PERTURB_STACK) != 0)
        torci_perturbation_soil_stack();
    if (run->trace != NULL) {
        options.trace = write_trace;
        options.trace_arg = run;
    }
    code = torc_scenario_run(scenario, &options, &report);
    if (code != 0) {
        char why[512];

        snprintf(why, sizeof(why), "the trace cannot be written to %s: %s",
                 run->trace_path != NULL ? run->trace_path : "standard output",
                 strerror(run->trace_errno));
        fail_run(run, path, run->trace_errno != 0 ? why : torc_error_text(code));
        note_status(run, TORCI_EXIT_INTERNAL);
        return;
    }
    torci_scenario_printer_report(&run->printer, path, torc_scenario_title(scenario), report);
    note_status(run, torc_scenario_exit_status(report->verdict));
    torc_scenario_report_free(report);
}

static void run_file(struct run *run, const char *path)
{
    struct torc_scenario_parse_options options = TORC_SCENARIO_PARSE_OPTIONS_INIT;
    struct torc_scenario_error error;
    struct torc_scenario *scenario = NULL;
    char *text = NULL;
    size_t bytes = 0;
    int code = read_path(path, &text, &bytes);

    if (code != 0) {
        fail_run(run, path, strerror(code));
        note_status(run, TORCI_EXIT_USAGE);
        return;
    }
    options.read = read_file;
    options.params = run->params;
    code = torc_scenario_parse(text, bytes, path, &options, &scenario, &error);
    free(text);
    if (code != 0) {
        torci_scenario_printer_invalid(&run->printer, path, error.text);
        note_status(run, code == TORC_ENOMEM ? TORCI_EXIT_INTERNAL : TORCI_EXIT_USAGE);
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
    run->printer.arguments = run->repeated;
    run->printer.color = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    run->printer.annotate = getenv("GITHUB_ACTIONS") != NULL;
    status = read_arguments(run, argc, argv);
    if (status == 0 && !run->done) {
        torci_scenario_printer_begin(&run->printer, run->path_count);
        for (size_t i = 0; i < run->path_count; i++)
            run_file(run, run->paths[i]);
        torci_scenario_printer_end(&run->printer);
        status = run->status;
    }
    run->status = status;
    close_output(run, "jsonl", run->trace_path, run->trace);
    close_output(run, "junit", run->junit_path, run->printer.junit);
    status = run->status;
    free(run->paths);
    free(run);
    return status;
}
