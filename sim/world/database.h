/* database.h - the databases of a host: their names, the connections its pools have open, and what goes
 * wrong with statements; for the files of sim/world only.
 *
 *   database.c         the platform's `database` slot; connections and names
 *   database_fault.c   statement faults
 *   database_record.c  statements in the trace
 *   database_look.c    looking into a database from outside
 *
 * Connections belong to the world: a host that is killed runs no code of its pools, so the world closes what
 * they had open. */
#ifndef TORCI_DATABASE_H
#define TORCI_DATABASE_H

#include <torc/database_fault.h>

#include "database_record.h"
#include "world.h"

struct torci_database_fault;

/* One connection of a pool.  What an event points to may be filled from it, so it stays as it is until
 * the next event of the connection. */
struct torci_database_connection {
    struct torci_database_connection *next;
    char *database;
    uint32_t number;
    void *sqlite; /* NULL: not open yet */
    /* The statement that runs. */
    uint64_t began_ns;
    struct torci_value_text rows;
    bool answered; /* in SQLite's place, with what follows */
    int code;
    bool lost;
    bool reply_lost; /* it is run, and its end is to be lost */
    const char *message;
    bool *due; /* by number of the fault - 1: it strikes this statement */
    size_t due_count;
    size_t due_capacity;
};

struct torci_database_name {
    struct torci_database_name *next;
    char *name;
    char *path;
    bool opened; /* by a pool, at some time */
};

/* What rows made for torc_host_sql are made of: the world's memory, so that a kill does not take them. */
struct torci_look_platform {
    struct torc_platform platform; /* first */
    struct torc_world *world;
};

struct torci_databases {
    struct torci_look_platform look;
    struct torci_database_connection *connections;
    struct torci_database_name *names;
    struct torci_database_fault *faults; /* in the order they were added */
    uint32_t fault_count;
    uint64_t statements; /* begun so far */
};

/* Made at the first call.  NULL: out of memory. */
struct torci_databases *torci_host_databases(struct torc_host *host);

/* The slot. */
enum torc_database_answer torci_host_database(struct torc_host *host,
                                              struct torc_database_event *event);

/* While a killed host's jobs are brought to their end: they yield no more, nothing is traced, no fault
 * strikes, and every operation of the VFS fails. */
static inline bool torci_host_unwinding(const struct torc_host *host)
{
    return host->unwinding;
}
/* While torc_host_sql runs: operations of the VFS are not counted, not traced and suffer no fault, and
 * what it syncs is durable; it may be while the host is down. */
static inline bool torci_host_looking(const struct torc_host *host)
{
    return host->looking;
}

/* The host is killed and its jobs have ended: closes the connections they left open. */
void torci_host_close_databases(struct torc_host *host);
/* With the host: names and faults too. */
void torci_host_free_databases(struct torc_host *host);

/* A text of the world's, and its end; NULL is accepted by the latter. */
char *torci_database_copy_text(struct torc_world *world, const char *text);
void torci_database_free_text(struct torc_world *world, const char *text);

/* The path a name stands for; NULL: no such database.  Whether a pool has opened one of that name, at some time.  Remembers one, in place of the one before.
 * Errors: TORC_ENOMEM. */
const char *torci_database_path(const struct torc_host *host, const char *name);
bool torci_database_opened(const struct torc_host *host, const char *name);
TORC_CHECKED int torci_database_remember(struct torc_host *host, const char *name,
                                         const char *path);

/* --- faults (database_fault.c) ------------------------------------------------------------------ */

/* A statement is to be run: counts it, and delays it.  Whether a fault answers in SQLite's place; the
 * connection then says what. */
bool torci_database_strike_begin(struct torc_host *host,
                                 struct torci_database_connection *connection,
                                 const struct torc_database_event *event);
/* A row was given: delays it.  Whether the connection goes; as above. */
bool torci_database_strike_row(struct torc_host *host, struct torci_database_connection *connection,
                               const struct torc_database_event *event);
/* SQLite is done.  Whether the reply is lost; as above. */
bool torci_database_strike_end(struct torc_host *host, struct torci_database_connection *connection,
                               const struct torc_database_event *event);
/* The statement is over: what was to strike it and has not may strike another. */
void torci_database_strike_no_more(struct torc_host *host,
                                   struct torci_database_connection *connection);
void torci_database_free_faults(struct torc_host *host);

/* The record of a fault that strikes, and what the job does from now on goes back to it.  `of` is
 * "database", "disk" or "host", `target` the database or the file. */
void torci_host_trace_fault(struct torc_host *host, const char *of, uint32_t fault,
                            const char *kind, const char *target, int code, uint64_t delay_ns);

#endif
