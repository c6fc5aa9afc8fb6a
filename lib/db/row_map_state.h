/* row_map_state.h - what the parts of the row mapper share. */
#ifndef TORC_ROW_MAP_STATE_H
#define TORC_ROW_MAP_STATE_H

#include <torc/row_map.h>

/* The texts of a table; all in one block with it. */
struct torci_row_texts {
    const char *create;
    const char *select; /* without a tail */
    const char *find;
    const char *writes[4];          /* by enum torc_row_write */
    const char *labels[TORC_ROW_COLUMNS_MAX];   /* "orders.id" */
    const char *children[TORC_ROW_COLUMNS_MAX]; /* of columns with TORC_PARENT, otherwise NULL */
    const char *delete_children[TORC_ROW_COLUMNS_MAX];
};

struct torc_table {
    struct torc_pool *pool;
    struct torc_scope *scope;
    struct torc_platform *platform;
    const struct torc_row_map *map;
    unsigned references; /* its owner's, and one for each deferred under way */
    size_t bytes;
    struct torci_row_texts texts;
    char text[];
};

/* What was wrong with a value. */
struct torci_row_trouble {
    size_t column;
    size_t row;       /* from 1; 0: it was a parameter */
    size_t parameter; /* from 1; 0: it was read */
    char what[120];
};

/* Writes all texts into `buffer` and lets `out` point there; returns the bytes they need.  Without a
 * buffer (NULL, 0) it only counts, and `out` is of no use.
 */
size_t torci_row_texts_write(const struct torc_row_map *map, char *buffer, size_t size,
                             struct torci_row_texts *out);

/* The members of `row` that the statement has parameters for, in their order.  Errors: TORC_EINVAL. */
int torci_row_parameters(const struct torc_row_map *map, enum torc_row_write write, const void *row,
                         struct torc_db_value *values, size_t *out_count,
                         struct torci_row_trouble *trouble);
/* The members of the key alone. */
int torci_row_key(const struct torc_row_map *map, const void *row, struct torc_db_value *values,
                  size_t *out_count, struct torci_row_trouble *trouble);
int torci_row_parent_key(const struct torc_row_map *map, const struct torc_row_parent *parent,
                         size_t *out_column, struct torc_db_value *out_value,
                         struct torci_row_trouble *trouble);
/* One member as a value, borrowed.  Errors: TORC_EINVAL, and `what` says why. */
int torci_member_read(const struct torc_row_column *column, const void *member,
                      struct torc_db_value *out, char *what, size_t size);
/* Whether the value fits the column; *out_bytes: what it needs outside the struct.  Errors: TORC_EINVAL. */
int torci_member_check(const struct torc_row_column *column, struct torc_db_value value,
                       size_t *out_bytes, char *what, size_t size);
/* Stores a value that fits; `spare` is where its bytes outside the struct go. */
void torci_member_write(const struct torc_row_column *column, struct torc_db_value value,
                        void *member, char *spare);

/* The rows as an array of structs, or the first of them as a struct (NULL if there is none).
 * Errors: TORC_ENOMEM; TORC_EINVAL, a value does not fit. */
int torci_rows_to_array(const struct torc_table *table, const struct torc_rows *rows, void **out,
                        struct torci_row_trouble *trouble);
int torci_rows_to_struct(const struct torc_table *table, const struct torc_rows *rows, void **out,
                         struct torci_row_trouble *trouble);

/* Memory that torc_row_drop releases.  NULL: out of memory. */
void *torci_row_block(struct torc_platform *platform, size_t bytes);

/* The failure of a value; on the reactor's thread.  Never NULL. */
struct torc_failure *torci_row_failure(const char *site, const struct torc_table *table,
                                       const struct torci_row_trouble *trouble,
                                       const char *statement);

#endif
