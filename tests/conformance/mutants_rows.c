/* Platforms that give other rows than the database does, in one way each: they answer each SELECT in
 * SQLite's place, with rows that they ask SQLite for. */
#include "mutant.h"

#include <sqlite3.h>

#include <torc/format.h>

static enum torc_database_answer pass(struct torc_platform *s, struct torc_database_event *event)
{
    return INNER(s)->ops->database(INNER(s), event);
}

/* --- answering in SQLite's place ------------------------------------------------------------------ */

struct answer *answer_of(struct mutant *mutant, const void *sqlite)
{
    size_t i;

    for (i = 0; sqlite != NULL && i < ANSWERS_MAX; i++)
        if (mutant->answers[i].sqlite == sqlite)
            return &mutant->answers[i];
    return NULL;
}

struct answer *answer_begin(struct mutant *mutant, void *sqlite, void *statement)
{
    size_t i;

    for (i = 0; i < ANSWERS_MAX; i++)
        if (mutant->answers[i].sqlite == NULL) {
            memset(&mutant->answers[i], 0, sizeof mutant->answers[i]);
            mutant->answers[i].sqlite = sqlite;
            mutant->answers[i].statement = statement;
            return &mutant->answers[i];
        }
    return NULL;
}

enum torc_database_answer answer_end(struct answer *answer,
                                     struct torc_database_event *event)
{
    if (answer->statement != NULL)
        answer->in_transaction = sqlite3_get_autocommit(answer->sqlite) == 0;
    (void)sqlite3_finalize(answer->statement);
    event->code = answer->code;
    event->message = answer->code == SQLITE_OK ? "not an error" : answer->message;
    event->rows = answer->rows;
    event->complete = answer->complete || answer->statement == NULL;
    event->changes = answer->statement == NULL;
    event->last_insert_id = answer->statement == NULL;
    event->in_transaction = answer->in_transaction;
    event->lost = false;
    answer->sqlite = NULL;
    answer->statement = NULL;
    return TORC_DATABASE_ANSWER;
}

/* --- the rows of a SELECT ------------------------------------------------------------------------ */

static void bind(sqlite3_stmt *statement, int place, const struct torc_db_value *value)
{
    switch (value->type) {
    case TORC_DB_NULL:
        (void)sqlite3_bind_null(statement, place);
        break;
    case TORC_DB_INTEGER:
        (void)sqlite3_bind_int64(statement, place, value->as.integer);
        break;
    case TORC_DB_REAL:
        (void)sqlite3_bind_double(statement, place, value->as.real);
        break;
    case TORC_DB_TEXT:
        (void)sqlite3_bind_text64(statement, place, value->as.text, value->bytes, SQLITE_TRANSIENT,
                                  SQLITE_UTF8);
        break;
    case TORC_DB_BLOB:
        (void)sqlite3_bind_blob64(statement, place, value->bytes > 0 ? value->as.blob : "",
                                  value->bytes, SQLITE_TRANSIENT);
        break;
    }
}

/* Prepares a SELECT that has what it needs; anything else is left to the pool, its errors too. */
static sqlite3_stmt *prepare_select(const struct torc_database_event *event)
{
    sqlite3_stmt *statement = NULL;
    const char *tail = "";
    size_t i;

    if (event->sqlite == NULL || sqlite3_strnicmp(event->sql, "SELECT", 6) != 0)
        return NULL;
    if (sqlite3_prepare_v2(event->sqlite, event->sql, -1, &statement, &tail) != SQLITE_OK ||
        *tail != '\0' || sqlite3_column_count(statement) > COLUMNS_MAX ||
        sqlite3_bind_parameter_count(statement) != (int)event->parameter_count) {
        (void)sqlite3_finalize(statement);
        return NULL;
    }
    for (i = 0; i < event->parameter_count; i++)
        bind(statement, (int)i + 1, &event->parameters[i]);
    return statement;
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

        return torc_db_blob(blob, (size_t)sqlite3_column_bytes(statement, column));
    }
    default:
        return torc_db_null();
    }
}

/* Steps to the next row and fills it in; false when there is none. */
static bool step(struct answer *answer)
{
    int i, code = sqlite3_step(answer->statement);

    if (code != SQLITE_ROW) {
        answer->code = code == SQLITE_DONE ? SQLITE_OK : code;
        answer->complete = code == SQLITE_DONE;
        torc_format(answer->message, sizeof answer->message, "%s", sqlite3_errmsg(answer->sqlite));
        return false;
    }
    for (i = 0; i < sqlite3_column_count(answer->statement); i++) {
        answer->columns[i] = sqlite3_column_name(answer->statement, i);
        answer->values[i] = cell(answer->statement, i);
    }
    return true;
}

/* What is done to the row the answer stands on; false: it is left out. */
typedef bool row_fn(struct answer *answer, size_t columns);

static enum torc_database_answer next_row(struct torc_platform *s, struct answer *answer,
                                          struct torc_database_event *event, row_fn *change)
{
    size_t columns = (size_t)sqlite3_column_count(answer->statement);
    bool again = answer->again;

    answer->again = false;
    if (!again)
        do {
            if (!step(answer))
                return TORC_DATABASE_PROCEED;
            columns = (size_t)sqlite3_column_count(answer->statement);
        } while (!change(answer, columns));
    event->rows = ++answer->rows;
    event->column_count = columns;
    event->columns = answer->columns;
    event->values = answer->values;
    (void)pass(s, event);
    return TORC_DATABASE_ANSWER;
}

static enum torc_database_answer with_rows(struct torc_platform *s,
                                           struct torc_database_event *event, row_fn *change)
{
    struct mutant *mutant = mutant_of(s);
    struct answer *answer = answer_of(mutant, event->sqlite);
    sqlite3_stmt *statement;

    if (answer != NULL && event->kind == TORC_DATABASE_ROW)
        return next_row(s, answer, event, change);
    if (answer != NULL && event->kind == TORC_DATABASE_END) {
        enum torc_database_answer told = answer_end(answer, event);

        (void)pass(s, event);
        return told;
    }
    if (pass(s, event) == TORC_DATABASE_ANSWER)
        return TORC_DATABASE_ANSWER;
    if (event->kind != TORC_DATABASE_BEGIN)
        return TORC_DATABASE_PROCEED;
    statement = prepare_select(event);
    if (statement == NULL)
        return TORC_DATABASE_PROCEED;
    if (answer_begin(mutant, event->sqlite, statement) != NULL)
        return TORC_DATABASE_ANSWER;
    (void)sqlite3_finalize(statement);
    return TORC_DATABASE_PROCEED;
}

#define ROW_MUTATION(name)                                                                         \
    static enum torc_database_answer name##_database(struct torc_platform *s,                      \
                                                     struct torc_database_event *event)            \
    {                                                                                              \
        return with_rows(s, event, name);                                                          \
    }                                                                                              \
    static void apply_##name(struct torc_platform_ops *ops)                                        \
    {                                                                                              \
        ops->database = name##_database;                                                           \
    }

static bool row_dropped(struct answer *answer, size_t columns)
{
    bool leave_out = answer->rows == 1 && !answer->left_out;

    (void)columns;
    answer->left_out = answer->left_out || leave_out;
    return !leave_out;
}
ROW_MUTATION(row_dropped)

static bool row_told_twice(struct answer *answer, size_t columns)
{
    (void)columns;
    answer->again = answer->rows == 1;
    return true;
}
ROW_MUTATION(row_told_twice)

static bool null_as_zero(struct answer *answer, size_t columns)
{
    size_t i;

    for (i = 0; i < columns; i++)
        if (answer->values[i].type == TORC_DB_NULL)
            answer->values[i] = torc_db_integer(0);
    return true;
}
ROW_MUTATION(null_as_zero)

static bool ends_at_nul(struct answer *answer, size_t columns)
{
    size_t i;

    for (i = 0; i < columns; i++) {
        struct torc_db_value *value = &answer->values[i];

        if (value->bytes > 0 && (value->type == TORC_DB_TEXT || value->type == TORC_DB_BLOB))
            value->bytes = strnlen(value->as.text, value->bytes);
    }
    return true;
}
ROW_MUTATION(ends_at_nul)

/* As if integers were doubles on their way. */
static bool integers_rounded(struct answer *answer, size_t columns)
{
    const int64_t exact = (int64_t)1 << 53;
    size_t i;

    for (i = 0; i < columns; i++) {
        struct torc_db_value *value = &answer->values[i];

        if (value->type == TORC_DB_INTEGER &&
            (value->as.integer > exact || value->as.integer < -exact))
            value->as.integer = value->as.integer / 2048 * 2048;
    }
    return true;
}
ROW_MUTATION(integers_rounded)

static bool columns_swapped(struct answer *answer, size_t columns)
{
    if (columns > 1) {
        const char *name = answer->columns[0];

        answer->columns[0] = answer->columns[1];
        answer->columns[1] = name;
    }
    return true;
}
ROW_MUTATION(columns_swapped)

static bool unchanged(struct answer *answer, size_t columns)
{
    (void)answer;
    (void)columns;
    return true;
}

ROW_MUTATION(unchanged)

/* A statement whose only parameter is an integer gets the rows for that of the one before. */
static enum torc_database_answer rows_of_another_database(struct torc_platform *s,
                                                          struct torc_database_event *event)
{
    struct mutant *mutant = mutant_of(s);
    struct torc_db_value other;
    const struct torc_db_value *own = event->parameters;
    enum torc_database_answer answer;

    if (event->kind != TORC_DATABASE_BEGIN || event->parameter_count != 1 ||
        own[0].type != TORC_DB_INTEGER)
        return with_rows(s, event, unchanged);
    other = torc_db_integer(mutant->has_last_parameter ? mutant->last_parameter : own[0].as.integer);
    mutant->last_parameter = own[0].as.integer;
    mutant->has_last_parameter = true;
    event->parameters = &other;
    answer = with_rows(s, event, unchanged);
    event->parameters = own;
    return answer;
}
static void apply_rows_of_another(struct torc_platform_ops *ops)
{
    ops->database = rows_of_another_database;
}

/* No mutation: each SELECT is answered as SQLite would. */
const struct mutation answered_truly = {"answered", "a SELECT is answered with its own rows",
                                        apply_unchanged};

const struct mutation row_mutations[] = {
    {"row-dropped", "the second row is left out", apply_row_dropped},
    {"row-told-twice", "the first row is told twice", apply_row_told_twice},
    {"rows-of-another", "a statement gets the rows of the one before", apply_rows_of_another},
    {"null-as-zero", "NULL is told as 0", apply_null_as_zero},
    {"ends-at-nul", "text and blobs end at their first zero byte", apply_ends_at_nul},
    {"integers-rounded", "integers beyond 2^53 are rounded", apply_integers_rounded},
    {"columns-swapped", "the names of two columns change places", apply_columns_swapped},
};
const size_t row_mutation_count = sizeof row_mutations / sizeof row_mutations[0];
