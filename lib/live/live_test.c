#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live_pair.h"

static int open_descriptors(void)
{
    DIR *list = opendir("/proc/self/fd");
    int count = 0;

    assert_non_null(list);
    while (readdir(list) != NULL)
        count++;
    closedir(list);
    return count;
}

TORC_TEST(every_slot_of_the_table_is_filled)
{
    struct torc_platform *platform;
    const unsigned char *slots;
    size_t from = offsetof(struct torc_platform_ops, now_ns);

    assert_int_equal(torc_live_new(NULL, &platform), 0);
    assert_int_equal(platform->ops->size, sizeof(struct torc_platform_ops));
    assert_string_equal(platform->ops->name, "live");
    assert_false(platform->ops->driven);
    slots = (const unsigned char *)platform->ops;
    for (size_t at = from; at < platform->ops->size; at += sizeof(void (*)(void))) {
        static const unsigned char hole[sizeof(void (*)(void))];

        assert_memory_not_equal(slots + at, hole, sizeof hole);
    }
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(freeing_null_is_a_no_op)
{
    torc_live_free(NULL);
    return NULL;
}

TORC_TEST(a_platform_gives_back_its_descriptors)
{
    int before = open_descriptors();
    struct torc_platform *platform;

    assert_int_equal(torc_live_new(NULL, &platform), 0);
    assert_true(open_descriptors() > before);
    torc_live_free(platform);
    assert_int_equal(open_descriptors(), before);
    return NULL;
}

TORC_TEST(without_descriptors_there_is_an_error_and_no_platform)
{
    int before = open_descriptors();
    struct rlimit limit;
    struct rlimit tight;
    struct torc_platform *platform = NULL;
    int lowest;
    int failures = 0;

    lowest = dup(0);
    assert_true(lowest >= 0);
    close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int room = 0; room < 6; room++) {
        tight = limit;
        tight.rlim_cur = (rlim_t)lowest + (rlim_t)room;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
        failures += torc_live_new(NULL, &platform) == TORC_EMFILE;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    }
    assert_int_equal(failures, 6);
    assert_null(platform);
    assert_int_equal(open_descriptors(), before);
    return NULL;
}

TORC_TEST(monotonic_time_goes_on_and_the_time_of_day_is_after_2020)
{
    struct torc_platform *platform;
    uint64_t first;

    assert_int_equal(torc_live_new(NULL, &platform), 0);
    first = platform->ops->now_ns(platform);
    assert_true(first > 0);
    assert_true(platform->ops->now_ns(platform) >= first);
    assert_true(platform->ops->wall_ns(platform) > UINT64_C(1577836800000000000));
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(random_bytes_differ_each_time)
{
    struct torc_platform *platform;
    unsigned char one[600] = {0};
    unsigned char two[600] = {0};

    assert_int_equal(torc_live_new(NULL, &platform), 0);
    platform->ops->random(platform, "test.one", one, sizeof one);
    platform->ops->random(platform, "test.one", two, sizeof two);
    assert_memory_not_equal(one, two, sizeof one);
    assert_memory_not_equal(one + 300, two + 300, 300);
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(memory_is_allocated_grown_and_freed)
{
    struct torc_platform *platform;
    char *block;

    assert_int_equal(torc_live_new(NULL, &platform), 0);
    assert_int_equal(platform->ops->admit(platform, 64), 0);
    block = platform->ops->resize(platform, NULL, 0, 8);
    assert_non_null(block);
    memcpy(block, "1234567", 8);
    block = platform->ops->resize(platform, block, 8, 4096);
    assert_string_equal(block, "1234567");
    assert_null(platform->ops->resize(platform, block, 4096, 0));
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(a_fatal_error_says_where_and_aborts)
{
    int out[2];
    char text[200] = {0};
    int status;
    pid_t child;

    assert_int_equal(pipe(out), 0);
    child = fork();
    if (child == 0) {
        const struct rlimit no_core = {0, 0};
        struct torc_platform *platform;

        signal(SIGABRT, SIG_DFL);
        (void)setrlimit(RLIMIT_CORE, &no_core);
        dup2(out[1], STDERR_FILENO);
        if (torc_live_new(NULL, &platform) == 0)
            platform->ops->fatal(platform, "here.c:7", "it broke");
        _exit(0);
    }
    close(out[1]);
    assert_true(read(out[0], text, sizeof text - 1) > 0);
    close(out[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(text, "torc: fatal: here.c:7: it broke (live, at "));
    return NULL;
}

TORC_TRIAL_MAIN
