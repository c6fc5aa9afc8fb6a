#include "recording_database.h"

#include <math.h>
#include <string.h>

const char *torci_database_what_name(enum torci_database_what what)
{
    static const char *const names[] = {"open", "rows", "statement", "close"};

    return names[what];
}

/* What a statement has once, in its first record. */
static void emit_parameters(const struct torci_database_record *record, struct torc_trace *trace)
{
    if (record->parameter_count > 0) {
        torc_trace_values(trace, "parameters", record->parameters, record->parameter_count);
    }
}

static void emit_rows(const struct torci_database_record *record, struct torc_trace *trace)
{
    if (record->column_count > 0) {
        torc_trace_values(trace, "columns", record->columns, record->column_count);
    }
    if (record->row_count > 0) {
        torc_trace_integer(trace, "first", (int64_t)record->first);
        torc_trace_rows(trace, "rows", record->values, record->column_count, record->row_count);
    }
}

static void emit_outcome(const struct torci_database_record *record, struct torc_trace *trace)
{
    torc_trace_integer(trace, "code", record->code);
    if (record->code != 0) {
        torc_trace_value(trace, "message", &record->message);
    }
}

static void emit_end(const struct torci_database_record *record, struct torc_trace *trace)
{
    torc_trace_integer(trace, "count", (int64_t)record->rows);
    torc_trace_integer(trace, "complete", record->complete ? 1 : 0);
    torc_trace_integer(trace, "changes", record->changes);
    torc_trace_integer(trace, "last_insert_id", record->last_insert_id);
    torc_trace_integer(trace, "in_transaction", record->in_transaction ? 1 : 0);
    if (record->lost) {
        torc_trace_integer(trace, "lost", 1);
    }
    torc_trace_integer(trace, "took_ns", (int64_t)record->took_ns);
}

void torci_database_record_emit(const struct torci_database_record *record,
                                struct torc_trace *trace)
{
    torc_trace_text(trace, "what", torci_database_what_name(record->what));
    torc_trace_value(trace, "database", &record->database);
    torc_trace_integer(trace, "connection", record->connection);
    torc_trace_integer(trace, "request", (int64_t)record->request);
    torc_trace_integer(trace, "ordinal", record->ordinal);
    switch (record->what) {
    case TORCI_DATABASE_OPEN:
        torc_trace_value(trace, "path", &record->path);
        emit_outcome(record, trace);
        break;
    case TORCI_DATABASE_ROWS:
    case TORCI_DATABASE_STATEMENT:
        torc_trace_value(trace, "sql", &record->sql);
        torc_trace_integer(trace, "begun", (int64_t)record->begun);
        emit_parameters(record, trace);
        emit_rows(record, trace);
        if (record->what == TORCI_DATABASE_STATEMENT) {
            emit_outcome(record, trace);
            emit_end(record, trace);
        }
        break;
    case TORCI_DATABASE_CLOSE:
        break;
    }
}

bool torci_database_value_equal(const struct torc_db_value *a, const struct torc_db_value *b)
{
    if (a->type != b->type) {
        return false;
    }
    switch (a->type) {
    case TORC_DB_NULL:
        return true;
    case TORC_DB_INTEGER:
        return a->as.integer == b->as.integer;
    case TORC_DB_REAL:
        return (isnan(a->as.real) && isnan(b->as.real)) ||
               /* 0 and -0 are two values.  NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
               memcmp(&a->as.real, &b->as.real, sizeof(a->as.real)) == 0;
    default:
        return a->bytes == b->bytes &&
               (a->bytes == 0 || memcmp(a->as.blob, b->as.blob, a->bytes) == 0);
    }
}
