/* timers_bench.c - a million timed calls, beside libevent's evtimers: cancel one at random and add one;
 * reset one at random; fire them all.  Needs -levent_core, which libtorc links anyway.
 *
 * Torc's side is the public API on a clock of its own (torc_clock_new): handles checked, sites kept.
 * What libevent has for the same:
 *   change   evtimer_del and evtimer_add of events that lie in an array of the program and are never
 *            made or freed (libevent_embedded): that is what the bar is measured against.  Shown too is
 *            what Torc's side does as well, to end one and make another: event_free, evtimer_new and
 *            evtimer_add.
 *   reset    evtimer_add of one that is pending
 *   fire     the embedded ones.  On both sides all timers get new deadlines within half a second first;
 *            then Torc's clock is advanced past them, and libevent dispatches when all are over.
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
#define SEED UINT64_C(88172645463325252)

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

enum side { TORC, LIBEVENT, LIBEVENT_EMBEDDED, SIDES };

/* Operations per second, by side and round. */
struct rates {
    double change[SIDES][ROUNDS_MAX];
    double reset[SIDES][ROUNDS_MAX];
    double fire[SIDES][ROUNDS_MAX];
};

/* --- torc ------------------------------------------------------------------------------------- */

static struct torc_failure *count_call(void *arg)
{
    (*(uint64_t *)arg)++;
    return NULL;
}

static void measure_torc(struct rates *rates, long round, size_t count)
{
    struct torc_timer *timers = must_have(calloc(count, sizeof *timers));
    struct torc_scope *scope;
    struct torc_clock *clock;
    uint64_t random = SEED, fired = 0;
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
    rates->change[TORC][round] = (double)count / (seconds() - start);
    start = seconds();
    for (size_t i = 0; i < count; i++) {
        size_t which = draw_below(&random, count);
        must(torc_timer_reset(timers[which], draw(&random) % SPAN_NS));
    }
    rates->reset[TORC][round] = (double)count / (seconds() - start);
    for (size_t i = 0; i < count; i++)
        must(torc_timer_reset(timers[i], draw(&random) % FIRE_SPAN_NS));
    start = seconds();
    must(torc_clock_advance(clock, SPAN_NS));
    rates->fire[TORC][round] = (double)count / (seconds() - start);
    must_be(fired, count);
    torc_clock_free(clock);
    torc_scope_free(scope);
    free(timers);
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

static struct event *new_event(struct event_base *base, uint64_t *fired, uint64_t delay_ns)
{
    struct event *event = must_have(evtimer_new(base, count_event, fired));
    add_event(event, delay_ns);
    return event;
}

static void measure_libevent(struct rates *rates, long round, size_t count)
{
    struct event **events = must_have(calloc(count, sizeof *events));
    struct event_base *base = must_have(event_base_new());
    uint64_t random = SEED, fired = 0;
    for (size_t i = 0; i < count; i++)
        events[i] = new_event(base, &fired, draw(&random) % SPAN_NS + SPAN_NS);
    double start = seconds();
    for (size_t i = 0; i < count; i++) {
        size_t which = draw_below(&random, count);
        uint64_t delay_ns = draw(&random) % SPAN_NS + SPAN_NS;
        event_free(events[which]);
        events[which] = new_event(base, &fired, delay_ns);
    }
    rates->change[LIBEVENT][round] = (double)count / (seconds() - start);
    start = seconds();
    for (size_t i = 0; i < count; i++) {
        size_t which = draw_below(&random, count);
        add_event(events[which], draw(&random) % SPAN_NS + SPAN_NS);
    }
    rates->reset[LIBEVENT][round] = (double)count / (seconds() - start);
    must_be(fired, 0);
    for (size_t i = 0; i < count; i++)
        event_free(events[i]);
    event_base_free(base);
    free(events);
}

static void measure_libevent_embedded(struct rates *rates, long round, size_t count)
{
    struct event *events = must_have(calloc(count, sizeof *events));
    struct event_base *base = must_have(event_base_new());
    const struct timespec until_all_are_due = {0, 600000000};
    uint64_t random = SEED, fired = 0;
    for (size_t i = 0; i < count; i++) {
        evtimer_assign(&events[i], base, count_event, &fired);
        add_event(&events[i], draw(&random) % SPAN_NS + SPAN_NS);
    }
    double start = seconds();
    for (size_t i = 0; i < count; i++) {
        size_t which = draw_below(&random, count);
        uint64_t delay_ns = draw(&random) % SPAN_NS + SPAN_NS;
        evtimer_del(&events[which]);
        add_event(&events[which], delay_ns);
    }
    rates->change[LIBEVENT_EMBEDDED][round] = (double)count / (seconds() - start);
    for (size_t i = 0; i < count; i++)
        add_event(&events[i], draw(&random) % FIRE_SPAN_NS);
    nanosleep(&until_all_are_due, NULL);
    start = seconds();
    event_base_dispatch(base);
    rates->fire[LIBEVENT_EMBEDDED][round] = (double)count / (seconds() - start);
    must_be(fired, count);
    event_base_free(base);
    free(events);
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

static void report(const char *name, double (*values)[ROUNDS_MAX], size_t rounds,
                   enum side ratio_to, double bar)
{
    static const char *const names[SIDES] = {"torc", "libevent", "libevent_embedded"};
    double medians[SIDES];
    const char *comma = "";
    for (int side = TORC; side < SIDES; side++)
        medians[side] = median(values[side], rounds);
    printf("{\"name\":\"%s\",\"unit\":\"per CPU second\",\"torc\":%.0f,\"peers\":{", name,
           medians[TORC]);
    for (int side = LIBEVENT; side < SIDES; side++) {
        if (medians[side] > 0) {
            printf("%s\"%s\":%.0f", comma, names[side], medians[side]);
            comma = ",";
        }
    }
    printf("},\"ratio\":%.3f,\"ratio_to\":\"%s\"", medians[TORC] / medians[ratio_to],
           names[ratio_to]);
    if (bar > 0)
        printf(",\"bar\":\">= %.0f\"", bar);
    printf(",\"missing\":[]}\n");
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : ROUNDS_DEFAULT;
    long timers = argc > 2 ? strtol(argv[2], NULL, 10) : TIMERS_DEFAULT;
    struct rates rates = {.change = {{0}}};
    if (rounds < 1 || rounds > ROUNDS_MAX || timers < 1) {
        fprintf(stderr, "usage: timers_bench [ROUNDS [TIMERS]]\n");
        return 2;
    }
    for (long i = 0; i < rounds; i++) {
        measure_torc(&rates, i, (size_t)timers);
        measure_libevent(&rates, i, (size_t)timers);
        measure_libevent_embedded(&rates, i, (size_t)timers);
    }
    report("timers.change", rates.change, (size_t)rounds, LIBEVENT_EMBEDDED, 5);
    report("timers.reset", rates.reset, (size_t)rounds, LIBEVENT, 0);
    report("timers.fire", rates.fire, (size_t)rounds, LIBEVENT_EMBEDDED, 4);
    return 0;
}
