#include "tests/support/power_matrix.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#endif
#endif
#ifndef RUNNING_ON_VALGRIND
#define RUNNING_ON_VALGRIND 0
#endif

enum { SUBSETS_OF_MAX = 8, DRAWS = 8, DRAWS_OF_SAMPLE = 64 };

static struct torc_host *host_of(const struct power_matrix *matrix, void *trial)
{
    return torc_world_find_host(matrix->world(trial), matrix->host);
}

static void fail(struct power_matrix_result *result, uint64_t n, const struct torc_power_cut *cut, unsigned draws, const char *what)
{
    static const char *const losses[] = {"none", "all", "prefix", "one", "only", "mask", "draw"};

    result->failures++;
    if (result->failures == 1)
        snprintf(result->first_failure, sizeof result->first_failure,
                 "cut at operation %llu, loss %s, index %llu, mask 0x%llx, torn %d, draw %u: %s",
                 (unsigned long long)n, losses[cut->loss], (unsigned long long)cut->index,
                 (unsigned long long)cut->mask, (int)cut->torn_sectors, draws, what);
}

/* Returns how many writes were not synced; -1: the device excludes this loss. */
static int try_cut(const struct power_matrix *matrix, struct power_matrix_result *result, uint64_t n,
                   const struct torc_power_cut *cut, unsigned draws)
{
    void *trial = matrix->set_up(matrix->arg);
    struct torc_host *host = host_of(matrix, trial);
    int unsynced = -1;
    unsigned i;

    /* The loss is made from the next draw of its site. */
    for (i = 0; i < draws; i++)
        (void)torc_world_draw(matrix->world(trial), "disk.loss", torc_host_name(host));
    if (torc_host_cut_power_at(host, n, cut) == 0) {
        const char *what;

        matrix->run(trial);
        unsynced = (int)torc_host_last_cut(host, NULL);
        result->losses++;
        what = torc_host_up(host) ? "the host was not cut" : matrix->check(trial);
        if (what != NULL)
            fail(result, n, cut, draws, what);
    }
    matrix->tear_down(trial);
    return unsynced;
}

static void try_torn(const struct power_matrix *matrix, struct power_matrix_result *result,
                     uint64_t n, struct torc_power_cut cut)
{
    static const uint32_t sectors[] = {0, 1, 4, 7};
    size_t i;

    for (i = 0; i < sizeof sectors / sizeof sectors[0]; i++) {
        cut.torn_sectors = sectors[i];
        try_cut(matrix, result, n, &cut, 0);
    }
}

static void try_all(const struct power_matrix *matrix, struct power_matrix_result *result, uint64_t n,
                    uint64_t unsynced)
{
    struct torc_power_cut cut = TORC_POWER_CUT_INIT;
    bool few = unsynced <= SUBSETS_OF_MAX;
    bool torn = few || !RUNNING_ON_VALGRIND;
    uint64_t i;
    unsigned draw;

    cut.loss = TORC_LOSS_MASK;
    for (cut.mask = 1; few && cut.mask < UINT64_C(1) << unsynced; cut.mask++)
        try_cut(matrix, result, n, &cut, 0);
    cut.mask = 0;
    for (i = 0; i < unsynced; i++) {
        cut.loss = TORC_LOSS_ONE;
        cut.index = i;
        if (!few)
            try_cut(matrix, result, n, &cut, 0);
        cut.loss = TORC_LOSS_ONLY;
        if (!few)
            try_cut(matrix, result, n, &cut, 0);
        if (torn)
            try_torn(matrix, result, n, cut);
        cut.loss = TORC_LOSS_PREFIX;
        cut.index = i + 1;
        if (!few)
            try_cut(matrix, result, n, &cut, 0);
        if (torn)
            try_torn(matrix, result, n, cut);
    }
    cut.loss = TORC_LOSS_DRAW;
    cut.index = 0;
    for (draw = 0; draw < (few ? DRAWS : DRAWS_OF_SAMPLE); draw++)
        try_cut(matrix, result, n, &cut, draw);
    result->sampled_cuts += few ? 0 : 1;
}

/* The number of the last operation before the work, and of its last one. */
static void measure(const struct power_matrix *matrix, uint64_t *out_before, uint64_t *out_last)
{
    void *trial = matrix->set_up(matrix->arg);

    *out_before = torc_host_disk_operations(host_of(matrix, trial));
    matrix->run(trial);
    *out_last = torc_host_disk_operations(host_of(matrix, trial));
    matrix->tear_down(trial);
}

void power_matrix_run(const struct power_matrix *matrix, struct power_matrix_result *out)
{
    static const struct power_matrix_result none;
    unsigned every = RUNNING_ON_VALGRIND && matrix->every < 37 ? 37 : matrix->every;
    struct torc_power_cut all = TORC_POWER_CUT_INIT;
    uint64_t before;
    uint64_t last;
    uint64_t n;

    *out = none;
    measure(matrix, &before, &last);
    for (n = before + 1; n <= last; n++) {
        int unsynced;

        if (n % every != 0)
            continue;
        unsynced = try_cut(matrix, out, n, &all, 0);
        out->cuts++;
        if (unsynced > (int)out->unsynced_most)
            out->unsynced_most = (size_t)unsynced;
        if (unsynced > 0)
            try_all(matrix, out, n, (uint64_t)unsynced);
    }
}

void power_matrix_print(const char *name, const struct power_matrix_result *result)
{
    printf("# %s: %llu cuts, %llu losses tried, at most %zu writes unsynced, %llu cuts sampled, %llu "
           "failures%s%s\n",
           name, (unsigned long long)result->cuts, (unsigned long long)result->losses,
           result->unsynced_most, (unsigned long long)result->sampled_cuts,
           (unsigned long long)result->failures, result->failures > 0 ? "; the first: " : "",
           result->first_failure);
    fflush(stdout);
}
