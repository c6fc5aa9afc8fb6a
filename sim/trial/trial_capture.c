#include "trial_capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PRINTED_BYTES_MAX = 65536 };

static int open_file(int *out)
{
    int descriptor = memfd_create("trial", MFD_CLOEXEC);

    if (descriptor < 0)
        return errno;
    (void)fcntl(descriptor, F_SETFL, O_APPEND);
    *out = descriptor;
    return 0;
}

int torci_trial_capture_open(struct torci_trial_capture *capture)
{
    int error;

    *capture = (struct torci_trial_capture){-1, -1, -1, -1};
    error = open_file(&capture->out);
    if (error == 0)
        error = open_file(&capture->err);
    if (error != 0)
        torci_trial_capture_close(capture);
    return error;
}

void torci_trial_capture_close(struct torci_trial_capture *capture)
{
    if (capture->out >= 0)
        close(capture->out);
    if (capture->err >= 0)
        close(capture->err);
}

void torci_trial_capture_empty(struct torci_trial_capture *capture)
{
    (void)!ftruncate(capture->out, 0);
    (void)!ftruncate(capture->err, 0);
}

void torci_trial_capture_begin(struct torci_trial_capture *capture)
{
    fflush(stdout);
    fflush(stderr);
    capture->saved_out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    capture->saved_err = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    (void)dup2(capture->out, STDOUT_FILENO);
    (void)dup2(capture->err, STDERR_FILENO);
}

void torci_trial_capture_end(struct torci_trial_capture *capture)
{
    fflush(stdout);
    fflush(stderr);
    (void)dup2(capture->saved_out, STDOUT_FILENO);
    (void)dup2(capture->saved_err, STDERR_FILENO);
    close(capture->saved_out);
    close(capture->saved_err);
}

static char *read_file(int descriptor)
{
    off_t bytes = lseek(descriptor, 0, SEEK_END);
    off_t from = bytes > PRINTED_BYTES_MAX ? bytes - PRINTED_BYTES_MAX : 0;
    char *text;
    ssize_t got;

    if (bytes <= 0)
        return NULL;
    text = malloc((size_t)(bytes - from) + 1);
    if (text == NULL)
        return NULL;
    got = pread(descriptor, text, (size_t)(bytes - from), from);
    text[got > 0 ? got : 0] = '\0';
    return text;
}

/* "[  FAILED  ] name" */
static void remove_marks(char *text)
{
    static const char mark[] = "[  FAILED  ] ";
    char *at;

    while ((at = strstr(text, mark)) != NULL) {
        char *next = at + strcspn(at, "\n");

        memmove(at, next + (*next == '\n'), strlen(next + (*next == '\n')) + 1);
    }
}

char *torci_trial_capture_out(const struct torci_trial_capture *capture)
{
    char *text = read_file(capture->out);

    if (text != NULL)
        remove_marks(text);
    return text;
}

char *torci_trial_capture_err(const struct torci_trial_capture *capture)
{
    return read_file(capture->err);
}
