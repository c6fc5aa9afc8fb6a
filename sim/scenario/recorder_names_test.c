/* Lookups recorded and replayed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/datagram.h>
#include <torc/resolver.h>
#include <torc/trial.h>

#include "tests/support/desk.h"
#include "tests/support/scripted_platform.h"

/* --- a module: asks for two names, and sends its host's name to the first address of each answer -------- */

struct asker {
    struct torc_datagram_protocol protocol;
    struct torc_reactor *reactor;
};

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

static struct torc_result tell(struct torc_result result, void *arg)
{
    struct asker *asker = arg;
    const struct torc_addresses *addresses = result.as.value;
    const char *word = torc_reactor_host_name(asker->reactor);

    if (result.kind == TORC_RESULT_VALUE)
        (void)torc_datagram_send(asker->protocol.port, word, strlen(word), &addresses->list[0]);
    torc_result_drop(result);
    return torc_value(NULL);
}

static int ask(struct asker *asker, const char *name, enum torc_resolve_family family)
{
    struct torc_resolve_options options = TORC_RESOLVE_OPTIONS_INIT;
    struct torc_deferred *deferred;
    int code;

    options.family = family;
    code = torc_resolve(asker->reactor, name, 9, &options, &deferred);
    if (code == 0) {
        code = torc_deferred_add_both(deferred, tell, asker, NULL);
        torc_deferred_drop(deferred);
    }
    return code;
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options,
                                  void **out_instance)
{
    static const struct torc_datagram_protocol_ops ops = {
        .size = sizeof ops, .received = ignore, .stopped = forget};
    static struct asker asker;
    struct torc_address any = torc_address_ipv4(0, 0, 0, 0, 0);
    const char *fault = torc_options_text(options, "fault");

    memset(&asker, 0, sizeof(asker));
    asker.protocol.ops = &ops;
    asker.reactor = reactor;
    *out_instance = &asker;
    if (torc_datagram_open(reactor, &any, &asker.protocol, NULL, NULL) != 0)
        return torc_failure_static(&torc_failure_error);
    if (strcmp(fault, "silent") == 0)
        return NULL;
    (void)ask(&asker, strcmp(fault, "other") == 0 ? "other.example" : "db.example",
              strcmp(fault, "six") == 0 ? TORC_RESOLVE_IPV6 : TORC_RESOLVE_ANY);
    (void)ask(&asker, "none.example", TORC_RESOLVE_ANY);
    if (strcmp(fault, "more") == 0)
        (void)ask(&asker, "third.example", TORC_RESOLVE_ANY);
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
                                          .name = "asker",
                                          .version = "1",
                                          .doc = "",
                                          .options = option_table,
                                          .start = start,
                                          .stop = stop};

/* --- recording ------------------------------------------------------------------------------------ */

static void record(struct desk_file *file, const char *fault)
{
    static const struct torc_address list[2] = {{.family = TORC_ADDRESS_IPV4, .ip = {10, 0, 0, 1}},
                                                {.family = TORC_ADDRESS_IPV6, .ip = {0xfd, [15] = 1}}};
    const char *const pairs[] = {"fault", fault, NULL};
    static struct scripted_platform world;
    struct torc_recorder_options options = TORC_RECORDER_OPTIONS_INIT;
    struct torc_reactor_options watching = TORC_REACTOR_OPTIONS_INIT;
    struct torc_platform *recorder;
    struct torc_reactor *reactor;
    struct torc_options *none;

    scripted_init(&world);
    world.steady = true;
    options.write = desk_file_write;
    options.arg = file;
    options.module = "asker";
    options.module_version = "1";
    options.pairs = pairs;
    options.host_name = "hello";
    watching.host_name = "hello";
    watching.watch_signals = true;
    assert_int_equal(torc_recorder_new(&world.base, &options, &recorder), 0);
    assert_int_equal(torc_reactor_new(recorder, &watching, &reactor), 0);
    assert_int_equal(torc_reactor_start(reactor), 0);
    assert_int_equal(torc_options_new(torc_reactor_scope(reactor), option_table, &none), 0);
    assert_null(torc_module_start(&module, reactor, none, NULL));
    assert_int_equal(torc_reactor_turn(reactor, 0), 0);
    scripted_answer(&world, 2, TORC_ENOTFOUND, NULL, 0);
    scripted_answer(&world, 1, 0, list, 2);
    assert_int_equal(torc_reactor_turn(reactor, 0), 0);
    scripted_signal(&world, TORC_SIGNAL_TERMINATE);
    while (torc_reactor_turn(reactor, 0) == 0)
        ;
    assert_int_equal(torc_recorder_finish(recorder), 0);
    torc_options_free(none);
    torc_reactor_free(reactor);
    torc_recorder_free(recorder);
    scripted_end(&world);
}

static void replay(const char *fault, struct torc_replay_report *report)
{
    struct desk_file file = {0};
    struct torc_recording *recording;

    record(&file, fault);
    memset(report, 0, sizeof(*report));
    assert_int_equal(torc_recording_open(desk_file_read, &file, "asker.torc", &recording, report->error), 0);
    if (torc_replay(recording, &module, NULL, report) != 0)
        fail_msg("%s", report->error);
    torc_recording_close(recording);
    desk_file_clear(&file);
}

/* --- tests ---------------------------------------------------------------------------------------- */

static void assert_recorded(const struct desk_file *file, const char *text)
{
    if (memmem(file->text, file->bytes, text, strlen(text)) == NULL)
        print_message("not in it: %s\n%.*s", text, (int)file->bytes, file->text);
    assert_non_null(memmem(file->text, file->bytes, text, strlen(text)));
}

TORC_TEST(every_step_of_a_lookup_is_recorded)
{
    struct desk_file file = {0};

    record(&file, "");
    assert_recorded(&file, "\"k\":\"resolve\",\"what\":\"begin\",\"name\":\"db.example\",\"family\":\"any\","
                           "\"as\":\"n1\"}\n");
    assert_recorded(&file, "\"k\":\"turn\",\"ready\":\"n2:names=-16 n1:names=0\"}\n");
    assert_recorded(&file, "\"what\":\"answer\",\"on\":\"n1\",\"addresses\":\"10.0.0.1,fd00::1\"}\n");
    assert_recorded(&file, "\"what\":\"end\",\"on\":\"n2\"}\n");
    desk_file_clear(&file);
    return NULL;
}

TORC_TEST(the_same_program_replays_equal)
{
    struct torc_replay_report report;

    replay("", &report);
    if (report.verdict != TORC_REPLAY_EQUAL)
        fail_msg("%s", report.difference.what);
    assert_int_equal(report.writes, 1); /* the answer was given */
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

TORC_TEST(what_the_program_asks_otherwise_is_found)
{
    assert_different("other", "looked up other.example (any), recorded is db.example (any)");
    assert_different("six", "looked up db.example (ipv6), recorded is db.example (any)");
    assert_different("more", "looked up third.example, which is not recorded");
    assert_different("silent", "did not look up the name (db.example)");
    return NULL;
}

TORC_TRIAL_MAIN
