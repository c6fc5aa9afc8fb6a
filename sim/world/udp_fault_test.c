/* What a program is told of datagrams that cannot be sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/datagram.h>
#include <torc/decision.h>
#include <torc/operation_fault.h>
#include <torc/trial.h>

#define PORT 514

struct end {
    struct torc_datagram_protocol protocol; /* first */
    struct torc_datagram_port port;
    size_t received;
};

static struct torc_failure *count(struct torc_datagram_protocol *self, const uint8_t *data, size_t bytes,
                                  const struct torc_address *from)
{
    (void)data;
    (void)bytes;
    (void)from;
    ((struct end *)(void *)self)->received++;
    return NULL;
}

static void ignore_end(struct torc_datagram_protocol *self, struct torc_failure *reason)
{
    (void)self;
    (void)reason;
}

static void open_end(struct end *end, struct torc_host *host, uint16_t port)
{
    static const struct torc_datagram_protocol_ops ops = {.size = sizeof ops, .received = count, .stopped = ignore_end};
    struct torc_address address = torc_host_address(host, port);

    end->protocol.ops = &ops;
    assert_int_equal(torc_datagram_open(torc_host_reactor(host), &address, &end->protocol, NULL, &end->port), 0);
}

static uint64_t option_of(const char *name)
{
    uint64_t option = 0;

    assert_int_equal(torc_decision_option(torc_decision_find_site("send.fail"), name, &option), 0);
    return option;
}

/* The next datagram of the host fails so. */
static uint32_t arm(struct torc_host *host, const char *name)
{
    struct torc_operation_fault fault = TORC_OPERATION_FAULT_INIT;
    uint32_t number = 0;

    fault.site = "send.fail";
    fault.option = option_of(name);
    assert_int_equal(torc_host_add_operation_fault(host, &fault, &number), 0);
    return number;
}

static int send_to(struct end *from, struct torc_host *to)
{
    struct torc_address address = torc_host_address(to, PORT);

    return torc_datagram_send(from->port, "x", 1, &address);
}

TORC_TEST(what_is_wrong_is_told_at_once_and_the_datagram_is_lost)
{
    static const struct {
        const char *name;
        int code;
    } cases[] = {{"EAGAIN", TORC_EAGAIN},           {"ENOBUFS", TORC_ENOBUFS},
                 {"EPERM", TORC_EACCES},            {"ENETUNREACH", TORC_ENETUNREACH},
                 {"EHOSTUNREACH", TORC_EHOSTUNREACH}};
    struct torc_host *a = torc_trial_add_host(trial, "a");
    struct torc_host *b = torc_trial_add_host(trial, "b");
    struct end from = {0}, to = {0};

    open_end(&from, a, 0);
    open_end(&to, b, PORT);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t number = arm(a, cases[i].name);

        assert_int_equal(send_to(&from, b), cases[i].code);
        assert_int_equal(send_to(&from, b), 0);
        assert_int_equal(torc_host_operation_fault_struck(a, number), 1);
    }
    torc_trial_run(trial, TORC_SECOND);
    assert_int_equal(to.received, 5);
    torc_datagram_close(from.port);
    torc_datagram_close(to.port);
    return NULL;
}

TORC_TEST(to_the_host_itself_there_is_no_route_to_lose)
{
    struct torc_host *a = torc_trial_add_host(trial, "a");
    struct end from = {0};
    uint32_t unreachable = arm(a, "EHOSTUNREACH");
    uint32_t full = arm(a, "ENOBUFS");

    open_end(&from, a, PORT);
    assert_int_equal(send_to(&from, a), TORC_ENOBUFS);
    assert_int_equal(send_to(&from, a), 0);
    assert_int_equal(torc_host_operation_fault_struck(a, unreachable), 0);
    assert_int_equal(torc_host_operation_fault_struck(a, full), 1);
    torc_datagram_close(from.port);
    return NULL;
}

TORC_TEST(a_refusal_needs_a_connected_port_and_one_sent_before)
{
    struct torc_host *a = torc_trial_add_host(trial, "a");
    struct torc_host *b = torc_trial_add_host(trial, "b");
    struct torc_address peer = torc_host_address(b, PORT);
    struct end from = {0}, to = {0};
    uint32_t number = arm(a, "ECONNREFUSED");

    open_end(&from, a, 0);
    open_end(&to, b, PORT);
    assert_int_equal(send_to(&from, b), 0);
    assert_int_equal(send_to(&from, b), 0);
    assert_int_equal(torc_datagram_connect(from.port, &peer), 0);
    assert_int_equal(torc_host_operation_fault_struck(a, number), 0);
    assert_int_equal(torc_datagram_send(from.port, "x", 1, NULL), TORC_ECONNREFUSED);
    assert_int_equal(torc_datagram_send(from.port, "x", 1, NULL), 0);
    torc_trial_run(trial, TORC_SECOND);
    assert_int_equal(to.received, 3);
    torc_datagram_close(from.port);
    torc_datagram_close(to.port);
    return NULL;
}

TORC_TEST(before_anything_is_sent_nothing_is_refused)
{
    struct torc_host *a = torc_trial_add_host(trial, "a");
    struct torc_host *b = torc_trial_add_host(trial, "b");
    struct torc_address peer = torc_host_address(b, PORT);
    struct end from = {0}, to = {0};
    uint32_t number;

    open_end(&from, a, 0);
    open_end(&to, b, PORT);
    assert_int_equal(torc_datagram_connect(from.port, &peer), 0);
    (void)arm(a, "ENOBUFS");
    number = arm(a, "ECONNREFUSED");
    assert_int_equal(torc_datagram_send(from.port, "x", 1, NULL), TORC_ENOBUFS);
    assert_int_equal(torc_datagram_send(from.port, "x", 1, NULL), 0);
    assert_int_equal(torc_host_operation_fault_struck(a, number), 0);
    assert_int_equal(torc_datagram_send(from.port, "x", 1, NULL), TORC_ECONNREFUSED);
    torc_trial_run(trial, TORC_SECOND);
    assert_int_equal(to.received, 1);
    torc_datagram_close(from.port);
    torc_datagram_close(to.port);
    return NULL;
}

TORC_TRIAL_MAIN
