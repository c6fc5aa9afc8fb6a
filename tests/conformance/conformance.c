/* The runner: every body on every world, then the suite against the mutants.  Prints TAP. */
#include "database.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <torc/format.h>

extern const struct body __start_conformance_bodies[], __stop_conformance_bodies[];

#define STEPS_MAX 300000

/* The mutants have no threads, and ThreadSanitizer keeps some memory for each switch to a simulated job:
 * all of them together take more than there is. */
#if defined(__SANITIZE_THREAD__)
#define WITH_MUTANTS false
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITH_MUTANTS false
#endif
#endif
#ifndef WITH_MUTANTS
#define WITH_MUTANTS true
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
    torc_format(detail, sizeof detail, "expected: %s\n#      got: %s", expected, c->notes);
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

static void show_failure(const struct conf *c)
{
    printf("# %s: %s\n", c->failed_site, c->failed_expression);
    if (c->failed_detail[0] != '\0')
        printf("# %s\n", c->failed_detail);
    if (c->last_failure[0] != '\0')
        printf("# the last failure: %s\n", c->last_failure);
}

static unsigned run_world(const struct world_ops *ops, const char *only, unsigned n)
{
    const struct body *body;
    struct conf *c = malloc(sizeof *c);

    for (body = __start_conformance_bodies; c != NULL && body < __stop_conformance_bodies; body++) {
        int family;

        for (family = FAMILY_TCP; family <= (body->both_families ? FAMILY_UNIX : FAMILY_TCP);
             family++) {
            bool held;

            /* UNIX sockets do not reach another host. */
            if ((family == FAMILY_UNIX && ops == &sim_two_hosts_world) ||
                (only != NULL && strstr(body->name, only) == NULL))
                continue;
            held = run_body(c, body, ops, NULL, (enum family)family);
            if (!held)
                show_failure(c);
            printf("%s %u - %s: %s%s\n", held ? "ok" : "not ok", ++n, ops->name, body->name,
                   family == FAMILY_UNIX ? " (unix)" : "");
            fflush(stdout);
        }
    }
    free(c);
    return n;
}

static unsigned run_mutants(const struct mutation *mutants, size_t count, unsigned n)
{
    struct conf *c = malloc(sizeof *c);
    size_t i;

    for (i = 0; c != NULL && i < count; i++) {
        const struct body *body;
        unsigned caught = 0;

        printf("# mutant %s (%s)\n", mutants[i].name, mutants[i].what);
        for (body = __start_conformance_bodies; body < __stop_conformance_bodies; body++) {
            if (!run_body(c, body, &mutant_world, &mutants[i], FAMILY_TCP)) {
                caught++;
                printf("#     caught by %s\n", body->name);
            }
        }
        printf("%s %u - mutant %s is caught\n", caught > 0 ? "ok" : "not ok", ++n, mutants[i].name);
        fflush(stdout);
    }
    free(c);
    return n;
}

/* The mutants' wrapper itself changes nothing. */
static unsigned run_unmutated(const struct mutation *nothing, unsigned n)
{
    const struct body *body;
    struct conf *c = malloc(sizeof *c);
    bool held = c != NULL;

    for (body = __start_conformance_bodies; c != NULL && body < __stop_conformance_bodies; body++) {
        if (!run_body(c, body, &mutant_world, nothing, FAMILY_TCP)) {
            held = false;
            printf("# %s\n", body->name);
            show_failure(c);
        }
    }
    free(c);
    printf("%s %u - the mutants' wrapper passes every body if %s\n", held ? "ok" : "not ok", ++n,
           nothing->what);
    return n;
}

int main(int argc, char **argv)
{
    static const struct mutation nothing = {"none", "nothing is changed", NULL};
    static const struct world_ops *const worlds[] = {&live_world, &sim_one_host_world,
                                                     &sim_two_hosts_world};
    const char *only = argc > 1 ? argv[1] : NULL;
    unsigned n = 0;
    size_t i;

    printf("# %zu bodies\n", (size_t)(__stop_conformance_bodies - __start_conformance_bodies));
    for (i = 0; i < sizeof worlds / sizeof worlds[0]; i++)
        n = run_world(worlds[i], only, n);
    if (only == NULL && WITH_MUTANTS) {
        n = run_unmutated(&nothing, n);
        n = run_unmutated(&answered_truly, n);
        n = run_mutants(mutations, mutation_count, n);
        n = run_mutants(database_mutations, database_mutation_count, n);
        n = run_mutants(row_mutations, row_mutation_count, n);
        n = run_mutants(datagram_mutations, datagram_mutation_count, n);
        n = run_mutants(name_mutations, name_mutation_count, n);
    }
    printf("1..%u\n", n);
    return 0;
}
