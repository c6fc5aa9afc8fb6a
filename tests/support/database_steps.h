/* database_steps.h - steps on a database, told to a platform as a pool tells them.
 *
 * What SQLite would give is written down with the statement; what the platform answers in its place is kept
 * in the steps, as what the program would see. */
#ifndef TORC_TESTS_DATABASE_STEPS_H
#define TORC_TESTS_DATABASE_STEPS_H

#include <torc/platform.h>

#include "sim/scenario/kept_values.h"

struct database_steps {
    struct torc_platform *platform;
    const char *database;
    uint32_t connection;
    uint64_t request;
    uint32_t ordinal;   /* of the last statement */
    bool open_answered;
    bool answered;      /* the statement under way is */
    /* What the program sees of the last statement. */
    struct torci_kept_values rows;
    uint64_t row_count;
    int code;
    int64_t changes;
    int64_t last_insert_id;
    bool in_transaction;
    bool lost;
};

/* What SQLite gives. */
struct step_statement {
    const char *sql;
    const struct torc_db_value *parameters;
    size_t parameter_count;
    const char *const *columns;
    size_t column_count;
    const struct torc_db_value *values; /* row after row */
    size_t row_count;
    int code;
    const char *message;
    int64_t changes;
    int64_t last_insert_id;
    bool in_transaction;
    bool left_early;
};

/* Opens a connection; SQLite would say `code`.  Returns what the program sees. */
int database_steps_open(struct database_steps *steps, const char *path, int code);
/* A whole statement, the next of the request. */
void database_steps_run(struct database_steps *steps, const struct step_statement *statement);
/* The parts of one: rows from `from` up to `to`, or, answered, up to as many, or up to their end. */
void database_steps_begin(struct database_steps *steps, const struct step_statement *statement);
void database_steps_rows(struct database_steps *steps, const struct step_statement *statement,
                         size_t from, size_t to);
void database_steps_end(struct database_steps *steps, const struct step_statement *statement);
void database_steps_close(struct database_steps *steps);
void database_steps_free(struct database_steps *steps);

#endif
