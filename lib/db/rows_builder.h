/* rows_builder.h - making struct torc_rows, on any thread: memory is the platform's. */
#ifndef TORCI_ROWS_BUILDER_H
#define TORCI_ROWS_BUILDER_H

#include <torc/platform.h>
#include <torc/rows.h>

struct torci_rows_chunk;

struct torc_rows {
    struct torc_platform *platform; /* NULL: a view, which owns nothing */
    size_t column_count;
    const char *const *columns;
    struct torc_db_value *cells;
    size_t row_count;
    size_t row_capacity;
    size_t bytes; /* of texts and blobs */
    int64_t changes;
    int64_t last_insert_id;
    struct torci_rows_chunk *chunks;
};

/* Empty rows without columns.  NULL: out of memory. */
struct torc_rows *torci_rows_new(struct torc_platform *platform);

/* Names the columns, before the first row; in place of other names.  With the names it has already it needs
 * no memory.  Errors: TORC_ENOMEM. */
TORC_CHECKED int torci_rows_name_columns(struct torc_rows *rows, size_t count,
                                         const char *const *names);

/* Appends a copy of a row of as many values as there are columns.  Errors: TORC_ENOMEM; as before. */
TORC_CHECKED int torci_rows_append(struct torc_rows *rows, const struct torc_db_value *values);

/* Rows of one, over values that stay where they are. */
static inline struct torc_rows torci_rows_view(size_t column_count, const char *const *columns,
                                               struct torc_db_value *values)
{
    struct torc_rows view = {NULL, column_count, columns, values, 1, 1, 0, 0, 0, NULL};
    return view;
}

#endif
