/* Streams between raw hosts, called slot by slot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/sim.h>
#include <torc/trial.h>

#include "raw_host.h"

#define MS TORC_MILLISECOND

/* A raw host that keeps the events it is told. */
struct puppet {
    struct torc_host *host;
    struct torc_platform *platform;
    size_t count;
    struct torc_platform_event events[64];
    uint64_t at_ns[64];
    struct torc_world *world;
};

struct fixture {
    struct torc_world *world;
    struct puppet client;
    struct puppet server;
};

static void turn(void *arg)
{
    struct puppet *puppet = arg;
    struct torc_platform_event batch[16];
    size_t n = puppet->platform->ops->wait(puppet->platform, 0, batch, 16);
    size_t i;

    for (i = 0; i < n; i++) {
        /* Level-triggered events would come for ever: once told is enough here. */
        if (puppet->count < 64) {
            puppet->at_ns[puppet->count] = torc_world_now(puppet->world);
            puppet->events[puppet->count++] = batch[i];
        }
        if ((batch[i].events & (TORC_EVENT_READ | TORC_EVENT_WRITE)) != 0)
            puppet->platform->ops->interest(puppet->platform, batch[i].token, 0);
    }
}

static int add_puppet(struct torc_world *world, const char *name, struct puppet *puppet)
{
    puppet->world = world;
    if (torci_world_add_raw_host(world, name, turn, puppet, &puppet->host) != 0)
        return -1;
    puppet->platform = torci_host_platform(puppet->host);
    return 0;
}

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    static struct fixture fixture;
    struct torc_link link = {.delay_ns = 1 * MS, .buffer_bytes = 1000};

    memset(&fixture, 0, sizeof fixture);
    torc_trial_need(trial, torc_world_new(NULL, &fixture.world));
    assert_int_equal(add_puppet(fixture.world, "cli", &fixture.client), 0);
    assert_int_equal(add_puppet(fixture.world, "srv", &fixture.server), 0);
    torc_trial_need(trial, torc_world_set_link(fixture.world, fixture.client.host, fixture.server.host, &link));
    torc_trial_set_state(trial, &fixture);
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    struct fixture *fixture = torc_trial_state(trial);

    torc_world_free(fixture->world);
    return NULL;
}

static const struct torc_trial_group with_fixture = {.set_up = set_up, .tear_down = tear_down};

static void run(struct fixture *fixture)
{
    enum torc_verdict verdict;

    assert_int_equal(torc_world_run(fixture->world, TORC_NEVER, &verdict), 0);
    assert_int_equal(verdict, TORC_VERDICT_QUIESCENT);
}

static void run_for(struct fixture *fixture, uint64_t ns)
{
    enum torc_verdict verdict;

    assert_int_equal(
        torc_world_run(fixture->world, torc_world_now(fixture->world) + ns, &verdict), 0);
}

/* Handles are given the token that is their own number, which the interest of `turn` relies on:
 * a raw host's first handle is 1, its second 2 and so on. */
static uint64_t listen_on(struct puppet *puppet, uint16_t port, int backlog)
{
    struct torc_listen_settings settings = {backlog, 0};
    struct torc_address address = torc_address_ipv4(0, 0, 0, 0, port);
    uint64_t handle = 0;

    assert_int_equal(puppet->platform->ops->listen(puppet->platform, &address, &settings, 1, &handle),
                     0);
    assert_int_equal(handle, 1);
    return handle;
}

static uint64_t connect_to(struct puppet *puppet, struct puppet *server, uint16_t port, uint64_t token)
{
    struct torc_address address = torc_host_address(server->host, port);
    uint64_t handle = 0;

    assert_int_equal(puppet->platform->ops->connect(puppet->platform, &address, NULL, token, &handle),
                     0);
    return handle;
}

static int write_text(struct puppet *puppet, uint64_t handle, const char *text, size_t *out)
{
    struct torc_span span = {text, strlen(text)};

    *out = 0;
    return puppet->platform->ops->writev(puppet->platform, handle, &span, 1, out);
}

static int read_text(struct puppet *puppet, uint64_t handle, char *text, size_t size)
{
    size_t n = 0;
    int code = puppet->platform->ops->read(puppet->platform, handle, text, size - 1, &n);

    text[code == 0 ? n : 0] = '\0';
    return code;
}

/* Connects; both handles. */
static void join(struct fixture *fixture, uint64_t *out_client, uint64_t *out_server)
{
    struct puppet *server = &fixture->server;

    listen_on(server, 80, 0);
    *out_client = connect_to(&fixture->client, server, 80, 1);
    run(fixture);
    assert_int_equal(fixture->client.count, 1);
    assert_int_equal(fixture->client.events[0].events, TORC_EVENT_CONNECT);
    assert_int_equal(fixture->client.events[0].result, 0);
    assert_int_equal(server->platform->ops->accept(server->platform, 1, 2, out_server, NULL), 0);
    fixture->client.count = 0;
}

static void watch(struct puppet *puppet, uint64_t handle, uint32_t events)
{
    puppet->platform->ops->interest(puppet->platform, handle, events);
}

static void close_it(struct puppet *puppet, uint64_t handle, enum torc_close_mode mode)
{
    puppet->platform->ops->close(puppet->platform, handle, mode);
}

TORC_TEST(connect_takes_a_round_trip, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client;
    uint64_t server;

    join(fixture, &client, &server);
    assert_int_equal(fixture->client.at_ns[0], 2 * MS);
    return NULL;
}

TORC_TEST(nobody_listening_refuses_after_a_round_trip, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    connect_to(&fixture->client, &fixture->server, 80, 1);
    run(fixture);
    assert_int_equal(fixture->client.count, 1);
    assert_int_equal(fixture->client.events[0].result, TORC_ECONNREFUSED);
    assert_int_equal(fixture->client.at_ns[0], 2 * MS);
    return NULL;
}

TORC_TEST(a_host_that_is_down_is_silent_until_the_connect_times_out, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);

    torc_host_kill(fixture->server.host);
    connect_to(&fixture->client, &fixture->server, 80, 1);
    run(fixture);
    assert_int_equal(fixture->client.count, 1);
    assert_int_equal(fixture->client.events[0].result, TORC_ETIMEDOUT);
    assert_int_equal(fixture->client.at_ns[0], 127 * TORC_SECOND);
    return NULL;
}

TORC_TEST(a_host_that_comes_up_answers_the_next_syn, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    enum torc_verdict verdict;

    torc_host_kill(fixture->server.host);
    connect_to(&fixture->client, &fixture->server, 80, 1);
    assert_int_equal(torc_world_run(fixture->world, TORC_SECOND / 2, &verdict), 0);
    assert_int_equal(verdict, TORC_VERDICT_DEADLINE);
    assert_int_equal(torc_host_restart(fixture->server.host), 0);
    listen_on(&fixture->server, 80, 0);
    run(fixture);
    assert_int_equal(fixture->client.events[0].result, 0);
    assert_int_equal(fixture->client.at_ns[0], TORC_SECOND + 2 * MS);
    return NULL;
}

TORC_TEST(a_full_backlog_drops_the_syn_which_is_sent_again, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct puppet *server = &fixture->server;
    uint64_t handle;

    listen_on(server, 80, 1);
    connect_to(&fixture->client, server, 80, 1);
    connect_to(&fixture->client, server, 80, 2);
    connect_to(&fixture->client, server, 80, 3);
    {
        enum torc_verdict verdict;
        assert_int_equal(torc_world_run(fixture->world, TORC_SECOND / 2, &verdict), 0);
    }
    assert_int_equal(fixture->client.count, 2);
    assert_int_equal(server->platform->ops->accept(server->platform, 1, 2, &handle, NULL), 0);
    run(fixture);
    assert_int_equal(fixture->client.count, 3);
    assert_int_equal(fixture->client.at_ns[2], TORC_SECOND + 2 * MS);
    return NULL;
}

TORC_TEST(bytes_arrive_after_the_delay_of_the_link, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client;
    uint64_t server;
    uint64_t sent_ns;
    size_t n;
    char text[32];

    join(fixture, &client, &server);
    watch(&fixture->server, server, TORC_EVENT_READ);
    sent_ns = torc_world_now(fixture->world);
    assert_int_equal(write_text(&fixture->client, client, "hello", &n), 0);
    assert_int_equal(n, 5);
    assert_int_equal(read_text(&fixture->server, server, text, sizeof text), TORC_EAGAIN);
    run(fixture);
    assert_int_equal(fixture->server.count, 1);
    assert_int_equal(fixture->server.at_ns[0], sent_ns + 1 * MS);
    assert_int_equal(read_text(&fixture->server, server, text, sizeof text), 0);
    assert_string_equal(text, "hello");
    assert_int_equal(read_text(&fixture->server, server, text, sizeof text), TORC_EAGAIN);
    return NULL;
}

TORC_TEST(a_read_returns_one_segment, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_link link = {.delay_ns = 1 * MS, .segment_bytes = 3, .buffer_bytes = 1000};
    uint64_t client;
    uint64_t server;
    size_t n;
    char text[32];

    join(fixture, &client, &server);
    assert_int_equal(torc_world_set_link(fixture->world, fixture->client.host, fixture->server.host,
                                         &link),
                     0);
    assert_int_equal(write_text(&fixture->client, client, "hello", &n), 0);
    assert_int_equal(write_text(&fixture->client, client, "x", &n), 0);
    run(fixture);
    assert_int_equal(read_text(&fixture->server, server, text, sizeof text), 0);
    assert_string_equal(text, "hel");
    assert_int_equal(read_text(&fixture->server, server, text, sizeof text), 0);
    assert_string_equal(text, "lo");
    assert_int_equal(read_text(&fixture->server, server, text, sizeof text), 0);
    assert_string_equal(text, "x");
    return NULL;
}

TORC_TEST(a_stream_is_split_after_the_bytes_that_were_asked_for, .group = &with_fixture)
{
    static const uint64_t at[] = {2, 5, 6, 9, UINT64_MAX};
    static const char *const pieces[] = {"abc", "d", "e", "f", "gh"};
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client;
    uint64_t server;
    char text[16];
    size_t n;

    join(fixture, &client, &server);
    assert_int_equal(write_text(&fixture->client, client, "abc", &n), 0);
    assert_int_equal(torci_host_split_stream(fixture->server.host, server, false, at), 3);
    assert_int_equal(torci_host_split_stream(fixture->client.host, client + 1, true, at), 0);
    assert_int_equal(write_text(&fixture->client, client, "d", &n), 0);
    assert_int_equal(write_text(&fixture->client, client, "efgh", &n), 0);
    assert_int_equal(n, 4);
    run(fixture);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        assert_int_equal(read_text(&fixture->server, server, text, sizeof text), 0);
        assert_string_equal(text, pieces[i]);
    }
    assert_int_equal(read_text(&fixture->server, server, text, sizeof text), TORC_EAGAIN);
    return NULL;
}

TORC_TEST(a_rate_puts_bytes_one_behind_the_other, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_link link = {.delay_ns = 1 * MS, .bits_per_second = 8000, .buffer_bytes = 1000}; /* a byte each millisecond */
    uint64_t client;
    uint64_t server;
    uint64_t sent_ns;
    size_t n;

    join(fixture, &client, &server);
    assert_int_equal(torc_world_set_link(fixture->world, fixture->client.host, fixture->server.host,
                                         &link),
                     0);
    sent_ns = torc_world_now(fixture->world);
    watch(&fixture->server, server, TORC_EVENT_READ);
    assert_int_equal(write_text(&fixture->client, client, "0123456789", &n), 0);
    run(fixture);
    assert_int_equal(fixture->server.at_ns[0], sent_ns + 11 * MS);
    return NULL;
}

TORC_TEST(a_full_buffer_says_again_and_is_writable_once_a_third_is_read, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    char kilobyte[1025];
    uint64_t client;
    uint64_t server;
    uint64_t read_ns;
    size_t n;

    memset(kilobyte, 'a', 1024);
    kilobyte[1024] = '\0';
    join(fixture, &client, &server);
    assert_int_equal(write_text(&fixture->client, client, kilobyte, &n), 0);
    assert_int_equal(n, 1000);
    assert_int_equal(write_text(&fixture->client, client, "x", &n), TORC_EAGAIN);
    watch(&fixture->client, client, TORC_EVENT_WRITE);
    run(fixture);
    assert_int_equal(fixture->client.count, 0);
    assert_int_equal(read_text(&fixture->server, server, kilobyte, 334), 0);
    run(fixture);
    assert_int_equal(fixture->client.count, 0);
    read_ns = torc_world_now(fixture->world);
    assert_int_equal(read_text(&fixture->server, server, kilobyte, 2), 0);
    run(fixture);
    assert_int_equal(fixture->client.count, 1);
    assert_int_equal(fixture->client.events[0].events, TORC_EVENT_WRITE);
    assert_int_equal(fixture->client.at_ns[0], read_ns + 1 * MS);
    assert_int_equal(write_text(&fixture->client, client, kilobyte, &n), 0);
    return NULL;
}

TORC_TEST(half_close_is_end_of_stream_for_the_peer_alone, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client;
    uint64_t server;
    size_t n;
    char text[32];

    join(fixture, &client, &server);
    assert_int_equal(write_text(&fixture->client, client, "bye", &n), 0);
    assert_int_equal(fixture->client.platform->ops->shutdown(fixture->client.platform, client), 0);
    assert_int_equal(write_text(&fixture->client, client, "x", &n), TORC_EPIPE);
    run(fixture);
    assert_int_equal(read_text(&fixture->server, server, text, sizeof text), 0);
    assert_string_equal(text, "bye");
    text[0] = 'x';
    assert_int_equal(read_text(&fixture->server, server, text, sizeof text), 0);
    assert_string_equal(text, "");
    assert_int_equal(write_text(&fixture->server, server, "answer", &n), 0);
    run(fixture);
    assert_int_equal(read_text(&fixture->client, client, text, sizeof text), 0);
    assert_string_equal(text, "answer");
    return NULL;
}

TORC_TEST(writing_to_a_closed_peer_succeeds_once_and_is_then_reset, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client;
    uint64_t server;
    size_t n;
    char text[32];

    join(fixture, &client, &server);
    close_it(&fixture->server, server, TORC_CLOSE_NORMAL);
    run(fixture);
    assert_int_equal(write_text(&fixture->client, client, "one", &n), 0);
    run(fixture);
    assert_int_equal(write_text(&fixture->client, client, "two", &n), TORC_EPIPE);
    assert_int_equal(read_text(&fixture->client, client, text, sizeof text), 0);
    assert_string_equal(text, "");
    return NULL;
}

TORC_TEST(abort_is_a_reset_after_what_had_arrived, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client;
    uint64_t server;
    size_t n;
    char text[32];

    join(fixture, &client, &server);
    assert_int_equal(write_text(&fixture->server, server, "last", &n), 0);
    close_it(&fixture->server, server, TORC_CLOSE_ABORT);
    run(fixture);
    assert_int_equal(read_text(&fixture->client, client, text, sizeof text), 0);
    assert_string_equal(text, "last");
    assert_int_equal(read_text(&fixture->client, client, text, sizeof text), TORC_ECONNRESET);
    assert_int_equal(read_text(&fixture->client, client, text, sizeof text), 0);
    assert_int_equal(write_text(&fixture->client, client, "x", &n), TORC_EPIPE);
    return NULL;
}

TORC_TEST(closing_with_unread_bytes_is_a_reset, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client;
    uint64_t server;
    size_t n;
    char text[32];

    join(fixture, &client, &server);
    assert_int_equal(write_text(&fixture->client, client, "unread", &n), 0);
    run(fixture);
    close_it(&fixture->server, server, TORC_CLOSE_NORMAL);
    run(fixture);
    assert_int_equal(read_text(&fixture->client, client, text, sizeof text), TORC_ECONNRESET);
    return NULL;
}

TORC_TEST(a_killed_host_is_silent_and_restarted_answers_with_a_reset, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t client;
    uint64_t server;
    size_t n;
    char text[32];

    join(fixture, &client, &server);
    torc_host_kill(fixture->server.host);
    assert_int_equal(write_text(&fixture->client, client, "lost", &n), 0);
    run_for(fixture, 150 * MS);
    assert_int_equal(read_text(&fixture->client, client, text, sizeof text), TORC_EAGAIN);
    assert_int_equal(torc_host_restart(fixture->server.host), 0);
    run_for(fixture, 50 * MS);
    assert_int_equal(read_text(&fixture->client, client, text, sizeof text), TORC_EAGAIN);
    run_for(fixture, 10 * MS); /* it is sent again after 202 ms */
    assert_int_equal(read_text(&fixture->client, client, text, sizeof text), TORC_ECONNRESET);
    return NULL;
}

TORC_TEST(closing_a_listener_resets_its_backlog, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t listener = listen_on(&fixture->server, 80, 0);
    uint64_t client = connect_to(&fixture->client, &fixture->server, 80, 1);
    char text[32];

    run(fixture);
    close_it(&fixture->server, listener, TORC_CLOSE_NORMAL);
    run(fixture);
    assert_int_equal(read_text(&fixture->client, client, text, sizeof text), TORC_ECONNRESET);
    return NULL;
}

TORC_TEST(ports_and_paths_are_taken_once, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct puppet *server = &fixture->server;
    struct torc_listen_settings settings = {0, 0};
    struct torc_address address = torc_address_ipv4(127, 0, 0, 1, 80);
    struct torc_address chosen;
    uint64_t handle;

    listen_on(server, 80, 0);
    assert_int_equal(server->platform->ops->listen(server->platform, &address, &settings, 2, &handle),
                     TORC_EADDRINUSE);
    address.port = 0;
    assert_int_equal(server->platform->ops->listen(server->platform, &address, &settings, 2, &handle),
                     0);
    assert_int_equal(server->platform->ops->names(server->platform, handle, &chosen, NULL), 0);
    assert_int_equal(chosen.port, 49152);
    assert_int_equal(torc_address_parse("unix:/run/x", &address, NULL), 0);
    assert_int_equal(server->platform->ops->listen(server->platform, &address, &settings, 3, &handle),
                     0);
    assert_int_equal(server->platform->ops->listen(server->platform, &address, &settings, 4, &handle),
                     TORC_EADDRINUSE);
    address = torc_address_ipv4(10, 9, 9, 9, 1);
    assert_int_equal(server->platform->ops->listen(server->platform, &address, &settings, 5, &handle),
                     TORC_EADDRNOTAVAIL);
    return NULL;
}

TORC_TEST(unix_streams_stay_on_their_host, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct puppet *server = &fixture->server;
    struct puppet *client = &fixture->client;
    struct torc_listen_settings settings = {0, 0};
    struct torc_address address;
    struct torc_address peer;
    uint64_t listener;
    uint64_t near;
    uint64_t accepted;
    size_t n;
    char text[32];

    assert_int_equal(torc_address_parse("unix:/run/x", &address, NULL), 0);
    assert_int_equal(
        server->platform->ops->listen(server->platform, &address, &settings, 1, &listener), 0);
    assert_int_equal(client->platform->ops->connect(client->platform, &address, NULL, 1, &near), 0);
    run(fixture);
    assert_int_equal(client->events[0].result, TORC_ECONNREFUSED);
    assert_int_equal(server->platform->ops->connect(server->platform, &address, NULL, 2, &near), 0);
    run(fixture);
    assert_int_equal(server->events[0].result, 0);
    assert_int_equal(server->platform->ops->accept(server->platform, listener, 3, &accepted, &peer), 0);
    assert_int_equal(peer.family, TORC_ADDRESS_UNIX);
    assert_int_equal(peer.path_bytes, 0);
    assert_int_equal(server->platform->ops->names(server->platform, near, NULL, &peer), 0);
    assert_true(torc_address_equal(&peer, &address));
    close_it(server, accepted, TORC_CLOSE_NORMAL);
    run(fixture);
    assert_int_equal(read_text(server, near, text, sizeof text), 0);
    assert_int_equal(write_text(server, near, "x", &n), TORC_EPIPE);
    return NULL;
}

TORC_TEST(a_budget_of_handles_ends_in_emfile_and_the_connection_waits, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_host_options options = TORC_HOST_OPTIONS_INIT;
    struct torc_host *small;
    struct torc_platform *platform;
    struct torc_listen_settings settings = {0, 0};
    struct torc_address address = torc_address_ipv4(0, 0, 0, 0, 80);
    struct puppet target = {0};
    uint64_t listener;
    uint64_t handle;
    uint64_t client;
    char text[32];

    options.handles_max = 1;
    assert_int_equal(torc_world_add_host(fixture->world, "small", &options, &small), 0);
    platform = torci_host_platform(small);
    target.host = small;
    assert_int_equal(platform->ops->listen(platform, &address, &settings, 77, &listener), 0);
    client = connect_to(&fixture->client, &target, 80, 1);
    run(fixture);
    assert_int_equal(platform->ops->accept(platform, listener, 78, &handle, NULL), TORC_EMFILE);
    assert_int_equal(platform->ops->connect(platform, &address, NULL, 79, &handle), TORC_EMFILE);
    assert_int_equal(platform->ops->refuse(platform, listener), 0);
    assert_int_equal(platform->ops->refuse(platform, listener), TORC_EAGAIN);
    run(fixture);
    assert_int_equal(read_text(&fixture->client, client, text, sizeof text), 0);
    assert_string_equal(text, "");
    return NULL;
}

TORC_TEST(a_refused_connection_that_has_sent_is_reset, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_platform *platform = fixture->server.platform;
    uint64_t listener = listen_on(&fixture->server, 80, 0);
    uint64_t client = connect_to(&fixture->client, &fixture->server, 80, 1);
    char text[32];
    size_t n;

    run(fixture);
    assert_int_equal(write_text(&fixture->client, client, "hello", &n), 0);
    run(fixture);
    assert_int_equal(platform->ops->refuse(platform, listener), 0);
    run(fixture);
    assert_int_equal(read_text(&fixture->client, client, text, sizeof text), TORC_ECONNRESET);
    return NULL;
}

TORC_TRIAL_MAIN
