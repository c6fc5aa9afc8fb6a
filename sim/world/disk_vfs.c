/* disk_vfs.c - SQLite's view of a disk: the methods of its VFS and of its files. */
#include <string.h>

#include <torc/host_fault.h>

#include "database.h"
#include "disk_state.h"
#include "job.h"

/* From the beginning of Julian days to 1970, in ms. */
#define UNIX_EPOCH_MS INT64_C(210866760000000)

static struct torci_disk *disk_of(sqlite3_vfs *vfs)
{
    return ((struct torc_host *)vfs->pAppData)->disk;
}

static struct torci_disk_handle *handle_of(sqlite3_file *file)
{
    return (struct torci_disk_handle *)(void *)file;
}

/* --- files -------------------------------------------------------------------------------------- */

static int close_file(sqlite3_file *file)
{
    torci_disk_detach(handle_of(file));
    return SQLITE_OK;
}

static void rot(struct torci_disk_handle *handle, const struct torci_disk_strike *strike,
                size_t bytes, uint64_t offset)
{
    uint64_t bit = bytes == 0 ? 0 : strike->bit % (8 * (uint64_t)bytes);

    torci_disk_rot(handle->disk, handle->file, offset + bit / 8, (unsigned)(bit % 8));
}

static int read_file(sqlite3_file *base, void *out, int amount, sqlite3_int64 at)
{
    struct torci_disk_handle *handle = handle_of(base);
    size_t bytes = (size_t)amount;
    uint64_t offset = (uint64_t)at;
    const struct torci_disk_image *image;
    struct torci_disk_strike strike;
    size_t there = 0;
    int code;

    if (handle->file == NULL)
        return SQLITE_IOERR_READ;
    code = torci_disk_begin(handle->disk, TORC_DISK_READ, torci_disk_name(handle), &strike);
    if (code != SQLITE_OK) {
        /* Which is what IOERR_SHORT_READ promises, and good for any. */
        memset(out, 0, bytes);
        return code;
    }
    if (strike.struck)
        rot(handle, &strike, bytes, offset);
    image = &handle->file->current;
    if (offset < image->bytes)
        there = image->bytes - offset < bytes ? (size_t)(image->bytes - offset) : bytes;
    if (there > 0)
        memcpy(out, image->data + offset, there);
    if (there == bytes)
        return SQLITE_OK;
    memset((uint8_t *)out + there, 0, bytes - there);
    return SQLITE_IOERR_SHORT_READ;
}

static int write_file(sqlite3_file *base, const void *data, int amount, sqlite3_int64 at)
{
    struct torci_disk_handle *handle = handle_of(base);
    struct torci_disk_strike strike;
    size_t bytes = (size_t)amount;
    int code;

    if (handle->file == NULL)
        return SQLITE_IOERR_WRITE;
    code = torci_disk_begin(handle->disk, TORC_DISK_WRITE, torci_disk_name(handle), &strike);
    if (code != SQLITE_OK)
        return code;
    if (strike.struck && strike.bytes < bytes)
        bytes = (size_t)strike.bytes;
    code = torci_disk_write(handle->disk, handle->file, data, bytes, (uint64_t)at);
    return strike.struck ? strike.code : code;
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 bytes)
{
    struct torci_disk_handle *handle = handle_of(base);
    struct torci_disk_strike strike;
    int code;

    if (handle->file == NULL)
        return SQLITE_IOERR_TRUNCATE;
    code = torci_disk_begin(handle->disk, TORC_DISK_TRUNCATE, torci_disk_name(handle), &strike);
    if (code == SQLITE_OK)
        code = torci_disk_truncate(handle->disk, handle->file, (uint64_t)bytes);
    if (!strike.dead)
        torci_disk_trace(handle->disk, "truncate", torci_disk_name(handle), (uint64_t)bytes, code);
    return code;
}

static int sync_file(sqlite3_file *base, int flags)
{
    struct torci_disk_handle *handle = handle_of(base);
    struct torci_disk *disk = handle->disk;
    struct torci_disk_strike strike;
    size_t count = 0;
    int code;

    (void)flags;
    if (handle->file == NULL)
        return SQLITE_IOERR_FSYNC;
    code = torci_disk_begin(disk, TORC_DISK_SYNC, torci_disk_name(handle), &strike);
    if (code == SQLITE_OK && !strike.struck &&
        (!disk->options.ignore_sync || torci_host_looking(disk->host)))
        count = torci_disk_sync(disk, handle->file);
    if (!strike.dead)
        torci_disk_trace(disk, "sync", torci_disk_name(handle), count, code);
    return code;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out)
{
    struct torci_disk_handle *handle = handle_of(base);

    if (handle->file == NULL || torci_disk_dead(handle->disk))
        return SQLITE_IOERR_FSTAT;
    *out = (sqlite3_int64)handle->file->current.bytes;
    return SQLITE_OK;
}

static int control(sqlite3_file *base, int operation, void *arg)
{
    const struct torci_disk_handle *handle = handle_of(base);

    if (operation != SQLITE_FCNTL_HAS_MOVED)
        return SQLITE_NOTFOUND;
    *(int *)arg = handle->file != NULL && handle->file->path != NULL && !handle->file->linked;
    return SQLITE_OK;
}

static int sector_size(sqlite3_file *base)
{
    return (int)handle_of(base)->disk->options.sector_bytes;
}

static int characteristics(sqlite3_file *base)
{
    return (int)handle_of(base)->disk->options.characteristics;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = torci_disk_lock,
    .xUnlock = torci_disk_unlock,
    .xCheckReservedLock = torci_disk_check_reserved,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = torci_disk_shm_map,
    .xShmLock = torci_disk_shm_lock,
    .xShmBarrier = torci_disk_shm_barrier,
    .xShmUnmap = torci_disk_shm_unmap,
};

/* --- the directory ------------------------------------------------------------------------------ */

/* `path` NULL: a temporary file. */
static int find_or_create(struct torci_disk *disk, const char *path, int flags,
                          struct torci_disk_file **out)
{
    struct torci_disk_file *file = path == NULL ? NULL : torci_disk_find(disk, path);

    if (file != NULL && (flags & SQLITE_OPEN_EXCLUSIVE) != 0 && (flags & SQLITE_OPEN_CREATE) != 0)
        return SQLITE_CANTOPEN;
    if (file == NULL && path != NULL && (flags & SQLITE_OPEN_CREATE) == 0)
        return SQLITE_CANTOPEN;
    if (file == NULL)
        file = torci_disk_create(disk, path);
    *out = file;
    return file == NULL ? SQLITE_IOERR_NOMEM : SQLITE_OK;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
                     int *out_flags)
{
    struct torci_disk *disk = disk_of(vfs);
    struct torci_disk_handle *handle = handle_of(base);
    struct torci_disk_file *file = NULL;
    struct torci_disk_strike strike;
    const char *path = name == NULL ? "" : name;
    int code;

    memset(handle, 0, sizeof *handle);
    code = torci_disk_begin(disk, TORC_DISK_OPEN, path, &strike);
    if (code == SQLITE_OK)
        code = find_or_create(disk, (flags & SQLITE_OPEN_DELETEONCLOSE) != 0 ? NULL : name, flags,
                              &file);
    if (!strike.dead)
        torci_disk_trace(disk, "open", path, file == NULL ? 0 : file->current.bytes, code);
    if (code != SQLITE_OK)
        return code;
    handle->disk = disk;
    torci_disk_attach(file, handle);
    handle->base.pMethods = &methods;
    if (out_flags != NULL)
        *out_flags = flags;
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int sync)
{
    struct torci_disk *disk = disk_of(vfs);
    struct torci_disk_strike strike;
    struct torci_disk_file *file;
    int code = torci_disk_begin(disk, TORC_DISK_DELETE, path, &strike);
    bool durably = torci_host_looking(disk->host) || (sync != 0 && !disk->options.ignore_sync);

    if (code == SQLITE_OK) {
        file = torci_disk_find(disk, path);
        code = file == NULL ? SQLITE_IOERR_DELETE_NOENT : torci_disk_unlink(disk, file, durably);
    }
    if (!strike.dead)
        torci_disk_trace(disk, "delete", path, 0, code);
    return code;
}

/* As SQLite's own: an empty file does not count as there, which matters for journals only. */
static int access_file(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
    struct torci_disk *disk = disk_of(vfs);
    const struct torci_disk_file *file = torci_disk_find(disk, path);

    *out = 0;
    if (torci_disk_dead(disk))
        return SQLITE_IOERR_ACCESS;
    *out = file != NULL && (flags != SQLITE_ACCESS_EXISTS || file->current.bytes > 0);
    return SQLITE_OK;
}

static int full_path(sqlite3_vfs *vfs, const char *path, int out_bytes, char *out)
{
    (void)vfs;
    return torci_disk_path(path, out, (size_t)out_bytes) ? SQLITE_OK : SQLITE_CANTOPEN_FULLPATH;
}

/* --- what else SQLite asks of a VFS --------------------------------------------------------------- */

static void *no_library(sqlite3_vfs *vfs, const char *path)
{
    (void)vfs;
    (void)path;
    return NULL;
}

static void library_error(sqlite3_vfs *vfs, int bytes, char *out)
{
    (void)vfs;
    sqlite3_snprintf(bytes, out, "a simulated host loads no extensions");
}

static void (*no_symbol(sqlite3_vfs *vfs, void *library, const char *name))(void)
{
    (void)vfs;
    (void)library;
    (void)name;
    return NULL;
}

static void close_library(sqlite3_vfs *vfs, void *library)
{
    (void)vfs;
    (void)library;
}

/* Asked of the default VFS only; its own generator is seeded by us. */
static int randomness(sqlite3_vfs *vfs, int bytes, char *out)
{
    (void)vfs;
    memset(out, 0, (size_t)bytes);
    return bytes;
}

static int sleep_us(sqlite3_vfs *vfs, int microseconds)
{
    struct torci_disk *disk = disk_of(vfs);

    torci_job_yield(disk->host->world, (uint64_t)microseconds * 1000);
    if (!torci_disk_dead(disk))
        torci_host_seed_sqlite(disk->host);
    return microseconds;
}

static int current_time_ms(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    *out = UNIX_EPOCH_MS + (sqlite3_int64)(torc_host_wall(disk_of(vfs)->host) / 1000000);
    return SQLITE_OK;
}

static int current_time_days(sqlite3_vfs *vfs, double *out)
{
    sqlite3_int64 ms;

    (void)current_time_ms(vfs, &ms);
    *out = (double)ms / 86400000.0;
    return SQLITE_OK;
}

static int last_error(sqlite3_vfs *vfs, int bytes, char *out)
{
    (void)vfs;
    if (bytes > 0)
        out[0] = '\0';
    return 0;
}

void torci_disk_init_vfs(struct torci_disk *disk)
{
    static const sqlite3_vfs vfs = {
        .iVersion = 2,
        .szOsFile = sizeof(struct torci_disk_handle),
        .mxPathname = TORCI_DISK_PATH_BYTES,
        .xOpen = open_file,
        .xDelete = delete_file,
        .xAccess = access_file,
        .xFullPathname = full_path,
        .xDlOpen = no_library,
        .xDlError = library_error,
        .xDlSym = no_symbol,
        .xDlClose = close_library,
        .xRandomness = randomness,
        .xSleep = sleep_us,
        .xCurrentTime = current_time_days,
        .xGetLastError = last_error,
        .xCurrentTimeInt64 = current_time_ms,
    };

    disk->vfs = vfs;
    disk->vfs.zName = disk->name;
    disk->vfs.pAppData = disk->host;
}
