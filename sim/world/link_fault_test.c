/* What goes wrong on links with streams: exact times, for the fate of each packet is decided. */
#include "tests/support/link_fixture.h"

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

TORC_TRIAL_MAIN
