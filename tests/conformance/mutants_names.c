/* Platforms whose names go wrong, in one way each. */
#include "mutant.h"

static int pass_resolve(struct torc_platform *s, const char *name, enum torc_address_family family,
                        uint64_t token, uint64_t *out)
{
    return INNER(s)->ops->resolve(INNER(s), name, family, token, out);
}

static size_t pass_resolved(struct torc_platform *s, uint64_t handle, struct torc_address *out,
                            size_t capacity)
{
    return INNER(s)->ops->resolved(INNER(s), handle, out, capacity);
}

/* What a wait tells, with the result `from` of lookups told as `to`; or, `to` 1, not told. */
static size_t wait_changing(struct torc_platform *s, uint64_t deadline,
                            struct torc_platform_event *batch, size_t capacity, int from, int to)
{
    size_t i, kept = 0, count = INNER(s)->ops->wait(INNER(s), deadline, batch, capacity);

    for (i = 0; i < count; i++) {
        bool meant = batch[i].events == TORC_EVENT_NAMES && batch[i].result == from;

        if (meant && to == 1)
            continue;
        batch[kept] = batch[i];
        if (meant)
            batch[kept].result = to;
        kept++;
    }
    return kept;
}

static size_t absence_as_failure_wait(struct torc_platform *s, uint64_t deadline,
                                      struct torc_platform_event *batch, size_t capacity)
{
    return wait_changing(s, deadline, batch, capacity, TORC_ENOTFOUND, TORC_EIO);
}
static void apply_absence_as_failure(struct torc_platform_ops *ops)
{
    ops->wait = absence_as_failure_wait;
}

static size_t failure_as_absence_wait(struct torc_platform *s, uint64_t deadline,
                                      struct torc_platform_event *batch, size_t capacity)
{
    return wait_changing(s, deadline, batch, capacity, TORC_EIO, TORC_ENOTFOUND);
}
static void apply_failure_as_absence(struct torc_platform_ops *ops)
{
    ops->wait = failure_as_absence_wait;
}

static size_t absence_untold_wait(struct torc_platform *s, uint64_t deadline,
                                  struct torc_platform_event *batch, size_t capacity)
{
    return wait_changing(s, deadline, batch, capacity, TORC_ENOTFOUND, 1);
}
static void apply_absence_untold(struct torc_platform_ops *ops)
{
    ops->wait = absence_untold_wait;
}

static size_t reversed_resolved(struct torc_platform *s, uint64_t handle, struct torc_address *out,
                                size_t capacity)
{
    size_t i, count = pass_resolved(s, handle, out, capacity);

    for (i = 0; count <= capacity && i < count / 2; i++) {
        struct torc_address first = out[i];

        out[i] = out[count - 1 - i];
        out[count - 1 - i] = first;
    }
    return count;
}
static void apply_reversed(struct torc_platform_ops *ops)
{
    ops->resolved = reversed_resolved;
}

static size_t first_resolved(struct torc_platform *s, uint64_t handle, struct torc_address *out,
                             size_t capacity)
{
    (void)pass_resolved(s, handle, out, capacity < 1 ? capacity : 1);
    return 1;
}
static void apply_first_only(struct torc_platform_ops *ops)
{
    ops->resolved = first_resolved;
}

static int any_family_resolve(struct torc_platform *s, const char *name,
                              enum torc_address_family family, uint64_t token, uint64_t *out)
{
    (void)family;
    return pass_resolve(s, name, TORC_ADDRESS_NONE, token, out);
}
static void apply_any_family(struct torc_platform_ops *ops)
{
    ops->resolve = any_family_resolve;
}

const struct mutation name_mutations[] = {
    {"absence-as-failure", "a name that is not there is told as a failing service",
     apply_absence_as_failure},
    {"failure-as-absence", "a failing service is told as a name that is not there",
     apply_failure_as_absence},
    {"absence-untold", "that a name is not there is never told", apply_absence_untold},
    {"addresses-reversed", "the addresses of a name come in the other order", apply_reversed},
    {"one-address", "a name has its first address alone", apply_first_only},
    {"family-ignored", "addresses of either family are given", apply_any_family},
};
const size_t name_mutation_count = sizeof name_mutations / sizeof name_mutations[0];
