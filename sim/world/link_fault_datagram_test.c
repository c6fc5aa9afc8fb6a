/* What goes wrong on links with datagrams, and what links say of themselves: the fate of each packet is decided. */
#include "tests/support/link_fixture.h"

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

TORC_TRIAL_MAIN
