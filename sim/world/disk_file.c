/* disk_file.c - files, their two images, and the changes that stand between them. */
#include "disk_state.h"

#include <string.h>

#include "database.h"

struct torci_disk_file *torci_disk_find(struct torci_disk *disk, const char *path)
{
    struct torci_disk_file *file = disk->files;

    while (file != NULL && !(file->linked && strcmp(file->path, path) == 0))
        file = file->next;
    return file;
}

/* --- images ------------------------------------------------------------------------------------- */

static bool reserve_image(struct torc_world *world, struct torci_disk_image *image,
                          uint64_t old_capacity, uint64_t capacity)
{
    uint8_t *data =
        torci_world_resize(world, image->data, (size_t)old_capacity, (size_t)capacity);

    if (data == NULL)
        return false;
    image->data = data;
    return true;
}

/* Both images can hold `bytes`; a temporary file has one. */
static bool reserve(struct torci_disk *disk, struct torci_disk_file *file, uint64_t bytes)
{
    struct torc_world *world = disk->host->world;
    uint64_t capacity = file->capacity == 0 ? 4096 : file->capacity;

    if (bytes <= file->capacity)
        return true;
    while (capacity < bytes)
        capacity *= 2;
    if (file->path != NULL) {
        if (!reserve_image(world, &file->durable, file->capacity, capacity))
            return false;
        if (!reserve_image(world, &file->current, file->capacity, capacity)) {
            /* Give back: the sizes of both blocks are told by one number. */
            uint8_t *smaller = torci_world_resize(world, file->durable.data, (size_t)capacity,
                                                  (size_t)file->capacity);

            file->durable.data = file->capacity == 0 ? NULL : smaller;
            return false;
        }
    } else if (!reserve_image(world, &file->current, file->capacity, capacity)) {
        return false;
    }
    file->capacity = capacity;
    return true;
}

static void resize_image(struct torci_disk_image *image, uint64_t bytes)
{
    if (bytes > image->bytes)
        memset(image->data + image->bytes, 0, (size_t)(bytes - image->bytes));
    image->bytes = bytes;
}

static void write_image(struct torci_disk_image *image, const void *data, size_t bytes,
                        uint64_t offset)
{
    if (bytes == 0)
        return;
    if (offset > image->bytes)
        resize_image(image, offset);
    memcpy(image->data + offset, data, bytes);
    if (offset + bytes > image->bytes)
        image->bytes = offset + bytes;
}

static void set_size(struct torci_disk *disk, struct torci_disk_file *file, uint64_t bytes)
{
    disk->bytes_in_use = disk->bytes_in_use - file->current.bytes + bytes;
    resize_image(&file->current, bytes);
}

/* --- changes ------------------------------------------------------------------------------------ */

static struct torci_disk_change *new_change(struct torci_disk *disk, struct torci_disk_file *file,
                                            enum torci_disk_change_kind kind, size_t bytes)
{
    struct torci_disk_change *change =
        torci_world_resize(disk->host->world, NULL, 0, sizeof *change + bytes);

    if (change == NULL)
        return NULL;
    change->next = NULL;
    change->file = file;
    change->kind = kind;
    change->offset = 0;
    change->size_before = file->current.bytes;
    change->bytes = bytes;
    return change;
}

static void enlist(struct torci_disk *disk, struct torci_disk_change *change)
{
    *disk->changes_end = change;
    disk->changes_end = &change->next;
    disk->change_count++;
}

/* Takes the change at `*at` off the list and frees it. */
static void forget(struct torci_disk *disk, struct torci_disk_change **at)
{
    struct torci_disk_change *change = *at;

    *at = change->next;
    if (change->next == NULL)
        disk->changes_end = at;
    disk->change_count--;
    torci_world_resize(disk->host->world, change, sizeof *change + change->bytes, 0);
}

void torci_disk_apply(struct torci_disk *disk, const struct torci_disk_change *change, size_t bytes)
{
    struct torci_disk_file *file = change->file;
    struct torci_disk_file *other;

    switch (change->kind) {
    case TORCI_DISK_CREATED:
        for (other = disk->files; other != NULL; other = other->next) {
            if (other->path != NULL && strcmp(other->path, file->path) == 0)
                other->linked_durably = false;
        }
        file->linked_durably = true;
        break;
    case TORCI_DISK_WRITTEN:
        write_image(&file->durable, change->data, bytes, change->offset);
        break;
    case TORCI_DISK_TRUNCATED:
        resize_image(&file->durable, change->offset);
        break;
    case TORCI_DISK_DELETED:
        file->linked_durably = false;
        break;
    }
}

static bool of_directory(const struct torci_disk_change *change)
{
    return change->kind == TORCI_DISK_CREATED || change->kind == TORCI_DISK_DELETED;
}

static bool same_directory(const char *a, const char *b)
{
    size_t bytes = (size_t)(strrchr(a, '/') - a);

    return strncmp(a, b, bytes + 1) == 0 && strchr(b + bytes + 1, '/') == NULL;
}

/* Syncs the directory of a path: who has which name in it is durable.  Returns how many changes that were. */
static size_t settle(struct torci_disk *disk, const char *path)
{
    struct torci_disk_change **at = &disk->changes;
    size_t count = 0;

    while (*at != NULL) {
        if (of_directory(*at) && same_directory(path, (*at)->file->path)) {
            torci_disk_apply(disk, *at, 0);
            forget(disk, at);
            count++;
        } else {
            at = &(*at)->next;
        }
    }
    return count;
}

/* --- life of a file ----------------------------------------------------------------------------- */

static bool created_since(const struct torci_disk *disk, const struct torci_disk_file *file)
{
    const struct torci_disk_change *change = disk->changes;

    while (change != NULL && !(change->file == file && change->kind == TORCI_DISK_CREATED))
        change = change->next;
    return change != NULL;
}

static void free_file(struct torci_disk *disk, struct torci_disk_file *file)
{
    struct torc_world *world = disk->host->world;
    struct torci_disk_file **at = &disk->files;
    struct torci_disk_change **change = &disk->changes;

    while (*change != NULL) {
        if ((*change)->file == file)
            forget(disk, change);
        else
            change = &(*change)->next;
    }
    while (*at != file)
        at = &(*at)->next;
    *at = file->next;
    torci_world_resize(world, file->current.data, (size_t)file->capacity, 0);
    if (file->path != NULL) {
        torci_world_resize(world, file->durable.data, (size_t)file->capacity, 0);
        torci_database_free_text(world, file->path);
    }
    torci_world_resize(world, file, sizeof *file, 0);
}

/* Frees what can neither be read any more nor be brought back by a cut.  What can only be brought back
 * takes no room of the capacity. */
static void collect(struct torci_disk *disk)
{
    struct torci_disk_file *file = disk->files;

    disk->bytes_in_use = 0;
    while (file != NULL) {
        struct torci_disk_file *next = file->next;
        bool in_use = file->linked || file->handles != NULL;

        if (in_use)
            disk->bytes_in_use += file->current.bytes;
        else if (!file->linked_durably && !created_since(disk, file))
            free_file(disk, file);
        file = next;
    }
}

static struct torci_disk_file *new_file(struct torci_disk *disk, const char *path)
{
    struct torc_world *world = disk->host->world;
    struct torci_disk_file *file = torci_world_resize(world, NULL, 0, sizeof *file);

    if (file == NULL)
        return NULL;
    memset(file, 0, sizeof *file);
    if (path != NULL) {
        file->path = torci_database_copy_text(world, path);
        if (file->path == NULL) {
            torci_world_resize(world, file, sizeof *file, 0);
            return NULL;
        }
    }
    file->next = disk->files;
    disk->files = file;
    return file;
}

struct torci_disk_file *torci_disk_create(struct torci_disk *disk, const char *path)
{
    struct torci_disk_file *file = new_file(disk, path);
    struct torci_disk_change *change;

    if (file == NULL || path == NULL)
        return file;
    change = new_change(disk, file, TORCI_DISK_CREATED, 0);
    if (change == NULL) {
        free_file(disk, file);
        return NULL;
    }
    enlist(disk, change);
    file->linked = true;
    return file;
}

const char *torci_disk_name(const struct torci_disk_handle *handle)
{
    return handle->file->path == NULL ? "" : handle->file->path;
}

void torci_disk_attach(struct torci_disk_file *file, struct torci_disk_handle *handle)
{
    handle->file = file;
    handle->next = file->handles;
    file->handles = handle;
}

void torci_disk_detach(struct torci_disk_handle *handle)
{
    struct torci_disk_handle **at;

    torci_disk_shm_leave(handle);
    if (handle->file == NULL)
        return;
    at = &handle->file->handles;
    while (*at != handle)
        at = &(*at)->next;
    *at = handle->next;
    if (!handle->file->linked)
        collect(handle->disk);
    handle->file = NULL;
    handle->lock = SQLITE_LOCK_NONE;
}

/* --- changing ----------------------------------------------------------------------------------- */

/* Whether the file may have `bytes` bytes. */
static int make_room(struct torci_disk *disk, struct torci_disk_file *file, uint64_t bytes)
{
    if (bytes > file->current.bytes && disk->options.capacity_bytes != 0 &&
        disk->bytes_in_use - file->current.bytes + bytes > disk->options.capacity_bytes)
        return SQLITE_FULL;
    return reserve(disk, file, bytes) ? SQLITE_OK : SQLITE_IOERR_NOMEM;
}

int torci_disk_write(struct torci_disk *disk, struct torci_disk_file *file, const void *data,
                     size_t bytes, uint64_t offset)
{
    struct torci_disk_change *change;
    int code = make_room(disk, file, offset + bytes);

    if (code != SQLITE_OK || bytes == 0)
        return code;
    if (file->path != NULL) {
        change = new_change(disk, file, TORCI_DISK_WRITTEN, bytes);
        if (change == NULL)
            return SQLITE_IOERR_NOMEM;
        change->offset = offset;
        memcpy(change->data, data, bytes);
        enlist(disk, change);
    }
    if (offset + bytes > file->current.bytes)
        disk->bytes_in_use += offset + bytes - file->current.bytes;
    write_image(&file->current, data, bytes, offset);
    return SQLITE_OK;
}

int torci_disk_truncate(struct torci_disk *disk, struct torci_disk_file *file, uint64_t bytes)
{
    struct torci_disk_change *change;
    int code = make_room(disk, file, bytes);

    if (code != SQLITE_OK)
        return code;
    if (file->path != NULL) {
        change = new_change(disk, file, TORCI_DISK_TRUNCATED, 0);
        if (change == NULL)
            return SQLITE_IOERR_NOMEM;
        change->offset = bytes;
        enlist(disk, change);
    }
    set_size(disk, file, bytes);
    return SQLITE_OK;
}

int torci_disk_unlink(struct torci_disk *disk, struct torci_disk_file *file, bool durably)
{
    struct torci_disk_change *change = new_change(disk, file, TORCI_DISK_DELETED, 0);

    if (change == NULL)
        return SQLITE_IOERR_NOMEM;
    enlist(disk, change);
    file->linked = false;
    if (durably)
        (void)settle(disk, file->path);
    collect(disk);
    return SQLITE_OK;
}

size_t torci_disk_sync(struct torci_disk *disk, struct torci_disk_file *file)
{
    bool all = (disk->options.characteristics & SQLITE_IOCAP_SEQUENTIAL) != 0;
    struct torci_disk_change **at = &disk->changes;
    size_t count = 0;

    if (!all && file->path != NULL && created_since(disk, file))
        count = settle(disk, file->path);
    while (*at != NULL) {
        if (all || ((*at)->file == file && (*at)->kind != TORCI_DISK_DELETED)) {
            torci_disk_apply(disk, *at, (*at)->bytes);
            forget(disk, at);
            count++;
        } else {
            at = &(*at)->next;
        }
    }
    collect(disk);
    return count;
}

int torci_disk_replace(struct torci_disk *disk, const char *path, const void *data, size_t bytes)
{
    struct torci_disk_file *file = new_file(disk, path);
    struct torci_disk_file *other;

    if (file == NULL)
        return TORC_ENOMEM;
    if (!reserve(disk, file, bytes)) {
        free_file(disk, file);
        return TORC_ENOMEM;
    }
    (void)settle(disk, path);
    for (other = disk->files; other != NULL; other = other->next) {
        if (other != file && other->path != NULL && strcmp(other->path, path) == 0) {
            other->linked = false;
            other->linked_durably = false;
        }
    }
    write_image(&file->current, data, bytes, 0);
    write_image(&file->durable, data, bytes, 0);
    file->linked = true;
    file->linked_durably = true;
    collect(disk);
    return 0;
}

void torci_disk_rot(struct torci_disk *disk, struct torci_disk_file *file, uint64_t offset,
                    unsigned bit)
{
    uint8_t mask = (uint8_t)(1u << bit);
    struct torci_disk_change *change;

    if (offset >= file->current.bytes)
        return;
    file->current.data[offset] ^= mask;
    if (offset < file->durable.bytes)
        file->durable.data[offset] ^= mask;
    for (change = disk->changes; change != NULL; change = change->next) {
        if (change->file == file && change->kind == TORCI_DISK_WRITTEN &&
            offset >= change->offset && offset - change->offset < change->bytes)
            change->data[offset - change->offset] ^= mask;
    }
}

void torci_disk_revert(struct torci_disk *disk)
{
    struct torci_disk_file *file;

    while (disk->changes != NULL)
        forget(disk, &disk->changes);
    for (file = disk->files; file != NULL; file = file->next) {
        file->linked = file->linked_durably;
        if (file->path == NULL)
            continue;
        file->current.bytes = 0;
        write_image(&file->current, file->durable.data, (size_t)file->durable.bytes, 0);
    }
    collect(disk);
}

void torci_disk_free_files(struct torci_disk *disk)
{
    while (disk->files != NULL)
        free_file(disk, disk->files);
}
