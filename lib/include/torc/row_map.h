/* torc/row_map.h - rows of a table as structs of your own.
 *
 * A struct is described once, as a list of its members; the rest follows from that:
 *
 *     struct order {
 *         int64_t id;
 *         const char *customer;
 *         int32_t items;
 *         const char *note;
 *     };
 *     #define ORDER_FIELDS(F)                                \
 *         F(id, "id", INTEGER, TORC_KEY)                     \
 *         F(customer, "customer", TEXT, 0)                   \
 *         F(items, "items", INTEGER, 0)                      \
 *         F(note, "note", TEXT, TORC_NULLABLE)
 *     TORC_ROW_MAP(order, "orders", ORDER_FIELDS);
 *
 *     struct order_table *orders;
 *     code = order_table_new(pool, &orders);
 *     code = order_insert(orders, &(struct order){.id = 42, .customer = "Ann", .items = 3}, &inserted);
 *     code = order_find(orders, &(struct order){.id = 42}, &found);        fires with a struct order *
 *     code = order_select(orders, "WHERE customer = ?", TORC_PARAMETERS(torc_db_text("Ann")), &list);
 *
 * F(member, column, type, flags): the type of the column is INTEGER, REAL, TEXT or BLOB, and the member
 * must be of a C type that holds it; anything else does not compile:
 *
 *     column   member                        with TORC_NULLABLE
 *     INTEGER  int64_t, int32_t, bool        struct torc_optional_int64, _int32, _bool
 *     REAL     double                        struct torc_optional_double
 *     TEXT     char *, const char *          the same, NULL is NULL
 *              char [N]                      -
 *     BLOB     struct torc_blob              the same, data NULL is NULL
 *
 * Nothing is converted and nothing is cut.  A value that does not fit, on its way in or out (NULL where the
 * column is not nullable, a number beyond an int32_t, a bool that is neither 0 nor 1, a text too long for
 * its array or with a NUL in it, another type), fails with database_value; its detail (torc/pool.h) names
 * the column as "orders.items".
 *
 * The macros are for C; the functions they stand on may be used from C++ too. */
#ifndef TORC_ROW_MAP_H
#define TORC_ROW_MAP_H

#include <torc/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- members ------------------------------------------------------------------------------------- */

struct torc_optional_int64 {
    bool present;
    int64_t value;
};
struct torc_optional_int32 {
    bool present;
    int32_t value;
};
struct torc_optional_bool {
    bool present;
    bool value;
};
struct torc_optional_double {
    bool present;
    double value;
};
/* `data` NULL and `bytes` 0 is an empty blob in a column that is not nullable. */
struct torc_blob {
    const void *data;
    size_t bytes;
};

/* What a column is besides its type. */
enum torc_column_flag {
    TORC_KEY = 1,      /* (part of) the primary key */
    TORC_NULLABLE = 2, /* may be NULL */
    TORC_UNIQUE = 4,
    TORC_GENERATED = 8, /* a key of type int64_t that the database chooses at insert */
    TORC_PARENT = 16    /* the key of another table's row: TORC_ONE_TO_MANY finds rows by it */
};

/* No table has more columns. */
#define TORC_ROW_COLUMNS_MAX 64

/* --- what TORC_ROW_MAP makes --------------------------------------------------------------------------
 * For TORC_ROW_MAP(order, "orders", FIELDS), where `order` is the tag of the struct:
 *
 *     struct order_table;                               the table in one pool's database
 *     struct order_array { size_t count; struct order rows[]; };
 *
 *     int order_table_new(pool, struct order_table **out)
 *     void order_table_free(struct order_table *)
 *     const char *order_create_sql(const struct order_table *)     CREATE TABLE orders (...)
 *
 *     int order_insert(table, const struct order *, deferred **)    fires with the rowid
 *     int order_upsert(table, const struct order *, deferred **)    inserts, or changes all but the key
 *     int order_update(table, const struct order *, deferred **)    fires with the number of rows, 0 or 1
 *     int order_delete(table, const struct order *key, deferred **) the same
 *     int order_find(table, const struct order *key, deferred **)   fires with a struct order *, or NULL
 *     int order_select(table, tail, parameters, count, deferred **) fires with a struct order_array *
 *
 *     int order_insert_in(transaction, table, const struct order *, int64_t *rowid)
 *     int order_upsert_in(transaction, table, const struct order *, int64_t *changes)
 *     int order_update_in(transaction, table, const struct order *, int64_t *changes)
 *     int order_delete_in(transaction, table, const struct order *key, int64_t *changes)
 *     int order_find_in(transaction, table, const struct order *key, struct order **out)
 *     int order_select_in(transaction, table, tail, parameters, count, struct order_array **out)
 *
 *     void order_free(struct order *)             void order_array_free(struct order_array *)
 *
 * Of a `key` only the members of the key are looked at.  `tail` is what follows SELECT ... FROM orders:
 * "WHERE total > ? ORDER BY id", or "".  Numbers are fired as (void *)(intptr_t).  What is fired or given as a
 * struct or an array is one block, its texts and blobs in it: its members may be changed, it may be freed on
 * any thread, inside a job too, with the function above or torc_row_drop, and may outlive the table and the
 * pool, not the reactor.
 *
 * Those that end in _in are for interactions, in jobs (torc_pool_interaction); the table must be there until
 * the interaction's arg is dropped.  They answer 0 or a code to be returned from the interaction, whose
 * deferred then fails with what was wrong; a row not found is no error (*out NULL, *changes 0).
 * The other ones are for the reactor's thread, their errors are those of torc_pool_query, and a value that
 * does not fit is told by the deferred. */
#define TORC_ROW_MAP(name, table_name, FIELDS)                                                     \
    TORC_ROW_MAP_CONSTRAINED(name, table_name, FIELDS, NULL)

/* The same with constraints for the whole table, as they stand in CREATE TABLE:
 * "FOREIGN KEY (order_id) REFERENCES orders (id)". */
#define TORC_ROW_MAP_CONSTRAINED(name, table_name, FIELDS, constraint_text)                        \
    struct name##_table;                                                                           \
    struct name##_array {                                                                          \
        size_t count;                                                                              \
        struct name rows[];                                                                        \
    };                                                                                             \
    TORC_ROW_FUNCTION_ const struct torc_row_map *name##_row_map(void)                             \
    {                                                                                              \
        typedef struct name torc_row_;                                                             \
        FIELDS(TORC_ROW_CHECK_)                                                                    \
        _Static_assert((0 FIELDS(TORC_ROW_IS_KEY_)) > 0, "a table needs a column with TORC_KEY");  \
        _Static_assert((0 FIELDS(TORC_ROW_ONE_)) <= TORC_ROW_COLUMNS_MAX, "too many columns");     \
        _Static_assert(_Alignof(struct name) <= _Alignof(max_align_t), "alignment is too large");  \
        static const struct torc_row_column columns[] = {FIELDS(TORC_ROW_COLUMN_)};                \
        static const struct torc_row_map map = {                                                   \
            sizeof(struct torc_row_map),                                                           \
            (table_name),                                                                          \
            "struct " #name,                                                                       \
            (constraint_text),                                                                     \
            sizeof(struct name),                                                                   \
            offsetof(struct name##_array, rows),                                                   \
            columns,                                                                               \
            sizeof(columns) / sizeof(columns[0])};                                                 \
        return &map;                                                                               \
    }                                                                                              \
    TORC_ROW_TABLE_(name)                                                                          \
    TORC_ROW_WRITE_(name, insert)                                                                  \
    TORC_ROW_WRITE_(name, upsert)                                                                  \
    TORC_ROW_WRITE_(name, update)                                                                  \
    TORC_ROW_WRITE_(name, delete)                                                                  \
    TORC_ROW_READ_(name)                                                                           \
    struct name##_table

/* One to many: the rows of `child` whose `child_member`, a column with TORC_PARENT, is the `parent_member` of
 * one struct parent, in the order of the child's key.
 * TORC_ONE_TO_MANY(lines_of_order, order, id, order_line, order_id) makes
 *
 *     int lines_of_order(struct order_line_table *, const struct order *, deferred **)
 *                                                        fires with a struct order_line_array *
 *     int lines_of_order_in(transaction, struct order_line_table *, const struct order *,
 *                           struct order_line_array **out)
 *     int lines_of_order_delete_in(transaction, struct order_line_table *, const struct order *,
 *                                  int64_t *changes) */
#define TORC_ONE_TO_MANY(name, parent, parent_member, child, child_member)                         \
    TORC_ROW_FUNCTION_ struct torc_row_parent name##_parent_(const struct parent *row)             \
    {                                                                                              \
        _Static_assert(TORC_ROW_KIND_(struct parent, parent_member) ==                             \
                           TORC_ROW_KIND_(struct child, child_member),                             \
                       #parent_member " and " #child_member " are of different types");            \
        struct torc_row_parent key = {&row->parent_member,                                         \
                                      TORC_ROW_KIND_(struct parent, parent_member),                \
                                      sizeof(row->parent_member),                                  \
                                      offsetof(struct child, child_member)};                       \
        return key;                                                                                \
    }                                                                                              \
    TORC_ROW_FUNCTION_ TORC_CHECKED int name(struct child##_table *table,                          \
                                             const struct parent *row, struct torc_deferred **out) \
    {                                                                                              \
        struct torc_row_parent key = name##_parent_(row);                                          \
        return torc_table_children_at(TORC_HERE, (struct torc_table *)table, &key, out);           \
    }                                                                                              \
    TORC_ROW_FUNCTION_ TORC_CHECKED int name##_in(                                                 \
        struct torc_transaction *transaction, const struct child##_table *table,                   \
        const struct parent *row, struct child##_array **out)                                      \
    {                                                                                              \
        struct torc_row_parent key = name##_parent_(row);                                          \
        void *array;                                                                               \
        int code = torc_table_children_in(transaction, (const struct torc_table *)table, &key,     \
                                          &array);                                                 \
        if (code == 0)                                                                             \
            *out = (struct child##_array *)array;                                                  \
        return code;                                                                               \
    }                                                                                              \
    TORC_ROW_FUNCTION_ TORC_CHECKED int name##_delete_in(                                          \
        struct torc_transaction *transaction, const struct child##_table *table,                   \
        const struct parent *row, int64_t *changes)                                                \
    {                                                                                              \
        struct torc_row_parent key = name##_parent_(row);                                          \
        return torc_table_delete_children_in(transaction, (const struct torc_table *)table, &key,  \
                                             changes);                                             \
    }                                                                                              \
    struct child##_table

/* --- what they stand on --------------------------------------------------------------------------- */

enum torc_column_type { TORC_COLUMN_INTEGER, TORC_COLUMN_REAL, TORC_COLUMN_TEXT, TORC_COLUMN_BLOB };

/* The C type of a member. */
enum torc_member_kind {
    TORC_MEMBER_OTHER, /* one that no column fits */
    TORC_MEMBER_INT64,
    TORC_MEMBER_INT32,
    TORC_MEMBER_BOOL,
    TORC_MEMBER_DOUBLE,
    TORC_MEMBER_TEXT,
    TORC_MEMBER_ARRAY, /* char [N] */
    TORC_MEMBER_BLOB,
    TORC_MEMBER_OPTIONAL_INT64,
    TORC_MEMBER_OPTIONAL_INT32,
    TORC_MEMBER_OPTIONAL_BOOL,
    TORC_MEMBER_OPTIONAL_DOUBLE
};

struct torc_row_column {
    const char *name;
    enum torc_column_type type;
    enum torc_member_kind kind;
    unsigned flags; /* enum torc_column_flag */
    size_t offset;  /* of the member */
    size_t bytes;
};

/* A struct and its table.  Static; borrowed by every table made of it. */
struct torc_row_map {
    size_t size; /* sizeof(struct torc_row_map) */
    const char *table;
    const char *struct_name; /* "struct order" */
    const char *constraints; /* NULL: none */
    size_t row_bytes;        /* of the struct */
    size_t array_offset;     /* of the first struct in an array, behind its count */
    const struct torc_row_column *columns;
    size_t column_count;
};

/* The key of a parent, and the member of the child that refers to it. */
struct torc_row_parent {
    const void *value; /* the parent's member */
    enum torc_member_kind kind;
    size_t bytes;
    size_t child_offset;
};

/* A map in a pool's database, with the texts of its statements.  The pool is borrowed for as long as work is
 * asked for. */
struct torc_table;

/* Errors: TORC_ENOMEM; TORC_EINVAL, the map has no column or no key, or two columns of one name. */
TORC_API TORC_CHECKED int torc_table_new(struct torc_pool *pool, const struct torc_row_map *map,
                                         struct torc_table **out);
/* What was asked for before still ends well.  NULL is accepted. */
TORC_API void torc_table_free(struct torc_table *table);
TORC_API const char *torc_table_create_sql(const struct torc_table *table);

/* Frees a struct or an array that the functions below gave; on any thread.  NULL is accepted. */
TORC_API void torc_row_drop(void *row);

/* As described above, for rows of any map. */
enum torc_row_write {
    TORC_ROW_WRITE_insert,
    TORC_ROW_WRITE_upsert,
    TORC_ROW_WRITE_update,
    TORC_ROW_WRITE_delete
};
TORC_API TORC_CHECKED int torc_table_write_at(const char *site, struct torc_table *table,
                                              enum torc_row_write write, const void *row,
                                              struct torc_deferred **out);
TORC_API TORC_CHECKED int torc_table_find_at(const char *site, struct torc_table *table,
                                             const void *key, struct torc_deferred **out);
TORC_API TORC_CHECKED int torc_table_select_at(const char *site, struct torc_table *table,
                                               const char *tail,
                                               const struct torc_db_value *parameters, size_t count,
                                               struct torc_deferred **out);
/* Besides: TORC_EINVAL, the child's member is in no column with TORC_PARENT. */
TORC_API TORC_CHECKED int torc_table_children_at(const char *site, struct torc_table *table,
                                                 const struct torc_row_parent *parent,
                                                 struct torc_deferred **out);

/* `number` (may be NULL) gets the rowid of an insert, the number of rows of the others. */
TORC_API TORC_CHECKED int torc_table_write_in(struct torc_transaction *transaction,
                                              const struct torc_table *table,
                                              enum torc_row_write write, const void *row,
                                              int64_t *number);
TORC_API TORC_CHECKED int torc_table_find_in(struct torc_transaction *transaction,
                                             const struct torc_table *table, const void *key,
                                             void **out);
TORC_API TORC_CHECKED int torc_table_select_in(struct torc_transaction *transaction,
                                               const struct torc_table *table, const char *tail,
                                               const struct torc_db_value *parameters, size_t count,
                                               void **out);
TORC_API TORC_CHECKED int torc_table_children_in(struct torc_transaction *transaction,
                                                 const struct torc_table *table,
                                                 const struct torc_row_parent *parent, void **out);
TORC_API TORC_CHECKED int torc_table_delete_children_in(struct torc_transaction *transaction,
                                                        const struct torc_table *table,
                                                        const struct torc_row_parent *parent,
                                                        int64_t *changes);

/* --- the insides of the macros ---------------------------------------------------------------------- */

#if defined(__GNUC__)
#define TORC_ROW_FUNCTION_ __attribute__((unused)) static inline
#else
#define TORC_ROW_FUNCTION_ static inline
#endif

#define TORC_ROW_KIND_(type, member)                                                               \
    _Generic(&((type *)0)->member,                                                                 \
        int64_t *: TORC_MEMBER_INT64,                                                              \
        int32_t *: TORC_MEMBER_INT32,                                                              \
        bool *: TORC_MEMBER_BOOL,                                                                  \
        double *: TORC_MEMBER_DOUBLE,                                                              \
        char **: TORC_MEMBER_TEXT,                                                                 \
        const char **: TORC_MEMBER_TEXT,                                                           \
        char(*)[sizeof(((type *)0)->member)]: TORC_MEMBER_ARRAY,                                   \
        struct torc_blob *: TORC_MEMBER_BLOB,                                                      \
        struct torc_optional_int64 *: TORC_MEMBER_OPTIONAL_INT64,                                  \
        struct torc_optional_int32 *: TORC_MEMBER_OPTIONAL_INT32,                                  \
        struct torc_optional_bool *: TORC_MEMBER_OPTIONAL_BOOL,                                    \
        struct torc_optional_double *: TORC_MEMBER_OPTIONAL_DOUBLE,                                \
        default: TORC_MEMBER_OTHER)

#define TORC_ROW_KINDS_INTEGER_                                                                    \
    (1 << TORC_MEMBER_INT64 | 1 << TORC_MEMBER_INT32 | 1 << TORC_MEMBER_BOOL |                     \
     1 << TORC_MEMBER_OPTIONAL_INT64 | 1 << TORC_MEMBER_OPTIONAL_INT32 |                           \
     1 << TORC_MEMBER_OPTIONAL_BOOL)
#define TORC_ROW_KINDS_REAL_ (1 << TORC_MEMBER_DOUBLE | 1 << TORC_MEMBER_OPTIONAL_DOUBLE)
#define TORC_ROW_KINDS_TEXT_ (1 << TORC_MEMBER_TEXT | 1 << TORC_MEMBER_ARRAY)
#define TORC_ROW_KINDS_BLOB_ (1 << TORC_MEMBER_BLOB)
#define TORC_ROW_KINDS_OPTIONAL_                                                                   \
    (1 << TORC_MEMBER_OPTIONAL_INT64 | 1 << TORC_MEMBER_OPTIONAL_INT32 |                           \
     1 << TORC_MEMBER_OPTIONAL_BOOL | 1 << TORC_MEMBER_OPTIONAL_DOUBLE)
/* Those that can say NULL. */
#define TORC_ROW_KINDS_NULLABLE_                                                                   \
    (TORC_ROW_KINDS_OPTIONAL_ | 1 << TORC_MEMBER_TEXT | 1 << TORC_MEMBER_BLOB)

#define TORC_ROW_IS_(member, kinds) ((1 << TORC_ROW_KIND_(torc_row_, member) & (kinds)) != 0)
#define TORC_ROW_HAS_(flags, flag) (((flags) & (flag)) != 0)

#define TORC_ROW_CHECK_(member, column, type, flags)                                               \
    _Static_assert(TORC_ROW_IS_(member, TORC_ROW_KINDS_##type##_),                                 \
                   #member ": a column of type " #type " does not fit this C type");               \
    _Static_assert(!TORC_ROW_HAS_(flags, TORC_NULLABLE) ||                                         \
                       TORC_ROW_IS_(member, TORC_ROW_KINDS_NULLABLE_),                             \
                   #member ": with TORC_NULLABLE it needs a C type that can be NULL");             \
    _Static_assert(TORC_ROW_HAS_(flags, TORC_NULLABLE) ||                                          \
                       !TORC_ROW_IS_(member, TORC_ROW_KINDS_OPTIONAL_),                            \
                   #member ": an optional C type needs TORC_NULLABLE");                            \
    _Static_assert(!TORC_ROW_HAS_(flags, TORC_NULLABLE) || !TORC_ROW_HAS_(flags, TORC_KEY),        \
                   #member ": a key is never NULL");                                               \
    _Static_assert(!TORC_ROW_HAS_(flags, TORC_GENERATED) ||                                        \
                       (TORC_ROW_HAS_(flags, TORC_KEY) &&                                          \
                        TORC_ROW_KIND_(torc_row_, member) == TORC_MEMBER_INT64),                   \
                   #member ": what is generated is a key of type int64_t");
#define TORC_ROW_IS_KEY_(member, column, type, flags) +TORC_ROW_HAS_(flags, TORC_KEY)
#define TORC_ROW_ONE_(member, column, type, flags) +1
#define TORC_ROW_COLUMN_(member, column, type, flags)                                              \
    {(column),                                                                                     \
     TORC_COLUMN_##type,                                                                           \
     TORC_ROW_KIND_(torc_row_, member),                                                            \
     (flags),                                                                                      \
     offsetof(torc_row_, member),                                                                  \
     sizeof(((torc_row_ *)0)->member)},

#define TORC_ROW_TABLE_(name)                                                                      \
    TORC_ROW_FUNCTION_ TORC_CHECKED int name##_table_new(struct torc_pool *pool,                   \
                                                         struct name##_table **out)                \
    {                                                                                              \
        struct torc_table *table;                                                                  \
        int code = torc_table_new(pool, name##_row_map(), &table);                                 \
        if (code == 0)                                                                             \
            *out = (struct name##_table *)table;                                                   \
        return code;                                                                               \
    }                                                                                              \
    TORC_ROW_FUNCTION_ void name##_table_free(struct name##_table *table)                          \
    {                                                                                              \
        torc_table_free((struct torc_table *)table);                                               \
    }                                                                                              \
    TORC_ROW_FUNCTION_ const char *name##_create_sql(const struct name##_table *table)             \
    {                                                                                              \
        return torc_table_create_sql((const struct torc_table *)table);                            \
    }

#define TORC_ROW_WRITE_(name, verb)                                                                \
    TORC_ROW_FUNCTION_ TORC_CHECKED int name##_##verb(                                             \
        struct name##_table *table, const struct name *row, struct torc_deferred **out)            \
    {                                                                                              \
        return torc_table_write_at(TORC_HERE, (struct torc_table *)table, TORC_ROW_WRITE_##verb,   \
                                   row, out);                                                      \
    }                                                                                              \
    TORC_ROW_FUNCTION_ TORC_CHECKED int name##_##verb##_in(                                        \
        struct torc_transaction *transaction, const struct name##_table *table,                    \
        const struct name *row, int64_t *number)                                                   \
    {                                                                                              \
        return torc_table_write_in(transaction, (const struct torc_table *)table,                  \
                                   TORC_ROW_WRITE_##verb, row, number);                            \
    }

#define TORC_ROW_READ_(name)                                                                       \
    TORC_ROW_FUNCTION_ TORC_CHECKED int name##_find(                                               \
        struct name##_table *table, const struct name *key, struct torc_deferred **out)            \
    {                                                                                              \
        return torc_table_find_at(TORC_HERE, (struct torc_table *)table, key, out);                \
    }                                                                                              \
    TORC_ROW_FUNCTION_ TORC_CHECKED int name##_find_in(                                            \
        struct torc_transaction *transaction, const struct name##_table *table,                    \
        const struct name *key, struct name **out)                                                 \
    {                                                                                              \
        void *row;                                                                                 \
        int code = torc_table_find_in(transaction, (const struct torc_table *)table, key, &row);   \
        if (code == 0)                                                                             \
            *out = (struct name *)row;                                                             \
        return code;                                                                               \
    }                                                                                              \
    TORC_ROW_FUNCTION_ TORC_CHECKED int name##_select(                                             \
        struct name##_table *table, const char *tail, const struct torc_db_value *parameters,      \
        size_t count, struct torc_deferred **out)                                                  \
    {                                                                                              \
        return torc_table_select_at(TORC_HERE, (struct torc_table *)table, tail, parameters,       \
                                    count, out);                                                   \
    }                                                                                              \
    TORC_ROW_FUNCTION_ TORC_CHECKED int name##_select_in(                                          \
        struct torc_transaction *transaction, const struct name##_table *table, const char *tail,  \
        const struct torc_db_value *parameters, size_t count, struct name##_array **out)           \
    {                                                                                              \
        void *array;                                                                               \
        int code = torc_table_select_in(transaction, (const struct torc_table *)table, tail,       \
                                        parameters, count, &array);                                \
        if (code == 0)                                                                             \
            *out = (struct name##_array *)array;                                                   \
        return code;                                                                               \
    }                                                                                              \
    TORC_ROW_FUNCTION_ void name##_free(struct name *row)                                          \
    {                                                                                              \
        torc_row_drop(row);                                                                        \
    }                                                                                              \
    TORC_ROW_FUNCTION_ void name##_array_free(struct name##_array *array)                          \
    {                                                                                              \
        torc_row_drop(array);                                                                      \
    }

#ifdef __cplusplus
}
#endif
#endif
