/* Datagrams between raw hosts, called slot by slot: what the public interface cannot show, and what is of the
 * simulator alone. */
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

struct fixture {
    struct torc_world *world;
    struct torc_host *host[3];
    struct torc_platform *platform[3];
    char trace[16384];
    size_t trace_bytes;
    struct torc_trace *kept;
};

static void idle(void *arg)
{
    (void)arg;
}

static int keep(void *arg, const char *line, size_t bytes)
{
    struct fixture *fixture = arg;

    if (fixture->trace_bytes + bytes < sizeof fixture->trace) {
        memcpy(fixture->trace + fixture->trace_bytes, line, bytes);
        fixture->trace_bytes += bytes;
    }
    return 0;
}

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    static const char *const names[] = {"one", "two", "three"};
    static struct fixture fixture;
    struct torc_world_options options;
    int i;

    memset(&fixture, 0, sizeof fixture);
    torc_world_options_init(&options);
    torc_trial_need(trial, torc_trace_new(keep, &fixture, &fixture.kept));
    options.trace = fixture.kept;
    torc_trial_need(trial, torc_world_new(&options, &fixture.world));
    for (i = 0; i < 3; i++) {
        torc_trial_need(trial, torci_world_add_raw_host(fixture.world, names[i], idle, NULL, &fixture.host[i]));
        fixture.platform[i] = torci_host_platform(fixture.host[i]);
    }
    torc_trial_set_state(trial, &fixture);
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    struct fixture *fixture = torc_trial_state(trial);

    torc_world_free(fixture->world);
    torc_trace_free(fixture->kept);
    return NULL;
}

static const struct torc_trial_group with_fixture = {.set_up = set_up, .tear_down = tear_down};

static void run(struct fixture *fixture)
{
    enum torc_verdict verdict;

    assert_int_equal(torc_world_run(fixture->world, TORC_NEVER, &verdict), 0);
}

static void run_until(struct fixture *fixture, uint64_t t_ns)
{
    enum torc_verdict verdict;

    assert_int_equal(torc_world_run(fixture->world, t_ns, &verdict), 0);
}

static uint64_t open_on(struct fixture *fixture, int i, struct torc_address address, unsigned flags)
{
    uint64_t handle = 0;

    assert_int_equal(fixture->platform[i]->ops->datagram_open(fixture->platform[i], &address, flags, 1,
                                                              &handle),
                     0);
    return handle;
}

static struct torc_address any(uint16_t port)
{
    return torc_address_ipv4(0, 0, 0, 0, port);
}

static int send_to(struct fixture *fixture, int i, uint64_t handle, struct torc_address to,
                   const char *text)
{
    return fixture->platform[i]->ops->datagram_send(fixture->platform[i], handle, &to, text,
                                                    strlen(text));
}

static int receive(struct fixture *fixture, int i, uint64_t handle, char text[64],
                   struct torc_address *from)
{
    size_t bytes = 0;
    int code;

    code = fixture->platform[i]->ops->datagram_receive(fixture->platform[i], handle, text, 63, &bytes, from);
    text[code == 0 ? (bytes < 63 ? bytes : 63) : 0] = '\0';
    return code;
}

static unsigned count_waiting(struct fixture *fixture, int i, uint64_t handle)
{
    struct torc_address from;
    char text[64];
    unsigned count = 0;

    while (receive(fixture, i, handle, text, &from) == 0)
        count++;
    return count;
}

/* --- ways --------------------------------------------------------------------------------------- */

TORC_TEST(a_datagram_takes_the_delay_and_the_rate_of_its_link, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_link link = {.delay_ns = 10 * MS, .bits_per_second = 8000}; /* a byte a millisecond */
    uint64_t a = open_on(fixture, 0, any(0), 0), b = open_on(fixture, 1, any(53), 0);
    struct torc_address from;
    char text[64];

    assert_int_equal(torc_world_set_link(fixture->world, fixture->host[0], fixture->host[1], &link), 0);
    assert_int_equal(send_to(fixture, 0, a, torc_host_address(fixture->host[1], 53), "12345"), 0);
    run_until(fixture, 15 * MS - 1);
    assert_int_equal(receive(fixture, 1, b, text, &from), TORC_EAGAIN);
    run_until(fixture, 15 * MS);
    assert_int_equal(receive(fixture, 1, b, text, &from), 0);
    assert_string_equal(text, "12345");
    assert_memory_equal(from.ip, torc_host_address(fixture->host[0], 0).ip, 4);
    assert_int_equal(from.port, 49152);
    return NULL;
}

TORC_TEST(a_slow_link_with_much_before_it_has_no_room, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_link link = {.bits_per_second = 8000};
    uint64_t a = open_on(fixture, 0, any(0), 0);
    struct torc_address to = torc_host_address(fixture->host[1], 53);
    static char much[50000];
    int code = 0, i;

    assert_int_equal(torc_world_set_link(fixture->world, fixture->host[0], fixture->host[1], &link), 0);
    memset(much, 'x', sizeof much - 1);
    for (i = 0; i < 5; i++)
        assert_int_equal(send_to(fixture, 0, a, to, much), 0);
    code = send_to(fixture, 0, a, to, "x");
    assert_int_equal(code, TORC_EAGAIN);
    run_until(fixture, 40 * TORC_SECOND);
    assert_int_equal(send_to(fixture, 0, a, to, "x"), 0);
    return NULL;
}

TORC_TEST(a_port_takes_as_much_as_fits_and_the_rest_is_lost_and_counted, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t a = open_on(fixture, 0, any(0), 0), b = open_on(fixture, 1, any(53), 0);
    struct torc_address to = torc_host_address(fixture->host[1], 53);
    int i;

    for (i = 0; i < 300; i++)
        assert_int_equal(send_to(fixture, 0, a, to, ""), 0);
    run(fixture);
    assert_int_equal(torc_host_datagrams_lost(fixture->host[1]), 300 - 212992 / 768);
    assert_int_equal(count_waiting(fixture, 1, b), 212992 / 768);
    assert_int_equal(send_to(fixture, 0, a, to, "room again"), 0);
    run(fixture);
    assert_int_equal(count_waiting(fixture, 1, b), 1);
    return NULL;
}

TORC_TEST(a_host_that_is_down_is_silent, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_address peer = torc_host_address(fixture->host[1], 53), from;
    uint64_t a = open_on(fixture, 0, any(0), 0);
    char text[64];

    assert_int_equal(fixture->platform[0]->ops->datagram_connect(fixture->platform[0], a, &peer), 0);
    torc_host_kill(fixture->host[1]);
    assert_int_equal(send_to(fixture, 0, a, peer, "hello?"), 0);
    run(fixture);
    assert_int_equal(receive(fixture, 0, a, text, &from), TORC_EAGAIN);
    assert_non_null(strstr(fixture->trace, "\"k\":\"lost\""));
    assert_non_null(strstr(fixture->trace, "\"why\":\"down\",\"from\":\"udp:10.0.0.1:49152\",\"to\":"
                                           "\"udp:10.0.0.2:53\",\"bytes\":6}"));
    /* Up again, it has nobody there. */
    assert_int_equal(torc_host_restart(fixture->host[1]), 0);
    assert_int_equal(send_to(fixture, 0, a, peer, "hello?"), 0);
    run(fixture);
    assert_int_equal(receive(fixture, 0, a, text, &from), TORC_ECONNREFUSED);
    assert_int_equal(receive(fixture, 0, a, text, &from), TORC_EAGAIN);
    return NULL;
}

TORC_TEST(a_killed_host_forgets_its_ports_and_what_they_hold, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t a = open_on(fixture, 0, any(0), 0), b;
    struct torc_address to = torc_host_address(fixture->host[1], 53);

    (void)open_on(fixture, 1, any(53), 0);
    assert_int_equal(send_to(fixture, 0, a, to, "before"), 0);
    run(fixture);
    torc_host_kill(fixture->host[1]);
    assert_int_equal(torc_host_restart(fixture->host[1]), 0);
    b = open_on(fixture, 1, any(53), 0);
    assert_int_equal(count_waiting(fixture, 1, b), 0);
    return NULL;
}

TORC_TEST(no_host_no_route, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t a = open_on(fixture, 0, any(0), 0);
    uint64_t b = open_on(fixture, 0, torc_address_ipv4(127, 0, 0, 1, 0), 0);

    assert_int_equal(send_to(fixture, 0, a, torc_address_ipv4(10, 0, 0, 9, 1), "x"), TORC_EHOSTUNREACH);
    assert_int_equal(send_to(fixture, 0, a, torc_address_ipv4(192, 0, 2, 1, 1), "x"), TORC_EHOSTUNREACH);
    /* What is bound to loopback does not leave the host, as on Linux. */
    assert_int_equal(send_to(fixture, 0, b, torc_host_address(fixture->host[1], 53), "x"), TORC_EINVAL);
    assert_int_equal(send_to(fixture, 0, b, torc_host_address(fixture->host[0], 53), "x"), 0);
    return NULL;
}

TORC_TEST(a_broadcast_reaches_every_host_that_is_up, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t a = open_on(fixture, 0, any(53), TORC_DATAGRAM_BROADCAST);
    uint64_t b = open_on(fixture, 1, any(53), 0);

    (void)open_on(fixture, 2, any(53), 0);
    torc_host_kill(fixture->host[2]);
    assert_int_equal(send_to(fixture, 0, a, torc_address_ipv4(255, 255, 255, 255, 53), "all"), 0);
    assert_int_equal(send_to(fixture, 0, a, torc_address_ipv4(10, 0, 255, 255, 53), "all"), 0);
    run(fixture);
    assert_int_equal(count_waiting(fixture, 0, a), 2);
    assert_int_equal(count_waiting(fixture, 1, b), 2);
    assert_int_equal(send_to(fixture, 1, b, torc_address_ipv4(255, 255, 255, 255, 53), "all"),
                     TORC_EACCES);
    return NULL;
}

TORC_TEST(hosts_have_addresses_of_ipv6_too, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_address to = torc_host_address6(fixture->host[1], 53), from;
    struct torc_address all = {.family = TORC_ADDRESS_IPV6};
    uint64_t a = open_on(fixture, 0, all, 0), b = open_on(fixture, 1, to, 0);
    char text[64];

    assert_int_equal(send_to(fixture, 0, a, to, "six"), 0);
    run(fixture);
    assert_int_equal(receive(fixture, 1, b, text, &from), 0);
    assert_true(from.family == TORC_ADDRESS_IPV6);
    assert_memory_equal(from.ip, torc_host_address6(fixture->host[0], 0).ip, 16);
    torc_address_format(&to, text, sizeof text);
    assert_string_equal(text, "tcp:[fd00::2]:53");
    return NULL;
}

/* A port of another family with the same number is another port. */
TORC_TEST(the_families_do_not_share_ports, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_address all = {.family = TORC_ADDRESS_IPV6, .port = 53};
    uint64_t a = open_on(fixture, 0, all, 0), b = open_on(fixture, 0, any(53), 0);

    assert_int_equal(send_to(fixture, 0, b, torc_host_address(fixture->host[0], 53), "four"), 0);
    run(fixture);
    assert_int_equal(count_waiting(fixture, 0, a), 0);
    assert_int_equal(count_waiting(fixture, 0, b), 1);
    return NULL;
}

/* --- connected ports ---------------------------------------------------------------------------- */

TORC_TEST(connecting_chooses_the_address_that_is_seen, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_address peer = torc_host_address(fixture->host[1], 53), local, answer;
    struct torc_platform *platform = fixture->platform[0];
    uint64_t a = open_on(fixture, 0, any(7000), 0);

    assert_int_equal(platform->ops->names(platform, a, NULL, &answer), TORC_ENOTCONN);
    assert_int_equal(platform->ops->datagram_connect(platform, a, &peer), 0);
    assert_int_equal(platform->ops->names(platform, a, &local, &answer), 0);
    assert_memory_equal(local.ip, torc_host_address(fixture->host[0], 0).ip, 4);
    assert_int_equal(local.port, 7000);
    assert_true(torc_address_equal(&answer, &peer));
    return NULL;
}

TORC_TEST(a_refusal_is_told_after_a_round_trip_and_before_what_has_arrived, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_platform *platform = fixture->platform[0];
    struct torc_address peer = torc_host_address(fixture->host[1], 53), from;
    struct torc_link link = {.delay_ns = 10 * MS};
    uint64_t a = open_on(fixture, 0, any(7000), 0), b;
    char text[64];

    assert_int_equal(torc_world_set_link(fixture->world, fixture->host[0], fixture->host[1], &link), 0);
    assert_int_equal(platform->ops->datagram_connect(platform, a, &peer), 0);
    assert_int_equal(send_to(fixture, 0, a, peer, "one"), 0);
    run_until(fixture, 15 * MS);
    b = open_on(fixture, 1, any(53), 0);
    assert_int_equal(send_to(fixture, 1, b, torc_host_address(fixture->host[0], 7000), "hello"), 0);
    run_until(fixture, 20 * MS - 1);
    assert_int_equal(receive(fixture, 0, a, text, &from), TORC_EAGAIN);
    run_until(fixture, 30 * MS);
    assert_int_equal(receive(fixture, 0, a, text, &from), TORC_ECONNREFUSED);
    assert_int_equal(receive(fixture, 0, a, text, &from), 0);
    assert_string_equal(text, "hello");
    return NULL;
}

/* --- handles and traces ------------------------------------------------------------------------- */

TORC_TEST(ports_count_as_handles, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    struct torc_host_options options = TORC_HOST_OPTIONS_INIT;
    struct torc_platform *platform;
    struct torc_address address = any(0);
    struct torc_host *small;
    uint64_t handle;

    options.handles_max = 1;
    assert_int_equal(torc_world_add_host(fixture->world, "small", &options, &small), 0);
    platform = torci_host_platform(small);
    assert_int_equal(platform->ops->datagram_open(platform, &address, 0, 1, &handle), 0);
    assert_int_equal(platform->ops->datagram_open(platform, &address, 0, 2, &handle), TORC_EMFILE);
    return NULL;
}

TORC_TEST(what_happens_to_a_datagram_is_traced_with_its_cause, .group = &with_fixture)
{
    struct fixture *fixture = torc_trial_state(trial);
    uint64_t a = open_on(fixture, 0, any(7000), 0), b = open_on(fixture, 1, any(53), 0);
    struct torc_address from;
    char text[64];

    assert_int_equal(send_to(fixture, 0, a, torc_host_address(fixture->host[1], 53), "x"), 0);
    assert_int_equal(send_to(fixture, 0, a, torc_host_address(fixture->host[1], 54), "y"), 0);
    run(fixture);
    assert_int_equal(receive(fixture, 1, b, text, &from), 0);
    assert_non_null(strstr(fixture->trace,
                           "{\"n\":4,\"t\":0,\"host\":\"one\",\"k\":\"datagram\","
                           "\"address\":\"udp:0.0.0.0:7000\"}\n"));
    assert_non_null(strstr(fixture->trace,
                           "{\"n\":6,\"t\":0,\"host\":\"one\",\"k\":\"send\","
                           "\"from\":\"udp:10.0.0.1:7000\",\"to\":\"udp:10.0.0.2:53\",\"data\":\"x\"}\n"));
    assert_non_null(strstr(fixture->trace, "\"k\":\"lost\",\"cause\":7,\"why\":\"nobody\""));
    assert_non_null(strstr(fixture->trace, "\"k\":\"receive\",\"cause\":6,\"to\":\"udp:10.0.0.2:53\","
                                           "\"from\":\"udp:10.0.0.1:7000\",\"data\":\"x\"}\n"));
    return NULL;
}

TORC_TRIAL_MAIN
