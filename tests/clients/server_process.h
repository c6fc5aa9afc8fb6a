/* server_process.h - a server of these tests: another program, started, awaited and ended. */
#ifndef TORC_TEST_SERVER_PROCESS_H
#define TORC_TEST_SERVER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct server_process {
    pid_t pid;
    int output; /* its standard output */
};

/* Starts a program (argv[0] is looked for on PATH) and reads its output until a line contains `ready`.
 * That line goes to `line`.  false: it cannot be started, or ended before. */
bool server_process_start(struct server_process *server, const char *const argv[], const char *ready,
                          char *line, size_t line_size);

/* Asks it to end and waits.  Returns its exit status, or -1 if a signal ended it. */
int server_process_stop(struct server_process *server);

#endif
