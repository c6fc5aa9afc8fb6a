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

int torci_file_replace(const char *path, const char *text, size_t bytes)
{
    char real[PATH_MAX];
    char beside[PATH_MAX + 16];
    struct stat status;
    int error;
    int fd;

    if (realpath(path, real) == NULL || stat(real, &status) != 0 || access(real, W_OK) != 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return EINVAL;
    snprintf(beside, sizeof(beside), "%s.XXXXXX", real);
    fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return errno;
    error = fill(fd, text, bytes, status.st_mode & 07777);
    if (error == 0 && rename(beside, real) != 0)
        error = errno;
    if (error != 0) {
        unlink(beside);
        return error;
    }
    sync_folder(real);
    return 0;
}
