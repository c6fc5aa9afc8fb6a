/* timers_bench.c - a million timed calls: cancel one at random and add one, and fire them all; beside
 * libevent's evtimers doing the same.  Needs -levent_core, which libtorc links anyway.
 *
 * Torc's side is the public API on a clock of its own (torc_clock_new): handles checked, sites kept.
 * libevent's is one event for each timer, made with evtimer_assign in memory of the program, so that
 * its allocations are not counted, on an event_base whose clock is read as usual.  Deadlines lie at
 * random in a span far ahead; to fire, Torc's clock is advanced past it, and libevent's timers are
 * added with random deadlines of about half a second and dispatched when all of these are over.
 *
 * Prints one JSON line for each measurement: medians of rounds that alternate, of processor time.
 * Usage: timers_bench [ROUNDS [TIMERS]] */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include <torc/clock.h>

enum { ROUNDS_DEFAULT = 5, ROUNDS_MAX = 101, TIMERS_DEFAULT = 1000000 };

/* Powers of two, so that drawing costs neither side a division. */
#define SPAN_NS (UINT64_C(1) << 40)
#define FIRE_SPAN_NS (UINT64_C(1) << 29)

/* The same random numbers for both sides. */
static uint64_t draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t draw_below(uint64_t *state, size_t limit)
{
    return (size_t)((draw(state) >> 32) * limit >> 32);
}

/* Processor time, so that what else runs on the machine does not count. */
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(int code)
{
    if (code != 0) {
        fprintf(stderr, "timers_bench: %s\n", torc_error_text(code));
        exit(1);
    }
}

static void *must_have(void *block)
{
    if (!block) {
        fprintf(stderr, "timers_bench: no memory\n");
        exit(1);
    }
    return block;
}

static void must_be(uint64_t fired, size_t count)
{
    if (fired != count) {
        fprintf(stderr, "timers_bench: %" PRIu64 " of %zu timers fired\n", fired, count);
        exit(1);
    }
}

/* Operations per second of one round. */
struct rates {
    double change;
    double fire;
};

/* --- torc ------------------------------------------------------------------------------------- */

static struct torc_failure *count_call(void *arg)
{
    (*(uint64_t *)arg)++;
    return NULL;
}

static struct rates measure_torc(size_t count)
{
    struct torc_timer *timers = must_have(calloc(count, sizeof *timers));
    struct torc_scope *scope;
    struct torc_clock *clock;
    struct rates rates;
    uint64_t random = 88172645463325252u, fired = 0;
    must(torc_scope_new(NULL, NULL, &scope));
    must(torc_clock_new(scope, &clock));
    for (size_t i = 0; i < count; i++) {
        uint64_t delay_ns = draw(&random) % SPAN_NS;
        must(torc_call_later(clock, delay_ns, count_call, &fired, NULL, &timers[i]));
    }
    double start = seconds();
    for (size_t i = 0; i < count; i++) {
        size_t which = draw_below(&random, count);
        uint64_t delay_ns = draw(&random) % SPAN_NS;
        must(torc_timer_cancel(timers[which]));
        must(torc_call_later(clock, delay_ns, count_call, &fired, NULL, &timers[which]));
    }
    rates.change = (double)count / (seconds() - start);
    start = seconds();
    must(torc_clock_advance(clock, SPAN_NS));
    rates.fire = (double)count / (seconds() - start);
    must_be(fired, count);
    torc_clock_free(clock);
    torc_scope_free(scope);
    free(timers);
    return rates;
}

/* --- libevent --------------------------------------------------------------------------------- */

static void count_event(evutil_socket_t fd, short events, void *arg)
{
    (void)fd;
    (void)events;
    (*(uint64_t *)arg)++;
}

static void add_event(struct event *event, uint64_t delay_ns)
{
    struct timeval delay = {(time_t)(delay_ns / TORC_SECOND),
                            (suseconds_t)(delay_ns % TORC_SECOND / 1000)};
    if (evtimer_add(event, &delay) != 0) {
        fprintf(stderr, "timers_bench: evtimer_add failed\n");
        exit(1);
    }
}

static struct rates measure_libevent(size_t count)
{
    struct event *events = must_have(calloc(count, sizeof *events));
    struct event_base *base = must_have(event_base_new());
    struct rates rates;
    uint64_t random = 88172645463325252u, fired = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t delay_ns = draw(&random) % SPAN_NS + SPAN_NS;
        evtimer_assign(&events[i], base, count_event, &fired);
        add_event(&events[i], delay_ns);
    }
    double start = seconds();
    for (size_t i = 0; i < count; i++) {
        size_t which = draw_below(&random, count);
        uint64_t delay_ns = draw(&random) % SPAN_NS + SPAN_NS;
        evtimer_del(&events[which]);
        add_event(&events[which], delay_ns);
    }
    rates.change = (double)count / (seconds() - start);
    for (size_t i = 0; i < count; i++)
        add_event(&events[i], draw(&random) % FIRE_SPAN_NS);
    const struct timespec until_all_are_due = {0, 600000000};
    nanosleep(&until_all_are_due, NULL);
    start = seconds();
    event_base_dispatch(base);
    rates.fire = (double)count / (seconds() - start);
    must_be(fired, count);
    event_base_free(base);
    free(events);
    return rates;
}

/* --- medians ---------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    return values[count / 2];
}

static void report(const char *name, double *torc, double *libevent, size_t rounds, double bar)
{
    double ours = median(torc, rounds), theirs = median(libevent, rounds);
    printf("{\"name\":\"%s\",\"unit\":\"per CPU second\",\"torc\":%.0f,\"peers\":{\"libevent\":%.0f},"
           "\"ratio\":%.3f,\"ratio_to\":\"libevent\",\"bar\":\">= %.0f\",\"missing\":[]}\n",
           name, ours, theirs, ours / theirs, bar);
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : ROUNDS_DEFAULT;
    long timers = argc > 2 ? strtol(argv[2], NULL, 10) : TIMERS_DEFAULT;
    double change[2][ROUNDS_MAX], fire[2][ROUNDS_MAX];
    if (rounds < 1 || rounds > ROUNDS_MAX || timers < 1) {
        fprintf(stderr, "usage: timers_bench [ROUNDS [TIMERS]]\n");
        return 2;
    }
    for (long i = 0; i < rounds; i++) {
        struct rates ours = measure_torc((size_t)timers);
        struct rates theirs = measure_libevent((size_t)timers);
        change[0][i] = ours.change;
        change[1][i] = theirs.change;
        fire[0][i] = ours.fire;
        fire[1][i] = theirs.fire;
    }
    report("timers.change", change[0], change[1], (size_t)rounds, 5);
    report("timers.fire", fire[0], fire[1], (size_t)rounds, 4);
    return 0;
}
