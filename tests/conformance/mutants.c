/* Platforms that are wrong in one way each.  The suite must fail on every one of them: what it would
 * not notice here, it would not notice in a simulator either. */
#include "mutant.h"

#include <stdlib.h>

/* --- passing on --------------------------------------------------------------------------------- */

static uint64_t pass_now(struct torc_platform *s)
{
    return INNER(s)->ops->now_ns(INNER(s));
}
static uint64_t pass_wall(struct torc_platform *s)
{
    return INNER(s)->ops->wall_ns(INNER(s));
}
static void pass_random(struct torc_platform *s, const char *site, void *out, size_t bytes)
{
    INNER(s)->ops->random(INNER(s), site, out, bytes);
}
static void *pass_resize(struct torc_platform *s, void *ptr, size_t old_bytes, size_t new_bytes)
{
    return INNER(s)->ops->resize(INNER(s), ptr, old_bytes, new_bytes);
}
static int pass_admit(struct torc_platform *s, size_t bytes)
{
    return INNER(s)->ops->admit(INNER(s), bytes);
}
static size_t pass_wait(struct torc_platform *s, uint64_t deadline, struct torc_platform_event *batch,
                        size_t capacity)
{
    return INNER(s)->ops->wait(INNER(s), deadline, batch, capacity);
}
static void pass_wake(struct torc_platform *s)
{
    INNER(s)->ops->wake(INNER(s));
}
static bool pass_in_reactor(struct torc_platform *s)
{
    return INNER(s)->ops->in_reactor(INNER(s));
}
static int pass_listen(struct torc_platform *s, const struct torc_address *address,
                       const struct torc_listen_settings *settings, uint64_t token, uint64_t *out)
{
    return INNER(s)->ops->listen(INNER(s), address, settings, token, out);
}
static int pass_accept(struct torc_platform *s, uint64_t listener, uint64_t token, uint64_t *out,
                       struct torc_address *peer)
{
    return INNER(s)->ops->accept(INNER(s), listener, token, out, peer);
}
static int pass_refuse(struct torc_platform *s, uint64_t listener)
{
    return INNER(s)->ops->refuse(INNER(s), listener);
}
static int pass_connect(struct torc_platform *s, const struct torc_address *address,
                        const struct torc_address *local, uint64_t token, uint64_t *out)
{
    return INNER(s)->ops->connect(INNER(s), address, local, token, out);
}
static int pass_read(struct torc_platform *s, uint64_t handle, void *buffer, size_t bytes, size_t *out)
{
    return INNER(s)->ops->read(INNER(s), handle, buffer, bytes, out);
}
static int pass_writev(struct torc_platform *s, uint64_t handle, const struct torc_span *spans,
                       size_t count, size_t *out)
{
    return INNER(s)->ops->writev(INNER(s), handle, spans, count, out);
}
static void pass_interest(struct torc_platform *s, uint64_t handle, uint32_t events)
{
    INNER(s)->ops->interest(INNER(s), handle, events);
}
static int pass_shutdown(struct torc_platform *s, uint64_t handle)
{
    return INNER(s)->ops->shutdown(INNER(s), handle);
}
static void pass_close(struct torc_platform *s, uint64_t handle, enum torc_close_mode mode)
{
    INNER(s)->ops->close(INNER(s), handle, mode);
}
static int pass_names(struct torc_platform *s, uint64_t handle, struct torc_address *local,
                      struct torc_address *peer)
{
    return INNER(s)->ops->names(INNER(s), handle, local, peer);
}
static int pass_set_option(struct torc_platform *s, uint64_t handle, enum torc_stream_option option,
                           int value)
{
    return INNER(s)->ops->set_option(INNER(s), handle, option, value);
}
static int pass_datagram_open(struct torc_platform *s, const struct torc_address *local,
                              unsigned flags, uint64_t token, uint64_t *out)
{
    return INNER(s)->ops->datagram_open(INNER(s), local, flags, token, out);
}
static int pass_datagram_connect(struct torc_platform *s, uint64_t handle,
                                 const struct torc_address *peer)
{
    return INNER(s)->ops->datagram_connect(INNER(s), handle, peer);
}
static int pass_datagram_send(struct torc_platform *s, uint64_t handle, const struct torc_address *to,
                              const void *data, size_t bytes)
{
    return INNER(s)->ops->datagram_send(INNER(s), handle, to, data, bytes);
}
static int pass_datagram_receive(struct torc_platform *s, uint64_t handle, void *buffer, size_t bytes,
                                 size_t *out, struct torc_address *from)
{
    return INNER(s)->ops->datagram_receive(INNER(s), handle, buffer, bytes, out, from);
}
static int pass_resolve(struct torc_platform *s, const char *name, enum torc_address_family family,
                        uint64_t token, uint64_t *out)
{
    return INNER(s)->ops->resolve(INNER(s), name, family, token, out);
}
static size_t pass_resolved(struct torc_platform *s, uint64_t handle, struct torc_address *out,
                            size_t capacity)
{
    return INNER(s)->ops->resolved(INNER(s), handle, out, capacity);
}
static void pass_resolve_end(struct torc_platform *s, uint64_t handle)
{
    INNER(s)->ops->resolve_end(INNER(s), handle);
}
static int pass_submit(struct torc_platform *s, torc_work_fn *work, void *arg, uint64_t token)
{
    return INNER(s)->ops->submit(INNER(s), work, arg, token);
}
static const char *pass_storage(struct torc_platform *s)
{
    return INNER(s)->ops->storage(INNER(s));
}
static enum torc_database_answer pass_database(struct torc_platform *s,
                                               struct torc_database_event *event)
{
    return INNER(s)->ops->database(INNER(s), event);
}
static int pass_signals(struct torc_platform *s, bool watch, uint64_t token)
{
    return INNER(s)->ops->signals(INNER(s), watch, token);
}
static TORC_NORETURN void pass_fatal(struct torc_platform *s, const char *site, const char *message)
{
    INNER(s)->ops->fatal(INNER(s), site, message);
}

/* --- being wrong -------------------------------------------------------------------------------- */

/* Takes everything at once, as if buffers had no end: what does not fit now is pushed until it does. */
static int never_short_writev(struct torc_platform *s, uint64_t handle, const struct torc_span *spans,
                              size_t count, size_t *out)
{
    size_t total = 0, taken, i;
    int code = TORC_OK;

    for (i = 0; i < count; i++) {
        taken = 0;
        code = pass_writev(s, handle, &spans[i], 1, &taken);
        if (code != TORC_OK && code != TORC_EAGAIN)
            return code;
        total += spans[i].bytes;
    }
    *out = total;
    return TORC_OK;
}
static void apply_never_short(struct torc_platform_ops *ops)
{
    ops->writev = never_short_writev;
}

static int reset_as_end_read(struct torc_platform *s, uint64_t handle, void *buffer, size_t bytes,
                             size_t *out)
{
    int code = pass_read(s, handle, buffer, bytes, out);

    if (code == TORC_ECONNRESET) {
        *out = 0;
        code = TORC_OK;
    }
    return code;
}
static void apply_reset_as_end(struct torc_platform_ops *ops)
{
    ops->read = reset_as_end_read;
}

/* Closing discards what the peer has not read yet. */
static void lost_early_close(struct torc_platform *s, uint64_t handle, enum torc_close_mode mode)
{
    (void)mode;
    pass_close(s, handle, TORC_CLOSE_ABORT);
}
static void apply_lost_early(struct torc_platform_ops *ops)
{
    ops->close = lost_early_close;
}

static void abort_as_close_close(struct torc_platform *s, uint64_t handle, enum torc_close_mode mode)
{
    (void)mode;
    pass_close(s, handle, TORC_CLOSE_NORMAL);
}
static void apply_abort_as_close(struct torc_platform_ops *ops)
{
    ops->close = abort_as_close_close;
}

/* The clock ticks every 50 ms only: calls due at different times share one now. */
static uint64_t coarse_now(struct torc_platform *s)
{
    return (pass_now(s) + 50 * TORC_MILLISECOND - 1) / (50 * TORC_MILLISECOND) * (50 * TORC_MILLISECOND);
}
static void apply_unordered_timers(struct torc_platform_ops *ops)
{
    ops->now_ns = coarse_now;
}

static int half_close_closes_shutdown(struct torc_platform *s, uint64_t handle)
{
    pass_interest(s, handle, 0);
    return pass_shutdown(s, handle);
}
static void deaf_interest(struct torc_platform *s, uint64_t handle, uint32_t events)
{
    (void)events;
    pass_interest(s, handle, 0);
}
static int deaf_shutdown(struct torc_platform *s, uint64_t handle)
{
    mutant_of(s)->ops.interest = deaf_interest;
    return half_close_closes_shutdown(s, handle);
}
static void apply_half_close_closes(struct torc_platform_ops *ops)
{
    ops->shutdown = deaf_shutdown;
}

/* Reading cannot be paused. */
static void always_reading_interest(struct torc_platform *s, uint64_t handle, uint32_t events)
{
    pass_interest(s, handle, events | TORC_EVENT_READ);
}
static int greedy_accept(struct torc_platform *s, uint64_t listener, uint64_t token, uint64_t *out,
                         struct torc_address *peer)
{
    int code = pass_accept(s, listener, token, out, peer);

    if (code == TORC_OK)
        pass_interest(s, *out, TORC_EVENT_READ);
    return code;
}
static void apply_pause_ignored(struct torc_platform_ops *ops)
{
    ops->interest = always_reading_interest;
    ops->accept = greedy_accept;
}

/* A refused connect is told as made. */
static size_t refused_as_made_wait(struct torc_platform *s, uint64_t deadline,
                                   struct torc_platform_event *batch, size_t capacity)
{
    size_t i, count = pass_wait(s, deadline, batch, capacity);

    for (i = 0; i < count; i++)
        if (batch[i].events == TORC_EVENT_CONNECT)
            batch[i].result = TORC_OK;
    return count;
}
static void apply_refused_as_made(struct torc_platform_ops *ops)
{
    ops->wait = refused_as_made_wait;
}

static size_t refused_as_unreachable_wait(struct torc_platform *s, uint64_t deadline,
                                          struct torc_platform_event *batch, size_t capacity)
{
    size_t i, count = pass_wait(s, deadline, batch, capacity);

    for (i = 0; i < count; i++)
        if (batch[i].events == TORC_EVENT_CONNECT && batch[i].result == TORC_ECONNREFUSED)
            batch[i].result = TORC_EHOSTUNREACH;
    return count;
}
static void apply_refused_as_unreachable(struct torc_platform_ops *ops)
{
    ops->wait = refused_as_unreachable_wait;
}

static int backwards_writev(struct torc_platform *s, uint64_t handle, const struct torc_span *spans,
                            size_t count, size_t *out)
{
    struct torc_span last = spans[count - 1];
    size_t half = last.bytes / 2, taken = 0, more = 0;
    struct torc_span first = {(const char *)last.data + half, last.bytes - half};
    struct torc_span second = {last.data, half};
    int code;

    if (count > 1 || half == 0)
        return pass_writev(s, handle, spans, count, out);
    code = pass_writev(s, handle, &first, 1, &taken);
    if (code != TORC_OK)
        return code;
    (void)pass_writev(s, handle, &second, 1, &more);
    *out = taken + more;
    return TORC_OK;
}
static void apply_backwards(struct torc_platform_ops *ops)
{
    ops->writev = backwards_writev;
}

/* Readiness is edge-triggered: what was told once is not told again until new bytes come. */
static size_t edge_wait(struct torc_platform *s, uint64_t deadline, struct torc_platform_event *batch,
                        size_t capacity)
{
    struct mutant *mutant = mutant_of(s);
    size_t i, kept = 0, count = pass_wait(s, deadline, batch, capacity);
    uint64_t now[HANDLES_MAX];
    size_t now_count = 0, j;

    for (i = 0; i < count; i++) {
        bool seen = false;

        for (j = 0; j < mutant->told_count; j++)
            seen = seen || mutant->told[j] == batch[i].token;
        if (batch[i].events == TORC_EVENT_READ && now_count < HANDLES_MAX)
            now[now_count++] = batch[i].token;
        if (!(seen && batch[i].events == TORC_EVENT_READ))
            batch[kept++] = batch[i];
    }
    memcpy(mutant->told, now, sizeof now[0] * now_count);
    mutant->told_count = now_count;
    return kept;
}
static void apply_edge_triggered(struct torc_platform_ops *ops)
{
    ops->wait = edge_wait;
}

static int nobody_accept(struct torc_platform *s, uint64_t listener, uint64_t token, uint64_t *out,
                         struct torc_address *peer)
{
    int code = pass_accept(s, listener, token, out, peer);

    if (code == TORC_OK)
        memset(peer, 0, sizeof *peer);
    return code;
}
static void apply_no_peer_name(struct torc_platform_ops *ops)
{
    ops->accept = nobody_accept;
}

/* Two listeners may have one address. */
static int shared_listen(struct torc_platform *s, const struct torc_address *address,
                         const struct torc_listen_settings *settings, uint64_t token, uint64_t *out)
{
    struct torc_address other = *address;
    int code = pass_listen(s, address, settings, token, out);

    if (code == TORC_EADDRINUSE) {
        other.port = 0;
        code = pass_listen(s, &other, settings, token, out);
    }
    return code;
}
static void apply_address_shared(struct torc_platform_ops *ops)
{
    ops->listen = shared_listen;
}

/* The result of a job is lost: every job is told to have gone well. */
static size_t jobs_go_well_wait(struct torc_platform *s, uint64_t deadline,
                                struct torc_platform_event *batch, size_t capacity)
{
    size_t i, count = pass_wait(s, deadline, batch, capacity);

    for (i = 0; i < count; i++)
        if (batch[i].events == TORC_EVENT_JOB)
            batch[i].result = TORC_OK;
    return count;
}
static void apply_jobs_go_well(struct torc_platform_ops *ops)
{
    ops->wait = jobs_go_well_wait;
}

static int silent_signals(struct torc_platform *s, bool watch, uint64_t token)
{
    (void)s;
    (void)watch;
    (void)token;
    return TORC_OK;
}
static void apply_signals_ignored(struct torc_platform_ops *ops)
{
    ops->signals = silent_signals;
}

const struct mutation mutations[] = {
    {"never-a-short-write", "writev claims to have taken everything", apply_never_short},
    {"reset-told-as-end", "read tells end of stream for a reset", apply_reset_as_end},
    {"connection-lost-early", "close discards what the peer has not read", apply_lost_early},
    {"abort-is-a-close", "abort tells the peer an orderly end", apply_abort_as_close},
    {"unordered-timers", "the clock ticks every 50 ms", apply_unordered_timers},
    {"half-close-closes-both", "after shutdown nothing is read", apply_half_close_closes},
    {"pause-ignored", "READ is told without interest", apply_pause_ignored},
    {"refused-told-as-made", "a refused connect is told to have succeeded", apply_refused_as_made},
    {"refused-told-as-unreachable", "a refused connect is told as no route", apply_refused_as_unreachable},
    {"writes-swapped", "the two halves of a write change places", apply_backwards},
    {"edge-triggered", "readiness is told once only", apply_edge_triggered},
    {"no-peer-name", "accept does not say who it is", apply_no_peer_name},
    {"address-shared", "listening twice on one address is allowed", apply_address_shared},
    {"jobs-go-well", "a job's error is not told", apply_jobs_go_well},
    {"signals-ignored", "signals are never told", apply_signals_ignored},
};
const size_t mutation_count = sizeof mutations / sizeof mutations[0];

struct torc_platform *mutant_new(const struct mutation *mutation, struct torc_platform *inner)
{
    struct mutant *mutant = calloc(1, sizeof *mutant);

    if (mutant == NULL)
        return NULL;
    mutant->inner = inner;
    mutant->ops = *inner->ops;
    mutant->ops.name = "mutant";
    mutant->ops.now_ns = pass_now;
    mutant->ops.wall_ns = pass_wall;
    mutant->ops.random = pass_random;
    mutant->ops.resize = pass_resize;
    mutant->ops.admit = pass_admit;
    mutant->ops.wait = pass_wait;
    mutant->ops.wake = pass_wake;
    mutant->ops.in_reactor = pass_in_reactor;
    mutant->ops.listen = pass_listen;
    mutant->ops.accept = pass_accept;
    mutant->ops.refuse = pass_refuse;
    mutant->ops.connect = pass_connect;
    mutant->ops.read = pass_read;
    mutant->ops.writev = pass_writev;
    mutant->ops.interest = pass_interest;
    mutant->ops.shutdown = pass_shutdown;
    mutant->ops.close = pass_close;
    mutant->ops.names = pass_names;
    mutant->ops.set_option = pass_set_option;
    mutant->ops.datagram_open = pass_datagram_open;
    mutant->ops.datagram_connect = pass_datagram_connect;
    mutant->ops.datagram_send = pass_datagram_send;
    mutant->ops.datagram_receive = pass_datagram_receive;
    mutant->ops.resolve = pass_resolve;
    mutant->ops.resolved = pass_resolved;
    mutant->ops.resolve_end = pass_resolve_end;
    mutant->ops.submit = pass_submit;
    mutant->ops.storage = pass_storage;
    mutant->ops.database = pass_database;
    mutant->ops.signals = pass_signals;
    mutant->ops.fatal = pass_fatal;
    if (mutation->apply != NULL)
        mutation->apply(&mutant->ops);
    mutant->platform.ops = &mutant->ops;
    return &mutant->platform;
}

void mutant_free(struct torc_platform *mutant)
{
    free(mutant);
}
