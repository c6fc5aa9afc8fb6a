/* torc/decision.h - what a simulated run leaves open, and who decides it.
 *
 * Where the live world leaves an order, an amount or a moment unspecified, the simulator makes a decision.
 * Each is one of a number of options and has a name: the host, the site (a literal, below) and how often that
 * site was asked on that host before.  Option 0 is the default, and what a run without a decider takes
 * throughout; every other one is an event `decide` of the trace and has a line form in a scenario:
 *
 *     decide srv ready.order 17 = 2
 *
 * So a run is its scenario, its seed and the decisions that are not the default, and those stay meaningful when
 * other lines come and go.
 *
 *   ready.order   which of the handles that are ready is told next            options: how many are left
 *   read.short    a read takes 1, 1/4 or 1/2 of what it could                options: 4
 *   write.short   a write takes 1, 1/4 or 1/2 of what it could               options: 4
 *   packet.delay  a packet of the host takes 10 us, 1 ms or 20 ms longer      options: 4
 *   job.delay     a job goes on 1 us, 100 us or 10 ms later                   options: 4               */
#ifndef TORC_DECISION_H
#define TORC_DECISION_H

#include <stdint.h>

#include <torc/scope.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The sites there are, ended by NULL. */
TORC_API extern const char *const torc_decision_sites[];

struct torc_decision {
    const char *host;
    const char *site;
    uint64_t k;     /* how often the site was asked on the host before */
    uint64_t value; /* the option taken */
};

/* What is to be decided: one of `options` (at least 2).  `draw` is 64 random bits that belong to this
 * question: a function of the seed, the host, the site and k. */
struct torc_question {
    const char *host;
    const char *site;
    uint64_t k;
    uint64_t options;
    uint64_t draw;
};

/* Somebody who decides.  Must be a function of the questions it was asked, or runs cannot be repeated. */
struct torc_decider {
    /* An option; one that is too large counts as the default. */
    uint64_t (*decide)(struct torc_decider *self, const struct torc_question *question);
};

/* --- deciders ----------------------------------------------------------------------------------- */

enum torc_strategy {
    TORC_STRATEGY_FIFO,   /* the default throughout */
    TORC_STRATEGY_RANDOM, /* every option alike, in orders; in the other sites one question in eight */
    TORC_STRATEGY_PCT,    /* hosts and sites have priorities, which change at a few random questions: one
                           * that is low has its decisions delayed again and again (Burckhardt, Kothari,
                           * Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic Guarantees of
                           * Finding Bugs, ASPLOS 2010, in its spirit) */
    TORC_STRATEGY_PORTFOLIO /* one of them, chosen by the seed */
};

/* Reads "ready.order,job.delay" or "all" as a set of sites: bit i stands for torc_decision_sites[i].  NULL: those
 * that take no virtual time, so that a scenario's exact times still hold: ready.order, read.short, write.short.
 * Errors: TORC_ENOTFOUND; *out_bad points at the name that is none. */
TORC_API TORC_CHECKED int torc_decision_sites_parse(const char *text, uint64_t *out,
                                                    const char **out_bad);

/* A decider for one run.  Swarm: the seed also chooses which of `sites` are decided at all (each with probability
 * one half, at least one), because what hides a bug is often that everything happens at once.
 * Errors: TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_strategy_new(enum torc_strategy strategy, uint64_t seed,
                                            uint64_t sites, struct torc_decider **out);
TORC_API void torc_strategy_free(struct torc_decider *decider);
TORC_API const char *torc_strategy_name(enum torc_strategy strategy);
/* Errors: TORC_ENOTFOUND. */
TORC_API TORC_CHECKED int torc_strategy_of_name(const char *name, enum torc_strategy *out);

/* A list of decisions that decides: where it has the question it answers it, elsewhere `fallback` does, or the
 * default (NULL).  It notes every answer that is not the default. */
struct torc_decision_list;
TORC_API TORC_CHECKED int torc_decision_list_new(struct torc_decider *fallback,
                                                 struct torc_decision_list **out);
TORC_API void torc_decision_list_free(struct torc_decision_list *list);
/* Texts are copied; the last of equal questions counts.  Errors: TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_decision_list_add(struct torc_decision_list *list,
                                                 const struct torc_decision *decision);
TORC_API struct torc_decider *torc_decision_list_decider(struct torc_decision_list *list);

/* What was decided otherwise than by default, in the order it was asked; borrowed until the next question. */
TORC_API size_t torc_decision_list_taken(const struct torc_decision_list *list,
                                         const struct torc_decision **out);
/* Decisions that were added and never asked for, or had no such option: the run has drifted from the one they
 * were taken from.  Tells their number and the index, as added, of the first. */
TORC_API size_t torc_decision_list_drift(const struct torc_decision_list *list, size_t *out_first);

#ifdef __cplusplus
}
#endif
#endif
