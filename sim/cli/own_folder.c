#include "own_folder.h"

#include <string.h>
#include <unistd.h>

#include <torc/error.h>

int torci_own_folder(char *folder, size_t size)
{
    ssize_t bytes = readlink("/proc/self/exe", folder, size - 1);
    char *slash;

    if (bytes <= 0) {
        return TORC_ENOTFOUND;
    }
    folder[bytes] = '\0';
    slash = strrchr(folder, '/');
    if (slash == NULL) {
        return TORC_ENOTFOUND;
    }
    *slash = '\0';
    return 0;
}
