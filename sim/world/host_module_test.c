#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/sim.h>

/* A module that remembers its option and can refuse to start. */
struct counter {
    struct torc_reactor *reactor;
    int64_t value;
};

static struct torc_failure *start(struct torc_reactor *reactor, const struct torc_options *options,
                                  void **out_instance)
{
    struct counter *counter;

    if (torc_options_integer(options, "value") < 0)
        return torc_failure_static(&torc_failure_error);
    counter = torc_alloc(torc_reactor_scope(reactor), sizeof *counter);
    if (counter == NULL)
        return torc_failure_static(&torc_failure_out_of_memory);
    counter->reactor = reactor;
    counter->value = torc_options_integer(options, "value");
    *out_instance = counter;
    return NULL;
}

static struct torc_deferred *stop(void *instance)
{
    struct counter *counter = instance;

    torc_release(torc_reactor_scope(counter->reactor), counter, sizeof *counter);
    return NULL;
}

static int64_t read_value(void *instance)
{
    return ((struct counter *)instance)->value;
}

static const char *read_role(void *instance)
{
    (void)instance;
    return "counter";
}

static const struct torc_option options[] = {
    {"value", TORC_OPTION_INTEGER, "7", "what the probe says"},
    {NULL, TORC_OPTION_FLAG, NULL, NULL},
};
static const struct torc_probe probes[] = {
    {"value", "the option", read_value, NULL},
    {"role", "always counter", NULL, read_role},
    {NULL, NULL, NULL, NULL},
};
static const struct torc_module module = {
    sizeof module, "counter", "1", "counts nothing", options, probes, start, stop, NULL, NULL, NULL,
};

static int set_up(void **state)
{
    struct torc_world *world;
    struct torc_host *host;

    if (torc_world_new(NULL, &world) != 0 || torc_world_add_host(world, "a", NULL, &host) != 0)
        return -1;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    torc_world_free(*state);
    return 0;
}

static int64_t probe_number(struct torc_host *host, const char *name)
{
    int64_t number = -1;
    const char *text = NULL;

    assert_int_equal(torc_host_probe(host, name, &number, &text), 0);
    assert_null(text);
    return number;
}

static void a_module_starts_with_its_options_and_answers_probes(void **state)
{
    struct torc_host *host = torc_world_find_host(*state, "a");
    static const char *const pairs[] = {"value", "42", NULL};
    char error[128];
    int64_t number = 0;
    const char *text = NULL;

    assert_int_equal(torc_host_probe(host, "value", &number, &text), TORC_ENOTFOUND);
    assert_int_equal(torc_host_start_module(host, &module, pairs, error, sizeof error), 0);
    assert_int_equal(probe_number(host, "value"), 42);
    assert_int_equal(torc_host_probe(host, "role", &number, &text), 0);
    assert_string_equal(text, "counter");
    assert_int_equal(torc_host_probe(host, "x", &number, &text), TORC_ENOTFOUND);
    assert_int_equal(torc_host_start_module(host, &module, pairs, error, sizeof error), TORC_EBUSY);
}

static void it_starts_again_with_the_host(void **state)
{
    struct torc_host *host = torc_world_find_host(*state, "a");
    char value[] = "42";
    const char *const pairs[] = {"value", value, NULL};
    char error[128];
    int64_t number = 0;
    const char *text = NULL;

    assert_int_equal(torc_host_start_module(host, &module, pairs, error, sizeof error), 0);
    value[0] = 'x'; /* the pairs were copied */
    torc_host_kill(host);
    assert_int_equal(torc_host_probe(host, "value", &number, &text), TORC_ECLOSED);
    assert_int_equal(torc_host_restart(host), 0);
    assert_int_equal(probe_number(host, "value"), 42);
}

static void what_is_wrong_comes_back_as_a_sentence(void **state)
{
    struct torc_host *host = torc_world_find_host(*state, "a");
    static const char *const unknown[] = {"valeu", "42", NULL};
    static const char *const refused[] = {"value", "-1", NULL};
    char error[128];

    assert_int_equal(torc_host_start_module(host, &module, unknown, error, sizeof error),
                     TORC_ENOTFOUND);
    assert_non_null(strstr(error, "valeu"));
    assert_int_not_equal(torc_host_start_module(host, &module, refused, error, sizeof error), 0);
    assert_non_null(strstr(error, "counter"));
    assert_int_equal(torc_host_start_module(host, &module, NULL, error, sizeof error), 0);
    assert_int_equal(probe_number(host, "value"), 7);
    torc_host_kill(host);
    assert_int_equal(torc_host_start_module(host, &module, NULL, error, sizeof error), TORC_ECLOSED);
}

static void it_is_stopped_with_the_reactor(void **state)
{
    struct torc_host *host = torc_world_find_host(*state, "a");
    enum torc_verdict verdict;
    char error[128];

    assert_int_equal(torc_host_start_module(host, &module, NULL, error, sizeof error), 0);
    torc_host_signal(host, TORC_SIGNAL_TERMINATE);
    assert_int_equal(torc_world_run(*state, TORC_NEVER, &verdict), 0);
    assert_int_equal(verdict, TORC_VERDICT_STOPPED);
    {
        int64_t number;
        const char *text;
        assert_int_equal(torc_host_probe(host, "value", &number, &text), TORC_ECLOSED);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_module_starts_with_its_options_and_answers_probes),
        TEST(it_starts_again_with_the_host),
        TEST(what_is_wrong_comes_back_as_a_sentence),
        TEST(it_is_stopped_with_the_reactor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
