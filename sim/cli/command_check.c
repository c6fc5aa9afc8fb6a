/* torc check: the determinism check.  Each scenario runs in two processes, the second of which finds other
 * things in fresh memory, on the stack, in the environment and in the order of addresses.  None of it may
 * show in the trace. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"
#include "command.h"
#include "command_list.h"
#include "perturbation.h"
#include "trace_compare.h"
#include "work_directory.h"

static const char name[] = "check";

enum { PASSED_MAX = 128, PATH_BYTES = TORCI_WORK_DIRECTORY_MAX + 32, TOLD_BYTES = 1024 };

/* One run in a process of its own. */
struct pass {
    char trace[PATH_BYTES];
    char errors[PATH_BYTES];
    unsigned perturbations;
    int status; /* of waitpid */
};

struct check {
    char directory[TORCI_WORK_DIRECTORY_MAX];
    char *passed_on[PASSED_MAX]; /* to torc run */
    size_t passed_on_count;
    const char **paths;
    size_t path_count;
    unsigned long pairs;
    int status;
    bool done;
};

/* --- arguments ------------------------------------------------------------------------------------ */

static int pass_on(struct check *check, const char *option, const char *value)
{
    char *text;

    if (check->passed_on_count + 1 >= PASSED_MAX)
        return torci_usage_error(name, "too many options");
    if (asprintf(&text, "--%s=%s", option, value) < 0)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    check->passed_on[check->passed_on_count++] = text;
    return 0;
}

static int read_option(void *arg, const char *option, const char *value)
{
    struct check *check = arg;
    char *end;

    if (strcmp(option, "pairs") != 0)
        return pass_on(check, option, value);
    errno = 0;
    check->pairs = strtoul(value, &end, 10);
    if (errno != 0 || *end != '\0' || value[0] < '0' || value[0] > '9' || check->pairs == 0)
        return torci_usage_error(name, "--pairs: '%s' is not a number from 1 on", value);
    return 0;
}

static int read_operand(void *arg, const char *text)
{
    struct check *check = arg;

    check->paths[check->path_count++] = text;
    return 0;
}

static int read_arguments(struct check *check, int argc, char **argv)
{
    const struct torci_argument_reader reader = {read_option, read_operand, check};
    int status;

    check->pairs = 1;
    status = torci_arguments_read(&torci_table_check, argc, argv, &reader, &check->done);
    if (status == 0 && !check->done && check->path_count == 0)
        status = torci_usage_error(name, "which scenario?");
    return status;
}

/* --- one run -------------------------------------------------------------------------------------- */

static void write_perturbations(char *out, size_t size, unsigned perturbations)
{
    size_t used = 0;

    out[0] = '\0';
    for (const struct torci_perturbation_kind *kind = torci_perturbation_kinds; kind->name; kind++)
        if ((perturbations & kind->bit) != 0)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used == 0 ? "" : ",",
                                     kind->name);
}

static void redirect(const char *path, int descriptor)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (file >= 0)
        dup2(file, descriptor);
}

/* By its path, if it has one still: under valgrind /proc/self/exe is valgrind when it is executed, and itself when it is read. */
static void execute_itself(char **values)
{
    char own[4096];
    ssize_t bytes = readlink("/proc/self/exe", own, sizeof own - 1);

    if (bytes > 0) {
        own[bytes] = '\0';
        execv(own, values);
    }
    execv("/proc/self/exe", values);
}

/* In the child. */
static void become_run(const struct check *check, const struct pass *pass, const char *path)
{
    char *values[PASSED_MAX + 8];
    char list[128];
    size_t count = 0;

    values[count++] = (char *)(uintptr_t)"torc";
    values[count++] = (char *)(uintptr_t)"run";
    values[count++] = (char *)(uintptr_t)"--hashes";
    values[count++] = (char *)(uintptr_t)"--jsonl";
    values[count++] = (char *)(uintptr_t)pass->trace;
    if (pass->perturbations != 0) {
        write_perturbations(list, sizeof list, pass->perturbations);
        values[count++] = (char *)(uintptr_t)"--perturb";
        values[count++] = list;
    }
    for (size_t i = 0; i < check->passed_on_count; i++)
        values[count++] = check->passed_on[i];
    values[count++] = (char *)(uintptr_t)path;
    values[count] = NULL;
    torci_perturbation_enter(pass->perturbations);
    redirect(pass->errors, STDERR_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execute_itself(values);
    _exit(torci_command_error(name, TORCI_EXIT_INTERNAL, "torc run cannot be started: %s", strerror(errno)));
}

static int run(struct check *check, struct pass *pass, unsigned perturbations, const char *path)
{
    pid_t child;

    pass->perturbations = perturbations;
    fflush(stdout);
    child = fork();
    if (child == 0)
        become_run(check, pass, path);
    if (child < 0 || waitpid(child, &pass->status, 0) < 0)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "a run cannot be started: %s",
                                   strerror(errno));
    return 0;
}

static void print_errors(const struct pass *pass)
{
    char text[TOLD_BYTES];
    FILE *file = fopen(pass->errors, "r");

    if (file == NULL)
        return;
    while (fgets(text, sizeof text, file) != NULL)
        fputs(text, stderr);
    fclose(file);
}

/* A run that was stopped, by the guard or by a crash, is told with what it said. */
static int check_ended(struct check *check, const struct pass *pass, const char *path)
{
    if (WIFSIGNALED(pass->status)) {
        printf("different: %s: a run was stopped by signal %d (%s)\n", path,
               WTERMSIG(pass->status), strsignal(WTERMSIG(pass->status)));
        fflush(stdout);
        print_errors(pass);
        check->status = TORCI_EXIT_NONDETERMINISM;
        return TORCI_EXIT_NONDETERMINISM;
    }
    if (WEXITSTATUS(pass->status) == TORCI_EXIT_USAGE ||
        WEXITSTATUS(pass->status) == TORCI_EXIT_INTERNAL) {
        print_errors(pass);
        if (check->status != TORCI_EXIT_NONDETERMINISM)
            check->status = WEXITSTATUS(pass->status);
        return check->status;
    }
    return 0;
}

/* --- comparing ------------------------------------------------------------------------------------ */

/* Where they differ (0: nowhere), shown if `show`.  Negative: they cannot be read. */
static long compare(const struct pass *first, const struct pass *second, bool show,
                    size_t *out_events)
{
    struct torci_trace_file a;
    struct torci_trace_file b;
    size_t n = 0;
    int error = torci_trace_file_open(&a, first->trace);

    if (error == 0) {
        error = torci_trace_file_open(&b, second->trace);
        if (error != 0)
            torci_trace_file_close(&a);
    }
    if (error != 0) {
        torci_command_error(name, TORCI_EXIT_INTERNAL, "a trace cannot be read: %s",
                            strerror(error));
        return -1;
    }
    n = torci_trace_compare(&a, &b);
    *out_events = a.count;
    if (n > 0 && show) {
        torci_trace_print_event(&a, n, "first run");
        torci_trace_print_event(&b, n, "second run");
    }
    torci_trace_file_close(&a);
    torci_trace_file_close(&b);
    return (long)n;
}

/* Which single perturbation is enough, or whether it takes none. */
static void explain(struct check *check, const struct pass *first, struct pass *second,
                    const char *path)
{
    size_t events;
    bool any = false;

    if (run(check, second, 0, path) == 0 && compare(first, second, false, &events) != 0) {
        puts("  it takes      nothing: two runs with nothing changed differ (time, a process id, a thread?)");
        return;
    }
    for (const struct torci_perturbation_kind *kind = torci_perturbation_kinds; kind->name;
         kind++) {
        if (run(check, second, kind->bit, path) != 0 ||
            compare(first, second, false, &events) == 0)
            continue;
        printf("  it takes      %s: %s changed; most often %s\n", kind->name, kind->what,
               kind->cause);
        any = true;
    }
    if (!any)
        puts("  it takes      several changes at once");
}

static void check_path(struct check *check, const char *path)
{
    struct pass first;
    struct pass second;
    size_t events = 0;
    unsigned long pair;

    snprintf(first.trace, sizeof first.trace, "%s/1", check->directory);
    snprintf(first.errors, sizeof first.errors, "%s/1.errors", check->directory);
    snprintf(second.trace, sizeof second.trace, "%s/2", check->directory);
    snprintf(second.errors, sizeof second.errors, "%s/2.errors", check->directory);
    for (pair = 0; pair < check->pairs; pair++) {
        long n;

        if (run(check, &first, 0, path) != 0 ||
            check_ended(check, &first, path) != 0 ||
            run(check, &second, TORCI_PERTURB_ALL, path) != 0 ||
            check_ended(check, &second, path) != 0)
            return;
        n = compare(&first, &second, false, &events);
        if (n == 0)
            continue;
        check->status = n < 0 ? TORCI_EXIT_INTERNAL : TORCI_EXIT_NONDETERMINISM;
        if (n < 0)
            return;
        printf("different: %s: event %ld\n", path, n);
        compare(&first, &second, true, &events);
        explain(check, &first, &second, path);
        return;
    }
    printf("equal: %s (%zu events, %lu pair%s)\n", path, events, check->pairs,
           check->pairs == 1 ? "" : "s");
}

static int check_all(struct check *check, int argc, char **argv)
{
    int status = read_arguments(check, argc, argv);

    if (status != 0 || check->done)
        return status;
    if (torci_work_directory_make(check->directory) != 0)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "%s: %s", check->directory,
                                   strerror(errno));
    for (size_t i = 0; i < check->path_count; i++)
        check_path(check, check->paths[i]);
    torci_work_directory_remove(check->directory);
    return check->status;
}

int torci_command_check(int argc, char **argv)
{
    struct check check;
    int status;

    memset(&check, 0, sizeof check);
    check.paths = calloc((size_t)argc, sizeof *check.paths);
    if (check.paths == NULL)
        return torci_command_error(name, TORCI_EXIT_INTERNAL, "out of memory");
    status = check_all(&check, argc, argv);
    for (size_t i = 0; i < check.passed_on_count; i++)
        free(check.passed_on[i]);
    free(check.paths);
    return status;
}
