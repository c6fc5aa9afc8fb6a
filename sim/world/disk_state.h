/* disk_state.h - what the disk of a host is made of; for the files of sim/world only.
 *
 *   disk.c        the disk and its public interface          disk_vfs.c    SQLite's VFS on it
 *   disk_file.c   files, what is durable of them, changes    disk_lock.c   locks of files
 *   disk_power.c  what a power cut leaves                    disk_shm.c    shared memory (WAL)
 *   disk_fault.c  operations and what goes wrong with them
 *
 * A file has two images: what is read, and what is durable.  A change is made in the first at once; until it
 * is synced it stands in the disk's list, in order.  A sync applies the file's changes to the durable image,
 * a power cut a part of all of them. */
#ifndef TORCI_DISK_STATE_H
#define TORCI_DISK_STATE_H

#include <sqlite3.h>

#include <torc/disk.h>

#include "world.h"

struct torci_disk_fault;
struct torci_disk_shm;

struct torci_disk_image {
    uint8_t *data;
    uint64_t bytes;
};

struct torci_disk_file {
    struct torci_disk_file *next;
    char *path; /* NULL: temporary, and never durable */
    struct torci_disk_image current;
    struct torci_disk_image durable;
    uint64_t capacity; /* of both, so that neither a sync nor a cut needs memory */
    bool linked;         /* found by its path */
    bool linked_durably; /* ... after a cut in which nothing arrives */
    struct torci_disk_handle *handles;
    struct torci_disk_shm *shm; /* NULL: nobody has mapped it */
};

enum torci_disk_change_kind {
    TORCI_DISK_CREATED,
    TORCI_DISK_WRITTEN,
    TORCI_DISK_TRUNCATED, /* to `offset` bytes */
    TORCI_DISK_DELETED
};

struct torci_disk_change {
    struct torci_disk_change *next;
    struct torci_disk_file *file;
    enum torci_disk_change_kind kind;
    uint64_t offset;
    uint64_t size_before; /* WRITTEN: of the file */
    size_t bytes;
    uint8_t data[];
};

/* An open file.  SQLite provides its memory. */
struct torci_disk_handle {
    sqlite3_file base; /* first */
    struct torci_disk *disk;
    struct torci_disk_file *file; /* NULL: the host has been killed since */
    struct torci_disk_handle *next; /* of the file */
    int lock;                       /* SQLITE_LOCK_... */
    struct torci_disk_shm *shm;     /* NULL: not mapped */
    uint8_t shm_shared;             /* bit i: holds lock i */
    uint8_t shm_exclusive;
};

struct torci_disk {
    struct torc_host *host;
    struct torc_disk_options options;
    struct torci_disk_file *files;
    struct torci_disk_change *changes; /* not synced, in the order they were made */
    struct torci_disk_change **changes_end;
    size_t change_count;
    uint64_t bytes_in_use; /* of all files */
    uint64_t operations;
    bool frozen; /* the host is about to be killed: nothing changes any more */
    uint64_t cut_at; /* the operation the power goes before; 0: none */
    struct torc_power_cut cut;
    size_t cut_unsynced; /* of the last one */
    size_t cut_arrived;
    struct torci_disk_fault *faults; /* in the order they were added */
    uint32_t fault_count;
    sqlite3_vfs vfs;
    char name[96];
};

/* --- the disk (disk.c) -------------------------------------------------------------------------- */

/* Made, and registered with SQLite, at the first call.  NULL: out of memory. */
struct torci_disk *torci_host_disk(struct torc_host *host);
void torci_host_free_disk(struct torc_host *host);

/* The name of the host's VFS.  Out of memory is the world's error, and the name then that of no VFS. */
const char *torci_host_storage(struct torc_host *host);

/* The host is to be killed: what its disk holds is final. */
void torci_disk_freeze(struct torc_host *host);
/* It has been: what was open is not any more.  The disk serves again. */
void torci_disk_release(struct torc_host *host);

/* The canonical form of a path: absolute ("kv.sqlite" is "/kv.sqlite"), without ".", ".." and empty parts.
 * false: it does not fit. */
bool torci_disk_path(const char *path, char *out, size_t out_size);
#define TORCI_DISK_PATH_BYTES 512

/* Seeds SQLite's generator, of which a process has one, from a draw of the host (from nothing while it is
 * looked into).  The world's end gives it back its own entropy. */
void torci_host_seed_sqlite(struct torc_host *host);
void torci_world_unseed_sqlite(struct torc_world *world);

/* --- files (disk_file.c) ------------------------------------------------------------------------ */

struct torci_disk_file *torci_disk_find(struct torci_disk *disk, const char *path);

/* A new, empty file, which is open if `handle` is not NULL; `path` NULL: temporary.  NULL: out of memory. */
struct torci_disk_file *torci_disk_create(struct torci_disk *disk, const char *path);
/* The path of an open file, "" of a temporary one. */
const char *torci_disk_name(const struct torci_disk_handle *handle);
void torci_disk_attach(struct torci_disk_file *file, struct torci_disk_handle *handle);
/* Closes: locks and shared memory are let go. */
void torci_disk_detach(struct torci_disk_handle *handle);

/* All answer a code of SQLite; on failure nothing has changed. */
int torci_disk_write(struct torci_disk *disk, struct torci_disk_file *file, const void *data,
                     size_t bytes, uint64_t offset);
int torci_disk_truncate(struct torci_disk *disk, struct torci_disk_file *file, uint64_t bytes);
int torci_disk_unlink(struct torci_disk *disk, struct torci_disk_file *file, bool durably);

/* Makes the changes of the file durable, with those of its directory if it was created since; of a device that
 * keeps order, all changes.  Returns how many. */
size_t torci_disk_sync(struct torci_disk *disk, struct torci_disk_file *file);

/* Makes a whole file durable with that content, in place of all that is known of the path.  It is not open.
 * Errors: TORC_ENOMEM. */
TORC_CHECKED int torci_disk_replace(struct torci_disk *disk, const char *path, const void *data,
                                    size_t bytes);

/* Inverts one bit of what is read, of what is durable and of what is to become so. */
void torci_disk_rot(struct torci_disk *disk, struct torci_disk_file *file, uint64_t offset,
                    unsigned bit);

/* Applies a change to the durable image; of a write, only the first `bytes`. */
void torci_disk_apply(struct torci_disk *disk, const struct torci_disk_change *change, size_t bytes);
/* Forgets all changes, and all that is not durable. */
void torci_disk_revert(struct torci_disk *disk);
void torci_disk_free_files(struct torci_disk *disk);

/* --- operations (disk_fault.c) ------------------------------------------------------------------ */

/* What a fault makes of an operation that is done nevertheless. */
struct torci_disk_strike {
    bool dead; /* the host is; nothing is to be traced */
    bool struck;
    enum torc_disk_fault_kind kind;
    int code;
    uint64_t bytes;
    uint64_t bit;
};

/* One operation begins: it is counted, takes its time, and may be where the host dies or a fault strikes.
 * SQLITE_OK: do it, as `strike` says; otherwise it has failed with that code. */
int torci_disk_begin(struct torci_disk *disk, enum torc_disk_operation operation, const char *path,
                     struct torci_disk_strike *strike);
/* The same for what no fault strikes. */
int torci_disk_pass(struct torci_disk *disk);
/* Whether operations fail because the host is dead or dying. */
bool torci_disk_dead(const struct torci_disk *disk);
void torci_disk_free_faults(struct torci_disk *disk);

/* --- power (disk_power.c) ----------------------------------------------------------------------- */

/* The power goes now: freezes the disk, loses what is to be lost, kills the host. */
void torci_disk_cut(struct torci_disk *disk, const struct torc_power_cut *cut);

/* --- locks (disk_lock.c, disk_shm.c): methods of SQLite's files ---------------------------------- */

int torci_disk_lock(sqlite3_file *file, int level);
int torci_disk_unlock(sqlite3_file *file, int level);
int torci_disk_check_reserved(sqlite3_file *file, int *out);

int torci_disk_shm_map(sqlite3_file *file, int region, int bytes, int extend, void volatile **out);
int torci_disk_shm_lock(sqlite3_file *file, int offset, int count, int flags);
void torci_disk_shm_barrier(sqlite3_file *file);
int torci_disk_shm_unmap(sqlite3_file *file, int delete_it);
/* A handle lets go of its locks and of the memory; the last one frees it. */
void torci_disk_shm_leave(struct torci_disk_handle *handle);

/* --- the VFS (disk_vfs.c) ----------------------------------------------------------------------- */

/* Fills in disk->vfs.  The host is its pAppData's. */
void torci_disk_init_vfs(struct torci_disk *disk);

/* A record of the trace: an operation of which the trace tells. */
void torci_disk_trace(struct torci_disk *disk, const char *what, const char *path, uint64_t size,
                      int code);

#endif
