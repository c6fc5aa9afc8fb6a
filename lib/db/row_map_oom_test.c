#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <torc/database_fault.h>
#include <torc/migration.h>
#include <torc/row_map.h>
#include <torc/trial.h>

/* A schema, its rows and their end, with the k-th acquisition of the host refused. */

struct note {
    int64_t id;
    const char *text;
};
#define NOTE_FIELDS(F)                                                                             \
    F(id, "id", INTEGER, TORC_KEY | TORC_PARENT)                                                   \
    F(text, "text", TEXT, 0)
TORC_ROW_MAP(note, "notes", NOTE_FIELDS);
TORC_ONE_TO_MANY(notes_of_note, note, id, note, id);

static const struct torc_migration steps[] = {
    {.version = 1, .name = "notes", .sql = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text)"},
};

struct desk {
    struct torc_world *world;
    struct torc_host *host;
    struct torc_pool *pool;
    struct note_table *notes;
    const char *wrong;
};

/* What an operation came to. */
struct outcome {
    bool fired;
    bool succeeded;
    struct torc_result result;
};

static struct torc_result note_outcome(struct torc_result result, void *arg)
{
    struct outcome *outcome = arg;

    outcome->fired = true;
    outcome->succeeded = result.kind == TORC_RESULT_VALUE;
    outcome->result = result;
    return torc_value(NULL);
}

static void run(struct desk *desk)
{
    enum torc_verdict verdict;

    if (torc_world_run(desk->world, torc_world_now(desk->world) + TORC_SECOND, &verdict) != 0)
        desk->wrong = "the world does not run";
}

/* Runs until the deferred has fired, if `code` says that there is one, and releases its value.  Whether it
 * succeeded: if not, it was for want of memory. */
static bool await(struct desk *desk, int code, struct torc_deferred *deferred)
{
    struct outcome outcome = {false, false, {TORC_RESULT_VALUE, {NULL}, NULL}};

    if (code) {
        if (code != TORC_ENOMEM)
            desk->wrong = "a code that is not of memory";
        return false;
    }
    /* What cannot be listened to is waited for all the same. */
    if (torc_deferred_add_both(deferred, note_outcome, &outcome, NULL) != 0) {
        run(desk);
        if (!torc_deferred_has_fired(deferred))
            desk->wrong = "a deferred does not fire";
        else if (torc_deferred_take(deferred, &outcome.result) == 0)
            outcome.succeeded = outcome.result.kind == TORC_RESULT_VALUE;
        torc_deferred_drop(deferred);
    } else {
        torc_deferred_drop(deferred);
        run(desk);
        if (!outcome.fired)
            desk->wrong = "a deferred does not fire";
    }
    if (!outcome.succeeded && outcome.result.kind == TORC_RESULT_FAILURE &&
        torc_failure_code(outcome.result.as.failure) != TORC_ENOMEM)
        desk->wrong = "a failure that is not of memory";
    torc_result_drop(outcome.result);
    return outcome.succeeded;
}

static int64_t count_notes(struct desk *desk)
{
    struct torc_rows *rows;
    int64_t number = -1;

    if (torc_host_sql(desk->host, "main", "SELECT count(*) FROM notes", &rows, NULL, 0) != 0)
        return -1;
    if (torc_rows_integer(rows, 0, 0, &number) != 0)
        number = -1;
    torc_rows_free(rows);
    return number;
}

static int insert_two(struct torc_transaction *transaction, void *arg)
{
    struct desk *desk = arg;
    struct note_array *found;
    struct note *one;
    int code = note_insert_in(transaction, desk->notes, &(struct note){2, "two"}, NULL);

    if (code == 0)
        code = note_upsert_in(transaction, desk->notes, &(struct note){3, "three"}, NULL);
    if (code == 0)
        code = note_find_in(transaction, desk->notes, &(struct note){.id = 2}, &one);
    if (code)
        return code;
    note_free(one);
    code = note_select_in(transaction, desk->notes, "WHERE id > 1", TORC_NO_PARAMETERS, &found);
    if (code == 0)
        torc_transaction_give(transaction, found, torc_row_drop);
    return code;
}

/* Exactly what was told is in the database. */
static void write_notes(struct desk *desk)
{
    struct torc_deferred *deferred = NULL;
    int64_t expected = 0;
    int code = note_insert(desk->notes, &(struct note){1, "one"}, &deferred);

    expected += await(desk, code, deferred) ? 1 : 0;
    if (count_notes(desk) != expected)
        desk->wrong = "an insert was not told as it was";
    code = torc_pool_interaction(desk->pool, TORC_TRANSACTION_WRITE, insert_two, desk, NULL,
                                 &deferred);
    expected += await(desk, code, deferred) ? 2 : 0;
    if (count_notes(desk) != expected)
        desk->wrong = "an interaction was not told as it was";
}

static void read_notes(struct desk *desk)
{
    struct torc_deferred *deferred = NULL;
    int code = note_find(desk->notes, &(struct note){.id = 1}, &deferred);

    (void)await(desk, code, deferred);
    code = note_select(desk->notes, "ORDER BY id", TORC_NO_PARAMETERS, &deferred);
    (void)await(desk, code, deferred);
    code = notes_of_note(desk->notes, &(struct note){.id = 1}, &deferred);
    (void)await(desk, code, deferred);
}

/* A value that does not fit fails with that or for want of memory. */
static void refuse_note(struct desk *desk)
{
    struct torc_deferred *deferred;
    struct torc_result result;

    if (note_insert(desk->notes, &(struct note){.id = 9}, &deferred) != 0)
        return;
    if (torc_deferred_take(deferred, &result) != 0 || result.kind != TORC_RESULT_FAILURE)
        desk->wrong = "a value that does not fit was taken";
    else
        torc_result_drop(result);
    torc_deferred_drop(deferred);
}

static void use(struct desk *desk)
{
    struct torc_pool_options options = TORC_POOL_OPTIONS_INIT;
    struct torc_deferred *deferred = NULL;
    int code;

    options.path = "main.sqlite";
    if (torc_pool_new(torc_host_reactor(desk->host), &options, &desk->pool) != 0)
        return;
    code = torc_migrate(desk->pool, steps, 1, &deferred);
    if (!await(desk, code, deferred))
        return;
    if (note_table_new(desk->pool, &desk->notes) != 0)
        return;
    write_notes(desk);
    read_notes(desk);
    refuse_note(desk);
}

/* One run.  *out_asked: how many acquisitions the host made after it was armed. */
static const char *run_once(uint64_t k, bool for_ever, uint64_t *out_asked)
{
    struct desk desk = {0};
    uint64_t before, left = 0;

    if (torc_world_new(NULL, &desk.world) != 0 ||
        torc_world_add_host(desk.world, "srv", NULL, &desk.host) != 0)
        return "no world";
    before = torc_host_acquisitions(desk.host);
    torc_host_fail_allocation(desk.host, k, for_ever);
    use(&desk);
    note_table_free(desk.notes);
    torc_pool_free(desk.pool);
    run(&desk);
    *out_asked = torc_host_acquisitions(desk.host) - before;
    if (torc_reactor_stop(torc_host_reactor(desk.host)) != 0)
        desk.wrong = "the reactor does not stop";
    run(&desk);
    if (torc_host_retire(desk.host, &left) != 0 || left != 0)
        desk.wrong = "memory was not given back";
    torc_world_free(desk.world);
    return desk.wrong;
}

static void sweep(bool for_ever)
{
    uint64_t asked = 0;
    uint64_t k = 0;

    do {
        const char *wrong = run_once(k, for_ever, &asked);

        if (wrong)
            print_error("acquisition %llu: %s\n", (unsigned long long)k, wrong);
        assert_null(wrong);
        k++;
    } while (asked >= k);
    assert_true(k > 50);
}

TORC_TEST(each_acquisition_may_fail_alone)
{
    sweep(false);
    return NULL;
}

TORC_TEST(each_acquisition_and_all_after_it_may_fail)
{
    sweep(true);
    return NULL;
}

TORC_TRIAL_MAIN
