/* What handles a signal can be handed nothing: this holds statics. */
#include "crash_report.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <torc/clock.h>
#include <torc/coverage.h>
#include <torc/format.h>
#include <torc/guard.h>

enum { STACK_BYTES = 64 * 1024, FRAMES_MAX = 64, OWN_FRAMES = 2, PLACES_MAX = 6 };

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
static const char *const names[] = {"Segmentation fault", "Bus error", "Arithmetic error", "Illegal instruction"};
#define CRASHES (sizeof crashes / sizeof crashes[0])

static char stack[STACK_BYTES];
static struct sigaction before[CRASHES];
static stack_t stack_before;
static const char *running_scenario;
static const char *running_arguments;

static void say(const char *format, ...) TORC_PRINTF(1, 2);
static void say(const char *format, ...)
{
    char text[2048];
    va_list arguments;
    size_t bytes;

    va_start(arguments, format);
    bytes = torc_format_list(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)!write(STDERR_FILENO, text, bytes < sizeof text ? bytes : sizeof text - 1);
}

/* The file a frame's code is in; NULL: none, or the command itself. */
static const char *foreign_object(void *frame, Dl_info *info)
{
    Dl_info own;

    if (dladdr(frame, info) == 0 || dladdr((void *)(uintptr_t)torci_crash_report_begin, &own) == 0 ||
        info->dli_fbase == own.dli_fbase)
        return NULL;
    return info->dli_fname;
}

/* The frames in the object that the command had called last. */
static void say_places(void)
{
    void *frames[FRAMES_MAX];
    int count = backtrace(frames, FRAMES_MAX);
    const char *object = NULL;
    Dl_info info;
    int told = 0;

    for (int i = OWN_FRAMES; i + 1 < count && object == NULL; i++) {
        Dl_info caller;

        if (foreign_object(frames[i], &info) != NULL && foreign_object(frames[i + 1], &caller) == NULL)
            object = info.dli_fname;
    }
    if (object == NULL)
        return;
    say("    places:    addr2line -fpe %s", object);
    for (int i = OWN_FRAMES; i < count && told < PLACES_MAX; i++) {
        const char *its = foreign_object(frames[i], &info);
        /* A frame that called holds where it goes on, which may be another line; the first holds where it is. */
        uintptr_t place = (uintptr_t)frames[i] - (uintptr_t)info.dli_fbase - (i > OWN_FRAMES);

        if (its == NULL || strcmp(its, object) != 0)
            continue;
        say(" 0x%llx", (unsigned long long)place);
        told++;
    }
    say("\n");
}

static void crash(int signal_number, siginfo_t *info, void *context)
{
    const struct torc_guard_place *place = torc_guard_set(NULL);
    const char *what = "";

    (void)context;
    for (size_t i = 0; i < CRASHES; i++) {
        if (crashes[i] == signal_number)
            what = names[i];
        (void)sigaction(crashes[i], &before[i], NULL);
    }
    say("crash    %s: %s", running_scenario, what);
    if (place != NULL)
        say(" at %llu.%09llu s of virtual time, in code of host %s", (unsigned long long)(*place->now_ns / TORC_SECOND),
            (unsigned long long)(*place->now_ns % TORC_SECOND), place->host);
    say("\n");
    say_places();
    say("    debug:     gdb --args torc run %s%s\n", running_arguments, running_scenario);
    torc_coverage_write();
    if (info->si_code <= 0)
        (void)raise(signal_number); /* somebody sent it; otherwise what crashed does so again */
}

void torci_crash_report_begin(const char *scenario, const char *arguments)
{
    struct sigaction action = {.sa_sigaction = crash, .sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO};
    stack_t alternative = {.ss_sp = stack, .ss_size = sizeof stack};
    void *frame;

    running_scenario = scenario;
    running_arguments = arguments;
    (void)sigaltstack(&alternative, &stack_before);
    (void)backtrace(&frame, 1); /* which loads what it needs */
    for (size_t i = 0; i < CRASHES; i++)
        (void)sigaction(crashes[i], &action, &before[i]);
}

void torci_crash_report_end(void)
{
    for (size_t i = 0; i < CRASHES; i++)
        (void)sigaction(crashes[i], &before[i], NULL);
    (void)sigaltstack(&stack_before, NULL);
}
