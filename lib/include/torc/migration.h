/* torc/migration.h - the schema of a database, in ordered steps.
 *
 *     static const struct torc_migration steps[] = {
 *         {.version = 1, .name = "orders", .sql = "CREATE TABLE orders (id INTEGER PRIMARY KEY, ...);"},
 *         {.version = 2, .name = "lines", .sql = "CREATE TABLE order_lines (...);"
 *                                                "CREATE INDEX lines_by_item ON order_lines (item);"},
 *     };
 *     code = torc_migrate(pool, steps, 2, &migrated);
 *
 * The version a database has is kept in SQLite's PRAGMA user_version; a new one has 0. */
#ifndef TORC_MIGRATION_H
#define TORC_MIGRATION_H

#include <torc/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One step.  Steps that were released are never changed or renumbered: what they did is in somebody's
 * database. */
struct torc_migration {
    int32_t version;  /* from 1, each greater than the one before; gaps are allowed */
    const char *name; /* for people */
    /* What it does, either or both; the statements come first. */
    const char *sql;            /* any number of statements, the last with or without `;` */
    torc_interaction_fn *apply; /* called with `arg`, inside the transaction */
    void *arg;
};

/* Brings the database to the version of the last step: runs the steps it does not have, in order, all in
 * one transaction that writes, so that a schema half-way between two programs is never seen, whatever
 * fails.  Also with nothing to do it is one such transaction (BEGIN IMMEDIATE, COMMIT).  The deferred
 * fires with the number of steps that were run, (void *)(uintptr_t).
 * `steps` is borrowed until the deferred has fired, and if that was cancelled until the pool is closed.
 *
 * The deferred fails, and the database is as before, with
 *
 *   database_migration  TORC_EINVAL: a step that is out of order, has the version of another, has no
 *                       name or nothing to do, or begins or ends a transaction.
 *                       TORC_EDATABASE: the database has a version newer than the last step.
 *                       Any other code: a step failed; the sentence names it and the statement, counted
 *                       from 1, and the cause is the failure of that.
 *   what the pool says  for all that is no fault of a step: database_busy, database_lost, ...
 *
 * A file that is not a database fails as any first work on it does.
 * Errors: as those of torc_pool_interaction. */
TORC_API TORC_CHECKED int torc_migrate_at(const char *site, struct torc_pool *pool,
                                          const struct torc_migration *steps, size_t count,
                                          struct torc_deferred **out);
#define torc_migrate(...) torc_migrate_at(TORC_HERE, __VA_ARGS__)

#ifdef __cplusplus
}
#endif
#endif
