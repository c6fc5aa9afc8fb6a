/* apart.c - a program whose children end in every way, and that loads the module apart_module.c.  Its only argument
 * is the module's path. */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <torc/error.h>

static int tried(int way)
{
    if (way == 1)
        return TORC_EIO;
    if (way == 2)
        return TORC_ENOSPC;
    if (way == 3)
        return TORC_EPIPE;
    return way == 9 ? TORC_EINVAL : 0;
}

static void child(int way, int (*module)(int))
{
    int code = tried(way);

    if (way == 2)
        abort();
    if (module(way) == 0 || code != 0)
        _exit(0);
    exit(0);
}

int main(int count, char **arguments)
{
    void *loaded = count == 2 ? dlopen(arguments[1], RTLD_NOW) : NULL;
    int (*module)(int) = NULL;

    if (loaded == NULL)
        return 1;
    *(void **)(void *)&module = dlsym(loaded, "apart_module");
    for (int way = 0; way < 4; way++) {
        pid_t pid = fork();

        if (pid == 0)
            child(way, module);
        waitpid(pid, NULL, 0);
    }
    return 0;
}
