/* torc trial: unit tests in shared objects.  What it does is torc/trial.h's. */
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <torc/trial.h>

#include "command.h"

static const char name[] = "trial";

/* A test object stays loaded: its tests and failure types are pointed to from everywhere. */
static int load(const char *path, const struct torc_trial_catalogue **out)
{
    char with_folder[4096];
    const struct torc_trial_catalogue *catalogue;
    void *object;

    if (access(path, R_OK) != 0)
        return torci_command_error(name, TORCI_EXIT_USAGE, "%s: %s", path, strerror(errno));
    /* Without a slash it would be looked for among the system's libraries. */
    snprintf(with_folder, sizeof with_folder, "%s%s", strchr(path, '/') != NULL ? "" : "./", path);
    object = dlopen(with_folder, RTLD_NOW | RTLD_LOCAL);
    if (object == NULL)
        return torci_command_error(name, TORCI_EXIT_USAGE, "no shared object of tests: %s", dlerror());
    catalogue = dlsym(object, TORC_TRIAL_SYMBOL);
    if (catalogue == NULL)
        return torci_command_error(name, TORCI_EXIT_USAGE, "%s is a shared object without tests: nothing in it includes "
                                   "torc/trial.h", path);
    *out = catalogue;
    return 0;
}

int torci_command_trial(int argc, char **argv)
{
    static char shown[] = "torc trial";

    argv[0] = shown;
    return torc_trial_main(argc, argv, NULL, load);
}
