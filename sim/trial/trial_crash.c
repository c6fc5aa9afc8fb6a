/* What handles a signal can be handed nothing: this holds statics. */
#include "trial_crash.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <torc/coverage.h>

#include "trial_state.h"
#include "trial_watch.h"

enum { STACK_BYTES = 64 * 1024, FRAMES_MAX = 48, OWN_FRAMES = 3 };

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};

static char stack[STACK_BYTES];
static struct torci_trial_outcome *volatile running;
static volatile bool process_is_own;

extern const struct torc_guard_place *torc_guard_set(const struct torc_guard_place *place)
    __attribute__((weak));

/* The frames of the test: without those of this handler, and those that called the test. */
static __attribute__((noinline)) void write_backtrace(void)
{
    static const char runner[] = "_run_test";
    void *frames[FRAMES_MAX];
    int count = backtrace(frames, FRAMES_MAX);
    int last = OWN_FRAMES;
    Dl_info info;

    while (last < count && (dladdr(frames[last], &info) == 0 || info.dli_sname == NULL ||
                            strcmp(info.dli_sname, runner) != 0))
        last++;
    if (last < count)
        last--; /* what it runs is a function of ours */
    backtrace_symbols_fd(frames + OWN_FRAMES, last - OWN_FRAMES, STDERR_FILENO);
}

static void crash(int signal_number)
{
    if (torc_guard_set != NULL)
        (void)torc_guard_set(NULL);
    running->signal_number = signal_number;
    write_backtrace();
    if (!process_is_own)
        _fail("the crash", 0);
    torc_coverage_write();
    if (signal_number == SIGALRM)
        _exit(1);
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

void torci_trial_catch_signals(void)
{
    struct sigaction action = {.sa_handler = crash, .sa_flags = SA_ONSTACK | SA_NODEFER};

    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        (void)sigaction(crashes[i], &action, NULL);
}

static void set_alarm(uint64_t limit_ns)
{
    struct itimerval limit = {{0, 0}, {0, 0}};

    limit.it_value.tv_sec = (time_t)(limit_ns / TORC_SECOND);
    limit.it_value.tv_usec = (suseconds_t)(limit_ns % TORC_SECOND / TORC_MICROSECOND);
    (void)setitimer(ITIMER_REAL, &limit, NULL);
}

void torci_trial_arm_crash(struct torci_trial_outcome *outcome, bool own_process, uint64_t limit_ns)
{
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    void *frame;

    (void)sigaltstack(&alternative, NULL);
    (void)backtrace(&frame, 1); /* which loads what it needs */
    running = outcome;
    outcome->limit_ns = limit_ns * torci_trial_slowness();
    process_is_own = own_process;
    torci_trial_catch_signals();
    set_alarm(outcome->limit_ns);
}

void torci_trial_disarm_crash(void)
{
    set_alarm(0);
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        (void)signal(crashes[i], SIG_DFL);
    running = NULL;
}

/* What _fail says of a crash that ended the test only. */
static void tell_printed(struct torci_trial_outcome *outcome, const char *printed)
{
    static const char own[] = "[   LINE   ] --- the crash:0";
    const char *end = strstr(printed, own);
    char text[8192];

    snprintf(text, sizeof text, "%.*s", end == NULL ? (int)strlen(printed) : (int)(end - printed), printed);
    torci_trial_fail_text(outcome, text);
}

void torci_trial_tell_crash(struct torci_trial_outcome *outcome, int signal_number, const char *printed)
{
    if (signal_number == SIGALRM)
        torci_trial_fail(outcome, "it took more than its %llu ms of real time; it was here:",
                         (unsigned long long)(outcome->limit_ns / TORC_MILLISECOND));
    else
        torci_trial_fail(outcome, "it crashed: %s", strsignal(signal_number));
    tell_printed(outcome, printed);
}
