/* disk_lock.c - locks of files, by the rules of SQLite's own VFS (https://www.sqlite.org/lockingv3.html). */
#include "disk_state.h"

static struct torci_disk_handle *handle_of(sqlite3_file *file)
{
    return (struct torci_disk_handle *)(void *)file;
}

/* The highest lock another handle has on the file. */
static int others(const struct torci_disk_handle *handle)
{
    const struct torci_disk_handle *each;
    int highest = SQLITE_LOCK_NONE;

    for (each = handle->file->handles; each != NULL; each = each->next) {
        if (each != handle && each->lock > highest)
            highest = each->lock;
    }
    return highest;
}

/* A reader waits for nobody but a writer that waits or writes; there is one RESERVED, PENDING or EXCLUSIVE
 * at a time; who wants the file for itself has PENDING until the readers are gone. */
static int take(struct torci_disk_handle *handle, int level)
{
    int other = others(handle);

    if (other >= SQLITE_LOCK_PENDING || (level > SQLITE_LOCK_SHARED && other > SQLITE_LOCK_SHARED))
        return SQLITE_BUSY;
    if (level == SQLITE_LOCK_EXCLUSIVE && other == SQLITE_LOCK_SHARED) {
        handle->lock = SQLITE_LOCK_PENDING;
        return SQLITE_BUSY;
    }
    handle->lock = level;
    return SQLITE_OK;
}

int torci_disk_lock(sqlite3_file *file, int level)
{
    struct torci_disk_handle *handle = handle_of(file);
    struct torci_disk_strike strike;
    int code;

    if (handle->file == NULL)
        return SQLITE_IOERR_LOCK;
    if (handle->lock >= level)
        return SQLITE_OK;
    code = torci_disk_begin(handle->disk, TORC_DISK_LOCK, torci_disk_name(handle), &strike);
    return code != SQLITE_OK ? code : take(handle, level);
}

/* Letting go suffers no fault: what a lock fault does is that somebody else seems to have it. */
int torci_disk_unlock(sqlite3_file *file, int level)
{
    struct torci_disk_handle *handle = handle_of(file);
    int code;

    if (handle->file == NULL)
        return SQLITE_IOERR_UNLOCK;
    if (handle->lock <= level)
        return SQLITE_OK;
    code = torci_disk_pass(handle->disk);
    if (code == SQLITE_OK)
        handle->lock = level;
    return code;
}

int torci_disk_check_reserved(sqlite3_file *file, int *out)
{
    struct torci_disk_handle *handle = handle_of(file);

    *out = 0;
    if (handle->file == NULL || torci_disk_dead(handle->disk))
        return SQLITE_IOERR_CHECKRESERVEDLOCK;
    *out = handle->lock >= SQLITE_LOCK_RESERVED || others(handle) >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}
