/* live_signals.c - SIGINT and SIGTERM as events.
 *
 * What a signal does is a property of the process, so one platform at a time can watch, and a handler
 * has nothing but a static to find it by: `watcher`, the only writable static of the library.  The
 * handler sets a bit and wakes the watcher; two signals of a kind before the next wait are one. */
#include <errno.h>
#include <sched.h>
#include <signal.h>

#include "live_platform.h"

static struct {
    _Atomic(struct live *) live;
    atomic_uint handlers; /* running now, on whatever thread the kernel chose */
    struct sigaction before[2];
} watcher;

static const struct {
    int number;
    enum torc_signal name;
} watched[2] = {{SIGINT, TORC_SIGNAL_INTERRUPT}, {SIGTERM, TORC_SIGNAL_TERMINATE}};

static void signalled(int number)
{
    struct live *live;

    atomic_fetch_add(&watcher.handlers, 1);
    live = atomic_load(&watcher.live);
    if (live != NULL) {
        enum torc_signal name = number == SIGINT ? TORC_SIGNAL_INTERRUPT : TORC_SIGNAL_TERMINATE;

        atomic_fetch_or(&live->signals_pending, 1U << name);
        torci_live_wake(&live->platform);
    }
    atomic_fetch_sub(&watcher.handlers, 1);
}

/* Puts back what was in force, unless somebody has installed a handler of his own since. */
static void restore(size_t which)
{
    struct sigaction now;

    if (sigaction(watched[which].number, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
        now.sa_handler == signalled)
        (void)sigaction(watched[which].number, &watcher.before[which], NULL);
}

static void unwatch(struct live *live)
{
    restore(0);
    restore(1);
    atomic_store(&watcher.live, NULL);
    /* A handler on another thread may still hold the pointer. */
    while (atomic_load(&watcher.handlers) != 0)
        sched_yield();
    atomic_store(&live->signals_pending, 0);
    live->signals_watched = false;
}

int torci_live_signals(struct torc_platform *self, bool watch, uint64_t token)
{
    struct live *live = live_of(self);
    struct live *nobody = NULL;
    struct sigaction action = {.sa_handler = signalled, .sa_flags = SA_RESTART};

    if (!watch) {
        if (live->signals_watched)
            unwatch(live);
        return 0;
    }
    if (live->signals_watched) {
        live->signals_token = token;
        return 0;
    }
    if (!atomic_compare_exchange_strong(&watcher.live, &nobody, live))
        return TORC_EBUSY;
    live->signals_token = token;
    live->signals_watched = true;
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, &watcher.before[0]);
    (void)sigaction(SIGTERM, &action, &watcher.before[1]);
    return 0;
}

size_t torci_live_signals_tell(struct live *live, struct torc_platform_event *batch,
                               size_t capacity)
{
    size_t count = 0;

    if (atomic_load_explicit(&live->signals_pending, memory_order_relaxed) == 0)
        return 0;
    for (size_t i = 0; i < 2 && count < capacity; i++) {
        unsigned bit = 1U << watched[i].name;

        if (atomic_fetch_and(&live->signals_pending, ~bit) & bit)
            batch[count++] = (struct torc_platform_event){live->signals_token, TORC_EVENT_SIGNAL,
                                                          (int32_t)watched[i].name};
    }
    return count;
}
