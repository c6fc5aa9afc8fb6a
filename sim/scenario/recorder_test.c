#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/trial.h>

#include "tests/support/desk.h"
#include "tests/support/scripted_platform.h"

struct bench {
    struct scripted_platform world;
    struct desk_file file;
    struct torc_platform *recorder;
    const struct torc_platform_ops *ops;
    uint64_t listener;
};

static struct torc_recorder_options options_for(struct bench *bench)
{
    static const char *const pairs[] = {"listen", "tcp:1", "name", "a\"b", NULL};
    struct torc_recorder_options options = TORC_RECORDER_OPTIONS_INIT;

    options.write = desk_file_write;
    options.flush = desk_file_flush;
    options.arg = &bench->file;
    options.module = "m";
    options.module_version = "7";
    options.pairs = pairs;
    options.build = "b1";
    options.host_name = "h1";
    return options;
}

static struct torc_deferred *set_up(struct torc_trial *trial)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct torc_recorder_options options;

    scripted_init(&bench->world);
    bench->world.now_ns = 50 * TORC_SECOND;
    bench->world.wall_ns = 1000;
    options = options_for(bench);
    torc_trial_need(trial, torc_recorder_new(&bench->world.base, &options, &bench->recorder));
    bench->ops = bench->recorder->ops;
    torc_trial_set_state(trial, bench);
    return NULL;
}

static struct torc_deferred *tear_down(struct torc_trial *trial)
{
    struct bench *bench = torc_trial_state(trial);

    torc_recorder_free(bench->recorder);
    desk_file_clear(&bench->file);
    scripted_end(&bench->world);
    free(bench);
    return NULL;
}

static const struct torc_trial_group with_bench = {.set_up = set_up, .tear_down = tear_down};

static bool recorded(const struct bench *bench, const char *text)
{
    return memmem(bench->file.text, bench->file.bytes, text, strlen(text)) != NULL;
}

static void assert_recorded(const struct bench *bench, const char *text)
{
    if (!recorded(bench, text)) {
        print_message("not in it: %s\n%.*s", text, (int)bench->file.bytes, bench->file.text);
    }
    assert_true(recorded(bench, text));
}

static size_t wait_at(struct bench *bench, uint64_t now_ns, struct torc_platform_event *batch)
{
    bench->world.now_ns = now_ns;
    return bench->ops->wait(bench->recorder, 0, batch, 16);
}

/* Listens, and accepts one connection with token 22. */
static uint64_t accept_one(struct bench *bench)
{
    struct torc_address address = torc_address_ipv4(127, 0, 0, 1, 80);
    struct torc_listen_settings settings = {1, 0};
    struct torc_address peer;
    uint64_t handle = 0;

    if (bench->listener == 0) {
        assert_int_equal(bench->ops->listen(bench->recorder, &address, &settings, 11,
                                            &bench->listener),
                         0);
    }
    scripted_arrive(&bench->world, 1, 0);
    assert_int_equal(bench->ops->accept(bench->recorder, bench->listener, 22, &handle, &peer), 0);
    return handle;
}

TORC_TEST(the_first_line_says_what_is_recorded, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    assert_recorded(bench, "{\"torc\":\"recording\",\"format\":1,");
    assert_recorded(bench, "\"host\":\"h1\",\"module\":\"m\",\"module_version\":\"7\",\"options\":[[\"listen\","
                            "\"tcp:1\"],[\"name\",\"a\\\"b\"]],\"build\":\"b1\",\"wall_ns\":1000}\n");
    return NULL;
}

TORC_TEST(time_begins_at_zero_and_stands_still_between_waits, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_platform_event batch[16];

    bench->world.now_ns = 51 * TORC_SECOND;
    assert_int_equal(bench->ops->now_ns(bench->recorder), 0);
    wait_at(bench, 53 * TORC_SECOND, batch);
    assert_int_equal(bench->ops->now_ns(bench->recorder), 3 * TORC_SECOND);
    assert_recorded(bench, "{\"n\":1,\"t\":3000000000,\"k\":\"turn\",\"ready\":\"\"}\n");
    return NULL;
}

TORC_TEST(a_deadline_is_told_to_the_platform_in_its_own_time, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_platform_event batch[16];

    bench->recorder->ops->wait(bench->recorder, 5, batch, 16); /* flushes what was written */
    bench->world.now_ns = 51 * TORC_SECOND;
    bench->ops->wait(bench->recorder, 4 * TORC_SECOND, batch, 16);
    bench->ops->wait(bench->recorder, 4 * TORC_SECOND, batch, 16);
    assert_true(bench->world.last_deadline_ns <= 54 * TORC_SECOND);
    assert_true(bench->world.last_deadline_ns > 50 * TORC_SECOND);
    return NULL;
}

TORC_TEST(events_come_with_the_programs_tokens, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_platform_event batch[16];
    uint64_t handle = accept_one(bench);

    bench->ops->interest(bench->recorder, handle, TORC_EVENT_READ);
    scripted_feed(&bench->world, 2, "hi\r\n", 4);
    assert_int_equal(wait_at(bench, 51 * TORC_SECOND, batch), 1);
    assert_int_equal(batch[0].token, 22);
    assert_int_equal(batch[0].events, TORC_EVENT_READ);
    assert_recorded(bench, "\"k\":\"turn\",\"ready\":\"c1:r\"}");
    return NULL;
}

TORC_TEST(reads_are_recorded_as_they_came, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint64_t handle = accept_one(bench);
    char buffer[16];
    size_t bytes = 99;

    scripted_feed(&bench->world, 2, "hi\r\n", 4);
    scripted_feed(&bench->world, 2, "\0\xff", 2);
    scripted_feed_error(&bench->world, 2, TORC_ECONNRESET);
    assert_int_equal(bench->ops->read(bench->recorder, handle, buffer, 16, &bytes), 0);
    assert_int_equal(bytes, 4);
    assert_int_equal(bench->ops->read(bench->recorder, handle, buffer, 16, &bytes), 0);
    assert_int_equal(bench->ops->read(bench->recorder, handle, buffer, 16, &bytes),
                     TORC_ECONNRESET);
    assert_int_equal(bytes, 2);
    assert_recorded(bench, "\"k\":\"rx\",\"on\":\"c1\",\"data\":\"hi\\r\\n\"}");
    assert_recorded(bench, "\"k\":\"rx\",\"on\":\"c1\",\"data64\":\"AP8=\"}");
    assert_recorded(bench, "\"k\":\"rx\",\"on\":\"c1\",\"error\":\"TORC_ECONNRESET\"}");
    return NULL;
}

TORC_TEST(a_read_with_nothing_to_read_is_not_recorded, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint64_t handle = accept_one(bench);
    uint64_t events = torc_recorder_events(bench->recorder);
    char buffer[16];
    size_t bytes;

    assert_int_equal(bench->ops->read(bench->recorder, handle, buffer, 16, &bytes), TORC_EAGAIN);
    assert_int_equal(torc_recorder_events(bench->recorder), events);
    return NULL;
}

TORC_TEST(a_write_is_recorded_with_what_was_taken_of_how_much, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint64_t handle = accept_one(bench);
    const struct torc_span spans[] = {{"ab", 2}, {"", 0}, {"cdef", 4}};
    size_t bytes = 0;

    scripted_set_room(&bench->world, 2, 3, TORC_EAGAIN);
    assert_int_equal(bench->ops->writev(bench->recorder, handle, spans, 3, &bytes), 0);
    assert_int_equal(bytes, 3);
    assert_int_equal(bench->ops->writev(bench->recorder, handle, spans, 3, &bytes), TORC_EAGAIN);
    scripted_set_room(&bench->world, 2, 100, TORC_EAGAIN);
    assert_int_equal(bench->ops->writev(bench->recorder, handle, spans, 3, &bytes), 0);
    assert_recorded(bench, "\"k\":\"tx\",\"on\":\"c1\",\"data\":\"abc\",\"of\":6}");
    assert_recorded(bench, "\"k\":\"tx\",\"on\":\"c1\",\"data\":\"\",\"of\":6}");
    assert_recorded(bench, "\"k\":\"tx\",\"on\":\"c1\",\"data\":\"abcdef\"}");
    return NULL;
}

TORC_TEST(closing_and_the_rest_are_recorded, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint64_t first = accept_one(bench);
    uint64_t second = accept_one(bench);
    struct torc_address local;
    uint8_t random[2];

    assert_int_equal(bench->ops->names(bench->recorder, first, &local, NULL), 0);
    assert_int_equal(bench->ops->set_option(bench->recorder, first, TORC_STREAM_NODELAY, 1), 0);
    assert_int_equal(bench->ops->shutdown(bench->recorder, first), 0);
    bench->ops->close(bench->recorder, first, TORC_CLOSE_NORMAL);
    bench->ops->close(bench->recorder, second, TORC_CLOSE_ABORT);
    bench->ops->random(bench->recorder, "site", random, 2);
    assert_int_equal(bench->ops->wall_ns(bench->recorder), 1000);
    assert_recorded(bench, "\"k\":\"names\",\"on\":\"c1\",\"local\":");
    assert_recorded(bench, "\"k\":\"option\",\"on\":\"c1\",\"name\":\"nodelay\",\"value\":1}");
    assert_recorded(bench, "\"k\":\"shutdown\",\"on\":\"c1\"}");
    assert_recorded(bench, "\"k\":\"close\",\"on\":\"c1\"}");
    assert_recorded(bench, "\"k\":\"reset\",\"on\":\"c2\"}");
    assert_recorded(bench, "\"k\":\"draw\",\"site\":\"site\",\"data");
    assert_recorded(bench, "\"k\":\"clock\",\"wall_ns\":1000}");
    return NULL;
}

TORC_TEST(names_count_up_although_places_are_used_again, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint64_t handle;

    for (int i = 0; i < 40; i++) {
        handle = accept_one(bench);
        bench->ops->close(bench->recorder, handle, TORC_CLOSE_NORMAL);
    }
    assert_true(handle <= 2);
    assert_recorded(bench, "\"as\":\"c40\"");
    return NULL;
}

TORC_TEST(the_last_line_counts, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    uint64_t handle = accept_one(bench);
    const struct torc_span span = {"abc", 3};
    size_t bytes;

    assert_int_equal(bench->ops->writev(bench->recorder, handle, &span, 1, &bytes), 0);
    assert_int_equal(torc_recorder_finish(bench->recorder), 0);
    assert_recorded(bench, "{\"end\":3,\"turns\":0,\"connections\":1,\"read_bytes\":0,"
                           "\"written_bytes\":3,\"digest\":\"");
    bytes = bench->file.bytes;
    bench->ops->close(bench->recorder, handle, TORC_CLOSE_NORMAL);
    assert_int_equal(torc_recorder_finish(bench->recorder), 0);
    assert_int_equal(bench->file.bytes, bytes);
    return NULL;
}

TORC_TEST(a_full_disk_ends_the_recording_and_not_the_program, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_platform_event batch[16];
    uint64_t handle = accept_one(bench);
    char buffer[16];
    size_t bytes;

    bench->file.room = bench->file.bytes;
    scripted_feed(&bench->world, 2, "hi", 2);
    assert_int_equal(bench->ops->read(bench->recorder, handle, buffer, 16, &bytes), 0);
    assert_int_equal(torc_recorder_error(bench->recorder), TORC_ENOSPC);
    bench->ops->interest(bench->recorder, handle, TORC_EVENT_WRITE);
    assert_int_equal(wait_at(bench, 51 * TORC_SECOND, batch), 1);
    assert_int_equal(batch[0].token, 22);
    assert_int_equal(torc_recorder_finish(bench->recorder), TORC_ENOSPC);
    assert_int_equal(bench->file.bytes, bench->file.room);
    return NULL;
}

TORC_TEST(what_was_written_is_flushed_within_the_interval, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_platform_event batch[16];

    wait_at(bench, 50 * TORC_SECOND + 99 * TORC_MILLISECOND, batch);
    assert_int_equal(bench->file.flushes, 0);
    wait_at(bench, 50 * TORC_SECOND + 101 * TORC_MILLISECOND, batch);
    wait_at(bench, 50 * TORC_SECOND + 101 * TORC_MILLISECOND, batch);
    assert_int_equal(bench->file.flushes, 1);
    return NULL;
}

TORC_TEST(a_wait_without_end_still_comes_to_the_flush, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_platform_event batch[16];

    assert_int_equal(bench->ops->wait(bench->recorder, TORC_NEVER, batch, 16), 0);
    assert_int_equal(bench->world.last_deadline_ns, 50 * TORC_SECOND + 100 * TORC_MILLISECOND);
    return NULL;
}

TORC_TEST(waking_passes_through, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);

    bench->ops->wake(bench->recorder);
    assert_int_equal(bench->world.wakes, 1);
    assert_true(bench->ops->in_reactor(bench->recorder));
    return NULL;
}

TORC_TEST(a_connect_is_recorded_with_its_end, .group = &with_bench)
{
    struct bench *bench = torc_trial_state(trial);
    struct torc_platform_event batch[16];
    struct torc_address address = torc_address_ipv4(10, 0, 0, 1, 5);
    struct torc_address local = torc_address_ipv4(10, 0, 0, 2, 0);
    uint64_t handle;

    assert_int_equal(bench->ops->connect(bench->recorder, &address, &local, 33, &handle), 0);
    scripted_connected(&bench->world, 1, TORC_ECONNREFUSED);
    assert_int_equal(wait_at(bench, 51 * TORC_SECOND, batch), 1);
    assert_int_equal(batch[0].token, 33);
    bench->world.connect_code = TORC_EMFILE;
    assert_int_equal(bench->ops->connect(bench->recorder, &address, NULL, 34, &handle),
                     TORC_EMFILE);
    assert_recorded(bench, "\"k\":\"connect\",\"address\":\"tcp:10.0.0.1:5\",\"local\":"
                           "\"tcp:10.0.0.2:0\",\"as\":\"c1\"}");
    assert_recorded(bench, "\"ready\":\"c1:connect=-40\"");
    assert_recorded(bench, "\"address\":\"tcp:10.0.0.1:5\",\"error\":\"TORC_EMFILE\"}");
    return NULL;
}

TORC_TRIAL_MAIN
