/* Random connecting, writing, reading, closing, killing and restarting on three hosts.  Whatever
 * happens: the bytes of a direction arrive in order and without a hole, a run ends, nothing is
 * leaked (under a sanitizer), and the same seed makes the same digest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/sim.h>
#include <torc/trial.h>

#include "raw_host.h"

enum { HOSTS = 3, STREAMS = 24, STEPS = 1500, SEEDS = 40 };

/* One end of a connection in the hands of a host.  The bytes it writes count up from 0, so the
 * reader knows what must come. */
struct end {
    uint64_t handle; /* 0: free place */
    bool connected;
    uint8_t next_write;
    uint8_t next_read;
};

struct actor {
    struct fuzz *fuzz;
    struct torc_host *host;
    struct torc_platform *platform;
    uint64_t listener;
    struct end ends[STREAMS];
};

struct fuzz {
    struct torc_world *world;
    uint32_t noise;
    struct actor actors[HOSTS];
    const char *wrong;
    uint64_t bytes;
};

static uint32_t pick(struct fuzz *fuzz, uint32_t below)
{
    fuzz->noise = fuzz->noise * 1664525 + 1013904223;
    return (fuzz->noise >> 16) % below;
}

static struct end *free_place(struct actor *actor)
{
    size_t i;

    for (i = 0; i < STREAMS; i++) {
        if (actor->ends[i].handle == 0)
            return &actor->ends[i];
    }
    return NULL;
}

static void begin_end(struct actor *actor, struct end *end, uint64_t handle, bool connected)
{
    memset(end, 0, sizeof *end);
    end->handle = handle;
    end->connected = connected;
    actor->platform->ops->interest(actor->platform, handle, connected ? TORC_EVENT_READ : 0);
}

static void close_end(struct actor *actor, struct end *end, enum torc_close_mode mode)
{
    actor->platform->ops->close(actor->platform, end->handle, mode);
    end->handle = 0;
}

static void accept_one(struct actor *actor)
{
    struct end *end = free_place(actor);
    uint64_t handle;
    int code;

    if (end == NULL) {
        code = actor->platform->ops->refuse(actor->platform, actor->listener);
    } else {
        code = actor->platform->ops->accept(actor->platform, actor->listener,
                                            (uint64_t)(end - actor->ends) + 1, &handle, NULL);
        if (code == 0)
            begin_end(actor, end, handle, true);
    }
    if (code != 0 && code != TORC_EAGAIN)
        actor->fuzz->wrong = "accept or refuse failed";
}

static void read_some(struct actor *actor, struct end *end)
{
    uint8_t buffer[64];
    size_t n = 0;
    size_t i;
    int code = actor->platform->ops->read(actor->platform, end->handle, buffer,
                                          1 + pick(actor->fuzz, sizeof buffer), &n);

    if (code == TORC_EAGAIN)
        return;
    if (code != 0 || n == 0) {
        close_end(actor, end, TORC_CLOSE_NORMAL);
        return;
    }
    for (i = 0; i < n; i++) {
        if (buffer[i] != end->next_read++)
            actor->fuzz->wrong = "a byte is missing or out of order";
    }
    actor->fuzz->bytes += n;
}

static void write_some(struct actor *actor, struct end *end)
{
    uint8_t buffer[200];
    size_t bytes = 1 + pick(actor->fuzz, sizeof buffer);
    struct torc_span spans[2];
    size_t n = 0;
    size_t i;
    int code;

    for (i = 0; i < bytes; i++)
        buffer[i] = (uint8_t)(end->next_write + i);
    spans[0].data = buffer;
    spans[0].bytes = bytes / 3;
    spans[1].data = buffer + bytes / 3;
    spans[1].bytes = bytes - bytes / 3;
    code = actor->platform->ops->writev(actor->platform, end->handle, spans, 2, &n);
    if (code == 0)
        end->next_write = (uint8_t)(end->next_write + n);
    else if (code == TORC_EAGAIN)
        actor->platform->ops->interest(actor->platform, end->handle,
                                       TORC_EVENT_READ | TORC_EVENT_WRITE);
    else
        close_end(actor, end, TORC_CLOSE_NORMAL);
}

static void turn(void *arg)
{
    struct actor *actor = arg;
    struct torc_platform_event batch[4];
    size_t n = actor->platform->ops->wait(actor->platform, 0, batch, 4);
    size_t i;

    for (i = 0; i < n; i++) {
        struct end *end;

        if (batch[i].token == 0) {
            accept_one(actor);
            continue;
        }
        end = &actor->ends[batch[i].token - 1];
        if (end->handle == 0)
            continue; /* closed earlier in this batch */
        if (batch[i].events == TORC_EVENT_CONNECT && batch[i].result != 0) {
            close_end(actor, end, TORC_CLOSE_NORMAL);
        } else if (batch[i].events == TORC_EVENT_CONNECT) {
            end->connected = true;
            actor->platform->ops->interest(actor->platform, end->handle, TORC_EVENT_READ);
        } else {
            if ((batch[i].events & TORC_EVENT_WRITE) != 0)
                actor->platform->ops->interest(actor->platform, end->handle, TORC_EVENT_READ);
            read_some(actor, end);
        }
    }
}

static void listen_again(struct actor *actor)
{
    struct torc_listen_settings settings = {3, 0};
    struct torc_address address = torc_address_ipv4(0, 0, 0, 0, 80);

    memset(actor->ends, 0, sizeof actor->ends);
    if (actor->platform->ops->listen(actor->platform, &address, &settings, 0, &actor->listener) != 0)
        actor->fuzz->wrong = "listen failed";
    else
        actor->platform->ops->interest(actor->platform, actor->listener, TORC_EVENT_READ);
}

static void connect_somewhere(struct fuzz *fuzz, struct actor *actor)
{
    struct torc_address address = torc_host_address(fuzz->actors[pick(fuzz, HOSTS)].host, 80);
    struct end *end = free_place(actor);
    uint64_t handle;

    if (end == NULL)
        return;
    if (actor->platform->ops->connect(actor->platform, &address, NULL,
                                      (uint64_t)(end - actor->ends) + 1, &handle) != 0)
        fuzz->wrong = "connect failed";
    else
        begin_end(actor, end, handle, false);
}

static void set_some_link(struct fuzz *fuzz)
{
    struct torc_host *from = fuzz->actors[pick(fuzz, HOSTS)].host;
    struct torc_host *to = fuzz->actors[pick(fuzz, HOSTS)].host;
    struct torc_link link = TORC_LINK_INIT;

    link.delay_ns = pick(fuzz, 2000);
    link.bits_per_second = pick(fuzz, 2) * 1000000000;
    link.segment_bytes = pick(fuzz, 20);
    link.buffer_bytes = 1 + pick(fuzz, 300);
    if (torc_world_set_link(fuzz->world, from, to, &link) != 0)
        fuzz->wrong = "set_link failed";
}

static void act(struct fuzz *fuzz)
{
    struct actor *actor = &fuzz->actors[pick(fuzz, HOSTS)];
    struct end *end = &actor->ends[pick(fuzz, STREAMS)];
    uint32_t what = pick(fuzz, 100);

    if (!torc_host_up(actor->host)) {
        if (what < 20) {
            if (torc_host_restart(actor->host) != 0)
                fuzz->wrong = "restart failed";
            listen_again(actor);
        }
    } else if (what < 2) {
        torc_host_kill(actor->host);
    } else if (what < 5) {
        set_some_link(fuzz);
    } else if (what < 25) {
        connect_somewhere(fuzz, actor);
    } else if (end->handle != 0 && what < 32) {
        close_end(actor, end, what < 28 ? TORC_CLOSE_ABORT : TORC_CLOSE_NORMAL);
    } else if (end->handle != 0 && end->connected) {
        if (what < 35)
            (void)actor->platform->ops->shutdown(actor->platform, end->handle);
        else
            write_some(actor, end);
    }
}

static void play(uint32_t seed, struct fuzz *fuzz, char digest[TORC_DIGEST_TEXT_BYTES])
{
    static const char *const names[HOSTS] = {"a", "b", "c"};
    enum torc_verdict verdict;
    int i;

    memset(fuzz, 0, sizeof *fuzz);
    fuzz->noise = seed;
    assert_int_equal(torc_world_new(NULL, &fuzz->world), 0);
    for (i = 0; i < HOSTS; i++) {
        struct actor *actor = &fuzz->actors[i];

        actor->fuzz = fuzz;
        assert_int_equal(torci_world_add_raw_host(fuzz->world, names[i], turn, actor, &actor->host), 0);
        actor->platform = torci_host_platform(actor->host);
        listen_again(actor);
    }
    for (i = 0; i < STEPS && fuzz->wrong == NULL; i++) {
        act(fuzz);
        assert_int_equal(torc_world_run(fuzz->world, torc_world_now(fuzz->world) + pick(fuzz, 1500),
                                        &verdict),
                         0);
        assert_int_not_equal(verdict, TORC_VERDICT_LIVELOCK);
    }
    if (seed % 2 == 0) { /* the others leave connections and packets under way */
        assert_int_equal(torc_world_run(fuzz->world, TORC_NEVER, &verdict), 0);
        assert_int_equal(verdict, TORC_VERDICT_QUIESCENT);
    }
    torc_trace_digest(torc_world_trace(fuzz->world), digest);
    torc_world_free(fuzz->world);
}

TORC_TEST(bytes_arrive_in_order_whatever_happens)
{
    static struct fuzz fuzz;
    char one[TORC_DIGEST_TEXT_BYTES];
    char two[TORC_DIGEST_TEXT_BYTES];
    uint64_t bytes = 0;
    uint32_t seed;

    for (seed = 1; seed <= SEEDS; seed++) {
        play(seed, &fuzz, one);
        if (fuzz.wrong != NULL)
            fail_msg("seed %u: %s", (unsigned)seed, fuzz.wrong);
        bytes += fuzz.bytes;
        play(seed, &fuzz, two);
        assert_string_equal(one, two);
    }
    assert_true(bytes > 20000);
    return NULL;
}

TORC_TRIAL_MAIN
