#include "live_pair.h"

/* A job that waits until the test lets it go, so that nothing depends on time. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int entered;
    bool open;
    int ran;
};
#define GATE_INIT {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false, 0}

static int pass_gate(void *arg)
{
    struct gate *gate = arg;

    pthread_mutex_lock(&gate->mutex);
    gate->entered++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    gate->ran++;
    pthread_mutex_unlock(&gate->mutex);
    return TORC_EIO;
}

static void await_entered(struct gate *gate, int count)
{
    pthread_mutex_lock(&gate->mutex);
    while (gate->entered < count)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void open_gate(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

static struct torc_platform *platform_with(unsigned threads, size_t queued_max)
{
    struct torc_live_options options = TORC_LIVE_OPTIONS_INIT;
    struct torc_platform *platform;

    options.threads = threads;
    options.jobs_queued_max = queued_max;
    assert_int_equal(torc_live_new(&options, &platform), 0);
    return platform;
}

static int double_it(void *arg)
{
    int *number = arg;

    *number *= 2;
    return 0;
}

static int is_in_reactor(void *arg)
{
    struct torc_platform *platform = arg;

    return platform->ops->in_reactor(platform) ? TORC_EBUSY : TORC_EAGAIN;
}

TORC_TEST(a_job_runs_elsewhere_and_its_result_is_told)
{
    struct torc_platform *platform = platform_with(0, 0);
    int number = 21;

    assert_int_equal(platform->ops->submit(platform, double_it, &number, 5), 0);
    expect_event(platform, 5, TORC_EVENT_JOB, 0);
    assert_int_equal(number, 42);
    assert_int_equal(platform->ops->submit(platform, is_in_reactor, platform, 6), 0);
    expect_event(platform, 6, TORC_EVENT_JOB, TORC_EAGAIN);
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(no_thread_is_started_before_there_is_work)
{
    struct torc_platform *platform = platform_with(3, 0);
    int number = 1;

    assert_int_equal(live_of(platform)->jobs.threads_started, 0);
    for (uint64_t i = 0; i < 20; i++) {
        assert_int_equal(platform->ops->submit(platform, double_it, &number, i), 0);
        expect_event(platform, i, TORC_EVENT_JOB, 0);
    }
    assert_in_range(live_of(platform)->jobs.threads_started, 1, 3);
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(jobs_run_at_the_same_time_up_to_the_number_of_threads)
{
    struct torc_platform *platform = platform_with(3, 0);
    struct gate gate = GATE_INIT;

    for (uint64_t i = 0; i < 5; i++)
        assert_int_equal(platform->ops->submit(platform, pass_gate, &gate, i), 0);
    await_entered(&gate, 3);
    pthread_mutex_lock(&gate.mutex);
    assert_int_equal(gate.entered, 3);
    pthread_mutex_unlock(&gate.mutex);
    assert_true(tells_nothing(platform));
    open_gate(&gate);
    for (int i = 0; i < 5; i++)
        assert_int_equal(next_event(platform).result, TORC_EIO);
    assert_true(tells_nothing(platform));
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(the_queue_has_a_limit)
{
    struct torc_platform *platform = platform_with(1, 2);
    struct gate gate = GATE_INIT;

    assert_int_equal(platform->ops->submit(platform, pass_gate, &gate, 1), 0);
    await_entered(&gate, 1);
    assert_int_equal(platform->ops->submit(platform, pass_gate, &gate, 2), 0);
    assert_int_equal(platform->ops->submit(platform, pass_gate, &gate, 3), 0);
    assert_int_equal(platform->ops->submit(platform, pass_gate, &gate, 4), TORC_ELIMIT);
    open_gate(&gate);
    expect_event(platform, 1, TORC_EVENT_JOB, TORC_EIO);
    expect_event(platform, 2, TORC_EVENT_JOB, TORC_EIO);
    expect_event(platform, 3, TORC_EVENT_JOB, TORC_EIO);
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(completions_that_do_not_fit_the_batch_are_told_next)
{
    struct torc_platform *platform = platform_with(1, 0);
    struct torc_platform_event batch[4];
    int number = 0;
    size_t told = 0;

    for (uint64_t i = 0; i < 10; i++)
        assert_int_equal(platform->ops->submit(platform, double_it, &number, i), 0);
    while (told < 10) {
        size_t count = platform->ops->wait(platform, patience(platform), batch, 4);

        for (size_t i = 0; i < count; i++)
            assert_int_equal(batch[i].token, told + i); /* one thread: in order */
        told += count;
    }
    torc_live_free(platform);
    return NULL;
}

static void *free_it(void *arg)
{
    torc_live_free(arg);
    return NULL;
}

TORC_TEST(freeing_waits_for_what_runs_and_drops_what_waits)
{
    struct torc_platform *platform = platform_with(1, 0);
    struct gate gate = GATE_INIT;
    pthread_t thread;

    assert_int_equal(platform->ops->submit(platform, pass_gate, &gate, 1), 0);
    assert_int_equal(platform->ops->submit(platform, pass_gate, &gate, 2), 0);
    await_entered(&gate, 1);
    assert_int_equal(pthread_create(&thread, NULL, free_it, platform), 0);
    open_gate(&gate);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_in_range(gate.ran, 1, 2);
    return NULL;
}

TORC_TRIAL_MAIN
