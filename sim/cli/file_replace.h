/* file_replace.h - a file's content, written as a whole. */
#ifndef TORCI_FILE_REPLACE_H
#define TORCI_FILE_REPLACE_H

#include <stddef.h>

/* Makes `text` the content of the file `path`, which is made if it is not there: written beside it, synced, and renamed
 * over it, so that at each moment there is the old file or the new one.  Its mode is kept; a symbolic link stays one.
 * 0, or the errno of what failed: the file is then as it was, and nothing is left beside it.  EINVAL: it is no
 * regular file; EACCES: it may not be written; ENOENT: there is no such folder, or it is a link to nothing. */
int torci_file_replace(const char *path, const char *text, size_t bytes);

#endif
