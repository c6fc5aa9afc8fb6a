#include "statement_cache.h"

#include <string.h>

#include "sql_text.h"

static void *resize(struct torci_statement_cache *cache, void *ptr, size_t old_bytes,
                    size_t new_bytes)
{
    return cache->platform->ops->resize(cache->platform, ptr, old_bytes, new_bytes);
}

void torci_statement_cache_init(struct torci_statement_cache *cache,
                                struct torc_platform *platform, size_t capacity)
{
    *cache = (struct torci_statement_cache){.platform = platform, .capacity = capacity};
}

/* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint64_t hash_text(const char *text, size_t *out_bytes)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const char *at = text;
    for (; *at; at++)
        hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
    *out_bytes = (size_t)(at - text);
    return hash;
}

static size_t row_bytes(size_t columns)
{
    return columns * (sizeof(struct torc_db_value) + sizeof(char *));
}

static void free_statement(struct torci_statement_cache *cache, struct torci_statement *statement)
{
    sqlite3_finalize(statement->sqlite);
    if (statement->values)
        resize(cache, statement->values, row_bytes(statement->column_capacity), 0);
    resize(cache, statement, sizeof *statement + statement->sql_bytes + 1, 0);
}

void torci_statement_cache_clear(struct torci_statement_cache *cache)
{
    for (size_t i = 0; i < cache->count; i++)
        free_statement(cache, cache->entries[i]);
    if (cache->entries)
        resize(cache, cache->entries, cache->capacity * sizeof *cache->entries, 0);
    cache->entries = NULL;
    cache->count = 0;
}

struct torci_statement *torci_statement_cache_take(struct torci_statement_cache *cache,
                                                   const char *sql)
{
    size_t bytes;
    uint64_t hash = hash_text(sql, &bytes);
    for (size_t i = 0; i < cache->count; i++) {
        struct torci_statement *entry = cache->entries[i];
        if (entry->hash != hash || entry->busy || entry->sql_bytes != bytes ||
            memcmp(entry->sql, sql, bytes) != 0)
            continue;
        entry->busy = true;
        entry->used_at = ++cache->clock;
        return entry;
    }
    return NULL;
}

/* A place for one more: a free one, or that of the statement used longest ago; cache->count: none. */
static size_t find_place(struct torci_statement_cache *cache)
{
    size_t oldest = cache->capacity;
    if (cache->count < cache->capacity)
        return cache->count;
    for (size_t i = 0; i < cache->count; i++)
        if (!cache->entries[i]->busy &&
            (oldest == cache->capacity ||
             cache->entries[i]->used_at < cache->entries[oldest]->used_at))
            oldest = i;
    return oldest;
}

/* Not being able to keep it is no error: it is then used once. */
static void keep(struct torci_statement_cache *cache, struct torci_statement *statement)
{
    if (!cache->entries)
        cache->entries = resize(cache, NULL, 0, cache->capacity * sizeof *cache->entries);
    if (!cache->entries)
        return;
    size_t place = find_place(cache);
    if (place == cache->capacity)
        return;
    if (place == cache->count)
        cache->count++;
    else
        free_statement(cache, cache->entries[place]);
    cache->entries[place] = statement;
    statement->cached = true;
}

struct torci_statement *torci_statement_cache_add(struct torci_statement_cache *cache,
                                                  const char *sql, sqlite3_stmt *sqlite)
{
    size_t bytes;
    uint64_t hash = hash_text(sql, &bytes);
    struct torci_statement *statement = resize(cache, NULL, 0, sizeof *statement + bytes + 1);
    if (!statement)
        return NULL;
    *statement = (struct torci_statement){.hash = hash,
                                          .used_at = ++cache->clock,
                                          .busy = true,
                                          .sqlite = sqlite,
                                          .sql = (char *)(statement + 1),
                                          .sql_bytes = bytes,
                                          .writes = !sqlite3_stmt_readonly(sqlite)};
    memcpy(statement->sql, sql, bytes + 1);
    statement->inserts = statement->writes && (torci_sql_begins_with(sql, "insert") ||
                                               torci_sql_begins_with(sql, "replace") ||
                                               torci_sql_begins_with(sql, "with"));
    statement->asks_last_id = torci_sql_mentions(sql, "last_insert_rowid");
    keep(cache, statement);
    return statement;
}

void torci_statement_cache_give(struct torci_statement_cache *cache,
                                struct torci_statement *statement)
{
    statement->busy = false;
    if (!statement->cached)
        free_statement(cache, statement);
}

int torci_statement_reserve(struct torci_statement_cache *cache, struct torci_statement *statement,
                            size_t columns)
{
    if (columns <= statement->column_capacity)
        return 0;
    void *room = resize(cache, statement->values, row_bytes(statement->column_capacity),
                        row_bytes(columns));
    if (!room)
        return TORC_ENOMEM;
    statement->values = room;
    statement->columns = (const char **)(void *)(statement->values + columns);
    statement->column_capacity = columns;
    return 0;
}
