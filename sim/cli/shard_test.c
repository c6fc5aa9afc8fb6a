#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "command.h"
#include "shard.h"

static const char *const variables[] = {
    "TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS", "TEST_SHARD_STATUS_FILE", "SLURM_ARRAY_TASK_ID",
    "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP",
    "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS",
};

static int clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    return 0;
}

static void every_number_belongs_to_exactly_one_shard(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= 5; count++)
        for (uint64_t number = UINT64_MAX - 20; number >= UINT64_MAX - 20; number++) {
            unsigned owners = 0;

            for (uint32_t i = 0; i < count; i++)
                owners += torci_shard_has(&(struct torci_shard){i, count, NULL}, number) ? 1 : 0;
            assert_int_equal(owners, 1);
        }
}

static void a_share_is_as_many_as_it_has_from_its_first_on(void **state)
{
    (void)state;
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
}

static void a_shard_is_a_number_below_that_of_all(void **state)
{
    static const char *const wrong[] = {"", "1", "1/", "/2", "2/2", "-1/2", "0/0", "1/2/3", "a/b",
                                        " 1/2", "1/ 2", "0x1/2", "0/99999999999999999999", "1/1000001"};
    struct torci_shard shard;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(torci_shard_read("explore", wrong[i], &shard), TORCI_EXIT_USAGE);
    assert_int_equal(torci_shard_read("explore", "3/4", &shard), 0);
    assert_int_equal(shard.index, 3);
    assert_int_equal(shard.count, 4);
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

static void the_environment_tells_it_and_bazel_comes_before_slurm_and_kubernetes(void **state)
{
    (void)state;
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
}

static void an_array_of_slurm_may_begin_anywhere_and_have_steps(void **state)
{
    (void)state;
    setenv("SLURM_ARRAY_TASK_COUNT", "4", 1);
    setenv("SLURM_ARRAY_TASK_MIN", "1", 1);
    setenv("SLURM_ARRAY_TASK_MAX", "4", 1);
    setenv("SLURM_ARRAY_TASK_ID", "4", 1);
    expect("SLURM_ARRAY_TASK_ID", 3, 4);
    setenv("SLURM_ARRAY_TASK_STEP", "2", 1);
    setenv("SLURM_ARRAY_TASK_MAX", "7", 1);
    setenv("SLURM_ARRAY_TASK_ID", "5", 1);
    expect("SLURM_ARRAY_TASK_ID", 2, 4);
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

static void what_an_environment_tells_by_half_is_refused(void **state)
{
    static const char *const index_alone[] = {"JOB_COMPLETION_INDEX", "1", NULL};
    static const char *const too_high[] = {"TEST_SHARD_INDEX", "4", "TEST_TOTAL_SHARDS", "4", NULL};
    static const char *const none[] = {"TEST_SHARD_INDEX", "0", "TEST_TOTAL_SHARDS", "0", NULL};
    static const char *const no_number[] = {"TEST_SHARD_INDEX", "one", "TEST_TOTAL_SHARDS", "4", NULL};
    static const char *const gaps[] = {"SLURM_ARRAY_TASK_ID",  "1", "SLURM_ARRAY_TASK_COUNT", "3",
                                       "SLURM_ARRAY_TASK_MIN", "1", "SLURM_ARRAY_TASK_MAX",   "9", NULL};
    static const char *const below[] = {"SLURM_ARRAY_TASK_ID", "1", "SLURM_ARRAY_TASK_COUNT", "3",
                                        "SLURM_ARRAY_TASK_MIN", "2", NULL};

    (void)state;
    refused(index_alone);
    refused(too_high);
    refused(none);
    refused(no_number);
    refused(gaps);
    refused(below);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_belongs_to_exactly_one_shard),
        cmocka_unit_test(a_share_is_as_many_as_it_has_from_its_first_on),
        cmocka_unit_test(a_shard_is_a_number_below_that_of_all),
        cmocka_unit_test_setup_teardown(the_environment_tells_it_and_bazel_comes_before_slurm_and_kubernetes,
                                        clear, clear),
        cmocka_unit_test_setup_teardown(an_array_of_slurm_may_begin_anywhere_and_have_steps, clear, clear),
        cmocka_unit_test_setup_teardown(what_an_environment_tells_by_half_is_refused, clear, clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
