/* database_failure.c - what went wrong inside a job, as a failure. */
#include <torc/format.h>

#include "pool_state.h"
#include "sqlite_code.h"

#define SQL_SHOWN 120 /* bytes of a statement in a sentence */

/* The detail of a failure: one block with its texts behind it. */
struct detail {
    struct torc_database_error error;
    struct torc_platform *platform;
    size_t bytes;
};

static void drop_detail(void *arg)
{
    struct detail *detail = arg;
    detail->platform->ops->resize(detail->platform, detail, detail->bytes, 0);
}

static const char *copy_text(char **at, const char *text)
{
    size_t bytes;
    char *copy = *at;
    if (!text || text[0] == '\0')
        return NULL;
    bytes = strlen(text) + 1;
    memcpy(copy, text, bytes);
    *at += bytes;
    return copy;
}

static size_t text_bytes(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static struct detail *make_detail(const struct torci_request *request, int sqlite_code,
                                  const char *statement, const char *column, int parameter)
{
    struct torc_platform *platform = request->pool->platform;
    const char *database = request->pool->database.name;
    size_t bytes = sizeof(struct detail) + text_bytes(database) + text_bytes(statement) +
                   text_bytes(column);
    struct detail *detail = platform->ops->resize(platform, NULL, 0, bytes);
    if (!detail)
        return NULL;
    char *at = (char *)(detail + 1);
    *detail = (struct detail){
        .error = {.sqlite_code = sqlite_code,
                  .code_name = torc_sqlite_code_name(sqlite_code),
                  .parameter = parameter,
                  .attempts = request->attempts},
        .platform = platform,
        .bytes = bytes,
    };
    detail->error.database = copy_text(&at, database);
    detail->error.statement = copy_text(&at, statement);
    detail->error.column = copy_text(&at, column);
    return detail;
}

/* The failure of the statement that went wrong. */
static struct torc_failure *statement_failure(const struct torci_request *request)
{
    const struct torci_sql_error *error = &request->error;
    const char *sql = error->statement ? error->statement : "";
    bool cut = strlen(sql) > SQL_SHOWN;
    if (error->code == TORC_ENOMEM)
        return torc_failure_no_memory();
    struct detail *detail = make_detail(request, error->sqlite_code, error->statement,
                                        error->column, error->parameter);
    if (!detail)
        return torc_failure_no_memory();
    const struct torc_failure_type *type = error->lost
                                               ? &torc_failure_database_lost
                                               : torci_failure_type_of_sqlite(error->sqlite_code);
    return torc_failure_new_detailed_at(request->site, request->pool->scope, type, error->code,
                                        NULL, detail, drop_detail, "%s: %s%s%.*s%s (%s)",
                                        request->pool->database.name, error->message,
                                        *sql ? ", in: " : "", SQL_SHOWN, sql, cut ? "..." : "",
                                        torc_sqlite_code_name(error->sqlite_code));
}

/* A failure in the interaction's own words. */
static struct torc_failure *refusal_failure(const struct torci_request *request, bool caused)
{
    const struct torci_refusal *refusal = request->refusal;
    struct torc_failure *cause = caused ? statement_failure(request) : NULL;
    struct detail *detail = make_detail(request, caused ? request->error.sqlite_code : SQLITE_OK,
                                        NULL, refusal->column, 0);
    if (!detail) {
        torc_failure_drop(cause);
        return torc_failure_no_memory();
    }
    return torc_failure_new_detailed_at(request->site, request->pool->scope, refusal->type,
                                        refusal->code, cause, detail, drop_detail, "%s: %s",
                                        request->pool->database.name, refusal->message);
}

struct torc_failure *torci_request_failure(const struct torci_request *request)
{
    const struct torci_sql_error *error = &request->error;
    bool by_statement = error->sqlite_code != SQLITE_OK || error->lost;
    if (request->refusal)
        return refusal_failure(request, by_statement);
    if (by_statement)
        return statement_failure(request);
    return torc_failure_of_code_at(request->site, request->pool->scope, error->code,
                                   "interaction");
}

const struct torc_database_error *torc_database_error_of(const struct torc_failure *failure)
{
    for (; failure; failure = torc_failure_cause(failure))
        if (torc_failure_check(failure, &torc_failure_database_error) &&
            torc_failure_detail(failure))
            return torc_failure_detail(failure);
    return NULL;
}
