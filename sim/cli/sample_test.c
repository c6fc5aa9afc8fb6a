/* White-box tests of samples: how many are taken of each group, and which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "sample.h"

static uint64_t count_taken(const struct torci_sample_group *group)
{
    uint64_t taken = 0;

    for (uint64_t i = 0; i < group->count; i++)
        taken += torci_sample_has(group, i) ? 1 : 0;
    return taken;
}

TORC_TEST(exactly_as_many_are_taken_as_are_wanted)
{
    for (uint64_t wanted = 0; wanted < 130; wanted++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            struct torci_sample_group groups[] = {{.count = 1}, {.count = 100}, {.count = 0}, {.count = 17}};
            uint64_t taken = 0;

            torci_sample_share(groups, 4, wanted, seed);
            for (size_t i = 0; i < 4; i++) {
                assert_int_equal(count_taken(&groups[i]), groups[i].taken);
                taken += groups[i].taken;
            }
            assert_int_equal(taken, wanted < 118 ? wanted : 118);
        }
    return NULL;
}

TORC_TEST(each_group_gets_as_many_as_another_as_far_as_it_has_them)
{
    struct torci_sample_group groups[] = {{.count = 3}, {.count = 1000}, {.count = 50}};

    torci_sample_share(groups, 3, 43, 1);
    assert_int_equal(groups[0].taken, 3);
    assert_int_equal(groups[1].taken, 20);
    assert_int_equal(groups[2].taken, 20);
    return NULL;
}

TORC_TEST(what_is_taken_is_spread_evenly)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct torci_sample_group group = {.count = 1000};
        uint64_t before = 0;
        bool any = false;

        torci_sample_share(&group, 1, 7, seed);
        for (uint64_t i = 0; i < group.count; i++) {
            if (!torci_sample_has(&group, i))
                continue;
            if (any)
                assert_in_range(i - before, 142, 143);
            else
                assert_in_range(i, 0, 142);
            any = true;
            before = i;
        }
        assert_in_range(before, 857, 999);
    }
    return NULL;
}

TORC_TEST(another_seed_takes_others)
{
    struct torci_sample_group one = {.count = 1000};
    struct torci_sample_group other = {.count = 1000};

    torci_sample_share(&one, 1, 10, 1);
    torci_sample_share(&other, 1, 10, 2);
    assert_int_not_equal(one.shift / 100, other.shift / 100);
    return NULL;
}

TORC_TRIAL_MAIN
