/* recording_fields_database.c - the fields of a `db` event: values as JSON has them, and what JSON has not. */
#include "recording_fields.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- values -------------------------------------------------------------------------------------- */

/* Keeps base64 as a value of `type`.  1: it is none. */
static int keep_coded(struct torci_kept_values *kept, const json_t *text, enum torc_db_type type)
{
    struct torc_db_value value = {.type = type};
    uint8_t *decoded;
    long bytes;
    int status = 1;

    if (!json_is_string(text)) {
        return 1;
    }
    decoded = malloc(json_string_length(text) / 4 * 3 + 1);
    if (decoded == NULL) {
        return TORC_ENOMEM;
    }
    bytes = torci_base64_decode(json_string_value(text), json_string_length(text), decoded);
    if (bytes >= 0) {
        value.bytes = (size_t)bytes;
        value.as.blob = decoded;
        status = torci_kept_values_add(kept, &value, 1);
    }
    free(decoded);
    return status;
}

/* {"blob64":...}, {"text64":...} or {"real":...}. */
static int keep_object(struct torci_kept_values *kept, const json_t *json)
{
    const char *real = json_string_value(json_object_get(json, "real"));
    struct torc_db_value value;

    if (json_object_size(json) != 1) {
        return 1;
    }
    if (json_object_get(json, "blob64") != NULL) {
        return keep_coded(kept, json_object_get(json, "blob64"), TORC_DB_BLOB);
    }
    if (json_object_get(json, "text64") != NULL) {
        return keep_coded(kept, json_object_get(json, "text64"), TORC_DB_TEXT);
    }
    if (real == NULL) {
        return 1;
    }
    if (strcmp(real, "nan") == 0) {
        value = torc_db_real((double)NAN);
    } else if (strcmp(real, "inf") == 0 || strcmp(real, "-inf") == 0) {
        value = torc_db_real(real[0] == '-' ? -(double)INFINITY : (double)INFINITY);
    } else {
        return 1;
    }
    return torci_kept_values_add(kept, &value, 1);
}

/* 0, TORC_ENOMEM, or 1: it is no value. */
static int keep_value(struct torci_kept_values *kept, const json_t *json)
{
    struct torc_db_value value = torc_db_null();

    if (json_is_object(json)) {
        return keep_object(kept, json);
    }
    if (json_is_integer(json)) {
        value = torc_db_integer(json_integer_value(json));
    } else if (json_is_real(json)) {
        value = torc_db_real(json_real_value(json));
    } else if (json_is_string(json)) {
        value = torc_db_text_of(json_string_value(json), json_string_length(json));
    } else if (!json_is_null(json)) {
        return 1;
    }
    return torci_kept_values_add(kept, &value, 1);
}

/* --- fields -------------------------------------------------------------------------------------- */

static int value_status(struct torci_recording_line *line, const char *name, int status)
{
    return status == 1 ? torci_recording_wrong(line, name, "is not a value of a database") : status;
}

/* A text, or null where `nullable`. */
static int text_value(struct torci_recording_line *line, const char *name, bool nullable)
{
    struct torci_kept_values *texts = &line->out->database->texts;
    const json_t *json = json_object_get(line->json, name);
    int status;

    if (json == NULL) {
        return torci_recording_wrong(line, name, "is missing");
    }
    status = value_status(line, name, keep_value(texts, json));
    if (status == 0 && texts->values[texts->count - 1].type != TORC_DB_TEXT &&
        !(nullable && json_is_null(json))) {
        return torci_recording_wrong(line, name, "is not text");
    }
    return status;
}

/* A list of values, if there is such a field. */
static int value_list(struct torci_recording_line *line, const char *name, const json_t *list,
                      struct torci_kept_values *kept)
{
    if (list != NULL && !json_is_array(list)) {
        return torci_recording_wrong(line, name, "is not a list");
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        int status = value_status(line, name, keep_value(kept, json_array_get(list, i)));

        if (status != 0) {
            return status;
        }
    }
    return 0;
}

static int flag(struct torci_recording_line *line, const char *name, bool needed, bool *out)
{
    int64_t value = 0;
    int status = torci_recording_integer(line, name, needed, 0, &value);

    if (status == 0 && value > 1) {
        return torci_recording_wrong(line, name, "is neither 0 nor 1");
    }
    *out = value == 1;
    return status;
}

static int row_fields(struct torci_recording_line *line, struct torci_recorded_database *database)
{
    struct torci_database_record *record = &database->record;
    const json_t *rows = json_object_get(line->json, "rows");
    int64_t first = 1;
    int status = value_list(line, "columns", json_object_get(line->json, "columns"),
                            &database->columns);

    if (status != 0 ||
        (status = torci_recording_integer(line, "first", rows != NULL, 1, &first)) != 0) {
        return status;
    }
    record->first = (uint64_t)first;
    record->column_count = database->columns.count;
    record->row_count = json_array_size(rows);
    for (size_t i = 0; i < database->columns.count; i++) {
        if (database->columns.values[i].type != TORC_DB_TEXT) {
            return torci_recording_wrong(line, "columns", "has something that is not text");
        }
    }
    if (rows != NULL && record->row_count == 0) {
        return torci_recording_wrong(line, "rows", "is not a list of rows");
    }
    for (size_t i = 0; i < record->row_count && status == 0; i++) {
        const json_t *row = json_array_get(rows, i);

        if (json_array_size(row) != record->column_count || record->column_count == 0) {
            return torci_recording_wrong(line, "rows",
                                         "has a row with other columns than \"columns\"");
        }
        status = value_list(line, "rows", row, &database->rows);
    }
    return status;
}

static int outcome_fields(struct torci_recording_line *line, struct torci_database_record *record)
{
    int status = torci_recording_integer(line, "code", true, 0, &record->code);

    if (status == 0 && record->code > INT32_MAX) {
        return torci_recording_wrong(line, "code", "is not a code of SQLite");
    }
    return status == 0 && record->code != 0 ? text_value(line, "message", false) : status;
}

static int end_fields(struct torci_recording_line *line, struct torci_database_record *record)
{
    int64_t rows = 0;
    int64_t took_ns = 0;
    int status;

    if ((status = outcome_fields(line, record)) != 0 ||
        (status = torci_recording_integer(line, "count", true, 0, &rows)) != 0 ||
        (status = flag(line, "complete", true, &record->complete)) != 0 ||
        (status = torci_recording_integer(line, "changes", true, 0, &record->changes)) != 0 ||
        (status = torci_recording_integer(line, "last_insert_id", true, INT64_MIN,
                                          &record->last_insert_id)) != 0 ||
        (status = flag(line, "in_transaction", true, &record->in_transaction)) != 0 ||
        (status = flag(line, "lost", false, &record->lost)) != 0 ||
        (status = torci_recording_integer(line, "took_ns", true, 0, &took_ns)) != 0) {
        return status;
    }
    record->rows = (uint64_t)rows;
    record->took_ns = (uint64_t)took_ns;
    if (record->rows != (record->row_count > 0 ? record->first - 1 + record->row_count
                                               : record->rows)) {
        return torci_recording_wrong(line, "count", "is not the number of the last row");
    }
    return 0;
}

static int statement_fields(struct torci_recording_line *line,
                            struct torci_recorded_database *database)
{
    struct torci_database_record *record = &database->record;
    int64_t begun = 0;
    int status;

    if ((status = text_value(line, "sql", false)) != 0 ||
        (status = torci_recording_integer(line, "begun", true, 0, &begun)) != 0 ||
        (status = value_list(line, "parameters", json_object_get(line->json, "parameters"),
                             &database->parameters)) != 0 ||
        (status = row_fields(line, database)) != 0) {
        return status;
    }
    record->begun = (uint64_t)begun;
    if (record->begun >= line->out->event.n) {
        return torci_recording_wrong(line, "begun", "is not an event before this one");
    }
    return record->what == TORCI_DATABASE_STATEMENT ? end_fields(line, record) : 0;
}

static int place_fields(struct torci_recording_line *line, struct torci_database_record *record)
{
    const char *what;
    int64_t connection = 0;
    int64_t request = 0;
    int64_t ordinal = 0;
    int status;

    if ((status = torci_recording_text(line, "what", &what)) != 0 ||
        (status = text_value(line, "database", false)) != 0 ||
        (status = torci_recording_integer(line, "connection", true, 0, &connection)) != 0 ||
        (status = torci_recording_integer(line, "request", true, 0, &request)) != 0 ||
        (status = torci_recording_integer(line, "ordinal", true, 0, &ordinal)) != 0) {
        return status;
    }
    if (connection > UINT32_MAX || ordinal > UINT32_MAX) {
        return torci_recording_wrong(line, connection > UINT32_MAX ? "connection" : "ordinal",
                                     "is too large");
    }
    record->connection = (uint32_t)connection;
    record->request = (uint64_t)request;
    record->ordinal = (uint32_t)ordinal;
    for (int i = TORCI_DATABASE_OPEN; i <= TORCI_DATABASE_CLOSE; i++) {
        if (strcmp(torci_database_what_name((enum torci_database_what)i), what) == 0) {
            record->what = (enum torci_database_what)i;
            return 0;
        }
    }
    return torci_recording_wrong(line, "what", "is none of open, rows, statement, close");
}

/* Lets the record point to what was kept. */
static void point(struct torci_recorded_database *database)
{
    struct torci_database_record *record = &database->record;
    const struct torc_db_value *texts = torci_kept_values_list(&database->texts);

    record->database = texts[0];
    record->path = record->what == TORCI_DATABASE_OPEN ? texts[1] : torc_db_null();
    record->sql = record->what == TORCI_DATABASE_ROWS || record->what == TORCI_DATABASE_STATEMENT
                      ? texts[1]
                      : torc_db_null();
    record->message = database->texts.count > 2 ? texts[2] : torc_db_text("");
    record->parameters = torci_kept_values_list(&database->parameters);
    record->parameter_count = database->parameters.count;
    record->columns = torci_kept_values_list(&database->columns);
    record->values = torci_kept_values_list(&database->rows);
}

int torci_recording_database_fields(struct torci_recording_line *line)
{
    struct torci_recorded_database *database = calloc(1, sizeof(*database));
    int status;

    if (database == NULL) {
        return TORC_ENOMEM;
    }
    line->out->database = database;
    status = place_fields(line, &database->record);
    if (status != 0) {
        return status;
    }
    if (database->record.what == TORCI_DATABASE_OPEN) {
        status = text_value(line, "path", true);
        status = status != 0 ? status : outcome_fields(line, &database->record);
    } else if (database->record.what != TORCI_DATABASE_CLOSE) {
        status = statement_fields(line, database);
    }
    if (status != 0) {
        return status;
    }
    point(database);
    line->out->event.database = &database->record;
    return 0;
}

void torci_recorded_database_free(struct torci_recorded_database *database)
{
    if (database == NULL) {
        return;
    }
    torci_kept_values_free(&database->texts);
    torci_kept_values_free(&database->parameters);
    torci_kept_values_free(&database->columns);
    torci_kept_values_free(&database->rows);
    free(database);
}
