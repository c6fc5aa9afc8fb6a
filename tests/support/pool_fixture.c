#include "pool_fixture.h"

#include <stdio.h>
#include <unistd.h>

#include <sqlite3.h>

static struct pool_fixture *fixture_of(struct torc_platform *platform)
{
    return (struct pool_fixture *)(void *)platform;
}

/* --- the slot ----------------------------------------------------------------------------------- */

static void note_statement(struct pool_fixture *fixture, const struct torc_database_event *event)
{
    char line[256];
    int bytes = snprintf(line, sizeof line, "%u %s\n", event->connection, event->sql);
    size_t length = bytes < (int)sizeof line ? (size_t)bytes : sizeof line - 1;
    if (fixture->statements_bytes + length >= sizeof fixture->statements)
        fixture->statements_bytes = 0;
    memcpy(fixture->statements + fixture->statements_bytes, line, length + 1);
    fixture->statements_bytes += length;
}

static struct pool_rule *find_rule(struct pool_fixture *fixture,
                                   const struct torc_database_event *event)
{
    for (size_t i = 0; i < fixture->rule_count; i++) {
        struct pool_rule *rule = &fixture->rules[i];
        if (rule->kind != event->kind || rule->times == 0 ||
            (rule->sql && event->sql && strncmp(event->sql, rule->sql, strlen(rule->sql)) != 0))
            continue;
        if (rule->skip > 0) {
            rule->skip--;
            continue;
        }
        rule->times--;
        return rule;
    }
    return NULL;
}

static void follow_transaction(struct pool_fixture *fixture, const struct torc_database_event *event)
{
    bool *in_transaction = &fixture->in_transaction[event->connection];
    /* A statement has its text.  NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
    if (strncmp(event->sql, "BEGIN", 5) == 0)
        *in_transaction = true;
    else if (strcmp(event->sql, "COMMIT") == 0 || strcmp(event->sql, "ROLLBACK") == 0)
        *in_transaction = false;
}

/* Instead of SQLite. */
static enum torc_database_answer answer(struct pool_fixture *fixture,
                                        struct torc_database_event *event)
{
    static const char *const columns[] = {"i"};
    bool pragma = event->sql && strcmp(event->sql, "PRAGMA journal_mode=WAL") == 0;
    switch (event->kind) {
    case TORC_DATABASE_ROW:
        if (event->rows > (pragma ? 1 : fixture->answer_rows))
            return TORC_DATABASE_PROCEED;
        fixture->answer = pragma ? torc_db_text("wal") : torc_db_integer((int64_t)event->rows);
        event->columns = columns;
        event->column_count = 1;
        event->values = &fixture->answer;
        return TORC_DATABASE_ANSWER;
    case TORC_DATABASE_END:
        follow_transaction(fixture, event);
        event->columns = columns;
        event->column_count = 1;
        event->in_transaction = fixture->in_transaction[event->connection];
        return TORC_DATABASE_ANSWER;
    case TORC_DATABASE_OPEN:
    case TORC_DATABASE_OPENED:
    case TORC_DATABASE_BEGIN:
    case TORC_DATABASE_CLOSE:
    default:
        return TORC_DATABASE_ANSWER;
    }
}

static enum torc_database_answer fail_step(struct torc_database_event *event, int code, bool lost)
{
    event->code = code;
    event->lost = lost;
    event->message = lost ? "" : sqlite3_errstr(code);
    if (event->kind == TORC_DATABASE_END && event->sqlite)
        event->in_transaction = sqlite3_get_autocommit(event->sqlite) == 0;
    return TORC_DATABASE_ANSWER;
}

static enum torc_database_answer strike(struct pool_fixture *fixture, const struct pool_rule *rule,
                                        struct torc_database_event *event)
{
    if (rule->call)
        rule->call(rule->arg);
    if (rule->code == 0 && !rule->lost)
        return fixture->answered ? answer(fixture, event) : TORC_DATABASE_PROCEED;
    if (event->kind == TORC_DATABASE_BEGIN) {
        fixture->struck = rule->code;
        fixture->struck_lost = rule->lost;
        return TORC_DATABASE_ANSWER;
    }
    return fail_step(event, rule->code, rule->lost);
}

static enum torc_database_answer database(struct torc_platform *self,
                                          struct torc_database_event *event)
{
    struct pool_fixture *fixture = fixture_of(self);
    bool struck = fixture->struck || fixture->struck_lost;
    if (event->kind == TORC_DATABASE_BEGIN)
        note_statement(fixture, event);
    fixture->opened += event->kind == TORC_DATABASE_OPEN;
    fixture->closed += event->kind == TORC_DATABASE_CLOSE;
    if (event->kind == TORC_DATABASE_CLOSE)
        fixture->in_transaction[event->connection] = false;
    if (struck && event->kind == TORC_DATABASE_ROW)
        return TORC_DATABASE_PROCEED;
    if (struck && event->kind == TORC_DATABASE_END) {
        int code = fixture->struck;
        fixture->struck = 0;
        if (fixture->answered)
            event->in_transaction = fixture->in_transaction[event->connection];
        bool lost = fixture->struck_lost;
        fixture->struck_lost = false;
        return fail_step(event, code, lost);
    }
    const struct pool_rule *rule = find_rule(fixture, event);
    if (rule)
        return strike(fixture, rule, event);
    return fixture->answered ? answer(fixture, event) : TORC_DATABASE_PROCEED;
}

struct pool_rule *pool_fixture_rule(struct pool_fixture *fixture, enum torc_database_event_kind kind,
                                    const char *sql, int code)
{
    assert_true(fixture->rule_count < POOL_RULES_MAX);
    struct pool_rule *rule = &fixture->rules[fixture->rule_count++];
    *rule = (struct pool_rule){.kind = kind, .sql = sql, .times = 1, .code = code};
    return rule;
}

/* --- set-up and tear-down ----------------------------------------------------------------------- */

static void note_error(struct torc_log_observer *self, const struct torc_log_event *event)
{
    struct pool_fixture *fixture = (struct pool_fixture *)(void *)((char *)self -
                                                                   offsetof(struct pool_fixture,
                                                                            observer));
    if (event->level < TORC_LOG_ERROR)
        return;
    fixture->errors_logged++;
    snprintf(fixture->last_error, sizeof fixture->last_error, "%s", event->message);
}

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    struct pool_fixture *fixture = calloc(1, sizeof *fixture);
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    assert_non_null(fixture);
    scripted_init(&fixture->platform);
    fixture->platform.ops.database = database;
    fixture->observer.emit = note_error;
    options.observer = &fixture->observer;
    test_directory_make(fixture->directory);
    snprintf(fixture->path, sizeof fixture->path, "%s/main.sqlite", fixture->directory);
    torc_trial_need(trial, torc_reactor_new(&fixture->platform.base, &options, &fixture->reactor));
    torc_trial_need(trial, torc_reactor_start(fixture->reactor));
    torc_trial_set_state(trial, fixture);
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    struct pool_fixture *fixture = torc_trial_state(trial);
    struct torc_scope_counts counts;
    struct torc_reactor_counts left;
    torc_scope_count(torc_reactor_scope(fixture->reactor), &counts);
    torc_reactor_count(fixture->reactor, &left);
    torc_reactor_free(fixture->reactor);
    size_t blocks = scripted_end(&fixture->platform);
    test_directory_remove(fixture->directory);
    unsigned opened = fixture->opened;
    unsigned closed = fixture->closed;
    free(fixture);
    assert_int_equal(counts.deferreds, 0);
    assert_int_equal(counts.failures, 0);
    assert_int_equal(counts.unhandled, 0);
    assert_int_equal(left.jobs, 0);
    assert_int_equal(left.timers, 0);
    assert_int_equal(blocks, 0);
    assert_true(closed <= opened);
    return NULL;
}

const struct torc_trial_group with_pool = {.set_up = set_up, .tear_down = tear_down};

/* --- pools -------------------------------------------------------------------------------------- */

struct torc_pool *pool_fixture_pool(struct pool_fixture *fixture,
                                    const struct torc_pool_options *options)
{
    struct torc_pool_options own = TORC_POOL_OPTIONS_INIT;
    struct torc_pool *pool;
    if (options)
        own = *options;
    if (!own.path)
        own.path = fixture->path;
    assert_int_equal(torc_pool_new(fixture->reactor, &own, &pool), 0);
    return pool;
}

static void tick(struct watched *watched)
{
    if (watched->clock)
        watched->order = ++*watched->clock;
}

static struct torc_result arrived(struct torc_result result, void *arg)
{
    struct watched *watched = arg;
    watched->fired++;
    watched->result = result;
    tick(watched);
    return torc_value(NULL);
}

void pool_fixture_watch(struct torc_deferred *deferred, struct watched *watched)
{
    assert_int_equal(torc_deferred_add_both(deferred, arrived, watched, NULL), 0);
    torc_deferred_drop(deferred);
}

void pool_fixture_count_drop(void *arg)
{
    struct watched *watched = arg;
    watched->dropped++;
    tick(watched);
}

int watched_code(struct watched *watched)
{
    int code = 0;
    assert_int_equal(watched->fired, 1);
    if (watched->result.kind == TORC_RESULT_FAILURE)
        code = torc_failure_code(watched->result.as.failure);
    torc_result_drop(watched->result);
    watched->result = torc_value(NULL);
    return code;
}

const struct torc_failure_type *watched_type(struct watched *watched)
{
    const struct torc_failure_type *type;
    assert_int_equal(watched->fired, 1);
    assert_int_equal(watched->result.kind, TORC_RESULT_FAILURE);
    type = torc_failure_type(watched->result.as.failure);
    torc_result_drop(watched->result);
    watched->result = torc_value(NULL);
    return type;
}

bool pool_fixture_step(struct pool_fixture *fixture)
{
    struct scripted_platform *platform = &fixture->platform;
    bool any = false;
    for (size_t i = 0; i < platform->job_count; i++) {
        if (platform->jobs[i].finished)
            continue;
        scripted_finish_job(platform, i);
        any = true;
    }
    (void)torc_reactor_turn(fixture->reactor, 0);
    return any;
}

void pool_fixture_settle(struct pool_fixture *fixture)
{
    do {
        while (pool_fixture_step(fixture))
            ;
    } while (torc_reactor_next_at(fixture->reactor) <= fixture->platform.now_ns);
}

void pool_fixture_finish(struct pool_fixture *fixture)
{
    struct torc_reactor_counts counts;
    for (;;) {
        pool_fixture_settle(fixture);
        torc_reactor_count(fixture->reactor, &counts);
        if (counts.timers == 0)
            return;
        assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    }
}

void pool_fixture_run(struct pool_fixture *fixture, struct torc_pool *pool, const char *sql)
{
    struct watched watched = {0};
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_operation(pool, sql, TORC_NO_PARAMETERS, &deferred), 0);
    pool_fixture_watch(deferred, &watched);
    pool_fixture_finish(fixture);
    assert_int_equal(watched_code(&watched), 0);
}

int64_t pool_fixture_integer(struct pool_fixture *fixture, struct torc_pool *pool, const char *sql)
{
    struct watched watched = {0};
    struct torc_deferred *deferred;
    int64_t integer = 0;
    assert_int_equal(torc_pool_query(pool, sql, TORC_NO_PARAMETERS, &deferred), 0);
    pool_fixture_watch(deferred, &watched);
    pool_fixture_finish(fixture);
    assert_int_equal(watched.fired, 1);
    assert_int_equal(watched.result.kind, TORC_RESULT_VALUE);
    assert_int_equal(torc_rows_integer(watched.result.as.value, 0, 0, &integer), 0);
    torc_result_drop(watched.result);
    return integer;
}

void pool_fixture_end(struct pool_fixture *fixture, struct torc_pool *pool)
{
    struct watched watched = {0};
    struct torc_deferred *deferred;
    assert_int_equal(torc_pool_close(pool, &deferred), 0);
    pool_fixture_watch(deferred, &watched);
    pool_fixture_finish(fixture);
    assert_int_equal(watched_code(&watched), 0);
    torc_pool_free(pool);
}
