/* Lines of the timeline: when they are due, and what they do. */
#include "scenario_run.h"

void torci_steps_anchor(struct torci_run *run, const struct torci_label *label, bool ended,
                        uint64_t t_ns)
{
    for (size_t i = 0; i < run->scenario->step_count; i++) {
        struct torci_step_run *each = &run->steps[i];
        const struct torci_time *time = &each->step->time;

        if (each->state != TORCI_STEP_WAITING || time->label != label || time->label_end != ended)
            continue;
        each->state = TORCI_STEP_DUE;
        each->due_ns = t_ns + torci_time_after(run, time);
    }
}

void torci_label_happens(struct torci_run *run, const struct torci_label *label)
{
    run->labels[label->index].happened = true;
    torci_steps_anchor(run, label, false, torci_run_now(run));
}

void torci_label_ends(struct torci_run *run, const struct torci_label *label)
{
    run->labels[label->index].ended = true;
    torci_steps_anchor(run, label, true, torci_run_now(run));
}

struct torci_step_run *torci_steps_next(struct torci_run *run)
{
    struct torci_step_run *next = NULL;

    for (size_t i = 0; i < run->scenario->step_count; i++) {
        struct torci_step_run *each = &run->steps[i];

        if (each->state == TORCI_STEP_DUE && (next == NULL || each->due_ns < next->due_ns))
            next = each;
    }
    return next;
}

/* Whether the anchor of a line may still come. */
static bool may_come(const struct torci_label_run *label, bool ended)
{
    const struct torci_peer_connection *connection = label->connection;

    if (label->answer != NULL)
        return label->answer->state == TORCI_ANSWER_PENDING;
    if (connection == NULL || connection->state == TORCI_PEER_FAILED)
        return false;
    return ended ? !label->ended : connection->state == TORCI_PEER_CONNECTING;
}

bool torci_steps_waiting(const struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->step_count; i++) {
        const struct torci_step_run *each = &run->steps[i];
        const struct torci_time *time = &each->step->time;

        if (each->state == TORCI_STEP_WAITING && time->label != NULL &&
            may_come(&run->labels[time->label->index], time->label_end))
            return true;
    }
    return false;
}

/* --- what lines do -------------------------------------------------------------------------------- */

static void fail(struct torci_run *run, const struct torci_step *step, const char *sentence)
{
    torci_report_failure(run, TORC_SCENARIO_FAIL, &step->place,
                         step->host != NULL ? step->host->name : NULL, NULL, "%s", sentence);
}

static struct torci_peer_connection *new_connection(struct torci_run *run,
                                                    const struct torci_step *step)
{
    struct torci_peer_connection *connection = torci_pile_alloc(&run->pile, sizeof(*connection));

    if (connection == NULL) {
        run->error = TORC_ENOMEM;
        return NULL;
    }
    connection->label = step->as;
    connection->remote = step->remote;
    run->labels[step->as->index].connection = connection;
    return connection;
}

static void do_connect(struct torci_run *run, const struct torci_step *step)
{
    struct torci_host_run *host = &run->hosts[step->host->index];
    struct torc_address address =
        torc_host_address(run->hosts[step->remote->index].host, step->port);
    struct torci_peer_connection *connection;

    if (!torc_host_up(host->host)) {
        fail(run, step, "the peer is down");
        return;
    }
    connection = new_connection(run, step);
    if (connection != NULL && torci_peer_connect(host->peer, connection, &address) != 0)
        run->error = TORC_ENOMEM;
}

static void do_listen(struct torci_run *run, const struct torci_step *step)
{
    int code = TORC_ECLOSED;

    if (torc_host_up(run->hosts[step->host->index].host))
        code = torci_peer_listen(run->hosts[step->host->index].peer, step->port, step->backlog);
    if (code == TORC_ENOMEM)
        run->error = code;
    else if (code != 0)
        fail(run, step, torc_error_text(code));
}

static void do_accept(struct torci_run *run, const struct torci_step *step)
{
    struct torci_peer_connection *connection;
    int code;

    if (!torc_host_up(run->hosts[step->host->index].host)) {
        fail(run, step, "the peer is down");
        return;
    }
    connection = new_connection(run, step);
    if (connection == NULL)
        return;
    code = torci_peer_accept(run->hosts[step->host->index].peer, connection, step->port);
    if (code == TORC_ENOTFOUND) {
        run->labels[step->as->index].connection = NULL;
        fail(run, step, "the peer does not listen at this port");
    }
}

static void do_dns(struct torci_run *run, const struct torci_step *step)
{
    int code = torci_run_set_name(run, step->dns);

    if (code != 0)
        run->error = code;
}

/* What is done to a connection. */
static void do_connection(struct torci_run *run, const struct torci_step *step)
{
    /* These verbs have one.  NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    struct torci_peer_connection *connection = run->labels[step->label->index].connection;

    switch (step->verb) {
    case TORCI_VERB_SEND:
        torci_connection_queue(connection, TORCI_SEND_BYTES, &step->payload, step->segment_bytes);
        break;
    case TORCI_VERB_SHUTDOWN:
        torci_connection_queue(connection, TORCI_SEND_SHUTDOWN, NULL, 0);
        break;
    case TORCI_VERB_CLOSE:
        torci_connection_queue(connection, TORCI_SEND_CLOSE, NULL, 0);
        break;
    case TORCI_VERB_RESET:
        torci_reset_do(step, connection);
        break;
    default:
        torci_connection_pause(connection, step->verb == TORCI_VERB_PAUSE);
        break;
    }
}

static void do_action(struct torci_run *run, const struct torci_step *step)
{
    switch (step->verb) {
    case TORCI_VERB_CONNECT:
        do_connect(run, step);
        break;
    case TORCI_VERB_LISTEN:
        do_listen(run, step);
        break;
    case TORCI_VERB_ACCEPT:
        do_accept(run, step);
        break;
    case TORCI_VERB_KILL:
        torci_host_do_kill(run, step);
        break;
    case TORCI_VERB_RESTART:
        torci_host_do_restart(run, step);
        break;
    case TORCI_VERB_CRASH:
        torci_host_do_crash(run, step);
        break;
    case TORCI_VERB_CLOCK:
    case TORCI_VERB_HOST_PAUSE:
    case TORCI_VERB_HOST_RESUME:
    case TORCI_VERB_STALL:
        torci_host_do(run, step);
        break;
    case TORCI_VERB_HOLD:
    case TORCI_VERB_RELEASE:
        torci_point_do(run, step);
        break;
    case TORCI_VERB_OVER:
        break; /* by itself */
    case TORCI_VERB_CALL:
        torci_call_do(run, step);
        break;
    case TORCI_VERB_DNS:
        do_dns(run, step);
        break;
    case TORCI_VERB_FAULTS:
        torci_faults_do(run, step);
        break;
    case TORCI_VERB_SIGNAL:
        torc_host_signal(run->hosts[step->host->index].host, step->signal_number);
        break;
    default:
        do_connection(run, step);
        break;
    }
}

/* Connections and calls happen and end by themselves. */
static bool has_plain_label(const struct torci_step *step)
{
    return step->as != NULL && step->verb != TORCI_VERB_CONNECT &&
           step->verb != TORCI_VERB_ACCEPT && step->verb != TORCI_VERB_CALL;
}

/* An expectation is open from now to the end of its window. */
static void arm(struct torci_step_run *step)
{
    const struct torci_time *time = &step->step->time;

    step->state = TORCI_STEP_ARMED;
    step->changes_seen = UINT64_MAX;
    if (time->kind == TORCI_TIME_ANY)
        step->window_end_ns = TORC_NEVER;
    else
        step->window_end_ns = step->due_ns + time->window_ns;
}

bool torci_label_exists(const struct torci_run *run, const struct torci_label *label)
{
    return run->labels[label->index].connection != NULL || run->labels[label->index].answer != NULL;
}

void torci_step_do(struct torci_run *run, struct torci_step_run *step)
{
    const struct torci_step *script = step->step;

    run->last_line_ns = torci_run_now(run);
    if (step->round > 0) {
        step->state = TORCI_STEP_DONE;
        torci_net_do(run, step);
        torci_expect_look(run);
        return;
    }
    if (script->label != NULL && !torci_label_exists(run, script->label)) {
        step->state = TORCI_STEP_SKIPPED;
        run->report->lines_skipped++;
        torci_run_tell(run, "line %u is skipped: there is no %s: %.*s", script->place.line->number,
                       script->label->name, (int)script->place.line->canonical_bytes,
                       script->place.line->canonical);
        return;
    }
    if (script->implied && script->verb == TORCI_VERB_NET) {
        torci_run_tell(run, "line %u: its paths are healed", script->place.line->number);
    } else if (script->implied) {
        torci_run_tell(run, "line %u: %s%s", script->place.line->number, script->host->name,
                       script->verb == TORCI_VERB_OVER ? " goes on" : " is up again");
    } else {
        torci_run_tell(run, "line %u: %.*s", script->place.line->number,
                       (int)script->place.line->canonical_bytes, script->place.line->canonical);
        run->report->lines_done++;
    }
    if (script->verb == TORCI_VERB_EXPECT || script->verb == TORCI_VERB_CHECK) {
        arm(step);
        if (script->as != NULL)
            torci_label_happens(run, script->as);
        torci_expect_look(run);
        return;
    }
    step->state = TORCI_STEP_DONE;
    if (script->verb == TORCI_VERB_NET)
        torci_net_do(run, step);
    else
        do_action(run, script);
    if (has_plain_label(script)) {
        torci_label_happens(run, script->as);
        if (script->as->ended_by == NULL)
            torci_label_ends(run, script->as);
    }
    if (script->ends != NULL)
        torci_label_ends(run, script->ends);
    torci_expect_look(run);
}
