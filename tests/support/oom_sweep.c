#include "oom_sweep.h"

#include <stdio.h>

/* One run.  *out_failed: whether an acquisition was refused in it. */
static const char *run(torc_oom_body_fn *body, void *arg, uint64_t k, bool for_ever,
                       bool *out_failed)
{
    struct torc_test_allocator allocator;
    const char *wrong;

    torc_test_allocator_init(&allocator);
    torc_test_allocator_fail_at(&allocator, k, for_ever);
    wrong = body(&allocator, arg);
    if (!wrong && torc_test_allocator_blocks(&allocator) != 0)
        wrong = "memory was not given back";
    *out_failed = allocator.failed > 0;
    if (wrong)
        fprintf(stderr, "oom_sweep: failing acquisition %llu%s: %s\n", (unsigned long long)k,
                for_ever ? " and all after it" : "", wrong);
    torc_test_allocator_clear(&allocator);
    return wrong;
}

static const char *sweep(torc_oom_body_fn *body, void *arg, bool for_ever, uint64_t *runs)
{
    bool failed = true;
    for (uint64_t k = 1; failed; k++) {
        const char *wrong = run(body, arg, k, for_ever, &failed);
        if (wrong)
            return wrong;
        *runs = k - 1;
    }
    return NULL;
}

const char *torc_oom_sweep(torc_oom_body_fn *body, void *arg, uint64_t *runs)
{
    uint64_t alone, for_ever;
    const char *wrong = sweep(body, arg, false, &alone);
    if (!wrong)
        wrong = sweep(body, arg, true, &for_ever);
    if (!wrong && runs)
        *runs = alone;
    return wrong;
}
