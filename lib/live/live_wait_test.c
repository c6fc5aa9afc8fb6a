#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live_pair.h"

static struct torc_deferred *open_platform(struct torc_trial *trial)
{
    struct torc_platform *platform;

    torc_trial_need(trial, torc_live_new(NULL, &platform));
    torc_trial_set_state(trial, platform);
    return NULL;
}

static struct torc_deferred *close_platform(struct torc_trial *trial)
{
    torc_live_free(torc_trial_state(trial));
    return NULL;
}

static const struct torc_trial_group with_platform = {.set_up = open_platform, .tear_down = close_platform};

TORC_TEST(a_deadline_of_zero_polls, .group = &with_platform)
{
    struct torc_platform *platform = torc_trial_state(trial);
    struct torc_platform_event event;

    assert_int_equal(platform->ops->wait(platform, 0, &event, 1), 0);
    assert_int_equal(platform->ops->wait(platform, 1, &event, 1), 0);
    return NULL;
}

TORC_TEST(waiting_ends_at_the_deadline_and_not_before, .group = &with_platform)
{
    struct torc_platform *platform = torc_trial_state(trial);
    struct torc_platform_event event;

    for (uint64_t i = 0; i < 20; i++) {
        uint64_t deadline_ns = platform->ops->now_ns(platform) + i * 50021;

        assert_int_equal(platform->ops->wait(platform, deadline_ns, &event, 1), 0);
        assert_true(platform->ops->now_ns(platform) >= deadline_ns);
    }
    return NULL;
}

TORC_TEST(a_deadline_may_move_either_way, .group = &with_platform)
{
    struct torc_platform *platform = torc_trial_state(trial);
    struct torc_platform_event event;
    uint64_t begin_ns = platform->ops->now_ns(platform);

    platform->ops->wake(platform);
    platform->ops->wait(platform, begin_ns + 200000, &event, 1);
    platform->ops->wait(platform, begin_ns + 3000000, &event, 1); /* later: not cut short */
    assert_true(platform->ops->now_ns(platform) >= begin_ns + 3000000);
    platform->ops->wake(platform);
    platform->ops->wait(platform, begin_ns + UINT64_C(60000000000), &event, 1);
    platform->ops->wait(platform, begin_ns + 4000000, &event, 1); /* earlier: in time */
    assert_true(platform->ops->now_ns(platform) < begin_ns + UINT64_C(30000000000));
    return NULL;
}

TORC_TEST(a_wake_before_the_wait_ends_it, .group = &with_platform)
{
    struct torc_platform *platform = torc_trial_state(trial);
    struct torc_platform_event event;

    platform->ops->wake(platform);
    assert_int_equal(platform->ops->wait(platform, TORC_NEVER, &event, 1), 0);
    return NULL;
}

TORC_TEST(many_wakes_are_one, .group = &with_platform)
{
    struct torc_platform *platform = torc_trial_state(trial);
    struct torc_platform_event event;
    uint64_t deadline_ns;

    for (int i = 0; i < 1000; i++)
        platform->ops->wake(platform);
    assert_int_equal(platform->ops->wait(platform, TORC_NEVER, &event, 1), 0);
    deadline_ns = platform->ops->now_ns(platform) + 100000;
    assert_int_equal(platform->ops->wait(platform, deadline_ns, &event, 1), 0);
    assert_true(platform->ops->now_ns(platform) >= deadline_ns);
    return NULL;
}

TORC_TEST(a_wake_keeps_errno, .group = &with_platform)
{
    struct torc_platform *platform = torc_trial_state(trial);

    errno = 4711;
    platform->ops->wake(platform);
    assert_int_equal(errno, 4711);
    return NULL;
}

static void *wake_it(void *arg)
{
    struct torc_platform *platform = arg;

    platform->ops->wake(platform);
    return platform->ops->in_reactor(platform) ? platform : NULL;
}

TORC_TEST(another_thread_wakes_a_wait_without_deadline, .group = &with_platform)
{
    struct torc_platform *platform = torc_trial_state(trial);
    struct torc_platform_event event;
    pthread_t thread;
    void *was_in_reactor;

    for (int i = 0; i < 50; i++) {
        assert_int_equal(pthread_create(&thread, NULL, wake_it, platform), 0);
        assert_int_equal(platform->ops->wait(platform, TORC_NEVER, &event, 1), 0);
        assert_int_equal(pthread_join(thread, &was_in_reactor), 0);
        assert_null(was_in_reactor);
    }
    assert_true(platform->ops->in_reactor(platform));
    return NULL;
}

#define MANY 40

struct many {
    struct torc_platform *platform;
    struct live_handle *handles[MANY];
    int peers[MANY];
};

/* Streams with something to read, the token being the index; peers are held as descriptors. */
static void open_many(struct many *many, struct torc_platform *platform)
{
    many->platform = platform;
    for (int i = 0; i < MANY; i++) {
        int ends[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
        many->handles[i] = torci_live_handle_new(live_of(platform));
        assert_non_null(many->handles[i]);
        torci_live_handle_open(many->handles[i], ends[0], LIVE_STREAM, TORC_ADDRESS_UNIX,
                               (uint64_t)i);
        many->peers[i] = ends[1];
        assert_int_equal(write(ends[1], "x", 1), 1);
        platform->ops->interest(platform, live_handle_name(many->handles[i]), TORC_EVENT_READ);
    }
}

static void close_many(struct many *many)
{
    for (int i = 0; i < MANY; i++) {
        if (many->handles[i] != NULL)
            many->platform->ops->close(many->platform, live_handle_name(many->handles[i]),
                                       TORC_CLOSE_NORMAL);
        close(many->peers[i]);
    }
}

TORC_TEST(a_small_batch_starves_nobody, .group = &with_platform)
{
    struct torc_platform *platform = torc_trial_state(trial);
    struct torc_platform_event batch[3];
    struct many many;
    int told[MANY] = {0};
    int untold = MANY;

    open_many(&many, platform);
    while (untold > 0) {
        size_t count = platform->ops->wait(platform, TORC_NEVER, batch, 3);

        assert_true(count >= 1 && count <= 3);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(batch[i].events, TORC_EVENT_READ);
            untold -= told[batch[i].token]++ == 0;
            assert_true(told[batch[i].token] <= 2);
        }
    }
    close_many(&many);
    return NULL;
}

TORC_TEST(a_handle_closed_or_muted_before_it_is_told_tells_nothing, .group = &with_platform)
{
    struct torc_platform *platform = torc_trial_state(trial);
    struct torc_platform_event batch[MANY];
    struct many many;
    uint64_t first;
    size_t count;

    open_many(&many, platform);
    assert_int_equal(platform->ops->wait(platform, TORC_NEVER, batch, 1), 1);
    first = batch[0].token;
    for (uint64_t i = 0; i < MANY; i++) {
        if (i != first && i % 3 == 0) {
            platform->ops->close(platform, live_handle_name(many.handles[i]), TORC_CLOSE_NORMAL);
            many.handles[i] = NULL;
        } else if (i % 3 == 1) {
            platform->ops->interest(platform, live_handle_name(many.handles[i]), 0);
        }
    }
    count = platform->ops->wait(platform, 0, batch, MANY);
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++)
        assert_true(batch[i].token % 3 == 2 || batch[i].token == first);
    close_many(&many);
    return NULL;
}

TORC_TEST(readiness_is_told_as_long_as_it_lasts, .group = &with_platform)
{
    struct torc_platform *platform = torc_trial_state(trial);
    struct torc_platform_event batch[MANY];
    struct many many;

    open_many(&many, platform);
    for (int i = 0; i < 10; i++)
        assert_true(platform->ops->wait(platform, i % 2 == 0 ? TORC_NEVER : 0, batch, MANY) > 0);
    close_many(&many);
    return NULL;
}

TORC_TEST(a_descriptor_that_cannot_be_watched_is_told_as_ready, .group = &with_platform)
{
    struct torc_platform *platform = torc_trial_state(trial);
    struct live_handle *handle = torci_live_handle_new(live_of(platform));
    uint64_t name = live_handle_name(handle);
    char byte;
    size_t bytes;

    /* The kernel refuses to watch a regular file. */
    torci_live_handle_open(handle, open("/proc/self/exe", O_RDONLY | O_CLOEXEC), LIVE_STREAM,
                           TORC_ADDRESS_UNIX, 77);
    platform->ops->interest(platform, name, TORC_EVENT_READ);
    expect_event(platform, 77, TORC_EVENT_READ, 0);
    expect_event(platform, 77, TORC_EVENT_READ, 0);
    assert_int_equal(platform->ops->read(platform, name, &byte, 1, &bytes), TORC_ECLOSED);
    platform->ops->interest(platform, name, 0);
    assert_true(tells_nothing(platform));
    platform->ops->interest(platform, name, TORC_EVENT_READ | TORC_EVENT_WRITE);
    platform->ops->close(platform, name, TORC_CLOSE_ABORT);
    assert_true(tells_nothing(platform));
    return NULL;
}

TORC_TRIAL_MAIN
