/* torc/rows.h - what a statement gave: rows copied out of the database, and what it changed.
 *
 * Rows own everything they show; they stay as they are whatever becomes of the database or the pool, and
 * may be read on any thread, one at a time.  Rows and columns are counted from 0. */
#ifndef TORC_ROWS_H
#define TORC_ROWS_H

#include <torc/database_event.h>
#include <torc/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_rows;

/* Frees them; NULL is accepted.  torc_rows_drop is the same as a torc_drop_fn. */
TORC_API void torc_rows_free(struct torc_rows *rows);
TORC_API void torc_rows_drop(void *rows);

TORC_API size_t torc_rows_count(const struct torc_rows *rows);
TORC_API size_t torc_rows_columns(const struct torc_rows *rows);
TORC_API const char *torc_rows_column_name(const struct torc_rows *rows, size_t column);
/* The first column of that name.  Errors: TORC_ENOTFOUND. */
TORC_API TORC_CHECKED int torc_rows_find_column(const struct torc_rows *rows, const char *name,
                                                size_t *out);

/* Rows that the statement inserted, changed or deleted itself (not by triggers), and the rowid it
 * inserted last, 0 if none. */
TORC_API int64_t torc_rows_changes(const struct torc_rows *rows);
TORC_API int64_t torc_rows_last_insert_id(const struct torc_rows *rows);

/* Any cell, borrowed from the rows.  NULL where there is no such cell. */
TORC_API struct torc_db_value torc_rows_value(const struct torc_rows *rows, size_t row,
                                              size_t column);
TORC_API bool torc_rows_is_null(const struct torc_rows *rows, size_t row, size_t column);

/* Typed getters.  They convert nothing but an integer into a real, as SQLite does without loss below
 * 2^53.  Text ends with a NUL (and may hold others before); `out_bytes` may be NULL.
 * Errors: TORC_EINVAL, the cell is of another type or NULL; TORC_ENOTFOUND, there is no such cell. */
TORC_API TORC_CHECKED int torc_rows_integer(const struct torc_rows *rows, size_t row,
                                            size_t column, int64_t *out);
TORC_API TORC_CHECKED int torc_rows_real(const struct torc_rows *rows, size_t row, size_t column,
                                         double *out);
TORC_API TORC_CHECKED int torc_rows_text(const struct torc_rows *rows, size_t row, size_t column,
                                         const char **out, size_t *out_bytes);
TORC_API TORC_CHECKED int torc_rows_blob(const struct torc_rows *rows, size_t row, size_t column,
                                         const void **out, size_t *out_bytes);

/* --- for implementers of platforms --------------------------------------------------------------- */

struct torc_platform;

/* Rows made elsewhere than by a pool: empty, with columns of these names (copied).  Memory is that of the
 * platform's `resize`, which is borrowed until they are freed.  Errors: TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_rows_new(struct torc_platform *platform, size_t columns,
                                        const char *const *names, struct torc_rows **out);
/* Appends a copy of a row: as many values as there are columns.  Errors: TORC_ENOMEM; as before. */
TORC_API TORC_CHECKED int torc_rows_append(struct torc_rows *rows,
                                           const struct torc_db_value *values);
TORC_API void torc_rows_set_outcome(struct torc_rows *rows, int64_t changes,
                                    int64_t last_insert_id);

#ifdef __cplusplus
}
#endif
#endif
