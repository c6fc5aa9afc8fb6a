/* coverage.c - is linked, once, into each program and shared object that is built with --coverage, and sees to it that
 * what was counted is written however the process ends: by _exit or abort, by a signal that nobody handles, or where Torc
 * calls torc_coverage_write (torc/coverage.h).  Without Torc in the process it writes the counts it is linked with. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* for who compiles with -std=c11 */
#endif
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <torc/coverage.h>

#pragma weak torc_coverage_add
#pragma weak torc_coverage_remove
#pragma weak torc_coverage_write

/* Of libgcov, which every image has a hidden copy of. */
void __gcov_dump(void);
void __gcov_reset(void);

/* Time for writing: a crash in the middle of malloc would otherwise wait for ever for what it holds itself. */
enum { WRITING_SECONDS = 10 };

static const int ends[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGVTALRM};

static void write_own(void)
{
    __gcov_dump();
    __gcov_reset(); /* what was written is not written again, and what comes is counted */
}

static struct torc_coverage_image own = {write_own, __gcov_reset, NULL};

static void write_all(void)
{
    if (torc_coverage_write != NULL)
        torc_coverage_write();
    else
        write_own();
}

static void end(int signal_number)
{
    (void)signal(signal_number, SIG_DFL);
    (void)signal(SIGALRM, SIG_DFL);
    (void)alarm(WRITING_SECONDS);
    write_all();
    (void)raise(signal_number);
}

/* The two in front of the C library's, for the calls from this image.  _Exit is the same as _exit, without us. */
__attribute__((visibility("protected"))) void _exit(int status)
{
    write_all();
    _Exit(status);
}

/* Also where SIGABRT has another handler, or none again. */
__attribute__((visibility("protected"))) void abort(void)
{
    sigset_t signals;

    write_all();
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGABRT);
    (void)sigprocmask(SIG_UNBLOCK, &signals, NULL);
    (void)raise(SIGABRT);
    (void)signal(SIGABRT, SIG_DFL);
    (void)raise(SIGABRT);
    _Exit(127);
}

__attribute__((constructor)) static void enter(void)
{
    if (torc_coverage_add != NULL)
        torc_coverage_add(&own);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct sigaction now;

        if (sigaction(ends[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
            (void)signal(ends[i], end);
    }
}

/* The object is unloaded, and its handler with it; libgcov writes the rest. */
__attribute__((destructor)) static void leave(void)
{
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct sigaction now;

        if (sigaction(ends[i], NULL, &now) == 0 && now.sa_handler == end)
            (void)signal(ends[i], SIG_DFL);
    }
    if (torc_coverage_remove != NULL)
        torc_coverage_remove(&own);
}
