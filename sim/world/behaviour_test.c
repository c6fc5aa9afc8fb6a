#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <torc/trace.h>
#include <torc/trial.h>

enum { MANY = 1000 };

struct seen {
    uint64_t all[2 * MANY];
    size_t count;
};

static void see(void *arg, uint64_t number)
{
    struct seen *seen = arg;

    assert_true(seen->count < sizeof seen->all / sizeof seen->all[0]);
    assert_true(number != 0);
    seen->all[seen->count++] = number;
}

static int ascending(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static struct torc_trace *new_trace(void)
{
    struct torc_trace *trace;

    assert_int_equal(torc_trace_new(NULL, NULL, &trace), 0);
    assert_int_equal(torc_trace_keep_behaviours(trace), 0);
    return trace;
}

/* Its behaviours, in ascending order; the trace is freed. */
static struct seen *take(struct torc_trace *trace)
{
    static struct seen seen;

    seen.count = 0;
    torc_trace_behaviours(trace, see, &seen);
    torc_trace_free(trace);
    qsort(seen.all, seen.count, sizeof seen.all[0], ascending);
    return &seen;
}

static uint64_t receive(struct torc_trace *trace, const char *host, uint64_t cause, int64_t conn, const char *data)
{
    uint64_t n = torc_trace_begin(trace, TORC_TRACE_rx, 7 * (uint64_t)conn, host, cause);

    torc_trace_integer(trace, "conn", conn);
    torc_trace_bytes(trace, "data", data, 1);
    torc_trace_end(trace);
    return n;
}

static uint64_t fault(struct torc_trace *trace, const char *kind, int64_t code, int64_t number)
{
    uint64_t n = torc_trace_begin(trace, TORC_TRACE_fault, 0, "srv", 0);

    torc_trace_text(trace, "of", "disk");
    torc_trace_integer(trace, "number", number);
    torc_trace_text(trace, "kind", kind);
    torc_trace_text(trace, "target", "a.db");
    torc_trace_integer(trace, "code", code);
    torc_trace_integer(trace, "delay", number);
    torc_trace_end(trace);
    return n;
}

TORC_TEST(the_same_thing_again_is_no_new_behaviour)
{
    struct torc_trace *trace = new_trace();

    (void)trial;
    for (int i = 0; i < 3; i++)
        receive(trace, "srv", 0, i, &"abc"[i]);
    assert_int_equal(take(trace)->count, 1);
    return NULL;
}

TORC_TEST(another_host_is_one)
{
    struct torc_trace *trace = new_trace();

    (void)trial;
    receive(trace, "srv", 0, 1, "a");
    receive(trace, "cli", 0, 1, "a");
    assert_int_equal(take(trace)->count, 2);
    return NULL;
}

TORC_TEST(another_cause_is_one_if_it_is_of_another_kind_or_host)
{
    struct torc_trace *trace = new_trace();
    uint64_t first = receive(trace, "srv", 0, 1, "a");
    uint64_t strikes = fault(trace, "io", 10, 1);
    uint64_t also = receive(trace, "srv", first, 1, "a");

    (void)trial;
    receive(trace, "srv", strikes, 1, "a");
    receive(trace, "srv", also, 1, "a");
    assert_int_equal(take(trace)->count, 4);
    return NULL;
}

TORC_TEST(of_a_fault_its_kind_and_code_count_and_its_number_does_not)
{
    struct torc_trace *trace = new_trace();

    (void)trial;
    fault(trace, "io", 10, 1);
    fault(trace, "io", 10, 2);
    assert_int_equal(take(trace)->count, 1);
    trace = new_trace();
    fault(trace, "io", 10, 1);
    fault(trace, "io", 13, 1);
    fault(trace, "full", 13, 1);
    assert_int_equal(take(trace)->count, 3);
    return NULL;
}

TORC_TEST(the_numbers_are_the_same_each_time)
{
    struct torc_trace *trace = new_trace();
    uint64_t first;

    (void)trial;
    fault(trace, "io", 10, 1);
    first = take(trace)->all[0];
    trace = new_trace();
    fault(trace, "io", 10, 9);
    assert_int_equal(take(trace)->all[0], first);
    assert_int_equal(first, UINT64_C(0x9e7cfb1780205a46));
    return NULL;
}

TORC_TEST(there_may_be_many)
{
    struct torc_trace *trace = new_trace();
    struct seen *seen;

    (void)trial;
    for (int again = 0; again < 2; again++)
        for (int code = 0; code < MANY; code++)
            fault(trace, "io", code, 1);
    seen = take(trace);
    assert_int_equal(seen->count, MANY);
    for (size_t i = 1; i < MANY; i++)
        assert_true(seen->all[i - 1] != seen->all[i]);
    return NULL;
}

TORC_TEST(a_trace_that_does_not_keep_them_has_none)
{
    struct torc_trace *trace;

    (void)trial;
    assert_int_equal(torc_trace_new(NULL, NULL, &trace), 0);
    fault(trace, "io", 10, 1);
    assert_int_equal(take(trace)->count, 0);
    return NULL;
}

TORC_TEST(the_digest_does_not_depend_on_keeping_them)
{
    char digests[2][TORC_DIGEST_TEXT_BYTES];

    (void)trial;
    for (int kept = 0; kept < 2; kept++) {
        struct torc_trace *trace;

        assert_int_equal(torc_trace_new(NULL, NULL, &trace), 0);
        if (kept)
            assert_int_equal(torc_trace_keep_behaviours(trace), 0);
        receive(trace, "srv", fault(trace, "io", 10, 1), 1, "a");
        torc_trace_digest(trace, digests[kept]);
        torc_trace_free(trace);
    }
    assert_string_equal(digests[0], digests[1]);
    return NULL;
}

TORC_TRIAL_MAIN
