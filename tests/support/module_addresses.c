#include "module_addresses.h"

#include "module_world.h"

struct torc_deferred *module_serves_every_address(struct torc_trial *trial, const struct torc_module *module,
                                                  const char *question, const char *answer)
{
    static const char *const pairs[] = {"listen", "tcp:7001", "listen", "tcp:7002", NULL};
    struct module_world *world = module_world_of(trial, module, pairs);
    size_t a = module_world_connect(world, 7001);
    size_t b = module_world_connect(world, 7002);

    module_world_send(world, a, question);
    module_world_send(world, b, question);
    module_world_run(world, TORC_MILLISECOND);
    assert_string_equal(world->clients[a].received, answer);
    assert_string_equal(world->clients[b].received, answer);
    assert_true(module_world_stop(world));
    return NULL;
}

static void count_text(void *arg, const char *text)
{
    (void)text;
    ++*(size_t *)arg;
}

/* That the host stops and gives its memory back is what a test is always asked for. */
struct torc_deferred *module_leaves_nothing_without_an_address(struct torc_trial *trial,
                                                               const struct torc_module *module)
{
    static const char *const pairs[] = {"listen", "tcp:7001", "listen",   "tcp:7002",
                                        "listen", "tcp:7001", NULL};
    struct torc_host *host = torc_trial_add_host(trial, "srv");
    size_t open = 0;
    char error[128];

    assert_int_equal(torc_host_start_module(host, module, pairs, error, sizeof(error)), TORC_EADDRINUSE);
    torc_reactor_describe(torc_host_reactor(host), count_text, &open);
    assert_int_equal(open, 0);
    return NULL;
}

struct torc_deferred *module_stops_at_once(struct torc_trial *trial, const struct torc_module *module)
{
    static const char *const pairs[] = {"listen", "tcp:7001", "listen", "tcp:7002", NULL};
    struct module_world *world = module_world_of(trial, module, pairs);
    struct torc_reactor *reactor = torc_host_reactor(world->server);

    assert_int_equal(torc_reactor_stop(reactor), 0);
    module_world_run(world, 0);
    assert_false(torc_reactor_running(reactor));
    return NULL;
}
