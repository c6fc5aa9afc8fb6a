/* database_look.c - looking into a database from outside: SQLite on the host's files, unseen by the host. */
#include <string.h>

#include <sqlite3.h>

#include <torc/format.h>

#include "database.h"

static void *look_resize(struct torc_platform *self, void *ptr, size_t old_bytes, size_t new_bytes)
{
    struct torci_look_platform *look = (struct torci_look_platform *)(void *)self;

    return torci_world_resize(look->world, ptr, old_bytes, new_bytes);
}

static const struct torc_platform_ops look_ops = {
    .size = sizeof(struct torc_platform_ops),
    .name = "look",
    .resize = look_resize,
};

int torc_host_name_database(struct torc_host *host, const char *name, const char *path)
{
    if (torci_database_path(host, name) != NULL)
        return TORC_EEXIST;
    return torci_database_remember(host, name, path);
}

/* --- rows --------------------------------------------------------------------------------------- */

static struct torc_db_value value_of(sqlite3_stmt *statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        return torc_db_integer(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
        return torc_db_real(sqlite3_column_double(statement, column));
    case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_column_text(statement, column);

        return torc_db_text_of(text, (size_t)sqlite3_column_bytes(statement, column));
    }
    case SQLITE_BLOB: {
        const void *blob = sqlite3_column_blob(statement, column);

        return torc_db_blob(blob, (size_t)sqlite3_column_bytes(statement, column));
    }
    default:
        return torc_db_null();
    }
}

/* What the columns of a statement are read into. */
struct row {
    int count;
    const char **names;
    struct torc_db_value *values;
};

static void free_row(struct torc_world *world, struct row *row)
{
    if (row->names != NULL)
        torci_world_resize(world, row->names, (size_t)row->count * sizeof *row->names, 0);
    if (row->values != NULL)
        torci_world_resize(world, row->values, (size_t)row->count * sizeof *row->values, 0);
}

static int make_row(struct torc_world *world, sqlite3_stmt *statement, struct row *row)
{
    int i;

    memset(row, 0, sizeof *row);
    row->count = sqlite3_column_count(statement);
    if (row->count == 0)
        return SQLITE_OK;
    row->names = torci_world_resize(world, NULL, 0, (size_t)row->count * sizeof *row->names);
    row->values = torci_world_resize(world, NULL, 0, (size_t)row->count * sizeof *row->values);
    if (row->names == NULL || row->values == NULL)
        return SQLITE_NOMEM;
    for (i = 0; i < row->count; i++) {
        row->names[i] = sqlite3_column_name(statement, i);
        if (row->names[i] == NULL)
            return SQLITE_NOMEM;
    }
    return SQLITE_OK;
}

static int step_all(sqlite3_stmt *statement, struct row *row, struct torc_rows *rows)
{
    int code;
    int i;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (i = 0; i < row->count; i++)
            row->values[i] = value_of(statement, i);
        if (torc_rows_append(rows, row->values) != 0)
            return SQLITE_NOMEM;
    }
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* One statement; `rows` gets what it gives. */
static int run_one(struct torc_host *host, sqlite3 *sqlite, sqlite3_stmt *statement,
                   struct torc_rows **rows)
{
    struct torc_world *world = host->world;
    int before = sqlite3_total_changes(sqlite);
    struct torc_rows *made = NULL;
    struct row row;
    int code = make_row(world, statement, &row);

    if (code == SQLITE_OK && torc_rows_new(&host->databases->look.platform, (size_t)row.count,
                                           row.names, &made) != 0)
        code = SQLITE_NOMEM;
    if (code == SQLITE_OK)
        code = step_all(statement, &row, made);
    free_row(world, &row);
    if (code != SQLITE_OK) {
        torc_rows_free(made);
        return code;
    }
    torc_rows_set_outcome(made, sqlite3_total_changes(sqlite) - before,
                          sqlite3_last_insert_rowid(sqlite));
    torc_rows_free(*rows);
    *rows = made;
    return SQLITE_OK;
}

/* --- a connection of its own -------------------------------------------------------------------- */

static int code_of(int sqlite_code)
{
    switch (sqlite_code & 0xff) {
    case SQLITE_NOMEM:
        return TORC_ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return TORC_EBUSY;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return TORC_ECONSTRAINT;
    case SQLITE_FULL:
        return TORC_ENOSPC;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return TORC_EIO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return TORC_ECORRUPT;
    case SQLITE_READONLY:
        return TORC_EREADONLY;
    case SQLITE_ERROR:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
        return TORC_EINVAL;
    default:
        return TORC_EDATABASE;
    }
}

static int run_all(struct torc_host *host, sqlite3 *sqlite, const char *sql,
                   struct torc_rows **rows)
{
    int code = SQLITE_OK;

    while (code == SQLITE_OK && *sql != '\0') {
        sqlite3_stmt *statement = NULL;

        code = sqlite3_prepare_v2(sqlite, sql, -1, &statement, &sql);
        if (code == SQLITE_OK && statement != NULL)
            code = run_one(host, sqlite, statement, rows);
        sqlite3_finalize(statement);
    }
    return code;
}

/* Closing must change nothing either: a checkpoint would. */
static int look(struct torc_host *host, const char *path, const char *sql, struct torc_rows **rows,
                char *error, size_t error_size)
{
    const char *vfs = host->platform.ops->storage(&host->platform);
    sqlite3 *sqlite = NULL;
    int code = sqlite3_open_v2(path, &sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs);

    if (code == SQLITE_OK)
        code = sqlite3_db_config(sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_extended_result_codes(sqlite, 1);
    if (code == SQLITE_OK)
        code = run_all(host, sqlite, sql, rows);
    if (code != SQLITE_OK)
        torc_format(error, error_size, "%s",
                    sqlite3_extended_errcode(sqlite) == code ? sqlite3_errmsg(sqlite)
                                                             : sqlite3_errstr(code));
    sqlite3_close(sqlite);
    return code == SQLITE_OK ? 0 : code_of(code);
}

int torc_host_sql(struct torc_host *host, const char *database, const char *sql,
                  struct torc_rows **out, char *error, size_t error_size)
{
    const char *path = torci_database_path(host, database);
    struct torc_rows *rows = NULL;
    int code;

    if (error_size > 0)
        error[0] = '\0';
    if (path == NULL) {
        torc_format(error, error_size, "host %s has no database '%s'", host->name, database);
        return TORC_ENOTFOUND;
    }
    if (path[0] == '\0' || strcmp(path, ":memory:") == 0) {
        torc_format(error, error_size, "database '%s' is in memory, where only its pool sees it",
                    database);
        return TORC_ENOTFOUND;
    }
    host->databases->look.platform.ops = &look_ops;
    host->databases->look.world = host->world;
    host->looking = true;
    code = look(host, path, sql, &rows, error, error_size);
    host->looking = false;
    /* A disk that could not be made, or grow, is told to SQLite as something else. */
    if (code != 0 && host->world->error != 0)
        code = host->world->error;
    if (code == 0 && rows == NULL) /* blanks and comments */
        code = torc_rows_new(&host->databases->look.platform, 0, NULL, &rows);
    if (code == 0 && out != NULL)
        *out = rows;
    else
        torc_rows_free(rows);
    return code;
}
