/* run_apart.h - one run of a scenario in a process of its own: it may crash or never end, and what it decided until
 * then is known. */
#ifndef TORCI_RUN_APART_H
#define TORCI_RUN_APART_H

#include "shrinker.h"

struct torci_apart {
    struct torci_failure_identity identity; /* verdict PASS: none */
    char place[320];    /* "FILE:LINE: ", or "" */
    char message[512];  /* of the failure; how the process ended, and what it said last */
    char property[512]; /* the line that does not hold, or "" */
    char detail[512];   /* the first line of it */
    /* What was decided otherwise than by default, without the decisions that `options` give; to be freed. */
    struct torc_scenario *decided;
};

enum { TORCI_RUN_SECONDS_MAX = 20 };

/* Runs `scenario` with `options`, whose decider may be NULL; it is ended when it takes `seconds` of processor time.
 * 0, or an errno. */
int torci_run_apart(const struct torc_scenario *scenario,
                    const struct torc_scenario_run_options *options, unsigned seconds,
                    struct torci_apart *out);
void torci_apart_free(struct torci_apart *apart);

/* In a process that makes runs: ends it when a run takes so many seconds of processor time.  To be called before
 * each. */
void torci_run_watch(unsigned seconds);

#endif
