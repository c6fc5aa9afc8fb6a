/* sql_text.h - the little that is read in a statement's text here, and not by SQLite. */
#ifndef TORCI_SQL_TEXT_H
#define TORCI_SQL_TEXT_H

#include <stdbool.h>

/* Behind blanks, comments and semicolons. */
const char *torci_sql_skip_blanks(const char *sql);

/* Whether its first word begins with `word`, which is in small letters. */
bool torci_sql_begins_with(const char *sql, const char *word);

/* Whether `word`, in small letters, is anywhere in it. */
bool torci_sql_mentions(const char *sql, const char *word);

#endif
