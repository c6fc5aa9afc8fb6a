/* Random delays: their means, deviations, quantiles and ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "draw.h"
#include "link.h"

#define DRAWS 20000
#define MEAN_NS UINT64_C(1000000)

static uint64_t bits_of(uint32_t n)
{
    uint32_t counter[4] = {n, 0, 0, 0};
    uint32_t key[2] = {1, 2};
    uint32_t out[4];

    torci_philox(counter, key, out);
    return (uint64_t)out[1] << 32 | out[0];
}

/* The mean of so many draws, and how many of them are at most `limit_ns`. */
static uint64_t mean_of(const struct torc_link *link, uint64_t limit_ns, unsigned *out_below)
{
    uint64_t sum = 0;

    *out_below = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        uint64_t delay_ns = torci_link_delay(link, bits_of(i));

        sum += delay_ns;
        *out_below += delay_ns <= limit_ns;
    }
    return sum / DRAWS;
}

static void assert_near(uint64_t value, uint64_t wanted, uint64_t off)
{
    assert_in_range(value, wanted - off, wanted + off);
}

TORC_TEST(a_logarithm_is_right_to_two_of_its_last_bits)
{
    /* x, and -log2(x / 2^64) * 2^24 to the nearest. */
    static const struct {
        uint64_t x;
        uint32_t wanted;
    } known[] = {
        {UINT64_C(1) << 63, 1u << 24},
        {UINT64_C(3) << 62, 6963174},                     /* log2 0.75 = -0.4150374992788438 */
        {UINT64_C(0x5555555555555555), 26591259},         /* log2 1/3 = -1.5849625007211562 */
        {UINT64_C(0x199999999999999a), 55732705},         /* log2 0.1 = -3.3219280948873623 */
        {1, 64u << 24},
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_near(torci_minus_log2(known[i].x), known[i].wanted, 2);
    assert_in_range(torci_minus_log2(UINT64_MAX), 0, 2);
    return NULL;
}

TORC_TEST(a_constant_delay_needs_no_bits)
{
    struct torc_link link = {.delay_ns = MEAN_NS};

    assert_int_equal(torci_link_delay(&link, 0), MEAN_NS);
    assert_int_equal(torci_link_delay(&link, UINT64_MAX), MEAN_NS);
    return NULL;
}

TORC_TEST(a_uniform_delay_lies_between_its_ends_alike)
{
    struct torc_link link = {.delay_ns = MEAN_NS, .delay_kind = TORC_DELAY_UNIFORM,
                             .delay_spread_ns = 3 * MEAN_NS};
    unsigned below;

    assert_int_equal(torci_link_delay(&link, 0), MEAN_NS);
    assert_near(torci_link_delay(&link, UINT32_MAX), 3 * MEAN_NS, 1);
    assert_near(mean_of(&link, MEAN_NS * 3 / 2, &below), 2 * MEAN_NS, MEAN_NS / 50);
    assert_near(below, DRAWS / 4, DRAWS / 50);
    return NULL;
}

TORC_TEST(an_exponential_delay_has_its_mean_and_its_median)
{
    struct torc_link link = {.delay_ns = MEAN_NS, .delay_kind = TORC_DELAY_EXP};
    unsigned below;

    assert_near(mean_of(&link, 693147, &below), MEAN_NS, MEAN_NS / 50);
    assert_near(below, DRAWS / 2, DRAWS / 50);
    assert_int_equal(torci_link_delay(&link, UINT64_C(1) << 63), 693147);
    return NULL;
}

TORC_TEST(a_normal_delay_has_two_thirds_within_its_deviation)
{
    struct torc_link link = {.delay_ns = 10 * MEAN_NS, .delay_kind = TORC_DELAY_NORMAL,
                             .delay_spread_ns = MEAN_NS};
    unsigned below;
    unsigned below_less;

    assert_near(mean_of(&link, 11 * MEAN_NS, &below), 10 * MEAN_NS, MEAN_NS / 50);
    (void)mean_of(&link, 9 * MEAN_NS, &below_less);
    assert_near(below - below_less, DRAWS * 683 / 1000, DRAWS / 50);
    link.delay_ns = MEAN_NS / 10;
    assert_int_equal(torci_link_delay(&link, 0), 0); /* never below it */
    return NULL;
}

TORC_TEST(a_pareto_delay_is_twice_its_least_in_one_case_of_four)
{
    struct torc_link link = {.delay_ns = MEAN_NS, .delay_kind = TORC_DELAY_PARETO};
    unsigned below;

    (void)mean_of(&link, 2 * MEAN_NS, &below);
    assert_near(below, DRAWS * 3 / 4, DRAWS / 50);
    assert_int_equal(torci_link_delay(&link, UINT64_MAX), MEAN_NS);
    assert_near(torci_link_delay(&link, UINT64_C(1) << 62), 2 * MEAN_NS, 1);
    assert_int_equal(torci_link_delay(&link, 0), MEAN_NS << 32);
    return NULL;
}

TORC_TEST(no_delay_is_above_its_maximum)
{
    struct torc_link link = {.delay_ns = MEAN_NS, .delay_max_ns = 2 * MEAN_NS};

    for (unsigned kind = TORC_DELAY_EXP; kind <= TORC_DELAY_PARETO; kind++) {
        unsigned below;

        link.delay_kind = (enum torc_delay_kind)kind;
        link.delay_spread_ns = MEAN_NS;
        (void)mean_of(&link, 2 * MEAN_NS, &below);
        assert_int_equal(below, DRAWS);
    }
    return NULL;
}

TORC_TEST(a_delay_too_long_to_count_is_for_ever)
{
    struct torc_link link = {.delay_ns = UINT64_MAX / 2, .delay_kind = TORC_DELAY_EXP};

    assert_int_equal(torci_link_delay(&link, 1), UINT64_MAX);
    link.delay_kind = TORC_DELAY_PARETO;
    assert_int_equal(torci_link_delay(&link, 1), UINT64_MAX);
    link.delay_kind = TORC_DELAY_NORMAL;
    link.delay_spread_ns = UINT64_MAX;
    assert_int_equal(torci_link_delay(&link, UINT64_MAX), UINT64_MAX);
    return NULL;
}

TORC_TRIAL_MAIN
