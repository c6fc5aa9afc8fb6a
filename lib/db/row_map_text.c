/* row_map_text.c - the texts of a table's statements. */
#include <string.h>

#include <sqlite3.h>

#include "row_map_state.h"

/* Texts one after the other, each with its NUL.  Without a buffer it only counts. */
struct texts {
    char *buffer;
    size_t size;
    size_t length;
};

static void put_bytes(struct texts *texts, const char *bytes, size_t count)
{
    if (texts->length + count <= texts->size)
        memcpy(texts->buffer + texts->length, bytes, count);
    texts->length += count;
}

static void put(struct texts *texts, const char *text)
{
    put_bytes(texts, text, strlen(text));
}

/* Where the next text begins. */
static const char *here(const struct texts *texts)
{
    return texts->buffer ? texts->buffer + texts->length : NULL;
}

static void end(struct texts *texts)
{
    put_bytes(texts, "", 1);
}

/* --- names --------------------------------------------------------------------------------------- */

static bool is_plain(const char *name)
{
    size_t length = 0;

    for (const char *c = name; *c; c++, length++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_';

        if (!letter && (c == name || *c < '0' || *c > '9'))
            return false;
    }
    return length > 0 && !sqlite3_keyword_check(name, (int)length);
}

/* In quotes only where SQL needs them. */
static void put_name(struct texts *texts, const char *name)
{
    if (is_plain(name)) {
        put(texts, name);
        return;
    }
    put(texts, "\"");
    for (; *name; name++)
        put_bytes(texts, *name == '"' ? "\"\"" : name, *name == '"' ? 2 : 1);
    put(texts, "\"");
}

/* Which columns a list holds. */
typedef bool chooses_fn(const struct torc_row_column *column);

static bool any(const struct torc_row_column *column)
{
    (void)column;
    return true;
}

static bool is_key(const struct torc_row_column *column)
{
    return (column->flags & TORC_KEY) != 0;
}

static bool is_not_key(const struct torc_row_column *column)
{
    return !is_key(column);
}

static bool is_inserted(const struct torc_row_column *column)
{
    return (column->flags & TORC_GENERATED) == 0;
}

static bool has(const struct torc_row_map *map, chooses_fn *chooses)
{
    for (size_t i = 0; i < map->column_count; i++)
        if (chooses(&map->columns[i]))
            return true;
    return false;
}

/* "a = ?, b = ?" for between ", " and after " = ?". */
static void put_list(struct texts *texts, const struct torc_row_map *map, chooses_fn *chooses,
                     const char *between, const char *after)
{
    bool first = true;

    for (size_t i = 0; i < map->column_count; i++) {
        if (!chooses(&map->columns[i]))
            continue;
        if (!first)
            put(texts, between);
        first = false;
        put_name(texts, map->columns[i].name);
        put(texts, after);
    }
}

static void put_marks(struct texts *texts, const struct torc_row_map *map, chooses_fn *chooses)
{
    bool first = true;

    for (size_t i = 0; i < map->column_count; i++) {
        if (!chooses(&map->columns[i]))
            continue;
        put(texts, first ? "?" : ", ?");
        first = false;
    }
}

static void put_where_key(struct texts *texts, const struct torc_row_map *map)
{
    put(texts, " WHERE ");
    put_list(texts, map, is_key, " AND ", " = ?");
}

/* --- statements ---------------------------------------------------------------------------------- */

static void put_column(struct texts *texts, const struct torc_row_column *column, bool alone)
{
    static const char *const types[] = {" INTEGER", " REAL", " TEXT", " BLOB"};

    put_name(texts, column->name);
    put(texts, types[column->type]);
    if (alone)
        put(texts, " PRIMARY KEY");
    if (!(column->flags & TORC_NULLABLE))
        put(texts, " NOT NULL");
    if (column->flags & TORC_UNIQUE)
        put(texts, " UNIQUE");
}

static void put_create(struct texts *texts, const struct torc_row_map *map)
{
    size_t keys = 0;

    for (size_t i = 0; i < map->column_count; i++)
        keys += is_key(&map->columns[i]);
    put(texts, "CREATE TABLE ");
    put_name(texts, map->table);
    put(texts, " (");
    for (size_t i = 0; i < map->column_count; i++) {
        put(texts, i > 0 ? ", " : "");
        put_column(texts, &map->columns[i], keys == 1 && is_key(&map->columns[i]));
    }
    if (keys > 1) {
        put(texts, ", PRIMARY KEY (");
        put_list(texts, map, is_key, ", ", "");
        put(texts, ")");
    }
    if (map->constraints) {
        put(texts, ", ");
        put(texts, map->constraints);
    }
    put(texts, ")");
    end(texts);
}

static void put_insert(struct texts *texts, const struct torc_row_map *map, chooses_fn *chooses)
{
    put(texts, "INSERT INTO ");
    put_name(texts, map->table);
    if (!has(map, chooses)) {
        put(texts, " DEFAULT VALUES");
        return;
    }
    put(texts, " (");
    put_list(texts, map, chooses, ", ", "");
    put(texts, ") VALUES (");
    put_marks(texts, map, chooses);
    put(texts, ")");
}

static void put_upsert(struct texts *texts, const struct torc_row_map *map)
{
    bool first = true;

    put_insert(texts, map, any);
    put(texts, " ON CONFLICT (");
    put_list(texts, map, is_key, ", ", "");
    put(texts, has(map, is_not_key) ? ") DO UPDATE SET " : ") DO NOTHING");
    for (size_t i = 0; i < map->column_count; i++) {
        if (is_key(&map->columns[i]))
            continue;
        put(texts, first ? "" : ", ");
        first = false;
        put_name(texts, map->columns[i].name);
        put(texts, " = excluded.");
        put_name(texts, map->columns[i].name);
    }
    end(texts);
}

static void put_update(struct texts *texts, const struct torc_row_map *map)
{
    put(texts, "UPDATE ");
    put_name(texts, map->table);
    put(texts, " SET ");
    if (has(map, is_not_key)) {
        put_list(texts, map, is_not_key, ", ", " = ?");
    } else {
        /* Nothing to change: it still tells whether the row is there. */
        put_name(texts, map->columns[0].name);
        put(texts, " = ");
        put_name(texts, map->columns[0].name);
    }
    put_where_key(texts, map);
    end(texts);
}

static void put_delete(struct texts *texts, const struct torc_row_map *map)
{
    put(texts, "DELETE FROM ");
    put_name(texts, map->table);
}

static void put_select(struct texts *texts, const struct torc_row_map *map)
{
    put(texts, "SELECT ");
    put_list(texts, map, any, ", ", "");
    put(texts, " FROM ");
    put_name(texts, map->table);
}

static void put_where_parent(struct texts *texts, const struct torc_row_column *column)
{
    put(texts, " WHERE ");
    put_name(texts, column->name);
    put(texts, " = ?");
}

static void write_of_columns(const struct torc_row_map *map, struct texts *texts,
                             struct torci_row_texts *out)
{
    for (size_t i = 0; i < map->column_count; i++) {
        const struct torc_row_column *column = &map->columns[i];

        out->labels[i] = here(texts);
        put(texts, map->table);
        put(texts, ".");
        put(texts, column->name);
        end(texts);
        if (!(column->flags & TORC_PARENT))
            continue;
        out->children[i] = here(texts);
        put_select(texts, map);
        put_where_parent(texts, column);
        put(texts, " ORDER BY ");
        put_list(texts, map, is_key, ", ", "");
        end(texts);
        out->delete_children[i] = here(texts);
        put_delete(texts, map);
        put_where_parent(texts, column);
        end(texts);
    }
}

size_t torci_row_texts_write(const struct torc_row_map *map, char *buffer, size_t size,
                             struct torci_row_texts *out)
{
    struct texts texts = {buffer, size, 0};

    memset(out, 0, sizeof(*out));
    out->create = here(&texts);
    put_create(&texts, map);
    out->select = here(&texts);
    put_select(&texts, map);
    end(&texts);
    out->find = here(&texts);
    put_select(&texts, map);
    put_where_key(&texts, map);
    end(&texts);
    out->writes[TORC_ROW_WRITE_insert] = here(&texts);
    put_insert(&texts, map, is_inserted);
    end(&texts);
    out->writes[TORC_ROW_WRITE_upsert] = here(&texts);
    put_upsert(&texts, map);
    out->writes[TORC_ROW_WRITE_update] = here(&texts);
    put_update(&texts, map);
    out->writes[TORC_ROW_WRITE_delete] = here(&texts);
    put_delete(&texts, map);
    put_where_key(&texts, map);
    end(&texts);
    write_of_columns(map, &texts, out);
    return texts.length;
}
