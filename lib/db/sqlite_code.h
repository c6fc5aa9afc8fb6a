/* sqlite_code.h - what a result code of SQLite is for Torc. */
#ifndef TORCI_SQLITE_CODE_H
#define TORCI_SQLITE_CODE_H

#include <torc/pool.h>

/* The code of torc/error.h, and the type of failure; `lost` comes before both. */
int torci_code_of_sqlite(int sqlite_code);
const struct torc_failure_type *torci_failure_type_of_sqlite(int sqlite_code);

/* BUSY and LOCKED of any kind: somebody else's transaction is in the way. */
bool torci_sqlite_busy(int sqlite_code);

/* After it nothing more is asked of the connection. */
bool torci_sqlite_doubtful(int sqlite_code);

/* After it a transaction is not to go on: SQLite has ended it, or would have had it been its own error. */
bool torci_sqlite_ends_transaction(int sqlite_code);

#endif
