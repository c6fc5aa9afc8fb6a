/* Expectations that are armed: met, failed, or waiting for more. */
#include <string.h>

#include <torc/format.h>

#include "scenario_run.h"

static const char *host_of(const struct torci_peer_connection *connection)
{
    return connection->peer->script->name;
}

static void met(struct torci_run *run, struct torci_step_run *step)
{
    step->state = TORCI_STEP_DONE;
    torci_report_property(run, &step->step->place, true);
    if (step->step->as != NULL)
        torci_label_ends(run, step->step->as);
}

#define LATENESS_NS UINT64_C(1000000000)

/* When the window really ends: other orders and smaller amounts may cost a turn or a batch more. */
static uint64_t latest(const struct torci_run *run, const struct torci_step_run *step)
{
    uint64_t end_ns = step->due_ns + step->step->time.window_ns;

    if (run->split || torci_run_decided(run, TORC_SITE_ORDER) ||
        torci_run_decided(run, TORC_SITE_AMOUNT))
        return end_ns + LATENESS_NS;
    return end_ns;
}

bool torci_expect_in_time(struct torci_run *run, const struct torci_step_run *step,
                          const char *host, uint64_t t_ns, const char *what)
{
    const struct torci_time *time = &step->step->time;
    char at[40];
    char begin[40];
    char end[40];
    char when[120];

    if (time->kind == TORCI_TIME_ANY || time->kind == TORCI_TIME_END ||
        (t_ns >= step->due_ns && t_ns <= latest(run, step)))
        return true;
    torci_show_duration(at, sizeof(at), t_ns);
    torci_show_duration(begin, sizeof(begin), step->due_ns);
    torci_show_duration(end, sizeof(end), step->window_end_ns);
    if (step->due_ns == step->window_end_ns)
        torc_format(when, sizeof(when), "the time %s of the line", begin);
    else
        torc_format(when, sizeof(when), "the window %s..%s", begin, end);
    torci_report_failure(run, TORC_SCENARIO_FAIL, &step->step->place, host, NULL,
                         "%s at %s, %s %s", what, at, t_ns < step->due_ns ? "before" : "after", when);
    return false;
}

static bool in_time(struct torci_run *run, const struct torci_step_run *step,
                    const struct torci_peer_connection *connection, uint64_t t_ns, const char *what)
{
    return torci_expect_in_time(run, step, host_of(connection), t_ns, what);
}

/* --- bytes ---------------------------------------------------------------------------------------- */

static enum torci_outcome take(struct torci_run *run, const struct torci_step_run *step,
                         struct torci_peer_connection *connection, size_t bytes)
{
    uint64_t t_ns = torci_connection_arrived_ns(connection, connection->consumed + bytes);

    if (!in_time(run, step, connection, t_ns, "this was complete"))
        return TORCI_FAILED;
    connection->consumed += bytes;
    return TORCI_MET;
}

/* No more can come. */
static const char *why_over(const struct torci_peer_connection *connection)
{
    if (connection->state == TORCI_PEER_FAILED)
        return "the connection was not made";
    if (connection->reset)
        return "the connection was reset before this came";
    if (connection->ended)
        return "the stream ended before this came";
    if (connection->state == TORCI_PEER_CLOSED)
        return "the peer had closed the connection before this came";
    return NULL;
}

static enum torci_outcome fail_bytes(struct torci_run *run, const struct torci_step_run *step,
                               const struct torci_peer_connection *connection, const char *sentence)
{
    const uint8_t *got = connection->received + connection->consumed;
    size_t got_bytes = connection->received_bytes - connection->consumed;
    const struct torci_bytes *expected =
        step->step->expected == TORCI_EXPECTED_BYTES ? &step->step->payload : NULL;

    torci_report_failure(run, TORC_SCENARIO_FAIL, &step->step->place, host_of(connection),
                         torci_report_difference(run, expected, got, got_bytes), "%s", sentence);
    return TORCI_FAILED;
}

static enum torci_outcome look_for_bytes(struct torci_run *run, const struct torci_step_run *step,
                                   struct torci_peer_connection *connection)
{
    const struct torci_bytes *expected = &step->step->payload;
    size_t available = connection->received_bytes - connection->consumed;
    size_t compared = available < expected->bytes ? available : expected->bytes;
    const char *over = why_over(connection);

    if (compared > 0 &&
        memcmp(connection->received + connection->consumed, expected->data, compared) != 0)
        return fail_bytes(run, step, connection, "something else came");
    if (available >= expected->bytes)
        return take(run, step, connection, expected->bytes);
    return over == NULL ? TORCI_WAITING : fail_bytes(run, step, connection, over);
}

static enum torci_outcome look_for_pattern(struct torci_run *run, const struct torci_step_run *step,
                                     struct torci_peer_connection *connection)
{
    const uint8_t *data = connection->received + connection->consumed;
    size_t bytes = 0;
    const char *over = why_over(connection);
    enum torci_match match =
        torci_pattern_match(step->step->pattern, connection->received == NULL ? NULL : data,
                            connection->received_bytes - connection->consumed, &bytes);

    if (match == TORCI_MATCH_YES)
        return take(run, step, connection, bytes);
    if (match == TORCI_MATCH_NEVER) {
        char sentence[80];

        torc_format(sentence, sizeof(sentence), "what came does not match, from byte %llu on",
                    (unsigned long long)bytes);
        return fail_bytes(run, step, connection, sentence);
    }
    return over == NULL ? TORCI_WAITING : fail_bytes(run, step, connection, over);
}

/* --- events --------------------------------------------------------------------------------------- */

static enum torci_outcome fail(struct torci_run *run, const struct torci_step_run *step,
                         const struct torci_peer_connection *connection, const char *sentence)
{
    torci_report_failure(run, TORC_SCENARIO_FAIL, &step->step->place, host_of(connection), NULL, "%s",
                         sentence);
    return TORCI_FAILED;
}

static enum torci_outcome look_for_connect(struct torci_run *run, const struct torci_step_run *step,
                                     struct torci_peer_connection *connection)
{
    bool wanted = step->step->expected == TORCI_EXPECTED_CONNECTED;

    if (connection->state == TORCI_PEER_CONNECTING)
        return TORCI_WAITING;
    if (connection->state == TORCI_PEER_FAILED) {
        if (wanted || connection->error != TORC_ECONNREFUSED)
            return fail(run, step, connection, torc_error_text(connection->error));
        connection->error_expected = true;
        return in_time(run, step, connection, connection->since_ns, "it was refused") ? TORCI_MET : TORCI_FAILED;
    }
    if (!wanted)
        return fail(run, step, connection, "it was connected");
    if (connection->state != TORCI_PEER_OPEN)
        return fail(run, step, connection, "it is closed already");
    return in_time(run, step, connection, connection->since_ns, "it was connected") ? TORCI_MET : TORCI_FAILED;
}

/* Of a connect, or of a connection whose bytes are not acknowledged. */
static enum torci_outcome look_for_timeout(struct torci_run *run, const struct torci_step_run *step,
                                           struct torci_peer_connection *connection)
{
    if (connection->reset || connection->ended)
        return fail(run, step, connection, "it ended");
    if (connection->state == TORCI_PEER_CLOSED)
        return fail(run, step, connection, "the peer itself has closed it");
    if (connection->state != TORCI_PEER_FAILED)
        return TORCI_WAITING;
    if (connection->error != TORC_ETIMEDOUT)
        return fail(run, step, connection, torc_error_text(connection->error));
    connection->error_expected = true;
    return in_time(run, step, connection, connection->since_ns, "it timed out") ? TORCI_MET
                                                                                : TORCI_FAILED;
}

static enum torci_outcome look_for_end(struct torci_run *run, const struct torci_step_run *step,
                                 struct torci_peer_connection *connection)
{
    enum torci_expected expected = step->step->expected;

    if (connection->received_bytes > connection->consumed)
        return fail_bytes(run, step, connection, "bytes came that no line before this expects");
    if (connection->reset && expected != TORCI_EXPECTED_RESET)
        return fail(run, step, connection, "the connection was reset");
    if (connection->ended && expected == TORCI_EXPECTED_RESET)
        return fail(run, step, connection, "the stream ended in good order");
    if (connection->ended || connection->reset) {
        if (!in_time(run, step, connection, connection->ended_ns, "it ended"))
            return TORCI_FAILED;
        if (expected == TORCI_EXPECTED_CLOSE)
            torci_connection_queue(connection, TORCI_SEND_CLOSE, NULL, 0);
        return TORCI_MET;
    }
    if (connection->state == TORCI_PEER_FAILED)
        return fail(run, step, connection, torc_error_text(connection->error));
    if (connection->state == TORCI_PEER_CLOSED)
        return fail(run, step, connection, "the peer itself has closed it");
    return TORCI_WAITING;
}

static enum torci_outcome look_for_nothing(struct torci_run *run, const struct torci_step_run *step,
                                     struct torci_peer_connection *connection)
{
    if (connection->received_bytes > connection->consumed)
        return fail_bytes(run, step, connection, "something came");
    if ((connection->ended || connection->reset) && connection->ended_ns >= step->due_ns)
        return fail(run, step, connection,
                    connection->ended ? "the stream ended" : "the connection was reset");
    return TORCI_WAITING;
}

static enum torci_outcome look_at_connection(struct torci_run *run, struct torci_step_run *step)
{
    struct torci_label_run *label = &run->labels[step->step->label->index];
    struct torci_peer_connection *connection = label->connection;

    if (label->answer != NULL)
        return torci_answer_look(run, step, label->answer);
    if (step->changes_seen == connection->changes)
        return TORCI_WAITING;
    step->changes_seen = connection->changes;
    switch (step->step->expected) {
    case TORCI_EXPECTED_BYTES:
        return look_for_bytes(run, step, connection);
    case TORCI_EXPECTED_PATTERN:
        return look_for_pattern(run, step, connection);
    case TORCI_EXPECTED_CONNECTED:
    case TORCI_EXPECTED_REFUSED:
        return look_for_connect(run, step, connection);
    case TORCI_EXPECTED_TIMEOUT:
        return look_for_timeout(run, step, connection);
    case TORCI_EXPECTED_NOTHING:
        return look_for_nothing(run, step, connection);
    default:
        return look_for_end(run, step, connection);
    }
}

/* --- conditions ----------------------------------------------------------------------------------- */

static void fail_check(struct torci_run *run, const struct torci_step_run *step)
{
    torci_report_failure(run, TORC_SCENARIO_FAIL, &step->step->place, NULL, NULL, "%s",
                         torci_evaluate_show(run, step->step->condition));
}

/* --- all that are armed --------------------------------------------------------------------------- */

/* Whether an expectation of the same connection comes before it. */
static bool has_turn(const struct torci_run *run, const struct torci_step_run *step)
{
    for (const struct torci_step_run *each = run->steps; each < step; each++)
        if (each->state == TORCI_STEP_ARMED && each->step->label == step->step->label &&
            each->step->verb == TORCI_VERB_EXPECT)
            return false;
    return true;
}

void torci_expect_look(struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->step_count && !torci_run_failed(run); i++) {
        struct torci_step_run *step = &run->steps[i];
        enum torci_outcome outcome = TORCI_WAITING;

        if (step->state != TORCI_STEP_ARMED)
            continue;
        if (step->step->verb == TORCI_VERB_CHECK)
            outcome = torci_evaluate(run, step->step->condition) == TORCI_TRUE ? TORCI_MET : TORCI_WAITING;
        else if (has_turn(run, step))
            outcome = look_at_connection(run, step);
        if (outcome == TORCI_MET)
            met(run, step);
        else if (outcome == TORCI_FAILED)
            step->state = TORCI_STEP_DONE;
    }
}

uint64_t torci_expect_next_end(const struct torci_run *run)
{
    uint64_t next = TORC_NEVER;

    for (size_t i = 0; i < run->scenario->step_count; i++)
        if (run->steps[i].state == TORCI_STEP_ARMED && run->steps[i].window_end_ns < next)
            next = run->steps[i].window_end_ns;
    return next;
}

bool torci_expect_any(const struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->step_count; i++)
        if (run->steps[i].state == TORCI_STEP_ARMED &&
            run->steps[i].step->expected != TORCI_EXPECTED_NOTHING)
            return true;
    return false;
}

bool torci_expect_only_conditions(const struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->step_count; i++)
        if (run->steps[i].state == TORCI_STEP_ARMED &&
            (run->steps[i].step->verb != TORCI_VERB_CHECK || run->steps[i].window_end_ns != TORC_NEVER))
            return false;
    return true;
}

static void fail_unmet(struct torci_run *run, struct torci_step_run *step, const char *until)
{
    struct torci_peer_connection *connection;

    if (step->step->verb == TORCI_VERB_CHECK) {
        run->strict = step->step->eventually && run->options->fault == NULL && torci_all_modules_run(run);
        fail_check(run, step);
        run->strict = false;
        return;
    }
    connection = run->labels[step->step->label->index].connection;
    if (connection == NULL) {
        torci_report_failure(run, TORC_SCENARIO_FAIL, &step->step->place, NULL, NULL,
                             "there was no answer %s", until);
        return;
    }
    if (step->step->expected == TORCI_EXPECTED_BYTES ||
        step->step->expected == TORCI_EXPECTED_PATTERN ||
        connection->received_bytes > connection->consumed) {
        char sentence[100];

        torc_format(sentence, sizeof(sentence), "this did not come %s", until);
        (void)fail_bytes(run, step, connection, sentence);
        return;
    }
    torci_report_failure(run, TORC_SCENARIO_FAIL, &step->step->place, host_of(connection), NULL,
                         "this did not happen %s", until);
}

void torci_expect_close_windows(struct torci_run *run, uint64_t t_ns)
{
    for (size_t i = 0; i < run->scenario->step_count && !torci_run_failed(run); i++) {
        struct torci_step_run *step = &run->steps[i];

        if (step->state != TORCI_STEP_ARMED || step->window_end_ns != t_ns)
            continue;
        if (step->step->verb == TORCI_VERB_EXPECT &&
            step->step->expected == TORCI_EXPECTED_NOTHING && has_turn(run, step))
            met(run, step);
        else if (latest(run, step) > t_ns) {
            step->window_end_ns = latest(run, step);
            continue;
        } else
            fail_unmet(run, step, "in time");
        step->state = TORCI_STEP_DONE;
    }
}

/* --- the end -------------------------------------------------------------------------------------- */

static void look_for_leftovers(struct torci_run *run)
{
    for (const struct torci_label *label = run->scenario->labels; label; label = label->next) {
        struct torci_peer_connection *connection = run->labels[label->index].connection;

        if (connection == NULL)
            continue;
        if (connection->state == TORCI_PEER_FAILED && !connection->error_expected)
            torci_report_failure(run, TORC_SCENARIO_FAIL, &label->made_by->place,
                                 host_of(connection), NULL, "%s",
                                 torc_error_text(connection->error));
        if (connection->received_bytes > connection->consumed && !connection->thrown_away)
            torci_report_failure(
                run, TORC_SCENARIO_FAIL, &label->made_by->place, host_of(connection),
                torci_report_difference(run, NULL, connection->received + connection->consumed,
                                        connection->received_bytes - connection->consumed),
                "%s received bytes that no line expects", label->name);
    }
}

void torci_expect_at_end(struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->step_count; i++) {
        struct torci_step_run *step = &run->steps[i];
        const struct torci_step *script = step->step;
        enum torci_outcome outcome = TORCI_WAITING;

        if (step->state == TORCI_STEP_AT_END && script->verb == TORCI_VERB_EXPECT) {
            if (!torci_label_exists(run, script->label)) {
                step->state = TORCI_STEP_SKIPPED;
                run->report->lines_skipped++;
                continue;
            }
            run->report->lines_done++;
            step->changes_seen = UINT64_MAX;
            step->window_end_ns = TORC_NEVER;
        } else if (step->state != TORCI_STEP_ARMED) {
            continue;
        }
        if (script->verb == TORCI_VERB_EXPECT) {
            step->changes_seen = UINT64_MAX;
            outcome = look_at_connection(run, step);
        }
        if (outcome == TORCI_WAITING && script->verb == TORCI_VERB_EXPECT &&
            script->expected == TORCI_EXPECTED_NOTHING)
            outcome = TORCI_MET;
        if (outcome == TORCI_MET)
            met(run, step);
        else if (outcome == TORCI_WAITING)
            fail_unmet(run, step, "before the end");
        if (torci_run_failed(run))
            return;
        step->state = TORCI_STEP_DONE;
    }
    look_for_leftovers(run);
    torci_answers_leftovers(run);
}
