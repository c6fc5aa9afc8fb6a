#include "trial_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <torc/nearest_name.h>

#include "trial_exit.h"

enum option_code { FILTER = 256, SKIP, LIST, JOBS, ORDER, SEED, UNTIL_FAILURE, REPEAT, EXIT_FIRST, FAILED_FIRST, IN_PROCESS,
                   GDB, REPORTER, TAP, JUNIT, JSONL, HELP };

static const struct option known[] = {
    {"filter", required_argument, NULL, FILTER},
    {"skip", required_argument, NULL, SKIP},
    {"list", no_argument, NULL, LIST},
    {"jobs", required_argument, NULL, JOBS},
    {"order", required_argument, NULL, ORDER},
    {"seed", required_argument, NULL, SEED},
    {"until-failure", no_argument, NULL, UNTIL_FAILURE},
    {"repeat", required_argument, NULL, REPEAT},
    {"exit-first", no_argument, NULL, EXIT_FIRST},
    {"failed-first", required_argument, NULL, FAILED_FIRST},
    {"in-process", no_argument, NULL, IN_PROCESS},
    {"gdb", no_argument, NULL, GDB},
    {"reporter", required_argument, NULL, REPORTER},
    {"tap", no_argument, NULL, TAP},
    {"junit", required_argument, NULL, JUNIT},
    {"jsonl", required_argument, NULL, JSONL},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};
enum { KNOWN = sizeof known / sizeof known[0] };

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
    printf("usage: %s [options]%s\n\n", command, operands ? " TESTS.so..." : "");
    puts("Runs unit tests, each in a process of its own, on simulated hosts or live.\n"
         "docs/trial.md says how to write them.\n"
         "  --filter PATTERN       only tests with this name or group; * and ? stand for any; may be repeated\n"
         "  --skip PATTERN         not these; may be repeated\n"
         "  --list                 prints names instead of running\n"
         "  -j, --jobs N           so many at a time [1]; 0: one for each processor\n"
         "  --order ORDER          defined, or random [defined]\n"
         "  --seed N               of the random order [1]\n"
         "  --repeat N             all of them, N times\n"
         "  --until-failure        again and again, until one fails\n"
         "  --exit-first           ends with the first failure\n"
         "  --failed-first FILE    begins with those that failed the last time; FILE keeps their names\n"
         "  --in-process           all in this process; default under a debugger\n"
         "  --gdb                  in this process, under gdb\n"
         "  --reporter NAME        tree, dots, tap, junit, jsonl or github, on standard output [tree]\n"
         "  --tap                  the same as --reporter tap\n"
         "  --junit FILE           JUnit's XML into FILE as well\n"
         "  --jsonl FILE           a line of JSON for each test into FILE as well\n"
         "\n"
         "CMOCKA_TEST_FILTER, CMOCKA_SKIP_FILTER, CMOCKA_MESSAGE_OUTPUT and CMOCKA_XML_FILE are honoured;\n"
         "with GITHUB_ACTIONS failures are printed as annotations too.\n"
         "\n"
         "Exit status: 0 all pass, 1 a test failed, 2 wrong usage or no such test, 77 all were skipped.");
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
    return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "--reporter: '%s' is none of tree, dots, tap, junit, jsonl, github%s%s%s",
                             text, near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

static int read_order(struct torci_trial_options *options, const char *text)
{
    options->random = strcmp(text, "random") == 0;
    if (!options->random && strcmp(text, "defined") != 0)
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "--order: '%s' is none of defined, random", text);
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
    const char *names[KNOWN];
    const char *near;
    char name[64];

    for (size_t i = 0; i < KNOWN; i++)
        names[i] = known[i].name;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(shown + strspn(shown, "-"), "="), shown + strspn(shown, "-"));
    near = torc_name_nearest(name, names);
    if (near != NULL)
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "unknown option %s; did you mean --%s?", shown, near);
    return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "unknown option %s; --help lists them", shown);
}

static int read_option(struct torci_trial_options *options, int code, char *value)
{
    switch (code) {
    case FILTER: return add_pattern(options->filters, &options->filter_count, value);
    case SKIP: return add_pattern(options->skips, &options->skip_count, value);
    case LIST: options->list = true; return 0;
    case 'j':
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
    default: options->help = true; return 0;
    }
}

/* --- the environment ------------------------------------------------------------------------------- */

/* Whether some process traces this one. */
static bool is_debugged(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[256];
    bool traced = false;

    if (status == NULL)
        return false;
    while (fgets(line, sizeof line, status) != NULL)
        traced = traced || (strncmp(line, "TracerPid:", 10) == 0 && strtol(line + 10, NULL, 10) != 0);
    fclose(status);
    return traced;
}

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

    options->run.in_process = is_debugged();
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
    int status = 0;
    int code;

    *options = (struct torci_trial_options){.seed = 1, .repeat = 1, .form = &torci_trial_tree};
    options->run.jobs = 1;
    read_environment(options);
    optind = 0; /* from the beginning, as glibc has it */
    opterr = 0;
    while (status == 0 && (code = getopt_long(argc, argv, ":j:", known, NULL)) != -1) {
        if (code == ':')
            status = torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "%s: its value is missing", argv[optind - 1]);
        else if (code == '?')
            status = unknown(argv[optind - 1]);
        else
            status = read_option(options, code, optarg);
    }
    options->operands = optind;
    return status;
}
