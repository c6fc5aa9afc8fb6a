/* parallel.h - many runs of a scenario in several processes, so that one which crashes ends itself only. */
#ifndef TORCI_PARALLEL_H
#define TORCI_PARALLEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torc/scenario.h>

enum { TORCI_OUTCOME_MESSAGE_BYTES = 240 };

/* What came of one run. */
struct torci_outcome {
    bool done;
    int verdict;       /* enum torc_scenario_verdict; negative: of the signal that ended the process, or
                        * TORCI_RUN_EXITED */
    uint64_t unmet;    /* a set of the `sometimes` and `when` lines that were never true */
    uint64_t events;
    uint64_t identity; /* of its failure, to tell failures apart */
    uint64_t t_ns;     /* virtual time at the end */
    uint64_t real_ns;  /* that it took */
    char digest[TORC_DIGEST_TEXT_BYTES]; /* "": it did not come to its end */
    char message[TORCI_OUTCOME_MESSAGE_BYTES]; /* of its failure, with its line; "": none */
};

enum { TORCI_RUN_EXITED = -1000 };
/* How a run ended its process, if it did. */
const char *torci_outcome_end(const struct torci_outcome *outcome);

/* Fills all of it but `done` and `real_ns`, from the report of a run. */
void torci_outcome_of(const struct torc_scenario_report *report, struct torci_outcome *out);

/* Makes the run number `index`; nonzero: it could not be made. */
typedef int torci_parallel_fn(void *arg, size_t index, struct torci_outcome *out);

/* Is given, in the calling process, the runs made since the last time, each once, several times a second and at the
 * end.  False: no more are wanted. */
struct torci_parallel_sink {
    bool (*take)(void *arg, const struct torci_outcome *outcomes, const size_t *indices, size_t count);
    void *arg;
};

/* Makes those of `count` runs that are not `done` yet, in `jobs` child processes, which end when this one does.  What
 * was not begun at `deadline_ns` (torci_monotonic_ns; 0: none) stays not done.  `sink` may be NULL.
 * 0; an errno; ECANCELED, the sink wanted no more. */
int torci_parallel(unsigned jobs, torci_parallel_fn *run, void *arg, struct torci_outcome *outcomes,
                   size_t count, uint64_t deadline_ns, const struct torci_parallel_sink *sink);

/* Whether it was made and is a failure; with a `sometimes` that was not true, or set aside, it is none. */
bool torci_outcome_failed(const struct torci_outcome *outcome);
/* Whether it was made and set aside, by an assumption that was false; then nothing is met by it. */
bool torci_outcome_skipped(const struct torci_outcome *outcome);
/* Tells on a line of its own how many were, if any. */
void torci_tell_skipped(uint64_t skipped, uint64_t runs);

/* The index of the first run that failed, or `count`. */
size_t torci_first_failure(const struct torci_outcome *outcomes, size_t count);

uint64_t torci_monotonic_ns(void);

/* --jobs: a number from 1 to 256; 0 in *out stays and means as many as there are processors. */
int torci_parallel_read_jobs(const char *command, const char *text, unsigned *out);
unsigned torci_parallel_jobs(unsigned jobs);
/* "60s", "500ms", "2m" of real time. */
int torci_read_budget(const char *command, const char *text, uint64_t *out);

#endif
