#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "reactor_internal.h"
#include "tests/support/failing_allocator.h"
#include "tests/support/reactor_fixture.h"

/* A stream layer that only writes down what the reactor asks of it. */
struct layer {
    struct torci_streams base;
    struct journal *journal;
    void (*on_ready)(struct layer *self);
    bool dirty_again;
};

static struct layer *layer_of(struct torci_streams *self)
{
    return (struct layer *)(void *)self;
}

static void layer_connected(struct torci_streams *self, uint64_t token, int result)
{
    char word[32];
    snprintf(word, sizeof word, "connected%u:%d", torci_token_index(token), result);
    journal_write(layer_of(self)->journal, "", word);
}

static void layer_answered(struct torci_streams *self, uint64_t token, int result)
{
    char word[32];
    snprintf(word, sizeof word, "answered%u:%d", torci_token_index(token), result);
    journal_write(layer_of(self)->journal, "", word);
}

static void layer_ready(struct torci_streams *self, uint64_t token, uint32_t events)
{
    char word[32];
    snprintf(word, sizeof word, "ready%u:%u", torci_token_index(token), (unsigned)events);
    journal_write(layer_of(self)->journal, "", word);
    if (layer_of(self)->on_ready)
        layer_of(self)->on_ready(layer_of(self));
}

static void layer_flush(struct torci_streams *self)
{
    journal_write(layer_of(self)->journal, "", "flush");
    self->dirty = layer_of(self)->dirty_again;
    layer_of(self)->dirty_again = false;
}

static void layer_disconnect_all(struct torci_streams *self)
{
    journal_write(layer_of(self)->journal, "", "disconnect");
}

static void layer_count(const struct torci_streams *self, size_t *out_listeners,
                        size_t *out_connections)
{
    (void)self;
    *out_listeners = 2;
    *out_connections = 3;
}

static void layer_describe(const struct torci_streams *self, torc_visit_text_fn *visit, void *arg)
{
    (void)self;
    visit(arg, "a listener");
}

static void layer_free(struct torci_streams *self)
{
    journal_write(layer_of(self)->journal, "", "free");
}

static const struct torci_streams_ops layer_ops = {
    layer_connected, layer_answered, layer_ready, layer_flush, layer_disconnect_all,
    layer_count,     layer_describe, layer_free};

static void add_layer(struct fixture *fixture, struct layer *layer)
{
    *layer = (struct layer){.base = {&layer_ops, false}, .journal = &fixture->journal};
    torci_reactor_set_streams(fixture->reactor, &layer->base);
}

static void soon(struct fixture *fixture, struct line *what)
{
    assert_int_equal(torc_call_soon(fixture->reactor, journal_call, what, NULL), 0);
}

/* --- the order of a turn ---------------------------------------------------------------------- */

static int do_nothing(void *arg)
{
    (void)arg;
    return 0;
}

static struct torc_result note_result(struct torc_result result, void *arg)
{
    (void)journal_call(arg);
    return result;
}

TORC_TEST(a_turn_runs_thread_calls_then_timers_then_events_then_flushes, .group = &with_fixture)
{
    static struct layer layer; /* the reactor frees it in tear_down */
    struct fixture *fixture = torc_trial_state(trial);
    struct line timer = line(fixture, "timer"), thread = line(fixture, "thread"),
                job = line(fixture, "job");
    struct torc_deferred *deferred;
    add_layer(fixture, &layer);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_run_job(fixture->reactor, do_nothing, NULL, NULL, &deferred), 0);
    assert_int_equal(torc_deferred_add_both(deferred, note_result, &job, NULL), 0);
    torc_deferred_drop(deferred);
    scripted_push_event(&fixture->platform, torci_token(TORCI_TOKEN_STREAM, 7, 1),
                        TORC_EVENT_READ | TORC_EVENT_WRITE, 0);
    scripted_push_event(&fixture->platform, torci_token(TORCI_TOKEN_STREAM, 8, 1),
                        TORC_EVENT_CONNECT, TORC_ECONNREFUSED);
    scripted_finish_job(&fixture->platform, 0);
    soon(fixture, &timer);
    assert_int_equal(torc_call_from_thread(fixture->reactor, journal_call, &thread, NULL), 0);
    layer.base.dirty = true;
    layer.dirty_again = true;
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text,
                        "flush thread timer connected8:-40 job ready7:3 flush ");
    return NULL;
}

static struct torc_failure *arm_timer(void *arg)
{
    struct line *lines = arg;
    (void)journal_call(&lines[0]);
    lines[0].code = torc_call_soon(lines[0].reactor, journal_call, &lines[1], NULL);
    return NULL;
}

TORC_TEST(a_timer_armed_by_a_timer_waits_for_the_next_turn, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line lines[] = {line(fixture, "first"), line(fixture, "second")};
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_call_soon(fixture->reactor, arm_timer, lines, NULL), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "first ");
    assert_int_equal(torc_reactor_next_at(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "first second ");
    return NULL;
}

TORC_TEST(a_timer_armed_by_a_thread_call_runs_in_the_same_turn, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line lines[] = {line(fixture, "thread"), line(fixture, "timer")};
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_call_from_thread(fixture->reactor, arm_timer, lines, NULL), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "thread timer ");
    return NULL;
}

static struct line *ready_lines; /* of the one test that sets it */

static void arm_timer_when_ready(struct layer *layer)
{
    (void)layer;
    (void)arm_timer(ready_lines);
}

TORC_TEST(a_timer_armed_by_readiness_runs_after_the_next_thread_calls, .group = &with_fixture)
{
    static struct layer layer; /* the reactor frees it in tear_down */
    struct fixture *fixture = torc_trial_state(trial);
    struct line lines[] = {line(fixture, "arm"), line(fixture, "timer")};
    struct line thread = line(fixture, "thread");
    add_layer(fixture, &layer);
    ready_lines = lines;
    layer.on_ready = arm_timer_when_ready;
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    scripted_push_event(&fixture->platform, torci_token(TORCI_TOKEN_STREAM, 1, 1), TORC_EVENT_READ,
                        0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_int_equal(torc_call_from_thread(fixture->reactor, journal_call, &thread, NULL), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "ready1:1 arm thread timer ");
    return NULL;
}

TORC_TEST(now_is_sampled_once_in_a_turn, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line timer = line(fixture, "timer");
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    for (int i = 0; i < 10; i++)
        soon(fixture, &timer);
    fixture->platform.now_calls = 0;
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_int_equal(fixture->platform.now_calls, 1);
    return NULL;
}

TORC_TEST(outside_a_turn_now_is_the_platforms, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line timer = line(fixture, "timer");
    struct torc_timer handle;
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    fixture->platform.now_ns = 1000;
    assert_int_equal(torc_reactor_now(fixture->reactor), 1000);
    assert_int_equal(torc_call_later(fixture->clock, 5, journal_call, &timer, NULL, &handle), 0);
    assert_int_equal(torc_timer_deadline(handle), 1005);
    fixture->platform.now_ns = 900;
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_int_equal(torc_clock_advance(fixture->clock, 1), TORC_EMISUSE);
    assert_int_equal(torc_clock_advance_to_next(fixture->clock), TORC_EMISUSE);
    assert_string_equal(fixture->journal.text, "");
    return NULL;
}

TORC_TEST(time_never_goes_back, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    fixture->platform.now_ns = 1000;
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    fixture->platform.now_ns = 900;
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    assert_int_equal(torc_reactor_now(fixture->reactor), 1000);
    return NULL;
}

TORC_TEST(a_failing_callback_is_logged_and_the_turn_goes_on, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line bad = line(fixture, "bad"), good = line(fixture, "good");
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_call_from_thread(fixture->reactor, journal_failure, &bad, NULL), 0);
    assert_int_equal(torc_call_soon(fixture->reactor, journal_failure, &bad, NULL), 0);
    soon(fixture, &good);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_string_equal(fixture->journal.text, "bad bad good ");
    assert_string_equal(fixture->log.journal.text,
                        "while running a call from a thread while running a timed call ");
    return NULL;
}

/* --- waiting ---------------------------------------------------------------------------------- */

TORC_TEST(wait_is_given_the_next_deadline, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line timer = line(fixture, "timer");
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_reactor_next_at(fixture->reactor), TORC_NEVER);
    assert_int_equal(torc_call_later(fixture->clock, 500, journal_call, &timer, NULL, NULL), 0);
    assert_int_equal(torc_reactor_next_at(fixture->reactor), 500);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 100), 0);
    assert_int_equal(fixture->platform.last_deadline_ns, 100);
    assert_string_equal(fixture->journal.text, "");
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_int_equal(fixture->platform.last_deadline_ns, 500);
    assert_string_equal(fixture->journal.text, "timer ");
    return NULL;
}

TORC_TEST(wait_does_not_block_while_there_is_work, .group = &with_fixture)
{
    static struct layer layer; /* the reactor frees it in tear_down */
    struct fixture *fixture = torc_trial_state(trial);
    struct line thread = line(fixture, "thread");
    fixture->platform.now_ns = 50;
    add_layer(fixture, &layer);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_call_from_thread(fixture->reactor, journal_call, &thread, NULL), 0);
    assert_int_equal(torc_reactor_next_at(fixture->reactor), 50);
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_int_equal(fixture->platform.last_deadline_ns, 0);
    layer.base.dirty = true;
    assert_int_equal(torc_reactor_next_at(fixture->reactor), 50);
    layer.dirty_again = true; /* flushing brought more to flush */
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_int_equal(fixture->platform.last_deadline_ns, 0);
    assert_int_equal(torc_reactor_stop(fixture->reactor), 0);
    assert_int_equal(torc_reactor_next_at(fixture->reactor), 50);
    assert_int_equal(torc_reactor_turn(fixture->reactor, TORC_NEVER), 0);
    assert_int_equal(fixture->platform.last_deadline_ns, 0);
    assert_int_equal(torc_reactor_next_at(fixture->reactor), TORC_NEVER);
    return NULL;
}

TORC_TEST(an_overdue_timer_is_due_now, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line timer = line(fixture, "timer");
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_int_equal(torc_call_later(fixture->clock, 5, journal_call, &timer, NULL, NULL), 0);
    fixture->platform.now_ns = 50;
    assert_int_equal(torc_reactor_next_at(fixture->reactor), 50);
    return NULL;
}

TORC_TEST(more_events_than_a_batch_come_in_the_next_turn, .group = &with_fixture)
{
    static struct layer layer; /* the reactor frees it in tear_down */
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_reactor_counts counts;
    add_layer(fixture, &layer);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    for (uint32_t i = 0; i < 300; i++)
        scripted_push_event(&fixture->platform, torci_token(TORCI_TOKEN_STREAM, i, 1),
                            TORC_EVENT_READ, 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    journal_clear(&fixture->journal);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    assert_non_null(strstr(fixture->journal.text, "ready299:1 "));
    torc_reactor_count(fixture->reactor, &counts);
    assert_int_equal(counts.turns, 2);
    return NULL;
}

TORC_TEST(events_nobody_knows_are_dropped, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    scripted_push_event(&fixture->platform, torci_token(TORCI_TOKEN_STREAM, 1, 1), TORC_EVENT_READ,
                        0);
    scripted_push_event(&fixture->platform, torci_token(TORCI_TOKEN_STREAM, 1, 1),
                        TORC_EVENT_CONNECT, 0);
    scripted_push_event(&fixture->platform, torci_token(TORCI_TOKEN_JOB, 1, 1), TORC_EVENT_JOB, 0);
    assert_int_equal(torc_reactor_turn(fixture->reactor, 0), 0);
    return NULL;
}

/* --- misuse ----------------------------------------------------------------------------------- */

static struct torc_failure *turn_inside(void *arg)
{
    struct line *lines = arg;
    lines[0].code = torc_reactor_turn(lines[0].reactor, 0);
    lines[1].code = torc_reactor_iterate(lines[1].reactor, 0);
    lines[2].code = torc_reactor_run(lines[2].reactor);
    lines[3].code = torc_reactor_start(lines[3].reactor);
    return NULL;
}

TORC_TEST(turning_inside_a_callback_is_misuse, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct line lines[4];
    for (int i = 0; i < 4; i++)
        lines[i] = line(fixture, "");
    assert_int_equal(torc_call_soon(fixture->reactor, turn_inside, lines, NULL), 0);
    assert_int_equal(torc_reactor_iterate(fixture->reactor, 0), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(lines[i].code, TORC_EMISUSE);
    return NULL;
}

TORC_TEST(run_is_misuse_where_time_is_driven_from_outside, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    fixture->platform.ops.driven = true;
    assert_int_equal(torc_reactor_run(fixture->reactor), TORC_EMISUSE);
    assert_int_equal(torc_reactor_start(fixture->reactor), 0);
    assert_true(torc_reactor_running(fixture->reactor));
    return NULL;
}

TORC_TEST(use_in_another_thread_is_fatal, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct scripted_platform *platform = &fixture->platform;
    struct torc_deferred *deferred = NULL;
    struct torc_timer timer = {0};
    struct line call = line(fixture, "call");
    assert_int_equal(torc_call_later(fixture->clock, 1, journal_call, &call, NULL, &timer), 0);
    platform->elsewhere = true;
    assert_true(SCRIPTED_IS_FATAL(platform, (void)torc_reactor_turn(fixture->reactor, 0)));
    assert_true(SCRIPTED_IS_FATAL(platform, (void)torc_reactor_iterate(fixture->reactor, 0)));
    assert_true(SCRIPTED_IS_FATAL(platform, (void)!torc_reactor_run(fixture->reactor)));
    assert_true(SCRIPTED_IS_FATAL(platform, (void)!torc_reactor_start(fixture->reactor)));
    assert_true(SCRIPTED_IS_FATAL(platform, (void)torc_reactor_stop(fixture->reactor)));
    assert_true(SCRIPTED_IS_FATAL(platform, (void)torc_reactor_crash(fixture->reactor)));
    assert_true(SCRIPTED_IS_FATAL(
        platform, (void)!torc_call_later(fixture->clock, 1, journal_call, &call, NULL, NULL)));
    assert_true(SCRIPTED_IS_FATAL(platform, (void)torc_timer_cancel(timer)));
    assert_true(SCRIPTED_IS_FATAL(
        platform, (void)!torc_call_when_running(fixture->reactor, journal_call, &call, NULL)));
    assert_true(SCRIPTED_IS_FATAL(
        platform, (void)!torc_run_job(fixture->reactor, do_nothing, NULL, NULL, &deferred)));
    assert_true(SCRIPTED_IS_FATAL(platform, torc_reactor_free(fixture->reactor)));
    platform->elsewhere = false;
    return NULL;
}

static struct torc_failure *free_inside(void *arg)
{
    struct line *freed = arg;
    torc_reactor_free(freed->reactor);
    return NULL;
}

TORC_TEST(freeing_inside_a_callback_is_fatal)
{
    struct torc_test_allocator memory; /* frees what the jump leaves */
    struct scripted_platform *platform = calloc(1, sizeof *platform);
    struct torc_reactor *reactor = NULL;
    assert_non_null(platform);
    torc_test_allocator_init(&memory);
    scripted_init(platform);
    platform->memory = &memory.base;
    assert_int_equal(torc_reactor_new(&platform->base, NULL, &reactor), 0);
    struct line freed = {.reactor = reactor};
    assert_int_equal(torc_call_soon(reactor, free_inside, &freed, NULL), 0);
    assert_true(SCRIPTED_IS_FATAL(platform, (void)torc_reactor_iterate(reactor, 0)));
    assert_non_null(strstr(platform->fatal_message, "torc_reactor_free"));
    torc_test_allocator_clear(&memory);
    free(platform);
    return NULL;
}

TORC_TEST(a_table_with_a_hole_is_refused)
{
    struct scripted_platform *platform = calloc(1, sizeof *platform);
    struct torc_reactor *reactor = NULL;
    assert_non_null(platform);
    scripted_init(platform);
    platform->ops.refuse = NULL;
    assert_int_equal(torc_reactor_new(&platform->base, NULL, &reactor), TORC_EINVAL);
    scripted_init(platform);
    platform->ops.size--;
    assert_int_equal(torc_reactor_new(&platform->base, NULL, &reactor), TORC_EINVAL);
    assert_int_equal(torc_reactor_new(NULL, NULL, &reactor), TORC_EINVAL);
    assert_null(reactor);
    free(platform);
    return NULL;
}

/* --- the rest --------------------------------------------------------------------------------- */

TORC_TEST(the_reactor_hands_on_what_the_platform_has, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    char bytes[2] = "";
    fixture->platform.wall_ns = 77;
    assert_ptr_equal(torc_reactor_platform(fixture->reactor), &fixture->platform.base);
    assert_int_equal(torc_reactor_wall(fixture->reactor), 77);
    torc_reactor_random(fixture->reactor, "x", bytes, 1);
    assert_string_equal(bytes, "x");
    return NULL;
}

TORC_TEST(the_host_has_the_name_that_is_given_or_none, .group = &with_fixture)
{
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    struct fixture *fixture = torc_trial_state(trial);
    assert_string_equal(torc_reactor_host_name(fixture->reactor), "");
    options.host_name = "a";
    fixture = fixture_new(&options);
    assert_string_equal(torc_reactor_host_name(fixture->reactor), "a");
    fixture_free(fixture);
    return NULL;
}

static void collect_text(void *arg, const char *text)
{
    journal_write(arg, "", text);
}

TORC_TEST(what_is_left_is_counted_and_described, .group = &with_fixture)
{
    static struct layer layer; /* the reactor frees it in tear_down */
    struct fixture *fixture = torc_trial_state(trial);
    struct line call = line(fixture, "call");
    struct torc_deferred *deferred;
    struct torc_reactor_counts counts;
    struct journal text = {.length = 0};
    assert_int_equal(torc_call_later(fixture->clock, 7, journal_call, &call, NULL, NULL), 0);
    assert_int_equal(torc_call_from_thread(fixture->reactor, journal_call, &call, NULL), 0);
    assert_int_equal(torc_run_job(fixture->reactor, do_nothing, NULL, NULL, &deferred), 0);
    torc_deferred_drop(deferred);
    add_layer(fixture, &layer);
    torc_reactor_count(fixture->reactor, &counts);
    assert_int_equal(counts.timers, 1);
    assert_int_equal(counts.thread_calls, 1);
    assert_int_equal(counts.jobs, 1);
    assert_int_equal(counts.listeners, 2);
    assert_int_equal(counts.connections, 3);
    torc_reactor_describe(fixture->reactor, collect_text, &text);
    assert_non_null(strstr(text.text, "calls from threads that have not run: 1 "));
    assert_non_null(strstr(text.text, "a timed call made at "));
    assert_non_null(strstr(text.text, "reactor_test.c:"));
    assert_non_null(strstr(text.text, ", due in 7 ns "));
    assert_non_null(strstr(text.text, "a listener "));
    assert_non_null(strstr(text.text, "a job made at "));
    assert_non_null(strstr(text.text, "a deferred made at "));
    scripted_finish_job(&fixture->platform, 0);
    return NULL;
}

TORC_TEST(freeing_drops_everything_once)
{
    struct scripted_platform *platform = calloc(1, sizeof *platform);
    struct journal journal = {.length = 0};
    struct torc_reactor *reactor;
    assert_non_null(platform);
    scripted_init(platform);
    assert_int_equal(torc_reactor_new(&platform->base, NULL, &reactor), 0);
    struct layer layer = {.base = {&layer_ops, false}, .journal = &journal};
    struct line timer = {.journal = &journal, .word = "timer"};
    struct line thread = {.journal = &journal, .word = "thread"};
    struct line trigger = {.journal = &journal, .word = "trigger"};
    struct line job = {.journal = &journal, .word = "job"};
    struct torc_deferred *deferred;
    torci_reactor_set_streams(reactor, &layer.base);
    assert_int_equal(torc_reactor_start(reactor), 0);
    assert_int_equal(torc_call_soon(reactor, journal_call, &timer, journal_drop), 0);
    assert_int_equal(torc_call_from_thread(reactor, journal_call, &thread, journal_drop), 0);
    assert_int_equal(torc_reactor_add_trigger(reactor, TORC_DURING, "shutdown", journal_trigger,
                                              &trigger, journal_drop, NULL),
                     0);
    assert_int_equal(torc_run_job(reactor, do_nothing, &job, journal_drop, &deferred), 0);
    torc_deferred_drop(deferred);
    scripted_finish_job(platform, 0);
    torc_reactor_free(reactor);
    assert_string_equal(journal.text, "~thread disconnect ~job ~trigger ~timer free ");
    assert_int_equal(scripted_end(platform), 0);
    free(platform);
    torc_reactor_free(NULL);
    return NULL;
}

/* What a deferred's drop function uses: a timer, and the reactor. */
struct owner {
    struct torc_reactor *reactor;
    struct torc_timer timer;
    int codes[2];
};

static struct torc_result pass_on(struct torc_result result, void *arg)
{
    (void)arg;
    return result;
}

static void use_the_reactor(void *arg)
{
    struct owner *owner = arg;
    owner->codes[0] = torc_timer_cancel(owner->timer);
    owner->codes[1] = torc_call_soon(owner->reactor, journal_call, NULL, NULL);
}

TORC_TEST(deferreds_end_while_clock_and_reactor_are_still_there)
{
    struct scripted_platform *platform = calloc(1, sizeof *platform);
    struct owner owner = {.codes = {1, 1}};
    struct line call = {0};
    struct torc_source source;
    struct torc_deferred *deferred;
    assert_non_null(platform);
    scripted_init(platform);
    assert_int_equal(torc_reactor_new(&platform->base, NULL, &owner.reactor), 0);
    assert_int_equal(torc_call_later(torc_reactor_clock(owner.reactor), 5, journal_call, &call, NULL,
                                     &owner.timer),
                     0);
    assert_int_equal(torc_deferred_new(torc_reactor_scope(owner.reactor), NULL, NULL, &source,
                                       &deferred),
                     0);
    assert_int_equal(torc_deferred_add_both(deferred, pass_on, &owner, use_the_reactor), 0);
    torc_reactor_free(owner.reactor);
    assert_int_equal(owner.codes[0], TORC_ECANCELED);
    assert_int_equal(owner.codes[1], TORC_ECLOSED);
    assert_int_equal(scripted_end(platform), 0);
    free(platform);
    return NULL;
}

TORC_TRIAL_MAIN
