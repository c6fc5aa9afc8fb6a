/* The tests: every body on every world, then the suite against the mutants. */
#include "database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <torc/format.h>
#include <torc/trial.h>

extern const struct body __start_conformance_bodies[], __stop_conformance_bodies[];

#define STEPS_MAX 300000

/* The mutants have no threads, and are wrong in what they do, not in memory. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define WITHOUT_MUTANTS "a sanitizer has nothing to find in them"
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define WITHOUT_MUTANTS "a sanitizer has nothing to find in them"
#endif
#endif
#ifndef WITHOUT_MUTANTS
#define WITHOUT_MUTANTS NULL
#endif

#define RUN_LIMIT_NS (20 * TORC_SECOND)

void conf_fail(struct conf *c, const char *site, const char *expression, const char *detail)
{
    if (c->failed_expression != NULL)
        return;
    c->failed_expression = expression;
    c->failed_site = site;
    torc_format(c->failed_detail, sizeof c->failed_detail, "%s", detail);
}

void note(struct conf *c, const char *format, ...)
{
    va_list arguments;
    size_t left = sizeof c->notes - c->note_bytes, length;

    if (c->note_bytes > 0 && left > 1) {
        c->notes[c->note_bytes++] = ' ';
        left--;
    }
    va_start(arguments, format);
    length = torc_format_list(c->notes + c->note_bytes, left, format, arguments);
    va_end(arguments);
    c->note_bytes += length < left ? length : left - 1;
}

bool conf_notes_are(struct conf *c, const char *site, const char *expected)
{
    char detail[1024];

    c->notes[c->note_bytes] = '\0';
    if (strcmp(c->notes, expected) == 0)
        return true;
    torc_format(detail, sizeof detail, "expected: %s\n     got: %s", expected, c->notes);
    conf_fail(c, site, "the notes are as expected", detail);
    return false;
}

static void count_error(struct torc_log_observer *self, const struct torc_log_event *event)
{
    struct conf *c = (struct conf *)(void *)((char *)self - offsetof(struct conf, observer));

    if (event->level >= TORC_LOG_ERROR) {
        c->errors_logged++;
        torc_format(c->last_error, sizeof c->last_error, "%s", event->message);
    }
}

/* --- running ---------------------------------------------------------------------------------- */

static bool flag_is_set(const void *arg)
{
    return *(const bool *)arg;
}

struct count_goal {
    const unsigned *counter;
    unsigned least;
};

static bool count_is_reached(const void *arg)
{
    const struct count_goal *goal = arg;

    return *goal->counter >= goal->least;
}

struct bytes_goal {
    const size_t *counter;
    size_t least;
};

static bool bytes_are_reached(const void *arg)
{
    const struct bytes_goal *goal = arg;

    return *goal->counter >= goal->least;
}

static struct torc_failure *tick(void *arg)
{
    *(bool *)arg = true;
    return NULL;
}

/* A timer bounds the wait, so that a live wait with nothing to come ends. */
static bool run_to(struct conf *c, bool (*reached)(const void *), const void *arg, uint64_t limit_ns)
{
    bool expired = false;
    struct torc_timer limit;
    unsigned long steps = 0;

    if (torc_call_later(torc_reactor_clock(c->client), limit_ns, tick, &expired, NULL, &limit) != 0)
        return false;
    while (!reached(arg) && !expired && steps++ < STEPS_MAX && c->ops->step(c))
        ;
    (void)torc_timer_cancel(limit);
    if (steps > STEPS_MAX)
        conf_fail(c, TORC_HERE, "the world does not spin", "");
    return reached(arg);
}

bool run_until(struct conf *c, const bool *flag)
{
    return run_to(c, flag_is_set, flag, RUN_LIMIT_NS);
}

bool run_until_count(struct conf *c, const unsigned *counter, unsigned least)
{
    struct count_goal goal = {counter, least};

    return run_to(c, count_is_reached, &goal, RUN_LIMIT_NS);
}

bool run_until_bytes(struct conf *c, const size_t *counter, size_t least)
{
    struct bytes_goal goal = {counter, least};

    return run_to(c, bytes_are_reached, &goal, RUN_LIMIT_NS);
}

struct look {
    struct conf *c;
    struct torc_timer next;
};

/* A live wait does not end because a job has changed something. */
static struct torc_failure *look_again(void *arg)
{
    struct look *look = arg;

    (void)!torc_call_later(torc_reactor_clock(look->c->client), TORC_MILLISECOND, look_again, look,
                           NULL, &look->next);
    return NULL;
}

bool run_until_true(struct conf *c, bool (*reached)(const void *arg), const void *arg)
{
    struct look look = {c, {0}};
    bool came;

    (void)look_again(&look);
    came = run_to(c, reached, arg, RUN_LIMIT_NS);
    (void)torc_timer_cancel(look.next);
    return came;
}

struct turns_goal {
    struct conf *c;
    unsigned left;
    bool done;
};

static struct torc_failure *count_turn(void *arg)
{
    struct turns_goal *goal = arg;

    goal->left--;
    if (goal->left == 0 || torc_call_soon(goal->c->client, count_turn, goal, NULL) != 0)
        goal->done = true;
    return NULL;
}

bool run_turns(struct conf *c, unsigned turns)
{
    struct turns_goal goal = {c, turns, false};

    return torc_call_soon(c->client, count_turn, &goal, NULL) == 0 && run_until(c, &goal.done) &&
           goal.left == 0;
}

void run_for(struct conf *c, uint64_t delta_ns)
{
    bool never = false;

    (void)run_to(c, flag_is_set, &never, delta_ns);
}

/* --- one body on one world -------------------------------------------------------------------- */

static void forget(struct conf *c)
{
    size_t i;

    for (i = 0; i < c->actor_count; i++)
        free(c->actors[i]);
}

static void check_clean(struct conf *c, struct torc_reactor *reactor)
{
    struct torc_scope_counts counts;

    torc_scope_count(torc_reactor_scope(reactor), &counts);
    if (counts.deferreds != 0)
        conf_fail(c, TORC_HERE, "no deferred is left", "");
    if (counts.unhandled != 0)
        conf_fail(c, TORC_HERE, "no failure went unhandled", c->last_error);
}

/* Returns whether it held; prints nothing. */
static bool run_body(struct conf *c, const struct body *body, const struct world_ops *ops,
                     const struct mutation *mutation, enum family family)
{
    memset(c, 0, sizeof *c);
    c->ops = ops;
    c->mutation = mutation;
    c->family = family;
    c->observer.emit = count_error;
    database_begin(c);
    if (!ops->open(c)) {
        conf_fail(c, TORC_HERE, "the world opens", "");
    } else {
        body->run(c);
        database_end(c);
        if (c->failed_expression == NULL) {
            check_clean(c, c->server);
            check_clean(c, c->client);
        }
        ops->close(c);
    }
    database_forget(c);
    forget(c);
    return c->failed_expression == NULL;
}

/* --- as tests --------------------------------------------------------------------------------- */

struct subject {
    const struct world_ops *ops;
    const struct body *body;
    const struct mutation *mutation;
};

static void fail_as(const struct conf *c, const char *body)
{
    print_error("%s: %s: %s\n", body, c->failed_site, c->failed_expression);
    if (c->failed_detail[0] != '\0')
        print_error("%s\n", c->failed_detail);
    if (c->last_failure[0] != '\0')
        print_error("the last failure: %s\n", c->last_failure);
    fail();
}

static struct torc_deferred *free_conf(void *conf)
{
    free(conf);
    return NULL;
}

static struct conf *conf_of(struct torc_trial *trial)
{
    struct conf *c = malloc(sizeof *c);

    assert_non_null(c);
    torc_trial_add_clean_up(trial, free_conf, c);
    return c;
}

static struct torc_deferred *holds(struct torc_trial *trial)
{
    const struct subject *subject = torc_trial_subject(trial);
    const char *family = torc_trial_parameter(trial);
    bool is_unix = family != NULL && strcmp(family, "unix") == 0;
    struct conf *c = conf_of(trial);

    if (!run_body(c, subject->body, subject->ops, NULL, is_unix ? FAMILY_UNIX : FAMILY_TCP))
        fail_as(c, subject->body->name);
    return NULL;
}

static struct torc_deferred *is_caught(struct torc_trial *trial)
{
    const struct subject *subject = torc_trial_subject(trial);
    struct conf *c = conf_of(trial);

    for (const struct body *body = __start_conformance_bodies; body < __stop_conformance_bodies; body++)
        if (!run_body(c, body, &mutant_world, subject->mutation, FAMILY_TCP))
            return NULL;
    fail_msg("no body fails if %s", subject->mutation->what);
    return NULL;
}

/* The mutants' wrapper itself changes nothing. */
static struct torc_deferred *changes_nothing(struct torc_trial *trial)
{
    const struct subject *subject = torc_trial_subject(trial);
    struct conf *c = conf_of(trial);

    for (const struct body *body = __start_conformance_bodies; body < __stop_conformance_bodies; body++)
        if (!run_body(c, body, &mutant_world, subject->mutation, FAMILY_TCP))
            fail_as(c, body->name);
    return NULL;
}

struct suite {
    struct torc_trial_test *tests;
    struct subject *subjects;
    size_t count;
};

static struct torc_trial_test *add(struct suite *suite, const struct torc_trial_group *group, const char *name,
                                   torc_trial_fn *function, struct subject subject)
{
    struct torc_trial_test *test = &suite->tests[suite->count];

    suite->subjects[suite->count] = subject;
    *test = (struct torc_trial_test){.size = sizeof *test, .name = name, .site = TORC_HERE, .function = function,
                                     .group = group, .subject = &suite->subjects[suite->count]};
    suite->count++;
    return test;
}

static void add_world(struct suite *suite, const struct torc_trial_group *group, const struct world_ops *ops)
{
    static const char *const both[] = {"tcp", "unix", NULL};
    static const char *const tcp[] = {"tcp", NULL};

    for (const struct body *body = __start_conformance_bodies; body < __stop_conformance_bodies; body++) {
        struct torc_trial_test *test = add(suite, group, body->name, holds, (struct subject){ops, body, NULL});

        /* UNIX sockets do not reach another host. */
        if (body->both_families)
            test->parameters = ops == &sim_two_hosts_world ? tcp : both;
    }
}

static void add_mutants(struct suite *suite, const struct torc_trial_group *group, torc_trial_fn *function,
                        const struct mutation *mutants, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(suite, group, mutants[i].name, function, (struct subject){&mutant_world, NULL, &mutants[i]})->skip =
            WITHOUT_MUTANTS;
}

static void add_all(struct suite *suite)
{
    static const struct mutation nothing = {"none", "nothing is changed", NULL};
    static const struct torc_trial_group live = {.name = "live"};
    static const struct torc_trial_group one_host = {.name = "sim_one_host"};
    static const struct torc_trial_group two_hosts = {.name = "sim_two_hosts"};
    static const struct torc_trial_group wrapper = {.name = "wrapper"};
    static const struct torc_trial_group mutant = {.name = "mutant"};

    add_world(suite, &live, &live_world);
    add_world(suite, &one_host, &sim_one_host_world);
    add_world(suite, &two_hosts, &sim_two_hosts_world);
    add_mutants(suite, &wrapper, changes_nothing, &nothing, 1);
    add_mutants(suite, &wrapper, changes_nothing, &answered_truly, 1);
    add_mutants(suite, &mutant, is_caught, mutations, mutation_count);
    add_mutants(suite, &mutant, is_caught, database_mutations, database_mutation_count);
    add_mutants(suite, &mutant, is_caught, row_mutations, row_mutation_count);
    add_mutants(suite, &mutant, is_caught, datagram_mutations, datagram_mutation_count);
    add_mutants(suite, &mutant, is_caught, name_mutations, name_mutation_count);
}

int main(int argc, char **argv)
{
    size_t count = 3 * (size_t)(__stop_conformance_bodies - __start_conformance_bodies) + 2 + mutation_count +
                   database_mutation_count + row_mutation_count + datagram_mutation_count + name_mutation_count;
    struct suite suite = {calloc(count, sizeof *suite.tests), calloc(count, sizeof *suite.subjects), 0};
    struct torc_trial_catalogue catalogue = {sizeof catalogue, suite.tests, suite.tests + count};
    int status = EXIT_FAILURE;

    if (suite.tests != NULL && suite.subjects != NULL) {
        add_all(&suite);
        status = torc_trial_main(argc, argv, &catalogue, NULL);
    }
    free(suite.tests);
    free(suite.subjects);
    return status;
}
