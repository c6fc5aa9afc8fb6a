/* disk_fault.c - operations: counted, taking their time, and which of them go wrong. */
#include <regex.h>
#include <string.h>

#include "database.h"
#include "disk_state.h"
#include "job.h"
#include "operation_fault.h"

#define SHORT_WRITE_BYTES 512

struct torci_disk_fault {
    struct torci_disk_fault *next;
    struct torc_disk_fault script; /* its text is our own */
    regex_t pattern;               /* of script.file */
    uint32_t number;               /* 1, 2, ... */
    uint64_t matched;
    uint64_t struck;
    bool cleared;
};

/* --- the list ----------------------------------------------------------------------------------- */

/* The operations a kind can strike. */
static unsigned operations_of(enum torc_disk_fault_kind kind)
{
    switch (kind) {
    case TORC_DISK_FAIL:
    case TORC_DISK_DELAY:
        return TORC_DISK_ANY;
    case TORC_DISK_SHORT:
        return TORC_DISK_WRITE;
    case TORC_DISK_LIE:
        return TORC_DISK_SYNC;
    case TORC_DISK_ROT:
        return TORC_DISK_READ;
    }
    return 0;
}

/* The operations that may answer a code. */
static unsigned operations_with(int code)
{
    switch (code & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
        return TORC_DISK_ANY;
    case SQLITE_FULL:
        return TORC_DISK_WRITE | TORC_DISK_TRUNCATE | TORC_DISK_SYNC;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return TORC_DISK_OPEN;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return TORC_DISK_LOCK;
    default:
        return 0;
    }
}

static int usual_code(enum torc_disk_operation operation)
{
    switch (operation) {
    case TORC_DISK_OPEN:
        return SQLITE_CANTOPEN;
    case TORC_DISK_READ:
        return SQLITE_IOERR_READ;
    case TORC_DISK_WRITE:
        return SQLITE_IOERR_WRITE;
    case TORC_DISK_TRUNCATE:
        return SQLITE_IOERR_TRUNCATE;
    case TORC_DISK_SYNC:
        return SQLITE_IOERR_FSYNC;
    case TORC_DISK_DELETE:
        return SQLITE_IOERR_DELETE;
    default:
        return SQLITE_BUSY;
    }
}

static void free_fault(struct torc_world *world, struct torci_disk_fault *fault)
{
    torci_database_free_text(world, fault->script.file);
    torci_world_resize(world, fault, sizeof *fault, 0);
}

static int prepare(struct torc_world *world, struct torci_disk_fault *fault, const char *file)
{
    int code;

    fault->script.file = NULL;
    if (file == NULL)
        return 0;
    code = regcomp(&fault->pattern, file, REG_EXTENDED | REG_NOSUB);
    if (code != 0)
        return code == REG_ESPACE ? TORC_ENOMEM : TORC_ESYNTAX;
    fault->script.file = torci_database_copy_text(world, file);
    if (fault->script.file != NULL)
        return 0;
    regfree(&fault->pattern);
    return TORC_ENOMEM;
}

/* Extended codes are positive and have their primary one in the low byte. */
static bool valid(const struct torc_disk_fault *fault, unsigned operations)
{
    return fault->size == sizeof *fault && (unsigned)fault->kind <= TORC_DISK_DELAY &&
           (fault->operations & ~(unsigned)TORC_DISK_ANY) == 0 && operations != 0 &&
           (fault->code == 0 ||
            (fault->code > 0 && (operations & ~operations_with(fault->code)) == 0));
}

int torc_host_add_disk_fault(struct torc_host *host, const struct torc_disk_fault *fault,
                             uint32_t *out)
{
    unsigned operations = fault->operations & operations_of(fault->kind);
    struct torci_disk_fault **at;
    struct torci_disk_fault *own;
    struct torci_disk *disk;
    int code;

    if (!valid(fault, operations))
        return TORC_EINVAL;
    disk = torci_host_disk(host);
    own = disk == NULL ? NULL : torci_world_resize(host->world, NULL, 0, sizeof *own);
    if (own == NULL)
        return TORC_ENOMEM;
    memset(own, 0, sizeof *own);
    own->script = *fault;
    own->script.operations = operations;
    if (own->script.n == 0)
        own->script.n = 1;
    if (own->script.times == 0)
        own->script.times = 1;
    code = prepare(host->world, own, fault->file);
    if (code != 0) {
        free_fault(host->world, own);
        return code;
    }
    own->number = ++disk->fault_count;
    for (at = &disk->faults; *at != NULL; at = &(*at)->next)
        ;
    *at = own;
    if (out != NULL)
        *out = own->number;
    return 0;
}

uint64_t torc_host_disk_fault_struck(const struct torc_host *host, uint32_t number)
{
    const struct torci_disk_fault *each = host->disk == NULL ? NULL : host->disk->faults;

    while (each != NULL && each->number != number)
        each = each->next;
    return each == NULL ? 0 : each->struck;
}

void torc_host_clear_disk_faults(struct torc_host *host)
{
    struct torci_disk_fault *each = host->disk == NULL ? NULL : host->disk->faults;

    for (; each != NULL; each = each->next)
        each->cleared = true;
}

void torci_disk_free_faults(struct torci_disk *disk)
{
    while (disk->faults != NULL) {
        struct torci_disk_fault *fault = disk->faults;

        disk->faults = fault->next;
        if (fault->script.file != NULL)
            regfree(&fault->pattern);
        free_fault(disk->host->world, fault);
    }
}

/* --- striking ----------------------------------------------------------------------------------- */

static bool matches(const struct torci_disk_fault *fault, enum torc_disk_operation operation,
                    const char *path)
{
    return !fault->cleared && (fault->script.operations & operation) != 0 &&
           (fault->script.file == NULL || regexec(&fault->pattern, path, 0, NULL, 0) == 0);
}

static void strike_with(struct torci_disk *disk, struct torci_disk_fault *fault,
                        enum torc_disk_operation operation, const char *path,
                        struct torci_disk_strike *strike)
{
    static const char *const names[] = {"fail", "short", "lie", "rot", "delay"};
    bool fails = fault->script.kind == TORC_DISK_FAIL || fault->script.kind == TORC_DISK_SHORT;
    int code = !fails ? SQLITE_OK : fault->script.code == 0 ? usual_code(operation) : fault->script.code;

    fault->struck++;
    torci_host_trace_fault(disk->host, "disk", fault->number, names[fault->script.kind], path, code,
                           fault->script.delay_ns);
    if (fault->script.kind == TORC_DISK_DELAY)
        return;
    strike->struck = true;
    strike->kind = fault->script.kind;
    strike->code = code;
    strike->bytes = fault->script.bytes;
    strike->bit = fault->script.bit;
}

/* Of the faults that are due, all that delay strike and the first of the others.  Returns the delay. */
static uint64_t strike_all(struct torci_disk *disk, enum torc_disk_operation operation,
                           const char *path, struct torci_disk_strike *strike)
{
    struct torci_disk_fault *each;
    uint64_t delay_ns = 0;

    for (each = disk->faults; each != NULL; each = each->next) {
        bool delays = each->script.kind == TORC_DISK_DELAY;

        if (!matches(each, operation, path))
            continue;
        each->matched++;
        if (each->matched < each->script.n || each->struck >= each->script.times ||
            (strike->struck && !delays))
            continue;
        strike_with(disk, each, operation, path, strike);
        if (delays)
            delay_ns += each->script.delay_ns;
    }
    return delay_ns;
}

/* disk.fail: what the operation suffers of its own. */
static void fail_operation(struct torci_disk *disk, enum torc_disk_operation operation,
                           const char *path, struct torci_disk_strike *strike)
{
    static const int errors[] = {SQLITE_IOERR_READ, SQLITE_IOERR_WRITE, SQLITE_IOERR_TRUNCATE,
                                 SQLITE_IOERR_FSYNC, SQLITE_IOERR_DELETE, SQLITE_IOERR_LOCK};
    static const int codes[] = {0, 0, SQLITE_FULL, SQLITE_CANTOPEN, SQLITE_BUSY, SQLITE_IOERR_WRITE};
    unsigned writes = TORC_DISK_WRITE | TORC_DISK_TRUNCATE | TORC_DISK_SYNC;
    uint64_t possible = operation == TORC_DISK_OPEN   ? TORCI_OPTION(TORCI_DISK_CANTOPEN)
                        : operation == TORC_DISK_LOCK ? TORCI_OPTION(TORCI_DISK_IOERR) | TORCI_OPTION(TORCI_DISK_BUSY)
                                                      : TORCI_OPTION(TORCI_DISK_IOERR);
    uint64_t option;

    if ((operation & writes) != 0)
        possible |= TORCI_OPTION(TORCI_DISK_FULL);
    if (operation == TORC_DISK_WRITE)
        possible |= TORCI_OPTION(TORCI_DISK_SHORT);
    option = torci_operation_about(disk->host, "disk.fail", possible, path);
    if (option == 0)
        return;
    strike->struck = true;
    strike->kind = option == TORCI_DISK_SHORT ? TORC_DISK_SHORT : TORC_DISK_FAIL;
    strike->code = codes[option];
    strike->bytes = SHORT_WRITE_BYTES;
    for (unsigned i = 0; option == TORCI_DISK_IOERR && i < sizeof errors / sizeof errors[0]; i++)
        if (operation == (enum torc_disk_operation)(TORC_DISK_READ << i))
            strike->code = errors[i];
}

bool torci_disk_dead(const struct torci_disk *disk)
{
    return disk->frozen || disk->host->unwinding;
}

/* The job is killed where it yields, if it was not yet. */
static int die(struct torci_disk *disk, struct torci_disk_strike *strike)
{
    torci_job_yield(disk->host->world, 0);
    strike->dead = true;
    return SQLITE_IOERR;
}

int torci_disk_begin(struct torci_disk *disk, enum torc_disk_operation operation, const char *path,
                     struct torci_disk_strike *strike)
{
    struct torc_host *host = disk->host;
    uint64_t delay_ns = operation == TORC_DISK_SYNC ? disk->options.sync_ns
                                                    : disk->options.operation_ns;

    strike->struck = false;
    strike->dead = false;
    if (torci_host_looking(host)) {
        torci_host_seed_sqlite(host);
        return SQLITE_OK;
    }
    if (torci_disk_dead(disk))
        return die(disk, strike);
    disk->operations++;
    if (disk->operations == disk->cut_at && host->up) {
        torci_disk_cut(disk, &disk->cut);
        return die(disk, strike);
    }
    if (disk->faults != NULL)
        delay_ns += strike_all(disk, operation, path, strike);
    if (!strike->struck && operation != 0)
        fail_operation(disk, operation, path, strike);
    torci_job_yield(host->world, delay_ns);
    if (torci_disk_dead(disk)) {
        strike->dead = true;
        return SQLITE_IOERR;
    }
    torci_host_seed_sqlite(host);
    return strike->struck && strike->kind == TORC_DISK_FAIL ? strike->code : SQLITE_OK;
}

int torci_disk_pass(struct torci_disk *disk)
{
    struct torci_disk_strike strike;

    return torci_disk_begin(disk, (enum torc_disk_operation)0, "", &strike);
}
