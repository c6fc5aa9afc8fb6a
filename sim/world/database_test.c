/* The `database` slot, driven from jobs as a pool drives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include <torc/database_fault.h>
#include <torc/trial.h>

#include "database.h"
#include "job.h"

enum { STATEMENTS_MAX = 8, TRACE_BYTES = 32768 };

/* What a statement came to. */
struct outcome {
    int code;
    bool lost;
    char message[128];
    uint64_t rows;
    uint64_t began_ns;
    uint64_t ended_ns;
};

/* A pool of one connection: one job that runs statements, one after the other. */
struct client {
    struct torc_world *world;
    struct torc_platform *platform;
    sqlite3 *sqlite;
    const char *database;
    uint32_t connection;
    const char *sql[STATEMENTS_MAX];
    struct torc_db_value parameters[2];
    size_t parameter_count;
    struct outcome outcomes[STATEMENTS_MAX];
    size_t done;
    bool ended;
};

struct desk {
    struct torc_world *world;
    struct torc_trace *trace;
    struct torc_host *host;
    struct client client;
    size_t used;
    char text[TRACE_BYTES];
};

static int write_line(void *arg, const char *line, size_t bytes)
{
    struct desk *desk = arg;

    assert_true(desk->used + bytes < TRACE_BYTES);
    memcpy(desk->text + desk->used, line, bytes);
    desk->used += bytes;
    desk->text[desk->used] = '\0';
    return 0;
}

static void turn(void *arg)
{
    struct desk *desk = arg;
    struct torc_platform_event events[8];
    size_t n = desk->client.platform->ops->wait(desk->client.platform, 0, events, 8);

    while (n-- > 0)
        desk->client.ended = desk->client.ended || events[n].token == 1;
}

/* --- a client ----------------------------------------------------------------------------------- */

static enum torc_database_answer tell(struct client *client, struct torc_database_event *event,
                                      enum torc_database_event_kind kind)
{
    event->kind = kind;
    event->database = client->database;
    event->connection = client->connection;
    event->sqlite = client->sqlite;
    return client->platform->ops->database(client->platform, event);
}

static void bind_all(struct client *client, sqlite3_stmt *statement)
{
    size_t i;

    for (i = 0; i < client->parameter_count; i++) {
        const struct torc_db_value *value = &client->parameters[i];
        int at = (int)i + 1;

        if (value->type == TORC_DB_INTEGER)
            sqlite3_bind_int64(statement, at, value->as.integer);
        else if (value->type == TORC_DB_REAL)
            sqlite3_bind_double(statement, at, value->as.real);
        else if (value->type == TORC_DB_TEXT)
            sqlite3_bind_text(statement, at, value->as.text, (int)value->bytes, SQLITE_TRANSIENT);
    }
}

/* By SQLite, row by row; integers only. */
static void run_rows(struct client *client, struct torc_database_event *event)
{
    sqlite3_stmt *statement = NULL;
    int changes = sqlite3_total_changes(client->sqlite);
    int code = sqlite3_prepare_v2(client->sqlite, event->sql, -1, &statement, NULL);

    bind_all(client, statement);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        struct torc_db_value value = torc_db_integer(sqlite3_column_int64(statement, 0));

        event->rows++;
        event->column_count = 1;
        event->values = &value;
        code = SQLITE_OK;
        if (tell(client, event, TORC_DATABASE_ROW) == TORC_DATABASE_ANSWER)
            code = event->code;
    }
    sqlite3_finalize(statement);
    event->code = code == SQLITE_DONE ? SQLITE_OK : code;
    event->message = event->code == SQLITE_OK ? "" : sqlite3_errstr(event->code);
    event->changes = sqlite3_total_changes(client->sqlite) - changes;
    event->in_transaction = sqlite3_get_autocommit(client->sqlite) == 0;
}

static void run_statement(struct client *client, const char *sql, uint32_t ordinal,
                          struct outcome *outcome)
{
    struct torc_database_event event;

    memset(&event, 0, sizeof event);
    event.sql = sql;
    event.request = 1;
    event.ordinal = ordinal;
    event.parameters = client->parameters;
    event.parameter_count = client->parameter_count;
    outcome->began_ns = torc_world_now(client->world);
    if (tell(client, &event, TORC_DATABASE_BEGIN) == TORC_DATABASE_PROCEED) {
        run_rows(client, &event);
        (void)tell(client, &event, TORC_DATABASE_END);
    } else {
        assert_int_equal(tell(client, &event, TORC_DATABASE_ROW), TORC_DATABASE_PROCEED);
        assert_int_equal(tell(client, &event, TORC_DATABASE_END), TORC_DATABASE_ANSWER);
    }
    outcome->code = event.code;
    outcome->lost = event.lost;
    outcome->rows = event.rows;
    strncpy(outcome->message, event.message, sizeof outcome->message - 1);
    outcome->ended_ns = torc_world_now(client->world);
}

static void close_client(struct client *client)
{
    struct torc_database_event event;

    memset(&event, 0, sizeof event);
    (void)tell(client, &event, TORC_DATABASE_CLOSE);
    sqlite3_close(client->sqlite);
}

static int work(void *arg)
{
    struct client *client = arg;
    size_t i;

    for (i = 0; i < STATEMENTS_MAX && client->sql[i] != NULL; i++) {
        run_statement(client, client->sql[i], (uint32_t)i + 1, &client->outcomes[i]);
        client->done++;
    }
    return 0;
}

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    static struct desk desk;
    struct torc_world_options options;

    memset(&desk, 0, sizeof desk);
    torc_world_options_init(&options);
    torc_trial_need(trial, torc_trace_new(write_line, &desk, &desk.trace));
    options.trace = desk.trace;
    torc_trial_need(trial, torc_world_new(&options, &desk.world));
    assert_int_equal(torci_world_add_raw_host(desk.world, "h", turn, &desk, &desk.host), 0);
    desk.client.world = desk.world;
    desk.client.platform = torci_host_platform(desk.host);
    desk.client.database = "main";
    assert_int_equal(sqlite3_open(":memory:", &desk.client.sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(desk.client.sqlite,
                                  "CREATE TABLE t(n INTEGER PRIMARY KEY); INSERT INTO t VALUES (1),(2),(3)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    torc_trial_set_state(trial, &desk);
    return NULL;
}

/* The world closes what is open, and with it the client's connection. */
static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    struct desk *desk = torc_trial_state(trial);

    if (desk->host->databases == NULL || desk->host->databases->connections == NULL ||
        desk->host->databases->connections->sqlite == NULL)
        sqlite3_close(desk->client.sqlite);
    torc_world_free(desk->world);
    torc_trace_free(desk->trace);
    return NULL;
}

static const struct torc_trial_group with_desk = {.set_up = set_up, .tear_down = tear_down};

static void run(struct desk *desk)
{
    enum torc_verdict verdict;

    assert_int_equal(
        desk->client.platform->ops->submit(desk->client.platform, work, &desk->client, 1), 0);
    assert_int_equal(torc_world_run(desk->world, TORC_NEVER, &verdict), 0);
    assert_true(desk->client.ended);
}

static uint32_t add_fault(struct desk *desk, struct torc_database_fault fault)
{
    uint32_t number = 0;

    assert_int_equal(torc_host_add_database_fault(desk->host, &fault, &number), 0);
    return number;
}

static int64_t count_rows(struct desk *desk)
{
    sqlite3_stmt *statement = NULL;
    int64_t count;

    assert_int_equal(
        sqlite3_prepare_v2(desk->client.sqlite, "SELECT count(*) FROM t", -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return count;
}

static void assert_traced(const struct desk *desk, const char *text)
{
    if (strstr(desk->text, text) == NULL)
        fail_msg("the trace has no %s:\n%s", text, desk->text);
}

/* --- the record --------------------------------------------------------------------------------- */

TORC_TEST(a_statement_leaves_one_record_with_what_it_did, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);

    desk->client.sql[0] = "SELECT n FROM t WHERE n > ? AND ? IS NOT NULL";
    desk->client.parameters[0] = torc_db_integer(1);
    desk->client.parameters[1] = torc_db_text("it's");
    desk->client.parameter_count = 2;
    run(desk);
    assert_traced(desk, "\"k\":\"db\",\"cause\":2,\"database\":\"main\",\"connection\":0,"
                        "\"request\":1,\"ordinal\":1,\"sql\":\"SELECT n FROM t WHERE n > ? AND ? IS "
                        "NOT NULL\",\"parameters\":\"1, 'it''s'\",\"code\":0,\"lost\":0,\"rows\":2,"
                        "\"values\":\"2\\n3\\n\",\"changes\":0,\"last_insert_id\":0,"
                        "\"in_transaction\":0,\"duration\":0}\n");
    assert_null(strstr(strstr(desk->text, "\"k\":\"db\"") + 1, "\"k\":\"db\""));
    return NULL;
}

TORC_TEST(values_are_written_exactly, .group = &with_desk)
{
    static struct torci_value_text text;
    struct torc_db_value values[6];

    values[0] = torc_db_null();
    values[1] = torc_db_real(-1.5);
    values[2] = torc_db_real(0.1);
    values[3] = torc_db_blob("\x00\xff", 2);
    values[4] = torc_db_text_of("a\0b", 3);
    values[5] = torc_db_integer(INT64_MIN);
    torci_value_text_begin(&text);
    torci_value_text_add(&text, values, 6);
    assert_string_equal(torci_value_text_end(&text),
                        "NULL, -0x1.8p+0, 0x1.999999999999ap-4, x'00ff', "
                        "cast(x'610062' as text), -9223372036854775808");
    values[0] = torc_db_real(0.0);
    values[1] = torc_db_real(4.9406564584124654e-324);
    values[2] = torc_db_real(1.7976931348623157e308);
    values[3] = torc_db_real(1e308 * 10);
    values[4] = torc_db_text("");
    values[5] = torc_db_blob("", 0);
    torci_value_text_begin(&text);
    torci_value_text_add(&text, values, 6);
    assert_string_equal(torci_value_text_end(&text),
                        "0x0p+0, 0x0.0000000000001p-1022, 0x1.fffffffffffffp+1023, 9e999, '', x''");
    return NULL;
}

TORC_TEST(long_values_are_cut_and_their_hash_tells_them_apart, .group = &with_desk)
{
    static struct torci_value_text one;
    static struct torci_value_text other;
    static char long_text[3 * TORCI_VALUES_SHOWN];
    struct torc_db_value value = torc_db_text_of(long_text, sizeof long_text);

    memset(long_text, 'x', sizeof long_text);
    torci_value_text_begin(&one);
    torci_value_text_add(&one, &value, 1);
    long_text[sizeof long_text - 1] = 'y';
    torci_value_text_begin(&other);
    torci_value_text_add(&other, &value, 1);
    assert_non_null(strstr(torci_value_text_end(&one), "... 12290 bytes, XXH64 "));
    assert_string_not_equal(one.shown, torci_value_text_end(&other));
    assert_memory_equal(one.shown, other.shown, TORCI_VALUES_SHOWN);
    return NULL;
}

/* --- yields ------------------------------------------------------------------------------------- */

static int note_time(void *arg)
{
    struct client *other = arg;
    struct torc_database_event event;
    uint32_t i;

    memset(&event, 0, sizeof event);
    event.sql = "SELECT 1";
    event.message = "";
    event.request = 2;
    for (i = 1; i <= 2; i++) {
        event.ordinal = i;
        event.rows = 0;
        (void)tell(other, &event, TORC_DATABASE_BEGIN);
        (void)tell(other, &event, TORC_DATABASE_END);
    }
    return 0;
}

TORC_TEST(statements_of_two_jobs_overlap, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct client other = desk->client;
    enum torc_verdict verdict;
    const char *first;
    const char *second;

    other.sqlite = NULL;
    other.connection = 1;
    desk->client.sql[0] = "SELECT 1";
    desk->client.sql[1] = "SELECT 2";
    assert_int_equal(
        desk->client.platform->ops->submit(desk->client.platform, note_time, &other, 2), 0);
    assert_int_equal(
        desk->client.platform->ops->submit(desk->client.platform, work, &desk->client, 1), 0);
    assert_int_equal(torc_world_run(desk->world, TORC_NEVER, &verdict), 0);
    first = strstr(desk->text, "\"request\":1,\"ordinal\":1");
    second = strstr(desk->text, "\"request\":2,\"ordinal\":2");
    assert_non_null(first);
    assert_non_null(second);
    assert_non_null(strstr(second, "\"request\":1,\"ordinal\":2"));
    assert_true(first < second); /* neither runs as a whole */
    return NULL;
}

/* --- faults ------------------------------------------------------------------------------------- */

TORC_TEST(the_nth_match_fails_and_is_not_run, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;
    uint32_t number;

    fault.database = "main";
    fault.sql = "^INSERT INTO t";
    fault.n = 2;
    fault.code = SQLITE_BUSY;
    fault.delay_ns = 30;
    number = add_fault(desk, fault);
    desk->client.sql[0] = "INSERT INTO t VALUES (4)";
    desk->client.sql[1] = "SELECT 1";
    desk->client.sql[2] = "INSERT INTO t VALUES (5)";
    desk->client.sql[3] = "INSERT INTO t VALUES (6)";
    run(desk);
    assert_int_equal(desk->client.outcomes[0].code, SQLITE_OK);
    assert_int_equal(desk->client.outcomes[1].code, SQLITE_OK);
    assert_int_equal(desk->client.outcomes[2].code, SQLITE_BUSY);
    assert_false(desk->client.outcomes[2].lost);
    assert_string_equal(desk->client.outcomes[2].message, "database is locked");
    assert_int_equal(desk->client.outcomes[2].ended_ns - desk->client.outcomes[2].began_ns, 30);
    assert_int_equal(desk->client.outcomes[3].code, SQLITE_OK);
    assert_int_equal(count_rows(desk), 5);
    assert_int_equal(torc_host_database_fault_struck(desk->host, number), 1);
    assert_int_equal(torc_host_database_fault_struck(desk->host, number + 1), 0);
    return NULL;
}

TORC_TEST(a_fault_is_between_the_statement_before_and_its_own_in_the_chain, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;

    fault.n = 2;
    fault.code = SQLITE_FULL;
    add_fault(desk, fault);
    desk->client.sql[0] = "SELECT 1";
    desk->client.sql[1] = "SELECT 2";
    run(desk);
    /* 1 start, 2 job, 3 db, 4 fault, 5 db, 6 job */
    assert_traced(desk, "{\"n\":3,\"t\":0,\"host\":\"h\",\"k\":\"db\",\"cause\":2,");
    assert_traced(desk, "{\"n\":4,\"t\":0,\"host\":\"h\",\"k\":\"fault\",\"cause\":3,"
                        "\"of\":\"database\",\"number\":1,\"kind\":\"fail\",\"target\":\"main\","
                        "\"code\":13,\"delay\":0}");
    assert_traced(desk, "{\"n\":5,\"t\":0,\"host\":\"h\",\"k\":\"db\",\"cause\":4,");
    assert_traced(desk, "{\"n\":6,\"t\":0,\"host\":\"h\",\"k\":\"job\",\"cause\":5,");
    return NULL;
}

TORC_TEST(times_counts_the_matches_after_the_nth, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;
    static const int codes[] = {SQLITE_OK, SQLITE_BUSY, SQLITE_BUSY, SQLITE_LOCKED, SQLITE_LOCKED};
    size_t i;

    fault.n = 2;
    fault.times = 2;
    fault.code = SQLITE_BUSY;
    add_fault(desk, fault);
    fault.n = 3; /* is due while the first one strikes: the next statement is its first */
    fault.times = UINT64_MAX;
    fault.code = SQLITE_LOCKED;
    add_fault(desk, fault);
    for (i = 0; i < 5; i++)
        desk->client.sql[i] = "SELECT 1";
    run(desk);
    for (i = 0; i < 5; i++)
        assert_int_equal(desk->client.outcomes[i].code, codes[i]);
    return NULL;
}

TORC_TEST(a_fault_of_another_database_does_not_strike, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;
    uint32_t number;

    fault.database = "other";
    fault.code = SQLITE_BUSY;
    number = add_fault(desk, fault);
    desk->client.sql[0] = "SELECT 1";
    run(desk);
    assert_int_equal(desk->client.outcomes[0].code, SQLITE_OK);
    assert_int_equal(torc_host_database_fault_struck(desk->host, number), 0);
    return NULL;
}

TORC_TEST(a_connection_that_goes_before_leaves_the_statement_undone, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;

    fault.kind = TORC_DATABASE_DROP_BEFORE;
    add_fault(desk, fault);
    desk->client.sql[0] = "INSERT INTO t VALUES (4)";
    run(desk);
    assert_true(desk->client.outcomes[0].lost);
    assert_int_equal(desk->client.outcomes[0].code, SQLITE_IOERR);
    assert_int_equal(count_rows(desk), 3);
    return NULL;
}

TORC_TEST(a_lost_reply_is_told_as_an_error_and_the_statement_stays_done, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;

    fault.kind = TORC_DATABASE_DROP_AFTER;
    fault.delay_ns = 5;
    add_fault(desk, fault);
    desk->client.sql[0] = "INSERT INTO t VALUES (4)";
    desk->client.sql[1] = "SELECT 1";
    run(desk);
    assert_true(desk->client.outcomes[0].lost);
    assert_int_equal(desk->client.outcomes[0].code, SQLITE_IOERR);
    assert_int_equal(desk->client.outcomes[0].ended_ns, 5);
    assert_int_equal(count_rows(desk), 4);
    assert_traced(desk, "\"code\":10,\"lost\":1,\"rows\":0,\"values\":\"\",\"changes\":1,");
    assert_false(desk->client.outcomes[1].lost);
    return NULL;
}

TORC_TEST(a_read_is_left_at_its_nth_row, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;

    fault.kind = TORC_DATABASE_DROP_MID;
    fault.row = 2;
    add_fault(desk, fault);
    desk->client.sql[0] = "SELECT n FROM t";
    run(desk);
    assert_true(desk->client.outcomes[0].lost);
    assert_int_equal(desk->client.outcomes[0].rows, 2);
    assert_traced(desk, "\"rows\":2,\"values\":\"1\\n2\\n\"");
    return NULL;
}

TORC_TEST(a_write_left_in_the_middle_leaves_nothing, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;

    fault.kind = TORC_DATABASE_DROP_MID;
    fault.row = 2;
    add_fault(desk, fault);
    desk->client.sql[0] = "INSERT INTO t VALUES (4),(5),(6) RETURNING n";
    run(desk);
    assert_true(desk->client.outcomes[0].lost);
    assert_int_equal(count_rows(desk), 3);
    return NULL;
}

TORC_TEST(a_middle_that_is_not_reached_has_not_struck, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;
    uint32_t number;

    fault.kind = TORC_DATABASE_DROP_MID;
    fault.row = 4;
    number = add_fault(desk, fault);
    desk->client.sql[0] = "SELECT n FROM t";
    run(desk);
    assert_false(desk->client.outcomes[0].lost);
    assert_int_equal(torc_host_database_fault_struck(desk->host, number), 0);
    return NULL;
}

TORC_TEST(slowness_adds_to_a_row_and_to_a_statement, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;

    fault.kind = TORC_DATABASE_SLOW;
    fault.delay_ns = 7;
    fault.row = 3;
    add_fault(desk, fault);
    fault.delay_ns = 100;
    fault.row = 0;
    add_fault(desk, fault);
    desk->client.sql[0] = "SELECT n FROM t";
    run(desk);
    assert_int_equal(desk->client.outcomes[0].code, SQLITE_OK);
    assert_int_equal(desk->client.outcomes[0].rows, 3);
    assert_int_equal(desk->client.outcomes[0].ended_ns, 107);
    assert_traced(desk, "\"duration\":107");
    return NULL;
}

/* Both have begun before one of them ends. */
TORC_TEST(one_of_two_that_overlap_is_the_nth, .group = &with_desk)
{
    static const enum torc_database_fault_kind kinds[] = {TORC_DATABASE_DROP_AFTER,
                                                          TORC_DATABASE_DROP_MID};
    struct desk *desk = torc_trial_state(trial);
    size_t i;

    for (i = 0; i < 2; i++) {
        struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;
        struct client other = desk->client;
        enum torc_verdict verdict;
        uint32_t number;

        fault.kind = kinds[i];
        number = add_fault(desk, fault);
        desk->client.sql[0] = "SELECT n FROM t";
        other.sql[0] = "SELECT 2";
        other.connection = 1;
        assert_int_equal(sqlite3_open(":memory:", &other.sqlite), SQLITE_OK);
        assert_int_equal(
            desk->client.platform->ops->submit(desk->client.platform, work, &desk->client, 1), 0);
        assert_int_equal(desk->client.platform->ops->submit(desk->client.platform, work, &other, 2),
                         0);
        assert_int_equal(torc_world_run(desk->world, TORC_NEVER, &verdict), 0);
        assert_true(desk->client.outcomes[0].lost);
        assert_false(other.outcomes[0].lost);
        assert_int_equal(torc_host_database_fault_struck(desk->host, number), 1);
        torc_host_clear_database_faults(desk->host);
        close_client(&other);
    }
    return NULL;
}

TORC_TEST(faults_that_cannot_be_are_refused, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;

    assert_int_equal(torc_host_add_database_fault(desk->host, &fault, NULL), TORC_EINVAL);
    fault.code = SQLITE_ROW;
    assert_int_equal(torc_host_add_database_fault(desk->host, &fault, NULL), TORC_EINVAL);
    fault.code = SQLITE_BUSY | 77 << 8;
    assert_int_equal(torc_host_add_database_fault(desk->host, &fault, NULL), TORC_EINVAL);
    fault.code = SQLITE_CONSTRAINT_UNIQUE;
    fault.sql = "(";
    assert_int_equal(torc_host_add_database_fault(desk->host, &fault, NULL), TORC_ESYNTAX);
    fault.sql = "^x";
    assert_int_equal(torc_host_add_database_fault(desk->host, &fault, NULL), 0);
    return NULL;
}

TORC_TEST(cleared_faults_strike_no_more_even_while_a_job_stands_at_one, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct torc_database_fault fault = TORC_DATABASE_FAULT_INIT;
    enum torc_verdict verdict;

    fault.kind = TORC_DATABASE_SLOW;
    fault.times = UINT64_MAX;
    fault.delay_ns = 100;
    add_fault(desk, fault);
    desk->client.sql[0] = "SELECT 1";
    desk->client.sql[1] = "SELECT 2";
    assert_int_equal(
        desk->client.platform->ops->submit(desk->client.platform, work, &desk->client, 1), 0);
    assert_int_equal(torc_world_run(desk->world, 50, &verdict), 0);
    torc_host_clear_database_faults(desk->host);
    assert_int_equal(torc_world_run(desk->world, TORC_NEVER, &verdict), 0);
    assert_int_equal(desk->client.outcomes[1].ended_ns, 100);
    return NULL;
}

/* --- kills --------------------------------------------------------------------------------------- */

TORC_TEST(the_world_closes_what_a_killed_host_had_open, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct torc_database_event event;

    memset(&event, 0, sizeof event);
    event.path = "main.sqlite";
    event.message = "";
    (void)tell(&desk->client, &event, TORC_DATABASE_OPENED);
    assert_ptr_equal(desk->host->databases->connections->sqlite, desk->client.sqlite);
    torc_host_kill(desk->host);
    assert_null(desk->host->databases->connections);
    desk->client.sqlite = NULL; /* under AddressSanitizer a leak, or a second close, would show */
    return NULL;
}

TORC_TEST(what_could_not_be_opened_is_left_to_the_pool, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct torc_database_event event;

    memset(&event, 0, sizeof event);
    event.path = "main.sqlite";
    event.code = SQLITE_CANTOPEN;
    event.message = "unable to open database file";
    (void)tell(&desk->client, &event, TORC_DATABASE_OPENED);
    assert_null(desk->host->databases->connections->sqlite);
    torc_host_kill(desk->host);
    return NULL;
}

TORC_TEST(a_host_that_is_unwound_does_nothing_more, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    size_t traced = desk->used;

    desk->host->unwinding = true;
    run_statement(&desk->client, "INSERT INTO t VALUES (4)", 1, &desk->client.outcomes[0]);
    desk->host->unwinding = false;
    assert_true(desk->client.outcomes[0].lost);
    assert_int_equal(count_rows(desk), 3);
    assert_int_equal(desk->used, traced);
    return NULL;
}

TORC_TEST(two_pools_of_one_name_are_told_apart, .group = &with_desk)
{
    struct desk *desk = torc_trial_state(trial);
    struct client other = desk->client;

    assert_int_equal(sqlite3_open(":memory:", &other.sqlite), SQLITE_OK);
    run_statement(&desk->client, "SELECT n FROM t", 1, &desk->client.outcomes[0]);
    run_statement(&other, "SELECT 7", 1, &other.outcomes[0]);
    assert_ptr_equal(desk->host->databases->connections->sqlite, other.sqlite);
    assert_ptr_equal(desk->host->databases->connections->next->sqlite, desk->client.sqlite);
    return NULL;
}

TORC_TRIAL_MAIN
