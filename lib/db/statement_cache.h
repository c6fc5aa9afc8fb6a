/* statement_cache.h - prepared statements by their text; the one used longest ago goes first. */
#ifndef TORCI_STATEMENT_CACHE_H
#define TORCI_STATEMENT_CACHE_H

#include <sqlite3.h>

#include <torc/platform.h>

/* A prepared statement and room for a row of it. */
struct torci_statement {
    uint64_t hash;
    uint64_t used_at;
    bool busy;
    bool cached;
    bool writes;
    bool inserts; /* perhaps */
    bool asks_last_id; /* the word last_insert_rowid is in it */
    sqlite3_stmt *sqlite;
    char *sql; /* the text it was asked for by */
    size_t sql_bytes;
    size_t column_capacity;
    const char **columns;
    struct torc_db_value *values;
};

struct torci_statement_cache {
    struct torc_platform *platform;
    struct torci_statement **entries; /* made with the first statement */
    size_t count;
    size_t capacity;
    uint64_t clock;
};

void torci_statement_cache_init(struct torci_statement_cache *cache,
                                struct torc_platform *platform, size_t capacity);
/* Finalizes what it holds; no statement is in use. */
void torci_statement_cache_clear(struct torci_statement_cache *cache);

/* The statement of that text, if it is there and not in use; it is in use now. */
struct torci_statement *torci_statement_cache_take(struct torci_statement_cache *cache,
                                                   const char *sql);
/* One that was just prepared (taken, on success only), in use.  NULL: out of memory. */
struct torci_statement *torci_statement_cache_add(struct torci_statement_cache *cache,
                                                  const char *sql, sqlite3_stmt *sqlite);
/* Its use is over; reset, without bindings.  Keeps it if it can. */
void torci_statement_cache_give(struct torci_statement_cache *cache,
                                struct torci_statement *statement);

/* Room for a row of so many columns.  Errors: TORC_ENOMEM. */
int torci_statement_reserve(struct torci_statement_cache *cache, struct torci_statement *statement,
                            size_t columns);

#endif
