/* dns lines: names whose answers take turns; and a program that connects to a name whose IPv6 leads nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <torc/module.h>
#include <torc/resolver.h>
#include <torc/scenario.h>
#include <torc/trial.h>

#include "tests/support/station.h"

/* --- a module that connects to names ------------------------------------------------------------------- */

struct caller {
    struct torc_factory factory;
    struct torc_protocol protocol; /* of the last connection */
    struct torc_reactor *reactor;
    struct torc_scope *scope;
    int64_t family; /* 4 or 6; 0: not connected */
    bool stopping;
};

static struct caller *caller_of(struct torc_protocol *protocol)
{
    return (struct caller *)(void *)((char *)protocol - offsetof(struct caller, protocol));
}

static struct torc_failure *made(struct torc_protocol *self)
{
    struct torc_address peer;

    if (torc_transport_peer(self->transport, &peer) == 0)
        caller_of(self)->family = peer.family == TORC_ADDRESS_IPV6 ? 6 : 4;
    return NULL;
}

static struct torc_failure *ignore(struct torc_protocol *self, const uint8_t *data, size_t bytes)
{
    (void)self;
    (void)data;
    (void)bytes;
    return NULL;
}

static void lost(struct torc_protocol *self, struct torc_failure *reason)
{
    (void)reason;
    caller_of(self)->family = 0;
}

static struct torc_failure *build(struct torc_factory *self, const struct torc_address *peer, struct torc_protocol **out)
{
    (void)peer;
    *out = &((struct caller *)(void *)self)->protocol;
    return NULL;
}

static void release(struct caller *caller)
{
    torc_release(caller->scope, caller, sizeof *caller);
}

/* The last that is heard of a connection. */
static void over(struct torc_factory *self)
{
    struct caller *caller = (struct caller *)(void *)self;

    if (caller->stopping)
        release(caller);
}

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options, void **out)
{
    static const struct torc_factory_ops factory_ops = {.size = sizeof factory_ops, .build_protocol = build, .stopped = over};
    static const struct torc_protocol_ops protocol_ops = {
        .size = sizeof protocol_ops, .connection_made = made, .data_received = ignore, .connection_lost = lost};
    struct caller *caller = torc_alloc_zero(torc_reactor_scope(reactor), sizeof *caller);

    (void)options;
    if (caller == NULL)
        return torc_failure_no_memory();
    caller->reactor = reactor;
    caller->scope = torc_reactor_scope(reactor);
    caller->factory.ops = &factory_ops;
    caller->protocol.ops = &protocol_ops;
    *out = caller;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    struct caller *caller = instance;

    caller->stopping = true;
    if (caller->family != 0)
        torc_transport_abort(caller->protocol.transport);
    else
        release(caller);
    return NULL;
}

static struct torc_result forget(struct torc_result result, void *arg)
{
    (void)result;
    (void)arg;
    return torc_value(NULL);
}

static int dial(void *instance, const struct torc_options *arguments, struct torc_deferred **out)
{
    struct caller *caller = instance;
    int code = torc_connect_name(caller->reactor, torc_options_text(arguments, "name"), 80, &caller->factory, NULL, out);

    return code != 0 ? code : torc_deferred_add_callback(*out, forget, NULL, NULL);
}

static int64_t family(void *instance)
{
    return ((const struct caller *)instance)->family;
}

static const struct torc_probe probes[] = {{"family", "it is connected over", family, NULL}, {NULL, NULL, NULL, NULL}};
static const struct torc_option dial_options[] = {{"name", TORC_OPTION_TEXT, NULL, "who"},
                                                  {NULL, TORC_OPTION_FLAG, NULL, NULL}};
static const struct torc_option no_options[] = {{NULL, TORC_OPTION_FLAG, NULL, NULL}};
static const struct torc_module_call calls[] = {{"dial", "connects to a name", dial_options, dial}, {NULL, NULL, NULL, NULL}};
static const struct torc_module module = {
    .size = sizeof(struct torc_module),
    .name = "caller",
    .version = "1",
    .doc = "connects to names",
    .options = no_options,
    .probes = probes,
    .start = start,
    .stop = stop,
    .calls = calls,
};

static int load(void *arg, const char *name, const struct torc_module **out, char *error, size_t error_size)
{
    (void)arg;
    (void)name;
    (void)error;
    (void)error_size;
    *out = &module;
    return 0;
}

/* Runs it; it passes. */
static void expect_pass(const char *text)
{
    struct torc_scenario_run_options options;
    struct torc_scenario_report *report = NULL;
    struct torc_scenario *scenario = NULL;
    struct torc_scenario_error error;

    if (torc_scenario_parse(text, strlen(text), "t.scn", NULL, &scenario, &error) != 0)
        fail_msg("%s", error.text);
    torc_scenario_run_options_init(&options);
    options.load = load;
    assert_int_equal(torc_scenario_run(scenario, &options, &report), 0);
    torc_scenario_free(scenario);
    if (report->verdict != TORC_SCENARIO_PASS)
        fail_msg("%s", report->failure_count > 0 ? report->failures[0].message : "no failure");
    torc_scenario_report_free(report);
}

/* What is 10.0.0.2 and fd00::2 is the second host. */
#define HOSTS "scn 1\nhost a module=caller\nhost b peer\nlink a<->b delay=1ms\n0 b listen 80\n"
#define TWO HOSTS "host c peer\nlink a<->c delay=1ms\n0 c listen 80\nend expect leaks == 0\n"

/* --- happy eyeballs ------------------------------------------------------------------------------------- */

TORC_TEST(where_ipv6_leads_nowhere_a_name_is_reached_over_ipv4_after_250_ms)
{
    (void)trial;
    expect_pass(HOSTS "dns post.example = fd00::2,10.0.0.2 delay=10ms\n1s net cut a<->b family=ipv6\n"
                      "+0 cli call a dial name=post.example as d\n+261ms expect a.family == 0\n"
                      "1262ms d expect result\n+0 expect a.family == 4\nend expect leaks == 0\n");
    return NULL;
}

/* A peer listens over IPv4 alone: IPv6 is refused after a round trip. */
TORC_TEST(where_ipv6_is_refused_ipv4_is_next_at_once)
{
    (void)trial;
    expect_pass(HOSTS "dns post.example = fd00::2,10.0.0.2 delay=10ms\n"
                      "1s cli call a dial name=post.example as d\n1014ms d expect result\n+0 expect a.family == 4\n");
    return NULL;
}

TORC_TEST(answers_that_come_in_the_other_order_avoid_the_hole)
{
    (void)trial;
    expect_pass(HOSTS "dns post.example = fd00::2,10.0.0.2 delay=10ms\non a resolve : fail flip\n1s net cut a<->b family=ipv6\n"
                      "+0 cli call a dial name=post.example as d\n1012ms d expect result\n+0 expect a.family == 4\n");
    return NULL;
}

/* --- answers that take turns ------------------------------------------------------------------------------ */

TORC_TEST(each_lookup_gets_the_next_answer)
{
    (void)trial;
    expect_pass(TWO "dns x.example = 10.0.0.2 | nxdomain | 10.0.0.3\n"
                    "0 cli call a dial name=x.example as d1\n+0..5ms d1 expect result\n+10ms b accept 80 as s1\n"
                    "+10ms cli call a dial name=x.example as d2\n+0..1ms d2 expect failure name_not_found\n"
                    "+10ms s1 close\n+10ms cli call a dial name=x.example as d3\n+0..5ms d3 expect result\n+10ms c accept 80 as s3\n"
                    "+10ms s3 close\n+10ms cli call a dial name=x.example as d4\n+0..5ms d4 expect result\n+10ms b accept 80 as s4\n");
    return NULL;
}

TORC_TEST(or_each_holds_for_its_time)
{
    (void)trial;
    expect_pass(TWO "1s dns x.example = nxdomain | servfail flip=500ms\n"
                    "+0 cli call a dial name=x.example as d1\n+0..1ms d1 expect failure name_not_found\n"
                    "1499ms cli call a dial name=x.example as d2\n+0..1ms d2 expect failure name_not_found\n"
                    "1500ms cli call a dial name=x.example as d3\n+0..1ms d3 expect failure name_error\n"
                    "2s cli call a dial name=x.example as d4\n+0..1ms d4 expect failure name_not_found\n");
    return NULL;
}

TORC_TEST(mistakes_are_shown_where_they_are)
{
    (void)trial;
    expect_refused(HOSTS "dns x = b |\n", "and what else?");
    expect_refused(HOSTS "dns x = b | nobdy\n", "t.scn:6:13: this is neither an address nor a host");
    expect_refused(HOSTS "dns x = b flip=1s\n", "t.scn:6:11: one answer takes no turns");
    expect_refused(HOSTS "dns x = b | nxdomain flip=0\n", "t.scn:6:27: how long does each hold?");
    expect_refused(HOSTS "dns x = b | nxdomain flip=1s flip=2s\n", "t.scn:6:30: flip is given twice");
    expect_refused(HOSTS "dns x = b | nxdomain ttl=2s\n", "t.scn:6:22: a name can have delay= and flip=");
    expect_refused(HOSTS "dns x = b | b | b | b | b | b | b | b | b\n", "at most 8 answers take turns");
    return NULL;
}

TORC_TRIAL_MAIN
