#include "sqlite_code.h"

#include <sqlite3.h>

/* The result codes of SQLite 3.40, https://www.sqlite.org/rescode.html. */
#define SQLITE_CODES(X)                                                                            \
    X(OK) X(ERROR) X(INTERNAL) X(PERM) X(ABORT) X(BUSY) X(LOCKED) X(NOMEM) X(READONLY)             \
    X(INTERRUPT) X(IOERR) X(CORRUPT) X(NOTFOUND) X(FULL) X(CANTOPEN) X(PROTOCOL) X(EMPTY)          \
    X(SCHEMA) X(TOOBIG) X(CONSTRAINT) X(MISMATCH) X(MISUSE) X(NOLFS) X(AUTH) X(FORMAT) X(RANGE)    \
    X(NOTADB) X(NOTICE) X(WARNING) X(ROW) X(DONE) X(ABORT_ROLLBACK) X(AUTH_USER)                   \
    X(BUSY_RECOVERY) X(BUSY_SNAPSHOT) X(BUSY_TIMEOUT) X(CANTOPEN_CONVPATH)                         \
    X(CANTOPEN_DIRTYWAL) X(CANTOPEN_FULLPATH) X(CANTOPEN_ISDIR) X(CANTOPEN_NOTEMPDIR)              \
    X(CANTOPEN_SYMLINK) X(CONSTRAINT_CHECK) X(CONSTRAINT_COMMITHOOK) X(CONSTRAINT_DATATYPE)        \
    X(CONSTRAINT_FOREIGNKEY) X(CONSTRAINT_FUNCTION) X(CONSTRAINT_NOTNULL) X(CONSTRAINT_PINNED)     \
    X(CONSTRAINT_PRIMARYKEY) X(CONSTRAINT_ROWID) X(CONSTRAINT_TRIGGER) X(CONSTRAINT_UNIQUE)        \
    X(CONSTRAINT_VTAB) X(CORRUPT_INDEX) X(CORRUPT_SEQUENCE) X(CORRUPT_VTAB)                        \
    X(ERROR_MISSING_COLLSEQ) X(ERROR_RETRY) X(ERROR_SNAPSHOT) X(IOERR_ACCESS) X(IOERR_AUTH)        \
    X(IOERR_BEGIN_ATOMIC) X(IOERR_BLOCKED) X(IOERR_CHECKRESERVEDLOCK) X(IOERR_CLOSE)               \
    X(IOERR_COMMIT_ATOMIC) X(IOERR_CONVPATH) X(IOERR_CORRUPTFS) X(IOERR_DATA) X(IOERR_DELETE)      \
    X(IOERR_DELETE_NOENT) X(IOERR_DIR_CLOSE) X(IOERR_DIR_FSYNC) X(IOERR_FSTAT) X(IOERR_FSYNC)      \
    X(IOERR_GETTEMPPATH) X(IOERR_LOCK) X(IOERR_MMAP) X(IOERR_NOMEM) X(IOERR_RDLOCK) X(IOERR_READ)  \
    X(IOERR_ROLLBACK_ATOMIC) X(IOERR_SEEK) X(IOERR_SHMLOCK) X(IOERR_SHMMAP) X(IOERR_SHMOPEN)       \
    X(IOERR_SHMSIZE) X(IOERR_SHORT_READ) X(IOERR_TRUNCATE) X(IOERR_UNLOCK) X(IOERR_VNODE)          \
    X(IOERR_WRITE) X(LOCKED_SHAREDCACHE) X(LOCKED_VTAB) X(NOTICE_RECOVER_ROLLBACK)                 \
    X(NOTICE_RECOVER_WAL) X(OK_LOAD_PERMANENTLY) X(OK_SYMLINK) X(READONLY_CANTINIT)                \
    X(READONLY_CANTLOCK) X(READONLY_DBMOVED) X(READONLY_DIRECTORY) X(READONLY_RECOVERY)            \
    X(READONLY_ROLLBACK) X(WARNING_AUTOINDEX)

static const struct {
    const char *name;
    int code;
} codes[] = {
#define X(name) {"SQLITE_" #name, SQLITE_##name},
    SQLITE_CODES(X)
#undef X
};

const char *torc_sqlite_code_name(int code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].code == code)
            return codes[i].name;
    return "SQLITE_?";
}

int torc_sqlite_code_of_name(const char *name, int *out)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(codes[i].name, name) == 0) {
            *out = codes[i].code;
            return 0;
        }
    }
    return TORC_ENOTFOUND;
}

static int primary(int code)
{
    return code & 0xff;
}

/* What each primary code is; those that are missing are database_error. */
static const struct meaning {
    int sqlite;
    int code;
    const struct torc_failure_type *type;
} meanings[] = {
    {SQLITE_OK, 0, NULL},
    {SQLITE_BUSY, TORC_EBUSY, &torc_failure_database_busy},
    {SQLITE_LOCKED, TORC_EBUSY, &torc_failure_database_busy},
    {SQLITE_NOMEM, TORC_ENOMEM, &torc_failure_out_of_memory},
    {SQLITE_READONLY, TORC_EREADONLY, &torc_failure_database_statement},
    {SQLITE_INTERRUPT, TORC_ECANCELED, &torc_failure_database_interrupted},
    {SQLITE_IOERR, TORC_EIO, &torc_failure_database_io},
    {SQLITE_CORRUPT, TORC_ECORRUPT, &torc_failure_database_corrupt},
    {SQLITE_FULL, TORC_ENOSPC, &torc_failure_database_full},
    {SQLITE_CANTOPEN, TORC_EIO, &torc_failure_database_io},
    {SQLITE_TOOBIG, TORC_EINVAL, &torc_failure_database_statement},
    {SQLITE_CONSTRAINT, TORC_ECONSTRAINT, &torc_failure_database_constraint},
    {SQLITE_MISMATCH, TORC_ECONSTRAINT, &torc_failure_database_constraint},
    {SQLITE_ERROR, TORC_EINVAL, &torc_failure_database_statement},
    {SQLITE_RANGE, TORC_EINVAL, &torc_failure_database_statement},
    {SQLITE_NOTADB, TORC_ECORRUPT, &torc_failure_database_corrupt},
};

static const struct meaning *meaning_of(int sqlite_code)
{
    static const struct meaning other = {-1, TORC_EDATABASE, &torc_failure_database_error};
    if (sqlite_code == SQLITE_IOERR_NOMEM)
        sqlite_code = SQLITE_NOMEM;
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i].sqlite == primary(sqlite_code))
            return &meanings[i];
    return &other;
}

int torci_code_of_sqlite(int sqlite_code)
{
    return meaning_of(sqlite_code)->code;
}

const struct torc_failure_type *torci_failure_type_of_sqlite(int sqlite_code)
{
    return meaning_of(sqlite_code)->type;
}

bool torci_sqlite_busy(int sqlite_code)
{
    return primary(sqlite_code) == SQLITE_BUSY || primary(sqlite_code) == SQLITE_LOCKED;
}

bool torci_sqlite_doubtful(int sqlite_code)
{
    switch (primary(sqlite_code)) {
    case SQLITE_IOERR:
        return sqlite_code != SQLITE_IOERR_NOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
    case SQLITE_MISUSE:
    case SQLITE_INTERNAL:
        return true;
    default:
        return false;
    }
}

bool torci_sqlite_ends_transaction(int sqlite_code)
{
    switch (primary(sqlite_code)) {
    case SQLITE_NOMEM:
    case SQLITE_FULL:
    case SQLITE_INTERRUPT:
        return true;
    case SQLITE_BUSY: /* of a snapshot that is too old: no retry within the transaction helps */
        return sqlite_code == SQLITE_BUSY_SNAPSHOT;
    default:
        return torci_sqlite_doubtful(sqlite_code);
    }
}
