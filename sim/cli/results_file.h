/* results_file.h - a file of results as the statements see it: for results.c and results_notes.c. */
#ifndef TORCI_RESULTS_FILE_H
#define TORCI_RESULTS_FILE_H

#include <sqlite3.h>

#include "results.h"

struct torci_results {
    const char *command;
    char *path;
    sqlite3 *sqlite;
    /* Prepared when they are first used, for there are many such rows. */
    sqlite3_stmt *add_run;
    sqlite3_stmt *add_behaviour;
};

/* Prints what SQLite says.  TORCI_EXIT_INTERNAL. */
int torci_results_failed(const struct torci_results *results);

/* Prepares it if *out is NULL, and binds values: of the letters of `kinds`, t is a text and i an int64_t. */
int torci_results_prepare(struct torci_results *results, sqlite3_stmt **out, const char *sql, const char *kinds,
                          ...);

/* The next two take the statement, and the status of preparing it: if that is not 0 it is what they return. */
/* Runs a statement that answers nothing. */
int torci_results_finish(struct torci_results *results, sqlite3_stmt *statement, int status);
/* Calls `row` for each row; a status other than 0 ends it. */
int torci_results_each_row(struct torci_results *results, sqlite3_stmt *statement, int status,
                           int (*row)(sqlite3_stmt *statement, void *arg), void *arg);

/* Runs one of `add_run` and `add_behaviour`, which are to be used again. */
int torci_results_step(struct torci_results *results, sqlite3_stmt *statement, int status);

/* A column of the present row; never NULL. */
const char *torci_results_text(sqlite3_stmt *statement, int column);
uint64_t torci_results_number(sqlite3_stmt *statement, int column);

#endif
