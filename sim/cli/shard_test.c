#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "command.h"
#include "shard.h"

static const char *const variables[] = {
    "TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS", "TEST_SHARD_STATUS_FILE", "SLURM_ARRAY_TASK_ID",
    "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP",
    "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS",
};

static struct torc_deferred *clear(struct torc_trial *trial)
{
    (void)trial;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    return NULL;
}

static const struct torc_trial_group without_variables = {.set_up = clear, .tear_down = clear};

TORC_TEST(every_number_belongs_to_exactly_one_shard)
{
    for (uint32_t count = 1; count <= 5; count++)
        for (uint64_t number = UINT64_MAX - 20; number >= UINT64_MAX - 20; number++) {
            unsigned owners = 0;

            for (uint32_t i = 0; i < count; i++)
                owners += torci_shard_has(&(struct torci_shard){i, count, NULL}, number) ? 1 : 0;
            assert_int_equal(owners, 1);
        }
    return NULL;
}

TORC_TEST(a_share_is_as_many_as_it_has_from_its_first_on)
{
    for (uint32_t count = 1; count <= 4; count++)
        for (uint32_t i = 0; i < count; i++)
            for (uint64_t first = 0; first < 9; first++)
                for (uint64_t last = first; last < 9; last++) {
                    struct torci_shard shard = {i, count, NULL};
                    uint64_t had = 0;
                    uint64_t its_first = 99;
                    uint64_t begin = 99;

                    for (uint64_t s = first; s <= last; s++)
                        if (torci_shard_has(&shard, s) && had++ == 0)
                            its_first = s;
                    assert_int_equal(torci_shard_share(&shard, first, last, &begin), had);
                    assert_int_equal(begin, its_first);
                }
    return NULL;
}

TORC_TEST(a_shard_is_a_number_below_that_of_all)
{
    static const char *const wrong[] = {"", "1", "1/", "/2", "2/2", "-1/2", "0/0", "1/2/3", "a/b",
                                        " 1/2", "1/ 2", "0x1/2", "0/99999999999999999999", "1/1000001"};
    struct torci_shard shard;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(torci_shard_read("explore", wrong[i], &shard), TORCI_EXIT_USAGE);
    assert_int_equal(torci_shard_read("explore", "3/4", &shard), 0);
    assert_int_equal(shard.index, 3);
    assert_int_equal(shard.count, 4);
    return NULL;
}

static void expect(const char *source, uint32_t index, uint32_t count)
{
    struct torci_shard shard;

    assert_int_equal(torci_shard_from_environment("explore", &shard), 0);
    assert_int_equal(shard.index, index);
    assert_int_equal(shard.count, count);
    if (source == NULL)
        assert_null(shard.source);
    else
        assert_string_equal(shard.source, source);
}

TORC_TEST(the_environment_tells_it_and_bazel_comes_before_slurm_and_kubernetes, .group = &without_variables)
{
    expect(NULL, 0, 1);
    setenv("JOB_COMPLETION_INDEX", "2", 1);
    setenv("JOB_COMPLETIONS", "8", 1);
    expect("JOB_COMPLETION_INDEX", 2, 8);
    setenv("SLURM_ARRAY_TASK_ID", "5", 1);
    setenv("SLURM_ARRAY_TASK_COUNT", "6", 1);
    expect("SLURM_ARRAY_TASK_ID", 5, 6);
    setenv("TEST_SHARD_INDEX", "0", 1);
    setenv("TEST_TOTAL_SHARDS", "3", 1);
    expect("TEST_SHARD_INDEX", 0, 3);
    return NULL;
}

TORC_TEST(an_array_of_slurm_may_begin_anywhere_and_have_steps, .group = &without_variables)
{
    setenv("SLURM_ARRAY_TASK_COUNT", "4", 1);
    setenv("SLURM_ARRAY_TASK_MIN", "1", 1);
    setenv("SLURM_ARRAY_TASK_MAX", "4", 1);
    setenv("SLURM_ARRAY_TASK_ID", "4", 1);
    expect("SLURM_ARRAY_TASK_ID", 3, 4);
    setenv("SLURM_ARRAY_TASK_STEP", "2", 1);
    setenv("SLURM_ARRAY_TASK_MAX", "7", 1);
    setenv("SLURM_ARRAY_TASK_ID", "5", 1);
    expect("SLURM_ARRAY_TASK_ID", 2, 4);
    return NULL;
}

/* NAME, VALUE, ...; what is set so is refused. */
static void refused(const char *const *settings)
{
    struct torci_shard shard;

    clear(NULL);
    for (; *settings != NULL; settings += 2)
        setenv(settings[0], settings[1], 1);
    assert_int_equal(torci_shard_from_environment("explore", &shard), TORCI_EXIT_USAGE);
}

TORC_TEST(what_an_environment_tells_by_half_is_refused, .group = &without_variables)
{
    static const char *const index_alone[] = {"JOB_COMPLETION_INDEX", "1", NULL};
    static const char *const too_high[] = {"TEST_SHARD_INDEX", "4", "TEST_TOTAL_SHARDS", "4", NULL};
    static const char *const none[] = {"TEST_SHARD_INDEX", "0", "TEST_TOTAL_SHARDS", "0", NULL};
    static const char *const no_number[] = {"TEST_SHARD_INDEX", "one", "TEST_TOTAL_SHARDS", "4", NULL};
    static const char *const gaps[] = {"SLURM_ARRAY_TASK_ID",  "1", "SLURM_ARRAY_TASK_COUNT", "3",
                                       "SLURM_ARRAY_TASK_MIN", "1", "SLURM_ARRAY_TASK_MAX",   "9", NULL};
    static const char *const below[] = {"SLURM_ARRAY_TASK_ID", "1", "SLURM_ARRAY_TASK_COUNT", "3",
                                        "SLURM_ARRAY_TASK_MIN", "2", NULL};

    refused(index_alone);
    refused(too_high);
    refused(none);
    refused(no_number);
    refused(gaps);
    refused(below);
    return NULL;
}

TORC_TRIAL_MAIN
