#include "trial_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <torc/nearest_name.h>

#include "command_table.h"
#include "trial_exit.h"
#include "trial_watch.h"

/* The places of options in the table; getopt has them from 256 on. */
enum option_code { FILTER, SKIP, LIST, JOBS, ORDER, SEED, UNTIL_FAILURE, REPEAT, EXIT_FIRST, FAILED_FIRST, IN_PROCESS,
                   GDB, REPORTER, TAP, JUNIT, JSONL, EVENTS, COVERAGE, KNOWN };
enum { CODES = 256, HELP = KNOWN };

static const struct torci_option known[KNOWN + 1] = {
    [FILTER] = {.name = "filter", .value = "PATTERN",
                .text = "Runs only tests with this name or group; * and ? stand for any; may be repeated."},
    [SKIP] = {.name = "skip", .value = "PATTERN", .text = "Does not run these; may be repeated."},
    [LIST] = {.name = "list", .text = "Prints names instead of running."},
    [JOBS] = {.name = "jobs", .letter = 'j', .value = "N", .text = "Runs so many at a time; 0: one for each processor.",
              .preset = "1"},
    [ORDER] = {.name = "order", .value = "ORDER", .kind = TORCI_VALUE_ONE_OF, .text = "The order of tests.",
               .choices = "defined, random", .preset = "defined"},
    [SEED] = {.name = "seed", .value = "N", .text = "Of the random order.", .preset = "1"},
    [UNTIL_FAILURE] = {.name = "until-failure", .text = "Runs all of them again and again, until one fails."},
    [REPEAT] = {.name = "repeat", .value = "N", .text = "Runs all of them, N times.", .preset = "1"},
    [EXIT_FIRST] = {.name = "exit-first", .text = "Ends with the first failure."},
    [FAILED_FIRST] = {.name = "failed-first", .value = "FILE", .kind = TORCI_VALUE_FILE,
                      .text = "Begins with those that failed the last time; FILE keeps their names."},
    [IN_PROCESS] = {.name = "in-process", .text = "Runs all in this process; under gdb and valgrind that is so without it."},
    [GDB] = {.name = "gdb", .text = "Runs all in this process, under gdb."},
    [REPORTER] = {.name = "reporter", .value = "NAME", .kind = TORCI_VALUE_ONE_OF, .text = "How standard output is written.",
                  .choices = "tree, dots, tap, junit, jsonl, github", .preset = "tree"},
    [TAP] = {.name = "tap", .text = "The same as --reporter tap."},
    [JUNIT] = {.name = "junit", .value = "FILE", .kind = TORCI_VALUE_FILE, .text = "Writes JUnit's XML into FILE as well."},
    [JSONL] = {.name = "jsonl", .value = "FILE", .kind = TORCI_VALUE_FILE,
               .text = "Writes a line of JSON for each test into FILE as well."},
    [EVENTS] = {.name = "events", .value = "N",
                .text = "Of a simulated test that fails, tells the last N events of its world, of the last 64 KiB.",
                .preset = "0"},
    [COVERAGE] = {.name = "coverage", .value = "DIR", .kind = TORCI_VALUE_FOLDER,
                  .text = "What gcov counts in each test goes into a folder of DIR of its own, for torc report coverage."},
    [KNOWN] = {.name = NULL},
};

const struct torci_command torci_trial_command = {
    .name = "trial",
    .summary = "run unit tests",
    .operands = "TESTS.so...",
    .operand = TORCI_VALUE_MODULE,
    .about = "Runs unit tests, each in a process of its own, on simulated hosts or live. torc_trial(3) says how to write "
             "them.",
    .more = "A test fails on what is left open, leaked or logged as an error as well. A program that has TORC_TRIAL_MAIN takes "
            "the same options and no operands, and runs its own tests.",
    .options = known,
    .exits = (const struct torci_term[]){{"0", "All pass."},
                                         {"1", "A test failed."},
                                         {"2", "Wrong usage, or no such test."},
                                         {"77", "All were skipped."},
                                         {"99", "A report cannot be written."},
                                         {NULL, NULL}},
    .examples = (const struct torci_term[]){{"torc trial build/*_trial.so", "All tests of a project."},
                                            {"torc trial --filter 'a_silent_*' --gdb ./kv_trial.so", "Some, under gdb."},
                                            {NULL, NULL}},
    .environment =
        (const struct torci_term[]){
            {"CMOCKA_TEST_FILTER, CMOCKA_SKIP_FILTER", "The same as --filter and --skip."},
            {"CMOCKA_MESSAGE_OUTPUT, CMOCKA_XML_FILE", "TAP or XML instead of the tree, and the file the XML goes to."},
            {"GITHUB_ACTIONS", "Failures are printed as annotations too."},
            {NULL, NULL}},
    .see_also = "torc-run(1), torc_trial(3)",
};

static const struct torci_trial_form *const forms[] = {&torci_trial_tree,  &torci_trial_dots,  &torci_trial_tap,
                                                       &torci_trial_junit, &torci_trial_jsonl, &torci_trial_github};
enum { FORMS = sizeof forms / sizeof forms[0] };

int torci_trial_error(int status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("trial: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return status;
}

void torci_trial_options_help(const char *command, bool operands)
{
    struct torci_command shown = torci_trial_command;

    if (!operands)
        shown.operands = NULL;
    torci_command_print_help(&shown, command, stdout);
}

/* --- values ---------------------------------------------------------------------------------------- */

static int read_number(const char *option, const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || value > max)
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "--%s: '%s' is not a number up to %llu", option, text,
                                 (unsigned long long)max);
    *out = value;
    return 0;
}

static int add_pattern(const char **patterns, size_t *count, const char *pattern)
{
    if (*count == TORCI_TRIAL_PATTERNS_MAX)
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "more than %d patterns", TORCI_TRIAL_PATTERNS_MAX);
    patterns[(*count)++] = pattern;
    return 0;
}

static int read_form(const char *text, const struct torci_trial_form **out)
{
    const char *names[FORMS + 1] = {NULL};
    const char *near;

    for (size_t i = 0; i < FORMS; i++) {
        names[i] = forms[i]->name;
        if (strcmp(text, names[i]) == 0) {
            *out = forms[i];
            return 0;
        }
    }
    near = torc_name_nearest(text, names);
    return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "--reporter: '%s' is none of %s%s%s%s", text,
                             known[REPORTER].choices, near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

static int read_order(struct torci_trial_options *options, const char *text)
{
    options->random = strcmp(text, "random") == 0;
    if (!options->random && strcmp(text, "defined") != 0)
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "--order: '%s' is none of %s", text,
                                 known[ORDER].choices);
    return 0;
}

static int read_jobs(struct torci_trial_options *options, const char *text)
{
    uint64_t jobs = 0;
    int status = read_number("jobs", text, 256, &jobs);

    if (status == 0 && jobs == 0)
        jobs = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
    options->run.jobs = (unsigned)jobs;
    return status;
}

static int unknown(const char *shown)
{
    const char *names[KNOWN + 2] = {torci_option_help.name};
    const char *near;
    char name[64];

    for (size_t i = 0; i < KNOWN; i++)
        names[i + 1] = known[i].name;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(shown + strspn(shown, "-"), "="), shown + strspn(shown, "-"));
    near = torc_name_nearest(name, names);
    if (near != NULL)
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "unknown option %s; did you mean --%s?", shown, near);
    return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "unknown option %s; --help lists them", shown);
}

/* The table as getopt wants it; `letters` are the short ones.  A code is CODES and the place in the table. */
static void make_getopt(struct option *all, char *letters)
{
    for (int i = 0; i <= KNOWN; i++) {
        const struct torci_option *option = i < KNOWN ? &known[i] : &torci_option_help;

        all[i] = (struct option){option->name, option->value != NULL ? required_argument : no_argument, NULL, CODES + i};
        if (option->letter != 0)
            letters += sprintf(letters, "%c%s", option->letter, option->value != NULL ? ":" : "");
    }
    all[KNOWN + 1] = (struct option){NULL, 0, NULL, 0};
}

/* The place of what getopt has returned. */
static int place_of(int code)
{
    char letter[] = {(char)code, '\0'};
    const struct torci_option *option;

    if (code >= CODES)
        return code - CODES;
    option = torci_command_option(&torci_trial_command, letter);
    return option == &torci_option_help ? HELP : (int)(option - known);
}

static int read_option(struct torci_trial_options *options, int code, char *value)
{
    switch (code) {
    case FILTER: return add_pattern(options->filters, &options->filter_count, value);
    case SKIP: return add_pattern(options->skips, &options->skip_count, value);
    case LIST: options->list = true; return 0;
    case JOBS: return read_jobs(options, value);
    case ORDER: return read_order(options, value);
    case SEED: return read_number("seed", value, UINT64_MAX, &options->seed);
    case UNTIL_FAILURE: options->until_failure = true; return 0;
    case REPEAT: return read_number("repeat", value, UINT64_MAX, &options->repeat);
    case EXIT_FIRST: options->run.exit_first = true; return 0;
    case FAILED_FIRST: options->failed_first = value; return 0;
    case IN_PROCESS: options->run.in_process = true; return 0;
    case GDB: options->gdb = true; return 0;
    case REPORTER: return read_form(value, &options->form);
    case TAP: options->form = &torci_trial_tap; return 0;
    case JUNIT: options->junit = value; return 0;
    case JSONL: options->jsonl = value; return 0;
    case EVENTS: return read_number("events", value, UINT64_MAX, &options->run.events);
    case COVERAGE: options->coverage = value; return 0;
    case HELP: options->help = true; return 0;
    default: return torci_trial_error(TORCI_TRIAL_EXIT_INTERNAL, "an option of the table is not read");
    }
}

/* --- the environment ------------------------------------------------------------------------------- */

/* CMocka's files have the name of their group where "%g" is; all groups are in this one. */
static void read_xml_file(struct torci_trial_options *options, const char *path)
{
    const char *group = strstr(path, "%g");

    if (group == NULL)
        snprintf(options->xml_file, sizeof options->xml_file, "%s", path);
    else
        snprintf(options->xml_file, sizeof options->xml_file, "%.*strial%s", (int)(group - path), path, group + 2);
    options->junit = options->xml_file;
    options->form = &torci_trial_tree;
}

static void read_environment(struct torci_trial_options *options)
{
    const char *filter = getenv("CMOCKA_TEST_FILTER");
    const char *skip = getenv("CMOCKA_SKIP_FILTER");
    const char *output = getenv("CMOCKA_MESSAGE_OUTPUT");
    const char *xml_file = getenv("CMOCKA_XML_FILE");

    options->run.in_process = torci_trial_is_debugged() || torci_trial_is_on_valgrind();
    if (output != NULL && strcasecmp(output, "TAP") == 0)
        options->form = &torci_trial_tap;
    if (output != NULL && strcasecmp(output, "XML") == 0) {
        options->form = &torci_trial_junit;
        if (xml_file != NULL)
            read_xml_file(options, xml_file);
    }
    if (filter != NULL)
        (void)add_pattern(options->filters, &options->filter_count, filter);
    if (skip != NULL)
        (void)add_pattern(options->skips, &options->skip_count, skip);
}

int torci_trial_options_read(struct torci_trial_options *options, int argc, char **argv)
{
    struct option all[KNOWN + 2];
    char letters[2 * KNOWN + 4] = ":";
    int status = 0;
    int code;

    make_getopt(all, letters + 1);
    *options = (struct torci_trial_options){.seed = 1, .repeat = 1, .form = &torci_trial_tree};
    options->run.jobs = 1;
    read_environment(options);
    optind = 0; /* from the beginning, as glibc has it */
    opterr = 0;
    while (status == 0 && (code = getopt_long(argc, argv, letters, all, NULL)) != -1) {
        if (code == ':')
            status = torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "%s: its value is missing", argv[optind - 1]);
        else if (code == '?')
            status = unknown(argv[optind - 1]);
        else
            status = read_option(options, place_of(code), optarg);
    }
    options->operands = optind;
    return status;
}
