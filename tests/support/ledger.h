/* ledger.h - a small program with a pool, for the tests of recordings, and a live session of it recorded.
 *
 * It makes a table, fills it by statements and by a transaction, breaks a constraint, runs
 * a function, reads beside writing, reads a result row by row in several pieces, and one that it cancels, closes its
 * pool and stops. */
#ifndef TORC_TESTS_LEDGER_H
#define TORC_TESTS_LEDGER_H

#include <torc/module.h>
#include <torc/recording.h>

#include "tests/support/desk.h"

/* What a ledger does otherwise than the one that is recorded. */
enum ledger_fault {
    LEDGER_AS_RECORDED,
    LEDGER_OTHER_SQL,      /* asks for the names in another order */
    LEDGER_OTHER_VALUE,    /* inserts another real */
    LEDGER_MORE_VALUES,    /* one parameter too many */
    LEDGER_SHORT,          /* does one statement less in the transaction */
    LEDGER_LONG,           /* one more */
    LEDGER_IDLE,           /* does nothing in the transaction */
    LEDGER_SILENT,         /* submits the work of the constraint as a plain job that does nothing */
    LEDGER_LAZY,           /* does the first of two statements of a function */
    LEDGER_LEAVES_EARLY    /* takes one row of all in the transaction */
};

/* Records a live session with its database below `directory`. */
void ledger_record(struct desk_file *file, const char *directory);

/* Replays the file from its beginning.  `options` may be NULL. */
int ledger_replay(struct desk_file *file, enum ledger_fault fault,
                  const struct torc_replay_options *options, struct torc_replay_report *report);

#endif
