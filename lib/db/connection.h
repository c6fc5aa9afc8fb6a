/* connection.h - one connection to a database, and the statements run on it; inside jobs, but for
 * torci_connection_interrupt.
 *
 * Every step passes the platform's `database` slot (torc/database_event.h), which may answer in SQLite's
 * place: a connection whose opening was answered has no SQLite behind it. */
#ifndef TORCI_CONNECTION_H
#define TORCI_CONNECTION_H

#include <stdatomic.h>

#include <sqlite3.h>

#include <torc/pool.h>

#include "rows_builder.h"
#include "statement_cache.h"

/* What went wrong with a statement. */
struct torci_sql_error {
    int code; /* of torc/error.h; 0: nothing */
    int sqlite_code;
    bool lost;
    int parameter;
    char message[256];
    char column[128]; /* "": not known */
    char *statement;  /* the platform's memory; NULL: none was reached, or there was no memory */
};

/* What all connections of a pool have in common. */
struct torci_database {
    struct torc_platform *platform;
    const char *name;
    const char *path;
    bool in_memory;
    bool must_exist;
    enum torc_synchronous synchronous;
    size_t statements_max;
    torc_pool_opened_fn *opened;
    void *opened_arg;
    atomic_uint_fast64_t statements_prepared;
    atomic_uint_fast64_t statements_run;
};

struct torci_connection {
    struct torci_database *database;
    uint32_t number;
    atomic_bool open; /* looked at by the reactor's thread too */
    bool answered;       /* opened by the platform: `sqlite` is NULL */
    bool doubtful;       /* to be closed once the present work is over */
    bool in_transaction;
    bool transaction_broken; /* nothing more is run until it has been rolled back */
    atomic_bool cancelled;   /* the present work; what is begun from now on is interrupted */
    atomic_flag sqlite_lock; /* held while `sqlite` is interrupted or forgotten, and while `request` changes */
    sqlite3 *sqlite;
    struct torci_statement_cache cache;
    uint64_t request; /* that uses it, or did last; 0: none yet */
    uint32_t ordinal; /* its statements so far */
    struct torci_sql_error error; /* of the statement that failed last */
};

void torci_connection_init(struct torci_connection *connection, struct torci_database *database,
                           uint32_t number);

/* Inside the job: the attempt of that number, never 0 and never used again, begins to use it: no error yet.
 * *interrupted: torci_connection_interrupt was called for it before, and holds. */
void torci_connection_assign(struct torci_connection *connection, uint64_t request,
                             const bool *interrupted);

/* Opens it if it is not open.  Returns 0 or a code; connection->error tells more. */
TORC_CHECKED int torci_connection_open(struct torci_connection *connection);
/* Closes it if it is open; a transaction in it is rolled back.  No interrupt is left that would keep SQLite from its
 * last checkpoint. */
void torci_connection_close(struct torci_connection *connection);

/* On the reactor's thread, while a job has the attempt of that number: its statement ends with INTERRUPT, and so do
 * those it begins.  One that has not begun leaves the connection alone: *interrupted keeps it. */
void torci_connection_interrupt(struct torci_connection *connection, uint64_t request,
                                bool *interrupted);

void torci_sql_error_clear(struct torci_connection *connection);
/* An error without a statement. */
int torci_sql_error_set(struct torci_connection *connection, int code, const char *message);
/* An error that is not the database's, but a code the user's function returned: sqlite_code is 0. */
void torci_sql_error_own(struct torci_connection *connection, int code);

/* That of a statement, as the event of its end tells it. */
void torci_sql_error_note(struct torci_connection *connection, const struct torc_database_event *event,
                          const char *sql, int parameter);

/* --- running a statement ------------------------------------------------------------------------ */

enum torci_run_flag {
    TORCI_RUN_READ = 1,  /* a statement that would write is an error */
    TORCI_RUN_ALWAYS = 2 /* also when cancelled or broken: ROLLBACK */
};

/* A statement between its beginning and its end.  `sql` and `parameters` stay until then. */
struct torci_sql_run {
    struct torci_connection *connection;
    const char *sql;
    const struct torc_db_value *parameters;
    size_t parameter_count;
    uint32_t ordinal;
    struct torci_statement *statement; /* NULL while answered */
    bool answered;
    bool ended;
    bool complete; /* there were no more rows */
    int64_t total_changes; /* of the connection, before */
    int64_t last_insert_id_before;
    uint64_t rows;
    size_t column_count;
    const char *const *columns;
    struct torc_db_value *values; /* of the present row */
    int64_t changes; /* from the end on */
    int64_t last_insert_id;
};

/* Each returns a code, after which the run has ended; connection->error tells more.  Its columns and the row
 * stay until the next of them. */
TORC_CHECKED int torci_sql_run_begin(struct torci_sql_run *run, struct torci_connection *connection,
                                 const char *sql, const struct torc_db_value *parameters,
                                 size_t count, unsigned flags);
/* 1: a row; 0: there are no more, the run has ended. */
TORC_CHECKED int torci_sql_run_step(struct torci_sql_run *run);
/* Appends the present row to rows of the same columns.  An error ends the run. */
TORC_CHECKED int torci_sql_run_copy_row(struct torci_sql_run *run, struct torc_rows *rows);
/* Always, once: ends it if it has not ended, and lets go of its statement.  Returns 0, or the code of what
 * went wrong in ending it here. */
int torci_sql_run_finish(struct torci_sql_run *run);

/* All of it.  `out` may be NULL; the rows are given. */
TORC_CHECKED int torci_connection_execute(struct torci_connection *connection, const char *sql,
                                          const struct torc_db_value *parameters, size_t count,
                                          unsigned flags, struct torc_rows **out);

#endif
