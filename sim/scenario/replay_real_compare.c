/* replay_real_compare.c - what SQLite gave beside what is recorded, and when the difference is none. */
#include "replay_real_state.h"

#include <stdio.h>
#include <string.h>

/* --- doubts -------------------------------------------------------------------------------------- */

void torci_real_look(struct torci_real_comparison *comparison)
{
    struct torci_real_connection *connection = comparison->connection;

    if (!connection->in_transaction) {
        connection->seen_n = 0;
        connection->uncertain = false;
    }
    if (connection->seen_n == 0) {
        connection->uncertain = connection->file->committed_n > comparison->record->begun;
        connection->seen_n = comparison->n;
    }
}

void torci_real_tell_doubt(struct torci_replay_real *real)
{
    if (real->doubt.seen_n != 0 && !real->replayer->over) {
        real->replayer->report->verdict = TORC_REPLAY_DIFFERENT;
        real->replayer->report->difference = real->doubt.difference;
        real->replayer->over = true;
    }
}

void torci_real_note_commit(struct torci_real_comparison *comparison, bool writes)
{
    struct torci_replay_real *real = comparison->real;
    struct torci_real_connection *by = comparison->connection;
    uint64_t begun = comparison->record->begun;

    by->wrote = writes || (by->in_transaction && by->wrote);
    if (comparison->record->in_transaction || !by->wrote) {
        return;
    }
    by->file->committed_n = comparison->n;
    for (struct torci_real_connection *other = real->connections; other != NULL; other = other->next) {
        if (other != by && other->file == by->file && other->seen_n > begun) {
            other->uncertain = true;
        }
    }
    if (real->doubt.seen_n != 0 && real->doubt.file == by->file) {
        if (real->doubt.seen_n > begun) {
            real->doubt.seen_n = 0;
            real->replayer->report->statements_overlapping++;
        } else {
            torci_real_tell_doubt(real);
        }
    }
}

/* Takes a difference that was just told back, as one that is in doubt. */
static void doubt(struct torci_replay_real *real, const struct torci_real_connection *connection)
{
    struct torc_replay_report *report = real->replayer->report;

    if (real->doubt.seen_n == 0) {
        real->doubt.seen_n = connection->seen_n;
        real->doubt.file = connection->file;
        real->doubt.difference = report->difference;
    }
    memset(&report->difference, 0, sizeof(report->difference));
    report->verdict = TORC_REPLAY_EQUAL;
    real->replayer->over = false;
}

/* --- comparing ----------------------------------------------------------------------------------- */

static void differs(struct torci_real_comparison *comparison, const char *where,
                    const struct torc_db_value *expected, const struct torc_db_value *got,
                    const char *what)
{
    struct torci_replay_real *real = comparison->real;
    struct torci_real_connection *connection = comparison->connection;
    bool reads = connection->statement != NULL && sqlite3_stmt_readonly(connection->statement);

    connection->given_up = true;
    if (connection->uncertain) {
        real->replayer->report->statements_overlapping++;
        return;
    }
    torci_replay_differs_in_statement(real->replayer, comparison->record, comparison->n, where,
                                      expected, got, "%s", what);
    if (reads) {
        doubt(real, connection);
    }
}

void torci_real_differs_in_number(struct torci_real_comparison *comparison, const char *what, int64_t expected,
                              int64_t got)
{
    struct torc_db_value recorded = torc_db_integer(expected);
    struct torc_db_value real = torc_db_integer(got);

    if (expected != got && !comparison->connection->given_up) {
        differs(comparison, "", &recorded, &real, what);
    }
}

/* The outcome as one would read it: "SQLITE_BUSY (5): database is locked". */
void torci_real_differs_in_code(struct torci_real_comparison *comparison, int code)
{
    const struct torci_database_record *record = comparison->record;
    struct torc_db_value expected;
    struct torc_db_value got;
    char recorded_text[200];
    char text[200];

    if (record->code == code || comparison->connection->given_up) {
        return;
    }
    snprintf(recorded_text, sizeof(recorded_text), "%d %s", (int)record->code,
             record->code != 0 ? record->message.as.text : "no error");
    snprintf(text, sizeof(text), "%d %s", code,
             code == SQLITE_OK ? "no error" : sqlite3_errmsg(comparison->connection->sqlite));
    expected = torc_db_text(recorded_text);
    got = torc_db_text(text);
    differs(comparison, "", &expected, &got, "SQLite ended the statement otherwise");
}

static struct torc_db_value cell(sqlite3_stmt *statement, int column)
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

        return torc_db_blob(blob != NULL ? blob : "",
                            (size_t)sqlite3_column_bytes(statement, column));
    }
    default:
        return torc_db_null();
    }
}

static void compare_columns(struct torci_real_comparison *comparison)
{
    const struct torci_database_record *record = comparison->record;
    sqlite3_stmt *statement = comparison->connection->statement;
    int count = sqlite3_column_count(statement);

    torci_real_differs_in_number(comparison, "SQLite gave another number of columns than recorded",
                      (int64_t)record->column_count, count);
    for (int i = 0; i < count && !comparison->connection->given_up; i++) {
        struct torc_db_value name = torc_db_text(sqlite3_column_name(statement, i));
        char where[32];

        if (!torci_database_value_equal(&record->columns[i], &name)) {
            snprintf(where, sizeof(where), ", column %d", i + 1);
            differs(comparison, where, &record->columns[i], &name,
                    "SQLite named the column otherwise");
        }
    }
}

static void compare_row(struct torci_real_comparison *comparison, size_t row)
{
    const struct torci_database_record *record = comparison->record;

    for (size_t i = 0; i < record->column_count && !comparison->connection->given_up; i++) {
        const struct torc_db_value *expected = &record->values[row * record->column_count + i];
        struct torc_db_value got = cell(comparison->connection->statement, (int)i);
        char where[96];

        if (!torci_database_value_equal(expected, &got)) {
            snprintf(where, sizeof(where), ", row %llu, column %.40s",
                     (unsigned long long)record->first + row, record->columns[i].as.text);
            differs(comparison, where, expected, &got, "SQLite gave another value than recorded");
        }
    }
}

void torci_real_compare_rows(struct torci_real_comparison *comparison)
{
    const struct torci_database_record *record = comparison->record;

    for (size_t i = 0; i < record->row_count && !comparison->connection->given_up; i++) {
        int code = sqlite3_step(comparison->connection->statement);

        if (code == SQLITE_DONE) {
            torci_real_differs_in_number(comparison, "SQLite gave fewer rows than recorded",
                              (int64_t)(record->first - 1 + record->row_count),
                              (int64_t)comparison->connection->rows);
        } else if (code != SQLITE_ROW) {
            torci_real_differs_in_code(comparison, code);
        } else {
            if (comparison->connection->rows++ == 0) {
                compare_columns(comparison);
            }
            compare_row(comparison, i);
        }
    }
}

static void compare_outcome(struct torci_real_comparison *comparison)
{
    const struct torci_database_record *record = comparison->record;
    sqlite3 *sqlite = comparison->connection->sqlite;
    bool changed = sqlite3_total_changes64(sqlite) != comparison->connection->total_changes;

    torci_real_differs_in_number(comparison, "SQLite changed another number of rows than recorded",
                                 record->changes, changed ? sqlite3_changes64(sqlite) : 0);
    if (record->last_insert_id != 0) { /* SQLite tells that of an earlier statement where there is none */
        torci_real_differs_in_number(comparison, "SQLite gave another last rowid than recorded",
                                     record->last_insert_id, sqlite3_last_insert_rowid(sqlite));
    }
    torci_real_differs_in_number(comparison, "SQLite is in a transaction (1), or in none (0)",
                                 record->in_transaction, !sqlite3_get_autocommit(sqlite));
}

void torci_real_compare_end(struct torci_real_comparison *comparison)
{
    const struct torci_database_record *record = comparison->record;
    int code;

    if (record->code == 0 && !record->complete) {
        return; /* nobody asked for more */
    }
    code = sqlite3_step(comparison->connection->statement);
    if (code == SQLITE_ROW && record->code != 0) {
        code = sqlite3_reset(comparison->connection->statement); /* left early, which failed */
    } else if (code == SQLITE_ROW) {
        torci_real_differs_in_number(comparison, "SQLite gave more rows than recorded",
                          (int64_t)record->rows, (int64_t)record->rows + 1);
        return;
    }
    if (code == SQLITE_DONE && record->rows == 0) {
        compare_columns(comparison);
    }
    torci_real_differs_in_code(comparison, code == SQLITE_DONE ? SQLITE_OK : code);
    if (code == SQLITE_DONE && !comparison->connection->given_up) {
        compare_outcome(comparison);
    }
}
