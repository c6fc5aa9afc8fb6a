#include "server_process.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool read_line(int fd, char *line, size_t size)
{
    size_t used = 0;
    char c;

    while (read(fd, &c, 1) == 1) {
        if (c == '\n') {
            line[used] = '\0';
            return true;
        }
        if (used + 1 < size)
            line[used++] = c;
    }
    return false;
}

bool server_process_start(struct server_process *server, const char *const argv[], const char *ready,
                          char *line, size_t line_size)
{
    int ends[2];

    if (pipe(ends) != 0)
        return false;
    server->pid = fork();
    if (server->pid == 0) {
        /* A test that is killed must not leave its servers behind. */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(argv[0], (char *const *)(uintptr_t)argv); /* which changes none of them */
        _exit(127);
    }
    close(ends[1]);
    server->output = ends[0];
    while (server->pid > 0 && read_line(server->output, line, line_size))
        if (strstr(line, ready))
            return true;
    if (server->pid > 0)
        server_process_stop(server);
    else
        close(server->output);
    return false;
}

int server_process_stop(struct server_process *server)
{
    char rest[512];
    int status = 0;

    kill(server->pid, SIGTERM);
    /* Until it ends it may still write. */
    while (read(server->output, rest, sizeof(rest)) > 0)
        continue;
    close(server->output);
    if (waitpid(server->pid, &status, 0) != server->pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}
