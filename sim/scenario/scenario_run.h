/* scenario_run.h - a run of a scenario: what the files of the runner share.
 *
 *   scenario_runner.c    the world made from the declarations; the loop
 *   scenario_step.c      lines of the timeline: when they are due, what they do
 *   scenario_fire.c      triggers
 *   scenario_liveness.c  the end of the timeline, and faults that cease
 *   scenario_expect.c    expectations that are armed, and how they end
 *   scenario_peer.c      scripted peers: raw hosts that do what lines say
 *   scenario_segment.c   where their streams are split
 *   scenario_host.c      what happens to a host as a whole
 *   scenario_caller.c    calls of modules, and their answers
 *   scenario_disaster.c  databases, and the faults that are armed
 *   scenario_evaluate.c  conditions
 *   scenario_each.c      what they ask of all hosts
 *   scenario_probe.c     whether modules have the probes conditions ask for
 *   scenario_point.c     points where jobs are held
 *   scenario_finish.c    the end: hosts are stopped, what they leave is counted
 *   scenario_report.c    failures in words
 *
 * The loop.  A line happens when everything that was due by its time has happened; a window closes when
 * everything due by its end has.  So between two events of the world the runner looks at three times: of the
 * next event, of the next line, of the next end of a window; and in that order if they are equal, with lines
 * before windows.
 *
 * Running out of memory anywhere sets `error`, which ends the run. */
#ifndef TORCI_SCENARIO_RUN_H
#define TORCI_SCENARIO_RUN_H

#include <torc/host_fault.h>

#include "raw_host.h"
#include "scenario_model.h"

/* --- peers ---------------------------------------------------------------------------------------- */

struct torci_run;
struct torci_peer;

enum torci_send_kind { TORCI_SEND_BYTES, TORCI_SEND_SHUTDOWN, TORCI_SEND_CLOSE };

/* What a connection has still to do, in order. */
struct torci_send {
    struct torci_send *next;
    enum torci_send_kind kind;
    const uint8_t *data;
    size_t bytes;
    size_t done;
    size_t segment_bytes;
};

struct torci_arrival {
    uint64_t t_ns;
    size_t end; /* bytes received by then */
};

enum torci_connection_state {
    TORCI_PEER_CONNECTING, /* or waiting to be accepted */
    TORCI_PEER_OPEN,
    TORCI_PEER_FAILED, /* could not connect: `error` */
    TORCI_PEER_CLOSED  /* by a line, by the peer's death, or after a reset */
};

struct torci_peer_connection {
    struct torci_peer_connection *next; /* of the peer */
    struct torci_peer *peer;
    const struct torci_label *label;
    const struct torci_script_host *remote; /* NULL: it was accepted */
    enum torci_connection_state state;
    uint64_t handle; /* 0: none */
    uint64_t since_ns; /* of the state */
    int error;
    bool error_expected;
    uint64_t reset_at; /* it is reset when so many bytes have come; 0: no */
    bool thrown_away; /* reset by a line: what was not expected of it is of no interest */
    uint16_t port;     /* waiting to be accepted at it; 0: no */
    bool paused;
    struct torci_send *sends;
    struct torci_send **send_end;
    uint8_t *received;
    size_t received_bytes;
    size_t received_room;
    size_t consumed; /* of those, by expectations */
    struct torci_arrival *arrivals;
    size_t arrival_count;
    size_t arrival_room;
    bool ended; /* end of stream */
    bool reset;
    bool reset_told; /* to a send, so that reading will only see the end */
    uint64_t ended_ns; /* of either */
    uint64_t changes;  /* counts up with everything an expectation could see */
    uint64_t sent_bytes;
    uint64_t written_before; /* by who connected to us, before we accepted */
};

struct torci_peer_listener {
    struct torci_peer_listener *next;
    uint64_t handle;
    uint64_t token;
    uint16_t port;
};

struct torci_peer {
    struct torci_run *run;
    const struct torci_script_host *script;
    struct torc_host *host;
    struct torc_platform *platform;
    struct torci_peer_connection *connections;
    struct torci_peer_listener *listeners;
    uint64_t tokens;
};

/* Errors as the slots of torc/platform.h. */
TORC_CHECKED int torci_peer_connect(struct torci_peer *peer, struct torci_peer_connection *connection,
                                    const struct torc_address *address);
TORC_CHECKED int torci_peer_listen(struct torci_peer *peer, uint16_t port, uint32_t backlog);
/* The connection is the next one accepted at the port.  TORC_ENOTFOUND: the peer does not listen there. */
TORC_CHECKED int torci_peer_accept(struct torci_peer *peer, struct torci_peer_connection *connection,
                                   uint16_t port);
void torci_peer_turn(void *arg);
/* All handles are gone with the host. */
void torci_peer_killed(struct torci_peer *peer);

void torci_connection_queue(struct torci_peer_connection *connection, enum torci_send_kind kind,
                            const struct torci_bytes *bytes, size_t segment_bytes);
void torci_connection_pause(struct torci_peer_connection *connection, bool paused);
void torci_connection_abort(struct torci_peer_connection *connection);
/* Closes what is still open, as at the end of the run. */
void torci_connection_finish(struct torci_peer_connection *connection);
void torci_connection_free(struct torci_peer_connection *connection);
/* When the byte before `end` arrived. */
uint64_t torci_connection_arrived_ns(const struct torci_peer_connection *connection, size_t end);

/* --- calls ---------------------------------------------------------------------------------------- */

enum torci_answer_state {
    TORCI_ANSWER_PENDING,
    TORCI_ANSWER_RESULT,
    TORCI_ANSWER_FAILURE,
    TORCI_ANSWER_GONE /* its host was killed before there was one */
};

struct torci_answer {
    struct torci_run *run;
    const struct torci_step *made_by;
    enum torci_answer_state state;
    const char *text; /* of the result; or the failure's message */
    const struct torc_failure_type *type;
    uint64_t t_ns;
    bool told;
    bool expected;
};

/* --- values --------------------------------------------------------------------------------------- */

enum torci_value_kind { TORCI_VALUE_NONE, TORCI_VALUE_NUMBER, TORCI_VALUE_TEXT };

/* NONE: there is no answer, because the host is down or it is too early. */
struct torci_value {
    enum torci_value_kind kind;
    int64_t number;
    const char *text;
    const char *error; /* of sql(): why there is no answer; or NULL */
};

/* What sql() was answered last; the value's texts lie here. */
struct torci_sql_answer {
    struct torc_rows *rows;
    char error[256];
};

/* An armed fault. */
struct torci_fault_run {
    uint32_t number; /* of the host's */
    uint64_t told;   /* how often it has struck, as far as was told */
};

/* A duration that is drawn, when it is. */
struct torci_rand_run {
    bool known;
    uint64_t ns; /* more than the shortest */
};

enum torci_truth { TORCI_FALSE, TORCI_TRUE, TORCI_UNKNOWN };

/* --- the run -------------------------------------------------------------------------------------- */

enum torci_step_state {
    TORCI_STEP_WAITING, /* its time is not known: its label has not happened */
    TORCI_STEP_DUE,     /* at due_ns */
    TORCI_STEP_ARMED,   /* an expectation, until window_end_ns */
    TORCI_STEP_LAST, /* when the timeline is over otherwise */
    TORCI_STEP_AT_END,
    TORCI_STEP_DONE,
    TORCI_STEP_SKIPPED
};

struct torci_swizzle;

struct torci_step_run {
    const struct torci_step *step;
    enum torci_step_state state;
    uint64_t due_ns;
    uint64_t window_end_ns;
    uint64_t changes_seen;
    uint64_t round; /* of a net line that goes on: how often it was due before */
    struct torci_swizzle *swizzle;
    uint32_t hold; /* of a hold line that is done: the host's number of it */
};

struct torci_label_run {
    bool happened;
    bool ended;
    struct torci_peer_connection *connection; /* from when its line is done */
    struct torci_answer *answer;              /* the same, of a call */
};

struct torci_host_run {
    struct torci_run *run;
    struct torc_log_observer observer; /* of a module's host */
    const struct torci_script_host *script;
    struct torc_host *host;
    struct torci_peer *peer; /* NULL: it runs a module */
    const struct torc_module *module;
    bool kept; /* it ran when answers were kept */
};

struct torci_question_counter;

struct torci_run {
    const struct torc_scenario *scenario;
    const struct torc_scenario_run_options *options;
    struct torc_scenario_report *report;
    struct torci_pile pile; /* of what lives as long as the run */
    struct torci_pile *report_pile;
    struct torc_trace *trace;
    struct torc_world *world;
    struct torc_host_watcher watcher;
    struct torc_decision_list *decisions; /* NULL: everything is the default */
    struct torci_question_counter *counter; /* NULL: questions are not counted */
    struct torci_host_run *hosts;
    struct torci_label_run *labels;
    struct torci_step_run *steps;
    bool *sometimes_held; /* by assertion */
    struct torci_rand_run *rands; /* by index */
    bool *fired;          /* by trigger */
    bool over;            /* the timeline is */
    struct torci_value *slots; /* answers kept from before the hosts stopped: by slot, then by host */
    const struct torci_script_host *considered; /* within count( ) and the like; or NULL */
    struct torci_sql_answer *sql; /* by slot */
    struct torci_fault_run *faults; /* by index */
    size_t answers_untold;
    bool split;                /* a stream is */
    bool asking_kept;          /* conditions are answered from them */
    bool strict;               /* what fails now is not let go, whatever fault there is */
    uint64_t unhandled_before; /* failures unhandled on hosts whose reactor is gone */
    uint64_t cancelled_unhandled; /* of all, what a cancellation by decision may have left: they do not count */
    int64_t leaks;             /* -1: not known yet */
    int64_t left_behind;       /* of them, what hosts have left so far that have stopped */
    char *leak_text;           /* a line for each */
    uint64_t events;
    uint64_t events_at_one_time;
    uint64_t last_line_ns;
    int error;
};

/* Whether the run is over before its end: something failed, or the memory is used up. */
bool torci_run_failed(const struct torci_run *run);

/* Tells the run's listener, if there is one. */
void torci_run_tell(struct torci_run *run, const char *format, ...) TORC_PRINTF(2, 3);

/* The time everything is at. */
uint64_t torci_run_now(const struct torci_run *run);

/* One event of the world, and what follows from it. */
void torci_run_step_world(struct torci_run *run);
/* Events up to `until_ns`; then it is that time.  Stops at a failure. */
void torci_run_until(struct torci_run *run, uint64_t until_ns);

/* Failures nobody has handled, so far (scenario_evaluate.c). */
int64_t torci_count_unhandled(struct torci_run *run);

/* --- faults that were decided (scenario_sweep.c) ------------------------------------------------------------- */

/* Counts what *decider is asked, which is then another one.  Errors: TORC_ENOMEM. */
TORC_CHECKED int torci_sweep_count(struct torci_run *run, struct torc_decider **decider);
/* What was counted, into the report.  Errors: TORC_ENOMEM. */
TORC_CHECKED int torci_sweep_report(struct torci_run *run);
void torci_sweep_free(struct torci_run *run);
/* Whether a fault or a delay was decided so far. */
bool torci_run_is_faulty(const struct torci_run *run);
/* A failure was left unhandled: one of type cancelled is what cancelling by decision leaves. */
void torci_sweep_unhandled(struct torci_run *run, const struct torc_failure *failure);
/* Whether a failure with that verdict may come from a fault that was decided and does not count. */
bool torci_sweep_lets_go(struct torci_run *run, enum torc_scenario_verdict verdict);

/* --- streams that are split (scenario_segment.c) -------------------------------------------------- */

/* The connection has its handle. */
void torci_segments_begin(struct torci_peer_connection *connection);
/* How long streams were, into the report, if that is to be counted.  Errors: TORC_ENOMEM. */
TORC_CHECKED int torci_segments_report(struct torci_run *run);

/* --- decisions (scenario_decider.c) --------------------------------------------------------------- */

/* Who decides, in *out: NULL if everything is the default.  Errors: TORC_ENOMEM. */
TORC_CHECKED int torci_run_make_decider(struct torci_run *run, struct torc_decider **out);
/* Whether some decision of that kind was taken, other than what would have been without it. */
bool torci_run_decided(const struct torci_run *run, enum torc_site_kind kind);
bool torci_run_decided_any(const struct torci_run *run);
/* Writes what was decided, and what has drifted, into the report.  Errors: TORC_ENOMEM. */
TORC_CHECKED int torci_run_report_decisions(struct torci_run *run);

/* --- lines (scenario_step.c) ---------------------------------------------------------------------- */

/* Gives lines that wait for the anchor their time.  label NULL: the beginning. */
void torci_steps_anchor(struct torci_run *run, const struct torci_label *label, bool ended,
                        uint64_t t_ns);
/* A label happens or ends now. */
void torci_label_happens(struct torci_run *run, const struct torci_label *label);
void torci_label_ends(struct torci_run *run, const struct torci_label *label);
/* The line that is next; NULL: none is due. */
struct torci_step_run *torci_steps_next(struct torci_run *run);
/* Whether lines wait for a label that may still happen or end. */
bool torci_steps_waiting(const struct torci_run *run);
/* Whether the line that makes it has been done. */
bool torci_label_exists(const struct torci_run *run, const struct torci_label *label);
void torci_step_do(struct torci_run *run, struct torci_step_run *step);

/* How long after its anchor a time is; what is drawn is drawn when this is first asked (scenario_rand.c). */
uint64_t torci_time_after(struct torci_run *run, const struct torci_time *time);

/* --- triggers (scenario_fire.c) ------------------------------------------------------------------- */

/* Does the actions of those whose condition is true for the first time.  Whether there were any. */
bool torci_triggers_look(struct torci_run *run);
/* How long the timeline is kept open for those that have not fired: 0 if all have. */
uint64_t torci_triggers_wait_until(const struct torci_run *run);
/* At the end: those that never did, and need. */
void torci_triggers_check(struct torci_run *run);

/* --- liveness (scenario_liveness.c) --------------------------------------------------------------- */

void torci_faults_do(struct torci_run *run, const struct torci_step *step);
/* No line is due and nothing is waited for: triggers fire no more, decided faults cease, and lines without a time that
 * say `eventually ... within` are due.  Whether there are any; false if it was over already. */
bool torci_timeline_over(struct torci_run *run);

/* --- expectations (scenario_expect.c) ------------------------------------------------------------- */

/* Looks whether armed ones are met or can no longer be. */
void torci_expect_look(struct torci_run *run);
/* When the next window closes, or TORC_NEVER; close those that do then. */
uint64_t torci_expect_next_end(const struct torci_run *run);
void torci_expect_close_windows(struct torci_run *run, uint64_t t_ns);
/* Whether some wait without an end. */
bool torci_expect_any(const struct torci_run *run);
/* What is waited for is conditions without end, if anything: they do not keep the timeline from being over. */
bool torci_expect_only_conditions(const struct torci_run *run);
/* The timeline is over: those without an end, and lines of the end about connections, are met now or fail;
 * and so does what was received and nobody expected. */
void torci_expect_at_end(struct torci_run *run);

enum torci_outcome { TORCI_WAITING, TORCI_MET, TORCI_FAILED };

/* Whether something that happened at `t_ns` is within the time of the line; if not, that is the failure. */
bool torci_expect_in_time(struct torci_run *run, const struct torci_step_run *step,
                          const char *host, uint64_t t_ns, const char *what);

/* --- calls (scenario_caller.c) -------------------------------------------------------------------- */

/* Whether the module has the calls that lines make; a failure of the run if not. */
bool torci_calls_check(struct torci_run *run, const struct torci_script_host *host,
                       const struct torc_module *module);
void torci_call_do(struct torci_run *run, const struct torci_step *step);
/* Tells of answers that came since it was last asked. */
void torci_answers_look(struct torci_run *run);
enum torci_outcome torci_answer_look(struct torci_run *run, const struct torci_step_run *step,
                                     struct torci_answer *answer);
/* The host is killed: what has no answer gets none. */
void torci_answers_host_gone(struct torci_run *run, const struct torci_script_host *host);
/* Failures that no line expects. */
void torci_answers_leftovers(struct torci_run *run);

/* --- the network (scenario_link.c, scenario_net.c) ------------------------------------------------ */

bool torci_hosts_have(const struct torci_script_hosts *hosts, const struct torci_script_host *host);
bool torci_paths_have(const struct torci_script_paths *paths, const struct torci_script_host *from,
                      const struct torci_script_host *to);
TORC_CHECKED int torci_run_set_links(struct torci_run *run);
/* Does what a net line does now; the step is due again if there is more. */
void torci_net_do(struct torci_run *run, struct torci_step_run *step);
/* Those that go on do no more. */
void torci_net_stop(struct torci_run *run);

/* --- hosts (scenario_host.c) ---------------------------------------------------------------------- */

void torci_host_do_kill(struct torci_run *run, const struct torci_step *step);
void torci_host_do_crash(struct torci_run *run, const struct torci_step *step);
void torci_host_do_restart(struct torci_run *run, const struct torci_step *step);
/* Clock, pause, resume, stall. */
void torci_host_do(struct torci_run *run, const struct torci_step *step);

/* Sets a new host's clock as its line says. */
TORC_CHECKED int torci_host_set_clock(struct torci_run *run, const struct torci_host_run *host);

/* Whether that code of a host means that there is no memory, and not that a fault has refused some. */
bool torci_run_is_out_of_memory(const struct torci_run *run, const struct torci_script_host *host,
                                int code);

/* To be told of what the world does to hosts by itself. */
void torci_hosts_watch(struct torci_run *run);
/* The timeline is over: no host stays paused. */
void torci_hosts_resume(struct torci_run *run);
/* They are to stop: nothing happens to them any more. */
void torci_hosts_spare(struct torci_run *run);

/* --- points (scenario_point.c) -------------------------------------------------------------------- */

void torci_point_do(struct torci_run *run, const struct torci_step *step);
/* The timeline is over: nothing is held.  Whether a job waited. */
bool torci_points_release(struct torci_run *run);
/* At the end: each line has held a job, unless it need not. */
void torci_points_check(struct torci_run *run);

/* --- resets (scenario_reset.c) -------------------------------------------------------------------- */

void torci_reset_do(const struct torci_step *step, struct torci_peer_connection *connection);
/* How many of `most` bytes may come before it is reset. */
size_t torci_reset_room(const struct torci_peer_connection *connection, size_t most);
/* Resets it if it is time. */
void torci_reset_look(struct torci_peer_connection *connection);
/* At the end: each line that counts bytes has done it, unless it need not. */
void torci_resets_check(struct torci_run *run);

/* --- names (scenario_names.c) --------------------------------------------------------------------- */

TORC_CHECKED int torci_run_set_name(struct torci_run *run, const struct torci_script_name *name);
/* All those that count from the beginning. */
TORC_CHECKED int torci_run_set_names(struct torci_run *run);

/* --- databases and faults (scenario_disaster.c) --------------------------------------------------- */

/* Before the modules start.  A schema that is refused is a failure of the run. */
TORC_CHECKED int torci_disasters_arm(struct torci_run *run);
/* Tells of faults that have struck since it was last asked. */
void torci_disasters_look(struct torci_run *run);
/* At the end: a pool opened the file its line names; all that were armed have struck, unless they need not. */
void torci_disasters_check(struct torci_run *run);
struct torci_value torci_sql_ask(struct torci_run *run, const struct torci_condition *leaf);
void torci_sql_free(struct torci_run *run);

/* --- conditions (scenario_evaluate.c) ------------------------------------------------------------- */

enum torci_truth torci_evaluate(struct torci_run *run, const struct torci_condition *condition);
struct torci_value torci_evaluate_leaf(struct torci_run *run, const struct torci_condition *leaf);
/* "srv.connections is 1, leaks is 0": the values a condition was answered from. */
const char *torci_evaluate_show(struct torci_run *run, const struct torci_condition *condition);
/* Remembers what a condition asks the hosts. */
void torci_evaluate_keep(struct torci_run *run, const struct torci_condition *condition);
/* `always`, `never` and `sometimes`, after something happened. */
void torci_assertions_look(struct torci_run *run);

/* Whether it runs a module, is up and has not stopped. */
bool torci_host_runs_module(const struct torci_host_run *host);
bool torci_all_modules_run(const struct torci_run *run);
/* The next of the hosts that do, from index *at on, is under consideration; false: there is none left. */
bool torci_each_next(struct torci_run *run, size_t *at);
/* The value of what is about all hosts. */
struct torci_value torci_each_ask(struct torci_run *run, const struct torci_condition *condition);

/* Whether the module of a host has the probes that conditions ask of it; a failure of the run if not. */
bool torci_probes_check(struct torci_run *run, const struct torci_script_host *host,
                        const struct torc_module *module);
/* The same of those asked of each host: one module must have it, and what is largest is a number. */
void torci_probes_check_each(struct torci_run *run);

/* --- the end (scenario_finish.c) ------------------------------------------------------------------ */

void torci_run_finish(struct torci_run *run);
/* Takes a host that has stopped out of service, and counts what it leaves. */
void torci_run_retire(struct torci_run *run, struct torci_host_run *host);
/* A host's reactor is about to go: keeps what it counted. */
void torci_run_count_host(struct torci_run *run, struct torci_host_run *host);

/* --- failures (scenario_report.c) ----------------------------------------------------------------- */

/* Makes the report of a run that has none yet; its pile is in it. */
TORC_CHECKED int torci_report_new(struct torc_scenario_report **out, struct torci_pile **out_pile);
/* Adds a failure at a place.  `host` NULL: of none.  `detail` may be NULL. */
void torci_report_failure(struct torci_run *run, enum torc_scenario_verdict verdict,
                          const struct torci_place *place, const char *host, const char *detail,
                          const char *format, ...) TORC_PRINTF(6, 7);
/* Sets the run aside if an assumption of the code was false; what fails after that is not told. */
void torci_assumptions_look(struct torci_run *run);
/* What was expected, what came, and a mark under the first byte that differs. */
const char *torci_report_difference(struct torci_run *run, const struct torci_bytes *expected,
                                    const uint8_t *got, size_t got_bytes);
/* An assertion of a line, held or not, in the trace. */
void torci_report_property(struct torci_run *run, const struct torci_place *place, bool held);

#endif
