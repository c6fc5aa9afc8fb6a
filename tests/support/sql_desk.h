/* sql_desk.h - a world of one host whose jobs run SQL on the host's disk, without a pool in between: what the
 * disk does is seen as SQLite sees it.
 *
 *     struct sql_desk *desk = sql_desk_new(7, NULL, false);
 *     struct sql_client *a = sql_desk_submit(desk, "a.db", script_a);
 *     struct sql_client *b = sql_desk_submit(desk, "a.db", script_b);
 *     sql_desk_run(desk);
 *     assert_int_equal(a->codes[0], SQLITE_OK);
 *     assert_string_equal(sql_desk_look(desk, "a.db", "PRAGMA integrity_check"), "ok");
 *     sql_desk_free(desk);
 */
#ifndef TORC_TESTS_SQL_DESK_H
#define TORC_TESTS_SQL_DESK_H

#include <sqlite3.h>

#include <torc/disk.h>

#define SQL_STATEMENTS_MAX 256

struct sql_desk;

/* One connection in one job: opens, runs the statements one after the other whatever they come to, closes.
 * "SLEEP 100" is a statement too: 100 us. */
struct sql_client {
    struct sql_client *next;
    struct sql_desk *desk;
    const char *path;
    const char *const *statements; /* until NULL; borrowed */
    int opened;                    /* what opening came to; if not SQLITE_OK, no statement is run */
    size_t done;                   /* statements that ended, those of a dead host too */
    int codes[SQL_STATEMENTS_MAX]; /* SQLITE_OK, or extended */
    char values[SQL_STATEMENTS_MAX][40]; /* the first column of the last row; "" */
    uint64_t ended_ns[SQL_STATEMENTS_MAX];
};

struct sql_desk {
    struct torc_world *world;
    struct torc_trace *trace;
    struct torc_host *host;
    struct torc_platform *platform;
    struct sql_client *clients;
    size_t tokens;
    char looked[256];
    char *text; /* of the trace, if it is kept */
    size_t text_bytes;
    size_t text_capacity;
};

/* `options` of the disk; NULL: as it is.  `keep`: the trace's lines are in desk->text.  Aborts on failure. */
struct sql_desk *sql_desk_new(uint64_t seed, const struct torc_disk_options *options, bool keep);
void sql_desk_free(struct sql_desk *desk);

/* The job begins when the world runs.  What it returns lives as long as the desk. */
struct sql_client *sql_desk_submit(struct sql_desk *desk, const char *path,
                                   const char *const *statements);

/* Until nothing is left to happen. */
void sql_desk_run(struct sql_desk *desk);

/* Outside of all jobs, on a connection of its own: the first column of the last row, or "error N". */
const char *sql_desk_look(struct sql_desk *desk, const char *path, const char *sql);

void sql_desk_digest(struct sql_desk *desk, char out[TORC_DIGEST_TEXT_BYTES]);

#endif
