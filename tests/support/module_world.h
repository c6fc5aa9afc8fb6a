/* module_world.h - a world of two hosts for testing a module: `srv` runs it, `cli` has clients that send
 * what the test says and keep what they get.
 *
 *     struct module_world *world = module_world_new(&torc_module, pairs);
 *     size_t c = module_world_connect(world, 7000);
 *     module_world_send(world, c, "HELLO\r\n");
 *     module_world_run(world, 10 * TORC_MILLISECOND);
 *     assert_string_equal(world->clients[c].received, "HELLO ok\r\n");
 *     assert_true(module_world_stop(world));
 *     module_world_free(world);
 */
#ifndef TORC_TESTS_MODULE_WORLD_H
#define TORC_TESTS_MODULE_WORLD_H

#include <torc/module.h>
#include <torc/sim.h>

struct torc_trial;

#define MODULE_WORLD_CLIENTS 8

struct module_world_client {
    struct torc_protocol protocol;
    struct torc_factory factory;
    bool connected;
    bool lost;
    const char *reason; /* the name of the failure type it was lost with, or failed to connect with */
    size_t received_bytes;
    char received[65536]; /* ends with NUL; more is counted and not kept */
};

struct module_world {
    struct torc_trial *trial; /* whose world it is, or NULL */
    struct torc_world *world;
    struct torc_host *server;
    struct torc_host *peer;
    struct module_world_client clients[MODULE_WORLD_CLIENTS];
    size_t client_count;
};

/* Starts the module; aborts the test program if that fails. */
struct module_world *module_world_new(const struct torc_module *module, const char *const *pairs);
void module_world_free(struct module_world *world);

/* The same on hosts that it adds to the world of a test of torc/trial.h.  A clean-up stops and frees it. */
struct module_world *module_world_of(struct torc_trial *trial, const struct torc_module *module,
                                     const char *const *pairs);

/* Connects a client and runs until it is connected or has failed. */
size_t module_world_connect(struct module_world *world, uint16_t port);
void module_world_send_bytes(struct module_world *world, size_t client, const void *data,
                             size_t bytes);
void module_world_send(struct module_world *world, size_t client, const char *text);
void module_world_run(struct module_world *world, uint64_t span_ns);

int64_t module_world_probe(struct module_world *world, const char *name);

/* Stops the server's reactor in order and runs until all is over.  Whether its deferreds were all fired, no
 * failure was unhandled and nothing was logged as an error. */
bool module_world_stop(struct module_world *world);

#endif
