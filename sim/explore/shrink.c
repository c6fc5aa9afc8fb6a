#include <stdlib.h>
#include <string.h>

#include <torc/shrink.h>

struct shrink {
    bool *keep;
    bool *before; /* room for a copy */
    size_t count;
    torc_shrink_test_fn *test;
    void *arg;
    size_t tests;
    size_t tests_max;
};

static size_t count_kept(const struct shrink *shrink)
{
    size_t kept = 0;

    for (size_t i = 0; i < shrink->count; i++)
        kept += shrink->keep[i] ? 1 : 0;
    return kept;
}

/* The index after the next `kept` ones that are kept, from `first` on. */
static size_t after(const struct shrink *shrink, size_t first, size_t kept)
{
    size_t i = first;

    while (i < shrink->count && kept > 0)
        kept -= shrink->keep[i++] ? 1 : 0;
    return i;
}

/* Everything kept of [first, end) goes, if it fails without. */
static bool take_out(struct shrink *shrink, size_t first, size_t end)
{
    size_t bytes = (end - first) * sizeof *shrink->keep;

    if (memchr(shrink->keep + first, true, bytes) == NULL || shrink->tests >= shrink->tests_max)
        return false;
    memcpy(shrink->before, shrink->keep + first, bytes);
    memset(shrink->keep + first, 0, bytes);
    shrink->tests++;
    if (shrink->test(shrink->arg, shrink->keep))
        return true;
    memcpy(shrink->keep + first, shrink->before, bytes);
    return false;
}

/* Tries each run of `length` kept ones.  Whether one went. */
static bool try_runs(struct shrink *shrink, size_t length)
{
    bool any = false;

    for (size_t first = 0; first < shrink->count && shrink->tests < shrink->tests_max;) {
        size_t end = after(shrink, first, length);

        any = take_out(shrink, first, end) || any;
        first = end;
    }
    return any;
}

size_t torc_shrink(bool *keep, size_t count, torc_shrink_test_fn *test, void *arg,
                   size_t tests_max)
{
    struct shrink shrink = {keep, malloc(count * sizeof *keep + 1), count, test, arg, 0, tests_max};
    size_t length = count_kept(&shrink);

    if (shrink.before == NULL) /* then it stays as large as it is */
        return 0;
    while (length > 1) {
        length = (length + 1) / 2;
        try_runs(&shrink, length);
    }
    do {
        while (try_runs(&shrink, 1))
            continue;
    } while (try_runs(&shrink, 2) && shrink.tests < tests_max);
    free(shrink.before);
    return shrink.tests;
}
