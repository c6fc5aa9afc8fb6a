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
 * The sites are torc_decision_sites; docs/explore.md has a table of them.  Some are *faults*: what a scenario may
 * give a probability (loss=0.5%), so that the simulator draws it, and what a decider may bring about where the
 * scenario gives none.  A fault that was drawn is a decision like any other and recorded as one. */
#ifndef TORC_DECISION_H
#define TORC_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#include <torc/scope.h>

#ifdef __cplusplus
extern "C" {
#endif

enum torc_site_kind {
    TORC_SITE_ORDER,  /* the live world leaves it open; costs no virtual time */
    TORC_SITE_AMOUNT, /* the same */
    TORC_SITE_TIME,   /* something takes longer than it could */
    TORC_SITE_FAULT,  /* something goes wrong */
    TORC_SITE_VALUE   /* what the scenario itself leaves open, drawn unless it is decided: rand(3s..8s) */
};

struct torc_decision_site {
    const char *name;
    enum torc_site_kind kind;
    const char *const *options; /* the names of options 1, 2, ..., ended by NULL; NULL: they have only numbers */
    bool alone; /* in no group, because no real system does it by itself */
};

/* The sites there are, at most 64, ended by one without a name. */
TORC_API extern const struct torc_decision_site torc_decision_sites[];
/* NULL: there is none of that name. */
TORC_API const struct torc_decision_site *torc_decision_find_site(const char *name);
/* The name that is most like it, or NULL: for "did you mean". */
TORC_API const char *torc_decision_nearest_site(const char *name);

/* An option of a site from its name or its number; the name of an option, NULL if it has only a number.
 * Errors: TORC_ENOTFOUND. */
TORC_API TORC_CHECKED int torc_decision_option(const struct torc_decision_site *site,
                                               const char *text, uint64_t *out);
TORC_API const char *torc_decision_option_name(const struct torc_decision_site *site,
                                               uint64_t option);

struct torc_decision {
    const char *host;
    const char *site;
    uint64_t k;     /* how often the site was asked on the host before */
    uint64_t value; /* the option taken */
    bool onwards;   /* and to every later question */
};
/* The line form, without a newline, cut at `size`. */
TORC_API void torc_decision_print(const struct torc_decision *decision, char *out, size_t size);

/* What is to be decided: one of `options` (at least 2).  `draw` is 64 random bits that belong to this
 * question: a function of the seed, the host, the site and k. */
struct torc_question {
    const char *host;
    const char *site;
    uint64_t k;
    uint64_t options;
    uint64_t draw;
    uint64_t drawn; /* the option that is taken if nobody decides: 0, but for faults the scenario gives a probability */
    uint64_t possible; /* bit i: option i is one here; 0: all are.  What an operation cannot fail with is none */
    const char *about; /* what the operation is about: the text of a statement, a file's path, a name that is looked
                        * up, the line a deferred was made in, a point of a job; or NULL.  Borrowed until it is answered */
};
/* Whether `value` is an option other than the default that the question has. */
TORC_API bool torc_question_has(const struct torc_question *question, uint64_t value);

/* Somebody who decides.  Must be a function of the questions it was asked, or runs cannot be repeated. */
struct torc_decider {
    /* An option; one that the question has not counts as the default. */
    uint64_t (*decide)(struct torc_decider *self, const struct torc_question *question);
};

/* --- deciders ----------------------------------------------------------------------------------- */

enum torc_strategy {
    TORC_STRATEGY_FIFO,   /* the default throughout */
    TORC_STRATEGY_RANDOM, /* every option alike, in orders; elsewhere one question in eight, and faults at a rate, from 1
                           * in 4 to 1 in 256, or only once, as the seed has it */
    TORC_STRATEGY_PCT,    /* hosts and sites have priorities, which change at a few random questions: one
                           * that is low has its decisions delayed again and again (Burckhardt, Kothari,
                           * Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic Guarantees of
                           * Finding Bugs, ASPLOS 2010, in its spirit) */
    TORC_STRATEGY_PORTFOLIO, /* random or pct, chosen by the seed */
    TORC_STRATEGY_DFS /* no seeds: every answer to the first questions, with struct torc_search; torc_strategy_new
                       * takes it as FIFO */
};

/* Reads a list such as "ready.order,job.delay" as a set of sites: bit i stands for torc_decision_sites[i].  Groups
 * are `free` (orders and amounts, which take no virtual time, so that a scenario's exact times still hold), `times`,
 * `faults` and `all`; "-NAME" takes one out again.  NULL: free.
 * Errors: TORC_ENOTFOUND; *out_bad points at the name that is none. */
TORC_API TORC_CHECKED int torc_decision_sites_parse(const char *text, uint64_t *out,
                                                    const char **out_bad);

/* The site of that name, if it is in the set; or NULL. */
TORC_API const struct torc_decision_site *torc_decision_site_among(uint64_t sites, const char *name);

/* A decider for one run.  Swarm: the seed also chooses which of `sites` are decided at all (each with probability
 * one half, at least one), because what hides a bug is often that everything happens at once.
 * Errors: TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_strategy_new(enum torc_strategy strategy, uint64_t seed,
                                            uint64_t sites, struct torc_decider **out);
TORC_API void torc_strategy_free(struct torc_decider *decider);
TORC_API const char *torc_strategy_name(enum torc_strategy strategy);
/* Errors: TORC_ENOTFOUND. */
TORC_API TORC_CHECKED int torc_strategy_of_name(const char *name, enum torc_strategy *out);

/* A search through every answer to the first questions of a run, depth first: a bounded proof that no order does harm.
 *
 *     torc_search_init(&search, sites, 12);
 *     do
 *         ... a run with &search.decider ...
 *     while (torc_search_next(&search));
 *
 * It holds no pointers and no memory of its own, so that it may lie where two processes see it. */
#define TORC_SEARCH_DEPTH_MAX 64
struct torc_search {
    struct torc_decider decider; /* first */
    uint64_t sites;
    unsigned depth;
    unsigned asked; /* in this run, at most `depth` */
    uint64_t answers[TORC_SEARCH_DEPTH_MAX];
    uint64_t options[TORC_SEARCH_DEPTH_MAX];
};
/* The first run takes the default throughout.  `depth`: so many questions of `sites` are varied, at most
 * TORC_SEARCH_DEPTH_MAX. */
TORC_API void torc_search_init(struct torc_search *search, uint64_t sites, unsigned depth);
/* After a run: goes on to the next answers.  false: all were tried. */
TORC_API bool torc_search_next(struct torc_search *search);

/* A list of decisions that decides: where it has the question it answers it, elsewhere `fallback` does; NULL: what
 * is drawn.  It notes every answer that is not the default. */
struct torc_decision_list;
TORC_API TORC_CHECKED int torc_decision_list_new(struct torc_decider *fallback,
                                                 struct torc_decision_list **out);
TORC_API void torc_decision_list_free(struct torc_decision_list *list);
/* Texts are copied; the last of equal questions counts.  Errors: TORC_ENOMEM. */
TORC_API TORC_CHECKED int torc_decision_list_add(struct torc_decision_list *list,
                                                 const struct torc_decision *decision);
/* From now on what the list does not have is the default, whatever is drawn. */
TORC_API void torc_decision_list_close(struct torc_decision_list *list);
TORC_API struct torc_decider *torc_decision_list_decider(struct torc_decision_list *list);

/* What was decided otherwise than by default, in the order it was asked; borrowed until the next question. */
TORC_API size_t torc_decision_list_taken(const struct torc_decision_list *list,
                                         const struct torc_decision **out);
/* How many options of such a site were decided so far, other than what would have been without. */
TORC_API size_t torc_decision_list_decided(const struct torc_decision_list *list,
                                           enum torc_site_kind kind);
/* Decisions that were added and never asked for, or had no such option: the run has drifted from the one they
 * were taken from.  Tells their number and the index, as added, of the first. */
TORC_API size_t torc_decision_list_drift(const struct torc_decision_list *list, size_t *out_first);

#ifdef __cplusplus
}
#endif
#endif
