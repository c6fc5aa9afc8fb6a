/* The simulated worlds: one host, two hosts with a link of 1 ms between them, and one host whose
 * platform a mutation changes. */
#include "conformance.h"

#include <stdlib.h>

#include <torc/format.h>
#include <torc/sim.h>

#include "../../sim/world/raw_host.h"

struct sim_state {
    struct torc_world *world;
    struct torc_host *server, *client;
    struct torc_platform *mutant;
    uint16_t ports;
    unsigned unix_names;
};

static struct sim_state *sim_new(struct conf *c)
{
    struct sim_state *state = calloc(1, sizeof *state);

    if (state == NULL)
        return NULL;
    c->world = state;
    state->ports = 7000;
    if (torc_world_new(NULL, &state->world) != 0)
        return NULL;
    return state;
}

static bool sim_one_host_open(struct conf *c)
{
    struct torc_host_options options = TORC_HOST_OPTIONS_INIT;
    struct sim_state *state = sim_new(c);

    options.observer = &c->observer;
    if (state == NULL || torc_world_add_host(state->world, "one", &options, &state->server) != 0)
        return false;
    state->client = state->server;
    c->server = c->client = torc_host_reactor(state->server);
    return true;
}

static bool sim_two_hosts_open(struct conf *c)
{
    struct torc_link link = TORC_LINK_INIT;

    if (!sim_one_host_open(c))
        return false;
    struct sim_state *state = c->world;
    struct torc_host_options options = TORC_HOST_OPTIONS_INIT;

    options.observer = &c->observer;
    if (torc_world_add_host(state->world, "two", &options, &state->client) != 0)
        return false;
    link.delay_ns = TORC_MILLISECOND;
    if (torc_world_set_link(state->world, state->server, state->client, &link) != 0)
        return false;
    c->client = torc_host_reactor(state->client);
    return true;
}

static void sim_close(struct conf *c)
{
    struct sim_state *state = c->world;

    torc_world_free(state->world);
    free(state);
}

static bool sim_step(struct conf *c)
{
    struct sim_state *state = c->world;

    return torc_world_step(state->world) == 0;
}

static uint64_t sim_now(struct conf *c)
{
    struct sim_state *state = c->world;

    return torc_world_now(state->world);
}

static struct torc_address sim_address(struct conf *c, enum family family)
{
    struct sim_state *state = c->world;
    struct torc_address address = torc_host_address(state->server, state->ports++);
    char text[TORC_ADDRESS_TEXT_MAX];

    if (family == FAMILY_UNIX) {
        torc_format(text, sizeof text, "unix:/run/conformance-%u", state->unix_names++);
        if (torc_address_parse(text, &address, NULL) != 0)
            abort();
    }
    return address;
}

static struct torc_address sim_address6(struct conf *c)
{
    struct sim_state *state = c->world;

    return torc_host_address6(state->server, state->ports++);
}

/* A host that is down answers nothing. */
static bool sim_silent_address(struct conf *c, struct torc_address *out)
{
    struct sim_state *state = c->world;
    struct torc_host *down;

    if (torc_world_add_host(state->world, "down", NULL, &down) != 0)
        return false;
    *out = torc_host_address(down, 7000);
    torc_host_kill(down);
    return true;
}

static void sim_signal(struct conf *c, int number)
{
    struct sim_state *state = c->world;

    torc_host_signal(state->server, number);
}

static void sim_database_path(struct conf *c, const char *name, char *out, size_t size)
{
    (void)c;
    torc_format(out, size, "/data/%s", name);
}

static bool sim_set_name(struct conf *c, const char *name, enum name_answer answer,
                         const struct torc_address *list, size_t count, uint64_t delay_ns)
{
    static const enum torc_name_answer answers[] = {TORC_NAME_ADDRESSES, TORC_NAME_NOT_FOUND,
                                                    TORC_NAME_FAILURE, TORC_NAME_SILENT};
    struct torc_name_record record = TORC_NAME_RECORD_INIT;
    struct sim_state *state = c->world;

    record.answer = answers[answer];
    record.addresses = list;
    record.count = count;
    record.delay_ns = delay_ns;
    return torc_world_set_name(state->world, name, &record) == 0;
}

const struct world_ops sim_one_host_world = {
    sim_one_host_open,  sim_close,  sim_step,         sim_now,
    sim_address,     sim_address6,       sim_silent_address, sim_signal, sim_set_name,
    sim_database_path};
const struct world_ops sim_two_hosts_world = {
    sim_two_hosts_open, sim_close,  sim_step,         sim_now,
    sim_address,      sim_address6,       sim_silent_address, sim_signal, sim_set_name,
    sim_database_path};

/* --- the mutants' world: a reactor of ours on a raw host ---------------------------------------- */

static void mutant_turn(void *arg)
{
    struct conf *c = arg;
    struct sim_state *state = c->world;

    if (torc_reactor_turn(c->server, 0) == 0)
        torci_host_wake_at(state->server, torc_reactor_next_at(c->server));
}

static bool mutant_open(struct conf *c)
{
    struct torc_reactor_options options = TORC_REACTOR_OPTIONS_INIT;
    struct sim_state *state = sim_new(c);

    options.observer = &c->observer;
    options.watch_signals = true;
    if (state == NULL ||
        torci_world_add_raw_host(state->world, "one", mutant_turn, c, &state->server) != 0)
        return false;
    c->base = torci_host_platform(state->server);
    state->mutant = mutant_new(c->mutation, c->base);
    if (state->mutant == NULL || torc_reactor_new(state->mutant, &options, &c->server) != 0)
        return false;
    c->client = c->server;
    return torc_reactor_start(c->server) == 0;
}

static void mutant_close(struct conf *c)
{
    struct sim_state *state = c->world;

    torc_reactor_free(c->server);
    torc_world_free(state->world); /* jobs that are left end here */
    mutant_free(state->mutant);
    free(state);
}

static bool mutant_step(struct conf *c)
{
    struct sim_state *state = c->world;

    torci_host_wake_at(state->server, torc_reactor_next_at(c->server));
    return torc_world_step(state->world) == 0;
}

const struct world_ops mutant_world = {
    mutant_open,        mutant_close, mutant_step,      sim_now,
    sim_address, sim_address6, sim_silent_address, sim_signal, sim_set_name,
    sim_database_path};
