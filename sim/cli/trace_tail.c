/* trace_tail.c - a ring in shared memory. */
#include "trace_tail.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct torci_trace_tail {
    size_t written; /* in all */
    char ring[TORCI_TRACE_TAIL_BYTES];
};

struct torci_trace_tail *torci_trace_tail_new(void)
{
    struct torci_trace_tail *tail =
        mmap(NULL, sizeof *tail, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return tail != MAP_FAILED ? tail : NULL;
}

void torci_trace_tail_free(struct torci_trace_tail *tail)
{
    if (tail != NULL)
        munmap(tail, sizeof *tail);
}

/* In the process that makes the run.  A line is counted when it is whole. */
static int write_line(void *arg, const char *line, size_t bytes)
{
    struct torci_trace_tail *tail = arg;

    for (size_t i = 0; i < bytes;) {
        size_t at = (tail->written + i) % sizeof tail->ring;
        size_t most = sizeof tail->ring - at;
        size_t count = bytes - i < most ? bytes - i : most;

        memcpy(tail->ring + at, line + i, count);
        i += count;
    }
    tail->written += bytes;
    return 0;
}

void torci_trace_tail_watch(struct torci_trace_tail *tail, struct torc_scenario_run_options *options)
{
    options->trace = write_line;
    options->trace_arg = tail;
}

char *torci_trace_tail_text(const struct torci_trace_tail *tail)
{
    size_t bytes = tail->written < sizeof tail->ring ? tail->written : sizeof tail->ring;
    size_t first = tail->written - bytes;
    char *text = malloc(bytes + 1);
    char *line;

    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < bytes; i++)
        text[i] = tail->ring[(first + i) % sizeof tail->ring];
    text[bytes] = '\0';
    if (first == 0)
        return text;
    /* Its first line is not whole, or might not be. */
    line = memchr(text, '\n', bytes);
    line = line != NULL ? line + 1 : text + bytes;
    memmove(text, line, (size_t)(text + bytes - line) + 1);
    return text;
}
