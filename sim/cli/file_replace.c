#include "file_replace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *text, size_t bytes)
{
    while (bytes > 0) {
        ssize_t written = write(fd, text, bytes);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        text += written;
        bytes -= (size_t)written;
    }
    return 0;
}

static int fill(int fd, const char *text, size_t bytes, mode_t mode)
{
    int error = write_all(fd, text, bytes);

    if (error == 0 && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
        error = errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    return error;
}

/* What a directory cannot sync, it need not. */
static void sync_folder(char *path)
{
    int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

/* The mode of a file that is made, as open() would have it. */
static mode_t new_mode(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return 0666 & ~mask;
}

/* Which file it is that `path` names, and its mode. */
static int find(const char *path, char real[PATH_MAX], mode_t *out_mode)
{
    struct stat status;
    int error;

    *out_mode = new_mode();
    if (realpath(path, real) == NULL) {
        error = errno;
        if (error != ENOENT || lstat(path, &status) == 0)
            return error;
        snprintf(real, PATH_MAX, "%s", path);
        return strlen(path) < PATH_MAX ? 0 : ENAMETOOLONG;
    }
    if (stat(real, &status) != 0 || access(real, W_OK) != 0)
        return errno;
    *out_mode = status.st_mode & 07777;
    return S_ISREG(status.st_mode) ? 0 : EINVAL;
}

int torci_file_replace(const char *path, const char *text, size_t bytes)
{
    char real[PATH_MAX];
    char beside[PATH_MAX + 16];
    mode_t mode;
    int error = find(path, real, &mode);
    int fd;

    if (error != 0)
        return error;
    snprintf(beside, sizeof(beside), "%s.XXXXXX", real);
    fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return errno;
    error = fill(fd, text, bytes, mode);
    if (error == 0 && rename(beside, real) != 0)
        error = errno;
    if (error != 0) {
        unlink(beside);
        return error;
    }
    sync_folder(real);
    return 0;
}
