/* What goes wrong on links, and cuts, between raw hosts: exact times, for the fate of each packet is decided. */
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

static int keep(void *arg, const char *line, size_t bytes)
{
    struct fixture *fixture = arg;

    if (fixture->trace_bytes + bytes < sizeof fixture->trace) {
        memcpy(fixture->trace + fixture->trace_bytes, line, bytes);
        fixture->trace_bytes += bytes;
    }
    return 0;
}

static void client_turn(void *arg)
{
    struct fixture *fixture = arg;
    struct torc_platform_event batch[8];
    size_t n = fixture->platform[CLI]->ops->wait(fixture->platform[CLI], 0, batch, 8);

    for (size_t i = 0; i < n; i++)
        if ((batch[i].events & TORC_EVENT_CONNECT) != 0)
            fixture->connected = batch[i].result;
}

static void idle(void *arg)
{
    (void)arg;
}

static struct torc_deferred *set_up(struct torc_trial *trial)
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

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    struct fixture *fixture = torc_trial_state(trial);

    torc_world_free(fixture->world);
    torc_trace_free(fixture->kept);
    torc_decision_list_free(fixture->decisions);
    return NULL;
}

static const struct torc_trial_group with_fixture = {.set_up = set_up, .tear_down = tear_down};

/* --- what tests do ------------------------------------------------------------------------------ */

static void run_for(struct fixture *fixture, uint64_t ns)
{
    enum torc_verdict verdict;

    assert_int_equal(
        torc_world_run(fixture->world, torc_world_now(fixture->world) + ns, &verdict), 0);
}

/* Until nothing is left to happen. */
static void run_out(struct fixture *fixture)
{
    enum torc_verdict verdict;

    assert_int_equal(torc_world_run(fixture->world, TORC_NEVER, &verdict), 0);
}

/* The k-th packet `host` sends, and with `onwards` all after it, is struck. */
static void decide(struct fixture *fixture, const char *host, const char *site, uint64_t k,
                   bool onwards)
{
    struct torc_decision decision = {host, site, k, 1, onwards};

    assert_int_equal(torc_decision_list_add(fixture->decisions, &decision), 0);
}

static void cut(struct fixture *fixture, int from, int to, enum torc_cut_mode mode)
{
    struct torc_cut settings = TORC_CUT_INIT;

    settings.mode = mode;
    assert_int_equal(torc_world_cut(fixture->world, fixture->host[from], fixture->host[to], &settings), 0);
}

static void heal(struct fixture *fixture, int from, int to)
{
    torc_world_heal(fixture->world, fixture->host[from], fixture->host[to]);
}

static void listen_at(struct fixture *fixture)
{
    struct torc_listen_settings settings = {0, 0};
    struct torc_address address = torc_address_ipv4(0, 0, 0, 0, 80);
    uint64_t handle;

    assert_int_equal(fixture->platform[SRV]->ops->listen(fixture->platform[SRV], &address, &settings,
                                                         LISTENER, &handle), 0);
}

static uint64_t connect_to(struct fixture *fixture, struct torc_address address)
{
    uint64_t handle = 0;

    assert_int_equal(fixture->platform[CLI]->ops->connect(fixture->platform[CLI], &address, NULL, 1,
                                                          &handle), 0);
    return handle;
}

/* A connection; the client has sent a SYN and an ACK (its packets 0 and 1), the server a SYN-ACK (0). */
static void join(struct fixture *fixture, uint64_t *out_client, uint64_t *out_server)
{
    listen_at(fixture);
    *out_client = connect_to(fixture, torc_host_address(fixture->host[SRV], 80));
    run_for(fixture, 3 * DELAY);
    assert_int_equal(fixture->connected, 0);
    assert_int_equal(fixture->platform[SRV]->ops->accept(fixture->platform[SRV], LISTENER, 2,
                                                         out_server, NULL), 0);
}

static int write_text(struct fixture *fixture, int i, uint64_t handle, const char *text)
{
    struct torc_span span = {text, strlen(text)};
    size_t n = 0;

    return fixture->platform[i]->ops->writev(fixture->platform[i], handle, &span, 1, &n);
}

/* All there is to read, or the code if there is nothing. */
static int read_text(struct fixture *fixture, int i, uint64_t handle, char text[256])
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

static void assert_reads(struct fixture *fixture, int i, uint64_t handle, const char *wanted)
{
    char text[256];

    assert_int_equal(read_text(fixture, i, handle, text), 0);
    assert_string_equal(text, wanted);
}

static void assert_reads_nothing(struct fixture *fixture, int i, uint64_t handle)
{
    char text[256];

    assert_int_equal(read_text(fixture, i, handle, text), TORC_EAGAIN);
}

static void assert_traced(const struct fixture *fixture, const char *text)
{
    if (strstr(fixture->trace, text) == NULL)
        fail_msg("no %s in %s", text, fixture->trace);
}

/* --- datagrams ---------------------------------------------------------------------------------- */

static uint64_t open_port(struct fixture *fixture, int i)
{
    struct torc_address address = torc_address_ipv4(0, 0, 0, 0, 53);
    uint64_t handle = 0;

    assert_int_equal(fixture->platform[i]->ops->datagram_open(fixture->platform[i], &address, 0, 1,
                                                              &handle), 0);
    return handle;
}

static void send_text(struct fixture *fixture, uint64_t handle, const char *text)
{
    struct torc_address to = torc_host_address(fixture->host[SRV], 53);

    assert_int_equal(fixture->platform[CLI]->ops->datagram_send(fixture->platform[CLI], handle, &to,
                                                                text, strlen(text)), 0);
}

/* What is received until nothing is left, joined. */
static void assert_received(struct fixture *fixture, uint64_t handle, const char *wanted)
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

TORC_TEST(a_datagram_that_is_lost_is_traced_and_gone, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t a = open_port(fixture, CLI), b = open_port(fixture, SRV);

    decide(fixture, "cli", "link.loss", 1, false);
    send_text(fixture, a, "1");
    send_text(fixture, a, "2");
    send_text(fixture, a, "3");
    run_out(fixture);
    assert_received(fixture, b, "13");
    assert_traced(fixture, "\"k\":\"drop\",\"cause\":6,\"why\":\"loss\",\"what\":\"datagram\",\"to\":\"srv\","
                           "\"conn\":0,\"bytes\":1}");
    return NULL;
}

TORC_TEST(a_datagram_that_is_corrupted_is_lost, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t a = open_port(fixture, CLI), b = open_port(fixture, SRV);

    decide(fixture, "cli", "link.corrupt", 0, false);
    send_text(fixture, a, "1");
    send_text(fixture, a, "2");
    run_out(fixture);
    assert_received(fixture, b, "2");
    assert_traced(fixture, "\"why\":\"corrupt\"");
    return NULL;
}

TORC_TEST(a_datagram_that_is_doubled_comes_twice, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t a = open_port(fixture, CLI), b = open_port(fixture, SRV);

    decide(fixture, "cli", "link.duplicate", 0, false);
    send_text(fixture, a, "1");
    send_text(fixture, a, "2");
    run_out(fixture);
    assert_received(fixture, b, "112");
    return NULL;
}

TORC_TEST(a_datagram_that_is_late_is_overtaken, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t a = open_port(fixture, CLI), b = open_port(fixture, SRV);

    decide(fixture, "cli", "link.reorder", 0, false);
    send_text(fixture, a, "1");
    send_text(fixture, a, "2");
    run_for(fixture, 2 * DELAY - 1);
    assert_received(fixture, b, "2");
    run_for(fixture, 1);
    assert_received(fixture, b, "1");
    return NULL;
}

TORC_TEST(what_does_not_fit_into_the_queue_is_lost, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_link link = {.bits_per_second = 8000, .queue_bytes = 10};
    uint64_t a = open_port(fixture, CLI), b = open_port(fixture, SRV);

    assert_int_equal(torc_world_set_link(fixture->world, fixture->host[CLI], fixture->host[SRV], &link), 0);
    send_text(fixture, a, "12345");
    send_text(fixture, a, "67890");
    send_text(fixture, a, "x");
    run_for(fixture, 5 * MS);
    send_text(fixture, a, "abcde");
    run_out(fixture);
    assert_received(fixture, b, "1234567890abcde");
    assert_traced(fixture, "\"why\":\"queue\"");
    return NULL;
}

TORC_TEST(a_queue_beyond_a_gigabyte_is_not_a_small_one, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_link link = {.bits_per_second = 8000, .queue_bytes = 2305843010};
    uint64_t a = open_port(fixture, CLI), b = open_port(fixture, SRV);

    assert_int_equal(torc_world_set_link(fixture->world, fixture->host[CLI], fixture->host[SRV], &link), 0);
    send_text(fixture, a, "12345");
    send_text(fixture, a, "67890");
    run_out(fixture);
    assert_received(fixture, b, "1234567890");
    return NULL;
}

/* Of 1000 packets on a link that loses and doubles a tenth each. */
TORC_TEST(shares_are_what_the_link_says, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_link link = {.loss_ppm = 100000, .duplicate_ppm = 100000};
    uint64_t a = open_port(fixture, CLI), b = open_port(fixture, SRV);
    struct torc_address from;
    unsigned count = 0;
    char text[16];
    size_t n;

    assert_int_equal(torc_world_set_link(fixture->world, fixture->host[CLI], fixture->host[SRV], &link), 0);
    for (int i = 0; i < 1000; i++) {
        send_text(fixture, a, "x");
        run_for(fixture, MS);
        while (fixture->platform[SRV]->ops->datagram_receive(fixture->platform[SRV], b, text, 16, &n,
                                                             &from) == 0)
            count++;
    }
    assert_in_range(count, 950, 1030); /* 990 expected */
    assert_int_not_equal(count, 1000);
    return NULL;
}

TORC_TEST(without_faults_links_lose_nothing_and_cuts_stay, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_link link = {.loss_ppm = 1000000, .corrupt_ppm = 1000000, .bits_per_second = 8000,
                             .queue_bytes = 1};
    uint64_t a = open_port(fixture, CLI), b = open_port(fixture, SRV);

    assert_int_equal(torc_world_set_link(fixture->world, fixture->host[CLI], fixture->host[SRV], &link), 0);
    torc_world_set_faults(fixture->world, false);
    send_text(fixture, a, "1");
    send_text(fixture, a, "2");
    cut(fixture, CLI, SRV, TORC_CUT_DROP);
    send_text(fixture, a, "3");
    torc_world_heal_all(fixture->world);
    send_text(fixture, a, "4");
    torc_world_set_faults(fixture->world, true);
    send_text(fixture, a, "5");
    run_out(fixture);
    assert_received(fixture, b, "124");
    return NULL;
}

TORC_TEST(loopback_loses_nothing, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_link link = {.loss_ppm = 1000000};
    struct torc_cut settings = TORC_CUT_INIT;
    uint64_t b = open_port(fixture, SRV);
    struct torc_address to = torc_address_ipv4(127, 0, 0, 1, 53);

    assert_int_equal(torc_world_set_link(fixture->world, fixture->host[SRV], fixture->host[SRV], &link), 0);
    assert_int_equal(torc_world_cut(fixture->world, fixture->host[SRV], fixture->host[SRV], &settings),
                     TORC_EINVAL);
    assert_int_equal(fixture->platform[SRV]->ops->datagram_send(fixture->platform[SRV], b, &to, "1", 1), 0);
    run_out(fixture);
    assert_received(fixture, b, "1");
    return NULL;
}

TORC_TEST(settings_that_make_no_sense_are_refused, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_link link = {.loss_ppm = 1000001};
    struct torc_link uniform = {.delay_ns = 2, .delay_kind = TORC_DELAY_UNIFORM, .delay_spread_ns = 1};

    assert_int_equal(torc_world_set_link(fixture->world, fixture->host[CLI], fixture->host[SRV], &link),
                     TORC_EINVAL);
    assert_int_equal(torc_world_set_link(fixture->world, fixture->host[CLI], fixture->host[SRV], &uniform),
                     TORC_EINVAL);
    return NULL;
}

TORC_TEST(a_random_delay_changes_no_order, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_link link = {.delay_ns = DELAY, .delay_kind = TORC_DELAY_EXP};
    uint64_t a = open_port(fixture, CLI), b = open_port(fixture, SRV);

    assert_int_equal(torc_world_set_link(fixture->world, fixture->host[CLI], fixture->host[SRV], &link), 0);
    for (char c = 'a'; c <= 'z'; c++) {
        char text[2] = {c, '\0'};

        send_text(fixture, a, text);
        run_for(fixture, MS);
    }
    run_out(fixture);
    assert_int_not_equal(torc_world_now(fixture->world), 25 * MS + DELAY);
    assert_received(fixture, b, "abcdefghijklmnopqrstuvwxyz");
    return NULL;
}

/* --- streams ------------------------------------------------------------------------------------ */

TORC_TEST(a_lost_segment_comes_after_the_round_trip_and_200_ms, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server;

    decide(fixture, "cli", "link.loss", 2, false);
    join(fixture, &client, &server);
    assert_int_equal(write_text(fixture, CLI, client, "one "), 0);
    assert_int_equal(write_text(fixture, CLI, client, "two "), 0); /* waits behind it */
    run_for(fixture, FIRST_TIMEOUT + DELAY - 1);
    assert_reads_nothing(fixture, SRV, server);
    run_for(fixture, 1);
    assert_reads(fixture, SRV, server, "one two ");
    assert_traced(fixture, "\"why\":\"loss\",\"what\":\"data\",\"to\":\"srv\",\"conn\":1,\"bytes\":4}");
    assert_int_equal(write_text(fixture, CLI, client, "three"), 0);
    run_for(fixture, DELAY);
    assert_reads(fixture, SRV, server, "three");
    return NULL;
}

TORC_TEST(a_segment_lost_again_waits_twice_as_long, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server;

    decide(fixture, "cli", "link.loss", 2, false);
    decide(fixture, "cli", "link.corrupt", 3, false);
    join(fixture, &client, &server);
    assert_int_equal(write_text(fixture, CLI, client, "one"), 0);
    run_for(fixture, 3 * FIRST_TIMEOUT + DELAY - 1);
    assert_reads_nothing(fixture, SRV, server);
    run_for(fixture, 1);
    assert_reads(fixture, SRV, server, "one");
    return NULL;
}

TORC_TEST(a_late_segment_holds_up_those_after_it, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server;

    decide(fixture, "cli", "link.reorder", 2, false);
    join(fixture, &client, &server);
    assert_int_equal(write_text(fixture, CLI, client, "one "), 0);
    assert_int_equal(write_text(fixture, CLI, client, "two"), 0);
    run_for(fixture, 2 * DELAY - 1);
    assert_reads_nothing(fixture, SRV, server);
    run_for(fixture, 1);
    assert_reads(fixture, SRV, server, "one two");
    return NULL;
}

TORC_TEST(an_end_of_stream_that_is_lost_comes_though_the_sender_has_closed, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server;
    char text[256];

    decide(fixture, "cli", "link.loss", 3, false);
    join(fixture, &client, &server);
    assert_int_equal(write_text(fixture, CLI, client, "bye"), 0);
    fixture->platform[CLI]->ops->close(fixture->platform[CLI], client, TORC_CLOSE_NORMAL);
    run_for(fixture, FIRST_TIMEOUT + DELAY - 1);
    assert_reads(fixture, SRV, server, "bye");
    assert_reads_nothing(fixture, SRV, server);
    run_for(fixture, 1);
    assert_int_equal(read_text(fixture, SRV, server, text), 0);
    return NULL;
}

TORC_TEST(a_reset_that_is_lost_is_found_out_by_sending, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server;
    char text[256];

    decide(fixture, "cli", "link.loss", 2, false);
    join(fixture, &client, &server);
    fixture->platform[CLI]->ops->close(fixture->platform[CLI], client, TORC_CLOSE_ABORT);
    run_out(fixture);
    assert_reads_nothing(fixture, SRV, server);
    assert_int_equal(write_text(fixture, SRV, server, "still there?"), 0);
    run_out(fixture);
    assert_int_equal(read_text(fixture, SRV, server, text), TORC_ECONNRESET);
    return NULL;
}

TORC_TEST(a_lost_reset_that_answered_comes_when_it_is_tried_again, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server;
    char text[256];

    decide(fixture, "srv", "link.loss", 1, false);
    decide(fixture, "srv", "link.loss", 2, false);
    join(fixture, &client, &server);
    fixture->platform[SRV]->ops->close(fixture->platform[SRV], server, TORC_CLOSE_ABORT);
    assert_int_equal(write_text(fixture, CLI, client, "still there?"), 0);
    run_for(fixture, DELAY + FIRST_TIMEOUT + DELAY - 1);
    assert_reads_nothing(fixture, CLI, client);
    run_for(fixture, 1);
    assert_int_equal(read_text(fixture, CLI, client, text), TORC_ECONNRESET);
    return NULL;
}

TORC_TEST(a_lost_refusal_of_a_syn_comes_with_the_next_one, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    decide(fixture, "srv", "link.loss", 0, false);
    (void)connect_to(fixture, torc_host_address(fixture->host[SRV], 80));
    run_for(fixture, S + 2 * DELAY - 1);
    assert_int_equal(fixture->connected, 1);
    run_for(fixture, 1);
    assert_int_equal(fixture->connected, TORC_ECONNREFUSED);
    return NULL;
}

TORC_TEST(connecting_times_out_where_refusals_do_not_come_back, .group = &with_fixture)
{
    static const enum torc_cut_mode modes[] = {TORC_CUT_DROP, TORC_CUT_JAM};
    struct fixture *fixture = torc_trial_state(trial);

    for (size_t i = 0; i < 2; i++) {
        cut(fixture, SRV, CLI, modes[i]);
        fixture->connected = 1;
        (void)connect_to(fixture, torc_host_address(fixture->host[SRV], 80));
        run_for(fixture, 127 * S - 1);
        assert_int_equal(fixture->connected, 1);
        run_for(fixture, 1);
        assert_int_equal(fixture->connected, TORC_ETIMEDOUT);
    }
    return NULL;
}

TORC_TEST(a_lost_syn_is_sent_again_after_a_second, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    decide(fixture, "cli", "link.loss", 0, false);
    listen_at(fixture);
    (void)connect_to(fixture, torc_host_address(fixture->host[SRV], 80));
    run_for(fixture, S + 2 * DELAY - 1);
    assert_int_equal(fixture->connected, 1);
    run_for(fixture, 1);
    assert_int_equal(fixture->connected, 0);
    return NULL;
}

TORC_TEST(a_lost_answer_to_a_syn_makes_one_connection, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t server;

    decide(fixture, "srv", "link.loss", 0, false);
    listen_at(fixture);
    (void)connect_to(fixture, torc_host_address(fixture->host[SRV], 80));
    run_for(fixture, S + 3 * DELAY);
    assert_int_equal(fixture->connected, 0);
    assert_int_equal(fixture->platform[SRV]->ops->accept(fixture->platform[SRV], LISTENER, 2, &server,
                                                         NULL), 0);
    assert_int_equal(fixture->platform[SRV]->ops->accept(fixture->platform[SRV], LISTENER, 2, &server,
                                                         NULL), TORC_EAGAIN);
    return NULL;
}

TORC_TEST(a_connection_whose_third_packet_is_lost_is_accepted_later, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t server;
    uint64_t client;

    decide(fixture, "cli", "link.loss", 1, false);
    listen_at(fixture);
    client = connect_to(fixture, torc_host_address(fixture->host[SRV], 80));
    run_for(fixture, 2 * DELAY);
    assert_int_equal(fixture->connected, 0);
    assert_int_equal(write_text(fixture, CLI, client, "first"), 0);
    run_for(fixture, FIRST_TIMEOUT + DELAY - 1);
    assert_int_equal(fixture->platform[SRV]->ops->accept(fixture->platform[SRV], LISTENER, 2, &server,
                                                         NULL), TORC_EAGAIN);
    run_for(fixture, 1);
    assert_int_equal(fixture->platform[SRV]->ops->accept(fixture->platform[SRV], LISTENER, 2, &server,
                                                         NULL), 0);
    assert_reads(fixture, SRV, server, "first");
    return NULL;
}

TORC_TEST(connecting_over_a_cut_path_times_out_and_the_server_forgets, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t server;

    cut(fixture, SRV, CLI, TORC_CUT_DROP);
    listen_at(fixture);
    (void)connect_to(fixture, torc_host_address(fixture->host[SRV], 80));
    run_for(fixture, 127 * S - 1);
    assert_int_equal(fixture->connected, 1);
    run_for(fixture, 1);
    assert_int_equal(fixture->connected, TORC_ETIMEDOUT);
    run_out(fixture);
    assert_int_equal(fixture->platform[SRV]->ops->accept(fixture->platform[SRV], LISTENER, 2, &server,
                                                         NULL), TORC_EAGAIN);
    return NULL;
}

TORC_TEST(connecting_over_a_jammed_path_times_out_too, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    cut(fixture, CLI, SRV, TORC_CUT_JAM);
    listen_at(fixture);
    (void)connect_to(fixture, torc_host_address(fixture->host[SRV], 80));
    run_for(fixture, 127 * S - 1);
    assert_int_equal(fixture->connected, 1);
    run_for(fixture, 1);
    assert_int_equal(fixture->connected, TORC_ETIMEDOUT);
    return NULL;
}

/* --- cuts --------------------------------------------------------------------------------------- */

TORC_TEST(what_a_cut_took_comes_after_it_is_healed, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server;

    join(fixture, &client, &server);
    cut(fixture, CLI, SRV, TORC_CUT_DROP);
    assert_int_equal(write_text(fixture, CLI, client, "one "), 0);
    run_for(fixture, 3 * FIRST_TIMEOUT + MS); /* twice in vain */
    assert_int_equal(write_text(fixture, CLI, client, "two"), 0);
    heal(fixture, CLI, SRV);
    run_for(fixture, 4 * FIRST_TIMEOUT - MS + DELAY - 1);
    assert_reads_nothing(fixture, SRV, server);
    run_for(fixture, 1);
    assert_reads(fixture, SRV, server, "one two");
    return NULL;
}

TORC_TEST(a_stream_over_a_cut_path_times_out_after_a_quarter_of_an_hour, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server;
    char text[256];

    join(fixture, &client, &server);
    cut(fixture, CLI, SRV, TORC_CUT_DROP);
    assert_int_equal(write_text(fixture, CLI, client, "lost"), 0);
    run_for(fixture, 924 * S);
    assert_reads_nothing(fixture, CLI, client);
    run_for(fixture, 120 * S); /* the time-out that runs then is the last */
    assert_int_equal(read_text(fixture, CLI, client, text), TORC_ETIMEDOUT);
    assert_int_equal(write_text(fixture, CLI, client, "x"), TORC_EPIPE);
    assert_int_equal(read_text(fixture, CLI, client, text), 0); /* the end of stream */
    assert_traced(fixture, "\"k\":\"timeout\",");
    heal(fixture, CLI, SRV);
    run_out(fixture);
    assert_reads_nothing(fixture, SRV, server); /* nothing comes, and it does not know */
    assert_int_equal(write_text(fixture, SRV, server, "hello?"), 0);
    run_out(fixture);
    assert_int_equal(read_text(fixture, SRV, server, text), TORC_ECONNRESET);
    return NULL;
}

/* The bytes arrive; that they have does not come back. */
TORC_TEST(a_cut_of_the_way_back_alone_times_out_as_well, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server;
    char text[256];

    join(fixture, &client, &server);
    cut(fixture, SRV, CLI, TORC_CUT_DROP);
    assert_int_equal(write_text(fixture, CLI, client, "here"), 0);
    run_for(fixture, DELAY);
    assert_reads(fixture, SRV, server, "here");
    run_for(fixture, 1050 * S);
    assert_int_equal(read_text(fixture, CLI, client, text), TORC_ETIMEDOUT);
    return NULL;
}

TORC_TEST(acknowledgements_that_a_cut_took_make_room_after_it, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server;
    char full[101];

    join(fixture, &client, &server);
    memset(full, 'x', 100);
    full[100] = '\0';
    cut(fixture, SRV, CLI, TORC_CUT_DROP);
    assert_int_equal(write_text(fixture, CLI, client, full), 0);
    run_for(fixture, DELAY);
    assert_reads(fixture, SRV, server, full);
    run_for(fixture, 10 * DELAY);
    assert_int_equal(write_text(fixture, CLI, client, "more"), TORC_EAGAIN);
    heal(fixture, SRV, CLI);
    run_for(fixture, DELAY);
    assert_int_equal(write_text(fixture, CLI, client, "more"), TORC_EAGAIN);
    run_for(fixture, FIRST_TIMEOUT);
    assert_int_equal(write_text(fixture, CLI, client, "more"), 0);
    run_out(fixture);
    assert_reads(fixture, SRV, server, "more");
    return NULL;
}

TORC_TEST(what_is_jammed_goes_on_in_order_at_the_heal, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server, a, b;

    join(fixture, &client, &server);
    a = open_port(fixture, CLI);
    b = open_port(fixture, SRV);
    cut(fixture, CLI, SRV, TORC_CUT_JAM);
    assert_int_equal(write_text(fixture, CLI, client, "one "), 0);
    assert_int_equal(write_text(fixture, CLI, client, "two"), 0);
    send_text(fixture, a, "1");
    send_text(fixture, a, "2");
    run_for(fixture, S);
    heal(fixture, CLI, SRV);
    run_for(fixture, DELAY - 1);
    assert_reads_nothing(fixture, SRV, server);
    run_for(fixture, 1);
    assert_reads(fixture, SRV, server, "one two");
    assert_received(fixture, b, "12");
    run_out(fixture);
    assert_int_equal(write_text(fixture, CLI, client, "three"), 0);
    run_for(fixture, DELAY);
    assert_reads(fixture, SRV, server, "three");
    return NULL;
}

TORC_TEST(a_jammed_stream_times_out_as_well, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server;
    char text[256];

    join(fixture, &client, &server);
    cut(fixture, CLI, SRV, TORC_CUT_JAM);
    assert_int_equal(write_text(fixture, CLI, client, "stuck"), 0);
    run_for(fixture, 1050 * S);
    assert_int_equal(read_text(fixture, CLI, client, text), TORC_ETIMEDOUT);
    return NULL;
}

TORC_TEST(a_slow_path_takes_its_delay_times_a_factor_and_more, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_cut settings = TORC_CUT_INIT;
    uint64_t a = open_port(fixture, CLI), b = open_port(fixture, SRV);

    settings.mode = TORC_CUT_SLOW;
    settings.factor = 3;
    settings.delay_ns = 5 * MS;
    assert_int_equal(torc_world_cut(fixture->world, fixture->host[CLI], fixture->host[SRV], &settings), 0);
    send_text(fixture, a, "1");
    run_for(fixture, 3 * DELAY + 5 * MS - 1);
    assert_received(fixture, b, "");
    run_for(fixture, 1);
    assert_received(fixture, b, "1");
    return NULL;
}

TORC_TEST(a_cut_of_ipv6_leaves_ipv4_alone, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_listen_settings listen_settings = {0, 0};
    struct torc_address address = torc_host_address6(fixture->host[SRV], 81);
    struct torc_cut settings = TORC_CUT_INIT;
    uint64_t client, server, handle;

    settings.family = TORC_ADDRESS_IPV6;
    assert_int_equal(torc_world_cut(fixture->world, fixture->host[CLI], fixture->host[SRV], &settings), 0);
    join(fixture, &client, &server);
    assert_int_equal(write_text(fixture, CLI, client, "four"), 0);
    run_for(fixture, DELAY);
    assert_reads(fixture, SRV, server, "four");
    assert_int_equal(fixture->platform[SRV]->ops->listen(fixture->platform[SRV], &address,
                                                         &listen_settings, 3, &handle), 0);
    fixture->connected = 1;
    (void)connect_to(fixture, address);
    run_for(fixture, 60 * S);
    assert_int_equal(fixture->connected, 1);
    assert_traced(fixture, "\"why\":\"cut\",\"what\":\"syn\"");
    return NULL;
}

/* --- hosts that are down -------------------------------------------------------------------------- */

TORC_TEST(a_stream_to_a_dead_host_times_out, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server;
    char text[256];

    join(fixture, &client, &server);
    torc_host_kill(fixture->host[SRV]);
    assert_int_equal(write_text(fixture, CLI, client, "anybody?"), 0);
    run_for(fixture, 924 * S);
    assert_reads_nothing(fixture, CLI, client);
    run_for(fixture, 120 * S);
    assert_int_equal(read_text(fixture, CLI, client, text), TORC_ETIMEDOUT);
    return NULL;
}

TORC_TEST(a_host_that_died_sends_nothing_again, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server;

    join(fixture, &client, &server);
    cut(fixture, CLI, SRV, TORC_CUT_DROP);
    assert_int_equal(write_text(fixture, CLI, client, "last words"), 0);
    torc_host_kill(fixture->host[CLI]);
    assert_int_equal(torc_host_restart(fixture->host[CLI]), 0);
    heal(fixture, CLI, SRV);
    run_out(fixture);
    assert_reads_nothing(fixture, SRV, server);
    return NULL;
}

TORC_TEST(a_world_may_end_with_packets_that_wait, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client, server;

    join(fixture, &client, &server);
    cut(fixture, CLI, SRV, TORC_CUT_DROP);
    cut(fixture, SRV, CLI, TORC_CUT_JAM);
    assert_int_equal(write_text(fixture, CLI, client, "dropped"), 0);
    assert_int_equal(write_text(fixture, SRV, server, "jammed"), 0);
    decide(fixture, "cli", "link.reorder", 2, false);
    heal(fixture, CLI, SRV);
    assert_int_equal(write_text(fixture, CLI, client, "late"), 0);
    run_for(fixture, FIRST_TIMEOUT);
    assert_true(torc_world_next_at(fixture->world) != TORC_NEVER);
    return NULL;
}

TORC_TRIAL_MAIN
