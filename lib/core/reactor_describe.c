/* reactor_describe.c - what is left open or pending, counted and in sentences. */
#include <torc/format.h>

#include "reactor_state.h"

#define SENTENCE_MAX 256

struct describing {
    const struct torc_reactor *reactor;
    torc_visit_text_fn *visit;
    void *arg;
};

void torc_reactor_count(const struct torc_reactor *reactor, struct torc_reactor_counts *out)
{
    struct torc_reactor_counts counts = {0};
    counts.timers = torc_clock_pending(reactor->clock);
    counts.jobs = reactor->jobs.outstanding;
    counts.thread_calls =
        atomic_load_explicit(&reactor->thread_calls.count, memory_order_relaxed);
    counts.turns = reactor->turns;
    if (reactor->streams)
        reactor->streams->ops->count(reactor->streams, &counts.listeners, &counts.connections);
    *out = counts;
}

static void describe_timer(void *arg, uint64_t deadline_ns, const char *site)
{
    const struct describing *describing = arg;
    uint64_t now_ns = torc_clock_now(describing->reactor->clock);
    char text[SENTENCE_MAX];
    torc_format(text, sizeof text, "a timed call made at %s, due in %llu ns", site,
                deadline_ns > now_ns ? (unsigned long long)(deadline_ns - now_ns) : 0ULL);
    describing->visit(describing->arg, text);
}

static void describe_unfired(void *arg, const char *site, bool withheld)
{
    const struct describing *describing = arg;
    char text[SENTENCE_MAX];
    torc_format(text, sizeof text, "a deferred made at %s that has not fired%s", site,
                withheld ? ": it is withheld" : "");
    describing->visit(describing->arg, text);
}

void torc_reactor_describe(const struct torc_reactor *reactor, torc_visit_text_fn *visit, void *arg)
{
    struct describing describing = {reactor, visit, arg};
    struct torc_reactor_counts counts;
    char text[SENTENCE_MAX];
    torc_reactor_count(reactor, &counts);
    if (counts.thread_calls > 0) {
        torc_format(text, sizeof text, "calls from threads that have not run: %zu",
                    counts.thread_calls);
        visit(arg, text);
    }
    torc_clock_visit(reactor->clock, describe_timer, &describing);
    if (reactor->streams)
        reactor->streams->ops->describe(reactor->streams, visit, arg);
    for (uint32_t i = 0; i < reactor->jobs.count; i++) {
        if (!reactor->jobs.slots[i].site)
            continue;
        torc_format(text, sizeof text, "a job made at %s that has not ended",
                    reactor->jobs.slots[i].site);
        visit(arg, text);
    }
    torc_scope_visit_unfired(reactor->scope, describe_unfired, &describing);
}
