#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <netdb.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <torc/guard.h>
#include <torc/sim.h>
#include <torc/trial.h>

/* Runs `escape` in a child and keeps what it printed.  Returns the signal it died of, or 0. */
static int run_in_child(void (*escape)(void), char *said, size_t size)
{
    int ends[2];
    int status;
    size_t used = 0;
    ssize_t n;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct rlimit no_core = {0, 0};

        setrlimit(RLIMIT_CORE, &no_core);
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        escape();
        _exit(0);
    }
    close(ends[1]);
    while (used < size - 1 && (n = read(ends[0], said + used, size - 1 - used)) > 0)
        used += (size_t)n;
    said[used] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static const uint64_t now_ns = 1234;
static const struct torc_guard_place place = {"srv", &now_ns, 99};

static void read_clock(void)
{
    struct timespec out;

    torc_guard_set(&place);
    clock_gettime(CLOCK_REALTIME, &out);
}

TORC_TEST(an_escape_says_what_who_where_and_when)
{
    char said[1024];

    assert_int_equal(run_in_child(read_clock, said, sizeof said), SIGABRT);
    assert_non_null(strstr(said, "clock_gettime called by "));
    assert_non_null(strstr(said, "guard_test"));
    assert_non_null(strstr(said, "on host srv at virtual time 1234 ns, seed 99"));
    return NULL;
}

static void read_time(void)
{
    torc_guard_set(&place);
    time(NULL);
}

static void get_random(void)
{
    char out[4];

    torc_guard_set(&place);
    if (getrandom(out, sizeof out, 0) < 0)
        _exit(1);
}

static void draw_rand(void)
{
    torc_guard_set(&place);
    if (rand() == -1)
        _exit(1);
}

static void open_socket(void)
{
    torc_guard_set(&place);
    if (socket(AF_INET, SOCK_STREAM, 0) < 0)
        _exit(1);
}

static void sleep_a_little(void)
{
    torc_guard_set(&place);
    usleep(1);
}

static void poll_nothing(void)
{
    torc_guard_set(&place);
    poll(NULL, 0, 0);
}

static void look_a_name_up(void)
{
    struct addrinfo *found = NULL;

    torc_guard_set(&place);
    if (getaddrinfo("localhost", NULL, NULL, &found) == 0)
        freeaddrinfo(found);
}

static void *no_work(void *arg)
{
    return arg;
}

static void start_thread(void)
{
    pthread_t thread;

    torc_guard_set(&place);
    pthread_create(&thread, NULL, no_work, NULL);
}

TORC_TEST(every_kind_of_escape_is_caught)
{
    static const struct {
        void (*escape)(void);
        const char *name;
    } escapes[] = {
        {read_time, "time"},          {get_random, "getrandom"}, {draw_rand, "rand"},
        {open_socket, "socket"},      {sleep_a_little, "usleep"}, {poll_nothing, "poll"},
        {start_thread, "pthread_create"}, {look_a_name_up, "getaddrinfo"},
    };
    char said[1024];
    size_t i;

    for (i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        assert_int_equal(run_in_child(escapes[i].escape, said, sizeof said), SIGABRT);
        assert_non_null(strstr(said, escapes[i].name));
    }
    return NULL;
}

TORC_TEST(outside_of_hosts_everything_passes_through)
{
    struct timespec out = {0, 0};
    pthread_t thread;
    void *result = NULL;
    int number = 5;

    assert_int_equal(clock_gettime(CLOCK_REALTIME, &out), 0);
    assert_true(out.tv_sec > 0);
    assert_true(time(NULL) > 0);
    assert_int_equal(pthread_create(&thread, NULL, no_work, &number), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, &number);
    return NULL;
}

TORC_TEST(setting_answers_with_what_was_before)
{
    const struct torc_guard_place *before;
    const struct torc_guard_place *between;

    before = torc_guard_set(&place);
    between = torc_guard_set(NULL);
    assert_null(before);
    assert_ptr_equal(between, &place);
    return NULL;
}

/* --- in a world ----------------------------------------------------------------------------- */

static struct torc_failure *look_at_the_clock(void *arg)
{
    struct timespec out;

    clock_gettime(CLOCK_MONOTONIC, &out);
    *(bool *)arg = true;
    return NULL;
}

static int work_with_the_clock(void *arg)
{
    (void)arg;
    return time(NULL) == 0;
}

static struct torc_host *one_host(struct torc_world **world)
{
    struct torc_host *host;

    if (torc_world_new(NULL, world) != 0 || torc_world_add_host(*world, "lonely", NULL, &host) != 0)
        _exit(1);
    return host;
}

static void run_escaping_call(void)
{
    struct torc_world *world;
    struct torc_host *host = one_host(&world);
    enum torc_verdict verdict;
    bool done = false;

    if (torc_call_later(torc_reactor_clock(torc_host_reactor(host)), 7, look_at_the_clock, &done, NULL,
                        NULL) != 0 ||
        torc_world_run(world, TORC_NEVER, &verdict) != 0)
        _exit(1);
}

static void run_escaping_job(void)
{
    struct torc_world *world;
    struct torc_host *host = one_host(&world);
    enum torc_verdict verdict;
    struct torc_deferred *deferred;

    if (torc_run_job(torc_host_reactor(host), work_with_the_clock, NULL, NULL, &deferred) != 0 ||
        torc_world_run(world, TORC_NEVER, &verdict) != 0)
        _exit(1);
}

TORC_TEST(callbacks_and_jobs_of_a_host_are_guarded)
{
    char said[1024];

    assert_int_equal(run_in_child(run_escaping_call, said, sizeof said), SIGABRT);
    assert_non_null(strstr(said, "clock_gettime called by a static function (addr2line -e "));
    assert_non_null(strstr(said, "on host lonely at virtual time 7 ns"));
    assert_int_equal(run_in_child(run_escaping_job, said, sizeof said), SIGABRT);
    assert_non_null(strstr(said, "time called by"));
    return NULL;
}

TORC_TRIAL_MAIN
