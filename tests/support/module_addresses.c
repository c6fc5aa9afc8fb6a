#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "module_addresses.h"
#include "module_world.h"

struct module_subject {
    const struct torc_module *module;
    const char *question;
    const char *answer;
};

static void every_address_is_served(void **state)
{
    const struct module_subject *subject = *state;
    static const char *const pairs[] = {"listen", "tcp:7001", "listen", "tcp:7002", NULL};
    struct module_world *world = module_world_new(subject->module, pairs);
    size_t a = module_world_connect(world, 7001);
    size_t b = module_world_connect(world, 7002);

    module_world_send(world, a, subject->question);
    module_world_send(world, b, subject->question);
    module_world_run(world, TORC_MILLISECOND);
    assert_string_equal(world->clients[a].received, subject->answer);
    assert_string_equal(world->clients[b].received, subject->answer);
    assert_true(module_world_stop(world));
    module_world_free(world);
}

static void count_text(void *arg, const char *text)
{
    (void)text;
    ++*(size_t *)arg;
}

static void a_start_that_fails_at_its_last_address_leaves_nothing(void **state)
{
    const struct module_subject *subject = *state;
    static const char *const pairs[] = {"listen", "tcp:7001", "listen",   "tcp:7002",
                                        "listen", "tcp:7001", NULL};
    struct torc_world *world;
    struct torc_host *host;
    enum torc_verdict verdict;
    uint64_t bytes_left = 1;
    size_t open = 0;
    char error[128];

    assert_int_equal(torc_world_new(NULL, &world), 0);
    assert_int_equal(torc_world_add_host(world, "srv", NULL, &host), 0);
    assert_int_equal(torc_host_start_module(host, subject->module, pairs, error, sizeof(error)),
                     TORC_EADDRINUSE);
    torc_reactor_describe(torc_host_reactor(host), count_text, &open);
    assert_int_equal(open, 0);
    assert_int_equal(torc_reactor_stop(torc_host_reactor(host)), 0);
    assert_int_equal(torc_world_run(world, TORC_NEVER, &verdict), 0);
    assert_int_equal(verdict, TORC_VERDICT_STOPPED);
    assert_int_equal(torc_host_retire(host, &bytes_left), 0);
    assert_int_equal(bytes_left, 0);
    torc_world_free(world);
}

static void a_stop_without_connections_is_done_at_once(void **state)
{
    const struct module_subject *subject = *state;
    static const char *const pairs[] = {"listen", "tcp:7001", "listen", "tcp:7002", NULL};
    struct module_world *world = module_world_new(subject->module, pairs);
    uint64_t bytes_left = 1;

    assert_true(module_world_stop(world));
    assert_int_equal(torc_host_retire(world->server, &bytes_left), 0);
    assert_int_equal(bytes_left, 0);
    module_world_free(world);
}

int module_address_tests(const struct torc_module *module, const char *question, const char *answer)
{
    struct module_subject subject = {module, question, answer};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(every_address_is_served, &subject),
        cmocka_unit_test_prestate(a_start_that_fails_at_its_last_address_leaves_nothing, &subject),
        cmocka_unit_test_prestate(a_stop_without_connections_is_done_at_once, &subject),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
