#include "trial_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <torc/coverage.h>

#include "trial_capture.h"
#include "trial_coverage.h"
#include "trial_crash.h"
#include "trial_exit.h"

/* Set by a signal, which can be handed nothing. */
static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

/* One test at a time. */
struct slot {
    struct torci_trial_capture capture;
    struct torci_trial_outcome *outcome; /* the two processes share it */
    size_t index;                        /* of the case */
    pid_t child;                         /* 0: none */
};

/* What came of a test whose turn to be told has not come. */
struct finished {
    struct torci_trial_outcome *outcome;
    char *printed;
};

struct running {
    struct torci_trial_plan *plan;
    const struct torci_trial_run_options *options;
    struct torci_trial_report *report;
    struct slot *slots;
    size_t slot_count;
    struct finished *finished; /* by case */
    size_t begun;
    size_t told;
    bool failed;
};

/* --- telling --------------------------------------------------------------------------------------- */

static void tell(struct running *running, size_t index, const struct torci_trial_outcome *outcome, const char *printed)
{
    struct torci_trial_told told = {&running->plan->cases[index], outcome, printed != NULL ? printed : ""};

    running->plan->cases[index].failed_last = outcome->verdict == TORCI_TRIAL_FAILED;
    running->failed = running->failed || outcome->verdict == TORCI_TRIAL_FAILED;
    torci_trial_report_test(running->report, &told);
}

static void tell_in_order(struct running *running)
{
    while (running->told < running->begun && running->finished[running->told].outcome != NULL) {
        struct finished *next = &running->finished[running->told];

        tell(running, running->told++, next->outcome, next->printed);
        free(next->outcome);
        free(next->printed);
        next->outcome = NULL;
    }
}

static int finish(struct running *running, struct slot *slot)
{
    struct finished *finished = &running->finished[slot->index];
    size_t bytes = offsetof(struct torci_trial_outcome, text) + slot->outcome->text_bytes + 1;

    finished->outcome = malloc(sizeof *finished->outcome);
    if (finished->outcome == NULL)
        return torci_trial_error(TORCI_TRIAL_EXIT_INTERNAL, "out of memory for what a test came to");
    memcpy(finished->outcome, slot->outcome, bytes);
    finished->printed = torci_trial_capture_out(&slot->capture);
    tell_in_order(running);
    return 0;
}

/* --- one test -------------------------------------------------------------------------------------- */

static void clear(struct slot *slot)
{
    memset(slot->outcome, 0, offsetof(struct torci_trial_outcome, text) + 1);
    torci_trial_capture_empty(&slot->capture);
}

/* What is skipped by its definition is not run. */
static bool is_skipped(const struct torci_trial_case *one, struct torci_trial_outcome *outcome)
{
    if (one->test->skip == NULL)
        return false;
    outcome->verdict = TORCI_TRIAL_SKIPPED;
    snprintf(outcome->reason, sizeof outcome->reason, "%s", one->test->skip);
    return true;
}

static int run_here(struct running *running, struct slot *slot)
{
    const struct torci_trial_case *one = &running->plan->cases[running->begun];

    slot->index = running->begun++;
    clear(slot);
    if (!is_skipped(one, slot->outcome)) {
        torci_trial_capture_begin(&slot->capture);
        torci_trial_coverage_begin(running->options->coverage, one->id, false);
        torci_trial_run_case(one, slot->capture.err, false, running->options->events, slot->outcome);
        torci_trial_coverage_end(running->options->coverage);
        torci_trial_capture_end(&slot->capture);
    }
    return finish(running, slot);
}

static void run_child(const struct torci_trial_case *one, struct slot *slot,
                      const struct torci_trial_run_options *options)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(slot->capture.out, STDOUT_FILENO);
    (void)dup2(slot->capture.err, STDERR_FILENO);
    (void)signal(SIGINT, SIG_DFL);
    torci_trial_coverage_begin(options->coverage, one->id, true);
    torci_trial_run_case(one, slot->capture.err, true, options->events, slot->outcome);
    exit(0);
}

static int begin(struct running *running, struct slot *slot)
{
    const struct torci_trial_case *one = &running->plan->cases[running->begun];

    slot->index = running->begun++;
    clear(slot);
    if (is_skipped(one, slot->outcome))
        return finish(running, slot);
    fflush(NULL);
    slot->child = fork();
    if (slot->child < 0) {
        slot->child = 0;
        return torci_trial_error(TORCI_TRIAL_EXIT_INTERNAL, "no process for a test: %s", strerror(errno));
    }
    if (slot->child == 0)
        run_child(one, slot, running->options);
    return 0;
}

/* --- its process ----------------------------------------------------------------------------------- */

static void tell_exit(struct torci_trial_outcome *outcome, int status, const char *printed)
{
    if (WIFSIGNALED(status))
        torci_trial_tell_crash(outcome, WTERMSIG(status), printed);
    else if (outcome->signal_number != 0)
        torci_trial_tell_crash(outcome, outcome->signal_number, printed);
    else {
        torci_trial_fail(outcome, "it ended its process, with exit status %d", WEXITSTATUS(status));
        torci_trial_fail_text(outcome, printed);
    }
    if (outcome->fault[0] != '\0')
        torci_trial_fail(outcome, "under %s, run %llu", outcome->fault, (unsigned long long)outcome->runs);
}

static void note_end(const struct torci_trial_case *one, struct slot *slot, int status)
{
    char *printed;

    if (slot->outcome->done && status == 0)
        return;
    printed = torci_trial_capture_err(&slot->capture);
    tell_exit(slot->outcome, status, printed != NULL ? printed : "");
    free(printed);
    if (!slot->outcome->done)
        torci_trial_judge(slot->outcome, one->test);
}

static struct slot *slot_of(struct running *running, pid_t child)
{
    for (size_t i = 0; i < running->slot_count; i++)
        if (running->slots[i].child == child)
            return &running->slots[i];
    return NULL;
}

/* Waits for one child. */
static int wait_for_one(struct running *running)
{
    int status;
    pid_t child = waitpid(-1, &status, 0);
    struct slot *slot;

    if (child < 0)
        return errno == EINTR ? 0 : torci_trial_error(TORCI_TRIAL_EXIT_INTERNAL, "waiting: %s", strerror(errno));
    slot = slot_of(running, child);
    if (slot == NULL)
        return 0;
    slot->child = 0;
    if (interrupted != 0)
        return 0;
    note_end(&running->plan->cases[slot->index], slot, status);
    return finish(running, slot);
}

/* --- all ------------------------------------------------------------------------------------------- */

static bool more_wanted(const struct running *running)
{
    return running->begun < running->plan->count && interrupted == 0 &&
           !(running->failed && running->options->exit_first);
}

static int run_apart(struct running *running)
{
    int status = 0;
    bool busy = true;

    while (status == 0 && (busy || more_wanted(running))) {
        busy = false;
        for (size_t i = 0; status == 0 && i < running->slot_count; i++) {
            if (running->slots[i].child == 0 && more_wanted(running))
                status = begin(running, &running->slots[i]);
            busy = busy || running->slots[i].child != 0;
        }
        if (status == 0 && busy)
            status = wait_for_one(running);
    }
    return status;
}

static int run_in_process(struct running *running)
{
    int status = 0;

    while (status == 0 && more_wanted(running))
        status = run_here(running, &running->slots[0]);
    return status;
}

static int open_slots(struct running *running)
{
    for (size_t i = 0; i < running->slot_count; i++) {
        struct slot *slot = &running->slots[i];
        int error = torci_trial_capture_open(&slot->capture);

        slot->outcome = mmap(NULL, sizeof *slot->outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (slot->outcome == MAP_FAILED)
            error = errno;
        if (error != 0)
            return torci_trial_error(TORCI_TRIAL_EXIT_INTERNAL, "what tests print cannot be kept: %s", strerror(error));
    }
    return 0;
}

static void close_slots(struct running *running)
{
    for (size_t i = 0; running->slots != NULL && i < running->slot_count; i++) {
        struct slot *slot = &running->slots[i];

        if (slot->outcome != NULL && slot->outcome != MAP_FAILED) {
            torci_trial_capture_close(&slot->capture);
            munmap(slot->outcome, sizeof *slot->outcome);
        }
    }
    for (size_t i = running->told; running->finished != NULL && i < running->plan->count; i++) {
        free(running->finished[i].outcome);
        free(running->finished[i].printed);
    }
    free(running->finished);
    free(running->slots);
}

static int run_all(struct running *running)
{
    int status = open_slots(running);

    if (status != 0)
        return status;
    return running->options->in_process ? run_in_process(running) : run_apart(running);
}

int torci_trial_run_plan(struct torci_trial_plan *plan, const struct torci_trial_run_options *options,
                         struct torci_trial_report *report)
{
    struct running running = {.plan = plan, .options = options, .report = report,
                              .slot_count = options->in_process ? 1 : options->jobs};
    struct sigaction on_interrupt = {.sa_handler = interrupt};
    struct sigaction before;
    int status;

    running.slots = calloc(running.slot_count, sizeof *running.slots);
    running.finished = calloc(plan->count + 1, sizeof *running.finished);
    (void)sigaction(SIGINT, &on_interrupt, &before);
    if (running.slots == NULL || running.finished == NULL)
        status = torci_trial_error(TORCI_TRIAL_EXIT_INTERNAL, "out of memory for what tests come to");
    else
        status = run_all(&running);
    (void)sigaction(SIGINT, &before, NULL);
    close_slots(&running);
    return status == 0 && interrupted != 0 ? TORCI_TRIAL_EXIT_INTERRUPTED : status;
}
