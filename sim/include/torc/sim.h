/* torc/sim.h - a world: simulated hosts, each with a reactor, on one deterministic clock and network.
 *
 * A world runs in one thread and touches no real clock, socket or file.  Order is total: (virtual
 * time, class, host, sequence).  Given the same seed and the same calls, two runs make the same trace,
 * to the byte, whatever the compiler, its options or the address layout.
 *
 * Typical use, from a test:
 *
 *     torc_world_new(NULL, &world);
 *     torc_world_add_host(world, "srv", NULL, &srv);
 *     torc_world_add_host(world, "cli", NULL, &cli);
 *     ... torc_listen on torc_host_reactor(srv), torc_connect on torc_host_reactor(cli) ...
 *     torc_world_run(world, TORC_NEVER, &verdict);
 */
#ifndef TORC_SIM_H
#define TORC_SIM_H

#include <torc/decision.h>
#include <torc/module.h>
#include <torc/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

struct torc_world;
struct torc_host;

/* What must not matter to a program, and shows that it does: used by the determinism check. */
enum torc_perturbation {
    TORC_PERTURB_MEMORY = 1,   /* fresh memory of hosts, and stacks of jobs, are filled with 0xa5 */
    TORC_PERTURB_ADDRESSES = 2 /* of two blocks asked for one after the other the second lies before the first */
};

struct torc_world_options {
    size_t size;                    /* sizeof(struct torc_world_options) */
    uint64_t seed;                  /* of every draw */
    struct torc_allocator allocator; /* for the world itself; resize NULL: the C library's */
    struct torc_trace *trace;       /* borrowed; NULL: one of its own, digest only */
    uint64_t wall_start_ns;         /* time of day at virtual time 0; 0: 2020-01-01 00:00 UTC */
    uint64_t turns_at_one_time_max; /* more turns than this without time passing is a livelock; 0: 100000 */
    unsigned perturb; /* of enum torc_perturbation */
    struct torc_decider *decider; /* borrowed; NULL: the default throughout */
};
TORC_API void torc_world_options_init(struct torc_world_options *options);

/* Errors: TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_world_new(const struct torc_world_options *options,
                                         struct torc_world **out);
/* Frees the world, its hosts (killed, not stopped) and what they held.  NULL is accepted. */
TORC_API void torc_world_free(struct torc_world *world);

TORC_API uint64_t torc_world_now(const struct torc_world *world);
TORC_API struct torc_trace *torc_world_trace(struct torc_world *world);

/* Draws 64 random bits: a function of (seed, site, host name or "", how often asked before) only. */
TORC_API uint64_t torc_world_draw(struct torc_world *world, const char *site, const char *host);

/* Whether the faults of torc/decision.h may happen from now on, drawn or decided; they may at first.  Their questions
 * go on being counted.  Off: hosts that are paused are resumed, and no turn is stalled or late any more
 * (torc/host_fault.h); no job is held at a point by a decision (torc/point.h); links are perfect but for their delay and rate, and cuts stay (torc_world_heal_all). */
TORC_API void torc_world_set_faults(struct torc_world *world, bool on);

/* --- hosts ------------------------------------------------------------------------------------ */

struct torc_host_options {
    size_t size;                 /* sizeof(struct torc_host_options) */
    struct torc_log_observer *observer; /* borrowed; sees the log of the host's reactor */
    uint64_t memory_bytes_max;   /* 0: no limit */
    uint32_t handles_max;        /* open streams, listeners and datagram ports; more is TORC_EMFILE; 0: no limit */
};
#define TORC_HOST_OPTIONS_INIT {sizeof(struct torc_host_options), NULL, 0, 0}

/* Adds a host that is up: a reactor of its own (started), an arena, an address 10.0.x.y (the n-th host
 * has 10.0.0.n), one of IPv6 (fd00::n, hexadecimal) and a name.  Errors: TORC_ENOMEM; TORC_EEXIST; TORC_EINVAL, no name. */
TORC_API TORC_CHECKED int torc_world_add_host(struct torc_world *world, const char *name,
                                              const struct torc_host_options *options,
                                              struct torc_host **out);
TORC_API struct torc_host *torc_world_find_host(struct torc_world *world, const char *name);

/* NULL while the host is down. */
TORC_API struct torc_reactor *torc_host_reactor(struct torc_host *host);
TORC_API const char *torc_host_name(const struct torc_host *host);
TORC_API struct torc_address torc_host_address(const struct torc_host *host, uint16_t port);
TORC_API struct torc_address torc_host_address6(const struct torc_host *host, uint16_t port);
TORC_API bool torc_host_up(const struct torc_host *host);

/* Runs no code of the host any more, but for jobs that have begun, which come to their end without effect and
 * unseen (docs/simulator.md); its reactor, arena, connections and jobs are gone, its disk stays.  Peers find
 * out as real ones do: a connection whose host is down is silent; what is sent to it is sent again and again,
 * until it has timed out or, after a restart, is answered by a reset (torc/network_fault.h). */
TORC_API void torc_host_kill(struct torc_host *host);

/* Takes a host out of service whose reactor has stopped: frees the reactor and tells how many bytes of the
 * host's memory nobody released.  The host is down then.  Errors: TORC_EBUSY, the reactor has not stopped;
 * TORC_ECLOSED, the host is down or raw. */
TORC_API TORC_CHECKED int torc_host_retire(struct torc_host *host, uint64_t *out_bytes_left);

/* Up again, with an empty reactor.  Errors: TORC_EBUSY, it is up; TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_host_restart(struct torc_host *host);

/* Every allocation from now on: admit the next `count`, then refuse one (`forever`: all).  For tests
 * that fail the k-th acquisition.  torc_host_acquisitions: how many were asked for so far. */
TORC_API void torc_host_fail_allocation(struct torc_host *host, uint64_t count, bool forever);
TORC_API uint64_t torc_host_acquisitions(const struct torc_host *host);

/* Delivers a signal to the host (enum torc_signal): as live, the first stops its reactor, the second
 * crashes it. */
TORC_API void torc_host_signal(struct torc_host *host, int signal_number);

/* --- network ---------------------------------------------------------------------------------- */

/* How long packets take, drawn for each (site "link.delay").  Nothing overtakes all the same: a packet that would
 * arrives together with the one before it.  All arithmetic is in integers; link_delay.c says how exact it is. */
enum torc_delay_kind {
    TORC_DELAY_CONST,   /* delay_ns */
    TORC_DELAY_UNIFORM, /* from delay_ns to delay_spread_ns, which is larger */
    TORC_DELAY_EXP,     /* exponential with mean delay_ns */
    TORC_DELAY_NORMAL,  /* mean delay_ns, standard deviation delay_spread_ns; not below 0 */
    TORC_DELAY_PARETO   /* at least delay_ns, with shape 2: the mean is twice that, the variance infinite */
};

/* One direction of the path between two hosts.  What is counted in millionths of the packets strikes each by a draw of
 * its own (sites link.loss, link.duplicate, link.reorder and link.corrupt of torc/decision.h); torc/network_fault.h
 * says what a loss means to datagrams and to streams. */
struct torc_link {
    uint64_t delay_ns;        /* acknowledgements by themselves take just this */
    uint64_t bits_per_second; /* 0: infinite */
    uint32_t segment_bytes;   /* most payload bytes that arrive at once; 0: as written */
    uint32_t buffer_bytes;    /* send buffer, and receive buffer, of each stream; 0: 65536 */
    enum torc_delay_kind delay_kind;
    uint64_t delay_spread_ns;
    uint64_t delay_max_ns;    /* what would take longer takes this; 0: no maximum */
    uint32_t loss_ppm;
    uint32_t duplicate_ppm;   /* a datagram arrives twice; streams do not show it */
    uint32_t reorder_ppm;     /* takes delay_ns, or 1 ms if that is more, longer, and may be overtaken; in a stream what
                               * comes after it waits */
    uint32_t corrupt_ppm;     /* found out by its checksum, so lost */
    uint32_t queue_bytes;     /* what may wait for its turn at the rate; more is lost.  0: no limit; 1 GiB at most */
};
#define TORC_LINK_INIT {0, 0, 0, 0, TORC_DELAY_CONST, 0, 0, 0, 0, 0, 0, 0}

/* Sets both directions between two hosts (a == b: loopback), for connections made and bytes sent from
 * now on.  The default link, for pairs never set, is TORC_LINK_INIT with a delay of 50 us (loopback 0).
 * Errors: TORC_EINVAL, a kind of delay there is not, a spread below the delay of a uniform one, or more than 1000000
 * millionths; TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_world_set_link(struct torc_world *world, struct torc_host *a,
                                              struct torc_host *b, const struct torc_link *link);
/* One direction only, for asymmetric paths. */
TORC_API TORC_CHECKED int torc_world_set_link_one_way(struct torc_world *world,
                                                      struct torc_host *from, struct torc_host *to,
                                                      const struct torc_link *link);

/* What a name is answered with.  Undeclared, a host's name stands for its addresses (IPv4 first, as RFC 6724 has it),
 * localhost for ::1 and 127.0.0.1, any other name for nothing.  Case does not count. */
enum torc_name_answer {
    TORC_NAME_ADDRESSES, /* those of the family that is asked for; none: as NOT_FOUND */
    TORC_NAME_NOT_FOUND,
    TORC_NAME_FAILURE,   /* the service fails */
    TORC_NAME_SILENT     /* no answer comes, ever */
};
#define TORC_NAME_ADDRESSES_MAX 16
struct torc_name_record {
    size_t size; /* sizeof(struct torc_name_record) */
    enum torc_name_answer answer;
    const struct torc_address *addresses; /* in the order they are given, ports do not matter; NULL: none */
    size_t count;
    uint64_t delay_ns;
};
#define TORC_NAME_RECORD_INIT {sizeof(struct torc_name_record), TORC_NAME_ADDRESSES, NULL, 0, 0}

/* Declares a name, in place of what it stood for, for all lookups that begin from now on.  Everything is
 * copied.  Errors: TORC_EINVAL, no name, or addresses that do not go with the answer; TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_world_set_name(struct torc_world *world, const char *name,
                                              const struct torc_name_record *record);

/* The same with several answers that take turns: each lookup gets the next one, or, if `period_ns` is not 0, each holds
 * for so long, the first from now.  A flip-flop; at most TORC_NAME_TURNS_MAX.  Errors: as above, and TORC_EINVAL, none or too
 * many. */
#define TORC_NAME_TURNS_MAX 8
TORC_API TORC_CHECKED int torc_world_set_name_turns(struct torc_world *world, const char *name,
                                                    const struct torc_name_record *records, size_t count,
                                                    uint64_t period_ns);

/* How many datagrams the host's ports had no room for so far. */
TORC_API uint64_t torc_host_datagrams_lost(const struct torc_host *host);

/* --- running ---------------------------------------------------------------------------------- */

enum torc_verdict {
    TORC_VERDICT_DEADLINE,  /* the time given was reached; more is to come */
    TORC_VERDICT_STOPPED,   /* every host is down or its reactor has stopped */
    TORC_VERDICT_QUIESCENT, /* nothing is left to happen, and nothing waits for it */
    TORC_VERDICT_STUCK,     /* nothing is left to happen, and a deferred has not fired */
    TORC_VERDICT_LIVELOCK   /* turns go on and time does not */
};

/* Runs events until none is left, or the next one lies after `until_ns`; virtual time is then
 * `until_ns` (unless TORC_NEVER).  TORC_EMISUSE: inside a callback. */
TORC_API TORC_CHECKED int torc_world_run(struct torc_world *world, uint64_t until_ns,
                                         enum torc_verdict *out);

/* One event: the smallest (time, class, host, sequence).  TORC_ENOTFOUND: none is left. */
TORC_API int torc_world_step(struct torc_world *world);

/* The time of the next event, or TORC_NEVER. */
TORC_API uint64_t torc_world_next_at(struct torc_world *world);

/* One sentence for each thing left open or waiting, host by host (torc_reactor_describe). */
TORC_API void torc_world_describe(struct torc_world *world, torc_visit_text_fn *visit, void *arg);

TORC_API const char *torc_verdict_name(enum torc_verdict verdict);

/* --- modules ---------------------------------------------------------------------------------- */

/* Starts a module on a host that is up, and again whenever the host restarts.  `pairs` are name, value,
 * ..., NULL.  Failures of start come back; `error` holds a sentence for bad options. */
TORC_API TORC_CHECKED int torc_host_start_module(struct torc_host *host,
                                                 const struct torc_module *module,
                                                 const char *const *pairs, char *error,
                                                 size_t error_size);

/* Reads a probe of the host's module.  *out_text NULL: *out_number is the value.
 * Errors: TORC_ENOTFOUND; TORC_ECLOSED, the host is down or its reactor has stopped. */
TORC_API TORC_CHECKED int torc_host_probe(struct torc_host *host, const char *name,
                                          int64_t *out_number, const char **out_text);

/* Calls a call of the host's module.  `pairs` as above.  Errors: TORC_ENOTFOUND, no such call; TORC_ESYNTAX,
 * a bad argument; TORC_ECLOSED, the host is down or its reactor has stopped; TORC_EBUSY, it is paused
 * (torc/host_fault.h); what the call answers. */
TORC_API TORC_CHECKED int torc_host_call(struct torc_host *host, const char *name,
                                         const char *const *pairs, struct torc_deferred **out,
                                         char *error, size_t error_size);

/* How often a mark was reached and held, over all hosts; 0 for an unknown name. */
TORC_API uint64_t torc_world_mark_count(struct torc_world *world, const char *name);
/* Shows the name of each mark that was held at least once, in the order they first were. */
TORC_API void torc_world_marks(const struct torc_world *world, torc_visit_text_fn *visit, void *arg);
/* The first assumption (TORC_ASSUME) that was false on any host, borrowed from the code it is in; NULL: none was. */
TORC_API const struct torc_mark *torc_world_refuted(const struct torc_world *world);

#ifdef __cplusplus
}
#endif
#endif
