#include "sample.h"

/* SplitMix64 (Steele, Lea, Flood 2014): of the seed and the group's number. */
static uint64_t mix(uint64_t value)
{
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static size_t count_open(const struct torci_sample_group *groups, size_t count)
{
    size_t open = 0;

    for (size_t i = 0; i < count; i++)
        open += groups[i].taken < groups[i].count ? 1 : 0;
    return open;
}

void torci_sample_share(struct torci_sample_group *groups, size_t count, uint64_t wanted, uint64_t seed)
{
    size_t open;

    for (size_t i = 0; i < count; i++) {
        groups[i].taken = 0;
        groups[i].shift = groups[i].count > 0 ? mix(mix(seed) + i) % groups[i].count : 0;
    }
    while (wanted > 0 && (open = count_open(groups, count)) > 0) {
        uint64_t share = wanted > open ? wanted / open : 1;

        for (size_t n = 0; n < count && wanted > 0; n++) {
            struct torci_sample_group *group = &groups[(n + mix(seed) % count) % count];
            uint64_t more = group->count - group->taken;

            more = more < share ? more : share;
            group->taken += more;
            wanted -= more;
        }
    }
}

/* The i-th that is taken is (i * count + shift) / taken. */
bool torci_sample_has(const struct torci_sample_group *group, uint64_t number)
{
    uint64_t least = number * group->taken;
    uint64_t i = least > group->shift ? (least - group->shift + group->count - 1) / group->count : 0;

    return i < group->taken && i * group->count + group->shift < least + group->taken;
}
