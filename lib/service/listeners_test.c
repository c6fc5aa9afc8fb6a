#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/listeners.h>
#include <torc/sim.h>
#include <torc/trial.h>

static struct torc_failure *refuse(struct torc_factory *self, const struct torc_address *peer,
                                   struct torc_protocol **out)
{
    (void)self;
    (void)peer;
    (void)out;
    return NULL;
}

static const struct torc_factory_ops factory_ops = {.size = sizeof(factory_ops),
                                                    .build_protocol = refuse};
static const struct torc_option table[] = {{"listen", TORC_OPTION_ADDRESS, NULL, "where"},
                                           {NULL, TORC_OPTION_FLAG, NULL, NULL}};

struct fixture {
    struct torc_world *world;
    struct torc_reactor *reactor;
    struct torc_options *options;
    struct torc_factory factory;
};

static struct fixture begin(void)
{
    struct fixture fixture = {.factory = {&factory_ops, 0}};
    struct torc_host *host;

    assert_int_equal(torc_world_new(NULL, &fixture.world), 0);
    assert_int_equal(torc_world_add_host(fixture.world, "srv", NULL, &host), 0);
    fixture.reactor = torc_host_reactor(host);
    assert_int_equal(torc_options_new(torc_reactor_scope(fixture.reactor), table, &fixture.options),
                     0);
    return fixture;
}

static void add(struct fixture *fixture, const char *address)
{
    char error[128];

    assert_int_equal(
        torc_options_set(fixture->options, "listen", address, error, sizeof(error)), 0);
}

static size_t listening(const struct fixture *fixture)
{
    struct torc_reactor_counts counts;

    torc_reactor_count(fixture->reactor, &counts);
    return counts.listeners;
}

static void end(struct fixture *fixture)
{
    torc_options_free(fixture->options);
    torc_world_free(fixture->world);
}

TORC_TEST(every_address_is_listened_on_until_closed)
{
    struct fixture fixture = begin();
    struct torc_listeners *listeners;

    add(&fixture, "tcp:7001");
    add(&fixture, "tcp:7002");
    assert_null(torc_listen_all(fixture.reactor, fixture.options, "listen", &fixture.factory, NULL,
                                &listeners));
    assert_int_equal(listening(&fixture), 2);
    assert_int_equal(fixture.factory.users, 2);
    torc_listeners_close(listeners);
    torc_listeners_close(NULL);
    assert_int_equal(listening(&fixture), 0);
    assert_int_equal(fixture.factory.users, 0);
    end(&fixture);
    return NULL;
}

TORC_TEST(one_that_cannot_be_had_is_named_and_none_is_left)
{
    struct fixture fixture = begin();
    struct torc_listeners *listeners = NULL;
    struct torc_failure *failure;

    add(&fixture, "tcp:7001");
    add(&fixture, "tcp:7001");
    failure = torc_listen_all(fixture.reactor, fixture.options, "listen", &fixture.factory, NULL,
                              &listeners);
    assert_non_null(failure);
    assert_true(torc_failure_check(failure, &torc_failure_listen_error));
    assert_int_equal(torc_failure_code(failure), TORC_EADDRINUSE);
    assert_string_equal(torc_failure_message(failure), "listening at tcp:0.0.0.0:7001: address in use");
    assert_null(listeners);
    assert_int_equal(listening(&fixture), 0);
    torc_failure_drop(failure);
    end(&fixture);
    return NULL;
}

TORC_TEST(no_address_at_all_is_a_failure)
{
    struct fixture fixture = begin();
    struct torc_listeners *listeners = NULL;
    struct torc_failure *failure = torc_listen_all(fixture.reactor, fixture.options, "listen",
                                                   &fixture.factory, NULL, &listeners);

    assert_non_null(failure);
    assert_int_equal(torc_failure_code(failure), TORC_EINVAL);
    assert_null(listeners);
    torc_failure_drop(failure);
    end(&fixture);
    return NULL;
}

TORC_TRIAL_MAIN
