#include "work_directory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int torci_work_directory_make(char path[TORCI_WORK_DIRECTORY_MAX])
{
    const char *place = getenv("TMPDIR");

    if (place == NULL || place[0] == '\0') {
        place = "/tmp";
    }
    if (snprintf(path, TORCI_WORK_DIRECTORY_MAX, "%s/torc-XXXXXX", place) >=
        TORCI_WORK_DIRECTORY_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkdtemp(path) != NULL ? 0 : -1;
}

void torci_work_directory_remove(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            unlinkat(dirfd(directory), entry->d_name, 0);
        }
    }
    if (directory != NULL) {
        closedir(directory);
    }
    rmdir(path);
}
