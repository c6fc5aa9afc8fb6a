/* A unit test of one protocol: no reactor, no socket, no time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <torc/memory_transport.h>
#include <torc/trial.h>

#include "hello.c"

TORC_TEST(what_is_sent_is_greeted)
{
    struct torc_memory_transport *wire;
    struct torc_protocol *protocol = NULL;
    struct hello hello = {{NULL, 0}, NULL, NULL};
    const uint8_t *written;
    size_t bytes;

    assert_int_equal(torc_scope_new(NULL, NULL, &hello.scope), 0);
    assert_int_equal(torc_memory_transport_new(hello.scope, &wire), 0);
    assert_null(build(&hello.factory, NULL, &protocol));
    assert_int_equal(torc_memory_transport_connect(wire, protocol), 0);
    assert_int_equal(torc_memory_transport_deliver(wire, "ada", 3, 0), 0);
    written = torc_memory_transport_value(wire, &bytes);
    assert_int_equal(bytes, 10);
    assert_memory_equal(written, "hello, ada", 10);
    torc_memory_transport_free(wire);
    torc_scope_free(hello.scope);
    return NULL;
}

TORC_TRIAL_MAIN
