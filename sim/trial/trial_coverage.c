#include "trial_coverage.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <torc/coverage.h>

#include "trial_exit.h"

enum { PATH_BYTES = 4096 };

static const char prefix[] = "GCOV_PREFIX";

int torci_trial_coverage_open(const char *folder, char **out)
{
    if (!torc_coverage_is_counted())
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "--coverage: nothing here has counters; docs/coverage.md says how "
                                 "to build what has");
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "--coverage %s: %s", folder, strerror(errno));
    *out = realpath(folder, NULL);
    if (*out == NULL)
        return torci_trial_error(TORCI_TRIAL_EXIT_USAGE, "--coverage %s: %s", folder, strerror(errno));
    return 0;
}

static void name_folder(const char *folder, const char *id, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "%s/", folder);

    for (; *id != '\0' && used + 4 < size; id++) {
        bool plain = isalnum((unsigned char)*id) || strchr("._@[]-", *id) != NULL;

        used += (size_t)snprintf(out + used, size - used, plain ? "%c" : "%%%02X", (unsigned char)*id);
    }
}

void torci_trial_coverage_begin(const char *folder, const char *id, bool forked)
{
    char path[PATH_BYTES];

    if (folder == NULL)
        return;
    if (forked)
        torc_coverage_forget(); /* the parent has it */
    else
        torc_coverage_write();
    name_folder(folder, id, path, sizeof path);
    (void)setenv(prefix, path, 1);
}

void torci_trial_coverage_end(const char *folder)
{
    if (folder == NULL)
        return;
    torc_coverage_write();
    (void)unsetenv(prefix);
}
