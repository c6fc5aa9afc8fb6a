/* trial_main.c - runs of all tests, as the options say. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <torc/trial.h>

#include "trial_coverage.h"
#include "trial_exit.h"
#include "trial_options.h"
#include "trial_plan.h"

struct running {
    struct torci_trial_options options;
    struct torci_trial_plan plan;
    struct torci_trial_report report;
    FILE *junit;
    FILE *jsonl;
};

/* --- the tests ------------------------------------------------------------------------------------- */

static int collect(struct running *running, int argc, char **argv, const struct torc_trial_catalogue *own,
                   torc_trial_load_fn *load)
{
    const struct torc_trial_catalogue *loaded;
    int status = own != NULL ? torci_trial_plan_add(&running->plan, own) : 0;

    if (status == 0 && load == NULL && running->options.operands < argc)
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "what is '%s'? Tests are chosen with --filter",
                                 argv[running->options.operands]);
    if (status == 0 && load != NULL && running->options.operands == argc)
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "which tests? Shared objects are expected");
    for (int i = running->options.operands; status == 0 && i < argc; i++) {
        status = load(argv[i], &loaded);
        if (status == 0)
            status = torci_trial_plan_add(&running->plan, loaded);
    }
    return status == 0 ? torci_trial_plan_sort(&running->plan) : status;
}

static int choose(struct running *running)
{
    const struct torci_trial_options *options = &running->options;

    torci_trial_plan_filter(&running->plan, options->filters, options->filter_count, options->skips,
                            options->skip_count);
    if (running->plan.count == 0)
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "no test is left to run; --list prints their names");
    if (options->random) {
        fprintf(stderr, "random order, --seed %llu\n", (unsigned long long)options->seed);
        torci_trial_plan_shuffle(&running->plan, options->seed);
    }
    return 0;
}

/* --- those that failed the last time ---------------------------------------------------------------- */

static int read_failed(struct running *running)
{
    FILE *file = fopen(running->options.failed_first, "re");
    char line[1024];

    if (file == NULL)
        return errno == ENOENT ? 0 : torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "--failed-first %s: %s",
                                                       running->options.failed_first, strerror(errno));
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        for (size_t i = 0; i < running->plan.count; i++)
            if (strcmp(running->plan.cases[i].id, line) == 0)
                running->plan.cases[i].failed_last = true;
    }
    fclose(file);
    torci_trial_plan_failed_first(&running->plan);
    return 0;
}

static int write_failed(struct running *running)
{
    FILE *file = fopen(running->options.failed_first, "we");
    bool failed;

    if (file == NULL)
        return torci_trial_error(TORCI_TRIAL_EXIT_INTERNAL, "--failed-first %s: %s", running->options.failed_first,
                                 strerror(errno));
    for (size_t i = 0; i < running->plan.count; i++)
        if (running->plan.cases[i].failed_last)
            fprintf(file, "%s\n", running->plan.cases[i].id);
    failed = ferror(file) != 0;
    failed = fclose(file) != 0 || failed;
    return failed ? torci_trial_error(TORCI_TRIAL_EXIT_INTERNAL, "--failed-first %s cannot be written",
                                      running->options.failed_first)
                  : 0;
}

/* --- reports ---------------------------------------------------------------------------------------- */

static int open_form(struct running *running, const struct torci_trial_form *form, const char *path, FILE **out)
{
    if (path == NULL)
        return 0;
    *out = fopen(path, "we");
    if (*out == NULL)
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "%s: %s", path, strerror(errno));
    torci_trial_report_add(&running->report, form, *out);
    return 0;
}

static int open_forms(struct running *running)
{
    const struct torci_trial_options *options = &running->options;
    int status;

    torci_trial_report_add(&running->report, options->form, stdout);
    if (getenv("GITHUB_ACTIONS") != NULL && options->form != &torci_trial_github &&
        (options->form == &torci_trial_tree || options->form == &torci_trial_dots))
        torci_trial_report_add(&running->report, &torci_trial_github, stdout);
    status = open_form(running, &torci_trial_junit, options->junit, &running->junit);
    return status != 0 ? status : open_form(running, &torci_trial_jsonl, options->jsonl, &running->jsonl);
}

static void close_forms(struct running *running)
{
    if (running->junit != NULL)
        fclose(running->junit);
    if (running->jsonl != NULL)
        fclose(running->jsonl);
}

/* What runs these tests again: the command, and its operands. */
static char *again(const struct running *running, int argc, char **argv)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *memory = open_memstream(&text, &bytes);

    if (memory == NULL)
        return NULL;
    fputs(argv[0], memory);
    for (int i = running->options.operands; i < argc; i++)
        fprintf(memory, " %s", argv[i]);
    fclose(memory);
    return text;
}

/* --- running ---------------------------------------------------------------------------------------- */

static int status_of(const struct torci_trial_counts *counts)
{
    if (counts->failed > 0)
        return TORCI_TRIAL_EXIT_FAIL;
    return counts->passed + counts->todo == 0 ? TORCI_TRIAL_EXIT_SKIPPED : TORCI_TRIAL_EXIT_PASS;
}

static int run_round(struct running *running)
{
    int status;
    int written;

    torci_trial_report_begin(&running->report, running->plan.count);
    status = torci_trial_run_plan(&running->plan, &running->options.run, &running->report);
    written = torci_trial_report_end(&running->report);
    if (status == 0)
        status = written != 0 ? torci_trial_error(TORCI_TRIAL_EXIT_INTERNAL, "the report cannot be written")
                              : status_of(&running->report.counts);
    return status;
}

static int run_rounds(struct running *running)
{
    const struct torci_trial_options *options = &running->options;
    int status = 0;

    for (uint64_t round = 0; options->until_failure || round < options->repeat; round++) {
        int here = run_round(running);

        if (here != 0)
            status = here;
        if (here > TORCI_TRIAL_EXIT_FAIL || (here != 0 && (options->until_failure || options->run.exit_first)))
            break;
    }
    return status;
}

static int run(struct running *running)
{
    int status = running->options.failed_first != NULL ? read_failed(running) : 0;
    int ended;

    if (status == 0)
        status = open_forms(running);
    if (status != 0)
        return status;
    status = run_rounds(running);
    close_forms(running);
    ended = running->options.failed_first != NULL ? write_failed(running) : 0;
    return ended != 0 ? ended : status;
}

/* Goes on as gdb with this very program, and the same arguments, in it. */
static int run_gdb(int argc, char **argv)
{
    static const char *const front[] = {"gdb", "-q", "--args"};
    char **all = calloc((size_t)argc + 8, sizeof *all);
    char program[4096];
    size_t count = 0;
    ssize_t bytes;

    if (all == NULL)
        return torci_trial_error(TORCI_TRIAL_EXIT_INTERNAL, "out of memory for the arguments of gdb");
    bytes = readlink("/proc/self/exe", program, sizeof program - 1);
    if (bytes <= 0) {
        int error = errno;

        free(all);
        return torci_trial_error(TORCI_TRIAL_EXIT_INTERNAL, "gdb: /proc/self/exe: %s", strerror(error));
    }
    program[bytes] = '\0';
    for (size_t i = 0; i < sizeof front / sizeof front[0]; i++)
        all[count++] = (char *)(uintptr_t)front[i];
    all[count++] = program;
    if (strchr(argv[0], ' ') != NULL) /* "torc trial" */
        all[count++] = strrchr(argv[0], ' ') + 1;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--gdb") != 0)
            all[count++] = argv[i];
    execvp(all[0], all);
    free(all);
    return torci_trial_error(TORCI_TRIAL_EXIT_INTERNAL, "gdb: %s", strerror(errno));
}

static void list(const struct torci_trial_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++)
        puts(plan->cases[i].id);
}

static int run_read(struct running *running, int argc, char **argv, const struct torc_trial_catalogue *own,
                    torc_trial_load_fn *load)
{
    char *command;
    char *coverage = NULL;
    int status = collect(running, argc, argv, own, load);

    if (status == 0)
        status = choose(running);
    if (status != 0)
        return status;
    if (running->options.list) {
        list(&running->plan);
        return 0;
    }
    if (running->options.coverage != NULL)
        status = torci_trial_coverage_open(running->options.coverage, &coverage);
    if (status != 0)
        return status;
    running->options.run.coverage = coverage;
    command = again(running, argc, argv);
    running->report.command = command != NULL ? command : argv[0];
    status = run(running);
    free(command);
    free(coverage);
    return status;
}

int torc_trial_main(int argc, char **argv, const struct torc_trial_catalogue *own, torc_trial_load_fn *load)
{
    struct running running = {.junit = NULL};
    int status = torci_trial_options_read(&running.options, argc, argv);

    if (status != 0)
        return status;
    if (running.options.help) {
        torci_trial_options_help(argv[0], load != NULL);
        return 0;
    }
    if (running.options.gdb)
        return run_gdb(argc, argv);
    status = run_read(&running, argc, argv, own, load);
    torci_trial_plan_free(&running.plan);
    return status;
}
