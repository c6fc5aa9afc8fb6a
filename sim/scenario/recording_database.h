/* recording_database.h - what a recording holds of a database: connections opened and closed, statements.
 *
 * A statement is one record, made at its end.  Where it is long, or goes on in a later job, records of
 * rows precede that one; the first record of a statement has its parameters, and each the rows since the one
 * before it. */
#ifndef TORCI_RECORDING_DATABASE_H
#define TORCI_RECORDING_DATABASE_H

#include <torc/database_event.h>
#include <torc/trace.h>

enum torci_database_what {
    TORCI_DATABASE_OPEN,
    TORCI_DATABASE_ROWS,
    TORCI_DATABASE_STATEMENT,
    TORCI_DATABASE_CLOSE
};

/* Pointers are borrowed; text ends with a NUL. */
struct torci_database_record {
    enum torci_database_what what;
    struct torc_db_value database; /* the pool's name */
    uint32_t connection;
    uint64_t request;
    uint32_t ordinal;
    struct torc_db_value path; /* open */

    /* rows, statement */
    struct torc_db_value sql;
    uint64_t begun; /* n of the last event recorded before the statement began */
    const struct torc_db_value *parameters;
    size_t parameter_count;
    const struct torc_db_value *columns; /* their names */
    size_t column_count;
    const struct torc_db_value *values; /* row after row */
    size_t row_count;                   /* in this record */
    uint64_t first;                     /* number of its first row, from 1 */

    /* open, statement */
    int64_t code;
    struct torc_db_value message;

    /* statement */
    uint64_t rows; /* in all records of it */
    bool complete;
    int64_t changes;
    int64_t last_insert_id;
    bool in_transaction;
    bool lost;
    uint64_t took_ns;
};

/* "open", "rows", "statement", "close". */
const char *torci_database_what_name(enum torci_database_what what);

/* Adds the fields of the record to the event that was begun. */
void torci_database_record_emit(const struct torci_database_record *record,
                                struct torc_trace *trace);

/* Whether two values have the same type and the same bytes. */
bool torci_database_value_equal(const struct torc_db_value *a, const struct torc_db_value *b);

#endif
