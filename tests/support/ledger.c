#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <torc/live.h>
#include <torc/pool.h>

enum { BESIDE = 8, PIECE_ROWS = 40, STREAM_ROWS = 100 };

struct ledger {
    struct torc_row_consumer consumer;
    struct torc_reactor *reactor;
    struct torc_pool *pool;
    enum ledger_fault fault;
    unsigned step;
    unsigned awaited;
    int64_t failures;
    int64_t rows;
    struct torc_deferred *cancelled; /* the stream that will be cancelled, once it was asked for */
    bool cancelling;
};

static void next_step(struct ledger *ledger);

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "ledger: %s\n", what);
        abort();
    }
}

/* --- the transaction ----------------------------------------------------------------------------- */

static int one_row(void *arg, const struct torc_rows *row)
{
    const struct ledger *ledger = arg;

    (void)row;
    return ledger->fault == LEDGER_LEAVES_EARLY ? TORC_EINVAL : 0;
}

static int transfer(struct torc_transaction *transaction, void *arg)
{
    struct ledger *ledger = arg;
    int count = ledger->fault == LEDGER_SHORT ? 2 : ledger->fault == LEDGER_LONG ? 4 : 3;
    int status = 0;

    if (ledger->fault == LEDGER_IDLE) {
        return TORC_EINVAL;
    }
    for (int i = 0; i < count && status == 0; i++) {
        const struct torc_db_value value = torc_db_integer(10 + i);

        status = torc_transaction_execute(
            transaction, "INSERT INTO entries (id, name) VALUES (?, 'moved')", &value, 1, NULL);
    }
    if (status == 0) {
        status = torc_transaction_each(transaction, "SELECT id FROM entries ORDER BY id", NULL, 0,
                                       one_row, ledger);
    }
    return status == TORC_EINVAL ? 0 : status;
}

static int look(struct torc_transaction *transaction, void *arg)
{
    const struct ledger *ledger = arg;
    int status = torc_transaction_execute(transaction, "PRAGMA user_version", NULL, 0, NULL);

    if (status == 0 && ledger->fault != LEDGER_LAZY) {
        status = torc_transaction_execute(transaction, "PRAGMA application_id", NULL, 0, NULL);
    }
    return status;
}

/* --- steps --------------------------------------------------------------------------------------- */

static struct torc_result done(struct torc_result result, void *arg)
{
    struct ledger *ledger = arg;

    ledger->failures += result.kind == TORC_RESULT_FAILURE ? 1 : 0;
    torc_result_drop(result);
    if (--ledger->awaited == 0) {
        next_step(ledger);
    }
    return torc_value(NULL);
}

static void await(struct ledger *ledger, int status, struct torc_deferred **deferred)
{
    if (status != 0) { /* the replay is over */
        return;
    }
    ledger->awaited++;
    require(torc_deferred_add_both(*deferred, done, ledger, NULL) == 0, "no memory");
    if (*deferred != ledger->cancelled || !ledger->cancelling) {
        torc_deferred_drop(*deferred);
    }
}

static void operate(struct ledger *ledger, const char *sql, const struct torc_db_value *values,
                    size_t count)
{
    struct torc_deferred *deferred = NULL;
    int status = torc_pool_operation(ledger->pool, sql, values, count, &deferred);

    await(ledger, status, &deferred);
}

static void query(struct ledger *ledger, const char *sql)
{
    struct torc_deferred *deferred = NULL;
    int status = torc_pool_query(ledger->pool, sql, NULL, 0, &deferred);

    await(ledger, status, &deferred);
}

static void insert(struct ledger *ledger)
{
    const struct torc_db_value values[] = {
        torc_db_integer(1), torc_db_text("first \"entry\""),
        torc_db_real(ledger->fault == LEDGER_OTHER_VALUE ? 0.2 : 0.1),
        torc_db_blob("\x00\xff", 2), torc_db_null()};

    operate(ledger, "INSERT INTO entries (id, name, amount, proof) VALUES (?, ?, ?, ?)", values,
            ledger->fault == LEDGER_MORE_VALUES ? 5 : 4);
}

static void read_beside_writing(struct ledger *ledger)
{
    for (int i = 0; i < BESIDE; i++) {
        const struct torc_db_value id = torc_db_integer(100 + i);

        operate(ledger, "INSERT INTO entries (id, name) VALUES (?1, 'beside ' || ?1)", &id, 1);
        query(ledger, "SELECT count(*), max(id) FROM entries");
    }
}

static struct torc_failure *cancel(void *arg)
{
    struct ledger *ledger = arg;

    torc_deferred_cancel(ledger->cancelled);
    torc_deferred_drop(ledger->cancelled);
    return NULL;
}

static struct torc_failure *take_rows(struct torc_row_consumer *consumer,
                                      struct torc_row_stream *stream, const struct torc_rows *rows,
                                      uint64_t first)
{
    struct ledger *ledger = (struct ledger *)consumer;

    (void)stream;
    ledger->rows += (int64_t)torc_rows_count(rows);
    if (first == 0 && ledger->cancelling) { /* while, perhaps, the next job reads on */
        require(torc_call_later(torc_reactor_clock(ledger->reactor), 0, cancel, ledger, NULL,
                                NULL) == 0,
                "no memory");
    }
    return NULL;
}

static void stream(struct ledger *ledger, bool cancelling)
{
    struct torc_row_stream_options options = TORC_ROW_STREAM_OPTIONS_INIT;
    const struct torc_db_value count = torc_db_integer(STREAM_ROWS);
    struct torc_deferred *deferred = NULL;
    int status;

    ledger->cancelling = cancelling;
    options.rows_max = PIECE_ROWS;
    ledger->consumer.rows = take_rows;
    status = torc_pool_stream(ledger->pool,
                              "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                              "WHERE i < ?) SELECT i, i / 2.0 FROM n",
                              &count, 1, &ledger->consumer, &options, NULL, &deferred);
    ledger->cancelled = deferred;
    await(ledger, status, &deferred);
}

static int idle(void *arg)
{
    (void)arg;
    return 0;
}

static void break_constraint(struct ledger *ledger)
{
    struct torc_deferred *deferred = NULL;

    if (ledger->fault == LEDGER_SILENT) {
        await(ledger, torc_run_job(ledger->reactor, idle, NULL, NULL, &deferred), &deferred);
    } else {
        operate(ledger, "INSERT INTO entries (id) VALUES (1)", NULL, 0);
    }
}

static void next_step(struct ledger *ledger)
{
    struct torc_deferred *deferred = NULL;

    switch (ledger->step++) {
    case 0:
        operate(ledger,
                "CREATE TABLE entries (id INTEGER PRIMARY KEY, name TEXT, amount REAL, proof BLOB)",
                NULL, 0);
        break;
    case 1:
        insert(ledger);
        break;
    case 2:
        await(ledger,
              torc_pool_interaction(ledger->pool, TORC_TRANSACTION_WRITE, transfer, ledger, NULL,
                                    &deferred),
              &deferred);
        break;
    case 3:
        break_constraint(ledger);
        break;
    case 4:
        query(ledger, ledger->fault == LEDGER_OTHER_SQL
                          ? "SELECT name, amount, proof FROM entries ORDER BY name DESC"
                          : "SELECT name, amount, proof FROM entries ORDER BY name");
        break;
    case 5:
        read_beside_writing(ledger);
        break;
    case 6:
        query(ledger, "SELECT id FROM entries WHERE id < 0");
        break;
    case 7:
        stream(ledger, false);
        break;
    case 8:
        stream(ledger, true);
        break;
    case 9:
        await(ledger, torc_pool_run(ledger->pool, look, ledger, NULL, &deferred), &deferred);
        break;
    case 10:
        await(ledger, torc_pool_close(ledger->pool, &deferred), &deferred);
        break;
    default:
        torc_pool_free(ledger->pool);
        ledger->pool = NULL;
        (void)torc_reactor_stop(ledger->reactor);
        break;
    }
}

/* --- the module ---------------------------------------------------------------------------------- */

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options,
                                  enum ledger_fault fault, void **out)
{
    struct torc_scope *scope = torc_reactor_scope(reactor);
    struct torc_pool_options pool_options = TORC_POOL_OPTIONS_INIT;
    struct ledger *ledger;

    ledger = torc_alloc(scope, sizeof(*ledger));
    require(ledger != NULL, "no memory");
    memset(ledger, 0, sizeof(*ledger));
    ledger->reactor = reactor;
    ledger->fault = fault;
    pool_options.path = torc_options_text(options, "db");
    require(torc_pool_new(reactor, &pool_options, &ledger->pool) == 0, "no pool");
    next_step(ledger);
    *out = ledger;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    struct ledger *ledger = instance;

    torc_pool_free(ledger->pool);
    torc_release(torc_reactor_scope(ledger->reactor), ledger, sizeof(*ledger));
    return NULL;
}

#define START(name, fault)                                                                         \
    static struct torc_failure *name(struct torc_reactor *reactor,                                 \
                                     const struct torc_options *options, void **out)               \
    {                                                                                              \
        return start(reactor, options, fault, out);                                                \
    }
START(as_recorded, LEDGER_AS_RECORDED)
START(other_sql, LEDGER_OTHER_SQL)
START(other_value, LEDGER_OTHER_VALUE)
START(more_values, LEDGER_MORE_VALUES)
START(shorter, LEDGER_SHORT)
START(longer, LEDGER_LONG)
START(idling, LEDGER_IDLE)
START(silent, LEDGER_SILENT)
START(lazy, LEDGER_LAZY)
START(leaves_early, LEDGER_LEAVES_EARLY)

static int64_t failures_of(void *instance)
{
    return ((struct ledger *)instance)->failures;
}

static int64_t rows_of(void *instance)
{
    return ((struct ledger *)instance)->rows;
}

static const struct torc_module *ledger_module(enum ledger_fault fault)
{
    static const struct torc_option options[] = {
        {"db", TORC_OPTION_TEXT, NULL, "the database"}, {NULL, TORC_OPTION_TEXT, NULL, NULL}};
    static const struct torc_probe probes[] = {{"failures", "", failures_of, NULL},
                                               {"rows", "", rows_of, NULL},
                                               {NULL, NULL, NULL, NULL}};
#define MODULE(start_function)                                                                     \
    {.size = sizeof(struct torc_module), .name = "ledger", .version = "1", .options = options,     \
     .probes = probes, .start = start_function, .stop = stop}
    static const struct torc_module modules[] = {
        [LEDGER_AS_RECORDED] = MODULE(as_recorded), [LEDGER_OTHER_SQL] = MODULE(other_sql),
        [LEDGER_OTHER_VALUE] = MODULE(other_value), [LEDGER_MORE_VALUES] = MODULE(more_values),
        [LEDGER_SHORT] = MODULE(shorter),           [LEDGER_LONG] = MODULE(longer),
        [LEDGER_IDLE] = MODULE(idling),             [LEDGER_SILENT] = MODULE(silent),
        [LEDGER_LAZY] = MODULE(lazy),               [LEDGER_LEAVES_EARLY] = MODULE(leaves_early)};

    return &modules[fault];
}

/* --- a session ----------------------------------------------------------------------------------- */

static void run_live(struct torc_platform *recorder, const char *path)
{
    const struct torc_module *module = ledger_module(LEDGER_AS_RECORDED);
    struct torc_reactor *reactor;
    struct torc_options *options;
    struct torc_failure *failure;

    require(torc_reactor_new(recorder, NULL, &reactor) == 0, "no reactor");
    require(torc_options_new(torc_reactor_scope(reactor), module->options, &options) == 0 &&
                torc_options_set(options, "db", path, NULL, 0) == 0,
            "no options");
    failure = torc_module_start(module, reactor, options, NULL);
    require(failure == NULL, "did not start");
    require(torc_reactor_run(reactor) == 0, "did not run");
    require(torc_recorder_finish(recorder) == 0, "was not recorded");
    torc_options_free(options);
    torc_reactor_free(reactor);
}

void ledger_record(struct desk_file *file, const char *directory)
{
    struct torc_recorder_options options = TORC_RECORDER_OPTIONS_INIT;
    struct torc_platform *live;
    struct torc_platform *recorder = NULL;
    char path[256];
    const char *const pairs[] = {"db", path, NULL};

    snprintf(path, sizeof(path), "%s/ledger.sqlite", directory);
    options.write = desk_file_write;
    options.flush = desk_file_flush;
    options.arg = file;
    options.module = "ledger";
    options.module_version = "1";
    options.pairs = pairs;
    require(torc_live_new(NULL, &live) == 0 && torc_recorder_new(live, &options, &recorder) == 0,
            "no platform");
    run_live(recorder, path);
    torc_recorder_free(recorder);
    torc_live_free(live);
}

int ledger_replay(struct desk_file *file, enum ledger_fault fault,
                  const struct torc_replay_options *options, struct torc_replay_report *report)
{
    struct torc_recording *recording;
    int status;

    memset(report, 0, sizeof(*report));
    file->read = 0;
    status = torc_recording_open(desk_file_read, file, "ledger.torc", &recording, report->error);
    if (status != 0) {
        return status;
    }
    status = torc_replay(recording, ledger_module(fault), options, report);
    torc_recording_close(recording);
    return status;
}
