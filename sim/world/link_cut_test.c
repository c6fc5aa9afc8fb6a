/* Paths that are cut, and hosts that are down, and what becomes of streams over them. */
#include "tests/support/link_fixture.h"

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
