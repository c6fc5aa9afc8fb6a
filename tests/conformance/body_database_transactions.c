/* Databases: transactions, and who sees what when. */
#include "database.h"

#include <stdatomic.h>

#include <sqlite3.h>

#include <torc/format.h>

/* An interaction that runs these statements, then returns `code`, or that of the first one which failed. */
struct script {
    const char *statements[6];
    int code;
    bool ignore_errors;
    unsigned runs;
    int codes[6];
};

static int run_script(struct torc_transaction *transaction, void *arg)
{
    struct script *script = arg;
    size_t i;

    script->runs++;
    for (i = 0; i < 6 && script->statements[i] != NULL; i++) {
        script->codes[i] = execute(transaction, script->statements[i]);
        if (script->codes[i] != 0 && !script->ignore_errors)
            return script->codes[i];
    }
    return script->code;
}

static struct ask *ask_script(struct conf *c, struct torc_pool *pool, struct script *script)
{
    return ask_interaction(c, pool, TORC_TRANSACTION_WRITE, run_script, script);
}

BODY(an_interaction_commits_all_it_did)
{
    struct torc_pool *pool = pool_with_table(c);
    struct script script = {.statements = {"INSERT INTO t VALUES (1, 1)", "INSERT INTO t VALUES (2, 2)",
                                           "DELETE FROM t WHERE id = 1"}};
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_script(c, pool, &script);
    CHECK(c, went_well(ask));
    CHECK(c, ask->result.as.value == NULL);
    CHECK(c, script.runs == 1 && ask->arg_dropped == 1);
    CHECK(c, number_from(c, pool, "SELECT sum(id) FROM t") == 2);
}

BODY(an_interaction_that_returns_an_error_is_rolled_back_and_fails_with_it)
{
    struct torc_pool *pool = pool_with_table(c);
    struct script script = {.statements = {"INSERT INTO t VALUES (1, 1)"}, .code = TORC_EPROTOCOL};
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_script(c, pool, &script);
    CHECK(c, failed_with(ask, TORC_EPROTOCOL));
    CHECK(c, ask->arg_dropped == 1);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 0);
}

BODY(an_interaction_that_returns_a_statements_error_fails_with_its_details)
{
    struct torc_pool *pool = pool_with_table(c);
    const char *second = "INSERT INTO t VALUES (1, 2)";
    struct script script = {.statements = {"INSERT INTO t VALUES (1, 1)", second}};
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_script(c, pool, &script);
    CHECK(c, failed_as(ask, &torc_failure_database_constraint));
    CHECK(c, script.codes[1] == TORC_ECONSTRAINT);
    CHECK(c, detail_of(ask) != NULL && strcmp(detail_of(ask)->statement, second) == 0);
    CHECK(c, detail_of(ask)->sqlite_code == SQLITE_CONSTRAINT_PRIMARYKEY);
    CHECK(c, detail_of(ask)->column != NULL && strcmp(detail_of(ask)->column, "t.id") == 0);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 0);
}

BODY(a_failing_statement_that_the_interaction_ignores_does_not_undo_the_rest)
{
    struct torc_pool *pool = pool_with_table(c);
    struct script script = {.statements = {"INSERT INTO t VALUES (1, 1)", "INSERT INTO t VALUES (1, 2)",
                                           "INSERT INTO t VALUES (3, 3)"},
                            .ignore_errors = true};

    CHECK(c, pool != NULL);
    CHECK(c, went_well(ask_script(c, pool, &script)));
    CHECK(c, script.codes[1] == TORC_ECONSTRAINT && script.codes[2] == 0);
    CHECK(c, number_from(c, pool, "SELECT sum(v) FROM t") == 4);
}

BODY(an_error_that_breaks_the_transaction_fails_it_whatever_is_returned)
{
    struct torc_pool *pool = pool_with_table(c);
    struct script script = {.statements = {"INSERT INTO t VALUES (1, 1)",
                                           "INSERT OR ROLLBACK INTO t VALUES (1, 2)",
                                           "INSERT INTO t VALUES (3, 3)"},
                            .ignore_errors = true};
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_script(c, pool, &script);
    CHECK(c, failed_as(ask, &torc_failure_database_constraint));
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 0);
}

/* --- values ------------------------------------------------------------------------------------- */

struct gift {
    unsigned drops;
    int code;
    bool twice;
};

static void drop_gift(void *value)
{
    ((struct gift *)value)->drops++;
}

static int give(struct torc_transaction *transaction, void *arg)
{
    struct gift *gifts = arg;

    if (gifts[0].twice)
        torc_transaction_give(transaction, &gifts[1], drop_gift);
    torc_transaction_give(transaction, &gifts[0], drop_gift);
    return gifts[0].code;
}

BODY(an_interaction_gives_its_value_after_the_commit)
{
    struct torc_pool *pool = pool_with_table(c);
    static struct gift gifts[2];
    struct ask *ask;

    memset(gifts, 0, sizeof gifts);
    gifts[0].twice = true;
    CHECK(c, pool != NULL);
    ask = ask_interaction(c, pool, TORC_TRANSACTION_WRITE, give, gifts);
    CHECK(c, went_well(ask));
    CHECK(c, ask->result.as.value == &gifts[0] && gifts[0].drops == 0 && gifts[1].drops == 1);
    torc_result_drop(ask->result);
    ask->result = torc_value(NULL);
    CHECK(c, gifts[0].drops == 1);
}

BODY(a_value_given_by_an_interaction_that_fails_is_released)
{
    struct torc_pool *pool = pool_with_table(c);
    static struct gift gifts[2];

    memset(gifts, 0, sizeof gifts);
    gifts[0].code = TORC_EINVAL;
    CHECK(c, pool != NULL);
    CHECK(c, answered(ask_interaction(c, pool, TORC_TRANSACTION_WRITE, give, gifts)));
    CHECK(c, gifts[0].drops == 1);
}

struct block {
    struct torc_transaction *transaction;
    unsigned rows;
    bool right;
    int first, last;
    char error[128];
    struct torc_database_error detail;
};

static int look_inside(struct torc_transaction *transaction, void *arg)
{
    struct block *block = arg;
    char *memory = torc_transaction_alloc(transaction, 100);

    if (memory == NULL)
        return TORC_ENOMEM;
    memset(memory, 1, 100);
    torc_transaction_release(transaction, memory, 100);
    block->right = torc_transaction_error(transaction, NULL) == NULL &&
                   torc_transaction_attempt(transaction) == 1;
    block->first = execute(transaction, "INSERT INTO nowhere VALUES (1)");
    torc_format(block->error, sizeof block->error, "%s",
                torc_transaction_error(transaction, &block->detail));
    block->right = block->right && block->detail.sqlite_code == SQLITE_ERROR &&
                   strcmp(block->detail.statement, "INSERT INTO nowhere VALUES (1)") == 0;
    return execute(transaction, "INSERT INTO t VALUES (1, 1)");
}

BODY(a_failing_statement_tells_the_interaction_what_was_wrong)
{
    struct torc_pool *pool = pool_with_table(c);
    struct block block;

    memset(&block, 0, sizeof block);
    CHECK(c, pool != NULL);
    CHECK(c, went_well(ask_interaction(c, pool, TORC_TRANSACTION_WRITE, look_inside, &block)));
    CHECK(c, block.right && block.first == TORC_EINVAL);
    CHECK(c, strstr(block.error, "nowhere") != NULL);
}

static int see_row(void *arg, const struct torc_rows *row)
{
    struct block *block = arg;
    int64_t value = 0;

    block->right = torc_rows_count(row) == 1 && torc_rows_integer(row, 0, 0, &value) == 0 &&
                   value == (int64_t)++block->rows;
    if (!block->right)
        return TORC_EINVAL;
    return block->rows == 3 ? TORC_ELIMIT : 0;
}

static int see_each(struct torc_transaction *transaction, void *arg)
{
    struct block *block = arg;

    block->first = torc_transaction_each(transaction, "SELECT value FROM (VALUES (0)), (SELECT 1 AS value"
                                                      " UNION SELECT 2) ORDER BY value",
                                         TORC_NO_PARAMETERS, see_row, block);
    if (block->first != 0 || block->rows != 2)
        return TORC_EINVAL;
    block->rows = 0;
    block->last = torc_transaction_each(transaction,
                                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
                                        " SELECT i + 1 FROM n WHERE i < 100) SELECT i FROM n",
                                        TORC_NO_PARAMETERS, see_row, block);
    return execute(transaction, "INSERT INTO t VALUES (1, 1)");
}

BODY(each_row_is_shown_in_turn_until_the_function_ends_it)
{
    struct torc_pool *pool = pool_with_table(c);
    struct block block;

    memset(&block, 0, sizeof block);
    CHECK(c, pool != NULL);
    CHECK(c, went_well(ask_interaction(c, pool, TORC_TRANSACTION_WRITE, see_each, &block)));
    CHECK(c, block.first == 0 && block.last == TORC_ELIMIT && block.rows == 3 && block.right);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 1);
}

/* --- run ---------------------------------------------------------------------------------------- */

BODY(run_may_begin_and_end_transactions_of_its_own)
{
    struct torc_pool *pool = pool_with_table(c);
    struct script script = {.statements = {"BEGIN", "INSERT INTO t VALUES (1, 1)", "COMMIT", "BEGIN",
                                           "INSERT INTO t VALUES (2, 2)", "ROLLBACK"},
                            .code = TORC_EPROTOCOL};
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_run(c, pool, run_script, &script);
    CHECK(c, failed_with(ask, TORC_EPROTOCOL));
    CHECK(c, script.runs == 1 && script.codes[5] == 0 && ask->arg_dropped == 1);
    CHECK(c, number_from(c, pool, "SELECT sum(id) FROM t") == 1);
}

BODY(a_transaction_that_run_leaves_open_is_rolled_back_and_an_error)
{
    struct torc_pool *pool = pool_with_table(c);
    struct script script = {.statements = {"BEGIN", "INSERT INTO t VALUES (1, 1)"}};

    CHECK(c, pool != NULL);
    CHECK(c, failed_as(ask_run(c, pool, run_script, &script), &torc_failure_database_statement));
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 0);
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (2, 2)"));
}

BODY(run_is_not_tried_again)
{
    struct torc_pool *pool = pool_with_table(c);
    struct script script = {.statements = {"INSERT INTO t VALUES (1, 1)"}};
    struct ask *ask;

    CHECK(c, pool != NULL);
    CHECK(c, outsider(c, database_path(c, "main.db"), "BEGIN IMMEDIATE") == SQLITE_OK);
    ask = ask_run(c, pool, run_script, &script);
    CHECK(c, failed_as(ask, &torc_failure_database_busy));
    CHECK(c, script.runs == 1 && script.codes[0] == TORC_EBUSY);
}

/* --- who sees what ------------------------------------------------------------------------------ */

/* A job that goes on until it is told to stop, with a statement now and then so that time passes. */
struct holder {
    struct conf *c;
    const char *path;
    atomic_int go_on;
    atomic_int at; /* how far it is */
    int64_t first, second;
    const char *between;
};

#define HOLDER_STATEMENTS 20000000

static int hold(struct torc_transaction *transaction, struct holder *holder)
{
    int i, code = 0;

    atomic_store(&holder->at, 1);
    for (i = 0; i < HOLDER_STATEMENTS && code == 0 && !atomic_load(&holder->go_on); i++)
        code = execute(transaction, "SELECT 1");
    return i == HOLDER_STATEMENTS ? TORC_ETIMEDOUT : code;
}

static bool is_held(const void *arg)
{
    const struct holder *holder = arg;

    return atomic_load(&holder->at) == 1;
}

static int write_and_hold(struct torc_transaction *transaction, void *arg)
{
    struct holder *holder = arg;
    int code = execute(transaction, "INSERT INTO t VALUES (1, 1)");

    holder->first = number_in(transaction, "SELECT count(*) FROM t");
    if (code == 0)
        code = hold(transaction, holder);
    return code;
}

BODY(readers_go_on_beside_a_writer_and_do_not_see_what_is_not_committed)
{
    struct torc_pool *pool = pool_with_table(c);
    static struct holder holder;
    struct ask *ask;

    memset(&holder, 0, sizeof holder);
    CHECK(c, pool != NULL);
    ask = ask_interaction(c, pool, TORC_TRANSACTION_WRITE, write_and_hold, &holder);
    CHECK(c, run_until_true(c, is_held, &holder));
    CHECK(c, holder.first == 1);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 0);
    CHECK(c, !ask->done);
    atomic_store(&holder.go_on, 1);
    CHECK(c, went_well(ask));
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 1);
}

static int read_twice(struct torc_transaction *transaction, void *arg)
{
    struct holder *holder = arg;
    int code;

    holder->first = number_in(transaction, "SELECT count(*) FROM t");
    code = hold(transaction, holder);
    holder->second = number_in(transaction, "SELECT count(*) FROM t");
    return code;
}

BODY(a_read_transaction_sees_one_state)
{
    struct torc_pool *pool = pool_with_table(c);
    static struct holder holder;
    struct ask *ask;

    memset(&holder, 0, sizeof holder);
    CHECK(c, pool != NULL);
    ask = ask_interaction(c, pool, TORC_TRANSACTION_READ, read_twice, &holder);
    CHECK(c, run_until_true(c, is_held, &holder));
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (1, 1)"));
    CHECK(c, !ask->done);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 1);
    atomic_store(&holder.go_on, 1);
    CHECK(c, went_well(ask));
    CHECK(c, holder.first == 0 && holder.second == 0);
}

BODY(a_read_transaction_cannot_write)
{
    struct torc_pool *pool = pool_with_table(c);
    struct script script = {.statements = {"INSERT INTO t VALUES (1, 1)"}};
    struct ask *ask;

    CHECK(c, pool != NULL);
    ask = ask_interaction(c, pool, TORC_TRANSACTION_READ, run_script, &script);
    CHECK(c, failed_as(ask, &torc_failure_database_statement));
    CHECK(c, script.codes[0] == TORC_EREADONLY);
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t") == 0);
}

BODY(writes_are_done_in_the_order_they_were_asked_for)
{
    struct torc_pool *pool = pool_with_table(c);
    static const char *const names[] = {"w0", "w1", "w2", "w3", "w4", "w5"};
    struct ask *last = NULL;
    int64_t i;

    CHECK(c, pool != NULL);
    for (i = 0; i < 6; i++)
        last = named(ask_operation(c, pool, "INSERT INTO t VALUES (NULL, ?)",
                                   TORC_PARAMETERS(torc_db_integer(i))),
                     names[i]);
    CHECK(c, went_well(last));
    CHECK_NOTES(c, "w0 w1 w2 w3 w4 w5");
    CHECK(c, number_from(c, pool, "SELECT count(*) FROM t WHERE id = v + 1") == 6);
}

#define ROUND_COUNT 20

BODY(a_read_asked_for_after_a_write_has_fired_sees_it)
{
    struct torc_pool *pool = pool_with_table(c);
    int64_t i;

    CHECK(c, pool != NULL);
    for (i = 1; i <= ROUND_COUNT; i++) {
        struct ask *left, *right;

        CHECK(c, did(c, pool, "INSERT INTO t (v) VALUES (0)"));
        left = ask_query(c, pool, "SELECT count(*) FROM t", TORC_NO_PARAMETERS);
        right = ask_query(c, pool, "SELECT count(*) FROM t", TORC_NO_PARAMETERS);
        CHECK(c, gave_rows(left, 1) && integer_at(left, 0, 0) == i);
        CHECK(c, gave_rows(right, 1) && integer_at(right, 0, 0) == i);
    }
}

BODY(two_pools_on_one_file_see_each_others_commits)
{
    struct torc_pool *one = pool_with_table(c), *two;

    CHECK(c, one != NULL);
    two = pool_on(c, database_path(c, "main.db"), NULL);
    CHECK(c, two != NULL);
    CHECK(c, did(c, one, "INSERT INTO t VALUES (1, 1)"));
    CHECK(c, number_from(c, two, "SELECT count(*) FROM t") == 1);
    CHECK(c, did(c, two, "INSERT INTO t VALUES (2, 2)"));
    CHECK(c, number_from(c, one, "SELECT count(*) FROM t") == 2);
    CHECK(c, pool_close(c, one));
    CHECK(c, number_from(c, two, "SELECT count(*) FROM t") == 2);
}

BODY(what_was_committed_is_there_for_the_next_pool)
{
    struct torc_pool *pool = pool_with_table(c);
    struct script script = {.statements = {"INSERT INTO t VALUES (1, 1)", "INSERT INTO t VALUES (2, 2)"}};

    CHECK(c, pool != NULL);
    CHECK(c, went_well(ask_script(c, pool, &script)));
    CHECK(c, did(c, pool, "INSERT INTO t VALUES (3, 3)"));
    CHECK(c, pool_close(c, pool));
    pool = pool_on(c, database_path(c, "main.db"), NULL);
    CHECK(c, pool != NULL);
    CHECK(c, number_from(c, pool, "SELECT sum(id) FROM t") == 6);
}
