/* disk_shm.c - the shared memory of a WAL database, and its eight locks.  It is there as long as somebody has
 * it mapped; nothing of it survives the processes. */
#include "disk_state.h"

#include <string.h>

struct torci_disk_shm {
    struct torc_world *world;
    uint32_t users;
    int region_bytes;
    size_t region_count;
    uint8_t **regions; /* SQLite keeps pointers to them: they stay where they are */
};

static struct torci_disk_handle *handle_of(sqlite3_file *file)
{
    return (struct torci_disk_handle *)(void *)file;
}

/* --- memory ------------------------------------------------------------------------------------- */

static bool join(struct torci_disk_handle *handle)
{
    struct torci_disk_file *file = handle->file;

    if (handle->shm != NULL)
        return true;
    if (file->shm == NULL) {
        struct torc_world *world = handle->disk->host->world;

        file->shm = torci_world_resize(world, NULL, 0, sizeof *file->shm);
        if (file->shm == NULL)
            return false;
        memset(file->shm, 0, sizeof *file->shm);
        file->shm->world = world;
    }
    handle->shm = file->shm;
    handle->shm->users++;
    return true;
}

static bool add_region(struct torci_disk_shm *shm, int bytes)
{
    size_t count = shm->region_count;
    uint8_t **regions = torci_world_resize(shm->world, shm->regions, count * sizeof *regions,
                                           (count + 1) * sizeof *regions);

    if (regions == NULL)
        return false;
    shm->regions = regions;
    regions[count] = torci_world_resize(shm->world, NULL, 0, (size_t)bytes);
    if (regions[count] == NULL) {
        /* What shrinks does not fail. */
        shm->regions = torci_world_resize(shm->world, regions, (count + 1) * sizeof *regions,
                                          count * sizeof *regions);
        return false;
    }
    memset(regions[count], 0, (size_t)bytes);
    shm->region_bytes = bytes;
    shm->region_count++;
    return true;
}

static void free_shm(struct torci_disk_shm *shm)
{
    size_t i;

    for (i = 0; i < shm->region_count; i++)
        torci_world_resize(shm->world, shm->regions[i], (size_t)shm->region_bytes, 0);
    torci_world_resize(shm->world, shm->regions, shm->region_count * sizeof *shm->regions, 0);
    torci_world_resize(shm->world, shm, sizeof *shm, 0);
}

int torci_disk_shm_map(sqlite3_file *file, int region, int bytes, int extend, void volatile **out)
{
    struct torci_disk_handle *handle = handle_of(file);

    *out = NULL;
    if (handle->file == NULL || torci_disk_dead(handle->disk))
        return SQLITE_IOERR_SHMMAP;
    if (!join(handle))
        return SQLITE_IOERR_NOMEM;
    if ((size_t)region >= handle->shm->region_count && extend == 0)
        return SQLITE_OK;
    while ((size_t)region >= handle->shm->region_count) {
        if (!add_region(handle->shm, bytes))
            return SQLITE_IOERR_NOMEM;
    }
    *out = handle->shm->regions[region];
    return SQLITE_OK;
}

/* One world is one thread: everybody sees what was written. */
void torci_disk_shm_barrier(sqlite3_file *file)
{
    (void)file;
}

void torci_disk_shm_leave(struct torci_disk_handle *handle)
{
    struct torci_disk_shm *shm = handle->shm;

    handle->shm_shared = 0;
    handle->shm_exclusive = 0;
    handle->shm = NULL;
    if (shm == NULL || --shm->users > 0)
        return;
    if (handle->file != NULL)
        handle->file->shm = NULL;
    free_shm(shm);
}

int torci_disk_shm_unmap(sqlite3_file *file, int delete_it)
{
    (void)delete_it; /* the last one leaves nothing behind in any case */
    torci_disk_shm_leave(handle_of(file));
    return SQLITE_OK;
}

/* --- locks -------------------------------------------------------------------------------------- */

static int take(struct torci_disk_handle *handle, uint8_t mask, bool exclusive)
{
    const struct torci_disk_handle *each;

    for (each = handle->file->handles; each != NULL; each = each->next) {
        uint8_t held = exclusive ? each->shm_shared | each->shm_exclusive : each->shm_exclusive;

        if (each != handle && (held & mask) != 0)
            return SQLITE_BUSY;
    }
    if (exclusive)
        handle->shm_exclusive |= mask;
    else
        handle->shm_shared |= mask;
    return SQLITE_OK;
}

int torci_disk_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    struct torci_disk_handle *handle = handle_of(file);
    uint8_t mask = (uint8_t)(((1u << count) - 1) << offset);
    struct torci_disk_strike strike;
    int code;

    if (handle->file == NULL || handle->shm == NULL)
        return SQLITE_IOERR_SHMLOCK;
    if ((flags & SQLITE_SHM_LOCK) != 0) {
        code = torci_disk_begin(handle->disk, TORC_DISK_LOCK, torci_disk_name(handle), &strike);
        return code != SQLITE_OK ? code : take(handle, mask, (flags & SQLITE_SHM_EXCLUSIVE) != 0);
    }
    code = torci_disk_pass(handle->disk);
    if (code != SQLITE_OK)
        return code;
    handle->shm_shared &= (uint8_t)~mask;
    handle->shm_exclusive &= (uint8_t)~mask;
    return SQLITE_OK;
}
