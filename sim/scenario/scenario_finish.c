/* The end of a run: the last expectations, then hosts are stopped as an operator would stop them, and what
 * they leave behind is counted. */
#include <stdlib.h>
#include <string.h>

#include <torc/format.h>

#include "scenario_run.h"

#define STOP_NS (UINT64_C(60) * 1000000000)

void torci_run_count_host(struct torci_run *run, struct torci_host_run *host)
{
    struct torc_reactor *reactor = host->host != NULL ? torc_host_reactor(host->host) : NULL;
    struct torc_scope_counts counts;

    if (reactor == NULL)
        return;
    torc_scope_count(torc_reactor_scope(reactor), &counts);
    run->unhandled_before += counts.unhandled;
}

/* --- sentences ------------------------------------------------------------------------------------ */

struct sentences {
    struct torci_run *run;
    char text[4000];
    size_t used;
};

static void add_sentence(void *arg, const char *text)
{
    struct sentences *sentences = arg;

    if (sentences->used < sizeof(sentences->text))
        sentences->used += torc_format(sentences->text + sentences->used,
                                       sizeof(sentences->text) - sentences->used, "%s\n", text);
}

/* Nothing is left to happen, and something waits: who, and where it was made. */
static void fail_stuck(struct torci_run *run, const char *sentence)
{
    struct sentences sentences = {.run = run};

    torc_world_describe(run->world, add_sentence, &sentences);
    torci_report_failure(run, TORC_SCENARIO_STUCK, NULL, NULL, sentences.text, "%s", sentence);
}

/* --- stopping ------------------------------------------------------------------------------------- */

static bool some_run(const struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->host_count; i++) {
        struct torc_reactor *reactor = torc_host_reactor(run->hosts[i].host);

        if (reactor != NULL && torc_reactor_running(reactor))
            return true;
    }
    return false;
}

static void run_for(struct torci_run *run, uint64_t ns)
{
    uint64_t until_ns = torci_run_now(run) + ns;

    while (run->error == 0 && torc_world_next_at(run->world) <= until_ns && some_run(run))
        torci_run_step_world(run);
}

static void stop_hosts(struct torci_run *run)
{
    torci_hosts_spare(run);
    for (size_t i = 0; i < run->scenario->host_count; i++) {
        struct torc_reactor *reactor = torc_host_reactor(run->hosts[i].host);

        if (reactor != NULL && torc_reactor_running(reactor))
            (void)torc_reactor_stop(reactor); /* it may be stopping already */
    }
    run_for(run, STOP_NS);
}

static void close_peers(struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->label_count; i++)
        if (run->labels[i].connection != NULL)
            torci_connection_finish(run->labels[i].connection);
}

/* --- leaks ---------------------------------------------------------------------------------------- */

static void count_leaks_of(struct torci_run *run, struct torci_host_run *host, struct sentences *sentences)
{
    struct torc_reactor *reactor = torc_host_reactor(host->host);
    struct torc_reactor_counts counts;
    struct torc_scope_counts scope;
    uint64_t bytes = 0;
    uint64_t left;

    if (reactor == NULL)
        return;
    torc_reactor_count(reactor, &counts);
    torc_scope_count(torc_reactor_scope(reactor), &scope);
    torci_run_count_host(run, host);
    left = counts.timers + counts.listeners + counts.connections + counts.jobs + counts.thread_calls +
           scope.deferreds + scope.failures;
    run->left_behind += (int64_t)left;
    if (left > 0) {
        char text[300];

        torc_format(text, sizeof(text),
                    "%s leaves %zu timed calls, %zu listeners, %zu connections, %zu jobs, %zu calls "
                    "from threads, %zu deferreds, %zu failures",
                    host->script->name, counts.timers, counts.listeners, counts.connections,
                    counts.jobs, counts.thread_calls, scope.deferreds, scope.failures);
        add_sentence(sentences, text);
    }
    if (torc_host_retire(host->host, &bytes) == 0 && bytes > 0) {
        char text[160];

        run->left_behind++;
        torc_format(text, sizeof(text), "%s leaves %llu bytes that were never released",
                    host->script->name, (unsigned long long)bytes);
        add_sentence(sentences, text);
    }
}

/* What is said of leaks goes on from what was said before. */
static void begin_leaks(const struct torci_run *run, struct sentences *sentences)
{
    size_t bytes = run->leak_text != NULL ? strlen(run->leak_text) : 0;

    if (bytes > 0)
        memcpy(sentences->text, run->leak_text, bytes);
    sentences->used = bytes;
}

static void keep_leaks(struct torci_run *run, const struct sentences *sentences)
{
    run->leak_text = (char *)(uintptr_t)torci_pile_copy(&run->pile, sentences->text, strlen(sentences->text));
    if (run->leak_text == NULL)
        run->error = TORC_ENOMEM;
}

void torci_run_retire(struct torci_run *run, struct torci_host_run *host)
{
    int64_t before = run->left_behind;
    struct sentences sentences = {.run = run};

    begin_leaks(run, &sentences);
    count_leaks_of(run, host, &sentences);
    if (run->left_behind > before)
        keep_leaks(run, &sentences);
}

static void count_leaks(struct torci_run *run)
{
    struct sentences sentences = {.run = run};

    begin_leaks(run, &sentences);
    torc_world_describe(run->world, add_sentence, &sentences);
    for (size_t i = 0; i < run->scenario->host_count; i++)
        if (run->hosts[i].peer == NULL)
            count_leaks_of(run, &run->hosts[i], &sentences);
    run->leaks = run->left_behind;
    if (run->leaks > 0)
        keep_leaks(run, &sentences);
}

/* --- the whole ------------------------------------------------------------------------------------ */

static void keep_answers(struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->step_count; i++)
        if (run->steps[i].state == TORCI_STEP_AT_END && run->steps[i].step->condition != NULL)
            torci_evaluate_keep(run, run->steps[i].step->condition);
    for (const struct torci_assertion *each = run->scenario->assertions; each; each = each->next)
        torci_evaluate_keep(run, each->condition);
    for (const struct torci_trigger *each = run->scenario->triggers; each; each = each->next)
        torci_evaluate_keep(run, each->condition);
    for (size_t i = 0; i < run->scenario->host_count; i++)
        run->hosts[i].kept = torci_host_runs_module(&run->hosts[i]);
    run->asking_kept = true;
}

/* Where more is decided than the scenario says, nothing may leak and no failure be left to nobody, whether or not a
 * line asks about them. */
static void check_decided(struct torci_run *run)
{
    if (!run->split && !torci_run_decided_any(run))
        return;
    run->strict = true;
    if (run->leaks > 0)
        torci_report_failure(run, TORC_SCENARIO_FAIL, NULL, NULL, run->leak_text,
                             "something leaks");
    if (torci_count_unhandled(run) > 0)
        torci_report_failure(run, TORC_SCENARIO_FAIL, NULL, NULL, NULL,
                             "a failure was handled by nobody");
    run->strict = false;
}

static void check_last(struct torci_run *run)
{
    torci_assertions_look(run);
    for (size_t i = 0; i < run->scenario->step_count; i++) {
        struct torci_step_run *step = &run->steps[i];

        if (step->state != TORCI_STEP_AT_END || step->step->verb != TORCI_VERB_CHECK)
            continue;
        run->report->lines_done++;
        if (torci_evaluate(run, step->step->condition) == TORCI_TRUE) {
            step->state = TORCI_STEP_DONE;
            torci_report_property(run, &step->step->place, true);
            continue;
        }
        torci_report_failure(run, TORC_SCENARIO_FAIL, &step->step->place, NULL, run->leak_text,
                             "%s", torci_evaluate_show(run, step->step->condition));
    }
    check_decided(run);
    torci_disasters_check(run);
    torci_points_check(run);
    torci_resets_check(run);
    torci_triggers_check(run);
    for (const struct torci_assertion *each = run->scenario->assertions; each; each = each->next)
        if (each->kind == TORCI_SOMETIMES && !run->sometimes_held[each->index])
            torci_report_failure(run, TORC_SCENARIO_UNMET, &each->place, NULL, NULL,
                                 "this was never true: %s",
                                 torci_evaluate_show(run, each->condition));
}

static void skip_waiting(struct torci_run *run)
{
    for (size_t i = 0; i < run->scenario->step_count; i++) {
        struct torci_step_run *step = &run->steps[i];

        if (step->state != TORCI_STEP_WAITING)
            continue;
        step->state = TORCI_STEP_SKIPPED;
        if (step->step->implied)
            continue;
        run->report->lines_skipped++;
        torci_run_tell(run, "line %u is skipped: %s has not happened: %.*s",
                       step->step->place.line->number, step->step->time.label->name,
                       (int)step->step->place.line->canonical_bytes,
                       step->step->place.line->canonical);
    }
}

void torci_run_finish(struct torci_run *run)
{
    enum torc_verdict verdict = TORC_VERDICT_QUIESCENT;

    if (torci_run_failed(run))
        return;
    skip_waiting(run);
    torci_expect_at_end(run);
    if (torci_run_failed(run))
        return;
    if (torc_world_next_at(run->world) == TORC_NEVER) {
        run->error = torc_world_run(run->world, TORC_NEVER, &verdict);
        if (run->error == 0 && verdict == TORC_VERDICT_STUCK)
            fail_stuck(run, "nothing is left to happen, and a deferred has not fired");
    }
    keep_answers(run);
    torci_run_tell(run, "the hosts are stopped");
    stop_hosts(run);
    close_peers(run);
    run_for(run, STOP_NS);
    if (run->error != 0 || torci_run_failed(run))
        return;
    if (some_run(run))
        fail_stuck(run, "a host was asked to stop a minute ago and has not stopped");
    else
        count_leaks(run);
    if (run->error == 0 && run->leaks >= 0)
        check_last(run);
}
