/* world.h - what a world and a host are made of; for the files of sim/world only.
 *
 * world.c    order: takes the smallest event or host turn, over and over, and says how it ended
 * host.c     a host's life: up, turns, killed, up again; host_clock.c its clocks, host_fault.c pauses and the like
 * link.c     packets between hosts        stream.c    connections and their two ends
 * connection.c      what packets do to them; connecting.c until they are connected
 * link_fault.c      packets that are lost or late, and cuts; link_delay.c random delays; repeat.c what is sent again
 * listener.c listening and accepting      job.c       work on stacks of its own
 * point.c    where jobs are held              job_stack.c their stacks
 * disk.c     files in memory, and disk_vfs.c SQLite's view of them
 * database.c what statements go through, and database_fault.c what goes wrong with them
 * udp.c      datagram ports, and udp_arrival.c what comes to them; route.c whose an address is
 * names.c    what names stand for       operation_fault.c  which operations go wrong
 * sim_platform.c    the table of torc/platform.h over all of these */
#ifndef TORCI_WORLD_H
#define TORCI_WORLD_H

#include <torc/guard.h>
#include <torc/sim.h>

#include "arena.h"
#include "draw.h"
#include "event_heap.h"
#include "host_clock.h"
#include "packet_pool.h"
#include "raw_host.h"

struct torci_link;
struct torci_job;
struct torci_job_stack;
struct torci_listener;
struct torci_udp_port;
struct torci_name;
struct torci_handle;
struct torci_mark_count;
struct torci_host_module;
struct torci_databases;
struct torci_disk;
struct torc_host_watcher;
struct torci_operation_fault;
struct torci_hold;

struct torc_world {
    struct torc_allocator allocator;
    struct torc_trace *trace;
    struct torc_trace *own_trace; /* NULL if the user gave one */
    uint64_t seed;
    uint64_t now_ns;
    uint64_t wall_start_ns;
    uint64_t sequence;  /* of packets and other events */
    uint64_t cause;     /* the traced event that what happens now goes back to; 0: none */
    uint64_t turn_began; /* the last event traced before the turn that runs */
    uint64_t turns_here; /* turns since time last passed */
    uint64_t turns_at_one_time_max;
    unsigned perturb; /* of enum torc_perturbation */
    struct torc_decider *decider; /* NULL: nothing is asked */
    bool faults_off; /* every fault there is a site for is off (torc_world_set_faults) */
    uint64_t connections; /* made so far; each has its number */
    int error;            /* TORC_ENOMEM once the world itself ran out of memory */
    bool running;         /* inside torc_world_run or _step */
    bool stepping;        /* inside torc_world_step: one event, one switch */
    uint64_t until_ns;    /* of torc_world_run */
    bool sqlite_seeded;   /* SQLite's generator, which is the process's */
    struct torc_host *host_running; /* whose code runs, or NULL */
    struct torci_job *job_running;  /* or NULL */

    struct torc_host **hosts; /* by number - 1 */
    struct torc_host **due;   /* heap of those hosts by (due_ns, number) */
    uint32_t host_count;
    uint32_t host_capacity;

    struct torci_name *names; /* declared ones */
    struct torci_event_heap events;
    struct torci_packet_pool packets;
    struct torci_draw draw;

    struct torci_mark_count *marks;
    size_t mark_count;
    size_t mark_capacity;
    const struct torc_mark *refuted; /* the first assumption that was; or NULL */

    struct torci_job_stack *free_stacks;
    struct torc_host_watcher *watcher; /* NULL: nobody */
};

/* Why the next turn of a host waits. */
enum torci_held {
    TORCI_HELD_STALLED = 1,
    TORCI_HELD_LATE = 2,   /* if only timed calls are due */
    TORCI_HELD_PAUSED = 4, /* and its jobs too */
    TORCI_HELD_DOWN = 8    /* killed by a fault, and comes up again */
};

/* What a handle's slot holds. */
struct torci_slot {
    struct torci_handle *handle; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
};

struct torc_host {
    struct torc_platform platform; /* first: the reactor knows the host by it */
    struct torc_world *world;
    struct torc_reactor *reactor; /* NULL: down, or raw */
    char *name;
    size_t name_bytes;
    uint32_t life;     /* how often it has died */
    uint32_t number;   /* 1, 2, ...; its addresses are 10.0.0.0 + number and fd00:: + number */
    bool up;
    bool raw;
    struct torc_host *outer; /* while it runs: who ran when it was entered */
    bool woken;        /* wake was called */
    bool kill_wanted;  /* by code of the host itself: done when it returns */
    bool watch_signals;
    uint8_t signals;   /* bits of enum torc_signal, delivered and not yet told */
    uint32_t handles;  /* open */
    uint32_t handles_max;

    uint64_t due_ns;     /* of the next turn */
    uint32_t due_index;  /* in world->due */
    uint64_t reactor_at; /* torc_reactor_next_at when last asked, in the world's time */
    uint64_t wake_at_ns; /* raw */
    void (*turn)(void *arg);
    void *turn_arg;

    struct torci_handle *ready_head; /* handles with something to tell */
    struct torci_handle *ready_tail;
    struct torci_slot *slots;
    uint32_t slot_count;
    uint32_t slot_capacity;
    uint32_t slot_free; /* index + 1 of the first free one */
    struct torci_listener *listeners;
    struct torci_udp_port *udp_ports;
    uint16_t udp_port_next;
    uint64_t datagrams_lost; /* for want of room in a port */
    struct torci_job *jobs;       /* all that are not yet told */
    uint32_t job_count;
    struct torci_job *jobs_done_head; /* of those, ended */
    struct torci_job *jobs_done_tail;
    struct torci_job *jobs_held_head; /* whose event came while the host was paused */
    struct torci_job *jobs_held_tail;
    struct torci_job *jobs_at_points;
    struct torci_hold *holds; /* in the order they were made */
    uint32_t hold_count;
    uint64_t signal_token;

    struct torci_host_clock clock;
    unsigned held; /* of enum torci_held, until: */
    uint64_t stalled_until_ns;
    uint64_t late_until_ns;
    uint64_t paused_until_ns;
    uint64_t restart_at_ns;
    bool was_paused; /* by a fault: its next turn takes place */
    bool spared;     /* torc_host_spare */

    struct torci_link **links; /* to the host of that number - 1 */
    uint32_t link_capacity;
    uint8_t *ports; /* bitmap of the local ports that clients hold; NULL: none yet */
    uint16_t port_next;

    struct torci_arena arena;
    struct torc_guard_place place;
    struct torc_log_observer observer;      /* the reactor's: traces, then forwards */
    struct torc_log_observer *user_observer;
    struct torc_mark_observer mark_observer;
    struct torci_host_module *module;
    struct torci_host_module *starting; /* while its start runs */
    uint64_t calls; /* torc_host_call so far */

    struct torci_disk *disk;           /* NULL: none yet */
    struct torci_databases *databases; /* NULL: none yet */
    struct torci_operation_fault *operation_faults; /* in the order they were added */
    uint32_t operation_fault_count;
    struct torci_deferred_fault *deferred_faults; /* in the order they were added */
    bool may_fail;  /* its operations are asked about (torci_operation) */
    bool unwinding; /* killed, while its jobs are brought to their end (torci_host_unwinding) */
    bool looking;   /* torc_host_sql runs (torci_host_looking) */
};

/* --- world ---------------------------------------------------------------------------------- */

void *torci_world_resize(struct torc_world *world, void *ptr, size_t old_bytes, size_t new_bytes);

/* Makes something happen to a host at `t_ns`, in the order of this call among equals.  Out of
 * memory is the world's error: the run ends with it. */
void torci_world_schedule(struct torc_world *world, uint64_t t_ns, enum torci_event_class event_class,
                          const struct torc_host *host, const struct torci_event_kind *kind,
                          void *subject);

/* Whether something but a timed call brings about a turn. */
static inline bool torci_host_has_events(const struct torc_host *host)
{
    return host->ready_head != NULL || host->woken || host->signals != 0 ||
           host->jobs_done_head != NULL;
}

/* Sets the time of a host's next turn from what waits for it; `ask`: asks its reactor too. */
void torci_host_reschedule(struct torc_host *host, bool ask);

/* The option taken at `site` on `host`: 0 without a decider (decide.c). */
uint64_t torci_world_ask(struct torc_host *host, const char *site, uint64_t options);
static inline uint64_t torci_decide(struct torc_world *world, struct torc_host *host,
                                    const char *site, uint64_t options)
{
    return world->decider == NULL || options < 2 ? 0 : torci_world_ask(host, site, options);
}

/* The same of something that has a name, the question's `about`.  Not `open`: it is counted only. */
uint64_t torci_decide_about(struct torc_host *host, const char *site, uint64_t options, const char *about,
                            bool open);

/* A value below `options` that belongs to no host, drawn unless a decider says otherwise; its questions are asked of the
 * host "scenario". */
uint64_t torci_world_ask_value(struct torc_world *world, const char *site, uint64_t options);

/* What goes wrong at `site`, a literal: 0, nothing, or one of the `options` - 1 things.  `ppm` is its probability in
 * millionths, each thing alike, 0 unless the scenario gives one; a decider may decide otherwise. */
uint64_t torci_world_ask_fault(struct torc_host *host, const char *site, const char *chance_site,
                               uint64_t options, uint32_t ppm);
#define torci_fault(host, site, options, ppm)                                                      \
    ((ppm) == 0 && (host)->world->decider == NULL                                                  \
         ? 0                                                                                       \
         : torci_world_ask_fault((host), site, "chance." site, (options), (ppm)))

/* The same of an operation that can have the options in `possible` (bit i: option i); with `struck`, the option the
 * scenario says, it is counted only.  `about` is the question's. */
uint64_t torci_world_ask_operation(struct torc_host *host, const char *site, uint64_t possible,
                                   uint64_t struck, const char *about);

/* What is left of `bytes` (at least 1) at a site where less may be taken. */
uint32_t torci_decide_bytes(struct torc_host *host, const char *site, uint32_t bytes);

/* --- hosts ---------------------------------------------------------------------------------- */

/* Runs the turn that is due. */
void torci_host_run_turn(struct torc_host *host);
/* At the end of the world: what is in flight, then the host itself. */
void torci_host_clear(struct torc_host *host);
void torci_host_delete(struct torc_host *host);

/* Code of `host` begins to run, has ended: what the guard watches and what `kill` must wait for. */
void torci_host_enter(struct torc_host *host);
void torci_host_leave(struct torc_host *host);

/* Begins a traced event of the host, now, caused by what happens now. */
uint64_t torci_host_trace(struct torc_host *host, enum torc_trace_kind kind);

/* Of a host that is held (host_fault.c): when its turn is due, instead of at `due_ns`; and whether there is a turn when
 * that has come. */
uint64_t torci_host_held_due(const struct torc_host *host, uint64_t due_ns, bool events);
bool torci_host_begin_held_turn(struct torc_host *host);
/* What is decided to happen to a host before a turn: whether that does not take place; and after one. */
bool torci_host_suffers_before(struct torc_host *host);
void torci_host_suffers_after(struct torc_host *host);
/* The wall clock may have been set since code of the host ran last. */
void torci_host_suffers_clock_step(struct torc_host *host);
/* The same of its deferreds (deferred_fault.c): those that a fault or a decision strikes after a turn. */
void torci_host_deferreds_suffer(struct torc_host *host);
/* The faults alone, after a call. */
void torci_host_deferreds_strike(struct torc_host *host);
/* Resumed, and neither stalled nor late. */
void torci_host_calm(struct torc_host *host);
void torci_host_trace_host_fault(struct torc_host *host, const char *kind, int code, int64_t ns);

/* The table of torc/platform.h. */
extern const struct torc_platform_ops torci_sim_platform_ops;

/* Modules and marks (host_module.c). */
int torci_host_module_restart(struct torc_host *host);
bool torci_host_module_runs(const struct torc_host *host);
void torci_host_module_forget(struct torc_host *host); /* its instance is gone */
void torci_host_module_release(struct torc_host *host); /* stopped: its options too */
void torci_host_module_free(struct torc_host *host);
void torci_host_observe_marks(struct torc_host *host);

/* Points (point.c): code of the host has come to one. */
void torci_host_reaches_point(struct torc_host *host, const char *name);
void torci_host_end_decided_holds(struct torc_host *host); /* whom a decision holds goes on */
void torci_host_free_holds(struct torc_host *host);

#endif
