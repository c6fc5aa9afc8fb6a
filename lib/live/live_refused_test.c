/* Whatever the C library and libevent refuse is told, and nothing is left of what was begun.  This program is linked
 * so that the calls below come here first (Makefile: refused_calls). */
#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "live_pair.h"

/* --- refusing ------------------------------------------------------------------------------------- */

static const char *refused_call; /* NULL: none */
static int calls_before;         /* it; < 0: it was refused */
static int refused_errno;
static atomic_long blocks;

static bool refused(const char *call)
{
    if (refused_call == NULL || strcmp(call, refused_call) != 0 || calls_before-- != 0)
        return false;
    errno = refused_errno;
    return true;
}

static bool was_refused(void)
{
    return refused_call != NULL && calls_before < 0;
}

static void refuse(const char *call, int before, int error)
{
    calls_before = before;
    refused_errno = error;
    refused_call = call;
}

#define COMES_HERE(type, name, parameters, arguments, instead)                                     \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return refused(#name) ? (instead) : __real_##name arguments;                               \
    }
COMES_HERE(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1)
COMES_HERE(int, bind, (int fd, const struct sockaddr *name, socklen_t size), (fd, name, size), -1)
COMES_HERE(int, listen, (int fd, int backlog), (fd, backlog), -1)
COMES_HERE(int, connect, (int fd, const struct sockaddr *name, socklen_t size), (fd, name, size), -1)
COMES_HERE(int, accept4, (int fd, struct sockaddr *name, socklen_t *size, int flags), (fd, name, size, flags), -1)
COMES_HERE(int, getsockname, (int fd, struct sockaddr *name, socklen_t *size), (fd, name, size), -1)
COMES_HERE(int, getpeername, (int fd, struct sockaddr *name, socklen_t *size), (fd, name, size), -1)
COMES_HERE(int, shutdown, (int fd, int how), (fd, how), -1)
COMES_HERE(int, chmod, (const char *path, mode_t mode), (path, mode), -1)
COMES_HERE(int, pthread_create,
           (pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg),
           (thread, attributes, run, arg), EAGAIN)
COMES_HERE(int, getaddrinfo,
           (const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out),
           (name, service, hints, out), errno)
COMES_HERE(struct event_config *, event_config_new, (void), (), NULL)
COMES_HERE(struct event_base *, event_base_new_with_config, (const struct event_config *config), (config), NULL)
COMES_HERE(int, event_add, (struct event *event, const struct timeval *timeout), (event, timeout), -1)

/* NOLINTBEGIN(bugprone-reserved-identifier): so the linker calls them. */

/* Closing lingers or not; it has nobody to tell. */
int __real_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
    if (option != SO_LINGER && refused("setsockopt"))
        return -1;
    return __real_setsockopt(fd, level, option, value, size);
}

/* Memory is counted as well. */
static void *counted(void *block)
{
    if (block != NULL)
        atomic_fetch_add(&blocks, 1);
    return block;
}

void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes)
{
    return refused("malloc") ? NULL : counted(__real_malloc(bytes));
}

void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes)
{
    return refused("calloc") ? NULL : counted(__real_calloc(count, bytes));
}

void __real_free(void *block);
void __wrap_free(void *block);
void __wrap_free(void *block)
{
    if (block != NULL)
        atomic_fetch_sub(&blocks, 1);
    __real_free(block);
}

/* NOLINTEND(bugprone-reserved-identifier) */

static long descriptors(void)
{
    DIR *list = opendir("/proc/self/fd");
    long count = 0;

    assert_non_null(list);
    while (readdir(list) != NULL)
        count++;
    closedir(list);
    return count;
}

/* --- a tour of everything --------------------------------------------------------------------------- */

enum { TOKEN_LOOKUP = 20, TOKEN_WORK, HANDLES_MAX = 8 };

struct tour {
    struct torc_platform *platform;
    const struct torc_platform_ops *ops;
    uint64_t handles[HANDLES_MAX];
    size_t count;
    int waiting; /* for so many ends of lookups and jobs */
    uint64_t lookup;
};

static int work(void *arg)
{
    (void)arg;
    return 0;
}

static int look_up(void *arg, const char *name, enum torc_address_family family, struct torc_address *out,
                   size_t capacity, size_t *out_count)
{
    (void)arg;
    (void)name;
    (void)family;
    (void)capacity;
    *out = torc_address_ipv4(10, 0, 0, 1, 0);
    *out_count = 1;
    return 0;
}

/* Keeps a handle that was made; one that was not has been left alone. */
static int kept(struct tour *tour, int error, const uint64_t *handle)
{
    if (error == 0)
        tour->handles[tour->count++] = *handle;
    else
        assert_int_equal(*handle, 4711);
    return error;
}

static int listen_to(struct tour *tour, const struct torc_address *address)
{
    const struct torc_listen_settings settings = {16, address->family == TORC_ADDRESS_UNIX ? 0600 : 0};
    uint64_t handle = 4711;
    int error = tour->ops->listen(tour->platform, address, &settings, TOKEN_LISTENER, &handle);

    return kept(tour, error, &handle);
}

static int listen_to_path(struct tour *tour)
{
    struct torc_address address = {.family = TORC_ADDRESS_UNIX, .path_bytes = 6, .path = "socket"};

    return listen_to(tour, &address);
}

/* Without IPv6 there is nothing to refuse. */
static int listen_to_ipv6(struct tour *tour)
{
    struct torc_address address = {.family = TORC_ADDRESS_IPV6};
    int error = listen_to(tour, &address);

    return was_refused() ? error : 0;
}

static int make_connection(struct tour *tour)
{
    const struct torc_address any = torc_address_ipv4(127, 0, 0, 1, 0);
    struct torc_address address, peer;
    uint64_t listener, handle = 4711;
    uint64_t until = patience(tour->platform);
    int error = listen_to(tour, &any);

    if (error != 0)
        return error;
    listener = tour->handles[tour->count - 1];
    error = tour->ops->names(tour->platform, listener, &address, NULL);
    if (error == 0)
        error = kept(tour, tour->ops->connect(tour->platform, &address, &any, TOKEN_CLIENT, &handle), &handle);
    handle = 4711;
    if (error == 0)
        do
            error = tour->ops->accept(tour->platform, listener, TOKEN_SERVER, &handle, &peer);
        while (error == TORC_EAGAIN && tour->ops->now_ns(tour->platform) < until);
    else
        return error;
    error = kept(tour, error, &handle);
    if (error == 0)
        error = tour->ops->names(tour->platform, handle, &address, &peer);
    if (error == 0)
        error = tour->ops->set_option(tour->platform, handle, TORC_STREAM_NODELAY, 1);
    return error != 0 ? error : tour->ops->shutdown(tour->platform, handle);
}

static int open_datagrams(struct tour *tour)
{
    struct torc_address local = torc_address_ipv4(127, 0, 0, 1, 0), ipv6 = {.family = TORC_ADDRESS_IPV6};
    const unsigned flags = TORC_DATAGRAM_BROADCAST | TORC_DATAGRAM_REUSE;
    uint64_t handle = 4711;
    int error = kept(tour, tour->ops->datagram_open(tour->platform, &local, flags, 7, &handle), &handle);

    if (error != 0)
        return error;
    local.port = 9;
    error = tour->ops->datagram_connect(tour->platform, handle, &local);
    if (error != 0)
        return error;
    handle = 4711;
    error = kept(tour, tour->ops->datagram_open(tour->platform, &ipv6, flags, 8, &handle), &handle);
    return was_refused() ? error : 0;
}

static int use_threads(struct tour *tour)
{
    uint64_t handle = 4711;
    int error = tour->ops->submit(tour->platform, work, NULL, TOKEN_WORK);

    tour->waiting += error == 0;
    if (error == 0)
        error = tour->ops->resolve(tour->platform, "name", TORC_ADDRESS_NONE, TOKEN_LOOKUP, &handle);
    if (error == 0) {
        tour->waiting += tour->lookup == 0;
        tour->lookup = handle;
    }
    return error;
}

static void close_all(struct tour *tour)
{
    while (tour->waiting > 0) {
        struct torc_platform_event event = next_event(tour->platform);

        tour->waiting -= event.token == TOKEN_LOOKUP || event.token == TOKEN_WORK;
    }
    if (tour->lookup != 0)
        tour->ops->resolve_end(tour->platform, tour->lookup);
    while (tour->count > 0)
        tour->ops->close(tour->platform, tour->handles[--tour->count], TORC_CLOSE_ABORT);
    torc_live_free(tour->platform);
}

/* The error of the first step that fails. */
static int go_round(void)
{
    static int (*const steps[])(struct tour *) = {listen_to_path, listen_to_ipv6, make_connection, open_datagrams,
                                                  use_threads};
    struct torc_live_options options = TORC_LIVE_OPTIONS_INIT;
    struct tour tour = {0};
    int error;

    options.look_up = look_up;
    error = torc_live_new(&options, &tour.platform);
    if (error != 0) {
        assert_null(tour.platform);
        return error;
    }
    tour.ops = tour.platform->ops;
    for (size_t i = 0; error == 0 && i < sizeof steps / sizeof steps[0]; i++)
        error = steps[i](&tour);
    close_all(&tour);
    return error;
}

/* --- claims ----------------------------------------------------------------------------------------- */

/* Refuses the first such call, then the second, ... until the tour makes no more. */
static void each_is_told_as(const char *call, int error, int code, int least)
{
    int count = 0;

    for (;; count++) {
        long open = descriptors(), held = atomic_load(&blocks);
        int told;

        refuse(call, count, error);
        told = go_round();
        if (!was_refused())
            break;
        refused_call = NULL;
        if (told != code)
            fail_msg("%s number %d was refused, and %d was told", call, count + 1, told);
        assert_int_equal(descriptors(), open);
        assert_int_equal(atomic_load(&blocks), held);
    }
    refused_call = NULL;
    if (count < least)
        fail_msg("%s was called %d times, not %d", call, count, least);
}

TORC_TEST(nothing_refused_is_no_error)
{
    long open = descriptors(), held = atomic_load(&blocks);

    assert_int_equal(go_round(), 0);
    assert_int_equal(descriptors(), open);
    assert_int_equal(atomic_load(&blocks), held);
    return NULL;
}

TORC_TEST(memory_that_is_refused_is_told_and_nothing_is_left)
{
    each_is_told_as("malloc", ENOMEM, TORC_ENOMEM, 8);
    each_is_told_as("calloc", ENOMEM, TORC_ENOMEM, 3);
    return NULL;
}

TORC_TEST(a_socket_call_that_is_refused_is_told_and_nothing_is_left)
{
    static const struct {
        const char *call;
        int least;
    } calls[] = {{"socket", 4},      {"bind", 4},        {"listen", 2},      {"connect", 2}, {"accept4", 1},
                 {"getsockname", 2}, {"getpeername", 1}, {"setsockopt", 4}, {"shutdown", 1}, {"chmod", 1}};

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        each_is_told_as(calls[i].call, ENOBUFS, TORC_ENOBUFS, calls[i].least);
    return NULL;
}

TORC_TEST(a_thread_that_is_refused_is_told_when_there_is_none)
{
    each_is_told_as("pthread_create", 0, TORC_ENOMEM, 2);
    return NULL;
}

TORC_TEST(what_libevent_refuses_is_told_and_nothing_is_left)
{
    each_is_told_as("event_config_new", 0, TORC_ENOMEM, 1);
    each_is_told_as("event_base_new_with_config", 0, TORC_ENOMEM, 1);
    each_is_told_as("event_add", 0, TORC_ENOMEM, 3);
    return NULL;
}

TORC_TEST(a_connection_that_died_while_it_waited_is_an_aborted_one)
{
    static const int errors[] = {EPERM, EPROTO, ENETDOWN, EHOSTUNREACH, ETIMEDOUT};

    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        each_is_told_as("accept4", errors[i], TORC_ECONNABORTED, 1);
    return NULL;
}

TORC_TEST(a_unix_listener_with_a_full_backlog_refuses)
{
    refuse("connect", 0, EAGAIN);
    assert_int_equal(go_round(), TORC_ECONNREFUSED);
    refused_call = NULL;
    return NULL;
}

TORC_TEST(what_the_system_says_of_a_name_is_told)
{
    static const struct {
        int error;
        int code;
    } answers[] = {{EAI_NONAME, TORC_ENOTFOUND}, {EAI_MEMORY, TORC_ENOMEM}, {EAI_AGAIN, TORC_EIO}, {EAI_FAIL, TORC_EIO}};

    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct torc_platform *platform;
        uint64_t handle;

        assert_int_equal(torc_live_new(NULL, &platform), 0);
        refuse("getaddrinfo", 0, answers[i].error);
        assert_int_equal(platform->ops->resolve(platform, "name.invalid", TORC_ADDRESS_NONE, TOKEN_LOOKUP, &handle), 0);
        expect_event(platform, TOKEN_LOOKUP, TORC_EVENT_NAMES, answers[i].code);
        refused_call = NULL;
        platform->ops->resolve_end(platform, handle);
        torc_live_free(platform);
    }
    return NULL;
}

TORC_TEST(what_is_no_address_is_told)
{
    const struct torc_address none = {.family = TORC_ADDRESS_NONE}, no_path = {.family = TORC_ADDRESS_UNIX};
    const struct torc_address any = torc_address_ipv4(127, 0, 0, 1, 0);
    struct tour tour = {0};
    uint64_t handle = 4711, port;

    assert_int_equal(torc_live_new(NULL, &tour.platform), 0);
    tour.ops = tour.platform->ops;
    assert_int_equal(tour.ops->connect(tour.platform, &none, NULL, 1, &handle), TORC_EAFNOSUPPORT);
    assert_int_equal(tour.ops->connect(tour.platform, &any, &no_path, 1, &handle), TORC_EINVAL);
    assert_int_equal(tour.ops->datagram_open(tour.platform, &no_path, 0, 1, &handle), TORC_EAFNOSUPPORT);
    assert_int_equal(handle, 4711);
    assert_int_equal(tour.ops->datagram_open(tour.platform, &any, 0, 1, &port), 0);
    assert_int_equal(tour.ops->datagram_connect(tour.platform, port, &none), TORC_EAFNOSUPPORT);
    assert_int_equal(tour.ops->datagram_send(tour.platform, port, &none, "x", 1), TORC_EAFNOSUPPORT);
    assert_int_equal(kept(&tour, 0, &port), 0);
    close_all(&tour);
    return NULL;
}

TORC_TRIAL_MAIN
