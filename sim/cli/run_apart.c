#include "run_apart.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <torc/coverage.h>

#include "parallel.h"

enum { NOTES_BYTES = 8 * 1024 * 1024, SAID_BYTES = 8192 };

/* What the two processes share. */
struct shared {
    bool done;
    struct torci_apart result;
    size_t note_bytes;
    char notes[NOTES_BYTES]; /* lines of decisions */
};

/* Notes what another decider decides, as it happens. */
struct noting {
    struct torc_decider decider; /* first */
    struct torc_decider *inner;  /* or NULL */
    struct shared *shared;
};

void torci_run_watch(unsigned seconds)
{
    struct itimerval limit = {{0, 0}, {(time_t)seconds, 0}};

    (void)setitimer(ITIMER_VIRTUAL, &limit, NULL);
}

static uint64_t decide(struct torc_decider *self, const struct torc_question *question)
{
    struct noting *noting = (struct noting *)(void *)self;
    struct shared *shared = noting->shared;
    uint64_t value = noting->inner == NULL ? question->drawn
                                           : noting->inner->decide(noting->inner, question);
    struct torc_decision decision = {question->host, question->site, question->k, value, false};
    char line[256];
    size_t bytes;

    if (!torc_question_has(question, value))
        return value;
    torc_decision_print(&decision, line, sizeof line);
    bytes = strlen(line);
    if (shared->note_bytes + bytes + 2 > sizeof shared->notes)
        return value;
    memcpy(shared->notes + shared->note_bytes, line, bytes);
    shared->notes[shared->note_bytes + bytes] = '\n';
    shared->note_bytes += bytes + 1;
    return value;
}

/* --- the child ------------------------------------------------------------------------------------ */

static void copy_report(const struct torc_scenario_report *report, struct torci_apart *out)
{
    const struct torc_scenario_failure *failure = report->failures;

    torci_failure_identify(report, &out->identity);
    if (report->failure_count == 0)
        return;
    if (failure->line != 0)
        snprintf(out->place, sizeof out->place, "%s:%u: ", failure->file, failure->line);
    snprintf(out->message, sizeof out->message, "%s", failure->message);
    snprintf(out->property, sizeof out->property, "%s", failure->property);
    snprintf(out->detail, sizeof out->detail, "%.*s", (int)strcspn(failure->detail, "\n"),
             failure->detail);
}

static void run_child(const struct torc_scenario *scenario,
                      const struct torc_scenario_run_options *options, unsigned seconds,
                      struct shared *shared, int said)
{
    struct noting noting = {{decide}, options->decider, shared};
    struct torc_scenario_run_options own = *options;
    struct torc_scenario_report *report;

    torc_coverage_forget();
    (void)dup2(said, STDERR_FILENO);
    own.decider = &noting.decider;
    torci_run_watch(seconds);
    if (torc_scenario_run(scenario, &own, &report) == 0) {
        copy_report(report, &shared->result);
        shared->done = true;
    }
    torc_coverage_write();
    _exit(shared->done ? 0 : 1);
}

/* --- the parent ----------------------------------------------------------------------------------- */

/* The first line a dying process said that names a reason. */
static void read_reason(int said, char *out, size_t size)
{
    static const char *const reasons[] = {"torc: ", "ERROR: ", "runtime error: ", "Assertion "};
    char text[SAID_BYTES + 1];
    ssize_t bytes = pread(said, text, SAID_BYTES, 0);

    out[0] = '\0';
    if (bytes <= 0)
        return;
    text[bytes] = '\0';
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        const char *at = strstr(text, reasons[i]);

        if (at == NULL)
            continue;
        snprintf(out, size, ": %.*s", (int)strcspn(at, "\n"), at);
        return;
    }
}

static void tell_end(int status, int said, struct torci_apart *out)
{
    struct torci_outcome end = {.verdict = WIFSIGNALED(status) ? -WTERMSIG(status) : TORCI_RUN_EXITED};
    char reason[400];

    read_reason(said, reason, sizeof reason);
    snprintf(out->message, sizeof out->message, "the run ended its process (%s)%s",
             torci_outcome_end(&end), reason);
    out->identity.verdict = end.verdict;
    torci_failure_without_numbers(out->message, out->identity.message,
                                  sizeof out->identity.message);
}

static int read_notes(const struct shared *shared, struct torci_apart *out)
{
    static const char head[] = "scn 1\n";
    struct torc_scenario_error error;
    char *text = malloc(sizeof head + shared->note_bytes);
    int code;

    if (text == NULL)
        return ENOMEM;
    memcpy(text, head, sizeof head - 1);
    memcpy(text + sizeof head - 1, shared->notes, shared->note_bytes);
    code = torc_scenario_parse(text, sizeof head - 1 + shared->note_bytes, "decisions", NULL,
                               &out->decided, &error);
    free(text);
    return code == 0 ? 0 : code == TORC_ENOMEM ? ENOMEM : EPROTO;
}

static int run_shared(const struct torc_scenario *scenario,
                      const struct torc_scenario_run_options *options, unsigned seconds,
                      struct shared *shared, int said, struct torci_apart *out)
{
    pid_t child = fork();
    int status;

    if (child < 0)
        return errno;
    if (child == 0)
        run_child(scenario, options, seconds, shared, said);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    *out = shared->result;
    if (!shared->done)
        tell_end(status, said, out);
    return read_notes(shared, out);
}

int torci_run_apart(const struct torc_scenario *scenario,
                    const struct torc_scenario_run_options *options, unsigned seconds,
                    struct torci_apart *out)
{
    struct shared *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    int said;
    int error;

    memset(out, 0, sizeof *out);
    if (shared == MAP_FAILED)
        return errno;
    said = memfd_create("torc", MFD_CLOEXEC);
    error = said < 0 ? errno : run_shared(scenario, options, seconds, shared, said, out);
    if (said >= 0)
        close(said);
    munmap(shared, sizeof *shared);
    return error;
}

void torci_apart_free(struct torci_apart *apart)
{
    torc_scenario_free(apart->decided);
    apart->decided = NULL;
}
