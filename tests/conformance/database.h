/* database.h - for bodies about databases: pools, what was asked of them, another program that has the
 * file open, and statements that go wrong.
 *
 * Pools are of the client's reactor.  What these functions make is freed after the body; a pool that is
 * still open then is closed, and has to say so, if the body held. */
#ifndef TORC_CONFORMANCE_DATABASE_H
#define TORC_CONFORMANCE_DATABASE_H

#include "conformance.h"

#include <torc/pool.h>

/* Something asked of a pool, and the answer.  Never NULL. */
struct ask {
    struct conf *c;
    const char *name; /* noted with the answer; NULL: not */
    int code;         /* what the call that asked for it returned */
    bool done;
    bool gives_rows;
    struct torc_result result; /* as it came: owned */
    const struct torc_failure_type *type; /* of a failure; NULL: it went well */
    struct torc_deferred *deferred; /* NULL once it has fired */
    torc_interaction_fn *function;
    void *arg;
    unsigned arg_dropped;
    bool over; /* the body has ended */
};

/* The path of a database that no other body has. */
const char *database_path(struct conf *c, const char *name);

/* Opens a pool on that path.  `options` (NULL: the usual ones) says the rest. */
struct torc_pool *pool_on(struct conf *c, const char *path, const struct torc_pool_options *options);
/* The usual pool, with a table `t (id INTEGER PRIMARY KEY, v)`; NULL if that failed. */
struct torc_pool *pool_with_table(struct conf *c);
/* Gives it up now, and forgets it. */
void pool_free(struct conf *c, struct torc_pool *pool);
/* Closes it and runs until that is done, and frees it. */
bool pool_close(struct conf *c, struct torc_pool *pool);

struct ask *ask_query(struct conf *c, struct torc_pool *pool, const char *sql,
                      const struct torc_db_value *parameters, size_t count);
struct ask *ask_operation(struct conf *c, struct torc_pool *pool, const char *sql,
                          const struct torc_db_value *parameters, size_t count);
/* The argument's drops are counted in the ask. */
struct ask *ask_interaction(struct conf *c, struct torc_pool *pool, enum torc_transaction_mode mode,
                            torc_interaction_fn *interaction, void *arg);
struct ask *ask_run(struct conf *c, struct torc_pool *pool, torc_interaction_fn *function, void *arg);
struct ask *ask_close(struct conf *c, struct torc_pool *pool);
/* One that waits for `deferred`, which is taken. */
struct ask *ask_deferred(struct conf *c, const char *name, int code, struct torc_deferred *deferred);

struct ask *named(struct ask *ask, const char *name);
/* Runs until it is answered, if it was taken. */
bool answered(struct ask *ask);
/* The same, and how: well; with so many rows; with a failure of exactly this type. */
bool went_well(struct ask *ask);
bool gave_rows(struct ask *ask, size_t rows);
bool failed_as(struct ask *ask, const struct torc_failure_type *type);
bool failed_below(struct ask *ask, const struct torc_failure_type *type); /* or one that descends from it */
bool failed_with(struct ask *ask, int code);

/* Cancels it; whether it was not answered before, and is at once, with `cancelled`. */
bool cancel(struct ask *ask);

/* Of what was answered.  NULL where there is none. */
const struct torc_rows *rows_of(const struct ask *ask);
const struct torc_failure *failure_of(const struct ask *ask);
const struct torc_database_error *detail_of(const struct ask *ask);
/* INT64_MIN where the cell is no integer. */
int64_t integer_at(const struct ask *ask, size_t row, size_t column);
bool text_is(const struct ask *ask, size_t row, size_t column, const char *expected);

/* Releases what was answered until now. */
void drop_answers(struct conf *c);

/* An operation without parameters; whether it went well. */
bool did(struct conf *c, struct torc_pool *pool, const char *sql);
/* What a query gives in its first cell. */
int64_t number_from(struct conf *c, struct torc_pool *pool, const char *sql);

/* In a job: a statement without parameters, its code, or the integer it gives (INT64_MIN: none). */
int execute(struct torc_transaction *transaction, const char *sql);
int64_t number_in(struct torc_transaction *transaction, const char *sql);

/* Another program that has the file open, with a connection of its own, until the body has ended.  Returns
 * SQLite's code.  May be called in a job while nobody else does. */
int outsider(struct conf *c, const char *path, const char *sql);
/* The integer that it sees; INT64_MIN: none. */
int64_t outsider_sees(struct conf *c, const char *path, const char *sql);
void outsider_leaves(struct conf *c);
/* Makes a file of these bytes on the world's disk. */
bool write_file(struct conf *c, const char *path, const char *bytes, int count);
bool file_exists(struct conf *c, const char *path);

/* The next statement that begins with `sql`: what SQLite did stays, but its outcome is told as `code`, or
 * that the connection was lost.  To be called while no work runs. */
void outcome_told_as(struct conf *c, const char *sql, int code, bool lost);
unsigned outcomes_told(const struct conf *c);

/* Before a body; after it, while its world is there; after its world. */
void database_begin(struct conf *c);
void database_end(struct conf *c);
void database_forget(struct conf *c);
/* Of database_outside.c, called by these. */
void outside_begin(struct conf *c);
void outside_forget(struct conf *c);

#endif
