/* link_fixture.h - two raw hosts, a client and a server, and what decisions and cuts do to the packets between them.
 *
 * It is the state of tests in the group with_fixture. */
#ifndef TORC_TESTS_LINK_FIXTURE_H
#define TORC_TESTS_LINK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/network_fault.h>
#include <torc/trial.h>

#include "raw_host.h"

#define MS TORC_MILLISECOND
#define S TORC_SECOND
#define LISTENER 1
#define DELAY (10 * MS)
#define FIRST_TIMEOUT (2 * DELAY + 200 * MS)

enum { CLI, SRV };

struct fixture {
    struct torc_world *world;
    struct torc_host *host[2];
    struct torc_platform *platform[2];
    struct torc_decision_list *decisions;
    struct torc_trace *kept;
    char trace[65536];
    size_t trace_bytes;
    int connected; /* 1: not yet; then the result */
};

static inline int keep(void *arg, const char *line, size_t bytes)
{
    struct fixture *fixture = arg;

    if (fixture->trace_bytes + bytes < sizeof fixture->trace) {
        memcpy(fixture->trace + fixture->trace_bytes, line, bytes);
        fixture->trace_bytes += bytes;
    }
    return 0;
}

static inline void client_turn(void *arg)
{
    struct fixture *fixture = arg;
    struct torc_platform_event batch[8];
    size_t n = fixture->platform[CLI]->ops->wait(fixture->platform[CLI], 0, batch, 8);

    for (size_t i = 0; i < n; i++)
        if ((batch[i].events & TORC_EVENT_CONNECT) != 0)
            fixture->connected = batch[i].result;
}

static inline void idle(void *arg)
{
    (void)arg;
}

static inline struct torc_deferred *set_up(struct torc_trial *trial)
{
    static struct fixture fixture;
    struct torc_link link = {.delay_ns = DELAY, .buffer_bytes = 100};
    struct torc_world_options options;

    memset(&fixture, 0, sizeof fixture);
    torc_world_options_init(&options);
    torc_trial_need(trial, torc_decision_list_new(NULL, &fixture.decisions));
    torc_trial_need(trial, torc_trace_new(keep, &fixture, &fixture.kept));
    options.trace = fixture.kept;
    options.decider = torc_decision_list_decider(fixture.decisions);
    torc_trial_need(trial, torc_world_new(&options, &fixture.world));
    assert_int_equal(torci_world_add_raw_host(fixture.world, "cli", client_turn, &fixture, &fixture.host[CLI]), 0);
    assert_int_equal(torci_world_add_raw_host(fixture.world, "srv", idle, NULL, &fixture.host[SRV]), 0);
    torc_trial_need(trial, torc_world_set_link(fixture.world, fixture.host[CLI], fixture.host[SRV], &link));
    fixture.platform[CLI] = torci_host_platform(fixture.host[CLI]);
    fixture.platform[SRV] = torci_host_platform(fixture.host[SRV]);
    fixture.connected = 1;
    torc_trial_set_state(trial, &fixture);
    return NULL;
}

static inline struct torc_deferred *tear_down(struct torc_trial *trial)
{
    struct fixture *fixture = torc_trial_state(trial);

    torc_world_free(fixture->world);
    torc_trace_free(fixture->kept);
    torc_decision_list_free(fixture->decisions);
    return NULL;
}

static const struct torc_trial_group with_fixture = {.set_up = set_up, .tear_down = tear_down};

/* --- what tests do ------------------------------------------------------------------------------ */

static inline void run_for(struct fixture *fixture, uint64_t ns)
{
    enum torc_verdict verdict;

    assert_int_equal(
        torc_world_run(fixture->world, torc_world_now(fixture->world) + ns, &verdict), 0);
}

/* Until nothing is left to happen. */
static inline void run_out(struct fixture *fixture)
{
    enum torc_verdict verdict;

    assert_int_equal(torc_world_run(fixture->world, TORC_NEVER, &verdict), 0);
}

/* The k-th packet `host` sends, and with `onwards` all after it, is struck. */
static inline void decide(struct fixture *fixture, const char *host, const char *site, uint64_t k,
                   bool onwards)
{
    struct torc_decision decision = {host, site, k, 1, onwards};

    assert_int_equal(torc_decision_list_add(fixture->decisions, &decision), 0);
}

static inline void cut(struct fixture *fixture, int from, int to, enum torc_cut_mode mode)
{
    struct torc_cut settings = TORC_CUT_INIT;

    settings.mode = mode;
    assert_int_equal(torc_world_cut(fixture->world, fixture->host[from], fixture->host[to], &settings), 0);
}

static inline void heal(struct fixture *fixture, int from, int to)
{
    torc_world_heal(fixture->world, fixture->host[from], fixture->host[to]);
}

static inline void listen_at(struct fixture *fixture)
{
    struct torc_listen_settings settings = {0, 0};
    struct torc_address address = torc_address_ipv4(0, 0, 0, 0, 80);
    uint64_t handle;

    assert_int_equal(fixture->platform[SRV]->ops->listen(fixture->platform[SRV], &address, &settings,
                                                         LISTENER, &handle), 0);
}

static inline uint64_t connect_to(struct fixture *fixture, struct torc_address address)
{
    uint64_t handle = 0;

    assert_int_equal(fixture->platform[CLI]->ops->connect(fixture->platform[CLI], &address, NULL, 1,
                                                          &handle), 0);
    return handle;
}

/* A connection; the client has sent a SYN and an ACK (its packets 0 and 1), the server a SYN-ACK (0). */
static inline void join(struct fixture *fixture, uint64_t *out_client, uint64_t *out_server)
{
    listen_at(fixture);
    *out_client = connect_to(fixture, torc_host_address(fixture->host[SRV], 80));
    run_for(fixture, 3 * DELAY);
    assert_int_equal(fixture->connected, 0);
    assert_int_equal(fixture->platform[SRV]->ops->accept(fixture->platform[SRV], LISTENER, 2,
                                                         out_server, NULL), 0);
}

static inline int write_text(struct fixture *fixture, int i, uint64_t handle, const char *text)
{
    struct torc_span span = {text, strlen(text)};
    size_t n = 0;

    return fixture->platform[i]->ops->writev(fixture->platform[i], handle, &span, 1, &n);
}

/* All there is to read, or the code if there is nothing. */
static inline int read_text(struct fixture *fixture, int i, uint64_t handle, char text[256])
{
    size_t used = 0;
    size_t n = 0;
    int code = TORC_EAGAIN;

    while (used < 255 && (code = fixture->platform[i]->ops->read(fixture->platform[i], handle,
                                                                 text + used, 255 - used, &n)) == 0 &&
           n > 0)
        used += n;
    text[used] = '\0';
    return used > 0 ? 0 : code;
}

static inline void assert_reads(struct fixture *fixture, int i, uint64_t handle, const char *wanted)
{
    char text[256];

    assert_int_equal(read_text(fixture, i, handle, text), 0);
    assert_string_equal(text, wanted);
}

static inline void assert_reads_nothing(struct fixture *fixture, int i, uint64_t handle)
{
    char text[256];

    assert_int_equal(read_text(fixture, i, handle, text), TORC_EAGAIN);
}

static inline void assert_traced(const struct fixture *fixture, const char *text)
{
    if (strstr(fixture->trace, text) == NULL)
        fail_msg("no %s in %s", text, fixture->trace);
}

/* --- datagrams ---------------------------------------------------------------------------------- */

static inline uint64_t open_port(struct fixture *fixture, int i)
{
    struct torc_address address = torc_address_ipv4(0, 0, 0, 0, 53);
    uint64_t handle = 0;

    assert_int_equal(fixture->platform[i]->ops->datagram_open(fixture->platform[i], &address, 0, 1,
                                                              &handle), 0);
    return handle;
}

static inline void send_text(struct fixture *fixture, uint64_t handle, const char *text)
{
    struct torc_address to = torc_host_address(fixture->host[SRV], 53);

    assert_int_equal(fixture->platform[CLI]->ops->datagram_send(fixture->platform[CLI], handle, &to,
                                                                text, strlen(text)), 0);
}

/* What is received until nothing is left, joined. */
static inline void assert_received(struct fixture *fixture, uint64_t handle, const char *wanted)
{
    struct torc_address from;
    char text[256] = "";
    size_t used = 0;
    size_t n = 0;

    while (fixture->platform[SRV]->ops->datagram_receive(fixture->platform[SRV], handle, text + used,
                                                         16, &n, &from) == 0)
        used += n;
    text[used] = '\0';
    assert_string_equal(text, wanted);
}

#endif
