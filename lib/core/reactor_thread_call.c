/* reactor_thread_call.c - calls handed to the reactor's thread by others.
 *
 * A stack that any thread pushes to and the reactor takes whole, then turns round.  Pushing to an empty
 * one wakes the reactor; whoever finds it non-empty knows that it has been woken, or is about to be. */
#include "reactor_state.h"

struct torci_thread_call {
    struct torci_thread_call *next;
    torc_call_fn *call;
    void *arg;
    torc_drop_fn *drop_arg;
};

/* What `newest` is once the reactor has stopped: an address no call has. */
static struct torci_thread_call *closed_mark(struct torci_thread_calls *calls)
{
    return (struct torci_thread_call *)(void *)calls;
}

static struct torci_thread_call *resize_call(struct torc_reactor *reactor,
                                             struct torci_thread_call *call, size_t old_bytes,
                                             size_t new_bytes)
{
    return reactor->platform->ops->resize(reactor->platform, call, old_bytes, new_bytes);
}

static int push(struct torc_reactor *reactor, struct torci_thread_call *added)
{
    struct torci_thread_calls *calls = &reactor->thread_calls;
    struct torci_thread_call *newest = atomic_load_explicit(&calls->newest, memory_order_relaxed);
    do {
        if (newest == closed_mark(calls))
            return TORC_ECLOSED;
        added->next = newest;
    } while (!atomic_compare_exchange_weak_explicit(&calls->newest, &newest, added,
                                                    memory_order_release, memory_order_relaxed));
    if (!newest)
        reactor->platform->ops->wake(reactor->platform);
    return 0;
}

int torc_call_from_thread(struct torc_reactor *reactor, torc_call_fn *call, void *arg,
                          torc_drop_fn *drop_arg)
{
    struct torci_thread_calls *calls = &reactor->thread_calls;
    if (atomic_load_explicit(&calls->newest, memory_order_relaxed) == closed_mark(calls))
        return TORC_ECLOSED;
    int error = TORC_ELIMIT;
    if (atomic_fetch_add_explicit(&calls->count, 1, memory_order_relaxed) <
        reactor->options.thread_calls_max) {
        struct torci_thread_call *added = resize_call(reactor, NULL, 0, sizeof *added);
        if (added) {
            *added = (struct torci_thread_call){NULL, call, arg, drop_arg};
            error = push(reactor, added);
            if (!error)
                return 0;
            resize_call(reactor, added, sizeof *added, 0);
        } else {
            error = TORC_ENOMEM;
        }
    }
    atomic_fetch_sub_explicit(&calls->count, 1, memory_order_relaxed);
    return error;
}

bool torci_thread_calls_waiting(const struct torc_reactor *reactor)
{
    struct torci_thread_calls *calls = (struct torci_thread_calls *)&reactor->thread_calls;
    struct torci_thread_call *newest = atomic_load_explicit(&calls->newest, memory_order_relaxed);
    return newest && newest != closed_mark(calls);
}

/* Takes all that wait, the oldest first, and leaves `left`. */
static struct torci_thread_call *take_all(struct torc_reactor *reactor,
                                          struct torci_thread_call *left)
{
    struct torci_thread_calls *calls = &reactor->thread_calls;
    struct torci_thread_call *newest =
        atomic_exchange_explicit(&calls->newest, left, memory_order_acquire);
    struct torci_thread_call *oldest = NULL;
    if (newest == closed_mark(calls))
        return NULL;
    while (newest) {
        struct torci_thread_call *older = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = older;
    }
    return oldest;
}

/* Frees the first of a list and returns what it was, with the rest in `next`. */
static struct torci_thread_call take_first(struct torc_reactor *reactor,
                                           struct torci_thread_call *first)
{
    struct torci_thread_call taken = *first;
    resize_call(reactor, first, sizeof *first, 0);
    atomic_fetch_sub_explicit(&reactor->thread_calls.count, 1, memory_order_relaxed);
    return taken;
}

void torci_thread_calls_run(struct torc_reactor *reactor)
{
    if (!torci_thread_calls_waiting(reactor))
        return;
    for (struct torci_thread_call *call = take_all(reactor, NULL); call;) {
        struct torci_thread_call taken = take_first(reactor, call);
        torci_reactor_report(reactor, "while running a call from a thread",
                             taken.call(taken.arg));
        if (taken.drop_arg)
            taken.drop_arg(taken.arg);
        call = taken.next;
    }
}

void torci_thread_calls_close(struct torc_reactor *reactor)
{
    struct torci_thread_call *call = take_all(reactor, closed_mark(&reactor->thread_calls));
    while (call) {
        struct torci_thread_call taken = take_first(reactor, call);
        if (taken.drop_arg)
            taken.drop_arg(taken.arg);
        call = taken.next;
    }
}
