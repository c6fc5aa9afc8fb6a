/* torc/database_event.h - values, and what passes the seam for each statement on a database.
 *
 * Databases are SQLite in both worlds; the pool (torc/pool.h) runs it.  The platform is told of each step
 * by its `database` slot, inside the job that does the work (once the reactor has stopped there can be no job:
 * what is still to be ended and closed then is told on its thread), and may answer in SQLite's place: that is
 * how the simulator delays and fails statements, how a recording holds them and how a replay answers them
 * without a database.  Users of the pool need only the values. */
#ifndef TORC_DATABASE_EVENT_H
#define TORC_DATABASE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

enum torc_db_type { TORC_DB_NULL, TORC_DB_INTEGER, TORC_DB_REAL, TORC_DB_TEXT, TORC_DB_BLOB };

/* A parameter or a cell of a row: one of SQLite's five storage classes.  Text is UTF-8 and need not end
 * with a NUL as a parameter; in rows it does, beyond `bytes`.  Text and blob are borrowed. */
struct torc_db_value {
    enum torc_db_type type;
    size_t bytes; /* of text and blob */
    union {
        int64_t integer;
        double real;
        const char *text;
        const void *blob;
    } as;
};

static inline struct torc_db_value torc_db_null(void)
{
    struct torc_db_value value;
    memset(&value, 0, sizeof value);
    return value;
}
static inline struct torc_db_value torc_db_integer(int64_t integer)
{
    struct torc_db_value value = torc_db_null();
    value.type = TORC_DB_INTEGER;
    value.as.integer = integer;
    return value;
}
static inline struct torc_db_value torc_db_real(double real)
{
    struct torc_db_value value = torc_db_null();
    value.type = TORC_DB_REAL;
    value.as.real = real;
    return value;
}
/* NULL is the value NULL. */
static inline struct torc_db_value torc_db_text_of(const char *text, size_t bytes)
{
    struct torc_db_value value = torc_db_null();
    if (text) {
        value.type = TORC_DB_TEXT;
        value.bytes = bytes;
        value.as.text = text;
    }
    return value;
}
static inline struct torc_db_value torc_db_text(const char *text)
{
    return torc_db_text_of(text, text ? strlen(text) : 0);
}
/* NULL is the value NULL unless `bytes` is 0, which is an empty blob. */
static inline struct torc_db_value torc_db_blob(const void *blob, size_t bytes)
{
    struct torc_db_value value = torc_db_null();
    if (blob || bytes == 0) {
        value.type = TORC_DB_BLOB;
        value.bytes = bytes;
        value.as.blob = blob;
    }
    return value;
}

/* --- the seam, for implementers of platforms ----------------------------------------------------- */

/* For one connection: open opened { begin { row } end } close; after an `opened` that failed, nothing but an
 * open.  A statement that is streamed may end in a later job than it began in, with nothing of its connection
 * between. */
enum torc_database_event_kind {
    TORC_DATABASE_OPEN,  /* a connection is to be opened */
    TORC_DATABASE_OPENED, /* SQLite has opened it, or could not; not told where OPEN was answered */
    TORC_DATABASE_BEGIN, /* a statement is to be prepared and run */
    TORC_DATABASE_ROW,   /* it gave a row */
    TORC_DATABASE_END,   /* it is done, whether well or not */
    TORC_DATABASE_CLOSE  /* the connection is to be closed */
};

/* Everything that points is borrowed for the call; what a platform fills in, it keeps alive until the
 * next event of the same connection. */
struct torc_database_event {
    enum torc_database_event_kind kind;
    const char *database; /* the pool's name */
    uint32_t connection;  /* 0: the writer; 1, 2, ...: the readers */
    uint64_t request;     /* the pool's requests are numbered from 1; a retry has a new number */
    uint32_t ordinal;     /* of the statement in the request, from 1; those that set a new connection up
                           * count too */
    const char *path;     /* OPEN; the platform may put another one here, which is then opened */
    void *sqlite;         /* the sqlite3 connection; NULL at OPEN and where OPEN was answered */

    const char *sql; /* BEGIN, ROW, END; ends with a NUL */
    const struct torc_db_value *parameters;
    size_t parameter_count;

    uint64_t rows; /* ROW: this one's number, from 1; END: how many there were */
    size_t column_count; /* ROW and END */
    const char *const *columns;
    const struct torc_db_value *values; /* ROW */

    /* OPEN (answered), OPENED and END; what follows the message, END alone. */
    int code;                /* extended result code; SQLITE_OK (0) when all went well */
    const char *message;     /* never NULL at OPENED and END */
    bool complete;           /* there were no more rows; false: nobody asked for the rest, or it failed */
    int64_t changes;         /* rows inserted, changed or deleted by this statement */
    int64_t last_insert_id;
    bool in_transaction;     /* after it */
    /* Set by a platform that answers: the connection is gone.  The caller is told that the outcome is
     * unknown; the pool closes the connection, which rolls back, and opens another. */
    bool lost;
};

/* What the slot answers.
 *
 *   OPEN   PROCEED: SQLite opens it.  ANSWER: nothing is opened; `code` says whether it went well, and every
 *          later event of this connection is to be answered.
 *   BEGIN  PROCEED: SQLite runs it.  ANSWER: it is not run.  The pool then asks with ROW until the answer is
 *          PROCEED, and with END for the outcome.
 *   ROW    SQLite runs it: PROCEED, or ANSWER with a `code` that is not SQLITE_OK: the statement ends here
 *          with that error.  Answered: ANSWER with `columns`, `values` and `column_count` filled in is
 *          a row; PROCEED: there are no more.
 *   END    SQLite ran it: PROCEED, or ANSWER: the caller is told `code`, `message` and `lost` as filled in;
 *          what SQLite did stays done.  Answered: ANSWER, with everything from `rows` on filled in.
 *   OPENED, CLOSE   the answer is ignored. */
enum torc_database_answer { TORC_DATABASE_PROCEED, TORC_DATABASE_ANSWER };

#ifdef __cplusplus
}
#endif
#endif
