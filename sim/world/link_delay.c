/* link_delay.c - random delays out of 64 random bits, in integers. */
#include "link.h"

#define LN2_IN_2_32 UINT64_C(2977044472)  /* ln 2 * 2^32 */
#define SQRT3_IN_2_16 UINT64_C(113512)    /* sqrt 3 * 2^16 */

/* a * b / 2^shift, saturated; b < 2^32 and shift <= 32. */
static uint64_t scale(uint64_t a, uint64_t b, unsigned shift)
{
    uint64_t high = (a >> 32) * b;
    uint64_t low = (a & UINT32_MAX) * b >> shift;

    if (high > UINT64_MAX >> (32 - shift))
        return UINT64_MAX;
    return torci_add_saturated(high << (32 - shift), low);
}

/* The algorithm of Majithia and Levan (A note on base-2 logarithm computations, Proc. IEEE 61, 1973; Knuth, The Art of
 * Computer Programming 1, exercise 1.2.2-25): squaring what is left, between 1 and 2, doubles its logarithm, whose whole
 * part is the next bit.  With 31 bits after the point the error of the squarings adds up to less than 2^-26, and
 * cutting at 24 bits to less than 2^-24. */
uint32_t torci_minus_log2(uint64_t x)
{
    uint32_t whole = 0;
    uint32_t bits = 0;
    uint64_t rest;

    while (x >> 63 == 0) {
        x <<= 1;
        whole++;
    }
    rest = x >> 32; /* 1.0 is 2^31 */
    for (int i = 0; i < 24; i++) {
        rest = rest * rest >> 31;
        bits <<= 1;
        if (rest >> 32 != 0) {
            bits |= 1;
            rest >>= 1;
        }
    }
    return ((whole + 1) << 24) - bits;
}

/* mean * -ln u, u uniform in (0, 1]: off by less than 2^-23 of the mean. */
static uint64_t exponential(uint64_t mean_ns, uint64_t bits)
{
    uint64_t minus_ln = torci_minus_log2(bits | 1) * LN2_IN_2_32 >> 32; /* in 2^-24 */

    return scale(mean_ns, minus_ln, 24);
}

/* The sum of four uniform numbers of 16 bits (Irwin and Hall), brought to the mean and deviation asked for, which so are
 * right to 2^-15; the distribution function is nowhere off by more than 0.008, and there is nothing beyond 3.46
 * deviations. */
static uint64_t normal(uint64_t mean_ns, uint64_t deviation_ns, uint64_t bits)
{
    uint64_t sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
    bool below = sum < 2 * UINT64_C(0xffff);
    uint64_t off = (below ? 2 * UINT64_C(0xffff) - sum : sum - 2 * UINT64_C(0xffff)) * SQRT3_IN_2_16 >> 16;
    uint64_t off_ns = scale(deviation_ns, off, 16);

    if (!below)
        return torci_add_saturated(mean_ns, off_ns);
    return off_ns < mean_ns ? mean_ns - off_ns : 0;
}

/* Newton's, from above. */
static uint64_t square_root(uint64_t x)
{
    uint64_t root = UINT64_C(1) << 32;

    for (;;) {
        uint64_t better = (root + x / root) / 2;

        if (better >= root)
            return root;
        root = better;
    }
}

/* least / sqrt u, u uniform in (0, 1]: off by less than 2^-20 of itself unless u is below 2^-24. */
static uint64_t pareto(uint64_t least_ns, uint64_t bits)
{
    uint64_t root = square_root(bits | 1);
    uint64_t whole = least_ns / root;

    if (whole >> 32 != 0)
        return UINT64_MAX;
    return torci_add_saturated(whole << 32, (least_ns % root << 32) / root);
}

uint64_t torci_link_delay(const struct torc_link *settings, uint64_t bits)
{
    uint64_t delay_ns = settings->delay_ns;
    uint64_t spread_ns = settings->delay_spread_ns;

    switch (settings->delay_kind) {
    case TORC_DELAY_UNIFORM:
        delay_ns += scale(spread_ns - delay_ns, bits & UINT32_MAX, 32);
        break;
    case TORC_DELAY_EXP:
        delay_ns = exponential(delay_ns, bits);
        break;
    case TORC_DELAY_NORMAL:
        delay_ns = normal(delay_ns, spread_ns, bits);
        break;
    case TORC_DELAY_PARETO:
        delay_ns = pareto(delay_ns, bits);
        break;
    case TORC_DELAY_CONST:
    default:
        break;
    }
    if (settings->delay_max_ns != 0 && delay_ns > settings->delay_max_ns)
        delay_ns = settings->delay_max_ns;
    return delay_ns;
}
