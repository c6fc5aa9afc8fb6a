/* torc/disk.h - the disk of a simulated host: files in memory that SQLite uses through a VFS of its own.
 *
 * A disk belongs to its host and outlives its kills and restarts.  Each file has what is durable and, on
 * top of it, writes that were not synced yet.  A kill loses nothing of either: the operating system goes
 * on.  A power cut loses what was not synced, in any way the declared device characteristics allow.
 *
 * Each operation of the VFS (opening, reading, writing, truncating, syncing, deleting, taking and releasing a
 * lock) is a point at which the job yields and at which the host may be killed before it is done; the
 * operations of a host are numbered from 1.
 *
 * Paths are absolute: "kv.sqlite" is "/kv.sqlite".  Directories need not be made; any path may be created.
 * What was written to a file is durable as of its sync.  Creations and deletions are durable when their
 * directory is synced: by the first sync of a file created in it, and by a deletion of which SQLite asks that
 * (syncDir), as in SQLite's own VFS. */
#ifndef TORC_DISK_H
#define TORC_DISK_H

#include <torc/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_disk_options {
    size_t size;               /* sizeof(struct torc_disk_options) */
    uint32_t sector_bytes;     /* 0: 512; a power of 2 */
    uint32_t characteristics;  /* SQLITE_IOCAP_...: what the device promises of unsynced writes: ATOMIC*,
                                * SAFE_APPEND, SEQUENTIAL (a sync is then one of all files),
                                * POWERSAFE_OVERWRITE; no others */
    uint64_t capacity_bytes;   /* of all files; beyond: SQLITE_FULL; 0: no limit */
    uint64_t operation_ns;     /* virtual time an operation takes; 0: none */
    uint64_t sync_ns;          /* a sync takes this instead */
    bool ignore_sync;          /* a device that lies: syncs do nothing.  A canary for tests */
};
/* SQLITE_IOCAP_POWERSAFE_OVERWRITE, as SQLite's own VFS declares: a write that is cut off damages no byte
 * outside its range. */
#define TORC_DISK_OPTIONS_INIT {sizeof(struct torc_disk_options), 0, 0x1000, 0, 0, 0, false}

/* For operations from now on.  Errors: TORC_EINVAL; TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_host_set_disk(struct torc_host *host,
                                             const struct torc_disk_options *options);

/* A whole file, durable.  Reading gives what the host would read, unsynced writes included; `*out` is
 * released with torc_host_free_file.  Errors: TORC_ENOMEM; TORC_ENOTFOUND (read); TORC_EBUSY, it is open, and
 * TORC_EINVAL, no such path (write). */
TORC_API TORC_CHECKED int torc_host_write_file(struct torc_host *host, const char *path,
                                               const void *data, size_t bytes);
TORC_API TORC_CHECKED int torc_host_read_file(struct torc_host *host, const char *path, void **out,
                                              size_t *out_bytes);
TORC_API void torc_host_free_file(struct torc_host *host, void *data, size_t bytes);

/* --- faults ------------------------------------------------------------------------------------- */

enum torc_disk_operation {
    TORC_DISK_OPEN = 1,
    TORC_DISK_READ = 2,
    TORC_DISK_WRITE = 4,
    TORC_DISK_TRUNCATE = 8,
    TORC_DISK_SYNC = 16,
    TORC_DISK_DELETE = 32,
    TORC_DISK_LOCK = 64, /* taking one, of the file or of its shared memory; releasing never fails */
    TORC_DISK_ANY = 127
};

enum torc_disk_fault_kind {
    TORC_DISK_FAIL,    /* `code`, nothing is done */
    TORC_DISK_SHORT,   /* a write of the first `bytes` only, then `code` */
    TORC_DISK_LIE,     /* a sync that says it went well and did nothing; a later one makes up for it */
    TORC_DISK_ROT,     /* a read that finds bit `bit` (modulo their number) of its bytes changed, in the
                        * file too */
    TORC_DISK_DELAY    /* it takes `delay_ns`, then goes on */
};

/* Strikes the n-th operation that matches, counted from when it was added, and `times` - 1 after it.  Of
 * `operations`, those count that the kind can strike.  An operation suffers one fault beside delays; another
 * that is due strikes the next one it matches. */
struct torc_disk_fault {
    size_t size;      /* sizeof(struct torc_disk_fault) */
    const char *file; /* an extended regular expression (POSIX) found in the path; NULL: any.  Copied */
    unsigned operations;
    uint64_t n;       /* 0: the first */
    uint64_t times;   /* 0: once; UINT64_MAX: for ever */
    enum torc_disk_fault_kind kind;
    int code;         /* of SQLite; 0: the usual one of the operation (IOERR_WRITE, IOERR_FSYNC, BUSY...) */
    uint64_t bytes;
    uint64_t bit;
    uint64_t delay_ns;
};
#define TORC_DISK_FAULT_INIT                                                                       \
    {sizeof(struct torc_disk_fault), NULL, TORC_DISK_ANY, 0, 0, TORC_DISK_FAIL, 0, 0, 0, 0}

/* Faults stay through kills and restarts.  `out` may be NULL.  Errors: TORC_ENOMEM; TORC_ESYNTAX, `file`;
 * TORC_EINVAL, a code that one of the operations cannot have, or none the kind can strike. */
TORC_API TORC_CHECKED int torc_host_add_disk_fault(struct torc_host *host,
                                                   const struct torc_disk_fault *fault,
                                                   uint32_t *out);
TORC_API uint64_t torc_host_disk_fault_struck(const struct torc_host *host, uint32_t fault);
TORC_API void torc_host_clear_disk_faults(struct torc_host *host);

/* --- power ------------------------------------------------------------------------------------ */

/* What becomes of the writes that were not synced, in the order they were made; creations, truncations and
 * deletions count as writes.  Where the device promises an order (IOCAP_SEQUENTIAL) only prefixes are allowed;
 * where it promises atomic writes, no tearing.  A sector is written whole or not at all, except where the cut
 * strikes a device without IOCAP_POWERSAFE_OVERWRITE: there the sector after those that arrive is spoiled.
 * Without IOCAP_SAFE_APPEND a torn write at the end of a file has given it its size already; with it, nothing
 * arrives behind an append that did not. */
enum torc_power_loss {
    TORC_LOSS_NONE,   /* all arrive: the same as a kill */
    TORC_LOSS_ALL,
    TORC_LOSS_PREFIX, /* the first `index` arrive */
    TORC_LOSS_ONE,    /* all but the one numbered `index`, from 0 */
    TORC_LOSS_ONLY,   /* that one and no other */
    TORC_LOSS_MASK,   /* number i arrives if bit i of `mask` is set; from 64 on, none */
    TORC_LOSS_DRAW    /* drawn from what is allowed, tearing included (site "disk.loss") */
};
struct torc_power_cut {
    size_t size; /* sizeof(struct torc_power_cut) */
    enum torc_power_loss loss;
    uint64_t index;
    uint64_t mask;
    /* Of the last write that arrives, only the first so many sectors do (TORC_NOT_TORN: all).  A write that
     * IOCAP_ATOMIC512 to 64K promises to be atomic, by its size and place, arrives whole. */
    uint32_t torn_sectors;
};
#define TORC_NOT_TORN UINT32_MAX
#define TORC_POWER_CUT_INIT {sizeof(struct torc_power_cut), TORC_LOSS_ALL, 0, 0, TORC_NOT_TORN}

/* Cuts the power: torc_host_kill, and the loss.  Errors: TORC_EINVAL, a loss that the device's promises
 * exclude; TORC_ECLOSED, the host is down; TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_host_cut_power(struct torc_host *host,
                                              const struct torc_power_cut *cut);
/* The same, of its own accord just before operation `n` of the host's disk; each call replaces the one before.
 * If the host is down at operation `n`, nothing happens.  TORC_EINVAL: `n` is past, too. */
TORC_API TORC_CHECKED int torc_host_cut_power_at(struct torc_host *host, uint64_t n,
                                                 const struct torc_power_cut *cut);

/* How many operations there were, and how many writes are not synced now. */
TORC_API uint64_t torc_host_disk_operations(const struct torc_host *host);
TORC_API size_t torc_host_unsynced_writes(const struct torc_host *host);
/* Of the last power cut: how many were not synced, and how many of those arrived (may be NULL). */
TORC_API size_t torc_host_last_cut(const struct torc_host *host, size_t *out_arrived);

#ifdef __cplusplus
}
#endif
#endif
