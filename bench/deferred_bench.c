/* deferred_bench.c - how many deferreds can be made, given three callbacks, fired and dropped in a
 * second; with creation sites, the registry and all handle checks on, through the public API alone.
 *
 * Prints one JSON line with the median of the rounds.  Usage: deferred_bench [ROUNDS [OPERATIONS]]
 * The same work in Twisted: peer_twisted_deferred.py. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <torc/deferred.h>

enum { ROUNDS_DEFAULT = 7, ROUNDS_MAX = 101, OPERATIONS_DEFAULT = 2000000 };

static struct torc_result add_one(struct torc_result result, void *arg)
{
    uint64_t *calls = arg;
    (*calls)++;
    return torc_value((char *)result.as.value + 1);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(int code)
{
    if (code != 0) {
        fprintf(stderr, "deferred_bench: %s\n", torc_error_text(code));
        exit(1);
    }
}

/* Returns operations per second. */
static double measure(struct torc_scope *scope, long operations)
{
    static char values[4];
    uint64_t calls = 0;
    double start = seconds(), end;

    for (long i = 0; i < operations; i++) {
        struct torc_source source;
        struct torc_deferred *deferred;
        must(torc_deferred_new(scope, NULL, NULL, &source, &deferred));
        must(torc_deferred_add_callback(deferred, add_one, &calls, NULL));
        must(torc_deferred_add_callback(deferred, add_one, &calls, NULL));
        must(torc_deferred_add_callback(deferred, add_one, &calls, NULL));
        must(torc_source_fire(source, torc_value(values)));
        torc_deferred_drop(deferred);
    }
    end = seconds();
    if (calls != (uint64_t)operations * 3) {
        fprintf(stderr, "deferred_bench: %" PRIu64 " callbacks ran\n", calls);
        exit(1);
    }
    return (double)operations / (end - start);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : ROUNDS_DEFAULT;
    long operations = argc > 2 ? strtol(argv[2], NULL, 10) : OPERATIONS_DEFAULT;
    double rates[ROUNDS_MAX];
    struct torc_scope *scope;
    struct torc_scope_counts counts;

    if (rounds < 1 || rounds > ROUNDS_MAX || operations < 1) {
        fprintf(stderr, "usage: deferred_bench [ROUNDS [OPERATIONS]]\n");
        return 2;
    }
    must(torc_scope_new(NULL, NULL, &scope));
    (void)measure(scope, operations / 10 + 1);
    for (long i = 0; i < rounds; i++)
        rates[i] = measure(scope, operations);
    torc_scope_count(scope, &counts);
    torc_scope_free(scope);
    if (counts.deferreds != 0 || counts.errors_logged != 0) {
        fprintf(stderr, "deferred_bench: %zu deferreds left\n", counts.deferreds);
        return 1;
    }
    qsort(rates, (size_t)rounds, sizeof rates[0], by_size);
    printf("{\"name\":\"deferred\",\"unit\":\"per second\",\"torc\":%.0f}\n", rates[rounds / 2]);
    return 0;
}
