#include "test_directory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void test_directory_make(char path[TEST_DIRECTORY_MAX])
{
    const char *place = getenv("TMPDIR");

    snprintf(path, TEST_DIRECTORY_MAX, "%.150s/torc-test-XXXXXX", place != NULL ? place : "/tmp");
    if (mkdtemp(path) == NULL) {
        perror(path);
        abort();
    }
}

void test_directory_remove(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;
    char name[512];

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        unlink(name);
    }
    if (directory != NULL) {
        closedir(directory);
    }
    rmdir(path);
}
