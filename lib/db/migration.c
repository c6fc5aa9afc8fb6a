/* migration.c - runs the steps of a schema in one transaction. */
#include <string.h>

#include <sqlite3.h>

#include <torc/format.h>
#include <torc/migration.h>

/* What the interaction needs; lives until its drop function. */
struct migration {
    struct torc_scope *scope;
    const struct torc_migration *steps;
    size_t count;
};

static int refuse(struct torc_transaction *transaction, int code, const char *sentence)
{
    return torc_transaction_refuse(transaction, &torc_failure_database_migration, code, NULL, "%s",
                                   sentence);
}

/* --- statements ---------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* The first character of a statement: past blanks, comments and empty statements. */
static char *skip_nothing(char *sql)
{
    for (;;) {
        if (is_blank(*sql) || *sql == ';') {
            sql++;
        } else if (sql[0] == '-' && sql[1] == '-') {
            while (*sql && *sql != '\n')
                sql++;
        } else if (sql[0] == '/' && sql[1] == '*') {
            for (sql += 2; *sql && !(sql[0] == '*' && sql[1] == '/');)
                sql++;
            sql += *sql ? 2 : 0;
        } else {
            return sql;
        }
    }
}

/* The `;` that ends the statement at `sql`, or the end of the text.  SQLite knows which it is: a trigger,
 * a string and a comment hold others. */
static char *end_of_statement(char *sql)
{
    for (char *end = strchr(sql, ';'); end; end = strchr(end + 1, ';')) {
        char after = end[1];
        int complete;

        end[1] = '\0';
        complete = sqlite3_complete(sql);
        end[1] = after;
        if (complete == 1)
            return end;
    }
    return sql + strlen(sql);
}

/* Whether the statement would begin or end the transaction that all steps share. */
static bool ends_the_transaction(const char *sql)
{
    static const char *const words[] = {"BEGIN", "COMMIT", "END", "ROLLBACK"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t length = strlen(words[i]);
        char after;

        if (sqlite3_strnicmp(sql, words[i], (int)length) != 0)
            continue;
        after = sql[length];
        if (!after || is_blank(after) || after == ';' || after == '-' || after == '/')
            return true;
    }
    return false;
}

/* --- steps --------------------------------------------------------------------------------------- */

/* What is no fault of the step keeps its own failure. */
static bool is_fault_of_step(int code)
{
    return code != TORC_EBUSY && code != TORC_EUNKNOWN && code != TORC_ENOMEM &&
           code != TORC_ECANCELED;
}

static int step_failed(struct torc_transaction *transaction, const struct torc_migration *step,
                       size_t statement, const char *sql, int code)
{
    if (!is_fault_of_step(code))
        return code;
    if (!sql)
        return torc_transaction_refuse(transaction, &torc_failure_database_migration, code, NULL,
                                       "step '%s' (version %d) failed in its function", step->name,
                                       (int)step->version);
    return torc_transaction_refuse(transaction, &torc_failure_database_migration, code, NULL,
                                   "step '%s' (version %d) failed at statement %zu, \"%.60s\"",
                                   step->name, (int)step->version, statement, sql);
}

/* `sql` is the step's text in memory of our own. */
static int run_statements(struct torc_transaction *transaction, const struct torc_migration *step,
                          char *sql)
{
    size_t number = 0;

    for (sql = skip_nothing(sql); *sql; sql = skip_nothing(sql)) {
        char *end = end_of_statement(sql);
        bool last = *end == '\0';
        int code;

        *end = '\0';
        number++;
        if (ends_the_transaction(sql))
            return torc_transaction_refuse(
                transaction, &torc_failure_database_migration, TORC_EINVAL, NULL,
                "step '%s' (version %d) begins or ends a transaction at statement %zu, \"%.60s\"",
                step->name, (int)step->version, number, sql);
        code = torc_transaction_execute(transaction, sql, TORC_NO_PARAMETERS, NULL);
        if (code)
            return step_failed(transaction, step, number, sql, code);
        sql = last ? end : end + 1;
    }
    return 0;
}

static int run_text(struct torc_transaction *transaction, const struct torc_migration *step)
{
    size_t bytes = strlen(step->sql) + 1;
    char *copy = torc_transaction_alloc(transaction, bytes);
    int code;

    if (!copy)
        return TORC_ENOMEM;
    memcpy(copy, step->sql, bytes);
    code = run_statements(transaction, step, copy);
    torc_transaction_release(transaction, copy, bytes);
    return code;
}

static int run_step(struct torc_transaction *transaction, const struct torc_migration *step)
{
    int code = 0;

    if (step->sql)
        code = run_text(transaction, step);
    if (code == 0 && step->apply) {
        code = step->apply(transaction, step->arg);
        if (code)
            return step_failed(transaction, step, 0, NULL, code);
    }
    return code;
}

/* --- the whole ----------------------------------------------------------------------------------- */

static int check_steps(struct torc_transaction *transaction, const struct migration *migration)
{
    char sentence[200];

    for (size_t i = 0; i < migration->count; i++) {
        const struct torc_migration *step = &migration->steps[i];
        const struct torc_migration *before = i > 0 ? step - 1 : NULL;
        const char *name = step->name ? step->name : "?";

        if (!step->name || !*step->name)
            torc_format(sentence, sizeof(sentence), "step %zu (version %d) has no name", i + 1,
                        (int)step->version);
        else if (step->version < 1)
            torc_format(sentence, sizeof(sentence), "step '%s' has version %d; the first is 1", name,
                        (int)step->version);
        else if (before && step->version == before->version)
            torc_format(sentence, sizeof(sentence), "steps '%s' and '%s' both have version %d",
                        before->name, name, (int)step->version);
        else if (before && step->version < before->version)
            torc_format(sentence, sizeof(sentence),
                        "step '%s' (version %d) does not come after step '%s' (version %d)", name,
                        (int)step->version, before->name, (int)before->version);
        else if (!step->sql && !step->apply)
            torc_format(sentence, sizeof(sentence), "step '%s' (version %d) has nothing to do", name,
                        (int)step->version);
        else
            continue;
        return refuse(transaction, TORC_EINVAL, sentence);
    }
    return 0;
}

static int read_version(struct torc_transaction *transaction, int64_t *out)
{
    struct torc_rows *rows;
    int code = torc_transaction_execute(transaction, "PRAGMA user_version", TORC_NO_PARAMETERS,
                                        &rows);

    if (code)
        return code;
    code = torc_rows_integer(rows, 0, 0, out);
    torc_rows_free(rows);
    return code;
}

static int write_version(struct torc_transaction *transaction, int32_t version)
{
    char sql[48];

    torc_format(sql, sizeof(sql), "PRAGMA user_version = %d", (int)version);
    return torc_transaction_execute(transaction, sql, TORC_NO_PARAMETERS, NULL);
}

static int check_newest(struct torc_transaction *transaction, const struct migration *migration,
                        int64_t version)
{
    const struct torc_migration *last =
        migration->count > 0 ? &migration->steps[migration->count - 1] : NULL;

    if (version <= (last ? last->version : 0))
        return 0;
    return torc_transaction_refuse(
        transaction, &torc_failure_database_migration, TORC_EDATABASE, NULL,
        "the database has version %lld, newer than this program's %d (\"%s\")", (long long)version,
        last ? (int)last->version : 0, last ? last->name : "no step");
}

static int migrate(struct torc_transaction *transaction, void *arg)
{
    const struct migration *migration = arg;
    int64_t version = 0;
    uintptr_t run = 0;
    int code = check_steps(transaction, migration);

    if (code == 0)
        code = read_version(transaction, &version);
    if (code == 0)
        code = check_newest(transaction, migration, version);
    for (size_t i = 0; code == 0 && i < migration->count; i++) {
        if (migration->steps[i].version <= version)
            continue;
        code = run_step(transaction, &migration->steps[i]);
        run++;
    }
    if (code == 0 && run > 0)
        code = write_version(transaction, migration->steps[migration->count - 1].version);
    if (code == 0)
        torc_transaction_give(transaction, (void *)run, NULL);
    return code;
}

static void drop_migration(void *arg)
{
    struct migration *migration = arg;

    torc_release(migration->scope, migration, sizeof(*migration));
}

int torc_migrate_at(const char *site, struct torc_pool *pool, const struct torc_migration *steps,
                    size_t count, struct torc_deferred **out)
{
    struct torc_scope *scope = torc_reactor_scope(torc_pool_reactor(pool));
    struct migration *migration = torc_alloc(scope, sizeof(*migration));
    int code;

    if (!migration)
        return TORC_ENOMEM;
    migration->scope = scope;
    migration->steps = steps;
    migration->count = count;
    code = torc_pool_interaction_at(site, pool, TORC_TRANSACTION_WRITE, migrate, migration,
                                    drop_migration, out);
    if (code)
        drop_migration(migration);
    return code;
}
