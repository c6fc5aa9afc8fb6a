/* replay_real_state.h - databases, connections and doubts of statements that are run again. */
#ifndef TORCI_REPLAY_REAL_STATE_H
#define TORCI_REPLAY_REAL_STATE_H

#include <sqlite3.h>

#include "replay_real.h"
#include "replayer.h"

/* A database file, by the path it had. */
struct torci_real_file {
    struct torci_real_file *next;
    char *path;
    char *name; /* below the directory */
    uint64_t committed_n; /* the last commit */
};

/* A connection that is open. */
struct torci_real_connection {
    struct torci_real_connection *next;
    char *database;
    uint32_t number;
    struct torci_real_file *file;
    sqlite3 *sqlite;
    sqlite3_stmt *statement; /* that goes on; NULL: none */
    bool in_transaction;     /* before the statement */
    bool wrote;              /* in that transaction */
    int64_t total_changes;
    uint64_t rows;
    bool given_up; /* it differs already */
    /* The state of the database that it sees was taken by the statement that is event `seen_n`; 0: none was taken. */
    uint64_t seen_n;
    bool uncertain; /* something was committed meanwhile */
};

/* A difference that a commit may yet explain. */
struct torci_real_doubt {
    uint64_t seen_n; /* 0: there is none */
    struct torci_real_file *file;
    struct torc_replay_difference difference;
};

struct torci_replay_real {
    struct torci_replayer *replayer;
    const char *directory;
    const char *from;
    struct torci_real_file *files;
    unsigned file_count;
    struct torci_real_connection *connections;
    struct torci_real_doubt doubt;
};

/* A statement that is compared. */
struct torci_real_comparison {
    struct torci_replay_real *real;
    struct torci_real_connection *connection;
    const struct torci_database_record *record;
    uint64_t n;
};

/* --- comparing (replay_real_compare.c) ------------------------------------------------------------ */

/* The statement is about to run: notes whose state of the database it sees. */
void torci_real_look(struct torci_real_comparison *comparison);
/* The statement has ended.  Where it committed, those that overlapped with it saw one state or the other. */
void torci_real_note_commit(struct torci_real_comparison *comparison, bool writes);
/* What is in doubt still is a difference. */
void torci_real_tell_doubt(struct torci_replay_real *real);

/* Compares the rows of the record; then, at the statement's end, its outcome. */
void torci_real_compare_rows(struct torci_real_comparison *comparison);
void torci_real_compare_end(struct torci_real_comparison *comparison);
/* Nothing, where they are equal. */
void torci_real_differs_in_code(struct torci_real_comparison *comparison, int code);
void torci_real_differs_in_number(struct torci_real_comparison *comparison, const char *what,
                                  int64_t expected, int64_t got);

#endif
