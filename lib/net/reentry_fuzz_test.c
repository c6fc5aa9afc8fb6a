/* Everything that may be called is called inside every callback there is, at random, on two simulated
 * hosts, with acquisitions failing now and then.  Each object keeps account of what the headers promise
 * about it: who is told what, how often, in which order, and never inside which call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/sim.h>
#include <torc/trial.h>

enum { PLACES = 12, FACTORIES = 4, TIMERS = 8, DEFERREDS = 8, STEPS = 400, SEEDS = 100, DEPTH = 4 };

struct fuzz;

struct conn {
    struct torc_protocol protocol;
    struct torc_producer producer;
    struct fuzz *fuzz;
    size_t place;
    unsigned calls; /* on the transport, under way */
    uint8_t next_write, next_read;
    bool made, lost, losing, aborted, losing_write, write_lost, ended, reading_paused;
    bool half_close, producing, pull, producer_paused, broken;
};

struct maker {
    struct torc_factory factory;
    struct fuzz *fuzz;
    size_t place;
    int host;
    bool in_use;      /* started and not stopped */
    bool has_connector;
    bool attempting;  /* started_connecting was told, and neither end yet */
    unsigned building;
    struct torc_connector connector;
    struct torc_listener listener;
};

struct promise {
    struct torc_source source;
    struct torc_deferred *sink;
};

struct fuzz {
    struct torc_world *world;
    struct torc_host *hosts[2];
    uint32_t noise;
    unsigned depth;
    bool ending;
    struct conn *conns[PLACES];
    struct maker *makers[FACTORIES];
    struct torc_timer timers[TIMERS];
    struct promise promises[DEFERREDS];
    unsigned args_taken, args_dropped;
    const char *wrong;
    unsigned lost, received, resumed, stopped, failed, drops;
};

static uint32_t pick(struct fuzz *fuzz, uint32_t below)
{
    fuzz->noise = fuzz->noise * 1664525 + 1013904223;
    return (fuzz->noise >> 16) % below;
}

static void claim(struct fuzz *fuzz, bool holds, const char *otherwise)
{
    if (!holds && fuzz->wrong == NULL)
        fuzz->wrong = otherwise;
}

static void act(struct fuzz *fuzz);

/* Some calls from inside a callback. */
static void meddle(struct fuzz *fuzz)
{
    if (fuzz->depth >= DEPTH || fuzz->wrong != NULL)
        return;
    fuzz->depth++;
    for (uint32_t i = pick(fuzz, 3); i > 0; i--)
        act(fuzz);
    fuzz->depth--;
}

static struct torc_failure *perhaps_fail(struct fuzz *fuzz)
{
    return pick(fuzz, 40) == 0 ? torc_failure_static(&torc_failure_protocol_error) : NULL;
}

/* --- producers -------------------------------------------------------------------------------- */

static struct conn *producing(struct torc_producer *self)
{
    return (struct conn *)(void *)((char *)self - offsetof(struct conn, producer));
}

static int write_some(struct conn *conn)
{
    uint8_t bytes[700];
    size_t count = pick(conn->fuzz, 8) == 0 ? sizeof bytes : pick(conn->fuzz, 60);
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(conn->next_write + i);
    struct torc_span spans[2] = {{bytes, count / 2}, {bytes + count / 2, count - count / 2}};
    uint8_t begin = conn->next_write;
    /* What a producer writes in the middle of this comes after it. */
    conn->next_write = (uint8_t)(begin + count);
    conn->calls++;
    int code = pick(conn->fuzz, 2) == 0
                   ? torc_transport_write(conn->protocol.transport, bytes, count)
                   : torc_transport_write_spans(conn->protocol.transport, spans, 2);
    conn->calls--;
    if (code != 0)
        conn->next_write = begin;
    return code;
}

static void pause_producing(struct torc_producer *self)
{
    struct conn *conn = producing(self);
    claim(conn->fuzz, conn->producing && !conn->pull, "pause without a push producer");
    claim(conn->fuzz, conn->calls > 0, "pause outside a write");
    conn->producer_paused = true;
    meddle(conn->fuzz);
}

static void resume_producing(struct torc_producer *self)
{
    struct conn *conn = producing(self);
    claim(conn->fuzz, conn->producing, "resume without a producer");
    claim(conn->fuzz, conn->pull || conn->producer_paused, "resume of a producer that was not paused");
    claim(conn->fuzz, !conn->aborted, "resume after abort");
    conn->fuzz->resumed++;
    conn->producer_paused = false;
    if (conn->pull && pick(conn->fuzz, 4) != 0)
        (void)!write_some(conn);
    meddle(conn->fuzz);
}

static void stop_producing(struct torc_producer *self)
{
    struct conn *conn = producing(self);
    claim(conn->fuzz, conn->producing, "stop without a producer");
    conn->producing = false;
    conn->fuzz->stopped++;
    meddle(conn->fuzz);
}

/* A second one, which is refused. */
static void stop_deaf(struct torc_producer *self)
{
    (void)self;
}

static void register_some_producer(struct conn *conn)
{
    static const struct torc_producer_ops deaf_ops = {stop_deaf, stop_deaf, stop_deaf};
    static struct torc_producer deaf = {&deaf_ops};
    bool had = conn->producing;
    if (!had) {
        conn->pull = pick(conn->fuzz, 2) == 0;
        conn->producing = true;
        conn->producer_paused = false;
    }
    int code = torc_transport_register_producer(conn->protocol.transport,
                                                had ? &deaf : &conn->producer,
                                                conn->pull ? TORC_PRODUCER_PULL
                                                           : TORC_PRODUCER_PUSH);
    if (had)
        claim(conn->fuzz, code == TORC_EBUSY || code == TORC_ECLOSED, "a second producer was taken");
}

/* --- protocols -------------------------------------------------------------------------------- */

static struct conn *conn_of(struct torc_protocol *self)
{
    return (struct conn *)(void *)self;
}

static struct torc_failure *conn_made(struct torc_protocol *self)
{
    struct conn *conn = conn_of(self);
    claim(conn->fuzz, !conn->made, "made twice");
    conn->made = true;
    meddle(conn->fuzz);
    struct torc_failure *failure = perhaps_fail(conn->fuzz);
    conn->broken |= failure != NULL;
    return failure;
}

static struct torc_failure *conn_data(struct torc_protocol *self, const uint8_t *data, size_t bytes)
{
    struct conn *conn = conn_of(self);
    claim(conn->fuzz, conn->made && !conn->lost, "data before made or after lost");
    claim(conn->fuzz, !conn->losing && !conn->aborted && !conn->broken, "data while closing");
    claim(conn->fuzz, !conn->reading_paused, "data while paused");
    claim(conn->fuzz, !conn->ended && bytes > 0, "data after the end");
    for (size_t i = 0; i < bytes; i++)
        claim(conn->fuzz, data[i] == conn->next_read++, "a byte is missing or out of order");
    conn->fuzz->received++;
    meddle(conn->fuzz);
    struct torc_failure *failure = perhaps_fail(conn->fuzz);
    conn->broken |= failure != NULL;
    return failure;
}

static void conn_lost(struct torc_protocol *self, struct torc_failure *reason)
{
    struct conn *conn = conn_of(self);
    struct fuzz *fuzz = conn->fuzz;
    struct torc_address address;
    claim(fuzz, conn->made && !conn->lost, "lost without made, or twice");
    claim(fuzz, conn->calls == 0, "lost inside a call on the transport");
    claim(fuzz, !conn->producing, "lost before the producer was stopped");
    claim(fuzz, reason != NULL, "lost without a reason");
    claim(fuzz, torc_transport_local(self->transport, &address) == 0, "no address in lost");
    claim(fuzz, torc_transport_disconnecting(self->transport), "lost and not disconnecting");
    conn->lost = true;
    fuzz->lost++;
    meddle(fuzz);
    fuzz->conns[conn->place] = NULL;
    free(conn);
}

static void conn_ended(struct torc_protocol *self)
{
    struct conn *conn = conn_of(self);
    claim(conn->fuzz, conn->made && !conn->lost && !conn->ended, "ended twice or after lost");
    claim(conn->fuzz, !conn->reading_paused && !conn->losing, "the end seen while paused or closing");
    conn->ended = true;
    meddle(conn->fuzz);
    if (pick(conn->fuzz, 2) == 0) {
        conn->losing = true;
        conn->calls++;
        torc_transport_lose(self->transport);
        conn->calls--;
    }
}

static void conn_write_lost(struct torc_protocol *self)
{
    struct conn *conn = conn_of(self);
    claim(conn->fuzz, conn->losing_write && !conn->write_lost && !conn->lost, "write lost");
    claim(conn->fuzz, conn->calls == 0, "write lost inside a call on the transport");
    conn->write_lost = true;
    meddle(conn->fuzz);
}

/* --- factories -------------------------------------------------------------------------------- */

static struct maker *maker_of(struct torc_factory *self)
{
    return (struct maker *)(void *)self;
}

static struct torc_failure *maker_build(struct torc_factory *self, const struct torc_address *peer,
                                        struct torc_protocol **out)
{
    static const struct torc_protocol_ops plain = {sizeof plain, conn_made,      conn_data,
                                                   conn_lost,    NULL,           conn_write_lost};
    static const struct torc_protocol_ops half = {sizeof half, conn_made,  conn_data,
                                                  conn_lost,   conn_ended, conn_write_lost};
    static const struct torc_producer_ops producer = {pause_producing, resume_producing,
                                                      stop_producing};
    struct maker *maker = maker_of(self);
    struct fuzz *fuzz = maker->fuzz;
    size_t place = 0;
    claim(fuzz, maker->in_use && peer != NULL, "building while stopped");
    maker->building++;
    meddle(fuzz);
    claim(fuzz, maker->in_use, "stopped while building");
    maker->building--;
    while (place < PLACES && fuzz->conns[place] != NULL)
        place++;
    if (place == PLACES)
        return NULL;
    if (pick(fuzz, 20) == 0)
        return torc_failure_static(&torc_failure_invalid_argument);
    struct conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL)
        abort();
    conn->half_close = pick(fuzz, 2) == 0;
    conn->protocol.ops = conn->half_close ? &half : &plain;
    conn->producer.ops = &producer;
    conn->fuzz = fuzz;
    conn->place = place;
    fuzz->conns[place] = conn;
    *out = &conn->protocol;
    return NULL;
}

static void maker_started(struct torc_factory *self)
{
    claim(maker_of(self)->fuzz, !maker_of(self)->in_use, "started twice");
    maker_of(self)->in_use = true;
    meddle(maker_of(self)->fuzz);
}

static void maker_stopped(struct torc_factory *self)
{
    struct maker *maker = maker_of(self);
    struct fuzz *fuzz = maker->fuzz;
    claim(fuzz, maker->in_use && !maker->attempting && maker->building == 0,
          "stopped while in use");
    maker->in_use = false;
    meddle(fuzz);
}

static void maker_connecting(struct torc_factory *self, struct torc_connector connector)
{
    struct maker *maker = maker_of(self);
    claim(maker->fuzz, maker->in_use && !maker->attempting, "connecting while stopped or connecting");
    maker->attempting = true;
    maker->connector = connector;
    meddle(maker->fuzz);
}

static void maker_over(struct torc_factory *self, struct torc_connector connector)
{
    struct maker *maker = maker_of(self);
    claim(maker->fuzz, maker->attempting, "an attempt ended twice");
    maker->attempting = false;
    maker->connector = connector;
    if (!maker->fuzz->ending && pick(maker->fuzz, 3) == 0)
        (void)!torc_connector_connect(connector);
    meddle(maker->fuzz);
}

static void maker_failed(struct torc_factory *self, struct torc_connector connector,
                         struct torc_failure *reason)
{
    claim(maker_of(self)->fuzz, reason != NULL, "failed without a reason");
    maker_of(self)->fuzz->failed++;
    maker_over(self, connector);
}

static void maker_lost(struct torc_factory *self, struct torc_connector connector,
                       struct torc_failure *reason)
{
    claim(maker_of(self)->fuzz, reason != NULL, "lost without a reason");
    maker_over(self, connector);
}

static struct maker *some_maker(struct fuzz *fuzz)
{
    static const struct torc_factory_ops ops = {sizeof ops,       maker_build,  maker_started,
                                                maker_stopped,    maker_connecting,
                                                maker_failed,     maker_lost};
    size_t place = pick(fuzz, FACTORIES);
    if (fuzz->makers[place] == NULL) {
        struct maker *maker = calloc(1, sizeof *maker);
        if (maker == NULL)
            abort();
        maker->factory.ops = &ops;
        maker->fuzz = fuzz;
        maker->place = place;
        maker->host = (int)(place % 2);
        fuzz->makers[place] = maker;
    }
    return fuzz->makers[place];
}

static struct torc_reactor *reactor_of(const struct maker *maker)
{
    return torc_host_reactor(maker->fuzz->hosts[maker->host]);
}

/* --- what may be called ----------------------------------------------------------------------- */

static void act_on_transport(struct fuzz *fuzz)
{
    struct conn *conn = fuzz->conns[pick(fuzz, PLACES)];
    if (conn == NULL || !conn->made)
        return;
    struct torc_transport transport = conn->protocol.transport;
    uint32_t what = pick(fuzz, 24);
    bool open = torc_transport_writable(transport);
    if (what < 9) {
        bool closed = !open && !conn->producing;
        int code = write_some(conn);
        claim(fuzz, !closed || code == TORC_ECLOSED, "a write after closing was taken");
        return;
    }
    conn->calls++;
    if (what == 9) {
        conn->losing = true;
        torc_transport_lose(transport);
    } else if (what == 10) {
        conn->aborted = true;
        torc_transport_abort(transport);
    } else if (what == 11) {
        conn->losing_write = true;
        torc_transport_lose_write(transport);
    } else if (what < 14) {
        conn->reading_paused = true;
        torc_transport_pause_reading(transport);
    } else if (what < 17) {
        conn->reading_paused = false;
        torc_transport_resume_reading(transport);
    } else if (what < 20) {
        register_some_producer(conn);
    } else if (what < 22) {
        torc_transport_unregister_producer(transport);
        if (!conn->lost)
            conn->producing = false;
    } else {
        (void)!torc_transport_set_limits(transport, pick(fuzz, 300), pick(fuzz, 4000));
    }
    if (what == 9 || what == 10)
        claim(fuzz, torc_transport_disconnecting(transport), "closed and not disconnecting");
    conn->calls--;
}

static void act_on_factory(struct fuzz *fuzz)
{
    struct maker *maker = some_maker(fuzz);
    uint32_t what = pick(fuzz, 12);
    struct torc_address address = torc_host_address(fuzz->hosts[pick(fuzz, 2)],
                                                    (uint16_t)(80 + pick(fuzz, 3)));
    struct torc_address local = torc_host_address(fuzz->hosts[maker->host],
                                                  (uint16_t)(80 + pick(fuzz, 3)));
    if (what < 3) {
        (void)!torc_listen(reactor_of(maker), &local, &maker->factory, NULL, &maker->listener);
    } else if (what < 5) {
        torc_listener_close(maker->listener);
    } else if (what < 9 && !maker->attempting && !maker->has_connector) {
        struct torc_connect_options options = TORC_CONNECT_OPTIONS_INIT;
        options.timeout_ns = 1 + pick(fuzz, 300000);
        maker->has_connector = true; /* one at a time, or `attempting` would mean nothing */
        (void)!torc_connect(reactor_of(maker), &address, &maker->factory, &options,
                            &maker->connector);
        maker->has_connector = false;
    } else if (what == 9) {
        bool attempting = maker->attempting;
        int code = torc_connector_stop(maker->connector);
        claim(fuzz, attempting || code != 0, "stopped an attempt that was none");
    } else if (what == 10) {
        torc_connector_disconnect(maker->connector);
    } else if (what == 11) {
        (void)!torc_connector_connect(maker->connector);
    }
}

static void drop_arg(void *arg)
{
    struct fuzz *fuzz = arg;
    fuzz->args_dropped++;
    fuzz->drops++;
    meddle(fuzz);
}

static struct torc_failure *timed(void *arg)
{
    meddle(arg);
    return NULL;
}

static void act_on_timer(struct fuzz *fuzz)
{
    struct torc_timer *timer = &fuzz->timers[pick(fuzz, TIMERS)];
    struct torc_reactor *reactor = torc_host_reactor(fuzz->hosts[pick(fuzz, 2)]);
    uint32_t what = pick(fuzz, 6);
    struct torc_timer made;
    if (what < 3) {
        uint64_t delay_ns = what == 0 ? 0 : what == 1 ? pick(fuzz, 5000) : TORC_NEVER;
        /* Counted before: a failing acquisition takes nothing. */
        if (torc_call_later(torc_reactor_clock(reactor), delay_ns, timed, fuzz, drop_arg, &made) == 0) {
            fuzz->args_taken++;
            if (torc_timer_active(*timer))
                (void)torc_timer_cancel(*timer);
            *timer = made;
        }
    } else if (what == 3) {
        (void)torc_timer_cancel(*timer);
    } else if (what == 4) {
        (void)torc_timer_reset(*timer, pick(fuzz, 4000));
    } else {
        (void)torc_timer_delay(*timer, (int64_t)pick(fuzz, 4000) - 2000);
    }
}

static struct torc_result meddling_callback(struct torc_result result, void *arg)
{
    meddle(arg);
    if (pick(arg, 4) == 0) {
        struct fuzz *fuzz = arg;
        struct promise *promise = &fuzz->promises[pick(fuzz, DEFERREDS)];
        if (promise->sink != NULL) {
            struct torc_deferred *sink = promise->sink;
            promise->sink = NULL;
            torc_result_drop(result);
            return torc_await(sink);
        }
    }
    if (result.kind == TORC_RESULT_FAILURE) {
        torc_result_drop(result);
        return torc_value(NULL);
    }
    return result;
}

static void meddling_canceller(struct torc_source source, void *arg)
{
    meddle(arg);
    if (pick(arg, 2) == 0)
        (void)torc_source_fire(source, torc_value(NULL));
}

static void act_on_deferred(struct fuzz *fuzz)
{
    struct promise *promise = &fuzz->promises[pick(fuzz, DEFERREDS)];
    struct torc_reactor *reactor = torc_host_reactor(fuzz->hosts[0]);
    uint32_t what = pick(fuzz, 8);
    if (promise->sink == NULL) {
        struct promise made;
        torc_source_drop(promise->source);
        if (promise->sink == NULL &&
            torc_deferred_new(torc_reactor_scope(reactor), pick(fuzz, 2) ? meddling_canceller : NULL,
                              fuzz, &made.source, &made.sink) == 0)
            *promise = made;
    } else if (what < 3) {
        if (torc_deferred_add_both(promise->sink, meddling_callback, fuzz, drop_arg) == 0)
            fuzz->args_taken++;
    } else if (what == 3) {
        torc_deferred_cancel(promise->sink);
    } else if (what == 4) {
        struct torc_deferred *sink = promise->sink;
        promise->sink = NULL;
        torc_deferred_drop(sink);
    } else if (what == 5) {
        (void)torc_source_fire(promise->source, torc_value(NULL));
    } else if (what == 6) {
        torc_source_drop(promise->source);
    } else {
        (void)torc_source_fire(promise->source,
                               torc_fail(torc_failure_static(&torc_failure_protocol_error)));
    }
}

static struct torc_failure *from_thread(void *arg)
{
    meddle(arg);
    return NULL;
}

static int work(void *arg)
{
    (void)arg;
    return 0;
}

static void act_on_reactor(struct fuzz *fuzz)
{
    int host = (int)pick(fuzz, 2);
    struct torc_reactor *reactor = torc_host_reactor(fuzz->hosts[host]);
    uint32_t what = pick(fuzz, 10);
    if (what < 3) {
        if (torc_call_from_thread(reactor, from_thread, fuzz, drop_arg) == 0)
            fuzz->args_taken++;
    } else if (what < 5) {
        torc_host_fail_allocation(fuzz->hosts[host], pick(fuzz, 6), false);
    } else if (what < 7) {
        struct torc_deferred *done;
        if (torc_run_job(reactor, work, fuzz, drop_arg, &done) == 0) {
            fuzz->args_taken++;
            torc_deferred_drop(done);
        }
    } else {
        (void)!torc_reactor_fire_event(reactor, "nobody listens to this");
    }
}

static void act(struct fuzz *fuzz)
{
    uint32_t what = pick(fuzz, 20);
    if (what < 11)
        act_on_transport(fuzz);
    else if (what < 14)
        act_on_factory(fuzz);
    else if (what < 16)
        act_on_timer(fuzz);
    else if (what < 18)
        act_on_deferred(fuzz);
    else if (fuzz->depth > 0)
        act_on_reactor(fuzz);
}

/* --- a run ------------------------------------------------------------------------------------ */

static void set_links(struct fuzz *fuzz)
{
    struct torc_link link = TORC_LINK_INIT;
    link.delay_ns = 500;
    link.segment_bytes = 1 + pick(fuzz, 300);
    link.buffer_bytes = 64 + pick(fuzz, 900);
    assert_int_equal(torc_world_set_link(fuzz->world, fuzz->hosts[0], fuzz->hosts[1], &link), 0);
    assert_int_equal(torc_world_set_link(fuzz->world, fuzz->hosts[0], fuzz->hosts[0], &link), 0);
}

/* Nobody waits for anything any more, and the producers let go. */
static void end(struct fuzz *fuzz)
{
    enum torc_verdict verdict;
    fuzz->ending = true;
    for (int i = 0; i < 2; i++) {
        torc_host_fail_allocation(fuzz->hosts[i], UINT64_MAX, false);
        claim(fuzz, torc_reactor_stop(torc_host_reactor(fuzz->hosts[i])) == 0, "stop failed");
    }
    assert_int_equal(torc_world_run(fuzz->world, torc_world_now(fuzz->world) + TORC_SECOND, &verdict), 0);
    claim(fuzz, verdict == TORC_VERDICT_STOPPED, "the world did not stop");
    fuzz->depth = DEPTH; /* from here on the objects of this test go */
    for (int i = 0; i < PLACES; i++)
        claim(fuzz, fuzz->conns[i] == NULL, "a protocol was not told that it is lost");
    for (int i = 0; i < FACTORIES; i++) {
        claim(fuzz, fuzz->makers[i] == NULL || !fuzz->makers[i]->in_use, "a factory is still in use");
        free(fuzz->makers[i]);
    }
    for (int i = 0; i < DEFERREDS; i++) {
        struct promise promise = fuzz->promises[i];
        fuzz->promises[i].sink = NULL;
        torc_source_drop(promise.source);
        torc_deferred_drop(promise.sink);
    }
    for (int i = 0; i < 2 && fuzz->wrong == NULL; i++) {
        uint64_t left = 1;
        claim(fuzz, torc_host_retire(fuzz->hosts[i], &left) == 0 && left == 0,
              "memory of a host was not released");
    }
    claim(fuzz, fuzz->args_taken == fuzz->args_dropped || fuzz->wrong != NULL,
          "an argument was not dropped exactly once");
}

static void play(struct fuzz *fuzz, uint32_t seed)
{
    struct torc_world_options options;
    enum torc_verdict verdict;
    memset(fuzz, 0, sizeof *fuzz);
    fuzz->noise = seed;
    torc_world_options_init(&options);
    options.seed = seed;
    assert_int_equal(torc_world_new(&options, &fuzz->world), 0);
    assert_int_equal(torc_world_add_host(fuzz->world, "a", NULL, &fuzz->hosts[0]), 0);
    assert_int_equal(torc_world_add_host(fuzz->world, "b", NULL, &fuzz->hosts[1]), 0);
    for (int i = 0; i < STEPS && fuzz->wrong == NULL; i++) {
        if (i % 50 == 0)
            set_links(fuzz);
        act(fuzz);
        assert_int_equal(torc_world_run(fuzz->world, torc_world_now(fuzz->world) + pick(fuzz, 1500),
                                        &verdict), 0);
        claim(fuzz, verdict != TORC_VERDICT_LIVELOCK, "the world spins");
    }
    if (fuzz->wrong == NULL)
        end(fuzz);
    torc_world_free(fuzz->world);
}

TORC_TEST(promises_hold_whatever_is_called_where)
{
    static struct fuzz fuzz;
    uint64_t lost = 0, received = 0, resumed = 0, stopped = 0, failed = 0;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        play(&fuzz, seed);
        if (fuzz.wrong != NULL)
            fail_msg("seed %u: %s", (unsigned)seed, fuzz.wrong);
        lost += fuzz.lost;
        received += fuzz.received;
        resumed += fuzz.resumed;
        stopped += fuzz.stopped;
        failed += fuzz.failed;
    }
    print_message("# lost %u received %u resumed %u stopped %u failed %u\n", (unsigned)lost,
                  (unsigned)received, (unsigned)resumed, (unsigned)stopped, (unsigned)failed);
    assert_true(lost > 1000 && received > 1000 && resumed > 100 && stopped > 50 && failed > 200);
    return NULL;
}

TORC_TRIAL_MAIN
