/* fault_point.c - what a mark and a fault point cost in code that is not being tested: a mark of torc/mark.h on a
 * live reactor, which nobody observes; a decision of a simulated host, in a world without a decider.
 *
 * Loops of processor time, less a loop that does nothing but count.
 * Usage: fault_point mark|point|decision      Prints one JSON line: ns each. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <torc/live.h>
#include <torc/mark.h>

#include "world.h"

enum { TIMES = 200000000 };

static void must(int code)
{
    if (code != 0) {
        fprintf(stderr, "fault_point: %s\n", torc_error_text(code));
        exit(1);
    }
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The compiler may not keep anything of memory over this, nor leave the loop away. */
static inline void barrier(void)
{
    __asm__ volatile("" ::: "memory");
}

static double empty_loop(void)
{
    double start = seconds();

    for (uint32_t i = 0; i < TIMES; i++)
        barrier();
    return seconds() - start;
}

static double points(struct torc_reactor *reactor)
{
    double start = seconds();

    for (uint32_t i = 0; i < TIMES; i++) {
        TORC_POINT(reactor, "bench.point");
        barrier();
    }
    return seconds() - start;
}

static double marks(struct torc_reactor *reactor)
{
    double start = seconds();

    for (uint32_t i = 0; i < TIMES; i++) {
        TORC_SOMETIMES(reactor, i % 2 == 0, "bench.mark");
        barrier();
    }
    return seconds() - start;
}

static double live(double (*measure)(struct torc_reactor *reactor))
{
    struct torc_platform *platform;
    struct torc_reactor *reactor;
    double used;

    must(torc_live_new(NULL, &platform));
    must(torc_reactor_new(platform, NULL, &reactor));
    used = measure(reactor);
    torc_reactor_free(reactor);
    torc_live_free(platform);
    return used;
}

static double decisions(void)
{
    struct torc_world *world;
    struct torc_host *host;
    uint64_t taken = 0;
    double start;
    double used;

    must(torc_world_new(NULL, &world));
    must(torc_world_add_host(world, "host", NULL, &host));
    start = seconds();
    for (uint32_t i = 0; i < TIMES; i++) {
        taken += torci_decide(world, host, "bench.decision", 4);
        barrier();
    }
    used = seconds() - start;
    torc_world_free(world);
    if (taken != 0)
        must(TORC_EINVAL);
    return used;
}

int main(int argc, char **argv)
{
    const char *what = argc == 2 ? argv[1] : "";
    double used;

    if (strcmp(what, "mark") == 0) {
        used = live(marks);
    } else if (strcmp(what, "point") == 0) {
        used = live(points);
    } else if (strcmp(what, "decision") == 0) {
        used = decisions();
    } else {
        fputs("usage: fault_point mark|point|decision\n", stderr);
        return 2;
    }
    used -= empty_loop();
    printf("{\"name\":\"fault.point.%s\",\"unit\":\"ns\",\"torc\":%.3f}\n", what, used / TIMES * 1e9);
    return 0;
}
