#include "found.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "fault_case.h"
#include "file_replace.h"
#include "run_apart.h"
#include "trace_tail.h"

enum { PATH_BYTES = 1024, LINE_BYTES = 256 };

void torci_found_path(const char *path, const char *out, const char *rest,
                      char result[TORCI_FOUND_PATH_BYTES])
{
    char folder[PATH_BYTES];
    char file[PATH_BYTES];
    char *base;
    char *dot;

    snprintf(folder, sizeof folder, "%s", path);
    snprintf(file, sizeof file, "%s", path);
    base = basename(file);
    dot = strrchr(base, '.');
    if (dot != NULL)
        *dot = '\0';
    snprintf(result, TORCI_FOUND_PATH_BYTES, "%s/%s%s", out != NULL ? out : dirname(folder), base, rest);
}

int torci_found_read_out(const char *command, const char *folder, const char **out)
{
    struct stat status;
    int error = stat(folder, &status) != 0 ? errno : !S_ISDIR(status.st_mode) ? ENOTDIR : 0;

    if (error == 0 && access(folder, W_OK | X_OK) != 0)
        error = errno;
    *out = folder;
    return error == 0 ? 0
                      : torci_command_error(command, TORCI_EXIT_USAGE, "--out %s: %s", folder, strerror(error));
}

void torci_found_free(struct torci_found_shrunk *shrunk)
{
    free(shrunk->sentence);
    free(shrunk->detail);
    free(shrunk->decisions);
    free(shrunk->scenario);
    free(shrunk->path);
    free(shrunk->trace);
    memset(shrunk, 0, sizeof *shrunk);
}

/* OUT/NAME-LABEL.KIND */
static void make_path(const struct torci_found *found, const char *kind, char out[TORCI_FOUND_PATH_BYTES])
{
    char rest[LINE_BYTES];

    snprintf(rest, sizeof rest, "-%s.%s", found->label, kind);
    torci_found_path(found->path, found->out, rest, out);
}

static int write_file(const struct torci_found *found, const char *path, const char *text)
{
    int error = torci_file_replace(path, text, strlen(text));

    return error == 0 ? 0 : torci_command_error(found->source->command, TORCI_EXIT_INTERNAL, "%s: %s", path,
                                                strerror(error));
}

static int out_of_memory(const struct torci_found *found)
{
    return torci_command_error(found->source->command, TORCI_EXIT_INTERNAL, "out of memory");
}

/* To be freed; NULL: out of memory. */
static char *print_decisions(const struct torci_shrink_start *start)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    if (out == NULL)
        return NULL;
    fputs("scn 1\n", out);
    for (size_t i = 0; i < start->decision_count; i++) {
        char line[LINE_BYTES];

        torc_decision_print(&start->decisions[i], line, sizeof line);
        fprintf(out, "%s\n", line);
    }
    return fclose(out) == 0 ? text : NULL;
}

static void put_line(void *arg, const char *line)
{
    (void)!fputs(line, arg);
}

/* The text as torc fmt has it: taking out lines and words leaves columns that nothing needs.  To be freed; NULL: out of
 * memory. */
static char *make_canonical(const struct torci_found *found, const char *text)
{
    char error[TORCI_SOURCE_ERROR_BYTES];
    struct torc_scenario *scenario = NULL;
    char *canonical = NULL;
    size_t bytes = 0;
    FILE *out;

    if (torci_scenario_source_parse(found->source, found->path, text, strlen(text), &scenario, error) != 0)
        return NULL;
    out = open_memstream(&canonical, &bytes);
    if (out != NULL)
        torc_scenario_print(scenario, put_line, out);
    torc_scenario_free(scenario);
    return out != NULL && fclose(out) == 0 ? canonical : NULL;
}

/* What it includes is looked for beside it, so elsewhere than beside the one it comes from it may not be found. */
static void check_moved(const struct torci_found *found, const char *path)
{
    char error[TORCI_SOURCE_ERROR_BYTES];
    char folder[PATH_BYTES];
    struct torc_scenario *scenario;

    if (torci_scenario_source_parse(found->source, path, NULL, 0, &scenario, error) == 0) {
        torc_scenario_free(scenario);
        return;
    }
    snprintf(folder, sizeof folder, "%s", found->path);
    printf("    to run it: move it to %s, where the files are that it names\n", dirname(folder));
}

/* Keeps the trace of a run: of that scenario with those options, in a process of its own. */
static int take_trace(const struct torc_scenario *scenario, const struct torc_scenario_run_options *options,
                      struct torci_found_shrunk *out)
{
    struct torci_trace_tail *tail = torci_trace_tail_new();
    struct torc_scenario_run_options traced = *options;
    struct torci_apart apart = {0};
    int error;

    if (tail == NULL)
        return ENOMEM;
    torci_trace_tail_watch(tail, &traced);
    error = torci_run_apart(scenario, &traced, TORCI_RUN_SECONDS_MAX, &apart);
    torci_apart_free(&apart);
    out->trace = torci_trace_tail_text(tail);
    torci_trace_tail_free(tail);
    return error != 0 ? error : out->trace == NULL ? ENOMEM : 0;
}

/* The small scenario, which has all it needs in it, as `torc run` runs it. */
static int take_shrunk_trace(const struct torci_found *found, struct torci_found_shrunk *out)
{
    char error[TORCI_SOURCE_ERROR_BYTES];
    struct torci_scenario_source alone = *found->source;
    struct torc_scenario_run_options options;
    struct torc_scenario *scenario;
    int failed;

    alone.param_count = 0;
    alone.params[0] = NULL;
    alone.decided = NULL;
    /* Under the name of the one it comes from, beside which its files are. */
    if (torci_scenario_source_parse(&alone, found->path, out->scenario, strlen(out->scenario), &scenario,
                                    error) != 0)
        return 0;
    torci_scenario_source_run_options(&alone, &options);
    failed = take_trace(scenario, &options, out);
    torc_scenario_free(scenario);
    return failed;
}

static int want_trace(const struct torci_found *found, struct torci_found_shrunk *out)
{
    int error = 0;

    if (found->traced)
        error = out->scenario != NULL ? take_shrunk_trace(found, out)
                                      : take_trace(found->scenario, found->options, out);
    return error == 0 ? 0
                      : torci_command_error(found->source->command, TORCI_EXIT_INTERNAL, "%s", strerror(error));
}

static int shrink(const struct torci_found *found, const struct torci_shrink_start *start,
                  const struct torci_failure_identity *identity, struct torci_found_shrunk *out)
{
    struct torci_shrunk shrunk;
    char path[TORCI_FOUND_PATH_BYTES];
    int status;

    if (torci_shrink_scenario(found->source, found->path, start, identity, found->runs_max,
                              &shrunk) != 0) {
        printf("    it does not fail like that when it is run from its decisions, and is not shrunk\n");
        return 0;
    }
    make_path(found, "scn", path);
    out->scenario = make_canonical(found, shrunk.text);
    free(shrunk.text);
    out->path = strdup(path);
    out->lines = shrunk.lines;
    out->runs = shrunk.runs;
    out->ns = shrunk.ns;
    status = out->path != NULL && out->scenario != NULL ? write_file(found, path, out->scenario) : out_of_memory(found);
    if (status != 0)
        return status;
    printf("    shrunk:    %s (%zu lines, %zu of them decisions, after %zu runs, %.2f s)\n", path,
           shrunk.lines, shrunk.decisions, shrunk.runs, (double)shrunk.ns / 1e9);
    if (found->out != NULL)
        check_moved(found, path);
    return 0;
}

static void print_commands(const struct torci_found *found, const char *path)
{
    static const char *const kinds[] = {"reproduce: torc run", "show:      torc run -v"};
    char split[TORCI_FAULT_HOST_BYTES + 32] = "";

    if (found->options->split != NULL)
        torci_split_case_write(found->options->split, split, sizeof split);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        printf("    %s --seed %llu --decisions %s %s%s%s%s%s\n", kinds[i],
               (unsigned long long)found->options->seed, path, split[0] != '\0' ? "--split " : "", split,
               split[0] != '\0' ? " " : "", found->source->repeated, found->path);
}

static int tell(const struct torci_found *found, const struct torci_apart *apart,
                const struct torci_shrink_start *start, struct torci_found_shrunk *out)
{
    char path[TORCI_FOUND_PATH_BYTES];
    int status;

    printf("%-7s  %s, %s\n    %s%s\n",
           apart->identity.verdict < 0
               ? "crash"
               : torc_scenario_verdict_name((enum torc_scenario_verdict)apart->identity.verdict),
           found->path, found->label, apart->place, apart->message);
    if (apart->property[0] != '\0')
        printf("        %s\n", apart->property);
    if (apart->detail[0] != '\0')
        printf("        %s\n", apart->detail);
    if (apart->identity.verdict == TORC_SCENARIO_INVALID && start->decision_count == 0)
        return TORCI_EXIT_USAGE; /* the same with every seed: there is nothing to keep */
    make_path(found, "decisions", path);
    status = write_file(found, path, out->decisions);
    if (status != 0)
        return status;
    print_commands(found, path);
    fflush(stdout);
    return shrink(found, start, &apart->identity, out);
}

/* Those of the run, and those that were given to it. */
static struct torc_decision *all_decisions(const struct torci_found *found,
                                           const struct torci_apart *apart, size_t *out_count)
{
    const struct torc_decision *taken;
    size_t count = torc_scenario_decisions(apart->decided, &taken);
    struct torc_decision *all =
        malloc((count + found->options->decision_count + 1) * sizeof *all);

    if (all == NULL)
        return NULL;
    if (count > 0)
        memcpy(all, taken, count * sizeof *all);
    if (found->options->decision_count > 0)
        memcpy(all + count, found->options->decisions,
               found->options->decision_count * sizeof *all);
    *out_count = count + found->options->decision_count;
    return all;
}

typedef int found_fn(const struct torci_found *found, const struct torci_apart *apart,
                     const struct torci_shrink_start *start, struct torci_found_shrunk *out);

/* What is known of it before it is shrunk. */
static int describe(const struct torci_found *found, const struct torci_apart *apart,
                    const struct torci_shrink_start *start, struct torci_found_shrunk *out)
{
    size_t bytes = strlen(apart->place) + strlen(apart->message) + 1;

    out->sentence = malloc(bytes);
    out->detail = strdup(apart->detail);
    out->decisions = print_decisions(start);
    if (out->sentence == NULL || out->detail == NULL || out->decisions == NULL)
        return out_of_memory(found);
    snprintf(out->sentence, bytes, "%s%s", apart->place, apart->message);
    return 0;
}

/* Makes the run again, for what is to be done with it. */
static int make_again(const struct torci_found *found, found_fn *with, struct torci_found_shrunk *out)
{
    struct torci_shrink_start start = {found->options->seed, NULL, 0, found->options->split};
    struct torc_decision *decisions;
    struct torci_apart apart = {0};
    int error = torci_run_apart(found->scenario, found->options, TORCI_RUN_SECONDS_MAX, &apart);
    int status;

    memset(out, 0, sizeof *out);
    if (error != 0) {
        torci_apart_free(&apart);
        return torci_command_error(found->source->command, TORCI_EXIT_INTERNAL, "%s",
                                   strerror(error));
    }
    decisions = all_decisions(found, &apart, &start.decision_count);
    start.decisions = decisions;
    status = decisions == NULL ? out_of_memory(found) : describe(found, &apart, &start, out);
    if (status == 0)
        status = with(found, &apart, &start, out);
    if (status == 0)
        status = want_trace(found, out);
    free(decisions);
    torci_apart_free(&apart);
    return status;
}

int torci_found_tell(const struct torci_found *found, struct torci_found_shrunk *out)
{
    int status = make_again(found, tell, out);

    return status != 0 ? status : TORCI_EXIT_FAIL;
}

static int shrink_only(const struct torci_found *found, const struct torci_apart *apart,
                       const struct torci_shrink_start *start, struct torci_found_shrunk *out)
{
    fflush(stdout);
    return shrink(found, start, &apart->identity, out);
}

int torci_found_shrink(const struct torci_found *found, struct torci_found_shrunk *out)
{
    return make_again(found, shrink_only, out);
}

static int do_nothing(const struct torci_found *found, const struct torci_apart *apart,
                      const struct torci_shrink_start *start, struct torci_found_shrunk *out)
{
    (void)found, (void)apart, (void)start, (void)out;
    return 0;
}

int torci_found_look(const struct torci_found *found, struct torci_found_shrunk *out)
{
    return make_again(found, do_nothing, out);
}
