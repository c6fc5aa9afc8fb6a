/* torc/database_fault.h - what goes wrong with the statements of a simulated host, and a look into its
 * databases from outside. */
#ifndef TORC_DATABASE_FAULT_H
#define TORC_DATABASE_FAULT_H

#include <torc/rows.h>
#include <torc/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

enum torc_database_fault_kind {
    TORC_DATABASE_FAIL,        /* `code`; the statement is not run */
    TORC_DATABASE_DROP_BEFORE, /* the connection goes before it is run */
    TORC_DATABASE_DROP_MID,    /* ... at row `row` (0: the first) of a read; anything else is not run, as what
                                * is broken off is rolled back */
    TORC_DATABASE_DROP_AFTER,  /* it is run, with all it does, and the reply is lost */
    TORC_DATABASE_SLOW         /* row `row` (0: the statement itself) takes `delay_ns` longer */
};

/* Strikes the n-th statement that matches, counted from when it was added, and `times` - 1 after it.  A
 * statement suffers one fault beside slowness; another that is due strikes the next one it matches. */
struct torc_database_fault {
    size_t size;          /* sizeof(struct torc_database_fault) */
    const char *database; /* the pool's name; NULL: any.  Copied */
    const char *sql;      /* an extended regular expression (POSIX) found in the statement; NULL: any.  Copied */
    uint64_t n;           /* 0: the first */
    uint64_t times;       /* 0: once; UINT64_MAX: for ever */
    enum torc_database_fault_kind kind;
    int code;             /* extended result code: BUSY, LOCKED, FULL, IOERR_*, CORRUPT, INTERRUPT, CONSTRAINT_*,
                           * ...; of a connection that goes, 0: SQLITE_IOERR */
    uint64_t row;
    uint64_t delay_ns;    /* before the caller is told */
};
#define TORC_DATABASE_FAULT_INIT                                                                   \
    {sizeof(struct torc_database_fault), NULL, NULL, 0, 0, TORC_DATABASE_FAIL, 0, 0, 0}

/* Faults stay through kills and restarts.  `out` may be NULL.  Errors: TORC_ENOMEM; TORC_ESYNTAX, `sql`;
 * TORC_EINVAL, no such code. */
TORC_API TORC_CHECKED int torc_host_add_database_fault(struct torc_host *host,
                                                       const struct torc_database_fault *fault,
                                                       uint32_t *out);
TORC_API uint64_t torc_host_database_fault_struck(const struct torc_host *host, uint32_t fault);
/* How many statements were begun on the host. */
TORC_API uint64_t torc_host_statements(const struct torc_host *host);
TORC_API void torc_host_clear_database_faults(struct torc_host *host);

/* Names a database before a pool of the host opens it: `path` is its file.  What a pool opens is known by
 * the pool's name.  Errors: TORC_ENOMEM; TORC_EEXIST. */
TORC_API TORC_CHECKED int torc_host_name_database(struct torc_host *host, const char *name,
                                                  const char *path);

/* Runs statements on a database of the host's disk from outside: no time passes, no fault strikes, nothing is
 * traced.  `out` (may be NULL) gets the rows of the last statement; they are the world's memory, and are
 * released before that is.  `error` holds SQLite's sentence.
 * Errors: TORC_ENOTFOUND, no such database; those of torc/pool.h; TORC_EBUSY, a transaction of the host is
 * in the way. */
TORC_API TORC_CHECKED int torc_host_sql(struct torc_host *host, const char *database,
                                        const char *sql, struct torc_rows **out, char *error,
                                        size_t error_size);

#ifdef __cplusplus
}
#endif
#endif
