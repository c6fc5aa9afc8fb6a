/* disk.c - the disk of a host: made when first asked for, kept as long as the host. */
#include "disk_state.h"

#include <string.h>

#include <torc/format.h>

#include "database.h"
#include "job.h"

#define SECTOR_BYTES_MAX 65536
#define CHARACTERISTICS                                                                            \
    (SQLITE_IOCAP_ATOMIC | SQLITE_IOCAP_ATOMIC512 | SQLITE_IOCAP_ATOMIC1K | SQLITE_IOCAP_ATOMIC2K | \
     SQLITE_IOCAP_ATOMIC4K | SQLITE_IOCAP_ATOMIC8K | SQLITE_IOCAP_ATOMIC16K |                      \
     SQLITE_IOCAP_ATOMIC32K | SQLITE_IOCAP_ATOMIC64K | SQLITE_IOCAP_SAFE_APPEND |                  \
     SQLITE_IOCAP_SEQUENTIAL | SQLITE_IOCAP_POWERSAFE_OVERWRITE)

/* --- life --------------------------------------------------------------------------------------- */

struct torci_disk *torci_host_disk(struct torc_host *host)
{
    static const struct torc_disk_options defaults = TORC_DISK_OPTIONS_INIT;
    struct torci_disk *disk = host->disk;

    if (disk != NULL)
        return disk;
    disk = torci_world_resize(host->world, NULL, 0, sizeof *disk);
    if (disk == NULL)
        return NULL;
    memset(disk, 0, sizeof *disk);
    disk->host = host;
    disk->options = defaults;
    disk->options.sector_bytes = 512;
    disk->changes_end = &disk->changes;
    /* The address makes it unique in the process; it is seen by nobody but SQLite. */
    torc_format(disk->name, sizeof disk->name, "torc-%.60s-%llx", host->name,
                (unsigned long long)(uintptr_t)disk);
    torci_disk_init_vfs(disk);
    if (sqlite3_vfs_register(&disk->vfs, 0) != SQLITE_OK) {
        torci_world_resize(host->world, disk, sizeof *disk, 0);
        return NULL;
    }
    host->disk = disk;
    return disk;
}

void torci_host_free_disk(struct torc_host *host)
{
    struct torci_disk *disk = host->disk;

    if (disk == NULL)
        return;
    torci_disk_release(host);
    sqlite3_vfs_unregister(&disk->vfs);
    torci_disk_free_faults(disk);
    torci_disk_free_files(disk);
    torci_world_resize(host->world, disk, sizeof *disk, 0);
    host->disk = NULL;
}

const char *torci_host_storage(struct torc_host *host)
{
    const struct torci_disk *disk = torci_host_disk(host);

    if (disk == NULL) {
        host->world->error = TORC_ENOMEM;
        return "torc-no-memory";
    }
    return disk->name;
}

void torci_disk_freeze(struct torc_host *host)
{
    if (host->disk != NULL)
        host->disk->frozen = true;
}

void torci_disk_release(struct torc_host *host)
{
    struct torci_disk_file *file;

    if (host->disk == NULL)
        return;
    for (file = host->disk->files; file != NULL;) {
        struct torci_disk_file *next = file->next;

        while (file->handles != NULL && file->handles->next != NULL)
            torci_disk_detach(file->handles);
        if (file->handles != NULL)
            torci_disk_detach(file->handles); /* may free the file */
        file = next;
    }
    host->disk->frozen = false;
}

bool torci_disk_path(const char *path, char *out, size_t out_size)
{
    size_t used = 0;

    while (*path != '\0') {
        size_t bytes = 0;

        while (path[bytes] != '\0' && path[bytes] != '/')
            bytes++;
        if (bytes == 2 && path[0] == '.' && path[1] == '.') {
            while (used > 0 && out[--used] != '/')
                ;
        } else if (bytes > 0 && !(bytes == 1 && path[0] == '.')) {
            if (bytes + 2 > out_size - used)
                return false;
            out[used++] = '/';
            memcpy(out + used, path, bytes);
            used += bytes;
        }
        path += bytes;
        while (*path == '/')
            path++;
    }
    out[used] = '\0';
    return used > 0;
}

void torci_disk_trace(struct torci_disk *disk, const char *what, const char *path, uint64_t size,
                      int code)
{
    struct torc_trace *trace = disk->host->world->trace;

    if (torci_host_looking(disk->host))
        return;
    torci_host_trace(disk->host, TORC_TRACE_file);
    torc_trace_text(trace, "what", what);
    torc_trace_text(trace, "path", path);
    torc_trace_integer(trace, "operation", (int64_t)disk->operations);
    torc_trace_integer(trace, "size", (int64_t)size);
    torc_trace_integer(trace, "code", code);
    torc_trace_end(trace);
}

/* --- SQLite's generator ------------------------------------------------------------------------- */

/* Anew after each yield: it does not matter then who used it in between, another job or another world. */
void torci_host_seed_sqlite(struct torc_host *host)
{
    struct torc_world *world = host->world;
    uint64_t drawn = 0;

    if (host->unwinding)
        return;
    world->sqlite_seeded = true;
    if (!host->looking &&
        torci_draw_next(&world->draw, &world->allocator, "sqlite.random", host->name, &drawn) != 0)
        world->error = TORC_ENOMEM;
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, (int)(drawn >> 34) + 1, (sqlite3 *)NULL);
}

void torci_world_unseed_sqlite(struct torc_world *world)
{
    if (world->sqlite_seeded)
        sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 0, (sqlite3 *)NULL);
}

/* --- the public interface ----------------------------------------------------------------------- */

int torc_host_set_disk(struct torc_host *host, const struct torc_disk_options *options)
{
    struct torci_disk *disk;
    uint32_t sector = options->sector_bytes == 0 ? 512 : options->sector_bytes;

    if (options->size != sizeof *options || (sector & (sector - 1)) != 0 ||
        sector > SECTOR_BYTES_MAX || (options->characteristics & ~(uint32_t)CHARACTERISTICS) != 0)
        return TORC_EINVAL;
    disk = torci_host_disk(host);
    if (disk == NULL)
        return TORC_ENOMEM;
    disk->options = *options;
    disk->options.sector_bytes = sector;
    return 0;
}

int torc_host_write_file(struct torc_host *host, const char *path, const void *data, size_t bytes)
{
    struct torci_disk *disk = torci_host_disk(host);
    struct torci_disk_file *file;
    char canonical[TORCI_DISK_PATH_BYTES];

    if (!torci_disk_path(path, canonical, sizeof canonical))
        return TORC_EINVAL;
    if (disk == NULL)
        return TORC_ENOMEM;
    file = torci_disk_find(disk, canonical);
    if (file != NULL && file->handles != NULL)
        return TORC_EBUSY;
    return torci_disk_replace(disk, canonical, data, bytes);
}

int torc_host_read_file(struct torc_host *host, const char *path, void **out, size_t *out_bytes)
{
    const struct torci_disk_file *file;
    char canonical[TORCI_DISK_PATH_BYTES];
    void *copy;

    if (host->disk == NULL || !torci_disk_path(path, canonical, sizeof canonical))
        return TORC_ENOTFOUND;
    file = torci_disk_find(host->disk, canonical);
    if (file == NULL)
        return TORC_ENOTFOUND;
    /* One byte more, so that an empty file is a block too. */
    copy = torci_world_resize(host->world, NULL, 0, (size_t)file->current.bytes + 1);
    if (copy == NULL)
        return TORC_ENOMEM;
    if (file->current.bytes > 0)
        memcpy(copy, file->current.data, (size_t)file->current.bytes);
    *out = copy;
    *out_bytes = (size_t)file->current.bytes;
    return 0;
}

void torc_host_free_file(struct torc_host *host, void *data, size_t bytes)
{
    if (data != NULL)
        torci_world_resize(host->world, data, bytes + 1, 0);
}

uint64_t torc_host_disk_operations(const struct torc_host *host)
{
    return host->disk == NULL ? 0 : host->disk->operations;
}

size_t torc_host_unsynced_writes(const struct torc_host *host)
{
    return host->disk == NULL ? 0 : host->disk->change_count;
}

size_t torc_host_last_cut(const struct torc_host *host, size_t *out_arrived)
{
    if (out_arrived != NULL)
        *out_arrived = host->disk == NULL ? 0 : host->disk->cut_arrived;
    return host->disk == NULL ? 0 : host->disk->cut_unsynced;
}
