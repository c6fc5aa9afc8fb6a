/* A world, and each of its hosts, with every acquisition failing in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <torc/sim.h>
#include <torc/trial.h>

#include "raw_host.h"
#include "tests/support/oom_sweep.h"

/* --- what happens in the world -------------------------------------------------------------- */

struct peer {
    struct torc_protocol protocol;
    struct torc_factory factory;
    bool client;
    int left;
    bool open;
    bool ended;
};

static struct torc_failure *written(int code)
{
    return code == 0 ? NULL : torc_failure_static(&torc_failure_error);
}

static struct torc_failure *made(struct torc_protocol *protocol)
{
    struct peer *peer = (struct peer *)(void *)protocol;

    peer->open = true;
    return peer->client ? written(torc_transport_write(protocol->transport, "0123456789", 10)) : NULL;
}

static struct torc_failure *received(struct torc_protocol *protocol, const uint8_t *data, size_t bytes)
{
    struct peer *peer = (struct peer *)(void *)protocol;

    if (peer->client && --peer->left <= 0) {
        torc_transport_lose(protocol->transport);
        return NULL;
    }
    return written(torc_transport_write(protocol->transport, data, bytes));
}

static void lost(struct torc_protocol *protocol, struct torc_failure *reason)
{
    struct peer *peer = (struct peer *)(void *)protocol;

    (void)reason;
    peer->open = false;
    peer->ended = true;
}

static const struct torc_protocol_ops peer_ops = {sizeof peer_ops, made, received, lost, NULL, NULL};

static struct peer *peer_of(struct torc_factory *factory)
{
    return (struct peer *)(void *)((char *)factory - offsetof(struct peer, factory));
}

static struct torc_failure *build(struct torc_factory *self, const struct torc_address *peer,
                                  struct torc_protocol **out)
{
    (void)peer;
    *out = &peer_of(self)->protocol;
    return NULL;
}

static void connection_failed(struct torc_factory *self, struct torc_connector connector,
                              struct torc_failure *reason)
{
    (void)connector;
    (void)reason;
    peer_of(self)->ended = true;
}

static const struct torc_factory_ops factory_ops = {sizeof factory_ops, build, NULL, NULL, NULL,
                                                    connection_failed, NULL};

static int work(void *arg)
{
    *(int *)arg += 1;
    return 0;
}

static void no_turn(void *arg)
{
    (void)arg;
}

struct scene {
    struct torc_world *world;
    struct torc_host *srv;
    struct torc_host *cli;
    struct peer server;
    struct peer client;
    int worked;
};

static void scene_init(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    scene->server.protocol.ops = &peer_ops;
    scene->server.factory.ops = &factory_ops;
    scene->client = scene->server;
    scene->client.client = true;
    scene->client.left = 20;
}

static int add_hosts(struct scene *scene, const struct torc_world_options *options)
{
    struct torc_link link = {.delay_ns = TORC_MILLISECOND, .bits_per_second = 1000000, .segment_bytes = 3, .buffer_bytes = 8};
    struct torc_host *raw;

    if (torc_world_new(options, &scene->world) != 0)
        return TORC_ENOMEM;
    if (torc_world_add_host(scene->world, "srv", NULL, &scene->srv) != 0 ||
        torc_world_add_host(scene->world, "cli", NULL, &scene->cli) != 0 ||
        torci_world_add_raw_host(scene->world, "raw", no_turn, NULL, &raw) != 0 ||
        torc_world_set_link(scene->world, scene->srv, scene->cli, &link) != 0)
        return TORC_ENOMEM;
    return 0;
}

static int play(struct scene *scene, enum torc_verdict *out)
{
    struct torc_address address = torc_host_address(scene->srv, 7);
    struct torc_listener listener;
    struct torc_deferred *deferred;
    int code = torc_listen(torc_host_reactor(scene->srv), &address, &scene->server.factory, NULL,
                           &listener);

    if (code == 0)
        code = torc_connect(torc_host_reactor(scene->cli), &address, &scene->client.factory, NULL, NULL);
    if (code == 0)
        code = torc_run_job(torc_host_reactor(scene->srv), work, &scene->worked, NULL, &deferred);
    if (code != 0)
        return code;
    torc_deferred_drop(deferred);
    torc_world_draw(scene->world, "site", NULL);
    code = torc_world_run(scene->world, TORC_NEVER, out);
    if (code != 0)
        return code;
    torc_host_kill(scene->srv);
    code = torc_host_restart(scene->srv);
    return code != 0 ? code : torc_world_run(scene->world, TORC_NEVER, out);
}

/* --- the world's own memory ----------------------------------------------------------------- */

static const char *world_body(struct torc_test_allocator *allocator, void *arg)
{
    struct torc_world_options options;
    struct scene scene;
    enum torc_verdict verdict = TORC_VERDICT_DEADLINE;
    const char *wrong = NULL;
    int code;

    (void)arg;
    scene_init(&scene);
    torc_world_options_init(&options);
    options.allocator = allocator->base;
    code = add_hosts(&scene, &options);
    if (code == 0)
        code = play(&scene, &verdict);
    if (code == 0 && verdict != TORC_VERDICT_QUIESCENT)
        wrong = "the run went on and did not end";
    torc_world_free(scene.world);
    return wrong;
}

TORC_TEST(a_world_without_memory_says_so_and_leaves_nothing)
{
    uint64_t runs = 0;

    assert_null(torc_oom_sweep(world_body, NULL, &runs));
    assert_true(runs > 20);
    return NULL;
}

/* --- the hosts' ----------------------------------------------------------------------------- */

/* Fails the k-th acquisition of one host.  Returns what was wrong, or NULL; tells whether there
 * was a k-th. */
static const char *host_run(bool server, uint64_t k, bool forever, bool *out_reached)
{
    struct scene scene;
    struct torc_host *host;
    enum torc_verdict verdict = TORC_VERDICT_QUIESCENT;
    uint64_t before;
    const char *wrong = NULL;
    int code;

    scene_init(&scene);
    if (add_hosts(&scene, NULL) != 0)
        return "no world";
    host = server ? scene.srv : scene.cli;
    before = torc_host_acquisitions(host);
    torc_host_fail_allocation(host, k, forever);
    code = play(&scene, &verdict);
    *out_reached = torc_host_acquisitions(host) > before + k;
    if (code != 0 && code != TORC_ENOMEM)
        wrong = "a failure that is not about memory";
    else if (code == 0 && verdict != TORC_VERDICT_QUIESCENT)
        wrong = torc_verdict_name(verdict);
    else if (code == 0 && scene.client.open)
        wrong = "the client was not told that its connection is lost";
    torc_world_free(scene.world);
    return wrong;
}

TORC_TEST(a_host_without_memory_gets_an_error_and_is_never_stuck)
{
    int which;

    for (which = 0; which < 4; which++) {
        bool reached = true;
        uint64_t k;

        for (k = 0; reached; k++) {
            const char *wrong = host_run((which & 1) != 0, k, (which & 2) != 0, &reached);

            if (wrong != NULL)
                fail_msg("%s, acquisition %d%s: %s", (which & 1) != 0 ? "server" : "client", (int)k,
                         (which & 2) != 0 ? " and all after it" : "", wrong);
        }
        assert_true(k > 5);
    }
    return NULL;
}

TORC_TRIAL_MAIN
