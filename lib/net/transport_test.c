#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <torc/protocol.h>
#include <torc/trial.h>

static unsigned stopped;

static void stop(struct torc_producer *self)
{
    (void)self;
    stopped++;
}

TORC_TEST(a_zeroed_transport_answers_like_one_that_is_gone)
{
    static const struct torc_producer_ops ops = {NULL, NULL, stop};
    struct torc_transport none = {0};
    struct torc_producer producer = {&ops};
    struct torc_address address;
    struct torc_span span = {"x", 1};
    assert_int_equal(torc_transport_write(none, "x", 1), TORC_ECLOSED);
    assert_int_equal(torc_transport_write_spans(none, &span, 1), TORC_ECLOSED);
    assert_int_equal(torc_transport_set_limits(none, 1, 1), TORC_ECLOSED);
    assert_int_equal(torc_transport_set_option(none, TORC_STREAM_NODELAY, 1), TORC_ECLOSED);
    assert_int_equal(torc_transport_local(none, &address), TORC_ECLOSED);
    assert_int_equal(torc_transport_peer(none, &address), TORC_ECLOSED);
    assert_int_equal(torc_transport_queued(none), 0);
    assert_false(torc_transport_writable(none));
    assert_true(torc_transport_disconnecting(none));
    torc_transport_lose(none);
    torc_transport_abort(none);
    torc_transport_lose_write(none);
    torc_transport_pause_reading(none);
    torc_transport_resume_reading(none);
    torc_transport_unregister_producer(none);
    assert_int_equal(torc_transport_register_producer(none, &producer, TORC_PRODUCER_PUSH),
                     TORC_ECLOSED);
    assert_int_equal(stopped, 1);
    return NULL;
}

TORC_TRIAL_MAIN
