#include "tests/support/sql_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world/raw_host.h"

static void check(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "sql_desk: %s\n", what);
    abort();
}

static int keep_line(void *arg, const char *line, size_t bytes)
{
    struct sql_desk *desk = arg;

    if (desk->text_bytes + bytes + 1 > desk->text_capacity) {
        desk->text_capacity = 2 * (desk->text_capacity + bytes + 1);
        desk->text = realloc(desk->text, desk->text_capacity);
        check(desk->text != NULL, "no memory");
    }
    memcpy(desk->text + desk->text_bytes, line, bytes);
    desk->text_bytes += bytes;
    desk->text[desk->text_bytes] = '\0';
    return 0;
}

static void turn(void *arg)
{
    struct sql_desk *desk = arg;
    struct torc_platform_event events[8];

    while (desk->platform->ops->wait(desk->platform, 0, events, 8) > 0)
        ;
}

struct sql_desk *sql_desk_new(uint64_t seed, const struct torc_disk_options *options, bool keep)
{
    struct sql_desk *desk = calloc(1, sizeof *desk);
    struct torc_world_options world;

    check(desk != NULL, "no memory");
    check(torc_trace_new(keep ? keep_line : NULL, desk, &desk->trace) == 0, "no trace");
    torc_world_options_init(&world);
    world.seed = seed;
    world.trace = desk->trace;
    check(torc_world_new(&world, &desk->world) == 0, "no world");
    check(torci_world_add_raw_host(desk->world, "h", turn, desk, &desk->host) == 0, "no host");
    desk->platform = torci_host_platform(desk->host);
    check(options == NULL || torc_host_set_disk(desk->host, options) == 0, "no such disk");
    return desk;
}

void sql_desk_free(struct sql_desk *desk)
{
    torc_world_free(desk->world);
    torc_trace_free(desk->trace);
    while (desk->clients != NULL) {
        struct sql_client *client = desk->clients;

        desk->clients = client->next;
        free(client);
    }
    free(desk->text);
    free(desk);
}

/* --- statements --------------------------------------------------------------------------------- */

static sqlite3 *open_database(struct sql_desk *desk, const char *path, int *code)
{
    sqlite3 *sqlite = NULL;

    *code = sqlite3_open_v2(path, &sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                            desk->platform->ops->storage(desk->platform));
    sqlite3_extended_result_codes(sqlite, 1);
    return sqlite;
}

static int run_statement(sqlite3 *sqlite, const char *sql, char *value, size_t value_size)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL);

    value[0] = '\0';
    if (code != SQLITE_OK)
        return code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const unsigned char *text = sqlite3_column_text(statement, 0);

        snprintf(value, value_size, "%s", text == NULL ? "" : (const char *)text);
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* SQLite has no statement for it. */
static bool sleeps(struct sql_client *client, const char *statement)
{
    sqlite3_vfs *vfs;

    if (strncmp(statement, "SLEEP ", 6) != 0)
        return false;
    vfs = sqlite3_vfs_find(client->desk->platform->ops->storage(client->desk->platform));
    vfs->xSleep(vfs, atoi(statement + 6));
    return true;
}

static int run_client(void *arg)
{
    struct sql_client *client = arg;
    int code;
    sqlite3 *sqlite = open_database(client->desk, client->path, &code);

    client->opened = code;
    while (code == SQLITE_OK && client->statements[client->done] != NULL) {
        size_t i = client->done;

        check(i < SQL_STATEMENTS_MAX, "too many statements");
        if (!sleeps(client, client->statements[i]))
            client->codes[i] = run_statement(sqlite, client->statements[i], client->values[i],
                                             sizeof client->values[i]);
        client->ended_ns[i] = torc_world_now(client->desk->world);
        client->done++;
    }
    check(sqlite3_close(sqlite) == SQLITE_OK, "a connection is busy");
    return 0;
}

struct sql_client *sql_desk_submit(struct sql_desk *desk, const char *path,
                                   const char *const *statements)
{
    struct sql_client *client = calloc(1, sizeof *client);

    check(client != NULL, "no memory");
    client->desk = desk;
    client->path = path;
    client->statements = statements;
    client->next = desk->clients;
    desk->clients = client;
    check(desk->platform->ops->submit(desk->platform, run_client, client, ++desk->tokens) == 0,
          "no job");
    return client;
}

void sql_desk_run(struct sql_desk *desk)
{
    enum torc_verdict verdict;

    check(torc_world_run(desk->world, TORC_NEVER, &verdict) == 0, "the world ran out of memory");
    check(verdict == TORC_VERDICT_QUIESCENT, torc_verdict_name(verdict));
}

const char *sql_desk_look(struct sql_desk *desk, const char *path, const char *sql)
{
    int code;
    sqlite3 *sqlite = open_database(desk, path, &code);

    if (code == SQLITE_OK)
        code = run_statement(sqlite, sql, desk->looked, sizeof desk->looked);
    if (code != SQLITE_OK)
        snprintf(desk->looked, sizeof desk->looked, "error %d", code);
    sqlite3_close(sqlite);
    return desk->looked;
}

void sql_desk_digest(struct sql_desk *desk, char out[TORC_DIGEST_TEXT_BYTES])
{
    torc_trace_digest(desk->trace, out);
}
