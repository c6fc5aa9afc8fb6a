#include <netdb.h>
#include "live_pair.h"

/* Looks names up for the test: "stuck" waits until it is let go, "no" is not there, anything else is 10.0.0.1. */
struct desk {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int entered;
    int left;
    bool open;
};
#define DESK_INIT {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, false}

static int look_up(void *arg, const char *name, enum torc_address_family family,
                   struct torc_address *out, size_t capacity, size_t *out_count)
{
    struct desk *desk = arg;

    (void)family;
    (void)capacity;
    pthread_mutex_lock(&desk->mutex);
    desk->entered++;
    pthread_cond_broadcast(&desk->changed);
    while (strcmp(name, "stuck") == 0 && !desk->open)
        pthread_cond_wait(&desk->changed, &desk->mutex);
    desk->left++;
    pthread_cond_broadcast(&desk->changed);
    pthread_mutex_unlock(&desk->mutex);
    if (strcmp(name, "no") == 0)
        return TORC_ENOTFOUND;
    *out = torc_address_ipv4(10, 0, 0, 1, 0);
    *out_count = 1;
    return 0;
}

static void await(struct desk *desk, const int *counter, int least)
{
    pthread_mutex_lock(&desk->mutex);
    while (*counter < least)
        pthread_cond_wait(&desk->changed, &desk->mutex);
    pthread_mutex_unlock(&desk->mutex);
}

static void let_go(struct desk *desk)
{
    pthread_mutex_lock(&desk->mutex);
    desk->open = true;
    pthread_cond_broadcast(&desk->changed);
    pthread_mutex_unlock(&desk->mutex);
}

static struct torc_platform *platform_with(struct desk *desk, unsigned threads, size_t queued_max)
{
    struct torc_live_options options = TORC_LIVE_OPTIONS_INIT;
    struct torc_platform *platform;

    options.lookup_threads = threads;
    options.lookups_queued_max = queued_max;
    options.look_up = desk != NULL ? look_up : NULL;
    options.look_up_arg = desk;
    assert_int_equal(torc_live_new(&options, &platform), 0);
    return platform;
}

static uint64_t resolve(struct torc_platform *platform, const char *name, uint64_t token)
{
    uint64_t handle = 0;

    assert_int_equal(platform->ops->resolve(platform, name, TORC_ADDRESS_NONE, token, &handle), 0);
    return handle;
}

/* A minimal system may have no /etc/hosts. */
static bool system_knows(const char *name)
{
    struct addrinfo *list;

    if (getaddrinfo(name, NULL, NULL, &list) != 0)
        return false;
    freeaddrinfo(list);
    return true;
}

TORC_TEST(localhost_is_what_the_system_says)
{
    struct torc_platform *platform = platform_with(NULL, 0, 0);
    struct torc_address list[8];
    uint64_t handle = resolve(platform, "localhost", 1);
    bool known = system_knows("localhost");
    size_t count, i;

    expect_event(platform, 1, TORC_EVENT_NAMES, known ? 0 : TORC_ENOTFOUND);
    count = known ? platform->ops->resolved(platform, handle, list, 8) : 0;
    assert_true(count <= 8 && (count > 0) == known);
    for (i = 0; i < count; i++) {
        assert_int_equal(list[i].port, 0);
        assert_true(list[i].family == TORC_ADDRESS_IPV4 ? list[i].ip[0] == 127 : list[i].ip[15] == 1);
    }
    platform->ops->resolve_end(platform, handle);
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(a_number_is_its_own_address)
{
    struct torc_platform *platform = platform_with(NULL, 0, 0);
    struct torc_address list[8];
    uint64_t handle = resolve(platform, "192.0.2.7", 2);

    expect_event(platform, 2, TORC_EVENT_NAMES, 0);
    assert_int_equal(platform->ops->resolved(platform, handle, list, 8), 1);
    assert_int_equal(list[0].ip[3], 7);
    platform->ops->resolve_end(platform, handle);
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(an_answer_is_told_once_and_stays_until_it_is_let_go)
{
    struct desk desk = DESK_INIT;
    struct torc_platform *platform = platform_with(&desk, 1, 0);
    struct torc_address list[2];
    uint64_t yes = resolve(platform, "yes", 7), no = resolve(platform, "no", 8);

    expect_event(platform, 7, TORC_EVENT_NAMES, 0);
    expect_event(platform, 8, TORC_EVENT_NAMES, TORC_ENOTFOUND);
    assert_true(tells_nothing(platform));
    assert_int_equal(platform->ops->resolved(platform, yes, NULL, 0), 1);
    assert_int_equal(platform->ops->resolved(platform, yes, list, 2), 1);
    platform->ops->resolve_end(platform, yes);
    platform->ops->resolve_end(platform, no);
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(stuck_lookups_hold_up_others_only_when_all_threads_are_in_them)
{
    struct desk desk = DESK_INIT;
    struct torc_platform *platform = platform_with(&desk, 2, 0);
    uint64_t stuck[2] = {resolve(platform, "stuck", 1)}, others[2];

    await(&desk, &desk.entered, 1);
    others[0] = resolve(platform, "yes", 2);
    expect_event(platform, 2, TORC_EVENT_NAMES, 0);
    stuck[1] = resolve(platform, "stuck", 3);
    await(&desk, &desk.entered, 3);
    others[1] = resolve(platform, "yes", 4);
    assert_true(tells_nothing(platform));
    let_go(&desk);
    for (int i = 0; i < 3; i++)
        (void)next_event(platform);
    for (int i = 0; i < 2; i++) {
        platform->ops->resolve_end(platform, stuck[i]);
        platform->ops->resolve_end(platform, others[i]);
    }
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(too_many_waiting_lookups_are_refused)
{
    struct desk desk = DESK_INIT;
    struct torc_platform *platform = platform_with(&desk, 1, 1);
    uint64_t stuck = resolve(platform, "stuck", 1), waiting, more;

    await(&desk, &desk.entered, 1);
    waiting = resolve(platform, "yes", 2);
    assert_int_equal(platform->ops->resolve(platform, "yes", TORC_ADDRESS_NONE, 3, &more), TORC_ELIMIT);
    platform->ops->resolve_end(platform, waiting); /* which makes room */
    waiting = resolve(platform, "yes", 4);
    let_go(&desk);
    (void)next_event(platform);
    (void)next_event(platform);
    platform->ops->resolve_end(platform, waiting);
    platform->ops->resolve_end(platform, stuck);
    torc_live_free(platform);
    return NULL;
}

/* Waiting, running, done and told. */
TORC_TEST(what_is_let_go_of_is_not_told)
{
    struct desk desk = DESK_INIT;
    struct torc_platform *platform = platform_with(&desk, 1, 0);
    uint64_t stuck = resolve(platform, "stuck", 1), waiting, last;

    await(&desk, &desk.entered, 1);
    waiting = resolve(platform, "yes", 2);
    platform->ops->resolve_end(platform, waiting);
    platform->ops->resolve_end(platform, stuck);
    let_go(&desk);
    last = resolve(platform, "yes", 3);
    expect_event(platform, 3, TORC_EVENT_NAMES, 0);
    platform->ops->resolve_end(platform, last);
    assert_true(tells_nothing(platform));
    torc_live_free(platform);
    return NULL;
}

TORC_TEST(a_platform_is_freed_without_waiting_for_a_stuck_lookup)
{
    static struct desk desk = DESK_INIT; /* the thread outlives the platform */
    struct torc_platform *platform = platform_with(&desk, 2, 0);
    uint64_t abandoned = resolve(platform, "stuck", 1);

    (void)resolve(platform, "stuck", 2); /* and one nobody lets go of */
    await(&desk, &desk.entered, 2);
    platform->ops->resolve_end(platform, abandoned);
    torc_live_free(platform);
    let_go(&desk);
    await(&desk, &desk.left, 2);
    return NULL;
}

TORC_TRIAL_MAIN
