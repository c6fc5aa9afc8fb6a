/* live_wait.c - waiting: one pass through libevent, and what it found as a batch of events.
 *
 * The timer is a timerfd watched like any descriptor, not a timeout of libevent's: libevent counts in
 * microseconds, rounds epoll's timeout to milliseconds, and with EVENT_BASE_FLAG_PRECISE_TIMER sets a
 * timerfd of its own on every pass, whether the deadline changed or not. */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "live_platform.h"

/* The timer only ends the wait; the reactor looks at its clock. */
static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
    struct live *live = arg;
    uint64_t count;

    (void)what;
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
    live->timer_at_ns = TORC_NEVER;
}

/* Reads first and clears after: a wake between the two finds wake_pending set and writes nothing, but
 * this thread then sees what that waker stored before it, because both sides exchange. */
static void woken(evutil_socket_t fd, short what, void *arg)
{
    struct live *live = arg;
    uint64_t count;

    (void)what;
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
        ;
    atomic_exchange(&live->wake_pending, false);
    live->woken = true;
}

void torci_live_wake(struct torc_platform *self)
{
    struct live *live = live_of(self);
    const uint64_t one = 1;
    int before = errno;

    if (!atomic_exchange(&live->wake_pending, true)) {
        while (write(live->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
            ;
    }
    errno = before;
}

/* Whether an event_base can be made: libevent ends the process if it finds no descriptors for its
 * internal pair of sockets. */
static int have_descriptors(int like)
{
    enum { NEEDED = 3 }; /* epoll, the pair */
    int taken[NEEDED];
    int count = 0;
    int error = 0;

    while (count < NEEDED && error == 0) {
        taken[count] = fcntl(like, F_DUPFD_CLOEXEC, 0);
        if (taken[count] < 0)
            error = torci_live_error(errno);
        else
            count++;
    }
    while (count > 0)
        close(taken[--count]);
    return error;
}

int torci_live_wait_init(struct live *live)
{
    struct event_config *config;
    int error;

    live->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (live->wake_fd < 0)
        return torci_live_error(errno);
    live->reserve_fd = fcntl(live->wake_fd, F_DUPFD_CLOEXEC, 0);
    if (live->reserve_fd < 0)
        return torci_live_error(errno);
    live->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (live->timer_fd < 0)
        return torci_live_error(errno);
    error = have_descriptors(live->wake_fd);
    if (error != 0)
        return error;
    config = event_config_new();
    if (config == NULL)
        return TORC_ENOMEM;
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV);
    live->base = event_base_new_with_config(config);
    event_config_free(config);
    if (live->base == NULL)
        return TORC_ENOMEM;
    live->timer_at_ns = TORC_NEVER;
    if (event_assign(&live->timer, live->base, live->timer_fd, EV_READ | EV_PERSIST, timer_fired,
                     live) != 0 ||
        event_assign(&live->wake_event, live->base, live->wake_fd, EV_READ | EV_PERSIST, woken,
                     live) != 0)
        return TORC_ESYSTEM;
    if (event_add(&live->timer, NULL) != 0 || event_add(&live->wake_event, NULL) != 0)
        return TORC_ENOMEM;
    return 0;
}

void torci_live_wait_free(struct live *live)
{
    if (live->base != NULL)
        event_base_free(live->base);
    if (live->wake_fd >= 0)
        close(live->wake_fd);
    if (live->timer_fd >= 0)
        close(live->timer_fd);
    if (live->reserve_fd >= 0)
        close(live->reserve_fd);
}

/* Arms the timer for `deadline_ns`.  One that will fire earlier is left as it is: deadlines that move
 * away with every message (idle timeouts) then cost nothing here, only a wait that goes on. */
static void arm_timer(struct live *live, uint64_t deadline_ns)
{
    const struct itimerspec at = {
        .it_value = {(time_t)(deadline_ns / 1000000000), (long)(deadline_ns % 1000000000)}};

    if (deadline_ns >= live->timer_at_ns)
        return;
    if (timerfd_settime(live->timer_fd, TFD_TIMER_ABSTIME, &at, NULL) == 0)
        live->timer_at_ns = deadline_ns;
}

/* One handle's event; false if it has nothing to tell any more. */
static bool tell_handle(struct live_handle *handle, struct torc_platform_event *out)
{
    uint32_t events = handle->ready & handle->interest;

    handle->ready = 0;
    if (handle->kind == LIVE_CONNECTING) {
        handle->kind = LIVE_STREAM;
        *out = (struct torc_platform_event){handle->token, TORC_EVENT_CONNECT,
                                            handle->connect_result};
        return true;
    }
    if (events == 0)
        return false;
    *out = (struct torc_platform_event){handle->token, events, 0};
    return true;
}

static size_t tell_ready(struct live *live, struct torc_platform_event *batch, size_t capacity)
{
    size_t count = 0;

    while (count < capacity && !live_link_alone(&live->ready)) {
        struct live_handle *handle = LIVE_HANDLE_OF(live->ready.next, ready_link);

        live_link_remove(&handle->ready_link);
        if (tell_handle(handle, &batch[count]))
            count++;
    }
    return count;
}

/* Everything that is known already, completions first. */
static size_t tell(struct live *live, struct torc_platform_event *batch, size_t capacity)
{
    size_t count = torci_live_signals_tell(live, batch, capacity);

    count += torci_live_jobs_tell(live, batch + count, capacity - count);
    count += torci_live_names_tell(live, batch + count, capacity - count);
    count += tell_ready(live, batch + count, capacity - count);
    return count;
}

size_t torci_live_wait(struct torc_platform *self, uint64_t deadline_ns,
                       struct torc_platform_event *batch, size_t capacity)
{
    struct live *live = live_of(self);
    size_t count;
    bool last;

    if (capacity == 0)
        return 0;
    live->woken = false;
    for (;;) {
        /* Left over from the call before, or done at once. */
        count = tell(live, batch, capacity);
        if (count > 0)
            return count;
        if (!live_link_alone(&live->faulty))
            torci_live_retry_faulty(live);
        last = deadline_ns == 0 || !live_link_alone(&live->ready);
        if (!last && deadline_ns != TORC_NEVER) {
            last = torci_live_now_ns(self) >= deadline_ns;
            if (!last)
                arm_timer(live, deadline_ns);
        }
        /* Without EVLOOP_ONCE libevent would poll on until nothing is ready, which what is told but not
         * read yet always is. */
        event_base_loop(live->base, last ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE);
        if (live->woken)
            torci_live_jobs_collect(live);
        count = tell(live, batch, capacity);
        if (count > 0 || last || live->woken)
            return count;
    }
}
