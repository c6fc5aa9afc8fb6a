/* work_directory.h - a directory for a command's own files below $TMPDIR, gone when the command ends. */
#ifndef TORCI_WORK_DIRECTORY_H
#define TORCI_WORK_DIRECTORY_H

#define TORCI_WORK_DIRECTORY_MAX 4096

/* Makes one.  -1: errno says why, and `path` where it was to be. */
int torci_work_directory_make(char path[TORCI_WORK_DIRECTORY_MAX]);
/* Removes it with the files in it. */
void torci_work_directory_remove(const char *path);

#endif
