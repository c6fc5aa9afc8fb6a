/* Datagrams recorded and replayed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <torc/datagram.h>
#include <torc/trial.h>

#include "tests/support/desk.h"
#include "tests/support/scripted_platform.h"

/* --- a module: answers each datagram with itself, and greets its peer from a connected port --------- */

struct parrot {
    struct torc_datagram_protocol protocol; /* of the connected port */
    struct torc_datagram_protocol answering;
    struct torc_reactor *reactor;
    bool loud, deaf, forgetful, wanders, closes;
};

static struct torc_failure *answer(struct torc_datagram_protocol *self, const uint8_t *data,
                                   size_t bytes, const struct torc_address *from)
{
    struct parrot *parrot =
        (struct parrot *)(void *)((char *)self - offsetof(struct parrot, answering));
    struct torc_address elsewhere = *from;

    elsewhere.port++;
    if (parrot->closes && bytes == 0) {
        torc_datagram_close(self->port);
        return NULL;
    }
    if (!parrot->forgetful)
        (void)torc_datagram_send(self->port, parrot->loud && bytes == 3 ? (const uint8_t *)"ONE" : data,
                                 bytes, parrot->wanders ? &elsewhere : from);
    return NULL;
}

static struct torc_failure *greet_again(struct torc_datagram_protocol *self)
{
    (void)torc_datagram_send(self->port, "hi", 2, NULL);
    return NULL;
}

static struct torc_failure *ignore(struct torc_datagram_protocol *self, const uint8_t *data,
                                   size_t bytes, const struct torc_address *from)
{
    (void)self;
    (void)data;
    (void)bytes;
    (void)from;
    return NULL;
}

static void forget(struct torc_datagram_protocol *self, struct torc_failure *reason)
{
    (void)self;
    (void)reason;
}

static const struct torc_datagram_protocol_ops answering_ops = {
    .size = sizeof answering_ops, .received = answer, .stopped = forget};
static const struct torc_datagram_protocol_ops greeting_ops = {
    .size = sizeof greeting_ops, .received = ignore, .refused = greet_again, .stopped = forget};

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options,
                                  void **out_instance)
{
    static struct parrot parrot;
    const char *fault = torc_options_text(options, "fault");
    struct torc_address local = torc_address_ipv4(127, 0, 0, 1, 53);
    struct torc_address peer = torc_address_ipv4(10, 0, 0, 2, 9);
    struct torc_datagram_options small = TORC_DATAGRAM_OPTIONS_INIT;

    memset(&parrot, 0, sizeof(parrot));
    parrot.protocol.ops = &greeting_ops;
    parrot.answering.ops = &answering_ops;
    parrot.loud = strcmp(fault, "loud") == 0;
    parrot.deaf = strcmp(fault, "deaf") == 0;
    parrot.forgetful = strcmp(fault, "forgetful") == 0;
    parrot.wanders = strcmp(fault, "wanders") == 0;
    parrot.closes = strcmp(fault, "stays") != 0;
    small.bytes_max = 10;
    small.read_max = strcmp(fault, "slow") == 0 ? 1 : 0;
    if (strcmp(fault, "elsewhere") == 0)
        local.port = 54;
    if (torc_datagram_open(reactor, &local, &parrot.answering, &small, NULL) != 0 ||
        torc_datagram_open(reactor, &local, &parrot.protocol, NULL, NULL) != 0 ||
        torc_datagram_connect(parrot.protocol.port, &peer) != 0)
        return torc_failure_static(&torc_failure_listen_error);
    if (parrot.deaf)
        torc_datagram_pause(parrot.answering.port);
    (void)torc_datagram_send(parrot.protocol.port, "hello", 5, NULL);
    *out_instance = &parrot;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    (void)instance;
    return NULL;
}

static const struct torc_option option_table[] = {
    {"fault", TORC_OPTION_TEXT, "", "what it does otherwise"}, {NULL, TORC_OPTION_FLAG, NULL, NULL}};

static const struct torc_module module = {.size = sizeof(module),
                                          .name = "parrot",
                                          .version = "1",
                                          .doc = "",
                                          .options = option_table,
                                          .start = start,
                                          .stop = stop};

/* --- recording ------------------------------------------------------------------------------------ */

static void turns(struct torc_reactor *reactor)
{
    for (int i = 0; i < 3; i++)
        assert_int_equal(torc_reactor_turn(reactor, 0), 0);
}

/* With the fault its replay is to have. */
static void record(struct desk_file *file, const char *fault)
{
    const char *const pairs[] = {"fault", fault, NULL};
    static struct scripted_platform world;
    static struct torc_address from;
    struct torc_recorder_options options = TORC_RECORDER_OPTIONS_INIT;
    struct torc_reactor_options watching = TORC_REACTOR_OPTIONS_INIT;
    struct torc_platform *recorder;
    struct torc_reactor *reactor;
    struct torc_options *none;
    char error[100];

    from = torc_address_ipv4(10, 0, 0, 7, 4000);
    scripted_init(&world);
    world.steady = true;
    options.write = desk_file_write;
    options.arg = file;
    options.module = "parrot";
    options.module_version = "1";
    options.pairs = pairs;
    assert_int_equal(torc_recorder_new(&world.base, &options, &recorder), 0);
    watching.watch_signals = true;
    assert_int_equal(torc_reactor_new(recorder, &watching, &reactor), 0);
    assert_int_equal(torc_reactor_start(reactor), 0);
    assert_int_equal(torc_options_new(torc_reactor_scope(reactor), option_table, &none), 0);
    assert_int_equal(torc_options_set(none, "fault", "", error, sizeof(error)), 0);
    assert_null(torc_module_start(&module, reactor, none, NULL));
    scripted_datagram(&world, 1, "one", 3, &from);
    scripted_datagram(&world, 1, "two words", 9, &from);
    scripted_datagram(&world, 1, "much too long for it", 20, &from);
    scripted_feed_error(&world, 2, TORC_ECONNREFUSED);
    turns(reactor);
    scripted_handle(&world, 1)->send_code = TORC_EAGAIN;
    scripted_datagram(&world, 1, "lost", 4, &from);
    turns(reactor);
    scripted_datagram(&world, 1, "", 0, &from);
    turns(reactor);
    scripted_signal(&world, TORC_SIGNAL_TERMINATE);
    while (torc_reactor_turn(reactor, 0) == 0)
        ;
    assert_int_equal(torc_recorder_finish(recorder), 0);
    torc_options_free(none);
    torc_reactor_free(reactor);
    torc_recorder_free(recorder);
    scripted_end(&world);
}

static void assert_recorded(const struct desk_file *file, const char *text)
{
    if (memmem(file->text, file->bytes, text, strlen(text)) == NULL)
        print_message("not in it: %s\n%.*s", text, (int)file->bytes, file->text);
    assert_non_null(memmem(file->text, file->bytes, text, strlen(text)));
}

static void replay(const char *fault, struct torc_replay_report *report)
{
    struct desk_file file = {0};
    struct torc_recording *recording;

    record(&file, fault);
    memset(report, 0, sizeof(*report));
    assert_int_equal(torc_recording_open(desk_file_read, &file, "parrot.torc", &recording, report->error), 0);
    if (torc_replay(recording, &module, NULL, report) != 0)
        fail_msg("%s", report->error);
    torc_recording_close(recording);
    desk_file_clear(&file);
}

/* --- tests ---------------------------------------------------------------------------------------- */

TORC_TEST(every_step_of_a_port_is_recorded)
{
    struct desk_file file = {0};

    record(&file, "");
    assert_recorded(&file, "\"k\":\"datagram\",\"address\":\"udp:127.0.0.1:53\",\"flags\":0,\"as\":\"d1\"}\n");
    assert_recorded(&file, "\"k\":\"peer\",\"on\":\"d2\",\"address\":\"udp:10.0.0.2:9\"}\n");
    assert_recorded(&file, "\"k\":\"send\",\"on\":\"d2\",\"data\":\"hello\"}\n");
    assert_recorded(&file, "\"on\":\"d2\",\"error\":\"TORC_ECONNREFUSED\"}\n");
    assert_recorded(&file, "\"on\":\"d1\",\"from\":\"udp:10.0.0.7:4000\",\"data\":\"one\"}\n");
    assert_recorded(&file, "\"on\":\"d1\",\"to\":\"udp:10.0.0.7:4000\",\"data\":\"two words\"}\n");
    assert_recorded(&file, "\"from\":\"udp:10.0.0.7:4000\",\"data\":\"much too l\",\"of\":20}\n");
    assert_recorded(&file, "\"to\":\"udp:10.0.0.7:4000\",\"data\":\"lost\",\"error\":\"TORC_EAGAIN\"}\n");
    assert_recorded(&file, "\"from\":\"udp:10.0.0.7:4000\",\"data\":\"\"}\n");
    assert_recorded(&file, "\"k\":\"close\",\"cause\":");
    assert_recorded(&file, "\"on\":\"d1\"}\n");
    desk_file_clear(&file);
    return NULL;
}

TORC_TEST(the_same_program_replays_equal)
{
    struct torc_replay_report report;

    replay("", &report);
    if (report.verdict != TORC_REPLAY_EQUAL)
        fail_msg("%s (%s, %s)", report.difference.what, report.difference.expected, report.difference.got);
    assert_int_equal(report.reads, 5);
    return NULL;
}

/* How many datagrams a program takes in a turn shows nowhere. */
TORC_TEST(a_program_that_takes_one_at_a_time_replays_equal)
{
    struct torc_replay_report report;

    replay("slow", &report);
    if (report.verdict != TORC_REPLAY_EQUAL)
        fail_msg("%s", report.difference.what);
    return NULL;
}

static void assert_different(const char *fault, const char *what)
{
    struct torc_replay_report report;

    replay(fault, &report);
    assert_int_equal(report.verdict, TORC_REPLAY_DIFFERENT);
    if (strstr(report.difference.what, what) == NULL)
        fail_msg("%s: %s", fault, report.difference.what);
}

TORC_TEST(what_the_program_does_otherwise_is_found)
{
    struct torc_replay_report report;

    replay("loud", &report);
    assert_string_equal(report.difference.what, "sent another datagram than recorded");
    assert_string_equal(report.difference.expected, "one");
    assert_string_equal(report.difference.got, "ONE");
    assert_string_equal(report.difference.object, "d1");
    assert_different("forgetful", "did not send the datagram (udp:10.0.0.7:4000)");
    assert_different("wanders", "sent a datagram to udp:10.0.0.7:4001, recorded is udp:10.0.0.7:4000");
    assert_different("deaf", "did not receive the datagram (udp:10.0.0.7:4000)");
    assert_different("stays", "sent a datagram, which is not recorded");
    assert_different("elsewhere", "opened a datagram port on udp:127.0.0.1:54, recorded is "
                                  "udp:127.0.0.1:53");
    return NULL;
}

TORC_TRIAL_MAIN
