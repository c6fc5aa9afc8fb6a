/* torc/pool.h - a pool of connections to one SQLite database: statements as deferreds.
 *
 * A pool has one connection that writes and, for a database in a file, some that read; the file is in
 * WAL mode, so that reading and writing go on beside each other.  Work runs in jobs, one at a time on each
 * connection, and waits in a bounded queue for a connection to be free: what writes, in the order it was
 * asked for; what reads, on whichever reader is free first, beside the writer.  When queries wait, one job runs
 * up to four of them, each by itself, and tells them together.  A read asked for after a
 * write has *fired* sees it.
 *
 * The result of a statement is a struct torc_rows * (torc/rows.h), owned.  What can go wrong is told as a
 * failure of a type below database_error, whose detail is a struct torc_database_error:
 *
 *   database_busy          BUSY, LOCKED: somebody else holds the database, and the retries are used up
 *   database_constraint    CONSTRAINT_*
 *   database_full          FULL
 *   database_io            IOERR_*, CANTOPEN
 *   database_corrupt       CORRUPT, NOTADB
 *   database_interrupted   INTERRUPT
 *   database_lost          the connection went; the outcome is unknown
 *   database_statement     SQL that is wrong, parameters that do not fit, a write asked for as a read
 *   database_error         any other code
 *
 * And pool_closed, cancelled, out_of_memory.
 *
 * BUSY and LOCKED (BUSY_SNAPSHOT among them) are tried again later, rolled back in between, by a timed call
 * and not by waiting in the job; nothing else is.  After an error that leaves doubt about a connection
 * (database_io, database_corrupt, database_lost, a rollback that failed) it is closed and the next work
 * opens a new one.  The failure told is always the first one; a failing rollback is logged.
 *
 * Calls are for the reactor's thread.  A deferred never fires before the call that made it returns. */
#ifndef TORC_POOL_H
#define TORC_POOL_H

#include <torc/reactor.h>
#include <torc/rows.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_pool;
struct torc_transaction;

/* The detail of a failure of type database_error: torc_failure_detail, or NULL where no statement was
 * reached.  Lives as long as the failure. */
struct torc_database_error {
    int sqlite_code;       /* extended result code */
    const char *code_name; /* "SQLITE_CONSTRAINT_UNIQUE" */
    const char *database;  /* the pool's name */
    const char *statement; /* its SQL; NULL: none was reached */
    int parameter;         /* the one concerned, from 1; 0: none */
    const char *column;    /* the one concerned, "orders.id" or "id"; NULL: none is known */
    unsigned attempts;     /* how often it was tried */
};
/* The detail if the failure, or a failure that caused it, has one; or NULL. */
TORC_API const struct torc_database_error *
torc_database_error_of(const struct torc_failure *failure);

/* "SQLITE_BUSY_SNAPSHOT" and back; unknown: "SQLITE_?" and TORC_ENOTFOUND. */
TORC_API const char *torc_sqlite_code_name(int code);
TORC_API TORC_CHECKED int torc_sqlite_code_of_name(const char *name, int *out);

/* When what was committed is on the disk (SQLite's PRAGMA synchronous). */
enum torc_synchronous {
    TORC_SYNCHRONOUS_FULL,   /* each commit: it survives a loss of power */
    TORC_SYNCHRONOUS_NORMAL, /* at checkpoints: a loss of power may take the last commits, whole */
    TORC_SYNCHRONOUS_OFF     /* never: a loss of power may destroy the database */
};

/* Sets up a new connection, inside a job, before it is used: functions, collations, PRAGMAs.  0 or a
 * negative code, which the work that wanted the connection gets. */
typedef int torc_pool_opened_fn(struct torc_transaction *connection, void *arg);

struct torc_pool_options {
    size_t size;       /* sizeof(struct torc_pool_options) */
    const char *path;  /* copied.  ":memory:" (or NULL): one connection, gone with the pool */
    const char *name;  /* copied; in traces, scenarios and messages.  NULL: the file's name up to its dot */
    unsigned readers;  /* 0: 2; ignored for a database in memory */
    size_t queue_max;  /* work that waits or runs; 0: 4096 */
    size_t statements_max;      /* prepared statements kept by each connection; 0: 64 */
    unsigned busy_retries_max;  /* after the first attempt; 0: none */
    uint64_t busy_retry_ns;     /* the first pause; each is twice the one before */
    uint64_t busy_retry_max_ns; /* no pause is longer */
    enum torc_synchronous synchronous;
    bool must_exist;   /* a missing file is an error instead of being created */
    torc_pool_opened_fn *opened; /* NULL: nothing */
    void *opened_arg;            /* borrowed until the pool is closed */
};
#define TORC_POOL_OPTIONS_INIT                                                                     \
    {sizeof(struct torc_pool_options), NULL, NULL, 0, 0, 0, 10, 1000000, 100000000,                \
     TORC_SYNCHRONOUS_FULL, false, NULL, NULL}

/* Makes a pool.  Nothing is opened before the first work, so a database that cannot be opened is told by
 * that.  Until the pool is closed the reactor's shutdown waits for work that was submitted (before
 * `during`); what is left open then is closed.
 * Errors: TORC_ENOMEM; TORC_EINVAL; TORC_ENOTSUP, SQLite was built without threads; TORC_ECLOSED, the
 * reactor has stopped. */
TORC_API TORC_CHECKED int torc_pool_new_at(const char *site, struct torc_reactor *reactor,
                                           const struct torc_pool_options *options,
                                           struct torc_pool **out);
#define torc_pool_new(...) torc_pool_new_at(TORC_HERE, __VA_ARGS__)

/* Closes: from now on work is refused with TORC_ECLOSED; what waits or runs is done; then the connections
 * are closed, and the deferred fires with NULL.  Errors: TORC_ENOMEM; TORC_ELIMIT, the reactor has no place
 * for the job that closes them, and the pool is as before; TORC_ECLOSED, it was asked for already, or the
 * reactor has stopped. */
TORC_API TORC_CHECKED int torc_pool_close(struct torc_pool *pool, struct torc_deferred **out);

/* Gives the pool up: waiting work fails with pool_closed at once, running work is interrupted and its
 * deferred fails likewise; connections are closed when their jobs have ended.  Call it before the reactor is
 * freed, also after torc_pool_close.  May be called inside a callback of the pool's.  NULL is accepted. */
TORC_API void torc_pool_free(struct torc_pool *pool);

TORC_API const char *torc_pool_name(const struct torc_pool *pool);
TORC_API struct torc_reactor *torc_pool_reactor(const struct torc_pool *pool);

/* --- one statement --------------------------------------------------------------------------------
 * `sql` and the parameters are copied.  Parameters are bound by their place (?, ?1, :name in order of
 * first appearance); there must be as many as the statement has.  Exactly one statement: what follows it
 * other than blanks and comments is an error, as is none.  Cancelling: what waits does not run; what runs is
 * interrupted and rolled back, unless its COMMIT had begun: the deferred fires with `cancelled` at once and
 * does not tell which.
 * Errors of all that submit work: TORC_ENOMEM; TORC_ELIMIT, queue_max; TORC_ECLOSED, the pool is closed or
 * the reactor has stopped; the work is not taken. */

/* Parameters as a list of values: torc_pool_query(pool, sql, TORC_PARAMETERS(torc_db_integer(7)), &d).
 * C only. */
#define TORC_PARAMETERS(...)                                                                       \
    (const struct torc_db_value[]){__VA_ARGS__},                                                   \
        sizeof((const struct torc_db_value[]){__VA_ARGS__}) / sizeof(struct torc_db_value)
#define TORC_NO_PARAMETERS NULL, 0

/* Reads.  A statement that would write fails with database_statement. */
TORC_API TORC_CHECKED int torc_pool_query_at(const char *site, struct torc_pool *pool,
                                             const char *sql,
                                             const struct torc_db_value *parameters, size_t count,
                                             struct torc_deferred **out);
#define torc_pool_query(...) torc_pool_query_at(TORC_HERE, __VA_ARGS__)

/* Anything, on the connection that writes; commits by itself.  The rows hold what RETURNING gives, the
 * number of changes and the last rowid. */
TORC_API TORC_CHECKED int torc_pool_operation_at(const char *site, struct torc_pool *pool,
                                                 const char *sql,
                                                 const struct torc_db_value *parameters,
                                                 size_t count, struct torc_deferred **out);
#define torc_pool_operation(...) torc_pool_operation_at(TORC_HERE, __VA_ARGS__)

/* --- a transaction ------------------------------------------------------------------------------ */

enum torc_transaction_mode {
    TORC_TRANSACTION_WRITE,   /* BEGIN IMMEDIATE on the connection that writes */
    TORC_TRANSACTION_READ,    /* BEGIN on a reader: one state of the database, however many statements; one
                               * that would write is refused, as by torc_pool_query */
    TORC_TRANSACTION_DEFERRED /* BEGIN on the connection that writes: locks at its first write, which may
                               * fail with BUSY_SNAPSHOT */
};

/* Runs inside a job: may block, must not touch the reactor, the pool or a deferred.  0 commits; anything
 * else rolls back and is the failure (that of the statement which failed, if the code is what that
 * returned; otherwise one of torc_failure_of_code).  A statement's error that leaves the transaction broken
 * fails it whatever is returned.  May run several times: a busy attempt is rolled back and the function
 * called anew, so what it leaves in `arg` must be what the last run left. */
typedef int torc_interaction_fn(struct torc_transaction *transaction, void *arg);

/* Runs `interaction` in a transaction.  The deferred fires, after the commit, with what
 * torc_transaction_give was given last (NULL).  `arg` is taken: `drop_arg` is called once, on the reactor's
 * thread, when the work is over and the deferred has been fired. */
TORC_API TORC_CHECKED int torc_pool_interaction_at(const char *site, struct torc_pool *pool,
                                                   enum torc_transaction_mode mode,
                                                   torc_interaction_fn *interaction, void *arg,
                                                   torc_drop_fn *drop_arg,
                                                   struct torc_deferred **out);
#define torc_pool_interaction(...) torc_pool_interaction_at(TORC_HERE, __VA_ARGS__)

/* Runs `function` on the connection that writes without a transaction around it: it may begin and end its
 * own.  It is never called twice; a transaction left open is rolled back and is an error
 * (database_statement). */
TORC_API TORC_CHECKED int torc_pool_run_at(const char *site, struct torc_pool *pool,
                                           torc_interaction_fn *function, void *arg,
                                           torc_drop_fn *drop_arg, struct torc_deferred **out);
#define torc_pool_run(...) torc_pool_run_at(TORC_HERE, __VA_ARGS__)

/* --- inside an interaction ---------------------------------------------------------------------- */

/* Runs one statement.  `out` NULL: rows are counted and forgotten; otherwise given (torc_rows_free).
 * Errors: the code of the error (TORC_EBUSY, TORC_ECONSTRAINT, TORC_ENOSPC, TORC_EIO, TORC_ECORRUPT,
 * TORC_ECANCELED, TORC_EUNKNOWN, TORC_EINVAL, TORC_EREADONLY, TORC_EDATABASE, TORC_ENOMEM; TORC_EMISUSE,
 * the interaction has ended its own transaction); torc_transaction_error tells more. */
TORC_API TORC_CHECKED int torc_transaction_execute(struct torc_transaction *transaction,
                                                   const char *sql,
                                                   const struct torc_db_value *parameters,
                                                   size_t count, struct torc_rows **out);

/* The same, row by row and without copying: `row` gets rows of one, borrowed until it returns; what it
 * returns, if not 0, ends the statement and is the answer.  It may run statements itself, which traces and
 * recordings do not follow well (docs/limits.md). */
typedef int torc_row_fn(void *arg, const struct torc_rows *row);
TORC_API TORC_CHECKED int torc_transaction_each(struct torc_transaction *transaction,
                                                const char *sql,
                                                const struct torc_db_value *parameters,
                                                size_t count, torc_row_fn *row, void *arg);

/* What the last failing statement was: its sentence and, if `out` is not NULL, its detail, borrowed until
 * the next statement.  NULL: none has failed. */
TORC_API const char *torc_transaction_error(const struct torc_transaction *transaction,
                                            struct torc_database_error *out);

/* Fails in words of the interaction's own: if it then returns `code`, its deferred fails with a failure of
 * `type` (a static one; database_error or below it) that has this sentence and `column` (copied; may be
 * NULL) in its detail.  The failure of a statement that ended with that very code becomes its cause.
 * Whether a busy attempt is tried again does not depend on it.  Answers `code`, or TORC_ENOMEM. */
TORC_API int torc_transaction_refuse(struct torc_transaction *transaction,
                                     const struct torc_failure_type *type, int code,
                                     const char *column, const char *format, ...)
    TORC_PRINTF(5, 6);

/* Sets the value the deferred fires with.  One given before, also by an earlier attempt, is released; so is
 * this one if the transaction does not commit or nobody wants its result.  `drop` may run inside the job. */
TORC_API void torc_transaction_give(struct torc_transaction *transaction, void *value,
                                    torc_drop_fn *drop);

/* 1 on the first run, 2 on the first retry, ... */
TORC_API unsigned torc_transaction_attempt(const struct torc_transaction *transaction);

/* Memory inside a job, where a scope is not to be used: the platform's.  It may be released in another job
 * or on the reactor's thread (torc_pool_release). */
TORC_API TORC_CHECKED void *torc_transaction_alloc(struct torc_transaction *transaction,
                                                   size_t bytes);
TORC_API void torc_transaction_release(struct torc_transaction *transaction, void *ptr,
                                       size_t bytes);
TORC_API TORC_CHECKED void *torc_pool_alloc(struct torc_pool *pool, size_t bytes);
TORC_API void torc_pool_release(struct torc_pool *pool, void *ptr, size_t bytes);

/* --- many rows ---------------------------------------------------------------------------------- */

struct torc_row_stream;

/* What wants the rows of a stream; all are called on the reactor's thread. */
struct torc_row_consumer {
    /* The next rows, borrowed until it returns; `first` is the number of the first one.  A failure ends the
     * stream with it (taken). */
    struct torc_failure *(*rows)(struct torc_row_consumer *self, struct torc_row_stream *stream,
                                 const struct torc_rows *rows, uint64_t first);
};

struct torc_row_stream_options {
    size_t size;      /* sizeof(struct torc_row_stream_options) */
    size_t rows_max;  /* read ahead, and told at once; 0: 256 */
    size_t bytes_max; /* the same in bytes; 0: 64 KiB.  One row is always read */
};
#define TORC_ROW_STREAM_OPTIONS_INIT {sizeof(struct torc_row_stream_options), 0, 0}

/* Reads a large result piece by piece: the next piece is read once the consumer has had the one before and
 * the stream is not paused.  It holds a reader, and one state of the database, until its end.  The deferred
 * fires with the number of rows, (void *)(uintptr_t), at the end; cancelling it ends the stream.  The
 * consumer is borrowed until then; `options` may be NULL; `out_stream` may be NULL and is borrowed until the
 * deferred fires. */
TORC_API TORC_CHECKED int torc_pool_stream_at(const char *site, struct torc_pool *pool,
                                              const char *sql,
                                              const struct torc_db_value *parameters, size_t count,
                                              struct torc_row_consumer *consumer,
                                              const struct torc_row_stream_options *options,
                                              struct torc_row_stream **out_stream,
                                              struct torc_deferred **out);
#define torc_pool_stream(...) torc_pool_stream_at(TORC_HERE, __VA_ARGS__)

/* No more rows after the call that is running, until resumed.  Both may be said any number of times. */
TORC_API void torc_row_stream_pause(struct torc_row_stream *stream);
TORC_API void torc_row_stream_resume(struct torc_row_stream *stream);

/* --- what goes on ------------------------------------------------------------------------------- */

struct torc_pool_counts {
    size_t waiting;         /* for a connection, or for their next attempt */
    size_t running;
    size_t connections;     /* open */
    uint64_t requests;      /* ever submitted */
    uint64_t retries;
    uint64_t reconnects;    /* connections closed because of an error */
    uint64_t statements_prepared; /* not found in the cache */
    uint64_t statements_run;
};
TORC_API void torc_pool_count(const struct torc_pool *pool, struct torc_pool_counts *out);

#ifdef __cplusplus
}
#endif
#endif
