/* The clock of a host as a function of the world's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/sim.h>
#include <torc/trial.h>

#include "host_clock.h"

static const int32_t drifts[] = {0, 1, -1, 7, 200, -200, 333333, -333333, 99999, -100000, 100000};
enum { DRIFTS = sizeof drifts / sizeof drifts[0] };

static struct torci_host_clock drifting(int32_t ppm)
{
    struct torci_host_clock clock = {true, ppm, 1000003, 999999937, 0};

    return clock;
}

TORC_TEST(a_clock_that_never_drifted_is_the_worlds)
{
    struct torci_host_clock clock = {0};

    assert_int_equal(torci_clock_at(&clock, 123456789), 123456789);
    assert_int_equal(torci_clock_reaches(&clock, 123456789), 123456789);
    assert_int_equal(torci_clock_reaches(&clock, TORC_NEVER), TORC_NEVER);
    return NULL;
}

TORC_TEST(it_counts_so_many_parts_in_a_million_more_or_less)
{
    struct torci_host_clock fast = {true, 200, 0, 0, 0};
    struct torci_host_clock slow = {true, -200, 50, 70, 0};

    assert_int_equal(torci_clock_at(&fast, 1000000000), 1000200000);
    assert_int_equal(torci_clock_at(&fast, 4999), 4999); /* 4999.9998 */
    assert_int_equal(torci_clock_at(&fast, 5000), 5001);
    assert_int_equal(torci_clock_at(&slow, 1000000050), 999800070);
    /* A hundred years. */
    assert_int_equal(torci_clock_at(&fast, UINT64_C(3155760000000000000)),
                     UINT64_C(3156391152000000000));
    return NULL;
}

TORC_TEST(it_reaches_a_time_at_the_first_nanosecond_that_is_not_before_it)
{
    for (size_t i = 0; i < DRIFTS; i++) {
        struct torci_host_clock clock = drifting(drifts[i]);

        for (uint64_t host_ns = 999999938; host_ns < UINT64_C(1) << 61;
             host_ns += host_ns % 1013 + (host_ns - 999999937) / 7) {
            uint64_t world_ns = torci_clock_reaches(&clock, host_ns);

            assert_true(torci_clock_at(&clock, world_ns) >= host_ns);
            assert_true(torci_clock_at(&clock, world_ns - 1) < host_ns);
        }
    }
    return NULL;
}

TORC_TEST(it_never_goes_back)
{
    for (size_t i = 0; i < DRIFTS; i++) {
        struct torci_host_clock clock = drifting(drifts[i]);
        uint64_t before_ns = clock.host_ns;

        for (uint64_t ns = clock.world_ns; ns < clock.world_ns + 20000; ns++) {
            uint64_t now_ns = torci_clock_at(&clock, ns);

            assert_true(now_ns >= before_ns && now_ns <= before_ns + 2);
            before_ns = now_ns;
        }
    }
    return NULL;
}

TORC_TEST(times_that_are_past_or_too_far_are_known_as_that)
{
    struct torci_host_clock slow = drifting(-100000);

    assert_int_equal(torci_clock_reaches(&slow, 5), slow.world_ns);
    assert_int_equal(torci_clock_reaches(&slow, TORC_NEVER - 1), TORC_NEVER);
    assert_int_equal(torci_clock_reaches(&slow, TORC_NEVER), TORC_NEVER);
    return NULL;
}

TORC_TRIAL_MAIN
