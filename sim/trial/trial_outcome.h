/* trial_outcome.h - what came of a run of a test: plain memory, which may lie where two processes see it. */
#ifndef TORCI_TRIAL_OUTCOME_H
#define TORCI_TRIAL_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <torc/error.h>

enum torci_trial_verdict {
    TORCI_TRIAL_PASSED,
    TORCI_TRIAL_FAILED,
    TORCI_TRIAL_SKIPPED,
    TORCI_TRIAL_TODO /* failed, as it was expected to */
};

struct torci_trial_outcome {
    bool done; /* the run came to its end, however it went */
    enum torci_trial_verdict verdict;
    int signal_number;   /* that it crashed with; 0: none */
    uint64_t limit_ns;   /* of real time */
    uint64_t real_ns;
    uint64_t virtual_ns;
    uint64_t runs;       /* with a fault, of a sweep */
    char reason[256];    /* for skipped and todo */
    char fault[160];     /* the sweep's, under which it runs; "": none */
    size_t text_bytes;
    char text[16384];    /* what failed, sentence by sentence, each ended by a newline */
};

/* Notes that it has failed, and a sentence that says how; cut where there is no more room. */
void torci_trial_fail(struct torci_trial_outcome *outcome, const char *format, ...) TORC_PRINTF(2, 3);

/* Adds what is text already, line by line, without CMocka's ornaments. */
void torci_trial_fail_text(struct torci_trial_outcome *outcome, const char *text);

/* What the run was expected to do: a test that has to fail passes if it did, and so on. */
struct torc_trial_test;
void torci_trial_judge(struct torci_trial_outcome *outcome, const struct torc_trial_test *test);

const char *torci_trial_verdict_name(enum torci_trial_verdict verdict);

#endif
