/* The conformance suite: bodies written once, over the public API, and run on every world.
 *
 * A body makes services and clients out of actors - protocols that note what happens to them - lets
 * the world run, and checks the notes.  Where live and sim may differ is not for a body to allow: a
 * difference is a bug in one of them, or belongs on the list in docs/differences.md.
 *
 * In live, time is real: bodies check order and lower bounds, never upper ones. */
#ifndef TORC_CONFORMANCE_H
#define TORC_CONFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <torc/stream.h>

enum family { FAMILY_TCP, FAMILY_UNIX };
enum name_answer { ANSWER_ADDRESSES, ANSWER_NOT_FOUND, ANSWER_FAILURE, ANSWER_SILENT };

struct conf;
struct actor;

/* One way to run a body.  Worlds: live, sim (one host), sim (two hosts), and the mutants. */
struct world_ops {
    /* Makes c->server and c->client (which may be the same reactor), started. */
    bool (*open)(struct conf *c);
    void (*close)(struct conf *c);
    /* One step: false when nothing is left to happen. */
    bool (*step)(struct conf *c);
    uint64_t (*now)(struct conf *c);
    /* An address to listen on, for the server's reactor. */
    struct torc_address (*address)(struct conf *c, enum family family);
    /* The same, of IPv6. */
    struct torc_address (*address6)(struct conf *c);
    /* An address on which a connect is neither accepted nor refused. */
    bool (*silent_address)(struct conf *c, struct torc_address *out);
    void (*signal)(struct conf *c, int number);
    /* What the name is answered with from now on. */
    bool (*set_name)(struct conf *c, const char *name, enum name_answer answer,
                     const struct torc_address *list, size_t count, uint64_t delay_ns);
    /* The path of a database file on the client's disk; the file goes with the world. */
    void (*database_path)(struct conf *c, const char *name, char *out, size_t size);
};

#define NOTES_BYTES 4096
#define ACTORS_MAX 64

/* A protocol that notes.  What it does beside that is set by the body, field by field. */
struct actor {
    struct torc_protocol protocol;
    struct conf *c;
    const char *name; /* in notes: "s" and "c" by default; NULL: no notes */
    struct torc_failure *(*on_made)(struct actor *self);
    struct torc_failure *(*on_data)(struct actor *self, const uint8_t *data, size_t bytes);
    void (*on_end)(struct actor *self); /* with half_close */
    void (*on_write_lost)(struct actor *self);
    void (*on_lost)(struct actor *self, struct torc_failure *reason);
    bool half_close; /* notices the peer's half-close */
    bool made, ended, write_lost, lost;
    unsigned lost_count, data_count;
    const struct torc_failure_type *reason;
    size_t received_bytes;
    uint8_t received[1024]; /* the first of them */
    uint64_t sum;           /* over all of them, order-sensitive */
    void *extra;
};

/* A factory of actors: each connection gets a copy of `model`. */
struct service {
    struct torc_factory factory;
    struct conf *c;
    struct actor model;
    const char *name; /* for factory notes; NULL: none */
    bool refuse;      /* build_protocol gives none */
    bool fail;        /* build_protocol fails */
    unsigned built, starts, stops, failed, lost;
    const struct torc_failure_type *fail_reason;
    struct actor *last; /* the actor built last */
    void (*on_failed)(struct service *self, struct torc_connector connector);
    void (*on_connection_lost)(struct service *self, struct torc_connector connector);
    struct torc_listener listener;
    struct torc_connector connector;
    struct torc_address address;
};

struct conf {
    const struct world_ops *ops;
    const struct mutation *mutation; /* or NULL */
    enum family family;
    struct torc_reactor *server, *client;
    struct torc_log_observer observer;
    unsigned errors_logged;
    char last_error[256];
    char last_failure[512]; /* of what was asked of a pool */
    char notes[NOTES_BYTES];
    size_t note_bytes;
    struct actor *actors[ACTORS_MAX];
    size_t actor_count;
    const char *failed_expression; /* first failed check */
    const char *failed_site;
    char failed_detail[1024];
    void *world;    /* the world's own */
    void *database, *outside; /* of database.h */
    struct torc_platform *base; /* below a mutant; NULL: the reactor's own platform */
};

struct body {
    const char *name;
    void (*run)(struct conf *c);
    bool both_families; /* run over TCP and over UNIX sockets */
};

/* Defining is registering. */
#define BODY_(body_name, both)                                                                     \
    static void body_name(struct conf *c);                                                         \
    static const struct body body_of_##body_name                                                   \
        __attribute__((section("conformance_bodies"), used, aligned(8))) = {#body_name, body_name, \
                                                                            both};                 \
    static void body_name(struct conf *c)
#define BODY(name) BODY_(name, false)
#define STREAM_BODY(name) BODY_(name, true)

/* Notes the first failed check and returns from the body. */
#define CHECK(c, expression)                                                                       \
    do {                                                                                           \
        if (!(expression)) {                                                                       \
            conf_fail((c), TORC_HERE, #expression, "");                                            \
            return;                                                                                \
        }                                                                                          \
    } while (0)
#define CHECK_NOTES(c, expected)                                                                   \
    do {                                                                                           \
        if (!conf_notes_are((c), TORC_HERE, (expected)))                                           \
            return;                                                                                \
    } while (0)

void conf_fail(struct conf *c, const char *site, const char *expression, const char *detail);
bool conf_notes_are(struct conf *c, const char *site, const char *expected);
void note(struct conf *c, const char *format, ...) TORC_PRINTF(2, 3);

/* Runs until *flag, at most `limit_ns` (of the world's time); false if it did not come. */
bool run_until(struct conf *c, const bool *flag);
bool run_until_count(struct conf *c, const unsigned *counter, unsigned least);
bool run_until_bytes(struct conf *c, const size_t *counter, size_t least);
bool run_until_true(struct conf *c, bool (*reached)(const void *arg), const void *arg);
/* Lets the client's reactor take some turns, whether time passes or not. */
bool run_turns(struct conf *c, unsigned turns);
/* Lets `delta_ns` of the world's time pass. */
void run_for(struct conf *c, uint64_t delta_ns);

/* Listens and connects with default options.  Both note as their model says. */
void service_init(struct conf *c, struct service *service, const char *actor_name);
bool service_listen(struct service *service);
bool service_connect(struct service *client, const struct service *server);
/* Both of them, and runs until both sides are connected. */
bool pair_open(struct conf *c, struct service *server, struct service *client);

/* A number of bytes whose sum is known: byte i is (i * 7 + i / 251) & 255. */
void pattern_fill(uint8_t *out, size_t from, size_t bytes);
uint64_t pattern_sum(size_t bytes);

/* What the mutants change.  Wraps a platform; NULL without memory. */
struct mutation {
    const char *name;
    const char *what;
    void (*apply)(struct torc_platform_ops *ops);
};
extern const struct mutation answered_truly;
extern const struct mutation mutations[], database_mutations[], row_mutations[],
    datagram_mutations[], name_mutations[];
extern const size_t mutation_count, database_mutation_count, row_mutation_count,
    datagram_mutation_count, name_mutation_count;
struct torc_platform *mutant_new(const struct mutation *mutation, struct torc_platform *inner);
void mutant_free(struct torc_platform *mutant);

extern const struct world_ops live_world, sim_one_host_world, sim_two_hosts_world, mutant_world;

#endif
