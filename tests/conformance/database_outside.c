/* Other programs that have a pool's file open, and statements that go wrong below the pool. */
#include "database.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <torc/format.h>

#define PATH_BYTES 512

/* A platform's table with one slot of ours. */
struct told_otherwise {
    struct torc_platform_ops ops;
    const struct torc_platform_ops *inner;
    pthread_mutex_t lock;
    char sql[64]; /* "": nothing */
    int code;
    bool lost;
    unsigned times;
};

struct outside {
    sqlite3 *outsider;
    struct told_otherwise told;
};

/* --- the file, from outside ----------------------------------------------------------------------- */

static struct torc_platform *platform_of(struct conf *c)
{
    return torc_reactor_platform(c->client);
}

int outsider(struct conf *c, const char *path, const char *sql)
{
    struct outside *state = c->outside;

    if (state->outsider == NULL) {
        int code = sqlite3_open_v2(path, &state->outsider, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                   platform_of(c)->ops->storage(platform_of(c)));

        if (code != SQLITE_OK) {
            outsider_leaves(c);
            return code;
        }
    }
    return sqlite3_exec(state->outsider, sql, NULL, NULL, NULL);
}

static int read_number(void *arg, int columns, char **values, char **names)
{
    (void)names;
    if (columns > 0 && values[0] != NULL)
        *(int64_t *)arg = strtoll(values[0], NULL, 10);
    return 0;
}

int64_t outsider_sees(struct conf *c, const char *path, const char *sql)
{
    struct outside *state = c->outside;
    int64_t number = INT64_MIN;

    if (outsider(c, path, "") == SQLITE_OK)
        (void)sqlite3_exec(state->outsider, sql, read_number, &number, NULL);
    return number;
}

void outsider_leaves(struct conf *c)
{
    struct outside *state = c->outside;

    (void)sqlite3_close(state->outsider);
    state->outsider = NULL;
}

bool write_file(struct conf *c, const char *path, const char *bytes, int count)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(platform_of(c)->ops->storage(platform_of(c)));
    sqlite3_file *file = vfs != NULL ? calloc(1, (size_t)vfs->szOsFile) : NULL;
    int flags = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    char full[PATH_BYTES];
    bool written;

    written = file != NULL && vfs->xFullPathname(vfs, path, (int)sizeof full, full) == SQLITE_OK &&
              vfs->xOpen(vfs, full, file, flags, &flags) == SQLITE_OK &&
              file->pMethods->xWrite(file, bytes, count, 0) == SQLITE_OK &&
              file->pMethods->xSync(file, SQLITE_SYNC_FULL) == SQLITE_OK;
    if (file != NULL && file->pMethods != NULL)
        (void)file->pMethods->xClose(file);
    free(file);
    return written;
}

bool file_exists(struct conf *c, const char *path)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(platform_of(c)->ops->storage(platform_of(c)));
    char full[PATH_BYTES];
    int there = 1;

    return vfs != NULL && vfs->xFullPathname(vfs, path, (int)sizeof full, full) == SQLITE_OK &&
           vfs->xAccess(vfs, full, SQLITE_ACCESS_EXISTS, &there) == SQLITE_OK && there != 0;
}

/* --- statements that go wrong --------------------------------------------------------------------- */

static enum torc_database_answer told_database(struct torc_platform *self,
                                               struct torc_database_event *event)
{
    struct told_otherwise *told =
        (struct told_otherwise *)(void *)((char *)(uintptr_t)self->ops -
                                          offsetof(struct told_otherwise, ops));
    enum torc_database_answer answer = told->inner->database(self, event);

    if (event->kind != TORC_DATABASE_END)
        return answer;
    pthread_mutex_lock(&told->lock);
    if (told->sql[0] != '\0' && strncmp(event->sql, told->sql, strlen(told->sql)) == 0) {
        event->code = told->code;
        event->message = "told otherwise";
        event->lost = told->lost;
        told->sql[0] = '\0';
        told->times++;
        answer = TORC_DATABASE_ANSWER;
    }
    pthread_mutex_unlock(&told->lock);
    return answer;
}

void outcome_told_as(struct conf *c, const char *sql, int code, bool lost)
{
    struct told_otherwise *told = &((struct outside *)c->outside)->told;
    struct torc_platform *platform = c->base != NULL ? c->base : platform_of(c);

    if (told->inner == NULL) {
        told->inner = platform->ops;
        told->ops = *platform->ops;
        told->ops.database = told_database;
        platform->ops = &told->ops;
    }
    pthread_mutex_lock(&told->lock);
    torc_format(told->sql, sizeof told->sql, "%s", sql);
    told->code = code;
    told->lost = lost;
    pthread_mutex_unlock(&told->lock);
}

unsigned outcomes_told(const struct conf *c)
{
    struct told_otherwise *told = &((struct outside *)c->outside)->told;
    unsigned times;

    pthread_mutex_lock(&told->lock);
    times = told->times;
    pthread_mutex_unlock(&told->lock);
    return times;
}

/* --- around a body -------------------------------------------------------------------------------- */

void outside_begin(struct conf *c)
{
    struct outside *state = calloc(1, sizeof *state);

    if (state == NULL)
        abort();
    pthread_mutex_init(&state->told.lock, NULL);
    c->outside = state;
}

void outside_forget(struct conf *c)
{
    struct outside *state = c->outside;

    pthread_mutex_destroy(&state->told.lock);
    free(state);
}
